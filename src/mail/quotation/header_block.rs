//! Copied header blocks: From, Sent, To and Subject of the mail before, with or without a rule above.

use super::super::phrases::quoting::{LABEL_BYTES, LABELS, Role};
use super::super::subject::Purpose;
use super::attribution::is_dated;
use super::{Divider, HEADER_LINES, Line, is_decoration};

/// Shortest rule that mail programs draw above a header block.
const RULE_BYTES: usize = 4;
/// Longest label, in bytes.
const LABEL: usize = 48;
/// Words of a line that names a writer or a time.
const SHORT_WORDS: usize = 8;

impl Divider<'_> {
    /// Whether a copied header block begins here: labels for sender, date, and recipient or subject.
    pub(super) fn is_header_block(&self, at: usize) -> bool {
        if self.lines.get(at).is_none_or(|l| role(l.text).is_none()) {
            return false;
        }
        let roles: Vec<Role> = self.words_from(at).take(HEADER_LINES).filter_map(|l| role(l.text)).collect();
        roles.contains(&Role::From)
            && roles.contains(&Role::Sent)
            && (roles.contains(&Role::To) || roles.contains(&Role::Subject))
            && self.words_from(at + 1).take(2).any(|l| role(l.text).is_some())
    }

    /// Whether a copied header block begins here where the markup says that one may: with its label for the sender, a label
    /// or two more are enough.
    pub(super) fn is_marked_header(&self, at: usize) -> bool {
        let roles = || self.words_from(at).take(HEADER_LINES).filter_map(|l| role(l.text));
        self.lines.get(at).is_some_and(|l| role(l.text).is_some())
            && self.words_from(at + 1).take(2).any(|l| role(l.text).is_some())
            && roles().any(|role| role == Role::From)
            && roles().any(|role| role != Role::From)
    }

    /// Whether a rule such as `_____` stands right above a copied header block.
    pub(super) fn is_rule_above_header(&self, at: usize, line: Line<'_>) -> bool {
        self.purpose != Purpose::New
            && line.text.len() >= RULE_BYTES
            && line.text.bytes().all(|b| matches!(b, b'_' | b'-' | b'=' | b'*'))
            && self
                .lines
                .iter()
                .skip(at + 1)
                .position(|l| !l.text.is_empty())
                .is_some_and(|next| self.is_header_block(at + 1 + next))
    }

    /// Whether a header block of Lotus Notes begins here: a name, a date, and labels that stand alone on their lines.
    pub(super) fn is_notes_block(&self, at: usize) -> bool {
        let short = |text: &str| text.split_whitespace().take(SHORT_WORDS + 1).count() <= SHORT_WORDS;
        let mut lines = self.words_from(at).map(|l| l.text);
        let (Some(name), Some(date)) = (lines.next(), lines.next()) else { return false };
        if !date.starts_with(|c: char| c.is_ascii_digit()) || !short(date) || !is_dated(date) {
            return false;
        }
        let alone: Vec<Role> = lines.take(HEADER_LINES).filter_map(role_of).collect();
        let named = name.starts_with(char::is_alphabetic) && short(name);
        named && alone.contains(&Role::To) && alone.contains(&Role::Subject)
    }
}

/// What the label of a line in a copied header block says.
pub(super) fn role(text: &str) -> Option<Role> {
    let text = text.trim_start_matches(|c: char| is_decoration(c) || matches!(c, ' ' | '|'));
    if !LABEL_BYTES.fit(text) {
        return None;
    }
    // The second byte begins the wide colon of Chinese and Japanese.
    let start = text.as_bytes();
    let colon = start.get(..LABEL).unwrap_or(start).iter().position(|&b| b == b':' || b == 0xef)?;
    role_of(text.get(..colon)?)
}

fn role_of(label: &str) -> Option<Role> {
    let label = label.trim_matches(|c: char| is_decoration(c) || c.is_whitespace());
    if label.is_empty() || label.len() > LABEL || !LABEL_BYTES.fit(label) {
        return None;
    }
    let label = label.to_lowercase();
    LABELS.iter().find(|(known, _)| *known == label).map(|(_, role)| *role)
}
