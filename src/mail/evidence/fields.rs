//! Header fields, each by its grammar: token, comments, parameters, case, folding, repeats.

use std::borrow::Cow;

use super::{Automation, Evidence, Found};
use crate::base::glob;
use crate::mail::encoded_words;
use crate::mail::header::{self, Field};
use crate::mail::markers::{FIELDS, Mark, Row, SUPPRESSIONS, Says};

/// Bytes of a field that are looked at. A longer one of those that machines write cannot be read, and is no person's.
const MAX_FIELD: usize = 64 * 1024;

impl Found {
    /// Looks at one header field; `name` is its name in lower case.
    pub(in crate::mail) fn header(&mut self, name: &str, field: &Field<'_>) {
        // RFC 2369, RFC 2919, and whatever else list software writes in their manner.
        if name.starts_with("list-") {
            let value = value(field);
            if !value.is_empty() {
                self.add(Automation::ListHeader, &String::from_utf8_lossy(field.name), &value);
            }
            return;
        }
        let from = FIELDS.partition_point(|(known, ..)| *known < name);
        let rows = FIELDS.get(from..).unwrap_or_default();
        let mut rows = rows.iter().take_while(|(known, ..)| *known == name).peekable();
        if rows.peek().is_none() {
            return;
        }
        let value = value(field);
        for row in rows {
            self.judge(row, field, &value);
        }
    }

    fn judge(&mut self, (_, mark, says): &Row, field: &Field<'_>, value: &str) {
        let is_readable = field.raw.len() <= MAX_FIELD;
        if !says.covers(value) && (is_readable || !matches!(mark, Mark::Machine(_))) {
            return;
        }
        let name = String::from_utf8_lossy(field.name);
        match mark {
            Mark::Machine(slug) => self.add(*slug, &name, value),
            Mark::Person => self.is_by_person = true,
            Mark::Interface => {
                self.interface.get_or_insert_with(|| Evidence {
                    slug: Automation::VendorMarker,
                    field: name.into_owned(),
                    value: header::clip(value, super::MAX_VALUE).to_owned(),
                });
            }
        }
    }
}

/// Whether a field tells of a service for programs that send mail.
pub(super) fn is_of_interface(field: &str) -> bool {
    let rows = FIELDS.iter().filter(|(_, mark, _)| *mark == Mark::Interface);
    field == super::senders::RETURN_PATH
        || rows.into_iter().any(|(name, ..)| name.eq_ignore_ascii_case(field))
}

/// The value in one line; encoded words are read, although no token may be one (RFC 2047 section 5).
fn value<'a>(field: &Field<'a>) -> Cow<'a, str> {
    let value = field.unfolded(MAX_FIELD);
    if value.contains("=?") {
        return Cow::Owned(header::collapse(&encoded_words::decode(field.capped(MAX_FIELD))));
    }
    value
}

impl Says {
    /// Whether a value is what the row asks for.
    fn covers(self, value: &str) -> bool {
        match self {
            Says::Anything => true,
            Says::Something => !value.is_empty(),
            Says::Yes => is_yes(value),
            Says::Word(words) => words.contains(&token(value).as_str()),
            Says::Like(patterns) => {
                let value = value.to_lowercase();
                patterns.iter().any(|pattern| glob::matches(pattern, &value))
            }
            Says::AtLeast(least) => token(value).parse::<u32>().is_ok_and(|number| number >= least),
            Says::NotNo => !is_no(value),
            Says::Declines => declines(value),
            Says::NullPath => is_null_path(value),
        }
    }
}

/// Anything but nothing and the words for "off".
pub(super) fn is_yes(value: &str) -> bool {
    let word = header::keyword(value);
    !matches!(word.trim_end_matches([',', '.']), "" | "no" | "none" | "false" | "0" | "off")
}

/// RFC 3834 section 5: `no`, with comments and parameters. What cannot be read as that is no person's.
fn is_no(value: &str) -> bool {
    let bare = header::without_comments(value);
    let keyword = bare.split(';').next().unwrap_or_default().trim();
    keyword.trim_matches('"').eq_ignore_ascii_case("no")
}

/// The first token without comments, in lower case, cut before whatever cannot be part of one.
fn token(value: &str) -> String {
    let bare = header::without_comments(value);
    let bare = bare.trim_start().trim_start_matches('"');
    let end = bare.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(bare.len());
    bare.get(..end).unwrap_or_default().to_ascii_lowercase()
}

fn declines(value: &str) -> bool {
    let bare = header::without_comments(value).to_ascii_lowercase();
    let mut words = bare.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| SUPPRESSIONS.contains(&word))
}

