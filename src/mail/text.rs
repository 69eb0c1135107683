//! The readable text of a mail and what each stretch of it is.
//!
//! `\n` ends a line, `\n\n` is a blank line, U+2029 stands between blocks of HTML and `\t` between table cells; no other
//! control character is ever in a text. The regions of a [`Text`] are sorted, touch each other and cover all of it.

use std::borrow::Cow;

use memchr::memchr;

/// What separates two blocks of HTML; a line splitter takes it for a line end.
pub const BLOCK: char = '\u{2029}';

/// Decoded text, divided into regions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// The text of all parts, one after the other.
    pub text: String,
    /// Sorted, contiguous, covering the whole text; they begin and end at line boundaries.
    pub regions: Vec<Region>,
}

impl Text {
    /// The text of a region.
    pub fn slice(&self, region: &Region) -> &str {
        self.text.get(region.start..region.end).unwrap_or_default()
    }

    /// The region that a byte lies in.
    pub fn region_at(&self, offset: usize) -> Option<&Region> {
        let index = self.regions.partition_point(|region| region.end <= offset);
        self.regions.get(index).filter(|region| region.start <= offset)
    }

    /// The regions of one kind.
    pub fn of_kind(&self, kind: RegionKind) -> impl Iterator<Item = &Region> {
        self.regions.iter().filter(move |r| r.kind == kind)
    }

    /// Appends the text of a part after a blank line. `regions` cover `text` and count from its beginning.
    pub(super) fn append(&mut self, text: &str, regions: impl IntoIterator<Item = Region>) {
        if text.is_empty() {
            return;
        }
        if let Some(last) = self.regions.last_mut() {
            while !self.text.ends_with("\n\n") {
                self.text.push('\n');
            }
            last.end = self.text.len();
        }
        let base = self.text.len();
        self.text.push_str(text);
        self.regions.extend(regions.into_iter().map(|r| Region {
            start: r.start + base,
            end: r.end + base,
            ..r
        }));
    }
}

/// A stretch of a [`Text`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Region {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// What it is.
    pub kind: RegionKind,
    /// The rule that said so, a stable slug; `new` for new text.
    pub because: &'static str,
    /// The text part it came from. A keyword in the text and the HTML of one mail counts once.
    pub alternative: u16,
}

/// What a stretch of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RegionKind {
    /// Written by the sender for this mail; in doubt text is new.
    New,
    /// Taken from an earlier mail, or the line that introduces it.
    Quoted,
    /// The sender's signature.
    Signature,
    /// Not shown to a reader of the HTML.
    Hidden,
}

/// Plain text in our conventions: line ends become `\n`, a tab a blank, other controls go.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // Without an early exit the compiler looks at many bytes at once.
    let is_odd = |b: u8| b < b' ' && b != b'\n' && b != b'\r' || b == 0x7f;
    let odd = text.bytes().fold(0, |odd, b| odd | u8::from(is_odd(b)));
    if odd > 0 { Cow::Owned(without_controls(text)) } else { with_line_feeds(text) }
}

fn with_line_feeds(text: &str) -> Cow<'_, str> {
    let Some(mut at) = memchr(b'\r', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((line, after)) = rest.split_at_checked(at) {
        out.push_str(line);
        out.push('\n');
        let after = after.strip_prefix('\r').unwrap_or(after);
        rest = after.strip_prefix('\n').unwrap_or(after);
        let Some(next) = memchr(b'\r', rest.as_bytes()) else { break };
        at = next;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn without_controls(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {
                chars.next_if_eq(&'\n');
                out.push('\n');
            }
            '\t' => out.push(' '),
            '\n' | '\x0b' | '\x0c' => out.push('\n'),
            c if c < ' ' || c == '\u{7f}' => {}
            c => out.push(c),
        }
    }
    out
}

/// Text of `format=flowed` (RFC 3676) as it is read: a line that begins with `>` by the sender's own hand is told from a
/// quoted one, and with `DelSp` soft breaks inside words, as between characters of Chinese, are undone.
///
/// Other soft breaks stay: a line break is a blank to whoever looks for words, and attributions, copied headers and
/// signatures are known by their lines. Quoted lines are left as they are.
pub(super) fn flowed(text: Cow<'_, str>, delsp: bool) -> Cow<'_, str> {
    if delsp && text.contains(" \n") {
        return Cow::Owned(without_soft_breaks(&text));
    }
    if text.contains(STUFFED) || text.starts_with(" >") {
        return Cow::Owned(text.replace(STUFFED, "\n  >").replacen(
            " >",
            "  >",
            usize::from(text.starts_with(" >")),
        ));
    }
    text
}

/// A `>` of the sender's own, stuffed with a blank (section 4.4). A second one makes it no mark of a quotation.
const STUFFED: &str = "\n >";

fn without_soft_breaks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split_inclusive('\n').peekable();
    // A continued line begins where the one before ended.
    let mut flows_on = false;
    while let Some(line) = lines.next() {
        let quoted = line.starts_with('>');
        let line = match line.strip_prefix(' ') {
            Some(stuffed) if flows_on || !stuffed.starts_with('>') => stuffed,
            Some(_) => {
                out.push(' ');
                line
            }
            None => line,
        };
        let goes_on =
            !quoted && line != "-- \n" && lines.peek().is_some_and(|l| !l.starts_with('>') && *l != "-- \n");
        let soft = line.strip_suffix(" \n").filter(|_| goes_on);
        out.push_str(soft.unwrap_or(line));
        flows_on = soft.is_some();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_keeps_lines_and_loses_controls() {
        for (text, expected) in [
            ("a\r\nb\rc\nd", "a\nb\nc\nd"),
            ("a\tb\0c\u{1b}[0m", "a bc[0m"),
            ("\u{feff}Hi", "Hi"),
            ("tail\r", "tail\n"),
            ("größe\x0cnext", "größe\nnext"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn flowed_text_is_read_as_it_is_shown() {
        for (delsp, text, expected) in [
            (true, "緊 \n急  \nnow\n> a \n> b\n-- \nAnn \nSmith", "緊急 now\n> a \n> b\n-- \nAnnSmith"),
            (true, "Ur \n gent\n >mine \n now\n", "Urgent\n  >minenow\n"),
            (true, "sign \n-- \nAnn", "sign \n-- \nAnn"),
            (
                false,
                "Time \nsensitive\n> old \n> words\n-- \nAnn",
                "Time \nsensitive\n> old \n> words\n-- \nAnn",
            ),
            (false, " >= 5 fail\n >> neither\n> old", "  >= 5 fail\n  >> neither\n> old"),
        ] {
            assert_eq!(flowed(text.into(), delsp), expected, "{text}");
        }
    }

    #[test]
    fn parts_are_set_apart_by_a_blank_line() {
        let region =
            |end, alternative| Region { start: 0, end, kind: RegionKind::New, because: "new", alternative };
        let mut text = Text::default();
        text.append("one\n", [region(4, 0)]);
        text.append("two", [region(3, 1)]);
        assert_eq!(text.text, "one\n\ntwo");
        let spans: Vec<_> = text.regions.iter().map(|r| (r.start, r.end)).collect();
        assert_eq!(spans, [(0, 5), (5, 8)]);
    }
}
