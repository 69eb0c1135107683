//! Which alarms are over though nobody took them back, since what they are about is gone.

use super::Rules;
use crate::base::id::CaseId;
use crate::service::watch::owner_task;
use crate::store::{Change, StoreError};

/// Alarms about the link to a mailbox, by the slug that their keys begin with. A mail that was set aside stays set aside,
/// whoever watches.
const OF_MAILBOXES: [&str; 3] = ["login-refused", "mailbox-stale", "uidvalidity-changed"];

/// A mail failed.
pub(super) fn mail_quarantined(mailbox: &str, uid: u32) -> String {
    format!("mail-quarantined/{mailbox}/{uid}")
}

/// A reply of a policy cannot be written.
pub(super) fn reply_failed(policy: &str) -> String {
    format!("reply-failed/{policy}")
}

/// Nobody was told of a case.
pub(super) fn alert_undelivered(case: CaseId) -> String {
    format!("alert-undelivered/{}", case.reference())
}

/// Takes back the alarms that are over under rules that were just read.
pub(super) async fn tidy(change: &mut Change<'_>, rules: &Rules) -> Result<(), StoreError> {
    for key in change.alarms().await? {
        if is_over(&key, rules) {
            change.clear(&key).await?;
        }
    }
    Ok(())
}

/// Whether an alarm is over under these rules: its mailbox is no longer watched, its channel no longer there, its task
/// is none that goes on over a reload, or it is about a policy, which was read anew and is tried again.
fn is_over(key: &str, rules: &Rules) -> bool {
    match key.split_once('/') {
        Some(("reply-failed", _)) => true,
        Some(("task-died", task)) => !rules.mailboxes.iter().any(|mailbox| owner_task(mailbox) == task),
        Some(("channel-failing", channel)) => !rules.channels.contains(channel),
        Some((slug, mailbox)) if OF_MAILBOXES.contains(&slug) => !rules.mailboxes.contains(mailbox),
        Some(_) | None => false,
    }
}
