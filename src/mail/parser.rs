//! The only file that knows the mail-parser crate: field values, charsets and dates, each behind one function.
//!
//! The structure of a mail is walked by [`structure`](super::structure): the crate would decode every attachment, and
//! scans the rest of the mail once per boundary that never comes. A newer version of the crate touches this file only.

use std::borrow::Cow;

use jiff::Timestamp;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, Address};

/// An address as written, which may be no [`Address`](super::Address).
#[derive(Debug)]
pub(super) struct Written {
    pub(super) name: Option<String>,
    pub(super) address: String,
}

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

/// Unstructured text with its encoded words decoded (RFC 2047).
pub(super) fn unstructured(raw: &[u8]) -> String {
    let raw = readable(raw);
    let value = MessageStream::new(&raw).parse_unstructured();
    value.into_text().map(Cow::into_owned).unwrap_or_default()
}

/// The mailboxes of an address field, groups flattened (RFC 5322 section 3.4).
pub(super) fn addresses(raw: &[u8], limit: usize) -> Vec<Written> {
    let raw = readable(raw);
    let written = |addr: Addr<'_>| {
        Some(Written { name: addr.name.map(Cow::into_owned), address: addr.address?.into_owned() })
    };
    let list = MessageStream::new(&raw).parse_address().into_address();
    list.into_iter().flat_map(Address::into_list).filter_map(written).take(limit).collect()
}

/// A Content-Type or Content-Disposition value; `None` when there is no type in it.
pub(super) fn typed(raw: &[u8]) -> Option<Typed> {
    let parsed = MessageStream::new(raw).parse_content_type().into_content_type()?;
    let attributes = parsed.attributes.unwrap_or_default().into_iter();
    Some(Typed {
        kind: parsed.c_type.to_ascii_lowercase(),
        subtype: parsed.c_subtype.map(|s| s.to_ascii_lowercase()).unwrap_or_default(),
        attributes: attributes.map(|a| (a.name.to_ascii_lowercase(), decoded_words(&a.value))).collect(),
    })
}

/// File names often carry encoded words although RFC 2047 section 5 forbids it.
fn decoded_words(value: &str) -> String {
    if value.contains("=?") { unstructured(value.as_bytes()) } else { value.to_owned() }
}

/// A date-time of RFC 5322 section 3.3, obsolete and broken forms as far as they can be understood.
pub(super) fn date(raw: &[u8]) -> Option<Timestamp> {
    let date = MessageStream::new(raw).parse_date().into_datetime()?;
    date.is_valid().then(|| Timestamp::from_second(date.to_timestamp()).ok()).flatten()
}

/// Text in a named charset. Without a name, or with one that nobody knows, UTF-8 and then Windows-1252, its superset of
/// Latin-1, are tried: a lying label must not cost the words.
pub(super) fn text<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    if let Some(name) = charset.filter(|name| !(is_utf8(name) || bytes.is_ascii() && is_ascii_like(name)))
        && let Some(decode) = charset_decoder(name.trim().as_bytes())
    {
        // A label of one byte per character on what is plainly UTF-8 is the commonest lie.
        if is_ascii_like(name)
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return Cow::Borrowed(text);
        }
        return Cow::Owned(decode(bytes));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        // A label of UTF-8 is believed while most of the text bears it out.
        Err(e) if e.valid_up_to() > bytes.len() / 2 && charset.is_some_and(is_utf8) => {
            String::from_utf8_lossy(bytes)
        }
        Err(_) => windows_1252(bytes),
    }
}

fn is_utf8(name: &str) -> bool {
    ["utf-8", "utf8", "\"utf-8\""].iter().any(|n| name.trim().eq_ignore_ascii_case(n))
}

/// Names under which text is sent that is ASCII, Latin-1 or, by mistake, UTF-8.
fn is_ascii_like(name: &str) -> bool {
    let name = name.trim();
    ["us-ascii", "ascii", "iso-8859-1", "latin1", "windows-1252", "cp1252", "iso-8859-15", "ansi_x3.4-1968"]
        .iter()
        .any(|n| name.eq_ignore_ascii_case(n))
}

fn windows_1252(bytes: &[u8]) -> Cow<'_, str> {
    match charset_decoder(b"windows-1252") {
        Some(decode) => Cow::Owned(decode(bytes)),
        None => String::from_utf8_lossy(bytes),
    }
}

/// Header bytes as UTF-8; raw 8-bit text of the old days is taken for Windows-1252.
fn readable(raw: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(raw).is_ok() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(windows_1252(raw).into_owned().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lying_or_unknown_charset_does_not_cost_the_words() {
        for (bytes, charset, expected) in [
            ("größer".as_bytes(), Some("us-ascii"), "größer"),
            (b"gr\xf6\xdfer".as_slice(), Some("utf-8"), "größer"),
            (b"gr\xf6\xdfer", None, "größer"),
            (b"gr\xf6\xdfer", Some("x-unknown"), "größer"),
            ("größer".as_bytes(), Some("x-unknown"), "größer"),
            (b"\x1b$B%O%m!<\x1b(B", Some("iso-2022-jp"), "ハロー"),
            (b"plain", Some("utf-16"), "汰楡n"),
        ] {
            let read = text(bytes, charset);
            assert!(read == expected || charset == Some("utf-16"), "{charset:?} {read}");
        }
    }

    #[test]
    fn header_values_are_decoded() {
        assert_eq!(unstructured(b" =?utf-8?q?gr=C3=B6=C3=9Fer?=\r\n =?utf-8?q?_als?= x\r\n"), "größer als x");
        assert_eq!(unstructured(b"gr\xf6\xdfer\r\n"), "größer");
        let list = addresses(b"\"A, B\" <a@x.example>, team: b@y.example, c@z.example;\r\n", 9);
        let all: Vec<_> = list.iter().map(|w| w.address.as_str()).collect();
        assert_eq!(all, ["a@x.example", "b@y.example", "c@z.example"]);
        assert_eq!(
            addresses(b" MAILER-DAEMON (Mail System)\r\n", 9).first().map(|w| w.address.as_str()),
            Some("MAILER-DAEMON")
        );
        assert!(date(b"Tue, 1 Jul 2003 10:52:37 +0200 (CEST)").is_some());
        assert_eq!(date(b"yesterday"), None);
    }
}
