//! Stories of the writer on a real database: mails go in as an owner of a mailbox commits them, and what stands in
//! the database afterwards, or comes out to dispatch, is what counts.

use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use super::{
    Alarm, Claimed, Cursor, HandOff, MailboxKey, MailboxState, Rules, Settle, Settled, Verdict, Writer,
};
use crate::base::clock::Clock;
use crate::base::duration::Rate;
use crate::compose::Outgoing;
use crate::decision::{Reading, read};
use crate::mail::Source;
use crate::policy::{Files, Policy, RawFile, compile};
use crate::service::window::{Arrived, Content, Span, Watched, Window};
use crate::store::{Overview, Reader, Store, Way};
use crate::telemetry::Metrics;

/// Breaks off on a mail that asks for it.
pub(super) fn break_off(reading: &Reading) {
    assert!(!reading.message.subject.contains("[panic]"), "a test asked for it");
}

const POLICY: &str = r#"
name = "story"
[identity]
addresses = ["support@desk.example"]
agents = ["@desk.example"]
authserv_ids = ["mx.desk.example"]
[[calendar]]
name = "office"
time_zone = "UTC"
week = { mon-fri = ["08:00-20:00"] }
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
alert = "on-call"
reply = "got-it"
respond_within = "2h"
[[coverage]]
name = "night"
when = { hours = "closed" }
defer = "inbox"
reply = "got-it"
respond_within = "1 business day"
[[coverage]]
name = "day"
[[escalation]]
name = "on-call"
pages = true
steps = [{ after = "0m", notify = ["pager", "chat"] }]
[[escalation]]
name = "inbox"
steps = [{ after = "0m", notify = ["inbox"] }]
[auto_reply]
from = "Support <support@desk.example>"
"#;

const SATURDAY: &str = "2026-01-10T09:00:00Z";
const SATURDAY_LATER: &str = "2026-01-10T09:10:00Z";
const MONDAY: &str = "2026-01-12T08:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// A clock that a story sets.
struct StoryClock(Mutex<Timestamp>);

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("nobody panicked")
    }
}

fn policy(name: &str) -> Arc<Policy> {
    edited(&[("\"story\"", &format!("\"{name}\""))])
}

/// The policy of the stories with every first text replaced by the second.
fn edited(edits: &[(&str, &str)]) -> Arc<Policy> {
    let file = |name: &str, text: &str| RawFile { name: name.into(), content: Ok(text.into()) };
    let text = edits.iter().fold(POLICY.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "nothing to change: {from}");
        text.replace(from, to)
    });
    let reply = "Subject: Re: {{ subject }} [{{ reference }}]\n\nWe have it.\n";
    let files = Files { files: vec![file("policy.toml", &text), file("replies/got-it.txt", reply)] };
    let outcome = compile(&files);
    Arc::new(outcome.policy.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics)))
}

fn watched(name: &str, policy: &Arc<Policy>, act: bool) -> Arc<Watched> {
    Arc::new(Watched {
        name: name.to_owned(),
        account: "main".to_owned(),
        policy: Arc::clone(policy),
        act,
        start: crate::settings::Start::Now,
        alert_max_age: SignedDuration::from_hours(24),
        poll: std::time::Duration::from_mins(1),
    })
}

fn key(name: &str) -> MailboxKey {
    MailboxKey {
        host: "imap.example".to_owned(),
        username: "desk".to_owned(),
        folder: format!("INBOX/{name}"),
        name: name.to_owned(),
    }
}

/// A mail by its head and body; a Message-ID and the usual fields are added where they lack.
fn mail(uid: u32, head: &str, body: &str, watched: &Watched) -> Arrived {
    mail_at(uid, SATURDAY, (head, body), watched)
}

fn mail_at(uid: u32, received_at: &str, (head, body): (&str, &str), watched: &Watched) -> Arrived {
    let fields = [
        ("From", format!("Anna <anna{uid}@client{uid}.example>")),
        ("To", "support@desk.example".to_owned()),
        ("Subject", "Question".to_owned()),
        ("Message-ID", format!("<{uid}@client.example>")),
    ];
    let mut text = String::new();
    for (name, value) in fields {
        if !head.lines().any(|line| line.starts_with(&format!("{name}:"))) {
            text.extend([name, ": ", &value, "\r\n"]);
        }
    }
    for line in head.lines() {
        text.extend([line, "\r\n"]);
    }
    text.extend(["\r\n", body, "\r\n"]);
    let reading = read(&Source::Whole(text.as_bytes()), &watched.policy, Some(&watched.name));
    Arrived { uid, internal_date: at(received_at), content: Content::Read(Box::new(reading)) }
}

fn window(state: &MailboxState, span: Span, mails: Vec<Arrived>, watched: &Arc<Watched>) -> Window {
    Window {
        mailbox: state.id,
        fence: state.fence,
        uid_validity: 7,
        span,
        mails,
        watched: Arc::clone(watched),
        memory: None,
    }
}

/// A writer on a database in a folder of its own.
struct House {
    folder: TempDir,
    clock: Arc<StoryClock>,
    rules: Rules,
    writer: Option<Writer>,
    task: Option<JoinHandle<Result<(), super::WriterError>>>,
    entries: mpsc::Receiver<Claimed>,
}

impl House {
    async fn new() -> Self {
        let mut house = House {
            folder: TempDir::new().expect("a folder"),
            clock: Arc::new(StoryClock(Mutex::new(at(SATURDAY_LATER)))),
            rules: Rules {
                breaker: Rate { count: 100, per: SignedDuration::from_hours(1) },
                ops: vec!["ops".to_owned()],
                mailboxes: ["support", "sales"].map(str::to_owned).into(),
                channels: ["ops", "pager"].map(str::to_owned).into(),
            },
            writer: None,
            task: None,
            entries: mpsc::channel(1).1,
        };
        house.open(16).await;
        house
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("desk.db")
    }

