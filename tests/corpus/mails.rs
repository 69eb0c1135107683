//! Every mail of the corpus through read, standing, decide, apply and compose: none may panic, and what the labels of
//! the corpus say of machines and people is held against the guards, under the policy that answers everything that
//! nothing withholds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use nightdesk::casework::Book;
use nightdesk::compose::{Explained, Explanation, Timeline, narrative, reply};
use nightdesk::decision::{Decision, decide, read};
use nightdesk::mail::Source;
use nightdesk::policy::{Policy, compile};
use nightdesk::sources::policy_folder;

/// Rows of machines that only body, subject or a vendor header tells. The three that are answered are notices of shops
/// cut down to a line of text, from addresses such as people have, without any field that people's mail has not.
const HARD_WITHHELD: usize = 20;

/// A labelled mail.
struct Row {
    path: String,
    expect: String,
    tier: String,
}

#[test]
fn every_mail_is_decided_and_machines_are_told_from_people() {
    let Some(folder) = crate::corpus() else { return };
    let rows = rows(&folder);
    let policy = policy("fixtures/policies/always-reply");
    let mut agreement: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for row in &rows {
        let bytes = fs::read(folder.join(&row.path)).expect("a mail of the corpus");
        let decision = decided(&bytes, &row.path, &policy);
        let is_answered = decision.reply.is_some();
        let agrees = match row.expect.as_str() {
            "no-reply" => !is_answered,
            "reply-ok" => is_answered,
            _ => continue,
        };
        let slugs: Vec<&str> = decision.reply_withheld.iter().map(|guard| guard.slug()).collect();
        if !agrees {
            println!("differs: {} {} {}: {slugs:?}", row.expect, row.tier, row.path);
        }
        let counts = agreement.entry(format!("{} {}", row.expect, row.tier)).or_default();
        counts.0 += usize::from(agrees);
        counts.1 += 1;
    }
    println!("{} mails decided", rows.len());
    for (kind, (agree, all)) in &agreement {
        println!("{kind}: {agree} of {all}");
    }
    for (kind, (agree, all)) in &agreement {
        let least = if kind == "no-reply hard" { HARD_WITHHELD } else { *all };
        assert!(*agree >= least, "{kind}: {agree} of {all}");
    }
    assert!(rows.len() > 500);
}

fn rows(folder: &Path) -> Vec<Row> {
    let text = fs::read_to_string(folder.join("manifest.tsv")).expect("manifest.tsv");
    text.lines()
        .skip(1)
        .map(|line| {
            let field = |index| line.split('\t').nth(index).unwrap_or("").to_owned();
            Row { path: field(0), expect: field(6), tier: field(7) }
        })
        .collect()
}

fn policy(folder: &str) -> Policy {
    let files =
        policy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).expect("the policy folder");
    compile(&files).policy.expect("a sound policy")
}

/// Takes a mail through the whole house, decided as it came in, as `backtest` does.
fn decided(bytes: &[u8], name: &str, policy: &Policy) -> Decision {
    let reading = read(&Source::Whole(bytes), policy, Some("support"));
    let night: Timestamp = "2026-01-10T03:00:00Z".parse().expect("an instant");
    let now = reading.message.came_in().unwrap_or(night);
    let mut book = Book::default();
    let standing = book.standing(&reading, policy, now, now);
    let decision = decide(&reading, &standing, policy, now, now);
    assert_eq!(
        format!("{decision:?}"),
        format!("{:?}", decide(&reading, &standing, policy, now, now)),
        "{name} is decided in one way"
    );
    book.apply(&reading, &decision, policy);
    let reply = reply(&reading, &decision, policy);
    assert!(reply.is_ok(), "{name}: {reply:?}");
    let explained = Explained { file: name, reading: &reading, decision: &decision, policy, reply: &reply };
    let timeline = Timeline::of(&explained, book.case(decision.case));
    let page = narrative(&explained, Some(&timeline));
    let only_ours = page.split('\u{1b}').skip(1).all(|after| after.starts_with('['));
    assert!(only_ours, "{name} brings escape sequences of its own");
    let json: serde_json::Value = serde_json::from_str(&Explanation::of(&explained).to_json()).expect("JSON");
    assert!(json.is_object());
    decision
}
