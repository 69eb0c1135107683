//! The mails that the rules of a policy can tell apart.
//!
//! Only what conditions can look at is here, with what goes together in fact: a matrix follows its labels, a plan comes
//! with a customer, `closed_for` with closed hours, and a desk with the hours that it has when it is given a mail.
//! `impossible` holds what else no mail is, such as an automatic one that raises a case.
//!
//! A little more may seem possible than is, never less: so no rule is called unreachable that is not.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::super::condition::{AUTHENTICATED, CONVERSATIONS};
use super::search::{Region, Search, Set, Variable};
use super::ways::Ways;
use crate::policy::{Condition, Facts, Key, LabelKind, Matcher, Policy, Test};

/// The most values of one variable.
pub(super) const MOST_VALUES: usize = 4_096;
/// The most comparisons of a value with what a test wants.
const MOST_COMPARISONS: usize = 20_000_000;
/// The most senders that are made up.
const MOST_SENDERS: usize = 2_000;
/// The most boxes that are compared when a policy is examined.
const MOST_WORK: usize = 3_000_000;

/// Labels that hang together: those of words, each with its number of values, and the matrices made from them.
#[derive(Debug, Default)]
struct Group {
    words: Vec<(usize, usize)>,
    matrices: Vec<usize>,
    size: usize,
}

/// Somebody who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Who<'p> {
    pub(super) customer: Option<&'p str>,
    pub(super) plan: Option<&'p str>,
    pub(super) desk: Option<usize>,
}

/// A desk and how its hours stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Clock {
    pub(super) desk: usize,
    /// `None` is open.
    pub(super) closed_for: Option<&'static str>,
}

/// One way in which a row of `[[assign]]` gives a desk.
#[derive(Debug)]
pub(super) struct Way {
    /// The row.
    pub(super) row: usize,
    /// Who it is for, and the hours that may come of it.
    pub(super) region: Region,
    /// The pool it chooses from; `None` when the desk is fixed.
    pub(super) pool: bool,
}

/// One mail of the space, as conditions see it.
#[derive(Debug, Clone)]
pub(super) struct Sample<'s> {
    labels: Vec<Option<&'s str>>,
    clock: Option<(&'s str, Option<&'static str>)>,
    who: Option<Who<'s>>,
    mailbox: Option<&'s str>,
    conversation: &'static str,
    automated: bool,
    readable: bool,
    authenticated: &'static str,
    sender: Option<&'s str>,
}

impl Sample<'_> {
    pub(super) fn facts(&self) -> Facts<'_> {
        let closed_for = self.clock.and_then(|(_, closed_for)| closed_for);
        Facts {
            labels: &self.labels,
            hours: self.clock.map(|_| if closed_for.is_some() { "closed" } else { "open" }),
            closed_for,
            plan: self.who.and_then(|who| who.plan),
            customer: self.who.and_then(|who| who.customer),
            desk: self.clock.map(|(desk, _)| desk),
            mailbox: self.mailbox,
            conversation: self.conversation,
            automated: self.automated,
            readable: self.readable,
            authenticated: self.authenticated,
            sender: self.sender,
        }
    }
}

/// The space of a policy.
pub(super) struct Space<'p> {
    pub(super) policy: &'p Policy,
    groups: Vec<Group>,
    group_of: Vec<usize>,
    pub(super) who: Vec<Who<'p>>,
    pub(super) clocks: Vec<Clock>,
    senders: Vec<String>,
    pub(super) ways: Vec<Way>,
    /// When hours change, by calendar.
    instants: HashMap<usize, Vec<Timestamp>>,
    /// What no mail is.
    pub(super) impossible: Vec<Region>,
}