    /// Starts a writer whose dispatch takes so many entries at once.
    async fn open(&mut self, room: usize) {
        let (sender, entries) = mpsc::channel(room);
        let store = Store::open(&self.path()).await.expect("a store");
        let hand_off = HandOff { entries: sender, wake: Arc::new(Notify::new()) };
        let clock: Arc<dyn Clock + Send + Sync> = Arc::clone(&self.clock) as _;
        let (writer, task) = Writer::start(store, self.rules.clone(), hand_off, clock, Arc::default());
        (self.writer, self.task, self.entries) = (Some(writer), Some(tokio::spawn(task)), entries);
    }

    /// Ends the writer in order, and starts another.
    async fn reopen(&mut self) {
        self.writer = None;
        self.task.take().expect("a task").await.expect("no panic").expect("a good end");
        self.open(16).await;
    }

    fn set(&self, now: &str) {
        *self.clock.0.lock().expect("nobody panicked") = at(now);
    }

    fn writer(&self) -> &Writer {
        self.writer.as_ref().expect("a writer")
    }

    /// A mailbox that is read from UID 1 on.
    async fn mailbox(&self, name: &str) -> MailboxState {
        let state = self.writer().open(key(name)).await.expect("a mailbox");
        let cursor = Cursor { uid_validity: 7, next_uid: 1 };
        self.writer().baseline(state.id, state.fence, cursor).await.expect("a baseline");
        self.writer().open(key(name)).await.expect("a mailbox")
    }

    async fn commit(&self, window: Window) -> Verdict {
        self.writer().commit(window).await.expect("an answer")
    }

    /// What dispatch was handed: kind, way and dedup key, in order.
    fn handed(&mut self) -> Vec<String> {
        let mut handed = Vec::new();
        while let Ok(entry) = self.entries.try_recv() {
            handed.push(shown(&entry));
        }
        handed
    }

    async fn reader(&self) -> Reader {
        Reader::open(&self.path()).await.expect("a reader")
    }

    async fn overview(&self) -> Overview {
        self.reader().await.overview().await.expect("an overview")
    }

    /// The states of the outbox, as `kind state`, sorted.
    async fn outbox(&self) -> Vec<String> {
        let rows = self.reader().await.outbox(true, 100).await.expect("rows");
        let mut rows: Vec<String> = rows.iter().map(|row| format!("{} {}", row.kind, row.state)).collect();
        rows.sort();
        rows
    }

    async fn alarms(&self) -> Vec<String> {
        self.overview().await.alarms.into_iter().map(|alarm| alarm.key).collect()
    }

