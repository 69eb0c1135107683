//! Text under construction: white space collapses, and boundaries are written only between words.

use super::text::BLOCK;

/// What separates a word from the one before, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Boundary {
    #[default]
    None,
    Blank,
    Cell,
    Line,
    Block,
    BlankLine,
}

/// A run of text and the boundary that the next word will follow.
#[derive(Debug, Default)]
pub(super) struct Flow {
    out: String,
    pending: Boundary,
}

impl Flow {
    /// Room for so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Flow {
        Flow { out: String::with_capacity(bytes), pending: Boundary::None }
    }

    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    pub(super) fn blank(&mut self) {
        self.at_least(Boundary::Blank);
    }

    /// What stands above the line is a note to the word before, or part of a number such as 3rd.
    pub(super) fn raised(&mut self) {
        if !self.out.ends_with(|c: char| c.is_ascii_digit()) {
            self.blank();
        }
    }

    pub(super) fn cell(&mut self) {
        self.at_least(Boundary::Cell);
    }

    pub(super) fn block(&mut self) {
        self.at_least(Boundary::Block);
    }

    pub(super) fn paragraph(&mut self) {
        self.at_least(Boundary::BlankLine);
    }

    /// A second break makes a blank line, and so does one that stands alone in its block.
    pub(super) fn line_break(&mut self) {
        self.pending = if self.pending < Boundary::Line { Boundary::Line } else { Boundary::BlankLine };
    }

    fn at_least(&mut self, boundary: Boundary) {
        self.pending = self.pending.max(boundary);
    }

    /// Adds text; `at_word` is told where each word begins.
    pub(super) fn text(&mut self, text: &str, preserve: bool, mut at_word: impl FnMut(usize)) {
        if !preserve && is_tidy(text) {
            if text.starts_with(' ') {
                self.blank();
            }
            self.word(text.trim_matches(' '), &mut at_word);
            if text.ends_with(' ') {
                self.blank();
            }
            return;
        }
        let mut rest = text;
        while let Some(at) = rest.find(is_space) {
            let (word, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
            self.word(word, &mut at_word);
            let mut chars = tail.chars();
            match chars.next() {
                Some('\n') if preserve => self.line_break(),
                Some(' ') if preserve && self.at_line() => self.out.push(' '),
                _ => self.blank(),
            }
            rest = chars.as_str();
        }
        self.word(rest, &mut at_word);
    }

    fn word(&mut self, word: &str, at_word: &mut impl FnMut(usize)) {
        if word.is_empty() {
            return;
        }
        self.settle();
        at_word(self.out.len());
        if word.contains(is_dropped) {
            self.out.extend(word.chars().filter(|c| !is_dropped(*c)));
        } else {
            self.out.push_str(word);
        }
    }

    /// In preformatted text: whether blanks are written as they come.
    fn at_line(&mut self) -> bool {
        if self.pending > Boundary::Blank {
            self.settle();
        }
        !self.out.is_empty()
    }

    /// Writes the strongest boundary seen since the last word.
    fn settle(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        if self.out.is_empty() {
            return;
        }
        match pending {
            Boundary::None => {}
            Boundary::Blank => self.out.push(' '),
            Boundary::Cell => self.out.push('\t'),
            Boundary::Line => self.out.push('\n'),
            Boundary::Block => self.out.push(BLOCK),
            Boundary::BlankLine => self.out.push_str("\n\n"),
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// Whether nothing in `text` must be collapsed or dropped, but for one blank at either end.
fn is_tidy(text: &str) -> bool {
    // Without an early exit the compiler looks at many bytes at once.
    let bytes = text.as_bytes();
    let odd = bytes.iter().fold(0, |odd, &b| odd | u8::from(b < b' ' || b == 0x7f));
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    odd == 0
        && pairs.fold(0, |two, (&a, &b)| two | u8::from(a == b' ' && b == b' ')) == 0
        && !text.contains('\u{2028}')
        && !text.contains(BLOCK)
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\t' | '\r' | '\u{c}' | '\u{2028}' | BLOCK)
}

fn is_dropped(c: char) -> bool {
    c < ' ' || c == '\u{7f}'
}
