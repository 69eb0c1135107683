//! A time zone by its IANA name or as a fixed offset, and the two directions of conversion.
//!
//! The rules of the zones are compiled into the program, so a decision is the same on every machine; the zone files of
//! the system and `TZ` are never read. Nothing here knows opening hours.
//!
//! **Invariants.** A wall time always maps to one instant: one that a clock change skips moves forward by the length
//! of the gap, and of one that happens twice the first counts. Instants past the ends of what can be expressed are
//! clamped, never wrapped.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};

use crate::base::diagnostic::suggest;

/// The widest offset that is taken from a file. Real zones lie between -12:00 and +14:00.
const WIDEST_OFFSET_HOURS: i32 = 14;

/// A zone holds a handful of changes a year (Morocco has four); more are not looked at.
const CHANGES_A_YEAR_AT_MOST: usize = 16;

/// A time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// A text that names no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no time zone that is known here")]
pub struct ZoneError {
    /// What was written.
    pub found: String,
    /// `did you mean …?`, when a known name is near.
    pub hint: Option<String>,
}

impl ZoneError {
    /// What may be written instead.
    pub const ALLOWED: &'static str = "an IANA name such as \"Europe/London\", \"UTC\", or a fixed offset such as \"+05:30\", at most 14 hours";
}

impl Zone {
    /// Reads an IANA name (upper and lower case are equal), `UTC`, `Z`, or a fixed offset `+HH:MM` or `-HH:MM`.
    ///
    /// # Errors
    /// When the text is neither; the error suggests the nearest name.
    pub fn parse(text: &str) -> Result<Zone, ZoneError> {
        if matches!(text, "Z" | "z") || text.eq_ignore_ascii_case("UTC") {
            return Ok(Zone { name: "UTC".to_owned(), rules: TimeZone::UTC });
        }
        if let Some(offset) = parse_offset(text) {
            return Ok(Zone { name: spelled_offset(offset), rules: TimeZone::fixed(offset) });
        }
        let found = TimeZoneDatabase::bundled().get(text).ok().filter(|rules| !rules.is_unknown());
        match found {
            Some(rules) => Ok(Zone { name: rules.iana_name().unwrap_or(text).to_owned(), rules }),
            None => Err(ZoneError { found: text.to_owned(), hint: nearest_name(text) }),
        }
    }

    /// The IANA name as it is spelled in the database, `UTC`, or the offset, `+05:30`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The instant with the wall clock of this zone.
    pub fn to_zoned(&self, instant: Timestamp) -> Zoned {
        instant.to_zoned(self.rules.clone())
    }

    /// The local date at an instant.
    pub fn date_at(&self, instant: Timestamp) -> Date {
        self.rules.to_datetime(instant).date()
    }

    /// The instant of a wall time: a time in a gap moves forward by the gap, of an ambiguous time the first counts.
    pub fn at(&self, wall: DateTime) -> Timestamp {
        let clamped = if wall.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
        self.rules.to_ambiguous_timestamp(wall).compatible().unwrap_or(clamped)
    }

    /// The zone's own short name at an instant, such as `EST`; where it has none, the offset, such as `+05:45`.
    pub fn abbreviation(&self, instant: Timestamp) -> String {
        let info = self.rules.to_offset_info(instant);
        let short = info.abbreviation();
        // The database writes `+0545` and `-03` for zones whose people use no abbreviation.
        if short.starts_with(|first: char| first.is_ascii_alphabetic()) {
            short.to_owned()
        } else {
            spelled_offset(info.offset())
        }
    }

    /// How far the wall clock is ahead of UTC at an instant, in seconds.
    pub fn offset_seconds(&self, instant: Timestamp) -> i32 {
        self.rules.to_offset(instant).seconds()
    }

    /// The zone whose clock always stands as this one's does at an instant.
    pub(super) fn standing_still(&self, instant: Timestamp) -> Zone {
        let offset = self.rules.to_offset(instant);
        Zone { name: spelled_offset(offset), rules: TimeZone::fixed(offset) }
    }

    /// Whether the clocks of this zone are changed in that year (by the Gregorian year in UTC).
    pub fn has_summer_time(&self, year: i16) -> bool {
        let Ok(new_year) = Date::new(year, 1, 1) else { return false };
        let start = Zone::utc(new_year);
        let end = Date::new(year.saturating_add(1), 1, 1).map_or(Timestamp::MAX, Zone::utc);
        let at_start = self.rules.to_offset(start);
        self.rules
            .following(start)
            .take(CHANGES_A_YEAR_AT_MOST)
            .take_while(|change| change.timestamp() < end)
            .any(|change| change.offset() != at_start)
    }

    /// Whether the zone jumped over that whole date, as Samoa did over 30 December 2011.
    pub(super) fn skips(&self, date: Date) -> bool {
        let first = self.rules.to_ambiguous_timestamp(date.to_datetime(Time::midnight()));
        if !matches!(first.offset(), AmbiguousOffset::Gap { .. }) {
            return false;
        }
        // A gap may also swallow only the beginning of a date, as it did every spring in São Paulo.
        [Time::midnight(), Time::MAX]
            .iter()
            .all(|time| self.date_at(self.at(date.to_datetime(*time))) != date)
    }

    fn utc(date: Date) -> Timestamp {
        TimeZone::UTC.to_timestamp(date.to_datetime(Time::midnight())).unwrap_or(Timestamp::MIN)
    }
}

