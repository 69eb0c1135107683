//! `--thread`: earlier mails of a conversation, and what they change.

use std::fs;
use std::path::PathBuf;

use nightdesk::casework::{Book, Effect};
use nightdesk::decision::{decide, read};
use nightdesk::mail::Source;
use nightdesk::policy::compile;
use nightdesk::sources::policy_folder;
use serde_json::Value;

use crate::explained;
use crate::program::root;

pub(crate) const FIRST: &str = "From: Mia Berger <mia@client.example>\nTo: support@example.com\nSubject: Webhooks\n\
    Date: Sat, 10 Jan 2026 10:00:00 -0500\nMessage-ID: <first@client.example>\n\nSome webhooks are late.\n";

/// Mails in files of their own, to be named by `--thread`.
pub(crate) struct Thread(tempfile::TempDir);

impl Thread {
    pub(crate) fn of(mails: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (number, mail) in mails.iter().enumerate() {
            fs::write(folder.path().join(format!("{number}.eml")), mail.replace('\n', "\r\n"))
                .expect("a mail");
        }
        Thread(folder)
    }

    /// What is said of a mail that comes after these.
    pub(crate) fn explains(&self, mail: &str, at: &str) -> Value {
        let mut files: Vec<PathBuf> = fs::read_dir(self.0.path())
            .expect("a folder")
            .map(|entry| entry.expect("a file").path())
            .collect();
        files.sort();
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let arguments: Vec<&str> = files.iter().flat_map(|file| ["--thread", file.as_str()]).collect();
        explained(mail, at, &arguments)
    }
}

#[test]
fn a_follow_up_that_becomes_urgent_is_raised_and_alerts() {
    let mail = "From: mia@client.example\nTo: support@example.com\nSubject: Re: Webhooks\n\
        Message-ID: <second@client.example>\nIn-Reply-To: <first@client.example>\n\n\
        Urgent: now the API is down.\n\n> Some webhooks are late.\n";
    let json = Thread::of(&[FIRST]).explains(mail, "2026-01-10T12:00:00-05:00");
    assert_eq!(json["conversation"], "raised");
    assert_eq!(json["alerts"][0]["escalation"], "on-call");
    assert_eq!(json["respond_by"], "2026-01-10T14:00:00-05:00");
}

#[test]
fn a_follow_up_without_anything_new_wakes_nobody_again() {
    let first = FIRST.replace("Webhooks", "Urgent: API unavailable");
    let mail = "From: mia@client.example\nTo: support@example.com\nSubject: Re: Urgent: API unavailable\n\
        Message-ID: <second@client.example>\nIn-Reply-To: <first@client.example>\n\nAny news?\n";
    let json = Thread::of(&[&first]).explains(mail, "2026-01-10T10:30:00-05:00");
    assert_eq!(json["conversation"], "follow-up");
    assert_eq!(json["alerts"].as_array().map(Vec::len), Some(0), "{}", json["alerts"]);
    assert_eq!(json["ignored_hits"][0]["why"], "inherited-subject");
}

#[test]
fn the_same_mail_again_is_a_duplicate() {
    let first = FIRST.replace("Webhooks", "Urgent: API unavailable");
    let json = Thread::of(&[&first]).explains(&first, "2026-01-10T10:05:00-05:00");
    assert_eq!(json["conversation"], "duplicate");
    assert_eq!(json["alerts"].as_array().map(Vec::len), Some(0));
    assert_eq!(json["reply"], Value::Null);
    assert!(json["reply_withheld"].as_array().is_some_and(|all| all.contains(&"duplicate".into())), "{json}");
}

#[test]
fn the_reference_in_the_subject_joins_the_case_of_the_same_sender_only() {
    let subject = explained(FIRST, "2026-01-10T10:00:00-05:00", &[])["reply"]["subject"].clone();
    let subject = subject.as_str().expect("a reply");
    let mail =
        |from: &str| format!("From: {from}\nTo: support@example.com\nSubject: {subject}\n\nThank you.\n");
    let thread = Thread::of(&[FIRST]);
    let at = "2026-01-10T11:00:00-05:00";
    assert_eq!(thread.explains(&mail("mia@client.example"), at)["conversation"], "follow-up");
    assert_eq!(thread.explains(&mail("eve@other.example"), at)["conversation"], "new");
}

/// The Message-ID of our automatic reply to a mail.
pub(crate) fn message_id_of_our_reply(mail: &str, at: &str) -> String {
    let files = policy_folder(&root().join("rules/alloy")).expect("a folder");
    let policy = compile(&files).policy.expect("a policy");
    let at = at.parse().expect("an instant");
    let mail = mail.replace('\n', "\r\n");
    let reading = read(&Source::Whole(mail.as_bytes()), &policy, None);
    let mut book = Book::default();
    let standing = book.standing(&reading, &policy, at, at);
    let decision = decide(&reading, &standing, &policy, at, at);
    let effects = book.apply(&reading, &decision, &policy);
    let mut sent = effects.into_iter().filter_map(|effect| {
        if let Effect::Reply { message_id, .. } = effect { Some(message_id) } else { None }
    });
    sent.next().expect("a reply")
}

#[test]
fn an_answer_to_our_own_reply_gets_no_other_and_our_words_do_not_count() {
    let at = "2026-01-10T10:00:00-05:00";
    let ours = message_id_of_our_reply(FIRST, at);
    let reply = explained(FIRST, at, &[])["reply"]["text"].clone();
    let line =
        reply.as_str().expect("a text").lines().find(|line| line.contains("\"Urgent\"")).expect("a line");
    let mail = format!(
        "From: mia@client.example\nTo: support@example.com\nSubject: Re: Webhooks\nMessage-ID: <2@client.example>\n\
         In-Reply-To: <{ours}>\n\nThank you, that can wait.\n\n{line}\n"
    );
    let json = Thread::of(&[FIRST]).explains(&mail, "2026-01-10T12:00:00-05:00");
    assert_eq!(json["conversation"], "follow-up");
    assert_eq!(json["labels"]["urgency"]["value"], "normal", "{}", json["labels"]);
    let ignored = json["ignored_hits"].as_array().expect("a list");
    let ours = ignored.iter().find(|hit| hit["keyword"] == "Urgent").expect("our own word");
    assert_eq!(ours["why"], "own-words", "{ignored:?}");
    assert_eq!(json["alerts"].as_array().map(Vec::len), Some(0));
    assert_eq!(json["reply"], Value::Null);
    let withheld = json["reply_withheld"].as_array().expect("a list");
    assert!(withheld.contains(&"answers-our-reply".into()), "{withheld:?}");
}

#[test]
fn a_colleagues_answer_is_an_answer_and_asks_nobody() {
    let mail = "From: Sam <sam@example.com>\nTo: mia@client.example\nCc: support@example.com\nSubject: Re: Webhooks\n\
        Message-ID: <answer@example.com>\nIn-Reply-To: <first@client.example>\n\
        Authentication-Results: mx.example.com; dkim=pass header.d=example.com; dmarc=pass header.from=example.com\n\n\
        This is urgent for us too.\n";
    let json = Thread::of(&[FIRST]).explains(mail, "2026-01-10T12:00:00-05:00");
    assert_eq!(json["conversation"], "answer", "{}", json["trace"]);
    assert_eq!(json["coverage"], Value::Null);
    assert_eq!(json["alerts"].as_array().map(Vec::len), Some(0));
    assert_eq!(json["reply"], Value::Null);
}
