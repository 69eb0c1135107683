//! What a user would notice of a mail that was read, and what no mail may do to us.

mod texts;

use proptest::prelude::*;

use super::*;

fn whole(bytes: &[u8]) -> Message {
    let message = parse(&Source::Whole(bytes), &Options::default());
    assert_covered(&message.body);
    assert_covered(&message.forwarded);
    message
}

fn read(text: &str) -> Message {
    whole(text.as_bytes())
}

/// A mail with this header line and body.
fn with_header(line: &str, body: &str) -> Message {
    read(&format!("From: Ann <ann@x.example>\r\n{line}\r\n\r\n{body}"))
}

fn assert_covered(text: &Text) {
    let mut at = 0;
    for region in &text.regions {
        assert_eq!(region.start, at, "regions touch");
        assert!(region.start < region.end && text.text.is_char_boundary(region.end), "{region:?}");
        at = region.end;
    }
    assert_eq!(at, text.text.len(), "regions cover the text");
    assert!(!text.text.contains(|c: char| c < ' ' && c != '\n' && c != '\t'), "no control is left");
}

fn new_text(message: &Message) -> String {
    message.body.of_kind(RegionKind::New).map(|r| message.body.slice(r)).collect()
}

fn slugs(message: &Message) -> Vec<&'static str> {
    message.evidence.iter().map(|e| e.slug.slug()).collect()
}

#[test]
fn a_plain_mail_is_read() {
    let mail = read(concat!(
        "Return-Path: <ann@x.example>\r\n",
        "Received: by mx; Tue, 1 Jul 2025 10:52:37 +0200\r\nReceived: by old; Mon, 30 Jun 2025 10:00:00 +0000\r\n",
        "From: \"Smith, Ann\" <Ann@X.example>\r\nTo: desk@y.example, Bob <bob@y.example>\r\nCc: c@y.example\r\n",
        "Delivered-To: box@y.example\r\nReply-To: team@x.example\r\n",
        "Subject: Re: =?utf-8?q?Login_f=C3=A4llt?=\r\n  aus\r\nDate: Tue, 1 Jul 2025 10:52:30 +0200\r\n",
        "Message-ID: <1@x.example>\r\nIn-Reply-To: <0@y.example>\r\nReferences: <a@y.example>\r\n <0@y.example>\r\n",
        "Content-Language: de-AT\r\n\r\nUrgent\tnow\r\n",
    ));
    assert_eq!(mail.from[0].to_string(), "Smith, Ann <Ann@x.example>");
    assert_eq!(mail.from[0].address.key(), "ann@x.example");
    assert_eq!(
        (mail.subject.as_str(), mail.base_subject.as_str()),
        ("Re: Login fällt aus", "login fällt aus")
    );
    assert!(mail.is_reply_subject);
    let recipients: Vec<_> = mail.recipients().map(Address::key).collect();
    assert_eq!(recipients, ["desk@y.example", "bob@y.example", "c@y.example", "box@y.example"]);
    assert_eq!(mail.message_id.as_ref().map(MessageId::as_str), Some("1@x.example"));
    assert_eq!((mail.in_reply_to.len(), mail.references.len()), (1, 2));
    assert_eq!(mail.received.map(|t| t.to_string()).as_deref(), Some("2025-07-01T08:52:37Z"));
    assert_eq!(mail.date.map(|t| t.to_string()).as_deref(), Some("2025-07-01T08:52:30Z"));
    assert_eq!(mail.languages.first().map(|language| language.range.as_str()), Some("de-AT"));
    assert_eq!(mail.body.text, "Urgent now\n");
    assert_eq!(mail.return_path, ReturnPath::Address(Address::parse("ann@x.example").unwrap()));
    assert!(mail.evidence.is_empty() && mail.unreadable.is_none() && mail.omitted.is_empty());
}

