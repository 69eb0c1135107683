//! Signs that a program wrote a mail, or that answering it would be wrong.
//!
//! Each field is read by its own grammar: a value counts, not the presence of a header, and every line of a repeated
//! header speaks for itself. What is found here withholds an automatic reply; it never hides a mail or stops an alert.
//! The words looked for stand in [`markers`](super::markers).
//!
//! RFC 3834 and 5230 sections 4.5 and 4.6 (whom not to answer), 2369 and 2919 (lists), 3464, 3798, 8098, 5965, 7489 and
//! 8460 (reports), 5546 (invitations).

mod fields;
mod marker;
mod reports;
mod senders;
mod subjects;
mod wishes;

use super::header::clip;

pub use marker::{Marker, MarkerMistake};
pub use senders::sender_evidence;

/// The header that our own outgoing mail carries.
pub const OWN_MARK: &str = "X-Nightdesk";

/// Bytes of a value kept for the trace.
const MAX_VALUE: usize = 200;
/// Pieces of evidence kept; beyond them only the first of each kind. One withholds a reply, the rest explains.
const MAX_EVIDENCE: usize = 32;

/// Why a mail counts as automatic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub enum Automation {
    /// `Return-Path: <>`.
    NullReturnPath,
    /// Auto-Submitted says other than `no`.
    AutoSubmitted,
    /// Sent by list software.
    ListHeader,
    /// Precedence of mass or automatic mail.
    Precedence,
    /// X-Auto-Response-Suppress declines automatic answers.
    SuppressHeader,
    /// A header or subject by which some program marks its mails.
    VendorMarker,
    /// A delivery status notification.
    DeliveryReport,
    /// A read receipt.
    DispositionReport,
    /// A complaint or an aggregate report.
    FeedbackReport,
    /// A notice that a mail is still on its way.
    DelayedNotice,
    /// An invitation or an answer to one.
    CalendarTraffic,
    /// The sender is a program.
    SystemSender,
    /// The sender asks for no answer, by the address or in words.
    NoReplySender,
    /// A filter called it spam.
    SpamVerdict,
    /// We sent it ourselves.
    OwnMail,
}

impl Automation {
    /// The stable name.
    pub fn slug(self) -> &'static str {
        match self {
            Self::NullReturnPath => "null-return-path",
            Self::AutoSubmitted => "auto-submitted",
            Self::ListHeader => "list-header",
            Self::Precedence => "precedence",
            Self::SuppressHeader => "suppress-header",
            Self::VendorMarker => "vendor-marker",
            Self::DeliveryReport => "delivery-report",
            Self::DispositionReport => "disposition-report",
            Self::FeedbackReport => "feedback-report",
            Self::DelayedNotice => "delayed-notice",
            Self::CalendarTraffic => "calendar-traffic",
            Self::SystemSender => "system-sender",
            Self::NoReplySender => "no-reply-sender",
            Self::SpamVerdict => "spam-verdict",
            Self::OwnMail => "own-mail",
        }
    }
}

/// One sign of automation and where it stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What it is a sign of.
    pub slug: Automation,
    /// The header's name as written, or `body`.
    pub field: String,
    /// The value in one line, at most 200 bytes.
    pub value: String,
}

impl Evidence {
    /// Whether it says who or what sent the mail and not what the mail is or asks for.
    pub fn is_of_sender(&self) -> bool {
        match self.slug {
            Automation::SystemSender | Automation::NoReplySender => true,
            Automation::VendorMarker => fields::is_of_interface(&self.field),
            Automation::NullReturnPath
            | Automation::AutoSubmitted
            | Automation::ListHeader
            | Automation::Precedence
            | Automation::SuppressHeader
            | Automation::DeliveryReport
            | Automation::DispositionReport
            | Automation::FeedbackReport
            | Automation::DelayedNotice
            | Automation::CalendarTraffic
            | Automation::SpamVerdict
            | Automation::OwnMail => false,
        }
    }
}

/// The evidence of one mail, each sign once per field.
#[derive(Debug, Default)]
pub(super) struct Found {
    signs: Vec<Evidence>,
    /// The mark of a service for programs, which people's mail may pass through.
    interface: Option<Evidence>,
    /// A program in which people write has left its mark.
    is_by_person: bool,
}

impl Found {
    pub(super) fn add(&mut self, slug: Automation, field: &str, value: &str) {
        let value = clip(value, MAX_VALUE);
        let is_known = |e: &Evidence| e.slug == slug && e.field == field && e.value == value;
        let has_room = self.signs.len() < MAX_EVIDENCE || !self.signs.iter().any(|e| e.slug == slug);
        if has_room && !self.signs.iter().any(is_known) {
            self.signs.push(Evidence { slug, field: field.to_owned(), value: value.to_owned() });
        }
    }

    /// Whether there is a sign of this.
    pub(super) fn has(&self, slug: Automation) -> bool {
        self.signs.iter().any(|evidence| evidence.slug == slug)
    }

    /// All that speaks for a machine. A service for programs is no sign where a person's mail program was at work.
    pub(super) fn into_signs(mut self) -> Vec<Evidence> {
        if !self.is_by_person {
            self.signs.extend(self.interface);
        }
        self.signs
    }
}
