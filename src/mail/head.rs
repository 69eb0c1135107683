//! Reads the header of a mail into its [`Message`]: one pass, each field judged once.

use jiff::Timestamp;

use super::address_list::{self, Written};
use super::authentication::Statement;
use super::charset;
use super::encoded_words;
use super::evidence::{Automation, Found};
use super::header::{self, Field, clip};
use super::languages::{LanguageField, Languages};
use super::parser;
use super::source::{Omitted, Options};
use super::subject::{self, Purpose};
use super::{Address, Mailbox, Message, MessageId, ReturnPath};

/// Bytes of one address field that are read; 256 addresses fit.
const MAX_ADDRESS_FIELD: usize = 32 * 1024;
/// Addresses kept of one kind, and address fields of one kind read.
const MAX_ADDRESSES: usize = 256;
/// Bytes of an unstructured field that are read.
const MAX_UNSTRUCTURED: usize = 16 * 1024;
/// Bytes of the subject kept.
const MAX_SUBJECT: usize = 2 * 1024;
/// Ids kept; the last ones are nearest to this mail.
const MAX_IDS: usize = 64;
/// Bytes of an id field that are read, from its end: the nearest ancestors stand last.
const MAX_ID_FIELD: usize = 64 * 1024;
/// Authentication-Results kept, and bytes of each.
const MAX_RESULTS: usize = 16;
const MAX_RESULT: usize = 8 * 1024;
/// Kept values in all, and bytes of each.
const MAX_KEPT: usize = 64;
const MAX_KEPT_VALUE: usize = 2 * 1024;
/// Longest header name that any rule knows.
const MAX_NAME: usize = 48;

/// Reads the fields of a mail and returns its purpose: what the subject states, else whether it names a mail it answers.
pub(super) fn read(
    fields: &[Field<'_>],
    options: &Options<'_>,
    message: &mut Message,
    found: &mut Found,
) -> Purpose {
    let mut head =
        Head { message, found, seen_from: false, seen_return_path: false, languages: Languages::default() };
    for field in fields {
        let mut buffer = [0; MAX_NAME];
        if let Some(name) = lowercase(field.name, &mut buffer) {
            head.field(name, field);
        }
        if options.keep_headers.iter().any(|kept| field.is(kept)) {
            head.keep(field);
        }
    }
    let Head { message, found, languages, .. } = head;
    message.languages = languages.ranked();
    found.subject(&message.subject);
    let (base, purpose) = subject::base(&message.subject);
    message.base_subject = base;
    message.is_reply_subject = purpose == Purpose::Reply;
    let answers = !(message.in_reply_to.is_empty() && message.references.is_empty());
    if purpose == Purpose::New && answers { Purpose::Reply } else { purpose }
}

/// The decoded subject among the fields of an enclosed mail.
pub(super) fn subject_of(fields: &[Field<'_>]) -> String {
    fields.iter().find(|f| f.is("Subject")).map(|f| decoded(f, MAX_SUBJECT)).unwrap_or_default()
}

/// `name` in lower case; `None` when no rule knows a name that long or it is not ASCII.
fn lowercase<'b>(name: &[u8], buffer: &'b mut [u8; MAX_NAME]) -> Option<&'b str> {
    let buffer = buffer.get_mut(..name.len())?;
    buffer.copy_from_slice(name);
    buffer.make_ascii_lowercase();
    std::str::from_utf8(buffer).ok()
}

struct Head<'m> {
    message: &'m mut Message,
    found: &'m mut Found,
    seen_from: bool,
    seen_return_path: bool,
    languages: Languages,
}

