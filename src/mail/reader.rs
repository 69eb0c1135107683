//! Puts a [`Message`] together: header, then each part as the walk meets it.
//!
//! All text is counted against one budget, so that a mail of any size leaves at most a bounded amount behind. What a part
//! is read as stands in [`media`](super::media); envelopes with mails or texts in them are opened in [`enveloped`].

mod enveloped;
mod unread;

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::bounce::Bounce;
use super::evidence::{Automation, Found};
use super::header::{self, Field};
use super::media::{Media, media};
use super::quotation;
use super::source::{Omitted, Options, Parts, Source};
use super::structure::{self, Content, Event, Leaf, Place};
use super::subject::Purpose;
use super::text::{self, Region, RegionKind, Text};
use super::{
    Message, Unreadable, charset, enriched, forwarding, head, html, invitation, markup, returned, rtf,
    uuencode,
};

/// Text kept of one mail, body and forwarded mails together.
const MAX_TEXT: usize = 1024 * 1024;
/// Bytes of one encoded part that are decoded: markup and encodings are larger than the text in them.
const MAX_ENCODED: usize = 4 * 1024 * 1024;
/// Attachment names kept, and bytes of each.
const MAX_NAMES: usize = 256;
const MAX_NAME: usize = 255;
/// What stands in a report besides its own words.
const RETURNED: &str = "returned-mail";
/// Entries of what was left out.
const MAX_OMITTED: usize = 64;
/// Mails and texts that are opened in envelopes.
const MAX_UNPACKED: u8 = 16;
/// Envelopes inside each other.
const MAX_NESTED: u8 = 3;

/// Reads a mail from any source. When all its words stand in attached texts, those are read as its text.
pub(super) fn read(source: &Source<'_>, options: &Options<'_>) -> Message {
    let mut reader = read_with(source, options, Reader::default());
    if reader.attached_texts && !reader.has_words() {
        reader = read_with(source, options, Reader { reads_attached: true, ..Reader::default() });
    }
    reader.finish()
}

fn read_with(source: &Source<'_>, options: &Options<'_>, reader: Reader) -> Reader {
    match source {
        Source::Whole(bytes) => whole(bytes, options, reader),
        Source::Parts(parts) => by_parts(parts, options, reader),
    }
}

fn whole(bytes: &[u8], options: &Options<'_>, mut reader: Reader) -> Reader {
    let bytes = with_line_feeds(bytes);
    let (fields, body) = header::read_block(header::without_prelude(&bytes), |_| false);
    if fields.is_empty() && body.trim_ascii().is_empty() {
        reader.unreadable = Some(Unreadable::Empty);
        return reader;
    }
    reader.purpose = head::read(&fields, options, &mut reader.message, &mut reader.found);
    let place = Place { section: "", enclosed: false, returned: false, whole: true };
    structure::walk(&fields, body, place, |event| reader.on(&event));
    reader
}

fn by_parts(parts: &Parts<'_>, options: &Options<'_>, mut reader: Reader) -> Reader {
    let header = with_line_feeds(parts.header);
    let (fields, _) = header::read_block(header::without_prelude(&header), |_| false);
    reader.purpose = head::read(&fields, options, &mut reader.message, &mut reader.found);
    let content = Content::read(&fields);
    let whole = content.media.kind != "multipart";
    let returned = !whole && content.media.subtype == "report";
    if !whole {
        reader.on(&Event::Multipart { content: &content, enclosed: false });
    }
    for part in &parts.parts {
        let header = with_line_feeds(part.header);
        let (fields, _) = header::read_block(&header, |_| false);
        let place = Place { section: part.section, enclosed: false, returned, whole };
        structure::walk(&fields, part.body, place, |event| reader.on(&event));
        if part.truncated {
            reader.omit(Omitted {
                section: part.section.to_owned(),
                media_type: Content::read(&fields).media_type(),
                bytes: 0,
            });
        }
    }
    for omitted in &parts.omitted {
        reader.omit(omitted.clone());
    }
    reader
}

/// A mail whose lines end with bare carriage returns gets line feeds.
fn with_line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    if header::line_len(bytes) < bytes.len() || !bytes.contains(&b'\r') || bytes.ends_with(b"\n") {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(bytes.iter().map(|&b| if b == b'\r' { b'\n' } else { b }).collect())
}

#[derive(Debug, Default)]
struct Reader {
    message: Message,
    found: Found,
    purpose: Purpose,
    /// Text parts met so far.
    parts: u16,
    unreadable: Option<Unreadable>,
    /// Parts that are no text, in case there is no other.
    unread: Vec<Omitted>,
    unpacked: u8,
    nested: u8,
    /// Whether a text was taken for a file.
    attached_texts: bool,
    /// Whether such texts are read all the same.
    reads_attached: bool,
}

