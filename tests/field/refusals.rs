//! What cannot work is said, with the place and the reason.

use std::fs;

use crate::daemon::{ask, nightdesk, page};
use crate::servers;
use crate::setup::{Desk, free_port, plain};
use crate::wait::until;

/// A daemon that cannot watch its mailbox says why, in its status and to ops, and is not ready.
async fn says_why(desk: &Desk, link: &str, words: &[&str]) {
    let daemon = desk.start();
    let status = until(&format!("the status names {words:?}"), async || {
        let status = daemon.ask(&["status", "--json"]).await;
        let evening = status.answer.to_lowercase();
        words.iter().all(|word| evening.contains(word)).then_some(status)
    })
    .await;
    assert!(status.answer.contains(link), "{status:?}");
    assert_eq!(status.code, Some(1), "something is wrong: {status:?}");
    let ready = until("the page of readiness", async || page(desk.http, "/readyz").await).await;
    assert_eq!(ready.0, 503, "{ready:?}");
    assert!(ready.1.contains("evening"), "{ready:?}");
    let alarm = until("ops are told", async || desk.receiver.alarm("mailbox-")).await;
    assert!(!alarm.body.to_string().contains(desk.password), "{alarm:?}");
    assert!(!daemon.log().contains(desk.password), "no password in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    desk.write_settings();
    let settings = desk.path("nightdesk.toml");
    let right = ask(&settings, &["check", "--connect"]).await;
    assert_eq!(right.code, Some(0), "{right:?}");
    desk.password = "not the one";
    desk.write_settings();
    let wrong = ask(&settings, &["check", "--connect"]).await;
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.answer.contains("evening"), "it names who is refused: {wrong:?}");
    says_why(&desk, "refused", &["authentication"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    desk.imap = plain(free_port().await);
    says_why(&desk, "connecting", &["refuses connections"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_certificate() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    desk.imap = format!(
        r#"{{ host = "127.0.0.2", port = {}, ca_file = "{}" }}"#,
        servers.imaps,
        servers.ca.display()
    );
    says_why(&desk, "connecting", &["expired"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_an_authority_that_nobody_believes() {
    let Some(servers) = servers::shared().await else { return };
    let mut desk = Desk::new(&servers).await;
    desk.imap = format!(r#"{{ host = "localhost", port = {} }}"#, servers.imaps);
    says_why(&desk, "connecting", &["certificate"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_instance() {
    let Some(servers) = servers::shared().await else { return };
    let desk = Desk::new(&servers).await;
    let mut daemon = desk.start();
    daemon.ready().await;
    let second = ask(&desk.path("nightdesk.toml"), &["run"]).await;
    assert_eq!(second.code, Some(3), "{second:?}");
    assert!(second.complaint.contains("nightdesk.db"), "it names the database: {second:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_none() {
    let Some(servers) = servers::shared().await else { return };
    let desk = Desk::new(&servers).await;
    desk.write_settings();
    fs::write(desk.path("nightdesk.db"), "this is no database, but long enough to be looked at ".repeat(99))
        .expect("a file");
    let ran = ask(&desk.path("nightdesk.toml"), &["run"]).await;
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.complaint.contains("nightdesk.db"), "it names the database: {ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_in_settings_and_policy() {
    let Some(servers) = servers::shared().await else { return };
    let desk = Desk::new(&servers).await;
    desk.write_settings();
    desk.write_policy(|policy| policy.replace("time_zone", "timezone"));
    let settings = desk.path("nightdesk.toml");
    let wrong = fs::read_to_string(&settings).expect("settings").replace("username =", "user_name =");
    fs::write(&settings, wrong).expect("settings");
    for command in ["run", "check"] {
        let ran = nightdesk(&[command, "--config", settings.to_str().expect("UTF-8")]).await;
        assert_eq!(ran.code, Some(if command == "run" { 2 } else { 1 }), "{ran:?}");
        let said = ran.answer + &ran.complaint;
        assert!(said.contains("nightdesk.toml:") && said.contains("did you mean `username`"), "{said}");
    }
}
