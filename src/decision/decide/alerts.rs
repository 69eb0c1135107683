//! Which escalations start now: what rules ask for, and what a follow-up may ask for again.

use super::{Deciding, Known};
use crate::decision::trace::{AlertVerdict, Step};
use crate::decision::{Alert, By, Conversation, LabelOutcome};
use crate::policy::{Condition, LabelKind};

/// A rule that asks for alerts.
struct Asking<'a> {
    by: By,
    when: &'a Condition,
    labels: &'a [LabelOutcome],
}

impl Deciding<'_> {
    pub(super) fn alerts(
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

    /// A follow-up alerts for what it says itself, unless the same or a louder escalation runs unacknowledged. An
    /// answer ends what runs, so after one it always does.
    fn verdict(&self, escalation: usize, asking: &Asking<'_>) -> AlertVerdict {
        if self.is_own_mail() {
            return AlertVerdict::OwnMail;
        }
        if self.standing.duplicate_of.is_some() {
            return AlertVerdict::Duplicate;
        }
        let Some(standing) = &self.standing.conversation else { return AlertVerdict::Starts };
        if !self.says_something_urgent(asking.when, asking.labels) {
            return AlertVerdict::NothingNew;
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
        // What cannot be read may say anything.
        if self.reading.message.unreadable.is_some() {
            return true;
        }
        let mut looked_at: Vec<usize> = when.labels().chain(self.policy.label("urgency")).collect();
        let mut next = 0;
        while let Some(label) = looked_at.get(next).copied() {
            next += 1;
            if let Some(LabelKind::Matrix { rows, columns, .. }) =
                self.policy.labels.get(label).map(|label| &label.kind)
            {
                let new = [*rows, *columns].into_iter().filter(|label| !looked_at.contains(label));
                let new: Vec<usize> = new.collect();
                looked_at.extend(new);
            }
        }
        looked_at.into_iter().any(|label| labels.get(label).is_some_and(|outcome| !outcome.hits.is_empty()))
    }
}
