//! Labels, their words, and matrices.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::condition::FIXED_KEYS;
use super::super::words::{ExceptPatterns, Use};
use super::super::written;
use super::super::{Label, LabelKind, Origin, Place, PlaceSet, Term, TermKind, Words};
use super::word_lists::WordLists;
use super::{Seen, at_most, find, malformed, origin, refusal};
use crate::base::diagnostic::{Diagnostic, Location, SourceFile, suggest};
use crate::base::document::{At, Problems, clip};
use crate::lexicon::{Lexicon, NearMisses, Patterns};

/// Words that are complete but for the patterns of asks, which are compiled later.
pub(super) struct WordsWithoutAsks {
    terms: Vec<Term>,
    headers: Vec<String>,
    lexicon: Lexicon,
    uses: Vec<Vec<Use>>,
    patterns: Patterns,
    pattern_terms: Vec<usize>,
    except_patterns: ExceptPatterns,
    near: NearMisses,
    near_terms: Vec<usize>,
}

impl WordsWithoutAsks {
    pub(super) fn with_found(self, found: Patterns) -> Words {
        Words {
            terms: self.terms,
            headers: self.headers,
            found,
            lexicon: self.lexicon,
            uses: self.uses,
            patterns: self.patterns,
            pattern_terms: self.pattern_terms,
            except_patterns: self.except_patterns,
            near: self.near,
            near_terms: self.near_terms,
        }
    }
}

/// The label that every policy must have, and whose words are the published ones.
const URGENCY: &str = "urgency";

/// Each label is looked at for every mail and stands in every reply's variables.
const MOST_LABELS: usize = 100;

/// Every cell is written out, so more of them than this are a mistake; a hundred by a hundred.
const MOST_CELLS: usize = 10_000;

/// Keywords, exceptions and patterns of all labels. So many load in a second; the longest lists in use have hundreds.
const MOST_WORDS: usize = 500_000;

pub(super) fn labels(
    file: &Arc<SourceFile>,
    written: &written::Policy,
    lists: &WordLists,
    problems: &mut Problems,
) -> (Vec<Label>, Option<WordsWithoutAsks>) {
    if let Some(other) = written.labels.first()
        && !written.labels.iter().any(|label| label.name.value == URGENCY)
    {
        let like = written.labels.iter().find(|label| suggest(&label.name.value, [URGENCY]).is_some());
        problems.push_with(|| {
            Diagnostic::error(like.unwrap_or(other).name.location(file), "this policy has no label `urgency`")
                .allowed("at least one [[label.urgency]] with the words that the desk has published")
                .hint_if(like.map(|_| "did you mean `urgency`?".to_owned()))
        });
    }
    let mut seen = Seen::new("label");
    let mut labels = Vec::new();
    let mut collected = Collected {
        lists,
        terms: Vec::new(),
        patterns: Vec::new(),
        except_patterns: Vec::new(),
        excepts: Vec::new(),
        headers: Vec::new(),
    };
    let beyond = written.labels.get(MOST_LABELS).map(|label| label.name.span.clone());
    at_most(file, "labels", MOST_LABELS, beyond, problems);
    for label in written.labels.iter().take(MOST_LABELS) {
        if !seen.is_new(file, &label.name, problems) {
            continue;
        }
        legal_name(file, &label.name, problems);
        labels.push(word_label(file, label, labels.len(), &mut collected, problems));
    }
    matrices(file, &written.matrices, &mut labels, &mut seen, problems);
    let urgency = labels.iter().position(|label| label.name == URGENCY);
    let words = build(file, collected, urgency, problems);
    (labels, words)
}

/// Label names are keys of conditions, expectations and templates, so they must not hide one of those.
fn legal_name(file: &Arc<SourceFile>, name: &At<String>, problems: &mut Problems) {
    let legal = name.value.starts_with(|c: char| c.is_ascii_lowercase())
        && name.value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    let taken = FIXED_KEYS.iter().any(|(key, _)| *key == name.value)
        || super::super::reply::VARIABLES.contains(&name.value.replace('-', "_").as_str())
        || super::examples::is_expect_key(&name.value);
    if !legal || taken {
        malformed(
            file,
            name,
            "a label cannot have this name",
            "lower-case letters, digits, `-` and `_`, and none of the names that conditions, examples and replies use already",
            problems,
        );
    }
}

/// Terms of all labels, with the place each came from.
struct Collected<'w> {
    lists: &'w WordLists,
    terms: Vec<Term>,
    /// The patterns among them, with the lists of words put in.
    patterns: Vec<String>,
    /// Excepting patterns with the lists put in, where they stand, and label and value.
    except_patterns: Vec<(String, At<()>, (usize, usize))>,
    excepts: Vec<(At<String>, usize, usize)>,
    headers: Vec<String>,
}

