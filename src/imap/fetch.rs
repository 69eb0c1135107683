//! Fetching: the beginning of every mail first; of the few long ones then only the parts that can be read.
//!
//! A literal shorter than what was asked for is the whole mail. Whatever the server sends, a batch keeps at most about
//! 4 MiB: it ends early, before the mails that do not fit, and says so by leaving them out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use super::connection::Command;
use super::response::{Fetch, Response};
use super::structure::Leaf;
use super::sync::{ALL_UIDS, Listing};
use super::{ImapError, Session};
use crate::mail::{Omitted, Part, Parts, Source};

/// The beginning that is asked of every mail; of 20,000 real mails one has text beyond 32 KiB.
const PREFIX: usize = 64 * 1024;
/// What is kept of one batch before it ends; a mail more may come on top.
const BATCH: usize = 4 * 1024 * 1024;
/// Parts of one long mail together, and one of them.
const MOST_PARTS_BYTES: u64 = 1024 * 1024;
const MOST_PART_BYTES: u64 = 512 * 1024;
/// Of the header of a long mail, and of one of its parts.
const MOST_HEADER: usize = 256 * 1024;
const MOST_MIME_HEADER: usize = 8 * 1024;
/// Parts of one mail whose header is fetched.
const MOST_FETCHED_PARTS: usize = 100;
/// A mail whose structure cannot be had is read in slices up to here.
const SLICE: usize = 256 * 1024;
const MOST_SLICES: usize = 8;

/// The most that a batch can need of memory, in bytes: what it keeps, one long mail, and the response it came in.
pub const BATCH_MEMORY: usize = 8 * 1024 * 1024;

/// A mail as it was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// Its UID.
    pub uid: u32,
    /// When the server received it, when it says so.
    pub internal_date: Option<Timestamp>,
    /// What it says.
    pub content: Content,
}

/// What was fetched of a mail.
#[derive(Debug)]
pub enum Content {
    /// All of it.
    Whole(Vec<u8>),
    /// What can be read of it.
    Parts {
        /// Its header.
        header: Vec<u8>,
        /// The parts.
        parts: Vec<OwnedPart>,
        /// What else there is.
        omitted: Vec<Omitted>,
    },
    /// Listed twice, and not there.
    Missing,
    /// Listed once, and then neither there nor listed.
    Vanished,
}

/// One part, see [`Part`].
#[derive(Debug)]
pub struct OwnedPart {
    section: String,
    header: Vec<u8>,
    body: Vec<u8>,
    truncated: bool,
}

impl Content {
    /// Hands the mail to a reader; `None` when there is none.
    pub fn read<R>(&self, reader: impl FnOnce(&Source<'_>) -> R) -> Option<R> {
        match self {
            Content::Whole(bytes) => Some(reader(&Source::Whole(bytes))),
            Content::Parts { header, parts, omitted } => {
                let parts = parts.iter().map(OwnedPart::borrowed).collect();
                Some(reader(&Source::Parts(Parts { header, parts, omitted: omitted.clone() })))
            }
            Content::Missing | Content::Vanished => None,
        }
    }

    /// How much memory it takes.
    pub fn bytes(&self) -> usize {
        match self {
            Content::Whole(bytes) => bytes.len(),
            Content::Parts { header, parts, .. } => {
                header.len() + parts.iter().map(|part| part.header.len() + part.body.len()).sum::<usize>()
            }
            Content::Missing | Content::Vanished => 0,
        }
    }
}

impl OwnedPart {
    fn borrowed(&self) -> Part<'_> {
        Part { section: &self.section, header: &self.header, body: &self.body, truncated: self.truncated }
    }
}

/// A batch that could not be fetched.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct FetchError {
    /// Why.
    pub error: ImapError,
    /// The mails whose structure was asked for then; they are better read in slices.
    pub suspects: Vec<u32>,
}

impl From<ImapError> for FetchError {
    fn from(error: ImapError) -> Self {
        FetchError { error, suspects: Vec::new() }
    }
}

