//! The switches of three in the morning: replies off and on, and a mailbox that is only watched.

use crate::proxy::Proxy;
use crate::servers;
use crate::setup::{Desk, incident, plain};
use crate::wait::until;

#[tokio::test(flavor = "multi_thread")]
async fn replies_off_holds_what_is_on_its_way_and_withholds_the_next_and_on_lets_go() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    let proxy = Proxy::to(servers.smtp).await;
    desk.smtp = plain(proxy.port);
    let mut daemon = desk.start();
    daemon.ready().await;
    let mut imap = servers.log_in(&desk.evening).await;
    let (anna, ben, carla) = (servers.customer(), servers.customer(), servers.customer());

    // The reply to Anna is so far on its way that Postfix has been told of her.
    proxy.hold_at("RCPT TO");
    imap.append("INBOX", &incident(&anna, &desk.evening, "anna")).await;
    until("the reply is on its way", async || proxy.is_held().then_some(())).await;
    assert_eq!(daemon.ask(&["replies", "off"]).await.code, Some(0));
    proxy.release();
    let held = until("it is held", async || {
        daemon.rows("outbox").await.into_iter().find(|row| row["state"] == "held")
    })
    .await;
    assert_eq!(held["kind"], "reply");

    imap.append("INBOX", &incident(&ben, &desk.evening, "ben")).await;
    until("the alert goes on", async || (desk.receiver.keys("Urgent: ben").len() == 1).then_some(())).await;
    daemon.records("evening", "decided", 2).await;
    let rows = daemon.rows("outbox").await;
    assert_eq!(rows.iter().filter(|row| row["kind"] == "reply").count(), 1, "none is decided: {rows:?}");
    let status = daemon.ask(&["status"]).await.answer;
    assert!(status.contains("OFF"), "{status}");

    assert_eq!(daemon.ask(&["replies", "on"]).await.code, Some(0));
    until("the held reply", async || servers.log_in(&anna).await.mails("INBOX").await.pop()).await;
    imap.append("INBOX", &incident(&carla, &desk.evening, "carla")).await;
    until("the next reply", async || servers.log_in(&carla).await.mails("INBOX").await.pop()).await;
    daemon.has_sent_all().await;
    for (customer, replies) in [(&anna, 1), (&ben, 0), (&carla, 1)] {
        assert_eq!(servers.log_in(customer).await.mails("INBOX").await.len(), replies, "{customer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_that_is_only_watched_decides_and_sends_nothing() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    desk.act = false;
    let mut daemon = desk.start();
    daemon.ready().await;
    let mut imap = servers.log_in(&desk.evening).await;
    let (anna, ben) = (servers.customer(), servers.customer());
    imap.append("INBOX", &incident(&anna, &desk.evening, "only watched")).await;
    daemon.records("evening", "decided", 1).await;
    let cases = daemon.rows("cases").await;
    assert_eq!((cases.len(), &cases[0]["subject"]), (1, &"Urgent: only watched".into()), "{cases:?}");
    let status = daemon.ask(&["status"]).await.answer;
    assert!(status.contains("nothing"), "it says that nothing is sent: {status}");

    // What is decided from now on is acted on, and nothing of what was before.
    desk.act = true;
    desk.write_settings();
    daemon.signal("HUP").await;
    until("it acts", async || {
        let status = daemon.status().await;
        status["daemon"]["mailboxes"].as_array()?.iter().all(|mailbox| mailbox["act"] == true).then_some(())
    })
    .await;
    imap.append("INBOX", &incident(&ben, &desk.evening, "acted on")).await;
    until("the reply", async || servers.log_in(&ben).await.mails("INBOX").await.pop()).await;
    until("the alert", async || (desk.receiver.keys("Urgent: acted on").len() == 1).then_some(())).await;
    daemon.has_sent_all().await;
    assert_eq!(desk.receiver.keys("Urgent: only watched").len(), 0);
    assert_eq!(servers.log_in(&anna).await.mails("INBOX").await.len(), 0);
}
