//! What stands below a mail and is no news: signature blocks, contact lines, disclaimers, footers of lists.
//!
//! None of them is hidden unless it is sure. A signature block reaches to the end of the sender's words, every line of it
//! looks like a line of a signature, and one of them has a number, an address or a title. A contact line is a standard
//! sentence with a number or an address in it, and no line near it tells what happened. A disclaimer says for whom the
//! mail is and what others must not do with it. A line that begins like a cry for help is part of none.

use super::super::markup::Class;
use super::super::phrases::signing::{ADDRESSED, Announced, FORBIDDEN, Known, OPENINGS, SECRET};
use super::super::subject::Purpose;
use super::{Divider, Found, Line, is_device_signature, is_forward, is_original, trim_decoration};

/// Lines of a signature block below its closing phrase: the name and eight more.
const BLOCK_LINES: usize = 9;
/// Bytes and words of such a line.
const BLOCK_BYTES: usize = 120;
const BLOCK_WORDS: usize = 10;
/// Words of the name after a closing phrase on the same line.
const NAME_WORDS: usize = 4;
/// Bytes of a sentence that says who to call, and words after the number in it.
const CONTACT_BYTES: usize = 200;
const WORDS_AFTER_CONTACT: usize = 3;
/// Lines that may follow such a sentence.
const LAST_LINES: usize = 4;
/// Lines and bytes of one paragraph of a disclaimer.
const PARAGRAPH_LINES: usize = 30;
const PARAGRAPH_BYTES: usize = 8 * 1024;
/// Phrases of a disclaimer that make one sure.
const SURE_PHRASES: usize = 3;
/// Bytes of a sentence that mail systems add.
const NOTICE_BYTES: usize = 400;
/// Digits of a telephone number (ITU-T E.164 allows fifteen).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 6..=15;

impl<'a> Divider<'a> {
    /// What begins below the sender's words, if anything does.
    pub(super) fn ending(&self, at: usize, line: Line<'a>) -> Found {
        let Some((text, opening, announced)) = opening(line.text) else { return Found::New };
        let found = match announced {
            Announced::Closing => {
                self.signature_block(at, text, opening).map(|lines| (lines, "signature-block"))
            }
            Announced::Contact => self.contact_line(at, line).map(|lines| (lines, "contact-line")),
            Announced::ReplyAbove if is_all(text, opening) => {
                // Above the first words it is the notice of a ticket system, and the words below are its own.
                return if self.begun {
                    Found::Original("reply-above")
                } else {
                    Found::Quoted("reply-above")
                };
            }
            Announced::ReplyAbove => None,
            Announced::Disclaimer | Announced::Title | Announced::Notice | Announced::Footer => {
                self.footing(at, (text, opening, announced))
            }
        };
        found.map_or(Found::New, |(lines, because)| Found::Ending(lines, because))
    }

    /// Disclaimers, footers, and sentences that mail systems add.
    fn footing(&self, at: usize, (text, opening, announced): Opened<'_>) -> Option<(usize, &'static str)> {
        let sentence = (text.len() <= NOTICE_BYTES).then_some(1);
        match announced {
            Announced::Disclaimer => self.disclaimer(at).map(|lines| (lines, "disclaimer")),
            Announced::Title if is_all(text, opening) => {
                let below = self.lines.iter().skip(at + 1).position(|l| !l.text.is_empty())? + 1;
                self.disclaimer(at + below).map(|lines| (below + lines, "disclaimer"))
            }
            Announced::Notice => sentence.map(|lines| (lines, "disclaimer")),
            Announced::Footer => sentence.map(|lines| (lines, "list-footer")),
            Announced::Title | Announced::Closing | Announced::Contact | Announced::ReplyAbove => None,
        }
    }

    /// Lines of a signature that a closing phrase begins and that reaches to the end of the sender's words.
    fn signature_block(&self, at: usize, text: &str, opening: &str) -> Option<usize> {
        let name = text.get(opening.len()..)?;
        let is_phrase = is_all(text, opening)
            || name.starts_with([',', '.', '-', '–', '—', '!'])
                && name.split_whitespace().count() <= NAME_WORDS
                && name.split_whitespace().all(is_capital)
                && !has_any(name, Known::ALARM);
        if !is_phrase {
            return None;
        }
        let (mut last, mut sure, mut lines) = (at, false, 0);
        for (below, line) in self.lines.iter().enumerate().skip(at + 1) {
            if line.text.is_empty() {
                continue;
            }
            if self.is_beyond(below, *line) {
                break;
            }
            lines += 1;
            sure |= signature_line(line.text)? == Signed::Surely;
            last = below;
            if lines > BLOCK_LINES {
                return None;
            }
        }
        sure.then_some(last - at + 1)
    }

