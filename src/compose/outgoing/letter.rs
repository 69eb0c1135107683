//! A mail as it goes over the wire: the fields that every mail of ours carries, and a body in seven bits.
//!
//! What it is not: it knows no case and chooses no words. Invariants: every mail is marked, so that no answering program
//! answers it and our own reader knows it (RFC 3834 section 5, RFC 5230 section 4.7); no text can begin a field of its
//! own; all of it is ASCII with lines ending in CRLF (RFC 5322 section 2.1); the same input gives the same bytes.
//!
//! There is no `Precedence` field: every program that heeds it heeds `Auto-Submitted` or `X-Auto-Response-Suppress` too,
//! RFC 3834 section 3.1.8 recommends no value, and mail that calls itself bulk is sorted out of the reader's sight.

use std::time::SystemTime;

use jiff::Timestamp;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox as Written, MessageBuilder, MultiPart, SinglePart};

use super::ComposeError;
use crate::base::id::ContentKey;
use crate::base::text::one_line;
use crate::mail::{Address, Mailbox, OWN_MARK};

/// The value of our mark: the version of what it promises.
const MARK: &str = "v=1";
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
    /// When an address cannot be written in ASCII, or the mail has no recipient.
    pub(super) fn write(&self) -> Result<String, ComposeError> {
        let mut builder = lettre::Message::builder()
            .date(SystemTime::from(self.date.clamp(Timestamp::UNIX_EPOCH, LAST_DATE)))
            .from(written(&self.from.address, self.from.name.as_deref())?)
            .subject(one_line(self.subject))
            .message_id(Some(bracketed(self.message_id)));
        for address in self.to {
            builder = builder.to(written(address, None)?);
        }
        if let Some(id) = self.in_reply_to {
            builder = builder.in_reply_to(bracketed(id));
        }
        if !self.references.is_empty() {
            let all: Vec<String> = self.references.iter().map(|id| bracketed(id)).collect();
            builder = builder.references(all.join(" "));
        }
        if let Some(tag) = self.language {
            builder = builder.raw_header(field("Content-Language", tag));
        }
        let message = self.body(self.marked(builder))?;
        String::from_utf8(message.formatted())
            .ok()
            .filter(|mail| mail.is_ascii())
            .ok_or_else(|| ComposeError::Unwritable("it is not ASCII".to_owned()))
    }

    fn marked(&self, builder: MessageBuilder) -> MessageBuilder {
        let submitted = match self.origin {
            Origin::Replied => "auto-replied",
            Origin::Generated => "auto-generated",
        };
        [("Auto-Submitted", submitted), ("X-Auto-Response-Suppress", "All"), (OWN_MARK, MARK)]
            .into_iter()
            .fold(builder, |builder, (name, value)| builder.raw_header(field(name, value)))
    }

    fn body(&self, builder: MessageBuilder) -> Result<lettre::Message, ComposeError> {
        let part = |kind: ContentType, text: &str| {
            SinglePart::builder().header(kind).body(text.replace('\0', "\u{fffd}"))
        };
        let plain = part(ContentType::TEXT_PLAIN, self.text);
        let whole = match self.html {
            None => builder.singlepart(plain),
            Some(html) => builder.multipart(
                MultiPart::alternative()
                    .boundary(self.boundary(html))
                    .singlepart(plain)
                    .singlepart(part(ContentType::TEXT_HTML, html)),
            ),
        };
        whole.map_err(|error| ComposeError::Unwritable(error.to_string()))
    }

    /// Derived from what stands between the boundaries, so that no text can hold its own (RFC 2046 section 5.1.1).
    fn boundary(&self, html: &str) -> String {
        let fields = [self.message_id, self.text, html].map(str::as_bytes);
        format!("=_{}", ContentKey::of(fields))
    }
}

fn field(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn bracketed(id: &str) -> String {
    format!("<{id}>")
}

/// The address as the builder knows it. What it may hold was checked when it was parsed.
fn written(address: &Address, name: Option<&str>) -> Result<Written, ComposeError> {
    let (local, domain) = (address.local(), address.domain());
    if !(local.is_ascii() && domain.is_ascii()) {
        return Err(ComposeError::NotAscii);
    }
    let name = name.map(one_line).filter(|name| !name.is_empty());
    Ok(Written::new(name, lettre::Address::new_dangerous(local, domain)))
}
