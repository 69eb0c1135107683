//! The way of one mail through the house, as the daemon and `explain` go it, under several policies: read, standing,
//! decide, apply, compose, and then everything written is read again.
//!
//! Every `assert!` here is a promise: what is said of the text, who gets no reply, that an urgent word ends in an alert,
//! and what a mail of ours looks like, whatever came in.

use std::path::Path;

use jiff::Timestamp;
use nightdesk::base::seal::Seal;
use nightdesk::casework::{Book, Brief, Effect};
use nightdesk::compose::{self, AlertText, Explained, Explanation, Reply, Timeline, narrative};
use nightdesk::decision::{Decision, Ignored, Reading, Recipient, decide, read};
use nightdesk::mail::{Mailbox, Omitted, Options, Part, Parts, RegionKind, Source, Text};
use nightdesk::policy::{Files, Place, Policy, RawFile, compile};
use nightdesk::sources::policy_folder;

/// A Saturday night; deterministic, so that a finding is found again.
const AT: &str = "2026-01-10T02:03:41Z";
/// A line of a mail has at most so many bytes before its line end (RFC 5322 section 2.1.1).
const LONGEST_LINE: usize = 998;
/// A title of an alert.
const LONGEST_TITLE: usize = 120;
/// Fields that a mail of ours may have, each once.
const OUR_FIELDS: [&str; 14] = [
    "date",
    "from",
    "to",
    "subject",
    "message-id",
    "in-reply-to",
    "references",
    "auto-submitted",
    "x-auto-response-suppress",
    "x-nightdesk",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-language",
];

/// A desk that alerts on each urgent word and answers everything that is not withheld.
const ANSWERS_EVERYTHING: &[(&str, &str)] = &[
    (
        "policy.toml",
        r#"
name = "everything"
mailboxes = ["support"]
[identity]
addresses = ["support@desk.example"]
authserv_ids = ["mx.desk.example"]
machine_markers = ["X-Robot"]
[[calendar]]
name = "days"
time_zone = "Europe/Berlin"
week = { mon-fri = ["09:00-17:00"] }
[[desk]]
name = "desk"
calendar = "days"
[[label.urgency]]
value = "urgent"
keywords = ["Urgent", "Time-sensitive", "緊急", "dringend"]
except = ["not urgent"]
in = ["subject", "body", "attachment-name", "header:X-Severity"]
[[label.urgency]]
value = "normal"
default = true
[[label.topic]]
value = "incident"
patterns = ['\b(?:api|login)\b.{0,40}\b(?:down|unavailable)\b']
[[form]]
from = "form@desk.example"
[[ask]]
name = "version"
found = ['\bversion\b.{0,20}\d']
question = "Which version?"
[[coverage]]
name = "urgent"
when = { urgency = "urgent" }
alert = "on-call"
reply = "answer"
[[coverage]]
name = "everything else"
reply = "answer"
respond_within = "2 business hours"
[[escalation]]
name = "on-call"
pages = true
steps = [{ after = "0m", notify = ["pager"] }]
[auto_reply]
from = "Ärzte & Söhne <support@desk.example>"
"#,
    ),
    (
        "replies/answer.txt",
        "Subject: Re: [{{ reference }}] {{ subject }}\n\nDear {{ sender }} ({{ sender_address }}),\n\nwe have it\
         {% if opens_at %} and open again {{ opens_at }}{% endif %}. {% for near in near_misses %}You wrote \
         {{ near.text }}; did you mean {{ near.keyword }}? {% endfor %}{% for question in asked_for %}{{ question }} \
         {% endfor %}\n",
    ),
    (
        "replies/answer.html",
        "<p>Dear {{ sender }},</p><p>we have \"{{ subject }}\" as {{ reference }}.</p>\n",
    ),
];

/// The desks that a mail comes to.
pub(crate) struct Desks {
    policies: Vec<Policy>,
    at: Timestamp,
}

/// A mail at a desk.
struct Decided {
    reading: Reading,
    decision: Decision,
    effects: Vec<Effect>,
    reply: Option<Reply>,
    json: String,
}

impl Desks {
    /// The shipped policies below `root`, and one that answers everything.
    pub(crate) fn of(root: &Path) -> Desks {
        let everything = ANSWERS_EVERYTHING
            .iter()
            .map(|(name, text)| RawFile { name: (*name).to_owned(), content: Ok((*text).into()) });
        let mut folders = vec![Files { files: everything.collect() }];
        for name in ["alloy", "keepnet", "threatq"] {
            folders.push(policy_folder(&root.join("rules").join(name)).expect("a shipped policy"));
        }
        let policies = folders.iter().map(|files| {
            let outcome = compile(files);
            outcome
                .policy
                .unwrap_or_else(|| panic!("{:?}", outcome.diagnostics.first().map(|one| &one.message)))
        });
        Desks { policies: policies.collect(), at: AT.parse().expect("an instant") }
    }

