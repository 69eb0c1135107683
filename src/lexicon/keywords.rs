//! Exact keywords: few in one automaton, many in a dictionary.
//!
//! Keyword and text go through the same folding; bytes of the keyword view are compared, so everything that counts as
//! equal is equal before. What is found counts only where it stands as whole words.

use super::Match;
use super::chars::stands_alone;
use super::dictionary::Dictionary;
use super::fold::{BORDER, Folded, fold};
use super::literals::{Literals, MAX_BYTES_FOR_TABLE};
use std::ops::Range;
use thiserror::Error;

/// The longest keyword, in characters as written. The longest that anybody published has about 40.
pub const MAX_KEYWORD_CHARS: usize = 256;

/// The most hits given for one text. A text has at most 1 MiB (`mail`), so this is a hit for every four bytes of it: a
/// mail of nothing but keywords with three letters each. Hits of quoted text count against it, so it must not be what
/// a long thread reaches; all of them together take 6 MiB.
pub const MAX_HITS: usize = 262_144;

/// Exact keywords, prepared.
#[derive(Debug, Clone)]
pub struct Lexicon {
    finder: Finder,
    /// Keywords that fold to the same text share a needle: `keywords[owners[n]..owners[n + 1]]` are those of needle n.
    owners: Vec<usize>,
    keywords: Vec<usize>,
}

/// What finds needles; both find the same.
#[derive(Debug, Clone)]
enum Finder {
    Automaton(Literals),
    Dictionary(Dictionary),
}

/// Why keywords cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LexiconError {
    /// Nothing is left of the keyword without blanks and invisible characters.
    #[error("the keyword has no visible character")]
    Empty {
        /// Its index.
        index: usize,
    },
    /// The keyword has more than [`MAX_KEYWORD_CHARS`] characters.
    #[error("the keyword has {chars} characters, more than {MAX_KEYWORD_CHARS}")]
    TooLong {
        /// Its index.
        index: usize,
        /// Its length in characters.
        chars: usize,
    },
    /// The automaton cannot be built.
    #[error("the keywords are too many for one automaton")]
    TooMany,
}

impl LexiconError {
    /// The index of the keyword that is wrong, when it is one.
    pub fn index(&self) -> Option<usize> {
        match self {
            LexiconError::Empty { index } | LexiconError::TooLong { index, .. } => Some(*index),
            LexiconError::TooMany => None,
        }
    }
}

impl Lexicon {
    /// Prepares keywords. The same keyword may be given twice; a hit is then given for each.
    ///
    /// # Errors
    /// The first keyword that folds to nothing or is too long, or all of them together being too much.
    pub fn build<S: AsRef<str>>(keywords: &[S]) -> Result<Lexicon, LexiconError> {
        let mut needles = Vec::with_capacity(keywords.len());
        for (index, keyword) in keywords.iter().enumerate() {
            needles.push((needle(index, keyword.as_ref())?, index));
        }
        needles.sort_unstable();
        let mut owners = Vec::with_capacity(needles.len() + 1);
        let mut distinct: Vec<&str> = Vec::with_capacity(needles.len());
        for (position, (needle, _)) in needles.iter().enumerate() {
            if distinct.last() != Some(&needle.as_str()) {
                distinct.push(needle);
                owners.push(position);
            }
        }
        owners.push(needles.len());
        let bytes: usize = distinct.iter().map(|needle| needle.len()).sum();
        let finder = if bytes <= MAX_BYTES_FOR_TABLE {
            Finder::Automaton(Literals::build(&distinct).map_err(|_too_large| LexiconError::TooMany)?)
        } else {
            Finder::Dictionary(Dictionary::build(&distinct))
        };
        let keywords = needles.iter().map(|(_, index)| *index).collect();
        Ok(Lexicon { finder, owners, keywords })
    }

    /// Whether a text can be a keyword.
    ///
    /// # Errors
    /// As [`Lexicon::build`], for this keyword alone.
    pub fn check(keyword: &str) -> Result<(), LexiconError> {
        needle(0, keyword).map(drop)
    }

    /// All hits as whole words, overlapping ones too, ordered by start, end and keyword. At most [`MAX_HITS`], roughly
    /// those that stand first.
    pub fn find(&self, text: &Folded) -> Vec<Match> {
        let mut hits = Vec::new();
        let keep = |needle: usize, place: Range<usize>| {
            if hits.len() < MAX_HITS && stands_alone(text.as_str(), &place) {
                let place = text.original(place);
                let owners = self.owners_of(needle).iter().take(MAX_HITS - hits.len());
                hits.extend(owners.map(|keyword| Match {
                    keyword: *keyword,
                    start: place.start,
                    end: place.end,
                }));
            }
        };
        match &self.finder {
            Finder::Automaton(literals) => literals.each(text.words(), keep),
            Finder::Dictionary(dictionary) => dictionary.each(text.words(), keep),
        }
        hits.sort_unstable();
        hits
    }

