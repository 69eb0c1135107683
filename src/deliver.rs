//! Layer 6: channels. A channel is handed one outbox entry and says what became of it; it keeps no state that matters.
//!
//! What it is not: it retries nothing and decides nothing. Invariants: whatever the other side does, an attempt ends
//! within [`Deadlines`]; a reason is one line without secrets, addresses and mail text; a reply that may have been taken
//! is [`Outcome::Unknown`], never tried again from here; an alert that may have been taken is tried again.

mod mail;
mod smtp;
mod webhook;

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use self::mail::MailChannel;
use self::smtp::{OnFailure, Posting, Server};
use self::webhook::Webhook;
use crate::base::clock::Clock;
use crate::base::seal::Seal;
use crate::base::secret::Secret;
use crate::compose::{Outgoing, ReplyMail, WireAddress, alarm_json, alert_json};
use crate::mail::Address;
use crate::settings::{ChannelKind, SecretSource, Settings};

/// Why an entry of the wrong kind fails.
const NO_REPLIES: &str = "a reply goes through no channel";

/// What became of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The other side has taken it.
    Sent,
    /// Not now; perhaps later. `retry_after` is what the other side asked for.
    Temporary {
        /// Why, in a line without secrets or mail text.
        reason: String,
        /// When to come back at the earliest.
        retry_after: Option<Duration>,
    },
    /// Never, like this.
    Permanent(String),
    /// Never: the server says that there is no such recipient.
    NoRecipient {
        /// What it says, in a line.
        reason: String,
        /// The status (RFC 3463), such as `5.1.1`.
        status: String,
    },
    /// The other side may or may not have taken it.
    Unknown(String),
    /// [`HandOver::Refused`]: it was not sent.
    Withheld,
}

/// The last word before a reply leaves: its recipient was accepted, and its data comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandOver {
    /// It is written down that it is handed over; go on.
    Granted,
    /// It may no longer go out.
    Refused,
    /// It could not be written down, for this reason; not now.
    Unavailable(String),
}

/// A server through which nothing can be sent, and why. One line without secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub String);

/// Through what an entry leaves, by its name in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'a> {
    /// A channel: alerts and alarms.
    Channel(&'a str),
    /// The SMTP server of an account: replies.
    Account(&'a str),
}

/// Looks a secret up, each time that one is needed. An error is a line that does not hold the secret.
pub type Secrets =
    Arc<dyn Fn(SecretSource) -> Pin<Box<dyn Future<Output = Result<Secret, String>> + Send>> + Send + Sync>;

/// How long the other side may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// For a connection, and again for TLS.
    pub connect: Duration,
    /// For all that comes before the first mail: connection, greeting, TLS, login.
    pub session: Duration,
    /// For the answer to one command of SMTP.
    pub step: Duration,
    /// For taking a mail after its last byte. RFC 5321 section 4.5.3.2.6 allows ten minutes; servers that scan mail take
    /// some of one.
    pub message: Duration,
    /// For a whole webhook.
    pub http: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            session: Duration::from_secs(40),
            step: Duration::from_secs(20),
            message: Duration::from_mins(1),
            http: Duration::from_secs(10),
        }
    }
}

/// All ways out, as the settings name them. A reload builds new ones.
pub struct Channels {
    by_name: HashMap<String, Channel>,
    accounts: HashMap<String, Arc<Server>>,
    clock: Arc<dyn Clock + Send + Sync>,
    seal: Seal,
}

enum Channel {
    Log,
    Webhook(Webhook),
    Mail(MailChannel),
}

impl fmt::Debug for Channels {
    /// Names only: URLs are secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Channels")
            .field("channels", &self.by_name.keys())
            .field("accounts", &self.accounts.keys())
            .finish_non_exhaustive()
    }
}

impl Channels {
    /// The ways out of these settings. Nothing is dialled or looked up before something is sent.
    pub fn new(
        settings: &Settings,
        secrets: &Secrets,
        clock: Arc<dyn Clock + Send + Sync>,
        deadlines: Deadlines,
    ) -> Self {
        let servers: Vec<Option<Arc<Server>>> = settings
            .accounts
            .iter()
            .map(|account| Server::of(account, secrets, deadlines).map(Arc::new))
            .collect();
        let channel = |kind: &ChannelKind| match kind {
            ChannelKind::Log => Some(Channel::Log),
            ChannelKind::Webhook { url, hmac, ca_file } => Some(Channel::Webhook(Webhook::new(
                url.clone(),
                hmac.clone(),
                ca_file.clone(),
                secrets,
                deadlines,
            ))),
            ChannelKind::Smtp { account, from, to } => {
                let server = servers.get(*account)?.as_ref()?;
                Some(Channel::Mail(MailChannel::new(Arc::clone(server), from, to)))
            }
        };
        let by_name = settings
            .channels
            .iter()
            .filter_map(|named| Some((named.name.value.clone(), channel(&named.kind)?)))
            .collect();
        let accounts = settings
            .accounts
            .iter()
            .zip(&servers)
            .filter_map(|(account, server)| Some((account.name.value.clone(), Arc::clone(server.as_ref()?))))
            .collect();
        Self { by_name, accounts, clock, seal: Seal::default() }
    }

