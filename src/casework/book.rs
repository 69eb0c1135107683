//! The working set: cases by the mails and references they are known by, and who got a reply.

mod joining;
mod shelf;
mod taking;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

pub use shelf::Shelf;

use self::taking::{Escalating, open, remember};
use super::case::{Case, CaseState, Started};
use super::load::{
    Bounced, Changes, EarlierReplies, Kept, KnownAs, KnownMail, Loaded, SeenContent, SentReply, references,
};
use super::work::Plan;
use crate::base::id::{CaseId, ContentKey};
use crate::base::seal::{ReplyId, Seal};
use crate::decision::{
    Conversation, ConversationStanding, Decision, JoinedBy, LastReply, NotJoined, Reading, Recipient,
    Standing, Withheld,
};
use crate::mail::Address;
use crate::policy::Policy;

/// Cases at hand, all of one policy.
#[derive(Debug, Default)]
pub struct Book {
    cases: HashMap<CaseId, Case>,
    /// How each case was kept when it was loaded.
    loaded: HashMap<CaseId, Kept>,
    by_message: HashMap<String, KnownMail>,
    by_reference: HashMap<String, CaseId>,
    by_content: HashMap<ContentKey, SeenContent>,
    /// When time next changes a case; it may not do so any more.
    due: BTreeSet<(Timestamp, CaseId)>,
    taken: HashSet<CaseId>,
    seal: Seal,
    replied_to: HashMap<ContentKey, String>,
    bounced: HashMap<String, Timestamp>,
    new_bounced: Vec<Bounced>,
    answered_elsewhere: HashSet<ContentKey>,
    earlier: Earlier,
    /// Oldest first.
    replies: VecDeque<SentReply>,
    new_mails: Vec<KnownMail>,
    new_contents: Vec<SeenContent>,
    /// Switches and memories that hold for every mail.
    pub stops: Vec<Withheld>,
    /// Nothing is sent for the mail that is applied next: its escalations tell nobody, and its reply is not written.
    pub watches_only: bool,
}

