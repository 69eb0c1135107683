//! The one task that changes state. Everybody else holds a [`Writer`] and sends it commands; it answers each after the
//! transaction that held it is durable.

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::window::Window;
use crate::compose::Outgoing;

/// The way to the task that changes state. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Writer {
    commands: mpsc::Sender<Command>,
}

/// The writer has stopped, or its database failed; nothing that was asked for has happened.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the store takes no changes: {0}")]
pub struct WriterError(pub String);

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

/// What became of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Recorded and durable.
    Recorded,
    /// The cursor did not stand where the window begins, or somebody else owns the mailbox: open it again.
    Refused,
}

/// Something that ops must know. Raised once, however often it is found, until it is cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Names what is wrong with what, such as `mailbox-stale/support`: a slug of the runbook, then its subject.
    pub key: String,
    /// One line that can be read alone.
    pub text: String,
}

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
    /// It may have been taken.
    Unknown(String),
    /// A reply whose promise has passed, or that is too old.
    Stale(String),
    /// Replies are switched off, or the breaker is open: it waits for somebody.
    Held(String),
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
}

type Answer<T> = oneshot::Sender<Result<T, WriterError>>;

impl Writer {
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

    async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, WriterError> {
        let stopped = || WriterError("the writer has stopped".to_owned());
        let (answer, wait) = oneshot::channel();
        self.commands.send(command(answer)).await.map_err(|_| stopped())?;
        wait.await.map_err(|_| stopped())?
    }
}
