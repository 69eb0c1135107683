//! Lints and their near neighbours: what is told, and what looks like it and is not.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{Lint, lint};
use crate::base::diagnostic::Diagnostic;
use crate::policy::{Files, Policy, RawFile, compile};

const OFFICE: &str = r#"
    [[calendar]]
    name = "office"
    time_zone = "Europe/London"
    week = { mon-fri = ["09:00-17:00"] }
    [[desk]]
    name = "main"
    calendar = "office"
"#;

const LABELS: &str = r#"
    [[label.urgency]]
    value = "urgent"
    keywords = ["Urgent"]
    [[label.urgency]]
    value = "normal"
    default = true
    [[label.topic]]
    value = "incident"
    keywords = ["outage"]
"#;

const ESCALATIONS: &str = r#"
    [[escalation]]
    name = "on-call"
    pages = true
    steps = [{ after = "0m", notify = ["pager"] }]
    [[escalation]]
    name = "team"
    steps = [{ after = "0m", notify = ["chat"] }]
    group_by = ["topic", "urgency"]
"#;

const TEST: &str = r#"
    [[test]]
    name = "a question"
    at = "2026-03-02 10:00"
    subject = "A question"
    body = "How?"
    [test.expect]
    urgency = "normal"
"#;

fn compiled(policy: &str, more: &[(&str, &str)]) -> Policy {
    let policy = format!("name = \"desk\"\n{policy}\n{ESCALATIONS}");
    let file = |(name, text): &(&str, &str)| RawFile {
        name: (*name).to_owned(),
        content: Ok(text.as_bytes().to_vec()),
    };
    let files = [("policy.toml", policy.as_str()), ("tests/one.toml", TEST)];
    let files = files.iter().chain(more).map(file).collect();
    let outcome = compile(&Files { files });
    outcome.policy.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics))
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn linted_at(policy: &str, more: &[(&str, &str)], now: &str) -> Vec<Diagnostic> {
    lint(&compiled(policy, more), at(now), None).diagnostics
}

fn linted(policy: &str, more: &[(&str, &str)]) -> Vec<Diagnostic> {
    linted_at(policy, more, "2026-03-02T12:00:00Z")
}

/// Each lint as `code: found`.
fn told(lints: &[Diagnostic]) -> Vec<String> {
    let one =
        |lint: &Diagnostic| format!("{}: {}", lint.code.unwrap_or(""), lint.found.as_deref().unwrap_or(""));
    lints.iter().map(one).collect()
}

/// What is told of coverage rules under the usual hours, labels and escalations.
fn of_rules(coverage: &str) -> Vec<String> {
    told(&linted(&format!("{OFFICE}{LABELS}{coverage}"), &[]))
}

/// Rules from conditions, named by their number; none of them does anything.
fn rules(whens: &[&str]) -> String {
    let rule =
        |(number, when): (usize, &&str)| format!("[[coverage]]\nname = \"{number}\"\nwhen = {{ {when} }}\n");
    whens.iter().enumerate().map(rule).collect::<String>()
}

fn of(whens: &[&str]) -> Vec<String> {
    of_rules(&rules(whens))
}

const NOTHING: [&str; 0] = [];

// ---- ND001, ND002 ----

#[test]
fn rules_that_take_every_mail_together_need_no_last_one() {
    assert_eq!(of(&["hours = \"open\"", "closed_for = [\"night\", \"weekend\"]"]), NOTHING);
    assert_eq!(of(&["topic = \"incident\"", "topic = { not = \"incident\" }"]), NOTHING);
    assert_eq!(of(&["automated = true", "automated = false"]), NOTHING);
    assert_eq!(
        of(&["urgency = \"urgent\", hours = \"open\"", "hours = \"closed\"", "urgency = \"normal\""]),
        NOTHING
    );
    // No mail is closed out by a holiday where there are none, and nobody answers an answer.
    assert_eq!(
        of(&["conversation = [\"new\", \"follow-up\", \"raised\", \"reopened\", \"duplicate\"]"]),
        NOTHING
    );
}

