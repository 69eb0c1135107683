//! The working set: cases by the mails and references they are known by, and who got a reply.

use std::collections::{HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::case::{Case, CaseState};
use crate::base::id::{CaseId, ContentKey};
use crate::decision::{
    Conversation, ConversationStanding, Decision, JoinedBy, LastReply, Loudness, Reading, Standing,
    SubjectSeen, Withheld,
};
use crate::mail::Address;
use crate::policy::{Place, Policy};

/// How many subjects of one case are remembered.
const MOST_SUBJECTS: usize = 50;
/// How many addresses of one case are remembered.
const MOST_PEOPLE: usize = 100;

/// Cases at hand.
#[derive(Debug, Default)]
pub struct Book {
    cases: HashMap<CaseId, Case>,
    by_message: HashMap<String, CaseId>,
    by_reference: HashMap<String, CaseId>,
    by_content: HashMap<ContentKey, Seen>,
    own_replies: HashSet<String>,
    /// Oldest first.
    replies: VecDeque<SentReply>,
    /// Switches and memories that hold for every mail.
    pub stops: Vec<Withheld>,
}

/// Where and when a content came in first.
#[derive(Debug, Clone, Copy)]
struct Seen {
    case: CaseId,
    at: Timestamp,
}

/// A reply that was decided.
#[derive(Debug, Clone)]
struct SentReply {
    message_id: String,
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
pub fn own_message_id(decision: &Decision, policy: &Policy) -> String {
    let from = policy.auto_reply.from.as_deref().and_then(crate::mail::Mailbox::parse);
    let domain = from.map_or_else(|| "nightdesk.invalid".to_owned(), |from| from.address.domain().to_owned());
    format!("{}.{}.reply@{domain}", decision.case.reference(), decision.content)
}

impl Book {
    /// A case.
    pub fn case(&self, id: CaseId) -> Option<&Case> {
        self.cases.get(&id)
    }

    /// Takes in a case that was kept elsewhere, known by its reference.
    pub fn insert(&mut self, case: Case) {
        self.by_reference.insert(case.reference.clone(), case.id);
        self.cases.insert(case.id, case);
    }

    /// A case, to acknowledge, answer or close it.
    pub fn case_mut(&mut self, id: CaseId) -> Option<&mut Case> {
        self.cases.get_mut(&id)
    }

    /// How things stand at `now` for a mail that the server received at `received_at`.
    pub fn standing(
        &self,
        reading: &Reading,
        policy: &Policy,
        received_at: Timestamp,
        now: Timestamp,
    ) -> Standing {
        let duplicate_of = self.seen_before(reading, received_at);
        let conversation = match duplicate_of {
            Some(_) => None,
            None => self.conversation(reading, policy, now),
        };
        let mut standing = Standing {
            duplicate_of,
            conversation,
            free_case: Some(self.free_case(reading, received_at)),
            answers_our_reply: references(reading).any(|id| self.own_replies.contains(id)),
            stops: self.stops.clone(),
            ..Standing::default()
        };
        self.reply_limits(&mut standing, reading, policy, now);
        standing
    }

    /// The case of the same content. A mail with neither Message-ID nor Date could be written twice in the same words,
    /// so there only a copy within a day is one.
    fn seen_before(&self, reading: &Reading, received_at: Timestamp) -> Option<CaseId> {
        let seen = self.by_content.get(&reading.content)?;
        let is_anchored = reading.message.message_id.is_some() || reading.message.date.is_some();
        let apart = received_at.duration_since(seen.at).abs();
        (is_anchored || apart < SignedDuration::from_hours(24)).then_some(seen.case)
    }

    /// The id that the mail's case would have, unless another mail's case has it.
    fn free_case(&self, reading: &Reading, received_at: Timestamp) -> CaseId {
        let mut id = CaseId::derive(received_at, reading.content);
        while self.cases.get(&id).is_some_and(|case| case.opened_by != reading.content) {
            id = id.next();
        }
        id
    }

    fn conversation(
        &self,
        reading: &Reading,
        policy: &Policy,
        now: Timestamp,
    ) -> Option<ConversationStanding> {
        let (id, joined_by) = self.joined(reading, policy)?;
        // As it will stand at `now`; what starts by then is the business of `advance`.
        let mut case = self.cases.get(&id)?.clone();
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
            unacknowledged: case
                .running
                .iter()
                .filter(|running| !running.acknowledged)
                .map(|running| running.escalation)
                .collect(),
            deferred: case.deferred.iter().map(|deferral| deferral.escalation).collect(),
            people: case.people,
            subjects: case.subjects,
            strongest: case.strongest,
            asks_found: case.asks_found,
        })
    }

    /// Brings every case to `now`, and answers what starts with it.
    pub fn advance(&mut self, policy: &Policy, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut cases: Vec<&mut Case> = self.cases.values_mut().collect();
        cases.sort_by_key(|case| case.id);
        for case in cases {
            let started = case.advance(now, |escalation| give_up_after(policy, escalation));
            case.version += u64::from(!started.is_empty());
            effects.extend(started.into_iter().map(|deferral| Effect::Alert {
                case: case.id,
                escalation: deferral.escalation,
                at: deferral.until,
            }));
        }
        effects
    }

    /// By what the mail refers to, nearest first; else by the reference in its subject, which anybody can write, so
    /// that it joins only for the case's own customer or host.
    fn joined(&self, reading: &Reading, policy: &Policy) -> Option<(CaseId, JoinedBy)> {
        if let Some(id) = references(reading).find_map(|id| self.by_message.get(id)) {
            return Some((*id, JoinedBy::Reference));
        }
        let name =
            |row: Option<usize>| row.and_then(|row| policy.customers.get(row)).map(|row| row.name.as_str());
        let tagged = reading.subject_tags.iter().filter_map(|tag| self.by_reference.get(tag));
        let mut known = tagged.filter_map(|id| self.cases.get(id)).filter(|case| {
            let same_customer =
                name(reading.customer).is_some() && name(reading.customer) == name(case.customer);
            let same_domain = reading
                .sender
                .as_ref()
                .is_some_and(|sender| case.opener_domain.as_deref() == Some(sender.domain()));
            same_customer || same_domain
        });
        known.next().map(|case| (case.id, JoinedBy::SubjectTag))
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
        let id = decision.case;
        let case = self.cases.entry(id).or_insert_with(|| {
            effects.push(Effect::Opened(id));
            open(id, reading, decision, policy)
        });
        match decision.conversation {
            // A mail that came in after the answer was written is not answered by it.
            Conversation::Answer if decision.received_at >= case.last_customer_mail_at => {
                case.answer();
                effects.push(Effect::Answered(id));
            }
            Conversation::Reopened => {
                case.state = CaseState::Open;
                effects.push(Effect::Reopened(id));
            }
            Conversation::FollowUp | Conversation::Raised
                if !reading.is_automated() && case.state == CaseState::Answered =>
            {
                case.state = CaseState::Open;
            }
            Conversation::Answer
            | Conversation::FollowUp
            | Conversation::Raised
            | Conversation::New
            | Conversation::Duplicate => {}
        }
        remember(case, reading, decision, policy);
        escalate(case, decision, policy, &mut effects);
        case.version += 1;
        self.by_reference.insert(case.reference.clone(), id);
        self.by_content.entry(decision.content).or_insert(Seen { case: id, at: decision.received_at });
        // The first case that a Message-ID belongs to keeps it: reused ids must not move conversations. What a mail
        // refers to belongs to its conversation even when we never saw it.
        let own = reading.message.message_id.iter().map(crate::mail::MessageId::as_str);
        for message_id in own.chain(references(reading)) {
            self.by_message.entry(message_id.to_owned()).or_insert(id);
        }
        effects.extend(self.reply(id, reading, decision, policy));
        effects
    }

    /// Forgets a reply that could not be written after all.
    pub fn withdraw(&mut self, message_id: &str) {
        self.replies.retain(|reply| reply.message_id != message_id);
        self.own_replies.remove(message_id);
    }

    fn reply(
        &mut self,
        id: CaseId,
        reading: &Reading,
        decision: &Decision,
        policy: &Policy,
    ) -> Option<Effect> {
        let plan = decision.reply.as_ref()?;
        let message_id = own_message_id(decision, policy);
        self.own_replies.insert(message_id.clone());
        self.by_message.insert(message_id.clone(), id);
        let limits = &policy.auto_reply;
        let longest = limits.once_per.max(limits.per_domain.per).max(limits.per_mailbox.per);
        while self.replies.front().is_some_and(|oldest| decision.now.duration_since(oldest.at) >= longest) {
            self.replies.pop_front();
        }
        self.replies.push_back(SentReply {
            message_id: message_id.clone(),
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
        opened_by: decision.content,
        last_mail_at: decision.received_at,
        last_customer_mail_at: decision.received_at,
        people: Vec::new(),
        opener_domain: reading.sender.as_ref().map(|sender| sender.domain().to_owned()),
        customer: decision.customer,
        subjects: Vec::new(),
        strongest: vec![None; policy.labels.len()],
        asks_found: vec![false; policy.asks.len()],
        running: Vec::new(),
        deferred: Vec::new(),
        respond_by: None,
        version: 0,
    }
}

/// What the customer's mails of a conversation have said so far. An answer's words are the desk's, and a machine's
/// words count only for the case that it opened, so that they never make a customer's own look old.
fn remember(case: &mut Case, reading: &Reading, decision: &Decision, policy: &Policy) {
    case.last_mail_at = case.last_mail_at.max(decision.received_at);
    let subject = SubjectSeen { base: reading.message.base_subject.clone(), hits: subject_hits(reading) };
    if case.subjects.len() < MOST_SUBJECTS && !case.subjects.contains(&subject) {
        case.subjects.push(subject);
    }
    let is_follow_up = decision.conversation != Conversation::New;
    if decision.conversation == Conversation::Answer || (reading.is_automated() && is_follow_up) {
        return;
    }
    for (slot, outcome) in case.strongest.iter_mut().zip(&decision.labels) {
        let is_stronger = slot.is_none_or(|before| outcome.value < Some(before));
        if !outcome.hits.is_empty() && outcome.value.is_some() && is_stronger {
            *slot = outcome.value;
        }
    }
    // An agent who asks a colleague or a vendor is not the customer, whatever part of the conversation that is.
    let is_agent = reading.sender.as_ref().is_some_and(|sender| policy.identity.is_agent(sender));
    if reading.is_automated() || (is_agent && is_follow_up) {
        return;
    }
    case.last_customer_mail_at = case.last_customer_mail_at.max(decision.received_at);
    for (slot, found) in case.asks_found.iter_mut().zip(&reading.asks_found) {
        *slot |= *found;
    }
    let person = reading.sender.as_ref().map(Address::key);
    case.people
        .extend(person.filter(|person| case.people.len() < MOST_PEOPLE && !case.people.contains(person)));
}

fn subject_hits(reading: &Reading) -> Vec<String> {
    let hits = reading.hits.iter().filter(|hit| hit.place == Place::Subject);
    hits.map(|hit| hit.text.to_lowercase()).collect()
}

fn escalate(case: &mut Case, decision: &Decision, policy: &Policy, effects: &mut Vec<Effect>) {
    for alert in &decision.alerts {
        case.start(alert.escalation, decision.now, give_up_after(policy, alert.escalation));
        // A new alert is for somebody to take, whatever was taken before.
        if matches!(case.state, CaseState::Acknowledged | CaseState::Answered) {
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
