//! From bytes in some charset to text, whatever the label says of them (RFC 2045 section 5.1, RFC 2978).
//!
//! Labels are missing, misspelt or lie, so the bytes have the last word. Nothing fails: what cannot be read becomes other
//! characters, and an ASCII word always stays what it is. Not here: the tables of the charsets, which
//! [`parser`](super::parser) has.

mod label;

use std::borrow::Cow;

use memchr::memchr;

use super::parser;
use label::Charset;

/// Characters beyond ASCII, all of them sound UTF-8, that outweigh a label of another charset. Hanzi in GBK that all look
/// like UTF-8 are one in seven: four in a row are chance in one of two thousand such texts, and texts are longer.
const UTF8_PROOF: usize = 4;
/// Bytes of HTML in which a page names its charset (HTML Living Standard section 4.2.5.5).
const META_BYTES: usize = 1024;
/// Bytes of an encoded character of UTF-7 that are looked at together.
const MAX_UTF7_RUN: usize = 4 * 1024;
const ESC: u8 = 0x1b;
const SHIFT_OUT: u8 = 0x0e;
const SHIFT_IN: u8 = 0x0f;

/// Text in a named charset. Without a name, or with one that nobody knows, the bytes tell.
pub(super) fn text<'a>(bytes: &'a [u8], label: Option<&str>) -> Cow<'a, str> {
    let mut charset = label.map_or(Charset::Unknown, label::charset);
    if charset == Charset::Utf16 && !is_wide(bytes) {
        charset = Charset::Unknown;
    }
    match (charset, std::str::from_utf8(bytes)) {
        (Charset::Utf8 | Charset::Latin1 | Charset::Latin9 | Charset::Unknown, Ok(text)) => escaped(text),
        (charset, Ok(text)) if is_mislabelled(text, charset) => Cow::Borrowed(text),
        (Charset::Utf8, Err(_)) if wide_mark(bytes).is_none() => mended(bytes),
        (charset, _) => decoded(bytes, charset),
    }
}

/// Text of a part of HTML, which may name its charset itself where the header does not.
pub(super) fn html<'a>(bytes: &'a [u8], label: Option<&str>) -> Cow<'a, str> {
    let unknown = label.is_none_or(|label| label::charset(label) == Charset::Unknown);
    let own = if unknown && std::str::from_utf8(bytes).is_err() { declared(bytes) } else { None };
    text(bytes, own.or(label))
}

/// Bytes of Windows-1252, the superset of Latin-1 that is meant by its name.
pub(super) fn windows_1252(bytes: &[u8]) -> Cow<'_, str> {
    match parser::charset_table("windows-1252") {
        Some(decode) => Cow::Owned(decode(bytes)),
        None => String::from_utf8_lossy(bytes),
    }
}

fn decoded(bytes: &[u8], charset: Charset) -> Cow<'_, str> {
    let table = |name: &str, bytes: &[u8]| parser::charset_table(name).map(|decode| decode(bytes));
    let text = match charset {
        Charset::Utf8 | Charset::Latin1 | Charset::Unknown => match wide_mark(bytes) {
            Some(name) => table(name, bytes),
            None => return windows_1252(bytes),
        },
        Charset::Latin9 => table("iso-8859-15", bytes),
        Charset::Utf16 => table(wide_mark(bytes).unwrap_or_else(|| wide_guess(bytes)), bytes),
        Charset::Utf7 => return utf_7(bytes),
        Charset::Iso2022Jp if memchr(ESC, bytes).is_none() && !bytes.is_ascii() => japanese(bytes),
        Charset::Iso2022Jp => table("iso-2022-jp", bytes),
        Charset::Iso2022Kr => table("euc-kr", &shifted(bytes)),
        Charset::Hz => table("gbk", &tilde_escaped(bytes)),
        Charset::Table(name) => table(name, bytes),
    };
    match text {
        Some(text) => Cow::Owned(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)),
        None => windows_1252(bytes),
    }
}

/// Whether `text`, which is sound UTF-8, cannot well be what its label says.
fn is_mislabelled(text: &str, charset: Charset) -> bool {
    match charset {
        Charset::Utf16 => false,
        // These are written in ASCII alone.
        Charset::Utf7 | Charset::Hz | Charset::Iso2022Kr => !text.is_ascii(),
        // In charsets of one or two bytes a few characters may look like UTF-8.
        Charset::Utf8
        | Charset::Latin1
        | Charset::Latin9
        | Charset::Iso2022Jp
        | Charset::Table(_)
        | Charset::Unknown => text.chars().filter(|c| !c.is_ascii()).nth(UTF8_PROOF - 1).is_some(),
    }
}

/// ASCII without a label, or one that says no more, may hold the escapes of ISO-2022 (RFC 1468, RFC 1557).
fn escaped(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let Some(escape) = memchr(ESC, bytes).and_then(|at| bytes.get(at + 1..)) else {
        return Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text));
    };
    match escape {
        [b'$', b')', b'C', ..] => decoded(bytes, Charset::Iso2022Kr),
        [b'$', b'@' | b'B' | b'(', ..] | [b'(', b'B' | b'J' | b'I', ..] if text.is_ascii() => {
            decoded(bytes, Charset::Iso2022Jp)
        }
        _ => Cow::Borrowed(text),
    }
}

/// Mostly UTF-8: what is not is taken for Windows-1252, byte by byte, and the rest stays.
fn mended(bytes: &[u8]) -> Cow<'_, str> {
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 8);
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.push_str(&windows_1252(chunk.invalid()));
    }
    Cow::Owned(out)
}

