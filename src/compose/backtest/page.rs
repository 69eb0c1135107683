//! The page as it is written: lines of at most 80 columns, whatever stands in a subject or a name.

use anstyle::Style;
use jiff::Timestamp;

use crate::base::text::{clean, one_line};
use crate::calendar::Zone;
use crate::compose::table::cut;

const WIDTH: usize = 80;
const TITLE: Style = Style::new().bold();

/// A page under way.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) text: String,
}

impl Page {
    /// A line; what does not fit is cut off.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(cut(line, WIDTH).trim_end());
        self.text.push('\n');
    }

    pub(super) fn title(&mut self, text: &str) {
        let text = cut(&clean(text), WIDTH);
        let title = format!("{TITLE}{text}{TITLE:#}\n");
        self.text.push_str(&title);
    }

    pub(super) fn section(&mut self, text: &str) {
        self.text.push('\n');
        self.title(text);
    }

    /// A name and its value, wrapped beside it.
    pub(super) fn entry(&mut self, name: &str, value: &str) {
        self.wrapped(value, (&format!("  {name:<13} "), "                "));
    }

    /// A text behind an indent for its first line, and one for the others.
    pub(super) fn wrapped(&mut self, text: &str, (first, others): (&str, &str)) {
        let options = textwrap::Options::new(WIDTH).initial_indent(first).subsequent_indent(others);
        for line in textwrap::wrap(&clean(text), options) {
            self.line(&line);
        }
    }

    /// A text of lines, two columns further in.
    pub(super) fn indented(&mut self, text: &str) {
        for line in text.lines() {
            self.line(&format!("  {line}"));
        }
    }

    /// Rows of numbers, each before a name: numbers stand right.
    pub(super) fn numbers(&mut self, headings: &[&str], rows: &[(Vec<usize>, String)]) {
        let (name, heads) = headings.split_last().unwrap_or((&"", &[]));
        let heads: Vec<String> = heads.iter().map(|heading| (*heading).to_owned()).collect();
        let mut all = vec![(heads, (*name).to_owned())];
        all.extend(
            rows.iter()
                .map(|(cells, name)| (cells.iter().map(|cell| grouped(*cell)).collect(), name.clone())),
        );
        let width = |column: usize| {
            all.iter().filter_map(|(cells, _)| cells.get(column).map(String::len)).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..headings.len()).map(width).collect();
        for (cells, name) in &all {
            let cells = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}  "));
            self.line(&format!("  {}{}", cells.collect::<Vec<_>>().concat(), one_line(name)));
        }
    }
}

/// `Fri 9 Jan 2026 21:03`.
pub(super) fn short(at: Timestamp, zone: Option<&Zone>) -> String {
    zone.map_or_else(|| at.to_string(), |zone| zone.to_zoned(at).strftime("%a %-d %b %Y %H:%M").to_string())
}

/// `1 mail`, `2 mails`.
pub(super) fn counted(number: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// `12,345`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn numbers_stand_right_and_no_line_is_wider_than_a_terminal() {
        let mut page = Page::default();
        let rows = [(vec![1], "x".repeat(100)), (vec![12_345], "a\n\u{1b}[2Jb".to_owned())];
        page.numbers(&["N", "RULE"], &rows);
        let lines: Vec<&str> = page.text.lines().collect();
        assert_eq!(lines[0], "       N  RULE");
        assert!(lines[1].starts_with("       1  xxx") && lines[1].ends_with('…'), "{}", lines[1]);
        assert_eq!(lines[1].chars().count(), 80);
        assert_eq!(lines[2], "  12,345  a [2Jb");
    }
}
