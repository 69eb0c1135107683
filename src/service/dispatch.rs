//! Dispatch: what the outbox holds goes out, and what became of it is written down.
//!
//! Entries come in two ways: the writer hands over those that it wrote as leased, right after its commit, and everything
//! else that is due is claimed every two seconds. Each way out (a channel, an account) has a few attempts under way and
//! a short queue of its own, so a slow one holds up nobody else.
//!
//! What it is not: it decides nothing about cases and holds no state that matters. Invariants: an entry is only touched
//! under a lease, whose attempt was counted before; an attempt is settled once; what is not settled, because the process
//! or the store died, stays leased and is found again by the writer: alerts are sent again then, replies that were being
//! handed over are not.

mod plan;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use self::queue::Queues;
use super::health::{Health, Loop};
use super::writer::{Alarm, Claimed, Settle, Settled, Way, Writer, WriterError};
use crate::base::clock::Clock;
use crate::compose::Outgoing;
use crate::deliver::{Channels, HandOver, Outcome, Route};
use crate::telemetry::Metrics;

/// How often it is looked for entries that are due.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How many entries are claimed at once.
const CLAIM: usize = 64;
/// How many entries are in hand at most, under way and queued.
const MOST_IN_HAND: usize = 1024;
/// How long those under way may take when we are told to stop.
const LAST_WAIT: Duration = Duration::from_secs(8);
/// From this attempt on an alert or alarm that does not get through raises an alarm itself: half a minute has passed.
const ALARM_AT_ATTEMPT: u32 = 4;

/// Where entries come from and where it is written down what became of them: the [`Writer`], or a double in tests.
pub trait Outbox: Clone + Send + Sync + 'static {
    /// See [`Writer::claim`].
    fn claim(&self, limit: usize) -> impl Future<Output = Result<Vec<Claimed>, WriterError>> + Send;
    /// See [`Writer::hand_over`].
    fn hand_over(&self, id: i64, attempt: u32) -> impl Future<Output = Result<bool, WriterError>> + Send;
    /// See [`Writer::settle`].
    fn settle(&self, settle: Settle) -> impl Future<Output = Result<(), WriterError>> + Send;
    /// See [`Writer::alarm`].
    fn alarm(&self, alarm: Alarm) -> impl Future<Output = Result<(), WriterError>> + Send;
    /// See [`Writer::clear`].
    fn clear(&self, key: String) -> impl Future<Output = Result<(), WriterError>> + Send;
}

impl Outbox for Writer {
    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, WriterError> {
        Writer::claim(self, limit).await
    }
    async fn hand_over(&self, id: i64, attempt: u32) -> Result<bool, WriterError> {
        Writer::hand_over(self, id, attempt).await
    }
    async fn settle(&self, settle: Settle) -> Result<(), WriterError> {
        Writer::settle(self, settle).await
    }
    async fn alarm(&self, alarm: Alarm) -> Result<(), WriterError> {
        Writer::alarm(self, alarm).await
    }
    async fn clear(&self, key: String) -> Result<(), WriterError> {
        Writer::clear(self, key).await
    }
}

/// What dispatch works with.
pub struct Dispatch<O = Writer> {
    /// Entries and their ends.
    pub outbox: O,
    /// The ways out; a reload puts new ones here.
    pub channels: watch::Receiver<Arc<Channels>>,
    /// Entries that were leased to us as they were written.
    pub leased: mpsc::Receiver<Claimed>,
    /// Notified (`notify_one`, which is not lost while nobody listens) when something became due.
    pub wake: Arc<Notify>,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Where it is told that the loop goes round.
    pub health: Arc<Health>,
    /// What time it is.
    pub clock: Arc<dyn Clock + Send + Sync>,
}

/// What one attempt needs, shared by all.
struct Tools<O> {
    outbox: O,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock + Send + Sync>,
    /// The ways of which ops know that they work.
    well: Mutex<HashSet<String>>,
}

