//! A session with a server that takes mail: opened and protected, logged in, one recipient a mail.
//!
//! Every mail of ours has a null return path (RFC 3834 section 3.3, RFC 5321 section 4.5.5): nothing that we send may
//! bounce into a mailbox that we read. Servers refuse such mail to several recipients at once, so each gets a
//! transaction of its own. `lettre` writes the commands that need encoding; its connection is not used: it has no
//! deadlines, reads lines of any length, fails on bytes beyond UTF-8 and cannot begin after STARTTLS.
//!
//! RFC 5321, 3207 (STARTTLS), 4954 (AUTH), 3461 (DSN), 6531 (SMTPUTF8), 6152 (8BITMIME).

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;

use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::commands::{Auth, Ehlo, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter, RcptParameter};

use super::dialogue::{Dialogue, Reply, SmtpError, Stage};
use crate::base::secret::Secret;
use crate::compose::WireAddress;
use crate::deliver::{Deadlines, HandOver};
use crate::net::{self, Link};
use crate::settings::{Endpoint, Tls};

/// The codes of a command that was carried out.
const DONE: Range<u16> = 200..300;
/// The codes that ask for more.
const MORE: Range<u16> = 300..400;

/// Who logs in, and with what.
pub(super) struct Login {
    pub(super) username: String,
    pub(super) password: Secret,
}

/// A mail and to whom it goes.
#[derive(Debug, Clone, Copy)]
pub(in crate::deliver) struct Posting<'a> {
    pub(in crate::deliver) to: &'a WireAddress,
    pub(in crate::deliver) message: &'a str,
    pub(in crate::deliver) on_failure: OnFailure,
}

/// What servers on the way do with a mail that they cannot deliver. The null return path keeps every notice of it away
/// from our mailboxes as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::deliver) enum OnFailure {
    /// What they usually do: a postmaster may hear of an alert that reached nobody.
    Usual,
    /// Nothing at all (`NOTIFY=NEVER`), where they know how to (RFC 5230 section 5.1): nobody waits for a reply.
    Silent,
}

/// A server that waits for mail.
#[derive(Debug)]
pub(super) struct Session {
    dialogue: Dialogue,
    deadlines: Deadlines,
    offers: Offers,
}

/// Extensions that are used where a server has them.
#[derive(Debug, Clone, Copy, Default)]
struct Offers {
    dsn: bool,
    smtputf8: bool,
    eight_bit: bool,
}

impl Offers {
    fn of(hello: &Reply) -> Self {
        Self {
            dsn: offers(hello, "DSN"),
            smtputf8: offers(hello, "SMTPUTF8"),
            eight_bit: offers(hello, "8BITMIME"),
        }
    }
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
        let mut session = Session { dialogue: Dialogue::new(link), deadlines, offers: Offers::default() };
        session.ask(Stage::Greeting, b"", DONE).await?;
        let mut hello = session.hello().await?;
        if endpoint.tls == Tls::StartTls {
            if !offers(&hello, "STARTTLS") {
                return Err(SmtpError::NoStartTls);
            }
            session.ask(Stage::StartTls, b"STARTTLS\r\n", DONE).await?;
            let link = net::secure(session.dialogue.into_link()?, endpoint, deadlines.connect).await?;
            session = Session { dialogue: Dialogue::new(link), deadlines, offers: Offers::default() };
            // What was offered before TLS is forgotten (RFC 3207 section 4.2).
            hello = session.hello().await?;
        }
        if let Some(login) = login {
            session.log_in(&hello, login).await?;
        }
        session.offers = Offers::of(&hello);
        Ok(session)
    }

    /// Hands a mail over to one recipient. `hand_over` is asked once the recipient was accepted, and nothing of the mail
    /// leaves before it has agreed.
    pub(super) async fn send<F: Future<Output = HandOver>>(
        &mut self,
        posting: &Posting<'_>,
        hand_over: impl FnOnce() -> F,
    ) -> Result<(), Setback> {
        let (mail, rcpt) = self.envelope(posting).map_err(Setback::NotTaken)?;
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
        match self.dialogue.ask(Stage::Message, &stuffed(posting.message), DONE, limit).await {
            Ok(_) => Ok(()),
            Err(refused @ SmtpError::Refused { .. }) => Err(Setback::NotTaken(refused)),
            Err(other) => Err(Setback::Unknown(other)),
        }
    }

    /// The commands that name sender and recipient, with what the server offers.
    fn envelope(&self, posting: &Posting<'_>) -> Result<(String, String), SmtpError> {
        let Posting { to, message, on_failure } = *posting;
        let mut of_mail = Vec::new();
        if to.needs_smtputf8() || !message.is_ascii() {
            if !self.offers.smtputf8 {
                return Err(SmtpError::NoSmtpUtf8);
            }
            of_mail.push(MailParameter::SmtpUtfEight);
            if self.offers.eight_bit {
                of_mail.push(MailParameter::Body(MailBodyParameter::EightBitMime));
            }
        }
        let never = || RcptParameter::Other { keyword: "NOTIFY".to_owned(), value: Some("NEVER".to_owned()) };
        let is_silent = self.offers.dsn && on_failure == OnFailure::Silent;
        let of_recipient = is_silent.then(never).into_iter().collect();
        let recipient = lettre::Address::new_dangerous(to.local(), to.domain());
        Ok((Mail::new(None, of_mail).to_string(), Rcpt::new(recipient, of_recipient).to_string()))
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
        let credentials = Credentials::new(login.username, login.password.expose().to_owned());
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
        Err(_) => ClientId::Ipv4(Ipv4Addr::LOCALHOST),
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
