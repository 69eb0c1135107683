//! A stand-in.
#![allow(missing_docs, reason = "a stand-in")]
#![allow(clippy::unused_async, clippy::missing_errors_doc, reason = "a stand-in")]
use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

#[derive(Debug, thiserror::Error)]
#[error("there is no database at {0}; `nightdesk run` makes it")]
pub struct StoreError(String);

#[derive(Debug)]
pub struct Reader;

#[derive(Debug)]
pub struct Heartbeat {
    pub at: Timestamp,
    pub status: String,
}
#[derive(Debug)]
pub struct RepliesSwitch {
    pub off_since: Option<Timestamp>,
    pub breaker_open_since: Option<Timestamp>,
}
#[derive(Debug)]
pub struct MailboxRow {
    pub name: String,
    pub host: String,
    pub folder: String,
    pub uid_validity: u32,
    pub next_uid: u64,
    pub first_seen_at: Option<Timestamp>,
    pub halted: Option<String>,
    pub counts: BTreeMap<&'static str, u64>,
}
#[derive(Debug)]
pub struct AlarmRow {
    pub key: String,
    pub text: String,
    pub raised_at: Timestamp,
}
#[derive(Debug)]
pub struct Overview {
    pub heartbeat: Option<Heartbeat>,
    pub replies: RepliesSwitch,
    pub mailboxes: Vec<MailboxRow>,
    pub alarms: Vec<AlarmRow>,
    pub outbox: BTreeMap<String, u64>,
    pub cases: BTreeMap<String, u64>,
}
#[derive(Debug)]
pub struct CaseRow {
    pub reference: String,
    pub policy: String,
    pub state: String,
    pub opened_at: Timestamp,
    pub last_mail_at: Timestamp,
    pub respond_by: Option<Timestamp>,
    pub people: Vec<String>,
    pub subject: String,
    pub running: Vec<String>,
    pub deferred: Vec<(String, Timestamp)>,
}
#[derive(Debug)]
pub struct OutboxRow {
    pub id: i64,
    pub state: String,
    pub kind: String,
    pub way: String,
    pub dedup_key: String,
    pub reference: Option<String>,
    pub attempts: u32,
    pub due_at: Timestamp,
    pub created_at: Timestamp,
    pub last_error: Option<String>,
}
#[derive(Debug)]
pub struct QuarantineRow {
    pub id: i64,
    pub mailbox: String,
    pub uid_validity: u32,
    pub uid: u32,
    pub received_at: Option<Timestamp>,
    pub reason: String,
    pub at: Timestamp,
    pub retry_wanted: bool,
}

impl Reader {
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        Err(StoreError(path.display().to_string()))
    }
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        Err(StoreError(String::new()))
    }
    pub async fn cases(&self, _all: bool, _limit: usize) -> Result<Vec<CaseRow>, StoreError> {
        Err(StoreError(String::new()))
    }
    pub async fn outbox(&self, _all: bool, _limit: usize) -> Result<Vec<OutboxRow>, StoreError> {
        Err(StoreError(String::new()))
    }
    pub async fn quarantine(&self) -> Result<Vec<QuarantineRow>, StoreError> {
        Err(StoreError(String::new()))
    }
    pub async fn retry_outbox(&self, _id: i64, _now: Timestamp) -> Result<bool, StoreError> {
        Err(StoreError(String::new()))
    }
    pub async fn drop_outbox(&self, _id: i64) -> Result<bool, StoreError> {
        Err(StoreError(String::new()))
    }
    pub async fn retry_quarantine(&self, _id: i64) -> Result<bool, StoreError> {
        Err(StoreError(String::new()))
    }
    pub async fn set_replies(&self, _on: bool, _now: Timestamp) -> Result<(), StoreError> {
        Err(StoreError(String::new()))
    }
}
