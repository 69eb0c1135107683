//! Whether every mail finds a rule, and every rule a mail: ND001 and ND002.

use std::rc::Rc;

use jiff::Timestamp;

use super::search::{Left, Region, Search, Variable, Wanted};
use super::space::{Space, Way};
use super::{Lint, outcome, place};
use crate::base::diagnostic::Diagnostic;
use crate::base::document::clip;
use crate::policy::{Condition, Key, Origin, Policy, Test};

/// What a row of `[[assign]]`, which has no name, is called.
const ASSIGN: &str = "[[assign]]";
/// Of so many rules that take a part of another's mail each is tried to be left out.
const MOST_TRIED: usize = 16;
/// How many of the rules that leave nothing for another are named.
const MOST_NAMED: usize = 3;

/// Looks at everything that hangs on which mails rules take.
pub(super) fn lints(policy: &Policy, now: Timestamp, found: &mut Vec<Diagnostic>) {
    let space = match Space::new(policy, now) {
        Ok(space) => space,
        Err(why) => return found.push(not_examined(policy, why)),
    };
    let sizes = |variable| space.size(variable);
    let mut rules = Rules::new(&space, Space::search(&sizes));
    no_catch_all(&mut rules, found);
    unreachable(&mut rules, found);
    outcome::lints(&mut rules, found);
    if rules.search.is_spent() {
        found.push(not_examined(policy, "the conditions overlap in too many ways"));
    }
}

fn not_examined(policy: &Policy, why: &str) -> Diagnostic {
    let origin = Origin { file: 0, span: 0..0 };
    Lint::UnreachableRule
        .warning(place(policy, &origin), "not every rule was examined: too many combinations")
        .found(why)
        .hint("ND001, ND002, ND007 and ND008 may have missed something")
}

/// The rules of a policy as boxes of mails.
pub(super) struct Rules<'s, 'p> {
    pub(super) space: &'s Space<'p>,
    pub(super) search: Search<'s>,
    assigns: Rc<[Region]>,
    pub(super) coverage: Rc<[Region]>,
    answers: Region,
    wanted: Wanted,
}

impl<'s, 'p> Rules<'s, 'p> {
    fn new(space: &'s Space<'p>, search: Search<'s>) -> Self {
        let policy = space.policy;
        let assigns: Rc<[Region]> = policy.assigns.iter().map(|row| space.region(&row.when)).collect();
        let coverage: Rc<[Region]> = policy.coverage.iter().map(|rule| space.region(&rule.when)).collect();
        let all = assigns.iter().chain(coverage.iter()).chain(&space.impossible);
        let wanted = Wanted::new(all, &|variable| space.size(variable));
        Rules { space, search, assigns, coverage, answers: Space::answers(), wanted }
    }

    /// As [`Rules::left`], with a guess before the search: of many mails that are left it may find an odd one.
    pub(super) fn any_left(&mut self, region: &Region, taken: &[&Region]) -> (Left, Option<&'s Way>) {
        let space = self.space;
        if let Some(way) = space.ways.first()
            && let Some(row) = self.assigns.get(way.row)
        {
            let before = self.assigns.get(..way.row).unwrap_or_default();
            let fixed = space.impossible.iter().chain([&self.answers]).chain(before);
            let all: Vec<&Region> = fixed.chain(taken.iter().copied()).collect();
            let start = region.and(row).and(&way.region);
            if let Some(point) = self.search.guess(&start, &all, &self.wanted) {
                return (Left::Some(point), Some(way));
            }
        }
        self.left(region, taken)
    }

    /// Some mails of a box that none of the others takes, and the way in which they get their desk.
    pub(super) fn left(&mut self, region: &Region, taken: &[&Region]) -> (Left, Option<&'s Way>) {
        let space = self.space;
        let mut nothing = Left::Nothing;
        for way in &space.ways {
            let Some(row) = self.assigns.get(way.row) else { continue };
            if !self.search.spend(1) {
                return (Left::Unknown, None);
            }
            let before = self.assigns.get(..way.row).unwrap_or_default();
            let fixed = space.impossible.iter().chain([&self.answers]).chain(before);
            let all: Vec<&Region> = fixed.chain(taken.iter().copied()).collect();
            match self.search.left(region.and(row).and(&way.region), &all) {
                Left::Some(region) => return (Left::Some(region), Some(way)),
                Left::Unknown => nothing = Left::Unknown,
                Left::Nothing => {}
            }
        }
        (nothing, None)
    }

    /// Whether surely no mail is in a box.
    fn is_empty(&mut self, region: &Region) -> bool {
        matches!(self.left(region, &[]).0, Left::Nothing)
    }

