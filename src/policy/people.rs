//! Addresses in a policy: who we are, who our customers are, and globs over senders.

use std::collections::HashMap;

use crate::mail::Address;

/// `name@host` or `@host`. A host never stands for its sub-hosts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AddressRule {
    /// One address, in comparison form.
    Address(String),
    /// Every address of one host, lower case.
    Domain(String),
}

impl AddressRule {
    /// Parses either form.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(domain) = text.strip_prefix('@') {
            // A stand-in local part, so that hosts obey the same grammar as addresses.
            return Address::parse(&format!("a@{domain}"))
                .map(|address| AddressRule::Domain(address.domain().to_owned()));
        }
        // `*@host` looks like a pattern, and would be an address that nobody has.
        if text.starts_with('*') {
            return None;
        }
        Address::parse(text).map(|address| AddressRule::Address(address.key()))
    }

    /// Whether it covers an address.
    pub fn covers(&self, address: &Address) -> bool {
        match self {
            AddressRule::Address(key) => *key == address.key(),
            AddressRule::Domain(domain) => domain == address.domain(),
        }
    }
}

/// Who we are.
#[derive(Debug, Default)]
pub struct Identity {
    /// Our own addresses; never answered.
    pub addresses: Vec<AddressRule>,
    /// When not empty, a mail to none of these gets no reply.
    pub addressed_to: Vec<AddressRule>,
    /// Whose mail in a conversation is a human answer.
    pub agents: Vec<AddressRule>,
    /// Whose Authentication-Results are believed.
    pub authserv_ids: Vec<String>,
    /// More header fields that only machines write, lower case.
    pub machine_markers: Vec<String>,
    /// Contact forms and portals, whose customer stands in Reply-To.
    pub forms: Vec<AddressRule>,
}

impl Identity {
    /// Whether an address is ours.
    pub fn is_own(&self, address: &Address) -> bool {
        self.addresses.iter().any(|rule| rule.covers(address))
    }

    /// Whether an address is an agent's.
    pub fn is_agent(&self, address: &Address) -> bool {
        self.agents.iter().any(|rule| rule.covers(address))
    }

    /// Whether an address is a form's.
    pub fn is_form(&self, address: &Address) -> bool {
        self.forms.iter().any(|rule| rule.covers(address))
    }
}

/// A row of the customers' file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The customer's name.
    pub name: String,
    /// The plan; `None` takes the default plan.
    pub plan: Option<String>,
    /// Index into the policy's desks.
    pub desk: Option<usize>,
}

/// The senders we know.
#[derive(Debug, Default)]
pub struct Customers {
    rows: Vec<Customer>,
    by_rule: HashMap<AddressRule, usize>,
    /// The plan of everybody else.
    pub default_plan: Option<String>,
}

impl Customers {
    /// No rows yet.
    pub(super) fn new(default_plan: Option<String>) -> Self {
        Customers { default_plan, ..Customers::default() }
    }

    /// Adds a row; answers false when its sender is there already.
    pub(super) fn insert(&mut self, sender: AddressRule, customer: Customer) -> bool {
        let row = self.rows.len();
        if self.by_rule.contains_key(&sender) {
            return false;
        }
        self.by_rule.insert(sender, row);
        self.rows.push(customer);
        true
    }

    /// The row of an address: its own, else its host's.
    pub fn find(&self, address: &Address) -> Option<usize> {
        self.by_rule
            .get(&AddressRule::Address(address.key()))
            .or_else(|| self.by_rule.get(&AddressRule::Domain(address.domain().to_owned())))
            .copied()
    }

    /// A row.
    pub fn get(&self, row: usize) -> Option<&Customer> {
        self.rows.get(row)
    }

    /// Every row, in file order.
    pub fn rows(&self) -> &[Customer] {
        &self.rows
    }

    /// Every plan that a mail can have.
    pub fn plans(&self) -> Vec<&str> {
        let mut plans: Vec<&str> = self.rows.iter().filter_map(|row| row.plan.as_deref()).collect();
        plans.extend(self.default_plan.as_deref());
        plans.sort_unstable();
        plans.dedup();
        plans
    }
}

/// A pattern over addresses in which `*` stands for any characters.
#[derive(Debug)]
pub struct SenderGlob {
    /// As written.
    pub text: String,
    /// What stands before, between and after the stars, lower case; never empty.
    pieces: Vec<String>,
}

impl SenderGlob {
    /// Parses a glob such as `*@vip.example`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.trim().is_empty() || text.len() > 320 {
            return None;
        }
        // Without a star it is one address.
        if !text.contains('*') && Address::parse(text).is_none() {
            return None;
        }
        let pieces = text.to_lowercase().split('*').map(str::to_owned).collect();
        Some(SenderGlob { text: text.to_owned(), pieces })
    }

    /// Whether an address in comparison form matches.
    pub fn matches(&self, address: &str) -> bool {
        let [first, between @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|whole| whole == address);
        };
        let Some(mut rest) = address.strip_prefix(first.as_str()) else { return false };
        for piece in between {
            // The first place leaves the most for the pieces after it.
            let Some((_, after)) = rest.split_once(piece.as_str()) else { return false };
            rest = after;
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_does_not_stand_for_its_sub_hosts() {
        let rule = AddressRule::parse("@example.com").expect("a host");
        let address = |text| Address::parse(text).expect("an address");
        assert!(rule.covers(&address("Anna@EXAMPLE.com")));
        assert!(!rule.covers(&address("anna@mail.example.com")));
        assert_eq!(AddressRule::parse("@"), None);
        assert_eq!(AddressRule::parse("not an address"), None);
    }

    #[test]
    fn a_glob_matches_the_whole_address() {
        let glob = SenderGlob::parse("*@VIP.example").expect("a glob");
        assert!(glob.matches("anna@vip.example"));
        assert!(!glob.matches("anna@vip.example.org"));
        let glob = SenderGlob::parse("a*b*b@*").expect("a glob");
        assert!(glob.matches("abb@") && glob.matches("aXbYb@x.example") && glob.matches("abbb@x"));
        assert!(!glob.matches("ab@x") && !glob.matches("xabb@x"));
        assert!(!SenderGlob::parse("a*a").expect("a glob").matches("a"));
        assert!(SenderGlob::parse("*").expect("a glob").matches("anna@client.example"));
        assert!(!SenderGlob::parse("a.c@x.example").expect("a glob").matches("abc@x.example"));
    }
}
