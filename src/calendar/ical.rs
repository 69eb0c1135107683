//! The outer shape of an iCalendar file (RFC 5545): content lines, components, the properties of its events, and the
//! list of what is wrong with it.
//!
//! What the properties mean is `holidays`' business. Only what stands directly in a `VEVENT` of a `VCALENDAR` is kept;
//! time zones, alarms and to-dos are passed over.
//!
//! **Invariants.** Every property knows the line on which it starts, counted from 1 in the file as it is written. The
//! work is linear in the text.

use jiff::civil::Date;

use crate::base::diagnostic::Severity;

/// A national calendar has some dozens of events a year; a file of a century fits.
const MAX_EVENTS: usize = 5000;

/// People mend some mistakes and look again; nobody reads more at once.
const MAX_PROBLEMS_OF_A_KIND: usize = 100;

/// Longer lines are cut when they are shown.
const MAX_SHOWN_CHARACTERS: usize = 100;

/// One property, RFC 5545 §3.1: `NAME;PARAMETER=value:value`. No parameter changes what a whole day means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property {
    /// The line on which it starts.
    pub(super) line: usize,
    /// In upper case.
    pub(super) name: String,
    pub(super) value: String,
    /// The unfolded line, cut short, to show it to people.
    pub(super) shown: String,
}

/// What a date property says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateValue {
    /// A whole day.
    Day(Date),
    /// A point in time within a day.
    Timed,
    /// Neither.
    Unreadable,
}

impl Property {
    /// The dates of a list, RFC 5545 §3.3.4. Eight digits are a day also without `VALUE=DATE`, as many people write it.
    pub(super) fn dates(&self) -> impl Iterator<Item = DateValue> {
        self.value.split(',').map(|text| date_value(text.trim()))
    }
}

/// A day, a time, or neither.
pub(super) fn date_value(text: &str) -> DateValue {
    let (digits, rest) = text.split_at_checked(8).unwrap_or((text, ""));
    match (parse_date(digits), rest) {
        (Some(date), "") => DateValue::Day(date),
        (Some(_), rest) if rest.starts_with(['T', 't']) => DateValue::Timed,
        _ => DateValue::Unreadable,
    }
}

/// `YYYYMMDD`, RFC 5545 §3.3.4.
pub(super) fn parse_date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, month_and_day) = text.split_at_checked(4)?;
    let (month, day) = month_and_day.split_at_checked(2)?;
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// One `VEVENT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    /// The line of its `BEGIN`.
    pub(super) line: usize,
    pub(super) properties: Vec<Property>,
}

impl Event {
    /// The first property of that name (in upper case).
    pub(super) fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name)
    }

    /// All properties of that name (in upper case).
    pub(super) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Property> {
        self.properties.iter().filter(move |property| property.name == name)
    }
}

/// Reads the events of a file. What is cut off or out of place is reported and left out.
pub(super) fn read_events(text: &str, problems: &mut Problems) -> Vec<Event> {
    let mut reader = Reader::default();
    for (line, content) in content_lines(text) {
        if content.trim().is_empty() {
            continue;
        }
        let Some(property) = parse_property(line, &content) else {
            let message = "this line is no property and is passed over";
            problems.warning(line, message, shorten(&content), "NAME:value");
            continue;
        };
        match property.name.as_str() {
            "BEGIN" => reader.begin(&property),
            "END" => reader.end(&property, problems),
            _ => reader.keep(property),
        }
        if reader.events.len() > MAX_EVENTS {
            let found = format!("more than {MAX_EVENTS} events");
            problems.error(line, "the file holds too many events", found, format!("at most {MAX_EVENTS}"));
            reader.events.pop();
            return reader.events;
        }
    }
    reader.finish(problems);
    reader.events
}

/// The components that are open, outermost first, and the events found so far.
#[derive(Default)]
struct Reader {
    open: Vec<(usize, String)>,
    current: Option<Event>,
    events: Vec<Event>,
    any_calendar: bool,
}

