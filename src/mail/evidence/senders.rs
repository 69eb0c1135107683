//! Who writes: addresses and names that only programs have, and addresses that ask for no answer.

use super::{Automation, Found};
use crate::mail::Address;
use crate::mail::header;
use crate::mail::markers::senders::{
    INTERFACE_HOSTS, NO_REPLY_WORDS, SYSTEM_LOCAL_PARTS, SYSTEM_NAMES, SYSTEM_PREFIXES, SYSTEM_SUFFIXES,
};

/// The field in which the address of SMTP's sender is noted.
pub(super) const RETURN_PATH: &str = "Return-Path";

impl Found {
    /// Looks at an address of From or Sender as written, which may have no domain, and at the name beside it. Answers
    /// whether it is a program's.
    pub(in crate::mail) fn sender(&mut self, field: &str, name: Option<&str>, address: &str) -> bool {
        let sign = evidence_of(address).map(|slug| (slug, address));
        let by_name =
            || name.filter(|name| is_system_name(name)).map(|name| (Automation::SystemSender, name));
        let sign = sign.or_else(by_name);
        if let Some((slug, value)) = sign {
            self.add(slug, field, &header::collapse(value));
        }
        sign.is_some()
    }

    /// Looks at the return path: bounces to a program's address come back to no person (RFC 5230 section 4.6 asks this of
    /// the address that SMTP names, which is this one).
    pub(in crate::mail) fn return_path(&mut self, path: &str) {
        if evidence_of(path).is_some() {
            self.add(Automation::SystemSender, RETURN_PATH, path);
        }
        let domain = path.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase()).unwrap_or_default();
        if INTERFACE_HOSTS.iter().any(|host| domain.ends_with(host)) {
            self.interface.get_or_insert_with(|| super::Evidence {
                slug: Automation::VendorMarker,
                field: RETURN_PATH.to_owned(),
                value: header::clip(path, super::MAX_VALUE).to_owned(),
            });
        }
    }
}

/// What an address says as it was written, which may have no domain; behind what forwarders and bounce protection wrapped
/// around it, too.
fn evidence_of(written: &str) -> Option<Automation> {
    let local = written.rsplit_once('@').map_or(written, |(local, _)| local);
    let wrapped = || local.contains('=').then(|| Address::parse(written)).flatten();
    local_part_evidence(local).or_else(|| wrapped().and_then(|address| sender_evidence(&address)))
}

/// What any address says by itself: a program, or a wish for no answer. The reply guards ask this of the address used too.
pub fn sender_evidence(address: &Address) -> Option<Automation> {
    local_part_evidence(address.local()).or_else(|| local_part_evidence(address.person().local()))
}

fn local_part_evidence(local: &str) -> Option<Automation> {
    let local = local.trim_matches('"').to_ascii_lowercase();
    let base = local.split('+').next().unwrap_or_default();
    let system = SYSTEM_LOCAL_PARTS.contains(&base)
        || SYSTEM_PREFIXES.iter().any(|p| local.starts_with(p))
        || SYSTEM_SUFFIXES.iter().any(|s| base.ends_with(s));
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
            NO_REPLY_WORDS.contains(&bare)
        })
    })
}

fn is_system_name(name: &str) -> bool {
    let name = header::collapse(header::clip(name, 128)).to_lowercase();
    SYSTEM_NAMES.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_machines_are_told_from_people() {
        for (address, expected) in [
            ("MAILER-DAEMON@x.example", Some("system-sender")),
            ("mailer-daemon-3@x.example", Some("system-sender")),
            ("postmaster@x.example", Some("system-sender")),
            ("LISTSERV@x.example", Some("system-sender")),
            ("majordomo@x.example", Some("system-sender")),
            ("owner-desk@x.example", Some("system-sender")),
            ("desk-request@x.example", Some("system-sender")),
            ("desk-bounces+a=b@x.example", Some("system-sender")),
            ("bounce-desk-123@x.example", Some("system-sender")),
            ("prvs=0123456789=postmaster@x.example", Some("system-sender")),
            ("btv1==abc==mailer-daemon@x.example", Some("system-sender")),
            ("SRS0=ab12=cd=y.example=no-reply@x.example", Some("no-reply-sender")),
            ("SRS1=ab12=z.example==cd=ef=y.example=root@x.example", Some("system-sender")),
            ("request-desk@x.example", None),
            ("noreply@x.example", Some("no-reply-sender")),
            ("no.reply-123@x.example", Some("no-reply-sender")),
            ("shop_do-not-reply+id@x.example", Some("no-reply-sender")),
            ("newsalerts-noreply@x.example", Some("no-reply-sender")),
            ("nora.reply@x.example", None),
            ("casino.replyteam@x.example", None),
            ("rooter@x.example", None),
            ("ann@noreply.example", None),
            ("SRS0=ab12=cd=y.example=ann@x.example", None),
            ("prvs=0123456789=ann@x.example", None),
            ("ann+caf_=ben=y.example@x.example", None),
        ] {
            let address = Address::parse(address).unwrap();
            assert_eq!(sender_evidence(&address).map(Automation::slug), expected, "{address}");
        }
    }

    #[test]
    fn delivery_software_is_known_by_its_name_and_bulk_mail_by_its_return_path() {
        let signs = |look: &dyn Fn(&mut Found)| {
            let mut found = Found::default();
            look(&mut found);
            found.into_signs().iter().map(|e| e.slug.slug()).collect::<Vec<_>>()
        };
        let from = |name: &'static str| {
            signs(&|found| {
                found.sender("From", Some(name), "x1@y.example");
            })
        };
        assert_eq!((from("Mail Delivery  Subsystem"), from("Ann System")), (vec!["system-sender"], vec![]));
        let path = |path: &'static str| signs(&|found| found.return_path(path));
        assert_eq!(path("bounce-news-77@lists.example"), ["system-sender"]);
        assert_eq!(path("0100-77@eu-west-1.amazonses.com"), ["vendor-marker"]);
        assert_eq!(path("ann@x.example"), [""; 0]);
    }
}
