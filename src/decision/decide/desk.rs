//! Which desk takes a mail, and how its hours stood when the mail came in.

use super::{Deciding, Known};
use crate::calendar::{Calendar, State};
use crate::decision::Hours;
use crate::decision::trace::{AssignCause, Step};
use crate::policy::AssignTo;

impl Deciding<'_> {
    pub(super) fn desk(&mut self, known: &Known<'_>, customer: Option<usize>) -> (usize, Hours) {
        let policy = self.policy;
        for (rule, assign) in policy.assigns.iter().enumerate() {
            let failing = known.failing(&assign.when);
            self.trace.push(Step::Assign { rule, failing });
            if failing.is_some() {
                continue;
            }
            let customers = customer.and_then(|row| policy.customers.get(row)).and_then(|row| row.desk);
            let (desk, because) = match (assign.to, customers) {
                (AssignTo::Desk(desk), _) => (desk, AssignCause::Named),
                (AssignTo::Customer, Some(desk)) => (desk, AssignCause::Customers),
                (AssignTo::Customer, None) | (AssignTo::NextOpen, _) => self.next_open(&assign.pool),
            };
            return self.chosen(desk, because);
        }
        let all: Vec<usize> = (0..policy.desks.len()).collect();
        let (desk, because) = self.next_open(&all);
        self.chosen(desk, because)
    }

    fn chosen(&mut self, desk: usize, because: AssignCause) -> (usize, Hours) {
        let hours = match self.state(desk) {
            Some(State::Closed { closed_for, opens_at }) => Hours::Closed { closed_for, opens_at },
            // `None` cannot be: a compiled policy has a calendar for every desk.
            Some(State::Open { .. }) | None => Hours::Open,
        };
        self.trace.push(Step::Desk { desk, because, hours });
        (desk, hours)
    }

    pub(super) fn calendar(&self, desk: usize) -> Option<&Calendar> {
        self.policy.calendar(desk)
    }

    fn state(&self, desk: usize) -> Option<State> {
        Some(self.calendar(desk)?.state_at(self.received_at))
    }

    fn next_open(&mut self, pool: &[usize]) -> (usize, AssignCause) {
        let next = self.policy.next_open(pool, self.received_at);
        self.trace.extend(next.clocks.into_iter().map(|(desk, state)| Step::Clock { desk, state }));
        match next.desk {
            Some(desk) if next.is_open => (desk, AssignCause::IsOpen),
            Some(desk) => (desk, AssignCause::OpensFirst),
            None => (pool.first().copied().unwrap_or(0), AssignCause::NoneOpens),
        }
    }
}
