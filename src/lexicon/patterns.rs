//! Regular expressions over folded texts, in linear time.
//!
//! A pattern is written for the pattern view ([`Folded::as_str`]): dashes are `-`, any white space is one blank, case
//! is gone. What its author copied from elsewhere is understood all the same: characters outside ASCII are folded
//! (`ß`, `É`, `’`, `–`), and a pattern with capital letters ignores case.
//!
//! Invariants: a pattern never matches nothing; its memory is bounded when it is compiled, and its time by the length of
//! the text times [`MAX_HITS_PER_PATTERN`].

use super::borders::with_ascii_borders;
use super::chars::extends;
use super::fold::{Folded, fold};
use super::literals::Literals;
use super::needs::{Needs, needs};
use super::{MAX_HITS, Match};
use regex::{Regex, RegexBuilder};
use std::ops::Range;
use std::sync::OnceLock;
use thiserror::Error;

/// The longest pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 4 << 10;

/// The most hits given for one pattern in one text. Looking for each next one may read the rest of the text, so without
/// a bound the time would be quadratic.
pub const MAX_HITS_PER_PATTERN: usize = 100;

/// The sizes a compiled pattern may have; the smallest that suffices counts against [`MAX_SIZE_OF_ALL`]. A Unicode class
/// such as `\w` takes about 25 KiB each time it is repeated, `.` and `\d` a small part of that.
const SIZES: [usize; 3] = [64 << 10, 256 << 10, 2 << 20];

/// The compiled size of all patterns together, without their quick forms, none of which is larger than its pattern.
const MAX_SIZE_OF_ALL: usize = 64 << 20;

/// What one search may remember of the states it went through, per pattern and thread; a pattern has two at most.
const MAX_CACHE: usize = 1 << 20;

/// Regular expressions that are looked for in folded texts.
#[derive(Debug, Clone)]
pub struct Patterns {
    searches: Vec<Search>,
    /// Finds literals without which patterns cannot match; most texts have none of them.
    literals: Literals,
    /// The pattern that needs the literal, for each literal.
    needed_by: Vec<usize>,
    /// Patterns that may match a text with a digit and none of their literals.
    with_digit: Vec<usize>,
    /// Patterns that may match any text.
    always: Vec<usize>,
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct PatternError {
    /// The index of the pattern.
    pub index: usize,
    /// One line.
    pub message: String,
    /// The byte of the pattern where the mistake is, when it has a place.
    pub offset: Option<usize>,
}

impl Patterns {
    /// Compiles patterns.
    ///
    /// # Errors
    /// The first pattern that is no regular expression, too long or too large, or that matches the empty text.
    pub fn build<S: AsRef<str>>(patterns: &[S]) -> Result<Patterns, PatternError> {
        let mut searches = Vec::with_capacity(patterns.len());
        let (mut literals, mut needed_by) = (Vec::new(), Vec::new());
        let (mut with_digit, mut always) = (Vec::new(), Vec::new());
        let mut size_left = MAX_SIZE_OF_ALL;
        for (index, written) in patterns.iter().enumerate() {
            let compiled = Compiled::new(written.as_ref(), size_left)
                .map_err(|(message, offset)| PatternError { index, message, offset })?;
            size_left = size_left.saturating_sub(compiled.size);
            searches.push(compiled.search);
            match compiled.needs {
                Some(needs) => {
                    needed_by.extend(needs.literals.iter().map(|_| index));
                    literals.extend(needs.literals);
                    with_digit.extend(needs.digit.then_some(index));
                }
                None => always.push(index),
            }
        }
        let literals = Literals::build(&literals).map_err(|error| PatternError {
            index: patterns.len().saturating_sub(1),
            message: error.to_string(),
            offset: None,
        })?;
        Ok(Patterns { searches, literals, needed_by, with_digit, always })
    }

    /// The hits of every pattern, leftmost first and not overlapping within one pattern, ordered by start, end and
    /// pattern. At most [`MAX_HITS_PER_PATTERN`] of a pattern and [`MAX_HITS`] in all.
    pub fn find(&self, text: &Folded) -> Vec<Match> {
        self.find_some(text, |_| true)
    }

