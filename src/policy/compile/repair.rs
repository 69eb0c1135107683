//! What somebody probably meant: a value that cannot be read, and the nearest one that can.
//!
//! Only for hints; nothing here is ever taken as written. Every suggestion was read by the same parser that refused the
//! value, so whoever types it is done. Where a value could mean two things nothing is guessed, or both are shown.

use jiff::civil::Date;

use super::super::AddressRule;
use super::super::target::parse_target;
use crate::base::diagnostic::suggest;
use crate::base::duration::{duration_in_words, parse_duration, parse_rate};
use crate::calendar::{DaySpan, Zone, parse_weekdays};

/// Longer texts are no slips of anything here.
const LONGEST: usize = 64;

/// `did you mean …?`
fn meant(what: impl std::fmt::Display) -> String {
    format!("did you mean {what}?")
}

/// Lower case, every dash as `-`, words for "until" as `-`.
fn plain(text: &str) -> Option<String> {
    if text.len() > LONGEST {
        return None;
    }
    let dash = |c: char| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '_') { '-' } else { c };
    let text: String = text.trim().to_lowercase().chars().map(dash).collect();
    let text =
        [" to ", " until ", " till ", " bis ", "..."].iter().fold(text, |text, word| text.replace(word, "-"));
    Some(text.split_whitespace().collect::<Vec<&str>>().join(" "))
}

/// `8am-8pm`, `9:00 to 17:00`, `09.00-17.00`, `09:00-12:00, 13:00-17:00`.
pub(super) fn span(text: &str) -> Option<String> {
    let spans: Option<Vec<String>> = plain(text)?.split([',', ';']).map(one_span).collect();
    Some(meant(spans?.join(", ")))
}

fn one_span(text: &str) -> Option<String> {
    let (from, to) = text.split_once('-')?;
    let ((from_hour, from), (to_hour, to)) = (time_of_day(from, "00:00")?, time_of_day(to, "24:00")?);
    // "9-5" is said of the afternoon, and would be read as running past midnight.
    if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') && to_hour < from_hour {
        return None;
    }
    let span = format!("{from}-{to}");
    DaySpan::parse(&span).ok()?;
    Some(format!("\"{span}\""))
}

/// An hour, and the time with it as `HH:MM`; 24:00 is what is given for it.
fn time_of_day(text: &str, midnight: &str) -> Option<(u32, String)> {
    let text = text.replace(['.', 'h'], ":").replace(":m:", "m").replace("uhr", "");
    let text = text.replace("a:m", "am").replace("p:m", "pm");
    let text = text.trim().trim_end_matches([':', ' ', 'r', 's']);
    let (clock, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(clock), _) => (clock, Some(0)),
        (None, Some(clock)) => (clock, Some(12)),
        (None, None) => (text, None),
    };
    let mut parts = clock.trim().split(':');
    let hour: u32 = parts.next()?.trim().parse().ok()?;
    let minute: u32 = parts.next().map_or(Some(0), |minute| minute.trim().parse().ok())?;
    if parts.any(|seconds| seconds != "00") {
        return None;
    }
    let hour = match half {
        Some(_) if hour > 12 => return None,
        Some(half) => hour % 12 + half,
        None => hour,
    };
    if (hour, minute) == (24, 0) {
        return Some((hour, midnight.to_owned()));
    }
    Some((hour, format!("{hour:02}:{minute:02}")))
}

/// Words for days that desks write; two letters are how calendars and Germans write them.
const DAYS: [(&str, &str); 19] = [
    ("weekdays", "mon-fri"),
    ("workdays", "mon-fri"),
    ("working days", "mon-fri"),
    ("daily", "mon-sun"),
    ("every day", "mon-sun"),
    ("everyday", "mon-sun"),
    ("all", "mon-sun"),
    ("weekend", "sat-sun"),
    ("weekends", "sat-sun"),
    ("mo", "mon"),
    ("tu", "tue"),
    ("we", "wed"),
    ("th", "thu"),
    ("fr", "fri"),
    ("sa", "sat"),
    ("su", "sun"),
    ("di", "tue"),
    ("mi", "wed"),
    ("do", "thu"),
];

