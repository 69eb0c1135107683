//! A look at a database from another process, with or without a daemon at work on it, and the switches that people
//! have. Never makes a database, never holds the lock.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use super::mailboxes::LedgerState;
use super::outbox::Way;
use super::sql::{self, Columns, Pool, Row, count, number};
use super::{Purpose, StoreError, connect, facts, instant, instant_or_never, lookup, micros, schema};
use crate::base::id::CaseId;

/// A database that somebody looks at.
#[derive(Debug)]
pub struct Reader {
    pool: Pool,
}

/// How everything stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overview {
    /// The daemon's last sign of life.
    pub heartbeat: Option<Heartbeat>,
    /// Whether replies go out.
    pub replies: RepliesSwitch,
    /// The mailboxes, by name.
    pub mailboxes: Vec<MailboxRow>,
    /// What is wrong, the oldest first.
    pub alarms: Vec<AlarmRow>,
    /// How many entries of the outbox stand in each state.
    pub outbox: BTreeMap<String, u64>,
    /// How many cases stand in each state.
    pub cases: BTreeMap<String, u64>,
}

/// A sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heartbeat {
    /// When.
    pub at: Timestamp,
    /// What the daemon said of itself.
    pub status: String,
}

/// Whether replies go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RepliesSwitch {
    /// Since when they are switched off.
    pub off_since: Option<Timestamp>,
    /// Since when the breaker is open.
    pub breaker_open_since: Option<Timestamp>,
}

/// A mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxRow {
    /// Its name.
    pub name: String,
    /// The server.
    pub host: String,
    /// The folder.
    pub folder: String,
    /// Its UIDVALIDITY; 0 before the first sight.
    pub uid_validity: u32,
    /// The first UID that is not recorded; 0 before the first sight.
    pub next_uid: u64,
    /// When it was first seen.
    pub first_seen_at: Option<Timestamp>,
    /// Why it was stopped.
    pub halted: Option<String>,
    /// How many mails stand in each state of the ledger, by slug.
    pub counts: BTreeMap<&'static str, u64>,
}

/// An alarm that is raised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmRow {
    /// What is wrong with what.
    pub key: String,
    /// One line.
    pub text: String,
    /// Since when.
    pub raised_at: Timestamp,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// How people call it.
    pub reference: String,
    /// Its policy.
    pub policy: String,
    /// Its state, as a slug.
    pub state: String,
    /// When its first mail was received.
    pub opened_at: Timestamp,
    /// When its latest mail was received.
    pub last_mail_at: Timestamp,
    /// The promise that is owed.
    pub respond_by: Option<Timestamp>,
    /// The addresses that the customer's mails came from.
    pub people: Vec<String>,
    /// The address that the first mail came from, be it a machine's.
    pub opener: Option<String>,
    /// The subject of the first mail.
    pub subject: String,
    /// Escalations that run and that nobody has acknowledged.
    pub running: Vec<String>,
    /// Escalations that wait, and until when.
    pub deferred: Vec<(String, Timestamp)>,
}

/// An entry of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its id.
    pub id: i64,
    /// Its state, as a slug.
    pub state: String,
    /// `alert`, `alarm` or `reply`.
    pub kind: String,
    /// `channel/NAME` or `account/NAME`.
    pub way: String,
    /// What receivers tell repetitions by.
    pub dedup_key: String,
    /// The reference of the case.
    pub reference: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// When it was decided.
    pub created_at: Timestamp,
    /// What went wrong last.
    pub last_error: String,
}

/// A mail that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantineRow {
    /// Its id.
    pub id: i64,
    /// The mailbox's name.
    pub mailbox: String,
    /// The UIDVALIDITY of its UID.
    pub uid_validity: u32,
    /// Its UID.
    pub uid: u32,
    /// When the server received it.
    pub received_at: Timestamp,
    /// What went wrong.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// Somebody wants it tried again.
    pub retry_wanted: bool,
}

