//! The automatic reply: what stands in it and to whom it goes.
//!
//! Every instant is computed here, for the desk's own zone and in the reply's language, from the decision; a template never does arithmetic. What
//! the customer wrote reaches the reply only as the sender's name and the subject, each on one line and short. The
//! reference of the case stands in every reply.

mod subject;

use std::collections::BTreeMap;

use super::words::Wording;
use crate::base::language::Language;
use crate::base::text::one_line;
use crate::decision::{Decision, Hours, Reading, ReplyPlan};
use crate::mail::Address;
use crate::policy::{Policy, RenderError, Rendered, ReplyVariables, Target};

/// How many characters of the customer's own words a reply repeats.
const MOST_REPEATED: usize = 120;

/// A reply, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The template's name.
    pub template: String,
    /// The tag of the language that the template's file is named for; `None` for `name.txt`.
    pub language: Option<String>,
    /// The From field.
    pub from: String,
    /// To whom.
    pub to: Address,
    /// Our Message-ID, without angle brackets.
    pub message_id: String,
    /// The mark that says, sealed, that we wrote it.
    pub mark: String,
    /// Subject, text and HTML.
    pub rendered: Rendered,
}

/// Renders the reply of a decision; `None` when it has none.
///
/// # Errors
/// When the template fails. Loading a policy has tried it for every rule that uses it, so this is rare.
pub fn reply(reading: &Reading, decision: &Decision, policy: &Policy) -> Result<Option<Reply>, RenderError> {
    let Some(plan) = &decision.reply else { return Ok(None) };
    let mut rendered = policy.replies.render(plan.template, &variables(reading, decision, policy, plan))?;
    let original = (reading.message.subject.as_str(), reading.message.is_reply_subject);
    let reference = decision.case.reference();
    rendered.subject = subject::subject(policy.auto_reply.subject, &rendered, original, &reference);
    Ok(Some(Reply {
        template: policy.replies.name(plan.template).unwrap_or_default().to_owned(),
        language: policy.replies.language(plan.template).map(Language::tag),
        message_id: plan.message_id.clone(),
        mark: plan.mark.clone(),
        from: policy.auto_reply.from.clone().unwrap_or_default(),
        to: plan.to.clone(),
        rendered,
    }))
}

fn variables(reading: &Reading, decision: &Decision, policy: &Policy, plan: &ReplyPlan) -> ReplyVariables {
    let to = &plan.to;
    let wording = Wording::of(policy.replies.language(plan.template));
    let desk = policy.desks.get(decision.desk);
    let calendar = desk.and_then(|desk| policy.calendars.get(desk.calendar));
    let in_words = |instant| calendar.map(|calendar| wording.instant(instant, calendar.zone()));
    let (hours, closed_for, opens_at) = match decision.hours {
        Hours::Open => ("open", None, None),
        Hours::Closed { closed_for, opens_at } => ("closed", Some(closed_for.slug().to_owned()), opens_at),
    };
    let promised = decision.target.filter(|target| *target != Target::Unspecified);
    ReplyVariables {
        labels: labels(decision, policy),
        reference: decision.case.reference(),
        sender: sender_name(reading, to),
        sender_address: to.to_string(),
        subject: short(&reading.message.subject),
        desk: desk.map(|desk| desk.name.clone()).unwrap_or_default(),
        mailbox: reading.mailbox.clone(),
        hours: hours.to_owned(),
        closed_for,
        hours_in_words: calendar.map(|calendar| wording.hours(calendar)).unwrap_or_default(),
        received_at: in_words(decision.received_at).unwrap_or_default(),
        opens_at: opens_at.and_then(in_words),
        respond_by: decision.respond_by.and_then(in_words),
        target: promised.map(|target| target.to_string()),
        next_business_day: opens_at
            .zip(calendar)
            .map(|(opens_at, calendar)| wording.business_day(opens_at, decision.now, calendar.zone())),
        asked_for: decision
            .asked_for
            .iter()
            .filter_map(|ask| policy.asks.get(*ask))
            .map(|ask| ask.question.clone())
            .collect(),
        near_misses: near_misses(reading, policy),
        escalation: decision
            .alerts
            .first()
            .and_then(|alert| policy.escalations.get(alert.escalation))
            .map(|escalation| escalation.name.clone()),
        conversation: decision.conversation.slug().to_owned(),
    }
}

fn labels(decision: &Decision, policy: &Policy) -> BTreeMap<String, Option<String>> {
    policy
        .labels
        .iter()
        .zip(&decision.labels)
        .map(|(label, outcome)| {
            let value = outcome.value.and_then(|value| label.values.get(value)).cloned();
            (label.name.replace('-', "_"), value)
        })
        .collect()
}

fn near_misses(reading: &Reading, policy: &Policy) -> Vec<crate::policy::NearMissVariable> {
    reading
        .near_misses
        .iter()
        .filter_map(|near| {
            let term = policy.words.terms.get(near.term)?;
            Some(crate::policy::NearMissVariable { text: short(&near.text), keyword: term.text.clone() })
        })
        .collect()
}

/// The name that goes with the address, when there is one that looks like a name and not like a lure.
fn sender_name(reading: &Reading, to: &Address) -> String {
    let message = &reading.message;
    let name = message
        .from
        .iter()
        .chain(&message.reply_to)
        .find(|mailbox| mailbox.address == *to)
        .and_then(|mailbox| mailbox.name.as_deref())
        .map(short)
        .filter(|name| !name.is_empty() && !name.contains(['/', '<', '>', '@']) && !name.contains("www."));
    name.unwrap_or_else(|| to.to_string())
}

/// What the customer wrote, on one line and short.
fn short(text: &str) -> String {
    one_line(&text.chars().take(MOST_REPEATED).collect::<String>())
}