    /// Whether a line is none of the sender's words nor of the signature: a quotation, a forwarded mail, a footer.
    fn is_beyond(&self, at: usize, line: Line<'a>) -> bool {
        line.prefixed
            || self.class_of(&line) != Class::Plain
            || is_device_signature(line.text)
            || is_forward(line.text)
            || is_original(line.text)
            || self.is_rule_above_header(at, line)
            || self.purpose != Purpose::New && self.is_header_block(at)
            || self.is_separator(at, line)
            || self.attribution(at).is_some()
            || opening(line.text).is_some_and(|opened| self.footing(at, opened).is_some())
    }

    /// Lines of a standard sentence at the end that says who to call when it is urgent.
    fn contact_line(&self, at: usize, line: Line<'a>) -> Option<usize> {
        let before = at.checked_sub(1).and_then(|before| self.lines.get(before));
        // The end of a sentence that a person broke here, or of "your footer says:".
        let set_off = before.is_none_or(|l| l.text.is_empty() || l.text.ends_with('.'));
        if !set_off {
            return None;
        }
        let next = self.lines.get(at + 1).map_or("", |l| l.text);
        let lines = match is_contact_sentence(line.text) {
            true => 1,
            false if is_contact_sentence(&format!("{} {next}", line.text)) => 2,
            false => return None,
        };
        let after = self.lines.iter().enumerate().skip(at + lines).filter(|(_, l)| !l.text.is_empty());
        for (count, (below, line)) in after.enumerate() {
            if self.is_beyond(below, *line) {
                break;
            }
            let closes = opening(line.text).is_some_and(|(text, closing, announced)| {
                announced == Announced::Closing && is_all(text, closing)
            });
            if count >= LAST_LINES || !closes && signature_line(line.text).is_none() {
                return None;
            }
        }
        Some(lines)
    }

    /// Lines of a paragraph that says for whom the mail is and what others must not do with it.
    fn disclaimer(&self, at: usize) -> Option<usize> {
        // Each line of a paragraph that is none may begin like one.
        let (from, to) = self.no_disclaimer.get();
        if (from..to).contains(&at) {
            return None;
        }
        let mut paragraph = String::new();
        let mut lines = 0;
        for line in self.lines.iter().skip(at).take(PARAGRAPH_LINES) {
            let cries = lines > 0 && is_cry(line.text);
            if line.text.is_empty() || line.prefixed || cries || paragraph.len() > PARAGRAPH_BYTES {
                break;
            }
            paragraph.extend([line.text, " "]);
            lines += 1;
        }
        let paragraph = paragraph.to_lowercase();
        let found = |phrases: &[&str]| phrases.iter().filter(|phrase| paragraph.contains(**phrase)).count();
        let (addressed, forbidden) = (found(ADDRESSED), found(FORBIDDEN));
        // People say themselves that what they write is secret.
        if addressed > 0 && forbidden > 0 && addressed + forbidden + found(SECRET) >= SURE_PHRASES {
            return Some(lines);
        }
        self.no_disclaimer.set((at, at + lines));
        None
    }
}

/// A line without its decoration, its known beginning, and what that announces.
type Opened<'t> = (&'t str, &'static str, Announced);

fn opening(text: &str) -> Option<Opened<'_>> {
    let text = trim_decoration(text)
        .trim_matches(|c: char| matches!(c, '#' | '=' | '—' | '–' | '"') || c.is_whitespace());
    let text = trim_decoration(text);
    let (opening, announced) = OPENINGS.of(text)?;
    Some((text, opening, announced))
}

/// Whether nothing but marks follows a beginning.
fn is_all(text: &str, opening: &str) -> bool {
    text.get(opening.len()..).is_some_and(|rest| !rest.contains(char::is_alphanumeric))
}

/// How much a line looks like one of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signed {
    /// A name, a firm: it may as well be something else.
    Perhaps,
    /// A number, an address, a link, a title.
    Surely,
}

fn signature_line(text: &str) -> Option<Signed> {
    if text.len() > BLOCK_BYTES || text.contains(['!', '?']) || is_cry(text) {
        return is_contact_sentence(text).then_some(Signed::Surely);
    }
    if is_contact_sentence(text) {
        return Some(Signed::Surely);
    }
    let contact = contact_end(text).is_some();
    let is_label = |w: &&str| w.contains(char::is_alphabetic) && !is_address(w);
    let label: Vec<&str> = text.split_whitespace().map(bare).filter(is_label).collect();
    let known: Vec<Known> = label.iter().map(|word| Known::of(&word.to_lowercase())).collect();
    let has = |kind: Known| known.iter().any(|known| known.is(kind));
    if label.len() > BLOCK_WORDS || has(Known::TOLD) || has(Known::PERSON) {
        return None;
    }
    if has(Known::ALARM) {
        // "24/7 emergency line: +49 …"
        return (contact && label.len() > 1 && has(Known::CALL)).then_some(Signed::Surely);
    }
    if contact {
        return Some(Signed::Surely);
    }
    let titled = has(Known::TITLE);
    let named = label
        .iter()
        .zip(&known)
        .all(|(word, known)| is_capital(word) || known.is(Known::TITLE) || known.is(Known::SMALL));
    let ends = text.ends_with([':', ';']) || text.ends_with('.') && !titled;
    if !named || label.is_empty() && !text.contains(char::is_numeric) || ends {
        return None;
    }
    let has_postcode = || {
        let numbers = text.split(|c: char| !c.is_ascii_digit());
        label.len() > 1 && numbers.into_iter().any(|number| (4..=6).contains(&number.len()))
    };
    Some(if titled || has_postcode() { Signed::Surely } else { Signed::Perhaps })
}

