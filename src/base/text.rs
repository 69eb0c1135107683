//! Text of strangers made fit for one line of a terminal, a log or a subject.
//!
//! Not here: what the text means. Nothing is shortened, and what is left keeps its order.

use std::borrow::Cow;

/// The text without what moves a cursor or turns the order of reading: control characters and line breaks of every
/// kind become blanks, controls of direction go, and so do byte order marks, which readers drop at the beginning of
/// whatever they decode.
pub fn clean(text: &str) -> Cow<'_, str> {
    let goes = |c: char| is_direction(c) || c == '\u{feff}';
    if !text.contains(|c: char| breaks_line(c) || goes(c)) {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().filter(|c| !goes(*c));
    Cow::Owned(kept.map(|c| if breaks_line(c) { ' ' } else { c }).collect())
}

/// [`clean`], with each run of white space as one blank and none at the ends.
pub fn one_line(text: &str) -> String {
    clean(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// C0 and C1 controls, and the separators of lines and paragraphs.
fn breaks_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The property `Bidi_Control` of the Unicode Character Database.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_a_cursor_or_turns_the_text_is_left() {
        assert_eq!(clean("a\u{1b}[2Jb\u{9b}c\r\n\u{2028}\u{202e}d\u{2066}\u{200f}\u{61c}é"), "a [2Jb c   dé");
        assert_eq!(one_line(" a\u{202e}\n\n b\u{2029}c \u{feff}"), "a b c");
        assert!(matches!(clean("plain — text"), Cow::Borrowed(_)));
    }
}
