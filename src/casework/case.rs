//! One case: open → acknowledged → answered → closed, or lapsed when nobody came.
//!
//! A case knows names, never indices, and the plans of its escalations: it is kept over reloads of its policy, and
//! time can bring it forward without one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::work::{Brief, Plan};
use crate::base::id::{CaseId, ContentKey};
use crate::decision::SubjectSeen;

/// A matter that a customer brought and that the desk owes an answer to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
    /// The policy that it belongs to.
    pub policy: String,
    /// How people call it.
    pub reference: String,
    /// Where it stands.
    pub state: CaseState,
    /// When its first mail was received.
    pub opened_at: Timestamp,
    /// The content of the mail that opened it; another mail cannot have the same id.
    pub opened_by: ContentKey,
    /// When its latest mail was received.
    pub last_mail_at: Timestamp,
    /// When the customer's latest mail was received.
    pub last_customer_mail_at: Timestamp,
    /// The addresses that the customer's mails came from, in comparison form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// The addresses that its mails also went to, in comparison form, as far as the customer or an agent wrote to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addressed: Vec<String>,
    /// The address, in comparison form, of who opened it, be it a machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opener: Option<String>,
    /// The customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The subject of the mail that opened it.
    pub subject: String,
    /// The subjects of its mails, to compare.
    pub subjects: Vec<SubjectSeen>,
    /// The strongest value so far of each label, from hits.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub strongest: BTreeMap<String, String>,
    /// The asks that the customer's mails answer.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub asks_found: BTreeSet<String>,
    /// Escalations that were started and have not given up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub running: Vec<Running>,
    /// Escalations that wait for an opening.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<Deferred>,
    /// How often each escalation was started.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub starts: BTreeMap<String, u32>,
    /// The earliest promise that is still owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub respond_by: Option<Timestamp>,
    /// All of its mails came to mailboxes for which nothing is sent (`act = false`): nobody was told of it.
    #[serde(default)]
    pub only_watched: bool,
    /// Grows with every change, so that two writers cannot overwrite each other.
    pub version: u64,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CaseState {
    /// Nobody has taken it.
    Open,
    /// Somebody has.
    Acknowledged,
    /// The customer has an answer.
    Answered,
    /// It is done.
    Closed,
    /// Nobody reacted until its escalations gave up.
    Lapsed,
}

impl CaseState {
    /// The slug.
    pub fn slug(self) -> &'static str {
        match self {
            CaseState::Open => "open",
            CaseState::Acknowledged => "acknowledged",
            CaseState::Answered => "answered",
            CaseState::Closed => "closed",
            CaseState::Lapsed => "lapsed",
        }
    }
}

/// An escalation of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// What happens when, as it was when it started.
    pub plan: Plan,
    /// What is told.
    pub brief: Brief,
    /// Which start of this escalation in this case it is, from 1.
    pub number: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// When it gives up.
    pub gives_up_at: Timestamp,
    /// Somebody has acknowledged it.
    pub acknowledged: bool,
    /// It waited for the desk to open.
    pub deferred: bool,
    /// A stranger's mail in the conversation started it: it makes no other start needless.
    #[serde(default)]
    pub beside: bool,
}

/// An escalation that waits for an opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deferred {
    /// What will happen then.
    pub plan: Plan,
    /// What will be told.
    pub brief: Brief,
    /// When it starts, unless somebody answers before.
    pub until: Timestamp,
}

/// The start of an escalation of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// The escalation.
    pub escalation: String,
    /// Which start of it in this case.
    pub number: u32,
}

impl Case {
    /// The host of the sender who opened it, lower case.
    pub fn opener_domain(&self) -> Option<&str> {
        self.opener.as_deref()?.rsplit_once('@').map(|(_, domain)| domain)
    }

    /// Whether new customer mail reopens it.
    pub fn is_over(&self) -> bool {
        matches!(self.state, CaseState::Closed | CaseState::Lapsed)
    }

