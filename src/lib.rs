//! nightdesk.
pub mod base;
pub mod lexicon;