#[test]
fn a_machine_is_known_by_what_stands_where_its_address_should() {
    for (from, expected) in [
        ("MAILER-DAEMON <>", Some(Automation::SystemSender)),
        ("root (Cron Daemon)", Some(Automation::SystemSender)),
        ("SRS0=Hx3=Q7=x.example=mailer-daemon@forward.example", Some(Automation::SystemSender)),
        ("prvs=3212a9f0c1=noreply@x.example", Some(Automation::NoReplySender)),
        // A name, its comma not quoted.
        ("Root, Ann <ann@x.example>", None),
        ("SRS0=Hx3=Q7=x.example=ann@forward.example", None),
    ] {
        let mail = read(&format!("From: {from}\n\nx\n"));
        assert_eq!(mail.evidence.first().map(|evidence| evidence.slug), expected, "{from}");
    }
}

const ALTERNATIVE: &str = concat!(
    "From: a@x.example\nContent-Type: multipart/mixed; boundary=out\n\npreamble\n--out\n",
    "Content-Type: multipart/alternative; boundary=\"in\"\n\n--in\nContent-Type: text/plain; charset=utf-8\n",
    "Content-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9 urgent\n--in\nContent-Type: text/html\n\n",
    "<p>caf&eacute; <b>urg</b>ent<p hidden>secret\n--in--\n--out\nContent-Type: text/plain; name=trace.log\n\nlog words\n",
    "--out\nContent-Type: image/png; name=\"=?utf-8?q?bild=C3=A4?=.png\"\nContent-Transfer-Encoding: base64\n\nAAAA\n",
    "--out\nContent-Type: message/rfc822\n\nSubject: the old one\nAuto-Submitted: auto-replied\n\nold words\n--out--\nepilogue\n",
);

#[test]
fn every_text_is_read_once_and_files_only_by_name() {
    let mail = read(ALTERNATIVE);
    assert_eq!(mail.body.text, "café urgent\n\ncafé urgent\n\nsecret");
    let alternatives: Vec<_> = mail.body.regions.iter().map(|r| (r.kind, r.alternative)).collect();
    assert_eq!(alternatives, [(RegionKind::New, 0), (RegionKind::New, 1), (RegionKind::Hidden, 1)]);
    assert_eq!(mail.attachment_names, ["trace.log", "bildä.png"]);
    assert_eq!(mail.forwarded.text, "the old one\n\nold words");
    assert!(mail.evidence.is_empty(), "what an enclosed mail says is not said of this one");
}

#[test]
fn attached_text_is_read_when_the_mail_has_no_other() {
    let mixed = |parts: &[(&str, &str)]| {
        let part = |(header, body): &(&str, &str)| format!("--b\nContent-Type: {header}\n\n{body}\n");
        let body: String = parts.iter().map(part).collect();
        with_header("Content-Type: multipart/mixed; boundary=b", &format!("{body}--b--\n"))
    };
    let file = "text/plain; name=a.txt\nContent-Disposition: attachment; filename=a.txt";
    let only = mixed(&[("text/plain", " \n"), (file, "attached")]);
    assert_eq!((only.body.text.trim(), only.attachment_names.len()), ("attached", 1));
    assert_eq!(mixed(&[("text/plain", "words"), (file, "attached")]).body.text, "words");
    // A name or a disposition alone makes no file of the mail's own text.
    for own in ["text/html; name=body.htm", "text/plain\nContent-Disposition: attachment"] {
        assert_eq!(mixed(&[("text/plain", "\n"), (own, "own")]).body.text.trim(), "own", "{own}");
    }
    let below = "text/plain; name=ATT00001.txt\nContent-Disposition: attachment; filename=ATT00001.txt";
    let split = mixed(&[("text/plain", "above"), ("image/png; name=i.png", "AA"), (below, "below")]);
    assert_eq!(split.body.text, "above\n\nbelow");
}

#[test]
fn a_mail_in_a_forwarded_mail_is_read() {
    let mail = read(concat!(
        "Content-Type: message/rfc822\n\nSubject: one\nContent-Type: message/rfc822\n\n",
        "From ann Tue Jul  1 10:00:00 2025\nSubject: two\nContent-Disposition: attachment; filename=a.txt\n",
        "Content-Transfer-Encoding: base64\n\nVXJnZW50",
    ));
    assert_eq!(mail.forwarded.text, "one\n\ntwo\n\nUrgent");
    assert!(mail.omitted.is_empty());
}

