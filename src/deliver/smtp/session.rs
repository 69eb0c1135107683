//! A session with a server that takes mail: opened and protected, logged in, one recipient a mail.
//!
//! Every mail of ours has a null return path (RFC 3834 section 3.3, RFC 5321 section 4.5.5): nothing that we send may
//! bounce into a mailbox that we read. Servers refuse such mail to several recipients at once, so each gets a
//! transaction of its own. `lettre` writes the commands that need encoding; its connection is not used: it has no
//! deadlines, reads lines of any length, fails on bytes beyond UTF-8 and cannot begin after STARTTLS.
//!
//! RFC 5321, 3207 (STARTTLS), 4954 (AUTH).

use std::future::Future;
use std::ops::Range;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Ehlo, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use std::net::SocketAddr;

use super::dialogue::{Dialogue, Reply, SmtpError, Stage};
use crate::deliver::{Deadlines, HandOver};
use crate::mail::Address;
use crate::net::{self, Link};
use crate::settings::{Endpoint, Tls};

/// The codes of a command that was carried out.
const DONE: Range<u16> = 200..300;
/// The codes that ask for more.
const MORE: Range<u16> = 300..400;

/// Who logs in, and with what.
pub(super) struct Login {
    pub(super) username: String,
    pub(super) password: String,
}

/// A server that waits for mail.
#[derive(Debug)]
pub(super) struct Session {
    dialogue: Dialogue,
    deadlines: Deadlines,
}

/// How far a transaction came that did not end with the mail being taken.
#[derive(Debug)]
pub(super) enum Setback {
    /// The server has not got the mail.
    NotTaken(SmtpError),
    /// It may have.
    Unknown(SmtpError),
    /// It was not handed over, for this reason.
    Withheld(HandOver),
}

impl Session {
    /// Connects, greets, protects and logs in.
    pub(super) async fn open(
        endpoint: &Endpoint,
        login: Option<Login>,
        deadlines: Deadlines,
    ) -> Result<Self, SmtpError> {
        let link = net::connect(endpoint, deadlines.connect).await?;
        let mut session = Session { dialogue: Dialogue::new(link), deadlines };
        session.ask(Stage::Greeting, b"", DONE).await?;
        let mut hello = session.hello().await?;
        if endpoint.tls == Tls::StartTls {
            if !offers(&hello, "STARTTLS") {
                return Err(SmtpError::NoStartTls);
            }
            session.ask(Stage::StartTls, b"STARTTLS\r\n", DONE).await?;
            let link = net::secure(session.dialogue.into_link()?, endpoint, deadlines.connect).await?;
            session = Session { dialogue: Dialogue::new(link), deadlines };
            // What was offered before TLS is forgotten (RFC 3207 section 4.2).
            hello = session.hello().await?;
        }
        if let Some(login) = login {
            session.log_in(&hello, login).await?;
        }
        Ok(session)
    }

    /// Hands a mail over to one recipient. `hand_over` is asked once the recipient was accepted, and nothing of the mail
    /// leaves before it has agreed.
    pub(super) async fn send<F: Future<Output = HandOver>>(
        &mut self,
        to: &Address,
        message: &str,
        hand_over: impl FnOnce() -> F,
    ) -> Result<(), Setback> {
        let recipient = lettre::Address::new_dangerous(to.local(), to.domain());
        let mail = Mail::new(None, Vec::new()).to_string();
        let rcpt = Rcpt::new(recipient, Vec::new()).to_string();
        self.ask(Stage::Sender, mail.as_bytes(), DONE).await.map_err(Setback::NotTaken)?;
        self.ask(Stage::Recipient, rcpt.as_bytes(), DONE).await.map_err(Setback::NotTaken)?;
        match hand_over().await {
            HandOver::Granted => {}
            withheld @ (HandOver::Refused | HandOver::Unavailable(_)) => {
                return Err(Setback::Withheld(withheld));
            }
        }
        self.ask(Stage::Data, b"DATA\r\n", MORE).await.map_err(Setback::NotTaken)?;
        let limit = self.deadlines.message;
        match self.dialogue.ask(Stage::Message, &stuffed(message), DONE, limit).await {
            Ok(_) => Ok(()),
            Err(refused @ SmtpError::Refused { .. }) => Err(Setback::NotTaken(refused)),
            Err(other) => Err(Setback::Unknown(other)),
        }
    }

    /// Ends a transaction that was begun; an error when the session cannot be used any more.
    pub(super) async fn reset(&mut self) -> Result<(), SmtpError> {
        self.ask(Stage::Sender, b"RSET\r\n", DONE).await.map(drop)
    }

