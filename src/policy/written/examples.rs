//! As written: the `[[test]]` examples of `tests/*.toml`.

use std::sync::Arc;

use crate::base::diagnostic::SourceFile;
use crate::base::document::{self, At, Problems, Table, Value};

/// One `[[test]]`.
#[derive(Debug)]
pub(in crate::policy) struct Example {
    pub(in crate::policy) name: Option<At<String>>,
    pub(in crate::policy) mail: ExampleMail,
    pub(in crate::policy) earlier: Vec<ExampleMail>,
    pub(in crate::policy) expect: Vec<Expected>,
    pub(in crate::policy) has_expect: bool,
    pub(in crate::policy) place: At<()>,
}

/// A mail of an example, the tested one or an earlier one.
#[derive(Debug)]
pub(in crate::policy) struct ExampleMail {
    pub(in crate::policy) at: Option<At<String>>,
    pub(in crate::policy) mailbox: Option<At<String>>,
    pub(in crate::policy) from: Option<At<String>>,
    pub(in crate::policy) to: Option<At<String>>,
    pub(in crate::policy) subject: Option<At<String>>,
    pub(in crate::policy) body: Option<At<String>>,
    pub(in crate::policy) html: Option<At<String>>,
    pub(in crate::policy) file: Option<At<String>>,
    pub(in crate::policy) headers: Vec<(At<String>, HeaderValues)>,
    pub(in crate::policy) place: At<()>,
}

/// One header field may stand several times.
pub(in crate::policy) type HeaderValues = Vec<At<String>>;

/// One key of `expect`.
#[derive(Debug)]
pub(in crate::policy) struct Expected {
    pub(in crate::policy) key: At<String>,
    pub(in crate::policy) value: ExpectedValue,
    pub(in crate::policy) place: At<()>,
}

/// What an example may expect.
#[derive(Debug, Clone)]
pub(in crate::policy) enum ExpectedValue {
    Text(String),
    Flag(bool),
    Texts(Vec<String>),
}

const MAIL_KEYS: [&str; 9] = ["at", "mailbox", "from", "to", "subject", "body", "html", "file", "headers"];

/// Reads a file of examples.
pub(in crate::policy) fn read_examples(file: &Arc<SourceFile>, problems: &mut Problems) -> Vec<Example> {
    document::read(file, problems, |root, problems| {
        root.only(&["test"], problems);
        root.tables("test", problems).iter().map(|table| example(table, problems)).collect()
    })
    .unwrap_or_default()
}

fn example(table: &Table<'_>, problems: &mut Problems) -> Example {
    let known: Vec<&str> = ["name", "earlier", "expect"].into_iter().chain(MAIL_KEYS).collect();
    table.only(&known, problems);
    let has_expect = table.get("expect").is_some();
    if !has_expect {
        table.missing(
            "expect",
            "what must come out, such as { urgency = \"urgent\", pages = true }",
            problems,
        );
    }
    Example {
        name: table.required_string("name", "what the example shows, in words", problems),
        mail: mail(table, problems),
        earlier: table
            .tables("earlier", problems)
            .iter()
            .map(|earlier| {
                earlier.only(&MAIL_KEYS, problems);
                mail(earlier, problems)
            })
            .collect(),
        expect: table.table("expect", problems).map(|expect| expected(&expect, problems)).unwrap_or_default(),
        has_expect,
        place: At::new((), table.span()),
    }
}

fn mail(table: &Table<'_>, problems: &mut Problems) -> ExampleMail {
    let mut headers = Vec::new();
    if let Some(fields) = table.table("headers", problems) {
        for (name, value) in fields.entries() {
            headers.push((At::new(name.value.to_owned(), name.span), value.string_or_strings(problems)));
        }
    }
    ExampleMail {
        at: table.required_string("at", "when the mail came in, such as \"2026-01-09 20:00\"", problems),
        mailbox: table.string("mailbox", problems),
        from: table.string("from", problems),
        to: table.string("to", problems),
        subject: table.string("subject", problems),
        body: table.string("body", problems),
        html: table.string("html", problems),
        file: table.string("file", problems),
        headers,
        place: At::new((), table.span()),
    }
}

fn expected(table: &Table<'_>, problems: &mut Problems) -> Vec<Expected> {
    let mut found = Vec::new();
    for (key, value) in table.entries() {
        if let Some(wanted) = expected_value(&value, problems) {
            found.push(Expected {
                key: At::new(key.value.to_owned(), key.span),
                value: wanted,
                place: At::new((), value.span()),
            });
        }
    }
    found
}

fn expected_value(value: &Value<'_>, problems: &mut Problems) -> Option<ExpectedValue> {
    if let Some(flag) = value.as_bool() {
        return Some(ExpectedValue::Flag(flag));
    }
    if let Some(text) = value.as_str() {
        return Some(ExpectedValue::Text(text.to_owned()));
    }
    if value.kind() == "a list" {
        let texts = value.strings(problems);
        return Some(ExpectedValue::Texts(texts.into_iter().map(|text| text.value).collect()));
    }
    value.wrong_type("a string, `true`, `false` (also for: none), or a list of strings", problems);
    None
}