/// `mon_fri`, `weekdays`, `mon to fri`, `mo-fr`.
pub(super) fn weekdays(text: &str) -> Option<String> {
    let plain = plain(text)?;
    let word = |word: &str| {
        let word = word.trim();
        DAYS.iter().find(|(name, _)| *name == word).map_or(word, |(_, day)| *day).to_owned()
    };
    let range = |part: &str| word(part).split('-').map(word).collect::<Vec<String>>().join("-");
    let days: Vec<String> = plain.split([',', '/', '+']).map(range).collect();
    let days = days.join(",");
    parse_weekdays(&days).ok()?;
    Some(meant(if days.contains(',') { format!("\"{days}\"") } else { format!("`{days}`") }))
}

/// `24.12.2026`, `12/24/2026`, `2026-1-5`, a time behind it, and days that do not exist.
pub(super) fn date(text: &str) -> Option<String> {
    let plain = plain(text)?;
    let day = plain.split(['t', ' ']).next()?;
    let numbers: Vec<&str> = day.split(['-', '.', '/']).collect();
    let date = |year: &str, month: &str, day: &str| {
        let year = if year.len() == 2 { format!("20{year}") } else { year.to_owned() };
        let date: Date = format!("{year}-{month:0>2}-{day:0>2}").parse().ok()?;
        Some(format!("\"{date}\""))
    };
    let [first, second, third] = numbers.as_slice() else {
        let is_day = numbers.len() == 2 && date("2028", numbers.first()?, numbers.get(1)?).is_some();
        return is_day
            .then(|| "a day of every year is a yearly rule in one of the `holidays` files".to_owned());
    };
    if first.len() == 4 && numbers.iter().all(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
        return date(first, second, third).map(meant).or_else(|| last_day(first, second));
    }
    let readings = match (day.contains('.'), third.len()) {
        (true, _) => [date(third, second, first), None],
        (false, 4) => [date(third, second, first), date(third, first, second)],
        (false, _) => [date(first, second, third), None],
    };
    let mut readings: Vec<String> = readings.into_iter().flatten().collect();
    readings.dedup();
    (!readings.is_empty()).then(|| meant(readings.join(" or ")))
}

fn last_day(year: &str, month: &str) -> Option<String> {
    let first: Date = format!("{year}-{month:0>2}-01").parse().ok()?;
    Some(format!("the last day of that month is \"{}\"", first.last_of_month()))
}

/// What people call zones, and the name of the place whose clocks they mean.
const ZONES: [(&str, &str); 28] = [
    ("eastern", "America/New_York"),
    ("est", "America/New_York"),
    ("edt", "America/New_York"),
    ("et", "America/New_York"),
    ("central", "America/Chicago"),
    ("cst", "America/Chicago"),
    ("cdt", "America/Chicago"),
    ("ct", "America/Chicago"),
    ("mountain", "America/Denver"),
    ("mdt", "America/Denver"),
    ("mt", "America/Denver"),
    ("pacific", "America/Los_Angeles"),
    ("pst", "America/Los_Angeles"),
    ("pdt", "America/Los_Angeles"),
    ("pt", "America/Los_Angeles"),
    ("gmt standard", "Europe/London"),
    ("bst", "Europe/London"),
    ("uk", "Europe/London"),
    ("cest", "Europe/Berlin"),
    ("mez", "Europe/Berlin"),
    ("mesz", "Europe/Berlin"),
    ("w. europe", "Europe/Berlin"),
    ("central european", "Europe/Berlin"),
    ("romance", "Europe/Paris"),
    ("ist", "Asia/Kolkata"),
    ("india", "Asia/Kolkata"),
    ("jst", "Asia/Tokyo"),
    ("aest", "Australia/Sydney"),
];

