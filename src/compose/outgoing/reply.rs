//! The automatic reply as a mail (RFC 3834, RFC 5230): who it answers, and until when it is true.

use jiff::Timestamp;

use super::header::LONGEST_TOKEN;
use super::letter::{Letter, Origin};
use super::{ComposeError, ReplyMail, WireAddress};
use crate::compose::Reply;
use crate::decision::{Decision, Hours, Reading};
use crate::mail::{Mailbox, Message, MessageId};
use crate::policy::Policy;

/// How many ids the References field holds; longer chains keep the first and the last ones (RFC 5537 section 3.4.4).
const MOST_REFERENCES: usize = 20;

/// Writes out a reply. It is sent with a null return path (RFC 3834 section 3.3).
///
/// # Errors
/// When the policy's From cannot be used.
pub fn reply_mail(
    reply: &Reply,
    reading: &Reading,
    decision: &Decision,
    policy: &Policy,
    now: Timestamp,
) -> Result<ReplyMail, ComposeError> {
    let from = Mailbox::parse(&reply.from).ok_or(ComposeError::From)?;
    let answered = writable(reading.message.message_id.as_ref());
    let references = references(&reading.message);
    let letter = Letter {
        origin: Origin::Replied,
        from: &from,
        to: std::slice::from_ref(&reply.to),
        subject: &reply.rendered.subject,
        date: now,
        mark: &reply.mark,
        message_id: &reply.message_id,
        in_reply_to: answered,
        references: &references,
        text: &reply.rendered.text,
        html: reply.rendered.html.as_deref(),
        language: reply.language.as_deref(),
    };
    Ok(ReplyMail {
        reference: decision.case.reference(),
        message_id: reply.message_id.clone(),
        to: WireAddress::of(&reply.to).to_string(),
        message: letter.write()?,
        stale_at: stale_at(decision, policy),
    })
}

/// The chain of the mail that is answered, then that mail (RFC 5322 section 3.6.4).
fn references(message: &Message) -> Vec<&str> {
    let before = match message.in_reply_to.as_slice() {
        [only] if message.references.is_empty() => std::slice::from_ref(only),
        _ => message.references.as_slice(),
    };
    let mut ids: Vec<&str> = Vec::new();
    for id in before.iter().chain(&message.message_id).filter_map(|id| writable(Some(id))) {
        ids.retain(|known| *known != id);
        ids.push(id);
    }
    if ids.len() > MOST_REFERENCES {
        ids.drain(1..=ids.len() - MOST_REFERENCES);
    }
    ids
}

/// An id that can stand in a field as it is; one that had to be encoded or cut would name another mail.
fn writable(id: Option<&MessageId>) -> Option<&str> {
    id.map(MessageId::as_str).filter(|id| {
        let is_whole = |byte: u8| byte.is_ascii_graphic() && !b"<>()\"\\".contains(&byte);
        (1..LONGEST_TOKEN).contains(&id.len()) && id.bytes().all(is_whole)
    })
}

/// The first instant at which it is late: a promise or an opening that it may name has come, or the mail is too old.
fn stale_at(decision: &Decision, policy: &Policy) -> Timestamp {
    let opens_at = match decision.hours {
        Hours::Closed { opens_at, .. } => opens_at,
        Hours::Open => None,
    };
    let too_old = decision.received_at.checked_add(policy.auto_reply.max_age).unwrap_or(Timestamp::MAX);
    [decision.respond_by, opens_at].into_iter().flatten().fold(too_old, Timestamp::min)
}