/// Something that was under way has ended.
enum Ended {
    /// An attempt.
    Attempt,
    /// A look at what is due.
    Claim(Result<Vec<Claimed>, WriterError>),
}

/// An entry in the hands of a task.
struct InHand {
    entry: Arc<Claimed>,
    /// It is only settled, not tried.
    is_settled: bool,
}

/// The state of the loop.
struct Desk<O> {
    tools: Arc<Tools<O>>,
    health: Arc<Health>,
    channels: watch::Receiver<Arc<Channels>>,
    queues: Queues,
    running: JoinSet<Ended>,
    /// What each task has in hand, so that its place is given back even when it dies.
    attempts: HashMap<task::Id, InHand>,
    /// A claim is under way.
    claiming: bool,
    /// The last claim brought all that it may, or there was no room: there may be more.
    more: bool,
}

impl<O: Outbox> Dispatch<O> {
    /// Sends until it is cancelled; then waits for what is under way, at most eight seconds, and leaves the rest leased.
    /// The writer must outlive it.
    pub async fn run(self, cancel: CancellationToken) {
        let Dispatch { outbox, channels, mut leased, wake, metrics, health, clock } = self;
        let tools = Arc::new(Tools { outbox, metrics, clock, well: Mutex::default() });
        let mut desk = Desk {
            tools,
            health,
            channels,
            queues: Queues::default(),
            running: JoinSet::new(),
            attempts: HashMap::new(),
            claiming: false,
            more: false,
        };
        let mut tick = interval(LOOK_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut handed_over = true;
        loop {
            tokio::select! {
                biased;
                () = cancel.cancelled() => break,
                Some(ended) = desk.running.join_next_with_id() => desk.ended(ended),
                entry = leased.recv(), if handed_over => match entry {
                    Some(entry) => desk.take(entry),
                    // The writer is gone; what is due may still be asked for, and fails loudly.
                    None => handed_over = false,
                },
                () = wake.notified() => desk.look(),
                _ = tick.tick() => {
                    desk.channels.borrow().tidy();
                    desk.look();
                }
            }
        }
        desk.finish().await;
    }
}

impl<O: Outbox> Desk<O> {
    /// Takes an entry in hand: it starts, waits for its way, or is put back when too many wait there.
    fn take(&mut self, entry: Claimed) {
        if let Some(overflow) = self.queues.push(entry, Instant::now()) {
            self.put_back(overflow);
        }
        self.start();
    }

    /// Starts every attempt whose way is free.
    fn start(&mut self) {
        while let Some((entry, since)) = self.queues.next() {
            if since.elapsed() > queue::LONGEST_WAIT {
                // The lease may soon be over.
                self.put_back(entry);
                continue;
            }
            let (tools, channels) = (Arc::clone(&self.tools), Arc::clone(&self.channels.borrow()));
            let entry = Arc::new(entry);
            let tried = InHand { entry: Arc::clone(&entry), is_settled: false };
            self.spawn(tried, async move { tools.attempt(&entry, &channels).await });
        }
    }

    fn put_back(&mut self, entry: Claimed) {
        let settled = plan::crowded(&entry, self.tools.clock.now(), fastrand::f64());
        self.settle(Arc::new(entry), settled);
    }

    fn settle(&mut self, entry: Arc<Claimed>, settled: Settled) {
        let tools = Arc::clone(&self.tools);
        let in_hand = InHand { entry: Arc::clone(&entry), is_settled: true };
        self.spawn(in_hand, async move { tools.settle(&entry, settled).await });
    }

    fn spawn(&mut self, in_hand: InHand, attempt: impl Future<Output = ()> + Send + 'static) {
        let task = self.running.spawn(async move {
            attempt.await;
            Ended::Attempt
        });
        self.attempts.insert(task.id(), in_hand);
    }

