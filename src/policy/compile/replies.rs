//! Reply templates: loaded, and rendered once for every way in which a rule can reach them.

mod promises;
mod slips;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::condition::CLOSED_FOR;
use super::super::files::TextFiles;
use super::super::reply::{NearMissVariable, VARIABLES};
use super::super::{
    Also, Ask, Coverage, Escalation, Key, Lint, RenderError, Replies, ReplyVariables, Target, Test,
};
use super::Vocabulary;
use crate::base::diagnostic::{Diagnostic, Location, Severity, SourceFile, suggest};
use crate::base::document::{Problems, list};

/// The most renderings that one rule's template is tried with.
const MOST_TRIALS: usize = 2_000;
/// The most renderings of a whole policy; a shipped one takes some hundred for each rule that replies.
const MOST_TRIALS_IN_ALL: usize = 20_000;
/// A template longer than this counts as so many more renderings.
const BYTES_OF_A_TRIAL: usize = 8 * 1024;

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
    for (file, base) in replies.break_variants_without_base() {
        let Some(source) = sources.iter().find(|source| source.name == file) else { continue };
        let first_line = Location::new(source, source.line_span(1));
        let lone = Diagnostic::error(first_line, "this is a variant of a reply that is not there");
        problems.push(lone.found(format!("no {base}")).allowed(format!(
            "`{base}` beside it, which everybody gets who asks for no language that there is"
        )));
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
    pub(super) also: &'p [Also],
    pub(super) escalations: &'p [Escalation],
    pub(super) asks: &'p [Ask],
    pub(super) vocabulary: &'p Vocabulary<'p>,
    /// Whether each desk is closed every day of its week.
    pub(super) never_opens: &'p [bool],
}

/// Checks every template: its variables, and that it renders for the rules that use it, in all its languages.
pub(super) fn check(
    replies: &Replies,
    sources: &[Arc<SourceFile>],
    trying: &Trying<'_>,
    problems: &mut Problems,
) {
    let labels: Vec<String> = trying.vocabulary.labels.iter().map(|label| variable(&label.name)).collect();
    let known: Vec<String> = VARIABLES.iter().map(|name| (*name).to_owned()).chain(labels).collect();
    let mut sound = BTreeMap::new();
    for source in sources {
        let Some(index) = replies.by_file(&source.name) else { continue };
        slips::note(source, &known, trying.vocabulary, problems);
        if replies.file(index) == Some(source.name.as_str()) {
            slips::second_subject(source, problems);
        }
        let unknown = replies.unknown_variables(&source.name, &source.text, &known);
        let (is_sound, length) = sound.entry(index).or_insert((true, 0));
        *is_sound &= unknown.is_empty();
        *length += source.text.len();
        for missing in unknown {
            problems.push_with(|| {
                Diagnostic::error(Location::new(source, missing.span), "replies have no such variable")
                    .coded(Lint::UndefinedName.code())
                    .found(format!("`{}`", missing.name))
                    .allowed(list(&known))
                    .hint_if(suggest(&missing.name, known.iter().map(String::as_str)))
            });
        }
    }
    let is_sound = |index| sound.get(&index).is_some_and(|(is_sound, _)| *is_sound);
    promises::compare(replies, sources, is_sound, problems);
    let mut budget = MOST_TRIALS_IN_ALL;
    for (index, (_, length)) in sound.into_iter().filter(|(_, (is_sound, _))| *is_sound) {
        let cost = 1 + length / BYTES_OF_A_TRIAL;
        let outcome = try_rules(replies, index, trying, (cost, &mut budget));
        let Err(failure) = outcome else { continue };
        let file = failure.error.as_ref().map_or(replies.file(index), |error| Some(error.file.as_str()));
        let Some(source) = sources.iter().find(|source| Some(source.name.as_str()) == file) else { continue };
        problems.push(match &failure.error {
            Some(error) => diagnostic(source, error).hint(failure.when),
            None => not_tried(source, failure.when),
        });
    }
}

fn not_tried(source: &Arc<SourceFile>, why: String) -> Diagnostic {
    let first_line = Location::new(source, source.line_span(1));
    let message = "this reply template was not tried for every outcome that its rules allow";
    let warning = Diagnostic::error(first_line, message).found(why);
    Diagnostic { severity: Severity::Warning, ..warning }
}

fn variable(label: &str) -> String {
    label.replace('-', "_")
}

/// A rendering that failed or was not tried, and when it would happen.
struct Failure {
    error: Option<RenderError>,
    when: String,
}

