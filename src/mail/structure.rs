//! Walks the MIME structure of a mail and hands each leaf part on (RFC 2045, RFC 2046).
//!
//! One pass over the bytes with a stack of open multiparts: recursion only as deep as the stack, nothing scanned twice, nothing decoded. What lies
//! deeper or further than the caps is named as omitted.

use super::encoded_words;
use super::encoding::Encoding;
use super::header::{self, Field};
use super::parser::{self, Typed};
use super::source::Omitted;

/// Multiparts and enclosed mails inside each other; people nest three or four.
const MAX_DEPTH: usize = 64;
/// Parts looked at in one mail.
const MAX_PARTS: usize = 1_000;
/// Bytes of one Content-Type or Content-Disposition that are parsed.
const MAX_PARAMETERS: usize = 8 * 1024;

/// What the header of a part says about its content.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) media: Typed,
    pub(super) encoding: Encoding,
    pub(super) attachment: bool,
    pub(super) name: Option<String>,
}

impl Content {
    /// Reads the MIME fields of a header; a missing or broken Content-Type is plain text (RFC 2045 section 5.2).
    pub(super) fn read(fields: &[Field<'_>]) -> Self {
        let mut media = None;
        let mut disposition = None;
        let mut encoding = Encoding::Identity;
        for field in fields {
            match field.name.len() {
                12 if field.is("Content-Type") && media.is_none() => {
                    media = parser::typed(field.capped(MAX_PARAMETERS));
                }
                19 if field.is("Content-Disposition") && disposition.is_none() => {
                    disposition = parser::typed(field.capped(MAX_PARAMETERS));
                }
                25 if field.is("Content-Transfer-Encoding") => {
                    encoding = Encoding::named(&header::keyword(&field.unfolded(256)));
                }
                _ => {}
            }
        }
        let mut media = media.unwrap_or_else(|| Typed::new("text", "plain"));
        if media.kind == "text" && media.subtype.is_empty() {
            media.subtype.push_str("plain");
        }
        let attachment = disposition.as_ref().is_some_and(|d| d.kind == "attachment");
        let name = disposition
            .as_ref()
            .and_then(|d| d.attribute("filename"))
            .or_else(|| media.attribute("name"))
            // Often encoded words, although RFC 2047 section 5 forbids it.
            .map(|name| header::collapse(&encoded_words::decode(name.as_bytes())))
            .filter(|name| !name.is_empty());
        Self { media, encoding, attachment, name }
    }

    /// Such as `text/plain`.
    pub(super) fn media_type(&self) -> String {
        format!("{}/{}", self.media.kind, self.media.subtype)
    }

    fn is_message(&self) -> bool {
        self.media.kind == "message" && matches!(self.media.subtype.as_str(), "rfc822" | "global")
    }
}

/// What the walk meets.
pub(super) enum Event<'a, 'w> {
    /// A multipart begins, inside an enclosed mail or not.
    Multipart { content: &'w Content, enclosed: bool },
    /// An enclosed mail begins with these fields; a report may have brought it back.
    Message { fields: &'w [Field<'a>], returned: bool },
    /// A part that holds no others.
    Leaf(Leaf<'a, 'w>),
    /// Something beyond the caps.
    Omitted(Omitted),
}

/// A part that holds no others.
#[derive(Clone, Copy)]
pub(super) struct Leaf<'a, 'w> {
    pub(super) content: &'w Content,
    /// Still transfer-encoded.
    pub(super) body: &'a [u8],
    /// Whether it stands inside an enclosed mail.
    pub(super) enclosed: bool,
    /// Whether it stands in a report, which brings back what was sent (RFC 6522).
    pub(super) returned: bool,
    /// Whether it is the whole content of its mail.
    pub(super) root: bool,
    pub(super) section: &'w str,
}

/// An open multipart or enclosed mail.
struct Level {
    /// `None` for an enclosed mail.
    boundary: Option<String>,
    digest: bool,
    enclosed: bool,
    /// Whether it is a report of the mail itself or stands in one.
    returned: bool,
    /// How many children were met.
    children: usize,
}

/// What was found where a part ended.
enum Delimiter {
    /// A part of the level with this index begins.
    Part(usize),
    /// The level with this index is closed.
    Close(usize),
    End,
}

struct Walk<'a, F> {
    rest: &'a [u8],
    levels: Vec<Level>,
    /// Whether it began with a mail and not with one of its parts.
    whole: bool,
    parts: usize,
    on: F,
}

