//! The outbox: what is to leave the house, and what became of each attempt.
//!
//! An entry is claimed by its due time. While it is leased its due time is the end of the lease, so that an entry
//! whose attempt is never settled is found again, except for a reply whose data may have gone out
//! (`handing-over`): that one is never repeated.

use jiff::{SignedDuration, Timestamp};

use super::change::Change;
use super::sql::{self, Columns, Row, Value, count, number};
use super::{StoreError, instant, micros};
use crate::base::id::CaseId;
use crate::casework::Bounced;
use crate::compose::Outgoing;
use crate::mail::Address;

/// How long an attempt may take before the entry is given to another. The deadlines of the channels are below two
/// minutes; the rest is for waiting its turn.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// When an alert whose fate is unknown is repeated.
const REPEAT_AFTER: SignedDuration = SignedDuration::from_mins(1);
/// How many characters of an error are kept.
const SHOWN: usize = 300;

/// An outbox entry that is ours to deliver.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its id.
    pub id: i64,
    /// Which attempt this is, from 1. It was written before the entry was handed out.
    pub attempt: u32,
    /// Whom it goes to.
    pub way: Way,
    /// What goes out.
    pub outgoing: Outgoing,
    /// When it was decided.
    pub created_at: Timestamp,
}

/// Through what an entry leaves.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Way {
    /// A channel of the settings, by name.
    Channel(String),
    /// The SMTP server of an account, by name.
    Account(String),
}

impl std::fmt::Display for Way {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Way::Channel(name) => write!(formatter, "channel/{name}"),
            Way::Account(name) => write!(formatter, "account/{name}"),
        }
    }
}

impl Way {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.split_once('/')? {
            ("channel", name) => Some(Way::Channel(name.to_owned())),
            ("account", name) => Some(Way::Account(name.to_owned())),
            _ => None,
        }
    }
}

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settle {
    /// The entry.
    pub id: i64,
    /// The attempt; another one is no longer ours to settle.
    pub attempt: u32,
    /// How it went.
    pub settled: Settled,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It was taken.
    Sent,
    /// It is tried again at this instant.
    Retry {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// It can never be delivered.
    Failed(String),
    /// It can never be delivered, since the server says that there is no such recipient.
    NoRecipient {
        /// What it says, in a line.
        reason: String,
        /// The status, such as `5.1.1`.
        status: String,
    },
    /// It may have been taken.
    Unknown(String),
    /// A reply whose promise has passed, or that is too old.
    Stale(String),
    /// Replies are switched off, or the breaker is open: it waits for somebody.
    Held(String),
}

/// The state of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryState {
    /// It waits for its time.
    Pending,
    /// Somebody tries it.
    Leased,
    /// A reply whose data goes out in this moment.
    HandingOver,
    /// It was taken.
    Sent,
    /// It is tried again.
    Retrying,
    /// It cannot be delivered.
    Failed,
    /// A reply that would no longer be true.
    Stale,
    /// Nobody needs it any more.
    Withdrawn,
    /// A reply that waits for somebody.
    Held,
    /// A reply that may have been taken.
    Unknown,
}

impl EntryState {
    /// The slug.
    pub fn slug(self) -> &'static str {
        match self {
            EntryState::Pending => "pending",
            EntryState::Leased => "leased",
            EntryState::HandingOver => "handing-over",
            EntryState::Sent => "sent",
            EntryState::Retrying => "retrying",
            EntryState::Failed => "failed",
            EntryState::Stale => "stale",
            EntryState::Withdrawn => "withdrawn",
            EntryState::Held => "held",
            EntryState::Unknown => "unknown",
        }
    }

    /// Whether it can be claimed when it is due.
    fn is_waiting(self) -> bool {
        matches!(self, EntryState::Pending | EntryState::Leased | EntryState::Retrying)
    }
}

/// Something new in the outbox.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Through what it leaves.
    pub way: Way,
    /// The case that it is about.
    pub case: Option<CaseId>,
    /// What leaves.
    pub outgoing: Outgoing,
    /// When it is due.
    pub due_at: Timestamp,
    /// Pending; leased, when it is handed out at once; or withdrawn, when it is over before it began.
    pub state: EntryState,
}

/// An entry as an attempt at it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settling {
    /// The case, when it is an alert.
    pub alert_of: Option<CaseId>,
    /// The state that it has now.
    pub state: EntryState,
    /// It failed, and so did everything else that tells of the same.
    pub nobody_was_told: bool,
}

