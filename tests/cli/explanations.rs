//! The JSON of `explain`, and what its arguments change.

use serde_json::Value;

use crate::program::nightdesk;
use crate::{explained, ran, run};

const AT_NIGHT: &str = "2026-01-09T21:00:00-05:00";
const IN_HOURS: &str = "2026-01-14T11:00:00-05:00";

const URGENT: &str = "From: Mia Berger <mia@client.example>\nTo: support@example.com\nSubject: Urgent: API unavailable\n\
    Date: Fri, 9 Jan 2026 20:59:00 -0500\nMessage-ID: <1@client.example>\n\nNothing works since 20:50.\n";

/// All keys, in the order that is promised to scripts.
const KEYS: [&str; 30] = [
    "file",
    "policy",
    "policy_digest",
    "mailbox",
    "message_id",
    "from",
    "subject",
    "received_at",
    "labels",
    "ignored_hits",
    "near_misses",
    "customer",
    "plan",
    "authenticated",
    "readable",
    "automation",
    "conversation",
    "desk",
    "hours",
    "closed_for",
    "opens_at",
    "coverage",
    "alerts",
    "defer",
    "reply",
    "reply_withheld",
    "target",
    "respond_by",
    "asked_for",
    "trace",
];

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn the_keys_are_those_that_are_promised_in_that_order() {
    for mail in
        ["urgent-incident-at-night", "bounce", "question-in-hours", "quoted-urgent", "japanese-iso-2022-jp"]
    {
        let mail = format!("fixtures/mail/{mail}.eml");
        for policy in ["rules/alloy", "rules/starter"] {
            let ran = ran(&["explain", "--policy", policy, "--json", &mail]);
            let json: Value = serde_json::from_str(&ran.answer).expect("JSON");
            assert_eq!(keys(&json), KEYS, "{mail} under {policy}");
        }
    }
}

#[test]
fn the_answer_is_one_line() {
    let mut command = nightdesk();
    command.args(["explain", "--policy", "rules/alloy", "--json", "fixtures/mail/bounce.eml"]);
    let answer = run(&mut command).answer;
    assert_eq!((answer.lines().count(), answer.ends_with('\n')), (1, true));
}

#[test]
fn the_parts_of_the_answer_have_their_keys() {
    let json = explained(URGENT, AT_NIGHT, &[]);
    assert_eq!(keys(&json["labels"]), ["urgency", "topic"]);
    assert_eq!(keys(&json["labels"]["urgency"]), ["value", "hits"]);
    assert_eq!(keys(&json["labels"]["urgency"]["hits"][0]), ["keyword", "place", "text", "start", "end"]);
    assert_eq!(keys(&json["alerts"][0]), ["escalation", "pages", "by"]);
    assert_eq!(keys(&json["reply"]), ["template", "to", "subject", "text"]);
    assert_eq!(keys(&json["trace"][0]), ["step", "outcome", "because", "source"]);
    let later =
        explained("From: mia@client.example\nSubject: Hello\n\n> Urgent\n\nurgnt, no\n", AT_NIGHT, &[]);
    assert_eq!(keys(&later["ignored_hits"][0]), ["keyword", "place", "text", "start", "end", "why"]);
    assert_eq!(keys(&later["near_misses"][0]), ["text", "keyword", "place"]);
    assert_eq!(keys(&later["defer"]), ["escalation", "until"]);
}

#[test]
fn offsets_are_bytes_of_the_decoded_subject() {
    let mail = "From: j@kunde.example\nSubject: =?utf-8?Q?St=C3=B6rung=3A_urgent?=\n\nx\n";
    let json = explained(mail, AT_NIGHT, &[]);
    let subject = json["subject"].as_str().expect("a subject");
    let hit = &json["labels"]["urgency"]["hits"][0];
    let bytes =
        ["start", "end"].map(|key| usize::try_from(hit[key].as_u64().expect("a number")).expect("small"));
    assert_eq!(subject.get(bytes[0]..bytes[1]), Some("urgent"));
}

#[test]
fn only_a_mail_that_cannot_be_read_says_so() {
    let json = explained("", AT_NIGHT, &[]);
    assert_eq!(json["readable"], false);
    assert!(json["unreadable"].is_string(), "{json}");
    let others: Vec<&str> = keys(&json).into_iter().filter(|key| *key != "unreadable").collect();
    assert_eq!(others, KEYS);
}

#[test]
fn a_mail_comes_from_standard_input_as_from_a_file() {
    let file = "fixtures/mail/urgent-incident-at-night.eml";
    let bytes = std::fs::read(crate::program::root().join(file)).expect("a mail");
    let piped =
        run(nightdesk().args(["explain", "--policy", "rules/alloy", "--json", "-"]).write_stdin(bytes));
    let named = ran(&["explain", "--policy", "rules/alloy", "--json", file]);
    assert_eq!(piped.answer.replace("\"file\":\"-\"", &format!("\"file\":\"{file}\"")), named.answer);
}

#[test]
fn the_instant_decides_the_hours_and_is_received_at() {
    let night = explained(URGENT, AT_NIGHT, &[]);
    assert_eq!((&night["received_at"], &night["hours"]), (&AT_NIGHT.into(), &"closed".into()));
    assert_eq!(night["coverage"], "after hours: incident");
    let day = explained(URGENT, IN_HOURS, &[]);
    assert_eq!((&day["received_at"], &day["hours"]), (&IN_HOURS.into(), &"open".into()));
    assert_eq!(day["coverage"], "in hours: urgent");
    // The same instant in another offset is the same instant.
    let utc = explained(URGENT, "2026-01-10T02:00:00Z", &[]);
    assert_eq!(utc, night);
}

#[test]
fn eight_in_the_evening_is_already_closed() {
    assert_eq!(explained(URGENT, "2026-01-14T19:59:59-05:00", &[])["hours"], "open");
    assert_eq!(explained(URGENT, "2026-01-14T20:00:00-05:00", &[])["hours"], "closed");
    assert_eq!(explained(URGENT, "2026-01-14T07:59:59-05:00", &[])["hours"], "closed");
    assert_eq!(explained(URGENT, "2026-01-14T08:00:00-05:00", &[])["hours"], "open");
}

#[test]
fn the_mailbox_is_told() {
    assert_eq!(explained(URGENT, AT_NIGHT, &["--mailbox", "support"])["mailbox"], "support");
    assert_eq!(explained(URGENT, AT_NIGHT, &[])["mailbox"], Value::Null);
}

#[test]
fn the_same_question_gets_the_same_answer() {
    assert_eq!(explained(URGENT, AT_NIGHT, &[]).to_string(), explained(URGENT, AT_NIGHT, &[]).to_string());
}

#[test]
fn the_text_for_people_fits_eighty_columns() {
    for mail in ["urgent-incident-at-night", "bounce", "mailing-list", "time-sensitive-html"] {
        let answer =
            ran(&["explain", "--policy", "rules/alloy", &format!("fixtures/mail/{mail}.eml")]).answer;
        for line in answer.lines() {
            assert!(line.chars().count() <= 80, "{mail}: {line}");
        }
    }
}
