//! Files that stand in a text the way they did before MIME: `begin 644 name`, lines of noise, `end`.
//!
//! Their noise is no words of the sender, so it is taken out of the text; the name of the file stays.

use std::borrow::Cow;

use memchr::memmem;

use super::header;

/// What begins a file, at the beginning of a line.
const BEGIN: &[u8] = b"begin ";
/// Most bytes that a line of a file stands for; its first character says how many.
const MOST_OF_LINE: u8 = 45;

/// A text whose transfer encoding is said to be this one. Without a file in it, it is taken as it is.
pub(super) fn decode(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (line, after) = header::split_line(rest);
        if file_name(line).is_some() {
            let mut out = Vec::with_capacity(after.len());
            let mut lines = after;
            while let Some((line, after)) = next_line(lines) {
                decode_line(line, &mut out);
                lines = after;
            }
            return Cow::Owned(out);
        }
        rest = after;
    }
    Cow::Borrowed(bytes)
}

/// `text` without the files in it, whose names are told. `None` when it has none.
pub(super) fn without_files(text: &str, mut named: impl FnMut(&str)) -> Option<String> {
    // Nearly no mail has the first word of a file at the beginning of a line.
    if !memmem::find_iter(text.as_bytes(), BEGIN).any(|at| is_begin(text, at)) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = split_line(rest);
        let name = file_name(line.as_bytes()).filter(|_| next_line(after.as_bytes()).is_some());
        if let Some(name) = name {
            named(&String::from_utf8_lossy(name));
            rest = behind_file(after);
        } else {
            out.push_str(line);
            rest = after;
        }
    }
    Some(out)
}

fn is_begin(text: &str, at: usize) -> bool {
    let (before, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    (before.is_empty() || before.ends_with('\n'))
        && file_name(split_line(rest).0.as_bytes()).is_some()
        && next_line(split_line(rest).1.as_bytes()).is_some()
}

fn split_line(text: &str) -> (&str, &str) {
    text.split_at_checked(header::line_len(text.as_bytes())).unwrap_or((text, ""))
}

/// The name in a `begin` line: a mode of three or four octal digits and a name.
fn file_name(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(BEGIN)?;
    let digits = rest.iter().take_while(|b| matches!(b, b'0'..=b'7')).count();
    let name = rest.get(digits..)?.strip_prefix(b" ")?.trim_ascii();
    (matches!(digits, 3 | 4) && !name.is_empty()).then_some(name)
}

/// The line of a file that `rest` begins with and what follows it; `None` when it is no such line.
fn next_line(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, after) = header::split_line(rest);
    let line = line.trim_ascii_end();
    let (&first, data) = line.split_first()?;
    let bytes = first.wrapping_sub(b' ') & 0x3f;
    // Three bytes become four characters; blanks at the end get lost on the way, a checksum may be added.
    let full = usize::from(bytes).div_ceil(3) * 4;
    let is_sound = (b' '..=b'`').contains(&first)
        && bytes > 0
        && bytes <= MOST_OF_LINE
        && data.len() <= full + 2
        && data.len() + 4 > full
        && data.iter().all(|b| (b' '..=b'`').contains(b));
    is_sound.then_some((line, after))
}

/// What follows the `end` of a file; where none comes, the first line that is none of its.
fn behind_file(text: &str) -> &str {
    let mut rest = text;
    while next_line(rest.as_bytes()).is_some() {
        rest = split_line(rest).1;
    }
    // The last line of a file is empty.
    let (line, after) = split_line(rest);
    if matches!(line.trim(), "`" | "") {
        rest = after;
    }
    let (line, after) = split_line(rest);
    if line.trim() == "end" { after } else { rest }
}

fn decode_line(line: &[u8], out: &mut Vec<u8>) {
    let Some((&first, data)) = line.split_first() else { return };
    let end = out.len() + usize::from(first.wrapping_sub(b' ') & 0x3f);
    for group in data.chunks(4) {
        let value = |at: usize| group.get(at).map_or(0, |b| b.wrapping_sub(b' ') & 0x3f);
        let [a, b, c, d] = [value(0), value(1), value(2), value(3)];
        out.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
    }
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str) -> (Option<String>, Vec<String>) {
        let mut names = Vec::new();
        (without_files(text, |name| names.push(name.to_owned())), names)
    }

    #[test]
    fn the_noise_of_a_file_is_no_text() {
        let line = format!("M{}\n", "55)'14Y4".repeat(8).get(..60).unwrap());
        for end in ["`\nend\n", "\nend\n", "end\n", ""] {
            let mail =
                format!("See the log.\nbegin 644 my log.txt\n{line}{line}&57)G96YT\n{end}Please call!\n");
            let (text, names) = without(&mail);
            assert_eq!(text.as_deref(), Some("See the log.\nPlease call!\n"), "{end:?}");
            assert_eq!(names, ["my log.txt"]);
        }
    }

    #[test]
    fn what_only_sounds_like_a_file_stays() {
        for text in [
            "We begin 644 tests now\nurgent",
            "begin 644 tests today\nThe server is down, please help us",
            "begin work\nurgent",
            "begin 999 x\n&57)G96YT\n",
            "> begin 644 a.txt\n> &57)G96YT\n> end",
        ] {
            assert_eq!(without(text).0, None, "{text}");
        }
    }
}