#[test]
fn a_multipart_without_its_blank_line_keeps_its_first_part() {
    let mail = read(concat!(
        "Subject: s\nContent-Type: multipart/mixed; boundary=\"b\"\nX: y\n--b\n",
        "Content-Transfer-Encoding: base64\n\nVXJnZW50\n--b\nContent-Type: text/html\n\nx\n--b--\n",
    ));
    assert_eq!(mail.body.text, "Urgent\n\nx");
}

#[test]
fn parts_give_what_the_whole_mail_gives() {
    let part = |section, header: &'static str, body: &'static str| Part {
        section,
        header: header.as_bytes(),
        body: body.as_bytes(),
        truncated: section == "2",
    };
    let parts = Parts {
        header: b"From: a@x.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
        parts: vec![
            part("1.1", "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n", "VXJnZW50"),
            part("1.2", "Content-Type: text/html\r\n\r\n", "<b>Urgent"),
            part("2", "Content-Type: message/rfc822\r\n\r\n", "Subject: old\r\n\r\nwords"),
            part(
                "4",
                "Content-Type: text/plain; name=a.log\r\nContent-Disposition: attachment\r\n\r\n",
                "log",
            ),
        ],
        omitted: vec![Omitted { section: "3".into(), media_type: "image/png".into(), bytes: 9 }],
    };
    let mail = parse(&Source::Parts(parts), &Options::default());
    assert_eq!((mail.body.text.as_str(), mail.forwarded.text.as_str()), ("Urgent\n\nUrgent", "old\n\nwords"));
    let omitted: Vec<_> = mail.omitted.iter().map(|o| o.section.as_str()).collect();
    assert_eq!(omitted, ["2", "3"]);
}

#[test]
fn automation_is_seen_where_it_stands() {
    let report = |kind: &str, part: &str| {
        with_header(
            &format!("Content-Type: multipart/report; report-type={kind}; boundary=b"),
            &format!(
                "--b\n\nwords\n--b\nContent-Type: message/{kind}\n\nReporting-MTA: dns; x\n\n{part}\n--b--\n"
            ),
        )
    };
    assert_eq!(slugs(&report("delivery-status", "Action: failed\nStatus: 5.1.1")), ["delivery-report"; 2]);
    assert!(slugs(&report("delivery-status", "Action: delayed\nStatus: 4.4.1")).contains(&"delayed-notice"));
    assert_eq!(slugs(&report("disposition-notification", "")), ["disposition-report"; 2]);
    assert_eq!(slugs(&report("feedback-report", "")), ["feedback-report"; 2]);
    for (header, body, expected) in [
        ("Return-Path: <>", "", "null-return-path"),
        ("Return-Path: (none) < >", "", "null-return-path"),
        ("Content-Type: text/calendar; method=REQUEST", "BEGIN:VCALENDAR", "calendar-traffic"),
        ("Content-Type: text/calendar", "BEGIN:VCALENDAR\nMETHOD:REPLY\n", "calendar-traffic"),
        ("From: MAILER-DAEMON (Mail System)", "", "system-sender"),
        ("Sender: list-owner@x.example", "", "system-sender"),
        ("Subject: Automatische Antwort: Urlaub", "", "vendor-marker"),
        ("Subject: Undelivered Mail Returned to Sender", "", "delivery-report"),
        ("X-Test: 1", "Hi. This is the qmail-send program at x.\n", "delivery-report"),
    ] {
        assert_eq!(slugs(&with_header(header, body)), [expected], "{header}");
    }
    let bounce = "--c\n\nI got this, urgent\n--c\nContent-Type: message/rfc822\n\nSubject: Undeliverable\nReturn-Path: <>\n";
    let bounce = format!(
        "{bounce}Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nAction: failed\n--b--\n--c--\n"
    );
    let shown = with_header("Content-Type: multipart/mixed; boundary=c", &bounce);
    assert_eq!(
        (slugs(&shown).len(), new_text(&shown).as_str()),
        (0, "I got this, urgent"),
        "a person shows us a bounce"
    );
    for (header, body) in [
        ("Return-Path: <a@x.example>\nReturn-Path: <>", ""),
        ("Content-Type: text/calendar; method=PUBLISH", ""),
        ("Subject: Re: Automatic reply: holiday", ""),
        ("Auto-Submitted: no", ""),
        ("X-Spam-Flag: NO", "I got \"Undelivered Mail\" from mailer-daemon@x.example"),
    ] {
        assert!(with_header(header, body).evidence.is_empty(), "{header}");
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let reason = |header: &str, body: &str| with_header(header, body).unreadable.map(Unreadable::slug);
    for (header, body, expected) in [
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data", "MIAG", Some("encrypted")),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data", "MIAG", Some("opaque-signature")),
        ("Content-Type: multipart/encrypted; boundary=b", "--b\n\nVersion: 1\n--b--\n", Some("encrypted")),
        ("X: y", "-----BEGIN PGP MESSAGE-----\n\nhQ\n", Some("encrypted")),
        ("Content-Type: application/ms-tnef; name=winmail.dat", "x", Some("tnef")),
        ("Content-Type: image/png; name=a.png", "x", None),
        ("Subject: empty", "", None),
    ] {
        assert_eq!(reason(header, body), expected, "{header}");
    }
    assert_eq!(whole(b" \r\n").unreadable, Some(Unreadable::Empty));
}

