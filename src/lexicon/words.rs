//! The words of a folded text, one after the other.
//!
//! Bytes are classified 64 at a time into bits, so that finding the next word costs no unforeseeable branch for each
//! letter.

use super::chars::is_word;
use std::ops::Range;

/// Bytes looked at together: as many as a word of the machine has bits.
const BLOCK: usize = 64;

/// Gives every run of word characters of a text, from left to right.
pub(super) fn each_word(text: &str, mut found: impl FnMut(Range<usize>)) {
    let (mut start, mut is_open) = (0, 0);
    for (number, bytes) in text.as_bytes().chunks(BLOCK).enumerate() {
        let block_start = number * BLOCK;
        let words =
            word_bits(bytes).unwrap_or_else(|| mixed_word_bits(text, block_start, bytes, is_open == 1));
        let mut edges = words ^ (words << 1 | is_open);
        while edges != 0 {
            let bit = edges.trailing_zeros();
            let at = block_start + bit as usize;
            if words >> bit & 1 == 1 {
                start = at;
            } else {
                found(start..at);
            }
            edges &= edges - 1;
        }
        is_open = words >> (BLOCK - 1);
    }
    if is_open == 1 {
        found(start..text.len());
    }
}

/// A bit for each byte that is part of a word, of any text.
fn mixed_word_bits(text: &str, block_start: usize, bytes: &[u8], mut is_in_word: bool) -> u64 {
    let mut words = 0;
    for (bit, byte) in bytes.iter().enumerate() {
        match byte {
            0..0x80 => is_in_word = byte.is_ascii_alphanumeric() || *byte == b'_',
            0x80..0xc0 => {}
            0xc0.. => {
                let rest = text.get(block_start + bit..).unwrap_or_default();
                is_in_word = rest.chars().next().is_some_and(is_word);
            }
        }
        words |= u64::from(is_in_word) << bit;
    }
    words
}

/// A bit for each byte that is part of a word, if the block is full and all of ASCII.
fn word_bits(bytes: &[u8]) -> Option<u64> {
    let bytes: &[u8; BLOCK] = bytes.first_chunk()?;
    let mut words = 0;
    let mut special = 0;
    for eight in bytes.as_chunks().0.iter().rev() {
        let eight = u64::from_le_bytes(*eight);
        let lower = eight | each(0x20);
        let is_word = at_least(lower, b'a') & !at_least(lower, b'z' + 1)
            | at_least(eight, b'0') & !at_least(eight, b'9' + 1)
            | at_least(eight, b'_') & !at_least(eight, b'_' + 1);
        special |= eight;
        // The product moves the flags of eight bytes side by side into the highest byte.
        let flags = (is_word & each(0x80)) >> 7;
        words = words << 8 | flags.wrapping_mul(0x0102_0408_1020_4080) >> 56;
    }
    (special & each(0x80) == 0).then_some(words)
}

/// Eight times the same byte.
pub(super) const fn each(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Sets the highest bit of each byte of ASCII that is not below a limit; other bits mean nothing.
pub(super) fn at_least(eight: u64, limit: u8) -> u64 {
    eight.wrapping_add(each(0x80 - limit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The words found one character after the other.
    fn naive(text: &str) -> Vec<Range<usize>> {
        let mut words: Vec<Range<usize>> = Vec::new();
        for (start, c) in text.char_indices().filter(|(_, c)| is_word(*c)) {
            let end = start + c.len_utf8();
            match words.last_mut() {
                Some(word) if word.end == start => word.end = end,
                _ => words.push(start..end),
            }
        }
        words
    }

    proptest! {
        #[test]
        fn words_are_those_found_one_character_after_the_other(
            text in "([a-zA-Z0-9_]{1,70}|[ -~]{0,70}|[ ,'\u{1f}]|[aé東ж•😀क\u{301} ]{1,40}){0,12}",
        ) {
            let mut words = Vec::new();
            each_word(&text, |word| words.push(word));
            prop_assert_eq!(words, naive(&text));
        }
    }
}
