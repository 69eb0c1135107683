//! Entries in hand, by the way through which they leave.

use std::collections::{HashMap, HashSet, VecDeque};

use tokio::time::{Duration, Instant};

use crate::service::writer::{Claimed, Way};

/// How many attempts are under way at once over one way.
const MOST_UNDER_WAY: usize = 4;
/// How many entries wait for one way: a storm of alerts fits, and a way that is dead leaves room for the others.
const MOST_WAITING: usize = 256;
/// How long an entry may wait for its way: well within its lease.
pub(super) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// All that is in hand.
#[derive(Debug, Default)]
pub(super) struct Queues {
    ways: HashMap<Way, Lane>,
    /// Entries in hand. One whose lease ran out can be claimed again; it must not go out twice at the same time.
    ids: HashSet<i64>,
}

#[derive(Debug, Default)]
struct Lane {
    waiting: VecDeque<(Claimed, Instant)>,
    under_way: usize,
}

impl Queues {
    /// Takes an entry in hand. Gives it back when too many wait for its way; one that is in hand already is dropped, for
    /// its older attempt is still under way.
    pub(super) fn push(&mut self, entry: Claimed, now: Instant) -> Option<Claimed> {
        if !self.ids.insert(entry.id) {
            return None;
        }
        let lane = self.ways.entry(entry.way.clone()).or_default();
        if lane.waiting.len() >= MOST_WAITING {
            // The one who settles it counts as under way until then.
            lane.under_way += 1;
            return Some(entry);
        }
        lane.waiting.push_back((entry, now));
        None
    }

    /// The next entry whose way is free, and since when it waits; it counts as under way from now on.
    pub(super) fn next(&mut self) -> Option<(Claimed, Instant)> {
        let free = |lane: &&mut Lane| lane.under_way < MOST_UNDER_WAY && !lane.waiting.is_empty();
        let lane = self.ways.values_mut().find(free)?;
        lane.under_way += 1;
        lane.waiting.pop_front()
    }

    /// An entry that was under way is settled.
    pub(super) fn done(&mut self, id: i64, way: &Way) {
        self.ids.remove(&id);
        if let Some(lane) = self.ways.get_mut(way) {
            lane.under_way = lane.under_way.saturating_sub(1);
            if lane.under_way == 0 && lane.waiting.is_empty() {
                self.ways.remove(way);
            }
        }
    }

    /// How many there are.
    pub(super) fn in_hand(&self) -> usize {
        self.ids.len()
    }
}
