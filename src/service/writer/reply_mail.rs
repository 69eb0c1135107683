//! A stand-in until `compose` writes replies out: the least mail that says it. To be replaced by
//! `compose::reply_mail`, which takes the same.

use jiff::Timestamp;

use crate::compose::{Reply, ReplyMail};
use crate::decision::{Decision, Hours, Reading};
use crate::policy::Policy;

/// Why a reply cannot be written out.
#[derive(Debug, thiserror::Error)]
#[error("the From of the policy cannot be used")]
pub(super) struct ComposeError;

pub(super) fn reply_mail(
    reply: &Reply,
    reading: &Reading,
    decision: &Decision,
    policy: &Policy,
    now: Timestamp,
) -> Result<ReplyMail, ComposeError> {
    if reply.from.is_empty() {
        return Err(ComposeError);
    }
    let opens_at = match decision.hours {
        Hours::Closed { opens_at, .. } => opens_at,
        Hours::Open => None,
    };
    let too_old = decision.received_at.checked_add(policy.auto_reply.max_age).unwrap_or(now);
    let stale_at = [decision.respond_by, opens_at].into_iter().flatten().fold(too_old, Timestamp::min);
    let plain =
        |text: &str| text.chars().filter(|c| c.is_ascii() && !c.is_ascii_control()).collect::<String>();
    let answered = reading.message.message_id.as_ref().map(|id| plain(id.as_str())).unwrap_or_default();
    let head = [
        format!("From: {}", plain(&reply.from)),
        format!("To: {}", plain(&reply.to.to_string())),
        format!("Subject: {}", plain(&reply.rendered.subject)),
        format!("Message-ID: <{}>", reply.message_id),
        format!("In-Reply-To: <{answered}>"),
        "Auto-Submitted: auto-replied".to_owned(),
        String::new(),
    ];
    let lines: Vec<String> = head.into_iter().chain(reply.rendered.text.lines().map(plain)).collect();
    Ok(ReplyMail {
        reference: decision.case.reference(),
        message_id: reply.message_id.clone(),
        to: reply.to.to_string(),
        message: lines.join("\r\n") + "\r\n",
        stale_at,
    })
}
