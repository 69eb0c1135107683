//! Content transfer encodings, read leniently (RFC 2045 section 6): what is broken is kept or skipped, never refused.
//!
//! Labels lie here too: text that was never encoded stands under base64, and lists append their footers to encoded text
//! as they are.

use std::borrow::Cow;

use memchr::{memchr, memchr3};

use super::uuencode;

/// Words in a line that make it prose and no encoding.
const PROSE_WORDS: usize = 3;
/// Dashes or underscores that make a rule, as lists draw it above their footers.
const RULE_BYTES: usize = 8;

/// How a part's content is encoded for transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    /// 7bit, 8bit, binary and every unknown name.
    #[default]
    Identity,
    QuotedPrintable,
    Base64,
    Uuencode,
}

impl Encoding {
    /// The encoding with this name, as far as it can be made out.
    pub(super) fn named(name: &str) -> Self {
        let plain = name.bytes().filter(u8::is_ascii_alphanumeric).take(32);
        let plain: Vec<u8> = plain.map(|b| b.to_ascii_lowercase()).collect();
        match plain.as_slice() {
            [b'b', b'a', b's', b'e', b'6', b'4', ..] | b"base" | b"b64" | b"xbase64" => Self::Base64,
            // Nobody spells it the same way.
            [b'q', b'u', b'o', b't', ..] | b"qp" | b"printable" => Self::QuotedPrintable,
            b"xuuencode" | b"uuencode" | b"xuue" | b"uue" | b"xuu" | b"uu" => Self::Uuencode,
            _ => Self::Identity,
        }
    }

    /// Decodes content; the caller bounds its length.
    pub(super) fn decode(self, bytes: &[u8]) -> Cow<'_, [u8]> {
        match self {
            Self::Identity => Cow::Borrowed(bytes),
            Self::QuotedPrintable => quoted_printable(bytes),
            Self::Uuencode => uuencode::decode(bytes),
            Self::Base64 => mixed(bytes),
        }
    }
}

fn quoted_printable(bytes: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'=', bytes).is_none() {
        return Cow::Borrowed(bytes);
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr(b'=', rest) {
        let (plain, escape) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        rest = escape.get(1..).unwrap_or_default();
        if let [a, b, tail @ ..] = rest
            && let (Some(high), Some(low)) = (hex(*a), hex(*b))
        {
            out.push(high << 4 | low);
            rest = tail;
            continue;
        }
        // A soft line break, perhaps with blanks before the line end (section 6.7, rules 3 and 5).
        let blanks = rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\r')).count();
        match rest.get(blanks..) {
            Some([b'\n', tail @ ..]) => rest = tail,
            Some([]) => rest = &[],
            _ => out.push(b'='),
        }
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// Base64 up to the first line that is plain text, and what follows it as it is.
fn mixed(bytes: &[u8]) -> Cow<'_, [u8]> {
    let (encoded, plain) = bytes.split_at_checked(encoded_len(bytes)).unwrap_or((bytes, &[]));
    if encoded.trim_ascii().is_empty() {
        return Cow::Borrowed(bytes);
    }
    let mut out = base64(encoded);
    if !plain.is_empty() {
        out.push(b'\n');
        out.extend_from_slice(plain);
    }
    Cow::Owned(out)
}

/// Where plain text begins. No encoding has blanks or, but for a rare alphabet, dashes and underscores, so most content
/// is passed over in one search.
fn encoded_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..) {
        let Some(odd) = memchr3(b' ', b'_', b'-', rest) else { break };
        let before = rest.get(..odd).unwrap_or_default();
        let start = at + before.iter().rposition(|&b| b == b'\n').map_or(0, |line| line + 1);
        let end = memchr(b'\n', bytes.get(at + odd..).unwrap_or_default())
            .map_or(bytes.len(), |len| at + odd + len);
        if is_prose(bytes.get(start..end).unwrap_or_default()) {
            return start;
        }
        at = end;
    }
    bytes.len()
}

/// Whether a line was never encoded: some words, or a rule.
fn is_prose(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let words = line.split(|&b| b == b' ').filter(|word| !word.is_empty());
    let is_rule = |byte: u8| line.iter().all(|&b| b == byte);
    words.take(PROSE_WORDS).count() == PROSE_WORDS
        || line == b"--"
        || line.len() >= RULE_BYTES && (is_rule(b'_') || is_rule(b'-'))
}

