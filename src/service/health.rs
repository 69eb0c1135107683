//! What the running daemon knows of itself: each mailbox's link, when it was last proven that nothing was missed, the
//! pulse of the loops that everything depends on, and the tasks that died.
//!
//! It only remembers; `watch` judges and raises alarms, the console and the watchdog ask. Ages are measured on the
//! monotonic clock, so a wall clock that jumps can neither hide a stale mailbox nor invent one; the instants beside
//! them are for people.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// The health of everything that runs. Shared; never held over an await.
#[derive(Debug)]
pub struct Health {
    known: Mutex<Known>,
}

#[derive(Debug)]
struct Known {
    began: Instant,
    mailboxes: BTreeMap<String, Watching>,
    beats: BTreeMap<Loop, Instant>,
    deaths: BTreeMap<String, (TaskDeaths, Instant)>,
}

/// A mailbox, and when it was last proven on the monotonic clock: at first, when its watching began.
#[derive(Debug)]
struct Watching {
    health: MailboxHealth,
    proven: Instant,
}

/// How the link to a mailbox is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Link {
    /// Not there yet, or on the way back.
    Connecting,
    /// Reading what has come in.
    Reading,
    /// Waiting for mail; all that came in is recorded.
    Waiting,
    /// The server refuses our name or password.
    Refused,
    /// Stopped until somebody looks, since its UIDVALIDITY changed.
    Halted,
}

impl Link {
    /// The slug.
    pub fn slug(self) -> &'static str {
        match self {
            Link::Connecting => "connecting",
            Link::Reading => "reading",
            Link::Waiting => "waiting",
            Link::Refused => "refused",
            Link::Halted => "halted",
        }
    }
}

/// A loop that must go round for the daemon to be of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loop {
    /// The writer answers.
    Writer,
    /// Entries of the outbox are taken and delivered.
    Dispatch,
    /// Mailboxes are looked after.
    Watch,
}

impl Loop {
    /// All of them.
    pub const ALL: [Loop; 3] = [Loop::Writer, Loop::Dispatch, Loop::Watch];

    /// The slug.
    pub fn slug(self) -> &'static str {
        match self {
            Loop::Writer => "writer",
            Loop::Dispatch => "dispatch",
            Loop::Watch => "watch",
        }
    }
}

/// The health of one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxHealth {
    /// Its link.
    pub link: Link,
    /// Since when.
    pub since: Timestamp,
    /// When it was last proven that all mail the server has is recorded.
    pub fresh_at: Option<Timestamp>,
    /// For how long it has not been proven: since then, or since its watching began.
    pub unproven: Duration,
    /// The last trouble, a line without secrets or mail text; gone when it is fresh again.
    pub trouble: Option<String>,
}

/// The deaths of a task that was started again each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskDeaths {
    /// How often it died.
    pub count: u64,
    /// Why, the last time.
    pub why: String,
    /// How long ago that was.
    pub ago: Duration,
}

impl Default for Health {
    fn default() -> Self {
        let known = Known {
            began: Instant::now(),
            mailboxes: BTreeMap::new(),
            beats: BTreeMap::new(),
            deaths: BTreeMap::new(),
        };
        Health { known: Mutex::new(known) }
    }
}

impl Health {
    /// A mailbox is watched from now on.
    pub fn watch(&self, mailbox: &str, now: Timestamp) {
        let health = MailboxHealth {
            link: Link::Connecting,
            since: now,
            fresh_at: None,
            unproven: Duration::ZERO,
            trouble: None,
        };
        let watching = Watching { health, proven: Instant::now() };
        self.lock().mailboxes.entry(mailbox.to_owned()).or_insert(watching);
    }

    /// A mailbox is no longer watched.
    pub fn forget(&self, mailbox: &str) {
        self.lock().mailboxes.remove(mailbox);
    }

    /// The link of a mailbox is now so.
    pub fn link(&self, mailbox: &str, link: Link, now: Timestamp) {
        if let Some(Watching { health, .. }) = self.lock().mailboxes.get_mut(mailbox)
            && health.link != link
        {
            (health.link, health.since) = (link, now);
        }
    }

    /// It was just proven that nothing of a mailbox is missing.
    pub fn fresh(&self, mailbox: &str, now: Timestamp) {
        if let Some(watching) = self.lock().mailboxes.get_mut(mailbox) {
            (watching.health.fresh_at, watching.health.trouble) = (Some(now), None);
            watching.proven = Instant::now();
        }
    }

