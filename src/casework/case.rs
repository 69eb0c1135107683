//! One case: open → acknowledged → answered → closed, or lapsed when nobody came.

use jiff::Timestamp;

use crate::base::id::CaseId;
use crate::base::id::ContentKey;
use crate::decision::{Deferral, SubjectSeen};

/// A matter that a customer brought and that the desk owes an answer to.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its id.
    pub id: CaseId,
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
    pub people: Vec<String>,
    /// The host of the sender who opened it, lower case.
    pub opener_domain: Option<String>,
    /// The customer's row.
    pub customer: Option<usize>,
    /// The subjects of its mails.
    pub subjects: Vec<SubjectSeen>,
    /// The strongest value so far of each label, from hits.
    pub strongest: Vec<Option<usize>>,
    /// Which asks the customer's mails answer.
    pub asks_found: Vec<bool>,
    /// Escalations that were started.
    pub running: Vec<Running>,
    /// Escalations that wait for an opening.
    pub deferred: Vec<Deferral>,
    /// The earliest promise that is still owed.
    pub respond_by: Option<Timestamp>,
    /// Grows with every change, so that two writers cannot overwrite each other.
    pub version: u64,
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Index into the policy's escalations.
    pub escalation: usize,
    /// When it started.
    pub started_at: Timestamp,
    /// When it gives up.
    pub gives_up_at: Timestamp,
    /// Somebody has acknowledged it.
    pub acknowledged: bool,
}

impl Case {
    /// Whether new customer mail reopens it.
    pub fn is_over(&self) -> bool {
        matches!(self.state, CaseState::Closed | CaseState::Lapsed)
    }

    /// Brings the case to `now`: deferrals whose opening has come start, escalations that gave up end, and a case
    /// whose last escalation gave up unacknowledged lapses. `give_up_after` answers how long an escalation runs.
    /// Answers what started.
    pub fn advance(
        &mut self,
        now: Timestamp,
        give_up_after: impl Fn(usize) -> jiff::SignedDuration,
    ) -> Vec<Deferral> {
        let due: Vec<Deferral> =
            self.deferred.iter().filter(|deferral| deferral.until <= now).cloned().collect();
        self.deferred.retain(|deferral| deferral.until > now);
        for deferral in &due {
            self.start(deferral.escalation, deferral.until, give_up_after(deferral.escalation));
        }
        let gave_up = self.running.iter().any(|running| !running.acknowledged && running.gives_up_at <= now);
        self.running.retain(|running| running.gives_up_at > now);
        if gave_up && self.running.is_empty() && self.deferred.is_empty() && self.state == CaseState::Open {
            self.state = CaseState::Lapsed;
        }
        due
    }

    /// Starts an escalation, or starts it again.
    pub(super) fn start(&mut self, escalation: usize, at: Timestamp, give_up_after: jiff::SignedDuration) {
        self.running.retain(|running| running.escalation != escalation);
        self.running.push(Running {
            escalation,
            started_at: at,
            gives_up_at: at.checked_add(give_up_after).unwrap_or(Timestamp::MAX),
            acknowledged: false,
        });
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
