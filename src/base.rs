//! Layer 0: the words that every room of the house shares.
//!
//! place of every value. Nothing here knows about mail, policies or desks.

pub mod clock;
pub mod diagnostic;