    /// What is left of a coverage rule when those before it have taken theirs.
    fn left_of_coverage(&mut self, rule: usize) -> Left {
        let coverage = Rc::clone(&self.coverage);
        let before: Vec<&Region> = coverage.iter().take(rule).collect();
        coverage.get(rule).map_or(Left::Unknown, |region| self.any_left(region, &before).0)
    }
}

fn no_catch_all(rules: &mut Rules<'_, '_>, found: &mut Vec<Diagnostic>) {
    let (space, policy) = (rules.space, rules.space.policy);
    let Some(last) = policy.coverage.last() else { return };
    if policy.coverage.iter().any(|rule| rule.when.tests.is_empty()) {
        return;
    }
    let coverage = Rc::clone(&rules.coverage);
    let without_mailbox = space.without_mailbox();
    let taken: Vec<&Region> = without_mailbox.iter().chain(coverage.iter()).collect();
    let (Left::Some(region), _) = rules.left(&Region::default(), &taken) else { return };
    let sample = space.sample_of(&region);
    if policy.coverage.iter().any(|rule| rule.when.failing(&sample.facts()).is_none()) {
        return;
    }
    found.push(
        Lint::NoCatchAll
            .warning(
                place(policy, &last.origin),
                "some mail matches no coverage rule, so nothing is done about it",
            )
            .found(format!("for instance a mail with {}", described(space, &region)))
            .hint("end with a rule that has no `when`"),
    );
}

/// One mail of a box in words: what coverage rules look at and what matters for being left.
pub(super) fn described(space: &Space<'_>, region: &Region) -> String {
    let policy = space.policy;
    let sample = space.sample_of(region);
    let facts = sample.facts();
    let mut keys: Vec<Key> = Vec::new();
    for test in policy.coverage.iter().flat_map(|rule| &rule.when.tests) {
        if region.0.contains_key(&space.variable(test.key)) && !keys.contains(&test.key) {
            keys.push(test.key);
        }
    }
    // A reason to be closed says nothing of open hours.
    keys.retain(|key| *key != Key::ClosedFor || facts.closed_for.is_some());
    let told: Vec<String> = keys
        .iter()
        .map(|key| format!("{} = {}", key_name(policy, *key), facts.value(*key).map_or("none".into(), clip)))
        .collect();
    match told.as_slice() {
        [] => "anything in it".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

fn key_name(policy: &Policy, key: Key) -> &str {
    match key {
        Key::Label(label) => policy.labels.get(label).map_or("", |label| label.name.as_str()),
        Key::Hours
        | Key::ClosedFor
        | Key::Plan
        | Key::Customer
        | Key::Desk
        | Key::Mailbox
        | Key::Conversation
        | Key::Automated
        | Key::Readable
        | Key::Authenticated
        | Key::Sender => key.fixed_name().unwrap_or(""),
    }
}

fn unreachable(rules: &mut Rules<'_, '_>, found: &mut Vec<Diagnostic>) {
    let policy = rules.space.policy;
    let coverage = Rc::clone(&rules.coverage);
    for (index, rule) in policy.coverage.iter().enumerate() {
        if !matches!(rules.left_of_coverage(index), Left::Nothing) {
            continue;
        }
        let region = coverage.get(index).cloned().unwrap_or_default();
        let message = "no mail ever reaches this rule";
        let warning = Lint::UnreachableRule.warning(place(policy, &rule.origin), message);
        found.push(if rules.is_empty(&region) {
            never(rules, &rule.when, warning)
        } else {
            let before = policy.coverage.iter().zip(coverage.iter()).take(index);
            let before = before.map(|(rule, region)| (rule.name.as_str(), &rule.origin, region));
            let is_enough = |others: &[&Region]| matches!(rules.left(&region, others).0, Left::Nothing);
            taken_before(policy, &region, before, is_enough, warning)
        });
    }
    unreachable_assigns(rules, found);
    let also = policy.also.iter().map(|rule| (&rule.when, &rule.origin, "this rule never applies"));
    let asks = policy.asks.iter().map(|ask| (&ask.when, &ask.origin, "this is never asked for"));
    for (when, origin, message) in also.chain(asks) {
        let region = rules.space.region(when);
        if rules.is_empty(&region) {
            let warning = Lint::UnreachableRule.warning(place(policy, origin), message);
            found.push(never(rules, when, warning));
        }
    }
}

fn unreachable_assigns(rules: &mut Rules<'_, '_>, found: &mut Vec<Diagnostic>) {
    let (space, policy) = (rules.space, rules.space.policy);
    let assigns = Rc::clone(&rules.assigns);
    for (index, (row, region)) in policy.assigns.iter().zip(assigns.iter()).enumerate() {
        let Some(origin) = &row.origin else { continue };
        let fixed: Vec<&Region> = space.impossible.iter().collect();
        let before: Vec<&Region> = assigns.iter().take(index).collect();
        let all: Vec<&Region> = fixed.iter().chain(&before).copied().collect();
        if !matches!(rules.search.left(region.clone(), &all), Left::Nothing) {
            continue;
        }
        let warning =
            Lint::UnreachableRule.warning(place(policy, origin), "no mail ever reaches this [[assign]]");
        found.push(if matches!(rules.search.left(region.clone(), &fixed), Left::Nothing) {
            never(rules, &row.when, warning)
        } else {
            let before = policy.assigns.iter().zip(assigns.iter()).take(index);
            let before = before.filter_map(|(row, region)| Some((ASSIGN, row.origin.as_ref()?, region)));
            let is_enough = |others: &[&Region]| {
                let all: Vec<&Region> = fixed.iter().chain(others).copied().collect();
                matches!(rules.search.left(region.clone(), &all), Left::Nothing)
            };
            taken_before(policy, region, before, is_enough, warning)
        });
    }
}

/// A rule before another: its name, its place, and what it takes.
type Before<'r> = (&'r str, &'r Origin, &'r Region);

/// Names the rules that take everything: the one that does so alone, else those that all are needed for it.
fn taken_before<'r>(
    policy: &Policy,
    region: &Region,
    before: impl Iterator<Item = Before<'r>>,
    mut is_enough: impl FnMut(&[&Region]) -> bool,
    warning: Diagnostic,
) -> Diagnostic {
    let before: Vec<Before<'_>> = before.filter(|(_, _, taken)| !region.and(taken).is_empty()).collect();
    let alone = before.iter().find(|(_, _, taken)| region.is_within(taken));
    let mut named = alone.map_or_else(|| before.clone(), |one| vec![*one]);
    if (2..=MOST_TRIED).contains(&named.len()) {
        for at in (0..named.len()).rev() {
            let others = named.iter().enumerate().filter(|(index, _)| *index != at);
            let others: Vec<&Region> = others.map(|(_, (_, _, taken))| *taken).collect();
            if is_enough(&others) {
                named.remove(at);
            }
        }
    }
    let told = |(name, origin, _): &Before<'_>| match *name {
        ASSIGN => format!("the one at {}", policy.source(origin)),
        name => format!("\"{}\" at {}", clip(name), policy.source(origin)),
    };
    let mut rules: Vec<String> = named.iter().take(MOST_NAMED).map(told).collect();
    if named.len() > MOST_NAMED {
        rules.push(format!("{} more", named.len() - MOST_NAMED));
    }
    warning
        .found(format!("all that it matches is taken before, by {}", rules.join(", ")))
        .hint("put it before what takes its mail, narrow that, or delete it")
}

