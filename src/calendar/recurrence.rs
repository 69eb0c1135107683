//! Recurrence rules of whole days, RFC 5545 §3.3.10: reading them strictly and listing their dates.
//!
//! The rule engine of calcard is not used here, because it turns mistakes into other rules: `INTERVAL=0` and `COUNT=0`
//! count as absent and make the rule endless, a missing `FREQ` after a stray part is guessed, numbers are cut to eight
//! bits (`BYMONTHDAY=257` becomes the 1st), and it has no window, so one endless rule uses up the limit of a whole file.
//! For whole days a rule is only a filter over the days of a year, month or week, which is this file. The tests hold
//! the two against each other on rules that calcard reads rightly.
//!
//! **Invariants.** Dates come in order, none twice, none before the start. No rule costs more than its share of
//! `Effort`, whatever it says.

use jiff::Span;
use jiff::civil::{Date, Weekday};

/// More dates than this are no holidays: even every 13th of a month until 2100 is less.
pub(super) const MAX_DATES_OF_A_RULE: usize = 1000;

/// Wider intervals than the horizon has periods say nothing.
const MAX_INTERVAL: u32 = 10_000;

/// How often a rule looks for dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// When a rule ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Never,
    /// The last date that may be one of its dates.
    Until(Date),
    /// How many dates it has.
    Count(u32),
}

/// `1MO`, `-1FR`, or `TU` for every Tuesday (then `nth` is 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ByDay {
    nth: i16,
    weekday: Weekday,
}

/// A rule as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    frequency: Frequency,
    interval: u32,
    end: End,
    by_month: Vec<i16>,
    by_month_day: Vec<i16>,
    by_year_day: Vec<i16>,
    by_week_number: Vec<i16>,
    by_day: Vec<ByDay>,
    by_position: Vec<i16>,
    week_start: Weekday,
}

/// Why a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RuleError {
    pub(super) message: String,
    pub(super) allowed: String,
}

impl RuleError {
    fn new(message: impl Into<String>, allowed: impl Into<String>) -> Self {
        RuleError { message: message.into(), allowed: allowed.into() }
    }
}

/// How many days may still be looked at for a whole file.
#[derive(Debug)]
pub(super) struct Effort {
    days_left: usize,
}

impl Effort {
    pub(super) fn of_days(days_left: usize) -> Effort {
        Effort { days_left }
    }

    /// Takes so many days off; an error when there are not so many left.
    pub(super) fn spend(&mut self, days: usize) -> Result<(), RuleError> {
        self.days_left = self.days_left.checked_sub(days).ok_or_else(|| {
            RuleError::new(
                "the events of this file take too long to work out",
                "fewer events, that begin in this century",
            )
        })?;
        Ok(())
    }
}

