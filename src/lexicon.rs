//! Words: what counts as finding a published keyword in a mail, and what only nearly does.
//!
//! [`fold`] makes a text comparable once; [`Lexicon`], [`NearMisses`] and [`Patterns`] then read the folded text and
//! give back places in the original. Keywords go through the same folding, so both sides always agree.
//!
//! Not here: which part of a mail counts as new text (`mail`), which hit decides, what an `except` hides (`policy`,
//! `decision`). Nothing here guesses: a near miss is shown to people and never acted on.
//!
//! Invariants: offsets given out are bytes into the original text, half-open, on character boundaries of it; no text
//! panics or takes more than linear time and memory; the number of results is bounded.
//!
//! The text is expected as `mail` writes it: `\n` is a line break, two of them a blank line, U+2029 the border between
//! two blocks, `\t` the border between two table cells.

mod borders;
mod chars;
mod dictionary;
mod fold;
mod keywords;
mod literals;
mod near;
mod needs;
mod patterns;
mod words;

pub use fold::{Folded, fold};
pub use keywords::{Lexicon, LexiconError, MAX_HITS, MAX_KEYWORD_CHARS};
pub use near::{MAX_NEAR_MISSES, MIN_LETTERS, NearMisses};
pub use patterns::{MAX_HITS_PER_PATTERN, MAX_PATTERN_BYTES, PatternError, Patterns};

/// One place of the original text where something was found.
///
/// Ordered by start, then end, then keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Match {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// The index of the keyword or pattern, in the order they were given to `build`.
    pub keyword: usize,
}

impl Match {
    /// Whether the two share at least one byte.
    pub fn overlaps(&self, other: &Match) -> bool {
        self.start < other.end && other.start < self.end
    }
}
