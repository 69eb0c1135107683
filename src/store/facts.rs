//! Single facts: alarms that are raised, switches of replies, the sign of life, policies by digest.

use std::path::Path;

use jiff::Timestamp;

use super::change::Change;
use super::sql::{self, Columns, Connection, Pool, Value, count, number};
use super::{StoreError, instant, instant_or_never, micros};
use crate::base::clock::{Clock, SystemClock};
use crate::base::seal::Seal;
use crate::net::secret_key;
use crate::policy::Policy;

/// Somebody switched replies off.
const REPLIES_OFF: &str = "replies-off";
/// The breaker opened.
const BREAKER_OPEN: &str = "breaker-open";
/// Replies are counted from here, since somebody looked and switched them on again.
const REPLIES_ON: &str = "replies-on";
const HEARTBEAT: &str = "heartbeat";
const EPOCH: &str = "epoch";

/// The alarm that goes with an open breaker.
pub(super) const BREAKER_ALARM: &str = "breaker-open";

/// Something that ops must know. Raised once, however often it is found, until it is cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Names what is wrong with what, such as `mailbox-stale/support`: a slug of the runbook, then its subject.
    pub key: String,
    /// One line that can be read alone.
    pub text: String,
}

/// What stops every reply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stops {
    /// Somebody switched replies off.
    pub off_since: Option<Timestamp>,
    /// The breaker is open.
    pub breaker_open_since: Option<Timestamp>,
    /// Replies before this do not count for the breaker: somebody has looked at them.
    pub looked_at: Option<Timestamp>,
}

impl Stops {
    /// Whether no reply may go out.
    pub fn any(&self) -> bool {
        self.off_since.is_some() || self.breaker_open_since.is_some()
    }
}

const PUT: &str = "INSERT INTO fact (key, value, at) VALUES ($1, $2, $3) \
                   ON CONFLICT (key) DO UPDATE SET value = excluded.value, at = excluded.at";

async fn put(connection: &mut Connection, key: &str, value: &str, now: Timestamp) -> Result<(), StoreError> {
    sql::run(connection, PUT, [key.into(), value.into(), micros(now).into()]).await?;
    Ok(())
}

/// The instant and value of a fact.
pub(super) async fn fact(
    connection: &mut Connection,
    key: &str,
) -> Result<Option<(Timestamp, String)>, StoreError> {
    let found = sql::rows(connection, "SELECT value, at FROM fact WHERE key = $1", [key.into()]).await?;
    found.first().map(|row| Ok((instant(row.number("at")?), row.text("value")?))).transpose()
}

pub(super) async fn heartbeat(
    connection: &mut Connection,
) -> Result<Option<(Timestamp, String)>, StoreError> {
    fact(connection, HEARTBEAT).await
}

pub(super) async fn stops(connection: &mut Connection) -> Result<Stops, StoreError> {
    let keys: Vec<Value> = [REPLIES_OFF, BREAKER_OPEN, REPLIES_ON].map(Value::from).into();
    let mut stops = Stops::default();
    for row in sql::find(connection, ("SELECT key, at FROM fact WHERE key IN", ""), &[], keys).await? {
        let at = instant_or_never(row.number("at")?);
        match row.text("key")?.as_str() {
            REPLIES_OFF => stops.off_since = at,
            BREAKER_OPEN => stops.breaker_open_since = at,
            REPLIES_ON => stops.looked_at = at,
            _ => {}
        }
    }
    Ok(stops)
}

/// Switches replies off or on. On closes the breaker, too, and lets the replies that were held go out.
pub(super) async fn set_replies(
    connection: &mut Connection,
    on: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    if !on {
        return put(connection, REPLIES_OFF, "", now).await;
    }
    for key in [REPLIES_OFF, BREAKER_OPEN] {
        sql::run(connection, "DELETE FROM fact WHERE key = $1", [key.into()]).await?;
    }
    put(connection, REPLIES_ON, "", now).await?;
    clear(connection, BREAKER_ALARM).await?;
    let release = "UPDATE outbox SET state = 'pending', waiting = 1, due_at = $1 \
                   WHERE state = 'held' AND kind = 'reply'";
    sql::run(connection, release, [micros(now).into()]).await?;
    Ok(())
}

async fn clear(connection: &mut Connection, key: &str) -> Result<(), StoreError> {
    sql::run(connection, "DELETE FROM alarm WHERE key = $1", [key.into()]).await?;
    Ok(())
}