    async fn ask(&mut self, stage: Stage, line: &[u8], wanted: Range<u16>) -> Result<Reply, SmtpError> {
        self.dialogue.ask(stage, line, wanted, self.deadlines.step).await
    }

    async fn hello(&mut self) -> Result<Reply, SmtpError> {
        let hello = Ehlo::new(own_name(self.dialogue.link())).to_string();
        self.ask(Stage::Hello, hello.as_bytes(), DONE).await
    }

    async fn log_in(&mut self, hello: &Reply, login: Login) -> Result<(), SmtpError> {
        let credentials = Credentials::new(login.username, login.password);
        let line = |mechanism, challenge: Option<&str>| {
            Auth::new(mechanism, credentials.clone(), challenge.map(str::to_owned))
                .map(|auth| auth.to_string())
                .map_err(|_| SmtpError::Unsayable("the login cannot be written"))
        };
        if offers_login(hello, "PLAIN") {
            let plain = line(Mechanism::Plain, None)?;
            self.ask(Stage::Login, plain.as_bytes(), DONE).await?;
        } else if offers_login(hello, "LOGIN") {
            // The two questions come in this order, however a server words them.
            let steps = [(None, MORE), (Some("Username:"), MORE), (Some("Password:"), DONE)];
            for (challenge, wanted) in steps {
                let step = line(Mechanism::Login, challenge)?;
                self.ask(Stage::Login, step.as_bytes(), wanted).await?;
            }
        } else {
            return Err(SmtpError::NoMechanism);
        }
        Ok(())
    }
}

/// Whether a server offers an extension. The first line of the reply to EHLO is its name.
fn offers(hello: &Reply, keyword: &str) -> bool {
    let mut lines = hello.lines.iter().skip(1);
    lines.any(|line| line.split_whitespace().next().is_some_and(|word| word.eq_ignore_ascii_case(keyword)))
}

/// `AUTH PLAIN LOGIN`, or `AUTH=PLAIN LOGIN` of old.
fn offers_login(hello: &Reply, mechanism: &str) -> bool {
    hello.lines.iter().skip(1).any(|line| {
        let mut words = line.split([' ', '=']);
        words.next().is_some_and(|word| word.eq_ignore_ascii_case("AUTH"))
            && words.any(|word| word.eq_ignore_ascii_case(mechanism))
    })
}

/// What we call ourselves: our address on this connection, since a name would have to be one that the server can look
/// up (RFC 5321 section 4.1.4).
fn own_name(link: &Link) -> ClientId {
    let address = match link {
        Link::Plain(stream) => stream.local_addr(),
        Link::Tls(stream) => stream.get_ref().0.local_addr(),
    };
    match address {
        Ok(SocketAddr::V4(address)) => ClientId::Ipv4(*address.ip()),
        Ok(SocketAddr::V6(address)) => ClientId::Ipv6(*address.ip()),
        Err(_) => ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST),
    }
}

/// The message as DATA wants it (RFC 5321 section 4.5.2): every line ends in CRLF, no line is the end by chance.
fn stuffed(message: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(message.len() + 64);
    for line in message.strip_suffix('\n').unwrap_or(message).split('\n') {
        if line.starts_with('.') {
            bytes.push(b'.');
        }
        bytes.extend(line.bytes().filter(|byte| *byte != b'\r'));
        bytes.extend(b"\r\n");
    }
    bytes.extend(b".\r\n");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_message_ends_it() {
        assert_eq!(stuffed("a\r\n.\r\n..b\r\n"), b"a\r\n..\r\n...b\r\n.\r\n");
        assert_eq!(stuffed("a\n.\nb\r.\r"), b"a\r\n..\r\nb.\r\n.\r\n");
    }

    #[test]
    fn extensions_are_read_from_the_lines_after_the_name() {
        let lines = ["STARTTLS.example PLAIN", "AUTH=LOGIN", "starttls", "AUTH  PLAIN"];
        let hello = Reply { code: 250, lines: lines.map(str::to_owned).into() };
        assert!(offers(&hello, "STARTTLS") && offers_login(&hello, "LOGIN"));
        assert!(offers_login(&hello, "PLAIN") && !offers_login(&hello, "XOAUTH2"));
        let only_name = Reply { code: 250, lines: vec!["STARTTLS".to_owned()] };
        assert!(!offers(&only_name, "STARTTLS"));
    }
}