    /// Something went wrong with a mailbox.
    pub fn trouble(&self, mailbox: &str, trouble: String) {
        if let Some(watching) = self.lock().mailboxes.get_mut(mailbox) {
            watching.health.trouble = Some(trouble);
        }
    }

    /// All mailboxes, by name.
    pub fn snapshot(&self) -> BTreeMap<String, MailboxHealth> {
        let known = self.lock();
        let mailboxes = known.mailboxes.iter();
        mailboxes
            .map(|(name, watching)| {
                let unproven = watching.proven.elapsed();
                (name.clone(), MailboxHealth { unproven, ..watching.health.clone() })
            })
            .collect()
    }

    /// A loop went round once more: it did what it is for, or found nothing to do.
    pub fn beat(&self, of: Loop) {
        self.lock().beats.insert(of, Instant::now());
    }

    /// Loops that went round for the last time longer ago than this; one that never did counts from the start.
    pub fn stuck(&self, longer_than: Duration) -> Vec<Loop> {
        let known = self.lock();
        let last = |of: &Loop| known.beats.get(of).copied().unwrap_or(known.began);
        Loop::ALL.into_iter().filter(|of| last(of).elapsed() > longer_than).collect()
    }

    /// Whether every loop went round at least once.
    pub fn all_beat(&self) -> bool {
        let known = self.lock();
        Loop::ALL.iter().all(|of| known.beats.contains_key(of))
    }

    /// A task died; it is started again.
    pub fn died(&self, task: &str, why: String) {
        let mut known = self.lock();
        let count = known.deaths.get(task).map_or(0, |(deaths, _)| deaths.count);
        let deaths = TaskDeaths { count: count.saturating_add(1), why, ago: Duration::ZERO };
        known.deaths.insert(task.to_owned(), (deaths, Instant::now()));
    }

    /// A task was ended on purpose; its deaths no longer matter.
    pub fn buried(&self, task: &str) {
        self.lock().deaths.remove(task);
    }

    /// The tasks that died, by name.
    pub fn deaths(&self) -> BTreeMap<String, TaskDeaths> {
        let known = self.lock();
        let deaths = known.deaths.iter();
        deaths
            .map(|(task, (deaths, at))| (task.clone(), TaskDeaths { ago: at.elapsed(), ..deaths.clone() }))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_unproven_until_it_is_fresh_and_its_trouble_goes_then() {
        let health = Health::default();
        health.watch("support", Timestamp::UNIX_EPOCH);
        health.trouble("support", "timed out".to_owned());
        health.link("support", Link::Reading, Timestamp::UNIX_EPOCH);
        let before = health.snapshot();
        assert_eq!(before["support"].fresh_at, None);
        assert_eq!(before["support"].trouble.as_deref(), Some("timed out"));
        health.fresh("support", Timestamp::UNIX_EPOCH);
        let after = health.snapshot();
        assert_eq!(after["support"].fresh_at, Some(Timestamp::UNIX_EPOCH));
        assert_eq!(after["support"].trouble, None);
        health.forget("support");
        health.fresh("support", Timestamp::UNIX_EPOCH);
        assert!(health.snapshot().is_empty(), "a late word of an owner that was ended brings nothing back");
    }

    #[test]
    fn a_loop_that_never_beat_is_stuck_and_one_that_did_is_not() {
        let health = Health::default();
        health.beat(Loop::Writer);
        health.beat(Loop::Watch);
        assert!(!health.all_beat());
        let hour = Duration::from_secs(3600);
        assert_eq!(health.stuck(hour), []);
        let known = health.lock().began;
        health.lock().began = known.checked_sub(hour * 2).unwrap_or(known);
        assert_eq!(health.stuck(hour), [Loop::Dispatch]);
        health.beat(Loop::Dispatch);
        assert!(health.all_beat() && health.stuck(hour).is_empty());
    }

    #[test]
    fn deaths_are_counted_until_the_task_is_buried() {
        let health = Health::default();
        health.died("mailbox support", "panicked".to_owned());
        health.died("mailbox support", "failed".to_owned());
        let deaths = health.deaths();
        assert_eq!((deaths["mailbox support"].count, deaths["mailbox support"].why.as_str()), (2, "failed"));
        health.buried("mailbox support");
        assert!(health.deaths().is_empty());
    }
}
