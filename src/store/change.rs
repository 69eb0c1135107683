//! One transaction of the daemon. What it can do stands in the files of its subjects: mailboxes, lookup, save, outbox,
//! facts.

use jiff::Timestamp;
use sqlx::Transaction;

use super::sql::{Connection, Database};
use super::{Store, StoreError};
use crate::base::seal::Seal;

/// A transaction that holds the write lock. Dropped without [`Change::commit`], it leaves nothing.
#[derive(Debug)]
pub struct Change<'s> {
    transaction: Transaction<'static, Database>,
    store: &'s Store,
}

impl<'s> Change<'s> {
    pub(super) fn new(transaction: Transaction<'static, Database>, store: &'s Store) -> Self {
        Change { transaction, store }
    }

    /// Makes it durable.
    ///
    /// # Errors
    /// When the database fails; then nothing of it is there, unless the connection was lost in this moment.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }

    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.transaction
    }

    pub(super) fn next_id(&self, now: Timestamp) -> i64 {
        self.store.next_id(now)
    }

    /// What mails of ours are sealed with.
    pub fn seal(&self) -> Seal {
        self.store.seal
    }

    pub(super) fn epoch(&self) -> i64 {
        self.store.epoch
    }
}
