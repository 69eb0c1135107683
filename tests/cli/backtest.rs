//! `backtest`: past mail in every form that it lies in, what is told of it, and what another policy would change.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use expect_test::expect;
use serde_json::Value;
use tempfile::TempDir;

use crate::program::{nightdesk, root};
use crate::{Ran, ran, run};

const POLICY: &str = r#"
name = "small"
mailboxes = ["support"]
[identity]
addresses = ["support@example.com"]
[[calendar]]
name = "office"
time_zone = "UTC"
week = { mon-fri = ["08:00-18:00"] }
[[desk]]
name = "main"
calendar = "office"
[[label.urgency]]
value = "urgent"
keywords = ["Urgent"]
[[label.urgency]]
value = "normal"
default = true
[[coverage]]
name = "urgent"
when = { urgency = "urgent" }
alert = "chat"
reply = "got-it"
respond_within = "2h"
[[coverage]]
name = "anything else"
reply = "got-it"
[[escalation]]
name = "on-call"
pages = true
steps = [{ after = "0m", notify = ["pager"] }]
[[escalation]]
name = "chat"
steps = [{ after = "0m", notify = ["chat"] }]
[auto_reply]
from = "Support <support@example.com>"
"#;

/// A folder of mail and policies.
struct Desk(TempDir);

impl Desk {
    /// With the small policy in `policy`.
    fn new() -> Self {
        let desk = Desk(tempfile::tempdir().expect("a folder"));
        desk.policy("policy", POLICY);
        desk
    }

