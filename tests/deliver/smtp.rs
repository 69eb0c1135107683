//! Replies and notices through SMTP.

use std::sync::atomic::Ordering;
use std::time::Duration;

use nightdesk::base::seal::Seal;
use nightdesk::deliver::{Channels, Deadlines, HandOver, Outcome, Route};
use nightdesk::mail::{Options, Source, parse};
use nightdesk::settings::{ChannelKind, Recipient, SmtpEndpoint, Tls};

use super::certificates::{self, Certified};
use super::smtp_server::{Behaviour, Fault, SmtpServer};
use super::{alarm, alert, channels, endpoint, kind, patient, reason, reply, reply_to, short, tell};

async fn offering(extensions: &[&'static str]) -> SmtpServer {
    SmtpServer::start(Behaviour { extensions: extensions.to_vec(), ..Behaviour::default() }).await
}

/// The house of a server, with a channel `mail` to two people.
fn house(server: &SmtpServer, tls: Tls, certified: Option<&Certified>) -> Channels {
    house_in(server, tls, certified, patient())
}

fn house_in(server: &SmtpServer, tls: Tls, certified: Option<&Certified>, deadlines: Deadlines) -> Channels {
    let ca_file = certified.map(|certified| certified.ca_file.clone());
    let login = tls != Tls::None;
    let mut endpoint = endpoint(server.port, tls, ca_file);
    if tls == Tls::None {
        "127.0.0.1".clone_into(&mut endpoint.host);
    }
    let to = ["ann@desk.example", "bo@desk.example"].map(|address| Recipient::Address(address.to_owned()));
    let mail = ChannelKind::Smtp {
        account: 0,
        from: "Nightdesk <nightdesk@desk.example>".to_owned(),
        to: to.to_vec(),
    };
    channels(Some(SmtpEndpoint { endpoint, login }), vec![("mail", mail)], deadlines)
}

/// Answers a customer, and writes down when it was handed over.
async fn answer(channels: &Channels, server: &SmtpServer) -> Outcome {
    let heard = server.heard.clone();
    let hand_over = || async move {
        heard.add("(hand over)");
        HandOver::Granted
    };
    channels.send(Route::Account("support"), &reply(), hand_over).await
}

async fn with(faults: &[(&'static str, Fault)]) -> SmtpServer {
    SmtpServer::start(Behaviour { faults: faults.to_vec(), ..Behaviour::default() }).await
}

#[tokio::test]
async fn a_reply_is_handed_over_between_recipient_and_data_with_a_null_return_path() {
    let server = with(&[]).await;
    assert_eq!(answer(&house(&server, Tls::None, None), &server).await, Outcome::Sent);
    assert_eq!(
        server.heard.all(),
        [
            "EHLO [127.0.0.1]",
            "MAIL FROM:<>",
            "RCPT TO:<mia@customer.example>",
            "(hand over)",
            "DATA",
            "Subject: Re: hello\r\n\r\nWe have it.\r\n.\r\nEnd.\r\n",
        ]
    );
}

#[tokio::test]
async fn a_refusal_is_for_now_or_for_good_and_nothing_is_handed_over_before_the_recipient_is_accepted() {
    for (at, said, expected, handed_over) in [
        ("", "421 busy\r\n", "temporary", 0),
        ("", "554 no mail here\r\n", "temporary", 0),
        ("EHLO", "550 who are you\r\n", "temporary", 0),
        ("MAIL", "451 later\r\n", "temporary", 0),
        ("MAIL", "550 no null senders\r\n", "permanent", 0),
        ("RCPT", "450 greylisted\r\n", "temporary", 0),
        ("RCPT", "421 closing\r\n", "temporary", 0),
        ("RCPT", "550-5.1.1 no such\r\n550 5.1.1 user\r\n", "no recipient", 0),
        ("RCPT", "550 5.7.1 relay denied\r\n", "permanent", 0),
        ("DATA", "451 no space\r\n", "temporary", 1),
        ("DATA", "554 no\r\n", "permanent", 1),
        ("DATA", "250 what\r\n", "temporary", 1),
        (".", "452 no space\r\n", "temporary", 1),
        (".", "550 spam\r\n", "permanent", 1),
        (".", "354 go on\r\n", "unknown", 1),
    ] {
        let server = with(&[(at, Fault::Say(said.as_bytes()))]).await;
        let outcome = answer(&house(&server, Tls::None, None), &server).await;
        assert_eq!(kind(&outcome), expected, "{at} {said}: {outcome:?}");
        assert_eq!(server.heard.count("(hand over)"), handed_over, "{at} {said}");
        assert!(!reason(&outcome).contains(['\r', '\n']), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_refused_null_return_path_is_told_as_such() {
    let server = with(&[("MAIL", Fault::Say(b"550 5.7.1 <> denied, ask admin@example.com\r\n"))]).await;
    let outcome = answer(&house(&server, Tls::None, None), &server).await;
    assert_eq!(
        reason(&outcome),
        "the server refuses the null return path (MAIL FROM:<>): 550 5.7.1 <> denied, ask (address)"
    );
}

#[tokio::test]
async fn a_stall_or_a_cut_at_any_step_ends_and_is_unknown_only_once_data_has_begun() {
    for fault in [Fault::Stall, Fault::Close] {
        for (at, expected) in [
            ("", "temporary"),
            ("EHLO", "temporary"),
            ("MAIL", "temporary"),
            ("RCPT", "temporary"),
            ("DATA", "temporary"),
            (".", "unknown"),
        ] {
            let server = with(&[(at, fault)]).await;
            let house = house_in(&server, Tls::None, None, short());
            let outcome = answer(&house, &server).await;
            assert_eq!(kind(&outcome), expected, "{at} {fault:?}: {outcome:?}");
            let notice = tell(&house, "mail", &alert()).await;
            assert_eq!(kind(&notice), "temporary", "an alert is repeated: {at} {fault:?}: {notice:?}");
        }
    }
}

#[tokio::test]
async fn what_is_no_reply_ends_the_session_in_bounded_memory() {
    for (at, fault, expected) in [
        ("", Fault::Flood(b"220-welcome\r\n"), "a reply without end"),
        ("EHLO", Fault::Flood(b"x"), "a line without end"),
        ("EHLO", Fault::Say(b"hello\r\n"), "something that is no reply"),
        ("MAIL", Fault::Say(b"250-a\r\n251 b\r\n"), "a reply of several codes"),
        ("MAIL", Fault::Say(b"\r\n"), "something that is no reply"),
        ("RCPT", Fault::Say(b"\xff\xfe\0\r\n"), "something that is no reply"),
    ] {
        let server = with(&[(at, fault)]).await;
        let outcome = answer(&house(&server, Tls::None, None), &server).await;
        assert_eq!(kind(&outcome), "temporary", "{at} {outcome:?}");
        assert!(reason(&outcome).contains(expected), "{at}: {outcome:?}");
    }
}

#[tokio::test]
async fn words_in_any_charset_are_taken() {
    let server =
        with(&[("", Fault::Say(b"220 gr\xfc\xdfe \xff\r\n")), ("MAIL", Fault::Say(b"250-\xe4\n250\r\n"))])
            .await;
    assert_eq!(answer(&house(&server, Tls::None, None), &server).await, Outcome::Sent);
}

#[tokio::test]
async fn a_reply_that_was_taken_back_is_not_sent_and_the_session_goes_on() {
    let server = with(&[]).await;
    let house = house(&server, Tls::None, None);
    for (word, expected) in [
        (HandOver::Refused, "withheld"),
        (HandOver::Unavailable("the store is gone".to_owned()), "temporary"),
    ] {
        let outcome = house.send(Route::Account("support"), &reply(), || async { word }).await;
        assert_eq!(kind(&outcome), expected);
    }
    assert_eq!(server.heard.count("DATA"), 0);
    assert_eq!(answer(&house, &server).await, Outcome::Sent);
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_session_is_used_again_while_it_answers() {
    let server = with(&[]).await;
    let channels = house(&server, Tls::None, None);
    let start = tokio::time::Instant::now();
    for _ in 0..100 {
        assert_eq!(answer(&channels, &server).await, Outcome::Sent);
    }
    // A delayed acknowledgement would cost 40 ms a mail, 4 s in all.
    assert!(start.elapsed() < Duration::from_secs(3), "{:?} for 100 mails", start.elapsed());
    assert_eq!(server.connections.load(Ordering::SeqCst), 1);
    let closing = SmtpServer::start(Behaviour { closes_after_a_mail: true, ..Behaviour::default() }).await;
    let channels = house(&closing, Tls::None, None);
    for _ in 0..3 {
        assert_eq!(answer(&channels, &closing).await, Outcome::Sent);
    }
    assert_eq!(closing.connections.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn starttls_comes_before_anything_secret() {
    let certified = certificates::until(2100);
    let server = SmtpServer::start(Behaviour {
        extensions: vec!["STARTTLS", "AUTH LOGIN PLAIN"],
        starttls: Some(certified.acceptor.clone()),
        ..Behaviour::default()
    })
    .await;
    assert_eq!(answer(&house(&server, Tls::StartTls, Some(&certified)), &server).await, Outcome::Sent);
    let heard = server.heard.all();
    assert_eq!(heard.get(1..4).expect("lines"), ["STARTTLS", "(TLS)", "EHLO [127.0.0.1]"]);
    // base64 of NUL, desk, NUL and the password.
    assert_eq!(heard.get(4).expect("a line"), "AUTH PLAIN AGRlc2sAczNjcjN0LXDDpHNzd29yZA==");
}

#[tokio::test]
async fn without_starttls_nothing_is_said() {
    let certified = certificates::until(2100);
    for (faults, extensions, expected) in [
        (vec![], vec!["AUTH PLAIN"], "offers no STARTTLS"),
        (vec![("STARTTLS", Fault::Say(b"454 not now\r\n"))], vec!["STARTTLS"], "refuses STARTTLS"),
        (
            vec![("STARTTLS", Fault::Say(b"220 go on\r\n250 injected\r\n"))],
            vec!["STARTTLS"],
            "said more than its answer to STARTTLS",
        ),
        (vec![("STARTTLS", Fault::Stall)], vec!["STARTTLS"], "does not answer STARTTLS"),
    ] {
        let server = SmtpServer::start(Behaviour {
            faults,
            extensions,
            starttls: Some(certified.acceptor.clone()),
            ..Behaviour::default()
        })
        .await;
        let house = house_in(&server, Tls::StartTls, Some(&certified), short());
        let outcome = answer(&house, &server).await;
        assert_eq!(kind(&outcome), "temporary");
        assert!(reason(&outcome).contains(expected), "{outcome:?}");
        assert_eq!(server.heard.count("AUTH") + server.heard.count("MAIL"), 0);
    }
}

#[tokio::test]
async fn only_a_certificate_that_holds_is_believed() {
    for (year, believed, expected) in
        [(2100, true, ""), (2020, true, "it has expired"), (2100, false, "not known here")]
    {
        let certified = certificates::until(year);
        let server = SmtpServer::start(Behaviour {
            extensions: vec!["AUTH PLAIN"],
            implicit: Some(certified.acceptor.clone()),
            ..Behaviour::default()
        })
        .await;
        let other = certificates::until(2100);
        let ca = if believed { &certified } else { &other };
        let outcome = answer(&house(&server, Tls::Implicit, Some(ca)), &server).await;
        assert!(reason(&outcome).contains(expected), "{outcome:?}");
        assert_eq!(kind(&outcome), if expected.is_empty() { "sent" } else { "temporary" });
    }
}

#[tokio::test]
async fn logging_in_works_in_two_ways_and_its_failure_tells_no_secret() {
    let certified = certificates::until(2100);
    for (faults, extensions, expected) in [
        (vec![], vec!["AUTH=LOGIN"], ""),
        (vec![], vec!["AUTH CRAM-MD5"], "neither AUTH PLAIN nor AUTH LOGIN"),
        (
            vec![("AUTH PLAIN", Fault::Say(b"535 5.7.8 wrong\r\n"))],
            vec!["AUTH PLAIN"],
            "the server refuses the login: 535 5.7.8 wrong",
        ),
        (vec![("AUTH", Fault::Close)], vec!["AUTH PLAIN"], "the connection broke at the login"),
    ] {
        let server = SmtpServer::start(Behaviour {
            faults,
            extensions,
            implicit: Some(certified.acceptor.clone()),
            ..Behaviour::default()
        })
        .await;
        let outcome = answer(&house(&server, Tls::Implicit, Some(&certified)), &server).await;
        assert!(reason(&outcome).contains(expected), "{outcome:?}");
        assert!(!reason(&outcome).contains("s3cr3t") && !reason(&outcome).contains("AGRl"));
        assert_eq!(kind(&outcome), if expected.is_empty() { "sent" } else { "temporary" });
    }
}

#[tokio::test]
async fn a_probe_logs_in_and_sends_nothing() {
    let server = with(&[]).await;
    let channels = house(&server, Tls::None, None);
    assert_eq!(channels.probe("support").await, Ok(()));
    assert_eq!(server.heard.all(), ["EHLO [127.0.0.1]"]);
    let closed = with(&[("", Fault::Say(b"554 closed\r\n"))]).await;
    let refused = house(&closed, Tls::None, None).probe("support").await.expect_err("a refusal");
    assert_eq!(refused.to_string(), "the server refuses the greeting: 554 closed");
    assert!(channels.probe("sales").await.is_err());
}

#[tokio::test]
async fn a_notice_goes_to_each_of_its_people_and_says_that_it_is_automatic() {
    let server = with(&[]).await;
    let house = house(&server, Tls::None, None);
    assert_eq!(tell(&house, "mail", &alert()).await, Outcome::Sent);
    assert_eq!(tell(&house, "mail", &alarm()).await, Outcome::Sent);
    assert_eq!((server.heard.count("RCPT TO:<ann@"), server.heard.count("RCPT TO:<bo@")), (2, 2));
    assert_eq!(server.heard.count("MAIL FROM:<>"), 4);
    let mails: Vec<String> = server
        .heard
        .all()
        .into_iter()
        .filter(|line| line.contains("Auto-Submitted: auto-generated"))
        .collect();
    assert_eq!(mails.len(), 4);
    assert!(mails.iter().all(|mail| mail.contains("X-Nightdesk: v=1") && !mail.contains("s3cr3t")));
}

#[tokio::test]
async fn one_refused_recipient_stops_nobody_and_is_not_told_twice() {
    let refused = with(&[("RCPT TO:<ann@", Fault::Say(b"550 no such user\r\n"))]).await;
    assert_eq!(tell(&house(&refused, Tls::None, None), "mail", &alert()).await, Outcome::Sent);
    assert_eq!(refused.heard.count("DATA"), 1);
    let nobody = with(&[("RCPT", Fault::Say(b"550 no such user\r\n"))]).await;
    assert_eq!(kind(&tell(&house(&nobody, Tls::None, None), "mail", &alert()).await), "permanent");
    let grey = with(&[("RCPT TO:<bo@", Fault::Say(b"450 greylisted\r\n"))]).await;
    let house = house(&grey, Tls::None, None);
    for _ in 0..3 {
        assert_eq!(kind(&tell(&house, "mail", &alert()).await), "temporary");
    }
    assert_eq!((grey.heard.count("RCPT TO:<ann@"), grey.heard.count("RCPT TO:<bo@")), (1, 3));
}

#[tokio::test]
async fn recipients_stand_in_a_file_that_is_read_each_time() {
    let server = with(&[]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("on-call");
    let endpoint = endpoint(server.port, Tls::None, None);
    let mail = ChannelKind::Smtp {
        account: 0,
        from: "nightdesk@desk.example".to_owned(),
        to: vec![Recipient::File(file.clone())],
    };
    let house = channels(Some(SmtpEndpoint { endpoint, login: false }), vec![("mail", mail)], patient());
    assert_eq!(kind(&tell(&house, "mail", &alert()).await), "temporary");
    std::fs::write(&file, "# nobody\n").expect("a file");
    assert_eq!(kind(&tell(&house, "mail", &alert()).await), "temporary");
    std::fs::write(&file, "cleo@desk.example\n").expect("a file");
    assert_eq!(tell(&house, "mail", &alert()).await, Outcome::Sent);
    assert_eq!(server.heard.count("RCPT TO:<cleo@desk.example>"), 1);
}

#[tokio::test]
async fn nobody_is_told_when_a_reply_fails_and_an_alert_is_treated_as_usual() {
    for (extensions, expected) in [
        (vec!["DSN", "8BITMIME"], "RCPT TO:<mia@customer.example> NOTIFY=NEVER"),
        (vec!["dsn"], "RCPT TO:<mia@customer.example> NOTIFY=NEVER"),
        (vec!["SIZE 1000", "XDSN"], "RCPT TO:<mia@customer.example>"),
    ] {
        let server = offering(&extensions).await;
        let house = house(&server, Tls::None, None);
        assert_eq!(answer(&house, &server).await, Outcome::Sent);
        assert_eq!(tell(&house, "mail", &alert()).await, Outcome::Sent);
        assert_eq!(tell(&house, "mail", &alarm()).await, Outcome::Sent);
        let heard = server.heard.all();
        let recipients: Vec<&str> =
            heard.iter().map(String::as_str).filter(|line| line.starts_with("RCPT")).collect();
        assert_eq!(recipients.first(), Some(&expected), "{extensions:?}");
        assert_eq!(
            recipients.iter().filter(|line| line.contains("NOTIFY")).count(),
            usize::from(expected.contains("NOTIFY"))
        );
        assert_eq!(server.heard.count("MAIL FROM:<>"), 5, "a null return path for everything");
    }
}

#[tokio::test]
async fn an_address_beyond_ascii_takes_a_server_that_can_carry_it() {
    let able = offering(&["SMTPUTF8", "8BITMIME", "DSN"]).await;
    let channels = house(&able, Tls::None, None);
    let to = reply_to("jürgen@xn--mller-kva.example");
    let sent = channels.send(Route::Account("support"), &to, || async { HandOver::Granted }).await;
    assert_eq!(sent, Outcome::Sent);
    let heard = able.heard.all();
    let commands =
        ["MAIL FROM:<> SMTPUTF8 BODY=8BITMIME", "RCPT TO:<jürgen@xn--mller-kva.example> NOTIFY=NEVER"];
    assert_eq!(heard.get(1..3).expect("commands"), commands);

    let unable = offering(&["8BITMIME"]).await;
    let channels = house(&unable, Tls::None, None);
    let refused =
        channels.send(Route::Account("support"), &to, || async { panic!("handed over") as HandOver }).await;
    assert_eq!(kind(&refused), "permanent");
    assert!(reason(&refused).contains("offers no SMTPUTF8"), "{refused:?}");
    assert_eq!(unable.heard.count("MAIL") + unable.heard.count("RCPT"), 0);
    assert_eq!(answer(&channels, &unable).await, Outcome::Sent, "the session goes on");
    assert_eq!(unable.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_domain_beyond_ascii_is_carried_by_every_server() {
    let server = with(&[]).await;
    let to = reply_to("mia@müller.example");
    let channels = house(&server, Tls::None, None);
    let sent = channels.send(Route::Account("support"), &to, || async { HandOver::Granted }).await;
    assert_eq!(sent, Outcome::Sent);
    assert_eq!(server.heard.count("RCPT TO:<mia@xn--mller-kva.example>"), 1);
}

#[tokio::test]
async fn somebody_with_an_address_beyond_ascii_keeps_an_alert_from_nobody_else() {
    let server = with(&[]).await;
    let endpoint = endpoint(server.port, Tls::None, None);
    let to = ["jürgen@desk.example", "ann@desk.example"];
    let mail = ChannelKind::Smtp {
        account: 0,
        from: "nightdesk@desk.example".to_owned(),
        to: to.map(|address| Recipient::Address(address.to_owned())).to_vec(),
    };
    let house = channels(Some(SmtpEndpoint { endpoint, login: false }), vec![("mail", mail)], patient());
    assert_eq!(tell(&house, "mail", &alert()).await, Outcome::Sent);
    assert_eq!((server.heard.count("RCPT TO:<ann@desk.example>"), server.heard.count("RCPT")), (1, 1));
    let mails = server.heard.all();
    assert!(mails.iter().any(|line| line.contains("\r\nTo: ann@desk.example\r\n")), "{mails:?}");
}

#[tokio::test]
async fn a_notice_bears_the_seal_of_the_house_that_sends_it() {
    let server = with(&[]).await;
    let seal = Seal::new([7; 32]);
    let channels = house(&server, Tls::None, None).sealed_with(seal);
    assert_eq!(tell(&channels, "mail", &alert()).await, Outcome::Sent);
    let heard = server.heard.all();
    let message = heard.iter().find(|heard| heard.contains("X-Nightdesk:")).expect("a mail");
    let sent =
        parse(&Source::Whole(message.as_bytes()), &Options { keep_headers: &["X-Nightdesk".to_owned()] });
    let mark = sent.header_values("X-Nightdesk").next().expect("a mark");
    let id = sent.message_id.as_ref().expect("an id").as_str();
    assert!(seal.marks(mark, id) && !Seal::default().marks(mark, id), "{mark}");
}
