//! A server that answers one command wrongly: in the end every mail is recorded once, in order.

use std::time::Duration;

use crate::ledger::Desk;
use crate::server::{Act, Fault, Mail, Server};

const MAILS: u32 = 70;

async fn desk() -> Desk {
    Desk::new(Server::start((1..=MAILS).map(|uid| (uid, Mail::numbered(uid)))).await)
}

/// The faults, by the part of a command that they wait for.
fn faults() -> Vec<(&'static str, Act)> {
    let say = [
        ("GREETING", "* BYE too many connections\r\n"),
        ("GREETING", "HTTP/1.1 400 Bad Request\r\n"),
        ("LOGIN", "{tag} NO [UNAVAILABLE] backend down\r\n"),
        ("LOGIN", "{tag} NO wrong password\r\n"),
        ("LOGIN", "other OK in\r\n"),
        ("CAPABILITY", "{tag} BAD what\r\n"),
        ("EXAMINE", "* 3 EXISTS\r\n{tag} OK no validity\r\n"),
        ("EXAMINE", "* 70 EXISTS\r\n* OK [UIDVALIDITY 99999999999] x\r\n{tag} OK\r\n"),
        ("EXAMINE", "* 70 EXISTS\r\n* OK [UIDVALIDITY 0] x\r\n{tag} OK\r\n"),
        ("EXAMINE", "{tag} NO [INUSE] locked\r\n"),
        ("EXAMINE", "+ go on\r\n"),
        ("(UID)", "{tag} NO [SERVERBUG] internal error\r\n"),
        ("(UID)", "* 1 FETCH (UID x)\r\n{tag} OK\r\n"),
        ("BODY.PEEK", "* 1 FETCH (UID 1 BODY[] {2}\r\nhi)\r\n{tag} NO [SERVERBUG] internal error\r\n"),
        ("BODY.PEEK", "{tag} BAD syntax\r\n"),
        ("BODY.PEEK", "* 1 FETCH (UID 1 BODY[] {2}\r\nhi)\r\n* BYE shutting down\r\n"),
        ("BODY.PEEK", "* 1 FETCH (UID 1 BODY[] {400000000}\r\nabc"),
        ("BODY.PEEK", "* 1 FETCH (UID 1 BODY[] {4294967299}\r\nabc)\r\n{tag} OK\r\n"),
        ("BODY.PEEK", "* 1 FETCH (UID 1 BODY[] {2}\r\nhi\r\n{tag} OK\r\n"),
        ("BODY.PEEK", "!!! garbage \u{7f}\r\n{tag} OK\r\n"),
        ("BODY.PEEK", "n1 OK a tag from before\r\n{tag} OK\r\n"),
        ("BODY.PEEK", "+ and now?\r\n"),
        ("IDLE", "{tag} NO not now\r\n"),
        ("IDLE", "{tag} BAD what\r\n"),
        ("NOOP", "{tag} NO [UNAVAILABLE] nope\r\n"),
        ("IDLE", "\u{0}\u{1}garbage\r\n"),
    ];
    let mut faults: Vec<_> = say.into_iter().map(|(on, text)| (on, Act::Say(text))).collect();
    for on in ["GREETING", "CAPABILITY", "LOGIN", "EXAMINE", "(UID)", "BODY.PEEK", "IDLE"] {
        for bytes in [0, 5, 200] {
            faults.push((on, Act::Cut(bytes)));
            faults.push((on, Act::Stall(bytes)));
        }
    }
    for on in ["EXAMINE", "(UID)", "BODY.PEEK", "IDLE"] {
        faults.push((on, Act::Endless("y")));
        faults.push((on, Act::Endless("* 70 EXISTS\r\n")));
        faults.push((on, Act::SayAndClose("* BYE gone\r\n")));
    }
    faults
}

#[tokio::test]
async fn a_server_that_fails_once_costs_no_mail() {
    for (on, act) in faults() {
        let shown = format!("{on} {act:?}");
        let desk = desk().await;
        desk.server.fault(on, act);
        desk.while_owned(desk.ledger.has(1..=MAILS)).await;
        // Also after it is waiting, whatever IDLE did.
        let waits = async {
            desk.server.deliver(MAILS + 1, Mail::numbered(71));
            desk.ledger.has(1..=MAILS + 1).await;
        };
        desk.while_owned(waits).await;
        let book = desk.ledger.book();
        let wrong = book.records.iter().find(|(uid, what)| **what != format!("number {uid}"));
        assert_eq!(wrong, None, "{shown}");
    }
}

