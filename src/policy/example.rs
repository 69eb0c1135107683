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
    /// What happens afterwards, in the order of time.
    pub then: Vec<Following>,
    /// Where it stands.
    pub origin: Origin,
}

/// One `[[test.then]]`: what happens after the mail, and what must be so then.
#[derive(Debug, Clone)]
pub struct Following {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
    /// What must come out.
    pub expect: Vec<Expectation>,
    /// Where it stands.
    pub origin: Origin,
}

/// What can happen to a case, as far as anything comes of it.
#[derive(Debug, Clone)]
pub enum Event {
    /// The customer writes again.
    Mail(ExampleMail),
    /// An agent answers the customer.
    Answer(ExampleMail),
    /// Somebody takes the case.
    Acknowledged,
    /// Somebody closes the case.
    Closed,
    /// Nothing: only time goes by.
    Nothing,
}

impl Event {
    /// The word for it in examples.
    pub fn word(&self) -> &'static str {
        match self {
            Event::Mail(_) => "mail",
            Event::Answer(_) => "answer",
            Event::Acknowledged => "ack",
            Event::Closed => "close",
            Event::Nothing => "nothing",
        }
    }
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
