//! Mailboxes: who owns them, and how far they are recorded.

use jiff::Timestamp;

use super::change::Change;
use super::sql::{self, Columns, Value, count, number};
use super::{StoreError, instant_or_never, micros};

/// What identifies a mailbox over renames.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MailboxKey {
    /// The server.
    pub host: String,
    /// Who logs in.
    pub username: String,
    /// The folder.
    pub folder: String,
    /// How the settings call it now.
    pub name: String,
}

/// What is known of a mailbox when an owner takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxState {
    /// Its id.
    pub id: i64,
    /// Proves that nobody took it since.
    pub fence: i64,
    /// Where reading goes on; `None` before its first sight.
    pub cursor: Option<Cursor>,
    /// When it was first seen.
    pub first_seen_at: Option<Timestamp>,
    /// Why it was stopped.
    pub halted: Option<String>,
}

/// How far a mailbox is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Its UIDVALIDITY.
    pub uid_validity: u32,
    /// The first UID that is not recorded; up to 2³².
    pub next_uid: u64,
}

/// What became of a UID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LedgerState {
    /// It was decided.
    Decided,
    /// The same content came in before.
    Duplicate,
    /// It failed; somebody must look.
    Quarantined,
    /// The server listed it and did not have it.
    Gone,
    /// It came in before the mailbox was first seen.
    BeforeStart,
}

impl LedgerState {
    /// All, in the order of their numbers.
    pub const ALL: [LedgerState; 5] = [
        LedgerState::Decided,
        LedgerState::Duplicate,
        LedgerState::Quarantined,
        LedgerState::Gone,
        LedgerState::BeforeStart,
    ];

    /// The slug.
    pub fn slug(self) -> &'static str {
        match self {
            LedgerState::Decided => "decided",
            LedgerState::Duplicate => "duplicate",
            LedgerState::Quarantined => "quarantined",
            LedgerState::Gone => "gone",
            LedgerState::BeforeStart => "before-start",
        }
    }

    /// The number in the ledger.
    pub(super) fn code(self) -> i64 {
        match self {
            LedgerState::Decided => 1,
            LedgerState::Duplicate => 2,
            LedgerState::Quarantined => 3,
            LedgerState::Gone => 4,
            LedgerState::BeforeStart => 5,
        }
    }
}

/// Where a mailbox stands, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standpoint {
    /// Its name.
    pub name: String,
    /// The fence of its owner.
    pub fence: i64,
    /// Its cursor.
    pub cursor: Option<Cursor>,
    /// When it was first seen.
    pub first_seen_at: Option<Timestamp>,
    /// It was stopped.
    pub halted: bool,
}

/// A move of a mailbox's cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// The mailbox.
    pub mailbox: i64,
    /// The fence that it must have.
    pub fence: i64,
    /// Where the cursor must stand.
    pub from: Cursor,
    /// Where it will stand.
    pub to: u64,
    /// How many rows of the ledger each state gained.
    pub gained: Vec<(LedgerState, i64)>,
}