#[test]
fn what_no_rule_takes_is_shown_by_an_example() {
    let hole = |whens: &[&str]| match of(whens).as_slice() {
        [only] => only.strip_prefix("ND001: for instance a mail with ").map(str::to_owned).expect("ND001"),
        other => panic!("{other:?}"),
    };
    assert_eq!(hole(&["topic = \"incident\"", "hours = \"closed\""]), "topic = none and hours = open");
    assert_eq!(
        hole(&["hours = \"open\"", "closed_for = \"night\""]),
        "hours = closed and closed_for = weekend"
    );
    assert_eq!(hole(&["sender = \"*@vip.example\"", "topic = \"incident\""]).split(" and ").count(), 2);
    assert_eq!(hole(&["automated = true"]), "automated = false");
}

#[test]
fn holidays_are_hours_to_cover_where_there_are_some() {
    let office = OFFICE.replace("[[desk]]", "days = { \"2026-12-24\" = [] }\n[[desk]]");
    let rules = rules(&["hours = \"open\"", "closed_for = [\"night\", \"weekend\"]"]);
    let told = told(&linted(&format!("{office}{LABELS}{rules}"), &[]));
    assert_eq!(told, ["ND001: for instance a mail with hours = closed and closed_for = holiday"]);
}

#[test]
fn a_rule_that_takes_a_little_of_its_own_is_reached() {
    assert_eq!(
        of(&["urgency = \"urgent\"", "topic = \"incident\"", "urgency = [\"urgent\", \"normal\"]"]),
        NOTHING
    );
    assert_eq!(
        of(&[
            "urgency = \"urgent\", hours = \"open\"",
            "urgency = \"urgent\"",
            "readable = true",
            "readable = false"
        ]),
        NOTHING
    );
    assert_eq!(
        of(&["sender = \"a*@vip.example\"", "sender = \"*@vip.example\"", "hours = [\"open\", \"closed\"]"]),
        NOTHING
    );
    assert_eq!(
        of(&[
            "sender = { not = \"*@vip.example\" }",
            "sender = \"anna@*\"",
            "hours = [\"open\", \"closed\"]"
        ]),
        NOTHING
    );
}

#[test]
fn a_rule_that_is_taken_before_names_by_whom() {
    let by = |whens: &[&str]| told_of_second(&of(whens));
    let rest = "topic = { not = \"incident\" }";
    assert_eq!(by(&["urgency = \"urgent\"", "urgency = \"urgent\", topic = \"incident\"", rest]), ["\"0\""]);
    // Together, and only those that are needed.
    assert_eq!(
        by(&["topic = \"incident\"", "hours = \"open\"", "hours = \"closed\"", "urgency = \"urgent\""]),
        ["\"1\"", "\"2\""]
    );
    assert_eq!(
        by(&[
            "sender = \"*@vip.example\"",
            "sender = \"anna@vip.example\"",
            "hours = [\"open\", \"closed\"]"
        ]),
        ["\"0\""]
    );
}