impl<'p> Space<'p> {
    /// The space of a policy; says why when it is too large.
    pub(super) fn new(policy: &'p Policy, now: Timestamp) -> Result<Self, &'static str> {
        let tests: Vec<&Test> = conditions(policy).flat_map(|when| &when.tests).collect();
        let (groups, group_of) = groups(policy, &tests)?;
        let mut space = Space {
            policy,
            groups,
            group_of,
            who: who(policy, &tests)?,
            clocks: Vec::new(),
            senders: senders(&tests)?,
            ways: Vec::new(),
            instants: HashMap::new(),
            impossible: Vec::new(),
        };
        let mut finding = Ways::new(policy, now);
        let ways = finding.all(&space.who)?;
        space.instants = finding.instants;
        let clocks: HashSet<Clock> = ways.iter().flat_map(|(_, _, _, clocks)| clocks).copied().collect();
        space.clocks = clocks.into_iter().collect();
        space.clocks.sort_unstable();
        let wanted = |test: &&Test| match &test.matcher {
            Matcher::AnyOf(values) | Matcher::Not(values) => values.len(),
            Matcher::Sender(globs) | Matcher::NotSender(globs) => globs.len(),
            Matcher::Is(_) => 1,
        };
        let comparisons = |test: &&Test| wanted(test).saturating_mul(space.size(space.variable(test.key)));
        if tests.iter().map(comparisons).fold(0, usize::saturating_add) > MOST_COMPARISONS {
            return Err("the conditions name too many values");
        }
        let index: HashMap<Clock, usize> = space.clocks.iter().copied().zip(0..).collect();
        for (row, who, pool, clocks) in ways {
            let mut set = Set::none(space.clocks.len());
            clocks.iter().filter_map(|clock| index.get(clock)).for_each(|clock| set.insert(*clock));
            let mut region = Region::default();
            region.narrow(Variable::Clock, set);
            if let Some(who) = who {
                region.narrow(Variable::Who, who);
            }
            space.ways.push(Way { row, region, pool });
        }
        space.impossible = space.impossible();
        Ok(space)
    }

    /// A search in this space, with all the work that one policy is worth.
    pub(super) fn search(sizes: &dyn Fn(Variable) -> usize) -> Search<'_> {
        Search::new(sizes, MOST_WORK)
    }

    /// When the hours of a desk change; see [`super::hours::instants`].
    pub(super) fn instants(&self, desk: usize) -> &[Timestamp] {
        let calendar = self.policy.desks.get(desk).map(|desk| desk.calendar);
        calendar.and_then(|calendar| self.instants.get(&calendar)).map_or(&[], Vec::as_slice)
    }

    /// How many values a variable has.
    pub(super) fn size(&self, variable: Variable) -> usize {
        match variable {
            Variable::Labels(group) => self.groups.get(group).map_or(0, |group| group.size),
            Variable::Clock => self.clocks.len(),
            Variable::Who => self.who.len(),
            Variable::Mailbox => self.policy.mailboxes.len() + 1,
            Variable::Conversation => CONVERSATIONS.len(),
            Variable::Automated | Variable::Readable => 2,
            Variable::Authenticated => AUTHENTICATED.len(),
            Variable::Sender => self.senders.len() + 1,
        }
    }

    /// The variable that a key is part of.
    pub(super) fn variable(&self, key: Key) -> Variable {
        match key {
            Key::Hours | Key::ClosedFor | Key::Desk => Variable::Clock,
            Key::Label(label) => Variable::Labels(self.group_of.get(label).copied().unwrap_or(0)),
            Key::Plan | Key::Customer => Variable::Who,
            Key::Mailbox => Variable::Mailbox,
            Key::Conversation => Variable::Conversation,
            Key::Automated => Variable::Automated,
            Key::Readable => Variable::Readable,
            Key::Authenticated => Variable::Authenticated,
            Key::Sender => Variable::Sender,
        }
    }

    /// The mails that a condition takes, asked of the condition value by value.
    pub(super) fn region(&self, when: &Condition) -> Region {
        let mut region = Region::default();
        for test in &when.tests {
            region.narrow(self.variable(test.key), self.admitted(test));
        }
        region
    }

    /// The values that one test takes.
    pub(super) fn admitted(&self, test: &Test) -> Set {
        let variable = self.variable(test.key);
        let mut sample = self.sample();
        Set::of(self.size(variable), |value| {
            self.put(&mut sample, variable, value);
            test.holds(&sample.facts())
        })
    }

