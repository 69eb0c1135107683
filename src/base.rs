//! Layer 0: the words that every room of the house shares.
//!
//! Identifiers, our seal, the clock (the only place that reads it), diagnostics as data, and a TOML document read with the
//! place of every value, durations, how languages write dates, domains in ASCII, globs, and text made fit for a terminal.
//! Nothing here knows about mail, policies or desks.

pub mod clock;
pub mod diagnostic;
pub mod document;
pub mod domain;
pub mod duration;
pub mod glob;
pub mod id;
pub mod language;
pub mod seal;
pub mod secret;
pub mod text;