/// Where in a mail a walk begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'s> {
    /// The section of what is walked, empty for a whole mail.
    pub(super) section: &'s str,
    /// Whether all of it belongs to an enclosed mail.
    pub(super) enclosed: bool,
    /// Whether the mail is a report, so that what it encloses comes back.
    pub(super) returned: bool,
    /// Whether it is the content of a mail, not one part of several.
    pub(super) whole: bool,
}

/// Walks the content that follows `fields`, the header of a mail or of a fetched part.
pub(super) fn walk<'a>(
    fields: &[Field<'a>],
    body: &'a [u8],
    Place { section, enclosed, returned, whole }: Place<'_>,
    on: impl FnMut(Event<'a, '_>),
) {
    let root = Level { boundary: None, digest: false, enclosed, returned, children: 0 };
    let mut walk = Walk { rest: body, levels: vec![root], whole, parts: 0, on };
    walk.entity(&Content::read(fields), section);
    while walk.parts < MAX_PARTS {
        match walk.next_part() {
            Some(level) => walk.part(level, section),
            None => return,
        }
    }
    if !walk.rest.is_empty() {
        let bytes = u64::try_from(walk.rest.len()).unwrap_or(u64::MAX);
        let media_type = "multipart/mixed".to_owned();
        let section = walk.section(section);
        (walk.on)(Event::Omitted(Omitted { section, media_type, bytes }));
    }
}

impl<'a, F: FnMut(Event<'a, '_>)> Walk<'a, F> {
    /// Skips to the next delimiter line that begins a part.
    fn next_part(&mut self) -> Option<usize> {
        loop {
            let (_, delimiter) = self.take_until_delimiter();
            match delimiter {
                Delimiter::Part(level) => return Some(level),
                Delimiter::Close(level) => self.levels.truncate(level),
                Delimiter::End => return None,
            }
        }
    }

    /// Reads the part of multipart `level` that `rest` begins with.
    fn part(&mut self, level: usize, base: &str) {
        self.levels.truncate(level + 1);
        let digest = self.levels.last_mut().is_some_and(|l| {
            l.children += 1;
            l.digest
        });
        let levels = &self.levels;
        let (fields, rest) = header::read_block(self.rest, |line| find(levels, line).is_some());
        self.rest = rest;
        let mut content = Content::read(&fields);
        if digest && !fields.iter().any(|f| f.is("Content-Type")) {
            content.media = Typed::new("message", "rfc822"); // RFC 2046 section 5.1.5
        }
        self.entity(&content, base);
    }

    /// Takes in the content that a header announced.
    fn entity(&mut self, content: &Content, base: &str) {
        self.parts += 1;
        let enclosed = self.levels.last().is_some_and(|l| l.enclosed);
        if self.levels.len() > MAX_DEPTH {
            return self.leave_out(content, base);
        }
        if content.media.kind == "multipart" {
            (self.on)(Event::Multipart { content, enclosed });
            let boundary = content.media.attribute("boundary").map(str::trim_end).filter(|b| !b.is_empty());
            let Some(boundary) = boundary else { return self.leaf(&as_text(content), base) };
            let digest = content.media.subtype == "digest";
            let returned = self.is_returned() || content.media.subtype == "report" && !enclosed;
            self.levels.push(Level {
                boundary: Some(boundary.to_owned()),
                digest,
                enclosed,
                returned,
                children: 0,
            });
            return self.preamble(content, base);
        }
        if content.is_message() && content.encoding == Encoding::Identity {
            return self.enclosed_mail(base);
        }
        self.leaf(content, base);
    }

    /// A multipart none of whose parts ever begins is read as text: better shown than lost.
    fn preamble(&mut self, content: &Content, base: &str) {
        let own = self.levels.len() - 1;
        let before = self.rest;
        let (mut skipped, mut after) = (0, 0);
        loop {
            let (line, _) = header::split_line(self.rest);
            if line.is_empty() {
                break;
            }
            match find(&self.levels, line) {
                Some(Delimiter::Part(level)) if level == own => return,
                Some(Delimiter::Close(level)) if level == own => {
                    // An outer multipart may have the same boundary.
                    after = line.len();
                    break;
                }
                Some(_) => break,
                None => self.rest = self.rest.get(line.len()..).unwrap_or_default(),
            }
            skipped += line.len();
        }
        self.rest = self.rest.get(after..).unwrap_or_default();
        self.levels.pop();
        let root = self.is_root();
        let enclosed = self.levels.last().is_some_and(|l| l.enclosed);
        let body = before.get(..skipped).unwrap_or_default();
        let section = self.section(base);
        let (content, returned) = (&as_text(content), self.is_returned());
        (self.on)(Event::Leaf(Leaf { content, body, enclosed, returned, root, section: &section }));
    }

