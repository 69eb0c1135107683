//! What withholds an automatic reply. Each guard has a slug, all that speak are named, and none of them ever touches
//! an alert.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Loudness, Reading, Recipient, Standing};
use crate::mail::{Address, Authenticated, Automation, Unreadable, sender_evidence};
use crate::policy::Policy;

/// A reason for no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Withheld {
    /// Evidence of a machine in the mail.
    Evidence(Automation),
    /// It would go to one of our own addresses.
    OwnAddress,
    /// None of `addressed_to` is among its recipients (RFC 5230 section 4.5).
    NotAddressedToUs,
    /// It answers one of our own automatic replies.
    AnswersOurReply,
    /// Sender authentication failed, so the reply might go to somebody else.
    Unauthenticated,
    /// There is no address to answer.
    NoSender,
    /// A form without a usable Reply-To.
    UnsafeReplyTo,
    /// The same person got one within `once_per`.
    Repeated,
    /// The domain got too many.
    DomainLimit,
    /// The mailbox sent too many.
    MailboxLimit,
    /// The circuit breaker is open.
    BreakerOpen,
    /// Mail to this address bounced for good.
    BouncedBefore,
    /// The mail is too old, or the promise has passed.
    Stale,
    /// The mail could not be parsed, or does not say which one person wrote it.
    Unreadable,
    /// Somebody has switched replies off.
    RepliesOff,
    /// The mail came in before the mailbox was first seen.
    BeforeStart,
    /// The same mail came in before.
    Duplicate,
}

impl Withheld {
    /// The slug of section 4 of the contract.
    pub fn slug(self) -> &'static str {
        match self {
            Withheld::Evidence(automation) => automation.slug(),
            Withheld::OwnAddress => "own-address",
            Withheld::NotAddressedToUs => "not-addressed-to-us",
            Withheld::AnswersOurReply => "answers-our-reply",
            Withheld::Unauthenticated => "unauthenticated",
            Withheld::NoSender => "no-sender",
            Withheld::UnsafeReplyTo => "unsafe-reply-to",
            Withheld::Repeated => "repeated",
            Withheld::DomainLimit => "domain-limit",
            Withheld::MailboxLimit => "mailbox-limit",
            Withheld::BreakerOpen => "breaker-open",
            Withheld::BouncedBefore => "bounced-before",
            Withheld::Stale => "stale",
            Withheld::Unreadable => "unreadable",
            Withheld::RepliesOff => "replies-off",
            Withheld::BeforeStart => "before-start",
            Withheld::Duplicate => "duplicate",
        }
    }
}

/// What the reply would say, for the guards that depend on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outlook {
    pub(super) now: Timestamp,
    pub(super) received_at: Timestamp,
    pub(super) loudness: Loudness,
    pub(super) respond_by: Option<Timestamp>,
    pub(super) opens_at: Option<Timestamp>,
}

/// Every guard that speaks, in a fixed order, each once.
pub(super) fn guards(
    reading: &Reading,
    standing: &Standing,
    policy: &Policy,
    outlook: &Outlook,
) -> Vec<Withheld> {
    let mut withheld = Vec::new();
    by_mail(reading, policy, &mut withheld);
    by_standing(standing, policy, outlook, &mut withheld);
    if is_stale(policy, outlook) {
        withheld.push(Withheld::Stale);
    }
    let mut seen = std::collections::HashSet::new();
    withheld.retain(|guard| seen.insert(*guard));
    withheld
}

fn by_mail(reading: &Reading, policy: &Policy, withheld: &mut Vec<Withheld>) {
    withheld.extend(reading.evidence.iter().map(|evidence| Withheld::Evidence(evidence.slug)));
    let from = reading.message.from.as_slice();
    let is_ours = |address: &Address| policy.identity.is_own(address) && !policy.identity.is_form(address);
    if from.iter().any(|from| is_ours(&from.address)) {
        withheld.push(Withheld::OwnAddress);
    }
    match &reading.recipient {
        Recipient::Address(address) => {
            withheld.extend(sender_evidence(address).map(Withheld::Evidence));
            if policy.identity.is_own(address) {
                withheld.push(Withheld::OwnAddress);
            }
        }
        Recipient::Nobody => withheld.push(Withheld::NoSender),
        Recipient::Unsafe => withheld.push(Withheld::UnsafeReplyTo),
    }
    let wanted = &policy.identity.addressed_to;
    let addressed =
        reading.message.recipients().any(|address| wanted.iter().any(|rule| rule.covers(address)));
    if !wanted.is_empty() && !addressed {
        withheld.push(Withheld::NotAddressedToUs);
    }
    if reading.authenticated == Authenticated::Fail {
        withheld.push(Withheld::Unauthenticated);
    }
    if reading.message.unreadable == Some(Unreadable::Empty) {
        withheld.push(Withheld::Unreadable);
    }
}

fn by_standing(standing: &Standing, policy: &Policy, outlook: &Outlook, withheld: &mut Vec<Withheld>) {
    let many = |count: usize, limit: u32| usize::try_from(limit).is_ok_and(|limit| count >= limit);
    let checks = [
        (standing.answers_our_reply, Withheld::AnswersOurReply),
        (is_repeated(standing, outlook), Withheld::Repeated),
        (many(standing.replies_to_domain, policy.auto_reply.per_domain.count), Withheld::DomainLimit),
        (many(standing.replies_from_mailbox, policy.auto_reply.per_mailbox.count), Withheld::MailboxLimit),
        (standing.duplicate_of.is_some(), Withheld::Duplicate),
    ];
    withheld.extend(checks.into_iter().filter(|(speaks, _)| *speaks).map(|(_, guard)| guard));
    withheld.extend(&standing.stops);
}

/// One reply per sender and period, and one more when there is something louder or sooner to say.
fn is_repeated(standing: &Standing, outlook: &Outlook) -> bool {
    let Some(last) = standing.last_reply else { return false };
    let louder = outlook.loudness > last.loudness;
    let sooner = match (outlook.respond_by, last.respond_by) {
        (Some(new), Some(old)) => new < old,
        (Some(_), None) | (None, _) => false,
    };
    standing.replies_to_sender >= 2 || !(louder || sooner)
}

/// A reply never names an instant that has passed, and never answers mail of long ago.
fn is_stale(policy: &Policy, outlook: &Outlook) -> bool {
    let age = outlook.now.duration_since(outlook.received_at);
    let passed =
        [outlook.respond_by, outlook.opens_at].into_iter().flatten().any(|instant| instant <= outlook.now);
    age > policy.auto_reply.max_age || passed
}