/// Says which conditions never hold: one of them, two together, or all.
fn never(rules: &mut Rules<'_, '_>, when: &Condition, warning: Diagnostic) -> Diagnostic {
    let space = rules.space;
    let of = |test: &Test| {
        let mut region = Region::default();
        region.narrow(space.variable(test.key), space.admitted(test));
        region
    };
    let said = |test: &Test| format!("`{} = {}`", key_name(space.policy, test.key), clip(&test.wanted()));
    for test in &when.tests {
        if rules.is_empty(&of(test)) {
            let hint = why_never(space, test);
            return warning.found(format!("{} never holds", said(test))).hint(hint);
        }
    }
    for (index, first) in when.tests.iter().enumerate() {
        for second in when.tests.iter().skip(index + 1) {
            if rules.is_empty(&of(first).and(&of(second))) {
                return warning
                    .found(format!("{} and {} never hold together", said(first), said(second)))
                    .hint("change one of them, or delete the rule");
            }
        }
    }
    warning.found("its conditions never hold together").hint("change one of them, or delete the rule")
}

fn why_never(space: &Space<'_>, test: &Test) -> &'static str {
    match space.variable(test.key) {
        Variable::Clock if test.key == Key::Desk => "no [[assign]] ever gives a mail to this desk",
        Variable::Clock => "no desk that is given mail has such hours",
        Variable::Conversation => "answers of our own people go by no rule",
        Variable::Labels(_)
        | Variable::Who
        | Variable::Mailbox
        | Variable::Automated
        | Variable::Readable
        | Variable::Authenticated
        | Variable::Sender => "nothing gives it this value",
    }
}