    /// The same, of some patterns only.
    pub fn find_some(&self, text: &Folded, wanted: impl Fn(usize) -> bool) -> Vec<Match> {
        let mut hits = Vec::new();
        for pattern in self.possible(text).into_iter().filter(|pattern| wanted(*pattern)) {
            let Some(search) = self.searches.get(pattern) else { continue };
            hits.extend(search.all(text.as_str()).take(MAX_HITS_PER_PATTERN).map(|found| {
                let place = text.original(found);
                Match { keyword: pattern, start: place.start, end: place.end }
            }));
        }
        hits.sort_unstable();
        hits.truncate(MAX_HITS);
        hits
    }

    /// The patterns that can match a text: those that find in it what they need, and those that need nothing.
    pub fn possible(&self, text: &Folded) -> Vec<usize> {
        let mut possible = self.always.clone();
        if !self.with_digit.is_empty() && has_digit(text.as_str()) {
            possible.extend(&self.with_digit);
        }
        self.literals.each(text.as_str(), |literal, _| possible.extend(self.needed_by.get(literal)));
        possible.sort_unstable();
        possible.dedup();
        possible
    }

    /// Whether a pattern matches anywhere in a text.
    pub fn matches(&self, pattern: usize, text: &Folded) -> bool {
        self.searches.get(pattern).is_some_and(|search| search.next(text.as_str(), 0).is_some())
    }
}

/// Whether a text has a digit of ASCII. Without an early exit the compiler looks at many bytes at once.
fn has_digit(text: &str) -> bool {
    text.bytes().fold(0, |found, byte| found | u8::from(byte.wrapping_sub(b'0') < 10)) != 0
}

/// A pattern as it is looked for.
#[derive(Debug, Clone)]
struct Search {
    regex: Regex,
    /// The same with borders of words as ASCII knows them, which finds everything that `regex` does and more. What is a
    /// letter outside ASCII only a search knows that is ten times as slow.
    quick: Option<Quick>,
}

/// A quick form, compiled when it is first looked for: most patterns are not needed for most mails, and whoever only
/// checks a policy needs none.
#[derive(Debug, Clone)]
struct Quick {
    expression: String,
    size: usize,
    regex: OnceLock<Option<Regex>>,
}

impl Quick {
    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| compiled(&self.expression, self.size)).as_ref()
    }
}

/// An expression within a size.
fn compiled(expression: &str, size: usize) -> Option<Regex> {
    RegexBuilder::new(expression).size_limit(size).dfa_size_limit(MAX_CACHE).build().ok()
}

impl Search {
    /// Everything that the pattern matches, from left to right.
    fn all(&self, text: &str) -> impl Iterator<Item = Range<usize>> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let found = self.next(text, at)?;
            at = found.end;
            Some(found)
        })
    }

    /// The first match from an offset on.
    fn next(&self, text: &str, at: usize) -> Option<Range<usize>> {
        let Some(quick) = self.quick.as_ref().and_then(Quick::regex) else {
            return self.regex.find_at(text, at).map(|found| found.range());
        };
        let found = quick.find_at(text, at)?.range();
        // Nothing matches earlier. Where all is ASCII, both know the same borders and so choose the same.
        let around = found.start.saturating_sub(1)..text.len().min(found.end + 1);
        if text.as_bytes().get(around).is_some_and(<[u8]>::is_ascii) {
            return Some(found);
        }
        self.regex.find_at(text, found.start).map(|found| found.range())
    }
}

/// A pattern that can be used.
struct Compiled {
    search: Search,
    /// An upper bound of its size in bytes.
    size: usize,
    needs: Option<Needs>,
}

/// What is wrong with a pattern, and the byte where.
type Mistake = (String, Option<usize>);

