//! How well the words of the shipped policies catch what people write. `fixtures/phrasings/<policy>/<label>.<value>.txt`
//! holds sentences that should give the label this value, `ordinary.txt` questions that should give none; whoever wrote
//! them had not seen the words. Each line is the body of a mail, which is read and decided as any other.
//!
//! The first lines of a list were there to improve the words by; the rest never was looked at for that, and so tells
//! how the words do with sentences that nobody has seen.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use nightdesk::decision::{Decision, Reading, Standing, decide, read};
use nightdesk::mail::Source;
use nightdesk::policy::{Policy, compile};
use nightdesk::sources::policy_folder;

use crate::program::root;
use crate::{assert_all, entries, name};

/// How many lines of a list the words may be improved by.
const SEEN: usize = 60;
/// How many lines a list has.
const LINES: usize = 100;
/// The list of questions that should give no value but the default.
const ORDINARY: &str = "ordinary";
/// When the mails come in; words do not depend on it.
const AT: &str = "2026-01-14T12:00:00Z";

/// One list.
struct List {
    /// `label.value`, or [`ORDINARY`].
    name: String,
    lines: Vec<String>,
}

/// A line that did not come out as it should: its number from one on, and why.
struct Miss {
    line: usize,
    why: String,
}

fn lists(folder: &Path) -> Vec<List> {
    let read = |path: &Path| {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.lines().map(str::to_owned).collect()
    };
    let list = |path: &Path| List { name: name(path).trim_end_matches(".txt").to_owned(), lines: read(path) };
    entries(folder).iter().map(|path| list(path)).collect()
}

fn policy(folder: &Path) -> Policy {
    let files = policy_folder(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let outcome = compile(&files);
    outcome.policy.unwrap_or_else(|| panic!("{}: {:?}", folder.display(), outcome.diagnostics))
}

fn decided(line: &str, policy: &Policy) -> (Reading, Decision) {
    let mail = format!(
        "From: Customer <customer@client.example>\r\nTo: support@example.com\r\nSubject: Question\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{line}\r\n"
    );
    let at = AT.parse().expect("an instant");
    let reading = read(&Source::Whole(mail.as_bytes()), policy, None);
    let decision = decide(&reading, &Standing::default(), policy, at, at);
    (reading, decision)
}

/// The value of a label, and what gave it.
fn value(label: &str, line: &str, policy: &Policy) -> (Option<String>, String) {
    let (reading, decision) = decided(line, policy);
    let index = policy.label(label).unwrap_or_else(|| panic!("{}: no label {label}", policy.name));
    let outcome = decision.labels.get(index).expect("an outcome of each label");
    let texts: Vec<String> = outcome
        .hits
        .iter()
        .filter_map(|hit| reading.hits.get(*hit))
        .map(|hit| format!("{:?}", hit.text))
        .collect();
    let value = outcome.value.and_then(|value| policy.value(index, value));
    (value.map(str::to_owned), texts.join(", "))
}

/// What a label is without any words: its default, or nothing.
fn default(label: &str, policy: &Policy) -> Option<String> {
    value(label, "Hello.", policy).0
}

fn misses(list: &List, labels: &BTreeSet<&str>, policy: &Policy) -> Vec<Miss> {
    let mut misses = Vec::new();
    for (line, text) in (1..).zip(&list.lines) {
        if let Some((label, wanted)) = list.name.split_once('.') {
            let (got, by) = value(label, text, policy);
            if got.as_deref() != Some(wanted) {
                let by = if by.is_empty() { by } else { format!(" by {by}") };
                misses.push(Miss { line, why: format!("{}{by}", got.as_deref().unwrap_or("nothing")) });
            }
            continue;
        }
        for label in labels {
            let (got, by) = value(label, text, policy);
            if got != default(label, policy) {
                misses.push(Miss { line, why: format!("{label} {} by {by}", got.unwrap_or_default()) });
            }
        }
    }
    misses
}

/// How many of some lines came out right.
fn right(lines: RangeInclusive<usize>, misses: &[Miss]) -> usize {
    lines.filter(|line| misses.iter().all(|miss| miss.line != *line)).count()
}

fn report(folder: &Path, lists: &[List]) -> String {
    let mut text = format!("{}\n", name(folder));
    if !folder.exists() {
        return text + "  there is no such policy\n";
    }
    let policy = policy(folder);
    let labels: BTreeSet<&str> = lists.iter().filter_map(|list| Some(list.name.split_once('.')?.0)).collect();
    for list in lists {
        let wrong = misses(list, &labels, &policy);
        let (seen, unseen) = (right(1..=SEEN, &wrong), right(SEEN + 1..=LINES, &wrong));
        let rest = LINES - SEEN;
        writeln!(text, "  {}: {seen} of {SEEN} right, {unseen} of the {rest} unseen", list.name)
            .expect("text");
        for Miss { line, why } in &wrong {
            let said = list.lines.get(line - 1).map_or("", String::as_str);
            writeln!(text, "    {line}: {why}\n      {said}").expect("text");
        }
    }
    text
}

#[test]
fn the_words_of_the_shipped_policies_catch_what_people_write() {
    let folders: Vec<_> =
        entries(&root().join("fixtures/phrasings")).into_iter().filter(|path| path.is_dir()).collect();
    let reports: Vec<String> = folders
        .iter()
        .map(|folder| report(&root().join("rules").join(name(folder)), &lists(folder)))
        .collect();
    assert_all([(root().join("fixtures/phrasings/expected.txt"), reports.join("\n").as_str())]);
}

#[test]
fn every_list_has_its_policy_and_all_its_lines() {
    for folder in entries(&root().join("fixtures/phrasings")).iter().filter(|path| path.is_dir()) {
        assert!(
            root().join("rules").join(name(folder)).is_dir(),
            "there is no policy rules/{}",
            name(folder)
        );
        for List { name: list, lines } in lists(folder) {
            let mut different: Vec<&String> = lines.iter().filter(|line| !line.trim().is_empty()).collect();
            different.sort_unstable();
            different.dedup();
            assert_eq!(
                (lines.len(), different.len()),
                (LINES, LINES),
                "{}, {list}: lines, and different ones",
                name(folder)
            );
            assert!(
                list == ORDINARY || list.contains('.'),
                "{}, {list}: neither a value nor ordinary",
                name(folder)
            );
        }
    }
}
