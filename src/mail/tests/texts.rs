//! The words of a mail, whatever they are wrapped in.

use super::*;
use crate::mail::tnef::tests as winmail;

/// A mail of parts, each with its Content-Type and further header lines.
fn mixed(parts: &[(&str, &str)]) -> Message {
    of_parts("mixed", parts)
}

fn of_parts(kind: &str, parts: &[(&str, &str)]) -> Message {
    let part = |(header, body): &(&str, &str)| format!("--b\nContent-Type: {header}\n\n{body}\n");
    let body: String = parts.iter().map(part).collect();
    with_header(&format!("Content-Type: multipart/{kind}; boundary=b"), &format!("{body}--b--\n"))
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let bits =
            group.iter().fold(0_usize, |bits, b| bits << 8 | usize::from(*b)) << (8 * (3 - group.len()));
        let letters = (0..4).map(|at| char::from(ALPHABET[bits >> (18 - 6 * at) & 63]));
        letters.take(group.len() + 1).chain(std::iter::repeat_n('=', 3 - group.len())).collect::<String>()
    };
    bytes.chunks(57).map(|line| line.chunks(3).map(group).collect::<String>() + "\n").collect()
}

fn in_base64(header: &str, bytes: &[u8]) -> Message {
    with_header(&format!("Content-Type: {header}\nContent-Transfer-Encoding: base64"), &base64(bytes))
}

const INVITATION: &str = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nSUMMARY:Urgent: login\nDESCRIPTION:Call me\\, please\nEND:VEVENT\nEND:VCALENDAR\n";

#[test]
fn every_kind_of_text_is_read() {
    let rtf = r"{\rtf1\ansi Urgent: login\par}";
    for (header, body, expected) in [
        ("text/calendar; method=REQUEST", INVITATION, "Urgent: login\n\nCall me, please"),
        ("application/ics; name=invite.ics", INVITATION, "Urgent: login\n\nCall me, please"),
        ("text/enriched", "<bold>Urgent</bold>:\nlogin", "Urgent:\nlogin"),
        ("text/richtext", "Urgent:<nl>login", "Urgent:\nlogin"),
        ("text/rtf", rtf, "Urgent: login\n"),
        ("application/rtf", rtf, "Urgent: login\n"),
        ("text/watch-html", "<b>Urgent</b>: login", "Urgent: login"),
        ("text/markdown", "**Urgent**: login", "**Urgent**: login"),
        ("text/x-nobody-knows", "Urgent: login", "Urgent: login"),
        ("html", "<b>Urgent</b>: login", "Urgent: login"),
        ("text/plain", "<!DOCTYPE HTML>\n<html class=old><b>Urgent</b>: login", "Urgent: login"),
        ("text/x-amp-html", "<b>Urgent", ""),
    ] {
        let mail = with_header(&format!("Content-Type: {header}"), body);
        assert_eq!((mail.body.text.as_str(), mail.unreadable), (expected, None), "{header}");
    }
}

#[test]
fn an_invitation_is_one_more_form_of_the_text() {
    let calendar = ("text/calendar; method=REQUEST; name=invite.ics", INVITATION);
    let file = (
        "application/ics; name=invite.ics\nContent-Disposition: attachment; filename=invite.ics",
        INVITATION,
    );
    let mail = mixed(&[("text/plain", "Urgent: login"), calendar, file]);
    assert_eq!(mail.body.text, "Urgent: login\n\nUrgent: login\n\nCall me, please");
    let alternatives: Vec<_> = mail.body.regions.iter().map(|region| region.alternative).collect();
    assert_eq!(alternatives, [0, 1], "so that its words count once");
    assert_eq!(mail.attachment_names, ["invite.ics", "invite.ics"]);
    // A calendar that somebody attaches is a file.
    let published =
        ("text/calendar; name=a.ics\nContent-Disposition: attachment; filename=a.ics", INVITATION);
    assert_eq!(mixed(&[("text/plain", "See the file"), published]).body.text, "See the file");
}

