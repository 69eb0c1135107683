//! Reads a mail: bytes in, a [`Message`] out, whatever the bytes are.
//!
//! What it is: the one place that knows MIME, header grammar, HTML and the habits of mail programs. It answers who wrote,
//! to whom, in which conversation, which words are new, and what speaks against an automatic answer. What it is not: a
//! judge. It matches no keyword and knows no policy, clock, file or network.
//!
//! Invariants: [`parse`] never fails and never panics; time and memory are linear in the input and what is kept is bounded
//! (1 MiB of text, 1,000 parts, 256 addresses a field, 64 ids); nothing is dropped silently, [`Message::omitted`] names it.
//! In doubt text is new and evidence is evidence: the first shows too much, the second withholds only an automatic reply.
//!
//! RFC 5322 (fields), 2045 to 2047 and 2231 (MIME), 3676 (flowed text), 5545 (calendars), 5652 and 8551 (S/MIME), 5256
//! (base subject), 3834 (automatic answers), 3464, 6522, 8098, 5965 (reports), 2369 and 2919 (lists), 8601
//! (authentication), 3282 and 4647 (languages); \[MS-OXTNEF\], \[MS-OXRTFCP\] and \[MS-OXRTFEX\] (Outlook).

mod address;
mod address_list;
mod authentication;
mod author;
mod bounce;
mod charset;
mod cms;
mod encoded_words;
mod encoding;
mod enriched;
mod evidence;
mod flow;
mod forwarding;
mod head;
mod header;
mod html;
mod invitation;
mod languages;
mod markers;
mod markup;
mod media;
mod parser;
mod phrases;
mod quotation;
mod reader;
mod returned;
mod rtf;
mod source;
mod structure;
mod subject;
mod text;
mod tnef;
mod uuencode;

use jiff::Timestamp;

pub use address::{Address, Mailbox, ReturnPath, ascii_domain};
pub use authentication::{Authenticated, NAMELESS_SERVER};
pub use author::Author;
pub use bounce::{Bounce, Undelivered};
pub use evidence::{Automation, Evidence, Marker, MarkerMistake, OWN_MARK, sender_evidence};
pub use languages::{LanguageField, LanguageRange};
pub use source::{Omitted, Options, Part, Parts, Source};
pub use text::{BLOCK, Region, RegionKind, Text};

/// Decoded text that goes into the identity of a mail's content.
const CONTENT_TEXT: usize = 64 * 1024;

/// Reads a mail. Total: bytes that are no mail are one plain text.
pub fn parse(source: &Source<'_>, options: &Options<'_>) -> Message {
    reader::read(source, options)
}

/// The identifier of a mail, without its angle brackets (RFC 5322 section 3.6.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(String);

impl MessageId {
    /// Takes an identifier without its brackets; `None` when it is empty, too long or not printable.
    pub fn new(id: &str) -> Option<Self> {
        let fits = !id.is_empty() && id.len() <= 512;
        (fits && !id.contains(|c: char| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>')))
            .then(|| Self(id.to_owned()))
    }

    /// The identifier without brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for MessageId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

/// Why the words of a mail could not be read. Such a mail goes to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unreadable {
    /// S/MIME or PGP, encrypted.
    Encrypted,
    /// Signed in a form that hides the text from us (RFC 8551 section 3.5.2).
    OpaqueSignature,
    /// All in a `winmail.dat` that gives no text away.
    Tnef,
    /// The text is not text in any charset we know.
    Undecodable,
    /// A piece of a mail that was sent in several (RFC 2046 section 5.2.2).
    Partial,
    /// The server has the mail and hands out a notice in its place.
    Placeholder,
    /// There is no mail at all.
    Empty,
}

impl Unreadable {
    /// The stable name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Encrypted => "encrypted",
            Self::OpaqueSignature => "opaque-signature",
            Self::Tnef => "tnef",
            Self::Undecodable => "undecodable",
            Self::Partial => "partial",
            Self::Placeholder => "placeholder",
            Self::Empty => "empty",
        }
    }
}

/// A mail as the rest of the house sees it.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// Message-ID.
    pub message_id: Option<MessageId>,
    /// In-Reply-To.
    pub in_reply_to: Vec<MessageId>,
    /// References, oldest first; the last 64.
    pub references: Vec<MessageId>,
    /// From; empty when it holds no usable address. Who wrote is said by [`author`](Message::author).
    pub from: Vec<Mailbox>,
    /// Sender.
    pub sender: Option<Mailbox>,
    /// Reply-To.
    pub reply_to: Vec<Mailbox>,
    /// To.
    pub to: Vec<Mailbox>,
    /// Cc.
    pub cc: Vec<Mailbox>,
    /// Bcc, Resent-To, Resent-Cc, Resent-Bcc, and what servers note: Delivered-To, X-Original-To, Envelope-To.
    pub also_to: Vec<Mailbox>,
    /// The topmost Return-Path.
    pub return_path: ReturnPath,
    /// Decoded, in one line, at most 2 KiB.
    pub subject: String,
    /// Without reply and forward prefixes and tags, in lower case: to compare.
    pub base_subject: String,
    /// Whether the outermost prefix says that this is a reply.
    pub is_reply_subject: bool,
    /// What the sender says of the time; decides nothing.
    pub date: Option<Timestamp>,
    /// The topmost Received with a readable date.
    pub received: Option<Timestamp>,
    /// All text parts.
    pub body: Text,
    /// Enclosed and forwarded mails: their subjects and texts.
    pub forwarded: Text,
    /// Names of parts that are not read as text.
    pub attachment_names: Vec<String>,
    /// What speaks for a machine; empty for a person.
    pub evidence: Vec<Evidence>,
    /// What it says of a mail that was not delivered, when it is a delivery status notification.
    pub bounce: Option<Bounce>,
    /// Why the text could not be read.
    pub unreadable: Option<Unreadable>,
    /// What was not read.
    pub omitted: Vec<Omitted>,
    /// The languages of the sender as the header names them, the most wanted first; at most 16 of each field.
    pub languages: Vec<LanguageRange>,
    /// Whether every address of From stands where the grammar wants it.
    is_from_sound: bool,
    kept: Vec<(String, String)>,
    authentication: Vec<authentication::Statement>,
}

impl Message {
    /// When it came in, as far as it tells itself: the topmost Received, else what its sender says.
    pub fn came_in(&self) -> Option<Timestamp> {
        self.received.or(self.date)
    }

    /// All addresses that the mail was sent to, as far as its header tells.
    pub fn recipients(&self) -> impl Iterator<Item = &Address> {
        self.to.iter().chain(&self.cc).chain(&self.also_to).map(|mailbox| &mailbox.address)
    }

    /// The values of a header named in [`Options::keep_headers`], decoded and unfolded, topmost first.
    pub fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.kept.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// What the servers named say of the sender; only the topmost field of one of them counts (RFC 8601 section 7.1).
    pub fn authenticated(&self, authserv_ids: &[String]) -> Authenticated {
        let author = self.author();
        let Some(address) = author.address() else { return Authenticated::None };
        match authentication::verdict(&self.authentication, authserv_ids, address.domain()) {
            // A server vouches for one author.
            Authenticated::Pass if author.only().is_none() => Authenticated::None,
            verdict @ (Authenticated::Pass | Authenticated::Fail | Authenticated::None) => verdict,
        }
    }

    /// The beginning of the decoded text, for the identity of the content: at most 64 KiB.
    pub fn content_text(&self) -> &str {
        header::clip(&self.body.text, CONTENT_TEXT)
    }
}

#[cfg(test)]
mod tests;
