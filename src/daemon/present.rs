//! The world in force: its mailboxes, each with an owner, and its ways out.
//!
//! A reload changes it in one go, following a plan; whatever cannot be planned changes nothing. It knows what runs,
//! not how: owners and what they need come from [`Works`].

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::reload::{Owed, Plan};
use super::supervisor::{Done, Supervisor};
use crate::base::clock::Clock;
use crate::policy::short_digest;
use crate::service::watch::{Reload, Rules, Running, owner_task as task};
use crate::service::{Health, MailboxKey, Watched, World};
use crate::settings::{Account, Settings};

/// How long an owner may take to end when its mailbox goes or is watched anew. It holds nothing that is not written
/// down, and its fence keeps it from writing later.
const END_WITHIN: Duration = Duration::from_secs(3);

/// What stands behind the daemon; in tests, a double.
pub(super) trait Works: Send + Sync + 'static {
    /// Owns a mailbox until it is cancelled.
    fn own(
        self: Arc<Self>,
        ownership: Ownership,
        cancel: CancellationToken,
    ) -> impl Future<Output = Done> + Send + 'static;
    /// What still has to go out.
    fn owed(&self) -> impl Future<Output = Result<Owed, String>> + Send;
    /// New settings are in force: their ways out take over, and the writer goes by their limits.
    fn turn_to(&self, settings: &Settings) -> impl Future<Output = Result<(), String>> + Send;
}

/// A mailbox to be owned.
#[derive(Debug, Clone)]
pub(super) struct Ownership {
    /// The mailbox.
    pub(super) key: MailboxKey,
    /// The server and the login.
    pub(super) account: Account,
    /// Its rules; a reload puts new ones here.
    pub(super) watched: watch::Receiver<Arc<Watched>>,
}

/// The world in force.
pub(super) struct Present<W> {
    works: Arc<W>,
    health: Arc<Health>,
    clock: Arc<dyn Clock + Send + Sync>,
    world: World,
    owners: BTreeMap<String, watch::Sender<Arc<Watched>>>,
    running: watch::Sender<Arc<Running>>,
}

impl<W: Works> Present<W> {
    /// Puts a world in force that has no owners yet.
    pub(super) fn new(
        world: World,
        works: Arc<W>,
        health: Arc<Health>,
        clock: Arc<dyn Clock + Send + Sync>,
    ) -> Self {
        let running = running(&world, clock.now(), None);
        let running = watch::channel(Arc::new(running)).0;
        Present { works, health, clock, world, owners: BTreeMap::new(), running }
    }

    /// What runs, now and after each reload.
    pub(super) fn running(&self) -> watch::Receiver<Arc<Running>> {
        self.running.subscribe()
    }

    /// The world.
    pub(super) fn world(&self) -> &World {
        &self.world
    }

    /// The policies in force: `alloy d12b5bb8be6b`.
    pub(super) fn policies_in_words(&self) -> String {
        let policies = self.world.mailboxes.iter().map(|watched| {
            format!("policy {} {}", watched.policy.name, short_digest(&watched.policy.digest))
        });
        policies.collect::<BTreeSet<String>>().into_iter().collect::<Vec<String>>().join(", ")
    }

    /// What still has to go out.
    pub(super) async fn owed(&self) -> Result<Owed, String> {
        self.works.owed().await
    }

    /// Gives every mailbox its owner.
    pub(super) fn start(&mut self, supervisor: &mut Supervisor) {
        let names: Vec<String> = self.world.mailboxes.iter().map(|watched| watched.name.clone()).collect();
        self.own(&names, supervisor);
    }

    /// Puts another world in force, as planned.
    pub(super) async fn apply(&mut self, mut world: World, plan: &Plan, supervisor: &mut Supervisor) {
        self.keep_what_waits(&mut world);
        // Before the rules that name them.
        if let Err(error) = self.works.turn_to(&world.settings).await {
            tracing::error!(error, "the writer goes by the old limits and alarms: it takes no changes");
        }
        let ending: Vec<String> = plan.end.iter().chain(&plan.anew).map(|name| task(name)).collect();
        for late in supervisor.end(&ending, Instant::now() + END_WITHIN).await {
            tracing::warn!(task = &*late, "an owner did not end in time and was cut off; its fence is taken");
        }
        for name in plan.end.iter().chain(&plan.anew) {
            self.owners.remove(name);
            self.health.forget(name);
            self.health.buried(&task(name));
        }
        self.world = world;
        for watched in &self.world.mailboxes {
            if let Some(owner) = self.owners.get(&watched.name) {
                owner.send_replace(Arc::clone(watched));
            }
        }
        let owned: Vec<String> = plan.start.iter().chain(&plan.anew).cloned().collect();
        self.own(&owned, supervisor);
    }

    /// Since when reloads have been refused, when the last one was.
    pub(super) fn refused_since(&self) -> Option<Timestamp> {
        self.running.borrow().reload.as_ref().and_then(|reload| reload.refused_since)
    }

    /// Writes down how a reload went, for `nightdesk status`.
    pub(super) fn told(&self, reload: Reload) {
        let started_at = self.running.borrow().started_at;
        self.running.send_replace(Arc::new(running(&self.world, started_at, Some(reload))));
    }

    /// What takes a restart stays in force, so that the next reload says so again.
    fn keep_what_waits(&self, world: &mut World) {
        let (old, new) = (&self.world.settings, &mut world.settings);
        (new.store, new.http, new.limits.memory) = (old.store.clone(), old.http.clone(), old.limits.memory);
    }

    fn own(&mut self, names: &[String], supervisor: &mut Supervisor) {
        let now = self.clock.now();
        for name in names {
            let Some((account, key, watched)) = self.found(name) else { continue };
            let sender = watch::channel(watched).0;
            let ownership = Ownership { key, account, watched: sender.subscribe() };
            self.health.watch(name, now);
            let works = Arc::clone(&self.works);
            supervisor.keep(&task(name), move |cancel| Arc::clone(&works).own(ownership.clone(), cancel));
            self.owners.insert(name.clone(), sender);
        }
    }

    fn found(&self, name: &str) -> Option<(Account, MailboxKey, Arc<Watched>)> {
        let settings = &self.world.settings;
        let mailbox = settings.mailboxes.iter().find(|mailbox| mailbox.name.value == name)?;
        let account = settings.accounts.get(mailbox.account)?.clone();
        let watched = self.world.mailboxes.iter().find(|watched| watched.name == name)?;
        let key = MailboxKey {
            host: account.imap.host.clone(),
            username: account.username.clone(),
            folder: mailbox.folder.clone(),
            name: name.to_owned(),
        };
        Some((account, key, Arc::clone(watched)))
    }
}

fn running(world: &World, started_at: Timestamp, reload: Option<Reload>) -> Running {
    let watched = world.mailboxes.iter().filter_map(|watched| {
        let mailbox = world.settings.mailboxes.iter().find(|mailbox| mailbox.name.value == watched.name)?;
        let rules = Rules {
            policy: watched.policy.name.clone(),
            digest: watched.policy.digest.clone(),
            stale_after: mailbox.stale_after,
            act: watched.act,
        };
        Some((watched.name.clone(), rules))
    });
    Running { started_at, mailboxes: watched.collect(), reload }
}

#[cfg(test)]
mod tests;
