//! What a template says and surely does not mean: names in single braces, a second subject, and comparisons that are never
//! true. All of it is legal text, so that rendering would not show it.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::super::super::condition::{CLOSED_FOR, CONVERSATIONS, HOURS};
use super::super::Vocabulary;
use super::variable;
use crate::base::diagnostic::{Diagnostic, Location, Severity, SourceFile, suggest};
use crate::base::document::{Problems, clip, list};

/// Notes what a file of any kind can have; `known` are the variables that there are.
pub(super) fn note(
    source: &Arc<SourceFile>,
    known: &[String],
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) {
    let text = source.text.as_str();
    let tags = tags(text);
    single_braces(source, &tags, known, problems);
    for tag in tags {
        comparisons(source, &tag, vocabulary, problems);
    }
}

/// Everything between `{{`, `{%` or `{#` and what closes it.
fn tags(text: &str) -> Vec<Range<usize>> {
    let mut tags = Vec::new();
    let mut from = 0;
    loop {
        let rest = text.get(from..).unwrap_or_default();
        let opening = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")]
            .into_iter()
            .filter_map(|(open, close)| rest.find(open).map(|at| (at, close)))
            .min_by_key(|(at, _)| *at);
        let Some((at, close)) = opening else { return tags };
        let inside = rest.get(at + 2..).unwrap_or_default();
        let length = inside.find(close).map_or(inside.len() + 2, |end| end + 4);
        tags.push(from + at..from + at + length);
        from += at + length;
    }
}

/// `{reference}`, as other programs have it.
fn single_braces(source: &Arc<SourceFile>, tags: &[Range<usize>], known: &[String], problems: &mut Problems) {
    static BRACES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{[ \t]*(\w+)[ \t]*\}").ok());
    let Some(braces) = BRACES.as_ref() else { return };
    let starts = std::iter::once(0).chain(tags.iter().map(|tag| tag.end));
    let ends = tags.iter().map(|tag| tag.start).chain([source.text.len()]);
    for (start, end) in starts.zip(ends) {
        for found in braces.captures_iter(source.text.get(start..end).unwrap_or_default()) {
            let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { continue };
            if !known.iter().any(|known| known == name.as_str()) {
                continue;
            }
            problems.push_with(|| {
                let place = Location::new(source, start + whole.start()..start + whole.end());
                Diagnostic::error(place, "this variable would be sent as it stands here")
                    .found(format!("`{}`", whole.as_str()))
                    .allowed(format!("two braces: `{{{{ {} }}}}`", name.as_str()))
            });
        }
    }
}

/// A line like the first one right below it: all after the first is text.
pub(super) fn second_subject(source: &Arc<SourceFile>, problems: &mut Problems) {
    let text = source.text.as_str();
    let mut at = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let is_subject = line.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("subject:"));
        if number > 0 && is_subject {
            problems.push_with(|| {
                let place = Location::new(source, at..at + line.trim_end().len());
                Diagnostic::error(place, "this reply has two subjects, and the second would be sent as text")
                    .found(format!("`{}`", clip(line.trim_end())))
                    .allowed("one `Subject: …`, the first line; `{% if … %}` can choose between its words")
            });
        }
        if number > 0 && !line.trim().is_empty() {
            return;
        }
        at += line.len();
    }
}

/// `hours == "Open"`: text that the variable never is.
fn comparisons(
    source: &Arc<SourceFile>,
    tag: &Range<usize>,
    vocabulary: &Vocabulary<'_>,
    problems: &mut Problems,
) {
    static COMPARED: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"(?:^|[^\w.])(\w+)\s*[=!]=\s*(?:"([^"\\]*)"|'([^'\\]*)')"#).ok());
    let Some(compared) = COMPARED.as_ref() else { return };
    for found in compared.captures_iter(source.text.get(tag.clone()).unwrap_or_default()) {
        let (Some(name), Some(value)) = (found.get(1), found.get(2).or(found.get(3))) else { continue };
        let Some(values) = values(name.as_str(), vocabulary) else { continue };
        if values.contains(&value.as_str()) || is_bound(&source.text, name.as_str()) {
            continue;
        }
        problems.push_with(|| {
            let place = Location::new(source, tag.start + value.start()..tag.start + value.end());
            let message = format!("`{}` is never this", name.as_str());
            let never = Diagnostic::error(place, message)
                .found(format!("\"{}\"", clip(value.as_str())))
                .allowed(list(&values))
                .hint_if(suggest(value.as_str(), values.iter().copied()));
            Diagnostic { severity: Severity::Warning, ..never }
        });
    }
}

/// What a variable can be; `None` when that is not known beforehand.
fn values<'v>(name: &str, vocabulary: &Vocabulary<'v>) -> Option<Vec<&'v str>> {
    match name {
        "hours" => Some(HOURS.to_vec()),
        "closed_for" => Some(CLOSED_FOR.to_vec()),
        "conversation" => Some(CONVERSATIONS.to_vec()),
        "desk" => Some(vocabulary.desks.iter().map(String::as_str).collect()),
        _ => {
            let label = vocabulary.labels.iter().find(|label| variable(&label.name) == name)?;
            Some(label.values.iter().map(String::as_str).collect())
        }
    }
}

/// Whether a loop of the template gives the name another meaning.
fn is_bound(text: &str, name: &str) -> bool {
    let mut words = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty());
    let mut is_bound = false;
    while let Some(word) = words.next() {
        is_bound |= word == "for" && words.clone().next() == Some(name);
    }
    is_bound
}