    /// Takes a mail through all of them.
    pub(crate) fn walk(&self, mail: &[u8]) {
        for policy in &self.policies {
            self.at_a_desk(mail, policy);
        }
        let Some(everything) = self.policies.first() else { return };
        self.a_machines_mail_alerts_as_well(mail, everything);
        self.parts_give_what_the_whole_gives(mail, everything);
        if let Some(parts) = cut_at_boundaries(mail) {
            self.decided(&Source::Parts(parts), everything);
        }
    }

    fn at_a_desk(&self, mail: &[u8], policy: &Policy) {
        let source = Source::Whole(mail);
        let first = self.decided(&source, policy);
        assert!(self.decided(&source, policy).json == first.json, "decided in two ways");
        hits_lie_in_their_texts(&source, &first.reading, policy);
        if let Some(reply) = &first.reply {
            self.reply_is_ours(&first, reply, policy);
        }
        self.alerts_can_be_told(&first, policy);
    }

    /// Read, standing, decide, apply, compose; with what must hold of each decision.
    fn decided(&self, source: &Source<'_>, policy: &Policy) -> Decided {
        let reading = read(source, policy, policy.mailboxes.first().map(String::as_str));
        regions_cover(&reading.message.body);
        regions_cover(&reading.message.forwarded);
        let mut book = Book::default();
        let standing = book.standing(&reading, policy, self.at, self.at);
        let decision = decide(&reading, &standing, policy, self.at, self.at);
        let effects = book.apply(&reading, &decision, policy);
        let reply = compose::reply(&reading, &decision, policy);
        let explained =
            Explained { file: "mail.eml", reading: &reading, decision: &decision, policy, reply: &reply };
        let page = narrative(&explained, Some(&Timeline::of(&explained, book.case(decision.case))));
        let escapes = page.split('\u{1b}').skip(1);
        assert!(escapes.into_iter().all(|after| after.starts_with('[')), "it moves the cursor");
        let json = Explanation::of(&explained).to_json();
        assert!(json.len() > 2, "no explanation");
        let reply = reply.expect("a template that was tried renders");
        if let Some(reply) = &reply {
            reply_may_go_out(&reading, &decision, reply, policy);
        }
        urgent_is_heard(&reading, &decision, policy);
        Decided { reading, decision, effects, reply, json }
    }

    /// What withholds a reply changes neither what counts nor who is told.
    fn a_machines_mail_alerts_as_well(&self, mail: &[u8], policy: &Policy) {
        // Before anything that does not begin with a field, a field of ours would begin a header of its own.
        let first = mail.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let name = first.split(|byte| *byte == b':').next().unwrap_or_default();
        if name.len() == first.len() || !is_name(name) || !mail.contains(&b'\n') {
            return;
        }
        let marked = [b"Auto-Submitted: auto-generated\r\n", mail].concat();
        let (plain, marked) =
            (self.decided(&Source::Whole(mail), policy), self.decided(&Source::Whole(&marked), policy));
        assert!(marked.reply.is_none(), "a machine is answered");
        assert!(!marked.reading.evidence.is_empty(), "it is not seen");
        if !plain.reading.is_own_mail(policy) && !marked.reading.is_own_mail(policy) {
            assert_eq!(plain.decision.alerts, marked.decision.alerts, "a guard of replies stops an alert");
            assert_eq!(plain.reading.hits, marked.reading.hits, "a guard of replies hides a word");
        }
    }

    /// A mail of one part reads the same when its header and its text come apart, as a mailbox gives long ones.
    fn parts_give_what_the_whole_gives(&self, mail: &[u8], policy: &Policy) {
        let Some((header, body)) = header_and_body(mail) else { return };
        let part = Part { section: "1", header, body, truncated: false };
        let source = Source::Parts(Parts { header, parts: vec![part], omitted: Vec::new() });
        let apart = self.decided(&source, policy).reading;
        if !is_of_one_part(header) {
            return;
        }
        let whole = self.decided(&Source::Whole(mail), policy).reading;
        assert_eq!(apart.message.body, whole.message.body, "another text");
        assert_eq!(apart.message.forwarded, whole.message.forwarded, "another forwarded text");
        assert_eq!(apart.hits, whole.hits, "other words");
        assert_eq!(apart.evidence, whole.evidence, "other evidence");
        assert_eq!(apart.message.unreadable, whole.message.unreadable, "readable or not");
        assert_eq!((apart.sender, apart.recipient), (whole.sender, whole.recipient), "somebody else");
    }