#[test]
fn kept_headers_are_answered_and_others_are_not() {
    let names = ["X-Severity".to_owned()];
    let source = b"X-Severity: =?utf-8?q?H=C3=B6chste?=\r\nx-severity: two\r\n words\r\nX-Other: z\r\n\r\n";
    let mail = parse(&Source::Whole(source), &Options { keep_headers: &names });
    assert_eq!(mail.header_values("x-Severity").collect::<Vec<_>>(), ["Höchste", "two words"]);
    assert_eq!(mail.header_values("X-Other").count(), 0);
}

#[test]
fn forwarded_mails_are_kept_apart() {
    let mail =
        with_header("Subject: FW: x", "See below\n\nFrom: B\nSent: Monday\nTo: A\nSubject: x\n\nUrgent");
    assert_eq!(mail.body.text, "See below\n\n");
    assert!(mail.forwarded.text.contains("Urgent"));
    let html = "See<br><div class=gmail_quote><div class=gmail_attr>---------- Forwarded message ---------<br>From: B</div>Urgent</div>";
    let mail = with_header("Content-Type: text/html", html);
    assert!(new_text(&mail).starts_with("See") && mail.forwarded.text.ends_with("Urgent"));
}

#[test]
fn a_forwarded_mail_counts_when_the_sender_only_hands_it_on() {
    let kinds =
        |mail: &Message| mail.forwarded.regions.iter().map(|r| (r.kind, r.because)).collect::<Vec<_>>();
    let rule = "---------- Forwarded message ---------\nFrom: B\n\nUrgent";
    let attached = |own: &str| {
        let body =
            format!("--b\n\n{own}\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\nUrgent\n--b--\n");
        with_header("Content-Type: multipart/mixed; boundary=b", &body)
    };
    for own in ["", "FYI", "Hi team,\n\nplease handle this mail.\n\nRegards,\nAnn"] {
        let mail = with_header("Subject: Fwd: x", &format!("{own}\n\n{rule}"));
        assert_eq!(kinds(&mail), [(RegionKind::New, "forwarded")], "{own}");
        assert!(kinds(&attached(own)).iter().all(|(kind, _)| *kind == RegionKind::New), "{own}");
    }
    let own = "This was solved on Friday, and the customer is content with it. Only the invoice of March is still open, could you send it?";
    let mail = with_header("Subject: Fwd: x", &format!("{own}\n\n{rule}"));
    assert_eq!(kinds(&mail), [(RegionKind::Quoted, "forwarded")]);
    assert!(kinds(&attached(own)).iter().all(|found| *found == (RegionKind::Quoted, "forwarded")));
    assert!(new_text(&mail).contains("solved on Friday"));
}

