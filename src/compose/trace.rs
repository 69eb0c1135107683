//! The steps of a decision in words, one line each.

mod apart;
mod guards;

use crate::base::language::Language;
use crate::calendar::{Calendar, State, Zone};
use crate::decision::{
    AlertVerdict, AssignCause, Because, By, Decision, Hours, JoinedBy, LabelCause, NoReplyCause, NotJoined,
    Reading, Step,
};
use crate::policy::{Condition, Origin, Place, Policy, Replies, Target, TermKind};

use super::arithmetic::counted;
use super::words::{instant_in_words, rfc3339};

/// One step in words.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(super) struct Line {
    /// What was decided: `label`, `assign`, `coverage`, …
    pub step: &'static str,
    /// The outcome.
    pub outcome: String,
    /// Why.
    pub because: String,
    /// `file:line` of the rule.
    pub source: String,
}

/// What a trace is read with.
pub(super) struct Context<'a> {
    pub(super) reading: &'a Reading,
    pub(super) decision: &'a Decision,
    pub(super) policy: &'a Policy,
}

impl Context<'_> {
    /// Every step in words.
    pub(super) fn lines(&self) -> Vec<Line> {
        self.decision.trace.iter().map(|step| self.line(step)).collect()
    }

    fn line(&self, step: &Step) -> Line {
        match step {
            Step::Label { label, value, because } => self.label(*label, *value, because),
            Step::Customer { row, distrusted } => self.customer(*row, *distrusted),
            Step::Conversation { conversation, because } => {
                plain("conversation", conversation.slug(), conversation_cause(*because))
            }
            Step::Assign { rule, failing } => self.assign(*rule, *failing),
            Step::Clock { desk, state } => self.clock(*desk, state),
            Step::Desk { desk, because, hours } => self.desk(*desk, *because, *hours),
            Step::Coverage { rule, failing } => {
                let rule = self
                    .policy
                    .coverage
                    .get(*rule)
                    .map(|rule| (rule.name.as_str(), &rule.when, &rule.origin));
                self.tried("coverage", &Tried::of(rule), *failing)
            }
            Step::NoCoverage => {
                plain("coverage", "none", "no rule takes this mail, so nothing is done with it")
            }
            Step::Also { rule, failing } => {
                let rule =
                    self.policy.also.get(*rule).map(|rule| (rule.name.as_str(), &rule.when, &rule.origin));
                self.tried("also", &Tried::of(rule), *failing)
            }
            Step::Alert { escalation, by, verdict } => self.alert(*escalation, *by, *verdict),
            Step::Defer { escalation, until } => {
                let outcome = self.escalation(*escalation);
                let because = match until {
                    Some(until) => format!("it starts {}", self.instant(*until)),
                    None => "it waits for the opening already".to_owned(),
                };
                Line { step: "defer", outcome, because, source: self.coverage_source() }
            }
            Step::Target { from, respond_by } => self.target(*from, *respond_by),
            Step::Ask { ask, failing, found } => self.ask(*ask, *failing, *found),
            Step::Guard { withheld } => plain("reply-guard", withheld.slug(), self.guard(*withheld)),
            Step::Reply { template } => {
                let name = self.policy.replies.name(*template).unwrap_or_default();
                let to = self.decision.reply.as_ref().map(|plan| plan.to.to_string()).unwrap_or_default();
                Line {
                    step: "reply",
                    outcome: name.to_owned(),
                    because: format!("no guard withholds it from {to}"),
                    source: self.template_source(*template),
                }
            }
            Step::Language { template, range } => self.language(*template, *range),
            Step::NoReply { because } => {
                let because = match because {
                    NoReplyCause::NotNamed => "the rule names no reply",
                    NoReplyCause::NoRule => "no rule applies",
                    NoReplyCause::Answer => "the mail is an answer of the desk",
                };
                Line { source: self.coverage_source(), ..plain("reply", "none", because) }
            }
        }
    }

    fn source(&self, origin: Option<&Origin>) -> String {
        origin.map(|origin| self.policy.source(origin)).unwrap_or_default()
    }

    fn coverage_source(&self) -> String {
        self.source(
            self.decision.coverage.and_then(|rule| self.policy.coverage.get(rule)).map(|rule| &rule.origin),
        )
    }

    fn template_source(&self, template: usize) -> String {
        self.policy.replies.file(template).map(|file| format!("{file}:1")).unwrap_or_default()
    }

    /// The language of the reply, and what of the mail's header it was chosen by.
    fn language(&self, template: usize, range: Option<usize>) -> Line {
        let replies = &self.policy.replies;
        let languages = &self.reading.message.languages;
        let because = match range.and_then(|range| languages.get(range)) {
            Some(wanted) => format!("{} names {}", wanted.field.name(), wanted.range),
            None if languages.is_empty() => "the header of the mail names no language".to_owned(),
            None => {
                let wanted: Vec<&str> = languages.iter().map(|wanted| wanted.range.as_str()).collect();
                let name = replies.name(template).unwrap_or_default();
                format!("{name} is written in none of the mail's languages: {}", wanted.join(", "))
            }
        };
        let outcome =
            replies.language(template).map_or_else(|| Replies::BASE_LANGUAGE.to_owned(), Language::tag);
        Line { step: "language", outcome, because, source: self.template_source(template) }
    }

    fn escalation(&self, index: usize) -> String {
        self.policy.escalations.get(index).map(|escalation| escalation.name.clone()).unwrap_or_default()
    }

    /// The hours of a desk.
    pub(super) fn calendar(&self, desk: usize) -> Option<&Calendar> {
        self.policy.calendars.get(self.policy.desks.get(desk)?.calendar)
    }

    fn zone(&self, desk: usize) -> Option<&Zone> {
        self.calendar(desk).map(Calendar::zone)
    }

    fn instant(&self, instant: jiff::Timestamp) -> String {
        self.zone(self.decision.desk).map_or_else(String::new, |zone| instant_in_words(instant, zone))
    }

    fn label(&self, label: usize, value: Option<usize>, because: &LabelCause) -> Line {
        let definition = self.policy.labels.get(label);
        let name = definition.map_or("", |label| label.name.as_str());
        let value_name = |label: usize, value: Option<usize>| {
            value.and_then(|value| self.policy.value(label, value)).unwrap_or("none").to_owned()
        };
        let because = match because {
            LabelCause::Hit(hit) => match self.reading.hits.get(*hit) {
                Some(hit) => {
                    let term = self.policy.words.terms.get(hit.term);
                    let by = term.map_or_else(String::new, |term| match term.kind {
                        TermKind::Keyword => format!("the keyword \"{}\"", term.text),
                        TermKind::Pattern => format!("the pattern at {}", self.policy.source(&term.origin)),
                    });
                    format!("\"{}\" stands in {}: {by}", hit.text, self.place_in_words(hit.place))
                }
                None => String::new(),
            },
            LabelCause::Inherited => "an earlier mail of the conversation said so".to_owned(),
            LabelCause::Default => "nothing in the new text says otherwise".to_owned(),
            LabelCause::Matrix { row, column } => match definition.map(|label| &label.kind) {
                Some(crate::policy::LabelKind::Matrix { rows, columns, .. }) => {
                    let label_name =
                        |index: usize| self.policy.labels.get(index).map_or("", |label| label.name.as_str());
                    format!(
                        "{} is {} and {} is {}",
                        label_name(*rows),
                        value_name(*rows, *row),
                        label_name(*columns),
                        value_name(*columns, *column)
                    )
                }
                Some(crate::policy::LabelKind::Words) | None => String::new(),
            },
        };
        let outcome = format!("{name} = {}", value_name(label, value));
        Line { step: "label", outcome, because, source: self.source(definition.map(|label| &label.origin)) }
    }

    /// A place as a sentence names it.
    pub(super) fn place_in_words(&self, place: Place) -> String {
        match place {
            Place::Subject => "the subject".to_owned(),
            Place::Body => "the body".to_owned(),
            Place::Forwarded => "the forwarded mail".to_owned(),
            Place::AttachmentName => "the name of an attachment".to_owned(),
            Place::Header(_) => format!("the field {}", self.place(place).trim_start_matches("header:")),
            Place::Conversation => "an earlier mail".to_owned(),
        }
    }

    /// A place as section 4 of the contract names it.
    pub(super) fn place(&self, place: Place) -> String {
        match place {
            Place::Subject => "subject".to_owned(),
            Place::Body => "body".to_owned(),
            Place::Forwarded => "forwarded".to_owned(),
            Place::AttachmentName => "attachment-name".to_owned(),
            Place::Header(index) => {
                format!("header:{}", self.policy.words.headers.get(index).map_or("", String::as_str))
            }
            Place::Conversation => "conversation".to_owned(),
        }
    }

    fn customer(&self, row: Option<usize>, distrusted: bool) -> Line {
        let name = row.and_then(|row| self.policy.customers.get(row)).map_or("none", |row| row.name.as_str());
        let because = match (distrusted, row) {
            (true, _) => {
                "the sender could not be authenticated, so no customer and no plan is taken for granted"
            }
            (false, Some(_)) => "the sender stands in the list of customers",
            (false, None) => "the sender stands in no list of customers",
        };
        plain("customer", name, because)
    }

    fn assign(&self, rule: usize, failing: Option<usize>) -> Line {
        let assign = self.policy.assigns.get(rule);
        let Some(origin) = assign.and_then(|assign| assign.origin.as_ref()) else {
            return plain("assign", "next-open over all desks", "the policy has no [[assign]]");
        };
        let name = format!("row {}", rule + 1);
        self.tried(
            "assign",
            &Tried { name: &name, when: assign.map(|assign| &assign.when), origin: Some(origin) },
            failing,
        )
    }

    /// A rule that was tried: whether it applies, and the first thing that is not so.
    fn tried(&self, step: &'static str, tried: &Tried<'_>, failing: Option<usize>) -> Line {
        let tests = tried.when.map_or(&[][..], |condition| &condition.tests);
        let (verdict, because) = match failing.and_then(|failing| tests.get(failing)) {
            Some(test) => {
                let key = self.key(test.key);
                let is = self.fact(test.key);
                ("does not apply", format!("{key} is {is}, and the rule wants {}", test.wanted()))
            }
            None if tests.is_empty() => ("applies", "it takes every mail".to_owned()),
            None => {
                let held: Vec<String> = tests
                    .iter()
                    .map(|test| format!("{} is {}", self.key(test.key), self.fact(test.key)))
                    .collect();
                ("applies", held.join(", "))
            }
        };
        Line {
            step,
            outcome: format!("\"{}\" {verdict}", tried.name),
            because,
            source: self.source(tried.origin),
        }
    }

    fn key(&self, key: crate::policy::Key) -> String {
        let label =
            if let crate::policy::Key::Label(index) = key { self.policy.labels.get(index) } else { None };
        label.map(|label| label.name.as_str()).or(key.fixed_name()).unwrap_or_default().to_owned()
    }

    /// What a key of a condition was.
    fn fact(&self, key: crate::policy::Key) -> String {
        use crate::policy::Key;
        let decision = self.decision;
        let value = match key {
            Key::Label(index) => {
                let value = decision.labels.get(index).and_then(|outcome| outcome.value);
                value.and_then(|value| self.policy.value(index, value)).map(str::to_owned)
            }
            Key::Hours => Some(hours(decision.hours).to_owned()),
            Key::ClosedFor => match decision.hours {
                Hours::Open => None,
                Hours::Closed { closed_for, .. } => Some(closed_for.slug().to_owned()),
            },
            Key::Plan => decision.plan.clone(),
            Key::Customer => {
                decision.customer.and_then(|row| self.policy.customers.get(row)).map(|row| row.name.clone())
            }
            Key::Desk => self.policy.desks.get(decision.desk).map(|desk| desk.name.clone()),
            Key::Mailbox => self.reading.mailbox.clone(),
            Key::Conversation => Some(decision.conversation.slug().to_owned()),
            Key::Automated => Some(self.reading.is_automated().to_string()),
            Key::Readable => Some(self.reading.message.unreadable.is_none().to_string()),
            Key::Authenticated => Some(self.reading.authenticated.slug().to_owned()),
            Key::Sender => self.reading.sender.as_ref().map(ToString::to_string),
        };
        value.unwrap_or_else(|| "none".to_owned())
    }

    fn clock(&self, desk: usize, state: &State) -> Line {
        let name = self.policy.desks.get(desk).map_or("", |desk| desk.name.as_str());
        let because = self.zone(desk).map_or_else(String::new, |zone| match state {
            State::Open { closes_at: Some(closes_at) } => {
                format!("it closes {}", instant_in_words(*closes_at, zone))
            }
            State::Open { closes_at: None } => "it never closes".to_owned(),
            State::Closed { closed_for, opens_at: Some(opens_at) } => {
                format!(
                    "closed for the {}; it opens {}",
                    closed_for.slug(),
                    instant_in_words(*opens_at, zone)
                )
            }
            State::Closed { opens_at: None, .. } => "it does not open in the next years".to_owned(),
        });
        let open = matches!(state, State::Open { .. });
        let outcome = format!("{name} {}", if open { "open" } else { "closed" });
        Line { step: "clock", outcome, because, source: String::new() }
    }

    fn desk(&self, desk: usize, because: AssignCause, hours: Hours) -> Line {
        let name = self.policy.desks.get(desk).map_or("", |desk| desk.name.as_str());
        let why = assign_cause(because);
        let local =
            self.zone(desk).map(|zone| instant_in_words(self.decision.received_at, zone)).unwrap_or_default();
        let state = match hours {
            Hours::Open => "open".to_owned(),
            Hours::Closed { closed_for, opens_at } => {
                let opens = opens_at.map(|at| format!(", opens {}", self.instant(at))).unwrap_or_default();
                format!("closed for the {}{opens}", closed_for.slug())
            }
        };
        let because = format!("{why}; the mail came in {local}: {state}");
        Line {
            step: "desk",
            outcome: format!("{name} ({})", self::hours(hours)),
            because,
            source: String::new(),
        }
    }

    fn alert(&self, escalation: usize, by: By, verdict: AlertVerdict) -> Line {
        let origin = match by {
            By::Coverage(rule) => self.policy.coverage.get(rule).map(|rule| &rule.origin),
            By::Also(rule) => self.policy.also.get(rule).map(|rule| &rule.origin),
        };
        let pages = self.policy.escalations.get(escalation).is_some_and(|escalation| escalation.pages);
        let (starts, because) = match verdict {
            AlertVerdict::Starts if pages => (true, "the rule asks for it; it may wake people".to_owned()),
            AlertVerdict::Starts => (true, "the rule asks for it; it wakes nobody".to_owned()),
            AlertVerdict::NothingNew => (false, "this follow-up says nothing urgent of its own".to_owned()),
            AlertVerdict::Running(running) => (
                false,
                format!("{} runs for this case and nobody has acknowledged it", self.escalation(running)),
            ),
            AlertVerdict::OwnMail => (false, "this is a mail of our own".to_owned()),
            AlertVerdict::Duplicate => (false, "the same mail came in before".to_owned()),
            AlertVerdict::AlreadyStarts => (false, "another rule starts it already".to_owned()),
        };
        let outcome =
            format!("{} {}", self.escalation(escalation), if starts { "starts" } else { "does not start" });
        Line { step: "alert", outcome, because, source: self.source(origin) }
    }

    fn target(&self, from: jiff::Timestamp, respond_by: Option<jiff::Timestamp>) -> Line {
        let calendar = self.calendar(self.decision.desk);
        let counted = self.decision.target.zip(calendar).map(|(target, calendar)| match target {
            Target::Unspecified => "no time is promised".to_owned(),
            Target::Elapsed(_) | Target::BusinessTime { .. } | Target::BusinessDays(_) => {
                counted(target, from, calendar).unwrap_or_else(|| {
                    format!("{target} cannot be counted: the desk does not open for years")
                })
            }
        });
        let outcome = respond_by
            .zip(self.zone(self.decision.desk))
            .map_or_else(|| "unspecified".to_owned(), |(respond_by, zone)| rfc3339(respond_by, zone));
        Line { step: "target", outcome, because: counted.unwrap_or_default(), source: self.coverage_source() }
    }

    fn ask(&self, ask: usize, failing: Option<usize>, found: bool) -> Line {
        let definition = self.policy.asks.get(ask);
        let name = definition.map_or("", |ask| ask.name.as_str());
        let failing = failing.and_then(|failing| definition?.when.tests.get(failing));
        let (verdict, because) = match (failing, found) {
            (Some(test), _) => {
                let because = format!(
                    "{} is {}, and it is asked when {}",
                    self.key(test.key),
                    self.fact(test.key),
                    test.wanted()
                );
                ("is not asked", because)
            }
            (None, true) => ("is not asked", "the customer has said it".to_owned()),
            (None, false) => ("is asked", "no mail of the conversation says it".to_owned()),
        };
        let source = self.source(definition.map(|ask| &ask.origin));
        Line { step: "ask", outcome: format!("\"{name}\" {verdict}"), because, source }
    }
}

