//! Undoing what forwarders, bounce protection and owners put around a local part.
//!
//! * SRS: `SRS0=hash=time=host=local` and `SRS1=hash=host==hash=time=host=local`, the first separator also `+` or `-`. The
//!   person is `local@host`; whether the hash is true only the forwarder knows.
//! * Bounce tags: BATV (`prvs=tag=local`), Barracuda (`btv1==tag==local`), `SparkPost` (`msprvs1=tag=local`).
//! * Tags: `local+tag`. Other separators are parts of names: `anna-maria` is nobody's tag.
//!
//! A local part in quotes is nobody's wrapping.

use std::borrow::Cow;

use super::Address;

/// How often one wrapping may stand in another.
const MAX_LAYERS: usize = 4;

/// The local part before a tag; `None` when there is none.
pub(super) fn without_tag(local: &str) -> Option<&str> {
    let (name, _) = local.split_once('+')?;
    (!name.is_empty() && !local.starts_with('"')).then_some(name)
}

/// Who stands behind an address.
pub(super) fn behind(address: &Address) -> Cow<'_, Address> {
    let mut person = Cow::Borrowed(address);
    for _ in 0..MAX_LAYERS {
        // Nearly every address ends here.
        if !person.local.contains(['=', '+']) || person.local.starts_with('"') {
            break;
        }
        let Some(inner) = unwrapped(&person) else { break };
        person = Cow::Owned(inner);
    }
    person
}

fn unwrapped(address: &Address) -> Option<Address> {
    let (local, domain) = (address.local.as_str(), address.domain.as_str());
    if let Some((local, domain)) = rewritten(local) {
        return Address::parse(&format!("{local}@{domain}"));
    }
    let local = bounce_tagged(local).or_else(|| without_tag(local))?;
    Address::parse(&format!("{local}@{domain}"))
}

/// Local part and host that sender rewriting has put into a local part.
fn rewritten(local: &str) -> Option<(&str, &str)> {
    // Microsoft puts it behind a tag: `bounces+SRS=hash=time=host=local`.
    if let Some((_, tag)) = local.split_once('+')
        && let Some(inner) = after(tag, "srs=")
    {
        return hashed(inner);
    }
    if let Some(inner) = after(local, "srs0").and_then(separated) {
        return hashed(inner);
    }
    let inner = after(local, "srs1").and_then(separated)?;
    let mut fields = inner.splitn(3, '=');
    let (_hash, _host, rest) = (fields.next()?, fields.next()?, fields.next()?);
    hashed(separated(rest)?)
}

/// What follows a separator of SRS.
fn separated(text: &str) -> Option<&str> {
    text.strip_prefix(['=', '+', '-'])
}

/// `hash=time=host=local`; the local part may hold anything.
fn hashed(text: &str) -> Option<(&str, &str)> {
    let mut fields = text.splitn(4, '=');
    let (hash, time, host, local) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    (is_word(hash) && is_word(time) && !host.is_empty()).then_some((local, host))
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'+' | b'-'))
}

/// The local part behind a bounce tag.
fn bounce_tagged(local: &str) -> Option<&str> {
    let (tag, local) = if let Some(rest) = after(local, "btv1==") {
        rest.split_once("==")?
    } else {
        after(local, "prvs=").or_else(|| after(local, "msprvs1="))?.split_once('=')?
    };
    (is_word(tag) && !local.is_empty()).then_some(local)
}

/// What follows a prefix, whatever its case.
fn after<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(text: &str) -> String {
        Address::parse(text).unwrap_or_else(|| panic!("{text}")).person().to_string()
    }

    #[test]
    fn a_person_is_found_behind_every_wrapping() {
        for (text, expected) in [
            ("ann@x.example", "ann@x.example"),
            ("ann+shop+2@x.example", "ann@x.example"),
            ("SRS0=Hx3/=Q7=x.example=ann@forward.example", "ann@x.example"),
            ("srs0+Hx3=Q7=x.example=ann@forward.example", "ann@x.example"),
            ("SRS0-Hx3=Q7=x.example=ann=b@forward.example", "ann=b@x.example"),
            ("SRS1=abcd=first.example==Hx3=Q7=x.example=ann@second.example", "ann@x.example"),
            ("SRS1+abcd=first.example=+Hx3=Q7=x.example=ann@second.example", "ann@x.example"),
            ("bounces+SRS=Hx3=Q7=x.example=ann@tenant.example", "ann@x.example"),
            ("bounces+SRS=Hx3=Q7@tenant.example", "bounces@tenant.example"),
            ("prvs=3212a9f0c1=ann@x.example", "ann@x.example"),
            ("btv1==123456789ab==ann+tag@x.example", "ann@x.example"),
            ("msprvs1=17432abcdef=bounces-9@x.example", "bounces-9@x.example"),
            ("SRS0=Hx3=Q7=x.example=prvs=3212a9f0c1=ann+s@forward.example", "ann@x.example"),
            ("SRS0=Hx3=Q7=MÜLLER.example=ann@forward.example", "ann@xn--mller-kva.example"),
        ] {
            assert_eq!(person(text), expected, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_wrapping_stays() {
        for text in [
            "+49123@sms.example",
            "anna-maria@x.example",
            "srs0@x.example",
            "SRS0=a=b@x.example",
            "SRS0=a=b==ann@x.example",
            "SRS0=Hx3=Q7=not a host=ann@x.example",
            "SRS1=a=b=ann@x.example",
            "prvs==ann@x.example",
            "prvs=ann@x.example",
            "a=b@x.example",
        ] {
            let Some(address) = Address::parse(text) else { continue };
            assert_eq!(address.person().as_ref(), &address, "{text}");
        }
        assert_eq!(person("\"a b+c\"@x.example"), "\"a b+c\"@x.example");
    }

    #[test]
    fn only_a_tag_is_nothing_to_be_forged() {
        let rights = |text| Address::parse(text).expect("an address").untagged().to_string();
        assert_eq!(rights("boss+desk@big.example"), "boss@big.example");
        for text in ["SRS0=Hx3=Q7=big.example=boss@evil.example", "prvs=3212a9f0c1=boss@big.example"] {
            assert_eq!(rights(text), text);
        }
    }

    #[test]
    fn wrappings_in_wrappings_come_to_an_end() {
        let mut text = "a@x.example".to_owned();
        for _ in 0..6 {
            text = format!("SRS0=h=t=x.example={text}");
        }
        assert!(person(&text).contains("SRS0") && text.len() < 320);
    }
}
