//! `when`: keys and values checked against what the policy defines.

use std::collections::{HashMap, HashSet};

use super::super::condition::{AUTHENTICATED, CLOSED_FOR, CONVERSATIONS, FIXED_KEYS, HOURS};
use super::super::people::{AddressRule, SenderGlob};
use super::super::written::{When, WhenValue};
use super::super::{Condition, Customers, Key, Label, Lint, Matcher, Test};
use super::{Vocabulary, refusal};
use crate::base::diagnostic::{Diagnostic, suggest};
use crate::base::document::{At, Problems, clip, list};

/// Compiles a `when`; `unknown_yet` are the keys that have no value at the point where it is asked.
pub(super) fn condition(
    when: Option<&When>,
    vocabulary: &Vocabulary<'_>,
    unknown_yet: &[Key],
    problems: &mut Problems,
) -> Condition {
    let mut tests = Vec::new();
    for (name, value) in when.map(|when| when.entries.as_slice()).unwrap_or_default() {
        let Some(key) = key(name, vocabulary, problems) else { continue };
        if unknown_yet.contains(&key) {
            problems.push_with(|| Diagnostic::error(name.location(vocabulary.file), "this is not known yet when a desk is assigned")
                    .found(format!("`{}`", name.value))
                    .allowed("labels, plan, customer, mailbox, conversation, automated, readable, authenticated, sender"),
            );
            continue;
        }
        if let Some(matcher) = matcher(key, name, value, vocabulary, problems) {
            tests.push(Test { key, matcher, span: name.span.clone() });
        }
    }
    Condition { tests }
}

fn key(name: &At<String>, vocabulary: &Vocabulary<'_>, problems: &mut Problems) -> Option<Key> {
    if let Some(index) = vocabulary.labels.iter().position(|label| label.name == name.value) {
        return Some(Key::Label(index));
    }
    if let Some((_, key)) = FIXED_KEYS.iter().find(|(key, _)| *key == name.value) {
        return Some(*key);
    }
    let known: Vec<&str> = vocabulary
        .labels
        .iter()
        .map(|label| label.name.as_str())
        .chain(FIXED_KEYS.iter().map(|(key, _)| *key))
        .collect();
    problems.push_with(|| {
        Diagnostic::error(name.location(vocabulary.file), "a condition cannot look at this")
            .coded(Lint::UndefinedName.code())
            .found(format!("`{}`", clip(&name.value)))
            .allowed(list(&known))
            .hint_if(
                elsewhere(&name.value, vocabulary).or_else(|| suggest(&name.value, known.iter().copied())),
            )
    });
    None
}

/// Where that can be asked or written which is no condition.
fn elsewhere(key: &str, vocabulary: &Vocabulary<'_>) -> Option<String> {
    let own = || vocabulary.labels.first().map_or("urgency", |label| label.name.as_str());
    match key.to_lowercase().as_str() {
        "keyword" | "keywords" | "word" | "words" | "pattern" | "patterns" | "subject" | "body" | "text"
        | "contains" => Some(format!(
            "words are looked for by labels; a rule asks for the value, such as {{ {} = … }}",
            own()
        )),
        "day" | "weekday" | "time" | "at" | "date" | "week" => {
            Some("times stand in the calendar; a rule asks for `hours`, or for `closed_for`".to_owned())
        }
        "from" | "address" | "domain" => Some("did you mean `sender`?".to_owned()),
        "name" | "alert" | "defer" | "reply" | "respond_within" => Some(format!(
            "`{}` is part of the rule, not of its `when`: write when = {{ … }} on one line, or move the key above `[….when]`",
            clip(key)
        )),
        _ => None,
    }
}

/// What is usually meant by a value that no key has.
fn value_meant(value: &str, known: &[&str]) -> Option<String> {
    let without = value.trim_start_matches("not ").trim_start_matches(['!', '-']).trim();
    if without != value && known.contains(&without) {
        return Some(format!("did you mean {{ not = \"{}\" }}?", clip(without)));
    }
    let several: Vec<&str> = value.split([',', '|', '/']).map(str::trim).collect();
    if several.len() > 1 && several.iter().all(|value| known.contains(value)) {
        return Some(format!("each value in its own quotes: [\"{}\"]", clip(&several.join("\", \""))));
    }
    suggest(value, known.iter().copied())
}

