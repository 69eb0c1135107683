//! The policy that answers everything that nothing withholds, held against mails of machines and of people.

use std::fs;

use serde_json::Value;

use crate::program::root;
use crate::ran;

const POLICY: &str = "fixtures/policies/always-reply";

/// What `backtest` says of each mail of a folder or file: its name, and what withholds the reply; nothing when it is sent.
fn withheld(policy: &str, mails: &str) -> Vec<(String, Vec<String>)> {
    let ran = ran(&["backtest", "--policy", policy, "--json", mails]);
    assert_eq!((ran.code, ran.complaint.as_str()), (Some(0), ""));
    let lines = ran.answer.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines
        .map(|json| {
            let value = |key| json.get(key).cloned().unwrap_or_default();
            let slugs: Vec<String> = serde_json::from_value(value("reply_withheld")).expect("slugs");
            let file: String = serde_json::from_value(value("file")).expect("a name");
            let is_withheld = value("reply").is_null();
            assert_eq!(is_withheld, !slugs.is_empty(), "{file} is answered or something withholds it");
            (file.rsplit('/').next().unwrap_or_default().to_owned(), slugs)
        })
        .collect()
}

#[test]
fn the_policy_is_sound() {
    let ran = ran(&["check", "--policy", POLICY, "--deny-lints"]);
    assert_eq!((ran.code, ran.complaint.as_str()), (Some(0), ""));
}

#[test]
fn people_are_answered_and_machines_are_not() {
    let withheld = withheld(POLICY, "fixtures/mail");
    let slugs = |file: &str| withheld.iter().find(|(name, _)| name == file).map(|(_, slugs)| slugs.join(" "));
    for (file, expected) in [
        ("question-in-hours.eml", ""),
        ("urgent-incident-at-night.eml", ""),
        ("forwarded-as-attachment.eml", ""),
        ("german-latin1.eml", ""),
        ("bounce.eml", "null-return-path system-sender auto-submitted delivery-report"),
        ("calendar-invitation.eml", "calendar-traffic"),
        ("mailing-list.eml", "system-sender precedence list-header"),
        ("no-reply-sender.eml", "system-sender no-reply-sender"),
        ("out-of-office.eml", "null-return-path auto-submitted suppress-header vendor-marker"),
    ] {
        assert_eq!(slugs(file).as_deref(), Some(expected), "{file}");
    }
}

#[test]
fn who_wrote_and_where_a_reply_would_go_is_looked_at() {
    assert_withheld(
        POLICY,
        &[
            ("From: Mia <mia@client.example>", ""),
            ("From: Mia <mia@client.example>\nSender: ben@client.example", ""),
            ("From: Mia <mia@client.example>\nFrom: mia@CLIENT.example", ""),
            ("From: mia@client.example, Ben <ben@client.example>", "no-sender"),
            ("From: mia@client.example\nFrom: eve@other.example", "no-sender"),
            ("From: undisclosed:;", "no-sender"),
            ("From: Mia Berger", "no-sender"),
            ("To: support@desk.example", "no-sender"),
            ("From: support@desk.example\nTo: support@desk.example", "own-address"),
            ("From: Support+alerts@desk.example", "own-address"),
            ("From: support@desk.example\nReply-To: mia@desk.example", "own-address"),
            ("From: mia@client.example\nReply-To: no-reply@other.example", "no-reply-sender"),
            ("From: mia@client.example\nReply-To: eve@other.example", ""),
            ("From: Mail Delivery System <x17@client.example>", "system-sender"),
            ("From: mia@client.example\nSender: list-owner@client.example", "system-sender"),
            ("Return-Path: <bounce-77@news.example>\nFrom: mia@client.example", "system-sender"),
            ("Return-Path: <SRS0=ab=cd=client.example=mia@fwd.example>\nFrom: mia@client.example", ""),
        ],
    );
}

#[test]
fn a_policy_can_name_forms_and_more_marks_of_machines() {
    let folder = tempfile::tempdir().expect("a folder");
    let policy = fs::read_to_string(root().join(POLICY).join("policy.toml")).expect("the policy");
    let markers = r#"machine_markers = ["X-Robot", "X-Class: automated*"]"#;
    let form = "[[form]]\nfrom = \"no-reply@portal.example\"\n";
    let policy = policy.replace("[identity]\n", &format!("[identity]\n{markers}\n"));
    fs::create_dir(folder.path().join("replies")).expect("a folder");
    fs::write(folder.path().join("policy.toml"), format!("{policy}\n{form}")).expect("a policy");
    fs::write(folder.path().join("replies/received.txt"), "Subject: We have it\n\nThank you.\n")
        .expect("a reply");
    assert_withheld(
        &folder.path().to_string_lossy(),
        &[
            ("From: mia@client.example\nX-Robot: yes", "vendor-marker"),
            ("From: mia@client.example\nx-robot: No (a person)", ""),
            ("From: mia@client.example\nX-Robot: no\nX-Robot: 7", "vendor-marker"),
            ("From: mia@client.example\nX-Robot:", ""),
            ("From: mia@client.example\nX-CLASS:\n Automated, nightly", "vendor-marker"),
            ("From: mia@client.example\nX-Class: =?utf-8?q?automated?=", "vendor-marker"),
            ("From: mia@client.example\nX-Class: not automated", ""),
            (
                "Return-Path: <bounce-7@portal.example>\nFrom: no-reply@portal.example\nReply-To: mia@client.example\nFeedback-ID: 1.x:AmazonSES",
                "",
            ),
            (
                "From: no-reply@portal.example\nReply-To: mia@client.example\nAuto-Submitted: auto-generated",
                "auto-submitted",
            ),
            ("From: no-reply@portal.example\nReply-To: noreply@client.example", "no-reply-sender"),
            ("From: no-reply@portal.example", "unsafe-reply-to"),
        ],
    );
}

/// Writes each head as a mail, and asks what withholds its reply.
fn assert_withheld(policy: &str, mails: &[(&str, &str)]) {
    let folder = tempfile::tempdir().expect("a folder");
    for (number, (head, _)) in mails.iter().enumerate() {
        let mail = format!("{head}\nDate: Fri, 9 Jan 2026 21:03:38 +0000\nSubject: Question\n\nHow?\n");
        fs::write(folder.path().join(format!("{number:02}.eml")), mail.replace('\n', "\r\n"))
            .expect("a mail");
    }
    let withheld = withheld(policy, &folder.path().to_string_lossy());
    assert_eq!(withheld.len(), mails.len());
    for ((head, expected), (_, slugs)) in mails.iter().zip(withheld) {
        assert_eq!(slugs.join(" "), *expected, "{head}");
    }
}
