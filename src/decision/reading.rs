//! Reading one mail: what it says, to whom it speaks, which words of the policy stand in it, and who wrote it.
//!
//! Costs whatever the mail costs, knows nothing of other mails. Everything is bounded by what `mail` keeps.

use std::borrow::Cow;
use std::collections::HashMap;

use super::correspondents::{Recipient, entitled, is_form, recipient, sender};
use crate::base::id::ContentKey;
use crate::lexicon::{Folded, fold};
use crate::mail::{
    self, Address, Authenticated, Automation, Evidence, Message, Options, RegionKind, Source, Text,
    sender_evidence,
};
use crate::policy::{Place, Policy, TermHit};

/// How much text a reading keeps; all of it was looked at before.
const KEPT_TEXT: usize = 64 * 1024;
/// How many hits are kept of one value of a label, those that count and those that do not apart; more say nothing new,
/// and none of them can push out another value's.
const MOST_HITS: usize = 20;
/// How many hits are compared with our own replies; beyond them text counts as new.
const MOST_COMPARED: usize = 1_000;
/// How many bytes of a line are compared with our own replies, which have shorter ones.
const LONGEST_OWN_LINE: usize = 4 * 1024;
/// How many characters of a hit are kept to be shown.
const SHOWN: usize = 120;

/// A mail as read under a policy.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The mail; its text cut to 64 KiB.
    pub message: Message,
    /// Every hit, those that do not count included.
    pub hits: Vec<Hit>,
    /// Words that nearly were urgency keywords.
    pub near_misses: Vec<NearMiss>,
    /// Which asks of the policy this mail answers; a machine's mail answers none.
    pub asks_found: Vec<bool>,
    /// Evidence of a machine.
    pub evidence: Vec<Evidence>,
    /// Who writes: From, or Reply-To where a form writes.
    pub sender: Option<Address>,
    /// Who a reply would go to.
    pub recipient: Recipient,
    /// The sender's authentication, as far as the policy trusts it.
    pub authenticated: Authenticated,
    /// The row of the customer.
    pub customer: Option<usize>,
    /// The identity of the content.
    pub content: ContentKey,
    /// What looks like case references in the subject.
    pub subject_tags: Vec<String>,
    /// The mailbox it came to, when it is known.
    pub mailbox: Option<String>,
}

impl Reading {
    /// Whether there is evidence of a machine.
    pub fn is_automated(&self) -> bool {
        !self.evidence.is_empty()
    }

    /// The rule of reading that set apart the text in which a hit stands, a stable slug; `None` for new text.
    pub fn set_apart_by(&self, hit: &Hit) -> Option<&'static str> {
        let text = match hit.place {
            Place::Body => &self.message.body,
            Place::Forwarded => &self.message.forwarded,
            Place::Subject | Place::AttachmentName | Place::Header(_) | Place::Conversation => return None,
        };
        text.region_at(hit.start).filter(|region| region.kind != RegionKind::New).map(|region| region.because)
    }

    /// Whether it is a mail of our own that came back to us, as far as the mail alone can tell: it bears our mark and
    /// comes from one of our addresses. The mark without its seal proves nothing, since anybody can write it and other
    /// desks run nightdesk too; the seal is looked at by whoever has the key.
    pub fn is_own_mail(&self, policy: &Policy) -> bool {
        let marked = self.evidence.iter().any(|evidence| evidence.slug == Automation::OwnMail);
        marked && self.message.from.first().is_some_and(|from| policy.identity.is_own(&from.address))
    }
}

/// A term of the policy in the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Index into the policy's terms.
    pub term: usize,
    /// Where.
    pub place: Place,
    /// First byte of the decoded text of that place.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// What stands there.
    pub text: String,
    /// Whether it counts.
    pub ignored: Ignored,
}

/// Whether a hit counts, as far as the mail alone can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// It counts.
    No,
    /// It does not.
    Because(Why),
}

/// Why a hit does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// It stands in a quotation.
    Quoted,
    /// It stands in a signature.
    Signature,
    /// Nobody sees it.
    Hidden,
    /// An exception covers it.
    Excepted,
    /// The subject is that of an earlier mail.
    InheritedSubject,
    /// It is a line of one of our own replies.
    OwnWords,
}

impl Why {
    /// The slug of section 4 of the contract.
    pub fn slug(self) -> &'static str {
        match self {
            Why::Quoted => "quoted",
            Why::Signature => "signature",
            Why::Hidden => "hidden",
            Why::Excepted => "excepted",
            Why::InheritedSubject => "inherited-subject",
            Why::OwnWords => "own-words",
        }
    }
}