/// Whether bytes are two a character: marked, or with the zero byte that is half of every line end and Latin letter, or
/// else mostly not ASCII.
fn is_wide(bytes: &[u8]) -> bool {
    let is_text = |b: &&u8| matches!(b, b'\n' | b'\r' | b'\t' | b' '..=b'~');
    wide_mark(bytes).is_some()
        || memchr(0, bytes).is_some()
        || bytes.iter().filter(is_text).count() < bytes.len() / 4 * 3
}

/// The charset that a byte order mark of UTF-16 tells.
fn wide_mark(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, ..] => Some("utf-16le"),
        [0xfe, 0xff, ..] => Some("utf-16be"),
        _ => None,
    }
}

/// Without a mark the zero bytes tell; RFC 2781 section 4.3 says big-endian, most senders do not.
fn wide_guess(bytes: &[u8]) -> &'static str {
    let pairs = bytes.chunks_exact(2).take(1024);
    let (mut first, mut second) = (0_usize, 0_usize);
    for pair in pairs {
        first += usize::from(pair.first() == Some(&0));
        second += usize::from(pair.last() == Some(&0));
    }
    if first > second { "utf-16be" } else { "utf-16le" }
}

/// Raw bytes under a label of ISO-2022-JP are EUC-JP or `Shift_JIS`: the one that leaves fewer holes.
fn japanese(bytes: &[u8]) -> Option<String> {
    let texts = ["shift_jis", "euc-jp"].into_iter().filter_map(parser::charset_table);
    // Katakana of half width is what EUC-JP looks like in Shift_JIS, and seldom written.
    let is_odd = |c: &char| matches!(c, '\u{fffd}' | '\u{ff61}'..='\u{ff9f}');
    texts.map(|decode| decode(bytes)).min_by_key(|text| text.chars().filter(is_odd).count())
}

/// ISO-2022-KR as EUC-KR: what stands between shifts out and in has its high bits set; a line ends it (RFC 1557).
fn shifted(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut is_shifted = false;
    let mut rest = bytes;
    while let [byte, after @ ..] = rest {
        rest = after;
        match byte {
            &ESC if after.starts_with(b"$)C") => rest = after.get(3..).unwrap_or_default(),
            &SHIFT_OUT => is_shifted = true,
            &SHIFT_IN => is_shifted = false,
            b'\n' => {
                is_shifted = false;
                out.push(b'\n');
            }
            0x21..=0x7e if is_shifted => out.push(byte | 0x80),
            byte => out.push(*byte),
        }
    }
    out
}

/// HZ as GBK: what stands between `~{` and `~}` has its high bits set; a line ends it (RFC 1843).
fn tilde_escaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut is_hanzi = false;
    let mut rest = bytes;
    while let [byte, after @ ..] = rest {
        rest = after;
        match (byte, after) {
            (b'~', [b'{', after @ ..]) => (is_hanzi, rest) = (true, after),
            (b'~', [b'}', after @ ..]) => (is_hanzi, rest) = (false, after),
            (b'~', [b'~', after @ ..]) if !is_hanzi => {
                out.push(b'~');
                rest = after;
            }
            (b'\n', _) => {
                is_hanzi = false;
                out.push(b'\n');
            }
            (0x21..=0x7e, _) if is_hanzi => out.push(byte | 0x80),
            (byte, _) => out.push(*byte),
        }
    }
    out
}

/// UTF-7 (RFC 2152). A run that is not well formed, such as a word after a plus sign, stays as it is.
fn utf_7(bytes: &[u8]) -> Cow<'_, str> {
    if memchr(b'+', bytes).is_none() {
        return mended(bytes);
    }
    let mut out = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = memchr(b'+', rest) {
        let (plain, run) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        out.push_str(&mended(plain));
        let run = run.get(1..).unwrap_or_default();
        let len = run.iter().take(MAX_UTF7_RUN).take_while(|b| is_base64(**b)).count();
        let (encoded, after) = run.split_at_checked(len).unwrap_or((run, &[]));
        rest = after.strip_prefix(b"-").unwrap_or(after);
        if let Some(text) = wide_run(encoded) {
            out.push_str(&text);
        } else {
            out.push('+');
            out.push_str(&String::from_utf8_lossy(encoded));
            // Only of a plus sign alone the dash is no text.
            rest = if len == 0 { rest } else { after };
        }
    }
    out.push_str(&mended(rest));
    Cow::Owned(out)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// UTF-16 in base64 without padding; the bits left over must be few and zero (RFC 2152, rule 2).
fn wide_run(encoded: &[u8]) -> Option<String> {
    let (mut bits, mut filled) = (0_u32, 0_u32);
    let mut units = Vec::with_capacity(encoded.len() / 2);
    for byte in encoded {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            _ => 63,
        };
        bits = bits << 6 | u32::from(value);
        filled += 6;
        if filled >= 16 {
            filled -= 16;
            units.push(u16::try_from(bits >> filled & 0xffff).unwrap_or_default());
        }
    }
    let is_sound = !units.is_empty() && filled < 6 && bits & ((1 << filled) - 1) == 0;
    is_sound.then(|| String::from_utf16(&units).ok()).flatten()
}

/// The charset that a page of HTML names in its beginning.
fn declared(bytes: &[u8]) -> Option<&str> {
    let head = bytes.get(..META_BYTES).unwrap_or(bytes);
    let at = head.windows(8).position(|window| window.eq_ignore_ascii_case(b"charset="))?;
    let value = head.get(at + 8..)?;
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let len =
        value.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':')).count();
    std::str::from_utf8(value.get(..len)?).ok().filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests;
