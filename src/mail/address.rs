//! Mail addresses that are safe to write into an envelope or a header, and whose they are.
//!
//! An [`Address`] can only be made by [`Address::parse`], so no control character and no angle bracket is ever in one, and a
//! blank only between quotes (RFC 5321 section 4.1.2, RFC 6531 section 3.3). It is kept in one form: the local part quoted
//! only where it must be, the domain in A-labels (RFC 5891), so `ann@bücher.example` is `ann@xn--bcher-kva.example`.
//! It is not a proof that the mailbox exists.
//!
//! Two questions go beyond the address as written, and they have different answers:
//!
//! * *Whose rights?* [`Address::untagged`] takes off a tag and nothing else, since the host stays the same, and only the
//!   host knows its people. Customers, agents, forms and `sender` conditions go by it.
//! * *Which person?* [`Address::person`] also undoes what forwarders and bounce protection wrap around an address. Anybody
//!   can wrap anybody's, so it gives no rights; it only makes us more careful: reply limits and our own addresses go by it.

mod person;

use std::borrow::Cow;
use std::fmt;

use crate::base::domain;

/// RFC 5321 section 4.5.3.1: 64 octets of local part, `@`, 255 of domain.
const MAX_BYTES: usize = 320;
/// RFC 5321 section 4.5.3.1.2.
const MAX_DOMAIN: usize = 255;

/// One mail address. Two addresses are the same mailbox for us when their [`key`](Address::key)s are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    local: String,
    domain: String,
}

impl Address {
    /// Reads `local@domain`, the local part quoted or not; `None` when it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MAX_BYTES {
            return None;
        }
        let (local, domain) = text.rsplit_once('@')?;
        Some(Self { local: local_part(local)?, domain: ascii_domain(domain)? })
    }

    /// The one address in a text that is no proper list of addresses; `None` when there are several or none.
    pub(super) fn only_in(text: &str) -> Option<Self> {
        let mut ats = text.match_indices('@').map(|(at, _)| at);
        let (Some(at), None) = (ats.next(), ats.next()) else { return None };
        let is_around = |c: char| c.is_whitespace() || "<>()[],;:\"'".contains(c);
        let (before, after) = text.split_at_checked(at)?;
        let local = before.rsplit(is_around).next()?;
        let lead = before.strip_suffix(local)?;
        // `<ann smith@x.example>` may be anybody at that host.
        if lead.ends_with(char::is_whitespace) && lead.rfind('<') > lead.rfind('>') {
            return None;
        }
        let domain = after.split(is_around).next()?;
        Self::parse(&format!("{local}{domain}"))
    }

    /// The part before the `@` as it is written into envelopes and headers: in quotes where it needs them.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`: ASCII, in lower case.
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

    /// Without the tag that its owner may add: `ann+shop@x.example` is `ann@x.example` (RFC 5233 section 1).
    pub fn untagged(&self) -> Cow<'_, Address> {
        match person::without_tag(&self.local) {
            Some(local) => Cow::Owned(Self { local: local.to_owned(), domain: self.domain.clone() }),
            None => Cow::Borrowed(self),
        }
    }

    /// Who stands behind it, as far as that can be told: sender rewriting, bounce tags and tags undone. Not to be believed,
    /// since anybody can write it; only to recognise a person again.
    pub fn person(&self) -> Cow<'_, Address> {
        person::behind(self)
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

/// A domain as DNS knows it, in lower case; `None` when it can be none. Address literals stay as they are.
pub fn ascii_domain(domain: &str) -> Option<String> {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    if domain.is_ascii() {
        return is_domain(domain).then(|| domain.to_ascii_lowercase());
    }
    // What steers how others are shown would vanish, and the domain be read as another one.
    if !domain.chars().all(is_visible) {
        return None;
    }
    let ascii = domain::in_ascii(domain)?;
    is_domain(&ascii).then(|| ascii.to_ascii_lowercase())
}