    /// A mail within the mail: its header is read here, its body is the next entity.
    fn enclosed_mail(&mut self, base: &str) {
        let levels = &self.levels;
        let input = header::without_prelude(self.rest);
        let (fields, rest) = header::read_block(input, |line| find(levels, line).is_some());
        self.rest = rest;
        let returned = self.is_returned();
        (self.on)(Event::Message { fields: &fields, returned });
        let level = Level { boundary: None, digest: false, enclosed: true, returned, children: 0 };
        self.levels.push(level);
        // A mail in a mail in a mail: the levels bound how deep this goes.
        self.entity(&Content::read(&fields), base);
    }

    fn leaf(&mut self, content: &Content, base: &str) {
        let root = self.is_root();
        let enclosed = self.levels.last().is_some_and(|l| l.enclosed);
        let section = self.section(base);
        let (body, delimiter) = self.peek_until_delimiter();
        let body = if matches!(delimiter, Delimiter::End) { body } else { without_line_end(body) };
        let returned = self.is_returned();
        (self.on)(Event::Leaf(Leaf { content, body, enclosed, returned, root, section: &section }));
    }

    fn is_returned(&self) -> bool {
        self.levels.last().is_some_and(|l| l.returned)
    }

    /// Whether what comes is the whole content of its mail.
    fn is_root(&self) -> bool {
        self.levels.last().is_some_and(|l| l.boundary.is_none()) && (self.whole || self.levels.len() > 1)
    }

    fn leave_out(&mut self, content: &Content, base: &str) {
        let (body, _) = self.peek_until_delimiter();
        let bytes = u64::try_from(body.len()).unwrap_or(u64::MAX);
        let omitted = Omitted { section: self.section(base), media_type: content.media_type(), bytes };
        (self.on)(Event::Omitted(omitted));
    }

    /// The bytes before the next delimiter line, which is left in `rest`.
    fn peek_until_delimiter(&mut self) -> (&'a [u8], Delimiter) {
        let start = self.rest;
        // A single part has no delimiter to look for.
        if self.levels.iter().all(|l| l.boundary.is_none()) {
            self.rest = &[];
            return (start, Delimiter::End);
        }
        let mut taken = 0;
        loop {
            let line_len = header::line_len(self.rest);
            let Some(line) = self.rest.get(..line_len).filter(|l| !l.is_empty()) else {
                return (start, Delimiter::End);
            };
            if let Some(delimiter) = find(&self.levels, line) {
                return (start.get(..taken).unwrap_or(start), delimiter);
            }
            taken += line_len;
            self.rest = self.rest.get(line_len..).unwrap_or_default();
        }
    }

    /// As [`Self::peek_until_delimiter`], but the delimiter line is consumed.
    fn take_until_delimiter(&mut self) -> (&'a [u8], Delimiter) {
        let found = self.peek_until_delimiter();
        self.rest = header::split_line(self.rest).1;
        found
    }

    /// The IMAP section of the present part (RFC 3501 section 6.4.5).
    fn section(&self, base: &str) -> String {
        let mut section = base.to_owned();
        for level in self.levels.iter().filter(|l| l.boundary.is_some()) {
            if !section.is_empty() {
                section.push('.');
            }
            section.push_str(&level.children.to_string());
        }
        if section.is_empty() { "1".to_owned() } else { section }
    }
}

/// What a multipart without parts is read as.
fn as_text(content: &Content) -> Content {
    Content { media: Typed::new("text", "plain"), encoding: content.encoding, attachment: false, name: None }
}

/// Whether `line` is a delimiter of an open multipart; the innermost is asked first (RFC 2046 section 5.1.1).
fn find(levels: &[Level], line: &[u8]) -> Option<Delimiter> {
    let line = line.strip_prefix(b"--")?.trim_ascii_end();
    for (at, level) in levels.iter().enumerate().rev() {
        let Some(tail) = level.boundary.as_ref().and_then(|b| line.strip_prefix(b.as_bytes())) else {
            continue;
        };
        match tail {
            b"" => return Some(Delimiter::Part(at)),
            b"--" => return Some(Delimiter::Close(at)),
            _ => {}
        }
    }
    None
}

/// The line end before a delimiter belongs to the delimiter.
fn without_line_end(body: &[u8]) -> &[u8] {
    let body = body.strip_suffix(b"\n").unwrap_or(body);
    body.strip_suffix(b"\r").unwrap_or(body)
}
