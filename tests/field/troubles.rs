//! Servers that go away, cut off, hold back or change their minds.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use crate::proxy::Proxy;
use crate::servers;
use crate::setup::{Desk, incident, plain};
use crate::wait::until;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_stopped_is_found_again() {
    let Some(mut servers) = servers::alone().await else { return };
    let desk = Desk::new(&servers).await;
    let mut daemon = desk.start();
    daemon.ready().await;
    servers.tell("stop", "dovecot");
    until("the daemon has noticed", async || {
        daemon.ask(&["status", "--json"]).await.answer.contains("connecting").then_some(())
    })
    .await;
    servers.tell("start", "dovecot");
    let anna = servers.customer();
    servers.log_in(&desk.evening).await.append("INBOX", &incident(&anna, &desk.evening, "after all")).await;
    until("the alert", async || (desk.receiver.keys("Urgent: after all").len() == 1).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postfix_that_was_stopped_gets_the_reply_later() {
    let Some(mut servers) = servers::alone().await else { return };
    let desk = Desk::new(&servers).await;
    let mut daemon = desk.start();
    daemon.ready().await;
    servers.tell("stop", "postfix");
    let anna = servers.customer();
    servers.log_in(&desk.evening).await.append("INBOX", &incident(&anna, &desk.evening, "no postfix")).await;
    until("the alert over the other channel", async || desk.receiver.alerts().pop()).await;
    servers.tell("start", "postfix");
    until("the reply", async || servers.log_in(&anna).await.mails("INBOX").await.pop()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_cut_again_and_again() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    let proxy = Proxy::to(servers.imap).await;
    desk.imap = plain(proxy.port);
    let mut daemon = desk.start();
    daemon.ready().await;
    let mut imap = servers.log_in(&desk.evening).await;
    for (number, bytes) in [5, 50, 400, 900, 1200].into_iter().enumerate() {
        let customer = servers.customer();
        proxy.hold_after(bytes);
        imap.append("INBOX", &incident(&customer, &desk.evening, &format!("cut {number}"))).await;
        until("the stream stands still", async || proxy.is_held().then_some(())).await;
        proxy.release();
        proxy.cut();
    }
    for number in 0..5 {
        let subject = format!("Urgent: cut {number}");
        until(&subject, async || (!desk.receiver.keys(&subject).is_empty()).then_some(())).await;
        assert_eq!(desk.receiver.keys(&subject).len(), 1);
    }
    daemon.records("evening", "decided", 5).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_falls_silent_is_an_alarm_and_is_found_again() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    let proxy = Proxy::to(servers.imap).await;
    desk.imap = plain(proxy.port);
    let mut daemon = desk.start();
    daemon.ready().await;
    proxy.hold_after(0);
    let alarm = until("ops are told", async || desk.receiver.alarm("mailbox-stale")).await;
    assert!(alarm.dedup_key.starts_with("mailbox-stale"), "{alarm:?}");
    proxy.release();
    proxy.cut();
    let anna = servers.customer();
    servers.log_in(&desk.evening).await.append("INBOX", &incident(&anna, &desk.evening, "back")).await;
    until("the alert", async || (desk.receiver.keys("Urgent: back").len() == 1).then_some(())).await;
    until("the alarm is over", async || {
        (!daemon.status().await["alarms"].to_string().contains("mailbox-stale")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_the_server_cannot_give_is_set_aside_and_the_next_is_read() {
    let Some(servers) = servers::shared().await else { return };
    let desk = Desk::new(&servers).await;
    let mut imap = servers.log_in(&desk.evening).await;
    for name in ["one", "two", "three"] {
        let customer = servers.customer();
        imap.append("INBOX", &incident(&customer, &desk.evening, name)).await;
    }
    let files = fs::read_dir(servers.maildir(&desk.evening).join("new")).expect("a Maildir");
    let second = files
        .map(|file| file.expect("a mail").path())
        .find(|file| fs::read_to_string(file).is_ok_and(|mail| mail.contains("Subject: Urgent: two")))
        .expect("the second mail");
    fs::set_permissions(&second, Permissions::from_mode(0o000)).expect("a mode");
    let owner = fs::metadata(&second).expect("a file").uid();
    chown(&second, Some(0), None).expect("root");

    let mut daemon = desk.start();
    daemon.ready().await;
    for subject in ["Urgent: one", "Urgent: three"] {
        until(subject, async || (desk.receiver.keys(subject).len() == 1).then_some(())).await;
    }
    until("ops are told of the second", async || desk.receiver.alarm("mail-quarantined")).await;
    let rows = daemon.rows("quarantine").await;
    assert_eq!((rows.len(), &rows[0]["uid"]), (1, &2.into()), "{rows:?}");

    chown(&second, Some(owner), None).expect("root");
    fs::set_permissions(&second, Permissions::from_mode(0o600)).expect("a mode");
    let id = rows[0]["id"].to_string();
    assert_eq!(daemon.ask(&["quarantine", "retry", id.trim_matches('"')]).await.code, Some(0));
    until("the alert for the second", async || (desk.receiver.keys("Urgent: two").len() == 1).then_some(()))
        .await;
    daemon.records("evening", "decided", 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_uidvalidity_stops_the_mailbox_with_an_alarm_and_skips_nothing() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    desk.mail_folder = "Desk";
    for address in [&desk.evening, &desk.noon] {
        servers.log_in(address).await.command("CREATE Desk").await;
    }
    let mut imap = servers.log_in(&desk.evening).await;
    let anna = servers.customer();
    imap.append("Desk", &incident(&anna, &desk.evening, "before")).await;
    let mut daemon = desk.start();
    daemon.ready().await;
    until("the alert", async || (desk.receiver.keys("Urgent: before").len() == 1).then_some(())).await;

    imap.command("DELETE Desk").await;
    imap.command("CREATE Desk").await;
    imap.append("Desk", &incident(&anna, &desk.evening, "after")).await;
    let alarm = until("ops are told", async || desk.receiver.alarm("mailbox-")).await;
    assert!(alarm.body["text"].to_string().contains("evening"), "{alarm:?}");
    until("the mailbox is halted", async || {
        daemon.ask(&["status", "--json"]).await.answer.contains("halted").then_some(())
    })
    .await;
    daemon.records("evening", "decided", 1).await;
    // The other mailbox goes on.
    let noon = incident(&anna, &desk.noon, "goes on");
    servers.log_in(&desk.noon).await.append("Desk", &noon).await;
    daemon.records("noon", "decided", 1).await;
}