/// RFC 5321 section 4.5.5: `<>`, comments aside.
pub(in crate::mail) fn is_null_path(value: &str) -> bool {
    let bare = header::without_comments(value);
    let bare: String = bare.split_whitespace().collect();
    bare == "<>"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, value: &str) -> Vec<&'static str> {
        let mut found = Found::default();
        found.header(&name.to_ascii_lowercase(), &Field { name: name.as_bytes(), raw: value.as_bytes() });
        found.into_signs().iter().map(|e| e.slug.slug()).collect()
    }

    #[test]
    fn values_that_speak_for_a_machine() {
        for (name, value, expected) in [
            ("Auto-Submitted", " auto-replied\r\n", "auto-submitted"),
            ("auto-submitted", "Auto-Generated (by rule); x=y", "auto-submitted"),
            ("Auto-Submitted", "", "auto-submitted"),
            ("Auto-Submitted", "(comment)", "auto-submitted"),
            ("Auto-Submitted", "no auto-replied", "auto-submitted"),
            ("Auto-Submitted", "=?utf-8?q?auto-replied?=", "auto-submitted"),
            ("Precedence", "Bulk", "precedence"),
            ("Precedence", "(a \\) comment (nested)) bulk; x", "precedence"),
            ("Precedence", "junk\u{a0}", "precedence"),
            ("Preference", "auto_reply", "precedence"),
            ("List-Id", "Desk <desk.example.com>", "list-header"),
            ("List-Software", "x", "list-header"),
            ("X-Auto-Response-Suppress", "DR, OOF, AutoReply", "suppress-header"),
            ("X-Auto-Response-Suppress", "ALL", "suppress-header"),
            ("X-Autoreply", "yes", "vendor-marker"),
            ("X-POST-MessageClass", "9; Autoresponder", "vendor-marker"),
            ("Delivered-To", "Autoresponder", "vendor-marker"),
            ("Errors-To", "<list@x.example>", "vendor-marker"),
            (
                "Message-ID",
                "<INTM-1-2-2002.08.01-16.21.51--ann#client.example@lists.example>",
                "vendor-marker",
            ),
            ("Feedback-ID", "1.eu-west-1.abc=:AmazonSES", "vendor-marker"),
            ("X-Spam-Status", "Yes, score=9", "spam-verdict"),
            ("X-MS-Exchange-Organization-SCL", "6", "spam-verdict"),
            ("X-Rspamd-Action", "add header", "spam-verdict"),
            ("X-Failed-Recipients", "a@x.example", "delivery-report"),
            ("X-MS-Exchange-Message-Is-Ndr", "", "delivery-report"),
            ("Content-Class", "urn:content-classes:calendarmessage", "calendar-traffic"),
            ("X-Envelope-From", " < > (nobody)", "null-return-path"),
            (
                "X-Authentication-Warning",
                "mx.example: www-data set sender to a@x.example using -f",
                "system-sender",
            ),
            ("X-Nightdesk", "v=1", "own-mail"),
        ] {
            assert_eq!(of(name, value), [expected], "{name}: {value}");
        }
    }

    #[test]
    fn values_that_are_harmless() {
        for (name, value) in [
            ("Auto-Submitted", "(comment) NO (a person); x=y"),
            ("Auto-Submitted", "no"),
            ("Auto-Submitted", "No; owner-email=x"),
            ("Auto-Submitted", "\r\n\tno\r\n"),
            ("Precedence", "first-class"),
            ("Precedence", "special-delivery"),
            ("Precedence", "normal (not bulk)"),
            ("List-Help", " \r\n"),
            ("X-Auto-Response-Suppress", "None"),
            ("X-Auto-Response-Suppress", "DR, RN, NRN"),
            ("X-Auto-Response-Suppress", "RN (not OOF)"),
            ("X-Autoreply", "no"),
            ("X-POST-MessageClass", "1"),
            ("Feedback-ID", "i0123456:Fastmail"),
            ("Feedback-ID", "1234567:user:proton"),
            ("Message-ID", "<a--b.c@x.example>"),
            ("X-Spam-Flag", "NO"),
            ("X-Spam-Status", "No, score=-1"),
            ("X-Spam-Level", "*******"),
            ("X-MS-Exchange-Organization-SCL", "-1"),
            ("X-MS-Exchange-Organization-SCL", "1"),
            ("X-Rspamd-Action", "no action"),
            ("X-Microsoft-Antispam", "BCL:0;PCL:0"),
            ("X-Mailer", "PHPMailer 6.1"),
            ("X-Ham-Report", "yes"),
            ("Return-Receipt-To", "a@x.example"),
        ] {
            assert_eq!(of(name, value), [""; 0], "{name}: {value}");
        }
    }

    #[test]
    fn a_service_for_programs_is_no_sign_where_a_person_wrote() {
        let both = |mailer: &str| {
            let mut found = Found::default();
            found.header("x-sg-eid", &Field { name: b"X-SG-EID", raw: b" abc\r\n" });
            found.header("x-mailer", &Field { name: b"X-Mailer", raw: mailer.as_bytes() });
            found.into_signs().len()
        };
        assert_eq!((both("Microsoft Outlook 16.0"), both("PHPMailer")), (0, 1));
    }

    #[test]
    fn what_is_too_long_to_be_read_is_no_person() {
        let comment = |bytes: usize| format!("({}) bulk", "x".repeat(bytes));
        assert_eq!(of("Precedence", &comment(60 * 1024)), ["precedence"]);
        assert_eq!(of("Precedence", &comment(1024 * 1024)), ["precedence"]);
        assert_eq!(of("Subject", &comment(1024 * 1024)), [""; 0]);
    }

    #[test]
    fn no_kind_of_evidence_is_crowded_out() {
        let mut found = Found::default();
        for n in 0..100 {
            found.add(Automation::ListHeader, "List-Id", &n.to_string());
        }
        found.add(Automation::AutoSubmitted, "Auto-Submitted", "x");
        assert_eq!(found.into_signs().last().map(|e| e.slug), Some(Automation::AutoSubmitted));
    }
}
