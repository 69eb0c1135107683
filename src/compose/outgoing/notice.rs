//! Alerts and alarms in words, and in the forms in which they leave: a mail, or the JSON object of a webhook.
//!
//! Written for somebody who was just woken and looks at a phone: how urgent and by which rule, who wrote and what, until
//! when an answer is owed; everything else below. What a stranger wrote stays on its own lines and can neither move a
//! cursor nor turn the order of reading.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::letter::{Letter, Origin};
use super::{AlarmNote, Alert, ComposeError};
use crate::base::id::ContentKey;
use crate::base::seal::Seal;
use crate::base::text::{clean, one_line};
use crate::calendar::Zone;
use crate::casework::Brief;
use crate::compose::words::instant_in_words;
use crate::mail::{Address, Mailbox};

/// The most characters of a title; a notification on a phone shows about a third of it.
const LONGEST_TITLE: usize = 120;
/// The most characters of a name or a word of the sender.
const LONGEST_NAME: usize = 60;
/// The most characters of the subject below the title.
const LONGEST_SUBJECT: usize = 300;
/// The most characters of what the sender wrote.
const LONGEST_EXCERPT: usize = 500;
/// The most words that are shown of those that counted.
const MOST_WORDS: usize = 10;
/// An alert that is older than this says so: polling, deciding and sending take less when all is well.
const LATE_AFTER: SignedDuration = SignedDuration::from_mins(2);

/// What people read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertText {
    /// One line of at most 120 characters.
    pub title: String,
    /// Everything, ending in one line feed.
    pub text: String,
}

/// An alert in words; `now` is when it is sent.
pub fn alert_text(alert: &Alert, now: Timestamp) -> AlertText {
    let brief = &alert.brief;
    let zone = Zone::parse(&brief.zone).ok();
    let in_words = |instant| match &zone {
        Some(zone) => instant_in_words(instant, zone),
        None => instant.strftime("%A, %-d %B %Y, %H:%M UTC").to_string(),
    };
    let mut lines = vec![headline(alert), format!("From: {}", sender(brief))];
    lines.push(format!("Subject: {}", shortened(&brief.subject, LONGEST_SUBJECT)));
    lines.extend(quoted(&brief.excerpt));
    if let Some(respond_by) = brief.respond_by {
        lines.push(owed(respond_by, now, &in_words(respond_by)));
    }
    lines.push(received(alert, now, &in_words(brief.received_at)));
    if !brief.readable {
        lines.push("Not all of it could be read: open the mail itself.".to_owned());
    }
    if !brief.automation.is_empty() {
        lines.push(format!("A program may have written it: {}.", brief.automation.join(", ")));
    }
    lines.push(String::new());
    lines.extend(particulars(alert));
    AlertText { title: title(alert), text: lines.join("\n") + "\n" }
}

/// An alarm in words.
pub fn alarm_text(note: &AlarmNote) -> AlertText {
    let line = one_line(&note.text);
    let text = format!(
        "{line}\n\nAlarm: {}\nRaised: {}\nThe runbook has an entry for it.\n",
        one_line(&note.key),
        note.raised_at.strftime("%A, %-d %B %Y, %H:%M:%S UTC")
    );
    AlertText { title: shortened(&format!("nightdesk alarm: {line}"), LONGEST_TITLE), text }
}

/// An alert as a mail. Its Message-ID is the same at each attempt, so that a receiver can tell a repetition; all mails
/// of a case refer to one id, so that mail programs show them together. It is sent with a null return path, so that no
/// bounce of it becomes mail of the desk.
///
/// # Errors
/// When there is no recipient.
pub fn alert_mail(
    alert: &Alert,
    from: &Mailbox,
    to: &[Address],
    now: Timestamp,
    seal: &Seal,
) -> Result<String, ComposeError> {
    let words = alert_text(alert, now);
    let case = format!("{}.case@{}", alert.reference, from.address.domain());
    let key = format!("{}\n{}", alert.dedup_key, alert.step);
    Notice { words, key, groups: Some(case), seal }.write(from, to, now)
}