impl Rule {
    /// Reads the value of an `RRULE`.
    pub(super) fn parse(text: &str) -> Result<Rule, RuleError> {
        let mut frequency = None;
        let mut rule = Rule::every(Frequency::Yearly);
        let mut seen: Vec<String> = Vec::new();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let Some((name, value)) = part.split_once('=') else {
                return Err(RuleError::new(format!("`{part}` is no part of a rule"), "NAME=value"));
            };
            let name = name.trim().to_ascii_uppercase();
            if seen.contains(&name) {
                return Err(RuleError::new(format!("{name} stands there twice"), format!("{name} once")));
            }
            match name.as_str() {
                "FREQ" => frequency = Some(parse_frequency(value)?),
                _ => rule.take_part(&name, value)?,
            }
            seen.push(name);
        }
        let allowed = "FREQ=YEARLY, MONTHLY, WEEKLY or DAILY";
        rule.frequency = frequency.ok_or_else(|| RuleError::new("the rule has no FREQ", allowed))?;
        if seen.iter().any(|name| name == "COUNT") && seen.iter().any(|name| name == "UNTIL") {
            return Err(RuleError::new("the rule has both COUNT and UNTIL", "one of them"));
        }
        rule.check_parts_against_frequency()?;
        Ok(rule)
    }

    fn every(frequency: Frequency) -> Rule {
        Rule {
            frequency,
            interval: 1,
            end: End::Never,
            by_month: Vec::new(),
            by_month_day: Vec::new(),
            by_year_day: Vec::new(),
            by_week_number: Vec::new(),
            by_day: Vec::new(),
            by_position: Vec::new(),
            week_start: Weekday::Monday,
        }
    }

    fn take_part(&mut self, name: &str, value: &str) -> Result<(), RuleError> {
        match name {
            "INTERVAL" => self.interval = number(name, value, 1..=MAX_INTERVAL)?,
            "COUNT" => self.end = End::Count(number(name, value, 1..=u32::MAX)?),
            "UNTIL" => self.end = End::Until(parse_until(value)?),
            "BYMONTH" => self.by_month = list(value, |text| number(name, text, 1..=12_i16))?,
            "BYMONTHDAY" => self.by_month_day = list(value, |text| signed(name, text, 31))?,
            "BYYEARDAY" => self.by_year_day = list(value, |text| signed(name, text, 366))?,
            "BYWEEKNO" => self.by_week_number = list(value, |text| signed(name, text, 53))?,
            "BYSETPOS" => self.by_position = list(value, |text| signed(name, text, 366))?,
            "BYDAY" => self.by_day = list(value, parse_by_day)?,
            "WKST" => self.week_start = parse_weekday(value)?,
            "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
                return Err(RuleError::new(
                    format!("{name} makes no sense for whole days"),
                    "parts that count days",
                ));
            }
            _ => {
                let allowed = "FREQ, INTERVAL, COUNT, UNTIL, WKST, BYMONTH, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYDAY, BYSETPOS";
                return Err(RuleError::new(
                    format!("`{name}` is no part of a rule that is known here"),
                    allowed,
                ));
            }
        }
        Ok(())
    }

    /// The table of RFC 5545 §3.3.10 and the sentences around it.
    fn check_parts_against_frequency(&self) -> Result<(), RuleError> {
        let yearly = self.frequency == Frequency::Yearly;
        let refuse = |part: &str, allowed: &str| {
            Err(RuleError::new(format!("{part} does not go with this FREQ"), allowed))
        };
        if self.frequency == Frequency::Weekly && !self.by_month_day.is_empty() {
            return refuse("BYMONTHDAY", "BYMONTHDAY with any FREQ but WEEKLY");
        }
        if !yearly && !self.by_year_day.is_empty() {
            return refuse("BYYEARDAY", "BYYEARDAY with FREQ=YEARLY");
        }
        if !yearly && !self.by_week_number.is_empty() {
            return refuse("BYWEEKNO", "BYWEEKNO with FREQ=YEARLY");
        }
        let numbered = self.by_day.iter().any(|day| day.nth != 0);
        if numbered && (self.frequency < Frequency::Monthly || !self.by_week_number.is_empty()) {
            return refuse(
                "a numbered BYDAY",
                "numbers such as 1MO with FREQ=MONTHLY or YEARLY and without BYWEEKNO",
            );
        }
        let alone = self.by_month.is_empty()
            && self.by_month_day.is_empty()
            && self.by_year_day.is_empty()
            && self.by_week_number.is_empty()
            && self.by_day.is_empty();
        if alone && !self.by_position.is_empty() {
            return Err(RuleError::new(
                "BYSETPOS has nothing to choose from",
                "BYSETPOS beside another BY part",
            ));
        }
        Ok(())
    }

    /// Whether it has neither `COUNT` nor `UNTIL`.
    pub(super) fn is_endless(&self) -> bool {
        self.end == End::Never
    }

    pub(super) fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// The dates from `start` to `last`, both inclusive. `start` is one of them only when the rule says so: RFC 5545
    /// §3.8.5.3 leaves open what a start outside its own rule means.
    pub(super) fn dates(&self, start: Date, last: Date, effort: &mut Effort) -> Result<Vec<Date>, RuleError> {
        let rule = self.completed_from(start);
        let last = if let End::Until(until) = rule.end { until.min(last) } else { last };
        let count = if let End::Count(count) = rule.end {
            usize::try_from(count).unwrap_or(usize::MAX)
        } else {
            usize::MAX
        };
        let mut dates = Vec::new();
        let mut period = Some(rule.first_period(start));
        while let Some(first_day) = period.filter(|first_day| *first_day <= last && dates.len() < count) {
            for date in rule.dates_of_period(first_day, effort)? {
                if date > last || dates.len() >= count {
                    return Ok(dates);
                }
                if date >= start {
                    dates.push(date);
                }
                if dates.len() > MAX_DATES_OF_A_RULE {
                    let allowed = format!("rules of at most {MAX_DATES_OF_A_RULE} dates");
                    return Err(RuleError::new("the rule yields too many dates for holidays", allowed));
                }
            }
            period = rule.period_after(first_day);
        }
        Ok(dates)
    }

    /// What the rule leaves open is taken from the start, RFC 5545 §3.3.10.
    fn completed_from(&self, start: Date) -> Rule {
        let mut rule = self.clone();
        let any_day = ByDay { nth: 0, weekday: start.weekday() };
        let no_days = rule.by_month_day.is_empty() && rule.by_day.is_empty();
        match rule.frequency {
            Frequency::Yearly
                if no_days && !rule.by_week_number.is_empty() && rule.by_year_day.is_empty() =>
            {
                rule.by_day.push(any_day);
            }
            Frequency::Yearly if no_days && rule.by_year_day.is_empty() => {
                rule.by_month_day.push(i16::from(start.day()));
                if rule.by_month.is_empty() {
                    rule.by_month.push(i16::from(start.month()));
                }
            }
            Frequency::Monthly if no_days => rule.by_month_day.push(i16::from(start.day())),
            Frequency::Weekly if rule.by_day.is_empty() => rule.by_day.push(any_day),
            Frequency::Yearly | Frequency::Monthly | Frequency::Weekly | Frequency::Daily => {}
        }
        rule
    }

    /// The first day of the year, month, week or day that holds the start.
    fn first_period(&self, start: Date) -> Date {
        match self.frequency {
            Frequency::Yearly => start.first_of_year(),
            Frequency::Monthly => start.first_of_month(),
            Frequency::Weekly => first_of_week(start, self.week_start),
            Frequency::Daily => start,
        }
    }

    fn period_after(&self, first_day: Date) -> Option<Date> {
        let steps = i64::from(self.interval);
        let step = match self.frequency {
            Frequency::Yearly => Span::new().try_years(steps),
            Frequency::Monthly => Span::new().try_months(steps),
            Frequency::Weekly => Span::new().try_weeks(steps),
            Frequency::Daily => Span::new().try_days(steps),
        };
        first_day.checked_add(step.ok()?).ok()
    }

    /// The dates of the period that begins on that day, in order.
    fn dates_of_period(&self, first_day: Date, effort: &mut Effort) -> Result<Vec<Date>, RuleError> {
        let (months, days) = match self.frequency {
            Frequency::Yearly => (12, None),
            Frequency::Monthly => (1, None),
            Frequency::Weekly => (1, Some(7)),
            Frequency::Daily => (1, Some(1)),
        };
        let mut chosen = Vec::new();
        for first_of_month in first_day.series(Span::new().months(1)).take(months) {
            let days = days.unwrap_or_else(|| usize::try_from(first_of_month.days_in_month()).unwrap_or(31));
            // A whole month that is out anyway costs one look.
            let skipped = days > 7 && !self.in_month(first_of_month);
            effort.spend(if skipped { 1 } else { days })?;
            if !skipped {
                let dates = first_of_month.series(Span::new().days(1)).take(days);
                chosen.extend(dates.filter(|date| self.takes(*date)));
            }
        }
        Ok(if self.by_position.is_empty() { chosen } else { self.at_positions(&chosen) })
    }

    /// `BYSETPOS`: the n-th of the period's dates, from the end when negative.
    fn at_positions(&self, dates: &[Date]) -> Vec<Date> {
        let position_of = |index: usize| i16::try_from(index + 1).unwrap_or(i16::MAX);
        let total = position_of(dates.len());
        let wanted = |index: usize| {
            let position = position_of(index);
            self.by_position.contains(&position) || self.by_position.contains(&(position - total))
        };
        dates.iter().enumerate().filter(|(index, _)| wanted(*index)).map(|(_, date)| *date).collect()
    }

    fn in_month(&self, date: Date) -> bool {
        self.by_month.is_empty() || self.by_month.contains(&i16::from(date.month()))
    }

    /// Whether every BY part takes that date.
    fn takes(&self, date: Date) -> bool {
        let month = Place::of(date.day().into(), date.days_in_month().into());
        let year = Place::of(date.day_of_year(), date.days_in_year());
        let allows = |wanted: &[i16], place: Place| {
            wanted.is_empty() || wanted.contains(&place.from_start) || wanted.contains(&place.from_end)
        };
        self.in_month(date)
            && allows(&self.by_month_day, month)
            && allows(&self.by_year_day, year)
            && (self.by_week_number.is_empty()
                || allows(&self.by_week_number, week_place(date, self.week_start)))
            && (self.by_day.is_empty() || self.takes_weekday(date, month, year))
    }

    /// A number counts within the month when the rule names months, else within the year.
    fn takes_weekday(&self, date: Date, month: Place, year: Place) -> bool {
        let within_month = self.frequency == Frequency::Monthly || !self.by_month.is_empty();
        let place = if within_month { month } else { year };
        let nth =
            Place { from_start: (place.from_start - 1) / 7 + 1, from_end: (place.from_end + 1) / 7 - 1 };
        self.by_day.iter().any(|day| {
            day.weekday == date.weekday()
                && (day.nth == 0 || day.nth == nth.from_start || day.nth == nth.from_end)
        })
    }
}