/// A word that nearly was an urgency keyword.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// The term it is near to.
    pub term: usize,
    /// Where.
    pub place: Place,
    /// What stands there.
    pub text: String,
}

/// Reads a mail under a policy.
pub fn read(source: &Source<'_>, policy: &Policy, mailbox: Option<&str>) -> Reading {
    let mut kept_headers = policy.words.headers.clone();
    kept_headers.extend(policy.identity.machine_markers.iter().map(|marker| marker.field().to_owned()));
    let mut message = mail::parse(source, &Options { keep_headers: &kept_headers });
    let evidence = evidence(&message, policy);
    let mut scanner = Scanner::new(policy, &evidence);
    scanner.scan_message(&message);
    let content = content_key(&message);
    let authenticated = message.authenticated(&policy.identity.authserv_ids);
    let sender = sender(&message, policy);
    let customer = entitled(&message, policy, authenticated).and_then(|who| policy.customers.find(who));
    let recipient = recipient(&message, policy, authenticated);
    message.body = cut(std::mem::take(&mut message.body));
    message.forwarded = cut(std::mem::take(&mut message.forwarded));
    Reading {
        hits: scanner.hits,
        near_misses: scanner.near_misses,
        asks_found: scanner.asks_found,
        evidence,
        subject_tags: subject_tags(&message.subject),
        sender,
        recipient,
        authenticated,
        customer,
        content,
        mailbox: mailbox.map(str::to_owned),
        message,
    }
}

/// Looks for words, place by place.
struct Scanner<'p> {
    policy: &'p Policy,
    hits: Vec<Hit>,
    /// How many hits are kept of each label, value, and whether they count.
    kept: HashMap<(usize, usize, bool), usize>,
    compared: usize,
    near_misses: Vec<NearMiss>,
    asks_found: Vec<bool>,
    reads_answers: bool,
}

impl<'p> Scanner<'p> {
    /// Machines are not asked and do not answer, so the patterns of asks, the slowest of all, are left out for them.
    fn new(policy: &'p Policy, evidence: &[Evidence]) -> Self {
        Scanner {
            policy,
            hits: Vec::new(),
            kept: HashMap::new(),
            compared: 0,
            near_misses: Vec::new(),
            asks_found: vec![false; policy.asks.len()],
            reads_answers: evidence.is_empty(),
        }
    }

    fn scan_message(&mut self, message: &Message) {
        self.scan_plain(Place::Subject, &message.subject);
        self.scan_text(Place::Body, &message.body);
        self.scan_text(Place::Forwarded, &message.forwarded);
        if !message.attachment_names.is_empty() {
            self.scan_plain(Place::AttachmentName, &message.attachment_names.join("\n\n"));
        }
        for (index, header) in self.policy.words.headers.iter().enumerate() {
            let values: Vec<&str> = message.header_values(header).collect();
            if !values.is_empty() {
                self.scan_plain(Place::Header(index), &values.join("\n\n"));
            }
        }
    }

    fn scan_plain(&mut self, place: Place, text: &str) {
        let folded = fold(text);
        let scan = self.policy.words.scan(place, &folded);
        for hit in &scan.hits {
            let ignored = if hit.excepted { Ignored::Because(Why::Excepted) } else { Ignored::No };
            self.keep(place, text, hit, ignored);
        }
        for near in &scan.near_misses {
            self.keep_near(place, text, near);
        }
        if place == Place::Subject {
            self.find_asks(&folded);
        }
    }

    /// New text is looked at on its own, so that no amount of quoted text can crowd out what it says.
    fn scan_text(&mut self, place: Place, text: &Text) {
        let new = View::of(text, |kind| kind == RegionKind::New);
        let folded = fold(&new.text);
        let scan = self.policy.words.scan(place, &folded);
        self.find_asks(&folded);
        for near in scan.near_misses {
            self.keep_near(place, &text.text, &new.original(near));
        }
        let mut counted: HashMap<usize, u16> = HashMap::new();
        for hit in scan.hits {
            let hit = new.original(hit);
            let alternative = text.region_at(hit.start).map_or(0, |region| region.alternative);
            // The same words in the plain and the HTML alternative are one mail's words.
            let is_repeated = counted.get(&hit.term).is_some_and(|earlier| *earlier < alternative);
            if is_repeated || self.is_kept_enough(&hit, true) {
                continue;
            }
            let ignored = if hit.excepted {
                Ignored::Because(Why::Excepted)
            } else if self.is_own_words(&text.text, &hit) {
                Ignored::Because(Why::OwnWords)
            } else {
                counted.entry(hit.term).or_insert(alternative);
                Ignored::No
            };
            self.keep(place, &text.text, &hit, ignored);
        }
        self.scan_old(place, text);
    }

