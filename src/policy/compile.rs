//! From a policy as written to a policy as meant: every name looked up, every value checked, all mistakes noted.
//!
//! The order follows what depends on what: hours, desks, labels, customers, escalations, replies, then the rules that
//! refer to all of them, and the examples last. A part that is wrong is left out and the rest is still checked.

mod conditions;
mod examples;
mod hours;
mod labels;
mod people;
mod repair;
mod replies;
mod rules;
mod word_lists;

use std::collections::HashMap;
use std::sync::Arc;

use super::files::TextFiles;
use super::written::{self, read_policy};
use super::{Files, Label, Lint, Origin, Policy};
use crate::base::diagnostic::{Diagnostic, Location, Severity, SourceFile};
use crate::base::document::{At, Problems, clip};
use crate::base::text::clean;

/// What came of compiling a folder.
#[derive(Debug)]
pub struct Outcome {
    /// The policy, when nothing was wrong.
    pub policy: Option<Policy>,
    /// Mistakes and warnings by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more mistakes were only counted.
    pub left_out: usize,
}

/// The name of the file that every policy folder has.
const POLICY_FILE: &str = "policy.toml";

/// The most things of one kind that a policy may have, where nothing else bounds them. Indices stay small, and a
/// generated policy cannot make one mail expensive.
const MOST_RULES: usize = 1_000;

/// Reads and checks a policy folder.
pub fn compile(files: &Files) -> Outcome {
    let mut problems = Problems::default();
    let mut texts = TextFiles::new(files);
    let policy = if texts.contains(POLICY_FILE) {
        texts
            .open(POLICY_FILE, &mut problems)
            .and_then(|(_, file)| read_policy(&file, &mut problems).map(|written| (file, written)))
            .and_then(|(file, written)| mean(&file, &written, texts, files, &mut problems))
    } else {
        let like = |name: &&str| name.to_lowercase().starts_with("policy.t");
        let nearly = texts.all_names().find(like).map(clip);
        problems.push_with(|| {
            let missing = Diagnostic::without_place(format!("there is no {POLICY_FILE} in this folder"));
            match nearly {
                Some(name) => missing.found(format!("`{name}`")).hint(format!("rename it to {POLICY_FILE}")),
                None => missing.hint(
                    "a policy folder holds policy.toml, replies/, and where needed holidays/, customers.csv, tests/",
                ),
            }
        });
        None
    };
    let (diagnostics, left_out) = problems.into_sorted();
    let sound = diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Warning);
    Outcome { policy: policy.filter(|_| sound), diagnostics, left_out }
}

