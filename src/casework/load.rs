//! What a book is filled with, and what it has to be saved of it.
//!
//! A mail is known by its [`Keys`]; whoever keeps the cases looks them up all at once, hands what it found to
//! [`Book::load`](super::Book::load), and saves [`Book::changes`](super::Book::changes) in the same transaction. Not
//! here: how and where anything is kept.

use jiff::Timestamp;

use super::case::{Case, CaseState};
use crate::base::id::{CaseId, ContentKey};
use crate::decision::{LastReply, Loudness, Reading, Recipient};
use crate::mail::{Address, MessageId};

/// How many mails that a mail refers to are looked at: the nearest, and the ones that began the conversation. Programs
/// that shorten References keep the same (RFC 5322 section 3.6.4 sets no limit).
const MOST_REFERENCES: usize = 16;
/// How many of them are the oldest.
const OLDEST_REFERENCES: usize = 2;

/// What a mail is known by.
#[derive(Debug)]
pub struct Keys<'r> {
    /// The mails that it refers to, nearest first.
    pub references: Vec<&'r str>,
    /// Case references in its subject.
    pub tags: &'r [String],
    /// Its content.
    pub content: ContentKey,
    /// What its sender says of the time.
    pub date: Option<Timestamp>,
    /// When the server received it.
    pub received_at: Timestamp,
    /// The id that its case would have.
    pub case: CaseId,
    /// Who would be answered.
    pub recipient: Option<&'r Address>,
    /// The mailbox that it came to.
    pub mailbox: Option<&'r str>,
}

impl<'r> Keys<'r> {
    /// The keys of a mail that the server received at `received_at`.
    pub fn of(reading: &'r Reading, received_at: Timestamp) -> Self {
        Keys {
            references: references(reading).collect(),
            tags: &reading.subject_tags,
            content: reading.content,
            date: reading.message.date,
            received_at,
            case: CaseId::derive(received_at, reading.content),
            recipient: match &reading.recipient {
                Recipient::Address(to) => Some(to),
                Recipient::Nobody | Recipient::Unsafe => None,
            },
            mailbox: reading.mailbox.as_deref(),
        }
    }
}

/// In-Reply-To, then References from the nearest back.
pub(super) fn references(reading: &Reading) -> impl Iterator<Item = &str> {
    let message = &reading.message;
    let nearest = message.in_reply_to.iter().chain(message.references.iter().rev());
    let oldest = message.references.iter().take(OLDEST_REFERENCES);
    nearest.take(MOST_REFERENCES - OLDEST_REFERENCES).chain(oldest).map(MessageId::as_str)
}

/// What was found for the keys of some mails of one policy.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The cases that anything below names.
    pub cases: Vec<Case>,
    /// Mails whose conversation is known.
    pub mails: Vec<KnownMail>,
    /// Ids that cases of other policies have.
    pub taken: Vec<CaseId>,
    /// Contents that came in before.
    pub contents: Vec<SeenContent>,
    /// Contents that another policy has answered.
    pub answered_elsewhere: Vec<ContentKey>,
    /// Replies to an address within `once_per`.
    pub to_people: Vec<(String, EarlierReplies)>,
    /// How many replies a domain got within its period.
    pub to_domains: Vec<(String, usize)>,
    /// How many replies a mailbox sent within its period.
    pub from_mailboxes: Vec<(String, usize)>,
}

/// What is remembered of a case as it was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Its version.
    pub version: u64,
    /// Where it stood.
    pub state: CaseState,
}

impl Kept {
    /// What to remember of a case.
    pub fn of(case: &Case) -> Self {
        Kept { version: case.version, state: case.state }
    }
}

/// A mail whose conversation is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownMail {
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// The case.
    pub case: CaseId,
    /// It is an automatic reply of ours.
    pub ours: bool,
    /// It needs no new entry, since its own is young.
    pub fresh: bool,
}

/// A content that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenContent {
    /// The content.
    pub content: ContentKey,
    /// Its case.
    pub case: CaseId,
    /// When it came in first.
    pub at: Timestamp,
    /// What its sender said of the time.
    pub date: Option<Timestamp>,
}

/// The replies that an address got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EarlierReplies {
    /// How many.
    pub count: usize,
    /// The last.
    pub last: LastReply,
}

/// A reply that was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentReply {
    /// Our Message-ID.
    pub message_id: String,
    /// When it was decided.
    pub at: Timestamp,
    /// The address, in comparison form.
    pub to: String,
    /// Its domain.
    pub domain: String,
    /// The mailbox that it answers for.
    pub mailbox: Option<String>,
    /// How loud the outcome was.
    pub loudness: Loudness,
    /// What it promised.
    pub respond_by: Option<Timestamp>,
    /// What it answers.
    pub content: ContentKey,
}

/// What a book holds that was not there before.
#[derive(Debug, Default)]
pub struct Changes<'b> {
    /// Cases, as they are and as they were kept; `None` for a new one.
    pub cases: Vec<(&'b Case, Option<Kept>)>,
    /// Mails whose conversation is to be remembered from now.
    pub mails: Vec<KnownMail>,
    /// Contents.
    pub contents: &'b [SeenContent],
    /// Replies.
    pub replies: Vec<&'b SentReply>,
}
