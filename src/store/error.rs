//! What goes wrong with a database, in words that name the file and what to do.

use std::path::{Path, PathBuf};

use crate::net::NoRandomness;

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the database.
    #[error("{} is in use by another nightdesk; stop that one first", path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// There is none.
    #[error("there is no database at {}; `nightdesk run` makes it", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file cannot be opened for reading and writing.
    #[error("{} cannot be read and written: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The file is something else.
    #[error("{} is no nightdesk database: {reason}", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The database has another shape than this program knows.
    #[error("{} has version {found}, this program works with version {known}; {}", path.display(), advice(*found, *known))]
    Version {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The key of the seal cannot be made.
    #[error("{}: {error}, so there is no key for the seal", path.display())]
    NoKey {
        /// The database.
        path: PathBuf,
        /// What is the matter.
        error: NoRandomness,
    },
    /// A row is not as it was when it was loaded: somebody else wrote in between.
    #[error("a row was changed by somebody else in between")]
    Conflict,
    /// Something that was kept, or is to be kept, has no legal form.
    #[error("{0}")]
    Malformed(String),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

fn advice(found: i64, known: i64) -> &'static str {
    if found > known {
        "run the newer one that wrote it"
    } else {
        "start the daemon once to bring it up to date"
    }
}

/// Primary result codes of SQLite (<https://sqlite.org/rescode.html>); extended ones hold them in their low byte.
mod code {
    pub(super) const TOO_BIG: u32 = 18;
    pub(super) const CONSTRAINT: u32 = 19;
    pub(super) const MISMATCH: u32 = 20;
    pub(super) const NOT_A_DATABASE: u32 = 26;
}

impl StoreError {
    /// Whether what was to be written is the cause, so that it will fail every time. Everything else is the
    /// database's trouble, and may be over later.
    pub fn is_about_the_data(&self) -> bool {
        match self {
            StoreError::Malformed(_) => true,
            StoreError::Database(error) => {
                matches!(
                    error,
                    sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::Encode(_)
                ) || matches!(primary_code(error), Some(code::TOO_BIG | code::CONSTRAINT | code::MISMATCH))
            }
            StoreError::Busy { .. }
            | StoreError::Missing { .. }
            | StoreError::Unreadable { .. }
            | StoreError::NotOurs { .. }
            | StoreError::Version { .. }
            | StoreError::NoKey { .. }
            | StoreError::Conflict => false,
        }
    }

    /// Whether doing the same again on what is there now can help at once.
    pub fn is_conflict(&self) -> bool {
        matches!(self, StoreError::Conflict)
    }

    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        StoreError::Unreadable { path: path.to_owned(), reason: error.to_string() }
    }

    /// The same, while a file is looked at for the first time.
    pub(super) fn while_opening(self, path: &Path) -> Self {
        if let StoreError::Database(error) = self { StoreError::opening(path, error) } else { self }
    }

    /// An error while a file is looked at for the first time.
    pub(super) fn opening(path: &Path, error: sqlx::Error) -> Self {
        let path = path.to_owned();
        match primary_code(&error) {
            Some(code::NOT_A_DATABASE) => {
                StoreError::NotOurs { path, reason: "it is no SQLite file".to_owned() }
            }
            Some(_) => StoreError::Unreadable { path, reason: error.to_string() },
            None => StoreError::Database(error),
        }
    }
}

fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
