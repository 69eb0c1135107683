//! One session: log in, look where the mailbox stands, read what is there, wait for more.

use std::convert::Infallible;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::owner::{Asked, Memory};
use super::reading::{self, Under};
use super::under_way::UnderWay;
use super::{Owned, Recorder, shrink, start};
use crate::imap::sync::{Plan, STRETCH, Step, WINDOW};
use crate::imap::{self, Fetched, Idled, ImapError, Login, Session};
use crate::service::health::Link;
use crate::service::window::{Arrived, Content, Span, Window};
use crate::service::writer::{Alarm, Cursor, MailboxState, Verdict, WriterError};

/// Sessions in a row that one mail may break, fetched alone, before it is quarantined: when the server gives another
/// mail meanwhile.
pub(super) const MOST_BREAKS: u32 = 3;

/// Sessions that break at one mail when the server gives no other, or has none: with the pauses between them several minutes, so that a
/// server in trouble is not taken for a mail that makes trouble.
const MOST_BREAKS_UNPROVEN: u32 = 10;

/// A server that ends IDLE sooner than this does not mean it.
const SHORTEST_IDLE: Duration = Duration::from_secs(1);

/// Why a session ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// It failed.
    Imap(ImapError),
    /// There is no password.
    NoPassword(String),
    /// Somebody else took the mailbox, or the cursor is not where we thought.
    Superseded,
    /// The mailbox is stopped until somebody looks.
    Halted,
    /// Nothing can be recorded.
    Writer(WriterError),
}

impl From<ImapError> for Ended {
    fn from(error: ImapError) -> Self {
        Ended::Imap(error)
    }
}

impl From<WriterError> for Ended {
    fn from(error: WriterError) -> Self {
        Ended::Writer(error)
    }
}

/// Mails on the way to the writer.
#[derive(Debug)]
struct Batch {
    span: Span,
    mails: Vec<Fetched>,
    /// Mails that could not be fetched.
    failed: Vec<(u32, String)>,
    memory: Option<OwnedSemaphorePermit>,
}

/// A session at work.
struct Walk<'a, R> {
    owned: &'a Owned<R>,
    state: MailboxState,
    uid_validity: u32,
    session: Session,
    plan: Plan,
    /// When the last question was asked that proves how things stand.
    asked_at: Timestamp,
    /// When the mailbox was opened.
    opened_at: Instant,
    next_poll: Instant,
    /// Mails that this session brought to the writer.
    recorded: usize,
    /// Whether it had once recorded all that there was.
    has_caught_up: bool,
    /// Whether the server refuses to IDLE, although it says that it can.
    idles: bool,
}

/// Walks until the session ends.
pub(super) async fn walk<R: Recorder>(owned: &Owned<R>, state: MailboxState, memory: &mut Memory) -> Ended {
    let begun = match Walk::begin(owned, state, memory).await {
        Ok(mut walk) => walk.go(memory).await,
        Err(ended) => Err(ended),
    };
    match begun {
        Ok(never) => match never {},
        Err(ended) => ended,
    }
}

impl<'a, R: Recorder> Walk<'a, R> {
    async fn begin(owned: &'a Owned<R>, mut state: MailboxState, memory: &mut Memory) -> Result<Self, Ended> {
        if let Some(reason) = state.halted {
            return Err(stay_halted(owned, &reason).await);
        }
        owned.link(Link::Connecting);
        let password = (owned.password)().await.map_err(Ended::NoPassword)?;
        let login = Login { username: owned.key.username.clone(), password };
        let patience = owned.surroundings.pace.patience;
        let mut session = Session::open(&owned.endpoint, &login, patience).await?;
        owned.logged_in(memory).await?;
        let asked_at = owned.now();
        let examined = session.examine(&owned.key.folder).await?;
        let uid_validity = examined.uid_validity;
        if state.cursor.is_none() {
            state = first_sight(owned, &state, &mut session, uid_validity).await?;
        }
        let cursor = state.cursor.ok_or(Ended::Superseded)?;
        if cursor.uid_validity != uid_validity {
            return Err(halt(owned, &state, cursor.uid_validity, uid_validity).await);
        }
        owned.is_open(memory).await?;
        tracing::info!(mailbox = owned.key.name.as_str(), mails = examined.exists, "the mailbox is open");
        owned.link(Link::Reading);
        let mut plan = Plan::new(cursor.next_uid, examined.exists, examined.uid_next);
        if memory.suspect_at(cursor.next_uid).breaks > 0 {
            plan = plan.one_by_one();
        }
        Ok(Walk {
            owned,
            state,
            uid_validity,
            session,
            plan,
            asked_at,
            opened_at: Instant::now(),
            next_poll: Instant::now(),
            idles: true,
            recorded: 0,
            has_caught_up: false,
        })
    }

