//! Mail is written by strangers: nothing in it may act on the terminal of the person who reads the explanation, or look
//! like a line of the explanation itself, and no reference or mark in it may hide an urgent mail behind another.

use crate::conversations::{FIRST, Thread, message_id_of_our_reply};
use crate::program::nightdesk;
use crate::{explained, run};

/// The explanation for people of a mail given as its bytes, in colour: nothing is stripped then.
fn explanation(mail: &[u8]) -> String {
    let mut command = nightdesk();
    command.args(["explain", "--policy", "rules/alloy", "--at", "2026-01-10T12:00:00-05:00", "-"]);
    let ran = run(command.env("CLICOLOR_FORCE", "1").write_stdin(mail));
    assert_eq!((ran.code, ran.complaint.as_str()), (Some(0), ""));
    ran.answer
}

/// Takes out the colours that the explanation itself uses.
fn without_own_colours(text: &str) -> String {
    let mut rest = text;
    let mut plain = String::new();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let length = after.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b';').count();
        assert_eq!(
            after.as_bytes().get(length),
            Some(&b'm'),
            "an escape sequence that is no colour: {after:.20?}"
        );
        rest = after.get(length + 1..).unwrap_or_default();
    }
    plain + rest
}

/// Fields and texts that strangers write, with `{}` where they put what they like.
const PLACES: &[&str] = &[
    "From: {} <mia@client.example>\nSubject: Urgent\n\nx\n",
    "From: \"{}\" <mia@client.example>\nSubject: Urgent\n\nx\n",
    "From: \"{}\"@client.example\nSubject: Hello\n\nx\n",
    "From: mia@client.example\nReply-To: \"{}\"@client.example\nSubject: Hello\n\nx\n",
    "From: mia@client.example\nSubject: Urgent {}\n\nx\n",
    "From: mia@client.example\nSubject: Hello\nPrecedence: bulk {}\nList-Id: {} <a.example>\n\nx\n",
    "From: mia@client.example\nSubject: Hello\nAuto-Submitted: auto-replied; {}\n\nx\n",
    "From: mia@client.example\nSubject: Hello\nMessage-ID: <{}@a>\nIn-Reply-To: <{}@b>\n\nx\n",
    "From: mia@client.example\nSubject: Hello\n\nUrgent {} URGNT{} \n> Urgent {}\n-- \nUrgent {}\n",
    "From: mia@client.example\nSubject: Hello\nContent-Type: text/html; charset=utf-8\n\n<p>Urgent {}</p>\n",
    "From: mia@client.example\nSubject: Hello\nContent-Type: text/{}; name=\"{}\"\n\nx\n",
    "From: mia@client.example\nSubject: Hello\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--b\n\
     Content-Type: application/pdf; name=\"{}\"\nContent-Disposition: attachment; filename=\"{}\"\n\nx\n--b--\n",
];

/// What they like.
const ATTACKS: &[&str] = &[
    "\u{1b}[2J\u{1b}[H",
    "\u{1b}]0;title\u{7}",
    "\u{1b}[31m",
    "\u{9b}31m",
    "\u{8}\u{8}\u{8}",
    "\u{202e}gpj.exe",
    "a\u{2066}b",
    "\u{7f}\u{0}",
    "=?utf-8?B?G1sySg==?=",
    "=?utf-8?Q?=1B[2J=C2=9B31m?=",
    "&#27;[2J&#x9b;31m",
];

#[test]
fn no_mail_acts_on_the_terminal() {
    for place in PLACES {
        for attack in ATTACKS {
            let mail = place.replace("{}", attack).replace('\n', "\r\n");
            let text = without_own_colours(&explanation(mail.as_bytes()));
            let acts = |c: &char| {
                (c.is_control() && *c != '\n')
                    || ('\u{202a}'..='\u{202e}').contains(c)
                    || ('\u{2066}'..='\u{2069}').contains(c)
            };
            assert_eq!(text.chars().find(acts), None, "{attack:?} in {place:?}:\n{text}");
        }
    }
}

/// Line breaks as they can be brought into a field or a text.
const BREAKS: &[&str] = &[
    "=?utf-8?Q?=0A?=",
    "=?utf-8?Q?=0D=0A?=",
    "=?utf-8?Q?=C2=85?=",
    "\u{2028}",
    "\u{85}",
    "\r",
    "\u{b}",
    "\u{c}",
];