fn mean(
    file: &Arc<SourceFile>,
    written: &written::Policy,
    mut texts: TextFiles<'_>,
    files: &Files,
    problems: &mut Problems,
) -> Option<Policy> {
    required(file, written, problems);
    let calendars = hours::calendars(file, &written.calendars, &mut texts, problems);
    let name = written.name.as_ref().filter(|name| Seen::new("policy").is_new(file, name, problems));
    let (desks, desk_names) = hours::desks(file, written, &calendars, problems);
    let lists = word_lists::WordLists::new(file, &written.words, problems);
    let (labels, words_without_asks) = labels::labels(file, written, &lists, problems);
    let beyond = written.mailboxes.get(MOST_RULES).map(|name| name.span.clone());
    at_most(file, "mailboxes", MOST_RULES, beyond, problems);
    let mailboxes = written.mailboxes.get(..MOST_RULES).unwrap_or(&written.mailboxes);
    let mailboxes = names(file, mailboxes, "mailbox", problems);
    let customers = people::customers(&written.customers, &desk_names, &mut texts, file, problems);
    let vocabulary = Vocabulary {
        file,
        labels: &labels,
        desks: &desk_names,
        mailboxes: &mailboxes,
        values: conditions::KnownValues::new(&labels, &desk_names, &mailboxes, &customers),
    };
    let assigns = hours::assigns(&written.assigns, &vocabulary, problems);
    let (asks, found) = rules::asks(&written.asks, &lists, &vocabulary, problems);
    let escalations = rules::escalations(&written.escalations, &vocabulary, problems);
    let (replies, sources) = replies::load(&mut texts, problems);
    let coverage = rules::coverage(&written.coverage, &vocabulary, &escalations, &replies, problems);
    let also = rules::also(&written.also, &vocabulary, &escalations, problems);
    let calendar_of = |desk: &super::Desk| calendars.get(desk.calendar);
    let never_opens: Vec<bool> = desks
        .iter()
        .map(|desk| calendar_of(desk).is_some_and(|calendar| calendar.calendar.week().is_empty()))
        .collect();
    let trying = replies::Trying {
        coverage: &coverage,
        also: &also,
        escalations: &escalations,
        asks: &asks,
        vocabulary: &vocabulary,
        never_opens: &never_opens,
    };
    replies::check(&replies, &sources, &trying, problems);
    let conversation = rules::conversation(&written.conversation, &vocabulary, problems);
    let uses_replies = written.coverage.iter().find_map(|rule| rule.reply.as_ref());
    let auto_reply = people::auto_reply(file, &written.auto_reply, uses_replies, problems);
    let identity = people::identity(file, written, problems);
    let context = examples::Context {
        coverage: &coverage,
        escalations: &escalations,
        replies: &replies,
        asks: &asks,
        identity: &identity,
    };
    let zone = desks.first().and_then(|desk| calendars.get(desk.calendar)).map(hours::Compiled::zone);
    let examples = examples::load(&vocabulary, &context, zone, &mut texts, problems);
    let (calendars, calendar_places) =
        calendars.into_iter().map(|calendar| (calendar.calendar, calendar.places)).unzip();
    Some(Policy {
        name: name.map_or_else(String::new, |name| name.value.clone()),
        digest: digest(files),
        mailboxes,
        identity,
        assigns,
        words: words_without_asks?.with_found(found?),
        accepted: rules::accepted(file, &written.accepts, problems),
        asks,
        coverage,
        also,
        escalations,
        conversation,
        auto_reply,
        replies,
        examples,
        customers,
        labels,
        desks,
        calendars,
        calendar_places,
        files: texts.into_opened(),
    })
}

/// Notes each section that every policy must have and that nobody even tried to write.
fn required(file: &Arc<SourceFile>, written: &written::Policy, problems: &mut Problems) {
    let sections = [
        ("calendar", "[[calendar]]", "at least one, with `name`, `time_zone` and `week`"),
        ("desk", "[[desk]]", "at least one, with `name` and `calendar`"),
        (
            "label",
            "label `urgency`",
            "at least one [[label.urgency]] with the words that the desk has published",
        ),
        (
            "coverage",
            "[[coverage]]",
            "at least one rule; the last one without `when`, so that it takes every mail",
        ),
    ];
    for (section, name, allowed) in sections {
        if !written.attempted.contains(&section) {
            problems.push_with(|| {
                Diagnostic::error(Location::new(file, 0..0), format!("this policy has no {name}"))
                    .allowed(allowed)
            });
        }
    }
}

/// What names may stand in a rule.
struct Vocabulary<'p> {
    file: &'p Arc<SourceFile>,
    labels: &'p [Label],
    desks: &'p [String],
    mailboxes: &'p [String],
    values: conditions::KnownValues<'p>,
}

/// Names the content of every file outside `tests/`, whether a rule reads it or not; order of files does not matter.
fn digest(files: &Files) -> String {
    let mut sorted: Vec<_> = files.files.iter().filter(|file| !file.name.starts_with("tests/")).collect();
    sorted.sort_by(|left, right| left.name.cmp(&right.name));
    let fields = sorted.iter().flat_map(|file| {
        let content = file.content.as_deref().unwrap_or_default();
        [file.name.as_bytes(), content]
    });
    crate::base::id::ContentKey::of(fields).to_string()
}

/// Where something of `policy.toml` stands; it is always the first file opened.
fn origin<T>(at: &At<T>) -> Origin {
    Origin { file: 0, span: at.span.clone() }
}

