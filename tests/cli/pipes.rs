//! What goes where: answers on stdout, complaints on stderr, colour only where it is wanted, and no noise when the reader
//! has gone.

use std::fs::File;
use std::io;
use std::process::{Command, Stdio};

use crate::program::{nightdesk, root};
use crate::{ran, run};

const COMMANDS: &[&[&str]] = &[
    &["explain", "--policy", "rules/alloy", "fixtures/mail/bounce.eml"],
    &["explain", "--policy", "rules/alloy", "--json", "fixtures/mail/bounce.eml"],
    &["backtest", "--policy", "rules/alloy", "fixtures/mail"],
    &["backtest", "--policy", "rules/alloy", "--json", "fixtures/mail"],
    &["check", "--policy", "rules/alloy"],
    &["check", "--policy", "fixtures/bad-policies/bad-date"],
    &["test", "rules/starter"],
    &["--help"],
];

#[test]
fn without_a_terminal_there_are_no_escape_sequences() {
    for arguments in COMMANDS {
        let ran = ran(arguments);
        assert!(!ran.answer.contains('\u{1b}') && !ran.complaint.contains('\u{1b}'), "{arguments:?}");
        assert_eq!(ran.complaint, "", "{arguments:?}");
    }
}

#[test]
fn colour_that_is_asked_for_changes_nothing_but_colour() {
    for arguments in COMMANDS.iter().filter(|arguments| !arguments.contains(&"--json")) {
        let plain = ran(arguments);
        let coloured = run(nightdesk().args(*arguments).env("CLICOLOR_FORCE", "1"));
        let stripped = anstream::adapter::strip_str(&coloured.answer).to_string();
        assert_eq!(stripped, plain.answer, "{arguments:?}");
    }
    let explain = run(nightdesk().args(COMMANDS[0]).env("CLICOLOR_FORCE", "1"));
    assert!(explain.answer.contains("\u{1b}["), "colour was asked for");
}

/// Runs the program with an output of ours; its exit code and what it complains.
fn with_stdout(arguments: &[&str], stdout: impl Into<Stdio>) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nightdesk"))
        .current_dir(root())
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::piped())
        .output()
        .expect("the program runs");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_reader_that_has_gone_is_no_mistake() {
    for arguments in COMMANDS {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let (code, complaint) = with_stdout(arguments, writer);
        assert_eq!((code, complaint.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_matter_of_the_environment() {
    for arguments in COMMANDS.iter().filter(|arguments| !arguments.contains(&"--help")) {
        let full = File::options().write(true).open("/dev/full").expect("/dev/full");
        let (code, complaint) = with_stdout(arguments, full);
        assert_eq!(code, Some(3), "{arguments:?}: {complaint}");
        assert!(
            complaint.starts_with("error: ") && !complaint.contains("panicked"),
            "{arguments:?}: {complaint}"
        );
    }
}