/// The beginning of a mail, as far as the server had one.
#[derive(Debug, Default)]
struct Beginning {
    internal_date: Option<Timestamp>,
    bytes: Option<Vec<u8>>,
}

impl Session {
    /// Lists the mails with `from <= UID < to`; the lowest `most` of them.
    ///
    /// # Errors
    /// When the session failed.
    pub async fn list(&mut self, from: u64, to: u64, most: usize) -> Result<Listing, ImapError> {
        // `n:*` names the last mail even when its UID is below n (RFC 3501 section 6.4.8).
        let last = if to >= ALL_UIDS { "*".to_owned() } else { to.saturating_sub(1).to_string() };
        let mut uids = BTreeSet::new();
        let mut complete_to = to.min(ALL_UIDS);
        self.uid_fetch(&format!("{from}:{last} (UID)"), |fetch| {
            if let Some(uid) = fetch.uid.filter(|uid| (from..complete_to).contains(&u64::from(*uid))) {
                uids.insert(uid);
            }
            if uids.len() > most
                && let Some(beyond) = uids.pop_last()
            {
                complete_to = u64::from(beyond);
            }
        })
        .await?;
        Ok(Listing { uids: uids.into_iter().collect(), complete_to })
    }

    /// The UID of the last mail that the mailbox had when the server last told their number; `None` when it is empty.
    ///
    /// # Errors
    /// When the session failed.
    pub async fn last_uid(&mut self) -> Result<Option<u32>, ImapError> {
        let count = self.exists();
        if count == 0 {
            return Ok(None);
        }
        let mut last = None;
        self.run_fetch("FETCH", &format!("FETCH {count} (UID)"), |fetch| last = last.max(fetch.uid)).await?;
        last.map(Some).ok_or(ImapError::Protocol("it does not tell the UID of the last mail"))
    }

    /// Whether the server gives any of the first mail, or of the last one; `false` when that is this one, or there is
    /// none. It shows whether a mail is at fault or the server.
    ///
    /// # Errors
    /// When the session failed.
    pub async fn gives_another(&mut self, than: u32, last: bool) -> Result<bool, ImapError> {
        let number = if last { self.exists() } else { self.exists().min(1) };
        let mut gives = false;
        if number > 0 {
            let line = format!("FETCH {number} (UID BODY.PEEK[]<0.1>)");
            let is_other = |uid: Option<u32>| uid.is_some_and(|uid| uid != than);
            self.run_fetch("FETCH", &line, |fetch| gives |= is_other(fetch.uid) && !fetch.bodies.is_empty())
                .await?;
        }
        Ok(gives)
    }

    /// The lowest UID of the mails that came in on this day of the server or later.
    ///
    /// # Errors
    /// When the session failed.
    pub async fn first_since(&mut self, day: Date) -> Result<Option<u32>, ImapError> {
        let line = format!("UID SEARCH SINCE {}", day.strftime("%-d-%b-%Y"));
        let (mut first, mut is_answered) = (None::<u32>, false);
        self.connection
            .run(Command { name: "UID SEARCH", line: &line }, |response| {
                if let Response::Search(uids) = response {
                    first = first.into_iter().chain(uids).min();
                    is_answered = true;
                }
                Ok(())
            })
            .await?;
        // A server that answers in another form, or not at all, may have mail of that day.
        Ok(if is_answered { first } else { Some(1) })
    }

    /// Fetches the mails with `from <= UID < to`, without having listed them.
    ///
    /// # Errors
    /// When the session failed.
    pub async fn fetch_range(&mut self, from: u64, to: u64) -> Result<Vec<Fetched>, FetchError> {
        let last = to.min(ALL_UIDS).saturating_sub(1);
        let within = |uid: u32| (from..to).contains(&u64::from(uid));
        let found = self.beginnings(&format!("{from}:{last}"), within).await?;
        self.complete(found).await
    }

