//! Killed with -9 anywhere: after the next start every urgent mail has its alert, no reply is doubled, and no UID is
//! missing in the ledger.

use std::collections::BTreeSet;

use crate::proxy::Proxy;
use crate::servers::{self, Servers};
use crate::setup::{Desk, incident, mail, plain, replies};
use crate::wait::until;

/// Mails to a desk; enough for several answers of the server to each question.
const MAILS: usize = 12;
/// The text of each: with all of them the server has about 50 KB to say.
const TEXT_BYTES: usize = 4096;

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_mail_is_read() {
    let Some(servers) = servers::shared().await else { return };
    for bytes in [1, 300, 900, 1500, 4000, 12_000, 25_000, 45_000] {
        let mut desk = Desk::new(&servers).await;
        let proxy = Proxy::to(servers.imap).await;
        desk.imap = plain(proxy.port);
        let customers = incidents(&servers, &desk).await;
        proxy.hold_after(bytes);
        let daemon = desk.start();
        until(&format!("{bytes} bytes of the server"), async || proxy.is_held().then_some(())).await;
        daemon.kill().await;
        proxy.release();
        everything_once(&servers, &desk, &customers).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_alerts_are_handed_over() {
    let Some(servers) = servers::shared().await else { return };
    for alerts in [1, 3] {
        let desk = Desk::new(&servers).await;
        let customers = incidents(&servers, &desk).await;
        desk.receiver.answer(false);
        let daemon = desk.start();
        until("alerts on their way", async || (desk.receiver.alerts().len() >= alerts).then_some(())).await;
        daemon.kill().await;
        desk.receiver.answer(true);
        everything_once(&servers, &desk, &customers).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_replies_are_handed_over() {
    let Some(servers) = servers::shared().await else { return };
    // The greeting, the answer to EHLO, and then between 14 and 60 bytes for each step of a reply.
    for bytes in [1, 60, 200, 230, 260, 290, 330, 400, 700] {
        let mut desk = Desk::new(&servers).await;
        let proxy = Proxy::to(servers.smtp).await;
        desk.smtp = plain(proxy.port);
        let customers = incidents(&servers, &desk).await;
        proxy.hold_after(bytes);
        let daemon = desk.start();
        until(&format!("{bytes} bytes of Postfix"), async || proxy.is_held().then_some(())).await;
        daemon.kill().await;
        proxy.release();
        everything_once(&servers, &desk, &customers).await;
    }
}

/// Whether Postfix has taken such a reply cannot be known, so it is never sent again unless somebody says so.
#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_recipient_and_the_end_of_a_reply() {
    let Some(servers) = servers::shared().await else { return };
    for words in ["DATA\r\n", "\r\n.\r\n"] {
        let mut desk = Desk::new(&servers).await;
        let proxy = Proxy::to(servers.smtp).await;
        desk.smtp = plain(proxy.port);
        let anna = servers.customer();
        servers.log_in(&desk.evening).await.append("INBOX", &incident(&anna, &desk.evening, "cut off")).await;
        proxy.hold_at(words);
        let daemon = desk.start();
        until(&format!("{words:?} on its way"), async || proxy.is_held().then_some(())).await;
        daemon.kill().await;
        proxy.cut();
        proxy.release();

        let mut daemon = desk.start();
        daemon.ready().await;
        until("the alert", async || (desk.receiver.keys("Urgent: cut off").len() == 1).then_some(())).await;
        daemon.has_sent_all().await;
        let rows = daemon.rows("outbox").await;
        assert_eq!(
            (rows.len(), &rows[0]["state"], &rows[0]["kind"]),
            (1, &"unknown".into(), &"reply".into())
        );
        let shown = daemon.ask(&["outbox"]).await.answer;
        assert!(shown.contains("unknown") && shown.contains("while it was handed over"), "{shown}");
        assert_eq!(servers.log_in(&anna).await.mails("INBOX").await.len(), 0, "it is not sent again");

        let id = rows[0]["id"].to_string();
        assert_eq!(daemon.ask(&["outbox", "retry", &id]).await.code, Some(0));
        until("the reply", async || servers.log_in(&anna).await.mails("INBOX").await.pop()).await;
        daemon.has_sent_all().await;
        assert!(daemon.rows("outbox").await.is_empty(), "nothing is left");
        assert_eq!(daemon.ask(&["outbox", "retry", &id]).await.code, Some(1), "what was sent is over");
        assert_eq!(servers.log_in(&anna).await.mails("INBOX").await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    let proxy = Proxy::to(servers.imap).await;
    desk.imap = plain(proxy.port);
    let customers = incidents(&servers, &desk).await;
    for _ in 0..6 {
        proxy.hold_after(9000);
        let daemon = desk.start();
        // By and by everything is read, and what the server has to say no longer reaches the limit.
        until("the stream stands still, or all is read", async || {
            (proxy.is_held() || daemon.recorded("evening", "decided").await == MAILS as u64).then_some(())
        })
        .await;
        daemon.kill().await;
    }
    proxy.release();
    everything_once(&servers, &desk, &customers).await;
}

/// Puts incidents into the mailbox, each from another customer, who are given back.
async fn incidents(servers: &Servers, desk: &Desk) -> Vec<String> {
    let mut imap = servers.log_in(&desk.evening).await;
    let mut customers = Vec::new();
    let text = "The checkout API is down. ".repeat(TEXT_BYTES / 26);
    for _ in 0..MAILS {
        let customer = servers.customer();
        let mail = mail(&customer, &desk.evening, &subject(&customer), &text);
        imap.append("INBOX", &mail).await;
        customers.push(customer);
    }
    customers
}

fn subject(customer: &str) -> String {
    format!("Urgent: {customer}")
}

/// Starts the daemon again, waits until nothing is left to do, and looks whether everything has happened, and once.
async fn everything_once(servers: &Servers, desk: &Desk, customers: &[String]) {
    let mut daemon = desk.start();
    daemon.ready().await;
    daemon.records("evening", "decided", customers.len() as u64).await;
    for customer in customers {
        let subject = subject(customer);
        let what = format!("the alert for {customer}");
        until(&what, async || (!desk.receiver.keys(&subject).is_empty()).then_some(())).await;
    }
    daemon.has_sent_all().await;

    let unknown = daemon.status().await["outbox"]["unknown"].as_u64().unwrap_or_default();
    // Postfix may have taken a reply without our hearing of it; such a one is never sent again. What it has taken may
    // still be on its way to the mailbox.
    until("each customer has a reply, or it is unknown", async || {
        let mut accounted = unknown;
        for customer in customers {
            let mails = servers.log_in(customer).await.mails("INBOX").await;
            let replies = replies(&mails).len();
            assert!(replies <= 1, "one reply to {customer}: {mails:?}");
            accounted += replies as u64;
        }
        (accounted >= customers.len() as u64).then_some(())
    })
    .await;
    for customer in customers {
        assert_eq!(desk.receiver.keys(&subject(customer)).len(), 1, "one alert by its key for {customer}");
    }

    let there = servers.log_in(&desk.evening).await.mails("INBOX").await;
    let there: BTreeSet<_> = there.into_iter().map(|mail| mail.uid).collect();
    assert_eq!(desk.ledger(&desk.evening).await, there, "every UID is in the ledger");
}
