//! What comes of mails: targets that fall when nobody is there, and lower plans that get more. ND007 and ND008.

use std::rc::Rc;

use jiff::{SignedDuration, Timestamp};

use super::reach::{Rules, described};
use super::search::{Left, Region, Set, Variable};
use super::space::{Sample, Space, Way};
use super::{Lint, place};
use crate::base::diagnostic::Diagnostic;
use crate::base::document::clip;
use crate::calendar::Calendar;
use crate::policy::{AssignTo, Coverage, Policy, Target};

/// The most pairs of rules that are compared for two plans.
const MOST_PAIRS: usize = 20_000;
/// Asking a calendar about so many instants takes as long as comparing one box.
const CANDIDATES_A_BOX: usize = 8;

pub(super) fn lints(rules: &mut Rules<'_, '_>, found: &mut Vec<Diagnostic>) {
    targets(rules, found);
    plans(rules, found);
}

/// How loud the rules are about a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Loudness {
    Silent,
    Alerts,
    Pages,
}

impl Loudness {
    fn in_words(self) -> &'static str {
        match self {
            Loudness::Silent => "alerts nobody",
            Loudness::Alerts => "alerts",
            Loudness::Pages => "pages",
        }
    }
}

/// How loud a rule and every `[[also]]` are about a mail.
fn loudness(policy: &Policy, rule: &Coverage, sample: &Sample<'_>) -> Loudness {
    let also = policy.also.iter().filter(|also| also.when.failing(&sample.facts()).is_none());
    let alerts = rule.alerts.iter().chain(also.flat_map(|also| &also.alerts));
    let of = |index: &usize| match policy.escalations.get(*index) {
        Some(escalation) if escalation.pages => Loudness::Pages,
        Some(_) | None => Loudness::Alerts,
    };
    alerts.map(of).max().unwrap_or(Loudness::Silent)
}

// ---- ND007 ----

fn targets(rules: &mut Rules<'_, '_>, found: &mut Vec<Diagnostic>) {
    let policy = rules.space.policy;
    for (index, rule) in policy.coverage.iter().enumerate() {
        let Some(Target::Elapsed(elapsed)) = rule.target else { continue };
        if rule.alerts.iter().any(|alert| policy.escalations.get(*alert).is_some_and(|one| one.pages)) {
            continue;
        }
        let Some((desk, received_at, due)) = falls_outside(rules, index, elapsed) else { continue };
        let Some(calendar) = policy.calendar(desk) else { continue };
        let desk = policy.desks.get(desk).map_or("", |desk| desk.name.as_str());
        let at =
            |instant: Timestamp| calendar.zone().to_zoned(instant).strftime("%a %Y-%m-%d %H:%M").to_string();
        found.push(
            Lint::TargetOutsideHours
                .warning(place(policy, &rule.origin), "this target can fall when nobody is there to keep it")
                .found(format!(
                    "{} after {} is {} ({}), when \"{}\" is closed, and the rule pages nobody",
                    Target::Elapsed(elapsed),
                    at(received_at),
                    at(due),
                    calendar.zone().name(),
                    clip(desk),
                ))
                .hint("promise business time, such as \"2 business hours\", or let the rule page somebody"),
        );
    }
}

/// A desk, when a mail comes in, and when its answer is due while the desk is closed.
fn falls_outside(
    rules: &mut Rules<'_, '_>,
    index: usize,
    elapsed: SignedDuration,
) -> Option<(usize, Timestamp, Timestamp)> {
    let space = rules.space;
    let coverage = Rc::clone(&rules.coverage);
    let own = coverage.get(index)?;
    let before: Vec<&Region> = coverage.iter().take(index).collect();
    for (value, clock) in space.clocks.iter().enumerate() {
        if own.0.get(&Variable::Clock).is_some_and(|clocks| !clocks.contains(value)) {
            continue;
        }
        let mut region = own.clone();
        region.narrow(Variable::Clock, Set::one(space.clocks.len(), value));
        let (Left::Some(left), Some(way)) = rules.any_left(&region, &before) else { continue };
        let rule = space.policy.coverage.get(index)?;
        if loudness(space.policy, rule, &space.sample_of(&left)) == Loudness::Pages {
            continue;
        }
        let calendar = space.policy.calendar(clock.desk)?;
        let is_so = |at: Timestamp| {
            let closed_for = calendar.closed_for(at).map(crate::calendar::ClosedFor::slug);
            closed_for == clock.closed_for && is_given(space, way, clock.desk, at)
        };
        let due = |at: Timestamp| at.checked_add(elapsed).ok().filter(|due| is_deserted(calendar, *due));
        let candidates = around(space.instants(clock.desk), elapsed);
        rules.search.spend(candidates.len() / CANDIDATES_A_BOX);
        let example = candidates.into_iter().find_map(|at| Some((at, due(at)?)).filter(|_| is_so(at)));
        if let Some((at, due)) = example {
            return Some((clock.desk, at, due));
        }
    }
    None
}

