//! What mails and time bring about, on its way into the outbox and the histories.

use jiff::Timestamp;

use super::alarms;
use crate::base::id::CaseId;
use crate::casework::{Book, Case, Effect, Started};
use crate::compose::{AlarmNote, Alert, Outgoing, ReplyMail};
use crate::decision::{Conversation, Decision, Reading};
use crate::service::window::Window;
use crate::store::{Alarm, Entry, EntryState, HistoryRow, Openings, Way};

/// Everything that a batch will write at its end.
#[derive(Debug, Default)]
pub(super) struct Pending {
    pub(super) entries: Vec<Entry>,
    pub(super) history: Vec<HistoryRow>,
    pub(super) openings: Openings,
    pub(super) alarms: Vec<Alarm>,
    /// Cases whose alerts nobody needs any more.
    pub(super) answered: Vec<CaseId>,
}

impl Pending {
    /// A mail was decided.
    pub(super) fn mail(&mut self, decision: &Decision, reading: &Reading, (window, uid): (&Window, u32)) {
        let mailbox = reading.mailbox.as_deref().unwrap_or(&window.watched.name);
        let detail = format!("{mailbox}/{}/{uid}", window.uid_validity);
        if decision.conversation == Conversation::New {
            self.openings.insert(decision.case, detail);
        } else {
            self.happened(decision.case, decision.conversation.slug(), detail);
        }
    }

    /// Something follows from a mail, or from time.
    pub(super) fn effect(&mut self, effect: &Effect, book: &Book, now: Timestamp) {
        match effect {
            Effect::Alert { case, started } => {
                if let Some(case) = book.case(*case) {
                    self.alert(case, started, now);
                }
            }
            Effect::Deferred { case, escalation, until } => {
                self.happened(*case, "deferred", format!("{escalation}/{until}"));
            }
            Effect::Bounced { case, bounced } => {
                if let Some(case) = case {
                    self.happened(*case, "reply-bounced", bounced.status.clone());
                }
            }
            Effect::Answered(case) => {
                // What runs now ran before the answer.
                for entry in self.entries.iter_mut().filter(|entry| entry.case == Some(*case)) {
                    if matches!(entry.outgoing, Outgoing::Alert(_)) {
                        entry.state = EntryState::Withdrawn;
                    }
                }
                self.answered.push(*case);
            }
            // The mail's own row says so; a reply is told of when it is written.
            Effect::Opened(_) | Effect::Reopened(_) | Effect::Reply { .. } => {}
        }
    }

    /// The first step of an escalation: one entry for each of its channels.
    fn alert(&mut self, case: &Case, started: &Started, now: Timestamp) {
        let Some(running) = case.running(started) else { return };
        let Some(step) = running.plan.steps.first() else { return };
        let alert = Alert {
            dedup_key: format!("{}/{}/{}", case.reference, started.escalation, started.number),
            reference: case.reference.clone(),
            escalation: started.escalation.clone(),
            step: 0,
            pages: running.plan.pages,
            deferred: running.deferred,
            started_at: running.started_at,
            brief: running.brief.clone(),
        };
        let due_at = running.started_at.checked_add(step.after).unwrap_or(now).max(now);
        for channel in &step.notify {
            self.entries.push(Entry {
                way: Way::Channel(channel.clone()),
                case: Some(case.id),
                outgoing: Outgoing::Alert(Box::new(alert.clone())),
                due_at,
                state: EntryState::Pending,
            });
        }
        let silent = if step.notify.is_empty() { "silently/" } else { "" };
        self.happened(case.id, "alert", format!("{silent}{}/{}", started.escalation, started.number));
    }

    /// A reply was written; it is due when it was decided.
    pub(super) fn reply(&mut self, account: &str, case: CaseId, reply: ReplyMail, now: Timestamp) {
        self.happened(case, "reply", reply.message_id.clone());
        self.entries.push(Entry {
            way: Way::Account(account.to_owned()),
            case: Some(case),
            outgoing: Outgoing::Reply(reply),
            due_at: now,
            state: EntryState::Pending,
        });
    }

    /// Ops hear of an alarm.
    pub(super) fn alarm(&mut self, alarm: &Alarm, ops: &[String], now: Timestamp) {
        for channel in ops {
            self.entries.push(Entry {
                way: Way::Channel(channel.clone()),
                case: None,
                outgoing: Outgoing::Alarm(AlarmNote {
                    dedup_key: format!("{}/{}", alarm.key, now.as_microsecond()),
                    key: alarm.key.clone(),
                    text: alarm.text.clone(),
                    raised_at: now,
                }),
                due_at: now,
                state: EntryState::Pending,
            });
        }
    }

    /// A mail failed.
    pub(super) fn quarantined(&mut self, mailbox: &str, uid: u32) {
        let text =
            format!("mail {uid} of mailbox {mailbox} failed and was put aside: see `nightdesk quarantine`");
        self.alarms.push(Alarm { key: alarms::mail_quarantined(mailbox, uid), text });
    }

    fn happened(&mut self, case: CaseId, event: &'static str, detail: String) {
        self.history.push(HistoryRow { case, event, detail });
    }
}
