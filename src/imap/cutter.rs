//! Bytes of a server to whole responses: where one ends, and nothing more.
//!
//! A response is a line, or several joined by literals (RFC 3501 section 2.2). Everything is bounded before it is held:
//! the text of a response, each literal, and all of it together.

use super::guard::Refusal;

/// Text of one response outside its literals; the longest that servers send are lists of numbers.
const MOST_TEXT: usize = 1024 * 1024;
/// One literal. We ask for pieces of at most 1 MiB.
const MOST_LITERAL: usize = 2 * 1024 * 1024;
/// One response with all its literals.
const MOST_RESPONSE: usize = 4 * 1024 * 1024;
/// Read at once when nothing is known of what comes.
const CHUNK: usize = 4 * 1024;
/// Read at once within a literal.
const MOST_CHUNK: usize = 64 * 1024;

/// Cuts a stream of bytes into responses.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    bytes: Vec<u8>,
    /// Where the line begins that is looked at.
    line: usize,
    /// How far there is no line end.
    scanned: usize,
    /// Bytes of literals before `line`.
    literals: usize,
}

impl Cutter {
    /// Whether bytes are here that belong to no response that was taken.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Where to put what comes next.
    pub(super) fn space(&mut self) -> &mut Vec<u8> {
        let wanted = self.line.saturating_sub(self.bytes.len()).clamp(CHUNK, MOST_CHUNK);
        self.bytes.reserve(wanted);
        &mut self.bytes
    }

    /// A response that is here completely, without its last line end.
    pub(super) fn take(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        loop {
            // Within a literal `line` lies beyond what is here.
            let Some(rest) = self.bytes.get(self.scanned.max(self.line)..) else { return Ok(None) };
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                self.scanned = self.bytes.len().max(self.line);
                return self.check(self.scanned).map(|()| None);
            };
            let end = self.scanned.max(self.line) + end;
            self.check(end)?;
            let line = self.bytes.get(self.line..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match literal(line).filter(|_| has_literals(&self.bytes)) {
                Some(length) if length > MOST_LITERAL => {
                    return Err(Refusal("a literal is larger than 2 MiB"));
                }
                Some(length) => {
                    self.literals += length;
                    self.line = end + 1 + length;
                    self.scanned = self.line;
                    if self.line > MOST_RESPONSE {
                        return Err(Refusal("a response is larger than 4 MiB"));
                    }
                }
                None => {
                    let length = self.line + line.len();
                    return Ok(Some(self.cut(length, end + 1)));
                }
            }
        }
    }

    fn check(&self, end: usize) -> Result<(), Refusal> {
        if end.saturating_sub(self.literals) > MOST_TEXT {
            return Err(Refusal("a line is longer than 1 MiB"));
        }
        Ok(())
    }

    fn cut(&mut self, length: usize, next: usize) -> Vec<u8> {
        let rest = self.bytes.split_off(next);
        let mut bytes = std::mem::replace(&mut self.bytes, rest);
        bytes.truncate(length);
        (self.line, self.scanned, self.literals) = (0, 0, 0);
        bytes
    }
}

/// Only untagged data has literals; the text of a status may end in anything (RFC 3501 section 9, `resp-text`).
fn has_literals(response: &[u8]) -> bool {
    let Some(rest) = response.strip_prefix(b"* ") else { return false };
    let word = rest.split(|byte| *byte == b' ' || *byte == b'\r').next().unwrap_or_default();
    !["OK", "NO", "BAD", "BYE", "PREAUTH"].iter().any(|status| word.eq_ignore_ascii_case(status.as_bytes()))
}

/// The length of the literal that a line announces at its end.
fn literal(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"}")?;
    let line = line.strip_suffix(b"+").unwrap_or(line);
    let open = line.iter().rposition(|byte| !byte.is_ascii_digit())?;
    let digits = line.get(open + 1..).filter(|digits| !digits.is_empty())?;
    (line.get(open) == Some(&b'{')).then(|| {
        digits.iter().fold(0_usize, |length, digit| {
            length.saturating_mul(10).saturating_add(usize::from(digit - b'0'))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The responses, and why there are no more.
    fn all(bytes: &[u8]) -> (Vec<String>, String) {
        let (mut cutter, mut found) = (Cutter::default(), Vec::new());
        for piece in bytes.chunks(1_000) {
            cutter.space().extend_from_slice(piece);
            loop {
                match cutter.take() {
                    Ok(Some(response)) => found.push(String::from_utf8_lossy(&response).into_owned()),
                    Ok(None) => break,
                    Err(error) => return (found, error.to_string()),
                }
            }
        }
        (found, String::new())
    }

    #[test]
    fn responses_end_where_they_end() {
        let (found, end) = all(
            b"* 1 FETCH (BODY[] {4}\r\na\r\nb X {0}\r\n)\r\n* OK say {9}\r\na1 OK {2}\r\n* 2 EXISTS\n* 3",
        );
        assert_eq!(
            found,
            ["* 1 FETCH (BODY[] {4}\r\na\r\nb X {0}\r\n)", "* OK say {9}", "a1 OK {2}", "* 2 EXISTS"]
        );
        assert_eq!(end, "");
    }

    #[test]
    fn what_has_no_end_is_not_held() {
        let endless = vec![b'y'; 3 * MOST_TEXT];
        assert_eq!(all(&endless).1, "a line is longer than 1 MiB");
        assert_eq!(all(b"* 1 FETCH (X {400000000}\r\nabc").1, "a literal is larger than 2 MiB");
        assert_eq!(all(b"* 1 FETCH (X {99999999999999999999999}\r\n").1, "a literal is larger than 2 MiB");
        let mut many = b"* 1 FETCH (".to_vec();
        for _ in 0..20 {
            many.extend_from_slice(b"X {1000000}\r\n");
            many.extend_from_slice(&vec![b'z'; 1_000_000]);
        }
        assert_eq!(all(&many).1, "a response is larger than 4 MiB");
    }
}
