//! An explanation for people: what would happen, what was read, and every reason, in at most 80 columns.
//!
//! Text of the mail reaches the terminal without control characters, so that no mail can move the cursor or forge a
//! line of the explanation.

use anstyle::{AnsiColor, Color, Style};

use super::explanation::Explained;
use super::trace::{Context, Line, hours};
use super::words::instant_in_words;
use crate::base::text::clean;
use crate::decision::{Conversation, Decision, Hours, Ignored};
use crate::mail::{RegionKind, Text};
use crate::policy::Place;

const WIDTH: usize = 80;
/// How many lines of a mail's new text are shown.
const MOST_LINES: usize = 40;

const TITLE: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const LOUD: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Red)));
const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
const HIT: Style = Style::new().bold().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));

/// The explanation as text with escape sequences; who prints it to something else than a terminal strips them.
pub fn narrative(explained: &Explained<'_>) -> String {
    let context =
        Context { reading: explained.reading, decision: explained.decision, policy: explained.policy };
    let mut page = Page { text: String::new() };
    head(&mut page, explained);
    outcome(&mut page, explained);
    text(&mut page, explained, &context);
    reasons(&mut page, &context);
    reply(&mut page, explained);
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

    /// A name and its value, wrapped beside it.
    fn entry(&mut self, name: &str, value: &str) {
        let first = format!("  {name:<13}");
        let options =
            textwrap::Options::new(WIDTH).initial_indent(&first).subsequent_indent("               ");
        for line in textwrap::wrap(value, options) {
            self.line(&line);
        }
    }
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
    let digest = policy.digest.get(..12).unwrap_or(&policy.digest);
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
            page.entry("rule", &format!("{} {DIM}{}{DIM:#}", rule.name, policy.source(&rule.origin)));
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

fn text(page: &mut Page, explained: &Explained<'_>, context: &Context<'_>) {
    let Explained { reading, decision, policy, .. } = explained;
    page.section("What was read as new text");
    let counted: Vec<&crate::decision::Hit> = reading
        .hits
        .iter()
        .enumerate()
        .filter(|(index, _)| !decision.ignored.iter().any(|(ignored, _)| ignored == index))
        .map(|(_, hit)| hit)
        .collect();
    if let Some(unreadable) = reading.message.unreadable {
        page.entry("unreadable", unreadable.slug());
    }
    page.entry("subject", &marked(&reading.message.subject, 0, Place::Subject, &counted));
    let mut shown = 0;
    for (place, text) in
        [(Place::Body, &reading.message.body), (Place::Forwarded, &reading.message.forwarded)]
    {
        shown += new_text(page, place, text, &counted, MOST_LINES.saturating_sub(shown));
    }
    for (index, why) in &decision.ignored {
        let Some(hit) = reading.hits.get(*index) else { continue };
        let line =
            format!("\"{}\" in {}: {}", clean(&hit.text), context.place_in_words(hit.place), why.slug());
        page.entry("not counted", &line);
    }
    for near in &reading.near_misses {
        let keyword = policy.words.terms.get(near.term).map_or("", |term| term.text.as_str());
        page.entry(
            "near miss",
            &format!("\"{}\" is not \"{keyword}\", and does not count as it", clean(&near.text)),
        );
    }
    for omitted in &reading.message.omitted {
        page.entry(
            "left out",
            &format!("part {}: {}, {} bytes", omitted.section, omitted.media_type, omitted.bytes),
        );
    }
}

/// Shows the new lines of a text, hits marked; answers how many were shown. Runs of blank lines become one, those at
/// the end none.
fn new_text(
    page: &mut Page,
    place: Place,
    text: &Text,
    counted: &[&crate::decision::Hit],
    most: usize,
) -> usize {
    let bar = format!("  {DIM}│{DIM:#} ");
    let (mut shown, mut blank) = (0, false);
    let mut alternative = None;
    for region in text.regions.iter().filter(|region| region.kind == RegionKind::New) {
        if alternative.is_some_and(|before| before != region.alternative) {
            page.line(&format!("  {DIM}│ (the same mail in another form){DIM:#}"));
            blank = false;
        }
        alternative = Some(region.alternative);
        let mut start = region.start;
        for line in text.slice(region).split_inclusive(['\n', '\u{2029}']) {
            let words = marked(line, start, place, counted);
            start += line.len();
            if words.trim().is_empty() {
                blank = shown > 0;
                continue;
            }
            if shown == most {
                page.line(&format!("{bar}…"));
                return shown;
            }
            if std::mem::take(&mut blank) {
                page.line(bar.trim_end());
            }
            let options = textwrap::Options::new(WIDTH).initial_indent(&bar).subsequent_indent(&bar);
            for wrapped in textwrap::wrap(&words, options) {
                page.line(&wrapped);
            }
            shown += 1;
        }
    }
    shown
}

/// A piece of a text that begins at byte `start` of its place, cleaned, counted hits marked as «hit».
fn marked(piece: &str, start: usize, place: Place, counted: &[&crate::decision::Hit]) -> String {
    let mut text = String::new();
    let mut at = 0;
    let mut hits: Vec<_> = counted
        .iter()
        .filter(|hit| hit.place == place && hit.ignored == Ignored::No)
        .filter(|hit| hit.start >= start && hit.end <= start + piece.len())
        .map(|hit| (hit.start - start, hit.end - start))
        .collect();
    hits.sort_unstable();
    for (from, to) in hits {
        if from < at {
            continue;
        }
        text.push_str(&clean(piece.get(at..from).unwrap_or("")));
        text.extend([
            HIT.render().to_string(),
            format!("«{}»", clean(piece.get(from..to).unwrap_or(""))),
            HIT.render_reset().to_string(),
        ]);
        at = to;
    }
    text.push_str(clean(piece.get(at..).unwrap_or("")).trim_end());
    text
}

fn reasons(page: &mut Page, context: &Context<'_>) {
    page.section("Why");
    for line in context.lines() {
        let Line { step, outcome, because, source } = line;
        let place = if source.is_empty() { String::new() } else { format!("  {DIM}{source}{DIM:#}") };
        page.entry(step, &format!("{}{place}", clean(&outcome)));
        if !because.is_empty() {
            page.entry("", &format!("{DIM}because{DIM:#} {}", clean(&because)));
        }
    }
}

fn reply(page: &mut Page, explained: &Explained<'_>) {
    let Ok(Some(reply)) = explained.reply else { return };
    page.section("The reply as it would be sent");
    page.entry("from", &reply.from);
    page.entry("to", &reply.to.to_string());
    page.entry("subject", &clean(&reply.rendered.subject));
    page.line("");
    // Wrapped for the terminal only; the JSON has the text letter by letter.
    let options = textwrap::Options::new(WIDTH).initial_indent("  ").subsequent_indent("  ");
    for line in reply.rendered.text.lines() {
        for wrapped in textwrap::wrap(&clean(line), &options) {
            page.line(wrapped.trim_end());
        }
    }
}
