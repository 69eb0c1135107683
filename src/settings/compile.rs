//! From merged layers to settings: every name looked up, every value checked, all mistakes noted.

mod account;
mod channel;
mod mailbox;

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;

use super::layers::{Layers, merge};
use super::node::{Content, Node, Section, note};
use super::values::{Values, is_loopback};
use super::{Account, Http, Limits, Mailbox, Ops, Settings, Store, Written};
use crate::base::diagnostic::{Diagnostic, Severity, suggest};
use crate::base::document::{Problems, clip, list};
use crate::base::duration::{RATE_FORM, Rate, parse_rate};

/// What came of reading the settings.
#[derive(Debug)]
pub struct Outcome {
    /// The settings, when nothing was wrong.
    pub settings: Option<Settings>,
    /// Where the database is, as soon as that much is right: what ops must see and switch at once does not wait for
    /// the mistake that somebody made elsewhere.
    pub store: Option<Store>,
    /// Mistakes and warnings by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more mistakes were only counted.
    pub left_out: usize,
}

/// Where the database is when nobody says: what `StateDirectory=nightdesk` makes.
const DEFAULT_STORE: &str = "/var/lib/nightdesk/nightdesk.db";

/// Automatic replies over all mailboxes, in an hour. A busy desk stays below; a loop does not.
const DEFAULT_BREAKER: Rate = Rate { count: 300, per: SignedDuration::from_hours(1) };

/// Mail in memory, over all mailboxes.
const DEFAULT_MEMORY: usize = 32 * 1024 * 1024;

/// Reads and checks settings.
pub fn compile(layers: &Layers) -> Outcome {
    let mut problems = Problems::default();
    problems.extend(layers.unreadable.iter().cloned());
    let root = merge(layers, &mut problems);
    // Half the layers would only make follow-up mistakes.
    let is_whole = layers.unreadable.is_empty() && !problems.is_not_toml();
    let mut values = Values { folder: &layers.folder, problems: &mut problems };
    let (store, settings) = if is_whole { mean(&root, &mut values) } else { (None, None) };
    let (diagnostics, left_out) = problems.into_sorted();
    let sound =
        left_out == 0 && diagnostics.iter().all(|diagnostic| diagnostic.severity == Severity::Warning);
    Outcome { settings: settings.filter(|_| sound), store, diagnostics, left_out }
}

fn mean(root: &Node, values: &mut Values<'_>) -> (Option<Store>, Option<Settings>) {
    let root = root.section("the settings", values.problems);
    let store = store(&root, values);
    let (account_names, accounts) = named(&root, "account", values);
    let accounts: Vec<Option<Account>> = accounts.iter().map(|row| account::account(row, values)).collect();
    let known = Accounts { names: &account_names, rows: &accounts };
    let (channel_names, channels) = named(&root, "channel", values);
    let channels: Vec<_> = channels.iter().map(|row| channel::channel(row, &known, values)).collect();
    let (_, rows) = named(&root, "mailbox", values);
    let mailboxes: Vec<Option<Mailbox>> =
        rows.iter().map(|row| mailbox::mailbox(row, &known, values)).collect();
    if rows.is_empty() {
        note(
            root.place,
            "there is no [[mailbox]]: nothing would be watched",
            values.problems,
            |diagnostic| diagnostic.hint("name at least one [[account]] and one [[mailbox]]"),
        );
    }
    mailbox::twice(&mailboxes, &known, values.problems);
    let http = http(&root, values);
    let limits = limits(&root, values);
    let ops = ops(&root, &channel_names, values);
    let whole = || {
        Some(Settings {
            store: store.clone()?,
            accounts: accounts.into_iter().collect::<Option<_>>()?,
            mailboxes: mailboxes.into_iter().collect::<Option<_>>()?,
            channels: channels.into_iter().collect::<Option<_>>()?,
            http,
            limits,
            ops,
        })
    };
    let settings = whole();
    (store, settings)
}

/// The accounts there are; one that is wrong has a name all the same.
struct Accounts<'a> {
    names: &'a [String],
    rows: &'a [Option<Account>],
}

impl Accounts<'_> {
    fn find(&self, section: &Section<'_>, problems: &mut Problems) -> Option<usize> {
        let node = section.required("account", "the name of an [[account]]", problems)?;
        index_of(node, "account", self.names, problems)
    }
}

/// The rows of a kind and how they are called.
fn named<'n>(root: &Section<'n>, kind: &str, values: &mut Values<'_>) -> (Vec<String>, Vec<Section<'n>>) {
    let Some(node) = root.get(kind) else { return (Vec::new(), Vec::new()) };
    let Content::Table(rows) = &node.content else { return (Vec::new(), Vec::new()) };
    let sections = rows.iter().map(|(name, row)| {
        let called = if name.starts_with('\0') {
            format!("`[[{kind}]]`")
        } else {
            format!("the {kind} \"{}\"", clip(name))
        };
        (name.clone(), row.section(called, values.problems))
    });
    sections.unzip()
}

/// The name of a row; layers have already been told apart by it.
fn name_of(section: &Section<'_>, allowed: &str, problems: &mut Problems) -> Option<Written<String>> {
    let name = section.required_text("name", allowed, problems)?;
    if name.value.len() > 200 || *crate::base::text::clean(&name.value) != *name.value {
        section.get("name")?.malformed(
            "this is no name",
            "1 to 200 bytes of text on one line, without control characters",
            problems,
        );
        return None;
    }
    Some(name)
}

