//! The words of a calendar object that people read: summary, place, description and comments (RFC 5545).
//!
//! What the object asks of a calendar, and whether a machine sent it, is not looked at here. Alarms and time zones have
//! words too, which nobody wrote for this mail.

use std::borrow::Cow;

use super::header;

/// Components whose words count (RFC 5545 section 3.6).
const READ: [&str; 4] = ["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"];
/// Components looked at; a mail invites to one or, with its exceptions, to a few.
const MAX_COMPONENTS: usize = 200;
/// Components inside each other.
const MAX_DEPTH: usize = 16;

/// The words of a calendar object.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// One property a paragraph, each text once.
    pub(super) plain: String,
    /// A description in HTML, when there is no other.
    pub(super) html: Option<String>,
}

/// Reads the words of a calendar object.
pub(super) fn words(calendar: &str) -> Words {
    let mut words = Words::default();
    let mut seen = std::collections::HashSet::new();
    let mut open: Vec<bool> = Vec::new();
    let (mut components, mut described) = (0, false);
    for line in Lines(calendar) {
        let Some((name, parameters, value)) = property(&line) else { continue };
        if name.eq_ignore_ascii_case("BEGIN") {
            components += 1;
            if components > MAX_COMPONENTS {
                break;
            }
            if open.len() < MAX_DEPTH {
                open.push(READ.iter().any(|read| value.trim().eq_ignore_ascii_case(read)));
            }
            continue;
        }
        if name.eq_ignore_ascii_case("END") {
            open.pop();
            continue;
        }
        if open.last() != Some(&true) {
            continue;
        }
        let is = |names: &[&str]| names.iter().any(|n| name.eq_ignore_ascii_case(n));
        if is(&["SUMMARY", "LOCATION", "DESCRIPTION", "COMMENT"]) {
            let text = unescaped(value);
            described |= is(&["DESCRIPTION"]) && !text.trim().is_empty();
            if !text.trim().is_empty() && seen.insert(text.trim().to_owned()) {
                if !words.plain.is_empty() {
                    words.plain.push_str("\n\n");
                }
                words.plain.push_str(&text);
            }
        } else if is(&["X-ALT-DESC"]) && parameters.to_ascii_lowercase().contains("text/html") {
            words.html.get_or_insert_with(|| unescaped(value).into_owned());
        }
    }
    words.html.take_if(|_| described);
    words
}

/// The lines of an object, unfolded (RFC 5545 section 3.1).
struct Lines<'t>(&'t str);

impl<'t> Iterator for Lines<'t> {
    type Item = Cow<'t, str>;

    fn next(&mut self) -> Option<Cow<'t, str>> {
        if self.0.is_empty() {
            return None;
        }
        let mut line = Cow::Borrowed(self.take()?);
        while self.0.starts_with([' ', '\t']) {
            let folded = self.take()?;
            line.to_mut().push_str(folded.get(1..).unwrap_or_default());
        }
        Some(line)
    }
}

impl<'t> Lines<'t> {
    fn take(&mut self) -> Option<&'t str> {
        let (line, rest) = self.0.split_at_checked(header::line_len(self.0.as_bytes()))?;
        self.0 = rest;
        Some(line.trim_end_matches(['\r', '\n']))
    }
}

/// Name, parameters and value of a line; a colon in quotes ends nothing.
fn property(line: &str) -> Option<(&str, &str, &str)> {
    let mut quoted = false;
    let colon = line.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b':' && !quoted
    })?;
    let (head, value) = line.split_at_checked(colon)?;
    let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
    Some((name.trim(), parameters, value.strip_prefix(':')?))
}

/// A text value without its escapes (RFC 5545 section 3.3.11).
fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(escaped) => out.push(escaped),
                None => {}
            },
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_event_are_read_and_no_others() {
        let calendar = concat!(
            "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nX-WR-CALDESC:not this\r\n",
            "BEGIN:VTIMEZONE\r\nCOMMENT:nor this\r\nEND:VTIMEZONE\r\n",
            "BEGIN:VEVENT\r\nORGANIZER;CN=\"Ann: Smith\":mailto:ann@x.example\r\n",
            "SUMMARY;LANGUAGE=en:Urg\r\n ent: login\\, please\r\nLOCATION:Room 1\\; left\r\n",
            "DESCRIPTION;ALTREP=\"cid:1:2\":First line\\nsecond \\\\ line\\N\r\n",
            "X-ALT-DESC;FMTTYPE=text/html:<b>First line</b>\r\n",
            "BEGIN:VALARM\r\nDESCRIPTION:Reminder\r\nEND:VALARM\r\nCOMMENT:Room 1\\; left\r\nCOMMENT:see you\r\n",
            "END:VEVENT\r\nEND:VCALENDAR\r\n",
        );
        let found = words(calendar);
        assert_eq!(
            found.plain,
            "Urgent: login, please\n\nRoom 1; left\n\nFirst line\nsecond \\ line\n\n\nsee you"
        );
        assert_eq!(found.html, None, "the description was there as text");
    }

    #[test]
    fn a_description_in_html_alone_is_kept() {
        let found = words("BEGIN:VEVENT\nX-ALT-DESC;FMTTYPE=text/html:<p>Urgent\\, now</p>\nEND:VEVENT\n");
        assert_eq!((found.plain.as_str(), found.html.as_deref()), ("", Some("<p>Urgent, now</p>")));
    }

    #[test]
    fn broken_objects_end() {
        for text in ["BEGIN:VEVENT\n".repeat(100_000), " \n ".repeat(100_000), "END:x\n".repeat(100_000)] {
            assert_eq!(words(&text), Words::default());
        }
        assert_eq!(words("BEGIN:VEVENT\nSUMMARY:cut of\\").plain, "cut of");
    }
}
