//! Our seal: a keyed hash by which we know again what we wrote ourselves, when it comes back in a stranger's mail.
//!
//! Two things are sealed. The Message-ID of each automatic reply, `REFERENCE.CONTENT.SEAL.reply@domain`: whoever names it
//! has seen that reply, so their mail belongs to the case whose reference it holds, whether or not anything else is
//! remembered of it. And the mark of every mail of ours, over its Message-ID: a mail that bears it is one that we wrote.
//!
//! What a forger can do: replay. Who was sent one of our mails can refer to it, and so join the case of that one reply,
//! or send a mail under its Message-ID and with its mark, which then counts as ours and alerts nobody; both are about
//! their own mail. What a forger cannot do: name a reply that they never saw, move an id to another case, content or
//! domain, or take the mark over to a mail with a Message-ID of its own, as programs do that copy header fields.
//!
//! Not here: where the key comes from, and whom a sealed id helps. Invariants: what is sealed survives servers that change
//! the case of letters; 80 bits are too many to guess by sending mail; an id without a seal is never taken for one with.

use std::fmt;

use super::id::{ContentKey, bytes_of, is_reference, letters};

/// How many bytes of the keyed hash a seal shows.
const SHOWN: usize = 10;
/// The last word of the local part of a reply's Message-ID.
const REPLY: &str = "reply";

/// A key that nobody else has. Everything of one database is sealed with the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seal([u8; 32]);

impl Default for Seal {
    /// The seal of examples: everybody knows it, so that an explanation is the same on every machine.
    fn default() -> Self {
        Seal(*b"an example seals with this, open")
    }
}

impl fmt::Debug for Seal {
    /// The key is a secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Seal")
    }
}

/// The Message-ID of an automatic reply, taken apart. Its seal is only looked at by [`Seal::made`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyId {
    /// The case, as people call it.
    pub reference: String,
    /// The content of the mail that was answered.
    pub content: ContentKey,
    domain: String,
    seal: [u8; SHOWN],
}

impl ReplyId {
    /// A Message-ID without angle brackets; `None` when it has not the form of ours.
    pub fn parse(id: &str) -> Option<Self> {
        // Hardly any id has these two where ours have them.
        if id.as_bytes().get(4) != Some(&b'-') || id.as_bytes().get(9) != Some(&b'.') {
            return None;
        }
        let (local, domain) = id.rsplit_once('@')?;
        let mut words = local.split('.');
        let (reference, content, seal) = (words.next()?, words.next()?, words.next()?);
        let is_reply = words.next().is_some_and(|word| word.eq_ignore_ascii_case(REPLY));
        if !is_reply || words.next().is_some() || !is_reference(reference) {
            return None;
        }
        Some(ReplyId {
            reference: reference.to_ascii_uppercase(),
            content: ContentKey(bytes_of(content)?),
            domain: domain.to_ascii_lowercase(),
            seal: bytes_of(seal)?,
        })
    }
}

impl Seal {
    /// The seal with this key.
    pub fn new(key: [u8; 32]) -> Self {
        Seal(key)
    }

    /// The Message-ID, without angle brackets, of the reply to a mail: the same for the same mail, however often it is
    /// decided.
    pub fn reply_id(&self, reference: &str, content: ContentKey, domain: &str) -> String {
        let seal = self.over_reply(reference, content, &domain.to_ascii_lowercase());
        format!("{reference}.{}.{}.{REPLY}@{domain}", letters(&content.0), letters(&seal))
    }

    /// Whether we wrote this Message-ID.
    pub fn made(&self, id: &ReplyId) -> bool {
        id.seal == self.over_reply(&id.reference, id.content, &id.domain)
    }

    /// The mark of a mail of ours with this Message-ID: the version of what it promises, and the seal.
    pub fn mark(&self, message_id: &str) -> String {
        format!("v=1; seal={}", letters(&self.over_mark(message_id)))
    }

    /// Whether this is our mark of a mail with this Message-ID.
    pub fn marks(&self, mark: &str, message_id: &str) -> bool {
        let mut words = mark.split(';').filter_map(|word| word.split_once('='));
        let seal = words.find(|(name, _)| name.trim().eq_ignore_ascii_case("seal"));
        seal.and_then(|(_, seal)| bytes_of(seal.trim())) == Some(self.over_mark(message_id))
    }

