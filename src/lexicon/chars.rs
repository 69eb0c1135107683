//! What the single characters mean to the reader of a mail: parts of words, joints, borders, or nothing at all.
//!
//! Tables only, no text is walked here. General categories come from the `unicode-properties` crate; the ranges written
//! out below are blocks and the property `Default_Ignorable_Code_Point` of the Unicode Character Database.

use std::ops::Range;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// What a dash does between two words when nothing stands between it and them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dash {
    /// Hyphens, en dash, figure dash, minus: "time-sensitive" is one expression.
    Joins,
    /// Em dash and longer: a break in the sentence.
    Parts,
}

/// The kind of dash a character is, if it is one.
pub(super) fn dash(c: char) -> Option<Dash> {
    match c {
        '-'
        | '\u{58a}'
        | '\u{5be}'
        | '\u{2010}'..='\u{2013}'
        | '\u{207b}'
        | '\u{208b}'
        | '\u{2212}'
        | '\u{fe32}'
        | '\u{fe63}'
        | '\u{ff0d}' => Some(Dash::Joins),
        '\u{2014}' | '\u{2015}' | '\u{2e3a}' | '\u{2e3b}' | '\u{fe31}' | '\u{fe58}' => Some(Dash::Parts),
        _ => None,
    }
}

/// The quotation mark of a typewriter that a typographic one stands for.
pub(super) fn plain_quote(c: char) -> Option<char> {
    match c {
        '\u{b4}'
        | '\u{2bb}'
        | '\u{2bc}'
        | '\u{2018}'..='\u{201b}'
        | '\u{2032}'
        | '\u{2035}'
        | '\u{2039}'
        | '\u{203a}'
        | '\u{ff07}' => Some('\''),
        '\u{ab}' | '\u{bb}' | '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{2036}' | '\u{ff02}' => Some('"'),
        _ => None,
    }
}

/// Whether nobody sees the character: soft hyphen, zero width, directional and variation controls, control codes.
pub(super) fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\0'..='\u{8}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// Whether the character can merge with what stands before it: combining marks, parts of Hangul syllables, the
/// half-width Katakana voice marks.
pub(super) fn extends(c: char) -> bool {
    match c {
        '\0'..'\u{300}' | '\u{370}'..='\u{482}' | '\u{3400}'..='\u{a66e}' | '\u{ac00}'..='\u{d7af}' => false,
        '\u{1160}'..='\u{11ff}' | '\u{3131}'..='\u{318e}' | '\u{ff9e}'..='\u{ffdc}' => true,
        _ => is_combining_mark(c),
    }
}

/// Whether compatibility normalisation would make something else of a character than its reader sees: spacing accents
/// (a blank and a mark), and the signs ™ and ℠ (letters that would stick to the name before them).
pub(super) fn keeps_its_shape(c: char) -> bool {
    let mut first = None;
    decompose_compatible(c, |part| first = first.or(Some(part)));
    first == Some(' ') || matches!(c, '\u{2120}' | '\u{2122}')
}

/// The folded form of letters that fold to one letter of the same length in UTF-8, where no table is needed to know it;
/// `None` says nothing.
pub(super) fn fold_quickly(c: char) -> Option<char> {
    let shift = match c {
        'à'..='ö'
        | 'ø'..='ÿ'
        | 'α'..='ρ'
        | 'σ'..='ω'
        | 'а'..='џ'
        | 'א'..='ת'
        | '\u{621}'..='\u{63a}'
        | '\u{641}'..='\u{64a}'
        | '\u{905}'..='\u{928}'
        | '\u{e01}'..='\u{e30}'
        | '\u{3041}'..='\u{3096}'
        | '\u{30a1}'..='\u{30fa}'
        | '\u{30fc}'
        | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7a3}' => return Some(c),
        'À'..='Ö' | 'Ø'..='Þ' | 'Α'..='Ρ' | 'Σ'..='Ω' | 'А'..='Я' => 0x20,
        'Ѐ'..='Џ' => 0x50,
        _ => return None,
    };
    char::from_u32(u32::from(c) + shift)
}

/// Whether the character is part of a word: a letter, a digit, `_`, or a mark on one. Enclosing marks are not, since
/// they make pictures of what they enclose (keycap emoji).
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    if fold_quickly(c).is_some() {
        return true;
    }
    match c.general_category_group() {
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number => true,
        GeneralCategoryGroup::Mark => c.general_category() != GeneralCategory::EnclosingMark,
        GeneralCategoryGroup::Punctuation
        | GeneralCategoryGroup::Symbol
        | GeneralCategoryGroup::Separator
        | GeneralCategoryGroup::Other => false,
    }
}

/// Whether the character belongs to a script that puts no spaces between its words: Han, Hiragana, Katakana, Thai,
/// Lao, Khmer, Myanmar.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{19e0}'..='\u{19ff}'
        | '\u{2e80}'..='\u{2fdf}' | '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}'
        | '\u{3031}'..='\u{3035}' | '\u{3038}'..='\u{303c}' | '\u{3041}'..='\u{30ff}'
        | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{a9e0}'..='\u{a9ff}' | '\u{aa60}'..='\u{aa7f}' | '\u{f900}'..='\u{faff}'
        | '\u{1b000}'..='\u{1b16f}' | '\u{20000}'..='\u{3ffff}')
}

/// Whether a part of a folded text stands there as whole words: no neighbour continues it.
///
/// In scripts without spaces a neighbour continues nothing, but even there a mark on the last letter does.
pub(super) fn stands_alone(text: &str, part: &Range<usize>) -> bool {
    let (Some(before), Some(inside), Some(after)) =
        (text.get(..part.start), text.get(part.clone()), text.get(part.end..))
    else {
        return false;
    };
    let continues_from = |before: char| {
        is_word(before) && !is_unspaced(before) && !inside.chars().next().is_some_and(is_unspaced)
    };
    let continues_into = |after: char| {
        is_word(after)
            && (is_combining_mark(after)
                || !is_unspaced(after) && !inside.chars().next_back().is_some_and(is_unspaced))
    };
    !before.chars().next_back().is_some_and(continues_from)
        && !after.chars().next().is_some_and(continues_into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_fold_quickly_are_letters_without_meaning_of_their_own() {
        let letters: Vec<char> = ('\0'..=char::MAX).filter(|c| fold_quickly(*c).is_some()).collect();
        assert!(letters.iter().all(|c| c.general_category_group() == GeneralCategoryGroup::Letter));
        assert!(letters.iter().all(|c| dash(*c).is_none() && plain_quote(*c).is_none() && !is_ignorable(*c)));
    }
}
