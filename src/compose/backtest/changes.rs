//! What another policy would change: sentences with counts, then the mails.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::few::Earliest;
use super::page::{Page, counted, grouped, short};
use super::{Past, escalations};
use crate::base::text::one_line;
use crate::calendar::{ClosedFor, Zone};
use crate::decision::{Decision, Hours, Loudness};
use crate::policy::{Policy, short_digest};

/// How many of the mails that change are shown.
const MOST_SHOWN: usize = 20;

/// One thing that changes for a mail, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    NowPages(When),
    PagesNoMore(When),
    NowAlerts,
    AlertsNoMore,
    OtherEscalation,
    NowDefers,
    DefersNoMore,
    OtherDeferral,
    NowReplies,
    RepliesNoMore,
    OtherReply,
    Earlier,
    Later,
    NowPromised,
    PromisedNoMore,
    OtherHours,
    OtherRule,
    OtherLabel,
}

/// At which hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum When {
    Night,
    Weekend,
    Holiday,
    Open,
}

impl From<Hours> for When {
    fn from(hours: Hours) -> Self {
        match hours {
            Hours::Open => When::Open,
            Hours::Closed { closed_for: ClosedFor::Night, .. } => When::Night,
            Hours::Closed { closed_for: ClosedFor::Weekend, .. } => When::Weekend,
            Hours::Closed { closed_for: ClosedFor::Holiday, .. } => When::Holiday,
        }
    }
}

/// A mail that changes, as it is shown.
#[derive(Debug)]
struct Shown {
    subject: String,
    changes: Vec<String>,
}

/// What changes so far.
#[derive(Debug)]
pub(super) struct Changes<'p> {
    policy: &'p Policy,
    other: &'p Policy,
    /// Labels that both have, by their indices.
    labels: Vec<(usize, usize)>,
    mails: usize,
    same: usize,
    counts: BTreeMap<Change, usize>,
    shown: Earliest<Shown>,
}

impl<'p> Changes<'p> {
    pub(super) fn new(policy: &'p Policy, other: &'p Policy) -> Self {
        let labels = policy.labels.iter().enumerate();
        Changes {
            policy,
            other,
            labels: labels.filter_map(|(index, label)| Some((index, other.label(&label.name)?))).collect(),
            mails: 0,
            same: 0,
            counts: BTreeMap::new(),
            shown: Earliest::new(MOST_SHOWN),
        }
    }

    pub(super) fn add(&mut self, past: &Past, against: &Decision) {
        let pair = Pair { before: &past.decision, after: against, changes: self };
        let found = pair.changes();
        if found.is_empty() {
            self.same += 1;
            return;
        }
        let shown: Vec<String> = found.iter().map(|change| pair.in_words(*change)).collect();
        self.mails += 1;
        for change in found {
            *self.counts.entry(change).or_default() += 1;
        }
        let at = past.decision.received_at;
        self.shown.add(at, || Shown { subject: one_line(&past.subject), changes: shown });
    }

    pub(super) fn text(&self, page: &mut Page, zone: Option<&Zone>) {
        let digest = short_digest(&self.other.digest);
        page.section(&format!("Under {} ({digest}) instead", self.other.name));
        for (change, count) in &self.counts {
            page.line(&format!("  {} would {}", counted(*count, "mail"), change.sentence()));
        }
        match (self.mails, self.same) {
            (0, _) => page.line("  nothing changes"),
            (_, 1) => page.line("  1 mail stays as it is"),
            (_, same) => page.line(&format!("  {} mails stay as they are", grouped(same))),
        }
        let shown = self.shown.iter().count();
        if shown == 0 {
            return;
        }
        let all = grouped(self.mails);
        let first = if self.mails > shown { format!(" (the first {shown} of {all})") } else { String::new() };
        page.section(&format!("Mails that change{first}"));
        for (at, mail) in self.shown.iter() {
            page.line(&format!("  {:<21}  {}", short(*at, zone), mail.subject));
            page.wrapped(&mail.changes.join("; "), ("      ", "      "));
        }
    }
}

