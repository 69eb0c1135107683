//! Mistakes as text: `file:line:col`, the source line, a caret, what was found, what is allowed, what to do.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Renderer, Snippet};

use crate::base::diagnostic::{Diagnostic, Location, Severity};

/// How many bytes of a source line are shown after the place of the mistake.
const SHOWN_AFTER: usize = 200;
/// How many before it. The renderer shortens what a terminal cannot show; only beyond this is the column wrong.
const SHOWN_BEFORE: usize = 64 * 1024;

/// Renders one mistake, without colours.
pub fn diagnostic(diagnostic: &Diagnostic) -> String {
    trimmed(&one(diagnostic, &Renderer::plain()))
}

/// Renders mistakes one after the other, with ANSI colours when asked to, and says how many were left out.
pub fn diagnostics(list: &[Diagnostic], left_out: usize, colours: Colours) -> String {
    let renderer = match colours {
        Colours::Ansi => Renderer::styled(),
        Colours::Plain => Renderer::plain(),
    };
    let mut paragraphs: Vec<String> = list.iter().map(|diagnostic| one(diagnostic, &renderer)).collect();
    if left_out > 0 {
        paragraphs.push(format!("… and {left_out} more"));
    }
    paragraphs.push(summary(list, left_out));
    trimmed(&paragraphs.join("\n\n"))
}

/// The renderer pads a caret that stands behind the end of its line.
fn trimmed(text: &str) -> String {
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

/// Whether text is for a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// With escape sequences.
    Ansi,
    /// Without.
    Plain,
}

fn summary(list: &[Diagnostic], left_out: usize) -> String {
    let count = |severity| list.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    // Warnings give way to mistakes, so what was left out beside no mistake is warnings.
    let (errors, warnings) = match (count(Severity::Error), count(Severity::Warning)) {
        (0, warnings) => (0, warnings + left_out),
        (errors, warnings) => (errors + left_out, warnings),
    };
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    match (errors, warnings) {
        (0, 0) => "no mistakes".to_owned(),
        (0, _) => format!("{warnings} warning{}", plural(warnings)),
        (_, 0) => format!("{errors} mistake{}", plural(errors)),
        (_, _) => format!("{errors} mistake{}, {warnings} warning{}", plural(errors), plural(warnings)),
    }
}

fn one(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut title = level.primary_title(diagnostic.message.as_str());
    if let Some(code) = diagnostic.code {
        title = title.id(code);
    }
    let mut group = Group::with_title(title);
    if let Some(location) = &diagnostic.location {
        let (source, line, span) = excerpt(location);
        let snippet = Snippet::source(source)
            .path(location.file.name.as_str())
            .line_start(line)
            .annotation(AnnotationKind::Primary.span(span));
        group = group.element(snippet);
    }
    let notes = [("found", &diagnostic.found), ("allowed", &diagnostic.allowed)];
    let notes = notes.into_iter().filter_map(|(name, text)| Some((name, text.as_ref()?)));
    let more = diagnostic.notes.iter().map(|note| ("note", note));
    let hint = diagnostic.hint.iter().map(|hint| ("hint", hint));
    for (name, text) in notes.chain(more).chain(hint) {
        let message: Element<'_> = Level::NOTE.with_name(name).message(text.as_str()).into();
        group = group.element(message);
    }
    renderer.render(&[group])
}

/// The line that a mistake begins on, cut to what a reader needs, its number, and the mistake's bytes in it.
fn excerpt(location: &Location) -> (String, usize, Range<usize>) {
    let text = location.file.text.as_str();
    let start = location.span.start.min(text.len());
    let line_start = text.get(..start).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let line_end = text.get(start..).and_then(|after| after.find('\n')).map_or(text.len(), |end| start + end);
    let from = boundary(text, line_start.max(start.saturating_sub(SHOWN_BEFORE)));
    let to = boundary(text, line_end.min(start + SHOWN_AFTER));
    let mistake_end = location.span.end.clamp(start, to.max(start));
    // A tab or a carriage return would move the caret, and C1 controls would move the terminal; replaced by blanks
    // of the same length in bytes, so that offsets stay right.
    let blank = |c: char| match c {
        c if c.is_ascii_control() => ' ',
        c if c.is_control() => '\u{a0}',
        c => c,
    };
    let shown: String = text.get(from..to).unwrap_or("").chars().map(blank).collect();
    let cut = |offset: usize| offset.saturating_sub(from).min(shown.len());
    let span = cut(start)..cut(mistake_end);
    (shown, location.file.line(start), span)
}

fn boundary(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}
