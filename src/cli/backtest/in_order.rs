//! `--conversations`: mails in the order in which they came in, each with what the earlier ones have left.
//!
//! The mails are read twice: once for when they came in, and once more, in that order, to be decided. What is held are
//! their places, some hundred bytes each, and the cases of the conversations, [`MOST_CASES`] of each policy: where
//! there are more, those with the oldest mail are forgotten, and a later mail of them opens a new case.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

use super::evaluation::{Desk, Judgement, Read, Unread, came_in, opened, undated};
use super::{MAILS_AT_ONCE, Piles, Report, crew};
use crate::casework::Shelf;
use crate::cli::output;
use crate::mail::{Options, Source, parse};
use crate::sources::{Found, Place, read_mail, read_mail_at};

/// The most cases that are remembered; one takes some 7 KiB with all that leads to it.
const MOST_CASES: usize = 20_000;

/// Where a mail lies.
#[derive(Debug)]
enum Spot {
    File(PathBuf),
    InMbox(Place),
}

/// A mail and when it came in.
type Dated = (Timestamp, Spot);

/// A mail read again, or why it cannot be.
type Again = Result<(String, Timestamp, Read, usize), Unread>;

pub(super) fn run(piles: Piles, desk: &Desk<'_>, report: &mut Report<'_>) -> anyhow::Result<()> {
    let mut mails: Vec<Dated> = Vec::new();
    crew::run(
        piles,
        |pile| dated(pile, desk),
        |(dated, judgement)| {
            mails.extend(dated);
            report.take(judgement)
        },
    )?;
    // Mails of the same second stay in the order in which they were named.
    mails.sort_by_key(|(at, _)| *at);
    report.progress.again();
    let mut shelves = (Shelf::new(MOST_CASES), Shelf::new(MOST_CASES));
    crew::run(
        Dealt(mails.into_iter()),
        |pile| read_again(pile, desk),
        |pile| report.take(fold(pile, desk, &mut shelves)),
    )?;
    let forgotten = shelves.0.forgotten().max(shelves.1.forgotten());
    if forgotten > 0 {
        report.progress.clear();
        output::complain(&format!(
            "note: {forgotten} cases were forgotten, those with the oldest mail first: at most {MOST_CASES} are remembered"
        ));
    }
    Ok(())
}

struct Dealt(std::vec::IntoIter<Dated>);

impl Iterator for Dealt {
    type Item = Vec<Dated>;

    fn next(&mut self) -> Option<Vec<Dated>> {
        let pile: Vec<Dated> = self.0.by_ref().take(MAILS_AT_ONCE).collect();
        (!pile.is_empty()).then_some(pile)
    }
}

/// When the mails of a pile came in, and what is not decided.
fn dated(pile: Vec<Found>, desk: &Desk<'_>) -> (Vec<Dated>, Judgement) {
    let (mut mails, mut judgement) = (Vec::new(), Judgement::default());
    let mut buffer = Vec::new();
    for found in pile {
        let mail = match opened(&found, &mut buffer) {
            Ok(mail) => mail,
            Err(unread) => {
                desk.skip(unread, None, &mut judgement);
                continue;
            }
        };
        judgement.bytes += mail.bytes.len();
        let message = parse(&Source::Whole(mail.bytes), &Options::default());
        let Some(at) = came_in(&message, (&found, &mail), &mut judgement) else {
            desk.skip(undated(mail.name), Some(&message), &mut judgement);
            continue;
        };
        let name = mail.name;
        let spot = match found {
            Found::File { path, .. } => Some(Spot::File(path)),
            Found::Mail(mail) => mail.place.map(Spot::InMbox),
            Found::LeftOut(..) | Found::Failed(..) => None,
        };
        if let Some(spot) = spot {
            mails.push((at, spot));
        } else {
            let error = io::Error::other("it cannot be read twice, as --conversations does");
            desk.skip(Unread::failed(name, &error), None, &mut judgement);
        }
    }
    (mails, judgement)
}

fn read_again(pile: Vec<Dated>, desk: &Desk<'_>) -> Vec<Again> {
    let mut buffer = Vec::new();
    let mut read = |(at, spot): Dated| {
        let (name, bytes) = match spot {
            Spot::File(path) => (path.display().to_string(), read_mail(&path, &mut buffer)),
            Spot::InMbox(place) => (place.name(), read_mail_at(&place).map(|bytes| buffer = bytes)),
        };
        match bytes {
            Ok(()) => Ok((name, at, desk.read(&buffer), buffer.len())),
            Err(error) => Err(Unread::failed(name, &error)),
        }
    };
    pile.into_iter().map(&mut read).collect()
}

/// Decides mails, one after the other.
fn fold(pile: Vec<Again>, desk: &Desk<'_>, (own, other): &mut (Shelf, Shelf)) -> Judgement {
    let mut judgement = Judgement::default();
    for again in pile {
        let (name, at, read, bytes) = match again {
            Ok(again) => again,
            Err(unread) => {
                desk.skip(unread, None, &mut judgement);
                continue;
            }
        };
        judgement.bytes += bytes;
        let mut book = own.take(&read.reading, at);
        let mut other_book = match &read.against {
            Some(reading) => other.take(reading, at),
            None => crate::casework::Book::default(),
        };
        let is_compared = read.against.is_some();
        desk.decide(name, (read, at), (&mut book, &mut other_book), &mut judgement);
        own.put_back(book);
        if is_compared {
            other.put_back(other_book);
        }
    }
    judgement
}
