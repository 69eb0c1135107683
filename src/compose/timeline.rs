//! What follows if nobody reacts, for people and for programs.
//!
//! The instants are the case's own ([`Case::outlook`]); here they get words. What a policy asks for and nothing acts on
//! yet is said to be so.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::explanation::Explained;
use super::words::{instant_in_words, rfc3339};
use crate::calendar::Zone;
use crate::casework::{Case, Coming, Turn};
use crate::decision::Hours;

/// The moments that come, in the order of time.
#[derive(Debug, Clone)]
pub struct Timeline<'a> {
    zone: Option<&'a Zone>,
    moments: Vec<Moment>,
    /// Escalations of which something is not acted on, and what.
    pub(super) not_acted_on: Vec<(String, String)>,
}

/// One moment.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) at: Timestamp,
    event: &'static str,
    escalation: Option<String>,
    notify: Vec<String>,
    /// It will really happen in this version.
    pub(super) acted_on: bool,
    pub(super) words: String,
}

impl<'a> Timeline<'a> {
    /// What follows for the case of a mail that was just decided; without a case, that the desk opens.
    pub fn of(explained: &Explained<'a>, case: Option<&Case>) -> Self {
        let Explained { decision, policy, .. } = explained;
        let desk = policy.desks.get(decision.desk);
        let calendar = desk.and_then(|desk| policy.calendars.get(desk.calendar));
        let coming = case.map(|case| case.outlook(decision.now)).unwrap_or_default();
        let mut moments: Vec<Moment> = Vec::new();
        if let (Hours::Closed { opens_at: Some(at), .. }, Some(desk)) = (decision.hours, desk) {
            moments.push(Moment::plain(at, "desk-opens", format!("the desk {} opens", desk.name)));
        }
        moments.extend(coming.into_iter().map(Moment::of));
        moments.sort_by_key(|moment| moment.at);
        let starts =
            |escalation: &str| moments.iter().any(|moment| moment.escalation.as_deref() == Some(escalation));
        let not_acted_on = policy.escalations.iter().filter(|escalation| starts(&escalation.name));
        let not_acted_on = not_acted_on
            .map(|escalation| (escalation.name.clone(), escalation.not_acted_on().join(", ")))
            .filter(|(_, what)| !what.is_empty())
            .collect();
        Timeline { zone: calendar.map(crate::calendar::Calendar::zone), moments, not_acted_on }
    }

    pub(super) fn moments(&self) -> impl Iterator<Item = (String, &Moment)> {
        self.moments.iter().map(|moment| {
            let at =
                self.zone.map_or_else(|| moment.at.to_string(), |zone| instant_in_words(moment.at, zone));
            (at, moment)
        })
    }

    /// The moments as data.
    pub(super) fn to_json(&self) -> Value {
        let moment = |moment: &Moment| {
            json!({
                "at": self.zone.map_or_else(|| moment.at.to_string(), |zone| rfc3339(moment.at, zone)),
                "event": moment.event,
                "escalation": moment.escalation,
                "notify": moment.notify,
                "acted_on": moment.acted_on,
            })
        };
        self.moments.iter().map(moment).collect()
    }
}

impl Moment {
    fn plain(at: Timestamp, event: &'static str, words: String) -> Self {
        Moment { at, event, escalation: None, notify: Vec::new(), acted_on: true, words }
    }

    fn of(coming: Coming) -> Self {
        let Coming { at, turn } = coming;
        match turn {
            Turn::Starts { escalation, deferred, notify } => {
                let waited = if deferred { ", which waited for the opening," } else { "" };
                let words = format!("{escalation}{waited} starts and tells {}", notify.join(", "));
                let plain = Moment::plain(at, "starts", words);
                Moment { escalation: Some(escalation), notify, ..plain }
            }
            Turn::LaterStep { escalation, notify } => {
                let words = format!(
                    "{escalation} would tell {}, which this version does not do yet",
                    notify.join(", ")
                );
                let plain = Moment::plain(at, "step", words);
                Moment { escalation: Some(escalation), notify, acted_on: false, ..plain }
            }
            Turn::TargetPasses => {
                Moment::plain(at, "target-passes", "the answer is due; later the case is late".to_owned())
            }
            Turn::GivesUp { escalation } => {
                let words = format!("{escalation} gives up");
                Moment { escalation: Some(escalation), ..Moment::plain(at, "gives-up", words) }
            }
            Turn::Lapses => Moment::plain(at, "lapses", "the case lapses: nobody came".to_owned()),
        }
    }
}
