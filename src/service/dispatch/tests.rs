//! Dispatch with a double of the outbox, over channels that need no network: the log, and ways that do not exist.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;
use crate::base::clock::FixedClock;
use crate::base::duration::Rate;
use crate::compose::{AlarmNote, ReplyMail};
use crate::deliver::{Deadlines, Secrets};
use crate::settings::{
    Account, Channel, ChannelKind, Endpoint, Http, Limits, Ops, Place, SecretSource, Settings, SmtpEndpoint,
    Store, Tls, Written,
};

const NOW: Timestamp = Timestamp::constant(1_768_000_000, 0);

/// What a test sees of the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    Settled(Settle),
    Alarm(String),
    Clear(String),
}

/// An outbox in memory.
#[derive(Clone)]
struct Double {
    due: Arc<Mutex<VecDeque<Claimed>>>,
    seen: mpsc::UnboundedSender<Seen>,
    broken: Arc<AtomicBool>,
    panics: Arc<AtomicBool>,
}

impl Double {
    fn tell(&self, seen: Seen) -> Result<(), WriterError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(WriterError("the disk is full".to_owned()));
        }
        self.seen.send(seen).map_err(|_| WriterError("the test is over".to_owned()))
    }
}

impl Outbox for Double {
    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, WriterError> {
        let mut due = self.due.lock().unwrap();
        let count = limit.min(due.len());
        Ok(due.drain(..count).collect())
    }
    async fn hand_over(&self, _: i64, _: u32) -> Result<bool, WriterError> {
        Ok(true)
    }
    async fn settle(&self, settle: Settle) -> Result<(), WriterError> {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "an attempt that a mistake of ours breaks off");
        self.tell(Seen::Settled(settle))
    }
    async fn alarm(&self, alarm: Alarm) -> Result<(), WriterError> {
        self.tell(Seen::Alarm(alarm.key))
    }
    async fn clear(&self, key: String) -> Result<(), WriterError> {
        self.tell(Seen::Clear(key))
    }
}

/// Dispatch as it runs, and everything it is connected with.
struct Rig {
    outbox: Double,
    seen: mpsc::UnboundedReceiver<Seen>,
    leased: mpsc::Sender<Claimed>,
    wake: Arc<Notify>,
    cancel: CancellationToken,
    channels: watch::Sender<Arc<Channels>>,
    health: Arc<Health>,
    running: JoinHandle<()>,
}

impl Rig {
    /// `port` is where the account `slow` and the webhook `hook` are found.
    fn new(port: u16) -> Self {
        let (seen_in, seen) = mpsc::unbounded_channel();
        let outbox =
            Double { due: Arc::default(), seen: seen_in, broken: Arc::default(), panics: Arc::default() };
        let (leased, leased_out) = mpsc::channel(16);
        let (channels, channels_out) = watch::channel(Arc::new(ways(port)));
        let health = Arc::new(Health::default());
        let (wake, cancel) = (Arc::new(Notify::new()), CancellationToken::new());
        let dispatch = Dispatch {
            outbox: outbox.clone(),
            channels: channels_out,
            leased: leased_out,
            wake: Arc::clone(&wake),
            metrics: Arc::default(),
            health: Arc::clone(&health),
            clock: Arc::new(FixedClock(NOW)),
        };
        let running = tokio::spawn(dispatch.run(cancel.clone()));
        Rig { outbox, seen, leased, wake, cancel, channels, health, running }
    }

    async fn next(&mut self) -> Seen {
        timeout(Duration::from_secs(20), self.seen.recv()).await.expect("something happens").expect("it runs")
    }

    /// The next entry that is settled.
    async fn settled(&mut self) -> (i64, Settled) {
        loop {
            if let Seen::Settled(settle) = self.next().await {
                return (settle.id, settle.settled);
            }
        }
    }

    fn due(&self, entries: impl IntoIterator<Item = Claimed>) {
        self.outbox.due.lock().unwrap().extend(entries);
        self.wake.notify_one();
    }
}

fn written(name: &str) -> Written<String> {
    Written { value: name.to_owned(), place: Place::Default }
}

fn ways(port: u16) -> Channels {
    let endpoint = Endpoint { host: "127.0.0.1".to_owned(), port, tls: Tls::None, ca_file: None };
    let account = Account {
        name: written("slow"),
        imap: endpoint.clone(),
        smtp: Some(SmtpEndpoint { endpoint, login: false }),
        username: "support".to_owned(),
        secret: SecretSource::Credential("password".to_owned()),
    };
    let hook = ChannelKind::Webhook { url: format!("http://127.0.0.1:{port}/"), hmac: None, ca_file: None };
    let named = |name, kind| Channel { name: written(name), kind };
    channels(vec![account], vec![named("log", ChannelKind::Log), named("hook", hook)])
}

