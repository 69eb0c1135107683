//! `[[mailbox]]`: what is watched.

use std::collections::HashMap;

use jiff::SignedDuration;

use super::super::node::{Content, Section, note};
use super::super::values::Values;
use super::super::{Mailbox, Start, Written};
use super::{Accounts, name_of, positive};
use crate::base::document::{Problems, clip};
use crate::base::duration::{DURATION_FORM, duration_in_words, parse_duration};

/// The bounds of `poll`. IDLE is renewed within nine minutes; a rarer look would prove nothing in between.
const POLLS: std::ops::RangeInclusive<SignedDuration> =
    SignedDuration::from_secs(1)..=SignedDuration::from_mins(9);

const KEYS: [&str; 10] = [
    "name",
    "account",
    "folder",
    "policy",
    "addresses",
    "start",
    "poll",
    "stale_after",
    "alert_max_age",
    "act",
];
const KEYS_LATER: [&str; 2] = ["sent", "mark"];

pub(super) fn mailbox(
    row: &Section<'_>,
    accounts: &Accounts<'_>,
    values: &mut Values<'_>,
) -> Option<Mailbox> {
    row.only(&KEYS, &KEYS_LATER, values.problems);
    let name = name_of(row, "a name that the policy's `mailboxes` has, such as \"support\"", values.problems);
    let account = accounts.find(row, values.problems);
    let folder = match row.get("folder") {
        Some(_) => row.required_text("folder", "a folder of the server, such as \"INBOX\"", values.problems),
        None => Some(Written { value: "INBOX".to_owned(), place: super::super::Place::Default }),
    };
    let policy =
        row.required("policy", "the folder of its policy, such as \"policies/support\"", values.problems);
    let policy = policy.and_then(|node| values.path(node).map(|path| node.written(path)));
    let addresses = row.get("addresses").map(|node| {
        let elements =
            node.elements("a list of addresses, such as [\"support@example.com\"]", values.problems);
        let addresses = elements
            .iter()
            .filter_map(|element| element.text(values.problems).map(|address| element.written(address)));
        addresses.collect()
    });
    let start = start(row, values);
    let (poll, stale_after) = freshness(row, values);
    let alert_max_age = values.duration(row, "alert_max_age", SignedDuration::from_hours(24));
    let act = row.boolean("act", true, values.problems);
    Some(Mailbox {
        name: name?,
        account: account?,
        folder: one_inbox(folder?.value),
        policy: policy?,
        addresses: addresses.unwrap_or_default(),
        start,
        poll: positive(poll),
        stale_after: positive(stale_after),
        alert_max_age,
        act,
    })
}

fn start(row: &Section<'_>, values: &mut Values<'_>) -> Start {
    let Some(node) = row.get("start") else { return Start::Now };
    let text = match &node.content {
        Content::Text(text) => text.as_str(),
        Content::Integer(_) | Content::Boolean(_) | Content::List(_) | Content::Table(_) | Content::Other => {
            ""
        }
    };
    match text {
        "now" => Start::Now,
        "all" => Start::All,
        _ => parse_duration(text).map_or_else(
            || {
                let allowed = format!("\"now\", \"all\", or {DURATION_FORM}");
                node.malformed("a mailbox cannot start like this", &allowed, values.problems);
                Start::Now
            },
            Start::Back,
        ),
    }
}

/// `poll` and `stale_after`. One missed poll is no reason to wake anybody.
fn freshness(row: &Section<'_>, values: &mut Values<'_>) -> (SignedDuration, SignedDuration) {
    let poll = values.duration(row, "poll", SignedDuration::from_secs(60));
    if !POLLS.contains(&poll)
        && let Some(node) = row.get("poll")
    {
        node.malformed("a mailbox cannot be looked at this often", "from \"1s\" to \"9m\"", values.problems);
        return (poll, poll * 5);
    }
    let default = (poll * 5).max(SignedDuration::from_mins(5));
    let stale_after = values.duration(row, "stale_after", default);
    if stale_after < poll * 2
        && let Some(node) = row.get("stale_after")
    {
        let allowed = format!(
            "at least twice `poll`, which is {}; leave it out for {}",
            duration_in_words(poll),
            duration_in_words(default)
        );
        node.malformed("this mailbox would be called stale while all is well", &allowed, values.problems);
    }
    (poll, stale_after)
}

/// RFC 9051 section 5.1: only INBOX is the same in any case.
fn one_inbox(folder: String) -> String {
    if folder.eq_ignore_ascii_case("INBOX") { "INBOX".to_owned() } else { folder }
}

/// Notes mailboxes that are the same folder of the same user of a server, also by another account: they would fight over
/// one cursor, which is kept by these three.
pub(super) fn twice(mailboxes: &[Option<Mailbox>], accounts: &Accounts<'_>, problems: &mut Problems) {
    let mut seen: HashMap<(&str, &str, &str), &str> = HashMap::new();
    for mailbox in mailboxes.iter().flatten() {
        let Some(Some(account)) = accounts.rows.get(mailbox.account) else { continue };
        let folder = mailbox.folder.as_str();
        let place = (account.imap.host.as_str(), account.username.as_str(), folder);
        if let Some(first) = seen.insert(place, &mailbox.name.value) {
            note(&mailbox.name.place, "two mailboxes watch the same folder", problems, |diagnostic| {
                diagnostic
                    .found(format!("{folder}, already watched as \"{}\"", clip(first)))
                    .allowed("each folder of an account once")
            });
        }
    }
}
