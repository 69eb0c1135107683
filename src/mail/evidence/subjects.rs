//! The decoded subject: automatic answers, bounces, delays, receipts, reports.

use super::{Automation, Found, MAX_VALUE};
use crate::mail::header::clip;
use crate::mail::markers::subjects;

impl Found {
    /// Looks at the decoded subject.
    pub(in crate::mail) fn subject(&mut self, subject: &str) {
        let lower = clip(subject, MAX_VALUE).to_lowercase();
        let begins = |beginnings: &[&str]| beginnings.iter().any(|beginning| is_begun(&lower, beginning));
        let mut add = |speaks, slug| {
            if speaks {
                self.add(slug, "Subject", subject);
            }
        };
        add(begins(subjects::REPLIES), Automation::VendorMarker);
        let delayed = begins(subjects::DELAYS);
        add(delayed, Automation::DelayedNotice);
        add(!delayed && begins(subjects::BOUNCES), Automation::DeliveryReport);
        add(begins(subjects::RECEIPTS), Automation::DispositionReport);
        // RFC 7489 section 7.2.1.1 and RFC 8460 section 5.3.
        let reports = lower.contains("report domain:") && lower.contains("submitter:");
        add(reports || begins(subjects::FEEDBACK), Automation::FeedbackReport);
    }
}

/// Whether a subject begins so, and the beginning is a phrase of its own.
fn is_begun(subject: &str, beginning: &str) -> bool {
    let Some(rest) = subject.strip_prefix(beginning) else { return false };
    let is_closed = beginning.ends_with([':', ' ', ']', '】']);
    let next = rest.trim_start().chars().next();
    is_closed || next.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '\'' | '’' | '?' | '/' | '&'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_of_machines_are_told_from_people_who_write_about_them() {
        let of = |subject: &str| {
            let mut found = Found::default();
            found.subject(subject);
            found.into_signs().iter().map(|e| e.slug.slug()).collect::<Vec<_>>()
        };
        for (subject, expected) in [
            ("Automatic reply: Urgent", "vendor-marker"),
            ("Out of Office", "vendor-marker"),
            ("Out of office - back on Monday", "vendor-marker"),
            ("Réponse automatique : congés", "vendor-marker"),
            ("自动回复: 你好", "vendor-marker"),
            ("AUTO: Ann Lee is out (returning 4 May)", "vendor-marker"),
            ("Undeliverable: Urgent", "delivery-report"),
            ("Undelivered Mail Returned to Sender", "delivery-report"),
            ("Mail delivery failed: returning message to sender", "delivery-report"),
            ("Delivery Status Notification (Delay)", "delayed-notice"),
            ("Warning: could not send message for past 4 hours", "delayed-notice"),
            ("Not read: offer", "disposition-report"),
            ("Report Domain: x.example Submitter: y.example Report-ID: <1>", "feedback-report"),
        ] {
            assert_eq!(of(subject), [expected], "{subject}");
        }
        for subject in [
            "Re: Automatic reply: holiday",
            "Automatic reply does not work",
            "Out of office hours: who answers?",
            "Undelivered parcels",
            "Delivery failed again, please help",
            "Auto-reply?",
            "Read: the manual",
            "",
        ] {
            assert_eq!(of(subject), [""; 0], "{subject}");
        }
    }
}
