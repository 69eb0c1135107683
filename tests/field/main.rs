//! The daemon in the field: the built program on a real Dovecot and a real Postfix, killed, cut off and lied to.
//!
//! The servers are private ones on loopback (`deploy/servers`), started once for this binary; they stop when it ends, in
//! whatever way. They need root; without it, or without the packages, each test reports that it was skipped, and fails
//! for that when `CI=true`. Every test has mailboxes of its own, so the order does not matter.
//!
//! Nothing here sleeps to let something happen: [`wait::until`] looks for a condition that somebody outside could see,
//! again and again until a deadline far away.

#![expect(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails loudly")]

mod crashes;
mod daemon;
mod exchange;
mod imap;
mod loops;
mod proxy;
mod receiver;
mod refusals;
mod replies_and_alerts;
mod servers;
mod service;
mod setup;
mod signals;
mod smtp;
mod switches;
mod troubles;
mod wait;
