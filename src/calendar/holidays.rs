//! Holidays from iCalendar files (RFC 5545): whole days with a name.
//!
//! Every `VEVENT` of a holiday file is a holiday, whatever its `TRANSP` says: public feeds mark holidays as
//! transparent, because they do not fill anybody's own diary. One that is `STATUS:CANCELLED` is none. Events with
//! times are mistakes, not half days: those stand in the calendar's `days`.
//!
//! **Invariants.** A file is expanded once, up to the same fixed date on every machine and every day. Reading never
//! fails as a whole: what cannot be understood is left out and reported with its line. Events, dates and work are
//! bounded, whatever the file says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;

use super::ical::{self, DateValue, Event, Problems, Property};
use super::recurrence::{Effort, Frequency, Rule, RuleError};

pub use super::ical::HolidayProblem;

/// Endless rules are written out to here.
const LAST_DATE: Date = Date::constant(2100, 12, 31);

/// One event is at most this long.
const MAX_DAYS_OF_AN_EVENT: i32 = 366;

/// One file closes at most this many days, some fifty years in all.
const MAX_DAYS_OF_A_FILE: usize = 20_000;

/// Days that one file may make us look at: some hundred milliseconds at worst.
const MAX_EFFORT_DAYS: usize = 2_000_000;

/// Longer names are cut.
const MAX_NAME_CHARACTERS: usize = 200;

/// The holidays of a desk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holidays {
    days: BTreeMap<Date, String>,
    /// The last date that is listed, not given by an endless rule.
    last_listed: Option<Date>,
}

impl Holidays {
    /// Reads a file. What is wrong with it comes beside what could be used, in the order of the lines.
    pub fn parse(ics: &str) -> (Holidays, Vec<HolidayProblem>) {
        let mut problems = Problems::default();
        let events = ical::read_events(ics, &mut problems);
        let mut holidays = Holidays::default();
        let mut effort = Effort::of_days(MAX_EFFORT_DAYS);
        let moved = moved_dates(&events);
        for event in &events {
            let Ok(Some(mut holiday)) = Holiday::read(event, &mut problems) else { continue };
            if holiday.replaces.is_none()
                && let Some(dates) = moved.get(holiday.uid.as_str())
            {
                holiday.excluded.extend(dates);
            }
            let dates = holiday.dates(&mut effort, &mut problems);
            if let Err(error) = holidays.close(&holiday, &dates, &mut effort) {
                let found = format!("the event of {} on {}", holiday.name, holiday.start);
                problems.error(event.line, error.message, found, error.allowed);
                break;
            }
        }
        (holidays, problems.into_list())
    }

    /// The name of the holiday on a date. Where two fall on one date, the one that the file lists first.
    pub fn name_on(&self, date: Date) -> Option<&str> {
        self.days.get(&date).map(String::as_str)
    }

    /// The last year that the file was kept for: that of its last single or bounded event, since an endless rule for
    /// Christmas does not say that somebody looked up Easter. With nothing but endless rules, the last year that they
    /// are written out for; `None` without any holiday.
    pub fn last_year(&self) -> Option<i16> {
        let last_day = self.days.keys().next_back();
        self.last_listed.as_ref().or(last_day).map(|date| date.year())
    }

    /// Adds the holidays of another file; on a date that both name, the name that is there already stays. The last
    /// year of both is the earlier one: from then on one of them has run out.
    pub fn merge(&mut self, other: Holidays) {
        self.last_listed = match (self.last_listed, other.last_listed) {
            (Some(mine), Some(theirs)) => Some(mine.min(theirs)),
            (mine, theirs) => mine.or(theirs),
        };
        for (date, name) in other.days {
            self.days.entry(date).or_insert(name);
        }
    }

