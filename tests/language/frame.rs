//! What a snippet leaves out: the rest of a policy, taken from a frame that has everything the page names.

use std::collections::BTreeSet;

/// Top-level keys, each needed unless the snippet has it.
const KEYS: [(&str, &str); 2] =
    [("name", "name = \"frame\"\n"), ("mailboxes", "mailboxes = [\"support\", \"phone\"]\n")];

/// Tables with a name, or of one kind, each needed unless the snippet has it.
const TABLES: [(&str, &str); 15] = [
    (
        "calendar office",
        "[[calendar]]\nname = \"office\"\ntime_zone = \"America/New_York\"\nweek = { mon-fri = [\"09:00-17:00\"] }\n",
    ),
    ("desk main", "[[desk]]\nname = \"main\"\ncalendar = \"office\"\n"),
    ("desk uk", "[[desk]]\nname = \"uk\"\ncalendar = \"office\"\n"),
    ("desk us", "[[desk]]\nname = \"us\"\ncalendar = \"office\"\n"),
    ("desk phone", "[[desk]]\nname = \"phone\"\ncalendar = \"office\"\n"),
    (
        "label.urgency",
        "[[label.urgency]]\nvalue = \"urgent\"\nkeywords = [\"Urgent\"]\n[[label.urgency]]\nvalue = \"normal\"\ndefault = true\n",
    ),
    (
        "label.topic",
        "[[label.topic]]\nvalue = \"incident\"\nkeywords = [\"outage\"]\n[[label.topic]]\nvalue = \"fraud-attack\"\nkeywords = [\"fraud attack\"]\n",
    ),
    (
        "label.impact",
        "[[label.impact]]\nvalue = \"high\"\nkeywords = [\"everyone\"]\n[[label.impact]]\nvalue = \"low\"\ndefault = true\n",
    ),
    ("customers", "[customers]\nfile = \"customers.csv\"\ndefault_plan = \"standard\"\n"),
    (
        "coverage",
        "[[coverage]]\nname = \"urgent\"\nwhen = { urgency = \"urgent\" }\nalert = \"on-call\"\nrespond_within = \"2h\"\n[[coverage]]\nname = \"everything\"\ndefer = \"inbox\"\nreply = \"next-business-day\"\n",
    ),
    (
        "escalation on-call",
        "[[escalation]]\nname = \"on-call\"\npages = true\nsteps = [{ after = \"0m\", notify = [\"on-call-pager\"] }]\n",
    ),
    (
        "escalation inbox",
        "[[escalation]]\nname = \"inbox\"\nsteps = [{ after = \"0m\", notify = [\"support-inbox\"] }]\n",
    ),
    (
        "identity",
        "[identity]\naddresses = [\"support@example.com\"]\nagents = [\"@example.com\"]\nauthserv_ids = [\"mx.example.com\"]\n",
    ),
    ("conversation", "[conversation]\ninherit = [\"topic\"]\n"),
    ("auto_reply", "[auto_reply]\nfrom = \"Example Support <support@example.com>\"\n"),
];

/// The other files of the frame.
pub(crate) const FILES: [(&str, &str); 6] = [
    ("customers.csv", "sender,customer,plan,desk\n@gold.example,Gold,gold,main\n"),
    ("replies/urgent-received.txt", "Subject: Re: {{ subject }}\n\nWe answer by {{ respond_by }}.\n"),
    ("replies/next-business-day.txt", "Subject: Re: {{ subject }}\n\nWe have your mail.\n"),
    (
        "holidays/example.ics",
        "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:a\nDTSTAMP:20250101T000000Z\nDTSTART;VALUE=DATE:20301225\nSUMMARY:Christmas\nEND:VEVENT\nEND:VCALENDAR\n",
    ),
    ("holidays/us.ics", "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n"),
    (
        "tests/frame.toml",
        "[[test]]\nname = \"frame\"\nat = \"2026-01-14 10:00\"\nsubject = \"Hello\"\nexpect = { urgency = \"normal\" }\n",
    ),
];

/// A whole policy around a snippet of `policy.toml`.
pub(crate) fn around(snippet: &str) -> String {
    let (own_keys, own_tables) = split(snippet);
    let has = defined(snippet);
    let keys = KEYS.iter().filter(|(name, _)| !has.contains(*name)).map(|(_, text)| *text);
    let missing = |(name, _): &&(&str, &str)| {
        // A rule for everything ends the snippet's own rules, or all is decided before the frame's.
        !has.contains(*name)
    };
    let tables = TABLES.iter().filter(missing).map(|(_, text)| *text);
    let mut policy: String = keys.collect();
    policy.push_str(own_keys);
    policy.push_str(own_tables);
    policy.push('\n');
    policy.extend(tables);
    policy
}

/// The part before the first table header, and the rest.
fn split(snippet: &str) -> (&str, &str) {
    let mut at = 0;
    for line in snippet.split_inclusive('\n') {
        if line.starts_with('[') {
            break;
        }
        at += line.len();
    }
    snippet.split_at(at)
}

/// What a snippet defines: keys of the root, tables, and rows by their kind and name.
fn defined(snippet: &str) -> BTreeSet<String> {
    let mut has = BTreeSet::new();
    let mut row = String::new();
    let mut in_root = true;
    for line in snippet.lines() {
        if line.starts_with('[') {
            in_root = false;
            let header = line.split('#').next().unwrap_or_default();
            header.trim().trim_matches(['[', ']']).clone_into(&mut row);
            has.insert(row.clone());
        } else if let Some((key, value)) = line.split_once('=') {
            let name = value.split('"').nth(1).unwrap_or_default();
            if in_root {
                has.insert(key.trim().to_owned());
            } else if key.trim() == "name" {
                has.insert(format!("{row} {name}"));
            }
        }
    }
    has
}
