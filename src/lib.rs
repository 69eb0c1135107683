//! nightdesk.
pub mod base;
pub mod mail;
