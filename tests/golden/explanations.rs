//! What `explain` says about each mail of `fixtures/mail`, under the policies that are shipped: for people as `.txt`,
//! for programs as `.json`, broken into lines here so that a difference can be read.

use std::path::PathBuf;

use serde_json::Value;

use crate::program::{nightdesk, root};
use crate::{assert_all, entries, name};

/// Stands for the digest of the policy, which changes with every byte of its files and says nothing to a reader.
const DIGEST: &str = "DIGEST";

fn mails() -> Vec<String> {
    let mails: Vec<String> = entries(&root().join("fixtures/mail"))
        .iter()
        .map(|path| name(path))
        .filter_map(|name| name.strip_suffix(".eml").map(str::to_owned))
        .collect();
    assert!(!mails.is_empty(), "fixtures/mail is empty");
    mails
}

fn explain(policy: &str, mail: &str, more: &[&str]) -> String {
    let (policy, mail) = (format!("rules/{policy}"), format!("fixtures/mail/{mail}.eml"));
    let mut command = nightdesk();
    command.args(["explain", "--policy", &policy, &mail]).args(more);
    let output = command.output().expect("the program runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{policy}, {mail}: stderr");
    assert_eq!(output.status.code(), Some(0), "{policy}, {mail}: the exit code");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Both forms of one explanation, with the files that hold them.
fn both(policy: &str, mail: &str) -> [(PathBuf, String); 2] {
    let json: Value = serde_json::from_str(&explain(policy, mail, &["--json"])).expect("JSON");
    let digest = json.get("policy_digest").and_then(Value::as_str).expect("a digest").to_owned();
    let short = digest.get(..12).expect("a digest of more than twelve characters");
    let text = explain(policy, mail, &[]).replace(short, DIGEST);
    let json = serde_json::to_string_pretty(&json).expect("JSON").replace(&digest, DIGEST) + "\n";
    let file = |ending: &str| root().join(format!("fixtures/explanations/{policy}/{mail}.{ending}"));
    [(file("txt"), text), (file("json"), json)]
}

fn compare(policy: &str, mails: &[&str]) {
    let pairs: Vec<[(PathBuf, String); 2]> = mails.iter().map(|mail| both(policy, mail)).collect();
    assert_all(pairs.iter().flatten().map(|(file, text)| (file.clone(), text.as_str())));
}

#[test]
fn every_mail_is_explained_by_the_rules_of_alloy() {
    let mails = mails();
    compare("alloy", &mails.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn some_mails_are_explained_by_the_starter_rules() {
    compare(
        "starter",
        &["urgent-incident-at-night", "question-in-hours", "bounce", "time-sensitive-html", "german-latin1"],
    );
}

#[test]
fn no_explanation_is_left_over() {
    let mails = mails();
    for policy in entries(&root().join("fixtures/explanations")) {
        for file in entries(&policy) {
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            assert!(mails.contains(&stem), "{} explains no mail", file.display());
        }
    }
}