fn matcher(
    key: Key,
    name: &At<String>,
    value: &WhenValue,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Option<Matcher> {
    let truth = matches!(key, Key::Automated | Key::Readable);
    match value {
        WhenValue::Is(is) if truth || nullable(key, vocabulary) => Some(Matcher::Is(is.value)),
        WhenValue::Is(is) => {
            problems.push_with(|| {
                Diagnostic::error(
                    is.location(vocabulary.file),
                    format!("`{}` is never true or false", name.value),
                )
                .found(format!("`{}`", is.value))
                .allowed(allowed_values(key, vocabulary))
            });
            None
        }
        WhenValue::AnyOf(values) | WhenValue::Not(values) if truth => {
            let shown = values.first()?;
            problems.push_with(|| {
                Diagnostic::error(
                    shown.location(vocabulary.file),
                    format!("`{}` is true or false", name.value),
                )
                .found(format!("\"{}\"", clip(&shown.value)))
                .allowed("`true` or `false`, without quotes")
            });
            None
        }
        WhenValue::AnyOf(values) if key == Key::Sender => {
            Some(Matcher::Sender(globs(values, vocabulary, problems)))
        }
        WhenValue::Not(values) if key == Key::Sender => {
            Some(Matcher::NotSender(globs(values, vocabulary, problems)))
        }
        WhenValue::AnyOf(values) => Some(Matcher::AnyOf(checked(key, name, values, vocabulary, problems))),
        WhenValue::Not(values) => Some(Matcher::Not(checked(key, name, values, vocabulary, problems))),
    }
}

fn nullable(key: Key, vocabulary: &Vocabulary<'_>) -> bool {
    match key {
        Key::Label(index) => vocabulary.labels.get(index).is_some_and(|label| label.default.is_none()),
        Key::ClosedFor | Key::Plan | Key::Customer | Key::Mailbox => true,
        Key::Hours
        | Key::Desk
        | Key::Conversation
        | Key::Automated
        | Key::Readable
        | Key::Authenticated
        | Key::Sender => false,
    }
}

fn globs(values: &[At<String>], vocabulary: &Vocabulary<'_>, problems: &mut Problems) -> Vec<SenderGlob> {
    let mut globs = Vec::new();
    for value in values {
        match SenderGlob::parse(&value.value) {
            Some(glob) => globs.push(glob),
            None => problems.push_with(|| {
                let allowed = "an address in which `*` stands for anything, such as \"*@vip.example\"";
                let host = value.value.trim().trim_start_matches('@');
                let is_host = AddressRule::parse(&format!("@{host}")).is_some();
                refusal(vocabulary.file, value, "this is no pattern for senders", allowed)
                    .hint_if(is_host.then(|| format!("did you mean \"*@{}\"?", clip(host))))
            }),
        }
    }
    globs
}

/// Every value that each key can have, gathered once for all conditions.
pub(super) struct KnownValues<'p>(HashMap<Key, Known<'p>>);

/// The values of one key, as they are listed and for looking one up.
#[derive(Default)]
struct Known<'p> {
    listed: Vec<&'p str>,
    set: HashSet<&'p str>,
}

impl<'p> KnownValues<'p> {
    pub(super) fn new(
        labels: &'p [Label],
        desks: &'p [String],
        mailboxes: &'p [String],
        customers: &'p Customers,
    ) -> Self {
        let mut known = KnownValues(HashMap::new());
        known.add(Key::Hours, HOURS);
        known.add(Key::ClosedFor, CLOSED_FOR);
        known.add(Key::Plan, customers.plans());
        known.add(Key::Customer, customers.rows().iter().map(|row| row.name.as_str()));
        known.add(Key::Desk, desks.iter().map(String::as_str));
        known.add(Key::Mailbox, mailboxes.iter().map(String::as_str));
        known.add(Key::Conversation, CONVERSATIONS);
        known.add(Key::Authenticated, AUTHENTICATED);
        for (index, label) in labels.iter().enumerate() {
            known.add(Key::Label(index), label.values.iter().map(String::as_str));
        }
        known
    }

    fn add(&mut self, key: Key, values: impl IntoIterator<Item = &'p str>) {
        let mut known = Known::default();
        for value in values {
            if known.set.insert(value) {
                known.listed.push(value);
            }
        }
        self.0.insert(key, known);
    }

    fn has(&self, key: Key, value: &str) -> bool {
        self.0.get(&key).is_some_and(|known| known.set.contains(value))
    }

    fn listed(&self, key: Key) -> &[&'p str] {
        self.0.get(&key).map_or(&[], |known| known.listed.as_slice())
    }
}

fn allowed_values(key: Key, vocabulary: &Vocabulary<'_>) -> String {
    let known = vocabulary.values.listed(key);
    if known.is_empty() { "nothing: this policy defines no such values".to_owned() } else { list(known) }
}

fn checked(
    key: Key,
    name: &At<String>,
    values: &[At<String>],
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) -> Vec<String> {
    for value in values {
        if !vocabulary.values.has(key, &value.value) {
            problems.push_with(|| {
                Diagnostic::error(
                    value.location(vocabulary.file),
                    format!("`{}` never has this value", name.value),
                )
                .coded(Lint::UndefinedName.code())
                .found(format!("\"{}\"", clip(&value.value)))
                .allowed(allowed_values(key, vocabulary))
                .hint_if(value_meant(&value.value, vocabulary.values.listed(key)))
            });
        }
    }
    values.iter().map(|value| value.value.clone()).collect()
}
