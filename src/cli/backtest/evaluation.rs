//! One past mail, decided under one policy, or under two beside each other.

use std::io;

use jiff::Timestamp;

use super::super::evaluate::{Decided, evaluate, read_bytes};
use crate::base::text::clean;
use crate::casework::Book;
use crate::compose::{Explained, Explanation, Past, Skipped, Undecided};
use crate::decision::Reading;
use crate::mail::Message;
use crate::policy::Policy;
use crate::sources::{Found, MAIL_LIMIT, read_mail};

/// Room for a line of JSON: most are shorter, and with one allocation for a pile nothing is moved.
const BYTES_OF_A_LINE: usize = 4 * 1024;

/// Who decides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Desk<'p> {
    pub(super) policy: &'p Policy,
    pub(super) against: Option<&'p Policy>,
    pub(super) mailbox: Option<&'p str>,
    /// Whether lines of JSON are wanted.
    pub(super) json: bool,
}

/// What became of a mail.
#[derive(Debug)]
pub(super) enum Judged {
    /// It was decided.
    Decided(Box<Past>),
    /// Nothing in this mail says when it came in, so it is decided as of the time of its file.
    ByFile(String),
    /// It was not: why, its name, and what is to be said at once.
    Skipped(Skipped, String, Option<String>),
}

/// What became of a pile of mails.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    pub(super) mails: Vec<Judged>,
    /// JSON, a line each.
    pub(super) lines: Vec<u8>,
    /// How much was read.
    pub(super) bytes: usize,
}

/// A mail with its words read, under one policy or both.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) reading: Reading,
    pub(super) against: Option<Reading>,
}

impl Desk<'_> {
    /// Decides each mail of a pile as if it were the first one ever.
    pub(super) fn decide_alone(&self, pile: &[Found]) -> Judgement {
        let mut judgement = Judgement::default();
        if self.json {
            judgement.lines.reserve(pile.len() * BYTES_OF_A_LINE);
        }
        let mut buffer = Vec::new();
        for found in pile {
            let mail = match opened(found, &mut buffer) {
                Ok(mail) => mail,
                Err(unread) => {
                    self.skip(unread, None, &mut judgement);
                    continue;
                }
            };
            judgement.bytes += mail.bytes.len();
            let read = self.read(mail.bytes);
            match came_in(&read.reading.message, (found, &mail), &mut judgement) {
                Some(at) => {
                    let (mut book, mut other) = (Book::default(), Book::default());
                    self.decide(mail.name, (read, at), (&mut book, &mut other), &mut judgement);
                }
                None => self.skip(undated(mail.name), Some(&read.reading.message), &mut judgement),
            }
        }
        judgement
    }

    pub(super) fn read(&self, bytes: &[u8]) -> Read {
        Read {
            reading: read_bytes(bytes, self.policy, self.mailbox),
            against: self.against.map(|against| read_bytes(bytes, against, self.mailbox)),
        }
    }

    /// Decides a mail that came in at an instant.
    pub(super) fn decide(
        &self,
        file: String,
        (read, at): (Read, Timestamp),
        (book, other): (&mut Book, &mut Book),
        judgement: &mut Judgement,
    ) {
        let own = evaluate(read.reading, self.policy, book, at);
        let against = self.against.zip(read.against);
        let against = against.map(|(policy, reading)| (policy, evaluate(reading, policy, other, at)));
        if self.json {
            let explained = explained(&file, &own, self.policy);
            if let Some((policy, decided)) = &against {
                let mut line = Explanation::of(&explained);
                line.set_against(&Explanation::of(&self::explained(&file, decided, policy)));
                judgement.lines.extend_from_slice(line.to_json().as_bytes());
            } else {
                explained.write_json(&mut judgement.lines);
            }
            judgement.lines.push(b'\n');
        }
        judgement.mails.push(Judged::Decided(Box::new(Past {
            file,
            is_readable: own.reading.message.unreadable.is_none(),
            subject: own.reading.message.subject,
            decision: own.decision,
            against: against.map(|(_, decided)| decided.decision),
        })));
    }

    /// Counts what is not decided. A mail has its line all the same; a file that is none, or that nobody can read, does
    /// not.
    pub(super) fn skip(&self, unread: Unread, message: Option<&Message>, judgement: &mut Judgement) {
        let Unread { why, name, complaint } = unread;
        let is_mail = matches!(why, Skipped::Undated | Skipped::TooLarge);
        if self.json && is_mail {
            let Desk { policy, mailbox, .. } = *self;
            let line = Undecided { file: &name, policy, mailbox, message, why }.to_json();
            judgement.lines.extend_from_slice(line.as_bytes());
            judgement.lines.push(b'\n');
        }
        judgement.mails.push(Judged::Skipped(why, name, complaint));
    }
}

/// A mail whose bytes are at hand.
#[derive(Debug)]
pub(super) struct Opened<'b> {
    pub(super) name: String,
    pub(super) bytes: &'b [u8],
    /// What the mbox or the Maildir says of the time.
    pub(super) filed_at: Option<Timestamp>,
}

/// What is not decided.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) why: Skipped,
    pub(super) name: String,
    /// What is to be said at once.
    pub(super) complaint: Option<String>,
}

impl Unread {
    pub(super) fn failed(name: String, error: &io::Error) -> Self {
        let complaint = Some(format!("error: {} cannot be read: {error}; going on", clean(&name)));
        Unread { why: Skipped::Failed, name, complaint }
    }

    fn too_large(name: String) -> Self {
        let complaint = Some(format!("error: {} is larger than {MAIL_LIMIT} bytes; going on", clean(&name)));
        Unread { why: Skipped::TooLarge, name, complaint }
    }
}

/// When a mail came in, as far as anything tells.
pub(super) fn came_in(
    message: &Message,
    (found, mail): (&Found, &Opened<'_>),
    judgement: &mut Judgement,
) -> Option<Timestamp> {
    message.came_in().or(mail.filed_at).or_else(|| {
        let written_at = found.written_at()?;
        judgement.mails.push(Judged::ByFile(mail.name.clone()));
        Some(written_at)
    })
}

pub(super) fn undated(name: String) -> Unread {
    Unread { why: Skipped::Undated, name, complaint: None }
}

/// The bytes of what was found; `buffer` keeps its room from mail to mail.
pub(super) fn opened<'b>(found: &'b Found, buffer: &'b mut Vec<u8>) -> Result<Opened<'b>, Unread> {
    match found {
        Found::File { path, filed_at } => {
            let name = path.display().to_string();
            match read_mail(path, buffer) {
                Ok(()) => Ok(Opened { name, bytes: buffer, filed_at: *filed_at }),
                Err(error) if error.kind() == io::ErrorKind::FileTooLarge => Err(Unread::too_large(name)),
                Err(error) => Err(Unread::failed(name, &error)),
            }
        }
        Found::Mail(mail) => match &mail.bytes {
            Some(bytes) => Ok(Opened { name: mail.name.clone(), bytes, filed_at: mail.filed_at }),
            None => Err(Unread::too_large(mail.name.clone())),
        },
        Found::LeftOut(name, why) => {
            let name = format!("{name} ({why})");
            Err(Unread { why: Skipped::LeftOut, name, complaint: None })
        }
        Found::Failed(name, error) => Err(Unread::failed(name.clone(), error)),
    }
}

fn explained<'a>(file: &'a str, decided: &'a Decided, policy: &'a Policy) -> Explained<'a> {
    Explained { file, reading: &decided.reading, decision: &decided.decision, policy, reply: &decided.reply }
}
