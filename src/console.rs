//! Layer 8: health and metrics over HTTP, for a collector, a load balancer or a person with `curl`.
//!
//! | path | 200 when | otherwise 503 with |
//! |---|---|---|
//! | `/healthz` | the loops that everything depends on go round | the loops that do not |
//! | `/readyz` | the store takes changes, and each mailbox was proven fresh at least once and is not stopped | what is missing, a line each |
//! | `/metrics` | always | |
//!
//! It only reads. Nothing of a mail, a server's words or a secret is shown: names of the settings and slugs of ours.
//! It is for loopback and knows no passwords. Connections are bounded in number (`bounded`) and in time; each
//! carries one request, so nothing lingers.

mod bounded;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::service::{Health, Link};
use crate::telemetry::Metrics;
use bounded::Bounded;

/// A loop that did not go round for so long is stuck. The slowest goes round every ten seconds, and a large batch on
/// a slow disk takes some more.
const STUCK_AFTER: Duration = Duration::from_mins(1);
/// The type of the page of metrics, as its collectors ask for it.
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// What the pages are made from.
#[derive(Debug, Clone)]
pub struct Console {
    /// What is known of everything that runs.
    pub health: Arc<Health>,
    /// What was measured.
    pub metrics: Arc<Metrics>,
}

impl Console {
    /// Answers on this listener until it is cancelled, and then until the last answer is out.
    ///
    /// # Errors
    /// When the listener fails for good.
    pub async fn serve(self, listener: TcpListener, cancel: CancellationToken) -> std::io::Result<()> {
        let pages = Router::new()
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(self);
        axum::serve(Bounded::new(listener), pages).with_graceful_shutdown(cancel.cancelled_owned()).await
    }
}

async fn healthz(State(console): State<Console>) -> Response {
    let stuck = console.health.stuck(STUCK_AFTER);
    let lines = stuck.iter().map(|of| format!("loop {}: stuck", of.slug())).collect();
    page("ok", lines)
}

async fn readyz(State(console): State<Console>) -> Response {
    page("ready", missing(&console.health))
}

/// What is missing before mail is watched as it should be, a line each.
fn missing(health: &Health) -> Vec<String> {
    let mut lines = Vec::new();
    if !health.all_beat() {
        lines.push("store and loops: starting".to_owned());
    }
    for (name, mailbox) in health.snapshot() {
        match mailbox.link {
            Link::Refused | Link::Halted => lines.push(format!("mailbox {name}: {}", mailbox.link.slug())),
            Link::Connecting | Link::Reading | Link::Waiting if mailbox.fresh_at.is_none() => {
                lines.push(format!("mailbox {name}: not proven fresh yet ({})", mailbox.link.slug()));
            }
            Link::Connecting | Link::Reading | Link::Waiting => {}
        }
    }
    lines
}

/// The page of a question: all is well, or what is not.
fn page(fine: &str, wrong: Vec<String>) -> Response {
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let lines = if wrong.is_empty() { vec![fine.to_owned()] } else { wrong };
    (status, [(header::CONNECTION, "close"), (header::CACHE_CONTROL, "no-store")], lines.join("\n") + "\n")
        .into_response()
}

async fn metrics(State(console): State<Console>) -> Response {
    match console.metrics.page() {
        Ok(page) => {
            let close = HeaderValue::from_static("close");
            ([(header::CONTENT_TYPE, OPEN_METRICS), (header::CONNECTION, close)], page).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the page of metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[cfg(test)]
mod tests;