/// `eastern`, `PST`, `Eastern Standard Time`, `GMT+1`, `+5:30`.
pub(super) fn zone(text: &str) -> Option<String> {
    let plain = plain(text)?;
    let short = plain.trim_end_matches(" time");
    let shorter = short.trim_end_matches(" standard").trim_end_matches(" daylight").trim_start_matches("us/");
    let named = [short, shorter].into_iter().find_map(|name| ZONES.iter().find(|(known, _)| *known == name));
    if let Some((_, zone)) = named {
        return Some(meant(format_args!("`{zone}`")));
    }
    let offset = plain.trim_start_matches("utc").trim_start_matches("gmt").trim_start();
    let sign = offset.chars().next().filter(|sign| matches!(sign, '+' | '-'))?;
    let (hours, minutes) = match offset.get(1..)?.split_once([':', '.']) {
        Some((hours, minutes)) => (hours, minutes),
        None => (offset.get(1..)?, "00"),
    };
    let hours: u32 = hours.trim().parse().ok()?;
    let offset = format!("{sign}{hours:02}:{minutes}");
    Zone::parse(&offset).ok()?;
    Some(meant(format_args!("\"{offset}\"")))
}

/// Numbers that are written out.
const NUMBERS: [(&str, &str); 14] = [
    ("a", "1"),
    ("an", "1"),
    ("one", "1"),
    ("two", "2"),
    ("three", "3"),
    ("four", "4"),
    ("five", "5"),
    ("six", "6"),
    ("eight", "8"),
    ("ten", "10"),
    ("twelve", "12"),
    ("fifteen", "15"),
    ("thirty", "30"),
    ("next", "1"),
];

/// Numbers and words of a text, apart: `15min` is `15` and `min`.
fn tokens(text: &str) -> Option<Vec<String>> {
    // A capital M is a month to many, and none of our units.
    if text.contains('M') && !text.to_lowercase().contains("min") {
        return None;
    }
    let text = plain(text)?;
    let mut tokens: Vec<String> = Vec::new();
    let mut last = ' ';
    for c in text.chars() {
        let (number, before) = (c.is_ascii_digit() || c == '.', last.is_ascii_digit() || last == '.');
        match tokens.last_mut() {
            Some(token) if (number && before) || (c.is_alphabetic() && last.is_alphabetic()) => token.push(c),
            _ if number || c.is_alphabetic() => tokens.push(c.to_string()),
            _ => {}
        }
        last = c;
    }
    for token in &mut tokens {
        if let Some((_, number)) = NUMBERS.iter().find(|(word, _)| word == token) {
            (*number).clone_into(token);
        }
    }
    Some(tokens)
}

/// The unit that a word stands for, as durations are written, and its seconds.
fn unit(word: &str) -> Option<(&'static str, f64)> {
    match word {
        "s" | "sec" | "secs" | "second" | "seconds" => Some(("s", 1.0)),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(("m", 60.0)),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(("h", 3600.0)),
        "d" | "day" | "days" => Some(("d", 86_400.0)),
        "w" | "week" | "weeks" => Some(("w", 604_800.0)),
        _ => None,
    }
}

/// A duration of these numbers and units.
fn duration_of(tokens: &[String]) -> Option<String> {
    let mut seconds = 0.0;
    for pair in tokens.chunks(2) {
        let [number, word] = pair else { return None };
        seconds += number.parse::<f64>().ok()? * unit(word)?.1;
    }
    let seconds = std::time::Duration::try_from_secs_f64(seconds).ok()?.as_secs();
    let duration = jiff::SignedDuration::from_secs(i64::try_from(seconds).ok()?);
    let text = duration_in_words(duration);
    parse_duration(&text).filter(|read| *read == duration && !tokens.is_empty()).map(|_| text)
}

