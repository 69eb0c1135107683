//! No stranger writes a line of our mail: whatever stands in the fields of a mail, the reply to it is read back with our
//! fields alone, one recipient, the subject and the text that were meant, and no other part.
//!
//! It is read back twice: by the parser of another project, and with our own eyes.

use mail_parser::{MessageParser, MimeHeaders};
use nightdesk::casework::Book;
use nightdesk::compose::{self, Reply, ReplyMail};
use nightdesk::decision::{decide, read};
use nightdesk::mail::{self, Options, Source};
use nightdesk::policy::{Files, Policy, RawFile, compile};
use proptest::prelude::*;

/// What every reply may have in its header, in this order; the ones in brackets only some have.
const FIELDS: [&str; 14] = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "[In-Reply-To]",
    "[References]",
    "[Content-Language]",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "X-Nightdesk",
    "MIME-Version",
    "Content-Type",
    "[Content-Transfer-Encoding]",
];

/// How desks call themselves.
const NAMES: [&str; 8] = [
    "",
    "Example Support",
    "Dr. Who (Support) \\ Co",
    "Grüezi Support",
    "サポート窓口 二十四時間 いつでも お気軽に お問い合わせください",
    "=?utf-8?q?evil?=",
    "x]y: z",
    "a very long name of a desk that goes on and on and on beyond what fits on one line of any header in the world",
];

fn policy(subject: &str, name: usize, has_html: bool) -> Policy {
    let name = NAMES.get(name).copied().unwrap_or_default();
    let toml = format!(
        r#"
name = "desk"
[identity]
addresses = ["support@desk.example"]
[[calendar]]
name = "office"
time_zone = "America/New_York"
week = {{ mon-fri = ["08:00-20:00"] }}
[[desk]]
name = "us"
calendar = "office"
[[label.urgency]]
value = "urgent"
keywords = ["Urgent"]
[[label.urgency]]
value = "normal"
default = true
[[coverage]]
name = "all"
reply = "got-it"
[auto_reply]
from = '{name} <support@desk.example>'
subject = "{subject}"
"#
    );
    let text = "Subject: Re: [{{ reference }}] {{ subject }}\n\nHello {{ sender }},\n.\nFrom here: {{ subject }}\n\
                {% for near in near_misses %}{{ near.text }}\n{% endfor %}{{ sender_address }}\n";
    let html =
        "<p>Hello {{ sender }}, {{ subject }}, case {{ reference }}.</p>\n<p title=\"{{ subject }}\">x</p>\n";
    let files = [("policy.toml", toml.as_str()), ("replies/got-it.txt", text), ("replies/got-it.html", html)]
        .into_iter()
        .filter(|(name, _)| has_html || *name != "replies/got-it.html")
        .map(|(name, content)| RawFile { name: name.to_owned(), content: Ok(content.as_bytes().to_vec()) })
        .collect();
    let outcome = compile(&Files { files });
    outcome.policy.unwrap_or_else(|| panic!("{:#?}", outcome.diagnostics))
}

/// What strangers write: what ends lines, fields, strings and parts, and what looks encoded.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-zA-Z ]{1,12}",
        3 => any::<char>().prop_map(String::from),
        2 => prop::sample::select(vec![
            "\r\n", "\n", "\r", "\0", "\r\n\r\n", "\u{2028}", "\u{85}", "\u{202e}", "\u{2066}", "\t", "  ",
        ]).prop_map(str::to_owned),
        2 => prop::sample::select(vec![
            "\r\nBcc: x@evil.example", "=?utf-8?q?=0D=0ABcc:_x@evil.example?=", "=?utf-8?b?AA==?=", "=?", "?=",
            "\"", "\\", "(", ")", ",", ";", "<", ">", "@", ":", "=", "--", ".", "\r\n.\r\n", "From ",
        ]).prop_map(str::to_owned),
        2 => prop::sample::select(vec![
            "Urgnet", "ü", "日本語", "😀", "👩‍👩‍👧", "e\u{301}", "שלום", "مرحبا", "<script>alert(1)</script>", "{{ 7 * 7 }}",
            "&amp;", "--=_0", "[K7Q4-MX2P]", "Re: ", "Auto: ",
        ]).prop_map(str::to_owned),
        1 => (1_usize..400).prop_map(|count| "x".repeat(count)),
        1 => (1_usize..120).prop_map(|count| "漢".repeat(count)),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// A text as a field can hold it: as it is on one line, or in encoded words that keep every byte of it.
