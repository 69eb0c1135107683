//! The one way commands are run: the tagged status is looked at, the end of the connection and `BYE` are errors, each
//! response has a deadline and the whole command has one.
//!
//! Of `async_imap` it uses the stream of responses and nothing above it. Its typed commands take a refusal, or the end of
//! the connection, for an empty answer; its login tells the reason only inside a text, and writes the password into its
//! log. Commands are therefore written to the stream that it wraps.

use std::io;

use async_imap::Client;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout, timeout_at};

use super::guard::{Guard, NOT_A_RESPONSE, Refusal};
use super::response::{self, Response, Status, Verdict};
use super::{ImapError, Patience};
use crate::net::Link;

/// A connection that speaks in commands and responses.
#[derive(Debug)]
pub(super) struct Connection {
    client: Client<Guard<Link>>,
    patience: Patience,
    last_tag: u32,
}

/// A command on its way; its tag.
#[derive(Debug)]
pub(super) struct Running {
    name: &'static str,
    tag: String,
    deadline: Instant,
}

/// A command, and how people call it in errors: arguments may be secret.
#[derive(Clone, Copy)]
pub(super) struct Command<'a> {
    pub(super) name: &'static str,
    pub(super) line: &'a str,
}

impl Connection {
    pub(super) fn new(link: Link, patience: Patience) -> Self {
        Connection { client: Client::new(Guard::new(link)), patience, last_tag: 0 }
    }

    /// The link below, when nothing was sent on it that was not read: the guard hands on nothing after a tagged
    /// response before it is asked again, so nothing is left in between.
    pub(super) fn into_link(self) -> Option<Link> {
        self.client.into_inner().into_inner()
    }

    /// Runs a command; hands on what the server says until its tagged `OK`.
    pub(super) async fn run(
        &mut self,
        command: Command<'_>,
        mut on: impl FnMut(Response) -> Result<(), ImapError> + Send,
    ) -> Result<Status, ImapError> {
        let running = self.start(command).await?;
        loop {
            match self.step_of(&running).await? {
                Step::Done(status) => return Ok(status),
                Step::Other(Response::Continue) => {
                    return Err(ImapError::Protocol("it waits for more of a command that is complete"));
                }
                Step::Other(response) => on(response)?,
            }
        }
    }

    /// Sends a command.
    pub(super) async fn start(&mut self, command: Command<'_>) -> Result<Running, ImapError> {
        if command.line.contains(['\r', '\n', '\0']) {
            return Err(ImapError::Unsupported("a command cannot hold a line break"));
        }
        self.last_tag = self.last_tag.wrapping_add(1);
        let tag = format!("n{}", self.last_tag);
        self.send(&format!("{tag} {}\r\n", command.line)).await?;
        let deadline = Instant::now() + self.patience.command;
        Ok(Running { name: command.name, tag, deadline })
    }

    /// Sends a line that continues a command.
    pub(super) async fn send(&mut self, line: &str) -> Result<(), ImapError> {
        let stream = self.client.get_mut();
        let write = async {
            stream.write_all(line.as_bytes()).await?;
            stream.flush().await
        };
        match timeout(self.patience.response, write).await {
            Ok(written) => written.map_err(|error| ImapError::Broken(error.to_string())),
            Err(_) => Err(ImapError::TimedOut("when it is written to")),
        }
    }

    /// The next response to a command.
    pub(super) async fn step_of(&mut self, running: &Running) -> Result<Step, ImapError> {
        let deadline = running.deadline.min(Instant::now() + self.patience.response);
        let response = self.next_until(deadline).await?.ok_or(ImapError::TimedOut(running.name))?;
        finished(running, response)
    }

    /// The next response to a command until this moment; `None` when there is none.
    pub(super) async fn step_until(
        &mut self,
        running: &Running,
        deadline: Instant,
    ) -> Result<Option<Step>, ImapError> {
        let response = self.next_until(deadline).await?;
        response.map(|response| finished(running, response)).transpose()
    }

    /// The next response until this moment; `None` when there is none.
    pub(super) async fn next_until(&mut self, deadline: Instant) -> Result<Option<Response>, ImapError> {
        match timeout_at(deadline, self.client.read_response()).await {
            Ok(Ok(Some(said))) => Ok(Some(response::of(said.parsed()))),
            Ok(Ok(None)) => Err(ImapError::Closed),
            Ok(Err(error)) => Err(broken(&error)),
            Err(_) => Ok(None),
        }
    }

    pub(super) fn patience(&self) -> &Patience {
        &self.patience
    }
}

/// Why reading ended. The words of the library are not repeated: they hold what it was reading.
fn broken(error: &io::Error) -> ImapError {
    let refusal = error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>());
    match (refusal, error.kind()) {
        (Some(refusal), _) => ImapError::Protocol(refusal.0),
        (None, io::ErrorKind::Other) => ImapError::Protocol(NOT_A_RESPONSE.0),
        (None, io::ErrorKind::UnexpectedEof) => ImapError::Closed,
        (None, _) => ImapError::Broken(error.to_string()),
    }
}

/// What a response means for a running command.
#[derive(Debug)]
pub(super) enum Step {
    Done(Status),
    Other(Response),
}

/// Looks whether a response ends the command, and how.
fn finished(running: &Running, response: Response) -> Result<Step, ImapError> {
    if let Response::Bye(text) = response {
        return Err(ImapError::Bye(text));
    }
    let Response::Done { tag, status } = response else { return Ok(Step::Other(response)) };
    if tag != running.tag {
        return Err(ImapError::Protocol("it answers a command that does not run"));
    }
    match status.verdict {
        Verdict::Ok => Ok(Step::Done(status)),
        Verdict::No | Verdict::Bad | Verdict::PreAuth => {
            Err(ImapError::Refused { command: running.name, code: status.code, text: status.text })
        }
    }
}
