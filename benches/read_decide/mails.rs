//! The mails that are measured: those of a folder, or such as support desks get, made from a seed.

#![expect(clippy::format_push_string, reason = "a mail is made once, and reads better like this")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A mail in memory.
pub(super) struct Mail {
    /// The file's, or a number.
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// The mails of a Maildir, or of any folder, by name.
pub(super) fn folder(path: &Path) -> io::Result<Vec<Mail>> {
    let inside: Vec<PathBuf> =
        ["new", "cur"].iter().map(|name| path.join(name)).filter(|path| path.is_dir()).collect();
    let folders = if inside.is_empty() { vec![path.to_owned()] } else { inside };
    let mut mails = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_file() {
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                mails.push(Mail { name, bytes: fs::read(path)? });
            }
        }
    }
    mails.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(mails)
}

/// As many mails of about 4 KB, always the same.
pub(super) fn generated(count: usize) -> Vec<Mail> {
    let mut dice = Dice(0x6e69_6768_7464_6573);
    (0..count)
        .map(|number| Mail { name: number.to_string(), bytes: mail(number, &mut dice).into_bytes() })
        .collect()
}

const SENTENCES: [&str; 16] = [
    "The export stops after some thousand rows and no error is shown.",
    "Since the last update the calendar shows all meetings one hour late.",
    "Könnten Sie bitte prüfen, warum die Rechnung doppelt gebucht wurde?",
    "I could reproduce it with two different browsers and an empty cache.",
    "The password reset link opens an empty page for some of our customers.",
    "Le tableau de bord n'affiche plus les données depuis la mise à jour.",
    "Is there a way to change the owner of a shared folder without deleting it?",
    "The webhook is called twice for every order that somebody edits.",
    "We would like to add thirty more seats to the contract next quarter.",
    "Our accountant needs the corrected document before the end of the month.",
    "The new colleague has not received the invitation – could you send it again?",
    "The API answers with status 413 when the payload is larger than documented.",
    "There is no hurry, we only want to understand how the limit is computed.",
    "Nobody can print any shipping labels since this morning, in any office.",
    "The monitoring shows normal load, so it does not look like a capacity problem.",
    "Thank you for the quick answer yesterday, that solved half of it.",
];
/// Sentences with a keyword; three in a hundred mails hold one.
const MARKED: [&str; 4] = [
    "This is urgent: the API is down for all of our customers.",
    "URGENT, please call back today.",
    "It is a time-sensitive request, the offer ends tonight.",
    "Nothing of this is urgnet, take your time.",
];

fn mail(number: usize, dice: &mut Dice) -> String {
    let mut lines: Vec<String> = paragraphs(dice, 1_600);
    if dice.below(100) < 3 {
        let at = dice.below(lines.len());
        lines.insert(at, dice.one_of(&MARKED).to_owned());
    }
    if dice.below(2) == 0 {
        lines.extend(["-- ", "Anna Keller", "Customer Care, Globex", ""].map(str::to_owned));
    }
    if dice.below(10) < 4 {
        lines.push("On Tue, 3 Nov 2026 10:12:13 +0100, Support <support@example.com> wrote:".to_owned());
        lines.extend(paragraphs(dice, 900).iter().map(|line| format!("> {line}")));
    }
    let text = lines.join("\r\n");
    let mut mail = header(number, dice);
    match dice.below(20) {
        0..=10 => part(&mut mail, "text/plain", "8bit", &text),
        11..=12 => part(&mut mail, "text/plain", "base64", &base64(&text)),
        13..=14 => part(&mut mail, "text/html", "quoted-printable", &quoted_printable(&html(&lines))),
        _ => {
            mail.push_str("Content-Type: multipart/alternative; boundary=\"=_part\"\r\n\r\n--=_part\r\n");
            part(&mut mail, "text/plain", "quoted-printable", &quoted_printable(&text));
            mail.push_str("\r\n--=_part\r\n");
            part(&mut mail, "text/html", "quoted-printable", &quoted_printable(&html(&lines)));
            mail.push_str("\r\n--=_part--\r\n");
        }
    }
    mail
}

