//! Whether every form of a reply promises the same: its HTML alternative, of which people see one or the other, and its
//! languages.
//!
//! Compared are the variables that the templates use, not what they say.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::super::Replies;
use crate::base::diagnostic::{Diagnostic, Location, Severity, SourceFile};
use crate::base::document::Problems;

/// Variables that tell people what they can count on, so that they belong into every form of a reply.
const PROMISES: [&str; 6] =
    ["opens_at", "next_business_day", "respond_by", "target", "asked_for", "reference"];

/// Warns of each form that promises something else than the other, or less.
pub(super) fn compare(
    replies: &Replies,
    sources: &[Arc<SourceFile>],
    is_sound: impl Fn(usize) -> bool,
    problems: &mut Problems,
) {
    for source in sources {
        let Some(index) = replies.by_file(&source.name).filter(|index| is_sound(*index)) else { continue };
        let text = replies.file(index).unwrap_or_default();
        let Some(in_html) = replies.variables_of_html(index).filter(|_| source.name != text) else {
            continue;
        };
        warn_of_difference(source, (&in_html, &replies.variables_of_text(index)), text, problems);
    }
    let pairs = replies.variants_and_bases().into_iter();
    for (variant, base) in pairs.filter(|(variant, base)| is_sound(*variant) && is_sound(*base)) {
        let Some(source) = sources.iter().find(|source| Some(source.name.as_str()) == replies.file(variant))
        else {
            continue;
        };
        let base_file = replies.file(base).unwrap_or_default();
        let (own, of_base) = (replies.variables_of(variant), replies.variables_of(base));
        warn_of_difference(source, (&own, &of_base), base_file, problems);
    }
}

fn warn_of_difference(
    source: &Arc<SourceFile>,
    (own, others): (&BTreeSet<String>, &BTreeSet<String>),
    other_file: &str,
    problems: &mut Problems,
) {
    let differing = PROMISES.iter().filter(|name| own.contains(**name) != others.contains(**name));
    let found: Vec<String> = differing
        .map(|name| {
            if own.contains(*name) {
                format!("`{name}` only here")
            } else {
                format!("`{name}` only in {other_file}")
            }
        })
        .collect();
    if !found.is_empty() {
        let first_line = Location::new(source, source.line_span(1));
        let message = format!("this reply does not promise the same as {other_file}");
        let warning = Diagnostic::error(first_line, message).found(found.join(", "));
        problems.push(Diagnostic { severity: Severity::Warning, ..warning });
    }
}
