//! The words of a response, as far as somebody must see them who passes it on (RFC 3501 section 4).
//!
//! More is taken than the RFC allows, since servers send more: extra blanks, 8-bit characters and odd escapes in
//! strings, bare line feeds after the length of a literal. What the words mean is not known here.

use std::borrow::Cow;

/// One word, or what stands between words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// Any number of blanks.
    Blank,
    /// A list begins.
    Open,
    /// It ends.
    Close,
    /// A number, a flag, the name of an item, `NIL`.
    Word(&'a [u8]),
    /// A quoted string as it stands, without its quotes.
    Quoted(&'a [u8]),
    /// A quoted string that had escapes.
    Unescaped(Cow<'a, [u8]>),
    /// A literal.
    Literal(&'a [u8]),
}

/// Walks through a response. It ends early, with something left, where no token can be read.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    rest: &'a [u8],
}

impl<'a> Tokens<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Tokens { rest: bytes }
    }

    /// Whether everything was read.
    pub(super) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    fn quoted(&mut self, rest: &'a [u8]) -> Option<Token<'a>> {
        let mut escaped = false;
        let mut has_escapes = false;
        for (at, byte) in rest.iter().enumerate() {
            match byte {
                b'\r' | b'\n' => return None,
                _ if escaped => escaped = false,
                b'\\' => (escaped, has_escapes) = (true, true),
                b'"' => {
                    self.rest = rest.get(at + 1..)?;
                    let text = rest.get(..at)?;
                    return Some(if has_escapes { unescaped(text) } else { Token::Quoted(text) });
                }
                _ => {}
            }
        }
        None
    }

    fn literal(&mut self, rest: &'a [u8]) -> Option<Token<'a>> {
        let close = rest.iter().position(|byte| *byte == b'}')?;
        let digits = rest.get(..close)?;
        let digits = digits.strip_suffix(b"+").unwrap_or(digits);
        let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
        let rest = rest.get(close + 1..)?;
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest).strip_prefix(b"\n")?;
        let (text, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some(Token::Literal(text))
    }

    /// Up to a blank or a parenthesis; what stands in brackets belongs to it, such as `BODY[HEADER.FIELDS (To)]<0>`.
    fn word(&mut self) -> Option<Token<'a>> {
        let mut brackets = 0_usize;
        let end = self.rest.iter().position(|byte| {
            match byte {
                b'[' => brackets += 1,
                b']' => brackets = brackets.saturating_sub(1),
                _ => {}
            }
            match byte {
                b'\r' | b'\n' => true,
                b' ' | b'(' | b')' | b'"' => brackets == 0,
                _ => false,
            }
        });
        let (word, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
        self.rest = rest;
        (!word.is_empty() && brackets == 0).then_some(Token::Word(word))
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let before = self.rest;
        let token = match before {
            [] => None,
            [b' ', ..] => {
                let words = before.iter().position(|byte| *byte != b' ').unwrap_or(before.len());
                self.rest = before.get(words..)?;
                Some(Token::Blank)
            }
            [b'(', rest @ ..] => {
                self.rest = rest;
                Some(Token::Open)
            }
            [b')', rest @ ..] => {
                self.rest = rest;
                Some(Token::Close)
            }
            [b'"', rest @ ..] => self.quoted(rest),
            [b'{', rest @ ..] => self.literal(rest),
            _ => self.word(),
        };
        if token.is_none() {
            self.rest = before;
        }
        token
    }
}

fn unescaped(text: &[u8]) -> Token<'_> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        plain.extend(if *byte == b'\\' { bytes.next() } else { Some(byte) });
    }
    Token::Unescaped(Cow::Owned(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8]) -> Option<Vec<Token<'_>>> {
        let mut tokens = Tokens::of(bytes);
        let found = tokens.by_ref().collect();
        tokens.is_done().then_some(found)
    }

    #[test]
    fn servers_may_write_it_in_many_ways() {
        let found =
            all(b"(UID  7 BODY[HEADER.FIELDS (\"To\" A)]<0> {3}\r\na)b \"q\\\"\xc3\xa9\" {1}\nx\"\")");
        let expected = vec![
            Token::Open,
            Token::Word(b"UID"),
            Token::Blank,
            Token::Word(b"7"),
            Token::Blank,
            Token::Word(b"BODY[HEADER.FIELDS (\"To\" A)]<0>"),
            Token::Blank,
            Token::Literal(b"a)b"),
            Token::Blank,
            Token::Unescaped(Cow::Borrowed("q\"é".as_bytes())),
            Token::Blank,
            Token::Literal(b"x"),
            Token::Quoted(b""),
            Token::Close,
        ];
        assert_eq!(found, Some(expected));
    }

    #[test]
    fn what_is_broken_ends_early() {
        for broken in ["\"a", "\"a\r\n\"", "{5}\r\nabc", "{x}\r\n", "{1}", "BODY[ ", "a\r\nb", "\"a\\"] {
            assert_eq!(all(broken.as_bytes()), None, "{broken:?}");
        }
    }
}
