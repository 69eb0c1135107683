//! Tells what the sender wrote for this mail from what was quoted, forwarded or signed.
//!
//! Works on whole lines. In doubt text is new: a missed quotation shows a keyword that somebody else wrote, a wrong one
//! hides a cry for help. One pass with bounded look-ahead; the phrases stand in [`phrases`].

mod attribution;
mod ending;
mod header_block;

use std::cell::Cell;

use memchr::memchr;

use super::markup::Class;
use super::phrases::quoting::ANSWERS_INSIDE;
use super::phrases::signing::{DEVICE_BYTES, DEVICE_SIGNATURES, LIST_FOOTERS};
use super::phrases::{begins_with_any, has_word, quoting};
use super::subject::Purpose;
use super::text::{BLOCK, Region, RegionKind};

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
/// Lines above a quotation in which the writer may say that there are answers in it, and bytes of such a line.
const ANNOUNCING_LINES: usize = 100;
const ANNOUNCING_BYTES: usize = 400;
/// Device signatures are short.
const DEVICE_BYTES_MOST: usize = 100;
/// Columns at which mail programs break the lines that they quote, and what is left over of such a line.
const WRAPPED: std::ops::RangeInclusive<usize> = 60..=100;
const OVERFLOW: usize = 24;

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
    let bare = trim_decoration(text);
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
    /// What the lines begin with that the last attribution introduced, when it is no `>`.
    marker: Option<&'a str>,
    /// The class of the line before.
    before: Class,
    /// Whether a line with words was sorted in.
    begun: bool,
    /// From which line to before which there is a paragraph that is no disclaimer.
    no_disclaimer: Cell<(usize, usize)>,
}

