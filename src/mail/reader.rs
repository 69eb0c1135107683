//! Puts a [`Message`] together: header, then each part as the walk meets it.
//!
//! All text is counted against one budget, so that a mail of any size leaves at most a bounded amount behind.

use std::borrow::Cow;

use super::bounce::Bounce;
use super::evidence::Found;
use super::header::{self, Field};
use super::quotation;
use super::source::{Omitted, Options, Parts, Source};
use super::structure::{self, Content, Event, Leaf, Place};
use super::subject::Purpose;
use super::text::{self, Region, RegionKind, Text};
use super::{Message, Unreadable, head, html, markup, parser};

/// Text kept of one mail, body and forwarded mails together.
const MAX_TEXT: usize = 1024 * 1024;
/// Bytes of one encoded part that are decoded: markup and encodings are larger than the text in them.
const MAX_ENCODED: usize = 4 * 1024 * 1024;
/// Attachment names kept, and bytes of each.
const MAX_NAMES: usize = 256;
const MAX_NAME: usize = 255;
/// Entries of what was left out.
const MAX_OMITTED: usize = 64;
/// Mails in encoded mails in encoded mails.
const MAX_UNPACKED: u8 = 3;

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
    let place = Place { section: "", enclosed: false, whole: true };
    structure::walk(&fields, body, place, |event| reader.on(&event));
    reader
}

