//! What a reload would change: the world in force and the one just read in, a plan out, or why it cannot be. Pure:
//! nothing is changed here.
//!
//! Policies and most settings are swapped while everything runs. An owner whose server, login or folder changed starts
//! anew. The store, the HTTP address and the memory stay as they are until a restart, and the plan says so. A reload that would
//! leave something that waits to go out without its way is refused by name: a running case keeps the plan that it was
//! given.

use std::collections::{BTreeMap, BTreeSet};

use crate::policy::short_digest;
use crate::service::{Watched, World};
use crate::settings::{Account, Mailbox, Settings};

/// What still has to go out, by name of its way: the references of its cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Owed {
    /// Through channels.
    pub(super) channels: BTreeMap<String, BTreeSet<String>>,
    /// Through the servers of accounts.
    pub(super) accounts: BTreeMap<String, BTreeSet<String>>,
}

/// What a reload does. Mailboxes are named.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// No longer watched.
    pub(super) end: Vec<String>,
    /// Watched from now on.
    pub(super) start: Vec<String>,
    /// Watched over a new connection.
    pub(super) anew: Vec<String>,
    /// Watched on, by the rules just read.
    pub(super) swap: Vec<String>,
    /// What changes and what does not, in lines for people.
    pub(super) notes: Vec<String>,
}

/// How many references a refusal names.
const NAMED: usize = 5;

/// Plans the way from the world in force to a new one.
///
/// # Errors
/// Why it cannot be gone, a line for each reason.
pub(super) fn plan(old: &World, new: &World, owed: &Owed) -> Result<Plan, Vec<String>> {
    let orphans = orphans(&new.settings, owed);
    if !orphans.is_empty() {
        return Err(orphans);
    }
    let mut plan = Plan { notes: waits_for_restart(&old.settings, &new.settings), ..Plan::default() };
    let (before, after) = (by_name(old), by_name(new));
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        plan.end.push((*name).to_owned());
        plan.notes.push(format!("mailbox {name}: no longer watched"));
    }
    for (name, now) in &after {
        match before.get(name) {
            None => {
                plan.start.push((*name).to_owned());
                plan.notes.push(format!("mailbox {name}: watched from now on"));
            }
            Some(then) if !then.same_place(now) => {
                plan.anew.push((*name).to_owned());
                plan.notes.push(format!(
                    "mailbox {name}: watched over a new connection, its server, login or folder changed"
                ));
                if !then.same_cursor(now) {
                    plan.notes.push(format!(
                        "mailbox {name}: host, user and folder tell mailboxes apart, so it is seen for the first time \
                         unless it was watched there before; look into it by hand for what came in meanwhile"
                    ));
                }
            }
            Some(then) => {
                plan.swap.push((*name).to_owned());
                plan.notes.extend(then.changes(now).map(|change| format!("mailbox {name}: {change}")));
            }
        }
    }
    plan.notes.extend(told_changed(&old.settings, &new.settings));
    Ok(plan)
}

/// A mailbox with all that stands about it.
struct Seen<'w> {
    mailbox: &'w Mailbox,
    account: &'w Account,
    watched: &'w Watched,
}

fn by_name(world: &World) -> BTreeMap<&str, Seen<'_>> {
    let mailboxes = world.settings.mailboxes.iter();
    let seen = mailboxes.filter_map(|mailbox| {
        let name = mailbox.name.value.as_str();
        let account = world.settings.accounts.get(mailbox.account)?;
        let watched = world.mailboxes.iter().find(|watched| watched.name == name)?;
        Some((name, Seen { mailbox, account, watched }))
    });
    seen.collect()
}

