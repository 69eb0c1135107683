//! How mail programs introduce what they quote, forward and sign, by language: data only.
//!
//! A further language is further rows. [`quoting`] has what stands above the words of others, [`signing`] what stands
//! below one's own, [`forwarding`] what people say who only hand a mail on.

pub(super) mod forwarding;
pub(super) mod quoting;
pub(super) mod signing;

/// The bytes that some beginnings begin with. Most lines begin with another, and are known by that not to be any of them.
#[derive(Debug)]
pub(super) struct FirstBytes([bool; 256]);

impl FirstBytes {
    const fn of(beginnings: &[&str]) -> FirstBytes {
        FirstBytes([false; 256]).and(beginnings)
    }

    #[expect(clippy::indexing_slicing, reason = "at compile time, where a wrong index does not compile")]
    const fn and(mut self, mut beginnings: &[&str]) -> FirstBytes {
        while let [beginning, rest @ ..] = beginnings {
            if let [first, ..] = beginning.as_bytes() {
                self.0[*first as usize] = true;
            }
            beginnings = rest;
        }
        self
    }

    /// Whether a text may begin with one of the beginnings.
    pub(super) fn fit(&self, text: &str) -> bool {
        text.bytes().next().is_some_and(|first| self.0.get(usize::from(first)).copied().unwrap_or(true))
    }
}

/// Whether a text begins with one of some beginnings.
pub(super) fn begins_with_any(text: &str, beginnings: &[&str]) -> bool {
    let first = text.bytes().next();
    beginnings.iter().any(|b| b.bytes().next() == first && text.starts_with(b))
}

/// Whether a text has a phrase in it as words of their own. Scripts that write without blanks have no such ends of words.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let (first, last) = (word.chars().next(), word.chars().next_back());
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|t| t.chars().next_back());
        let after = text.get(at + word.len()..).and_then(|t| t.chars().next());
        let runs_on = |edge: Option<char>, next: Option<char>| {
            edge.is_some_and(is_joined) && next.is_some_and(is_joined)
        };
        !runs_on(first, before) && !runs_on(last, after)
    })
}

/// Whether a character is part of a longer word when it stands beside another.
fn is_joined(c: char) -> bool {
    c.is_alphanumeric() && c < UNSPACED
}

/// The first character of the scripts of China, Japan and Korea (CJK Radicals Supplement), which need no blanks.
pub(super) const UNSPACED: char = '\u{2e80}';
