//! Finding everything that is known of some mails at once, and the cases that time has brought up.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::change::Change;
use super::sql::{self, Columns, Row, Value, count, number};
use super::{StoreError, instant, instant_or_never, keys, micros};
use crate::base::id::{CaseId, ContentKey};
use crate::casework::{BOUNCED_FOR, Case, EarlierReplies, Keys, KnownAs, KnownMail, Loaded, SeenContent};
use crate::decision::{LastReply, Loudness};
use crate::policy::Policy;

impl Change<'_> {
    /// What is known of mails under a policy, for a decision at `now`.
    ///
    /// # Errors
    /// When the database fails, or holds a case that cannot be understood.
    pub async fn load(
        &mut self,
        policy: &Policy,
        mails: &[Keys<'_>],
        now: Timestamp,
    ) -> Result<Loaded, StoreError> {
        let mut loaded = Loaded::default();
        let mut wanted: BTreeSet<CaseId> = mails.iter().map(|mail| mail.case).collect();
        wanted.extend(self.threads(policy, mails, now, &mut loaded).await?);
        self.contents(policy, mails, &mut loaded).await?;
        wanted.extend(loaded.contents.iter().map(|seen| seen.case));
        self.cases_of(policy, wanted, &mut loaded).await?;
        self.neighbours(policy, mails, &mut loaded).await?;
        self.replies(policy, mails, now, &mut loaded).await?;
        self.bounces(mails, now, &mut loaded).await?;
        Ok(loaded)
    }

    /// The mails that are known by what the mails at hand refer to. Answers their cases, and those of the references
    /// in subjects.
    async fn threads(
        &mut self,
        policy: &Policy,
        mails: &[Keys<'_>],
        now: Timestamp,
        loaded: &mut Loaded,
    ) -> Result<Vec<CaseId>, StoreError> {
        let periods = keys::periods(policy, now);
        let this_period = *periods.end();
        let mut names: HashMap<i64, &str> = HashMap::new();
        let mut wanted: BTreeSet<i64> = BTreeSet::new();
        for mail in mails {
            for message_id in mail.references.iter().copied() {
                names.insert(keys::mail_bits(&policy.name, message_id), message_id);
            }
            for tag in &mail.tags {
                let bits = keys::reference_bits(&policy.name, tag.as_ref());
                wanted.extend(periods.clone().map(|period| keys::thread_key(period, bits)));
            }
            // Another case that is called the same; there is one in a million cases, and only a recent one matters.
            let own = keys::reference_bits(&policy.name, &mail.case.reference());
            wanted.extend((this_period - 1..=this_period).map(|period| keys::thread_key(period, own)));
        }
        for bits in names.keys() {
            wanted.extend(periods.clone().map(|period| keys::thread_key(period, *bits)));
        }
        let statement = ("SELECT key, case_id, ours FROM thread WHERE key IN", "ORDER BY key");
        let wanted = wanted.into_iter().map(Value::from).collect();
        let mut cases = Vec::new();
        let mut known: HashMap<&str, KnownMail> = HashMap::new();
        for row in sql::find(self.connection(), statement, &[], wanted).await? {
            let (key, case) = (row.number("key")?, CaseId(row.number("case_id")?));
            cases.push(case);
            let Some(name) = names.get(&keys::bits_of(key)) else { continue };
            let known_as = match row.number("ours")? {
                0 => KnownAs::Received,
                1 => KnownAs::OurReply,
                _ => KnownAs::Named,
            };
            // The first case that a Message-ID belongs to keeps it, and the rows come oldest first.
            let message_id = (*name).to_owned();
            let new = KnownMail { message_id, case, known_as, fresh: false };
            let mail = known.entry(name).or_insert_with(|| new.clone());
            if mail.known_as == KnownAs::Named && known_as != KnownAs::Named {
                *mail = new;
            }
            mail.fresh |= keys::period_of(key) == this_period;
        }
        loaded.mails.extend(known.into_values());
        Ok(cases)
    }

    async fn contents(
        &mut self,
        policy: &Policy,
        mails: &[Keys<'_>],
        loaded: &mut Loaded,
    ) -> Result<(), StoreError> {
        let mut wanted: HashMap<i64, Vec<&Keys<'_>>> = HashMap::new();
        for mail in mails {
            for key in keys::content_keys(&policy.name, mail.content, mail.date, mail.received_at) {
                wanted.entry(key).or_default().push(mail);
            }
        }
        let statement = ("SELECT key, hash, case_id, at FROM content WHERE key IN", "ORDER BY at");
        let values = wanted.keys().copied().map(Value::from).collect();
        for row in sql::find(self.connection(), statement, &[], values).await? {
            let (hash, case) = (row.bytes("hash")?, CaseId(row.number("case_id")?));
            let at = instant(row.number("at")?);
            // Two contents can share the bits of the key, never the hash.
            let same = wanted.get(&row.number("key")?).into_iter().flatten();
            for mail in same.filter(|mail| mail.content.0 == *hash) {
                loaded.contents.push(SeenContent { content: mail.content, case, at, date: mail.date });
            }
        }
        Ok(())
    }

    async fn cases_of(
        &mut self,
        policy: &Policy,
        ids: BTreeSet<CaseId>,
        loaded: &mut Loaded,
    ) -> Result<(), StoreError> {
        let statement = ("SELECT id, policy, detail FROM matter WHERE id IN", "");
        let ids = ids.into_iter().map(|id| id.0.into()).collect();
        for row in sql::find(self.connection(), statement, &[], ids).await? {
            if row.text("policy")? == policy.name {
                loaded.cases.push(case(&row)?);
            } else {
                loaded.taken.push(CaseId(row.number("id")?));
            }
        }
        Ok(())
    }

    /// Where the id of a new case is taken, those after it may be, too.
    async fn neighbours(
        &mut self,
        policy: &Policy,
        mails: &[Keys<'_>],
        loaded: &mut Loaded,
    ) -> Result<(), StoreError> {
        let known: HashSet<CaseId> = loaded.cases.iter().map(|case| case.id).collect();
        let taken = |id: &CaseId| known.contains(id) || loaded.taken.contains(id);
        let ids: BTreeSet<CaseId> = mails
            .iter()
            .filter(|mail| taken(&mail.case))
            .flat_map(|mail| keys::case_ids(mail.case))
            .filter(|id| !taken(id))
            .collect();
        if ids.is_empty() { Ok(()) } else { self.cases_of(policy, ids, loaded).await }
    }

    /// Replies within the limits' periods. There are never many: what is over a limit was not decided.
    async fn replies(
        &mut self,
        policy: &Policy,
        mails: &[Keys<'_>],
        now: Timestamp,
        loaded: &mut Loaded,
    ) -> Result<(), StoreError> {
        let limits = &policy.auto_reply;
        let within = |period: SignedDuration| -> [Value; 2] {
            let since = now.checked_sub(period).unwrap_or(Timestamp::MIN);
            [policy.name.as_str().into(), micros(since).into()]
        };
        let recipients: Vec<_> = mails.iter().filter_map(|mail| mail.recipient).collect();
        let people = distinct(recipients.iter().map(|to| to.person().key()));
        let statement = (
            "SELECT address, at, loudness, respond_by FROM reply WHERE policy = $1 AND at > $2 AND address IN",
            "ORDER BY at",
        );
        let mut to_people: HashMap<String, EarlierReplies> = HashMap::new();
        for row in sql::find(self.connection(), statement, &within(limits.once_per), people).await? {
            let last = last_reply(&row)?;
            let earlier = to_people.entry(row.text("address")?).or_insert(EarlierReplies { count: 0, last });
            (earlier.count, earlier.last) = (earlier.count + 1, last);
        }
        loaded.to_people.extend(to_people);
        let domains = distinct(recipients.iter().map(|to| to.person().domain().to_owned()));
        let statement = (
            "SELECT domain AS name, COUNT(*) AS n FROM reply WHERE policy = $1 AND at > $2 AND domain IN",
            "GROUP BY domain",
        );
        let found = sql::find(self.connection(), statement, &within(limits.per_domain.per), domains).await?;
        loaded.to_domains = counts(&found)?;
        let mailboxes = distinct(mails.iter().filter_map(|mail| mail.mailbox).map(str::to_owned));
        let statement = (
            "SELECT mailbox AS name, COUNT(*) AS n FROM reply WHERE policy = $1 AND at > $2 AND mailbox IN",
            "GROUP BY mailbox",
        );
        let found =
            sql::find(self.connection(), statement, &within(limits.per_mailbox.per), mailboxes).await?;
        loaded.from_mailboxes = counts(&found)?;
        let contents = mails.iter().map(|mail| mail.content.0.to_vec().into()).collect();
        let statement = ("SELECT content FROM reply WHERE policy <> $1 AND content IN", "");
        for row in sql::find(self.connection(), statement, &[policy.name.as_str().into()], contents).await? {
            loaded.answered_elsewhere.extend(<[u8; 16]>::try_from(row.bytes("content")?).map(ContentKey));
        }
        Ok(())
    }

    /// Addresses to which replies could not be delivered; and to whom those went that are reported now.
    async fn bounces(
        &mut self,
        mails: &[Keys<'_>],
        now: Timestamp,
        loaded: &mut Loaded,
    ) -> Result<(), StoreError> {
        let people = distinct(mails.iter().filter_map(|mail| mail.recipient).map(|to| to.person().key()));
        let statement = ("SELECT address, at FROM bounced WHERE at > $1 AND address IN", "");
        let since = micros(now.checked_sub(BOUNCED_FOR).unwrap_or(Timestamp::MIN));
        for row in sql::find(self.connection(), statement, &[since.into()], people).await? {
            loaded.bounced.push((row.text("address")?, instant(row.number("at")?)));
        }
        let contents = mails.iter().flat_map(|mail| &mail.undelivered);
        let contents = contents.map(|content| content.0.to_vec().into()).collect();
        let statement = ("SELECT content, address FROM reply WHERE content IN", "ORDER BY id");
        for row in sql::find(self.connection(), statement, &[], contents).await? {
            if let Ok(content) = <[u8; 16]>::try_from(row.bytes("content")?) {
                loaded.replied_to.push((ContentKey(content), row.text("address")?));
            }
        }
        Ok(())
    }

    /// Cases that time changes by `now`, the most overdue first; and those that should be among them but cannot be
    /// understood.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due_cases(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<(Vec<Case>, Vec<CaseId>), StoreError> {
        let statement =
            "SELECT id, detail FROM matter WHERE due_at > 0 AND due_at <= $1 ORDER BY due_at LIMIT $2";
        let values = [micros(now).into(), number(limit).into()];
        let (mut cases, mut broken) = (Vec::new(), Vec::new());
        for row in sql::rows(self.connection(), statement, values).await? {
            match case(&row) {
                Ok(case) => cases.push(case),
                Err(StoreError::Malformed(_)) => broken.push(CaseId(row.number("id")?)),
                Err(error) => return Err(error),
            }
        }
        Ok((cases, broken))
    }

    /// When time changes a case next.
    ///
    /// # Errors
    /// See [`Change::load`].
    pub async fn next_due(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let statement = "SELECT due_at FROM matter WHERE due_at > 0 ORDER BY due_at LIMIT 1";
        let found = sql::rows(self.connection(), statement, []).await?;
        found.first().map_or(Ok(None), |row| Ok(instant_or_never(row.number("due_at")?)))
    }
}

pub(super) fn case(row: &Row) -> Result<Case, StoreError> {
    let id = row.number("id")?;
    serde_json::from_str(&row.text("detail")?)
        .map_err(|error| StoreError::Malformed(format!("case {id} cannot be understood: {error}")))
}

fn last_reply(row: &Row) -> Result<LastReply, StoreError> {
    Ok(LastReply {
        at: instant(row.number("at")?),
        loudness: match row.number("loudness")? {
            0 => Loudness::Quiet,
            1 => Loudness::Alert,
            _ => Loudness::Page,
        },
        respond_by: instant_or_never(row.number("respond_by")?),
    })
}

fn distinct(texts: impl Iterator<Item = String>) -> Vec<Value> {
    texts.collect::<BTreeSet<String>>().into_iter().map(Value::from).collect()
}

fn counts(rows: &[Row]) -> Result<Vec<(String, usize)>, StoreError> {
    rows.iter().map(|row| Ok((row.text("name")?, count(row.number("n")?)))).collect()
}
