//! The loop of the writer: what waits is done together; what fails together is done apart, down to the one mail that
//! fails alone.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::batch::{Afterwards, Batch, Done, Trouble};
use super::{Answer, Command, HandOff, Rules, Verdict, WriterError, alarms};
use crate::base::clock::Clock;
use crate::service::window::{Content, Span, Window};
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;

/// How many mails one transaction takes: more gain nothing, and hold others up.
const MOST_MAILS: usize = 256;
/// How many commands one transaction takes.
const MOST_COMMANDS: usize = 512;
/// How often a batch is done again when somebody else wrote in between.
const MOST_TRIES: usize = 5;
/// How often it is looked for what time has brought up, when nothing is known to be due before.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How many due cases one transaction takes.
const DUE: usize = 64;

/// The writer at work.
pub(super) struct Task {
    pub(super) store: Store,
    pub(super) rules: Rules,
    pub(super) dispatch: HandOff,
    pub(super) clock: Arc<dyn Clock + Send + Sync>,
    pub(super) metrics: Arc<Metrics>,
}

impl Task {
    pub(super) async fn run(mut self, mut waiting: mpsc::Receiver<Command>) -> Result<(), WriterError> {
        self.recover().await.map_err(|error| WriterError(error.to_string()))?;
        let mut sources = HashMap::new();
        let mut look_at = Instant::now();
        loop {
            let command = tokio::select! {
                () = sleep_until(look_at) => {
                    look_at = self.look(&mut sources).await;
                    continue;
                }
                command = waiting.recv() => command,
            };
            let Some(first) = command else { break };
            let mut commands = vec![first];
            let mut mails: usize = commands.iter().map(Command::mails).sum();
            while mails < MOST_MAILS
                && commands.len() < MOST_COMMANDS
                && let Ok(next) = waiting.try_recv()
            {
                mails += next.mails();
                commands.push(next);
            }
            self.configure(&commands);
            if commands.iter().any(|command| matches!(command, Command::Look(_))) {
                look_at = self.look(&mut sources).await;
            }
            self.together(commands, &mut sources).await;
        }
        self.store.close().await;
        Ok(())
    }

    /// The present instant, in whole microseconds as the store keeps them.
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    async fn recover(&self) -> Result<(), StoreError> {
        let mut change = self.store.begin().await?;
        let (again, unknown) = change.recover(self.now()).await?;
        alarms::tidy(&mut change, &self.rules).await?;
        change.commit().await?;
        if again + unknown > 0 {
            tracing::info!(
                again,
                unknown,
                "the outbox holds entries that were under way when the daemon ended"
            );
        }
        Ok(())
    }

    /// Rules that came in hold for everything that came with them.
    fn configure(&mut self, commands: &[Command]) {
        for command in commands {
            if let Command::Configure(rules, _) = command {
                self.rules = rules.clone();
            }
        }
    }

    /// Does commands in one transaction; where one of them is the cause of a failure, each on its own.
    async fn together(&mut self, commands: Vec<Command>, sources: &mut Sources) {
        let windows: Vec<&Window> = commands.iter().filter_map(Command::window).collect();
        match self.attempt(&commands, &windows, sources).await {
            Ok(done) => {
                for (command, done) in commands.into_iter().zip(done) {
                    command.answer(Ok(done));
                }
            }
            Err(trouble) if trouble.is_about_the_data() => {
                for command in commands {
                    self.alone(command, sources).await;
                }
            }
            Err(trouble) => {
                tracing::error!(error = %trouble, commands = commands.len(), "the store takes no changes");
                for command in commands {
                    command.answer(Err(WriterError(trouble.to_string())));
                }
            }
        }
    }

    async fn alone(&mut self, command: Command, sources: &mut Sources) {
        let done = match command.window() {
            Some(_) => None,
            None => Some(self.attempt(std::slice::from_ref(&command), &[], sources).await),
        };
        match (done, command) {
            (None, Command::Commit(window, answer)) => {
                let verdict = self.window_alone(*window, sources).await;
                reply(answer, verdict.map_err(|trouble| failed(&trouble)));
            }
            (Some(Ok(done)), command) => {
                command.answer(Ok(done.into_iter().next().unwrap_or(Done::Nothing)));
            }
            (Some(Err(trouble)), command) => command.answer(Err(failed(&trouble))),
            (None, command) => command.answer(Ok(Done::Nothing)),
        }
    }

