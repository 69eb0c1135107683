//! How far it is, on a terminal and nowhere else: one line of stderr, written over and cleared at the end.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::base::clock::{Clock, SystemClock};
use crate::sources::weight;

/// Faster than this no eye follows.
const EVERY: SignedDuration = SignedDuration::from_millis(200);

/// A line that tells how far it is.
#[derive(Debug)]
pub(super) struct Progress {
    /// `None` where nobody watches.
    watched: Option<Watched>,
}

#[derive(Debug)]
struct Watched {
    total: u64,
    bytes: u64,
    began_at: Timestamp,
    shown_at: Timestamp,
    is_shown: bool,
}

impl Progress {
    /// Watches, when stderr is a terminal and the answer does not go to one line by line.
    pub(super) fn start(paths: &[PathBuf], answers_in_lines: bool) -> Self {
        let is_watched = io::stderr().is_terminal() && !(answers_in_lines && io::stdout().is_terminal());
        let now = SystemClock.now();
        let watched = is_watched.then(|| Watched {
            total: weight(paths),
            bytes: 0,
            began_at: now,
            shown_at: now,
            is_shown: false,
        });
        Progress { watched }
    }

    /// So many mails were decided so far, and so many more bytes were read.
    pub(super) fn advance(&mut self, mails: usize, bytes: usize) {
        let Some(watched) = &mut self.watched else { return };
        watched.bytes = watched.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        let now = SystemClock.now();
        if now.duration_since(watched.shown_at) < EVERY {
            return;
        }
        watched.shown_at = now;
        watched.is_shown = true;
        let line = watched.line(mails, now.duration_since(watched.began_at));
        show(&format!("\r\u{1b}[K{line}"));
    }

    /// Everything is read once more.
    pub(super) fn again(&mut self) {
        if let Some(watched) = &mut self.watched {
            watched.bytes = 0;
            watched.began_at = SystemClock.now();
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if let Some(watched) = &mut self.watched
            && std::mem::take(&mut watched.is_shown)
        {
            show("\r\u{1b}[K");
        }
    }
}

impl Watched {
    fn line(&self, mails: usize, passed: SignedDuration) -> String {
        if mails == 0 {
            return self.percent();
        }
        let milliseconds = u64::try_from(passed.as_millis()).unwrap_or(1).max(1);
        let rate = u64::try_from(mails).unwrap_or(u64::MAX).saturating_mul(1000) / milliseconds;
        format!("{} {mails} mails, {rate} a second", self.percent())
    }

    /// Nothing where the weight is unknown, as of a pipe.
    fn percent(&self) -> String {
        let percent = self.bytes.saturating_mul(100).checked_div(self.total);
        percent.map(|percent| format!("{:>3} %", percent.min(100))).unwrap_or_default()
    }
}

/// Nobody is left to hear that this failed.
fn show(text: &str) {
    let mut out = io::stderr().lock();
    drop(out.write_all(text.as_bytes()).and_then(|()| out.flush()));
}
