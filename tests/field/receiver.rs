//! Where alerts arrive over HTTP; checks every signature.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the receiver and the daemon both know.
pub(crate) const KEY: &str = "the key of the pager";

/// An alert or an alarm as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) dedup_key: String,
    pub(crate) body: Value,
}

/// A receiver on loopback; ends when dropped.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    state: Arc<Shared>,
    _tasks: JoinSet<()>,
}

struct Shared {
    received: Mutex<Vec<Received>>,
    /// Whether what comes in is answered.
    answers: watch::Sender<bool>,
}

impl Receiver {
    pub(crate) async fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let state = Arc::new(Shared { received: Mutex::default(), answers: watch::Sender::new(true) });
        let app = Router::new().route("/alerts", post(receive)).with_state(Arc::clone(&state));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.expect("it serves until the end") });
        Receiver { port, state, _tasks: tasks }
    }

    /// Takes what comes in and says nothing, or answers again.
    pub(crate) fn answer(&self, answers: bool) {
        self.state.answers.send_replace(answers);
    }

    /// Everything that came in.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.state.received.lock().expect("nobody panicked with it").clone()
    }

    /// The alerts that came in, without alarms.
    pub(crate) fn alerts(&self) -> Vec<Received> {
        self.received().into_iter().filter(|one| one.body["kind"] == "alert").collect()
    }

    /// The keys of the alerts about mails with this subject.
    pub(crate) fn keys(&self, subject: &str) -> BTreeSet<String> {
        let about = self.alerts().into_iter().filter(|alert| alert.body["brief"]["subject"] == subject);
        about.map(|alert| alert.dedup_key).collect()
    }

    /// The alarm of this kind, when it came in.
    pub(crate) fn alarm(&self, kind: &str) -> Option<Received> {
        let is_it = |one: &Received| one.body["key"].as_str().is_some_and(|key| key.starts_with(kind));
        self.received().into_iter().find(is_it)
    }
}

async fn receive(State(state): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let mut signed = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).expect("any length");
    signed.update(format!("{}.", header("x-nightdesk-timestamp")).as_bytes());
    signed.update(&body);
    if header("x-nightdesk-signature")
        != format!("v1={:x}", Bytes::copy_from_slice(&signed.finalize().into_bytes()))
    {
        return StatusCode::UNAUTHORIZED;
    }
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let received = Received { dedup_key: header("x-nightdesk-dedup-key"), body };
    state.received.lock().expect("nobody panicked with it").push(received);
    drop(state.answers.subscribe().wait_for(|answers| *answers).await);
    StatusCode::NO_CONTENT
}