    /// Fetches, and records meanwhile what was fetched before.
    async fn go(&mut self, memory: &mut Memory) -> Result<Infallible, Ended> {
        let mut under_way = UnderWay::default();
        loop {
            while under_way.is_full() {
                under_way.first().await?;
                memory.failures = 0;
            }
            let recording = Recording::of(self);
            let before = under_way.len();
            let asked = under_way.during(self.ask(memory)).await?;
            if under_way.len() < before {
                memory.failures = 0;
            }
            match asked {
                Ok(Some(batch)) => {
                    self.recorded += batch.mails.len() + batch.failed.len();
                    under_way.push(recording.read(batch), recording.recorder());
                }
                Ok(None) if self.plan.step() == Step::Rest => {
                    under_way.all().await?;
                    self.rest(memory).await?;
                }
                Ok(None) => {}
                // What was fetched before is recorded all the same, so that the next session goes on after it.
                Err(ended) => {
                    under_way.all().await?;
                    return Err(ended);
                }
            }
        }
    }

    /// Takes the next step of the plan.
    async fn ask(&mut self, memory: &mut Memory) -> Result<Option<Batch>, Ended> {
        let from = self.plan.next();
        let step = self.plan.step();
        if let Step::Fetch(uids) = &step
            && let [uid] = uids.as_slice()
            && self.is_hopeless(from, *uid, memory).await?
        {
            return Ok(Some(self.give_up(from, *uid)));
        }
        let permit = match &step {
            Step::Look { .. } | Step::Fetch(_) => self.owned.surroundings.memory.batch().await,
            Step::List { .. } | Step::Rest => None,
        };
        let (fetched, asked) = match step {
            Step::Rest => return Ok(None),
            Step::List { from, to } => {
                self.asked_at = self.owned.now();
                let listing = self.session.list(from, to, STRETCH).await?;
                self.plan.listed(listing);
                return Ok(None);
            }
            Step::Fetch(uids) => {
                let asked = if uids.len() == 1 { Asked::Alone } else { Asked::Window };
                (self.session.fetch(&uids, &memory.awkward).await, asked)
            }
            Step::Look { from, to } => (self.session.fetch_range(from, to).await, Asked::Window),
        };
        let mut mails = fetched.map_err(|error| {
            memory.broke_at(from, asked, error.suspects);
            Ended::Imap(error.error)
        })?;
        let through = after_last(&mails, from);
        // A UID that the server no longer lists proves nothing about those before it.
        while mails.last().is_some_and(|last| matches!(last.content, imap::Content::Vanished)) {
            mails.pop();
        }
        let to = after_last(&mails, from);
        self.plan.fetched(to, through);
        let bytes = mails.iter().map(|mail| mail.content.bytes()).sum();
        let memory = shrink(permit, bytes);
        let span = Span::Advance { from, to };
        Ok((to > from).then_some(Batch { span, mails, failed: Vec::new(), memory }))
    }

