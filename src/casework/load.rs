//! What a book is filled with, and what it has to be saved of it.
//!
//! A mail is known by its [`Keys`]; whoever keeps the cases looks them up all at once, hands what it found to
//! [`Book::load`](super::Book::load), and saves [`Book::changes`](super::Book::changes) in the same transaction. Not
//! here: how and where anything is kept.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::case::{Case, CaseState};
use crate::base::id::{CaseId, ContentKey};
use crate::base::seal::ReplyId;
use crate::decision::{LastReply, Loudness, Reading, Recipient};
use crate::mail::{Address, MessageId, Undelivered};

/// How many mails that a mail refers to are looked at: the nearest, and the ones that began the conversation. Programs
/// that shorten References keep the same (RFC 5322 section 3.6.4 sets no limit).
const MOST_REFERENCES: usize = 16;
/// How many of them are the oldest.
const OLDEST_REFERENCES: usize = 2;

/// How long an address to which a reply could not be delivered gets no other. Mailboxes come back, for a person returns
/// to a job and a domain is renewed; Zammad has found 60 days to be right.
pub const BOUNCED_FOR: SignedDuration = SignedDuration::from_hours(60 * 24);

/// What a mail is known by.
#[derive(Debug)]
pub struct Keys<'r> {
    /// The mails that it refers to, nearest first.
    pub references: Vec<&'r str>,
    /// Case references in its subject, and in ids of the form of our replies.
    pub tags: Vec<Cow<'r, str>>,
    /// What the replies answered that it reports as not delivered.
    pub undelivered: Vec<ContentKey>,
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
        let tags = reading.subject_tags.iter().map(|tag| Cow::Borrowed(tag.as_str()));
        Keys {
            references: references(reading).collect(),
            tags: tags.chain(reply_ids(reading).map(|id| Cow::Owned(id.reference))).collect(),
            undelivered: undelivered(reading).map(|id| id.content).collect(),
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

/// What it reports on, In-Reply-To, then References from the nearest back.
pub(super) fn references(reading: &Reading) -> impl Iterator<Item = &str> {
    let message = &reading.message;
    let reported = message.bounce.iter().flat_map(|bounce| &bounce.returned);
    let nearest = reported.chain(&message.in_reply_to).chain(message.references.iter().rev());
    let oldest = message.references.iter().take(OLDEST_REFERENCES);
    nearest.take(MOST_REFERENCES - OLDEST_REFERENCES).chain(oldest).map(MessageId::as_str)
}

/// Those of them that have the form of our replies; whose seal is right is another question.
fn reply_ids(reading: &Reading) -> impl Iterator<Item = ReplyId> {
    references(reading).filter_map(ReplyId::parse)
}

/// What it says was sent back for good, in the form of our replies.
pub(super) fn undelivered(reading: &Reading) -> impl Iterator<Item = ReplyId> {
    let bounce = reading.message.bounce.as_ref();
    let failed = bounce.filter(|bounce| bounce.recipients.iter().any(Undelivered::has_failed_for_good));
    failed.into_iter().flat_map(|bounce| &bounce.returned).filter_map(|id| ReplyId::parse(id.as_str()))
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
    /// To whom replies went, by the content that they answered.
    pub replied_to: Vec<(ContentKey, String)>,
    /// Addresses to which a reply could not be delivered, and when that was heard of, within [`BOUNCED_FOR`].
    pub bounced: Vec<(String, Timestamp)>,
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

/// How a mail is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownAs {
    /// It came in.
    Received,
    /// It is an automatic reply of ours.
    OurReply,
    /// A mail of the conversation refers to it, and we never saw it. Anybody else may refer to it, too.
    Named,
}

/// A mail whose conversation is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownMail {
    /// Its Message-ID, without angle brackets.
    pub message_id: String,
    /// The case.
    pub case: CaseId,
    /// What it is to us.
    pub known_as: KnownAs,
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

/// An address to which a reply could not be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounced {
    /// The address, in comparison form.
    pub address: String,
    /// When that was heard of.
    pub at: Timestamp,
    /// The status, such as `5.1.1` (RFC 3463).
    pub status: String,
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
    /// Addresses to which a reply could not be delivered.
    pub bounced: &'b [Bounced],
}
