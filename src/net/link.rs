//! Dialling: from the name of a server to a stream of bytes, protected or not.
//!
//! RFC 8314 section 3 (TLS from the first byte); RFC 2595 and RFC 3207 (upgraded later, by [`secure`]).

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::client::TlsStream;

use super::{NetError, tls};
use crate::settings::{Endpoint, Tls};

/// Addresses tried of one name; a name with more has some that answer among the first.
const MOST_ADDRESSES: usize = 16;

/// A connection to a server.
#[derive(Debug)]
pub enum Link {
    /// In the clear.
    Plain(TcpStream),
    /// Through TLS; boxed, since its state is large.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Link {
    /// Whether it is protected.
    pub fn is_protected(&self) -> bool {
        matches!(self, Link::Tls(_))
    }
}

/// Opens a connection within `limit`, trying every address of the server; with [`Tls::Implicit`] it is protected, with
/// [`Tls::StartTls`] it still has to be, by [`secure`].
///
/// # Errors
/// Says what is wrong in words for ops.
pub async fn connect(endpoint: &Endpoint, limit: Duration) -> Result<Link, NetError> {
    let deadline = Instant::now() + limit;
    let addresses = resolve(endpoint, deadline).await?;
    if endpoint.tls == Tls::None && addresses.iter().any(|address| !address.ip().is_loopback()) {
        return Err(NetError::Unprotected(server(endpoint)));
    }
    let stream = dial(endpoint, &addresses, deadline).await?;
    match endpoint.tls {
        Tls::Implicit => upgrade(stream, endpoint, deadline).await,
        Tls::StartTls | Tls::None => Ok(Link::Plain(stream)),
    }
}

/// Protects a connection after the server agreed to (STARTTLS), within `limit`. One that is protected stays as it is.
///
/// # Errors
/// When the server cannot be believed, or TLS fails; the connection is gone then.
pub async fn secure(link: Link, endpoint: &Endpoint, limit: Duration) -> Result<Link, NetError> {
    match link {
        Link::Plain(stream) => upgrade(stream, endpoint, Instant::now() + limit).await,
        Link::Tls(_) => Ok(link),
    }
}

async fn resolve(endpoint: &Endpoint, deadline: Instant) -> Result<Vec<SocketAddr>, NetError> {
    let not_found = |reason: String| NetError::NameNotFound { host: endpoint.host.clone(), reason };
    let found = timeout_at(deadline, lookup_host((endpoint.host.as_str(), endpoint.port))).await;
    let found = found.map_err(|_| not_found("the resolver does not answer in time".to_owned()))?;
    let addresses: Vec<_> =
        found.map_err(|error| not_found(error.to_string()))?.take(MOST_ADDRESSES).collect();
    if addresses.is_empty() {
        return Err(not_found("it has no address".to_owned()));
    }
    Ok(addresses)
}

/// Tries one address after the other; each gets its share of the time that is left.
async fn dial(
    endpoint: &Endpoint,
    addresses: &[SocketAddr],
    deadline: Instant,
) -> Result<TcpStream, NetError> {
    let mut failure = NetError::TimedOut(server(endpoint));
    for (tried, address) in addresses.iter().enumerate() {
        let now = Instant::now();
        let left = u32::try_from(addresses.len() - tried).unwrap_or(1);
        let share = deadline.saturating_duration_since(now) / left;
        match timeout_at(now + share, dial_one(*address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = unreachable(endpoint, &error),
            Err(_) => failure = NetError::TimedOut(server(endpoint)),
        }
    }
    Err(failure)
}

async fn dial_one(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_keepalive(true)?;
    let stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn upgrade(stream: TcpStream, endpoint: &Endpoint, deadline: Instant) -> Result<Link, NetError> {
    let connector = tls::connector(endpoint.ca_file.as_deref()).await?;
    let name = tls::server_name(endpoint)?;
    match timeout_at(deadline, connector.connect(name, stream)).await {
        Ok(Ok(stream)) => Ok(Link::Tls(Box::new(stream))),
        Ok(Err(error)) => Err(tls::explain(endpoint, &error)),
        Err(_) => Err(NetError::TimedOut(server(endpoint))),
    }
}

/// The server as ops write it.
pub(super) fn server(endpoint: &Endpoint) -> String {
    format!("{}:{}", endpoint.host, endpoint.port)
}

fn unreachable(endpoint: &Endpoint, error: &io::Error) -> NetError {
    let (server, reason, kind) = (server(endpoint), error.to_string(), error.kind());
    if kind == io::ErrorKind::ConnectionRefused {
        NetError::Refused(server)
    } else if kind == io::ErrorKind::TimedOut {
        NetError::TimedOut(server)
    } else if matches!(kind, io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted) {
        NetError::Reset { server, reason }
    } else {
        NetError::Unreachable { server, reason }
    }
}

impl AsyncRead for Link {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Link::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Link::Tls(stream) => Pin::new(stream.as_mut()).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Link::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Link::Tls(stream) => Pin::new(stream.as_mut()).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Link::Plain(stream) => Pin::new(stream).poll_flush(context),
            Link::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Link::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Link::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests;