/// Whether a mail that comes in at an instant is given to a desk.
fn is_given(space: &Space<'_>, way: &Way, desk: usize, at: Timestamp) -> bool {
    let Some(assign) = space.policy.assigns.get(way.row).filter(|_| way.pool) else { return true };
    matches!(assign.to, AssignTo::Desk(_)) || space.policy.next_open(&assign.pool, at).desk == Some(desk)
}

/// Closed at that instant, and not just now: what is due at the closing was due while somebody was there.
fn is_deserted(calendar: &Calendar, due: Timestamp) -> bool {
    let before = due.checked_sub(SignedDuration::from_secs(1)).unwrap_or(due);
    !calendar.is_open(due) && !calendar.is_open(before)
}

/// Instants that are at, shortly before or the elapsed time before those at which hours change.
fn around(changes: &[Timestamp], elapsed: SignedDuration) -> Vec<Timestamp> {
    let minute = SignedDuration::from_mins(1);
    let shifts = [SignedDuration::ZERO, -minute, minute - elapsed, -minute - elapsed];
    changes
        .iter()
        .flat_map(|change| shifts.into_iter().filter_map(|shift| change.checked_add(shift).ok()))
        .collect()
}

// ---- ND008 ----

/// Compares what a sender whom nobody knows gets, who has the default plan, with what customers of each other plan get
/// for the same mail.
fn plans(rules: &mut Rules<'_, '_>, found: &mut Vec<Diagnostic>) {
    let (space, policy) = (rules.space, rules.space.policy);
    let Some(lowest) = policy.customers.default_plan.as_deref() else { return };
    let mut pairs = MOST_PAIRS;
    let mut compared: Vec<&str> = vec![lowest];
    for (value, who) in space.who.iter().enumerate() {
        let Some(plan) = who.plan.filter(|plan| !compared.contains(plan)) else { continue };
        compared.push(plan);
        let Some(found_one) = louder(rules, value, &mut pairs) else { continue };
        found.push(told(policy, (lowest, plan), &found_one));
    }
}

/// The default plan gets more than another.
struct Louder {
    lower: usize,
    higher: usize,
    lower_gets: String,
    higher_gets: String,
    mail: String,
}

fn told(policy: &Policy, (lowest, plan): (&str, &str), louder: &Louder) -> Diagnostic {
    let named = |rule: usize| match policy.coverage.get(rule) {
        Some(rule) => format!("\"{}\" at {}", clip(&rule.name), policy.source(&rule.origin)),
        None => String::new(),
    };
    let origin = policy.coverage.get(louder.higher).map(|rule| &rule.origin);
    let message = format!("the default plan gets more than the plan \"{}\"", clip(plan));
    Lint::LowerPlanLouder
        .warning(origin.and_then(|origin| place(policy, origin)), message)
        .found(format!(
            "\"{}\" {} by {}; \"{}\" {} by {}",
            clip(lowest),
            louder.lower_gets,
            named(louder.lower),
            clip(plan),
            louder.higher_gets,
            named(louder.higher),
        ))
        .note(format!("for instance a mail with {}", louder.mail))
        .hint("name the plans that a rule is for, or put the rule for the higher plan first")
}

/// A mail for which an unknown sender gets more than a customer (an index of `Space::who`).
fn louder(rules: &mut Rules<'_, '_>, customer: usize, pairs: &mut usize) -> Option<Louder> {
    let space = rules.space;
    let coverage = Rc::clone(&rules.coverage);
    let (unknown, known) = (one(space, 0), one(space, customer));
    // A rule as each of both sees it, without its condition on who writes; nothing where it is not for them.
    let seen = |region: &Region, who: &Region| {
        let mut both = region.and(who);
        let is_for = !both.is_empty();
        both.0.remove(&Variable::Who);
        is_for.then_some(both)
    };
    let lower: Vec<Option<Region>> = coverage.iter().map(|region| seen(region, &unknown)).collect();
    let higher: Vec<Option<Region>> = coverage.iter().map(|region| seen(region, &known)).collect();
    for (a, b) in parted(rules) {
        *pairs = pairs.checked_sub(1)?;
        let (Some(Some(mine)), Some(Some(theirs))) = (lower.get(a), higher.get(b)) else { continue };
        let common = mine.and(theirs);
        if common.is_empty() {
            continue;
        }
        let before: Vec<&Region> = lower.iter().take(a).chain(higher.iter().take(b)).flatten().collect();
        for also in also_regions(rules, &unknown, &known, a == b) {
            let (Left::Some(left), _) = rules.left(&common.and(&also), &before) else { continue };
            if let Some(louder) = compare(rules, &left, (a, b), (&unknown, &known)) {
                return Some(louder);
            }
        }
    }
    None
}

