//! Whether every server of the settings lets us in. Looks at each folder (`EXAMINE`, RFC 3501 section 6.3.2), sends no
//! mail, and changes nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::timeout;

use super::works::{looked_up, secrets};
use crate::base::clock::SystemClock;
use crate::deliver::{Channels, Deadlines};
use crate::imap::{Login, Patience, Session};
use crate::settings::{Account, Endpoint, Settings, Tls};

/// How long one account may take at most.
const LIMIT: Duration = Duration::from_secs(60);
/// How many accounts are looked at at once.
const AT_ONCE: usize = 8;

/// What became of one server, or of one folder on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// What was tried, such as `imap main (imap.example.com:993)`.
    what: String,
    /// What was found, or why it was not.
    found: Result<String, String>,
}

impl Reached {
    /// Whether we were let in.
    pub fn is_fine(&self) -> bool {
        self.found.is_ok()
    }
}

impl fmt::Display for Reached {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Ok(found) => write!(formatter, "ok      {}: {found}", self.what),
            Err(why) => write!(formatter, "FAILED  {}: {why}", self.what),
        }
    }
}

/// Tries all accounts and their folders, in the order of the settings.
pub async fn connect_check(settings: &Settings) -> Vec<Reached> {
    let channels = Arc::new(Channels::new(settings, &secrets(), Arc::new(SystemClock), Deadlines::default()));
    let mut trying = JoinSet::new();
    let mut tried = Vec::new();
    for (index, account) in settings.accounts.iter().enumerate() {
        if trying.len() >= AT_ONCE {
            tried.extend(trying.join_next().await);
        }
        let (account, folders) = (account.clone(), folders(settings, index));
        let channels = Arc::clone(&channels);
        trying.spawn(async move { (index, try_account(&account, folders, &channels).await) });
    }
    while let Some(next) = trying.join_next().await {
        tried.push(next);
    }
    let mut tried: Vec<(usize, Vec<Reached>)> = tried.into_iter().filter_map(Result::ok).collect();
    tried.sort_by_key(|(index, _)| *index);
    tried.into_iter().flat_map(|(_, reached)| reached).collect()
}

/// The folders that are watched on an account, each once.
fn folders(settings: &Settings, account: usize) -> Vec<String> {
    let of_account = settings.mailboxes.iter().filter(|mailbox| mailbox.account == account);
    let mut folders: Vec<String> = of_account.map(|mailbox| mailbox.folder.clone()).collect();
    folders.sort();
    folders.dedup();
    folders
}

async fn try_account(account: &Account, folders: Vec<String>, channels: &Channels) -> Vec<Reached> {
    let name = &account.name.value;
    let late = || format!("it took longer than {} s", LIMIT.as_secs());
    let mut reached = Vec::new();
    if !folders.is_empty() {
        let what = format!("imap {name} ({})", shown(&account.imap));
        let looked = timeout(LIMIT, look(account, &folders)).await;
        match looked.unwrap_or_else(|_| Err(late())) {
            Ok(found) => {
                reached.push(Reached { what, found: Ok("logged in".to_owned()) });
                reached.extend(found);
            }
            Err(why) => reached.push(Reached { what, found: Err(why) }),
        }
    }
    if let Some(smtp) = &account.smtp {
        let what = format!("smtp {name} ({})", shown(&smtp.endpoint));
        let probed =
            timeout(LIMIT, async { channels.probe(name).await.map_err(|why| why.to_string()) }).await;
        let found = probed.unwrap_or_else(|_| Err(late()));
        let fine = if smtp.login { "logged in" } else { "connected, no login wanted" };
        reached.push(Reached { what, found: found.map(|()| fine.to_owned()) });
    }
    reached
}

/// Logs in, and looks at the folders.
async fn look(account: &Account, folders: &[String]) -> Result<Vec<Reached>, String> {
    let password = looked_up(account.secret.clone()).await?;
    let login = Login { username: account.username.clone(), password };
    let session = Session::open(&account.imap, &login, Patience::default()).await;
    let mut session = session.map_err(|error| error.to_string())?;
    let mut reached = Vec::new();
    for folder in folders {
        let examined = session.examine(folder).await;
        let dead = examined.is_err();
        let found = examined.map_err(|error| error.to_string());
        reached.push(Reached {
            what: format!("imap {} folder {folder}", account.name.value),
            found: found.map(|examined| format!("{} mails", examined.exists)),
        });
        if dead {
            // What a session is worth after an error is not for us to guess.
            session = Session::open(&account.imap, &login, Patience::default())
                .await
                .map_err(|error| error.to_string())?;
        }
    }
    session.log_out().await;
    Ok(reached)
}

fn shown(endpoint: &Endpoint) -> String {
    let tls = match endpoint.tls {
        Tls::Implicit => "TLS",
        Tls::StartTls => "STARTTLS",
        Tls::None => "no TLS",
    };
    format!("{}:{}, {tls}", endpoint.host, endpoint.port)
}