/// An alarm as a mail, see [`alert_mail`].
///
/// # Errors
/// When there is no recipient.
pub fn alarm_mail(
    note: &AlarmNote,
    from: &Mailbox,
    to: &[Address],
    now: Timestamp,
    seal: &Seal,
) -> Result<String, ComposeError> {
    Notice { words: alarm_text(note), key: note.dedup_key.clone(), groups: None, seal }.write(from, to, now)
}

/// The body that a webhook posts for an alert: the fields of [`Alert`], with `kind`, `title` and `text`.
///
/// # Errors
/// When it cannot be written, which no alert is known to cause.
pub fn alert_json(alert: &Alert, now: Timestamp) -> Result<String, ComposeError> {
    let AlertText { title, text } = alert_text(alert, now);
    let message_id = alert.brief.message_id.as_ref().map(|id| format!("<{id}>"));
    json(&PostedAlert { kind: "alert", message_id, title, text, alert })
}

/// The body that a webhook posts for an alarm: the fields of [`AlarmNote`], with `kind` and `title`.
///
/// # Errors
/// See [`alert_json`].
pub fn alarm_json(note: &AlarmNote) -> Result<String, ComposeError> {
    json(&PostedAlarm { kind: "alarm", title: alarm_text(note).title, note })
}

#[derive(Serialize)]
struct PostedAlert<'a> {
    kind: &'static str,
    /// As it stands in the mail: what people search their mailbox for.
    message_id: Option<String>,
    title: String,
    text: String,
    #[serde(flatten)]
    alert: &'a Alert,
}

#[derive(Serialize)]
struct PostedAlarm<'a> {
    kind: &'static str,
    title: String,
    #[serde(flatten)]
    note: &'a AlarmNote,
}

fn json(body: &impl Serialize) -> Result<String, ComposeError> {
    serde_json::to_string(body).map_err(|error| ComposeError::Unwritable(error.to_string()))
}

/// A mail to people of the house.
struct Notice<'a> {
    words: AlertText,
    /// What its Message-ID is made of.
    key: String,
    /// The id that all mails of its case refer to.
    groups: Option<String>,
    /// What its mark is sealed with.
    seal: &'a Seal,
}

impl Notice<'_> {
    fn write(&self, from: &Mailbox, to: &[Address], now: Timestamp) -> Result<String, ComposeError> {
        let id = format!("{}.notice@{}", ContentKey::of([self.key.as_bytes()]), from.address.domain());
        let mark = self.seal.mark(&id);
        let references: Vec<&str> = self.groups.iter().map(String::as_str).collect();
        let letter = Letter {
            origin: Origin::Generated,
            from,
            to,
            subject: &self.words.title,
            date: now,
            mark: &mark,
            message_id: &id,
            in_reply_to: None,
            references: &references,
            text: &self.words.text,
            html: None,
            language: None,
        };
        letter.write()
    }
}

/// `URGENT K7Q4-MX2P: API unavailable (Mia Berger)`; the subject gives way, not the reference.
fn title(alert: &Alert) -> String {
    let brief = &alert.brief;
    let who = brief.sender_name.as_deref().or(brief.sender.as_deref()).unwrap_or("unknown sender");
    let before = format!("{} {}: ", urgency(brief), alert.reference);
    let after = format!(" ({})", shortened(who, LONGEST_NAME / 2));
    let left = LONGEST_TITLE.saturating_sub(before.chars().count() + after.chars().count());
    shortened(&format!("{before}{}{after}", shortened(&brief.subject, left)), LONGEST_TITLE)
}

fn urgency(brief: &Brief) -> String {
    let value = brief.labels.get("urgency").map_or("ALERT", String::as_str);
    shortened(value, LONGEST_NAME / 2).to_uppercase()
}

/// `URGENT: after hours: incident (pages)`.
fn headline(alert: &Alert) -> String {
    let pages = if alert.pages { " (pages)" } else { "" };
    format!("{}: {}{pages}", urgency(&alert.brief), one_line(&alert.brief.rule))
}

