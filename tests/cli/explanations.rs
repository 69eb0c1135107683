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

/// What `explain` says to people of a mail on standard input.
fn told(folder: &str, mail: &str, more: &[&str]) -> String {
    let mut command = nightdesk();
    command.args(["explain", "--policy", folder]).args(more).arg("-");
    let ran = run(command.write_stdin(mail.replace('\n', "\r\n")));
    assert_eq!((ran.code, ran.complaint.as_str()), (Some(0), ""));
    ran.answer
}

#[test]
fn what_follows_is_told_only_when_it_is_asked_for() {
    let json = explained(URGENT, AT_NIGHT, &["--timeline"]);
    let without: Vec<&str> = keys(&json).into_iter().filter(|key| *key != "timeline").collect();
    assert_eq!(without, KEYS);
    let moment = |at: &str, event: &str| {
        let moments = json["timeline"].as_array().expect("a list");
        moments
            .iter()
            .find(|one| one["event"] == event && one["at"] == at)
            .cloned()
            .unwrap_or_else(|| panic!("{event} at {at}: {moments:?}"))
    };
    let start = moment(AT_NIGHT, "starts");
    assert_eq!(keys(&start), ["at", "event", "escalation", "notify", "acted_on"]);
    assert_eq!((&start["escalation"], &start["acted_on"]), (&"on-call".into(), &true.into()));
    assert_eq!(moment("2026-01-09T21:15:00-05:00", "step")["acted_on"], false, "a step that nothing acts on");
    moment("2026-01-09T23:00:00-05:00", "target-passes");
    moment("2026-01-10T21:00:00-05:00", "gives-up");
    moment("2026-01-10T21:00:00-05:00", "lapses");
    moment("2026-01-12T08:00:00-05:00", "desk-opens");
    let order: Vec<&str> =
        json["timeline"].as_array().expect("a list").iter().filter_map(|one| one["at"].as_str()).collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[test]
fn a_deferral_starts_at_the_opening_and_gives_up_later() {
    let question =
        URGENT.replace("Urgent: API unavailable", "A question").replace("Nothing works since 20:50.", "How?");
    let answer = told("rules/alloy", &question, &["--at", AT_NIGHT, "--timeline"]);
    let told = "\nWhat follows if nobody reacts
  Monday, 12 January 2026, 08:00 EST (13:00 UTC)
      the desk us opens
      inbox, which waited for the opening, starts and tells support-inbox
  Monday, 12 January 2026, 20:00 EST (Tuesday, 13 January, 01:00 UTC)
      the answer is due; later the case is late
";
    assert!(answer.contains(told), "{answer}");
}

#[test]
fn of_a_duplicate_in_hours_nothing_new_follows() {
    let folder = tempfile::tempdir().expect("a folder");
    let thread = folder.path().join("first.eml");
    let machine = URGENT
        .replace("Subject: Urgent: API unavailable", "Subject: Hello")
        .replace("Nothing works since 20:50.", "Hi");
    std::fs::write(&thread, machine.replace('\n', "\r\n")).expect("a mail");
    let thread = thread.display().to_string();
    let more = ["--at", "2026-01-13T11:00:00-05:00", "--thread", &thread, "--timeline"];
    let answer = told("rules/alloy", &machine, &more);
    assert!(answer.contains("duplicate of a mail of"), "{answer}");
    let nothing =
        "What follows if nobody reacts\n  nothing: no escalation runs or waits, and no answer is promised\n";
    assert!(answer.contains(nothing), "{answer}");
}

const TWO_DESKS: &str = r#"
name = "two"
[identity]
addresses = ["support@example.com"]
[[calendar]]
name = "london"
time_zone = "Europe/London"
week = { mon-fri = ["09:00-17:00"] }
days = { "2026-01-13" = [] }
[[calendar]]
name = "sydney"
time_zone = "Australia/Sydney"
week = { mon-fri = ["09:00-12:00", "13:00-17:00"] }
[[desk]]
name = "uk"
calendar = "london"
[[desk]]
name = "apac"
calendar = "sydney"
[[label.urgency]]
value = "urgent"
keywords = ["Urgent"]
[[label.urgency]]
value = "normal"
default = true
[[coverage]]
name = "all"
respond_within = "90 business minutes"
"#;

/// A folder with a policy of two desks.
fn two_desks() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("policy.toml"), TWO_DESKS).expect("a file");
    folder
}

