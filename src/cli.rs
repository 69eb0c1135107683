//! Layer 10: the commands. One file each; data on stdout, everything else on stderr.
//!
//! Exit codes: 0 ok · 1 a negative answer (mistakes found, tests failed) · 2 usage, or nothing readable · 3 the
//! environment.

mod backtest;
mod cases;
mod check;
mod crew;
mod database;
mod evaluate;
mod explain;
mod outbox;
mod output;
mod quarantine;
mod replies;
mod run;
mod status;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// All is well.
    Fine,
    /// A negative answer.
    Negative,
    /// Nothing readable was given.
    Unusable,
    /// Something around us failed.
    Environment,
}

impl Ending {
    /// The graver of two endings of the same command.
    fn or(self, other: Ending) -> Ending {
        if self == Ending::Fine { other } else { self }
    }
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        ExitCode::from(match ending {
            Ending::Fine => 0,
            Ending::Negative => 1,
            Ending::Unusable => 2,
            Ending::Environment => 3,
        })
    }
}

/// The support desk that is awake when nobody is.
#[derive(Debug, Parser)]
#[command(name = "nightdesk", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch the mailboxes of the settings, decide and act: the daemon
    Run(run::Arguments),
    /// Name every mistake of the settings or a policy at once
    Check(check::Arguments),
    /// Tell what would be decided for a mail, and why
    Explain(explain::Arguments),
    /// Run the examples that policies carry
    Test {
        /// Policy folders
        #[arg(value_name = "DIR", required = true)]
        policies: Vec<PathBuf>,
        /// Only tests whose name contains this text
        #[arg(long, value_name = "TEXT")]
        filter: Option<String>,
    },
    /// Decide past mail, and sum up what would have become of it
    Backtest(backtest::Arguments),
    /// Tell whether all is well
    Status(status::Arguments),
    /// List the work in hand
    Cases(cases::Arguments),
    /// List what is to be sent, and retry or drop it
    Outbox(outbox::Arguments),
    /// List mails that could not be decided, and try one again
    Quarantine(quarantine::Arguments),
    /// Switch all automatic replies off or on
    Replies(replies::Arguments),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, on stdout; mistakes are usage, on stderr.
            let ending = if error.use_stderr() { Ending::Unusable } else { Ending::Fine };
            return match error.print() {
                Ok(()) => ending.into(),
                Err(error) if is_broken_pipe(&error) => ending.into(),
                Err(_) => Ending::Environment.into(),
            };
        }
    };
    let done = match arguments.command {
        Command::Run(arguments) => run::run(arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Test { policies, filter } => test::run(&policies, filter.as_deref()),
        Command::Backtest(arguments) => backtest::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Cases(arguments) => cases::run(&arguments),
        Command::Outbox(arguments) => outbox::run(&arguments),
        Command::Quarantine(arguments) => quarantine::run(&arguments),
        Command::Replies(arguments) => replies::run(&arguments),
    };
    match done {
        Ok(ending) => ending.into(),
        // A reader that went away, as `head` does, is no failure of ours.
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(is_broken_pipe) => {
            Ending::Fine.into()
        }
        Err(error) => {
            output::complain(&format!("error: {error:#}"));
            Ending::Environment.into()
        }
    }
}

fn is_broken_pipe(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}
