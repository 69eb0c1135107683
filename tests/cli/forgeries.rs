//! Mail is written by strangers: nothing in it may act on the terminal of the person who reads the explanation, or look
//! like a line of the explanation itself.

use crate::program::nightdesk;
use crate::run;

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
