//! What stands in mailboxes: sparse and lying UIDs, missing and huge mails, first sights and changed UIDVALIDITY.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use nightdesk::service::Link;
use nightdesk::settings::Start;

use crate::ledger::{Desk, Ledger};
use crate::server::{Act, Fault, Mail, Server};

async fn desk(uids: impl IntoIterator<Item = u32>) -> Desk {
    Desk::new(Server::start(uids.into_iter().map(|uid| (uid, Mail::numbered(uid)))).await)
}

/// A mailbox seen for the first time.
async fn new_desk(start: Start, uids: impl IntoIterator<Item = u32>) -> Desk {
    let mut desk = desk(uids).await;
    (desk.start, desk.ledger) = (start, Ledger::new());
    desk
}

async fn is_waiting(desk: &Desk) {
    while desk.health.snapshot().get("support").is_none_or(|health| health.link != Link::Waiting) {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn uids_may_lie_anywhere_and_the_next_one_may_be_a_lie() {
    let sparse = [1, 2, 70, 5_000, 300_000, 2_000_000_000, u32::MAX - 1, u32::MAX];
    for uid_next in [None, Some(1), Some(2), Some(4_000_000_000), Some(u32::MAX)] {
        let desk = desk(sparse).await;
        desk.server.folder().uid_next = uid_next;
        desk.while_owned(desk.ledger.has(sparse)).await;
        assert_eq!(desk.ledger.book().cursor.map(|cursor| cursor.next_uid), Some(1 << 32));
        assert!(desk.server.count("FETCH") < 8, "{:?}", desk.server.folder().log);
    }
}

#[tokio::test]
async fn a_new_mail_is_fetched_at_once() {
    let desk = desk([1, 2]).await;
    let new_mail = async {
        desk.ledger.has([1, 2]).await;
        is_waiting(&desk).await;
        let before = desk.server.folder().log.len();
        desk.server.deliver(9, Mail::numbered(9));
        desk.ledger.has([1, 2, 9]).await;
        let log = desk.server.folder().log[before..].to_vec();
        let first = log.iter().find(|line| !line.starts_with("IDLE") && *line != "DONE").cloned();
        assert!(
            first.as_deref().is_some_and(|line| line.starts_with("UID FETCH 3:66 (UID INTERNALDATE")),
            "{log:?}"
        );
        // Far away: looked for, then listed.
        desk.server.deliver(900_000, Mail::numbered(10));
        desk.ledger.has([1, 2, 9, 900_000]).await;
    };
    desk.while_owned(new_mail).await;
    assert_eq!(desk.server.folder().connections, 1);
}

#[tokio::test]
async fn mail_that_comes_in_while_reading_is_read_without_waiting_for_the_poll() {
    let desk = desk(1..=200).await;
    let later = async {
        desk.ledger.until("nothing", |book| !book.records.is_empty()).await;
        desk.server.deliver(201, Mail::numbered(201));
        desk.ledger.has(1..=201).await;
    };
    desk.while_owned(later).await;
}

#[tokio::test]
async fn without_idle_the_poll_finds_the_mail() {
    let mut desk = desk([1]).await;
    desk.poll = Duration::from_millis(30);
    desk.server.folder().capabilities = "IMAP4rev1";
    let later = async {
        desk.ledger.has([1]).await;
        desk.server.deliver(2, Mail::numbered(2));
        desk.ledger.has([1, 2]).await;
    };
    desk.while_owned(later).await;
    assert_eq!(desk.server.count("IDLE"), 0);
}

#[tokio::test]
async fn the_first_sight_sets_from_where_it_is_read() {
    let desk = new_desk(Start::Now, [1, 2, 3]).await;
    desk.server.folder().uid_next = Some(4_000_000_000);
    let later = async {
        desk.ledger.until("no baseline", |book| book.cursor.is_some()).await;
        desk.server.deliver(4, Mail::numbered(4));
        desk.ledger.has([4]).await;
    };
    desk.while_owned(later).await;
    let empty = new_desk(Start::Now, []).await;
    empty.while_owned(empty.ledger.until("no baseline", |book| book.cursor.is_some())).await;
    assert_eq!(empty.ledger.book().cursor.map(|cursor| cursor.next_uid), Some(1));
}

#[tokio::test]
async fn what_came_in_too_long_before_is_only_recorded() {
    for (start, expected) in [
        (Start::All, ["before-start", "number 2", "number 3"]),
        (Start::Back(SignedDuration::from_hours(2)), ["before-start", "before-start", "number 3"]),
    ] {
        let desk = new_desk(start, [1, 2, 3]).await;
        for (uid, date) in [
            (1, " 1-Jan-2026 00:00:00 +0000"),
            (2, "09-Jan-2026 12:00:00 -0500"),
            (3, "09-Jan-2026 21:00:00 -0500"),
        ] {
            desk.server.folder().mails.get_mut(&uid).expect("a mail").date = Some(date.to_owned());
        }
        desk.while_owned(desk.ledger.has([1, 2, 3])).await;
        assert!(desk.ledger.book().records.values().eq(expected), "{start:?} {:?}", desk.ledger.book());
    }
}

#[tokio::test]
async fn dates_that_make_no_sense_are_now() {
    let desk = desk([1, 2, 3, 4]).await;
    let dates =
        [None, Some("01-Jan-1970 00:00:00 +0000"), Some("yesterday"), Some("01-Jan-2099 00:00:00 +0000")];
    for (uid, date) in (1..).zip(dates) {
        desk.server.folder().mails.get_mut(&uid).expect("a mail").date = date.map(str::to_owned);
    }
    desk.while_owned(desk.ledger.has(1..=4)).await;
    assert!(desk.ledger.book().dates.values().all(|date| date.to_string() == "2026-01-10T02:04:00Z"));
}

#[tokio::test]
async fn a_changed_uidvalidity_halts_and_skips_nothing() {
    let mut desk = desk([1, 2]).await;
    desk.poll = Duration::from_millis(20);
    desk.server.folder().uid_validity = 8;
    let halted = async {
        desk.ledger.until("no alarm", |book| book.alarms.contains("uidvalidity-changed/support")).await;
        assert_eq!(desk.health.snapshot()["support"].link, Link::Halted);
        assert!(desk.ledger.book().halted.is_some() && desk.ledger.book().records.is_empty());
        // The server comes to its senses; that alone does not convince us.
        desk.server.folder().uid_validity = 7;
        let opened = desk.ledger.book().opened;
        desk.ledger.until("not opened again", |book| book.opened > opened + 2).await;
        assert!(desk.ledger.book().records.is_empty());
        desk.ledger.book().halted = None;
        desk.ledger.has([1, 2]).await;
    };
    desk.while_owned(halted).await;
    assert!(desk.ledger.book().alarms.is_empty());
}

#[tokio::test]
async fn a_mailbox_that_is_made_anew_meanwhile_is_noticed() {
    let mut desk = desk([1, 2]).await;
    (desk.poll, desk.open_again) = (Duration::from_millis(20), Duration::ZERO);
    let halted = async {
        desk.ledger.has([1, 2]).await;
        is_waiting(&desk).await;
        {
            let mut folder = desk.server.folder();
            folder.uid_validity = 8;
            folder.mails = [(1, Mail::numbered(11)), (3, Mail::numbered(13))].into();
        }
        desk.ledger.until("no alarm", |book| book.alarms.contains("uidvalidity-changed/support")).await;
        assert_eq!(desk.health.snapshot()["support"].link, Link::Halted);
        assert_eq!(desk.ledger.book().records.len(), 2);
    };
    desk.while_owned(halted).await;
    assert_eq!(desk.server.folder().connections, 1);
}

#[tokio::test]
async fn a_body_that_is_not_there_is_asked_for_twice() {
    let desk = desk(1..=5).await;
    desk.server.folder().mails.get_mut(&2).expect("a mail").is_there = false;
    desk.server.folder().mails.get_mut(&3).expect("a mail").bytes.clear();
    // Listed, and expunged before it is fetched.
    desk.server.fault(
        "(UID)",
        Act::Say(
            "* 9 FETCH (UID 4)\r\n* 9 FETCH (UID 8)\r\n* 1 FETCH (UID 1)\r\n\
        * 2 FETCH (UID 2)\r\n* 2 FETCH (UID 2)\r\n* 3 FETCH (UID 3)\r\n* 5 FETCH (UID 5)\r\n{tag} OK\r\n",
        ),
    );
    desk.while_owned(desk.ledger.has([1, 2, 3, 4, 5])).await;
    {
        let book = desk.ledger.book();
        let expected = ["number 1", "gone", "", "number 4", "number 5"];
        assert!(book.records.values().eq(expected), "{:?}", book.records);
        assert_eq!(book.cursor.map(|cursor| cursor.next_uid), Some(6));
    }
    // What was listed and is gone may have been a slip: its UID comes to somebody yet.
    desk.server.deliver(8, Mail::numbered(8));
    desk.while_owned(desk.ledger.has([1, 2, 3, 4, 5, 8])).await;
}

/// A mail of two texts and a large file.
fn long_mail() -> Mail {
    let text = format!("Urgent: the API is down.\r\n{}", "filler line\r\n".repeat(8_000));
    let header = "From: Mia <mia@customer.example>\r\nSubject: long\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    let file = "QUJD\r\n".repeat(100_000);
    let bytes = format!(
        "{header}--b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--b\r\nContent-Type: application/pdf; \
        name=log.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n{file}\r\n--b--\r\n"
    );
    let mut mail = Mail::new(bytes);
    mail.structure = format!(
        "((\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" {} 9)(\"APPLICATION\" \"PDF\" (\"NAME\" \"log.pdf\") NIL NIL \
        \"BASE64\" {}) \"MIXED\")",
        text.len(),
        file.len()
    );
    mail.sections = BTreeMap::from([
        ("HEADER".to_owned(), header.as_bytes().to_vec()),
        ("1.MIME".to_owned(), b"Content-Type: text/plain\r\n\r\n".to_vec()),
        ("1".to_owned(), text.into_bytes()),
        ("2.MIME".to_owned(), b"Content-Type: application/pdf; name=log.pdf\r\n\r\n".to_vec()),
    ]);
    mail
}

#[tokio::test]
async fn of_long_mails_only_what_can_be_read_is_fetched() {
    let desk = desk([1, 3]).await;
    desk.server.folder().mails.insert(2, long_mail());
    desk.while_owned(desk.ledger.has([1, 2, 3])).await;
    let book = desk.ledger.book();
    assert_eq!((book.records[&2].as_str(), book.omitted[&2]), ("long", 1));
    assert_eq!(desk.server.count("BODY.PEEK[2.MIME]"), 1);
    assert_eq!(desk.server.count("BODY.PEEK[2]"), 0);
}

#[tokio::test]
async fn a_structure_that_cannot_be_had_leads_to_slices() {
    let deep = format!("* 2 FETCH (UID 2 BODYSTRUCTURE {}\r\n{{tag}} OK\r\n", "(".repeat(100_000));
    let deep: &'static str = Box::leak(deep.into_boxed_str());
    for act in [
        Act::Say(deep),
        Act::Say("* 2 FETCH (UID 2 BODYSTRUCTURE ((\"text\" NIL) \"mixed\"))\r\n{tag} OK\r\n"),
        Act::Say("{tag} OK nothing\r\n"),
        Act::Say("{tag} NO [SERVERBUG] cannot\r\n"),
        Act::Endless("("),
        Act::Cut(20),
        Act::Stall(20),
    ] {
        let desk = desk([1, 3]).await;
        desk.server.folder().mails.insert(2, long_mail());
        desk.server.folder().faults.push(Fault { on: "BODYSTRUCTURE", skip: 0, times: 1_000, act });
        desk.while_owned(desk.ledger.has([1, 2, 3])).await;
        assert_eq!(desk.ledger.book().records[&2], "long");
        assert!(desk.server.count("<262144.262144>") >= 1);
        assert_eq!(desk.server.count("BODYSTRUCTURE"), 1);
    }
}

#[tokio::test]
async fn quarantined_mail_is_fetched_again_when_somebody_asks() {
    let mut desk = desk([1, 2, 3]).await;
    desk.poll = Duration::from_millis(20);
    desk.server.folder().faults.push(Fault {
        on: "UID FETCH 2 (UID INTERNALDATE",
        skip: 0,
        times: 1,
        act: Act::Cut(10),
    });
    desk.ledger.book().retries = vec![1, 2, 77];
    let again = async {
        desk.ledger.until("not again", |book| book.again.len() == 3).await;
        desk.ledger.has([1, 2, 3]).await;
    };
    desk.while_owned(again).await;
    let book = desk.ledger.book();
    let told: Vec<_> =
        book.again.iter().map(|(uid, what)| (*uid, what.split(':').next().unwrap_or(""))).collect();
    assert_eq!(told, [(1, "number 1"), (2, "failed"), (77, "gone")]);
}

#[tokio::test]
async fn a_mailbox_is_fresh_only_when_everything_is_recorded() {
    let desk = desk(1..=10).await;
    desk.server.folder().faults.push(Fault { on: "BODY.PEEK", skip: 0, times: 5, act: Act::Cut(9) });
    let fresh = || desk.health.snapshot().get("support").and_then(|health| health.fresh_at).is_some();
    let watch = async {
        while !fresh() {
            tokio::task::yield_now().await;
        }
        assert_eq!(desk.ledger.book().records.len(), 10);
    };
    desk.while_owned(watch).await;
}

#[tokio::test]
async fn nothing_on_the_server_is_changed() {
    let desk = desk(1..=3).await;
    desk.server.folder().mails.insert(4, long_mail());
    desk.while_owned(desk.ledger.has(1..=4)).await;
    let log = desk.server.folder().log.clone();
    let allowed = ["CAPABILITY", "LOGIN", "EXAMINE", "UID FETCH", "IDLE", "NOOP"];
    for line in log {
        assert!(allowed.iter().any(|command| line.starts_with(command)), "{line}");
        assert!(!line.contains("BODY["), "{line}");
    }
}