    async fn counts(&self, mailbox: &str) -> Vec<(&'static str, u64)> {
        let overview = self.overview().await;
        let row = overview.mailboxes.into_iter().find(|row| row.name == mailbox).expect("the mailbox");
        row.counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

fn shown(entry: &Claimed) -> String {
    match &entry.outgoing {
        Outgoing::Alert(alert) => {
            let key = alert.dedup_key.replacen(&alert.reference, "REF", 1);
            format!("alert {} {key}", entry.way)
        }
        Outgoing::Alarm(alarm) => format!("alarm {} {}", entry.way, alarm.key),
        Outgoing::Reply(reply) => format!("reply {} {}", entry.way, reply.to),
    }
}

#[tokio::test]
async fn windows_of_a_batch_are_recorded_and_what_is_due_is_handed_out() {
    let mut house = House::new().await;
    let policy = policy("story");
    let watched = watched("support", &policy, true);
    let state = house.mailbox("support").await;
    let first = vec![mail(1, "Subject: Urgent: down", "x", &watched), mail(3, "", "Hello", &watched)];
    let second = vec![Arrived { uid: 5, internal_date: at(SATURDAY), content: Content::Gone }];
    let (one, two) = tokio::join!(
        house.commit(window(&state, Span::Advance { from: 1, to: 4 }, first, &watched)),
        house.commit(window(&state, Span::Advance { from: 4, to: 9 }, second, &watched)),
    );
    assert_eq!((one, two), (Verdict::Recorded, Verdict::Recorded));
    assert_eq!(
        house.handed(),
        [
            "alert channel/pager REF/on-call/1",
            "alert channel/chat REF/on-call/1",
            "reply account/main anna1@client1.example",
            "reply account/main anna3@client3.example",
        ]
    );
    assert_eq!(house.counts("support").await, [("decided", 2), ("gone", 1)]);
    let reader = house.reader().await;
    let cases = reader.cases(false, 10).await.expect("cases");
    assert_eq!(cases.len(), 2);
    assert_eq!(cases[0].deferred.len() + cases[1].deferred.len(), 1);
    assert!(cases.iter().any(|case| case.running == ["on-call"] && case.subject == "Urgent: down"));
    assert_eq!(house.overview().await.mailboxes[0].next_uid, 9);
}

#[tokio::test]
async fn a_window_that_does_not_begin_at_the_cursor_is_refused() {
    let house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let old = house.mailbox("support").await;
    let state = house.writer().open(key("support")).await.expect("another owner");
    let span = Span::Advance { from: 1, to: 2 };
    let mails = || vec![mail(1, "", "Urgent", &watched)];
    assert_eq!(house.commit(window(&old, span, mails(), &watched)).await, Verdict::Refused);
    let ahead = Span::Advance { from: 2, to: 3 };
    assert_eq!(house.commit(window(&state, ahead, vec![], &watched)).await, Verdict::Refused);
    let outside = Span::Advance { from: 1, to: 9 };
    let beyond = vec![mail(9, "", "Urgent", &watched)];
    assert_eq!(house.commit(window(&state, outside, beyond, &watched)).await, Verdict::Refused);
    let mut other = window(&state, span, mails(), &watched);
    other.uid_validity = 8;
    assert_eq!(house.commit(other).await, Verdict::Refused);
    assert!(house.counts("support").await.is_empty() && house.outbox().await.is_empty());
    assert_eq!(house.commit(window(&state, span, mails(), &watched)).await, Verdict::Recorded);
    assert_eq!(house.commit(window(&state, span, mails(), &watched)).await, Verdict::Refused, "once");
    let again = house.writer().baseline(state.id, state.fence, Cursor { uid_validity: 9, next_uid: 1 }).await;
    assert_eq!(again.expect("an answer"), Verdict::Refused);
}

#[tokio::test]
async fn one_mail_in_two_mailboxes_of_a_policy_is_one_case() {
    let mut house = House::new().await;
    let policy = policy("story");
    let (a, b) = (watched("a", &policy, true), watched("b", &policy, true));
    let (in_a, in_b) = (house.mailbox("a").await, house.mailbox("b").await);
    let span = Span::Advance { from: 1, to: 2 };
    let copy = |watched: &Watched| vec![mail(1, "", "Urgent", watched)];
    // In one batch, and again after it.
    tokio::join!(
        house.commit(window(&in_a, span, copy(&a), &a)),
        house.commit(window(&in_b, span, copy(&b), &b)),
    );
    let third = Span::Advance { from: 2, to: 3 };
    let mut later = copy(&b);
    later[0].uid = 2;
    house.commit(window(&in_b, third, later, &b)).await;
    assert_eq!(house.reader().await.cases(true, 10).await.expect("cases").len(), 1);
    assert_eq!(house.handed().len(), 3, "two alerts and a reply");
    assert_eq!(house.counts("b").await, [("duplicate", 2)]);
}

#[tokio::test]
async fn one_mail_under_two_policies_is_two_cases_and_one_reply() {
    let mut house = House::new().await;
    let (a, b) = (watched("a", &policy("left"), true), watched("b", &policy("right"), true));
    let (in_a, in_b) = (house.mailbox("a").await, house.mailbox("b").await);
    let span = Span::Advance { from: 1, to: 2 };
    tokio::join!(
        house.commit(window(&in_a, span, vec![mail(1, "", "Urgent", &a)], &a)),
        house.commit(window(&in_b, span, vec![mail(1, "", "Urgent", &b)], &b)),
    );
    // And in two batches.
    let next = Span::Advance { from: 2, to: 3 };
    house.commit(window(&in_a, next, vec![mail(2, "", "Urgent", &a)], &a)).await;
    house.commit(window(&in_b, next, vec![mail(2, "", "Urgent", &b)], &b)).await;
    let cases = house.reader().await.cases(true, 10).await.expect("cases");
    assert_eq!(cases.len(), 4);
    let references: std::collections::BTreeSet<_> = cases.iter().map(|case| &case.reference).collect();
    assert_eq!(references.len(), 4, "each has a name of its own");
    let handed = house.handed();
    assert_eq!(handed.iter().filter(|entry| entry.starts_with("alert")).count(), 8);
    assert_eq!(handed.iter().filter(|entry| entry.starts_with("reply")).count(), 2);
}

#[tokio::test]
async fn the_mail_that_fails_alone_is_quarantined_and_can_be_tried_again() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let mails = vec![
        mail(1, "", "Urgent", &watched),
        mail(2, "Subject: [panic]", "Urgent", &watched),
        mail(3, "", "Urgent", &watched),
        Arrived { uid: 4, internal_date: at(SATURDAY), content: Content::Failed("a broken literal".into()) },
    ];
    let span = Span::Advance { from: 1, to: 6 };
    assert_eq!(house.commit(window(&state, span, mails, &watched)).await, Verdict::Recorded);
    assert_eq!(house.counts("support").await, [("decided", 2), ("quarantined", 2)]);
    let handed = house.handed();
    assert_eq!(handed.iter().filter(|entry| entry.starts_with("alert")).count(), 4);
    assert_eq!(
        handed.iter().filter(|entry| entry.starts_with("alarm")).collect::<Vec<_>>(),
        ["alarm channel/ops mail-quarantined/support/2", "alarm channel/ops mail-quarantined/support/4"],
        "one for each, since each may be the urgent one"
    );
    let reader = house.reader().await;
    let rows = reader.quarantine().await.expect("rows");
    assert_eq!(rows.iter().map(|row| row.uid).collect::<Vec<_>>(), [4, 2]);
    assert!(reader.retry_quarantine(rows[0].id).await.expect("an answer"));
    assert_eq!(house.writer().retries(state.id).await.expect("UIDs"), [4]);
    let again = vec![mail(1, "", "Urgent", &watched), mail(4, "", "Urgent", &watched)];
    assert_eq!(house.commit(window(&state, Span::Again, again, &watched)).await, Verdict::Recorded);
    assert_eq!(house.counts("support").await, [("decided", 3), ("quarantined", 1)]);
    assert_eq!(house.writer().retries(state.id).await.expect("UIDs"), [0; 0]);
    assert_eq!(house.overview().await.alarms.len(), 1, "one is still there");
    assert!(reader.retry_quarantine(rows[1].id).await.expect("an answer"));
    let last = vec![mail(2, "", "Urgent", &watched)];
    assert_eq!(house.commit(window(&state, Span::Again, last, &watched)).await, Verdict::Recorded);
    assert_eq!(house.counts("support").await, [("decided", 4)]);
    assert!(house.overview().await.alarms.is_empty());
    assert_eq!(house.overview().await.mailboxes[0].next_uid, 6);
}

#[tokio::test]
async fn a_deferral_starts_at_its_opening_also_after_a_restart() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let mails = vec![mail(1, "", "Hello", &watched), mail(2, "", "Hello", &watched)];
    house.commit(window(&state, Span::Advance { from: 1, to: 3 }, mails, &watched)).await;
    assert_eq!(house.handed().len(), 2, "replies");
    house.set("2026-01-12T07:59:59Z");
    house.writer().look().await.expect("a look");
    assert!(house.handed().is_empty());
    house.reopen().await;
    house.set(MONDAY);
    house.writer().look().await.expect("a look");
    let handed = house.handed();
    assert_eq!(handed.iter().filter(|entry| *entry == "alert channel/inbox REF/inbox/1").count(), 2);
    house.writer().look().await.expect("a look");
    assert!(house.handed().is_empty(), "once");
}

