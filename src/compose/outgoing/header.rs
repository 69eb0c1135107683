//! The header of a mail, written field by field.
//!
//! What it is not: it knows no field by name and no mail. It is written here and not by a crate, since what strangers
//! wrote must neither be lost nor be believed: builders pass words like `=?utf-8?q?…?=` through as they are, leave words
//! longer than a line, and cannot write UTF-8.
//!
//! Invariants: every line ends in CRLF and has at most 78 bytes, or is one token that cannot be broken, of at most
//! [`LONGEST_TOKEN`], with the name of its field where it is the first (RFC 5322 section 2.1.1); no line break stands right
//! after a name, since some readers then see an empty field; no text can begin a field of its own; a reader gets back the text that was
//! given; outside [`Charset::Utf8`] all of it is ASCII. RFC 5322 section 2.2.3, RFC 2047, RFC 6532.

use super::wire::{WireAddress, is_atext};
use crate::base::text::one_line;

/// The longest line that is aimed at (RFC 5322 section 2.1.1).
const LINE: usize = 78;
/// The longest line with an encoded word, and of such a word (RFC 2047 section 2).
const ENCODED_LINE: usize = 76;
const ENCODED_WORD: usize = 75;
/// What stands around the text of an encoded word.
const OPENING: &str = "=?utf-8?q?";
const CLOSING: &str = "?=";
/// A word of more bytes is encoded, so that it can be broken.
const LONGEST_WORD: usize = 60;
/// The most bytes of a token that cannot be broken, such as a Message-ID: its line stays within the 998 of RFC 5322.
pub(super) const LONGEST_TOKEN: usize = 900;

/// What the bytes of a header may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// ASCII; everything else is encoded.
    Ascii,
    /// UTF-8 (RFC 6532), for servers with SMTPUTF8.
    Utf8,
}

impl Charset {
    /// Whether a word is written as it is. One that looks encoded is encoded, or a reader would decode it.
    fn is_plain(self, word: &str) -> bool {
        word.len() <= LONGEST_WORD
            && !word.contains("=?")
            && (self == Charset::Utf8 || word.bytes().all(|byte| byte.is_ascii_graphic()))
    }
}

/// Fields as they were written so far.
#[derive(Debug)]
pub(super) struct Header {
    text: String,
    charset: Charset,
    /// Bytes on the line at hand.
    column: usize,
    /// Nothing stands behind the name of the field yet.
    is_empty: bool,
}

impl Header {
    pub(super) fn new(charset: Charset) -> Self {
        Self { text: String::with_capacity(1024), charset, column: 0, is_empty: true }
    }

    /// The fields, each ending in CRLF.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// A field of tokens with blanks between them. They are written as they are: nothing that a stranger wrote may be
    /// among them unless it was checked.
    pub(super) fn tokens<'t>(&mut self, name: &str, tokens: impl IntoIterator<Item = &'t str>) {
        self.begin(name);
        for token in tokens {
            self.put(token, LINE);
        }
        self.end();
    }

    /// A field of free text, on one line (`unstructured`).
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.begin(name);
        let text = one_line(text);
        let words: Vec<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        let charset = self.charset;
        for run in words.chunk_by(|left, right| charset.is_plain(left) == charset.is_plain(right)) {
            if run.iter().all(|word| charset.is_plain(word)) {
                for word in run {
                    self.put(word, LINE);
                }
            } else {
                self.encoded(&run.join(" "));
            }
        }
        self.end();
    }

    /// A field of addresses, each with a name or none.
    pub(super) fn mailboxes(&mut self, name: &str, mailboxes: &[(Option<&str>, &WireAddress)]) {
        self.begin(name);
        for (place, (name, address)) in mailboxes.iter().enumerate() {
            let comma = if place + 1 < mailboxes.len() { "," } else { "" };
            match name.map(one_line).filter(|name| !name.is_empty()) {
                Some(name) => {
                    self.phrase(&name);
                    self.put(&format!("<{address}>{comma}"), LINE);
                }
                None => self.put(&format!("{address}{comma}"), LINE),
            }
        }
        self.end();
    }

    /// A display name: atoms, a quoted string, or encoded words.
    fn phrase(&mut self, name: &str) {
        if !name.split(' ').all(|word| self.charset.is_plain(word)) {
            self.encoded(name);
        } else if name.chars().all(|c| c == ' ' || is_atext(c)) {
            name.split(' ').for_each(|word| self.put(word, LINE));
        } else {
            let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
            format!("\"{escaped}\"").split(' ').for_each(|word| self.put(word, LINE));
        }
    }

    /// Text in encoded words, each of whole characters. The blanks between them are no text (RFC 2047 section 6.2).
    fn encoded(&mut self, text: &str) {
        let around = OPENING.len() + CLOSING.len();
        let mut word = String::new();
        let mut room = self.room(around);
        for c in text.chars() {
            let encoded = q_encoded(c);
            if around + word.len() + encoded.len() > room {
                self.put(&format!("{OPENING}{word}{CLOSING}"), ENCODED_LINE);
                word.clear();
                room = self.room(around);
            }
            word.push_str(&encoded);
        }
        if !word.is_empty() {
            self.put(&format!("{OPENING}{word}{CLOSING}"), ENCODED_LINE);
        }
    }

    /// How long the next encoded word may be: what is left of the line, unless that is too little for some characters.
    fn room(&self, around: usize) -> usize {
        let left = ENCODED_LINE.saturating_sub(self.column + 1).min(ENCODED_WORD);
        if left < around + 24 { ENCODED_WORD } else { left }
    }

    fn begin(&mut self, name: &str) {
        self.text.push_str(name);
        self.text.push(':');
        self.column = name.len() + 1;
        self.is_empty = true;
    }

    fn end(&mut self) {
        self.text.push_str("\r\n");
        self.column = 0;
    }

    /// A blank and a token, on a new line where this one would become too long.
    fn put(&mut self, token: &str, longest: usize) {
        if self.column + 1 + token.len() > longest && !self.is_empty {
            self.text.push_str("\r\n");
            self.column = 0;
        }
        self.is_empty = false;
        self.text.push(' ');
        self.text.push_str(token);
        self.column += 1 + token.len();
    }
}

