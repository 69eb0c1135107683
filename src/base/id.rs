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
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let key = ContentKey::of([b"reference".as_slice(), &self.0.to_be_bytes()]);
        let bits = key.0.iter().take(5).fold(0_u64, |bits, byte| (bits << 8) | u64::from(*byte));
        let mut reference = String::with_capacity(9);
        for place in (0..8).rev() {
            if place == 3 {
                reference.push('-');
            }
            let digit = usize::try_from((bits >> (place * 5)) & 31).unwrap_or(0);
            reference.push(char::from(ALPHABET.get(digit).copied().unwrap_or(b'0')));
        }
        reference
    }
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
        assert!(reference.chars().all(|c| c == '-' || (c.is_ascii_alphanumeric() && !"ILOU".contains(c))));
    }
}