impl Head<'_> {
    fn field(&mut self, name: &str, field: &Field<'_>) {
        let message = &mut *self.message;
        if matches!(name, "message-id" | "delivered-to") {
            self.found.header(name, field);
        }
        match name {
            "from" | "sender" => self.sender(name, field),
            "reply-to" => fill(&mut message.reply_to, field),
            "to" => fill(&mut message.to, field),
            "cc" => fill(&mut message.cc, field),
            "bcc" | "resent-to" | "resent-cc" | "resent-bcc" | "delivered-to" | "x-original-to"
            | "envelope-to" | "x-envelope-to" | "x-delivered-to" | "apparently-to" => {
                fill(&mut message.also_to, field);
            }
            "return-path" => self.return_path(field),
            "message-id" if message.message_id.is_none() => message.message_id = ids(field).pop(),
            "in-reply-to" => extend(&mut message.in_reply_to, ids(field)),
            "references" => extend(&mut message.references, ids(field)),
            "subject" if message.subject.is_empty() => self.subject(field),
            "date" if message.date.is_none() => message.date = parser::date(field.capped(256)),
            "received" if message.received.is_none() => message.received = received(field),
            "content-language" => self.languages.add(LanguageField::Content, field),
            "accept-language" => self.languages.add(LanguageField::Accept, field),
            "x-accept-language" => self.languages.add(LanguageField::OldAccept, field),
            "authentication-results" if message.authentication.len() < MAX_RESULTS => {
                let is_whole = field.raw.len() <= MAX_RESULT;
                let text = field.unfolded(MAX_RESULT).into_owned();
                message.authentication.push(Statement { text, is_whole });
            }
            _ => self.found.header(name, field),
        }
    }

    fn sender(&mut self, name: &str, field: &Field<'_>) {
        let written = addresses(field, MAX_ADDRESSES);
        let label = if name == "from" { "From" } else { "Sender" };
        self.judge(label, &written, field);
        if name == "from" {
            self.from(written, field);
        } else if self.message.sender.is_none() {
            self.message.sender = written.into_iter().find_map(mailbox);
        }
    }

    fn from(&mut self, written: Vec<Written>, field: &Field<'_>) {
        let message = &mut *self.message;
        // There may be one (RFC 5322 section 3.6).
        let mut is_sound = !std::mem::replace(&mut self.seen_from, true);
        for written in written {
            let sound = written.is_sound;
            if let Some(mailbox) = mailbox(written) {
                is_sound &= sound;
                message.from.push(mailbox);
            }
        }
        if message.from.is_empty() {
            let address = Address::only_in(&decoded(field, MAX_KEPT_VALUE));
            message.from.extend(address.map(|address| Mailbox { name: None, address }));
            is_sound = false;
        }
        message.from.truncate(MAX_ADDRESSES);
        message.is_from_sound = is_sound;
    }

    /// A list or a system writes its own address here; the first few are enough to tell. Words without any address are
    /// all that some systems write; beside an address they are a piece of a name.
    fn judge(&mut self, label: &str, written: &[Written], field: &Field<'_>) {
        let has_address = written.iter().any(|written| written.address.contains('@'));
        let judged = written.iter().take(8).filter(|written| !has_address || written.address.contains('@'));
        let mut is_machine = false;
        for Written { name, address, .. } in judged {
            is_machine |= self.found.sender(label, name.as_deref(), address);
        }
        if !has_address && !is_machine {
            self.found.sender(label, None, &field.unfolded(256).replace(['<', '>', '"'], ""));
        }
    }

    /// Decoded; what is left out of an endless one is named.
    fn subject(&mut self, field: &Field<'_>) {
        let mut subject = decoded(field, MAX_UNSTRUCTURED);
        let kept = clip(&subject, MAX_SUBJECT).len();
        let left_out = subject.len() - kept + field.raw.len().saturating_sub(MAX_UNSTRUCTURED);
        subject.truncate(kept);
        self.message.subject = subject;
        if left_out > 0 {
            let bytes = u64::try_from(left_out).unwrap_or(u64::MAX);
            let media_type = "the subject".to_owned();
            self.message.omitted.push(Omitted { section: "HEADER".to_owned(), media_type, bytes });
        }
    }

    /// The first Return-Path is the one of the last delivery (RFC 5321 section 4.4).
    fn return_path(&mut self, field: &Field<'_>) {
        if std::mem::replace(&mut self.seen_return_path, true) {
            return;
        }
        let value = field.unfolded(MAX_ADDRESS_FIELD);
        let bare = header::without_comments(&value);
        let path = bare.trim().trim_start_matches('<').trim_end_matches('>').trim();
        if path.is_empty() {
            self.found.add(Automation::NullReturnPath, "Return-Path", &value);
            self.message.return_path = ReturnPath::Null;
            return;
        }
        self.found.return_path(path);
        if let Some(address) = Address::parse(path) {
            self.message.return_path = ReturnPath::Address(address);
        }
    }

    fn keep(&mut self, field: &Field<'_>) {
        if self.message.kept.len() < MAX_KEPT {
            let name = String::from_utf8_lossy(field.name).into_owned();
            self.message.kept.push((name, decoded(field, MAX_KEPT_VALUE)));
        }
    }
}

