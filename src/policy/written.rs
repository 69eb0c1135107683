//! A policy as its author wrote it: every value with its place, nothing looked up yet.
//!
//! Reading checks shapes only: types, missing keys, unknown keys. What a name refers to, whether a time exists and
//! what a rule means is for [`super::compile`].

mod examples;
mod hours;
mod rules;
mod words;

use std::sync::Arc;

pub(super) use examples::{
    Example, ExampleMail, Expectations, Expected, ExpectedValue, Following, read_examples,
};
pub(super) use hours::{Assign, Calendar, Desk, Spans};
pub(super) use rules::{Accept, Also, AutoReply, Conversation, Coverage, Escalation};
pub(super) use words::{Ask, Label, Matrix, Word};

use crate::base::diagnostic::{Diagnostic, SourceFile};
use crate::base::document::{self, At, Problems, Table, Value};

/// `policy.toml`.
#[derive(Debug, Default)]
pub(super) struct Policy {
    pub(super) name: Option<At<String>>,
    pub(super) mailboxes: Vec<At<String>>,
    pub(super) identity: Identity,
    pub(super) calendars: Vec<Calendar>,
    pub(super) desks: Vec<Desk>,
    pub(super) assigns: Vec<Assign>,
    pub(super) words: Vec<(At<String>, Vec<At<String>>)>,
    pub(super) labels: Vec<Label>,
    pub(super) matrices: Vec<Matrix>,
    pub(super) customers: Customers,
    pub(super) forms: Vec<At<String>>,
    pub(super) asks: Vec<Ask>,
    pub(super) coverage: Vec<Coverage>,
    pub(super) also: Vec<Also>,
    pub(super) escalations: Vec<Escalation>,
    pub(super) conversation: Conversation,
    pub(super) auto_reply: AutoReply,
    pub(super) accepts: Vec<Accept>,
    /// Sections that are there in some form; what is wrong with them was said.
    pub(super) attempted: Vec<&'static str>,
}

/// Sections that every policy must have.
const REQUIRED: [&str; 4] = ["calendar", "desk", "label", "coverage"];

/// `[identity]`.
#[derive(Debug, Default)]
pub(super) struct Identity {
    pub(super) addresses: Vec<At<String>>,
    pub(super) addressed_to: Vec<At<String>>,
    pub(super) agents: Vec<At<String>>,
    pub(super) authserv_ids: Vec<At<String>>,
    pub(super) machine_markers: Vec<At<String>>,
}

/// `[customers]`.
#[derive(Debug, Default)]
pub(super) struct Customers {
    pub(super) file: Option<At<String>>,
    pub(super) default_plan: Option<At<String>>,
}

/// `when = { … }`: every entry must hold.
#[derive(Debug, Clone, Default)]
pub(super) struct When {
    pub(super) entries: Vec<(At<String>, WhenValue)>,
}

/// What a condition's key must be.
#[derive(Debug, Clone)]
pub(super) enum WhenValue {
    AnyOf(Vec<At<String>>),
    Not(Vec<At<String>>),
    Is(At<bool>),
}

const ROOT_KEYS: &[&str] = &[
    "name",
    "mailboxes",
    "identity",
    "calendar",
    "desk",
    "assign",
    "words",
    "label",
    "matrix",
    "customers",
    "form",
    "ask",
    "coverage",
    "also",
    "escalation",
    "conversation",
    "auto_reply",
    "accept",
];

/// Reads `policy.toml`; `None` when it is not TOML at all.
pub(super) fn read_policy(file: &Arc<SourceFile>, problems: &mut Problems) -> Option<Policy> {
    document::read(file, problems, |root, problems| {
        root.only(ROOT_KEYS, problems);
        Policy {
            name: root.required_string("name", "the name of the policy, such as \"alloy\"", problems),
            mailboxes: root.strings("mailboxes", problems),
            identity: identity(root, problems),
            calendars: hours::calendars(root, problems),
            desks: hours::desks(root, problems),
            assigns: hours::assigns(root, problems),
            words: words::lists(root, problems),
            labels: words::labels(root, problems),
            matrices: words::matrices(root, problems),
            customers: customers(root, problems),
            forms: forms(root, problems),
            asks: words::asks(root, problems),
            coverage: rules::coverage(root, problems),
            also: rules::also(root, problems),
            escalations: rules::escalations(root, problems),
            conversation: rules::conversation(root, problems),
            auto_reply: rules::auto_reply(root, problems),
            accepts: rules::accepts(root, problems),
            attempted: REQUIRED.into_iter().filter(|section| root.attempts(section)).collect(),
        }
    })
}

