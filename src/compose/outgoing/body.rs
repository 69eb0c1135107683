//! The body of a mail in seven bits, with the fields that say how it is encoded (RFC 2045, RFC 2046).
//!
//! Invariants: ASCII in lines of at most 78 bytes that end in CRLF; no line begins with a dot or with `From `, which
//! servers and mailbox files take for something else (RFC 5321 section 4.5.2, RFC 4155); a reader gets back the text that
//! was given, with CRLF for every line feed, and U+FFFD for every NUL.

use super::header::{Charset, Header, push_octet};

/// The longest line that is sent as it is (RFC 5322 section 2.1.1).
const LONGEST_LINE: usize = 78;
/// The longest line of quoted-printable (RFC 2045 section 6.7, rule 5), with its soft line break.
const LONGEST_QUOTED_LINE: usize = 76;

/// Writes a text, and its HTML alternative after it: readers show the last form that they can (RFC 2046 section
/// 5.1.4). `boundary` must stand in neither.
pub(super) fn write(mut header: Header, text: &str, html: Option<&str>, boundary: &str) -> String {
    header.tokens("MIME-Version", ["1.0"]);
    let Some(html) = html else {
        return part(header, "text/plain;", text);
    };
    let parameter = format!("boundary=\"{boundary}\"");
    header.tokens("Content-Type", ["multipart/alternative;", parameter.as_str()]);
    let plain = part(Header::new(Charset::Ascii), "text/plain;", text);
    let html = part(Header::new(Charset::Ascii), "text/html;", html);
    let header = header.into_text();
    format!("{header}\r\n--{boundary}\r\n{plain}\r\n--{boundary}\r\n{html}\r\n--{boundary}--\r\n")
}

/// A part: its fields after those that are there, and its text.
fn part(mut header: Header, kind: &str, text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\0', "\u{fffd}");
    header.tokens("Content-Type", [kind, "charset=utf-8"]);
    let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(&text).split('\n').collect();
    let is_plain = lines.iter().all(|line| is_plain(line));
    header.tokens("Content-Transfer-Encoding", [if is_plain { "7bit" } else { "quoted-printable" }]);
    let mut mail = header.into_text();
    mail.push_str("\r\n");
    for line in lines {
        if is_plain {
            mail.push_str(line);
        } else {
            quoted_printable(line, &mut mail);
        }
        mail.push_str("\r\n");
    }
    mail
}

/// Whether a line can be sent as it is.
fn is_plain(line: &str) -> bool {
    line.len() <= LONGEST_LINE
        && line.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
        && !line.ends_with(' ')
        && !is_misread(line.as_bytes())
}

/// Whether a line that begins so would be taken for something else on its way.
fn is_misread(rest: &[u8]) -> bool {
    rest.starts_with(b".") || rest.starts_with(b"From ")
}

/// RFC 2045 section 6.7.
fn quoted_printable(line: &str, out: &mut String) {
    let bytes = line.as_bytes();
    let mut column = 0;
    for (at, byte) in bytes.iter().copied().enumerate() {
        let is_last = at + 1 == bytes.len();
        // A soft line break takes the last place, unless nothing follows.
        let fits = |length: usize| column + length + usize::from(!is_last) <= LONGEST_QUOTED_LINE;
        let is_literal = (byte.is_ascii_graphic() && byte != b'=') || (byte == b' ' && !is_last);
        if !fits(if is_literal { 1 } else { 3 }) {
            out.push_str("=\r\n");
            column = 0;
        }
        let is_misread = column == 0 && is_misread(bytes.get(at..).unwrap_or_default());
        if is_literal && !is_misread {
            out.push(char::from(byte));
            column += 1;
        } else {
            push_octet(byte, out);
            column += 3;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(line: &str) -> String {
        let mut out = String::new();
        quoted_printable(line, &mut out);
        out
    }

    #[test]
    fn no_line_is_too_long_or_taken_for_something_else() {
        assert_eq!(quoted("Grüezi = ok "), "Gr=C3=BCezi =3D ok=20");
        assert_eq!(quoted(".x"), "=2Ex");
        assert_eq!(quoted("From here"), "=46rom here");
        assert_eq!(quoted("From"), "From");
        assert_eq!(quoted("a\tb\r"), "a=09b=0D");
        for line in ["ü".repeat(500), "x".repeat(75) + &".".repeat(300), "x".repeat(76), "y".repeat(77)] {
            let quoted = quoted(&line);
            for part in quoted.split("\r\n") {
                assert!(part.len() <= 76 && !part.starts_with('.'), "{part}");
            }
            assert!(quoted.contains("=\r\n") == (line.len() > 76), "{quoted}");
        }
    }

    #[test]
    fn what_can_go_as_it_is_goes_as_it_is() {
        for (text, encoding) in [
            ("Hello.\n\nBye.\n", "7bit"),
            ("", "7bit"),
            (&*"x".repeat(79), "quoted-printable"),
            ("a\n.\n", "quoted-printable"),
            ("From me\n", "quoted-printable"),
            ("tab\there\n", "quoted-printable"),
            ("ü\n", "quoted-printable"),
        ] {
            let mail = write(Header::new(Charset::Ascii), text, None, "");
            assert!(mail.contains(&format!("Content-Transfer-Encoding: {encoding}\r\n")), "{text}: {mail}");
            assert!(mail.is_ascii() && mail.ends_with("\r\n"));
        }
    }
}