/// "For urgent matters call +49 …", and nothing more.
fn is_contact_sentence(text: &str) -> bool {
    let Some((text, start, Announced::Contact)) = opening(text) else { return false };
    if text.len() > CONTACT_BYTES || text.contains(['!', '?']) {
        return false;
    }
    let Some(end) = contact_end(text) else { return false };
    let (Some(said), Some(after)) = (text.get(start.len()..), text.get(end..)) else { return false };
    let words: Vec<Known> =
        said.split_whitespace().map(|word| Known::of(&bare(word).to_lowercase())).collect();
    // "our emergency line" is a line.
    let names_line = |at: usize| words.get(at + 1).is_some_and(|next| next.is(Known::CALL));
    let alarmed = words.iter().enumerate().any(|(at, word)| word.is(Known::ALARM) && !names_line(at));
    let calls = said.starts_with(':') || words.iter().any(|word| word.is(Known::CALL));
    let told = words.iter().any(|word| word.is(Known::TOLD));
    let is_more = |(at, stop): (usize, &str)| {
        said.get(at + stop.len()..).is_some_and(|next| next.starts_with(char::is_alphabetic))
    };
    calls
        && !alarmed
        && !told
        && after.split_whitespace().filter(|word| word.contains(char::is_alphabetic)).count()
            <= WORDS_AFTER_CONTACT
        && !said.match_indices(". ").any(is_more)
}

/// Where a telephone number, an address or a link ends, the last of them.
fn contact_end(text: &str) -> Option<usize> {
    let address = text.split_whitespace().rev().find(|word| is_address(word));
    let address_end = address.and_then(|word| text.rfind(word).map(|at| at + word.len()));
    address_end.max(phone_end(text))
}

fn is_address(word: &str) -> bool {
    let word = bare(word);
    let dotted =
        |domain: &str| domain.split_once('.').is_some_and(|(host, top)| !host.is_empty() && top.len() > 1);
    word.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && dotted(domain))
        || word.starts_with("http://")
        || word.starts_with("https://")
        || word.starts_with("www.")
        || word.contains("://")
}

/// Where a telephone number ends: six to fifteen digits with little between them, and no date.
fn phone_end(text: &str) -> Option<usize> {
    let (mut digits, mut since) = (0, 0);
    let mut end = None;
    for (at, c) in text.char_indices().chain([(text.len(), 'x')]) {
        if c.is_ascii_digit() {
            since = if digits == 0 { at } else { since };
            digits += 1;
        } else if !matches!(c, ' ' | '+' | '(' | ')' | '-' | '/' | '.' | '\u{a0}' | '\u{2011}' | '\u{2013}') {
            let number = text.get(since..at).unwrap_or_default();
            if PHONE_DIGITS.contains(&digits) && c != ':' && !is_date(number) {
                end = Some(since + number.trim_end().len());
            }
            digits = 0;
        }
    }
    end
}

/// `2024-05-03`, `3.5.2024`, `05/03/2024 10`.
fn is_date(number: &str) -> bool {
    let mut parts = number.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let is_year = |part: &str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    let is_day = |part: &str| part.len() <= 2;
    match (parts.next(), parts.next(), parts.next()) {
        (Some(year), Some(month), Some(day)) if is_year(year) => is_day(month) && is_day(day),
        (Some(day), Some(month), Some(year)) => is_day(day) && is_day(month) && is_year(year),
        _ => false,
    }
}

/// Whether a line begins like a cry for help: "URGENT: …", "Help!", "Dringend - …".
fn is_cry(text: &str) -> bool {
    let text = trim_decoration(text);
    let word = text.split(|c: char| !(c.is_alphanumeric() || c == '-')).next().unwrap_or_default();
    let known = !word.is_empty() && Known::of(&word.to_lowercase()).is(Known::ALARM);
    let after = text.get(word.len()..).unwrap_or_default().trim_start();
    let headline = after.is_empty() || after.starts_with([':', '!', '-', '–', '—', ',', '.']);
    known && (headline || word.chars().all(char::is_uppercase))
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| {
        matches!(c, '.' | ',' | ':' | ';' | '(' | ')' | '<' | '>' | '[' | ']' | '"' | '|' | '\'' | '*')
    })
}

/// Whether a word begins as names do; scripts without capitals have no such words.
fn is_capital(word: &str) -> bool {
    word.trim_start_matches(|c: char| !c.is_alphanumeric())
        .starts_with(|c: char| c.is_uppercase() || c.is_numeric())
        || !word.contains(char::is_alphanumeric)
}

fn has_any(text: &str, kind: Known) -> bool {
    text.split_whitespace().any(|word| Known::of(&bare(word).to_lowercase()).is(kind))
}
