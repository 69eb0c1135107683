//! Reply templates: loaded, and rendered once for every way in which a rule can reach them.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::files::TextFiles;
use super::super::reply::{NearMissVariable, VARIABLES};
use super::super::{Ask, Coverage, Key, RenderError, Replies, ReplyVariables, Target};
use super::Vocabulary;
use crate::base::diagnostic::{Diagnostic, Location, SourceFile, suggest};
use crate::base::document::{Problems, list};

/// The most renderings that one rule's template is tried with.
const MOST_TRIALS: usize = 200;
/// The most renderings of a whole policy; a shipped one takes some hundred.
const MOST_TRIALS_IN_ALL: usize = 5_000;

/// Reads `replies/*.txt` and `*.html`; also answers the files, to show mistakes in.
pub(super) fn load(texts: &mut TextFiles<'_>, problems: &mut Problems) -> (Replies, Vec<Arc<SourceFile>>) {
    let mut replies = Replies::new();
    let mut sources = Vec::new();
    for ending in [".txt", ".html"] {
        for name in texts.names("replies", &[ending]) {
            let Some((_, source)) = texts.open(&name, problems) else {
                replies.add_broken(&name);
                continue;
            };
            let added = if ending == ".txt" {
                replies.add_text(&name, &source.text)
            } else {
                replies.add_html(&name, &source.text)
            };
            if let Err(error) = added {
                problems.push(diagnostic(&source, &error));
            }
            sources.push(source);
        }
    }
    (replies, sources)
}

fn diagnostic(source: &Arc<SourceFile>, error: &RenderError) -> Diagnostic {
    let span = error.span.clone().unwrap_or(0..0);
    let end = span.end.min(source.text.len());
    let location = Location::new(source, span.start.min(end)..end);
    let mut diagnostic =
        Diagnostic::error(location, "this reply template does not work").found(error.message.clone());
    diagnostic.allowed = error.allowed.map(str::to_owned);
    diagnostic
}

/// What templates are tried with.
pub(super) struct Trying<'p> {
    pub(super) coverage: &'p [Coverage],
    pub(super) asks: &'p [Ask],
    pub(super) vocabulary: &'p Vocabulary<'p>,
}

/// Checks every template that a rule uses, in all its languages.
pub(super) fn check(
    replies: &Replies,
    sources: &[Arc<SourceFile>],
    trying: &Trying<'_>,
    problems: &mut Problems,
) {
    let labels: Vec<String> = trying.vocabulary.labels.iter().map(|label| variable(&label.name)).collect();
    let known: Vec<String> = VARIABLES.iter().map(|name| (*name).to_owned()).chain(labels).collect();
    let mut budget = MOST_TRIALS_IN_ALL;
    for source in sources {
        let Some(index) = replies.by_file(&source.name) else { continue };
        let unknown = replies.unknown_variables(index, &source.text, &known);
        for missing in &unknown {
            let location = Location::new(source, missing.span.clone());
            problems.push_with(|| {
                Diagnostic::error(location, "replies have no such variable")
                    .found(format!("`{}`", missing.name))
                    .allowed(list(&known))
                    .hint_if(suggest(&missing.name, known.iter().map(String::as_str)))
            });
        }
        if unknown.is_empty() {
            let failed = try_rules(replies, index, trying, &mut budget);
            problems.extend(failed.map(|(error, hint)| diagnostic(source, &error).hint(hint)));
        }
    }
}

fn variable(label: &str) -> String {
    label.replace('-', "_")
}

/// Renders a template for the rules that use it; answers the first failure and when it happens.
fn try_rules(
    replies: &Replies,
    index: usize,
    trying: &Trying<'_>,
    budget: &mut usize,
) -> Option<(RenderError, String)> {
    let Trying { coverage, asks, vocabulary } = trying;
    for (position, rule) in coverage.iter().enumerate() {
        let uses = rule.reply.and_then(|reply| replies.name(reply)) == replies.name(index);
        if rule.reply.is_none() || !uses || *budget == 0 {
            continue;
        }
        let before = coverage.get(..position).unwrap_or_default();
        let mut trials = trials(rule, asks, vocabulary);
        trials.retain(|variables| !before.iter().any(|earlier| takes(earlier, variables, vocabulary)));
        *budget = budget.saturating_sub(trials.len().max(1));
        for variables in trials {
            if let Err(error) = replies.render(index, &variables) {
                let hours = &variables.hours;
                return Some((
                    error,
                    format!("it fails for the rule \"{}\" when hours are {hours}", rule.name),
                ));
            }
        }
    }
    None
}

