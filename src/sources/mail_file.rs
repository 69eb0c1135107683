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

/// The mail of an example. `message_id` is its Message-ID, without angle brackets, and `default_to` its recipient,
/// unless the example says otherwise.
pub fn example_mail(mail: &ExampleMail, message_id: &str, default_to: &str) -> Vec<u8> {
    if let Some(file) = &mail.file {
        return file.to_vec();
    }
    let mut head: Vec<(String, String)> = vec![
        ("From".into(), mail.from.clone().unwrap_or_else(|| "Customer <customer@client.example>".into())),
        ("To".into(), mail.to.clone().unwrap_or_else(|| default_to.to_owned())),
        ("Subject".into(), mail.subject.clone().unwrap_or_default()),
        ("Date".into(), mail.at.strftime("%a, %-d %b %Y %H:%M:%S +0000").to_string()),
        ("Message-ID".into(), format!("<{message_id}>")),
        ("MIME-Version".into(), "1.0".into()),
    ];
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
