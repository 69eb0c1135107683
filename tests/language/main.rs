//! The language of policies, as it is told to people and to editors: what `rules/README.md` shows holds, and the schema
//! says what the reader takes.

#![expect(clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod frame;
#[path = "../program/mod.rs"]
mod program;
mod schema;
mod shipped;
mod snippets;

use nightdesk::base::diagnostic::Diagnostic;
use nightdesk::policy::{Files, Outcome, RawFile, compile};

/// Compiles a folder of these files.
fn compiled(files: &[(&str, &str)]) -> Outcome {
    let file = |(name, text): &(&str, &str)| RawFile {
        name: (*name).to_owned(),
        content: Ok(text.as_bytes().to_vec()),
    };
    compile(&Files { files: files.iter().map(file).collect() })
}

/// The names that a mistake allows, which it lists as `one`, `two`.
fn allowed(mistake: &Diagnostic) -> Vec<String> {
    let allowed = mistake.allowed.as_deref().unwrap_or_default();
    sorted(allowed.split('`').skip(1).step_by(2).map(str::to_owned))
}

fn sorted(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.into_iter().collect();
    names.sort();
    names
}
