//! Layer 5: decisions and mistakes in words.
//!
//! The only maker of outgoing mail, and the only place that turns codes into sentences: replies, explanations for
//! people and for programs, diagnostics. Pure as the layers below; it writes strings and prints nothing.

mod arithmetic;
mod backtest;
mod diagnostics;
mod explanation;
pub mod ink;
mod narrative;
mod outgoing;
mod reply;
mod table;
mod timeline;
mod trace;
mod words;

pub use backtest::{Backtest, Past, Skipped, Undecided};
pub use diagnostics::{Colours, diagnostic, diagnostics};
pub use explanation::{Explained, Explanation};
pub use narrative::narrative;
pub use outgoing::{
    AlarmNote, Alert, AlertText, ComposeError, Outgoing, ReplyMail, WireAddress, alarm_json, alarm_mail,
    alarm_text, alert_json, alert_mail, alert_text, reply_mail,
};
pub use reply::{Reply, reply};
pub use table::{cut, table};
pub use timeline::Timeline;
pub use words::{hours_in_words, instant_in_words};