    fn over_reply(&self, reference: &str, content: ContentKey, domain: &str) -> [u8; SHOWN] {
        self.over([b"reply", reference.as_bytes(), &content.0, domain.as_bytes()])
    }

    fn over_mark(&self, message_id: &str) -> [u8; SHOWN] {
        self.over([b"mark", message_id.to_ascii_lowercase().as_bytes()])
    }

    /// The first field says what the others are, so that no seal of one kind is one of another.
    fn over<const N: usize>(&self, fields: [&[u8]; N]) -> [u8; SHOWN] {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        for field in fields {
            hasher.update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(field);
        }
        let mut seal = [0; SHOWN];
        hasher.finalize_xof().fill(&mut seal);
        seal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: ContentKey = ContentKey(*b"what anna wrote.");

    fn ours() -> String {
        Seal::default().reply_id("K7Q4-MX2P", CONTENT, "Desk.example")
    }

    fn is_ours(id: &str) -> bool {
        ReplyId::parse(id).is_some_and(|id| Seal::default().made(&id))
    }

    #[test]
    fn an_id_of_ours_is_known_again_also_by_servers_that_change_its_case() {
        let id = ReplyId::parse(&ours()).expect("an id of ours");
        assert_eq!((id.reference.as_str(), id.content), ("K7Q4-MX2P", CONTENT));
        assert!(is_ours(&ours()) && is_ours(&ours().to_lowercase()) && is_ours(&ours().to_uppercase()));
        assert!(ours().split('@').next().is_some_and(|local| local.len() <= 64), "{}", ours());
        // Ids that were sent stay ours over versions.
        assert_eq!(ours(), "K7Q4-MX2P.EXM62X10C5Q6WR90EXS6YX355R.BX9ZFSKKSMB4NNXE.reply@Desk.example");
    }

    #[test]
    fn nothing_of_an_id_can_be_changed() {
        let id = ours();
        for (at, letter) in id.char_indices().filter(|(_, letter)| letter.is_ascii_alphanumeric()) {
            let other = if letter == '7' || letter == 'e' { 'x' } else { '7' };
            let mut forged = id.clone();
            forged.replace_range(at..=at, &other.to_string());
            assert!(!is_ours(&forged), "{forged}");
        }
        let other = Seal::new([7; 32]).reply_id("K7Q4-MX2P", CONTENT, "Desk.example");
        assert!(ReplyId::parse(&other).is_some() && !is_ours(&other), "another desk's");
    }

    #[test]
    fn what_only_looks_like_ours_is_none() {
        let id = ours();
        let (local, domain) = id.split_once('@').expect("an at sign");
        for other in [
            String::new(),
            local.to_owned(),
            format!("x{id}"),
            format!("{local}.x@{domain}"),
            format!("K7Q4-MX2P.reply@{domain}"),
            // As ids were before they had a seal.
            format!("K7Q4-MX2P.{}.reply@{domain}", "0f".repeat(16)),
            id.replace(".reply@", ".notice@"),
            id.replace('K', "é"),
        ] {
            assert_eq!(ReplyId::parse(&other), None, "{other}");
        }
    }

    #[test]
    fn a_mark_belongs_to_one_mail_of_one_house() {
        let seal = Seal::default();
        let mark = seal.mark("a@desk.example");
        assert!(seal.marks(&mark, "A@desk.EXAMPLE") && seal.marks(&mark.to_lowercase(), "a@desk.example"));
        assert!(seal.marks(&mark.replace("; ", " ;  "), "a@desk.example"));
        assert!(!seal.marks(&mark, "b@desk.example"));
        assert!(!Seal::new([7; 32]).marks(&mark, "a@desk.example"));
        for other in ["", "v=1", "v=1; seal=", "v=1; seal=0000000000000000", "seal"] {
            assert!(!seal.marks(other, "a@desk.example"), "{other}");
        }
    }

    #[test]
    fn the_key_is_not_shown() {
        assert_eq!(format!("{:?}", Seal::new([7; 32])), "Seal");
    }
}
