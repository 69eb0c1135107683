//! Golden files: what the program says, word for word, beside what it says it about.
//!
//! `UPDATE_EXPECT=1 cargo test --test golden` writes them again; read the difference before you commit it.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod bad_policies;
mod bad_settings;
mod explanations;
mod generated;
mod lints;
mod phrasings;
#[path = "../program/mod.rs"]
mod program;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use expect_test::expect_file;

/// What is in a folder, sorted by name.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    entries
}

/// The last part of a path.
fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Compares texts with the files that hold them, all of them before it fails.
fn assert_all<'t>(golden: impl IntoIterator<Item = (PathBuf, &'t str)>) {
    let mut different = Vec::new();
    for (file, text) in golden {
        let compared = catch_unwind(AssertUnwindSafe(|| expect_file![&file].assert_eq(text)));
        if compared.is_err() {
            different.push(file.display().to_string());
        }
    }
    assert!(different.is_empty(), "{} files differ:\n{}", different.len(), different.join("\n"));
}
