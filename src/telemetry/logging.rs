//! Where log lines go, in which form, and how much of them.
//!
//! Crates that see passwords or mail are capped whatever is asked for: the IMAP library says whole commands at its
//! finest level. What is not ours and not named here is only heard when it warns.

use std::fs::File;
use std::io::IsTerminal;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;

use tracing::level_filters::LevelFilter;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::Registry;

/// The IMAP library logs what it sends below this, passwords included.
const IMAP_AT_MOST: LevelFilter = LevelFilter::DEBUG;
/// Everybody else's crates.
const OTHERS_AT_MOST: LevelFilter = LevelFilter::WARN;

/// How the service logs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logging {
    /// How much.
    pub level: Level,
    /// In which form; `None` finds out where stderr leads.
    pub form: Option<Form>,
    /// What systemd says of the socket behind stderr: the variable `JOURNAL_STREAM`.
    pub journal_stream: Option<String>,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// What failed.
    Error,
    /// And what may become a failure.
    Warn,
    /// And what happened.
    #[default]
    Info,
    /// And how; may show addresses.
    Debug,
    /// And each step.
    Trace,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Lines for people, on stderr.
    Text,
    /// One JSON object a line, on stderr.
    Json,
    /// To the journal of systemd, with fields.
    Journal,
}

/// Logging could not begin.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The journal was asked for by name and is not there.
    #[error("the journal cannot be reached: {0}")]
    Journal(#[source] std::io::Error),
    /// Somebody logs already.
    #[error(transparent)]
    Taken(#[from] SetGlobalDefaultError),
}

impl Level {
    /// The level of this name.
    pub fn named(name: &str) -> Option<Level> {
        let levels = [Level::Error, Level::Warn, Level::Info, Level::Debug, Level::Trace];
        levels.into_iter().find(|level| level.filter().to_string() == name)
    }

    fn filter(self) -> LevelFilter {
        match self {
            Level::Error => LevelFilter::ERROR,
            Level::Warn => LevelFilter::WARN,
            Level::Info => LevelFilter::INFO,
            Level::Debug => LevelFilter::DEBUG,
            Level::Trace => LevelFilter::TRACE,
        }
    }
}

impl Form {
    /// The form of this name.
    pub fn named(name: &str) -> Option<Form> {
        match name {
            "text" => Some(Form::Text),
            "json" => Some(Form::Json),
            "journal" => Some(Form::Journal),
            _ => None,
        }
    }
}

impl Logging {
    /// Logs like this from now on, for the whole process.
    ///
    /// # Errors
    /// When the journal was asked for by name and is not there, or when somebody logs already.
    pub fn start(&self) -> Result<(), LogError> {
        let layer = self.layer()?.with_filter(self.targets());
        Ok(tracing::subscriber::set_global_default(Registry::default().with(layer))?)
    }

    fn layer(&self) -> Result<Box<dyn Layer<Registry> + Send + Sync>, LogError> {
        let form = self.form.unwrap_or_else(|| self.found());
        let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
        Ok(match form {
            Form::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
            Form::Json => lines.json().flatten_event(true).boxed(),
            Form::Journal => match tracing_journald::layer() {
                Ok(journal) => journal.with_field_prefix(Some("NIGHTDESK".to_owned())).boxed(),
                // Nobody asked for it by name, and text on stderr reaches the journal as well.
                Err(_) if self.form.is_none() => lines.with_ansi(false).boxed(),
                Err(error) => return Err(LogError::Journal(error)),
            },
        })
    }

    fn found(&self) -> Form {
        let journal = self.journal_stream.as_deref().is_some_and(|stream| stderr_is(stream).unwrap_or(false));
        if journal { Form::Journal } else { Form::Text }
    }

    fn targets(&self) -> Targets {
        let level = self.level.filter();
        Targets::new()
            .with_default(level.min(OTHERS_AT_MOST))
            .with_target("nightdesk", level)
            .with_target("async_imap", level.min(IMAP_AT_MOST))
    }
}

/// Whether stderr is the stream that `JOURNAL_STREAM` names, as device and inode (systemd.exec(5)): a child whose
/// stderr was turned elsewhere inherits the variable too.
fn stderr_is(stream: &str) -> std::io::Result<bool> {
    let stderr = File::from(std::io::stderr().as_fd().try_clone_to_owned()?).metadata()?;
    Ok(stream == format!("{}:{}", stderr.dev(), stderr.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level as At;

    fn at(level: Level) -> Targets {
        Logging { level, form: None, journal_stream: None }.targets()
    }

    #[test]
    fn nobody_hears_what_the_imap_library_says_at_its_finest() {
        let targets = at(Level::Trace);
        assert!(targets.would_enable("nightdesk::imap", &At::TRACE));
        assert!(targets.would_enable("async_imap::client", &At::DEBUG));
        assert!(!targets.would_enable("async_imap::client", &At::TRACE));
    }

    #[test]
    fn what_is_not_ours_is_heard_only_when_it_warns() {
        for other in ["rustls::client", "hyper::proto", "sqlx::query", "lettre", "whoever"] {
            assert!(at(Level::Trace).would_enable(other, &At::WARN));
            assert!(!at(Level::Trace).would_enable(other, &At::INFO));
            assert!(!at(Level::Error).would_enable(other, &At::WARN));
        }
    }

    #[test]
    fn levels_and_forms_have_names() {
        assert_eq!(Level::named("debug"), Some(Level::Debug));
        assert_eq!(Level::named("loud"), None);
        assert_eq!(Form::named("json"), Some(Form::Json));
        assert_eq!(Form::named("xml"), None);
    }

    #[test]
    fn another_stream_than_stderr_is_not_the_journal() {
        let logging = Logging { level: Level::Info, form: None, journal_stream: Some("0:0".to_owned()) };
        assert_eq!(logging.found(), Form::Text);
    }
}
