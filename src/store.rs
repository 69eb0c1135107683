//! Layer 6: what is kept, in one SQLite database (one SQL text, so that PostgreSQL can follow).
//!
//! [`Store`] belongs to the daemon: it holds the lock file, one connection, and hands out [`Change`]s, each a
//! transaction that took the write lock at its beginning. [`Reader`] is for commands in other processes: it looks, and
//! turns the few switches that people have.
//!
//! What is not here: any decision. The store finds and keeps; who is told and what is held back stands in `casework`
//! and `service`.
//!
//! Invariants: a transaction is durable when its commit returns (WAL, `synchronous=FULL`); one that is dropped leaves
//! nothing; no statement's cost grows with the number of mails, so hashes are only keys behind a week or a day.

mod change;
mod error;
mod facts;
mod keys;
mod lookup;
mod mailboxes;
mod outbox;
mod reader;
mod save;
mod schema;
mod sql;
#[cfg(test)]
mod stories;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

pub use change::Change;
pub use error::StoreError;
pub use mailboxes::{Advance, Cursor, LedgerState, MailboxKey, MailboxState, Standpoint};
pub use outbox::{Claimed, Entry, EntryState, Settle, Settled, Settling, Way};
pub use reader::{
    AlarmRow, CaseRow, Heartbeat, MailboxRow, OutboxRow, Overview, QuarantineRow, Reader, RepliesSwitch,
};
pub use save::{HistoryRow, LedgerRow, Openings};

/// Alarms and switches.
pub use facts::{Alarm, Stops};

use crate::base::seal::Seal;

/// The database of a running daemon. Only one process can hold it.
#[derive(Debug)]
pub struct Store {
    pool: sql::Pool,
    last_id: AtomicI64,
    /// Which opening of the database this is.
    epoch: i64,
    seal: Seal,
    /// Locked as long as it is open.
    _lock: File,
}

impl Store {
    /// Opens a database, makes it when it is not there, and brings it to the present shape.
    ///
    /// # Errors
    /// When another process has it, when it cannot be read or written, when it is no database, or one of a newer
    /// version.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let lock = lock(path)?;
        create(path)?;
        let pool = connect(path, Purpose::Write).await?;
        schema::migrate(&pool, path).await?;
        let seal = facts::seal(&pool, path).await?;
        let epoch = facts::next_epoch(&pool).await?;
        let last_id = sql::one_number(&pool, "SELECT COALESCE(MAX(id), 0) AS n FROM outbox").await?;
        let last_reply = sql::one_number(&pool, "SELECT COALESCE(MAX(id), 0) AS n FROM reply").await?;
        let last_quarantined =
            sql::one_number(&pool, "SELECT COALESCE(MAX(id), 0) AS n FROM quarantine").await?;
        let last_id = AtomicI64::new(last_id.max(last_reply).max(last_quarantined));
        Ok(Store { pool, last_id, epoch, seal, _lock: lock })
    }

    /// What mails of ours are sealed with: made once for a database, and the same as long as there is one.
    pub fn seal(&self) -> Seal {
        self.seal
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(&self) -> Result<Change<'_>, StoreError> {
        let transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        Ok(Change::new(transaction, self))
    }

    /// Closes the database; what was committed is safe without it too.
    pub async fn close(self) {
        self.pool.close().await;
    }

    /// An id of our own: positive, ordered by time, never twice (42 bits of milliseconds, then a count).
    fn next_id(&self, now: Timestamp) -> i64 {
        let floor = now.as_millisecond().clamp(0, (1 << 42) - 1) << 20;
        let next = |last: i64| Some(last.saturating_add(1).max(floor));
        // The closure always answers, so there is always a value before it.
        let last = self.last_id.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or(floor);
        last.saturating_add(1).max(floor)
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// The daemon's one writer.
    Write,
    /// A look from another process.
    Look,
}

async fn connect(path: &Path, purpose: Purpose) -> Result<sql::Pool, StoreError> {
    is_ours(path)?;
    // The busy timeout is for the moments in which a command of another process writes.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .statement_cache_capacity(sql::PREPARED);
    // A drain touches the same pages again and again: 64 MB of log (16000 pages) before they are copied saves most of
    // the copying.
    let options = match purpose {
        Purpose::Write => options
            .journal_mode(SqliteJournalMode::Wal)
            .pragma("cache_size", "-8192")
            .pragma("temp_store", "MEMORY")
            .pragma("wal_autocheckpoint", "16000")
            .pragma("journal_size_limit", "67108864"),
        Purpose::Look => options,
    };
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        // A transaction that could not be ended, as on a full disk, would be in the way of every later one.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }));
    pool.connect_with(options).await.map_err(|error| StoreError::opening(path, error))
}

/// Looks at the first bytes of a file that is not empty (<https://sqlite.org/fileformat2.html#the_database_header>).
fn is_ours(path: &Path) -> Result<(), StoreError> {
    const MAGIC: &[u8; 16] = b"SQLite format 3\0";
    let mut begin = Vec::with_capacity(MAGIC.len());
    let read = File::open(path).and_then(|file| file.take(16).read_to_end(&mut begin));
    match read {
        Ok(_) if begin.is_empty() || begin == MAGIC => Ok(()),
        Ok(_) => {
            let reason = "it is no SQLite file".to_owned();
            Err(StoreError::NotOurs { path: path.to_owned(), reason })
        }
        Err(error) => Err(StoreError::unreadable(path, &error)),
    }
}

fn lock(path: &Path) -> Result<File, StoreError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let file = OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(false)
        .mode(0o600)
        .open(&name)
        .map_err(|error| StoreError::unreadable(&name, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(StoreError::unreadable(&name, &error)),
    }
}

/// Makes the file, for its owner only; SQLite gives its journals the same mode.
fn create(path: &Path) -> Result<(), StoreError> {
    let opened =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
    match opened {
        Ok(file) => {
            drop(file);
            Ok(())
        }
        Err(error) => Err(StoreError::unreadable(path, &error)),
    }
}

/// Microseconds since 1970.
fn micros(instant: Timestamp) -> i64 {
    instant.as_microsecond()
}

/// Microseconds since 1970, 0 for never.
fn micros_or_never(instant: Option<Timestamp>) -> i64 {
    instant.map_or(0, micros)
}

fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn instant_or_never(micros: i64) -> Option<Timestamp> {
    (micros != 0).then(|| instant(micros))
}