/// `15 minutes`, `1 day`, `-5m`, `daily`, `00:15`, `48`.
pub(super) fn duration(text: &str) -> Option<String> {
    let words = match text.trim().to_lowercase().as_str() {
        "hourly" => Some("1h".to_owned()),
        "daily" => Some("24h".to_owned()),
        "weekly" => Some("7d".to_owned()),
        _ => None,
    };
    if let Some(words) = words {
        return Some(meant(format_args!("\"{words}\"")));
    }
    if let Some((hours, minutes)) = text.trim().split_once(':') {
        let minutes = hours.parse::<u32>().ok()?.checked_mul(60)?.checked_add(minutes.parse().ok()?)?;
        let duration = duration_in_words(jiff::SignedDuration::from_mins(i64::from(minutes)));
        parse_duration(&duration)?;
        return Some(meant(format_args!("\"{duration}\"")));
    }
    let tokens = tokens(text)?;
    if let [number] = tokens.as_slice()
        && number.parse::<u32>().is_ok()
    {
        return Some(format!(
            "a unit is missing: \"{number}m\" are minutes, \"{number}h\" hours, \"{number}d\" days"
        ));
    }
    duration_of(&tokens).map(|duration| meant(format_args!("\"{duration}\"")))
}

/// `20/hour`, `20 per hour`, `20/h`.
pub(super) fn rate(text: &str) -> Option<String> {
    let text = plain(text)?.replace(" per ", "/").replace(" an ", "/").replace(" a ", "/");
    let (count, per) = text.split_once('/')?;
    let tokens = tokens(per)?;
    let per = match tokens.as_slice() {
        [word] => duration_of(&["1".to_owned(), word.clone()])?,
        tokens => duration_of(tokens)?,
    };
    let rate = format!("{}/{per}", count.trim());
    parse_rate(&rate).map(|_| meant(format_args!("\"{rate}\"")))
}

/// `2 hours`, `1 buisness day`, `next business day`, `none`.
pub(super) fn target(text: &str) -> Option<String> {
    if ["", "none", "never", "n/a", "-", "no", "unknown", "best effort"]
        .contains(&text.trim().to_lowercase().as_str())
    {
        return Some(meant("\"unspecified\""));
    }
    let mut words = tokens(text)?;
    let is_business =
        |word: &String| word == "work" || suggest(word, ["business", "working", "office"]).is_some();
    let all = words.len();
    words.retain(|word| !is_business(word));
    if words.len() == all {
        let elapsed = duration_of(&words).filter(|elapsed| parse_target(elapsed).is_some())?;
        let business =
            business(&words).map(|business| format!(" (elapsed) or \"{business}\"")).unwrap_or_default();
        return Some(meant(format_args!("\"{elapsed}\"{business}")));
    }
    business(&words).map(|target| meant(format_args!("\"{target}\"")))
}

fn business(words: &[String]) -> Option<String> {
    let [number, word] = words else { return None };
    let (unit, _) = unit(word)?;
    let (number, unit) = match (number.parse::<u32>(), number.parse::<f64>(), unit) {
        (Ok(number), _, unit) => (number, unit),
        // Half hours are minutes, and there are no half days.
        (Err(_), Ok(hours), "h") if (0.0..1000.0).contains(&hours) => {
            (std::time::Duration::from_secs_f64(hours * 60.0).as_secs().try_into().ok()?, "m")
        }
        _ => return None,
    };
    let noun = match unit {
        "m" => "minute",
        "h" => "hour",
        "d" => "day",
        _ => return None,
    };
    let target = format!("{number} business {noun}{}", if number == 1 { "" } else { "s" });
    parse_target(&target).map(|_| target)
}