    /// Whether an answer is owed, and was promised for a time before `now`.
    pub fn is_late(&self, now: Timestamp) -> bool {
        self.respond_by.is_some_and(|by| by < now)
    }

    /// When time alone changes it next: a deferral starts, or an escalation gives up.
    pub fn due_at(&self) -> Option<Timestamp> {
        let starts = self.deferred.iter().map(|deferred| deferred.until);
        starts.chain(self.running.iter().map(|running| running.gives_up_at)).min()
    }

    /// A start of an escalation that has not given up.
    pub fn running(&self, started: &Started) -> Option<&Running> {
        self.running
            .iter()
            .find(|running| running.plan.escalation == started.escalation && running.number == started.number)
    }

    /// Brings the case to `now`: deferrals whose opening has come start, escalations that gave up end, and a case
    /// whose last escalation gave up unacknowledged lapses. Answers what started.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Started> {
        if self.due_at().is_none_or(|due| due > now) {
            return Vec::new();
        }
        let (due, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.deferred).into_iter().partition(|deferred| deferred.until <= now);
        self.deferred = waiting;
        let mut started = Vec::new();
        for deferred in due {
            // After a long silence the people that it tells still get their whole time.
            let at = if now < deferred.gives_up_at() { deferred.until } else { now };
            started.push(self.start(deferred.plan, deferred.brief, at));
            if let Some(running) = self.running.last_mut() {
                running.deferred = true;
            }
        }
        let gave_up = self.running.iter().any(|running| !running.acknowledged && running.gives_up_at <= now);
        self.running.retain(|running| running.gives_up_at > now);
        if gave_up && self.running.is_empty() && self.deferred.is_empty() && self.state == CaseState::Open {
            self.state = CaseState::Lapsed;
        }
        self.version += 1;
        started
    }

    /// Starts an escalation, or starts it again.
    pub(super) fn start(&mut self, plan: Plan, brief: Brief, at: Timestamp) -> Started {
        self.running.retain(|running| running.beside || running.plan.escalation != plan.escalation);
        self.run(plan, brief, at)
    }

    /// Starts an escalation for a stranger's mail, beside whatever runs for the customer's. There is one such of each
    /// escalation; the next one takes its place.
    pub(super) fn start_beside(&mut self, plan: Plan, brief: Brief, at: Timestamp) -> Started {
        self.running.retain(|running| !running.beside || running.plan.escalation != plan.escalation);
        let started = self.run(plan, brief, at);
        if let Some(running) = self.running.last_mut() {
            running.beside = true;
        }
        started
    }

    fn run(&mut self, plan: Plan, brief: Brief, at: Timestamp) -> Started {
        let escalation = plan.escalation.clone();
        let number = self.starts.entry(escalation.clone()).or_default();
        *number = number.saturating_add(1);
        let started = Started { escalation, number: *number };
        self.running.push(Running {
            gives_up_at: at.checked_add(plan.give_up_after).unwrap_or(Timestamp::MAX),
            plan,
            brief,
            number: started.number,
            started_at: at,
            acknowledged: false,
            deferred: false,
            beside: false,
        });
        started
    }

    /// Somebody takes the case: what runs no longer rises.
    pub fn acknowledge(&mut self) {
        if self.state == CaseState::Open {
            self.state = CaseState::Acknowledged;
        }
        for running in &mut self.running {
            running.acknowledged = true;
        }
        self.version += 1;
    }

    /// A human has answered: nothing is owed any more.
    pub fn answer(&mut self) {
        if !self.is_over() {
            self.state = CaseState::Answered;
        }
        self.running.clear();
        self.deferred.clear();
        self.respond_by = None;
        self.version += 1;
    }

    /// The case is done.
    pub fn close(&mut self) {
        self.answer();
        self.state = CaseState::Closed;
    }
}

impl Deferred {
    fn gives_up_at(&self) -> Timestamp {
        self.until.checked_add(self.plan.give_up_after).unwrap_or(Timestamp::MAX)
    }
}
