//! The only file that knows the mail-parser crate: parameters, dates and charsets, each behind one function.
//!
//! The structure of a mail is walked by [`structure`](super::structure): the crate would decode every attachment, and
//! scans the rest of the mail once per boundary that never comes. A newer version of the crate touches this file only.

use std::borrow::Cow;

use jiff::Timestamp;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;

/// Characters beyond ASCII, all of them sound UTF-8, that outweigh a label of another charset. Hanzi in GBK that all look
/// like UTF-8 are one in seven: four in a row are chance in one of two thousand such texts, and texts are longer.
const UTF8_PROOF: usize = 4;

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

/// Text in a named charset. Without a name, or with one that nobody knows, UTF-8 and then Windows-1252, its superset of
/// Latin-1, are tried: a lying label must not cost the words.
pub(super) fn text<'a>(bytes: &'a [u8], charset: Option<&str>) -> Cow<'a, str> {
    if let Some(name) = charset.filter(|name| !(is_utf8(name) || bytes.is_ascii() && is_ascii_like(name)))
        && let Some(decode) = charset_decoder(name.trim().as_bytes())
    {
        if let Ok(text) = std::str::from_utf8(bytes)
            && is_mislabelled(text, name)
        {
            return Cow::Borrowed(text);
        }
        let text = decode(bytes);
        // Known by name only, such as ISO-2022-KR: its ASCII words stand in the bytes as they are.
        if text != "\u{fffd}" {
            return Cow::Owned(text);
        }
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

/// Whether `text`, which is sound UTF-8, cannot well be what its label says.
fn is_mislabelled(text: &str, name: &str) -> bool {
    let wide = ["utf-16", "utf_16", "ucs-2", "unicode", "iso-10646"];
    if wide.iter().any(|w| name.trim().get(..w.len()).is_some_and(|n| n.eq_ignore_ascii_case(w))) {
        // Two bytes a character leave a zero byte in every line end and Latin letter.
        return !text.contains('\0');
    }
    // A label of one byte per character is the commonest lie; in other charsets a few characters may look like UTF-8.
    is_ascii_like(name) || text.chars().filter(|c| !c.is_ascii()).nth(UTF8_PROOF - 1).is_some()
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

/// The crate takes a value that no line end closes, the last of a header or a capped one, for no value at all.
fn terminated(raw: &[u8]) -> Cow<'_, [u8]> {
    if raw.ends_with(b"\n") { Cow::Borrowed(raw) } else { Cow::Owned([raw, b"\n"].concat()) }
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
            (b"plain", Some("utf-16"), "plain"),
            (b"p\0l\0", Some("utf-16le"), "pl"),
            ("“Urgent” and “please”".as_bytes(), Some("gb2312"), "“Urgent” and “please”"),
            (b"\xbd\xf4\xbc\xb1", Some("gb2312"), "紧急"),
            (b"\x1b$)C Urgent", Some("iso-2022-kr"), "\u{1b}$)C Urgent"),
        ] {
            assert_eq!(text(bytes, charset), expected, "{charset:?}");
        }
    }

    #[test]
    fn dates_are_read_however_they_are_written() {
        assert!(date(b"Tue, 1 Jul 2003 10:52:37 +0200 (CEST)").is_some());
        assert_eq!(date(b"yesterday"), None);
    }
}
