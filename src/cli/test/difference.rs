//! What was wanted and what came: compared key by key, and told so that a long text shows where it differs.
//!
//! Keys are those of `explain`'s JSON, flattened, and those of the case. Not here: making it happen (`story`).

use jiff::Timestamp;
use serde_json::Value;

use crate::base::text::clean;
use crate::casework::Case;
use crate::compose::ink::{DIM, GOOD, LOUD};
use crate::compose::{Explanation, instant_in_words};
use crate::policy::{Expectation, Origin, Policy, Wanted};

/// Longer texts are shown only where they differ.
const LONG: usize = 60;
/// How many characters are shown around the place.
const AROUND: usize = 20;

/// What came of one event.
pub(super) struct Happened<'a> {
    /// Of a mail: how it was decided.
    pub(super) explanation: Option<Explanation>,
    /// The case of the tested mail, as it stands then.
    pub(super) case: Option<&'a Case>,
    /// The escalations of the case that started since the event before, and with this one.
    pub(super) starts: Vec<String>,
    /// When it happened.
    pub(super) at: Timestamp,
}

impl Happened<'_> {
    fn field(&self, key: &str) -> Value {
        self.explanation.as_ref().and_then(|explanation| explanation.get(key)).cloned().unwrap_or(Value::Null)
    }

    fn inside(&self, outer: &str, key: &str) -> Value {
        self.field(outer).get(key).cloned().unwrap_or(Value::Null)
    }

    /// The value of an expectation's key.
    fn got(&self, key: &str) -> Value {
        match key {
            "customer" => self.inside("customer", "name"),
            "alerts" => each(&self.field("alerts"), |alert| text_of(alert, "escalation")),
            "pages" => {
                let pages = |alert: &Value| alert.get("pages").and_then(Value::as_bool).unwrap_or(false);
                Value::Bool(self.field("alerts").as_array().is_some_and(|alerts| alerts.iter().any(pages)))
            }
            "defer" => self.inside("defer", "escalation"),
            "defer_until" => self.inside("defer", "until"),
            "reply" => self.inside("reply", "template"),
            "reply_to" => self.inside("reply", "to"),
            "reply_subject" => self.inside("reply", "subject"),
            "says" | "says_not" => self.inside("reply", "text"),
            "near_misses" => each(&self.field("near_misses"), |near| text_of(near, "text")),
            "ignored" => each(&self.field("ignored_hits"), |hit| {
                format!("{}:{}", text_of(hit, "why"), text_of(hit, "text"))
            }),
            "hits" => {
                let urgency = self.inside("labels", "urgency");
                each(urgency.get("hits").unwrap_or(&Value::Null), |hit| text_of(hit, "text"))
            }
            "case" | "starts" | "running" | "waiting" | "late" => self.of_case(key),
            label if self.inside("labels", label).is_object() => {
                self.inside("labels", label).get("value").cloned().unwrap_or(Value::Null)
            }
            other => self.field(other),
        }
    }

    fn of_case(&self, key: &str) -> Value {
        let Some(case) = self.case else { return Value::Null };
        match key {
            "case" => case.state.slug().into(),
            "starts" => self.starts.clone().into(),
            "running" => {
                let running = case.running.iter().filter(|running| !running.acknowledged);
                running.map(|running| running.plan.escalation.as_str()).collect()
            }
            "waiting" => case.deferred.iter().map(|deferred| deferred.plan.escalation.as_str()).collect(),
            _ => case.is_late(self.at).into(),
        }
    }

    /// Why it came out so, as the trace has it.
    fn because(&self, expected: &Expectation) -> Vec<String> {
        let key = expected.key.as_str();
        let (step, outcome) = match (key, &expected.wanted) {
            ("coverage", Wanted::Text(rule)) => ("coverage", format!("\"{rule}\"")),
            ("alerts" | "pages", _) => ("alert", String::new()),
            ("desk" | "hours" | "closed_for" | "opens_at", _) => ("desk", String::new()),
            ("customer" | "plan", _) => ("customer", String::new()),
            ("conversation", _) => ("conversation", String::new()),
            ("respond_by", _) => ("target", String::new()),
            ("reply" | "says" | "says_not" | "reply_to" | "reply_subject", _) => {
                return self.no_reply().into_iter().collect();
            }
            _ => ("label", format!("{key} = ")),
        };
        let trace = self.field("trace");
        let lines = trace.as_array().into_iter().flatten().filter(|line| text_of(line, "step") == step);
        let said = |line: &Value| match step {
            "target" => text_of(line, "because"),
            _ => format!("{}: {}", text_of(line, "outcome"), text_of(line, "because")),
        };
        let about: Vec<String> = lines.map(said).filter(|line| line.starts_with(&outcome)).collect();
        if step != "coverage" || !about.is_empty() {
            return about;
        }
        // A rule that was not tried stands below the one that applies.
        let applied = self.field("coverage");
        applied.as_str().map(|rule| format!("{rule:?} applies before it")).into_iter().collect()
    }

    fn no_reply(&self) -> Option<String> {
        let withheld = each(&self.field("reply_withheld"), |slug| slug.as_str().unwrap_or("").to_owned());
        let withheld: Vec<&str> = withheld.as_array()?.iter().filter_map(Value::as_str).collect();
        (!withheld.is_empty()).then(|| format!("withheld: {}", withheld.join(", ")))
    }
}

