//! The one owner of every task: each has a name and a duty, its death is an event, its end is awaited.
//!
//! A task with an essential duty lives as long as the daemon: when it ends without being asked to, or panics, the
//! daemon cannot go on. A kept task is started again, later each time it dies soon; a panic is a death like another.
//!
//! Ending goes in two steps, since the writer must outlive everybody who has something to write down: first all that
//! ask, then those that serve. Both have a deadline; whoever misses it is cut off and named. Dropping the supervisor
//! cuts off everything at once.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

/// How a task ends: well, or with a line that says why not.
pub(super) type Done = Result<(), String>;

/// A task at rest.
type Task = Pin<Box<dyn Future<Output = Done> + Send>>;

/// Makes a kept task, each time that it starts. The token ends it.
type Start = Box<dyn Fn(CancellationToken) -> Task + Send + Sync>;

/// How long a kept task that died rests before it starts again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rest {
    /// After the first death; doubled with each that follows soon.
    pub(super) first: Duration,
    /// At most.
    pub(super) most: Duration,
    /// A task that lived so long is well again: its next death counts as the first.
    pub(super) well_after: Duration,
}

impl Default for Rest {
    /// A death is a mistake of ours, not a server's: retrying at once would fill the log, and a minute is what a
    /// mailbox may miss without being stale.
    fn default() -> Self {
        Rest {
            first: Duration::from_secs(1),
            most: Duration::from_secs(60),
            well_after: Duration::from_secs(600),
        }
    }
}

/// When a task ends, of those that end because the daemon does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// First: it asks others to write things down.
    First,
    /// Last: others ask it.
    Last,
}

/// Something happened that nobody asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A kept task died; it starts again after a rest.
    Died {
        /// Its name.
        name: Arc<str>,
        /// Why.
        why: String,
        /// How long it rests.
        rest: Duration,
    },
    /// An essential task ended: the daemon cannot go on.
    Lost {
        /// Its name.
        name: Arc<str>,
        /// Why.
        why: String,
    },
}

/// The owner of every task.
pub(super) struct Supervisor {
    rest: Rest,
    tasks: JoinSet<Done>,
    running: HashMap<Id, Running>,
    resting: Vec<(Instant, Kept)>,
    events: VecDeque<Event>,
    first: CancellationToken,
    last: CancellationToken,
}

struct Running {
    name: Arc<str>,
    abort: AbortHandle,
    cancel: CancellationToken,
    since: Instant,
    duty: Duty,
}

enum Duty {
    Essential(Turn),
    Kept(Kept),
}

/// What a kept task is started from.
struct Kept {
    name: Arc<str>,
    start: Start,
    /// Deaths in a row.
    deaths: u32,
}

impl Supervisor {
    /// Owns nothing yet.
    pub(super) fn new(rest: Rest) -> Self {
        Supervisor {
            rest,
            tasks: JoinSet::new(),
            running: HashMap::new(),
            resting: Vec::new(),
            events: VecDeque::new(),
            first: CancellationToken::new(),
            last: CancellationToken::new(),
        }
    }

    /// Starts a task that the daemon cannot be without. It gets a token that asks it to end.
    pub(super) fn essential<F>(&mut self, name: &str, turn: Turn, start: impl FnOnce(CancellationToken) -> F)
    where
        F: Future<Output = Done> + Send + 'static,
    {
        let cancel = match turn {
            Turn::First => self.first.child_token(),
            Turn::Last => self.last.child_token(),
        };
        let task = Box::pin(start(cancel.clone()));
        self.spawn(name.into(), task, cancel, Duty::Essential(turn));
    }

