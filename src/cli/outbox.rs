//! `nightdesk outbox`: what is to leave and has not, and what to do about it.

use serde_json::json;

use super::database::{Config, Format, MOST_JSON_ROWS, MOST_ROWS, from_now, json_lines, listed, more};
use super::{Ending, output};
use crate::base::clock::{Clock, SystemClock};
use crate::compose::table;
use crate::store::OutboxRow;

/// The command line of `outbox`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// Also what was sent
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    config: Config,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Try an entry again now; an unknown one may then arrive twice
    Retry {
        /// Its id, from the list
        id: i64,
        #[command(flatten)]
        config: Config,
    },
    /// Never send an entry
    Drop {
        /// Its id, from the list
        id: i64,
        #[command(flatten)]
        config: Config,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    match &arguments.action {
        Some(Action::Retry { id, config }) => config.with(async |reader| {
            let done = reader.retry_outbox(*id, SystemClock.now()).await?;
            acted(*id, done, "is due now; the running daemon takes it up within a minute")
        }),
        Some(Action::Drop { id, config }) => config.with(async |reader| {
            let done = reader.drop_outbox(*id).await?;
            acted(*id, done, "is withdrawn")
        }),
        None => arguments.config.with(async |reader| {
            let limit = if arguments.format.json { MOST_JSON_ROWS } else { MOST_ROWS };
            let rows = reader.outbox(arguments.all, limit).await?;
            output::answer(&if arguments.format.json { as_json(&rows) } else { as_table(&rows) })?;
            Ok(Ending::Fine)
        }),
    }
}

fn acted(id: i64, done: bool, what: &str) -> Result<Ending, super::database::Failed> {
    if done {
        output::answer(&format!("outbox entry {id} {what}\n"))?;
        return Ok(Ending::Fine);
    }
    output::complain(&format!("error: there is no outbox entry {id} that can still be acted on"));
    Ok(Ending::Negative)
}

fn as_json(rows: &[OutboxRow]) -> String {
    json_lines(rows.iter().map(|row| {
        json!({
            "id": row.id, "state": row.state, "kind": row.kind, "way": row.way, "dedup_key": row.dedup_key,
            "reference": row.reference, "attempts": row.attempts, "due_at": row.due_at,
            "created_at": row.created_at, "last_error": row.last_error,
        })
    }))
}

fn as_table(rows: &[OutboxRow]) -> String {
    if rows.is_empty() {
        return listed(String::new(), "nothing waits to be sent");
    }
    let now = SystemClock.now();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let due = if is_waiting(&row.state) { from_now(row.due_at, now) } else { String::new() };
            vec![
                row.id.to_string(),
                row.state.clone(),
                row.kind.clone(),
                row.way.clone(),
                row.reference.clone().unwrap_or_default(),
                row.attempts.to_string(),
                due,
                row.last_error.clone(),
            ]
        })
        .collect();
    let mut text = table(&["ID", "STATE", "KIND", "BY", "CASE", "TRIES", "DUE", "LAST ERROR"], &cells);
    if rows.len() >= MOST_ROWS {
        text.push_str(&more());
    }
    text
}

/// Whether an entry is still to be sent without anybody doing something.
fn is_waiting(state: &str) -> bool {
    ["pending", "leased", "retrying", "handing-over"].contains(&state)
}
