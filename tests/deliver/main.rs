//! What leaves the house, against servers that misbehave: an SMTP server and an HTTP receiver in this process, on loopback,
//! with a fault at every step. Where a stall is expected deadlines are short, so that it costs a moment.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod certificates;
mod receiver;
mod smtp;
mod smtp_server;
mod webhook;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use nightdesk::base::clock::FixedClock;
use nightdesk::base::duration::Rate;
use nightdesk::base::secret::Secret;
use nightdesk::casework::Brief;
use nightdesk::compose::{AlarmNote, Alert, Outgoing, ReplyMail};
use nightdesk::deliver::{Channels, Deadlines, HandOver, Outcome, Route, Secrets};
use nightdesk::settings::{
    Account, Channel, ChannelKind, Endpoint, Http, Limits, Ops, Place, SecretSource, Settings, SmtpEndpoint,
    Store, Tls, Written,
};

/// When everything is sent.
const NOW: Timestamp = Timestamp::constant(1_768_010_622, 0);
/// The password of the account and the key of webhooks.
const SECRET: &str = "s3cr3t-pässword";

/// Longer than anything here takes, on any machine.
fn patient() -> Deadlines {
    let all = Duration::from_secs(20);
    Deadlines { connect: all, session: all, step: all, message: all, http: all }
}

/// For tests in which somebody stalls.
fn short() -> Deadlines {
    let moment = Duration::from_millis(400);
    Deadlines { connect: moment, session: 5 * moment, step: moment, message: moment, http: moment }
}

fn written(name: &str) -> Written<String> {
    Written { value: name.to_owned(), place: Place::Default }
}

/// How the server of the account is reached.
fn endpoint(port: u16, tls: Tls, ca_file: Option<PathBuf>) -> Endpoint {
    Endpoint { host: "localhost".to_owned(), port, tls, ca_file }
}

/// The channels of a house with one account, `support`.
fn channels(
    smtp: Option<SmtpEndpoint>,
    channels: Vec<(&str, ChannelKind)>,
    deadlines: Deadlines,
) -> Channels {
    let account = Account {
        name: written("support"),
        imap: endpoint(9, Tls::None, None),
        smtp,
        username: "desk".to_owned(),
        secret: SecretSource::Credential("password".to_owned()),
    };
    let settings = Settings {
        store: Store { path: "unused".into() },
        accounts: vec![account],
        mailboxes: Vec::new(),
        channels: channels.into_iter().map(|(name, kind)| Channel { name: written(name), kind }).collect(),
        http: Http { listen: None },
        limits: Limits { breaker: Rate { count: 1, per: SignedDuration::from_hours(1) }, memory: 1 },
        ops: Ops { alarm: Vec::new() },
    };
    let secrets: Secrets = Arc::new(|source| {
        Box::pin(async move {
            match source {
                SecretSource::Credential(_) => Ok(Secret::new(SECRET)),
                SecretSource::File(_) | SecretSource::Command(_) => Err("there is no such file".to_owned()),
            }
        })
    });
    Channels::new(&settings, &secrets, Arc::new(FixedClock(NOW)), deadlines)
}

fn reply() -> Outgoing {
    reply_to("mia@customer.example")
}

fn reply_to(to: &str) -> Outgoing {
    Outgoing::Reply(ReplyMail {
        reference: "K7Q4-MX2P".to_owned(),
        message_id: "m1@desk.example".to_owned(),
        to: to.to_owned(),
        message: "Subject: Re: hello\r\n\r\nWe have it.\r\n.\r\nEnd.\r\n".to_owned(),
        stale_at: Timestamp::MAX,
    })
}

fn alert() -> Outgoing {
    Outgoing::Alert(Box::new(Alert {
        dedup_key: "K7Q4-MX2P/on-call/1".to_owned(),
        reference: "K7Q4-MX2P".to_owned(),
        escalation: "on-call".to_owned(),
        step: 0,
        pages: true,
        deferred: false,
        started_at: NOW,
        brief: Brief {
            policy: "alloy".to_owned(),
            mailbox: Some("support".to_owned()),
            message_id: Some("m1@customer.example".to_owned()),
            sender: Some("mia@customer.example".to_owned()),
            sender_name: Some("Mia Berger".to_owned()),
            subject: "Urgent: API unavailable".to_owned(),
            excerpt: "It answers 503.".to_owned(),
            words: vec!["Urgent".to_owned()],
            labels: BTreeMap::from([("urgency".to_owned(), "urgent".to_owned())]),
            customer: None,
            plan: None,
            automation: Vec::new(),
            readable: true,
            conversation: "new".to_owned(),
            rule: "after hours: incident".to_owned(),
            desk: "us".to_owned(),
            zone: "America/New_York".to_owned(),
            opens_at: "2026-01-12T13:00:00Z".parse().ok(),
            received_at: NOW,
            respond_by: Some(NOW + SignedDuration::from_hours(2)),
        },
    }))
}

fn alarm() -> Outgoing {
    Outgoing::Alarm(AlarmNote {
        dedup_key: "alarm-1".to_owned(),
        key: "mailbox-stale/support".to_owned(),
        text: "support is blind".to_owned(),
        raised_at: NOW,
    })
}

/// Sends over a channel; nobody may ask whether it may be handed over.
async fn tell(channels: &Channels, name: &str, outgoing: &Outgoing) -> Outcome {
    channels
        .send(Route::Channel(name), outgoing, || async { panic!("only replies are handed over") as HandOver })
        .await
}

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Temporary { reason, .. }
        | Outcome::NoRecipient { reason, .. }
        | Outcome::Permanent(reason)
        | Outcome::Unknown(reason) => reason,
        Outcome::Sent | Outcome::Withheld => "",
    }
}

/// How an outcome is called in the tables below.
fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Sent => "sent",
        Outcome::Temporary { .. } => "temporary",
        Outcome::Permanent(_) => "permanent",
        Outcome::NoRecipient { .. } => "no recipient",
        Outcome::Unknown(_) => "unknown",
        Outcome::Withheld => "withheld",
    }
}

#[tokio::test]
async fn the_log_takes_everything_but_replies() {
    let channels = channels(None, vec![("log", ChannelKind::Log)], patient());
    assert_eq!(tell(&channels, "log", &alert()).await, Outcome::Sent);
    assert_eq!(tell(&channels, "log", &alarm()).await, Outcome::Sent);
    assert_eq!(kind(&tell(&channels, "log", &reply()).await), "permanent");
}

#[tokio::test]
async fn a_way_that_is_not_there_is_named() {
    let channels = channels(None, Vec::new(), patient());
    assert_eq!(tell(&channels, "pager", &alert()).await, Outcome::Permanent("no channel pager".to_owned()));
    let outcome = channels.send(Route::Account("support"), &reply(), || async { HandOver::Granted }).await;
    assert_eq!(outcome, Outcome::Permanent("no account support with an SMTP server".to_owned()));
}

#[test]
fn no_url_is_shown() {
    let url = "https://hooks.example/T0K3N".to_owned();
    let hook = ChannelKind::Webhook { url, hmac: None, ca_file: None };
    let shown = format!("{:?}", channels(None, vec![("chat", hook)], patient()));
    assert!(shown.contains("chat") && !shown.contains("T0K3N"), "{shown}");
}
