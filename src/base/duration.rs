//! Durations and rates as ops write them: `15m`, `1h 30m`, `20/1h`.

use jiff::SignedDuration;

/// The longest duration a policy may name; a year's answer is no promise.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 366);

/// What a duration looks like, for messages.
pub const DURATION_FORM: &str =
    "a number and a unit, such as \"90s\", \"15m\", \"2h\", \"1h 30m\" or \"30d\"";

/// What a rate looks like, for messages.
pub const RATE_FORM: &str = "a number, a slash and a duration, such as \"20/1h\"";

/// A number of events in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how long.
    pub per: SignedDuration,
}

/// Parses `15m`, `2h`, `1h 30m`, `30d`; more than nothing and at most a year.
pub fn parse_duration(text: &str) -> Option<SignedDuration> {
    let mut total = SignedDuration::ZERO;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, after) = leading_number(rest)?;
        let unit_end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let seconds: i64 = match after.get(..unit_end)? {
            "s" => 1,
            "m" | "min" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        total = total.checked_add(SignedDuration::from_secs(i64::from(number).checked_mul(seconds)?))?;
        rest = after.get(unit_end..)?.trim_start();
    }
    (total <= LONGEST).then_some(total)
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    Some((text.get(..end)?.parse().ok()?, text.get(end..)?.trim_start()))
}

/// Parses `20/1h`; neither number may be zero.
pub fn parse_rate(text: &str) -> Option<Rate> {
    let (count, per) = text.split_once('/')?;
    let per = parse_duration(per)?;
    let count = count.trim().parse().ok()?;
    (per > SignedDuration::ZERO && count > 0).then_some(Rate { count, per })
}

/// `2h`, `1h 30m`, `3d`: a duration as a policy would write it.
pub fn duration_in_words(duration: SignedDuration) -> String {
    let mut seconds = duration.as_secs().max(0);
    let mut words = Vec::new();
    for (unit, length) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
        // "24h" and "36h" are how desks speak; days begin at two whole ones.
        let counts = seconds >= length && (unit != "d" || (seconds >= 2 * length && seconds % length == 0));
        if counts {
            words.push(format!("{}{unit}", seconds / length));
            seconds %= length;
        }
    }
    if words.is_empty() { "0m".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, seconds) in
            [("15m", 900), ("2h", 7200), ("1h 30m", 5400), ("30d", 2_592_000), ("0m", 0), ("90s", 90)]
        {
            assert_eq!(parse_duration(text), Some(SignedDuration::from_secs(seconds)), "{text}");
        }
        for text in ["", "2", "h", "2 hours", "-2h", "1.5h", "99999999999h", "2x", "900d", "2h,", "é"] {
            assert_eq!(parse_duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_rate_needs_both_parts() {
        assert_eq!(parse_rate("20/1h"), Some(Rate { count: 20, per: SignedDuration::from_hours(1) }));
        for text in ["20", "20/", "/1h", "0/1h", "20/0h", "-3/1h"] {
            assert_eq!(parse_rate(text), None, "{text}");
        }
    }
}