/// `Anna <anna@client.example>`, `client.example`, `*@client.example`, `mailto:anna@client.example`.
pub(super) fn address(text: &str) -> Option<String> {
    if text.len() > 4 * LONGEST {
        return None;
    }
    let text = text.trim();
    let inner = text.rsplit_once('<').map_or(text, |(_, inner)| inner.trim_end_matches('>'));
    let inner = inner.trim().trim_start_matches("mailto:").trim_start_matches('*').trim_start_matches('.');
    let rule =
        if inner.contains('@') || !inner.contains('.') { inner.to_owned() } else { format!("@{inner}") };
    AddressRule::parse(&rule).map(|_| meant(format_args!("\"{rule}\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(repair: impl Fn(&str) -> Option<String>, cases: &[(&str, &str)]) {
        for (written, meant) in cases {
            let found = repair(written).unwrap_or_default();
            assert_eq!(found.trim_start_matches("did you mean ").trim_end_matches('?'), *meant, "{written}");
        }
    }

    #[test]
    fn hours_days_and_dates_as_people_write_them() {
        all(
            span,
            &[
                ("8am-8pm", "\"08:00-20:00\""),
                ("8 a.m. - 8 p.m.", "\"08:00-20:00\""),
                ("12am-12pm", "\"00:00-12:00\""),
                ("9:00-17:00", "\"09:00-17:00\""),
                ("09.00 – 17.00", "\"09:00-17:00\""),
                ("9h-17h30", "\"09:00-17:30\""),
                ("24:00-06:00", "\"00:00-06:00\""),
                ("09:00:00-17:00:00", "\"09:00-17:00\""),
                ("09:00-12:00, 13:00-17:00", "\"09:00-12:00\", \"13:00-17:00\""),
                ("9-5", ""),
                ("24:00", ""),
                ("25:00-26:00", ""),
            ],
        );
        all(
            weekdays,
            &[
                ("weekdays", "`mon-fri`"),
                ("mon_fri", "`mon-fri`"),
                ("mon–fri", "`mon-fri`"),
                ("Mon to Fri", "`mon-fri`"),
                ("mo-fr", "`mon-fri`"),
                ("sat/sun", "\"sat,sun\""),
                ("1-5", ""),
                ("someday", ""),
            ],
        );
        all(
            date,
            &[
                ("24.12.2026", "\"2026-12-24\""),
                ("12/24/2026", "\"2026-12-24\""),
                ("3/4/2026", "\"2026-04-03\" or \"2026-03-04\""),
                ("2026-1-5", "\"2026-01-05\""),
                ("26-12-24", "\"2026-12-24\""),
                ("2026-12-24T00:00", "\"2026-12-24\""),
                ("2026-02-30", "the last day of that month is \"2026-02-28\""),
                ("12-24", "a day of every year is a yearly rule in one of the `holidays` files"),
                ("Christmas", ""),
            ],
        );
    }

    #[test]
    fn zones_times_rates_and_targets_as_people_write_them() {
        all(
            zone,
            &[
                ("eastern", "`America/New_York`"),
                ("Eastern Standard Time", "`America/New_York`"),
                ("PST", "`America/Los_Angeles`"),
                ("GMT+1", "\"+01:00\""),
                ("UTC-5", "\"-05:00\""),
                ("+5:30", "\"+05:30\""),
                ("+25", ""),
            ],
        );
        all(
            duration,
            &[
                ("15 minutes", "\"15m\""),
                ("1 day", "\"24h\""),
                ("1 hour 30 min", "\"1h 30m\""),
                ("-5m", "\"5m\""),
                ("daily", "\"24h\""),
                ("00:15", "\"15m\""),
                ("1.5h", "\"1h 30m\""),
                ("five minutes", "\"5m\""),
                ("1M", ""),
                ("never", ""),
                ("99999 days", ""),
            ],
        );
        all(
            rate,
            &[
                ("20/hour", "\"20/1h\""),
                ("20 per hour", "\"20/1h\""),
                ("20/h", "\"20/1h\""),
                ("0/1h", ""),
                ("20", ""),
            ],
        );
        all(
            target,
            &[
                ("2 hours", "\"2h\" (elapsed) or \"2 business hours\""),
                ("1 day", "\"24h\" (elapsed) or \"1 business day\""),
                ("1 buisness day", "\"1 business day\""),
                ("2 Business Hours", "\"2 business hours\""),
                ("2h business", "\"2 business hours\""),
                ("next business day", "\"1 business day\""),
                ("1.5 business hours", "\"90 business minutes\""),
                ("two working days", "\"2 business days\""),
                ("none", "\"unspecified\""),
                ("soon", ""),
                ("0h", ""),
            ],
        );
        all(
            address,
            &[
                ("Anna <anna@client.example>", "\"anna@client.example\""),
                ("client.example", "\"@client.example\""),
                ("*@client.example", "\"@client.example\""),
                ("portal", ""),
            ],
        );
    }
}
