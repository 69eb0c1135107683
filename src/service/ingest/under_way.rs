//! Windows of one mailbox between the server and the record: read side by side, handed to the writer in their order.
//!
//! A window is handed over without waiting for the answer to the one before it, so that the writer can take several in
//! one transaction; it checks itself that they join. When one is refused so are those after it, and the session ends.
//!
//! Invariant: the commit of a window is first polled after the one of the window before it was, and the writer's queue
//! keeps the order of those who wait for a place in it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use super::Recorder;
use super::walk::Ended;
use crate::service::window::Window;
use crate::service::writer::{Verdict, WriterError};

/// Windows under way at once: enough for the writer to have the next while it commits, and not so many that a drain
/// fills its queue.
const MOST: usize = 4;

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Windows on their way, the first first.
pub(super) struct UnderWay<'a, R> {
    windows: VecDeque<(Stage<'a>, &'a R)>,
}

enum Stage<'a> {
    /// Its mails are read.
    Reading(Boxed<'a, Window>),
    /// It waits until those before it are handed over.
    Read(Box<Window>),
    /// The writer has it.
    Committing(Boxed<'a, Result<Verdict, WriterError>>),
    /// It has answered.
    Answered(Result<Verdict, WriterError>),
}

impl<R> Default for UnderWay<'_, R> {
    fn default() -> Self {
        UnderWay { windows: VecDeque::with_capacity(MOST) }
    }
}

impl<'a, R: Recorder> UnderWay<'a, R> {
    pub(super) fn len(&self) -> usize {
        self.windows.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.windows.len() >= MOST
    }

    pub(super) fn push(&mut self, window: impl Future<Output = Window> + Send + 'a, recorder: &'a R) {
        self.windows.push_back((Stage::Reading(Box::pin(window)), recorder));
    }

    /// Waits until the first window is recorded.
    pub(super) async fn first(&mut self) -> Result<(), Ended> {
        match poll_fn(|context| self.poll_first(context)).await {
            Ok(Verdict::Recorded) => Ok(()),
            Ok(Verdict::Refused) => Err(Ended::Superseded),
            Err(error) => Err(Ended::Writer(error)),
        }
    }

    /// Waits until all are recorded.
    pub(super) async fn all(&mut self) -> Result<(), Ended> {
        while !self.windows.is_empty() {
            self.first().await?;
        }
        Ok(())
    }

    /// Waits for something else; windows go on meanwhile.
    pub(super) async fn during<T>(&mut self, other: impl Future<Output = T>) -> Result<T, Ended> {
        let mut other = pin!(other);
        loop {
            tokio::select! {
                biased;
                recorded = self.first(), if !self.windows.is_empty() => recorded?,
                done = &mut other => return Ok(done),
            }
        }
    }

    /// Moves all on, in their order; gives out the answer to the first.
    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<Result<Verdict, WriterError>> {
        let mut all_before_are_handed_over = true;
        for (stage, recorder) in &mut self.windows {
            let recorder: &'a R = recorder;
            stage.poll_on(context, all_before_are_handed_over, recorder);
            all_before_are_handed_over &= matches!(stage, Stage::Committing(_) | Stage::Answered(_));
        }
        match self.windows.pop_front() {
            Some((Stage::Answered(answer), _)) => Poll::Ready(answer),
            Some(window) => {
                self.windows.push_front(window);
                Poll::Pending
            }
            None => Poll::Pending,
        }
    }
}

impl<'a> Stage<'a> {
    fn poll_on<R: Recorder>(&mut self, context: &mut Context<'_>, may_be_handed_over: bool, recorder: &'a R) {
        if let Stage::Reading(reading) = self
            && let Poll::Ready(window) = reading.as_mut().poll(context)
        {
            *self = Stage::Read(Box::new(window));
        }
        if may_be_handed_over && matches!(self, Stage::Read(_)) {
            let stage = std::mem::replace(self, Stage::Answered(Ok(Verdict::Refused)));
            if let Stage::Read(window) = stage {
                *self = Stage::Committing(Box::pin(recorder.commit(*window)));
            }
        }
        if let Stage::Committing(commit) = self
            && let Poll::Ready(answer) = commit.as_mut().poll(context)
        {
            *self = Stage::Answered(answer);
        }
    }
}
