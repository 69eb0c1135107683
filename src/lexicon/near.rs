//! Near misses: what somebody probably meant as a keyword and mistyped, or wrote in one word.
//!
//! Shown to people, never acted on. A near miss is one inserted, deleted or replaced character or one swapped pair of
//! neighbours away from a whole keyword ("urgnet", "tme sensitive", "time—sensitive"), or is the keyword's words glued
//! together. It begins and ends where words do, and never crosses a blank line or the border of a block or a cell.
//!
//! How: a window of words is looked at only if its length and either its first or its last bytes are those of a keyword
//! (one edit cannot spoil both). Such a window is looked up in an index that holds every keyword with each of
//! its characters left out once, and the window likewise; two texts one edit apart always meet there. So the cost does
//! not depend on the number of keywords, only memory does: about 12 bytes per character of all keywords.

use super::Match;
use super::chars::is_word;
use super::fold::{BORDER, Folded, fold};
use super::words::each_word;
use std::ops::{Range, RangeInclusive};

/// Keywords with fewer letters and digits have too many neighbours that are words of their own.
pub const MIN_LETTERS: usize = 5;

/// The most near misses given for one text; they are for people to read.
pub const MAX_NEAR_MISSES: usize = 32;

/// Longer keywords are left out: they are sentences, and a slip in one is no rarity. With it the lengths of all windows
/// that matter are bits of one word.
const MAX_CHARS: usize = 60;

/// How many beginnings of windows are kept; more than a window has words, which is fewer than [`MAX_CHARS`].
const MOST_STARTS: usize = 256;

/// Words one edit away from a keyword, or the keyword's words glued together.
#[derive(Debug, Clone)]
pub struct NearMisses {
    needles: Vec<Needle>,
    index: Index,
    filter: Filter,
    /// The most words a window can have.
    max_words: usize,
}

/// A keyword worth watching for.
#[derive(Debug, Clone)]
struct Needle {
    keyword: usize,
    /// The folded keyword from its first to its last word character.
    text: String,
    /// How many words it has.
    words: usize,
    /// `text` without its joints, if it has any.
    glued: Option<String>,
    /// Whether punctuation was cut off the ends, so that `text` itself is already a near miss.
    is_cut: bool,
}

impl NearMisses {
    /// Prepares keywords. Those with fewer than [`MIN_LETTERS`] letters, and those longer than a line, are left out.
    pub fn build<S: AsRef<str>>(keywords: &[S]) -> NearMisses {
        let mut needles: Vec<Needle> = keywords
            .iter()
            .enumerate()
            .filter_map(|(at, keyword)| Needle::new(at, keyword.as_ref()))
            .collect();
        needles.sort_unstable_by(|a, b| (&a.text, a.is_cut, a.keyword).cmp(&(&b.text, b.is_cut, b.keyword)));
        let mut filter = Filter::default();
        for needle in &needles {
            let length = needle.text.chars().count();
            filter.admit(&needle.text, length - 1..=length + 1, (length - 1) / 2);
            if let Some(glued) = &needle.glued {
                let length = glued.chars().count();
                filter.admit(glued, length..=length, length);
            }
        }
        // One edit can split a word in two.
        let max_words = needles.iter().map(|needle| needle.words + 1).max().unwrap_or(0);
        NearMisses { index: Index::build(&needles), needles, filter, max_words }
    }

    /// All near misses that overlap no hit given, ordered by start, end and keyword. At most [`MAX_NEAR_MISSES`], those
    /// that end first.
    pub fn find(&self, text: &Folded, hits: &[Match]) -> Vec<Match> {
        let mut misses = Vec::new();
        if self.needles.is_empty() {
            return misses;
        }
        let taken = Taken::new(hits);
        let mut scratch = Scratch::default();
        self.each_window(text.words(), |window, place| {
            if misses.len() >= MAX_NEAR_MISSES {
                return;
            }
            self.collect_meant_by(window, &mut scratch);
            let place = text.original(place);
            if !scratch.near.is_empty() && !taken.overlaps(&place) {
                let keywords = scratch.near.iter().flat_map(|at| self.keywords_like(*at));
                misses.extend(keywords.map(|keyword| Match { keyword, start: place.start, end: place.end }));
            }
        });
        misses.truncate(MAX_NEAR_MISSES);
        misses.sort_unstable();
        misses
    }

