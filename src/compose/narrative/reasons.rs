//! The reasons, in the order in which a mail is decided: words, sender, clocks, rules, deadline, questions.

use anstyle::Style;

use super::super::ink::{DIM, GOOD};
use super::super::trace::{Context, Line, assign_cause};
use super::super::words::{hours_in_words, instant_in_words, local_in_words};
use super::Page;
use crate::base::text::clean;
use crate::calendar::{Calendar, ClosedFor, State};
use crate::decision::Step;
use crate::policy::AssignTo;

/// More desks than these are not all shown.
const MOST_DESKS: usize = 20;

pub(super) fn sections(page: &mut Page, context: &Context<'_>) {
    let reasons: Vec<Reason<'_>> = context
        .decision
        .trace
        .iter()
        .zip(context.lines())
        .map(|(step, line)| Reason { step, line })
        .collect();
    page.section("What it is");
    for Reason { line, .. } in &reasons {
        if ["label", "customer", "conversation"].contains(&line.step) {
            page.reason(line.step, line);
        }
    }
    page.section("The clocks when it came in");
    assigned(page, context, &reasons);
    clocks(page, context, &reasons);
    page.section("The rules, of which the first that applies decides");
    rules(page, context, &reasons);
    deadline(page, context, &reasons);
    asks(page, context, &reasons);
}

/// A step of the trace, and its words.
struct Reason<'t> {
    step: &'t Step,
    line: Line,
}

impl Page {
    /// An outcome, where its rule stands, and why.
    fn reason(&mut self, name: &str, line: &Line) {
        self.entry(name, &sourced(&line.outcome, &line.source));
        self.because(line);
    }

    /// Something that was tried: whether it applies, its name, where it stands, and why.
    fn tried(&mut self, word: Word, name: &str, line: &Line) {
        self.styled(word.style, word.text, &sourced(name, &line.source));
        self.because(line);
    }

    fn because(&mut self, line: &Line) {
        if !line.because.is_empty() {
            self.entry("", &clean(&line.because));
        }
    }
}

/// The word for a yes or a no.
#[derive(Clone, Copy)]
struct Word {
    text: &'static str,
    style: Style,
}

impl Word {
    fn of(is_so: bool, yes: &'static str, no: &'static str) -> Self {
        if is_so { Word { text: yes, style: GOOD.bold() } } else { Word { text: no, style: DIM } }
    }
}

fn sourced(text: &str, source: &str) -> String {
    let text = clean(text);
    if source.is_empty() { text.into_owned() } else { format!("{text}  {DIM}{source}{DIM:#}") }
}

/// The rows of `[[assign]]` that were tried; a policy without any has nothing to tell.
fn assigned(page: &mut Page, context: &Context<'_>, reasons: &[Reason<'_>]) {
    let is_written =
        |rule: usize| context.policy.assigns.get(rule).is_some_and(|assign| assign.origin.is_some());
    for Reason { step, line } in reasons {
        if let Step::Assign { rule, failing } = step
            && is_written(*rule)
        {
            let name = format!("[[assign]] row {}", rule + 1);
            page.tried(Word::of(failing.is_none(), "yes", "no"), &name, line);
        }
    }
}

/// How each desk stood that could have taken the mail, and which one did.
fn clocks(page: &mut Page, context: &Context<'_>, reasons: &[Reason<'_>]) {
    let desks = pool(context);
    for desk in desks.iter().take(MOST_DESKS) {
        let looked = |reason: &Reason<'_>| {
            if let Step::Clock { desk: asked, state } = reason.step {
                (asked == desk).then_some(*state)
            } else {
                None
            }
        };
        let asked = reasons.iter().find_map(looked);
        clock(page, context, *desk, asked);
    }
    if desks.len() > MOST_DESKS {
        page.line(&format!("  {DIM}and {} more desks{DIM:#}", desks.len() - MOST_DESKS));
    }
    for Reason { step, line } in reasons {
        if let Step::Desk { because, .. } = step {
            page.entry("desk", &format!("{}: {}", clean(&line.outcome), assign_cause(*because)));
        }
    }
}

/// The desks that the row which applied chooses from.
fn pool(context: &Context<'_>) -> Vec<usize> {
    let applied = context.decision.trace.iter().find_map(|step| {
        if let Step::Assign { rule, failing: None } = step { context.policy.assigns.get(*rule) } else { None }
    });
    let mut desks = match applied.map(|assign| (assign.to, &assign.pool)) {
        Some((AssignTo::NextOpen | AssignTo::Customer, pool)) => pool.clone(),
        Some((AssignTo::Desk(desk), _)) => vec![desk],
        None => (0..context.policy.desks.len()).collect(),
    };
    if !desks.contains(&context.decision.desk) {
        desks.push(context.decision.desk);
    }
    desks
}

