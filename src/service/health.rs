//! What the running daemon knows of itself: each mailbox's link, and when it was last proven that nothing was missed.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

/// The health of everything that runs. Shared; never held over an await.
#[derive(Debug, Default)]
pub struct Health {
    mailboxes: Mutex<BTreeMap<String, MailboxHealth>>,
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

/// The health of one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxHealth {
    /// Its link.
    pub link: Link,
    /// Since when.
    pub since: Timestamp,
    /// When it was last proven that all mail the server has is recorded.
    pub fresh_at: Option<Timestamp>,
    /// The last trouble, a line without secrets or mail text; gone when it is fresh again.
    pub trouble: Option<String>,
}

impl Health {
    /// A mailbox is watched from now on.
    pub fn watch(&self, mailbox: &str, now: Timestamp) {
        let health = MailboxHealth { link: Link::Connecting, since: now, fresh_at: None, trouble: None };
        self.lock().entry(mailbox.to_owned()).or_insert(health);
    }

    /// A mailbox is no longer watched.
    pub fn forget(&self, mailbox: &str) {
        self.lock().remove(mailbox);
    }

    /// The link of a mailbox is now so.
    pub fn link(&self, mailbox: &str, link: Link, now: Timestamp) {
        if let Some(health) = self.lock().get_mut(mailbox)
            && health.link != link
        {
            (health.link, health.since) = (link, now);
        }
    }

    /// It was just proven that nothing of a mailbox is missing.
    pub fn fresh(&self, mailbox: &str, now: Timestamp) {
        if let Some(health) = self.lock().get_mut(mailbox) {
            (health.fresh_at, health.trouble) = (Some(now), None);
        }
    }

    /// Something went wrong with a mailbox.
    pub fn trouble(&self, mailbox: &str, trouble: String) {
        if let Some(health) = self.lock().get_mut(mailbox) {
            health.trouble = Some(trouble);
        }
    }

    /// Everything, by name.
    pub fn snapshot(&self) -> BTreeMap<String, MailboxHealth> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, MailboxHealth>> {
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
