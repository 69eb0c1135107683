//! Layer 9: the daemon: one process that holds the store, owns every task, and answers signals.
//!
//! | it is asked to | it does |
//! |---|---|
//! | start | reads settings and policies (every mistake is told), takes the store, starts all tasks, says that it is ready once every loop went round |
//! | reload (HUP) | reads everything anew, plans (`reload`), and swaps in one go; or refuses, says why, and runs on as before |
//! | stop (TERM, INT) | ends owners, lets attempts under way finish, then the writer; within ten seconds, and at once when asked again |
//!
//! It decides nothing about mail. Invariants: every task belongs to the one `supervisor`; the world in force changes
//! whole or not at all; nothing that was answered is lost by any end, since the writer answers after its commit.

mod connect;
mod present;
mod reload;
mod signals;
mod supervisor;
mod systemd;
mod works;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use crate::base::clock::{Clock, SystemClock};
use crate::base::diagnostic::{Diagnostic, Severity};
use crate::compose::{Colours, diagnostic, diagnostics};
use crate::service::watch::{Reload, ReloadOutcome};
use crate::service::{Health, NoWorld, World, load_world};
use crate::sources::settings_environment;
use crate::telemetry::{Logging, Metrics};
pub use connect::connect_check;
use present::{Present, Works};
use signals::{Signals, Wish};
use supervisor::{Event, Rest, Supervisor};

/// How long ending takes at most; the unit's `TimeoutStopSec` is longer.
const STOP_WITHIN: Duration = Duration::from_secs(10);
/// How much of it is the writer's, who ends last.
const WRITER_NEEDS: Duration = Duration::from_millis(1500);
/// How long threads that read mail or files are waited for after that; they hold nothing that must be kept.
const THREADS_NEED: Duration = Duration::from_millis(200);
/// How many mistakes of a refused reload `nightdesk status` shows; the log has all of them.
const SHOWN_MISTAKES: usize = 5;

/// What the daemon is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// The settings file.
    pub config: PathBuf,
    /// How it logs.
    pub logging: Logging,
}

/// How the daemon ended.
#[derive(Debug)]
pub enum Ended {
    /// It was asked to.
    Stopped,
    /// It never began: the settings or policies cannot be used. Starting it again changes nothing.
    Unusable(NoWorld),
}

/// Runs until it is told to stop.
///
/// # Errors
/// When something around it fails: the store is taken or broken, an address is in use, or a task died that it cannot
/// be without.
pub fn run(options: &Options) -> anyhow::Result<Ended> {
    options.logging.start()?;
    log_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(serve(&options.config));
    runtime.shutdown_timeout(THREADS_NEED);
    ended
}

/// Panics are logged by their place. Their words may quote the mail that was choked on, so they are not.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a task panicked; this is a mistake in nightdesk, please report it");
    }));
}

/// What everybody shares.
#[derive(Clone)]
struct Shared {
    health: Arc<Health>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock + Send + Sync>,
}

async fn serve(config: &Path) -> anyhow::Result<Ended> {
    let mut signals = Signals::new().context("signals cannot be listened for")?;
    let world = match load_world(config, settings_environment()) {
        Ok(world) => world,
        Err(unusable) => return Ok(Ended::Unusable(unusable)),
    };
    let shared = Shared { health: Arc::default(), metrics: Arc::default(), clock: Arc::new(SystemClock) };
    shared.metrics.started(shared.clock.now().as_second());
    warn_of(&world.warnings);
    let mut supervisor = Supervisor::new(Rest::default());
    let present = works::start(world, &shared, &mut supervisor).await?;
    let mut daemon = Daemon { config: config.to_owned(), shared, present, supervisor, reading: None };
    let lost = daemon.go_on(&mut signals).await;
    systemd::stopping();
    let Daemon { supervisor, present, .. } = daemon;
    // The writer ends when nobody holds a way to it any more.
    drop(present);
    let ending = supervisor.end_all(Instant::now() + STOP_WITHIN, WRITER_NEEDS);
    tokio::select! {
        cut_off = ending => for task in cut_off {
            tracing::warn!(task = &*task, "a task did not end in time and was cut off");
        },
        () = signals.stop() => tracing::warn!("stopping at once: asked twice"),
    }
    match lost {
        None => {
            tracing::info!("stopped");
            Ok(Ended::Stopped)
        }
        Some(why) => Err(anyhow::Error::msg(why)),
    }
}

