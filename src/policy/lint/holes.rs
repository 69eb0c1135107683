//! Hours in which no desk of a pool is open, though the desks follow the sun: ND010.
//!
//! The hours of the ordinary week are laid on each other in UTC, once for every way in which the clocks of the zones
//! stand to each other in a year: winter, summer, and the weeks in which some have changed and others have not.
//! Holidays and dated exceptions are left out: they are meant to be holes.

use jiff::civil::{Date, Time, Weekday};
use jiff::{SignedDuration, Timestamp, Zoned};

use super::{Lint, place};
use crate::base::diagnostic::Diagnostic;
use crate::calendar::{Calendar, Interval, Zone, weekday_name};
use crate::policy::{AssignTo, Origin, Policy};

/// The most calendars of a pool that are laid on each other.
const MOST_CALENDARS: usize = 24;
/// The most holes of a week that are listed.
const MOST_LISTED: usize = 12;
/// A hole as long as this is a weekend, or that nobody works on these days.
const WEEKEND: SignedDuration = SignedDuration::from_hours(24);
/// Desks that leave a longer hole in a working day do not follow the sun: it is their night.
const NIGHT: SignedDuration = SignedDuration::from_hours(8);
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(super) fn lints(policy: &Policy, now: Timestamp, found: &mut Vec<Diagnostic>) {
    let mut pools: Vec<&[usize]> = Vec::new();
    for assign in &policy.assigns {
        let pool = assign.pool.as_slice();
        if matches!(assign.to, AssignTo::NextOpen | AssignTo::Customer) && !pools.contains(&pool) {
            pools.push(pool);
            found.extend(holes_of(policy, pool, assign.origin.as_ref(), now));
        }
    }
}

/// What one pool leaves open.
fn holes_of(policy: &Policy, pool: &[usize], origin: Option<&Origin>, now: Timestamp) -> Option<Diagnostic> {
    let mut calendars: Vec<&Calendar> = Vec::new();
    for calendar in pool.iter().filter_map(|desk| policy.calendar(*desk)) {
        if calendars.iter().all(|known| known.name() != calendar.name()) {
            calendars.push(calendar);
        }
    }
    let first = calendars.first()?;
    let is_one_zone = calendars.iter().all(|calendar| calendar.zone().name() == first.zone().name());
    if is_one_zone {
        return None;
    }
    let first_desk = policy.desks.get(*pool.first()?)?;
    let place = place(policy, origin.unwrap_or(&first_desk.origin));
    if calendars.len() > MOST_CALENDARS {
        return Some(
            Lint::CoverageHoles
                .warning(place, "holes between these desks were not looked for: too many calendars")
                .found(format!("{} calendars", calendars.len())),
        );
    }
    let shapes: Vec<(Shape, Vec<Interval>)> = shapes(&calendars, now)
        .into_iter()
        .map(|shape| {
            let holes = holes(&calendars, shape.like);
            (shape, holes)
        })
        .collect();
    let follows_the_sun = |(_, holes): &(Shape, Vec<Interval>)| holes.iter().all(|hole| !is_night(hole));
    let is_hole = |(_, holes): &(Shape, Vec<Interval>)| holes.iter().any(|hole| hole.duration() < WEEKEND);
    if !shapes.iter().all(follows_the_sun) || !shapes.iter().any(is_hole) {
        return None;
    }
    let names: Vec<&str> =
        pool.iter().filter_map(|desk| policy.desks.get(*desk)).map(|desk| desk.name.as_str()).collect();
    let warning = Lint::CoverageHoles
        .warning(place, "there are hours in which none of these desks is open")
        .found(format!("desks {}", crate::base::document::list(&names)))
        .hint("longer hours would close them; accept them where they are meant");
    Some(
        shapes.iter().fold(warning, |warning, (shape, holes)| {
            warning.note(format!("{}: {}", shape.name, listed(holes)))
        }),
    )
}

fn is_night(hole: &Interval) -> bool {
    hole.duration() > NIGHT && hole.duration() < WEEKEND
}

/// A way in which the clocks of all zones stand to each other, and when they do.
struct Shape {
    name: String,
    /// An instant of it.
    like: Timestamp,
}

/// The shapes of the year, winter and summer first.
fn shapes(calendars: &[&Calendar], now: Timestamp) -> Vec<Shape> {
    let Ok(utc) = Zone::parse("UTC") else { return Vec::new() };
    let year = utc.date_at(now).year();
    let noon = |month, day| {
        let date = Date::new(year, month, day).ok()?;
        Some(
            utc.at(date.to_datetime(Time::midnight()))
                .checked_add(SignedDuration::from_hours(12))
                .unwrap_or(now),
        )
    };
    let offsets = |at: Timestamp| -> Vec<i32> {
        calendars.iter().map(|calendar| calendar.zone().offset_seconds(at)).collect()
    };
    let Some(january) = noon(1, 1) else { return Vec::new() };
    let days: Vec<Timestamp> = (0..366)
        .filter_map(|day| january.checked_add(SignedDuration::from_hours(24 * day)).ok())
        .filter(|at| utc.date_at(*at).year() == year)
        .collect();
    let mut shapes: Vec<(Vec<i32>, Shape)> = Vec::new();
    for (name, like) in [("winter", noon(1, 15)), ("summer", noon(7, 15))] {
        let Some(like) = like else { continue };
        if shapes.iter().all(|(known, _)| *known != offsets(like)) {
            shapes.push((offsets(like), Shape { name: name.to_owned(), like }));
        }
    }
    for day in days {
        if shapes.iter().all(|(known, _)| *known != offsets(day)) {
            shapes.push((offsets(day), Shape { name: "changeover weeks".to_owned(), like: day }));
        }
    }
    if let [(_, only)] = shapes.as_mut_slice() {
        "every week".clone_into(&mut only.name);
        return shapes.into_iter().map(|(_, shape)| shape).collect();
    }
    shapes
        .into_iter()
        .map(|(offsets_of, shape)| {
            let name = format!("{} ({})", shape.name, spans(january, &utc, |at| offsets(at) == offsets_of));
            Shape { name, ..shape }
        })
        .collect()
}

