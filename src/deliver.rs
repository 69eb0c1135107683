//! Layer 6: channels. A channel is handed one outbox entry and says what became of it; it keeps no state that matters.

use std::time::Duration;

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side has taken it.
    Sent,
    /// Not now; perhaps later. `retry_after` is what the other side asked for.
    Temporary {
        /// Why, in a line without secrets or mail text.
        reason: String,
        /// When to come back at the earliest.
        retry_after: Option<Duration>,
    },
    /// Never, like this.
    Permanent(String),
    /// The other side may or may not have taken it.
    Unknown(String),
}
