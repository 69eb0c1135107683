//! Reading one mail: what it says, to whom it speaks, which words of the policy stand in it, and who wrote it.
//!
//! Costs whatever the mail costs, knows nothing of other mails. Everything is bounded by what `mail` keeps.

use std::borrow::Cow;

use crate::base::id::ContentKey;
use crate::lexicon::{Folded, fold};
use crate::mail::{
    self, Address, Authenticated, Automation, Evidence, Message, Options, RegionKind, Source, Text,
};
use crate::policy::{Place, Policy, TermHit};

/// How much text a reading keeps; all of it was looked at before.
const KEPT_TEXT: usize = 64 * 1024;
/// How many hits of one mail are kept; more say nothing new.
const MOST_HITS: usize = 200;
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
    /// The case reference in the subject.
    pub subject_tag: Option<String>,
    /// The mailbox it came to, when it is known.
    pub mailbox: Option<String>,
}

impl Reading {
    /// Whether there is evidence of a machine.
    pub fn is_automated(&self) -> bool {
        !self.evidence.is_empty()
    }

    /// Whether it is one of our own mails.
    pub fn is_own_mail(&self) -> bool {
        self.evidence.iter().any(|evidence| evidence.slug == Automation::OwnMail)
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

/// Who a reply would go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// This address.
    Address(Address),
    /// There is no usable From.
    Nobody,
    /// A form that names no usable Reply-To.
    Unsafe,
}

/// Reads a mail under a policy.
pub fn read(source: &Source<'_>, policy: &Policy, mailbox: Option<&str>) -> Reading {
    let mut kept_headers = policy.words.headers.clone();
    kept_headers.extend(policy.identity.machine_markers.iter().cloned());
    let mut message = mail::parse(source, &Options { keep_headers: &kept_headers });
    let evidence = evidence(&message, policy);
    let mut scanner = Scanner::new(policy, &evidence);
    scanner.scan_message(&message);
    let content = content_key(&message);
    let authenticated = message.authenticated(&policy.identity.authserv_ids);
    let sender = sender(&message, policy);
    let customer = sender
        .as_ref()
        .filter(|_| authenticated != Authenticated::Fail)
        .and_then(|address| policy.customers.find(address));
    let recipient = recipient(&message, policy, authenticated);
    message.body = cut(std::mem::take(&mut message.body));
    message.forwarded = cut(std::mem::take(&mut message.forwarded));
    Reading {
        hits: scanner.hits,
        near_misses: scanner.near_misses,
        asks_found: scanner.asks_found,
        evidence,
        subject_tag: subject_tag(&message.subject),
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
            self.find_asks(&folded, |_| true);
        }
    }

    fn scan_text(&mut self, place: Place, text: &Text) {
        if text.text.is_empty() {
            return;
        }
        let folded = fold(&text.text);
        let scan = self.policy.words.scan(place, &folded);
        let mut seen: Vec<(usize, Ignored, u16)> = Vec::new();
        for hit in &scan.hits {
            let Some(region) = text.region_at(hit.start) else { continue };
            let ignored = self.fate(&text.text, hit, region.kind);
            // The same words in the plain and the HTML alternative are one mail's words.
            let earlier = seen.iter().any(|(term, fate, alternative)| {
                *term == hit.term && *fate == ignored && *alternative < region.alternative
            });
            if !earlier {
                seen.push((hit.term, ignored, region.alternative));
                self.keep(place, &text.text, hit, ignored);
            }
        }
        for near in &scan.near_misses {
            if text.region_at(near.start).is_some_and(|region| region.kind == RegionKind::New) {
                self.keep_near(place, &text.text, near);
            }
        }
        self.find_asks(&folded, |start| {
            text.region_at(start).is_some_and(|region| region.kind == RegionKind::New)
        });
    }

    /// Whether a hit in a text counts.
    fn fate(&self, text: &str, hit: &TermHit, kind: RegionKind) -> Ignored {
        let why = match kind {
            RegionKind::Quoted => Why::Quoted,
            RegionKind::Signature => Why::Signature,
            RegionKind::Hidden => Why::Hidden,
            RegionKind::New if hit.excepted => Why::Excepted,
            RegionKind::New if is_own_words(text, hit, self.policy) => Why::OwnWords,
            RegionKind::New => return Ignored::No,
        };
        Ignored::Because(why)
    }

    fn keep(&mut self, place: Place, text: &str, hit: &TermHit, ignored: Ignored) {
        if self.hits.len() < MOST_HITS {
            let shown = shown(text, hit);
            self.hits.push(Hit {
                term: hit.term,
                place,
                start: hit.start,
                end: hit.end,
                text: shown,
                ignored,
            });
        } else if ignored == Ignored::No && self.would_be_stronger(hit.term) {
            // Hundreds of weak hits must not push a strong one out.
            if let Some(last) = self.hits.last_mut() {
                *last = Hit {
                    term: hit.term,
                    place,
                    start: hit.start,
                    end: hit.end,
                    text: shown(text, hit),
                    ignored,
                };
            }
        }
    }

