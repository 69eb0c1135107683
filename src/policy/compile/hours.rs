//! Calendars, desks and how mail is assigned to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, Weekday};

use super::super::files::TextFiles;
use super::super::written;
use super::super::{Assign, AssignTo, CalendarPlaces, Condition, Desk, HolidayFile, Key, Lint};
use super::conditions::condition;
use super::{Seen, Vocabulary, at_most, find, origin, repair};
use crate::base::diagnostic::{Diagnostic, Location, SourceFile, suggest};
use crate::base::document::{At, Problems, clip};
use crate::calendar::{
    Calendar, DaySpan, Holidays, Week, Zone, ZoneError, overlapping, parse_weekdays, weekday_name,
};

/// A calendar that could be compiled, under the name it has in the file.
pub(super) struct Compiled {
    pub(super) name: String,
    pub(super) calendar: Calendar,
    pub(super) places: CalendarPlaces,
}

impl Compiled {
    pub(super) fn zone(&self) -> &Zone {
        self.calendar.zone()
    }
}

/// The most calendars, and in one calendar the most holiday files, entries of a week and spans of a day: working out
/// the openings of a calendar takes some milliseconds.
const MOST_CALENDARS: usize = 100;

/// The most spans that the weeks of all calendars have together: half a century of them is worked out in less than a
/// second, and takes about 100 MB. A hundred calendars with two spans on each day have 1,400.
const MOST_SPANS: usize = 2_000;

pub(super) fn calendars(
    file: &Arc<SourceFile>,
    written: &[written::Calendar],
    texts: &mut TextFiles<'_>,
    problems: &mut Problems,
) -> Vec<Compiled> {
    let mut seen = Seen::new("calendar");
    let mut compiled = Vec::new();
    let mut spans_of_all = 0;
    let beyond = written.get(MOST_CALENDARS).map(|calendar| calendar.place.span.clone());
    at_most(file, "calendars", MOST_CALENDARS, beyond, problems);
    for calendar in written.iter().take(MOST_CALENDARS) {
        let zone = calendar.time_zone.as_ref().and_then(|zone| self::zone(file, zone, problems));
        let mut week = week(file, &calendar.week, problems);
        let before = spans_of_all;
        spans_of_all += spans_in(&week);
        if spans_of_all > MOST_SPANS {
            // Told once; no later week is worked out.
            let beyond = (before <= MOST_SPANS).then(|| calendar.place.span.clone());
            at_most(file, "opening hours in its weeks together", MOST_SPANS, beyond, problems);
            week = Week::default();
        }
        let days = days(file, &calendar.days, problems);
        let (holidays, files) = holidays(file, &calendar.holidays, texts, problems);
        let places = places(calendar, files);
        let Some(name) = calendar.name.as_ref().filter(|name| seen.is_new(file, name, problems)) else {
            continue;
        };
        // A calendar with a mistake still takes its name, so that desks do not complain about it as well.
        let zone = zone.or_else(|| Zone::parse("UTC").ok());
        if let Some(zone) = zone {
            let calendar = Calendar::new(name.value.clone(), zone, week, days, holidays);
            compiled.push(Compiled { name: name.value.clone(), calendar, places });
        }
    }
    compiled
}

/// Where the parts of a calendar stand. What does not parse was noted as a mistake.
fn places(written: &written::Calendar, holidays: Vec<HolidayFile>) -> CalendarPlaces {
    let parsed = |text: &At<String>| Some((DaySpan::parse(&text.value).ok()?, origin(text)));
    let week = written.week.iter().take(MOST_CALENDARS).flat_map(|(days, spans)| {
        let days = parse_weekdays(&days.value).unwrap_or_default();
        let spans: Vec<_> = spans.iter().take(MOST_CALENDARS).filter_map(parsed).collect();
        let on = move |day| spans.clone().into_iter().map(move |(span, origin)| (day, span, origin));
        days.into_iter().flat_map(on)
    });
    let days =
        written.days.iter().filter_map(|(date, spans)| Some((date.value.parse::<Date>().ok()?, spans)));
    let days = days.flat_map(|(date, spans)| {
        spans.iter().filter_map(parsed).map(move |(span, origin)| (date, span, origin))
    });
    CalendarPlaces {
        time_zone: written.time_zone.as_ref().map_or(origin(&written.place), origin),
        week: week.collect(),
        days: days.collect(),
        holidays,
    }
}

