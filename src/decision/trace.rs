//! The reasons of a decision, as codes and indices; `compose` makes words of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{By, Conversation, Hours, JoinedBy, Withheld};
use crate::calendar::State;

/// One step of a decision, in the order they were taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// A label got its value.
    Label {
        /// The label or matrix.
        label: usize,
        /// The value; `None` is null.
        value: Option<usize>,
        /// How.
        because: LabelCause,
    },
    /// Who the sender is to us.
    Customer {
        /// The row of the customer.
        row: Option<usize>,
        /// The sender's authentication failed, so nothing is taken for granted.
        distrusted: bool,
    },
    /// The mail's part in the conversation.
    Conversation {
        /// What it is.
        conversation: Conversation,
        /// Why.
        because: Because,
    },
    /// An `[[assign]]` row was tried.
    Assign {
        /// Index into the policy's assigns.
        rule: usize,
        /// The first test of its `when` that failed; `None` when it applied.
        failing: Option<usize>,
    },
    /// A desk was looked at.
    Clock {
        /// The desk.
        desk: usize,
        /// How it stood when the mail came in.
        state: State,
    },
    /// The desk was chosen.
    Desk {
        /// The desk.
        desk: usize,
        /// Why this one.
        because: AssignCause,
        /// Its hours.
        hours: Hours,
    },
    /// A `[[coverage]]` row was tried.
    Coverage {
        /// Index into the policy's coverage.
        rule: usize,
        /// The first test of its `when` that failed; `None` when it applied.
        failing: Option<usize>,
    },
    /// No coverage row applied.
    NoCoverage,
    /// An `[[also]]` row was tried.
    Also {
        /// Index into the policy's also rows.
        rule: usize,
        /// The first test of its `when` that failed; `None` when it applied.
        failing: Option<usize>,
    },
    /// A rule asked for an alert.
    Alert {
        /// The escalation.
        escalation: usize,
        /// The rule.
        by: By,
        /// Whether it starts, and why not.
        verdict: AlertVerdict,
    },
    /// A rule defers to the next opening.
    Defer {
        /// The escalation.
        escalation: usize,
        /// When it starts; `None` when it waits already.
        until: Option<Timestamp>,
    },
    /// The promise was computed.
    Target {
        /// From when it counts.
        from: Timestamp,
        /// The instant; `None` when none is promised.
        respond_by: Option<Timestamp>,
    },
    /// An ask was considered.
    Ask {
        /// Index into the policy's asks.
        ask: usize,
        /// The first test of its `when` that failed.
        failing: Option<usize>,
        /// The customer has said it already.
        found: bool,
    },
    /// A guard withholds the reply.
    Guard {
        /// Which.
        withheld: Withheld,
    },
    /// The rule's reply goes out.
    Reply {
        /// Index of the template.
        template: usize,
    },
    /// No reply is thought of.
    NoReply {
        /// Why.
        because: NoReplyCause,
    },
    /// The reply has several languages, and one was chosen.
    Language {
        /// Index of the template in that language.
        template: usize,
        /// The first of the mail's languages that there is a template for; `None` when there is none.
        range: Option<usize>,
    },
}

/// Why no reply is thought of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoReplyCause {
    /// The rule names none.
    NotNamed,
    /// No rule applied.
    NoRule,
    /// The mail is an answer of the desk.
    Answer,
}

/// How a label got its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LabelCause {
    /// The strongest value with hits; the first of them.
    Hit(usize),
    /// An earlier mail of the conversation.
    Inherited,
    /// Nothing hit.
    Default,
    /// Two labels and a table.
    Matrix {
        /// The value of the rows.
        row: Option<usize>,
        /// The value of the columns.
        column: Option<usize>,
    },
}

/// Why a mail is what it is in its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Because {
    /// It names no mail that we know.
    NothingKnown,
    /// It belongs to a case.
    Joined(JoinedBy),
    /// Its urgency is stronger than the case's so far.
    Stronger(JoinedBy),
    /// The case was closed.
    WasClosed(JoinedBy),
    /// It comes from an agent, authenticated, to the customer.
    FromAgent,
    /// It comes from a machine, which raises and reopens nothing.
    Automated(JoinedBy),
    /// The same content came in before.
    SeenBefore,
    /// It refers to a case that it does not belong to.
    NotJoined(NotJoined),
}

/// Why a mail does not belong to a case that it refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotJoined {
    /// The sender has nothing to do with that case, which is over, or only refers to a mail that we never saw.
    Stranger,
    /// It names a reply in the form of ours that we never wrote.
    FalseSeal,
}

/// Why a desk was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AssignCause {
    /// The rule names it.
    Named,
    /// It is the customer's.
    Customers,
    /// It is open.
    IsOpen,
    /// It opens first.
    OpensFirst,
    /// No desk of the pool opens for years.
    NoneOpens,
}

/// Whether an alert starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertVerdict {
    /// It does.
    Starts,
    /// The follow-up says nothing urgent of its own.
    NothingNew,
    /// The same or a louder escalation runs, and nobody has acknowledged it.
    Running(usize),
    /// The mail is one that we sent ourselves.
    OwnMail,
    /// The same mail came in before.
    Duplicate,
    /// The same escalation starts by another rule.
    AlreadyStarts,
}
