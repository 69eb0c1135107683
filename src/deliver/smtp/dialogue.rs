//! Lines to and from an SMTP server: bounded, each within a deadline.
//!
//! What it is not: it knows commands only as lines. Invariants: a reply has at most 128 lines of 2 KiB; bytes that are no
//! UTF-8 are replaced, never an error; what a server says is told on one line, shortened, and without addresses.
//! RFC 5321 sections 4.2 and 4.5.2, RFC 3207 section 5.

use std::fmt;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use crate::base::text::one_line;
use crate::net::{Link, NetError};

/// RFC 5321 section 4.5.3.1.5 allows 512 bytes; extensions make lines longer.
const LONGEST_LINE: usize = 2 * 1024;
/// Servers with many extensions answer EHLO in some twenty lines.
const MOST_LINES: usize = 128;
/// How many characters of a reply are told.
const SHOWN: usize = 200;

/// What was going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Greeting,
    Hello,
    StartTls,
    Login,
    Sender,
    Recipient,
    Data,
    Message,
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Stage::Greeting => "the greeting",
            Stage::Hello => "EHLO",
            Stage::StartTls => "STARTTLS",
            Stage::Login => "the login",
            Stage::Sender => "the null return path (MAIL FROM:<>)",
            Stage::Recipient => "the recipient (RCPT TO)",
            Stage::Data => "DATA",
            Stage::Message => "the message",
        })
    }
}

/// Why a dialogue ended. Its text is one line without secrets, addresses and mail text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SmtpError {
    /// There is no connection.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The server said no.
    #[error("the server refuses {stage}: {code} {text}")]
    Refused { stage: Stage, code: u16, text: String },
    /// The server said nothing.
    #[error("the server does not answer {stage} within {} s", limit.as_secs())]
    TimedOut { stage: Stage, limit: Duration },
    /// The connection broke.
    #[error("the connection broke at {stage}: {reason}")]
    Broken { stage: Stage, reason: String },
    /// What the server said is no reply.
    #[error("the server answers {stage} with {what}")]
    Garbled { stage: Stage, what: &'static str },
    /// The server has no STARTTLS, or somebody took it away.
    #[error("the server offers no STARTTLS, so nothing is sent")]
    NoStartTls,
    /// Somebody wrote into the dialogue before it was protected.
    #[error("the server said more than its answer to STARTTLS before TLS began, so it is not trusted")]
    Injected,
    /// There is no way to log in.
    #[error("the server offers neither AUTH PLAIN nor AUTH LOGIN")]
    NoMechanism,
    /// The password is not there.
    #[error("the password cannot be had: {0}")]
    Secret(String),
    /// What we would say cannot be said.
    #[error("{0}")]
    Unsayable(&'static str),
    /// An address has a local part beyond ASCII.
    #[error("an address is not ASCII, and the server offers no SMTPUTF8 (RFC 6531) to carry it")]
    NoSmtpUtf8,
}

impl SmtpError {
    /// Whether the server refuses this mail, and the session can go on with another. Before MAIL FROM, refusals concern
    /// our account or the server, which somebody may mend; 421 announces that the server closes (RFC 5321 section 3.8).
    pub(crate) fn is_about_this_mail(&self) -> bool {
        let stages = [Stage::Sender, Stage::Recipient, Stage::Data, Stage::Message];
        *self == SmtpError::NoSmtpUtf8
            || matches!(self, SmtpError::Refused { stage, code, .. } if stages.contains(stage) && *code != 421)
    }

    /// The status (RFC 3463 section 3) when the server says that there is no such recipient. A refusal by its policy, as
    /// one to relay, is about us and not about the address.
    pub(crate) fn no_such_recipient(&self) -> Option<String> {
        let SmtpError::Refused { stage: Stage::Recipient, code: 550 | 551 | 553, text } = self else {
            return None;
        };
        let first = text.split(' ').next().unwrap_or_default();
        let numbers: Option<Vec<u16>> = first.split('.').map(|number| number.parse().ok()).collect();
        match numbers.as_deref() {
            // No such mailbox or system, a bad address, moved away, takes no mail (RFC 7505), disabled. The others of
            // 5.1 are about the sender.
            Some([5, 1, 0..=3 | 6 | 10] | [5, 2, 1]) => Some(first.to_owned()),
            Some([_, _, _]) => None,
            Some(_) | None => {
                let said = text.to_lowercase();
                NOBODY.iter().any(|words| said.contains(words)).then(|| "5.1.1".to_owned())
            }
        }
    }

    /// Whether it will be refused each time.
    pub(crate) fn is_permanent(&self) -> bool {
        let is_for_good = matches!(self, SmtpError::Refused { code: 500.., .. } | SmtpError::NoSmtpUtf8);
        self.is_about_this_mail() && is_for_good
    }
}

/// What servers without status codes say of a mailbox that is not there.
const NOBODY: [&str; 12] = [
    "unknown user",
    "user unknown",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "user not found",
    "mailbox not found",
    "unknown recipient",
    "recipient unknown",
    "does not exist",
    "doesn't exist",
    "unrouteable address",
];

/// What a server replied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) code: u16,
    /// The texts of its lines.
    pub(super) lines: Vec<String>,
}

impl Reply {
    /// Its words for ops: servers repeat the recipient, which is nobody's business.
    fn shown(&self) -> String {
        let text = one_line(&self.lines.join(" "));
        let words = text.split(' ').map(|word| if word.contains('@') { "(address)" } else { word });
        words.collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect()
    }
}

/// A connection on which lines are exchanged.
#[derive(Debug)]
pub(super) struct Dialogue {
    link: Link,
    /// What came in and was not read yet.
    waiting: Vec<u8>,
}

