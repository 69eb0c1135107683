//! Business time as the tests of other projects have it: one fact a line, where projects differ ours decides.

use std::collections::BTreeMap;
use std::fs;

use jiff::{SignedDuration, Timestamp};
use nightdesk::calendar::{Calendar, DaySpan, Holidays, Interval, Week, Zone, parse_weekdays};

/// Facts that contradict the rules of this project, and why.
const DISSENT: [(&str, &str); 3] = [
    ("bt164", "zero business hours at a closed time are the next opening here, not the time itself"),
    ("bt175", "a holiday removes the spans that start on it; the night shift from the day before runs on"),
    ("bt176", "a holiday removes the spans that start on it; its own night shift does not begin"),
];

/// One line of the table.
struct Fact<'t> {
    id: &'t str,
    op: &'t str,
    calendar: Calendar,
    start: Timestamp,
    argument: &'t str,
    expected: &'t str,
}

#[test]
fn business_time_agrees_with_other_projects() {
    let Some(folder) = crate::corpus() else { return };
    let text = fs::read_to_string(folder.join("business_time.tsv")).expect("business_time.tsv");
    let facts: Vec<Fact<'_>> = text.lines().skip(1).map(read_fact).collect();
    let mut wrong = Vec::new();
    for fact in &facts {
        let answer = answer(fact);
        let expected = normal(fact.expected);
        let dissents = DISSENT.iter().any(|(id, _)| *id == fact.id);
        if (answer == expected) == dissents {
            wrong.push(format!("{} {}: {answer} instead of {expected}", fact.id, fact.op));
        }
    }
    println!(
        "{} of {} facts agree, {} differ on purpose",
        facts.len() - DISSENT.len(),
        facts.len(),
        DISSENT.len()
    );
    for (id, why) in DISSENT {
        println!("{id}: {why}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(facts.len(), 61);
}

fn answer(fact: &Fact<'_>) -> String {
    let Fact { calendar, start, argument, .. } = fact;
    match fact.op {
        "add" => said(calendar.add_open_time(*start, hours(argument))),
        "sub" => said(before_open_time(calendar, *start, hours(argument))),
        "between" => {
            let end: Timestamp = argument.parse().expect("an instant");
            format!("{}s", calendar.open_time_between(*start, end).as_secs())
        }
        "next_open" => said(calendar.next_opening(*start)),
        "next_period" => {
            let week = SignedDuration::from_hours(24 * 7);
            let next = calendar.intervals(*start, *start + week).next();
            next.map_or("none".to_owned(), |Interval { start, end }| format!("{start}/{end}"))
        }
        other => panic!("unknown operation {other}"),
    }
}

/// Open time counted backwards, which only these facts ask for.
fn before_open_time(calendar: &Calendar, end: Timestamp, amount: SignedDuration) -> Option<Timestamp> {
    let month = SignedDuration::from_hours(24 * 31);
    let mut left = amount;
    let intervals: Vec<Interval> = calendar.intervals(end - month, end).collect();
    for interval in intervals.iter().rev() {
        if left <= interval.duration() {
            return Some(interval.end - left);
        }
        left -= interval.duration();
    }
    None
}

fn said(instant: Option<Timestamp>) -> String {
    instant.map_or("none".to_owned(), |instant| instant.to_string())
}

/// The expected value with its instants in UTC.
fn normal(expected: &str) -> String {
    let utc = |text: &str| text.parse::<Timestamp>().map_or(text.to_owned(), |instant| instant.to_string());
    expected.split('/').map(utc).collect::<Vec<_>>().join("/")
}

fn hours(text: &str) -> SignedDuration {
    SignedDuration::from_hours(text.trim_end_matches('h').parse().expect("hours"))
}

fn read_fact(line: &str) -> Fact<'_> {
    let columns: Vec<&str> = line.split('\t').collect();
    let [id, op, hours, exceptions, breaks, holidays, zone, start, argument, expected, ..] =
        columns.as_slice()
    else {
        panic!("{line}");
    };
    assert_eq!(*exceptions, "", "{id}: no fact has exceptions so far");
    let zone = Zone::parse(zone).expect("a zone");
    let calendar = Calendar::new(*id, zone, week(hours, breaks), BTreeMap::new(), read_holidays(holidays));
    let start = start.parse().expect("an instant");
    Fact { id, op, calendar, start, argument, expected }
}

/// Every fact with breaks has one span and one break, both `mon-fri`.
fn week(hours: &str, breaks: &str) -> Week {
    let text = match (hours.split_once(' '), breaks.split_once(' ')) {
        (Some((days, hours)), Some((_, pause))) => {
            let (opens, closes) = hours.split_once('-').expect("a span");
            let (from, to) = pause.split_once('-').expect("a span");
            format!("{days} {opens}-{from}; {days} {to}-{closes}")
        }
        _ => hours.to_owned(),
    };
    let mut week = Week::default();
    for part in text.split("; ") {
        let (days, span) = part.split_once(' ').expect("days and hours");
        let span = DaySpan::parse(span).expect("a span");
        for day in parse_weekdays(days).expect("weekdays") {
            week.add(day, [span]);
        }
    }
    week
}

fn read_holidays(dates: &str) -> Holidays {
    if dates.is_empty() {
        return Holidays::default();
    }
    let events: Vec<String> = dates
        .split(',')
        .map(|date| {
            format!("BEGIN:VEVENT\nDTSTART;VALUE=DATE:{}\nEND:VEVENT\n", date.trim().replace('-', ""))
        })
        .collect();
    let (holidays, problems) =
        Holidays::parse(&format!("BEGIN:VCALENDAR\n{}END:VCALENDAR\n", events.concat()));
    assert_eq!(problems, []);
    holidays
}
