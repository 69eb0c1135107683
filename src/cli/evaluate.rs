//! What `explain`, `test` and `backtest` share: a policy from a folder, and a mail taken through read, decide, apply and compose,
//! exactly as the daemon does it.

use std::io;
use std::path::Path;

use jiff::Timestamp;

use super::{Ending, output};
use crate::casework::{Book, Effect};
use crate::compose::{self, Reply};
use crate::decision::{Decision, Reading, decide, read};
use crate::mail::Source;
use crate::policy::{Outcome, Policy, RenderError, compile};
use crate::sources::policy_folder;

/// Reads and compiles a policy folder; one that cannot be read is told on stderr, and then there is nothing to check.
pub(super) fn load(path: &Path) -> Option<Outcome> {
    told(path, compiled(path))
}

/// Reads and compiles a policy folder, and tells nothing.
pub(super) fn compiled(path: &Path) -> io::Result<Outcome> {
    policy_folder(path).map(|files| compile(&files))
}

/// What came of a folder; why it could not be read is told on stderr.
pub(super) fn told(path: &Path, outcome: io::Result<Outcome>) -> Option<Outcome> {
    match outcome {
        Ok(outcome) => Some(outcome),
        Err(error) => {
            output::complain(&format!("error: the policy folder {} cannot be read: {error}", path.display()));
            None
        }
    }
}

/// The policy of a folder.
///
/// # Errors
/// How the command ends without one; the reason was told on stderr.
pub(super) fn policy(path: &Path) -> Result<Policy, Ending> {
    let outcome = load(path).ok_or(Ending::Unusable)?;
    outcome.policy.ok_or_else(|| {
        output::complain_of(&outcome.diagnostics, outcome.left_out);
        Ending::Negative
    })
}

/// One mail, decided.
pub(super) struct Decided {
    pub(super) reading: Reading,
    pub(super) decision: Decision,
    pub(super) reply: Result<Option<Reply>, RenderError>,
    /// What time had started by then, and what the mail changed.
    pub(super) effects: Vec<Effect>,
}

/// Takes one mail through the house; the book keeps what later mails of the conversation need.
pub(super) fn evaluate(reading: Reading, policy: &Policy, book: &mut Book, at: Timestamp) -> Decided {
    let mut effects = book.live_through(at);
    let standing = book.standing(&reading, policy, at, at);
    let decision = decide(&reading, &standing, policy, at, at);
    effects.extend(book.apply(&reading, &decision, policy));
    let reply = compose::reply(&reading, &decision, policy);
    if reply.is_err()
        && let Some(plan) = &decision.reply
    {
        book.withdraw(&plan.message_id);
    }
    Decided { reading, decision, reply, effects }
}

/// Reads a mail from its bytes.
pub(super) fn read_bytes(bytes: &[u8], policy: &Policy, mailbox: Option<&str>) -> Reading {
    read(&Source::Whole(bytes), policy, mailbox)
}
