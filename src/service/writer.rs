//! The one task that changes state. Everybody else holds a [`Writer`] and sends it commands; it answers each after the
//! transaction that held it is durable.

mod alarms;
mod batch;
mod effects;
mod task;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::{Notify, mpsc, oneshot};

use super::window::Window;
use crate::base::clock::Clock;
use crate::base::duration::Rate;
use crate::store::Store;
pub use crate::store::{Alarm, Claimed, Cursor, MailboxKey, MailboxState, Settle, Settled, Way};
use crate::telemetry::Metrics;

/// How many commands wait at most; whoever has more waits with them.
const WAITING: usize = 64;

/// The way to the task that changes state. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Writer {
    commands: mpsc::Sender<Command>,
}

/// The writer has stopped, or its database failed; nothing that was asked for has happened.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the store takes no changes: {0}")]
pub struct WriterError(pub String);

/// What became of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Recorded and durable.
    Recorded,
    /// The cursor did not stand where the window begins, or somebody else owns the mailbox: open it again.
    Refused,
}

/// What the writer goes by; a reload brings another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// More automatic replies than this, over all mailboxes, open the breaker.
    pub breaker: Rate,
    /// The channels that hear of alarms, by name.
    pub ops: Vec<String>,
    /// Every mailbox that is watched, by name; alarms about others are over.
    pub mailboxes: BTreeSet<String>,
    /// Every channel, by name; alarms about others are over, too.
    pub channels: BTreeSet<String>,
}

/// The way from the writer to whoever delivers.
#[derive(Debug, Clone)]
pub struct HandOff {
    /// Entries that are due at once go here, leased, when there is room.
    pub entries: mpsc::Sender<Claimed>,
    /// Told (`notify_one`) when there are others to claim.
    pub wake: Arc<Notify>,
}

/// One thing to do, and where the answer goes.
#[derive(Debug)]
pub(super) enum Command {
    Open(MailboxKey, Answer<MailboxState>),
    Baseline { mailbox: i64, fence: i64, cursor: Cursor, answer: Answer<Verdict> },
    Commit(Box<Window>, Answer<Verdict>),
    Halt { mailbox: i64, fence: i64, reason: String, answer: Answer<()> },
    Retries { mailbox: i64, answer: Answer<Vec<u32>> },
    Alarm(Alarm, Answer<()>),
    Clear { key: String, answer: Answer<()> },
    Claim { limit: usize, answer: Answer<Vec<Claimed>> },
    HandOver { id: i64, attempt: u32, answer: Answer<bool> },
    Settle(Settle, Answer<()>),
    Heartbeat { status: String, answer: Answer<()> },
    Configure(Rules, Answer<()>),
    Look(Answer<()>),
}

type Answer<T> = oneshot::Sender<Result<T, WriterError>>;

impl Writer {
    /// The handle, and the task that does the work. The task ends when every handle is gone, after it has done what
    /// was asked; dropped at any moment it leaves a store that another can go on with.
    pub fn start(
        store: Store,
        rules: Rules,
        dispatch: HandOff,
        clock: Arc<dyn Clock + Send + Sync>,
        metrics: Arc<Metrics>,
    ) -> (Self, impl Future<Output = Result<(), WriterError>> + Send) {
        let (commands, waiting) = mpsc::channel(WAITING);
        let task = task::Task { store, rules, dispatch, clock, metrics };
        (Writer { commands }, task.run(waiting))
    }

    /// Takes a mailbox: whoever had it before can no longer write. Makes it known when it is new.
    ///
    /// # Errors
    /// When the writer has stopped or its database fails, as for everything here.
    pub async fn open(&self, key: MailboxKey) -> Result<MailboxState, WriterError> {
        self.ask(|answer| Command::Open(key, answer)).await
    }

    /// Sets where a mailbox is read from. Only its first sight does.
    ///
    /// # Errors
    /// See [`Writer::open`].
    pub async fn baseline(&self, mailbox: i64, fence: i64, cursor: Cursor) -> Result<Verdict, WriterError> {
        self.ask(|answer| Command::Baseline { mailbox, fence, cursor, answer }).await
    }

    /// Decides on the mails of a window and records them, all or none.
    ///
    /// # Errors
    /// See [`Writer::open`].
    pub async fn commit(&self, window: Window) -> Result<Verdict, WriterError> {
        self.ask(|answer| Command::Commit(Box::new(window), answer)).await
    }

    /// Stops a mailbox until somebody looks at it; its state says why.
    ///
    /// # Errors
    /// See [`Writer::open`].
    pub async fn halt(&self, mailbox: i64, fence: i64, reason: String) -> Result<(), WriterError> {
        self.ask(|answer| Command::Halt { mailbox, fence, reason, answer }).await
    }

    /// The UIDs of quarantined mails that somebody wants tried again.
    ///
    /// # Errors
    /// See [`Writer::open`].
    pub async fn retries(&self, mailbox: i64) -> Result<Vec<u32>, WriterError> {
        self.ask(|answer| Command::Retries { mailbox, answer }).await
    }

    /// Raises an alarm, unless it is raised already.
    ///
    /// # Errors
    /// See [`Writer::open`].
    pub async fn alarm(&self, alarm: Alarm) -> Result<(), WriterError> {
        self.ask(|answer| Command::Alarm(alarm, answer)).await
    }

    /// Takes an alarm back, so that the next time raises it again.
    ///
    /// # Errors
    /// See [`Writer::open`].
    pub async fn clear(&self, key: String) -> Result<(), WriterError> {
        self.ask(|answer| Command::Clear { key, answer }).await
    }

    /// Leases entries that are due, the oldest first. Their attempts are counted, and the time of the next one
    /// written, before they are handed out.
    ///
    /// # Errors
    /// See [`Writer::open`].
    pub async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, WriterError> {
        self.ask(|answer| Command::Claim { limit, answer }).await
    }

    /// Writes down that a reply is now handed over: its recipient was accepted, and its data comes next. False when
    /// it may no longer go out.
    ///
    /// # Errors
    /// See [`Writer::open`].
    pub async fn hand_over(&self, id: i64, attempt: u32) -> Result<bool, WriterError> {
        self.ask(|answer| Command::HandOver { id, attempt, answer }).await
    }

    /// Writes down what became of an attempt.
    ///
    /// # Errors
    /// See [`Writer::open`].
    pub async fn settle(&self, settle: Settle) -> Result<(), WriterError> {
        self.ask(|answer| Command::Settle(settle, answer)).await
    }

    /// Leaves a sign of life, with what `nightdesk status` shows of the running daemon.
    ///
    /// # Errors
    /// See [`Writer::open`].
    pub async fn heartbeat(&self, status: String) -> Result<(), WriterError> {
        self.ask(|answer| Command::Heartbeat { status, answer }).await
    }

    /// Goes by other rules from now on.
    ///
    /// # Errors
    /// See [`Writer::open`].
    pub async fn configure(&self, rules: Rules) -> Result<(), WriterError> {
        self.ask(|answer| Command::Configure(rules, answer)).await
    }

    /// Looks at once for what time has brought up, as it does every few seconds.
    ///
    /// # Errors
    /// See [`Writer::open`].
    pub async fn look(&self) -> Result<(), WriterError> {
        self.ask(Command::Look).await
    }

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, WriterError> {
        let stopped = || WriterError("the writer has stopped".to_owned());
        let (answer, wait) = oneshot::channel();
        self.commands.send(command(answer)).await.map_err(|_| stopped())?;
        wait.await.map_err(|_| stopped())?
    }
}
