//! A FETCH response said again (RFC 3501 section 7.4.2): only the items that we ask for, in plain words.
//!
//! The parser above skips an item that it does not know up to the next parenthesis, also when that stands within a
//! string; what a sender wrote there would be taken for items of the server. It panics over an INTERNALDATE that is no
//! string, and leaves escapes in. So nothing unknown is handed on, and of the strings of a structure only those that
//! name types; the others are not needed.

use super::Refusal;
use crate::imap::tokens::{Token, Tokens};

/// Lists within lists; 61 multiparts within each other are legal mail, servers stop at about 100, and the parser needs
/// more than 2 MiB of stack only beyond 350.
const MOST_DEPTH: usize = 128;
/// Words of one response; a mail of 1,000 parts has 20,000.
const MOST_TOKENS: usize = 128 * 1024;
/// Text of one response outside its literals: the parser begins anew with every 4 KiB that it reads. A mail of 1,000
/// parts has 200 KiB.
const MOST_TEXT: usize = 256 * 1024;

/// What was asked for cannot be understood.
pub(super) const NOT_A_FETCH: Refusal = Refusal("a FETCH response cannot be read");

/// The response about the mail of this number; empty when it holds nothing that we ask for.
pub(super) fn of(number: &[u8], rest: &[u8]) -> Result<Vec<u8>, Refusal> {
    let said = Vec::with_capacity(rest.len() + 64);
    let mut items = Items { tokens: Tokens::of(rest), left: MOST_TOKENS, said, in_literals: 0 };
    items.said.extend_from_slice(&[b"* ", number, b" FETCH ("].concat());
    let begin = items.said.len();
    if items.word() != Some(Token::Open) {
        return Err(NOT_A_FETCH);
    }
    loop {
        match items.word() {
            Some(Token::Close) => break,
            Some(Token::Word(name)) => items.item(name)?,
            _ => return Err(NOT_A_FETCH),
        }
    }
    if items.word().is_some() || !items.tokens.is_done() {
        return Err(NOT_A_FETCH);
    }
    if items.said.len() - items.in_literals > MOST_TEXT {
        return Err(Refusal("a FETCH response is too long"));
    }
    // Each item begins with a blank; there must be one item, and none before the first.
    if items.said.len() == begin {
        return Ok(Vec::new());
    }
    items.said.remove(begin);
    items.said.extend_from_slice(b")\r\n");
    Ok(items.said)
}

struct Items<'a> {
    tokens: Tokens<'a>,
    left: usize,
    said: Vec<u8>,
    in_literals: usize,
}

impl<'a> Items<'a> {
    fn token(&mut self) -> Option<Token<'a>> {
        self.left = self.left.checked_sub(1)?;
        self.tokens.next()
    }

    /// The next token that is no blank.
    fn word(&mut self) -> Option<Token<'a>> {
        match self.token() {
            Some(Token::Blank) => self.token(),
            token => token,
        }
    }

    fn item(&mut self, name: &[u8]) -> Result<(), Refusal> {
        let name = name.to_ascii_uppercase();
        let value = self.word().ok_or(NOT_A_FETCH)?;
        match (name.as_slice(), value) {
            // A UID that is none must not be passed over.
            (b"UID", Token::Word(uid)) if is_uid(uid) => self.say(&name, uid),
            (b"UID", _) => return Err(NOT_A_FETCH),
            (b"INTERNALDATE", Token::Quoted(date)) if date.iter().all(|byte| matches!(byte, b' '..=b'~')) => {
                self.say(&name, &[b"\"", date, b"\""].concat());
            }
            (b"BODYSTRUCTURE", Token::Open) => {
                self.say(&name, b"");
                self.list(true)?;
            }
            (_, Token::Open) => self.list(false)?,
            (section, value) if is_section(section) => self.body(section, &value),
            (_, Token::Close | Token::Blank) => return Err(NOT_A_FETCH),
            (_, Token::Word(_) | Token::Quoted(_) | Token::Unescaped(_) | Token::Literal(_)) => {}
        }
        Ok(())
    }

    fn say(&mut self, name: &[u8], value: &[u8]) {
        self.said.extend_from_slice(&[b" ", name, b" ", value].concat());
    }

    fn body(&mut self, section: &[u8], value: &Token<'_>) {
        let text = match value {
            Token::Quoted(text) | Token::Literal(text) => *text,
            Token::Unescaped(text) => text,
            Token::Word(_) | Token::Blank | Token::Open | Token::Close => return self.say(section, b"NIL"),
        };
        self.say(section, format!("{{{}}}\r\n", text.len()).as_bytes());
        self.said.extend_from_slice(text);
        self.in_literals += text.len();
    }

    /// The rest of a list, with the lists in it.
    fn list(&mut self, is_wanted: bool) -> Result<(), Refusal> {
        let begin = self.said.len();
        self.said.push(b'(');
        let (mut depth, mut is_apart, mut has_opened) = (2, false, true);
        while depth > 1 {
            let token = self.token().ok_or(NOT_A_FETCH)?;
            if token == Token::Blank {
                is_apart = true;
                continue;
            }
            if is_apart && !has_opened && token != Token::Close {
                self.said.push(b' ');
            }
            (is_apart, has_opened) = (false, token == Token::Open);
            match token {
                Token::Blank => {}
                Token::Open if depth >= MOST_DEPTH => return Err(Refusal("lists are nested too deeply")),
                Token::Open => {
                    depth += 1;
                    self.said.push(b'(');
                }
                Token::Close => {
                    depth -= 1;
                    self.said.push(b')');
                }
                Token::Word(word) if is_wanted && !is_number_or_nil(word) => return Err(NOT_A_FETCH),
                Token::Word(word) => self.said.extend_from_slice(word),
                Token::Quoted(text) | Token::Literal(text) => self.name(text),
                Token::Unescaped(text) => self.name(&text),
            }
        }
        if !is_wanted {
            self.said.truncate(begin);
        }
        Ok(())
    }

    /// A string of a structure when it may name a type, else another in its place.
    fn name(&mut self, text: &[u8]) {
        let names = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+/".contains(byte);
        let text = if text.iter().all(names) { text } else { b"?" };
        self.said.extend_from_slice(&[b"\"", text, b"\""].concat());
    }
}

fn is_uid(word: &[u8]) -> bool {
    let uid = std::str::from_utf8(word).ok().and_then(|word| word.parse::<u32>().ok());
    uid.is_some_and(|uid| uid > 0)
}

/// `BODY[1.MIME]<0>`, with nothing in it that could be taken for more.
fn is_section(name: &[u8]) -> bool {
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || b".[]<>".contains(byte);
    name.starts_with(b"BODY[") && name.contains(&b']') && name.iter().all(inside)
}

fn is_number_or_nil(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"NIL") || word.iter().all(u8::is_ascii_digit)
}
