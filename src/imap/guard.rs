//! The stream below `async_imap`: it hands on only whole responses that the parser above is known to take.
//!
//! One response that the parser cannot take ends its session and stands, mail and all, in its error; nesting can exhaust
//! its stack, and three odd answers make it panic. So every response is cut, bounded and looked at here first. What
//! nobody asked for is dropped. What servers write oddly is said again as the RFC says it. What was asked for and cannot
//! be understood ends the connection, since passing over it would look as if the mail were not there.
//!
//! Invariants: a read hands on bytes of one tagged response at most, and none of what comes after it, so that nothing is
//! held above this stream when a command has ended. A wait for bytes can be given up at any moment without losing any.

use std::fmt;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use async_imap::imap_proto;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::cutter::Cutter;
use super::tokens::{Token, Tokens};

/// Lists within lists; 61 multiparts within each other are legal mail, servers stop at about 100, and the parser needs
/// more than 2 MiB of stack only beyond 350.
const MOST_DEPTH: usize = 128;
/// Words of one response; a mail of 1,000 parts has 20,000.
const MOST_TOKENS: usize = 128 * 1024;
/// Text of a status, code included; the longest codes list capabilities.
const MOST_STATUS: usize = 8 * 1024;
/// Bytes of numbers that are handed on in one SEARCH response: the parser begins anew with every 4 KiB that it reads.
const MOST_SEARCH: usize = 3 * 1024;

/// Why nothing more is read from a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refusal(pub(super) &'static str);

/// Rubbish between two responses: nobody knows what else was lost.
pub(super) const NOT_A_RESPONSE: Refusal = Refusal("it sends something that is no response");
const NOT_A_FETCH: Refusal = Refusal("a FETCH response cannot be read");
const NOT_A_SEARCH: Refusal = Refusal("its answer to SEARCH cannot be read");

impl From<Refusal> for io::Error {
    fn from(refusal: Refusal) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, refusal)
    }
}

/// A stream that is looked at before it is read.
pub(super) struct Guard<S> {
    inner: S,
    cutter: Cutter,
    /// What may be handed on, and how much of it was.
    ready: Vec<u8>,
    given: usize,
}

impl<S> fmt::Debug for Guard<S> {
    /// Without what it holds, which is mail.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Guard").finish_non_exhaustive()
    }
}

impl<S> Guard<S> {
    pub(super) fn new(inner: S) -> Self {
        Guard { inner, cutter: Cutter::default(), ready: Vec::new(), given: 0 }
    }

    /// The stream below, when nothing came on it that was not read.
    pub(super) fn into_inner(self) -> Option<S> {
        (self.cutter.is_empty() && self.ready.is_empty()).then_some(self.inner)
    }

    fn give(&mut self, buffer: &mut ReadBuf<'_>) {
        let left = self.ready.get(self.given..).unwrap_or_default();
        let piece = left.get(..buffer.remaining()).unwrap_or(left);
        buffer.put_slice(piece);
        self.given += piece.len();
        if self.given >= self.ready.len() {
            (self.ready, self.given) = (Vec::new(), 0);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if !this.ready.is_empty() {
                this.give(buffer);
                return Poll::Ready(Ok(()));
            }
            if let Some(response) = this.cutter.take()? {
                this.ready = passed(&response)?;
                continue;
            }
            let read = pin!(this.inner.read_buf(this.cutter.space())).poll(context);
            if ready!(read)? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().inner).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}

/// What is handed on of a response; empty when nobody needs it.
fn passed(response: &[u8]) -> Result<Vec<u8>, Refusal> {
    let Some(untagged) = response.strip_prefix(b"*") else {
        // Nobody reads a challenge, so it need not be parsed either.
        let tagged = if response.starts_with(b"+") { b"+ \r\n".to_vec() } else { status(response) };
        return if is_taken(&tagged) { Ok(tagged) } else { Err(NOT_A_RESPONSE) };
    };
    let (word, rest) = word(untagged);
    match word.to_ascii_uppercase().as_slice() {
        b"OK" | b"NO" | b"BAD" | b"BYE" | b"PREAUTH" => {
            let note = [b"* ", word, b" ", rest].concat();
            let note = status(&note);
            if is_taken(&note) { Ok(note) } else { Err(NOT_A_RESPONSE) }
        }
        b"CAPABILITY" => Ok(kept(capability(rest))),
        b"SEARCH" => search(rest),
        _ => counted(word, rest),
    }
}

/// `7 EXISTS`, `7 EXPUNGE`, `7 FETCH (…)`; all else is not needed.
fn counted(number: &[u8], rest: &[u8]) -> Result<Vec<u8>, Refusal> {
    if number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
        return Ok(Vec::new());
    }
    let (name, rest) = word(rest);
    match name.to_ascii_uppercase().as_slice() {
        b"EXISTS" => Ok(kept([b"* ", number, b" EXISTS\r\n"].concat())),
        b"EXPUNGE" => Ok(kept([b"* ", number, b" EXPUNGE\r\n"].concat())),
        b"FETCH" => {
            let said = fetch(number, rest)?;
            if is_taken(&said) { Ok(said) } else { Err(NOT_A_FETCH) }
        }
        _ => Ok(Vec::new()),
    }
}

