//! `check` and `test` on good policies, and on examples that do not hold.

use std::fs;
use std::path::PathBuf;

use crate::program::root;
use crate::ran;

#[test]
fn the_shipped_policies_have_no_mistakes_and_keep_their_examples() {
    for policy in ["rules/alloy", "rules/starter"] {
        let checked = ran(&["check", "--policy", policy]);
        assert_eq!((checked.code, checked.complaint.as_str()), (Some(0), ""), "{}", checked.answer);
        assert!(checked.answer.contains("no mistakes"), "{}", checked.answer);
    }
    let tested = ran(&["test", "rules/alloy", "rules/starter"]);
    assert_eq!((tested.code, tested.complaint.as_str()), (Some(0), ""), "{}", tested.answer);
    let [alloy, starter] = [0, 1].map(|line| tested.answer.lines().nth(line).unwrap_or_default().to_owned());
    assert!(alloy.starts_with("alloy: ") && alloy.ends_with(" passed, 0 failed"), "{alloy}");
    assert!(starter.starts_with("starter: ") && starter.ends_with(" passed, 0 failed"), "{starter}");
}

#[test]
fn the_digest_changes_with_a_rule_and_not_with_an_example() {
    let folder = copy(&[]);
    let before = ran(&["check", "--policy", &folder.path]).answer;
    folder.write("tests/more.toml", TEST);
    let with_example = ran(&["check", "--policy", &folder.path]).answer;
    let digest = |answer: &str| answer.split(['(', ')']).nth(1).unwrap_or_default().to_owned();
    assert!(!digest(&before).is_empty(), "{before}");
    assert_eq!(digest(&before), digest(&with_example));
    let policy = fs::read_to_string(folder.at("policy.toml")).expect("a policy");
    folder.write("policy.toml", &policy.replace("\"2h\"", "\"3h\""));
    assert_ne!(digest(&before), digest(&ran(&["check", "--policy", &folder.path]).answer));
}

const TEST: &str = r#"
[[test]]
name = "an urgent mail alerts"
at = "2026-01-14 10:00"
subject = "Urgent"
body = "Please call."
[test.expect]
alerts = ["on-call"]
"#;

const WRONG: &str = r#"
[[test]]
name = "a question alerts nobody, or so one thinks"
at = "2026-01-14 10:00"
subject = "Urgent"
body = "Please call."
[test.expect]
urgency = "normal"
alerts = false
pages = false
respond_by = "2026-01-14 13:00"
"#;

/// A sound policy in a folder of its own.
struct Folder {
    _folder: tempfile::TempDir,
    path: String,
}

impl Folder {
    fn at(&self, name: &str) -> PathBuf {
        PathBuf::from(&self.path).join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

fn copy(tests: &[&str]) -> Folder {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    let folder = Folder { _folder: folder, path };
    let policy =
        fs::read_to_string(root().join("fixtures/bad-policies/toml-syntax/policy.toml")).expect("a policy");
    folder.write("policy.toml", &policy.replacen("name = desk", "name = \"desk\"", 1));
    if !tests.is_empty() {
        folder.write("tests/mail.toml", &tests.concat());
    }
    folder
}

#[test]
fn an_example_that_does_not_hold_is_named_with_what_was_wanted_and_what_came() {
    let folder = copy(&[TEST, WRONG]);
    let ran = ran(&["test", &folder.path]);
    assert_eq!((ran.code, ran.complaint.as_str()), (Some(1), ""));
    let expected = format!(
        "\
FAILED a question alerts nobody, or so one thinks ({}/tests/mail.toml:11)
  urgency (tests/mail.toml:16)
    wanted \"normal\"
    got    \"urgent\"
  alerts (tests/mail.toml:17)
    wanted none
    got    [\"on-call\"]
  pages (tests/mail.toml:18)
    wanted false
    got    true
  respond_by (tests/mail.toml:19)
    wanted Wednesday, 14 January 2026, 13:00 GMT (13:00 UTC)
    got    Wednesday, 14 January 2026, 12:00 GMT (12:00 UTC)
desk: 1 passed, 1 failed
",
        folder.path
    );
    assert_eq!(ran.answer, expected);
}

#[test]
fn a_filter_runs_the_examples_that_have_it_in_their_name() {
    let folder = copy(&[TEST, WRONG]);
    let ran = ran(&["test", &folder.path, "--filter", "urgent mail"]);
    assert_eq!((ran.code, ran.answer.as_str()), (Some(0), "desk: 1 passed, 0 failed\n"));
}

#[test]
fn a_policy_with_mistakes_fails_and_the_next_is_still_tested() {
    let folder = copy(&[TEST]);
    let ran = ran(&["test", "fixtures/bad-policies/bad-date", &folder.path]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.complaint.contains("this is no date"), "{}", ran.complaint);
    assert_eq!(ran.answer, "desk: 1 passed, 0 failed\n");
}

#[test]
fn a_variant_that_does_not_promise_what_its_base_promises_is_warned_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = Folder { path: folder.path().display().to_string(), _folder: folder };
    let policy = root().join("fixtures/bad-policies/template-unknown-variable/policy.toml");
    folder.write("policy.toml", &fs::read_to_string(policy).expect("a policy"));
    folder.write("replies/received.txt", "Subject: [{{ reference }}]\n\nWe answer by {{ respond_by }}.\n");
    folder.write(
        "replies/received.de.txt",
        "Subject: [{{ reference }}]\n\nWir melden uns am {{ received_at }}.\n",
    );
    let warned = ran(&["check", "--policy", &folder.path]);
    assert_eq!(warned.code, Some(0), "{}", warned.answer);
    assert!(warned.answer.contains("does not promise the same as replies/received.txt"), "{}", warned.answer);
    assert!(warned.answer.contains("`respond_by` only in replies/received.txt"), "{}", warned.answer);
    folder.write(
        "replies/received.de.txt",
        "Subject: [{{ reference }}]\n\nWir antworten bis {{ respond_by }}.\n",
    );
    let sound = ran(&["check", "--policy", &folder.path]);
    assert!(!sound.answer.contains("promise"), "{}", sound.answer);
}