    /// A reply as it goes over the wire, and as it would come back.
    fn reply_is_ours(&self, decided: &Decided, reply: &Reply, policy: &Policy) {
        let Decided { reading, decision, .. } = decided;
        let mail =
            compose::reply_mail(reply, reading, decision, policy, self.at).expect("a reply that is written");
        let fields = fields_of_ours(&mail.message);
        // Only an address that nobody can write in ASCII takes a mail out of seven bits (RFC 6532).
        assert!(mail.message.is_ascii() || !reply.to.local().is_ascii(), "it is not ASCII");
        let value =
            |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str().to_owned());
        assert_eq!(value("auto-submitted").as_deref(), Some("auto-replied"));
        assert_eq!(value("x-auto-response-suppress").as_deref(), Some("All"));
        let back = self.decided(&Source::Whole(mail.message.as_bytes()), policy);
        let to: Vec<_> = back.reading.message.recipients().collect();
        assert_eq!(to, [&reply.to], "it goes to somebody else");
        assert!(back.reading.is_own_mail(policy), "we do not know our own mail");
        assert!(back.decision.alerts.is_empty() && back.reply.is_none(), "our own mail starts something");
        assert_eq!(
            back.reading.message.message_id.as_ref().map(|id| id.as_str().to_owned()),
            Some(mail.message_id)
        );
    }

    /// What people are told of a mail, by mail and over HTTP.
    fn alerts_can_be_told(&self, decided: &Decided, policy: &Policy) {
        let Decided { reading, decision, effects, .. } = decided;
        let started = effects.iter().filter(|effect| matches!(effect, Effect::Alert { .. })).count();
        assert_eq!(started, decision.alerts.len(), "alerts decided and started");
        for decided in &decision.alerts {
            let escalation = &policy.escalations[decided.escalation];
            let alert = compose::Alert {
                dedup_key: format!("{}/{}", decision.case.reference(), escalation.name),
                reference: decision.case.reference(),
                escalation: escalation.name.clone(),
                step: 0,
                pages: decided.pages,
                deferred: false,
                started_at: decision.now,
                brief: Brief::of(reading, decision, policy, Some(decided.by)),
            };
            let AlertText { title, text } = compose::alert_text(&alert, self.at);
            assert!(title.chars().count() <= LONGEST_TITLE && !title.contains(char::is_control), "{title:?}");
            assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text:?}");
            compose::alert_json(&alert, self.at).expect("JSON");
            let (from, to) = (
                Mailbox::parse("nightdesk <nightdesk@desk.example>"),
                Mailbox::parse("on-call@desk.example"),
            );
            let (from, to) = (from.expect("a mailbox"), to.expect("a mailbox"));
            let mail =
                compose::alert_mail(&alert, &from, &[to.address], self.at, &Seal::default()).expect("a mail");
            fields_of_ours(&mail);
            assert!(mail.is_ascii(), "an alert is not ASCII");
        }
    }
}

/// No machine, nobody of ours, and no other address than the one that was decided on.
fn reply_may_go_out(reading: &Reading, decision: &Decision, reply: &Reply, policy: &Policy) {
    assert!(reading.evidence.is_empty(), "a machine is answered: {:?}", reading.evidence);
    assert!(decision.reply_withheld.is_empty(), "answered although {:?}", decision.reply_withheld);
    assert!(!policy.identity.is_own(&reply.to), "we answer ourselves");
    assert_eq!(reading.recipient, Recipient::Address(reply.to.clone()), "somebody else is answered");
}

/// Where every urgent word alerts, one that counts does, unless we wrote it ourselves.
fn urgent_is_heard(reading: &Reading, decision: &Decision, policy: &Policy) {
    let Some(urgency) = policy.label("urgency").filter(|_| policy.name == "everything") else { return };
    let outcome = &decision.labels[urgency];
    if outcome.value == Some(0) {
        assert!(!outcome.hits.is_empty(), "urgent without a word");
        let heard = !decision.alerts.is_empty() || reading.is_own_mail(policy);
        assert!(heard, "an urgent word is not heard: {:?}", decision.trace);
    }
}

/// What counts stands where it is said to stand, in words that a person wrote and sees.
fn hits_lie_in_their_texts(source: &Source<'_>, reading: &Reading, policy: &Policy) {
    let markers = policy.identity.machine_markers.iter().map(|marker| marker.field().to_owned());
    let keep_headers: Vec<String> = policy.words.headers.iter().cloned().chain(markers).collect();
    let message = nightdesk::mail::parse(source, &Options { keep_headers: &keep_headers });
    regions_cover(&message.body);
    regions_cover(&message.forwarded);
    let names = message.attachment_names.join("\n\n");
    for hit in &reading.hits {
        let text = match hit.place {
            Place::Subject => &message.subject,
            Place::Body => &message.body.text,
            Place::Forwarded => &message.forwarded.text,
            Place::AttachmentName => &names,
            Place::Header(_) | Place::Conversation => continue,
        };
        assert!(
            text.get(hit.start..hit.end).is_some_and(|text| !text.is_empty()),
            "a hit of nothing: {hit:?}"
        );
        if hit.place == Place::Body && hit.ignored == Ignored::No {
            let kind = message.body.region_at(hit.start).map(|region| region.kind);
            assert!(
                !matches!(kind, None | Some(RegionKind::Hidden | RegionKind::Signature)),
                "counted in {kind:?}: {hit:?}"
            );
        }
    }
}

