//! One transaction: the windows and commands that waited, decided on and written together.
//!
//! Everything here happens between `BEGIN IMMEDIATE` and `COMMIT`, and nothing of it is told to anybody before the
//! commit: entries that go out at once, alarms in the log and metrics are all in [`Afterwards`]. Not here: what is done
//! when it fails (see `task`).

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::effects::Pending;
use super::{Command, Rules, Verdict, alarms};
use crate::base::id::CaseId;
use crate::casework::{Book, Effect, Keys};
use crate::compose;
use crate::decision::{Conversation, Decision, Reading, Step, Withheld, decide};
use crate::policy::Policy;
use crate::service::window::{Arrived, Content, Span, Watched, Window};
use crate::store::{
    Advance, Alarm, Change, Claimed, Cursor, EntryState, LedgerRow, LedgerState, Settling, Standpoint, Stops,
    StoreError,
};

/// Why a batch left nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("deciding broke off")]
    Panicked,
}

impl Trouble {
    /// Whether what was to be written is the cause. A conflict that stays however often it is tried is one, too: it
    /// must not stop the mails behind it.
    pub(super) fn is_about_the_data(&self) -> bool {
        match self {
            Trouble::Store(error) => error.is_about_the_data() || error.is_conflict(),
            Trouble::Panicked => true,
        }
    }

    pub(super) fn is_conflict(&self) -> bool {
        match self {
            Trouble::Store(error) => error.is_conflict(),
            Trouble::Panicked => false,
        }
    }
}

/// What was done for a command; it is answered after the commit.
#[derive(Debug)]
pub(super) enum Done {
    Nothing,
    Opened(crate::store::MailboxState),
    Verdict(Verdict),
    Uids(Vec<u32>),
    Claimed(Vec<Claimed>),
    HandedOver(bool),
}

/// What the world hears of after the commit.
#[derive(Debug, Default)]
pub(super) struct Afterwards {
    /// Mails of a mailbox by state.
    pub(super) mails: BTreeMap<(String, LedgerState), u64>,
    /// Alarms that were not raised before.
    pub(super) raised: Vec<Alarm>,
    /// Entries that dispatch is told of.
    pub(super) handed_off: usize,
    /// There are entries to claim.
    pub(super) more: bool,
}

/// A transaction at work.
pub(super) struct Batch<'w> {
    pub(super) change: Change<'w>,
    pub(super) rules: &'w Rules,
    pub(super) now: Timestamp,
    pub(super) stops: Stops,
    /// Replies within the breaker's time.
    replied: u64,
    breaker_opens: bool,
    books: BTreeMap<String, Book>,
    pub(super) pending: Pending,
    standpoints: HashMap<i64, Standpoint>,
    /// Policies whose files are kept, by digest.
    sources: &'w mut HashMap<String, i64>,
    new_sources: HashMap<String, i64>,
    afterwards: Afterwards,
}

impl<'w> Batch<'w> {
    pub(super) async fn begin(
        mut change: Change<'w>,
        rules: &'w Rules,
        sources: &'w mut HashMap<String, i64>,
        now: Timestamp,
    ) -> Result<Self, Trouble> {
        let stops = change.stops().await?;
        Ok(Batch {
            change,
            rules,
            now,
            stops,
            replied: 0,
            breaker_opens: false,
            books: BTreeMap::new(),
            pending: Pending::default(),
            standpoints: HashMap::new(),
            sources,
            new_sources: HashMap::new(),
            afterwards: Afterwards::default(),
        })
    }

