//! `nightdesk test`: runs the examples that policies carry.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;

use super::evaluate::{evaluate, load, read_bytes};
use super::{Ending, output};
use crate::casework::Book;
use crate::compose::{Explained, Explanation, instant_in_words};
use crate::policy::{AddressRule, Example, Expectation, Policy, Wanted};
use crate::sources::example_mail;

/// Runs the examples of all policies; one that cannot be compiled counts as failed.
pub(super) fn run(policies: &[PathBuf], filter: Option<&str>) -> anyhow::Result<Ending> {
    let mut ending = Ending::Fine;
    let mut found = 0;
    for path in policies {
        let Some(outcome) = load(path) else {
            ending = Ending::Unusable;
            continue;
        };
        let Some(policy) = outcome.policy else {
            output::complain_of(&outcome.diagnostics, outcome.left_out);
            ending = ending.or(Ending::Negative);
            continue;
        };
        let report = run_policy(path, &policy, filter);
        found += report.passed + report.failed;
        output::answer(&report.text)?;
        if report.failed > 0 {
            ending = ending.or(Ending::Negative);
        }
    }
    if let (Some(filter), 0, Ending::Fine) = (filter, found, ending) {
        output::complain(&format!("error: no test has \"{filter}\" in its name"));
        return Ok(Ending::Unusable);
    }
    Ok(ending)
}

struct Report {
    text: String,
    passed: usize,
    failed: usize,
}

fn run_policy(path: &Path, policy: &Policy, filter: Option<&str>) -> Report {
    let mut report = Report { text: String::new(), passed: 0, failed: 0 };
    let mut lines = Vec::new();
    let wanted = |example: &&Example| filter.is_none_or(|filter| example.name.contains(filter));
    for example in policy.examples.iter().filter(wanted) {
        let differences = run_example(example, policy);
        if differences.is_empty() {
            report.passed += 1;
            continue;
        }
        report.failed += 1;
        let source = policy.source(&example.origin);
        lines.push(format!("FAILED {} ({}/{source})\n", example.name, path.display()));
        lines.extend(differences);
    }
    lines.push(format!("{}: {} passed, {} failed\n", policy.name, report.passed, report.failed));
    Report { text: lines.concat(), ..report }
}

/// What differs from what the example expects, a few lines each.
fn run_example(example: &Example, policy: &Policy) -> Vec<String> {
    let default_to = policy
        .identity
        .addresses
        .iter()
        .find_map(|rule| match rule {
            AddressRule::Address(address) => Some(address.as_str()),
            AddressRule::Domain(_) => None,
        })
        .unwrap_or("support@desk.example");
    let mut book = Book::default();
    for (index, earlier) in example.earlier.iter().enumerate() {
        let bytes = example_mail(earlier, &format!("earlier-{}@nightdesk.test", index + 1), default_to);
        evaluate(read_bytes(&bytes, policy, earlier.mailbox.as_deref()), policy, &mut book, earlier.at);
    }
    let bytes = example_mail(&example.mail, "mail@nightdesk.test", default_to);
    let reading = read_bytes(&bytes, policy, example.mail.mailbox.as_deref());
    let decided = evaluate(reading, policy, &mut book, example.mail.at);
    let explanation = Explanation::of(&Explained {
        file: &example.name,
        reading: &decided.reading,
        decision: &decided.decision,
        policy,
        reply: &decided.reply,
    });
    let mut differences: Vec<String> = Vec::new();
    if let Err(error) = &decided.reply {
        differences.push(format!("  the reply cannot be rendered: {error}\n"));
    }
    differences
        .extend(example.expect.iter().filter_map(|expected| difference(expected, &explanation, policy)));
    differences
}

