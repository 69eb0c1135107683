//! Time that this thread really ran, where the system tells it: on a busy machine the wall clock measures the others.

use std::fs;
use std::time::{Duration, Instant};

/// What is measured, in words.
pub(super) const KIND: &str = "the thread's own, or the wall's where the system does not tell";

/// A measurement under way.
pub(super) struct Stopwatch {
    wall: Instant,
    own: Option<Duration>,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Stopwatch { own: own(), wall: Instant::now() }
    }

    pub(super) fn elapsed(&self) -> Duration {
        let wall = self.wall.elapsed();
        self.own.zip(own()).and_then(|(start, end)| end.checked_sub(start)).unwrap_or(wall)
    }
}

/// The first figure of Linux's schedstat: nanoseconds on a processor, as of the last tick of its clock. To answer for
/// stat the kernel brings it up to this moment, so that one is read before.
fn own() -> Option<Duration> {
    fs::read("/proc/self/stat").ok()?;
    let figures = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(Duration::from_nanos(figures.split_whitespace().next()?.parse().ok()?))
}
