//! One mistake per folder of `fixtures/bad-policies`, and exactly what `check` says about it.

use std::path::PathBuf;
use std::sync::LazyLock;

use crate::program::{nightdesk, root};
use crate::{assert_all, entries, name};

/// Mistakes that stand nowhere: a file that is not there has no line.
const WITHOUT_PLACE: [&str; 3] =
    ["missing-policy-file", "policy-file-in-capitals", "policy-file-with-two-endings"];

/// Mistakes of the syntax of TOML and of templates, which the libraries put into words of their own.
const SAYS_ENOUGH: [&str; 5] =
    ["toml-duplicate-key", "toml-syntax", "toml-too-deep", "template-include", "template-syntax"];

/// A folder with a mistake, and what `check` says.
struct Checked {
    folder: PathBuf,
    code: Option<i32>,
    text: String,
    complaints: String,
}

/// All of them, each checked once.
static ALL: LazyLock<Vec<Checked>> = LazyLock::new(|| {
    let folders = entries(&root().join("fixtures/bad-policies"));
    assert!(!folders.is_empty(), "fixtures/bad-policies is empty");
    folders.into_iter().filter(|folder| folder.is_dir()).map(checked).collect()
});

fn checked(folder: PathBuf) -> Checked {
    let policy = format!("fixtures/bad-policies/{}", name(&folder));
    let output = nightdesk().args(["check", "--policy", &policy]).output().expect("the program runs");
    Checked {
        folder,
        code: output.status.code(),
        text: String::from_utf8(output.stdout).expect("UTF-8"),
        complaints: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn every_mistake_is_told_word_for_word() {
    assert_all(ALL.iter().map(|checked| (checked.folder.join("expected.txt"), checked.text.as_str())));
}

#[test]
fn a_mistake_is_a_negative_answer_on_stdout() {
    for checked in ALL.iter() {
        let name = name(&checked.folder);
        assert_eq!(checked.code, Some(1), "{name}: the exit code");
        assert_eq!(checked.complaints, "", "{name}: stderr");
        assert!(!checked.text.contains('\u{1b}'), "{name}: an escape sequence without a terminal");
    }
}

#[test]
fn one_mistake_is_not_told_as_many() {
    for checked in ALL.iter() {
        let told = checked.text.lines().filter(|line| line.starts_with("error")).count();
        assert!((1..=2).contains(&told), "{}: {told} mistakes\n{}", name(&checked.folder), checked.text);
    }
}

#[test]
fn the_place_of_a_mistake_is_named() {
    for checked in ALL.iter() {
        let name = name(&checked.folder);
        let place = checked.text.lines().find_map(|line| line.trim_start().strip_prefix("--> "));
        if WITHOUT_PLACE.contains(&name.as_str()) {
            assert_eq!(place, None, "{name}");
            continue;
        }
        let place = place.unwrap_or_else(|| panic!("{name}: no place\n{}", checked.text));
        let parts: Vec<&str> = place.split(':').collect();
        let [file, line, column] = parts.as_slice() else { panic!("{name}: {place} is not file:line:col") };
        assert!(checked.folder.join(file).is_file(), "{name}: {file} is no file of the policy");
        let numbers = [line, column].map(|number| number.parse::<usize>());
        assert!(
            numbers.iter().all(|number| number.as_ref().is_ok_and(|number| *number > 0)),
            "{name}: {place}"
        );
    }
}

#[test]
fn what_is_allowed_is_said_or_a_hint_given() {
    for checked in ALL.iter().filter(|checked| !SAYS_ENOUGH.contains(&name(&checked.folder).as_str())) {
        let helps = checked.text.contains("= allowed: ") || checked.text.contains("= hint: ");
        assert!(helps, "{}: neither what is allowed nor a hint\n{}", name(&checked.folder), checked.text);
    }
}
