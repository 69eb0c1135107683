//! The architecture as a test: which module may know which, and which outside crate is at home where.
//!
//! The tables stand in `rules`, what a source file mentions is found by `mentions`, and `check` holds the one against
//! the other. `snippets` shows that the checker can fail.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod check;
mod mentions;
mod rules;
mod snippets;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use check::Place;
use mentions::Facts;
use toml::de::{DeTable, DeValue};

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A source file with the module that it is.
struct Source {
    place: Place,
    facts: Facts,
    text: String,
    is_test: bool,
}

/// Every file that the crate consists of, found as the compiler finds it: from `lib.rs` and `main.rs` down.
fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for (file, module) in [("src/lib.rs", Vec::new()), ("src/main.rs", vec!["main".to_owned()])] {
        let mut waiting = vec![(file.to_owned(), module, false)];
        while let Some((file, module, is_test)) = waiting.pop() {
            let text = text_of(&root().join(&file));
            let facts =
                mentions::facts(&module, &text, is_test).unwrap_or_else(|error| panic!("{file}: {error}"));
            for child in &facts.children {
                let flat = format!("src/{}.rs", child.module.join("/"));
                let nested = format!("src/{}/mod.rs", child.module.join("/"));
                let found = if root().join(&flat).is_file() { flat } else { nested };
                waiting.push((found, child.module.clone(), child.is_test));
            }
            sources.push(Source { place: Place { file, module }, facts, text, is_test });
        }
    }
    sources
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![root().join(folder)];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).expect("a folder that can be listed") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} findings:\n\n{}\n", findings.len(), findings.join("\n\n"));
}

#[test]
fn modules_know_only_what_lies_below_them() {
    let findings: Vec<String> =
        sources().iter().flat_map(|source| check::findings(&source.place, &source.facts)).collect();
    assert_none(&findings);
}

#[test]
fn every_file_belongs_to_the_crate() {
    let reached: BTreeSet<String> = sources().into_iter().map(|source| source.place.file).collect();
    let findings: Vec<String> = rust_files("src")
        .iter()
        .map(|path| shown(path))
        .filter(|file| !reached.contains(file))
        .map(|file| format!("{file}: no `mod` leads to this file"))
        .collect();
    assert_none(&findings);
}

#[test]
fn every_dependency_has_a_home_and_lives_there() {
    let dependencies = dependencies();
    let used: BTreeSet<String> = sources().iter().flat_map(|source| source.facts.outside_crates()).collect();
    let mut findings = Vec::new();
    for name in &dependencies {
        match rules::OUTSIDE.iter().find(|outside| outside.name == name) {
            None => findings
                .push(format!("Cargo.toml: `{name}` has no entry in OUTSIDE of tests/architecture/rules.rs")),
            Some(outside) if !outside.homes.is_empty() && !used.contains(name) => {
                findings.push(format!("Cargo.toml: nothing uses `{name}`"));
            }
            Some(_) => {}
        }
    }
    for outside in rules::OUTSIDE.iter().filter(|outside| !dependencies.contains(outside.name)) {
        findings.push(format!("tests/architecture/rules.rs: `{}` is no dependency any more", outside.name));
    }
    assert_none(&findings);
}

/// The names by which Cargo.toml brings in crates, as paths spell them.
fn dependencies() -> BTreeSet<String> {
    let text = text_of(&root().join("Cargo.toml"));
    let manifest = DeTable::parse(&text).expect("Cargo.toml is TOML");
    let mut names = BTreeSet::new();
    let mut add = |table: &DeTable<'_>| {
        if let Some(DeValue::Table(found)) = table.get("dependencies").map(toml::Spanned::get_ref) {
            names.extend(found.keys().map(|name| name.get_ref().replace('-', "_")));
        }
    };
    add(manifest.get_ref());
    if let Some(DeValue::Table(targets)) = manifest.get_ref().get("target").map(toml::Spanned::get_ref) {
        for target in targets.values() {
            if let DeValue::Table(target) = target.get_ref() {
                add(target);
            }
        }
    }
    names
}

#[test]
fn files_say_what_they_are() {
    let findings: Vec<String> = rust_files("src")
        .into_iter()
        .chain(rust_files("tests"))
        .filter(|path| !text_of(path).starts_with("//! "))
        .map(|path| format!("{}:1: the file does not open with `//!`, which says what it is", shown(&path)))
        .collect();
    assert_none(&findings);
}

#[test]
fn files_fit_into_a_head() {
    let findings: Vec<String> = sources()
        .iter()
        .filter(|source| !source.is_test)
        .filter_map(|source| {
            let lines = source.text.lines().count() - source.facts.test_lines;
            let most = rules::MOST_LINES;
            (lines > most)
                .then(|| format!("{}: {lines} lines without tests, at most {most}", source.place.file))
        })
        .collect();
    assert_none(&findings);
}

#[test]
fn the_map_of_the_house_shows_the_same_layers() {
    let map = text_of(&root().join("src/lib.rs"));
    let mut listed = Vec::new();
    for row in map.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let Some((layer, rest)) = row.split_once(" | ") else { continue };
        let (Ok(layer), Some(name)) = (layer.parse::<u8>(), rest.split('`').nth(1)) else { continue };
        listed.push((name.to_owned(), layer));
    }
    assert!(!listed.is_empty(), "src/lib.rs has no table of layers");
    let mut findings: Vec<String> = listed
        .iter()
        .filter(|(name, layer)| rules::layer_of(name) != Some(*layer))
        .map(|(name, layer)| format!("src/lib.rs: `{name}` stands on layer {layer}, in rules.rs it does not"))
        .collect();
    for source in sources().iter().filter(|source| source.place.module.len() == 1) {
        let name = source.place.module.concat();
        if name != "main" && !listed.iter().any(|(known, _)| *known == name) {
            findings.push(format!("src/lib.rs: the table of layers lacks `{name}`"));
        }
    }
    assert_none(&findings);
}