const IDENTITY_KEYS: &[&str] = &["addresses", "addressed_to", "agents", "authserv_ids", "machine_markers"];

fn identity(root: &Table<'_>, problems: &mut Problems) -> Identity {
    let Some(table) = root.table("identity", problems) else { return Identity::default() };
    // All that stands below a `[table]` is part of it.
    let above = |key: &str| {
        let is_above = ["name", "mailboxes"].contains(&key);
        is_above.then(|| format!("`{key}` stands at the top of the file, above the first `[table]`"))
    };
    table.only_or(IDENTITY_KEYS, above, problems);
    Identity {
        addresses: table.strings("addresses", problems),
        addressed_to: table.strings("addressed_to", problems),
        agents: table.strings("agents", problems),
        authserv_ids: table.strings("authserv_ids", problems),
        machine_markers: table.strings("machine_markers", problems),
    }
}

fn customers(root: &Table<'_>, problems: &mut Problems) -> Customers {
    let such_as = "a table: `[customers]` with file = \"customers.csv\"";
    let Some(table) = root.table_such_as("customers", such_as, problems) else { return Customers::default() };
    table.only(&["file", "default_plan"], problems);
    Customers { file: table.string("file", problems), default_plan: table.string("default_plan", problems) }
}

fn forms(root: &Table<'_>, problems: &mut Problems) -> Vec<At<String>> {
    let tables = root.tables("form", problems);
    tables
        .iter()
        .filter_map(|table| {
            table.only(&["from"], problems);
            table.required_string("from", "the address that the form or portal sends from", problems)
        })
        .collect()
}

/// The `when` of a rule; no entries when it has none.
fn when(table: &Table<'_>, problems: &mut Problems) -> Option<When> {
    let such_as = "a table, such as { hours = \"closed\", urgency = \"urgent\" }";
    let when = table.table_such_as("when", such_as, problems)?;
    let mut entries = Vec::new();
    for (key, value) in when.entries() {
        if JOINTS.contains(&key.value) {
            problems.push_with(|| {
                Diagnostic::error(key.location(when.file()), "conditions are not joined by words")
                    .found(format!("`{}`", key.value))
                    .allowed("conditions that all hold, such as { hours = \"closed\", urgency = \"urgent\" }; a list is any of its values; { not = … } is none of them")
                    .hint("for one condition or another write two rules")
            });
            continue;
        }
        if let Some(meant) = when_value(&value, problems) {
            entries.push((At::new(key.value.to_owned(), key.span), meant));
        }
    }
    Some(When { entries })
}

/// What other languages join conditions with.
const JOINTS: [&str; 6] = ["or", "and", "any", "all", "not", "if"];

fn when_value(value: &Value<'_>, problems: &mut Problems) -> Option<WhenValue> {
    if let Some(is) = value.as_bool() {
        return Some(WhenValue::Is(At::new(is, value.span())));
    }
    let Some(table) = value.as_table() else {
        let any_of = value.string_or_strings(problems);
        return (!any_of.is_empty()).then_some(WhenValue::AnyOf(any_of)).or_else(|| {
            empty_list(value, problems);
            None
        });
    };
    table.only(&["not"], problems);
    let Some(not) = table.get("not") else {
        table.missing("not", "`{ not = \"value\" }` or `{ not = [\"one\", \"two\"] }`", problems);
        return None;
    };
    let values = not.string_or_strings(problems);
    if values.is_empty() {
        empty_list(&not, problems);
        return None;
    }
    Some(WhenValue::Not(values))
}

/// An empty list of values can never be what somebody meant; a list of wrong types was noted already.
fn empty_list(value: &Value<'_>, problems: &mut Problems) {
    if value.kind() == "a list" && value.elements("", &mut Problems::default()).is_empty() {
        problems.push_with(|| {
            Diagnostic::error(value.location(), "a condition with no values never holds")
                .found("an empty list")
                .allowed("at least one value")
        });
    }
}
