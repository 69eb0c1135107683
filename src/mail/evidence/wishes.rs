//! What mails without any other sign say at their beginning and end: "Please do not reply to this e-mail", and why
//! mass mail came and how to stop it.
//!
//! Only what the sender says is looked at, and not all of it; what somebody quotes, or a disclaimer says to the wrong
//! recipient, is no wish.

use memchr::memmem;

use super::reports::plain_words;
use super::{Automation, Found};
use crate::mail::header::{self, clip};
use crate::mail::markers::texts::{FOOTERS, NO_REPLY_WISHES};
use crate::mail::text::{Region, RegionKind};

/// Bytes looked at where the text begins and where it ends.
const HEAD: usize = 256;
const TAIL: usize = 1024;
/// Bytes before a wish in which a quotation mark says that it is somebody else's, and in which a disclaimer names whom it
/// speaks to.
const QUOTE: usize = 16;
const SENTENCE: usize = 160;

impl Found {
    /// Looks at what the sender says in a part. Footers are often taken for signatures, so those are read too.
    pub(in crate::mail) fn wishes(&mut self, text: &str, regions: &[Region]) {
        if self.is_by_person || !self.signs.is_empty() {
            return;
        }
        let is_own = |region: &&Region| matches!(region.kind, RegionKind::New | RegionKind::Signature);
        let mut own = regions.iter().filter(is_own);
        let Some(first) = own.next() else { return };
        let slice = |region: &Region| text.get(region.start..region.end).unwrap_or_default().trim();
        let last = slice(own.next_back().unwrap_or(first));
        let tail_start = last.ceil_char_boundary(last.len().saturating_sub(TAIL));
        let tail = last.get(tail_start..).unwrap_or_default();
        if let Some(wish) = wish_in(tail).or_else(|| wish_in(clip(slice(first), HEAD))) {
            self.add(Automation::NoReplySender, "body", wish);
        } else if let Some(sentence) = footer_in(tail) {
            self.add(Automation::VendorMarker, "body", sentence);
        }
    }
}

fn wish_in(text: &str) -> Option<&'static str> {
    let mut words = None;
    NO_REPLY_WISHES.iter().filter(|(stem, _)| holds(text, stem)).find_map(|(_, wishes)| {
        let words = words.get_or_insert_with(|| plain_words(text));
        wishes.iter().find(|wish| words.find(**wish).is_some_and(|at| is_own(words, at))).copied()
    })
}

fn footer_in(text: &str) -> Option<&'static str> {
    let mut words = None;
    FOOTERS.iter().filter(|(stem, _)| holds(text, stem)).find_map(|(_, sentences)| {
        let words = words.get_or_insert_with(|| header::collapse(text).replace('’', "'"));
        sentences.iter().find(|sentence| words.find(**sentence).is_some_and(|at| is_own(words, at))).copied()
    })
}

/// Whether the stem stands in the text, in lower case or, for notices that shout, in capitals.
fn holds(text: &str, stem: &str) -> bool {
    memmem::find(text.as_bytes(), stem.as_bytes()).is_some()
        || stem == "repl" && memmem::find(text.as_bytes(), b"REPL").is_some()
}

/// Whether what begins at `at` is said of this mail to whoever reads it.
fn is_own(words: &str, at: usize) -> bool {
    let before = |bytes: usize| {
        let from = words.ceil_char_boundary(at.saturating_sub(bytes));
        words.get(from..at).unwrap_or_default()
    };
    let is_quoted = before(QUOTE).contains(['"', '“', '„', '«', '‘', '>']);
    let is_disclaimer =
        ["recipient", "empfänger", "destinat"].iter().any(|whom| before(SENTENCE).contains(whom));
    !is_quoted && !is_disclaimer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(text: &str) -> bool {
        let region = |start, end, kind| Region { start, end, kind, because: "", alternative: 0 };
        let mut found = Found::default();
        found.wishes(text, &[region(0, text.len(), RegionKind::New)]);
        !found.into_signs().is_empty()
    }

    #[test]
    fn mass_mail_is_known_by_its_last_words_and_people_who_are_tired_of_it_are_not() {
        let long = "A line of the letter that goes on.\n".repeat(100);
        assert!(asks(&format!("{long}\n--\nYou are receiving this\nbecause you watch the list.\n")));
        assert!(asks(&format!("{long}\nSie erhalten diese E-Mail, weil Sie sich angemeldet haben.")));
        assert!(asks(&format!("{long}\nTo unsubscribe, visit https://x.example/off")));
        for text in [
            "Unsubscribe from this list, please! Sie erhalten diese Woche mehr von mir.",
            "How do I unsubscribe from your newsletter? I keep receiving it.",
            "I got a letter, \"To unsubscribe, visit x.example\", and that page is down.",
            &format!("To unsubscribe from the old list I wrote twice.\n{long}"),
        ] {
            assert!(!asks(text), "{text}");
        }
    }

    #[test]
    fn a_wish_at_the_beginning_or_the_end_is_heard() {
        let long = "A line of the notice that goes on.\n".repeat(100);
        for text in [
            "Your order is on its way.\n\nPlease do not\nreply to this e-mail.\n".to_owned(),
            "PLEASE DO NOT REPLY TO THIS MESSAGE.".to_owned(),
            format!("Don’t reply to this email.\n{long}"),
            format!("{long}\nBitte antworten Sie nicht auf diese E-Mail."),
            format!("{long}\nMerci de ne pas répondre à ce message."),
            "系统邮件，请勿回复。".to_owned(),
        ] {
            assert!(asks(&text), "{text}");
        }
    }

    #[test]
    fn what_people_say_is_no_wish() {
        let long = "A line of the letter that goes on.\n".repeat(100);
        for text in [
            "Please do not reply to him, he is on holiday.".to_owned(),
            "I got a mail that says \"Please do not reply to this email\", is it yours?".to_owned(),
            "If you are not the intended recipient, please do not reply to this e-mail.".to_owned(),
            format!("{long}Do not reply to this mail, it says.\n{long}"),
            "Please reply soon!".to_owned(),
            String::new(),
        ] {
            assert!(!asks(&text), "{text}");
        }
    }
}