fn word_label(
    file: &Arc<SourceFile>,
    label: &written::Label,
    index: usize,
    collected: &mut Collected<'_>,
    problems: &mut Problems,
) -> Label {
    let (mut values, mut places): (Vec<String>, Vec<Origin>) = (Vec::new(), Vec::new());
    let mut default = None;
    let mut seen = Seen::new("value");
    let beyond = label.values.get(super::MOST_RULES).map(|word| word.place.span.clone());
    at_most(file, "values of one label", super::MOST_RULES, beyond, problems);
    for word in label.values.iter().take(super::MOST_RULES) {
        let Some(name) = word.value.as_ref().filter(|name| seen.is_new(file, name, problems)) else {
            continue;
        };
        let value = values.len();
        values.push(name.value.clone());
        places.push(origin(name));
        collect(file, word, (index, value), collected, problems);
        let is_default = word.default.as_ref().is_some_and(|default| default.value);
        let has_words = !word.keywords.is_empty() || !word.patterns.is_empty();
        if is_default && default.is_some() {
            problems.push_with(|| {
                Diagnostic::error(
                    word.place.location(file),
                    format!("`{}` has two defaults", label.name.value),
                )
                .found(format!("\"{}\"", clip(&name.value)))
                .allowed("at most one value with `default = true`")
            });
        }
        if is_default {
            default = default.or(Some(value));
        } else if !has_words && !word.is_broken {
            problems.push_with(|| {
                Diagnostic::error(word.place.location(file), "nothing ever gives this value")
                    .found(format!("\"{}\" without keywords and patterns", clip(&name.value)))
                    .allowed("`keywords`, `patterns`, or `default = true`")
            });
        }
    }
    if values.is_empty() && label.is_list {
        problems.push_with(|| {
            Diagnostic::error(
                label.name.location(file),
                format!("the label `{}` has no values", clip(&label.name.value)),
            )
            .allowed(format!("[[label.{}]] with `value` and `keywords`", clip(&label.name.value)))
        });
    }
    Label {
        name: label.name.value.clone(),
        values,
        places,
        default,
        kind: LabelKind::Words,
        origin: origin(&label.name),
    }
}

fn collect(
    file: &Arc<SourceFile>,
    word: &written::Word,
    (label, value): (usize, usize),
    collected: &mut Collected<'_>,
    problems: &mut Problems,
) {
    let places = places(file, &word.places, collected, problems);
    let written =
        || word.keywords.iter().chain(&word.patterns).chain(&word.except).chain(&word.except_patterns);
    let room = MOST_WORDS - collected.terms.len() - collected.excepts.len() - collected.except_patterns.len();
    if let Some(beyond) = written().nth(room) {
        at_most(file, "keywords, patterns and exceptions", MOST_WORDS, Some(beyond.span.clone()), problems);
        return;
    }
    for (texts, kind) in [(&word.keywords, TermKind::Keyword), (&word.patterns, TermKind::Pattern)] {
        for text in texts {
            if kind == TermKind::Keyword
                && !text.value.trim().is_empty()
                && !text.value.chars().any(char::is_alphanumeric)
            {
                let allowed = "at least one letter or digit: marks alone stand everywhere";
                malformed(file, text, "this is no keyword", allowed, problems);
            }
            if kind == TermKind::Pattern {
                let whole = collected.lists.put_into(file, text, problems);
                collected.patterns.push(whole.into_owned());
            }
            collected.terms.push(Term {
                text: text.value.clone(),
                label,
                value,
                kind,
                places,
                origin: origin(text),
            });
        }
    }
    for text in &word.except_patterns {
        let whole = collected.lists.put_into(file, text, problems).into_owned();
        collected.except_patterns.push((whole, At::new((), text.span.clone()), (label, value)));
    }
    collected.excepts.extend(word.except.iter().map(|except| (except.clone(), label, value)));
}

fn places(
    file: &Arc<SourceFile>,
    written: &[At<String>],
    collected: &mut Collected<'_>,
    problems: &mut Problems,
) -> PlaceSet {
    if written.is_empty() {
        return PlaceSet::subject_and_body();
    }
    let mut places = PlaceSet::default();
    for place in written {
        match place.value.as_str() {
            "subject" => places.insert(Place::Subject),
            "body" => places.insert(Place::Body),
            "attachment-name" => places.insert(Place::AttachmentName),
            other => match header_index(other, &mut collected.headers) {
                Some(index) => places.insert(Place::Header(index)),
                None => problems.push_with(|| {
                    let allowed = "\"subject\", \"body\", \"attachment-name\", or at most 32 header fields such as \"header:X-Severity\"";
                    refusal(file, place, "words cannot be looked for there", allowed).hint_if(place_meant(other))
                }),
            },
        }
    }
    places
}

