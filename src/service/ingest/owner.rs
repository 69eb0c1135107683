//! The life of an owner: take the mailbox, walk until the session ends, say why, pause, again.

use std::collections::BTreeSet;
use std::time::Duration;

use super::walk::{self, Ended};
use super::{Owned, Recorder};
use crate::imap::ImapError;
use crate::service::health::Link;
use crate::service::writer::{Alarm, WriterError};

/// What an owner remembers from one session to the next.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Sessions that broke since something was recorded.
    pub(super) failures: u32,
    /// Mails that are read in slices, since asking for their structure broke a session.
    pub(super) awkward: BTreeSet<u32>,
    /// The mail at the cursor whose window broke sessions.
    pub(super) suspect: Suspect,
    /// A quarantined mail whose second fetching broke the session.
    pub(super) retried: Option<u32>,
    /// Whether the alarm of refused logins was cleared since it was raised, perhaps by an earlier life.
    login_is_clear: bool,
    /// The same for the alarm of a changed UIDVALIDITY.
    uidvalidity_is_clear: bool,
}

/// A place where sessions break.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suspect {
    pub(super) cursor: u64,
    pub(super) failures: u32,
}

/// Mails whose structure broke a session, kept so that none is asked for again; more than this many and the server is
/// at fault, not the mails.
const MOST_AWKWARD: usize = 1_024;

impl Memory {
    /// The window at this cursor broke the session.
    pub(super) fn broke_at(&mut self, cursor: u64, suspects: Vec<u32>) {
        if self.suspect.cursor != cursor {
            self.suspect = Suspect { cursor, failures: 0 };
        }
        self.suspect.failures = self.suspect.failures.saturating_add(1);
        if self.awkward.len() + suspects.len() > MOST_AWKWARD {
            self.awkward.clear();
        }
        self.awkward.extend(suspects);
    }

    /// How often the window at this cursor broke the session.
    pub(super) fn failures_at(&self, cursor: u64) -> u32 {
        if self.suspect.cursor == cursor { self.suspect.failures } else { 0 }
    }
}

/// Owns the mailbox until nothing can be recorded.
pub(super) async fn run<R: Recorder>(owned: Owned<R>) -> WriterError {
    let mut memory = Memory::default();
    owned.surroundings.health.watch(&owned.key.name, owned.now());
    loop {
        let ended = match owned.recorder.open(owned.key.clone()).await {
            Ok(state) => walk::walk(&owned, state, &mut memory).await,
            Err(error) => Ended::Writer(error),
        };
        match owned.after(ended, &mut memory).await {
            Ok(pause) => tokio::time::sleep(pause).await,
            Err(error) => return error,
        }
    }
}

impl<R: Recorder> Owned<R> {
    pub(super) fn now(&self) -> jiff::Timestamp {
        self.surroundings.clock.now()
    }

    pub(super) fn link(&self, link: Link) {
        self.surroundings.health.link(&self.key.name, link, self.now());
    }

    /// A login went well.
    pub(super) async fn logged_in(&self, memory: &mut Memory) -> Result<(), WriterError> {
        if !memory.login_is_clear {
            self.recorder.clear(self.alarm_key("login-refused")).await?;
            memory.login_is_clear = true;
        }
        Ok(())
    }

    /// The mailbox is the one that it was.
    pub(super) async fn is_open(&self, memory: &mut Memory) -> Result<(), WriterError> {
        if !memory.uidvalidity_is_clear {
            self.recorder.clear(self.alarm_key("uidvalidity-changed")).await?;
            memory.uidvalidity_is_clear = true;
        }
        Ok(())
    }

    pub(super) fn alarm_key(&self, slug: &str) -> String {
        format!("{slug}/{}", self.key.name)
    }

    /// Says why a session ended, and how long to pause.
    async fn after(&self, ended: Ended, memory: &mut Memory) -> Result<Duration, WriterError> {
        let pace = &self.surroundings.pace;
        let mailbox = self.key.name.as_str();
        let (slug, trouble) = match ended {
            Ended::Writer(error) => return Err(error),
            Ended::Halted => {
                memory.uidvalidity_is_clear = false;
                return Ok(self.poll());
            }
            Ended::Imap(error @ ImapError::LoginRefused { .. }) => {
                self.refused(&error, memory).await?;
                return Ok(pace.refused_pause);
            }
            Ended::Imap(error) => (error.slug(), error.to_string()),
            Ended::NoPassword(why) => ("no-password", format!("there is no password: {why}")),
            Ended::Superseded => ("superseded", "somebody else took the mailbox over".to_owned()),
        };
        self.link(Link::Connecting);
        self.surroundings.metrics.connection_error(mailbox, slug);
        memory.failures = memory.failures.saturating_add(1);
        let pause = pause(pace.first_pause, pace.longest_pause, memory.failures);
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        tracing::warn!(mailbox, reason = slug, pause_ms, "the session ended: {trouble}");
        self.surroundings.health.trouble(mailbox, trouble);
        Ok(pause)
    }

    async fn refused(&self, error: &ImapError, memory: &mut Memory) -> Result<(), WriterError> {
        let mailbox = self.key.name.as_str();
        self.link(Link::Refused);
        self.surroundings.metrics.connection_error(mailbox, error.slug());
        self.surroundings.health.trouble(mailbox, error.to_string());
        tracing::error!(mailbox, reason = error.slug(), "{error}");
        memory.login_is_clear = false;
        let text = format!("mailbox {mailbox}: {error}");
        self.recorder.alarm(Alarm { key: self.alarm_key("login-refused"), text }).await
    }

    /// How long to wait for news before asking.
    pub(super) fn poll(&self) -> Duration {
        self.watched.borrow().poll.min(self.surroundings.pace.longest_wait)
    }
}

/// Twice as long each time, and by chance shorter, so that mailboxes that broke together do not come back together.
fn pause(first: Duration, longest: Duration, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    first.saturating_mul(1 << doublings).min(longest).mul_f64(fastrand::f64())
}
