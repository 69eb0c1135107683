//! A text made comparable: case, width, composition, dashes, quotes and blanks no longer differ, and what nobody sees
//! is gone. Every place in the result leads back to the original.
//!
//! There are two views of one length, so one map serves both:
//!
//! | | pattern view ([`Folded::as_str`]) | keyword view |
//! |---|---|---|
//! | dash between two words, nothing beside it | `-` | blank |
//! | spaced dash, doubled hyphen | `-` | `-` |
//! | em dash | `-` | a mark no keyword joins at |
//! | blanks with at most one line break | blank | blank |
//! | blank line, border of a block or a cell | blank | a mark no keyword joins at |
//!
//! A line break directly after a joining hyphen is the mail program's, not the writer's, and is gone in both views.
//!
//! Folding is compatibility normalisation (NFKC), then full case folding, then NFKC again, cluster by cluster (a
//! character with the marks on it). Not done: stripping accents, Turkish dots, confusable letters of other scripts.

use super::chars::{self, Dash};
use super::words::{at_least, each};
use caseless::Caseless;
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// Where two blocks, table cells or paragraphs meet, in the keyword view. Control codes are ignorable, so no text holds
/// one of its own.
pub(super) const BORDER: char = '\u{1f}';
/// An em dash in the keyword view.
const PARTING_DASH: char = '\u{1e}';

/// About as much text there is for each segment in mails of people; only a guess of how much room is needed.
const BYTES_OF_A_SEGMENT: usize = 100;

/// A text made comparable, with the way back to the original offsets.
#[derive(Debug, Clone, Default)]
pub struct Folded {
    text: String,
    words: String,
    segments: Vec<Segment>,
}

/// A stretch of the folded text and the original bytes it came from, up to the start of the next segment.
#[derive(Debug, Clone)]
struct Segment {
    /// First byte in the folded text.
    folded: usize,
    /// Original bytes.
    original: Range<usize>,
    /// Whether the characters correspond one by one in equal lengths; otherwise only the whole corresponds.
    even: bool,
}

/// Makes a text comparable. Linear in its length.
pub fn fold(text: &str) -> Folded {
    let mut folder = Folder { source: text, ..Folder::default() };
    // Folding rarely lengthens a text; case folding to three characters is for single letters.
    folder.text.reserve(text.len());
    folder.segments.reserve(text.len() / BYTES_OF_A_SEGMENT);
    folder.run();
    folder.finish()
}

impl Folded {
    /// The text as patterns see it: case-folded, NFKC, dashes are `-`, typographic quotes are `'` and `"`, any white
    /// space is one blank (none at the ends), ignorable characters are gone.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text as keywords see it, offsets equal to those of [`Folded::as_str`].
    pub(super) fn words(&self) -> &str {
        &self.words
    }

    /// The original bytes that a range of the folded text came from; a range inside an expansion (`ß` to `ss`) gives
    /// the whole original cluster, a range past the end the end.
    pub fn original(&self, folded: Range<usize>) -> Range<usize> {
        let start_in = self.text.floor_char_boundary(folded.start);
        let end_in = self.text.ceil_char_boundary(folded.end).max(start_in);
        let start = self.original_start(start_in);
        if start_in == end_in {
            return start..start;
        }
        start..self.original_end(end_in).max(start)
    }

    fn original_start(&self, at: usize) -> usize {
        match self.segment_at(at) {
            Some(segment) if at >= self.text.len() => segment.original.end,
            Some(segment) if segment.even => segment.original.start + (at - segment.folded),
            Some(segment) => segment.original.start,
            None => 0,
        }
    }

    fn original_end(&self, at: usize) -> usize {
        match self.segment_at(at.saturating_sub(1)) {
            Some(segment) if segment.even => segment.original.start + (at - segment.folded),
            Some(segment) => segment.original.end,
            None => 0,
        }
    }

    fn segment_at(&self, at: usize) -> Option<&Segment> {
        let after = self.segments.partition_point(|segment| segment.folded <= at);
        self.segments.get(after.checked_sub(1)?)
    }
}

/// Walks a text once from left to right.
#[derive(Default)]
struct Folder<'t> {
    source: &'t str,
    /// Bytes of the source that are done.
    at: usize,
    text: String,
    segments: Vec<Segment>,
    /// Places where the keyword view differs, with what stands there.
    differences: Vec<(usize, char)>,
    /// Places of dashes that join if something stands directly on both sides.
    dashes: Vec<usize>,
}