impl Reader {
    fn on(&mut self, event: &Event<'_, '_>) {
        match event {
            Event::Multipart { content, enclosed: false } => self.multipart(content),
            Event::Multipart { .. } => {}
            Event::Message { fields, returned } => self.enclosed(fields, *returned),
            Event::Leaf(leaf) => self.leaf(leaf),
            Event::Omitted(omitted) => self.omit(omitted.clone()),
        }
    }

    fn multipart(&mut self, content: &Content) {
        self.found.multipart(content);
        if content.media.subtype == "encrypted" {
            self.unreadable = Some(Unreadable::Encrypted); // RFC 1847 section 2.2
        }
    }

    /// The subject of an enclosed mail is part of what was forwarded, or came back.
    fn enclosed(&mut self, fields: &[Field<'_>], returned: bool) {
        if let Some(bounce) = &mut self.message.bounce {
            bounce.add_returned(fields);
        }
        let subject = head::subject_of(fields);
        if !subject.is_empty() {
            self.append_forwarded(&subject, returned || self.is_bounce());
        }
    }

    fn leaf(&mut self, leaf: &Leaf<'_, '_>) {
        let content = leaf.content;
        if !leaf.enclosed {
            self.found.part(leaf, || decoded(leaf).into_owned());
        }
        let media = media(content);
        if let Some(name) = &content.name
            && !leaf.enclosed
            && (content.attachment || !(leaf.root && media.is_text()))
        {
            self.name(name);
        }
        if matches!(
            content.media_type().as_str(),
            "message/delivery-status" | "message/global-delivery-status"
        ) && !leaf.enclosed
        {
            self.message.bounce = Some(Bounce::read(&decoded(leaf)));
        }
        match media {
            _ if media.is_text() && !leaf.root && self.is_file(content) => {
                self.attached_texts |= !leaf.enclosed;
            }
            Media::Plain => self.plain(leaf, &decoded(leaf)),
            Media::Html => self.html(leaf, &decoded(leaf)),
            Media::Enriched => self.plain(leaf, &enriched::words(&text::plain(&decoded(leaf)))),
            Media::Rtf => self.rtf(leaf),
            Media::Calendar => self.calendar(leaf),
            Media::Tnef => self.tnef(leaf),
            Media::Cms => self.signed(leaf),
            Media::Mail => self.unpack(leaf),
            Media::Headers => self.returned_header(leaf),
            Media::Fragment => self.fragment(leaf),
            Media::File => self.not_read(leaf),
        }
    }

    /// The header of a mail that was sent back without its body (RFC 6522 section 4).
    fn returned_header(&mut self, leaf: &Leaf<'_, '_>) {
        let text = decoded(leaf);
        if let Some(bounce) = &mut self.message.bounce {
            bounce.add_returned(&header::read_block(text.as_bytes(), |_| false).0);
        }
        self.append_forwarded(&text, leaf.returned || self.is_bounce());
    }

    fn name(&mut self, name: &str) {
        let names = &mut self.message.attachment_names;
        let name = header::clip(name, MAX_NAME);
        if names.len() < MAX_NAMES && !name.trim().is_empty() {
            names.push(name.to_owned());
        }
    }

    /// Whether the mail is a notice that another one did not arrive.
    fn is_bounce(&self) -> bool {
        self.found.has(Automation::DeliveryReport)
    }

    /// A named text is a file: a log, a trace. The text of the mail itself may have a name too, and an invitation has one.
    fn is_file(&self, content: &Content) -> bool {
        let Some(name) = &content.name else { return false };
        if content.media.subtype == "calendar" && content.media.attribute("method").is_some() {
            return false;
        }
        (content.attachment || self.has_words()) && !self.reads_attached && !is_split_off(name)
    }

    fn plain(&mut self, leaf: &Leaf<'_, '_>, decoded: &str) {
        // What calls itself plain is sometimes a page or a document.
        if is_page(decoded) {
            return self.html(leaf, decoded);
        }
        let media = &leaf.content.media;
        let says = |name: &str, word: &str| {
            media.attribute(name).is_some_and(|value| value.trim().eq_ignore_ascii_case(word))
        };
        let mut text = text::plain(decoded);
        if says("format", "flowed") {
            text = text::flowed(text, says("delsp", "yes"));
        }
        if let Some(rest) = uuencode::without_files(&text, |name| self.name(name)) {
            text = Cow::Owned(rest);
        }
        let kept = header::clip(&text, self.room());
        self.account(leaf, text.len() - kept.len());
        self.check(leaf, kept);
        self.divide(leaf, kept, &[], "");
    }

    fn html(&mut self, leaf: &Leaf<'_, '_>, decoded: &str) {
        let rendered = html::render(decoded, self.room());
        self.account(leaf, rendered.cut);
        self.check(leaf, &rendered.visible);
        self.divide(leaf, &rendered.visible, &rendered.runs, &rendered.hidden);
    }

    fn rtf(&mut self, leaf: &Leaf<'_, '_>) {
        let bytes = leaf.content.encoding.decode(capped(leaf.body));
        if rtf::is_rtf(&bytes) {
            self.document(leaf, &bytes);
        } else {
            self.plain(leaf, &decoded(leaf));
        }
    }

    /// A document of RTF, from a part or from an envelope.
    fn document(&mut self, leaf: &Leaf<'_, '_>, bytes: &[u8]) {
        // Of a page half is markup.
        match rtf::words(bytes, MAX_ENCODED) {
            rtf::Words::Plain(text) => self.plain(leaf, &text),
            rtf::Words::Html(page) => self.html(leaf, &page),
        }
    }

    fn calendar(&mut self, leaf: &Leaf<'_, '_>) {
        let words = invitation::words(&decoded(leaf));
        if !words.plain.is_empty() {
            self.plain(leaf, &words.plain);
        }
        if let Some(page) = words.html {
            self.html(leaf, &page);
        }
    }

    /// Sorts the text of a part into what is the sender's and what is forwarded.
    fn divide(&mut self, leaf: &Leaf<'_, '_>, visible: &str, runs: &[(usize, markup::Class)], hidden: &str) {
        let alternative = self.parts;
        self.parts = self.parts.saturating_add(1);
        if !leaf.enclosed && alternative == 0 {
            self.found.opening(visible);
        }
        if leaf.enclosed && (leaf.returned || self.is_bounce()) {
            let region = whole_region(visible, RegionKind::Quoted, RETURNED, alternative);
            return self.message.forwarded.append(visible, [region]);
        }
        let came_back = if self.is_bounce() { returned::begins(visible) } else { None };
        let (visible, old) =
            visible.split_at_checked(came_back.unwrap_or(visible.len())).unwrap_or((visible, ""));
        let division = quotation::divide(visible, runs, self.purpose, alternative);
        let (own, forwarded) = visible.split_at_checked(division.forwarded).unwrap_or((visible, ""));
        if !leaf.enclosed {
            self.found.wishes(own, &division.regions);
        }
        let target = if leaf.enclosed { &mut self.message.forwarded } else { &mut self.message.body };
        target.append(own, division.regions);
        append_hidden(target, hidden, alternative);
        for (text, kind, because) in
            [(forwarded, RegionKind::New, "forwarded"), (old, RegionKind::Quoted, RETURNED)]
        {
            self.message.forwarded.append(text, [whole_region(text, kind, because, alternative)]);
        }
    }

    fn append_forwarded(&mut self, text: &str, returned: bool) {
        let text = text::plain(text);
        let text = header::clip(&text, self.room());
        let (kind, because) =
            if returned { (RegionKind::Quoted, RETURNED) } else { (RegionKind::New, "enclosed-mail") };
        let region = whole_region(text, kind, because, self.parts);
        self.message.forwarded.append(text, [region]);
    }

    /// Looks whether a text says that it cannot be read.
    fn check(&mut self, leaf: &Leaf<'_, '_>, text: &str) {
        if !leaf.enclosed
            && let Some(reason) = unread::reason(text)
        {
            self.unreadable.get_or_insert(reason);
        }
    }

    /// Text that may still be kept.
    fn room(&self) -> usize {
        MAX_TEXT.saturating_sub(self.message.body.text.len() + self.message.forwarded.text.len())
    }

    /// Names what was not kept of a part: undecoded bytes, and text beyond the room.
    fn account(&mut self, leaf: &Leaf<'_, '_>, cut: usize) {
        let bytes = cut + leaf.body.len().saturating_sub(MAX_ENCODED);
        if bytes > 0 {
            let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
            let media_type = leaf.content.media_type();
            self.omit(Omitted { section: leaf.section.to_owned(), media_type, bytes });
        }
    }

    fn omit(&mut self, omitted: Omitted) {
        if self.message.omitted.len() < MAX_OMITTED {
            self.message.omitted.push(omitted);
        }
    }

    /// Whether any new words were read.
    fn has_words(&self) -> bool {
        let body = &self.message.body;
        body.of_kind(RegionKind::New).any(|r| !body.slice(r).trim().is_empty())
    }

    /// Notes a part that is no text.
    fn not_read(&mut self, leaf: &Leaf<'_, '_>) {
        if !leaf.enclosed && self.unread.len() < MAX_OMITTED {
            let bytes = u64::try_from(leaf.body.len()).unwrap_or(u64::MAX);
            let media_type = leaf.content.media_type();
            self.unread.push(Omitted { section: leaf.section.to_owned(), media_type, bytes });
        }
    }

    /// A forwarded mail is quoted when the sender's own words say more than a forward would.
    ///
    /// What stands in one text part is judged by the words above it, an enclosed mail by those of all parts.
    fn judge_forwarded(&mut self) {
        if self.message.forwarded.regions.is_empty() {
            return;
        }
        let body = &self.message.body;
        let mut own: BTreeMap<u16, String> = BTreeMap::new();
        for region in body.of_kind(RegionKind::New) {
            own.entry(region.alternative).or_default().push_str(body.slice(region));
        }
        let verdicts: BTreeMap<u16, bool> =
            own.iter().map(|(part, own)| (*part, forwarding::says_nothing_more(own))).collect();
        let all = verdicts.values().all(|counts| *counts);
        for region in &mut self.message.forwarded.regions {
            let counts = verdicts.get(&region.alternative).copied().unwrap_or(all);
            if region.kind == RegionKind::New && !counts {
                (region.kind, region.because) = (RegionKind::Quoted, "forwarded");
            }
        }
    }

    /// A mail that answers nothing and in which everything looks quoted is what its sender wanted to say.
    fn judge_quoted(&mut self) {
        let says_something =
            self.has_words() || !self.message.forwarded.regions.is_empty() || self.is_bounce();
        if self.purpose != Purpose::New || says_something {
            return;
        }
        for region in &mut self.message.body.regions {
            if region.kind == RegionKind::Quoted {
                (region.kind, region.because) = (RegionKind::New, "nothing-else");
            }
        }
    }

    fn finish(mut self) -> Message {
        self.judge_quoted();
        self.judge_forwarded();
        let has_words = self.has_words();
        self.message.unreadable = match self.unreadable {
            Some(reason) if !has_words || unread::outweighs_words(reason) => Some(reason),
            None if unread::is_placeholder(&self.message.subject) => Some(Unreadable::Placeholder),
            _ => None,
        };
        // A picture or a voice alone says something that was not read, and so it is named. The mail counts as readable:
        // there is no text in it that hides from us, and most such mails are a screenshot under a telling subject.
        if !has_words && self.message.unreadable.is_none() {
            for unread in std::mem::take(&mut self.unread) {
                if !self.message.omitted.iter().any(|known| known.section == unread.section) {
                    self.omit(unread);
                }
            }
        }
        self.message.evidence = self.found.into_signs();
        self.message
    }
}

/// Exchange makes a file `ATT00001.txt` or `.htm` of text that the sender wrote below an image.
fn is_split_off(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let number = name.strip_prefix("att").and_then(|n| n.split_once('.'));
    number.is_some_and(|(number, kind)| {
        number.len() == 5
            && number.bytes().all(|b| b.is_ascii_digit())
            && matches!(kind, "txt" | "htm" | "html")
    })
}

/// Whether text under the name of plain text is a page.
fn is_page(text: &str) -> bool {
    let begins = |tag: &str| {
        let start = text.trim_start();
        start.as_bytes().get(..tag.len()).is_some_and(|head| head.eq_ignore_ascii_case(tag.as_bytes()))
    };
    text.trim_start().starts_with('<') && (begins("<!doctype html") || begins("<html"))
}

fn capped(body: &[u8]) -> &[u8] {
    body.get(..MAX_ENCODED).unwrap_or(body)
}

fn decoded<'a>(leaf: &Leaf<'a, '_>) -> Cow<'a, str> {
    let label = leaf.content.media.attribute("charset");
    let text = if media(leaf.content) == Media::Html { charset::html } else { charset::text };
    match leaf.content.encoding.decode(capped(leaf.body)) {
        Cow::Borrowed(bytes) => text(bytes, label),
        Cow::Owned(bytes) => Cow::Owned(text(&bytes, label).into_owned()),
    }
}

fn whole_region(text: &str, kind: RegionKind, because: &'static str, alternative: u16) -> Region {
    Region { start: 0, end: text.len(), kind, because, alternative }
}

fn append_hidden(target: &mut Text, hidden: &str, alternative: u16) {
    if !hidden.is_empty() {
        target.append(hidden, [whole_region(hidden, RegionKind::Hidden, "hidden", alternative)]);
    }
}
