//! Signs that a program wrote a mail, or that answering it would be wrong.
//!
//! Each field is read by its own grammar: a value counts, not the presence of a header. What is found here withholds an
//! automatic reply; it never hides a mail or stops an alert. The words looked for stand in [`markers`].

use super::Address;
use super::header::{self, Field, clip};
use super::markers::{self, Value};
use super::structure::{Content, Leaf};

/// The header that our own outgoing mail carries.
pub const OWN_MARK: &str = "X-Nightdesk";

/// Bytes of a value kept for the trace.
const MAX_VALUE: usize = 200;
/// Bytes of a field that are looked at.
const MAX_FIELD: usize = 2 * 1024;
/// Pieces of evidence kept; one withholds a reply, the rest explains.
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
    /// The sender's address asks for no answer.
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

/// The evidence of one mail, each sign once per field.
#[derive(Debug, Default)]
pub(super) struct Found(pub(super) Vec<Evidence>);

impl Found {
    pub(super) fn add(&mut self, slug: Automation, field: &str, value: &str) {
        let value = clip(value, MAX_VALUE);
        if self.0.len() < MAX_EVIDENCE
            && !self.0.iter().any(|e| e.slug == slug && e.field == field && e.value == value)
        {
            self.0.push(Evidence { slug, field: field.to_owned(), value: value.to_owned() });
        }
    }

    /// Looks at one header field; `name` is its name in lower case.
    pub(super) fn header(&mut self, name: &str, field: &Field<'_>) {
        let Some(judge) = judge(name) else { return };
        let value = field.unfolded(MAX_FIELD);
        if let Some(slug) = judge(&value) {
            self.add(slug, &String::from_utf8_lossy(field.name), &value);
        }
    }

    /// Looks at an address of From or Sender as written, which may have no domain.
    pub(super) fn sender(&mut self, field: &str, address: &str) {
        let local = address.split('@').next().unwrap_or_default();
        if let Some(slug) = local_part_evidence(local) {
            self.add(slug, field, &header::collapse(address));
        }
    }

    /// Looks at the decoded subject.
    pub(super) fn subject(&mut self, subject: &str) {
        let lower = clip(subject, MAX_VALUE).to_lowercase();
        let begins = |words: &[&str]| words.iter().any(|w| lower.starts_with(w));
        if begins(markers::REPLY_SUBJECTS) {
            self.add(Automation::VendorMarker, "Subject", subject);
        }
        if begins(markers::DELAY_SUBJECTS) {
            self.add(Automation::DelayedNotice, "Subject", subject);
        } else if begins(markers::BOUNCE_SUBJECTS) {
            self.add(Automation::DeliveryReport, "Subject", subject);
        }
        // RFC 7489 section 7.2.1.1 and RFC 8460 section 5.3.
        if begins(markers::FEEDBACK_SUBJECTS)
            || lower.contains("report domain:") && lower.contains("submitter:")
        {
            self.add(Automation::FeedbackReport, "Subject", subject);
        }
    }

    /// Looks at the opening words of the text.
    pub(super) fn opening(&mut self, text: &str) {
        let text = text.trim_start();
        if let Some(opening) = markers::BOUNCE_OPENINGS.iter().find(|o| text.starts_with(*o)) {
            self.add(Automation::DeliveryReport, "body", opening);
        }
    }

    /// Looks at a multipart of the mail itself (RFC 6522).
    pub(super) fn multipart(&mut self, content: &Content) {
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
    pub(super) fn part(&mut self, leaf: &Leaf<'_, '_>, text: impl FnOnce() -> String) {
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
                if let Some(method) = method.filter(|m| !m.eq_ignore_ascii_case("publish")) {
                    self.add(Automation::CalendarTraffic, "body", &format!("text/calendar; method={method}"));
                }
            }
            _ => {}
        }
    }
}

/// What any address says by itself: a program, or a wish for no answer. The reply guards ask this of the address used too.
pub fn sender_evidence(address: &Address) -> Option<Automation> {
    local_part_evidence(address.local())
}

