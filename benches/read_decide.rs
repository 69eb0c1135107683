//! How fast mails are read and decided on one core, as a ratio to parsing them and nothing more.
//!
//! `cargo bench --bench read_decide` over mails made here, or over a Maildir (or any folder of mails) named by
//! `NIGHTDESK_BENCH_MAILDIR`. `NIGHTDESK_BENCH_ROUNDS` says how often (7), `NIGHTDESK_BENCH_ONLY` which rows, by a part
//! of their names. With `NIGHTDESK_BENCH_TRUTH`, a table of what the mails of the Maildir really are, it prints instead
//! which mails are taken for urgent and are not, or the other way round: see [`truth`].
//!
//! Everything is measured in turns: all rows over the first few hundred mails, then over the next. So whatever else the
//! machine does falls on all of them alike, and the ratios of a round hold even where its times do not.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark looks at the clock and prints figures"
)]

#[path = "read_decide/mails.rs"]
mod mails;
#[path = "read_decide/policies.rs"]
mod policies;
#[path = "read_decide/stopwatch.rs"]
mod stopwatch;
#[path = "read_decide/truth.rs"]
mod truth;

use std::hint::black_box;
use std::time::Duration;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use mail_parser::MessageParser;
use nightdesk::casework::Book;
use nightdesk::decision::{Reading, Standing, decide, read};
use nightdesk::lexicon::fold;
use nightdesk::mail::{self, Options, Source};
use nightdesk::policy::{Place, Policy};

use mails::Mail;
use policies::Loaded;
use stopwatch::Stopwatch;

/// Mails made when there is no Maildir.
const GENERATED: usize = 4_000;
/// Mails that one row takes before the next has its turn.
const TURN: usize = 500;
/// As many mails share a book as share a transaction of the daemon.
const BOOK: usize = 256;
/// Between two mails, so that they fall into all hours of the week.
const APART: SignedDuration = SignedDuration::from_mins(21);

fn main() -> anyhow::Result<()> {
    // Cargo says `--bench` when it benchmarks; without, this is only a test that everything still runs.
    let in_earnest = std::env::args().any(|argument| argument == "--bench");
    let folder = std::env::var_os("NIGHTDESK_BENCH_MAILDIR");
    let mails = match &folder {
        Some(folder) => mails::folder(folder.as_ref())?,
        None => mails::generated(if in_earnest { GENERATED } else { TURN / 10 }),
    };
    anyhow::ensure!(!mails.is_empty(), "there are no mails");
    let loaded = policies::load()?;
    if let Some(table) = std::env::var_os("NIGHTDESK_BENCH_TRUTH") {
        let starter = loaded.first().context("there is no policy")?;
        return truth::compare(&mails, table.as_ref(), &starter.policy);
    }
    let rounds = match number("NIGHTDESK_BENCH_ROUNDS")? {
        Some(rounds) => rounds.max(1),
        None if in_earnest => 7,
        None => 1,
    };
    introduce(&mails, &loaded, rounds);
    let mut rows = rows(&loaded);
    let only = std::env::var_os("NIGHTDESK_BENCH_ONLY").map(|only| only.to_string_lossy().into_owned());
    if let Some(only) = &only {
        // The first row is what the others are compared with.
        let mut at = 0;
        rows.retain(|row| {
            at += 1;
            at == 1 || row.name.contains(only)
        });
    }
    for _ in 0..rounds {
        round(&mut rows, &mails);
    }
    report(&rows, mails.len());
    if only.is_none() {
        stages(&mails, &loaded, rounds);
    }
    Ok(())
}

fn number(variable: &str) -> anyhow::Result<Option<usize>> {
    let Some(value) = std::env::var_os(variable) else { return Ok(None) };
    let value = value.to_string_lossy();
    Ok(Some(value.parse().with_context(|| format!("{variable} is {value}, not a number"))?))
}

