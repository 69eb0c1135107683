//! One owner per mailbox: what the server lists becomes windows, and windows become records.
//!
//! What it is: the walk from login to IDLE and back again, for ever. What it is not: it decides nothing about a mail and
//! sends nothing; the planner of what to ask is [`crate::imap::sync`], and only the writer moves the cursor.
//!
//! Invariants: the cursor moves only over mails that were listed and recorded, so the future may be dropped at any of
//! its polls. A few windows of a mailbox are under way to the writer, in their order. A session that erred is dropped. A mailbox counts as fresh only when a question to the server was answered, and everything in
//! the answer is recorded. A mail that breaks the session again and again is quarantined, never skipped.

mod owner;
mod reading;
mod recorder;
mod start;
mod under_way;
mod walk;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::sync::CancellationToken;

pub use recorder::Recorder;

use super::health::Health;
use super::window::Watched;
use super::writer::{MailboxKey, WriterError};
use crate::base::clock::Clock;
use crate::imap::{BATCH_MEMORY, Patience};
use crate::settings::Endpoint;
use crate::telemetry::Metrics;

/// Looks up the password, each time that it is needed; or says why there is none, in a line without secrets.
pub type Password =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> + Send + Sync>;

/// What all owners share.
pub struct Surroundings {
    /// Hears how each mailbox is.
    pub health: Arc<Health>,
    /// Counts what breaks.
    pub metrics: Arc<Metrics>,
    /// Tells the time.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// How much mail may be in memory.
    pub memory: MemoryBudget,
    /// How many mails are read at once: one a core.
    pub readers: Arc<Semaphore>,
    /// How long everything may take.
    pub pace: Pace,
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Surroundings").field("pace", &self.pace).finish_non_exhaustive()
    }
}

/// A mailbox to own.
pub struct Owned<R> {
    /// Its server.
    pub endpoint: Endpoint,
    /// What it is called there, and who logs in.
    pub key: MailboxKey,
    /// With what.
    pub password: Password,
    /// Its rules and ways, as they are now.
    pub watched: watch::Receiver<Arc<Watched>>,
    /// Where its mail is recorded.
    pub recorder: R,
    /// What it shares with the others.
    pub surroundings: Arc<Surroundings>,
    /// Ends it.
    pub cancel: CancellationToken,
}

impl<R> fmt::Debug for Owned<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Owned").field("mailbox", &self.key.name).finish_non_exhaustive()
    }
}

/// Owns a mailbox until it is cancelled; or until nothing can be recorded any more, which is for the supervisor to
/// judge. Whatever the server does, it comes back by itself.
///
/// # Errors
/// When the writer takes no changes.
pub async fn own<R: Recorder>(owned: Owned<R>) -> Result<(), WriterError> {
    let cancel = owned.cancel.clone();
    tokio::select! {
        biased;
        () = cancel.cancelled() => Ok(()),
        error = owner::run(owned) => Err(error),
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// What the server may take.
    pub patience: Patience,
    /// The pause after a session broke; it doubles each time.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// The pause after a login was refused: servers lock accounts that try more often.
    pub refused_pause: Duration,
    /// The longest time between two questions, whatever `poll` says: firewalls forget a connection after ten minutes.
    pub longest_wait: Duration,
    /// How often the mailbox is opened anew, when it is not polled more seldom: one that was deleted and made again is
    /// only seen like that.
    pub open_again: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            patience: Patience::default(),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(1),
            refused_pause: Duration::from_mins(5),
            longest_wait: Duration::from_mins(9),
            open_again: Duration::from_secs(30),
        }
    }
}

/// How much mail may be in memory at once, in KiB, over all mailboxes.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    kibibytes: Arc<Semaphore>,
    batch: u32,
}

impl MemoryBudget {
    /// A budget of so many bytes; one batch always fits.
    pub fn new(bytes: usize) -> Self {
        let kibibytes = (bytes / 1024).clamp(1, Semaphore::MAX_PERMITS);
        let batch = u32::try_from((BATCH_MEMORY / 1024).min(kibibytes)).unwrap_or(u32::MAX);
        MemoryBudget { kibibytes: Arc::new(Semaphore::new(kibibytes)), batch }
    }

    /// Waits until a batch may be fetched.
    async fn batch(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.kibibytes).acquire_many_owned(self.batch).await.ok()
    }
}

/// Keeps only what so many bytes need.
fn shrink(permit: Option<OwnedSemaphorePermit>, bytes: usize) -> Option<OwnedSemaphorePermit> {
    permit.map(|mut permit| {
        let spare = permit.num_permits().saturating_sub(bytes.div_ceil(1024));
        drop(permit.split(spare));
        permit
    })
}
