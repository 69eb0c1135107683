//! Layer 6: what is kept.

mod reader;

pub use reader::{
    AlarmRow, CaseRow, Heartbeat, MailboxRow, OutboxRow, Overview, QuarantineRow, Reader, RepliesSwitch,
    StoreError,
};