impl Reader {
    /// Opens a database that is there.
    ///
    /// # Errors
    /// When there is none, when it cannot be opened, or has another version than this program.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        match std::fs::metadata(path) {
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(StoreError::Missing { path: path.to_owned() });
            }
            Err(error) => return Err(StoreError::unreadable(path, &error)),
        }
        let pool = connect(path, Purpose::Look).await?;
        match schema::version(&pool, path).await? {
            found if found == schema::known() => Ok(Reader { pool }),
            0 => Err(StoreError::Missing { path: path.to_owned() }),
            found => Err(StoreError::Version { path: path.to_owned(), found, known: schema::known() }),
        }
    }

    /// How everything stands, in one moment.
    ///
    /// # Errors
    /// When the database fails, as for everything here.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        let mut moment = self.pool.begin().await?;
        let heartbeat = facts::heartbeat(&mut moment).await?;
        let stops = facts::stops(&mut moment).await?;
        let mailboxes = "SELECT name, host, folder, uid_validity, next_uid, first_seen_at, halted, decided, \
                         duplicate, quarantined, gone, before_start FROM mailbox ORDER BY name, id";
        let alarms = "SELECT key, text, raised_at FROM alarm ORDER BY raised_at, key";
        let outbox = "SELECT state AS name, COUNT(*) AS n FROM outbox GROUP BY state";
        let cases = "SELECT state AS name, n FROM matter_count WHERE n > 0";
        Ok(Overview {
            heartbeat: heartbeat.map(|(at, status)| Heartbeat { at, status }),
            replies: RepliesSwitch {
                off_since: stops.off_since,
                breaker_open_since: stops.breaker_open_since,
            },
            mailboxes: all(&sql::rows(&mut moment, mailboxes, []).await?, mailbox_row)?,
            alarms: all(&sql::rows(&mut moment, alarms, []).await?, |row| {
                let raised_at = instant(row.number("raised_at")?);
                Ok(AlarmRow { key: row.text("key")?, text: row.text("text")?, raised_at })
            })?,
            outbox: counts(&sql::rows(&mut moment, outbox, []).await?)?,
            cases: counts(&sql::rows(&mut moment, cases, []).await?)?,
        })
    }

    /// Cases, the latest first: those that are open, or all.
    ///
    /// # Errors
    /// See [`Reader::overview`].
    pub async fn cases(&self, all: bool, limit: usize) -> Result<Vec<CaseRow>, StoreError> {
        let statement = if all {
            "SELECT id, detail FROM matter ORDER BY id DESC LIMIT $1"
        } else {
            "SELECT id, detail FROM matter WHERE state IN ('open', 'acknowledged') ORDER BY id DESC LIMIT $1"
        };
        self.rows(statement, number(limit), case_row).await
    }

    /// Entries of the outbox, the latest first: those that are not sent, or all.
    ///
    /// # Errors
    /// See [`Reader::overview`].
    pub async fn outbox(&self, all: bool, limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        let statement = if all {
            "SELECT id, state, kind, way, dedup_key, case_id, attempts, due_at, created_at, last_error FROM outbox \
             ORDER BY id DESC LIMIT $1"
        } else {
            "SELECT id, state, kind, way, dedup_key, case_id, attempts, due_at, created_at, last_error FROM outbox \
             WHERE state <> 'sent' AND state <> 'withdrawn' ORDER BY id DESC LIMIT $1"
        };
        self.rows(statement, number(limit), outbox_row).await
    }

    /// What still has to go out: the way of each entry that waits, and of each escalation that waits for its opening,
    /// with the reference of the case; the latest first, at most so many of each.
    ///
    /// # Errors
    /// See [`Reader::overview`].
    pub async fn owed(&self, limit: usize) -> Result<Vec<(Way, Option<String>)>, StoreError> {
        let statement = "SELECT way, case_id FROM outbox \
                         WHERE state IN ('pending', 'leased', 'handing-over', 'retrying', 'held') \
                         ORDER BY id DESC LIMIT $1";
        let mut owed = self.rows(statement, number(limit), waiting).await?;
        let statement =
            "SELECT id, detail FROM matter WHERE state IN ('open', 'acknowledged') ORDER BY id DESC LIMIT $1";
        for case in self.rows(statement, number(limit), lookup::case).await? {
            let steps = case.deferred.iter().filter_map(|deferred| deferred.plan.steps.first());
            let channels = steps.flat_map(|step| &step.notify);
            owed.extend(channels.map(|name| (Way::Channel(name.clone()), Some(case.reference.clone()))));
        }
        Ok(owed)
    }

    /// Mails that failed, the latest first; at most a thousand.
    ///
    /// # Errors
    /// See [`Reader::overview`].
    pub async fn quarantine(&self) -> Result<Vec<QuarantineRow>, StoreError> {
        let statement = "SELECT q.id AS id, m.name AS mailbox, q.uid_validity AS uid_validity, q.uid AS uid, \
                         q.received_at AS received_at, q.reason AS reason, q.at AS at, \
                         q.retry_wanted AS retry_wanted \
                         FROM quarantine q JOIN mailbox m ON m.id = q.mailbox_id ORDER BY q.id DESC LIMIT $1";
        self.rows(statement, 1000, quarantine_row).await
    }

    async fn rows<T>(
        &self,
        statement: &'static str,
        limit: i64,
        row: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut connection = self.pool.acquire().await?;
        all(&sql::rows(&mut connection, statement, [limit.into()]).await?, row)
    }

    /// Has an entry tried again now; false when there is no such entry, or it was sent or is being tried.
    ///
    /// # Errors
    /// See [`Reader::overview`].
    pub async fn retry_outbox(&self, id: i64, now: Timestamp) -> Result<bool, StoreError> {
        let statement = "UPDATE outbox SET state = 'pending', waiting = 1, due_at = $1, last_error = '', \
                         stale_at = CASE WHEN kind = 'reply' THEN stale_at ELSE 9223372036854775807 END \
                         WHERE id = $2 AND state NOT IN ('sent', 'leased', 'handing-over')";
        self.change(statement, [micros(now).into(), id.into()]).await
    }

    /// Gives an entry up; false when there is no such entry, or it was sent or is being tried.
    ///
    /// # Errors
    /// See [`Reader::overview`].
    pub async fn drop_outbox(&self, id: i64) -> Result<bool, StoreError> {
        let statement = "UPDATE outbox SET state = 'withdrawn', waiting = 0 \
                         WHERE id = $1 AND state NOT IN ('sent', 'leased', 'handing-over', 'withdrawn')";
        self.change(statement, [id.into()]).await
    }

    /// Has a quarantined mail tried again; false when there is no such mail.
    ///
    /// # Errors
    /// See [`Reader::overview`].
    pub async fn retry_quarantine(&self, id: i64) -> Result<bool, StoreError> {
        self.change("UPDATE quarantine SET retry_wanted = 1 WHERE id = $1", [id.into()]).await
    }

    async fn change<const N: usize>(
        &self,
        statement: &'static str,
        values: [sql::Value; N],
    ) -> Result<bool, StoreError> {
        let mut connection = self.pool.acquire().await?;
        Ok(sql::run(&mut connection, statement, values).await? > 0)
    }

    /// Switches replies off or on. On closes the breaker as well, and what was held goes out.
    ///
    /// # Errors
    /// See [`Reader::overview`].
    pub async fn set_replies(&self, on: bool, now: Timestamp) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        facts::set_replies(&mut transaction, on, now).await?;
        transaction.commit().await?;
        Ok(())
    }
}