/// Renders a template for the rules that use it, until the first failure or until the budget is spent.
fn try_rules(
    replies: &Replies,
    index: usize,
    trying: &Trying<'_>,
    (cost, budget): (usize, &mut usize),
) -> Result<(), Failure> {
    for (position, rule) in trying.coverage.iter().enumerate() {
        let uses = rule.reply.and_then(|reply| replies.name(reply)) == replies.name(index);
        if rule.reply.is_none() || !uses {
            continue;
        }
        let before = trying.coverage.get(..position).unwrap_or_default();
        let mut trials = trials(rule, trying);
        let is_cut = trials.len() > MOST_TRIALS;
        trials.truncate(MOST_TRIALS);
        trials.retain(|variables| !before.iter().any(|earlier| takes(earlier, variables, trying.vocabulary)));
        for variables in &trials {
            let Some(left) = budget.checked_sub(cost) else {
                let when = format!("the trials of all templates are used up at the rule \"{}\"", rule.name);
                return Err(Failure { error: None, when });
            };
            *budget = left;
            if let Err(error) = replies.render(index, variables) {
                return Err(Failure { error: Some(error), when: told(rule, variables) });
            }
        }
        if is_cut {
            let when = format!("more than {MOST_TRIALS} outcomes of the rule \"{}\"", rule.name);
            return Err(Failure { error: None, when });
        }
    }
    Ok(())
}

/// When a rendering failed: the hours, and what is not as in most mails.
fn told(rule: &Coverage, variables: &ReplyVariables) -> String {
    let mut told = format!("it fails for the rule \"{}\" when hours are {}", rule.name, variables.hours);
    if variables.hours == "closed" && variables.opens_at.is_none() {
        told.push_str(" for good");
    }
    if variables.conversation != "new" {
        told.push_str(", `conversation` is ");
        told.push_str(&variables.conversation);
    }
    if !rule.alerts.is_empty() && variables.escalation.is_none() {
        told.push_str(", and no alert starts");
    }
    told
}

/// Whether a rule surely takes a mail with these variables, so that later rules never see it.
fn takes(rule: &Coverage, variables: &ReplyVariables, vocabulary: &Vocabulary<'_>) -> bool {
    rule.when.tests.iter().all(|test| match test.key {
        Key::Hours => test.admits(Some(&variables.hours)),
        Key::ClosedFor => test.admits(variables.closed_for.as_deref()),
        Key::Conversation => test.admits(Some(&variables.conversation)),
        Key::Mailbox => test.admits(variables.mailbox.as_deref()),
        Key::Label(index) => vocabulary.labels.get(index).is_some_and(|label| {
            let value = variables.labels.get(&variable(&label.name)).and_then(Option::as_deref);
            test.admits(value)
        }),
        Key::Plan
        | Key::Customer
        | Key::Desk
        | Key::Automated
        | Key::Readable
        | Key::Authenticated
        | Key::Sender => false,
    })
}

/// Sample variables for what the rule's conditions leave open: with usual labels every combination of the rest, with
/// every other choice of labels the emptiest and the fullest of it.
fn trials(rule: &Coverage, trying: &Trying<'_>) -> Vec<ReplyVariables> {
    let labels = label_choices(rule, trying.vocabulary);
    let extras = extras(rule, trying);
    let emptiest = (0..extras.len()).min_by_key(|index| extras.get(*index).map(Extras::filled));
    let fullest = (0..extras.len()).max_by_key(|index| extras.get(*index).map(Extras::filled));
    let mut trials = Vec::new();
    for hours in hours(rule, trying) {
        for (index, extras) in extras.iter().enumerate() {
            let is_outermost = [emptiest, fullest].contains(&Some(index));
            for labels in labels.iter().take(if is_outermost { usize::MAX } else { 1 }) {
                // Cut by the caller, who says so.
                if trials.len() > MOST_TRIALS {
                    return trials;
                }
                let mut variables = hours.clone();
                variables.labels.clone_from(labels);
                extras.fill(&mut variables);
                trials.push(variables);
            }
        }
    }
    trials
}

/// Variables for every kind of hours, nothing else filled in.
fn hours(rule: &Coverage, trying: &Trying<'_>) -> Vec<ReplyVariables> {
    let vocabulary = trying.vocabulary;
    let admits = |key, value| rule.when.test(key).is_none_or(|test: &Test| test.admits(value));
    let mut desks = vocabulary.desks.iter().zip(trying.never_opens);
    let desks: Vec<_> = desks.by_ref().filter(|(name, _)| admits(Key::Desk, Some(name.as_str()))).collect();
    let promised = rule.target.filter(|target| *target != Target::Unspecified);
    let base = ReplyVariables {
        reference: "K7Q4-MX2P".into(),
        sender: "Anna".into(),
        sender_address: "anna@client.example".into(),
        subject: "A question".into(),
        desk: desks.first().map(|(name, _)| (*name).clone()).unwrap_or_default(),
        hours_in_words: "Monday to Friday 08:00–20:00".into(),
        received_at: "Friday, 9 January 2026, 21:00 EST (02:00 UTC)".into(),
        target: promised.map(|target| target.to_string()),
        respond_by: promised.map(|_| "Monday, 12 January 2026, 10:00 EST (15:00 UTC)".into()),
        ..ReplyVariables::default()
    };
    let mut kinds = Vec::new();
    if admits(Key::Hours, Some("open")) && admits(Key::ClosedFor, None) {
        kinds.push(ReplyVariables { hours: "open".into(), ..base.clone() });
    }
    for closed_for in CLOSED_FOR {
        if !admits(Key::Hours, Some("closed")) || !admits(Key::ClosedFor, Some(closed_for)) {
            continue;
        }
        let closed = ReplyVariables {
            hours: "closed".into(),
            closed_for: Some(closed_for.into()),
            opens_at: Some("Monday, 12 January 2026, 08:00 EST (13:00 UTC)".into()),
            next_business_day: Some("on Monday, 12 January 2026".into()),
            ..base.clone()
        };
        kinds.push(closed.clone());
        let by_hours = matches!(rule.target, Some(Target::BusinessTime { .. } | Target::BusinessDays(_)));
        // A week without hours is closed for the weekend every day.
        if closed_for == "weekend" && desks.iter().any(|(_, never)| **never) {
            let respond_by = closed.respond_by.clone().filter(|_| !by_hours);
            kinds.push(ReplyVariables { opens_at: None, next_business_day: None, respond_by, ..closed });
        }
    }
    kinds
}

