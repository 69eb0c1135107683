//! Tells what the sender wrote for this mail from what was quoted, forwarded or signed.
//!
//! Works on whole lines. In doubt text is new: a missed quotation shows a keyword that somebody else wrote, a wrong one
//! hides a cry for help. One pass with bounded look-ahead; the phrases stand in [`phrases`].

use memchr::memchr;

use super::markup::Class;
use super::phrases::{self, Role};
use super::subject::Purpose;
use super::text::{BLOCK, Region, RegionKind};

/// An attribution wrapped by mail programs spans this many lines at most.
const ATTRIBUTION_LINES: usize = 4;
/// And this many bytes.
const ATTRIBUTION_BYTES: usize = 500;
/// Words of a line that is an attribution without a date: a name, an address, a verb.
const NAME_WORDS: usize = 5;
/// Lines in which a copied header block must show itself.
const HEADER_LINES: usize = 8;
/// Non-blank lines after an attribution in which a `>` shows that quoted lines are marked one by one.
const PREFIX_LINES: usize = 5;
/// A bare `--` begins a signature only when no more lines than this follow; `-- ` always does (RFC 3676 section 4.3).
const SIGNATURE_LINES: usize = 15;
/// Underscores above the footer of a list, and the lines of such a footer.
const FOOTER_RULE: usize = 20;
const FOOTER_LINES: usize = 8;
/// Shortest rule that mail programs draw above what they quote.
const RULE_BYTES: usize = 10;
/// Device signatures are short.
const DEVICE_BYTES: usize = 100;

/// What became of a text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Division {
    /// Regions of all that is not forwarded, from 0 to `forwarded`.
    pub(super) regions: Vec<Region>,
    /// Where the forwarded part begins, which runs to the end; the length of the text when there is none.
    pub(super) forwarded: usize,
}

/// Divides `text`. `runs` is what the markup says, empty for plain text.
pub(super) fn divide(text: &str, runs: &[(usize, Class)], purpose: Purpose, alternative: u16) -> Division {
    let lines = lines(text);
    let mut divider = Divider { lines: &lines, runs, purpose, alternative, ..Divider::default() };
    let forwarded = divider.run().unwrap_or(text.len());
    Division { regions: divider.regions, forwarded }
}

#[derive(Debug, Clone, Copy)]
struct Line<'t> {
    start: usize,
    /// Where the next line begins.
    end: usize,
    /// Without surrounding white space.
    text: &'t str,
    /// Quoted by a `>` that at most one blank precedes.
    prefixed: bool,
    /// Ends with a colon, or as if one was forgotten: may be the last line of an attribution.
    closes: bool,
    /// Ends with the blank that makes `-- ` a signature separator.
    trailing_blank: bool,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::with_capacity(text.len() / 32 + 1);
    // Only HTML has blocks.
    let has_blocks = text.contains(BLOCK);
    let mut start = 0;
    while start < text.len() {
        let rest = text.get(start..).unwrap_or_default();
        let end = memchr(b'\n', rest.as_bytes()).map_or(text.len(), |at| start + at + 1);
        let row = text.get(start..end).unwrap_or_default();
        if has_blocks {
            for piece in row.split_inclusive(BLOCK) {
                lines.push(line(piece, start));
                start += piece.len();
            }
        } else {
            lines.push(line(row, start));
        }
        start = end;
    }
    lines
}

fn line(piece: &str, start: usize) -> Line<'_> {
    let content = piece.trim_end_matches(['\n', BLOCK]);
    let prefixed = content.strip_prefix(' ').unwrap_or(content).starts_with('>');
    let trailing_blank = content.ends_with(' ');
    let text = content.trim();
    let bare = text.trim_end_matches(['*', '_', '-', ' ']);
    let closes = ends_with_colon(bare) || bare.ends_with(" wrote");
    Line { start, end: start + piece.len(), text, prefixed, closes, trailing_blank }
}

