//! Asks, coverage, also, escalations, and how follow-ups are treated.

use std::sync::Arc;

use jiff::SignedDuration;

use super::super::target::{TARGET_FORM, parse_target};
use super::super::written;
use super::super::{
    Accepted, Also, Ask, Conversation, Coverage, Escalation, EscalationStep, GroupBy, Lint, Origin,
    RaiseClock, Replies,
};
use super::conditions::condition;
use super::labels::patterns;
use super::word_lists::WordLists;
use super::{Seen, Vocabulary, at_most, find, find_or, malformed, origin, refusal, repair};
use crate::base::diagnostic::{Diagnostic, SourceFile, suggest};
use crate::base::document::{At, Problems, clip, list};
use crate::base::duration::{DURATION_FORM, parse_duration};
use crate::lexicon::Patterns;

pub(super) fn asks(
    written: &[written::Ask],
    lists: &WordLists,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> (Vec<Ask>, Option<Patterns>) {
    let file = vocabulary.file;
    let mut seen = Seen::new("ask");
    let (mut asks, mut sources, mut places) = (Vec::new(), Vec::new(), Vec::new());
    let beyond = written.get(super::MOST_RULES).map(|ask| ask.place.span.clone());
    at_most(file, "asks", super::MOST_RULES, beyond, problems);
    for ask in written.iter().take(super::MOST_RULES) {
        let when = condition(ask.when.as_ref(), vocabulary, &[], problems);
        let start = sources.len();
        for found in &ask.found {
            sources.push(lists.put_into(file, found, problems));
            places.push(At::new((), found.span.clone()));
        }
        let (Some(name), Some(question)) = (&ask.name, &ask.question) else { continue };
        if !seen.is_new(file, name, problems) {
            continue;
        }
        if question.value.trim().is_empty() {
            malformed(file, question, "this asks nothing", "a question in words", problems);
        }
        asks.push(Ask {
            name: name.value.clone(),
            when,
            found: start..sources.len(),
            question: question.value.trim().to_owned(),
            origin: origin(name),
        });
    }
    let found = patterns(file, &sources, &places, problems);
    (asks, found)
}

pub(super) fn escalations(
    written: &[written::Escalation],
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Vec<Escalation> {
    let file = vocabulary.file;
    let mut seen = Seen::new("escalation");
    let beyond = written.get(super::MOST_RULES).map(|one| one.place.span.clone());
    at_most(file, "escalations", super::MOST_RULES, beyond, problems);
    let mut escalations = Vec::new();
    for escalation in written.iter().take(super::MOST_RULES) {
        let Some(name) = escalation.name.as_ref().filter(|name| seen.is_new(file, name, problems)) else {
            continue;
        };
        let mut optional =
            |text: &Option<At<String>>| text.as_ref().and_then(|text| duration(text, vocabulary, problems));
        let repeat_every = optional(&escalation.repeat_every);
        let remind_before = optional(&escalation.remind_before);
        let give_up_after = optional(&escalation.give_up_after).unwrap_or(SignedDuration::from_hours(24));
        too_often(escalation, repeat_every, vocabulary, problems);
        escalations.push(Escalation {
            name: name.value.clone(),
            pages: escalation.pages.as_ref().is_some_and(|pages| pages.value),
            steps: steps(escalation, vocabulary, problems),
            repeat_every,
            remind_before,
            group_by: group_by(&escalation.group_by, vocabulary, problems),
            give_up_after,
            origin: origin(&escalation.place),
        });
    }
    escalations
}

fn duration(
    text: &At<String>,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Option<SignedDuration> {
    let parsed = parse_duration(&text.value);
    if parsed.is_none() {
        problems.push_with(|| no_duration(vocabulary.file, text));
    }
    parsed
}

/// What is said of a duration that cannot be read.
pub(super) fn no_duration(file: &Arc<SourceFile>, text: &At<String>) -> Diagnostic {
    refusal(file, text, "this is no duration", DURATION_FORM).hint_if(repair::duration(&text.value))
}

/// A pager that rings every second helps nobody, and an escalation that gives up at once tells nobody anything.
fn too_often(
    escalation: &written::Escalation,
    repeat_every: Option<SignedDuration>,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) {
    if let (Some(written), Some(every)) = (&escalation.repeat_every, repeat_every)
        && every < SignedDuration::from_mins(1)
    {
        malformed(vocabulary.file, written, "an alert cannot repeat so often", "\"1m\" or more", problems);
    }
    let gives_up = escalation.give_up_after.as_ref();
    if let Some(written) = gives_up.filter(|text| parse_duration(&text.value) == Some(SignedDuration::ZERO)) {
        malformed(
            vocabulary.file,
            written,
            "this gives up before anybody can come",
            "more than \"0m\"",
            problems,
        );
    }
}

/// Every step becomes a row of the store when its escalation starts.
const MOST_STEPS: usize = 100;

fn steps(
    escalation: &written::Escalation,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Vec<EscalationStep> {
    let file = vocabulary.file;
    let mut steps: Vec<EscalationStep> = Vec::new();
    if escalation.steps_written && escalation.steps.is_empty() {
        problems.push_with(|| {
            Diagnostic::error(escalation.place.location(file), "this escalation tells nobody")
                .found("no steps")
                .allowed("at least one step, such as [{ after = \"0m\", notify = [\"pager\"] }]")
        });
    }
    let beyond = escalation.steps.get(MOST_STEPS).map(|step| step.place.span.clone());
    at_most(file, "steps in one escalation", MOST_STEPS, beyond, problems);
    for step in escalation.steps.iter().take(MOST_STEPS) {
        if step.notify.is_empty() && !step.is_broken {
            problems.push_with(|| {
                Diagnostic::error(step.place.location(file), "this step tells nobody")
                    .allowed("at least one channel in `notify`")
            });
        }
        let Some(text) = &step.after else { continue };
        let Some(after) = duration(text, vocabulary, problems) else { continue };
        if steps.last().is_some_and(|before| before.after >= after) {
            malformed(
                file,
                text,
                "steps must follow each other in time",
                "a later time than the step before",
                problems,
            );
        }
        if steps.is_empty() && after != SignedDuration::ZERO {
            malformed(file, text, "the first step must start at once", "\"0m\"", problems);
        }
        steps.push(EscalationStep { after, notify: super::names(file, &step.notify, "channel", problems) });
    }
    steps
}

fn group_by(written: &[At<String>], vocabulary: &Vocabulary<'_>, problems: &mut Problems) -> Vec<GroupBy> {
    let mut group_by = Vec::new();
    for key in written {
        let label = vocabulary.labels.iter().position(|label| label.name == key.value);
        let by = match (key.value.as_str(), label) {
            ("customer", _) => Some(GroupBy::Customer),
            ("desk", _) => Some(GroupBy::Desk),
            ("mailbox", _) => Some(GroupBy::Mailbox),
            (_, Some(label)) => Some(GroupBy::Label(label)),
            (_, None) => None,
        };
        if by.is_none() {
            let known = vocabulary.labels.iter().map(|label| label.name.as_str());
            find(vocabulary.file, key, "label", known.chain(["customer", "desk", "mailbox"]), problems);
        }
        group_by.extend(by);
    }
    group_by
}

pub(super) fn coverage(
    written: &[written::Coverage],
    vocabulary: &Vocabulary<'_>,
    escalations: &[Escalation],
    replies: &Replies,
    problems: &mut Problems,
) -> Vec<Coverage> {
    let file = vocabulary.file;
    let mut seen = Seen::new("coverage rule");
    let beyond = written.get(super::MOST_RULES).map(|rule| rule.place.span.clone());
    at_most(file, "coverage rules", super::MOST_RULES, beyond, problems);
    let mut coverage = Vec::new();
    for rule in written.iter().take(super::MOST_RULES) {
        let when = condition(rule.when.as_ref(), vocabulary, &[], problems);
        let mut escalation = |name: &At<String>| self::escalation(file, name, escalations, problems);
        let alerts: Vec<usize> = rule.alert.iter().filter_map(&mut escalation).collect();
        let defer = rule.defer.as_ref().and_then(&mut escalation);
        let reply = rule
            .reply
            .as_ref()
            .and_then(|name| {
                let hint = template(&name.value, replies);
                find_or(file, name, ("reply template", hint), replies.names(), problems)
            })
            .and_then(|_| replies.find(&rule.reply.as_ref()?.value));
        let target = rule.respond_within.as_ref().and_then(|text| {
            let target = parse_target(&text.value);
            if target.is_none() {
                problems.push_with(|| {
                    refusal(file, text, "this is no response target", TARGET_FORM)
                        .hint_if(repair::target(&text.value))
                });
            }
            target
        });
        let Some(name) = rule.name.as_ref().filter(|name| seen.is_new(file, name, problems)) else {
            continue;
        };
        let origin = Origin { file: 0, span: rule.place.span.clone() };
        coverage.push(Coverage { name: name.value.clone(), when, alerts, defer, reply, target, origin });
    }
    coverage
}

/// The escalation of this name.
fn escalation(
    file: &Arc<SourceFile>,
    name: &At<String>,
    escalations: &[Escalation],
    problems: &mut Problems,
) -> Option<usize> {
    let tells = |one: &&Escalation| one.steps.iter().any(|step| step.notify.contains(&name.value));
    let hint = escalations.iter().find(tells).map(|one| {
        format!("`{}` is a channel; the escalation that tells it is `{}`", clip(&name.value), clip(&one.name))
    });
    let known = escalations.iter().map(|one| one.name.as_str());
    find_or(file, name, ("escalation", hint), known, problems)
}

/// What a template is called that was named like its file.
fn template(name: &str, replies: &Replies) -> Option<String> {
    let bare = name.trim_start_matches("replies/").trim_end_matches(".txt").trim_end_matches(".html");
    let known = bare != name && replies.names().any(|known| known == bare);
    known.then(|| format!("the name without folder and ending: \"{}\"", clip(bare)))
}

pub(super) fn also(
    written: &[written::Also],
    vocabulary: &Vocabulary<'_>,
    escalations: &[Escalation],
    problems: &mut Problems,
) -> Vec<Also> {
    let file = vocabulary.file;
    let mut seen = Seen::new("also rule");
    let mut also = Vec::new();
    let beyond = written.get(super::MOST_RULES).map(|rule| rule.place.span.clone());
    at_most(file, "also rules", super::MOST_RULES, beyond, problems);
    for rule in written.iter().take(super::MOST_RULES) {
        let when = condition(rule.when.as_ref(), vocabulary, &[], problems);
        let alerts =
            rule.alert.iter().filter_map(|name| escalation(file, name, escalations, problems)).collect();
        let Some(name) = rule.name.as_ref().filter(|name| seen.is_new(file, name, problems)) else {
            continue;
        };
        also.push(Also { name: name.value.clone(), when, alerts, origin: origin(&rule.place) });
    }
    also
}

pub(super) fn conversation(
    written: &written::Conversation,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Conversation {
    let file = vocabulary.file;
    let names = || vocabulary.labels.iter().map(|label| label.name.as_str());
    let inherit = written
        .inherit
        .iter()
        .filter_map(|name| {
            let label = find(file, name, "label", names(), problems)?;
            if name.value == "urgency" {
                let allowed = "other labels: an urgent case does not make its follow-ups urgent";
                malformed(file, name, "urgency never inherits", allowed, problems);
            }
            if matches!(vocabulary.labels.get(label)?.kind, super::super::LabelKind::Matrix { .. }) {
                malformed(
                    file,
                    name,
                    "a matrix cannot inherit",
                    "the labels that the matrix is computed from",
                    problems,
                );
            }
            Some(label)
        })
        .collect();
    let raise_clock = match written.raise_clock.as_ref().map(|text| (text, text.value.as_str())) {
        None | Some((_, "raise")) => RaiseClock::Raise,
        Some((_, "creation")) => RaiseClock::Creation,
        Some((text, _)) => {
            malformed(
                file,
                text,
                "the clock of a raised case cannot start there",
                "\"raise\" or \"creation\"",
                problems,
            );
            RaiseClock::Raise
        }
    };
    let reopen_within = written
        .reopen_within
        .as_ref()
        .and_then(|text| duration(text, vocabulary, problems))
        .unwrap_or(SignedDuration::from_hours(24 * 30));
    Conversation { inherit, raise_clock, reopen_within }
}

pub(super) fn accepted(
    file: &Arc<SourceFile>,
    written: &[written::Accept],
    problems: &mut Problems,
) -> Vec<Accepted> {
    written
        .iter()
        .filter_map(|accept| {
            let (lint, reason) = (accept.lint.as_ref()?, accept.reason.as_ref()?);
            let known = Lint::parse(&lint.value);
            match known {
                Some(known) if known.is_acceptable() => {}
                Some(_) => malformed(file, lint, "this cannot be accepted", &acceptable(), problems),
                None => unknown_code(file, lint, problems),
            }
            if reason.value.trim().is_empty() {
                malformed(file, reason, "this is no reason", "why it is meant, in words", problems);
            }
            Some(Accepted { lint: known?, reason: reason.value.clone(), origin: origin(lint) })
        })
        .collect()
}

fn acceptable() -> String {
    let codes: Vec<&str> =
        Lint::ALL.into_iter().filter(|lint| lint.is_acceptable()).map(Lint::code).collect();
    list(&codes)
}

fn unknown_code(file: &Arc<SourceFile>, code: &At<String>, problems: &mut Problems) {
    problems.push_with(|| {
        Diagnostic::error(code.location(file), "this is no code of a lint")
            .found(format!("\"{}\"", clip(&code.value)))
            .allowed(acceptable())
            .hint_if(suggest(&code.value, Lint::ALL.map(Lint::code)))
    });
}