/// What besides hours and labels may differ from mail to mail.
struct Extras {
    conversation: &'static str,
    escalation: Option<String>,
    mailbox: Option<String>,
    asked_for: Vec<String>,
    near_misses: Vec<NearMissVariable>,
}

impl Extras {
    /// How much of what may be empty is not.
    fn filled(&self) -> usize {
        usize::from(self.escalation.is_some())
            + usize::from(self.mailbox.is_some())
            + self.asked_for.len()
            + self.near_misses.len()
    }

    fn fill(&self, variables: &mut ReplyVariables) {
        self.conversation.clone_into(&mut variables.conversation);
        variables.escalation.clone_from(&self.escalation);
        variables.mailbox.clone_from(&self.mailbox);
        variables.asked_for.clone_from(&self.asked_for);
        variables.near_misses.clone_from(&self.near_misses);
    }
}

fn extras(rule: &Coverage, trying: &Trying<'_>) -> Vec<Extras> {
    let questions: Vec<String> = trying.asks.iter().map(|ask| ask.question.clone()).collect();
    let mut asked: Vec<Vec<String>> = [0, 1, questions.len()]
        .iter()
        .filter_map(|count| questions.get(..*count))
        .map(<[String]>::to_vec)
        .collect();
    asked.dedup();
    let near = NearMissVariable { text: "urgnet".into(), keyword: "Urgent".into() };
    let mut extras = Vec::new();
    for (conversation, escalation) in alerting(rule, trying) {
        for mailbox in mailboxes(rule, trying.vocabulary) {
            for asked_for in &asked {
                for near_misses in [Vec::new(), vec![near.clone()]] {
                    extras.push(Extras {
                        conversation,
                        escalation: escalation.clone(),
                        mailbox: mailbox.clone(),
                        asked_for: asked_for.clone(),
                        near_misses,
                    });
                }
            }
        }
    }
    extras
}

/// The ways of a mail in its conversation, each with the alerts that may start: of a new mail what the rule says or an
/// `also` adds, of others perhaps none, since they alert only for news.
fn alerting(rule: &Coverage, trying: &Trying<'_>) -> Vec<(&'static str, Option<String>)> {
    let name = |index: &usize| trying.escalations.get(*index).map(|escalation| escalation.name.clone());
    let own = rule.alerts.first().and_then(name);
    let added = trying.also.iter().find_map(|also| also.alerts.first()).and_then(name);
    let mut ways = Vec::new();
    // Answers and mail that came in before are never replied to.
    for conversation in ["new", "follow-up", "raised", "reopened"] {
        if rule.when.test(Key::Conversation).is_some_and(|test| !test.admits(Some(conversation))) {
            continue;
        }
        if let Some(escalation) = own.as_ref().or(added.as_ref()) {
            ways.push((conversation, Some(escalation.clone())));
        }
        if own.is_none() || conversation != "new" {
            ways.push((conversation, None));
        }
    }
    ways
}

/// A mailbox and none, as far as the rule allows.
fn mailboxes(rule: &Coverage, vocabulary: &Vocabulary<'_>) -> Vec<Option<String>> {
    let admits = |name: Option<&str>| rule.when.test(Key::Mailbox).is_none_or(|test| test.admits(name));
    let named = vocabulary.mailboxes.iter().find(|name| admits(Some(name))).cloned();
    let none = admits(None).then_some(None);
    none.into_iter().chain(named.map(Some)).collect()
}

/// The first value of every label, then each label's other values one at a time, then the last of every label.
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
    let all = |pick: fn(&[Option<String>]) -> Option<&Option<String>>| -> BTreeMap<_, _> {
        admitted.iter().map(|(name, values)| (name.clone(), pick(values).cloned().flatten())).collect()
    };
    let first = all(<[_]>::first);
    let mut choices = vec![first.clone(), all(<[_]>::last)];
    for (name, values) in &admitted {
        for value in values.iter().skip(1) {
            if choices.len() > MOST_TRIALS {
                return choices;
            }
            let mut choice = first.clone();
            choice.insert(name.clone(), value.clone());
            choices.push(choice);
        }
    }
    choices.dedup();
    choices
}
