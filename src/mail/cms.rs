//! The mail inside an S/MIME envelope that is signed and not encrypted (RFC 8551 section 3.5.2, RFC 5652).
//!
//! Walks the few outer elements of the BER encoding and copies the content out of them. Not here: signatures. Nothing is
//! verified, since nothing is believed of a signed mail that would not be believed of a plain one.

/// Elements inside each other that are walked.
const MAX_DEPTH: u8 = 8;
/// Pieces that a content may come in.
const MAX_PIECES: usize = 64 * 1024;

/// 1.2.840.113549.1.7, the content types of PKCS #7, without their last number.
const PKCS_7: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];

const SEQUENCE: u8 = 0x30;
const OBJECT_IDENTIFIER: u8 = 0x06;
const OCTET_STRING: u8 = 0x04;
const OCTET_STRING_OF_PIECES: u8 = 0x24;
const EXPLICIT: u8 = 0xa0;
/// Bit of a tag whose element holds others.
const HOLDS_OTHERS: u8 = 0x20;

/// What an envelope holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    /// A mail's content, header and body, for all to read.
    Signed(Vec<u8>),
    /// Certificates, or a signature of something else.
    Nothing,
    /// Something else: encrypted, compressed, broken.
    Closed,
}

/// Opens an envelope.
pub(super) fn open(bytes: &[u8]) -> Envelope {
    signed(bytes).unwrap_or(Envelope::Closed)
}

/// `ContentInfo`, `SignedData` and `EncapsulatedContentInfo` (RFC 5652 sections 3, 5.1 and 5.2).
fn signed(bytes: &[u8]) -> Option<Envelope> {
    let (info, _) = element(bytes, 0)?.of(SEQUENCE)?;
    let (kind, rest) = element(info, 0)?.of(OBJECT_IDENTIFIER)?;
    if kind.strip_prefix(PKCS_7) != Some(&[2]) {
        return None;
    }
    let (explicit, _) = element(rest, 0)?.of(EXPLICIT)?;
    let (data, _) = element(explicit, 0)?.of(SEQUENCE)?;
    let (_, after_version) = element(data, 0)?.any();
    let (_, after_digests) = element(after_version, 0)?.any();
    let (content, _) = element(after_digests, 0)?.of(SEQUENCE)?;
    let (_, rest) = element(content, 0)?.of(OBJECT_IDENTIFIER)?;
    let Some((explicit, _)) = element(rest, 0).and_then(|e| e.of(EXPLICIT)) else {
        return Some(Envelope::Nothing);
    };
    let mut out = Vec::with_capacity(explicit.len());
    let mut pieces = 0;
    strings(explicit, 0, &mut pieces, &mut out);
    Some(if out.is_empty() { Envelope::Nothing } else { Envelope::Signed(out) })
}

/// Copies the octet strings together, which may come in pieces (X.690 section 8.7.3).
fn strings(bytes: &[u8], depth: u8, pieces: &mut usize, out: &mut Vec<u8>) {
    let mut rest = bytes;
    while let Some(found) = element(rest, 0) {
        *pieces += 1;
        if depth >= MAX_DEPTH || *pieces > MAX_PIECES {
            return;
        }
        match found.tag {
            OCTET_STRING => out.extend_from_slice(found.content),
            OCTET_STRING_OF_PIECES => strings(found.content, depth + 1, pieces, out),
            _ => return,
        }
        rest = found.rest;
    }
}

/// One element and what follows it.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Element<'a> {
    fn of(self, tag: u8) -> Option<(&'a [u8], &'a [u8])> {
        (self.tag == tag).then_some((self.content, self.rest))
    }

    fn any(self) -> (&'a [u8], &'a [u8]) {
        (self.content, self.rest)
    }
}

/// The element that `bytes` begin with; `None` at the mark that ends a content of unknown length, and for what is none.
/// A content that is cut off ends with the bytes.
fn element(bytes: &[u8], depth: u8) -> Option<Element<'_>> {
    let [tag, length, rest @ ..] = bytes else { return None };
    if (*tag, *length) == (0, 0) || tag & 0x1f == 0x1f {
        return None;
    }
    let (len, rest) = match length {
        0x80 if tag & HOLDS_OTHERS != 0 => {
            let len = unknown_length(rest, depth)?;
            let (content, rest) = rest.split_at_checked(len)?;
            return Some(Element { tag: *tag, content, rest: rest.get(2..).unwrap_or_default() });
        }
        0..=0x7f => (usize::from(*length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (digits.iter().fold(0, |len, digit| len << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(len).unwrap_or((rest, &[]));
    Some(Element { tag: *tag, content, rest })
}

/// The length of a content that ends with a mark of its own (X.690 section 8.1.3.6).
fn unknown_length(bytes: &[u8], depth: u8) -> Option<usize> {
    if depth >= MAX_DEPTH {
        return None;
    }
    let mut rest = bytes;
    while let Some(found) = element(rest, depth + 1) {
        rest = found.rest;
    }
    Some(bytes.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(tag: u8, content: &[u8]) -> Vec<u8> {
        let len = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x82], &len[..], content].concat()
    }

    /// The same with a length that is not told.
    fn ber(tag: u8, content: &[u8]) -> Vec<u8> {
        [&[tag, 0x80], content, &[0, 0]].concat()
    }

    fn envelope(kind: u8, content: &[u8], wrap: fn(u8, &[u8]) -> Vec<u8>) -> Vec<u8> {
        let id = |last: u8| [&[OBJECT_IDENTIFIER, 9], PKCS_7, &[last]].concat();
        let content = if content.is_empty() { Vec::new() } else { wrap(EXPLICIT, content) };
        let inner = wrap(SEQUENCE, &[id(1), content].concat());
        let digests = [0x31, 0];
        let data = wrap(SEQUENCE, &[&[2, 1, 1], &digests[..], &inner, &[0x31, 0]].concat());
        wrap(SEQUENCE, &[id(kind), wrap(EXPLICIT, &data)].concat())
    }

    #[test]
    fn the_signed_content_is_copied_out() {
        let text = b"Content-Type: text/plain\r\n\r\nUrgent";
        let pieces =
            [der(OCTET_STRING, b"Content-Type: text/plain\r\n"), der(OCTET_STRING, b"\r\nUrgent")].concat();
        for bytes in [
            envelope(2, &der(OCTET_STRING, text), der),
            envelope(2, &der(OCTET_STRING, text), ber),
            envelope(2, &ber(OCTET_STRING_OF_PIECES, &pieces), ber),
            envelope(2, &der(OCTET_STRING_OF_PIECES, &pieces), der),
        ] {
            assert_eq!(open(&bytes), Envelope::Signed(text.to_vec()));
        }
        assert_eq!(open(&envelope(2, &[], der)), Envelope::Nothing);
        assert_eq!(open(&envelope(3, &der(OCTET_STRING, text), der)), Envelope::Closed);
    }

    #[test]
    fn anything_else_stays_closed() {
        let whole = envelope(2, &der(OCTET_STRING, b"text"), der);
        for bytes in [
            &b""[..],
            b"x",
            b"0",
            &[0x30, 0x80],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x30],
            &[0x30, 0x80].repeat(100_000),
        ] {
            assert_eq!(open(bytes), Envelope::Closed);
        }
        for end in 0..whole.len() {
            open(whole.get(..end).unwrap());
        }
    }
}
