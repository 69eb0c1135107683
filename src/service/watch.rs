//! The watch: proves that we are not blind, and says so when we are.
//!
//! Every few seconds it compares what [`Health`] knows with what must hold: a mailbox that was not proven fresh for
//! its `stale_after` raises `mailbox-stale/NAME`, a task that died raises `task-died/NAME`; both are taken back when
//! they no longer hold. Beside that it leaves a sign of life in the store, which also proves that the writer answers.
//!
//! It dials nothing and reads no mail. What it rang for is kept in memory only: after a restart everything is judged
//! anew, and raising or clearing an alarm twice changes nothing.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::health::{Health, Link, Loop, MailboxHealth, TaskDeaths};
use super::writer::{Alarm, Writer, WriterError};
use crate::base::clock::Clock;
use crate::telemetry::Metrics;

/// How often health is looked at: well below the least `stale_after`, and nothing to notice in CPU.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often a sign of life is left while nothing changes; `nightdesk status` calls a daemon dead after three of them.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(10);
/// A task that has lived this long after a death is well again.
const WELL_AFTER: Duration = Duration::from_mins(10);

/// Where alarms and signs of life go; the [`Writer`], or a test's notebook.
pub trait Bell: Send + Sync {
    /// Raises an alarm, unless it is raised already.
    fn raise(&self, alarm: Alarm) -> impl Future<Output = Result<(), WriterError>> + Send;
    /// Takes an alarm back.
    fn clear(&self, key: String) -> impl Future<Output = Result<(), WriterError>> + Send;
    /// Leaves a sign of life.
    fn heartbeat(&self, status: String) -> impl Future<Output = Result<(), WriterError>> + Send;
}

impl Bell for Writer {
    fn raise(&self, alarm: Alarm) -> impl Future<Output = Result<(), WriterError>> + Send {
        self.alarm(alarm)
    }

    fn clear(&self, key: String) -> impl Future<Output = Result<(), WriterError>> + Send {
        Writer::clear(self, key)
    }

    fn heartbeat(&self, status: String) -> impl Future<Output = Result<(), WriterError>> + Send {
        Writer::heartbeat(self, status)
    }
}

/// What the daemon runs by at the moment; a reload makes a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// When the process started.
    pub started_at: Timestamp,
    /// What each mailbox is watched by.
    pub mailboxes: BTreeMap<String, Rules>,
    /// The last reload that was asked for.
    pub reload: Option<Reload>,
}

/// What a mailbox is watched by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The name of its policy.
    pub policy: String,
    /// The digest of its policy.
    pub digest: String,
    /// After how long without proof it is stale.
    pub stale_after: Duration,
    /// Whether anything is sent for it.
    pub act: bool,
}

/// How a reload went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reload {
    /// When.
    pub at: Timestamp,
    /// Since when the files on disk have been refused; later refusals leave it as it is.
    pub refused_since: Option<Timestamp>,
    /// Whether what was read is in force now.
    pub outcome: ReloadOutcome,
    /// One line each: what changed, what waits for a restart, or why it was refused.
    pub notes: Vec<String>,
    /// The first mistakes, as `nightdesk check` shows them, and how many more there are; empty when there was none.
    pub diagnostics: String,
}

/// Whether a reload was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReloadOutcome {
    /// What was read is in force.
    Done,
    /// Everything runs on as before.
    Refused,
}

/// The watch and what it needs.
pub struct Watch<B> {
    /// Where alarms go.
    pub bell: B,
    /// What is looked at.
    pub health: Arc<Health>,
    /// What collectors see.
    pub metrics: Arc<Metrics>,
    /// For the instants that people read.
    pub clock: Arc<dyn Clock + Send + Sync>,
    /// What must hold.
    pub running: watch::Receiver<Arc<Running>>,
}

/// What the daemon runs by, each mailbox's link, and whether it was ever proven fresh.
type Seen = (Arc<Running>, BTreeMap<String, (Link, bool)>);

/// An alarm that should be raised or not be.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// All is well: taken back if it rang.
    Quiet,
    /// Something is wrong, in a line.
    Ring(String),
    /// Too early to say: what an earlier life rang for stays as it is.
    Open,
}

