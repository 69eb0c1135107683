//! `nightdesk quarantine`: mails that could not be read or decided, and trying one again.

use serde_json::json;

use super::database::{Config, Format, from_now, json_lines, listed};
use super::{Ending, output};
use crate::base::clock::{Clock, SystemClock};
use crate::compose::table;
use crate::store::QuarantineRow;

/// The command line of `quarantine`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    config: Config,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Have a mail read and decided again
    Retry {
        /// Its id, from the list
        id: i64,
        #[command(flatten)]
        config: Config,
    },
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    if let Some(Action::Retry { id, config }) = &arguments.action {
        return config.with(async |reader| {
            if reader.retry_quarantine(*id).await? {
                output::answer(&format!("mail {id} is tried again within a minute by the running daemon\n"))?;
                return Ok(Ending::Fine);
            }
            output::complain(&format!("error: there is no mail {id} in quarantine"));
            Ok(Ending::Negative)
        });
    }
    arguments.config.with(async |reader| {
        let rows = reader.quarantine().await?;
        output::answer(&if arguments.format.json { as_json(&rows) } else { as_table(&rows) })?;
        Ok(Ending::Fine)
    })
}

fn as_json(rows: &[QuarantineRow]) -> String {
    json_lines(rows.iter().map(|row| {
        json!({
            "id": row.id, "mailbox": row.mailbox, "uid_validity": row.uid_validity, "uid": row.uid,
            "received_at": row.received_at, "reason": row.reason, "at": row.at, "retry_wanted": row.retry_wanted,
        })
    }))
}

fn as_table(rows: &[QuarantineRow]) -> String {
    if rows.is_empty() {
        return listed(String::new(), "no mail is in quarantine");
    }
    let now = SystemClock.now();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let retry = if row.retry_wanted { "wanted" } else { "" };
            vec![
                row.id.to_string(),
                row.mailbox.clone(),
                row.uid.to_string(),
                from_now(row.at, now),
                retry.to_owned(),
                row.reason.clone(),
            ]
        })
        .collect();
    table(&["ID", "MAILBOX", "UID", "SINCE", "RETRY", "REASON"], &cells)
}