    /// Everything but windows.
    pub(super) async fn command(&mut self, command: &Command) -> Result<Done, Trouble> {
        let now = self.now;
        let done = match command {
            Command::Open(key, _) => Done::Opened(self.change.open_mailbox(key).await?),
            Command::Baseline { mailbox, fence, cursor, .. } => {
                let is_set = self.change.baseline(*mailbox, *fence, *cursor, now).await?;
                Done::Verdict(if is_set { Verdict::Recorded } else { Verdict::Refused })
            }
            Command::Halt { mailbox, fence, reason, .. } => {
                self.change.halt(*mailbox, *fence, reason).await?;
                Done::Nothing
            }
            Command::Retries { mailbox, .. } => Done::Uids(self.change.retries(*mailbox).await?),
            Command::Alarm(alarm, _) => {
                self.pending.alarms.push(alarm.clone());
                Done::Nothing
            }
            Command::Clear { key, .. } => {
                self.pending.alarms.retain(|alarm| alarm.key != *key);
                self.change.clear(key).await?;
                Done::Nothing
            }
            Command::Claim { limit, .. } => {
                Done::Claimed(self.change.claim(*limit, self.stops.any(), now).await?)
            }
            Command::HandOver { id, attempt, .. } => {
                Done::HandedOver(self.change.hand_over((*id, *attempt), self.stops.any(), now).await?)
            }
            Command::Settle(settle, _) => {
                if let Some(settling) = self.change.settle(settle, now).await? {
                    self.settled(&settling).await?;
                }
                Done::Nothing
            }
            Command::Heartbeat { status, .. } => {
                self.change.heartbeat(status, now).await?;
                Done::Nothing
            }
            Command::Configure(rules, _) => {
                alarms::tidy(&mut self.change, rules).await?;
                Done::Nothing
            }
            // Windows are done together; a look changes nothing by itself.
            Command::Commit(..) | Command::Look(_) => Done::Nothing,
        };
        Ok(done)
    }

    /// An alert that failed on every channel of its step is an emergency, until one about the same case gets through.
    async fn settled(&mut self, settling: &Settling) -> Result<(), Trouble> {
        let Some(case) = settling.alert_of else { return Ok(()) };
        if settling.state == EntryState::Sent {
            self.change.clear(&alarms::alert_undelivered(case)).await?;
        }
        if settling.nobody_was_told {
            let text = format!("an alert of case {} failed on every channel of its step", case.reference());
            self.pending.alarms.push(Alarm { key: alarms::alert_undelivered(case), text });
        }
        Ok(())
    }

    /// Decides on windows. One whose mailbox does not stand where it begins is refused and leaves no trace.
    pub(super) async fn windows(&mut self, windows: &[&Window]) -> Result<Vec<Verdict>, Trouble> {
        if windows.is_empty() {
            return Ok(Vec::new());
        }
        let mut accepted = Vec::new();
        let mut verdicts = Vec::with_capacity(windows.len());
        for window in windows {
            let mails = self.accept(window).await?;
            verdicts.push(if mails.is_some() { Verdict::Recorded } else { Verdict::Refused });
            accepted.extend(mails.map(|mails| (*window, mails)));
        }
        self.count_replies().await?;
        self.load(&accepted).await?;
        for (window, mails) in &accepted {
            self.window(window, mails).await?;
        }
        for (policy, book) in &self.books {
            self.change.save_book(policy, &book.changes(), &self.pending.openings, self.now).await?;
        }
        Ok(verdicts)
    }

