//! What is said of templates that load and yet say something else than they seem to.

use crate::base::diagnostic::Severity;
use crate::policy::{Files, RawFile, compile};

const POLICY: &str = r#"
name = "desk"
[[calendar]]
name = "office"
time_zone = "Europe/London"
week = { mon-fri = ["09:00-17:00"] }
[[desk]]
name = "main"
calendar = "office"
[[label.urgency]]
value = "urgent"
keywords = ["Urgent"]
[[label.urgency]]
value = "normal"
default = true
[[coverage]]
name = "everything"
reply = "got-it"
respond_within = "2h"
[auto_reply]
from = "support@desk.example"
"#;

/// What is said of a text and its HTML alternative: severity, message, and what was found.
fn said(text: &str, html: Option<&str>) -> Vec<(Severity, String, String)> {
    let files = [("policy.toml", POLICY), ("replies/got-it.txt", text)]
        .into_iter()
        .chain(html.map(|html| ("replies/got-it.html", html)))
        .map(|(name, content)| RawFile { name: name.to_owned(), content: Ok(content.as_bytes().to_vec()) })
        .collect();
    let said = compile(&Files { files }).diagnostics.into_iter();
    said.map(|said| (said.severity, said.message, said.found.unwrap_or_default())).collect()
}

#[test]
fn a_comparison_that_never_holds_is_warned_of() {
    for (condition, found) in [
        ("hours == \"Open\"", Some("\"Open\"")),
        ("closed_for != 'Night'", Some("\"Night\"")),
        ("hours == \"open\" and urgency == \"severe\"", Some("\"severe\"")),
        ("desk == \"us\"", Some("\"us\"")),
        ("conversation == \"follow-up\"", None),
        ("urgency == \"urgent\" or desk == \"main\"", None),
        ("subject == \"Open\"", None),
        ("hours|upper == \"OPEN\"", None),
    ] {
        let text = format!("Subject: [{{{{ reference }}}}]\n\n{{% if {condition} %}}a{{% endif %}} b\n");
        let said = said(&text, None);
        let shown: Vec<(Severity, &str)> =
            said.iter().map(|(severity, _, found)| (*severity, found.as_str())).collect();
        let expected: Vec<_> = found.into_iter().map(|found| (Severity::Warning, found)).collect();
        assert_eq!(shown, expected, "{condition}");
    }
    let bound = "Subject: a\n\n{% for desk in asked_for %}{% if desk == \"x\" %}y{% endif %}{% endfor %} b\n";
    assert_eq!(said(bound, None), [], "a name of the template's own");
}

#[test]
fn variables_in_single_braces_are_mistakes_wherever_they_would_be_sent() {
    for (text, found) in [
        ("Subject: a [{reference}]\n\nHello {{ sender }}.\n", Some("`{reference}`")),
        ("Subject: a\n\n{% if opens_at %}{ opens_at }{% endif %} b\n", Some("`{ opens_at }`")),
        ("Subject: a\n\nHello ${sender}.\n", Some("`{sender}`")),
        ("Subject: a\n\n{{ '{' }}{{ sender }}{{ '}' }} {word} {} {# {sender} #}\n", None),
    ] {
        let said = said(text, None);
        let shown: Vec<&str> = said.iter().map(|(_, _, found)| found.as_str()).collect();
        assert_eq!(shown, found.into_iter().collect::<Vec<_>>(), "{text}");
        assert!(said.iter().all(|(severity, ..)| *severity == Severity::Error));
    }
}

#[test]
fn only_a_line_right_below_the_subject_is_a_second_one() {
    for (text, count) in [
        ("Subject: a\nSubject: b\n\nHello\n", 1),
        ("Subject: a\r\n\r\nsubject: b\r\n\r\nHello\r\n", 1),
        ("Subject: a\n\nHello\nSubject: the words you wrote\n", 0),
        ("Subject: a\n\nSubjects: many\n", 0),
    ] {
        assert_eq!(said(text, None).len(), count, "{text}");
    }
}

#[test]
fn an_html_alternative_promises_what_its_text_promises() {
    let text = "Subject: a [{{ reference }}]\n\nWe answer by {{ respond_by }}.\n";
    for (html, found) in [
        ("<p>We answer by {{ respond_by }}.</p>", None),
        ("<p>We have it.</p>", Some("`respond_by` only in replies/got-it.txt")),
        ("<p>{{ respond_by }} {{ target }}</p>", Some("`target` only here")),
    ] {
        let said = said(text, Some(html));
        let shown: Vec<(Severity, &str)> =
            said.iter().map(|(severity, _, found)| (*severity, found.as_str())).collect();
        assert_eq!(shown, found.into_iter().map(|found| (Severity::Warning, found)).collect::<Vec<_>>());
    }
}