fn spans_in(week: &Week) -> usize {
    Weekday::Monday.cycle_forward().take(7).map(|day| week.on(day).len()).sum()
}

fn zone(file: &Arc<SourceFile>, written: &At<String>, problems: &mut Problems) -> Option<Zone> {
    match Zone::parse(&written.value) {
        Ok(zone) => Some(zone),
        Err(error) => {
            problems.push_with(|| {
                Diagnostic::error(written.location(file), "there is no time zone of this name")
                    .found(format!("\"{}\"", clip(&written.value)))
                    .allowed(ZoneError::ALLOWED)
                    .hint_if(repair::zone(&written.value).or(error.hint))
            });
            None
        }
    }
}

fn spans(file: &Arc<SourceFile>, written: &[At<String>], problems: &mut Problems) -> Vec<DaySpan> {
    let mut spans: Vec<(DaySpan, &At<String>)> = Vec::new();
    let beyond = written.get(MOST_CALENDARS).map(|text| text.span.clone());
    at_most(file, "opening hours of one day", MOST_CALENDARS, beyond, problems);
    for text in written.iter().take(MOST_CALENDARS) {
        match DaySpan::parse(&text.value) {
            Ok(span) => spans.push((span, text)),
            Err(error) => {
                problems.push_with(|| {
                    Diagnostic::error(text.location(file), "these are no opening hours")
                        .found(format!("\"{}\"", clip(&text.value)))
                        .allowed(
                            "two times of day such as \"08:00-20:00\", \"22:00-06:00\" or \"00:00-24:00\"",
                        )
                        .hint(repair::span(&text.value).unwrap_or_else(|| error.to_string()))
                });
            }
        }
    }
    let bare: Vec<DaySpan> = spans.iter().map(|(span, _)| *span).collect();
    if let Some((first, second)) = overlapping(&bare)
        && let (Some((_, first)), Some((_, second))) = (spans.get(first), spans.get(second))
    {
        problems.push_with(|| {
            Diagnostic::error(second.location(file), "opening hours of one day overlap")
                .found(format!("\"{}\" and \"{}\"", clip(&first.value), clip(&second.value)))
                .allowed("hours that follow each other; adjoining ones are fine")
        });
    }
    bare
}

fn week(file: &Arc<SourceFile>, written: &[(At<String>, written::Spans)], problems: &mut Problems) -> Week {
    let mut by_day: BTreeMap<i8, (Vec<DaySpan>, At<()>)> = BTreeMap::new();
    let beyond = written.get(MOST_CALENDARS).map(|(days, _)| days.span.clone());
    at_most(file, "entries in one week", MOST_CALENDARS, beyond, problems);
    for (days, texts) in written.iter().take(MOST_CALENDARS) {
        let weekdays = match parse_weekdays(&days.value) {
            Ok(weekdays) => weekdays,
            Err(error) => {
                problems.push_with(|| Diagnostic::error(days.location(file), "these are no weekdays")
                        .found(format!("`{}`", clip(&days.value)))
                        .allowed("mon, tue, wed, thu, fri, sat, sun, a range such as mon-fri, or \"mon,wed\" in quotes")
                        .hint_if(repair::weekdays(&days.value).or_else(|| Some(error.to_string()).filter(|text| !text.is_empty()))),
                );
                continue;
            }
        };
        let spans = spans(file, texts, problems);
        for weekday in weekdays {
            let day = weekday.to_monday_zero_offset();
            if let Some((_, before)) = by_day.get(&day) {
                problems.push_with(|| {
                    Diagnostic::error(
                        days.location(file),
                        format!("{} has its hours twice", weekday_name(weekday)),
                    )
                    .found(format!(
                        "`{}`, and line {} before",
                        clip(&days.value),
                        file.line(before.span.start)
                    ))
                    .allowed("each weekday once; several spans of one day go into one list")
                });
                continue;
            }
            by_day.insert(day, (spans.clone(), At::new((), days.span.clone())));
        }
    }
    let mut week = Week::default();
    for (day, (spans, _)) in &by_day {
        if let Ok(weekday) = Weekday::from_monday_zero_offset(*day) {
            week.add(weekday, spans.iter().copied());
        }
    }
    if let Some(((first, _), (second, _))) = week.overlap()
        && first != second
        && let Some((_, place)) = by_day.get(&second.to_monday_zero_offset())
    {
        problems.push_with(|| {
            Diagnostic::error(
                place.location(file),
                "hours that run past midnight overlap with the next day's",
            )
            .found(format!("{} runs into {}", weekday_name(first), weekday_name(second)))
            .allowed("hours that follow each other; adjoining ones are fine")
        });
    }
    week
}