    /// Whether the mail at the cursor breaks every session, and not the server whatever is fetched.
    async fn is_hopeless(&mut self, from: u64, uid: u32, memory: &mut Memory) -> Result<bool, Ended> {
        let suspect = memory.suspect_at(from);
        if suspect.alone < MOST_BREAKS {
            return Ok(false);
        }
        if suspect.breaks >= MOST_BREAKS_UNPROVEN {
            return Ok(true);
        }
        // The first and the last mail by turns, since one of them may be as bad.
        let last = suspect.probes % 2 == 1;
        match self.session.gives_another(uid, last).await {
            Ok(gives) => Ok(gives),
            Err(error) => {
                memory.broke_at(from, Asked::Probe, Vec::new());
                Err(Ended::Imap(error))
            }
        }
    }

    /// The mail at the cursor goes to quarantine, and the next is read.
    fn give_up(&mut self, from: u64, uid: u32) -> Batch {
        let mailbox = self.owned.key.name.as_str();
        tracing::error!(mailbox, uid, "the server breaks off whenever this mail is fetched");
        let to = u64::from(uid) + 1;
        self.plan.fetched(to, to);
        let why = "the server breaks off whenever it is fetched".to_owned();
        let span = Span::Advance { from, to };
        Batch { span, mails: Vec::new(), failed: vec![(uid, why)], memory: None }
    }

    /// All that the server has is recorded: wait for more.
    async fn rest(&mut self, memory: &mut Memory) -> Result<(), Ended> {
        let name = self.owned.key.name.as_str();
        self.owned.surroundings.health.fresh(name, self.asked_at);
        memory.failures = 0;
        if !self.has_caught_up {
            tracing::info!(mailbox = name, mails = self.recorded, "all mail is recorded");
            self.has_caught_up = true;
        }
        // What came in while we read was told then, and is not told again.
        let growth = self.session.take_growth();
        if growth > 0 {
            self.plan.news(is_few(growth));
            return Ok(());
        }
        if self.next_poll <= Instant::now() {
            self.next_poll = Instant::now() + self.owned.poll();
            self.retry(memory).await?;
        }
        self.owned.link(Link::Waiting);
        self.wait().await?;
        self.owned.link(Link::Reading);
        let growth = self.session.take_growth();
        self.plan.news(growth > 0 && is_few(growth));
        Ok(())
    }

    async fn wait(&mut self) -> Result<(), Ended> {
        let begun = Instant::now();
        let left = self.next_poll.saturating_duration_since(begun);
        if self.idles && self.session.can_idle() {
            match self.session.idle(left).await? {
                Idled::News => return Ok(()),
                Idled::Quiet => {}
                Idled::Ended => self.idles = begun.elapsed() >= SHORTEST_IDLE,
            }
        } else {
            tokio::time::sleep(left).await;
        }
        if self.opened_at.elapsed() >= self.owned.surroundings.pace.open_again {
            return self.open_again().await;
        }
        Ok(self.session.noop().await?)
    }

    /// Opens the mailbox again: when it was deleted and made anew, nothing tells so within the old one.
    async fn open_again(&mut self) -> Result<(), Ended> {
        let examined = self.session.examine(&self.owned.key.folder).await?;
        self.opened_at = Instant::now();
        if examined.uid_validity == self.uid_validity {
            return Ok(());
        }
        Err(halt(self.owned, &self.state, self.uid_validity, examined.uid_validity).await)
    }

    /// Fetches quarantined mails again that somebody asked for, each alone.
    async fn retry(&mut self, memory: &mut Memory) -> Result<(), Ended> {
        for uid in self.owned.recorder.retries(self.state.id).await? {
            let permit = self.owned.surroundings.memory.batch().await;
            let mut batch = Batch { span: Span::Again, mails: Vec::new(), failed: Vec::new(), memory: None };
            if memory.retried.replace(uid) == Some(uid) {
                batch.failed.push((uid, "the server broke off when it was fetched again".to_owned()));
            } else {
                let fetched = self.session.fetch(&[uid], &memory.awkward).await;
                batch.mails = fetched.map_err(|error| Ended::Imap(error.error))?;
                let bytes = batch.mails.iter().map(|mail| mail.content.bytes()).sum();
                batch.memory = shrink(permit, bytes);
            }
            let recording = Recording::of(self);
            let window = recording.read(batch).await;
            if self.owned.recorder.commit(window).await? == Verdict::Refused {
                return Err(Ended::Superseded);
            }
            memory.retried = None;
        }
        Ok(())
    }
}

