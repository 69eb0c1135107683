//! An explanation as data: section 4 of the contract, key by key.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::reply::Reply;
use super::timeline::Timeline;
use super::trace::{Context, Line, hours};
use super::words::rfc3339;
use crate::calendar::Zone;
use crate::decision::{By, Decision, Hours, LabelOutcome, Reading, Why};
use crate::mail::MessageId;
use crate::policy::{Place, Policy, RenderError};

/// What is explained.
#[derive(Debug, Clone, Copy)]
pub struct Explained<'a> {
    /// The file as the user named it.
    pub file: &'a str,
    /// The mail as read.
    pub reading: &'a Reading,
    /// What was decided.
    pub decision: &'a Decision,
    /// Under which policy.
    pub policy: &'a Policy,
    /// The reply as it would be sent, or why it cannot be rendered.
    pub reply: &'a Result<Option<Reply>, RenderError>,
}

impl Explained<'_> {
    /// Appends the explanation as JSON on one line: what [`Explanation::to_json`] says, without making values of it
    /// first, since a backtest writes millions.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        let before = out.len();
        // A map of texts, numbers and lists is always JSON, and memory takes it all.
        if serde_json::to_writer(&mut *out, &Writer::new(self)).is_err() {
            out.truncate(before);
        }
    }
}

/// The answer of `explain`, in the order of the contract.
#[derive(Debug, Clone)]
pub struct Explanation {
    fields: Map<String, Value>,
}

impl Explanation {
    /// Explains a decision.
    pub fn of(explained: &Explained<'_>) -> Self {
        match serde_json::to_value(Writer::new(explained)) {
            Ok(Value::Object(fields)) => Explanation { fields },
            Ok(_) | Err(_) => Explanation { fields: Map::new() },
        }
    }

    /// The same, with what follows if nobody reacts.
    #[must_use]
    pub fn with_timeline(mut self, timeline: &Timeline<'_>) -> Self {
        self.fields.insert("timeline".to_owned(), timeline.to_json());
        self
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.fields.get(key)
    }

    /// The whole as JSON on one line.
    pub fn to_json(&self) -> String {
        // A map of texts, numbers and lists is always JSON.
        serde_json::to_string(&self.fields).unwrap_or_default()
    }

    /// Adds what another policy answers to the same mail: the values of the keys that differ. Two policies never have
    /// the same trace, so it is left out.
    pub fn set_against(&mut self, other: &Explanation) {
        const OWN: [&str; 3] = ["policy", "policy_digest", "trace"];
        let differs = |(key, value): &(&String, &Value)| {
            !OWN.contains(&key.as_str()) && self.fields.get(key.as_str()) != Some(value)
        };
        let changed: Map<String, Value> =
            other.fields.iter().filter(differs).map(|(key, value)| (key.clone(), value.clone())).collect();
        self.fields.insert("against".to_owned(), changed.into());
    }
}

struct Writer<'a> {
    explained: &'a Explained<'a>,
    context: Context<'a>,
}

impl Serialize for Writer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        self.mail(&mut fields)?;
        self.words(&mut fields)?;
        self.sender(&mut fields)?;
        self.hours(&mut fields)?;
        self.outcome(&mut fields)?;
        fields.serialize_entry("trace", &self.trace())?;
        fields.end()
    }
}

impl<'a> Writer<'a> {
    fn new(explained: &'a Explained<'a>) -> Self {
        let Explained { reading, decision, policy, .. } = *explained;
        Writer { explained, context: Context { reading, decision, policy } }
    }

    fn mail<S: SerializeMap>(&self, fields: &mut S) -> Result<(), S::Error> {
        let Explained { file, reading, decision, policy, .. } = self.explained;
        let message = &reading.message;
        fields.serialize_entry("file", file)?;
        fields.serialize_entry("policy", &policy.name)?;
        fields.serialize_entry("policy_digest", &policy.digest)?;
        fields.serialize_entry("mailbox", &reading.mailbox)?;
        let message_id = message.message_id.as_ref().map(MessageId::as_str);
        fields.serialize_entry("message_id", &message_id)?;
        let from = message.from.first().map(|from| from.address.to_string());
        fields.serialize_entry("from", &from)?;
        fields.serialize_entry("subject", &message.subject)?;
        fields.serialize_entry("received_at", &self.instant(Some(decision.received_at)))?;
        match message.unreadable {
            Some(unreadable) => fields.serialize_entry("unreadable", unreadable.slug()),
            None => Ok(()),
        }
    }

