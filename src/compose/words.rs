//! Instants and hours as a person would say them, in English or in the language of a reply.
//!
//! Not here: the words of other languages ([`Language`]), and sentences; those are the templates'.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time, Weekday};

use crate::base::language::Language;
use crate::calendar::{Calendar, DaySpan, Zone};

/// `Monday, 12 January 2026, 08:00 EST (13:00 UTC)`; the UTC date is named where it is another day, seconds where
/// there are any.
pub fn instant_in_words(instant: Timestamp, zone: &Zone) -> String {
    Wording::ENGLISH.instant(instant, zone)
}

/// `Monday, 12 January 2026, 08:00 EST`: an instant as the desk's own clock has it.
pub(super) fn local_in_words(instant: Timestamp, zone: &Zone) -> String {
    let local = Wording::ENGLISH.date_and_time(zone.to_zoned(instant).datetime());
    format!("{local} {}", zone.abbreviation(instant))
}

/// `08:00`, with seconds where there are any.
pub(super) fn clock_in_words(time: Time) -> String {
    Wording::ENGLISH.time(time)
}

/// `Monday to Friday 08:00–20:00, Saturday 09:00–12:00 (America/New_York)`.
pub fn hours_in_words(calendar: &Calendar) -> String {
    Wording::ENGLISH.hours(calendar)
}

/// The language of what is written: English in a form of our own, any other as its speakers have it.
///
/// What a language has no word for in the locale data is said by signs: `–` for "to" and for "never".
#[derive(Debug, Clone, Copy)]
pub(super) struct Wording<'l> {
    other: Option<&'l Language>,
}

impl<'l> Wording<'l> {
    const ENGLISH: Wording<'static> = Wording { other: None };

    /// What a template of this language is filled with; one that names none is in English.
    pub(super) fn of(language: Option<&'l Language>) -> Self {
        Wording { other: language.filter(|language| !language.is_english()) }
    }

    /// See [`instant_in_words`].
    pub(super) fn instant(self, instant: Timestamp, zone: &Zone) -> String {
        let local = zone.to_zoned(instant).datetime();
        let utc = instant.to_zoned(jiff::tz::TimeZone::UTC).datetime();
        let abbreviation = zone.abbreviation(instant);
        let own = self.date_and_time(local);
        if abbreviation == "UTC" {
            return format!("{own} UTC");
        }
        let there = if utc.date() == local.date() { self.time(utc.time()) } else { self.day_and_time(utc) };
        // A zone that has no letters is named by its offset, which says the same as a reader's arithmetic.
        let abbreviation =
            if abbreviation.starts_with(['+', '-']) { format!("UTC{abbreviation}") } else { abbreviation };
        format!("{own} {abbreviation} ({there} UTC)")
    }

    /// `today, Monday, 12 January 2026` or `on Monday, 12 January 2026`.
    pub(super) fn business_day(self, opens_at: Timestamp, now: Timestamp, zone: &Zone) -> String {
        let (day, today) = (zone.date_at(opens_at), zone.date_at(now));
        let date = self.date(day);
        match (self.other, day == today) {
            (None, true) => format!("today, {date}"),
            (None, false) => format!("on {date}"),
            (Some(language), true) => format!("{}, {date}", language.today()),
            (Some(_), false) => date,
        }
    }

    /// See [`hours_in_words`].
    pub(super) fn hours(self, calendar: &Calendar) -> String {
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
            .map(|(first, last, spans)| format!("{} {}", self.days(*first, *last), self.spans(spans)))
            .collect();
        let never = if self.other.is_some() { "–" } else { "no weekly hours" };
        let hours = if open.is_empty() { never.to_owned() } else { open.join(", ") };
        format!("{hours} ({})", calendar.zone().name())
    }

    /// `Monday, 12 January 2026`.
    fn date(self, date: Date) -> String {
        self.other.map_or_else(|| date.strftime("%A, %-d %B %Y").to_string(), |language| language.date(date))
    }

    fn date_and_time(self, at: DateTime) -> String {
        match self.other {
            None => format!("{}, {}", self.date(at.date()), self.time(at.time())),
            Some(language) => language.date_and_time(at),
        }
    }

    /// The same without the year.
    fn day_and_time(self, at: DateTime) -> String {
        match self.other {
            None => format!("{}, {}", at.strftime("%A, %-d %B"), self.time(at.time())),
            Some(language) => language.day_and_time(at),
        }
    }

    fn time(self, time: Time) -> String {
        let format = if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
        self.other.map_or_else(|| time.strftime(format).to_string(), |language| language.time(time))
    }

