//! Rows in columns, for a terminal at three in the morning.

use textwrap::core::display_width;

use crate::base::text::one_line;

/// The narrowest terminal that people still have.
const WIDTH: usize = 80;

/// The least that is left of the last column, however wide the others are.
const LEAST: usize = 12;

/// Rows under headings, two blanks between columns. Every cell is one line without control characters. A column is as
/// wide as its widest cell; the last one is cut to what is left of 80 columns, and an empty one is left out.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let clean: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
    let is_shown: Vec<bool> = (0..headings.len())
        .map(|column| clean.iter().any(|row| row.get(column).is_some_and(|cell| !cell.is_empty())))
        .collect();
    let shown = |row: Vec<String>| -> Vec<String> {
        row.into_iter().zip(&is_shown).filter(|(_, is_shown)| **is_shown).map(|(cell, _)| cell).collect()
    };
    let mut lines = vec![shown(headings.iter().map(|heading| (*heading).to_owned()).collect())];
    lines.extend(clean.into_iter().map(shown));
    let columns = lines.first().map_or(0, Vec::len);
    let mut widths: Vec<usize> = (0..columns)
        .map(|column| lines.iter().filter_map(|row| row.get(column)).map(|cell| display_width(cell)).max())
        .map(Option::unwrap_or_default)
        .collect();
    if let Some((last, before)) = widths.split_last_mut() {
        let left = WIDTH.saturating_sub(before.iter().map(|width| width + 2).sum());
        *last = (*last).min(left.max(LEAST));
    }
    lines.iter().map(|row| line(row, &widths)).collect()
}

fn line(row: &[String], widths: &[usize]) -> String {
    let cells = row.iter().zip(widths).map(|(cell, width)| {
        let cell = cut(cell, *width);
        let blanks = width.saturating_sub(display_width(&cell));
        format!("{cell}{}", " ".repeat(blanks))
    });
    let line = cells.collect::<Vec<_>>().join("  ");
    format!("{}\n", line.trim_end())
}

/// The beginning of a text that fits, with `…` when something is missing.
pub fn cut(text: &str, width: usize) -> String {
    if display_width(text) <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += display_width(c.encode_utf8(&mut [0; 4]));
        if used > width {
            break;
        }
        kept.push(c);
    }
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_the_last_is_cut_to_80() {
        let rows = [
            vec!["a".to_owned(), String::new(), "x\u{1b}[2J\ny ".to_owned() + &"z".repeat(100)],
            vec!["日本".to_owned(), String::new(), "short".to_owned()],
        ];
        let text = table(&["ID", "EMPTY", "TEXT"], &rows);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[0], "ID    TEXT");
        assert!(lines[1].starts_with("a     x [2J y zzz") && lines[1].ends_with('…'), "{}", lines[1]);
        assert_eq!(display_width(lines[1]), 80);
        assert_eq!(lines[2], "日本  short");
    }

    #[test]
    fn a_cut_text_says_so() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("日本語", 4), "日…");
        assert_eq!(cut("abc", 0), "…");
    }
}
