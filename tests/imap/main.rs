//! Owners of mailboxes against a scripted IMAP server in this process: every fault that a server can have, and never a
//! wrong cursor.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails loudly")]

mod faults;
mod interruptions;
mod ledger;
mod mailboxes;
mod server;
mod sessions;
