//! What a mail refers to, and whether it belongs there: by our seal, by the mails that are known, by the case's reference
//! in its subject. Also what is known of a mail by our seal alone: that we wrote it, or that it reports on a reply of
//! ours.
//!
//! Not here: who belongs to a case (`belonging`). Invariant: an id in the form of our replies whose seal is not right names
//! nothing, and nothing is remembered of it.

use jiff::Timestamp;

use super::super::belonging::{belongs, may_name};
use super::super::load::{BOUNCED_FOR, Bounced, KnownAs, KnownMail, references, undelivered};
use super::{Book, Effect};
use crate::base::id::CaseId;
use crate::base::seal::ReplyId;
use crate::decision::{JoinedBy, NotJoined, Reading, Recipient};
use crate::mail::Automation;
use crate::policy::Policy;

/// How many characters of a status are kept: three numbers.
const SHOWN_STATUS: usize = 16;

/// What a Message-ID that a mail refers to names.
enum Named {
    /// An automatic reply of ours, of this case.
    OurReply(CaseId),
    /// A mail of this case.
    Mail(CaseId),
    /// A reply in the form of ours that we never wrote.
    Forged,
    /// Nothing that is known.
    Nothing,
}

/// Whoever names a mail that we got has seen it, or a copy, or knows somebody who has.
fn was_received(mail: &KnownMail) -> bool {
    mail.known_as == KnownAs::Received
}

impl Book {
    /// By what the mail refers to, nearest first; else by the reference in its subject. `Err` when there is nothing to
    /// join, and why not if there seemed to be.
    pub(super) fn joined(
        &self,
        reading: &Reading,
        policy: &Policy,
    ) -> Result<(CaseId, JoinedBy), Option<NotJoined>> {
        let mut not_joined = None;
        let mut beside = None;
        for id in references(reading) {
            match self.named(id) {
                Named::OurReply(case) => return Ok((case, JoinedBy::Reference)),
                Named::Mail(case) if self.is_theirs(case, reading, policy) => {
                    return Ok((case, JoinedBy::Reference));
                }
                Named::Mail(case) if self.by_message.get(id).is_some_and(was_received) => {
                    beside = beside.or(Some(case));
                }
                Named::Mail(_) => not_joined = not_joined.or(Some(NotJoined::Stranger)),
                Named::Forged => not_joined = not_joined.or(Some(NotJoined::FalseSeal)),
                Named::Nothing => {}
            }
        }
        let tagged = reading.subject_tags.iter().filter_map(|tag| self.by_reference.get(tag));
        let mut known =
            tagged.filter_map(|id| self.cases.get(id)).filter(|case| may_name(case, reading, policy));
        let by_tag = known.next().map(|case| (case.id, JoinedBy::SubjectTag));
        by_tag.or(beside.map(|case| (case, JoinedBy::Stranger))).ok_or(not_joined)
    }

    fn is_theirs(&self, case: CaseId, reading: &Reading, policy: &Policy) -> bool {
        self.cases.get(&case).is_some_and(|case| belongs(case, reading, policy))
    }

    /// What a Message-ID names. One in the form of our replies counts by its seal alone: then it is known by the case
    /// that it names, even when nothing else of it is.
    fn named(&self, id: &str) -> Named {
        let known = self.by_message.get(id);
        if let Some(reply) = ReplyId::parse(id) {
            if !self.seal.made(&reply) {
                return Named::Forged;
            }
            let case =
                known.map(|mail| mail.case).or_else(|| self.by_reference.get(&reply.reference).copied());
            return case.map_or(Named::Nothing, Named::OurReply);
        }
        match known {
            // Replies had no seal once.
            Some(mail) if mail.known_as == KnownAs::OurReply => Named::OurReply(mail.case),
            Some(mail) => Named::Mail(mail.case),
            None => Named::Nothing,
        }
    }

    /// Whether an id is that of an automatic reply of ours, to whatever case and under whatever policy.
    pub(super) fn is_our_reply(&self, id: &str) -> bool {
        match ReplyId::parse(id) {
            Some(reply) => self.seal.made(&reply),
            None => self.by_message.get(id).is_some_and(|mail| mail.known_as == KnownAs::OurReply),
        }
    }

    /// Whether the mail bears our mark, sealed for its own Message-ID.
    pub(super) fn wrote(&self, reading: &Reading) -> bool {
        let Some(id) = &reading.message.message_id else { return false };
        let mut marks = reading.evidence.iter().filter(|evidence| evidence.slug == Automation::OwnMail);
        marks.any(|mark| self.seal.marks(&mark.value, id.as_str()))
    }

    /// Whether a reply to the same address could not be delivered.
    pub(super) fn bounces(&self, reading: &Reading, now: Timestamp) -> bool {
        let Recipient::Address(to) = &reading.recipient else { return false };
        let at = if self.bounced.is_empty() { None } else { self.bounced.get(&to.person().key()) };
        at.is_some_and(|at| now.duration_since(*at) < BOUNCED_FOR)
    }

    /// A reply of ours that was sent back for good. Who says so may be anybody, so it must name a reply that we sealed,
    /// and the address is the one that we wrote to.
    pub(super) fn undelivered(&self, reading: &Reading, at: Timestamp) -> Option<Effect> {
        let bounce = reading.message.bounce.as_ref()?;
        let reply = undelivered(reading).find(|id| self.seal.made(id))?;
        let sent = self.replies.iter().find(|sent| sent.content == reply.content).map(|sent| &sent.to);
        let address = sent.or_else(|| self.replied_to.get(&reply.content))?.clone();
        let status = bounce.failure_of(&address)?.chars().take(SHOWN_STATUS).collect();
        let case = self.by_reference.get(&reply.reference).copied();
        Some(Effect::Bounced { case, bounced: Bounced { address, at, status } })
    }

    pub(super) fn is_known_reply(&self, id: &str) -> bool {
        self.is_our_reply(id) && self.by_message.contains_key(id)
    }
}
