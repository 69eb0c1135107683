//! A world that changes while it is in force, with owners that write down how they fared.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::base::clock::FixedClock;
use crate::daemon::reload::{self, tests::world};
use crate::daemon::supervisor::Rest;
use crate::service::watch::ReloadOutcome;

#[derive(Default)]
struct Notebook {
    said: Mutex<Vec<String>>,
    broken: AtomicBool,
}

impl Notebook {
    fn note(&self, line: String) {
        self.said.lock().unwrap().push(line);
    }

    /// Waits until this was said.
    async fn heard(&self, line: &str) {
        let heard = async {
            while !self.said.lock().unwrap().iter().any(|said| said == line) {
                tokio::task::yield_now().await;
            }
        };
        let heard = tokio::time::timeout(Duration::from_secs(20), heard).await;
        assert!(heard.is_ok(), "never said: {line}; but {:?}", self.said.lock().unwrap());
    }
}

struct Doubles(Arc<Notebook>);

impl Works for Doubles {
    fn own(
        self: Arc<Self>,
        mut ownership: Ownership,
        cancel: CancellationToken,
    ) -> impl Future<Output = Done> + Send + 'static {
        let notes = Arc::clone(&self.0);
        async move {
            let name = ownership.key.name.clone();
            notes.note(format!("{name} at {}", ownership.key.host));
            loop {
                tokio::select! {
                    () = cancel.cancelled() => break,
                    Ok(()) = ownership.watched.changed() => {
                        let poll = ownership.watched.borrow_and_update().poll;
                        notes.note(format!("{name} polls every {poll:?}"));
                    }
                }
            }
            notes.note(format!("{name} ended"));
            Ok(())
        }
    }

    async fn owed(&self) -> Result<Owed, String> {
        Ok(Owed::default())
    }

    async fn turn_to(&self, settings: &Settings) -> Result<(), String> {
        self.0.note(format!("{} channels", settings.channels.len()));
        if self.0.broken.load(Ordering::Relaxed) { Err("broken".to_owned()) } else { Ok(()) }
    }
}

struct Stage {
    notes: Arc<Notebook>,
    health: Arc<Health>,
    present: Present<Doubles>,
    supervisor: Supervisor,
}

fn stage() -> Stage {
    let notes = Arc::new(Notebook::default());
    let health = Arc::new(Health::default());
    let works = Arc::new(Doubles(Arc::clone(&notes)));
    let clock = Arc::new(FixedClock("2026-01-10T02:03:41Z".parse().unwrap()));
    let mut present = Present::new(world(&[]), works, Arc::clone(&health), clock);
    let mut supervisor = Supervisor::new(Rest::default());
    present.start(&mut supervisor);
    Stage { notes, health, present, supervisor }
}

impl Stage {
    async fn reload(&mut self, changes: &[(&str, &str)]) -> Vec<String> {
        let new = world(changes);
        let plan = reload::plan(self.present.world(), &new, &Owed::default()).unwrap();
        self.present.apply(new, &plan, &mut self.supervisor).await;
        plan.notes
    }
}

#[tokio::test]
async fn a_swap_reaches_the_owner_and_leaves_its_connection() {
    let mut stage = stage();
    stage.notes.heard("support at imap.example.com").await;
    stage.health.fresh("support", Timestamp::UNIX_EPOCH);
    stage.reload(&[("account = \"main\"\n", "account = \"main\"\npoll = \"30s\"\n")]).await;
    stage.notes.heard("support polls every 30s").await;
    assert!(stage.health.snapshot()["support"].fresh_at.is_some(), "it is still the same watch");
    assert!(!stage.notes.said.lock().unwrap().iter().any(|line| line == "support ended"));
}

#[tokio::test]
async fn another_server_ends_the_old_owner_before_the_new_one_begins() {
    let mut stage = stage();
    stage.notes.heard("support at imap.example.com").await;
    stage.reload(&[("imap.example.com", "imap2.example.com")]).await;
    stage.notes.heard("support at imap2.example.com").await;
    let said = stage.notes.said.lock().unwrap().clone();
    let at = |line: &str| said.iter().position(|said| said == line).unwrap();
    assert!(at("support ended") < at("support at imap2.example.com"));
    assert_eq!(stage.health.snapshot()["support"].fresh_at, None, "nothing is proven of the new server");
}

#[tokio::test]
async fn a_mailbox_that_goes_is_forgotten() {
    let mut stage = stage();
    stage.notes.heard("support at imap.example.com").await;
    stage.health.died("mailbox support", "it panicked".to_owned());
    let mut empty = world(&[]);
    empty.mailboxes.clear();
    empty.settings.mailboxes.clear();
    let plan = reload::plan(stage.present.world(), &empty, &Owed::default()).unwrap();
    stage.present.apply(empty, &plan, &mut stage.supervisor).await;
    stage.notes.heard("support ended").await;
    assert!(stage.health.snapshot().is_empty() && stage.health.deaths().is_empty());
}

#[tokio::test]
async fn what_takes_a_restart_is_said_at_each_reload() {
    let mut stage = stage();
    let changed = [("nightdesk.db", "other.db")];
    let first = stage.reload(&changed).await;
    assert_eq!(first, ["[store] changed: it takes a restart, until then the old one holds"]);
    assert_eq!(stage.reload(&changed).await, first);
    assert_eq!(stage.present.world().settings.store.path, PathBuf::from("/var/lib/nightdesk/nightdesk.db"));
    assert_eq!(stage.reload(&[]).await, [""; 0]);
}

#[tokio::test]
async fn what_is_watched_and_how_the_reload_went_is_told() {
    let mut stage = stage();
    let running = stage.present.running();
    stage.notes.broken.store(true, Ordering::Relaxed);
    stage.reload(&[("account = \"main\"\n", "account = \"main\"\nstale_after = \"9m\"\n")]).await;
    let at = Timestamp::UNIX_EPOCH;
    let reload = Reload {
        at,
        refused_since: None,
        outcome: ReloadOutcome::Done,
        notes: Vec::new(),
        diagnostics: String::new(),
    };
    stage.present.told(reload.clone());
    let running = running.borrow();
    assert_eq!(running.mailboxes["support"].stale_after, Duration::from_mins(9));
    assert_eq!(running.reload, Some(reload));
}