#[test]
fn odd_beginnings_and_line_ends_are_read() {
    for source in [
        "\u{feff}Subject: s\r\n\r\nbody",
        "\r\n\r\nSubject: s\r\n\r\nbody",
        "From ann Tue Jul  1 10:00:00 2025\nSubject: s\n\nbody",
        "Subject: s\r\rbody",
        "Subject : s\n\nbody",
        "broken line\nSubject: s\n\nbody",
    ] {
        let mail = read(source);
        if !source.starts_with("broken") {
            assert_eq!((mail.subject.as_str(), mail.body.text.as_str()), ("s", "body"), "{source:?}");
        }
    }
    assert_eq!(read("just words, no header").body.text, "just words, no header");
    assert_eq!(whole(b"").unreadable, Some(Unreadable::Empty));
    let raw = whole(b"Subject: gr\xf6\xdfer\nFrom: J\xfcrgen <j@x.example>\n\nna\0\xefve\x1b");
    assert_eq!((raw.subject.as_str(), raw.body.text.as_str()), ("größer", "naïve"));
    assert_eq!(raw.from[0].name.as_deref(), Some("Jürgen"));
}

#[test]
fn a_value_without_its_line_end_is_read() {
    assert_eq!(read("From: Ann <a@x.example>\nSubject: Urgent").subject, "Urgent");
    assert_eq!(read("Subject: Urgent\nFrom: Ann <a@x.example>").from.len(), 1);
    let long = read(&format!("Subject: Urgent {}\n\n", "and so on ".repeat(2_000)));
    assert!(long.subject.starts_with("Urgent and so on") && long.subject.len() <= 2 * 1024);
    // A boundary is no text: what looks like an encoded word in it stays.
    let odd = "Content-Type: multipart/mixed; boundary=\"=?utf-8?q?x?=\"";
    let body = "--=?utf-8?q?x?=\nContent-Transfer-Encoding: base64\n\nVXJnZW50\n--=?utf-8?q?x?=--\n";
    assert_eq!(with_header(odd, body).body.text, "Urgent");
}

#[test]
fn a_multipart_without_its_boundary_is_read_as_text() {
    for header in
        ["Content-Type: multipart/mixed; boundary=b", "Content-Type: multipart/mixed", "Content-Type: text"]
    {
        assert_eq!(with_header(header, "urgent words").body.text, "urgent words", "{header}");
    }
    let mixed = "Content-Type: multipart/mixed; boundary=b";
    assert_eq!(with_header(mixed, "urgent words\n--b--\n").body.text, "urgent words\n");
    // The same boundary outside and inside, where no part begins.
    let inner = format!("--b\n{mixed}\n\n--b--\n--b\n\nafter\n--b--\n");
    assert_eq!(with_header(mixed, &inner).body.text, "after");
    // The closing delimiter is missing, and another multipart's prefix is no delimiter.
    let mail =
        with_header("Content-Type: multipart/mixed; boundary=b", "--b\n\none\n--bb\ntwo\n--b\n\nthree");
    assert_eq!(mail.body.text, "one\n--bb\ntwo\n\nthree");
}