    /// Fetches mails that were listed. Those in `awkward` are read in slices, without asking for their structure.
    ///
    /// # Errors
    /// When the session failed.
    pub async fn fetch(&mut self, uids: &[u32], awkward: &BTreeSet<u32>) -> Result<Vec<Fetched>, FetchError> {
        let awkward_first = uids.first().filter(|uid| awkward.contains(uid));
        if let Some(uid) = awkward_first {
            return Ok(vec![self.sliced(*uid).await?]);
        }
        let plain: BTreeSet<u32> = uids.iter().copied().take_while(|uid| !awkward.contains(uid)).collect();
        let mut found = self.beginnings(&set(&plain), |uid| plain.contains(&uid)).await?;
        for uid in plain {
            found.entry(uid).or_default();
        }
        self.complete(found).await
    }

    async fn beginnings(
        &mut self,
        set: &str,
        wanted: impl Fn(u32) -> bool + Send + Sync,
    ) -> Result<BTreeMap<u32, Beginning>, ImapError> {
        let mut found: BTreeMap<u32, Beginning> = BTreeMap::new();
        let items = format!("{set} (UID INTERNALDATE BODY.PEEK[]<0.{PREFIX}>)");
        self.uid_fetch(&items, |fetch| {
            let Some(uid) = fetch.uid.filter(|uid| wanted(*uid)) else { return };
            let beginning = found.entry(uid).or_default();
            beginning.internal_date = beginning.internal_date.or(fetch.internal_date);
            if beginning.bytes.is_none() {
                beginning.bytes = fetch.body("", PREFIX);
            }
        })
        .await?;
        Ok(found)
    }

    /// Asks again for what did not come, and for the parts of what is long.
    async fn complete(&mut self, mut found: BTreeMap<u32, Beginning>) -> Result<Vec<Fetched>, FetchError> {
        let missing: BTreeSet<u32> =
            found.iter().filter(|(_, mail)| mail.bytes.is_none()).map(|(uid, _)| *uid).collect();
        let mut vanished = missing.clone();
        if !missing.is_empty() {
            let again = self.beginnings(&set(&missing), |uid| missing.contains(&uid)).await?;
            vanished.retain(|uid| !again.contains_key(uid));
            found.extend(again);
        }
        let long = found.iter().filter(|(_, mail)| mail.is_long()).map(|(uid, _)| *uid).collect();
        let mut structures = self.structures(&long).await?;
        let mut kept = 0;
        let mut mails = Vec::with_capacity(found.len());
        for (uid, beginning) in found {
            let internal_date = beginning.internal_date;
            let is_long = beginning.is_long();
            let content = match (beginning.bytes, structures.remove(&uid)) {
                (None, _) if vanished.contains(&uid) => Content::Vanished,
                (None, _) => Content::Missing,
                (Some(bytes), _) if !is_long => Content::Whole(bytes),
                (Some(bytes), Some(leaves)) => self.parts(uid, &leaves, bytes).await?,
                (Some(_), None) => self.sliced(uid).await?.content,
            };
            kept += content.bytes();
            mails.push(Fetched { uid, internal_date, content });
            if kept > BATCH {
                break;
            }
        }
        Ok(mails)
    }

    /// What the long mails are made of; those whose structure makes no sense are not among them.
    async fn structures(&mut self, long: &BTreeSet<u32>) -> Result<BTreeMap<u32, Vec<Leaf>>, FetchError> {
        let mut found = BTreeMap::new();
        if long.is_empty() {
            return Ok(found);
        }
        let line = format!("UID FETCH {} (UID BODYSTRUCTURE)", set(long));
        let command = Command { name: "UID FETCH", line: &line };
        let asked = self.connection.run(command, |response| {
            // One that cannot be read is one that is read in slices.
            if let Response::Fetch(fetch) = response
                && let Some(uid) = fetch.uid.filter(|uid| long.contains(uid))
                && let Some(leaves) = fetch.leaves
            {
                found.insert(uid, leaves);
            }
            Ok(())
        });
        match asked.await {
            Ok(_) => Ok(found),
            Err(error) => Err(FetchError { error, suspects: long.iter().copied().collect() }),
        }
    }

