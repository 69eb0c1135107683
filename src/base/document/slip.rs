//! Slips of people who write TOML by hand, and what to type instead. Only for hints; nothing is read differently.

use toml::de::DeValue;

use super::clip;
use crate::base::diagnostic::Location;

/// What the bytes at a syntax error look like.
pub(super) fn hint(place: &Location, message: &str) -> Option<String> {
    let text = place.file.text.as_str();
    let line = text.get(place.file.line_span(place.file.line(place.span.start)))?;
    let rest = text.get(place.span.start..).unwrap_or("");
    if is_conflict(text) {
        return Some(
            "two versions of this file were merged and the conflict is not solved: keep one of them"
                .to_owned(),
        );
    }
    if line.contains(['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}'])
        && !message.contains("comma")
    {
        return Some(
            "quotes are straight here: `\"`, or `'` around a pattern; a word processor bends them".to_owned(),
        );
    }
    if line.trim_start().starts_with("//") || line.trim_start().starts_with(';') {
        return Some("a comment begins with `#`".to_owned());
    }
    if message.contains("escape") {
        return Some("between double quotes a backslash is written twice; a pattern stands between single quotes: '\\d+'".to_owned());
    }
    if message.contains("boolean") {
        return Some("`true` or `false`, in lower case".to_owned());
    }
    let key = line.split([':', '=']).next().unwrap_or("").trim();
    let is_key =
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if message.contains("expected `=`") && line.trim_start().starts_with(key) && is_key && line.contains(':')
    {
        return Some(format!("a key and its value are joined by `=`: `{} = …`", clip(key)));
    }
    if message.contains("must be quoted") {
        let word = rest.split([',', ']', '}', '#', '\n', '\r']).next().unwrap_or("").trim();
        return Some(format!("text stands in quotes: \"{}\"", clip(word)));
    }
    if message.contains("duplicate key") {
        return Some(
            "each key, and each `[table]`, stands there once: put what belongs to it together".to_owned(),
        );
    }
    if message.contains("between array elements") && rest.starts_with(['"', '\'']) {
        return Some(
            "a comma stands between two elements: [\"one\", \"two\"]; or a `]` is missing on a line before"
                .to_owned(),
        );
    }
    let open = ["array", "inline table", "key-value pairs"].iter().any(|nested| message.contains(nested));
    if open {
        return Some("perhaps a `]` or `}` is missing on a line before".to_owned());
    }
    let unclosed = message.contains("string") && message.contains("expected `\"`");
    unclosed.then(|| "a quote is missing at the end".to_owned())
}

/// Whether a merge left its marks.
pub(super) fn is_conflict(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("<<<<<<< "))
        && text.lines().any(|line| line.starts_with(">>>>>>> "))
}

/// A value as the string that was probably meant.
pub(super) fn as_string(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Integer(number) => Some(format!("in quotes: \"{}\"", clip(number.as_str()))),
        DeValue::Float(number) => Some(format!("in quotes: \"{}\"", clip(number.as_str()))),
        DeValue::Datetime(date) => Some(format!("in quotes: \"{date}\"")),
        DeValue::Array(elements) => match elements.get(..).unwrap_or_default() {
            [one] => {
                one.get_ref().as_str().map(|text| format!("one value, without brackets: \"{}\"", clip(text)))
            }
            _ => Some("one value, without brackets".to_owned()),
        },
        DeValue::String(_) | DeValue::Boolean(_) | DeValue::Table(_) => None,
    }
}

/// A value as the truth value that was probably meant.
pub(super) fn as_truth(value: &DeValue<'_>) -> Option<String> {
    let truth = match value.as_str()?.to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => true,
        "false" | "no" | "off" | "0" => false,
        _ => return None,
    };
    Some(format!("write {truth}"))
}

/// A value as the list that was probably meant.
pub(super) fn as_list(value: &DeValue<'_>) -> Option<String> {
    let text = value.as_str().filter(|text| !text.trim().is_empty())?;
    // Patterns have backslashes, and commas that separate nothing.
    if text.contains('\\') {
        return Some(format!("in brackets: ['{}']", clip(text)));
    }
    let parts: Vec<String> =
        text.split(',').take(5).map(|part| format!("\"{}\"", clip(part.trim()))).collect();
    Some(format!("in brackets: [{}]", parts.join(", ")))
}
