//! Desks and responders that could answer one another for ever, and how to know that they do not.
//!
//! Nobody can see that a mail will never come. But everything that could still bring one about can be seen: a mail in
//! Postfix's queue, one in a mailbox that its daemon has not recorded, one that a responder has not answered, an entry of
//! an outbox that waits. [`Exchange::ends`] looks at all of them, twice: when none is there, and nothing was added between
//! the two looks, nothing can follow any more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;

use crate::daemon::{Daemon, nothing_waits};
use crate::imap::{Imap, Mail};
use crate::servers::{PASSWORD, Servers};
use crate::setup::Desk;
use crate::smtp;
use crate::wait::until;

/// A desk whose replies come from the address that it watches, so that answers to them come back to it.
pub(crate) async fn desk_of(servers: &Servers, address: String) -> Desk {
    let mut desk = Desk::new(servers).await;
    let domain = address.split_once('@').expect("an address").1.to_owned();
    desk.write_policy(|policy| {
        policy.replace("support@example.test", &address).replace("example.test", &domain)
    });
    desk.evening = address;
    desk
}

/// Everybody who writes, and what they write with.
pub(crate) struct Exchange<'a> {
    pub(crate) servers: &'a Servers,
    pub(crate) desks: Vec<(&'a Desk, &'a Daemon)>,
    /// The addresses of those without a desk.
    pub(crate) people: Vec<&'a str>,
    pub(crate) responders: Vec<&'a Responder>,
}

/// What was there at a look; every piece of it only grows.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// How many mails each mailbox holds.
    mails: Vec<usize>,
    /// How many of them each responder has answered.
    answered: Vec<usize>,
    /// What each outbox holds.
    outboxes: Vec<Value>,
}

impl Exchange<'_> {
    /// Until no mail can follow any more.
    pub(crate) async fn ends(&self) {
        let mut before = None;
        until("the exchange ends", async || {
            let seen = self.look().await;
            let ended = seen.is_some() && seen == before;
            before = seen;
            ended.then_some(())
        })
        .await;
    }

    /// What is there, when nothing of it waits.
    async fn look(&self) -> Option<Seen> {
        let watched: Vec<_> = self.desks.iter().map(|(desk, _)| desk.evening.as_str()).collect();
        let everybody: Vec<_> = watched.iter().chain(&self.people).copied().collect();
        if self.servers.still_have(&everybody).await {
            return None;
        }
        let mut mails = Vec::new();
        for address in &everybody {
            mails.push(self.servers.log_in(address).await.mails("INBOX").await);
        }
        for ((desk, _), mails) in self.desks.iter().zip(&mails) {
            let uids: BTreeSet<u32> = mails.iter().map(|mail| mail.uid).collect();
            if desk.ledger(&desk.evening).await != uids {
                return None;
            }
        }
        let mut answered = Vec::new();
        for responder in &self.responders {
            let theirs = everybody.iter().position(|address| *address == responder.address);
            let came_in = mails.get(theirs.expect("a responder is one of the people")).map(Vec::len);
            if came_in != Some(responder.answered()) {
                return None;
            }
            answered.push(responder.answered());
        }
        let mut outboxes = Vec::new();
        for (_, daemon) in &self.desks {
            let outbox = daemon.status().await["outbox"].take();
            if !nothing_waits(&outbox) {
                return None;
            }
            outboxes.push(outbox);
        }
        Some(Seen { mails: mails.iter().map(Vec::len).collect(), answered, outboxes })
    }
}

/// Between two looks of a responder into its mailbox.
const PAUSE: Duration = Duration::from_millis(20);

/// The rudest of all automatic responders: it answers every mail, to From, with nothing that tells of a machine.
pub(crate) struct Responder {
    address: String,
    answered: Arc<AtomicUsize>,
    _task: JoinSet<()>,
}

/// The header and the text with which a responder answers a mail, without From and To.
pub(crate) type Answer = fn(&Mail, usize) -> String;

impl Responder {
    /// Lets one loose on a mailbox; it ends when dropped.
    pub(crate) async fn start(servers: &Servers, address: &str, answer: Answer) -> Responder {
        let (mut imap, smtp) = (Imap::log_in(servers.imap, address, PASSWORD).await, servers.smtp);
        let answered = Arc::new(AtomicUsize::new(0));
        let (count, address) = (Arc::clone(&answered), address.to_owned());
        let mut task = JoinSet::new();
        let me = address.clone();
        task.spawn(async move {
            let mut clock = tokio::time::interval(PAUSE);
            loop {
                clock.tick().await;
                let done = count.load(Ordering::SeqCst);
                for (number, mail) in imap.mails("INBOX").await.iter().enumerate().skip(done) {
                    let to = sender(mail);
                    let text = format!("From: <{me}>\nTo: <{to}>\n{}\n", answer(mail, number));
                    smtp::deliver(smtp, &me, &to, &text).await;
                    count.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        Responder { address, answered, _task: task }
    }

    /// How many mails it has answered.
    pub(crate) fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }
}

/// The address in From.
fn sender(mail: &Mail) -> String {
    let from = mail.header("From").expect("who writes");
    let address = from.rsplit('<').next().unwrap_or_default();
    address.trim_end_matches('>').to_owned()
}