    /// Does one window; where a mail of it is the cause of a failure, mail by mail. What was done before a failure
    /// stays done, and the cursor stands behind it.
    async fn window_alone(&mut self, window: Window, sources: &mut Sources) -> Result<Verdict, Trouble> {
        match self.attempt(&[], &[&window], sources).await {
            Ok(done) => return Ok(verdict(&done)),
            Err(trouble) if trouble.is_about_the_data() => {}
            Err(trouble) => return Err(trouble),
        }
        for mut part in apart(window) {
            let done = match self.attempt(&[], &[&part], sources).await {
                Err(trouble) if trouble.is_about_the_data() => {
                    tracing::error!(mailbox = %part.watched.name, error = %trouble, "a mail failed");
                    for mail in &mut part.mails {
                        mail.content = Content::Failed(trouble.to_string());
                    }
                    self.attempt(&[], &[&part], sources).await?
                }
                tried => tried?,
            };
            if verdict(&done) == Verdict::Refused {
                return Ok(Verdict::Refused);
            }
        }
        Ok(Verdict::Recorded)
    }

    /// One transaction, done again when somebody else wrote in between. Answers what was done for each command, in
    /// their order; for windows without commands, theirs.
    async fn attempt(
        &mut self,
        commands: &[Command],
        windows: &[&Window],
        sources: &mut Sources,
    ) -> Result<Vec<Done>, Trouble> {
        let mut tries = 1;
        loop {
            match self.transaction(commands, windows, sources).await {
                Err(trouble) if trouble.is_conflict() && tries < MOST_TRIES => tries += 1,
                ended => return ended,
            }
        }
    }

    async fn transaction(
        &mut self,
        commands: &[Command],
        windows: &[&Window],
        sources: &mut Sources,
    ) -> Result<Vec<Done>, Trouble> {
        let began = Instant::now();
        let change = self.store.begin().await?;
        let mut batch = Batch::begin(change, &self.rules, sources, self.now()).await?;
        let mut done = Vec::with_capacity(commands.len());
        for command in commands {
            done.push(batch.command(command).await?);
        }
        let verdicts = batch.windows(windows).await?;
        let afterwards = batch.commit(&self.dispatch.entries).await?;
        self.tell(&afterwards, began);
        if commands.is_empty() {
            return Ok(verdicts.into_iter().map(Done::Verdict).collect());
        }
        let mut verdicts = verdicts.into_iter();
        for (done, _) in done.iter_mut().zip(commands).filter(|(_, command)| command.window().is_some()) {
            *done = verdicts.next().map_or(Done::Nothing, Done::Verdict);
        }
        Ok(done)
    }

    /// Looks for what time has brought up; answers when to look again.
    async fn look(&mut self, sources: &mut Sources) -> Instant {
        match self.follow_up(sources).await {
            Ok(wait) => Instant::now() + wait,
            Err(trouble) => {
                tracing::error!(error = %trouble, "cases cannot be brought to now");
                Instant::now() + LOOK_EVERY
            }
        }
    }

    async fn follow_up(&mut self, sources: &mut Sources) -> Result<Duration, Trouble> {
        let (began, now) = (Instant::now(), self.now());
        let change = self.store.begin().await?;
        let mut batch = Batch::begin(change, &self.rules, sources, now).await?;
        let more = batch.follow_up(DUE).await?;
        let unknown = batch.change.give_up_handing_over(now).await?;
        let waiting = batch.change.waiting().await?;
        let next_due = batch.change.next_due().await?;
        let afterwards = batch.commit(&self.dispatch.entries).await?;
        if unknown > 0 {
            tracing::warn!(count = unknown, "replies were handed over and nobody said what became of them");
        }
        self.metrics.outbox_waiting(i64::try_from(waiting).unwrap_or(i64::MAX));
        self.tell(&afterwards, began);
        if more {
            return Ok(Duration::ZERO);
        }
        let wait = next_due.map(|due| Duration::try_from(due.duration_since(now)).unwrap_or_default());
        Ok(wait.map_or(LOOK_EVERY, |wait| wait.min(LOOK_EVERY)))
    }