/// What each byte stands for in base64, with the alphabet of RFC 4648 section 5 beside the usual one.
const VALUES: [u8; 256] = values();
/// Stands for nothing.
const OTHER: u8 = 0xff;
/// Ends a group.
const PADDING: u8 = 0xfe;

#[expect(clippy::indexing_slicing, reason = "at compile time, where a wrong index does not compile")]
const fn values() -> [u8; 256] {
    let mut values = [OTHER; 256];
    let mut value = 0;
    let mut rest: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    while let [byte, after @ ..] = rest {
        values[*byte as usize] = value;
        (value, rest) = (value + 1, after);
    }
    values[b'-' as usize] = 62;
    values[b'_' as usize] = 63;
    values[b'=' as usize] = PADDING;
    values
}

/// Bytes outside the alphabet are skipped (section 6.8); a padded group ends, so that glued encodings are both read.
fn base64(bytes: &[u8]) -> Vec<u8> {
    let value = |byte: &u8| VALUES.get(usize::from(*byte)).copied().unwrap_or(OTHER);
    let mut out = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let (mut group, mut filled) = (0_u32, 0_u8);
    let mut rest = bytes;
    while let [byte, after @ ..] = rest {
        // Mostly a group stands in one piece.
        if let ([a, b, c, d, after @ ..], 0) = (rest, filled) {
            let [a, b, c, d] = [value(a), value(b), value(c), value(d)];
            if a | b | c | d < 64 {
                out.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
                rest = after;
                continue;
            }
        }
        rest = after;
        match value(byte) {
            OTHER => {}
            PADDING => {
                finish(group, filled, &mut out);
                (group, filled) = (0, 0);
            }
            value => {
                group = group << 6 | u32::from(value);
                filled += 1;
            }
        }
        if filled == 4 {
            let [_, a, b, c] = group.to_be_bytes();
            out.extend_from_slice(&[a, b, c]);
            (group, filled) = (0, 0);
        }
    }
    finish(group, filled, &mut out);
    out
}

/// Writes the one or two bytes of an unfinished group.
fn finish(group: u32, filled: u8, out: &mut Vec<u8>) {
    match filled {
        2 => out.extend((group >> 4).to_be_bytes().last()),
        3 => out.extend((group >> 2).to_be_bytes().get(2..).unwrap_or_default()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_encodings_give_what_can_be_read() {
        for (encoding, input, expected) in [
            ("quoted-printable", "caf=C3=A9 =\r\nau lait=20", "café au lait "),
            ("Quoted-Printable", "100 == 100, =ZZ =", "100 == 100, =ZZ "),
            ("base64", "VXJn\r\nZW50", "Urgent"),
            ("BASE64", "VXJn*ZW5 0IQ==", "Urgent!"),
            ("base64", "VQ==VQ==", "UU"),
            ("base64", "\r\nThe server is down", "\r\nThe server is down"),
            ("base64", "VXJnZW5", "Urgen"),
            ("Base-64", "VXJnZW50\r\n\r\n-- \r\nlist footer", "Urgent\n-- \r\nlist footer"),
            (
                "base64",
                "VXJnZW50Cg==\n_______________\nthe desk list",
                "Urgent\n\n_______________\nthe desk list",
            ),
            ("base64", "VXJnZW50\nTo leave this list\nVXJnZW50", "Urgent\nTo leave this list\nVXJnZW50"),
            ("base64", "8J-YgCA_\n8J-YgCA_", "😀 ?😀 ?"),
            ("quoted-printeable", "caf=c3=a9 =  \nau lait=", "café au lait"),
            ("quoted printable", "a=3Db=\n", "a=b"),
            ("8 bit", "as=20it is", "as=20it is"),
            ("x-uuencode", "begin 644 a.txt\n&57)G96YT\n`\nend\n", "Urgent"),
            ("x-uuencode", "as it is", "as it is"),
        ] {
            let decoded = Encoding::named(encoding).decode(input.as_bytes());
            assert_eq!(String::from_utf8_lossy(&decoded), expected, "{encoding} {input}");
        }
    }
}
