//! Mail through the SMTP server of an account: sessions are kept for a while, and a session that erred is dropped.

mod dialogue;
mod session;

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use self::dialogue::{SmtpError, Stage};
use self::session::{Login, Session, Setback};
pub(super) use self::session::{OnFailure, Posting};
use super::{Deadlines, HandOver, Outcome, Secrets};
use crate::settings::{Account, Endpoint, SecretSource};

/// How long a session without work is kept; servers close them after five minutes (RFC 5321 section 4.5.3.2.7).
const IDLE: Duration = Duration::from_secs(30);
/// How many such sessions are kept.
const MOST_IDLE: usize = 4;

/// The server through which the mail of an account leaves.
pub(super) struct Server {
    endpoint: Endpoint,
    login: Option<(String, SecretSource)>,
    secrets: Secrets,
    deadlines: Deadlines,
    idle: Mutex<Vec<(Session, Instant)>>,
}

/// What became of one mail to one recipient.
#[derive(Debug)]
pub(super) enum Passed {
    /// The server has taken it.
    Taken,
    /// It refused it.
    Refused {
        /// For good.
        permanent: bool,
        /// Why.
        reason: String,
    },
    /// It refused it for good: there is no such recipient.
    NoRecipient {
        /// Why.
        reason: String,
        /// The status (RFC 3463), such as `5.1.1`.
        status: String,
    },
    /// It cannot be talked with at present, and has not taken it.
    Unable(String),
    /// It may have.
    Unknown(String),
    /// It was not handed over.
    Withheld(HandOver),
}

impl Server {
    /// The server of an account; `None` when it has none.
    pub(super) fn of(account: &Account, secrets: &Secrets, deadlines: Deadlines) -> Option<Self> {
        let smtp = account.smtp.as_ref()?;
        Some(Self {
            endpoint: smtp.endpoint.clone(),
            login: smtp.login.then(|| (account.username.clone(), account.secret.clone())),
            secrets: Secrets::clone(secrets),
            deadlines,
            idle: Mutex::default(),
        })
    }

    /// Sends a mail to one recipient.
    pub(super) async fn send<F: Future<Output = HandOver> + Send>(
        &self,
        posting: &Posting<'_>,
        hand_over: impl FnOnce() -> F + Send,
    ) -> Passed {
        let mut session = match self.session().await {
            Ok(session) => session,
            Err(error) => return not_taken(&error),
        };
        let sent = session.send(posting, hand_over).await;
        let (passed, usable) = match sent {
            Ok(()) => (Passed::Taken, true),
            Err(Setback::NotTaken(error)) => (not_taken(&error), error.is_about_this_mail()),
            Err(Setback::Unknown(error)) => (Passed::Unknown(error.to_string()), false),
            Err(Setback::Withheld(why)) => (Passed::Withheld(why), true),
        };
        let clean = matches!(passed, Passed::Taken);
        if usable && (clean || session.reset().await.is_ok()) {
            self.keep(session);
        }
        passed
    }

    /// Whether a session can be had.
    pub(super) async fn probe(&self) -> Result<(), String> {
        let session = self.session().await.map_err(|error| error.to_string())?;
        self.keep(session);
        Ok(())
    }

    /// Drops the sessions that have waited too long.
    pub(super) fn tidy(&self) {
        let now = Instant::now();
        self.idle().retain(|(_, since)| now.duration_since(*since) < IDLE);
    }

    /// A session that still answers, or a new one.
    async fn session(&self) -> Result<Session, SmtpError> {
        self.tidy();
        loop {
            let Some((mut session, _)) = self.idle().pop() else { break };
            if session.reset().await.is_ok() {
                return Ok(session);
            }
        }
        let login = match &self.login {
            None => None,
            Some((username, source)) => {
                let password = (self.secrets)(source.clone()).await.map_err(SmtpError::Secret)?;
                Some(Login { username: username.clone(), password })
            }
        };
        let limit = self.deadlines.session;
        timeout(limit, Session::open(&self.endpoint, login, self.deadlines))
            .await
            .unwrap_or(Err(SmtpError::TimedOut { stage: Stage::Login, limit }))
    }

    fn keep(&self, session: Session) {
        let mut idle = self.idle();
        if idle.len() < MOST_IDLE {
            idle.push((session, Instant::now()));
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<(Session, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_taken(error: &SmtpError) -> Passed {
    if let Some(status) = error.no_such_recipient() {
        Passed::NoRecipient { reason: error.to_string(), status }
    } else if error.is_about_this_mail() {
        Passed::Refused { permanent: error.is_permanent(), reason: error.to_string() }
    } else {
        Passed::Unable(error.to_string())
    }
}

/// An outcome for a mail that is never repeated when it may have been taken.
pub(super) fn once(passed: Passed) -> Outcome {
    match passed {
        Passed::Taken => Outcome::Sent,
        Passed::Refused { permanent: true, reason } => Outcome::Permanent(reason),
        Passed::NoRecipient { reason, status } => Outcome::NoRecipient { reason, status },
        Passed::Refused { permanent: false, reason }
        | Passed::Unable(reason)
        | Passed::Withheld(HandOver::Unavailable(reason)) => Outcome::Temporary { reason, retry_after: None },
        Passed::Unknown(reason) => Outcome::Unknown(reason),
        Passed::Withheld(HandOver::Refused | HandOver::Granted) => Outcome::Withheld,
    }
}
