//! What ops see and switch while, or without, a daemon: status, cases, outbox, quarantine, replies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use nightdesk::base::clock::{Clock, SystemClock};
use nightdesk::base::id::{CaseId, ContentKey};
use nightdesk::casework::{Case, CaseState};
use nightdesk::compose::{AlarmNote, Outgoing};
use nightdesk::store::{
    Alarm, Change, Cursor, Entry, EntryState, LedgerRow, LedgerState, MailboxKey, Openings, Settle, Settled,
    Store, Way,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::program::nightdesk;
use crate::{Ran, run};

/// A folder with settings and a database.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = "[store]\nurl = \"sqlite:night.db\"\n[[account]]\nname = \"main\"\n";
        std::fs::write(folder.path().join("nightdesk.toml"), settings).expect("settings");
        Desk { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command; the settings have mistakes, which stops none of these.
    fn ran(&self, arguments: &[&str]) -> Ran {
        run(nightdesk().args(arguments).arg("--config").arg(self.path("nightdesk.toml")))
    }

    fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let ran = self.ran(&[arguments, &["--json"]].concat());
        ran.answer.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

/// Writes into the database as the daemon does.
fn written(path: &Path, write: impl AsyncFnOnce(&mut Change<'_>, Timestamp)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(path).await.expect("a store");
        let mut change = store.begin().await.expect("a transaction");
        write(&mut change, SystemClock.now()).await;
        change.commit().await.expect("durable");
        store.close().await;
    });
}

fn status(link: &str, stale: bool, now: Timestamp) -> String {
    serde_json::json!({
        "version": "1.2.3", "pid": 4711, "started_at": now - SignedDuration::from_hours(3), "at": now,
        "policies": [{ "name": "alloy", "digest": "d1" }],
        "mailboxes": [{
            "name": "support", "policy": "alloy", "act": true, "link": link, "since": now, "fresh_at": now,
            "stale": stale, "trouble": if stale { Value::from("the server \u{1b}[2J says no") } else { Value::Null },
        }],
        "task_deaths": {}, "reload": null,
    })
    .to_string()
}

async fn mailbox(change: &mut Change<'_>, now: Timestamp) {
    let key = MailboxKey {
        host: "imap.example.com".to_owned(),
        username: "support".to_owned(),
        folder: "INBOX".to_owned(),
        name: "support".to_owned(),
    };
    let state = change.open_mailbox(&key).await.expect("a mailbox");
    let cursor = Cursor { uid_validity: 7, next_uid: 10 };
    change.baseline(state.id, state.fence, cursor, now).await.expect("a baseline");
    let failed = LedgerRow {
        uid: 9,
        state: LedgerState::Quarantined,
        case: None,
        source: 0,
        received_at: now,
        trace: Vec::new(),
        failure: Some("the template\u{1b}[2J does not render".to_owned()),
    };
    change.save_ledger((state.id, 7), &[failed], now).await.expect("a row");
}

fn case(now: Timestamp) -> Case {
    let id = CaseId(4_242);
    Case {
        id,
        policy: "alloy".to_owned(),
        reference: id.reference(),
        state: CaseState::Open,
        opened_at: now,
        opened_by: ContentKey::of([b"mail".as_slice()]),
        last_mail_at: now - SignedDuration::from_mins(5),
        last_customer_mail_at: now,
        people: vec!["mia@client.example".to_owned()],
        addressed: Vec::new(),
        opener: None,
        customer: None,
        subject: "Urgent: API\u{1b}[2J unavailable".to_owned(),
        subjects: Vec::new(),
        strongest: BTreeMap::new(),
        asks_found: std::collections::BTreeSet::new(),
        running: Vec::new(),
        deferred: Vec::new(),
        starts: BTreeMap::new(),
        respond_by: Some(now - SignedDuration::from_mins(1)),
        only_watched: false,
        version: 0,
    }
}

fn entry(now: Timestamp) -> Entry {
    let note = AlarmNote {
        dedup_key: "alarm-1".to_owned(),
        key: "mailbox-stale/support".to_owned(),
        text: "mailbox support is stale".to_owned(),
        raised_at: now,
    };
    Entry {
        way: Way::Channel("ops-mail".to_owned()),
        case: None,
        outgoing: Outgoing::Alarm(note),
        due_at: now,
        state: EntryState::Pending,
    }
}

#[test]
fn status_is_fine_while_a_daemon_sees_everything() {
    let desk = Desk::new();
    written(&desk.path("night.db"), async |change, now| {
        mailbox(change, now).await;
        change.heartbeat(&status("waiting", false, now), now).await.expect("a sign of life");
    });
    let ran = desk.ran(&["status"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.answer, ran.complaint);
    assert!(ran.complaint.contains("nightdesk check --config"), "{}", ran.complaint);
    for words in ["running for 3h", "version 1.2.3", "replies  on", "support  waiting", "alloy"] {
        assert!(ran.answer.contains(words), "{words} in\n{}", ran.answer);
    }
    let status = desk.json(&["status"]);
    assert_eq!((&status[0]["running"], &status[0]["wrong"]), (&Value::Bool(true), &serde_json::json!([])));
    assert_eq!(status[0]["mailboxes"][0]["next_uid"], 10);
}

#[test]
fn status_is_negative_when_nobody_lives_or_something_is_wrong() {
    let desk = Desk::new();
    written(&desk.path("night.db"), async |_, _| {});
    let ran = desk.ran(&["status"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.answer.starts_with("! the daemon is not running"), "{}", ran.answer);

    written(&desk.path("night.db"), async |change, now| {
        mailbox(change, now).await;
        let alarm =
            Alarm { key: "mailbox-stale/support".to_owned(), text: "it is\u{1b}[2J stale".to_owned() };
        change.raise(&alarm, now).await.expect("an alarm");
        change.heartbeat(&status("refused", true, now), now).await.expect("a sign of life");
    });
    let ran = desk.ran(&["status"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.answer.contains("! alarm mailbox-stale/support, "), "{}", ran.answer);
    assert!(ran.answer.contains("! mailbox support is not fresh: the server [2J says no"), "{}", ran.answer);
    assert!(!ran.answer.contains('\u{1b}'), "{}", ran.answer);
}

#[test]
fn status_shows_what_a_reload_refused_and_what_still_runs() {
    let desk = Desk::new();
    written(&desk.path("night.db"), async |change, now| {
        mailbox(change, now).await;
        let refused = serde_json::json!({
            "at": now, "refused_since": now - SignedDuration::from_mins(5), "outcome": "refused",
            "notes": ["the settings or policies have mistakes"],
            "diagnostics": "error: a condition cannot look at this\n --> policy.toml:3:1\u{1b}[2J\n\n1 mistake\n",
        });
        let status =
            status("waiting", false, now).replace("\"reload\":null", &format!("\"reload\":{refused}"));
        change.heartbeat(&status, now).await.expect("a sign of life");
    });
    let ran = desk.ran(&["status"]);
    assert_eq!(ran.code, Some(1));
    let line = "! a reload was refused 5m ago: the settings or policies have mistakes; the daemon runs on what it had before\n";
    assert!(ran.answer.starts_with(line), "{}", ran.answer);
    assert!(ran.answer.contains("\npolicies alloy (d1)\n"), "{}", ran.answer);
    let shown = "what was refused:\n\nerror: a condition cannot look at this\n --> policy.toml:3:1 [2J\n\n1 mistake\n";
    assert!(ran.answer.ends_with(shown), "{}", ran.answer);
}

#[test]
fn a_daemon_that_fell_silent_is_not_running() {
    let desk = Desk::new();
    written(&desk.path("night.db"), async |change, now| {
        let then = now - SignedDuration::from_secs(31);
        change.heartbeat(&status("waiting", false, then), then).await.expect("a sign of life");
    });
    let ran = desk.ran(&["status"]);
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.answer.contains("! the daemon is not running: its last sign of life was 3"),
        "{}",
        ran.answer
    );
}

#[test]
fn cases_are_listed_on_lines_that_fit() {
    let desk = Desk::new();
    written(&desk.path("night.db"), async |change, now| {
        change.save_cases(&[(&case(now), None)], &Openings::new()).await.expect("a case");
    });
    let ran = desk.ran(&["cases"]);
    assert_eq!(ran.code, Some(0), "{}", ran.complaint);
    assert!(ran.answer.contains(&CaseId(4_242).reference()) && ran.answer.contains("LATE"), "{}", ran.answer);
    assert!(ran.answer.contains("mia@client.example: Urgent: API [2J"), "{}", ran.answer);
    assert!(ran.answer.lines().all(|line| line.chars().count() <= 80), "{}", ran.answer);
    assert_eq!(desk.json(&["cases"])[0]["people"], serde_json::json!(["mia@client.example"]));
}

#[test]
fn an_entry_of_the_outbox_is_seen_retried_and_dropped() {
    let desk = Desk::new();
    assert_eq!(desk.ran(&["outbox"]).code, Some(3), "there is no database yet");
    written(&desk.path("night.db"), async |change, now| {
        change.enqueue(vec![entry(now)], now).await.expect("an entry");
        let claimed = change.claim(1, true, now).await.expect("a claim");
        let settled = Settled::Failed("550 no such user".to_owned());
        let settle = Settle { id: claimed[0].id, attempt: claimed[0].attempt, settled };
        change.settle(&settle, now).await.expect("settled");
    });
    let ran = desk.ran(&["outbox"]);
    assert!(ran.answer.contains("failed") && ran.answer.contains("    550 no such user\n"), "{}", ran.answer);
    assert!(ran.answer.lines().all(|line| line.chars().count() <= 80), "{}", ran.answer);
    let id = desk.json(&["outbox"])[0]["id"].to_string();
    assert_eq!(desk.ran(&["outbox", "retry", &id]).code, Some(0));
    assert_eq!(desk.json(&["outbox"])[0]["state"], "pending");
    assert_eq!(desk.ran(&["outbox", "drop", &id]).code, Some(0));
    assert_eq!(desk.ran(&["outbox"]).answer, "nothing waits to be sent\n");
    assert_eq!(desk.ran(&["outbox", "drop", "17"]).code, Some(1), "there is no such entry");
}

#[test]
fn a_mail_in_quarantine_is_seen_and_retried() {
    let desk = Desk::new();
    written(&desk.path("night.db"), async |change, now| mailbox(change, now).await);
    let ran = desk.ran(&["quarantine"]);
    assert!(ran.answer.contains("    the template [2J does not render\n"), "{}", ran.answer);
    let id = desk.json(&["quarantine"])[0]["id"].to_string();
    assert_eq!(desk.ran(&["quarantine", "retry", &id]).code, Some(0));
    assert_eq!(desk.json(&["quarantine"])[0]["retry_wanted"], true);
    assert_eq!(desk.ran(&["quarantine", "retry", "17"]).code, Some(1));
}

#[test]
fn replies_stay_off_until_somebody_switches_them_on() {
    let desk = Desk::new();
    written(&desk.path("night.db"), async |_, _| {});
    assert_eq!(desk.ran(&["replies", "off"]).code, Some(0));
    assert!(desk.ran(&["status"]).answer.contains("replies  OFF, switched "));
    assert_eq!(desk.ran(&["replies", "on"]).code, Some(0));
    assert!(desk.ran(&["status"]).answer.contains("replies  on\n"));
    assert_eq!(desk.ran(&["replies", "perhaps"]).code, Some(2));
}

#[test]
fn settings_that_are_not_there_are_named() {
    let ran = run(nightdesk().args(["status", "--config", "no-such.toml"]));
    assert_eq!((ran.code, ran.answer.as_str()), (Some(2), ""));
    assert!(
        ran.complaint.contains("no-such.toml") && ran.complaint.contains("--config FILE"),
        "{}",
        ran.complaint
    );
}