fn days(
    file: &Arc<SourceFile>,
    written: &[(At<String>, written::Spans)],
    problems: &mut Problems,
) -> BTreeMap<Date, Vec<DaySpan>> {
    let mut days = BTreeMap::new();
    for (text, spans) in written {
        let is_date = text.value.len() == 10;
        match text.value.parse::<Date>().ok().filter(|_| is_date) {
            None => problems.push_with(|| {
                Diagnostic::error(text.location(file), "this is no date")
                    .found(format!("`{}`", clip(&text.value)))
                    .allowed("year, month and day, such as \"2026-12-24\"")
                    .hint_if(repair::date(&text.value))
            }),
            Some(date) => {
                days.insert(date, self::spans(file, spans, problems));
            }
        }
    }
    days
}

fn holidays(
    file: &Arc<SourceFile>,
    written: &[At<String>],
    texts: &mut TextFiles<'_>,
    problems: &mut Problems,
) -> (Holidays, Vec<HolidayFile>) {
    let (mut all, mut files) = (Holidays::default(), Vec::new());
    let beyond = written.get(MOST_CALENDARS).map(|name| name.span.clone());
    at_most(file, "holiday files of one calendar", MOST_CALENDARS, beyond, problems);
    for name in written.iter().take(MOST_CALENDARS) {
        if !texts.contains(&name.value) {
            let known = texts.names("holidays", &[".ics"]);
            let file_name = |path: &str| path.rsplit('/').next() == Some(name.value.as_str());
            let lies = known
                .iter()
                .find(|path| file_name(path))
                .map(|path| format!("did you mean `{}`?", clip(path)));
            let lies = lies.or_else(|| {
                let date = name.value.parse::<Date>().is_ok();
                date.then(|| format!("a single day stands in `days`: {{ \"{}\" = [] }}", clip(&name.value)))
            });
            let lies = lies.or_else(|| {
                let web = name.value.contains("://");
                web.then(|| "nothing is fetched: save the calendar into the folder holidays/".to_owned())
            });
            problems.push_with(|| {
                Diagnostic::error(name.location(file), "this holiday file is missing")
                    .coded(Lint::HolidaysMissing.code())
                    .found(format!("\"{}\"", clip(&name.value)))
                    .allowed("an iCalendar file of this folder, such as \"holidays/us.ics\"")
                    .hint_if(lies.or_else(|| suggest(&name.value, known.iter().map(String::as_str))))
            });
            continue;
        }
        let Some((_, source)) = texts.open(&name.value, problems) else { continue };
        let (holidays, found) = Holidays::parse(&source.text);
        for problem in found {
            let mut diagnostic =
                Diagnostic::error(Location::new(&source, source.line_span(problem.line)), problem.message);
            diagnostic.severity = problem.severity;
            diagnostic.found = Some(problem.found);
            diagnostic.allowed = Some(problem.allowed);
            problems.push(diagnostic);
        }
        files.push(HolidayFile { last_year: holidays.last_year(), origin: origin(name) });
        all.merge(holidays);
    }
    (all, files)
}

