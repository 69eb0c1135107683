//! Mails out of an mbox, one after the other, however long the file is (RFC 4155).
//!
//! A mail begins with a From_ line: `From `, a sender, and a date with its weekday, at the beginning of the file or
//! after a blank line. Whoever wrote the mbox put a `>` before lines of a mail that look like one; it is taken off
//! again, one of several (mboxrd). Content-Length is not looked at: editors make it lie.
//!
//! Invariants: one mail is held in memory, at most [`MAIL_LIMIT`](super::MAIL_LIMIT) of it; nothing between two From_
//! lines is dropped, also not what stands before the first.

use std::io::{self, BufRead, Read};

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

/// So much of a line is read at once.
const PIECE: u64 = 64 * 1024;
/// No From_ line is longer: an address has at most 254 bytes (RFC 5321 section 4.5.3.1).
const LONGEST_FROM_LINE: usize = 1024;

/// A mail of an mbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Which it is, from 1.
    pub(super) number: u32,
    /// Where its From_ line begins, in bytes.
    pub(super) offset: u64,
    /// What the From_ line says of the time.
    pub(super) filed_at: Option<Timestamp>,
    /// Its bytes; `None` when they are more than may be held.
    pub(super) bytes: Option<Vec<u8>>,
}

/// Where a mail begins.
#[derive(Debug, Clone, Copy)]
struct Start {
    offset: u64,
    filed_at: Option<Timestamp>,
}

/// An mbox under way.
#[derive(Debug)]
pub(super) struct Mbox<R> {
    reader: R,
    /// The most bytes of one mail.
    limit: usize,
    /// Bytes read so far.
    offset: u64,
    /// Mails so far.
    number: u32,
    /// The From_ line of the mail that comes next.
    next: Option<Start>,
}

impl<R: BufRead> Mbox<R> {
    /// Begins at a From_ line, `offset` bytes into the file, with `number` mails before it.
    pub(super) fn new(reader: R, limit: usize, offset: u64, number: u32) -> Self {
        Mbox { reader, limit, offset, number, next: None }
    }

    /// The next mail; `None` at the end.
    ///
    /// # Errors
    /// When the file cannot be read any further.
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        let mut start = self.next.take();
        let mut bytes = Vec::new();
        let mut is_too_large = false;
        // The beginning of the file counts as a blank line; what follows a From_ line does not.
        let mut is_after_blank = start.is_none();
        let mut is_line_start = true;
        loop {
            let from = bytes.len();
            let line_at = self.offset;
            let read = (&mut self.reader).take(PIECE).read_until(b'\n', &mut bytes)?;
            if read == 0 {
                return Ok(start.map(|start| self.entry(start, bytes, is_too_large)));
            }
            self.offset += u64::try_from(read).unwrap_or_default();
            let line = bytes.get(from..).unwrap_or_default();
            let is_blank = is_line_start && matches!(line, b"\n" | b"\r\n");
            if is_line_start
                && is_after_blank
                && let Some(filed_at) = from_line(line)
            {
                let found = Start { offset: line_at, filed_at: Some(filed_at) };
                bytes.truncate(from);
                if let Some(start) = start {
                    self.next = Some(found);
                    return Ok(Some(self.entry(start, bytes, is_too_large)));
                }
                (start, is_after_blank) = (Some(found), false);
                continue;
            }
            let is_quoted = is_line_start && is_quoted_from_line(line);
            is_line_start = line.ends_with(b"\n");
            is_after_blank = is_blank;
            if start.is_none() {
                // Blank lines before the first mail are nothing; anything else is a mail without a From_ line.
                if is_blank {
                    bytes.clear();
                    continue;
                }
                start = Some(Start { offset: line_at, filed_at: None });
            }
            if is_quoted {
                bytes.remove(from);
            }
            if is_too_large || bytes.len() > self.limit {
                is_too_large = true;
                bytes = Vec::new();
            }
        }
    }

    fn entry(&mut self, start: Start, mut bytes: Vec<u8>, is_too_large: bool) -> Entry {
        self.number = self.number.saturating_add(1);
        // The blank line before the next From_ line belongs to the mbox, not to the mail.
        for line_end in [b"\r\n".as_slice(), b"\n"] {
            let before = bytes.strip_suffix(line_end);
            if before.is_some_and(|before| before.is_empty() || before.ends_with(line_end)) {
                bytes.truncate(bytes.len() - line_end.len());
                break;
            }
        }
        Entry {
            number: self.number,
            offset: start.offset,
            filed_at: start.filed_at,
            bytes: (!is_too_large).then_some(bytes),
        }
    }
}

