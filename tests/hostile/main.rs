//! Bytes that no mail program would write: an answer to each, in bounded memory, and never a panic.
//!
//! The limit is on the address space of the program, so that a mail that grows it without bound ends it here as it
//! would end it on a server.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails loudly")]

mod findings;
mod mails;
mod mutations;
#[path = "../program/mod.rs"]
mod program;

use std::fs;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;

/// The most kilobytes of address space: several times what the largest of these mails needs.
const ADDRESS_SPACE_KB: u32 = 1024 * 1024;

/// `nightdesk` with bounded memory.
fn bounded() -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -v {ADDRESS_SPACE_KB}; exec \"$0\" \"$@\"")])
        .arg(program::nightdesk().get_program())
        .current_dir(program::root())
        .timeout(Duration::from_mins(2));
    command
}

/// What `explain` makes of a mail, as JSON; the text for people is asked for as well.
fn explained(name: &str, mail: &[u8]) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mail.eml");
    fs::write(&file, mail).expect("a mail");
    let mut answers = Vec::new();
    for form in [&["--json"] as &[&str], &[]] {
        let mut command = bounded();
        command
            .args(["explain", "--policy", "rules/alloy", "--at", "2026-01-10T12:00:00-05:00"])
            .args(form)
            .arg(&file);
        let output = command.output().expect("the program runs");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), complaint.as_str()), (Some(0), ""), "{name} {form:?}");
        assert!(
            output.stdout.len() < 1024 * 1024,
            "{name} {form:?}: {} bytes of answer",
            output.stdout.len()
        );
        answers.push(String::from_utf8(output.stdout).expect("UTF-8"));
    }
    serde_json::from_str(&answers[0]).expect("JSON")
}

#[test]
fn every_mail_gets_an_answer() {
    for (name, mail) in mails::ALL {
        explained(name, &mail());
    }
}

#[test]
fn an_urgent_word_is_found_however_hostile_the_rest() {
    for (name, mail) in mails::URGENT {
        let json = explained(name, &mail());
        assert_eq!(json["labels"]["urgency"]["value"], "urgent", "{name}");
    }
}

#[test]
fn an_urgent_word_is_found_or_the_answer_says_that_not_all_was_read() {
    let mut silent = Vec::new();
    for (name, mail) in mails::HEARD {
        let json = explained(name, &mail());
        let is_urgent = json["labels"]["urgency"]["value"] == "urgent";
        let trace = json["trace"].as_array().expect("a trace");
        let says = |step: &Value| step["outcome"].as_str().is_some_and(|what| what.contains("left out"));
        if !(is_urgent || trace.iter().any(says) || json["readable"] == false) {
            silent.push(*name);
        }
    }
    assert!(silent.is_empty(), "left out without a word: {silent:?}");
}

#[test]
fn a_tag_may_have_hundreds_of_attributes() {
    let json = explained("hundreds of attributes", &mails::attributes(500));
    assert_eq!(json["labels"]["urgency"]["value"], "urgent");
}

#[test]
fn a_tag_may_have_a_million_attributes() {
    let json = explained("a million attributes", &mails::attributes(1_000_000));
    assert_eq!(json["labels"]["urgency"]["value"], "urgent");
}

#[test]
fn sixty_megabytes_are_read_in_a_fraction_of_a_gigabyte() {
    let json = explained("sixty megabytes", &mails::sixty_megabytes());
    assert_eq!(json["labels"]["urgency"]["value"], "urgent");
    assert_eq!(json["readable"], true);
}

#[test]
fn what_is_no_file_is_refused() {
    for path in ["fixtures", "/dev/null/mail.eml", "no/such/mail.eml"] {
        let output =
            bounded().args(["explain", "--policy", "rules/alloy", path]).output().expect("the program runs");
        assert_eq!(output.status.code(), Some(2), "{path}");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            complaint.starts_with(&format!("error: the mail {path} cannot be read: ")),
            "{path}: {complaint}"
        );
    }
}

#[test]
fn a_mail_without_end_is_refused_at_its_limit() {
    let output = bounded()
        .args(["explain", "--policy", "rules/alloy", "/dev/zero"])
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("larger than"), "{complaint}");
}
