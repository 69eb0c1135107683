//! What stands between the daemon and a server: lets so many bytes through, then holds the stream or cuts it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A proxy on loopback; ends when dropped.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    gate: watch::Sender<Gate>,
    _tasks: JoinSet<()>,
}

/// What may pass. Only what the server says is counted, over all connections.
#[derive(Debug, Clone, Copy)]
struct Gate {
    passed: u64,
    limit: u64,
    /// What the client says from here on does not pass.
    words: Option<&'static str>,
    /// Somebody waits at the limit or with these words.
    held: bool,
    /// Counts the cuts; a connection ends with the next one.
    cuts: u32,
}

impl Proxy {
    /// A proxy in front of a port of loopback; everything passes.
    pub(crate) async fn to(server: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let gate = watch::Sender::new(Gate { passed: 0, limit: u64::MAX, words: None, held: false, cuts: 0 });
        let mut tasks = JoinSet::new();
        let of_connections = gate.clone();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(connection(client, server, of_connections.clone()));
            }
        });
        Proxy { port, gate, _tasks: tasks }
    }

    /// From now on this many bytes of the server pass, then the stream stands still.
    pub(crate) fn hold_after(&self, bytes: u64) {
        self.gate.send_modify(|gate| (gate.limit, gate.held) = (gate.passed.saturating_add(bytes), false));
    }

    /// From now on what the client says stands still where it says this, before that arrives.
    pub(crate) fn hold_at(&self, words: &'static str) {
        self.gate.send_modify(|gate| (gate.words, gate.held) = (Some(words), false));
    }

    /// Whether the stream stands still.
    pub(crate) fn is_held(&self) -> bool {
        self.gate.borrow().held
    }

    /// Everything passes again.
    pub(crate) fn release(&self) {
        self.gate.send_modify(|gate| (gate.limit, gate.words, gate.held) = (u64::MAX, None, false));
    }

    /// Ends every connection; what was held in it is lost.
    pub(crate) fn cut(&self) {
        self.gate.send_modify(|gate| gate.cuts += 1);
    }
}

async fn connection(client: TcpStream, server: u16, gate: watch::Sender<Gate>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    drop((client.set_nodelay(true), server.set_nodelay(true)));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let mut cuts = gate.subscribe();
    let now = cuts.borrow().cuts;
    tokio::select! {
        () = listened_to(from_client, to_server, &gate) => {}
        () = guarded(from_server, to_client, &gate) => {}
        _ = cuts.wait_for(|gate| gate.cuts != now) => {}
    }
}

/// Hands on what the client says, up to the words that are waited for.
async fn listened_to(
    mut from_client: OwnedReadHalf,
    mut to_server: OwnedWriteHalf,
    gate: &watch::Sender<Gate>,
) {
    let mut buffer = vec![0; 1 << 16];
    let mut opening = gate.subscribe();
    let cuts = opening.borrow().cuts;
    while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
        let said = &buffer[..count];
        let is_it = |gate: &Gate| {
            gate.words.is_some_and(|words| said.windows(words.len()).any(|here| here == words.as_bytes()))
        };
        gate.send_if_modified(|gate| {
            gate.held |= is_it(gate);
            is_it(gate)
        });
        let opened = opening.wait_for(|gate| !is_it(gate)).await.map(|gate| gate.cuts);
        if opened.ok() != Some(cuts) || to_server.write_all(said).await.is_err() {
            return;
        }
    }
}

/// Hands on what the server says, as far as the gate lets it through.
async fn guarded(mut from_server: OwnedReadHalf, mut to_client: OwnedWriteHalf, gate: &watch::Sender<Gate>) {
    let mut buffer = [0; 4096];
    let mut opening = gate.subscribe();
    while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
        let mut sent = 0;
        while sent < count {
            let mut may = 0;
            gate.send_modify(|gate| {
                let left = usize::try_from(gate.limit - gate.passed.min(gate.limit)).unwrap_or(usize::MAX);
                may = left.min(count - sent);
                gate.passed += may as u64;
                gate.held |= may == 0;
            });
            if may == 0 {
                drop(opening.wait_for(|gate| gate.limit > gate.passed).await);
                continue;
            }
            if to_client.write_all(&buffer[sent..sent + may]).await.is_err() {
                return;
            }
            sent += may;
        }
    }
}