    /// Asks for what is due, unless that is being done.
    fn look(&mut self) {
        let room = MOST_IN_HAND.saturating_sub(self.queues.in_hand());
        if self.claiming || room == 0 {
            if room == 0 {
                // All ways out are slow; that is no fault of the loop.
                self.health.beat(Loop::Dispatch);
            }
            self.more = true;
            return;
        }
        (self.claiming, self.more) = (true, false);
        let tools = Arc::clone(&self.tools);
        self.running.spawn(async move { Ended::Claim(tools.outbox.claim(room.min(CLAIM)).await) });
    }

    fn ended(&mut self, ended: Result<(task::Id, Ended), JoinError>) {
        let task = ended.as_ref().map_or_else(JoinError::id, |(task, _)| *task);
        let in_hand = self.attempts.remove(&task);
        match (ended, in_hand) {
            (Err(_), Some(InHand { entry, is_settled: false })) => return self.broke_off(entry),
            (ended, Some(InHand { entry, .. })) => {
                self.queues.done(entry.id, &entry.way);
                if ended.is_err() {
                    tracing::error!(entry = entry.id, "an entry could not be settled; it stays leased");
                }
            }
            (ended, None) => self.claimed(ended),
        }
        self.start();
        if self.more {
            self.look();
        }
    }

    /// An attempt died, by a mistake of ours. What it says may quote a mail, so only its place is in the log. Ops hear of
    /// it as of any other attempt that failed; a reply may have gone out.
    fn broke_off(&mut self, entry: Arc<Claimed>) {
        let why = "the attempt broke off by a mistake in nightdesk; see its log".to_owned();
        let settled = plan::after(&entry, Outcome::Unknown(why), self.tools.clock.now(), fastrand::f64());
        self.settle(entry, settled);
    }

    /// A look at what is due has ended.
    fn claimed(&mut self, ended: Result<(task::Id, Ended), JoinError>) {
        self.claiming = false;
        match ended {
            Ok((_, Ended::Claim(Ok(entries)))) => {
                self.health.beat(Loop::Dispatch);
                self.more |= entries.len() >= CLAIM || self.queues.in_hand() + entries.len() >= MOST_IN_HAND;
                for entry in entries {
                    self.take(entry);
                }
            }
            Ok((_, Ended::Claim(Err(error)))) => {
                tracing::warn!(%error, "what is due in the outbox cannot be asked for");
            }
            Ok((_, Ended::Attempt)) => {}
            Err(_) => tracing::error!("looking for what is due broke off by a mistake in nightdesk"),
        }
    }

    async fn finish(mut self) {
        let waited = timeout(LAST_WAIT, async { while self.running.join_next().await.is_some() {} }).await;
        if waited.is_err() {
            tracing::warn!(
                count = self.running.len(),
                "attempts to deliver are broken off; they stay leased"
            );
        }
        self.running.shutdown().await;
    }
}

impl<O: Outbox> Tools<O> {
    /// One attempt, from the look at the clock to the line in the store.
    async fn attempt(&self, entry: &Claimed, channels: &Channels) {
        let settled = match plan::before(entry, self.clock.now()) {
            Some(settled) => settled,
            None => plan::after(entry, self.send(entry, channels).await, self.clock.now(), fastrand::f64()),
        };
        self.settle(entry, settled).await;
    }

    async fn send(&self, entry: &Claimed, channels: &Channels) -> Outcome {
        let route = match &entry.way {
            Way::Channel(name) => Route::Channel(name),
            Way::Account(name) => Route::Account(name),
        };
        let hand_over = || async {
            match self.outbox.hand_over(entry.id, entry.attempt).await {
                Ok(true) => HandOver::Granted,
                Ok(false) => HandOver::Refused,
                Err(error) => HandOver::Unavailable(error.to_string()),
            }
        };
        channels.send(route, &entry.outgoing, hand_over).await
    }

