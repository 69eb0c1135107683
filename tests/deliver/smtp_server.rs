//! An SMTP server that does as it is told, faults included, and writes down what it heard.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// What happens instead of the usual answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// These bytes are said, and the dialogue goes on.
    Say(&'static [u8]),
    /// Nothing is said any more.
    Stall,
    /// The connection is closed.
    Close,
    /// These bytes are said for ever.
    Flood(&'static [u8]),
}

/// How a server behaves.
#[derive(Clone, Default)]
pub(crate) struct Behaviour {
    /// A fault each time that a line begins so; nothing is the greeting, a dot the end of a message.
    pub(crate) faults: Vec<(&'static str, Fault)>,
    /// Lines of the answer to EHLO.
    pub(crate) extensions: Vec<&'static str>,
    /// TLS from the first byte.
    pub(crate) implicit: Option<TlsAcceptor>,
    /// TLS after STARTTLS.
    pub(crate) starttls: Option<TlsAcceptor>,
    /// It closes after each mail, without a word.
    pub(crate) closes_after_a_mail: bool,
}

/// A server that runs until it is dropped.
pub(crate) struct SmtpServer {
    pub(crate) port: u16,
    pub(crate) heard: Heard,
    pub(crate) connections: Arc<AtomicUsize>,
    _running: JoinSet<()>,
}

/// Lines as they came in; a message is one entry. Tests add their own to see the order.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<String>>>);

impl Heard {
    pub(crate) fn add(&self, line: &str) {
        self.0.lock().expect("no test died").push(line.to_owned());
    }

    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().expect("no test died").clone()
    }

    pub(crate) fn count(&self, beginning: &str) -> usize {
        self.all().iter().filter(|line| line.starts_with(beginning)).count()
    }
}

impl SmtpServer {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (heard, connections) = (Heard::default(), Arc::new(AtomicUsize::new(0)));
        let (lines, count) = (heard.clone(), Arc::clone(&connections));
        let mut running = JoinSet::new();
        running.spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                clients.spawn(client(stream, behaviour.clone(), lines.clone()));
            }
        });
        Self { port, heard, connections, _running: running }
    }
}

async fn client(stream: TcpStream, behaviour: Behaviour, heard: Heard) {
    stream.set_nodelay(true).expect("a socket");
    if let Some(acceptor) = &behaviour.implicit {
        if let Ok(stream) = acceptor.accept(stream).await {
            drop(
                Dialogue { stream: BufStream::new(stream), behaviour: &behaviour, heard: &heard }
                    .run(true)
                    .await,
            );
        }
        return;
    }
    let plain = Dialogue { stream: BufStream::new(stream), behaviour: &behaviour, heard: &heard };
    if let (Some(stream), Some(acceptor)) = (plain.run(true).await, &behaviour.starttls)
        && let Ok(stream) = acceptor.accept(stream).await
    {
        heard.add("(TLS)");
        drop(
            Dialogue { stream: BufStream::new(stream), behaviour: &behaviour, heard: &heard }
                .run(false)
                .await,
        );
    }
}

struct Dialogue<'b, S> {
    stream: BufStream<S>,
    behaviour: &'b Behaviour,
    heard: &'b Heard,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Dialogue<'_, S> {
    /// Until the client goes; the stream when it wants TLS.
    async fn run(mut self, greets: bool) -> Option<S> {
        if greets {
            self.answer("", b"220 ready\r\n").await?;
        }
        loop {
            let line = self.line().await?;
            self.heard.add(&line);
            let upper = line.to_ascii_uppercase();
            match upper.split(' ').next().unwrap_or_default() {
                "EHLO" => {
                    let extensions = self.behaviour.extensions.join("\r\n250-");
                    let answer = format!("250-localhost greets you\r\n250-{extensions}\r\n250 HELP\r\n");
                    self.answer(&line, answer.as_bytes()).await?;
                }
                "STARTTLS" => {
                    self.answer(&line, b"220 go on\r\n").await?;
                    return Some(self.stream.into_inner());
                }
                "AUTH" if upper == "AUTH LOGIN" => {
                    self.answer(&line, b"334 VXNlcm5hbWU6\r\n").await?;
                    let user = self.line().await?;
                    self.heard.add(&user);
                    self.answer(&user, b"334 UGFzc3dvcmQ6\r\n").await?;
                    let password = self.line().await?;
                    self.heard.add(&password);
                    self.answer(&password, b"235 welcome\r\n").await?;
                }
                "AUTH" => self.answer(&line, b"235 welcome\r\n").await?,
                "DATA" => {
                    self.answer(&line, b"354 go on\r\n").await?;
                    if self.fault("DATA").is_some() {
                        continue;
                    }
                    self.message().await?;
                    if self.behaviour.closes_after_a_mail {
                        return None;
                    }
                }
                _ => self.answer(&line, b"250 ok\r\n").await?,
            }
        }
    }

    async fn message(&mut self) -> Option<()> {
        let mut message = String::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                break;
            }
            message += line.strip_prefix('.').unwrap_or(&line);
            message += "\r\n";
        }
        self.heard.add(&message);
        self.answer(".", b"250 taken\r\n").await
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).await.ok()?;
        (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    fn fault(&self, line: &str) -> Option<Fault> {
        let fits = |beginning: &str| {
            if beginning.is_empty() { line.is_empty() } else { line.starts_with(beginning) }
        };
        self.behaviour.faults.iter().find(|(beginning, _)| fits(beginning)).map(|(_, fault)| *fault)
    }

    async fn answer(&mut self, line: &str, usual: &[u8]) -> Option<()> {
        match self.fault(line) {
            None => self.say(usual).await,
            Some(Fault::Say(bytes)) => self.say(bytes).await,
            Some(Fault::Stall) => std::future::pending().await,
            Some(Fault::Close) => None,
            Some(Fault::Flood(bytes)) => loop {
                self.say(bytes).await?;
            },
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> Option<()> {
        self.stream.write_all(bytes).await.ok()?;
        self.stream.flush().await.ok()
    }
}
