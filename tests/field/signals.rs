//! What somebody at the machine tells the daemon with a signal.

use std::fs;
use std::time::Duration;

use crate::daemon::nightdesk;
use crate::proxy::Proxy;
use crate::servers;
use crate::setup::{Desk, incident, mail, plain};
use crate::wait::until;

/// What the daemon promises.
pub(crate) const STOPS_WITHIN: Duration = Duration::from_secs(10);
/// Mails of a drain; several windows of the server's answers.
const DRAINED: u64 = 500;

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_it_in_time_and_nothing_is_lost() {
    let Some(servers) = servers::shared().await else { return };
    let desk = Desk::new(&servers).await;
    let mut imap = servers.log_in(&desk.evening).await;
    let mut subjects = Vec::new();
    for number in 0..30 {
        let customer = servers.customer();
        imap.append("INBOX", &incident(&customer, &desk.evening, &format!("number {number}"))).await;
        subjects.push(format!("Urgent: number {number}"));
    }
    // A receiver that says nothing must not keep it.
    desk.receiver.answer(false);
    let mut daemon = desk.start();
    until("an alert on its way", async || desk.receiver.alerts().pop()).await;
    daemon.signal("TERM").await;
    assert_eq!(daemon.ended(STOPS_WITHIN).await.code(), Some(0), "{}", daemon.log());

    desk.receiver.answer(true);
    let mut daemon = desk.start();
    daemon.ready().await;
    daemon.records("evening", "decided", 30).await;
    for subject in subjects {
        until(&subject, async || (!desk.receiver.keys(&subject).is_empty()).then_some(())).await;
        assert_eq!(desk.receiver.keys(&subject).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_in_the_middle_of_a_drain_ends_it_in_time_and_the_rest_is_read_later() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    let proxy = Proxy::to(servers.imap).await;
    desk.imap = plain(proxy.port);
    let mut imap = servers.log_in(&desk.noon).await;
    let customer = servers.customer();
    for number in 0..DRAINED {
        let subject = format!("Question {number}");
        imap.append("INBOX", &mail(&customer, &desk.noon, &subject, "How do I add a colleague?")).await;
    }
    // About half of what the server has to say.
    proxy.hold_after(DRAINED * 200);
    let mut daemon = desk.start();
    until("it is in the middle", async || {
        (proxy.is_held() && daemon.recorded("noon", "decided").await > 0).then_some(())
    })
    .await;
    daemon.signal("TERM").await;
    assert_eq!(daemon.ended(STOPS_WITHIN).await.code(), Some(0), "{}", daemon.log());
    let recorded = daemon.recorded("noon", "decided").await;
    assert!((1..DRAINED).contains(&recorded), "{recorded} of {DRAINED}");

    proxy.release();
    let mut daemon = desk.start();
    daemon.ready().await;
    daemon.records("noon", "decided", DRAINED).await;
    let there = imap.mails("INBOX").await.into_iter().map(|mail| mail.uid).collect();
    assert_eq!(desk.ledger(&desk.noon).await, there, "every UID is in the ledger");
    assert_eq!(daemon.recorded("noon", "duplicate").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sighup_takes_a_good_policy_and_keeps_the_old_one_for_a_bad_one() {
    let Some(servers) = servers::shared().await else { return };
    let desk = Desk::new(&servers).await;
    let mut daemon = desk.start();
    daemon.ready().await;
    let mut imap = servers.log_in(&desk.evening).await;

    desk.write_policy(|policy| policy.replace("keywords = [\"Urgent\"]", "keywords = [\"Kaputt\"]"));
    let digest = digest(&desk).await;
    daemon.signal("HUP").await;
    until("the new policy is at work", async || {
        daemon.ask(&["status", "--json"]).await.answer.contains(&digest).then_some(())
    })
    .await;
    let anna = servers.customer();
    imap.append("INBOX", &incident(&anna, &desk.evening, "no longer a word")).await;
    imap.append("INBOX", &incident(&anna, &desk.evening, "kaputt")).await;
    until("the alert by the new word", async || desk.receiver.alerts().pop()).await;
    daemon.records("evening", "decided", 2).await;
    assert_eq!(desk.receiver.keys("Urgent: no longer a word").len(), 0);

    desk.write_policy(|policy| policy.replace("hours = \"closed\"", "hours = \"clsoed\""));
    daemon.signal("HUP").await;
    let refused = until("the mistake is told", async || {
        let ran = daemon.ask(&["status"]).await;
        ran.answer.contains("! a reload was refused").then_some(ran)
    })
    .await;
    assert_eq!(refused.code, Some(1));
    // Word for word as `check` says it, and what goes on meanwhile.
    let checked =
        nightdesk(&["check", "--config", desk.path("nightdesk.toml").to_str().expect("UTF-8")]).await;
    let mistake = checked.answer.split("\n\n").next().expect("a mistake");
    assert!(
        mistake.contains("policy.toml:") && mistake.contains("clsoed") && mistake.contains("^^^"),
        "{mistake}"
    );
    assert!(refused.answer.contains(mistake), "{}\nin\n{}", mistake, refused.answer);
    assert!(daemon.log().contains(mistake), "{}\nin\n{}", mistake, daemon.log());
    assert!(refused.answer.contains(&format!("policies demo ({digest})\n")), "{}", refused.answer);
    let since = daemon.status().await["daemon"]["reload"]["refused_since"].clone();
    daemon.signal("HUP").await;
    until("it is refused again", async || {
        let reload = daemon.status().await["daemon"]["reload"].clone();
        (reload["at"] != reload["refused_since"]).then_some(())
    })
    .await;
    assert_eq!(daemon.status().await["daemon"]["reload"]["refused_since"], since, "since the first refusal");
    imap.append("INBOX", &incident(&anna, &desk.evening, "kaputt again")).await;
    until("the alert by the old policy", async || {
        (desk.receiver.keys("Urgent: kaputt again").len() == 1).then_some(())
    })
    .await;

    desk.write_policy(|policy| policy.replace("keywords = [\"Urgent\"]", "keywords = [\"Kaputt\"]"));
    daemon.signal("HUP").await;
    until("nothing is refused any more", async || {
        let ran = daemon.ask(&["status"]).await;
        (ran.code == Some(0) && !ran.answer.contains("refused")).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_case_ends_as_it_was_given_whatever_became_of_its_escalation() {
    let Some(servers) = servers::shared().await else { return };
    let desk = Desk::new(&servers).await;
    let steps = "pages = true\nsteps";
    let given = "pages = true\ngive_up_after = \"10s\"\nsteps";
    desk.write_policy(|policy| policy.replacen(steps, given, 1));
    let mut daemon = desk.start();
    daemon.ready().await;
    let mut imap = servers.log_in(&desk.evening).await;
    let anna = servers.customer();
    imap.append("INBOX", &incident(&anna, &desk.evening, "as it was given")).await;
    let alert = until("the alert", async || desk.receiver.alerts().pop()).await;

    // The escalation is gone, and the one that took its place gives up tomorrow.
    desk.write_policy(|policy| policy.replace("\"on-call\"\n", "\"night-shift\"\n"));
    let digest = digest(&desk).await;
    daemon.signal("HUP").await;
    until("the new policy is at work", async || {
        daemon.ask(&["status", "--json"]).await.answer.contains(&digest).then_some(())
    })
    .await;
    until("the case lapses after its ten seconds", async || {
        let cases = daemon.ask(&["cases", "--all", "--json"]).await.answer;
        cases.lines().any(|case| case.contains("lapsed")).then_some(())
    })
    .await;
    assert_eq!(alert.body["escalation"], "on-call");
}

/// The beginning of the digest of the desk's policy, as `check` shows it.
async fn digest(desk: &Desk) -> String {
    let folder = desk.path("policy");
    assert!(fs::exists(&folder).expect("a folder"));
    let ran = nightdesk(&["check", "--policy", folder.to_str().expect("UTF-8")]).await;
    let digest = ran.answer.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    digest.unwrap_or_else(|| panic!("{ran:?}")).0.to_owned()
}
