//! Alerts and alarms through webhooks.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use nightdesk::deliver::{Channels, Deadlines, Outcome};
use nightdesk::settings::{ChannelKind, SecretSource};
use sha2::Sha256;

use super::receiver::{Receiver, Then};
use super::{NOW, SECRET, alarm, alert, certificates, channels, kind, patient, reason, short, tell};

const OK: &str = "HTTP/1.1 204 No Content\r\n\r\n";

fn hook(url: &str, ca_file: Option<PathBuf>, hmac: Option<SecretSource>) -> Channels {
    hook_in(url, ca_file, hmac, patient())
}

fn hook_in(
    url: &str,
    ca_file: Option<PathBuf>,
    hmac: Option<SecretSource>,
    deadlines: Deadlines,
) -> Channels {
    let hook = ChannelKind::Webhook { url: url.to_owned(), hmac, ca_file };
    channels(None, vec![("hook", hook)], deadlines)
}

fn url(receiver: &Receiver) -> String {
    format!("http://127.0.0.1:{}/hook/T0K3N", receiver.port)
}

fn key() -> SecretSource {
    SecretSource::Credential("key".to_owned())
}

#[tokio::test]
async fn a_post_carries_its_dedup_key_and_a_signature_that_the_receiver_can_check() {
    let receiver = Receiver::start(Then::Answer(OK), None).await;
    let house = hook(&url(&receiver), None, Some(key()));
    assert_eq!(tell(&house, "hook", &alert()).await, Outcome::Sent);
    assert_eq!(tell(&house, "hook", &alarm()).await, Outcome::Sent);
    let requests = receiver.requests();
    for (request, dedup_key) in requests.iter().zip(["K7Q4-MX2P/on-call/1", "alarm-1"]) {
        assert!(request.head.starts_with("POST /hook/T0K3N HTTP/1.1\r\n"));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert_eq!(request.header("x-nightdesk-dedup-key"), Some(dedup_key));
        let timestamp = request.header("x-nightdesk-timestamp").expect("a timestamp");
        assert_eq!(timestamp, NOW.as_second().to_string());
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
        mac.update(format!("{timestamp}.{}", request.body).as_bytes());
        let mut expected = "v1=".to_owned();
        for byte in mac.finalize().into_bytes() {
            write!(expected, "{byte:02x}").expect("a string grows");
        }
        assert_eq!(request.header("x-nightdesk-signature"), Some(expected.as_str()));
        let body: serde_json::Value = serde_json::from_str(&request.body).expect("JSON");
        assert_eq!(body["dedup_key"], dedup_key);
        assert!(body["title"].is_string() && body["text"].is_string());
    }
    assert_eq!(receiver.connections.load(Ordering::SeqCst), 1, "the connection is used again");
}

