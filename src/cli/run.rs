//! `nightdesk run`: the daemon. Mistakes in settings and policies are told as `check` tells them, on stderr, with exit
//! code 2: starting it again changes nothing, and the unit says so to systemd.

use std::path::PathBuf;

use super::{Ending, output};
use crate::daemon::{self, Ended, Options};
use crate::service::NoWorld;
use crate::telemetry::{Form, Level, Logging};

/// The variable that says how much is logged when the command line does not.
const LEVEL: &str = "NIGHTDESK_LOG";
/// Where systemd says which stream leads to its journal (systemd.exec(5)).
const JOURNAL_STREAM: &str = "JOURNAL_STREAM";

/// The command line of `run`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The settings
    #[arg(long, value_name = "FILE", default_value = "/etc/nightdesk/nightdesk.toml")]
    config: PathBuf,
    /// The form of the log: text, json or journal; without it the journal when stderr leads there, else text
    #[arg(long, value_name = "FORM", value_parser = form)]
    log: Option<Form>,
    /// How much is logged: error, warn, info, debug or trace [default: what `NIGHTDESK_LOG` says, else info]
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    log_level: Option<Level>,
}

fn form(name: &str) -> Result<Form, String> {
    Form::named(name).ok_or_else(|| "allowed are text, json and journal".to_owned())
}

fn level(name: &str) -> Result<Level, String> {
    Level::named(name).ok_or_else(|| "allowed are error, warn, info, debug and trace".to_owned())
}

/// Runs until it is told to stop.
pub(super) fn run(arguments: Arguments) -> anyhow::Result<Ending> {
    let level = match (arguments.log_level, variable(LEVEL)) {
        (Some(level), _) => level,
        (None, None) => Level::default(),
        (None, Some(name)) => match level(&name) {
            Ok(level) => level,
            Err(allowed) => {
                output::complain(&format!("error: {LEVEL} is no level of the log: {allowed}"));
                return Ok(Ending::Unusable);
            }
        },
    };
    let logging = Logging { level, form: arguments.log, journal_stream: variable(JOURNAL_STREAM) };
    match daemon::run(&Options { config: arguments.config, logging })? {
        Ended::Stopped => Ok(Ending::Fine),
        Ended::Unusable(NoWorld::Unreadable { path, error }) => {
            output::complain(&format!("error: the settings {} cannot be read: {error}", path.display()));
            Ok(Ending::Unusable)
        }
        Ended::Unusable(NoWorld::Wrong { diagnostics, left_out }) => {
            output::complain_of(&diagnostics, left_out);
            Ok(Ending::Unusable)
        }
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
}
