//! A double of the writer that refuses what the writer must refuse, and a mailbox around it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use nightdesk::base::clock::FixedClock;
use nightdesk::imap::Patience;
use nightdesk::policy::{Policy, compile};
use nightdesk::service::ingest::{MemoryBudget, Owned, Pace, Recorder, Surroundings, own};
use nightdesk::service::{
    Alarm, Content, Cursor, Health, MailboxKey, MailboxState, Span, Verdict, Watched, Window, WriterError,
};
use nightdesk::settings::{Endpoint, Start, Tls};
use nightdesk::sources::policy_folder;
use nightdesk::telemetry::Metrics;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::server::Server;

/// The moment at which all of this happens.
pub(crate) const NOW: &str = "2026-01-09T21:04:00-05:00";

static POLICY: LazyLock<Arc<Policy>> = LazyLock::new(|| {
    let files =
        policy_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/rules/alloy"))).expect("a folder");
    Arc::new(compile(&files).policy.expect("a policy"))
});

/// What is recorded.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) cursor: Option<Cursor>,
    pub(crate) records: BTreeMap<u32, String>,
    pub(crate) dates: BTreeMap<u32, Timestamp>,
    pub(crate) omitted: BTreeMap<u32, usize>,
    pub(crate) again: Vec<(u32, String)>,
    pub(crate) alarms: BTreeSet<String>,
    pub(crate) halted: Option<String>,
    pub(crate) retries: Vec<u32>,
    pub(crate) windows: Vec<(u64, u64)>,
    pub(crate) refused: usize,
    pub(crate) opened: usize,
    first_seen_at: Option<Timestamp>,
    fence: i64,
}

/// A writer without a database.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    book: Arc<Mutex<Book>>,
    changes: Arc<watch::Sender<u64>>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Ledger { book: Arc::default(), changes: Arc::new(watch::Sender::new(0)) }
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().expect("no test panicked")
    }

    /// Everything from this UID on is to be read.
    pub(crate) fn starting_at(self, next_uid: u64) -> Self {
        self.book().cursor = Some(Cursor { uid_validity: 7, next_uid });
        self.book().first_seen_at = Some("2026-01-01T00:00:00Z".parse().expect("an instant"));
        self
    }

    /// Waits until the book is so.
    pub(crate) async fn until(&self, what: &str, so: impl Fn(&Book) -> bool) {
        let mut changes = self.changes.subscribe();
        let wait = async {
            while !so(&self.book()) {
                changes.changed().await.expect("a ledger");
            }
        };
        let is_so = tokio::time::timeout(Duration::from_secs(20), wait).await.is_ok();
        assert!(is_so, "{what}: {:?}", self.book());
    }

    /// Waits until these mails are recorded.
    pub(crate) async fn has(&self, uids: impl IntoIterator<Item = u32>) {
        let expected: Vec<u32> = uids.into_iter().collect();
        self.until("mails are missing", |book| book.records.keys().copied().eq(expected.iter().copied()))
            .await;
    }

    fn changed(&self) {
        self.changes.send_modify(|change| *change += 1);
    }
}

fn slug(content: &Content) -> String {
    match content {
        Content::Read(reading) => reading.message.subject.clone(),
        Content::Failed(why) => format!("failed: {why}"),
        Content::Gone => "gone".to_owned(),
        Content::BeforeStart => "before-start".to_owned(),
    }
}

impl Book {
    fn commit(&mut self, window: &Window) -> Verdict {
        let cursor = self.cursor.expect("a baseline");
        if window.fence != self.fence || self.halted.is_some() {
            self.refused += 1;
            return Verdict::Refused;
        }
        assert_eq!(window.uid_validity, cursor.uid_validity);
        match window.span {
            Span::Again => {
                for mail in &window.mails {
                    self.retries.retain(|uid| *uid != mail.uid);
                    self.again.push((mail.uid, slug(&mail.content)));
                }
            }
            Span::Advance { from, to } => {
                assert_eq!(from, cursor.next_uid, "the cursor stands elsewhere");
                assert!(from < to, "a window moves the cursor");
                for mail in &window.mails {
                    assert!((from..to).contains(&u64::from(mail.uid)));
                    let before = self.records.insert(mail.uid, slug(&mail.content));
                    assert_eq!(before, None, "{} is recorded twice", mail.uid);
                    self.dates.insert(mail.uid, mail.internal_date);
                    if let Content::Read(reading) = &mail.content {
                        self.omitted.insert(mail.uid, reading.message.omitted.len());
                    }
                }
                assert_eq!(window.mails.last().map(|last| u64::from(last.uid) + 1), Some(to));
                self.windows.push((from, to));
                self.cursor = Some(Cursor { next_uid: to, ..cursor });
            }
        }
        Verdict::Recorded
    }
}