fn channels(accounts: Vec<Account>, channels: Vec<Channel>) -> Channels {
    let settings = Settings {
        store: Store { path: "unused".into() },
        accounts,
        mailboxes: Vec::new(),
        channels,
        http: Http { listen: None },
        limits: Limits { breaker: Rate { count: 1, per: SignedDuration::from_hours(1) }, memory: 1 },
        ops: Ops { alarm: Vec::new() },
    };
    let secrets: Secrets = Arc::new(|_| Box::pin(async { Err("there is none".to_owned()) }));
    Channels::new(&settings, &secrets, Arc::new(FixedClock(NOW)), Deadlines::default())
}

fn alarm(id: i64, channel: &str) -> Claimed {
    let note = AlarmNote {
        dedup_key: format!("alarm-{id}"),
        key: "test/x".to_owned(),
        text: "a test".to_owned(),
        raised_at: NOW,
    };
    let way = Way::Channel(channel.to_owned());
    Claimed { id, attempt: 1, way, outgoing: Outgoing::Alarm(note), created_at: NOW }
}

fn alert(id: i64, channel: &str, attempt: u32) -> Claimed {
    let text = format!(
        r#"{{"dedup_key":"d","reference":"K7Q4-MX2P","escalation":"e","step":0,"pages":true,"deferred":false,
        "started_at":"{NOW}","brief":{{"policy":"p","mailbox":null,"message_id":null,"sender":null,"sender_name":null,
        "subject":"s","excerpt":"x","words":[],"labels":{{}},"customer":null,"plan":null,"automation":[],
        "readable":true,"conversation":"new","rule":"r","desk":"d","zone":"UTC","opens_at":null,
        "received_at":"{NOW}","respond_by":null}}}}"#
    );
    let outgoing = Outgoing::Alert(serde_json::from_str(&text).expect("an alert"));
    Claimed { id, attempt, way: Way::Channel(channel.to_owned()), outgoing, created_at: NOW }
}

fn reply(id: i64, stale_at: Timestamp) -> Claimed {
    let reply = ReplyMail {
        reference: "K7Q4-MX2P".to_owned(),
        message_id: "m@desk.example".to_owned(),
        to: "mia@customer.example".to_owned(),
        message: "Subject: x\r\n\r\nx\r\n".to_owned(),
        stale_at,
    };
    let way = Way::Account("slow".to_owned());
    Claimed { id, attempt: 1, way, outgoing: Outgoing::Reply(reply), created_at: NOW }
}

fn in_an_hour() -> Timestamp {
    NOW + SignedDuration::from_hours(1)
}

/// Takes connections and never says a word; the port, and what keeps it open.
async fn silence() -> (u16, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    (listener.local_addr().expect("an address").port(), listener)
}

#[tokio::test]
async fn entries_go_out_as_they_are_handed_over_and_as_they_are_due() {
    let mut rig = Rig::new(9);
    rig.leased.send(alarm(1, "log")).await.unwrap();
    assert_eq!(rig.settled().await, (1, Settled::Sent));
    rig.health.beat(Loop::Writer);
    rig.health.beat(Loop::Watch);
    while !rig.health.all_beat() {
        tokio::task::yield_now().await;
    }
    rig.due((2..200).map(|id| alarm(id, "log")));
    let mut ids = Vec::new();
    while ids.len() < 198 {
        let (id, settled) = rig.settled().await;
        assert_eq!(settled, Settled::Sent);
        ids.push(id);
    }
    ids.sort_unstable();
    assert_eq!(ids, (2..200).collect::<Vec<_>>(), "each is settled once");
}