/// `+HH:MM` or `-HH:MM`, or nothing.
fn parse_offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let seconds = hours * 3600 + minutes * 60;
    let valid = minutes < 60 && seconds <= WIDEST_OFFSET_HOURS * 3600;
    if valid { Offset::from_seconds(sign * seconds).ok() } else { None }
}

/// Exactly two ASCII digits.
fn two_digits(text: &str) -> Option<i32> {
    let two = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if two { text.parse().ok() } else { None }
}

/// `+05:30`; offsets of the nineteenth century keep their seconds, `-04:56:02`.
fn spelled_offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, minutes, rest) = (seconds.abs() / 3600, seconds.abs() / 60 % 60, seconds.abs() % 60);
    if rest == 0 {
        format!("{sign}{hours:02}:{minutes:02}")
    } else {
        format!("{sign}{hours:02}:{minutes:02}:{rest:02}")
    }
}

/// People write the city alone, or with a blank; everything else is left to the spelling distance.
fn nearest_name(text: &str) -> Option<String> {
    let folded = text.trim().replace(' ', "_").to_lowercase();
    let database = TimeZoneDatabase::bundled();
    let names: Vec<String> = database.available().map(|name| name.as_str().to_owned()).collect();
    let same_city = |name: &&String| {
        let name = name.to_lowercase();
        name == folded || name.rsplit('/').next() == Some(folded.as_str())
    };
    match names.iter().find(same_city) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None => suggest(&folded, names.iter().map(String::as_str)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(text: &str) -> Zone {
        Zone::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_taken_in_any_case_and_spelled_as_the_database_does() {
        for (written, name) in [
            ("Europe/London", "Europe/London"),
            ("america/new_york", "America/New_York"),
            ("UTC", "UTC"),
            ("utc", "UTC"),
            ("Z", "UTC"),
            ("+05:30", "+05:30"),
            ("-03:00", "-03:00"),
            ("+14:00", "+14:00"),
            ("Etc/GMT+5", "Etc/GMT+5"),
        ] {
            assert_eq!(zone(written).name(), name);
        }
    }

    #[test]
    fn what_is_no_zone_is_refused_with_the_nearest_name() {
        for (written, hint) in [
            ("Europe/Londn", Some("did you mean `Europe/London`?")),
            ("New York", Some("did you mean `America/New_York`?")),
            ("kathmandu", Some("did you mean `Asia/Kathmandu`?")),
            ("Amerika/New_York", Some("did you mean `America/New_York`?")),
            ("", None),
            ("wherever the sun shines", None),
        ] {
            let error = Zone::parse(written).unwrap_err();
            assert_eq!((error.found.as_str(), error.hint.as_deref()), (written, hint));
        }
        for written in
            ["+5:30", "+0530", "+05:60", "+14:01", "-26:00", "+", "+é:00", "Etc/Unknown", " UTC", "05:30"]
        {
            assert!(Zone::parse(written).is_err(), "{written}");
        }
    }

    #[test]
    fn a_time_in_a_gap_moves_forward_and_of_two_the_first_counts() {
        for (name, wall, at) in [
            ("America/New_York", "2026-03-08T02:30", "2026-03-08T07:30:00Z"),
            ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z"),
            ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45:00Z"),
            ("America/Sao_Paulo", "2018-11-04T00:00", "2018-11-04T03:00:00Z"),
            ("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T19:00:00Z"),
            ("+05:30", "2026-01-01T00:00", "2025-12-31T18:30:00Z"),
        ] {
            assert_eq!(zone(name).at(wall.parse().unwrap()), instant(at), "{name} {wall}");
        }
        assert_eq!(zone("UTC").at(DateTime::MAX), Timestamp::MAX);
        assert_eq!(zone("+14:00").at(DateTime::MIN), Timestamp::MIN);
    }

    #[test]
    fn an_abbreviation_is_a_word_or_an_offset() {
        for (name, at, short) in [
            ("America/New_York", "2026-01-15T00:00:00Z", "EST"),
            ("America/New_York", "2026-07-15T00:00:00Z", "EDT"),
            ("Asia/Kathmandu", "2026-07-15T00:00:00Z", "+05:45"),
            ("America/Sao_Paulo", "2026-07-15T00:00:00Z", "-03:00"),
            ("+05:30", "2026-07-15T00:00:00Z", "+05:30"),
            ("UTC", "2026-07-15T00:00:00Z", "UTC"),
        ] {
            assert_eq!(zone(name).abbreviation(instant(at)), short, "{name}");
        }
    }

    #[test]
    fn summer_time_is_a_matter_of_the_year() {
        assert!(zone("Europe/London").has_summer_time(2026));
        assert!(zone("Africa/Casablanca").has_summer_time(2026));
        assert!(!zone("Asia/Kolkata").has_summer_time(2026));
        assert!(!zone("+01:00").has_summer_time(2026));
        assert!(zone("America/Sao_Paulo").has_summer_time(2018));
        assert!(!zone("America/Sao_Paulo").has_summer_time(2026));
        assert!(!zone("Europe/London").has_summer_time(i16::MAX));
    }

    #[test]
    fn only_a_date_that_never_was_is_skipped() {
        let date = |text: &str| text.parse::<Date>().unwrap();
        assert!(zone("Pacific/Apia").skips(date("2011-12-30")));
        assert!(!zone("Pacific/Apia").skips(date("2011-12-29")));
        assert!(!zone("Pacific/Apia").skips(date("2011-12-31")));
        assert!(zone("Pacific/Kwajalein").skips(date("1993-08-21")));
        assert!(!zone("America/Sao_Paulo").skips(date("2018-11-04")));
    }
}