impl Reader {
    fn begin(&mut self, property: &Property) {
        let component = property.value.trim().to_ascii_uppercase();
        let inside_calendar = matches!(self.open.as_slice(), [(_, outer)] if outer == "VCALENDAR");
        if component == "VEVENT" && inside_calendar {
            self.current = Some(Event { line: property.line, properties: Vec::new() });
        }
        self.any_calendar |= component == "VCALENDAR";
        self.open.push((property.line, component));
    }

    fn end(&mut self, property: &Property, problems: &mut Problems) {
        let component = property.value.trim().to_ascii_uppercase();
        if self.open.last().is_none_or(|(_, last)| *last != component) {
            let allowed = self.open.last().map_or("nothing".to_owned(), |(_, last)| format!("END:{last}"));
            problems.error(
                property.line,
                "this END closes nothing that is open",
                property.shown.as_str(),
                allowed,
            );
            return;
        }
        self.open.pop();
        if self.open.len() == 1 {
            self.events.extend(self.current.take());
        }
    }

    fn keep(&mut self, property: Property) {
        // Two deep is the event itself; deeper are its alarms, which have times of their own.
        if self.open.len() == 2
            && let Some(event) = &mut self.current
        {
            event.properties.push(property);
        }
    }

    fn finish(&self, problems: &mut Problems) {
        if !self.any_calendar {
            problems.error(
                1,
                "this is no iCalendar file",
                "no BEGIN:VCALENDAR",
                "BEGIN:VCALENDAR … END:VCALENDAR",
            );
        } else if let Some((line, component)) = self.open.last() {
            let found = format!("BEGIN:{component} without its END");
            problems.error(
                *line,
                "the file ends before this is closed; it may be cut off",
                found,
                format!("END:{component}"),
            );
        } else if self.events.is_empty() {
            problems.error(1, "the file holds no events", "no BEGIN:VEVENT", "one VEVENT a holiday");
        }
    }
}

/// Unfolds the lines, RFC 5545 §3.1: one that begins with a blank or a tab goes on with the line before it.
fn content_lines(text: &str) -> impl Iterator<Item = (usize, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines =
        text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).zip(1_usize..).peekable();
    std::iter::from_fn(move || {
        let (first, number) = lines.next()?;
        let mut content = first.to_owned();
        while let Some((more, _)) = lines.next_if(|(next, _)| next.starts_with([' ', '\t'])) {
            content.extend(more.chars().skip(1));
        }
        Some((number, content))
    })
}

/// Splits a content line at the first colon outside quotes; quotes occur in parameters only.
fn parse_property(line: usize, content: &str) -> Option<Property> {
    let mut quoted = false;
    let (colon, _) = content.char_indices().find(|(_, character)| {
        quoted ^= *character == '"';
        !quoted && *character == ':'
    })?;
    let (head, value) = content.split_at_checked(colon)?;
    let name = head.split(';').next()?.trim();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return None;
    }
    Some(Property {
        line,
        name: name.to_ascii_uppercase(),
        value: value.strip_prefix(':')?.trim().to_owned(),
        shown: shorten(content),
    })
}

fn shorten(content: &str) -> String {
    content.chars().take(MAX_SHOWN_CHARACTERS).collect()
}

/// Undoes the escapes of text, RFC 5545 §3.3.11; a line break becomes a blank.
pub(super) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n' | 'N') => plain.push(' '),
                Some(escaped) => plain.push(escaped),
                None => {}
            },
            other => plain.push(other),
        }
    }
    plain
}

/// A mistake in a holiday file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HolidayProblem {
    /// The line, from 1.
    pub line: usize,
    /// An error is about something that was left out; a warning about something that is used, but may be meant
    /// otherwise.
    pub severity: Severity,
    /// One sentence that can be read alone.
    pub message: String,
    /// What stands there.
    pub found: String,
    /// What may stand there.
    pub allowed: String,
}

/// The problems found so far, bounded for each severity, so that no flood of warnings hides an error.
#[derive(Debug, Default)]
pub(super) struct Problems {
    list: Vec<HolidayProblem>,
}

impl Problems {
    pub(super) fn error(
        &mut self,
        line: usize,
        message: impl Into<String>,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        self.add(Severity::Error, line, [message.into(), found.into(), allowed.into()]);
    }

