//! What became of past mail, all of it on one page: totals, rules, labels, guards, the week as a heat map, the mails
//! that would page, and what another policy would change.
//!
//! It counts and shows; what is decided stands in the decisions. Not here: where the mails come from, and the lines of
//! `--json`, which are explanations. What is held does not grow with the number of mails: lists show their first few.

mod changes;
mod few;
mod heat;
mod page;
mod undecided;

use jiff::Timestamp;

use super::table::{cut, table};
use super::words::instant_in_words;
use crate::base::text::one_line;
use crate::calendar::{ClosedFor, Zone};
use crate::decision::{Decision, Hours, Loudness, Withheld};
use crate::policy::{Policy, short_digest};

use changes::Changes;
use few::{Earliest, FirstNames};
use heat::Heat;
use page::{Page, counted, grouped, short};
pub use undecided::Undecided;

/// How many of the mails that page are shown.
const MOST_PAGES: usize = 10;

/// One past mail, decided.
#[derive(Debug)]
pub struct Past {
    /// Its file, or its place in one.
    pub file: String,
    /// Its subject.
    pub subject: String,
    /// Whether its words could be read.
    pub is_readable: bool,
    /// What was decided.
    pub decision: Decision,
    /// What the other policy decided.
    pub against: Option<Decision>,
}

/// Why something was not decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// The mail says nowhere when it came in.
    Undated,
    /// It is larger than a mail may be.
    TooLarge,
    /// A file or folder cannot be read.
    Failed,
    /// A file is no mail.
    LeftOut,
}

impl Skipped {
    /// The stable name.
    pub fn slug(self) -> &'static str {
        match self {
            Skipped::Undated => "undated",
            Skipped::TooLarge => "too-large",
            Skipped::Failed => "failed",
            Skipped::LeftOut => "left-out",
        }
    }
}

/// The page under way.
#[derive(Debug)]
pub struct Backtest<'p> {
    policy: &'p Policy,
    zone: Option<&'p Zone>,
    mails: usize,
    unreadable: FirstNames,
    by_file: FirstNames,
    undated: FirstNames,
    too_large: FirstNames,
    failed: FirstNames,
    left_out: FirstNames,
    /// The first and the last time of receipt.
    range: Option<(Timestamp, Timestamp)>,
    hours: ByHours,
    alerts: usize,
    pages: ByHours,
    replies: usize,
    /// Each coverage rule; the last is for mails that none took.
    rules: Vec<Row>,
    guards: Vec<(Withheld, usize)>,
    /// Each label: each value; the last is for none.
    labels: Vec<Vec<usize>>,
    heat: Heat,
    paging: Earliest<(String, String)>,
    changes: Option<Changes<'p>>,
}

/// How often at which hours.
#[derive(Debug, Default, Clone, Copy)]
struct ByHours {
    open: usize,
    night: usize,
    weekend: usize,
    holiday: usize,
}

/// What came of a rule.
#[derive(Debug, Default, Clone, Copy)]
struct Row {
    mails: usize,
    alerts: usize,
    pages: usize,
    replies: usize,
    withheld: usize,
}

impl<'p> Backtest<'p> {
    /// An empty page for mails decided under a policy, and under another one beside it.
    pub fn new(policy: &'p Policy, against: Option<&'p Policy>) -> Self {
        let first = policy.desks.first().and_then(|desk| policy.calendars.get(desk.calendar));
        Backtest {
            policy,
            zone: first.map(crate::calendar::Calendar::zone),
            mails: 0,
            unreadable: FirstNames::default(),
            by_file: FirstNames::default(),
            undated: FirstNames::default(),
            too_large: FirstNames::default(),
            failed: FirstNames::default(),
            left_out: FirstNames::default(),
            range: None,
            hours: ByHours::default(),
            alerts: 0,
            pages: ByHours::default(),
            replies: 0,
            rules: vec![Row::default(); policy.coverage.len() + 1],
            guards: Vec::new(),
            labels: policy.labels.iter().map(|label| vec![0; label.values.len() + 1]).collect(),
            heat: Heat::default(),
            paging: Earliest::new(MOST_PAGES),
            changes: against.map(|other| Changes::new(policy, other)),
        }
    }

    /// How many mails were decided.
    pub fn mails(&self) -> usize {
        self.mails
    }

