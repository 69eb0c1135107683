//! A mistake somebody made in a file, as data: where, what was found, what is allowed, what to do.
//!
//! No text of it carries control characters or line breaks, whatever the file holds. Rendering to text is `compose::diagnostics`' work; nothing here prints. Offsets are bytes into the text of the
//! file, half-open, and always on character boundaries of it.

use std::ops::Range;
use std::sync::Arc;

use super::text::clean;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but probably does not say what its author meant.
    Warning,
}

/// A text file as it was read: its name as the user would type it, and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path relative to the folder it belongs to, with `/` between parts.
    pub name: String,
    /// The whole text; files that are not UTF-8 never get this far.
    pub text: String,
    /// Where each line begins; the first is 0.
    line_starts: Vec<usize>,
}

impl SourceFile {
    /// A shared file of that name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.bytes().zip(1..).filter(|(byte, _)| *byte == b'\n').map(|(_, next)| next));
        let line_starts = line_starts.collect();
        Arc::new(SourceFile { name: name.into(), text, line_starts })
    }

    /// The 1-based line and column (in characters) of a byte offset; an offset past the end counts as the end.
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let start = self.line_starts.get(line - 1).copied().unwrap_or(0);
        let column =
            self.text.get(start..offset.min(self.text.len())).map_or(0, |before| before.chars().count());
        (line, column + 1)
    }

    /// The bytes of a 1-based line, without its end; empty at the end of the file for a line that is not there.
    pub fn line_span(&self, line: usize) -> Range<usize> {
        let end = self.text.len();
        let start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(end);
        let next = self.line_starts.get(line).copied().unwrap_or(end);
        let content = self.text.get(start..next).unwrap_or("");
        start..start + content.trim_end_matches(['\r', '\n']).len()
    }

    /// The 1-based line of a byte offset.
    pub fn line(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).max(1)
    }
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub file: Arc<SourceFile>,
    /// The bytes meant, half-open.
    pub span: Range<usize>,
}

impl Location {
    /// A place in a file; one that begins or ends inside a character has the whole of it, since libraries count their
    /// own way and whoever shows the place cuts the text there.
    pub fn new(file: &Arc<SourceFile>, span: Range<usize>) -> Self {
        let start = file.text.floor_char_boundary(span.start);
        let end = file.text.ceil_char_boundary(span.end.max(start));
        Location { file: Arc::clone(file), span: start..end }
    }
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The stable code of a lint, `ND0nn`; plain mistakes have none. What the codes are stands in `policy::Lint`.
    pub code: Option<&'static str>,
    /// One sentence that can be read alone.
    pub message: String,
    /// Where; `None` only when the file itself is missing or unreadable (then `message` names it).
    pub location: Option<Location>,
    /// What stands there.
    pub found: Option<String>,
    /// What may stand there.
    pub allowed: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
    /// What more there is to know, one line each.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(location: Location, message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            code: None,
            message: clean(&message.into()).into_owned(),
            location: Some(location),
            found: None,
            allowed: None,
            hint: None,
            notes: Vec::new(),
        }
    }

    /// An error about something that has no place in a file, such as a missing file.
    pub fn without_place(message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            code: None,
            message: clean(&message.into()).into_owned(),
            location: None,
            found: None,
            allowed: None,
            hint: None,
            notes: Vec::new(),
        }
    }

    /// Gives it the code of a lint.
    #[must_use]
    pub fn coded(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    /// Makes it a warning.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Says one thing more.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(clean(&note.into()).into_owned());
        self
    }

    /// Says what stands there.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(clean(&found.into()).into_owned());
        self
    }

    /// Says what may stand there.
    #[must_use]
    pub fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(clean(&allowed.into()).into_owned());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(clean(&hint.into()).into_owned());
        self
    }

    /// Says what to do, where there is something to say.
    #[must_use]
    pub fn hint_if(self, hint: Option<String>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }
}

/// `did you mean "…"?` for the known name nearest to a wrong one, when one is near enough to be a slip. Only the first
/// thousand names are looked at, and nothing is suggested for more than a few words: comparing takes the product of
/// both lengths.
pub fn suggest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const NAMES: usize = 1_000;
    const BYTES: usize = 64;
    if wrong.len() > BYTES {
        return None;
    }
    let wrong_folded = wrong.to_lowercase();
    known
        .into_iter()
        .take(NAMES)
        .filter(|name| name.len().abs_diff(wrong.len()) <= 8)
        .map(|name| (strsim::damerau_levenshtein(&wrong_folded, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_and_column_count_characters_from_one() {
        let file = SourceFile::new("a", "né = 1\nb = 2\n");
        assert_eq!(file.line_column(0), (1, 1));
        assert_eq!(file.line_column(4), (1, 4));
        assert_eq!(file.line_column(8), (2, 1));
        assert_eq!(file.line_column(999), (3, 1));
    }

    #[test]
    fn a_place_never_cuts_a_character() {
        let file = SourceFile::new("a", "x = \u{201c}y\u{201d}");
        assert_eq!(Location::new(&file, 5..6).span, 4..7);
        assert_eq!(Location::new(&file, 9..99).span, 8..11);
        assert_eq!(Location::new(&file, 50..99).span, 11..11);
    }

    #[test]
    fn what_a_file_holds_cannot_steer_a_terminal() {
        let diagnostic =
            Diagnostic::without_place("a\u{1b}[2J").found("\u{202e}b").allowed("c\nd").hint("e\u{7}");
        let texts = [Some(diagnostic.message), diagnostic.found, diagnostic.allowed, diagnostic.hint];
        assert_eq!(texts.map(Option::unwrap_or_default), ["a [2J", "b", "c d", "e "]);
    }

    #[test]
    fn a_slip_is_suggested_and_a_different_word_is_not() {
        assert_eq!(suggest("time_zoen", ["time_zone", "name"]).as_deref(), Some("did you mean `time_zone`?"));
        assert_eq!(suggest("colour", ["time_zone", "name"]), None);
    }
}