/// The stretches of dates of a year that are so.
fn spans(january: Timestamp, utc: &Zone, is_so: impl Fn(Timestamp) -> bool) -> String {
    let year = utc.date_at(january).year();
    let mut spans: Vec<(Date, Date)> = Vec::new();
    let days = (0..366).filter_map(|day| january.checked_add(SignedDuration::from_hours(24 * day)).ok());
    for at in days.filter(|at| is_so(*at)) {
        let date = utc.date_at(at);
        if date.year() != year {
            continue;
        }
        match spans.last_mut() {
            Some((_, last)) if last.tomorrow().ok() == Some(date) => *last = date,
            Some(_) | None => spans.push((date, date)),
        }
    }
    let told: Vec<String> = spans
        .iter()
        .map(|(first, last)| format!("{} to {}", first.strftime("%-d %b"), last.strftime("%-d %b")))
        .collect();
    format!("{}: {}", year, told.join(", "))
}

/// When none is open in a week, with the clocks as at `like`: each hole once, those of the week's end as one.
fn holes(calendars: &[&Calendar], like: Timestamp) -> Vec<Interval> {
    // A Monday; any does, since the clocks stand still.
    let monday = like.to_zoned(jiff::tz::TimeZone::UTC).date();
    let back = i64::from(monday.weekday().to_monday_zero_offset());
    let Ok(monday) = monday.checked_sub(SignedDuration::from_hours(24 * back)) else { return Vec::new() };
    let Ok(start) = monday.to_zoned(jiff::tz::TimeZone::UTC).map(|at| Zoned::timestamp(&at)) else {
        return Vec::new();
    };
    // A week before and after, so that a hole over the end of the week is one.
    let (Ok(from), Ok(to)) = (start.checked_sub(WEEK), start.checked_add(WEEK + WEEK)) else {
        return Vec::new();
    };
    let end = start.checked_add(WEEK).unwrap_or(to);
    let mut open: Vec<Interval> =
        calendars.iter().flat_map(|calendar| calendar.usual_intervals(like, from, to)).collect();
    open.sort_unstable();
    let mut holes = Vec::new();
    let mut closed_since = from;
    for interval in open {
        if interval.start > closed_since {
            holes.push(Interval { start: closed_since, end: interval.start });
        }
        closed_since = closed_since.max(interval.end);
    }
    holes.retain(|hole| hole.start >= start && hole.start < end);
    holes
}

/// Holes in words: those at the same time of several days together.
fn listed(holes: &[Interval]) -> String {
    if holes.is_empty() {
        return "none".to_owned();
    }
    let utc = |at: Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC);
    let time = |at: Timestamp| utc(at).strftime("%H:%M").to_string();
    let mut daily: Vec<(String, Vec<Weekday>)> = Vec::new();
    let mut long = Vec::new();
    for hole in holes {
        if hole.duration() >= WEEKEND {
            let day = |at: Timestamp| weekday_name(utc(at).weekday());
            long.push(format!(
                "{} {} to {} {}",
                day(hole.start),
                time(hole.start),
                day(hole.end),
                time(hole.end)
            ));
            continue;
        }
        let text = format!("{}–{}", time(hole.start), time(hole.end));
        let day = utc(hole.start).weekday();
        match daily.iter_mut().find(|(known, _)| *known == text) {
            Some((_, days)) => days.push(day),
            None => daily.push((text, vec![day])),
        }
    }
    let mut told: Vec<String> =
        daily.iter().map(|(text, days)| format!("{} {text}", weekdays(days))).collect();
    told.extend(long);
    let more = told.len().saturating_sub(MOST_LISTED);
    told.truncate(MOST_LISTED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more} UTC", told.join(", "))
}

/// Weekdays in their order, runs of them as one.
fn weekdays(days: &[Weekday]) -> String {
    let mut runs: Vec<(Weekday, Weekday)> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some((_, last)) if last.next() == *day && *day != Weekday::Monday => *last = *day,
            Some(_) | None => runs.push((*day, *day)),
        }
    }
    let told: Vec<String> = runs
        .iter()
        .map(|(first, last)| {
            if first == last {
                weekday_name(*first).to_owned()
            } else {
                format!("{}-{}", weekday_name(*first), weekday_name(*last))
            }
        })
        .collect();
    told.join(",")
}
