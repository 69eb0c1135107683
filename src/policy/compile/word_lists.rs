//! `[words]`: lists of words under a name, for patterns to use: `{product}` stands for any word of the list `product`.
//!
//! A list is put in as `(?:one|two)`, so it can be followed by `?` or `s`. Names mean what they say only outside of
//! classes and of what regular expressions write in braces themselves: counts, `\p{Greek}`, `\x{41}`, `\b{start}`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use super::super::Lint;
use super::labels::patterns;
use super::{Seen, at_most, malformed};
use crate::base::diagnostic::{Diagnostic, SourceFile, suggest};
use crate::base::document::{At, Problems, clip, list};
use crate::lexicon::Patterns;

/// The most lists of a policy, and the most words of one.
const MOST_LISTS: usize = 1_000;

/// The longest pattern with its lists put in; the compiled size has a bound of its own.
const LONGEST_PATTERN: usize = 64 * 1024;

/// What stands in for what was noted as a mistake, so that it is not noted twice.
const STAND_IN: &str = "x";

/// What `\b` may have in braces.
const SPECIAL_BORDERS: [&str; 4] = ["start", "end", "start-half", "end-half"];

/// The lists of a policy, ready to be put into patterns.
#[derive(Debug, Default)]
pub(super) struct WordLists {
    alternatives: HashMap<String, String>,
}

impl WordLists {
    /// Checks the lists; each word must be a piece of a pattern that could stand alone.
    pub(super) fn new(
        file: &Arc<SourceFile>,
        written: &[(At<String>, Vec<At<String>>)],
        problems: &mut Problems,
    ) -> Self {
        let mut seen = Seen::new("list of words");
        let mut lists = WordLists::default();
        at_most(
            file,
            "lists of words",
            MOST_LISTS,
            written.get(MOST_LISTS).map(|(name, _)| name.span.clone()),
            problems,
        );
        for (name, words) in written.iter().take(MOST_LISTS) {
            if !seen.is_new(file, name, problems) {
                continue;
            }
            if !is_name(&name.value) {
                let allowed = "a lower-case letter, then letters, digits, - and _";
                malformed(file, name, "a list of words cannot have this name", allowed, problems);
            }
            if words.is_empty() {
                problems.push_with(|| {
                    Diagnostic::error(
                        name.location(file),
                        format!("the list `{}` has no words", clip(&name.value)),
                    )
                    .allowed("at least one word, such as product = [\"portal\", \"dashboard\"]")
                });
            }
            at_most(
                file,
                "words in one list",
                MOST_LISTS,
                words.get(MOST_LISTS).map(|word| word.span.clone()),
                problems,
            );
            let words = words.get(..MOST_LISTS).unwrap_or(words);
            let pieces: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
            let whole = format!("(?:{})", pieces.join("|"));
            let whole = if sound(file, words, &whole, problems) { whole } else { STAND_IN.to_owned() };
            lists.alternatives.insert(name.value.clone(), whole);
        }
        lists
    }

    /// A pattern with its lists put in.
    pub(super) fn put_into<'p>(
        &self,
        file: &Arc<SourceFile>,
        pattern: &'p At<String>,
        problems: &mut Problems,
    ) -> Cow<'p, str> {
        let mut whole = String::new();
        let mut rest = pattern.value.as_str();
        let mut class_depth = 0_usize;
        while let Some(at) = rest.find(['\\', '{', '[', ']']) {
            let (before, from) = rest.split_at(at);
            whole.push_str(before);
            let (piece, taken) = match from.as_bytes().first() {
                Some(b'\\') => as_it_is(from, self.escape(from)),
                Some(b'{') if class_depth == 0 => {
                    self.list(file, pattern, from, problems).unwrap_or_else(|| as_it_is(from, 1))
                }
                Some(b'[') => {
                    class_depth += 1;
                    as_it_is(from, 1)
                }
                Some(b']') => {
                    class_depth = class_depth.saturating_sub(1);
                    as_it_is(from, 1)
                }
                Some(_) | None => as_it_is(from, 1),
            };
            whole.push_str(piece);
            rest = from.get(taken..).unwrap_or("");
            // Only lists make it longer than what was written.
            if piece.len() > taken && whole.len() > LONGEST_PATTERN {
                let allowed = format!("at most {LONGEST_PATTERN} bytes with its lists of words");
                malformed(file, pattern, "this pattern is too long", &allowed, problems);
                return Cow::Borrowed(STAND_IN);
            }
        }
        if whole.is_empty() {
            return Cow::Borrowed(rest);
        }
        whole.push_str(rest);
        Cow::Owned(whole)
    }

    /// How many bytes the escape at the start of `from` takes, with the braces that belong to it.
    fn escape(&self, from: &str) -> usize {
        let taken = 1 + from.chars().nth(1).map_or(0, char::len_utf8);
        let escaped = from.get(1..taken).unwrap_or("");
        let braces = from.get(taken..).filter(|rest| rest.starts_with('{'));
        let Some(end) = braces.and_then(|rest| rest.find('}')) else { return taken };
        let name = from.get(taken + 1..taken + end).unwrap_or("");
        let belong = match escaped {
            "p" | "P" | "x" | "u" | "U" => true,
            // A border is followed by words more often than by the name of a special border.
            "b" => SPECIAL_BORDERS.contains(&name) && !self.alternatives.contains_key(name),
            _ => false,
        };
        if belong { taken + end + 1 } else { taken }
    }

    /// The words of `{name}` at the start of `from`, and how many bytes that takes; `None` when it is no name.
    fn list(
        &self,
        file: &Arc<SourceFile>,
        pattern: &At<String>,
        from: &str,
        problems: &mut Problems,
    ) -> Option<(&str, usize)> {
        let end = from.find('}')?;
        let name = from.get(1..end).filter(|name| is_name(name))?;
        let words = self.alternatives.get(name);
        if words.is_none() {
            let known: Vec<&str> = self.alternatives.keys().map(String::as_str).collect();
            problems.push_with(|| {
                let mut known = known.clone();
                known.sort_unstable();
                let allowed = if known.is_empty() {
                    "nothing yet: there is no [words]".to_owned()
                } else {
                    list(&known)
                };
                Diagnostic::error(pattern.location(file), "there is no list of this name in [words]")
                    .coded(Lint::UndefinedName.code())
                    .found(format!("`{{{}}}`", clip(name)))
                    .allowed(allowed)
                    .hint_if(suggest(name, known))
            });
        }
        Some((words.map_or(STAND_IN, String::as_str), end + 1))
    }
}

