//! The calendar against an oracle that knows no intervals: it looks at every single minute.
//!
//! The oracle takes from the zone only what the wall clock shows at an instant, minute by minute. From that list alone
//! it derives what the definition says: a wall time is the first minute that shows it, or, when no minute does, the
//! minute as far behind the jump of the clock as it lies behind the beginning of the gap; a date exists when a minute
//! shows it; a span opens the minutes from its start to its end. So neither the product's way from wall time to
//! instant, nor its merging, table or search is used. That the oracle itself is right is checked where the clock does
//! not change: there a minute is open exactly when its wall time lies in a span of today, or of yesterday past midnight.

#![expect(
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "minutes of a window and weekdays are small"
)]

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;

use super::openings::{Hours, instant};
use super::{Calendar, ClosedFor, DaySpan, Holidays, Interval, State, Week, Zone};

const MINUTES_A_DAY: usize = 24 * 60;

/// Questions are asked about the days 4 to 11 of a window, so that a span from before it and an answer after it are seen.
const WINDOW_DAYS: usize = 18;
const ASKED: std::ops::Range<usize> = 4 * MINUTES_A_DAY..11 * MINUTES_A_DAY;

/// Zones and the first UTC dates of windows whose eighth day or so holds what makes the zone interesting.
const WINDOWS: [(&str, &str); 24] = [
    ("America/New_York", "2026-03-01"),
    ("America/New_York", "2026-10-25"),
    ("Europe/London", "2026-03-22"),
    ("Europe/London", "2026-10-18"),
    ("Asia/Kolkata", "2026-06-01"),
    ("Asia/Kathmandu", "2026-06-01"),
    // Half an hour of summer time.
    ("Australia/Lord_Howe", "2026-03-29"),
    ("Australia/Lord_Howe", "2026-09-27"),
    // Summer time that pauses for Ramadan.
    ("Africa/Casablanca", "2026-02-08"),
    ("Africa/Casablanca", "2026-03-15"),
    // No midnight on the day it begins, two on the day it ends.
    ("America/Sao_Paulo", "2018-10-28"),
    ("America/Sao_Paulo", "2019-02-10"),
    ("America/Havana", "2026-03-01"),
    ("America/Havana", "2026-10-25"),
    // The 24:00 of a day that happens twice.
    ("Asia/Tehran", "2022-03-15"),
    ("Asia/Tehran", "2022-09-15"),
    // The last hour of a day is missing, and a gap from 23:30 to 00:30.
    ("America/Scoresbysund", "2025-03-22"),
    ("America/Toronto", "1919-03-23"),
    // Whole dates are missing.
    ("Pacific/Apia", "2011-12-23"),
    ("Pacific/Kwajalein", "1993-08-14"),
    // Another offset for good, without summer time.
    ("Asia/Pyongyang", "2018-04-27"),
    ("+05:30", "2026-03-01"),
    ("-03:00", "2026-12-24"),
    ("UTC", "2028-02-22"),
];

static CLOCKS: LazyLock<Vec<Clock>> =
    LazyLock::new(|| WINDOWS.iter().map(|(zone, first_date)| Clock::watch(zone, first_date)).collect());

/// What the wall clock of a zone shows at every minute of a window.
struct Clock {
    zone: Zone,
    first_second: i64,
    shown: Vec<DateTime>,
    first_minute_showing: HashMap<DateTime, usize>,
    dates: BTreeSet<Date>,
}

impl Clock {
    fn watch(zone: &str, first_date: &str) -> Clock {
        let zone = Zone::parse(zone).unwrap();
        let first_second = format!("{first_date}T00:00:00Z").parse::<Timestamp>().unwrap().as_second();
        let shown: Vec<DateTime> = (0..WINDOW_DAYS * MINUTES_A_DAY)
            .map(|minute| zone.to_zoned(instant(first_second + 60 * minute as i64)).datetime())
            .collect();
        let mut first_minute_showing = HashMap::new();
        for (minute, wall) in shown.iter().enumerate() {
            first_minute_showing.entry(*wall).or_insert(minute);
        }
        let dates = shown.iter().map(|wall| wall.date()).collect();
        Clock { zone, first_second, shown, first_minute_showing, dates }
    }