/// What is usually meant by a place that is none.
fn place_meant(place: &str) -> Option<String> {
    let field = place.strip_prefix("header:").unwrap_or(place).trim();
    let is_field = field.starts_with("X-") || (place.starts_with("header:") && !field.is_empty());
    if is_field && header_index(&format!("header:{field}"), &mut Vec::new()).is_some() {
        return Some(format!("did you mean \"header:{}\"?", clip(field)));
    }
    if place.starts_with("attachment") {
        return Some("did you mean \"attachment-name\"? What an attachment holds is not read".to_owned());
    }
    suggest(place, ["subject", "body"])
}

fn header_index(place: &str, headers: &mut Vec<String>) -> Option<usize> {
    let name = place.strip_prefix("header:")?.to_ascii_lowercase();
    // RFC 5322 section 2.2: printable ASCII except the colon.
    if name.is_empty() || name.len() > 80 || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
    {
        return None;
    }
    if let Some(index) = headers.iter().position(|known| *known == name) {
        return Some(index);
    }
    (headers.len() < PlaceSet::MOST_HEADERS).then(|| {
        headers.push(name);
        headers.len() - 1
    })
}

fn build(
    file: &Arc<SourceFile>,
    collected: Collected<'_>,
    urgency: Option<usize>,
    problems: &mut Problems,
) -> Option<WordsWithoutAsks> {
    let Collected { lists: _, terms, patterns: sources, except_patterns, excepts, headers } = collected;
    let places: Vec<At<()>> = terms.iter().map(|term| At::new((), term.origin.span.clone())).collect();
    let mut phrases: Vec<&str> = Vec::new();
    let mut phrase_places: Vec<At<()>> = Vec::new();
    let mut index_of: HashMap<&str, usize> = HashMap::new();
    let mut uses: Vec<Vec<Use>> = Vec::new();
    let mut add = |text, place: At<()>, used| {
        let index = *index_of.entry(text).or_insert_with(|| {
            phrases.push(text);
            phrase_places.push(place);
            uses.push(Vec::new());
            phrases.len() - 1
        });
        if let Some(uses) = uses.get_mut(index) {
            uses.push(used);
        }
    };
    for (index, (term, place)) in terms.iter().zip(&places).enumerate() {
        if term.kind == TermKind::Keyword {
            add(&term.text, place.clone(), Use::Keyword(index));
        }
    }
    for (text, label, value) in &excepts {
        add(&text.value, At::new((), text.span.clone()), Use::Except { label: *label, value: *value });
    }
    let lexicon = lexicon(file, &phrases, &phrase_places, problems);
    let of_kind = |kind| terms.iter().enumerate().filter(move |(_, term)| term.kind == kind);
    let pattern_terms: Vec<usize> = of_kind(TermKind::Pattern).map(|(index, _)| index).collect();
    let pattern_places: Vec<At<()>> =
        pattern_terms.iter().filter_map(|index| places.get(*index)).cloned().collect();
    let patterns = patterns(file, &sources, &pattern_places, problems);
    let except_sources: Vec<&str> = except_patterns.iter().map(|(source, _, _)| source.as_str()).collect();
    let except_places: Vec<At<()>> = except_patterns.iter().map(|(_, place, _)| place.clone()).collect();
    let excepting = self::patterns(file, &except_sources, &except_places, problems);
    let owners = except_patterns.iter().map(|(_, _, owner)| *owner).collect();
    let near_terms: Vec<usize> = of_kind(TermKind::Keyword)
        .filter(|(_, term)| Some(term.label) == urgency)
        .map(|(index, _)| index)
        .collect();
    let near: Vec<&str> =
        near_terms.iter().filter_map(|index| terms.get(*index)).map(|term| term.text.as_str()).collect();
    let near = NearMisses::build(&near);
    Some(WordsWithoutAsks {
        headers,
        lexicon: lexicon?,
        uses,
        patterns: patterns?,
        pattern_terms,
        except_patterns: ExceptPatterns { patterns: excepting?, owners },
        near,
        near_terms,
        terms,
    })
}