    async fn parts(&mut self, uid: u32, leaves: &[Leaf], beginning: Vec<u8>) -> Result<Content, ImapError> {
        let wishes = wishes(leaves);
        let mut items = format!("{uid} (UID BODY.PEEK[HEADER]<0.{MOST_HEADER}>");
        for wish in &wishes {
            items.push_str(&wish.items());
        }
        items.push(')');
        let mut came: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        self.uid_fetch(&items, |fetch| {
            if fetch.uid == Some(uid) {
                came.extend(fetch.bodies);
            }
        })
        .await?;
        let Some(header) = came.remove("HEADER") else { return Ok(cut_off(&beginning)) };
        let mut omitted: Vec<Omitted> =
            leaves.get(wishes.len()..).unwrap_or_default().iter().map(|leaf| left_out(leaf, 0)).collect();
        let mut parts = Vec::with_capacity(wishes.len());
        for wish in wishes {
            let (section, mime) = wish.sections();
            let mut body = came.remove(&section).unwrap_or_default();
            body.truncate(usize::try_from(wish.bytes).unwrap_or(usize::MAX));
            let part_header =
                if wish.leaf.root { header.clone() } else { came.remove(&mime).unwrap_or_default() };
            let got = u64::try_from(body.len()).unwrap_or(u64::MAX);
            if wish.leaf.bytes > got {
                omitted.push(left_out(wish.leaf, got));
            }
            // What is left out is named with its size, so the part need not be called truncated.
            parts.push(OwnedPart {
                section: wish.leaf.section.clone(),
                header: part_header,
                body,
                truncated: false,
            });
        }
        Ok(Content::Parts { header, parts, omitted })
    }

    /// Reads a mail piece by piece.
    async fn sliced(&mut self, uid: u32) -> Result<Fetched, ImapError> {
        let (mut bytes, mut internal_date, mut came) = (Vec::new(), None, false);
        for slice in 0..MOST_SLICES {
            let mut piece = None;
            let items = format!("{uid} (UID INTERNALDATE BODY.PEEK[]<{}.{SLICE}>)", slice * SLICE);
            self.uid_fetch(&items, |fetch| {
                if fetch.uid == Some(uid) {
                    internal_date = internal_date.or(fetch.internal_date);
                    piece = piece.take().or_else(|| fetch.body("", SLICE));
                }
            })
            .await?;
            let piece = piece.inspect(|_| came = true).unwrap_or_default();
            bytes.extend_from_slice(&piece);
            if piece.len() < SLICE {
                let content = if came { Content::Whole(bytes) } else { Content::Missing };
                return Ok(Fetched { uid, internal_date, content });
            }
        }
        Ok(Fetched { uid, internal_date, content: cut_off(&bytes) })
    }

    async fn uid_fetch(&mut self, items: &str, on: impl FnMut(Fetch) + Send) -> Result<(), ImapError> {
        self.run_fetch("UID FETCH", &format!("UID FETCH {items}"), on).await
    }

    async fn run_fetch(
        &mut self,
        name: &'static str,
        line: &str,
        mut on: impl FnMut(Fetch) + Send,
    ) -> Result<(), ImapError> {
        let count = &mut self.count;
        self.connection
            .run(Command { name, line }, |response| {
                count.note(&response);
                if let Response::Fetch(fetch) = response {
                    on(fetch);
                }
                Ok(())
            })
            .await
            .map(drop)
    }
}

impl Beginning {
    fn is_long(&self) -> bool {
        self.bytes.as_ref().is_some_and(|bytes| bytes.len() >= PREFIX)
    }
}

impl Fetch {
    /// The content of a section, at most so much of it.
    fn body(self, section: &str, most: usize) -> Option<Vec<u8>> {
        let (_, mut bytes) = self.bodies.into_iter().find(|(found, _)| found == section)?;
        bytes.truncate(most);
        Some(bytes)
    }
}

/// A part, and how much of its content is asked for.
struct Wish<'a> {
    leaf: &'a Leaf,
    bytes: u64,
}