fn in_a_field() -> impl Strategy<Value = String> {
    (hostile(), any::<bool>()).prop_map(|(text, is_encoded)| {
        if !is_encoded {
            return text.replace(['\r', '\n'], "");
        }
        let bytes: Vec<String> = text.bytes().map(|byte| format!("={byte:02X}")).collect();
        let words = bytes.chunks(20).map(|chunk| format!("=?utf-8?q?{}?=", chunk.concat()));
        words.collect::<Vec<_>>().join("\r\n ")
    })
}

/// A mail from Mia.
fn mail() -> impl Strategy<Value = String> {
    let ids = prop::collection::vec(hostile().prop_map(|id| id.replace(['\r', '\n'], "")), 0..30);
    let addresses = prop::sample::select(vec![
        "mia@customer.example",
        "mia@müller.example",
        "mïa@müller.example",
        "mia@[192.0.2.1]",
    ]);
    (in_a_field(), addresses, in_a_field(), ids, hostile()).prop_map(|(name, address, subject, ids, body)| {
        let ids: Vec<String> = ids.iter().map(|id| format!("<{id}@x.example>")).collect();
        format!(
            "From: {name} <{address}>\r\nSubject: {subject}\r\nMessage-ID: {}\r\nReferences: {}\r\n\r\n{body}\r\n",
            ids.first().map_or("<a@x.example>", String::as_str),
            ids.join("\r\n "),
        )
    })
}

/// The reply to a mail, rendered and written out.
fn answered(mail: &str, policy: &Policy) -> Option<(Reply, ReplyMail)> {
    let now = "2026-01-10T02:03:41Z".parse().expect("an instant");
    let reading = read(&Source::Whole(mail.as_bytes()), policy, Some("support"));
    let standing = Book::default().standing(&reading, policy, now, now);
    let decision = decide(&reading, &standing, policy, now, now);
    let reply = compose::reply(&reading, &decision, policy).expect("a reply that renders")?;
    let mail =
        compose::reply_mail(&reply, &reading, &decision, policy, now).expect("a reply that is written");
    Some((reply, mail))
}

fn assert_lines(mail: &ReplyMail) {
    let message = &mail.message;
    assert!(message.ends_with("\r\n") && !message.replace("\r\n", "").contains(['\r', '\n', '\0']));
    assert!(message.split("\r\n").all(|line| line.len() <= 998), "a line beyond RFC 5322");
    assert!(message.is_ascii() || !mail.to.is_ascii(), "eight bits that nobody asked for");
    let (header, body) = message.split_once("\r\n\r\n").expect("a header and a body");
    assert!(body.is_ascii(), "a body of eight bits");
    assert!(!body.split("\r\n").any(|line| line.starts_with('.') || line.starts_with("From ")));
    // The first token stands behind the name of its field, however long it is.
    let tokens =
        |line: &str| line.split(' ').filter(|token| !token.is_empty() && !token.ends_with(':')).count();
    let is_long = |line: &&str| line.len() > 78 && tokens(line) > 1;
    assert_eq!(header.split("\r\n").find(is_long), None, "a long line that could be broken");
    assert!(header.split("\r\n").all(|line| !line.trim().is_empty()), "a line of blanks");
}

fn assert_fields(mail: &ReplyMail) {
    let (header, _) = mail.message.split_once("\r\n\r\n").expect("a header and a body");
    let lines = header.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    let names: Vec<&str> = lines.map(|line| line.split(':').next().unwrap_or_default()).collect();
    let expected: Vec<&str> = FIELDS
        .iter()
        .map(|field| field.trim_matches(['[', ']']))
        .filter(|field| !FIELDS.contains(&format!("[{field}]").as_str()) || names.contains(field))
        .collect();
    assert_eq!(names, expected);
}

