//! The only file that knows the mail-parser crate: parameters, dates and charsets, each behind one function.
//!
//! The structure of a mail is walked by [`structure`](super::structure): the crate would decode every attachment, and
//! scans the rest of the mail once per boundary that never comes. A newer version of the crate touches this file only.

use std::borrow::Cow;

use jiff::Timestamp;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;

/// A `type/subtype; name=value` field: Content-Type or Content-Disposition (RFC 2045 section 5.1, RFC 2183, RFC 2231).
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// In lower case; of a Content-Disposition the whole value.
    pub(super) kind: String,
    /// In lower case, empty when missing.
    pub(super) subtype: String,
    attributes: Vec<(String, String)>,
}

impl Typed {
    /// The value of a parameter; `name` is in lower case.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(super) fn new(kind: &str, subtype: &str) -> Self {
        Self { kind: kind.to_owned(), subtype: subtype.to_owned(), attributes: Vec::new() }
    }
}

/// A Content-Type or Content-Disposition value; `None` when there is no type in it.
pub(super) fn typed(raw: &[u8]) -> Option<Typed> {
    // The crate would decode what looks like an encoded word even in a boundary, so the marks are veiled from it.
    let veiled = raw.windows(2).any(|pair| pair == b"=?").then(|| veil(raw));
    let raw = terminated(veiled.as_deref().unwrap_or(raw));
    let parsed = MessageStream::new(&raw).parse_content_type().into_content_type()?;
    let value = |value: Cow<'_, str>| {
        if veiled.is_some() { value.replace(VEIL, "") } else { value.into_owned() }
    };
    let attributes = parsed.attributes.unwrap_or_default().into_iter();
    Some(Typed {
        kind: parsed.c_type.to_ascii_lowercase(),
        subtype: parsed.c_subtype.map(|s| s.to_ascii_lowercase()).unwrap_or_default(),
        attributes: attributes.map(|a| (a.name.to_ascii_lowercase(), value(a.value))).collect(),
    })
}

/// A control character that no header may hold (RFC 5322 section 2.2).
const VEIL: char = '\u{1a}';

/// Parts every `=?`.
fn veil(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len() + 16);
    for &byte in raw {
        if byte == b'?' && out.last() == Some(&b'=') {
            out.extend_from_slice(VEIL.encode_utf8(&mut [0; 4]).as_bytes());
        }
        out.push(byte);
    }
    out
}

/// A date-time of RFC 5322 section 3.3, obsolete and broken forms as far as they can be understood.
pub(super) fn date(raw: &[u8]) -> Option<Timestamp> {
    let date = MessageStream::new(&terminated(raw)).parse_date().into_datetime()?;
    date.is_valid().then(|| Timestamp::from_second(date.to_timestamp()).ok()).flatten()
}

/// The decoder of the charset with this name; it never fails.
pub(super) fn charset_table(name: &str) -> Option<fn(&[u8]) -> String> {
    charset_decoder(name.as_bytes())
}

/// The crate takes a value that no line end closes, the last of a header or a capped one, for no value at all.
fn terminated(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw.ends_with(b"\n") { Cow::Borrowed(raw) } else { Cow::Owned([raw, b"\n"].concat()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_however_they_are_written() {
        assert!(date(b"Tue, 1 Jul 2003 10:52:37 +0200 (CEST)").is_some());
        assert_eq!(date(b"yesterday"), None);
    }
}