impl Recorder for Ledger {
    async fn open(&self, _: MailboxKey) -> Result<MailboxState, WriterError> {
        tokio::task::yield_now().await;
        let mut book = self.book();
        book.fence += 1;
        book.opened += 1;
        self.changed();
        Ok(MailboxState {
            id: 1,
            fence: book.fence,
            cursor: book.cursor,
            first_seen_at: book.first_seen_at,
            halted: book.halted.clone(),
        })
    }

    async fn baseline(&self, _: i64, fence: i64, cursor: Cursor) -> Result<Verdict, WriterError> {
        let mut book = self.book();
        if fence != book.fence {
            return Ok(Verdict::Refused);
        }
        book.cursor = Some(cursor);
        book.first_seen_at = Some(NOW.parse().expect("an instant"));
        drop(book);
        self.changed();
        Ok(Verdict::Recorded)
    }

    async fn commit(&self, window: Window) -> Result<Verdict, WriterError> {
        tokio::task::yield_now().await;
        let verdict = self.book().commit(&window);
        self.changed();
        // Durable before anybody hears of it.
        tokio::task::yield_now().await;
        Ok(verdict)
    }

    async fn halt(&self, _: i64, _: i64, reason: String) -> Result<(), WriterError> {
        self.book().halted = Some(reason);
        self.changed();
        Ok(())
    }

    async fn retries(&self, _: i64) -> Result<Vec<u32>, WriterError> {
        Ok(self.book().retries.clone())
    }

    async fn alarm(&self, alarm: Alarm) -> Result<(), WriterError> {
        self.book().alarms.insert(alarm.key);
        self.changed();
        Ok(())
    }

    async fn clear(&self, key: String) -> Result<(), WriterError> {
        self.book().alarms.remove(&key);
        self.changed();
        Ok(())
    }
}

/// A mailbox on a server, and what is recorded of it.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) server: Server,
    pub(crate) ledger: Ledger,
    pub(crate) health: Arc<Health>,
    pub(crate) start: Start,
    pub(crate) poll: Duration,
    pub(crate) open_again: Duration,
    pub(crate) patience: Patience,
    pub(crate) password: &'static str,
}

impl Desk {
    /// A mailbox that is read from its first UID on.
    pub(crate) fn new(server: Server) -> Self {
        let patience = Patience {
            connect: Duration::from_secs(5),
            response: Duration::from_millis(300),
            command: Duration::from_secs(2),
            idle_end: Duration::from_millis(300),
        };
        Desk {
            server,
            ledger: Ledger::new().starting_at(1),
            health: Arc::default(),
            start: Start::Now,
            poll: Duration::from_mins(1),
            open_again: Duration::from_secs(30),
            patience,
            password: "secret",
        }
    }

    pub(crate) fn endpoint(&self, tls: Tls) -> Endpoint {
        Endpoint { host: "127.0.0.1".to_owned(), port: self.server.port, tls, ca_file: None }
    }

    /// The owner of the mailbox, as the daemon would start it.
    pub(crate) fn owner(&self) -> impl Future<Output = Result<(), WriterError>> + Send + use<> {
        let watched = Watched {
            name: "support".to_owned(),
            account: "account".to_owned(),
            policy: Arc::clone(&POLICY),
            act: true,
            start: self.start,
            alert_max_age: SignedDuration::from_hours(24),
            poll: self.poll,
        };
        let surroundings = Surroundings {
            health: Arc::clone(&self.health),
            metrics: Arc::new(Metrics::default()),
            clock: Arc::new(FixedClock(NOW.parse().expect("an instant"))),
            memory: MemoryBudget::new(16 * 1024 * 1024),
            readers: Arc::new(Semaphore::new(2)),
            pace: Pace {
                patience: self.patience,
                first_pause: Duration::from_millis(1),
                longest_pause: Duration::from_millis(5),
                refused_pause: Duration::from_millis(20),
                longest_wait: Duration::from_mins(9),
                open_again: self.open_again,
            },
        };
        let password = self.password;
        let (sender, watched) = watch::channel(Arc::new(watched));
        let owner = own(Owned {
            endpoint: self.endpoint(Tls::None),
            key: MailboxKey {
                host: "127.0.0.1".to_owned(),
                username: "desk".to_owned(),
                folder: "INBOX".to_owned(),
                name: "support".to_owned(),
            },
            password: Arc::new(move || Box::pin(async move { Ok(password.to_owned()) })),
            watched,
            recorder: self.ledger.clone(),
            surroundings: Arc::new(surroundings),
            cancel: CancellationToken::new(),
        });
        async move {
            let ended = owner.await;
            drop(sender);
            ended
        }
    }

    /// Runs the owner while something else happens.
    pub(crate) async fn while_owned<T>(&self, other: impl Future<Output = T>) -> T {
        tokio::select! {
            ended = self.owner() => panic!("the owner ended: {ended:?}"),
            done = other => done,
        }
    }
}
