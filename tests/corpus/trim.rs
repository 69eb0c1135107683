//! What is new in a reply, as the trimmers of other projects see it: their mails and their expectations, held against ours.
//!
//! A trimmer may drop a line too many, since a person can unfold it again; here nobody would be woken. So a difference
//! weighs by its direction, and the dangerous one, words that a trimmer keeps and that are quoted here, has a list of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nightdesk::mail::{self, Message, Options, RegionKind, Source, Text};

/// How much of each source must agree: no change may make it worse.
const FLOORS: [(&str, usize); 4] =
    [("crisp-erp", 69), ("github-erp", 16), ("talon", 26), ("talon-inline", 43)];

/// Mails in which words are quoted here that the other project keeps, and why that is right.
const QUOTED_HERE: [(&str, &str); 0] = [];

/// How a row says that the texts are to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    /// All that is visible, and nothing else.
    Exact,
    /// The first stretch that is visible.
    First,
    /// These lines are visible.
    Contains,
    /// What is visible begins so.
    StartsWith,
    /// The signature at the end, which may be told from the text or not.
    Signature,
}

struct Row {
    path: String,
    source: String,
    comparison: Comparison,
    expected: String,
}

#[test]
fn replies_are_trimmed_as_other_projects_trim_them() {
    let Some(folder) = crate::corpus() else { return };
    let mut agreement: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut hidden = Vec::new();
    let rows = rows(&folder);
    for row in &rows {
        let message = message(&fs::read(folder.join(&row.path)).expect("a mail of the corpus"), &row.path);
        let agrees = row.agrees(&message);
        let counts = agreement.entry(&row.source).or_default();
        counts.0 += usize::from(agrees);
        counts.1 += 1;
        let lost = row.quoted_here(&message);
        if !agrees {
            println!("{} ({:?}) differs; new here:", row.path, row.comparison);
            println!("{}\n  expected:\n{}", indented(&visible(&message, false)), indented(&row.expected));
        }
        let is_known = QUOTED_HERE.iter().any(|(path, _)| row.path.ends_with(path));
        if !lost.is_empty() && !is_known {
            hidden.push(format!("{}: {lost:?}", row.path));
        }
    }
    for (source, (agree, all)) in &agreement {
        println!("{source}: {agree} of {all}");
    }
    for (path, why) in QUOTED_HERE {
        println!("{path}: {why}");
    }
    assert!(hidden.is_empty(), "the writer's own words are quoted: {hidden:#?}");
    for (source, floor) in FLOORS {
        assert!(agreement.get(source).is_some_and(|(agree, _)| *agree >= floor), "{source} agrees less");
    }
    assert_eq!(rows.len(), 163);
}

impl Row {
    fn agrees(&self, message: &Message) -> bool {
        let expected = unspaced(&self.expected);
        // Some keep signatures and some do not; what counts is where the quotation begins.
        [false, true].into_iter().any(|signed| {
            let all = unspaced(&visible(message, signed));
            match self.comparison {
                Comparison::Exact => all == expected,
                Comparison::First => unspaced(&first(message, signed)) == expected,
                Comparison::Contains => self.expected.lines().all(|line| all.contains(&unspaced(line))),
                Comparison::StartsWith => all.starts_with(&expected),
                Comparison::Signature => signed && all.ends_with(&expected),
            }
        })
    }

    /// Lines that are to be visible and stand in a quotation here, and nowhere else.
    fn quoted_here(&self, message: &Message) -> Vec<String> {
        let visible = unspaced(&visible(message, true));
        let quoted = unspaced(&of_kinds(&message.body, &[RegionKind::Quoted]));
        let lines = self.expected.lines().map(unspaced).filter(|line| !line.is_empty());
        lines.filter(|line| !visible.contains(line) && quoted.contains(line)).collect()
    }
}

fn rows(folder: &Path) -> Vec<Row> {
    let text = fs::read_to_string(folder.join("manifest.tsv")).expect("manifest.tsv");
    let rows = text.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|fields| fields.get(5) == Some(&"reply-trim"))
        .map(|fields| {
            let field = |index: usize| fields.get(index).copied().unwrap_or("");
            let bytes = fs::read(folder.join(field(8))).expect("an expected text");
            Row {
                path: field(0).to_owned(),
                source: field(1).to_owned(),
                comparison: comparison(field(9)),
                expected: String::from_utf8_lossy(&bytes).into_owned(),
            }
        })
        .collect()
}

fn comparison(note: &str) -> Comparison {
    match note {
        note if note.contains("SIGNATURE") => Comparison::Signature,
        note if note.contains("contains") => Comparison::Contains,
        note if note.starts_with("first fragment") => Comparison::First,
        note if note.starts_with("starts with") => Comparison::StartsWith,
        _ => Comparison::Exact,
    }
}

/// Reads a file of the corpus: a mail, or a text that becomes the body of a reply.
fn message(bytes: &[u8], path: &str) -> Message {
    let kind = match Path::new(path).extension().and_then(|extension| extension.to_str()) {
        Some("eml") => return mail::parse(&Source::Whole(bytes), &Options::default()),
        Some("html") => "html",
        _ => "plain",
    };
    let charset = if kind == "plain" { "; charset=utf-8" } else { "" };
    let header = format!("From: a@x.example\nSubject: Re: question\nContent-Type: text/{kind}{charset}\n\n");
    mail::parse(&Source::Whole(&[header.as_bytes(), bytes].concat()), &Options::default())
}

/// What a reader of the first form of the mail sees of it, folded quotations left out.
fn visible(message: &Message, signed: bool) -> String {
    let kinds: &[RegionKind] =
        if signed { &[RegionKind::New, RegionKind::Signature] } else { &[RegionKind::New] };
    of_kinds(&message.body, kinds) + &of_kinds(&message.forwarded, kinds)
}

fn of_kinds(text: &Text, kinds: &[RegionKind]) -> String {
    let first = text.regions.first().map(|region| region.alternative);
    let regions = text.regions.iter().filter(|region| Some(region.alternative) == first);
    regions.filter(|region| kinds.contains(&region.kind)).map(|region| text.slice(region)).collect()
}

fn first(message: &Message, signed: bool) -> String {
    let is_visible = |kind| kind == RegionKind::New || signed && kind == RegionKind::Signature;
    let body = &message.body;
    let regions = body.regions.iter().skip_while(|region| !is_visible(region.kind));
    regions.take_while(|region| is_visible(region.kind)).map(|region| body.slice(region)).collect()
}

fn unspaced(text: &str) -> String {
    text.split_whitespace().collect()
}

fn indented(text: &str) -> String {
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .fold(String::new(), |all, line| all + "    | " + line + "\n")
}
