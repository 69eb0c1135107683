//! Envelopes are made here, with a writer as small as the format allows.

use super::*;

/// A property with one value that has a length of its own.
fn sized(kind: u16, id: u16, value: &[u8]) -> Vec<u8> {
    let len = u32::try_from(value.len()).unwrap();
    let filling = vec![0; value.len().wrapping_neg() & 3];
    [&kind.to_le_bytes()[..], &id.to_le_bytes(), &1_u32.to_le_bytes(), &len.to_le_bytes(), value, &filling]
        .concat()
}

fn number(id: u16, value: u32) -> Vec<u8> {
    [&3_u16.to_le_bytes()[..], &id.to_le_bytes(), &value.to_le_bytes()].concat()
}

fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

fn list(properties: &[Vec<u8>]) -> Vec<u8> {
    [&u32::try_from(properties.len()).unwrap().to_le_bytes()[..], &properties.concat()].concat()
}

/// An envelope of attributes.
pub(in crate::mail) fn written(attributes: &[(u32, &[u8])]) -> Vec<u8> {
    let mut out = [SIGNATURE, &[1, 0]].concat();
    for (id, data) in attributes {
        let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
        out.push(1);
        out.extend(id.to_le_bytes());
        out.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        out.extend_from_slice(data);
        out.extend(sum.to_le_bytes());
    }
    out
}

/// An envelope with this text, page and document.
pub(in crate::mail) fn with_bodies(plain: &str, html: &str, rtf: &str) -> Vec<u8> {
    let mut properties = Vec::new();
    if !plain.is_empty() {
        properties.push(sized(0x1f, 0x1000, &wide(plain)));
    }
    if !html.is_empty() {
        properties.push(sized(0x102, 0x1013, html.as_bytes()));
    }
    if !rtf.is_empty() {
        let raw = u32::try_from(rtf.len()).unwrap();
        let stored = [&raw.to_le_bytes()[..], &raw.to_le_bytes(), b"MELA", &[0; 4], rtf.as_bytes()].concat();
        properties.push(sized(0x102, 0x1009, &stored));
    }
    written(&[
        (SUBJECT, b"From the envelope\0"),
        (MAIL_PROPERTIES, &list(&properties)),
        (FILE_TITLE, b"REPORT~1.PDF\0"),
    ])
}

#[test]
fn the_words_of_an_envelope_are_read() {
    let named =
        [&[0x1f, 0, 1, 0x80][..], &[7; 16], &1_u32.to_le_bytes(), &6_u32.to_le_bytes(), &wide("no"), &[0; 2]]
            .concat();
    let named = [named, 1_u32.to_le_bytes().to_vec(), 4_u32.to_le_bytes().to_vec(), wide("x")].concat();
    let properties = [
        named,
        number(0x3fde, 1251),
        sized(0x1e, 0x1000, b"Urgent: gr\xf6\xdfer\0"),
        sized(0x102, 0x1013, b"<p>\xd1\xf0"),
        sized(0x102, 0x1009, b"rtf"),
    ];
    let inner = written(&[(BODY, b"the old one\0")]);
    let object = [&[9; INTERFACE][..], &inner].concat();
    let bytes = written(&[
        (CODE_PAGE, &[1252_u32.to_le_bytes(), 0_u32.to_le_bytes()].concat()),
        (SUBJECT, b"Login\0"),
        (MAIL_PROPERTIES, &list(&properties)),
        (0x0006_9002, &[]),
        (FILE_TITLE, b"TRACE~1.LOG\0"),
        (
            FILE_PROPERTIES,
            &list(&[sized(0x1f, 0x3707, &wide("trace of today.log")), sized(0x0d, 0x3701, &object)]),
        ),
    ]);
    let envelope = open(&bytes).unwrap();
    assert_eq!(envelope.subject.as_deref(), Some("Login"));
    assert_eq!(envelope.plain.as_deref(), Some("Urgent: größer"));
    assert_eq!(envelope.html.as_deref(), Some("<p>Ср"));
    assert_eq!(envelope.rtf.as_deref(), Some(&b"rtf"[..]));
    assert_eq!(envelope.files, ["TRACE~1.LOG", "trace of today.log"]);
    assert_eq!(envelope.mails.first().and_then(|mail| mail.plain.as_deref()), Some("the old one"));
    for end in 0..bytes.len() {
        open(bytes.get(..end).unwrap());
    }
}

#[test]
fn what_is_no_envelope_is_not_opened() {
    assert_eq!(open(b"PK\x03\x04"), None);
    assert!(!open(&written(&[(MAIL_PROPERTIES, &[0xff; 64]), (BODY, b" \0")])).unwrap().has_text());
    let many = written(&vec![(FILE_TITLE, &b"a\0"[..]); 100_000]);
    assert_eq!(open(&many).unwrap().files.len(), MAX_FILES);
}
