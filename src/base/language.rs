//! Languages by their tags (BCP 47), and how each writes days and times.
//!
//! Words and their order come from the Unicode CLDR, through ICU4X with its data compiled into the program. Not here:
//! time zones, which language a mail is in, and translations. What CLDR has no word for is not said.
//!
//! **Invariants.** A [`Language`] that exists can write every date and time: in the Gregorian calendar, with 24 hours
//! and ASCII digits whatever its speakers prefer, so that a date goes with the zone and the reference beside it.

use icu_calendar::Gregorian;
use icu_datetime::fieldsets::{E, MDE, MDET, T, YMDE, YMDET};
use icu_datetime::input::{Date, DateTime, Time};
use icu_datetime::preferences::{HourCycle, NumberingSystem};
use icu_datetime::{DateTimeFormatterPreferences, FixedCalendarDateTimeFormatter, NoCalendarFormatter};
use icu_experimental::relativetime::options::Numeric;
use icu_experimental::relativetime::{RelativeTimeFormatter, RelativeTimeFormatterOptions};
use icu_list::ListFormatter;
use icu_list::options::ListFormatterOptions;
use icu_locale_core::extensions::unicode::value;
use icu_locale_core::{LanguageIdentifier, Locale};
use jiff::civil;

/// Writes dates, by which of their fields are shown.
type Dates<F> = FixedCalendarDateTimeFormatter<Gregorian, F>;

/// A language whose dates can be written.
#[derive(Debug)]
pub struct Language {
    tag: LanguageIdentifier,
    date: Dates<YMDE>,
    weekday: Dates<E>,
    by_minute: Times,
    by_second: Times,
    list: ListFormatter,
    today: String,
}

/// Writes times of one precision, alone and after a date with and without its year.
#[derive(Debug)]
struct Times {
    date_and_time: Dates<YMDET>,
    day_and_time: Dates<MDET>,
    time: NoCalendarFormatter<T>,
}

/// Why a text is no [`Language`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoLanguage {
    /// It is not formed like a tag.
    NotATag,
    /// It is formed like one, but CLDR has no dates in such a language.
    Unknown,
}

impl Language {
    /// What may be written for a language.
    pub const ALLOWED: &'static str =
        "the tag of a language, such as `de`, `fr`, `pt-BR` or `zh-Hant` (BCP 47)";

    /// Reads a tag: a language, and after it perhaps a script, a region and variants.
    ///
    /// # Errors
    /// When it is no tag, or of a language whose dates are not known.
    pub fn parse(tag: &str) -> Result<Self, NoLanguage> {
        let tag: LanguageIdentifier = tag.parse().map_err(|_| NoLanguage::NotATag)?;
        let language = Self::with_data(tag).ok_or(NoLanguage::Unknown)?;
        let root = Self::with_data(LanguageIdentifier::UNKNOWN).ok_or(NoLanguage::Unknown)?;
        // Without data of its own a language gets what all have in common: "Mon", "M01".
        let monday = civil::Weekday::Monday;
        if language.weekday(monday) == root.weekday(monday) {
            return Err(NoLanguage::Unknown);
        }
        Ok(language)
    }

    /// Everything that writes; `None` when CLDR lacks some of it, which by its own rules it never does.
    fn with_data(tag: LanguageIdentifier) -> Option<Self> {
        let locale = Locale::from(tag.clone());
        let mut how = DateTimeFormatterPreferences::from(&locale);
        how.hour_cycle = Some(HourCycle::H23);
        how.numbering_system = NumberingSystem::try_from(value!("latn")).ok();
        let mut named = RelativeTimeFormatterOptions::default();
        named.numeric = Some(Numeric::Auto);
        let days = RelativeTimeFormatter::try_new_long_day((&locale).into(), named).ok()?;
        let times = |date_and_time: YMDET, day_and_time: MDET, time: T| {
            Some(Times {
                date_and_time: Dates::try_new(how, date_and_time).ok()?,
                day_and_time: Dates::try_new(how, day_and_time).ok()?,
                time: NoCalendarFormatter::try_new(how, time).ok()?,
            })
        };
        let (date, day) = (YMDE::long(), MDE::long());
        Some(Self {
            tag,
            date: Dates::try_new(how, date).ok()?,
            weekday: Dates::try_new(how, E::long()).ok()?,
            by_minute: times(date.with_time_hm(), day.with_time_hm(), T::hm())?,
            by_second: times(date.with_time_hms(), day.with_time_hms(), T::hms())?,
            list: ListFormatter::try_new_and((&locale).into(), ListFormatterOptions::default()).ok()?,
            today: days.format(0.into()).to_string(),
        })
    }

    fn times(&self, time: civil::Time) -> &Times {
        if time.second() == 0 { &self.by_minute } else { &self.by_second }
    }

    /// The tag, spelled as BCP 47 recommends: `pt-BR`.
    pub fn tag(&self) -> String {
        self.tag.to_string()
    }

    /// Whether it is English, of whatever region.
    pub fn is_english(&self) -> bool {
        self.tag.language.as_str() == "en"
    }

    /// `Montag, 12. Januar 2026`.
    pub fn date(&self, date: civil::Date) -> String {
        in_words(day_of(date), &date, |date| self.date.format(&date).to_string())
    }