/// An unstructured value, decoded and in one line.
fn decoded(field: &Field<'_>, max: usize) -> String {
    let mut text = encoded_words::decode(field.capped(MAX_UNSTRUCTURED));
    if text.contains(|c: char| c.is_control() || c.is_whitespace() && c != ' ')
        || text.contains("  ")
        || text.starts_with(' ')
        || text.ends_with(' ')
    {
        text = header::collapse(&text);
    }
    text.truncate(clip(&text, max).len());
    text
}

fn fill(list: &mut Vec<Mailbox>, field: &Field<'_>) {
    let room = MAX_ADDRESSES.saturating_sub(list.len());
    if room > 0 {
        list.extend(addresses(field, room).into_iter().filter_map(mailbox));
    }
}

/// The mailboxes of an address field. The last one of a field that is too long may be cut, and is left out.
fn addresses(field: &Field<'_>, limit: usize) -> Vec<Written> {
    let text = charset::text(field.capped(MAX_ADDRESS_FIELD), None);
    let mut written = address_list::read(&text, limit);
    if field.raw.len() > MAX_ADDRESS_FIELD && written.len() < limit {
        written.pop();
    }
    written
}

fn mailbox(written: Written) -> Option<Mailbox> {
    let address = Address::parse(&written.address)?;
    let name = written.name.map(|name| header::collapse(clip(&name, 512))).filter(|name| !name.is_empty());
    Some(Mailbox { name, address })
}

/// The `msg-id`s of a field (RFC 5322 section 3.6.4); without any brackets, words with an `@`.
fn ids(field: &Field<'_>) -> Vec<MessageId> {
    let from = field.raw.len().saturating_sub(MAX_ID_FIELD);
    let value = header::lossy(field.raw.get(from..).unwrap_or_default());
    let mut ids = Vec::new();
    let mut rest = value.as_ref();
    while let Some((_, tail)) = rest.split_once('<') {
        let Some((id, after)) = tail.split_once('>') else { break };
        let folded = id.contains(|c: char| c.is_whitespace());
        let id = if folded {
            MessageId::new(&id.split_whitespace().collect::<String>())
        } else {
            MessageId::new(id)
        };
        ids.extend(id);
        rest = after;
    }
    if ids.is_empty() {
        ids.extend(value.split_whitespace().filter(|word| word.contains('@')).filter_map(MessageId::new));
    }
    ids
}

fn extend(list: &mut Vec<MessageId>, ids: Vec<MessageId>) {
    list.extend(ids);
    list.drain(..list.len().saturating_sub(MAX_IDS));
}

/// The date of a Received field stands after its last semicolon (RFC 5321 section 4.4).
fn received(field: &Field<'_>) -> Option<Timestamp> {
    let value = field.capped(4 * 1024);
    let at = value.iter().rposition(|&b| b == b';')?;
    parser::date(value.get(at + 1..)?)
}