impl Change<'_> {
    /// Takes a mailbox: whoever had it before can no longer write. Makes it known when it is new.
    ///
    /// # Errors
    /// When the database fails, as for everything here.
    pub async fn open_mailbox(&mut self, key: &MailboxKey) -> Result<MailboxState, StoreError> {
        let known = "SELECT id, fence, uid_validity, next_uid, first_seen_at, halted FROM mailbox \
                     WHERE host = $1 AND username = $2 AND folder = $3";
        let names = || [key.host.as_str().into(), key.username.as_str().into(), key.folder.as_str().into()];
        let found = sql::rows(self.connection(), known, names()).await?;
        let Some(row) = found.first() else { return self.new_mailbox(key).await };
        let (id, fence) = (row.number("id")?, row.number("fence")?.saturating_add(1));
        let take = "UPDATE mailbox SET fence = $1, name = $2 WHERE id = $3";
        sql::run(self.connection(), take, [fence.into(), key.name.as_str().into(), id.into()]).await?;
        let halted = row.text("halted")?;
        Ok(MailboxState {
            id,
            fence,
            cursor: cursor(row)?,
            first_seen_at: instant_or_never(row.number("first_seen_at")?),
            halted: (!halted.is_empty()).then_some(halted),
        })
    }

    async fn new_mailbox(&mut self, key: &MailboxKey) -> Result<MailboxState, StoreError> {
        let last = sql::rows(self.connection(), "SELECT COALESCE(MAX(id), 0) AS n FROM mailbox", []).await?;
        let id = last.first().map_or(Ok(0), |row| row.number("n"))?.saturating_add(1);
        let statement = "INSERT INTO mailbox (id, host, username, folder, name, fence, uid_validity, next_uid, \
                         first_seen_at, halted, decided, duplicate, quarantined, gone, before_start) \
                         VALUES ($1, $2, $3, $4, $5, 1, 0, 0, 0, '', 0, 0, 0, 0, 0)";
        let values: [Value; 5] = [
            id.into(),
            key.host.as_str().into(),
            key.username.as_str().into(),
            key.folder.as_str().into(),
            key.name.as_str().into(),
        ];
        sql::run(self.connection(), statement, values).await?;
        Ok(MailboxState { id, fence: 1, cursor: None, first_seen_at: None, halted: None })
    }

    /// Sets where a mailbox is read from; false when it has a cursor already, or another owner.
    ///
    /// # Errors
    /// See [`Change::open_mailbox`].
    pub async fn baseline(
        &mut self,
        mailbox: i64,
        fence: i64,
        cursor: Cursor,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let statement = "UPDATE mailbox SET uid_validity = $1, next_uid = $2, first_seen_at = $3 \
                         WHERE id = $4 AND fence = $5 AND next_uid = 0";
        let values: [Value; 5] = [
            i64::from(cursor.uid_validity).into(),
            number(cursor.next_uid).into(),
            micros(now).into(),
            mailbox.into(),
            fence.into(),
        ];
        Ok(sql::run(self.connection(), statement, values).await? == 1)
    }

    /// Where a mailbox stands.
    ///
    /// # Errors
    /// See [`Change::open_mailbox`].
    pub async fn standpoint(&mut self, mailbox: i64) -> Result<Option<Standpoint>, StoreError> {
        let statement =
            "SELECT name, fence, uid_validity, next_uid, first_seen_at, halted FROM mailbox WHERE id = $1";
        let found = sql::rows(self.connection(), statement, [mailbox.into()]).await?;
        let Some(row) = found.first() else { return Ok(None) };
        Ok(Some(Standpoint {
            name: row.text("name")?,
            fence: row.number("fence")?,
            cursor: cursor(row)?,
            first_seen_at: instant_or_never(row.number("first_seen_at")?),
            halted: !row.text("halted")?.is_empty(),
        }))
    }

    /// Moves a cursor.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it does not stand where it should; and see [`Change::open_mailbox`].
    pub async fn advance(&mut self, advance: &Advance) -> Result<(), StoreError> {
        let statement = "UPDATE mailbox SET next_uid = $1, decided = decided + $2, duplicate = duplicate + $3, \
                         quarantined = quarantined + $4, gone = gone + $5, before_start = before_start + $6 \
                         WHERE id = $7 AND fence = $8 AND uid_validity = $9 AND next_uid = $10 AND halted = ''";
        let gained = |state: LedgerState| -> Value {
            advance.gained.iter().filter(|(gaining, _)| *gaining == state).map(|(_, n)| n).sum::<i64>().into()
        };
        let values: [Value; 10] = [
            number(advance.to).into(),
            gained(LedgerState::Decided),
            gained(LedgerState::Duplicate),
            gained(LedgerState::Quarantined),
            gained(LedgerState::Gone),
            gained(LedgerState::BeforeStart),
            advance.mailbox.into(),
            advance.fence.into(),
            i64::from(advance.from.uid_validity).into(),
            number(advance.from.next_uid).into(),
        ];
        match sql::run(self.connection(), statement, values).await? {
            1 => Ok(()),
            _ => Err(StoreError::Conflict),
        }
    }

    /// Stops a mailbox.
    ///
    /// # Errors
    /// See [`Change::open_mailbox`].
    pub async fn halt(&mut self, mailbox: i64, fence: i64, reason: &str) -> Result<(), StoreError> {
        let statement = "UPDATE mailbox SET halted = $1 WHERE id = $2 AND fence = $3";
        sql::run(self.connection(), statement, [reason.into(), mailbox.into(), fence.into()]).await?;
        Ok(())
    }

    /// The UIDs of quarantined mails that somebody wants tried again.
    ///
    /// # Errors
    /// See [`Change::open_mailbox`].
    pub async fn retries(&mut self, mailbox: i64) -> Result<Vec<u32>, StoreError> {
        let statement = "SELECT q.uid AS uid FROM quarantine q JOIN mailbox m ON m.id = q.mailbox_id \
                         WHERE q.mailbox_id = $1 AND q.uid_validity = m.uid_validity AND q.retry_wanted = 1 \
                         ORDER BY q.uid LIMIT 64";
        let found = sql::rows(self.connection(), statement, [mailbox.into()]).await?;
        found.iter().map(|row| Ok(count(row.number("uid")?))).collect()
    }

    /// Which of these UIDs are in quarantine.
    ///
    /// # Errors
    /// See [`Change::open_mailbox`].
    pub async fn quarantined(
        &mut self,
        mailbox: i64,
        uid_validity: u32,
        uids: impl Iterator<Item = u32>,
    ) -> Result<Vec<u32>, StoreError> {
        let statement = "SELECT uid FROM quarantine WHERE mailbox_id = $1 AND uid_validity = $2 AND uid IN";
        let first = [mailbox.into(), i64::from(uid_validity).into()];
        let uids = uids.map(|uid| i64::from(uid).into()).collect();
        let found = sql::find(self.connection(), (statement, ""), &first, uids).await?;
        found.iter().map(|row| Ok(count(row.number("uid")?))).collect()
    }
}

fn cursor(row: &sql::Row) -> Result<Option<Cursor>, StoreError> {
    let next_uid: u64 = count(row.number("next_uid")?);
    let uid_validity = count(row.number("uid_validity")?);
    Ok((next_uid > 0).then_some(Cursor { uid_validity, next_uid }))
}
