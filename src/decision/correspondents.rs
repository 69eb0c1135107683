//! Who wrote a mail, whose rights it has, and who would be answered.
//!
//! From says who wrote. Reply-To is written to only where that cannot be used to have us write to somebody else: in From's
//! own domain, behind an authenticated From, or from a form that the policy declares. The mails of such a form are those of
//! the customer in Reply-To, also for rights: whoever can fill it in can write any address there. Forged or not, a mail is
//! decided and alerts; what is held back here is the plan of a customer and the reply.

use crate::mail::{Address, Authenticated, Mailbox, Message};
use crate::policy::Policy;

/// Who a reply would go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// This address.
    Address(Address),
    /// There is no usable From.
    Nobody,
    /// A form that names no usable Reply-To.
    Unsafe,
}

/// Identity goes by From; where a declared form writes, the customer stands in Reply-To.
pub(super) fn sender(message: &Message, policy: &Policy) -> Option<Address> {
    if is_form(message, policy) {
        return message.reply_to.first().map(|reply_to| reply_to.address.clone());
    }
    message.author().address().cloned()
}

/// Whose rights the mail has: nobody's when authentication failed, or where two readers may see two senders.
pub(super) fn entitled<'m>(
    message: &'m Message,
    policy: &Policy,
    authenticated: Authenticated,
) -> Option<&'m Address> {
    if authenticated == Authenticated::Fail {
        return None;
    }
    if is_form(message, policy) { only(&message.reply_to) } else { message.author().named() }
}

/// Reply-To only when it is in From's domain, authenticated, or of a declared form; else From. A mail that comes from our
/// own address and is no form's is not answered elsewhere.
pub(super) fn recipient(message: &Message, policy: &Policy, authenticated: Authenticated) -> Recipient {
    let Some(from) = message.author().only() else { return Recipient::Nobody };
    let reply_to = only(&message.reply_to);
    if is_form(message, policy) {
        return reply_to.map_or(Recipient::Unsafe, |reply_to| Recipient::Address(reply_to.clone()));
    }
    let is_safe =
        |reply_to: &&Address| reply_to.domain() == from.domain() || authenticated == Authenticated::Pass;
    let safe = reply_to.filter(is_safe).filter(|_| !policy.identity.is_own(from));
    Recipient::Address(safe.unwrap_or(from).clone())
}

/// Whether a declared form wrote it.
pub(super) fn is_form(message: &Message, policy: &Policy) -> bool {
    !policy.identity.forms.is_empty()
        && message.author().named().is_some_and(|from| policy.identity.is_form(from))
}