#[derive(Debug, Default)]
struct Divider<'a> {
    lines: &'a [Line<'a>],
    runs: &'a [(usize, Class)],
    purpose: Purpose,
    alternative: u16,
    regions: Vec<Region>,
    /// What all that follows is.
    rest: Option<(RegionKind, &'static str)>,
    /// In a signature, until a quotation begins.
    signature: Option<&'static str>,
    /// The last line with words was an attribution, or in a quotation by markup that one introduced.
    attributed: bool,
    /// The class of the line before.
    before: Class,
    /// Whether a line with words was sorted in.
    begun: bool,
}

/// What a line turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    New,
    Quoted(&'static str),
    /// An attribution of this many lines.
    Attribution(usize),
    /// What was said by the mail before follows: quoted, or forwarded when the subject says so.
    Original(&'static str),
    Forwarded,
    Signature(&'static str),
    /// A signature of this one line.
    Device,
}

impl<'a> Divider<'a> {
    /// Divides all lines; returns where a forwarded mail begins.
    fn run(&mut self) -> Option<usize> {
        let (mut at, mut run) = (0, 0);
        while let Some(line) = self.lines.get(at).copied() {
            while self.runs.get(run + 1).is_some_and(|(start, _)| *start <= line.start) {
                run += 1;
            }
            if line.text.is_empty() {
                self.extend(line);
                at += 1;
                continue;
            }
            let class = self.runs.get(run).map_or(Class::Plain, |(_, class)| *class);
            let found = if self.rest.is_some() { Found::New } else { self.find(at, line, class) };
            let forwards = self.purpose == Purpose::Forward && matches!(found, Found::Original(_));
            if found == Found::Forwarded || forwards {
                return Some(line.start);
            }
            at += self.take(at, line, found);
            (self.before, self.begun) = (class, true);
        }
        None
    }

    fn find(&self, at: usize, line: Line<'a>, class: Class) -> Found {
        let begins = class != self.before;
        match class {
            Class::Forward(_) => Found::Forwarded,
            // Mail programs put a forwarded mail into the element that they quote with.
            Class::Quote(_) if begins && is_forward(line.text) => Found::Forwarded,
            Class::Quote(because) => Found::Quoted(because),
            Class::Bare(because) if self.attributed => Found::Quoted(because),
            Class::Rest(because) => Found::Original(because),
            Class::RestIfHeader(because) if self.is_marked_header(at) => Found::Original(because),
            Class::Signature(because) => Found::Signature(because),
            Class::Plain | Class::Bare(_) | Class::Container(..) | Class::RestIfHeader(_) => {
                self.find_plain(at, line)
            }
        }
    }

    /// Judges a line by its words; most lines are let go after a look at their first and last byte.
    fn find_plain(&self, at: usize, line: Line<'a>) -> Found {
        if line.prefixed && !self.is_escaped_from(at, line) {
            return Found::Quoted("quote-prefix");
        }
        if let Some(lines) = self.attribution(at) {
            return Found::Attribution(lines);
        }
        if is_forward(line.text) {
            return Found::Forwarded;
        }
        if is_original(line.text) || self.is_rule_above_header(at, line) {
            return Found::Original("original-message");
        }
        // In a mail that answers nothing it is a form that somebody filled in, or pasted to be read.
        if self.purpose != Purpose::New && self.is_header_block(at) {
            return Found::Original("header-block");
        }
        if self.is_separator(at, line) {
            return Found::Signature("signature-separator");
        }
        if line.text.len() <= DEVICE_BYTES && is_device_signature(line.text) {
            return Found::Device;
        }
        Found::New
    }

    /// Sorts a line in and says how many lines that took.
    fn take(&mut self, at: usize, line: Line<'_>, found: Found) -> usize {
        self.attributed = matches!(found, Found::Attribution(_))
            || matches!(found, Found::Quoted(because) if because == "blockquote" || because == "moz-cite-prefix");
        if found != Found::New && !matches!(found, Found::Signature(_) | Found::Device) {
            self.signature = None;
        }
        let (kind, because) = match (self.rest, found) {
            (Some(rest), _) => rest,
            (None, Found::Quoted(because)) => (RegionKind::Quoted, because),
            (None, Found::Attribution(lines)) => return self.take_attribution(at, lines),
            (None, Found::Original(because)) => {
                if self.prefix_follows(at + 1, HEADER_LINES) {
                    return self.take_header(at, because);
                }
                self.rest = Some((RegionKind::Quoted, because));
                (RegionKind::Quoted, because)
            }
            (None, Found::Signature(because)) => {
                if because == "signature-separator" {
                    self.signature = Some(because);
                }
                (RegionKind::Signature, because)
            }
            (None, Found::Device) => (RegionKind::Signature, "device-signature"),
            (None, Found::New | Found::Forwarded) => match self.signature {
                Some(because) => (RegionKind::Signature, because),
                None => (RegionKind::New, "new"),
            },
        };
        self.push(line, kind, because);
        1
    }

    /// Takes a separator and the header block under it, above lines that are quoted one by one.
    fn take_header(&mut self, at: usize, because: &'static str) -> usize {
        let lines = self.lines;
        let header =
            lines.iter().skip(at).take(HEADER_LINES).take_while(|l| !l.text.is_empty() && !l.prefixed);
        let mut taken = 0;
        for line in header.copied() {
            self.push(line, RegionKind::Quoted, because);
            taken += 1;
        }
        taken.max(1)
    }

    fn take_attribution(&mut self, at: usize, lines: usize) -> usize {
        for line in self.lines.iter().skip(at).take(lines).copied() {
            self.push(line, RegionKind::Quoted, "attribution-line");
        }
        if !self.quotation_follows(at + lines) {
            self.rest = Some((RegionKind::Quoted, "attribution-line"));
        }
        lines
    }

    fn push(&mut self, line: Line<'_>, kind: RegionKind, because: &'static str) {
        match self.regions.last_mut() {
            Some(last) if last.kind == kind && last.because == because => last.end = line.end,
            _ => {
                let alternative = self.alternative;
                self.regions.push(Region { start: line.start, end: line.end, kind, because, alternative });
            }
        }
    }

    /// A blank line belongs to what stands before it.
    fn extend(&mut self, line: Line<'_>) {
        match self.regions.last_mut() {
            Some(last) => last.end = line.end,
            None => self.push(line, RegionKind::New, "new"),
        }
    }

    fn words_from(&self, at: usize) -> impl Iterator<Item = &Line<'a>> {
        self.lines.iter().skip(at).filter(|l| !l.text.is_empty())
    }

    fn prefix_follows(&self, at: usize, within: usize) -> bool {
        self.words_from(at).take(within).any(|l| l.prefixed)
    }

    /// Whether what follows an attribution is itself marked as quoted, by prefixes or by markup.
    fn quotation_follows(&self, at: usize) -> bool {
        self.prefix_follows(at, PREFIX_LINES)
            || self.words_from(at).next().is_some_and(|l| {
                let run = self.runs.partition_point(|(start, _)| *start <= l.start).checked_sub(1);
                let class = run.and_then(|run| self.runs.get(run)).map(|(_, class)| *class);
                matches!(class, Some(Class::Quote(_) | Class::Bare(_)))
            })
    }

    /// How many lines from `at` are an attribution, such as "On Friday, Ann wrote:".
    fn attribution(&self, at: usize) -> Option<usize> {
        let first = trim_decoration(self.lines.get(at)?.text);
        let may_begin = phrases::ATTRIBUTION_BYTES.fit(first);
        let verbs = || {
            let rows = phrases::ATTRIBUTIONS.iter();
            let rows = rows.filter(|row| may_begin && begins_with_any(first, row.heads));
            rows.flat_map(|row| row.verbs).copied()
        };
        let known = verbs().next().is_some();
        // Most lines neither begin like an attribution nor stand right above or at a colon.
        if !known && !self.lines.iter().skip(at).take(ATTRIBUTION_LINES).any(|l| l.closes) {
            return None;
        }
        let (joined, lines) = self.joined(at)?;
        let text = trim_decoration(&joined);
        let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|n| !n.is_empty()).take(4).count();
        let sure = numbers > 3 && text.contains('@') || numbers > 1 && text.contains("wrote");
        let says = if known && (ends_with_colon(text) || sure) {
            verbs().any(|verb| has_word(text, verb))
        } else {
            // Without a known beginning: the verb stands last, or a date stands first and an address last.
            let named = lines == 1 && text.split_whitespace().count() <= NAME_WORDS;
            let rule = ends_with_colon(text) || joined.starts_with("--");
            rule && is_headless(text) && (named || is_dated(first)) || is_dated(first) && text.ends_with(">:")
        };
        // A date or an address makes it sure; without, or when somebody tells what was said, a marked quotation must follow.
        let told = || phrases::PRONOUNS.iter().any(|word| has_word(text, word));
        let believed = || text.contains('@') || numbers > 1 && !told() || self.quotation_follows(at + lines);
        (says && believed()).then_some(lines)
    }

    /// The lines from `at` to the first that ends with a colon, or with a verb of an attribution, in one.
    fn joined(&self, at: usize) -> Option<(String, usize)> {
        let mut joined = String::new();
        for (before, line) in self.lines.iter().skip(at).take(ATTRIBUTION_LINES).enumerate() {
            // The bracket of an address, wrapped onto a line of its own, looks like a quotation.
            let stray = line.prefixed && !line.text.starts_with(">:");
            if line.text.is_empty() || stray || joined.len() + line.text.len() > ATTRIBUTION_BYTES {
                return None;
            }
            if before > 0 && !line.prefixed {
                joined.push(' ');
            }
            joined.push_str(line.text);
            if line.closes || phrases::VERBS.iter().any(|verb| trim_decoration(line.text).ends_with(verb)) {
                return Some((joined, before + 1));
            }
        }
        None
    }

    /// Whether a copied header block begins here: labels for sender, date, and recipient or subject.
    fn is_header_block(&self, at: usize) -> bool {
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
    fn is_marked_header(&self, at: usize) -> bool {
        let roles = || self.words_from(at).take(HEADER_LINES).filter_map(|l| role(l.text));
        self.lines.get(at).is_some_and(|l| role(l.text).is_some())
            && self.words_from(at + 1).take(2).any(|l| role(l.text).is_some())
            && roles().any(|role| role == Role::From)
            && roles().any(|role| role != Role::From)
    }

    /// Whether the `>` is one that mail servers put before a line that begins with "From " (RFC 4155 appendix A): a quoted
    /// line has others beside it.
    fn is_escaped_from(&self, at: usize, line: Line<'_>) -> bool {
        let is_prefixed = |at: usize| self.lines.get(at).is_some_and(|l| l.prefixed);
        line.text.starts_with(">From ") && !is_prefixed(at + 1) && !at.checked_sub(1).is_some_and(is_prefixed)
    }

    /// Whether a rule such as `_____` stands right above a copied header block.
    fn is_rule_above_header(&self, at: usize, line: Line<'_>) -> bool {
        self.purpose != Purpose::New
            && line.text.len() >= RULE_BYTES
            && line.text.bytes().all(|b| matches!(b, b'_' | b'-' | b'='))
            && self
                .lines
                .iter()
                .skip(at + 1)
                .position(|l| !l.text.is_empty())
                .is_some_and(|next| self.is_header_block(at + 1 + next))
    }

    fn is_separator(&self, at: usize, line: Line<'_>) -> bool {
        let follows = |limit| self.words_from(at + 1).take_while(|l| !l.prefixed).take(limit + 1);
        match line.text {
            "--" if line.trailing_blank => true,
            // Nobody signs what was not written.
            "--" | "__" => self.begun && follows(SIGNATURE_LINES).count() <= SIGNATURE_LINES,
            // List software sets its footer off with underscores, as forms do their fields.
            text if text.len() >= FOOTER_RULE && text.bytes().all(|b| b == b'_') => {
                follows(FOOTER_LINES).count() <= FOOTER_LINES
                    && follows(FOOTER_LINES).any(|l| {
                        let text = l.text.to_lowercase();
                        phrases::LIST_FOOTERS.iter().any(|words| text.contains(words))
                    })
            }
            _ => false,
        }
    }
}

/// Without the stars, underscores and dashes around what once was bold or a rule.
fn trim_decoration(text: &str) -> &str {
    let stays = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_graphic() && !matches!(byte, b'*' | b'_' | b'-'))
    };
    // Most lines have none.
    if stays(text.as_bytes().first()) && stays(text.as_bytes().last()) {
        return text;
    }
    text.trim_matches(|c: char| matches!(c, '*' | '_' | '-') || c.is_whitespace())
}

