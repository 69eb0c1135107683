//! Instants and hours as a person would say them.

use jiff::civil::Weekday;
use jiff::{Timestamp, Zoned};

use crate::calendar::{Calendar, DaySpan, Zone};

/// `Monday, 12 January 2026, 08:00 EST (13:00 UTC)`; the UTC date is named where it is another day, seconds where
/// there are any.
pub fn instant_in_words(instant: Timestamp, zone: &Zone) -> String {
    let local = zone.to_zoned(instant);
    let utc = instant.to_zoned(jiff::tz::TimeZone::UTC);
    let abbreviation = zone.abbreviation(instant);
    let own = format!("{}, {}", date_in_words(&local), time(&local));
    if abbreviation == "UTC" {
        return format!("{own} UTC");
    }
    let there = if utc.date() == local.date() {
        time(&utc)
    } else {
        format!("{}, {}", utc.strftime("%A, %-d %B"), time(&utc))
    };
    // A zone that has no letters is named by its offset, which says the same as a reader's arithmetic.
    let abbreviation =
        if abbreviation.starts_with(['+', '-']) { format!("UTC{abbreviation}") } else { abbreviation };
    format!("{own} {abbreviation} ({there} UTC)")
}

/// `Monday, 12 January 2026`.
fn date_in_words(local: &Zoned) -> String {
    local.strftime("%A, %-d %B %Y").to_string()
}

fn time(local: &Zoned) -> String {
    let format = if local.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    local.strftime(format).to_string()
}

/// `today, Monday, 12 January 2026` or `on Monday, 12 January 2026`.
pub(super) fn business_day_in_words(opens_at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let (day, today) = (zone.to_zoned(opens_at), zone.to_zoned(now));
    let word = if day.date() == today.date() { "today," } else { "on" };
    format!("{word} {}", date_in_words(&day))
}

/// The instant with the offset that the zone has then (RFC 3339).
pub(super) fn rfc3339(instant: Timestamp, zone: &Zone) -> String {
    zone.to_zoned(instant).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// `Monday to Friday 08:00–20:00, Saturday 09:00–12:00 (America/New_York)`.
pub fn hours_in_words(calendar: &Calendar) -> String {
    let week = calendar.week();
    let mut groups: Vec<(Weekday, Weekday, &[DaySpan])> = Vec::new();
    for day in WEEK {
        let spans = week.on(day);
        match groups.last_mut() {
            Some((_, last, before)) if *before == spans && last.next() == day => *last = day,
            _ => groups.push((day, day, spans)),
        }
    }
    let open: Vec<String> = groups
        .iter()
        .filter(|(_, _, spans)| !spans.is_empty())
        .map(|(first, last, spans)| format!("{} {}", days(*first, *last), spans_in_words(spans)))
        .collect();
    let hours = if open.is_empty() { "no weekly hours".to_owned() } else { open.join(", ") };
    format!("{hours} ({})", calendar.zone().name())
}

fn days(first: Weekday, last: Weekday) -> String {
    match last.since(first) {
        0 => day_name(first).to_owned(),
        1 => format!("{} and {}", day_name(first), day_name(last)),
        6 => "every day".to_owned(),
        _ => format!("{} to {}", day_name(first), day_name(last)),
    }
}

fn day_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

fn spans_in_words(spans: &[DaySpan]) -> String {
    let clock = |minute: u16| {
        let of_day = if minute > 1440 { minute - 1440 } else { minute };
        format!("{:02}:{:02}", of_day / 60, of_day % 60)
    };
    spans
        .iter()
        .map(|span| format!("{}–{}", clock(span.start_minute()), clock(span.end_minute())))
        .collect::<Vec<_>>()
        .join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{Holidays, Week};

    fn new_york() -> Zone {
        Zone::parse("America/New_York").expect("a zone")
    }

    #[test]
    fn an_instant_names_the_day_the_zone_and_utc() {
        let instant = |text: &str| text.parse::<Timestamp>().expect("an instant");
        assert_eq!(
            instant_in_words(instant("2026-01-12T13:00:00Z"), &new_york()),
            "Monday, 12 January 2026, 08:00 EST (13:00 UTC)"
        );
        assert_eq!(
            instant_in_words(instant("2026-07-11T01:30:05Z"), &new_york()),
            "Friday, 10 July 2026, 21:30:05 EDT (Saturday, 11 July, 01:30:05 UTC)"
        );
        let half = Zone::parse("+05:30").expect("a zone");
        assert_eq!(
            instant_in_words(instant("2026-01-12T13:00:00Z"), &half),
            "Monday, 12 January 2026, 18:30 UTC+05:30 (13:00 UTC)"
        );
        let utc = Zone::parse("UTC").expect("a zone");
        assert_eq!(
            instant_in_words(instant("2026-01-12T13:00:00Z"), &utc),
            "Monday, 12 January 2026, 13:00 UTC"
        );
    }

    #[test]
    fn the_next_business_day_is_today_before_the_desk_opens() {
        let instant = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let opens = instant("2026-01-12T13:00:00Z");
        let words = |now| business_day_in_words(opens, instant(now), &new_york());
        assert_eq!(words("2026-01-12T06:00:00Z"), "today, Monday, 12 January 2026");
        assert_eq!(words("2026-01-12T04:59:59Z"), "on Monday, 12 January 2026");
    }

    #[test]
    fn weekdays_with_the_same_hours_are_one_group() {
        let mut week = Week::default();
        let span = |text| DaySpan::parse(text).expect("a span");
        for day in &WEEK[..5] {
            week.add(*day, [span("08:00-12:00"), span("13:00-24:00")]);
        }
        week.add(Weekday::Saturday, [span("22:00-06:00")]);
        let calendar =
            Calendar::new("a", new_york(), week, std::collections::BTreeMap::new(), Holidays::default());
        assert_eq!(
            hours_in_words(&calendar),
            "Monday to Friday 08:00–12:00 and 13:00–24:00, Saturday 22:00–06:00 (America/New_York)"
        );
    }
}