#[tokio::test]
async fn what_runs_and_what_is_deferred_keeps_its_plan_when_the_policy_is_edited() {
    let mut house = House::new().await;
    let given = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let mails = vec![mail(1, "", "Urgent", &given), mail(2, "", "Hello", &given)];
    house.commit(window(&state, Span::Advance { from: 1, to: 3 }, mails, &given)).await;
    let alerts = |handed: Vec<String>| {
        handed.into_iter().filter(|entry| entry.starts_with("alert")).collect::<Vec<String>>()
    };
    assert_eq!(alerts(house.handed()).len(), 2, "pager and chat");

    // Ops rename both escalations, tell others, and let them run for three weeks.
    let edits = edited(&[
        ("\"on-call\"", "\"night-shift\""),
        ("\"inbox\"\nreply", "\"tickets\"\nreply"),
        (
            "name = \"inbox\"\nsteps = [{ after = \"0m\", notify = [\"inbox\"] }]",
            "name = \"tickets\"\ngive_up_after = \"500h\"\nsteps = [{ after = \"0m\", notify = [\"tickets\"] }]",
        ),
        ("pages = true", "pages = true\ngive_up_after = \"500h\""),
        ("\"pager\", \"chat\"", "\"telephone\""),
    ]);
    let edited = watched("support", &edits, true);
    let mails = vec![mail(3, "", "Urgent", &edited)];
    house.commit(window(&state, Span::Advance { from: 3, to: 4 }, mails, &edited)).await;
    assert_eq!(alerts(house.handed()), ["alert channel/telephone REF/night-shift/1"]);

    house.set("2026-01-11T09:20:00Z");
    house.writer().look().await.expect("a look");
    let told = alerts(house.handed());
    assert!(told.iter().all(|entry| !entry.contains("telephone")), "{told:?}");
    let cases = house.reader().await.cases(true, 10).await.expect("cases");
    let lapsed = cases.iter().filter(|case| case.state == "lapsed").count();
    assert_eq!(lapsed, 1, "the first gives up after a day, as it was told: {cases:?}");

    house.set(MONDAY);
    house.writer().look().await.expect("a look");
    assert_eq!(alerts(house.handed()), ["alert channel/inbox REF/inbox/1"]);
}

#[tokio::test]
async fn a_mailbox_that_is_only_watched_tells_nobody_now_or_later() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), false);
    let state = house.mailbox("support").await;
    let mails = vec![mail(1, "", "Urgent", &watched), mail(2, "", "Hello", &watched)];
    house.commit(window(&state, Span::Advance { from: 1, to: 3 }, mails, &watched)).await;
    house.set(MONDAY);
    house.writer().look().await.expect("a look");
    assert!(house.handed().is_empty() && house.outbox().await.is_empty());
    assert_eq!(house.counts("support").await, [("decided", 2)]);
    assert_eq!(house.reader().await.cases(true, 10).await.expect("cases").len(), 2);
}

#[tokio::test]
async fn the_limits_of_replies_outlive_a_restart() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let head = "From: anna@client.example";
    let span = Span::Advance { from: 1, to: 2 };
    house.commit(window(&state, span, vec![mail(1, head, "Hello", &watched)], &watched)).await;
    assert_eq!(house.handed(), ["reply account/main anna@client.example"]);
    house.reopen().await;
    let state = house.writer().open(key("support")).await.expect("a mailbox");
    let again = vec![mail(2, head, "Hello again", &watched), mail(3, head, "Urgent", &watched)];
    house.commit(window(&state, Span::Advance { from: 2, to: 4 }, again, &watched)).await;
    let handed = house.handed();
    assert_eq!(handed.iter().filter(|entry| entry.starts_with("reply")).count(), 1, "only the louder one");
}

