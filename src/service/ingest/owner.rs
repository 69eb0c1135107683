//! The life of an owner: take the mailbox, walk until the session ends, say why, pause, again.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

use super::walk::{self, Ended, MOST_BREAKS};
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
    /// The cursor at which fetching broke sessions.
    pub(super) suspect: Suspect,
    /// Whether the last session ended in the search for a mail that breaks sessions.
    narrows: bool,
    /// A quarantined mail whose second fetching broke the session.
    pub(super) retried: Option<u32>,
    /// How a session ended that was told aloud last, and when.
    told: Option<(&'static str, Instant)>,
    /// Whether the alarm of refused logins was cleared since it was raised, perhaps by an earlier life.
    login_is_clear: bool,
    /// The same for the alarm of a changed UIDVALIDITY.
    uidvalidity_is_clear: bool,
}

/// A place where sessions break.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Suspect {
    pub(super) cursor: u64,
    /// Sessions that broke there.
    pub(super) breaks: u32,
    /// Those of them that broke while one mail alone was fetched.
    pub(super) alone: u32,
    /// Those that broke while another mail was fetched, to see whether the server gives any.
    pub(super) probes: u32,
}

/// What was fetched when a session broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// Several mails, or nobody knows how many.
    Window,
    /// The mail at the cursor.
    Alone,
    /// Another mail.
    Probe,
}

/// Sessions that break at one cursor before the pauses between them grow: one with the window, three with the mail
/// alone, and one to spare.
const MOST_QUICK_BREAKS: u32 = 5;

/// Failures in a row that are all told aloud.
const TOLD_AT_FIRST: u32 = 3;
/// After them, how long the same is not told again.
const SILENCE: Duration = Duration::from_mins(1);

/// Mails whose structure broke a session, kept so that none is asked for again; more than this many and the server is
/// at fault, not the mails.
const MOST_AWKWARD: usize = 1_024;

impl Memory {
    /// Fetching at this cursor broke the session.
    pub(super) fn broke_at(&mut self, cursor: u64, asked: Asked, suspects: Vec<u32>) {
        if self.suspect.cursor != cursor {
            self.suspect = Suspect { cursor, ..Suspect::default() };
        }
        self.suspect.breaks = self.suspect.breaks.saturating_add(1);
        match asked {
            Asked::Window => {}
            Asked::Alone => self.suspect.alone = self.suspect.alone.saturating_add(1),
            Asked::Probe => {
                self.suspect.probes = self.suspect.probes.saturating_add(1);
                // Perhaps it was the server all the time: the mail has another chance before the next probe.
                self.suspect.alone = MOST_BREAKS - 1;
            }
        }
        // While the mail is looked for the pauses stay short.
        self.narrows = asked != Asked::Probe && self.suspect.breaks <= MOST_QUICK_BREAKS;
        if self.awkward.len() + suspects.len() > MOST_AWKWARD {
            self.awkward.clear();
        }
        self.awkward.extend(suspects);
    }

    /// Whether the end of a session is told aloud: the first few times, when it ends otherwise than before, and once a
    /// minute.
    fn is_worth_telling(&mut self, slug: &'static str) -> bool {
        let now = Instant::now();
        let was_told = self.told.is_some_and(|(told, at)| told == slug && now < at + SILENCE);
        let is_worth = !was_told || self.failures <= TOLD_AT_FIRST;
        if is_worth {
            self.told = Some((slug, now));
        }
        is_worth
    }

    /// How sessions broke at this cursor.
    pub(super) fn suspect_at(&self, cursor: u64) -> Suspect {
        if self.suspect.cursor == cursor { self.suspect } else { Suspect { cursor, ..Suspect::default() } }
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
        let is_narrowing = std::mem::take(&mut memory.narrows);
        memory.failures = if is_narrowing { 1 } else { memory.failures.saturating_add(1) };
        let pause = pause(pace.first_pause, pace.longest_pause, memory.failures);
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        if memory.is_worth_telling(slug) {
            tracing::warn!(mailbox, reason = slug, pause_ms, "the session ended: {trouble}");
        } else {
            tracing::debug!(mailbox, reason = slug, pause_ms, "the session ended again: {trouble}");
        }
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

/// Twice as long each time, and by chance up to half as long, so that mailboxes that broke together do not come back together.
fn pause(first: Duration, longest: Duration, failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    first.saturating_mul(1 << doublings).min(longest).mul_f64(0.5 + fastrand::f64() / 2.0)
}
