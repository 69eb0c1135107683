//! The built program from end to end: what somebody at a terminal, a script or a pipe gets from it.

#![expect(clippy::expect_used, reason = "a test fails loudly")]

mod backtest;
mod conversations;
mod explanations;
mod forgeries;
mod guards;
mod operations;
mod pipes;
mod policies;
#[path = "../program/mod.rs"]
mod program;
mod settings;
mod usage;

use assert_cmd::Command;
use serde_json::Value;

/// What came of a run.
struct Ran {
    code: Option<i32>,
    answer: String,
    complaint: String,
}

/// Runs a command to its end.
fn run(command: &mut Command) -> Ran {
    let output = command.output().expect("the program runs");
    Ran {
        code: output.status.code(),
        answer: String::from_utf8(output.stdout).expect("UTF-8"),
        complaint: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Runs `nightdesk` with these arguments.
fn ran(arguments: &[&str]) -> Ran {
    run(program::nightdesk().args(arguments))
}

/// `explain --json` under the rules of alloy, of a mail on standard input, received at a time.
fn explained(mail: &str, at: &str, more: &[&str]) -> Value {
    let mut command = program::nightdesk();
    command.args(["explain", "--policy", "rules/alloy", "--json", "--at", at]).args(more).arg("-");
    let ran = run(command.write_stdin(mail.replace('\n', "\r\n")));
    assert_eq!((ran.code, ran.complaint.as_str()), (Some(0), ""));
    serde_json::from_str(&ran.answer).expect("JSON")
}
