//! `rules/README.md` as a test: every block is tried as what it shows, and every table of names has the names of the
//! code.

use std::fs;

use nightdesk::base::diagnostic::Severity;

use crate::frame::{FILES, around};
use crate::program::nightdesk;
use crate::{allowed, compiled, sorted};

const PAGE: &str = include_str!("../../rules/README.md");

/// A fenced block: its language, its text, and the line that it begins on.
struct Block {
    language: String,
    text: String,
    line: usize,
}

fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in (1..).zip(PAGE.lines()) {
        if let Some(language) = line.strip_prefix("```") {
            open = !open;
            if open {
                blocks.push(Block { language: language.to_owned(), text: String::new(), line: number });
            }
        } else if open && let Some(block) = blocks.last_mut() {
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    assert!(!open, "a block does not end");
    blocks
}

/// A block of examples rather than of `policy.toml`.
fn is_test(block: &Block) -> bool {
    block.text.lines().any(|line| line.starts_with("[[test"))
}

#[test]
fn every_block_is_of_a_kind_that_is_tried() {
    let blocks = blocks();
    for block in &blocks {
        let known = ["toml", "console", "jinja", "csv", "text"];
        assert!(known.contains(&block.language.as_str()), "line {}: ```{}", block.line, block.language);
    }
    assert!(blocks.iter().filter(|block| block.language == "toml").count() >= 12);
}

#[test]
fn every_piece_of_a_policy_is_taken_without_a_mistake() {
    for block in blocks().iter().filter(|block| block.language == "toml" && !is_test(block)) {
        let policy = around(&block.text);
        let mut files = vec![("policy.toml", policy.as_str())];
        files.extend(FILES);
        let outcome = compiled(&files);
        let mistakes: Vec<_> =
            outcome.diagnostics.iter().filter(|found| found.severity == Severity::Error).collect();
        assert!(mistakes.is_empty(), "line {}: {mistakes:#?}\n{policy}", block.line);
    }
}

#[test]
fn every_example_passes() {
    let blocks = blocks();
    let examples = blocks.iter().filter(|block| is_test(block));
    let mut tried = 0;
    for block in examples {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        };
        for (name, text) in FILES {
            write(name, text);
        }
        write("policy.toml", &around(""));
        write("tests/readme.toml", &block.text);
        let output = nightdesk().arg("test").arg(folder.path()).output().expect("the program runs");
        let answer = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "line {}: {answer}", block.line);
        tried += 1;
    }
    assert!(tried > 0);
}

/// Commands exist, with the options that the page shows.
#[test]
fn every_command_exists() {
    let mut tried = 0;
    for block in blocks().iter().filter(|block| block.language == "console") {
        for line in block.text.lines().filter_map(|line| line.trim().strip_prefix("nightdesk ")) {
            let mut words = line.split_whitespace();
            let command = words.next().expect("a command");
            let output = nightdesk().args([command, "--help"]).output().expect("the program runs");
            let help = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(0), "{line}");
            for option in words.filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{line}: no {option} in\n{help}");
            }
            tried += 1;
        }
    }
    assert!(tried >= 3, "{tried}");
}

/// The names in the first column of the table whose header begins with `first`.
fn column(first: &str) -> Vec<String> {
    let header = format!("| {first} |");
    let rows = PAGE.lines().skip_while(|line| !line.starts_with(&header)).skip(2);
    let cells = rows.map_while(|line| line.strip_prefix("| ")).filter_map(|row| row.split(" | ").next());
    sorted(cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned))
}

fn allowed_by(mistake: &str, policy: &str, more: &[(&str, &str)]) -> Vec<String> {
    let mut files = vec![("policy.toml", policy)];
    files.extend(more.iter().chain(&FILES).copied());
    let outcome = compiled(&files);
    let told = outcome.diagnostics.iter().find(|found| found.message == mistake);
    let labels = ["urgency", "topic", "impact"];
    let names = allowed(told.unwrap_or_else(|| panic!("{mistake}: {:?}", outcome.diagnostics)));
    sorted(names.into_iter().filter(|name| !labels.contains(&name.as_str())))
}

#[test]
fn the_tables_of_conditions_variables_and_expectations_are_whole() {
    let policy = around("[[also]]\nname = \"a\"\nwhen = { zzz = true }\nalert = \"on-call\"\n");
    assert_eq!(column("condition"), allowed_by("a condition cannot look at this", &policy, &[]));
    let rule = "[[coverage]]\nname = \"a\"\nreply = \"zzz\"\n";
    let template = [("replies/zzz.txt", "Subject: A\n\n{{ zzz }}\n")];
    let variables = allowed_by("replies have no such variable", &around(rule), &template);
    assert_eq!(column("variable"), variables);
    let test = "[[test]]\nname = \"a\"\nat = \"2026-01-14 10:00\"\nexpect = { zzz = true }\n";
    let expectations = allowed_by("a test cannot expect this", &around(""), &[("tests/zzz.toml", test)]);
    let column = column("expectation");
    let missing: Vec<_> = expectations.iter().filter(|name| !column.contains(name)).collect();
    assert!(missing.is_empty(), "not in the table: {missing:?}");
}
