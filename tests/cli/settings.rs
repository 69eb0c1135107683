//! `check --config`: settings and their policies together, and the example that ships.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::program::{nightdesk, root};
use crate::{Ran, run};

fn copied(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copied(&path, &target);
        } else {
            fs::copy(&path, &target).expect("a copy");
        }
    }
}

/// The example as it would lie in /etc/nightdesk, with a change.
fn checked(change: impl FnOnce(String) -> String, prepare: impl FnOnce(&Path)) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let example = fs::read_to_string(root().join("deploy/nightdesk.toml")).expect("the example");
    let settings = folder.path().join("nightdesk.toml");
    fs::write(&settings, change(example)).expect("settings");
    copied(&root().join("rules/starter"), &folder.path().join("policies/support"));
    prepare(folder.path());
    run(nightdesk().args(["check", "--config"]).arg(settings))
}

#[test]
fn the_example_that_ships_passes() {
    let ran = checked(|text| text, |_| {});
    assert_eq!((ran.code, ran.complaint.as_str()), (Some(0), ""), "{}", ran.answer);
    assert!(ran.answer.contains("1 account, 1 mailbox, 5 channels: no mistakes"), "{}", ran.answer);
    assert!(ran.answer.contains("policy starter ("), "{}", ran.answer);
}

#[test]
fn what_is_not_acted_on_yet_is_said() {
    let ran = checked(|text| text, |_| {});
    assert!(ran.answer.contains("warning: only the first step of this escalation"), "{}", ran.answer);
    let ran = crate::ran(&["check", "--policy", "rules/alloy"]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.answer.contains("warning: only the first step of this escalation"), "{}", ran.answer);
}

#[test]
fn a_secret_that_others_can_read_is_warned_of_and_not_shown() {
    let ran = checked(
        |text| text.replace("{ credential = \"imap-password\" }", "{ file = \"password\" }"),
        |folder| {
            fs::write(folder.join("password"), "hunter2\n").expect("a secret");
            fs::set_permissions(folder.join("password"), fs::Permissions::from_mode(0o644)).expect("a mode");
        },
    );
    assert_eq!(ran.code, Some(0), "{}", ran.answer);
    assert!(ran.answer.contains("is open to others: mode 0644"), "{}", ran.answer);
    assert!(!ran.answer.contains("hunter2"), "{}", ran.answer);
}

#[test]
fn settings_and_a_policy_can_be_checked_in_one_run() {
    let ran = crate::ran(&[
        "check",
        "--config",
        "fixtures/bad-settings/bad-port/nightdesk.toml",
        "--policy",
        "fixtures/bad-policies/bad-rate",
    ]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.answer.contains("this is no port") && ran.answer.contains("this is no rate"),
        "{}",
        ran.answer
    );
}