/// What a line turns out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    New,
    Quoted(&'static str),
    /// An attribution of this many lines.
    Attribution(usize),
    /// What was said by the mail before follows: quoted, or forwarded unless the mail is a reply.
    Original(&'static str),
    Forwarded,
    /// All that follows is a signature, until a quotation begins.
    Signature(&'static str),
    /// This many lines are a signature, a footer or the like, and nothing is said of those that follow.
    Ending(usize, &'static str),
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
            // A mail that answers nothing and has another below was forwarded by hand.
            let forwards = self.purpose != Purpose::Reply && matches!(found, Found::Original(_));
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
        if self.is_marked(at, line) {
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
        if self.purpose != Purpose::New && (self.is_header_block(at) || self.is_notes_block(at)) {
            return Found::Original("header-block");
        }
        if self.is_separator(at, line) {
            return Found::Signature("signature-separator");
        }
        if is_device_signature(line.text) {
            return Found::Ending(1, "device-signature");
        }
        self.ending(at, line)
    }

    /// Whether a line is marked as quoted at its beginning.
    fn is_marked(&self, at: usize, line: Line<'a>) -> bool {
        if line.prefixed {
            return !self.is_escaped_from(at, line) && !is_between_arrows(line.text);
        }
        self.marker.is_some_and(|marker| line.text.starts_with(marker)) || self.is_overflow(at, line)
    }

    /// Sorts a line in and says how many lines that took.
    fn take(&mut self, at: usize, line: Line<'_>, found: Found) -> usize {
        self.attributed = matches!(found, Found::Attribution(_))
            || matches!(found, Found::Quoted(because) if because == "blockquote" || because == "moz-cite-prefix");
        if found != Found::New && !matches!(found, Found::Signature(_) | Found::Ending(..)) {
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
                if self.has_answers_inside(at) {
                    self.rest = Some((RegionKind::New, "answers-inside"));
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
            (None, Found::Ending(lines, because)) => {
                return self.push_all(at, lines, RegionKind::Signature, because);
            }
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
        let header = self.lines.iter().skip(at).take(HEADER_LINES);
        let taken = header.take_while(|l| !l.text.is_empty() && !l.prefixed).count();
        self.push_all(at, taken.max(1), RegionKind::Quoted, because)
    }

    fn take_attribution(&mut self, at: usize, lines: usize) -> usize {
        self.push_all(at, lines, RegionKind::Quoted, "attribution-line");
        self.marker = self.marker_at(at + lines);
        if self.marker.is_none() && !self.quotation_follows(at + lines) {
            self.rest = Some(if self.has_answers_inside(at) {
                (RegionKind::New, "answers-inside")
            } else {
                (RegionKind::Quoted, "attribution-line")
            });
        }
        lines
    }

    /// Whether the writer says that the quotation, whose lines are not marked one by one, has answers in it: nobody can
    /// tell them apart then, so all of it counts.
    fn has_answers_inside(&self, at: usize) -> bool {
        let above = self.lines.iter().take(at).take(ANNOUNCING_LINES).filter(|l| !l.prefixed);
        above.filter(|l| l.text.len() <= ANNOUNCING_BYTES).any(|line| {
            let said = line.text.to_lowercase();
            ANSWERS_INSIDE.iter().any(|phrase| has_word(&said, phrase))
        })
    }

    fn push_all(&mut self, at: usize, lines: usize, kind: RegionKind, because: &'static str) -> usize {
        for line in self.lines.iter().skip(at).take(lines) {
            self.push(*line, kind, because);
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

    /// What the markup says of a line.
    fn class_of(&self, line: &Line<'_>) -> Class {
        let run = self.runs.partition_point(|(start, _)| *start <= line.start).checked_sub(1);
        run.and_then(|run| self.runs.get(run)).map_or(Class::Plain, |(_, class)| *class)
    }

    /// Whether what follows an attribution is itself marked as quoted, by prefixes or by markup.
    fn quotation_follows(&self, at: usize) -> bool {
        self.prefix_follows(at, PREFIX_LINES)
            || self
                .words_from(at)
                .next()
                .is_some_and(|l| matches!(self.class_of(l), Class::Quote(_) | Class::Bare(_)))
            || self.marker_at(at).is_some()
    }

    /// What two lines after an attribution both begin with to mark them as quoted: `|`, `]`, or the initials of the writer.
    fn marker_at(&self, at: usize) -> Option<&'a str> {
        let mut lines = self.words_from(at).map(|l| l.text);
        let first = lines.next()?;
        let end = first.as_bytes().iter().take(5).position(|byte| matches!(byte, b'|' | b']' | b'>'))?;
        let marker = first.get(..=end)?;
        let initials = marker.get(..end)?.bytes().all(|byte| byte.is_ascii_alphabetic());
        let own = !marker.ends_with('>') || end > 0;
        // A table has bars on both sides.
        let table = first.ends_with('|') && first.len() > 1;
        let again = lines.next().is_none_or(|next| next.starts_with(marker));
        (initials && own && !table && again).then_some(marker)
    }

    /// Whether the `>` is one that mail servers put before a line that begins with "From " (RFC 4155 appendix A): a quoted
    /// line has others beside it.
    fn is_escaped_from(&self, at: usize, line: Line<'_>) -> bool {
        line.text.starts_with(">From ") && !self.is_prefixed(at + 1) && !self.is_prefixed_before(at)
    }

    fn is_prefixed(&self, at: usize) -> bool {
        self.lines.get(at).is_some_and(|l| l.prefixed)
    }

    fn is_prefixed_before(&self, at: usize) -> bool {
        at.checked_sub(1).is_some_and(|before| self.is_prefixed(before))
    }

    /// Whether a line is what was left over when a mail program broke the quoted line above it, and forgot to mark it:
    /// the end of a link, or a few words in the middle of a sentence.
    fn is_overflow(&self, at: usize, line: Line<'_>) -> bool {
        if !self.is_prefixed_before(at) || !self.is_prefixed(at + 1) {
            return false;
        }
        let Some(above) = at.checked_sub(1).and_then(|above| self.lines.get(above)) else { return false };
        let is_link = line.text.starts_with("(http") || line.text.starts_with("<http");
        let one_word = !line.text.contains(' ');
        let ends_link =
            line.text.ends_with([')', '>']) && above.text.contains("http") && !line.text.contains(['(', '<']);
        let words = line.text.split_whitespace().count();
        is_link && words <= 2
            || one_word && ends_link
            || WRAPPED.contains(&above.text.len())
                && above.text.ends_with(|c: char| c.is_alphanumeric())
                && line.text.len() <= OVERFLOW
                && line.text.starts_with(char::is_lowercase)
                && line.text.ends_with(|c: char| c.is_alphanumeric())
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
                        LIST_FOOTERS.iter().any(|words| text.contains(words))
                    })
            }
            _ => false,
        }
    }
}

/// Whether a character draws or turns text and says nothing: stars, rules, marks of direction (UAX 9).
fn is_decoration(c: char) -> bool {
    matches!(c, '*' | '_' | '-' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Without the stars, underscores and dashes around what once was bold or a rule, and without marks of direction.
fn trim_decoration(text: &str) -> &str {
    let stays = |byte: Option<&u8>| {
        byte.is_some_and(|byte| byte.is_ascii_graphic() && !matches!(byte, b'*' | b'_' | b'-'))
    };
    // Most lines have none.
    if stays(text.as_bytes().first()) && stays(text.as_bytes().last()) {
        return text;
    }
    text.trim_matches(|c: char| is_decoration(c) || c.is_whitespace())
}

fn ends_with_colon(text: &str) -> bool {
    text.ends_with(':') || text.ends_with('：')
}

/// `>>> look here <<<` points at something.
fn is_between_arrows(text: &str) -> bool {
    text.starts_with(">>") && text.ends_with("<<")
}

/// "Sent from my phone", "Sent from Mail"; not "Sent from the wrong account" and not "Sent from Paris, where it is urgent".
fn is_device_signature(text: &str) -> bool {
    if !DEVICE_BYTES.fit(text) {
        return false;
    }
    if !begins_with_any(text, DEVICE_SIGNATURES) && !text.starts_with("Sent from ") {
        return false;
    }
    // The name of the program may be a link.
    let text = text.split_once("<http").map_or(text, |(name, _)| name);
    if text.len() > DEVICE_BYTES_MOST {
        return false;
    }
    let is_short = || text.split_whitespace().count() <= 2 * NAME_WORDS && !text.contains([':', '!', '?']);
    begins_with_any(text, DEVICE_SIGNATURES) && is_short()
        || text.strip_prefix("Sent from ").is_some_and(|name| {
            name.starts_with(char::is_uppercase)
                && name.split_whitespace().count() <= NAME_WORDS
                && !name.contains([',', ':', '!', '?'])
        })
}

/// The words between the dashes of a line such as `-----Original Message-----`, in lower case.
fn between_dashes(text: &str) -> Option<String> {
    let dashed =
        text.starts_with("--") || text.starts_with("__") || text.starts_with("==") || text.starts_with('—');
    if !dashed || text.len() > 200 {
        return None;
    }
    let words =
        text.trim_matches(|c: char| matches!(c, '=' | ':' | '—') || is_decoration(c) || c.is_whitespace());
    (!words.is_empty()).then(|| words.to_lowercase())
}

fn is_original(text: &str) -> bool {
    between_dashes(text).is_some_and(|words| quoting::ORIGINALS.contains(&words.as_str()))
}

fn is_forward(text: &str) -> bool {
    if let Some(words) = between_dashes(text) {
        return quoting::FORWARDS.iter().any(|phrase| words.starts_with(phrase));
    }
    if text.len() > 150 || !ends_with_colon(trim_decoration(text)) {
        return false;
    }
    let words = trim_decoration(text).trim_end_matches([':', '：', ' ', '\u{a0}']).to_lowercase();
    quoting::FORWARD_LINES.contains(&words.as_str())
}

#[cfg(test)]
mod languages_test;
#[cfg(test)]
mod tests;