impl Change {
    /// What follows "3 mails would".
    fn sentence(self) -> String {
        let text = match self {
            Change::NowPages(when) => return format!("now page {}", when.in_words()),
            Change::PagesNoMore(when) => return format!("no longer page {}", when.in_words()),
            Change::NowAlerts => "now alert",
            Change::AlertsNoMore => "no longer alert",
            Change::OtherEscalation => "start another escalation",
            Change::NowDefers => "now wait for the opening",
            Change::DefersNoMore => "no longer wait for the opening",
            Change::OtherDeferral => "wait for another opening or escalation",
            Change::NowReplies => "now get a reply",
            Change::RepliesNoMore => "no longer get a reply",
            Change::OtherReply => "get another reply",
            Change::Earlier => "be due earlier",
            Change::Later => "be due later",
            Change::NowPromised => "now be due at a stated time",
            Change::PromisedNoMore => "no longer be due at a stated time",
            Change::OtherHours => "count as received at other hours",
            Change::OtherRule => "be taken by another rule",
            Change::OtherLabel => "have another label",
        };
        text.to_owned()
    }
}

impl When {
    fn in_words(self) -> &'static str {
        match self {
            When::Night => "at night",
            When::Weekend => "at the weekend",
            When::Holiday => "on a holiday",
            When::Open => "in open hours",
        }
    }
}

/// An escalation that waits, and until when.
type Waiting<'p> = (&'p str, Timestamp);

/// One mail under both policies.
struct Pair<'a> {
    before: &'a Decision,
    after: &'a Decision,
    changes: &'a Changes<'a>,
}

