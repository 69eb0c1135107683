//! Deciding: labels → matrices → customer, plan → assign → hours → coverage, also → alerts, deferral, promise, reply.
//!
//! Total and deterministic: nothing here can fail, and nothing here looks at a clock.

mod alerts;
mod desk;
mod labels;

use jiff::Timestamp;

use super::guards::{Outlook, guards};
use super::reading::Reading;
use super::trace::{Because, NoReplyCause, Step};
use super::{
    Conversation, ConversationStanding, Decision, Deferral, Hours, LabelOutcome, Loudness, ReplyPlan,
    Standing,
};
use crate::base::id::CaseId;
use crate::mail::{Address, Authenticated, Mailbox};
use crate::policy::{Condition, Facts, Policy, RaiseClock, Target};

/// When a mail counts as received: as the server says, but never in the future.
pub fn received_at(internal_date: Timestamp, now: Timestamp) -> Timestamp {
    internal_date.min(now)
}

/// Decides what the desk does with a mail that it received at `received_at`, as things stand at `now`.
pub fn decide(
    reading: &Reading,
    standing: &Standing,
    policy: &Policy,
    received_at: Timestamp,
    now: Timestamp,
) -> Decision {
    // Ids go by what the server says, so that deciding again at another time gives the same ones.
    let derived = || CaseId::derive(received_at, reading.content);
    let known_case = standing.conversation.as_ref().map(|conversation| conversation.case);
    let case = standing.duplicate_of.or(known_case).or(standing.free_case).unwrap_or_else(derived);
    let received_at = self::received_at(received_at, now);
    let mut deciding =
        Deciding { reading, standing, policy, received_at, now, trace: Vec::with_capacity(32) };
    let ignored = deciding.ignored();
    let labels = deciding.labels(&ignored);
    let customer = deciding.customer();
    let conversation = deciding.conversation(&labels);
    let mut known = Known::new(&deciding, &labels, customer, conversation);
    let (desk, hours) = deciding.desk(&known, customer);
    known.desk(policy, desk, hours);
    let coverage = deciding.coverage(&known, conversation);
    let alerts = deciding.alerts(&known, &labels, coverage, conversation);
    let defer = deciding.defer(coverage, hours, conversation);
    let (target, respond_by) = deciding.promise(coverage, desk, conversation);
    let asked_for = deciding.asks(&known, coverage);
    let outlook = Outlook {
        now,
        received_at,
        loudness: Loudness::of(&alerts),
        respond_by,
        opens_at: match hours {
            Hours::Closed { opens_at, .. } => opens_at,
            Hours::Open => None,
        },
    };
    let (reply, reply_withheld) = deciding.reply(coverage, case, conversation, &outlook);
    Decision {
        received_at,
        now,
        content: reading.content,
        ignored,
        customer,
        plan: known.plan.map(str::to_owned),
        conversation,
        joined_by: standing.conversation.as_ref().map(|conversation| conversation.joined_by),
        case,
        desk,
        hours,
        coverage,
        alerts,
        defer,
        reply,
        reply_withheld,
        target,
        respond_by,
        asked_for,
        trace: deciding.trace,
        labels,
    }
}

/// What is decided on, and the reasons so far.
struct Deciding<'a> {
    reading: &'a Reading,
    standing: &'a Standing,
    policy: &'a Policy,
    received_at: Timestamp,
    now: Timestamp,
    trace: Vec<Step>,
}

/// What conditions can look at, as far as it is known.
struct Known<'a> {
    labels: Vec<Option<&'a str>>,
    hours: Option<&'a str>,
    closed_for: Option<&'a str>,
    plan: Option<&'a str>,
    customer: Option<&'a str>,
    desk: Option<&'a str>,
    mailbox: Option<&'a str>,
    conversation: &'a str,
    automated: bool,
    readable: bool,
    authenticated: &'a str,
    sender: Option<String>,
}

impl<'a> Known<'a> {
    fn new(
        deciding: &Deciding<'a>,
        labels: &[LabelOutcome],
        customer: Option<usize>,
        conversation: Conversation,
    ) -> Self {
        let policy = deciding.policy;
        let row = customer.and_then(|row| policy.customers.get(row));
        Known {
            labels: labels
                .iter()
                .enumerate()
                .map(|(label, outcome)| outcome.value.and_then(|value| policy.value(label, value)))
                .collect(),
            hours: None,
            closed_for: None,
            plan: row.and_then(|row| row.plan.as_deref()).or(policy.customers.default_plan.as_deref()),
            customer: row.map(|row| row.name.as_str()),
            desk: None,
            mailbox: deciding.reading.mailbox.as_deref(),
            conversation: conversation.slug(),
            automated: deciding.reading.is_automated(),
            readable: deciding.reading.message.unreadable.is_none(),
            authenticated: deciding.reading.authenticated.slug(),
            sender: deciding.reading.sender.as_ref().map(crate::mail::Address::key),
        }
    }

