//! How a promised instant was counted, in words: the stretches of open time, the business days, or plain time.
//!
//! The counting is the calendar's ([`Calendar::counted_open_time`]); nothing is added up here.

use jiff::{Timestamp, Zoned};

use super::words::{clock_in_words, local_in_words};
use crate::base::duration::duration_in_words;
use crate::calendar::{Calendar, Interval, Zone};
use crate::policy::Target;

/// More stretches than this are not all shown.
const MOST_STRETCHES: usize = 6;

/// What a target was counted from and by, such as `Friday, 9 January 2026, 21:00 EST + 2h by the clock`; `None` when
/// nothing is promised.
pub(super) fn counted(target: Target, from: Timestamp, calendar: &Calendar) -> Option<String> {
    let zone = calendar.zone();
    let start = local_in_words(from, zone);
    match target {
        Target::Elapsed(elapsed) => Some(format!("{start} + {} by the clock", duration_in_words(elapsed))),
        Target::BusinessTime { amount, .. } => {
            let stretches = calendar.counted_open_time(from, amount)?;
            let closed = if calendar.is_open(from) { "" } else { ", which is outside hours" };
            let length = |stretch: &Interval| format!(" ({})", duration_in_words(stretch.duration()));
            Some(format!("from {start}{closed}: {}", listed(&stretches, zone, length)))
        }
        Target::BusinessDays(days) => {
            let days = calendar.counted_business_days(from, days)?;
            let what = if days.len() == 1 { "business day that begins" } else { "business days that begin" };
            Some(format!("the first {what} after {start}: {}", listed(&days, zone, |_| String::new())))
        }
        Target::Unspecified => None,
    }
}

/// `Fri 9 Jan 16:30–17:00 (30m), Mon 12 Jan 08:00–09:30 (1h 30m)`; of many the first and the last.
fn listed(stretches: &[Interval], zone: &Zone, after: impl Fn(&Interval) -> String) -> String {
    let one = |stretch: &Interval| {
        let (start, end) = (zone.to_zoned(stretch.start), zone.to_zoned(stretch.end));
        let until = if start.date() == end.date() {
            clock_in_words(end.time())
        } else {
            format!("{} {}", day(&end), clock_in_words(end.time()))
        };
        format!("{} {}–{until}{}", day(&start), clock_in_words(start.time()), after(stretch))
    };
    let left_out = stretches.len().saturating_sub(MOST_STRETCHES);
    let shown_first = if left_out > 0 { MOST_STRETCHES - 1 } else { stretches.len() };
    let mut words: Vec<String> = stretches.iter().take(shown_first).map(one).collect();
    if left_out > 0 {
        words.push(format!("… {left_out} more …"));
        words.extend(stretches.last().map(one));
    }
    words.join(", ")
}

/// `Fri 9 Jan`.
fn day(local: &Zoned) -> String {
    local.strftime("%a %-d %b").to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::SignedDuration;
    use jiff::civil::Weekday;

    use super::*;
    use crate::calendar::{DaySpan, Holidays, Week};

    fn office() -> Calendar {
        let mut week = Week::default();
        for day in [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday]
        {
            week.add(day, [DaySpan::parse("08:00-17:00").expect("a span")]);
        }
        let zone = Zone::parse("America/New_York").expect("a zone");
        Calendar::new("office", zone, week, BTreeMap::new(), Holidays::default())
    }

    fn words(target: Target, from: &str) -> String {
        counted(target, from.parse().expect("an instant"), &office()).unwrap_or_default()
    }

    #[test]
    fn every_counted_stretch_is_told_with_its_length() {
        let two_hours = Target::BusinessTime { amount: SignedDuration::from_hours(2), in_minutes: false };
        assert_eq!(
            words(two_hours, "2026-01-09T16:30:00-05:00"),
            "from Friday, 9 January 2026, 16:30 EST: Fri 9 Jan 16:30–17:00 (30m), Mon 12 Jan 08:00–09:30 (1h 30m)"
        );
        assert_eq!(
            words(two_hours, "2026-01-10T12:00:00-05:00"),
            "from Saturday, 10 January 2026, 12:00 EST, which is outside hours: Mon 12 Jan 08:00–10:00 (2h)"
        );
        let long = Target::BusinessTime { amount: SignedDuration::from_hours(80), in_minutes: false };
        let told = words(long, "2026-01-09T16:30:00-05:00");
        assert!(
            told.ends_with("Thu 15 Jan 08:00–17:00 (9h), … 4 more …, Thu 22 Jan 08:00–15:30 (7h 30m)"),
            "{told}"
        );
    }

    #[test]
    fn plain_time_and_business_days_are_told_as_such() {
        assert_eq!(
            words(Target::Elapsed(SignedDuration::from_hours(2)), "2026-01-09T20:00:05-05:00"),
            "Friday, 9 January 2026, 20:00:05 EST + 2h by the clock"
        );
        assert_eq!(
            words(Target::BusinessDays(1), "2026-01-09T20:00:00-05:00"),
            "the first business day that begins after Friday, 9 January 2026, 20:00 EST: Mon 12 Jan 08:00–17:00"
        );
        assert_eq!(
            words(Target::BusinessDays(2), "2026-01-12T07:00:00-05:00"),
            "the first business days that begin after Monday, 12 January 2026, 07:00 EST: Mon 12 Jan 08:00–17:00, Tue 13 Jan 08:00–17:00"
        );
        assert_eq!(words(Target::Unspecified, "2026-01-12T07:00:00-05:00"), "");
    }
}