impl<B: Bell> Watch<B> {
    /// Watches until it is cancelled.
    pub async fn run(self, cancel: CancellationToken) {
        let watching = async { tokio::join!(self.look_after(), self.live()) };
        tokio::select! {
            () = cancel.cancelled() => {}
            _ = watching => {}
        }
    }

    /// Looks at everything, again and again.
    async fn look_after(&self) {
        let mut rung = BTreeMap::new();
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.look(&mut rung).await;
            self.health.beat(Loop::Watch);
        }
    }

    /// Looks at everything once. `rung` holds what the bell was last told of each alarm.
    async fn look(&self, rung: &mut BTreeMap<String, bool>) {
        let running = Arc::clone(&self.running.borrow());
        let mailboxes = self.health.snapshot();
        self.measure(&mailboxes);
        let verdicts = judge(&mailboxes, &self.health.deaths(), &running);
        for (key, verdict) in due(verdicts, rung) {
            let (rings, told) = match verdict {
                Verdict::Ring(text) => (true, self.bell.raise(Alarm { key: key.clone(), text }).await),
                Verdict::Quiet | Verdict::Open => (false, self.bell.clear(key.clone()).await),
            };
            if let Err(error) = told {
                tracing::error!(alarm = key, %error, "an alarm could not be raised or cleared; trying again");
                return;
            }
            rung.insert(key, rings);
        }
    }

    fn measure(&self, mailboxes: &BTreeMap<String, MailboxHealth>) {
        let seen = mailboxes.iter().map(|(name, health)| {
            let up = matches!(health.link, Link::Reading | Link::Waiting);
            (name.as_str(), health.fresh_at.map_or(0, Timestamp::as_second), up)
        });
        self.metrics.mailboxes(seen);
    }

    /// Leaves signs of life, sooner when somebody who looks would see something new. The answer comes after a
    /// transaction, so it is the pulse of the writer too.
    async fn live(&self) {
        let mut last = None;
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut running = self.running.clone();
        loop {
            // A reload is told at once: whoever asked for it looks now.
            let is_reloaded = tokio::select! {
                _ = ticks.tick() => false,
                Ok(()) = running.changed() => true,
            };
            let seen = self.seen();
            let is_new = |(at, before): &(Instant, Seen)| at.elapsed() >= HEARTBEAT_EVERY || *before != seen;
            if !is_reloaded && !last.as_ref().is_none_or(is_new) {
                continue;
            }
            match self.bell.heartbeat(self.status()).await {
                Ok(()) => {
                    self.health.beat(Loop::Writer);
                    last = Some((Instant::now(), seen));
                }
                Err(error) => tracing::error!(%error, "no sign of life could be left in the store"),
            }
        }
    }

    /// What must not be told late.
    fn seen(&self) -> Seen {
        let mailboxes = self.health.snapshot().into_iter();
        let mailboxes = mailboxes.map(|(name, health)| (name, (health.link, health.fresh_at.is_some())));
        (Arc::clone(&self.running.borrow()), mailboxes.collect())
    }

    /// What `nightdesk status` shows of the running daemon, as JSON.
    fn status(&self) -> String {
        let running = Arc::clone(&self.running.borrow());
        let mailboxes = self.health.snapshot();
        let deaths = self.health.deaths();
        let status = Status::new(&running, &mailboxes, &deaths, self.clock.now());
        serde_json::to_string(&status).unwrap_or_default()
    }
}

/// What must ring and what must not.
fn judge(
    mailboxes: &BTreeMap<String, MailboxHealth>,
    deaths: &BTreeMap<String, TaskDeaths>,
    running: &Running,
) -> BTreeMap<String, Verdict> {
    let mut verdicts = BTreeMap::new();
    for (name, health) in mailboxes {
        let Some(rules) = running.mailboxes.get(name) else { continue };
        verdicts.insert(format!("mailbox-stale/{name}"), stale(name, health, rules.stale_after));
        // What an earlier life rang for ends with it: its next death must ring again.
        verdicts.insert(format!("task-died/{}", owner_task(name)), Verdict::Quiet);
    }
    for (task, deaths) in deaths {
        let verdict = if deaths.ago < WELL_AFTER {
            Verdict::Ring(format!("the task \"{task}\" died and was started again: {}", deaths.why))
        } else {
            Verdict::Quiet
        };
        verdicts.insert(format!("task-died/{task}"), verdict);
    }
    verdicts
}