/// A rule that was tried.
struct Tried<'a> {
    name: &'a str,
    when: Option<&'a Condition>,
    origin: Option<&'a Origin>,
}

impl<'a> Tried<'a> {
    fn of(rule: Option<(&'a str, &'a Condition, &'a Origin)>) -> Self {
        match rule {
            Some((name, when, origin)) => Tried { name, when: Some(when), origin: Some(origin) },
            None => Tried { name: "", when: None, origin: None },
        }
    }
}

/// Why a desk was chosen.
pub(super) fn assign_cause(because: AssignCause) -> &'static str {
    match because {
        AssignCause::Named => "the rule names it",
        AssignCause::Customers => "it is the customer's desk",
        AssignCause::IsOpen => "it is open",
        AssignCause::OpensFirst => "no desk is open, and it opens first",
        AssignCause::NoneOpens => "no desk opens in the next years",
    }
}

fn plain(step: &'static str, outcome: &str, because: impl Into<String>) -> Line {
    Line { step, outcome: outcome.to_owned(), because: because.into(), source: String::new() }
}

pub(super) fn hours(hours: Hours) -> &'static str {
    match hours {
        Hours::Open => "open",
        Hours::Closed { .. } => "closed",
    }
}

fn conversation_cause(because: Because) -> String {
    let joined = |by| match by {
        JoinedBy::Reference => "it refers to a mail of the case",
        JoinedBy::SubjectTag => "the case's reference stands in the subject",
        JoinedBy::Stranger => {
            "it refers to a mail of the case, though its sender has nothing to do with it, so it stands beside the others"
        }
    };
    match because {
        Because::NothingKnown => "it refers to no mail that is known".to_owned(),
        Because::Joined(by) => joined(by).to_owned(),
        Because::Stronger(by) => {
            format!("{}, and its own words are more urgent than the case was", joined(by))
        }
        Because::WasClosed(by) => format!("{}, which was closed", joined(by)),
        Because::FromAgent => "an agent answers the customer".to_owned(),
        Because::Automated(by) => {
            format!("{}, but a machine wrote it, which raises and reopens nothing", joined(by))
        }
        Because::SeenBefore => "the same content came in before".to_owned(),
        Because::NotJoined(NotJoined::Stranger) => {
            "it refers to a case that its sender has nothing to do with, so it is one of its own".to_owned()
        }
        Because::NotJoined(NotJoined::FalseSeal) => {
            "it refers to a reply in the form of ours that we never wrote, and to no mail that is known"
                .to_owned()
        }
    }
}
