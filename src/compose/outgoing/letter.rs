//! A mail as it goes over the wire: the fields that every mail of ours carries, and a body in seven bits.
//!
//! What it is not: it knows no case and chooses no words. Invariants: every mail is marked, so that no answering program
//! answers it and our own reader knows it (RFC 3834 section 5, RFC 5230 section 5.6); no text can begin a field of its
//! own; lines end in CRLF and have at most 998 bytes (RFC 5322 section 2.1); all of it is ASCII, unless an address has a
//! local part beyond it: then the header is UTF-8 (RFC 6532), which takes a server with SMTPUTF8; the same input gives the
//! same bytes. Nothing asks for a receipt, nothing is attached.
//!
//! There is no `Precedence` field: every program that heeds it heeds `Auto-Submitted` or `X-Auto-Response-Suppress` too,
//! RFC 3834 section 3.1.8 recommends no value, and mail that calls itself bulk is sorted out of the reader's sight.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::tz::TimeZone;

use super::body;
use super::header::{Charset, Header};
use super::{ComposeError, WireAddress};
use crate::base::id::ContentKey;
use crate::mail::{Address, Mailbox, OWN_MARK};

/// The last second of the year 9999: a Date field has four digits for the year.
const LAST_DATE: Timestamp = Timestamp::constant(253_402_207_199, 0);

/// What kind of automatic mail it is (RFC 3834 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// The answer to a mail.
    Replied,
    /// Nobody's mail is answered.
    Generated,
}

/// A mail before it is written.
#[derive(Debug)]
pub(super) struct Letter<'a> {
    pub(super) origin: Origin,
    pub(super) from: &'a Mailbox,
    pub(super) to: &'a [Address],
    pub(super) subject: &'a str,
    pub(super) date: Timestamp,
    /// The value of our mark, sealed over the Message-ID.
    pub(super) mark: &'a str,
    /// Without angle brackets, as those below.
    pub(super) message_id: &'a str,
    pub(super) in_reply_to: Option<&'a str>,
    pub(super) references: &'a [&'a str],
    pub(super) text: &'a str,
    pub(super) html: Option<&'a str>,
    /// The tag of the language it is written in (RFC 3282), where that is known.
    pub(super) language: Option<&'a str>,
}

impl Letter<'_> {
    /// The whole mail.
    ///
    /// # Errors
    /// When the mail has no recipient.
    pub(super) fn write(&self) -> Result<String, ComposeError> {
        let from = WireAddress::of(&self.from.address);
        let to: Vec<WireAddress> = self.to.iter().map(WireAddress::of).collect();
        if to.is_empty() {
            return Err(ComposeError::Unwritable("it has no recipient".to_owned()));
        }
        let needs_smtputf8 = to.iter().chain([&from]).any(WireAddress::needs_smtputf8);
        let mut header = Header::new(if needs_smtputf8 { Charset::Utf8 } else { Charset::Ascii });
        header.tokens("Date", date(self.date)?.split(' '));
        header.mailboxes("From", &[(self.from.name.as_deref(), &from)]);
        header.mailboxes("To", &to.iter().map(|address| (None, address)).collect::<Vec<_>>());
        header.text("Subject", self.subject);
        header.tokens("Message-ID", [bracketed(self.message_id).as_str()]);
        if let Some(id) = self.in_reply_to {
            header.tokens("In-Reply-To", [bracketed(id).as_str()]);
        }
        if !self.references.is_empty() {
            let all: Vec<String> = self.references.iter().map(|id| bracketed(id)).collect();
            header.tokens("References", all.iter().map(String::as_str));
        }
        if let Some(tag) = self.language {
            header.tokens("Content-Language", [tag]);
        }
        self.mark(&mut header);
        Ok(body::write(header, self.text, self.html, &self.boundary()))
    }

    fn mark(&self, header: &mut Header) {
        let submitted = match self.origin {
            Origin::Replied => "auto-replied",
            Origin::Generated => "auto-generated",
        };
        for (name, value) in
            [("Auto-Submitted", submitted), ("X-Auto-Response-Suppress", "All"), (OWN_MARK, self.mark)]
        {
            header.tokens(name, [value]);
        }
    }

    /// Derived from what stands between the boundaries, so that no text can hold its own (RFC 2046 section 5.1.1).
    fn boundary(&self) -> String {
        let fields = [self.message_id, self.text, self.html.unwrap_or_default()].map(str::as_bytes);
        format!("=_{}", ContentKey::of(fields))
    }
}

fn bracketed(id: &str) -> String {
    format!("<{id}>")
}

/// In UTC (RFC 5322 section 3.3).
fn date(date: Timestamp) -> Result<String, ComposeError> {
    let date = date.clamp(Timestamp::UNIX_EPOCH, LAST_DATE).to_zoned(TimeZone::UTC);
    DateTimePrinter::new().zoned_to_string(&date).map_err(|error| ComposeError::Unwritable(error.to_string()))
}
