//! Response targets: how they are written and what they mean.

use std::fmt;

use jiff::SignedDuration;

use crate::base::duration::{LONGEST, duration_in_words, parse_duration};

/// What a target looks like, for messages.
pub(super) const TARGET_FORM: &str =
    "\"2h\" (elapsed), \"90 business minutes\", \"2 business hours\", \"1 business day\" or \"unspecified\"";

/// Until when the desk says that it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// So long after receipt, whatever the hours.
    Elapsed(SignedDuration),
    /// So much open time; from the next opening when closed.
    BusinessTime {
        /// The open time.
        amount: SignedDuration,
        /// Whether it was written in minutes.
        in_minutes: bool,
    },
    /// The end of the N-th business day that begins after receipt.
    BusinessDays(u32),
    /// No promise is made.
    Unspecified,
}

/// Parses a response target.
pub(super) fn parse_target(text: &str) -> Option<Target> {
    let text = text.trim();
    if text == "unspecified" {
        return Some(Target::Unspecified);
    }
    let Some((number, business)) = text.split_once(" business ") else {
        return parse_duration(text).filter(|elapsed| *elapsed > SignedDuration::ZERO).map(Target::Elapsed);
    };
    let number: u32 = number.trim().parse().ok().filter(|number| *number > 0)?;
    let target = match business.trim() {
        "minute" | "minutes" => {
            Target::BusinessTime { amount: SignedDuration::from_mins(i64::from(number)), in_minutes: true }
        }
        "hour" | "hours" => {
            Target::BusinessTime { amount: SignedDuration::from_hours(i64::from(number)), in_minutes: false }
        }
        "day" | "days" => Target::BusinessDays(number),
        _ => return None,
    };
    let small_enough = match target {
        Target::BusinessTime { amount, .. } => amount <= LONGEST,
        Target::BusinessDays(days) => days <= 366,
        Target::Elapsed(_) | Target::Unspecified => true,
    };
    small_enough.then_some(target)
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: i64| if count == 1 { "" } else { "s" };
        match self {
            Target::Elapsed(elapsed) => formatter.write_str(&duration_in_words(*elapsed)),
            Target::BusinessTime { amount, in_minutes: true } => {
                write!(formatter, "{} business minute{}", amount.as_mins(), plural(amount.as_mins()))
            }
            Target::BusinessTime { amount, in_minutes: false } => {
                write!(formatter, "{} business hour{}", amount.as_hours(), plural(amount.as_hours()))
            }
            Target::BusinessDays(days) => {
                write!(formatter, "{days} business day{}", plural(i64::from(*days)))
            }
            Target::Unspecified => formatter.write_str("unspecified"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_read_back_as_they_were_written() {
        for text in [
            "2h",
            "90 business minutes",
            "2 business hours",
            "1 business day",
            "3 business days",
            "unspecified",
        ] {
            assert_eq!(parse_target(text).map(|target| target.to_string()).as_deref(), Some(text));
        }
        for text in
            ["", "soon", "0h", "0 business hours", "2 business weeks", "business hours", "-1 business day"]
        {
            assert_eq!(parse_target(text), None, "{text}");
        }
    }
}
