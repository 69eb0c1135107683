//! Signals as people and service managers send them: TERM and INT stop, HUP reloads.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// End, losing nothing; asked twice, end at once.
    Stop,
    /// Read settings and policies anew.
    Reload,
}

/// The signals that are listened for. From its making on none of them ends the process by itself.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Listens.
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// The next wish. May be dropped at any time.
    pub(super) async fn next(&mut self) -> Wish {
        tokio::select! {
            biased;
            Some(()) = self.terminate.recv() => Wish::Stop,
            Some(()) = self.interrupt.recv() => Wish::Stop,
            Some(()) = self.hang_up.recv() => Wish::Reload,
            // Signals of a process never end.
            else => std::future::pending().await,
        }
    }

    /// Waits for a stop; wishes to reload come too late.
    pub(super) async fn stop(&mut self) {
        while self.next().await != Wish::Stop {}
    }
}
