//! What is legal in a policy and looks like a slip: lints, each with a stable code.
//!
//! [`lint`] looks at a policy that is complete; names that do not exist (ND003) and holiday files that are missing
//! (ND005) are mistakes of compiling and only have their codes here. What lints say about rules is exact: the mails that
//! rules can tell apart are a finite [`space::Space`], and [`search`] finds a mail in it or shows that there is none.
//! Whether a rule applies is asked of the policy's own conditions, never worked out again.
//!
//! Invariants: lints change nothing about a policy; their work is bounded, and where the bound is met they say that
//! they did not look.

mod holes;
mod hours;
mod outcome;
mod reach;
mod search;
mod space;
#[cfg(test)]
mod tests;
mod ways;
mod words;

use jiff::Timestamp;

use super::{Origin, Policy};
use crate::base::diagnostic::{Diagnostic, Location};
use crate::base::document::Problems;

/// A kind of slip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lint {
    /// The last coverage rule has conditions, and some mail matches no rule.
    NoCatchAll,
    /// A rule that no mail ever reaches.
    UnreachableRule,
    /// A name that nothing defines; always a mistake.
    UndefinedName,
    /// A keyword in one of our own replies.
    OwnWords,
    /// A holiday file that is not there; always a mistake.
    HolidaysMissing,
    /// A holiday file past its last year, or nearly.
    HolidaysRunOut,
    /// A target by the clock that can fall when nobody is there.
    TargetOutsideHours,
    /// A lower plan gets more than a higher one.
    LowerPlanLouder,
    /// A zone without summer time beside one with it.
    NoSummerTime,
    /// Hours in which no desk of a pool is open.
    CoverageHoles,
    /// A value of a label that no rule uses.
    UnusedValue,
    /// An opening at midnight that may be meant for noon.
    MidnightOpening,
    /// A policy without examples.
    NoTests,
    /// An ops alarm that goes out by the same channels as an escalation.
    AlarmSharesChannels,
    /// An `[[accept]]` that silences nothing.
    UselessAccept,
}

impl Lint {
    /// All of them, by code.
    pub const ALL: [Lint; 15] = [
        Lint::NoCatchAll,
        Lint::UnreachableRule,
        Lint::UndefinedName,
        Lint::OwnWords,
        Lint::HolidaysMissing,
        Lint::HolidaysRunOut,
        Lint::TargetOutsideHours,
        Lint::LowerPlanLouder,
        Lint::NoSummerTime,
        Lint::CoverageHoles,
        Lint::UnusedValue,
        Lint::MidnightOpening,
        Lint::NoTests,
        Lint::AlarmSharesChannels,
        Lint::UselessAccept,
    ];

    /// Its code, which never changes.
    pub const fn code(self) -> &'static str {
        match self {
            Lint::NoCatchAll => "ND001",
            Lint::UnreachableRule => "ND002",
            Lint::UndefinedName => "ND003",
            Lint::OwnWords => "ND004",
            Lint::HolidaysMissing => "ND005",
            Lint::HolidaysRunOut => "ND006",
            Lint::TargetOutsideHours => "ND007",
            Lint::LowerPlanLouder => "ND008",
            Lint::NoSummerTime => "ND009",
            Lint::CoverageHoles => "ND010",
            Lint::UnusedValue => "ND011",
            Lint::MidnightOpening => "ND012",
            Lint::NoTests => "ND013",
            Lint::AlarmSharesChannels => "ND014",
            Lint::UselessAccept => "ND015",
        }
    }

    /// The lint of a code.
    pub fn parse(code: &str) -> Option<Lint> {
        Lint::ALL.into_iter().find(|lint| lint.code() == code)
    }

    /// Whether `[[accept]]` can silence it. Mistakes stay mistakes, and an `[[accept]]` that silences nothing goes.
    pub fn is_acceptable(self) -> bool {
        !matches!(self, Lint::UndefinedName | Lint::HolidaysMissing | Lint::UselessAccept)
    }

    /// A warning of this kind.
    pub fn warning(self, location: Option<Location>, message: impl Into<String>) -> Diagnostic {
        let diagnostic = match location {
            Some(location) => Diagnostic::error(location, message),
            None => Diagnostic::without_place(message),
        };
        diagnostic.as_warning().coded(self.code())
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Lints {
    /// What nobody accepted, as warnings by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more were only counted.
    pub left_out: usize,
    /// What was found and is accepted, each kind once.
    pub accepted: Vec<Lint>,
}

/// Looks for slips in a policy as of `now`. `beside` is what was found by holding the policy against the settings of the
/// service; `None` when nobody did.
pub fn lint(policy: &Policy, now: Timestamp, beside: Option<Vec<Diagnostic>>) -> Lints {
    let mut found: Vec<Diagnostic> = Vec::new();
    let is_whole = beside.is_some();
    reach::lints(policy, now, &mut found);
    hours::lints(policy, now, &mut found);
    holes::lints(policy, now, &mut found);
    words::lints(policy, &mut found);
    found.extend(beside.into_iter().flatten());
    if policy.examples.is_empty() {
        found.push(no_tests(policy));
    }
    sorted_out(policy, found, is_whole)
}

fn no_tests(policy: &Policy) -> Diagnostic {
    Lint::NoTests
        .warning(place(policy, &Origin { file: 0, span: 0..0 }), "this policy has no tests")
        .hint("write examples into tests/*.toml: a mail, a time, what must come out")
}

/// Parts what is accepted from what is not, and notes what was accepted in vain.
fn sorted_out(policy: &Policy, found: Vec<Diagnostic>, is_whole: bool) -> Lints {
    let mut lints = Lints::default();
    let mut problems = Problems::default();
    let accepted = |code| policy.accepted.iter().map(|accept| accept.lint).find(|lint| lint.code() == code);
    for diagnostic in found {
        match diagnostic.code.and_then(accepted) {
            Some(lint) => lints.accepted.push(lint),
            None => problems.push(diagnostic),
        }
    }
    lints.accepted.sort_unstable();
    lints.accepted.dedup();
    let mut used: Vec<Lint> = Vec::new();
    for accept in &policy.accepted {
        // What needs the settings of the service is not known without them.
        let is_unknown = accept.lint == Lint::AlarmSharesChannels && !is_whole;
        let is_first = !used.contains(&accept.lint);
        used.push(accept.lint);
        if is_first && (is_unknown || lints.accepted.contains(&accept.lint)) {
            continue;
        }
        let what = if is_first { "there is no such lint here" } else { "it is accepted above" };
        problems.push(
            Lint::UselessAccept
                .warning(place(policy, &accept.origin), "this [[accept]] silences nothing")
                .found(format!("{}: {what}", accept.lint.code()))
                .hint("delete it, so that the lint is told when it comes up"),
        );
    }
    (lints.diagnostics, lints.left_out) = problems.into_sorted();
    lints
}

/// Where something stands.
fn place(policy: &Policy, origin: &Origin) -> Option<Location> {
    policy.files.get(origin.file).map(|file| Location::new(file, origin.span.clone()))
}
