//! A channel that tells people by mail. Each gets a mail of their own, so one address that is refused stops nobody else's.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use super::smtp::{OnFailure, Passed, Posting, Server};
use super::{HandOver, Outcome};
use crate::base::seal::Seal;
use crate::compose::{ComposeError, Outgoing, WireAddress, alarm_mail, alert_mail};
use crate::mail::{Address, Mailbox};
use crate::settings::Recipient;

/// The most bytes of a file of recipients.
const MOST_FILE_BYTES: u64 = 64 * 1024;
/// The most recipients of a channel.
const MOST_RECIPIENTS: usize = 100;
/// How long one attempt goes on to the next recipient.
const LONGEST_ATTEMPT: Duration = Duration::from_mins(1);
/// How many notices are remembered that some of their recipients have got.
const MOST_REMEMBERED: usize = 256;

/// A channel of mail.
pub(super) struct MailChannel {
    server: Arc<Server>,
    from: Option<Mailbox>,
    to: Vec<Recipient>,
    /// Who has got a notice that others have not, so that trying again does not tell them again. Only a courtesy: when
    /// it is lost they get it twice, under the same Message-ID.
    told: Mutex<VecDeque<(String, HashSet<String>)>>,
}

/// What became of a notice, over all recipients.
#[derive(Default)]
struct Tally {
    taken: usize,
    refused: Vec<String>,
    later: Option<String>,
}

impl MailChannel {
    pub(super) fn new(server: Arc<Server>, from: &str, to: &[Recipient]) -> Self {
        Self { server, from: Mailbox::parse(from), to: to.to_vec(), told: Mutex::default() }
    }

    pub(super) async fn send(&self, outgoing: &Outgoing, now: Timestamp, seal: &Seal) -> Outcome {
        let Some(from) = &self.from else {
            return Outcome::Permanent("the channel has no From address that can be used".to_owned());
        };
        let to = match self.recipients().await {
            Ok(to) if !to.is_empty() => to,
            Ok(_) => return temporary("the channel has no recipient at present".to_owned()),
            Err(error) => return temporary(format!("the recipients cannot be read: {error}")),
        };
        let key = match outgoing {
            Outgoing::Alert(alert) => format!("{}/{}", alert.dedup_key, alert.step),
            Outgoing::Alarm(note) => note.dedup_key.clone(),
            Outgoing::Reply(_) => return Outcome::Permanent(super::NO_REPLIES.to_owned()),
        };
        let write = |to: &[Address]| match outgoing {
            Outgoing::Alert(alert) => alert_mail(alert, from, to, now, seal),
            Outgoing::Alarm(note) => alarm_mail(note, from, to, now, seal),
            Outgoing::Reply(_) => Err(ComposeError::Unwritable(super::NO_REPLIES.to_owned())),
        };
        let mut tally = Tally::default();
        let mut posts = Vec::new();
        for group in groups(to) {
            match write(&group) {
                Ok(message) => {
                    let message: Arc<str> = message.into();
                    posts.extend(group.into_iter().map(|address| (address, Arc::clone(&message))));
                }
                Err(error) => tally.refused.push(error.to_string()),
            }
        }
        let told = self.recall(&key);
        tally.taken = told.len();
        self.tell(&posts, key, (told, tally)).await
    }

    async fn tell(
        &self,
        posts: &[(Address, Arc<str>)],
        key: String,
        (mut told, mut tally): (HashSet<String>, Tally),
    ) -> Outcome {
        let end = Instant::now() + LONGEST_ATTEMPT;
        for (address, message) in posts {
            if told.contains(&address.key()) {
                continue;
            }
            if Instant::now() > end {
                tally.later = Some("the server is too slow for all recipients at once".to_owned());
                break;
            }
            let wire = WireAddress::of(address);
            let posting = Posting { to: &wire, message, on_failure: OnFailure::Usual };
            match self.server.send(&posting, || async { HandOver::Granted }).await {
                Passed::Taken => {
                    tally.taken += 1;
                    told.insert(address.key());
                }
                Passed::Refused { permanent: true, reason } | Passed::NoRecipient { reason, .. } => {
                    tally.refused.push(reason);
                }
                Passed::Refused { permanent: false, reason } => tally.later = Some(reason),
                // The others would wait for the same silence.
                Passed::Unable(reason) | Passed::Unknown(reason) => {
                    tally.later = Some(reason);
                    break;
                }
                Passed::Withheld(_) => {}
            }
        }
        if tally.later.is_some() && !told.is_empty() {
            self.remember(key, told);
        }
        tally.outcome()
    }

    async fn recipients(&self) -> io::Result<Vec<Address>> {
        let mut all: Vec<Address> = Vec::new();
        for recipient in &self.to {
            let found: Vec<Address> = match recipient {
                Recipient::Address(address) => Address::parse(address).into_iter().collect(),
                Recipient::File(file) => addresses_in(&read(file).await?),
            };
            for address in found {
                if !all.contains(&address) && all.len() < MOST_RECIPIENTS {
                    all.push(address);
                }
            }
        }
        Ok(all)
    }

    fn recall(&self, key: &str) -> HashSet<String> {
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.iter().position(|(of, _)| of == key);
        known.and_then(|at| all.remove(at)).map(|(_, told)| told).unwrap_or_default()
    }

    fn remember(&self, key: String, told: HashSet<String>) {
        let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_REMEMBERED {
            all.pop_front();
        }
        all.push_back((key, told));
    }
}

impl Tally {
    fn outcome(self) -> Outcome {
        if let Some(reason) = self.later {
            return temporary(reason);
        }
        match (self.taken, self.refused.first()) {
            (0, Some(reason)) => Outcome::Permanent(reason.clone()),
            (0, None) => temporary("nobody was told".to_owned()),
            (_, None) => Outcome::Sent,
            (taken, Some(reason)) => {
                let refused = self.refused.len();
                tracing::warn!(taken, refused, reason, "a notice was refused for some of its recipients");
                Outcome::Sent
            }
        }
    }
}

fn temporary(reason: String) -> Outcome {
    Outcome::Temporary { reason, retry_after: None }
}

async fn read(file: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    tokio::fs::File::open(file).await?.take(MOST_FILE_BYTES).read_to_end(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Who can be written to in one mail: one that needs a server with SMTPUTF8 keeps the alert from nobody else.
fn groups(to: Vec<Address>) -> Vec<Vec<Address>> {
    let (beyond_ascii, ascii) = to.into_iter().partition(|address| WireAddress::of(address).needs_smtputf8());
    [ascii, beyond_ascii].into_iter().filter(|group: &Vec<_>| !group.is_empty()).collect()
}

/// One address a line; blank lines and those that begin with `#` say nothing.
fn addresses_in(text: &str) -> Vec<Address> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (good, bad): (Vec<_>, Vec<_>) = lines.map(Address::parse).partition(Option::is_some);
    if !bad.is_empty() {
        tracing::warn!(lines = bad.len(), "lines of a file of recipients are no addresses");
    }
    good.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_recipients_has_an_address_a_line() {
        let found = addresses_in("# tonight\n\n ann@x.example \r\nnobody\nbo@y.example");
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["ann@x.example", "bo@y.example"]);
    }
}