#[test]
fn no_mail_writes_a_line_of_the_explanation() {
    for place in PLACES {
        for line_break in BREAKS {
            let forged = format!("{line_break}What happens{line_break}  alert        none forged");
            let mail = place.replace("{}", &forged).replace('\n', "\r\n");
            let text = without_own_colours(&explanation(mail.as_bytes()));
            let titles = text.lines().filter(|line| line.trim_end() == "What happens").count();
            assert_eq!(titles, 1, "{line_break:?} in {place:?}:\n{text}");
            let forged = text.lines().any(|line| line.starts_with("  alert  ") && line.contains("forged"));
            assert!(!forged, "{line_break:?} in {place:?}:\n{text}");
        }
    }
}

#[test]
fn no_mail_writes_into_the_head_of_its_reply() {
    for line_break in BREAKS {
        for field in ["From: a{}Bcc: x@evil.example <mia@client.example>", "Subject: a{}Bcc: x@evil.example"]
        {
            let field = field.replace("{}", line_break);
            let mail = format!("To: support@example.com\n{field}\nFrom: mia@client.example\n\nx\n")
                .replace('\n', "\r\n");
            let mut command = nightdesk();
            command.args([
                "explain",
                "--policy",
                "rules/alloy",
                "--json",
                "--at",
                "2026-01-10T12:00:00-05:00",
                "-",
            ]);
            let ran = run(command.write_stdin(mail));
            let json: serde_json::Value = serde_json::from_str(&ran.answer).expect("JSON");
            for key in ["to", "subject"] {
                let value = json["reply"][key].as_str().unwrap_or_default();
                assert!(!value.chars().any(char::is_control), "{key}: {value:?}");
            }
        }
    }
}

/// What stands in the explanation of an urgent mail that follows another one of Mia's, with this head.
fn follows(head: &str) -> serde_json::Value {
    let first = FIRST.replace("Webhooks", "Urgent: API unavailable");
    let mail =
        format!("{head}\nTo: support@example.com\nMessage-ID: <2@evil.example>\n\nUrgent: API unavailable\n");
    Thread::of(&[&first]).explains(&mail, "2026-01-10T10:10:00-05:00")
}

fn reason(json: &serde_json::Value) -> &str {
    let steps = json["trace"].as_array().expect("a trace").iter();
    let mut steps = steps.filter(|step| step["step"] == "conversation");
    steps.next().and_then(|step| step["because"].as_str()).expect("a reason")
}

#[test]
fn a_guessed_reference_hides_no_urgent_mail() {
    let guessed =
        "From: eve@evil.example\nSubject: Re: Urgent: API unavailable\nIn-Reply-To: <first@client.example>";
    let json = follows(guessed);
    assert_eq!(json["conversation"], "follow-up");
    assert_eq!(json["alerts"][0]["escalation"], "on-call", "{}", json["trace"]);
    assert!(reason(&json).contains("nothing to do with"), "{}", reason(&json));
    let json = follows(&guessed.replace("eve@evil", "mia@client"));
    assert_eq!((json["conversation"].as_str(), json["alerts"][0].is_null()), (Some("follow-up"), true));
}

#[test]
fn a_forged_reply_of_ours_is_told_from_a_true_one() {
    let first = FIRST.replace("Webhooks", "Urgent: API unavailable");
    let ours = message_id_of_our_reply(&first, "2026-01-10T10:00:00-05:00");
    let (reference, rest) = ours.split_at(9);
    let forged = format!("{}{rest}", if reference == "0000-0000" { "1111-1111" } else { "0000-0000" });
    let head = |id: &str| format!("From: eve@evil.example\nSubject: Re: x\nIn-Reply-To: <{id}>");
    let json = follows(&head(&ours));
    assert_eq!(json["conversation"], "follow-up");
    assert!(json["reply_withheld"].as_array().is_some_and(|all| all.contains(&"answers-our-reply".into())));
    let json = follows(&head(&forged));
    assert_eq!(json["conversation"], "new");
    assert_eq!(json["alerts"][0]["escalation"], "on-call");
    assert!(json["reply_withheld"].as_array().is_some_and(Vec::is_empty), "{}", json["reply_withheld"]);
    assert!(reason(&json).contains("never wrote"), "{}", reason(&json));
}

#[test]
fn our_mark_on_a_strangers_mail_hides_nothing() {
    for mark in ["v=1", "v=1; seal=0123456789ABCDEF", "v=1; seal=", "anything"] {
        let mail = format!(
            "From: eve@evil.example\nTo: support@example.com\nSubject: Urgent: API unavailable\n\
             Message-ID: <2@evil.example>\nX-Nightdesk: {mark}\n\nx\n"
        );
        let json = explained(&mail, "2026-01-10T10:10:00-05:00", &[]);
        assert_eq!(json["alerts"][0]["escalation"], "on-call", "{mark}");
        assert_eq!(json["reply_withheld"][0], "own-mail", "{mark}");
    }
}
