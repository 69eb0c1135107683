//! Layer 1: the settings of the service, as written and as meant.
//!
//! Settings come in as layers of text (the file, `conf.d/*.toml` in the order of their names, `NIGHTDESK__…`
//! environment variables; later layers win) and go out as [`Settings`], or as every mistake at once. Nothing here
//! reads files or the environment, looks up a secret or dials.
//!
//! The `config` crate lays the layers over each other. Every value takes its place along, so that a mistake is shown
//! in the layer that it came from. Rows (`[[account]]`, `[[mailbox]]`, `[[channel]]`) are told apart by their names:
//! a later layer adds rows with new names, and changes single keys of rows that are there. Lists, `secret` and `hmac`
//! are replaced whole. An environment variable names its key by the parts of its name, `NIGHTDESK__HTTP__LISTEN` or,
//! for a row that some file has, `NIGHTDESK__ACCOUNT__MAIN__USERNAME`; a list is written with commas.
//!
//! Invariants: settings that exist are complete: names are unique, accounts are indices, relative paths start at the
//! folder of the settings file. Secrets are named here ([`SecretSource`]), never held, and a secret that somebody
//! wrote into the settings by mistake is masked before anything can show it.

mod compile;
mod layers;
mod mask;
mod node;
#[cfg(test)]
mod tests;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;

pub use compile::{Outcome, compile};
pub use layers::{ENVIRONMENT_PREFIX, Layers};

use crate::base::diagnostic::Location;
use crate::base::duration::Rate;

/// A value and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a settings file.
    File(Location),
    /// In an environment variable; the location's file is that variable, written `NAME=value`.
    Environment(Location),
    /// Nowhere: it is a default.
    Default,
}

impl Place {
    /// Where a mistake about it is shown; `None` for a default.
    pub fn location(&self) -> Option<&Location> {
        match self {
            Place::File(location) | Place::Environment(location) => Some(location),
            Place::Default => None,
        }
    }
}

/// What the service is told to do.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where its state lives.
    pub store: Store,
    /// Servers and who we are there.
    pub accounts: Vec<Account>,
    /// What is watched.
    pub mailboxes: Vec<Mailbox>,
    /// Who can be told.
    pub channels: Vec<Channel>,
    /// Health and metrics.
    pub http: Http,
    /// Caps over everything.
    pub limits: Limits,
    /// Who hears that the service itself is in trouble.
    pub ops: Ops,
}

/// `[store]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The file of the database, from `url = "sqlite:///var/lib/nightdesk/nightdesk.db"`.
    pub path: PathBuf,
}

/// `[[account]]`.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name.
    pub name: Written<String>,
    /// Where mail is read.
    pub imap: Endpoint,
    /// Where mail is sent; replies need it.
    pub smtp: Option<SmtpEndpoint>,
    /// Who logs in.
    pub username: String,
    /// What they log in with.
    pub secret: SecretSource,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Its name or address; certificates are checked against it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// Whose certificates are believed instead of the system's.
    pub ca_file: Option<PathBuf>,
}

/// A server that takes mail.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SmtpEndpoint {
    /// The server.
    pub endpoint: Endpoint,
    /// Whether the account's username and secret are used there.
    pub login: bool,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tls {
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// Upgraded before anything secret is said (RFC 2595, RFC 3207).
    StartTls,
    /// Not at all; only on loopback.
    None,
}

/// Where a secret is found, each time that it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum SecretSource {
    /// The content of a file, without its last line end.
    File(PathBuf),
    /// A credential that systemd hands over, by name.
    Credential(String),
    /// What a program prints: the program and its arguments.
    Command(Vec<String>),
}

/// `[[mailbox]]`.
#[derive(Debug, Clone)]
pub struct Mailbox {
    /// Its name; policies use it.
    pub name: Written<String>,
    /// Index into [`Settings::accounts`].
    pub account: usize,
    /// The folder on the server.
    pub folder: String,
    /// The policy folder.
    pub policy: Written<PathBuf>,
    /// Addresses that people write to reach it.
    pub addresses: Vec<Written<String>>,
    /// From where it is read at first sight.
    pub start: Start,
    /// How often it is looked at, whatever IDLE says.
    pub poll: Duration,
    /// After how long without proof that nothing was missed it raises an alarm.
    pub stale_after: Duration,
    /// Mail that came in before the first sight and is older than this is neither alerted nor answered.
    pub alert_max_age: SignedDuration,
    /// Whether anything is sent for it; otherwise mail is decided, recorded and shown.
    pub act: bool,
}

/// From where a mailbox is read at first sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Only what comes in from now on.
    Now,
    /// What came in within this time before.
    Back(SignedDuration),
    /// Everything.
    All,
}

/// `[[channel]]`.
#[derive(Debug, Clone)]
pub struct Channel {
    /// Its name; escalation steps use it.
    pub name: Written<String>,
    /// How it tells people.
    pub kind: ChannelKind,
}

/// How a channel tells people.
#[derive(Debug, Clone)]
pub enum ChannelKind {
    /// A line in our own log.
    Log,
    /// A JSON object is posted.
    Webhook {
        /// Where to.
        url: String,
        /// The key that signs the body.
        hmac: Option<SecretSource>,
        /// Whose certificates are believed instead of the system's.
        ca_file: Option<PathBuf>,
    },
    /// A mail is sent.
    Smtp {
        /// Index into [`Settings::accounts`]; its `smtp` is there.
        account: usize,
        /// The From address, as a mailbox.
        from: String,
        /// To whom.
        to: Vec<Recipient>,
    },
}

/// Who gets the mail of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// This address.
    Address(String),
    /// The addresses in this file, one a line, read at each send.
    File(PathBuf),
}

/// `[http]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// The loopback address of health and metrics; `None` when nobody asks.
    pub listen: Option<SocketAddr>,
}

/// `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// More automatic replies than this, over all mailboxes, open the breaker: then none goes out until somebody
    /// says `nightdesk replies on`.
    pub breaker: Rate,
    /// How many bytes of mail may be in memory at once, over all mailboxes.
    pub memory: usize,
}

/// `[ops]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ops {
    /// Indices into [`Settings::channels`].
    pub alarm: Vec<usize>,
}
