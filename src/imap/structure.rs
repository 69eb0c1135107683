//! What a long mail is made of, from its BODYSTRUCTURE (RFC 3501 section 7.4.2), and which of it is worth fetching.

use super::value::Value;

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
}

impl Leaf {
    /// Whether its content can hold words that count: text, calendars, enclosed mails and reports, and the envelopes
    /// of Outlook that hide the text.
    pub(super) fn is_read(&self) -> bool {
        let media = self.media_type.as_str();
        let named = ["application/ics", "application/ms-tnef", "application/vnd.ms-tnef"];
        media.starts_with("text/") || media.starts_with("message/") || named.contains(&media)
    }
}

/// The parts of a mail in order; `None` when the structure makes no sense.
pub(super) fn leaves(structure: &Value<'_>) -> Option<Vec<Leaf>> {
    let mut found = Vec::new();
    let list = structure.list()?;
    if matches!(list.first()?, Value::List(_)) {
        multipart(list, "", &mut found)?;
    } else {
        found.push(leaf(list, "1".to_owned(), true)?);
    }
    Some(found)
}

/// As deep as the lists that were parsed, which is bounded.
fn multipart(list: &[Value<'_>], section: &str, found: &mut Vec<Leaf>) -> Option<()> {
    let children = list.iter().map_while(Value::list).enumerate();
    for (at, child) in children {
        let number = at + 1;
        let section = if section.is_empty() { number.to_string() } else { format!("{section}.{number}") };
        if matches!(child.first()?, Value::List(_)) {
            multipart(child, &section, found)?;
        } else if found.len() < MOST_LEAVES {
            found.push(leaf(child, section, false)?);
        }
    }
    Some(())
}

fn leaf(list: &[Value<'_>], section: String, root: bool) -> Option<Leaf> {
    let [kind, subtype, _parameters, _id, _description, _encoding, size, ..] = list else { return None };
    let lower = |value: &Value<'_>| Some(String::from_utf8_lossy(value.text()?).to_ascii_lowercase());
    let media_type = format!("{}/{}", lower(kind)?, lower(subtype)?);
    Some(Leaf { section, media_type, bytes: size.number()?, root })
}

#[cfg(test)]
mod tests {
    use super::super::value::parse;
    use super::*;

    fn sections(text: &str) -> Option<Vec<(String, String, u64)>> {
        let values = parse(text.as_bytes()).expect("values");
        let leaves = leaves(&values[0])?;
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