/// What differs from one expectation; `None` when it holds.
pub(super) fn difference(expected: &Expectation, happened: &Happened<'_>, policy: &Policy) -> Option<String> {
    let got = match (expected.key.as_str(), &expected.wanted, happened.got(&expected.key)) {
        ("reply_subject", Wanted::Text(wanted), Value::String(got))
            if without_reference(wanted) == wanted =>
        {
            without_reference(&got).into()
        }
        (_, _, got) => got,
    };
    if holds(&expected.key, &expected.wanted, &got) {
        return None;
    }
    let mut lines = format!("  {}  {DIM}{}{DIM:#}\n", expected.key, line(&expected.origin, policy));
    lines.extend(apart(expected, &got, policy));
    let because = happened.because(expected).into_iter();
    lines.extend(because.map(|because| format!("    {DIM}since  {because}{DIM:#}\n")));
    Some(lines)
}

/// What was wanted and what came, a line each.
fn apart(expected: &Expectation, got: &Value, policy: &Policy) -> Vec<String> {
    let wanted = |text: &str| format!("    wanted {GOOD}{text}{GOOD:#}\n");
    let came = |text: &str| format!("    got    {LOUD}{text}{LOUD:#}\n");
    match (expected.key.as_str(), &expected.wanted, got) {
        (key @ ("says" | "says_not"), Wanted::Texts(texts), Value::String(reply)) => {
            let not = if key == "says_not" { "not " } else { "" };
            let wrong = texts.iter().filter(|text| says(got, text) == (key == "says_not"));
            let mut lines: Vec<String> = wrong.map(|text| wanted(&format!("{not}{text:?}"))).collect();
            lines.push("    got    this reply\n".to_owned());
            let quoted =
                |line: &str| format!("{}\n", format!("      {DIM}|{DIM:#} {}", clean(line)).trim_end());
            lines.extend(reply.lines().map(quoted));
            lines
        }
        (_, Wanted::Text(text), Value::String(got)) => {
            let (text, got) = parted(text, got);
            vec![wanted(&text), came(&got)]
        }
        (_, Wanted::Texts(texts), Value::Array(got)) if texts.len() + got.len() > 4 => {
            let got: Vec<&str> = got.iter().filter_map(Value::as_str).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let (missing, more) = (without(&texts, &got), without(&got, &texts));
            let lists = [("missing", missing, GOOD), ("unwanted", more, LOUD)];
            let lists = lists.into_iter().filter(|(_, list, _)| !list.is_empty());
            lists.map(|(name, list, style)| format!("    {name} {style}{list:?}{style:#}\n")).collect()
        }
        (_, wish, _) => {
            vec![wanted(&wanted_in_words(wish, got, policy)), came(&got_in_words(wish, got, policy))]
        }
    }
}

/// `line 16`; the file is the example's.
pub(super) fn line(origin: &Origin, policy: &Policy) -> String {
    let source = policy.source(origin);
    source.rsplit_once(':').map_or_else(String::new, |(_, line)| format!("line {line}"))
}

/// An instant in the zone of the first desk, as examples write it.
pub(super) fn instant(at: Timestamp, policy: &Policy) -> String {
    let calendar = policy.desks.first().and_then(|desk| policy.calendars.get(desk.calendar));
    calendar.map_or_else(|| at.to_string(), |calendar| instant_in_words(at, calendar.zone()))
}