    /// Holidays on those dates, for tests that need no file.
    #[cfg(test)]
    pub(crate) fn on_dates(dates: impl IntoIterator<Item = (Date, &'static str)>) -> Holidays {
        let days: BTreeMap<Date, String> =
            dates.into_iter().map(|(date, name)| (date, name.to_owned())).collect();
        let last_listed = days.keys().next_back().copied();
        Holidays { days, last_listed }
    }

    /// All holidays in the order of their dates.
    pub fn iter(&self) -> impl Iterator<Item = (Date, &str)> {
        self.days.iter().map(|(date, name)| (*date, name.as_str()))
    }

    /// Takes in the days of one holiday, as many as there is room for.
    fn close(
        &mut self,
        holiday: &Holiday,
        dates: &BTreeSet<Date>,
        effort: &mut Effort,
    ) -> Result<(), RuleError> {
        for first in dates {
            effort.spend(holiday.days)?;
            for day in first.series(Span::new().days(1)).take(holiday.days) {
                if self.days.len() >= MAX_DAYS_OF_A_FILE {
                    return Err(RuleError {
                        message: "the file closes too many days".to_owned(),
                        allowed: format!("at most {MAX_DAYS_OF_A_FILE} days"),
                    });
                }
                self.days.entry(day).or_insert_with(|| holiday.name.clone());
                if !holiday.is_endless() {
                    self.last_listed = self.last_listed.max(Some(day));
                }
            }
        }
        Ok(())
    }
}

/// A mistake that stands on the list already; what it is about is left out.
struct Reported;

/// One event, understood.
struct Holiday {
    uid: String,
    name: String,
    start: Date,
    /// How many days it lasts, at least one.
    days: usize,
    rule: Option<(Rule, Property)>,
    added: Vec<Date>,
    excluded: BTreeSet<Date>,
    /// The date of a recurring event that this one stands for.
    replaces: Option<Date>,
}

impl Holiday {
    /// Reads an event; `None` when it is cancelled.
    fn read(event: &Event, problems: &mut Problems) -> Result<Option<Holiday>, Reported> {
        if event.property("STATUS").is_some_and(|status| status.value.eq_ignore_ascii_case("CANCELLED")) {
            return Ok(None);
        }
        let Some(start_property) = event.property("DTSTART") else {
            problems.error(event.line, "an event has no start", "no DTSTART", "DTSTART;VALUE=DATE:YYYYMMDD");
            return Err(Reported);
        };
        let start = the_day(start_property, problems)?;
        let replaces = replaced_date(event, problems)?;
        let days = length_in_days(event, start, problems)?;
        let rule = read_rule(event, problems)?;
        let name =
            event.property("SUMMARY").map(|summary| ical::unescape(&summary.value)).unwrap_or_default();
        let name: String = name.trim().chars().take(MAX_NAME_CHARACTERS).collect();
        Ok(Some(Holiday {
            uid: uid_of(event),
            name: if name.is_empty() { "unnamed holiday".to_owned() } else { name },
            start,
            days,
            rule,
            added: listed_days(event, "RDATE", problems),
            excluded: listed_days(event, "EXDATE", problems).into_iter().collect(),
            replaces,
        }))
    }

    /// The first days of all its occurrences, RFC 5545 §3.8.5.
    fn dates(&self, effort: &mut Effort, problems: &mut Problems) -> BTreeSet<Date> {
        let mut dates: BTreeSet<Date> = match &self.rule {
            None => [self.start].into(),
            Some((rule, written)) => match rule.dates(self.start, LAST_DATE, effort) {
                Ok(dates) => {
                    self.warn_about_start(written, &dates, problems);
                    dates.into_iter().collect()
                }
                Err(error) => {
                    problems.error_at(written, error.message, error.allowed);
                    BTreeSet::new()
                }
            },
        };
        dates.extend(&self.added);
        &dates - &self.excluded
    }

    fn warn_about_start(&self, written: &Property, dates: &[Date], problems: &mut Problems) {
        if dates.is_empty() {
            problems.warning_at(written, "the rule yields no date up to 2100", "a rule with dates");
        } else if dates.first() != Some(&self.start) {
            let start = self.start;
            let message =
                format!("the start of the event, {start}, is no date of its own rule and is no holiday");
            problems.warning_at(written, message, "a DTSTART that the rule yields too");
        }
    }