    /// The mails of a window, when its mailbox stands where it begins.
    async fn accept<'m>(&mut self, window: &'m Window) -> Result<Option<Vec<&'m Arrived>>, Trouble> {
        if !self.standpoints.contains_key(&window.mailbox) {
            let Some(standpoint) = self.change.standpoint(window.mailbox).await? else { return Ok(None) };
            self.standpoints.insert(window.mailbox, standpoint);
        }
        let mut mails: Vec<&Arrived> = window.mails.iter().collect();
        mails.sort_by_key(|mail| mail.uid);
        let is_twice = mails.windows(2).any(|pair| matches!(pair, [a, b] if a.uid == b.uid));
        let Some(standpoint) = self.standpoints.get_mut(&window.mailbox) else { return Ok(None) };
        let Some(cursor) = standpoint.cursor.as_mut() else { return Ok(None) };
        let is_ours = standpoint.fence == window.fence && cursor.uid_validity == window.uid_validity;
        if !is_ours || standpoint.halted || is_twice {
            return Ok(None);
        }
        match window.span {
            Span::Advance { from, to } => {
                let inside = |mail: &&Arrived| (from..to).contains(&u64::from(mail.uid));
                if cursor.next_uid != from || to <= from || !mails.iter().all(inside) {
                    return Ok(None);
                }
                // Another window of this batch may go on from here.
                cursor.next_uid = to;
            }
            Span::Again => {
                let uids = mails.iter().map(|mail| mail.uid);
                let waiting = self.change.quarantined(window.mailbox, window.uid_validity, uids).await?;
                mails.retain(|mail| waiting.contains(&mail.uid));
            }
        }
        Ok(Some(mails))
    }

    async fn count_replies(&mut self) -> Result<(), Trouble> {
        let since = self.now.checked_sub(self.rules.breaker.per).unwrap_or(Timestamp::MIN);
        let since = self.stops.looked_at.map_or(since, |looked_at| since.max(looked_at));
        self.replied = self.change.replies_since(since).await?;
        Ok(())
    }

    /// Fills a book for each policy with all that its mails touch, and brings it to now.
    async fn load(&mut self, accepted: &[(&Window, Vec<&Arrived>)]) -> Result<(), Trouble> {
        let mut keys: BTreeMap<&str, (&Policy, Vec<Keys<'_>>)> = BTreeMap::new();
        for (window, mails) in accepted {
            let policy = &*window.watched.policy;
            let (_, keys) = keys.entry(&policy.name).or_insert_with(|| (policy, Vec::new()));
            keys.extend(mails.iter().filter_map(|mail| match &mail.content {
                Content::Read(reading) => Some(Keys::of(reading, mail.internal_date)),
                Content::Failed(_) | Content::Gone | Content::BeforeStart => None,
            }));
        }
        for (name, (policy, keys)) in keys {
            let mut book = Book::sealed_with(self.change.seal());
            book.load(self.change.load(policy, &keys, self.now).await?);
            book.stops = self.withheld();
            for effect in book.advance(self.now) {
                self.pending.effect(&effect, &book, self.now);
            }
            self.books.insert(name.to_owned(), book);
        }
        Ok(())
    }

    fn withheld(&self) -> Vec<Withheld> {
        let off = self.stops.off_since.map(|_| Withheld::RepliesOff);
        let open = self.stops.breaker_open_since.map(|_| Withheld::BreakerOpen);
        off.into_iter().chain(open).collect()
    }

    async fn window(&mut self, window: &Window, mails: &[&Arrived]) -> Result<(), Trouble> {
        let source = self.source(&window.watched.policy).await?;
        let first_seen_at = self.standpoints.get(&window.mailbox).and_then(|seen| seen.first_seen_at);
        let mut rows = Vec::with_capacity(mails.len());
        for mail in mails {
            let mut row = LedgerRow {
                uid: mail.uid,
                state: LedgerState::BeforeStart,
                case: None,
                source: 0,
                received_at: mail.internal_date.min(self.now),
                trace: Vec::new(),
                failure: None,
            };
            match &mail.content {
                Content::Read(reading) => {
                    if !self.is_too_old(mail, &window.watched, first_seen_at) {
                        let decided = self.mail(window, mail, reading)?;
                        (row.state, row.case, row.source) = (decided.state, Some(decided.case), source);
                        row.trace = decided.trace;
                    }
                }
                Content::Failed(reason) => {
                    row.state = LedgerState::Quarantined;
                    row.failure = Some(reason.clone());
                    self.pending.quarantined(&window.watched.name, mail.uid);
                }
                Content::Gone => row.state = LedgerState::Gone,
                Content::BeforeStart => {}
            }
            let counted = self.afterwards.mails.entry((window.watched.name.clone(), row.state));
            *counted.or_default() += 1;
            rows.push(row);
        }
        self.record(window, &rows).await
    }

    /// Mail from before the first sight is only recorded when it is old.
    fn is_too_old(&self, mail: &Arrived, watched: &Watched, first_seen_at: Option<Timestamp>) -> bool {
        let is_from_before = first_seen_at.is_some_and(|seen| mail.internal_date < seen);
        is_from_before && self.now.duration_since(mail.internal_date) > watched.alert_max_age
    }

    async fn record(&mut self, window: &Window, rows: &[LedgerRow]) -> Result<(), Trouble> {
        let place = (window.mailbox, window.uid_validity);
        self.change.save_ledger(place, rows, self.now).await?;
        let mut gained: Vec<(LedgerState, i64)> = rows.iter().map(|row| (row.state, 1)).collect();
        let (from, to) = match window.span {
            Span::Advance { from, to } => (from, to),
            Span::Again => {
                gained.extend(rows.iter().map(|_| (LedgerState::Quarantined, -1)));
                let well = rows.iter().filter(|row| row.state != LedgerState::Quarantined).map(|row| row.uid);
                for uid in well.clone() {
                    self.change.clear(&alarms::mail_quarantined(&window.watched.name, uid)).await?;
                }
                self.change.release(place, well).await?;
                let stands = self.standpoints.get(&window.mailbox).and_then(|stands| stands.cursor);
                let next_uid = stands.map_or(0, |cursor| cursor.next_uid);
                (next_uid, next_uid)
            }
        };
        let from = Cursor { uid_validity: window.uid_validity, next_uid: from };
        let advance = Advance { mailbox: window.mailbox, fence: window.fence, from, to, gained };
        Ok(self.change.advance(&advance).await?)
    }

    async fn source(&mut self, policy: &Policy) -> Result<i64, Trouble> {
        if let Some(id) = self.sources.get(&policy.digest).or_else(|| self.new_sources.get(&policy.digest)) {
            return Ok(*id);
        }
        let id = self.change.policy_source(policy).await?;
        self.new_sources.insert(policy.digest.clone(), id);
        Ok(id)
    }

    /// Decides on one mail. Whatever panics below ends the batch, not the writer.
    fn mail(&mut self, window: &Window, mail: &Arrived, reading: &Reading) -> Result<Decided, Trouble> {
        let deciding = AssertUnwindSafe(|| self.decide(window, mail, reading));
        catch_unwind(deciding).map_err(|_| Trouble::Panicked)
    }

    fn decide(&mut self, window: &Window, mail: &Arrived, reading: &Reading) -> Decided {
        #[cfg(test)]
        super::tests::break_off(reading);
        let (policy, now) = (&*window.watched.policy, self.now);
        let standing = |book: &Book| book.standing(reading, policy, mail.internal_date, now);
        let decision = |book: &Book| decide(reading, &standing(book), policy, mail.internal_date, now);
        let sealed = || Book::sealed_with(self.change.seal());
        let mut book = self.books.remove(&policy.name).unwrap_or_else(sealed);
        book.watches_only = !window.watched.act;
        let mut decision_now = decision(&book);
        if decision_now.reply.is_some()
            && window.watched.act
            && self.replied >= u64::from(self.rules.breaker.count)
        {
            self.open_breaker();
            book.stops = self.withheld();
            decision_now = decision(&book);
        }
        let effects = book.apply(reading, &decision_now, policy);
        self.pending.mail(&decision_now, reading, (window, mail.uid));
        for effect in &effects {
            self.pending.effect(effect, &book, now);
            self.elsewhere(effect, reading);
            if let Effect::Reply { message_id, .. } = effect
                && !self.reply(window, reading, &decision_now)
            {
                book.withdraw(message_id);
            }
        }
        self.books.insert(policy.name.clone(), book);
        let is_duplicate = decision_now.conversation == Conversation::Duplicate;
        let Decision { case, trace, .. } = decision_now;
        let state = if is_duplicate { LedgerState::Duplicate } else { LedgerState::Decided };
        Decided { state, case, trace }
    }

    /// What a book of another policy has to know; the one at hand is not among them.
    fn elsewhere(&mut self, effect: &Effect, reading: &Reading) {
        for book in self.books.values_mut() {
            match effect {
                Effect::Opened(case) => book.take(*case),
                Effect::Reply { .. } => book.answered_elsewhere(reading.content),
                Effect::Bounced { bounced, .. } => book.has_bounced(bounced),
                Effect::Reopened(_)
                | Effect::Answered(_)
                | Effect::Alert { .. }
                | Effect::Deferred { .. } => {}
            }
        }
    }

    fn open_breaker(&mut self) {
        self.stops.breaker_open_since = Some(self.now);
        self.breaker_opens = true;
        let text = format!(
            "more than {} replies within {}: no more go out until `nightdesk replies on`",
            self.rules.breaker.count,
            crate::base::duration::duration_in_words(self.rules.breaker.per),
        );
        self.pending.alarms.push(Alarm { key: "breaker-open".to_owned(), text });
        let withheld = self.withheld();
        for book in self.books.values_mut() {
            book.stops.clone_from(&withheld);
        }
    }

    /// Writes the reply out; false when it could not be written.
    fn reply(&mut self, window: &Window, reading: &Reading, decision: &Decision) -> bool {
        let policy = &*window.watched.policy;
        let reply = match compose::reply(reading, decision, policy) {
            Ok(None) => return false,
            Ok(Some(reply)) => reply,
            Err(error) => {
                self.reply_failed(policy, &error);
                return false;
            }
        };
        match compose::reply_mail(&reply, reading, decision, policy, self.now) {
            Ok(mail) => {
                self.pending.reply(&window.watched.account, decision.case, mail, self.now);
                self.replied += 1;
                true
            }
            Err(error) => {
                self.reply_failed(policy, &error);
                false
            }
        }
    }

    fn reply_failed(&mut self, policy: &Policy, error: &dyn std::error::Error) {
        let text = format!("policy {} has a reply that cannot be written: {error}", policy.name);
        self.pending.alarms.push(Alarm { key: alarms::reply_failed(&policy.name), text });
    }

    /// Brings cases to now whose time has come. Answers whether there may be more.
    pub(super) async fn follow_up(&mut self, limit: usize) -> Result<bool, Trouble> {
        let (cases, broken) = self.change.due_cases(self.now, limit).await?;
        let more = cases.len() + broken.len() >= limit;
        for id in broken {
            let text = format!("case {} cannot be understood; it no longer rises by itself", id.reference());
            self.pending.alarms.push(Alarm { key: format!("case-unreadable/{}", id.reference()), text });
            self.change.park(id).await?;
        }
        let mut book = Book::sealed_with(self.change.seal());
        for case in cases {
            book.insert(case);
        }
        for effect in book.advance(self.now) {
            self.pending.effect(&effect, &book, self.now);
        }
        self.change.save_cases(&book.changes().cases, &self.pending.openings).await?;
        Ok(more)
    }

    /// Writes what was put together, and makes it durable. Entries that are due go to dispatch when it has room.
    pub(super) async fn commit(mut self, entries: &mpsc::Sender<Claimed>) -> Result<Afterwards, Trouble> {
        if self.breaker_opens {
            self.change.open_breaker(self.now).await?;
        }
        for case in std::mem::take(&mut self.pending.answered) {
            self.change.withdraw_alerts(case, self.now).await?;
            self.change.clear(&alarms::alert_undelivered(case)).await?;
        }
        for alarm in std::mem::take(&mut self.pending.alarms) {
            if self.change.raise(&alarm, self.now).await? {
                self.pending.alarm(&alarm, &self.rules.ops, self.now);
                self.afterwards.raised.push(alarm);
            }
        }
        self.change.save_history(&self.pending.history, self.now).await?;
        let mut permits = Vec::new();
        for entry in &mut self.pending.entries {
            if entry.state != EntryState::Pending || entry.due_at > self.now {
                continue;
            }
            if let Ok(permit) = entries.try_reserve() {
                entry.state = EntryState::Leased;
                permits.push(permit);
            } else {
                self.afterwards.more = true;
            }
        }
        let leased = self.change.enqueue(std::mem::take(&mut self.pending.entries), self.now).await?;
        self.change.commit().await?;
        self.sources.extend(self.new_sources);
        self.afterwards.handed_off = leased.len();
        for (permit, entry) in permits.into_iter().zip(leased) {
            permit.send(entry);
        }
        Ok(self.afterwards)
    }
}

/// What became of a mail.
struct Decided {
    state: LedgerState,
    case: CaseId,
    trace: Vec<Step>,
}