/// The rules that take everything of another.
fn told_of_second(told: &[String]) -> Vec<String> {
    let line =
        told.iter().find_map(|line| line.strip_prefix("ND002: all that it matches is taken before, by "));
    let line = line.unwrap_or_else(|| panic!("{told:?}"));
    line.split(", ").filter_map(|part| part.split_once(" at ")).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn conditions_that_exclude_each_other_are_named() {
    let never = |when: &str| of(&[when, "hours = [\"open\", \"closed\"]"]);
    assert_eq!(
        never("urgency = \"urgent\", closed_for = \"night\", hours = \"open\""),
        ["ND002: `closed_for = night` and `hours = open` never hold together"]
    );
    assert_eq!(never("closed_for = \"holiday\""), ["ND002: `closed_for = holiday` never holds"]);
    assert_eq!(never("conversation = \"answer\""), ["ND002: `conversation = answer` never holds"]);
    assert_eq!(
        never("conversation = \"raised\", automated = true"),
        ["ND002: `conversation = raised` and `automated = true` never hold together"]
    );
    assert_eq!(
        never("conversation = \"raised\", urgency = \"normal\""),
        ["ND002: `conversation = raised` and `urgency = normal` never hold together"]
    );
    assert_eq!(never("conversation = \"follow-up\", urgency = \"normal\""), NOTHING);
}

#[test]
fn a_matrix_follows_its_labels() {
    let matrix = r#"
        [matrix.priority]
        rows = "urgency"
        columns = "impact"
        cells.urgent = { all = "high", one = "medium" }
        cells.normal = { all = "medium", one = "low" }
        [[label.impact]]
        value = "all"
        keywords = ["everybody"]
        [[label.impact]]
        value = "one"
        default = true
    "#;
    let told = |whens: &[&str]| told(&linted(&format!("{OFFICE}{LABELS}{matrix}{}", rules(whens)), &[]));
    assert_eq!(
        told(&[
            "priority = \"high\"",
            "priority = \"medium\"",
            "priority = \"low\", topic = { not = \"incident\" }",
            "topic = \"incident\""
        ]),
        NOTHING
    );
    assert_eq!(
        told(&[
            "priority = \"high\", urgency = \"normal\"",
            "topic = { not = \"incident\" }",
            "topic = \"incident\""
        ]),
        ["ND002: `priority = high` and `urgency = normal` never hold together"]
    );
    // Both of the row, so nothing is left for the third.
    let second = told(&[
        "priority = [\"high\", \"medium\"]",
        "topic = \"incident\"",
        "urgency = \"urgent\"",
        "hours = [\"open\", \"closed\"]",
    ]);
    assert_eq!(told_of_second(&second), ["\"0\""]);
}

const TWO_DESKS: &str = r#"
    mailboxes = ["mail", "phone"]
    [[calendar]]
    name = "office"
    time_zone = "Europe/London"
    week = { mon-fri = ["09:00-17:00"] }
    [[calendar]]
    name = "short"
    time_zone = "Europe/London"
    week = { mon-fri = ["10:00-12:00"] }
    [[desk]]
    name = "main"
    calendar = "office"
    [[desk]]
    name = "other"
    calendar = "short"
"#;

#[test]
fn a_desk_is_given_mail_by_assign_alone() {
    let told = |assign: &str, whens: &[&str]| {
        told(&linted(&format!("{TWO_DESKS}{assign}{LABELS}{}", rules(whens)), &[]))
    };
    let all = "topic = [\"incident\"]";
    let rest = "topic = { not = \"incident\" }";
    // While the other is open the first is, too, and it opens earlier.
    assert_eq!(told("", &["desk = \"other\"", all, rest]), ["ND002: `desk = other` never holds"]);
    let phone = "[[assign]]\nwhen = { mailbox = \"phone\" }\nto = \"other\"\n[[assign]]\nto = \"main\"\n";
    assert_eq!(told(phone, &["desk = \"other\"", all, rest]), NOTHING);
    assert_eq!(
        told(phone, &["desk = \"other\", mailbox = \"mail\"", all, rest]),
        ["ND002: `desk = other` and `mailbox = mail` never hold together"]
    );
    // Every mail has a mailbox; and the phone is the other desk's.
    assert_eq!(
        told(
            phone,
            &[
                "desk = \"other\"",
                "mailbox = \"mail\", topic = { not = \"incident\" }",
                "topic = \"incident\""
            ]
        ),
        NOTHING
    );
    let shadowed = "[[assign]]\nwhen = { mailbox = [\"phone\", \"mail\"] }\nto = \"other\"\n[[assign]]\nwhen = { mailbox = \"phone\" }\nto = \"main\"\n[[assign]]\nto = \"main\"\n";
    let lints = told(shadowed, &[all, rest]);
    assert_eq!(lints.len(), 1, "{lints:?}");
    assert!(
        lints[0].starts_with("ND002: all that it matches is taken before, by the one at policy.toml:"),
        "{lints:?}"
    );
}

#[test]
fn asks_and_also_that_never_apply_are_told() {
    let more = "[[also]]\nname = \"x\"\nwhen = { hours = \"open\", closed_for = \"night\" }\nalert = \"team\"\n[[ask]]\nname = \"y\"\nwhen = { closed_for = \"holiday\" }\nfound = ['a']\nquestion = \"When?\"\n";
    let lints =
        of_rules(&format!("{}{more}", rules(&["topic = { not = \"incident\" }", "topic = \"incident\""])));
    assert_eq!(lints.len(), 2, "{lints:?}");
}

#[test]
fn too_many_combinations_are_said_to_be_so() {
    // Every rule takes a corner of 30 labels of two values: what is left needs too many boxes.
    let mut policy = String::from(OFFICE);
    policy.push_str(LABELS);
    for label in 0..30 {
        for (value, word) in [("a", "k"), ("b", "m")] {
            writeln!(policy, "[[label.l{label}]]\nvalue = \"{value}\"\nkeywords = [\"{word}{label}\"]")
                .expect("text");
        }
    }
    let mut seed = 7_usize;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let whens: Vec<String> = (0..400)
        .map(|_| {
            let first = random(10);
            let labels = [first, 10 + random(10), 20 + random(10)];
            labels
                .map(|label| format!("l{label} = {{ not = \"{}\" }}", if random(2) == 0 { "a" } else { "b" }))
                .join(", ")
        })
        .collect();
    let whens: Vec<&str> = whens.iter().map(String::as_str).collect();
    policy.push_str(&rules(&whens));
    let lints = linted(&policy, &[]);
    let is_said = lints.iter().any(|lint| lint.message.contains("too many combinations"));
    assert!(is_said, "{:#?}", lints.iter().map(|lint| &lint.message).collect::<Vec<_>>());
}

// ---- ND004, ND011 ----

const REPLY: &str = "\n[auto_reply]\nfrom = \"Example <support@example.com>\"\n";

fn with_reply(text: &str) -> Vec<String> {
    let coverage = "[[coverage]]\nname = \"all\"\nreply = \"r\"\n[[also]]\nname = \"incidents\"\nwhen = { topic = \"incident\", urgency = \"urgent\" }\nalert = \"team\"\n";
    let policy = format!("{OFFICE}{LABELS}{coverage}{REPLY}");
    told(&linted(&policy, &[("replies/r.txt", text)]))
}

#[test]
fn words_that_alert_are_told_in_fixed_text_only() {
    assert_eq!(
        with_reply("Subject: Re: {{ subject }}\n\nWe have your urgent mail.\n"),
        ["ND004: keywords `Urgent`"]
    );
    assert_eq!(with_reply("Subject: Your outage\n\nWe have your mail.\n"), ["ND004: keywords `outage`"]);
    assert_eq!(
        with_reply(
            "Subject: Re\n\n{% if urgency == \"urgent\" %}Soon.{% else %}Later, urgently.{% endif %}\n"
        ),
        NOTHING
    );
}

#[test]
fn a_value_is_used_by_rules_matrices_groups_and_replies() {
    let told = |more: &str, reply: &str| {
        let labels = "[[label.colour]]\nvalue = \"red\"\nkeywords = [\"red\"]\n";
        let coverage = "[[coverage]]\nname = \"urgent\"\nwhen = { urgency = \"urgent\" }\nreply = \"r\"\n[[coverage]]\nname = \"all\"\n";
        let policy = format!("{OFFICE}{LABELS}{labels}{coverage}{more}{REPLY}");
        told(&linted(&policy, &[("replies/r.txt", reply)]))
    };
    let plain = "Subject: Re\n\nHello.\n";
    assert_eq!(told("", plain), ["ND011: \"red\" of `colour`"]);
    assert_eq!(told("", "Subject: Re\n\n{% if colour %}Hello.{% else %}Bye.{% endif %}\n"), NOTHING);
    assert_eq!(told("[[also]]\nname = \"x\"\nwhen = { colour = true }\nalert = \"team\"\n", plain), NOTHING);
    assert_eq!(
        told("[[also]]\nname = \"x\"\nwhen = { colour = { not = \"red\" } }\nalert = \"team\"\n", plain),
        NOTHING
    );
    let matrix = "[matrix.both]\nrows = \"colour\"\ncolumns = \"urgency\"\ncells.red = { urgent = \"x\", normal = \"y\" }\n";
    assert_eq!(told(matrix, plain), ["ND011: \"red\" of `colour`", "ND011: `both`"]);
    let also = "[[also]]\nname = \"x\"\nwhen = { both = \"x\" }\nalert = \"team\"\n";
    assert_eq!(told(&format!("{matrix}{also}"), plain), NOTHING);
}

// ---- ND006, ND009, ND010, ND012 ----

fn holiday(rule: &str, date: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nBEGIN:VEVENT\nUID:{date}\nDTSTAMP:20250101T000000Z\nDTSTART;VALUE=DATE:{date}\n{rule}SUMMARY:A holiday\nEND:VEVENT\nEND:VCALENDAR\n"
    )
}