    fn desk(&mut self, policy: &'a Policy, desk: usize, hours: Hours) {
        self.desk = policy.desks.get(desk).map(|desk| desk.name.as_str());
        (self.hours, self.closed_for) = match hours {
            Hours::Open => (Some("open"), None),
            Hours::Closed { closed_for, .. } => (Some("closed"), Some(closed_for.slug())),
        };
    }

    fn failing(&self, condition: &Condition) -> Option<usize> {
        condition.failing(&Facts {
            labels: &self.labels,
            hours: self.hours,
            closed_for: self.closed_for,
            plan: self.plan,
            customer: self.customer,
            desk: self.desk,
            mailbox: self.mailbox,
            conversation: self.conversation,
            automated: self.automated,
            readable: self.readable,
            authenticated: self.authenticated,
            sender: self.sender.as_deref(),
        })
    }
}

impl Deciding<'_> {
    fn customer(&mut self) -> Option<usize> {
        let distrusted = self.reading.authenticated == Authenticated::Fail;
        self.trace.push(Step::Customer { row: self.reading.customer, distrusted });
        self.reading.customer
    }

    fn conversation(&mut self, labels: &[LabelOutcome]) -> Conversation {
        let (conversation, because) = self.part(labels);
        self.trace.push(Step::Conversation { conversation, because });
        conversation
    }

    fn part(&self, labels: &[LabelOutcome]) -> (Conversation, Because) {
        if self.standing.duplicate_of.is_some() {
            return (Conversation::Duplicate, Because::SeenBefore);
        }
        let Some(standing) = &self.standing.conversation else {
            let because = self.standing.not_joined.map_or(Because::NothingKnown, Because::NotJoined);
            return (Conversation::New, because);
        };
        let by = standing.joined_by;
        if self.reading.is_automated() {
            return (Conversation::FollowUp, Because::Automated(by));
        }
        if self.is_human_answer(standing) {
            return (Conversation::Answer, Because::FromAgent);
        }
        if standing.closed {
            return (Conversation::Reopened, Because::WasClosed(by));
        }
        if self.is_stronger(standing, labels) {
            return (Conversation::Raised, Because::Stronger(by));
        }
        (Conversation::FollowUp, Because::Joined(by))
    }

    /// A mail that we wrote, by its seal or by its From and mark.
    fn is_own_mail(&self) -> bool {
        self.standing.bears_our_seal || self.reading.is_own_mail(self.policy)
    }

    /// From an agent, authenticated, and to somebody who wrote as the customer.
    fn is_human_answer(&self, standing: &ConversationStanding) -> bool {
        let message = &self.reading.message;
        let is_agent = message.author().named().is_some_and(|from| self.policy.identity.is_agent(from));
        if !is_agent || self.reading.authenticated != Authenticated::Pass {
            return false;
        }
        // Written to with or without the tag that the customer wrote with.
        let bare = |address: &Address| address.untagged().key();
        let people = standing.people.iter().filter_map(|person| Address::parse(person));
        let people: Vec<String> = people.map(|person| bare(&person)).collect();
        message.recipients().any(|to| people.contains(&bare(to)))
    }

    fn is_stronger(&self, standing: &ConversationStanding, labels: &[LabelOutcome]) -> bool {
        let Some(urgency) = self.policy.label("urgency") else { return false };
        let Some(outcome) = labels.get(urgency).filter(|outcome| !outcome.hits.is_empty()) else {
            return false;
        };
        let before = standing.strongest.get(urgency).copied().flatten();
        let default = self.policy.labels.get(urgency).and_then(|label| label.default);
        match (outcome.value, before.or(default)) {
            (Some(now), Some(before)) => now < before,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    fn coverage(&mut self, known: &Known<'_>, conversation: Conversation) -> Option<usize> {
        if conversation == Conversation::Answer {
            return None;
        }
        for (rule, coverage) in self.policy.coverage.iter().enumerate() {
            let failing = known.failing(&coverage.when);
            self.trace.push(Step::Coverage { rule, failing });
            if failing.is_none() {
                return Some(rule);
            }
        }
        self.trace.push(Step::NoCoverage);
        None
    }

    fn defer(
        &mut self,
        coverage: Option<usize>,
        hours: Hours,
        conversation: Conversation,
    ) -> Option<Deferral> {
        let escalation = self.policy.coverage.get(coverage?)?.defer?;
        if conversation == Conversation::Duplicate || self.is_own_mail() {
            return None;
        }
        let waits = |standing: &ConversationStanding| standing.deferred.contains(&escalation);
        if self.standing.conversation.as_ref().is_some_and(waits) {
            self.trace.push(Step::Defer { escalation, until: None });
            return None;
        }
        let until = match hours {
            // A deferral whose opening has passed starts now.
            Hours::Closed { opens_at, .. } => opens_at.unwrap_or(self.now).max(self.now),
            Hours::Open => self.now,
        };
        self.trace.push(Step::Defer { escalation, until: Some(until) });
        Some(Deferral { escalation, until })
    }

    fn promise(
        &mut self,
        coverage: Option<usize>,
        desk: usize,
        conversation: Conversation,
    ) -> (Option<Target>, Option<Timestamp>) {
        let Some(target) = coverage.and_then(|rule| self.policy.coverage.get(rule)?.target) else {
            return (None, None);
        };
        let creation = self.policy.conversation.raise_clock == RaiseClock::Creation;
        let from = match &self.standing.conversation {
            Some(standing) if conversation == Conversation::Raised && creation => standing.opened_at,
            Some(_) | None => self.received_at,
        };
        let calendar = self.calendar(desk);
        let respond_by = match target {
            Target::Elapsed(elapsed) => from.checked_add(elapsed).ok(),
            Target::BusinessTime { amount, .. } => {
                calendar.and_then(|calendar| calendar.add_open_time(from, amount))
            }
            Target::BusinessDays(days) => calendar.and_then(|calendar| calendar.business_day_end(from, days)),
            Target::Unspecified => None,
        };
        self.trace.push(Step::Target { from, respond_by });
        (Some(target), respond_by)
    }

    /// What the reply asks for: only people are asked, and only for what no mail of the conversation says.
    fn asks(&mut self, known: &Known<'_>, coverage: Option<usize>) -> Vec<usize> {
        let replies = coverage.and_then(|rule| self.policy.coverage.get(rule)?.reply).is_some();
        if !replies || self.reading.is_automated() {
            return Vec::new();
        }
        let mut asked_for = Vec::new();
        for (index, ask) in self.policy.asks.iter().enumerate() {
            let failing = known.failing(&ask.when);
            let said = |found: &[bool]| found.get(index).copied().unwrap_or(false);
            let found = said(&self.reading.asks_found)
                || self.standing.conversation.as_ref().is_some_and(|standing| said(&standing.asks_found));
            self.trace.push(Step::Ask { ask: index, failing, found });
            if failing.is_none() && !found {
                asked_for.push(index);
            }
        }
        asked_for
    }

    fn reply(
        &mut self,
        coverage: Option<usize>,
        case: CaseId,
        conversation: Conversation,
        outlook: &Outlook,
    ) -> (Option<ReplyPlan>, Vec<super::Withheld>) {
        let rule = coverage.and_then(|rule| self.policy.coverage.get(rule));
        let Some(template) = rule.and_then(|rule| rule.reply) else {
            let because = match (conversation, rule) {
                (Conversation::Answer, _) => NoReplyCause::Answer,
                (_, None) => NoReplyCause::NoRule,
                (_, Some(_)) => NoReplyCause::NotNamed,
            };
            self.trace.push(Step::NoReply { because });
            return (None, Vec::new());
        };
        let withheld = guards(self.reading, self.standing, self.policy, outlook);
        self.trace.extend(withheld.iter().map(|withheld| Step::Guard { withheld: *withheld }));
        match &self.reading.recipient {
            super::Recipient::Address(to) if withheld.is_empty() => {
                let template = self.in_its_language(template);
                self.trace.push(Step::Reply { template });
                (Some(self.plan(template, to.clone(), case)), withheld)
            }
            super::Recipient::Address(_) | super::Recipient::Nobody | super::Recipient::Unsafe => {
                (None, withheld)
            }
        }
    }

    /// A reply, sealed as ours.
    fn plan(&self, template: usize, to: Address, case: CaseId) -> ReplyPlan {
        let seal = &self.standing.seal;
        let from = self.policy.auto_reply.from.as_deref().and_then(Mailbox::parse);
        let domain = from.as_ref().map_or("nightdesk.invalid", |from| from.address.domain());
        let message_id = seal.reply_id(&case.reference(), self.reading.content, domain);
        let mark = seal.mark(&message_id);
        ReplyPlan { template, to, message_id, mark }
    }

    /// The template in the language that the mail's header asks for, where there is one.
    fn in_its_language(&mut self, template: usize) -> usize {
        let languages = &self.reading.message.languages;
        let Some(variant) = self.policy.replies.variant(template, languages) else { return template };
        self.trace.push(Step::Language { template: variant.template, range: variant.range });
        variant.template
    }
}