fn wanted_in_words(wanted: &Wanted, got: &Value, policy: &Policy) -> String {
    match wanted {
        Wanted::Text(text) => format!("{text:?}"),
        Wanted::Flag(false) if !matches!(got, Value::Bool(_)) => "none".to_owned(),
        Wanted::Flag(flag) => flag.to_string(),
        Wanted::Texts(texts) => format!("{texts:?}"),
        Wanted::At(at) => instant(*at, policy),
    }
}

fn got_in_words(wanted: &Wanted, got: &Value, policy: &Policy) -> String {
    match (got, wanted) {
        (Value::String(text), Wanted::At(_)) => {
            text.parse().map_or_else(|_| text.clone(), |at| instant(at, policy))
        }
        (Value::String(text), _) => format!("{text:?}"),
        (Value::Null, _) => "none".to_owned(),
        (Value::Array(list), _) => {
            format!("{:?}", list.iter().filter_map(Value::as_str).collect::<Vec<_>>())
        }
        (got, _) => got.to_string(),
    }
}

/// Two different texts in quotes; of long ones, what stands around the place where they differ.
fn parted(wanted: &str, got: &str) -> (String, String) {
    let (wanted, got): (Vec<char>, Vec<char>) = (wanted.chars().collect(), got.chars().collect());
    if wanted.len().max(got.len()) <= LONG {
        let quoted = |text: &[char]| format!("{:?}", text.iter().collect::<String>());
        return (quoted(&wanted), quoted(&got));
    }
    let same_before = wanted.iter().zip(&got).take_while(|(a, b)| a == b).count();
    let shorter = wanted.len().min(got.len()) - same_before;
    let same_after =
        wanted.iter().rev().zip(got.iter().rev()).take(shorter).take_while(|(a, b)| a == b).count();
    let from = same_before.saturating_sub(AROUND);
    let cut = |text: &[char]| {
        let to = (text.len() - same_after + AROUND).min(text.len());
        let shown: String = text.iter().take(to).skip(from).collect();
        let (before, after) = (if from > 0 { "… " } else { "" }, if to < text.len() { " …" } else { "" });
        format!("{before}{shown:?}{after}")
    };
    (cut(&wanted), cut(&got))
}

/// What stands in a list and not in another, each as often as it is missing there.
fn without<'t>(list: &[&'t str], other: &[&'t str]) -> Vec<&'t str> {
    let mut other = other.to_vec();
    let is_more = |text: &&&str| match other.iter().position(|one| one == *text) {
        Some(index) => {
            other.swap_remove(index);
            false
        }
        None => true,
    };
    list.iter().filter(is_more).copied().collect()
}

fn each(list: &Value, text: impl Fn(&Value) -> String) -> Value {
    list.as_array().into_iter().flatten().map(text).collect()
}

fn text_of(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn holds(key: &str, wanted: &Wanted, got: &Value) -> bool {
    match (key, wanted) {
        ("says", Wanted::Texts(texts)) => texts.iter().all(|text| says(got, text)),
        ("says_not", Wanted::Texts(texts)) => got.is_string() && !texts.iter().any(|text| says(got, text)),
        (_, Wanted::Flag(flag)) => match got {
            Value::Bool(got) => got == flag,
            Value::Null => !flag,
            Value::Array(list) => list.is_empty() && !flag,
            Value::String(_) | Value::Number(_) | Value::Object(_) => false,
        },
        (_, Wanted::Text(text)) => got.as_str() == Some(text),
        (_, Wanted::Texts(texts)) => {
            let mut got: Vec<&str> = got.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            got.sort_unstable();
            texts.sort_unstable();
            got == texts
        }
        (_, Wanted::At(at)) => got.as_str().and_then(|got| got.parse::<Timestamp>().ok()) == Some(*at),
    }
}

/// A subject without a reference such as `[K7Q4-MX2P]` at its end, which nobody knows who writes an example.
fn without_reference(subject: &str) -> &str {
    let Some((before, reference)) = subject.strip_suffix(']').and_then(|rest| rest.rsplit_once('[')) else {
        return subject;
    };
    let is_digit = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    let is_reference = reference.len() == 9
        && reference
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 { byte == b'-' } else { is_digit(byte) });
    if is_reference { before.trim_end() } else { subject }
}

/// Whether a reply says something, however its lines are broken.
fn says(reply: &Value, text: &str) -> bool {
    let fold = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    reply.as_str().is_some_and(|reply| fold(reply).contains(&fold(text)))
}