    /// A mail of a box that is not empty: of each variable the first value, which is the most usual.
    pub(super) fn sample_of(&self, region: &Region) -> Sample<'_> {
        let mut sample = self.sample();
        let groups = (0..self.groups.len()).map(Variable::Labels);
        let rest = [
            Variable::Clock,
            Variable::Who,
            Variable::Mailbox,
            Variable::Conversation,
            Variable::Automated,
            Variable::Readable,
            Variable::Authenticated,
            Variable::Sender,
        ];
        for variable in groups.chain(rest) {
            let value = region.0.get(&variable).and_then(|set| set.values().next()).unwrap_or(0);
            self.put(&mut sample, variable, value);
        }
        sample
    }

    fn sample(&self) -> Sample<'_> {
        Sample {
            labels: vec![None; self.policy.labels.len()],
            clock: None,
            who: None,
            mailbox: None,
            conversation: "new",
            automated: false,
            readable: true,
            authenticated: "pass",
            sender: None,
        }
    }

    /// Gives a mail one value of a variable.
    fn put<'s>(&'s self, sample: &mut Sample<'s>, variable: Variable, value: usize) {
        match variable {
            Variable::Labels(group) => self.put_labels(sample, group, value),
            Variable::Clock => {
                let desk = |clock: &Clock| Some(self.policy.desks.get(clock.desk)?.name.as_str());
                let clock = self.clocks.get(value);
                sample.clock = clock.and_then(|clock| Some((desk(clock)?, clock.closed_for)));
            }
            Variable::Who => sample.who = self.who.get(value).copied(),
            Variable::Mailbox => sample.mailbox = self.policy.mailboxes.get(value).map(String::as_str),
            Variable::Conversation => {
                sample.conversation = CONVERSATIONS.get(value).copied().unwrap_or("new");
            }
            Variable::Automated => sample.automated = value == 1,
            Variable::Readable => sample.readable = value == 0,
            Variable::Authenticated => {
                sample.authenticated = AUTHENTICATED.get(value).copied().unwrap_or("none");
            }
            Variable::Sender => sample.sender = self.senders.get(value).map(String::as_str),
        }
    }

    fn put_labels<'s>(&'s self, sample: &mut Sample<'s>, group: usize, value: usize) {
        let Some(group) = self.groups.get(group) else { return };
        let mut rest = value;
        let mut values: HashMap<usize, Option<usize>> = HashMap::new();
        let mut put = |label: usize, value: Option<usize>| {
            let name = value.and_then(|value| self.policy.value(label, value));
            if let Some(slot) = sample.labels.get_mut(label) {
                *slot = name;
            }
        };
        for (label, size) in &group.words {
            let digit = rest % size.max(&1);
            rest /= size.max(&1);
            let count = self.policy.labels.get(*label).map_or(0, |label| label.values.len());
            let own = Some(digit).filter(|digit| *digit < count);
            put(*label, own);
            if !group.matrices.is_empty() {
                values.insert(*label, own);
            }
        }
        for matrix in &group.matrices {
            let Some(label) = self.policy.labels.get(*matrix) else { continue };
            let LabelKind::Matrix { rows, columns, .. } = &label.kind else { continue };
            let of = |label: &usize| values.get(label).copied().flatten();
            let own = label.kind.cell(of(rows), of(columns));
            put(*matrix, own);
            values.insert(*matrix, own);
        }
    }

    fn impossible(&self) -> Vec<Region> {
        let conversations = |names: &[&str]| {
            let is_named = |value: usize| CONVERSATIONS.get(value).is_some_and(|name| names.contains(name));
            (Variable::Conversation, Set::of(CONVERSATIONS.len(), is_named))
        };
        let automated = (Variable::Automated, Set::of(2, |value| value == 1));
        let unsure = (Variable::Authenticated, Set::of(AUTHENTICATED.len(), |value| value != 0));
        let mut impossible = vec![
            Region(BTreeMap::from([conversations(&["raised", "reopened", "answer"]), automated])),
            Region(BTreeMap::from([conversations(&["answer"]), unsure])),
        ];
        // A case is raised by a word of urgency.
        if let Some(urgency) = self.policy.label("urgency") {
            let default = self.policy.labels.get(urgency).and_then(|label| label.default);
            let default = default.and_then(|value| self.policy.value(urgency, value));
            let variable = self.variable(Key::Label(urgency));
            let mut sample = self.sample();
            let quiet = Set::of(self.size(variable), |value| {
                self.put(&mut sample, variable, value);
                let own = sample.facts().value(Key::Label(urgency));
                own.is_none() || own == default
            });
            impossible.push(Region(BTreeMap::from([conversations(&["raised"]), (variable, quiet)])));
        }
        impossible
    }

    /// What no coverage rule ever sees: answers of our own people.
    pub(super) fn answers() -> Region {
        let answer = |value: usize| CONVERSATIONS.get(value) == Some(&"answer");
        Region(BTreeMap::from([(Variable::Conversation, Set::of(CONVERSATIONS.len(), answer))]))
    }

    /// What only `explain` sees: mail to no mailbox, where the policy has some.
    pub(super) fn without_mailbox(&self) -> Option<Region> {
        let none = self.policy.mailboxes.len();
        let set = Set::of(none + 1, |value| value == none);
        (none > 0).then(|| Region(BTreeMap::from([(Variable::Mailbox, set)])))
    }
}

/// Every condition of a policy.
fn conditions(policy: &Policy) -> impl Iterator<Item = &Condition> {
    let assigns = policy.assigns.iter().map(|row| &row.when);
    let asks = policy.asks.iter().map(|ask| &ask.when);
    let coverage = policy.coverage.iter().map(|rule| &rule.when);
    let also = policy.also.iter().map(|rule| &rule.when);
    assigns.chain(asks).chain(coverage).chain(also)
}

