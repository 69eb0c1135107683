//! Where a bounce that is one plain text begins to repeat the mail that it brings back.
//!
//! Reports in their proper form (RFC 3464) have a part for it; these are the others. What comes back was written before,
//! so it is never new.

/// How mail servers introduce the mail that they return: the beginning of a line, its rules and blanks aside, in lower
/// case.
const INTRODUCTIONS: &[&str] = &[
    "below this line is a copy of the message", // qmail and its kin
    "this is a copy of the message, including all the headers", // Exim
    "this is a copy of your message, including all the headers",
    "this is a copy of the headers of your message",
    "original message follows",
    "unsent message follows", // sendmail of old
    "unsent message below",
    "original message header",
    "headers of the original message",
    "message header follows",
    "message headers follow",
    "the header of the original message is following",
    "the body of the original message follows",
    "returned message follows",
    "returned mail follows",
    "original message -----",
    "message contents follow",
    "here is a copy of the first part of the message",
    "your original message follows",
    "your message reads (in part)",
];

/// Characters that rules and quotations are drawn with.
const RULE: [char; 8] = [' ', '-', '=', '*', '_', '>', '+', '\u{a0}'];

/// Where in the text of a bounce the returned mail begins, at its introduction; `None` when it brings none back.
pub(super) fn begins(text: &str) -> Option<usize> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches(RULE);
        if INTRODUCTIONS.iter().any(|known| {
            bare.as_bytes().get(..known.len()).is_some_and(|head| head.eq_ignore_ascii_case(known.as_bytes()))
        }) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_returned_mail_begins_at_its_introduction() {
        let text = "No such user.\n\n--- Below this line is a copy of the message.\n\nSubject: Urgent\n";
        assert_eq!(begins(text).and_then(|at| text.get(..at)), Some("No such user.\n\n"));
        assert_eq!(begins("   ----- Original message -----\n"), Some(0));
        assert_eq!(begins("See the original message follows suit\n"), None);
    }
}