/// The index of a name among known ones; an unknown one is noted.
fn index_of(node: &Node, kind: &str, known: &[String], problems: &mut Problems) -> Option<usize> {
    let name = node.text(problems)?;
    let index = known.iter().position(|known| *known == name);
    if index.is_none() {
        let names: Vec<&str> =
            known.iter().map(String::as_str).filter(|name| !name.starts_with('\0')).collect();
        let allowed =
            if names.is_empty() { format!("nothing yet: there is no [[{kind}]]") } else { list(&names) };
        note(&node.place, &format!("there is no {kind} of this name"), problems, |diagnostic| {
            diagnostic.found(format!("\"{}\"", clip(&name))).allowed(allowed).hint_if(suggest(&name, names))
        });
    }
    index
}

/// One of some words.
fn one_of<T: Copy>(node: &Node, words: &[(&str, T)], what: &str, problems: &mut Problems) -> Option<T> {
    let text = node.text(problems)?;
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, meant)| *meant);
    if found.is_none() {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        note(&node.place, what, problems, |diagnostic| {
            let quoted: Vec<String> = known.iter().map(|word| format!("\"{word}\"")).collect();
            diagnostic
                .found(format!("\"{}\"", clip(&text)))
                .allowed(quoted.join(", "))
                .hint_if(suggest(&text, known))
        });
    }
    found
}

fn store(root: &Section<'_>, values: &mut Values<'_>) -> Option<Store> {
    const FORM: &str = "\"sqlite:///absolute/path\", or \"sqlite:path\" from the folder of the settings";
    let default = || Store { path: PathBuf::from(DEFAULT_STORE) };
    let Some(node) = root.get("store") else { return Some(default()) };
    let section = node.section("[store]", values.problems);
    section.only(&["url"], &["keep"], values.problems);
    let Some(node) = section.get("url") else { return Some(default()) };
    let url = node.text(values.problems)?;
    if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        note(&node.place, "PostgreSQL is not yet in this version", values.problems, |diagnostic| {
            diagnostic.allowed(FORM)
        });
        return None;
    }
    let path = url.strip_prefix("sqlite:").map(|rest| rest.strip_prefix("//").unwrap_or(rest));
    let path = path.filter(|path| {
        !path.is_empty() && !path.ends_with('/') && !path.contains(['?', '#']) && *path != ":memory:"
    });
    let Some(path) = path.filter(|path| !path.contains(char::is_control)) else {
        node.malformed("this names no database", FORM, values.problems);
        return None;
    };
    Some(Store { path: values.folder.join(path) })
}

fn http(root: &Section<'_>, values: &mut Values<'_>) -> Http {
    const FORM: &str = "an address of this machine itself and a port, such as \"127.0.0.1:9120\"";
    let nobody = Http { listen: None };
    let Some(node) = root.get("http") else { return nobody };
    let section = node.section("[http]", values.problems);
    section.only(&["listen"], &["public_url"], values.problems);
    let Some(node) = section.get("listen") else { return nobody };
    let Some(text) = node.text(values.problems) else { return nobody };
    let Ok(address) = text.parse::<std::net::SocketAddr>() else {
        node.malformed("this is no address to listen on", FORM, values.problems);
        return nobody;
    };
    if !is_loopback(&address.ip().to_string()) {
        note(&node.place, "health and metrics are for this machine only", values.problems, |diagnostic| {
            diagnostic
                .found(format!("\"{}\"", clip(&text)))
                .allowed(FORM)
                .hint("a reverse proxy can show them to others")
        });
        return nobody;
    }
    Http { listen: Some(address) }
}

fn limits(root: &Section<'_>, values: &mut Values<'_>) -> Limits {
    let mut limits = Limits { breaker: DEFAULT_BREAKER, memory: DEFAULT_MEMORY };
    let Some(node) = root.get("limits") else { return limits };
    let section = node.section("[limits]", values.problems);
    section.only(&["breaker", "memory"], &[], values.problems);
    if let Some(node) = section.get("breaker")
        && let Some(text) = node.text(values.problems)
    {
        limits.breaker = parse_rate(&text).unwrap_or_else(|| {
            node.malformed("this is no rate", RATE_FORM, values.problems);
            DEFAULT_BREAKER
        });
    }
    limits.memory = values.size(&section, "memory", DEFAULT_MEMORY);
    limits
}

fn ops(root: &Section<'_>, channels: &[String], values: &mut Values<'_>) -> Ops {
    let mut alarm = Vec::new();
    if let Some(node) = root.get("ops") {
        let section = node.section("[ops]", values.problems);
        section.only(&["alarm"], &["heartbeat"], values.problems);
        let elements = section
            .get("alarm")
            .map(|node| node.elements("a list of channels, such as [\"ops-mail\"]", values.problems));
        for element in elements.unwrap_or_default() {
            let Some(index) = index_of(&element, "channel", channels, values.problems) else {
                return Ops { alarm };
            };
            if !alarm.contains(&index) {
                alarm.push(index);
            }
        }
    }
    if alarm.is_empty() && !values.problems.is_full() {
        let message = "nobody is told when the service itself is in trouble";
        values.problems.push(Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::without_place(message).hint("name channels in [ops]: alarm = [\"ops-mail\"]")
        });
    }
    Ops { alarm }
}

/// A time that is never negative.
fn positive(duration: SignedDuration) -> Duration {
    duration.unsigned_abs()
}
