//! The first sight of a mailbox: from where it is read, and which of its mails came in too long before.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

use crate::imap::{ImapError, Session};
use crate::service::window::Watched;
use crate::settings::Start;

/// INTERNALDATEs before this are no dates of receipt: IMAP is younger, and broken servers say 1970.
const FIRST_PLAUSIBLE: i64 = 631_152_000; // 1990-01-01T00:00:00Z

/// A clock may be wrong by this much before an INTERNALDATE in the future is called absurd.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// The first UID to be read of a mailbox that is seen for the first time at `now`. UIDNEXT is not asked: a server that
/// says too much there would hide the mails below it.
pub(super) async fn baseline(session: &mut Session, start: Start, now: Timestamp) -> Result<u64, ImapError> {
    if start == Start::All {
        return Ok(1);
    }
    let after_last = session.last_uid().await?.map_or(1, |last| u64::from(last) + 1);
    let Start::Back(time) = start else { return Ok(after_last) };
    let Some(day) = day_before(now, time) else { return Ok(1) };
    let first = session.first_since(day).await?;
    Ok(first.map_or(after_last, |first| u64::from(first).min(after_last)))
}

/// The day before the one on which `time` before `now` falls: the server goes by its own zone.
fn day_before(now: Timestamp, time: SignedDuration) -> Option<Date> {
    let from = now.checked_sub(time).ok()?;
    from.to_zoned(TimeZone::UTC).date().checked_sub(1.day()).ok()
}

/// When a mail was received, by the server's word where it can be.
pub(super) fn received(internal_date: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let latest = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
    internal_date.filter(|date| date.as_second() >= FIRST_PLAUSIBLE && *date <= latest).unwrap_or(now)
}

/// Whether a mail came in before the mailbox was first seen, and is only recorded. With `start = "now"` none is read
/// that was there before; one that somebody moves in later is new here, however old it is.
pub(super) fn is_before(
    received: Timestamp,
    first_seen_at: Option<Timestamp>,
    watched: &Watched,
    now: Timestamp,
) -> bool {
    let Some(first) = first_seen_at.filter(|first| received < *first) else { return false };
    let is_late = now.duration_since(received) > watched.alert_max_age;
    match watched.start {
        Start::Now => false,
        Start::Back(time) => is_late || first.duration_since(received) > time,
        Start::All => is_late,
    }
}
