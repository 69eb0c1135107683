//! `when`: what must be so for a rule to apply, and telling which part of it is not.

use std::ops::Range;

use super::people::SenderGlob;

/// All tests must hold; none means always.
#[derive(Debug, Default)]
pub struct Condition {
    /// In the order they are written.
    pub tests: Vec<Test>,
}

/// One entry of a `when`.
#[derive(Debug)]
pub struct Test {
    /// What is looked at.
    pub key: Key,
    /// What it must be.
    pub matcher: Matcher,
    /// Its bytes in `policy.toml`.
    pub span: Range<usize>,
}

/// What a condition can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// `open` or `closed`, of the assigned desk.
    Hours,
    /// `night`, `weekend` or `holiday`.
    ClosedFor,
    /// A label or matrix.
    Label(usize),
    /// The customer's plan.
    Plan,
    /// The customer's name.
    Customer,
    /// The assigned desk.
    Desk,
    /// The mailbox it came to.
    Mailbox,
    /// `new`, `follow-up`, `raised`, `reopened`, `answer`, `duplicate`.
    Conversation,
    /// Whether there is evidence of a machine.
    Automated,
    /// Whether the text could be read.
    Readable,
    /// `pass`, `fail` or `none`.
    Authenticated,
    /// The sender's address.
    Sender,
}

/// The words of `hours`.
pub(super) const HOURS: [&str; 2] = ["open", "closed"];

/// The words of `closed_for`.
pub(super) const CLOSED_FOR: [&str; 3] = ["night", "weekend", "holiday"];

/// The words of `conversation`.
pub(super) const CONVERSATIONS: [&str; 6] = ["new", "follow-up", "raised", "reopened", "answer", "duplicate"];

/// The words of `authenticated`; only the first says that it was.
pub(super) const AUTHENTICATED: [&str; 3] = ["pass", "fail", "none"];

/// The keys that every policy has besides its labels.
pub(super) const FIXED_KEYS: [(&str, Key); 11] = [
    ("hours", Key::Hours),
    ("closed_for", Key::ClosedFor),
    ("plan", Key::Plan),
    ("customer", Key::Customer),
    ("desk", Key::Desk),
    ("mailbox", Key::Mailbox),
    ("conversation", Key::Conversation),
    ("automated", Key::Automated),
    ("readable", Key::Readable),
    ("authenticated", Key::Authenticated),
    ("sender", Key::Sender),
];

impl Key {
    /// What policies call it; `None` for a label, which has its own name.
    pub fn fixed_name(self) -> Option<&'static str> {
        FIXED_KEYS.iter().find(|(_, key)| *key == self).map(|(name, _)| *name)
    }
}

/// What a key must be.
#[derive(Debug)]
pub enum Matcher {
    /// One of these.
    AnyOf(Vec<String>),
    /// None of these; true for null.
    Not(Vec<String>),
    /// True or false; for a key that can be null: whether it has a value.
    Is(bool),
    /// An address that one of these matches.
    Sender(Vec<SenderGlob>),
    /// An address that none of these matches.
    NotSender(Vec<SenderGlob>),
}

/// What is known of a mail when conditions are asked. A key that is not known yet, as `hours` while the desk is
/// being assigned, is refused when the policy is compiled.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The value of each label and matrix.
    pub labels: &'a [Option<&'a str>],
    /// `open` or `closed`.
    pub hours: Option<&'a str>,
    /// Why closed.
    pub closed_for: Option<&'a str>,
    /// The plan.
    pub plan: Option<&'a str>,
    /// The customer.
    pub customer: Option<&'a str>,
    /// The desk.
    pub desk: Option<&'a str>,
    /// The mailbox.
    pub mailbox: Option<&'a str>,
    /// The part of the mail in its conversation.
    pub conversation: &'a str,
    /// Evidence of a machine.
    pub automated: bool,
    /// The text could be read.
    pub readable: bool,
    /// Sender authentication.
    pub authenticated: &'a str,
    /// The sender's address, lower case.
    pub sender: Option<&'a str>,
}

