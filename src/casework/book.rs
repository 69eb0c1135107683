//! The working set: cases by the mails and references they are known by, and who got a reply.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::case::{Case, CaseState};
use crate::base::id::{CaseId, ContentKey};
use crate::decision::{
    Conversation, ConversationStanding, Decision, JoinedBy, LastReply, Loudness, Reading, Standing, Withheld,
};
use crate::mail::Address;
use crate::policy::Policy;

/// How many base subjects of one case are remembered.
const MOST_SUBJECTS: usize = 50;

/// Cases at hand.
#[derive(Debug, Default)]
pub struct Book {
    cases: HashMap<CaseId, Case>,
    by_message: HashMap<String, CaseId>,
    by_reference: HashMap<String, CaseId>,
    by_content: HashMap<ContentKey, CaseId>,
    own_replies: HashSet<String>,
    replies: Vec<SentReply>,
    /// Switches and memories that hold for every mail.
    pub stops: Vec<Withheld>,
}

/// A reply that was decided.
#[derive(Debug, Clone)]
struct SentReply {
    at: Timestamp,
    to: String,
    domain: String,
    mailbox: Option<String>,
    loudness: Loudness,
    respond_by: Option<Timestamp>,
}

/// What a mail changed; the daemon makes its outbox of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A case was opened.
    Opened(CaseId),
    /// A closed case is open again.
    Reopened(CaseId),
    /// A human answered.
    Answered(CaseId),
    /// An escalation starts.
    Alert {
        /// The case.
        case: CaseId,
        /// Index into the policy's escalations.
        escalation: usize,
        /// When.
        at: Timestamp,
    },
    /// An escalation waits.
    Deferred {
        /// The case.
        case: CaseId,
        /// Index into the policy's escalations.
        escalation: usize,
        /// When it starts.
        until: Timestamp,
    },
    /// A reply goes out.
    Reply {
        /// The case.
        case: CaseId,
        /// Index of the template.
        template: usize,
        /// To whom.
        to: Address,
        /// Our Message-ID, without angle brackets.
        message_id: String,
    },
}

/// The Message-ID of our reply to a mail, without angle brackets: the same for the same mail, however often it is
/// decided.
pub fn own_message_id(case: CaseId, content: ContentKey, domain: &str) -> String {
    format!("{}.{content}.reply@{domain}", case.reference())
}

impl Book {
    /// A case.
    pub fn case(&self, id: CaseId) -> Option<&Case> {
        self.cases.get(&id)
    }

    /// A case, to acknowledge, answer or close it.
    pub fn case_mut(&mut self, id: CaseId) -> Option<&mut Case> {
        self.cases.get_mut(&id)
    }

    /// How things stand for a mail that is read at `now`.
    pub fn standing(&mut self, reading: &Reading, policy: &Policy, now: Timestamp) -> Standing {
        let duplicate_of = self.by_content.get(&reading.content).copied();
        let conversation = match duplicate_of {
            Some(_) => None,
            None => self.conversation(reading, policy, now),
        };
        let mut standing = Standing {
            duplicate_of,
            conversation,
            answers_our_reply: references(reading).any(|id| self.own_replies.contains(id)),
            stops: self.stops.clone(),
            ..Standing::default()
        };
        self.reply_limits(&mut standing, reading, policy, now);
        standing
    }

    fn conversation(
        &mut self,
        reading: &Reading,
        policy: &Policy,
        now: Timestamp,
    ) -> Option<ConversationStanding> {
        let (id, joined_by) = self.joined(reading, policy)?;
        let case = self.cases.get_mut(&id)?;
        case.advance(now, |escalation| give_up_after(policy, escalation));
        // A matter of long ago is a new one, whatever it refers to.
        if case.is_over() && now.duration_since(case.last_mail_at) > policy.conversation.reopen_within {
            return None;
        }
        Some(ConversationStanding {
            case: id,
            joined_by,
            closed: case.is_over(),
            answered: case.state == CaseState::Answered,
            opened_at: case.opened_at,
            base_subjects: case.base_subjects.clone(),
            strongest: case.strongest.clone(),
            asks_found: case.asks_found.clone(),
            unacknowledged: case
                .running
                .iter()
                .filter(|running| !running.acknowledged)
                .map(|running| running.escalation)
                .collect(),
            deferred: case.deferred.iter().map(|deferral| deferral.escalation).collect(),
        })
    }

