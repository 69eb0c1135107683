//! What time alone brings to a case: what follows if nobody reacts.
//!
//! The case itself is asked, by letting a copy of it live on ([`Case::advance`]); nothing is foretold that it would not
//! do. Later steps of an escalation are named as the plan has them, though nothing acts on them yet.

use jiff::Timestamp;

use super::case::{Case, CaseState, Running};

/// Something that comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coming {
    /// When.
    pub at: Timestamp,
    /// What.
    pub turn: Turn,
}

/// A turn that a case takes by time alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// An escalation starts, and tells these channels.
    Starts {
        /// The escalation.
        escalation: String,
        /// It waited for the desk to open.
        deferred: bool,
        /// The channels of its first step.
        notify: Vec<String>,
    },
    /// A later step of an escalation would be due. Nothing acts on it in this version.
    LaterStep {
        /// The escalation.
        escalation: String,
        /// The channels that it names.
        notify: Vec<String>,
    },
    /// The promised answer is late from here on.
    TargetPasses,
    /// An escalation gives up.
    GivesUp {
        /// The escalation.
        escalation: String,
    },
    /// The case lapses: nobody came.
    Lapses,
}

impl Case {
    /// What comes from `now` on if nobody reacts, in the order of time.
    pub fn outlook(&self, now: Timestamp) -> Vec<Coming> {
        let mut case = self.clone();
        let mut coming = Vec::new();
        for running in &case.running {
            if running.started_at >= now {
                coming.push(Coming { at: running.started_at, turn: Turn::of_start(running) });
            }
            coming.extend(later_steps(running));
        }
        let target = self.respond_by.filter(|by| *by >= now);
        coming.extend(target.map(|at| Coming { at, turn: Turn::TargetPasses }));
        while let Some(due) = case.due_at() {
            turn(&mut case, due, &mut coming);
        }
        coming.retain(|one| one.at >= now);
        // Of one instant, in the order in which the case takes it.
        coming.sort_by_key(|one| one.at);
        coming
    }
}

/// Lets the case live to the next instant at which something is due.
fn turn(case: &mut Case, due: Timestamp, coming: &mut Vec<Coming>) {
    let before: Vec<(String, u32)> = case.running.iter().map(name).collect();
    let was_over = case.is_over();
    let started = case.advance(due);
    for running in started.iter().filter_map(|started| case.running(started)) {
        coming.push(Coming { at: due, turn: Turn::of_start(running) });
        coming.extend(later_steps(running));
    }
    let after: Vec<(String, u32)> = case.running.iter().map(name).collect();
    let replaced = |escalation: &str| started.iter().any(|started| started.escalation == escalation);
    for (escalation, number) in before {
        if !after.contains(&(escalation.clone(), number)) && !replaced(&escalation) {
            coming.push(Coming { at: due, turn: Turn::GivesUp { escalation } });
        }
    }
    if case.state == CaseState::Lapsed && !was_over {
        coming.push(Coming { at: due, turn: Turn::Lapses });
    }
}

fn name(running: &Running) -> (String, u32) {
    (running.plan.escalation.clone(), running.number)
}

fn later_steps(running: &Running) -> impl Iterator<Item = Coming> {
    running.plan.steps.iter().skip(1).filter_map(|step| {
        let at = running.started_at.checked_add(step.after).ok()?;
        let turn =
            Turn::LaterStep { escalation: running.plan.escalation.clone(), notify: step.notify.clone() };
        (at < running.gives_up_at && !running.acknowledged).then_some(Coming { at, turn })
    })
}

impl Turn {
    fn of_start(running: &Running) -> Self {
        Turn::Starts {
            escalation: running.plan.escalation.clone(),
            deferred: running.deferred,
            notify: running.plan.steps.first().map(|step| step.notify.clone()).unwrap_or_default(),
        }
    }
}
