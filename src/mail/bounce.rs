//! What a delivery status notification says: whom a mail did not reach, whether for good, and which mail that was.
//!
//! Reads the `message/delivery-status` part (RFC 3464 section 2, RFC 6533 for addresses beyond ASCII) and the Message-IDs
//! of what was sent back: a whole mail, or its header alone (RFC 6522 section 3). Not here: whether any of it is true.
//! Anybody can write such a report; what it says counts only for a mail that nobody else can name.
//!
//! Invariants: at most 64 KiB of the report are read, and 64 recipients and 8 ids kept; a recipient without a status that
//! can be read did not fail.

use super::header::{self, Field};
use super::{Address, MessageId};

/// Bytes of the report that are read: each recipient takes some 200.
const MAX_REPORT: usize = 64 * 1024;
/// Groups of fields that are read; the first one is about the mail.
const MAX_RECIPIENTS: usize = 64;
/// Message-IDs of what was sent back.
const MAX_RETURNED: usize = 8;
/// Bytes of a field that are looked at.
const MAX_FIELD: usize = 1024;

/// A delivery status notification.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bounce {
    /// The recipients that it tells of.
    pub recipients: Vec<Undelivered>,
    /// The Message-IDs of the mails that were sent back, the outermost first.
    pub returned: Vec<MessageId>,
}

/// What is said of one recipient (RFC 3464 section 2.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undelivered {
    /// Original-Recipient: the address that the sender wrote to.
    pub original: Option<Address>,
    /// Final-Recipient: where it was forwarded to, or the same.
    pub last: Option<Address>,
    /// Action: `failed`, `delayed`, `delivered`, …
    pub action: String,
    /// Status, such as `5.1.1` (RFC 3463).
    pub status: String,
}

impl Undelivered {
    /// Whether the mail will never arrive. A mail that is still on its way, or a mailbox that is only full now, may.
    pub fn has_failed_for_good(&self) -> bool {
        self.action == "failed" && self.status.starts_with("5.")
    }

    /// Whether it is about this address; a recipient that cannot be read is about any.
    fn is_about(&self, address: &str) -> bool {
        let mut named = self.original.iter().chain(&self.last).peekable();
        named.peek().is_none() || named.any(|named| named.person().key() == address)
    }
}

impl Bounce {
    /// Reads the decoded text of a delivery status.
    pub(super) fn read(status: &str) -> Self {
        let mut bounce = Bounce::default();
        let mut rest = header::clip(status, MAX_REPORT).as_bytes();
        for _ in 0..=MAX_RECIPIENTS {
            let start = rest.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
            let Some(group) = start.and_then(|start| rest.get(start..)) else { break };
            let (fields, after) = header::read_block(group, |_| false);
            if after.len() >= group.len() {
                break;
            }
            rest = after;
            bounce.recipients.extend(recipient(&fields));
        }
        bounce
    }