#[test]
fn what_outlook_wraps_up_is_read() {
    let page = r"{\rtf1\ansi\fromhtml1{\*\htmltag64 <p>}Urg\htmlrtf x\htmlrtf0 ent{\*\htmltag72 </p>}}";
    for (plain, html, rtf, expected) in [
        ("Urgent: login", "", "", "Urgent: login"),
        ("Urgent", "<p>Urgent</p>", "", "Urgent\n\nUrgent"),
        ("", "", page, "Urgent"),
        ("", "", r"{\rtf1 Urg\b ent}", "Urgent"),
    ] {
        let bytes = winmail::with_bodies(plain, html, rtf);
        for header in ["application/ms-tnef; name=winmail.dat", "application/octet-stream; name=WINMAIL.DAT"]
        {
            let mail = in_base64(header, &bytes);
            assert_eq!((mail.body.text.as_str(), mail.unreadable), (expected, None), "{header}");
            assert_eq!(mail.attachment_names.last().map(String::as_str), Some("REPORT~1.PDF"));
            assert_eq!(mail.subject, "From the envelope", "the header has none");
        }
    }
    let empty = in_base64("application/vnd.ms-tnef", &winmail::with_bodies("", "", ""));
    assert_eq!(empty.unreadable, Some(Unreadable::Tnef));
    let beside = mixed(&[("text/plain", "Words"), ("application/ms-tnef; name=winmail.dat", "x")]);
    assert_eq!((beside.body.text.as_str(), beside.unreadable), ("Words", None));
}

#[test]
fn a_signed_envelope_is_opened_and_an_encrypted_one_is_not() {
    let inner = b"Content-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n\r\nUrgent\r\n--i\r\nContent-Type: text/html\r\n\r\n<b>Urgent\r\n--i--\r\n";
    let len = u8::try_from(inner.len()).unwrap();
    let id = |last: u8| [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, last];
    // Lengths that are not told, as signing programs write them in one go.
    let signed = |kind: u8| -> Vec<u8> {
        let content = [&id(1)[..], &[0xa0, 0x80, 0x24, 0x80, 4, 0x81, len], inner, &[0; 4]].concat();
        let data = [&[2, 1, 1, 0x31, 0, 0x30, 0x80][..], &content, &[0, 0]].concat();
        [&[0x30, 0x80][..], &id(kind), &[0xa0, 0x80, 0x30, 0x80], &data, &[0; 6]].concat()
    };
    let header = "application/pkcs7-mime; smime-type=signed-data; name=smime.p7m";
    let mail = in_base64(header, &signed(2));
    assert_eq!((mail.body.text.as_str(), mail.unreadable), ("Urgent\n\nUrgent", None));
    let nameless = in_base64("application/octet-stream; name=smime.p7m", &signed(2));
    assert_eq!(nameless.body.text, "Urgent\n\nUrgent");
    assert_eq!(in_base64(header, &signed(9)).unreadable, Some(Unreadable::OpaqueSignature));
    assert_eq!(in_base64("application/x-pkcs7-mime", &signed(3)).unreadable, Some(Unreadable::Encrypted));
    assert_eq!(
        with_header("Content-Type: application/pkcs7-mime; smime-type=certs-only", "MIAG").unreadable,
        None
    );
}

