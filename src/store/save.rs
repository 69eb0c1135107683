//! Saving what a batch changed.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::change::Change;
use super::mailboxes::LedgerState;
use super::sql::{self, Value, number};
use super::{StoreError, keys, micros, micros_or_never};
use crate::base::id::CaseId;
use crate::casework::{BOUNCED_FOR, Bounced, Case, Changes, Kept, KnownAs, SentReply};
use crate::decision::{Loudness, Step};

/// What became of one UID.
#[derive(Debug)]
pub struct LedgerRow {
    /// The UID.
    pub uid: u32,
    /// What became of it.
    pub state: LedgerState,
    /// Its case.
    pub case: Option<CaseId>,
    /// The files of the policy that decided, as [`Change::policy_source`]; 0 when none did.
    pub source: i64,
    /// When the server received it.
    pub received_at: Timestamp,
    /// The reasons.
    pub trace: Vec<Step>,
    /// Why it is in quarantine.
    pub failure: Option<String>,
}

/// The mails that opened new cases, as the histories name mails.
pub type Openings = HashMap<CaseId, String>;

/// Something that happened to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// The case.
    pub case: CaseId,
    /// What, as a slug.
    pub event: &'static str,
    /// To what: a name, never text of a mail.
    pub detail: String,
}

impl Change<'_> {
    /// Saves what a book changed.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a case is not as it was loaded; and when the database fails.
    pub async fn save_book(
        &mut self,
        policy: &str,
        changes: &Changes<'_>,
        openings: &Openings,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.save_cases(&changes.cases, openings).await?;
        let period = keys::period(now);
        let opened = changes.cases.iter().filter(|(_, loaded)| loaded.is_none());
        let references = opened.map(|(case, _)| {
            let bits = keys::reference_bits(policy, &case.reference);
            [keys::thread_key(period, bits).into(), case.id.0.into(), 0.into()]
        });
        let mails = changes.mails.iter().map(|mail| {
            let bits = keys::mail_bits(policy, &mail.message_id);
            [keys::thread_key(period, bits).into(), mail.case.0.into(), known_as(mail.known_as).into()]
        });
        let rows: Vec<[Value; 3]> = references.chain(mails).collect();
        let head = "INSERT INTO thread (key, case_id, ours)";
        // The first case keeps a mail, unless it only referred to it and now the mail itself is there.
        let tail = "ON CONFLICT (key) DO UPDATE SET case_id = excluded.case_id, ours = excluded.ours \
                    WHERE thread.ours = 2 AND excluded.ours <> 2";
        sql::write(self.connection(), head, tail, rows).await?;
        let contents = changes.contents.iter().map(|seen| {
            let key = keys::content_key(policy, seen.content, seen.date, seen.at);
            [key.into(), seen.content.0.to_vec().into(), seen.case.0.into(), micros(seen.at).into()]
        });
        let rows: Vec<[Value; 4]> = contents.collect();
        let head = "INSERT INTO content (key, hash, case_id, at)";
        // Where another content has the key, copies of this one are not known: better than one taken for the other.
        sql::write(self.connection(), head, "ON CONFLICT (key) DO NOTHING", rows).await?;
        self.save_replies(policy, &changes.replies, now).await?;
        self.save_bounced(changes.bounced).await
    }

    /// Saves cases, each with what is remembered of it as it was loaded.
    ///
    /// # Errors
    /// See [`Change::save_book`].
    pub async fn save_cases(
        &mut self,
        cases: &[(&Case, Option<Kept>)],
        openings: &Openings,
    ) -> Result<(), StoreError> {
        let opened_in = |case: &Case| openings.get(&case.id).map(String::as_str).unwrap_or_default();
        let rows: Result<Vec<[Value; 12]>, StoreError> =
            cases.iter().map(|(case, loaded)| case_row(case, *loaded, opened_in(case))).collect();
        let head = "INSERT INTO matter (id, policy, reference, state, opened_at, last_mail_at, respond_by, due_at, \
                    version, changed_from, opened_in, detail)";
        let tail = "ON CONFLICT (id) DO UPDATE SET state = excluded.state, last_mail_at = excluded.last_mail_at, \
                    respond_by = excluded.respond_by, due_at = excluded.due_at, version = excluded.version, \
                    changed_from = excluded.changed_from, detail = excluded.detail \
                    WHERE matter.version = excluded.changed_from AND matter.policy = excluded.policy";
        let changed = sql::write(self.connection(), head, tail, rows?).await?;
        if changed != number(cases.len()).unsigned_abs() {
            return Err(StoreError::Conflict);
        }
        self.count_cases(cases).await
    }

    async fn count_cases(&mut self, cases: &[(&Case, Option<Kept>)]) -> Result<(), StoreError> {
        let mut gained: BTreeMap<&'static str, i64> = BTreeMap::new();
        for (case, loaded) in cases {
            *gained.entry(case.state.slug()).or_default() += 1;
            if let Some(kept) = loaded {
                *gained.entry(kept.state.slug()).or_default() -= 1;
            }
        }
        let gained = gained.into_iter().filter(|(_, n)| *n != 0);
        let rows: Vec<[Value; 2]> = gained.map(|(state, n)| [state.into(), n.into()]).collect();
        let tail = "ON CONFLICT (state) DO UPDATE SET n = matter_count.n + excluded.n";
        sql::write(self.connection(), "INSERT INTO matter_count (state, n)", tail, rows).await?;
        Ok(())
    }

    /// Takes a case that cannot be understood out of the way of time.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn park(&mut self, id: CaseId) -> Result<(), StoreError> {
        sql::run(self.connection(), "UPDATE matter SET due_at = 0 WHERE id = $1", [id.0.into()]).await?;
        Ok(())
    }

    /// Saves addresses to which a reply could not be delivered, and forgets those of which that was long ago.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn save_bounced(&mut self, bounced: &[Bounced]) -> Result<(), StoreError> {
        let Some(now) = bounced.iter().map(|bounced| bounced.at).max() else { return Ok(()) };
        let row = |bounced: &Bounced| -> [Value; 3] {
            [bounced.address.as_str().into(), micros(bounced.at).into(), bounced.status.as_str().into()]
        };
        let rows = bounced.iter().map(row).collect();
        let tail = "ON CONFLICT (address) DO UPDATE SET at = excluded.at, status = excluded.status";
        sql::write(self.connection(), "INSERT INTO bounced (address, at, status)", tail, rows).await?;
        let since = micros(now.checked_sub(BOUNCED_FOR).unwrap_or(Timestamp::MIN));
        sql::run(self.connection(), "DELETE FROM bounced WHERE at <= $1", [since.into()]).await?;
        Ok(())
    }

    async fn save_replies(
        &mut self,
        policy: &str,
        replies: &[&SentReply],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = |reply: &&SentReply| -> [Value; 10] {
            let loudness: i64 = match reply.loudness {
                Loudness::Quiet => 0,
                Loudness::Alert => 1,
                Loudness::Page => 2,
            };
            [
                self.next_id(now).into(),
                policy.into(),
                reply.to.as_str().into(),
                reply.domain.as_str().into(),
                reply.mailbox.as_deref().unwrap_or_default().into(),
                micros(reply.at).into(),
                loudness.into(),
                micros_or_never(reply.respond_by).into(),
                reply.message_id.as_str().into(),
                reply.content.0.to_vec().into(),
            ]
        };
        let rows = replies.iter().map(row).collect();
        let head = "INSERT INTO reply (id, policy, address, domain, mailbox, at, loudness, respond_by, message_id, \
                    content)";
        sql::write(self.connection(), head, "", rows).await?;
        Ok(())
    }

    /// Records what became of UIDs of a mailbox. One that was in quarantine leaves it; one that failed goes there.
    ///
    /// # Errors
    /// When the database fails, as for everything here.
    pub async fn save_ledger(
        &mut self,
        (mailbox, uid_validity): (i64, u32),
        rows: &[LedgerRow],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let uid_validity = i64::from(uid_validity);
        let row = |row: &LedgerRow| -> Result<[Value; 9], StoreError> {
            let trace = if row.trace.is_empty() { Vec::new() } else { encoded(&row.trace)? };
            Ok([
                mailbox.into(),
                uid_validity.into(),
                i64::from(row.uid).into(),
                row.state.code().into(),
                row.case.map_or(0, |case| case.0).into(),
                row.source.into(),
                micros(row.received_at).into(),
                micros(now).into(),
                trace.into(),
            ])
        };
        let values: Result<Vec<_>, StoreError> = rows.iter().map(row).collect();
        let head = "INSERT INTO ledger (mailbox_id, uid_validity, uid, state, case_id, policy_source, received_at, \
                    decided_at, trace)";
        let tail = "ON CONFLICT (mailbox_id, uid_validity, uid) DO UPDATE SET state = excluded.state, \
                    case_id = excluded.case_id, policy_source = excluded.policy_source, \
                    decided_at = excluded.decided_at, trace = excluded.trace";
        sql::write(self.connection(), head, tail, values?).await?;
        let failed = rows.iter().filter_map(|row| Some((row, row.failure.as_deref()?)));
        let quarantined: Vec<[Value; 8]> = failed
            .map(|(row, failure)| {
                [
                    self.next_id(now).into(),
                    mailbox.into(),
                    uid_validity.into(),
                    i64::from(row.uid).into(),
                    micros(row.received_at).into(),
                    failure.into(),
                    micros(now).into(),
                    0.into(),
                ]
            })
            .collect();
        let head = "INSERT INTO quarantine (id, mailbox_id, uid_validity, uid, received_at, reason, at, retry_wanted)";
        let tail = "ON CONFLICT (mailbox_id, uid_validity, uid) DO UPDATE SET reason = excluded.reason, \
                    at = excluded.at, retry_wanted = 0";
        sql::write(self.connection(), head, tail, quarantined).await?;
        Ok(())
    }

    /// Takes mails out of quarantine.
    ///
    /// # Errors
    /// See [`Change::save_ledger`].
    pub async fn release(
        &mut self,
        (mailbox, uid_validity): (i64, u32),
        uids: impl Iterator<Item = u32>,
    ) -> Result<(), StoreError> {
        let statement = ("DELETE FROM quarantine WHERE mailbox_id = $1 AND uid_validity = $2 AND uid IN", "");
        let first = [mailbox.into(), i64::from(uid_validity).into()];
        let uids = uids.map(|uid| i64::from(uid).into()).collect();
        sql::find(self.connection(), statement, &first, uids).await?;
        Ok(())
    }

    /// Adds to the histories of cases.
    ///
    /// # Errors
    /// See [`Change::save_ledger`].
    pub async fn save_history(&mut self, rows: &[HistoryRow], now: Timestamp) -> Result<(), StoreError> {
        let values: Vec<[Value; 5]> = rows
            .iter()
            .map(|row| {
                [
                    row.case.0.into(),
                    self.next_id(now).into(),
                    micros(now).into(),
                    row.event.into(),
                    row.detail.as_str().into(),
                ]
            })
            .collect();
        let head = "INSERT INTO history (case_id, seq, at, event, detail)";
        sql::write(self.connection(), head, "", values).await?;
        Ok(())
    }
}

