//! What the store promises, told on databases in folders of their own.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use jiff::Timestamp;
use sqlx::Executor;
use tempfile::TempDir;

use super::sql::Columns;
use super::*;
use crate::base::id::{CaseId, ContentKey};
use crate::base::seal::Seal;
use crate::casework::{Book, Bounced, Case, Changes, Kept, Keys, KnownAs, KnownMail, SeenContent};
use crate::decision::{Reading, decide, read};
use crate::mail::Source;
use crate::policy::{Files, Policy, RawFile, compile};

const NOW: &str = "2026-01-10T09:00:00Z";

const POLICY: &str = r#"
name = "story"
[[calendar]]
name = "office"
time_zone = "UTC"
week = { mon-fri = ["08:00-20:00"] }
[[desk]]
name = "main"
calendar = "office"
[[label.urgency]]
value = "urgent"
keywords = ["Urgent"]
[[label.urgency]]
value = "normal"
default = true
[[coverage]]
name = "urgent"
when = { urgency = "urgent" }
alert = "on-call"
[[coverage]]
name = "all"
[[escalation]]
name = "on-call"
steps = [{ after = "0m", notify = ["pager"] }]
"#;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn policy() -> Policy {
    let files = vec![RawFile { name: "policy.toml".into(), content: Ok(POLICY.into()) }];
    let outcome = compile(&Files { files });
    outcome.policy.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics))
}

fn mail(policy: &Policy, number: usize, head: &str) -> Reading {
    let text =
        format!("From: anna@client.example\r\nMessage-ID: <{number}@client.example>\r\n{head}\r\n\r\nHello");
    read(&Source::Whole(text.as_bytes()), policy, Some("support"))
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(TempDir::new().expect("a folder"))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("desk é?#%20.db")
    }

    async fn store(&self) -> Store {
        Store::open(&self.path()).await.expect("a store")
    }
}

/// Decides on a mail in a transaction of its own; answers its case.
async fn decided(store: &Store, policy: &Policy, reading: &Reading, now: &str) -> Case {
    let now = at(now);
    let mut change = store.begin().await.expect("a change");
    let mut book = Book::default();
    book.load(change.load(policy, &[Keys::of(reading, now)], now).await.expect("found"));
    let standing = book.standing(reading, policy, now, now);
    let decision = decide(reading, &standing, policy, now, now);
    book.apply(reading, &decision, policy);
    change.save_book(&policy.name, &book.changes(), &Openings::new(), now).await.expect("saved");
    change.commit().await.expect("committed");
    book.case(decision.case).expect("the case").clone()
}

#[tokio::test]
async fn a_second_daemon_is_refused_and_a_reader_is_not() {
    let folder = Folder::new();
    let store = folder.store().await;
    let busy = Store::open(&folder.path()).await.expect_err("two daemons");
    assert!(matches!(busy, StoreError::Busy { .. }) && busy.to_string().contains("in use"), "{busy}");
    let reader = Reader::open(&folder.path()).await.expect("a reader");
    assert_eq!(reader.overview().await.expect("an overview").mailboxes, []);
    let mode = std::fs::metadata(folder.path()).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    store.close().await;
    folder.store().await;
}

