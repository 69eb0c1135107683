//! Mail addresses that are safe to write into an envelope or a header.
//!
//! An [`Address`] can only be made by [`Address::parse`], so no control character, blank or angle bracket is ever in one
//! (RFC 5321 section 4.1.2, RFC 6531 section 3.3). It is not a proof that the mailbox exists.

use std::fmt;

/// RFC 5321 section 4.5.3.1: 64 octets of local part, `@`, 255 of domain.
const MAX_BYTES: usize = 320;

/// One mail address. Two addresses are the same mailbox for us when their [`key`](Address::key)s are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    local: String,
    domain: String,
}

impl Address {
    /// Reads `local@domain`; `None` when it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return None;
        }
        let (local, domain) = text.rsplit_once('@')?;
        // A quoted local part is kept when it need not have been quoted (RFC 5321 section 4.1.2).
        let local = local.strip_prefix('"').and_then(|l| l.strip_suffix('"')).unwrap_or(local);
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        (is_local_part(local) && is_domain(domain))
            .then(|| Self { local: local.to_owned(), domain: lowercase(domain) })
    }

    /// The one address in a text that is no proper list of addresses; `None` when there are several or none.
    pub(super) fn only_in(text: &str) -> Option<Self> {
        let mut ats = text.match_indices('@').map(|(at, _)| at);
        let (Some(at), None) = (ats.next(), ats.next()) else { return None };
        let is_around = |c: char| c.is_whitespace() || "<>()[],;:\"'".contains(c);
        let (before, after) = text.split_at_checked(at)?;
        let local = before.rsplit(is_around).next()?;
        let domain = after.split(is_around).next()?;
        Self::parse(&format!("{local}{domain}"))
    }

    /// The part before the `@`, as written.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`, in lower case.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The form to compare and to store: all lower case.
    pub fn key(&self) -> String {
        let mut key = lowercase(&self.local);
        key.push('@');
        key.push_str(&self.domain);
        key
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

/// An address with the name its owner wrote beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name, decoded.
    pub name: Option<String>,
    /// The address.
    pub address: Address,
}

impl Mailbox {
    /// Reads one mailbox as a configuration writes it: `Example Support <support@example.com>` or an address alone.
    /// This is not the header grammar of RFC 5322; comments, groups and lists are refused.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return None;
        }
        let Some(inside) = text.strip_suffix('>') else {
            return Address::parse(text).map(|address| Mailbox { name: None, address });
        };
        let (name, address) = inside.rsplit_once('<')?;
        let name = name.trim().trim_matches('"').trim();
        if name.contains(['<', '>', '"', ',', ';']) {
            return None;
        }
        let name = (!name.is_empty()).then(|| name.to_owned());
        Some(Mailbox { name, address: Address::parse(address.trim())? })
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => write!(f, "{}", self.address),
        }
    }
}

/// Where bounces of a mail go (RFC 5321 section 4.4).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ReturnPath {
    /// There is no such header, or it cannot be read.
    #[default]
    Absent,
    /// `<>`: the mail must not be answered (RFC 5321 section 4.5.5).
    Null,
    /// An address.
    Address(Address),
}

fn lowercase(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.to_lowercase() }
}

fn is_local_part(local: &str) -> bool {
    !local.is_empty()
        && local.bytes().all(|b| b > b' ' && b != 0x7f && !b"<>()[]\\,;:\"@".contains(&b))
        && (local.is_ascii() || local.chars().all(is_visible))
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[') {
        // RFC 5321 section 4.1.3, such as `[192.0.2.1]` and `[IPv6:2001:db8::1]`.
        return literal.strip_suffix(']').is_some_and(|inner| {
            !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b':')
        });
    }
    !domain.is_empty()
        && domain.split('.').all(|label| !label.is_empty() && label.len() <= 63)
        && domain
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.' || !b.is_ascii())
        && (domain.is_ascii() || domain.chars().all(is_visible))
}

/// Neither white space nor a control nor a character that only steers how others are shown.
fn is_visible(c: char) -> bool {
    !c.is_whitespace()
        && !c.is_control()
        && !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        && !matches!(c, '\u{feff}' | '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_addresses_are_read_and_keep_their_local_part() {
        for (text, shown, key) in [
            ("Ann.Smith@Example.COM", "Ann.Smith@example.com", "ann.smith@example.com"),
            (" a+b=c@x-y.example. ", "a+b=c@x-y.example", "a+b=c@x-y.example"),
            ("\"j.doe\"@example.org", "j.doe@example.org", "j.doe@example.org"),
            ("Jürgen@Bücher.example", "Jürgen@bücher.example", "jürgen@bücher.example"),
            ("root@[192.0.2.1]", "root@[192.0.2.1]", "root@[192.0.2.1]"),
            ("o'neill@localhost", "o'neill@localhost", "o'neill@localhost"),
        ] {
            let address = Address::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((address.to_string().as_str(), address.key().as_str()), (shown, key));
        }
    }

    #[test]
    fn an_address_is_found_in_a_broken_field_when_it_is_the_only_one() {
        for (text, expected) in [
            ("<<ann@x.example>>", Some("ann@x.example")),
            ("\"Ann <ann@x.example>", Some("ann@x.example")),
            ("Ann [ann@x.example]", Some("ann@x.example")),
            ("'ann@x.example'", Some("ann@x.example")),
            ("ann@x.example <>", Some("ann@x.example")),
            ("a@x.example [b@y.example]", None),
            ("Ann @ home", None),
            ("Ann", None),
        ] {
            assert_eq!(Address::only_in(text).map(|a| a.key()).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn nothing_that_could_leave_its_header_is_an_address() {
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c.example",
            "a@b@c.example",
            "<a@b.example>",
            "a@b.example\r\nBcc: x@y.example",
            "a\0@b.example",
            "a@b..example",
            "a@b c",
            "a@b.example>",
            "a,b@c.example",
            "\"a b\"@c.example",
            "a\u{202e}b@c.example",
            "a@b\u{a0}c.example",
            "a@[1.2.3.4",
        ] {
            assert_eq!(Address::parse(text), None, "{text:?}");
        }
        assert_eq!(Address::parse(&format!("{}@b.example", "a".repeat(400))), None);
    }
}
