//! Many literals looked for at once in a text: all places of all of them, overlapping ones too.
//!
//! The automaton is that of the `aho-corasick` crate. It takes one step for each byte, and each step waits for the one
//! before, so that a processor mostly waits. Here four walkers go through four stretches of the text in turns, and one
//! takes its step while the others wait for theirs.
//!
//! Why nothing is missed and nothing found twice: the state of an automaton of literals is the longest beginning of a
//! literal that the text read so far ends with; that is no longer than the longest literal. So a walker that begins as
//! many bytes before its stretch, less one, knows of every literal that ends in its stretch what it would know had it
//! begun at the start of the text. What it meets before its stretch is its neighbour's.

use std::ops::Range;

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::dfa::DFA;
use aho_corasick::{AhoCorasick, Anchored, BuildError};

/// Up to this many bytes of literals there is an automaton, as a table of all states and bytes, which takes at most
/// 1 KiB a byte (16 MiB), for literals in one script a tenth of that.
pub(super) const MAX_BYTES_FOR_TABLE: usize = 16 << 10;

/// How many walkers go side by side. More of them find nothing to wait for, and no room in the processor's registers.
const WALKERS: usize = 4;

/// The text is walked through in pieces of this length, so that what is found can be told in order from a bounded list.
const PIECE: usize = 4 << 10;

/// A walker's stretch is at least this many times the way it has to come before, else one walks alone.
const MIN_GAIN: usize = 4;

/// Literals, prepared.
#[derive(Debug, Clone)]
pub(super) struct Literals(Finder);

/// What finds them; both find the same.
#[derive(Debug, Clone)]
enum Finder {
    /// Few, as a table.
    Table(Box<DFA>),
    Large(AhoCorasick),
}

impl Literals {
    /// # Errors
    /// When they are too many for an automaton.
    pub(super) fn build<S: AsRef<[u8]>>(literals: &[S]) -> Result<Literals, BuildError> {
        let bytes: usize = literals.iter().map(|literal| literal.as_ref().len()).sum();
        let finder = if bytes <= MAX_BYTES_FOR_TABLE {
            Finder::Table(Box::new(DFA::builder().prefilter(false).build(literals)?))
        } else {
            Finder::Large(AhoCorasick::new(literals)?)
        };
        Ok(Literals(finder))
    }

    /// Gives each place of each literal in the order of their ends.
    pub(super) fn each(&self, text: &str, mut found: impl FnMut(usize, Range<usize>)) {
        match &self.0 {
            Finder::Table(table) if table.patterns_len() > 0 => each_in(table, text.as_bytes(), found),
            Finder::Table(_) => {}
            Finder::Large(automaton) => automaton
                .find_overlapping_iter(text)
                .for_each(|place| found(place.pattern().as_usize(), place.range())),
        }
    }
}

/// Where literals end.
struct End {
    walker: usize,
    /// How far that walker was.
    at: usize,
    /// Says which literals.
    state: StateID,
}

fn each_in(table: &DFA, text: &[u8], mut found: impl FnMut(usize, Range<usize>)) {
    let Ok(start) = table.start_state(Anchored::No) else { return };
    let mut tell = |end: usize, state: StateID| {
        for index in 0..table.match_len(state) {
            let literal = table.match_pattern(state, index);
            found(literal.as_usize(), end.saturating_sub(table.pattern_len(literal))..end);
        }
    };
    let run_up = table.max_pattern_len().saturating_sub(1);
    let mut state = start;
    let mut ends = Vec::new();
    let mut base = 0;
    for piece in text.chunks(PIECE) {
        let stretch = if piece.len() / WALKERS < MIN_GAIN * run_up { 0 } else { piece.len() / WALKERS };
        let (side_by_side, alone) = piece.split_at_checked(stretch * WALKERS).unwrap_or((&[], piece));
        if stretch > 0 {
            let state_at = |walker: usize| {
                let to = base + walker * stretch;
                let before = text.get(to.saturating_sub(run_up)..to).unwrap_or_default();
                before.iter().fold(start, |state, byte| table.next_state(Anchored::No, state, *byte))
            };
            let states = [state, state_at(1), state_at(2), state_at(3)];
            state = walk(table, side_by_side, states, &mut ends);
            for walker in 0..WALKERS {
                let ends = ends.iter().filter(|end| end.walker == walker);
                ends.for_each(|end| tell(base + walker * stretch + end.at, end.state));
            }
            ends.clear();
        }
        base += side_by_side.len();
        for byte in alone {
            base += 1;
            state = table.next_state(Anchored::No, state, *byte);
            if table.is_match(state) {
                tell(base, state);
            }
        }
    }
}

/// Goes through the quarters of a text side by side, each from its own state, and leaves in `ends` what each came upon.
/// Returns the state of the last walker.
fn walk(table: &DFA, text: &[u8], mut states: [StateID; WALKERS], ends: &mut Vec<End>) -> StateID {
    let (first_half, second_half) = text.split_at(text.len() / 2);
    let (first, second) = first_half.split_at(first_half.len() / 2);
    let (third, fourth) = second_half.split_at(second_half.len() / 2);
    let bytes = first.iter().zip(second).zip(third).zip(fourth);
    for (at, (((first, second), third), fourth)) in bytes.enumerate() {
        let [one, two, three, four] = states;
        let step = |state, byte: &u8| table.next_state(Anchored::No, state, *byte);
        states = [step(one, first), step(two, second), step(three, third), step(four, fourth)];
        // In all but few states no literal ends, which is one comparison each.
        if states.iter().fold(false, |any, state| any | table.is_special(*state)) {
            let states = states.into_iter().enumerate().filter(|(_, state)| table.is_match(*state));
            ends.extend(states.map(|(walker, state)| End { walker, at: at + 1, state }));
        }
    }
    let [.., last] = states;
    last
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn four_walkers_find_what_one_finds_in_the_same_order(
            literals in prop::collection::vec("[ab]{1,7}|[abc]{8,40}|c", 1..12),
            parts in prop::collection::vec("[abc]{0,24}|a{30}|(ab){9}", 0..700),
        ) {
            let text = parts.concat();
            let (mut found, mut wanted) = (Vec::new(), Vec::new());
            Literals::build(&literals).unwrap().each(&text, |literal, place| found.push((literal, place)));
            for place in AhoCorasick::new(&literals).unwrap().find_overlapping_iter(&text) {
                wanted.push((place.pattern().as_usize(), place.range()));
            }
            prop_assert!(found == wanted, "{literals:?} in {text:?}");
        }
    }

    #[test]
    fn no_literals_are_found_nowhere() {
        Literals::build::<&str>(&[]).unwrap().each("anything", |_, _| unreachable!());
    }
}
