//! The way of a policy folder through the house, as `check` with its lints, `test` and `explain` go it.

use nightdesk::base::diagnostic::SourceFile;
use nightdesk::casework::Book;
use nightdesk::compose::{self, Colours, Explained, Explanation, diagnostics, narrative};
use nightdesk::decision::{decide, read};
use nightdesk::mail::Source;
use nightdesk::policy::{Files, Policy, compile, lint};
use nightdesk::sources::{Unsaid, example_mail};

/// A Saturday night; deterministic, so that a finding is found again.
const AT: &str = "2026-01-10T02:03:41Z";

const UNSAID: Unsaid<'_> = Unsaid {
    message_id: "mail@nightdesk.test",
    from: "Customer <customer@client.example>",
    to: "support@desk.example",
    subject: "",
    in_reply_to: None,
};

/// Goes all of it.
pub(crate) fn walk(files: &Files, mail: &[u8]) {
    let outcome = compile(files);
    for diagnostic in &outcome.diagnostics {
        if let Some(location) = &diagnostic.location {
            within(&location.file, location.span.start);
        }
    }
    diagnostics(&outcome.diagnostics, outcome.left_out, Colours::Plain);
    diagnostics(&outcome.diagnostics, outcome.left_out, Colours::Ansi);
    let Some(policy) = outcome.policy else {
        assert!(!outcome.diagnostics.is_empty() || outcome.left_out > 0, "no policy, and nothing says why");
        return;
    };
    let at = AT.parse().expect("an instant");
    let lints = lint(&policy, at, None);
    diagnostics(&lints.diagnostics, lints.left_out, Colours::Plain);
    for example in &policy.examples {
        let mut book = Book::default();
        for (index, earlier) in example.earlier.iter().enumerate() {
            let message_id = format!("earlier-{}@nightdesk.test", index + 1);
            let bytes = example_mail(earlier, &Unsaid { message_id: &message_id, ..UNSAID });
            decided(&bytes, &policy, earlier.mailbox.as_deref(), &mut book, earlier.at);
        }
        let bytes = example_mail(&example.mail, &UNSAID);
        decided(&bytes, &policy, example.mail.mailbox.as_deref(), &mut book, example.mail.at);
    }
    decided(mail, &policy, policy.mailboxes.first().map(String::as_str), &mut Book::default(), at);
}

fn within(file: &SourceFile, offset: usize) {
    assert!(offset <= file.text.len(), "a place behind the end of {}", file.name);
}

fn decided(bytes: &[u8], policy: &Policy, mailbox: Option<&str>, book: &mut Book, at: jiff::Timestamp) {
    let reading = read(&Source::Whole(bytes), policy, mailbox);
    book.advance(at);
    let standing = book.standing(&reading, policy, at, at);
    let decision = decide(&reading, &standing, policy, at, at);
    book.apply(&reading, &decision, policy);
    let reply = compose::reply(&reading, &decision, policy);
    let explained =
        Explained { file: "mail.eml", reading: &reading, decision: &decision, policy, reply: &reply };
    narrative(&explained, None);
    Explanation::of(&explained).to_json();
}
