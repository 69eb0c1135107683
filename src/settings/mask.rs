//! Secrets that somebody wrote into the settings by mistake, masked before anything can show them.
//!
//! Settings never hold a secret, so what stands behind `password =` is wrong in any case, and the message about it
//! must not spread it further. Bytes are replaced one by one: every place in the text stays what it was.

/// Keys behind which people write secrets. Whole words: `client_secret`, not `secretary`.
const WORDS: [&str; 7] = ["secret", "password", "passwd", "passphrase", "token", "key", "hmac"];

/// Whether people write a secret behind this key.
pub(super) fn is_for_secrets(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.split(['_', '-']).any(|word| WORDS.contains(&word) || word == "apikey" || word == "pass")
}

/// The text with every string behind such a key as stars, and what stands before the host of a URL; line ends kept.
pub(super) fn masked(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (at, _) in text.match_indices("://") {
        let authority = text.get(at + 3..).unwrap_or("");
        let end =
            authority.find(|c: char| c.is_whitespace() || "/\"'?#".contains(c)).unwrap_or(authority.len());
        let user = authority.get(..end).and_then(|authority| authority.rfind('@')).unwrap_or(0);
        bytes.get_mut(at + 3..at + 3 + user).into_iter().flatten().for_each(|byte| *byte = b'*');
    }
    let mut rest = 0;
    while let Some(equals) = text.get(rest..).and_then(|after| after.find('=')).map(|at| rest + at) {
        rest = equals + 1;
        let before = text.get(..equals).unwrap_or("").trim_end_matches([' ', '\t', '"', '\'']);
        let begins = before.rfind(|c: char| !is_of_key(c)).map_or(0, |at| at + 1);
        if !before.get(begins..).is_some_and(is_for_secrets) {
            continue;
        }
        let (start, end) = value(text, rest);
        for byte in bytes.get_mut(start..end).into_iter().flatten() {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = b'*';
            }
        }
        rest = end.max(rest);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn is_of_key(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// The bytes of a value's inside, half-open; empty for a table or list.
fn value(text: &str, from: usize) -> (usize, usize) {
    let after = text.get(from..).unwrap_or("");
    let start = from + (after.len() - after.trim_start_matches([' ', '\t']).len());
    let after = text.get(start..).unwrap_or("");
    if after.starts_with(['{', '[']) {
        return (start, start);
    }
    for quote in ["\"\"\"", "'''", "\"", "'"] {
        let Some(inside) = after.strip_prefix(quote) else { continue };
        let reach = if quote.len() == 3 { inside.len() } else { line_end(inside) };
        let inside = inside.get(..reach).unwrap_or(inside);
        let begin = start + quote.len();
        return (begin, begin + closing(inside, quote).unwrap_or(reach));
    }
    (start, start + line_end(after))
}

/// Where the quote closes; a quote behind a backslash does not, in strings that know backslashes.
fn closing(inside: &str, quote: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in inside.bytes().enumerate() {
        if escaped {
            escaped = false;
        } else if byte == b'\\' && quote.starts_with('"') {
            escaped = true;
        } else if inside.as_bytes().get(at..).is_some_and(|rest| rest.starts_with(quote.as_bytes())) {
            return Some(at);
        }
    }
    None
}

fn line_end(text: &str) -> usize {
    text.find(['\n', '\r']).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_is_masked_and_its_place_kept() {
        for (written, masked_text) in [
            ("password = \"hunter2\"\nb = 1", "password = \"*******\"\nb = 1"),
            ("smtp = { host = \"h\", passwd='x' } # y", "smtp = { host = \"h\", passwd='*' } # y"),
            ("secret = { file = \"/a\" }", "secret = { file = \"/a\" }"),
            ("secret.file = \"/a\"", "secret.file = \"/a\""),
            ("token = hunter2\r\nb", "token = *******\r\nb"),
            ("api_key = \"a\\\"b\" c", "api_key = \"****\" c"),
            ("password = \"\"\"\na\nb\"\"\"\nc = 1", "password = \"\"\"\n*\n*\"\"\"\nc = 1"),
            ("\"password\" = \"é", "\"password\" = \"**"),
            ("monkey = \"a\"", "monkey = \"a\""),
            ("secret =", "secret ="),
            ("url = \"https://me:hunter2@h.example/a@b\"", "url = \"https://**********@h.example/a@b\""),
        ] {
            assert_eq!(masked(written), masked_text, "{written}");
        }
    }
}
