//! What a long mail is made of, from its BODYSTRUCTURE (RFC 3501 section 7.4.2), and which of it is worth fetching.

use async_imap::imap_proto::BodyStructure;

/// Parts looked at in one mail.
const MOST_LEAVES: usize = 1_000;

/// A part that holds no others; an enclosed mail is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    /// Its section, such as `1.2`.
    pub(super) section: String,
    /// In lower case, such as `text/plain`.
    pub(super) media_type: String,
    /// Its encoded size, as the server says.
    pub(super) bytes: u64,
    /// Whether it is all of the mail.
    pub(super) root: bool,
    /// Whether its name says that there is a mail in it, whatever its type says.
    pub(super) is_envelope: bool,
}

impl Leaf {
    /// Whether its content can hold words that count: text, calendars, enclosed mails and reports, and the envelopes
    /// of Outlook and S/MIME that hide the text.
    pub(super) fn is_read(&self) -> bool {
        let media = self.media_type.as_str();
        let named = [
            "application/ics",
            "application/ms-tnef",
            "application/vnd.ms-tnef",
            "application/pkcs7-mime",
            "application/x-pkcs7-mime",
        ];
        let is_document = self.root && media == "application/rtf";
        media.starts_with("text/")
            || media.starts_with("message/")
            || named.contains(&media)
            || self.is_envelope
            || is_document
    }
}

/// The parts of a mail in order; `None` when it has none.
pub(super) fn leaves(structure: &BodyStructure<'_>) -> Option<Vec<Leaf>> {
    let mut found = Vec::new();
    if let BodyStructure::Multipart { bodies, .. } = structure {
        multipart(bodies, "", &mut found);
    } else {
        found.extend(leaf(structure, "1".to_owned(), true));
    }
    (!found.is_empty()).then_some(found)
}

/// As deep as the guard lets through.
fn multipart(bodies: &[BodyStructure<'_>], section: &str, found: &mut Vec<Leaf>) {
    for (at, body) in bodies.iter().enumerate() {
        let number = at + 1;
        let section = if section.is_empty() { number.to_string() } else { format!("{section}.{number}") };
        if let BodyStructure::Multipart { bodies, .. } = body {
            multipart(bodies, &section, found);
        } else if found.len() < MOST_LEAVES {
            found.extend(leaf(body, section, false));
        }
    }
}

fn leaf(structure: &BodyStructure<'_>, section: String, root: bool) -> Option<Leaf> {
    let (common, other) = match structure {
        BodyStructure::Basic { common, other, .. }
        | BodyStructure::Text { common, other, .. }
        | BodyStructure::Message { common, other, .. } => (common, other),
        BodyStructure::Multipart { .. } => return None,
    };
    let media_type = format!("{}/{}", common.ty.ty, common.ty.subtype).to_ascii_lowercase();
    let names = common
        .ty
        .params
        .iter()
        .flatten()
        .chain(common.disposition.iter().flat_map(|d| d.params.iter().flatten()));
    let is_envelope = names
        .into_iter()
        .any(|(_, value)| ["winmail.dat", "smime.p7m"].iter().any(|name| value.eq_ignore_ascii_case(name)));
    Some(Leaf { section, media_type, bytes: u64::from(other.octets), root, is_envelope })
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_imap::imap_proto::{AttributeValue, Response};

    fn sections(text: &str) -> Option<Vec<(String, String, u64)>> {
        let line = format!("* 1 FETCH (BODYSTRUCTURE {text})\r\n");
        let (_, Response::Fetch(_, attributes)) = Response::parse(line.as_bytes()).ok()? else { return None };
        let Some(AttributeValue::BodyStructure(structure)) = attributes.first() else { return None };
        let leaves = leaves(structure)?;
        Some(leaves.into_iter().map(|leaf| (leaf.section, leaf.media_type, leaf.bytes)).collect())
    }

    #[test]
    fn parts_have_the_numbers_of_the_rfc() {
        let text = r#"((("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "7BIT" 10 1 NIL NIL NIL)("TEXT" "HTML" NIL NIL NIL "7BIT" 20 2) "ALTERNATIVE" ("BOUNDARY" "b"))
            ("MESSAGE" "RFC822" NIL NIL NIL "7BIT" 300 (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 5 1) 9)
            ("APPLICATION" "PDF" ("NAME" "a.pdf") NIL NIL "BASE64" 4000 NIL ("ATTACHMENT" ("FILENAME" "a.pdf"))) "MIXED")"#
            .replace("\n            ", "");
        let found = sections(&text).expect("structure");
        let found: Vec<_> = found.iter().map(|(section, media, _)| format!("{section} {media}")).collect();
        assert_eq!(found, ["1.1 text/plain", "1.2 text/html", "2 message/rfc822", "3 application/pdf"]);
        let wrapped = r#"("APPLICATION" "OCTET-STREAM" NIL NIL NIL "BASE64" 4000 NIL ("ATTACHMENT" ("FILENAME" "WinMail.dat")))"#;
        let line = format!("* 1 FETCH (BODYSTRUCTURE {wrapped})\r\n");
        let Ok((_, Response::Fetch(_, attributes))) = Response::parse(line.as_bytes()) else {
            panic!("a structure")
        };
        let Some(AttributeValue::BodyStructure(structure)) = attributes.first() else {
            panic!("a structure")
        };
        assert!(
            leaves(structure).is_some_and(|leaves| leaves.iter().all(Leaf::is_read)),
            "Outlook's envelope is fetched"
        );
        let single = sections(r#"("text" "plain" NIL NIL NIL "7bit" 70000 1000)"#).expect("structure");
        assert_eq!(single, [("1".to_owned(), "text/plain".to_owned(), 70_000)]);
    }

    #[test]
    fn nonsense_is_no_structure() {
        for text in
            ["NIL", "()", "(NIL NIL)", r#"((("text" "plain" NIL NIL NIL "7bit" x)) "mixed")"#, "((()))"]
        {
            assert_eq!(sections(text), None, "{text}");
        }
    }
}
