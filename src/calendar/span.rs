//! Opening hours as people write them: spans of a day, weekdays, and the week made of both.
//!
//! These are wall-clock facts without a date; which instants they mean is the calendar's business. Everything is
//! half-open: `08:00-20:00` is closed again at 20:00 sharp.
//!
//! **Invariants.** A span starts within its day (0 to 1439 minutes after midnight) and is longer than nothing and at
//! most 24 hours long.

use std::fmt;

use jiff::civil::Weekday;

const MINUTES_A_DAY: u16 = 24 * 60;

/// One stretch of opening hours, half-open, belonging to the day on which it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DaySpan {
    start_minute: u16,
    end_minute: u16,
}

/// A text that is no span of hours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Not two times with a hyphen between them.
    #[error("`{0}` is no span of two times")]
    NotTwoTimes(String),
    /// One of the two is no time of day.
    #[error("`{0}` is no time of day in hours and minutes")]
    NotATime(String),
    /// `24:00`, which can only end a span.
    #[error("`24:00` can end a span but not begin one")]
    StartsAtTheEnd,
}

impl SpanError {
    /// What may be written instead.
    pub const ALLOWED: &'static str = "HH:MM-HH:MM from 00:00 to 24:00, such as \"08:00-20:00\"; \"22:00-06:00\" runs past \
         midnight, equal ends are 24 hours";
}

impl DaySpan {
    /// Reads `HH:MM-HH:MM`. An end before the start lies on the next day, equal ends are 24 hours.
    ///
    /// # Errors
    /// When the text is anything else; seconds are not taken.
    pub fn parse(text: &str) -> Result<DaySpan, SpanError> {
        let Some((start, end)) = text.split_once('-') else {
            return Err(SpanError::NotTwoTimes(text.to_owned()));
        };
        let start_minute = parse_time(start)?;
        let end_minute = parse_time(end)?;
        if start_minute == MINUTES_A_DAY {
            return Err(SpanError::StartsAtTheEnd);
        }
        let past_midnight = end_minute <= start_minute;
        Ok(DaySpan { start_minute, end_minute: end_minute + if past_midnight { MINUTES_A_DAY } else { 0 } })
    }

    /// Minutes from midnight to the opening, 0 to 1439.
    pub fn start_minute(self) -> u16 {
        self.start_minute
    }

    /// Minutes from the midnight before the opening to the closing; more than 1440 when it runs past midnight.
    pub fn end_minute(self) -> u16 {
        self.end_minute
    }

    fn overlaps(self, other: DaySpan) -> bool {
        self.start_minute < other.end_minute && other.start_minute < self.end_minute
    }

    /// Whether this span still runs when `next` starts on the following day.
    fn reaches(self, next: DaySpan) -> bool {
        self.end_minute > MINUTES_A_DAY + next.start_minute
    }
}

impl fmt::Display for DaySpan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = match self.end_minute {
            MINUTES_A_DAY => MINUTES_A_DAY,
            other => other % MINUTES_A_DAY,
        };
        let (start_hour, start_minute) = (self.start_minute / 60, self.start_minute % 60);
        write!(out, "{start_hour:02}:{start_minute:02}-{:02}:{:02}", end / 60, end % 60)
    }
}

/// Minutes from midnight of `HH:MM`, 0 to 1440.
fn parse_time(text: &str) -> Result<u16, SpanError> {
    let two_digits = |part: &str| -> Option<u16> {
        let two = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        if two { part.parse().ok() } else { None }
    };
    let minutes = text.split_once(':').and_then(|(hours, minutes)| {
        let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
        if minutes < 60 { Some(hours * 60 + minutes) } else { None }
    });
    match minutes {
        Some(minutes) if minutes <= MINUTES_A_DAY => Ok(minutes),
        _ => Err(SpanError::NotATime(text.to_owned())),
    }
}

/// The first two spans of one day (by their places in the list) that overlap; adjoining ones do not.
pub fn overlapping(spans: &[DaySpan]) -> Option<(usize, usize)> {
    spans.iter().enumerate().find_map(|(index, span)| {
        let later = spans.iter().enumerate().skip(index + 1).find(|(_, later)| span.overlaps(**later));
        later.map(|(other, _)| (index, other))
    })
}

