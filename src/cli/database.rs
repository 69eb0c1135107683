//! What the commands share that look into the database of a running daemon.
//!
//! They need the settings only to find it, so a mistake elsewhere in them is told and does not stop anybody at three in
//! the morning.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::{Ending, output};
use crate::base::duration::duration_in_words;
use crate::base::text::one_line;
use crate::compose::cut;
use crate::settings::{Layers, compile};
use crate::sources::{settings_environment, settings_files};
use crate::store::{Reader, StoreError};

/// Where the settings are.
#[derive(Debug, clap::Args)]
pub(super) struct Config {
    /// The settings
    #[arg(long, value_name = "FILE", default_value = "/etc/nightdesk/nightdesk.toml")]
    config: PathBuf,
}

/// How a list is shown.
#[derive(Debug, clap::Args)]
pub(super) struct Format {
    /// Answer as JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl Config {
    /// Does something with the database.
    pub(super) fn with(
        &self,
        work: impl AsyncFnOnce(Reader) -> Result<Ending, Failed>,
    ) -> anyhow::Result<Ending> {
        let path = match self.database() {
            Ok(path) => path,
            Err(ending) => return Ok(ending),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let done = runtime.block_on(async { work(Reader::open(&path).await?).await });
        match done {
            Ok(ending) => Ok(ending),
            Err(Failed::Store(error)) => {
                output::complain(&format!("error: {error}"));
                if matches!(error, StoreError::Unreadable { .. }) {
                    output::complain(
                        "hint: it is for the user that the daemon runs as; try again as root or as that user",
                    );
                }
                Ok(Ending::Environment)
            }
            Err(Failed::Output(error)) => Err(error.into()),
        }
    }

    /// Where the database is.
    fn database(&self) -> Result<PathBuf, Ending> {
        let layers = settings_files(&self.config).map_err(|error| {
            output::complain(&format!(
                "error: the settings {} cannot be read: {error}\nhint: name them with --config FILE",
                self.config.display()
            ));
            Ending::Unusable
        })?;
        let outcome = compile(&Layers { environment: settings_environment(), ..layers });
        let Some(store) = outcome.store else {
            output::complain_of(&outcome.diagnostics, outcome.left_out);
            return Err(Ending::Unusable);
        };
        if outcome.settings.is_none() {
            output::complain(&format!(
                "note: the settings have mistakes; see: nightdesk check --config {}",
                self.config.display()
            ));
        }
        Ok(store.path)
    }
}

/// Why a command did not get to its end.
pub(super) enum Failed {
    /// The database.
    Store(StoreError),
    /// The reader of what we say.
    Output(std::io::Error),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Failed::Store(error)
    }
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Failed::Output(error)
    }
}

/// `4s ago`, `3h 12m ago`, `in 2h`: an instant as somebody sees it now.
pub(super) fn from_now(at: Timestamp, now: Timestamp) -> String {
    let ago = now.duration_since(at);
    let words = length(ago.abs());
    if ago.is_negative() { format!("in {words}") } else { format!("{words} ago") }
}

/// A length of time, as exact as anybody cares.
pub(super) fn length(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let unit = match seconds {
        0 => return "0s".to_owned(),
        1..3600 => 1,
        3600..172_800 => 60,
        _ => 86_400,
    };
    duration_in_words(SignedDuration::from_secs(seconds - seconds % unit))
}

/// A list as JSON, one object a line, so that a script can read it line by line.
pub(super) fn json_lines(rows: impl Iterator<Item = serde_json::Value>) -> String {
    let lines: Vec<String> = rows.map(|row| row.to_string() + "\n").collect();
    lines.concat()
}

/// Says that there is nothing, or shows it.
pub(super) fn listed(text: String, nothing: &str) -> String {
    if text.is_empty() { format!("{nothing}\n") } else { text }
}

/// A table with a line below each row that has more to say than fits beside it.
pub(super) fn with_notes<'n>(table: &str, notes: impl Iterator<Item = &'n str>) -> String {
    let mut lines = table.lines();
    let mut text: Vec<String> = lines.next().map(|heading| format!("{heading}\n")).into_iter().collect();
    for (line, note) in lines.zip(notes) {
        let note = one_line(note);
        text.push(format!("{line}\n"));
        if !note.is_empty() {
            text.push(format!("    {}\n", cut(&note, NOTE_WIDTH)));
        }
    }
    text.concat()
}

/// What a list says that was cut.
pub(super) fn more() -> String {
    format!("… only the first {MOST_ROWS}; --json shows all\n")
}

/// The width of a note: two lines of the narrowest terminal.
const NOTE_WIDTH: usize = 152;

/// The most rows of a list; more than this is for a script with `--json`.
pub(super) const MOST_ROWS: usize = 200;

/// The most rows of a list as JSON.
pub(super) const MOST_JSON_ROWS: usize = 1_000_000;
