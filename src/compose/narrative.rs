//! An explanation for people: what would happen, what was read, and every reason, in at most 80 columns.
//!
//! First the outcome, as somebody asks for it at night; then the mail as it was read; then the reasons in the order in
//! which a mail is decided; last the reply word by word, or what withholds it.
//!
//! Text of the mail reaches the terminal without control characters, so that no mail can move the cursor or forge a
//! line of the explanation.

use anstyle::Style;

use super::explanation::Explained;
use super::ink::{DIM, GOOD, HIT, LOUD, TITLE};
use super::timeline::Timeline;
use super::trace::{Context, hours};
use super::words::instant_in_words;
use crate::base::text::clean;
use crate::decision::{Conversation, Decision, Hours};
use crate::policy::short_digest;

mod reasons;
mod text;

const WIDTH: usize = 80;
/// The explanation as text with escape sequences; who prints it to something else than a terminal strips them. With a
/// timeline it says what follows if nobody reacts.
pub fn narrative(explained: &Explained<'_>, timeline: Option<&Timeline<'_>>) -> String {
    let context =
        Context { reading: explained.reading, decision: explained.decision, policy: explained.policy };
    let mut page = Page { text: String::new() };
    head(&mut page, explained);
    outcome(&mut page, explained);
    if let Some(timeline) = timeline {
        what_follows(&mut page, timeline);
    }
    text::section(&mut page, explained, &context);
    reasons::sections(&mut page, &context);
    reply(&mut page, explained, &context);
    page.text
}

struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn section(&mut self, title: &str) {
        self.line("");
        self.line(&format!("{TITLE}{title}{TITLE:#}"));
    }

    /// Text with something before each line.
    fn wrapped(&mut self, indent: &str, text: &str) {
        for line in textwrap::wrap(text, columns(indent, indent)) {
            self.line(line.trim_end());
        }
    }

    /// A name and its value, wrapped beside it; below it when the name is long.
    fn entry(&mut self, name: &str, value: &str) {
        self.styled(Style::new(), name, value);
    }

    fn styled(&mut self, style: Style, name: &str, value: &str) {
        if name.chars().count() > 12 {
            self.line(&format!("  {style}{name}{style:#}"));
            return self.entry("", value);
        }
        let first = format!("  {style}{name:<13}{style:#}");
        let options = columns(&first, "               ");
        for line in textwrap::wrap(value, options) {
            self.line(&line);
        }
    }
}

/// Addresses and names with hyphens stay whole, so that they can be copied.
fn columns<'i>(first: &'i str, others: &'i str) -> textwrap::Options<'i> {
    textwrap::Options::new(WIDTH)
        .initial_indent(first)
        .subsequent_indent(others)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
}

fn head(page: &mut Page, explained: &Explained<'_>) {
    let Explained { reading, decision, policy, .. } = explained;
    let message = &reading.message;
    let subject = if message.subject.is_empty() { "(no subject)" } else { &message.subject };
    page.line(&format!("{TITLE}{}{TITLE:#}", clean(subject)));
    page.entry("file", &clean(explained.file));
    let from = message.from.first().map_or_else(|| "nobody".to_owned(), ToString::to_string);
    page.entry("from", &clean(&from));
    page.entry("received", &instant(explained, decision.received_at));
    let mailbox = reading.mailbox.as_ref().map(|mailbox| format!(", mailbox {mailbox}")).unwrap_or_default();
    let digest = short_digest(&policy.digest);
    page.entry("policy", &format!("{} ({digest}){mailbox}", policy.name));
}

fn instant(explained: &Explained<'_>, instant: jiff::Timestamp) -> String {
    let Explained { decision, policy, .. } = explained;
    let calendar = policy.desks.get(decision.desk).and_then(|desk| policy.calendars.get(desk.calendar));
    calendar.map_or_else(|| instant.to_string(), |calendar| instant_in_words(instant, calendar.zone()))
}

