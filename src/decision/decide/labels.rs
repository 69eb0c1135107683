//! Which hits count, and what value each label has.

use super::Deciding;
use crate::decision::LabelOutcome;
use crate::decision::reading::{Hit, Ignored, Why};
use crate::decision::trace::{LabelCause, Step};
use crate::policy::{LabelKind, Place};

impl Deciding<'_> {
    /// Hits that do not count: what reading found, and subjects that only repeat the conversation's.
    pub(super) fn ignored(&self) -> Vec<(usize, Why)> {
        self.reading
            .hits
            .iter()
            .enumerate()
            .filter_map(|(index, hit)| match hit.ignored {
                Ignored::Because(why) => Some((index, why)),
                Ignored::No if self.is_inherited(hit) => Some((index, Why::InheritedSubject)),
                Ignored::No => None,
            })
            .collect()
    }

    /// Whether a word of the subject stood there before: an earlier mail of the conversation had the same base subject
    /// and the same word in it. ("[Urgent] X" has the base of "X", but says more.)
    fn is_inherited(&self, hit: &Hit) -> bool {
        let Some(conversation) = self.standing.conversation.as_ref().filter(|_| hit.place == Place::Subject)
        else {
            return false;
        };
        let word = hit.text.to_lowercase();
        let base = &self.reading.message.base_subject;
        conversation.subjects.iter().any(|seen| seen.base == *base && seen.hits.contains(&word))
    }

    pub(super) fn labels(&mut self, ignored: &[(usize, Why)]) -> Vec<LabelOutcome> {
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
        if let LabelKind::Matrix { rows, columns, .. } = &definition.kind {
            let value_of = |label: usize| outcomes.get(label).and_then(|outcome| outcome.value);
            let (row, column) = (value_of(*rows), value_of(*columns));
            let value = definition.kind.cell(row, column);
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
}