/// The one address of a field; the same one twice is one.
fn only(mailboxes: &[Mailbox]) -> Option<&Address> {
    let (first, others) = mailboxes.split_first()?;
    let key = first.address.key();
    others.iter().all(|other| other.address.key() == key).then_some(&first.address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::{Reading, Standing, Withheld, decide, read};
    use crate::mail::Source;
    use crate::policy::{Files, RawFile, compile};

    const POLICY: &str = r#"
name = "who"
[identity]
addresses = ["support@desk.example"]
agents = ["@desk.example"]
authserv_ids = ["mx.desk.example"]
[[calendar]]
name = "office"
time_zone = "UTC"
week = { mon-fri = ["08:00-20:00"] }
[[desk]]
name = "main"
calendar = "office"
[[label.urgency]]
value = "urgent"
keywords = ["Urgent"]
[[label.urgency]]
value = "normal"
default = true
[customers]
file = "customers.csv"
default_plan = "basic"
[[form]]
from = "no-reply@portal.example"
[[coverage]]
name = "all"
alert = "on-call"
reply = "got-it"
[[escalation]]
name = "on-call"
pages = true
steps = [{ after = "0m", notify = ["pager"] }]
[auto_reply]
from = "Support <support@desk.example>"
"#;

    fn policy() -> Policy {
        let files = [
            ("policy.toml", POLICY),
            ("customers.csv", "sender,customer,plan\n@big.example,Big,gold\nann@x.example,Ann,silver\n"),
            ("replies/got-it.txt", "Subject: Re: {{ subject }}\n\nWe have got it.\n"),
        ];
        let file = |(name, text): (&str, &str)| RawFile {
            name: name.to_owned(),
            content: Ok(text.as_bytes().to_vec()),
        };
        let outcome = compile(&Files { files: files.into_iter().map(file).collect() });
        outcome.policy.unwrap_or_else(|| panic!("{:?}", outcome.diagnostics))
    }

    /// A mail with this head, and `P` for a server that vouches for From, `F` for one that says it is forged.
    fn reading(head: &str, policy: &Policy) -> Reading {
        let said = |verdict| format!("Authentication-Results: mx.desk.example; dmarc={verdict}\n");
        let head = head.replace("P\n", &said("pass")).replace("F\n", &said("fail"));
        let mail = format!("{head}To: support@desk.example\nSubject: Urgent\n\nDown.\n");
        read(&Source::Whole(mail.as_bytes()), policy, None)
    }

    /// Who wrote, the customer, and who is answered or why nobody is.
    fn told(head: &str, policy: &Policy) -> String {
        let reading = reading(head, policy);
        let at = "2026-01-09T12:00:00Z".parse().expect("an instant");
        let decision = decide(&reading, &Standing::default(), policy, at, at);
        assert!(!decision.alerts.is_empty(), "what stops a reply never stops an alert: {head}");
        let sender = reading.sender.as_ref().map_or_else(|| "nobody".to_owned(), Address::key);
        let customer =
            reading.customer.and_then(|row| policy.customers.get(row)).map_or("-", |row| &row.name);
        let answer = match &decision.reply {
            Some(reply) => reply.to.to_string(),
            None => decision.reply_withheld.iter().map(|guard| guard.slug()).collect::<Vec<_>>().join(" "),
        };
        format!("{sender} {customer} {answer}")
    }

    #[test]
    fn from_says_who_wrote_and_whose_rights_the_mail_has() {
        let policy = policy();
        for (head, expected) in [
            ("From: boss@big.example\n", "boss@big.example Big boss@big.example"),
            ("From: Ann+desk@x.example\n", "ann+desk@x.example Ann Ann+desk@x.example"),
            ("From: \"ann smith\"@big.example\n", "\"ann smith\"@big.example Big \"ann smith\"@big.example"),
            ("P\nFrom: boss@big.example\n", "boss@big.example Big boss@big.example"),
            ("F\nFrom: boss@big.example\n", "boss@big.example - unauthenticated"),
            // Anybody can wrap anybody's address.
            (
                "From: SRS0=Hx3=Q7=big.example=boss@evil.example\n",
                "srs0=hx3=q7=big.example=boss@evil.example - SRS0=Hx3=Q7=big.example=boss@evil.example",
            ),
            ("From: \"boss@big.example\" <x@evil.example>\n", "x@evil.example - x@evil.example"),
            // The server may have looked at another address than we do.
            ("From: boss@big.example, x@evil.example\n", "boss@big.example - no-sender"),
            ("From: boss@big.example\nFrom: x@evil.example\n", "boss@big.example - no-sender"),
            ("From: boss@big.example, x@y.example\nSender: x@y.example\n", "x@y.example - no-sender"),
            ("P\nFrom: x@evil.example <boss@big.example\n", "boss@big.example - boss@big.example"),
            ("From: boss@big.example, \"B\" <Boss@BIG.example>\n", "boss@big.example Big boss@big.example"),
            ("From: nobody in particular\n", "nobody - no-sender"),
        ] {
            assert_eq!(told(head, &policy), expected, "{head}");
        }
    }

    #[test]
    fn a_reply_goes_to_reply_to_only_where_that_cannot_be_abused() {
        let policy = policy();
        for (head, expected) in [
            ("From: a@x.example\nReply-To: team@x.example\n", "team@x.example"),
            ("From: a@müller.example\nReply-To: team@xn--mller-kva.example\n", "team@xn--mller-kva.example"),
            ("From: a@x.example\nReply-To: a@help.x.example\n", "a@x.example"),
            ("From: a@x.example\nReply-To: victim@y.example\n", "a@x.example"),
            ("P\nFrom: a@x.example\nReply-To: team@y.example\n", "team@y.example"),
            ("F\nFrom: a@x.example\nReply-To: team@y.example\n", "unauthenticated"),
            ("P\nFrom: a@x.example\nReply-To: b@y.example, c@y.example\n", "a@x.example"),
            ("P\nFrom: a@x.example\nReply-To: b@y.example, B <b@Y.example>\n", "b@y.example"),
            ("P\nFrom: a@x.example\nReply-To: \"broken\n", "a@x.example"),
            ("P\nFrom: a@x.example\nReply-To: support+7@desk.example\n", "own-address"),
            ("From: a@x.example\nReply-To: no-reply@x.example\n", "no-reply-sender"),
            ("P\nFrom: support@desk.example\nReply-To: b@y.example\n", "own-address"),
            ("From: SRS0=Hx3=Q7=desk.example=support@forward.example\n", "own-address"),
        ] {
            let told = told(head, &policy);
            assert_eq!(told.rsplit(' ').next(), Some(expected), "{head}: {told}");
        }
    }

    #[test]
    fn a_form_writes_for_the_person_in_reply_to() {
        let policy = policy();
        let form = "From: Portal <no-reply@portal.example>\n";
        for (head, expected) in [
            ("Reply-To: Ann <ann@x.example>\n", "ann@x.example Ann ann@x.example"),
            ("P\nReply-To: ann@x.example\n", "ann@x.example Ann ann@x.example"),
            ("F\nReply-To: ann@x.example\n", "ann@x.example - unauthenticated"),
            ("", "nobody - unsafe-reply-to"),
            ("Reply-To: ann@x.example, b@y.example\n", "ann@x.example - unsafe-reply-to"),
            ("Reply-To: support@desk.example\n", "support@desk.example - own-address"),
            ("Reply-To: no-reply@portal.example\n", "no-reply@portal.example - no-reply-sender"),
            // A form that says that its mails are a machine's is believed.
            ("Reply-To: ann@x.example\nAuto-Submitted: auto-generated\n", "ann@x.example Ann auto-submitted"),
            ("Reply-To: ann@x.example\nReturn-Path: <>\n", "ann@x.example Ann null-return-path"),
        ] {
            assert_eq!(told(&format!("{form}{head}"), &policy), expected, "{head}");
        }
        let two = "From: no-reply@portal.example, x@evil.example\nReply-To: ann@x.example\n";
        assert!(told(two, &policy).ends_with(" no-sender"), "several authors are no form");
    }

    #[test]
    fn a_failure_lowers_the_plan_and_nothing_else() {
        let policy = policy();
        let plans = |head: &str| {
            let reading = reading(head, &policy);
            let at = "2026-01-09T12:00:00Z".parse().expect("an instant");
            let decision = decide(&reading, &Standing::default(), &policy, at, at);
            assert_eq!(decision.alerts.len(), 1, "{head}");
            assert_eq!(
                decision.reply_withheld == [Withheld::Unauthenticated],
                head.starts_with("F\n"),
                "{head}"
            );
            decision.plan.unwrap_or_default()
        };
        assert_eq!(plans("P\nFrom: boss@big.example\nCc: all@big.example, b@x.example\n"), "gold");
        assert_eq!(plans("F\nFrom: boss@big.example\nCc: all@big.example, b@x.example\n"), "basic");
        assert_eq!(plans("From: boss@big.example\n"), "gold");
        // Only the topmost field of our server counts, and nobody else's.
        let forged = "F\nAuthentication-Results: mx.desk.example; dmarc=pass\nFrom: boss@big.example\n";
        assert_eq!(plans(forged), "basic");
        let elsewhere = "Authentication-Results: mx.evil.example; dmarc=pass\nARC-Authentication-Results: i=1; \
            mx.desk.example; dmarc=pass\nFrom: boss@big.example\n";
        assert_eq!(reading(elsewhere, &policy).authenticated, Authenticated::None);
    }
}
