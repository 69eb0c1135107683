//! The one way commands are run: the tagged status is looked at, the end of the connection and `BYE` are errors, each
//! response has a deadline and the whole command has one.

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout, timeout_at};

use super::response::{self, Response, Status, Verdict};
use super::wire::{Inbox, Raw};
use super::{ImapError, Patience};
use crate::net::Link;

/// Rubbish between two responses: nobody knows what else was lost.
const NOT_A_RESPONSE: ImapError = ImapError::Protocol("it sends something that is no response");

/// A connection that speaks in commands and responses.
#[derive(Debug)]
pub(super) struct Connection {
    link: Link,
    inbox: Inbox,
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
        Connection { link, inbox: Inbox::default(), patience, last_tag: 0 }
    }

    /// The link below, when nothing was sent on it that was not read.
    pub(super) fn into_link(self) -> Option<Link> {
        self.inbox.is_empty().then_some(self.link)
    }

    /// Runs a command; hands on what the server says until its tagged `OK`.
    pub(super) async fn run(
        &mut self,
        command: Command<'_>,
        mut on: impl FnMut(Response<'_>) -> Result<(), ImapError> + Send,
    ) -> Result<Status, ImapError> {
        let running = self.start(command).await?;
        loop {
            let raw = self.next_of(&running).await?;
            match finished(&running, understood(&raw)?)? {
                Step::Done(status) => return Ok(status),
                Step::Other(Response::Continue(_)) => {
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
        let write = async {
            self.link.write_all(line.as_bytes()).await?;
            self.link.flush().await
        };
        match timeout(self.patience.response, write).await {
            Ok(written) => written.map_err(|error| ImapError::Broken(error.to_string())),
            Err(_) => Err(ImapError::TimedOut("when it is written to")),
        }
    }

    /// The next response to a command.
    pub(super) async fn next_of(&mut self, running: &Running) -> Result<Raw, ImapError> {
        let deadline = running.deadline.min(Instant::now() + self.patience.response);
        match timeout_at(deadline, self.inbox.next(&mut self.link)).await {
            Ok(raw) => Ok(raw?),
            Err(_) => Err(ImapError::TimedOut(running.name)),
        }
    }

    /// The next response until this moment; `None` when there is none.
    pub(super) async fn next_until(&mut self, deadline: Instant) -> Result<Option<Raw>, ImapError> {
        match timeout_at(deadline, self.inbox.next(&mut self.link)).await {
            Ok(raw) => Ok(Some(raw?)),
            Err(_) => Ok(None),
        }
    }

    pub(super) fn patience(&self) -> &Patience {
        &self.patience
    }
}

/// What a response means for a running command.
#[derive(Debug)]
pub(super) enum Step<'a> {
    Done(Status),
    Other(Response<'a>),
}

pub(super) fn understood(raw: &Raw) -> Result<Response<'_>, ImapError> {
    response::parse(&raw.bytes).ok_or(NOT_A_RESPONSE)
}

/// Looks whether a response ends the command, and how.
pub(super) fn finished<'a>(running: &Running, response: Response<'a>) -> Result<Step<'a>, ImapError> {
    if let Response::Bye(text) = response {
        return Err(ImapError::Bye(text));
    }
    let Response::Done { tag, status } = response else { return Ok(Step::Other(response)) };
    if tag != running.tag.as_bytes() {
        return Err(ImapError::Protocol("it answers a command that does not run"));
    }
    match status.verdict {
        Verdict::Ok => Ok(Step::Done(status)),
        Verdict::No | Verdict::Bad | Verdict::PreAuth => {
            Err(ImapError::Refused { command: running.name, code: status.code, text: status.text })
        }
    }
}
