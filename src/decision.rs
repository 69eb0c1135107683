//! Layer 3: what a desk makes of one mail.
//!
//! Two steps, because they cost differently. [`read`] is the expensive one: it parses the mail, finds the words and
//! gathers evidence; it knows nothing of other mails, so any number of mails can be read at once. [`decide`] is cheap
//! and needs what is known of the conversation and the sender ([`Standing`]); it is total and deterministic, and its
//! reasons ([`Decision::trace`]) are part of the answer, as codes that `compose` turns into words.
//!
//! Invariants: the same reading, standing, policy and instants give the same decision; nothing that stops a reply
//! ever stops an alert; time comes in as an argument.

mod correspondents;
mod decide;
mod guards;
mod reading;
mod trace;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use correspondents::Recipient;
pub use decide::{decide, received_at};
pub use guards::Withheld;
pub use reading::{Hit, Ignored, NearMiss, Reading, Why, read};
pub use trace::{AlertVerdict, AssignCause, Because, LabelCause, NoReplyCause, NotJoined, Step};

use crate::base::id::{CaseId, ContentKey};
use crate::base::seal::Seal;
use crate::calendar::ClosedFor;

/// What a mail is in its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Conversation {
    /// It opens a case.
    New,
    /// It belongs to a case.
    FollowUp,
    /// It belongs to a case and is more urgent than anything before.
    Raised,
    /// It belongs to a case that was closed.
    Reopened,
    /// A human answer of the desk.
    Answer,
    /// The same mail came in before.
    Duplicate,
}

impl Conversation {
    /// The slug of section 4 of the contract.
    pub fn slug(self) -> &'static str {
        match self {
            Conversation::New => "new",
            Conversation::FollowUp => "follow-up",
            Conversation::Raised => "raised",
            Conversation::Reopened => "reopened",
            Conversation::Answer => "answer",
            Conversation::Duplicate => "duplicate",
        }
    }
}

/// What is known besides the mail itself when it is decided.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The case of the same content, when the mail came in before.
    pub duplicate_of: Option<CaseId>,
    /// The id for the case that this mail would open, when the one derived from it is taken by another mail.
    pub free_case: Option<CaseId>,
    /// The conversation that it belongs to.
    pub conversation: Option<ConversationStanding>,
    /// Why it does not belong to a case that it refers to.
    pub not_joined: Option<NotJoined>,
    /// It bears our sealed mark: whatever its From says, we wrote it.
    pub bears_our_seal: bool,
    /// What a reply is sealed with.
    pub seal: Seal,
    /// It answers one of our own automatic replies.
    pub answers_our_reply: bool,
    /// How many replies the same address got within `once_per`.
    pub replies_to_sender: usize,
    /// The last of them.
    pub last_reply: Option<LastReply>,
    /// Replies to the same domain within its period.
    pub replies_to_domain: usize,
    /// Replies from the mailbox within its period.
    pub replies_from_mailbox: usize,
    /// Switches and memories that stop all replies, or all to this address: `RepliesOff`, `BreakerOpen`,
    /// `BouncedBefore`, `BeforeStart`.
    pub stops: Vec<Withheld>,
}

/// A conversation as it stands.
#[derive(Debug, Clone)]
pub struct ConversationStanding {
    /// Its case.
    pub case: CaseId,
    /// The addresses that the customer's mails of it came from, in comparison form.
    pub people: Vec<String>,
    /// How the mail was recognised as a part of it.
    pub joined_by: JoinedBy,
    /// The case is closed or lapsed.
    pub closed: bool,
    /// A human has answered the customer's last mail.
    pub answered: bool,
    /// When its first mail was received.
    pub opened_at: Timestamp,
    /// The subjects of its mails.
    pub subjects: Vec<SubjectSeen>,
    /// The strongest value so far of each label, from hits.
    pub strongest: Vec<Option<usize>>,
    /// Which asks were answered by the customer's mails.
    pub asks_found: Vec<bool>,
    /// Escalations that run and that nobody has acknowledged.
    pub unacknowledged: Vec<usize>,
    /// Escalations that wait for an opening.
    pub deferred: Vec<usize>,
}

/// A subject that a conversation has had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectSeen {
    /// The base subject.
    pub base: String,
    /// The words in it that hit, in lower case.
    pub hits: Vec<String>,
}