/// A list of names, each once and none empty.
fn names(file: &Arc<SourceFile>, written: &[At<String>], kind: &str, problems: &mut Problems) -> Vec<String> {
    let mut seen = Seen::new(kind);
    written.iter().filter(|name| seen.is_new(file, name, problems)).map(|name| name.value.clone()).collect()
}

/// Names of one kind seen so far, to refuse a second one.
struct Seen<'k> {
    kind: &'k str,
    lines: HashMap<String, usize>,
}

impl<'k> Seen<'k> {
    fn new(kind: &'k str) -> Self {
        Seen { kind, lines: HashMap::new() }
    }

    /// Notes a name that is empty, unreadable or there already.
    fn is_new(&mut self, file: &Arc<SourceFile>, name: &At<String>, problems: &mut Problems) -> bool {
        if name.value.trim().is_empty() || name.value.len() > 200 || *clean(&name.value) != *name.value {
            problems.push_with(|| {
                Diagnostic::error(name.location(file), format!("this is no name for a {}", self.kind))
                    .found(format!("\"{}\"", clip(&name.value)))
                    .allowed("1 to 200 bytes of text on one line, without control characters")
            });
            return false;
        }
        if let Some(line) = self.lines.get(&name.value) {
            problems.push_with(|| {
                let plural = if self.kind == "mailbox" { "es" } else { "s" };
                Diagnostic::error(
                    name.location(file),
                    format!("two {}{plural} have the same name", self.kind),
                )
                .found(format!("\"{}\", already on line {line}", clip(&name.value)))
                .allowed("a name that no other has")
            });
            return false;
        }
        self.lines.insert(name.value.clone(), file.line(name.span.start));
        true
    }
}

/// The index of a name among known ones; an unknown one is noted.
fn find<'n>(
    file: &Arc<SourceFile>,
    name: &At<String>,
    kind: &str,
    known: impl Iterator<Item = &'n str>,
    problems: &mut Problems,
) -> Option<usize> {
    find_or(file, name, (kind, None), known, problems)
}

/// [`find`], with what is said of an unknown name that is no slip of a known one.
fn find_or<'n>(
    file: &Arc<SourceFile>,
    name: &At<String>,
    (kind, hint): (&str, Option<String>),
    known: impl Iterator<Item = &'n str>,
    problems: &mut Problems,
) -> Option<usize> {
    let known: Vec<&str> = known.collect();
    let index = known.iter().position(|known| *known == name.value);
    if index.is_none() {
        let allowed = if known.is_empty() {
            format!("nothing yet: this policy defines no {kind}")
        } else {
            crate::base::document::list(&known)
        };
        problems.push_with(|| {
            Diagnostic::error(name.location(file), format!("there is no {kind} of this name"))
                .coded(Lint::UndefinedName.code())
                .found(format!("\"{}\"", clip(&name.value)))
                .allowed(allowed)
                .hint_if(hint.or_else(|| crate::base::diagnostic::suggest(&name.value, known)))
        });
    }
    index
}

/// Notes a value that is not of the form it must have.
fn malformed(file: &Arc<SourceFile>, value: &At<String>, what: &str, allowed: &str, problems: &mut Problems) {
    problems.push_with(|| refusal(file, value, what, allowed));
}

/// What is said of a value that is not of the form it must have.
fn refusal(file: &Arc<SourceFile>, value: &At<String>, what: &str, allowed: &str) -> Diagnostic {
    Diagnostic::error(value.location(file), what.to_owned())
        .found(format!("\"{}\"", clip(&value.value)))
        .allowed(allowed.to_owned())
}

/// Notes the first thing beyond what a policy may have of one kind; what stands there is not looked at.
fn at_most(
    file: &Arc<SourceFile>,
    kinds: &str,
    most: usize,
    beyond: Option<std::ops::Range<usize>>,
    problems: &mut Problems,
) {
    if let Some(span) = beyond {
        problems.push_with(|| {
            Diagnostic::error(Location::new(file, span), format!("this policy has too many {kinds}"))
                .allowed(format!("at most {most}"))
        });
    }
}