#[tokio::test]
async fn files_that_are_no_database_of_ours_are_refused_by_name() {
    let folder = Folder::new();
    let path = folder.path();
    let missing = Reader::open(&path).await.expect_err("nothing there");
    assert!(matches!(missing, StoreError::Missing { .. }) && !path.exists(), "{missing}");
    std::fs::write(&path, "this is no database, and longer than a header of one ".repeat(50))
        .expect("written");
    for error in [
        Store::open(&path).await.expect_err("no database"),
        Reader::open(&path).await.expect_err("no database"),
    ] {
        assert!(matches!(error, StoreError::NotOurs { .. }), "{error:?}");
    }
    std::fs::remove_file(&path).expect("removed");
    std::fs::write(&path, "").expect("written");
    let pool = connect(&path, Purpose::Write).await.expect("a database");
    pool.execute("CREATE TABLE other (id INTEGER)").await.expect("a table");
    pool.close().await;
    let error = Store::open(&path).await.expect_err("another program's");
    assert!(error.to_string().contains("another program"), "{error}");
    let nowhere = Store::open(&path.join("below/a/file")).await.expect_err("no folder");
    assert!(matches!(nowhere, StoreError::Unreadable { .. }), "{nowhere:?}");
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let folder = Folder::new();
    folder.store().await.close().await;
    let pool = connect(&folder.path(), Purpose::Write).await.expect("a database");
    pool.execute("UPDATE schema_version SET version = 99").await.expect("changed");
    pool.close().await;
    let error = Store::open(&folder.path()).await.expect_err("newer");
    assert!(matches!(error, StoreError::Version { found: 99, .. }), "{error:?}");
    assert!(error.to_string().contains("run the newer one"), "{error}");
    assert!(Reader::open(&folder.path()).await.is_err());
}

#[tokio::test]
async fn a_conversation_is_found_for_months_and_its_own_ids_stay_young() {
    let folder = Folder::new();
    let (store, policy) = (folder.store().await, policy());
    let first = decided(&store, &policy, &mail(&policy, 1, "Subject: a"), NOW).await;
    let reply = "Subject: Re: a\r\nReferences: <1@client.example>";
    let second = decided(&store, &policy, &mail(&policy, 2, reply), "2026-03-20T09:00:00Z").await;
    assert_eq!(second.id, first.id);
    // 1 was heard of in March; without that, June would be too late.
    let third = decided(&store, &policy, &mail(&policy, 3, reply), "2026-06-10T09:00:00Z").await;
    assert_eq!(third.id, first.id);
    let late = mail(&policy, 4, "Subject: Re: a\r\nReferences: <2@client.example>");
    assert_ne!(decided(&store, &policy, &late, "2026-12-24T09:00:00Z").await.id, first.id);
    let tagged = mail(&policy, 5, &format!("Subject: about [{}]", first.reference));
    assert_eq!(decided(&store, &policy, &tagged, "2026-03-21T09:00:00Z").await.id, first.id);
}

#[tokio::test]
async fn cases_are_counted_by_state_and_show_who_opened_them() {
    let folder = Folder::new();
    let (store, policy) = (folder.store().await, policy());
    let first = decided(&store, &policy, &mail(&policy, 1, "Subject: a"), NOW).await;
    decided(&store, &policy, &mail(&policy, 2, "Subject: b\r\nPrecedence: bulk"), NOW).await;
    let mut taken = first.clone();
    taken.acknowledge();
    let mut change = store.begin().await.expect("a change");
    change.save_cases(&[(&taken, Some(Kept::of(&first)))], &Openings::new()).await.expect("saved");
    change.commit().await.expect("committed");
    let reader = Reader::open(&folder.path()).await.expect("a reader");
    let counted: Vec<(String, u64)> =
        reader.overview().await.expect("an overview").cases.into_iter().collect();
    assert_eq!(counted, [("acknowledged".to_owned(), 1), ("open".to_owned(), 1)]);
    let cases = reader.cases(false, 10).await.expect("cases");
    assert!(cases.iter().any(|case| case.people.is_empty()), "a machine is nobody to answer");
    assert!(cases.iter().all(|case| case.opener.as_deref() == Some("anna@client.example")));
}

