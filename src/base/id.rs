//! Identifiers of our own: 63 bits, ordered by time, derived from what they name.
//!
//! Deriving instead of drawing them means that a mail which is read and decided again, after a crash or a conflict,
//! gets the same ids again, so nothing that was already written can be doubled.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A hash that names content: the same bytes give the same key on every machine and in every version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContentKey(pub [u8; 16]);

impl ContentKey {
    /// The key of several fields; their lengths are part of it, so `("ab","c")` and `("a","bc")` differ.
    pub fn of<'a>(fields: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = blake3::Hasher::new();
        for field in fields {
            hasher.update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(field);
        }
        let mut key = [0; 16];
        hasher.finalize_xof().fill(&mut key);
        ContentKey(key)
    }
}

impl fmt::Display for ContentKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// A case. Positive, fits a signed 64-bit column, and grows with time: 34 bits of seconds since 1970 (until the
/// year 2514; mail servers tell no fractions), then 29 bits of the content that opened it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CaseId(pub i64);

/// How many bits of a case's id come from the content.
const CONTENT_BITS: u32 = 29;

impl CaseId {
    /// The id of a case that this mail opens.
    pub fn derive(received_at: Timestamp, content: ContentKey) -> Self {
        const SECONDS: i64 = (1 << 34) - 1;
        let [first, second, third, fourth, ..] = content.0;
        let low = i64::from(u32::from_be_bytes([first, second, third, fourth]) >> (32 - CONTENT_BITS));
        CaseId((received_at.as_second().clamp(0, SECONDS) << CONTENT_BITS) | low)
    }

    /// The id to try when this one is another mail's: two mails of one second share an id once in half a billion.
    #[must_use]
    pub fn next(self) -> Self {
        let content = (1 << CONTENT_BITS) - 1;
        CaseId((self.0 & !content) | ((self.0 + 1) & content))
    }

    /// How people call the case, as `K7Q4-MX2P`: 40 bits spread over the whole id, in an alphabet without
    /// look-alikes (no I, L, O, U).
    pub fn reference(self) -> String {
        let key = ContentKey::of([b"reference".as_slice(), &self.0.to_be_bytes()]);
        let mut reference = letters(key.0.get(..5).unwrap_or_default());
        reference.insert(4, '-');
        reference
    }
}

/// Digits and letters without look-alikes (no I, L, O, U), which may change their case and stay the same.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Bytes as letters, five bits each; the last one is filled up with zeros.
pub(super) fn letters(bytes: &[u8]) -> String {
    let mut letters = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut push = |digit: u32| {
        let digit = usize::try_from(digit & 31).unwrap_or(0);
        letters.push(char::from(ALPHABET.get(digit).copied().unwrap_or(b'0')));
    };
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            push(bits >> held);
        }
        bits &= (1 << held) - 1;
    }
    if held > 0 {
        push(bits << (5 - held));
    }
    letters
}

/// The bytes of [`letters`], in either case; `None` when they are not exactly so many.
pub(super) fn bytes_of<const N: usize>(letters: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let mut places = bytes.iter_mut();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for letter in letters.bytes() {
        let letter = letter.to_ascii_uppercase();
        let digit = ALPHABET.iter().position(|known| *known == letter)?;
        bits = (bits << 5) | u32::try_from(digit).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            *places.next()? = u8::try_from((bits >> held) & 0xff).ok()?;
            bits &= (1 << held) - 1;
        }
    }
    let is_whole = places.next().is_none() && bits == 0 && held < 5;
    is_whole.then_some(bytes)
}

/// Whether a text looks like a case's reference, in either case.
pub(super) fn is_reference(text: &str) -> bool {
    text.len() == 9
        && text.bytes().enumerate().all(|(place, byte)| {
            if place == 4 { byte == b'-' } else { ALPHABET.contains(&byte.to_ascii_uppercase()) }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn the_same_mail_gets_the_same_id_and_later_mail_a_larger_one() {
        let content = ContentKey::of([b"a".as_slice()]);
        assert_eq!(CaseId::derive(at(1_800_000_000), content), CaseId::derive(at(1_800_000_000), content));
        assert!(CaseId::derive(at(1_800_000_000), content) < CaseId::derive(at(1_800_000_001), content));
        assert!(CaseId::derive(at(-5), content).0 >= 0);
    }

    #[test]
    fn field_lengths_are_part_of_the_key() {
        let left = ContentKey::of([b"ab".as_slice(), b"c"]);
        assert_ne!(left, ContentKey::of([b"a".as_slice(), b"bc"]));
    }

    #[test]
    fn a_reference_is_eight_readable_characters() {
        let reference = CaseId(1 << 50).reference();
        assert_eq!(reference.len(), 9);
        assert_eq!(reference.chars().nth(4), Some('-'));
        assert!(is_reference(&reference) && is_reference(&reference.to_lowercase()));
        assert!(!is_reference("K7Q4-MX2") && !is_reference("K7Q4-MX2I") && !is_reference("K7Q44MX2P"));
        assert!(reference.chars().all(|c| c == '-' || (c.is_ascii_alphanumeric() && !"ILOU".contains(c))));
    }

    #[test]
    fn the_reference_of_a_case_never_changes() {
        // It stands in the subjects of mails that are answered in a year.
        assert_eq!(CaseId(1 << 50).reference(), "GV5E-58FH");
    }

    #[test]
    fn letters_say_the_same_in_either_case() {
        for bytes in [[0_u8; 16], [0xff; 16], *b"0123456789abcdef"] {
            let text = letters(&bytes);
            assert_eq!((text.len(), bytes_of(&text)), (26, Some(bytes)));
            assert_eq!(bytes_of(&text.to_lowercase()), Some(bytes));
            assert_eq!(bytes_of::<15>(&text), None);
            assert_eq!(bytes_of::<17>(&text), None);
        }
        assert_eq!(letters(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).len(), 16);
        let loose = letters(&[0; 15]) + "0Z";
        assert_eq!(bytes_of::<16>(&loose), None, "the bits that fill up are zeros");
        assert_eq!(bytes_of::<16>("é"), None);
    }
}
