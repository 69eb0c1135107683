//! Reading the mails of a batch: on threads of their own, several at once, and a mail that breaks its reader breaks
//! nothing else.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::start;
use crate::decision;
use crate::imap::{self, Fetched};
use crate::service::window::{Arrived, Content, Watched};

/// Bytes that are worth a thread's attention; below it handing over costs more than reading.
const HANDFUL: usize = 64 * 1024;

/// Under what mails are read.
#[derive(Debug, Clone)]
pub(super) struct Under {
    pub(super) watched: Arc<Watched>,
    pub(super) first_seen_at: Option<Timestamp>,
    pub(super) now: Timestamp,
}

/// Reads mails; they come back in the order of their UIDs.
pub(super) async fn read(mails: Vec<Fetched>, under: &Under, readers: &Arc<Semaphore>) -> Vec<Arrived> {
    let mut read: BTreeMap<u32, Arrived> = BTreeMap::new();
    for mail in &mails {
        let internal_date = start::received(mail.internal_date, under.now);
        let content = Content::Failed("its reader was stopped".to_owned());
        read.insert(mail.uid, Arrived { uid: mail.uid, internal_date, content });
    }
    let mut tasks = JoinSet::new();
    for handful in handfuls(mails) {
        let permit = Arc::clone(readers).acquire_owned().await;
        let under = under.clone();
        tasks.spawn_blocking(move || {
            let read: Vec<Arrived> = handful.into_iter().map(|mail| read_one(&mail, &under)).collect();
            drop(permit);
            read
        });
    }
    while let Some(done) = tasks.join_next().await {
        // A task that was stopped leaves what stands there from the beginning.
        read.extend(done.unwrap_or_default().into_iter().map(|arrived| (arrived.uid, arrived)));
    }
    read.into_values().collect()
}

fn handfuls(mails: Vec<Fetched>) -> Vec<Vec<Fetched>> {
    let mut handfuls = Vec::new();
    let (mut handful, mut bytes) = (Vec::new(), 0);
    for mail in mails {
        bytes += mail.content.bytes();
        handful.push(mail);
        if bytes >= HANDFUL {
            handfuls.push(std::mem::take(&mut handful));
            bytes = 0;
        }
    }
    if !handful.is_empty() {
        handfuls.push(handful);
    }
    handfuls
}

fn read_one(mail: &Fetched, under: &Under) -> Arrived {
    let internal_date = start::received(mail.internal_date, under.now);
    let watched = &under.watched;
    let content = if matches!(mail.content, imap::Content::Missing) {
        Content::Gone
    } else if start::is_before(internal_date, under.first_seen_at, watched, under.now) {
        Content::BeforeStart
    } else {
        let read =
            || mail.content.read(|source| decision::read(source, &watched.policy, Some(&watched.name)));
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(Some(reading)) => Content::Read(Box::new(reading)),
            Ok(None) => Content::Gone,
            Err(_) => Content::Failed("its reader panicked".to_owned()),
        }
    };
    Arrived { uid: mail.uid, internal_date, content }
}