/// Whether a list can stand in a pattern; else each word that cannot is noted.
fn sound(file: &Arc<SourceFile>, words: &[At<String>], whole: &str, problems: &mut Problems) -> bool {
    // A word without anything would let patterns match where nothing stands.
    if !words.iter().any(|word| word.value.is_empty()) && Patterns::build(&[whole]).is_ok() {
        return true;
    }
    let places: Vec<At<()>> = words.iter().map(|word| At::new((), word.span.clone())).collect();
    let pieces: Vec<&str> = words.iter().map(|word| word.value.as_str()).collect();
    // Each is sound where a list is only too long; then the patterns that use it say so.
    patterns(file, &pieces, &places, problems).is_some()
}

/// So many bytes of a pattern, and how many they are.
fn as_it_is(from: &str, taken: usize) -> (&str, usize) {
    (from.get(..taken).unwrap_or(from), taken)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(pattern: &str) -> (String, Problems) {
        let file = SourceFile::new("policy.toml", pattern);
        let at = |text: &str| At::new(text.to_owned(), 0..0);
        let written = [(at("product"), vec![at("portal"), at("web ?shop")]), (at("gone"), vec![at("down")])];
        let mut problems = Problems::default();
        let lists = WordLists::new(&file, &written, &mut problems);
        assert!(problems.is_empty());
        let pattern = At::new(pattern.to_owned(), 0..0);
        let put = lists.put_into(&file, &pattern, &mut problems).into_owned();
        (put, problems)
    }

    #[test]
    fn a_name_in_braces_stands_for_any_word_of_its_list() {
        for (pattern, whole) in [
            (r"\b{product}s?\b", r"\b(?:portal|web ?shop)s?\b"),
            (r"{product} is {gone}", r"(?:portal|web ?shop) is (?:down)"),
            (r"({product}){2}", r"((?:portal|web ?shop)){2}"),
        ] {
            let (put, problems) = put(pattern);
            assert_eq!(put, whole);
            assert!(problems.is_empty() && Patterns::build(&[put]).is_ok(), "{pattern}");
        }
    }

    #[test]
    fn what_regular_expressions_write_in_braces_stays() {
        for pattern in
            [r"a{2,3}b{4}", r"\p{Greek}+", r"\x{41}", r"\b{start}a", r"[{gone}]", r"\{gone\}", r"\\p", "a{,"]
        {
            let (put, problems) = put(pattern);
            assert_eq!(put, pattern);
            assert!(problems.is_empty(), "{pattern}");
        }
    }

    #[test]
    fn a_list_that_is_not_there_is_a_mistake() {
        let (_, problems) = put(r"\b{prodct}\b");
        let (told, _) = problems.into_sorted();
        assert_eq!(told.first().and_then(|told| told.hint.as_deref()), Some("did you mean `product`?"));
    }

    #[test]
    fn lists_cannot_make_a_pattern_endless() {
        let (put, problems) = put(&"{product}".repeat(10_000));
        assert_eq!((put.as_str(), problems.is_empty()), (STAND_IN, false));
    }
}
