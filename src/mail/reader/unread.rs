//! How a text shows that it is not what the sender wrote: characters of the wrong charset, a cipher, a server's notice.

use memchr::memmem;

use super::super::Unreadable;

/// Characters that may be odd in any text.
const FEW: usize = 8;
/// What stands around an encrypted text (RFC 9580 section 6.2).
const CIPHER: &str = "-----BEGIN PGP MESSAGE-----";

/// What Exchange hands out in place of a mail that it cannot convert for IMAP; the second is a subject.
const PLACEHOLDERS: [&str; 2] = [
    "the server couldn't retrieve the following message",
    "retrieval using the imap4 protocol failed for the following message",
];

/// Why a text cannot be read.
pub(super) fn reason(text: &str) -> Option<Unreadable> {
    if memmem::find_iter(text.as_bytes(), CIPHER).any(|at| begins_line(text, at)) {
        return Some(Unreadable::Encrypted);
    }
    if is_placeholder(text) {
        return Some(Unreadable::Placeholder);
    }
    is_garbled(text).then_some(Unreadable::Undecodable)
}

/// Whether a mail with this reason is not read although there are words: those that gateways and lists add to a cipher,
/// and those that are no words.
pub(super) fn outweighs_words(reason: Unreadable) -> bool {
    match reason {
        Unreadable::Encrypted | Unreadable::Undecodable | Unreadable::Placeholder => true,
        Unreadable::OpaqueSignature | Unreadable::Tnef | Unreadable::Partial | Unreadable::Empty => false,
    }
}

/// Whether a subject or a text is a server's notice in place of a mail. A mail that shows us one begins otherwise.
pub(super) fn is_placeholder(text: &str) -> bool {
    let text = text.trim_start();
    let mut start = text.bytes();
    // Nearly every text is let go at its first letter.
    if !start.next().is_some_and(|first| matches!(first, b't' | b'T' | b'r' | b'R')) {
        return false;
    }
    let head: String = text.chars().take(80).map(|c| if c == '\u{2019}' { '\'' } else { c }).collect();
    PLACEHOLDERS.iter().any(|notice| {
        head.as_bytes().get(..notice.len()).is_some_and(|head| head.eq_ignore_ascii_case(notice.as_bytes()))
    })
}

fn begins_line(text: &str, at: usize) -> bool {
    text.get(..at).is_some_and(|before| before.is_empty() || before.ends_with(['\n', super::super::BLOCK]))
}

/// Whether a text was read in the wrong charset: mostly holes, or mostly letters that Latin script uses here and there,
/// which is what Cyrillic, Greek or Chinese look like when their charset is not named.
fn is_garbled(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    // U+00C0 to U+00FF begin with this byte, and so do no others.
    let accented = text.bytes().filter(|b| *b == 0xc3).count();
    if accented > FEW && accented * 4 > text.len() {
        return true;
    }
    let holes = memmem::find_iter(text.as_bytes(), "\u{fffd}").count();
    holes > FEW && holes * 3 > text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_shows_that_it_cannot_be_read() {
        for (text, expected) in [
            ("The list adds this.\n-----BEGIN PGP MESSAGE-----\nhQ\n", Some("encrypted")),
            ("They sent \"-----BEGIN PGP MESSAGE-----\" and more", None),
            (
                "The server couldn\u{2019}t retrieve the following message:\n\nSubject: Urgent",
                Some("placeholder"),
            ),
            ("I got: The server couldn't retrieve the following message", None),
            (
                "\u{d1}\u{f0}\u{ee}\u{f7}\u{ed}\u{ee} \u{ef}\u{ee}\u{ec}\u{ee}\u{e3}\u{e8}\u{f2}\u{e5}",
                Some("undecodable"),
            ),
            (
                "\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd} a",
                Some("undecodable"),
            ),
            ("L'été dernier, à Évian-les-Bains, l'hôtel était fermé.", None),
            ("Það er ekki hægt að skrá sig inn í kerfið síðan í gærkvöldi.", None),
            ("Срочно: помогите", None),
        ] {
            assert_eq!(reason(text).map(Unreadable::slug), expected, "{text}");
        }
    }
}