impl Compiled {
    fn new(written: &str, size_left: usize) -> Result<Compiled, Mistake> {
        if written.len() > MAX_PATTERN_BYTES {
            return Err((
                format!("the pattern has {} bytes, more than {MAX_PATTERN_BYTES}", written.len()),
                None,
            ));
        }
        let translation = Translation::of(written);
        let parsed = regex_syntax::parse(&translation.regex).map_err(|error| translation.mistake(&error))?;
        if parsed.properties().minimum_len() == Some(0) {
            return Err(("the pattern matches the empty text, so it would hit everywhere".to_owned(), None));
        }
        let sized = |size| compiled(&translation.regex, size).map(|regex| (regex, size));
        let Some((regex, size)) = SIZES.into_iter().find_map(sized) else {
            let message = "the pattern is too large once compiled; repeat less, or write [a-z0-9] for \\w";
            return Err((message.to_owned(), None));
        };
        if size > size_left {
            return Err(("the patterns up to this one are too large together".to_owned(), None));
        }
        let quick = with_ascii_borders(&parsed);
        let quick = quick.map(|quick| Quick { expression: quick.to_string(), size, regex: OnceLock::new() });
        Ok(Compiled { search: Search { regex, quick }, size, needs: needs(&parsed) })
    }
}

/// A pattern as written, made into an expression that can match folded text.
struct Translation {
    regex: String,
    /// For each byte of `regex` the byte of the pattern it comes from.
    origins: Vec<usize>,
    written_len: usize,
}

/// Makes an expression ignore case.
const IGNORE_CASE: &str = "(?i)";

impl Translation {
    fn of(written: &str) -> Translation {
        let mut translation =
            Translation { regex: String::new(), origins: Vec::new(), written_len: written.len() };
        let mut walk = PatternWalk::new(written);
        let pieces: Vec<Piece> = std::iter::from_fn(|| walk.next_piece()).collect();
        if pieces
            .iter()
            .any(|piece| !piece.is_escape && piece.text.contains(|c: char| c.is_ascii_uppercase()))
        {
            translation.push(IGNORE_CASE, 0);
        }
        for piece in &pieces {
            match piece.folded() {
                Some(folded) => translation.push(&folded, piece.at),
                None => piece.text.char_indices().for_each(|(offset, c)| {
                    translation.push(c.encode_utf8(&mut [0; 4]), piece.at + offset);
                }),
            }
        }
        translation
    }

    fn push(&mut self, text: &str, origin: usize) {
        self.regex.push_str(text);
        self.origins.extend(text.bytes().map(|_| origin));
    }

    /// What the parser found, in terms of the pattern as written.
    fn mistake(&self, error: &regex_syntax::Error) -> Mistake {
        let (message, offset) = match error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.offset),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), error.span().start.offset),
            other => return (other.to_string().replace('\n', " "), None),
        };
        (message, Some(self.origins.get(offset).copied().unwrap_or(self.written_len)))
    }
}

/// A character of a pattern with the marks on it, or an escape.
struct Piece<'p> {
    at: usize,
    text: &'p str,
    is_escape: bool,
    /// Whether it stands between brackets, where only single characters can.
    is_in_class: bool,
}

impl Piece<'_> {
    /// What to write instead, where folding changes something.
    fn folded(&self) -> Option<String> {
        if self.is_escape || self.text.is_ascii() {
            return None;
        }
        // Between letters, so that a blank stays one.
        let folded = fold(&format!("a{}a", self.text));
        let folded = folded.as_str().strip_prefix('a')?.strip_suffix('a')?;
        match folded.chars().count() {
            1 => Some(regex::escape(folded)),
            _ if self.is_in_class => None,
            0 => Some(String::new()),
            _ => Some(format!("(?:{})", regex::escape(folded))),
        }
    }
}

/// Walks a pattern piece by piece.
struct PatternWalk<'p> {
    pattern: &'p str,
    at: usize,
    /// How many brackets are open.
    depth: usize,
    /// Whether a closing bracket here would be a literal one, as the first of a class.
    is_class_start: bool,
}

impl<'p> PatternWalk<'p> {
    fn new(pattern: &'p str) -> Self {
        PatternWalk { pattern, at: 0, depth: 0, is_class_start: false }
    }