/// The daemon while it runs.
struct Daemon<W> {
    config: PathBuf,
    shared: Shared,
    present: Present<W>,
    supervisor: Supervisor,
    /// A reload that is being read.
    reading: Option<Reading>,
}

/// What reading files came to.
type Loaded = Result<Result<World, NoWorld>, JoinError>;

/// A world that is being read from files, by a thread that may block.
struct Reading {
    /// One task, owned here.
    load: JoinSet<Result<World, NoWorld>>,
    /// It was asked for again since it began.
    again: bool,
}

impl<W: Works> Daemon<W> {
    /// Goes on until it is told to stop, or cannot any more; then it says why.
    async fn go_on(&mut self, signals: &mut Signals) -> Option<String> {
        loop {
            tokio::select! {
                wish = signals.next() => match wish {
                    Wish::Stop => {
                        tracing::info!("stopping");
                        return None;
                    }
                    Wish::Reload => self.read(),
                },
                event = self.supervisor.next() => match event {
                    Event::Died { name, why, rest } => self.died(&name, why, rest),
                    Event::Lost { name, why } => {
                        let why = format!("the task \"{name}\" is lost, and nothing works without it: {why}");
                        tracing::error!(task = &*name, "{why}");
                        return Some(why);
                    }
                },
                loaded = loaded(&mut self.reading) => {
                    if !self.reload_unless_stopped(loaded, signals).await {
                        tracing::info!("stopping; the reload is broken off");
                        return None;
                    }
                }
            }
        }
    }

    /// Takes what was read, or refuses it; false when it is told to stop meanwhile, which does not wait for a store that
    /// does not answer.
    async fn reload_unless_stopped(&mut self, loaded: Loaded, signals: &mut Signals) -> bool {
        let mut again = self.reading.take().is_some_and(|reading| reading.again);
        {
            let mut reload = std::pin::pin!(self.reload(loaded));
            loop {
                tokio::select! {
                    () = &mut reload => break,
                    wish = signals.next() => match wish {
                        Wish::Stop => return false,
                        Wish::Reload => again = true,
                    },
                }
            }
        }
        if again {
            self.read();
        }
        true
    }

    fn died(&self, task: &str, why: String, rest: Duration) {
        let rest_ms = u64::try_from(rest.as_millis()).unwrap_or(u64::MAX);
        tracing::error!(task, why, rest_ms, "a task died; it starts again after a rest");
        self.shared.metrics.task_died(task);
        self.shared.health.died(task, why);
    }

    /// Begins to read everything anew; what is asked for while that goes on is done after it.
    fn read(&mut self) {
        if let Some(reading) = &mut self.reading {
            reading.again = true;
            return;
        }
        tracing::info!("reloading settings and policies");
        systemd::reloading();
        let config = self.config.clone();
        let mut load = JoinSet::new();
        load.spawn_blocking(move || load_world(&config, settings_environment()));
        self.reading = Some(Reading { load, again: false });
    }

    /// Takes what was read, or refuses it.
    async fn reload(&mut self, loaded: Loaded) {
        let reload = match loaded {
            Ok(Ok(world)) => self.take(world).await,
            Ok(Err(none)) => self.refused(none),
            Err(_) => self.refusal(vec!["reading failed by a mistake in nightdesk; see its log".to_owned()]),
        };
        let (slug, in_force) = match reload.outcome {
            ReloadOutcome::Done => ("done", true),
            ReloadOutcome::Refused => ("refused", false),
        };
        for note in &reload.notes {
            tracing::info!(outcome = slug, "reload: {note}");
        }
        if in_force {
            tracing::info!("reload: what was read is in force");
        } else {
            let still = self.present.policies_in_words();
            tracing::error!(still, "reload: refused, everything runs on as before, by {still}");
        }
        self.shared.metrics.reload(slug, in_force);
        self.present.told(reload);
        systemd::reloaded();
    }

