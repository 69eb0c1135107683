//! What a case is owed by the desk: the plan of each escalation as it was when it started, and what the people it
//! tells need to know of the mail.
//!
//! All of it is kept with the case, names and all, so that a reload of the policy changes nothing for what runs.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::base::text::one_line;
use crate::decision::{By, Decision, Hours, Reading};
use crate::mail::RegionKind;
use crate::policy::Policy;

/// How many characters of the mail's new text an alert shows.
const EXCERPT: usize = 500;
/// How many of the words that counted an alert names.
const MOST_WORDS: usize = 20;

/// An escalation as it was when it started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its name.
    pub escalation: String,
    /// May wake people.
    pub pages: bool,
    /// The steps, by time.
    pub steps: Vec<PlanStep>,
    /// When the case lapses, after the start.
    pub give_up_after: SignedDuration,
}

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    /// After the start.
    pub after: SignedDuration,
    /// Names of channels.
    pub notify: Vec<String>,
}

/// What an alert tells of the mail that started it. Facts only; `compose` puts them into words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brief {
    /// The policy.
    pub policy: String,
    /// The mailbox.
    pub mailbox: Option<String>,
    /// The Message-ID, without angle brackets.
    pub message_id: Option<String>,
    /// Who wrote: the address.
    pub sender: Option<String>,
    /// And their name.
    pub sender_name: Option<String>,
    /// The subject.
    pub subject: String,
    /// The beginning of what they wrote now, at most 500 characters.
    pub excerpt: String,
    /// The words that counted, as written in the mail.
    pub words: Vec<String>,
    /// The value of each label that has one.
    pub labels: BTreeMap<String, String>,
    /// The customer.
    pub customer: Option<String>,
    /// The plan of the customer.
    pub plan: Option<String>,
    /// Evidence of a machine, as slugs.
    pub automation: Vec<String>,
    /// Whether all of it could be read.
    pub readable: bool,
    /// Its part in the conversation, as a slug.
    pub conversation: String,
    /// The rule that asked for the alert.
    pub rule: String,
    /// The desk.
    pub desk: String,
    /// The zone of the desk, as the policy writes it.
    pub zone: String,
    /// When the desk next opens, when it is closed.
    pub opens_at: Option<Timestamp>,
    /// When the server received it.
    pub received_at: Timestamp,
    /// What the sender was promised.
    pub respond_by: Option<Timestamp>,
}

impl Plan {
    /// An escalation of a policy, as it is now.
    pub fn of(policy: &Policy, escalation: usize) -> Option<Self> {
        let escalation = policy.escalations.get(escalation)?;
        let step = |step: &crate::policy::EscalationStep| PlanStep {
            after: step.after,
            notify: step.notify.clone(),
        };
        Some(Plan {
            escalation: escalation.name.clone(),
            pages: escalation.pages,
            steps: escalation.steps.iter().map(step).collect(),
            give_up_after: escalation.give_up_after,
        })
    }

    /// The same plan for a mailbox that is only watched: it runs its time and tells nobody.
    #[must_use]
    pub fn silenced(mut self) -> Self {
        for step in &mut self.steps {
            step.notify.clear();
        }
        self
    }

    /// Whether it tells nobody.
    pub fn is_silent(&self) -> bool {
        self.steps.iter().all(|step| step.notify.is_empty())
    }
}

impl Brief {
    /// What is told of a mail when a rule asks for an alert; without `by`, the coverage rule did.
    pub fn of(reading: &Reading, decision: &Decision, policy: &Policy, by: Option<By>) -> Self {
        let message = &reading.message;
        let from = message.from.first();
        let desk = policy.desks.get(decision.desk);
        let zone =
            desk.and_then(|desk| policy.calendars.get(desk.calendar)).map(|calendar| calendar.zone().name());
        let opens_at = match decision.hours {
            Hours::Closed { opens_at, .. } => opens_at,
            Hours::Open => None,
        };
        Brief {
            policy: policy.name.clone(),
            mailbox: reading.mailbox.clone(),
            message_id: message.message_id.as_ref().map(|id| id.as_str().to_owned()),
            sender: reading.sender.as_ref().map(ToString::to_string),
            sender_name: from.and_then(|from| from.name.as_deref()).map(one_line),
            subject: one_line(&message.subject),
            excerpt: excerpt(reading),
            words: words(reading, decision),
            labels: labels(decision, policy),
            customer: decision.customer.and_then(|row| policy.customers.get(row)).map(|row| row.name.clone()),
            plan: decision.plan.clone(),
            automation: reading.evidence.iter().map(|evidence| evidence.slug.slug().to_owned()).collect(),
            readable: message.unreadable.is_none(),
            conversation: decision.conversation.slug().to_owned(),
            rule: rule(decision, policy, by),
            desk: desk.map(|desk| desk.name.clone()).unwrap_or_default(),
            zone: zone.unwrap_or_default().to_owned(),
            opens_at,
            received_at: decision.received_at,
            respond_by: decision.respond_by,
        }
    }
}

/// The beginning of what the sender wrote now: line by line, since an alert is read by people.
fn excerpt(reading: &Reading) -> String {
    let body = &reading.message.body;
    let mut excerpt = String::new();
    let mut room = EXCERPT;
    let new = body.of_kind(RegionKind::New).filter_map(|region| body.text.get(region.start..region.end));
    for line in new.flat_map(str::lines).map(one_line).filter(|line| !line.is_empty()) {
        if room == 0 {
            break;
        }
        if !excerpt.is_empty() {
            excerpt.push('\n');
        }
        excerpt.extend(line.chars().take(room));
        room = room.saturating_sub(line.chars().count() + 1);
    }
    excerpt
}

fn words(reading: &Reading, decision: &Decision) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let counted =
        decision.labels.iter().flat_map(|label| &label.hits).filter_map(|hit| reading.hits.get(*hit));
    for word in counted.map(|hit| &hit.text) {
        if words.len() < MOST_WORDS && !words.contains(word) {
            words.push(word.clone());
        }
    }
    words
}

fn labels(decision: &Decision, policy: &Policy) -> BTreeMap<String, String> {
    let labels = policy.labels.iter().zip(&decision.labels);
    labels
        .filter_map(|(label, outcome)| Some((label.name.clone(), label.values.get(outcome.value?)?.clone())))
        .collect()
}

fn rule(decision: &Decision, policy: &Policy, by: Option<By>) -> String {
    let name = match by {
        Some(By::Also(rule)) => policy.also.get(rule).map(|rule| &rule.name),
        Some(By::Coverage(rule)) => policy.coverage.get(rule).map(|rule| &rule.name),
        None => decision.coverage.and_then(|rule| policy.coverage.get(rule)).map(|rule| &rule.name),
    };
    name.cloned().unwrap_or_default()
}