#[test]
fn a_mail_that_says_it_is_not_all_here_is_unreadable() {
    let partial = |number: u8, body: &str| {
        with_header(&format!("Content-Type: message/partial; id=a; number={number}; total=2"), body)
    };
    let first = partial(1, "Subject: s\nContent-Type: text/plain\n\nUrgent words");
    assert_eq!((first.body.text.as_str(), first.unreadable, first.omitted.len()), ("Urgent words", None, 1));
    let second = partial(2, "VXJnZW50");
    assert_eq!((second.body.text.as_str(), second.unreadable), ("", Some(Unreadable::Partial)));
    let notice = "The server couldn't retrieve the following message:\r\n\r\nSubject: Urgent\r\n";
    let placeholder = with_header("Subject: x", notice);
    assert_eq!(placeholder.unreadable.map(Unreadable::slug), Some("placeholder"));
    assert!(new_text(&placeholder).contains("Urgent"), "what it names still counts");
    let subject = "Subject: Retrieval using the IMAP4 protocol failed for the following message: 7";
    assert_eq!(with_header(subject, "See the log.").unreadable, Some(Unreadable::Placeholder));
    assert_eq!(with_header("Subject: FW: The server couldn't retrieve", "See below").unreadable, None);
    let cyrillic = with_header("Content-Type: text/plain; charset=x-unknown", "");
    assert_eq!(cyrillic.unreadable, None);
    let garbled =
        whole(b"Subject: s\n\n\xd1\xf0\xee\xf7\xed\xee \xef\xee\xec\xee\xe3\xe8\xf2\xe5 \xed\xe0\xec\n");
    assert_eq!(garbled.unreadable, Some(Unreadable::Undecodable));
}

#[test]
fn a_picture_alone_is_named_as_not_read() {
    let mail = mixed(&[("text/plain", " "), ("image/png; name=screen.png", "AAAA")]);
    let omitted: Vec<_> = mail.omitted.iter().map(|o| (o.section.as_str(), o.media_type.as_str())).collect();
    assert_eq!((omitted, mail.unreadable), (vec![("2", "image/png")], None));
    let with_words = mixed(&[("text/plain", "See"), ("image/png; name=screen.png", "AAAA")]);
    assert!(with_words.omitted.is_empty());
}

#[test]
fn what_a_report_brings_back_is_not_new() {
    let notice = ("text/plain", "Your mail did not arrive.");
    let status = ("message/delivery-status", "Reporting-MTA: dns; x\n\nAction: failed\nStatus: 5.1.1");
    for (kind, returned) in [
        ("report", ("message/rfc822", "Subject: Urgent\n\nUrgent words")),
        ("report", ("text/rfc822-headers", "Subject: Urgent\nX-Words: Urgent")),
        ("report", ("message/global-headers", "Subject: Urgent")),
        ("report", ("message/rfc822\nContent-Transfer-Encoding: base64", "U3ViamVjdDogVXJnZW50Cgp3b3Jkcw==")),
        ("mixed", ("message/rfc822", "Subject: Urgent\n\nUrgent words")),
    ] {
        let mail = of_parts(kind, &[notice, status, returned]);
        assert_eq!(new_text(&mail).trim(), "Your mail did not arrive.", "{kind}");
        assert!(mail.forwarded.text.contains("Urgent"), "{kind} {returned:?}");
        let kinds: Vec<_> = mail.forwarded.regions.iter().map(|r| (r.kind, r.because)).collect();
        assert!(kinds.iter().all(|k| *k == (RegionKind::Quoted, "returned-mail")), "{kinds:?}");
    }
    let qmail = "Hi. This is the qmail-send program at x.\n\nNo such user.\n\n--- Below this line is a copy of the message.\n\nSubject: Urgent\n\nwords\n";
    let mail = with_header("X-Test: 1", qmail);
    assert!(new_text(&mail).ends_with("No such user.\n\n") && mail.forwarded.text.contains("Urgent"));
    assert!(mail.forwarded.regions.iter().all(|region| region.kind == RegionKind::Quoted));
    // A person who shows us a mail, or asks about a bounce, says something new.
    let shown = mixed(&[("text/plain", "See below"), ("message/rfc822", "Subject: Urgent\n\nwords")]);
    assert!(shown.forwarded.regions.iter().all(|region| region.kind == RegionKind::New));
}

