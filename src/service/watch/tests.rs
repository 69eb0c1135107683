//! What the watch rings for, with a notebook instead of the writer.

use std::sync::Mutex;

use super::*;
use crate::base::clock::FixedClock;
use crate::service::Link;

/// Writes down what it is told; refuses everything while it is broken.
#[derive(Default)]
struct Notebook {
    broken: Mutex<bool>,
    said: Mutex<Vec<String>>,
}

impl Notebook {
    fn note(&self, line: String) -> Result<(), WriterError> {
        if *self.broken.lock().unwrap() {
            return Err(WriterError("disk full".to_owned()));
        }
        self.said.lock().unwrap().push(line);
        Ok(())
    }

    fn said(&self) -> Vec<String> {
        std::mem::take(&mut *self.said.lock().unwrap())
    }
}

impl Bell for Arc<Notebook> {
    async fn raise(&self, alarm: Alarm) -> Result<(), WriterError> {
        self.note(format!("{}: {}", alarm.key, alarm.text))
    }

    async fn clear(&self, key: String) -> Result<(), WriterError> {
        self.note(format!("clear {key}"))
    }

    async fn heartbeat(&self, status: String) -> Result<(), WriterError> {
        self.note(status)
    }
}

struct Desk {
    notes: Arc<Notebook>,
    watch: Watch<Arc<Notebook>>,
    rung: BTreeMap<String, bool>,
    now: Timestamp,
}

/// A watch over a mailbox that is stale at once without proof, or never.
fn desk(stale_after: Duration) -> Desk {
    let now: Timestamp = "2026-01-10T02:03:41Z".parse().unwrap();
    let rules = Rules { policy: "alloy".to_owned(), digest: "d1".to_owned(), stale_after, act: true };
    let running =
        Running { started_at: now, mailboxes: [("support".to_owned(), rules)].into(), reload: None };
    let notes = Arc::new(Notebook::default());
    let watch = Watch {
        bell: Arc::clone(&notes),
        health: Arc::default(),
        metrics: Arc::default(),
        clock: Arc::new(FixedClock(now)),
        running: watch::channel(Arc::new(running)).1,
    };
    watch.health.watch("support", now);
    // It has looked before, and found its task alive.
    Desk { notes, watch, rung: [("task-died/mailbox support".to_owned(), false)].into(), now }
}

const AT_ONCE: Duration = Duration::ZERO;
const NEVER: Duration = Duration::from_hours(1);

impl Desk {
    async fn look(&mut self) -> Vec<String> {
        self.watch.look(&mut self.rung).await;
        self.notes.said()
    }

    fn stale_after(&mut self, stale_after: Duration) {
        let mut running = Running::clone(&self.watch.running.borrow());
        for rules in running.mailboxes.values_mut() {
            rules.stale_after = stale_after;
        }
        self.watch.running = watch::channel(Arc::new(running)).1;
    }
}

#[tokio::test]
async fn a_stale_mailbox_rings_once_and_is_taken_back_when_it_is_fresh() {
    let mut desk = desk(AT_ONCE);
    desk.watch.health.trouble("support", "timed out".to_owned());
    desk.watch.health.fresh("support", desk.now);
    desk.watch.health.link("support", Link::Connecting, desk.now);
    desk.watch.health.trouble("support", "the server said goodbye".to_owned());
    assert_eq!(
        desk.look().await,
        ["mailbox-stale/support: mailbox support is stale: nothing proves that no mail was missed since \
          2026-01-10T02:03:41Z; it is connecting: the server said goodbye"]
    );
    assert_eq!(desk.look().await, [""; 0], "it rings once");
    desk.stale_after(NEVER);
    assert_eq!(desk.look().await, ["clear mailbox-stale/support"]);
    assert_eq!(desk.look().await, [""; 0]);
}

#[tokio::test]
async fn after_a_restart_an_old_alarm_stays_until_the_mailbox_is_proven_fresh() {
    let mut desk = desk(NEVER);
    assert_eq!(desk.look().await, [""; 0], "nothing is known yet");
    desk.watch.health.fresh("support", desk.now);
    assert_eq!(desk.look().await, ["clear mailbox-stale/support"]);
}

#[tokio::test]
async fn the_death_of_a_task_in_an_earlier_life_is_taken_back_at_the_start() {
    let mut desk = desk(NEVER);
    desk.rung.clear();
    assert_eq!(desk.look().await, ["clear task-died/mailbox support"]);
    assert_eq!(desk.look().await, [""; 0]);
}