    fn owners_of(&self, needle: usize) -> &[usize] {
        let bounds = self.owners.get(needle).zip(self.owners.get(needle + 1));
        bounds.and_then(|(start, end)| self.keywords.get(*start..*end)).unwrap_or_default()
    }
}

/// The folded keyword. Any white space in it joins, since a keyword has no paragraphs.
fn needle(index: usize, keyword: &str) -> Result<String, LexiconError> {
    let chars = keyword.chars().count();
    if chars > MAX_KEYWORD_CHARS {
        return Err(LexiconError::TooLong { index, chars });
    }
    let folded = fold(keyword);
    if folded.words().is_empty() {
        return Err(LexiconError::Empty { index });
    }
    Ok(folded.words().replace(BORDER, " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found<'t>(keyword: &str, text: &'t str) -> Vec<&'t str> {
        let hits = Lexicon::build(&[keyword]).unwrap().find(&fold(text));
        hits.iter().map(|hit| text.get(hit.start..hit.end).unwrap()).collect()
    }

    #[test]
    fn a_keyword_is_found_however_it_is_written() {
        for (keyword, text, hit) in [
            ("Urgent", "URGENT!!", "URGENT"),
            ("Urgent", "this is non-urgent.", "urgent"),
            ("Urgent", "🔥urgent🔥", "urgent"),
            ("Urgent", "1\u{fe0f}\u{20e3}urgent", "urgent"),
            ("Urgent", "u\u{ad}r\u{200b}gent", "u\u{ad}r\u{200b}gent"),
            ("Urgent", "\u{202e}urgent\u{202c}", "urgent"),
            ("Urgent", "*urgent*", "urgent"),
            ("Urgent", "𝐔𝐫𝐠𝐞𝐧𝐭", "𝐔𝐫𝐠𝐞𝐧𝐭"),
            ("Urgent", "urgent東京", "urgent"),
            ("Time-sensitive", "time sensitive", "time sensitive"),
            ("Time-sensitive", "TIME–SENSITIVE", "TIME–SENSITIVE"),
            ("time sensitive", "it is Time\u{2011}Sensitive", "Time\u{2011}Sensitive"),
            ("time sensitive", "time\u{a0}sensitive", "time\u{a0}sensitive"),
            ("time sensitive", "> time \r\n sensitive", "time \r\n sensitive"),
            ("time sensitive", "time\nsensitive", "time\nsensitive"),
            ("time sensitive", "time-\nsensitive", "time-\nsensitive"),
            ("time\t sensitive ", "time-sensitive", "time-sensitive"),
            ("co-op", "the co\u{200b}-\u{200b}op", "co\u{200b}-\u{200b}op"),
            ("Straße", "STRASSE 5", "STRASSE"),
            ("strasse", "Straße", "Straße"),
            ("acme", "ＡＣＭＥ", "ＡＣＭＥ"),
            ("acme", "Acme™", "Acme"),
            ("résumé", "re\u{301}sume\u{301}s' re\u{301}sume\u{301}", "re\u{301}sume\u{301}"),
            ("re\u{301}sume\u{301}", "RÉSUMÉ", "RÉSUMÉ"),
            ("Σίσυφος", "ΣΊΣΥΦΟΣ", "ΣΊΣΥΦΟΣ"),
            ("file", "ﬁle", "ﬁle"),
            ("don't", "DON’T", "DON’T"),
            ("can't login", "I can´t\nlogin", "can´t\nlogin"),
            ("kelvin", "\u{212a}elvin", "\u{212a}elvin"),
            ("c++", "(C++)", "C++"),
            ("c++", "C++-Entwickler", "C++"),
            ("24/7", "24/7!", "24/7"),
            ("srocно", "SROCНО", "SROCНО"),
            ("срочно", "«СРОЧНО»", "СРОЧНО"),
            ("عاجل", "(عاجل)", "عاجل"),
            ("דחוף", "דחוף!", "דחוף"),
            ("तुरंत", "यह तुरंत है", "तुरंत"),
            ("東京", "東京都", "東京"),
            ("緊急", "至急緊急です", "緊急"),
            ("ด่วน", "เรื่องด่วนมาก", "ด่วน"),
            ("urgent", "#urgent", "urgent"),
        ] {
            assert_eq!(found(keyword, text), [hit], "{keyword:?} in {text:?}");
        }
    }

    #[test]
    fn what_only_resembles_a_keyword_is_not_found() {
        for (keyword, text) in [
            ("Urgent", "urgently insurgent URGNT urgent_ 2urgent urgent2"),
            ("Urgent", "urgent\u{301}"),
            ("Urgent", "u r g e n t"),
            ("Time-sensitive", "timesensitive"),
            ("Time-sensitive", "time - sensitive"),
            ("Time-sensitive", "time – sensitive"),
            ("Time-sensitive", "time -sensitive"),
            ("Time-sensitive", "time—sensitive"),
            ("Time-sensitive", "time--sensitive"),
            ("Time-sensitive", "time\n\nsensitive"),
            ("Time-sensitive", "time\n \nsensitive"),
            ("Time-sensitive", "time-\n\nsensitive"),
            ("Time-sensitive", "time\u{2029}sensitive"),
            ("Time-sensitive", "time\tsensitive"),
            ("Time-sensitive", "time, sensitive"),
            ("ipad", "İpad"),
            ("resume", "résumé"),
            ("acme", "acmé acme\u{308}"),
            ("तुर", "तुरंत"),
            ("c++", "c++11"),
            ("ก", "ก้"),
            ("срочно", "срочное"),
        ] {
            assert_eq!(found(keyword, text), [""; 0], "{keyword:?} in {text:?}");
        }
    }

    #[test]
    fn overlapping_hits_of_all_keywords_are_given_in_order() {
        let lexicon =
            Lexicon::build(&["sensitive", "very time-sensitive", "time", "Very Time Sensitive"]).unwrap();
        let hits = lexicon.find(&fold("Very time–sensitive."));
        let brief: Vec<_> = hits.iter().map(|hit| (hit.keyword, hit.start, hit.end)).collect();
        assert_eq!(brief, [(1, 0, 21), (3, 0, 21), (2, 5, 9), (0, 12, 21)]);
    }

    #[test]
    fn an_impossible_keyword_is_named() {
        assert_eq!(Lexicon::build(&["a", " \u{200b}\n"]).unwrap_err(), LexiconError::Empty { index: 1 });
        let long = "é".repeat(257);
        let error = Lexicon::build(&["a", &long]).unwrap_err();
        assert_eq!(error.index(), Some(1));
        assert_eq!(error.to_string(), "the keyword has 257 characters, more than 256");
        assert!(Lexicon::build(&["é".repeat(256)]).is_ok());
        assert!(Lexicon::build::<&str>(&[]).unwrap().find(&fold("anything")).is_empty());
    }

    #[test]
    fn a_repetitive_text_gives_a_bounded_number_of_hits() {
        let keywords = ["a", "a a", "a a a"];
        for lexicon in [Lexicon::build(&keywords).unwrap(), in_dictionary(&keywords)] {
            let hits = lexicon.find(&fold(&"a ".repeat(100_000)));
            assert_eq!(hits.len(), MAX_HITS);
            assert!(hits.is_sorted());
        }
    }

    #[test]
    fn thousands_of_quoted_keywords_do_not_hide_a_later_one() {
        let text = format!("{}and now it is urgent", "> outage\n".repeat(50_000));
        let hits = Lexicon::build(&["outage", "urgent"]).unwrap().find(&fold(&text));
        assert_eq!(hits.len(), 50_001);
        assert_eq!(hits.last().map(|hit| hit.keyword), Some(1));
    }

    #[test]
    fn a_hundred_thousand_keywords_are_found_like_ten() {
        let keywords: Vec<String> = (0..100_000).map(|number| format!("Customer case {number:05}")).collect();
        let hits = Lexicon::build(&keywords)
            .unwrap()
            .find(&fold("About customer-case\n31415, customer case 314159."));
        assert_eq!(hits, [Match { keyword: 31_415, start: 6, end: 25 }]);
    }

    /// The same keywords as they are found when they are many.
    fn in_dictionary<S: AsRef<str>>(keywords: &[S]) -> Lexicon {
        let mut all: Vec<String> = keywords.iter().map(|keyword| keyword.as_ref().to_owned()).collect();
        all.extend((0..MAX_BYTES_FOR_TABLE / 8).map(|number| format!("qq filler {number}")));
        let lexicon = Lexicon::build(&all).unwrap();
        assert!(matches!(lexicon.finder, Finder::Dictionary(_)));
        lexicon
    }

    #[test]
    fn keywords_that_all_begin_with_each_other_load_at_once() {
        // Every state of an automaton of these but one would end a keyword.
        let numbered: Vec<String> = (0..200_000).map(|number| format!("w{number}")).collect();
        let hits = Lexicon::build(&numbered).unwrap().find(&fold("w199999 w200000 w2"));
        assert_eq!(hits.iter().map(|hit| hit.keyword).collect::<Vec<_>>(), [199_999, 2]);
        // Every state of these would end up to 200 keywords.
        let endings = (1..=200).map(|length| "a".repeat(length));
        let nested: Vec<String> =
            endings.chain((0..20_000).map(|number| format!("c{number}{}", "a".repeat(200)))).collect();
        assert_eq!(Lexicon::build(&nested).unwrap().find(&fold("aaa c7aaa")).len(), 1);
    }

    /// What the text means to a reader, character by character: visible letters, joints and borders.
    fn naive(keyword: &str, text: &str) -> Vec<(usize, usize)> {
        let keyword = canonical(keyword);
        let text = canonical(text);
        let is_letter =
            |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|(c, ..)| c.is_alphabetic());
        (0..text.len())
            .filter(|start| {
                let here = text[*start..].iter().map(|(c, ..)| *c).take(keyword.len());
                here.eq(keyword.iter().map(|(c, ..)| *c))
                    && !is_letter(start.checked_sub(1))
                    && !is_letter(Some(start + keyword.len()))
            })
            .map(|start| (text[start].1, text[start + keyword.len() - 1].2))
            .collect()
    }

    /// Letters, `_` for what joins, `|` for what does not, each with its original bytes.
    fn canonical(text: &str) -> Vec<(char, usize, usize)> {
        let visible: Vec<(char, usize, usize)> = text
            .char_indices()
            .filter(|(_, c)| *c != '\u{200b}')
            .map(|(at, c)| (c.to_ascii_lowercase(), at, at + c.len_utf8()))
            .collect();
        let runs =
            visible.chunk_by(|a, b| a.0.is_alphabetic() == b.0.is_alphabetic() && !a.0.is_alphabetic());
        let mut canonical = Vec::new();
        for run in runs {
            let gap: String = run.iter().map(|(c, ..)| *c).collect();
            let sign = match gap.as_str() {
                letter if letter.chars().all(char::is_alphabetic) => run[0].0,
                "-" | "–" | "-\n" | "–\n" => '_',
                blanks if blanks.trim().is_empty() && blanks.matches('\n').count() <= 1 => '_',
                wrapped
                    if wrapped.strip_prefix(['-', '–']).is_some_and(|rest| {
                        rest.starts_with('\n') && rest.trim().is_empty() && rest.matches('\n').count() == 1
                    }) =>
                {
                    '_'
                }
                _ => '|',
            };
            canonical.push((sign, run[0].1, run[run.len() - 1].2));
        }
        canonical
    }

    proptest! {
        #[test]
        fn find_agrees_with_reading_character_by_character(
            keyword in "[ab]{1,2}([ -][ab]{1,2}){0,2}",
            text in "([abAB]{1,2}|[ \n\u{200b}–—-]{1,3}){0,12}",
        ) {
            let hits = Lexicon::build(&[&keyword]).unwrap().find(&fold(&text));
            let places: Vec<_> = hits.iter().map(|hit| (hit.start, hit.end)).collect();
            prop_assert_eq!(&places, &naive(&keyword, &text));
            let hits = in_dictionary(&[&keyword]).find(&fold(&text));
            let places: Vec<_> = hits.iter().map(|hit| (hit.start, hit.end)).collect();
            prop_assert_eq!(places, naive(&keyword, &text));
        }

        #[test]
        fn a_dictionary_finds_what_an_automaton_finds(
            keywords in prop::collection::vec("[abC1_東京ก้\u{301}.#+' -]{0,3}[abc東ก+]([ -][abc東é+.]{1,3}){0,2}", 1..12),
            text in "([abcAB1_東京กéc+.#' -]|\u{301}|้|\n|\u{2029}|[ab]{1,3}[ -]){0,40}",
        ) {
            let automaton = Lexicon::build(&keywords).unwrap();
            prop_assert!(matches!(automaton.finder, Finder::Automaton(_)));
            let folded = fold(&text);
            prop_assert_eq!(automaton.find(&folded), in_dictionary(&keywords).find(&folded));
        }

        #[test]
        fn a_hit_reads_as_its_keyword(
            keywords in prop::collection::vec("[a-cé]{1,2}([ -][a-cß]{1,3}){0,1}", 1..5),
            text in "([a-cA-CéÉßs]{1,2}|e\u{301}|[ \n\t\u{ad}\u{2029}'-]{1,2}){0,16}",
        ) {
            for hit in Lexicon::build(&keywords).unwrap().find(&fold(&text)) {
                let place = text.get(hit.start..hit.end).unwrap();
                let (there, wanted) = (fold(place), fold(&keywords[hit.keyword]));
                prop_assert_eq!(there.words(), wanted.words());
            }
        }
    }
}