fn local_part_evidence(local: &str) -> Option<Automation> {
    let local = local.trim_matches('"').to_ascii_lowercase();
    let base = local.split('+').next().unwrap_or_default();
    let system = markers::SYSTEM_LOCAL_PARTS.contains(&base)
        || markers::SYSTEM_PREFIXES.iter().any(|p| local.starts_with(p))
        || markers::SYSTEM_SUFFIXES.iter().any(|s| base.ends_with(s))
        || base.starts_with("mailer-daemon")
        || base.starts_with("mailer daemon");
    if system {
        return Some(Automation::SystemSender);
    }
    is_no_reply(&local).then_some(Automation::NoReplySender)
}

/// Whether one of the words, or several in a row, say "no reply": `no-reply`, `noreply-123`, `shop.do_not_reply`.
fn is_no_reply(local: &str) -> bool {
    let words: Vec<&str> =
        local.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).take(16).collect();
    (0..words.len()).any(|from| {
        let mut joined = String::new();
        words.iter().skip(from).take(4).any(|word| {
            joined.push_str(word);
            let bare = joined.trim_end_matches(|c: char| c.is_ascii_digit());
            markers::NO_REPLY_WORDS.contains(&bare)
        })
    })
}

type Judge = fn(&str) -> Option<Automation>;

/// The rule for a header, by its name in lower case.
fn judge(name: &str) -> Option<Judge> {
    match name {
        "auto-submitted" => Some(auto_submitted),
        "precedence" | "x-precedence" => Some(precedence),
        "x-auto-response-suppress" => Some(suppress),
        "x-failed-recipients" => Some(|v| (!v.is_empty()).then_some(Automation::DeliveryReport)),
        "tls-report-domain" => Some(|v| (!v.is_empty()).then_some(Automation::FeedbackReport)),
        "x-spam-flag" | "x-spam-status" | "x-spam" => Some(spam),
        "x-nightdesk" => Some(|_| Some(Automation::OwnMail)),
        _ if markers::LIST_HEADERS.contains(&name) => {
            Some(|v| (!v.is_empty()).then_some(Automation::ListHeader))
        }
        _ if markers::BULK_HEADERS.contains(&name) => {
            Some(|v| (!v.is_empty()).then_some(Automation::VendorMarker))
        }
        _ if !name.starts_with("x-") => None,
        _ => {
            markers::VENDOR_HEADERS.iter().find(|(header, _)| *header == name).map(|(_, value)| match value {
                Value::Set => vendor_set as Judge,
                Value::Is(_) => vendor_words as Judge,
            })
        }
    }
}

/// RFC 3834 section 5: `no` with comments and parameters is a person, anything else is not.
fn auto_submitted(value: &str) -> Option<Automation> {
    let word = header::keyword(value);
    (!word.is_empty() && word != "no").then_some(Automation::AutoSubmitted)
}

fn precedence(value: &str) -> Option<Automation> {
    markers::PRECEDENCES.contains(&header::keyword(value).as_str()).then_some(Automation::Precedence)
}

fn suppress(value: &str) -> Option<Automation> {
    let bare = header::without_comments(value).to_ascii_lowercase();
    let mut words = bare.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|w| markers::SUPPRESSIONS.contains(&w)).then_some(Automation::SuppressHeader)
}

fn spam(value: &str) -> Option<Automation> {
    let word = header::keyword(value);
    matches!(word.trim_end_matches(','), "yes" | "true" | "spam").then_some(Automation::SpamVerdict)
}

fn vendor_set(value: &str) -> Option<Automation> {
    let off = matches!(header::keyword(value).as_str(), "" | "no" | "none" | "false" | "0" | "off");
    (!off).then_some(Automation::VendorMarker)
}