impl Pair<'_> {
    /// What changes, the gravest first. Names are compared, since indices mean nothing in another policy.
    fn changes(&self) -> Vec<Change> {
        let mut found = Vec::new();
        found.extend(self.alerts());
        found.extend(one_of(
            self.deferral(),
            (Change::NowDefers, Change::DefersNoMore, Change::OtherDeferral),
        ));
        found.extend(one_of(self.reply(), (Change::NowReplies, Change::RepliesNoMore, Change::OtherReply)));
        let later = match (self.before.respond_by, self.after.respond_by) {
            (Some(before), Some(after)) if after < before => Change::Earlier,
            _ => Change::Later,
        };
        let due = (self.before.respond_by, self.after.respond_by);
        found.extend(one_of(due, (Change::NowPromised, Change::PromisedNoMore, later)));
        if When::from(self.before.hours) != When::from(self.after.hours) {
            found.push(Change::OtherHours);
        }
        let (before, after) = self.rules();
        if before != after {
            found.push(Change::OtherRule);
        }
        if self.labels().next().is_some() {
            found.push(Change::OtherLabel);
        }
        found
    }

    fn alerts(&self) -> Option<Change> {
        let (before, after) = (self.before.loudness(), self.after.loudness());
        let is_loud = |loudness| loudness > Loudness::Quiet;
        if (before == Loudness::Page) != (after == Loudness::Page) {
            return Some(if after == Loudness::Page {
                Change::NowPages(self.after.hours.into())
            } else {
                Change::PagesNoMore(self.before.hours.into())
            });
        }
        if is_loud(before) != is_loud(after) {
            return Some(if is_loud(after) { Change::NowAlerts } else { Change::AlertsNoMore });
        }
        let (before, after) = self.escalations();
        (before != after).then_some(Change::OtherEscalation)
    }

    fn escalations(&self) -> (String, String) {
        let Changes { policy, other, .. } = self.changes;
        (escalations(self.before, policy, |_| true), escalations(self.after, other, |_| true))
    }

    fn deferral(&self) -> (Option<Waiting<'_>>, Option<Waiting<'_>>) {
        let Changes { policy, other, .. } = self.changes;
        (deferral(self.before, policy), deferral(self.after, other))
    }

    fn reply(&self) -> (Option<&str>, Option<&str>) {
        let Changes { policy, other, .. } = self.changes;
        (reply(self.before, policy), reply(self.after, other))
    }

    fn rules(&self) -> (&str, &str) {
        let Changes { policy, other, .. } = self.changes;
        (rule(self.before, policy), rule(self.after, other))
    }

    /// The labels that have another value: name, before, after.
    fn labels(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let Changes { policy, other, labels, .. } = self.changes;
        let all = labels.iter().map(|(mine, theirs)| {
            let name = policy.labels.get(*mine).map_or("", |label| label.name.as_str());
            (name, value(self.before, policy, *mine), value(self.after, other, *theirs))
        });
        all.filter(|(_, before, after)| before != after)
    }

    /// A change as it stands below a mail.
    fn in_words(&self, change: Change) -> String {
        match change {
            Change::NowPages(_) => format!("would {}: {}", change.sentence(), self.escalations().1),
            Change::PagesNoMore(_) | Change::AlertsNoMore => {
                format!("would {}: {}", change.sentence(), self.escalations().0)
            }
            Change::NowAlerts => format!("would now alert {}", self.escalations().1),
            Change::OtherEscalation => {
                let (before, after) = self.escalations();
                format!("alerts {before} → {after}")
            }
            Change::OtherReply => {
                let (before, after) = self.reply();
                format!("reply {} → {}", before.unwrap_or_default(), after.unwrap_or_default())
            }
            Change::OtherRule => {
                let (before, after) = self.rules();
                format!("rule \"{before}\" → \"{after}\"")
            }
            Change::OtherLabel => {
                let all = self.labels().map(|(name, before, after)| format!("{name} {before} → {after}"));
                all.collect::<Vec<_>>().join(", ")
            }
            Change::OtherDeferral => {
                let (before, after) = self.deferral();
                let zone = self.zone();
                let shown = |deferral: Option<Waiting<'_>>| {
                    deferral.map(|(name, until)| format!("{name} {}", short(until, zone))).unwrap_or_default()
                };
                format!("waits for {} → {}", shown(before), shown(after))
            }
            Change::Earlier | Change::Later => {
                let zone = self.zone();
                let at = |at: Option<Timestamp>| at.map(|at| short(at, zone)).unwrap_or_default();
                format!("due {} → {}", at(self.before.respond_by), at(self.after.respond_by))
            }
            Change::NowDefers
            | Change::DefersNoMore
            | Change::NowReplies
            | Change::RepliesNoMore
            | Change::NowPromised
            | Change::PromisedNoMore
            | Change::OtherHours => format!("would {}", change.sentence()),
        }
    }

    fn zone(&self) -> Option<&Zone> {
        let policy = self.changes.policy;
        let calendar = policy.desks.first()?.calendar;
        Some(policy.calendars.get(calendar)?.zone())
    }
}

/// Which of three changes it is when something comes, goes, or is another.
fn one_of<T: PartialEq>(
    (before, after): (Option<T>, Option<T>),
    (comes, goes, other): (Change, Change, Change),
) -> Option<Change> {
    match (before, after) {
        (None, Some(_)) => Some(comes),
        (Some(_), None) => Some(goes),
        (Some(before), Some(after)) if before != after => Some(other),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

fn deferral<'p>(decision: &Decision, policy: &'p Policy) -> Option<Waiting<'p>> {
    let deferral = decision.defer.as_ref()?;
    Some((policy.escalations.get(deferral.escalation)?.name.as_str(), deferral.until))
}

fn reply<'p>(decision: &Decision, policy: &'p Policy) -> Option<&'p str> {
    policy.replies.name(decision.reply.as_ref()?.template)
}

fn rule<'p>(decision: &Decision, policy: &'p Policy) -> &'p str {
    decision.coverage.and_then(|rule| policy.coverage.get(rule)).map_or("none", |rule| rule.name.as_str())
}

fn value<'p>(decision: &Decision, policy: &'p Policy, label: usize) -> &'p str {
    let value = decision.labels.get(label).and_then(|outcome| outcome.value);
    value.and_then(|value| policy.value(label, value)).unwrap_or("none")
}
