//! The examples that a policy carries: a mail, when it comes in, and what must come out.

use std::sync::Arc;

use jiff::Timestamp;

use super::Origin;

/// One `[[test]]`.
#[derive(Debug, Clone)]
pub struct Example {
    /// What it shows, in words; unique within its file.
    pub name: String,
    /// Mails that came before, oldest first.
    pub earlier: Vec<ExampleMail>,
    /// The mail that is decided.
    pub mail: ExampleMail,
    /// What must come out.
    pub expect: Vec<Expectation>,
    /// Where it stands.
    pub origin: Origin,
}

/// A mail of an example.
#[derive(Debug, Clone)]
pub struct ExampleMail {
    /// When it is received, and "now".
    pub at: Timestamp,
    /// The mailbox it comes to.
    pub mailbox: Option<String>,
    /// The From field.
    pub from: Option<String>,
    /// The To field.
    pub to: Option<String>,
    /// The Subject field.
    pub subject: Option<String>,
    /// The plain text.
    pub body: Option<String>,
    /// The HTML text.
    pub html: Option<String>,
    /// A whole mail instead of the fields above; examples with the same file share it.
    pub file: Option<Arc<[u8]>>,
    /// More fields, or others in place of the usual ones.
    pub headers: Vec<(String, String)>,
}

/// One key of `expect`.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The key, as in the JSON of `explain`, flattened.
    pub key: String,
    /// What it must be.
    pub wanted: Wanted,
    /// Where it stands.
    pub origin: Origin,
}

/// What a key must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// This text.
    Text(String),
    /// True, or false, which also stands for null.
    Flag(bool),
    /// These texts, in any order.
    Texts(Vec<String>),
    /// This instant.
    At(Timestamp),
}