/// As the parser of another project reads it.
fn assert_read_by_others(reply: &Reply, mail: &ReplyMail, policy: &Policy) {
    let parsed = MessageParser::default().parse(mail.message.as_bytes()).expect("a mail");
    assert_eq!(parsed.subject().unwrap_or_default(), reply.rendered.subject);
    let to: Vec<_> = parsed.to().into_iter().flat_map(mail_parser::Address::iter).collect();
    assert_eq!(to.len(), 1);
    assert_eq!(to.first().and_then(|to| to.address.as_deref()), Some(mail.to.as_str()));
    let from: Vec<_> = parsed.from().into_iter().flat_map(mail_parser::Address::iter).collect();
    assert_eq!(from.len(), 1);
    assert_eq!(from.first().and_then(|from| from.address.as_deref()), Some("support@desk.example"));
    let meant = policy.auto_reply.from.as_deref().and_then(mail::Mailbox::parse).and_then(|from| from.name);
    assert_eq!(from.first().and_then(|from| from.name.as_deref()), meant.as_deref());
    let crlf = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(
        parsed.body_text(0).as_deref().map(str::trim_end),
        Some(crlf(&reply.rendered.text).trim_end())
    );
    let parts = if reply.rendered.html.is_some() { 3 } else { 1 };
    assert_eq!((parsed.parts.len(), parsed.attachment_count()), (parts, 0));
    if let Some(html) = &reply.rendered.html {
        let kinds: Vec<_> = parsed.parts.iter().filter_map(|part| part.content_type()?.subtype()).collect();
        assert_eq!(kinds, ["alternative", "plain", "html"]);
        assert_eq!(parsed.body_html(0).as_deref().map(str::trim_end), Some(crlf(html).trim_end()));
        assert!(!html.contains("<script"), "a tag of a stranger");
    }
}

/// As we read it when it comes back.
fn assert_read_by_us(reply: &Reply, mail: &ReplyMail) {
    let again = mail::parse(&Source::Whole(mail.message.as_bytes()), &Options::default());
    assert_eq!(again.subject, reply.rendered.subject);
    assert_eq!(again.recipients().map(ToString::to_string).collect::<Vec<_>>(), [mail.to.as_str()]);
    assert_eq!(again.message_id.as_ref().map(mail::MessageId::as_str), Some(mail.message_id.as_str()));
    assert!(again.references.len() <= 20 && again.in_reply_to.len() <= 1);
    assert!(again.evidence.iter().any(|evidence| evidence.slug == mail::Automation::OwnMail));
}

/// Nothing in the subject or the text turns the order of reading or ends a line.
fn assert_harmless(reply: &Reply) {
    let turns =
        |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    let all = [&reply.rendered.subject, &reply.rendered.text].into_iter().chain(&reply.rendered.html);
    for text in all {
        assert!(!text.contains(turns) && !text.contains(['\r', '\0', '\u{2028}', '\u{85}']), "{text:?}");
    }
    assert!(!reply.rendered.subject.contains('\n'));
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn nothing_of_a_strangers_becomes_a_field_a_part_or_a_recipient(
        mails in prop::collection::vec(mail(), 1..5),
        subject in prop::sample::select(vec!["template", "auto", "re"]),
        name in 0..NAMES.len(),
        has_html in any::<bool>(),
    ) {
        let policy = policy(subject, name, has_html);
        for mail in &mails {
            let Some((reply, written)) = answered(mail, &policy) else { continue };
            assert_lines(&written);
            assert_fields(&written);
            assert_read_by_others(&reply, &written, &policy);
            assert_read_by_us(&reply, &written);
            assert_harmless(&reply);
        }
    }
}

#[test]
fn most_of_these_mails_are_answered() {
    let policy = policy("template", 1, true);
    let plain = "From: Mia \"x <mia@müller.example>\r\nSubject: Urgent\r\n\r\nx\r\n";
    assert!(answered(plain, &policy).is_some());
}

/// Many parsers stumble over these, so that the line itself is looked at.
#[test]
fn a_local_part_that_needs_quotes_has_them() {
    let policy = policy("template", 1, false);
    let mail = "From: <a..b@customer.example>\r\nSubject: Urgent\r\n\r\nx\r\n";
    let (_, written) = answered(mail, &policy).expect("a reply");
    assert!(written.message.contains("\r\nTo: \"a..b\"@customer.example\r\n"), "{}", written.message);
    assert_eq!(written.to, "\"a..b\"@customer.example");
}