fn all<T>(rows: &[Row], row: impl Fn(&Row) -> Result<T, StoreError>) -> Result<Vec<T>, StoreError> {
    rows.iter().map(row).collect()
}

fn counts(rows: &[Row]) -> Result<BTreeMap<String, u64>, StoreError> {
    rows.iter().map(|row| Ok((row.text("name")?, count(row.number("n")?)))).collect()
}

fn mailbox_row(row: &Row) -> Result<MailboxRow, StoreError> {
    let halted = row.text("halted")?;
    let counted =
        |state: LedgerState| Ok((state.slug(), count(row.number(&state.slug().replace('-', "_"))?)));
    Ok(MailboxRow {
        name: row.text("name")?,
        host: row.text("host")?,
        folder: row.text("folder")?,
        uid_validity: count(row.number("uid_validity")?),
        next_uid: count(row.number("next_uid")?),
        first_seen_at: instant_or_never(row.number("first_seen_at")?),
        halted: (!halted.is_empty()).then_some(halted),
        counts: LedgerState::ALL.into_iter().map(counted).collect::<Result<_, StoreError>>()?,
    })
}

fn case_row(row: &Row) -> Result<CaseRow, StoreError> {
    let case = lookup::case(row)?;
    Ok(CaseRow {
        running: case
            .running
            .iter()
            .filter(|running| !running.acknowledged)
            .map(|running| running.plan.escalation.clone())
            .collect(),
        deferred: case
            .deferred
            .iter()
            .map(|deferred| (deferred.plan.escalation.clone(), deferred.until))
            .collect(),
        reference: case.reference,
        policy: case.policy,
        state: case.state.slug().to_owned(),
        opened_at: case.opened_at,
        last_mail_at: case.last_mail_at,
        respond_by: case.respond_by,
        people: case.people,
        opener: case.opener,
        subject: case.subject,
    })
}

fn outbox_row(row: &Row) -> Result<OutboxRow, StoreError> {
    let case = row.number("case_id")?;
    Ok(OutboxRow {
        id: row.number("id")?,
        state: row.text("state")?,
        kind: row.text("kind")?,
        way: row.text("way")?,
        dedup_key: row.text("dedup_key")?,
        reference: (case != 0).then(|| CaseId(case).reference()),
        attempts: count(row.number("attempts")?),
        due_at: instant(row.number("due_at")?),
        created_at: instant(row.number("created_at")?),
        last_error: row.text("last_error")?,
    })
}

fn waiting(row: &Row) -> Result<(Way, Option<String>), StoreError> {
    let (way, case) = (row.text("way")?, row.number("case_id")?);
    let way = Way::parse(&way).ok_or_else(|| StoreError::Malformed(format!("{way} is no way out")))?;
    Ok((way, (case != 0).then(|| CaseId(case).reference())))
}

fn quarantine_row(row: &Row) -> Result<QuarantineRow, StoreError> {
    Ok(QuarantineRow {
        id: row.number("id")?,
        mailbox: row.text("mailbox")?,
        uid_validity: count(row.number("uid_validity")?),
        uid: count(row.number("uid")?),
        received_at: instant(row.number("received_at")?),
        reason: row.text("reason")?,
        at: instant(row.number("at")?),
        retry_wanted: row.number("retry_wanted")? == 1,
    })
}