pub(super) fn desks(
    file: &Arc<SourceFile>,
    written: &written::Policy,
    calendars: &[Compiled],
    problems: &mut Problems,
) -> (Vec<Desk>, Vec<String>) {
    let mut seen = Seen::new("desk");
    let mut desks = Vec::new();
    let beyond = written.desks.get(super::MOST_RULES).map(|desk| desk.place.span.clone());
    at_most(file, "desks", super::MOST_RULES, beyond, problems);
    for desk in written.desks.iter().take(super::MOST_RULES) {
        let named = desk.calendar.as_ref().filter(|_| !written.calendars.is_empty());
        let calendar = named.and_then(|name| {
            find(file, name, "calendar", calendars.iter().map(|calendar| calendar.name.as_str()), problems)
        });
        let Some(name) = desk.name.as_ref().filter(|name| seen.is_new(file, name, problems)) else {
            continue;
        };
        if ["next-open", "customer"].contains(&name.value.as_str()) {
            super::malformed(
                file,
                name,
                "a desk cannot have this name",
                "a name other than next-open and customer",
                problems,
            );
        }
        let calendar = calendar.unwrap_or(0);
        desks.push(Desk { name: name.value.clone(), calendar, origin: origin(name) });
    }
    let names = desks.iter().map(|desk| desk.name.clone()).collect();
    (desks, names)
}

pub(super) fn assigns(
    written: &[written::Assign],
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Vec<Assign> {
    let file = vocabulary.file;
    let all: Vec<usize> = (0..vocabulary.desks.len()).collect();
    if written.is_empty() {
        return vec![Assign { when: Condition::default(), to: AssignTo::NextOpen, pool: all, origin: None }];
    }
    let mut assigns = Vec::new();
    let beyond = written.get(super::MOST_RULES).map(|assign| assign.place.span.clone());
    at_most(file, "[[assign]] rows", super::MOST_RULES, beyond, problems);
    for (index, assign) in written.iter().take(super::MOST_RULES).enumerate() {
        let is_last = index + 1 == written.len();
        last_without_when(file, assign, is_last, problems);
        let when = condition(assign.when.as_ref(), vocabulary, &ASSIGN_KEYS, problems);
        let Some(to) = &assign.to else { continue };
        let to = match to.value.as_str() {
            "next-open" => AssignTo::NextOpen,
            "customer" => AssignTo::Customer,
            _ => {
                let known = vocabulary.desks.iter().map(String::as_str).chain(["next-open", "customer"]);
                find(file, to, "desk", known, problems)
                    .filter(|index| *index < vocabulary.desks.len())
                    .map_or(AssignTo::NextOpen, AssignTo::Desk)
            }
        };
        let mut pool: Vec<usize> = assign
            .desks
            .iter()
            .filter_map(|name| {
                find(file, name, "desk", vocabulary.desks.iter().map(String::as_str), problems)
            })
            .collect();
        pool.sort_unstable();
        pool.dedup();
        if assign.desks.is_empty() {
            pool.clone_from(&all);
        }
        assigns.push(Assign { when, to, pool, origin: Some(origin(&assign.place)) });
    }
    assigns
}

/// What is known while a mail is being assigned: nothing of the desk and its hours.
const ASSIGN_KEYS: [Key; 3] = [Key::Hours, Key::ClosedFor, Key::Desk];

fn last_without_when(
    file: &Arc<SourceFile>,
    assign: &written::Assign,
    is_last: bool,
    problems: &mut Problems,
) {
    if is_last && assign.when.is_some() {
        problems.push_with(|| {
            Diagnostic::error(
                assign.place.location(file),
                "the last [[assign]] has a `when`, so some mail has no desk",
            )
            .allowed("a last [[assign]] without `when`")
        });
    }
    if !is_last && assign.when.is_none() {
        problems.push_with(|| {
            Diagnostic::error(
                assign.place.location(file),
                "this [[assign]] takes every mail; those after it never apply",
            )
            .allowed("a `when`, or its place at the end")
        });
    }
}
