//! Deciding: labels → matrices → customer, plan → assign → hours → coverage, also → alerts, deferral, promise, reply.
//!
//! Total and deterministic: nothing here can fail, and nothing here looks at a clock.

use jiff::Timestamp;

use super::guards::{Outlook, guards};
use super::reading::{Ignored, Reading, Why};
use super::trace::{AlertVerdict, AssignCause, Because, LabelCause, Step};
use super::{
    Alert, By, Conversation, ConversationStanding, Decision, Deferral, Hours, LabelOutcome, Loudness,
    ReplyPlan, Standing,
};
use crate::calendar::{Calendar, State};
use crate::mail::Authenticated;
use crate::policy::{AssignTo, Condition, Facts, LabelKind, Place, Policy, RaiseClock, Target};

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
        loudness: loudness(&alerts),
        respond_by,
        opens_at: match hours {
            Hours::Closed { opens_at, .. } => opens_at,
            Hours::Open => None,
        },
    };
    let (reply, reply_withheld) = deciding.reply(coverage, conversation, &outlook);
    Decision {
        received_at,
        now,
        content: reading.content,
        ignored,
        customer,
        plan: known.plan.map(str::to_owned),
        conversation,
        case: standing.duplicate_of.or(standing.conversation.as_ref().map(|conversation| conversation.case)),
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

fn loudness(alerts: &[Alert]) -> Loudness {
    alerts
        .iter()
        .map(|alert| if alert.pages { Loudness::Page } else { Loudness::Alert })
        .max()
        .unwrap_or(Loudness::Quiet)
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

/// A rule that asks for alerts.
struct Asking<'a> {
    by: By,
    when: &'a Condition,
    labels: &'a [LabelOutcome],
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
    /// Hits that do not count: what reading found, and subjects that only repeat the conversation's.
    fn ignored(&self) -> Vec<(usize, Why)> {
        let inherited = self.repeats_a_subject();
        self.reading
            .hits
            .iter()
            .enumerate()
            .filter_map(|(index, hit)| match hit.ignored {
                Ignored::Because(why) => Some((index, why)),
                Ignored::No if inherited && hit.place == Place::Subject => {
                    Some((index, Why::InheritedSubject))
                }
                Ignored::No => None,
            })
            .collect()
    }

    /// Whether the subject is that of an earlier mail; a machine's may say more, as "Automatic reply: " does.
    fn repeats_a_subject(&self) -> bool {
        let Some(conversation) = &self.standing.conversation else { return false };
        let subject = &self.reading.message.base_subject;
        let contains = |earlier: &String| !earlier.is_empty() && subject.contains(earlier.as_str());
        conversation.base_subjects.contains(subject)
            || (self.reading.is_automated() && conversation.base_subjects.iter().any(contains))
    }

    fn labels(&mut self, ignored: &[(usize, Why)]) -> Vec<LabelOutcome> {
        let mut outcomes: Vec<LabelOutcome> = vec![LabelOutcome::default(); self.policy.labels.len()];
        for (index, hit) in self.reading.hits.iter().enumerate() {
            if ignored.iter().any(|(ignored, _)| *ignored == index) {
                continue;
            }
            let Some(term) = self.policy.words.terms.get(hit.term) else { continue };
            let Some(outcome) = outcomes.get_mut(term.label) else { continue };
            outcome.hits.push(index);
            outcome.value = Some(outcome.value.map_or(term.value, |value| value.min(term.value)));
        }
        for label in 0..outcomes.len() {
            self.label(label, &mut outcomes);
        }
        outcomes
    }

    /// Completes one label: only hits of the winning value stay, then inheritance, then the default.
    fn label(&mut self, label: usize, outcomes: &mut [LabelOutcome]) {
        let Some(definition) = self.policy.labels.get(label) else { return };
        if let LabelKind::Matrix { rows, columns, cells } = &definition.kind {
            let value_of = |label: usize| outcomes.get(label).and_then(|outcome| outcome.value);
            let (row, column) = (value_of(*rows), value_of(*columns));
            let value = row.zip(column).and_then(|(row, column)| cells.get(row)?.get(column).copied());
            if let Some(outcome) = outcomes.get_mut(label) {
                outcome.value = value;
            }
            self.trace.push(Step::Label { label, value, because: LabelCause::Matrix { row, column } });
            return;
        }
        let Some(outcome) = outcomes.get_mut(label) else { return };
        let value = outcome.value;
        outcome.hits.retain(|hit| {
            let term = self.reading.hits.get(*hit).and_then(|hit| self.policy.words.terms.get(hit.term));
            term.map(|term| term.value) == value
        });
        let mut because = outcome.hits.first().map_or(LabelCause::Default, |hit| LabelCause::Hit(*hit));
        if let Some(earlier) = self.inherited(label)
            && outcome.value.is_none_or(|own| earlier < own)
        {
            outcome.value = Some(earlier);
            outcome.hits.clear();
            outcome.inherited = true;
            because = LabelCause::Inherited;
        }
        outcome.value = outcome.value.or(definition.default);
        self.trace.push(Step::Label { label, value: outcome.value, because });
    }

    fn inherited(&self, label: usize) -> Option<usize> {
        if !self.policy.conversation.inherit.contains(&label) {
            return None;
        }
        self.standing.conversation.as_ref()?.strongest.get(label).copied().flatten()
    }

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
            return (Conversation::New, Because::NothingKnown);
        };
        let by = standing.joined_by;
        if self.reading.is_automated() {
            return (Conversation::FollowUp, Because::Automated(by));
        }
        if self.is_human_answer() {
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

    /// From an agent, authenticated, to somebody who is not of the desk.
    fn is_human_answer(&self) -> bool {
        let identity = &self.policy.identity;
        let from = self.reading.message.from.first();
        from.is_some_and(|from| identity.is_agent(&from.address))
            && self.reading.authenticated == Authenticated::Pass
            && self.reading.message.recipients().any(|to| !identity.is_agent(to) && !identity.is_own(to))
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

    fn desk(&mut self, known: &Known<'_>, customer: Option<usize>) -> (usize, Hours) {
        let policy = self.policy;
        for (rule, assign) in policy.assigns.iter().enumerate() {
            let failing = known.failing(&assign.when);
            self.trace.push(Step::Assign { rule, failing });
            if failing.is_some() {
                continue;
            }
            let customers = customer.and_then(|row| policy.customers.get(row)).and_then(|row| row.desk);
            let (desk, because) = match (assign.to, customers) {
                (AssignTo::Desk(desk), _) => (desk, AssignCause::Named),
                (AssignTo::Customer, Some(desk)) => (desk, AssignCause::Customers),
                (AssignTo::Customer, None) | (AssignTo::NextOpen, _) => self.next_open(&assign.pool),
            };
            return self.chosen(desk, because);
        }
        let all: Vec<usize> = (0..policy.desks.len()).collect();
        let (desk, because) = self.next_open(&all);
        self.chosen(desk, because)
    }

    fn chosen(&mut self, desk: usize, because: AssignCause) -> (usize, Hours) {
        let hours = match self.state(desk) {
            Some(State::Closed { closed_for, opens_at }) => Hours::Closed { closed_for, opens_at },
            // `None` cannot be: a compiled policy has a calendar for every desk.
            Some(State::Open { .. }) | None => Hours::Open,
        };
        self.trace.push(Step::Desk { desk, because, hours });
        (desk, hours)
    }

    fn calendar(&self, desk: usize) -> Option<&Calendar> {
        self.policy.calendars.get(self.policy.desks.get(desk)?.calendar)
    }

    fn state(&self, desk: usize) -> Option<State> {
        Some(self.calendar(desk)?.state_at(self.received_at))
    }

    /// The first open desk of a pool, else the one that opens first; ties in file order.
    fn next_open(&mut self, pool: &[usize]) -> (usize, AssignCause) {
        let mut first: Option<(Timestamp, usize)> = None;
        for desk in pool {
            let Some(state) = self.state(*desk) else { continue };
            self.trace.push(Step::Clock { desk: *desk, state });
            match state {
                State::Open { .. } => return (*desk, AssignCause::IsOpen),
                State::Closed { opens_at: Some(opens_at), .. } => {
                    if first.is_none_or(|(earliest, _)| opens_at < earliest) {
                        first = Some((opens_at, *desk));
                    }
                }
                State::Closed { opens_at: None, .. } => {}
            }
        }
        first.map_or((pool.first().copied().unwrap_or(0), AssignCause::NoneOpens), |(_, desk)| {
            (desk, AssignCause::OpensFirst)
        })
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

    fn alerts(
        &mut self,
        known: &Known<'_>,
        labels: &[LabelOutcome],
        coverage: Option<usize>,
        conversation: Conversation,
    ) -> Vec<Alert> {
        let policy = self.policy;
        let mut alerts: Vec<Alert> = Vec::new();
        if conversation == Conversation::Answer {
            return alerts;
        }
        if let Some((index, rule)) = coverage.and_then(|index| Some((index, policy.coverage.get(index)?))) {
            let asking = Asking { by: By::Coverage(index), when: &rule.when, labels };
            self.start(&rule.alerts, &asking, &mut alerts);
        }
        for (index, rule) in policy.also.iter().enumerate() {
            let failing = known.failing(&rule.when);
            self.trace.push(Step::Also { rule: index, failing });
            if failing.is_none() {
                let asking = Asking { by: By::Also(index), when: &rule.when, labels };
                self.start(&rule.alerts, &asking, &mut alerts);
            }
        }
        alerts
    }

    /// Starts the escalations that a rule asks for, each once.
    fn start(&mut self, escalations: &[usize], asking: &Asking<'_>, alerts: &mut Vec<Alert>) {
        for escalation in escalations.iter().copied() {
            let verdict = if alerts.iter().any(|alert| alert.escalation == escalation) {
                AlertVerdict::AlreadyStarts
            } else {
                self.verdict(escalation, asking)
            };
            self.trace.push(Step::Alert { escalation, by: asking.by, verdict });
            if verdict == AlertVerdict::Starts {
                alerts.push(Alert { escalation, pages: self.pages(escalation), by: asking.by });
            }
        }
    }

    fn pages(&self, escalation: usize) -> bool {
        self.policy.escalations.get(escalation).is_some_and(|escalation| escalation.pages)
    }

    /// A follow-up alerts for what it says itself, unless the same or a louder escalation runs unacknowledged; after
    /// an answer it always does.
    fn verdict(&self, escalation: usize, asking: &Asking<'_>) -> AlertVerdict {
        if self.reading.is_own_mail() {
            return AlertVerdict::OwnMail;
        }
        if self.standing.duplicate_of.is_some() {
            return AlertVerdict::Duplicate;
        }
        let Some(standing) = &self.standing.conversation else { return AlertVerdict::Starts };
        if !self.says_something_urgent(asking.when, asking.labels) {
            return AlertVerdict::NothingNew;
        }
        if standing.answered || standing.closed {
            return AlertVerdict::Starts;
        }
        let same_or_louder =
            |running: &&usize| **running == escalation || (self.pages(**running) && !self.pages(escalation));
        match standing.unacknowledged.iter().find(same_or_louder) {
            Some(running) => AlertVerdict::Running(*running),
            None => AlertVerdict::Starts,
        }
    }

    /// Whether the mail's own words, not the conversation's, are what the rule goes by: an urgency word, or a word of
    /// a label that the rule's condition looks at.
    fn says_something_urgent(&self, when: &Condition, labels: &[LabelOutcome]) -> bool {
        let mut looked_at: Vec<usize> = when.labels().chain(self.policy.label("urgency")).collect();
        let mut next = 0;
        while let Some(label) = looked_at.get(next).copied() {
            next += 1;
            if let Some(LabelKind::Matrix { rows, columns, .. }) =
                self.policy.labels.get(label).map(|label| &label.kind)
            {
                // Matrices refer to earlier labels only, so this ends.
                looked_at.extend([*rows, *columns]);
            }
        }
        looked_at.into_iter().any(|label| labels.get(label).is_some_and(|outcome| !outcome.hits.is_empty()))
    }

    fn defer(
        &mut self,
        coverage: Option<usize>,
        hours: Hours,
        conversation: Conversation,
    ) -> Option<Deferral> {
        let escalation = self.policy.coverage.get(coverage?)?.defer?;
        if conversation == Conversation::Duplicate || self.reading.is_own_mail() {
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
        conversation: Conversation,
        outlook: &Outlook,
    ) -> (Option<ReplyPlan>, Vec<super::Withheld>) {
        let template = coverage.and_then(|rule| self.policy.coverage.get(rule)?.reply);
        let Some(template) = template.filter(|_| conversation != Conversation::Answer) else {
            self.trace.push(Step::NoReply);
            return (None, Vec::new());
        };
        let withheld = guards(self.reading, self.standing, self.policy, outlook);
        self.trace.extend(withheld.iter().map(|withheld| Step::Guard { withheld: *withheld }));
        match &self.reading.recipient {
            super::Recipient::Address(to) if withheld.is_empty() => {
                self.trace.push(Step::Reply { template });
                (Some(ReplyPlan { template, to: to.clone() }), withheld)
            }
            super::Recipient::Address(_) | super::Recipient::Nobody | super::Recipient::Unsafe => {
                (None, withheld)
            }
        }
    }
}
