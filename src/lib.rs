//! nightdesk.
pub mod base;
pub mod calendar;
pub mod casework;
pub mod decision;
pub mod lexicon;
pub mod mail;
pub mod policy;
