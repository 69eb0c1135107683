//! Random mails from pieces: who writes, what they answer, what they say, and what tells of a machine.

use proptest::prelude::*;

fn one_of(pieces: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(pieces)
}

/// Fields that tell of a machine or a list, at least one; they stand before the mail's own.
pub(crate) fn evidence() -> impl Strategy<Value = String> {
    let fields: &[&str] = &[
        "Auto-Submitted: auto-replied\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "List-Id: <ops.lists.example>\r\n",
        "Precedence: bulk\r\n",
        "X-Auto-Response-Suppress: All\r\n",
        "Return-Path: <>\r\n",
        "List-Unsubscribe: <mailto:leave@lists.example>\r\n",
        "X-Spam-Flag: YES\r\n",
    ];
    prop::sample::subsequence(fields, 1..=fields.len()).prop_map(|fields| fields.concat())
}

/// A mail, mostly of a person.
pub(crate) fn mail() -> impl Strategy<Value = String> {
    let machine = prop_oneof![5 => Just(String::new()), 1 => evidence()];
    (machine, head(), subject(), prop_oneof![3 => body(), 1 => html()])
        .prop_map(|(machine, head, subject, body)| format!("{machine}{head}{subject}{body}"))
}

fn head() -> impl Strategy<Value = String> {
    let from = one_of(&[
        "From: Mia Berger <mia@client.example>\r\n",
        "From: mia@client.example\r\n",
        "From: ben@partner.example\r\n",
        "From: Sam <sam@example.com>\r\nAuthentication-Results: mx.example.com; dmarc=pass header.from=example.com\r\n",
        "From: support@example.com\r\n",
        "From: no-reply@partner.example\r\n",
        "From: \"open quote <mia@client.example>\r\n",
        "From: form@example.com\r\nReply-To: zoe@visitor.example\r\n",
        "From: mia@client.example\r\nReply-To: mia@home.example\r\n",
        "",
    ]);
    let to =
        one_of(&["To: support@example.com\r\n", "To: mia@client.example\r\nCc: support@example.com\r\n", ""]);
    // Few ids, so that mails often answer one another.
    let id = prop_oneof![1 => Just(None), 6 => (0..3_u8).prop_map(Some)];
    let answers = prop::collection::vec(0..3_u8, 0..3);
    let date = one_of(&["Date: Fri, 9 Jan 2026 21:03:38 -0500\r\n", "Date: yesterday\r\n", ""]);
    (from, to, id, answers, date).prop_map(|(from, to, id, answers, date)| {
        let named = |id: &u8| format!("<{id}@client.example>");
        let id = id.map(|id| format!("Message-ID: {}\r\n", named(&id))).unwrap_or_default();
        let references: Vec<String> = answers.iter().map(named).collect();
        let answers = match references.last() {
            Some(last) => format!("In-Reply-To: {last}\r\nReferences: {}\r\n", references.join(" ")),
            None => String::new(),
        };
        format!("{from}{to}{id}{answers}{date}")
    })
}

fn subject() -> impl Strategy<Value = String> {
    let prefix = one_of(&["", "Re: ", "Fwd: ", "AW: ", "[K7Q4-MX2P] "]);
    let rest =
        one_of(&["Urgent: outage", "Question", "not urgent", "=?utf-8?Q?Urgent=3A_fraud?=", "urgnt", ""]);
    (prefix, rest).prop_map(|(prefix, rest)| format!("Subject: {prefix}{rest}\r\n"))
}

fn body() -> impl Strategy<Value = String> {
    let line = one_of(&[
        "Urgent",
        "this is time-\r\nsensitive",
        "time sensitive",
        "the outage goes on",
        "fraud",
        "non-urgent",
        "version 3 since 10:00",
        "Hello,",
        "Thank you",
        "",
        "> Urgent: outage",
        "On Fri, 9 Jan 2026, Support wrote:",
        "-- ",
        "-----Original Message-----",
        "we have it, and say Urgent if you are in need",
        "\u{ad}Ur\u{200b}gent\u{301}",
    ]);
    prop::collection::vec(line, 0..8).prop_map(|lines| format!("\r\n{}\r\n", lines.join("\r\n")))
}

fn html() -> impl Strategy<Value = String> {
    let piece = one_of(&[
        "<p>Urgent</p>",
        "<b>Ur</b>gent",
        "<blockquote>Urgent outage</blockquote>",
        "<div style=\"display:none\">Urgent",
        "</div>",
        "<table><tr><td>time",
        "<td>sensitive</table>",
        "&#85;rgent",
        "<!-- Urgent -->",
        "outage ",
    ]);
    prop::collection::vec(piece, 0..8)
        .prop_map(|pieces| format!("Content-Type: text/html; charset=utf-8\r\n\r\n{}", pieces.concat()))
}