    fn policy(&self, name: &str, text: &str) {
        self.file(&format!("{name}/policy.toml"), text);
        self.file(&format!("{name}/replies/got-it.txt"), "Subject: Re: {{ subject }}\n\nWe have it.\n");
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn runs(&self, arguments: &[&str]) -> Ran {
        run(nightdesk().current_dir(self.0.path()).args(["backtest", "--policy", "policy"]).args(arguments))
    }

    /// The lines of `--json`.
    fn lines(&self, arguments: &[&str]) -> Vec<Value> {
        let ran = self.runs(&[&["--json"], arguments].concat());
        assert_eq!(ran.code, Some(0), "{}", ran.complaint);
        ran.answer.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

/// A mail with a subject that came in at an instant.
fn mail(subject: &str, at: &str) -> String {
    let zoned: jiff::Timestamp = at.parse().expect("an instant");
    let date = zoned.strftime("%a, %d %b %Y %H:%M:%S +0000");
    format!(
        "From: Mia <mia@client.example>\nTo: support@example.com\nSubject: {subject}\nDate: {date}\n\
         Message-ID: <{subject}@client.example>\n\nHello.\n"
    )
}

const FROM: &str = "From mia@client.example Fri Jan  9 21:03:41 2026\n";
const NIGHT: &str = "2026-01-10T02:03:41Z";

/// So many mails, whose subjects are their numbers.
fn mbox(mails: usize) -> String {
    let mail = |number: usize| [FROM, &mail(&number.to_string(), NIGHT), "\n"].concat();
    (0..mails).map(mail).collect()
}

fn of<'l>(lines: &'l [Value], key: &str) -> Vec<&'l str> {
    lines.iter().map(|line| line[key].as_str().unwrap_or("null")).collect()
}

#[test]
fn a_line_says_what_explain_says() {
    let mails =
        ran(&["backtest", "--policy", "rules/alloy", "--mailbox", "support", "--json", "fixtures/mail"]);
    assert_eq!((mails.code, mails.complaint.as_str()), (Some(0), ""));
    let mut number = 0;
    for line in mails.answer.lines() {
        let json: Value = serde_json::from_str(line).expect("JSON");
        let file = json["file"].as_str().expect("a name");
        let one = ran(&["explain", "--policy", "rules/alloy", "--mailbox", "support", "--json", file]);
        assert_eq!(one.answer.trim_end(), line, "{file}");
        number += 1;
    }
    assert_eq!(number, fs::read_dir(root().join("fixtures/mail")).expect("a folder").count());
}

#[test]
fn mails_come_in_the_order_of_the_bytes_of_their_paths_whatever_holds_them() {
    let desk = Desk::new();
    let text = |subject: &str| mail(subject, NIGHT);
    desk.file("mail/b.eml", text("b"));
    desk.file("mail/b/z.eml", text("b-z"));
    desk.file("mail/B.EML", text("B"));
    desk.file("mail/box", format!("{FROM}{}\n{FROM}{}", text("box-1"), text("box-2")));
    desk.file("mail/dir/cur/1767992621.M1.host:2,S", text("cur"));
    desk.file("mail/dir/new/1767992622.M2.host", text("new"));
    desk.file("mail/dir/tmp/1767992623.M3.host", text("tmp"));
    desk.file("mail/dir/.Sent/cur/1767992624.M4.host:2,S", text("sent"));
    desk.file("mail/dir/dovecot-uidlist", "3 V1");
    desk.file("mail/.hidden/a.eml", text("hidden"));
    desk.file("mail/plain-1", text("plain"));
    desk.file("mail/notes.txt", "From here on: notes.\n");
    let lines = desk.lines(&["mail"]);
    assert_eq!(
        of(&lines, "file"),
        [
            "mail/B.EML",
            "mail/b.eml",
            "mail/b/z.eml",
            "mail/box#1",
            "mail/box#2",
            "mail/dir/.Sent/cur/1767992624.M4.host:2,S",
            "mail/dir/cur/1767992621.M1.host:2,S",
            "mail/dir/new/1767992622.M2.host",
            "mail/plain-1",
        ]
    );
    assert_eq!(of(&lines, "subject"), ["B", "b", "b-z", "box-1", "box-2", "sent", "cur", "new", "plain"]);
    let named = desk.lines(&["mail/plain-1", "mail/dir/new", "mail/box", "mail/B.EML"]);
    assert_eq!(of(&named, "subject"), ["plain", "new", "box-1", "box-2", "B"]);
    let told = desk.runs(&["--json", "mail"]).complaint;
    assert!(told.contains("left out: 1 file or folder") && told.contains("mail/notes.txt"), "{told}");
}

#[test]
fn thousands_of_mails_keep_their_order() {
    let desk = Desk::new();
    desk.file("many.mbox", mbox(1000));
    let lines = desk.lines(&["many.mbox"]);
    let expected: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    assert_eq!(of(&lines, "subject"), expected.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_from_line_within_a_mail_is_unquoted_and_ends_nothing() {
    let desk = Desk::new();
    let body = "\nFrom Monday on.\n\n>From now on it is urgent!\n\nFrom mia Fri Jan  9\n";
    desk.file("box", format!("{FROM}{}{body}\n{FROM}{}", mail("one", NIGHT), mail("two", NIGHT)));
    let lines = desk.lines(&["box"]);
    assert_eq!(of(&lines, "subject"), ["one", "two"]);
    // Behind its `>` the word would be a quotation.
    assert_eq!(lines[0]["labels"]["urgency"]["value"], "urgent");
}

#[test]
fn a_mail_without_any_date_goes_by_what_holds_it_and_else_is_not_decided() {
    let desk = Desk::new();
    let bare = "From: mia@client.example\nSubject: bare\n\nUrgent!\n";
    desk.file("box", format!("{FROM}{bare}"));
    desk.file("dir/cur/1767992622.M1.host:2,S", bare);
    desk.file("bare.eml", bare);
    let file = fs::File::options().write(true).open(desk.0.path().join("bare.eml")).expect("a file");
    file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_767_992_623)).expect("a time");
    for more in [&[][..], &["--conversations"]] {
        let ran = desk.runs(&[&["--json"], more, &["box", "dir", "bare.eml"]].concat());
        let lines: Vec<Value> =
            ran.answer.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let times = [41, 42, 43].map(|second| format!("2026-01-09T21:03:{second}+00:00"));
        assert_eq!(of(&lines, "received_at"), times);
        let told = "note: by file: 1 mail, decided as of the time of their files";
        assert!(ran.complaint.contains(told) && ran.complaint.contains("bare.eml"), "{}", ran.complaint);
    }
    let piped = |more: &[&str]| {
        let mut command = nightdesk();
        command.args(["backtest", "--policy", &desk.path("policy"), "-"]).args(more).write_stdin(bare);
        run(&mut command)
    };
    let ran = piped(&["--json"]);
    let line: Value = serde_json::from_str(&ran.answer).expect("JSON");
    assert_eq!((&line["undecided"], &line["received_at"]), (&"undated".into(), &Value::Null));
    assert_eq!((&line["subject"], &line["readable"]), (&"bare".into(), &true.into()));
    assert_eq!(line["coverage"], Value::Null);
    assert!(ran.complaint.contains("undated: 1 mail"), "{}", ran.complaint);
    let page = piped(&[]);
    assert_eq!(page.code, Some(0));
    assert!(
        page.answer.starts_with("0 mails under small") && page.answer.contains("undated"),
        "{}",
        page.answer
    );
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_decided() {
    let desk = Desk::new();
    desk.file("mail/a.eml", mail("a", NIGHT));
    desk.file("mail/z.eml", mail("z", NIGHT));
    desk.file("mail/empty.eml", "");
    desk.file("mail/old.mbox.gz", b"\x1f\x8b\x08\0\0");
    desk.file("mail/binary.eml", [0xff, 0, 0xfe, b'\n'].repeat(100));
    desk.file("mail/line.eml", format!("{}{}", mail("long", NIGHT), "x".repeat(3_000_000)));
    let inside = |name: &str| desk.0.path().join("mail").join(name);
    symlink("nowhere", inside("dangling.eml")).expect("a link");
    symlink("..", inside("round")).expect("a link");
    assert!(Command::new("mkfifo").arg(inside("pipe.eml")).status().expect("mkfifo").success());
    let ran = desk.runs(&["--json", "missing.eml", "mail"]);
    assert_eq!(ran.code, Some(0), "{}", ran.complaint);
    let lines: Vec<Value> =
        ran.answer.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(
        of(&lines, "file"),
        ["mail/a.eml", "mail/binary.eml", "mail/empty.eml", "mail/line.eml", "mail/z.eml"]
    );
    assert_eq!(of(&lines, "unreadable"), ["null", "undecodable", "empty", "null", "null"]);
    assert!(ran.complaint.contains("note: by file: 2 mails") && ran.complaint.contains("mail/binary.eml"));
    for told in [
        "error: missing.eml cannot be read: No such file or directory",
        "error: mail/dangling.eml cannot be read: No such file or directory",
        "note: failed: 2 files and folders",
        "note: left out: 3 files and folders",
        "mail/old.mbox.gz (compressed; unpack it first)",
        "mail/pipe.eml (no regular file)",
        "mail/round (a link to a folder; name it to have it read)",
    ] {
        assert!(ran.complaint.contains(told), "{told}: {}", ran.complaint);
    }
}

#[test]
fn nothing_readable_is_no_answer() {
    let desk = Desk::new();
    fs::create_dir(desk.0.path().join("empty")).expect("a folder");
    for path in ["empty", "missing", "policy"] {
        for more in [&[][..], &["--json"], &["--conversations"]] {
            let ran = desk.runs(&[more, &[path]].concat());
            assert_eq!((ran.code, ran.answer.as_str()), (Some(2), ""), "{path}");
            assert!(ran.complaint.contains("error: no mail was found that can be read"), "{}", ran.complaint);
        }
    }
    desk.file("a.eml", mail("a", NIGHT));
    let ran = desk.runs(&["--mailbox", "suport", "a.eml"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.complaint, "error: the policy knows no mailbox `suport`\nallowed: `support`\n");
    let ran = desk.runs(&["--against", "missing", "a.eml"]);
    assert_eq!((ran.code, ran.answer.as_str()), (Some(2), ""), "{}", ran.complaint);
}

#[test]
fn standard_input_may_be_an_mbox_or_a_mail() {
    let desk = Desk::new();
    for (input, files) in [
        (format!("{FROM}{}\n{FROM}{}", mail("a", NIGHT), mail("b", NIGHT)), vec!["-#1", "-#2"]),
        (mail("a", NIGHT), vec!["-"]),
    ] {
        let mut command = nightdesk();
        command.args(["backtest", "--json", "--policy", &desk.path("policy"), "-"]);
        let ran = run(command.write_stdin(input.as_str()));
        let lines: Vec<Value> =
            ran.answer.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!((ran.code, of(&lines, "file")), (Some(0), files), "{}", ran.complaint);
        command.arg("--conversations");
        let twice = run(command.write_stdin(input.as_str()));
        assert_eq!(twice.code, Some(2));
        assert!(twice.complaint.contains("cannot be read twice"), "{}", twice.complaint);
    }
}

#[test]
fn alone_every_mail_is_new_and_in_conversations_it_follows() {
    let desk = Desk::new();
    let follow_up =
        mail("late", "2026-01-13T10:00:00Z").replace("Date:", "In-Reply-To: <first@client.example>\nDate:");
    let follow_up = follow_up.replace("Hello.", "Now it is urgent.");
    desk.file("mail/1.eml", follow_up);
    desk.file("mail/2.mbox", format!("{FROM}{}", mail("first", "2026-01-12T10:00:00Z")));
    desk.file("mail/3.eml", mail("first", "2026-01-12T10:00:00Z"));
    let alone = desk.lines(&["mail"]);
    assert_eq!(of(&alone, "subject"), ["late", "first", "first"]);
    assert_eq!(of(&alone, "conversation"), ["new", "new", "new"]);
    let together = desk.lines(&["--conversations", "mail"]);
    assert_eq!(of(&together, "file"), ["mail/2.mbox#1", "mail/3.eml", "mail/1.eml"]);
    assert_eq!(of(&together, "conversation"), ["new", "duplicate", "raised"]);
    assert_eq!(together[2]["alerts"][0]["escalation"], "chat");
}

/// A week of mails: questions at every second hour, urgent ones on two nights.
fn week(desk: &Desk) {
    let monday: jiff::Timestamp = "2026-01-05T00:30:00Z".parse().expect("an instant");
    let mut mails = String::new();
    for hour in (0..7 * 24).step_by(2) {
        let at = (monday + jiff::SignedDuration::from_hours(hour)).to_string();
        let busy = if (8..18).contains(&(hour % 24)) { 4 } else { 1 };
        for number in 0..busy {
            mails.extend([FROM, &mail(&format!("Question {hour}.{number}"), &at), "\n"]);
        }
    }
    for (number, at) in
        ["2026-01-06T22:05:00Z", "2026-01-10T03:00:00Z", "2026-01-08T12:00:00Z"].iter().enumerate()
    {
        mails.extend([FROM, &mail(&format!("Urgent matter {number}"), at), "\n"]);
    }
    desk.file("week.mbox", mails);
}

#[test]
fn the_page_shows_rules_labels_and_the_week() {
    let desk = Desk::new();
    desk.policy("policy", &POLICY.replace("alert = \"chat\"", "alert = \"on-call\""));
    week(&desk);
    let page = desk.runs(&["week.mbox"]);
    assert_eq!((page.code, page.complaint.as_str()), (Some(0), ""));
    let (_, body) = page.answer.split_once('\n').expect("lines");
    expect![[r"
          from          Monday, 5 January 2026, 00:30 UTC
          to            Sunday, 11 January 2026, 22:30 UTC
          received      101 in open hours, 36 at night, 55 at the weekend
          alerts        3 mails, 3 of them page: 1 in open hours, 1 at night, 1 at the
                        weekend
          replies       192

        By rule
          MAILS  ALERTS  PAGES  REPLIES  WITHHELD  RULE
              3       3      3        3         0  urgent
            189       0      0      189         0  anything else

        By label
          urgency       urgent 3 · normal 189

        When mails came in (UTC)
              00       03       06       09       12       15       18       21
          Mon  ░  ·  ░  ·  ░  ·  ░  · ███___███___███___███___███___ ░  ·  ░  ·  ░  ·
          Tue  ░  ·  ░  ·  ░  ·  ░  · ███___███___███___███___███___ ░  ·  ░  ·  ▒  ·
          Wed  ░  ·  ░  ·  ░  ·  ░  · ███___███___███___███___███___ ░  ·  ░  ·  ░  ·
          Thu  ░  ·  ░  ·  ░  ·  ░  · ███___███___███___███___███___ ░  ·  ░  ·  ░  ·
          Fri  ░  ·  ░  ·  ░  ·  ░  · ███___███___███___███___███___ ░  ·  ░  ·  ░  ·
          Sat  ░  ·  ░  ░  ░  ·  ░  ·  █  ·  █  ·  █  ·  █  ·  █  ·  ░  ·  ░  ·  ░  ·
          Sun  ░  ·  ░  ·  ░  ·  ░  ·  █  ·  █  ·  █  ·  █  ·  █  ·  ░  ·  ░  ·  ░  ·

          ░ 1   ▒ 2   ▓ 3   █ 4–5 mails an hour of the week
          ▒▒▒ a desk is open (___ no mail)    ▒  closed ( · no mail)

        Mails that would page
          RECEIVED               ESCALATION  SUBJECT
          Tue 6 Jan 2026 22:05   on-call     Urgent matter 0
          Thu 8 Jan 2026 12:00   on-call     Urgent matter 2
          Sat 10 Jan 2026 03:00  on-call     Urgent matter 1
    "]]
    .assert_eq(body);
    assert!(page.answer.lines().all(|line| line.chars().count() <= 80));
}

#[test]
fn another_policy_is_told_by_what_it_would_change() {
    let desk = Desk::new();
    week(&desk);
    desk.policy(
        "other",
        &POLICY.replace("alert = \"chat\"", "alert = \"on-call\"").replace("\"2h\"", "\"1h\""),
    );
    let page = desk.runs(&["--against", "other", "week.mbox"]);
    assert_eq!((page.code, page.complaint.as_str()), (Some(0), ""));
    let (_, section) = page.answer.split_once(") instead\n").expect("a section");
    let (section, _) = section.split_once("\nBy rule").expect("a section");
    expect![[r"
          1 mail would now page at night
          1 mail would now page at the weekend
          1 mail would now page in open hours
          3 mails would be due earlier
          189 mails stay as they are

        Mails that change
          Tue 6 Jan 2026 22:05   Urgent matter 0
              would now page at night: on-call; due Wed 7 Jan 2026 00:05 → Tue 6 Jan
              2026 23:05
          Thu 8 Jan 2026 12:00   Urgent matter 2
              would now page in open hours: on-call; due Thu 8 Jan 2026 14:00 → Thu 8
              Jan 2026 13:00
          Sat 10 Jan 2026 03:00  Urgent matter 1
              would now page at the weekend: on-call; due Sat 10 Jan 2026 05:00 → Sat 10
              Jan 2026 04:00
    "]]
    .assert_eq(section);

    let lines = desk.lines(&["--against", "other", "week.mbox"]);
    let changed: Vec<&Value> = lines.iter().filter(|line| line["against"] != serde_json::json!({})).collect();
    assert_eq!(changed.len(), 3);
    assert_eq!(
        changed[0]["against"],
        serde_json::json!({
            "alerts": [{"escalation": "on-call", "pages": true, "by": "urgent"}],
            "respond_by": "2026-01-06T23:05:00+00:00",
            "target": "1h",
        })
    );
    let same = desk.runs(&["--against", "policy", "week.mbox"]).answer;
    assert!(same.contains("\n  nothing changes\n"), "{same}");
    assert!(
        desk.lines(&["--against", "policy", "week.mbox"])
            .iter()
            .all(|line| line["against"] == serde_json::json!({}))
    );
}

#[test]
fn a_reader_that_goes_away_ends_it() {
    let desk = Desk::new();
    desk.file("many.mbox", mbox(2000));
    let mut child = Command::new(env!("CARGO_BIN_EXE_nightdesk"))
        .current_dir(desk.0.path())
        .args(["backtest", "--policy", "policy", "--json", "many.mbox"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    let ended = child.wait_with_output().expect("an end");
    assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
}

/// The most memory that a process has had, in KiB.
#[cfg(target_os = "linux")]
fn peak(process: u32) -> usize {
    let status = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status"));
    let status = status.expect("a running process");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_number_of_mails() {
    let desk = Desk::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_nightdesk"))
        .current_dir(desk.0.path())
        .args(["backtest", "--policy", "policy", "--json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let process = child.id();
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    // An attachment of a megabyte that nobody reads as text.
    let line = format!("{}\n", "A".repeat(76));
    let attachment = "MIME-Version: 1.0\nContent-Type: application/octet-stream; name=a.bin\nContent-Transfer-Encoding: base64\n";
    let body = mail("large", NIGHT).replacen("\n\n", &format!("\n{attachment}\n"), 1) + &line.repeat(14_000);
    let mut peaks = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            for _ in 0..120 {
                input.write_all(format!("{FROM}{body}\n").as_bytes()).expect("it reads");
            }
        });
        for number in 0..100 {
            output.next().expect("a line").expect("UTF-8");
            if number == 20 || number == 99 {
                peaks.push(peak(process));
            }
        }
        assert_eq!(output.count(), 20);
    });
    assert!(child.wait().expect("an end").success());
    assert!(peaks[1] < peaks[0] + 16 * 1024, "80 MB later: {peaks:?} KiB");
}
