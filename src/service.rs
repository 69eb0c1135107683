//! Layer 7: what runs. Mailboxes are watched by `ingest`, one task each; everything that changes state goes through
//! the one [`Writer`]; what was decided to be sent leaves through `dispatch`; `watch` proves that we are not blind.

mod dispatch;
mod health;
pub mod ingest;
mod load;
pub mod watch;
mod window;
mod world;
mod writer;

pub use dispatch::{Dispatch, Outbox};
pub use health::{Health, Link, Loop, MailboxHealth, TaskDeaths};
pub use load::{NoWorld, load_world};
pub use window::{Arrived, Content, Span, Watched, Window};
pub use world::{World, not_acted_on, policy_folders, shared_alarms, within};
pub use writer::{
    Alarm, Claimed, Cursor, HandOff, MailboxKey, MailboxState, Rules, Settle, Settled, Verdict, Way, Writer,
    WriterError,
};