/// A text that names no weekdays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeekdayError {
    /// Not the name of a weekday.
    #[error("`{0}` is no weekday")]
    Unknown(String),
    /// A weekday that stands there twice.
    #[error("`{0}` stands there twice")]
    Twice(String),
}

impl WeekdayError {
    /// What may be written instead.
    pub const ALLOWED: &'static str =
        "mon, tue, wed, thu, fri, sat, sun, a range such as \"mon-fri\", or a list with commas";
}

const WEEKDAYS: [(&str, &str, Weekday); 7] = [
    ("mon", "monday", Weekday::Monday),
    ("tue", "tuesday", Weekday::Tuesday),
    ("wed", "wednesday", Weekday::Wednesday),
    ("thu", "thursday", Weekday::Thursday),
    ("fri", "friday", Weekday::Friday),
    ("sat", "saturday", Weekday::Saturday),
    ("sun", "sunday", Weekday::Sunday),
];

/// The short English name of a weekday, as policies write it.
pub fn weekday_name(day: Weekday) -> &'static str {
    WEEKDAYS.iter().find(|(_, _, known)| *known == day).map_or("", |(short, _, _)| short)
}

/// Reads `mon-fri`, `sat`, `mon,wed,fri`, `sun-thu`; full English names and any case are taken too. The days come in
/// the order in which they stand there.
///
/// # Errors
/// When a part names no weekday, or one day stands there twice.
pub fn parse_weekdays(text: &str) -> Result<Vec<Weekday>, WeekdayError> {
    let mut days = Vec::with_capacity(7);
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (parse_weekday(first)?, parse_weekday(last)?);
        let count = usize::try_from(first.until(last)).unwrap_or(0) + 1;
        for day in first.cycle_forward().take(count) {
            if days.contains(&day) {
                return Err(WeekdayError::Twice(weekday_name(day).to_owned()));
            }
            days.push(day);
        }
    }
    Ok(days)
}

fn parse_weekday(text: &str) -> Result<Weekday, WeekdayError> {
    let text = text.trim_matches(' ');
    WEEKDAYS
        .iter()
        .find(|(short, long, _)| text.eq_ignore_ascii_case(short) || text.eq_ignore_ascii_case(long))
        .map(|(_, _, day)| *day)
        .ok_or_else(|| WeekdayError::Unknown(text.to_owned()))
}

/// The hours of an ordinary week. Days without an entry are closed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Week {
    days: [Vec<DaySpan>; 7],
}

impl Week {
    /// Adds spans to a weekday, after those that it has.
    pub fn add(&mut self, day: Weekday, spans: impl IntoIterator<Item = DaySpan>) {
        if let Some(slot) = self.days.get_mut(slot_of(day)) {
            slot.extend(spans);
        }
    }

    /// The spans of a weekday, in the order in which they were added.
    pub fn on(&self, day: Weekday) -> &[DaySpan] {
        self.days.get(slot_of(day)).map_or(&[], Vec::as_slice)
    }

    /// Whether no weekday has hours.
    pub fn is_empty(&self) -> bool {
        self.days.iter().all(Vec::is_empty)
    }

    /// Two spans (each by weekday and place in that day's list) that overlap, within a day or across a midnight,
    /// Sunday's into Monday included; adjoining ones do not.
    pub fn overlap(&self) -> Option<((Weekday, usize), (Weekday, usize))> {
        WEEKDAYS.iter().find_map(|(_, _, day)| {
            if let Some((first, second)) = overlapping(self.on(*day)) {
                return Some(((*day, first), (*day, second)));
            }
            let next = day.next();
            self.on(*day).iter().enumerate().find_map(|(index, span)| {
                let reached = self.on(next).iter().position(|later| span.reaches(*later));
                reached.map(|other| ((*day, index), (next, other)))
            })
        })
    }
}

impl FromIterator<(Weekday, Vec<DaySpan>)> for Week {
    fn from_iter<I: IntoIterator<Item = (Weekday, Vec<DaySpan>)>>(days: I) -> Self {
        let mut week = Week::default();
        for (day, spans) in days {
            week.add(day, spans);
        }
        week
    }
}