    /// Gives every window that may be near a keyword by its length and the bytes it begins and ends with.
    fn each_window(&self, words: &str, mut look: impl FnMut(&str, Range<usize>)) {
        let is_ascii = words.is_ascii();
        let mut starts: Vec<Start> = Vec::with_capacity(MOST_STARTS);
        // For how many more words a window may begin well.
        let mut hopeful = 0_usize;
        each_word(words, |word| {
            let lengths = self.filter.beginning(words, word.start);
            if starts.len() >= MOST_STARTS {
                starts.drain(..starts.len().saturating_sub(self.max_words));
            }
            starts.push(Start { at: word.start, lengths });
            let ending = self.filter.ending(words, word.end);
            hopeful = if lengths == 0 { hopeful.saturating_sub(1) } else { self.max_words };
            if ending == 0 && hopeful == 0 {
                return;
            }
            for start in starts.iter().rev().take(self.max_words) {
                let place = start.at..word.end;
                let lengths = start.lengths | ending;
                if lengths == 0 {
                    continue;
                }
                if place.len() > 4 * (MAX_CHARS + 1) {
                    break;
                }
                let window = words.get(place.clone()).unwrap_or_default();
                let length = if is_ascii { window.len() } else { window.chars().count() };
                if length > MAX_CHARS + 1 || window.contains(BORDER) {
                    break;
                }
                if lengths & (1 << length) != 0 {
                    look(window, place);
                }
            }
        });
    }

    /// Leaves in `scratch.near` the needles that a window nearly is.
    fn collect_meant_by(&self, window: &str, scratch: &mut Scratch) {
        let Scratch { prefixes, near } = scratch;
        near.clear();
        hash_with_omissions(window, prefixes, |hash| near.extend(self.index.find(hash)));
        near.sort_unstable();
        near.dedup();
        near.retain(|at| self.needles.get(*at).is_some_and(|needle| needle.is_nearly(window)));
    }

    /// The keywords that read like the needle at a place, which is the first of them.
    fn keywords_like(&self, at: usize) -> impl Iterator<Item = usize> {
        let needles = self.needles.get(at..).unwrap_or_default();
        let first = needles.first();
        needles
            .iter()
            .take_while(move |needle| first.is_some_and(|first| first.reads_like(needle)))
            .map(|needle| needle.keyword)
    }
}

/// Where a window may begin.
struct Start {
    at: usize,
    /// The lengths of windows that may be near a keyword because of how they begin, as bits.
    lengths: u64,
}

/// Buffers used again for every window.
#[derive(Default)]
struct Scratch {
    prefixes: Vec<u64>,
    near: Vec<usize>,
}

impl Needle {
    fn new(keyword: usize, written: &str) -> Option<Needle> {
        let folded = fold(written);
        let whole = folded.words().replace(BORDER, " ");
        let text = whole.trim_matches(|c| !is_word(c)).to_owned();
        let letters = text.chars().filter(|c| is_word(*c)).count();
        if letters < MIN_LETTERS || text.chars().count() > MAX_CHARS {
            return None;
        }
        let glued = text.contains(' ').then(|| text.replace(' ', ""));
        let mut words = 0;
        each_word(&text, |_| words += 1);
        Some(Needle { keyword, words, is_cut: text != whole, text, glued })
    }

    fn reads_like(&self, other: &Needle) -> bool {
        self.text == other.text && self.is_cut == other.is_cut
    }

