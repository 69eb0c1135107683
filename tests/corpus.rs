//! Facts and mails of other projects, held against this one. They are not part of this repository: the folder that
//! holds them stands in the environment variable `NIGHTDESK_CORPUS`, and without it these tests say that they skip.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails loudly and says what it skips"
)]

#[path = "corpus/business_time.rs"]
mod business_time;
#[path = "corpus/mails.rs"]
mod mails;
#[path = "corpus/trim.rs"]
mod trim;

use std::path::PathBuf;

/// The folder of the corpus; `None`, and a line that says so, when there is none.
fn corpus() -> Option<PathBuf> {
    let folder = std::env::var_os("NIGHTDESK_CORPUS").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: NIGHTDESK_CORPUS is not set");
    }
    folder
}