/// What servers say that nobody asked for.
#[tokio::test]
async fn oddities_are_passed_over() {
    let flood = "* 70 EXISTS\r\n* 3 RECENT\r\n".repeat(20_000);
    let oddities = [
        "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n",
        "* ESEARCH (TAG \"a\") UID ALL 1:3\r\n",
        "* XYZZY foo (bar\r\n",
        "* OK [X-FOO bar baz] it\"s fine {5}\r\n",
        "* NO warning: the disk is almost full\r\n",
        "* OK Still here\r\n",
        "* 3 FETCH (FLAGS (\\Seen))\r\n",
        "* 3 FETCH (FLAGS () MODSEQ (18446744073709551615))\r\n",
        "* VANISHED (EARLIER) 300:310\r\n",
        "* LIST (\\X) \"/\" {5}\r\na\r\nbc\r\n",
        "* 99999999999 EXISTS\r\n",
        "* CAPABILITY IMAP4rev2\r\n",
        "* FLAGS (\\Answered \\Bad)Flag)\r\n",
        "* 1 FETCH (UID 4000 BODY[] {2}\r\nhi)\r\n",
        "* 1 EXISTS\n",
        flood.as_str(),
    ];
    for on in ["CAPABILITY", "LOGIN", "EXAMINE", "(UID)", "BODY.PEEK", "IDLE"] {
        for oddity in oddities {
            let desk = desk().await;
            desk.server.fault(on, Act::Before(oddity.to_owned()));
            desk.while_owned(desk.ledger.has(1..=MAILS)).await;
            assert_eq!(desk.server.folder().connections, 1, "{on} {:?}", oddity.lines().next());
        }
    }
}

#[tokio::test]
async fn a_connection_may_end_after_any_byte() {
    let probe = desk().await;
    probe.while_owned(probe.ledger.has(1..=MAILS)).await;
    for bytes in (1..9_000).step_by(97) {
        let desk = desk().await;
        desk.server.folder().allowances = vec![bytes, bytes + 40, bytes + 1];
        desk.while_owned(desk.ledger.has(1..=MAILS)).await;
        assert_eq!(desk.ledger.book().refused, 0);
    }
}

#[tokio::test]
async fn a_mail_that_breaks_every_session_is_quarantined_and_the_next_is_read() {
    let desk = desk().await;
    let fault = Fault { on: "UID FETCH 40 (UID INTERNALDATE", skip: 0, times: 1_000, act: Act::Cut(30) };
    let window = Fault { on: "UID FETCH 1:64 ", skip: 0, times: 1_000, act: Act::Cut(3_000) };
    desk.server.folder().faults.extend([fault, window]);
    desk.while_owned(desk.ledger.has(1..=MAILS)).await;
    let book = desk.ledger.book();
    let failed: Vec<u32> =
        book.records.iter().filter(|(_, what)| what.starts_with("failed")).map(|(uid, _)| *uid).collect();
    assert_eq!(failed, [40]);
    // The window, the mail alone three times, and the session that gives it up.
    assert_eq!(desk.server.folder().connections, 5);
    assert_eq!(desk.server.count("BODY.PEEK[]<0.1>"), 1);
}

#[tokio::test]
async fn a_server_that_gives_no_mail_for_a_while_costs_none() {
    let desk = desk().await;
    desk.server.folder().faults.push(Fault { on: "BODY.PEEK", skip: 0, times: 9, act: Act::Cut(30) });
    desk.while_owned(desk.ledger.has(1..=MAILS)).await;
    let book = desk.ledger.book();
    assert_eq!(book.records.values().find(|what| what.starts_with("failed")), None);
    assert_eq!(desk.server.count("BODY.PEEK[]<0.1>"), 3);
}

#[tokio::test]
async fn trouble_of_the_server_is_no_wrong_password() {
    let desk = desk().await;
    desk.server.fault("LOGIN", Act::Say("{tag} NO [INUSE] later\r\n"));
    desk.while_owned(desk.ledger.has(1..=MAILS)).await;
    assert!(desk.ledger.book().alarms.is_empty());
}

#[tokio::test]
async fn a_wrong_password_raises_an_alarm_until_it_is_right() {
    let desk = desk().await;
    desk.server.folder().password = "other".to_owned();
    let alarm = || desk.ledger.book().alarms.contains("login-refused/support");
    let mended = async {
        desk.ledger.until("no alarm", |book| !book.alarms.is_empty()).await;
        assert!(alarm());
        let trouble = desk.health.snapshot()["support"].trouble.clone().expect("trouble");
        assert!(trouble.contains("AUTHENTICATIONFAILED") && !trouble.contains("secret"), "{trouble}");
        desk.server.folder().password = "secret".to_owned();
        desk.ledger.has(1..=MAILS).await;
    };
    desk.while_owned(mended).await;
    assert!(!alarm());
}

#[tokio::test]
async fn a_server_that_ends_idle_at_once_is_not_asked_without_end() {
    let mut desk = desk().await;
    desk.poll = Duration::from_millis(50);
    let fault = Fault { on: "IDLE", skip: 0, times: 1_000, act: Act::Say("+ idling\r\n{tag} OK ended\r\n") };
    desk.server.folder().faults.push(fault);
    let later = async {
        desk.ledger.has(1..=MAILS).await;
        desk.server.deliver(71, Mail::numbered(71));
        desk.ledger.has(1..=71).await;
    };
    desk.while_owned(later).await;
    assert_eq!(desk.server.count("IDLE"), 1);
    assert_eq!(desk.server.folder().connections, 1);
}
