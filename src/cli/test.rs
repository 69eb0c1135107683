//! `nightdesk test`: runs the examples that policies carry.
//!
//! What holds is silent. What does not is told with its place, what was wanted, what came and why; the counts of every
//! policy and the names of all that failed stand at the end, where a terminal shows them.

mod difference;
mod story;

use std::path::{Path, PathBuf};

use super::evaluate::{compiled, told};
use super::{Ending, crew, output};
use crate::compose::ink::{DIM, GOOD, LOUD, TITLE};
use crate::policy::{Example, Policy};

/// Runs the examples of all policies; one that cannot be compiled counts as failed.
pub(super) fn run(policies: &[PathBuf], filter: Option<&str>) -> anyhow::Result<Ending> {
    let mut ending = Ending::Fine;
    let mut reports = Vec::new();
    crew::run(
        policies.iter(),
        |path| (path, compiled(path)),
        |(path, outcome)| {
            let Some(outcome) = told(path, outcome) else {
                ending = Ending::Unusable;
                return Ok(());
            };
            let Some(policy) = outcome.policy else {
                output::complain(&format!("{} is not tested, since it has mistakes:\n", path.display()));
                output::complain_of(&outcome.diagnostics, outcome.left_out);
                ending = ending.or(Ending::Negative);
                return Ok(());
            };
            let report = run_policy(path, &policy, filter)?;
            output::answer(&report.failures())?;
            if !report.failed.is_empty() {
                ending = ending.or(Ending::Negative);
            }
            reports.push(report);
            Ok(())
        },
    )?;
    output::answer(&summary(&reports, policies.len(), filter))?;
    let ran = reports.iter().any(|report| report.tally.passed + report.tally.failed > 0);
    if let (Some(filter), false, Ending::Fine) = (filter, ran, ending) {
        output::complain(&format!("error: no test has \"{filter}\" in its name"));
        return Ok(Ending::Unusable);
    }
    Ok(ending)
}

/// What came of the examples of one policy.
struct Report {
    policy: String,
    tally: Tally,
    failed: Vec<Failure>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    passed: usize,
    failed: usize,
    filtered_out: usize,
}

/// An example that does not hold.
struct Failure {
    name: String,
    /// `file:line`, the policy's folder before it.
    place: String,
    /// What differs, line by line.
    lines: String,
}

impl Report {
    fn failures(&self) -> String {
        let block = |failure: &Failure| {
            let Failure { name, place, lines } = failure;
            format!(
                "{LOUD}FAILED{LOUD:#} {TITLE}{name}{TITLE:#}\n  {DIM}{}, {place}{DIM:#}\n{lines}\n",
                self.policy
            )
        };
        self.failed.iter().map(block).collect()
    }
}

fn run_policy(path: &Path, policy: &Policy, filter: Option<&str>) -> anyhow::Result<Report> {
    let is_wanted = |example: &&Example| filter.is_none_or(|filter| example.name.contains(filter));
    let wanted: Vec<&Example> = policy.examples.iter().filter(is_wanted).collect();
    let mut failed = Vec::new();
    crew::run(
        wanted.iter(),
        |example| (example, story::differences(example, policy)),
        |(example, lines)| {
            let place = format!("{}/{}", path.display(), policy.source(&example.origin));
            failed.extend(lines.map(|lines| Failure { name: example.name.clone(), place, lines }));
            Ok(())
        },
    )?;
    let tally = Tally {
        passed: wanted.len() - failed.len(),
        failed: failed.len(),
        filtered_out: policy.examples.len() - wanted.len(),
    };
    Ok(Report { policy: policy.name.clone(), tally, failed })
}

/// The counts of every policy, of all, and the names of what failed.
fn summary(reports: &[Report], policies: usize, filter: Option<&str>) -> String {
    let mut lines = Vec::new();
    let mut all = Tally::default();
    for report in reports {
        lines.push(counts(&report.policy, report.tally, filter));
        all.passed += report.tally.passed;
        all.failed += report.tally.failed;
        all.filtered_out += report.tally.filtered_out;
    }
    if reports.len() > 1 {
        lines.push(counts("in all", all, filter));
    }
    let not_tested = policies - reports.len();
    // Where nothing was tested there is nothing to sum up; why was told already.
    if not_tested > 0 && !reports.is_empty() {
        let policies = if not_tested == 1 { "policy was" } else { "policies were" };
        lines.push(format!("{LOUD}{not_tested} {policies} not tested{LOUD:#}\n"));
    }
    if all.failed > 0 {
        lines.push("\nfailed:\n".to_owned());
    }
    let failed = reports.iter().flat_map(|report| &report.failed);
    let name =
        |failure: &Failure| format!("  {LOUD}{}{LOUD:#} {DIM}{}{DIM:#}\n", failure.name, failure.place);
    lines.extend(failed.map(name));
    lines.concat()
}

fn counts(name: &str, tally: Tally, filter: Option<&str>) -> String {
    let style = if tally.failed > 0 { LOUD } else { GOOD };
    let left = filter.map(|_| format!(", {} filtered out", tally.filtered_out)).unwrap_or_default();
    format!("{name}: {style}{} passed, {} failed{style:#}{left}\n", tally.passed, tally.failed)
}
