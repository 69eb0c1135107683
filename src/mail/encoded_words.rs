//! Unstructured header text and the encoded words in it (RFC 2047), read as leniently as mail programs do.
//!
//! A subject carries the words that wake people, so none is lost to a careless encoder: words that touch other text,
//! hold blanks or raw bytes, are folded inside or cut a character in two are all read. What is no encoded word stays as
//! it is. One pass; the search for an end that does not come is not repeated.

use std::borrow::Cow;

use super::charset;
use super::encoding::Encoding;

/// Longest name of a charset with its language (RFC 2231 section 5) that is looked at.
const MAX_CHARSET: usize = 64;

/// Decodes a header value; line ends and blanks stay for the caller to collapse.
pub(super) fn decode(raw: &[u8]) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut words = Words { raw, at: 0, end: 0 };
    let mut written = 0;
    // Charset and bytes of the words before: a character may go on in the next word.
    let mut open: Option<(&str, Vec<u8>)> = None;
    while let Some(Word { start, charset, bytes, end }) = words.next() {
        let before = raw.get(written..start).unwrap_or_default();
        // White space between encoded words is not shown (section 6.2).
        let joins = open.is_some() && before.trim_ascii().is_empty();
        written = end;
        match &mut open {
            Some((name, known)) if joins && name.eq_ignore_ascii_case(charset) => known.extend(bytes),
            _ => {
                push(open.take(), &mut out);
                if !joins {
                    out.push_str(&readable(before));
                }
                open = Some((charset, bytes));
            }
        }
    }
    push(open, &mut out);
    out.push_str(&readable(raw.get(written..).unwrap_or_default()));
    out
}

fn push(words: Option<(&str, Vec<u8>)>, out: &mut String) {
    if let Some((charset, bytes)) = words {
        out.push_str(&charset::text(&bytes, Some(charset)));
    }
}

struct Word<'a> {
    start: usize,
    charset: &'a str,
    /// Without their transfer encoding.
    bytes: Vec<u8>,
    /// What follows it begins here.
    end: usize,
}

struct Words<'a> {
    raw: &'a [u8],
    at: usize,
    /// Where the next `?=` stands, as far as it was looked for.
    end: usize,
}

impl<'a> Words<'a> {
    /// The next encoded word.
    fn next(&mut self) -> Option<Word<'a>> {
        loop {
            self.at += find(self.raw.get(self.at..)?, *b"=?")?;
            let start = self.at;
            self.at += 2;
            if let Some((charset, bytes, end)) = self.word() {
                self.at = end;
                return Some(Word { start, charset, bytes, end: self.at });
            }
        }
    }

    /// Charset and content of the word whose charset begins here, and where what follows it begins.
    fn word(&mut self) -> Option<(&'a str, Vec<u8>, usize)> {
        let input = self.raw.get(self.at..)?;
        let len = input.iter().take(MAX_CHARSET).position(|&b| b == b'?')?;
        let charset = std::str::from_utf8(input.get(..len)?).ok()?.split('*').next()?;
        let [encoding, b'?', text @ ..] = input.get(len + 1..)? else { return None };
        let start = self.raw.len() - text.len();
        if self.end < start {
            self.end = find(text, *b"?=").map_or(self.raw.len(), |len| start + len);
        }
        let (text, after) = match self.raw.get(start..self.end).filter(|_| self.end < self.raw.len()) {
            Some(text) if find(text, *b"=?").is_none() => (text, self.end + 2),
            _ => unclosed(*encoding, text, start)?,
        };
        let bytes = content(*encoding, text)?;
        // What decodes to nothing is better shown as it is.
        let is_shown = !charset.is_empty() && (text.is_empty() || !bytes.is_empty());
        is_shown.then_some((charset, bytes, after))
    }
}