#[tokio::test]
async fn a_case_is_saved_only_over_the_version_that_was_loaded() {
    let folder = Folder::new();
    let (store, policy) = (folder.store().await, policy());
    let mut case = decided(&store, &policy, &mail(&policy, 1, "Subject: a"), NOW).await;
    let loaded = Kept::of(&case);
    case.acknowledge();
    case.acknowledge();
    let save = async |case: &Case, loaded: Option<Kept>| {
        let mut change = store.begin().await.expect("a change");
        change.save_cases(&[(case, loaded)], &Openings::new()).await?;
        change.commit().await
    };
    save(&case, Some(loaded)).await.expect("saved");
    assert!(save(&case, Some(loaded)).await.expect_err("stale").is_conflict());
    assert!(save(&case, None).await.expect_err("not new").is_conflict());
    let stolen = Case { policy: "other".to_owned(), ..case.clone() };
    assert!(save(&stolen, Some(Kept::of(&case))).await.expect_err("another policy's").is_conflict());
}

#[tokio::test]
async fn contents_that_share_a_key_are_not_the_same() {
    let folder = Folder::new();
    let (store, policy) = (folder.store().await, policy());
    let reading = mail(&policy, 1, "Subject: a\r\nDate: Sat, 10 Jan 2026 08:00:00 +0000");
    let seen =
        SeenContent { content: reading.content, case: CaseId(7), at: at(NOW), date: reading.message.date };
    let mut change = store.begin().await.expect("a change");
    let changes = Changes { contents: &[seen], ..Changes::default() };
    change.save_book(&policy.name, &changes, &Openings::new(), at(NOW)).await.expect("saved");
    let keys = || [Keys::of(&reading, at(NOW))];
    let found = change.load(&policy, &keys(), at(NOW)).await.expect("found");
    assert_eq!(found.contents, [seen]);
    let other = ContentKey([1; 16]).0.to_vec().into();
    sql::run(change.connection(), "UPDATE content SET hash = $1", [other]).await.expect("changed");
    let found = change.load(&policy, &keys(), at(NOW)).await.expect("found");
    assert_eq!(found.contents, []);
}

#[tokio::test]
async fn what_is_dropped_before_its_commit_leaves_nothing() {
    let folder = Folder::new();
    let store = folder.store().await;
    for _ in 0..20 {
        let mut change = store.begin().await.expect("a change");
        change.heartbeat("alive", at(NOW)).await.expect("written");
        let mails = vec![KnownMail {
            message_id: "x".into(),
            case: CaseId(1),
            known_as: KnownAs::Received,
            fresh: false,
        }];
        let changes = Changes { mails, ..Changes::default() };
        change.save_book("story", &changes, &Openings::new(), at(NOW)).await.expect("saved");
    }
    let reader = Reader::open(&folder.path()).await.expect("a reader");
    assert_eq!(reader.overview().await.expect("an overview").heartbeat, None);
    let mut change = store.begin().await.expect("a change");
    change.heartbeat("ali\0ve", at(NOW)).await.expect("written");
    change.commit().await.expect("committed");
    let heartbeat = reader.overview().await.expect("an overview").heartbeat.expect("a sign");
    assert_eq!((heartbeat.at, heartbeat.status.as_str()), (at(NOW), "ali\u{fffd}ve"));
}

#[tokio::test]
async fn a_case_that_cannot_be_understood_stands_in_nobodys_way() {
    let folder = Folder::new();
    let (store, policy) = (folder.store().await, policy());
    let first = decided(&store, &policy, &mail(&policy, 1, "Subject: Urgent a"), NOW).await;
    let second = decided(&store, &policy, &mail(&policy, 2, "Subject: Urgent b"), NOW).await;
    let mut change = store.begin().await.expect("a change");
    let spoil = "UPDATE matter SET detail = '{}' WHERE id = $1";
    sql::run(change.connection(), spoil, [first.id.0.into()]).await.expect("spoilt");
    let later = at("2026-01-12T09:00:00Z");
    let (due, broken) = change.due_cases(later, 10).await.expect("cases");
    assert_eq!(due.iter().map(|case| case.id).collect::<Vec<_>>(), [second.id]);
    assert_eq!(broken, [first.id]);
    change.park(first.id).await.expect("parked");
    let (_, broken) = change.due_cases(later, 10).await.expect("cases");
    assert!(broken.is_empty());
    let reading = mail(&policy, 3, "In-Reply-To: <1@client.example>");
    let error = change.load(&policy, &[Keys::of(&reading, later)], later).await.expect_err("malformed");
    assert!(error.is_about_the_data(), "{error}");
}

