//! Slips in calendars: holiday files that run out (ND006), zones without summer time (ND009), openings at midnight
//! (ND012); and when the hours of a calendar change.

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};

use super::{Lint, place};
use crate::base::diagnostic::Diagnostic;
use crate::calendar::{Calendar, DaySpan, Zone};
use crate::policy::{CalendarPlaces, Origin, Policy};

/// How long before the end of its last year a holiday file is said to run out.
const WARNED_BEFORE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// For so many days from the new year on the hours of a calendar are looked at: a leap year and what follows it.
const DAYS_LOOKED_AT: i64 = 2 * 366;
/// The most dates with hours of their own that are looked at besides.
const MOST_DATES: usize = 500;
const MINUTES_A_DAY: u16 = 24 * 60;

pub(super) fn lints(policy: &Policy, now: Timestamp, found: &mut Vec<Diagnostic>) {
    for (calendar, places) in policy.calendars.iter().zip(&policy.calendar_places) {
        holidays(policy, places, now, found);
        midnights(policy, calendar, places, found);
    }
    zones(policy, now, found);
}

/// Every instant at which the hours of a calendar may change: openings, closings and midnights of two years and of the
/// dates with hours of their own.
pub(super) fn instants(calendar: &Calendar, now: Timestamp) -> Vec<Timestamp> {
    let zone = calendar.zone();
    let today = zone.date_at(now);
    let new_year = Date::new(today.year(), 1, 1).unwrap_or(today);
    let mut dates: Vec<Date> = (0..DAYS_LOOKED_AT)
        .filter_map(|day| new_year.checked_add(SignedDuration::from_hours(24 * day)).ok())
        .collect();
    let (first, last) = (dates.first().copied().unwrap_or(today), dates.last().copied().unwrap_or(today));
    let mut unusual: Vec<Date> =
        calendar.unusual_dates().filter(|date| *date < first || *date > last).collect();
    unusual.sort_unstable();
    unusual.dedup();
    // The nearest to today matter most.
    unusual.sort_by_key(|date| date.duration_since(today).abs());
    dates.extend(unusual.into_iter().take(MOST_DATES));
    let mut instants = Vec::with_capacity(dates.len() * 3);
    for date in dates {
        let midnight = zone.at(date.to_datetime(Time::midnight()));
        let next = date.tomorrow().map_or(midnight, |next| zone.at(next.to_datetime(Time::midnight())));
        instants.push(midnight);
        for opening in calendar.intervals(midnight, next) {
            instants.extend([opening.start, opening.end]);
        }
    }
    instants.sort_unstable();
    instants.dedup();
    instants
}

// ---- ND006 ----

fn holidays(policy: &Policy, places: &CalendarPlaces, now: Timestamp, found: &mut Vec<Diagnostic>) {
    for file in &places.holidays {
        let Some(last_year) = file.last_year else { continue };
        let Some(ends) = new_year_after(last_year) else { continue };
        let warned = ends.checked_sub(WARNED_BEFORE).unwrap_or(ends);
        if now < warned {
            continue;
        }
        let message = if now < ends {
            "this holiday file ends with this year"
        } else {
            "this holiday file has run out"
        };
        found.push(
            Lint::HolidaysRunOut
                .warning(place(policy, &file.origin), message)
                .found(format!(
                    "no single holiday after {last_year}; from then on the desk is open on such days"
                ))
                .hint("add the holidays of the next years"),
        );
    }
}

fn new_year_after(year: i16) -> Option<Timestamp> {
    let utc = Zone::parse("UTC").ok()?;
    Some(utc.at(Date::new(year.checked_add(1)?, 1, 1).ok()?.to_datetime(Time::midnight())))
}

// ---- ND012 ----

fn midnights(policy: &Policy, calendar: &Calendar, places: &CalendarPlaces, found: &mut Vec<Diagnostic>) {
    let reaches_midnight = |spans: &[DaySpan]| spans.iter().any(|span| span.end_minute() >= MINUTES_A_DAY);
    let mut told: Vec<&Origin> = Vec::new();
    for (day, span, origin) in &places.week {
        if is_slip(*span) && !reaches_midnight(calendar.week().on(day.previous())) && !told.contains(&origin)
        {
            told.push(origin);
            found.push(midnight(policy, *span, origin));
        }
    }
    for (date, span, origin) in &places.days {
        let before = date.yesterday().map_or(&[][..], |before| calendar.hours_on(before));
        if is_slip(*span) && !reaches_midnight(before) {
            found.push(midnight(policy, *span, origin));
        }
    }
}

/// From midnight to some time of the day; the whole day is meant.
fn is_slip(span: DaySpan) -> bool {
    span.start_minute() == 0 && span.end_minute() != MINUTES_A_DAY
}

fn midnight(policy: &Policy, span: DaySpan, origin: &Origin) -> Diagnostic {
    Lint::MidnightOpening
        .warning(place(policy, origin), "this desk opens at midnight; was noon meant?")
        .found(format!("\"{span}\", and nobody is there before midnight"))
        .hint("12 AM is 00:00 and 12 PM is 12:00; accept it where midnight is meant")
}

// ---- ND009 ----

fn zones(policy: &Policy, now: Timestamp, found: &mut Vec<Diagnostic>) {
    let mut used: Vec<usize> = policy.desks.iter().map(|desk| desk.calendar).collect();
    used.sort_unstable();
    used.dedup();
    let used = used.iter().filter_map(|index| {
        Some((policy.calendars.get(*index)?.zone(), &policy.calendar_places.get(*index)?.time_zone))
    });
    let used: Vec<(&Zone, &Origin)> = used.collect();
    let changes = |zone: &Zone| zone.has_summer_time(zone.date_at(now).year());
    let Some((with, _)) = used.iter().find(|(zone, _)| changes(zone)) else { return };
    for (zone, origin) in used.iter().filter(|(zone, _)| is_no_place(zone) && !changes(zone)) {
        found.push(
            Lint::NoSummerTime
                .warning(place(policy, origin), "this zone has no summer time, and another of this policy has it")
                .found(format!("\"{}\" beside \"{}\"", zone.name(), with.name()))
                .hint("name the place, such as \"Europe/London\" for what is called GMT, so that its clock is followed"),
        );
    }
}

/// Whether a zone is named after an offset and not after a place, whose people may have no summer time.
fn is_no_place(zone: &Zone) -> bool {
    !zone.name().contains('/') || zone.name().starts_with("Etc/")
}
