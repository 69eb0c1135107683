//! Layer 5: the network: dialling, TLS, posting over HTTP, and the random bytes that TLS needs.
//!
//! What it is: the one place that opens connections. It says in words that ops understand why one could not be opened.
//! What it is not: a protocol; nothing here speaks IMAP or SMTP, and nothing is retried.
//!
//! Invariants: nothing waits longer than the caller allows; a connection without TLS goes to this machine only; whom we
//! believe is named explicitly (the system's authorities, or one file), never found in a default of the process.

mod http;
mod link;
mod random;
mod tls;

use std::path::PathBuf;

pub use http::{Answer, HttpClient, HttpError};
pub use link::{Link, connect, secure};
pub use random::{NoRandomness, secret_key};

/// Why there is no connection. Its text is one line for ops, without secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The name of the server is not known.
    #[error("the name {host} is not found: {reason}")]
    NameNotFound {
        /// The name.
        host: String,
        /// What the resolver says.
        reason: String,
    },
    /// Nobody listens there.
    #[error("{0} refuses connections: nothing listens on that port, or a firewall rejects it")]
    Refused(String),
    /// It took too long.
    #[error("{0} does not answer in time")]
    TimedOut(String),
    /// The connection broke.
    #[error("{server} broke the connection off: {reason}")]
    Reset {
        /// The server.
        server: String,
        /// What the system says.
        reason: String,
    },
    /// It cannot be reached.
    #[error("{server} cannot be reached: {reason}")]
    Unreachable {
        /// The server.
        server: String,
        /// What the system says.
        reason: String,
    },
    /// Its certificate is not believed.
    #[error("the certificate of {server} is not accepted: {problem}")]
    Certificate {
        /// The server.
        server: String,
        /// What is wrong with it.
        problem: CertificateProblem,
    },
    /// TLS failed otherwise.
    #[error("no TLS with {server}: {reason}")]
    Tls {
        /// The server.
        server: String,
        /// Why.
        reason: String,
    },
    /// The file of trusted certificates cannot be used.
    #[error("the certificates in {} cannot be used: {reason}", file.display())]
    CaFile {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// It would go over the network in the clear.
    #[error("{0} is another machine: a connection without TLS is made to this machine only")]
    Unprotected(String),
}

impl NetError {
    /// Whether another try may go better without anybody changing anything.
    pub fn is_temporary(&self) -> bool {
        !matches!(self, NetError::Certificate { .. } | NetError::CaFile { .. } | NetError::Unprotected(_))
    }

    /// A stable word for metrics.
    pub fn slug(&self) -> &'static str {
        match self {
            NetError::NameNotFound { .. } => "name-not-found",
            NetError::Refused(_) => "refused",
            NetError::TimedOut(_) => "timed-out",
            NetError::Reset { .. } => "reset",
            NetError::Unreachable { .. } => "unreachable",
            NetError::Certificate { .. } => "certificate",
            NetError::Tls { .. } => "tls",
            NetError::CaFile { .. } => "ca-file",
            NetError::Unprotected(_) => "unprotected",
        }
    }
}

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateProblem {
    /// It is too old.
    #[error("it has expired")]
    Expired,
    /// It is too new, or our clock is wrong.
    #[error("it is not valid yet (is the clock of this machine right?)")]
    NotYetValid,
    /// Nobody whom we believe signed it.
    #[error("it is signed by an authority that is not known here (name its certificate with `ca_file`)")]
    UnknownIssuer,
    /// It belongs to another server.
    #[error("it is made out to another name than the one in `host`")]
    WrongName,
    /// It was withdrawn.
    #[error("it was revoked")]
    Revoked,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}
