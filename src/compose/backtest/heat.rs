//! The week as a heat map: seven rows, a column an hour, the darker the more mails came in.
//!
//! Legible without colour: hours in which a desk is open are a solid band three columns wide, closed ones a single
//! character between blanks.

use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use super::page::{Page, grouped};
use crate::calendar::Zone;
use crate::policy::Policy;

const HOURS: usize = 24;
const WEEK: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
/// Weeks that are looked at for what is usually open, so that one holiday or exception does not count.
const WEEKS: i64 = 5;
const SHADES: [char; 4] = ['░', '▒', '▓', '█'];

/// Mails by weekday and hour.
#[derive(Debug, Default)]
pub(super) struct Heat {
    counts: [[usize; HOURS]; 7],
}

impl Heat {
    pub(super) fn add(&mut self, local: &Zoned) {
        let day = usize::try_from(local.weekday().to_monday_zero_offset()).unwrap_or(0);
        let hour = usize::try_from(local.hour()).unwrap_or(0);
        if let Some(count) = self.counts.get_mut(day).and_then(|hours| hours.get_mut(hour)) {
            *count += 1;
        }
    }

    /// The map and what its shades mean.
    pub(super) fn text(&self, page: &mut Page, policy: &Policy, zone: &Zone, range: (Timestamp, Timestamp)) {
        let most = self.counts.iter().flatten().copied().max().unwrap_or(0);
        let open = usually_open(policy, zone, range);
        let hours: Vec<String> = (0..HOURS).step_by(3).map(|hour| format!("{hour:02}       ")).collect();
        page.line(&format!("      {}", hours.concat()));
        for ((day, counts), open) in WEEK.iter().zip(&self.counts).zip(&open) {
            let cells: Vec<String> =
                counts.iter().zip(open).map(|(count, open)| cell(*count, most, *open)).collect();
            page.line(&format!("  {day} {}", cells.concat()));
        }
        page.line("");
        page.line(&legend(most));
        page.line("  ▒▒▒ a desk is open (___ no mail)    ▒  closed ( · no mail)");
    }
}

/// Three columns of an hour.
fn cell(count: usize, most: usize, is_open: bool) -> String {
    let shade = shade(count, most);
    match (is_open, shade) {
        (true, shade) => shade.unwrap_or('_').to_string().repeat(3),
        (false, shade) => format!(" {} ", shade.unwrap_or('·')),
    }
}

/// Of four shades the one for a count; `None` for no mail.
fn shade(count: usize, most: usize) -> Option<char> {
    let level = (count * SHADES.len()).div_ceil(most.max(1));
    SHADES.get(level.checked_sub(1)?).copied()
}

fn legend(most: usize) -> String {
    let mut ranges = Vec::new();
    let mut from = 1;
    for (level, mark) in (1..).zip(SHADES) {
        let to = most * level / SHADES.len();
        if to >= from {
            let range = if to == from { grouped(to) } else { format!("{}–{}", grouped(from), grouped(to)) };
            ranges.push(format!("{mark} {range}"));
        }
        from = from.max(to + 1);
    }
    format!("  {} mails an hour of the week", ranges.join("   "))
}

/// For each weekday and hour whether a desk is open half past, in most of some weeks between two instants.
fn usually_open(policy: &Policy, zone: &Zone, (first, last): (Timestamp, Timestamp)) -> [[bool; HOURS]; 7] {
    let mut open = [[false; HOURS]; 7];
    let step = last.duration_since(first) / i32::try_from(WEEKS).unwrap_or(1);
    let mut votes = [[0; HOURS]; 7];
    for week in 0..WEEKS {
        let inside = i32::try_from(week).ok().and_then(|week| step.checked_mul(week));
        let at = first.saturating_add(inside.unwrap_or(SignedDuration::ZERO)).unwrap_or(first);
        let local = zone.to_zoned(at).date();
        let since_monday = i64::from(local.weekday().to_monday_zero_offset());
        let Ok(monday) = local.checked_sub(since_monday.days()) else { continue };
        for (day, hours) in votes.iter_mut().enumerate() {
            let Ok(date) = monday.checked_add(i64::try_from(day).unwrap_or(0).days()) else { continue };
            for (hour, votes) in hours.iter_mut().enumerate() {
                let half_past = zone.at(date.at(i8::try_from(hour).unwrap_or(0), 30, 0, 0));
                let is_open = policy
                    .desks
                    .iter()
                    .filter_map(|desk| policy.calendars.get(desk.calendar))
                    .any(|calendar| calendar.is_open(half_past));
                *votes += i64::from(is_open);
            }
        }
    }
    for (open, votes) in open.iter_mut().flatten().zip(votes.iter().flatten()) {
        *open = *votes * 2 > WEEKS;
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_has_the_shade_that_the_legend_says() {
        for most in 1..=50 {
            let text = legend(most);
            for count in 1..=most {
                let mark = shade(count, most).expect("a shade");
                let (_, after) = text.split_once(mark).expect("in the legend");
                let range = after.split_whitespace().next().expect("a range");
                let (from, to) = range.split_once('–').unwrap_or((range, range));
                let number = |text: &str| text.parse::<usize>().expect("a number");
                assert!((number(from)..=number(to)).contains(&count), "{count} of {most}: {text}");
            }
        }
        assert_eq!(shade(0, 9), None);
        assert_eq!(shade(0, 0), None);
    }
}
