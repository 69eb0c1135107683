//! One mail as bytes: from a file, from standard input, or put together from the fields of an example.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::policy::ExampleMail;

/// The most bytes of one mail. Larger ones do not pass the mail servers of this world.
pub const MAIL_LIMIT: u64 = 256 * 1024 * 1024;

/// Reads a mail; `-` is standard input.
///
/// # Errors
/// When it cannot be read, or is larger than [`MAIL_LIMIT`].
pub fn mail_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(MAIL_LIMIT + 1).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(MAIL_LIMIT + 1).read_to_end(&mut bytes)?;
    }
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAIL_LIMIT) {
        return Err(io::Error::other(format!("larger than {MAIL_LIMIT} bytes")));
    }
    Ok(bytes)
}

/// What the mail of an example is when it does not say so itself.
#[derive(Debug, Clone, Copy)]
pub struct Unsaid<'a> {
    /// Its Message-ID, without angle brackets.
    pub message_id: &'a str,
    /// Who wrote it.
    pub from: &'a str,
    /// To whom.
    pub to: &'a str,
    /// The subject.
    pub subject: &'a str,
    /// The Message-ID of the mail that it answers, without angle brackets.
    pub in_reply_to: Option<&'a str>,
}

/// The mail of an example: its file, or put together from its fields.
pub fn example_mail(mail: &ExampleMail, unsaid: &Unsaid<'_>) -> Vec<u8> {
    if let Some(file) = &mail.file {
        return file.to_vec();
    }
    let said = |text: &Option<String>, unsaid: &str| text.clone().unwrap_or_else(|| unsaid.to_owned());
    let mut head: Vec<(String, String)> = vec![
        ("From".into(), said(&mail.from, unsaid.from)),
        ("To".into(), said(&mail.to, unsaid.to)),
        ("Subject".into(), said(&mail.subject, unsaid.subject)),
        ("Date".into(), mail.at.strftime("%a, %-d %b %Y %H:%M:%S +0000").to_string()),
        ("Message-ID".into(), format!("<{}>", unsaid.message_id)),
        ("MIME-Version".into(), "1.0".into()),
    ];
    head.extend(unsaid.in_reply_to.map(|id| ("In-Reply-To".into(), format!("<{id}>"))));
    let (content_type, body) = content(mail);
    head.push(("Content-Type".into(), content_type));
    head.push(("Content-Transfer-Encoding".into(), "8bit".into()));
    for (name, _) in &mail.headers {
        head.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }
    let mut bytes = Vec::new();
    for (name, value) in head.iter().chain(&mail.headers) {
        // An example may well fold a field; a line break that does not fold would end it.
        let folded = value.replace("\r\n", "\n").replace('\n', "\r\n ");
        bytes.extend_from_slice(format!("{name}: {folded}\r\n").as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body.replace("\r\n", "\n").replace('\n', "\r\n").as_bytes());
    bytes
}

fn content(mail: &ExampleMail) -> (String, String) {
    const PLAIN: &str = "text/plain; charset=utf-8";
    const HTML: &str = "text/html; charset=utf-8";
    const BOUNDARY: &str = "=_nightdesk_example";
    match (&mail.body, &mail.html) {
        (body, None) => (PLAIN.to_owned(), body.clone().unwrap_or_default()),
        (None, Some(html)) => (HTML.to_owned(), html.clone()),
        (Some(body), Some(html)) => {
            let part = |kind: &str, text: &str| {
                format!("--{BOUNDARY}\nContent-Type: {kind}\nContent-Transfer-Encoding: 8bit\n\n{text}\n")
            };
            let parts = format!("{}{}--{BOUNDARY}--\n", part(PLAIN, body), part(HTML, html));
            (format!("multipart/alternative; boundary=\"{BOUNDARY}\""), parts)
        }
    }
}
