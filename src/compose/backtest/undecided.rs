//! The line of a mail that was not decided: the same keys as of one that was, as far as they are known, and why.

use serde_json::{Value, json};

use super::Skipped;
use crate::mail::{Message, MessageId, Unreadable};
use crate::policy::Policy;

/// A mail that was not decided.
#[derive(Debug, Clone, Copy)]
pub struct Undecided<'a> {
    /// The file as the user named it.
    pub file: &'a str,
    /// The policy under which it was to be decided.
    pub policy: &'a Policy,
    /// The mailbox that it came to.
    pub mailbox: Option<&'a str>,
    /// The mail, as far as it was read.
    pub message: Option<&'a Message>,
    /// Why.
    pub why: Skipped,
}

impl Undecided<'_> {
    /// The whole as JSON on one line.
    pub fn to_json(&self) -> String {
        let Undecided { file, policy, mailbox, message, why } = self;
        let from = message.and_then(|message| message.from.first()).map(|from| from.address.to_string());
        let message_id = message.and_then(|message| message.message_id.as_ref()).map(MessageId::as_str);
        let mut line = json!({
            "file": file,
            "policy": policy.name,
            "policy_digest": policy.digest,
            "mailbox": mailbox,
            "message_id": message_id,
            "from": from,
            "subject": message.map(|message| message.subject.as_str()),
            "received_at": null,
        });
        let unreadable = match message {
            Some(message) => message.unreadable.map(Unreadable::slug),
            None => Some(why.slug()),
        };
        if let Value::Object(fields) = &mut line {
            if let Some(unreadable) = unreadable {
                fields.insert("unreadable".to_owned(), unreadable.into());
            }
            fields.insert("readable".to_owned(), unreadable.is_none().into());
            fields.insert("undecided".to_owned(), why.slug().into());
        }
        line.to_string()
    }
}