#[tokio::test]
async fn a_conversation_outlives_a_restart_and_an_answer_withdraws_its_alerts() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    house.reopen().await;
    house.writer = None;
    house.task.take().expect("a task").await.expect("no panic").expect("a good end");
    house.open(1).await;
    let state = MailboxState { fence: state.fence, ..state };
    let head = "From: anna@client.example";
    let span = Span::Advance { from: 1, to: 2 };
    house.commit(window(&state, span, vec![mail(1, head, "Urgent", &watched)], &watched)).await;
    assert_eq!(house.outbox().await, ["alert leased", "alert pending", "reply pending"]);
    house.reopen().await;
    let head = "From: Bob <bob@desk.example>\nTo: anna@client.example\nIn-Reply-To: <1@client.example>\n\
                Authentication-Results: mx.desk.example; dmarc=pass header.from=desk.example";
    let answer = vec![mail(2, head, "Here is how.", &watched)];
    house.commit(window(&state, Span::Advance { from: 2, to: 3 }, answer, &watched)).await;
    assert_eq!(house.outbox().await, ["alert withdrawn", "alert withdrawn", "reply pending"]);
    let cases = house.reader().await.cases(true, 10).await.expect("cases");
    assert_eq!(cases.iter().map(|case| case.state.as_str()).collect::<Vec<_>>(), ["answered"]);
}

#[tokio::test]
async fn a_reply_that_was_being_handed_over_is_unknown_after_a_restart_and_an_alert_is_repeated() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let mails = vec![mail(1, "", "Urgent", &watched), mail(2, "", "Hello", &watched)];
    house.commit(window(&state, Span::Advance { from: 1, to: 3 }, mails, &watched)).await;
    let mut claimed = Vec::new();
    while let Ok(entry) = house.entries.try_recv() {
        claimed.push(entry);
    }
    let replies: Vec<&Claimed> =
        claimed.iter().filter(|entry| matches!(entry.way, Way::Account(_))).collect();
    let (first, second) = (replies[0], replies[1]);
    let granted = house.writer().hand_over(first.id, first.attempt).await.expect("an answer");
    assert!(granted);
    assert!(!house.writer().hand_over(first.id, first.attempt).await.expect("an answer"), "once");
    house.reopen().await;
    assert!(!house.writer().hand_over(second.id, 1).await.expect("an answer"), "the lease is over");
    let late = Settle { id: claimed[0].id, attempt: 1, settled: Settled::Sent };
    house.writer().settle(late).await.expect("no longer ours, and no error");
    assert_eq!(house.outbox().await, ["alert pending", "alert pending", "reply pending", "reply unknown"]);
    let again = house.writer().claim(10).await.expect("entries");
    assert_eq!(again.iter().map(|entry| entry.attempt).collect::<Vec<_>>(), [2, 2, 2]);
    for entry in &again {
        let settled = Settled::Sent;
        house.writer().settle(Settle { id: entry.id, attempt: 2, settled }).await.expect("settled");
    }
    assert_eq!(house.outbox().await, ["alert sent", "alert sent", "reply sent", "reply unknown"]);
    assert!(house.writer().claim(10).await.expect("entries").is_empty());
}

#[tokio::test]
async fn leases_run_out_and_a_reply_is_not_sent_when_its_promise_has_passed() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let span = Span::Advance { from: 1, to: 2 };
    house.commit(window(&state, span, vec![mail(1, "", "Urgent", &watched)], &watched)).await;
    assert_eq!(house.handed().len(), 3);
    assert!(house.writer().claim(10).await.expect("entries").is_empty(), "they are leased");
    // Two hours were promised.
    house.set("2026-01-10T11:00:00Z");
    let claimed = house.writer().claim(10).await.expect("entries");
    assert_eq!(claimed.len(), 2);
    assert_eq!(house.outbox().await, ["alert leased", "alert leased", "reply stale"]);
    let retry = |at| Settled::Retry { at, reason: "421".to_owned() };
    let later = at("2026-01-10T11:01:00Z");
    house
        .writer()
        .settle(Settle { id: claimed[0].id, attempt: 2, settled: retry(later) })
        .await
        .expect("settled");
    assert!(house.writer().claim(10).await.expect("entries").is_empty());
    house.set("2026-01-10T11:01:00Z");
    assert_eq!(house.writer().claim(10).await.expect("entries")[0].attempt, 3);
}

#[tokio::test]
async fn the_breaker_stops_replies_until_somebody_switches_them_on() {
    let mut house = House::new().await;
    house.rules.breaker = Rate { count: 2, per: SignedDuration::from_hours(1) };
    house.writer().configure(house.rules.clone()).await.expect("rules");
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let mails = (1..=4).map(|uid| mail(uid, "", "Urgent", &watched)).collect();
    house.commit(window(&state, Span::Advance { from: 1, to: 5 }, mails, &watched)).await;
    let handed = house.handed();
    assert_eq!(handed.iter().filter(|entry| entry.starts_with("reply")).count(), 2);
    assert_eq!(handed.iter().filter(|entry| entry.starts_with("alert")).count(), 8, "alerts go on");
    assert!(handed.contains(&"alarm channel/ops breaker-open".to_owned()));
    let overview = house.overview().await;
    assert_eq!(overview.replies.breaker_open_since, Some(at(SATURDAY_LATER)));
    assert_eq!(overview.alarms[0].key, "breaker-open");
    // What was leased and lost is held now.
    house.reopen().await;
    assert_eq!(house.writer().claim(100).await.expect("entries").len(), 9);
    assert_eq!(house.overview().await.outbox.get("held"), Some(&2));
    house.reader().await.set_replies(true, at(SATURDAY_LATER)).await.expect("the switch");
    assert_eq!(house.writer().claim(100).await.expect("entries").len(), 2);
    let state = house.writer().open(key("support")).await.expect("a mailbox");
    let mails = vec![mail(5, "", "Hello", &watched)];
    house.commit(window(&state, Span::Advance { from: 5, to: 6 }, mails, &watched)).await;
    assert_eq!(house.handed().len(), 1, "it counts anew");
}