fn ends_with_colon(text: &str) -> bool {
    text.ends_with(':') || text.ends_with('：')
}

fn is_headless(text: &str) -> bool {
    let text = text.trim_end_matches([':', '：', ' ', '\u{a0}']);
    text.len() <= ATTRIBUTION_BYTES
        && phrases::VERBS.iter().any(|verb| {
            text.strip_suffix(verb).is_some_and(|before| !before.ends_with(char::is_alphanumeric))
        })
}

/// Whether a line begins with a date: within its first words a year or a time of day.
fn is_dated(text: &str) -> bool {
    if !text.split_whitespace().take(3).any(|w| w.starts_with(|c: char| c.is_ascii_digit())) {
        return false;
    }
    let mut words = text.split_whitespace().take(8).map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()));
    let is_number = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_digit());
    words.any(|w| {
        let year = w.len() == 4 && is_number(w) && (w.starts_with("19") || w.starts_with("20"));
        let parts = w.split(['.', ':', '/', '-']).filter(|part| is_number(part)).count();
        year || parts > 1
    })
}

fn begins_with_any(text: &str, beginnings: &[&str]) -> bool {
    let first = text.bytes().next();
    beginnings.iter().any(|b| b.bytes().next() == first && text.starts_with(b))
}

fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).is_some_and(|t| t.ends_with(char::is_alphanumeric));
        let after = text.get(at + word.len()..).is_some_and(|t| t.starts_with(char::is_alphanumeric));
        !before && !after
    })
}