/// The text of a word whose end is missing, cut off or forgotten, and where it stops: at a blank or the next word.
fn unclosed(encoding: u8, text: &[u8], start: usize) -> Option<(&[u8], usize)> {
    let len = text.iter().position(u8::is_ascii_whitespace).unwrap_or(text.len());
    let word = text.get(..len)?;
    let word = word.get(..find(word, *b"=?").unwrap_or(len))?;
    let end = start + word.len();
    let word = word.strip_suffix(b"?").unwrap_or(word);
    let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_');
    let is_sound = match encoding {
        b'b' | b'B' => word.iter().all(is_base64),
        _ => !word.contains(&b'?'),
    };
    (is_sound && !word.is_empty()).then_some((word, end))
}

/// The text of a word without its encoding (section 4).
fn content(encoding: u8, text: &[u8]) -> Option<Vec<u8>> {
    match encoding {
        b'b' | b'B' => {
            let text: Vec<u8> = text.iter().filter(|b| !b.is_ascii_whitespace()).copied().collect();
            Some(Encoding::Base64.decode(&text).into_owned())
        }
        b'q' | b'Q' => {
            let text = text.iter().filter(|b| !matches!(b, b'\r' | b'\n'));
            let text: Vec<u8> = text.map(|&b| if b == b'_' { b' ' } else { b }).collect();
            Some(Encoding::QuotedPrintable.decode(&text).into_owned())
        }
        _ => None,
    }
}

/// Raw 8-bit text of the old days.
fn readable(plain: &[u8]) -> Cow<'_, str> {
    charset::text(plain, None)
}

fn find(haystack: &[u8], needle: [u8; 2]) -> Option<usize> {
    haystack.windows(2).position(|pair| pair == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_joined_and_text_is_kept() {
        for (raw, expected) in [
            ("plain text", "plain text"),
            ("=?utf-8?q?Ur?= =?utf-8?q?gent?=", "Urgent"),
            ("=?utf-8?q?Ur?=\r\n\t=?UTF-8?B?Z2VudA==?= now", "Urgent now"),
            ("=?utf-8?B?VXJn?==?iso-8859-1?Q?ent?=", "Urgent"),
            ("=?utf-8?b?U3TD?= =?utf-8?q?=B6rung?=", "Störung"),
            ("[=?utf-8?q?Urgent?=]: =?utf-8*en?q?login_down?=", "[Urgent]: login down"),
            ("=?utf-8?q?a b?= =?iso-2022-jp?b?GyRCNls1XhsoQg==?=", "a b緊急"),
            ("=?utf-8?q?Ur=\r\n gent?=", "Ur= gent"),
            ("=?utf-8?b?VXJnZW5?= =?x-unknown?q?t?=", "Urgent"),
            ("=?utf-8?q?=55rgent?= =?utf-8?q??=", "Urgent"),
            ("=?utf-8?x?Urgent?= =??q?a?= =?utf-8?b?!!?=", "=?utf-8?x?Urgent?= =??q?a?= =?utf-8?b?!!?="),
            ("=?utf-8?q?never ends", "never ends"),
            ("=?utf-8?b?VXJnZW50? now", "Urgent now"),
            ("=?utf-8?b?VXJnZW50IGhlbHA", "Urgent help"),
            ("=?utf-8?b?VXJnZW50 =?utf-8?q?_now?=", "Urgent now"),
            ("=?utf-8?b?never-such-!", "=?utf-8?b?never-such-!"),
            ("=?utf-8?b?VXJn ZW50 IG5v dw==?=", "Urgent now"),
            ("what=?is?q", "what=?is?q"),
            ("=?uft-8?Q?St=C3=B6rung?= =?\"utf-8\"?q?_now?=", "Störung now"),
            ("=?utf-8?Q?St=C3?=\r\n =?utf-8?Q?=B6rung?=", "Störung"),
            ("=?gb2312?B?vfQ=?= =?GB2312?B?vLE=?=", "紧急"),
        ] {
            assert_eq!(decode(raw.as_bytes()), expected, "{raw}");
        }
        assert_eq!(decode(b"=?iso-8859-1?q?gr\xf6\xdfer?= gr\xf6\xdfer"), "größer größer");
    }
}
