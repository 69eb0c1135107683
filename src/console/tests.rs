//! The pages over a real connection.

use std::net::SocketAddr;

use jiff::Timestamp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::service::Loop;

/// Serves while the questions are asked, and ends in time.
async fn while_serving(console: &Console, questions: impl AsyncFnOnce(SocketAddr)) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let cancel = CancellationToken::new();
    let serving = console.clone().serve(listener, cancel.clone());
    let asking = async {
        questions(address).await;
        cancel.cancel();
    };
    let both = async { tokio::join!(serving, asking) };
    let (served, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.expect("it ends");
    served.unwrap();
}

/// The whole answer to these bytes, until the connection ends.
async fn say(to: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    // An end by reset is an end as well.
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8(answer).unwrap()
}

async fn page_of(to: SocketAddr, path: &str) -> (String, String) {
    let answer = say(to, format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

fn console() -> Console {
    Console { health: Arc::default(), metrics: Arc::default() }
}

const OK: &str = "HTTP/1.1 200 OK";
const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable";

#[tokio::test]
async fn it_is_ready_when_every_mailbox_was_fresh_once_and_none_is_stopped() {
    let console = console();
    let (health, now) = (Arc::clone(&console.health), Timestamp::UNIX_EPOCH);
    while_serving(&console, async |at| {
        assert_eq!(
            page_of(at, "/readyz").await,
            (UNAVAILABLE.to_owned(), "store and loops: starting\n".to_owned())
        );
        Loop::ALL.into_iter().for_each(|of| health.beat(of));
        health.watch("support", now);
        health.watch("billing", now);
        health.fresh("support", now);
        health.trouble("billing", "words of a server".to_owned());
        let missing = "mailbox billing: not proven fresh yet (connecting)\n";
        assert_eq!(page_of(at, "/readyz").await, (UNAVAILABLE.to_owned(), missing.to_owned()));
        health.fresh("billing", now);
        assert_eq!(page_of(at, "/readyz").await, (OK.to_owned(), "ready\n".to_owned()));
        health.link("billing", Link::Halted, now);
        assert_eq!(
            page_of(at, "/readyz").await,
            (UNAVAILABLE.to_owned(), "mailbox billing: halted\n".to_owned())
        );
    })
    .await;
}

#[tokio::test]
async fn health_and_metrics_are_told_and_nothing_else() {
    let console = console();
    console.metrics.started(7);
    while_serving(&console, async |at| {
        assert_eq!(page_of(at, "/healthz").await, (OK.to_owned(), "ok\n".to_owned()));
        let (status, page) = page_of(at, "/metrics").await;
        assert_eq!(status, OK);
        assert!(
            page.contains("nightdesk_start_timestamp_seconds 7\n") && page.ends_with("# EOF\n"),
            "{page}"
        );
        assert_eq!(page_of(at, "/").await.0, "HTTP/1.1 404 Not Found");
        let posted =
            say(at, b"POST /readyz HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assert!(posted.await.starts_with("HTTP/1.1 405 "));
    })
    .await;
}

#[tokio::test]
async fn neither_dawdling_nor_rubbish_nor_an_endless_head_keeps_it_from_answering() {
    let console = console();
    while_serving(&console, async |at| {
        let mut idle = Vec::new();
        for _ in 0..40 {
            let mut stream = TcpStream::connect(at).await.unwrap();
            stream.write_all(b"GET /healthz HT").await.unwrap();
            idle.push(stream);
        }
        let endless = [b"GET / HTTP/1.1\r\nX: ".as_slice(), &[b'a'; 1 << 20]].concat();
        let mut stream = TcpStream::connect(at).await.unwrap();
        // It may be refused before all of it is said.
        drop(stream.write_all(&endless).await);
        drop(stream);
        assert!(say(at, &[0xff; 64]).await.starts_with("HTTP/1.1 400 "));
        assert_eq!(page_of(at, "/healthz").await.0, OK, "those who dawdled are gone in time");
    })
    .await;
}