impl Seen<'_> {
    /// Whether it is reached in the same way.
    fn same_place(&self, other: &Seen<'_>) -> bool {
        let reached = |seen: &Seen<'_>| {
            let account = seen.account;
            (
                account.imap.clone(),
                account.username.clone(),
                account.secret.clone(),
                seen.mailbox.folder.clone(),
            )
        };
        reached(self) == reached(other)
    }

    /// Whether reading goes on from the same cursor.
    fn same_cursor(&self, other: &Seen<'_>) -> bool {
        let kept_by = |seen: &Seen<'_>| {
            (seen.account.imap.host.clone(), seen.account.username.clone(), seen.mailbox.folder.clone())
        };
        kept_by(self) == kept_by(other)
    }

    /// What changed of its rules, in words.
    fn changes(&self, now: &Seen<'_>) -> impl Iterator<Item = String> {
        let (then, new) = (&self.watched.policy, &now.watched.policy);
        let policy = (then.name != new.name || then.digest != new.digest).then(|| {
            let (before, after) = (short_digest(&then.digest), short_digest(&new.digest));
            format!("policy {} {before} → {} {after}", then.name, new.name)
        });
        let settings = (self.rules() != now.rules()).then(|| "settings changed".to_owned());
        [policy, settings].into_iter().flatten()
    }

    /// What the settings say of it besides the place.
    fn rules(&self) -> impl PartialEq {
        let mailbox = self.mailbox;
        let addresses: Vec<String> = mailbox.addresses.iter().map(|address| address.value.clone()).collect();
        let times = (mailbox.start, mailbox.poll, mailbox.stale_after, mailbox.alert_max_age);
        (addresses, times, mailbox.act, self.account.name.value.clone())
    }
}

/// What cannot change while we run.
fn waits_for_restart(old: &Settings, new: &Settings) -> Vec<String> {
    let kept = [
        ("[store]", old.store == new.store),
        ("[http]", old.http == new.http),
        ("[limits] memory", old.limits.memory == new.limits.memory),
    ];
    let changed = kept.into_iter().filter(|(_, same)| !same);
    changed
        .map(|(table, _)| format!("{table} changed: it takes a restart, until then the old one holds"))
        .collect()
}

/// The names of the channels that alarms go to.
pub(super) fn alarm_channels(settings: &Settings) -> Vec<String> {
    let channels = settings.ops.alarm.iter().filter_map(|index| settings.channels.get(*index));
    channels.map(|channel| channel.name.value.clone()).collect()
}

/// The ways that are gone and still needed.
fn orphans(new: &Settings, owed: &Owed) -> Vec<String> {
    let channel = |name: &str| new.channels.iter().any(|channel| channel.name.value == name);
    let account =
        |name: &str| new.accounts.iter().any(|account| account.name.value == name && account.smtp.is_some());
    let channels = owed.channels.iter().filter(|(name, _)| !channel(name));
    let channels = channels.map(|(name, cases)| {
        format!("channel \"{name}\" is gone, and this still has to go out there: {}", list(cases))
    });
    let accounts = owed.accounts.iter().filter(|(name, _)| !account(name));
    let accounts = accounts.map(|(name, cases)| {
        format!("account \"{name}\" sends no more, and replies still have to go out there: {}", list(cases))
    });
    channels.chain(accounts).collect()
}

fn list(references: &BTreeSet<String>) -> String {
    let mut text = references.iter().take(NAMED).map(String::as_str).collect::<Vec<&str>>().join(", ");
    if let Some(more @ 1..) = references.len().checked_sub(NAMED) {
        text = format!("{text} and {more} more");
    }
    text
}

/// Who is told, and when nobody is answered any more; how a channel sends is taken over without a word.
fn told_changed(old: &Settings, new: &Settings) -> Vec<String> {
    let names = |settings: &Settings| -> Vec<String> {
        settings.channels.iter().map(|channel| channel.name.value.clone()).collect()
    };
    let (before, after) = (names(old), names(new));
    let gone = before.iter().filter(|name| !after.contains(name)).map(|name| format!("channel {name}: gone"));
    let added =
        after.iter().filter(|name| !before.contains(name)).map(|name| format!("channel {name}: added"));
    let alarms = alarm_channels(new);
    let alarms = (alarm_channels(old) != alarms).then(|| match alarms.as_slice() {
        [] => "alarms go nowhere but the log now".to_owned(),
        names => format!("alarms go to {} now", names.join(", ")),
    });
    let breaker = (old.limits.breaker != new.limits.breaker)
        .then(|| "the breaker opens at another rate now".to_owned());
    gone.chain(added).chain(alarms).chain(breaker).collect()
}

#[cfg(test)]
pub(super) mod tests;