    /// By what the mail refers to, nearest first; else by the reference in its subject, which anybody can write, so
    /// that it joins only for the case's own customer or host.
    fn joined(&self, reading: &Reading, policy: &Policy) -> Option<(CaseId, JoinedBy)> {
        if let Some(id) = references(reading).find_map(|id| self.by_message.get(id)) {
            return Some((*id, JoinedBy::Reference));
        }
        let id = self.by_reference.get(reading.subject_tag.as_ref()?)?;
        let case = self.cases.get(id)?;
        let name =
            |row: Option<usize>| row.and_then(|row| policy.customers.get(row)).map(|row| row.name.as_str());
        let same_customer = name(reading.customer).is_some() && name(reading.customer) == name(case.customer);
        let same_domain = reading
            .sender
            .as_ref()
            .is_some_and(|sender| case.opener_domain.as_deref() == Some(sender.domain()));
        (same_customer || same_domain).then_some((*id, JoinedBy::SubjectTag))
    }

    fn reply_limits(&self, standing: &mut Standing, reading: &Reading, policy: &Policy, now: Timestamp) {
        let crate::decision::Recipient::Address(to) = &reading.recipient else { return };
        let limits = &policy.auto_reply;
        let within = |reply: &&SentReply, period: SignedDuration| now.duration_since(reply.at) < period;
        let key = to.key();
        let to_sender: Vec<&SentReply> =
            self.replies.iter().filter(|reply| reply.to == key && within(reply, limits.once_per)).collect();
        standing.replies_to_sender = to_sender.len();
        standing.last_reply = to_sender.last().map(|reply| LastReply {
            at: reply.at,
            loudness: reply.loudness,
            respond_by: reply.respond_by,
        });
        standing.replies_to_domain = self
            .replies
            .iter()
            .filter(|reply| reply.domain == to.domain() && within(reply, limits.per_domain.per))
            .count();
        standing.replies_from_mailbox = self
            .replies
            .iter()
            .filter(|reply| reply.mailbox == reading.mailbox && within(reply, limits.per_mailbox.per))
            .count();
    }

    /// Takes in what was decided about a mail.
    pub fn apply(&mut self, reading: &Reading, decision: &Decision, policy: &Policy) -> Vec<Effect> {
        let mut effects = Vec::new();
        if decision.conversation == Conversation::Duplicate {
            return effects;
        }
        let id = decision.case.unwrap_or_else(|| CaseId::derive(decision.received_at, decision.content));
        let case = self.cases.entry(id).or_insert_with(|| {
            effects.push(Effect::Opened(id));
            open(id, reading, decision, policy)
        });
        match decision.conversation {
            Conversation::Answer => {
                case.answer();
                effects.push(Effect::Answered(id));
            }
            Conversation::Reopened => {
                case.state = CaseState::Open;
                effects.push(Effect::Reopened(id));
            }
            Conversation::FollowUp | Conversation::Raised if !reading.is_automated() => {
                if case.state == CaseState::Answered {
                    case.state = CaseState::Open;
                }
            }
            Conversation::FollowUp | Conversation::Raised | Conversation::New | Conversation::Duplicate => {}
        }
        remember(case, reading, decision);
        escalate(case, decision, policy, &mut effects);
        case.version += 1;
        self.by_reference.insert(case.reference.clone(), id);
        self.by_content.insert(decision.content, id);
        if let Some(message_id) = &reading.message.message_id {
            // The first case that a Message-ID belongs to keeps it: reused ids must not move conversations.
            self.by_message.entry(message_id.as_str().to_owned()).or_insert(id);
        }
        effects.extend(self.reply(id, reading, decision, policy));
        effects
    }

