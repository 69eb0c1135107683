//! The languages that a sender writes and reads, by the header alone (RFC 3282): never guessed from the text.
//!
//! What comes out is a language priority list (RFC 4647 section 2.3): first what the mail is written in
//! (Content-Language, in its order), then what its sender prefers (Accept-Language, by quality as in RFC 9110 section
//! 12.5.4), then the same by the name that older programs use. Not here: which of them we can write.
//!
//! **Invariants.** At most 1 KiB of a field and 16 languages of a mail are looked at. `*` and what is refused
//! (`q=0`) are not in the list, nor is anything that is no tag.

use super::header::{self, Field};

/// Bytes of a field that are read.
const MAX_FIELD: usize = 1024;
/// Languages kept of each kind of field, and bytes of each (RFC 5646 section 4.4.1 asks for room for 35).
const MAX_RANGES: usize = 16;
const MAX_RANGE: usize = 35;

/// Where a language is named, the nearest to the sender's words first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LanguageField {
    /// Content-Language: what the mail is written in.
    Content,
    /// Accept-Language: what its sender reads.
    Accept,
    /// X-Accept-Language: the same, before it had a standard.
    OldAccept,
}

impl LanguageField {
    /// The name of the field.
    pub fn name(self) -> &'static str {
        match self {
            Self::Content => "Content-Language",
            Self::Accept => "Accept-Language",
            Self::OldAccept => "X-Accept-Language",
        }
    }
}

/// A language as a mail names it: a basic language range (RFC 4647 section 2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageRange {
    /// Where it stands.
    pub field: LanguageField,
    /// As it is written, in any case: `de-AT`.
    pub range: String,
}

impl LanguageRange {
    /// The tags that would do, in any case and the best first: for `de-AT` itself, then `de` (RFC 4647 section 3.4).
    pub fn fallbacks(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(Some(self.range.as_str()), |range| {
            let shorter = range.rsplit_once('-')?.0;
            // A lone letter only introduces what followed.
            match shorter.rsplit_once('-') {
                Some((before, last)) if last.len() == 1 => Some(before),
                _ => Some(shorter),
            }
        })
    }
}

/// Collects the languages of a header, field by field.
#[derive(Debug, Default)]
pub(super) struct Languages {
    /// With their quality in thousandths.
    named: Vec<(LanguageRange, u16)>,
}

impl Languages {
    /// Takes what a field names.
    pub(super) fn add(&mut self, kind: LanguageField, field: &Field<'_>) {
        let value = field.unfolded(MAX_FIELD);
        let bare = header::without_comments(&value);
        let before = self.named.iter().filter(|(known, _)| known.field == kind).count();
        let items = bare.split(',').filter_map(|item| item_of(kind, item));
        self.named.extend(items.take(MAX_RANGES.saturating_sub(before)));
    }

    /// The list, the most wanted first.
    pub(super) fn ranked(mut self) -> Vec<LanguageRange> {
        // Stable: what is wanted alike stays in the order it was written in.
        self.named.sort_by_key(|(range, quality)| (range.field, std::cmp::Reverse(*quality)));
        self.named.into_iter().filter(|(_, quality)| *quality > 0).map(|(range, _)| range).collect()
    }
}

/// One item of a field: a range, and in Accept-Language perhaps its quality.
fn item_of(kind: LanguageField, item: &str) -> Option<(LanguageRange, u16)> {
    let mut pieces = item.split(';').map(str::trim);
    // Some programs write a locale of their system, `de_AT`.
    let range = pieces.next()?.replace('_', "-");
    let quality = match kind {
        LanguageField::Content => Some(1000),
        LanguageField::Accept | LanguageField::OldAccept => {
            let stated = pieces.filter_map(|piece| piece.split_once('=')).find(|(name, _)| is_q(name));
            stated.map_or(Some(1000), |(_, value)| thousandths(value.trim()))
        }
    }?;
    is_range(&range).then_some((LanguageRange { field: kind, range }, quality))
}

fn is_q(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case("q")
}

/// Letters first, then letters and digits, each piece of one to eight (RFC 4647 section 2.1); `*` is none.
fn is_range(range: &str) -> bool {
    let letters = range.split('-').next().is_some_and(|first| first.bytes().all(|b| b.is_ascii_alphabetic()));
    let piece = |piece: &str| {
        (1..=8).contains(&piece.len()) && piece.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    range.len() <= MAX_RANGE && letters && range.split('-').all(piece)
}

/// A quality from 0 to 1 with at most three decimals (RFC 9110 section 12.4.2).
fn thousandths(quality: &str) -> Option<u16> {
    let (whole, decimals) = quality.split_once('.').unwrap_or((quality, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let decimals: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(decimals),
        "1" if decimals == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Options, Source, parse};

    /// The priority list of a mail with these fields, as `field range`.
    fn list(fields: &str) -> Vec<String> {
        let mail = format!("From: a@x.example\r\n{fields}\r\n\r\nHello\r\n");
        let message = parse(&Source::Whole(mail.as_bytes()), &Options::default());
        message.languages.iter().map(|range| format!("{} {}", range.field.name(), range.range)).collect()
    }

    #[test]
    fn what_the_mail_is_written_in_comes_first_then_what_its_sender_prefers() {
        let fields = "X-Accept-Language: it\r\nAccept-Language: en;q=0.3, FR-ch (Swiss),\r\n nl;q=0.8\r\nContent-Language: de_AT, es";
        let expected = [
            "Content-Language de-AT",
            "Content-Language es",
            "Accept-Language FR-ch",
            "Accept-Language nl",
            "Accept-Language en",
            "X-Accept-Language it",
        ];
        assert_eq!(list(fields), expected);
    }

    #[test]
    fn a_wildcard_a_refusal_and_what_is_no_tag_are_left_out() {
        let fields =
            "Accept-Language: *, de;q=0, fr;q=0.000, es;q=2, it;q=x, d\u{e9}, 12, , a--b, pt;level=1;Q=0.5";
        assert_eq!(list(fields), ["Accept-Language pt"]);
        assert_eq!(list("Content-Language: *\r\nAccept-Language:"), [""; 0]);
    }

    #[test]
    fn hostile_fields_are_cut() {
        let many = (0..500).map(|n| format!("a{}", "b".repeat(n % 7))).collect::<Vec<_>>().join(",");
        let fields = format!("Content-Language: {many}\r\n").repeat(50);
        assert_eq!(list(fields.trim_end()).len(), 16);
        let long = format!("Content-Language: {}", "de-".repeat(100_000));
        assert_eq!(list(&long), [""; 0]);
    }

    #[test]
    fn a_range_gets_shorter_and_drops_a_lone_letter_with_what_it_introduces() {
        let message =
            parse(&Source::Whole(b"Content-Language: zh-Hant-CN-x-private1\r\n\r\nx"), &Options::default());
        let range = message.languages.first().expect("a range");
        let all: Vec<&str> = range.fallbacks().collect();
        assert_eq!(all, ["zh-Hant-CN-x-private1", "zh-Hant-CN", "zh-Hant", "zh"]);
    }
}
