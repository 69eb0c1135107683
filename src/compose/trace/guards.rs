//! Guards that withhold a reply, in words: what each means, and the field or address that made it speak.

use super::Context;
use crate::base::duration::duration_in_words;
use crate::decision::{Recipient, Withheld};
use crate::mail::Automation;

impl Context<'_> {
    /// The address that a reply would go to.
    fn recipient(&self) -> String {
        match &self.reading.recipient {
            Recipient::Address(address) => address.to_string(),
            Recipient::Nobody | Recipient::Unsafe => "nobody".to_owned(),
        }
    }

    /// Why a guard speaks, and the field or address that made it.
    pub(in crate::compose) fn guard(&self, withheld: Withheld) -> String {
        let policy = self.policy;
        match withheld {
            Withheld::Evidence(slug) => {
                let shown = self.reading.evidence.iter().filter(|evidence| evidence.slug == slug);
                let fields: Vec<String> =
                    shown.map(|evidence| format!("{}: {}", evidence.field, evidence.value)).collect();
                let fields = if fields.is_empty() { self.recipient() } else { fields.join("; ") };
                format!("{}: {fields}", sign_in_words(slug))
            }
            Withheld::OwnAddress => format!("the reply would go to ourselves: {}", self.recipient()),
            Withheld::NotAddressedToUs => "none of `addressed_to` is among the recipients".to_owned(),
            Withheld::AnswersOurReply => "it answers an automatic reply of ours".to_owned(),
            Withheld::Unauthenticated => {
                "the sender's authentication failed; the reply might go to somebody else".to_owned()
            }
            Withheld::NoSender => "there is no address to answer".to_owned(),
            Withheld::UnsafeReplyTo => "the form names no one address to answer".to_owned(),
            Withheld::Repeated => format!(
                "this address got a reply within {}, and nothing is louder or sooner now",
                duration_in_words(policy.auto_reply.once_per)
            ),
            Withheld::DomainLimit => "this domain got too many replies".to_owned(),
            Withheld::MailboxLimit => "this mailbox sent too many replies".to_owned(),
            Withheld::BreakerOpen => "all automatic replies are stopped by the circuit breaker".to_owned(),
            Withheld::BouncedBefore => "mail to this address bounced".to_owned(),
            Withheld::Stale => "the mail is too old, or the promise has passed".to_owned(),
            Withheld::Unreadable => {
                "there is nothing to read in it, or From does not say which one person wrote it".to_owned()
            }
            Withheld::RepliesOff => "replies are switched off".to_owned(),
            Withheld::BeforeStart => "it came in before the mailbox was first watched".to_owned(),
            Withheld::Duplicate => "the same mail came in before".to_owned(),
        }
    }
}

/// What a sign of a machine says about a mail.
fn sign_in_words(sign: Automation) -> &'static str {
    match sign {
        Automation::NullReturnPath => "its return path is empty, as that of a machine is",
        Automation::AutoSubmitted => "it says that a machine sent it",
        Automation::ListHeader => "it came through a mailing list",
        Automation::Precedence => "it says that it is mass or automatic mail",
        Automation::SuppressHeader => "it asks for no automatic reply",
        Automation::VendorMarker => "it has the mark of a program",
        Automation::DeliveryReport => "it reports on the delivery of a mail",
        Automation::DispositionReport => "it reports that a mail was read",
        Automation::FeedbackReport => "it reports a complaint",
        Automation::DelayedNotice => "it says that a mail is still on its way",
        Automation::CalendarTraffic => "a calendar sent it",
        Automation::SystemSender => "the address is a program's",
        Automation::NoReplySender => "the address asks for no answer",
        Automation::SpamVerdict => "a filter called it spam",
        Automation::OwnMail => "we sent it ourselves",
    }
}