/// The column `ours` of a thread.
fn known_as(known_as: KnownAs) -> i64 {
    match known_as {
        KnownAs::Received => 0,
        KnownAs::OurReply => 1,
        KnownAs::Named => 2,
    }
}

fn case_row(case: &Case, loaded: Option<Kept>, opened_in: &str) -> Result<[Value; 12], StoreError> {
    let detail = serde_json::to_string(case).map_err(|error| StoreError::Malformed(error.to_string()))?;
    Ok([
        case.id.0.into(),
        case.policy.as_str().into(),
        case.reference.as_str().into(),
        case.state.slug().into(),
        micros(case.opened_at).into(),
        micros(case.last_mail_at).into(),
        micros_or_never(case.respond_by).into(),
        // Whatever is due is looked for from its whole microsecond on.
        micros_or_never(case.due_at()).into(),
        number(case.version).into(),
        number(loaded.map_or(0, |kept| kept.version)).into(),
        opened_in.into(),
        detail.into(),
    ])
}

/// Codes and indices, about 200 bytes for a mail; the words stand in the policy.
fn encoded(trace: &[Step]) -> Result<Vec<u8>, StoreError> {
    postcard::to_stdvec(trace).map_err(|error| StoreError::Malformed(format!("a trace: {error}")))
}
