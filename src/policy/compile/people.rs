//! Identity, customers, and the limits of automatic replies.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::files::TextFiles;
use super::super::written;
use super::super::{AddressRule, AutoReply, Customer, Customers, Identity, Lint, ReplySubject};
use super::rules::no_duration;
use super::{POLICY_FILE, malformed, refusal, repair};
use crate::base::diagnostic::{Diagnostic, Location, SourceFile, suggest};
use crate::base::document::{At, Problems, clip, list};
use crate::base::duration::{RATE_FORM, Rate, parse_duration, parse_rate};
use crate::mail::{Mailbox, Marker, MarkerMistake};

const ADDRESS_FORM: &str = "an address such as \"support@example.com\", or a host such as \"@example.com\"";

pub(super) fn identity(
    file: &Arc<SourceFile>,
    written: &written::Policy,
    problems: &mut Problems,
) -> Identity {
    let identity = &written.identity;
    let mut rules = |list: &[At<String>]| {
        let mut rules = Vec::new();
        for text in list {
            match AddressRule::parse(&text.value) {
                Some(rule) => rules.push(rule),
                None => problems.push_with(|| {
                    refusal(file, text, "this is neither an address nor a host", ADDRESS_FORM)
                        .hint_if(repair::address(&text.value))
                }),
            }
        }
        rules
    };
    let (addresses, addressed_to) = (rules(&identity.addresses), rules(&identity.addressed_to));
    let (agents, forms) = (rules(&identity.agents), rules(&written.forms));
    Identity {
        addresses,
        addressed_to,
        agents,
        forms,
        authserv_ids: authserv_ids(file, &identity.authserv_ids, problems),
        machine_markers: markers(file, &identity.machine_markers, problems),
    }
}

/// RFC 8601 section 2.2: a value without blanks; in practice the name of a host.
fn authserv_ids(file: &Arc<SourceFile>, written: &[At<String>], problems: &mut Problems) -> Vec<String> {
    for id in written {
        let is_host = !id.value.is_empty() && !id.value.contains(['/', ':', '@', ',', ';']);
        if !is_host || id.value.contains(char::is_whitespace) {
            malformed(
                file,
                id,
                "no server calls itself this",
                "the name of a host, such as \"mx.example.com\"",
                problems,
            );
        }
    }
    written.iter().map(|id| id.value.clone()).collect()
}

const MARKER_FORM: &str =
    "a field name such as \"X-Robot\", or a name and a pattern such as \"X-Class: automated*\"";

fn markers(file: &Arc<SourceFile>, written: &[At<String>], problems: &mut Problems) -> Vec<Marker> {
    let mut markers = Vec::new();
    for text in written {
        let what = match Marker::parse(&text.value) {
            Ok(marker) => {
                markers.push(marker);
                continue;
            }
            Err(MarkerMistake::Name) => "this is no name of a header field",
            Err(MarkerMistake::NoValue) => "there is a colon and no pattern after it",
            Err(MarkerMistake::Value) => "no header field has such a value",
        };
        malformed(file, text, what, MARKER_FORM, problems);
    }
    markers
}

pub(super) fn customers(
    written: &written::Customers,
    desks: &[String],
    texts: &mut TextFiles<'_>,
    file: &Arc<SourceFile>,
    problems: &mut Problems,
) -> Customers {
    let mut customers = Customers::new(written.default_plan.as_ref().map(|plan| plan.value.clone()));
    let Some(name) = &written.file else { return customers };
    if !texts.contains(&name.value) {
        let known: Vec<String> = texts
            .all_names()
            .filter(|name| !name.contains('/') && *name != POLICY_FILE)
            .map(str::to_owned)
            .collect();
        problems.push_with(|| {
            Diagnostic::error(name.location(file), "this file of customers is missing")
                .found(format!("\"{}\"", clip(&name.value)))
                .allowed("a file of this folder, such as \"customers.csv\"")
                .hint_if(suggest(&name.value, known.iter().map(String::as_str)))
        });
        return customers;
    }
    if let Some((_, source)) = texts.open(&name.value, problems) {
        let desk_of = desks.iter().enumerate().map(|(index, desk)| (desk.as_str(), index)).collect();
        Rows { source: &source, desks, desk_of, customers: &mut customers }.read(problems);
    }
    customers
}

/// The rows of `customers.csv` (RFC 4180 with a header line).
struct Rows<'r> {
    source: &'r Arc<SourceFile>,
    desks: &'r [String],
    desk_of: HashMap<&'r str, usize>,
    customers: &'r mut Customers,
}

const COLUMNS: [&str; 4] = ["sender", "customer", "plan", "desk"];

