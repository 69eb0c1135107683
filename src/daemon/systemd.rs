//! What the service manager is told (`sd_notify(3)`): that we are ready, reload, stop, how we are, and that we live.
//!
//! The watchdog is fed only while every loop goes round, so a process that hangs in the writer, in dispatch or
//! altogether is started again. Without a service manager all of this does nothing.

use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::supervisor::Done;
use crate::service::{Health, Link};

/// How often the line of `systemctl status` is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How often it is looked whether all loops went round for the first time.
const READY_EVERY: Duration = Duration::from_millis(50);

/// Tells the service manager that we are ready once every loop went round, and from then on how we are; feeds its
/// watchdog.
pub(super) async fn tell(health: Arc<Health>, cancel: CancellationToken) -> Done {
    let telling = async {
        let mut soon = tokio::time::interval(READY_EVERY);
        while !health.all_beat() {
            soon.tick().await;
        }
        say(&[NotifyState::Ready]);
        tracing::info!("ready: every loop goes round");
        let watchdog = sd_notify::watchdog_enabled();
        let mut ticks =
            tokio::time::interval(watchdog.map_or(LOOK_EVERY, |limit| (limit / 4).min(LOOK_EVERY)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            look(&health, watchdog);
        }
    };
    tokio::select! {
        () = cancel.cancelled() => Ok(()),
        () = telling => Ok(()),
    }
}

fn look(health: &Health, watchdog: Option<Duration>) {
    say(&[NotifyState::Status(&line(health))]);
    let Some(limit) = watchdog else { return };
    let stuck = health.stuck(limit / 2);
    if stuck.is_empty() {
        say(&[NotifyState::Watchdog]);
    } else {
        let slugs: Vec<&str> = stuck.iter().map(|of| of.slug()).collect();
        tracing::error!(loops = slugs.join(", "), "the watchdog is not fed: these loops do not go round");
    }
}

/// How we are, in a line.
fn line(health: &Health) -> String {
    let mailboxes = health.snapshot();
    let stopped = |link| matches!(link, Link::Refused | Link::Halted);
    let fresh = mailboxes.values().filter(|mailbox| mailbox.link == Link::Waiting).count();
    let mut line = format!("{fresh} of {} mailboxes read and waited on", mailboxes.len());
    for (name, mailbox) in mailboxes.iter().filter(|(_, mailbox)| stopped(mailbox.link)) {
        line = format!("{line}; {name}: {}", mailbox.link.slug());
    }
    line
}

/// A reload begins. [`reloaded`] must follow.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => say(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "the monotonic clock cannot be read"),
    }
}

/// A reload is over, whatever came of it.
pub(super) fn reloaded() {
    say(&[NotifyState::Ready]);
}

/// We are on the way out.
pub(super) fn stopping() {
    say(&[NotifyState::Stopping]);
}

fn say(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager cannot be told");
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_line_counts_mailboxes_and_names_those_that_are_stopped() {
        let (health, now) = (Health::default(), Timestamp::UNIX_EPOCH);
        ["billing", "phone", "support"].into_iter().for_each(|name| health.watch(name, now));
        health.link("support", Link::Waiting, now);
        health.link("billing", Link::Refused, now);
        assert_eq!(line(&health), "1 of 3 mailboxes read and waited on; billing: refused");
    }
}