fn paragraphs(dice: &mut Dice, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut left = most / 2 + dice.below(most);
    while left > 0 {
        let line = dice.one_of(&SENTENCES);
        left = left.saturating_sub(line.len());
        lines.push(line.to_owned());
        if dice.below(3) == 0 {
            lines.push(String::new());
        }
    }
    lines
}

fn header(number: usize, dice: &mut Dice) -> String {
    let subject = dice.one_of(&SENTENCES[..8]).trim_end_matches(['.', '?']);
    let mark = if dice.below(100) == 0 { "Urgent: " } else { "" };
    let customer = dice.below(5_000);
    let mut header = String::new();
    for hop in 0..4 {
        header.push_str(&format!(
            "Received: from out{hop}.mail.globex.example (out{hop}.mail.globex.example [192.0.2.{hop}])\r\n\
             \tby mx.example.com (Postfix) with ESMTPS id 4F{number:08X}{hop}\r\n\
             \tfor <support@example.com>; Tue, 3 Nov 2026 10:1{hop}:13 +0100 (CET)\r\n"
        ));
    }
    header.push_str(&format!(
        "Return-Path: <customer{customer}@globex.example>\r\n\
         Authentication-Results: mx.example.com; dkim=pass header.d=globex.example; spf=pass\r\n\
         \tsmtp.mailfrom=globex.example; dmarc=pass header.from=globex.example\r\n\
         DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=globex.example; s=k1;\r\n\
         \th=from:to:subject:date:message-id; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=;\r\n\
         \tb=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzRv2GzPGZPqcVAu0kzPwMS\r\n\
         From: \"Anna Keller\" <customer{customer}@globex.example>\r\n\
         To: Support <support@example.com>\r\n\
         Subject: {}\r\n\
         Date: Tue, 3 Nov 2026 10:12:13 +0100\r\n\
         Message-ID: <{number}.{customer}@globex.example>\r\n\
         User-Agent: Example Mailer 4.2\r\nMIME-Version: 1.0\r\n",
        encoded_word(&format!("{mark}{subject}"))
    ));
    header
}

fn part(mail: &mut String, media_type: &str, encoding: &str, content: &str) {
    let fields =
        format!("Content-Type: {media_type}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n");
    mail.push_str(&fields);
    mail.push_str(content);
}

fn html(lines: &[String]) -> String {
    let mut html = String::from("<html><head><style>p { margin: 0 }</style></head><body>\r\n");
    for line in lines {
        let text = line.replace('>', "&gt;");
        html.push_str(&format!("<p style=\"font-family:Calibri,sans-serif\">{text}<br></p>\r\n"));
    }
    html.push_str("</body></html>");
    html
}

/// RFC 2047, for what is not ASCII.
fn encoded_word(text: &str) -> String {
    if text.is_ascii() {
        text.to_owned()
    } else {
        format!("=?utf-8?B?{}?=", base64(text).replace("\r\n", ""))
    }
}

fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for byte in text.bytes() {
        if column > 72 && byte != b'\r' && byte != b'\n' {
            out.push_str("=\r\n");
            column = 0;
        }
        match byte {
            b'\r' => {}
            b'\n' => out.push_str("\r\n"),
            b' '..=b'~' if byte != b'=' => out.push(char::from(byte)),
            _ => out.push_str(&format!("={byte:02X}")),
        }
        column = if byte == b'\n' { 0 } else { column + 1 };
    }
    out
}

fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for (line, group) in text.as_bytes().chunks(3).enumerate() {
        if line > 0 && line % 19 == 0 {
            out.push_str("\r\n");
        }
        let bits = group.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte))
            << (8 * (3 - group.len()));
        for place in 0..4 {
            let digit = ALPHABET.get(bits >> (18 - 6 * place) & 63).copied().unwrap_or(b'=');
            out.push(char::from(if place <= group.len() { digit } else { b'=' }));
        }
    }
    out
}

/// Numbers that look thrown: xorshift64*.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let thrown = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(thrown).unwrap_or(0) % sides.max(1)
    }

    fn one_of(&mut self, all: &[&'static str]) -> &'static str {
        all.get(self.below(all.len())).copied().unwrap_or_default()
    }
}