fn introduce(mails: &[Mail], loaded: &[Loaded], rounds: usize) {
    let mut sizes: Vec<usize> = mails.iter().map(|mail| mail.bytes.len()).collect();
    sizes.sort_unstable();
    let median = sizes.get(sizes.len() / 2).copied().unwrap_or(0);
    let total: usize = sizes.iter().sum();
    println!("{} mails, {:.1} MB, median {median} bytes; {rounds} rounds", mails.len(), total as f64 / 1e6);
    println!("time is {}\n", stopwatch::KIND);
    for policy in loaded {
        println!("{:<26} loaded in {:>6.1} ms", policy.name, policy.took.as_secs_f64() * 1e3);
    }
    println!();
}

type Work<'p> = Box<dyn FnMut(&[Mail]) + 'p>;

/// Something that is done to every mail.
struct Row<'p> {
    name: String,
    work: Work<'p>,
    /// One entry a round.
    times: Vec<Duration>,
}

fn rows<'p>(loaded: &'p [Loaded]) -> Vec<Row<'p>> {
    let mut rows = Vec::new();
    let mut row = |name: String, work: Work<'p>| rows.push(Row { name, work, times: Vec::new() });
    let parser = MessageParser::default();
    row(
        "mail-parser alone".to_owned(),
        Box::new(move |mails| mails.iter().for_each(|mail| parse_only(&parser, mail))),
    );
    for Loaded { name, policy, .. } in loaded {
        row(
            format!("{name}: read"),
            Box::new(|mails| {
                for mail in mails {
                    black_box(read_one(mail, policy));
                }
            }),
        );
        row(
            format!("{name}: read, decide"),
            Box::new(|mails| {
                for (mail, at) in mails.iter().zip(instants()) {
                    let reading = read_one(mail, policy);
                    black_box(decide(&reading, &Standing::default(), policy, at, at));
                }
            }),
        );
        row(
            format!("{name}: read to apply"),
            Box::new(|mails| {
                let mut instants = instants();
                for mails in mails.chunks(BOOK) {
                    let mut book = Book::default();
                    for (mail, at) in mails.iter().zip(&mut instants) {
                        let reading = read_one(mail, policy);
                        let standing = book.standing(&reading, policy, at, at);
                        let decision = decide(&reading, &standing, policy, at, at);
                        black_box(book.apply(&reading, &decision, policy));
                    }
                }
            }),
        );
    }
    rows
}

/// What a program cannot do without: the structure and the first text.
fn parse_only(parser: &MessageParser, mail: &Mail) {
    let parsed = parser.parse(&mail.bytes);
    black_box(parsed.as_ref().and_then(|parsed| parsed.body_text(0)));
}

fn read_one(mail: &Mail, policy: &Policy) -> Reading {
    read(&Source::Whole(&mail.bytes), policy, Some("support"))
}

/// When the mails came in, one after the other.
fn instants() -> impl Iterator<Item = Timestamp> {
    let mut at = Timestamp::from_second(1_780_000_000).unwrap_or_default();
    std::iter::from_fn(move || {
        at = at.checked_add(APART).ok()?;
        Some(at)
    })
}