fn difference(expected: &Expectation, explanation: &Explanation, policy: &Policy) -> Option<String> {
    let got = got(&expected.key, explanation);
    if holds(&expected.key, &expected.wanted, &got) {
        return None;
    }
    let source = policy.source(&expected.origin);
    let wanted = match &expected.wanted {
        Wanted::Text(text) => format!("\"{text}\""),
        Wanted::Flag(false) if !matches!(got, Value::Bool(_)) => "none".to_owned(),
        Wanted::Flag(flag) => flag.to_string(),
        Wanted::Texts(texts) => format!("{texts:?}"),
        Wanted::At(at) => in_words(*at, policy),
    };
    let got = match (&got, &expected.wanted) {
        (Value::String(text), Wanted::At(_)) => {
            text.parse().map_or_else(|_| text.clone(), |at| in_words(at, policy))
        }
        (Value::String(text), _) => format!("\"{text}\""),
        (Value::Null, _) => "none".to_owned(),
        (got, _) => got.to_string(),
    };
    Some(format!("  {} ({source})\n    wanted {wanted}\n    got    {got}\n", expected.key))
}

fn in_words(at: Timestamp, policy: &Policy) -> String {
    let calendar = policy.desks.first().and_then(|desk| policy.calendars.get(desk.calendar));
    calendar.map_or_else(|| at.to_string(), |calendar| instant_in_words(at, calendar.zone()))
}

/// The value of an expectation's key: section 4 of the contract, flattened.
fn got(key: &str, explanation: &Explanation) -> Value {
    let field = |key: &str| explanation.get(key).cloned().unwrap_or(Value::Null);
    let inside = |outer: &str, key: &str| field(outer).get(key).cloned().unwrap_or(Value::Null);
    match key {
        "customer" => inside("customer", "name"),
        "alerts" => each(&field("alerts"), |alert| text_of(alert, "escalation")),
        "pages" => {
            let alerts = field("alerts");
            let pages = |alert: &Value| alert.get("pages").and_then(Value::as_bool).unwrap_or(false);
            Value::Bool(alerts.as_array().is_some_and(|alerts| alerts.iter().any(pages)))
        }
        "defer" => inside("defer", "escalation"),
        "defer_until" => inside("defer", "until"),
        "reply" => inside("reply", "template"),
        "reply_to" => inside("reply", "to"),
        "reply_subject" => inside("reply", "subject"),
        "says" | "says_not" => inside("reply", "text"),
        "near_misses" => each(&field("near_misses"), |near| text_of(near, "text")),
        "ignored" => {
            each(&field("ignored_hits"), |hit| format!("{}:{}", text_of(hit, "why"), text_of(hit, "text")))
        }
        "hits" => {
            let labels = field("labels");
            let hits = labels.get("urgency").and_then(|urgency| urgency.get("hits")).cloned();
            each(&hits.unwrap_or(Value::Null), |hit| text_of(hit, "text"))
        }
        label if inside("labels", label).is_object() => {
            inside("labels", label).get("value").cloned().unwrap_or(Value::Null)
        }
        other => field(other),
    }
}

fn each(list: &Value, text: impl Fn(&Value) -> String) -> Value {
    let texts: Vec<Value> = list.as_array().into_iter().flatten().map(|one| text(one).into()).collect();
    Value::Array(texts)
}

fn text_of(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn holds(key: &str, wanted: &Wanted, got: &Value) -> bool {
    match (key, wanted) {
        ("says", Wanted::Texts(texts)) => texts.iter().all(|text| says(got, text)),
        ("says_not", Wanted::Texts(texts)) => got.is_string() && !texts.iter().any(|text| says(got, text)),
        (_, Wanted::Flag(flag)) => match got {
            Value::Bool(got) => got == flag,
            Value::Null => !flag,
            Value::Array(list) => list.is_empty() && !flag,
            Value::String(_) | Value::Number(_) | Value::Object(_) => false,
        },
        (_, Wanted::Text(text)) => got.as_str() == Some(text),
        (_, Wanted::Texts(texts)) => {
            let mut got: Vec<&str> = got.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            got.sort_unstable();
            texts.sort_unstable();
            got == texts
        }
        (_, Wanted::At(at)) => got.as_str().and_then(|got| got.parse::<Timestamp>().ok()) == Some(*at),
    }
}

/// Whether a reply says something, however its lines are broken.
fn says(reply: &Value, text: &str) -> bool {
    let fold = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    reply.as_str().is_some_and(|reply| fold(reply).contains(&fold(text)))
}