#[tokio::test]
async fn without_a_key_nothing_is_signed_and_without_its_file_nothing_is_sent() {
    let receiver = Receiver::start(Then::Answer(OK), None).await;
    assert_eq!(tell(&hook(&url(&receiver), None, None), "hook", &alert()).await, Outcome::Sent);
    assert_eq!(receiver.requests().first().expect("a request").header("x-nightdesk-signature"), None);
    let house = hook(&url(&receiver), None, Some(SecretSource::File("/nowhere".into())));
    let outcome = tell(&house, "hook", &alert()).await;
    assert_eq!(kind(&outcome), "temporary");
    assert!(reason(&outcome).contains("the key of the signature cannot be had"), "{outcome:?}");
    assert_eq!(receiver.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_says_whether_to_come_back() {
    for (answer, expected) in [
        (Then::Answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), "sent"),
        (Then::Answer("HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\nlate"), "temporary"),
        (Then::Answer("HTTP/1.1 408 Slow\r\nContent-Length: 0\r\n\r\n"), "temporary"),
        (Then::Answer("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"), "permanent"),
        (Then::Answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), "temporary"),
        (
            Then::Answer("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"),
            "temporary",
        ),
        (Then::Answer("what?\r\n\r\n"), "temporary"),
        (Then::Answer("HTTP/1.1 200"), "temporary"),
        (Then::Stall, "temporary"),
        (Then::Close(""), "temporary"),
        (Then::Close("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), "sent"),
        (Then::Endless("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"), "sent"),
        (Then::Endless("HTTP/1.1 503 No\r\nX-Long: "), "temporary"),
    ] {
        let receiver = Receiver::start(answer, None).await;
        let stalls = matches!(answer, Then::Stall | Then::Answer("what?\r\n\r\n" | "HTTP/1.1 200"));
        let house = hook_in(&url(&receiver), None, None, if stalls { short() } else { patient() });
        let outcome = tell(&house, "hook", &alert()).await;
        assert_eq!(kind(&outcome), expected, "{answer:?}: {outcome:?}");
        assert!(!reason(&outcome).contains("T0K3N"), "{outcome:?}");
        assert_eq!(receiver.requests().len(), 1, "{answer:?}");
    }
}

#[tokio::test]
async fn a_receiver_may_ask_for_a_pause() {
    for (after, expected) in [("17", Some(17)), ("99999", Some(3600)), ("soon", None)] {
        let answer = format!("HTTP/1.1 429 Slow\r\nRetry-After: {after}\r\nContent-Length: 0\r\n\r\n");
        let receiver = Receiver::start(Then::Answer(answer.leak()), None).await;
        let outcome = tell(&hook(&url(&receiver), None, None), "hook", &alert()).await;
        let Outcome::Temporary { retry_after, .. } = outcome else { panic!("{outcome:?}") };
        assert_eq!(retry_after, expected.map(Duration::from_secs));
    }
}

#[tokio::test]
async fn only_a_certificate_that_holds_is_believed() {
    for (year, expected) in [(2100, ""), (2020, "expired")] {
        let certified = certificates::until(year);
        let receiver = Receiver::start(Then::Answer(OK), Some(certified.acceptor.clone())).await;
        let url = format!("https://localhost:{}/T0K3N", receiver.port);
        let outcome = tell(&hook(&url, Some(certified.ca_file.clone()), None), "hook", &alert()).await;
        assert_eq!(kind(&outcome), if expected.is_empty() { "sent" } else { "temporary" }, "{outcome:?}");
        assert!(reason(&outcome).to_lowercase().contains(expected), "{outcome:?}");
        let other = certificates::until(2100);
        let stranger = hook(&url, Some(other.ca_file.clone()), None);
        assert_eq!(kind(&tell(&stranger, "hook", &alert()).await), "temporary");
    }
}

#[tokio::test]
async fn nothing_is_posted_in_the_clear_to_another_machine() {
    for url in ["http://192.0.2.1/T0K3N", "http://hooks.example/T0K3N", "ftp://127.0.0.1/T0K3N", "T0K3N"] {
        let outcome = tell(&hook(url, None, None), "hook", &alert()).await;
        assert_eq!(kind(&outcome), "permanent", "{url}: {outcome:?}");
        assert!(!reason(&outcome).contains("T0K3N"), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_receiver_that_is_not_there_may_come_back() {
    let gone = Receiver::start(Then::Stall, None).await;
    let house = hook(&url(&gone), None, None);
    drop(gone);
    // The port is free again once the receiver's task has ended.
    let outcome = tell(&house, "hook", &alert()).await;
    assert_eq!(kind(&outcome), "temporary", "{outcome:?}");
    assert!(!reason(&outcome).contains("T0K3N"), "{outcome:?}");
}

/// The objects that `deploy/WEBHOOK.md` shows are what is posted.
#[tokio::test]
async fn the_page_for_receivers_shows_what_is_posted() {
    let receiver = Receiver::start(Then::Answer(OK), None).await;
    let house = hook(&url(&receiver), None, None);
    for outgoing in [alert(), alarm()] {
        assert_eq!(tell(&house, "hook", &outgoing).await, Outcome::Sent);
    }
    let page = include_str!("../../deploy/WEBHOOK.md");
    let shown: Vec<&str> =
        page.split("```json\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect();
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text);
    assert_eq!(shown.len(), 2);
    for (shown, posted) in shown.iter().zip(receiver.requests()) {
        let posted = json(&posted.body).expect("JSON");
        let pretty = serde_json::to_string_pretty(&posted).expect("JSON");
        assert_eq!(json(shown).ok(), Some(posted), "the page should show:\n{pretty}");
    }
}