fn sender(brief: &Brief) -> String {
    let name = brief.sender_name.as_deref().map(|name| shortened(name, LONGEST_NAME));
    let who = match (name.filter(|name| !name.is_empty()), &brief.sender) {
        (Some(name), Some(address)) => format!("{name} <{}>", one_line(address)),
        (None, Some(address)) => one_line(address),
        (_, None) => "nobody that can be read".to_owned(),
    };
    let known: Vec<String> = [("customer", &brief.customer), ("plan", &brief.plan)]
        .into_iter()
        .filter_map(|(what, value)| Some(format!("{what} {}", one_line(value.as_deref()?))))
        .collect();
    if known.is_empty() { who } else { format!("{who} ({})", known.join(", ")) }
}

/// What they wrote, each line marked as theirs, between blank lines.
fn quoted(excerpt: &str) -> Vec<String> {
    let kept: String = excerpt.chars().take(LONGEST_EXCERPT).collect();
    let mut lines = vec![String::new()];
    lines.extend(
        kept.lines()
            .map(|line| clean(line).trim_end().to_owned())
            .filter(|line| !line.is_empty())
            .map(|line| format!("> {line}")),
    );
    if lines.len() == 1 {
        lines.push("(no words)".to_owned());
    }
    lines.push(String::new());
    lines
}

fn owed(respond_by: Timestamp, now: Timestamp, in_words: &str) -> String {
    let left = respond_by.duration_since(now);
    if left.is_positive() {
        format!("Answer owed by {in_words}, in {}.", span_in_words(left))
    } else {
        format!("Answer was owed by {in_words}, {} ago.", span_in_words(left.abs()))
    }
}

fn received(alert: &Alert, now: Timestamp, in_words: &str) -> String {
    let line = format!("Received {in_words}");
    let age = now.duration_since(alert.brief.received_at);
    if alert.deferred {
        return format!("{line}; it waited for the desk to open.");
    }
    // Later steps come late by plan.
    if alert.step == 0 && age > LATE_AFTER {
        return format!("{line}. This alert is LATE: {} after the mail came in.", span_in_words(age));
    }
    format!("{line}.")
}

fn particulars(alert: &Alert) -> Vec<String> {
    let brief = &alert.brief;
    let mut lines = vec![format!(
        "Case {} ({}), escalation {}, step {}",
        alert.reference,
        one_line(&brief.conversation),
        one_line(&alert.escalation),
        alert.step + 1
    )];
    let mailbox = brief.mailbox.as_deref().map(|name| format!("mailbox {}, ", one_line(name)));
    lines.push(format!(
        "In {}desk {}, policy {}",
        mailbox.unwrap_or_default(),
        one_line(&brief.desk),
        one_line(&brief.policy)
    ));
    if !brief.words.is_empty() {
        let words: Vec<String> = brief
            .words
            .iter()
            .take(MOST_WORDS)
            .map(|word| format!("\"{}\"", shortened(word, LONGEST_NAME)))
            .collect();
        lines.push(format!("Words that counted: {}", words.join(", ")));
    }
    let labels: Vec<String> = brief.labels.iter().map(|(label, value)| format!("{label} {value}")).collect();
    if !labels.is_empty() {
        lines.push(format!("Labels: {}", one_line(&labels.join(", "))));
    }
    if let Some(id) = &brief.message_id {
        lines.push(format!("Message-ID: <{}>", one_line(id)));
    }
    lines
}

/// `3 days 2 h`, `1 h 40 min`, `2 h`, `25 min`, `40 s`.
fn span_in_words(span: SignedDuration) -> String {
    let (minutes, hours) = (span.as_mins(), span.as_hours());
    let two = |large: String, small: i64, unit: &str| {
        if small == 0 { large } else { format!("{large} {small} {unit}") }
    };
    match (hours / 24, hours, minutes) {
        (0, 0, 0) => format!("{} s", span.as_secs()),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => two(format!("{hours} h"), minutes % 60, "min"),
        (1, hours, _) => two("1 day".to_owned(), hours % 24, "h"),
        (days, hours, _) => two(format!("{days} days"), hours % 24, "h"),
    }
}

/// One line of at most so many characters; `…` stands for what is left out.
fn shortened(text: &str, most: usize) -> String {
    // A line of blanks and controls must not cost more than it shows.
    let line = one_line(&text.chars().take(most.saturating_mul(8)).collect::<String>());
    if line.chars().count() <= most {
        return line;
    }
    let mut kept: String = line.chars().take(most.saturating_sub(1)).collect();
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}