/// How a mail was recognised as part of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JoinedBy {
    /// In-Reply-To or References name one of its mails.
    Reference,
    /// Its reference stands in the subject.
    SubjectTag,
    /// In-Reply-To or References name one of its mails, but the sender has nothing to do with it otherwise: the mail
    /// stands beside those of the case, and silences none and is silenced by none of them.
    Stranger,
}

/// The last reply to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastReply {
    /// When it was decided.
    pub at: Timestamp,
    /// How loud its outcome was.
    pub loudness: Loudness,
    /// What it promised.
    pub respond_by: Option<Timestamp>,
}

/// How loud an outcome is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Loudness {
    /// Nobody is told at once.
    Quiet,
    /// Somebody is told.
    Alert,
    /// Somebody may be woken.
    Page,
}

impl Loudness {
    /// Of the escalations that start.
    pub fn of(alerts: &[Alert]) -> Self {
        let loud = alerts.iter().map(|alert| if alert.pages { Loudness::Page } else { Loudness::Alert });
        loud.max().unwrap_or(Loudness::Quiet)
    }
}

/// What a desk does with a mail.
#[derive(Debug, Clone)]
pub struct Decision {
    /// When the mail server received it, never later than `now`.
    pub received_at: Timestamp,
    /// When it was decided.
    pub now: Timestamp,
    /// The content identity of the mail.
    pub content: ContentKey,
    /// Each label and matrix of the policy.
    pub labels: Vec<LabelOutcome>,
    /// Hits that did not count: index into [`Reading::hits`] and why.
    pub ignored: Vec<(usize, Why)>,
    /// The row of the customer.
    pub customer: Option<usize>,
    /// The plan.
    pub plan: Option<String>,
    /// Its part in the conversation.
    pub conversation: Conversation,
    /// How it was recognised as a part of it.
    pub joined_by: Option<JoinedBy>,
    /// The case it belongs to; when it is new, the one that it opens.
    pub case: CaseId,
    /// The assigned desk.
    pub desk: usize,
    /// The hours of that desk.
    pub hours: Hours,
    /// The rule that applied; `None` when no rule did, or none is asked (a human answer).
    pub coverage: Option<usize>,
    /// Escalations that start now.
    pub alerts: Vec<Alert>,
    /// The escalation that starts at the next opening.
    pub defer: Option<Deferral>,
    /// The reply that goes out.
    pub reply: Option<ReplyPlan>,
    /// Why a reply that the rule names does not go out.
    pub reply_withheld: Vec<Withheld>,
    /// The rule's promise.
    pub target: Option<crate::policy::Target>,
    /// The instant of the promise.
    pub respond_by: Option<Timestamp>,
    /// The asks that the reply makes.
    pub asked_for: Vec<usize>,
    /// How it came about.
    pub trace: Vec<Step>,
}

impl Decision {
    /// How loud the outcome is.
    pub fn loudness(&self) -> Loudness {
        Loudness::of(&self.alerts)
    }
}

/// The value of a label.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelOutcome {
    /// The value; `None` is null.
    pub value: Option<usize>,
    /// The hits that gave it: indices into [`Reading::hits`].
    pub hits: Vec<usize>,
    /// It comes from an earlier mail of the conversation.
    pub inherited: bool,
}

/// The hours of the assigned desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hours {
    /// Somebody is there.
    Open,
    /// Nobody is.
    Closed {
        /// Why.
        closed_for: ClosedFor,
        /// The next opening; `None` when there is none for years.
        opens_at: Option<Timestamp>,
    },
}

/// An escalation that starts now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Index into the policy's escalations.
    pub escalation: usize,
    /// May wake people.
    pub pages: bool,
    /// The rule that asked for it.
    pub by: By,
}

/// A rule that asks for an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// A row of `[[coverage]]`.
    Coverage(usize),
    /// A row of `[[also]]`.
    Also(usize),
}

/// An escalation that waits for the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deferral {
    /// Index into the policy's escalations.
    pub escalation: usize,
    /// When it starts, unless somebody answers before.
    pub until: Timestamp,
}

/// A reply that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyPlan {
    /// Index of the template, in the language of the reply.
    pub template: usize,
    /// The address it goes to.
    pub to: crate::mail::Address,
    /// Its Message-ID, without angle brackets: the same for the same mail, however often it is decided.
    pub message_id: String,
    /// The mark that says, sealed, that we wrote it.
    pub mark: String,
}