/// A status line without what its reader stumbles over: it cuts a text with a code at its second byte, whatever that
/// is part of.
fn status(line: &[u8]) -> Vec<u8> {
    let line = line.get(..MOST_STATUS).unwrap_or(line);
    let plain = line.iter().map(|byte| if matches!(byte, b' '..=b'~') { *byte } else { b'?' });
    plain.chain(*b"\r\n").collect()
}

/// A server of `IMAP4rev2` alone speaks all that we need; the parser wants to hear the older name.
fn capability(rest: &[u8]) -> Vec<u8> {
    let mut line = b"* CAPABILITY IMAP4rev1".to_vec();
    let words = rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    for word in words.filter(|word| !word.eq_ignore_ascii_case(b"IMAP4rev1")) {
        line.push(b' ');
        line.extend_from_slice(word);
    }
    line.extend_from_slice(b"\r\n");
    line
}

/// A SEARCH response in pieces; some servers end the line with a blank.
fn search(rest: &[u8]) -> Result<Vec<u8>, Refusal> {
    const NAME: &[u8] = b"* SEARCH";
    let mut lines = NAME.to_vec();
    let mut length = 0;
    for number in rest.split(|byte| *byte == b' ').filter(|word| !word.is_empty()) {
        let is_number = std::str::from_utf8(number).is_ok_and(|number| number.parse::<u32>().is_ok());
        if !is_number {
            return Err(NOT_A_SEARCH);
        }
        if length > MOST_SEARCH {
            lines.extend_from_slice(b"\r\n");
            lines.extend_from_slice(NAME);
            length = 0;
        }
        lines.push(b' ');
        lines.extend_from_slice(number);
        length += number.len() + 1;
    }
    lines.extend_from_slice(b"\r\n");
    Ok(lines)
}

/// A FETCH response in plain words: one blank at most between two, no escapes, and a date in quotes, since the parser
/// panics over `INTERNALDATE NIL` and leaves escapes in.
fn fetch(number: &[u8], rest: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut said = Vec::with_capacity(rest.len() + 64);
    said.extend_from_slice(b"* ");
    said.extend_from_slice(number);
    said.extend_from_slice(b" FETCH ");
    let (mut depth, mut name) = (0_usize, Vec::new());
    let (mut is_apart, mut opened) = (false, true);
    let mut tokens = Tokens::of(rest);
    for token in tokens.by_ref().take(MOST_TOKENS) {
        if token == Token::Blank {
            is_apart = true;
            continue;
        }
        if is_apart && !opened && token != Token::Close {
            said.push(b' ');
        }
        (is_apart, opened) = (false, token == Token::Open);
        if name == b"UID" && !matches!(token, Token::Word(_)) {
            return Err(NOT_A_FETCH);
        }
        match token {
            Token::Blank => {}
            Token::Open => {
                depth += 1;
                if depth > MOST_DEPTH {
                    return Err(Refusal("lists are nested too deeply"));
                }
                said.push(b'(');
            }
            Token::Close => {
                depth = depth.checked_sub(1).ok_or(NOT_A_FETCH)?;
                said.push(b')');
            }
            Token::Word(word) => {
                let value = if depth == 1 { value(&name, word)? } else { word };
                said.extend_from_slice(value);
                name = if depth == 1 { word.to_ascii_uppercase() } else { Vec::new() };
            }
            Token::Quoted(text) => said.extend([b"\"", text, b"\""].concat()),
            Token::Unescaped(text) => literal(&text, &mut said),
            Token::Literal(text) => literal(text, &mut said),
        }
    }
    if depth > 0 || !tokens.is_done() {
        return Err(NOT_A_FETCH);
    }
    said.extend_from_slice(b"\r\n");
    Ok(said)
}

/// A word after another at the top of a FETCH response; a UID that is none must not be passed over.
fn value<'a>(name: &[u8], word: &'a [u8]) -> Result<&'a [u8], Refusal> {
    match name {
        b"UID" => {
            let uid = std::str::from_utf8(word).ok().and_then(|word| word.parse::<u32>().ok());
            uid.filter(|uid| *uid > 0).map(|_| word).ok_or(NOT_A_FETCH)
        }
        b"INTERNALDATE" if word.eq_ignore_ascii_case(b"NIL") => Ok(b"\"\""),
        _ => Ok(word),
    }
}

fn literal(text: &[u8], said: &mut Vec<u8>) {
    said.extend_from_slice(format!("{{{}}}\r\n", text.len()).as_bytes());
    said.extend_from_slice(text);
}

/// The response when the parser takes it, else nothing.
fn kept(response: Vec<u8>) -> Vec<u8> {
    if is_taken(&response) { response } else { Vec::new() }
}

fn is_taken(response: &[u8]) -> bool {
    matches!(imap_proto::Response::parse(response), Ok((rest, _)) if rest.is_empty())
}

/// The first word, and what follows it.
fn word(bytes: &[u8]) -> (&[u8], &[u8]) {
    let bytes = bytes.trim_ascii_start();
    let end = bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len());
    let (word, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
    (word, rest.strip_prefix(b" ").unwrap_or(rest))
}

#[cfg(test)]
mod tests;
