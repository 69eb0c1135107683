//! What a mail brings about, and what it leaves as it was.

use std::collections::BTreeMap;

use crate::servers::{self, Servers};
use crate::setup::{Desk, incident, mail, protected, replies};
use crate::smtp;
use crate::wait::until;

/// The servers do what the tests below rely on, without the daemon.
#[tokio::test(flavor = "multi_thread")]
async fn the_servers_bring_mail_to_mailboxes_and_relay_nothing() {
    let Some(servers) = servers::shared().await else { return };
    let anna = servers.customer();
    smtp::deliver(servers.smtp, "", &anna, "Subject: one\n\n.\n").await;
    servers.log_in(&anna).await.append("INBOX", "Subject: two\n\nx\n").await;
    let mails = until("two mails", async || {
        let mails = servers.log_in(&anna).await.mails("INBOX").await;
        (mails.len() == 2).then_some(mails)
    })
    .await;
    assert!(mails.iter().any(|mail| mail.header("Return-Path").as_deref() == Some("<>")), "{mails:?}");
    let refused = smtp::conversation(servers.smtp, "", "somebody@elsewhere.example", "x").await;
    assert!(refused.starts_with("554"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_urgent_incident_at_night_is_told_to_those_on_call_and_answered() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    desk.imap = protected(&servers, servers.imaps, "implicit");
    let mut daemon = desk.start();
    daemon.ready().await;
    let anna = servers.customer();
    smtp::deliver(servers.smtp, &anna, &desk.evening, &incident(&anna, &desk.evening, "nothing works")).await;

    let alert = until("the alert arrives, signed", async || desk.receiver.alerts().pop()).await;
    assert_eq!(alert.body["escalation"], "on-call");
    assert_eq!(alert.body["brief"]["subject"], "Urgent: nothing works");
    let reference = alert.body["reference"].as_str().expect("a reference").to_owned();
    assert_eq!(alert.dedup_key, format!("{reference}/on-call/1"));

    let by_mail = first_mail(&servers, &desk.on_call).await;
    assert!(by_mail.source.contains(&reference), "{}", by_mail.source);
    assert_eq!(by_mail.header("Auto-Submitted").as_deref(), Some("auto-generated"));

    let reply = first_mail(&servers, &anna).await;
    let id = format!("<Urgent..nothing.works.{anna}>");
    for (name, value) in [
        ("Return-Path", "<>"),
        ("Auto-Submitted", "auto-replied"),
        ("In-Reply-To", &id),
        ("References", &id),
        ("X-Auto-Response-Suppress", "All"),
    ] {
        assert_eq!(reply.header(name).as_deref(), Some(value), "{name} of {}", reply.source);
    }
    assert!(reply.header("Subject").is_some_and(|subject| subject.contains(&reference)), "{}", reply.source);
    let ids = reply.header("Message-ID");
    assert!(ids.is_some_and(|own| own != id), "a Message-ID of its own: {}", reply.source);
    assert_eq!(desk.receiver.received().len(), 1, "{:?}", desk.receiver.received());

    // What we wrote ourselves comes back, as through a forwarding: nobody is answered again.
    smtp::deliver(servers.smtp, &anna, &desk.evening, &reply.source).await;
    daemon.records("evening", "decided", 2).await;
    daemon.has_sent_all().await;
    assert_eq!(servers.log_in(&anna).await.mails("INBOX").await.len(), 1, "one reply");
    assert_eq!(servers.log_in(&desk.evening).await.mails("INBOX").await.len(), 2, "no reply to ourselves");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_urgent_question_that_is_no_incident_gets_the_next_business_day_and_wakes_nobody() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    desk.imap = protected(&servers, servers.imap, "starttls");
    let mut daemon = desk.start();
    daemon.ready().await;
    let ben = servers.customer();
    let question = mail(&ben, &desk.evening, "Urgent question", "How do I export all invoices?");
    servers.log_in(&desk.evening).await.append("INBOX", &question).await;
    let reply = first_mail(&servers, &ben).await;
    assert_eq!(reply.header("Return-Path").as_deref(), Some("<>"));
    assert!(reply.source.contains("open again"), "{}", reply.source);
    daemon.records("evening", "decided", 1).await;
    assert_eq!(desk.receiver.received().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_and_lists_get_no_reply_and_nothing_in_the_mailbox_changes() {
    let Some(servers) = servers::shared().await else { return };
    let desk = Desk::new(&servers).await;
    let names = ["robot", "list", "bounce", "no-reply", "quoting", "day"];
    let people: BTreeMap<_, _> = names.iter().map(|name| (*name, servers.customer())).collect();
    let to = &desk.evening;
    let marked = |field: &str, name: &str| {
        format!("{field}\n{}", mail(&people[name], to, "Hello", "Urgent: the API is down."))
    };
    for (from, mail) in [
        ("robot", marked("Auto-Submitted: auto-generated", "robot")),
        ("list", marked("List-Id: <news.customer.test>", "list")),
        ("no-reply", marked("X-Auto-Response-Suppress: All", "no-reply")),
    ] {
        smtp::deliver(servers.smtp, &people[from], to, &mail).await;
    }
    smtp::deliver(servers.smtp, "", to, &mail(&people["bounce"], to, "Undelivered", "It came back.")).await;
    let day = mail(&people["day"], &desk.noon, "A question", "How do I add a colleague?");
    smtp::deliver(servers.smtp, &people["day"], &desk.noon, &day).await;
    let quoted = "Thank you.\n\nOn Monday, Support wrote:\n> write Urgent if the API is down\n";
    smtp::deliver(servers.smtp, &people["quoting"], to, &mail(&people["quoting"], to, "Re: Hello", quoted))
        .await;
    until("all lie in the mailbox", async || {
        (servers.log_in(to).await.mails("INBOX").await.len() == 5).then_some(())
    })
    .await;
    let before = servers.log_in(to).await.mails("INBOX").await;

    let mut daemon = desk.start();
    daemon.ready().await;
    daemon.records("evening", "decided", 5).await;
    daemon.records("noon", "decided", 1).await;
    // The one that is answered is the one from a person; by the time that its reply lies there, all were decided.
    let reply = first_mail(&servers, &people["quoting"]).await;
    assert!(reply.source.contains("open again"), "what is quoted is not urgent: {}", reply.source);
    until("three alerts", async || (desk.receiver.alerts().len() >= 3).then_some(())).await;
    assert_eq!(desk.receiver.alerts().len(), 3, "what stops a reply never stops an alert");
    daemon.has_sent_all().await;
    for name in ["robot", "list", "bounce", "no-reply", "day"] {
        let mails = servers.log_in(&people[name]).await.mails("INBOX").await;
        assert_eq!(replies(&mails).len(), 0, "{name} gets no reply: {mails:?}");
    }
    assert_eq!(servers.log_in(to).await.mails("INBOX").await, before, "nothing in the mailbox has changed");
}

async fn first_mail(servers: &Servers, address: &str) -> crate::imap::Mail {
    until(&format!("a mail for {address}"), async || {
        servers.log_in(address).await.mails("INBOX").await.into_iter().next()
    })
    .await
}
