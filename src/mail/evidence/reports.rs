//! Reports and invitations: parts of the mail itself, names of attachments, and the opening words of what has no structure.

use super::{Automation, Found};
use crate::mail::header::{self, clip};
use crate::mail::markers::texts::OPENINGS;
use crate::mail::structure::{Content, Leaf};

/// Bytes of a text in which a beginning is looked for, and those after it that bear it out.
const OPENING: usize = 160;
const SOON: usize = 1024;

impl Found {
    /// Looks at the opening words of the text.
    pub(in crate::mail) fn opening(&mut self, text: &str) {
        let text = text.trim_start();
        let opening = plain_words(clip(text, OPENING));
        for (beginning, soon, slug) in OPENINGS {
            let is_borne_out = || {
                let words = plain_words(clip(text, SOON));
                soon.is_empty() || soon.iter().any(|after| words.contains(after))
            };
            if opening.starts_with(beginning) && is_borne_out() {
                self.add(*slug, "body", clip(&header::collapse(clip(text, OPENING)), beginning.len()));
            }
        }
    }

    /// Looks at a multipart of the mail itself (RFC 6522).
    pub(in crate::mail) fn multipart(&mut self, content: &Content) {
        if content.media.subtype != "report" {
            return;
        }
        let kind = content.media.attribute("report-type").unwrap_or_default().trim().to_ascii_lowercase();
        let slug = match kind.as_str() {
            "disposition-notification" => Automation::DispositionReport, // RFC 8098
            "feedback-report" | "tlsrpt" => Automation::FeedbackReport,  // RFC 5965, RFC 8460
            _ => Automation::DeliveryReport,                             // RFC 3464
        };
        self.add(slug, "Content-Type", &format!("multipart/report; report-type={kind}"));
    }

    /// Looks at a part of the mail itself that holds a report or an invitation; `text` is its decoded content.
    pub(in crate::mail) fn part(&mut self, leaf: &Leaf<'_, '_>, text: impl FnOnce() -> String) {
        let media = &leaf.content.media;
        match (media.kind.as_str(), media.subtype.as_str()) {
            ("message", "delivery-status" | "global-delivery-status") => {
                self.add(Automation::DeliveryReport, "body", "message/delivery-status");
                if let Some(line) = delay(&text()) {
                    self.add(Automation::DelayedNotice, "body", &line);
                }
            }
            ("message", "disposition-notification" | "global-disposition-notification") => {
                self.add(Automation::DispositionReport, "body", "message/disposition-notification");
            }
            ("message", "feedback-report") | ("application", "tlsrpt+json" | "tlsrpt+gzip") => {
                self.add(Automation::FeedbackReport, "body", &leaf.content.media_type());
            }
            ("text", "calendar") => {
                let method =
                    media.attribute("method").map(str::to_owned).or_else(|| calendar_method(&text()));
                // RFC 5546 section 1.4; PUBLISH asks for no answer and is what people attach.
                if let Some(method) = method.filter(|m| !m.trim().eq_ignore_ascii_case("publish")) {
                    self.add(Automation::CalendarTraffic, "body", &format!("text/calendar; method={method}"));
                }
            }
            _ => {}
        }
        if let Some(name) = leaf.content.name.as_deref().filter(|name| is_report_name(name)) {
            self.add(Automation::FeedbackReport, "attachment", name);
        }
    }
}

/// In lower case, with ordinary blanks and apostrophes.
pub(super) fn plain_words(text: &str) -> String {
    header::collapse(text).to_lowercase().replace('’', "'")
}

/// RFC 7489 section 7.2.1.1 and RFC 8460 section 5.1: `receiver!domain!begin!end[!id].xml.gz`, whatever the type says.
fn is_report_name(name: &str) -> bool {
    if !name.contains('!') {
        return false;
    }
    let name = name.to_ascii_lowercase();
    let kinds = [".xml", ".xml.gz", ".gz", ".zip", ".json", ".json.gz"];
    let Some(stem) = kinds.iter().find_map(|kind| name.strip_suffix(kind)) else { return false };
    let mut pieces = stem.split('!').skip(2);
    let mut is_instant = || {
        let digits = pieces.next().unwrap_or_default();
        digits.len() >= 9 && digits.split('.').next().is_some_and(|d| d.bytes().all(|b| b.is_ascii_digit()))
    };
    is_instant() && is_instant()
}

/// The line of a delivery status that says the mail is still on its way (RFC 3464 section 2.3.3, RFC 3463 section 2).
fn delay(status: &str) -> Option<String> {
    let value = |line: &str, name: &str| {
        let (label, value) = line.split_once(':')?;
        label.trim().eq_ignore_ascii_case(name).then(|| value.trim().to_ascii_lowercase())
    };
    let mut lines = status.lines();
    let delayed = lines.find(|line| {
        value(line, "Action").is_some_and(|v| header::keyword(&v) == "delayed")
            || value(line, "Status").is_some_and(|v| v.starts_with("4."))
    });
    delayed.map(|line| line.trim().to_owned())
}

fn calendar_method(calendar: &str) -> Option<String> {
    let line = calendar.lines().take(64).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("METHOD").then(|| value.trim().to_owned())
    });
    line.filter(|method| !method.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_told_from_a_failure() {
        assert_eq!(
            delay("Reporting-MTA: dns; x\n\nAction: Delayed (still)\n").as_deref(),
            Some("Action: Delayed (still)")
        );
        assert!(delay("Action: failed\nStatus: 4.4.1\n").is_some());
        assert_eq!(delay("Action: failed\nStatus: 5.1.1 (4.0)\n"), None);
    }

    #[test]
    fn reports_are_known_by_the_names_of_their_files() {
        for name in [
            "mx.example!client.example!1609459200!1609545599.xml.gz",
            "mx.example!client.example!1609459200!1609545599!a1b2.ZIP",
            "mx.example!client.example!1609459200!1609545599!1.json.gz",
        ] {
            assert!(is_report_name(name), "{name}");
        }
        for name in [
            "hurry!now!please!today.zip",
            "a!b!1609459200.xml",
            "report.xml.gz",
            "a!b!1609459200!1609545599.pdf",
        ] {
            assert!(!is_report_name(name), "{name}");
        }
    }

    #[test]
    fn bounces_without_structure_are_known_by_how_they_begin() {
        let of = |text: &str| {
            let mut found = Found::default();
            found.opening(text);
            found.into_signs().iter().map(|e| e.slug.slug()).collect::<Vec<_>>()
        };
        for (text, expected) in [
            ("\r\nHi. This is the qmail-send\nprogram at mx.example.\n", "delivery-report"),
            ("This message was created automatically by mail delivery software.\n", "delivery-report"),
            (
                "Your message\n\n  To: Ann\n  Subject: x\n\ndid not reach the following recipient(s):\n",
                "delivery-report",
            ),
            ("Your message\n\n\tSubject: x\n\nwas not delivered to:\n\n\tann@x.example\n", "delivery-report"),
            (
                "Message from yahoo.example.\nUnable to deliver message to the following address(es).\n",
                "delivery-report",
            ),
            ("** Address not found **\n\nYour message wasn’t delivered to ann@x.example", "delivery-report"),
            ("Your message\n\nTo: Ann\nSent: Monday\n\nwas read on Monday.\n", "disposition-report"),
        ] {
            assert_eq!(of(text), [expected], "{text}");
        }
        for text in [
            "Your message of yesterday says that the parcel is lost. It was not what I wanted.",
            "I got this: This message was created automatically by mail delivery software",
            "",
        ] {
            assert_eq!(of(text), [""; 0], "{text}");
        }
    }
}