impl<'a> Facts<'a> {
    /// The value of a key in words; `None` is null.
    pub fn value(&self, key: Key) -> Option<&'a str> {
        match key {
            Key::Hours => self.hours,
            Key::ClosedFor => self.closed_for,
            Key::Label(index) => self.labels.get(index).copied().flatten(),
            Key::Plan => self.plan,
            Key::Customer => self.customer,
            Key::Desk => self.desk,
            Key::Mailbox => self.mailbox,
            Key::Conversation => Some(self.conversation),
            Key::Automated => Some(if self.automated { "true" } else { "false" }),
            Key::Readable => Some(if self.readable { "true" } else { "false" }),
            Key::Authenticated => Some(self.authenticated),
            Key::Sender => self.sender,
        }
    }
}

impl Condition {
    /// The first test that does not hold; `None` when the condition is met.
    pub fn failing(&self, facts: &Facts<'_>) -> Option<usize> {
        self.tests.iter().position(|test| !test.holds(facts))
    }

    /// The test on a key, when there is one.
    pub fn test(&self, key: Key) -> Option<&Test> {
        self.tests.iter().find(|test| test.key == key)
    }

    /// The labels that it looks at.
    pub fn labels(&self) -> impl Iterator<Item = usize> {
        self.tests.iter().filter_map(|test| if let Key::Label(index) = test.key { Some(index) } else { None })
    }
}

impl Test {
    /// Whether it holds.
    pub(super) fn holds(&self, facts: &Facts<'_>) -> bool {
        let value = facts.value(self.key);
        match &self.matcher {
            Matcher::Is(wanted) => match self.key {
                Key::Automated => facts.automated == *wanted,
                Key::Readable => facts.readable == *wanted,
                Key::Hours
                | Key::ClosedFor
                | Key::Label(_)
                | Key::Plan
                | Key::Customer
                | Key::Desk
                | Key::Mailbox
                | Key::Conversation
                | Key::Authenticated
                | Key::Sender => value.is_some() == *wanted,
            },
            Matcher::AnyOf(values) => value.is_some_and(|value| values.iter().any(|wanted| wanted == value)),
            Matcher::Not(values) => !value.is_some_and(|value| values.iter().any(|refused| refused == value)),
            Matcher::Sender(globs) => value.is_some_and(|value| globs.iter().any(|glob| glob.matches(value))),
            Matcher::NotSender(globs) => {
                !value.is_some_and(|value| globs.iter().any(|glob| glob.matches(value)))
            }
        }
    }

    /// Whether a value would pass, for checking rules against each other.
    pub fn admits(&self, value: Option<&str>) -> bool {
        match &self.matcher {
            Matcher::AnyOf(values) => value.is_some_and(|value| values.iter().any(|wanted| wanted == value)),
            Matcher::Not(values) => !value.is_some_and(|value| values.iter().any(|refused| refused == value)),
            Matcher::Is(wanted) => value.is_some() == *wanted,
            Matcher::Sender(_) | Matcher::NotSender(_) => true,
        }
    }

    /// What it wants, in words.
    pub fn wanted(&self) -> String {
        match &self.matcher {
            Matcher::AnyOf(values) => values.join(" or "),
            Matcher::Not(values) => format!("not {}", values.join(" or ")),
            Matcher::Is(true) => "true".to_owned(),
            Matcher::Is(false) => "false".to_owned(),
            Matcher::Sender(globs) => {
                globs.iter().map(|glob| glob.text.as_str()).collect::<Vec<_>>().join(" or ")
            }
            Matcher::NotSender(globs) => {
                format!(
                    "not {}",
                    globs.iter().map(|glob| glob.text.as_str()).collect::<Vec<_>>().join(" or ")
                )
            }
        }
    }
}
