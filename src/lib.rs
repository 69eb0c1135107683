//! nightdesk.
pub mod base;