    /// Starts a task that is started again when it dies.
    pub(super) fn keep<F>(
        &mut self,
        name: &str,
        start: impl Fn(CancellationToken) -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = Done> + Send + 'static,
    {
        let start: Start = Box::new(move |cancel| Box::pin(start(cancel)));
        self.start(Kept { name: name.into(), start, deaths: 0 });
    }

    fn start(&mut self, kept: Kept) {
        let cancel = self.first.child_token();
        let task = (kept.start)(cancel.clone());
        self.spawn(Arc::clone(&kept.name), task, cancel, Duty::Kept(kept));
    }

    fn spawn(&mut self, name: Arc<str>, task: Task, cancel: CancellationToken, duty: Duty) {
        let abort = self.tasks.spawn(task);
        let id = abort.id();
        self.running.insert(id, Running { name, abort, cancel, since: Instant::now(), duty });
    }

    /// Waits for something that nobody asked for, starting again what has rested. May be dropped at any time.
    pub(super) async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            let rested = self.resting.iter().map(|(until, _)| *until).min();
            tokio::select! {
                Some(ended) = self.tasks.join_next_with_id() => self.note(ended),
                () = sleep_until(rested) => self.wake(),
            }
        }
    }

    /// Starts again what has rested.
    fn wake(&mut self) {
        let now = Instant::now();
        let rested: Vec<(Instant, Kept)> = self.resting.extract_if(.., |(until, _)| *until <= now).collect();
        for (_, kept) in rested {
            self.start(kept);
        }
    }

    /// A task has ended.
    fn note(&mut self, ended: Result<(Id, Done), JoinError>) {
        let (id, why) = match ended {
            Ok((id, Ok(()))) => (id, "it ended by itself".to_owned()),
            Ok((id, Err(why))) => (id, why),
            Err(error) => (error.id(), words_of(&error)),
        };
        let Some(running) = self.running.remove(&id) else { return };
        if running.cancel.is_cancelled() {
            return;
        }
        let Running { name, since, duty, .. } = running;
        let event = match duty {
            Duty::Essential(_) => Event::Lost { name, why },
            Duty::Kept(kept) => {
                let rest = self.put_to_rest(kept, since.elapsed());
                Event::Died { name, why, rest }
            }
        };
        self.events.push_back(event);
    }

    fn put_to_rest(&mut self, mut kept: Kept, lived: Duration) -> Duration {
        kept.deaths = if lived >= self.rest.well_after { 1 } else { kept.deaths.saturating_add(1) };
        let doubled = 2_u32.saturating_pow(kept.deaths.saturating_sub(1));
        let rest = self.rest.first.saturating_mul(doubled).min(self.rest.most);
        self.resting.push((Instant::now() + rest, kept));
        rest
    }

    /// Ends kept tasks and waits until they have; at the deadline they are cut off, and named.
    pub(super) async fn end(&mut self, names: &[String], deadline: Instant) -> Vec<Arc<str>> {
        let named = |name: &str| names.iter().any(|wanted| wanted == name);
        self.resting.retain(|(_, kept)| !named(&kept.name));
        let these = |running: &Running| matches!(running.duty, Duty::Kept(_)) && named(&running.name);
        self.running.values().filter(|running| these(running)).for_each(|running| running.cancel.cancel());
        self.wait_for(these, deadline).await
    }

    /// Ends everything: those who ask until `deadline` less the time that `serving` needs, then the others. Names
    /// those that had to be cut off.
    pub(super) async fn end_all(mut self, deadline: Instant, serving: Duration) -> Vec<Arc<str>> {
        self.resting.clear();
        self.first.cancel();
        let asks = |running: &Running| !matches!(running.duty, Duty::Essential(Turn::Last));
        let until = deadline.checked_sub(serving).unwrap_or(deadline);
        let mut cut_off = self.wait_for(asks, until).await;
        self.last.cancel();
        cut_off.extend(self.wait_for(|_| true, deadline).await);
        cut_off
    }

    /// Waits until these have ended. At the deadline the others are cut off, and named.
    async fn wait_for(&mut self, these: impl Fn(&Running) -> bool, deadline: Instant) -> Vec<Arc<str>> {
        while self.running.values().any(&these) {
            match timeout_at(deadline, self.tasks.join_next_with_id()).await {
                Ok(Some(ended)) => self.note(ended),
                Ok(None) | Err(_) => break,
            }
        }
        let mut cut_off = Vec::new();
        self.running.retain(|_, running| {
            let late = these(running);
            if late {
                running.abort.abort();
                cut_off.push(Arc::clone(&running.name));
            }
            !late
        });
        cut_off
    }

    /// The names of the kept tasks, also of those that rest.
    #[cfg(test)]
    fn kept(&self) -> Vec<Arc<str>> {
        let running = self.running.values().filter(|running| matches!(running.duty, Duty::Kept(_)));
        let running = running.map(|running| Arc::clone(&running.name));
        running.chain(self.resting.iter().map(|(_, kept)| Arc::clone(&kept.name))).collect()
    }
}

/// Sleeps until then, or for ever.
async fn sleep_until(then: Option<Instant>) {
    match then {
        Some(then) => tokio::time::sleep_until(then).await,
        None => std::future::pending().await,
    }
}

/// How a task that did not end by itself ended. What a panic says may quote the mail that it choked on, so its words
/// go nowhere; the panic hook has logged where it happened.
fn words_of(error: &JoinError) -> String {
    let words = if error.is_panic() { "it panicked" } else { "it was cut off" };
    words.to_owned()
}

#[cfg(test)]
mod tests;
