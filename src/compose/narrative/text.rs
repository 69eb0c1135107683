//! What was read as new text, hits marked; and what was seen there and does not count.

use super::super::explanation::Explained;
use super::super::ink::{DIM, HIT};
use super::super::trace::Context;
use super::Page;
use crate::base::text::{clean, one_line};
use crate::decision::{Hit, Ignored};
use crate::mail::{Region, RegionKind, Text};
use crate::policy::Place;

/// How many lines of a mail's new text are shown.
const MOST_LINES: usize = 40;
/// How many lines of another form of the same mail are compared with the first.
const MOST_COMPARED: usize = 400;

pub(super) fn section(page: &mut Page, explained: &Explained<'_>, context: &Context<'_>) {
    let Explained { reading, decision, policy, .. } = explained;
    let message = &reading.message;
    page.section("What was read as new text");
    let is_ignored = |index: usize| decision.ignored.iter().any(|(ignored, _)| *ignored == index);
    let hits = reading.hits.iter().enumerate();
    let counted: Vec<&Hit> = hits
        .filter(|(index, hit)| !is_ignored(*index) && hit.ignored == Ignored::No)
        .map(|(_, hit)| hit)
        .collect();
    if let Some(unreadable) = message.unreadable {
        page.entry("unreadable", unreadable.slug());
    }
    let subject = marked(&message.subject, 0, Place::Subject, &counted);
    page.entry("subject", if subject.is_empty() { "(none)" } else { &subject });
    let mut left = MOST_LINES;
    for (place, text) in [(Place::Body, &message.body), (Place::Forwarded, &message.forwarded)] {
        let shown = NewText { page, place, text, counted: &counted, left };
        left = shown.show();
    }
    if left == MOST_LINES {
        page.line(&format!("  {DIM}│ (nothing){DIM:#}"));
    }
    if let Some(not_new) = not_new(&[&message.body, &message.forwarded]) {
        page.entry("not new", &not_new);
    }
    for because in context.in_doubt() {
        page.entry("in doubt", because);
    }
    if let Some(because) = context.forwarded() {
        page.entry("forwarded", because);
    }
    for line in context.not_counted() {
        page.entry("not counted", &line.because);
    }
    for near in &reading.near_misses {
        let keyword = policy.words.terms.get(near.term).map_or("", |term| term.text.as_str());
        let line = format!("\"{}\" is not \"{keyword}\", and does not count as it", one_line(&near.text));
        page.entry("near miss", &line);
    }
    for omitted in &message.omitted {
        let line = format!("part {}: {}, {} bytes", omitted.section, omitted.media_type, omitted.bytes);
        page.entry("left out", &clean(&line));
    }
}

/// How much of the mail is not the sender's new words.
fn not_new(texts: &[&Text]) -> Option<String> {
    // Another form of the same mail has the same quotations again.
    let first = |text: &Text| text.regions.first().map(|region| region.alternative);
    let lines = |kind: RegionKind| -> usize {
        let regions = texts.iter().flat_map(|text| {
            let first = first(text);
            let of_first = text.of_kind(kind).filter(move |region| Some(region.alternative) == first);
            of_first.map(|region| text.slice(region))
        });
        regions.map(|text| text.lines().filter(|line| !line.trim().is_empty()).count()).sum()
    };
    let kinds = [
        (RegionKind::Quoted, "quoted"),
        (RegionKind::Signature, "of a signature"),
        (RegionKind::Hidden, "hidden"),
    ];
    let counts = kinds.into_iter().map(|(kind, name)| (lines(kind), name)).filter(|(count, _)| *count > 0);
    let words: Vec<String> = counts
        .map(|(count, name)| format!("{count} line{} {name}", if count == 1 { "" } else { "s" }))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// The new lines of a text. Runs of blank lines become one, those at the end none.
struct NewText<'a, 'p> {
    page: &'p mut Page,
    place: Place,
    text: &'a Text,
    counted: &'a [&'a Hit],
    /// How many lines may still be shown.
    left: usize,
}

