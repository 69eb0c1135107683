//! `nightdesk explain`: what would be decided for a mail, and why.

use std::path::PathBuf;

use jiff::Timestamp;

use super::evaluate::{Decided, evaluate, policy, read_bytes};
use super::{Ending, output};
use crate::base::clock::{Clock, SystemClock};
use crate::casework::Book;
use crate::compose::{Explained, Explanation, Timeline, narrative};
use crate::decision::Reading;
use crate::policy::Policy;
use crate::sources::mail_file;

/// The command line of `explain`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The policy folder
    #[arg(long, value_name = "DIR")]
    policy: PathBuf,
    /// The mailbox that the mail came to; without it no `mailbox` condition matches
    #[arg(long, value_name = "NAME")]
    mailbox: Option<String>,
    /// When it came in, such as 2026-01-09T20:00:00-05:00; otherwise its topmost Received field, else its Date
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    at: Option<Timestamp>,
    /// An earlier mail of the conversation; several, the oldest first
    #[arg(long = "thread", value_name = "FILE")]
    thread: Vec<PathBuf>,
    /// Say also what follows if nobody reacts
    #[arg(long)]
    timeline: bool,
    /// Answer as one line of JSON
    #[arg(long)]
    json: bool,
    /// The mail; `-` reads it from standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Reads an instant of the command line.
pub(super) fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| {
        format!("\"{text}\" is no instant; allowed is a date and time with its offset, such as 2026-01-09T20:00:00-05:00")
    })
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let policy = match policy(&arguments.policy) {
        Ok(policy) => policy,
        Err(ending) => return Ok(ending),
    };
    if !is_known_mailbox(arguments, &policy) {
        return Ok(Ending::Unusable);
    }
    let mailbox = arguments.mailbox.as_deref();
    let mut book = Book::default();
    let mut last = Timestamp::MIN;
    for earlier in &arguments.thread {
        let Some(bytes) = bytes_of(earlier) else { return Ok(Ending::Unusable) };
        let reading = read_bytes(&bytes, &policy, mailbox);
        let Some(at) = came_in(&reading).filter(|at| *at >= last) else {
            output::complain(&format!(
                "error: {} does not say that it came in after the mail before it\nallowed: earlier mails of the conversation, the oldest first",
                earlier.display()
            ));
            return Ok(Ending::Unusable);
        };
        evaluate(reading, &policy, &mut book, at);
        last = at;
    }
    let Some(bytes) = bytes_of(&arguments.file) else { return Ok(Ending::Unusable) };
    let reading = read_bytes(&bytes, &policy, mailbox);
    let at = arguments.at.or_else(|| came_in(&reading)).unwrap_or_else(|| {
        output::complain("note: the mail says nowhere when it came in; taking the present moment");
        SystemClock.now()
    });
    if at < last {
        output::complain(
            "error: the mail came in before the last of its --thread\nallowed: earlier mails, or a later --at",
        );
        return Ok(Ending::Unusable);
    }
    let Decided { reading, decision, reply, .. } = evaluate(reading, &policy, &mut book, at);
    let file = arguments.file.display().to_string();
    let explained =
        Explained { file: &file, reading: &reading, decision: &decision, policy: &policy, reply: &reply };
    let case = book.case(decision.case);
    let timeline = arguments.timeline.then(|| Timeline::of(&explained, case));
    if arguments.json {
        let explanation = Explanation::of(&explained);
        let explanation = match &timeline {
            Some(timeline) => explanation.with_timeline(timeline),
            None => explanation,
        };
        output::answer(&format!("{}\n", explanation.to_json()))?;
    } else {
        output::answer(&narrative(&explained, timeline.as_ref()))?;
    }
    Ok(Ending::Fine)
}

fn is_known_mailbox(arguments: &Arguments, policy: &Policy) -> bool {
    let Some(mailbox) = &arguments.mailbox else { return true };
    let known = policy.mailboxes.contains(mailbox);
    if !known {
        let allowed = crate::base::document::list(&policy.mailboxes);
        output::complain(&format!("error: the policy knows no mailbox `{mailbox}`\nallowed: {allowed}"));
    }
    known
}

fn bytes_of(path: &std::path::Path) -> Option<Vec<u8>> {
    match mail_file(path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            output::complain(&format!("error: the mail {} cannot be read: {error}", path.display()));
            None
        }
    }
}

/// When a mail came in, as far as it tells itself.
fn came_in(reading: &Reading) -> Option<Timestamp> {
    reading.message.came_in()
}