#[test]
fn a_holiday_file_is_told_ninety_days_before_its_last_year_ends() {
    let office = OFFICE.replace("[[desk]]", "holidays = [\"holidays/a.ics\"]\n[[desk]]");
    let policy = format!("{office}{LABELS}[[coverage]]\nname = \"all\"\n");
    let codes = |file: &str, now: &str| told(&linted_at(&policy, &[("holidays/a.ics", file)], now)).len();
    let listed = holiday("", "20261225");
    assert_eq!(codes(&listed, "2026-10-02T23:59:59Z"), 0);
    assert_eq!(codes(&listed, "2026-10-03T00:00:00Z"), 1);
    assert_eq!(codes(&listed, "2030-01-01T00:00:00Z"), 1);
    assert_eq!(codes(&holiday("RRULE:FREQ=YEARLY\n", "20201225"), "2030-01-01T00:00:00Z"), 0);
}

/// A desk for each zone and hours, one pool.
fn desks(of: &[(&str, &str)]) -> Vec<Diagnostic> {
    let desk = |(index, (zone, hours)): (usize, &(&str, &str))| {
        format!(
            "[[calendar]]\nname = \"{index}\"\ntime_zone = \"{zone}\"\nweek = {{ {hours} }}\n[[desk]]\nname = \"{index}\"\ncalendar = \"{index}\"\n"
        )
    };
    let desks: String = of.iter().enumerate().map(desk).collect();
    linted(&format!("{desks}{LABELS}[[coverage]]\nname = \"all\"\n"), &[])
}