    pub(super) fn warning(
        &mut self,
        line: usize,
        message: impl Into<String>,
        found: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        self.add(Severity::Warning, line, [message.into(), found.into(), allowed.into()]);
    }

    /// An error about a property.
    pub(super) fn error_at(
        &mut self,
        place: &Property,
        message: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        self.error(place.line, message, place.shown.as_str(), allowed);
    }

    /// A warning about a property.
    pub(super) fn warning_at(
        &mut self,
        place: &Property,
        message: impl Into<String>,
        allowed: impl Into<String>,
    ) {
        self.warning(place.line, message, place.shown.as_str(), allowed);
    }

    fn add(&mut self, severity: Severity, line: usize, [message, found, allowed]: [String; 3]) {
        let like_it = self.list.iter().filter(|problem| problem.severity == severity).count();
        if like_it < MAX_PROBLEMS_OF_A_KIND {
            self.list.push(HolidayProblem { line, severity, message, found, allowed });
        }
    }

    /// All of them in the order of their lines.
    pub(super) fn into_list(mut self) -> Vec<HolidayProblem> {
        self.list.sort_by_key(|problem| problem.line);
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Event>, Vec<(usize, String)>) {
        let mut problems = Problems::default();
        let events = read_events(text, &mut problems);
        (events, problems.into_list().into_iter().map(|problem| (problem.line, problem.message)).collect())
    }

    #[test]
    fn lines_are_unfolded_and_keep_the_number_of_their_first() {
        let (events, problems) = read(
            "\u{feff}BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY;X-A=\"a:b;c\";LANGUAGE=en:Boxing\r\n  Day\\, ob\r\n\tserved\r\n\
             dtstart;value=date:20261226\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        );
        assert_eq!(problems, []);
        let [event] = events.as_slice() else { panic!("{events:?}") };
        let summary = event.property("SUMMARY").unwrap();
        assert_eq!((summary.line, unescape(&summary.value).as_str()), (3, "Boxing Day, observed"));
        let start = event.property("DTSTART").unwrap();
        assert_eq!((start.line, start.shown.as_str()), (6, "dtstart;value=date:20261226"));
        assert_eq!(start.dates().collect::<Vec<_>>(), [DateValue::Day(Date::constant(2026, 12, 26))]);
    }

    #[test]
    fn only_the_event_itself_speaks() {
        let (events, problems) = read(
            "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:19701101T020000\nEND:STANDARD\nEND:VTIMEZONE\n\
             BEGIN:VEVENT\nBEGIN:VALARM\nDURATION:PT5M\nEND:VALARM\nDTSTART:20260101\nEND:VEVENT\nEND:VCALENDAR\n",
        );
        assert_eq!(problems, []);
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].properties.len(), 1);
    }

    #[test]
    fn what_is_cut_off_is_left_out_and_said() {
        for (text, line) in [
            ("", 1),
            ("BEGIN:VEVENT\nDTSTART:20260101\nEND:VEVENT", 1),
            ("BEGIN:VCALENDAR\nEND:VCALENDAR", 1),
            ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\n", 2),
            ("BEGIN:VCALENDAR\nEND:VEVENT\n\nEND:VCALENDAR", 2),
        ] {
            let (events, problems) = read(text);
            assert!(events.is_empty(), "{text}");
            assert!(problems.iter().any(|problem| problem.0 == line), "{text}: {problems:?}");
        }
    }

    #[test]
    fn dates_are_eight_digits_that_exist() {
        for (text, value) in [
            ("20240229", DateValue::Day(Date::constant(2024, 2, 29))),
            ("20260229", DateValue::Unreadable),
            ("20261301", DateValue::Unreadable),
            ("2026-01-01", DateValue::Unreadable),
            ("20260101T000000Z", DateValue::Timed),
            ("20260101x", DateValue::Unreadable),
            ("２０２６0101", DateValue::Unreadable),
            ("", DateValue::Unreadable),
        ] {
            assert_eq!(date_value(text), value, "{text}");
        }
    }
}