fn slot_of(day: Weekday) -> usize {
    usize::try_from(day.to_monday_zero_offset()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(text: &str) -> Vec<DaySpan> {
        text.split_whitespace().map(|span| DaySpan::parse(span).unwrap()).collect()
    }

    #[test]
    fn spans_are_read_as_minutes_after_midnight() {
        for (text, start, end) in [
            ("08:00-20:00", 480, 1200),
            ("00:00-24:00", 0, 1440),
            ("22:00-06:00", 1320, 1800),
            ("22:00-24:00", 1320, 1440),
            ("22:00-00:00", 1320, 1440),
            ("09:00-09:00", 540, 1980),
            ("00:00-00:00", 0, 1440),
            ("23:59-23:58", 1439, 2878),
        ] {
            let span = DaySpan::parse(text).unwrap();
            assert_eq!((span.start_minute(), span.end_minute()), (start, end), "{text}");
            assert_eq!(DaySpan::parse(&span.to_string()), Ok(span), "{text}");
        }
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in [
            "",
            "-",
            "08:00",
            "8:00-20:00",
            "08:00-20:00:00",
            "08:60-20:00",
            "08:00-24:01",
            "24:00-06:00",
            "25:00-26:00",
            "08.00-20.00",
            "08:00–20:00",
            "08:00 - 20:00",
            "+8:00-20:00",
            "08:00-20:00-22:00",
            "٠٨:00-20:00",
        ] {
            assert!(DaySpan::parse(text).is_err(), "{text}");
        }
        assert_eq!(DaySpan::parse("24:00-24:00"), Err(SpanError::StartsAtTheEnd));
    }

    #[test]
    fn weekdays_are_ranges_lists_and_wrap() {
        use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
        for (text, days) in [
            ("sat", vec![Saturday]),
            ("mon-fri", vec![Monday, Tuesday, Wednesday, Thursday, Friday]),
            ("mon,wed,fri", vec![Monday, Wednesday, Friday]),
            ("sun-thu", vec![Sunday, Monday, Tuesday, Wednesday, Thursday]),
            ("Fri-Mon, wednesday", vec![Friday, Saturday, Sunday, Monday, Wednesday]),
            ("mon-mon", vec![Monday]),
        ] {
            assert_eq!(parse_weekdays(text), Ok(days), "{text}");
        }
        for text in ["", "mon-", "-", "mon-fri-sat", "mond", "mon;tue", "mon,mon", "sat-sun,sun", "mon,,tue"]
        {
            assert!(parse_weekdays(text).is_err(), "{text}");
        }
    }

    #[test]
    fn spans_overlap_within_a_day_but_may_adjoin() {
        assert_eq!(overlapping(&spans("08:00-12:00 12:00-18:00")), None);
        assert_eq!(overlapping(&spans("13:00-18:00 08:00-12:00 11:59-12:30")), Some((1, 2)));
        assert_eq!(overlapping(&spans("22:00-06:00 23:00-24:00")), Some((0, 1)));
        assert_eq!(overlapping(&spans("09:00-09:00 08:00-09:00")), None);
    }

    #[test]
    fn a_week_overlaps_across_midnights_too() {
        let week = |days: &[(Weekday, &str)]| -> Week {
            days.iter().map(|(day, text)| (*day, spans(text))).collect()
        };
        assert_eq!(
            week(&[(Weekday::Monday, "22:00-06:00"), (Weekday::Tuesday, "06:00-08:00")]).overlap(),
            None
        );
        assert_eq!(
            week(&[(Weekday::Monday, "22:00-06:00"), (Weekday::Tuesday, "12:00-13:00 05:59-08:00")])
                .overlap(),
            Some(((Weekday::Monday, 0), (Weekday::Tuesday, 1)))
        );
        assert_eq!(
            week(&[(Weekday::Sunday, "22:00-06:00"), (Weekday::Monday, "05:00-08:00")]).overlap(),
            Some(((Weekday::Sunday, 0), (Weekday::Monday, 0)))
        );
        let all_day: Week = WEEKDAYS.iter().map(|(_, _, day)| (*day, spans("09:00-09:00"))).collect();
        assert_eq!(all_day.overlap(), None);
        assert!(!all_day.is_empty() && Week::default().is_empty());
    }
}