/// Replies within their periods, as they were counted when the book was loaded.
#[derive(Debug, Default)]
struct Earlier {
    to_people: HashMap<String, EarlierReplies>,
    to_domains: HashMap<String, usize>,
    from_mailboxes: HashMap<String, usize>,
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
    /// An escalation starts. The case has its plan and what is told.
    Alert {
        /// The case.
        case: CaseId,
        /// The start.
        started: Started,
    },
    /// An escalation waits.
    Deferred {
        /// The case.
        case: CaseId,
        /// The escalation.
        escalation: String,
        /// When it starts.
        until: Timestamp,
    },
    /// A reply could not be delivered, and its address gets no other for a while.
    Bounced {
        /// The case of the reply, when it is known.
        case: Option<CaseId>,
        /// The address, and what was said of it.
        bounced: Bounced,
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

impl Book {
    /// An empty book that seals with this, and knows its own by it; [`Book::default`] seals as examples are.
    pub fn sealed_with(seal: Seal) -> Self {
        Book { seal, ..Book::default() }
    }

    /// A case.
    pub fn case(&self, id: CaseId) -> Option<&Case> {
        self.cases.get(&id)
    }

    /// Takes in a case that was kept elsewhere, known by its reference.
    pub fn insert(&mut self, case: Case) {
        self.by_reference.insert(case.reference.clone(), case.id);
        self.loaded.insert(case.id, Kept::of(&case));
        self.due.extend(case.due_at().map(|due| (due, case.id)));
        self.cases.insert(case.id, case);
    }

    /// Takes in what was found for the mails at hand. Replies were counted back from the instant at which the mails
    /// are decided; they are few, since the limits themselves bound them.
    pub fn load(&mut self, found: Loaded) {
        for case in found.cases {
            self.insert(case);
        }
        for mail in found.mails {
            self.by_message.insert(mail.message_id.clone(), mail);
        }
        self.by_content.extend(found.contents.into_iter().map(|seen| (seen.content, seen)));
        self.taken.extend(found.taken);
        self.answered_elsewhere.extend(found.answered_elsewhere);
        self.replied_to.extend(found.replied_to);
        self.bounced.extend(found.bounced);
        self.earlier.to_people.extend(found.to_people);
        self.earlier.to_domains.extend(found.to_domains);
        self.earlier.from_mailboxes.extend(found.from_mailboxes);
    }

    /// What is to be saved.
    pub fn changes(&self) -> Changes<'_> {
        let mut cases: Vec<_> = self
            .cases
            .values()
            .map(|case| (case, self.loaded.get(&case.id).copied()))
            .filter(|(case, loaded)| loaded.map(|kept| kept.version) != Some(case.version))
            .collect();
        cases.sort_by_key(|(case, _)| case.id);
        Changes {
            cases,
            mails: self.new_mails.clone(),
            contents: &self.new_contents,
            replies: self.replies.iter().collect(),
            bounced: &self.new_bounced,
        }
    }

    /// A case of another policy has this id from now on.
    pub fn take(&mut self, id: CaseId) {
        self.taken.insert(id);
    }

    /// Another policy answers this content; one reply to a mail is enough.
    pub fn answered_elsewhere(&mut self, content: ContentKey) {
        self.answered_elsewhere.insert(content);
    }

    /// A reply could not be delivered, as another book has heard.
    pub fn has_bounced(&mut self, bounced: &Bounced) {
        self.bounced.insert(bounced.address.clone(), bounced.at);
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
        let joined = if duplicate_of.is_some() { Err(None) } else { self.joined(reading, policy) };
        let (conversation, not_joined) = match joined {
            Ok(joined) => match self.conversation(joined, policy, now) {
                None if joined.1 == JoinedBy::Stranger => (None, Some(NotJoined::Stranger)),
                conversation => (conversation, None),
            },
            Err(not_joined) => (None, not_joined),
        };
        let mut standing = Standing {
            duplicate_of,
            conversation,
            not_joined,
            free_case: Some(self.free_case(reading, received_at)),
            answers_our_reply: references(reading).any(|id| self.is_our_reply(id)),
            bears_our_seal: self.wrote(reading),
            seal: self.seal,
            stops: self.stops.clone(),
            ..Standing::default()
        };
        if self.bounces(reading, now) {
            standing.stops.push(Withheld::BouncedBefore);
        }
        if self.answered_elsewhere.contains(&reading.content) {
            standing.stops.push(Withheld::Duplicate);
        }
        self.reply_limits(&mut standing, reading, policy, now);
        standing
    }

    /// The case of the same content. What came only to mailboxes for which nothing is sent was told to nobody: its copy
    /// in one that acts is no duplicate.
    fn seen_before(&self, reading: &Reading, received_at: Timestamp) -> Option<CaseId> {
        let seen = self.copy_of(reading, received_at)?;
        (!self.was_only_watched(seen)).then_some(seen)
    }

    /// The case of the same content. A mail with neither Message-ID nor Date could be written twice in the same words,
    /// so there only a copy within a day is one.
    fn copy_of(&self, reading: &Reading, received_at: Timestamp) -> Option<CaseId> {
        let seen = self.by_content.get(&reading.content)?;
        let is_anchored = reading.message.message_id.is_some() || reading.message.date.is_some();
        let apart = received_at.duration_since(seen.at).abs();
        (is_anchored || apart < SignedDuration::from_hours(24)).then_some(seen.case)
    }

    /// Whether nobody was told of a case, while for the mail at hand somebody would be.
    fn was_only_watched(&self, id: CaseId) -> bool {
        !self.watches_only && self.cases.get(&id).is_some_and(|case| case.only_watched)
    }

    /// The id that the mail's case would have, unless another mail's case has it, or is called the same. A copy of what
    /// was only watched goes on with that case, so that the next copy is a duplicate.
    fn free_case(&self, reading: &Reading, received_at: Timestamp) -> CaseId {
        if let Some(watched) = self.copy_of(reading, received_at).filter(|id| self.was_only_watched(*id)) {
            return watched;
        }
        let is_free = |id: CaseId| {
            self.cases.get(&id).is_none_or(|case| case.opened_by == reading.content)
                && !self.taken.contains(&id)
                && self.by_reference.get(&id.reference()).is_none_or(|named| *named == id)
        };
        let mut id = CaseId::derive(received_at, reading.content);
        // A book holds fewer cases than there are ids to try.
        while !is_free(id) {
            id = id.next();
        }
        id
    }

    fn conversation(
        &self,
        (id, joined_by): (CaseId, JoinedBy),
        policy: &Policy,
        now: Timestamp,
    ) -> Option<ConversationStanding> {
        // As it will stand at `now`; what starts by then is the business of `advance`.
        let mut case = self.cases.get(&id)?.clone();
        case.advance(now);
        // A matter of long ago is a new one, whatever it refers to.
        let is_long_ago = now.duration_since(case.last_mail_at) > policy.conversation.reopen_within;
        if case.is_over() && (is_long_ago || joined_by == JoinedBy::Stranger) {
            return None;
        }
        Some(ConversationStanding {
            case: id,
            joined_by,
            closed: case.is_over(),
            answered: case.state == CaseState::Answered,
            opened_at: case.opened_at,
            unacknowledged: escalations(
                policy,
                case.running
                    .iter()
                    .filter(|running| !running.acknowledged && !running.beside)
                    .filter(|_| joined_by != JoinedBy::Stranger)
                    .map(|running| &running.plan)
                    .filter(|plan| self.counts(plan)),
            ),
            deferred: escalations(
                policy,
                case.deferred.iter().map(|deferred| &deferred.plan).filter(|plan| self.counts(plan)),
            ),
            strongest: strongest(policy, &case.strongest),
            asks_found: policy.asks.iter().map(|ask| case.asks_found.contains(&ask.name)).collect(),
            people: case.people,
            subjects: case.subjects,
        })
    }

    /// Whether what runs or waits makes another start needless: one that tells nobody, since it began while nothing
    /// was sent, is no reason to stay silent now.
    fn counts(&self, plan: &Plan) -> bool {
        self.watches_only || !plan.is_silent()
    }

    /// Brings every case to `now`, and answers what starts with it.
    pub fn advance(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        let mut cases: Vec<&mut Case> = self.cases.values_mut().collect();
        cases.sort_by_key(|case| case.id);
        for case in cases {
            let started = case.advance(now);
            effects.extend(started.into_iter().map(|started| Effect::Alert { case: case.id, started }));
            self.due.extend(case.due_at().map(|due| (due, case.id)));
        }
        effects
    }

    /// Brings every case to `now` through each instant at which something is due, as a service does that never sleeps.
    /// The work grows with what is due, not with the cases.
    pub fn live_through(&mut self, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        while let Some((noted, id)) = self.due.first().copied().filter(|(noted, _)| *noted <= now) {
            self.due.remove(&(noted, id));
            let Some(case) = self.cases.get_mut(&id) else { continue };
            // What was noted may have changed since. Each round starts a deferral or ends an escalation for good.
            if let Some(due) = case.due_at().filter(|due| *due <= now) {
                let started = case.advance(due);
                effects.extend(started.into_iter().map(|started| Effect::Alert { case: id, started }));
            }
            self.due.extend(case.due_at().map(|due| (due, id)));
        }
        effects
    }

    fn reply_limits(&self, standing: &mut Standing, reading: &Reading, policy: &Policy, now: Timestamp) {
        let Recipient::Address(to) = &reading.recipient else { return };
        let to = to.person();
        let limits = &policy.auto_reply;
        let within = |reply: &&SentReply, period: SignedDuration| now.duration_since(reply.at) < period;
        let key = to.key();
        let to_sender: Vec<&SentReply> =
            self.replies.iter().filter(|reply| reply.to == key && within(reply, limits.once_per)).collect();
        let earlier = self.earlier.to_people.get(&key);
        standing.replies_to_sender = to_sender.len() + earlier.map_or(0, |earlier| earlier.count);
        let last = to_sender.last().map(|reply| LastReply {
            at: reply.at,
            loudness: reply.loudness,
            respond_by: reply.respond_by,
        });
        standing.last_reply = last.or(earlier.map(|earlier| earlier.last));
        let to_domain = self
            .replies
            .iter()
            .filter(|reply| reply.domain == to.domain() && within(reply, limits.per_domain.per))
            .count();
        standing.replies_to_domain =
            to_domain + self.earlier.to_domains.get(to.domain()).copied().unwrap_or(0);
        let from_mailbox = self
            .replies
            .iter()
            .filter(|reply| reply.mailbox == reading.mailbox && within(reply, limits.per_mailbox.per))
            .count();
        let earlier = reading.mailbox.as_ref().and_then(|mailbox| self.earlier.from_mailboxes.get(mailbox));
        standing.replies_from_mailbox = from_mailbox + earlier.copied().unwrap_or(0);
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
        case.only_watched &= self.watches_only;
        let is_stranger = decision.joined_by == Some(JoinedBy::Stranger);
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
                if !reading.is_automated() && !is_stranger && case.state == CaseState::Answered =>
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
        let escalating = Escalating { reading, decision, policy, silently: self.watches_only };
        escalating.escalate(case, &mut effects);
        case.version += 1;
        self.due.extend(case.due_at().map(|due| (due, id)));
        self.by_reference.insert(case.reference.clone(), id);
        let seen = SeenContent {
            content: decision.content,
            case: id,
            at: decision.received_at,
            date: reading.message.date,
        };
        if decision.conversation != Conversation::Duplicate {
            self.by_content.insert(seen.content, seen);
            self.new_contents.push(seen);
        }
        // The first case that a Message-ID belongs to keeps it: reused ids must not move conversations. What a mail
        // refers to belongs to its conversation even when we never saw it.
        let own = reading.message.message_id.iter().map(|own| (own.as_str(), KnownAs::Received));
        for (message_id, known_as) in own.chain(references(reading).map(|id| (id, KnownAs::Named))) {
            // What has the form of our replies is known by its seal, and by nothing that a mail says.
            if ReplyId::parse(message_id).is_none() || self.is_known_reply(message_id) {
                self.know(message_id, id, known_as);
            }
        }
        if let Some(effect) = self.undelivered(reading, decision.now) {
            if let Effect::Bounced { bounced, .. } = &effect {
                self.has_bounced(bounced);
                self.new_bounced.push(bounced.clone());
            }
            effects.push(effect);
        }
        if !self.watches_only {
            effects.extend(self.reply(id, reading, decision, policy));
        }
        effects
    }

    fn know(&mut self, message_id: &str, case: CaseId, known_as: KnownAs) {
        let new = || KnownMail { message_id: message_id.to_owned(), case, known_as, fresh: false };
        let known = self.by_message.entry(message_id.to_owned()).or_insert_with(new);
        // A mail that others only referred to is here now.
        if known.known_as == KnownAs::Named && known_as != KnownAs::Named {
            *known = new();
        }
        if !known.fresh {
            known.fresh = true;
            self.new_mails.push(known.clone());
        }
    }

    /// Forgets a reply that could not be written after all.
    pub fn withdraw(&mut self, message_id: &str) {
        self.replies.retain(|reply| reply.message_id != message_id);
        self.new_mails.retain(|mail| mail.message_id != message_id);
        self.by_message.remove(message_id);
    }

    fn reply(
        &mut self,
        id: CaseId,
        reading: &Reading,
        decision: &Decision,
        policy: &Policy,
    ) -> Option<Effect> {
        let plan = decision.reply.as_ref()?;
        let message_id = plan.message_id.clone();
        let person = plan.to.person();
        self.know(&message_id, id, KnownAs::OurReply);
        let limits = &policy.auto_reply;
        let longest = limits.once_per.max(limits.per_domain.per).max(limits.per_mailbox.per);
        while self.replies.front().is_some_and(|oldest| decision.now.duration_since(oldest.at) >= longest) {
            self.replies.pop_front();
        }
        self.replies.push_back(SentReply {
            message_id: message_id.clone(),
            at: decision.now,
            to: person.key(),
            domain: person.domain().to_owned(),
            mailbox: reading.mailbox.clone(),
            loudness: decision.loudness(),
            respond_by: decision.respond_by,
            content: decision.content,
        });
        Some(Effect::Reply { case: id, template: plan.template, to: plan.to.clone(), message_id })
    }
}

/// Escalations of the present policy that a case names. One that is gone runs no more, so that an alert starts.
fn escalations<'p>(policy: &Policy, plans: impl Iterator<Item = &'p Plan>) -> Vec<usize> {
    let position = |plan: &Plan| policy.escalations.iter().position(|known| known.name == plan.escalation);
    plans.filter_map(position).collect()
}

/// The values that a case names, as the present policy has them.
fn strongest(policy: &Policy, kept: &BTreeMap<String, String>) -> Vec<Option<usize>> {
    let value = |label: &crate::policy::Label| {
        let name = kept.get(&label.name)?;
        label.values.iter().position(|value| value == name)
    };
    policy.labels.iter().map(value).collect()
}