    fn days(self, first: Weekday, last: Weekday) -> String {
        let name =
            |day| self.other.map_or_else(|| day_name(day).to_owned(), |language| language.weekday(day));
        match (last.since(first), self.other) {
            (0, _) => name(first),
            (1, _) => self.list(&[name(first), name(last)]),
            (6, None) => "every day".to_owned(),
            (_, None) => format!("{} to {}", name(first), name(last)),
            (_, Some(_)) => format!("{}–{}", name(first), name(last)),
        }
    }

    fn spans(self, spans: &[DaySpan]) -> String {
        let spans: Vec<String> = spans
            .iter()
            .map(|span| format!("{}–{}", self.clock(span.start_minute()), self.clock(span.end_minute())))
            .collect();
        self.list(&spans)
    }

    /// A minute of the day or of the next; the 1440th is the end of the day.
    fn clock(self, minute: u16) -> String {
        let of_day = if minute > END_OF_DAY { minute - END_OF_DAY } else { minute };
        let time = i8::try_from(of_day / 60).ok().zip(i8::try_from(of_day % 60).ok());
        let time = time.and_then(|(hour, minute)| Time::new(hour, minute, 0, 0).ok());
        match (time, self.other) {
            (Some(time), _) => self.time(time),
            (None, None) => "24:00".to_owned(),
            (None, Some(language)) => language.end_of_day(),
        }
    }

    fn list(self, items: &[String]) -> String {
        self.other.map_or_else(|| items.join(" and "), |language| language.list(items))
    }
}

/// In minutes.
const END_OF_DAY: u16 = 1440;

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
        let words = |now| Wording::ENGLISH.business_day(opens, instant(now), &new_york());
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

    #[test]
    fn another_language_says_the_same_in_its_own_words() {
        let german = Language::parse("de").expect("German");
        let words = Wording::of(Some(&german));
        let instant = |text: &str| text.parse::<Timestamp>().expect("an instant");
        let opens = instant("2026-01-12T13:00:00Z");
        assert_eq!(words.instant(opens, &new_york()), "Montag, 12. Januar 2026 um 08:00 EST (13:00 UTC)");
        assert_eq!(
            words.instant(instant("2026-07-11T01:30:05Z"), &new_york()),
            "Freitag, 10. Juli 2026 um 21:30:05 EDT (Samstag, 11. Juli um 01:30:05 UTC)"
        );
        let next = |now| words.business_day(opens, instant(now), &new_york());
        assert_eq!(next("2026-01-12T06:00:00Z"), "heute, Montag, 12. Januar 2026");
        assert_eq!(next("2026-01-12T04:59:59Z"), "Montag, 12. Januar 2026");
        for (tag, expected) in [
            ("fr", "aujourd’hui, lundi 12 janvier 2026"),
            ("es", "hoy, lunes, 12 de enero de 2026"),
            ("it", "oggi, lunedì 12 gennaio 2026"),
            ("pt", "hoje, segunda-feira, 12 de janeiro de 2026"),
            ("nl", "vandaag, maandag 12 januari 2026"),
        ] {
            let language = Language::parse(tag).expect(tag);
            let words = Wording::of(Some(&language)).business_day(opens, opens, &new_york());
            assert_eq!(words, expected);
        }
        let british = Language::parse("en-GB").expect("English");
        assert_eq!(
            Wording::of(Some(&british)).instant(opens, &new_york()),
            instant_in_words(opens, &new_york())
        );
    }

    #[test]
    fn hours_are_said_in_another_language_without_words_it_does_not_have() {
        let hours = |tag, days: &[(Weekday, &str)]| {
            let language = Language::parse(tag).expect("a language");
            let mut week = Week::default();
            for (day, span) in days {
                week.add(*day, [DaySpan::parse(span).expect("a span")]);
            }
            let none = std::collections::BTreeMap::new();
            let calendar = Calendar::new("a", new_york(), week, none, Holidays::default());
            Wording::of(Some(&language)).hours(&calendar)
        };
        let mut days: Vec<(Weekday, &str)> = WEEK[..5].iter().map(|day| (*day, "08:00-12:00")).collect();
        days.extend(WEEK[..5].iter().map(|day| (*day, "13:00-24:00")));
        days.push((Weekday::Saturday, "22:00-06:00"));
        assert_eq!(
            hours("de", &days),
            "Montag–Freitag 08:00–12:00 und 13:00–24:00, Samstag 22:00–06:00 (America/New_York)"
        );
        assert_eq!(
            hours("fr", &[(Weekday::Monday, "09:00-17:00"), (Weekday::Tuesday, "09:00-17:00")]),
            "lundi et mardi 09:00–17:00 (America/New_York)"
        );
        assert_eq!(hours("es", &[]), "– (America/New_York)");
    }
}
