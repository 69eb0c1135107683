//! `nightdesk status`: whether all is well, in one screen; exit code 1 when it is not.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::database::{Config, Format, from_now, length};
use super::{Ending, output};
use crate::base::clock::{Clock, SystemClock};
use crate::base::text::{clean, one_line};
use crate::compose::table;
use crate::policy::short_digest;
use crate::store::{MailboxRow, Overview};

/// A daemon leaves a sign of life every ten seconds; after three that are missing it does not run.
const SILENT_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// The command line of `status`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    config: Config,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.config.with(async |reader| {
        let overview = reader.overview().await?;
        let status = Status::of(&overview, SystemClock.now());
        output::answer(&if arguments.format.json { status.to_json() } else { status.to_text() })?;
        Ok(if status.wrong.is_empty() { Ending::Fine } else { Ending::Negative })
    })
}

/// How things stand.
struct Status<'o> {
    overview: &'o Overview,
    now: Timestamp,
    /// What the daemon says of itself; null when it never ran.
    daemon: Value,
    is_running: bool,
    /// What somebody must look at, a line each.
    wrong: Vec<String>,
}

impl<'o> Status<'o> {
    fn of(overview: &'o Overview, now: Timestamp) -> Self {
        let heartbeat = overview.heartbeat.as_ref();
        let daemon =
            heartbeat.and_then(|beat| serde_json::from_str(&beat.status).ok()).unwrap_or(Value::Null);
        let is_running = heartbeat.is_some_and(|beat| now.duration_since(beat.at) <= SILENT_AFTER);
        let mut status = Status { overview, now, daemon, is_running, wrong: Vec::new() };
        status.wrong = status.find_wrong();
        status
    }

    fn find_wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if !self.is_running {
            wrong.push(match &self.overview.heartbeat {
                Some(beat) => {
                    format!(
                        "the daemon is not running: its last sign of life was {}",
                        from_now(beat.at, self.now)
                    )
                }
                None => "the daemon is not running: it has left no sign of life".to_owned(),
            });
        }
        for alarm in &self.overview.alarms {
            let since = from_now(alarm.raised_at, self.now);
            wrong.push(format!("alarm {}, {since}: {}", one_line(&alarm.key), one_line(&alarm.text)));
        }
        if let Some(since) = self.overview.replies.breaker_open_since {
            wrong.push(format!(
                "the breaker is open, {}: no reply goes out until `nightdesk replies on`",
                from_now(since, self.now)
            ));
        }
        wrong.extend(self.refused());
        wrong.extend(self.mailboxes().into_iter().filter_map(|mailbox| mailbox.wrong(self.is_running)));
        wrong
    }

    /// Mailboxes of the running daemon, and those that only the database knows.
    fn mailboxes(&self) -> Vec<Mailbox<'_>> {
        let rows = &self.overview.mailboxes;
        let said = self.said("mailboxes").as_array().map(Vec::as_slice).unwrap_or_default();
        let live = said.iter().map(|said| {
            let name = text_of(said, "name");
            Mailbox { name, said, row: rows.iter().find(|row| row.name == name) }
        });
        let mut mailboxes: Vec<Mailbox<'_>> = live.collect();
        for row in rows {
            if !mailboxes.iter().any(|known| known.name == row.name) {
                mailboxes.push(Mailbox { name: &row.name, said: &Value::Null, row: Some(row) });
            }
        }
        mailboxes
    }

    fn to_text(&self) -> String {
        let mut lines: Vec<String> = self.wrong.iter().map(|line| format!("! {line}\n")).collect();
        if !lines.is_empty() {
            lines.push("\n".to_owned());
        }
        lines.push(format!("daemon   {}\n", self.daemon_in_words()));
        if let Some(policies) = self.policies() {
            lines.push(format!("policies {policies}\n"));
        }
        lines.push(format!("replies  {}\n", self.replies()));
        lines.push(format!("outbox   {}\n", counts(&self.overview.outbox, "nothing waits to be sent")));
        lines.push(format!("cases    {}\n", counts(&self.overview.cases, "none")));
        let rows: Vec<Vec<String>> = self.mailboxes().iter().map(|mailbox| mailbox.cells(self.now)).collect();
        if !rows.is_empty() {
            lines.push("\n".to_owned());
            let headings =
                ["MAILBOX", "LINK", "FRESH", "RECORDED", "QUARANTINE", "SENDS", "POLICY", "TROUBLE"];
            lines.push(table(&headings, &rows));
        }
        let refused = self.refused().map(|_| text_of(self.said("reload"), "diagnostics"));
        if let Some(diagnostics) = refused.filter(|diagnostics| !diagnostics.is_empty()) {
            lines.push("\nwhat was refused:\n\n".to_owned());
            lines.extend(diagnostics.lines().map(|line| format!("{}\n", clean(line))));
        }
        lines.concat()
    }

    /// What lies on disk and was refused, since when and why, when the last reload was.
    fn refused(&self) -> Option<String> {
        let reload = self.said("reload");
        if text_of(reload, "outcome") != "refused" {
            return None;
        }
        let since = text_of(reload, "refused_since").parse::<Timestamp>().ok();
        let since = since.map(|at| format!(" {}", from_now(at, self.now))).unwrap_or_default();
        let notes = reload.get("notes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let notes = notes.iter().filter_map(Value::as_str).map(one_line).collect::<Vec<String>>().join("; ");
        Some(format!("a reload was refused{since}: {notes}; the daemon runs on what it had before"))
    }

    /// The policies in force, each with the beginning of its digest, as `check` shows it.
    fn policies(&self) -> Option<String> {
        let policies = self.said("policies").as_array()?.iter().map(|policy| {
            let digest = short_digest(text_of(policy, "digest"));
            one_line(&format!("{} ({digest})", text_of(policy, "name")))
        });
        let policies = policies.collect::<Vec<String>>().join(", ");
        (!policies.is_empty()).then_some(policies)
    }

    /// Something that the daemon says of itself.
    fn said(&self, key: &str) -> &Value {
        self.daemon.get(key).unwrap_or(&Value::Null)
    }

    fn daemon_in_words(&self) -> String {
        let version = one_line(text_of(&self.daemon, "version"));
        match (&self.overview.heartbeat, self.is_running) {
            (Some(beat), true) => {
                let started = text_of(&self.daemon, "started_at").parse::<Timestamp>().ok();
                let since = started.map(|at| format!(" for {}", length(self.now.duration_since(at))));
                let pid = self.said("pid").as_u64().map(|pid| format!(", process {pid}"));
                format!(
                    "running{}, version {version}{}, seen {}",
                    since.unwrap_or_default(),
                    pid.unwrap_or_default(),
                    from_now(beat.at, self.now)
                )
            }
            (_, _) => "NOT RUNNING".to_owned(),
        }
    }

    fn replies(&self) -> String {
        let replies = &self.overview.replies;
        match (replies.off_since, replies.breaker_open_since) {
            (Some(since), _) => format!("OFF, switched {}", from_now(since, self.now)),
            (None, Some(since)) => format!("HELD, the breaker opened {}", from_now(since, self.now)),
            (None, None) => "on".to_owned(),
        }
    }

    fn to_json(&self) -> String {
        let overview = self.overview;
        let mailboxes: Vec<Value> = overview
            .mailboxes
            .iter()
            .map(|row| {
                json!({
                    "name": row.name, "host": row.host, "folder": row.folder, "uid_validity": row.uid_validity,
                    "next_uid": row.next_uid, "first_seen_at": row.first_seen_at, "halted": row.halted,
                    "counts": row.counts,
                })
            })
            .collect();
        let alarms: Vec<Value> = overview
            .alarms
            .iter()
            .map(|alarm| json!({ "key": alarm.key, "text": alarm.text, "raised_at": alarm.raised_at }))
            .collect();
        let status = json!({
            "running": self.is_running,
            "seen_at": overview.heartbeat.as_ref().map(|beat| beat.at),
            "daemon": self.daemon,
            "replies": {
                "off_since": overview.replies.off_since,
                "breaker_open_since": overview.replies.breaker_open_since,
            },
            "mailboxes": mailboxes,
            "alarms": alarms,
            "outbox": overview.outbox,
            "cases": overview.cases,
            "wrong": self.wrong,
        });
        format!("{status}\n")
    }
}