#[tokio::test]
async fn a_trace_and_a_policy_are_kept_for_later() {
    let folder = Folder::new();
    let (store, policy) = (folder.store().await, policy());
    let reading = mail(&policy, 1, "Subject: a");
    let now = at(NOW);
    let standing = Book::default().standing(&reading, &policy, now, now);
    let trace = decide(&reading, &standing, &policy, now, now).trace;
    let mut change = store.begin().await.expect("a change");
    let source = change.policy_source(&policy).await.expect("kept");
    assert_eq!(change.policy_source(&policy).await.expect("kept"), source);
    let row = LedgerRow {
        uid: 5,
        state: LedgerState::Decided,
        case: Some(CaseId(7)),
        source,
        received_at: now,
        trace: trace.clone(),
        failure: None,
    };
    change.save_ledger((1, 7), &[row], now).await.expect("recorded");
    let rows = sql::rows(change.connection(), "SELECT trace FROM ledger", []).await.expect("a row");
    let kept = rows[0].bytes("trace").expect("bytes");
    assert!(kept.len() < 300, "{} bytes", kept.len());
    let read: Vec<crate::decision::Step> = postcard::from_bytes(&kept).expect("a trace");
    assert_eq!(read, trace);
}

/// What a daemon of the first version left: a database of its shape, with data.
async fn database_of_version_one(path: &std::path::Path, case: &Case) {
    std::fs::write(path, "").expect("written");
    let pool = connect(path, Purpose::Write).await.expect("a database");
    pool.execute("CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT").await.expect("a table");
    pool.execute(sqlx::raw_sql(schema::MIGRATIONS[0])).await.expect("tables");
    pool.execute("INSERT INTO schema_version (version) VALUES (1)").await.expect("a row");
    pool.execute("INSERT INTO fact (key, value, at) VALUES ('replies-off', '', 1)").await.expect("a row");
    let detail = serde_json::to_string(case).expect("JSON");
    assert!(!detail.contains("addressed"), "as it was written then");
    let mut connection = pool.acquire().await.expect("a connection");
    let insert = "INSERT INTO matter (id, policy, reference, state, opened_at, last_mail_at, respond_by, due_at, \
                  version, changed_from, opened_in, detail) VALUES ($1, 'story', $2, 'open', 1, 1, 0, 0, $3, 0, '', $4)";
    let values =
        [case.id.0.into(), case.reference.as_str().into(), sql::number(case.version).into(), detail.into()];
    sql::run(&mut connection, insert, values).await.expect("a row");
    // An automatic reply of then, without a seal.
    let bits = keys::mail_bits("story", OLD_REPLY);
    let key = keys::thread_key(keys::period(at(NOW)), bits);
    let insert = "INSERT INTO thread (key, case_id, ours) VALUES ($1, $2, 1)";
    sql::run(&mut connection, insert, [key.into(), case.id.0.into()]).await.expect("a row");
    drop(connection);
    pool.close().await;
}

const OLD_REPLY: &str = "K7Q4-MX2P.0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f.reply@desk.example";