    fn reply(
        &mut self,
        id: CaseId,
        reading: &Reading,
        decision: &Decision,
        policy: &Policy,
    ) -> Option<Effect> {
        let plan = decision.reply.as_ref()?;
        let domain = policy
            .auto_reply
            .from
            .as_deref()
            .and_then(crate::mail::Mailbox::parse)
            .map_or_else(|| "nightdesk.invalid".to_owned(), |from| from.address.domain().to_owned());
        let message_id = own_message_id(id, decision.content, &domain);
        self.own_replies.insert(message_id.clone());
        self.by_message.insert(message_id.clone(), id);
        self.replies.push(SentReply {
            at: decision.now,
            to: plan.to.key(),
            domain: plan.to.domain().to_owned(),
            mailbox: reading.mailbox.clone(),
            loudness: decision.loudness(),
            respond_by: decision.respond_by,
        });
        Some(Effect::Reply { case: id, template: plan.template, to: plan.to.clone(), message_id })
    }
}

/// In-Reply-To, then References from the nearest back.
fn references(reading: &Reading) -> impl Iterator<Item = &str> {
    let message = &reading.message;
    message.in_reply_to.iter().chain(message.references.iter().rev()).map(crate::mail::MessageId::as_str)
}

fn give_up_after(policy: &Policy, escalation: usize) -> SignedDuration {
    policy.escalations.get(escalation).map_or(SignedDuration::ZERO, |escalation| escalation.give_up_after)
}

fn open(id: CaseId, reading: &Reading, decision: &Decision, policy: &Policy) -> Case {
    Case {
        id,
        reference: id.reference(),
        state: CaseState::Open,
        opened_at: decision.received_at,
        last_mail_at: decision.received_at,
        opener_domain: reading.sender.as_ref().map(|sender| sender.domain().to_owned()),
        customer: decision.customer,
        base_subjects: Vec::new(),
        strongest: vec![None; policy.labels.len()],
        asks_found: vec![false; policy.asks.len()],
        running: Vec::new(),
        deferred: Vec::new(),
        respond_by: None,
        version: 0,
    }
}

/// What the customer's mails of a conversation have said so far. An answer's words are the desk's, not the customer's.
fn remember(case: &mut Case, reading: &Reading, decision: &Decision) {
    case.last_mail_at = case.last_mail_at.max(decision.received_at);
    let subject = &reading.message.base_subject;
    if case.base_subjects.len() < MOST_SUBJECTS && !case.base_subjects.contains(subject) {
        case.base_subjects.push(subject.clone());
    }
    if decision.conversation == Conversation::Answer {
        return;
    }
    for (slot, outcome) in case.strongest.iter_mut().zip(&decision.labels) {
        if !outcome.hits.is_empty()
            && outcome.value.is_some()
            && slot.is_none_or(|before| outcome.value < Some(before))
        {
            *slot = outcome.value;
        }
    }
    if !reading.is_automated() {
        for (slot, found) in case.asks_found.iter_mut().zip(&reading.asks_found) {
            *slot |= *found;
        }
    }
}

fn escalate(case: &mut Case, decision: &Decision, policy: &Policy, effects: &mut Vec<Effect>) {
    for alert in &decision.alerts {
        case.start(alert.escalation, decision.now, give_up_after(policy, alert.escalation));
        if case.state == CaseState::Acknowledged {
            case.state = CaseState::Open;
        }
        effects.push(Effect::Alert { case: case.id, escalation: alert.escalation, at: decision.now });
    }
    if let Some(deferral) = &decision.defer {
        case.deferred.push(deferral.clone());
        effects.push(Effect::Deferred {
            case: case.id,
            escalation: deferral.escalation,
            until: deferral.until,
        });
    }
    if let Some(respond_by) = decision.respond_by {
        case.respond_by = Some(case.respond_by.map_or(respond_by, |owed| owed.min(respond_by)));
    }
}