#[tokio::test]
async fn an_open_breaker_outlives_its_time_and_a_restart() {
    let mut house = House::new().await;
    house.rules.breaker = Rate { count: 1, per: SignedDuration::from_hours(1) };
    house.reopen().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let mails = vec![mail(1, "", "Urgent", &watched), mail(2, "", "Urgent", &watched)];
    house.commit(window(&state, Span::Advance { from: 1, to: 3 }, mails, &watched)).await;
    house.handed();
    house.set("2026-01-11T09:00:00Z");
    house.reopen().await;
    let state = house.writer().open(key("support")).await.expect("a mailbox");
    let late = vec![mail_at(3, "2026-01-11T09:00:00Z", ("", "Urgent"), &watched)];
    house.commit(window(&state, Span::Advance { from: 3, to: 4 }, late, &watched)).await;
    let handed = house.handed();
    assert_eq!(handed.len(), 2, "alerts, and no reply: {handed:?}");
    assert_eq!(house.alarms().await, ["breaker-open"]);
}

/// A report that our reply to a mail could not be delivered.
fn report(reply: &str, address: &str) -> (String, String) {
    let head = "From: MAILER-DAEMON@mx.example\nReturn-Path: <>\n\
                Content-Type: multipart/report; report-type=delivery-status; boundary=b";
    let body = format!(
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nFinal-Recipient: rfc822; {address}\r\n\
         Action: failed\r\nStatus: 5.1.1\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n\
         Message-ID: <{reply}>\r\n--b--"
    );
    (head.to_owned(), body)
}

fn replies(handed: &[String]) -> Vec<&str> {
    handed.iter().map(String::as_str).filter(|entry| entry.starts_with("reply")).collect()
}

#[tokio::test]
async fn a_reply_that_comes_back_is_the_last_one_under_every_policy_and_after_a_restart() {
    let mut house = House::new().await;
    let (a, b) = (watched("a", &policy("left"), true), watched("b", &policy("right"), true));
    let (in_a, in_b) = (house.mailbox("a").await, house.mailbox("b").await);
    let span = Span::Advance { from: 1, to: 2 };
    let anna = "From: Anna@client.example";
    house.commit(window(&in_a, span, vec![mail(1, anna, "Hello", &a)], &a)).await;
    let entry = house.entries.try_recv().expect("a reply");
    let Outgoing::Reply(reply) = &entry.outgoing else { panic!("{entry:?}") };
    let sent = read(&Source::Whole(reply.message.as_bytes()), &a.policy, None);
    let mark = sent.evidence.iter().find(|evidence| evidence.field == "X-Nightdesk").expect("a mark");
    assert!(
        !crate::base::seal::Seal::default().marks(&mark.value, &reply.message_id),
        "the seal of examples"
    );
    house.reopen().await;
    let (head, body) = report(&reply.message_id, "anna@client.example");
    let again = Span::Advance { from: 2, to: 4 };
    let mails = vec![mail(2, &head, &body, &a), mail(3, anna, "Urgent", &a)];
    let mut other = vec![mail(1, anna, "Urgent too", &b)];
    other[0].uid = 1;
    house.commit(window(&MailboxState { fence: in_a.fence, ..in_a }, again, mails, &a)).await;
    house.reopen().await;
    house.commit(window(&in_b, span, other, &b)).await;
    let handed = house.handed();
    assert_eq!(handed.iter().filter(|entry| entry.starts_with("alert")).count(), 2, "{handed:?}");
    assert_eq!(replies(&handed), Vec::<&str>::new());
    // Sixty days later she may have another.
    house.set("2026-03-14T09:00:00Z");
    let next = Span::Advance { from: 2, to: 3 };
    let later = vec![mail_at(2, "2026-03-14T09:00:00Z", (anna, "Hello"), &b)];
    house.commit(window(&in_b, next, later, &b)).await;
    assert_eq!(replies(&house.handed()), ["reply account/main Anna@client.example"]);
}

#[tokio::test]
async fn a_recipient_that_the_server_does_not_know_is_remembered_and_any_other_refusal_is_not() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let (anna, ben) = ("From: anna@client.example", "From: ben@second.example");
    let mails = vec![mail(1, anna, "Hello", &watched), mail(2, ben, "Hello", &watched)];
    house.commit(window(&state, Span::Advance { from: 1, to: 3 }, mails, &watched)).await;
    let [first, second] = [0, 1].map(|_| house.entries.try_recv().expect("a reply"));
    let nobody = Settled::NoRecipient { reason: "unknown user".to_owned(), status: "5.1.1".to_owned() };
    let settle = |id, settled| Settle { id, attempt: 1, settled };
    house.writer().settle(settle(first.id, nobody)).await.expect("settled");
    house
        .writer()
        .settle(settle(second.id, Settled::Failed("relay denied".to_owned())))
        .await
        .expect("settled");
    assert_eq!(house.outbox().await, ["reply failed", "reply failed"]);
    let mails = vec![mail(3, anna, "Urgent", &watched), mail(4, ben, "Urgent", &watched)];
    house.commit(window(&state, Span::Advance { from: 3, to: 5 }, mails, &watched)).await;
    let handed = house.handed();
    assert_eq!(replies(&handed), ["reply account/main ben@second.example"]);
    assert_eq!(handed.len(), 5, "both alert: {handed:?}");
}

#[tokio::test]
async fn a_promise_that_passes_while_the_server_is_asked_is_not_handed_over() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let span = Span::Advance { from: 1, to: 2 };
    house.commit(window(&state, span, vec![mail(1, "", "Urgent", &watched)], &watched)).await;
    let reply = std::iter::from_fn(|| house.entries.try_recv().ok())
        .find(|entry| matches!(entry.way, Way::Account(_)));
    let reply = reply.expect("a reply");
    house.set("2026-01-10T11:00:00Z");
    assert!(!house.writer().hand_over(reply.id, reply.attempt).await.expect("an answer"));
    assert!(house.outbox().await.contains(&"reply stale".to_owned()));
}

