//! Text with a few tags: text/enriched (RFC 1896) and its older sister text/richtext (RFC 1341 section 7.1.3).
//!
//! Lines stay lines, although a reader would join them: whether a line is quoted is seen at its beginning.

/// The words of enriched text: tags go, and `<<` is a bracket.
pub(super) fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (plain, tail) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        if let Some(bracket) = tail.strip_prefix("<<") {
            out.push('<');
            rest = bracket;
        } else if let Some((tag, after)) =
            tail.get(1..).and_then(|tail| tail.split_once('>')).filter(|(tag, _)| is_tag(tag))
        {
            rest = after;
            match tag.to_ascii_lowercase().as_str() {
                "nl" | "np" | "paragraph" | "/paragraph" => out.push('\n'),
                "lt" => out.push('<'),
                "param" => rest = behind(after, "</param>"),
                "comment" => rest = behind(after, "</comment>"),
                _ => {}
            }
        } else {
            // In doubt it is text.
            out.push('<');
            rest = tail.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
    out
}

fn is_tag(tag: &str) -> bool {
    let name = tag.strip_prefix('/').unwrap_or(tag);
    !name.is_empty() && name.len() <= 60 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// What follows the end of something that is not shown; without one nothing is hidden.
fn behind<'t>(text: &'t str, end: &str) -> &'t str {
    /// A parameter is a word or two.
    const LONGEST: usize = 1024;
    let near = text.get(..text.floor_char_boundary(LONGEST)).unwrap_or(text);
    let at = near.to_ascii_lowercase().find(end);
    at.and_then(|at| text.get(at + end.len()..)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_words_stay() {
        for (text, expected) in [
            ("<bold>Time</bold>\nsensitive\n\n> last", "Time\nsensitive\n\n> last"),
            ("<color><param>red</param>Urg</color>ent", "Urgent"),
            ("a << b < c <nl>d", "a < b < c \nd"),
            ("<param>never closed", "never closed"),
            ("<", "<"),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }
}