impl Rows<'_> {
    fn read(&mut self, problems: &mut Problems) {
        let source = Arc::clone(self.source);
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .comment(Some(b'#'))
            .from_reader(source.text.as_bytes());
        let Some(columns) = self.columns(&mut reader, problems) else { return };
        for record in reader.records() {
            match record {
                Ok(record) => self.row(&record, &columns, problems),
                Err(error) => self.unreadable(&error, problems),
            }
        }
    }

    fn unreadable(&self, error: &csv::Error, problems: &mut Problems) {
        let line = error.position().map_or(1, csv::Position::line);
        if self.is_unclosed(error.position()) {
            self.unclosed(line, problems);
            return;
        }
        self.note(line, "this line cannot be read", problems, |diagnostic| {
            if let csv::ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
                let allowed = format!("{expected_len}, as in the first line");
                let comma = "a value that holds a comma stands in quotes: \"Client, Inc.\"";
                let hint = if len > expected_len { Some(comma.to_owned()) } else { None };
                let plural = if *len == 1 { "" } else { "s" };
                return diagnostic.found(format!("{len} field{plural}")).allowed(allowed).hint_if(hint);
            }
            diagnostic.found(error.to_string())
        });
    }

    /// Whether the last row begins here and a quote in it is never closed, so that it goes on to the end of the file.
    fn is_unclosed(&self, position: Option<&csv::Position>) -> bool {
        let start = position.and_then(|position| usize::try_from(position.byte()).ok());
        let rest = start.and_then(|start| self.source.text.get(start..)).unwrap_or("");
        let quotes = rest.bytes().filter(|byte| *byte == b'"').count();
        rest.contains('"') && quotes % 2 == 1 && self.rows_after(position) == 0
    }

    /// How many rows are still to come after the one that begins here.
    fn rows_after(&self, position: Option<&csv::Position>) -> usize {
        let start = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(0);
        let rest = self.source.text.get(start..).unwrap_or("");
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(rest.as_bytes());
        reader.byte_records().skip(1).take(1).count()
    }

    fn unclosed(&self, line: u64, problems: &mut Problems) {
        self.note(line, "a quote in this line is never closed", problems, |diagnostic| {
            diagnostic
                .found("everything behind it is one value")
                .allowed("quotes in pairs around a value; a quote within one is written twice")
        });
    }

    /// What is wrong with the first line as a whole; its names are not looked at then.
    fn is_no_header(&self, header: &csv::StringRecord, problems: &mut Problems) -> bool {
        let allowed = "a first line `sender,customer,plan,desk`; plan and desk may be left out";
        let first = header.get(0).unwrap_or("");
        let separator = [';', '\t', '|'].into_iter().find(|mark| header.len() == 1 && first.contains(*mark));
        if let Some(mark) = separator {
            let name = if mark == '\t' { "a tab".to_owned() } else { format!("`{mark}`") };
            self.note(1, "the columns are not separated by commas", problems, |diagnostic| {
                diagnostic
                    .found(format!("{name} between the columns"))
                    .allowed(allowed)
                    .hint("save the table again as CSV, with the comma as separator")
            });
            return true;
        }
        let is_row = header.iter().any(|field| AddressRule::parse(field).is_some());
        if is_row {
            self.note(1, "the first line does not name the columns", problems, |diagnostic| {
                diagnostic
                    .found(format!("\"{}\"", clip(first)))
                    .allowed(allowed)
                    .hint("put that line before this one")
            });
        }
        is_row
    }

    /// Which column stands where; `sender` and `customer` must be there.
    fn columns(
        &self,
        reader: &mut csv::Reader<&[u8]>,
        problems: &mut Problems,
    ) -> Option<[Option<usize>; 4]> {
        let header = reader.headers().ok()?.clone();
        if self.is_no_header(&header, problems) {
            return None;
        }
        let before = problems.count();
        for (index, name) in header.iter().enumerate() {
            if header.iter().take(index).any(|earlier| earlier.eq_ignore_ascii_case(name)) {
                self.note(1, "two columns have the same name", problems, |diagnostic| {
                    diagnostic.found(format!("\"{}\" twice", clip(name))).allowed("each column once")
                });
            }
            if !COLUMNS.iter().any(|column| column.eq_ignore_ascii_case(name)) {
                self.note(1, "unknown column", problems, |diagnostic| {
                    diagnostic
                        .found(format!("\"{}\"", clip(name)))
                        .allowed(list(&COLUMNS))
                        .hint_if(suggest(name, COLUMNS))
                });
            }
        }
        let named = |column: &str| header.iter().position(|name| name.eq_ignore_ascii_case(column));
        let columns = COLUMNS.map(named);
        for (column, place) in COLUMNS.iter().zip(columns).take(2) {
            if place.is_none() && problems.count() == before {
                self.note(1, "a column is missing", problems, |diagnostic| {
                    diagnostic
                        .found(format!("no `{column}`"))
                        .allowed("a first line `sender,customer,plan,desk`; plan and desk may be left out")
                });
            }
        }
        columns.iter().take(2).all(Option::is_some).then_some(columns)
    }

    fn row(&mut self, record: &csv::StringRecord, columns: &[Option<usize>; 4], problems: &mut Problems) {
        let line = record.position().map_or(1, csv::Position::line);
        let field = |index: &Option<usize>| index.and_then(|index| record.get(index)).unwrap_or("");
        let [sender, name, plan, desk] = columns.each_ref().map(field);
        if record.iter().any(|field| field.contains('\n')) && self.is_unclosed(record.position()) {
            self.unclosed(line, problems);
            return;
        }
        let Some(rule) = AddressRule::parse(sender) else {
            self.note(line, "this is neither an address nor a host", problems, |diagnostic| {
                diagnostic
                    .found(format!("\"{}\"", clip(sender)))
                    .allowed(ADDRESS_FORM)
                    .hint_if(repair::address(sender))
            });
            return;
        };
        if name.is_empty() {
            self.note(line, "this customer has no name", problems, |diagnostic| {
                diagnostic.allowed("a name in `customer`")
            });
        }
        let desk_index = self.desk_of.get(desk).copied();
        if desk_index.is_none() && !desk.is_empty() {
            self.note(line, "there is no desk of this name", problems, |diagnostic| {
                diagnostic
                    .coded(Lint::UndefinedName.code())
                    .found(format!("\"{}\"", clip(desk)))
                    .allowed(list(self.desks))
                    .hint_if(suggest(desk, self.desks.iter().map(String::as_str)))
            });
        }
        let plan = (!plan.is_empty()).then(|| plan.to_owned());
        let customer = Customer { name: name.to_owned(), plan, desk: desk_index };
        if !self.customers.insert(rule, customer) {
            self.note(line, "this sender stands in the file twice", problems, |diagnostic| {
                diagnostic.found(format!("\"{}\"", clip(sender))).allowed("each address and each host once")
            });
        }
    }

    fn note(
        &self,
        line: u64,
        what: &str,
        problems: &mut Problems,
        more: impl FnOnce(Diagnostic) -> Diagnostic,
    ) {
        problems.push_with(|| {
            let line = self.row_at(usize::try_from(line).unwrap_or(usize::MAX));
            more(Diagnostic::error(Location::new(self.source, self.source.line_span(line)), what))
        });
    }

    /// The line of the row itself: its position is that of the comments and blank lines before it.
    fn row_at(&self, line: usize) -> usize {
        let text = |line| self.source.text.get(self.source.line_span(line)).unwrap_or("");
        let is_row = |line: &usize| !text(*line).trim().is_empty() && !text(*line).starts_with('#');
        let lines = line..=self.source.line(self.source.text.len());
        lines.into_iter().find(is_row).unwrap_or(line)
    }
}

