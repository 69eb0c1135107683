//! Business time: arithmetic that counts only the time a desk is open, and business days.
//!
//! Elapsed time is no business of this file: `2h` is plain addition. Nothing here knows targets or policies.

use jiff::{SignedDuration, Span, Timestamp};

use super::openings::{Opening, horizon, instant};
use super::{Calendar, Interval};

impl Calendar {
    /// The instant at which `amount` of open time has passed since `from`. While the desk is closed the count begins
    /// at the next opening; an amount that is used up exactly at a closing ends there; nothing at all (zero) ends at
    /// `from` when open and at the next opening when closed.
    ///
    /// `None` for a negative amount, and when there is not that much open time within the horizon of four years.
    pub fn add_open_time(&self, from: Timestamp, amount: SignedDuration) -> Option<Timestamp> {
        self.count_open_time(from, amount, |_| {})
    }

    /// The stretches of open time that [`Calendar::add_open_time`] counts, in order: together they are `amount`, and
    /// the last ends where it ends. `None` where that has no answer.
    pub fn counted_open_time(&self, from: Timestamp, amount: SignedDuration) -> Option<Vec<Interval>> {
        let mut counted = Vec::new();
        self.count_open_time(from, amount, |stretch| counted.push(stretch))?;
        Some(counted)
    }

    /// Counts open time, and tells of each stretch that was counted.
    fn count_open_time(
        &self,
        from: Timestamp,
        amount: SignedDuration,
        mut counted: impl FnMut(Interval),
    ) -> Option<Timestamp> {
        let mut left = amount;
        if left.is_negative() {
            return None;
        }
        for opening in self.openings_within_horizon(from) {
            let start = instant(opening.start).max(from);
            let room = instant(opening.end).duration_since(start);
            let end = start.checked_add(left.min(room)).ok()?;
            if start < end {
                counted(Interval { start, end });
            }
            if left <= room {
                return Some(end).filter(|end| *end <= horizon(from));
            }
            left = left.checked_sub(room)?;
        }
        None
    }

    /// The open time from `a` to `b`, negative when `b` lies before `a`. The work grows with the days between them.
    pub fn open_time_between(&self, a: Timestamp, b: Timestamp) -> SignedDuration {
        let total = self
            .intervals(a.min(b), a.max(b))
            .map(|interval| interval.duration())
            .fold(SignedDuration::ZERO, SignedDuration::saturating_add);
        if a <= b { total } else { -total }
    }

    /// The end of the `n`-th business day that begins after `from`; `from` itself for `n` = 0.
    ///
    /// A business day begins at the first opening that belongs to a date and ends at the last closing that does, which
    /// for a night shift lies on the next date. A day that begins exactly at `from` does not begin after it. `None`
    /// when there are not that many business days within the horizon of four years.
    pub fn business_day_end(&self, from: Timestamp, n: u32) -> Option<Timestamp> {
        let Some(nth) = n.checked_sub(1) else { return Some(from) };
        self.business_days_after(from).nth(usize::try_from(nth).ok()?).map(|day| day.end)
    }

    /// The first `n` business days that begin after `from`, each from its first opening to its last closing; `None`
    /// where [`Calendar::business_day_end`] has no answer.
    pub fn counted_business_days(&self, from: Timestamp, n: u32) -> Option<Vec<Interval>> {
        let n = usize::try_from(n).ok()?;
        let days: Vec<Interval> = self.business_days_after(from).take(n).collect();
        (days.len() == n).then_some(days)
    }

    fn business_days_after(&self, from: Timestamp) -> impl Iterator<Item = Interval> {
        self.business_days(from).filter(move |day| day.start > from)
    }

    /// The business days around and after an instant, as far as the horizon, in the order of their dates.
    fn business_days(&self, from: Timestamp) -> impl Iterator<Item = Interval> {
        // A clock change at midnight can carry the first opening of a date past the next midnight: begin a day early.
        let today = self.hours.zone.date_at(from);
        let first = today.yesterday().unwrap_or(today);
        let last = self.hours.zone.date_at(horizon(from));
        let dates = first.series(Span::new().days(1)).take_while(move |date| *date <= last);
        dates.filter_map(|date| {
            let outer =
                |a: Opening, b: Opening| Opening { start: a.start.min(b.start), end: a.end.max(b.end) };
            let day = self.hours.openings_on(date).reduce(outer)?;
            Some(Interval { start: instant(day.start), end: instant(day.end) })
        })
    }
}
