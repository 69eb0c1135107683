//! Names of folders, from how people write them to how IMAP does (RFC 3501 section 5.1.3), and quoted strings.

use super::base64;

/// A folder as an argument of a command: in modified UTF-7, quoted. `None` when it cannot be a name.
pub(super) fn argument(folder: &str) -> Option<String> {
    quoted(&encoded(folder))
}

/// A quoted string (RFC 3501 section 4.3); `None` when the text cannot be one.
pub(super) fn quoted(text: &str) -> Option<String> {
    let fits = text.is_ascii() && !text.contains(['\0', '\r', '\n']);
    fits.then(|| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

fn encoded(folder: &str) -> String {
    let mut name = String::with_capacity(folder.len());
    let mut foreign = Vec::new();
    for c in folder.chars() {
        if (' '..='~').contains(&c) || c.is_ascii_control() {
            shift(&mut foreign, &mut name);
            name.push(c);
            if c == '&' {
                name.push('-');
            }
        } else {
            let mut units = [0; 2];
            foreign.extend(c.encode_utf16(&mut units).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    shift(&mut foreign, &mut name);
    name
}

fn shift(foreign: &mut Vec<u8>, name: &mut String) {
    if !foreign.is_empty() {
        name.push('&');
        name.push_str(&base64::encode_name(foreign));
        name.push('-');
        foreign.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_the_rfc_writes_them() {
        let cases = [
            ("INBOX", "\"INBOX\""),
            ("~peter/mail/台北/日本語", "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\""),
            ("Kunden & Co", "\"Kunden &- Co\""),
            ("Entwürfe", "\"Entw&APw-rfe\""),
            ("🔥", "\"&2D3dJQ-\""),
            ("a\"b\\c", "\"a\\\"b\\\\c\""),
        ];
        for (folder, expected) in cases {
            assert_eq!(argument(folder).as_deref(), Some(expected), "{folder}");
        }
        assert_eq!(argument("a\r\nDELETE INBOX"), None);
    }
}
