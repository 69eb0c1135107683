//! Outlook's envelope `winmail.dat`: the text, the subject and the names of files in it ([MS-OXTNEF]).
//!
//! Reads the few attributes and properties that hold words, in one pass. Files in it are named, not opened; mails in it
//! are read like the mail itself. Not here: what the words mean, and checksums: a broken envelope still has words.

mod properties;

use super::charset;
use properties::{Properties, Value};

/// What every envelope begins with (section 2.1.3.1).
const SIGNATURE: &[u8] = &[0x78, 0x9f, 0x3e, 0x22];
/// Names of files kept.
const MAX_FILES: usize = 256;
/// Attributes looked at.
const MAX_ATTRIBUTES: usize = 10_000;
/// Mails in mails.
const MAX_DEPTH: u8 = 3;
/// Mails in one envelope.
const MAX_MAILS: usize = 16;

// Attributes (section 2.1.3.2).
const SUBJECT: u32 = 0x0001_8004;
const BODY: u32 = 0x0002_800c;
const FILE_TITLE: u32 = 0x0001_8010;
const MAIL_PROPERTIES: u32 = 0x0006_9003;
const FILE_PROPERTIES: u32 = 0x0006_9005;
const CODE_PAGE: u32 = 0x0006_9007;

/// Where the object of a file property begins: behind the name of its interface.
const INTERFACE: usize = 16;

/// What an envelope holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) subject: Option<String>,
    pub(super) plain: Option<String>,
    pub(super) html: Option<String>,
    /// Still compressed.
    pub(super) rtf: Option<Vec<u8>>,
    pub(super) files: Vec<String>,
    /// Mails that are attached as such.
    pub(super) mails: Vec<Envelope>,
}

impl Envelope {
    /// Whether it has any words of its own.
    pub(super) fn has_text(&self) -> bool {
        self.plain.is_some() || self.html.is_some() || self.rtf.is_some()
    }
}

/// Opens an envelope; `None` when it is none.
pub(super) fn open(bytes: &[u8]) -> Option<Envelope> {
    open_at(bytes, 0)
}

fn open_at(bytes: &[u8], depth: u8) -> Option<Envelope> {
    let mut rest = bytes.strip_prefix(SIGNATURE)?.get(2..)?;
    let mut envelope = Envelope::default();
    let mut code_page = None;
    for _ in 0..MAX_ATTRIBUTES {
        let Some((attribute, data, after)) = attribute(rest) else { break };
        rest = after;
        let label = code_page.map(|page: u32| format!("cp{page}"));
        let text = |data: &[u8]| string(data, label.as_deref());
        match attribute {
            CODE_PAGE => code_page = data.first_chunk().map(|page| u32::from_le_bytes(*page)),
            SUBJECT => envelope.subject = text(data).or(envelope.subject),
            BODY => envelope.plain = text(data).or(envelope.plain),
            FILE_TITLE if envelope.files.len() < MAX_FILES => envelope.files.extend(text(data)),
            MAIL_PROPERTIES => envelope.properties(data, label.as_deref()),
            FILE_PROPERTIES => envelope.file(data, label.as_deref(), depth),
            _ => {}
        }
    }
    Some(envelope)
}

/// The next attribute, its data, and what follows: a level, an id, a length, the data and a checksum.
fn attribute(bytes: &[u8]) -> Option<(u32, &[u8], &[u8])> {
    let (_, rest) = bytes.split_first()?;
    let (id, rest) = rest.split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let len = usize::try_from(u32::from_le_bytes(*len)).ok()?;
    let (data, rest) = rest.split_at_checked(len).unwrap_or((rest, &[]));
    Some((u32::from_le_bytes(*id), data, rest.get(2..).unwrap_or_default()))
}

impl Envelope {
    /// The properties of the mail ([MS-OXPROPS]).
    fn properties(&mut self, data: &[u8], label: Option<&str>) {
        let mut page = None;
        for (id, value) in Properties::of(data) {
            match (id, value) {
                (0x0037, value) => self.subject = text(value, label).or(self.subject.take()),
                (0x1000, value) => self.plain = text(value, label).or(self.plain.take()),
                (0x1009, Value::Bytes(rtf)) => self.rtf = Some(rtf.to_vec()),
                (0x1013, value) => page = Some(value),
                // The charset of the page (PidTagInternetCodepage) stands anywhere among the others.
                _ => {}
            }
        }
        let Some(page) = page else { return };
        let internet = Properties::of(data).find_map(|(id, value)| match value {
            Value::Number(number) => (id == 0x3fde).then(|| format!("cp{number}")),
            Value::Narrow(_) | Value::Wide(_) | Value::Bytes(_) | Value::Other => None,
        });
        self.html = match page {
            Value::Bytes(bytes) | Value::Narrow(bytes) => {
                Some(charset::html(bytes, internet.as_deref()).into_owned())
                    .filter(|html| !html.trim().is_empty())
            }
            Value::Wide(_) | Value::Number(_) | Value::Other => text(page, label),
        };
    }

    /// The properties of a file: its long name, or a mail.
    fn file(&mut self, data: &[u8], label: Option<&str>, depth: u8) {
        for (id, value) in Properties::of(data) {
            match (id, value) {
                (0x3707, value) => {
                    if let Some(name) = text(value, label).filter(|name| !self.files.contains(name)) {
                        // The title before it is the same in eight letters.
                        if self.files.len() < MAX_FILES {
                            self.files.push(name);
                        }
                    }
                }
                (0x3701, Value::Bytes(object)) if depth < MAX_DEPTH && self.mails.len() < MAX_MAILS => {
                    self.mails.extend(object.get(INTERFACE..).and_then(|mail| open_at(mail, depth + 1)));
                }
                _ => {}
            }
        }
    }
}

fn text(value: Value<'_>, label: Option<&str>) -> Option<String> {
    match value {
        Value::Narrow(bytes) => string(bytes, label),
        Value::Wide(bytes) => string(bytes, Some("utf-16le")),
        Value::Bytes(_) | Value::Number(_) | Value::Other => None,
    }
}

/// A text without the zero that ends it; `None` when there are no words in it.
fn string(bytes: &[u8], label: Option<&str>) -> Option<String> {
    let text = charset::text(bytes, label);
    let text = text.trim_end_matches('\0');
    (!text.trim().is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
pub(super) mod tests;
