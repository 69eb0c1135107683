//! `nightdesk check`: every mistake of a policy at once.

use std::path::Path;

use super::{Ending, evaluate, output};

/// Checks a policy folder. Mistakes are the answer, so they go to stdout.
pub(super) fn run(policy: &Path) -> anyhow::Result<Ending> {
    let Some(outcome) = evaluate::load(policy) else { return Ok(Ending::Unusable) };
    let text =
        crate::compose::diagnostics(&outcome.diagnostics, outcome.left_out, crate::compose::Colours::Ansi);
    let Some(policy) = outcome.policy else {
        output::answer(&text)?;
        return Ok(Ending::Negative);
    };
    let warnings = if outcome.diagnostics.is_empty() { String::new() } else { text };
    output::answer(&format!("{warnings}{}\n", summary(&policy)))?;
    Ok(Ending::Fine)
}

/// What the policy holds, and what of it nothing acts on yet.
fn summary(policy: &crate::policy::Policy) -> String {
    let unspecified: Vec<&str> = policy
        .coverage
        .iter()
        .filter(|rule| rule.target == Some(crate::policy::Target::Unspecified))
        .map(|rule| rule.name.as_str())
        .collect();
    let mut text = format!(
        "policy {} ({}): {}, {}, {}, {}: no mistakes",
        policy.name,
        policy.digest.get(..12).unwrap_or(&policy.digest),
        counted(policy.desks.len(), "desk"),
        counted(policy.coverage.len(), "coverage rule"),
        counted(policy.words.terms.len(), "keyword or pattern"),
        counted(policy.examples.len(), "test"),
    );
    if !unspecified.is_empty() {
        text = format!("{text}\nno response time is promised by: {}", unspecified.join(", "));
    }
    text
}

fn counted(count: usize, noun: &str) -> String {
    let plural = match noun {
        "keyword or pattern" => "keywords and patterns".to_owned(),
        noun => format!("{noun}s"),
    };
    if count == 1 { format!("1 {noun}") } else { format!("{count} {plural}") }
}