/// A mailbox as the daemon and the database know it.
struct Mailbox<'s> {
    name: &'s str,
    said: &'s Value,
    row: Option<&'s MailboxRow>,
}

impl Mailbox<'_> {
    fn wrong(&self, is_running: bool) -> Option<String> {
        let name = one_line(self.name);
        if let Some(halted) = self.row.and_then(|row| row.halted.as_deref()) {
            return Some(format!("mailbox {name} is stopped: {}", one_line(halted)));
        }
        let is_blind = self.said.get("stale").and_then(Value::as_bool) == Some(true)
            || text_of(self.said, "link") == "refused";
        (is_running && is_blind).then(|| {
            let trouble = text_of(self.said, "trouble");
            let trouble = if trouble.is_empty() { String::new() } else { format!(": {}", one_line(trouble)) };
            format!("mailbox {name} is not fresh{trouble}")
        })
    }

    fn cells(&self, now: Timestamp) -> Vec<String> {
        let fresh = text_of(self.said, "fresh_at").parse::<Timestamp>();
        let quarantined = self.row.and_then(|row| row.counts.get("quarantined").copied()).unwrap_or(0);
        let recorded = self.row.map_or(0, |row| row.counts.values().sum::<u64>());
        let sends = match self.said.get("act").and_then(Value::as_bool) {
            Some(false) => "nothing",
            Some(true) | None => "",
        };
        let or_dash = |text: &str| if text.is_empty() { "-".to_owned() } else { text.to_owned() };
        vec![
            self.name.to_owned(),
            or_dash(text_of(self.said, "link")),
            fresh.map_or_else(|_| "-".to_owned(), |at| from_now(at, now)),
            recorded.to_string(),
            if quarantined > 0 { quarantined.to_string() } else { String::new() },
            sends.to_owned(),
            or_dash(text_of(self.said, "policy")),
            text_of(self.said, "trouble").to_owned(),
        ]
    }
}

/// A text in an object of the daemon; empty when there is none.
fn text_of<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or("")
}

/// `3 pending, 1 failed`.
fn counts(counts: &BTreeMap<String, u64>, nothing: &str) -> String {
    let counted = counts.iter().filter(|(_, count)| **count > 0);
    let words: Vec<String> = counted.map(|(state, count)| format!("{count} {state}")).collect();
    if words.is_empty() { nothing.to_owned() } else { words.join(", ") }
}
