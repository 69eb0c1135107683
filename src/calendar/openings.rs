//! From rules to instants: which stretches of time a desk is open, adjoining and overlapping hours merged.
//!
//! `Hours` are the rules. `Walk` derives openings from them date by date, for any range of time. `Table` is a walk
//! over the years that mail comes from, done once at load, so that a decision is a binary search and asks no time-zone
//! rules. Both give the same openings, which the tests compare.
//!
//! **Invariants.** Openings are half-open, not empty, in order, and never touch each other. They are whole seconds of
//! Unix time, since every offset of every zone is. Nothing here allocates per question while the table serves it.

use std::collections::{BTreeMap, VecDeque};

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};

use super::holidays::Holidays;
use super::span::{DaySpan, Week};
use super::zone::Zone;

const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// How far a question looks ahead: four years, one of them a leap year.
const HORIZON_SECONDS: i64 = (4 * 365 + 1) * SECONDS_A_DAY;

/// A span ends at most two dates after it starts, a skipped date adds one, and one is slack for the zone.
const DATES_A_SPAN_REACHES: i64 = 4;

/// No offset that jiff can express is wider.
const WIDEST_OFFSET_SECONDS: i64 = 26 * 60 * 60;

/// What decides whether a desk is open.
#[derive(Debug, Clone)]
pub(super) struct Hours {
    pub(super) zone: Zone,
    pub(super) week: Week,
    pub(super) days: BTreeMap<Date, Vec<DaySpan>>,
    pub(super) holidays: Holidays,
}

impl Hours {
    /// The spans that start on a date: a dated exception wins, then a holiday closes, then the week counts.
    pub(super) fn on(&self, date: Date) -> &[DaySpan] {
        match self.days.get(&date) {
            Some(spans) => spans,
            None if self.holidays.name_on(date).is_some() => &[],
            None => self.week.on(date.weekday()),
        }
    }

    /// The openings that start on a date, unsorted and unmerged. A date that the zone skipped has none; a span that a
    /// clock change swallows is none.
    pub(super) fn openings_on(&self, date: Date) -> impl Iterator<Item = Opening> {
        let spans = self.on(date);
        let exists = !spans.is_empty() && !self.zone.skips(date);
        spans.iter().filter(move |_| exists).filter_map(move |span| {
            let start = floor_second(self.zone.at(wall(date, span.start_minute())?));
            let end = floor_second(self.zone.at(wall(date, span.end_minute())?));
            (start < end).then_some(Opening { start, end })
        })
    }
}

/// A wall time counted from the midnight that begins a date; `None` after the last date of all.
fn wall(date: Date, minute: u16) -> Option<DateTime> {
    let date = if minute < 24 * 60 { date } else { date.tomorrow().ok()? };
    let hour = i8::try_from(minute / 60 % 24).ok()?;
    let minute = i8::try_from(minute % 60).ok()?;
    Some(date.to_datetime(Time::new(hour, minute, 0, 0).ok()?))
}

/// A stretch of open time in seconds since 1970, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Opening {
    pub(super) start: i64,
    pub(super) end: i64,
}

/// Derives openings from the rules, date by date.
#[derive(Debug, Clone)]
pub(super) struct Walk<'h> {
    hours: &'h Hours,
    next_date: Option<Date>,
    last_second: i64,
    /// Sorted, merged, not yet given out, since a later date may still add to them.
    waiting: VecDeque<Opening>,
}

impl<'h> Walk<'h> {
    /// All openings that end after `from` and start not after `last_second`. One that ends after `last_second` may in
    /// truth last longer.
    pub(super) fn new(hours: &'h Hours, from: i64, last_second: i64) -> Self {
        let date = hours.zone.date_at(instant(from));
        let back = SignedDuration::from_hours(24 * DATES_A_SPAN_REACHES);
        let first_date = date.checked_sub(back).unwrap_or(Date::MIN);
        let mut walk = Walk { hours, next_date: Some(first_date), last_second, waiting: VecDeque::new() };
        while walk.peek().is_some_and(|opening| opening.end <= from) {
            walk.waiting.pop_front();
        }
        walk
    }

    /// The next opening, complete as far as `last_second`.
    fn peek(&mut self) -> Option<Opening> {
        loop {
            let first = self.waiting.front().copied();
            let Some(date) = self.next_date else { return first };
            let earliest = earliest_second(date);
            match first {
                Some(opening) if opening.end < earliest => return first,
                _ if earliest > self.last_second => self.next_date = None,
                _ => self.take_in(date),
            }
        }
    }

