//! nightdesk.
pub mod base;
pub mod calendar;
