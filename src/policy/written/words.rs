//! As written: `[words]`, `[[label.NAME]]`, `[matrix.NAME]`, `[[ask]]`.

use super::When;
use crate::base::document::{At, Problems, Table};

#[derive(Debug)]
pub(in crate::policy) struct Label {
    pub(in crate::policy) name: At<String>,
    /// Strongest first.
    pub(in crate::policy) values: Vec<Word>,
    /// It is written as a list of tables; anything else was noted.
    pub(in crate::policy) is_list: bool,
}

#[derive(Debug)]
pub(in crate::policy) struct Word {
    pub(in crate::policy) value: Option<At<String>>,
    pub(in crate::policy) keywords: Vec<At<String>>,
    pub(in crate::policy) except: Vec<At<String>>,
    pub(in crate::policy) except_patterns: Vec<At<String>>,
    pub(in crate::policy) patterns: Vec<At<String>>,
    /// Something in it is wrong, and was said.
    pub(in crate::policy) is_broken: bool,
    pub(in crate::policy) places: Vec<At<String>>,
    pub(in crate::policy) default: Option<At<bool>>,
    pub(in crate::policy) place: At<()>,
}

#[derive(Debug)]
pub(in crate::policy) struct Matrix {
    pub(in crate::policy) name: At<String>,
    pub(in crate::policy) rows: Option<At<String>>,
    pub(in crate::policy) columns: Option<At<String>>,
    /// Row value, then column value and the cell.
    pub(in crate::policy) cells: Vec<(At<String>, Row)>,
    /// Something in it is wrong, and was said.
    pub(in crate::policy) is_broken: bool,
    pub(in crate::policy) place: At<()>,
}

/// Column values and their cells.
pub(in crate::policy) type Row = Vec<(At<String>, At<String>)>;

#[derive(Debug)]
pub(in crate::policy) struct Ask {
    pub(in crate::policy) name: Option<At<String>>,
    pub(in crate::policy) when: Option<When>,
    pub(in crate::policy) found: Vec<At<String>>,
    pub(in crate::policy) question: Option<At<String>>,
    pub(in crate::policy) place: At<()>,
}

/// Lists of words by name.
pub(super) fn lists(root: &Table<'_>, problems: &mut Problems) -> Vec<(At<String>, Vec<At<String>>)> {
    let Some(table) = root.table("words", problems) else { return Vec::new() };
    let lists = table.entries().into_iter();
    lists.map(|(name, words)| (At::new(name.value.to_owned(), name.span), words.strings(problems))).collect()
}

pub(super) fn labels(root: &Table<'_>, problems: &mut Problems) -> Vec<Label> {
    let such_as = "tables written as `[[label.urgency]]`, in double brackets and with the name of the label";
    let Some(table) = root.table_such_as("label", such_as, problems) else { return Vec::new() };
    let mut labels = Vec::new();
    for (name, value) in table.entries() {
        let before = problems.count();
        let tables = value.tables(problems);
        let is_list = problems.count() == before;
        let values = tables.iter().map(|word| self::word(word, problems)).collect();
        labels.push(Label { name: At::new(name.value.to_owned(), name.span), values, is_list });
    }
    labels
}

fn word(table: &Table<'_>, problems: &mut Problems) -> Word {
    let before = problems.count();
    table.only(&["value", "keywords", "except", "patterns", "except_patterns", "in", "default"], problems);
    let word = Word {
        value: table.required_string("value", "the value that these words give the label", problems),
        keywords: table.strings("keywords", problems),
        except: table.strings("except", problems),
        except_patterns: table.strings("except_patterns", problems),
        patterns: table.strings("patterns", problems),
        places: table.strings("in", problems),
        default: table.boolean("default", problems),
        is_broken: false,
        place: At::new((), table.span()),
    };
    Word { is_broken: problems.count() > before, ..word }
}

pub(super) fn matrices(root: &Table<'_>, problems: &mut Problems) -> Vec<Matrix> {
    let such_as =
        "a table written as `[matrix.priority]`, in single brackets and with the name of the matrix";
    let Some(table) = root.table_such_as("matrix", such_as, problems) else { return Vec::new() };
    let mut matrices = Vec::new();
    for (name, value) in table.entries() {
        let Some(matrix) = value.table(problems) else { continue };
        let before = problems.count();
        matrix.only(&["rows", "columns", "cells"], problems);
        matrices.push(Matrix {
            name: At::new(name.value.to_owned(), name.span.clone()),
            rows: matrix.required_string("rows", "the label whose values are the rows", problems),
            columns: matrix.required_string("columns", "the label whose values are the columns", problems),
            cells: cells(&matrix, problems),
            is_broken: problems.count() > before,
            place: At::new((), name.span),
        });
    }
    matrices
}

fn cells(matrix: &Table<'_>, problems: &mut Problems) -> Vec<(At<String>, Row)> {
    let such_as = "a table for each row, such as cells.high = { high = \"high\", low = \"medium\" }";
    if matrix.get("cells").is_none() {
        matrix.missing("cells", such_as, problems);
    }
    let Some(rows) = matrix.table_such_as("cells", such_as, problems) else { return Vec::new() };
    let mut cells = Vec::new();
    for (row, columns) in rows.entries() {
        let Some(columns) = columns.table(problems) else { continue };
        let mut found = Vec::new();
        for (column, cell) in columns.entries() {
            if let Some(cell) = cell.string(problems) {
                found.push((At::new(column.value.to_owned(), column.span), cell));
            }
        }
        cells.push((At::new(row.value.to_owned(), row.span), found));
    }
    cells
}

pub(super) fn asks(root: &Table<'_>, problems: &mut Problems) -> Vec<Ask> {
    let tables = root.tables("ask", problems);
    tables
        .iter()
        .map(|table| {
            table.only(&["name", "when", "found", "question"], problems);
            Ask {
                name: table.required_string(
                    "name",
                    "what is asked for, such as \"product version\"",
                    problems,
                ),
                when: super::when(table, problems),
                found: table.strings("found", problems),
                question: table.required_string("question", "the question as the reply puts it", problems),
                place: At::new((), table.span()),
            }
        })
        .collect()
}
