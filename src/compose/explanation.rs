//! An explanation as data: section 4 of the contract, key by key.

use serde_json::{Map, Value, json};

use super::reply::Reply;
use super::trace::{Context, Line, hours};
use super::words::rfc3339;
use crate::calendar::Zone;
use crate::decision::{By, Decision, Hours, Reading, Why};
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

/// The answer of `explain`, in the order of the contract.
#[derive(Debug, Clone)]
pub struct Explanation {
    fields: Map<String, Value>,
}

impl Explanation {
    /// Explains a decision.
    pub fn of(explained: &Explained<'_>) -> Self {
        let mut fields = Map::new();
        let context =
            Context { reading: explained.reading, decision: explained.decision, policy: explained.policy };
        let writer = Writer { explained, context };
        writer.mail(&mut fields);
        writer.words(&mut fields);
        writer.sender(&mut fields);
        writer.hours(&mut fields);
        writer.outcome(&mut fields);
        fields.insert("trace".to_owned(), writer.trace());
        Explanation { fields }
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

impl Writer<'_> {
    fn put(fields: &mut Map<String, Value>, key: &str, value: impl Into<Value>) {
        fields.insert(key.to_owned(), value.into());
    }

    fn zone(&self) -> Option<&Zone> {
        let Explained { decision, policy, .. } = self.explained;
        let calendar = policy.desks.get(decision.desk)?.calendar;
        Some(policy.calendars.get(calendar)?.zone())
    }

    fn instant(&self, instant: Option<jiff::Timestamp>) -> Value {
        instant.zip(self.zone()).map_or(Value::Null, |(instant, zone)| rfc3339(instant, zone).into())
    }

    fn mail(&self, fields: &mut Map<String, Value>) {
        let Explained { file, reading, decision, policy, .. } = self.explained;
        let message = &reading.message;
        Self::put(fields, "file", *file);
        Self::put(fields, "policy", policy.name.as_str());
        Self::put(fields, "policy_digest", policy.digest.as_str());
        Self::put(fields, "mailbox", reading.mailbox.clone());
        Self::put(fields, "message_id", message.message_id.as_ref().map(|id| id.as_str().to_owned()));
        Self::put(fields, "from", message.from.first().map(|from| from.address.to_string()));
        Self::put(fields, "subject", message.subject.as_str());
        Self::put(fields, "received_at", self.instant(Some(decision.received_at)));
        if let Some(unreadable) = message.unreadable {
            Self::put(fields, "unreadable", unreadable.slug());
        }
    }

    fn words(&self, fields: &mut Map<String, Value>) {
        let Explained { reading, decision, policy, .. } = self.explained;
        let mut labels = Map::new();
        for (index, (label, outcome)) in policy.labels.iter().zip(&decision.labels).enumerate() {
            let value = outcome.value.and_then(|value| policy.value(index, value));
            let mut hits: Vec<Value> = outcome.hits.iter().filter_map(|hit| self.hit(*hit, None)).collect();
            if let (true, Some(value)) = (outcome.inherited, value) {
                let place = self.context.place(Place::Conversation);
                hits.push(json!({"keyword": value, "place": place, "text": value, "start": 0, "end": 0}));
            }
            labels.insert(label.name.clone(), json!({"value": value, "hits": hits}));
        }
        Self::put(fields, "labels", labels);
        let ignored: Vec<Value> =
            decision.ignored.iter().filter_map(|(hit, why)| self.hit(*hit, Some(*why))).collect();
        Self::put(fields, "ignored_hits", ignored);
        let near: Vec<Value> = reading
            .near_misses
            .iter()
            .map(|near| {
                let keyword = policy.words.terms.get(near.term).map_or("", |term| term.text.as_str());
                json!({"text": near.text, "keyword": keyword, "place": self.context.place(near.place)})
            })
            .collect();
        Self::put(fields, "near_misses", near);
    }

    fn hit(&self, index: usize, why: Option<Why>) -> Option<Value> {
        let hit = self.explained.reading.hits.get(index)?;
        let keyword = self.explained.policy.words.terms.get(hit.term).map_or("", |term| term.text.as_str());
        let mut fields = Map::new();
        Self::put(&mut fields, "keyword", keyword);
        Self::put(&mut fields, "place", self.context.place(hit.place));
        Self::put(&mut fields, "text", hit.text.as_str());
        Self::put(&mut fields, "start", hit.start);
        Self::put(&mut fields, "end", hit.end);
        if let Some(why) = why {
            Self::put(&mut fields, "why", why.slug());
        }
        Some(Value::Object(fields))
    }

    fn sender(&self, fields: &mut Map<String, Value>) {
        let Explained { reading, decision, policy, .. } = self.explained;
        let customer = decision.customer.and_then(|row| policy.customers.get(row));
        Self::put(fields, "customer", customer.map(|customer| json!({"name": customer.name})));
        Self::put(fields, "plan", decision.plan.clone());
        Self::put(fields, "authenticated", reading.authenticated.slug());
        Self::put(fields, "readable", reading.message.unreadable.is_none());
        let mut slugs: Vec<&str> = Vec::new();
        for evidence in &reading.evidence {
            if !slugs.contains(&evidence.slug.slug()) {
                slugs.push(evidence.slug.slug());
            }
        }
        Self::put(fields, "automation", slugs);
        Self::put(fields, "conversation", decision.conversation.slug());
    }

    fn hours(&self, fields: &mut Map<String, Value>) {
        let Explained { decision, policy, .. } = self.explained;
        let (closed_for, opens_at) = match decision.hours {
            Hours::Open => (None, None),
            Hours::Closed { closed_for, opens_at } => (Some(closed_for.slug()), opens_at),
        };
        Self::put(fields, "desk", policy.desks.get(decision.desk).map(|desk| desk.name.clone()));
        Self::put(fields, "hours", hours(decision.hours));
        Self::put(fields, "closed_for", closed_for);
        Self::put(fields, "opens_at", self.instant(opens_at));
    }

    fn outcome(&self, fields: &mut Map<String, Value>) {
        let Explained { decision, policy, reply, .. } = self.explained;
        let escalation =
            |index: usize| policy.escalations.get(index).map(|escalation| escalation.name.clone());
        Self::put(
            fields,
            "coverage",
            decision.coverage.and_then(|rule| policy.coverage.get(rule)).map(|rule| rule.name.clone()),
        );
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
        Self::put(fields, "alerts", alerts);
        let defer = decision.defer.as_ref().map(|deferral| {
            json!({"escalation": escalation(deferral.escalation), "until": self.instant(Some(deferral.until))})
        });
        Self::put(fields, "defer", defer);
        let reply = reply.as_ref().ok().and_then(Option::as_ref).map(|reply| {
            json!({
                "template": reply.template,
                "to": reply.to.to_string(),
                "subject": reply.rendered.subject,
                "text": reply.rendered.text,
            })
        });
        Self::put(fields, "reply", reply);
        let withheld: Vec<&str> = decision.reply_withheld.iter().map(|withheld| withheld.slug()).collect();
        Self::put(fields, "reply_withheld", withheld);
        Self::put(fields, "target", decision.target.map(|target| target.to_string()));
        Self::put(fields, "respond_by", self.instant(decision.respond_by));
        let asked: Vec<&str> = decision
            .asked_for
            .iter()
            .filter_map(|ask| policy.asks.get(*ask))
            .map(|ask| ask.name.as_str())
            .collect();
        Self::put(fields, "asked_for", asked);
    }

    fn trace(&self) -> Value {
        let mut lines: Vec<Value> = self.context.lines().iter().map(trace_line).collect();
        for omitted in &self.explained.reading.message.omitted {
            let because = format!("{} of {} bytes was not looked at", omitted.media_type, omitted.bytes);
            lines.push(json!({"step": "read", "outcome": format!("part {} left out", omitted.section), "because": because, "source": ""}));
        }
        if let Err(error) = self.explained.reply {
            lines.push(
                json!({"step": "reply", "outcome": "failed", "because": error.message, "source": error.file}),
            );
        }
        lines.into()
    }
}

fn trace_line(line: &Line) -> Value {
    json!({"step": line.step, "outcome": line.outcome, "because": line.because, "source": line.source})
}