fn lexicon(
    file: &Arc<SourceFile>,
    phrases: &[&str],
    places: &[At<()>],
    problems: &mut Problems,
) -> Option<Lexicon> {
    match Lexicon::build(phrases) {
        Ok(lexicon) => return Some(lexicon),
        Err(error) if error.index().is_none() => {
            let place = Location::new(file, 0..0);
            problems.push_with(|| Diagnostic::error(place, format!("the keywords cannot be used: {error}")));
        }
        Err(_first) => {
            for (phrase, place) in phrases.iter().zip(places) {
                let Err(error) = Lexicon::check(phrase) else { continue };
                problems.push_with(|| {
                    Diagnostic::error(place.location(file), "this is no keyword")
                        .found(format!("\"{}\"", clip(phrase)))
                        .allowed("one or more words, at most 256 characters")
                        .hint(error.to_string())
                });
            }
        }
    }
    None
}

/// The patterns of all labels, and those of all asks. More do not fit the bound on what they take once compiled.
const MOST_PATTERNS: usize = 1_000;

/// Compiles patterns, noting each that cannot be.
pub(super) fn patterns(
    file: &Arc<SourceFile>,
    sources: &[impl AsRef<str>],
    places: &[At<()>],
    problems: &mut Problems,
) -> Option<Patterns> {
    let beyond = places.get(MOST_PATTERNS).map(|place| place.span.clone());
    at_most(file, "patterns", MOST_PATTERNS, beyond, problems);
    let sources = sources.get(..MOST_PATTERNS).unwrap_or(sources);
    for (source, place) in sources.iter().zip(places) {
        misread(file, source.as_ref(), place, problems);
    }
    let mut error = match Patterns::build(sources) {
        Ok(patterns) => return Some(patterns),
        Err(error) => error,
    };
    let mut first = 0;
    loop {
        let bad = first + error.index;
        let location =
            places.get(bad).map_or_else(|| Location::new(file, 0..0), |place| place.location(file));
        let hint = sources.get(bad).and_then(|source| pattern_hint(source.as_ref()));
        problems.push_with(|| {
            Diagnostic::error(location, "this pattern cannot be used")
                .found(error.message)
                .allowed(
                    "a linear-time regular expression of moderate size that matches at least one character",
                )
                .hint_if(hint)
        });
        // Sound alone, so it is the sum that is too large, and no pattern behind it can mend that.
        if sources.get(bad).is_none_or(|source| Patterns::build(&[source.as_ref()]).is_ok()) {
            return None;
        }
        // Those before are sound, so only those behind are tried again.
        first = bad + 1;
        match Patterns::build(sources.get(first..).unwrap_or_default()) {
            Err(next) if !problems.is_full() => error = next,
            Ok(_) | Err(_) => return None,
        }
    }
}

/// Notes a pattern that can be compiled and never means what its author wrote.
fn misread(file: &Arc<SourceFile>, source: &str, place: &At<()>, problems: &mut Problems) {
    // Line breaks and tabs lay out a long pattern; no text has any other control character after folding.
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if source.contains(is_odd) {
        problems.push_with(|| {
            Diagnostic::error(place.location(file), "this pattern holds a control character")
                .found("between double quotes `\\b` is a backspace, and no mail has one")
                .allowed("patterns between single quotes, such as '\\bapi\\b'")
        });
    }
    let slashes = source.strip_prefix('/').and_then(|rest| rest.rsplit_once('/'));
    if let Some((inner, flags)) = slashes
        && !inner.is_empty()
        && flags.bytes().all(|flag| b"gimsuxy".contains(&flag))
    {
        problems.push_with(|| {
            Diagnostic::error(place.location(file), "slashes around a pattern are part of it")
                .found(format!("`{}`", clip(source)))
                .allowed("the pattern alone; capitals never matter")
                .hint(format!("did you mean '{}'?", clip(inner)))
        });
    }
}

/// What is usually meant by a pattern that cannot be compiled.
fn pattern_hint(source: &str) -> Option<String> {
    let starts_with_star = source.starts_with('*') || source.contains("|*") || source.contains("(*");
    starts_with_star.then(|| {
        "`*` repeats what stands before it: `.*` is any text, and a pattern needs none around it".to_owned()
    })
}