fn vendor_words(value: &str) -> Option<Automation> {
    let word = header::keyword(value);
    let listed = |words: &[&str]| words.contains(&word.trim_end_matches([',', '.']));
    let mut rows = markers::VENDOR_HEADERS.iter();
    rows.any(|(_, value)| matches!(value, Value::Is(words) if listed(words)))
        .then_some(Automation::VendorMarker)
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

    fn of(name: &str, value: &str) -> Option<&'static str> {
        let mut found = Found::default();
        found.header(&name.to_ascii_lowercase(), &Field { name: name.as_bytes(), raw: value.as_bytes() });
        found.0.first().map(|e| e.slug.slug())
    }

    #[test]
    fn values_count_not_presence() {
        for (name, value, expected) in [
            ("Auto-Submitted", " auto-replied\r\n", Some("auto-submitted")),
            ("auto-submitted", "Auto-Generated (by rule); x=y", Some("auto-submitted")),
            ("Auto-Submitted", "(comment) NO (a person); x=y", None),
            ("Auto-Submitted", "no", None),
            ("Auto-Submitted", "No; owner-email=x", None),
            ("Auto-Submitted", "", None),
            ("Precedence", "Bulk", Some("precedence")),
            ("Precedence", "first-class", None),
            ("Precedence", "special-delivery", None),
            ("List-Id", "Desk <desk.example.com>", Some("list-header")),
            ("List-Help", " \r\n", None),
            ("X-Auto-Response-Suppress", "DR, OOF, AutoReply", Some("suppress-header")),
            ("X-Auto-Response-Suppress", "ALL", Some("suppress-header")),
            ("X-Auto-Response-Suppress", "None", None),
            ("X-Auto-Response-Suppress", "DR, RN, NRN", None),
            ("X-Autoreply", "yes", Some("vendor-marker")),
            ("X-Autoreply", "no", None),
            ("X-POST-MessageClass", "9; Autoresponder", Some("vendor-marker")),
            ("X-POST-MessageClass", "1", None),
            ("X-Spam-Flag", "YES", Some("spam-verdict")),
            ("X-Spam-Status", "No, score=-1", None),
            ("X-Spam-Status", "Yes, score=9", Some("spam-verdict")),
            ("X-Failed-Recipients", "a@x.example", Some("delivery-report")),
            ("X-Nightdesk", "v=1", Some("own-mail")),
            ("Subject", "Auto-Submitted: auto-replied", None),
        ] {
            assert_eq!(of(name, value), expected, "{name}: {value}");
        }
        assert_eq!(OWN_MARK.to_ascii_lowercase(), "x-nightdesk");
    }

    #[test]
    fn local_parts_are_matched_as_whole_words() {
        for (address, expected) in [
            ("MAILER-DAEMON@x.example", Some("system-sender")),
            ("postmaster@x.example", Some("system-sender")),
            ("owner-desk@x.example", Some("system-sender")),
            ("desk-request@x.example", Some("system-sender")),
            ("desk-bounces+a=b@x.example", Some("system-sender")),
            ("request-desk@x.example", None),
            ("noreply@x.example", Some("no-reply-sender")),
            ("no.reply-123@x.example", Some("no-reply-sender")),
            ("shop_do-not-reply+id@x.example", Some("no-reply-sender")),
            ("newsalerts-noreply@x.example", Some("no-reply-sender")),
            ("nora.reply@x.example", None),
            ("casino.replyteam@x.example", None),
            ("rooter@x.example", None),
            ("ann@noreply.example", None),
        ] {
            let address = Address::parse(address).unwrap();
            assert_eq!(sender_evidence(&address).map(Automation::slug), expected, "{address}");
        }
    }

    #[test]
    fn a_delay_is_told_from_a_failure() {
        assert_eq!(
            delay("Reporting-MTA: dns; x\n\nAction: Delayed (still)\n").as_deref(),
            Some("Action: Delayed (still)")
        );
        assert!(delay("Action: failed\nStatus: 4.4.1\n").is_some());
        assert_eq!(delay("Action: failed\nStatus: 5.1.1 (4.0)\n"), None);
    }
}
