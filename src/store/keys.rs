//! Keys of threads and contents: a stretch of time first, so that what is written together lies together, then bits
//! of a hash.
//!
//! A table keyed by a hash alone gets slower with every row, since each lands on another page; here a drain writes to
//! the pages of the present period, and reads those of the last few months. Four weeks are a period: a shorter one
//! would have to be looked for in more of them.

use jiff::{SignedDuration, Timestamp};

use crate::base::id::{CaseId, ContentKey};
use crate::policy::Policy;

/// Hash bits behind the period; 11 bits of periods since 1970 last until the year 2126.
const THREAD_BITS: u32 = 52;
/// Hash bits behind the day; 16 bits of days since 1970 last until the year 2149.
const CONTENT_BITS: u32 = 47;
/// A mail that answers one of this long ago still finds its conversation, whatever the policy says of reopening.
const THREAD_REACH: SignedDuration = SignedDuration::from_hours(24 * 90);

const DAY: i64 = 86_400;
const PERIOD: i64 = 28 * DAY;

/// Bits that name something of a policy.
fn bits(policy: &str, kind: &str, name: &[u8], bits: u32) -> i64 {
    let hash = ContentKey::of([policy.as_bytes(), kind.as_bytes(), name]);
    let mut first = [0; 8];
    first.iter_mut().zip(hash.0).for_each(|(to, from)| *to = from);
    i64::try_from(u64::from_be_bytes(first) >> (64 - bits)).unwrap_or(0)
}

/// The key of a mail, without its period.
pub(super) fn mail_bits(policy: &str, message_id: &str) -> i64 {
    bits(policy, "mail", message_id.as_bytes(), THREAD_BITS)
}

/// The key of a case's reference, without its period.
pub(super) fn reference_bits(policy: &str, reference: &str) -> i64 {
    bits(policy, "reference", reference.as_bytes(), THREAD_BITS)
}

/// The bits of a thread key.
pub(super) fn bits_of(key: i64) -> i64 {
    key & ((1 << THREAD_BITS) - 1)
}

/// The period of a thread key.
pub(super) fn period_of(key: i64) -> i64 {
    key >> THREAD_BITS
}

/// The period of an instant.
pub(super) fn period(now: Timestamp) -> i64 {
    (now.as_second() / PERIOD).clamp(0, (1 << (63 - THREAD_BITS)) - 1)
}

/// A thread key.
pub(super) fn thread_key(period: i64, bits: i64) -> i64 {
    (period << THREAD_BITS) | bits
}

/// The periods in which a conversation may have been heard of last.
pub(super) fn periods(policy: &Policy, now: Timestamp) -> std::ops::RangeInclusive<i64> {
    let reach = policy.conversation.reopen_within.max(THREAD_REACH).as_secs() / PERIOD + 1;
    period(now).saturating_sub(reach).max(0)..=period(now)
}

/// The key under which a content is written.
pub(super) fn content_key(policy: &str, content: ContentKey, date: Option<Timestamp>, at: Timestamp) -> i64 {
    on_day(day(date.unwrap_or(at)), policy, content)
}

/// The keys under which a content may stand: a mail that names its date has one, another may have come in on the day
/// before or, when mails are read again, after.
pub(super) fn content_keys(
    policy: &str,
    content: ContentKey,
    date: Option<Timestamp>,
    received_at: Timestamp,
) -> Vec<i64> {
    let days = match date {
        Some(date) => vec![day(date)],
        None => (-1..=1).map(|apart| day(received_at) + apart).collect(),
    };
    days.into_iter().map(|day| on_day(day, policy, content)).collect()
}

fn day(instant: Timestamp) -> i64 {
    instant.as_second() / DAY
}

fn on_day(day: i64, policy: &str, content: ContentKey) -> i64 {
    let day = day.clamp(0, (1 << (63 - CONTENT_BITS)) - 1);
    (day << CONTENT_BITS) | bits(policy, "content", &content.0, CONTENT_BITS)
}

/// The ids that a case may get when others have the first ones.
pub(super) fn case_ids(first: CaseId) -> [CaseId; 4] {
    let second = first.next();
    let third = second.next();
    [first, second, third, third.next()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_positive_and_ordered_by_time() {
        let content = ContentKey::of([b"a".as_slice()]);
        let early: Timestamp = "2026-01-09T00:00:00Z".parse().unwrap();
        let late: Timestamp = "2120-01-20T00:00:00Z".parse().unwrap();
        assert!(thread_key(period(early), (1 << 50) - 1) < thread_key(period(late), 0));
        assert!(thread_key(period(Timestamp::MAX), (1 << 50) - 1) > 0);
        let key = |at| content_key("p", content, None, at);
        assert!(0 <= key(Timestamp::MIN) && key(Timestamp::MIN) < key(early));
        assert!(key(early) < key(late) && key(late) < key(Timestamp::MAX));
        assert_eq!(bits_of(thread_key(7, 9)), 9);
        assert_eq!(period_of(thread_key(7, 9)), 7);
        assert!(content_keys("p", content, None, early).contains(&key(early)));
        assert_ne!(mail_bits("p", "x"), mail_bits("q", "x"));
        assert_ne!(mail_bits("p", "x"), reference_bits("p", "x"));
    }
}
