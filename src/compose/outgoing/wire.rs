//! An address as commands and header fields carry it.
//!
//! The domain is in A-labels, as in every [`Address`]. The local part is quoted where the grammar asks for it (RFC 5321 section 4.1.2) and
//! is otherwise left as its owner wrote it: beyond ASCII it can only be carried with SMTPUTF8 (RFC 6531).

use std::fmt;

use crate::mail::Address;

/// An address that can be written into a command or a field as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireAddress {
    /// Quoted where it must be.
    local: String,
    /// In A-labels.
    domain: String,
}

impl WireAddress {
    /// The form of an address on the wire.
    pub fn of(address: &Address) -> Self {
        Self { local: local_part(address.local()), domain: address.domain().to_owned() }
    }

    /// The part before the `@`, quoted where it must be.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`, in A-labels.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether only a server that offers SMTPUTF8 can carry it.
    pub fn needs_smtputf8(&self) -> bool {
        !self.local.is_ascii()
    }
}

impl fmt::Display for WireAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.local, self.domain)
    }
}

/// A `Dot-string` as it is, everything else as a `Quoted-string`.
fn local_part(local: &str) -> String {
    let is_quoted = local.len() > 1 && local.starts_with('"') && local.ends_with('"');
    let is_dot_string = local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext));
    if is_quoted || is_dot_string {
        return local.to_owned();
    }
    let mut quoted = String::from('"');
    for c in local.chars() {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// What an atom may hold (RFC 5322 section 3.2.3), and beyond ASCII all that is visible (RFC 6532 section 3.2).
pub(super) fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || !c.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_quoted_and_in_a_labels_where_the_wire_asks_for_it() {
        for (address, wire, needs_smtputf8) in [
            ("Ann.Smith@Desk.example", "Ann.Smith@desk.example", false),
            ("ann@müller.example", "ann@xn--mller-kva.example", false),
            ("jürgen@bücher.example", "jürgen@xn--bcher-kva.example", true),
            ("a..b@desk.example", "\"a..b\"@desk.example", false),
            (".a@desk.example", "\".a\"@desk.example", false),
            ("o'neill+x=y@desk.example", "o'neill+x=y@desk.example", false),
            ("root@[192.0.2.1]", "root@[192.0.2.1]", false),
        ] {
            let address = Address::parse(address).expect("an address");
            let written = WireAddress::of(&address);
            assert_eq!((written.to_string().as_str(), written.needs_smtputf8()), (wire, needs_smtputf8));
        }
    }
}
