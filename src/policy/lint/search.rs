//! Sets of mails, and finding one that no rule takes.
//!
//! Every condition is a box: for each variable that it looks at a set of values, and all of them must hold. Taking
//! boxes away from a box leaves boxes, so whether something is left is found without trying every mail. The work can
//! still grow without end for conditions that overlap in many ways, so it is counted and cut off.

use std::collections::{BTreeMap, HashMap};

/// Some of the values of a variable, by index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set(Vec<u64>);

impl Set {
    /// No value of a variable with so many.
    pub(super) fn none(size: usize) -> Set {
        Set(vec![0; size.div_ceil(64)])
    }

    /// The values that a test picks.
    pub(super) fn of(size: usize, mut picks: impl FnMut(usize) -> bool) -> Set {
        let mut set = Set::none(size);
        (0..size).filter(|value| picks(*value)).for_each(|value| set.insert(value));
        set
    }

    /// One value.
    pub(super) fn one(size: usize, value: usize) -> Set {
        let mut set = Set::none(size);
        set.insert(value);
        set
    }

    pub(super) fn insert(&mut self, value: usize) {
        if let Some(word) = self.0.get_mut(value / 64) {
            *word |= 1 << (value % 64);
        }
    }

    pub(super) fn contains(&self, value: usize) -> bool {
        self.0.get(value / 64).is_some_and(|word| word >> (value % 64) & 1 == 1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Its values, the smallest first.
    pub(super) fn values(&self) -> impl Iterator<Item = usize> {
        (0..self.0.len() * 64).filter(|value| self.contains(*value))
    }

    pub(super) fn and(&self, other: &Set) -> Set {
        Set(self.0.iter().zip(&other.0).map(|(mine, theirs)| mine & theirs).collect())
    }

    fn without(&self, other: &Set) -> Set {
        Set(self.0.iter().zip(&other.0).map(|(mine, theirs)| mine & !theirs).collect())
    }

    fn meets(&self, other: &Set) -> bool {
        self.0.iter().zip(&other.0).any(|(mine, theirs)| mine & theirs != 0)
    }

    fn is_within(&self, other: &Set) -> bool {
        self.0.iter().zip(&other.0).all(|(mine, theirs)| mine & !theirs == 0)
    }
}

/// What a condition can look at, as one dimension: labels that depend on each other are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Variable {
    /// Labels that hang together through matrices, as an index of groups.
    Labels(usize),
    /// Desk, hours and why closed.
    Clock,
    /// Customer, plan and the customer's desk.
    Who,
    Mailbox,
    Conversation,
    Automated,
    Readable,
    Authenticated,
    Sender,
}

/// A box: every variable that is not named may have any value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Region(pub(super) BTreeMap<Variable, Set>);

impl Region {
    /// Leaves only these values of a variable.
    pub(super) fn narrow(&mut self, variable: Variable, set: Set) {
        let narrowed = match self.0.get(&variable) {
            Some(before) => before.and(&set),
            None => set,
        };
        self.0.insert(variable, narrowed);
    }

    /// What is in both.
    pub(super) fn and(&self, other: &Region) -> Region {
        let mut both = self.clone();
        for (variable, set) in &other.0 {
            both.narrow(*variable, set.clone());
        }
        both
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.values().any(Set::is_empty)
    }

    /// Whether every mail of it is in the other one; not asked of empty ones.
    pub(super) fn is_within(&self, other: &Region) -> bool {
        let within = |(variable, theirs): (&Variable, &Set)| {
            self.0.get(variable).is_some_and(|mine| mine.is_within(theirs))
        };
        other.0.iter().all(within)
    }

    /// Its size in memory.
    fn words(&self) -> usize {
        self.0.values().map(|set| set.0.len()).sum()
    }

    fn meets(&self, other: &Region) -> bool {
        let meets = |(variable, theirs): (&Variable, &Set)| {
            self.0.get(variable).is_none_or(|mine| mine.meets(theirs))
        };
        other.0.iter().all(meets)
    }

    /// What is left of a variable outside of a set, when something is.
    fn outside(&self, variable: Variable, set: &Set, size: usize) -> Option<Region> {
        let left = match self.0.get(&variable) {
            Some(mine) => mine.without(set),
            None => Set::of(size, |value| !set.contains(value)),
        };
        if left.is_empty() {
            return None;
        }
        let mut region = self.clone();
        region.0.insert(variable, left);
        Some(region)
    }
}

/// How many boxes want each value of each variable.
#[derive(Debug, Default)]
pub(super) struct Wanted(HashMap<Variable, Vec<u32>>);

impl Wanted {
    pub(super) fn new<'r>(
        regions: impl Iterator<Item = &'r Region>,
        sizes: &dyn Fn(Variable) -> usize,
    ) -> Self {
        let mut wanted = Wanted::default();
        for (variable, set) in regions.flat_map(|region| &region.0) {
            let counts = wanted.0.entry(*variable).or_insert_with(|| vec![0; sizes(*variable)]);
            for value in set.values() {
                if let Some(count) = counts.get_mut(value) {
                    *count += 1;
                }
            }
        }
        wanted
    }

    /// The value of a set, or of all, that is wanted least.
    fn least(&self, variable: Variable, set: Option<&Set>) -> Option<usize> {
        let Some(counts) = self.0.get(&variable) else { return set?.values().next() };
        let among = counts.iter().enumerate().filter(|(value, _)| set.is_none_or(|set| set.contains(*value)));
        among.min_by_key(|(_, count)| **count).map(|(value, _)| value)
    }
}

/// What a search came to.
#[derive(Debug)]
pub(super) enum Left {
    /// Some mails; all of this box are among them.
    Some(Region),
    /// Nothing.
    Nothing,
    /// The work was too much.
    Unknown,
}

