//! Many exact keywords in order, found by the word they begin with.
//!
//! An automaton of a hundred thousand keywords can take minutes to build (the shuffling of its states is quadratic when
//! nearly all of them end a keyword) or gigabytes (when keywords end in each other). Here loading is a sort, memory is
//! the keywords themselves and some bytes for each, and a word of a text that begins no keyword costs one look into a
//! map.
//!
//! Why nothing is missed: a keyword counts only as whole words, so it begins at the border of a token, a run of letters
//! and digits or a single other character. Borders depend on the two characters beside them alone, so keyword and text
//! are cut alike. All keywords that a text continues with are beginnings of the last keyword that is not after the
//! text in the order of bytes, because what lies between a beginning and the text begins like it.

use super::chars::{is_unspaced, is_word};
use super::words::each_word;
use std::collections::HashMap;
use std::ops::Range;

/// Keywords in the order of their bytes.
#[derive(Debug, Clone)]
pub(super) struct Dictionary {
    needles: Vec<Box<str>>,
    /// For each needle the longest other one that it begins with.
    shorter: Vec<Option<usize>>,
    /// From the first to the last needle that begins with a token; others may stand between.
    by_first: HashMap<Box<str>, Range<usize>>,
    /// A bit for each two bytes that the first token of some needle begins with; most words of most texts have others.
    pairs: Vec<u64>,
    /// Whether some needle begins with something else than a letter or digit.
    has_marks: bool,
}

impl Dictionary {
    /// Prepares needles, sorted and each once.
    pub(super) fn build(needles: &[&str]) -> Dictionary {
        let mut by_first: HashMap<Box<str>, Range<usize>> = HashMap::new();
        let mut pairs = vec![0; (1 << 16) / 64];
        let mut has_marks = false;
        for (at, needle) in needles.iter().enumerate() {
            let token = needle.get(..token_end(needle)).unwrap_or_default();
            has_marks |= !token.starts_with(is_word);
            let (slot, bit) = pair(token);
            if let Some(bits) = pairs.get_mut(slot) {
                *bits |= bit;
            }
            match by_first.get_mut(token) {
                Some(range) => range.end = at + 1,
                None => drop(by_first.insert(token.into(), at..at + 1)),
            }
        }
        let needles: Vec<Box<str>> = needles.iter().copied().map(Box::from).collect();
        Dictionary { shorter: shorter(&needles), needles, by_first, pairs, has_marks }
    }

    /// Gives every needle at every place where it begins at the border of a token; where it ends is for the caller to
    /// judge.
    pub(super) fn each(&self, text: &str, mut found: impl FnMut(usize, Range<usize>)) {
        let mut done = 0;
        each_word(text, |word| {
            self.marks(text, done..word.start, &mut found);
            self.word(text, word.clone(), &mut found);
            done = word.end;
        });
        self.marks(text, done..text.len(), &mut found);
    }

    /// What begins with a character that is part of no word.
    fn marks(&self, text: &str, gap: Range<usize>, found: &mut impl FnMut(usize, Range<usize>)) {
        if !self.has_marks {
            return;
        }
        for (offset, c) in text.get(gap.clone()).unwrap_or_default().char_indices() {
            let start = gap.start + offset;
            self.beginning(text, start..start + c.len_utf8(), found);
        }
    }

    /// What begins in a run of word characters: at its start, and in scripts without spaces at each of them.
    fn word(&self, text: &str, word: Range<usize>, found: &mut impl FnMut(usize, Range<usize>)) {
        let mut start = word.start;
        while let Some(rest) = text.get(start..word.end).filter(|rest| !rest.is_empty()) {
            let end = start + token_end(rest);
            self.beginning(text, start..end, found);
            start = end;
        }
    }

    /// What the text continues with from the start of a token.
    fn beginning(&self, text: &str, token: Range<usize>, found: &mut impl FnMut(usize, Range<usize>)) {
        let first = text.get(token.clone()).unwrap_or_default();
        let (slot, bit) = pair(first);
        if self.pairs.get(slot).is_none_or(|bits| bits & bit == 0) {
            return;
        }
        let Some(range) = self.by_first.get(first) else { return };
        let rest = text.get(token.start..).unwrap_or_default();
        let among = self.needles.get(range.clone()).unwrap_or_default();
        let after = range.start + among.partition_point(|needle| &**needle <= rest);
        let mut candidate = after.checked_sub(1).filter(|last| range.contains(last));
        let shared = candidate.and_then(|last| self.needles.get(last)).map_or(0, |last| {
            last.bytes().zip(rest.bytes()).take_while(|(needle, text)| needle == text).count()
        });
        while let Some(at) = candidate {
            let length = self.needles.get(at).map_or(0, |needle| needle.len());
            if length <= shared {
                found(at, token.start..token.start + length);
            }
            candidate = self.shorter.get(at).copied().flatten();
        }
    }
}

/// The place and the bit of a token's first two bytes.
fn pair(token: &str) -> (usize, u64) {
    let mut bytes = token.bytes().map(usize::from);
    let pair = bytes.next().unwrap_or(0) << 8 | bytes.next().unwrap_or(0);
    (pair / 64, 1 << (pair % 64))
}

/// For each of some sorted needles the longest other one that it begins with.
fn shorter(needles: &[Box<str>]) -> Vec<Option<usize>> {
    let mut open: Vec<usize> = Vec::new();
    let mut shorter = Vec::with_capacity(needles.len());
    for (at, needle) in needles.iter().enumerate() {
        let begins_like = |last: &usize| needles.get(*last).is_some_and(|last| needle.starts_with(&**last));
        while open.last().is_some_and(|last| !begins_like(last)) {
            open.pop();
        }
        shorter.push(open.last().copied());
        open.push(at);
    }
    shorter
}

/// Where the first token of a text ends: a run of letters and digits, in scripts without spaces one of them, or any
/// other character.
fn token_end(text: &str) -> usize {
    let in_run = |c: char| c.is_ascii_alphanumeric() || c == '_' || is_word(c) && !is_unspaced(c);
    let run = text.find(|c| !in_run(c)).unwrap_or(text.len());
    if run > 0 { run } else { text.chars().next().map_or(0, char::len_utf8) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'t>(needles: &[&str], text: &'t str) -> Vec<&'t str> {
        let mut found = Vec::new();
        Dictionary::build(needles).each(text, |_, place| found.extend(text.get(place)));
        found.sort_unstable();
        found
    }

    #[test]
    fn needles_that_begin_with_each_other_are_all_found() {
        let needles = ["ab", "ab c", "ab c d", "ab-", "abc", "ab~"];
        assert_eq!(found(&needles, "ab c d"), ["ab", "ab c", "ab c d"]);
        assert_eq!(found(&needles, "ab~ ab-x"), ["ab", "ab", "ab-", "ab~"]);
        assert_eq!(found(&needles, "x aab acb ba"), [""; 0]);
    }

    #[test]
    fn a_needle_may_begin_with_a_mark_or_inside_unspaced_text() {
        assert_eq!(found(&["#1", ".net", "東京"], "(#1) a .net 大東京都"), ["#1", ".net", "東京"]);
    }
}
