//! Dispatch with a double of the outbox.