impl Folder<'_> {
    fn run(&mut self) {
        loop {
            self.plain_ascii();
            let Some(next) = self.rest().chars().next() else { return };
            if let Some(folded) = chars::fold_quickly(next) {
                let end = self.at + next.len_utf8();
                if self.cluster_end(end) == end {
                    self.text.push(folded);
                    self.evenly(next.len_utf8());
                } else {
                    self.cluster(next);
                }
            } else if next.is_whitespace() {
                self.blank();
            } else if chars::is_ignorable(next) {
                self.at += next.len_utf8();
            } else if let Some(kind) = chars::dash(next) {
                self.dash(kind);
                self.single('-', next);
            } else if let Some(quote) = chars::plain_quote(next) {
                self.single(quote, next);
            } else {
                self.cluster(next);
            }
        }
    }

    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or_default()
    }

    /// Copies what is plain from here on: visible ASCII but dashes, and single blanks between.
    fn plain_ascii(&mut self) {
        let rest = self.source.as_bytes().get(self.at..).unwrap_or_default();
        let mut len = plain_length(rest, self.text.is_empty());
        if len == 0 {
            return;
        }
        let stopper = rest.get(len).copied();
        let last = len.checked_sub(1).and_then(|last| rest.get(last)).copied();
        // A blank may be the first of several, a letter may carry the mark that follows.
        if last == Some(b' ') || stopper.is_some_and(|byte| !byte.is_ascii()) && self.is_marked(self.at + len)
        {
            len = len.saturating_sub(1);
        }
        if len == 0 {
            return;
        }
        let start = self.text.len();
        self.text.push_str(self.source.get(self.at..self.at + len).unwrap_or_default());
        if let Some(copied) = self.text.get_mut(start..) {
            copied.make_ascii_lowercase();
        }
        self.evenly(len);
    }

    /// Whether the character that ends at an offset has marks on it.
    fn is_marked(&self, end: usize) -> bool {
        self.cluster_end(end) > end
    }

    /// Where the cluster ends whose first character ends at an offset.
    fn cluster_end(&self, first_end: usize) -> usize {
        let mut end = first_end;
        for (offset, c) in self.source.get(first_end..).unwrap_or_default().char_indices() {
            if chars::is_ignorable(c) {
                continue;
            }
            if !chars::extends(c) {
                break;
            }
            end = first_end + offset + c.len_utf8();
        }
        end
    }

    /// Notes that the text just pushed corresponds evenly to the next `len` bytes of the source.
    fn evenly(&mut self, len: usize) {
        let end = self.at + len;
        match self.segments.last_mut() {
            Some(last) if last.even && last.original.end == self.at => last.original.end = end,
            _ => {
                let folded = self.text.len().saturating_sub(len);
                self.segments.push(Segment { folded, original: self.at..end, even: true });
            }
        }
        self.at = end;
    }

    /// Pushes one character of ASCII for one of the source.
    fn single(&mut self, folded: char, original: char) {
        if original.len_utf8() == 1 {
            self.text.push(folded);
            self.evenly(1);
        } else {
            let end = self.at + original.len_utf8();
            self.segments.push(Segment { folded: self.text.len(), original: self.at..end, even: false });
            self.text.push(folded);
            self.at = end;
        }
    }

    fn dash(&mut self, kind: Dash) {
        match kind {
            Dash::Joins => self.dashes.push(self.text.len()),
            Dash::Parts => self.differences.push((self.text.len(), PARTING_DASH)),
        }
    }

    /// Folds white space, with the ignorable characters in it.
    fn blank(&mut self) {
        let blank = Blank::measure(self.rest());
        let (start, visible_end) = (self.at, self.at + blank.visible_len);
        let next = self.source.get(self.at + blank.len..).and_then(|rest| rest.chars().next());
        let wrapped_hyphen =
            blank.is_hard_wrap && self.ends_in_joint() && next.is_some_and(|c| chars::dash(c).is_none());
        if !self.text.is_empty() && next.is_some() && !wrapped_hyphen {
            if !blank.joins {
                self.differences.push((self.text.len(), BORDER));
            }
            self.text.push(' ');
            if blank.visible_len == 1 {
                self.evenly(1);
            } else {
                let folded = self.text.len().saturating_sub(1);
                self.segments.push(Segment { folded, original: start..visible_end, even: false });
            }
        }
        self.at = start + blank.len;
    }

    /// Whether the text so far ends in a joining dash with something directly before it.
    fn ends_in_joint(&self) -> bool {
        let mut last = self.text.bytes().rev().skip(1);
        self.dashes.last().is_some_and(|dash| dash + 1 == self.text.len())
            && last.next().is_some_and(|byte| byte != b' ' && byte != b'-')
    }

    /// Folds a character with the marks on it.
    fn cluster(&mut self, first: char) {
        let first_end = self.at + first.len_utf8();
        let (start, folded) = (self.at, self.text.len());
        if !first.is_ascii() && chars::keeps_its_shape(first) {
            self.text.push(first);
            self.at = first_end;
        } else {
            self.at = self.cluster_end(first_end);
            let source: &str = self.source;
            let visible =
                source.get(start..self.at).unwrap_or_default().chars().filter(|c| !chars::is_ignorable(*c));
            for c in visible.nfkc().default_case_fold().nfkc() {
                self.push_folded(c);
            }
        }
        if self.text.len() > folded {
            self.segments.push(Segment { folded, original: start..self.at, even: false });
        }
    }

    /// Pushes what came out of normalisation, which may be a character that has a meaning of its own here.
    fn push_folded(&mut self, c: char) {
        if c.is_whitespace() {
            self.text.push(' ');
        } else if let Some(kind) = chars::dash(c) {
            self.dash(kind);
            self.text.push('-');
        } else if !chars::is_ignorable(c) {
            self.text.push(chars::plain_quote(c).unwrap_or(c));
        }
    }

    fn finish(self) -> Folded {
        let Folder { text, segments, mut differences, dashes, .. } = self;
        let bytes = text.as_bytes();
        let is_solid = |at: Option<usize>| {
            at.and_then(|at| bytes.get(at)).is_some_and(|byte| *byte != b' ' && *byte != b'-')
        };
        let joints =
            dashes.into_iter().filter(|at| is_solid(at.checked_sub(1)) && is_solid(at.checked_add(1)));
        differences.extend(joints.map(|at| (at, ' ')));
        differences.sort_unstable();
        let mut words = String::with_capacity(text.len());
        let mut done = 0;
        for (at, c) in differences {
            words.push_str(text.get(done..at).unwrap_or_default());
            words.push(c);
            done = at + 1;
        }
        words.push_str(text.get(done..).unwrap_or_default());
        Folded { text, words, segments }
    }
}