    fn take_in(&mut self, date: Date) {
        for opening in self.hours.openings_on(date) {
            merge_into(&mut self.waiting, opening);
        }
        self.next_date = date.tomorrow().ok();
    }
}

impl Iterator for Walk<'_> {
    type Item = Opening;

    fn next(&mut self) -> Option<Opening> {
        self.peek().filter(|opening| opening.start <= self.last_second)?;
        self.waiting.pop_front()
    }
}

/// Adds an opening to sorted ones, merging all that it overlaps or adjoins.
fn merge_into(openings: &mut VecDeque<Opening>, mut new: Opening) {
    // Dates come in order, so a new one nearly always belongs at the end.
    let mut later = Vec::new();
    while let Some(last) = openings.pop_back() {
        if last.start > new.end {
            later.push(last);
        } else if last.end < new.start {
            openings.push_back(last);
            break;
        } else {
            new = Opening { start: last.start.min(new.start), end: last.end.max(new.end) };
        }
    }
    openings.push_back(new);
    openings.extend(later.into_iter().rev());
}

/// A second at or before every instant of that local date and of all later ones, in any zone.
fn earliest_second(date: Date) -> i64 {
    let midnight = jiff::tz::Offset::UTC.to_timestamp(date.to_datetime(Time::midnight()));
    midnight.unwrap_or(Timestamp::MIN).as_second().saturating_sub(WIDEST_OFFSET_SECONDS)
}

/// The openings of a stretch of years, worked out once.
#[derive(Debug, Clone)]
pub(super) struct Table {
    from: i64,
    last_second: i64,
    openings: Vec<Opening>,
}

impl Table {
    /// The years that mail comes from: backtests reach back, and every question looks `HORIZON_SECONDS` ahead.
    pub(super) const YEARS: (i16, i16) = (2000, 2050);

    /// Works out the openings from the start of one year to the start of another.
    pub(super) fn new(hours: &Hours, years: (i16, i16)) -> Table {
        let new_year = |year| Date::new(year, 1, 1).map_or(0, earliest_second);
        let (from, last_second) = (new_year(years.0), new_year(years.1));
        Table { from, last_second, openings: Walk::new(hours, from, last_second).collect() }
    }

    /// The openings that end after `from`, when the table reaches from there to `last_second`.
    fn serve(&self, from: i64, last_second: i64) -> Option<&[Opening]> {
        if from < self.from || last_second > self.last_second {
            return None;
        }
        let first = self.openings.partition_point(|opening| opening.end <= from);
        self.openings.get(first..)
    }
}

/// Openings in order, from the table or worked out on the way.
#[derive(Debug, Clone)]
pub(super) enum Openings<'c> {
    Tabled { openings: &'c [Opening], last_second: i64 },
    Walked(Walk<'c>),
}

impl<'c> Openings<'c> {
    /// All openings that end after `from` and start not after `last_second`. One that ends after `last_second` may in
    /// truth last longer or shorter than it says, but not end before `last_second`.
    pub(super) fn new(hours: &'c Hours, table: &'c Table, from: i64, last_second: i64) -> Self {
        match table.serve(from, last_second) {
            Some(openings) => Openings::Tabled { openings, last_second },
            None => Openings::Walked(Walk::new(hours, from, last_second)),
        }
    }
}

impl Iterator for Openings<'_> {
    type Item = Opening;

    fn next(&mut self) -> Option<Opening> {
        match self {
            Openings::Tabled { openings, last_second } => {
                let (first, rest) = openings.split_first()?;
                *openings = rest;
                Some(*first).filter(|first| first.start <= *last_second)
            }
            Openings::Walked(walk) => walk.next(),
        }
    }
}

/// The second that an instant lies in, rounded towards the past.
pub(super) fn floor_second(instant: Timestamp) -> i64 {
    let before_1970 = i64::from(instant.subsec_nanosecond() < 0);
    instant.as_second() - before_1970
}

/// The instant of a second; seconds beyond what can be expressed are clamped.
pub(super) fn instant(second: i64) -> Timestamp {
    let clamped = if second < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(second).unwrap_or(clamped)
}

/// How far a question about an instant looks ahead.
pub(super) fn horizon(at: Timestamp) -> Timestamp {
    instant(floor_second(at).saturating_add(HORIZON_SECONDS))
}
