//! What really stands behind the daemon: the store and its writer, the ways out, the owners of mailboxes, the console.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::Shared;
use super::present::{Ownership, Present, Works};
use super::reload::{Owed, alarm_channels};
use super::supervisor::{Done, Supervisor, Turn};
use super::systemd;
use crate::base::seal::Seal;
use crate::console::Console;
use crate::deliver::{Channels, Deadlines, Secrets};
use crate::service::ingest::{self, MemoryBudget, Owned, Pace, Password, Surroundings};
use crate::service::watch::Watch;
use crate::service::{Claimed, Dispatch, HandOff, Rules, Way, World, Writer};
use crate::settings::{SecretSource, Settings};
use crate::sources;
use crate::store::{Reader, Store, StoreError};

/// How many entries the writer hands to dispatch without waiting; what finds no room is claimed from the store.
const HANDED_OVER: usize = 256;
/// How many entries of the outbox and cases a reload looks at for what still has to go out.
const OWED: usize = 10_000;

/// The writer and what owners share.
pub(super) struct Machinery {
    writer: Writer,
    surroundings: Arc<Surroundings>,
    channels: watch::Sender<Arc<Channels>>,
    shared: Shared,
    store: PathBuf,
    seal: Seal,
}

/// Takes the store and starts every task.
pub(super) async fn start(
    world: World,
    shared: &Shared,
    supervisor: &mut Supervisor,
) -> anyhow::Result<Present<Machinery>> {
    let settings = &world.settings;
    // First, so that a second instance hears what is the matter.
    let store = Store::open(&settings.store.path).await.context("the store cannot be opened")?;
    let listener = listen(settings).await?;
    let seal = store.seal();
    let (writer, leased, wake) = write(store, settings, shared, supervisor);
    let channels = watch::Sender::new(Arc::new(ways_out(settings, shared, seal)));
    let surroundings = Arc::new(Surroundings {
        health: Arc::clone(&shared.health),
        metrics: Arc::clone(&shared.metrics),
        clock: Arc::clone(&shared.clock),
        memory: MemoryBudget::new(settings.limits.memory),
        readers: Arc::new(Semaphore::new(std::thread::available_parallelism().map_or(1, Into::into))),
        pace: Pace::default(),
    });
    let dispatch = Dispatch {
        outbox: writer.clone(),
        channels: channels.subscribe(),
        leased,
        wake,
        metrics: Arc::clone(&shared.metrics),
        health: Arc::clone(&shared.health),
        clock: Arc::clone(&shared.clock),
    };
    supervisor.essential("dispatch", Turn::First, |cancel| async move {
        dispatch.run(cancel).await;
        Ok(())
    });
    let store = settings.store.path.clone();
    let works =
        Machinery { writer: writer.clone(), surroundings, channels, shared: shared.clone(), store, seal };
    let (health, clock) = (Arc::clone(&shared.health), Arc::clone(&shared.clock));
    let mut present = Present::new(world, Arc::new(works), health, clock);
    present.start(supervisor);
    look_after(writer, &present, shared, supervisor);
    show(listener, shared, supervisor);
    Ok(present)
}

/// The address of the console, when it has one.
async fn listen(settings: &Settings) -> anyhow::Result<Option<TcpListener>> {
    let Some(address) = settings.http.listen else { return Ok(None) };
    let listener = TcpListener::bind(address).await;
    Ok(Some(listener.with_context(|| format!("[http] listen: {address} cannot be listened on"))?))
}

/// Starts the writer. It ends by itself once nobody can ask any more.
fn write(
    store: Store,
    settings: &Settings,
    shared: &Shared,
    supervisor: &mut Supervisor,
) -> (Writer, mpsc::Receiver<Claimed>, Arc<Notify>) {
    let (entries, leased) = mpsc::channel(HANDED_OVER);
    let wake = Arc::new(Notify::new());
    let hand_off = HandOff { entries, wake: Arc::clone(&wake) };
    let (clock, metrics) = (Arc::clone(&shared.clock), Arc::clone(&shared.metrics));
    let (writer, task) = Writer::start(store, rules(settings), hand_off, clock, metrics);
    supervisor.essential(
        "writer",
        Turn::Last,
        |_| async move { task.await.map_err(|error| error.to_string()) },
    );
    (writer, leased, wake)
}