/// The UID after the last of these mails, which come after `from`.
fn after_last(mails: &[Fetched], from: u64) -> u64 {
    mails.last().map_or(from, |last| u64::from(last.uid) + 1)
}

/// A few new mails are fetched without listing them before.
fn is_few(growth: u32) -> bool {
    usize::try_from(growth).is_ok_and(|growth| growth <= WINDOW)
}

/// How a session's windows are made, apart from the session itself, since both go on at once.
struct Recording<'a, R> {
    owned: &'a Owned<R>,
    mailbox: i64,
    fence: i64,
    uid_validity: u32,
    first_seen_at: Option<Timestamp>,
}

impl<'a, R: Recorder> Recording<'a, R> {
    fn of(walk: &Walk<'a, R>) -> Self {
        Recording {
            owned: walk.owned,
            mailbox: walk.state.id,
            fence: walk.state.fence,
            uid_validity: walk.uid_validity,
            first_seen_at: walk.state.first_seen_at,
        }
    }

    fn recorder(&self) -> &'a R {
        &self.owned.recorder
    }

    /// Reads the mails of a batch.
    fn read(&self, batch: Batch) -> impl Future<Output = Window> + Send + use<'a, R> {
        let (owned, mailbox, fence, uid_validity) = (self.owned, self.mailbox, self.fence, self.uid_validity);
        let watched = owned.watched.borrow().clone();
        let now = owned.now();
        let under = Under { watched: watched.clone(), first_seen_at: self.first_seen_at, now };
        async move {
            let mut mails = reading::read(batch.mails, &under, &owned.surroundings.readers).await;
            let failed = batch.failed.into_iter();
            mails.extend(failed.map(|(uid, why)| Arrived {
                uid,
                internal_date: now,
                content: Content::Failed(why),
            }));
            Window { mailbox, fence, uid_validity, span: batch.span, mails, watched, memory: batch.memory }
        }
    }
}

/// Sets where the mailbox is read from, and takes it again with that.
async fn first_sight<R: Recorder>(
    owned: &Owned<R>,
    state: &MailboxState,
    session: &mut Session,
    uid_validity: u32,
) -> Result<MailboxState, Ended> {
    let from = owned.watched.borrow().start;
    let next_uid = start::baseline(session, from, owned.now()).await?;
    let cursor = Cursor { uid_validity, next_uid };
    match owned.recorder.baseline(state.id, state.fence, cursor).await? {
        Verdict::Recorded => Ok(owned.recorder.open(owned.key.clone()).await?),
        Verdict::Refused => Err(Ended::Superseded),
    }
}

/// The UIDs of the mailbox mean other mails than before (RFC 3501 section 2.3.1.1): reading on would miss some and
/// decide others twice.
async fn halt<R: Recorder>(owned: &Owned<R>, state: &MailboxState, before: u32, now: u32) -> Ended {
    let mailbox = owned.key.name.as_str();
    let reason = format!("its UIDVALIDITY changed from {before} to {now}");
    tracing::error!(mailbox, before, now, "the mailbox is halted: its UIDVALIDITY changed");
    match owned.recorder.halt(state.id, state.fence, reason.clone()).await {
        Ok(()) => stay_halted(owned, &reason).await,
        Err(error) => Ended::Writer(error),
    }
}

/// Nothing is read until somebody has looked, also when the server seems to be right again.
async fn stay_halted<R: Recorder>(owned: &Owned<R>, reason: &str) -> Ended {
    let mailbox = owned.key.name.as_str();
    owned.link(Link::Halted);
    owned.surroundings.health.trouble(mailbox, reason.to_owned());
    let text = format!("mailbox {mailbox} is halted, nothing of it is read: {reason}");
    match owned.recorder.alarm(Alarm { key: owned.alarm_key("uidvalidity-changed"), text }).await {
        Ok(()) => Ended::Halted,
        Err(error) => Ended::Writer(error),
    }
}
