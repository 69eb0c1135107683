//! The grammar that all data of IMAP shares: words, strings, numbers, lists (RFC 3501 section 4).
//!
//! More is taken than the RFC allows, since servers send more: extra blanks, 8-bit characters in strings, unknown items.
//! Depth and number are bounded, so that no response exhausts the stack or the memory.

use std::borrow::Cow;

/// Lists within lists; 61 multiparts within each other are legal mail, and servers stop at about 100.
const MOST_DEPTH: usize = 128;
/// Values of one response; a mail of 1,000 parts has 20,000.
const MOST_VALUES: usize = 64 * 1024;

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A word, a number, a flag, the name of an item, `NIL`.
    Word(&'a [u8]),
    /// A string, quoted or literal.
    Text(Cow<'a, [u8]>),
    /// A list.
    List(Vec<Value<'a>>),
}

impl<'a> Value<'a> {
    /// The number.
    pub(super) fn number<N: std::str::FromStr>(&self) -> Option<N> {
        match self {
            Value::Word(word) => std::str::from_utf8(word).ok()?.parse().ok(),
            Value::Text(_) | Value::List(_) => None,
        }
    }

    /// The string; `NIL` is none.
    pub(super) fn text(&self) -> Option<&[u8]> {
        match self {
            Value::Text(text) => Some(text),
            Value::Word(word) if !word.eq_ignore_ascii_case(b"NIL") => Some(word),
            Value::Word(_) | Value::List(_) => None,
        }
    }

    /// The string itself.
    pub(super) fn into_text(self) -> Option<Cow<'a, [u8]>> {
        match self {
            Value::Text(text) => Some(text),
            Value::Word(_) | Value::List(_) => None,
        }
    }

    /// The list.
    pub(super) fn list(&self) -> Option<&[Value<'a>]> {
        match self {
            Value::List(list) => Some(list),
            Value::Word(_) | Value::Text(_) => None,
        }
    }
}

/// All values of these bytes; `None` when they are none, too many or too deep.
pub(super) fn parse(bytes: &[u8]) -> Option<Vec<Value<'_>>> {
    let mut parser = Parser { rest: bytes, left: MOST_VALUES };
    let mut open: Vec<Vec<Value<'_>>> = Vec::new();
    let mut list = Vec::new();
    while let Some((first, rest)) = parser.rest.split_first() {
        match first {
            b' ' => parser.rest = rest,
            b'(' if open.len() >= MOST_DEPTH => return None,
            b'(' => {
                parser.rest = rest;
                open.push(std::mem::take(&mut list));
            }
            b')' => {
                parser.rest = rest;
                let outer = open.pop()?;
                let inner = std::mem::replace(&mut list, outer);
                list.push(parser.counted(Value::List(inner))?);
            }
            _ => {
                let value = parser.scalar()?;
                list.push(parser.counted(value)?);
            }
        }
    }
    open.is_empty().then_some(list)
}

struct Parser<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Parser<'a> {
    fn counted(&mut self, value: Value<'a>) -> Option<Value<'a>> {
        self.left = self.left.checked_sub(1)?;
        Some(value)
    }

    fn scalar(&mut self) -> Option<Value<'a>> {
        match self.rest {
            [b'"', rest @ ..] => self.quoted(rest),
            [b'{', rest @ ..] | [b'~', b'{', rest @ ..] => self.literal(rest),
            _ => Some(Value::Word(self.word()?)),
        }
    }

    fn quoted(&mut self, rest: &'a [u8]) -> Option<Value<'a>> {
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
                    let text = if has_escapes { Cow::Owned(unescaped(text)) } else { Cow::Borrowed(text) };
                    return Some(Value::Text(text));
                }
                _ => {}
            }
        }
        None
    }

    fn literal(&mut self, rest: &'a [u8]) -> Option<Value<'a>> {
        let close = rest.iter().position(|byte| *byte == b'}')?;
        let digits = rest.get(..close)?;
        let digits = digits.strip_suffix(b"+").unwrap_or(digits);
        let length: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
        let rest = rest.get(close + 1..)?;
        let rest = rest.strip_prefix(b"\r").unwrap_or(rest).strip_prefix(b"\n")?;
        let text = rest.get(..length)?;
        self.rest = rest.get(length..)?;
        Some(Value::Text(Cow::Borrowed(text)))
    }

    /// Up to a blank or a parenthesis; what stands in brackets belongs to it, such as `BODY[HEADER.FIELDS (To)]<0>`.
    fn word(&mut self) -> Option<&'a [u8]> {
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
        (!word.is_empty() && brackets == 0).then_some(word)
    }
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        plain.extend(if *byte == b'\\' { bytes.next() } else { Some(byte) });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value<'_> {
        Value::Text(Cow::Borrowed(text.as_bytes()))
    }

    #[test]
    fn servers_may_write_it_in_many_ways() {
        let values =
            parse(b" ( UID  7 BODY[HEADER.FIELDS (\"To\" A)]<0> {3}\r\na)b \"q\\\"\xc3\xa9\" NIL ()(a) )");
        let expected = Value::List(vec![
            Value::Word(b"UID"),
            Value::Word(b"7"),
            Value::Word(b"BODY[HEADER.FIELDS (\"To\" A)]<0>"),
            text("a)b"),
            text("q\"é"),
            Value::Word(b"NIL"),
            Value::List(vec![]),
            Value::List(vec![Value::Word(b"a")]),
        ]);
        assert_eq!(values, Some(vec![expected]));
    }

    #[test]
    fn what_is_broken_too_deep_or_too_much_is_nothing() {
        for broken in ["(", ")", "\"a", "\"a\r\n\"", "{5}\r\nabc", "{x}\r\n", "BODY[ ", "a\r\nb"] {
            assert_eq!(parse(broken.as_bytes()), None, "{broken:?}");
        }
        assert!(parse(&[vec![b'('; 128], vec![b')'; 128]].concat()).is_some());
        assert!(parse(&[vec![b'('; 129], vec![b')'; 129]].concat()).is_none());
        assert!(parse(&vec![b'('; 1_000_000]).is_none());
        assert!(parse(&b"a ".repeat(70_000)).is_none());
    }
}
