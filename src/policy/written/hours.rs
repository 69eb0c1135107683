//! As written: `[[calendar]]`, `[[desk]]`, `[[assign]]`.

use super::When;
use crate::base::document::{At, Problems, Table, Value};

#[derive(Debug)]
pub(in crate::policy) struct Calendar {
    pub(in crate::policy) name: Option<At<String>>,
    pub(in crate::policy) time_zone: Option<At<String>>,
    /// Days, such as `mon-fri`, and their hours.
    pub(in crate::policy) week: Vec<(At<String>, Spans)>,
    pub(in crate::policy) holidays: Vec<At<String>>,
    /// Dates and their hours.
    pub(in crate::policy) days: Vec<(At<String>, Spans)>,
    pub(in crate::policy) place: At<()>,
}

/// Opening hours of one day.
pub(in crate::policy) type Spans = Vec<At<String>>;

#[derive(Debug)]
pub(in crate::policy) struct Desk {
    pub(in crate::policy) name: Option<At<String>>,
    pub(in crate::policy) calendar: Option<At<String>>,
    pub(in crate::policy) place: At<()>,
}

#[derive(Debug)]
pub(in crate::policy) struct Assign {
    pub(in crate::policy) when: Option<When>,
    pub(in crate::policy) to: Option<At<String>>,
    pub(in crate::policy) desks: Vec<At<String>>,
    pub(in crate::policy) place: At<()>,
}

pub(super) fn calendars(root: &Table<'_>, problems: &mut Problems) -> Vec<Calendar> {
    let tables = root.tables("calendar", problems);
    tables
        .iter()
        .map(|table| {
            table.only(&["name", "time_zone", "week", "holidays", "days"], problems);
            if table.get("week").is_none() {
                table.missing("week", "the weekly hours, such as { mon-fri = [\"08:00-20:00\"] }", problems);
            }
            Calendar {
                name: table.required_string("name", "a name that desks refer to", problems),
                time_zone: table.required_string(
                    "time_zone",
                    "an IANA zone such as \"America/New_York\", or a fixed offset such as \"+05:30\"",
                    problems,
                ),
                week: spans_by_key(table, "week", problems),
                holidays: table.strings("holidays", problems),
                days: spans_by_key(table, "days", problems),
                place: At::new((), table.span()),
            }
        })
        .collect()
}

fn spans_by_key<'d>(table: &Table<'d>, key: &'d str, problems: &mut Problems) -> Vec<(At<String>, Spans)> {
    let such_as = match key {
        "days" => "a table, such as { \"2026-12-24\" = [\"08:00-12:00\"], \"2026-12-31\" = [] }",
        _ => "a table, such as { mon-fri = [\"08:00-20:00\"] }",
    };
    let Some(table) = table.table_such_as(key, such_as, problems) else { return Vec::new() };
    table
        .entries()
        .into_iter()
        .map(|(day, spans)| (At::new(day.value.to_owned(), day.span), day_spans(&spans, problems)))
        .collect()
}

/// The hours of a day; a day that is called closed in a word is told how.
fn day_spans(value: &Value<'_>, problems: &mut Problems) -> Spans {
    let is_closed = value.as_bool() == Some(false)
        || value.as_str().is_some_and(|text| ["closed", "off", "none", "holiday", ""].contains(&text.trim()));
    if is_closed {
        value.wrong_type("a list of hours; a day without any is closed: []", problems);
        return Spans::new();
    }
    value.strings(problems)
}

pub(super) fn desks(root: &Table<'_>, problems: &mut Problems) -> Vec<Desk> {
    let tables = root.tables("desk", problems);
    tables
        .iter()
        .map(|table| {
            table.only(&["name", "calendar"], problems);
            Desk {
                name: table.required_string("name", "the name of the desk", problems),
                calendar: table.required_string("calendar", "the name of a [[calendar]]", problems),
                place: At::new((), table.span()),
            }
        })
        .collect()
}

pub(super) fn assigns(root: &Table<'_>, problems: &mut Problems) -> Vec<Assign> {
    let tables = root.tables("assign", problems);
    tables
        .iter()
        .map(|table| {
            table.only(&["when", "to", "desks"], problems);
            Assign {
                when: super::when(table, problems),
                to: table.required_string("to", "a desk, \"next-open\" or \"customer\"", problems),
                desks: table.strings("desks", problems),
                place: At::new((), table.span()),
            }
        })
        .collect()
}
