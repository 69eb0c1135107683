//! Patterns in which `*` stands for any characters, none included.
//!
//! Not here: classes, single-character wildcards, escapes. Time is linear in the text for each star, and nothing is kept
//! of the text. Both sides are compared as they are: who wants no case hands in lower case.

/// A pattern in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Takes a pattern as written.
    pub fn new(pattern: &str) -> Self {
        Glob(pattern.to_lowercase())
    }

    /// Whether a whole text in lower case matches.
    pub fn matches(&self, text: &str) -> bool {
        matches(&self.0, text)
    }
}

/// Whether the whole of `text` matches `pattern`.
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(first) else { return false };
    let (between, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in between.split('*') {
        // The first place leaves the most for the pieces after it.
        let Some((_, after)) = text.split_once(piece) else { return false };
        text = after;
    }
    text.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_characters_and_the_rest_for_itself() {
        for (pattern, text) in [
            ("a", "a"),
            ("", ""),
            ("*", ""),
            ("*", "x y"),
            ("a*", "a"),
            ("*a", "ba"),
            ("a*b*c", "aXbYbZc"),
            ("**", "é"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("a", "ab"), ("", "a"), ("a*a", "a"), ("a*b", "abc"), ("*b*b", "ab"), ("a*", "ba")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
        assert!(Glob::new("Robot *").matches("robot nr. 5"));
    }
}