/// The place of a date in a longer period: the 1st is 1 from the start, the last is -1 from the end.
#[derive(Debug, Clone, Copy)]
struct Place {
    from_start: i16,
    from_end: i16,
}

impl Place {
    fn of(position: i16, length: i16) -> Place {
        Place { from_start: position, from_end: position - length - 1 }
    }
}

fn first_of_week(date: Date, week_start: Weekday) -> Date {
    let back = Span::new().days(i64::from(week_start.until(date.weekday())));
    date.checked_sub(back).unwrap_or(Date::MIN)
}

/// The number of the week, as ISO 8601 counts but with any first weekday: week 1 holds at least four days of its year.
fn week_place(date: Date, week_start: Weekday) -> Place {
    let first_day = first_of_week(date, week_start);
    let fourth_day = first_day.checked_add(Span::new().days(3)).unwrap_or(Date::MAX);
    let number = (fourth_day.day_of_year() - 1) / 7 + 1;
    // The last week of a year is the one whose fourth day still has fewer than seven days after it.
    let weeks_left = (fourth_day.days_in_year() - fourth_day.day_of_year()) / 7;
    Place { from_start: number, from_end: -1 - weeks_left }
}

fn parse_frequency(text: &str) -> Result<Frequency, RuleError> {
    match text.trim().to_ascii_uppercase().as_str() {
        "YEARLY" => Ok(Frequency::Yearly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "WEEKLY" => Ok(Frequency::Weekly),
        "DAILY" => Ok(Frequency::Daily),
        "HOURLY" | "MINUTELY" | "SECONDLY" => {
            Err(RuleError::new("holidays are whole days", "FREQ=YEARLY, MONTHLY, WEEKLY or DAILY"))
        }
        other => {
            Err(RuleError::new(format!("`{other}` is no FREQ"), "FREQ=YEARLY, MONTHLY, WEEKLY or DAILY"))
        }
    }
}

/// The day of `UNTIL`, RFC 5545 §3.3.10. Many programs write a time behind it also for whole days; the day counts.
fn parse_until(text: &str) -> Result<Date, RuleError> {
    let text = text.trim();
    let (day, rest) = text.split_at_checked(8).unwrap_or((text, ""));
    let date = super::ical::parse_date(day).filter(|_| rest.is_empty() || rest.starts_with(['T', 't']));
    date.ok_or_else(|| RuleError::new(format!("`{text}` is no date"), "UNTIL=YYYYMMDD"))
}

fn parse_weekday(text: &str) -> Result<Weekday, RuleError> {
    match text.trim().to_ascii_uppercase().as_str() {
        "MO" => Ok(Weekday::Monday),
        "TU" => Ok(Weekday::Tuesday),
        "WE" => Ok(Weekday::Wednesday),
        "TH" => Ok(Weekday::Thursday),
        "FR" => Ok(Weekday::Friday),
        "SA" => Ok(Weekday::Saturday),
        "SU" => Ok(Weekday::Sunday),
        other => Err(RuleError::new(format!("`{other}` is no weekday"), "MO, TU, WE, TH, FR, SA or SU")),
    }
}

fn parse_by_day(text: &str) -> Result<ByDay, RuleError> {
    let text = text.trim();
    let letters_at = text.find(|character: char| character.is_ascii_alphabetic()).unwrap_or(text.len());
    let (nth, weekday) = text.split_at_checked(letters_at).unwrap_or(("", text));
    let nth = if nth.is_empty() { 0 } else { signed("BYDAY", nth, 53)? };
    Ok(ByDay { nth, weekday: parse_weekday(weekday)? })
}

fn list<T>(text: &str, parse: impl Fn(&str) -> Result<T, RuleError>) -> Result<Vec<T>, RuleError> {
    text.split(',').map(parse).collect()
}

fn number<N: std::str::FromStr + PartialOrd + std::fmt::Display>(
    name: &str,
    text: &str,
    allowed: std::ops::RangeInclusive<N>,
) -> Result<N, RuleError> {
    let parsed = text.trim().parse().ok().filter(|number| allowed.contains(number));
    parsed.ok_or_else(|| {
        let range = format!("{name} from {} to {}", allowed.start(), allowed.end());
        RuleError::new(format!("`{text}` is no {name}"), range)
    })
}

/// A number from 1 to `limit` or from -1 to -`limit`.
fn signed(name: &str, text: &str, limit: i16) -> Result<i16, RuleError> {
    number(name, text, -limit..=limit).ok().filter(|number| *number != 0).ok_or_else(|| {
        RuleError::new(
            format!("`{text}` is no {name}"),
            format!("{name} from 1 to {limit} or -{limit} to -1"),
        )
    })
}

#[cfg(test)]
mod tests {
    use calcard::icalendar::ICalendar;
    use proptest::prelude::*;

    use super::*;

    const LAST: Date = Date::constant(2100, 12, 31);

    fn dates(start: &str, rule: &str) -> Vec<String> {
        let mut effort = Effort::of_days(1_000_000);
        let rule = Rule::parse(rule).unwrap_or_else(|error| panic!("{rule}: {error:?}"));
        let dates = rule.dates(start.parse().unwrap(), LAST, &mut effort);
        dates.unwrap_or_else(|error| panic!("{error:?}")).iter().map(Date::to_string).collect()
    }

    #[test]
    fn rules_of_real_holidays() {
        for (start, rule, expected) in [
            // Christmas, Thanksgiving, the last Monday in May, the Tuesday after the first Monday in November.
            ("2026-12-25", "FREQ=YEARLY", &["2026-12-25", "2027-12-25", "2028-12-25"][..]),
            ("2026-11-26", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", &["2026-11-26", "2027-11-25", "2028-11-23"]),
            ("2026-05-25", "FREQ=YEARLY;BYDAY=-1MO;BYMONTH=5", &["2026-05-25", "2027-05-31", "2028-05-29"]),
            (
                "2026-11-03",
                "FREQ=YEARLY;INTERVAL=2;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
                &["2026-11-03", "2028-11-07", "2030-11-05"],
            ),
            // A substitute day: the Monday after a 1 January that falls on the weekend.
            (
                "2022-01-03",
                "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=2,3;BYDAY=MO",
                &["2022-01-03", "2023-01-02", "2028-01-03"],
            ),
            ("2024-02-29", "FREQ=YEARLY", &["2024-02-29", "2028-02-29", "2032-02-29"]),
            ("2026-01-31", "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3", &["2026-01-31", "2026-02-28", "2026-03-31"]),
            ("2026-01-31", "FREQ=MONTHLY;COUNT=3", &["2026-01-31", "2026-03-31", "2026-05-31"]),
            (
                "2026-01-30",
                "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=3",
                &["2026-01-30", "2026-02-27", "2026-03-31"],
            ),
            (
                "2026-12-30",
                "FREQ=DAILY;UNTIL=20270102",
                &["2026-12-30", "2026-12-31", "2027-01-01", "2027-01-02"],
            ),
            (
                "2026-01-07",
                "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;UNTIL=20260125T000000Z",
                &["2026-01-07", "2026-01-19", "2026-01-21"],
            ),
            (
                "2026-04-10",
                "FREQ=YEARLY;BYYEARDAY=100,-1;COUNT=3",
                &["2026-04-10", "2026-12-31", "2027-04-10"],
            ),
            ("2026-05-18", "FREQ=YEARLY;BYWEEKNO=21;COUNT=3", &["2026-05-18", "2027-05-24", "2028-05-22"]),
            ("2026-12-28", "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=MO;COUNT=2", &["2026-12-28", "2027-12-27"]),
            ("2026-01-02", "FREQ=YEARLY;BYDAY=20MO;COUNT=2", &["2026-05-18", "2027-05-17"]),
        ] {
            let found = dates(start, rule);
            assert_eq!(found.get(..expected.len()), Some(expected.map_to_strings().as_slice()), "{rule}");
            assert!(rule.contains("COUNT") == (found.len() <= 3) || rule.contains("UNTIL"), "{rule}");
        }
    }

    trait MapToStrings {
        fn map_to_strings(&self) -> Vec<String>;
    }
    impl MapToStrings for &[&str] {
        fn map_to_strings(&self) -> Vec<String> {
            self.iter().map(|text| (*text).to_owned()).collect()
        }
    }

    #[test]
    fn what_is_no_rule_for_whole_days_is_refused() {
        for rule in [
            "",
            "YEARLY",
            "BYMONTH=1",
            "FREQ=NEVER",
            "FREQ=HOURLY",
            "FREQ=SECONDLY;COUNT=3",
            "FREQ=YEARLY;FREQ=DAILY",
            "FREQ=YEARLY;INTERVAL=0",
            "FREQ=YEARLY;INTERVAL=-1",
            "FREQ=YEARLY;INTERVAL=99999999999999999999",
            "FREQ=YEARLY;COUNT=0",
            "FREQ=YEARLY;COUNT=2;UNTIL=20300101",
            "FREQ=YEARLY;UNTIL=2030",
            "FREQ=YEARLY;UNTIL=20300230",
            "FREQ=YEARLY;BYMONTH=13",
            "FREQ=YEARLY;BYMONTH=",
            "FREQ=YEARLY;BYMONTHDAY=257",
            "FREQ=YEARLY;BYMONTHDAY=0",
            "FREQ=YEARLY;BYDAY=54MO",
            "FREQ=YEARLY;BYDAY=XX",
            "FREQ=YEARLY;BYDAY=1",
            "FREQ=YEARLY;BYHOUR=3",
            "FREQ=YEARLY;BYSETPOS=1",
            "FREQ=YEARLY;BYMONTH=1;BYSETPOS=0",
            "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO",
            "FREQ=WEEKLY;BYMONTHDAY=1",
            "FREQ=WEEKLY;BYDAY=1MO",
            "FREQ=MONTHLY;BYYEARDAY=1",
            "FREQ=DAILY;BYWEEKNO=1",
            "FREQ=YEARLY;RSCALE=CHINESE",
            "FREQ=YEARLY;BYEASTER=0",
        ] {
            let error = Rule::parse(rule).err();
            assert!(
                error.is_some_and(|error| !error.message.is_empty() && !error.allowed.is_empty()),
                "{rule}"
            );
        }
    }

    #[test]
    fn no_rule_runs_away() {
        for (start, rule) in [
            ("0001-01-01", "FREQ=DAILY;COUNT=4000000000"),
            ("0001-01-01", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1"),
            ("0001-01-01", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=1"),
            ("0001-01-01", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;UNTIL=99991231"),
            ("2026-01-01", "FREQ=YEARLY;BYDAY=MO,TU,WE;BYSETPOS=300,-300"),
            ("9999-12-31", "FREQ=YEARLY;INTERVAL=10000"),
        ] {
            let mut effort = Effort::of_days(100_000);
            let dates = Rule::parse(rule).unwrap().dates(start.parse().unwrap(), LAST, &mut effort);
            assert!(dates.is_err() || dates.as_ref().is_ok_and(Vec::is_empty), "{rule}: {dates:?}");
        }
    }

    /// The dates that calcard gives, up to `LAST`.
    fn calcards_dates(start: Date, rule: &str) -> Vec<Date> {
        let text = format!(
            "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:{}\r\nRRULE:{rule}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            start.strftime("%Y%m%d")
        );
        let expanded =
            ICalendar::parse(&text).unwrap().expand_dates(calcard::common::timezone::Tz::Floating, 20_000);
        assert!(expanded.errors.is_empty(), "{text}: {:?}", expanded.errors);
        let days =
            expanded.events.iter().map(|event| event.start.to_rfc3339().chars().take(10).collect::<String>());
        days.map(|day| day.parse().unwrap()).filter(|date| *date <= LAST).collect()
    }

    fn numbers(range: std::ops::RangeInclusive<i16>, signed: bool) -> impl Strategy<Value = String> {
        let number = (range, any::<bool>())
            .prop_map(move |(number, back)| if back && signed { -number } else { number });
        prop::collection::btree_set(number, 1..4)
            .prop_map(|set| set.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
    }

    fn weekdays(nth: &'static [&'static str]) -> impl Strategy<Value = String> {
        let days = prop::sample::subsequence(vec!["MO", "TU", "WE", "TH", "FR", "SA", "SU"], 1..4);
        (days, prop::sample::select(nth)).prop_map(|(days, nth)| {
            days.iter().map(|day| format!("{nth}{day}")).collect::<Vec<_>>().join(",")
        })
    }

    /// Rules that calcard reads as they are written: see the head of this file for those that it does not.
    fn rule() -> impl Strategy<Value = String> {
        let month = || prop::option::of(numbers(1..=12, false).prop_map(|list| format!(";BYMONTH={list}")));
        let month_day =
            || prop::option::of(numbers(1..=31, true).prop_map(|list| format!(";BYMONTHDAY={list}")));
        let day = |nth| prop::option::of(weekdays(nth).prop_map(|list| format!(";BYDAY={list}")));
        let position = || prop::option::of(numbers(1..=5, true).prop_map(|list| format!(";BYSETPOS={list}")));
        // Not the weeks that lie in two years: the RFC does not say in whose period they count.
        let weeks = numbers(2..=50, true).prop_map(|list| format!(";BYWEEKNO={list}"));
        let year_day = numbers(1..=366, true).prop_map(|list| format!(";BYYEARDAY={list}"));
        let join = |parts: Vec<Option<String>>| parts.into_iter().flatten().collect::<String>();
        let yearly = prop_oneof![
            6 => (month(), month_day(), day(&["", "1", "-1", "2", "5", "-5"])).prop_map(move |(a, b, c)| join(vec![a, b, c])),
            1 => (weeks, weekdays(&[""])).prop_map(|(weeks, days)| format!("{weeks};BYDAY={days}")),
            1 => year_day,
        ]
        .prop_map(|parts| format!("FREQ=YEARLY{parts}"));
        let monthly = (month(), month_day(), day(&["", "1", "-1", "4", "5"]))
            .prop_map(move |(a, b, c)| format!("FREQ=MONTHLY{}", join(vec![a, b, c])));
        let weekly = (month(), day(&[""])).prop_map(move |(a, b)| format!("FREQ=WEEKLY{}", join(vec![a, b])));
        let daily = (month(), month_day(), day(&[""]))
            .prop_map(move |(a, b, c)| format!("FREQ=DAILY{}", join(vec![a, b, c])));
        let end = prop_oneof![
            (1..40_u32).prop_map(|count| format!(";COUNT={count}")),
            Just(";UNTIL=20310415".to_owned())
        ];
        let week_start = prop_oneof![Just(String::new()), Just(";WKST=SU".to_owned())];
        (
            prop_oneof![4 => yearly, 2 => monthly, 1 => weekly, 1 => daily],
            1..4_u32,
            end,
            position(),
            week_start,
        )
            .prop_map(|(rule, interval, end, position, week_start)| {
                // In calcard the first week of a weekly rule begins at the start, not at its first weekday.
                let chooses = rule.contains(";BY") && !rule.contains("WEEKLY");
                let position = position.filter(|_| chooses).unwrap_or_default();
                format!("{rule};INTERVAL={interval}{position}{end}{week_start}")
            })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn calcard_finds_the_same_dates(rule in rule(), days in 0_i64..4000) {
            let start = Date::constant(2020, 1, 1).checked_add(Span::new().days(days)).unwrap();
            let mut effort = Effort::of_days(10_000_000);
            if let Ok(dates) = Rule::parse(&rule).unwrap().dates(start, LAST, &mut effort) {
                prop_assert_eq!(dates, calcards_dates(start, &rule), "{} {}", start, rule);
            }
        }
    }
}
