//! Bytes that nobody can guess, from the operating system. They are had through the library that TLS uses.

use rustls::crypto::ring;

/// The operating system gives no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandomness;

/// A key that nobody else has.
///
/// # Errors
/// When the operating system has none.
pub fn secret_key() -> Result<[u8; 32], NoRandomness> {
    let mut key = [0; 32];
    ring::default_provider().secure_random.fill(&mut key).map_err(|_| NoRandomness)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_are_the_same() {
        let (one, other) = (secret_key().expect("a key"), secret_key().expect("a key"));
        assert_ne!(one, other);
        assert!(one != [0; 32] && other != [0; 32]);
    }
}