impl NewText<'_, '_> {
    /// Shows the text, and of a second form of the same mail what the first does not say; answers how many more lines
    /// may be shown.
    fn show(mut self) -> usize {
        let text = self.text;
        let new = || text.regions.iter().filter(|region| region.kind == RegionKind::New);
        let Some(first) = new().map(|region| region.alternative).next() else { return self.left };
        if self.place == Place::Forwarded {
            self.page
                .line(&format!("  {DIM}│ (the mail that it forwards, to which nothing is added){DIM:#}"));
        }
        let regions: Vec<&Region> = new().filter(|region| region.alternative == first).collect();
        self.lines(regions.iter().flat_map(|region| lines_of(text, region)));
        if !new().any(|region| region.alternative != first) {
            return self.left;
        }
        let said = unspaced(&regions.iter().map(|region| text.slice(region)).collect::<String>());
        let others = new().filter(|region| region.alternative != first);
        let lines = others.flat_map(|region| lines_of(text, region)).take(MOST_COMPARED);
        let more: Vec<(usize, &str)> = lines.filter(|(_, line)| !said.contains(&unspaced(line))).collect();
        let says = if more.is_empty() { "says the same" } else { "also says" };
        self.page.line(&format!("  {DIM}│ (the same mail in another form {says}){DIM:#}"));
        self.lines(more.into_iter());
        self.left
    }

    fn lines<'l>(&mut self, lines: impl Iterator<Item = (usize, &'l str)>) {
        let bar = format!("  {DIM}│{DIM:#} ");
        let (mut blank, mut any) = (false, false);
        for (start, line) in lines {
            let words = marked(line, start, self.place, self.counted);
            if words.trim().is_empty() {
                blank = any;
                continue;
            }
            if self.left == 0 {
                self.page.line(&format!("{bar}…"));
                return;
            }
            if std::mem::take(&mut blank) {
                self.page.line(bar.trim_end());
            }
            self.page.wrapped(&bar, &words);
            self.left -= 1;
            any = true;
        }
    }
}

/// A text without white space, since forms of one mail break their lines differently.
fn unspaced(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The lines of a region, with the byte each begins at.
fn lines_of<'t>(text: &'t Text, region: &Region) -> impl Iterator<Item = (usize, &'t str)> {
    let mut start = region.start;
    text.slice(region).split_inclusive(['\n', '\u{2029}']).map(move |line| {
        let at = start;
        start += line.len();
        (at, line)
    })
}

/// A piece of a text that begins at byte `start` of its place, cleaned, what counted marked as «hit».
fn marked(piece: &str, start: usize, place: Place, counted: &[&Hit]) -> String {
    let hits = counted.iter().filter(|hit| hit.place == place);
    // A hit that goes on over a line break is marked on both lines.
    let mut spans: Vec<(usize, usize)> = hits
        .map(|hit| (hit.start.max(start), hit.end.min(start + piece.trim_end().len())))
        .filter(|(from, to)| from < to)
        .map(|(from, to)| (from - start, to - start))
        .collect();
    spans.sort_unstable();
    let mut text = String::new();
    let mut at = 0;
    for (from, to) in joined(&spans) {
        text.push_str(&clean(piece.get(at..from).unwrap_or("")));
        let hit = clean(piece.get(from..to).unwrap_or(""));
        text.extend([format!("{HIT}«{hit}»{HIT:#}")]);
        at = to;
    }
    text.push_str(clean(piece.get(at..).unwrap_or("")).trim_end());
    text
}

/// Sorted spans, those that overlap as one.
fn joined(spans: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut joined: Vec<(usize, usize)> = Vec::new();
    for (from, to) in spans {
        match joined.last_mut() {
            Some((_, end)) if from < end => *end = (*end).max(*to),
            _ => joined.push((*from, *to)),
        }
    }
    joined
}