impl Dialogue {
    pub(super) fn new(link: Link) -> Self {
        Self { link, waiting: Vec::new() }
    }

    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// The bare connection, to protect it; nothing may be waiting then.
    pub(super) fn into_link(self) -> Result<Link, SmtpError> {
        if self.waiting.is_empty() { Ok(self.link) } else { Err(SmtpError::Injected) }
    }

    /// Sends a line or a message and waits for a reply with a code in `wanted`.
    pub(super) async fn ask(
        &mut self,
        stage: Stage,
        bytes: &[u8],
        wanted: std::ops::Range<u16>,
        limit: Duration,
    ) -> Result<Reply, SmtpError> {
        let deadline = Instant::now() + limit;
        let late = SmtpError::TimedOut { stage, limit };
        match timeout_at(deadline, self.say(bytes)).await {
            Ok(said) => said.map_err(|error| broken(stage, &error))?,
            Err(_) => return Err(late),
        }
        let reply = timeout_at(deadline, self.reply(stage)).await.map_err(|_| late)??;
        if wanted.contains(&reply.code) {
            return Ok(reply);
        }
        if reply.code < 400 {
            return Err(SmtpError::Garbled { stage, what: "a reply that belongs to another command" });
        }
        Err(SmtpError::Refused { stage, code: reply.code, text: reply.shown() })
    }

    async fn say(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.link.write_all(bytes).await?;
        self.link.flush().await
    }

    async fn reply(&mut self, stage: Stage) -> Result<Reply, SmtpError> {
        let mut lines = Vec::new();
        let mut first = None;
        loop {
            let line = self.line(stage).await?;
            let garbled = |what| SmtpError::Garbled { stage, what };
            let (code, is_last, text) = parts(&line).ok_or_else(|| garbled("something that is no reply"))?;
            if *first.get_or_insert(code) != code {
                return Err(garbled("a reply of several codes"));
            }
            lines.push(text.to_owned());
            if is_last {
                return Ok(Reply { code, lines });
            }
            if lines.len() >= MOST_LINES {
                return Err(garbled("a reply without end"));
            }
        }
    }

    async fn line(&mut self, stage: Stage) -> Result<String, SmtpError> {
        loop {
            if let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.waiting.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(line.trim_ascii_end()).into_owned());
            }
            if self.waiting.len() >= LONGEST_LINE {
                return Err(SmtpError::Garbled { stage, what: "a line without end" });
            }
            let mut piece = [0; 1024];
            let read = self.link.read(&mut piece).await.map_err(|error| broken(stage, &error))?;
            if read == 0 {
                return Err(SmtpError::Broken { stage, reason: "the server closed it".to_owned() });
            }
            self.waiting.extend(piece.iter().take(read));
        }
    }
}

fn broken(stage: Stage, error: &std::io::Error) -> SmtpError {
    SmtpError::Broken { stage, reason: one_line(&error.to_string()) }
}

/// The code of a line, whether it is the last of its reply, and its text.
fn parts(line: &str) -> Option<(u16, bool, &str)> {
    let (code, rest) = line.split_at_checked(3)?;
    let code: u16 = code.bytes().all(|byte| byte.is_ascii_digit()).then(|| code.parse().ok())??;
    let (is_last, text) = match rest.split_at_checked(1) {
        None => (true, ""),
        Some((" ", text)) => (true, text),
        Some(("-", text)) => (false, text),
        Some(_) => return None,
    };
    (200..600).contains(&code).then_some((code, is_last, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_that_are_replies_are_read() {
        for (line, read) in [
            ("250 ok", Some((250, true, "ok"))),
            ("250-SIZE 1", Some((250, false, "SIZE 1"))),
            ("354", Some((354, true, ""))),
            ("25", None),
            ("2500 ok", None),
            ("+50 ok", None),
            ("150 wait", None),
            ("600 what", None),
            ("é50 ok", None),
        ] {
            assert_eq!(parts(line), read, "{line}");
        }
    }

    #[test]
    fn what_a_server_says_is_told_without_addresses() {
        let lines = vec!["5.1.1 <mia@example.com>:\u{1b}[2J unknown".to_owned(), "x".repeat(400)];
        let shown = Reply { code: 550, lines }.shown();
        assert!(shown.starts_with("5.1.1 (address) [2J unknown xxx"), "{shown}");
        assert_eq!(shown.chars().count(), SHOWN);
    }

    #[test]
    fn a_recipient_that_is_not_there_is_told_from_a_server_that_does_not_want_to() {
        let refused = |stage, code, text: &str| {
            SmtpError::Refused { stage, code, text: text.to_owned() }.no_such_recipient()
        };
        for (code, text, status) in [
            (550, "5.1.1 (address) Recipient address rejected: User unknown", Some("5.1.1")),
            (550, "5.1.10 RESOLVER.ADR.RecipientNotFound", Some("5.1.10")),
            (550, "5.2.1 The account is disabled", Some("5.2.1")),
            (550, "Unrouteable address", Some("5.1.1")),
            (551, "No such user here", Some("5.1.1")),
            (550, "5.7.1 Relaying denied, user unknown", None),
            (550, "5.1.8 bad sender", None),
            (550, "relay not permitted", None),
            (554, "5.7.1 (address) Relay access denied", None),
            (552, "5.2.2 Mailbox full", None),
            (450, "4.1.1 unknown user, greylisted", None),
        ] {
            assert_eq!(refused(Stage::Recipient, code, text).as_deref(), status, "{code} {text}");
        }
        assert_eq!(refused(Stage::Sender, 550, "5.1.1 unknown user"), None, "it is about the sender");
        assert_eq!(refused(Stage::Message, 550, "5.1.1 unknown user"), None);
    }
}