    fn would_be_stronger(&self, term: usize) -> bool {
        let Some(new) = self.policy.words.terms.get(term) else { return false };
        let strongest = self
            .hits
            .iter()
            .filter(|hit| hit.ignored == Ignored::No)
            .filter_map(|hit| self.policy.words.terms.get(hit.term))
            .filter(|term| term.label == new.label)
            .map(|term| term.value)
            .min();
        strongest.is_none_or(|strongest| new.value < strongest)
    }

    fn keep_near(&mut self, place: Place, text: &str, near: &TermHit) {
        let text = shown(text, near);
        if self.near_misses.len() < 20 && !self.near_misses.iter().any(|known| known.text == text) {
            self.near_misses.push(NearMiss { term: near.term, place, text });
        }
    }

    fn find_asks(&mut self, folded: &Folded, counts: impl Fn(usize) -> bool) {
        if !self.reads_answers || self.asks_found.iter().all(|found| *found) {
            return;
        }
        for found in self.policy.words.found.find(folded) {
            let ask = self.policy.asks.iter().position(|ask| ask.found.contains(&found.keyword));
            if let Some(slot) = ask.and_then(|ask| self.asks_found.get_mut(ask))
                && counts(found.start)
            {
                *slot = true;
            }
        }
    }
}

fn shown(text: &str, hit: &TermHit) -> String {
    let text = text.get(hit.start..hit.end).unwrap_or("");
    text.chars().take(SHOWN).map(|c| if c.is_control() || c == '\u{2029}' { ' ' } else { c }).collect()
}

/// Whether a hit stands in the fixed words of a line of one of our own replies that came back unmarked.
fn is_own_words(text: &str, hit: &TermHit, policy: &Policy) -> bool {
    const ENDS: [char; 2] = ['\n', '\u{2029}'];
    let line_start = text.get(..hit.start).and_then(|before| before.rfind(ENDS)).map_or(0, |end| {
        end + text.get(end..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
    });
    let line_end =
        text.get(hit.end..).and_then(|after| after.find(ENDS)).map_or(text.len(), |end| hit.end + end);
    let Some(line) = text.get(line_start..line_end) else { return false };
    if line.len() > 4096 {
        return false;
    }
    let folded = fold(line);
    let words = fold(text.get(hit.start..hit.end).unwrap_or(""));
    folded.as_str().match_indices(words.as_str().trim()).any(|(start, found)| {
        let range = start..start + found.len();
        folded.original(range.clone()).start + line_start == hit.start
            && policy.replies.is_own_words(folded.as_str(), &range)
    })
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

/// Identity goes by From; where a declared form writes, the customer stands in Reply-To.
fn sender(message: &Message, policy: &Policy) -> Option<Address> {
    let from = &message.from.first()?.address;
    if policy.identity.is_form(from) {
        return message.reply_to.first().map(|reply_to| reply_to.address.clone());
    }
    Some(from.clone())
}

/// Reply-To only when it is in From's domain, authenticated, or of a declared form; else From.
fn recipient(message: &Message, policy: &Policy, authenticated: Authenticated) -> Recipient {
    let Some(from) = message.from.first() else { return Recipient::Nobody };
    let reply_to = message.reply_to.first().filter(|_| message.reply_to.len() == 1);
    if policy.identity.is_form(&from.address) {
        return reply_to.map_or(Recipient::Unsafe, |reply_to| Recipient::Address(reply_to.address.clone()));
    }
    let safe = reply_to.filter(|reply_to| {
        reply_to.address.domain() == from.address.domain() || authenticated == Authenticated::Pass
    });
    Recipient::Address(safe.unwrap_or(from).address.clone())
}

fn evidence(message: &Message, policy: &Policy) -> Vec<Evidence> {
    let mut evidence = message.evidence.clone();
    for marker in &policy.identity.machine_markers {
        if let Some(value) = message.header_values(marker).next() {
            let value = value.chars().take(SHOWN).collect();
            evidence.push(Evidence { slug: Automation::VendorMarker, field: marker.clone(), value });
        }
    }
    evidence
}

/// `[K7Q4-MX2P]` in a subject.
fn subject_tag(subject: &str) -> Option<String> {
    subject.match_indices('[').find_map(|(start, _)| {
        let tag = subject.get(start + 1..start + 10)?;
        let legal = tag.bytes().enumerate().all(|(place, byte)| {
            if place == 4 { byte == b'-' } else { byte.is_ascii_digit() || byte.is_ascii_uppercase() }
        });
        (legal && subject.get(start + 10..)?.starts_with(']')).then(|| tag.to_owned())
    })
}

fn cut(text: Text) -> Text {
    if text.text.len() <= KEPT_TEXT {
        return text;
    }
    let mut end = KEPT_TEXT;
    while !text.text.is_char_boundary(end) {
        end -= 1;
    }
    let kept = Cow::from(text.text.get(..end).unwrap_or("")).into_owned();
    let mut regions = text.regions;
    regions.retain(|region| region.start < end);
    if let Some(last) = regions.last_mut() {
        last.end = last.end.min(end);
    }
    Text { text: kept, regions }
}
