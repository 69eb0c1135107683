//! What `policy.toml` may hold, for editors: a JSON Schema (draft 7, the one that TOML editors know).
//!
//! It describes shapes: keys, types, words of fixed sets, forms of times and durations. What only the policy itself can
//! say (names that must exist, hours that overlap, templates) is for `check`. It never refuses what `check` takes, and
//! its keys are the reader's: `tests/language` compares both, key by key.

/// The JSON Schema of `policy.toml`, as text.
pub const SCHEMA: &str = include_str!("policy.schema.json");