/// Mails built to cost time or memory. One quadratic step would keep the test from ending.
#[test]
fn hostile_mails_are_read_within_bounds() {
    let nested = |count: usize| {
        let level = |n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
        (0..count).map(level).collect::<String>()
    };
    let mails = [
        nested(20_000),
        format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(100_000)),
        format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}",
            "--b\nContent-Type: multipart/mixed; boundary=none\n\nx\n".repeat(20_000)
        ),
        "Content-Type: message/rfc822\n\n".repeat(20_000),
        format!("Subject: {}\n\nx", "=?xx?q?a".repeat(128 * 1024)),
        format!("Subject: {}?=\n\nx", "=?x?q?a".repeat(128 * 1024)),
        format!("References: {}\n\nx", "<a@b> ".repeat(200_000)),
        format!("To: {}\n\nx", "a@x.example, ".repeat(200_000)),
        format!("Content-Type: text/plain; {}\n\nx", "a*1=b; ".repeat(150_000)),
        format!("Auto-Submitted: {}\n\nx", "(".repeat(1 << 20)),
        "broken\n".repeat(150_000),
        format!("A: b\n{}", "broken\n".repeat(150_000)),
        format!("A: b\n\n{}", "> ".repeat(1 << 19)),
        format!("A: b\n\n{}", "On 1 2 @\n".repeat(100_000)),
        format!("A: b\n\n{}", "From: a\n".repeat(100_000)),
        format!("A: b\n\n{}", "-- \n__\n".repeat(100_000)),
        format!("Subject: Re: b\n\n{}", "Regards,\nA B\n".repeat(50_000)),
        format!("Subject: Re: b\n\n{}", "Regards,\n\n\n\n".repeat(50_000)),
        format!("A: b\n\n{}", "For urgent matters call\n\n".repeat(40_000)),
        format!("A: b\n\n{}", "This e-mail is confidential\n".repeat(35_000)),
        format!("A: b\n\n{}", "Disclaimer\nThis e-mail\n\n".repeat(40_000)),
        format!("Subject: Re: b\n\n{}", "5 May 2026 10:15 a@x wrote\n".repeat(35_000)),
        format!("Subject: Re: b\n\n{}", "> a\nb\n".repeat(100_000)),
        format!("Subject: Fwd: b\n\n{}", "see below. ".repeat(90_000)),
        format!("A: b\n\nThis e-mail {}", "confidential ".repeat(80_000)),
        format!("A: b\n\n{}", "\n".repeat(1 << 20)),
        format!("Content-Transfer-Encoding: base64\n\n{}", "=*".repeat(1 << 19)),
        format!("Content-Transfer-Encoding: quoted-printable\n\n{}", "=".repeat(1 << 20)),
    ];
    assert_bounded(mails);
}

#[test]
fn hostile_html_is_read_within_bounds() {
    let html = |body: String| format!("Content-Type: text/html\n\n{body}");
    assert_bounded([
        html("<div>".repeat(50_000)),
        html("<b>".repeat(50_000) + &"</i>".repeat(50_000)),
        html("<p>".repeat(200_000)),
        html("<".repeat(1 << 20)),
        html("&".repeat(1 << 20)),
        html("<!--".repeat(1 << 18)),
        html("<div class=gmail_quote>".repeat(40_000)),
        html(format!("<a {}>", "b=c ".repeat(1 << 18))),
    ]);
}

fn assert_bounded(mails: impl IntoIterator<Item = String>) {
    for mail in mails {
        let message = read(&mail);
        assert!(message.body.text.len() + message.forwarded.text.len() <= 1 << 20);
        assert!(message.references.len() <= 64 && message.to.len() <= 256 && message.omitted.len() <= 64);
    }
}

#[test]
fn a_huge_mail_leaves_a_bounded_amount_behind_and_says_what_it_cut() {
    let body = "urgent words and more of them\r\n".repeat(2_000_000);
    let mail = read(&format!("Subject: big\r\n\r\n{body}"));
    assert!(mail.body.text.len() <= 1 << 20 && mail.content_text().len() <= 64 * 1024);
    let cut: u64 = mail.omitted.iter().map(|o| o.bytes).sum();
    assert!(cut > 50_000_000 && mail.omitted[0].media_type == "text/plain", "{:?}", mail.omitted);
    let many = read(&format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(5_000)));
    assert_eq!(many.omitted.len(), 1, "parts beyond the cap are named");
}

/// Mails of other projects, when a folder of them is at hand: none may panic or break the regions.
#[test]
fn a_corpus_goes_through() {
    let Some(folder) = std::env::var_os("NIGHTDESK_CORPUS") else { return };
    let mut folders = vec![std::path::PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else {
                whole(&std::fs::read(entry).unwrap());
            }
        }
    }
}