    fn tell(&self, afterwards: &Afterwards, began: Instant) {
        self.metrics.commit(began.elapsed().as_secs_f64());
        for ((mailbox, state), count) in &afterwards.mails {
            self.metrics.mails(mailbox, state.slug(), *count);
        }
        for alarm in &afterwards.raised {
            let kind = alarm.key.split('/').next().unwrap_or_default();
            self.metrics.alarm(kind);
            tracing::error!(alarm = %alarm.key, "{}", alarm.text);
        }
        if afterwards.more {
            self.dispatch.wake.notify_one();
        }
    }
}

/// Policies whose files are kept, by digest.
type Sources = HashMap<String, i64>;

fn failed(trouble: &Trouble) -> WriterError {
    tracing::error!(error = %trouble, "a change to the store failed");
    WriterError(trouble.to_string())
}

/// The verdict on the one window of a transaction.
fn verdict(done: &[Done]) -> Verdict {
    match done {
        [Done::Verdict(verdict)] => *verdict,
        _ => Verdict::Refused,
    }
}

/// A window for each mail. The last one of an advance goes up to where the whole went.
fn apart(window: Window) -> Vec<Window> {
    let Window { mailbox, fence, uid_validity, span, mut mails, watched, mut memory } = window;
    mails.sort_by_key(|mail| mail.uid);
    let last = mails.len().saturating_sub(1);
    let mut from = match span {
        Span::Advance { from, .. } => from,
        Span::Again => 0,
    };
    let mut parts = Vec::with_capacity(mails.len());
    for (index, mail) in mails.into_iter().enumerate() {
        let span = match span {
            Span::Again => Span::Again,
            Span::Advance { to, .. } => {
                let to = if index == last { to } else { u64::from(mail.uid) + 1 };
                Span::Advance { from: std::mem::replace(&mut from, to), to }
            }
        };
        let watched = Arc::clone(&watched);
        // The last one gives it back.
        let memory = if index == last { memory.take() } else { None };
        parts.push(Window { mailbox, fence, uid_validity, span, mails: vec![mail], watched, memory });
    }
    parts
}

impl Command {
    fn window(&self) -> Option<&Window> {
        if let Command::Commit(window, _) = self { Some(window) } else { None }
    }

    fn mails(&self) -> usize {
        self.window().map_or(0, |window| window.mails.len())
    }

    /// Tells whoever asked.
    fn answer(self, done: Result<Done, WriterError>) {
        match (self, done) {
            (Command::Open(_, answer), Ok(Done::Opened(state))) => reply(answer, Ok(state)),
            (Command::Baseline { answer, .. } | Command::Commit(_, answer), Ok(Done::Verdict(verdict))) => {
                reply(answer, Ok(verdict));
            }
            (Command::Retries { answer, .. }, Ok(Done::Uids(uids))) => reply(answer, Ok(uids)),
            (Command::Claim { answer, .. }, Ok(Done::Claimed(claimed))) => reply(answer, Ok(claimed)),
            (Command::HandOver { answer, .. }, Ok(Done::HandedOver(granted))) => reply(answer, Ok(granted)),
            (
                Command::Halt { answer, .. }
                | Command::Alarm(_, answer)
                | Command::Clear { answer, .. }
                | Command::Settle(_, answer)
                | Command::Heartbeat { answer, .. }
                | Command::Configure(_, answer)
                | Command::Look(answer),
                Ok(_),
            ) => reply(answer, Ok(())),
            (command, Err(error)) => command.fail(error),
            (command, Ok(_)) => command.fail(WriterError("nothing was done".to_owned())),
        }
    }

    fn fail(self, error: WriterError) {
        match self {
            Command::Open(_, answer) => reply(answer, Err(error)),
            Command::Baseline { answer, .. } | Command::Commit(_, answer) => reply(answer, Err(error)),
            Command::Retries { answer, .. } => reply(answer, Err(error)),
            Command::Claim { answer, .. } => reply(answer, Err(error)),
            Command::HandOver { answer, .. } => reply(answer, Err(error)),
            Command::Halt { answer, .. }
            | Command::Alarm(_, answer)
            | Command::Clear { answer, .. }
            | Command::Settle(_, answer)
            | Command::Heartbeat { answer, .. }
            | Command::Configure(_, answer)
            | Command::Look(answer) => reply(answer, Err(error)),
        }
    }
}

/// Whoever asked may have gone; what was done is done.
fn reply<T>(answer: Answer<T>, done: Result<T, WriterError>) {
    drop(answer.send(done));
}
