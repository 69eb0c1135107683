//! Random policies from a small grammar: always sound, often strange.

use std::fmt::Write as _;
use std::sync::LazyLock;

use nightdesk::policy::{Files, Policy, RawFile, compile};
use proptest::prelude::*;

const REPLY: &str = "Subject: Re: [{{ reference }}] {{ subject }}\n\nWe have it, and say Urgent if you are in need.\n\
    {% if opens_at %}We open {{ opens_at }}.\n{% endif %}{% if respond_by %}You hear from us by {{ respond_by }}.\n{% endif %}\
    {% for question in asked_for %}{{ question }}\n{% endfor %}";

/// Compiles a policy of this grammar.
pub(crate) fn compiled(policy: &str) -> Policy {
    let file =
        |name: &str, text: &str| RawFile { name: name.to_owned(), content: Ok(text.as_bytes().to_vec()) };
    let customers = "sender,customer,plan,desk\n@client.example,Client Ltd,gold,second\nben@partner.example,Partner Inc,,\n";
    let files = vec![
        file("policy.toml", policy),
        file("replies/received.txt", REPLY),
        file("customers.csv", customers),
    ];
    let outcome = compile(&Files { files });
    let diagnostics = outcome.diagnostics;
    outcome
        .policy
        .unwrap_or_else(|| panic!("this grammar makes sound policies only: {diagnostics:#?}\n{policy}"))
}

/// One policy, for properties that are not about policies.
pub(crate) fn fixed() -> &'static Policy {
    static FIXED: LazyLock<Policy> = LazyLock::new(|| {
        let hours = calendar("first", "America/New_York", "mon-fri = [\"08:00-20:00\"]", "");
        let hours = hours + &calendar("second", "UTC", "", "");
        compiled(&format!("{START}{hours}{WORDS}{LAST}{END}{FROM}"))
    });
    &FIXED
}

const START: &str = r#"
name = "random"
mailboxes = ["support"]
[identity]
addresses = ["support@example.com"]
agents = ["@example.com"]
authserv_ids = ["mx.example.com"]
[[form]]
from = "form@example.com"
[customers]
file = "customers.csv"
default_plan = "standard"
"#;

const WORDS: &str = r#"
[[label.urgency]]
value = "urgent"
keywords = ["Urgent"]
except = ["non-urgent", "not urgent"]
[[label.urgency]]
value = "time-sensitive"
keywords = ["Time-sensitive"]
[[label.urgency]]
value = "normal"
default = true
[[label.topic]]
value = "fraud"
keywords = ["fraud"]
[[label.topic]]
value = "incident"
keywords = ["outage"]
patterns = ['\boutage\b.{0,20}\bon\b']
[[ask]]
name = "version"
when = { urgency = "urgent" }
found = ['\bversion \d']
question = "Which version?"
"#;

const LAST: &str = r#"
[[coverage]]
name = "last"
alert = "on-call"
reply = "received"
"#;

const END: &str = r#"
[[escalation]]
name = "on-call"
pages = true
steps = [{ after = "0m", notify = ["pager"] }, { after = "15m", notify = ["all"] }]
[[escalation]]
name = "chat"
steps = [{ after = "0m", notify = ["chat"] }]
give_up_after = "2h"
[[escalation]]
name = "inbox"
steps = [{ after = "0m", notify = ["inbox"] }]
"#;

const FROM: &str = "[auto_reply]\nfrom = \"Example Support <support@example.com>\"\n";

fn one_of(pieces: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(pieces)
}

/// A policy; `looks_at_machines` allows conditions on `automated`.
pub(crate) fn policy(looks_at_machines: bool) -> impl Strategy<Value = String> {
    (hours(), coverage(looks_at_machines), also(looks_at_machines), end())
        .prop_map(|(hours, coverage, also, end)| format!("{START}{hours}{WORDS}{coverage}{also}{END}{end}"))
}

fn calendar(name: &str, zone: &str, week: &str, days: &str) -> String {
    format!(
        "[[calendar]]\nname = \"{name}\"\ntime_zone = \"{zone}\"\nweek = {{ {week} }}\ndays = {{ {days} }}\n\
         [[desk]]\nname = \"{name}\"\ncalendar = \"{name}\"\n"
    )
}

