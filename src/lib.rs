//! nightdesk.
pub mod base;
pub mod calendar;
pub mod casework;
pub mod cli;
pub mod compose;
pub mod decision;
pub mod lexicon;
pub mod mail;
pub mod policy;
pub mod sources;