/// "Sent from my phone", "Sent from Mail"; not "Sent from the wrong account" and not "Sent from Paris, where it is urgent".
fn is_device_signature(text: &str) -> bool {
    phrases::DEVICE_BYTES.fit(text) && begins_with_any(text, phrases::DEVICE_SIGNATURES)
        || text.strip_prefix("Sent from ").is_some_and(|name| {
            name.starts_with(char::is_uppercase)
                && name.split_whitespace().count() <= NAME_WORDS
                && !name.contains([',', ':', '!', '?'])
        })
}

/// The words between the dashes of a line such as `-----Original Message-----`, in lower case.
fn between_dashes(text: &str) -> Option<String> {
    let dashed = text.starts_with("--") || text.starts_with("__") || text.starts_with("==");
    if !dashed || text.len() > 200 {
        return None;
    }
    let words = text.trim_matches(|c: char| matches!(c, '-' | '_' | '=' | '*' | ':') || c.is_whitespace());
    (!words.is_empty()).then(|| words.to_lowercase())
}

fn is_original(text: &str) -> bool {
    between_dashes(text).is_some_and(|words| phrases::ORIGINALS.contains(&words.as_str()))
}

fn is_forward(text: &str) -> bool {
    if let Some(words) = between_dashes(text) {
        return phrases::FORWARDS.iter().any(|phrase| words.starts_with(phrase));
    }
    if !ends_with_colon(text) || text.len() > 100 {
        return false;
    }
    let words = text.trim_end_matches([':', '：', ' ', '\u{a0}']).to_lowercase();
    phrases::FORWARD_LINES.contains(&words.as_str())
}

