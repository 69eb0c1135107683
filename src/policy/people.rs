//! Addresses in a policy: who we are, who our customers are, and globs over senders.
//!
//! A rule for `ann@x.example` is also one for `ann+tag@x.example`. Our own addresses are recognised behind what forwarders
//! wrap around them, too; nobody else's are, since that can be forged (see [`Address`]).

use std::borrow::Cow;
use std::collections::HashMap;

use crate::base::glob::Glob;
use crate::mail::{Address, Marker, ascii_domain};

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

    /// Whether it covers an address, with or without its tag.
    pub fn covers(&self, address: &Address) -> bool {
        match self {
            AddressRule::Address(key) => {
                *key == address.key() || matches!(address.untagged(), Cow::Owned(bare) if *key == bare.key())
            }
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
    /// Whose Authentication-Results are believed; `-` is one that does not name itself.
    pub authserv_ids: Vec<String>,
    /// More marks of machines.
    pub machine_markers: Vec<Marker>,
    /// Contact forms and portals, whose customer stands in Reply-To.
    pub forms: Vec<AddressRule>,
}

impl Identity {
    /// Whether an address is ours, whatever was wrapped around it.
    pub fn is_own(&self, address: &Address) -> bool {
        let is_ours = |address: &Address| self.addresses.iter().any(|rule| rule.covers(address));
        is_ours(address) || matches!(address.person(), Cow::Owned(person) if is_ours(&person))
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

    /// The row of an address: its own, else that of the address without its tag, else its host's.
    pub fn find(&self, address: &Address) -> Option<usize> {
        let row = |rule| self.by_rule.get(&rule).copied();
        let untagged = || match address.untagged() {
            Cow::Owned(bare) => row(AddressRule::Address(bare.key())),
            Cow::Borrowed(_) => None,
        };
        row(AddressRule::Address(address.key()))
            .or_else(untagged)
            .or_else(|| row(AddressRule::Domain(address.domain().to_owned())))
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
    glob: Glob,
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
        Some(SenderGlob { text: text.to_owned(), glob: Glob::new(&comparable(text)) })
    }

    /// Whether an address in comparison form matches, with or without its tag.
    pub fn matches(&self, address: &str) -> bool {
        if self.glob.matches(address) {
            return true;
        }
        if !address.contains('+') {
            return false;
        }
        let untagged = Address::parse(address).map(|address| address.untagged().key());
        untagged.is_some_and(|untagged| self.glob.matches(&untagged))
    }
}

/// A pattern as keys of addresses are written: lower case, each whole label of the host as DNS knows it.
fn comparable(pattern: &str) -> String {
    let lower = pattern.to_lowercase();
    match lower.rsplit_once('@') {
        Some((local, host)) if !host.is_ascii() => {
            let label = |label: &str| ascii_domain(label).unwrap_or_else(|| label.to_owned());
            let labels: Vec<String> = host.split('.').map(label).collect();
            format!("{local}@{}", labels.join("."))
        }
        _ => lower,
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
    fn a_rule_covers_tagged_addresses_and_both_spellings_of_a_host() {
        let address = |text| Address::parse(text).expect("an address");
        let rule = |text| AddressRule::parse(text).expect("a rule");
        assert!(rule("ann@müller.example").covers(&address("Ann+shop@xn--mller-kva.example")));
        assert!(rule("@müller.example").covers(&address("ann@MÜLLER.example")));
        assert!(!rule("ann+shop@x.example").covers(&address("ann@x.example")), "a tag is a tag");
        assert!(rule("ann+shop@x.example").covers(&address("ann+shop@x.example")));
        assert!(rule(r#""ann smith"@x.example"#).covers(&address(r#""Ann Smith"@x.example"#)));
    }

    #[test]
    fn a_wrapped_address_is_ours_and_nobody_elses() {
        let address = |text| Address::parse(text).expect("an address");
        let rules = |text| vec![AddressRule::parse(text).expect("a rule")];
        let forged = address("SRS0=Hx3=Q7=desk.example=boss@evil.example");
        let identity = Identity {
            addresses: rules("@desk.example"),
            agents: rules("@desk.example"),
            ..Identity::default()
        };
        assert!(identity.is_own(&forged), "a forwarder's loop is not answered");
        assert!(!identity.is_agent(&forged) && !identity.is_form(&forged), "anybody can write that");
        let mut customers = Customers::new(None);
        let row = Customer { name: "Desk".to_owned(), plan: None, desk: None };
        assert!(customers.insert(AddressRule::Domain("desk.example".to_owned()), row.clone()));
        assert_eq!(customers.find(&forged), None);
        assert!(customers.insert(AddressRule::Address("boss@desk.example".to_owned()), row));
        assert_eq!(customers.find(&address("boss+calls@desk.example")), Some(1));
        assert_eq!(customers.find(&address("prvs=3212a9f0c1=boss@desk.example")), Some(0), "the host's row");
    }

    #[test]
    fn a_glob_knows_tags_and_both_spellings_of_a_host() {
        let matches = |glob: &str, key: &str| SenderGlob::parse(glob).expect("a glob").matches(key);
        assert!(matches("ann@x.example", "ann+shop@x.example"));
        assert!(matches("ann+*@x.example", "ann+shop@x.example"));
        assert!(!matches("ann@x.example", "anna+shop@x.example"));
        assert!(matches("*@müller.example", "ann@xn--mller-kva.example"));
        assert!(matches("*@*.MÜLLER.example", "ann@shop.xn--mller-kva.example"));
        assert!(!matches("*@müller.example", "ann@muller.example"));
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