/// Reads `[auto_reply]`; a policy whose rules name replies must say from whom they come.
pub(super) fn auto_reply(
    file: &Arc<SourceFile>,
    written: &written::AutoReply,
    first_reply: Option<&At<String>>,
    problems: &mut Problems,
) -> AutoReply {
    if let (None, Some(reply)) = (&written.from, first_reply) {
        problems.push_with(|| {
            Diagnostic::error(reply.location(file), "replies have no sender")
                .found("rules that reply, and no `from` in [auto_reply]")
                .allowed("[auto_reply] with from = \"Example Support <support@example.com>\"")
        });
    }
    let from = written.from.as_ref().filter(|from| {
        let usable = Mailbox::parse(&from.value).is_some();
        if !usable {
            let allowed = "one address, such as \"Example Support <support@example.com>\"";
            malformed(file, from, "replies cannot come from this", allowed, problems);
        }
        usable
    });
    let from = from.map(|from| from.value.clone());
    let mut duration = |written: &Option<At<String>>, default| {
        let Some(text) = written else { return default };
        let parsed = parse_duration(&text.value);
        if parsed.is_none() {
            problems.push_with(|| no_duration(file, text));
        } else if parsed == Some(jiff::SignedDuration::ZERO) {
            malformed(file, text, "no time at all makes no limit", "more than \"0m\"", problems);
        }
        parsed.unwrap_or(default)
    };
    let day = jiff::SignedDuration::from_hours(24);
    let (once_per, max_age) = (duration(&written.once_per, day), duration(&written.max_age, day));
    let mut rate = |written: &Option<At<String>>, count| {
        let default = Rate { count, per: jiff::SignedDuration::from_hours(1) };
        let Some(text) = written else { return default };
        parse_rate(&text.value).unwrap_or_else(|| {
            problems.push_with(|| {
                refusal(file, text, "this is no rate", RATE_FORM).hint_if(repair::rate(&text.value))
            });
            default
        })
    };
    let (per_domain, per_mailbox) = (rate(&written.per_domain, 20), rate(&written.per_mailbox, 100));
    let subject = reply_subject(file, written.subject.as_ref(), problems);
    AutoReply { from, subject, once_per, per_domain, per_mailbox, max_age }
}

fn reply_subject(
    file: &Arc<SourceFile>,
    written: Option<&At<String>>,
    problems: &mut Problems,
) -> ReplySubject {
    match written.map(|text| (text, text.value.as_str())) {
        None | Some((_, "template")) => ReplySubject::Template,
        Some((_, "auto")) => ReplySubject::Auto,
        Some((_, "re")) => ReplySubject::Re,
        Some((text, _)) => {
            let allowed = "\"template\" (the first line of the template), \"auto\" or \"re\" (`Auto:` or `Re:` and the subject of the mail)";
            malformed(file, text, "replies have no such subject", allowed, problems);
            ReplySubject::Template
        }
    }
}