    fn is_endless(&self) -> bool {
        self.rule.as_ref().is_some_and(|(rule, _)| rule.is_endless())
    }
}

/// The dates that other events with the same UID stand for, RFC 5545 §3.8.4.4. A cancelled one counts too.
fn moved_dates(events: &[Event]) -> BTreeMap<String, BTreeSet<Date>> {
    let mut moved: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
    for event in events {
        // What is wrong with it is said when the event itself is read.
        if let Ok(Some(date)) = replaced_date(event, &mut Problems::default()) {
            moved.entry(uid_of(event)).or_default().insert(date);
        }
    }
    moved
}

fn uid_of(event: &Event) -> String {
    event.property("UID").map(|uid| uid.value.clone()).unwrap_or_default()
}

/// The date of a recurring event that this one stands for; `None` when it stands for itself.
fn replaced_date(event: &Event, problems: &mut Problems) -> Result<Option<Date>, Reported> {
    let Some(property) = event.property("RECURRENCE-ID") else { return Ok(None) };
    if property.shown.to_ascii_uppercase().contains("THISANDFUTURE") {
        let message = "an event that changes all later ones is not understood";
        problems.error_at(property, message, "one event for each date that changes");
        return Err(Reported);
    }
    the_day(property, problems).map(Some)
}

/// The one whole day of a property.
fn the_day(property: &Property, problems: &mut Problems) -> Result<Date, Reported> {
    let message = match ical::date_value(&property.value) {
        DateValue::Day(date) => return Ok(date),
        DateValue::Timed => {
            "an event with a time is no whole day; hours of a single day stand in the calendar's `days`"
        }
        DateValue::Unreadable => "this is no date",
    };
    problems.error_at(property, message, format!("{};VALUE=DATE:YYYYMMDD", property.name));
    Err(Reported)
}

/// How long an event lasts. `DTEND` is exclusive; without end and duration it is one day, RFC 5545 §3.6.1.
fn length_in_days(event: &Event, start: Date, problems: &mut Problems) -> Result<usize, Reported> {
    let (property, days) = match (event.property("DTEND"), event.property("DURATION")) {
        (None, None) => return Ok(1),
        (Some(_), Some(duration)) => {
            problems.error_at(duration, "an event has both DTEND and DURATION", "one of them");
            return Err(Reported);
        }
        (Some(end), None) => {
            let days = start.until(the_day(end, problems)?).map_or(i32::MAX, |span| span.get_days());
            (end, days)
        }
        (None, Some(duration)) => {
            let Some(days) = parse_duration(&duration.value) else {
                let allowed = "P1D or P1W: whole days or weeks";
                problems.error_at(duration, "this is no length of whole days", allowed);
                return Err(Reported);
            };
            (duration, days)
        }
    };
    match days {
        ..0 => problems.error_at(property, "the event ends before it starts", "the first day after it"),
        0 => {
            let message = "the event ends on the day it starts and is taken as that one day";
            problems.warning_at(property, message, "DTEND is the first day after the event");
            return Ok(1);
        }
        1..=MAX_DAYS_OF_AN_EVENT => return usize::try_from(days).map_err(|_| Reported),
        _ => {
            let allowed = format!("at most {MAX_DAYS_OF_AN_EVENT} days");
            problems.error_at(property, "the event lasts too long for a holiday", allowed);
        }
    }
    Err(Reported)
}

/// `P3D` or `P2W`, RFC 5545 §3.3.6; parts of a day are not taken.
fn parse_duration(text: &str) -> Option<i32> {
    let text = text.trim().to_ascii_uppercase();
    let amount = text.strip_prefix('+').unwrap_or(&text).strip_prefix('P')?;
    let (digits, days) = match amount.strip_suffix('D') {
        Some(digits) => (digits, 1),
        None => (amount.strip_suffix('W')?, 7),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i32>().ok()?.checked_mul(days)
}

/// The rule of an event, and where it stands.
fn read_rule(event: &Event, problems: &mut Problems) -> Result<Option<(Rule, Property)>, Reported> {
    let Some(property) = event.property("RRULE") else { return Ok(None) };
    if let Some(second) = event.all("RRULE").nth(1) {
        problems.error_at(second, "an event has two rules", "one RRULE an event");
        return Err(Reported);
    }
    match Rule::parse(&property.value) {
        Ok(rule) if rule.is_endless() && rule.frequency() != Frequency::Yearly => {
            let allowed = "UNTIL=YYYYMMDD or COUNT=n, or FREQ=YEARLY";
            problems.error_at(property, "a rule that repeats within the year must end", allowed);
        }
        Ok(rule) => return Ok(Some((rule, property.clone()))),
        Err(error) => problems.error_at(property, error.message, error.allowed),
    }
    Err(Reported)
}

/// The days of all `RDATE` or `EXDATE` lines.
fn listed_days(event: &Event, name: &str, problems: &mut Problems) -> Vec<Date> {
    let mut days = Vec::new();
    for property in event.all(name) {
        for value in property.dates() {
            match value {
                DateValue::Day(date) => days.push(date),
                DateValue::Timed | DateValue::Unreadable => {
                    let allowed = format!("{name};VALUE=DATE:YYYYMMDD,…");
                    problems.error_at(property, "this is no list of whole days", allowed);
                    break;
                }
            }
        }
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::diagnostic::Severity;

    /// A calendar of events, each given by its lines.
    fn file(events: &[&str]) -> String {
        let events: Vec<String> =
            events.iter().map(|lines| format!("BEGIN:VEVENT\n{lines}\nEND:VEVENT\n")).collect();
        format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", events.concat())
    }

    fn days(events: &[&str]) -> Vec<String> {
        let (holidays, problems) = Holidays::parse(&file(events));
        assert_eq!(problems, [], "{events:?}");
        holidays.iter().take(8).map(|(date, name)| format!("{date} {name}")).collect()
    }

    fn problem(lines: &str) -> HolidayProblem {
        let (_, problems) = Holidays::parse(&file(&[lines]));
        let [problem] = problems.as_slice() else { panic!("{lines}: {problems:?}") };
        problem.clone()
    }

    #[test]
    fn whole_days_of_every_shape() {
        for (event, expected) in [
            ("DTSTART;VALUE=DATE:20261225\nSUMMARY:Christmas", &["2026-12-25 Christmas"][..]),
            ("DTSTART:20261225\nDTEND:20261226", &["2026-12-25 unnamed holiday"]),
            (
                "DTSTART;VALUE=DATE:20260216\nDTEND;VALUE=DATE:20260218\nSUMMARY:Carnival\\, both days\nTRANSP:TRANSPARENT",
                &["2026-02-16 Carnival, both days", "2026-02-17 Carnival, both days"],
            ),
            ("DTSTART:20260101\nDURATION:P2D\nSUMMARY:a", &["2026-01-01 a", "2026-01-02 a"]),
            ("DTSTART:20260101\nSTATUS:CANCELLED", &[]),
            ("DTSTART:20260101\nSTATUS:CONFIRMED\nSUMMARY:a", &["2026-01-01 a"]),
            (
                "DTSTART:20260101\nSUMMARY:a\nRRULE:FREQ=YEARLY;COUNT=4\nEXDATE;VALUE=DATE:20270101,20280101\nRDATE:20260501",
                &["2026-01-01 a", "2026-05-01 a", "2029-01-01 a"],
            ),
        ] {
            assert_eq!(days(&[event]), expected, "{event}");
        }
    }

    #[test]
    fn the_first_of_two_holidays_on_a_date_names_it() {
        assert_eq!(days(&["DTSTART:20260501\nSUMMARY:a", "DTSTART:20260501\nSUMMARY:b"]), ["2026-05-01 a"]);
        let (mut first, _) = Holidays::parse(&file(&["DTSTART:20260501\nSUMMARY:a"]));
        let (second, _) =
            Holidays::parse(&file(&["DTSTART:20260501\nSUMMARY:b", "DTSTART:20281003\nSUMMARY:c"]));
        first.merge(second);
        assert_eq!(first.iter().map(|(_, name)| name).collect::<Vec<_>>(), ["a", "c"]);
        assert_eq!(first.last_year(), Some(2026));
    }

    #[test]
    fn a_moved_occurrence_leaves_its_own_date() {
        let yearly = "UID:1\nDTSTART:20260101\nSUMMARY:a\nRRULE:FREQ=YEARLY;COUNT=3";
        let moved = "UID:1\nRECURRENCE-ID:20270101\nDTSTART:20270104\nSUMMARY:moved";
        let cancelled = "UID:1\nRECURRENCE-ID:20280101\nSTATUS:CANCELLED";
        let other = "UID:2\nRECURRENCE-ID:20260101\nDTSTART:20260301\nSUMMARY:other";
        let expected = ["2026-01-01 a", "2026-03-01 other", "2027-01-04 moved"];
        assert_eq!(days(&[yearly, moved, cancelled, other]), expected);
    }

    #[test]
    fn the_last_year_is_that_of_what_somebody_listed() {
        let last_year = |events: &[&str]| Holidays::parse(&file(events)).0.last_year();
        let christmas = "DTSTART:20201225\nRRULE:FREQ=YEARLY";
        assert_eq!(last_year(&[christmas]), Some(2100));
        assert_eq!(last_year(&[christmas, "DTSTART:20270329\nSUMMARY:Easter Monday"]), Some(2027));
        assert_eq!(last_year(&["DTSTART:20200101\nRRULE:FREQ=YEARLY;UNTIL=20300101"]), Some(2030));
        assert_eq!(Holidays::default().last_year(), None);
    }

    #[test]
    fn every_mistake_is_said_with_its_line() {
        for (event, line, message) in [
            ("SUMMARY:a", 2, "an event has no start"),
            ("DTSTART:20261301", 3, "this is no date"),
            ("DTSTART;VALUE=DATE:2026-12-25", 3, "this is no date"),
            (
                "SUMMARY:a\nDTSTART:20261225T090000Z\nDTEND:20261225T100000Z",
                4,
                "an event with a time is no whole day",
            ),
            ("DTSTART:20261225\nDTEND:20261224", 4, "the event ends before it starts"),
            ("DTSTART:20261225\nDTEND:20261224T000000", 4, "an event with a time is no whole day"),
            ("DTSTART:20261225\nDURATION:-P1D", 4, "this is no length of whole days"),
            ("DTSTART:20261225\nDURATION:PT8H", 4, "this is no length of whole days"),
            ("DTSTART:20261225\nDURATION:P99999999999D", 4, "this is no length of whole days"),
            ("DTSTART:20261225\nDURATION:P600000000W", 4, "this is no length of whole days"),
            ("DTSTART:20261225\nDURATION:P1D\nDTEND:20261226", 4, "an event has both DTEND and DURATION"),
            ("DTSTART:20261225\nDTEND:99991231", 4, "the event lasts too long for a holiday"),
            ("DTSTART:20261225\nRRULE:FREQ=HOURLY;COUNT=2", 4, "holidays are whole days"),
            ("DTSTART:20261225\nRRULE:FREQ=DAILY", 4, "a rule that repeats within the year must end"),
            ("DTSTART:20261225\nRRULE:FREQ=WEEKLY", 4, "a rule that repeats within the year must end"),
            (
                "DTSTART:20261225\nRRULE:FREQ=DAILY;COUNT=1000000000",
                4,
                "the rule yields too many dates for holidays",
            ),
            ("DTSTART:20261225\nRRULE:", 4, "the rule has no FREQ"),
            ("DTSTART:20261225\nRRULE:FREQ=YEARLY\nRRULE:FREQ=YEARLY", 5, "an event has two rules"),
            ("DTSTART:20261225\nRECURRENCE-ID:20261225T000000Z", 4, "an event with a time is no whole day"),
            (
                "DTSTART:20261225\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261225",
                4,
                "an event that changes all later ones",
            ),
            ("DTSTART:20261225\nEXDATE:20261225T000000", 4, "this is no list of whole days"),
            (
                "DTSTART:20261225\nRDATE;VALUE=PERIOD:20260101T000000Z/PT1H",
                4,
                "this is no list of whole days",
            ),
        ] {
            let problem = problem(event);
            assert_eq!((problem.line, problem.severity), (line, Severity::Error), "{event}");
            assert!(problem.message.starts_with(message), "{event}: {problem:?}");
            assert!(!problem.found.is_empty() && !problem.allowed.is_empty(), "{problem:?}");
        }
    }

    #[test]
    fn what_is_used_but_may_be_meant_otherwise_is_a_warning() {
        for (event, line) in [
            ("DTSTART:20261225\nDTEND:20261225", 4),
            ("DTSTART:20261225\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 4),
            ("DTSTART:20261225\nRRULE:FREQ=YEARLY;UNTIL=20250101", 4),
            ("DTSTART:20261225\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=26", 4),
            ("DTSTART:20261225\nwritten by hand", 4),
        ] {
            let problem = problem(event);
            assert_eq!((problem.line, problem.severity), (line, Severity::Warning), "{event}: {problem:?}");
        }
    }

    #[test]
    fn one_bad_event_does_not_spoil_the_others() {
        let (holidays, problems) =
            Holidays::parse(&file(&["DTSTART:nonsense", "DTSTART:20260101\nSUMMARY:a"]));
        assert_eq!((holidays.iter().count(), problems.len()), (1, 1));
    }

    #[test]
    fn no_file_grows_or_loops_without_bound() {
        let costly =
            vec!["DTSTART:00010101\nRRULE:FREQ=YEARLY;BYDAY=MO;BYMONTHDAY=31;BYMONTH=2;COUNT=1"; 6000];
        let wide = vec!["DTSTART:20000101\nDURATION:P366D\nRRULE:FREQ=YEARLY"; 300];
        let warnings = vec!["DTSTART:20000101\nDTEND:20000101"; 4000];
        let same = vec![
            "DTSTART:20000101\nDURATION:P366D\nRRULE:FREQ=YEARLY;COUNT=1000;BYMONTH=1;BYMONTHDAY=1";
            5000
        ];
        for events in [costly, wide, warnings, same] {
            let (holidays, problems) = Holidays::parse(&file(&events));
            assert!(holidays.iter().count() <= MAX_DAYS_OF_A_FILE);
            assert!(!problems.is_empty() && problems.len() <= 200, "{}", problems.len());
        }
        let nested = "BEGIN:VCALENDAR\n".repeat(100_000);
        assert_eq!(Holidays::parse(&nested).1.len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(lines in proptest::collection::vec(
            "(BEGIN|END|DTSTART|DTEND|DURATION|RRULE|EXDATE|RDATE|SUMMARY|UID|RECURRENCE-ID|STATUS| |)(;VALUE=DATE)?:\
             (VCALENDAR|VEVENT|VEVENT|[0-9]{8}|[0-9]{8}T000000Z|P[0-9]{1,12}[DW]|FREQ=(YEARLY|DAILY)(;(COUNT|INTERVAL|BYMONTH|\
             BYDAY|BYSETPOS|UNTIL)=[-0-9MOTU,]{1,9}){0,3}|\\PC{0,12})", 0..60)) {
            let _read = Holidays::parse(&format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}", lines.join("\n")));
        }
    }
}
