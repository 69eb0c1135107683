//! Layer 6: reading mailboxes over IMAP (RFC 3501, RFC 2177 IDLE, RFC 5530 codes).
//!
//! What it is: a session that logs in, opens one mailbox for reading only, lists and fetches mail and waits for more;
//! and [`sync`], the pure planner that says what to ask for next. What it is not: a general client. It knows nothing of
//! cursors in a store, of retries, or of what a mail means.
//!
//! Invariants: failure never looks like empty success: the tagged status of every command is looked at, the end of the
//! connection and `BYE` are errors, and each response has a deadline. A mailbox is opened with `EXAMINE` and bodies are
//! peeked at, so nothing on the server changes. All that a server sends is bounded in size, number, depth and time. A
//! session that erred is dropped. No password and no mail text stands in an error.
//!
//! Responses are parsed by `async_imap`, between two layers of our own, since by itself it takes failures for empty
//! answers and ends at the first line that it does not know: below it the `guard` hands on only what it is known to
//! take, above it `connection` runs every command and looks at its end. Its types stay in `response` and
//! `structure`.

mod base64;
mod connection;
mod cutter;
mod fetch;
mod folder;
mod guard;
mod response;
mod session;
mod structure;
pub mod sync;
mod tokens;

use std::time::Duration;

pub use fetch::{BATCH_MEMORY, Content, FetchError, Fetched, OwnedPart};
pub use response::Verdict;
pub use session::{Examined, Idled, Login, Session};

use crate::net::NetError;

/// How long a server may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a connection, TLS included.
    pub connect: Duration,
    /// For each response while we wait for one. Long enough for a server that reads a mail from tape-slow storage.
    pub response: Duration,
    /// For a whole command, however lively the server is: 4 MiB over a line of 200 kbit/s. No longer, since others may
    /// wait for the memory meanwhile; after a window that took longer, mails are fetched one by one.
    pub command: Duration,
    /// For the end of IDLE after we asked for it.
    pub idle_end: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience {
            connect: Duration::from_secs(30),
            response: Duration::from_mins(1),
            command: Duration::from_mins(3),
            idle_end: Duration::from_secs(15),
        }
    }
}

/// Why a session failed. Its text is one line for ops, without secrets or mail text.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// There is no connection.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The server closed the connection without a word.
    #[error("the server closed the connection")]
    Closed,
    /// The server said that it closes the connection.
    #[error("the server says goodbye: {0}")]
    Bye(String),
    /// It took too long.
    #[error("the server does not answer {0} in time")]
    TimedOut(&'static str),
    /// The name or the password is wrong, or the account is locked.
    #[error("the server refuses the login: {}", told(code.as_deref(), text))]
    LoginRefused {
        /// The code, such as `AUTHENTICATIONFAILED`.
        code: Option<String>,
        /// What the server says.
        text: String,
    },
    /// A command failed.
    #[error("the server refuses {command}: {}", told(code.as_deref(), text))]
    Refused {
        /// The command.
        command: &'static str,
        /// The code, such as `INUSE` (RFC 5530).
        code: Option<String>,
        /// What the server says.
        text: String,
    },
    /// It does not keep to the protocol.
    #[error("the server does not keep to the protocol: {0}")]
    Protocol(&'static str),
    /// It cannot do what we need, or we cannot say it.
    #[error("{0}")]
    Unsupported(&'static str),
}

impl ImapError {
    /// A stable word for metrics.
    pub fn slug(&self) -> &'static str {
        match self {
            ImapError::Net(error) => error.slug(),
            ImapError::Broken(_) => "broken",
            ImapError::Closed => "closed",
            ImapError::Bye(_) => "bye",
            ImapError::TimedOut(_) => "timed-out",
            ImapError::LoginRefused { .. } => "login-refused",
            ImapError::Refused { .. } => "refused",
            ImapError::Protocol(_) => "protocol",
            ImapError::Unsupported(_) => "unsupported",
        }
    }

    /// Whether another try may go better without anybody changing anything.
    pub fn is_temporary(&self) -> bool {
        match self {
            ImapError::Net(error) => error.is_temporary(),
            ImapError::LoginRefused { .. } | ImapError::Unsupported(_) => false,
            ImapError::Broken(_)
            | ImapError::Closed
            | ImapError::Bye(_)
            | ImapError::TimedOut(_)
            | ImapError::Refused { .. }
            | ImapError::Protocol(_) => true,
        }
    }
}

fn told(code: Option<&str>, text: &str) -> String {
    match (code, text) {
        (Some(code), "") => format!("[{code}]"),
        (Some(code), text) => format!("[{code}] {text}"),
        (None, "") => "it does not say why".to_owned(),
        (None, text) => text.to_owned(),
    }
}