#[test]
fn the_clock_of_every_desk_of_the_pool_is_told() {
    let folder = two_desks();
    let path = folder.path().display().to_string();
    let answer = told(&path, URGENT, &["--at", "2026-01-13T12:00:00Z"]);
    let told = "\nThe clocks when it came in
  uk           Tuesday, 13 January 2026, 12:00 GMT: closed for the whole day by
               the policy's `days`
               opens Wednesday, 14 January 2026, 09:00 GMT (09:00 UTC)
               Monday to Friday 09:00–17:00 (Europe/London)
  apac         Tuesday, 13 January 2026, 23:00 AEDT: closed for the night
               opens Wednesday, 14 January 2026, 09:00 AEDT (Tuesday, 13
               January, 22:00 UTC)
               Monday to Friday 09:00–12:00 and 13:00–17:00 (Australia/Sydney)
  desk         apac (closed): no desk is open, and it opens first
";
    assert!(answer.contains(told), "{answer}");
}

#[test]
fn the_arithmetic_of_a_deadline_names_every_stretch() {
    let folder = two_desks();
    let path = folder.path().display().to_string();
    // Sydney, Friday 16:30: half an hour then, and an hour on Monday; London closes later, but Sydney is open.
    let answer = told(&path, &URGENT.replace("Urgent", "Hello"), &["--at", "2026-01-16T05:30:00Z"]);
    let told = "\nThe deadline
  target       90 business minutes  policy.toml:26
  counted      from Friday, 16 January 2026, 16:30 AEDT: Fri 16 Jan 16:30–17:00
               (30m), Mon 19 Jan 09:00–10:00 (1h)
  answer by    Monday, 19 January 2026, 10:00 AEDT (Sunday, 18 January, 23:00
               UTC)
";
    assert!(answer.contains(told), "{answer}");
}

#[test]
fn every_guard_is_told_with_the_field_that_made_it_speak() {
    let mail = URGENT.replace(
        "From: Mia Berger <mia@client.example>",
        "From: no-reply@client.example\nAuto-Submitted: auto-generated\nPrecedence: bulk",
    );
    let answer = told("rules/alloy", &mail, &["--at", AT_NIGHT]);
    let (_, guards) = answer.split_once("\nWhy no reply goes out\n").expect("a section");
    for line in [
        "  withheld     urgent-incident\n",
        "  auto-submitted\n               it says that a machine sent it: Auto-Submitted: auto-generated\n",
        "  precedence   it says that it is mass or automatic mail: Precedence: bulk\n",
        "  no-reply-sender\n               the address asks for no answer: From: no-reply@client.example\n",
    ] {
        assert!(guards.contains(line), "{line}\nin\n{guards}");
    }
}

#[test]
fn a_keyword_over_a_line_break_is_marked_on_both_lines_and_another_form_is_not_told_twice() {
    let mail = "From: mia@client.example\nSubject: Hello\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n\
        --b\nContent-Type: text/plain\n\nThis is time-\nsensitive for us.\n\n--b\nContent-Type: text/html\n\n\
        <p>This is time-sensitive for us.</p><p>Call me.</p>\n--b--\n";
    let answer = told("rules/alloy", mail, &["--at", AT_NIGHT]);
    let told = "  │ This is «time-»\n  │ «sensitive» for us.\n  │ (the same mail in another form also says)\n  │ Call me.\n";
    assert!(answer.contains(told), "{answer}");
}

#[test]
fn the_text_for_people_fits_eighty_columns() {
    for mail in
        ["urgent-incident-at-night", "bounce", "mailing-list", "time-sensitive-html", "calendar-invitation"]
    {
        let file = format!("fixtures/mail/{mail}.eml");
        let answer = ran(&["explain", "--policy", "rules/alloy", "--timeline", &file]).answer;
        for line in answer.lines() {
            assert!(line.chars().count() <= 80, "{mail}: {line}");
            assert_eq!(line, line.trim_end(), "{mail}: blanks at the end");
        }
    }
}