    /// The same, with a seal of its own on every notice instead of the one of examples.
    #[must_use]
    pub fn sealed_with(self, seal: Seal) -> Self {
        Self { seal, ..self }
    }

    /// Sends one entry. `hand_over` is asked for replies only: after the recipient was accepted and before any of the mail
    /// leaves.
    pub async fn send<F: Future<Output = HandOver> + Send>(
        &self,
        route: Route<'_>,
        outgoing: &Outgoing,
        hand_over: impl FnOnce() -> F + Send,
    ) -> Outcome {
        match (route, outgoing) {
            (Route::Account(name), Outgoing::Reply(reply)) => match self.accounts.get(name) {
                Some(server) => answer(server, reply, hand_over).await,
                None => Outcome::Permanent(format!("no account {name} with an SMTP server")),
            },
            (Route::Channel(name), Outgoing::Alert(_) | Outgoing::Alarm(_)) => match self.by_name.get(name) {
                Some(channel) => channel.send(outgoing, self.clock.now(), &self.seal).await,
                None => Outcome::Permanent(format!("no channel {name}")),
            },
            (Route::Channel(_), Outgoing::Reply(_)) => Outcome::Permanent(NO_REPLIES.to_owned()),
            (Route::Account(_), Outgoing::Alert(_) | Outgoing::Alarm(_)) => {
                Outcome::Permanent("only replies go through an account".to_owned())
            }
        }
    }

    /// Opens a session with the SMTP server of an account, logs in, and sends nothing.
    ///
    /// # Errors
    /// Says in a line why that does not work, also when there is no such server.
    pub async fn probe(&self, account: &str) -> Result<(), Unusable> {
        match self.accounts.get(account) {
            Some(server) => server.probe().await.map_err(Unusable),
            None => Err(Unusable(format!("no account {account} with an SMTP server"))),
        }
    }

    /// Closes what was not used for a while.
    pub fn tidy(&self) {
        for server in self.accounts.values() {
            server.tidy();
        }
    }
}

impl Channel {
    async fn send(&self, outgoing: &Outgoing, now: Timestamp, seal: &Seal) -> Outcome {
        match self {
            Channel::Log => log(outgoing),
            Channel::Webhook(webhook) => post(webhook, outgoing, now).await,
            Channel::Mail(channel) => channel.send(outgoing, now, seal).await,
        }
    }
}

async fn post(webhook: &Webhook, outgoing: &Outgoing, now: Timestamp) -> Outcome {
    let (key, body) = match outgoing {
        Outgoing::Alert(alert) => (&alert.dedup_key, alert_json(alert, now)),
        Outgoing::Alarm(note) => (&note.dedup_key, alarm_json(note)),
        Outgoing::Reply(_) => return Outcome::Permanent(NO_REPLIES.to_owned()),
    };
    match body {
        Ok(body) => webhook.send(body, key, now).await,
        Err(error) => Outcome::Permanent(error.to_string()),
    }
}

/// One line of our own log: what to look up, not what was written. An error, so that it is there however little is
/// logged: what no line was written for must not count as told.
fn log(outgoing: &Outgoing) -> Outcome {
    match outgoing {
        Outgoing::Alert(alert) => tracing::error!(
            reference = alert.reference,
            escalation = alert.escalation,
            step = alert.step,
            pages = alert.pages,
            dedup_key = alert.dedup_key,
            "alert: a case needs somebody"
        ),
        Outgoing::Alarm(note) => {
            tracing::error!(alarm = note.key, dedup_key = note.dedup_key, "alarm: {}", note.text);
        }
        Outgoing::Reply(_) => return Outcome::Permanent(NO_REPLIES.to_owned()),
    }
    Outcome::Sent
}

async fn answer<F: Future<Output = HandOver> + Send>(
    server: &Server,
    reply: &ReplyMail,
    hand_over: impl FnOnce() -> F + Send,
) -> Outcome {
    match Address::parse(&reply.to).as_ref().map(WireAddress::of) {
        Some(to) => {
            let posting = Posting { to: &to, message: &reply.message, on_failure: OnFailure::Silent };
            smtp::once(server.send(&posting, hand_over).await)
        }
        None => Outcome::Permanent("the recipient is no address".to_owned()),
    }
}
