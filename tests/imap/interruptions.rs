//! An owner that is dropped at any of its polls, and one that comes after it.

use std::future::poll_fn;
use std::task::Poll;

use crate::ledger::Desk;
use crate::server::{Mail, Server};

const MAILS: u32 = 200;

/// Polls the owner so often and drops it; false when everything was recorded before.
async fn interrupted(desk: &Desk, polls: usize) -> bool {
    let mut owner = Box::pin(desk.owner());
    let mut left = polls;
    poll_fn(|context| {
        if desk.ledger.book().records.len() == MAILS as usize {
            return Poll::Ready(false);
        }
        if left == 0 {
            return Poll::Ready(true);
        }
        left -= 1;
        assert!(owner.as_mut().poll(context).is_pending(), "the owner ended");
        Poll::Pending
    })
    .await
}

#[tokio::test]
async fn an_owner_may_be_dropped_at_any_poll() {
    for polls in 0.. {
        let mails = (1..=MAILS).map(|uid| (uid * 3, Mail::numbered(uid)));
        let desk = Desk::new(Server::start(mails).await);
        let was_cut = interrupted(&desk, polls).await;
        desk.while_owned(desk.ledger.has((1..=MAILS).map(|uid| uid * 3))).await;
        assert_eq!(desk.ledger.book().cursor.map(|cursor| cursor.next_uid), Some(601));
        if !was_cut {
            assert!(polls > 10, "only {polls} polls");
            return;
        }
    }
}
