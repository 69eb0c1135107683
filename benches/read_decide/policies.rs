//! The shipped policies, and each of them with a hundred thousand keywords more.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use nightdesk::base::diagnostic::Severity;
use nightdesk::policy::{Files, Policy, compile};
use nightdesk::sources::policy_folder;

use super::stopwatch::Stopwatch;

/// Keywords added to a policy.
const MANY: usize = 100_000;

/// A policy, and how long it took to read and compile it.
pub(super) struct Loaded {
    pub(super) name: String,
    pub(super) policy: Policy,
    pub(super) took: Duration,
}

/// All of them; the first is the starter.
pub(super) fn load() -> anyhow::Result<Vec<Loaded>> {
    let mut loaded = Vec::new();
    for name in ["starter", "alloy"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules").join(name);
        loaded.push(one(name.to_owned(), || policy_folder(&folder))?);
        let files = with_many_keywords(policy_folder(&folder)?)?;
        loaded.push(one(format!("{name}, {MANY} keywords"), || Ok(files))?);
    }
    // The large ones last.
    loaded.sort_by_key(|loaded| loaded.policy.words.terms.len() > MANY);
    Ok(loaded)
}

fn one(name: String, files: impl FnOnce() -> std::io::Result<Files>) -> anyhow::Result<Loaded> {
    let watch = Stopwatch::start();
    let outcome = compile(&files()?);
    let took = watch.elapsed();
    let mistake = outcome.diagnostics.iter().find(|found| found.severity == Severity::Error);
    let complaint = mistake.map(|mistake| mistake.message.clone()).unwrap_or_default();
    Ok(Loaded { policy: outcome.policy.with_context(|| format!("{name}: {complaint}"))?, name, took })
}

/// As one more value of the urgency label, the one whose keywords are also watched for near misses.
fn with_many_keywords(mut files: Files) -> anyhow::Result<Files> {
    let written = files.files.iter_mut().find(|file| file.name == "policy.toml").context("no policy.toml")?;
    let text = written.content.as_mut().map_err(|why| anyhow::anyhow!("{why}"))?;
    let mut more = String::from("\n[[label.urgency]]\nvalue = \"watched\"\nkeywords = [\n");
    for number in 0..MANY {
        writeln!(more, "  \"{}\",", keyword(number))?;
    }
    more.push_str("]\n");
    text.extend_from_slice(more.as_bytes());
    Ok(files)
}

/// A made-up product name such as `Tarobex-velu`: its letters are those of words, yet it is none.
fn keyword(number: usize) -> String {
    const SYLLABLES: [&str; 20] = [
        "ta", "ro", "bex", "ve", "lu", "min", "ga", "so", "dri", "ne", "pal", "ko", "fer", "ti", "zan", "hu",
        "mo", "res", "ci", "ano",
    ];
    let mut rest = number;
    let mut keyword = String::new();
    for place in 0..5 {
        if place == 3 {
            keyword.push('-');
        }
        keyword.push_str(SYLLABLES.get(rest % SYLLABLES.len()).copied().unwrap_or_default());
        rest /= SYLLABLES.len();
    }
    keyword
}
