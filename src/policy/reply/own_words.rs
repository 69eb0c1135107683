//! The fixed words of templates, to know them again when a customer's mail brings them back.
//!
//! Not here: what follows from it; the words of our own replies simply do not count (`decision::read`).

use std::ops::Range;

/// A line of a template: its fixed pieces, folded, in order.
#[derive(Debug)]
pub(super) struct OwnLine {
    pieces: Vec<String>,
}

/// The fixed pieces of each line of a template. Lines of fewer than four words could be anybody's.
pub(super) fn own_lines(text: &str) -> Vec<OwnLine> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut pieces = Vec::new();
        let mut rest = line;
        loop {
            let tag = [("{{", "}}"), ("{%", "%}"), ("{#", "#}")]
                .into_iter()
                .filter_map(|(open, close)| rest.find(open).map(|at| (at, close)))
                .min_by_key(|(at, _)| *at);
            let Some((at, close)) = tag else { break };
            pieces.push(fold_line(rest.get(..at).unwrap_or("")));
            let inside = rest.get(at..).unwrap_or("");
            rest = inside.find(close).and_then(|end| inside.get(end + 2..)).unwrap_or("");
        }
        pieces.push(fold_line(rest));
        pieces.retain(|piece| !piece.is_empty());
        let words: usize = pieces.iter().map(|piece| piece.split(' ').count()).sum();
        if words >= 4 {
            lines.push(OwnLine { pieces });
        }
    }
    lines
}

fn fold_line(piece: &str) -> String {
    crate::lexicon::fold(piece).as_str().trim().to_owned()
}

impl OwnLine {
    /// Whether the whole line is there, with anything in place of its variables, and `hit` lies in its fixed words.
    pub(super) fn covers(&self, line: &str, hit: &Range<usize>) -> bool {
        let mut from = 0;
        let mut covered = false;
        for piece in &self.pieces {
            let Some(at) = line.get(from..).and_then(|rest| rest.find(piece.as_str())) else { return false };
            let start = from + at;
            from = start + piece.len();
            covered |= start <= hit.start && hit.end <= from;
        }
        covered
    }
}