/// The local part in its one form (RFC 5321 section 4.1.2).
fn local_part(written: &str) -> Option<String> {
    let Some(quoted) = written.strip_prefix('"') else { return is_bare(written).then(|| written.to_owned()) };
    let content = unquoted(quoted.strip_suffix('"')?)?;
    if is_bare(&content) {
        return Some(content);
    }
    if content.trim().is_empty() || !content.chars().all(is_quotable) {
        return None;
    }
    Some(format!("\"{}\"", content.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// What stands between quotes, its quoted pairs undone; `None` when the quotes end before (RFC 5322 section 3.2.4).
fn unquoted(quoted: &str) -> Option<String> {
    let mut content = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return None,
            '\\' => content.push(chars.next()?),
            _ => content.push(c),
        }
    }
    Some(content)
}

/// Whether a local part needs no quotes. Dots are not looked at: some hosts give out addresses with two in a row.
fn is_bare(local: &str) -> bool {
    !local.is_empty()
        && local.bytes().all(|b| b > b' ' && b != 0x7f && !b"<>()[]\\,;:\"@".contains(&b))
        && (local.is_ascii() || local.chars().all(is_visible))
        // An encoded word is no address (RFC 2047 section 5).
        && !local.contains("=?")
}

/// What we let stand between quotes. Angle brackets would be legal, but only an attacker has them.
fn is_quotable(c: char) -> bool {
    c == ' ' || is_visible(c) && !matches!(c, '<' | '>')
}

fn is_domain(domain: &str) -> bool {
    if let Some(literal) = domain.strip_prefix('[') {
        // RFC 5321 section 4.1.3, such as `[192.0.2.1]` and `[IPv6:2001:db8::1]`.
        return literal.strip_suffix(']').is_some_and(|inner| {
            !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b':')
        });
    }
    domain.len() <= MAX_DOMAIN
        && domain.split('.').all(|label| !label.is_empty() && label.len() <= 63)
        && domain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.')
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
            ("Jürgen@example.org", "Jürgen@example.org", "jürgen@example.org"),
            ("a..b.@example.org", "a..b.@example.org", "a..b.@example.org"),
            ("root@[192.0.2.1]", "root@[192.0.2.1]", "root@[192.0.2.1]"),
            ("o'neill@localhost", "o'neill@localhost", "o'neill@localhost"),
        ] {
            let address = Address::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((address.to_string().as_str(), address.key().as_str()), (shown, key));
        }
    }

    #[test]
    fn a_local_part_is_quoted_where_it_must_be() {
        for (text, shown) in [
            (r#""a b"@x.example"#, r#""a b"@x.example"#),
            (r#""a@b"@x.example"#, r#""a@b"@x.example"#),
            (r#""a\ b"@x.example"#, r#""a b"@x.example"#),
            (r#""\a\b"@x.example"#, "ab@x.example"),
            (r#""a\"b\\c"@x.example"#, r#""a\"b\\c"@x.example"#),
            (r#""a,b;c:(d)"@x.example"#, r#""a,b;c:(d)"@x.example"#),
        ] {
            let address = Address::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(address.to_string(), shown);
            assert_eq!(Address::parse(shown), Some(address), "written and read again");
        }
        assert_eq!(
            Address::parse(r#""A B"@X.example"#).map(|a| a.key()).as_deref(),
            Some(r#""a b"@x.example"#)
        );
    }

    #[test]
    fn both_spellings_of_a_domain_are_one() {
        let ascii = Address::parse("mia@xn--mller-kva.example").unwrap();
        for text in [
            "mia@müller.example",
            "mia@MÜLLER.example.",
            "mia@mu\u{308}ller.example",
            "mia@Xn--Mller-Kva.EXAMPLE",
        ] {
            assert_eq!(Address::parse(text).as_ref(), Some(&ascii), "{text}");
        }
        // A Cyrillic letter makes it another host.
        assert_ne!(Address::parse("mia@exаmple.com"), Address::parse("mia@example.com"));
        assert_eq!(ascii_domain("例え。example").as_deref(), Some("xn--r8jz45g.example"));
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
            ("<ann smith@x.example>", None),
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
            "\"a\r\nBcc: x\"@c.example",
            "\"a\tb\"@c.example",
            "\"a\0\"@c.example",
            "\"a\u{202e}b\"@c.example",
            "\"a\" b\"@c.example",
            "\"a\\\"@c.example",
            "\"a> x<\"@c.example",
            "\"  \"@c.example",
            "\"\"@c.example",
            "\"a@c.example",
            "a.\"b c\".d@c.example",
            "=?utf-8?q?ann?=@c.example",
            "a@b\u{ad}c.example",
            "a@b\u{ff0f}c.example",
            "a@b\u{ff20}c.example",
            "a\u{202e}b@c.example",
            "a@b\u{a0}c.example",
            "a@[1.2.3.4",
        ] {
            assert_eq!(Address::parse(text), None, "{text:?}");
        }
        assert_eq!(Address::parse(&format!("{}@b.example", "a".repeat(400))), None);
    }
}