/// How the task that owns a mailbox is called.
pub fn owner_task(mailbox: &str) -> String {
    format!("mailbox {mailbox}")
}

fn stale(name: &str, health: &MailboxHealth, after: Duration) -> Verdict {
    if health.unproven <= after {
        return if health.fresh_at.is_some() { Verdict::Quiet } else { Verdict::Open };
    }
    let since = match health.fresh_at {
        Some(at) => format!("nothing proves that no mail was missed since {at:.0}"),
        None => {
            format!("it could not be read since we started to watch it {} s ago", health.unproven.as_secs())
        }
    };
    let trouble = health.trouble.as_deref().map(|trouble| format!(": {trouble}")).unwrap_or_default();
    Verdict::Ring(format!("mailbox {name} is stale: {since}; it is {}{trouble}", health.link.slug()))
}

/// What the bell must be told: verdicts that differ from what it was told last, and alarms whose subject is gone.
fn due(verdicts: BTreeMap<String, Verdict>, rung: &BTreeMap<String, bool>) -> Vec<(String, Verdict)> {
    let gone = rung.iter().filter(|(key, ringing)| **ringing && !verdicts.contains_key(*key));
    let mut due: Vec<(String, Verdict)> = gone.map(|(key, _)| (key.clone(), Verdict::Quiet)).collect();
    let new = |key: &String, verdict: &Verdict| match verdict {
        Verdict::Quiet => rung.get(key) != Some(&false),
        Verdict::Ring(_) => rung.get(key) != Some(&true),
        Verdict::Open => false,
    };
    due.extend(verdicts.into_iter().filter(|(key, verdict)| new(key, verdict)));
    due
}

/// The sign of life.
#[derive(Debug, Serialize)]
struct Status<'a> {
    version: &'static str,
    pid: u32,
    started_at: Timestamp,
    at: Timestamp,
    policies: Vec<PolicyStatus<'a>>,
    mailboxes: Vec<MailboxStatus<'a>>,
    task_deaths: BTreeMap<&'a str, u64>,
    reload: Option<&'a Reload>,
}

#[derive(Debug, Serialize, PartialEq, Eq, PartialOrd, Ord)]
struct PolicyStatus<'a> {
    name: &'a str,
    digest: &'a str,
}

#[derive(Debug, Serialize)]
struct MailboxStatus<'a> {
    name: &'a str,
    policy: &'a str,
    act: bool,
    link: &'static str,
    since: Timestamp,
    fresh_at: Option<Timestamp>,
    stale: bool,
    trouble: Option<&'a str>,
}

impl<'a> Status<'a> {
    fn new(
        running: &'a Running,
        mailboxes: &'a BTreeMap<String, MailboxHealth>,
        deaths: &'a BTreeMap<String, TaskDeaths>,
        at: Timestamp,
    ) -> Self {
        let mut policies: Vec<PolicyStatus<'a>> = running
            .mailboxes
            .values()
            .map(|rules| PolicyStatus { name: &rules.policy, digest: &rules.digest })
            .collect();
        policies.sort();
        policies.dedup();
        let known = |(name, health): (&'a String, &'a MailboxHealth)| {
            let rules = running.mailboxes.get(name)?;
            Some(MailboxStatus {
                name,
                policy: &rules.policy,
                act: rules.act,
                link: health.link.slug(),
                since: health.since,
                fresh_at: health.fresh_at,
                stale: health.unproven > rules.stale_after,
                trouble: health.trouble.as_deref(),
            })
        };
        Status {
            version: env!("CARGO_PKG_VERSION"),
            pid: std::process::id(),
            started_at: running.started_at,
            at,
            policies,
            mailboxes: mailboxes.iter().filter_map(known).collect(),
            task_deaths: deaths.iter().map(|(task, deaths)| (task.as_str(), deaths.count)).collect(),
            reload: running.reload.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests;