    async fn settle(&self, entry: &Claimed, settled: Settled) {
        let way = name(&entry.way);
        self.metrics.attempt(way, slug(&settled));
        report(entry, &settled);
        let trouble = self.trouble(entry, &settled);
        let settle = Settle { id: entry.id, attempt: entry.attempt, settled };
        if let Err(error) = self.outbox.settle(settle).await {
            tracing::error!(%error, entry = entry.id, "what became of an entry cannot be written down");
        }
        let told = match trouble {
            Trouble::None => Ok(()),
            Trouble::Raise(alarm) => self.outbox.alarm(alarm).await,
            Trouble::Clear(key) => self.outbox.clear(key).await,
        };
        if let Err(error) = told {
            tracing::error!(%error, way, "an alarm about a way out cannot be written down");
        }
    }

    /// What ops have to know of the way out: alerts that do not get through are an emergency of their own.
    fn trouble(&self, entry: &Claimed, settled: &Settled) -> Trouble {
        let way = name(&entry.way);
        let key = format!("channel-failing/{way}");
        let mut well = self.well.lock().unwrap_or_else(PoisonError::into_inner);
        let text = match (&entry.outgoing, settled) {
            // Also the first time after a start, since the alarm may be older than we are.
            (Outgoing::Alert(_) | Outgoing::Alarm(_), Settled::Sent) if well.insert(way.to_owned()) => {
                return Trouble::Clear(key);
            }
            (Outgoing::Alert(_), Settled::Retry { reason, .. }) if entry.attempt >= ALARM_AT_ATTEMPT => {
                format!("channel {way} has not taken an alert in {} attempts: {reason}", entry.attempt)
            }
            (Outgoing::Alert(_), Settled::Failed(reason)) => {
                format!("channel {way} will never take an alert: {reason}")
            }
            (Outgoing::Reply(_) | Outgoing::Alert(_) | Outgoing::Alarm(_), _) => return Trouble::None,
        };
        well.remove(way);
        Trouble::Raise(Alarm { key, text })
    }
}

/// What to do about an alarm.
enum Trouble {
    None,
    Raise(Alarm),
    Clear(String),
}

fn name(way: &Way) -> &str {
    match way {
        Way::Channel(name) | Way::Account(name) => name,
    }
}

fn slug(settled: &Settled) -> &'static str {
    match settled {
        Settled::Sent => "sent",
        Settled::Retry { .. } => "retry",
        Settled::Failed(_) | Settled::NoRecipient { .. } => "failed",
        Settled::Unknown(_) => "unknown",
        Settled::Stale(_) => "stale",
        Settled::Held(_) => "held",
    }
}

/// One line a settled attempt.
fn report(entry: &Claimed, settled: &Settled) {
    let (id, attempt, way) = (entry.id, entry.attempt, name(&entry.way));
    let (kind, reference) = match &entry.outgoing {
        Outgoing::Alert(alert) => ("alert", alert.reference.as_str()),
        Outgoing::Alarm(note) => ("alarm", note.key.as_str()),
        Outgoing::Reply(reply) => ("reply", reply.reference.as_str()),
    };
    match settled {
        Settled::Sent => tracing::info!(kind, reference, way, attempt, entry = id, "delivered"),
        Settled::Retry { at, reason } => {
            tracing::warn!(kind, reference, way, attempt, entry = id, %at, reason, "not delivered, tried again");
        }
        Settled::Failed(reason) | Settled::NoRecipient { reason, .. } => {
            tracing::error!(kind, reference, way, attempt, entry = id, reason, "cannot be delivered");
        }
        Settled::Unknown(reason) => {
            tracing::warn!(
                kind,
                reference,
                way,
                attempt,
                entry = id,
                reason,
                "perhaps delivered, not repeated"
            );
        }
        Settled::Stale(reason) => {
            tracing::info!(kind, reference, way, attempt, entry = id, reason, "too late to be sent");
        }
        Settled::Held(reason) => {
            tracing::info!(kind, reference, way, attempt, entry = id, reason, "held back");
        }
    }
}
