//! An HTTP receiver that answers with the bytes that it is given, and keeps what was posted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// What happens after a request was read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Then {
    /// These bytes are the answer.
    Answer(&'static str),
    /// These bytes, and then others for ever.
    Endless(&'static str),
    /// These bytes, and then the connection is closed.
    Close(&'static str),
    /// Nothing.
    Stall,
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Request {
    /// The value of a header; `name` is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": "));
        fields.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// A receiver that runs until it is dropped.
pub(crate) struct Receiver {
    pub(crate) port: u16,
    pub(crate) connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<Request>>>,
    _running: JoinSet<()>,
}

impl Receiver {
    pub(crate) async fn start(then: Then, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::<Mutex<Vec<Request>>>::default());
        let (count, kept) = (Arc::clone(&connections), Arc::clone(&requests));
        let mut running = JoinSet::new();
        running.spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (tls, kept) = (tls.clone(), Arc::clone(&kept));
                clients.spawn(async move {
                    match tls {
                        None => drop(serve(stream, then, &kept).await),
                        Some(acceptor) => {
                            if let Ok(stream) = acceptor.accept(stream).await {
                                drop(serve(stream, then, &kept).await);
                            }
                        }
                    }
                });
            }
        });
        Self { port, connections, requests, _running: running }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no test died").clone()
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    then: Then,
    kept: &Mutex<Vec<Request>>,
) -> std::io::Result<()> {
    let mut stream = BufStream::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if stream.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let mut request = Request { head, body: String::new() };
        let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        request.body = String::from_utf8(body).expect("JSON is UTF-8");
        kept.lock().expect("no test died").push(request);
        match then {
            Then::Stall => std::future::pending::<()>().await,
            Then::Answer(bytes) | Then::Endless(bytes) | Then::Close(bytes) => {
                stream.write_all(bytes.as_bytes()).await?;
                stream.flush().await?;
            }
        }
        match then {
            Then::Answer(_) | Then::Stall => {}
            Then::Close(_) => return Ok(()),
            Then::Endless(_) => loop {
                stream.write_all(&[b'x'; 8192]).await?;
                stream.flush().await?;
            },
        }
    }
}
