//! What `explain` and `test` share: a policy from a folder, and a mail taken through read, decide, apply and compose,
//! exactly as the daemon does it.

use std::path::Path;

use anyhow::Context;
use jiff::Timestamp;

use super::output;
use crate::casework::{Book, Effect};
use crate::compose::{self, Reply};
use crate::decision::{Decision, Reading, decide, read};
use crate::mail::Source;
use crate::policy::{Outcome, Policy, RenderError, compile};
use crate::sources::policy_folder;

/// Reads and compiles a policy folder.
pub(super) fn load(path: &Path) -> anyhow::Result<Outcome> {
    let files = policy_folder(path)
        .with_context(|| format!("the policy folder {} cannot be read", path.display()))?;
    Ok(compile(&files))
}

/// The policy of a folder; mistakes go to stderr, and then there is none.
pub(super) fn policy(path: &Path) -> anyhow::Result<Option<Policy>> {
    let outcome = load(path)?;
    if outcome.policy.is_none() {
        output::complain_of(&outcome.diagnostics, outcome.left_out);
    }
    Ok(outcome.policy)
}

/// One mail, decided.
pub(super) struct Decided {
    pub(super) reading: Reading,
    pub(super) decision: Decision,
    pub(super) reply: Result<Option<Reply>, RenderError>,
}

/// Takes one mail through the house; the book keeps what later mails of the conversation need.
pub(super) fn evaluate(reading: Reading, policy: &Policy, book: &mut Book, at: Timestamp) -> Decided {
    let standing = book.standing(&reading, policy, at);
    let decision = decide(&reading, &standing, policy, at, at);
    let effects = book.apply(&reading, &decision, policy);
    let opened = effects.iter().find_map(|effect| match effect {
        Effect::Reply { case, .. } => Some(*case),
        Effect::Opened(_)
        | Effect::Reopened(_)
        | Effect::Answered(_)
        | Effect::Alert { .. }
        | Effect::Deferred { .. } => None,
    });
    let reply = match opened {
        Some(case) => compose::reply(&reading, &decision, case, policy),
        None => Ok(None),
    };
    Decided { reading, decision, reply }
}

/// Reads a mail from its bytes.
pub(super) fn read_bytes(bytes: &[u8], policy: &Policy, mailbox: Option<&str>) -> Reading {
    read(&Source::Whole(bytes), policy, mailbox)
}
