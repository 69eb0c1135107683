//! `expect`: what an example can expect, and whether it could ever come out.

use super::super::super::condition::{AUTHENTICATED, CLOSED_FOR, CONVERSATIONS, HOURS};
use super::super::super::written::{self, ExpectedValue};
use super::super::super::{Expectation, Label, Origin, Wanted};
use super::super::find;
use super::Reader;
use crate::base::diagnostic::{Diagnostic, suggest};
use crate::base::document::{At, Problems, clip, list};

/// What can be expected of a mail besides labels and matrices.
const MAIL_KEYS: [&str; 28] = [
    "hours",
    "closed_for",
    "desk",
    "opens_at",
    "coverage",
    "alerts",
    "pages",
    "defer",
    "defer_until",
    "reply",
    "reply_withheld",
    "reply_to",
    "reply_subject",
    "says",
    "says_not",
    "target",
    "respond_by",
    "asked_for",
    "conversation",
    "plan",
    "customer",
    "automation",
    "authenticated",
    "readable",
    "near_misses",
    "ignored",
    "hits",
    "mailbox",
];

/// What can be expected of the case, whatever happened to it.
const CASE_KEYS: [&str; 5] = ["case", "starts", "running", "waiting", "late"];

/// What only a later version does; an example that expects it could not hold.
const NOT_YET: [&str; 10] = [
    "step",
    "steps",
    "repeats",
    "repeated",
    "reminder",
    "reminders",
    "reminded",
    "notified",
    "notify",
    "grouped",
];

/// Why what an escalation does later cannot be expected.
pub(super) const ONLY_THE_FIRST_STEP: &str = "in this version only the first step of an escalation is acted on, and cases are taken, answered and closed";

const INSTANT_KEYS: [&str; 3] = ["opens_at", "defer_until", "respond_by"];
const LIST_KEYS: [&str; 12] = [
    "alerts",
    "reply_withheld",
    "says",
    "says_not",
    "asked_for",
    "automation",
    "near_misses",
    "ignored",
    "hits",
    "starts",
    "running",
    "waiting",
];
const FLAG_KEYS: [&str; 3] = ["pages", "readable", "late"];

/// Whether a key of `expect` has this name, which no label can have then.
pub(in crate::policy) fn is_expect_key(name: &str) -> bool {
    MAIL_KEYS.contains(&name) || CASE_KEYS.contains(&name)
}

/// What an expectation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// A mail, and the case after it.
    Mail,
    /// Something else that happens to a case, so only the case.
    Case,
}

impl Reader<'_> {
    pub(super) fn expectations(
        &self,
        written: &written::Expectations,
        about: About,
        problems: &mut Problems,
    ) -> Vec<Expectation> {
        written.keys.iter().filter_map(|expected| self.expectation(expected, about, problems)).collect()
    }

    fn expectation(
        &self,
        expected: &written::Expected,
        about: About,
        problems: &mut Problems,
    ) -> Option<Expectation> {
        let key = expected.key.value.as_str();
        let label = self.vocabulary.labels.iter().find(|label| label.name == key);
        let known = match about {
            About::Mail => label.is_some() || is_expect_key(key),
            About::Case => CASE_KEYS.contains(&key),
        };
        if !known {
            self.unknown(&expected.key, about, problems);
            return None;
        }
        let wanted = match &expected.value {
            ExpectedValue::Flag(flag) => Wanted::Flag(*flag),
            ExpectedValue::Texts(texts) => Wanted::Texts(texts.clone()),
            ExpectedValue::Text(text) if INSTANT_KEYS.contains(&key) => {
                Wanted::At(self.instant(&At::new(text.clone(), expected.place.span.clone()), problems)?)
            }
            ExpectedValue::Text(text) if LIST_KEYS.contains(&key) => Wanted::Texts(vec![text.clone()]),
            ExpectedValue::Text(text) => Wanted::Text(text.clone()),
        };
        self.plausible(label, &wanted, expected, problems);
        let origin = Origin { file: self.file_index, span: expected.key.span.clone() };
        Some(Expectation { key: key.to_owned(), wanted, origin })
    }

    fn unknown(&self, key: &At<String>, about: About, problems: &mut Problems) {
        let labels = self.vocabulary.labels.iter().map(|label| label.name.as_str());
        let of_mail: Vec<&str> = labels.chain(MAIL_KEYS).collect();
        let name = key.value.as_str();
        let (known, message) = match about {
            About::Mail => ([&of_mail[..], &CASE_KEYS].concat(), "a test cannot expect this"),
            About::Case if of_mail.contains(&name) => {
                (CASE_KEYS.to_vec(), "this can be expected only of a mail or an answer")
            }
            About::Case => (CASE_KEYS.to_vec(), "a test cannot expect this"),
        };
        let hint = if NOT_YET.contains(&name) {
            Some(ONLY_THE_FIRST_STEP.to_owned())
        } else {
            suggest(name, known.iter().copied())
        };
        problems.push_with(|| {
            Diagnostic::error(key.location(self.file), message)
                .found(format!("`{}`", clip(name)))
                .allowed(list(&known))
                .hint_if(hint)
        });
    }

    /// A test that names something the policy does not have could only fail, or worse, never fail.
    fn plausible(
        &self,
        label: Option<&Label>,
        wanted: &Wanted,
        expected: &written::Expected,
        problems: &mut Problems,
    ) {
        let key = expected.key.value.as_str();
        let place = || At::new(String::new(), expected.place.span.clone());
        let known: Option<Vec<&str>> = match key {
            _ if label.is_some() => label.map(|label| label.values.iter().map(String::as_str).collect()),
            "coverage" => Some(self.context.coverage.iter().map(|rule| rule.name.as_str()).collect()),
            "alerts" | "defer" | "starts" | "running" | "waiting" => {
                Some(self.context.escalations.iter().map(|one| one.name.as_str()).collect())
            }
            "reply" => Some(self.context.replies.names().collect()),
            "asked_for" => Some(self.context.asks.iter().map(|ask| ask.name.as_str()).collect()),
            "desk" => Some(self.vocabulary.desks.iter().map(String::as_str).collect()),
            "case" => Some(vec!["open", "acknowledged", "answered", "closed", "lapsed"]),
            "hours" => Some(HOURS.to_vec()),
            "closed_for" => Some(CLOSED_FOR.to_vec()),
            "conversation" => Some(CONVERSATIONS.to_vec()),
            "authenticated" => Some(AUTHENTICATED.to_vec()),
            _ => None,
        };
        let texts: Vec<&String> = match wanted {
            Wanted::Text(text) => vec![text],
            Wanted::Texts(texts) => texts.iter().collect(),
            Wanted::Flag(_) | Wanted::At(_) => Vec::new(),
        };
        for text in texts {
            if let Some(known) = &known
                && !known.contains(&text.as_str())
            {
                let name = At { value: text.clone(), ..place() };
                find(self.file, &name, &format!("value of `{key}`"), known.iter().copied(), problems);
            }
        }
        let needs_flag = FLAG_KEYS.contains(&key) && !matches!(wanted, Wanted::Flag(_));
        let never_true = !FLAG_KEYS.contains(&key) && *wanted == Wanted::Flag(true);
        if needs_flag || never_true {
            let allowed = if needs_flag { "`true` or `false`" } else { "a value, or `false` for none" };
            problems.push_with(|| {
                Diagnostic::error(place().location(self.file), format!("`{key}` is never this"))
                    .allowed(allowed)
            });
        }
    }
}