    fn next_piece(&mut self) -> Option<Piece<'p>> {
        let rest = self.pattern.get(self.at..)?;
        let mut chars = rest.chars();
        let first = chars.next()?;
        let is_escape = first == '\\';
        let mut len = first.len_utf8();
        if is_escape {
            len += chars.next().map_or(0, char::len_utf8);
        } else {
            len += chars.take_while(|c| extends(*c)).map(char::len_utf8).sum::<usize>();
        }
        let piece = Piece { at: self.at, text: rest.get(..len)?, is_escape, is_in_class: self.depth > 0 };
        self.at += len;
        self.count_brackets(piece.text);
        Some(piece)
    }

    fn count_brackets(&mut self, piece: &str) {
        match piece {
            "[" => {
                self.depth += 1;
                self.is_class_start = true;
                return;
            }
            "^" if self.is_class_start => return,
            "]" if !self.is_class_start => self.depth = self.depth.saturating_sub(1),
            _ => {}
        }
        self.is_class_start = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found<'t>(pattern: &str, text: &'t str) -> Vec<&'t str> {
        let hits = Patterns::build(&[pattern]).unwrap().find(&fold(text));
        hits.iter().map(|hit| text.get(hit.start..hit.end).unwrap()).collect()
    }

    #[test]
    fn a_pattern_matches_folded_text_and_names_the_original_place() {
        for (pattern, text, hit) in [
            (
                r"\bapi\b.{0,40}\b(down|unavailable|50[0-9])\b",
                "The API\n\nis (still)\tDOWN.",
                "API\n\nis (still)\tDOWN",
            ),
            (r"error-\d+", "Error\u{2013}503", "Error\u{2013}503"),
            (r"can't", "I CAN’T", "CAN’T"),
            (r"Can’t", "I can't", "can't"),
            (r"ERR-[A-F]+", "err-beef", "err-beef"),
            (r"\D+\S", "12Ab", "Ab"),
            (r"große?n?", "GROSSEN", "GROSSEN"),
            (r"STRAßE", "Straße 5", "Straße"),
            (r"\p{Lu}+", "ABC 1", "ABC"),
            (r"[Ä-Ö]ber", "über Öber", "Öber"),
            ("cafe\u{301}s?", "CAFÉS", "CAFÉS"),
            ("a\u{a0}b", "a\n b", "a\n b"),
            (r"[—x]y", "a—y", "—y"),
            ("x\u{ad}y", "xy", "xy"),
            (r"[]ß]x", "ß]x", "]x"),
            (r"ſ", "s", "s"),
            ("＊", "a*", "*"),
        ] {
            assert_eq!(found(pattern, text), [hit], "{pattern:?} in {text:?}");
        }
        assert_eq!(found(r"\d+", "1 22 333"), ["1", "22", "333"]);
        assert_eq!(found(r"\bapi\b", "rapid"), [""; 0]);
    }

    #[test]
    fn hits_of_several_patterns_are_ordered_and_bounded() {
        let patterns = Patterns::build(&["b+", "a", "ab"]).unwrap();
        let brief: Vec<_> =
            patterns.find(&fold("abb")).iter().map(|hit| (hit.keyword, hit.start, hit.end)).collect();
        assert_eq!(brief, [(1, 0, 1), (2, 0, 2), (0, 1, 3)]);
        let hits = patterns.find(&fold(&"a".repeat(1000)));
        assert_eq!(hits.len(), MAX_HITS_PER_PATTERN);
        assert_eq!(hits.last().map(|hit| hit.end), Some(MAX_HITS_PER_PATTERN));
        assert!(Patterns::build::<&str>(&[]).unwrap().find(&fold("a")).is_empty());
    }

    #[test]
    fn a_mistake_is_told_in_one_line_with_its_place() {
        for (pattern, message, offset) in [
            ("a(b", "unclosed group", Some(1)),
            ("éß(b", "unclosed group", Some(4)),
            ("ABC[z", "unclosed character class", Some(3)),
            ("ß+\\q", "unrecognized escape sequence", Some(3)),
            (r"a(?=b)", "look-around, including look-ahead and look-behind, is not supported", Some(1)),
            ("*a", "repetition operator missing expression", Some(0)),
            ("aß\n(b", "unclosed group", Some(4)),
            (
                r"(\w{100}){100}",
                "the pattern is too large once compiled; repeat less, or write [a-z0-9] for \\w",
                None,
            ),
            ("a*", "the pattern matches the empty text, so it would hit everywhere", None),
            (r"\b", "the pattern matches the empty text, so it would hit everywhere", None),
            (r"\B", "the pattern matches the empty text, so it would hit everywhere", None),
            (r"x|$", "the pattern matches the empty text, so it would hit everywhere", None),
            ("", "the pattern matches the empty text, so it would hit everywhere", None),
        ] {
            let error = Patterns::build(&["fine", pattern]).unwrap_err();
            let expected = PatternError { index: 1, message: message.to_owned(), offset };
            assert_eq!(error, expected, "{pattern:?}");
        }
        let error = Patterns::build(&["a".repeat(5000)]).unwrap_err();
        assert_eq!(error.message, "the pattern has 5000 bytes, more than 4096");
        let error = Patterns::build(&vec![r"\w{30}"; 40]).unwrap_err();
        assert_eq!(
            (error.index, error.message.as_str()),
            (32, "the patterns up to this one are too large together")
        );
    }

    proptest! {
        #[test]
        fn no_text_is_skipped_in_which_a_pattern_matches(
            patterns in prop::collection::vec(prop::collection::vec(prop::sample::select(vec![
                "a", "B", "k", "ß", r"\b", "[ab]", "(ab|k)", "(Bk)+", "(ab)?", "-", ".", "|", "[0-9]", "[1-3]?", "(7|ab)",
            ]), 1..6).prop_map(|parts| parts.concat()), 1..4),
            text in "[abkABK\u{212a}ßs17４ -]{0,12}",
        ) {
            let patterns: Vec<_> = patterns.into_iter().filter(|one| Patterns::build(&[one]).is_ok()).collect();
            let compiled = Patterns::build(&patterns).unwrap();
            let folded = fold(&text);
            let found: Vec<_> = compiled.find(&folded).iter().map(|hit| hit.keyword).collect();
            for (index, search) in compiled.searches.iter().enumerate() {
                let is_match = search.regex.is_match(folded.as_str());
                prop_assert_eq!(found.contains(&index), is_match, "{}", patterns[index]);
                prop_assert_eq!(compiled.matches(index, &folded), is_match, "{}", patterns[index]);
            }
        }

        #[test]
        fn any_pattern_is_compiled_or_refused(pattern in r"([a-zA-Z()\[\]{}?*+|^\\.é߀’ -]|\PC){0,12}", text in ".{0,40}") {
            match Patterns::build(&[&pattern]) {
                Ok(patterns) => {
                    for hit in patterns.find(&fold(&text)) {
                        prop_assert!(text.get(hit.start..hit.end).is_some_and(|hit| !hit.is_empty()));
                    }
                }
                Err(error) => {
                    prop_assert!(!error.message.is_empty() && !error.message.contains('\n'));
                    prop_assert!(error.offset.is_none_or(|offset| pattern.is_char_boundary(offset)));
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn the_quick_search_finds_what_the_slow_one_finds_alone(
            pattern in r"(\\b)?([ab]|é|\(a\|b ?\)|\[ab\]\+?|b\?| \?|\.\{0,3\}|\\w)(\\b)?(a|b\*|é|\(\?:ab\|\$\)|\\w\+| |\\B)(\\b)?(\|b\\b|\|é)?",
            text in "([ab_ é-]|ss|東){0,14}",
        ) {
            let Ok(Compiled { search, .. }) = Compiled::new(&pattern, MAX_SIZE_OF_ALL) else { return Ok(()) };
            let folded = fold(&text);
            let slow: Vec<_> = search.regex.find_iter(folded.as_str()).map(|found| found.range()).collect();
            let quick: Vec<_> = search.all(folded.as_str()).collect();
            prop_assert_eq!(quick, slow, "{} in {}", pattern, text);
        }
    }
}
