//! What to ask a server for next: the pure planner of one mailbox.
//!
//! It knows the cursor (the first UID that is not recorded) and what the server listed, and answers with a [`Step`]. It
//! never trusts a number that the server only promises: UIDNEXT and EXISTS choose how wide a question is, and only what
//! was listed moves the cursor.
//!
//! Invariants: windows are contiguous and in order; every UID that is listed at or above the cursor is in exactly one
//! window; a window ends right after the last of its mails, so it never passes a stretch that was not looked at.

use std::collections::VecDeque;

/// The number of UIDs: one more than the largest (RFC 3501 section 2.3.1.1).
pub const ALL_UIDS: u64 = 1 << 32;

/// Mails of one window.
pub const WINDOW: usize = 64;

/// Mails that are listed at once: 32 KiB of memory, and some seconds of reading.
pub const STRETCH: usize = 8 * 1024;

/// How much wider the next question is after an empty stretch; 2³² UIDs are passed in four steps.
const WIDER: u64 = 64;

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Fetch the mails with `from <= UID < to` at once: a few new ones are expected.
    Look {
        /// The cursor.
        from: u64,
        /// The UID after the last.
        to: u64,
    },
    /// List the UIDs `from <= UID < to`, the lowest [`STRETCH`] of them.
    List {
        /// The cursor, or where the last empty stretch ended.
        from: u64,
        /// The UID after the last.
        to: u64,
    },
    /// Fetch these mails.
    Fetch(Vec<u32>),
    /// Everything that the server has is fetched.
    Rest,
}

/// The answer to [`Step::List`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The UIDs, in order.
    pub uids: Vec<u32>,
    /// All UIDs below this one were listed.
    pub complete_to: u64,
}

/// How a mailbox is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    next: u64,
    /// What was listed and not fetched.
    listed: VecDeque<u32>,
    /// Below this one everything was listed since the last news.
    complete_to: u64,
    /// How wide the next question is; `None` is up to the end.
    width: Option<u64>,
    /// Whether a few new mails are expected right at the cursor.
    expects: bool,
    /// How many windows hold only one mail, since a window failed.
    singles: usize,
}

impl Plan {
    /// A mailbox is recorded up to `next`; the server says so many mails and this next UID.
    pub fn new(next: u64, exists: u32, uid_next: Option<u32>) -> Self {
        let ahead = uid_next.map_or(u64::MAX, |uid_next| u64::from(uid_next).saturating_sub(next));
        let few = ahead.min(u64::from(exists)) <= STRETCH as u64;
        Plan {
            next,
            listed: VecDeque::new(),
            complete_to: next,
            width: (!few).then_some(STRETCH as u64),
            expects: false,
            singles: 0,
        }
    }

    /// The next [`WINDOW`] windows hold one mail each: something in one of them breaks the session.
    #[must_use]
    pub fn one_by_one(mut self) -> Self {
        self.singles = WINDOW;
        self
    }

    /// The cursor: the first UID that was not fetched.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Something may have come in: look again. A few mails are fetched at once, without listing them before.
    pub fn news(&mut self, few: bool) {
        self.expects = few && self.singles == 0;
        self.listed.clear();
        (self.complete_to, self.width) = (self.next, None);
    }

    /// What to do next.
    pub fn step(&self) -> Step {
        if !self.listed.is_empty() {
            let window = if self.singles > 0 { 1 } else { WINDOW };
            return Step::Fetch(self.listed.iter().copied().take(window).collect());
        }
        if self.complete_to >= ALL_UIDS || self.next >= ALL_UIDS {
            return Step::Rest;
        }
        if self.expects {
            return Step::Look { from: self.next, to: (self.next + WINDOW as u64).min(ALL_UIDS) };
        }
        let from = self.complete_to;
        let to = self.width.map_or(ALL_UIDS, |width| from.saturating_add(width).min(ALL_UIDS));
        Step::List { from, to }
    }

    /// The server answered [`Step::List`].
    pub fn listed(&mut self, listing: Listing) {
        let (from, complete_to) = (self.complete_to, listing.complete_to.min(ALL_UIDS));
        let within = |uid: &u32| (from..complete_to).contains(&u64::from(*uid));
        self.listed.extend(listing.uids.into_iter().filter(within));
        self.width = match self.width {
            Some(width) if self.listed.is_empty() => Some(width.saturating_mul(WIDER)),
            _ if complete_to >= ALL_UIDS => None,
            _ => Some(STRETCH as u64),
        };
        self.complete_to = self.complete_to.max(complete_to);
    }

    /// The mails below `to` were fetched: the UID after the last of them.
    pub fn fetched(&mut self, to: u64) {
        self.expects = false;
        if to > self.next {
            self.next = to;
            self.singles = self.singles.saturating_sub(1);
        }
        self.complete_to = self.complete_to.max(self.next);
        while self.listed.front().is_some_and(|uid| u64::from(*uid) < self.next) {
            self.listed.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
