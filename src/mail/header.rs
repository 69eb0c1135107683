//! Header blocks and the grammar that their fields share: folding, comments, tokens (RFC 5322 sections 2.2 and 3.2).
//!
//! Not here: what a field means. A block is read in one pass and in linear time, whatever it holds.

use std::borrow::Cow;

use memchr::memchr;

/// How many lines after a broken one are searched for a further field before the body is taken to have begun.
const LOOKAHEAD_LINES: usize = 32;

/// One header field; both slices point into the mail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) name: &'a [u8],
    /// All after the colon, with folding and the line end.
    pub(super) raw: &'a [u8],
}

impl<'a> Field<'a> {
    /// At most `max` bytes of the raw value: what a parser of unknown cost may see.
    pub(super) fn capped(&self, max: usize) -> &'a [u8] {
        self.raw.get(..max).unwrap_or(self.raw)
    }

    /// The value in one line, without surrounding blanks.
    pub(super) fn unfolded(&self, max: usize) -> Cow<'a, str> {
        unfold(self.capped(max))
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// The length of the first line of `bytes` with its line feed.
pub(super) fn line_len(bytes: &[u8]) -> usize {
    memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1)
}

/// Splits the first line, with its line end, from the rest.
pub(super) fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at_checked(line_len(bytes)).unwrap_or((bytes, &[]))
}

/// Reads a header block and returns its fields and what follows the blank line.
///
/// `ends` says of a line that begins with `--` whether it is a delimiter of an enclosing part; a block ends before it, as
/// it does before the first delimiter of its own multipart when the blank line is missing.
/// A line that is no field is skipped when a field follows, else the body begins with it.
pub(super) fn read_block(input: &[u8], ends: impl Fn(&[u8]) -> bool) -> (Vec<Field<'_>>, &[u8]) {
    let mut fields = Vec::with_capacity(24);
    let mut rest = input;
    // Only the first line that is no field is held against the boundary, which keeps the cost linear.
    let mut broken = false;
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        if is_blank(line) {
            return (fields, after);
        }
        if line.starts_with(b"--") && (ends(line) || !broken && is_announced(&fields, line)) {
            return (fields, rest);
        }
        let Some(name) = field_name(line) else {
            if fields.is_empty() || !field_follows(after) {
                return (fields, rest);
            }
            broken = true;
            rest = after;
            continue;
        };
        let (field, after) = rest.split_at_checked(field_len(rest)).unwrap_or((rest, &[]));
        let raw =
            field.iter().position(|&b| b == b':').and_then(|at| field.get(at + 1..)).unwrap_or_default();
        fields.push(Field { name, raw });
        rest = after;
    }
    (fields, rest)
}

/// Skips what stands before the header of some stored mails: a byte order mark, blank lines, an mbox separator.
pub(super) fn without_prelude(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut bytes = bytes.trim_ascii_start();
    while bytes.starts_with(b"From ") || bytes.starts_with(b">From ") {
        bytes = split_line(bytes).1;
    }
    bytes
}

/// The length of the field that `bytes` begin with: its line and those folded under it (RFC 5322 section 2.2.3).
fn field_len(bytes: &[u8]) -> usize {
    let mut len = line_len(bytes);
    while let Some(next) = bytes.get(len..) {
        let folded = matches!(next.first(), Some(b' ' | b'\t'));
        let line = line_len(next);
        if !folded || next.get(..line).is_some_and(is_blank) {
            break;
        }
        len += line;
    }
    len
}

/// The name before the colon; blanks before the colon are tolerated, anything else that is no name is not.
fn field_name(line: &[u8]) -> Option<&[u8]> {
    let mut end = 0;
    for &byte in line {
        match byte {
            b':' => break,
            b'!'..=b'~' => end += 1,
            b' ' | b'\t' => {
                let tail = line.get(end..)?;
                let blanks = tail.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
                if tail.get(blanks) != Some(&b':') {
                    return None;
                }
                break;
            }
            _ => return None,
        }
    }
    // Without a colon the loop ran to the line end, which is no name either.
    (end > 0 && end < line.len()).then(|| line.get(..end)).flatten()
}