#[test]
fn a_place_without_summer_time_is_no_slip_but_an_offset_is() {
    let hours = "mon-fri = [\"09:00-17:00\"]";
    let found = |zones: &[&str]| {
        let lints = desks(&zones.iter().map(|zone| (*zone, hours)).collect::<Vec<_>>());
        told(&lints).into_iter().filter(|lint| lint.starts_with("ND009")).collect::<Vec<_>>()
    };
    for zone in ["Etc/GMT", "UTC", "+00:00", "EST", "Etc/GMT+5"] {
        assert_eq!(
            found(&[zone, "America/New_York"]),
            [format!("ND009: \"{zone}\" beside \"America/New_York\"")]
        );
    }
    for zone in ["Asia/Kolkata", "Asia/Tokyo", "Europe/London", "EST5EDT"] {
        assert_eq!(found(&[zone, "America/New_York"]), NOTHING);
    }
    assert_eq!(found(&["UTC", "Asia/Kolkata"]), NOTHING);
}

#[test]
fn holes_are_told_of_desks_that_follow_the_sun() {
    let day = "mon-fri = [\"09:00-17:00\"]";
    let three = desks(&[("America/Los_Angeles", day), ("Europe/London", day), ("Australia/Sydney", day)]);
    let [lint] = three.as_slice() else { panic!("{three:#?}") };
    assert_eq!(lint.notes.len(), 4, "winter, summer, and two kinds of changeover");
    assert!(
        lint.notes[0].starts_with("winter (2026: 1 Jan to 7 Mar, 1 Nov to 31 Dec): mon-fri 06:00–09:00, sat")
    );
    assert!(lint.notes[1].contains("): mon-fri 07:00–08:00, sat 00:00 to sun 23:00 UTC"));
    // No hole but the weekend; two desks that both sleep; one zone; no clock ever changes.
    let long = "mon-fri = [\"07:00-19:00\"]";
    assert_eq!(
        told(&desks(&[("America/Los_Angeles", long), ("Europe/London", long), ("Australia/Sydney", long)])),
        NOTHING
    );
    assert_eq!(told(&desks(&[("America/New_York", day), ("Europe/London", day)])), NOTHING);
    assert_eq!(
        told(&desks(&[
            ("Europe/London", "mon-fri = [\"08:00-16:00\"]"),
            ("Europe/London", "mon-fri = [\"17:00-07:00\"]")
        ])),
        NOTHING
    );
    let still = desks(&[
        ("Asia/Tokyo", "mon-sun = [\"08:00-20:00\"]"),
        ("Asia/Kolkata", "mon-sun = [\"17:00-04:00\"]"),
    ]);
    assert_eq!(still[0].notes, ["every week: mon-sun 11:00–11:30, mon-sun 22:30–23:00 UTC"]);
}

