//! The checker can fail: small files, each with what must be said about it.

use crate::check::{Place, findings};
use crate::mentions::facts;

/// What is said about a source text that stands in a module.
fn said(module: &str, text: &str) -> Vec<String> {
    let path: Vec<String> = module.split("::").map(str::to_owned).collect();
    let facts = facts(&path, text, false).expect("Rust");
    findings(&Place { file: format!("{module}.rs"), module: path }, &facts)
}

/// A module, a text in it, the line of the finding and words of it.
const BAD: &[(&str, &str, usize, &str)] = &[
    ("mail", "//! a\nuse crate::policy::Policy;", 2, "points up: `mail` is on layer 1, `policy` on 2"),
    ("mail", "use crate::lexicon;", 1, "points sideways"),
    ("mail", "use crate::{base::id, lexicon::{self}};", 1, "`crate::lexicon::self` points sideways"),
    ("mail", "use crate::lexicon as words;", 1, "points sideways"),
    ("mail", "use super::lexicon::fold;", 1, "points sideways"),
    ("mail::html", "use super::super::lexicon::fold;", 1, "points sideways"),
    ("mail", "mod inner {\n use super::super::lexicon::fold; }", 2, "points sideways"),
    ("mail", "fn f() -> crate::policy::Policy { loop {} }", 1, "points up"),
    ("mail", "fn f() { g(crate::policy::read) }", 1, "points up"),
    ("mail", "fn f() { json!({ \"a\": [crate::policy::read()] }) }", 1, "points up"),
    ("mail", "m! { use crate::{base, policy::{Policy}}; }", 1, "`crate::policy::Policy` points up"),
    ("mail", "#[derive(crate::policy::Derive)] struct A;", 1, "points up"),
    ("mail", "#[cfg(test)] mod tests { use crate::policy::Policy; }", 1, "points up"),
    ("base", "struct A(Vec<Option<crate::mail::Address>>);", 1, "nothing of this crate but itself"),
    ("mail", "use crate::*;", 1, "from the root of the crate"),
    ("mail", "use crate as all;", 1, "from the root of the crate"),
    ("mail", "use super::*;", 1, "from the root of the crate"),
    ("mail", "extern crate regex;", 1, "without `extern crate`"),
    ("mail", "#[path = \"../policy.rs\"] mod policy;", 1, "without `#[path]`"),
    ("mail", "use regex::Regex as Pattern;", 1, "`regex` in lexicon, policy"),
    ("mail::html", "fn f(mail: &mail_parser::Message) {}", 1, "`mail_parser` in mail::parser"),
    ("cli", "use {std::fs, toml::de::DeTable};", 1, "`toml` in base::document"),
    ("cli", "fn f() { println!(\"{}\", minijinja::render()) }", 1, "`minijinja` in policy::reply"),
    ("lexicon", "#[derive(serde::Serialize)] struct A;", 1, "`serde` in base, "),
    ("decision", "#[clap::command] struct A;", 1, "`clap` in cli"),
    ("casework", "use std::{collections::HashMap, fs::File};", 1, "pure code reads no files"),
    ("policy", "fn f() { std::env::var(\"A\"); }", 1, "pure code reads no environment"),
    ("policy", "fn f() { println!(\"a\") }", 1, "pure code writes nothing"),
    ("policy", "fn f() { vec![dbg!(1)]; }", 1, "pure code writes nothing"),
    ("policy", "use std::io;", 1, "pure code reads and writes nothing"),
    ("policy", "use std::io::{Read, Stdin};", 1, "`std::io::Stdin`"),
    ("decision", "fn f() { jiff::Timestamp::now(); }", 1, "reads the clock"),
    ("base", "fn f() { Timestamp::now(); }", 1, "allowed: in base::clock"),
    ("decision", "use std::time::{Duration, Instant};", 1, "time is an argument"),
    ("calendar", "fn f() { jiff::tz::TimeZone::system(); }", 1, "chosen, not found"),
    ("service", "fn f() { tokio::spawn(async {}); }", 1, "`tokio::spawn` starts what nobody owns"),
    ("imap", "use tokio::task::{self, spawn};", 1, "`tokio::task::spawn` starts"),
    ("store", "fn f() { task::spawn_blocking(|| {}); }", 1, "or a `JoinSet` of the caller"),
    ("cli", "fn f() { std::thread::spawn(|| {}); }", 1, "starts what nobody owns"),
    ("manager", "", 1, "has no layer"),
];

#[test]
fn wrong_files_are_refused_with_line_and_reason() {
    for (module, text, line, words) in BAD {
        let said = said(module, text);
        let [finding] = said.as_slice() else {
            panic!("one finding about {text:?} in {module}, not {said:?}")
        };
        assert!(finding.contains(words), "{text:?} in {module}: {finding}");
        let place =
            if *module == "manager" { "manager.rs: ".to_owned() } else { format!("{module}.rs:{line}: ") };
        assert!(finding.starts_with(&place), "{text:?} in {module}: {finding}");
    }
}

/// A module and a text that nothing is wrong with.
const GOOD: &[(&str, &str)] = &[
    ("policy", "use crate::{base::diagnostic::Diagnostic, mail, calendar::{Calendar, Week as Days}};"),
    ("policy::compile", "use super::words::Words; use super::super::mail::Address;"),
    (
        "mail",
        "//! See [`crate::policy`].\n/// And [`crate::cli`].\n// use crate::cli;\nfn f() -> &'static str { \"crate::cli::x\" }",
    ),
    ("mail", "mod inner { use super::*; fn f() { self::g(); super::h(); } }"),
    (
        "mail",
        "#[cfg(test)] mod tests { use super::*; use std::fs; fn f() { println!(\"a\"); std::fs::read(\"a\"); } }",
    ),
    ("mail", "use std::io::BufRead as _; use std::time::Duration;"),
    ("base::clock", "fn now() -> Timestamp { Timestamp::now() }"),
    ("mail", "fn f(regex: u8, now: u8) -> u8 { regex + self::now() }"),
    ("cli::output", "fn f() { anstream::println!(\"a\"); std::io::stdout(); }"),
    ("sources", "use std::fs; use crate::policy::Files;"),
    (
        "service",
        "fn f(tasks: &mut tokio::task::JoinSet<()>) { tasks.spawn(async {}); tasks.spawn_blocking(|| {}); }",
    ),
    ("service", "#[cfg(test)] mod tests { fn f() { tokio::spawn(async {}); } }"),
    ("sources", "fn f() { std::thread::scope(|scope| { scope.spawn(|| {}); }); }"),
];

#[test]
fn right_files_pass() {
    for (module, text) in GOOD {
        assert_eq!(said(module, text), Vec::<String>::new(), "{text:?} in {module}");
    }
}

#[test]
fn lines_of_inline_tests_are_told_apart() {
    let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
    let facts = facts(&["mail".to_owned()], text, false).expect("Rust");
    assert_eq!(facts.test_lines, 3);
}