fn clock(page: &mut Page, context: &Context<'_>, desk: usize, asked: Option<State>) {
    let name = context.policy.desks.get(desk).map_or("", |desk| desk.name.as_str());
    let Some(calendar) = context.calendar(desk) else { return };
    let received_at = context.decision.received_at;
    let zone = calendar.zone();
    let (state, change) = match asked.unwrap_or_else(|| calendar.state_at(received_at)) {
        State::Open { closes_at } => ("open".to_owned(), closes_at.map(|at| ("closes", at))),
        State::Closed { closed_for, opens_at } => {
            (closed_in_words(closed_for, calendar, received_at), opens_at.map(|at| ("opens", at)))
        }
    };
    page.entry(name, &format!("{}: {state}", local_in_words(received_at, zone)));
    let change = change.map_or_else(
        || "which does not change in the next years".to_owned(),
        |(verb, at)| format!("{verb} {}", instant_in_words(at, zone)),
    );
    page.entry("", &change);
    page.entry("", &format!("{DIM}{}{DIM:#}", hours_in_words(calendar)));
}

fn closed_in_words(closed_for: ClosedFor, calendar: &Calendar, at: jiff::Timestamp) -> String {
    let holiday = calendar.holiday_name(calendar.zone().date_at(at));
    match (closed_for, holiday) {
        (ClosedFor::Holiday, Some(name)) => format!("closed for the holiday \"{}\"", clean(name)),
        (ClosedFor::Holiday, None) => "closed for the whole day by the policy's `days`".to_owned(),
        (ClosedFor::Night | ClosedFor::Weekend, _) => format!("closed for the {}", closed_for.slug()),
    }
}

fn rules(page: &mut Page, context: &Context<'_>, reasons: &[Reason<'_>]) {
    let mut tried = 0;
    for Reason { step, line } in reasons {
        if let Step::Coverage { rule, failing } = step {
            tried += 1;
            let name = context.policy.coverage.get(*rule).map_or("", |rule| rule.name.as_str());
            page.tried(Word::of(failing.is_none(), "yes", "no"), name, line);
            if failing.is_none() {
                not_tried(page, context.policy.coverage.len().saturating_sub(tried));
            }
        } else if let Step::Also { rule, failing } = step {
            let name = context.policy.also.get(*rule).map_or("", |rule| rule.name.as_str());
            page.tried(Word::of(failing.is_none(), "also yes", "also no"), name, line);
        } else if matches!(step, Step::NoCoverage | Step::Alert { .. } | Step::Defer { .. }) {
            page.reason(line.step, line);
        }
    }
    if tried == 0 {
        page.line("  no rule is tried for an answer of the desk");
    }
}

fn not_tried(page: &mut Page, rules: usize) {
    if rules > 0 {
        let rules_were = if rules == 1 { "rule below it was" } else { "rules below it were" };
        page.line(&format!("  {DIM}{rules} {rules_were} not tried{DIM:#}"));
    }
}

fn deadline(page: &mut Page, context: &Context<'_>, reasons: &[Reason<'_>]) {
    for Reason { step, line } in reasons {
        let Step::Target { respond_by, .. } = step else { continue };
        page.section("The deadline");
        let target = context.decision.target.map(|target| target.to_string()).unwrap_or_default();
        page.entry("target", &sourced(&target, &line.source));
        page.entry("counted", &clean(&line.because));
        let zone = context.calendar(context.decision.desk).map(Calendar::zone);
        if let Some((by, zone)) = respond_by.zip(zone) {
            page.entry("answer by", &instant_in_words(by, zone));
        }
    }
}

/// The questions that were for this mail, and whether they are asked; the names of the others.
fn asks(page: &mut Page, context: &Context<'_>, reasons: &[Reason<'_>]) {
    let name = |ask: usize| context.policy.asks.get(ask).map_or("", |ask| ask.name.as_str());
    let mut others = Vec::new();
    let mut is_first = true;
    for Reason { step, line } in reasons {
        let Step::Ask { ask, failing, found } = step else { continue };
        if std::mem::take(&mut is_first) {
            page.section("What the reply would ask for");
        }
        if failing.is_some() {
            others.push(clean(name(*ask)));
        } else {
            page.tried(Word::of(!found, "yes", "no"), name(*ask), line);
        }
    }
    if !others.is_empty() {
        page.wrapped("  ", &format!("{DIM}not for this mail: {}{DIM:#}", others.join(", ")));
    }
}