#[test]
fn an_opening_at_midnight_is_told_unless_hours_go_on() {
    let slips = |week: &str| {
        let office = OFFICE.replace("mon-fri = [\"09:00-17:00\"]", week);
        told(&linted(&format!("{office}{LABELS}[[coverage]]\nname = \"all\"\n"), &[])).len()
    };
    assert_eq!(slips("mon-fri = [\"00:00-17:00\"]"), 1);
    assert_eq!(slips("mon = [\"00:00-12:00\", \"13:00-17:00\"]"), 1);
    assert_eq!(slips("mon-fri = [\"00:00-24:00\"]"), 0);
    assert_eq!(slips("mon-fri = [\"00:00-00:00\"]"), 0);
    assert_eq!(slips("mon-fri = [\"22:00-06:00\"]"), 0);
    assert_eq!(slips("mon-sun = [\"00:00-06:00\", \"18:00-24:00\"]"), 0);
    assert_eq!(slips("mon = [\"18:00-24:00\"], tue = [\"00:00-06:00\"]"), 0);
    assert_eq!(slips("mon-fri = [\"09:00-17:00\"] }\ndays = { \"2026-12-24\" = [\"00:00-12:00\"]"), 1);
}

// ---- ND007, ND008 ----

#[test]
fn a_target_by_the_clock_needs_somebody_who_is_there() {
    let rule = |when: &str, does: &str| {
        of_rules(&format!(
            "[[coverage]]\nname = \"a\"\nwhen = {{ {when} }}\n{does}\n[[coverage]]\nname = \"all\"\n"
        ))
    };
    let urgent = "urgency = \"urgent\"";
    assert_eq!(rule(urgent, "alert = \"team\"\nrespond_within = \"2h\"").len(), 1);
    assert_eq!(rule("urgency = \"urgent\", hours = \"open\"", "respond_within = \"30m\"").len(), 1);
    assert_eq!(rule(urgent, "alert = [\"team\", \"on-call\"]\nrespond_within = \"2h\""), NOTHING);
    assert_eq!(rule(urgent, "alert = \"team\"\nrespond_within = \"2 business hours\""), NOTHING);
    let always = OFFICE.replace("mon-fri = [\"09:00-17:00\"]", "mon-sun = [\"00:00-24:00\"]");
    let rules = "[[coverage]]\nname = \"all\"\nrespond_within = \"2h\"\n";
    assert_eq!(
        told(&linted(
            &format!(
                "{always}{LABELS}[[also]]\nname = \"b\"\nwhen = {{ urgency = \"urgent\", topic = \"incident\" }}\nalert = \"team\"\n{rules}"
            ),
            &[]
        )),
        NOTHING
    );
    // A day's notice, given in the morning of a day that is followed by another: due while open; on Fridays it is not.
    let found = rule("urgency = \"urgent\", hours = \"open\"", "respond_within = \"24h\"");
    assert!(found[0].contains("Fri 2026"), "{found:?}");
}

fn plans(coverage: &str) -> Vec<String> {
    let customers = "[customers]\nfile = \"customers.csv\"\ndefault_plan = \"standard\"\n";
    let file = "sender,customer,plan\n@gold.example,Gold Ltd,gold\n@silver.example,Silver Ltd,silver\n";
    let policy = format!("{OFFICE}{LABELS}{customers}{coverage}\n[[coverage]]\nname = \"all\"\n");
    let lints = told(&linted(&policy, &[("customers.csv", file)]));
    lints.into_iter().filter(|lint| lint.starts_with("ND008")).collect()
}

