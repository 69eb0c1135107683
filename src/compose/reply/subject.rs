//! The subject of a reply: the template's or the customer's own, and always a way back to the case.

use crate::base::text::one_line;
use crate::policy::{Rendered, ReplySubject};

/// How many characters of a subject are sent, besides the reference: servers and people take more, but to no use.
const LONGEST: usize = 250;

/// The subject of a rendered reply to a mail with the subject `original`, on one line.
///
/// A reference that stands nowhere in the reply is put at its end, and always when the subject is the customer's.
pub(super) fn subject(
    form: ReplySubject,
    rendered: &Rendered,
    (original, is_reply): (&str, bool),
    reference: &str,
) -> String {
    let original = one_line(original);
    let (subject, is_told) = match form {
        ReplySubject::Template => (rendered.subject.clone(), is_told(rendered, reference)),
        // RFC 3834 section 3.1.5.
        ReplySubject::Auto => (prefixed("Auto:", starts_with(&original, "auto:"), &original), false),
        ReplySubject::Re => (prefixed("Re:", is_reply, &original), false),
    };
    let subject: String = subject.chars().take(LONGEST).collect();
    let subject = subject.trim_end();
    if is_told || subject.contains(reference) {
        return subject.to_owned();
    }
    format!("{subject} [{reference}]").trim_start().to_owned()
}

/// Whether whoever sees any form of the text sees the reference.
fn is_told(rendered: &Rendered, reference: &str) -> bool {
    let in_html = rendered.html.as_ref().is_none_or(|html| html.contains(reference));
    in_html && rendered.text.contains(reference)
}

fn prefixed(prefix: &str, is_there: bool, original: &str) -> String {
    if is_there { original.to_owned() } else { format!("{prefix} {original}") }
}

fn starts_with(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: &str = "K7Q4-MX2P";

    fn said(form: ReplySubject, template: (&str, &str, Option<&str>), original: (&str, bool)) -> String {
        let (subject, text, html) = template;
        let rendered =
            Rendered { subject: subject.to_owned(), text: text.to_owned(), html: html.map(str::to_owned) };
        subject_of(form, &rendered, original)
    }

    fn subject_of(form: ReplySubject, rendered: &Rendered, original: (&str, bool)) -> String {
        subject(form, rendered, original, REFERENCE)
    }

    #[test]
    fn a_reference_that_stands_nowhere_is_put_into_the_subject() {
        let told = "Case K7Q4-MX2P";
        for (template, expected) in [
            (("Got it", "Hello.", None), "Got it [K7Q4-MX2P]"),
            (("Got it", told, None), "Got it"),
            (("Got it [K7Q4-MX2P]", "Hello.", None), "Got it [K7Q4-MX2P]"),
            (("Got it", told, Some("<p>Hello</p>")), "Got it [K7Q4-MX2P]"),
            (("Got it", told, Some("<p>Case K7Q4-MX2P</p>")), "Got it"),
            (("", "Hello.", None), "[K7Q4-MX2P]"),
        ] {
            assert_eq!(said(ReplySubject::Template, template, ("x", false)), expected, "{template:?}");
        }
    }

    #[test]
    fn the_customers_subject_gets_one_prefix_and_the_reference() {
        let template = ("Got it", "Case K7Q4-MX2P", None);
        for (form, original, expected) in [
            (ReplySubject::Auto, ("API down", false), "Auto: API down [K7Q4-MX2P]"),
            (ReplySubject::Auto, ("Re: API down", true), "Auto: Re: API down [K7Q4-MX2P]"),
            (ReplySubject::Auto, ("AUTO: API down", true), "AUTO: API down [K7Q4-MX2P]"),
            (ReplySubject::Auto, ("", false), "Auto: [K7Q4-MX2P]"),
            (ReplySubject::Re, ("API down", false), "Re: API down [K7Q4-MX2P]"),
            (ReplySubject::Re, ("AW: API down", true), "AW: API down [K7Q4-MX2P]"),
            (ReplySubject::Re, ("Re: API down [K7Q4-MX2P]", true), "Re: API down [K7Q4-MX2P]"),
            (ReplySubject::Re, ("a\r\nBcc: b\u{202e}c\u{2028}d", false), "Re: a Bcc: bc d [K7Q4-MX2P]"),
        ] {
            assert_eq!(said(form, template, original), expected, "{original:?}");
        }
    }

    #[test]
    fn a_long_subject_gives_way_and_the_reference_does_not() {
        let long = "ü".repeat(5_000);
        for form in [ReplySubject::Template, ReplySubject::Auto, ReplySubject::Re] {
            let subject = said(form, (&long, "Hello.", None), (&long, false));
            assert!(
                subject.chars().count() <= LONGEST + 12 && subject.ends_with(" [K7Q4-MX2P]"),
                "{subject}"
            );
        }
    }
}
