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
    ("in the body below a megabyte of one field", || {
        format!("From: mia@client.example\r\nX-A: {}\r\nSubject: x\r\n\r\nUrgent\r\n", "a ".repeat(1 << 19))
            .into()
    }),
    ("below a megabyte of From lines", || {
        [b"From mia Fri Jan  9 21:03:38 2026\r\n".repeat(30_000), body("Urgent\r\n")].concat()
    }),
    ("in the body of ten thousand senders", || {
        below("From", &"a@client.example, b <b@client.example>, ".repeat(5_000))
    }),
    ("in the body below ids of a megabyte", || {
        below("References", &"<a@client.example>\r\n ".repeat(50_000))
    }),
    ("in the body below encoded words of a megabyte", || {
        below("Subject", &"=?iso-2022-jp?B?GyRCNlpfXhsoQg==?=\r\n ".repeat(28_000))
    }),
    ("in the body below ten thousand authentications", || {
        let results = format!("mx.example.com; {}", "dmarc=pass (((((\\( a=b; spf=\"\\\"".repeat(200));
        let fields = format!("Authentication-Results: {results}\r\n").repeat(200);
        [fields.as_bytes(), AUTHENTICATION.repeat(10_000).as_bytes(), body("Urgent").as_slice()].concat()
    }),
    ("behind a megabyte of quotation marks", || {
        body(&format!("{}\r\n\r\nUrgent\r\n", ">".repeat(1_000_000)))
    }),
    ("behind quotation marks, one a line", || body(&format!("{}\r\nUrgent\r\n", "> >\r\n".repeat(150_000)))),
    ("before a megabyte of headers of forwarded mails", || {
        body(&format!("Urgent\r\n\r\n{}", "From: a\r\nSent: b\r\nTo: c\r\nSubject: d\r\n\r\n".repeat(25_000)))
    }),
    ("before attributions", || {
        body(&format!("Urgent\r\n\r\n{}", "On Friday, 9 January 2026, Mia wrote:\r\n".repeat(25_000)))
    }),
    ("behind soft line ends", || {
        part_saying("text/plain", "quoted-printable", &format!("{}Urgent", "=\r\n".repeat(400_000)))
    }),
    ("behind blanks that nobody ends", || {
        part_saying("text/plain", "quoted-printable", &format!("{}\r\nUrgent", "= \t".repeat(200_000)))
    }),
    ("behind shifts of a charset", || {
        part_saying(
            "text/plain; charset=iso-2022-jp",
            "7bit",
            &format!("{}\r\nUrgent", "\u{1b}$B\u{1b}(B".repeat(100_000)),
        )
    }),
    ("behind texts in an old encoding", || {
        body(&format!("{}\r\nUrgent\r\n", "begin 644 a.txt\r\n#86)C\r\n".repeat(40_000)))
    }),
    ("behind a megabyte of style", || html(&format!("<style>{}</style><p>Urgent", "a{b:c}".repeat(170_000)))),
    ("behind entities", || html(&format!("{}<p>Urgent", "&amp;&#x110000;&#0;&nosuch;".repeat(20_000)))),
    ("behind texts that nobody sees", || {
        html(&format!("{}<p>Urgent", "<span style=\"display:none\">x</span>".repeat(20_000)))
    }),
    ("beside a file of an Outlook that lies about its size", || {
        beside_tnef(&tnef(&[(0x0006_9003, u32::MAX, &[])]))
    }),
    ("beside a file of an Outlook with many pieces", || {
        beside_tnef(&tnef(&[(0x0002_800c, 1, b"x" as &[u8]); 50_000]))
    }),
    ("beside a file of an Outlook that unpacks to gigabytes", || {
        beside_tnef(&tnef(&[(0x0006_9003, 0, &rtf_bomb())]))
    }),
    ("after a megabyte of near misses", || body(&format!("{}\r\n\r\nUrgent\r\n", "urgnt ".repeat(20_000)))),
];