/// Bytes that look like mail here and there, so that more than the first lines of the parsers are reached.
fn mail_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\r\n".to_vec()),
        Just(b"\n\n".to_vec()),
        Just(b"--b\n".to_vec()),
        Just(b"--b--\n".to_vec()),
        Just(b"Content-Type: multipart/mixed; boundary=b\n".to_vec()),
        Just(b"Content-Type: text/html; charset=iso-2022-jp\n".to_vec()),
        Just(b"Content-Transfer-Encoding: base64\n".to_vec()),
        Just(b"Content-Type: message/rfc822\n".to_vec()),
        Just(b"From: \"x\" <a@b.example>, (c\n".to_vec()),
        Just(b"Subject: =?utf-8?q?=ff?= [a] re:\n".to_vec()),
        Just(b"Date: 99 Foo 2999999 99:99 +9999\n".to_vec()),
        Just(b"<blockquote type=cite><div style='display:none'>x</div>".to_vec()),
        Just(b"\nOn 1 Jan 2020, x <a@b> wrote:\n> a\n-- \n".to_vec()),
        Just("\u{2029}größe\u{a0}\u{fffd}".as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..24),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_read(bytes in mail_like()) {
        whole(&bytes);
    }

    #[test]
    fn any_field_is_read(name in "(From|To|Subject|Date|Received|Content-Type|Return-Path|References|Authentication-Results|Auto-Submitted)", value in any::<Vec<u8>>()) {
        let mut bytes = format!("{name}: ").into_bytes();
        bytes.extend(value);
        let message = whole(&bytes);
        message.authenticated(&["x".to_owned()]);
    }

    #[test]
    fn an_address_never_leaves_its_header(text in prop_oneof![
        ".*@.*", "[a-z\" \\\\<>@,+=]{0,12}@[a-zé.-]{1,9}", "\"[a-z\" \\\\<>@,\r\n\0]{0,9}\"@x.example",
        "(SRS0|SRS1|prvs|btv1|msprvs1)[=+-]{1,2}[a-z0-9=+.@-]{0,40}@x.example",
    ]) {
        if let Some(address) = Address::parse(&text) {
            let shown = address.to_string();
            prop_assert!(!shown.contains(|c: char| c.is_control() || "<>".contains(c)));
            let bare = shown.strip_prefix('"').map_or(shown.as_str(), |quoted| quoted.rsplit('"').next().unwrap_or(""));
            prop_assert!(!bare.contains(|c: char| c.is_whitespace() || ",;:\"".contains(c)) || bare.contains('['));
            prop_assert_eq!(Address::parse(&shown), Some(address.clone()));
            let key = address.key();
            prop_assert_eq!(Address::parse(&key).map(|a| a.key()), Some(key), "a key is an address");
            prop_assert!(address.untagged().domain() == address.domain(), "rights stay with their host");
            let person = address.person().into_owned();
            prop_assert_eq!(Address::parse(&person.to_string()), Some(person));
            let field = format!("To: A <{shown}>, b@x.example\n\n");
            let to: Vec<_> = whole(field.as_bytes()).to.into_iter().map(|to| to.address).collect();
            prop_assert_eq!(to.first(), Some(&address), "{}", field);
            prop_assert_eq!(to.len(), 2);
        }
    }
}

#[test]
fn what_looks_quoted_counts_where_there_is_nothing_else() {
    let html = "Content-Type: text/html\r\n\r\n<blockquote type=cite>Urgent: help</blockquote>";
    for (mail, expected) in [
        ("Subject: API down\r\n\r\n> Urgent: help\r\n".to_owned(), "> Urgent: help\n"),
        (format!("Subject: API down\r\n{html}"), "Urgent: help"),
        (format!("Subject: Re: API down\r\n{html}"), ""),
        ("Subject: API down\r\n\r\n> Urgent: help\r\nNo, wait.\r\n".to_owned(), "No, wait.\n"),
    ] {
        assert_eq!(new_text(&read(&format!("From: Ann <ann@x.example>\r\n{mail}"))), expected, "{mail}");
    }
}