#[test]
fn a_text_with_a_file_in_it_is_read_without_its_noise() {
    let mail = with_header("X-Test: 1", "See the log\nbegin 644 trace.log\n&57)G96YT\n`\nend\nUrgent\n");
    assert_eq!(
        (mail.body.text.as_str(), mail.attachment_names.as_slice()),
        ("See the log\nUrgent\n", &["trace.log".to_owned()][..])
    );
}

#[test]
fn parameters_are_read_as_programs_write_them() {
    for (header, bytes) in [
        ("Content-Type: text/plain; charset=\"windows-1251 \"", &b"\xd1\xf0\xee\xf7\xed\xee"[..]),
        ("Content-Type: text/plain; charset=windows-1251 (Cyrillic)", b"\xd1\xf0\xee\xf7\xed\xee"),
        ("Content-Type: text/plain; CHARSET = koi8-r", b"\xf3\xd2\xcf\xde\xce\xcf"),
        ("Content-Type: text/plain;charset='koi8-r'", b"\xf3\xd2\xcf\xde\xce\xcf"),
        ("Content-Type: text/plain; charset*=us-ascii'en'koi8-r", b"\xf3\xd2\xcf\xde\xce\xcf"),
        ("Content-Type: text/plain\n\tcharset=koi8-r", b"\xf3\xd2\xcf\xde\xce\xcf"),
        ("Content-Type: text/plain; format=flowed; charset=koi8-r;", b"\xf3\xd2\xcf\xde\xce\xcf"),
    ] {
        let mail = whole(&[header.as_bytes(), b"\n\n", bytes].concat());
        assert_eq!(mail.body.text, "Срочно", "{header}");
    }
    for (header, expected) in [
        ("filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf"),
        ("filename*0*=uft-8''Gr%C3%B6; filename*1=\"sse.pdf\"", "Grösse.pdf"),
        ("filename*=iso-8859-1'de'Gr%F6%DFe.pdf", "Größe.pdf"),
        ("filename*=''Gr%C3%B6.pdf", "Grö.pdf"),
        ("filename*0=\"long \"; filename*1=\"name.pdf\"", "long name.pdf"),
        ("filename=\"=?utf-8?b?R3LDtg==?= =?utf-8?q?=C3=9Fe.pdf?=\"", "Größe.pdf"),
        ("filename=\"Größe.pdf\"", "Größe.pdf"),
    ] {
        let header = format!("application/pdf\nContent-Disposition: attachment; {header}");
        assert_eq!(mixed(&[("text/plain", "x"), (&header, "x")]).attachment_names, [expected], "{header}");
    }
}

/// What opens and unwinds is asked for more than it should give.
#[test]
fn hostile_wraps_are_read_within_bounds() {
    let rtf = format!("{{\\rtf1 {}", "\\cell".repeat(1 << 19));
    let files = format!("X: y\n\n{}", "begin 644 a\n!".repeat(100_000));
    let nested = (0..12).fold(b"Subject: s\n\nUrgent".to_vec(), |mail, _| {
        let header = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n";
        [&header[..], base64(&mail).as_bytes()].concat()
    });
    assert_bounded([
        format!("Content-Type: text/rtf\n\n{rtf}"),
        format!("Content-Type: text/rtf\n\n{{\\rtf1 {}", "{a".repeat(1 << 20)),
        files,
        format!("X: y\n\n{}", "begin 644 a\n&57)G96YT\n".repeat(100_000)),
        format!("Content-Type: text/calendar\n\n{}", "BEGIN:VEVENT\nSUMMARY:a\n".repeat(100_000)),
        format!("Content-Type: text/calendar\n\nBEGIN:VEVENT\nSUMMARY:{}", "a\n ".repeat(500_000)),
        format!("Content-Type: text/enriched\n\n{}", "<param>".repeat(200_000)),
        format!("Content-Type: text/plain; charset=utf-7\n\n{}", "+A".repeat(1 << 20)),
        format!("Content-Transfer-Encoding: base64\n\n{}", "a_b-c\n".repeat(300_000)),
        String::from_utf8(nested).unwrap(),
    ]);
}