    /// What stands in quotations, signatures and hidden text: shown, never counted.
    fn scan_old(&mut self, place: Place, text: &Text) {
        let old = View::of(text, |kind| kind != RegionKind::New);
        if old.text.is_empty() {
            return;
        }
        for hit in self.policy.words.scan_terms(place, &fold(&old.text)) {
            let hit = old.original(hit);
            let why = match text.region_at(hit.start).map(|region| region.kind) {
                Some(RegionKind::Signature) => Why::Signature,
                Some(RegionKind::Hidden) => Why::Hidden,
                Some(RegionKind::Quoted | RegionKind::New) | None => Why::Quoted,
            };
            self.keep(place, &text.text, &hit, Ignored::Because(why));
        }
    }

    /// The value that a hit speaks for, whether it counts, and how many such are kept.
    fn kept(&mut self, hit: &TermHit, counts: bool) -> Option<&mut usize> {
        let term = self.policy.words.terms.get(hit.term)?;
        Some(self.kept.entry((term.label, term.value, counts)).or_default())
    }

    fn is_kept_enough(&mut self, hit: &TermHit, counts: bool) -> bool {
        self.kept(hit, counts).is_none_or(|kept| *kept >= MOST_HITS)
    }

    fn keep(&mut self, place: Place, text: &str, hit: &TermHit, ignored: Ignored) {
        let counts = ignored == Ignored::No;
        let Some(kept) = self.kept(hit, counts).filter(|kept| **kept < MOST_HITS) else { return };
        *kept += 1;
        let shown = shown(text, hit);
        self.hits.push(Hit { term: hit.term, place, start: hit.start, end: hit.end, text: shown, ignored });
    }

    fn keep_near(&mut self, place: Place, text: &str, near: &TermHit) {
        let text = shown(text, near);
        if self.near_misses.len() < 20 && !self.near_misses.iter().any(|known| known.text == text) {
            self.near_misses.push(NearMiss { term: near.term, place, text });
        }
    }

    fn find_asks(&mut self, folded: &Folded) {
        if !self.reads_answers || self.asks_found.iter().all(|found| *found) {
            return;
        }
        let patterns = &self.policy.words.found;
        for pattern in patterns.possible(folded) {
            let ask = self.policy.asks.iter().position(|ask| ask.found.contains(&pattern));
            let Some(found) = ask.and_then(|ask| self.asks_found.get_mut(ask)) else { continue };
            *found = *found || patterns.matches(pattern, folded);
        }
    }

    /// Whether a hit stands in the fixed words of a line of one of our own replies that came back unmarked.
    fn is_own_words(&mut self, text: &str, hit: &TermHit) -> bool {
        const ENDS: [char; 2] = ['\n', mail::BLOCK];
        self.compared += 1;
        if self.compared > MOST_COMPARED {
            return false;
        }
        let from = floor(text, hit.start.saturating_sub(LONGEST_OWN_LINE));
        let to = floor(text, hit.end.saturating_add(LONGEST_OWN_LINE).min(text.len()));
        let before = text.get(from..hit.start).unwrap_or("");
        let last_end = before.char_indices().rev().find(|(_, c)| ENDS.contains(c));
        let line_start = last_end.map(|(at, end)| from + at + end.len_utf8()).or((from == 0).then_some(0));
        let line_end = text.get(hit.end..to).and_then(|after| after.find(ENDS)).map(|end| hit.end + end);
        let line_end = line_end.or((to == text.len()).then_some(to));
        let (Some(line_start), Some(line_end)) = (line_start, line_end) else { return false };
        let Some(line) = text.get(line_start..line_end) else { return false };
        let folded = fold(line);
        let words = fold(text.get(hit.start..hit.end).unwrap_or(""));
        folded.as_str().match_indices(words.as_str().trim()).any(|(start, found)| {
            let range = start..start + found.len();
            folded.original(range.clone()).start + line_start == hit.start
                && self.policy.replies.is_own_words(folded.as_str(), &range)
        })
    }
}

/// Some regions of a text as a text of their own, a blank line between those that do not touch, and the way back.
struct View<'t> {
    text: Cow<'t, str>,
    /// Where each piece begins here and in the original.
    pieces: Vec<(usize, usize)>,
}

