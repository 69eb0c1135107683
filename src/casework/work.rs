//! What a case is owed by the desk: the plan of each escalation as it was when it started, and what the people it
//! tells need to know of the mail.
//!
//! All of it is kept with the case, names and all, so that a reload of the policy changes nothing for what runs.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// An escalation as it was when it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its name.
    pub escalation: String,
    /// May wake people.
    pub pages: bool,
    /// The steps, by time.
    pub steps: Vec<PlanStep>,
    /// When the case lapses, after the start.
    pub give_up_after: SignedDuration,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    /// After the start.
    pub after: SignedDuration,
    /// Names of channels.
    pub notify: Vec<String>,
}

/// What an alert tells of the mail that started it. Facts only; `compose` puts them into words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// The policy.
    pub policy: String,
    /// The mailbox.
    pub mailbox: Option<String>,
    /// The Message-ID, without angle brackets.
    pub message_id: Option<String>,
    /// Who wrote: the address.
    pub sender: Option<String>,
    /// And their name.
    pub sender_name: Option<String>,
    /// The subject.
    pub subject: String,
    /// The beginning of what they wrote now, at most 500 characters.
    pub excerpt: String,
    /// The words that counted, as written in the mail.
    pub words: Vec<String>,
    /// The value of each label that has one.
    pub labels: BTreeMap<String, String>,
    /// The customer.
    pub customer: Option<String>,
    /// The plan of the customer.
    pub plan: Option<String>,
    /// Evidence of a machine, as slugs.
    pub automation: Vec<String>,
    /// Whether all of it could be read.
    pub readable: bool,
    /// Its part in the conversation, as a slug.
    pub conversation: String,
    /// The rule that asked for the alert.
    pub rule: String,
    /// The desk.
    pub desk: String,
    /// The zone of the desk, as the policy writes it.
    pub zone: String,
    /// When the desk next opens, when it is closed.
    pub opens_at: Option<Timestamp>,
    /// When the server received it.
    pub received_at: Timestamp,
    /// What the sender was promised.
    pub respond_by: Option<Timestamp>,
}