/// Parts the labels into groups: those that a tested matrix is made from belong together.
fn groups(policy: &Policy, tests: &[&Test]) -> Result<(Vec<Group>, Vec<usize>), &'static str> {
    let count = policy.labels.len();
    let mut is_tested = vec![false; count];
    for test in tests {
        if let Key::Label(label) = test.key
            && let Some(tested) = is_tested.get_mut(label)
        {
            *tested = true;
        }
    }
    let mut group_of: Vec<usize> = (0..count).collect();
    // A matrix only needs labels before it, so from the back what it needs is known in time.
    for (index, label) in policy.labels.iter().enumerate().rev() {
        let LabelKind::Matrix { rows, columns, .. } = &label.kind else { continue };
        if !is_tested.get(index).is_some_and(|tested| *tested) {
            continue;
        }
        for needed in [*rows, *columns] {
            if let Some(tested) = is_tested.get_mut(needed) {
                *tested = true;
            }
            let (mine, theirs) = (group_of.get(index).copied(), group_of.get(needed).copied());
            group_of.iter_mut().filter(|group| Some(**group) == theirs).for_each(|group| {
                *group = mine.unwrap_or(*group);
            });
        }
    }
    let mut groups: Vec<Group> = (0..count).map(|_| Group { size: 1, ..Group::default() }).collect();
    for (index, label) in policy.labels.iter().enumerate() {
        let Some(group) = group_of.get(index).and_then(|group| groups.get_mut(*group)) else { continue };
        match &label.kind {
            LabelKind::Matrix { .. } => group.matrices.push(index),
            LabelKind::Words => {
                let size = label.values.len() + usize::from(label.default.is_none());
                group.words.push((index, size));
                group.size = group.size.saturating_mul(size);
            }
        }
    }
    let is_too_large = groups.iter().any(|group| group.size > MOST_VALUES);
    if is_too_large { Err("the labels of a matrix have too many values") } else { Ok((groups, group_of)) }
}

/// Who can write: everybody the policy does not know, and of customers with the same plan, desk and conditions one.
fn who<'p>(policy: &'p Policy, tests: &[&Test]) -> Result<Vec<Who<'p>>, &'static str> {
    let mut named: HashSet<&str> = HashSet::new();
    for test in tests.iter().filter(|test| test.key == Key::Customer) {
        if let Matcher::AnyOf(values) | Matcher::Not(values) = &test.matcher {
            named.extend(values.iter().map(String::as_str));
        }
    }
    let default_plan = policy.customers.default_plan.as_deref();
    let mut all = vec![Who { customer: None, plan: default_plan, desk: None }];
    let mut seen = HashSet::new();
    for row in policy.customers.rows() {
        let customer = row.name.as_str();
        let plan = row.plan.as_deref().or(default_plan);
        let name = named.contains(customer).then_some(customer);
        if seen.insert((name, plan, row.desk)) {
            all.push(Who { customer: Some(customer), plan, desk: row.desk });
        }
    }
    if all.len() > MOST_VALUES { Err("the conditions name too many customers") } else { Ok(all) }
}

/// Addresses that tell the tested patterns apart: of each one that no other pattern is meant for, and of each two one
/// that begins like the first and ends like the second. The last is no pattern's.
fn senders(tests: &[&Test]) -> Result<Vec<String>, &'static str> {
    /// Stands for anything; no pattern holds it.
    const ANYTHING: &str = "~anything~";
    let mut globs: Vec<String> = Vec::new();
    for test in tests {
        if let Matcher::Sender(wanted) | Matcher::NotSender(wanted) = &test.matcher {
            globs.extend(wanted.iter().map(|glob| glob.text.to_lowercase()));
        }
    }
    globs.sort_unstable();
    globs.dedup();
    if globs.len().saturating_mul(globs.len() + 1) > MOST_SENDERS {
        return Err("the conditions name too many senders");
    }
    let mut senders = vec![format!("{ANYTHING}@{ANYTHING}.example")];
    senders.extend(globs.iter().map(|text| text.replace('*', ANYTHING)));
    for first in &globs {
        for second in &globs {
            if let (Some((begin, _)), Some((_, end))) =
                (first.split_once('*').or(first.split_once('@')), second.rsplit_once('*'))
            {
                senders.push(format!("{begin}{end}"));
            }
            if let (Some((begin, _)), Some((_, end))) = (first.split_once('*'), second.rsplit_once('*')) {
                senders.push(format!("{begin}{ANYTHING}{end}"));
            }
        }
    }
    senders.sort_unstable_by_key(|sender| !sender.starts_with(&format!("{ANYTHING}@{ANYTHING}")));
    senders.dedup();
    Ok(senders)
}