    fn words<S: SerializeMap>(&self, fields: &mut S) -> Result<(), S::Error> {
        let Explained { reading, decision, policy, .. } = self.explained;
        let labels = policy.labels.iter().zip(&decision.labels).enumerate();
        let labels: Vec<(&str, LabelFields<'_>)> = labels
            .map(|(index, (label, outcome))| (label.name.as_str(), self.label(index, outcome)))
            .collect();
        fields.serialize_entry("labels", &InOrder(&labels))?;
        let ignored: Vec<HitFields<'_>> =
            decision.ignored.iter().filter_map(|(hit, why)| self.hit(*hit, Some(*why))).collect();
        fields.serialize_entry("ignored_hits", &ignored)?;
        let near: Vec<Value> = reading
            .near_misses
            .iter()
            .map(|near| {
                let keyword = policy.words.terms.get(near.term).map_or("", |term| term.text.as_str());
                json!({"text": near.text, "keyword": keyword, "place": self.context.place(near.place)})
            })
            .collect();
        fields.serialize_entry("near_misses", &near)
    }

    fn label(&self, label: usize, outcome: &'a LabelOutcome) -> LabelFields<'a> {
        let value = outcome.value.and_then(|value| self.explained.policy.value(label, value));
        let mut hits: Vec<HitFields<'a>> =
            outcome.hits.iter().filter_map(|hit| self.hit(*hit, None)).collect();
        if let (true, Some(value)) = (outcome.inherited, value) {
            let place = self.context.place(Place::Conversation);
            hits.push(HitFields { keyword: value, place, text: value, start: 0, end: 0, why: None });
        }
        LabelFields { value, hits }
    }

    fn hit(&self, index: usize, why: Option<Why>) -> Option<HitFields<'a>> {
        let hit = self.explained.reading.hits.get(index)?;
        let term = self.explained.policy.words.terms.get(hit.term);
        Some(HitFields {
            keyword: term.map_or("", |term| term.text.as_str()),
            place: self.context.place(hit.place),
            text: &hit.text,
            start: hit.start,
            end: hit.end,
            why: why.map(Why::slug),
        })
    }

    fn sender<S: SerializeMap>(&self, fields: &mut S) -> Result<(), S::Error> {
        let Explained { reading, decision, policy, .. } = self.explained;
        let customer = decision.customer.and_then(|row| policy.customers.get(row));
        fields.serialize_entry("customer", &customer.map(|customer| json!({"name": customer.name})))?;
        fields.serialize_entry("plan", &decision.plan)?;
        fields.serialize_entry("authenticated", reading.authenticated.slug())?;
        fields.serialize_entry("readable", &reading.message.unreadable.is_none())?;
        let mut slugs: Vec<&str> = Vec::new();
        for evidence in &reading.evidence {
            if !slugs.contains(&evidence.slug.slug()) {
                slugs.push(evidence.slug.slug());
            }
        }
        fields.serialize_entry("automation", &slugs)?;
        fields.serialize_entry("conversation", decision.conversation.slug())
    }

    fn hours<S: SerializeMap>(&self, fields: &mut S) -> Result<(), S::Error> {
        let Explained { decision, policy, .. } = self.explained;
        let (closed_for, opens_at) = match decision.hours {
            Hours::Open => (None, None),
            Hours::Closed { closed_for, opens_at } => (Some(closed_for.slug()), opens_at),
        };
        fields.serialize_entry("desk", &policy.desks.get(decision.desk).map(|desk| desk.name.as_str()))?;
        fields.serialize_entry("hours", hours(decision.hours))?;
        fields.serialize_entry("closed_for", &closed_for)?;
        fields.serialize_entry("opens_at", &self.instant(opens_at))
    }

    fn outcome<S: SerializeMap>(&self, fields: &mut S) -> Result<(), S::Error> {
        let Explained { decision, policy, reply, .. } = self.explained;
        let escalation =
            |index: usize| policy.escalations.get(index).map(|escalation| escalation.name.as_str());
        let coverage = decision.coverage.and_then(|rule| policy.coverage.get(rule));
        fields.serialize_entry("coverage", &coverage.map(|rule| rule.name.as_str()))?;
        let alerts: Vec<Value> = decision
            .alerts
            .iter()
            .map(|alert| {
                let by = match alert.by {
                    By::Coverage(rule) => policy.coverage.get(rule).map(|rule| rule.name.as_str()),
                    By::Also(rule) => policy.also.get(rule).map(|rule| rule.name.as_str()),
                };
                json!({"escalation": escalation(alert.escalation), "pages": alert.pages, "by": by})
            })
            .collect();
        fields.serialize_entry("alerts", &alerts)?;
        let defer = decision.defer.as_ref().map(|deferral| {
            json!({"escalation": escalation(deferral.escalation), "until": self.instant(Some(deferral.until))})
        });
        fields.serialize_entry("defer", &defer)?;
        let reply = reply.as_ref().ok().and_then(Option::as_ref).map(|reply| ReplyFields {
            template: &reply.template,
            language: reply.language.as_deref(),
            to: reply.to.to_string(),
            subject: &reply.rendered.subject,
            text: &reply.rendered.text,
        });
        fields.serialize_entry("reply", &reply)?;
        let withheld: Vec<&str> = decision.reply_withheld.iter().map(|withheld| withheld.slug()).collect();
        fields.serialize_entry("reply_withheld", &withheld)?;
        fields.serialize_entry("target", &decision.target.map(|target| target.to_string()))?;
        fields.serialize_entry("respond_by", &self.instant(decision.respond_by))?;
        let asked: Vec<&str> = decision
            .asked_for
            .iter()
            .filter_map(|ask| policy.asks.get(*ask))
            .map(|ask| ask.name.as_str())
            .collect();
        fields.serialize_entry("asked_for", &asked)
    }

    fn trace(&self) -> Vec<Line> {
        let mut lines = self.context.not_counted();
        if let Some(because) = self.context.forwarded() {
            lines.push(Line {
                step: "read",
                outcome: "the forwarded mail".to_owned(),
                because: because.to_owned(),
                source: String::new(),
            });
        }
        lines.extend(self.context.in_doubt().into_iter().map(|because| Line {
            step: "read",
            outcome: "counted in doubt".to_owned(),
            because: because.to_owned(),
            source: String::new(),
        }));
        lines.extend(self.context.lines());
        for omitted in &self.explained.reading.message.omitted {
            lines.push(Line {
                step: "read",
                outcome: format!("part {} left out", omitted.section),
                because: format!("{} of {} bytes was not looked at", omitted.media_type, omitted.bytes),
                source: String::new(),
            });
        }
        if let Err(error) = self.explained.reply {
            lines.push(Line {
                step: "reply",
                outcome: "failed".to_owned(),
                because: error.message.clone(),
                source: error.file.clone(),
            });
        }
        lines
    }

    fn zone(&self) -> Option<&Zone> {
        let Explained { decision, policy, .. } = self.explained;
        let calendar = policy.desks.get(decision.desk)?.calendar;
        Some(policy.calendars.get(calendar)?.zone())
    }

    fn instant(&self, instant: Option<jiff::Timestamp>) -> Option<String> {
        instant.zip(self.zone()).map(|(instant, zone)| rfc3339(instant, zone))
    }
}

/// A label as the contract has it.
#[derive(Serialize)]
struct LabelFields<'a> {
    value: Option<&'a str>,
    hits: Vec<HitFields<'a>>,
}

/// A hit as the contract has it.
#[derive(Serialize)]
struct HitFields<'a> {
    keyword: &'a str,
    place: String,
    text: &'a str,
    start: usize,
    end: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

/// A reply as the contract has it.
#[derive(Serialize)]
struct ReplyFields<'a> {
    template: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    to: String,
    subject: &'a str,
    text: &'a str,
}

/// Keys and values in the order of a list.
struct InOrder<'a, T>(&'a [(&'a str, T)]);

impl<T: Serialize> Serialize for InOrder<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}