#[tokio::test]
async fn what_could_not_be_told_is_told_again() {
    let mut desk = desk(AT_ONCE);
    *desk.notes.broken.lock().unwrap() = true;
    assert_eq!(desk.look().await, [""; 0]);
    *desk.notes.broken.lock().unwrap() = false;
    let said = desk.look().await;
    assert!(matches!(said.as_slice(), [line] if line.starts_with("mailbox-stale/support: ")), "{said:?}");
}

#[tokio::test]
async fn a_mailbox_that_is_no_longer_watched_takes_its_alarm_along() {
    let mut desk = desk(AT_ONCE);
    assert_eq!(desk.look().await.len(), 1);
    desk.watch.health.forget("support");
    assert_eq!(desk.look().await, ["clear mailbox-stale/support"]);
    assert_eq!(desk.look().await, [""; 0]);
}

#[tokio::test]
async fn a_task_that_died_rings() {
    let mut desk = desk(NEVER);
    desk.watch.health.died("mailbox support", "it panicked".to_owned());
    assert_eq!(
        desk.look().await,
        ["task-died/mailbox support: the task \"mailbox support\" died and was started again: it panicked"]
    );
    assert_eq!(desk.look().await, [""; 0]);
    desk.watch.health.buried("mailbox support");
    assert_eq!(desk.look().await, ["clear task-died/mailbox support"]);
}

#[tokio::test]
async fn the_sign_of_life_tells_what_runs_and_how_the_last_reload_went() {
    let desk = desk(NEVER);
    desk.watch.health.fresh("support", desk.now);
    let mut running = Running::clone(&desk.watch.running.borrow());
    running.reload = Some(Reload {
        at: desk.now,
        refused_since: Some(desk.now),
        outcome: ReloadOutcome::Refused,
        notes: vec!["the policy has mistakes".to_owned()],
        diagnostics: "error: …".to_owned(),
    });
    let desk = Desk { watch: Watch { running: watch::channel(Arc::new(running)).1, ..desk.watch }, ..desk };
    let status: serde_json::Value = serde_json::from_str(&desk.watch.status()).unwrap();
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["pid"], std::process::id());
    assert_eq!(status["policies"], serde_json::json!([{ "name": "alloy", "digest": "d1" }]));
    assert_eq!(
        status["mailboxes"],
        serde_json::json!([{
            "name": "support", "policy": "alloy", "act": true, "link": "connecting",
            "since": "2026-01-10T02:03:41Z", "fresh_at": "2026-01-10T02:03:41Z", "stale": false, "trouble": null,
        }])
    );
    assert_eq!(status["reload"]["outcome"], "refused");
    assert_eq!(status["reload"]["diagnostics"], "error: …");
}

#[tokio::test]
async fn signs_of_life_prove_the_writer_and_a_broken_one_is_not_proven() {
    let good = desk(NEVER);
    let health = Arc::clone(&good.watch.health);
    let cancel = CancellationToken::new();
    tokio::select! {
        () = good.watch.run(cancel.clone()) => {}
        () = async { while good.notes.said().is_empty() { tokio::task::yield_now().await; } } => {}
    }
    health.beat(Loop::Dispatch);
    assert!(health.all_beat(), "watch and writer went round");

    let bad = desk(NEVER);
    *bad.notes.broken.lock().unwrap() = true;
    let health = Arc::clone(&bad.watch.health);
    health.beat(Loop::Dispatch);
    cancel.cancel();
    let ended = tokio::time::timeout(Duration::from_secs(5), bad.watch.run(cancel));
    ended.await.expect("a cancelled watch ends");
    assert!(!health.all_beat());
}

#[test]
fn a_sign_of_life_is_due_when_the_link_changes_and_at_the_first_proof() {
    let desk = desk(NEVER);
    let (watch, health) = (&desk.watch, &desk.watch.health);
    let at_first = watch.seen();
    assert_eq!(watch.seen(), at_first);
    health.fresh("support", desk.now);
    let proven = watch.seen();
    assert_ne!(proven, at_first);
    health.fresh("support", desk.now.saturating_add(Duration::from_mins(1)).unwrap());
    assert_eq!(watch.seen(), proven, "the next proof is nothing new");
    health.link("support", Link::Waiting, desk.now);
    assert_ne!(watch.seen(), proven);
}