/// Regions are sorted, touch one another and cover the text; nothing in it moves a cursor.
fn regions_cover(text: &Text) {
    let mut end = 0;
    for region in &text.regions {
        assert_eq!(region.start, end, "a gap or an overlap");
        assert!(region.end >= region.start, "it ends before it begins");
        assert!(text.text.is_char_boundary(region.end), "it ends inside a character");
        end = region.end;
    }
    assert_eq!(end, text.text.len(), "the regions do not cover the text");
    let stray =
        text.text.bytes().find(|byte| *byte < b' ' && !matches!(byte, b'\n' | b'\t') || *byte == 0x7f);
    assert_eq!(stray, None, "a control character is left");
}

/// The fields of a mail of ours: short lines, and nothing that we do not write.
fn fields_of_ours(mail: &str) -> Vec<(String, String)> {
    for line in mail.split("\r\n") {
        assert!(line.len() <= LONGEST_LINE, "a line of {} bytes", line.len());
        assert!(!line.contains(['\r', '\n', '\0']), "a stray control: {line:?}");
    }
    let (head, _) = mail.split_once("\r\n\r\n").expect("a header and a body");
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let fields = unfolded.split("\r\n").map(|line| {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no field: {line:?}"));
        (name.to_ascii_lowercase(), value.trim().to_owned())
    });
    let fields: Vec<_> = fields.collect();
    for (index, (name, _)) in fields.iter().enumerate() {
        assert!(OUR_FIELDS.contains(&name.as_str()), "a field that is not ours: {name}");
        assert!(fields[..index].iter().all(|(earlier, _)| earlier != name), "{name} stands there twice");
    }
    fields
}

/// A mail cut behind its first blank line.
fn header_and_body(mail: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = mail.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    mail.split_at_checked(end)
}

/// Whether a header is all well-formed fields, of which none speaks of further parts.
fn is_of_one_part(header: &[u8]) -> bool {
    let Ok(header) = std::str::from_utf8(header) else { return false };
    let mut lines = header.trim_end_matches("\r\n").split("\r\n");
    let begins = |line: &str| line.split_once(':').is_some_and(|(name, _)| is_name(name.as_bytes()));
    let folded = |line: &str| line.starts_with([' ', '\t']) && !line.trim().is_empty();
    let lower = header.to_ascii_lowercase();
    lines.next().is_some_and(begins)
        && lines.all(|line| begins(line) || folded(line))
        && !lower.replace("\r\n", "").contains(['\r', '\n'])
        && !["multipart", "message/"].iter().any(|word| lower.contains(word))
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// The mail cut at its first boundary, as a mailbox numbers its parts; the last is left out.
fn cut_at_boundaries(mail: &[u8]) -> Option<Parts<'_>> {
    const SECTIONS: [&str; 4] = ["1", "2", "3", "4"];
    let (header, _) = header_and_body(mail)?;
    let text = header.to_ascii_lowercase();
    let at = text.windows(9).position(|nine| nine == b"boundary=")? + 9;
    let value = header[at..].split(|byte| b"\r\n; ".contains(byte)).next()?;
    let mark = [b"\r\n--", value.trim_ascii().strip_prefix(b"\"").unwrap_or(value)].concat();
    let mark = mark.strip_suffix(b"\"").unwrap_or(&mark);
    let body = &mail[header.len() - 2..];
    let mut pieces = split(body, mark).skip(1);
    let mut parts = Vec::new();
    for (section, piece) in SECTIONS.into_iter().zip(&mut pieces) {
        let end = piece.windows(4).position(|four| four == b"\r\n\r\n").map_or(0, |at| at + 4);
        let (header, body) = piece.split_at(end);
        parts.push(Part { section, header, body, truncated: section == "3" });
    }
    let omitted = pieces.map(|piece| Omitted {
        section: "5".to_owned(),
        media_type: "text/plain".to_owned(),
        bytes: piece.len() as u64,
    });
    Some(Parts { header, parts, omitted: omitted.collect() })
}

/// What stands between the marks.
fn split<'m>(text: &'m [u8], mark: &[u8]) -> impl Iterator<Item = &'m [u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let now = rest?;
        match now.windows(mark.len()).position(|window| window == mark) {
            Some(at) if !mark.is_empty() => {
                rest = Some(&now[at + mark.len()..]);
                Some(&now[..at])
            }
            Some(_) | None => {
                rest = None;
                Some(now)
            }
        }
    })
}
