//! Who belongs to a case: whose mail it takes in when that mail refers to it.
//!
//! A Message-ID is no secret. It stands in every copy of a mail, on lists and in archives, and the id of an announcement
//! is known to all who got it. So a mail that names one belongs to the case only when its sender has something to do with
//! it. Else:
//!
//! * names it a mail that we got, it stands beside those of the case. It alerts whatever runs there already, and nothing
//!   that it says or starts makes a mail of the customer old news; an answer to it is none to the customer.
//! * names it one that we never saw, such as an announcement, it opens a case of its own: two customers who answer the
//!   same announcement have nothing else in common, and an answer to one of them must not end what runs for the other.
//!
//! Not here: references to our own replies, whose seal proves that they were seen.

use super::case::Case;
use crate::decision::Reading;
use crate::mail::{Address, Authenticated, Automation};
use crate::policy::Policy;

/// Domains of which everybody can have an address, so that to share one means nothing. The large ones of the languages
/// that mail is read in; one that is missing here joins two strangers only when they name the same mail.
const PUBLIC: &[&str] = &[
    "126.com",
    "163.com",
    "abv.bg",
    "aol.com",
    "bigpond.com",
    "bluewin.ch",
    "bol.com.br",
    "centrum.cz",
    "comcast.net",
    "daum.net",
    "fastmail.com",
    "free.fr",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hanmail.net",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.es",
    "hotmail.fr",
    "hotmail.it",
    "icloud.com",
    "interia.pl",
    "laposte.net",
    "libero.it",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "o2.pl",
    "online.no",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "pm.me",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rediffmail.com",
    "sapo.pt",
    "seznam.cz",
    "sfr.fr",
    "sina.com",
    "t-online.de",
    "tutanota.com",
    "ukr.net",
    "uol.com.br",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.com.br",
    "yahoo.de",
    "yahoo.es",
    "yahoo.fr",
    "yahoo.it",
    "yandex.ru",
    "ymail.com",
    "zoho.com",
];

/// Whether a mail that refers to one of a case's mails belongs to it: its sender wrote in it, was written to, or is of
/// the same customer or domain; writes to somebody who did; or is one of ours. A report on a mail belongs to that mail.
pub(super) fn belongs(case: &Case, reading: &Reading, policy: &Policy) -> bool {
    if reading.evidence.iter().any(|evidence| is_report(evidence.slug)) {
        return true;
    }
    let sender = reading.sender.as_ref().is_some_and(|sender| {
        is_known(case, sender)
            || case.addressed.iter().any(|known| is_same(known, sender))
            || shares_domain(case, sender)
            || policy.identity.is_agent(sender)
            || policy.identity.is_own(sender)
    });
    sender || is_same_customer(case, reading, policy) || writes_to_a_person_of(case, reading)
}

/// Whether the case's reference in the subject is enough. Anybody can write it, and under any name, so it is only for
/// the case's own customer or domain, and for nobody whose authentication failed.
pub(super) fn may_name(case: &Case, reading: &Reading, policy: &Policy) -> bool {
    // Where two readers of From may see two senders, it says nothing.
    let sender = reading.sender.as_ref().filter(|_| reading.message.author().named().is_some());
    let of_the_house = sender.is_some_and(|sender| {
        is_known(case, sender)
            || (case.opener_domain() == Some(sender.domain()) && !is_public(sender.domain()))
    });
    reading.authenticated != Authenticated::Fail && (of_the_house || is_same_customer(case, reading, policy))
}

/// Says which mail was not delivered, is late, or was read.
fn is_report(slug: Automation) -> bool {
    matches!(slug, Automation::DeliveryReport | Automation::DelayedNotice | Automation::DispositionReport)
}

/// Wrote in the case.
fn is_known(case: &Case, address: &Address) -> bool {
    case.opener.iter().chain(&case.people).any(|known| is_same(known, address))
}

/// Whether a key that was kept and an address are the same person's, tags aside.
fn is_same(known: &str, address: &Address) -> bool {
    let is_tagged = || known.contains('+') || address.local().contains('+');
    known == address.key()
        || is_tagged()
            && Address::parse(known).is_some_and(|known| known.untagged().key() == address.untagged().key())
}

fn shares_domain(case: &Case, sender: &Address) -> bool {
    let of_person =
        |person: &String| person.rsplit_once('@').is_some_and(|(_, domain)| domain == sender.domain());
    !is_public(sender.domain())
        && (case.opener_domain() == Some(sender.domain()) || case.people.iter().any(of_person))
}

fn is_same_customer(case: &Case, reading: &Reading, policy: &Policy) -> bool {
    let customer = reading.customer.and_then(|row| policy.customers.get(row)).map(|row| row.name.as_str());
    customer.is_some() && customer == case.customer.as_deref()
}

fn writes_to_a_person_of(case: &Case, reading: &Reading) -> bool {
    reading.message.recipients().any(|to| is_known(case, to))
}

fn is_public(domain: &str) -> bool {
    PUBLIC.binary_search(&domain).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_domains_can_be_searched() {
        assert!(PUBLIC.is_sorted());
        assert!(is_public("gmail.com") && is_public("web.de") && !is_public("client.example"));
    }
}