/// `alert`, `alarm` or `reply`.
fn kind(outgoing: &Outgoing) -> &'static str {
    match outgoing {
        Outgoing::Alert(_) => "alert",
        Outgoing::Alarm(_) => "alarm",
        Outgoing::Reply(_) => "reply",
    }
}

fn dedup_key(outgoing: &Outgoing) -> &str {
    match outgoing {
        Outgoing::Alert(alert) => &alert.dedup_key,
        Outgoing::Alarm(alarm) => &alarm.dedup_key,
        Outgoing::Reply(reply) => &reply.message_id,
    }
}

impl Change<'_> {
    /// Puts entries into the outbox, each once by its case, way and dedup key. Answers those that are leased.
    ///
    /// # Errors
    /// When the database fails, as for everything here.
    pub async fn enqueue(&mut self, entries: Vec<Entry>, now: Timestamp) -> Result<Vec<Claimed>, StoreError> {
        let mut rows: Vec<[Value; 14]> = Vec::with_capacity(entries.len());
        let mut leased = Vec::new();
        for entry in entries {
            let id = self.next_id(now);
            let is_leased = entry.state == EntryState::Leased;
            let due_at = if is_leased { after(now, LEASE) } else { entry.due_at };
            let stale_at = match &entry.outgoing {
                Outgoing::Reply(reply) => micros(reply.stale_at),
                Outgoing::Alert(_) | Outgoing::Alarm(_) => i64::MAX,
            };
            let payload = serde_json::to_string(&entry.outgoing)
                .map_err(|error| StoreError::Malformed(error.to_string()))?;
            rows.push([
                id.into(),
                kind(&entry.outgoing).into(),
                entry.way.to_string().into(),
                dedup_key(&entry.outgoing).into(),
                entry.state.slug().into(),
                i64::from(entry.state.is_waiting()).into(),
                micros(due_at).into(),
                i64::from(is_leased).into(),
                self.epoch().into(),
                entry.case.map_or(0, |case| case.0).into(),
                stale_at.into(),
                payload.into(),
                micros(now).into(),
                "".into(),
            ]);
            if is_leased {
                let Entry { way, outgoing, .. } = entry;
                leased.push(Claimed { id, attempt: 1, way, outgoing, created_at: now });
            }
        }
        let head = "INSERT INTO outbox (id, kind, way, dedup_key, state, waiting, due_at, attempts, owner, case_id, \
                    stale_at, payload, created_at, last_error)";
        sql::write(self.connection(), head, "ON CONFLICT (case_id, dedup_key, way) DO NOTHING", rows).await?;
        Ok(leased)
    }

    /// Leases entries that are due, the oldest first. Replies are held back when `replies_stopped`.
    ///
    /// # Errors
    /// See [`Change::enqueue`].
    pub async fn claim(
        &mut self,
        limit: usize,
        replies_stopped: bool,
        now: Timestamp,
    ) -> Result<Vec<Claimed>, StoreError> {
        let statement = "SELECT id, kind, way, attempts, stale_at, payload, created_at FROM outbox \
                         WHERE waiting = 1 AND due_at <= $1 ORDER BY due_at LIMIT $2";
        let due = sql::rows(self.connection(), statement, [micros(now).into(), number(limit).into()]).await?;
        let mut claimed = Vec::new();
        for row in due {
            let (id, is_reply) = (row.number("id")?, row.text("kind")? == "reply");
            let is_stale = row.number("stale_at")? <= micros(now);
            let instead = match (is_reply, is_stale) {
                (true, true) => Some((EntryState::Stale, "its promise or its time had passed")),
                (false, true) => Some((EntryState::Withdrawn, "")),
                (true, false) if replies_stopped => Some((EntryState::Held, "replies were stopped")),
                (_, false) => None,
            };
            match (instead, claimable(&row)?) {
                (Some((state, reason)), _) => self.put_aside(id, state, reason).await?,
                (None, None) => self.put_aside(id, EntryState::Failed, "it could not be understood").await?,
                (None, Some(entry)) => claimed.push(entry),
            }
        }
        let statement = (
            "UPDATE outbox SET state = 'leased', attempts = attempts + 1, due_at = $1, owner = $2 WHERE id IN",
            "",
        );
        let first = [micros(after(now, LEASE)).into(), self.epoch().into()];
        let ids: Vec<Value> = claimed.iter().map(|entry| entry.id.into()).collect();
        // A list is filled up with its last id, which changes nothing: each row is updated once.
        sql::find(self.connection(), statement, &first, ids).await?;
        Ok(claimed)
    }

    async fn put_aside(&mut self, id: i64, state: EntryState, reason: &str) -> Result<(), StoreError> {
        let statement = "UPDATE outbox SET state = $1, waiting = 0, last_error = $2 WHERE id = $3";
        sql::run(self.connection(), statement, [state.slug().into(), reason.into(), id.into()]).await?;
        Ok(())
    }

    /// Writes down that a reply's data comes next; false when it may no longer go out.
    ///
    /// # Errors
    /// See [`Change::enqueue`].
    pub async fn hand_over(
        &mut self,
        (id, attempt): (i64, u32),
        replies_stopped: bool,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let ours = "SELECT stale_at FROM outbox \
                    WHERE id = $1 AND attempts = $2 AND owner = $3 AND state = 'leased' AND kind = 'reply'";
        let values = [id.into(), i64::from(attempt).into(), self.epoch().into()];
        let found = sql::rows(self.connection(), ours, values).await?;
        let Some(row) = found.first() else { return Ok(false) };
        if row.number("stale_at")? <= micros(now) {
            self.put_aside(id, EntryState::Stale, "its promise or its time had passed").await?;
            return Ok(false);
        }
        if replies_stopped {
            self.put_aside(id, EntryState::Held, "replies were stopped").await?;
            return Ok(false);
        }
        self.put_aside(id, EntryState::HandingOver, "").await?;
        Ok(true)
    }

    /// Writes down what became of an attempt; `None` when it was no longer ours.
    ///
    /// # Errors
    /// See [`Change::enqueue`].
    pub async fn settle(&mut self, settle: &Settle, now: Timestamp) -> Result<Option<Settling>, StoreError> {
        let ours = "SELECT kind, dedup_key, case_id, stale_at FROM outbox \
                    WHERE id = $1 AND attempts = $2 AND owner = $3 AND state IN ('leased', 'handing-over')";
        let values = [settle.id.into(), i64::from(settle.attempt).into(), self.epoch().into()];
        let found = sql::rows(self.connection(), ours, values).await?;
        let Some(row) = found.first() else { return Ok(None) };
        let kind = row.text("kind")?;
        let is_withdrawn = kind != "reply" && row.number("stale_at")? <= micros(now);
        let (state, due_at, reason) = match &settle.settled {
            Settled::Sent => (EntryState::Sent, now, ""),
            Settled::Retry { reason, .. } if is_withdrawn => (EntryState::Withdrawn, now, reason.as_str()),
            Settled::Retry { at, reason } => (EntryState::Retrying, *at, reason.as_str()),
            Settled::Failed(reason) | Settled::NoRecipient { reason, .. } => {
                (EntryState::Failed, now, reason.as_str())
            }
            Settled::Unknown(reason) if kind == "reply" => (EntryState::Unknown, now, reason.as_str()),
            Settled::Unknown(reason) => (EntryState::Retrying, after(now, REPEAT_AFTER), reason.as_str()),
            Settled::Stale(reason) => (EntryState::Stale, now, reason.as_str()),
            Settled::Held(reason) => (EntryState::Held, now, reason.as_str()),
        };
        let statement =
            "UPDATE outbox SET state = $1, waiting = $2, due_at = $3, last_error = $4 WHERE id = $5";
        let values: [Value; 5] = [
            state.slug().into(),
            i64::from(state.is_waiting()).into(),
            micros(due_at).into(),
            reason.chars().take(SHOWN).collect::<String>().into(),
            settle.id.into(),
        ];
        sql::run(self.connection(), statement, values).await?;
        if let Settled::NoRecipient { status, .. } = &settle.settled {
            self.has_bounced(settle.id, status, now).await?;
        }
        let alert_of = if kind == "alert" { Some(CaseId(row.number("case_id")?)) } else { None };
        let is_lost = state == EntryState::Failed && alert_of.is_some();
        let nobody_was_told = is_lost && self.nobody_was_told(row).await?;
        Ok(Some(Settling { alert_of, state, nobody_was_told }))
    }

    /// A reply was refused for good, as when it comes back: its address gets no other for a while.
    async fn has_bounced(&mut self, entry: i64, status: &str, now: Timestamp) -> Result<(), StoreError> {
        let statement = "SELECT payload FROM outbox WHERE id = $1";
        let found = sql::rows(self.connection(), statement, [entry.into()]).await?;
        let payload = found.first().map(|row| row.text("payload")).transpose()?.unwrap_or_default();
        let Ok(Outgoing::Reply(reply)) = serde_json::from_str(&payload) else { return Ok(()) };
        let Some(address) = Address::parse(&reply.to).map(|to| to.person().key()) else { return Ok(()) };
        self.save_bounced(&[Bounced { address, at: now, status: status.to_owned() }]).await
    }

    /// Whether an alert failed on every channel.
    async fn nobody_was_told(&mut self, row: &Row) -> Result<bool, StoreError> {
        let statement =
            "SELECT COUNT(*) AS n FROM outbox WHERE case_id = $1 AND dedup_key = $2 AND state <> 'failed'";
        let (case, key) = (row.number("case_id")?, row.text("dedup_key")?);
        let left = sql::rows(self.connection(), statement, [case.into(), key.into()]).await?;
        let left = left.first().map_or(Ok(0), |row| row.number("n"))?;
        Ok(left == 0)
    }

    /// Alerts of a case that have not gone out are no longer wanted. Those that are tried in this moment are not tried
    /// again.
    ///
    /// # Errors
    /// See [`Change::enqueue`].
    pub async fn withdraw_alerts(&mut self, case: CaseId, now: Timestamp) -> Result<(), StoreError> {
        let waiting = "UPDATE outbox SET state = 'withdrawn', waiting = 0 \
                       WHERE case_id = $1 AND kind = 'alert' AND state IN ('pending', 'retrying')";
        sql::run(self.connection(), waiting, [case.0.into()]).await?;
        let leased =
            "UPDATE outbox SET stale_at = $1 WHERE case_id = $2 AND kind = 'alert' AND state = 'leased'";
        sql::run(self.connection(), leased, [micros(now).into(), case.0.into()]).await?;
        Ok(())
    }

    /// After a start: what an earlier daemon had leased is due at once, and a reply that it was handing over may have
    /// gone out. Answers how many of each.
    ///
    /// # Errors
    /// See [`Change::enqueue`].
    pub async fn recover(&mut self, now: Timestamp) -> Result<(u64, u64), StoreError> {
        let leased = "UPDATE outbox SET state = 'pending', due_at = $1 WHERE state = 'leased'";
        let leased = sql::run(self.connection(), leased, [micros(now).into()]).await?;
        let reason = "the daemon ended while it was handed over";
        let unknown = "UPDATE outbox SET state = 'unknown', last_error = $1 WHERE state = 'handing-over'";
        Ok((leased, sql::run(self.connection(), unknown, [reason.into()]).await?))
    }

    /// Replies that were being handed over when their lease ran out may have gone out. Answers how many.
    ///
    /// # Errors
    /// See [`Change::enqueue`].
    pub async fn give_up_handing_over(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let reason = "what became of handing it over was never told";
        let statement = "UPDATE outbox SET state = 'unknown', last_error = $1 \
                         WHERE state = 'handing-over' AND due_at <= $2";
        sql::run(self.connection(), statement, [reason.into(), micros(now).into()]).await
    }

    /// How many entries wait.
    ///
    /// # Errors
    /// See [`Change::enqueue`].
    pub async fn waiting(&mut self) -> Result<u64, StoreError> {
        let found =
            sql::rows(self.connection(), "SELECT COUNT(*) AS n FROM outbox WHERE waiting = 1", []).await?;
        found.first().map_or(Ok(0), |row| Ok(count(row.number("n")?)))
    }
}

/// The entry of a row as its next attempt gets it; `None` when the row cannot be understood.
fn claimable(row: &Row) -> Result<Option<Claimed>, StoreError> {
    let way = Way::parse(&row.text("way")?);
    let outgoing: Option<Outgoing> = serde_json::from_str(&row.text("payload")?).ok();
    let attempts: u32 = count(row.number("attempts")?);
    let (id, created_at) = (row.number("id")?, instant(row.number("created_at")?));
    Ok(way.zip(outgoing).map(|(way, outgoing)| Claimed {
        id,
        attempt: attempts.saturating_add(1),
        way,
        outgoing,
        created_at,
    }))
}

fn after(now: Timestamp, time: SignedDuration) -> Timestamp {
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}
