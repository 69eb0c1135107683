//! What a case takes in of a mail that was decided: what its customer said, who belongs to it, and the escalations that
//! start or wait.

use std::collections::{BTreeMap, BTreeSet};

use super::super::case::{Case, CaseState, Deferred};
use super::super::work::{Brief, Plan};
use super::Effect;
use crate::base::id::CaseId;
use crate::base::text::one_line;
use crate::decision::{Conversation, Decision, JoinedBy, Reading, SubjectSeen};
use crate::mail::{Address, Authenticated};
use crate::policy::{Place, Policy};

/// How many subjects of one case are remembered.
const MOST_SUBJECTS: usize = 50;
/// How many addresses of one case are remembered.
const MOST_PEOPLE: usize = 100;
/// How many addresses are remembered that mails of one case went to.
const MOST_ADDRESSED: usize = 100;

pub(super) fn open(id: CaseId, reading: &Reading, decision: &Decision, policy: &Policy) -> Case {
    Case {
        id,
        policy: policy.name.clone(),
        reference: id.reference(),
        state: CaseState::Open,
        opened_at: decision.received_at,
        opened_by: decision.content,
        last_mail_at: decision.received_at,
        last_customer_mail_at: decision.received_at,
        people: Vec::new(),
        addressed: Vec::new(),
        opener: reading.sender.as_ref().map(Address::key),
        customer: decision.customer.and_then(|row| policy.customers.get(row)).map(|row| row.name.clone()),
        subject: one_line(&reading.message.subject),
        subjects: Vec::new(),
        strongest: BTreeMap::new(),
        asks_found: BTreeSet::new(),
        running: Vec::new(),
        deferred: Vec::new(),
        starts: BTreeMap::new(),
        respond_by: None,
        // Whoever applies the mail knows better.
        only_watched: true,
        version: 0,
    }
}

/// What the customer's mails of a conversation have said so far. An answer's words are the desk's, and a machine's
/// words count only for the case that it opened, so that they never make a customer's own look old.
pub(super) fn remember(case: &mut Case, reading: &Reading, decision: &Decision, policy: &Policy) {
    case.last_mail_at = case.last_mail_at.max(decision.received_at);
    // What a stranger says is no word of the customer, and no mail of the customer is old news because of it.
    if decision.joined_by == Some(JoinedBy::Stranger) {
        return;
    }
    let subject = SubjectSeen { base: reading.message.base_subject.clone(), hits: subject_hits(reading) };
    if case.subjects.len() < MOST_SUBJECTS && !case.subjects.contains(&subject) {
        case.subjects.push(subject);
    }
    let is_follow_up = decision.conversation != Conversation::New;
    if decision.conversation == Conversation::Answer || (reading.is_automated() && is_follow_up) {
        return;
    }
    for (label, outcome) in policy.labels.iter().zip(&decision.labels) {
        let Some(value) = outcome.value.filter(|_| !outcome.hits.is_empty()) else { continue };
        let before = case.strongest.get(&label.name);
        let before = before.and_then(|name| label.values.iter().position(|value| value == name));
        if let Some(name) = label.values.get(value).filter(|_| before.is_none_or(|before| value < before)) {
            case.strongest.insert(label.name.clone(), name.clone());
        }
    }
    include(case, reading, policy);
    // An agent who asks a colleague or a vendor is not the customer, whatever part of the conversation that is.
    let is_agent = reading.sender.as_ref().is_some_and(|sender| policy.identity.is_agent(sender));
    if reading.is_automated() || (is_agent && is_follow_up) {
        return;
    }
    case.last_customer_mail_at = case.last_customer_mail_at.max(decision.received_at);
    let found = policy.asks.iter().zip(&reading.asks_found).filter(|(_, found)| **found);
    case.asks_found.extend(found.map(|(ask, _)| ask.name.clone()));
    // Somebody who only says to be of the customer's house must not be answered in the customer's stead.
    let is_trusted = reading.authenticated != Authenticated::Fail || !is_follow_up;
    let person = reading.sender.as_ref().filter(|_| is_trusted).map(Address::key);
    case.people
        .extend(person.filter(|person| case.people.len() < MOST_PEOPLE && !case.people.contains(person)));
}

/// Whom the mail also went to belongs to the case from now, when somebody wrote it who belongs to it beyond doubt.
fn include(case: &mut Case, reading: &Reading, policy: &Policy) {
    let is_agent = reading.sender.as_ref().is_some_and(|sender| policy.identity.is_agent(sender));
    let is_sure = match reading.authenticated {
        Authenticated::Pass => true,
        Authenticated::None => !is_agent,
        Authenticated::Fail => false,
    };
    if reading.is_automated() || !is_sure {
        return;
    }
    for address in reading.message.to.iter().chain(&reading.message.cc).map(|to| &to.address) {
        let key = address.key();
        if case.addressed.len() >= MOST_ADDRESSED {
            break;
        }
        if !policy.identity.is_own(address) && !case.addressed.contains(&key) {
            case.addressed.push(key);
        }
    }
}

fn subject_hits(reading: &Reading) -> Vec<String> {
    let hits = reading.hits.iter().filter(|hit| hit.place == Place::Subject);
    hits.map(|hit| hit.text.to_lowercase()).collect()
}

/// A mail whose decision starts escalations.
pub(super) struct Escalating<'a> {
    pub(super) reading: &'a Reading,
    pub(super) decision: &'a Decision,
    pub(super) policy: &'a Policy,
    pub(super) silently: bool,
}

impl Escalating<'_> {
    fn plan(&self, escalation: usize) -> Option<Plan> {
        let plan = Plan::of(self.policy, escalation)?;
        Some(if self.silently { plan.silenced() } else { plan })
    }

    pub(super) fn escalate(&self, case: &mut Case, effects: &mut Vec<Effect>) {
        let Escalating { reading, decision, policy, .. } = *self;
        for alert in &decision.alerts {
            let Some(plan) = self.plan(alert.escalation) else { continue };
            let brief = Brief::of(reading, decision, policy, Some(alert.by));
            let started = if decision.joined_by == Some(JoinedBy::Stranger) {
                case.start_beside(plan, brief, decision.now)
            } else {
                case.start(plan, brief, decision.now)
            };
            // A new alert is for somebody to take, whatever was taken before.
            if matches!(case.state, CaseState::Acknowledged | CaseState::Answered) {
                case.state = CaseState::Open;
            }
            effects.push(Effect::Alert { case: case.id, started });
        }
        if let Some(deferral) = &decision.defer
            && let Some(plan) = self.plan(deferral.escalation)
        {
            let escalation = plan.escalation.clone();
            let brief = Brief::of(reading, decision, policy, None);
            case.deferred.push(Deferred { plan, brief, until: deferral.until });
            effects.push(Effect::Deferred { case: case.id, escalation, until: deferral.until });
        }
        if let Some(respond_by) = decision.respond_by {
            case.respond_by = Some(case.respond_by.map_or(respond_by, |owed| owed.min(respond_by)));
        }
    }
}