    /// Counts a mail.
    pub fn add(&mut self, past: &Past) {
        let decision = &past.decision;
        let at = decision.received_at;
        self.mails += 1;
        if !past.is_readable {
            self.unreadable.add(&past.file);
        }
        self.range = Some(self.range.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        self.hours.add(decision.hours);
        self.labels_of(decision);
        if let Some(zone) = self.zone {
            self.heat.add(&zone.to_zoned(at));
        }
        let loudness = decision.loudness();
        if loudness > Loudness::Quiet {
            self.alerts += 1;
        }
        if loudness == Loudness::Page {
            self.pages.add(decision.hours);
            let who = self.escalations(decision);
            self.paging.add(at, || (who, one_line(&past.subject)));
        }
        self.replies += usize::from(decision.reply.is_some());
        for withheld in &decision.reply_withheld {
            match self.guards.iter_mut().find(|(guard, _)| guard == withheld) {
                Some((_, count)) => *count += 1,
                None => self.guards.push((*withheld, 1)),
            }
        }
        let none = self.policy.coverage.len();
        if let Some(row) = self.rules.get_mut(decision.coverage.unwrap_or(none)) {
            row.mails += 1;
            row.alerts += usize::from(loudness > Loudness::Quiet);
            row.pages += usize::from(loudness == Loudness::Page);
            row.replies += usize::from(decision.reply.is_some());
            row.withheld += usize::from(!decision.reply_withheld.is_empty());
        }
        if let (Some(changes), Some(against)) = (&mut self.changes, &past.against) {
            changes.add(past, against);
        }
    }

    /// Counts a mail that is decided as of the time of its file, since nothing else says when it came in.
    pub fn dated_by_file(&mut self, name: &str) {
        self.by_file.add(name);
    }

    /// Counts what was not decided.
    pub fn skip(&mut self, why: Skipped, name: &str) {
        match why {
            Skipped::Undated => self.undated.add(name),
            Skipped::TooLarge => self.too_large.add(name),
            Skipped::Failed => self.failed.add(name),
            Skipped::LeftOut => self.left_out.add(name),
        }
    }

    fn labels_of(&mut self, decision: &Decision) {
        for (counts, outcome) in self.labels.iter_mut().zip(&decision.labels) {
            let none = counts.len().saturating_sub(1);
            if let Some(count) = counts.get_mut(outcome.value.unwrap_or(none)) {
                *count += 1;
            }
        }
    }

    fn escalations(&self, decision: &Decision) -> String {
        escalations(decision, self.policy, |alert| alert.pages)
    }

    /// The page, with escape sequences; who prints it to something else than a terminal strips them.
    pub fn text(&self) -> String {
        let mut page = Page::default();
        let digest = short_digest(&self.policy.digest);
        let mails = counted(self.mails, "mail");
        page.title(&format!("{mails} under {} ({digest})", self.policy.name));
        self.totals(&mut page);
        if self.mails > 0 {
            if let Some(changes) = &self.changes {
                changes.text(&mut page, self.zone);
            }
            self.by_rule(&mut page);
            self.by_label(&mut page);
            self.by_guard(&mut page);
            if let (Some(zone), Some(range)) = (self.zone, self.range) {
                page.section(&format!("When mails came in ({})", zone.name()));
                self.heat.text(&mut page, self.policy, zone, range);
            }
            self.pages(&mut page);
        }
        self.not_decided(&mut page);
        page.text
    }

    fn totals(&self, page: &mut Page) {
        if let (Some((first, last)), Some(zone)) = (self.range, self.zone) {
            page.entry("from", &instant_in_words(first, zone));
            page.entry("to", &instant_in_words(last, zone));
        }
        if self.mails == 0 {
            return;
        }
        page.entry("received", &self.hours.in_words("in open hours"));
        let paging = self.pages.sum();
        let alerts = match (self.alerts, paging) {
            (0, _) => "none".to_owned(),
            (alerts, 0) => format!("{} mails, none pages", grouped(alerts)),
            (alerts, paging) => {
                let hours = self.pages.in_words("in open hours");
                format!("{} mails, {} of them page: {hours}", grouped(alerts), grouped(paging))
            }
        };
        page.entry("alerts", &alerts);
        page.entry("replies", &grouped(self.replies));
    }

    fn by_rule(&self, page: &mut Page) {
        page.section("By rule");
        let names = self.policy.coverage.iter().map(|rule| rule.name.as_str()).chain(["(no rule)"]);
        let is_asked = |index: usize, row: &Row| index < self.policy.coverage.len() || row.mails > 0;
        let rows: Vec<(Vec<usize>, String)> = self
            .rules
            .iter()
            .zip(names)
            .enumerate()
            .filter(|(index, (row, _))| is_asked(*index, row))
            .map(|(_, (row, name))| {
                let counts = [row.mails, row.alerts, row.pages, row.replies, row.withheld];
                (counts.to_vec(), name.to_owned())
            })
            .collect();
        page.numbers(&["MAILS", "ALERTS", "PAGES", "REPLIES", "WITHHELD", "RULE"], &rows);
    }

    fn by_label(&self, page: &mut Page) {
        page.section("By label");
        for (label, counts) in self.policy.labels.iter().zip(&self.labels) {
            let names = label.values.iter().map(String::as_str).chain(["none"]);
            let values: Vec<String> = names
                .zip(counts)
                .filter(|(_, count)| **count > 0)
                .map(|(name, count)| format!("{name} {}", grouped(*count)))
                .collect();
            page.entry(&label.name, &values.join(" · "));
        }
    }

    fn by_guard(&self, page: &mut Page) {
        if self.guards.is_empty() {
            return;
        }
        page.section("Replies withheld, by guard (several may speak for one mail)");
        let mut guards = self.guards.clone();
        guards.sort_by(|(a, most), (b, more)| more.cmp(most).then(a.slug().cmp(b.slug())));
        let rows: Vec<(Vec<usize>, String)> =
            guards.iter().map(|(guard, count)| (vec![*count], guard.slug().to_owned())).collect();
        page.numbers(&["MAILS", "GUARD"], &rows);
    }

    fn pages(&self, page: &mut Page) {
        let (all, shown) = (self.pages.sum(), self.paging.iter().count());
        if all == 0 {
            return;
        }
        let first =
            if all > shown { format!(" (the first {shown} of {})", grouped(all)) } else { String::new() };
        page.section(&format!("Mails that would page{first}"));
        let rows: Vec<Vec<String>> = self
            .paging
            .iter()
            .map(|(at, (who, subject))| vec![short(*at, self.zone), cut(who, 24), subject.clone()])
            .collect();
        page.indented(&table(&["RECEIVED", "ESCALATION", "SUBJECT"], &rows));
    }

    fn not_decided(&self, page: &mut Page) {
        let notes = self.not_read();
        if notes.is_empty() {
            return;
        }
        page.section("What could not be read");
        for (name, text) in notes {
            page.entry(name, &text);
        }
    }

    /// What could not be read: a word for it, and how many of them, why, and the first names.
    pub fn not_read(&self) -> Vec<(&'static str, String)> {
        let mails = ("mail", "mails");
        let all = [
            (&self.unreadable, "unreadable", mails, "decided without the words"),
            (
                &self.by_file,
                "by file",
                mails,
                "decided as of the time of their files: nothing in them says when they came in",
            ),
            (&self.undated, "undated", mails, "not decided: nothing says when they came in"),
            (&self.too_large, "too large", mails, "not decided: more than 256 MiB"),
            (&self.failed, "failed", ("file or folder", "files and folders"), "cannot be read"),
            (&self.left_out, "left out", ("file or folder", "files and folders"), "not taken for mail"),
        ];
        let some = all.into_iter().filter(|(names, ..)| names.count() > 0);
        some.map(|(names, name, (one, many), why)| {
            let what = if names.count() == 1 { one } else { many };
            (name, format!("{} {what}, {why}: {}", grouped(names.count()), names.in_words()))
        })
        .collect()
    }
}

impl ByHours {
    fn add(&mut self, hours: Hours) {
        match hours {
            Hours::Open => self.open += 1,
            Hours::Closed { closed_for: ClosedFor::Night, .. } => self.night += 1,
            Hours::Closed { closed_for: ClosedFor::Weekend, .. } => self.weekend += 1,
            Hours::Closed { closed_for: ClosedFor::Holiday, .. } => self.holiday += 1,
        }
    }

    fn sum(self) -> usize {
        self.open + self.night + self.weekend + self.holiday
    }

    fn in_words(self, open: &str) -> String {
        let counts = [
            (self.open, open),
            (self.night, "at night"),
            (self.weekend, "at the weekend"),
            (self.holiday, "on holidays"),
        ];
        let some = counts.iter().filter(|(count, _)| *count > 0);
        some.map(|(count, when)| format!("{} {when}", grouped(*count))).collect::<Vec<_>>().join(", ")
    }
}

/// The escalations that a decision starts, by name.
fn escalations(
    decision: &Decision,
    policy: &Policy,
    wanted: impl Fn(&crate::decision::Alert) -> bool,
) -> String {
    let mut names: Vec<&str> = decision
        .alerts
        .iter()
        .filter(|alert| wanted(alert))
        .filter_map(|alert| policy.escalations.get(alert.escalation))
        .map(|escalation| escalation.name.as_str())
        .collect();
    names.sort_unstable();
    names.join(", ")
}