#[tokio::test]
async fn a_slow_way_holds_up_nobody_else_and_what_does_not_fit_comes_back() {
    let (port, _listener) = silence().await;
    let mut rig = Rig::new(port);
    rig.due((0..300).map(|id| reply(id, in_an_hour())));
    rig.due((1000..1010).map(|id| alarm(id, "log")));
    let (mut sent, mut crowded) = (0, 0);
    while sent < 10 || crowded < 40 {
        match rig.settled().await {
            (1000.., Settled::Sent) => sent += 1,
            (..1000, Settled::Retry { reason, .. }) if reason.contains("too many") => crowded += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(crowded, 300 - 256 - 4);
    rig.cancel.cancel();
}

#[tokio::test]
async fn an_unknown_channel_fails_and_the_first_success_of_another_takes_old_alarms_back() {
    let mut rig = Rig::new(9);
    rig.leased.send(alert(1, "pager", 1)).await.unwrap();
    assert_eq!(rig.settled().await, (1, Settled::Failed("no channel pager".to_owned())));
    rig.leased.send(alert(2, "log", 1)).await.unwrap();
    let sent = Settle { id: 2, attempt: 1, settled: Settled::Sent };
    assert_eq!(rig.next().await, Seen::Settled(sent), "who settles a failure for good tells ops, too");
    assert_eq!(
        rig.next().await,
        Seen::Clear("channel-failing/log".to_owned()),
        "it may be older than we are"
    );
    rig.leased.send(alert(3, "log", 1)).await.unwrap();
    assert_eq!(rig.settled().await, (3, Settled::Sent));
    rig.leased.send(alert(4, "gone", 1)).await.unwrap();
    assert_eq!(rig.settled().await.0, 4, "nothing was cleared twice");
}

#[tokio::test]
async fn an_alert_that_does_not_get_through_is_tried_again_and_told() {
    // Nothing listens on the port of a listener that is gone.
    let (port, listener) = silence().await;
    drop(listener);
    let mut rig = Rig::new(port);
    rig.leased.send(alert(1, "hook", 3)).await.unwrap();
    let (_, settled) = rig.settled().await;
    let Settled::Retry { at, .. } = settled else { panic!("{settled:?}") };
    let wait = at.duration_since(NOW).as_secs();
    assert!((16..=24).contains(&wait), "{wait}");
    rig.leased.send(alert(2, "hook", 4)).await.unwrap();
    assert!(matches!(rig.settled().await, (2, Settled::Retry { .. })));
    assert_eq!(rig.next().await, Seen::Alarm("channel-failing/hook".to_owned()));
    let mut old = alert(3, "hook", 90);
    old.created_at = NOW - SignedDuration::from_hours(24);
    rig.leased.send(old).await.unwrap();
    assert!(
        matches!(rig.settled().await, (3, Settled::Failed(why)) if why.starts_with("given up after 24 h"))
    );
}

#[tokio::test]
async fn a_reply_that_is_no_longer_true_is_not_sent() {
    let mut rig = Rig::new(9);
    rig.leased.send(reply(1, NOW)).await.unwrap();
    assert!(matches!(rig.settled().await, (1, Settled::Stale(_))));
    // Nobody listens, and by the next attempt it would be too late.
    rig.leased.send(reply(2, NOW + SignedDuration::from_secs(2))).await.unwrap();
    assert!(matches!(rig.settled().await, (2, Settled::Stale(why)) if why.contains("refuses connections")));
}

#[tokio::test]
async fn an_entry_in_hand_is_not_taken_twice() {
    let (port, listener) = silence().await;
    let mut rig = Rig::new(port);
    rig.leased.send(reply(1, in_an_hour())).await.unwrap();
    let (held, _) = listener.accept().await.unwrap();
    rig.leased.send(Claimed { attempt: 2, ..reply(1, in_an_hour()) }).await.unwrap();
    rig.leased.send(alarm(2, "log")).await.unwrap();
    assert_eq!(rig.settled().await, (2, Settled::Sent));
    drop(held);
    assert!(matches!(rig.next().await, Seen::Clear(_)));
    let Seen::Settled(settle) = rig.next().await else { panic!("an entry is settled") };
    assert_eq!((settle.id, settle.attempt), (1, 1));
    assert!(timeout(Duration::from_millis(50), listener.accept()).await.is_err(), "no second connection");
}

#[tokio::test]
async fn a_store_that_fails_leaves_entries_leased() {
    let mut rig = Rig::new(9);
    rig.outbox.broken.store(true, Ordering::SeqCst);
    rig.leased.send(alarm(1, "log")).await.unwrap();
    while rig.leased.capacity() < rig.leased.max_capacity() {
        tokio::task::yield_now().await;
    }
    rig.cancel.cancel();
    (&mut rig.running).await.unwrap();
    assert!(rig.seen.try_recv().is_err());
}

#[tokio::test]
async fn a_reload_changes_the_ways() {
    let (port, _listener) = silence().await;
    let mut rig = Rig::new(port);
    rig.leased.send(alarm(1, "log")).await.unwrap();
    assert_eq!(rig.settled().await, (1, Settled::Sent));
    let empty = channels(Vec::new(), Vec::new());
    rig.channels.send_replace(Arc::new(empty));
    rig.leased.send(alarm(2, "log")).await.unwrap();
    assert_eq!(rig.settled().await, (2, Settled::Failed("no channel log".to_owned())));
}

#[tokio::test]
async fn an_attempt_that_dies_is_settled_all_the_same() {
    let mut rig = Rig::new(9);
    rig.outbox.panics.store(true, Ordering::SeqCst);
    rig.leased.send(alert(1, "log", ALARM_AT_ATTEMPT)).await.unwrap();
    let (id, settled) = rig.settled().await;
    assert!(id == 1 && matches!(settled, Settled::Retry { .. }), "{settled:?}");
    assert_eq!(rig.next().await, Seen::Alarm("channel-failing/log".to_owned()));
    rig.outbox.panics.store(true, Ordering::SeqCst);
    let lost = Claimed { way: Way::Account("gone".to_owned()), ..reply(2, in_an_hour()) };
    rig.leased.send(lost).await.unwrap();
    let (id, settled) = rig.settled().await;
    assert!(id == 2 && matches!(settled, Settled::Unknown(_)), "it may have gone out: {settled:?}");
    rig.leased.send(alarm(2, "log")).await.unwrap();
    assert_eq!(rig.settled().await, (2, Settled::Sent), "its place is free again");
}

#[tokio::test]
async fn it_stops_when_told_to() {
    let rig = Rig::new(9);
    rig.cancel.cancel();
    timeout(Duration::from_secs(5), rig.running).await.expect("it ends").expect("well");
}
