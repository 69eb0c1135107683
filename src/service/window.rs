//! A stretch of a mailbox, read and ready to be decided on.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;

use crate::decision::Reading;
use crate::policy::Policy;

/// A mailbox as the settings and its policy describe it at one moment. A reload makes a new one; a mail is decided
/// under the one that it was read under, since a reading's indices mean nothing under another policy.
#[derive(Debug)]
pub struct Watched {
    /// Its name.
    pub name: String,
    /// The account whose server its replies leave through.
    pub account: String,
    /// Its rules, with the addresses of the mailbox added.
    pub policy: Arc<Policy>,
    /// Whether anything is sent for it.
    pub act: bool,
    /// From where it is read at first sight.
    pub start: crate::settings::Start,
    /// Mail from before the first sight that is older than this only gets recorded.
    pub alert_max_age: jiff::SignedDuration,
    /// How often it is looked at, whatever IDLE says.
    pub poll: std::time::Duration,
}

/// Every mail of one mailbox with `from <= UID < to`. Committing it moves the cursor from `from` to `to`, so nothing
/// that the server lists in between may be missing.
#[derive(Debug)]
pub struct Window {
    /// The mailbox, as [`super::MailboxState::id`].
    pub mailbox: i64,
    /// The fence that the owner got when it opened the mailbox; an owner that was replaced cannot write.
    pub fence: i64,
    /// The UIDVALIDITY that the UIDs belong to (RFC 9051 section 2.3.1.1).
    pub uid_validity: u32,
    /// What the window does.
    pub span: Span,
    /// The mails, by UID.
    pub mails: Vec<Arrived>,
    /// The mailbox's rules when the mails were read.
    pub watched: Arc<Watched>,
    /// Its share of the memory that mail may take; given back when it is recorded.
    pub memory: Option<OwnedSemaphorePermit>,
}

/// What a window does to its mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// It moves the cursor.
    Advance {
        /// The first UID: where the cursor must stand.
        from: u64,
        /// The UID after the last: where the cursor will stand; 2³² at the end of all UIDs.
        to: u64,
    },
    /// It holds quarantined mails that are tried again; the cursor stays.
    Again,
}

/// A mail that the server listed.
#[derive(Debug)]
pub struct Arrived {
    /// Its UID.
    pub uid: u32,
    /// When the server received it (INTERNALDATE).
    pub internal_date: Timestamp,
    /// What became of reading it.
    pub content: Content,
}

/// What became of reading a mail.
#[derive(Debug)]
pub enum Content {
    /// It was read.
    Read(Box<Reading>),
    /// It could not be; it goes to quarantine. A line without mail text.
    Failed(String),
    /// The server listed it twice and had it neither time.
    Gone,
    /// It came in before the mailbox was first seen, and `start` does not reach back to it.
    BeforeStart,
}