    fn instant(&self, minute: usize) -> Timestamp {
        instant(self.first_second + 60 * minute as i64)
    }

    /// The minute that a wall time means; `None` outside the window.
    fn minute_of(&self, wall: DateTime) -> Option<usize> {
        if let Some(minute) = self.first_minute_showing.get(&wall) {
            return Some(*minute);
        }
        // No minute shows it: find the jump over it.
        let after = self.shown.windows(2).position(|pair| pair[0] < wall && wall < pair[1])? + 1;
        let gap_begins = self.shown[after - 1] + 1.minute();
        let into_gap = wall.duration_since(gap_begins).as_mins();
        Some(after + usize::try_from(into_gap).unwrap())
    }

    /// Whether the clock runs evenly for two days around a minute.
    fn is_even_around(&self, minute: usize) -> bool {
        let (early, late) = (minute - 2 * MINUTES_A_DAY, minute + 2 * MINUTES_A_DAY);
        let runs = self.shown[late].duration_since(self.shown[early]).as_mins();
        let steps = self.shown[early..late].windows(2).all(|pair| pair[1] == pair[0] + 1.minute());
        steps && runs == 4 * 24 * 60
    }
}

/// Which minutes of the window are open, and the business days in it.
struct Oracle<'c> {
    clock: &'c Clock,
    open: Vec<bool>,
    business_days: Vec<(usize, usize)>,
}

impl<'c> Oracle<'c> {
    fn new(clock: &'c Clock, rules: &Rules) -> Oracle<'c> {
        let mut open = vec![false; clock.shown.len()];
        let mut business_days = Vec::new();
        for date in &clock.dates {
            let mut day: Option<(usize, usize)> = None;
            for (start, end) in rules.hours_on(*date) {
                let wall = |minutes: u16| date.at(0, 0, 0, 0) + i64::from(minutes).minutes();
                let (Some(start), Some(end)) = (clock.minute_of(wall(start)), clock.minute_of(wall(end)))
                else {
                    continue;
                };
                if start < end {
                    open[start..end].fill(true);
                    let (first, last) = day.unwrap_or((start, end));
                    day = Some((first.min(start), last.max(end)));
                }
            }
            business_days.extend(day);
        }
        Oracle { clock, open, business_days }
    }

    fn next_opening(&self, after: usize) -> Option<usize> {
        (after + 1..self.open.len()).find(|minute| self.open[*minute] && !self.open[*minute - 1])
    }

    fn next_closing(&self, after: usize) -> Option<usize> {
        (after + 1..self.open.len()).find(|minute| !self.open[*minute])
    }

    fn open_minutes(&self, from: usize, to: usize) -> i64 {
        self.open[from..to].iter().filter(|open| **open).count() as i64
    }

    /// Walks on until that many open minutes are spent; nothing to spend still waits for an open minute.
    fn after_open_minutes(&self, from: usize, amount: usize) -> Option<usize> {
        let mut minute = (from..self.open.len()).find(|minute| self.open[*minute])?;
        for spent in 1..=amount {
            minute = (minute..self.open.len()).find(|minute| self.open[*minute])? + 1;
            assert!(spent <= amount && minute <= self.open.len());
        }
        Some(minute)
    }

    fn business_day_end(&self, from: usize, n: usize) -> Option<usize> {
        self.business_days.iter().filter(|(begin, _)| *begin > from).nth(n - 1).map(|(_, end)| *end)
    }
}

/// Rules in the plainest form: minutes of a day by weekday, dates by date.
#[derive(Debug, Clone)]
struct Rules {
    week: [Vec<(u16, u16)>; 7],
    days: BTreeMap<usize, Vec<(u16, u16)>>,
    holidays: BTreeSet<usize>,
    first_date: Date,
}

impl Rules {
    fn weekly(&self, date: Date) -> &[(u16, u16)] {
        &self.week[date.weekday().to_monday_zero_offset() as usize]
    }

