//! One mistake per folder of `fixtures/bad-settings`, and exactly what `check` says about it. A file `environment`
//! beside the settings holds variables, `NAME=value`, one a line.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use crate::program::{nightdesk, root};
use crate::{assert_all, entries, name};

/// Settings with a mistake, and what `check` says.
struct Checked {
    folder: PathBuf,
    code: Option<i32>,
    text: String,
    complaints: String,
}

/// All of them, each checked once.
static ALL: LazyLock<Vec<Checked>> = LazyLock::new(|| {
    let folders = entries(&root().join("fixtures/bad-settings"));
    assert!(folders.len() >= 30, "fixtures/bad-settings is nearly empty");
    folders.into_iter().filter(|folder| folder.is_dir()).map(checked).collect()
});

fn checked(folder: PathBuf) -> Checked {
    let mut command = nightdesk();
    let settings = format!("fixtures/bad-settings/{}/nightdesk.toml", name(&folder));
    command.args(["check", "--config", &settings]);
    let environment = fs::read_to_string(folder.join("environment")).unwrap_or_default();
    command.envs(environment.lines().filter_map(|line| line.split_once('=')));
    let output = command.output().expect("the program runs");
    // Paths in the settings become whole ones, which begin differently on every machine.
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let text = text.replace(&format!("{}/", root().display()), "");
    Checked {
        folder,
        code: output.status.code(),
        text,
        complaints: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn every_mistake_in_settings_is_told_word_for_word() {
    assert_all(ALL.iter().map(|checked| (checked.folder.join("expected.txt"), checked.text.as_str())));
}

#[test]
fn a_mistake_in_settings_is_a_negative_answer_on_stdout() {
    for checked in ALL.iter() {
        let name = name(&checked.folder);
        assert_eq!(checked.code, Some(1), "{name}: the exit code\n{}", checked.text);
        assert_eq!(checked.complaints, "", "{name}: stderr");
    }
}

#[test]
fn one_mistake_in_settings_is_not_told_as_many() {
    for checked in ALL.iter() {
        let told = checked.text.lines().filter(|line| line.starts_with("error")).count();
        assert!((1..=2).contains(&told), "{}: {told} mistakes\n{}", name(&checked.folder), checked.text);
    }
}

#[test]
fn a_secret_that_was_written_down_is_not_shown() {
    for checked in ALL.iter() {
        assert!(!checked.text.contains("hunter2"), "{}\n{}", name(&checked.folder), checked.text);
    }
}

#[test]
fn what_is_allowed_in_settings_is_said_or_a_hint_given() {
    for checked in ALL.iter().filter(|checked| !checked.folder.ends_with("toml-syntax")) {
        let helps = checked.text.contains("= allowed: ") || checked.text.contains("= hint: ");
        assert!(helps, "{}: neither what is allowed nor a hint\n{}", name(&checked.folder), checked.text);
    }
}
