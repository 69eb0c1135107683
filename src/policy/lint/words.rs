//! Slips in labels and replies: our own words (ND004) and values that no rule uses (ND011).

use std::collections::HashSet;

use super::{Lint, place};
use crate::base::diagnostic::Diagnostic;
use crate::base::document::{clip, list};
use crate::lexicon::fold;
use crate::policy::{GroupBy, Key, Label, LabelKind, Matcher, Origin, Place, Policy, TermKind, Test};

pub(super) fn lints(policy: &Policy, found: &mut Vec<Diagnostic>) {
    own_words(policy, found);
    unused_values(policy, found);
}

// ---- ND004 ----

/// Labels whose words can alert: urgency, and what rules with an alert look at.
fn alerting(policy: &Policy) -> HashSet<usize> {
    let coverage = policy.coverage.iter().filter(|rule| !rule.alerts.is_empty()).map(|rule| &rule.when);
    let also = policy.also.iter().map(|rule| &rule.when);
    let mut labels: HashSet<usize> = policy.label("urgency").into_iter().collect();
    labels.extend(coverage.chain(also).flat_map(super::super::Condition::labels));
    // A matrix needs labels before it.
    for (index, label) in policy.labels.iter().enumerate().rev() {
        if let LabelKind::Matrix { rows, columns, .. } = &label.kind
            && labels.contains(&index)
        {
            labels.extend([*rows, *columns]);
        }
    }
    labels
}

/// Tells each template once, at the first such word.
fn own_words(policy: &Policy, found: &mut Vec<Diagnostic>) {
    let alerting = alerting(policy);
    for (file, source) in policy.files.iter().enumerate() {
        if policy.replies.by_file(&source.name).is_none() {
            continue;
        }
        // Tags become blanks, so that what is left stands where it stood.
        let fixed = without_tags(&source.text);
        let mut first = None;
        let mut words: Vec<&str> = Vec::new();
        for hit in policy.words.scan_terms(Place::Body, &fold(&fixed)) {
            let Some(term) = policy.words.terms.get(hit.term) else { continue };
            if hit.excepted || term.kind != TermKind::Keyword || !alerting.contains(&term.label) {
                continue;
            }
            first = first.or(Some(hit.start..hit.end));
            if !words.contains(&term.text.as_str()) {
                words.push(&term.text);
            }
        }
        let Some(span) = first else { continue };
        found.push(
            Lint::OwnWords
                .warning(place(policy, &Origin { file, span }), "this reply holds words that alert")
                .found(format!("keywords {}", list(&words)))
                .hint("they may come back in an answer that quotes us without a mark; say it without them, or accept it"),
        );
    }
}

/// The text with every tag of a template blanked out, byte by byte.
fn without_tags(text: &str) -> String {
    let mut fixed = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let tags = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")];
        let tag = tags.into_iter().filter_map(|(open, close)| Some((rest.find(open)?, close))).min();
        let Some((before, inside, close)) = tag.and_then(|(at, close)| {
            let (before, inside) = rest.split_at_checked(at)?;
            Some((before, inside, close))
        }) else {
            break;
        };
        fixed.push_str(before);
        let end = inside.find(close).map_or(inside.len(), |end| end + close.len());
        let (tag, after) = inside.split_at_checked(end).unwrap_or((inside, ""));
        fixed.extend(tag.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        rest = after;
    }
    fixed.push_str(rest);
    fixed
}

// ---- ND011 ----

/// What of the labels rules use.
#[derive(Default)]
struct Used<'p> {
    values: HashSet<(usize, &'p str)>,
    /// Labels of which every value is used.
    whole: HashSet<usize>,
}

impl<'p> Used<'p> {
    fn test(&mut self, test: &'p Test) {
        let Key::Label(label) = test.key else { return };
        match &test.matcher {
            Matcher::AnyOf(values) | Matcher::Not(values) => {
                self.values.extend(values.iter().map(|value| (label, value.as_str())));
            }
            Matcher::Is(_) | Matcher::Sender(_) | Matcher::NotSender(_) => {
                self.whole.insert(label);
            }
        }
    }

    fn has(&self, label: usize, value: &str) -> bool {
        self.whole.contains(&label) || self.values.contains(&(label, value))
    }

    fn has_some(&self, index: usize, label: &Label) -> bool {
        label.values.iter().any(|value| self.has(index, value))
    }
}

fn used(policy: &Policy) -> Used<'_> {
    let mut used = Used::default();
    let assigns = policy.assigns.iter().map(|row| &row.when);
    let asks = policy.asks.iter().map(|ask| &ask.when);
    let coverage = policy.coverage.iter().map(|rule| &rule.when);
    let also = policy.also.iter().map(|rule| &rule.when);
    for test in assigns.chain(asks).chain(coverage).chain(also).flat_map(|when| &when.tests) {
        used.test(test);
    }
    let grouping = policy.escalations.iter().flat_map(|escalation| &escalation.group_by);
    used.whole.extend(grouping.filter_map(|by| match by {
        GroupBy::Label(label) => Some(*label),
        GroupBy::Customer | GroupBy::Desk | GroupBy::Mailbox => None,
    }));
    let printed = policy.replies.variables();
    let is_printed = |label: &Label| printed.contains(&label.name.replace('-', "_"));
    used.whole
        .extend(policy.labels.iter().zip(0..).filter(|(label, _)| is_printed(label)).map(|(_, index)| index));
    // Whoever uses a matrix uses what it is made from.
    for (index, label) in policy.labels.iter().enumerate().rev() {
        if let LabelKind::Matrix { rows, columns, .. } = &label.kind
            && used.has_some(index, label)
        {
            used.whole.extend([*rows, *columns]);
        }
    }
    used
}

fn unused_values(policy: &Policy, found: &mut Vec<Diagnostic>) {
    let used = used(policy);
    for (index, label) in policy.labels.iter().enumerate() {
        if let LabelKind::Matrix { .. } = label.kind {
            // What is left over of a matrix falls to later rules; one that nothing looks at is a slip.
            if !used.has_some(index, label) {
                found.push(
                    Lint::UnusedValue
                        .warning(place(policy, &label.origin), "no rule uses this matrix")
                        .found(format!("`{}`", clip(&label.name)))
                        .hint("name its values in a `when`, or delete it"),
                );
            }
            continue;
        }
        for (value, name) in label.values.iter().enumerate() {
            if label.default == Some(value) || used.has(index, name) {
                continue;
            }
            let origin = label.places.get(value).unwrap_or(&label.origin);
            found.push(
                Lint::UnusedValue
                    .warning(place(policy, origin), "no rule uses this value")
                    .found(format!("\"{}\" of `{}`", clip(name), clip(&label.name)))
                    .hint("name it in a `when`, a matrix, `group_by` or a reply, or delete it"),
            );
        }
    }
}
