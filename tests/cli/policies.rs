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
    let lines: Vec<&str> = tested.answer.lines().collect();
    for (line, name) in lines.iter().zip(["alloy: ", "starter: ", "in all: "]) {
        assert!(line.starts_with(name) && line.ends_with(" passed, 0 failed"), "{line}");
    }
    assert_eq!(lines.len(), 3, "{}", tested.answer);
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
fn an_example_that_does_not_hold_is_named_with_what_was_wanted_what_came_and_why() {
    let folder = copy(&[TEST, WRONG]);
    let ran = ran(&["test", &folder.path]);
    assert_eq!((ran.code, ran.complaint.as_str()), (Some(1), ""));
    let expected = format!(
        "\
FAILED a question alerts nobody, or so one thinks
  desk, {0}/tests/mail.toml:11
  urgency  line 16
    wanted \"normal\"
    got    \"urgent\"
    since  urgency = urgent: \"Urgent\" stands in the subject: the keyword \"Urgent\"
  alerts  line 17
    wanted none
    got    [\"on-call\"]
    since  on-call starts: the rule asks for it; it may wake people
  pages  line 18
    wanted false
    got    true
    since  on-call starts: the rule asks for it; it may wake people
  respond_by  line 19
    wanted Wednesday, 14 January 2026, 13:00 GMT (13:00 UTC)
    got    Wednesday, 14 January 2026, 12:00 GMT (12:00 UTC)
    since  Wednesday, 14 January 2026, 10:00 GMT + 2h by the clock

desk: 1 passed, 1 failed

failed:
  a question alerts nobody, or so one thinks {0}/tests/mail.toml:11
",
        folder.path
    );
    assert_eq!(ran.answer, expected);
}

/// What `test` says of one example that does not hold.
fn told(test: &str) -> String {
    let folder = copy(&[test]);
    let ran = ran(&["test", &folder.path]);
    assert_eq!((ran.code, ran.complaint.as_str()), (Some(1), ""), "{}", ran.answer);
    ran.answer
}

#[test]
fn a_rule_that_was_expected_says_why_it_does_not_apply() {
    let test = |rule: &str, subject: &str| {
        format!(
            "[[test]]\nname = \"a\"\nat = \"2026-01-14 10:00\"\nsubject = \"{subject}\"\nexpect = {{ coverage = \"{rule}\" }}\n"
        )
    };
    let refused = told(&test("urgent", "Hello"));
    assert!(refused.contains("since  \"urgent\" does not apply: urgency is normal"), "{refused}");
    let hidden = told(&test("everything else", "Urgent"));
    assert!(hidden.contains("since  \"urgent\" applies before it"), "{hidden}");
}

const REPLY: &str = "Subject: We got your mail about {{ subject }}, and the team will look at it soon\n\n\
    Hello,\n\nyour mail has reached us.\nWe answer it soon.\n";

/// A folder whose policy answers what is not urgent.
fn with_reply(test: &str) -> Folder {
    let folder = copy(&[test]);
    let policy = fs::read_to_string(folder.at("policy.toml")).expect("a policy");
    folder.write(
        "policy.toml",
        &policy.replace("name = \"everything else\"", "name = \"everything else\"\nreply = \"got-it\""),
    );
    folder.write("replies/got-it.txt", REPLY);
    folder
}

#[test]
fn of_a_long_text_the_part_that_differs_is_shown_and_of_a_reply_all_of_it() {
    let test = "[[test]]\nname = \"a\"\nat = \"2026-01-14 10:00\"\nsubject = \"a login\"\n[test.expect]\n\
        reply_subject = \"We got your mail about a logout, and the team will look at it soon\"\n\
        says = [\"your mail has reached us. We answer\", \"we call you\"]\nsays_not = \"it soon\"\n";
    let folder = with_reply(test);
    let answer = ran(&["test", &folder.path]).answer;
    let parts = [
        "    wanted … \"our mail about a logout, and the team will \" …\n    got    … \"our mail about a login, and the team will \" …\n",
        "    wanted \"we call you\"\n    got    this reply\n      | Hello,\n      |\n      | your mail has reached us.\n      | We answer it soon.\n",
        "    wanted not \"it soon\"\n    got    this reply\n",
    ];
    for part in parts {
        assert!(answer.contains(part), "{part}\nin\n{answer}");
    }
    assert!(!answer.contains("wanted \"your mail"), "what holds is silent: {answer}");
}

#[test]
fn an_example_shows_the_subject_that_the_policy_sets() {
    for (form, subject) in [
        ("template", "We got your mail about a login, and the team will look at it soon"),
        ("auto", "Auto: a login"),
        ("re", "Re: a login"),
    ] {
        let test = format!(
            "[[test]]\nname = \"a\"\nat = \"2026-01-14 10:00\"\nsubject = \"a login\"\n\
             expect = {{ reply_subject = \"{subject}\" }}\n"
        );
        let folder = with_reply(&test);
        let policy = fs::read_to_string(folder.at("policy.toml")).expect("a policy");
        let set = format!("[auto_reply]\nsubject = \"{form}\"\n");
        folder.write("policy.toml", &policy.replace("[auto_reply]\n", &set));
        let ran = ran(&["test", &folder.path]);
        assert_eq!((ran.code, ran.answer.as_str()), (Some(0), "desk: 1 passed, 0 failed\n"), "{form}");
        let other = test.replace("a login\" }", "a logout\" }").replace("a login, and", "a logout, and");
        folder.write("tests/mail.toml", &other);
        assert_eq!(crate::ran(&["test", &folder.path]).code, Some(1), "{form}");
    }
}

#[test]
fn a_reply_that_is_missing_says_what_withholds_it() {
    let test = "[[test]]\nname = \"a\"\nat = \"2026-01-14 10:00\"\nfrom = \"no-reply@client.example\"\n\
        expect = { reply = \"got-it\" }\n";
    let answer = ran(&["test", &with_reply(test).path]).answer;
    let told = "    wanted \"got-it\"\n    got    none\n    since  withheld: no-reply-sender\n";
    assert!(answer.contains(told), "{answer}");
}

#[test]
fn every_policy_is_counted_and_all_that_failed_is_listed_at_the_end_in_order() {
    let many: String =
        (0..120).map(|number| TEST.replace("an urgent mail alerts", &format!("number {number}"))).collect();
    let wrong = |name: &str| WRONG.replace("a question alerts nobody, or so one thinks", name);
    let first = copy(&[&wrong("the first"), &many, &wrong("the second")]);
    let other = copy(&[TEST]);
    let ran = ran(&["test", &first.path, &other.path]);
    assert_eq!(ran.code, Some(1));
    let (_, end) = ran.answer.rsplit_once("\n\ndesk: ").expect("counts after the failures");
    let expected = format!(
        "120 passed, 2 failed\ndesk: 1 passed, 0 failed\nin all: 121 passed, 2 failed\n\nfailed:\n  \
         the first {0}/tests/mail.toml:3\n  the second {0}/tests/mail.toml:974\n",
        first.path
    );
    assert_eq!(end, expected);
    let places = ["FAILED the first", "FAILED the second"].map(|name| ran.answer.find(name));
    assert!(places[0].is_some() && places[0] < places[1], "{}", ran.answer);
}

#[test]
fn a_filter_runs_the_examples_that_have_it_in_their_name() {
    let folder = copy(&[TEST, WRONG]);
    let ran = ran(&["test", &folder.path, "--filter", "urgent mail"]);
    assert_eq!((ran.code, ran.answer.as_str()), (Some(0), "desk: 1 passed, 0 failed, 1 filtered out\n"));
}

#[test]
fn a_policy_with_mistakes_fails_and_the_next_is_still_tested() {
    let folder = copy(&[TEST]);
    let ran = ran(&["test", "fixtures/bad-policies/bad-date", &folder.path]);
    assert_eq!(ran.code, Some(1));
    let named =
        ran.complaint.starts_with("fixtures/bad-policies/bad-date is not tested, since it has mistakes:");
    assert!(named && ran.complaint.contains("this is no date"), "{}", ran.complaint);
    assert_eq!(ran.answer, "desk: 1 passed, 0 failed\n1 policy was not tested\n");
}

/// A desk with an answering team, whose questions wait for the opening.
fn desk_with_agents(test: &str) -> Folder {
    let folder = copy(&[test]);
    let policy = fs::read_to_string(folder.at("policy.toml")).expect("a policy");
    let identity = "[identity]\nagents = [\"@example.com\"]\nauthserv_ids = [\"mx.example.com\"]";
    let inbox = "[[escalation]]\nname = \"inbox\"\nsteps = [{ after = \"0m\", notify = [\"chat\"] }]\n\
        give_up_after = \"4h\"\n\n[[escalation]]";
    let policy = policy.replace("[identity]", identity).replacen("[[escalation]]", inbox, 1).replace(
        "name = \"everything else\"",
        "name = \"everything else\"\ndefer = \"inbox\"\nrespond_within = \"2 business hours\"",
    );
    folder.write("policy.toml", &policy);
    folder
}

/// Friday night; the desk opens on Monday at nine.
const TIMELINE: &str = r#"
[[test]]
name = "what follows"
at = "2026-01-09 21:00"
subject = "A question"
body = "How do I log in?"
expect = { defer = "inbox", waiting = ["inbox"], running = false, starts = false, case = "open" }
"#;

#[test]
fn what_follows_holds_as_the_case_has_it() {
    let unanswered = r#"
[[test.then]]
at = "2026-01-12 08:59:59"
event = "nothing"
expect = { starts = false, waiting = ["inbox"], late = false }
[[test.then]]
at = "2026-01-12 09:00"
event = "nothing"
expect = { starts = ["inbox"], running = ["inbox"], waiting = false }
[[test.then]]
at = "2026-01-12 11:00"
event = "nothing"
expect = { starts = false, late = false }
[[test.then]]
at = "2026-01-12 11:00:01"
event = "nothing"
expect = { late = true, case = "open" }
[[test.then]]
at = "2026-01-12 13:00"
event = "nothing"
expect = { running = false, case = "lapsed" }
[[test.then]]
at = "2026-01-12 14:00"
event = "mail"
body = "Is anybody there? This is urgent."
expect = { conversation = "reopened", alerts = ["on-call"], starts = ["on-call"], case = "open" }
"#;
    let taken = r#"
[[test.then]]
at = "2026-01-12 09:30"
event = "ack"
expect = { starts = ["inbox"], case = "acknowledged", running = false }
[[test.then]]
at = "2026-01-12 10:00"
event = "answer"
body = "Press the button."
expect = { conversation = "answer", case = "answered", alerts = false, reply = false }
[[test.then]]
at = "2026-01-12 12:00"
event = "nothing"
expect = { late = false, case = "answered" }
[[test.then]]
at = "2026-01-12 12:30"
event = "mail"
expect = { conversation = "follow-up", case = "open" }
[[test.then]]
at = "2026-01-12 12:40"
event = "close"
expect = { case = "closed" }
"#;
    let answered_before = r#"
[[test.then]]
at = "2026-01-10 09:00"
event = "answer"
body = "Press the button."
expect = { waiting = false }
[[test.then]]
at = "2026-01-13 09:00"
event = "nothing"
expect = { starts = false, running = false }
"#;
    for then in [unanswered, taken, answered_before] {
        let folder = desk_with_agents(&(TIMELINE.to_owned() + then));
        let ran = ran(&["test", &folder.path]);
        assert_eq!((ran.code, ran.complaint.as_str()), (Some(0), ""), "{}", ran.answer);
    }
}

#[test]
fn a_step_that_does_not_hold_is_named_with_its_time() {
    let then = r#"
[[test.then]]
at = "2026-01-12 09:00"
event = "nothing"
expect = { starts = false, case = "lapsed" }
"#;
    let folder = desk_with_agents(&(TIMELINE.to_owned() + then));
    let answer = ran(&["test", &folder.path]).answer;
    let told = "
  then Monday, 12 January 2026, 09:00 GMT (09:00 UTC): nothing  line 11
  starts  line 12
    wanted none
    got    [\"inbox\"]
  case  line 12
    wanted \"lapsed\"
    got    \"open\"
";
    assert!(answer.contains(told), "{answer}");
}

#[test]
fn an_answer_that_the_policy_does_not_believe_is_none() {
    let then = r#"
[[test.then]]
at = "2026-01-12 10:00"
event = "answer"
headers = { "Authentication-Results" = "mx.example.com; dmarc=fail header.from=example.com" }
"#;
    let folder = desk_with_agents(&(TIMELINE.to_owned() + then));
    let answer = ran(&["test", &folder.path]).answer;
    let told = "this answer is none: its conversation is \"follow-up\", authenticated is \"fail\"";
    assert!(answer.contains(told), "{answer}");
    // Whoever wants just that says so.
    let then = then.to_owned() + "expect = { conversation = \"follow-up\" }\n";
    let folder = desk_with_agents(&(TIMELINE.to_owned() + &then));
    assert_eq!(ran(&["test", &folder.path]).code, Some(0));
}

#[test]
fn a_mail_that_follows_belongs_to_the_conversation_unless_it_says_otherwise() {
    let then = r#"
[[test.then]]
at = "2026-01-09 21:30"
event = "mail"
expect = { conversation = "follow-up", waiting = ["inbox"] }
[[test.then]]
at = "2026-01-09 21:40"
event = "mail"
subject = "Something else, urgent"
headers = { "In-Reply-To" = "" }
expect = { conversation = "new", alerts = ["on-call"], starts = false, running = false }
[[test.then]]
at = "2026-01-09 21:50"
event = "mail"
from = "somebody@other.example"
headers = { "In-Reply-To" = "<then-2@nightdesk.test>" }
expect = { conversation = "follow-up", alerts = false, case = "open" }
"#;
    let folder = desk_with_agents(&(TIMELINE.to_owned() + then));
    let ran = ran(&["test", &folder.path]);
    assert_eq!((ran.code, ran.complaint.as_str()), (Some(0), ""), "{}", ran.answer);
}

#[test]
fn what_follows_a_mail_of_a_file_refers_to_it() {
    let then = "[[test.then]]\nat = \"2026-01-12 10:00\"\nevent = \"answer\"\nbody = \"Press the button.\"\n\
        expect = { case = \"answered\" }\n";
    let test = "[[test]]\nname = \"a file\"\nat = \"2026-01-09 21:00\"\nfile = \"question.eml\"\nexpect = { case = \"open\" }\n";
    let folder = desk_with_agents(&(test.to_owned() + then));
    let mail = "From: Zoe <zoe@client.example>\r\nTo: support@example.com\r\nMessage-ID: <odd$id@client.example>\r\n\
        Subject: =?utf-8?Q?St=C3=B6rung?=\r\n\r\nHow?\r\n";
    folder.write("tests/question.eml", mail);
    let ran = ran(&["test", &folder.path]);
    assert_eq!((ran.code, ran.answer.as_str()), (Some(0), "desk: 1 passed, 0 failed\n"));
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