fn look_after(writer: Writer, present: &Present<Machinery>, shared: &Shared, supervisor: &mut Supervisor) {
    let watch = Watch {
        bell: writer,
        health: Arc::clone(&shared.health),
        metrics: Arc::clone(&shared.metrics),
        clock: Arc::clone(&shared.clock),
        running: present.running(),
    };
    supervisor.essential("watch", Turn::First, |cancel| async move {
        watch.run(cancel).await;
        Ok(())
    });
    let health = Arc::clone(&shared.health);
    supervisor.essential("service manager", Turn::First, |cancel| systemd::tell(health, cancel));
}

fn show(listener: Option<TcpListener>, shared: &Shared, supervisor: &mut Supervisor) {
    let Some(listener) = listener else { return };
    let console = Console { health: Arc::clone(&shared.health), metrics: Arc::clone(&shared.metrics) };
    supervisor.essential("console", Turn::First, |cancel| async move {
        console.serve(listener, cancel).await.map_err(|error| error.to_string())
    });
}

fn rules(settings: &Settings) -> Rules {
    Rules {
        breaker: settings.limits.breaker,
        ops: alarm_channels(settings),
        mailboxes: settings.mailboxes.iter().map(|mailbox| mailbox.name.value.clone()).collect(),
        channels: settings.channels.iter().map(|channel| channel.name.value.clone()).collect(),
    }
}

/// The ways out of these settings.
fn ways_out(settings: &Settings, shared: &Shared, seal: Seal) -> Channels {
    Channels::new(settings, &secrets(), Arc::clone(&shared.clock), Deadlines::default()).sealed_with(seal)
}

/// Looks secrets up for the ways out.
pub(super) fn secrets() -> Secrets {
    Arc::new(|source| {
        Box::pin(async move { sources::secret(&source).await.map_err(|error| error.to_string()) })
    })
}

/// Looks the password of an account up.
fn password(source: SecretSource) -> Password {
    Arc::new(move || Box::pin(looked_up(source.clone())))
}

pub(super) async fn looked_up(source: SecretSource) -> Result<String, String> {
    let secret = sources::secret(&source).await.map_err(|error| error.to_string())?;
    Ok(secret.expose().to_owned())
}

/// What still has to go out, by its way.
async fn owed(store: &Path) -> Result<Owed, StoreError> {
    let mut owed = Owed::default();
    for (way, reference) in Reader::open(store).await?.owed(OWED).await? {
        let (ways, name) = match way {
            Way::Channel(name) => (&mut owed.channels, name),
            Way::Account(name) => (&mut owed.accounts, name),
        };
        ways.entry(name).or_default().insert(reference.unwrap_or_else(|| "an alarm".to_owned()));
    }
    Ok(owed)
}

impl Works for Machinery {
    async fn own(self: Arc<Self>, ownership: Ownership, cancel: CancellationToken) -> Done {
        let Ownership { key, account, watched } = ownership;
        let owned = Owned {
            endpoint: account.imap,
            key,
            password: password(account.secret),
            watched,
            recorder: self.writer.clone(),
            surroundings: Arc::clone(&self.surroundings),
            cancel,
        };
        // What it is built from may go before it ends.
        drop(self);
        ingest::own(owned).await.map_err(|error| error.to_string())
    }

    async fn owed(&self) -> Result<Owed, String> {
        owed(&self.store).await.map_err(|error| error.to_string())
    }

    async fn turn_to(&self, settings: &Settings) -> Result<(), String> {
        self.channels.send_replace(Arc::new(ways_out(settings, &self.shared, self.seal)));
        self.writer.configure(rules(settings)).await.map_err(|error| error.to_string())?;
        Ok(())
    }
}
