//! The mails, made here, since nobody should have to keep them.

use std::fmt::Write as _;

/// A mail by its name.
pub(crate) type Named = (&'static str, fn() -> Vec<u8>);

const HEAD: &str = "From: mia@client.example\r\nTo: support@example.com\r\nSubject: Urgent\r\n";

/// Mails that only need an answer.
pub(crate) const ALL: &[Named] = &[
    ("nothing", Vec::new),
    ("one byte", || vec![b'x']),
    ("only a line end", || b"\r\n".to_vec()),
    ("only text", || b"Urgent: no header at all\n".repeat(100)),
    ("only a head", || HEAD.into()),
    ("every byte", || (0..=255).cycle().take(100_000).collect()),
    ("zeros", || vec![0; 1 << 20]),
    ("ones", || vec![0xff; 1 << 20]),
    ("colons", || vec![b':'; 1 << 20]),
    ("line ends", || b"\r\n".repeat(1 << 20)),
    ("carriage returns", || vec![b'\r'; 1 << 20]),
    ("8-bit head", || {
        b"From: \xe9\xff <\xfc@client.example>\r\nSubject: \xdcrgent \xff\xfe\r\n\r\n\xe4\xf6".to_vec()
    }),
    ("zeros in the head", || {
        b"From: a\0b <mia\0@client.example>\r\nSub\0ject: Urgent\r\n\0\r\n\r\n\0".to_vec()
    }),
    ("no colon", || b"From mia\r\nSubject Urgent\r\n\r\nx".to_vec()),
    ("a megabyte of one field", || format!("Subject: {}\r\n{HEAD}\r\nx", "Urgent ".repeat(150_000)).into()),
    ("a megabyte of one name", || format!("{}: x\r\n{HEAD}\r\nx", "X".repeat(1 << 20)).into()),
    ("a folded megabyte", || format!("X-A: a{}\r\n{HEAD}\r\nx", "\r\n b".repeat(300_000)).into()),
    ("two hundred thousand fields", || format!("{}{HEAD}\r\nx", "X-A: b\r\n".repeat(200_000)).into()),
    ("fifty thousand Received", || {
        format!("{}{HEAD}\r\nx", "Received: from a by b; now\r\n".repeat(50_000)).into()
    }),
    ("thousand authentications", || format!("{}{HEAD}\r\nx", AUTHENTICATION.repeat(10_000)).into()),
    ("open comments", || field("From", &format!("{}mia@client.example", "(".repeat(100_000)))),
    ("nested groups", || field("To", &"a:".repeat(100_000))),
    ("open quotes", || field("From", &"\"\\".repeat(100_000))),
    ("open brackets", || field("From", &"<".repeat(100_000))),
    ("hundred thousand recipients", || field("To", &"Somebody <a@client.example>, ".repeat(100_000))),
    ("hundred thousand references", || field("References", &"<a@client.example> ".repeat(100_000))),
    ("encoded words", || field("Subject", &"=?utf-8?B?VXJnZW50?= ".repeat(50_000))),
    ("an open encoded word", || field("Subject", &format!("=?utf-8?Q?{}", "=".repeat(200_000)))),
    ("encoded words of strange charsets", || {
        field("Subject", &"=?x-user-defined?Q?=FF?= =?utf-7?Q?+A?=".repeat(9_999))
    }),
    ("open parameters", || field("Content-Type", &format!("text/plain{}", "; a*0*=\"".repeat(50_000)))),
    ("ten thousand continued parameters", continued_parameters),
    ("a boundary of nothing", || multipart("", &"----\r\n".repeat(10_000))),
    ("a boundary of dashes", || multipart("-", &"-".repeat(1 << 20))),
    ("a boundary that nearly ends", || multipart("b", &"--b-\r\n--b -\r\n--bb\r\n".repeat(50_000))),
    ("a hundred thousand parts", || multipart("b", &"--b\r\n\r\nx\r\n".repeat(100_000))),
    ("a hundred thousand attachments", attachments),
    ("parts in parts", || nested("multipart/mixed", 20_000)),
    ("mails in mails", mails_in_mails),
    ("broken base64", || part("text/plain", "base64", &"VXJn===\u{0}?ZW50".repeat(50_000))),
    ("broken quoted-printable", || part("text/plain", "quoted-printable", &"=ZZ=4=\r\n=".repeat(50_000))),
    ("strange charsets", || {
        [
            "utf-7",
            "utf-16",
            "utf-16le",
            "utf-32",
            "iso-2022-kr",
            "hz-gb-2312",
            "x-mac-cyrillic",
            "us-ascii",
            "none",
        ]
        .iter()
        .flat_map(|charset| {
            part(&format!("text/plain; charset={charset}"), "8bit", "+AFU \u{1b}$B ~{ \u{fe}\u{ff}")
        })
        .collect()
    }),
    ("nested elements", || html(&"<div>".repeat(50_000))),
    ("nested tables", || html(&"<table><tr><td>".repeat(50_000))),
    ("nested quotations", || html(&"<blockquote>".repeat(50_000))),
    ("nested formatting", || html(&"<b><i><u><a>".repeat(20_000))),
    ("an open tag", || html(&format!("<a {}", "b=c ".repeat(200_000)))),
    ("open comments in HTML", || html(&"<!--".repeat(200_000))),
    ("entities", || html(&"&amp;&#x110000;&#0;&notin;&nosuch;".repeat(50_000))),
    ("a megabyte of style", || html(&format!("<style>{}", "a{b:c}".repeat(200_000)))),
    ("hidden text", || html(&"<span style=\"display:none\">Urgent".repeat(50_000))),
    ("quoted lines", || body(&format!("{} Urgent\r\n", ">".repeat(900)).repeat(1_000))),
    ("attributions", || body(&"On Friday, 9 January 2026, Mia wrote:\r\n".repeat(50_000))),
    ("signatures", || body(&"-- \r\nUrgent\r\n".repeat(50_000))),
    ("forwarded headers", || {
        body(&"-----Original Message-----\r\nFrom: a\r\nSubject: Urgent\r\n".repeat(20_000))
    }),
    ("near misses", || body(&"urgnt urgentt timesensitive ".repeat(50_000))),
    ("half a pattern", || body(&"the api is completely totally fully currently still again ".repeat(20_000))),
    ("joiners", || body(&"U\u{200d}r\u{ad}g\u{200b}e".repeat(50_000))),
    ("marks on marks", || body(&format!("Urgent{}", "\u{301}".repeat(500_000)))),
    ("hangul and ligatures", || body(&"\u{fdfa}\u{1f82}\u{ac01}\u{fb03}".repeat(50_000))),
    ("thirty thousand tags", || field("Subject", &"[AAAA-AAAA] Re: AW: ".repeat(10_000))),
];

/// Mails whose urgent word is plain to see beside what is hostile.
pub(crate) const URGENT: &[Named] = &[
    ("8-bit text without a charset", || part_with_urgent(b"\xe4\xf6\xfc")),
    ("zeros before it", || part_with_urgent(&[0; 1000])),
    ("line ends of an old system", || b"From: mia@client.example\rSubject: Hello\r\rUrgent\r".to_vec()),
    ("line ends of a new system", || b"From: mia@client.example\nSubject: Hello\n\nUrgent\n".to_vec()),
    ("the last of many recipients", || field("To", &"a@client.example, ".repeat(50_000))),
    ("in the head of many fields", || format!("{HEAD}{}\r\nx", "X-A: b\r\n".repeat(100_000)).into()),
    ("in the first of many parts", || {
        multipart("b", &format!("--b\r\n\r\nUrgent\r\n{}", &"--b\r\n\r\nx\r\n".repeat(50_000)))
    }),
    ("before nested elements", || html(&format!("<p>Urgent</p>{}", "<div>".repeat(50_000)))),
    ("in few nested elements", || html(&format!("{}Urgent", "<div>".repeat(200)))),
    ("after a megabyte of near misses", || body(&format!("{}\r\n\r\nUrgent\r\n", "urgnt ".repeat(20_000)))),
];

const AUTHENTICATION: &str = "Authentication-Results: mx.example.com; spf=pass; dkim=fail; dmarc=none\r\n";

fn field(name: &str, value: &str) -> Vec<u8> {
    format!("{name}: {value}\r\n{HEAD}\r\nx\r\n").into()
}

fn body(text: &str) -> Vec<u8> {
    format!("{}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}", HEAD.replace("Urgent", "Hello")).into()
}

fn html(text: &str) -> Vec<u8> {
    format!("{}Content-Type: text/html; charset=utf-8\r\n\r\n{text}", HEAD.replace("Urgent", "Hello")).into()
}

fn part(content_type: &str, encoding: &str, text: &str) -> Vec<u8> {
    format!("{HEAD}Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{text}")
        .into()
}

fn part_with_urgent(before: &[u8]) -> Vec<u8> {
    let mut mail = b"From: mia@client.example\r\nSubject: Hello\r\n\r\n".to_vec();
    mail.extend_from_slice(before);
    mail.extend_from_slice(b"\r\n\r\nUrgent\r\n");
    mail
}

fn multipart(boundary: &str, parts: &str) -> Vec<u8> {
    let head = HEAD.replace("Urgent", "Hello");
    (format!("{head}Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n") + parts).into()
}

fn continued_parameters() -> Vec<u8> {
    let mut value = String::from("application/pdf");
    for number in 0..10_000 {
        write!(value, ";\r\n name*{number}*=%41").expect("text");
    }
    field("Content-Type", &value)
}

fn attachments() -> Vec<u8> {
    let mut parts = String::new();
    for number in 0..100_000 {
        write!(parts, "--b\r\nContent-Disposition: attachment; filename=\"{number}\"\r\n\r\nx\r\n")
            .expect("text");
    }
    multipart("b", &parts)
}

fn nested(content_type: &str, depth: usize) -> Vec<u8> {
    let mut mail = HEAD.to_owned();
    for number in 0..depth {
        write!(mail, "Content-Type: {content_type}; boundary=b{number}\r\n\r\n--b{number}\r\n")
            .expect("text");
    }
    mail.push_str("\r\nx\r\n");
    mail.into()
}

fn mails_in_mails() -> Vec<u8> {
    format!("{}\r\nx", format!("{HEAD}Content-Type: message/rfc822\r\n\r\n").repeat(20_000)).into()
}

/// One tag with so many attributes.
pub(crate) fn attributes(count: usize) -> Vec<u8> {
    html(&format!("<p>Urgent</p><a {}>x</a>", "b=\"c\" ".repeat(count)))
}

/// An urgent mail with an attachment that makes it sixty megabytes.
pub(crate) fn sixty_megabytes() -> Vec<u8> {
    let line = format!("{}\r\n", "QUJD".repeat(19));
    let attachment = line.repeat(60 * 1024 * 1024 / line.len());
    let parts = format!(
        "--b\r\nContent-Type: text/plain\r\n\r\nUrgent\r\n--b\r\nContent-Type: application/octet-stream\r\n\
         Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"a.bin\"\r\n\r\n\
         {attachment}\r\n--b--\r\n"
    );
    multipart("b", &parts)
}
