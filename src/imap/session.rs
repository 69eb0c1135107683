//! A session: from the greeting to IDLE. Each of its methods that fails leaves it unusable; it is dropped then.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::connection::{Command, Connection, Running, Step};
use super::response::{Response, Status, Verdict};
use super::{ImapError, Patience, base64, folder};
use crate::net;
use crate::settings::{Endpoint, Tls};

/// Codes that speak of the server's trouble and not of a wrong password (RFC 5530 section 3, RFC 9051 section 7.1).
const SERVER_TROUBLE: [&str; 6] = ["UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG", "OVERQUOTA", "CONTACTADMIN"];

/// Who logs in.
#[derive(Clone)]
pub struct Login {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Login").finish_non_exhaustive()
    }
}

/// A mailbox that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Examined {
    /// What its UIDs are worth (RFC 3501 section 2.3.1.1).
    pub uid_validity: u32,
    /// What the server says of the next UID: a hint, since some do not say it and some are wrong.
    pub uid_next: Option<u32>,
    /// How many mails it has.
    pub exists: u32,
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idled {
    /// Something changed.
    News,
    /// Nothing happened.
    Quiet,
    /// The server does not want to, or no longer.
    Ended,
}

/// A session with a server.
#[derive(Debug)]
pub struct Session {
    pub(super) connection: Connection,
    capabilities: Vec<String>,
    pub(super) count: Count,
}

/// How many mails the mailbox has, by the last word of the server.
#[derive(Debug, Default)]
pub(super) struct Count {
    exists: u32,
    /// By how much it grew since somebody last asked.
    grew: u32,
}

impl Count {
    /// Takes notice; true when the server said how many there are.
    pub(super) fn note(&mut self, response: &Response) -> bool {
        if let Response::Exists(count) = response {
            self.grew = self.grew.saturating_add(count.saturating_sub(self.exists));
            self.exists = *count;
            return true;
        }
        if matches!(response, Response::Expunge) {
            self.exists = self.exists.saturating_sub(1);
        }
        false
    }
}

impl Session {
    /// Connects, protects the connection and logs in.
    ///
    /// # Errors
    /// [`ImapError::LoginRefused`] only when the name or the password is at fault.
    pub async fn open(endpoint: &Endpoint, login: &Login, patience: Patience) -> Result<Self, ImapError> {
        let link = net::connect(endpoint, patience.connect).await?;
        let mut session = Session {
            connection: Connection::new(link, patience),
            capabilities: Vec::new(),
            count: Count::default(),
        };
        let greeting = session.greeting().await?;
        if endpoint.tls == Tls::StartTls {
            session = session.start_tls(endpoint, greeting.verdict).await?;
        } else if let Some(capabilities) = greeting.capabilities() {
            session.capabilities = capabilities;
        }
        if session.capabilities.is_empty() {
            session.ask_capabilities().await?;
        }
        if greeting.verdict != Verdict::PreAuth {
            session.log_in(login).await?;
        }
        Ok(session)
    }

    /// Whether the server tells of new mail by itself (RFC 2177).
    pub fn can_idle(&self) -> bool {
        self.has("IDLE")
    }

    /// How many mails the mailbox has, by the last word of the server.
    pub fn exists(&self) -> u32 {
        self.count.exists
    }

    /// How many mails came in since this was last asked, as far as the server told.
    pub fn take_growth(&mut self) -> u32 {
        std::mem::take(&mut self.count.grew)
    }

    /// Opens a mailbox for reading only.
    ///
    /// # Errors
    /// Also when the server does not tell the mailbox's UIDVALIDITY.
    pub async fn examine(&mut self, folder: &str) -> Result<Examined, ImapError> {
        let argument = folder::argument(folder)
            .ok_or(ImapError::Unsupported("the name of the folder holds control characters"))?;
        let (mut uid_validity, mut uid_next, mut exists) = (None, None, None);
        let line = format!("EXAMINE {argument}");
        let command = Command { name: "EXAMINE", line: &line };
        self.connection
            .run(command, |response| {
                if let Response::Exists(count) = response {
                    exists = Some(count);
                } else if let Response::Note(status) = response {
                    uid_validity = status.number("UIDVALIDITY").or(uid_validity);
                    uid_next = status.number("UIDNEXT").or(uid_next);
                }
                Ok(())
            })
            .await?;
        let uid_validity = uid_validity
            .filter(|validity| *validity > 0)
            .ok_or(ImapError::Protocol("it does not tell the UIDVALIDITY of the mailbox"))?;
        let exists = exists.ok_or(ImapError::Protocol("it does not tell how many mails there are"))?;
        self.count = Count { exists, grew: 0 };
        Ok(Examined { uid_validity, uid_next, exists })
    }