/// Mails of which so much is hostile that the urgent word may be left out; then the answer says so.
pub(crate) const HEARD: &[Named] = &[
    ("behind sixty megabytes", || {
        let attachment = "QUJD".repeat(19) + "\r\n";
        let attachment = attachment.repeat(60 * 1024 * 1024 / attachment.len());
        multipart(
            "b",
            &format!(
                "--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n{attachment}--b\r\n\r\nUrgent\r\n--b--\r\n"
            ),
        )
    }),
    ("in the last of a hundred thousand parts", || {
        multipart("b", &format!("{}--b\r\n\r\nUrgent\r\n--b--\r\n", "--b\r\n\r\nx\r\n".repeat(100_000)))
    }),
    ("behind two megabytes of text", || body(&format!("{}\r\n\r\nUrgent\r\n", "a line\r\n".repeat(250_000)))),
    ("at the end of a subject of a megabyte", || {
        format!("From: mia@client.example\r\nSubject: {}Urgent\r\n\r\nx\r\n", "no ".repeat(350_000)).into()
    }),
    ("in fifty thousand nested elements", || html(&format!("{}Urgent", "<div>".repeat(50_000)))),
    ("behind fifty thousand nested elements", || {
        html(&format!("{}x{}<p>Urgent", "<div>".repeat(50_000), "</div>".repeat(50_000)))
    }),
    ("in fifty thousand nested tables", || html(&format!("{}Urgent", "<table><tr><td>".repeat(50_000)))),
    ("in fifty thousand nested formats", || html(&format!("{}Urgent", "<b><i><u><a>".repeat(12_500)))),
    ("in the innermost of sixty mails", || enclosed(60, "Urgent")),
    ("in the innermost of ten thousand mails", || enclosed(10_000, "Urgent")),
    ("in mails encoded in one another", || encoded_mails(5)),
    ("in an invitation whose lines are all folded", || {
        let text = "Urgent ".repeat(20_000).split("").collect::<Vec<_>>().join("\r\n ");
        part(
            "text/calendar; charset=utf-8",
            "7bit",
            &format!(
                "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDESCRIPTION:{text}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
            ),
        )
    }),
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

/// A field of a mail whose body is urgent.
fn below(name: &str, value: &str) -> Vec<u8> {
    format!("{name}: {value}\r\nTo: support@example.com\r\n\r\nUrgent\r\n").into()
}

/// A part whose urgent word stands in its text only.
fn part_saying(content_type: &str, encoding: &str, text: &str) -> Vec<u8> {
    let mail = part(content_type, encoding, text);
    String::from_utf8(mail).expect("text").replacen("Subject: Urgent", "Subject: Hello", 1).into()
}

/// A mail in so many mails.
fn enclosed(depth: usize, text: &str) -> Vec<u8> {
    let hello = HEAD.replace("Urgent", "Hello");
    let around = format!("{hello}Content-Type: message/rfc822\r\n\r\n").repeat(depth);
    format!("{around}{hello}\r\n{text}\r\n").into()
}

/// A mail in an encoded mail in an encoded mail.
fn encoded_mails(depth: usize) -> Vec<u8> {
    (0..depth).fold(body("Urgent\r\n"), |inner, _| {
        part_saying("message/rfc822", "quoted-printable", &escaped(&inner))
    })
}

/// Every byte as quoted-printable (RFC 2045 section 6.7).
fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "={byte:02X}").expect("text");
        text
    })
}

/// A text beside a `winmail.dat` (MS-OXTNEF).
fn beside_tnef(tnef: &[u8]) -> Vec<u8> {
    let encoded = escaped(tnef);
    let parts = format!(
        "--b\r\n\r\nUrgent\r\n--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\n{encoded}\r\n--b--\r\n"
    );
    multipart("b", &parts)
}

/// Attributes of a message, each with its name and the length it claims; 0 is its true one.
fn tnef(attributes: &[(u32, u32, &[u8])]) -> Vec<u8> {
    let mut file = vec![0x78, 0x9f, 0x3e, 0x22, 1, 0];
    for (name, length, data) in attributes {
        let length = if *length == 0 { u32::try_from(data.len()).expect("short") } else { *length };
        file.push(1);
        file.extend_from_slice(&name.to_le_bytes());
        file.extend_from_slice(&length.to_le_bytes());
        file.extend_from_slice(data);
        let sum = data.iter().fold(0_u16, |sum, byte| sum.wrapping_add(u16::from(*byte)));
        file.extend_from_slice(&sum.to_le_bytes());
    }
    file
}

/// One property: compressed RTF (MS-OXRTFCP) that is all repetitions of what came before, and claims four gigabytes.
fn rtf_bomb() -> Vec<u8> {
    let mut packed = Vec::new();
    for _ in 0..30_000 {
        packed.push(0xff);
        packed.extend_from_slice(&[0x00, 0x0f].repeat(8));
    }
    let length = u32::try_from(packed.len()).expect("short");
    let mut property = Vec::new();
    // One property, of the type "binary", with one value.
    for word in [1, 0x1009_0102, 1, length + 16, length + 12, u32::MAX, 0x7546_5a4c, 0] {
        property.extend_from_slice(&word.to_le_bytes());
    }
    property.extend_from_slice(&packed);
    property
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