/// Matrices after the labels they need; what is left over needs itself.
fn matrices(
    file: &Arc<SourceFile>,
    written: &[written::Matrix],
    labels: &mut Vec<Label>,
    seen: &mut Seen<'_>,
    problems: &mut Problems,
) {
    let mut waiting: Vec<&written::Matrix> = Vec::new();
    let beyond = written.get(MOST_LABELS).map(|matrix| matrix.place.span.clone());
    at_most(file, "matrices", MOST_LABELS, beyond, problems);
    for matrix in written.iter().take(MOST_LABELS) {
        if seen.is_new(file, &matrix.name, problems) {
            legal_name(file, &matrix.name, problems);
            waiting.push(matrix);
        }
    }
    let later: Vec<String> = waiting.iter().map(|matrix| matrix.name.value.clone()).collect();
    while !waiting.is_empty() {
        let ready = waiting.iter().position(|matrix| {
            [&matrix.rows, &matrix.columns].into_iter().flatten().all(|name| {
                // An unknown name is ready too: compiling it will say what is wrong.
                labels.iter().any(|label| label.name == name.value) || !later.contains(&name.value)
            })
        });
        let Some(index) = ready else {
            for matrix in waiting {
                problems.push_with(|| {
                    Diagnostic::error(matrix.name.location(file), "this matrix needs itself")
                        .found(format!("`{}` in a circle of matrices", clip(&matrix.name.value)))
                        .allowed("rows and columns that are labels, or matrices that do not need this one")
                });
            }
            return;
        };
        let matrix = waiting.remove(index);
        if let Some(label) = self::matrix(file, matrix, labels, problems) {
            labels.push(label);
        }
    }
}

fn matrix(
    file: &Arc<SourceFile>,
    matrix: &written::Matrix,
    labels: &[Label],
    problems: &mut Problems,
) -> Option<Label> {
    let names = || labels.iter().map(|label| label.name.as_str());
    let rows = find(file, matrix.rows.as_ref()?, "label", names(), problems)?;
    let columns = find(file, matrix.columns.as_ref()?, "label", names(), problems)?;
    let (row_label, column_label) = (labels.get(rows)?, labels.get(columns)?);
    if let Some(twice) = matrix.columns.as_ref().filter(|_| rows == columns) {
        malformed(file, twice, "rows and columns are the same label", "two different labels", problems);
    }
    if row_label.values.len() * column_label.values.len() > MOST_CELLS {
        at_most(file, "cells in one matrix", MOST_CELLS, Some(matrix.place.span.clone()), problems);
        return None;
    }
    let (row_of, column_of) = (indices(&row_label.values), indices(&column_label.values));
    let mut values: Vec<String> = Vec::new();
    let mut value_of: HashMap<&str, usize> = HashMap::new();
    let mut cells = vec![vec![None; column_label.values.len()]; row_label.values.len()];
    for (row_name, columns) in &matrix.cells {
        let row = row_of.get(row_name.value.as_str()).copied().or_else(|| {
            let known = row_label.values.iter().map(String::as_str);
            find(file, row_name, "value of the rows", known, problems)
        });
        for (column_name, cell) in columns {
            let column = column_of.get(column_name.value.as_str()).copied().or_else(|| {
                let known = column_label.values.iter().map(String::as_str);
                find(file, column_name, "value of the columns", known, problems)
            });
            let value = *value_of.entry(&cell.value).or_insert_with(|| {
                values.push(cell.value.clone());
                values.len() - 1
            });
            let target = row.and_then(|row| cells.get_mut(row)).zip(column);
            if let Some(place) = target.and_then(|(row, column)| row.get_mut(column)) {
                *place = Some(value);
            }
        }
    }
    let missing = missing_cells(row_label, column_label, &cells);
    if !missing.is_empty() && !matrix.is_broken {
        problems.push_with(|| {
            Diagnostic::error(matrix.name.location(file), "this matrix has no value for some combinations")
                .found(format!("nothing for {}", crate::base::document::list(&missing)))
                .allowed("a cell for each value of the rows and each of the columns")
        });
    }
    let cells =
        cells.into_iter().map(|row| row.into_iter().map(|cell| cell.unwrap_or(0)).collect()).collect();
    Some(Label {
        name: matrix.name.value.clone(),
        places: values.iter().map(|_| origin(&matrix.place)).collect(),
        values,
        default: None,
        kind: LabelKind::Matrix { rows, columns, cells },
        origin: origin(&matrix.place),
    })
}

/// The place of each name.
fn indices(names: &[String]) -> HashMap<&str, usize> {
    names.iter().enumerate().map(|(index, name)| (name.as_str(), index)).collect()
}

/// The combinations of rows and columns that have no cell.
fn missing_cells(rows: &Label, columns: &Label, cells: &[Vec<Option<usize>>]) -> Vec<String> {
    let mut missing = Vec::new();
    for (row, row_cells) in rows.values.iter().zip(cells) {
        for (column, cell) in columns.values.iter().zip(row_cells) {
            if cell.is_none() {
                missing.push(format!("cells.{row}.{column}"));
            }
        }
    }
    missing
}