/// A run of white space.
struct Blank {
    /// Bytes, with the ignorable characters after it.
    len: usize,
    /// Bytes up to the end of the last white space.
    visible_len: usize,
    /// Whether words on both sides of it can belong together.
    joins: bool,
    /// Whether it is one line break with nothing before it.
    is_hard_wrap: bool,
}

impl Blank {
    /// The run of white space a text begins with.
    fn measure(text: &str) -> Blank {
        let mut blank = Blank { len: 0, visible_len: 0, joins: true, is_hard_wrap: false };
        let (mut breaks, mut previous) = (0_u32, None);
        for (offset, c) in text.char_indices() {
            blank.len = offset;
            match c {
                '\t' | '\u{c}' | '\u{2029}' => blank.joins = false,
                '\n' if previous == Some('\r') => {}
                '\n' | '\r' | '\u{b}' | '\u{85}' | '\u{2028}' => {
                    breaks = breaks.saturating_add(1);
                    blank.is_hard_wrap |= offset == 0;
                }
                _ if c.is_whitespace() => {}
                _ if chars::is_ignorable(c) => continue,
                _ => return blank.with_breaks(breaks),
            }
            previous = Some(c);
            blank.visible_len = offset + c.len_utf8();
        }
        blank.len = text.len();
        blank.with_breaks(breaks)
    }

    fn with_breaks(self, breaks: u32) -> Blank {
        let joins = self.joins && breaks <= 1;
        Blank { joins, is_hard_wrap: self.is_hard_wrap && joins, ..self }
    }
}