    /// `Montag, 12. Januar 2026 um 08:00`, with seconds where there are any.
    pub fn date_and_time(&self, at: civil::DateTime) -> String {
        let times = self.times(at.time());
        in_words(instant_of(at), &at, |at| times.date_and_time.format(&at).to_string())
    }

    /// `Montag, 12. Januar um 08:00`, with seconds where there are any.
    pub fn day_and_time(&self, at: civil::DateTime) -> String {
        let times = self.times(at.time());
        in_words(instant_of(at), &at, |at| times.day_and_time.format(&at).to_string())
    }

    /// `08:00`, with seconds where there are any.
    pub fn time(&self, time: civil::Time) -> String {
        let times = self.times(time);
        in_words(time_of(time), &time, |time| times.time.format(&time).to_string())
    }

    /// The end of a day, as `24:00`: a time that no clock shows, but opening hours do.
    pub fn end_of_day(&self) -> String {
        self.time(civil::time(22, 0, 0, 0)).replace("22", "24")
    }

    /// `Montag`, standing alone.
    pub fn weekday(&self, day: civil::Weekday) -> String {
        // The first of January of 2001 was a Monday.
        let date =
            civil::date(2001, 1, 1).saturating_add(jiff::Span::new().days(day.to_monday_zero_offset()));
        in_words(day_of(date), &date, |date| self.weekday.format(&date).to_string())
    }

    /// `heute`.
    pub fn today(&self) -> &str {
        &self.today
    }

    /// `A, B und C`.
    pub fn list(&self, items: &[String]) -> String {
        self.list.format(items.iter()).to_string()
    }
}

/// What is written; a date that the calendar of ICU4X would not take stands as in ISO 8601.
fn in_words<D>(taken: Option<D>, plain: &impl ToString, write: impl FnOnce(D) -> String) -> String {
    taken.map_or_else(|| plain.to_string(), write)
}

fn day_of(date: civil::Date) -> Option<Date<Gregorian>> {
    let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
    Date::try_new_gregorian(date.year().into(), month, day).ok()
}

fn time_of(time: civil::Time) -> Option<Time> {
    let [hour, minute, second] = [time.hour(), time.minute(), time.second()].map(i8::unsigned_abs);
    Time::try_new(hour, minute, second, 0).ok()
}

fn instant_of(at: civil::DateTime) -> Option<DateTime<Gregorian>> {
    Some(DateTime { date: day_of(at.date())?, time: time_of(at.time())? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_writes_dates_in_its_own_way() {
        let at = civil::date(2026, 1, 12).at(8, 0, 0, 0);
        for (tag, expected) in [
            ("de", "Montag, 12. Januar 2026 um 08:00"),
            ("de-AT", "Montag, 12. Jänner 2026 um 08:00"),
            ("fr", "lundi 12 janvier 2026 à 08:00"),
            ("es", "lunes, 12 de enero de 2026 a las 08:00"),
            ("it", "lunedì 12 gennaio 2026 alle ore 08:00"),
            ("pt-BR", "segunda-feira, 12 de janeiro de 2026 às 08:00"),
            ("nl", "maandag 12 januari 2026 om 08:00"),
            ("pl", "poniedziałek, 12 stycznia 2026 08:00"),
            ("da", "mandag 12. januar 2026 kl. 08.00"),
            ("ja", "2026年1月12日月曜日 8:00"),
            // Its speakers count other years and write other digits.
            ("fa", "دوشنبه 12 ژانویه 2026 ساعت 8:00"),
        ] {
            assert_eq!(Language::parse(tag).expect(tag).date_and_time(at), expected, "{tag}");
        }
    }

    #[test]
    fn the_rest_is_in_the_language_as_well() {
        let german = Language::parse("de").expect("German");
        let at = civil::date(2026, 1, 11).at(21, 30, 5, 0);
        assert_eq!(german.day_and_time(at), "Sonntag, 11. Januar um 21:30:05");
        assert_eq!(german.date(at.date()), "Sonntag, 11. Januar 2026");
        assert_eq!((german.time(at.time()).as_str(), german.end_of_day().as_str()), ("21:30:05", "24:00"));
        assert_eq!((german.weekday(civil::Weekday::Sunday).as_str(), german.today()), ("Sonntag", "heute"));
        assert_eq!(german.list(&["a".into(), "b".into(), "c".into()]), "a, b und c");
        assert_eq!(Language::parse("fi").expect("Finnish").end_of_day(), "24.00");
    }

    #[test]
    fn a_tag_is_read_in_any_case_and_one_without_dates_is_refused() {
        assert_eq!(Language::parse("PT-br").expect("Portuguese").tag(), "pt-BR");
        assert!(Language::parse("en-GB").expect("English").is_english());
        for tag in ["dk", "jp", "xx", "und", "tlh"] {
            assert_eq!(Language::parse(tag).err(), Some(NoLanguage::Unknown), "{tag}");
        }
        for tag in ["", "german", "d", "v1.de", "de-", "de-AT-u-hc-h12", "de AT", "../de", "1"] {
            assert_eq!(Language::parse(tag).err(), Some(NoLanguage::NotATag), "{tag}");
        }
    }
}