/// What the label of a line in a copied header block says.
fn role(text: &str) -> Option<Role> {
    let text = text.trim_start_matches(['*', ' ']);
    // The second byte begins the wide colon of Chinese and Japanese.
    let start = text.as_bytes();
    let colon = start.get(..32).unwrap_or(start).iter().position(|&b| b == b':' || b == 0xef)?;
    let label = text.get(..colon)?.trim_matches(|c: char| c == '*' || c.is_whitespace());
    let known = |label: &str| phrases::LABELS.iter().find(|(l, _)| *l == label).map(|(_, role)| *role);
    if label.is_empty() || label.len() > 24 { None } else { known(&label.to_lowercase()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<(RegionKind, String)> {
        let division = divide(text, &[], Purpose::Reply, 0);
        let cut = |r: &Region| text.get(r.start..r.end).unwrap_or_default().trim().to_owned();
        division.regions.iter().map(|r| (r.kind, cut(r))).collect()
    }

    fn new_text(text: &str) -> String {
        let new = kinds(text).into_iter().filter(|(kind, _)| *kind == RegionKind::New);
        new.map(|(_, text)| text).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn what_was_quoted_is_not_new() {
        for (text, expected) in [
            ("Yes.\n\nOn Tue, 1 Oct 2012 at 10:00, Ann <a@x.example> wrote:\n> Urgent?\n> Or not?\n", "Yes."),
            ("On 1 Oct 2012, Ann wrote:\n> One?\nYes.\n> Two?\nNo.\n", "Yes.|No."),
            ("> Urgent\nat the bottom", "at the bottom"),
            (
                "Hi\n\nOn Tue, Oct 1, 2012 at 10:00 AM, Ann Smith <ann@x.example>\nwrote:\n\nold text\nmore",
                "Hi",
            ),
            ("Ja\n\nAm 01.10.2012 um 10:00 schrieb Max <m@x.example>:\n\nalt", "Ja"),
            ("Oui\n\nLe 1 oct. 2012 à 10:00, Max <m@x.example> a\u{a0}écrit\u{a0}:\n> vieux", "Oui"),
            ("Ok\n\n-----Original Message-----\nFrom: Ann\nSent: Monday\nTo: us\nSubject: x\n\nold", "Ok"),
            ("Ok\n\nVon: Ann\nGesendet: Montag\nAn: uns\nBetreff: x\n\nalt", "Ok"),
            ("Ok\n2012/10/1 Ann <a@x.example> wrote:\n> old", "Ok"),
            ("On 1 Oct 2012 at 10:00 you wrote:\n> old\n>From old\nOk", "Ok"),
        ] {
            assert_eq!(new_text(text), expected, "{text}");
        }
    }

    #[test]
    fn in_doubt_text_is_new() {
        for text in [
            "On the other hand nothing works.\nPlease help",
            "On Monday I wrote:\nthe server is down. It still is.",
            "if a > b then\nwe fail",
            "From: the desk\nI can see that",
            "-- not a signature",
            "Subject: help\nplease",
            "On 3 May 2024 at 10:15 I sent you the following:\n\nthe server is down",
            "Am 3.5.2024 um 10:15 schrieb unser Admin:\nnichts geht",
            "Hello\n>From today on nothing works\nplease help",
            "--\nnothing above it is signed",
            "Hello\n\u{2014}\nnothing works",
            "New ticket\n____________________\nPriority: urgent\n____________________",
            "Sent from Berlin, where nothing works",
        ] {
            assert_eq!(new_text(text), text, "{text}");
        }
    }

    #[test]
    fn a_filled_in_form_is_no_quotation() {
        let form = "From: Jane Doe\nDate: 2024-05-01\nSubject: help\nMessage:\nnothing works";
        for (purpose, kind) in [(Purpose::New, RegionKind::New), (Purpose::Reply, RegionKind::Quoted)] {
            let kinds: Vec<_> = divide(form, &[], purpose, 0).regions.iter().map(|r| r.kind).collect();
            assert_eq!(kinds, [kind], "{purpose:?}");
        }
    }

    #[test]
    fn a_signature_ends_where_a_quotation_begins() {
        use RegionKind::{New, Quoted, Signature};
        let found = kinds("Help\n-- \nAnn\nSupport urgent line\n\n> old\nnew again");
        let kinds: Vec<_> = found.iter().map(|(kind, _)| *kind).collect();
        assert_eq!(kinds, [New, Signature, Quoted, New]);
    }

    #[test]
    fn a_forwarded_mail_is_cut_off() {
        for (text, purpose) in [
            ("See below\n\n---------- Forwarded message ---------\nFrom: x\n\nold", Purpose::New),
            ("See below\n\nBegin forwarded message:\n\n> From: x", Purpose::New),
            ("See below\n\n-----Original Message-----\nFrom: x\n\nold", Purpose::Forward),
        ] {
            let division = divide(text, &[], purpose, 0);
            assert_eq!(text.get(..division.forwarded), Some("See below\n\n"));
        }
    }
}