    /// Lets the server tell what is new.
    ///
    /// # Errors
    /// When the session failed.
    pub async fn noop(&mut self) -> Result<(), ImapError> {
        let count = &mut self.count;
        self.connection
            .run(Command { name: "NOOP", line: "NOOP" }, |response| {
                count.note(&response);
                Ok(())
            })
            .await
            .map(drop)
    }

    /// Waits for news, at most this long.
    ///
    /// # Errors
    /// When the session failed.
    pub async fn idle(&mut self, limit: Duration) -> Result<Idled, ImapError> {
        let deadline = Instant::now() + limit;
        let running = self.connection.start(Command { name: "IDLE", line: "IDLE" }).await?;
        let mut idled = self.idle_begun(&running).await?;
        if idled == Idled::Quiet {
            idled = self.idle_on(&running, deadline).await?;
        }
        if idled == Idled::Ended { Ok(idled) } else { self.idle_done(&running, idled).await }
    }

    /// Until the server waits: whether it does, and whether something came before.
    async fn idle_begun(&mut self, running: &Running) -> Result<Idled, ImapError> {
        let mut idled = Idled::Quiet;
        loop {
            match self.connection.step_of(running).await {
                Ok(Step::Other(Response::Continue)) => return Ok(idled),
                Ok(Step::Other(response)) if self.count.note(&response) => idled = Idled::News,
                Ok(Step::Other(_)) => {}
                Ok(Step::Done(_)) | Err(ImapError::Refused { .. }) => return Ok(Idled::Ended),
                Err(error) => return Err(error),
            }
        }
    }

    /// Until something happens. The deadline is one for all: a server that says every minute that it is still there
    /// does not move it.
    async fn idle_on(&mut self, running: &Running, deadline: Instant) -> Result<Idled, ImapError> {
        while let Some(step) = self.connection.step_until(running, deadline).await? {
            match step {
                Step::Done(_) => return Ok(Idled::Ended),
                Step::Other(response) if self.count.note(&response) => return Ok(Idled::News),
                Step::Other(_) => {}
            }
        }
        Ok(Idled::Quiet)
    }

    /// Ends it, and takes what comes until the server has ended it too.
    async fn idle_done(&mut self, running: &Running, mut idled: Idled) -> Result<Idled, ImapError> {
        self.connection.send("DONE\r\n").await?;
        let end = Instant::now() + self.connection.patience().idle_end;
        loop {
            let step = self.connection.step_until(running, end).await?;
            match step.ok_or(ImapError::TimedOut("DONE"))? {
                Step::Done(_) => return Ok(idled),
                Step::Other(response) if self.count.note(&response) => idled = Idled::News,
                Step::Other(_) => {}
            }
        }
    }

    /// Says goodbye; what the server answers does not matter.
    pub async fn log_out(mut self) {
        let goodbye = self.connection.run(Command { name: "LOGOUT", line: "LOGOUT" }, |_| Ok(()));
        drop(tokio::time::timeout(Duration::from_secs(1), goodbye).await);
    }

