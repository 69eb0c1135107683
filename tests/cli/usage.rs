//! Help, version, and the exit codes: 0 ok · 1 a negative answer · 2 usage, or nothing readable · 3 the environment.

use std::fs;

use crate::program::nightdesk;
use crate::{ran, run};

const MAIL: &str = "fixtures/mail/urgent-incident-at-night.eml";

#[test]
fn help_and_version_are_answers() {
    for arguments in
        [&["--help"] as &[&str], &["help"], &["explain", "--help"], &["help", "check"], &["test", "-h"]]
    {
        let ran = ran(arguments);
        assert_eq!((ran.code, ran.complaint.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(ran.answer.contains("Usage: nightdesk"), "{arguments:?}: {}", ran.answer);
    }
    let ran = ran(&["--version"]);
    assert_eq!(ran.answer, format!("nightdesk {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_names_every_command() {
    let help = ran(&["--help"]).answer;
    for command in ["check", "explain", "test", "status", "cases", "outbox", "quarantine", "replies"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "{command} in {help}");
    }
}

/// A command line that cannot work, its exit code, and words of the complaint.
const REFUSED: &[(&[&str], i32, &str)] = &[
    (&[], 2, "Usage: nightdesk"),
    (&["frobnicate"], 2, "frobnicate"),
    (&["check"], 2, "--policy"),
    (&["check", "--polizy", "rules/alloy"], 2, "--policy"),
    (&["explain", "--policy", "rules/alloy"], 2, "<FILE>"),
    (&["test"], 2, "<DIR>"),
    (&["explain", "--policy", "rules/alloy", "--at", "yesterday", MAIL], 2, "2026-01-09T20:00:00-05:00"),
    (&["explain", "--policy", "rules/alloy", "--at", "2026-01-09 20:00", MAIL], 2, "with its offset"),
    (&["explain", "--policy", "rules/alloy", "--mailbox", "suport", MAIL], 2, "`support`"),
    (&["explain", "--policy", "rules/alloy", "no-such.eml"], 2, "no-such.eml"),
    (&["explain", "--policy", "rules/alloy", "fixtures/mail"], 2, "fixtures/mail"),
    (&["explain", "--policy", "rules/alloy", "--thread", "no-such.eml", MAIL], 2, "no-such.eml"),
    (&["test", "rules/alloy", "--filter", "no test is called so"], 2, "no test is called so"),
    (&["explain", "--policy", "no-such-folder", MAIL], 2, "no-such-folder"),
    (&["check", "--policy", "no-such-folder"], 2, "no-such-folder"),
    (&["test", "no-such-folder"], 2, "no-such-folder"),
    (&["check", "--policy", "Cargo.toml"], 2, "Cargo.toml"),
    (&["check", "--config", "no-such.toml"], 2, "no-such.toml"),
    (&["outbox", "drop"], 2, "<ID>"),
    (&["quarantine", "retry", "x"], 2, "x"),
];

#[test]
fn what_cannot_work_is_refused_on_stderr() {
    for (arguments, code, words) in REFUSED {
        let ran = ran(arguments);
        assert_eq!(ran.code, Some(*code), "{arguments:?}: {}", ran.complaint);
        assert!(ran.complaint.contains(words), "{arguments:?}: {}", ran.complaint);
        assert!(!ran.complaint.contains("panicked"), "{arguments:?}: {}", ran.complaint);
        assert!(ran.answer.is_empty() || arguments.contains(&"--filter"), "{arguments:?}: {}", ran.answer);
    }
}

#[test]
fn a_policy_with_mistakes_explains_nothing_and_says_why() {
    let ran = ran(&["explain", "--policy", "fixtures/bad-policies/bad-date", MAIL]);
    assert_eq!((ran.code, ran.answer.as_str()), (Some(1), ""));
    assert!(ran.complaint.contains("--> policy.toml:10:10"), "{}", ran.complaint);
}

#[test]
fn a_mail_that_says_nowhere_when_it_came_in_is_taken_as_of_now_and_that_is_said() {
    let mut command = nightdesk();
    let ran =
        run(command.args(["explain", "--policy", "rules/alloy", "-"]).write_stdin("Subject: a\r\n\r\nb\r\n"));
    assert_eq!(ran.code, Some(0));
    assert!(
        ran.complaint.contains("note: ") && ran.complaint.contains("present moment"),
        "{}",
        ran.complaint
    );
}

#[test]
fn an_earlier_mail_without_a_time_has_no_place_in_a_conversation() {
    let folder = tempfile::tempdir().expect("a folder");
    let earlier = folder.path().join("earlier.eml");
    fs::write(&earlier, "Subject: a\r\n\r\nb\r\n").expect("a mail");
    let ran = run(nightdesk().args(["explain", "--policy", "rules/alloy", MAIL, "--thread"]).arg(&earlier));
    assert_ne!(ran.code, Some(0));
    assert!(ran.complaint.contains("earlier.eml"), "{}", ran.complaint);
    assert_eq!(ran.answer, "");
}