    async fn take(&mut self, world: World) -> Reload {
        let owed = match self.present.owed().await {
            Ok(owed) => owed,
            Err(error) => {
                return self.refusal(vec![format!("what still has to go out cannot be looked up: {error}")]);
            }
        };
        match reload::plan(self.present.world(), &world, &owed) {
            Ok(plan) => {
                warn_of(&world.warnings);
                let warnings = self.first_of(&world.warnings.iter().collect::<Vec<_>>(), 0);
                self.present.apply(world, &plan, &mut self.supervisor).await;
                Reload {
                    at: self.shared.clock.now(),
                    refused_since: None,
                    outcome: ReloadOutcome::Done,
                    notes: plan.notes,
                    diagnostics: warnings,
                }
            }
            Err(orphans) => self.refusal(orphans),
        }
    }

    fn refused(&self, none: NoWorld) -> Reload {
        match none {
            NoWorld::Unreadable { path, error } => {
                self.refusal(vec![format!("{} cannot be read: {error}", path.display())])
            }
            NoWorld::Wrong { diagnostics, left_out } => {
                let why = "the settings or policies have mistakes".to_owned();
                let is_mistake = |found: &&Diagnostic| found.severity == Severity::Error;
                let mistakes: Vec<&Diagnostic> = diagnostics.iter().filter(is_mistake).collect();
                for mistake in &mistakes {
                    tracing::error!("reload: {}", diagnostic(mistake).trim_end());
                }
                Reload { diagnostics: self.first_of(&mistakes, left_out), ..self.refusal(vec![why]) }
            }
        }
    }

    fn refusal(&self, notes: Vec<String>) -> Reload {
        let at = self.shared.clock.now();
        let refused_since = Some(self.present.refused_since().unwrap_or(at));
        Reload { at, refused_since, outcome: ReloadOutcome::Refused, notes, diagnostics: String::new() }
    }

    /// The first of a list in the words of `nightdesk check`, and where all of it is told.
    fn first_of(&self, list: &[&Diagnostic], left_out: usize) -> String {
        let first: Vec<Diagnostic> = list.iter().take(SHOWN_MISTAKES).copied().cloned().collect();
        if first.is_empty() {
            return String::new();
        }
        let more = list.len().saturating_sub(SHOWN_MISTAKES) + left_out;
        let text = diagnostics(&first, more, Colours::Plain);
        let all = format!("`nightdesk check --config {}` shows all\n", self.config.display());
        if more == 0 { text } else { text + &all }
    }
}

/// Waits until what is being read was read; for ever when nothing is. May be dropped at any time.
async fn loaded(reading: &mut Option<Reading>) -> Loaded {
    if let Some(reading) = reading
        && let Some(loaded) = reading.load.join_next().await
    {
        return loaded;
    }
    std::future::pending().await
}

fn warn_of(warnings: &[Diagnostic]) {
    for warning in warnings {
        tracing::warn!("{}", line(warning));
    }
}

/// A mistake in one line of the log; `nightdesk check` shows it with its source.
fn line(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.location.as_ref().map_or_else(String::new, |location| {
        let (line, column) = location.file.line_column(location.span.start);
        format!("{}:{line}:{column}: ", location.file.name)
    });
    let notes = [("found", &diagnostic.found), ("allowed", &diagnostic.allowed), ("hint", &diagnostic.hint)];
    let notes = notes.into_iter().filter_map(|(name, text)| Some(format!("; {name}: {}", text.as_ref()?)));
    format!("{place}{}{}", diagnostic.message, notes.collect::<String>())
}