#[test]
fn the_default_plan_does_not_get_more_than_another() {
    let rule = |when: &str, does: &str| {
        format!(
            "[[coverage]]\nname = \"{when}\"\nwhen = {{ urgency = \"urgent\", {} }}\n{does}\n",
            when.replace('\'', "\"")
        )
    };
    // Gold pages and the others do not.
    assert_eq!(plans(&rule("plan = 'gold'", "alert = \"on-call\"")), NOTHING);
    // Everybody but silver pages; both of the others page.
    let but_silver = plans(&rule("plan = { not = 'silver' }", "alert = \"on-call\""));
    assert_eq!(but_silver.len(), 1, "{but_silver:?}");
    assert!(but_silver[0].contains("\"silver\" alerts nobody"), "{but_silver:?}");
    // A rule for gold that is quieter than the one for all after it.
    let quiet = rule("plan = 'gold'", "alert = \"team\"")
        + &rule("hours = ['open', 'closed']", "alert = \"on-call\"");
    assert_eq!(plans(&quiet).len(), 1);
    // As loud, but later; and louder though later.
    let later = rule("plan = 'gold'", "alert = \"on-call\"\nrespond_within = \"4h\"")
        + &rule("plan = 'standard'", "alert = \"on-call\"\nrespond_within = \"2h\"")
        + &rule("plan = 'silver'", "alert = \"on-call\"\nrespond_within = \"1h\"");
    assert_eq!(plans(&later).len(), 1, "{:?}", plans(&later));
    let louder = rule("plan = { not = 'standard' }", "alert = \"on-call\"\nrespond_within = \"4h\"")
        + &rule("plan = 'standard'", "alert = \"team\"\nrespond_within = \"2h\"");
    assert_eq!(plans(&louder), NOTHING);
    // What `also` adds counts.
    let also =
        "[[also]]\nname = \"x\"\nwhen = { plan = \"standard\", urgency = \"urgent\" }\nalert = \"on-call\"\n";
    assert_eq!(plans(also).len(), 2, "gold and silver");
    let made_up = rule("plan = 'standard'", "alert = \"on-call\"")
        + "[[also]]\nname = \"x\"\nwhen = { plan = { not = \"standard\" }, urgency = \"urgent\" }\nalert = \"on-call\"\n";
    assert_eq!(plans(&made_up), NOTHING);
}

// ---- accepting ----

#[test]
fn what_is_accepted_is_counted_and_what_silences_nothing_is_told() {
    let accept = |codes: &[&str]| -> String {
        let one = |code: &&str| format!("[[accept]]\nlint = \"{code}\"\nreason = \"meant\"\n");
        codes.iter().map(one).collect::<Vec<_>>().concat()
    };
    let office = OFFICE.replace("09:00-17:00", "00:00-17:00");
    let look = |codes: &[&str], beside| {
        let policy = format!("{office}{LABELS}[[coverage]]\nname = \"all\"\n{}", accept(codes));
        lint(&compiled(&policy, &[]), at("2026-03-02T12:00:00Z"), beside)
    };
    let lints = look(&["ND012"], None);
    assert_eq!((told(&lints.diagnostics).len(), lints.accepted), (0, vec![Lint::MidnightOpening]));
    assert_eq!(told(&look(&["ND012", "ND012"], None).diagnostics), ["ND015: ND012: it is accepted above"]);
    // Whether alarms share channels is not known without the settings.
    assert_eq!(told(&look(&["ND012", "ND014"], None).diagnostics), NOTHING);
    assert_eq!(
        told(&look(&["ND012", "ND014"], Some(Vec::new())).diagnostics),
        ["ND015: ND014: there is no such lint here"]
    );
    let shared = vec![Lint::AlarmSharesChannels.warning(None, "shared")];
    assert_eq!(
        look(&["ND012", "ND014"], Some(shared)).accepted,
        [Lint::MidnightOpening, Lint::AlarmSharesChannels]
    );
}

#[test]
fn a_policy_without_tests_is_told() {
    let policy = compiled(&format!("{OFFICE}{LABELS}[[coverage]]\nname = \"all\"\n"), &[]);
    let policy = Policy { examples: Vec::new(), ..policy };
    assert_eq!(told(&lint(&policy, at("2026-03-02T12:00:00Z"), None).diagnostics), ["ND013: "]);
}