    fn has(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|found| found == capability)
    }

    async fn greeting(&mut self) -> Result<Status, ImapError> {
        let limit = Instant::now() + self.connection.patience().response;
        let greeting = self.connection.next_until(limit).await?;
        let greeting = greeting.ok_or(ImapError::TimedOut("a new connection"))?;
        if let Response::Bye(text) = greeting {
            return Err(ImapError::Bye(text));
        }
        if let Response::Note(status) = greeting
            && matches!(status.verdict, Verdict::Ok | Verdict::PreAuth)
        {
            return Ok(status);
        }
        Err(ImapError::Protocol("it does not greet us as an IMAP server does"))
    }

    async fn ask_capabilities(&mut self) -> Result<(), ImapError> {
        let mut found = Vec::new();
        let command = Command { name: "CAPABILITY", line: "CAPABILITY" };
        self.connection
            .run(command, |response| {
                if let Response::Capability(capabilities) = response {
                    found = capabilities;
                }
                Ok(())
            })
            .await?;
        self.capabilities = found;
        Ok(())
    }

    /// Upgrades the connection (RFC 3501 section 6.2.1). What was said before is forgotten, and what was sent after
    /// the server's `OK` but before TLS was put there by somebody else.
    async fn start_tls(mut self, endpoint: &Endpoint, greeted: Verdict) -> Result<Self, ImapError> {
        if greeted == Verdict::PreAuth {
            return Err(ImapError::Unsupported(
                "the server logs us in before STARTTLS; use tls = \"implicit\"",
            ));
        }
        self.ask_capabilities().await?;
        if !self.has("STARTTLS") {
            return Err(ImapError::Unsupported("the server does not offer STARTTLS; try tls = \"implicit\""));
        }
        self.connection.run(Command { name: "STARTTLS", line: "STARTTLS" }, |_| Ok(())).await?;
        let patience = *self.connection.patience();
        let link = self.connection.into_link();
        let link = link.ok_or(ImapError::Protocol("it sends text between STARTTLS and TLS"))?;
        let link = net::secure(link, endpoint, patience.connect).await?;
        Ok(Session {
            connection: Connection::new(link, patience),
            capabilities: Vec::new(),
            count: Count::default(),
        })
    }

    async fn log_in(&mut self, login: &Login) -> Result<(), ImapError> {
        let done = match (folder::quoted(&login.username), folder::quoted(&login.password)) {
            (Some(username), Some(password)) if !self.has("LOGINDISABLED") => {
                let line = format!("LOGIN {username} {password}");
                self.connection.run(Command { name: "LOGIN", line: &line }, |_| Ok(())).await
            }
            _ if self.has("AUTH=PLAIN") => self.authenticate(login).await,
            (Some(_), Some(_)) => {
                return Err(ImapError::Unsupported("the server takes no password on this connection"));
            }
            _ => {
                return Err(ImapError::Unsupported(
                    "the name or password is not ASCII, and the server does not offer AUTH=PLAIN",
                ));
            }
        };
        let status = done.map_err(|error| login_error(error, login))?;
        match status.capabilities() {
            Some(capabilities) => self.capabilities = capabilities,
            None => self.ask_capabilities().await?,
        }
        Ok(())
    }

    /// `AUTHENTICATE PLAIN` (RFC 4616), which takes any character.
    async fn authenticate(&mut self, login: &Login) -> Result<Status, ImapError> {
        let command = Command { name: "AUTHENTICATE", line: "AUTHENTICATE PLAIN" };
        let running = self.connection.start(command).await?;
        let mut asked = false;
        loop {
            match self.connection.step_of(&running).await? {
                Step::Done(status) => return Ok(status),
                Step::Other(Response::Continue) if !asked => {
                    asked = true;
                    let words = format!("\0{}\0{}", login.username, login.password);
                    self.connection.send(&format!("{}\r\n", base64::encode(words.as_bytes()))).await?;
                }
                Step::Other(Response::Continue) => {
                    return Err(ImapError::Protocol("it asks for a password twice"));
                }
                Step::Other(_) => {}
            }
        }
    }
}

/// A refused login; the server's text is kept only when it does not repeat what we said.
fn login_error(error: ImapError, login: &Login) -> ImapError {
    let ImapError::Refused { command, code, text } = error else { return error };
    let repeats = [&login.username, &login.password].iter().any(|said| text.contains(said.as_str()));
    let text = if repeats { String::new() } else { text };
    match &code {
        Some(known) if SERVER_TROUBLE.contains(&known.as_str()) => ImapError::Refused { command, code, text },
        _ => ImapError::LoginRefused { code, text },
    }
}