fn hours() -> impl Strategy<Value = String> {
    let zone = || {
        one_of(&[
            "America/New_York",
            "Europe/London",
            "Asia/Kolkata",
            "Australia/Lord_Howe",
            "Pacific/Apia",
            "UTC",
            "+05:45",
        ])
    };
    let week = || {
        one_of(&[
            "mon-fri = [\"08:00-20:00\"]",
            "mon-fri = [\"09:00-12:00\", \"13:00-17:30\"], sat = [\"10:00-12:00\"]",
            "mon-sun = [\"00:00-24:00\"]",
            "fri-sun = [\"22:00-06:00\"]",
            "wed = [\"02:15-02:45\"]",
            "",
        ])
    };
    let days = || {
        one_of(&[
            "",
            "\"2026-01-09\" = []",
            "\"2026-03-08\" = [\"01:00-03:30\"], \"2026-12-24\" = [\"08:00-12:00\"]",
        ])
    };
    let assign = one_of(&[
        "",
        "[[assign]]\nwhen = { urgency = \"urgent\" }\nto = \"second\"\n[[assign]]\nto = \"first\"\n",
        "[[assign]]\nto = \"customer\"\n",
        "[[assign]]\nwhen = { customer = \"Client Ltd\" }\nto = \"next-open\"\ndesks = [\"second\"]\n[[assign]]\nto = \"next-open\"\n",
    ]);
    (zone(), week(), days(), zone(), week(), days(), assign).prop_map(
        |(zone, week, days, zone_2, week_2, days_2, assign)| {
            calendar("first", zone, week, days) + &calendar("second", zone_2, week_2, days_2) + assign
        },
    )
}

/// A `when`, empty or of up to three conditions.
fn when(looks_at_machines: bool) -> impl Strategy<Value = String> {
    let conditions: &[&str] = &[
        "urgency = \"urgent\"",
        "topic = [\"incident\", \"fraud\"]",
        "hours = \"closed\"",
        "closed_for = { not = \"night\" }",
        "plan = \"gold\"",
        "customer = { not = \"Client Ltd\" }",
        "desk = \"second\"",
        "mailbox = \"support\"",
        "conversation = [\"new\", \"raised\"]",
        "readable = true",
        "authenticated = { not = \"fail\" }",
        "sender = \"*@client.example\"",
        "automated = false",
    ];
    let known = if looks_at_machines { conditions.len() } else { conditions.len() - 1 };
    let conditions = conditions.get(..known).unwrap_or_default();
    prop::sample::subsequence(conditions, 0..=3).prop_map(|conditions| {
        if conditions.is_empty() {
            String::new()
        } else {
            format!("when = {{ {} }}\n", conditions.join(", "))
        }
    })
}

fn outcome() -> impl Strategy<Value = String> {
    let told = one_of(&[
        "",
        "alert = \"on-call\"\n",
        "alert = [\"chat\", \"on-call\"]\n",
        "defer = \"inbox\"\n",
        "alert = \"chat\"\ndefer = \"inbox\"\n",
    ]);
    let reply = one_of(&["", "reply = \"received\"\n"]);
    let target = one_of(&[
        "",
        "respond_within = \"2h\"\n",
        "respond_within = \"90 business minutes\"\n",
        "respond_within = \"1 business day\"\n",
        "respond_within = \"3 business days\"\n",
        "respond_within = \"unspecified\"\n",
    ]);
    (told, reply, target).prop_map(|(told, reply, target)| format!("{told}{reply}{target}"))
}

fn coverage(looks_at_machines: bool) -> impl Strategy<Value = String> {
    let rule = (when(looks_at_machines), outcome());
    (prop::collection::vec(rule, 0..4), outcome()).prop_map(|(rules, last)| {
        let mut text = String::new();
        for (number, (when, outcome)) in rules.iter().enumerate() {
            write!(text, "[[coverage]]\nname = \"rule {number}\"\n{when}{outcome}").expect("text");
        }
        text + "[[coverage]]\nname = \"last\"\n" + &last
    })
}

fn also(looks_at_machines: bool) -> impl Strategy<Value = String> {
    let rule = (when(looks_at_machines), one_of(&["chat", "on-call"]));
    prop::collection::vec(rule, 0..3).prop_map(|rules| {
        let mut text = String::new();
        for (number, (when, alert)) in rules.iter().enumerate() {
            write!(text, "[[also]]\nname = \"also {number}\"\n{when}alert = \"{alert}\"\n").expect("text");
        }
        text
    })
}

fn end() -> impl Strategy<Value = String> {
    let conversation = one_of(&[
        "",
        "[conversation]\ninherit = [\"topic\"]\nraise_clock = \"creation\"\nreopen_within = \"1h\"\n",
        "[conversation]\nraise_clock = \"raise\"\n",
    ]);
    let limits = one_of(&[
        "",
        "once_per = \"1h\"\n",
        "per_domain = \"2/1h\"\nmax_age = \"1h\"\n",
        "per_mailbox = \"1/24h\"\n",
    ]);
    (conversation, limits).prop_map(|(conversation, limits)| format!("{conversation}{FROM}{limits}"))
}