/// The seal of the database. Its key is made when there is none, and kept before anything is sealed with it.
pub(super) async fn seal(pool: &Pool, path: &Path) -> Result<Seal, StoreError> {
    const KEPT: &str = "SELECT key FROM seal WHERE id = 1";
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    if sql::rows(&mut transaction, KEPT, []).await?.is_empty() {
        let key = secret_key().map_err(|error| StoreError::NoKey { path: path.to_owned(), error })?;
        let made = "INSERT INTO seal (id, key, made_at) VALUES (1, $1, $2)";
        let made_at = micros(SystemClock.now());
        sql::run(&mut transaction, made, [key.to_vec().into(), made_at.into()]).await?;
    }
    let kept = sql::rows(&mut transaction, KEPT, []).await?;
    let key = kept.first().map_or_else(|| Ok(Vec::new()), |row| row.bytes("key"))?;
    transaction.commit().await?;
    let key = key
        .try_into()
        .map_err(|_| StoreError::Malformed("the key of the seal has no 32 bytes".to_owned()))?;
    Ok(Seal::new(key))
}

/// Counts the openings of the database, so that what an earlier one leased is told apart.
pub(super) async fn next_epoch(pool: &Pool) -> Result<i64, StoreError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let before = fact(&mut transaction, EPOCH).await?.and_then(|(_, value)| value.parse().ok());
    let epoch = before.unwrap_or(0_i64).saturating_add(1);
    put(&mut transaction, EPOCH, &epoch.to_string(), Timestamp::UNIX_EPOCH).await?;
    transaction.commit().await?;
    Ok(epoch)
}

impl Change<'_> {
    /// Raises an alarm; false when it is raised already.
    ///
    /// # Errors
    /// When the database fails, as for everything here.
    pub async fn raise(&mut self, alarm: &Alarm, now: Timestamp) -> Result<bool, StoreError> {
        let statement =
            "INSERT INTO alarm (key, text, raised_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING";
        let values = [alarm.key.as_str().into(), alarm.text.as_str().into(), micros(now).into()];
        Ok(sql::run(self.connection(), statement, values).await? > 0)
    }

    /// The keys of all alarms that are raised.
    ///
    /// # Errors
    /// See [`Change::raise`].
    pub async fn alarms(&mut self) -> Result<Vec<String>, StoreError> {
        let found = sql::rows(self.connection(), "SELECT key FROM alarm", []).await?;
        found.iter().map(|row| row.text("key")).collect()
    }

    /// Takes an alarm back.
    ///
    /// # Errors
    /// See [`Change::raise`].
    pub async fn clear(&mut self, key: &str) -> Result<(), StoreError> {
        clear(self.connection(), key).await
    }

    /// What stops replies.
    ///
    /// # Errors
    /// See [`Change::raise`].
    pub async fn stops(&mut self) -> Result<Stops, StoreError> {
        stops(self.connection()).await
    }

    /// Opens the breaker.
    ///
    /// # Errors
    /// See [`Change::raise`].
    pub async fn open_breaker(&mut self, now: Timestamp) -> Result<(), StoreError> {
        put(self.connection(), BREAKER_OPEN, "", now).await
    }

    /// How many replies were decided after an instant.
    ///
    /// # Errors
    /// See [`Change::raise`].
    pub async fn replies_since(&mut self, since: Timestamp) -> Result<u64, StoreError> {
        let statement = "SELECT COUNT(*) AS n FROM reply WHERE at > $1";
        let found = sql::rows(self.connection(), statement, [micros(since).into()]).await?;
        found.first().map_or(Ok(0), |row| Ok(count(row.number("n")?)))
    }

    /// Leaves a sign of life.
    ///
    /// # Errors
    /// See [`Change::raise`].
    pub async fn heartbeat(&mut self, status: &str, now: Timestamp) -> Result<(), StoreError> {
        put(self.connection(), HEARTBEAT, status, now).await
    }

    /// The number of a policy's present files; they are kept when they are new.
    ///
    /// # Errors
    /// See [`Change::raise`].
    pub async fn policy_source(&mut self, policy: &Policy) -> Result<i64, StoreError> {
        let known = "SELECT id FROM policy_source WHERE digest = $1";
        let digest = || Value::from(policy.digest.as_str());
        if let Some(row) = sql::rows(self.connection(), known, [digest()]).await?.first() {
            return row.number("id");
        }
        let files: Vec<(&str, &str)> =
            policy.files.iter().map(|file| (file.name.as_str(), file.text.as_str())).collect();
        let files =
            serde_json::to_string(&files).map_err(|error| StoreError::Malformed(error.to_string()))?;
        let last = "SELECT COALESCE(MAX(id), 0) AS n FROM policy_source";
        let last = sql::rows(self.connection(), last, []).await?;
        let id = last.first().map_or(Ok(0), |row| row.number("n"))?.saturating_add(1);
        let statement = "INSERT INTO policy_source (id, digest, name, files) VALUES ($1, $2, $3, $4)";
        let values = [number(id).into(), digest(), policy.name.as_str().into(), files.into()];
        sql::run(self.connection(), statement, values).await?;
        Ok(id)
    }
}