impl<'t> View<'t> {
    fn of(text: &'t Text, wanted: impl Fn(RegionKind) -> bool) -> Self {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for region in text.regions.iter().filter(|region| wanted(region.kind)) {
            match runs.last_mut() {
                Some((_, end)) if *end == region.start => *end = region.end,
                _ => runs.push((region.start, region.end)),
            }
        }
        if let [(start, end)] = runs.as_slice() {
            let piece = text.text.get(*start..*end).unwrap_or("");
            return View { text: Cow::Borrowed(piece), pieces: vec![(0, *start)] };
        }
        let mut view = View { text: Cow::Owned(String::new()), pieces: Vec::with_capacity(runs.len()) };
        for (start, end) in runs {
            let joined = view.text.to_mut();
            if !joined.is_empty() {
                joined.push_str("\n\n");
            }
            view.pieces.push((joined.len(), start));
            joined.push_str(text.text.get(start..end).unwrap_or(""));
        }
        view
    }

    /// The same hit with the bytes of the original text.
    fn original(&self, hit: TermHit) -> TermHit {
        let piece = self.pieces.partition_point(|(here, _)| *here <= hit.start).saturating_sub(1);
        let (here, there) = self.pieces.get(piece).copied().unwrap_or_default();
        let start = there + hit.start.saturating_sub(here);
        TermHit { start, end: start + hit.end.saturating_sub(hit.start), ..hit }
    }
}

fn floor(text: &str, mut offset: usize) -> usize {
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

fn shown(text: &str, hit: &TermHit) -> String {
    let text = text.get(hit.start..hit.end).unwrap_or("");
    text.chars().take(SHOWN).map(|c| if c.is_control() || c == '\u{2029}' { ' ' } else { c }).collect()
}

/// From, Date, Subject, Message-ID and the first 64 KiB of text: what makes two copies the same mail.
fn content_key(message: &Message) -> ContentKey {
    let from = message.from.first().map(|from| from.address.key()).unwrap_or_default();
    let date = message.date.map(|date| date.as_second().to_le_bytes());
    let id = message.message_id.as_ref().map_or("", |id| id.as_str());
    ContentKey::of([
        from.as_bytes(),
        date.as_ref().map_or(&[], |date| date.as_slice()),
        message.subject.as_bytes(),
        id.as_bytes(),
        message.content_text().as_bytes(),
    ])
}

fn evidence(message: &Message, policy: &Policy) -> Vec<Evidence> {
    let mut evidence = message.evidence.clone();
    if is_form(message, policy) {
        // A declared form writes for a person: what it says of itself as a sender says nothing of that person.
        evidence.retain(|evidence| !evidence.is_of_sender());
    }
    let replies_to = message.reply_to.iter().map(|reply_to| &reply_to.address);
    for address in replies_to.filter(|address| sender_evidence(address) == Some(Automation::NoReplySender)) {
        let (field, value) = ("Reply-To".to_owned(), address.to_string());
        evidence.push(Evidence { slug: Automation::NoReplySender, field, value });
    }
    for marker in &policy.identity.machine_markers {
        let values = message.header_values(marker.field());
        for value in values.filter(|value| marker.covers(value)).take(1) {
            let (field, value) = (marker.field().to_owned(), value.chars().take(SHOWN).collect());
            evidence.push(Evidence { slug: Automation::VendorMarker, field, value });
        }
    }
    evidence
}

/// Everything like `[K7Q4-MX2P]` in a subject.
fn subject_tags(subject: &str) -> Vec<String> {
    let tags = subject.match_indices('[').filter_map(|(start, _)| {
        let tag = subject.get(start + 1..start + 10)?;
        let legal = tag.bytes().enumerate().all(|(place, byte)| {
            if place == 4 { byte == b'-' } else { byte.is_ascii_digit() || byte.is_ascii_uppercase() }
        });
        (legal && subject.get(start + 10..)?.starts_with(']')).then(|| tag.to_owned())
    });
    tags.take(10).collect()
}

fn cut(text: Text) -> Text {
    if text.text.len() <= KEPT_TEXT {
        return text;
    }
    let end = floor(&text.text, KEPT_TEXT);
    let kept = text.text.get(..end).unwrap_or("").to_owned();
    let mut regions = text.regions;
    regions.retain(|region| region.start < end);
    if let Some(last) = regions.last_mut() {
        last.end = last.end.min(end);
    }
    Text { text: kept, regions }
}