    fn date(&self, day: usize) -> Date {
        self.first_date + (day as i64).days()
    }

    fn hours_on(&self, date: Date) -> Vec<(u16, u16)> {
        let exception = self.days.iter().find(|(day, _)| self.date(**day) == date);
        if let Some((_, spans)) = exception {
            return spans.clone();
        }
        if self.holidays.iter().any(|day| self.date(*day) == date) {
            return Vec::new();
        }
        self.weekly(date).to_vec()
    }

    /// By the wall clock alone, right only where no clock changes.
    fn is_open_by_the_clock(&self, wall: DateTime) -> bool {
        let minute = wall.hour() as u16 * 60 + wall.minute() as u16;
        let covers =
            |spans: Vec<(u16, u16)>, minute: u16| spans.iter().any(|(a, b)| (*a..*b).contains(&minute));
        covers(self.hours_on(wall.date()), minute)
            || covers(self.hours_on(wall.date().yesterday().unwrap()), minute + 24 * 60)
    }

    fn closed_for(&self, date: Date) -> ClosedFor {
        if self.weekly(date).is_empty() {
            ClosedFor::Weekend
        } else if self.hours_on(date).is_empty() {
            ClosedFor::Holiday
        } else {
            ClosedFor::Night
        }
    }

    fn calendar(&self, zone: &Zone, years: (i16, i16)) -> Calendar {
        let spans = |spans: &[(u16, u16)]| {
            spans.iter().map(|(start, end)| day_span(*start, *end)).collect::<Vec<_>>()
        };
        let week = (0..7_i8)
            .map(|day| (Weekday::from_monday_zero_offset(day).unwrap(), spans(&self.week[day as usize])))
            .collect::<Week>();
        let days = self.days.iter().map(|(day, hours)| (self.date(*day), spans(hours))).collect();
        let holidays = Holidays::on_dates(self.holidays.iter().map(|day| (self.date(*day), "a holiday")));
        Calendar::with_table("tested".to_owned(), Hours { zone: zone.clone(), week, days, holidays }, years)
    }
}

/// A span through its text, as users make it.
fn day_span(start: u16, end: u16) -> DaySpan {
    let end = if end > 1440 { end - 1440 } else { end };
    let text = format!("{:02}:{:02}-{:02}:{:02}", start / 60, start % 60, end / 60, end % 60);
    DaySpan::parse(&text).unwrap()
}

/// Times of day, more of them around the hours at which clocks change.
fn time_of_day() -> impl Strategy<Value = u16> {
    prop_oneof![3 => 0_u16..1440, 3 => 0_u16..240, 1 => 1380_u16..1440, 2 => (0_u16..48).prop_map(|half| half * 30)]
}

fn span() -> impl Strategy<Value = (u16, u16)> {
    let length = prop_oneof![2 => 1_u16..=1440, 2 => 1_u16..=120, 1 => Just(1440_u16)];
    prop_oneof![
        6 => (time_of_day(), length).prop_map(|(start, length)| (start, start + length)),
        1 => Just((0, 1440)),
        1 => time_of_day().prop_map(|start| (start, 1440)).prop_filter("not empty", |(start, end)| start < end),
    ]
}

fn week() -> impl Strategy<Value = [Vec<(u16, u16)>; 7]> {
    let some_days = prop::collection::vec(prop::collection::vec(span(), 0..4), 7);
    let one_day_always = span().prop_map(|span| vec![vec![span]; 7]);
    let office = span().prop_map(|span| [vec![vec![span]; 5], vec![vec![]; 2]].concat());
    let never = Just(vec![vec![]; 7]);
    prop_oneof![5 => some_days, 2 => one_day_always, 2 => office, 1 => never]
        .prop_map(|days| days.try_into().unwrap())
}

fn rules_in_window() -> impl Strategy<Value = (usize, Rules)> {
    let days = prop::collection::btree_map(0..WINDOW_DAYS, prop::collection::vec(span(), 0..3), 0..4);
    let holidays = prop::collection::btree_set(0..WINDOW_DAYS, 0..5);
    (0..WINDOWS.len(), week(), days, holidays).prop_map(|(window, week, days, holidays)| {
        let first_date = CLOCKS[window].shown[0].date();
        (window, Rules { week, days, holidays, first_date })
    })
}

/// A found minute must be the answer; when the window holds none, the answer must lie past the window.
fn agree(
    clock: &Clock,
    answer: Option<Timestamp>,
    expected: Option<usize>,
    question: &str,
) -> Result<(), TestCaseError> {
    if let Some(minute) = expected {
        prop_assert_eq!(answer, Some(clock.instant(minute)), "{}", question);
    } else {
        let last = clock.instant(clock.shown.len() - 2 * MINUTES_A_DAY);
        prop_assert!(answer.is_none_or(|answer| answer >= last), "{question}: {answer:?}");
    }
    Ok(())
}

/// Answers near the end of the window may depend on what lies behind it.
fn seen(minute: Option<usize>, clock: &Clock) -> Option<usize> {
    minute.filter(|minute| *minute < clock.shown.len() - 2 * MINUTES_A_DAY)
}

fn ask_everything(
    calendars: [&Calendar; 2],
    oracle: &Oracle<'_>,
    rules: &Rules,
    at: usize,
) -> Result<(), TestCaseError> {
    let clock = oracle.clock;
    let now = clock.instant(at);
    let open = oracle.open[at];
    let local_date = clock.shown[at].date();
    let closed_for = rules.closed_for(local_date);
    let closing = seen(oracle.next_closing(at), clock);
    let opening = seen(oracle.next_opening(at), clock);
    let spent = [0, 1, 120, 1441].map(|amount| (amount, seen(oracle.after_open_minutes(at, amount), clock)));
    let day_ends = [1, 2, 4].map(|n| (n, seen(oracle.business_day_end(at, n), clock)));
    let between = [ASKED.start, at / 2 + ASKED.start / 2, ASKED.end]
        .map(|other| (other, SignedDuration::from_mins(oracle.open_minutes(at.min(other), at.max(other)))));

    for calendar in calendars {
        prop_assert_eq!(calendar.is_open(now), open, "is_open at {}", now);
        prop_assert_eq!(calendar.closed_for(now), (!open).then_some(closed_for), "closed_for at {}", now);
        prop_assert_eq!(calendar.hours_on(local_date).len(), rules.hours_on(local_date).len());
        agree(clock, calendar.next_opening(now), opening, "next_opening")?;
        match calendar.state_at(now) {
            State::Open { closes_at } => {
                prop_assert!(open, "open at {now}");
                agree(clock, closes_at, closing, "closes_at")?;
            }
            State::Closed { closed_for: why, opens_at } => {
                prop_assert!(!open, "closed at {now}");
                prop_assert_eq!(why, closed_for);
                agree(clock, opens_at, opening, "opens_at")?;
            }
        }
        for (amount, expected) in spent {
            let answer = calendar.add_open_time(now, SignedDuration::from_mins(amount as i64));
            agree(clock, answer, expected, &format!("add_open_time {amount} at {now}"))?;
        }
        for (n, expected) in day_ends {
            let answer = calendar.business_day_end(now, u32::try_from(n).unwrap());
            agree(clock, answer, expected, &format!("business_day_end {n} at {now}"))?;
        }
        for (other, expected) in between {
            let (early, late) = (clock.instant(at.min(other)), clock.instant(at.max(other)));
            prop_assert_eq!(calendar.open_time_between(early, late), expected);
            prop_assert_eq!(calendar.open_time_between(late, early), -expected);
        }
    }
    Ok(())
}

/// The open stretches of the asked days as the oracle sees them.
fn runs(oracle: &Oracle<'_>) -> Vec<Interval> {
    let clock = oracle.clock;
    let changes =
        ASKED.filter(|minute| *minute == ASKED.start || oracle.open[*minute] != oracle.open[*minute - 1]);
    changes
        .filter(|minute| oracle.open[*minute])
        .map(|start| {
            let end = oracle.next_closing(start).unwrap_or(ASKED.end).min(ASKED.end);
            Interval { start: clock.instant(start), end: clock.instant(end) }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_is_the_oracles((window, rules) in rules_in_window(), moments in prop::collection::vec(ASKED, 4)) {
        let clock = &CLOCKS[window];
        let oracle = Oracle::new(clock, &rules);
        let year = rules.first_date.year();
        let tabled = rules.calendar(&clock.zone, (year - 1, year + 6));
        let walked = rules.calendar(&clock.zone, (1, 1));
        let expected = runs(&oracle);
        let (from, to) = (clock.instant(ASKED.start), clock.instant(ASKED.end));
        for calendar in [&tabled, &walked] {
            prop_assert_eq!(&calendar.intervals(from, to).collect::<Vec<_>>(), &expected);
        }
        // The moments around every change and some in between.
        let edges = ASKED.filter(|at| oracle.open[*at] != oracle.open[*at - 1]).flat_map(|at| [at - 1, at, at + 1]);
        for at in edges.take(12).chain(moments.iter().copied()) {
            ask_everything([&tabled, &walked], &oracle, &rules, at)?;
        }
        for at in moments {
            if clock.is_even_around(at) {
                prop_assert_eq!(oracle.open[at], rules.is_open_by_the_clock(clock.shown[at]), "oracle at {}", at);
            }
        }
    }

    /// Instants need not be whole minutes, nor even whole seconds.
    #[test]
    fn open_time_adds_up(
        (window, rules) in rules_in_window(),
        minute in ASKED,
        nanoseconds in 0_i64..60_000_000_000,
        amount in 0_i64..400_000_000_000_000,
    ) {
        let clock = &CLOCKS[window];
        let calendar = rules.calendar(&clock.zone, (1, 1));
        let from = clock.instant(minute) + SignedDuration::from_nanos(nanoseconds);
        let amount = SignedDuration::from_nanos(amount);
        if let Some(end) = calendar.add_open_time(from, amount) {
            prop_assert!(end >= from);
            prop_assert_eq!(calendar.open_time_between(from, end), amount);
            let counted = calendar.counted_open_time(from, amount).expect("what was counted");
            let between: Vec<_> = calendar.intervals(from, end).collect();
            prop_assert_eq!(counted, between);
            let a_moment_before = end - SignedDuration::from_nanos(1);
            prop_assert!(amount.is_zero() || calendar.is_open(a_moment_before));
        }
        if let Some(opening) = calendar.next_opening(from) {
            prop_assert!(opening > from && calendar.is_open(opening));
            prop_assert!(!calendar.is_open(opening - SignedDuration::from_nanos(1)));
        }
    }

    /// Any instant that can be expressed has an answer.
    #[test]
    fn no_instant_is_out_of_reach((window, rules) in rules_in_window(), share in 0_i64..=1000, n in 0_u32..=u32::MAX) {
        let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let at = instant(first + (last - first) / 1000 * share);
        for at in [at, Timestamp::MIN, Timestamp::MAX] {
            let calendar = rules.calendar(&CLOCKS[window].zone, (1, 1));
            let open = matches!(calendar.state_at(at), State::Open { .. });
            prop_assert_eq!(calendar.is_open(at), open);
            prop_assert_eq!(calendar.closed_for(at).is_none(), open);
            let _later = (calendar.next_opening(at), calendar.business_day_end(at, n));
            let _spent = calendar.add_open_time(at, SignedDuration::MAX);
        }
    }
}
