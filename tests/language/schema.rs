//! `check --schema`: the keys of the schema are those of the reader, it takes every policy that `check` takes, and the
//! mistakes of `fixtures/bad-policies` that it can see are listed in `fixtures/schema.txt`.

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use jsonschema::Validator;
use nightdesk::policy::SCHEMA;
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use crate::frame::around;
use crate::program::{nightdesk, root};
use crate::{allowed, compiled, sorted};

fn schema() -> Value {
    serde_json::from_str(SCHEMA).expect("JSON")
}

fn validator() -> Validator {
    jsonschema::draft7::new(&schema()).expect("a schema")
}

/// A TOML document as JSON; `None` when it is none.
fn json(text: &str) -> Option<Value> {
    let document = DeTable::parse(text).ok()?;
    Some(table(document.get_ref()))
}

fn table(table: &DeTable<'_>) -> Value {
    let fields = table.iter().map(|(key, value)| (key.get_ref().to_string(), self::value(value.get_ref())));
    Value::Object(fields.collect::<Map<String, Value>>())
}

fn value(of: &DeValue<'_>) -> Value {
    match of {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Boolean(is) => Value::Bool(*is),
        DeValue::Integer(number) => number.as_str().parse::<i64>().map_or(Value::Null, Value::from),
        DeValue::Array(list) => list.iter().map(|one| value(one.get_ref())).collect(),
        DeValue::Table(inside) => table(inside),
        // Neither is anything that a policy may hold.
        DeValue::Float(_) | DeValue::Datetime(_) => Value::Null,
    }
}

/// The keys of every table that takes no others, wherever it stands in the schema.
fn closed_tables(schema: &Value, found: &mut Vec<Vec<String>>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object)
        && schema.get("additionalProperties") == Some(&Value::Bool(false))
    {
        found.push(sorted(properties.keys().cloned()));
    }
    match schema {
        Value::Object(fields) => fields.values().for_each(|field| closed_tables(field, found)),
        Value::Array(list) => list.iter().for_each(|one| closed_tables(one, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A key that nobody knows, in every table that there is.
const UNKNOWN_EVERYWHERE: &str = r#"
zzz = 1
name = "desk"
customers.zzz = 1
identity.zzz = 1
conversation.zzz = 1
auto_reply.zzz = 1
matrix.priority.zzz = 1
[[calendar]]
zzz = 1
[[desk]]
zzz = 1
[[assign]]
zzz = 1
[[label.urgency]]
zzz = 1
[[form]]
zzz = 1
[[ask]]
zzz = 1
[[coverage]]
zzz = 1
when = { urgency = { zzz = 1 } }
[[also]]
zzz = 1
[[escalation]]
zzz = 1
steps = [{ zzz = 1 }]
[[accept]]
zzz = 1
"#;

#[test]
fn the_schema_has_the_keys_that_the_reader_takes_and_no_others() {
    let outcome = compiled(&[("policy.toml", UNKNOWN_EVERYWHERE)]);
    let unknown = outcome.diagnostics.iter().filter(|mistake| mistake.message.starts_with("unknown key in "));
    let mut reader: Vec<Vec<String>> = unknown.map(allowed).collect();
    let mut schema_keys = Vec::new();
    closed_tables(&schema(), &mut schema_keys);
    reader.sort();
    reader.dedup();
    schema_keys.sort();
    schema_keys.dedup();
    assert_eq!(UNKNOWN_EVERYWHERE.matches("zzz").count(), 18, "a probe for each table");
    assert_eq!(schema_keys, reader);
}

#[test]
fn the_schema_has_the_conditions_and_their_words() {
    let also = |when: &str| around(&format!("[[also]]\nname = \"a\"\nwhen = {when}\nalert = \"on-call\"\n"));
    let outcome = compiled(&[("policy.toml", &also("{ zzz = true }"))]);
    let mistake = outcome.diagnostics.iter().find(|mistake| mistake.message.contains("cannot look at this"));
    let when = &schema()["definitions"]["when"]["properties"];
    let labels = ["urgency", "topic", "impact"].map(str::to_owned);
    let keys = sorted(when.as_object().expect("conditions").keys().cloned().chain(labels));
    assert_eq!(keys, allowed(mistake.expect("a mistake")));
    for key in ["hours", "closed_for", "conversation", "authenticated"] {
        let outcome = compiled(&[("policy.toml", &also(&format!("{{ {key} = \"zzz\" }}")))]);
        let mistakes = outcome.diagnostics.iter();
        let mistake =
            mistakes.filter(|mistake| mistake.found.as_deref() == Some("\"zzz\"")).map(allowed).next();
        let words = when[key]["anyOf"][0]["enum"].as_array().expect("words").iter();
        let words = sorted(words.filter_map(Value::as_str).map(str::to_owned));
        assert_eq!(Some(words), mistake, "{key}");
    }
}

/// Folders that hold a `policy.toml`.
fn policies(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("a folder");
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    folders.retain(|folder| folder.join("policy.toml").is_file());
    folders.sort();
    folders
}

fn refuses(validator: &Validator, policy: &Path) -> Option<String> {
    let text = fs::read(policy.join("policy.toml")).expect("a policy");
    let document = json(std::str::from_utf8(&text).ok()?)?;
    validator.iter_errors(&document).next().map(|error| format!("{}: {error}", error.instance_path()))
}

#[test]
fn what_check_takes_the_schema_takes() {
    let validator = validator();
    let shipped = policies("rules");
    assert!(shipped.len() >= 2, "{shipped:?}");
    let demo = root().join("deploy/demo/policy");
    for policy in shipped.iter().chain([&demo]) {
        assert_eq!(refuses(&validator, policy), None, "{}", policy.display());
    }
}

#[test]
fn the_mistakes_that_an_editor_can_show_are_these() {
    let validator = validator();
    let (mut shown, mut left) = (Vec::new(), Vec::new());
    for policy in policies("fixtures/bad-policies") {
        let name = policy.file_name().expect("a name").to_string_lossy().into_owned();
        if refuses(&validator, &policy).is_some() { &mut shown } else { &mut left }.push(name);
    }
    let text = format!(
        "An editor with the schema shows these mistakes of bad-policies:\n  {}\n\nThese take `nightdesk check`:\n  {}\n",
        shown.join("\n  "),
        left.join("\n  "),
    );
    expect_file![root().join("fixtures/schema.txt")].assert_eq(&text);
}

#[test]
fn the_program_prints_it() {
    let output = nightdesk().args(["check", "--schema"]).output().expect("the program runs");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stdout).expect("UTF-8"), SCHEMA);
    let both = nightdesk().args(["check", "--schema", "--policy", "rules/starter"]).output();
    assert_eq!(both.expect("the program runs").status.code(), Some(2), "a schema is of no policy");
}
