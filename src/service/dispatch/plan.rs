//! What follows from an attempt: pure, time and chance come in as arguments.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::compose::Outgoing;
use crate::deliver::Outcome;
use crate::service::writer::{Claimed, Settled};

/// The wait after the first attempt; each one doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// The longest wait that we choose ourselves.
const LONGEST_WAIT: Duration = Duration::from_mins(15);
/// How much of a wait is left to chance, so that what failed together does not come back together.
const JITTER: f64 = 0.2;
/// When an alert or alarm is given up: by then somebody has read the mailbox.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// How soon an entry comes back at the earliest that found its way crowded.
const CROWDED_WAIT: Duration = Duration::from_secs(15);

/// What stands before the network is touched: a reply that would no longer be true.
pub(super) fn before(entry: &Claimed, now: Timestamp) -> Option<Settled> {
    match &entry.outgoing {
        Outgoing::Reply(reply) if now >= reply.stale_at => {
            Some(Settled::Stale("its promise has passed, or the mail that it answers is too old".to_owned()))
        }
        Outgoing::Reply(_) | Outgoing::Alert(_) | Outgoing::Alarm(_) => None,
    }
}

/// What an outcome means; `chance` lies in 0..1.
pub(super) fn after(entry: &Claimed, outcome: Outcome, now: Timestamp, chance: f64) -> Settled {
    match outcome {
        Outcome::Sent => Settled::Sent,
        Outcome::Temporary { reason, retry_after } => {
            let wait = backoff(entry.attempt, chance).max(retry_after.unwrap_or_default());
            again(entry, reason, later(now, wait), now)
        }
        Outcome::Permanent(reason) => Settled::Failed(reason),
        Outcome::NoRecipient { reason, status } => Settled::NoRecipient { reason, status },
        Outcome::Unknown(reason) => match &entry.outgoing {
            Outgoing::Reply(_) => Settled::Unknown(reason),
            Outgoing::Alert(_) | Outgoing::Alarm(_) => {
                again(entry, reason, later(now, backoff(entry.attempt, chance)), now)
            }
        },
        Outcome::Withheld => Settled::Held("it was taken back before it was handed over".to_owned()),
    }
}

/// What becomes of an entry whose way has too many before it.
pub(super) fn crowded(entry: &Claimed, now: Timestamp, chance: f64) -> Settled {
    let wait = backoff(entry.attempt, chance).max(CROWDED_WAIT);
    again(entry, "too many wait for the same way out".to_owned(), later(now, wait), now)
}

fn again(entry: &Claimed, reason: String, at: Timestamp, now: Timestamp) -> Settled {
    match &entry.outgoing {
        Outgoing::Reply(reply) if at >= reply.stale_at => {
            Settled::Stale(format!("it would be too late at the next attempt: {reason}"))
        }
        Outgoing::Alert(_) | Outgoing::Alarm(_) if now.duration_since(entry.created_at) >= GIVE_UP_AFTER => {
            Settled::Failed(format!("given up after 24 h: {reason}"))
        }
        Outgoing::Reply(_) | Outgoing::Alert(_) | Outgoing::Alarm(_) => Settled::Retry { at, reason },
    }
}

/// 5 s, 10 s, 20 s … 15 min, each a little shorter or longer.
fn backoff(attempt: u32, chance: f64) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    wait.mul_f64(1.0 + JITTER * (2.0 * chance.clamp(0.0, 1.0) - 1.0))
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| now.saturating_add(wait).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let waits = [1, 2, 3, 8, 9, u32::MAX].map(|attempt| backoff(attempt, 0.5).as_secs());
        assert_eq!(waits, [5, 10, 20, 640, 900, 900]);
        assert_eq!([0.0, 1.0].map(|chance| backoff(1, chance).as_secs()), [4, 6]);
    }
}