/// Whether a rule surely takes a mail with these hours and labels, so that later rules never see it.
fn takes(rule: &Coverage, variables: &ReplyVariables, vocabulary: &Vocabulary<'_>) -> bool {
    rule.when.tests.iter().all(|test| match test.key {
        Key::Hours => test.admits(Some(&variables.hours)),
        Key::Label(index) => vocabulary.labels.get(index).is_some_and(|label| {
            let value = variables.labels.get(&variable(&label.name)).and_then(Option::as_deref);
            test.admits(value)
        }),
        Key::ClosedFor
        | Key::Plan
        | Key::Customer
        | Key::Desk
        | Key::Mailbox
        | Key::Conversation
        | Key::Automated
        | Key::Readable
        | Key::Authenticated
        | Key::Sender => false,
    })
}

/// Sample variables for every combination that the rule's conditions leave open, one label varied at a time.
fn trials(rule: &Coverage, asks: &[Ask], vocabulary: &Vocabulary<'_>) -> Vec<ReplyVariables> {
    let mut base = ReplyVariables {
        reference: "K7Q4-MX2P".into(),
        sender: "Anna".into(),
        sender_address: "anna@client.example".into(),
        subject: "A question".into(),
        desk: vocabulary.desks.first().cloned().unwrap_or_default(),
        hours_in_words: "Monday to Friday 08:00–20:00".into(),
        received_at: "Friday, 9 January 2026, 21:00 EST (02:00 UTC)".into(),
        conversation: "new".into(),
        target: rule.target.map(|target| target.to_string()),
        escalation: rule.alerts.first().map(|_| "on-call".to_owned()),
        ..ReplyVariables::default()
    };
    if rule.target.is_some_and(|target| target != Target::Unspecified) {
        base.respond_by = Some("Monday, 12 January 2026, 10:00 EST (15:00 UTC)".into());
    }
    let mut trials = Vec::new();
    for hours in ["open", "closed"] {
        let admitted = rule.when.test(Key::Hours).is_none_or(|test| test.admits(Some(hours)));
        if !admitted {
            continue;
        }
        let mut with_hours = base.clone();
        hours.clone_into(&mut with_hours.hours);
        if hours == "closed" {
            with_hours.closed_for = Some("night".into());
            with_hours.opens_at = Some("Monday, 12 January 2026, 08:00 EST (13:00 UTC)".into());
            with_hours.next_business_day = Some("on Monday, 12 January 2026".into());
        }
        for labels in label_choices(rule, vocabulary) {
            let mut quiet = with_hours.clone();
            quiet.labels = labels;
            let mut full = quiet.clone();
            full.mailbox = Some("support".into());
            full.asked_for = asks.iter().map(|ask| ask.question.clone()).collect();
            full.near_misses = vec![NearMissVariable { text: "urgnet".into(), keyword: "Urgent".into() }];
            trials.extend([quiet, full]);
        }
    }
    trials
}

fn label_choices(rule: &Coverage, vocabulary: &Vocabulary<'_>) -> Vec<BTreeMap<String, Option<String>>> {
    let admitted: Vec<(String, Vec<Option<String>>)> = vocabulary
        .labels
        .iter()
        .enumerate()
        .map(|(index, label)| {
            let mut values: Vec<Option<String>> = label.values.iter().cloned().map(Some).collect();
            if label.default.is_none() {
                values.push(None);
            }
            if let Some(test) = rule.when.test(Key::Label(index)) {
                values.retain(|value| test.admits(value.as_deref()));
            }
            (variable(&label.name), values)
        })
        .collect();
    let first: BTreeMap<_, _> =
        admitted.iter().map(|(name, values)| (name.clone(), values.first().cloned().flatten())).collect();
    let mut choices = vec![first.clone()];
    for (name, values) in &admitted {
        for value in values.iter().skip(1) {
            if choices.len() >= MOST_TRIALS / 4 {
                return choices;
            }
            let mut choice = first.clone();
            choice.insert(name.clone(), value.clone());
            choices.push(choice);
        }
    }
    choices
}