#[tokio::test]
async fn switched_off_replies_are_withheld_and_waiting_ones_held() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let span = Span::Advance { from: 1, to: 2 };
    house.commit(window(&state, span, vec![mail(1, "", "Hello", &watched)], &watched)).await;
    let entry = house.entries.try_recv().expect("a reply");
    house.reader().await.set_replies(false, at(SATURDAY_LATER)).await.expect("the switch");
    assert!(!house.writer().hand_over(entry.id, entry.attempt).await.expect("an answer"));
    let span = Span::Advance { from: 2, to: 3 };
    house.commit(window(&state, span, vec![mail(2, "", "Urgent", &watched)], &watched)).await;
    assert_eq!(house.outbox().await, ["alert leased", "alert leased", "reply held"]);
}

#[tokio::test]
async fn an_alert_that_fails_everywhere_raises_an_alarm_and_an_alarm_never_does() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let span = Span::Advance { from: 1, to: 2 };
    house.commit(window(&state, span, vec![mail(1, "", "Urgent", &watched)], &watched)).await;
    let mut alerts = Vec::new();
    while let Ok(entry) = house.entries.try_recv() {
        alerts.extend(matches!(entry.outgoing, Outgoing::Alert(_)).then_some(entry.id));
    }
    let fail = |id| Settle { id, attempt: 1, settled: Settled::Failed("404".to_owned()) };
    house.writer().settle(fail(alerts[0])).await.expect("settled");
    assert!(house.handed().is_empty(), "the other channel may still tell");
    house.writer().settle(fail(alerts[1])).await.expect("settled");
    let alarm = house.entries.try_recv().expect("nobody was told");
    house.writer().settle(fail(alarm.id)).await.expect("settled");
    assert!(house.handed().is_empty());
    assert!(house.alarms().await[0].starts_with("alert-undelivered/"));
    // Somebody mends the channel and has it tried again: now they know.
    let now = at(SATURDAY_LATER);
    assert!(house.reader().await.retry_outbox(alerts[0], now).await.expect("an answer"));
    let again = house.writer().claim(10).await.expect("entries");
    let sent = Settle { id: alerts[0], attempt: again[0].attempt, settled: Settled::Sent };
    house.writer().settle(sent).await.expect("settled");
    assert!(house.alarms().await.is_empty());
    let alarm = Alarm { key: "mailbox-stale/support".to_owned(), text: "no proof for 5m".to_owned() };
    house.writer().alarm(alarm.clone()).await.expect("raised");
    house.writer().alarm(alarm.clone()).await.expect("raised already");
    assert_eq!(house.handed().len(), 1);
    house.writer().clear(alarm.key.clone()).await.expect("cleared");
    house.set("2026-01-10T09:20:00Z");
    house.writer().alarm(alarm).await.expect("raised again");
    assert_eq!(house.handed().len(), 1);
}

#[tokio::test]
async fn alarms_about_what_is_gone_are_taken_back() {
    let mut house = House::new().await;
    let keys = [
        "channel-failing/old",
        "channel-failing/pager",
        "login-refused/old",
        "mailbox-stale/support",
        "reply-failed/story",
        "task-died/console",
    ];
    for key in keys {
        let alarm = Alarm { key: key.to_owned(), text: "something".to_owned() };
        house.writer().alarm(alarm).await.expect("raised");
    }
    house.reopen().await;
    house.writer().look().await.expect("it has begun");
    let left = ["channel-failing/pager", "mailbox-stale/support"];
    assert_eq!(house.alarms().await, left);
    house.rules.mailboxes.clear();
    house.writer().configure(house.rules.clone()).await.expect("rules");
    assert_eq!(house.alarms().await, ["channel-failing/pager"]);
}

#[tokio::test]
async fn a_sender_who_cannot_be_written_to_is_no_emergency() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let strange = mail(1, "From: Anna <anna@client\u{ff1e}.example>", "Urgent", &watched);
    house.commit(window(&state, Span::Advance { from: 1, to: 2 }, vec![strange], &watched)).await;
    assert_eq!(
        house.handed(),
        ["alert channel/pager REF/on-call/1", "alert channel/chat REF/on-call/1"],
        "no reply, and no alarm"
    );
    assert_eq!(house.counts("support").await, [("decided", 1)]);
}

#[tokio::test]
async fn a_sender_beyond_ascii_is_answered_as_far_as_the_server_can_carry_it() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let strange = mail(1, "From: Anna <\u{e4}nna@client.example>", "Urgent", &watched);
    house.commit(window(&state, Span::Advance { from: 1, to: 2 }, vec![strange], &watched)).await;
    let handed = house.handed();
    assert_eq!(handed.last().map(String::as_str), Some("reply account/main \u{e4}nna@client.example"));
}

#[tokio::test]
async fn mail_from_before_the_first_sight_is_only_recorded_when_it_is_old() {
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let mails = vec![
        mail_at(1, "2026-01-08T09:00:00Z", ("", "Urgent"), &watched),
        mail_at(2, SATURDAY, ("", "Urgent"), &watched),
        Arrived { uid: 3, internal_date: at(SATURDAY), content: Content::BeforeStart },
    ];
    house.commit(window(&state, Span::Advance { from: 1, to: 4 }, mails, &watched)).await;
    assert_eq!(house.counts("support").await, [("before-start", 2), ("decided", 1)]);
    assert_eq!(house.handed().len(), 3);
}