/// Pairs of rules that one mail can come to, by who writes it: the first of both looks at who writes. Where an
/// `[[also]]` does, every rule is a pair with itself.
fn parted(rules: &Rules<'_, '_>) -> Vec<(usize, usize)> {
    let space = rules.space;
    let looks = |region: &Region| region.0.contains_key(&Variable::Who);
    let coverage = &rules.coverage;
    let mut pairs = Vec::new();
    for first in coverage.iter().zip(0..).filter(|(region, _)| looks(region)).map(|(_, first)| first) {
        pairs.extend((first + 1..coverage.len()).flat_map(|second| [(first, second), (second, first)]));
        if pairs.len() > MOST_PAIRS {
            return pairs;
        }
    }
    if space.policy.also.iter().any(|also| looks(&space.region(&also.when))) {
        pairs.extend((0..coverage.len()).map(|rule| (rule, rule)));
    }
    pairs
}

/// One who writes, as a box.
fn one(space: &Space<'_>, who: usize) -> Region {
    let mut region = Region::default();
    region.narrow(Variable::Who, Set::one(space.who.len(), who));
    region
}

/// Where an `[[also]]` may make the difference: everywhere for different rules, else where it takes only the unknown.
fn also_regions(rules: &Rules<'_, '_>, unknown: &Region, known: &Region, is_same: bool) -> Vec<Region> {
    if !is_same {
        return vec![Region::default()];
    }
    let space = rules.space;
    let regions = space.policy.also.iter().map(|also| space.region(&also.when));
    let parting = regions.filter(|region| !region.and(unknown).is_empty() && region.and(known).is_empty());
    let without_who = parting.map(|mut region| {
        region.0.remove(&Variable::Who);
        region
    });
    without_who.collect()
}

fn compare(
    rules: &Rules<'_, '_>,
    left: &Region,
    (a, b): (usize, usize),
    (unknown, known): (&Region, &Region),
) -> Option<Louder> {
    let space = rules.space;
    let policy = space.policy;
    // Whoever writes, the other facts stay.
    let with = |who: &Region| {
        let mut region = left.clone();
        region.0.extend(who.0.clone());
        region
    };
    let (mine, theirs) = (with(unknown), with(known));
    let (lower, higher) = (space.sample_of(&mine), space.sample_of(&theirs));
    let (first, second) = (policy.coverage.get(a)?, policy.coverage.get(b)?);
    let takes = |sample: &Sample<'_>| {
        policy.coverage.iter().position(|rule| rule.when.failing(&sample.facts()).is_none())
    };
    if takes(&lower) != Some(a) || takes(&higher) != Some(b) {
        return None;
    }
    let loud = (loudness(policy, first, &lower), loudness(policy, second, &higher));
    let (lower_gets, higher_gets) = if loud.0 > loud.1 {
        (loud.0.in_words().to_owned(), loud.1.in_words().to_owned())
    } else if loud.0 == loud.1 && is_earlier(first.target, second.target) {
        (promised(first.target), promised(second.target))
    } else {
        return None;
    };
    let mut described_by = left.clone();
    described_by.0.remove(&Variable::Who);
    Some(Louder { lower: a, higher: b, lower_gets, higher_gets, mail: described(space, &described_by) })
}

fn promised(target: Option<Target>) -> String {
    match target {
        Some(Target::Unspecified) | None => "is promised nothing".to_owned(),
        Some(target) => format!("is promised {target}"),
    }
}

/// Whether a target is surely earlier than another: of the same kind and shorter, or some against none.
fn is_earlier(target: Option<Target>, other: Option<Target>) -> bool {
    let made = |target: Option<Target>| target.filter(|target| *target != Target::Unspecified);
    match (made(target), made(other)) {
        (Some(Target::Elapsed(mine)), Some(Target::Elapsed(theirs)))
        | (
            Some(Target::BusinessTime { amount: mine, .. }),
            Some(Target::BusinessTime { amount: theirs, .. }),
        ) => mine < theirs,
        (Some(Target::BusinessDays(mine)), Some(Target::BusinessDays(theirs))) => mine < theirs,
        (Some(_), None) => true,
        (_, _) => false,
    }
}
