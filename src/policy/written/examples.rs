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
    pub(in crate::policy) expect: Expectations,
    pub(in crate::policy) then: Vec<Following>,
    pub(in crate::policy) place: At<()>,
}

/// One `[[test.then]]`.
#[derive(Debug)]
pub(in crate::policy) struct Following {
    pub(in crate::policy) event: Option<At<String>>,
    /// Its time, and what was written of a mail.
    pub(in crate::policy) mail: ExampleMail,
    pub(in crate::policy) expect: Expectations,
}

/// An `expect`.
#[derive(Debug, Default)]
pub(in crate::policy) struct Expectations {
    /// It was written, be it empty.
    pub(in crate::policy) written: bool,
    pub(in crate::policy) keys: Vec<Expected>,
}

/// A mail of an example: the tested one, an earlier one, or one that follows.
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

/// What a mail of an example can have.
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
    let known: Vec<&str> = ["name", "earlier", "then", "expect"].into_iter().chain(MAIL_KEYS).collect();
    table.only(&known, problems);
    let then: Vec<Following> =
        table.tables("then", problems).iter().map(|then| following(then, problems)).collect();
    let expect = expectations(table, problems);
    if !expect.written && !then.iter().any(|then| then.expect.written) {
        table.missing(
            "expect",
            "what must come out, such as { urgency = \"urgent\", pages = true }",
            problems,
        );
    }
    Example {
        name: table.required_string("name", "what the example shows, in words", problems),
        mail: mail(table, MAIL_AT, problems),
        earlier: table
            .tables("earlier", problems)
            .iter()
            .map(|earlier| {
                earlier.only(&MAIL_KEYS, problems);
                mail(earlier, MAIL_AT, problems)
            })
            .collect(),
        expect,
        then,
        place: At::new((), table.span()),
    }
}

fn following(table: &Table<'_>, problems: &mut Problems) -> Following {
    let known: Vec<&str> = ["event", "expect"].into_iter().chain(MAIL_KEYS).collect();
    table.only(&known, problems);
    Following {
        event: table.required_string(
            "event",
            "\"mail\", \"answer\", \"ack\", \"close\" or \"nothing\"",
            problems,
        ),
        mail: mail(table, "when it happens, such as \"2026-01-12 08:00\"", problems),
        expect: expectations(table, problems),
    }
}

const MAIL_AT: &str = "when the mail came in, such as \"2026-01-09 20:00\"";

fn mail(table: &Table<'_>, at: &str, problems: &mut Problems) -> ExampleMail {
    let mut headers = Vec::new();
    if let Some(fields) = table.table("headers", problems) {
        for (name, value) in fields.entries() {
            headers.push((At::new(name.value.to_owned(), name.span), value.string_or_strings(problems)));
        }
    }
    ExampleMail {
        at: table.required_string("at", at, problems),
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

fn expectations(table: &Table<'_>, problems: &mut Problems) -> Expectations {
    let written = table.get("expect").is_some();
    let Some(expect) = table.table("expect", problems) else {
        return Expectations { written, keys: Vec::new() };
    };
    let mut keys = Vec::new();
    for (key, value) in expect.entries() {
        if let Some(wanted) = expected_value(&value, problems) {
            keys.push(Expected {
                key: At::new(key.value.to_owned(), key.span),
                value: wanted,
                place: At::new((), value.span()),
            });
        }
    }
    Expectations { written, keys }
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