fn outcome(page: &mut Page, explained: &Explained<'_>) {
    let Explained { decision, policy, .. } = explained;
    page.section("What happens");
    let rule = decision.coverage.and_then(|rule| policy.coverage.get(rule));
    match rule {
        Some(rule) => {
            page.entry("rule", &format!("{}  {DIM}{}{DIM:#}", rule.name, policy.source(&rule.origin)));
        }
        None => page.entry("rule", "none"),
    }
    let escalation =
        |index: usize| policy.escalations.get(index).map_or("", |escalation| escalation.name.as_str());
    for alert in &decision.alerts {
        let how = if alert.pages {
            format!("{LOUD}{} — pages, may wake people{LOUD:#}", escalation(alert.escalation))
        } else {
            format!("{HIT}{} — wakes nobody{HIT:#}", escalation(alert.escalation))
        };
        page.entry("alert", &how);
    }
    if decision.alerts.is_empty() {
        page.entry("alert", "none");
    }
    if let Some(deferral) = &decision.defer {
        let until = instant(explained, deferral.until);
        page.entry(
            "deferred",
            &format!("{}, starts {until} unless answered before", escalation(deferral.escalation)),
        );
    }
    page.entry("reply", &reply_line(explained));
    if let Some(target) = decision.target {
        let by = decision.respond_by.map(|by| format!(": by {}", instant(explained, by))).unwrap_or_default();
        page.entry("answer", &format!("{target}{by}"));
    }
    page.entry("case", &case_line(decision));
    let desk = policy.desks.get(decision.desk).map_or("", |desk| desk.name.as_str());
    let closed = match decision.hours {
        Hours::Open => String::new(),
        Hours::Closed { closed_for, opens_at } => {
            let opens = opens_at.map(|at| format!(", opens {}", instant(explained, at))).unwrap_or_default();
            format!(" for the {}{opens}", closed_for.slug())
        }
    };
    page.entry("desk", &format!("{desk}: {}{closed}", hours(decision.hours)));
}

fn reply_line(explained: &Explained<'_>) -> String {
    let Explained { decision, reply, .. } = explained;
    if let Err(error) = reply {
        return format!("{LOUD}none: {} in {}{LOUD:#}", error.message, error.file);
    }
    if let Ok(Some(reply)) = reply {
        let language = reply.language.as_ref().map(|tag| format!(" ({tag})")).unwrap_or_default();
        return format!("{GOOD}{}{language} to {}{GOOD:#}", reply.template, reply.to);
    }
    if decision.reply_withheld.is_empty() {
        return "none".to_owned();
    }
    let slugs: Vec<&str> = decision.reply_withheld.iter().map(|withheld| withheld.slug()).collect();
    format!("none, withheld: {}", slugs.join(", "))
}

fn case_line(decision: &Decision) -> String {
    let reference = decision.case.reference();
    match decision.conversation {
        Conversation::New => format!("new, {reference}"),
        Conversation::Duplicate => format!("duplicate of a mail of {reference}"),
        Conversation::FollowUp | Conversation::Raised | Conversation::Reopened | Conversation::Answer => {
            format!("{} of {reference}", decision.conversation.slug())
        }
    }
}

fn what_follows(page: &mut Page, timeline: &Timeline<'_>) {
    page.section("What follows if nobody reacts");
    let mut last = String::new();
    for (at, moment) in timeline.moments() {
        if at != last {
            page.line(&format!("  {at}"));
            last = at;
        }
        let style = if moment.acted_on { Style::new() } else { DIM };
        page.wrapped("      ", &format!("{style}{}{style:#}", moment.words));
    }
    if last.is_empty() {
        page.line("  nothing: no escalation runs or waits, and no answer is promised");
    }
    for (escalation, what) in &timeline.not_acted_on {
        page.wrapped("  ", &format!("{DIM}Not acted on in this version: {what} of {escalation}.{DIM:#}"));
    }
}

/// The reply letter by letter, or every guard that withholds it with what made it speak.
fn reply(page: &mut Page, explained: &Explained<'_>, context: &Context<'_>) {
    let Explained { decision, policy, reply, .. } = explained;
    let Ok(Some(reply)) = reply else {
        page.section("Why no reply goes out");
        let named = decision.coverage.and_then(|rule| policy.coverage.get(rule)?.reply);
        if let (Some(template), false) = (named, decision.reply_withheld.is_empty()) {
            page.entry("withheld", policy.replies.name(template).unwrap_or_default());
        }
        for withheld in &decision.reply_withheld {
            page.entry(withheld.slug(), &clean(&context.guard(*withheld)));
        }
        if let Err(error) = reply {
            page.entry("failed", &clean(&format!("{} in {}", error.message, error.file)));
        }
        for line in context.lines().iter().filter(|line| line.step == "reply" && line.outcome == "none") {
            page.line(&format!("  {}", line.because));
        }
        return;
    };
    page.section("The reply as it would be sent");
    page.entry("from", &reply.from);
    page.entry("to", &reply.to.to_string());
    page.entry("subject", &clean(&reply.rendered.subject));
    for line in context.lines().iter().filter(|line| line.step == "language") {
        page.entry("language", &format!("{}: {}", line.outcome, clean(&line.because)));
    }
    page.line("");
    // Wrapped for the terminal only; the JSON has the text letter by letter.
    for line in reply.rendered.text.lines() {
        page.wrapped("  ", &clean(line));
    }
}
