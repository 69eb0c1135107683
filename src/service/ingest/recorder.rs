//! Where an owner records: the writer, or a double of it in tests.

use crate::service::window::Window;
use crate::service::writer::{Alarm, Cursor, MailboxKey, MailboxState, Verdict, Writer, WriterError};

/// What an owner asks of the writer; see there.
pub trait Recorder: Clone + Send + Sync + 'static {
    /// See [`Writer::open`].
    fn open(&self, key: MailboxKey) -> impl Future<Output = Result<MailboxState, WriterError>> + Send;

    /// See [`Writer::baseline`].
    fn baseline(
        &self,
        mailbox: i64,
        fence: i64,
        cursor: Cursor,
    ) -> impl Future<Output = Result<Verdict, WriterError>> + Send;

    /// See [`Writer::commit`].
    fn commit(&self, window: Window) -> impl Future<Output = Result<Verdict, WriterError>> + Send;

    /// See [`Writer::halt`].
    fn halt(
        &self,
        mailbox: i64,
        fence: i64,
        reason: String,
    ) -> impl Future<Output = Result<(), WriterError>> + Send;

    /// See [`Writer::retries`].
    fn retries(&self, mailbox: i64) -> impl Future<Output = Result<Vec<u32>, WriterError>> + Send;

    /// See [`Writer::alarm`].
    fn alarm(&self, alarm: Alarm) -> impl Future<Output = Result<(), WriterError>> + Send;

    /// See [`Writer::clear`].
    fn clear(&self, key: String) -> impl Future<Output = Result<(), WriterError>> + Send;
}

impl Recorder for Writer {
    async fn open(&self, key: MailboxKey) -> Result<MailboxState, WriterError> {
        Writer::open(self, key).await
    }

    async fn baseline(&self, mailbox: i64, fence: i64, cursor: Cursor) -> Result<Verdict, WriterError> {
        Writer::baseline(self, mailbox, fence, cursor).await
    }

    async fn commit(&self, window: Window) -> Result<Verdict, WriterError> {
        Writer::commit(self, window).await
    }

    async fn halt(&self, mailbox: i64, fence: i64, reason: String) -> Result<(), WriterError> {
        Writer::halt(self, mailbox, fence, reason).await
    }

    async fn retries(&self, mailbox: i64) -> Result<Vec<u32>, WriterError> {
        Writer::retries(self, mailbox).await
    }

    async fn alarm(&self, alarm: Alarm) -> Result<(), WriterError> {
        Writer::alarm(self, alarm).await
    }

    async fn clear(&self, key: String) -> Result<(), WriterError> {
        Writer::clear(self, key).await
    }
}
