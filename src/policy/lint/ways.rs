//! Which desks, in which hours, the rows of `[[assign]]` give.
//!
//! Found by asking the calendars at every instant at which something may change; who is chosen then is asked of the
//! policy.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::hours::instants;
use super::search::Set;
use super::space::{Clock, MOST_VALUES, Who};
use crate::calendar::State;
use crate::policy::{AssignTo, Policy};

/// The most questions to calendars about which desk takes a mail.
const MOST_CLOCKS: usize = 400_000;

/// A row, who it is for, whether a pool is chosen from, and the hours that may come of it.
pub(super) type Given = (usize, Option<Set>, bool, Vec<Clock>);

/// Works out which desks, in which hours, rows of `[[assign]]` give.
pub(super) struct Ways<'p> {
    policy: &'p Policy,
    now: Timestamp,
    /// By calendar.
    pub(super) instants: HashMap<usize, Vec<Timestamp>>,
    /// By pool.
    pools: HashMap<&'p [usize], Vec<Clock>>,
    /// How many more questions may be asked.
    questions: usize,
}

impl<'p> Ways<'p> {
    pub(super) fn new(policy: &'p Policy, now: Timestamp) -> Self {
        Ways { policy, now, instants: HashMap::new(), pools: HashMap::new(), questions: MOST_CLOCKS }
    }

    pub(super) fn all(&mut self, who: &[Who<'_>]) -> Result<Vec<Given>, &'static str> {
        let mut ways: Vec<Given> = Vec::new();
        for (row, assign) in self.policy.assigns.iter().enumerate() {
            match assign.to {
                AssignTo::Desk(desk) => ways.push((row, None, false, self.pool(&[desk])?)),
                AssignTo::NextOpen => ways.push((row, None, true, self.known_pool(&assign.pool)?)),
                AssignTo::Customer => {
                    let homeless =
                        Set::of(who.len(), |index| who.get(index).is_some_and(|who| who.desk.is_none()));
                    ways.push((row, Some(homeless), true, self.known_pool(&assign.pool)?));
                    let mut desks: Vec<usize> = who.iter().filter_map(|who| who.desk).collect();
                    desks.sort_unstable();
                    desks.dedup();
                    for desk in desks {
                        let theirs = Set::of(who.len(), |index| {
                            who.get(index).is_some_and(|who| who.desk == Some(desk))
                        });
                        ways.push((row, Some(theirs), false, self.pool(&[desk])?));
                    }
                }
            }
            if ways.len() > MOST_VALUES {
                return Err("too many rows of [[assign]] give too many desks");
            }
        }
        Ok(ways)
    }

    fn known_pool(&mut self, pool: &'p [usize]) -> Result<Vec<Clock>, &'static str> {
        if let Some(known) = self.pools.get(pool) {
            return Ok(known.clone());
        }
        let clocks = self.pool(pool)?;
        self.pools.insert(pool, clocks.clone());
        Ok(clocks)
    }

    /// The desks of a pool that are chosen at some time, and how their hours stand then.
    fn pool(&mut self, pool: &[usize]) -> Result<Vec<Clock>, &'static str> {
        let policy = self.policy;
        // Of desks with one calendar the first always comes first.
        let mut calendars = Vec::new();
        let mut able = Vec::new();
        for desk in pool {
            let Some(calendar) = policy.desks.get(*desk).map(|desk| desk.calendar) else { continue };
            if !calendars.contains(&calendar) {
                calendars.push(calendar);
                able.push(*desk);
            }
        }
        let mut at: Vec<Timestamp> = Vec::new();
        for index in calendars {
            let Some(calendar) = policy.calendars.get(index) else { continue };
            at.extend(self.instants.entry(index).or_insert_with(|| instants(calendar, self.now)).iter());
        }
        self.questions = self
            .questions
            .checked_sub(at.len().saturating_mul(able.len()))
            .ok_or("the desks have too many calendars")?;
        let mut clocks: HashSet<Clock> = HashSet::new();
        for at in at {
            let next = policy.next_open(&able, at);
            let desk = next.desk.or(able.first().copied()).unwrap_or(0);
            let state = next.clocks.iter().find(|(looked_at, _)| *looked_at == desk).map(|(_, state)| *state);
            let closed_for = match state {
                Some(State::Closed { closed_for, .. }) => Some(closed_for.slug()),
                Some(State::Open { .. }) | None => None,
            };
            clocks.insert(Clock { desk, closed_for });
        }
        Ok(clocks.into_iter().collect())
    }
}
