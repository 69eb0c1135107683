//! Base 64 as two places of IMAP need it: authentication (RFC 4648 section 4) and folder names (RFC 3501 section 5.1.3).

/// With padding, in the usual alphabet.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = digits(bytes, b'/');
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Without padding, in the alphabet of folder names.
pub(super) fn encode_name(bytes: &[u8]) -> String {
    digits(bytes, b',')
}

fn digits(bytes: &[u8], last: u8) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte));
        let bits = bits << (8 * (3 - group.len()));
        for place in 0..=group.len() {
            text.push(char::from(digit((bits >> (18 - 6 * place)) & 63, last)));
        }
    }
    text
}

fn digit(value: u32, last: u8) -> u8 {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+";
    usize::try_from(value).ok().and_then(|at| DIGITS.get(at).copied()).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_hold() {
        let vectors = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"];
        for (length, expected) in vectors.iter().enumerate() {
            assert_eq!(encode(&b"foobar"[..length]), *expected);
        }
        assert_eq!((encode(b"\xff\xff"), encode_name(b"\xff\xff")), ("//8=".to_owned(), ",,8".to_owned()));
    }
}
