//! Attribution lines: "On Friday, Ann wrote:", in whatever language and order, on one line or several.

use super::super::phrases::quoting::{ATTRIBUTION_BYTES, ATTRIBUTIONS, Attribution, spoken};
use super::super::phrases::{begins_with_any, has_word};
use super::super::subject::Purpose;
use super::{Divider, NAME_WORDS, ends_with_colon, trim_decoration};

/// An attribution wrapped by mail programs spans this many lines at most.
const LINES: usize = 4;
/// And this many bytes.
const BYTES: usize = 500;

impl Divider<'_> {
    /// How many lines from `at` are an attribution.
    pub(super) fn attribution(&self, at: usize) -> Option<usize> {
        let first = self.lines.get(at)?.text;
        if self.is_date_and_address(at, first) {
            return Some(1);
        }
        // Most lines stand neither right above nor at a colon.
        if !self.lines.iter().skip(at).take(LINES).any(|l| l.closes) {
            return None;
        }
        let mut joined = String::new();
        for (before, line) in self.lines.iter().skip(at).take(LINES).enumerate() {
            // The bracket of an address, wrapped onto a line of its own, looks like a quotation.
            let stray = line.prefixed && !line.text.starts_with(">:") && !line.text.starts_with("> wrote");
            if line.text.is_empty() || stray || joined.len() + line.text.len() > BYTES {
                return None;
            }
            if before > 0 && !line.prefixed {
                joined.push(' ');
            }
            joined.push_str(line.text);
            if line.closes {
                // A line above an attribution that begins and ends on one line is not part of it.
                let alone = before > 0
                    && begins_as_one(trim_decoration(line.text))
                    && self.is_attribution(line.text, line.text, (at + before, 1));
                let found = !alone && self.is_attribution(&joined, first, (at, before + 1));
                return found.then_some(before + 1);
            }
        }
        None
    }

    /// Whether a text of some lines, from one on, names when and who; `first` is its first line.
    fn is_attribution(&self, text: &str, first: &str, (at, lines): (usize, usize)) -> bool {
        let joined = Joined::new(text, first);
        let marked = || self.quotation_follows(at + lines);
        // A date or an address makes it sure; without, or when somebody tells what was said, a marked quotation must follow.
        match joined.says(lines) {
            Says::Nothing => false,
            Says::Told => marked(),
            Says::Written => {
                joined.has_address || joined.numbers > 1 && self.purpose != Purpose::New || marked()
            }
        }
    }

    /// `2011/4/7 Ann <ann@x.example>`, as one mail program wrote in many languages, above a quotation.
    fn is_date_and_address(&self, at: usize, first: &str) -> bool {
        first.ends_with('>')
            && first.starts_with(|c: char| c.is_ascii_digit())
            && first.contains('@')
            && first.split_whitespace().count() <= 2 * NAME_WORDS
            && is_dated(first)
            && self.words_from(at + 1).next().is_some_and(|l| l.prefixed)
    }
}

/// Whether a line begins like an attribution: with a word that one begins with, or with a date.
fn begins_as_one(line: &str) -> bool {
    is_dated(line)
        || ATTRIBUTION_BYTES.fit(line) && ATTRIBUTIONS.iter().any(|row| begins_with_any(line, row.heads))
}

/// What lines say that may be an attribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    /// Somebody wrote, or a person tells that.
    Told,
    /// A mail program names who wrote.
    Written,
}

/// Lines that may be an attribution, in one.
struct Joined<'t> {
    text: &'t str,
    first: &'t str,
    /// Without the colon.
    open: &'t str,
    closed: bool,
    has_address: bool,
    /// Up to four numbers.
    numbers: usize,
}

impl<'t> Joined<'t> {
    fn new(text: &'t str, first: &'t str) -> Self {
        let ruled = text.starts_with("--");
        let text = trim_decoration(text);
        let numbers = text.split(|c: char| !c.is_numeric()).filter(|n| !n.is_empty()).take(4).count();
        Joined {
            text,
            first: trim_decoration(first),
            open: trim_decoration(text.trim_end_matches([':', '：', ' ', '\u{a0}'])),
            closed: ends_with_colon(text) || ruled,
            has_address: text.contains('@'),
            numbers,
        }
    }

    fn says(&self, lines: usize) -> Says {
        let words = self.text.split_whitespace().count();
        let may_begin = ATTRIBUTION_BYTES.fit(self.first);
        let headed = |row: &Attribution| may_begin && begins_with_any(self.first, row.heads);
        let short = lines == 1 && words <= NAME_WORDS;
        // Without a number or an address only a known beginning, or next to no words, can make it one.
        if self.numbers == 0 && !self.has_address && !short && !ATTRIBUTIONS.iter().any(headed) {
            return Says::Nothing;
        }
        let dated = is_dated(self.first);
        let spoken = spoken(self.open);
        if spoken.is_empty() && !dated {
            return Says::Nothing;
        }
        let is_last = |end: usize| end == self.open.len();
        let is_one = |(row, end): &(&Attribution, usize)| {
            let last = is_last(*end);
            let complete = self.closed || last && self.numbers > 1;
            let in_order = headed(row)
                || last && (short || dated)
                || dated && self.has_address
                || self.numbers > 1 && self.is_named_first();
            complete && in_order
        };
        if spoken.iter().any(is_one) {
            return if spoken.iter().any(|(row, _)| self.is_told(row)) { Says::Told } else { Says::Written };
        }
        if self.closed && dated && self.has_address && self.open.ends_with('>') {
            return Says::Written;
        }
        // Somebody with an address wrote, at no time.
        if lines == 1
            && self.closed
            && self.has_address
            && self.numbers == 0
            && spoken.iter().any(|(_, end)| is_last(*end))
        {
            return Says::Told;
        }
        Says::Nothing
    }

    /// `Ann <ann@x.example> schrieb am …`: within the first words an address, and nothing before it but a name.
    fn is_named_first(&self) -> bool {
        self.first.split_whitespace().take(NAME_WORDS).any(|word| word.contains('@'))
    }

    fn is_told(&self, row: &Attribution) -> bool {
        let words = self.text.split_whitespace().filter(|word| !word.contains('@'));
        let words = words.collect::<Vec<_>>().join(" ");
        row.tellers.iter().any(|word| has_word(&words, word))
    }
}

/// Whether a line begins with a date: within its first words a year or a time of day.
pub(super) fn is_dated(text: &str) -> bool {
    if !text.split_whitespace().take(3).any(|w| w.starts_with(|c: char| c.is_ascii_digit())) {
        return false;
    }
    let mut words = text.split_whitespace().take(8).map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()));
    let is_number = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_digit());
    words.any(|w| {
        let year = w.len() == 4 && is_number(w) && (w.starts_with("19") || w.starts_with("20"));
        let parts = w.split(['.', ':', '/', '-', '年', '月']).filter(|part| is_number(part)).count();
        year || parts > 1
    })
}