    /// Takes in the header of a mail that was sent back.
    pub(super) fn add_returned(&mut self, fields: &[Field<'_>]) {
        let id = fields.iter().find(|field| field.is("Message-ID"));
        let id = id.and_then(|field| {
            let value = field.unfolded(MAX_FIELD);
            MessageId::new(value.trim_start_matches('<').trim_end_matches('>'))
        });
        if self.returned.len() < MAX_RETURNED {
            self.returned.extend(id);
        }
    }

    /// The status with which mail to this person ([`Address::person`], in comparison form) has failed for good.
    pub fn failure_of(&self, address: &str) -> Option<&str> {
        let mut failed = self.recipients.iter().filter(|recipient| recipient.has_failed_for_good());
        failed.find(|recipient| recipient.is_about(address)).map(|recipient| recipient.status.as_str())
    }
}

/// The group of one recipient; `None` for the first group, which is about the mail.
fn recipient(fields: &[Field<'_>]) -> Option<Undelivered> {
    let value =
        |name: &str| fields.iter().find(|field| field.is(name)).map(|field| field.unfolded(MAX_FIELD));
    let address = |name: &str| value(name).as_deref().and_then(typed_address);
    let keyword = |name: &str| value(name).map(|value| header::keyword(&value)).unwrap_or_default();
    let is_recipient = |field: &Field<'_>| field.is("Final-Recipient") || field.is("Action");
    fields.iter().any(is_recipient).then(|| Undelivered {
        original: address("Original-Recipient"),
        last: address("Final-Recipient"),
        action: keyword("Action"),
        status: keyword("Status"),
    })
}

/// `rfc822; anna@client.example`
fn typed_address(value: &str) -> Option<Address> {
    let (_, address) = value.split_once(';')?;
    Address::parse(address.trim().trim_start_matches('<').trim_end_matches('>'))
}

#[cfg(test)]
mod tests {
    use super::super::{Message, Options, Source, parse};
    use super::*;

    const ANNA: &str = "anna@client.example";

    /// A notification with this status and this part behind it.
    fn notice(status: &str, returned: &str) -> Message {
        let mail = format!(
            "From: MAILER-DAEMON@mx.example\nSubject: Undelivered\nMIME-Version: 1.0\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n\
             --b\n\nIt could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n{status}\n\
             --b\n{returned}\n--b--\n"
        );
        let mail = mail.replace('\n', "\r\n");
        parse(&Source::Whole(mail.as_bytes()), &Options { keep_headers: &[] })
    }

    const STATUS: &str = "Reporting-MTA: dns; mx.example\n\nOriginal-Recipient: rfc822;anna@client.example\n\
        Final-Recipient: rfc822; Anna@Other.example\nAction: failed (for good)\nStatus: 5.1.1 (no such user)\n\
        Diagnostic-Code: smtp; 550 5.1.1 nobody\n here of that name\n";

    #[test]
    fn a_failure_names_its_recipient_its_status_and_the_mail() {
        let whole =
            "Content-Type: message/rfc822\n\nMessage-ID: <reply@desk.example>\nSubject: Re: x\n\nHello";
        let bounce = notice(STATUS, whole).bounce.expect("a bounce");
        assert_eq!(bounce.failure_of(ANNA), Some("5.1.1"));
        assert_eq!(bounce.failure_of("anna@other.example"), Some("5.1.1"));
        assert_eq!(bounce.failure_of("ben@client.example"), None, "it is about somebody else");
        let ids: Vec<&str> = bounce.returned.iter().map(MessageId::as_str).collect();
        assert_eq!(ids, ["reply@desk.example"]);
    }

    #[test]
    fn the_header_of_the_mail_is_enough() {
        let header = "Content-Type: text/rfc822-headers\n\nSubject: x\nMessage-ID:\n <reply@desk.example>\n";
        let bounce = notice(STATUS, header).bounce.expect("a bounce");
        assert_eq!(bounce.returned.len(), 1);
        let encoded = "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n\
                       TWVzc2FnZS1JRDogPHJlcGx5QGRlc2suZXhhbXBsZT4KCng=\n";
        assert_eq!(notice(STATUS, encoded).bounce.expect("a bounce").returned.len(), 1);
    }

    #[test]
    fn a_mail_that_may_still_arrive_has_not_failed() {
        for (from, to) in [
            ("Action: failed", "Action: delayed"),
            ("Action: failed", "Action: delivered"),
            ("Action: failed", "Action: relayed"),
            ("Status: 5.1.1", "Status: 4.2.2"),
            ("Status: 5.1.1", "Status: 2.0.0"),
            ("Status: 5.1.1", "X-Status: 5.1.1"),
            ("Action: failed", "X-Action: failed"),
        ] {
            assert!(STATUS.contains(from));
            let bounce = notice(&STATUS.replace(from, to), "\nx").bounce.expect("a bounce");
            assert_eq!(bounce.failure_of(ANNA), None, "{to}");
        }
    }

    #[test]
    fn of_several_recipients_each_has_a_status_of_its_own() {
        let status = "Reporting-MTA: dns; mx.example\n\n\nFinal-Recipient: rfc822; <ben@client.example>\n\
            Action: failed\nStatus: 5.2.1\n\nFinal-Recipient: RFC822; anna@client.example\nAction: expanded\nStatus: 2.0.0\n";
        let bounce = Bounce::read(status);
        assert_eq!((bounce.failure_of(ANNA), bounce.failure_of("ben@client.example")), (None, Some("5.2.1")));
        let nameless = Bounce::read("Final-Recipient: x400; /c=us\nAction: failed\nStatus: 5.0.0\n");
        assert_eq!(nameless.failure_of(ANNA), Some("5.0.0"), "it can only be about the one recipient");
    }

    #[test]
    fn a_mail_that_is_no_report_has_no_bounce() {
        let mail = "From: anna@client.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nsee this\n--b\n\
            Content-Type: message/rfc822\n\nMessage-ID: <a@b>\nContent-Type: multipart/report; report-type=delivery-status; boundary=c\n\n\
            --c\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n--c--\n--b--\n";
        let mail = mail.replace('\n', "\r\n");
        let forwarded = parse(&Source::Whole(mail.as_bytes()), &Options { keep_headers: &[] });
        assert_eq!(forwarded.bounce, None, "somebody forwards what they got");
    }

    #[test]
    fn any_size_is_bounded() {
        let many = "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n\n".repeat(10_000);
        assert_eq!(Bounce::read(&many).recipients.len(), MAX_RECIPIENTS + 1);
        assert_eq!(Bounce::read(&"\n".repeat(100_000)), Bounce::default());
        assert_eq!(Bounce::read("no field at all\n\nno field"), Bounce::default());
        let returned = "Content-Type: text/rfc822-headers\n\nMessage-ID: <a@b>\n--b\n".repeat(50);
        assert_eq!(notice(STATUS, &returned).bounce.expect("a bounce").returned.len(), MAX_RETURNED);
    }
}
