//! When a desk is open: week, dated exceptions, holidays and time zone, turned into instants and business time.
//!
//! Not here: reading policy files (`policy`), what a mail's target is (`policy`, `decision`), and words for people
//! (`compose`). Nothing here reads a clock: every question carries its instant.
//!
//! **Invariants.**
//! - Hours are half-open: at the closing instant the desk is closed.
//! - A span belongs to the date on which it starts. A dated exception replaces the hours of its date, holidays
//!   included; a holiday removes the spans that start on it and nothing else, so a night shift runs on into it.
//! - Adjoining and overlapping spans are one opening.
//! - A wall time that a clock change skips moves forward by the gap, of one that happens twice the first counts; a
//!   date that a zone skipped has no hours.
//! - Every question is answered for every instant. Where nothing is found within four years the answer is `None`.

mod business;
pub mod holidays;
mod ical;
mod openings;
#[cfg(test)]
mod oracle;
mod recurrence;
pub mod span;
pub mod zone;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use openings::{Hours, Openings, Table, floor_second, horizon, instant};

pub use holidays::{HolidayProblem, Holidays};
pub use span::{DaySpan, SpanError, Week, WeekdayError, overlapping, parse_weekdays, weekday_name};
pub use zone::{Zone, ZoneError};

/// Whether a desk is open, and until when it stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    /// The desk is open.
    Open {
        /// The first instant at which it is closed; `None` when that lies beyond the horizon of four years.
        closes_at: Option<Timestamp>,
    },
    /// The desk is closed.
    Closed {
        /// Why.
        closed_for: ClosedFor,
        /// The next opening; `None` when there is none within the horizon of four years.
        opens_at: Option<Timestamp>,
    },
}

/// Why a desk is closed, by the local date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClosedFor {
    /// The date has hours, but not now.
    Night,
    /// The week gives this weekday no hours. A dated exception does not make a Saturday a working day: a mail after the
    /// hours of an extra Saturday still came at the weekend, and so does one on a holiday that falls on a Saturday.
    Weekend,
    /// A holiday or an exception without hours took away the hours that the week gives this weekday.
    Holiday,
}

impl ClosedFor {
    /// The word for it in policies and JSON.
    pub fn slug(self) -> &'static str {
        match self {
            ClosedFor::Night => "night",
            ClosedFor::Weekend => "weekend",
            ClosedFor::Holiday => "holiday",
        }
    }
}

/// A stretch of time, half-open and not empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    /// The first instant in it.
    pub start: Timestamp,
    /// The first instant after it.
    pub end: Timestamp,
}

impl Interval {
    /// How long it is.
    pub fn duration(&self) -> SignedDuration {
        self.end.duration_since(self.start)
    }
}

/// The hours of a desk.
#[derive(Debug, Clone)]
pub struct Calendar {
    name: String,
    hours: Hours,
    table: Table,
}

impl Calendar {
    /// A calendar of that name. Works out the openings of half a century once, which takes some milliseconds.
    pub fn new(
        name: impl Into<String>,
        zone: Zone,
        week: Week,
        days: BTreeMap<Date, Vec<DaySpan>>,
        holidays: Holidays,
    ) -> Calendar {
        Calendar::with_table(name.into(), Hours { zone, week, days, holidays }, Table::YEARS)
    }

    /// The years of the table change how fast an answer comes, never the answer.
    fn with_table(name: String, hours: Hours, years: (i16, i16)) -> Calendar {
        let table = Table::new(&hours, years);
        Calendar { name, hours, table }
    }

    /// Its name in the policy.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The zone whose wall clock counts.
    pub fn zone(&self) -> &Zone {
        &self.hours.zone
    }

    /// The ordinary week.
    pub fn week(&self) -> &Week {
        &self.hours.week
    }

    /// The spans that start on a date: of its exception, else none on a holiday, else of the week.
    pub fn hours_on(&self, date: Date) -> &[DaySpan] {
        self.hours.on(date)
    }

    /// The name of the holiday on a date, also where an exception gives that date hours.
    pub fn holiday_name(&self, date: Date) -> Option<&str> {
        self.hours.holidays.name_on(date)
    }

    /// Whether the desk is open at an instant, until when, and if not, why.
    pub fn state_at(&self, at: Timestamp) -> State {
        let second = floor_second(at);
        let last = horizon(at);
        let next = self.openings_within_horizon(at).next();
        match next {
            Some(opening) if opening.start <= second => {
                State::Open { closes_at: Some(instant(opening.end)).filter(|end| *end <= last) }
            }
            next => State::Closed {
                closed_for: self.reason_on(self.hours.zone.date_at(at)),
                opens_at: next.map(|opening| instant(opening.start)),
            },
        }
    }

    /// Whether the desk is open at an instant.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let second = floor_second(at);
        Openings::new(&self.hours, &self.table, second, second).next().is_some()
    }

    /// Why the desk is closed at an instant; `None` when it is open.
    pub fn closed_for(&self, at: Timestamp) -> Option<ClosedFor> {
        if self.is_open(at) { None } else { Some(self.reason_on(self.hours.zone.date_at(at))) }
    }

    /// The first opening after an instant; one that begins exactly then does not count. `None` when there is none
    /// within the horizon of four years.
    pub fn next_opening(&self, after: Timestamp) -> Option<Timestamp> {
        let second = floor_second(after);
        self.openings_within_horizon(after)
            .map(|opening| opening.start)
            .find(|start| *start > second)
            .map(instant)
    }

    /// The open stretches between two instants, in order, clipped to them; none when `to` is not after `from`.
    /// The work grows with the days between them.
    pub fn intervals(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Interval> {
        Openings::new(&self.hours, &self.table, floor_second(from), floor_second(to))
            .map(move |opening| Interval {
                start: instant(opening.start).max(from),
                end: instant(opening.end).min(to),
            })
            .filter(|interval| interval.start < interval.end)
    }

    /// The open stretches of the ordinary week, without holidays and exceptions, between two instants, as if the clock
    /// always stood as at `like`. The work grows with the days between them.
    pub fn usual_intervals(&self, like: Timestamp, from: Timestamp, to: Timestamp) -> Vec<Interval> {
        let hours = Hours {
            zone: self.hours.zone.standing_still(like),
            week: self.hours.week.clone(),
            days: BTreeMap::new(),
            holidays: Holidays::default(),
        };
        openings::Walk::new(&hours, floor_second(from), floor_second(to))
            .map(|opening| Interval {
                start: instant(opening.start).max(from),
                end: instant(opening.end).min(to),
            })
            .filter(|interval| interval.start < interval.end)
            .collect()
    }

    /// The dates that have hours of their own or are holidays, in no order; a date may come twice.
    pub fn unusual_dates(&self) -> impl Iterator<Item = Date> {
        let holidays = self.hours.holidays.iter().map(|(date, _)| date);
        self.hours.days.keys().copied().chain(holidays)
    }

    fn openings_within_horizon(&self, at: Timestamp) -> Openings<'_> {
        Openings::new(&self.hours, &self.table, floor_second(at), floor_second(horizon(at)))
    }

    /// Why a date of this calendar has closed hours.
    fn reason_on(&self, date: Date) -> ClosedFor {
        if self.hours.week.on(date.weekday()).is_empty() {
            ClosedFor::Weekend
        } else if self.hours.on(date).is_empty() {
            ClosedFor::Holiday
        } else {
            ClosedFor::Night
        }
    }
}

#[cfg(test)]
mod tests;