/// A character in the `Q` encoding, with only what may stand in a display name too (RFC 2047 section 5, rule 3).
fn q_encoded(c: char) -> String {
    let mut encoded = String::new();
    match c {
        ' ' => encoded.push('_'),
        _ if c.is_ascii_alphanumeric() || "!*+-/".contains(c) => encoded.push(c),
        _ => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| push_octet(byte, &mut encoded)),
    }
    encoded
}

/// `=C3`, in header and body alike (RFC 2045 section 6.7, rule 1).
pub(super) fn push_octet(byte: u8, out: &mut String) {
    out.push('=');
    for half in [byte >> 4, byte & 15] {
        out.extend(char::from_digit(u32::from(half), 16).map(|digit| digit.to_ascii_uppercase()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::Address;

    fn text(charset: Charset, text: &str) -> String {
        let mut header = Header::new(charset);
        header.text("Subject", text);
        header.into_text()
    }

    #[test]
    fn text_is_written_so_that_it_is_read_as_it_was_given() {
        for (given, written) in [
            ("Re: API down", "Subject: Re: API down\r\n"),
            ("a\r\nBcc: b\u{2028}c\u{202e}\0", "Subject: a Bcc: b c\r\n"),
            ("über uns und mehr", "Subject: =?utf-8?q?=C3=BCber?= uns und mehr\r\n"),
            ("für über alle", "Subject: =?utf-8?q?f=C3=BCr_=C3=BCber?= alle\r\n"),
            ("=?utf-8?q?evil?= x", "Subject: =?utf-8?q?=3D=3Futf-8=3Fq=3Fevil=3F=3D?= x\r\n"),
            ("", "Subject:\r\n"),
        ] {
            assert_eq!(text(Charset::Ascii, given), written, "{given:?}");
        }
        assert_eq!(text(Charset::Utf8, "über =?x"), "Subject: über =?utf-8?q?=3D=3Fx?=\r\n");
    }

    #[test]
    fn lines_are_folded_and_words_without_end_are_broken() {
        let words = "word ".repeat(40);
        for given in [words.as_str(), &"x".repeat(5_000), &"漢".repeat(500), &"ü ".repeat(100)] {
            let written = text(Charset::Ascii, given);
            assert!(
                written.strip_suffix("\r\n").unwrap().split("\r\n").all(|line| line.len() <= 78),
                "{written}"
            );
        }
        let id = format!("<{}@x.example>", "i".repeat(80));
        let mut header = Header::new(Charset::Ascii);
        header.tokens("References", ["<a@x.example>", &id, "<b@x.example>"]);
        assert_eq!(header.into_text(), format!("References: <a@x.example>\r\n {id}\r\n <b@x.example>\r\n"));
    }

    #[test]
    fn a_name_is_no_part_of_the_grammar() {
        let address = WireAddress::of(&Address::parse("ann@x.example").unwrap());
        for (name, written) in [
            (None, "ann@x.example"),
            (Some(" "), "ann@x.example"),
            (Some("Ann Smith"), "Ann Smith <ann@x.example>"),
            (Some("Smith, Ann (x)"), "\"Smith, Ann (x)\" <ann@x.example>"),
            (Some("a\" <evil@x.example>, \\"), "\"a\\\" <evil@x.example>, \\\\\" <ann@x.example>"),
            (Some("Ann =?x"), "=?utf-8?q?Ann_=3D=3Fx?= <ann@x.example>"),
            (Some("Änn, (x)"), "=?utf-8?q?=C3=84nn=2C_=28x=29?= <ann@x.example>"),
        ] {
            let mut header = Header::new(Charset::Ascii);
            header.mailboxes("From", &[(name, &address)]);
            assert_eq!(header.into_text(), format!("From: {written}\r\n"));
        }
        let mut header = Header::new(Charset::Utf8);
        header.mailboxes("To", &[(Some("Änn, x"), &address), (None, &address)]);
        assert_eq!(header.into_text(), "To: \"Änn, x\" <ann@x.example>, ann@x.example\r\n");
    }
}