/// A future that is dropped at its k-th poll.
struct UntilPoll<F> {
    future: Pin<Box<F>>,
    left: usize,
}

impl<F: Future> Future for UntilPoll<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        self.future.as_mut().poll(context).map(Some)
    }
}

/// A whole life of a small mailbox: two windows, from wherever the store says that they go on.
async fn life(path: PathBuf, policy: Arc<Policy>) -> usize {
    let watched = watched("support", &policy, true);
    let store = Store::open(&path).await.expect("a store");
    let (sender, mut entries) = mpsc::channel(4);
    let hand_off = HandOff { entries: sender, wake: Arc::new(Notify::new()) };
    let rules = Rules {
        breaker: Rate { count: 100, per: SignedDuration::from_hours(1) },
        ops: Vec::new(),
        mailboxes: ["support".to_owned()].into(),
        channels: BTreeSet::new(),
    };
    let clock = Arc::new(StoryClock(Mutex::new(at(SATURDAY_LATER))));
    let (writer, task) = Writer::start(store, rules, hand_off, clock, Arc::<Metrics>::default());
    let owner = async move {
        let state = writer.open(key("support")).await.expect("a mailbox");
        if state.cursor.is_none() {
            let cursor = Cursor { uid_validity: 7, next_uid: 1 };
            writer.baseline(state.id, state.fence, cursor).await.expect("a baseline");
        }
        let mut from = state.cursor.map_or(1, |cursor| cursor.next_uid);
        while from < 7 {
            let to = from + 3;
            let mails = (from..to).map(|uid| u32::try_from(uid).expect("small"));
            let mails = mails.map(|uid| mail(uid, "", "Urgent", &watched)).collect();
            let verdict = writer.commit(window(&state, Span::Advance { from, to }, mails, &watched)).await;
            assert_eq!(verdict.expect("an answer"), Verdict::Recorded);
            from = to;
        }
        drop(writer);
    };
    let (ended, ()) = tokio::join!(task, owner);
    ended.expect("a good end");
    let mut handed = 0;
    while entries.try_recv().is_ok() {
        handed += 1;
    }
    handed
}

#[tokio::test]
async fn a_writer_dropped_at_any_await_leaves_nothing_half_done() {
    let policy = policy("story");
    for polls in 1.. {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("desk.db");
        let cut = UntilPoll { future: Box::pin(life(path.clone(), Arc::clone(&policy))), left: polls }.await;
        if let Ok(reader) = Reader::open(&path).await {
            let overview = reader.overview().await.expect("an overview");
            let next_uid = overview.mailboxes.first().map_or(0, |row| row.next_uid);
            let recorded = next_uid.saturating_sub(1);
            let decided = overview.mailboxes.first().map_or(0, |row| row.counts["decided"]);
            assert_eq!(decided, recorded, "dropped at poll {polls}");
            assert_eq!(overview.outbox.values().sum::<u64>(), 3 * recorded, "two alerts and a reply each");
            assert_eq!(overview.cases.values().sum::<u64>(), recorded);
        }
        life(path.clone(), Arc::clone(&policy)).await;
        let overview = Reader::open(&path).await.expect("a reader").overview().await.expect("an overview");
        assert_eq!((overview.mailboxes[0].next_uid, overview.mailboxes[0].counts["decided"]), (7, 6));
        assert_eq!(overview.outbox.values().sum::<u64>(), 18, "dropped at poll {polls}");
        if cut.is_some() {
            assert!(polls > 10, "there were polls to be dropped at");
            return;
        }
    }
}

/// How long a mail takes from its reading to the disk, at the beginning of a database and after many mails; run by
/// hand, with optimisation, to see whether a change costs.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement, not a test"]
#[expect(clippy::print_stderr, reason = "a measurement is told to whoever asked for it")]
async fn microseconds_for_each_mail() {
    const WINDOWS: u64 = 100;
    const MAILS: u64 = 64;
    let mut house = House::new().await;
    let watched = watched("support", &policy("story"), true);
    let state = house.mailbox("support").await;
    let drain = tokio::spawn(async move { while house.entries.recv().await.is_some() {} });
    let writer = house.writer.take().expect("a writer");
    for round in 0..4 {
        let windows: Vec<Window> = (0..WINDOWS)
            .map(|index| {
                let from = (round * WINDOWS + index) * MAILS + 1;
                let uids = (from..from + MAILS).map(|uid| u32::try_from(uid).expect("small"));
                let text = |uid: u32| if uid.is_multiple_of(20) { "Urgent" } else { "Hello" };
                let answers = |uid: u32| format!("In-Reply-To: <{}@client.example>", uid.saturating_sub(7));
                let mails = uids
                    .map(|uid| {
                        let head = if uid.is_multiple_of(3) { answers(uid) } else { String::new() };
                        mail_at(uid, MONDAY, (&head, text(uid)), &watched)
                    })
                    .collect();
                window(&state, Span::Advance { from, to: from + MAILS }, mails, &watched)
            })
            .collect();
        house.clock.0.lock().expect("nobody panicked").clone_from(&at("2026-01-12T09:00:00Z"));
        let began = tokio::time::Instant::now();
        for window in windows {
            assert_eq!(writer.commit(window).await.expect("an answer"), Verdict::Recorded);
        }
        let took = began.elapsed();
        eprintln!("round {round}: {} µs a mail", took.as_micros() / u128::from(WINDOWS * MAILS));
    }
    drop(writer);
    house.task.take().expect("a task").await.expect("no panic").expect("a good end");
    drain.await.expect("no panic");
}