/// Whether a line is a From_ line behind one or more `>`.
fn is_quoted_from_line(line: &[u8]) -> bool {
    let signs = line.iter().take_while(|byte| **byte == b'>').count();
    signs > 0 && line.get(signs..).is_some_and(|rest| rest.starts_with(b"From "))
}

/// What a From_ line says of the time; `None` when the line is none. Writers differ in where they put year and zone,
/// and some write the date of RFC 5322, so the parts are taken in any order, but all of them must be there. Without an
/// offset the time is UTC (RFC 4155 appendix A).
pub(super) fn from_line(line: &[u8]) -> Option<Timestamp> {
    let rest = line.strip_prefix(b"From ")?;
    if rest.len() > LONGEST_FROM_LINE {
        return None;
    }
    let text = String::from_utf8_lossy(rest);
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let weekday = words.iter().rposition(|word| position(&WEEKDAYS, word.trim_end_matches(',')).is_some())?;
    let (mut month, mut day, mut year, mut time) = (None, None, None, None);
    let mut offset = Offset::UTC;
    for word in words.get(weekday + 1..)?.iter().take(7) {
        if let Some(found) = position(&MONTHS, word) {
            month = Some(i8::try_from(found + 1).ok()?);
        } else if word.contains(':') {
            time = Some(time_of_day(word)?);
        } else if let Some(found) = numeric_offset(word) {
            offset = found;
        } else if word.len() == 4 && year.is_none() {
            year = word.parse().ok();
        } else if word.len() <= 2 && day.is_none() {
            day = word.parse().ok();
        }
    }
    let wall = Date::new(year?, month?, day?).ok()?.to_datetime(time?);
    offset.to_timestamp(wall).ok()
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn position(names: &[&str], word: &str) -> Option<usize> {
    names.iter().position(|name| name.eq_ignore_ascii_case(word))
}

/// `21:03` or `21:03:41`.
fn time_of_day(word: &str) -> Option<Time> {
    let mut parts = word.split(':').map(str::parse::<i8>);
    let (hour, minute) = (parts.next()?.ok()?, parts.next()?.ok()?);
    let second = parts.next().transpose().ok()?.unwrap_or(0);
    // A leap second is the one before it here.
    if parts.next().is_some() { None } else { Time::new(hour, minute, second.min(59), 0).ok() }
}

/// `+0200` or `-0500`.
fn numeric_offset(word: &str) -> Option<Offset> {
    let (sign, digits) = match word.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    if digits.len() != 4 {
        return None;
    }
    let number: i32 = digits.parse().ok()?;
    Offset::from_seconds(sign * (number / 100 * 3600 + number % 100 * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mails(text: &str) -> Vec<(Option<String>, Option<String>)> {
        limited(text.as_bytes(), 1000)
            .into_iter()
            .map(|entry| {
                let at = entry.filed_at.map(|at| at.to_string());
                (at, entry.bytes.map(|bytes| String::from_utf8(bytes).expect("UTF-8")))
            })
            .collect()
    }

    fn limited(bytes: &[u8], limit: usize) -> Vec<Entry> {
        // A tiny buffer, so that lines fall apart as they do in a large file.
        let mut mbox = Mbox::new(io::BufReader::with_capacity(7, bytes), limit, 0, 0);
        std::iter::from_fn(|| mbox.next().expect("bytes")).collect()
    }

    fn texts(text: &str) -> Vec<String> {
        mails(text).into_iter().filter_map(|(_, text)| text).collect()
    }

    const FROM: &str = "From mia@client.example Fri Jan  9 21:03:41 2026\n";

    #[test]
    fn mails_stand_between_from_lines() {
        let first = (Some("2026-01-09T21:03:41Z".to_owned()), Some("Subject: a\n\nOne.\n".to_owned()));
        let second = (first.0.clone(), Some("Subject: b\n\nTwo.\n".to_owned()));
        assert_eq!(
            mails(&format!("{FROM}Subject: a\n\nOne.\n\n{FROM}Subject: b\n\nTwo.\n")),
            [first.clone(), second.clone()]
        );
        let crlf = format!("\n{FROM}Subject: a\n\nOne.\n\n").replace('\n', "\r\n");
        assert_eq!(texts(&crlf), ["Subject: a\r\n\r\nOne.\r\n"]);
        assert_eq!(texts(&format!("{FROM}\n{FROM}")), ["", ""], "empty mails are mails");
        assert_eq!(mails(""), []);
        assert_eq!(mails("\n\n"), []);
    }

    #[test]
    fn only_a_from_line_after_a_blank_line_ends_a_mail() {
        let mail = format!("Subject: a\n\nFrom here on it is urgent.\n\nFrom Monday on, too.\n{FROM}x\n");
        assert_eq!(texts(&format!("{FROM}{mail}")), [mail.as_str()]);
    }

    #[test]
    fn one_sign_of_quotation_is_taken_off() {
        let quoted = ">From here\n>>From there\n> From a colleague\n>Fromage\na >From b\n";
        assert_eq!(
            texts(&format!("{FROM}{quoted}")),
            ["From here\n>From there\n> From a colleague\n>Fromage\na >From b\n"]
        );
    }

    #[test]
    fn what_stands_before_the_first_from_line_is_a_mail_without_a_time() {
        let found = mails(&format!("Subject: a\n\nOne.\n\n{FROM}Subject: b\n"));
        assert_eq!(found[0], (None, Some("Subject: a\n\nOne.\n".to_owned())));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn too_large_a_mail_is_passed_over_and_the_next_is_read() {
        let long = "x".repeat(200_000);
        let text = format!("{FROM}{long}\n\n{FROM}Subject: b\n");
        let found = limited(text.as_bytes(), 1000);
        let shown: Vec<_> = found.iter().map(|entry| (entry.number, entry.bytes.as_deref())).collect();
        assert_eq!(shown, [(1, None), (2, Some(b"Subject: b\n".as_slice()))]);
        let offset = usize::try_from(found[1].offset).expect("small");
        let tail = &text.as_bytes()[offset..];
        assert!(tail.starts_with(b"From ") && offset > 200_000, "{offset}");
        let mut again = Mbox::new(tail, 1000, found[1].offset, 1);
        assert_eq!(again.next().expect("bytes").as_ref(), found.get(1));
    }

    #[test]
    fn from_lines_of_many_writers_are_known() {
        for (line, at) in [
            ("From - Fri Jan 09 21:03:41 2026", "2026-01-09T21:03:41Z"),
            ("From 1851@xxx Fri Jan 09 21:03:41 +0000 2026", "2026-01-09T21:03:41Z"),
            ("From mia@client.example Fri Jan  9 21:03:41 EST 2026", "2026-01-09T21:03:41Z"),
            ("From mia@client.example Fri Jan  9 21:03:41 2026 -0500", "2026-01-10T02:03:41Z"),
            ("From mia@client.example Fri Jan  9 21:03 2026", "2026-01-09T21:03:00Z"),
            ("From mia@client.example Fri, 9 Jan 2026 21:03:41 +0100", "2026-01-09T20:03:41Z"),
            ("From uucp Fri Jan  9 21:03:41 2026 remote from host", "2026-01-09T21:03:41Z"),
            ("From \"a b\"@client.example Sat Dec 31 23:59:60 2016", "2016-12-31T23:59:59Z"),
        ] {
            assert_eq!(from_line(line.as_bytes()).map(|at| at.to_string()).as_deref(), Some(at), "{line}");
        }
        for line in [
            "From here on it is urgent",
            "From Monday to Friday we are open",
            "From Mon 9:00 to Fri 17:00 we are open",
            "From mia@client.example",
            "From mia Fri Feb 30 21:03:41 2026",
            "From mia Fri Jan 9 25:03:41 2026",
            ">From mia Fri Jan  9 21:03:41 2026",
            "from mia Fri Jan  9 21:03:41 2026",
        ] {
            assert_eq!(from_line(line.as_bytes()), None, "{line}");
        }
    }
}