/// How many bytes from the start are visible ASCII but dashes, or single blanks.
///
/// Eight bytes are judged together. A byte beyond ASCII may spoil the judgement of those after it, but not that of those
/// before it, and the first that is not plain is what counts.
fn plain_length(bytes: &[u8], mut after_blank: bool) -> usize {
    let (eights, rest) = bytes.as_chunks();
    for (number, eight) in eights.iter().enumerate() {
        let eight = u64::from_le_bytes(*eight);
        let differs = |byte: u8| at_least(eight ^ each(byte), 1);
        let visible = at_least(eight, b' ') & !at_least(eight, 0x7f) & differs(b'-');
        let blanks = !differs(b' ') & each(0x80);
        let doubled = blanks & (blanks << 8 | u64::from(after_blank) << 7);
        let stops = (!visible | doubled | eight) & each(0x80);
        if stops != 0 {
            return number * 8 + (stops.trailing_zeros() / 8) as usize;
        }
        after_blank = blanks >> 63 == 1;
    }
    let is_plain = |byte: &&u8| {
        let is_blank = **byte == b' ';
        let goes_on = matches!(**byte, b' '..=b',' | b'.'..=b'~') && !(is_blank && after_blank);
        after_blank = is_blank;
        goes_on
    };
    bytes.len() - rest.len() + rest.iter().take_while(is_plain).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    #[test]
    fn what_looks_the_same_folds_the_same() {
        for (text, folded) in [
            ("URGENT: Straße", "urgent: strasse"),
            ("STRASSE", "strasse"),
            ("ａｃｍｅ　ＧｍｂＨ", "acme gmbh"),
            ("re\u{301}sume\u{301}", "r\u{e9}sum\u{e9}"),
            ("E\u{301}", "\u{e9}"),
            ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
            ("Σίσυφος", "σίσυφοσ"),
            ("\u{fb01}le", "file"),
            ("DON’T", "don't"),
            ("don´t", "don't"),
            ("“quoted” «quoted» „quoted“", "\"quoted\" \"quoted\" \"quoted\""),
            ("300 \u{212a}", "300 k"),
            ("\u{130}", "i\u{307}"),
            ("co\u{ad}op co\u{200b}op", "coop coop"),
            ("  a \u{a0}\r\n\u{3000} b\tc\n\n", "a b c"),
            ("a\u{2029}b \u{200b} c", "a b c"),
            ("co\u{2011}op co–op 5\u{2212}3 a—b", "co-op co-op 5-3 a-b"),
            ("Привет ЁЖ", "привет ёж"),
            ("ｶﾞｽ", "ガス"),
            ("\u{110b}\u{1165}", "어"),
            ("Acme™ 5 ¨", "acme™ 5 ¨"),
            ("bell\u{7}", "bell"),
            ("", ""),
            (" \n ", ""),
            ("\u{feff}", ""),
        ] {
            assert_eq!(fold(text).as_str(), folded, "{text:?}");
        }
    }

    #[test]
    fn the_keyword_view_tells_joints_from_borders() {
        for (text, words) in [
            ("time-sensitive time–sensitive", "time sensitive time sensitive"),
            ("time \r\n sensitive", "time sensitive"),
            ("time-\nsensitive", "time sensitive"),
            ("time-\r\n  sensitive", "time sensitive"),
            ("time - sensitive", "time - sensitive"),
            ("time- sensitive", "time- sensitive"),
            ("time -sensitive", "time -sensitive"),
            ("time--sensitive", "time--sensitive"),
            ("time —\nsensitive", "time \u{1e} sensitive"),
            ("time—sensitive", "time\u{1e}sensitive"),
            ("time\n\nsensitive", "time\u{1f}sensitive"),
            ("time\n \u{200b}\nsensitive", "time\u{1f}sensitive"),
            ("time\tsensitive", "time\u{1f}sensitive"),
            ("time \u{2029} sensitive", "time\u{1f}sensitive"),
            ("time-\n\nsensitive", "time-\u{1f}sensitive"),
            ("-urgent-", "-urgent-"),
            ("time\u{1f}sensitive", "timesensitive"),
        ] {
            assert_eq!(fold(text).words(), words, "{text:?}");
        }
    }

    #[test]
    fn places_lead_back_to_whole_original_characters() {
        let text = "Große  ﬁlle\u{301} — Ende";
        let folded = fold(text);
        assert_eq!(folded.as_str(), "grosse fill\u{e9} - ende");
        let back = |part: &str| {
            let start = folded.as_str().find(part).unwrap();
            text.get(folded.original(start..start + part.len())).unwrap()
        };
        assert_eq!(back("grosse"), "Große");
        assert_eq!(back("os"), "oß");
        assert_eq!(back(" "), "  ");
        assert_eq!(back("i"), "ﬁ");
        assert_eq!(back("ill"), "ﬁll");
        assert_eq!(back("\u{e9} - e"), "e\u{301} — E");
        assert_eq!(folded.original(0..0), 0..0);
        assert_eq!(folded.original(900..1000), text.len()..text.len());
        assert_eq!(folded.original(0..1000), 0..text.len());
        assert_eq!(fold("").original(0..7), 0..0);
    }

    #[test]
    fn every_character_folds_quickly_as_it_folds_slowly_and_stays_folded() {
        let mut wrong = String::new();
        // Without most of the ideographs and syllables, which are all alike.
        let chars = ('\0'..'\u{3500}').chain('\u{a000}'..'\u{ae00}').chain('\u{d700}'..'\u{20100}');
        for c in chars.chain('\u{2f800}'..'\u{2fa20}').chain('\u{e0000}'..'\u{e0200}') {
            let slowly: String = [c].into_iter().nfkc().default_case_fold().nfkc().collect();
            if chars::fold_quickly(c)
                .is_some_and(|quickly| slowly != quickly.to_string() || quickly.len_utf8() != c.len_utf8())
            {
                writeln!(wrong, "{c:?} quickly").unwrap();
            }
            let once = fold(c.encode_utf8(&mut [0; 4])).as_str().to_owned();
            if fold(&once).as_str() != once {
                writeln!(wrong, "{c:?} again, {once:?}").unwrap();
            }
        }
        assert_eq!(wrong, "");
    }

    #[test]
    fn monotonous_texts_take_linear_time() {
        // Quadratic time would be hours.
        for piece in
            ["\u{ad}", "a\u{ad}", "\u{301}", "a\u{301}", "é", " \u{200b}", "\n", "-\n", "—", "ﷺ", "\u{1160}"]
        {
            let text = piece.repeat(300_000);
            let folded = fold(&text);
            assert!(folded.original(0..usize::MAX).end <= text.len(), "{piece:?}");
        }
    }

    /// Texts in which everything that folding treats specially is frequent.
    fn tricky() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            3 => "[a-cA-C]{1,3}",
            2 => "[ \n\r\t-]{1,3}",
            1 => "[\u{a0}\u{2029}\u{200b}\u{ad}\u{2013}\u{2014}\u{301}\u{308}ßﬁéЖ東’™\u{ff76}\u{ff9e}\u{1100}\u{1161}\u{11a8}\u{93c}क]",
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn the_plain_beginning_is_as_long_as_it_is_byte_by_byte(
            text in "[a-c ]{0,40}[a-cA-Z~]{0,40}[ \n\t\u{7f}é-]{0,2}[a-c ]{0,20}",
            after_blank in any::<bool>(),
        ) {
            let mut previous = after_blank;
            let length = text.bytes().take_while(|byte| {
                let doubled = previous && *byte == b' ';
                previous = *byte == b' ';
                (b' '..=b'~').contains(byte) && *byte != b'-' && !doubled
            });
            let length = length.count();
            prop_assert_eq!(plain_length(text.as_bytes(), after_blank), length);
        }

        #[test]
        fn any_text_folds_and_every_place_leads_back(text in tricky(), from in 0_usize..80, len in 0_usize..20) {
            let folded = fold(&text);
            let (pattern, words) = (folded.as_str(), folded.words());
            prop_assert_eq!(pattern.len(), words.len());
            prop_assert!(!pattern.starts_with(' ') && !pattern.ends_with(' '));
            let place = folded.original(from..from + len);
            prop_assert!(text.get(place).is_some());
            let ends: Vec<_> = pattern.char_indices().map(|(at, c)| folded.original(at..at + c.len_utf8())).collect();
            prop_assert!(ends.is_sorted_by_key(|place| place.start) && ends.is_sorted_by_key(|place| place.end));
            prop_assert!(ends.iter().all(|place| !place.is_empty() && text.get(place.clone()).is_some()));
        }

        #[test]
        fn folding_a_folded_text_changes_nothing(text in "[a-cA-C \n\r\t\u{a0}\u{ad}\u{2013}\u{2014}\u{301}ßﬁéЖ東’-]{0,40}") {
            let once = fold(&text).as_str().to_owned();
            let twice = fold(&once);
            prop_assert_eq!(twice.as_str(), once);
        }
    }
}
