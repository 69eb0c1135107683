//! Layer 4: cases, and the book that holds the ones at hand.
//!
//! `Book` is the working set of one transaction: what was loaded for the mails at hand, changed in memory, and saved
//! as a whole. It answers how things stand for a mail ([`Book::standing`]) and takes in what was decided
//! ([`Book::apply`]). A book is for one
//! policy. Pure: the daemon fills it from its store, `explain` and `test` begin with an empty one.
//!
//! Invariants: a mail that is applied twice changes nothing the second time (it is a duplicate then); a mail from a
//! machine never reopens, raises or answers a case; ids come from the mail, so deciding again gives the same ones; what is
//! kept are names, not indices, so that a policy can be reloaded under a running case; nothing that a
//! stranger writes silences a mail of the customer, and what a report says of a mail that we never wrote changes nothing.

mod belonging;
mod book;
mod case;
mod load;
mod outlook;
#[cfg(test)]
mod stories;
mod work;

pub use book::{Book, Effect, Shelf};
pub use case::{Case, CaseState, Deferred, Running, Started};
pub use load::{
    BOUNCED_FOR, Bounced, Changes, EarlierReplies, Kept, Keys, KnownAs, KnownMail, Loaded, SeenContent,
    SentReply,
};
pub use outlook::{Coming, Turn};
pub use work::{Brief, Plan, PlanStep};