/// Whether a Content-Type among `fields` names the boundary that the delimiter `line` would be of.
fn is_announced(fields: &[Field<'_>], line: &[u8]) -> bool {
    let boundary = line.get(2..).unwrap_or_default().trim_ascii_end();
    let names = |f: &Field<'_>| {
        let mut places = f.raw.windows(boundary.len() + 1);
        places.any(|p| matches!(p, [b'=' | b'"', name @ ..] if name == boundary))
    };
    !boundary.is_empty() && fields.iter().filter(|f| f.is("Content-Type")).take(1).any(names)
}

fn field_follows(mut rest: &[u8]) -> bool {
    for _ in 0..LOOKAHEAD_LINES {
        let (line, after) = split_line(rest);
        if line.is_empty() || is_blank(line) {
            return false;
        }
        if field_name(line).is_some() {
            return true;
        }
        rest = after;
    }
    false
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|b| matches!(b, b'\r' | b'\n'))
}

/// Text in one line: line ends vanish, runs of blanks become one, controls are dropped, the ends are trimmed.
pub(super) fn unfold(raw: &[u8]) -> Cow<'_, str> {
    let trimmed = raw.trim_ascii();
    let tidy = trimmed.iter().zip(trimmed.iter().skip(1)).all(|(&a, &b)| !(a == b' ' && b == b' '))
        && trimmed.iter().all(|&b| (b' '..0x7f).contains(&b));
    if tidy {
        return lossy(trimmed);
    }
    Cow::Owned(collapse(&lossy(trimmed)))
}

/// As [`String::from_utf8_lossy`], which goes byte by byte even where all is well.
pub(super) fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// Runs of white space become one blank, controls are dropped, the ends are trimmed.
pub(super) fn collapse(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().filter(|c| !c.is_control()));
    }
    out
}

/// At most `max` bytes of `text`, cut between characters.
pub(super) fn clip(text: &str, max: usize) -> &str {
    text.get(..text.floor_char_boundary(max)).unwrap_or(text)
}

/// `value` without comments, which may nest and hold quoted pairs (RFC 5322 section 3.2.2); each leaves a blank.
pub(super) fn without_comments(value: &str) -> Cow<'_, str> {
    if !value.contains('(') {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for c in value.chars() {
        let was_escaped = std::mem::replace(&mut escaped, false);
        match c {
            '\\' if !was_escaped => escaped = true,
            '"' if !was_escaped && depth == 0 => quoted = !quoted,
            '(' if !was_escaped && !quoted => depth += 1,
            ')' if !was_escaped && !quoted && depth > 0 => {
                depth -= 1;
                out.push(' ');
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The first token of a value: comments and parameters stripped, in lower case.
pub(super) fn keyword(value: &str) -> String {
    let bare = without_comments(value);
    let token = bare.split(';').next().unwrap_or_default().split_whitespace().next().unwrap_or_default();
    token.trim_matches('"').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(input: &[u8]) -> (Vec<String>, &[u8]) {
        let (fields, rest) = read_block(input, |_| false);
        (fields.iter().map(|f| String::from_utf8_lossy(f.name).into_owned()).collect(), rest)
    }

    #[test]
    fn a_block_ends_at_the_blank_line() {
        let (names, rest) = names(b"A: 1\r\nB : 2\r\n folded\r\n\r\nbody: no field");
        assert_eq!((names.join(" ").as_str(), rest), ("A B", b"body: no field".as_slice()));
    }

    #[test]
    fn a_broken_line_is_skipped_when_fields_follow_and_starts_the_body_when_none_do() {
        assert_eq!(names(b"A: 1\nbroken\nB: 2\n\nx").0.join(" "), "A B");
        assert_eq!(names(b"A: 1\nHello there\nhow are you\n").1, b"Hello there\nhow are you\n");
        assert_eq!(names(b"no field here\nA: 1\n").1, b"no field here\nA: 1\n");
    }

    #[test]
    fn comments_nest_and_stay_in_quoted_strings() {
        for (value, bare) in [
            ("no (by (the) way)", "no"),
            ("\"a (b)\" c", "\"a (b)\" c"),
            (r"x (a \) b) y", "x y"),
            ("(open", ""),
        ] {
            assert_eq!(collapse(&without_comments(value)), bare);
        }
        assert_eq!(keyword(" No (really); x=y"), "no");
    }
}
