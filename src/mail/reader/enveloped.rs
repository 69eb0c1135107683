//! Opens what holds a mail or its text in another form: encoded mails, pieces of mails, signed envelopes, and Outlook's.

use super::super::cms::{self, Envelope};
use super::super::source::Omitted;
use super::super::structure::{self, Leaf, Place};
use super::super::{Unreadable, header, rtf, subject, tnef};
use super::{MAX_ENCODED, MAX_NESTED, MAX_UNPACKED, Reader, capped};

/// Types of S/MIME that hold no text (RFC 8551 section 3.2.2).
const CERTIFICATES: &str = "certs-only";

impl Reader {
    /// An enclosed mail that was encoded as a whole, against RFC 2046 section 5.2.1, yet seen.
    pub(super) fn unpack(&mut self, leaf: &Leaf<'_, '_>) {
        let bytes = leaf.content.encoding.decode(capped(leaf.body));
        let (fields, body) = header::read_block(header::without_prelude(&bytes), |_| false);
        self.enclosed(&fields, leaf.returned);
        self.walk(leaf, (&fields, body), Place { enclosed: true, whole: true, ..in_place_of(leaf) });
    }

    /// Walks the mail in an envelope; what is beyond the caps is named.
    fn walk(&mut self, leaf: &Leaf<'_, '_>, (fields, body): (&[header::Field<'_>], &[u8]), place: Place<'_>) {
        if self.unpacked >= MAX_UNPACKED || self.nested >= MAX_NESTED {
            return self.account(leaf, capped(leaf.body).len());
        }
        self.account(leaf, 0);
        self.unpacked += 1;
        self.nested += 1;
        structure::walk(fields, body, place, |event| self.on(&event));
        self.nested -= 1;
    }

    /// A piece of a mail: the first one has its header and its beginning (RFC 2046 section 5.2.2).
    pub(super) fn fragment(&mut self, leaf: &Leaf<'_, '_>) {
        let bytes = u64::try_from(leaf.body.len()).unwrap_or(u64::MAX);
        let is_first = leaf.content.media.attribute("number").is_some_and(|number| number.trim() == "1");
        if is_first {
            let (fields, body) = header::read_block(header::without_prelude(capped(leaf.body)), |_| false);
            self.walk(leaf, (&fields, body), in_place_of(leaf));
        }
        if !leaf.enclosed {
            self.unreadable.get_or_insert(Unreadable::Partial);
            let bytes = if is_first { 0 } else { bytes };
            self.omit(Omitted {
                section: leaf.section.to_owned(),
                media_type: "message/partial".to_owned(),
                bytes,
            });
        }
    }

    /// What is only signed is opened and read in place of its envelope.
    pub(super) fn signed(&mut self, leaf: &Leaf<'_, '_>) {
        let kind = leaf.content.media.attribute("smime-type").unwrap_or_default();
        match cms::open(&leaf.content.encoding.decode(capped(leaf.body))) {
            Envelope::Signed(bytes) => {
                let (fields, body) = header::read_block(header::without_prelude(&bytes), |_| false);
                self.walk(leaf, (&fields, body), in_place_of(leaf));
                self.unreadable(leaf, Unreadable::OpaqueSignature);
            }
            Envelope::Nothing => self.not_read(leaf),
            Envelope::Closed if kind.eq_ignore_ascii_case(CERTIFICATES) => self.not_read(leaf),
            Envelope::Closed if kind.eq_ignore_ascii_case("signed-data") => {
                self.unreadable(leaf, Unreadable::OpaqueSignature);
            }
            Envelope::Closed => self.unreadable(leaf, Unreadable::Encrypted),
        }
    }

    /// Outlook's envelope: every form of the text in it is read, files are named.
    pub(super) fn tnef(&mut self, leaf: &Leaf<'_, '_>) {
        let bytes = leaf.content.encoding.decode(capped(leaf.body));
        let Some(envelope) = tnef::open(&bytes) else { return self.unreadable(leaf, Unreadable::Tnef) };
        if !envelope.has_text() && envelope.mails.is_empty() {
            self.unreadable(leaf, Unreadable::Tnef);
        }
        if !leaf.enclosed {
            for name in &envelope.files {
                self.name(name);
            }
            if let Some(line) = envelope.subject.as_deref().filter(|_| self.message.subject.is_empty()) {
                self.message.subject = header::collapse(header::clip(line, 2 * 1024));
                (self.message.base_subject, _) = subject::base(&self.message.subject);
            }
        }
        self.bodies(leaf, &envelope);
        let mut mails: Vec<&tnef::Envelope> = envelope.mails.iter().rev().collect();
        let forwarded = Leaf { enclosed: true, ..*leaf };
        while let Some(mail) = mails.pop() {
            if let Some(subject) = &mail.subject {
                self.append_forwarded(&header::collapse(subject), leaf.returned);
            }
            self.bodies(&forwarded, mail);
            mails.extend(mail.mails.iter().rev());
        }
    }

    fn bodies(&mut self, leaf: &Leaf<'_, '_>, envelope: &tnef::Envelope) {
        if let Some(plain) = &envelope.plain {
            self.plain(leaf, plain);
        }
        if let Some(page) = &envelope.html {
            self.html(leaf, page);
        }
        let document = envelope.rtf.as_deref().and_then(|rtf| rtf::decompress(rtf, MAX_ENCODED));
        if let Some(document) = document.filter(|document| rtf::is_rtf(document)) {
            self.document(leaf, &document);
        }
    }

    fn unreadable(&mut self, leaf: &Leaf<'_, '_>, reason: Unreadable) {
        if !leaf.enclosed {
            self.unreadable.get_or_insert(reason);
        }
    }
}

/// What is in an envelope stands where the envelope stands.
fn in_place_of<'s>(leaf: &Leaf<'_, 's>) -> Place<'s> {
    Place { section: leaf.section, enclosed: leaf.enclosed, returned: leaf.returned, whole: leaf.root }
}