fn by_parts(parts: &Parts<'_>, options: &Options<'_>, mut reader: Reader) -> Reader {
    let header = with_line_feeds(parts.header);
    let (fields, _) = header::read_block(header::without_prelude(&header), |_| false);
    reader.purpose = head::read(&fields, options, &mut reader.message, &mut reader.found);
    let content = Content::read(&fields);
    let whole = content.media.kind != "multipart";
    if !whole {
        reader.on(&Event::Multipart { content: &content, enclosed: false });
    }
    for part in &parts.parts {
        let header = with_line_feeds(part.header);
        let (fields, _) = header::read_block(&header, |_| false);
        let place = Place { section: part.section, enclosed: false, whole };
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
    unpacked: u8,
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
            Event::Message(fields) => self.enclosed(fields),
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

    /// The subject of an enclosed mail is part of what was forwarded.
    fn enclosed(&mut self, fields: &[Field<'_>]) {
        if let Some(bounce) = &mut self.message.bounce {
            bounce.add_returned(fields);
        }
        let subject = head::subject_of(fields);
        if !subject.is_empty() {
            self.append_forwarded(&subject);
        }
    }

    fn leaf(&mut self, leaf: &Leaf<'_, '_>) {
        let content = leaf.content;
        if !leaf.enclosed {
            self.found.part(leaf, || decoded(leaf).into_owned());
        }
        if let Some(name) = &content.name
            && !leaf.enclosed
            && (content.attachment || !(leaf.root && is_text(content)))
            && self.message.attachment_names.len() < MAX_NAMES
        {
            self.message.attachment_names.push(header::clip(name, MAX_NAME).to_owned());
        }
        match (content.media.kind.as_str(), content.media.subtype.as_str()) {
            ("message", "rfc822" | "global") => self.unpack(leaf),
            ("message", "delivery-status" | "global-delivery-status") if !leaf.enclosed => {
                self.message.bounce = Some(Bounce::read(&decoded(leaf)));
            }
            ("text", "rfc822-headers") => self.returned_header(leaf),
            _ if !is_text(content) && leaf.enclosed => {}
            _ if !is_text(content) => self.binary(content),
            _ if !leaf.root && self.is_file(content) => self.attached_texts |= !leaf.enclosed,
            (_, "html" | "xhtml+xml") => self.html(leaf),
            _ => self.plain(leaf),
        }
    }

    /// The header of a mail that was sent back without its body (RFC 6522 section 4).
    fn returned_header(&mut self, leaf: &Leaf<'_, '_>) {
        let text = decoded(leaf);
        if let Some(bounce) = &mut self.message.bounce {
            bounce.add_returned(&header::read_block(text.as_bytes(), |_| false).0);
        }
        self.append_forwarded(&text);
    }

    /// A named text is a file: a log, a trace. The text of the mail itself may have a name too.
    fn is_file(&self, content: &Content) -> bool {
        let Some(name) = &content.name else { return false };
        (content.attachment || self.has_words()) && !self.reads_attached && !is_split_off(name)
    }

    fn binary(&mut self, content: &Content) {
        let subtype = content.media.subtype.as_str();
        let smime = content.media.attribute("smime-type").unwrap_or("enveloped-data");
        let reason = match (content.media.kind.as_str(), subtype) {
            ("application", "pkcs7-mime" | "x-pkcs7-mime") if smime.eq_ignore_ascii_case("signed-data") => {
                Unreadable::OpaqueSignature
            }
            ("application", "pkcs7-mime" | "x-pkcs7-mime") => Unreadable::Encrypted,
            ("application", "ms-tnef" | "vnd.ms-tnef") => Unreadable::Tnef,
            _ => return,
        };
        self.unreadable.get_or_insert(reason);
    }

    /// An enclosed mail that was encoded as a whole, against RFC 2046 section 5.2.1, yet seen.
    fn unpack(&mut self, leaf: &Leaf<'_, '_>) {
        if self.unpacked >= MAX_UNPACKED {
            return self.account(leaf, capped(leaf.body).len());
        }
        self.unpacked += 1;
        self.account(leaf, 0);
        let bytes = leaf.content.encoding.decode(capped(leaf.body));
        let (fields, body) = header::read_block(header::without_prelude(&bytes), |_| false);
        self.enclosed(&fields);
        let place = Place { section: leaf.section, enclosed: true, whole: true };
        structure::walk(&fields, body, place, |event| self.on(&event));
    }

    fn plain(&mut self, leaf: &Leaf<'_, '_>) {
        let decoded = decoded(leaf);
        let mut text = text::plain(&decoded);
        let media = &leaf.content.media;
        if media.attribute("delsp").is_some_and(|value| value.trim().eq_ignore_ascii_case("yes")) {
            text = text::without_soft_breaks(text);
        }
        let kept = header::clip(&text, self.room());
        self.account(leaf, text.len() - kept.len());
        self.check(leaf, kept);
        self.divide(leaf, kept, &[], "");
    }

    fn html(&mut self, leaf: &Leaf<'_, '_>) {
        let decoded = decoded(leaf);
        let rendered = html::render(&decoded, self.room());
        self.account(leaf, rendered.cut);
        self.check(leaf, &rendered.visible);
        self.divide(leaf, &rendered.visible, &rendered.runs, &rendered.hidden);
    }

    /// Sorts the text of a part into what is the sender's and what is forwarded.
    fn divide(&mut self, leaf: &Leaf<'_, '_>, visible: &str, runs: &[(usize, markup::Class)], hidden: &str) {
        let alternative = self.parts;
        self.parts = self.parts.saturating_add(1);
        if !leaf.enclosed && alternative == 0 {
            self.found.opening(visible);
        }
        let division = quotation::divide(visible, runs, self.purpose, alternative);
        let (own, forwarded) = visible.split_at_checked(division.forwarded).unwrap_or((visible, ""));
        if !leaf.enclosed {
            self.found.wishes(own, &division.regions);
        }
        let target = if leaf.enclosed { &mut self.message.forwarded } else { &mut self.message.body };
        target.append(own, division.regions);
        append_hidden(target, hidden, alternative);
        if !forwarded.is_empty() {
            self.message
                .forwarded
                .append(forwarded, [whole_region(forwarded, RegionKind::New, "forwarded", alternative)]);
        }
    }

    fn append_forwarded(&mut self, text: &str) {
        let text = text::plain(text);
        let text = header::clip(&text, self.room());
        let region = whole_region(text, RegionKind::New, "enclosed-mail", self.parts);
        self.message.forwarded.append(text, [region]);
    }

    /// A text that is mostly replacement characters was not read.
    fn check(&mut self, leaf: &Leaf<'_, '_>, text: &str) {
        if leaf.enclosed {
            return;
        }
        if text.contains('\u{fffd}') {
            let lost = text.chars().filter(|c| *c == '\u{fffd}').count();
            if lost > 8 && lost * 3 > text.chars().count() {
                self.unreadable.get_or_insert(Unreadable::Undecodable);
            }
        }
        if text.trim_start().starts_with("-----BEGIN PGP MESSAGE-----") {
            self.unreadable.get_or_insert(Unreadable::Encrypted);
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

    fn finish(mut self) -> Message {
        let has_words = self.has_words();
        // Encrypted stays encrypted beside the notes that gateways and lists add; the others only count without words.
        self.message.unreadable = match self.unreadable {
            Some(reason @ (Unreadable::Encrypted | Unreadable::Undecodable)) => Some(reason),
            Some(reason) if !has_words => Some(reason),
            _ => None,
        };
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

fn is_text(content: &Content) -> bool {
    match content.media.kind.as_str() {
        "text" => !matches!(
            content.media.subtype.as_str(),
            "calendar"
                | "x-amp-html"
                | "css"
                | "vcard"
                | "x-vcard"
                | "directory"
                | "javascript"
                | "rfc822-headers"
        ),
        "application" => content.media.subtype == "xhtml+xml",
        // A type that is none, such as `html` alone, is read as text.
        kind => content.media.subtype.is_empty() && !matches!(kind, "image" | "audio" | "video" | "message"),
    }
}

fn capped(body: &[u8]) -> &[u8] {
    body.get(..MAX_ENCODED).unwrap_or(body)
}

fn decoded<'a>(leaf: &Leaf<'a, '_>) -> Cow<'a, str> {
    let charset = leaf.content.media.attribute("charset");
    match leaf.content.encoding.decode(capped(leaf.body)) {
        Cow::Borrowed(bytes) => parser::text(bytes, charset),
        Cow::Owned(bytes) => Cow::Owned(parser::text(&bytes, charset).into_owned()),
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
