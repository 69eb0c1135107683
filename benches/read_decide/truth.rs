//! Which mails are taken for urgent, against a table of which are.
//!
//! The table has a line for each mail: Message-ID, `1` for urgent and `0` for not, the kind of mail, its length, its file
//! name in the Maildir, with tabs between. Urgent is what the policy gives any value of `urgency` but its default.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::Context;
use jiff::Timestamp;
use nightdesk::decision::{Decision, Ignored, Reading, Standing, decide, read};
use nightdesk::mail::Source;
use nightdesk::policy::Policy;

use super::mails::Mail;

/// How the mails of one kind were judged.
#[derive(Default)]
struct Tally {
    urgent: usize,
    missed: usize,
    calm: usize,
    false_alarms: usize,
}

pub(super) fn compare(mails: &[Mail], table: &Path, policy: &Policy) -> anyhow::Result<()> {
    let table = fs::read_to_string(table).with_context(|| table.display().to_string())?;
    let mut truths = BTreeMap::new();
    for line in table.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        if let [_, urgent, kind, _, file] = fields.as_slice() {
            truths.insert(*file, (*urgent == "1", *kind));
        }
    }
    let urgency = policy.label("urgency").context("the policy has no urgency")?;
    let default = policy.labels.get(urgency).and_then(|label| label.default);
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for mail in mails {
        let Some((is_urgent, kind)) = truths.get(mail.name.as_str()).copied() else { continue };
        let reading = read(&Source::Whole(&mail.bytes), policy, None);
        let at = reading.message.date.unwrap_or(Timestamp::UNIX_EPOCH);
        let decision = decide(&reading, &Standing::default(), policy, at, at);
        let judged = decision.labels.get(urgency).is_some_and(|outcome| outcome.value != default);
        let tally = tallies.entry(kind).or_default();
        *(if is_urgent { &mut tally.urgent } else { &mut tally.calm }) += 1;
        match (is_urgent, judged) {
            (true, false) => tally.missed += 1,
            (false, true) => tally.false_alarms += 1,
            (true, true) | (false, false) => continue,
        }
        println!("{kind}: {} {}", if is_urgent { "missed" } else { "false alarm" }, mail.name);
        println!("    {}", because(&reading, &decision));
    }
    print(&tallies);
    Ok(())
}

/// What spoke for and against.
fn because(reading: &Reading, decision: &Decision) -> String {
    let mut words: Vec<String> = reading
        .hits
        .iter()
        .map(|hit| match hit.ignored {
            Ignored::No => format!("\"{}\" in {:?} counts", hit.text, hit.place),
            Ignored::Because(why) => format!("\"{}\" in {:?} is {}", hit.text, hit.place, why.slug()),
        })
        .collect();
    words.extend(
        reading.near_misses.iter().map(|near| format!("\"{}\" in {:?} is near", near.text, near.place)),
    );
    if let Some(unreadable) = reading.message.unreadable {
        words.push(format!("unreadable: {}", unreadable.slug()));
    }
    format!("{} hits, {} ignored: {}", reading.hits.len(), decision.ignored.len(), words.join(", "))
}

#[expect(clippy::cast_precision_loss, reason = "counts of mails")]
fn print(tallies: &BTreeMap<&str, Tally>) {
    println!("\n{:<24}{:>8}{:>8}{:>8}{:>14}", "kind", "urgent", "missed", "calm", "false alarms");
    let mut all = Tally::default();
    for (kind, tally) in tallies {
        let Tally { urgent, missed, calm, false_alarms } = tally;
        println!("{kind:<24}{urgent:>8}{missed:>8}{calm:>8}{false_alarms:>14}");
        all.urgent += urgent;
        all.missed += missed;
        all.calm += calm;
        all.false_alarms += false_alarms;
    }
    let found = all.urgent - all.missed;
    let precision = found as f64 / (found + all.false_alarms).max(1) as f64;
    let recall = found as f64 / all.urgent.max(1) as f64;
    println!(
        "\nof {} mails, {} urgent: precision {precision:.4}, recall {recall:.4}",
        all.urgent + all.calm,
        all.urgent
    );
}