impl Wish<'_> {
    /// The sections of its content and its header. The only part of a mail shares the mail's header.
    fn sections(&self) -> (String, String) {
        let section = &self.leaf.section;
        let content = if self.leaf.root { "TEXT".to_owned() } else { section.clone() };
        (content, format!("{section}.MIME"))
    }

    fn items(&self) -> String {
        let (content, mime) = self.sections();
        let header = format!(" BODY.PEEK[{mime}]<0.{MOST_MIME_HEADER}>");
        let content = format!(" BODY.PEEK[{content}]<0.{}>", self.bytes);
        match (self.leaf.root, self.bytes > 0) {
            (true, true) => content,
            (true, false) => String::new(),
            (false, true) => header + &content,
            (false, false) => header,
        }
    }
}

/// What is fetched of a long mail: the header of each part, since files have names, and the content of those that can
/// be read, as far as the budget goes.
fn wishes(leaves: &[Leaf]) -> Vec<Wish<'_>> {
    let mut left = MOST_PARTS_BYTES;
    let wish = |leaf| {
        let leaf: &Leaf = leaf;
        let bytes = if leaf.is_read() { leaf.bytes.min(MOST_PART_BYTES).min(left) } else { 0 };
        left -= bytes;
        Wish { leaf, bytes }
    };
    leaves.iter().take(MOST_FETCHED_PARTS).map(wish).collect()
}

fn left_out(leaf: &Leaf, got: u64) -> Omitted {
    Omitted {
        section: leaf.section.clone(),
        media_type: leaf.media_type.clone(),
        bytes: leaf.bytes.saturating_sub(got),
    }
}

/// A mail of which only the beginning could be had.
fn cut_off(bytes: &[u8]) -> Content {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    let header = bytes.get(..end).unwrap_or_default().to_vec();
    let body = bytes.get(end..).unwrap_or_default().to_vec();
    let part = OwnedPart { section: "1".to_owned(), header: header.clone(), body, truncated: true };
    Content::Parts { header, parts: vec![part], omitted: Vec::new() }
}

/// UIDs as a set of a command: `1:3,7`.
fn set(uids: &BTreeSet<u32>) -> String {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for uid in uids {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*uid) => *last = *uid,
            _ => runs.push((*uid, *uid)),
        }
    }
    let text = |(first, last): &(u32, u32)| {
        if first == last { first.to_string() } else { format!("{first}:{last}") }
    };
    runs.iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_short() {
        assert_eq!(set(&BTreeSet::from([1, 2, 3, 7, 9, 10, u32::MAX])), "1:3,7,9:10,4294967295");
    }

    #[test]
    fn text_is_fetched_and_files_are_named() {
        let leaf = |section: &str, media_type: &str, bytes| Leaf {
            section: section.to_owned(),
            media_type: media_type.to_owned(),
            bytes,
            root: false,
            is_envelope: false,
        };
        let leaves = [
            leaf("1", "text/plain", 900_000),
            leaf("2", "application/pdf", 9_000_000),
            leaf("3", "text/html", 900_000),
            leaf("4", "text/calendar", 5_000),
        ];
        let bytes: Vec<u64> = wishes(&leaves).iter().map(|wish| wish.bytes).collect();
        assert_eq!(bytes, [524_288, 0, 524_288, 0]);
        let items = wishes(&leaves).get(1).map(Wish::items);
        assert_eq!(items.as_deref(), Some(" BODY.PEEK[2.MIME]<0.8192>"));
    }

    #[test]
    fn a_mail_that_was_cut_off_is_read_as_far_as_it_goes() {
        let mail = b"Subject: s\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nUrgent words\r\n--b\r\n";
        let text = cut_off(mail).read(|source| {
            let message = crate::mail::parse(source, &crate::mail::Options::default());
            (message.subject, message.body.text, message.omitted.len())
        });
        let (subject, text, omitted) = text.expect("a mail");
        assert!(text.contains("Urgent words"), "{text}");
        assert_eq!((subject.as_str(), omitted), ("s", 1));
    }
}
