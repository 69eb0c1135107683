//! The words of all labels in one automaton, and which label each of them speaks for.

use std::collections::{HashMap, HashSet};

use crate::lexicon::{Folded, Lexicon, Match, NearMisses, Patterns};

/// Where in a mail something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The decoded subject.
    Subject,
    /// The text of the mail.
    Body,
    /// The text of a forwarded mail.
    Forwarded,
    /// The names of attachments.
    AttachmentName,
    /// A header field, as an index of [`Words::headers`].
    Header(usize),
    /// An earlier mail of the conversation.
    Conversation,
}

/// A set of places that a label's words are looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlaceSet(u64);

impl PlaceSet {
    /// How many header fields a policy may look at in all.
    pub const MOST_HEADERS: usize = 32;

    fn bit(place: Place) -> u64 {
        match place {
            Place::Subject => 1,
            // A forwarded mail is part of what the sender sent.
            Place::Body | Place::Forwarded => 2,
            Place::AttachmentName => 4,
            Place::Header(index) => 8_u64.checked_shl(u32::try_from(index).unwrap_or(u32::MAX)).unwrap_or(0),
            Place::Conversation => 0,
        }
    }

    /// Adds a place.
    pub fn insert(&mut self, place: Place) {
        self.0 |= Self::bit(place);
    }

    /// Whether a place is among them.
    pub fn contains(self, place: Place) -> bool {
        self.0 & Self::bit(place) != 0
    }

    /// Subject and body, the default.
    pub fn subject_and_body() -> Self {
        PlaceSet(Self::bit(Place::Subject) | Self::bit(Place::Body))
    }
}

/// Something that gives a label a value.
#[derive(Debug)]
pub struct Term {
    /// As written in the policy.
    pub text: String,
    /// The label.
    pub label: usize,
    /// The value.
    pub value: usize,
    /// Keyword or pattern.
    pub kind: TermKind,
    /// Where it is looked for.
    pub places: PlaceSet,
    /// Where it stands in the policy.
    pub origin: super::Origin,
}

/// How a term matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermKind {
    /// Whole words.
    Keyword,
    /// A regular expression on folded text.
    Pattern,
}

/// What a phrase of the automaton is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// A keyword: index of its term.
    Keyword(usize),
    /// An exception of this label's value.
    Except { label: usize, value: usize },
}

/// The words of a policy.
#[derive(Debug)]
pub struct Words {
    /// Every keyword and pattern.
    pub terms: Vec<Term>,
    /// Header fields that some label looks at, lower case.
    pub headers: Vec<String>,
    /// The patterns of all asks, one after the other.
    pub found: Patterns,
    pub(super) lexicon: Lexicon,
    pub(super) uses: Vec<Vec<Use>>,
    pub(super) patterns: Patterns,
    pub(super) pattern_terms: Vec<usize>,
    pub(super) except_patterns: ExceptPatterns,
    pub(super) near: NearMisses,
    pub(super) near_terms: Vec<usize>,
}

/// A term at a place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermHit {
    /// Index into [`Words::terms`].
    pub term: usize,
    /// First byte of the original text.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// An exception of the same value overlaps it.
    pub excepted: bool,
}

/// What one text holds.
#[derive(Debug, Default)]
pub struct Scan {
    /// Hits by start.
    pub hits: Vec<TermHit>,
    /// Near misses of urgency keywords, as hits that count for nothing.
    pub near_misses: Vec<TermHit>,
}

/// Patterns that hide hits of a value that they overlap.
#[derive(Debug)]
pub(super) struct ExceptPatterns {
    pub(super) patterns: Patterns,
    /// The label and value of each.
    pub(super) owners: Vec<(usize, usize)>,
}

/// The exceptions of one value in a text, by start: each start, and the furthest end up to there.
#[derive(Debug, Default)]
struct Excepts(Vec<(usize, usize)>);

impl Excepts {
    fn push(&mut self, found: &Match) {
        self.0.push((found.start, found.end));
    }

    /// Brings them into order; before it, nothing can be asked.
    fn in_order(&mut self) {
        self.0.sort_unstable();
        let mut furthest = 0;
        for (_, end) in &mut self.0 {
            furthest = furthest.max(*end);
            *end = furthest;
        }
    }

    fn overlaps(&self, start: usize, end: usize) -> bool {
        let before = self.0.partition_point(|(except_start, _)| *except_start < end);
        before.checked_sub(1).and_then(|last| self.0.get(last)).is_some_and(|(_, furthest)| *furthest > start)
    }
}

impl Words {
    /// Looks for every term whose label reads this place, and for near misses.
    pub fn scan(&self, place: Place, folded: &Folded) -> Scan {
        let matches = self.lexicon.find(folded);
        let mut scan = self.terms_in(place, folded, &matches);
        self.near_misses(&mut scan, place, folded, &matches);
        scan
    }

    /// Looks for every term whose label reads this place.
    pub fn scan_terms(&self, place: Place, folded: &Folded) -> Vec<TermHit> {
        self.terms_in(place, folded, &self.lexicon.find(folded)).hits
    }

    fn terms_in(&self, place: Place, folded: &Folded, matches: &[Match]) -> Scan {
        let mut scan = Scan::default();
        let mut excepts: HashMap<(usize, usize), Excepts> = HashMap::new();
        for found in matches {
            for used in self.uses.get(found.keyword).into_iter().flatten() {
                match *used {
                    Use::Keyword(term) => self.keep(&mut scan, place, term, found),
                    Use::Except { label, value } => excepts.entry((label, value)).or_default().push(found),
                }
            }
        }
        for found in self.patterns.find(folded) {
            if let Some(term) = self.pattern_terms.get(found.keyword) {
                self.keep(&mut scan, place, *term, &found);
            }
        }
        // Most texts have no hit, and then nothing to hide.
        let of = |hit: &TermHit| self.terms.get(hit.term).map(|term| (term.label, term.value));
        let hit: HashSet<(usize, usize)> = scan.hits.iter().filter_map(of).collect();
        let hides = |pattern| self.except_patterns.owners.get(pattern).filter(|owner| hit.contains(owner));
        if !hit.is_empty() {
            for found in self.except_patterns.patterns.find_some(folded, |pattern| hides(pattern).is_some()) {
                if let Some(owner) = hides(found.keyword) {
                    excepts.entry(*owner).or_default().push(&found);
                }
            }
        }
        excepts.values_mut().for_each(Excepts::in_order);
        for hit in &mut scan.hits {
            let Some(term) = self.terms.get(hit.term) else { continue };
            let excepts = excepts.get(&(term.label, term.value));
            hit.excepted = excepts.is_some_and(|excepts| excepts.overlaps(hit.start, hit.end));
        }
        scan.hits.sort_by_key(|hit| (hit.start, hit.end, hit.term));
        scan
    }

    fn keep(&self, scan: &mut Scan, place: Place, term: usize, found: &Match) {
        if self.terms.get(term).is_some_and(|term| term.places.contains(place)) {
            scan.hits.push(TermHit { term, start: found.start, end: found.end, excepted: false });
        }
    }

    fn near_misses(&self, scan: &mut Scan, place: Place, folded: &Folded, matches: &[Match]) {
        for found in self.near.find(folded, matches) {
            let Some(term) = self.near_terms.get(found.keyword) else { continue };
            if self.terms.get(*term).is_some_and(|term| term.places.contains(place)) {
                scan.near_misses.push(TermHit {
                    term: *term,
                    start: found.start,
                    end: found.end,
                    excepted: false,
                });
            }
        }
    }
}
