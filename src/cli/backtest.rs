//! `nightdesk backtest`: what a policy would have made of past mail.
//!
//! Each mail is decided when it came in, alone, as if nobody had written before; with `--conversations` in the order in
//! which they came in, with all that the earlier ones have left. Received at is the topmost Received, else Date, else
//! what the mbox or the Maildir notes; a mail without any of these is counted and not decided.
//!
//! Invariants: the evaluator is the daemon's; what fails is told, counted and passed over; answers come in the order of
//! the mails, however many threads decide; with `--json` memory does not grow with their number.

mod evaluation;
mod in_order;
mod progress;

use std::io::{self, Write};
use std::path::PathBuf;

use super::evaluate::policy;
use super::{Ending, crew, output};
use crate::compose::{Backtest, Skipped};
use crate::policy::Policy;
use crate::sources::{Found, Mails};

use evaluation::{Desk, Judged, Judgement};
use progress::Progress;

/// So many mails are handed to a thread at once,
const MAILS_AT_ONCE: usize = 64;
/// or so many bytes of them.
const BYTES_AT_ONCE: usize = 256 * 1024;

/// The command line of `backtest`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The policy folder
    #[arg(long, value_name = "DIR")]
    policy: PathBuf,
    /// Another policy folder: tell what it would change
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// The mailbox that the mails came to; without it no `mailbox` condition matches
    #[arg(long, value_name = "NAME")]
    mailbox: Option<String>,
    /// Decide the mails in the order in which they came in, as parts of their conversations
    #[arg(long)]
    conversations: bool,
    /// Answer with one line of JSON for each mail
    #[arg(long)]
    json: bool,
    /// Mails (.eml), mboxes, Maildirs, and folders of them; `-` reads a mail or an mbox from standard input
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Ending> {
    let own = match policy(&arguments.policy) {
        Ok(policy) => policy,
        Err(ending) => return Ok(ending),
    };
    let against = match arguments.against.as_deref().map(policy).transpose() {
        Ok(against) => against,
        Err(ending) => return Ok(ending),
    };
    if let Some(mailbox) = &arguments.mailbox
        && !is_known(mailbox, &own, against.as_ref())
    {
        return Ok(Ending::Unusable);
    }
    let desk = Desk {
        policy: &own,
        against: against.as_ref(),
        mailbox: arguments.mailbox.as_deref(),
        json: arguments.json,
    };
    let mut report = Report {
        page: Backtest::new(&own, against.as_ref()),
        progress: Progress::start(&arguments.paths, arguments.json),
        read: 0,
        json: arguments.json,
    };
    let piles = Piles { mails: Mails::new(arguments.paths.clone()) };
    if arguments.conversations {
        in_order::run(piles, &desk, &mut report)?;
    } else {
        crew::run(piles, |pile| desk.decide_alone(&pile), |judgement| report.take(judgement))?;
    }
    report.finish()
}

/// Whether a policy has the mailbox; with two it may be new in one of them.
fn is_known(mailbox: &str, policy: &Policy, against: Option<&Policy>) -> bool {
    let all = policy.mailboxes.iter().chain(against.iter().flat_map(|against| &against.mailboxes));
    let known: Vec<&String> = all.collect();
    if known.iter().any(|known| *known == mailbox) {
        return true;
    }
    let allowed = crate::base::document::list(&known);
    output::complain(&format!("error: the policy knows no mailbox `{mailbox}`\nallowed: {allowed}"));
    false
}

/// Mails in piles that are worth handing to a thread.
struct Piles {
    mails: Mails,
}

impl Iterator for Piles {
    type Item = Vec<Found>;

    fn next(&mut self) -> Option<Vec<Found>> {
        let (mut pile, mut bytes) = (Vec::new(), 0);
        while pile.len() < MAILS_AT_ONCE && bytes < BYTES_AT_ONCE {
            let Some(found) = self.mails.next() else { break };
            if let Found::Mail(mail) = &found {
                bytes += mail.bytes.as_ref().map_or(0, Vec::len);
            }
            pile.push(found);
        }
        (!pile.is_empty()).then_some(pile)
    }
}

/// What is told: lines at once, the page at the end.
struct Report<'p> {
    page: Backtest<'p>,
    progress: Progress,
    /// Mails whose bytes were there.
    read: usize,
    json: bool,
}

impl Report<'_> {
    /// Tells and counts what came of a pile.
    fn take(&mut self, judgement: Judgement) -> anyhow::Result<()> {
        for judged in judgement.mails {
            match judged {
                Judged::Decided(past) => {
                    self.read += 1;
                    self.page.add(&past);
                }
                Judged::ByFile(name) => self.page.dated_by_file(&name),
                Judged::Skipped(why, name, complaint) => {
                    self.read += usize::from(why == Skipped::Undated);
                    self.page.skip(why, &name);
                    if let Some(complaint) = complaint {
                        self.progress.clear();
                        output::complain(&complaint);
                    }
                }
            }
        }
        self.progress.advance(self.read, judgement.bytes);
        if !judgement.lines.is_empty() {
            let mut out = io::stdout().lock();
            out.write_all(&judgement.lines)?;
        }
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<Ending> {
        self.progress.clear();
        if self.json {
            io::stdout().lock().flush()?;
            for (name, text) in self.page.not_read() {
                output::complain(&format!("note: {name}: {}", crate::base::text::clean(&text)));
            }
        } else if self.read > 0 {
            output::answer(&self.page.text())?;
        }
        if self.read == 0 {
            output::complain(
                "error: no mail was found that can be read\nallowed: .eml files, mboxes, Maildirs, and folders of them",
            );
            return Ok(Ending::Unusable);
        }
        Ok(Ending::Fine)
    }
}
