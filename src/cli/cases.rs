//! `nightdesk cases`: the work in hand.

use serde_json::json;

use super::database::{Config, Format, MOST_JSON_ROWS, MOST_ROWS, from_now, json_lines, listed, more};
use super::{Ending, output};
use crate::base::clock::{Clock, SystemClock};
use crate::compose::table;
use crate::store::CaseRow;

/// The command line of `cases`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Also those that are answered, closed or lapsed
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    config: Config,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    arguments.config.with(async |reader| {
        let limit = if arguments.format.json { MOST_JSON_ROWS } else { MOST_ROWS };
        let rows = reader.cases(arguments.all, limit).await?;
        output::answer(&if arguments.format.json { as_json(&rows) } else { as_table(&rows) })?;
        Ok(Ending::Fine)
    })
}

fn as_json(rows: &[CaseRow]) -> String {
    json_lines(rows.iter().map(|row| {
        let deferred: Vec<_> = row
            .deferred
            .iter()
            .map(|(escalation, until)| json!({ "escalation": escalation, "until": until }))
            .collect();
        json!({
            "reference": row.reference, "policy": row.policy, "state": row.state, "opened_at": row.opened_at,
            "last_mail_at": row.last_mail_at, "respond_by": row.respond_by, "people": row.people,
            "from": row.opener,
            "subject": row.subject, "running": row.running, "deferred": deferred,
        })
    }))
}

fn as_table(rows: &[CaseRow]) -> String {
    if rows.is_empty() {
        return listed(String::new(), "no case is open");
    }
    let now = SystemClock.now();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let by = row.respond_by.map(|by| if by < now { "LATE".to_owned() } else { from_now(by, now) });
            let from = row.people.first().or(row.opener.as_ref());
            let from = from.map(|from| format!("{from}: ")).unwrap_or_default();
            vec![
                row.reference.clone(),
                row.state.clone(),
                from_now(row.last_mail_at, now),
                by.unwrap_or_default(),
                runs(row),
                format!("{from}{}", row.subject),
            ]
        })
        .collect();
    let mut text = table(&["CASE", "STATE", "LAST MAIL", "ANSWER", "RUNS", "FROM: SUBJECT"], &cells);
    if rows.len() >= MOST_ROWS {
        text.push_str(&more());
    }
    text
}

/// What was started for a case, and what waits for the desk to open.
fn runs(row: &CaseRow) -> String {
    let deferred = row.deferred.iter().map(|(escalation, _)| format!("({escalation})"));
    row.running.iter().cloned().chain(deferred).collect::<Vec<_>>().join(" ")
}