/// All mails once through every row, in turns.
fn round(rows: &mut [Row<'_>], mails: &[Mail]) {
    for row in rows.iter_mut() {
        row.times.push(Duration::ZERO);
    }
    for mails in mails.chunks(TURN) {
        for row in rows.iter_mut() {
            let watch = Stopwatch::start();
            (row.work)(mails);
            let took = watch.elapsed();
            if let Some(time) = row.times.last_mut() {
                *time += took;
            }
        }
    }
}

fn report(rows: &[Row<'_>], mails: usize) {
    let Some(base) = rows.first() else { return };
    println!("{:<42} {:>9} {:>24} {:>8}   time ÷ mail-parser", "", "mails/s", "µs a mail", "speed");
    println!("{:<42} {:>9} {:>24} {:>8}   (min median max)", "", "median", "(min median max)", "ratio");
    for row in rows {
        let micros = spread(row.times.iter().map(|time| time.as_secs_f64() * 1e6 / mails as f64));
        let ratios = row.times.iter().zip(&base.times);
        let ratios = spread(ratios.map(|(time, base)| time.as_secs_f64() / base.as_secs_f64()));
        println!(
            "{:<42} {:>9.0} {:>8.2} {:>7.2} {:>7.2} {:>8.2} {:>8.2} {:>5.2} {:>5.2}",
            row.name,
            1e6 / micros.median,
            micros.min,
            micros.median,
            micros.max,
            1.0 / ratios.median,
            ratios.min,
            ratios.median,
            ratios.max,
        );
    }
}

struct Spread {
    min: f64,
    median: f64,
    max: f64,
}

fn spread(values: impl Iterator<Item = f64>) -> Spread {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = |index: usize| values.get(index).copied().unwrap_or(0.0);
    Spread { min: at(0), median: at(values.len() / 2), max: at(values.len().saturating_sub(1)) }
}

/// The steps of `read` that can be taken one by one, and what follows it.
const STAGES: [&str; 8] =
    ["parse", "fold subject", "scan subject", "fold text", "scan text", "read in all", "decide", "apply"];

/// Where the time goes, step by step over the same mails, in microseconds a mail.
fn stages(mails: &[Mail], loaded: &[Loaded], rounds: usize) {
    println!("\nmedian µs a mail of single steps; `read in all` takes those before it and more\n");
    println!("{:<26}{}", "", STAGES.map(|name| format!("{name:>13}")).concat());
    for Loaded { name, policy, .. } in loaded {
        let rounds: Vec<_> = (0..rounds.div_ceil(2)).map(|_| staged(mails, policy)).collect();
        let medians = std::array::from_fn::<_, { STAGES.len() }, _>(|stage| {
            let times = rounds.iter().filter_map(|round| round.get(stage));
            spread(times.map(|time| time.as_secs_f64() * 1e6 / mails.len() as f64)).median
        });
        println!("{name:<26}{}", medians.map(|median| format!("{median:>13.2}")).concat());
    }
}

fn staged(mails: &[Mail], policy: &Policy) -> [Duration; STAGES.len()] {
    let mut times = [Duration::ZERO; STAGES.len()];
    let markers = policy.identity.machine_markers.iter().map(|marker| marker.field().to_owned());
    let kept: Vec<String> = policy.words.headers.iter().cloned().chain(markers).collect();
    for (mails, from) in mails.chunks(BOOK).zip(0..) {
        let mut laps = Laps { times: &mut times, watch: Stopwatch::start(), stage: 0 };
        let options = Options { keep_headers: &kept };
        let messages: Vec<_> =
            mails.iter().map(|mail| mail::parse(&Source::Whole(&mail.bytes), &options)).collect();
        laps.lap();
        let subjects: Vec<_> = messages.iter().map(|message| fold(&message.subject)).collect();
        laps.lap();
        for subject in &subjects {
            black_box(policy.words.scan(Place::Subject, subject));
        }
        laps.lap();
        let texts = messages.iter().flat_map(|message| [&message.body.text, &message.forwarded.text]);
        let texts: Vec<_> = texts.filter(|text| !text.is_empty()).map(|text| fold(text)).collect();
        laps.lap();
        for text in &texts {
            black_box(policy.words.scan(Place::Body, text));
        }
        drop((messages, subjects, texts));
        laps.lap();
        let readings: Vec<_> = mails.iter().map(|mail| read_one(mail, policy)).collect();
        laps.lap();
        let instants = instants().skip(from * BOOK);
        let decisions: Vec<_> = readings
            .iter()
            .zip(instants)
            .map(|(reading, at)| decide(reading, &Standing::default(), policy, at, at))
            .collect();
        laps.lap();
        let mut book = Book::default();
        for (reading, decision) in readings.iter().zip(&decisions) {
            black_box(book.standing(reading, policy, decision.received_at, decision.now));
            black_box(book.apply(reading, decision, policy));
        }
        laps.lap();
    }
    times
}

/// Adds up what each stage takes.
struct Laps<'t> {
    times: &'t mut [Duration],
    watch: Stopwatch,
    stage: usize,
}

impl Laps<'_> {
    /// Ends a stage and starts the next.
    fn lap(&mut self) {
        if let Some(time) = self.times.get_mut(self.stage) {
            *time += self.watch.elapsed();
        }
        self.stage += 1;
        self.watch = Stopwatch::start();
    }
}