/// Takes boxes away, as long as the work lasts.
pub(super) struct Search<'s> {
    sizes: &'s dyn Fn(Variable) -> usize,
    /// How many more boxes may be compared and words of them kept.
    work: usize,
}

impl<'s> Search<'s> {
    pub(super) fn new(sizes: &'s dyn Fn(Variable) -> usize, work: usize) -> Self {
        Search { sizes, work }
    }

    /// Whether all work is used up.
    pub(super) fn is_spent(&self) -> bool {
        self.work == 0
    }

    /// Uses up some work; answers false when there was not so much.
    pub(super) fn spend(&mut self, work: usize) -> bool {
        let is_enough = self.work >= work;
        self.work = self.work.saturating_sub(work);
        is_enough
    }

    /// One mail of a box that the others do not take, when a first guess is one: of each variable the value that is
    /// wanted least.
    pub(super) fn guess(&mut self, region: &Region, taken: &[&Region], wanted: &Wanted) -> Option<Region> {
        if region.is_empty() || !self.spend(taken.len() / 8) {
            return None;
        }
        let mut values: HashMap<Variable, usize> = HashMap::new();
        let is_taken = taken.iter().any(|taken| {
            taken.0.iter().all(|(variable, set)| {
                let value = *values
                    .entry(*variable)
                    .or_insert_with(|| wanted.least(*variable, region.0.get(variable)).unwrap_or(0));
                set.contains(value)
            })
        });
        if is_taken {
            return None;
        }
        let mut point = region.clone();
        for (variable, value) in values {
            point.narrow(variable, Set::one((self.sizes)(variable), value));
        }
        Some(point).filter(|point| !point.is_empty())
    }

    /// What is left of a box when others are taken away.
    pub(super) fn left(&mut self, region: Region, taken: &[&Region]) -> Left {
        let mut open = vec![(region, 0)];
        while let Some((region, from)) = open.pop() {
            if region.is_empty() {
                continue;
            }
            let rest = taken.get(from..).unwrap_or_default();
            let meeting = rest.iter().position(|taken| region.meets(taken));
            let compared = meeting.map_or(rest.len(), |at| at + 1);
            let Some(left) = self.work.checked_sub(compared.max(1)) else {
                self.work = 0;
                return Left::Unknown;
            };
            self.work = left;
            let Some((at, taken)) = meeting.and_then(|at| Some((from + at, rest.get(at)?))) else {
                return Left::Some(region);
            };
            let mut inside = region;
            let kept = open.len();
            for (variable, set) in &taken.0 {
                let outside = inside.outside(*variable, set, (self.sizes)(*variable));
                // What is kept for later counts by its size, so that memory is bounded, too.
                self.work = self.work.saturating_sub(outside.as_ref().map_or(0, Region::words));
                open.extend(outside.map(|outside| (outside, at + 1)));
                inside.narrow(*variable, set.clone());
            }
            // The first is the largest; looking there first finds something soon where something is.
            open.get_mut(kept..).unwrap_or_default().reverse();
        }
        Left::Nothing
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    const SIZES: fn(Variable) -> usize = |_| 3;

    fn region(sets: &[(Variable, &[usize])]) -> Region {
        let set = |values: &[usize]| Set::of(3, |value| values.contains(&value));
        Region(sets.iter().map(|(variable, values)| (*variable, set(values))).collect())
    }

    /// All mails over three variables of three values, by trying each.
    fn is_covered(start: &Region, taken: &[&Region]) -> bool {
        let variables = [Variable::Who, Variable::Mailbox, Variable::Sender];
        let holds = |region: &Region, point: [usize; 3]| {
            variables
                .iter()
                .zip(point)
                .all(|(variable, value)| region.0.get(variable).is_none_or(|set| set.contains(value)))
        };
        (0..27)
            .map(|number| [number % 3, number / 3 % 3, number / 9])
            .all(|point| !holds(start, point) || taken.iter().any(|taken| holds(taken, point)))
    }

    #[test]
    fn a_search_finds_what_trying_every_mail_finds() {
        let sets: [&[usize]; 5] = [&[0], &[1, 2], &[0, 2], &[2], &[1]];
        let pick = |seed: usize, at: usize| {
            sets.get((seed / 5_usize.pow(u32::try_from(at).expect("small"))) % 5).copied().expect("a set")
        };
        let mut nothing = 0;
        for seed in 0..3_000_usize {
            let seed = seed * 7919;
            let boxes = [
                region(&[(Variable::Who, pick(seed, 0)), (Variable::Mailbox, pick(seed, 1))]),
                region(&[(Variable::Mailbox, pick(seed, 2)), (Variable::Sender, pick(seed, 3))]),
                region(&[(Variable::Sender, pick(seed, 4))]),
                region(&[(Variable::Who, pick(seed, 5))]),
            ];
            let start = region(&[(Variable::Who, pick(seed, 6))]);
            let taken: Vec<&Region> = boxes.iter().collect();
            let left = Search::new(&SIZES, 10_000).left(start.clone(), &taken);
            match left {
                Left::Some(left) => assert!(!is_covered(&left, &taken) && left.is_within(&start)),
                Left::Nothing => {
                    nothing += 1;
                    assert!(is_covered(&start, &taken));
                }
                Left::Unknown => panic!("27 mails are not too many"),
            }
        }
        assert!(nothing > 100, "{nothing} of the samples leave nothing");
    }

    #[test]
    fn a_search_that_takes_too_long_says_so() {
        let taken = region(&[(Variable::Who, &[0]), (Variable::Mailbox, &[0])]);
        let mut search = Search::new(&SIZES, 1);
        assert!(matches!(search.left(Region::default(), &[&taken]), Left::Unknown));
        assert!(search.is_spent());
    }
}
