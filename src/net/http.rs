//! Posting over HTTP, and as little else as that takes.
//!
//! What it is not: a browser. No redirect is followed, no proxy of the environment is used, no cookie kept, and an answer
//! is read to its first 4 KiB. Idle connections are used again. A URL is a secret of whoever gave it: it stands in no
//! error. RFC 9110, 9112.

use std::error::Error as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, Response, Url, redirect};
use rustls::ClientConfig;
use tokio::time::timeout;

use super::{NetError, tls};

/// How much of an answer is read; beyond it nobody says anything new.
const MOST_ANSWER_BYTES: usize = 4 * 1024;
/// How long a connection stays open after it was used.
const IDLE: Duration = Duration::from_secs(30);

/// Posts to servers that one set of authorities vouches for.
#[derive(Debug)]
pub struct HttpClient {
    ca_file: Option<PathBuf>,
    /// The client, and what it was built with: a changed file of certificates makes a new one.
    built: Mutex<Option<(Arc<ClientConfig>, Client)>>,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status (RFC 9110 section 15).
    pub status: u16,
    /// Its Retry-After field, as written.
    pub retry_after: Option<String>,
    /// The beginning of its content; what is not UTF-8 is replaced.
    pub text: String,
}

/// Why there is no answer. Its text is one line without the URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// Nothing can be posted there.
    #[error("the URL cannot be used: {0}")]
    Url(&'static str),
    /// What protects the connection cannot be set up.
    #[error(transparent)]
    Net(#[from] NetError),
    /// Nothing was sent.
    #[error("the receiver cannot be reached: {0}")]
    Unreachable(String),
    /// The receiver may have got it.
    #[error("the connection broke before the answer: {0}")]
    Broken(String),
    /// The receiver may have got it.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
}

impl HttpClient {
    /// A client that believes the system's authorities, or only those of a file. Nothing is read before the first post.
    pub fn new(ca_file: Option<PathBuf>) -> Self {
        Self { ca_file, built: Mutex::new(None) }
    }

    /// Posts `body` and waits for the answer, both within `limit`. A status of failure is an answer.
    ///
    /// # Errors
    /// When there is no answer; see [`HttpError`] for whether the receiver may have got it.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&str, String)],
        body: String,
        limit: Duration,
    ) -> Result<Answer, HttpError> {
        let url = usable(url)?;
        timeout(limit, self.exchange(url, headers, body)).await.map_err(|_| HttpError::TimedOut(limit))?
    }

    async fn exchange(
        &self,
        url: Url,
        headers: &[(&str, String)],
        body: String,
    ) -> Result<Answer, HttpError> {
        let mut request = self.client().await?.post(url).body(body);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.map_err(|error| explain(&error))?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok(Answer { status, retry_after, text: beginning(response).await })
    }

    async fn client(&self) -> Result<Client, HttpError> {
        let connector = tls::connector(self.ca_file.as_deref()).await?;
        let config = connector.config();
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = built.as_ref().filter(|(of, _)| Arc::ptr_eq(of, config)) {
            return Ok(client.clone());
        }
        let client = Client::builder()
            .tls_backend_preconfigured(ClientConfig::clone(config))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .http1_only()
            .tcp_nodelay(true)
            .pool_idle_timeout(IDLE)
            .user_agent(concat!("nightdesk/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| HttpError::Unreachable(reason(&error)))?;
        *built = Some((Arc::clone(config), client.clone()));
        Ok(client)
    }
}

/// The URL, when something may be posted there: as everywhere in `net`, what is not protected stays on this machine.
fn usable(url: &str) -> Result<Url, HttpError> {
    let url = Url::parse(url).map_err(|_| HttpError::Url("it is no URL"))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(&url) => Ok(url),
        "http" => Err(HttpError::Url("it is another machine, so it must begin with `https://`")),
        _ => Err(HttpError::Url("it must begin with `https://`")),
    }
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The first bytes of the content. The status has been given, so a stream that breaks off changes nothing.
async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < MOST_ANSWER_BYTES
        && let Ok(Some(chunk)) = response.chunk().await
    {
        let left = MOST_ANSWER_BYTES - bytes.len();
        bytes.extend(chunk.iter().take(left));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn explain(error: &reqwest::Error) -> HttpError {
    if error.is_connect() { HttpError::Unreachable(reason(error)) } else { HttpError::Broken(reason(error)) }
}

/// The innermost cause; the outer ones name the URL or say nothing.
fn reason(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut text = "the request failed".to_owned();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    text
}
