//! What leaves the house: as it lies in the outbox, and as mails, words and JSON.

mod body;
mod header;
mod letter;
mod notice;
mod reply;
#[cfg(test)]
mod tests;
mod wire;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use notice::{AlertText, alarm_json, alarm_mail, alarm_text, alert_json, alert_mail, alert_text};
pub use reply::reply_mail;
pub use wire::WireAddress;

use crate::casework::Brief;

/// Why a mail could not be written. Trying again gives the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComposeError {
    /// The From that was configured is no mailbox.
    From,
    /// The builder of mails or of JSON refuses; a line without mail text.
    Unwritable(String),
}

impl fmt::Display for ComposeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ComposeError::From => formatter.write_str("there is no From address that can be used"),
            ComposeError::Unwritable(why) => write!(formatter, "it cannot be written: {why}"),
        }
    }
}

impl std::error::Error for ComposeError {}

/// What leaves the house.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outgoing {
    /// Somebody is told of a case.
    Alert(Box<Alert>),
    /// Ops are told of the service.
    Alarm(AlarmNote),
    /// A sender is answered.
    Reply(ReplyMail),
}

/// What a channel tells people of a case. The body of a webhook is this object (see `deploy/WEBHOOK.md`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The same for every attempt, channel and repetition of one escalation of one case; another start of it has
    /// another.
    pub dedup_key: String,
    /// The case, as people call it.
    pub reference: String,
    /// The escalation.
    pub escalation: String,
    /// The step of it, from 0.
    pub step: usize,
    /// May wake people.
    pub pages: bool,
    /// It waited for the desk to open.
    pub deferred: bool,
    /// When the escalation started.
    pub started_at: Timestamp,
    /// The mail.
    pub brief: Brief,
}

/// What ops are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmNote {
    /// The same for every attempt and channel until the alarm is cleared.
    pub dedup_key: String,
    /// A slug of the runbook, then its subject.
    pub key: String,
    /// One line.
    pub text: String,
    /// When it was raised.
    pub raised_at: Timestamp,
}

/// An automatic reply, written out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyMail {
    /// The case, as people call it.
    pub reference: String,
    /// Our Message-ID, without angle brackets.
    pub message_id: String,
    /// The one recipient, as it goes over the wire.
    pub to: String,
    /// The whole mail (RFC 5322), lines ending in CRLF. It is ASCII unless only a server with SMTPUTF8 can carry it.
    pub message: String,
    /// From when on it would no longer be true, or be too late.
    pub stale_at: Timestamp,
}