    fn is_nearly(&self, window: &str) -> bool {
        if window == self.text {
            return self.is_cut;
        }
        self.glued.as_deref() == Some(window) || is_one_edit(window, &self.text)
    }
}

/// Whether two texts that differ do so in one character inserted, left out or replaced, or in two swapped neighbours.
fn is_one_edit(a: &str, b: &str) -> bool {
    let same_start: usize =
        a.chars().zip(b.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let (a, b) = (a.get(same_start..).unwrap_or_default(), b.get(same_start..).unwrap_or_default());
    let same_end =
        a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    let middle = |text: &str| {
        let mut chars = text.get(..text.len().saturating_sub(same_end)).unwrap_or_default().chars();
        [chars.next(), chars.next(), chars.next()]
    };
    match (middle(a), middle(b)) {
        ([Some(_), None, _], [_, None, _]) | ([None, ..], [Some(_), None, _]) => true,
        ([Some(a), Some(b), None], [Some(c), Some(d), None]) => a == d && b == c,
        _ => false,
    }
}

/// Which lengths, in characters, a window may have that begins or ends with given bytes.
///
/// An edit in the first half of a text leaves the second half as it is, and the other way round. So a window begins or
/// ends with as many bytes of its keyword as half of it has characters (the one in the middle belongs to neither half,
/// since a swap touches two). Two to four of them are compared.
#[derive(Debug, Clone)]
struct Filter {
    /// By the first two to four bytes.
    beginning: Vec<u64>,
    /// By the last two to four bytes.
    ending: Vec<u64>,
    /// Which pairs of bytes any needle begins with, as the lowest bit, or ends with, as the next.
    pairs: Vec<u8>,
}

impl Default for Filter {
    fn default() -> Self {
        Filter {
            beginning: vec![0; 1 << FILTER_BITS],
            ending: vec![0; 1 << FILTER_BITS],
            pairs: vec![0; 1 << 10],
        }
    }
}

/// The size of the filter as a power of two: with 64 bits each its two halves stay in the processor's nearest cache.
const FILTER_BITS: u32 = 11;

impl Filter {
    /// Lets windows of some lengths through that share so many characters with a needle at its start or end.
    fn admit(&mut self, needle: &str, lengths: RangeInclusive<usize>, shared: usize) {
        let bits = lengths.fold(0, |bits, length| bits | 1 << length);
        let unused = 32 - 8 * shared.min(4);
        let first = four_bytes(needle, 0) << unused;
        let last = four_bytes_before(needle, needle.len()) >> unused << unused;
        if let Some(beginning) = self.beginning.get_mut(Self::slot(first)) {
            *beginning |= bits;
        }
        if let Some(ending) = self.ending.get_mut(Self::slot(last)) {
            *ending |= bits;
        }
        if let Some(sides) = self.pairs.get_mut(Self::pair(four_bytes(needle, 0))) {
            *sides |= 1;
        }
        if let Some(sides) = self.pairs.get_mut(Self::pair(last >> 16)) {
            *sides |= 2;
        }
    }

    /// A number below 1024 for the two lowest bytes; letters and digits of ASCII differ in five bits.
    fn pair(bytes: u32) -> usize {
        ((bytes & 31) << 5 | bytes >> 8 & 31) as usize
    }

    fn beginning(&self, text: &str, at: usize) -> u64 {
        let bytes = four_bytes(text, at);
        if self.pairs.get(Self::pair(bytes)).is_none_or(|sides| sides & 1 == 0) {
            return 0;
        }
        Self::any(&self.beginning, [bytes << 16, bytes << 8, bytes])
    }

    fn ending(&self, text: &str, end: usize) -> u64 {
        let bytes = four_bytes_before(text, end);
        if self.pairs.get(Self::pair(bytes >> 16)).is_none_or(|sides| sides & 2 == 0) {
            return 0;
        }
        Self::any(&self.ending, [bytes >> 16 << 16, bytes >> 8 << 8, bytes])
    }

    fn any(table: &[u64], keys: [u32; 3]) -> u64 {
        keys.iter().filter_map(|key| table.get(Self::slot(*key))).fold(0, |bits, more| bits | more)
    }

    fn slot(key: u32) -> usize {
        // The multiplier is 2³² divided by the golden ratio.
        (key.wrapping_mul(0x9e37_79b1) >> (32 - FILTER_BITS)) as usize
    }
}

/// The four bytes at an offset, the first in the lowest place; past the end they are zero.
fn four_bytes(text: &str, at: usize) -> u32 {
    let bytes = text.as_bytes().get(at..).unwrap_or_default();
    match bytes.first_chunk() {
        Some(four) => u32::from_le_bytes(*four),
        None => bytes.iter().rev().fold(0, |four, byte| four << 8 | u32::from(*byte)),
    }
}

/// The four bytes before an offset, the last in the highest place; before the start they are zero.
fn four_bytes_before(text: &str, end: usize) -> u32 {
    let bytes = text.as_bytes().get(..end).unwrap_or_default();
    match bytes.last_chunk() {
        Some(four) => u32::from_le_bytes(*four),
        None => bytes.iter().fold(0, |four, byte| four >> 8 | u32::from(*byte) << 24),
    }
}

/// Where every needle stands under its own hash and those of it with one character left out.
#[derive(Debug, Clone)]
struct Index {
    /// Hash and needle, ordered.
    entries: Vec<(u32, u32)>,
    /// `entries[starts[b]..starts[b + 1]]` are those whose hash begins with the bits `b`.
    starts: Vec<u32>,
    /// How many bits of a hash are not part of `b`.
    shift: u32,
}

impl Index {
    fn build(needles: &[Needle]) -> Index {
        let mut entries = Vec::new();
        let mut prefixes = Vec::new();
        let mut previous: Option<&Needle> = None;
        for (at, needle) in needles.iter().enumerate() {
            // One of those that read alike stands for all. More than 2³² keywords fit no memory.
            if previous.is_none_or(|previous| !previous.reads_like(needle))
                && let Ok(at) = u32::try_from(at)
            {
                hash_with_omissions(&needle.text, &mut prefixes, |hash| entries.push((hash, at)));
                if let Some(glued) = &needle.glued {
                    entries.push((hash_of(glued), at));
                }
            }
            previous = Some(needle);
        }
        entries.sort_unstable();
        entries.dedup();
        let bits = entries.len().max(2).ilog2().min(24);
        let shift = 32 - bits;
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        for ((hash, _), at) in entries.iter().zip(0_u32..) {
            while starts.len() <= (hash >> shift) as usize {
                starts.push(at);
            }
        }
        starts.resize((1 << bits) + 1, u32::try_from(entries.len()).unwrap_or(u32::MAX));
        Index { entries, starts, shift }
    }

    /// The needles that may be meant by a hash.
    fn find(&self, hash: u32) -> impl Iterator<Item = usize> {
        let bucket = (hash >> self.shift) as usize;
        let bounds = self.starts.get(bucket).zip(self.starts.get(bucket + 1));
        let entries = bounds
            .and_then(|(start, end)| self.entries.get(*start as usize..*end as usize))
            .unwrap_or_default();
        entries.iter().filter(move |(entry, _)| *entry == hash).map(|(_, needle)| *needle as usize)
    }
}

/// The multiplier of FNV-1a, an odd number with well mixed bits; here the base of a polynomial modulo 2⁶⁴, since a
/// polynomial's hash with one character left out follows from those of the parts beside it.
const BASE: u64 = 0x0000_0100_0000_01b3;

fn hash_of(text: &str) -> u32 {
    finish(text.bytes().fold(0, push))
}

fn push(hash: u64, byte: u8) -> u64 {
    hash.wrapping_mul(BASE).wrapping_add(u64::from(byte) + 1)
}

/// The upper half of a product, which depends on all bits (the multiplier is 2⁶⁴ divided by the golden ratio).
fn finish(hash: u64) -> u32 {
    u32::try_from((hash ^ hash >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).unwrap_or(0)
}

/// Gives the hash of a text, and of the text with each of its characters left out.
fn hash_with_omissions(text: &str, prefixes: &mut Vec<u64>, mut give: impl FnMut(u32)) {
    prefixes.clear();
    let whole = text.bytes().fold(0, |hash, byte| {
        prefixes.push(hash);
        push(hash, byte)
    });
    give(finish(whole));
    let (mut power, mut suffix) = (1_u64, 0_u64);
    for (at, c) in text.char_indices().rev() {
        let prefix = prefixes.get(at).copied().unwrap_or(0);
        give(finish(prefix.wrapping_mul(power).wrapping_add(suffix)));
        for byte in c.encode_utf8(&mut [0; 4]).bytes().rev() {
            suffix = suffix.wrapping_add((u64::from(byte) + 1).wrapping_mul(power));
            power = power.wrapping_mul(BASE);
        }
    }
}

/// The places that hits take.
struct Taken {
    /// Start of a hit and the farthest end of it and all before it, ordered.
    reach: Vec<(usize, usize)>,
}

impl Taken {
    fn new(hits: &[Match]) -> Taken {
        let mut reach: Vec<_> = hits.iter().map(|hit| (hit.start, hit.end)).collect();
        reach.sort_unstable();
        let mut farthest = 0;
        for (_, end) in &mut reach {
            farthest = farthest.max(*end);
            *end = farthest;
        }
        Taken { reach }
    }

    fn overlaps(&self, place: &Range<usize>) -> bool {
        let before = self.reach.partition_point(|(hit_start, _)| *hit_start < place.end);
        before
            .checked_sub(1)
            .and_then(|last| self.reach.get(last))
            .is_some_and(|(_, hit_end)| *hit_end > place.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexicon::Lexicon;
    use proptest::prelude::*;

    const KEYWORDS: [&str; 4] = ["Urgent", "Time-sensitive", "can't log in", ".NET core"];

    fn near<'t>(keywords: &[&str], text: &'t str) -> Vec<&'t str> {
        let folded = fold(text);
        let hits = Lexicon::build(keywords).unwrap().find(&folded);
        let misses = NearMisses::build(keywords).find(&folded, &hits);
        misses.iter().map(|miss| text.get(miss.start..miss.end).unwrap()).collect()
    }

    #[test]
    fn slips_of_one_letter_and_glued_words_are_near_misses() {
        for text in [
            "URGNT",
            "urgnet",
            "urgents",
            "Urgemt",
            "uregnt",
            "ugrent",
            "rgent",
            "urgen",
            "ur gent",
            "urgént",
            "urg€nt",
            "Time-sensitve",
            "timesensitive",
            "TimeSensitive",
            "tme sensitive",
            "time—sensitive",
            "tim esensitive",
            "time sen-sitive",
            "time\nsensitiv",
            "cant log in",
            "can't login",
            "can'tlogin",
            "net core",
        ] {
            assert_eq!(near(&KEYWORDS, text), [text], "{text:?}");
        }
        assert_eq!(near(&KEYWORDS, "this is (urgnet), or .net-cores"), ["urgnet", "net-cores"]);
        assert_eq!(near(&["東京大阪京都", "срочно нужно"], "срочнонужно"), ["срочнонужно"]);
    }

    #[test]
    fn other_words_and_hits_themselves_are_no_near_misses() {
        for text in [
            "urgently",
            "insurgent",
            "agent",
            "urgent",
            "non-urgent",
            "time-sensitive",
            "time\n\nsensitive",
            "urgency",
            "time\tsensitive",
            "ur\u{2029}gent",
            "time - sensitive",
            "can not log in",
            "ASAP aspa",
            "24/7 24/8",
            "detergent",
        ] {
            assert_eq!(near(&["Urgent", "Time-sensitive", "ASAP", "24/7"], text), [""; 0], "{text:?}");
        }
        assert_eq!(
            near(&["outage", "outages"], "an outage"),
            [""; 0],
            "a hit is no near miss of another keyword"
        );
        assert_eq!(near(&[], "urgnt"), [""; 0]);
    }

    #[test]
    fn keywords_that_read_alike_are_all_named_and_the_number_is_bounded() {
        let misses = NearMisses::build(&["Time-Sensitive", "soon", "time sensitive"]);
        let found = misses.find(&fold("timesensitive"), &[]);
        assert_eq!(found, [0, 2].map(|keyword| Match { keyword, start: 0, end: 13 }));
        assert_eq!(misses.find(&fold(&"timesensitive ".repeat(1000)), &[]).len(), MAX_NEAR_MISSES);
    }

    #[test]
    fn a_hundred_thousand_keywords_are_missed_like_ten() {
        let keywords: Vec<String> = (0..100_000).map(|number| format!("case {:07}", number * 97)).collect();
        let found = NearMisses::build(&keywords).find(&fold("about cas 0000097 and case0009700"), &[]);
        let keywords: Vec<_> = found.iter().map(|miss| miss.keyword).collect();
        assert_eq!(keywords, [1, 100]);
    }

    /// The whole-word windows of a text that are one edit away from a keyword or glued, tried one by one.
    fn naive(keyword: &str, text: &str) -> Vec<(usize, usize)> {
        let (keyword, text) = (fold(keyword), fold(text));
        let (keyword, words) = (keyword.words(), text.words());
        let borders: Vec<usize> = (0..=words.len()).collect();
        let is_letter = |at: Option<usize>| {
            at.and_then(|at| words.as_bytes().get(at)).is_some_and(u8::is_ascii_alphanumeric)
        };
        let mut found = Vec::new();
        for start in &borders {
            for end in borders.iter().filter(|end| *end > start) {
                let Some(window) = words.get(*start..*end) else { continue };
                let is_whole = is_letter(Some(*start))
                    && is_letter(end.checked_sub(1))
                    && !is_letter(start.checked_sub(1))
                    && !is_letter(Some(*end));
                let is_near = strsim::osa_distance(window, keyword) == 1
                    || keyword.contains(' ') && window == keyword.replace(' ', "");
                if is_whole && is_near && !window.contains(BORDER) {
                    let place = text.original(*start..*end);
                    found.push((place.start, place.end));
                }
            }
        }
        found
    }

    proptest! {
        #[test]
        fn find_agrees_with_trying_every_window(
            keyword in "[ab]{1,4}( [ab]{1,4}){0,2}",
            text in "([abAB]{1,4}|[ \n,–-]{1,2}){0,12}",
        ) {
            let misses = NearMisses::build(&[&keyword]).find(&fold(&text), &[]);
            let mut expected = naive(&keyword, &text);
            expected.retain(|_| keyword.replace(' ', "").len() >= MIN_LETTERS);
            let mut places: Vec<_> = misses.iter().map(|miss| (miss.start, miss.end)).collect();
            places.sort_unstable();
            prop_assert_eq!(places, expected);
        }

        #[test]
        fn any_text_is_read_and_no_hit_is_touched(
            keywords in prop::collection::vec("[ab東é' -]{4,12}", 0..4),
            text in "([abé東ß€\t\n' -]|\\PC){0,40}",
        ) {
            let folded = fold(&text);
            let keywords: Vec<_> = keywords.into_iter().filter(|keyword| !fold(keyword).as_str().is_empty()).collect();
            let hits = Lexicon::build(&keywords).unwrap().find(&folded);
            for miss in NearMisses::build(&keywords).find(&folded, &hits) {
                prop_assert!(text.get(miss.start..miss.end).is_some_and(|miss| !miss.is_empty()));
                prop_assert!(!hits.iter().any(|hit| hit.overlaps(&miss)));
            }
        }
    }
}