#[tokio::test]
async fn a_database_of_the_first_version_gets_a_seal_and_keeps_what_it_knew() {
    let (elsewhere, policy) = (Folder::new(), policy());
    let old = decided(&elsewhere.store().await, &policy, &mail(&policy, 1, "Subject: a"), NOW).await;
    let folder = Folder::new();
    database_of_version_one(&folder.path(), &old).await;
    assert!(Reader::open(&folder.path()).await.is_err(), "the daemon brings it up to date");
    let store = folder.store().await;
    assert_ne!(store.seal(), Seal::default());
    let mut change = store.begin().await.expect("a change");
    assert!(change.stops().await.expect("stops").off_since.is_some());
    drop(change);
    let follow_up = mail(&policy, 2, &format!("Subject: Re: a\r\nIn-Reply-To: <{OLD_REPLY}>"));
    assert_eq!(decided(&store, &policy, &follow_up, "2026-01-11T09:00:00Z").await.id, old.id);
    let keys = [Keys::of(&follow_up, at(NOW))];
    let mut change = store.begin().await.expect("a change");
    let found = change.load(&policy, &keys, at(NOW)).await.expect("found");
    assert!(found.mails.iter().any(|mail| mail.known_as == KnownAs::OurReply), "it answers a reply of ours");
}

#[tokio::test]
async fn a_seal_is_made_once_and_belongs_to_its_database() {
    let folder = Folder::new();
    let store = folder.store().await;
    let seal = store.seal();
    store.close().await;
    let store = folder.store().await;
    assert_eq!(store.seal(), seal, "after a restart");
    store.close().await;
    let copy = Folder::new();
    std::fs::copy(folder.path(), copy.path()).expect("a backup");
    assert_eq!(copy.store().await.seal(), seal, "in a backup");
    assert_ne!(Folder::new().store().await.seal(), seal, "another house has another");
}

#[tokio::test]
async fn an_address_that_bounced_is_remembered_for_sixty_days() {
    let folder = Folder::new();
    let (store, policy) = (folder.store().await, policy());
    let bounced = |address: &str, at: Timestamp| Bounced {
        address: address.to_owned(),
        at,
        status: "5.1.1".to_owned(),
    };
    let save = async |bounced: &[Bounced]| {
        let mut change = store.begin().await.expect("a change");
        let changes = Changes { bounced, ..Changes::default() };
        change.save_book(&policy.name, &changes, &Openings::new(), at(NOW)).await.expect("saved");
        change.commit().await.expect("committed");
    };
    save(&[bounced("anna@client.example", at(NOW)), bounced("ben@client.example", at(NOW))]).await;
    let reading = mail(&policy, 1, "Subject: a");
    let known = async |now: &str| {
        let mut change = store.begin().await.expect("a change");
        let found = change.load(&policy, &[Keys::of(&reading, at(now))], at(now)).await.expect("found");
        found.bounced
    };
    assert_eq!(known("2026-03-11T08:59:59Z").await, [("anna@client.example".to_owned(), at(NOW))]);
    assert_eq!(known("2026-03-11T09:00:00Z").await, []);
    // What is long ago goes with the next one.
    save(&[bounced("carl@client.example", at("2026-03-11T09:00:00Z"))]).await;
    let mut change = store.begin().await.expect("a change");
    let rows = sql::rows(change.connection(), "SELECT address FROM bounced", []).await.expect("rows");
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn a_mail_that_others_referred_to_first_belongs_to_its_own_case() {
    let folder = Folder::new();
    let (store, policy) = (folder.store().await, policy());
    let late = "2026-02-20T09:00:00Z";
    for (number, now) in [(1, NOW), (11, late)] {
        // In the same four weeks, and in others.
        let original = number + 1;
        let head = format!("Subject: x\r\nReferences: <{original}@client.example>");
        let text =
            format!("From: eve@evil.example\r\nMessage-ID: <e{number}@evil.example>\r\n{head}\r\n\r\nHello");
        let eve = read(&Source::Whole(text.as_bytes()), &policy, Some("support"));
        let eve = decided(&store, &policy, &eve, NOW).await;
        let anna = decided(&store, &policy, &mail(&policy, original, "Subject: a"), now).await;
        assert_ne!(anna.id, eve.id);
        let follow_up = format!("Subject: Re: a\r\nIn-Reply-To: <{original}@client.example>");
        let again = decided(&store, &policy, &mail(&policy, number + 2, &follow_up), late).await;
        assert_eq!(again.id, anna.id, "{now}");
    }
}
