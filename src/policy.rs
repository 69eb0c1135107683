//! Layer 2: the rules of one support desk, as written and as meant.
//!
//! A policy folder comes in as bytes ([`Files`]); [`compile`] reads everything, checks everything and answers either
//! a [`Policy`] that `decision` can apply without looking anything up by name, or every mistake at once. Names became
//! indices, words became automata, hours became calendars. Nothing here reads files, the clock or a mail.
//!
//! Invariants: a `Policy` that exists is complete (every index is valid, every template that a
//! rule names has been rendered with samples of what the rule lets through, and a warning says where there were too many
//! to try); its [`Policy::digest`] changes whenever a file outside `tests/` does.

mod compile;
mod condition;
mod example;
mod files;
mod lint;
mod people;
mod reply;
mod schema;
mod target;
mod words;
mod written;

use std::ops::Range;
use std::sync::Arc;

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp};

pub use compile::{Outcome, compile};
pub use condition::{Condition, Facts, Key, Matcher, Test};
pub use example::{Event, Example, ExampleMail, Expectation, Following, Wanted};
pub use files::{Files, RawFile};
pub use lint::{Lint, Lints, lint};
pub use people::{AddressRule, Customer, Customers, Identity, SenderGlob};
pub use reply::{NearMissVariable, RenderError, Rendered, Replies, ReplyVariables, Variant};
pub use schema::SCHEMA;
pub use target::Target;
pub use words::{Place, PlaceSet, Scan, Term, TermHit, TermKind, Words};

use crate::base::diagnostic::SourceFile;
use crate::base::duration::Rate;
use crate::calendar::{Calendar, DaySpan, State};

/// Where something stands: a file of the policy and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Index into [`Policy::files`].
    pub file: usize,
    /// Bytes, half-open.
    pub span: Range<usize>,
}

/// The rules of one desk, ready to be applied.
#[derive(Debug)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Names the content of every file outside `tests/`.
    pub digest: String,
    /// The text files, so that a trace can say `file:line`.
    pub files: Vec<Arc<SourceFile>>,
    /// Names that `mailbox` conditions may use.
    pub mailboxes: Vec<String>,
    /// Who we are.
    pub identity: Identity,
    /// Hours; desks refer to them.
    pub calendars: Vec<Calendar>,
    /// Where the parts of each calendar stand, in the same order.
    pub calendar_places: Vec<CalendarPlaces>,
    /// The desks, in file order.
    pub desks: Vec<Desk>,
    /// Which desk takes a mail; the first match wins. Never empty.
    pub assigns: Vec<Assign>,
    /// Labels, then matrices in an order in which each only needs earlier ones.
    pub labels: Vec<Label>,
    /// The words of all labels in one automaton.
    pub words: Words,
    /// Senders we know.
    pub customers: Customers,
    /// What replies ask for.
    pub asks: Vec<Ask>,
    /// What is done; the first match wins.
    pub coverage: Vec<Coverage>,
    /// What is added to whatever coverage decided.
    pub also: Vec<Also>,
    /// Who is told, and when.
    pub escalations: Vec<Escalation>,
    /// How follow-ups are treated.
    pub conversation: Conversation,
    /// Limits of automatic replies.
    pub auto_reply: AutoReply,
    /// The reply templates.
    pub replies: Replies,
    /// Lints that were accepted, with the reason.
    pub accepted: Vec<Accepted>,
    /// The examples that the policy carries.
    pub examples: Vec<Example>,
}

/// The beginning of a digest, as people are shown it.
pub fn short_digest(digest: &str) -> &str {
    /// Enough to tell policies apart.
    const SHOWN: usize = 12;
    digest.get(..SHOWN).unwrap_or(digest)
}

impl Policy {
    /// `file:line` of a place.
    pub fn source(&self, origin: &Origin) -> String {
        self.files
            .get(origin.file)
            .map_or_else(String::new, |file| format!("{}:{}", file.name, file.line(origin.span.start)))
    }

    /// The index of a label or matrix.
    pub fn label(&self, name: &str) -> Option<usize> {
        self.labels.iter().position(|label| label.name == name)
    }

    /// The hours of a desk.
    pub fn calendar(&self, desk: usize) -> Option<&Calendar> {
        self.calendars.get(self.desks.get(desk)?.calendar)
    }

    /// Chooses a desk at an instant: the first open one of a pool, else the one that opens first, ties in file order.
    pub fn next_open(&self, pool: &[usize], at: Timestamp) -> NextOpen {
        let mut clocks = Vec::with_capacity(pool.len());
        let mut first: Option<(Timestamp, usize)> = None;
        for desk in pool.iter().copied() {
            let Some(state) = self.calendar(desk).map(|calendar| calendar.state_at(at)) else { continue };
            clocks.push((desk, state));
            match state {
                State::Open { .. } => return NextOpen { clocks, desk: Some(desk), is_open: true },
                State::Closed { opens_at: Some(opens_at), .. } => {
                    if first.is_none_or(|(earliest, _)| opens_at < earliest) {
                        first = Some((opens_at, desk));
                    }
                }
                State::Closed { opens_at: None, .. } => {}
            }
        }
        NextOpen { clocks, desk: first.map(|(_, desk)| desk), is_open: false }
    }

    /// The name of a value of a label.
    pub fn value(&self, label: usize, value: usize) -> Option<&str> {
        Some(self.labels.get(label)?.values.get(value)?.as_str())
    }
}

/// How a desk was chosen from a pool.
#[derive(Debug)]
pub struct NextOpen {
    /// The desks that were looked at, and how their hours stood.
    pub clocks: Vec<(usize, State)>,
    /// The one chosen; `None` when none of them ever opens.
    pub desk: Option<usize>,
    /// Whether it is open.
    pub is_open: bool,
}

/// A team with hours.
#[derive(Debug)]
pub struct Desk {
    /// Its name.
    pub name: String,
    /// Index into [`Policy::calendars`].
    pub calendar: usize,
    /// Where it stands.
    pub origin: Origin,
}

/// Where the parts of a `[[calendar]]` stand.
#[derive(Debug)]
pub struct CalendarPlaces {
    /// Its time zone.
    pub time_zone: Origin,
    /// Every stretch of hours of the week, once for each weekday that has it.
    pub week: Vec<(Weekday, DaySpan, Origin)>,
    /// Every stretch of hours of a dated exception.
    pub days: Vec<(Date, DaySpan, Origin)>,
    /// Its holiday files.
    pub holidays: Vec<HolidayFile>,
}

/// A holiday file as a calendar names it.
#[derive(Debug)]
pub struct HolidayFile {
    /// The last year that it was kept for; `None` when it has no holiday.
    pub last_year: Option<i16>,
    /// Where the calendar names it.
    pub origin: Origin,
}

/// A row of `[[assign]]`.
#[derive(Debug)]
pub struct Assign {
    /// When it applies.
    pub when: Condition,
    /// Which desk it gives.
    pub to: AssignTo,
    /// Desks to choose from, in file order of `[[desk]]`.
    pub pool: Vec<usize>,
    /// Where it stands; `None` for the one that is understood when a policy has none.
    pub origin: Option<Origin>,
}

/// How a desk is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignTo {
    /// Always this one.
    Desk(usize),
    /// The open desk, else the one that opens first, ties in file order.
    NextOpen,
    /// The customer's desk, else as `NextOpen`.
    Customer,
}

/// A dimension with one value.
#[derive(Debug)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its values, the strongest first (a matrix: in the order its cells name them).
    pub values: Vec<String>,
    /// Where each value stands; of a matrix, where the matrix does.
    pub places: Vec<Origin>,
    /// The value when nothing hit.
    pub default: Option<usize>,
    /// How the value comes about.
    pub kind: LabelKind,
    /// Where it stands.
    pub origin: Origin,
}

/// How a label gets its value.
#[derive(Debug)]
pub enum LabelKind {
    /// From words of the mail.
    Words,
    /// From two other labels.
    Matrix {
        /// The label of the rows.
        rows: usize,
        /// The label of the columns.
        columns: usize,
        /// `cells[row value][column value]` is a value of this label.
        cells: Vec<Vec<usize>>,
    },
}

impl LabelKind {
    /// The value of a matrix for a row and a column; none where one of them is empty, and for a label of words.
    pub fn cell(&self, row: Option<usize>, column: Option<usize>) -> Option<usize> {
        match self {
            LabelKind::Words => None,
            LabelKind::Matrix { cells, .. } => cells.get(row?)?.get(column?).copied(),
        }
    }
}

/// Information that the desk needs.
#[derive(Debug)]
pub struct Ask {
    /// Its name.
    pub name: String,
    /// When it is needed.
    pub when: Condition,
    /// Its patterns, as a range of [`Words::found`].
    pub found: Range<usize>,
    /// The question that the reply puts.
    pub question: String,
    /// Where it stands.
    pub origin: Origin,
}

/// A row of `[[coverage]]`.
#[derive(Debug)]
pub struct Coverage {
    /// Its name, unique.
    pub name: String,
    /// When it applies.
    pub when: Condition,
    /// Escalations started at once.
    pub alerts: Vec<usize>,
    /// The escalation started when the desk next opens.
    pub defer: Option<usize>,
    /// The reply template, as an index of [`Replies`].
    pub reply: Option<usize>,
    /// Until when the desk answers.
    pub target: Option<Target>,
    /// Where it stands.
    pub origin: Origin,
}

/// A row of `[[also]]`.
#[derive(Debug)]
pub struct Also {
    /// Its name.
    pub name: String,
    /// When it applies.
    pub when: Condition,
    /// Escalations started besides.
    pub alerts: Vec<usize>,
    /// Where it stands.
    pub origin: Origin,
}

/// Who is told, step by step.
#[derive(Debug)]
pub struct Escalation {
    /// Its name, unique.
    pub name: String,
    /// May wake people.
    pub pages: bool,
    /// The steps, by time.
    pub steps: Vec<EscalationStep>,
    /// How often the last step repeats.
    pub repeat_every: Option<SignedDuration>,
    /// How long before the case's target people are reminded.
    pub remind_before: Option<SignedDuration>,
    /// What makes two cases one alert.
    pub group_by: Vec<GroupBy>,
    /// When the case lapses.
    pub give_up_after: SignedDuration,
    /// Where it stands.
    pub origin: Origin,
}

impl Escalation {
    /// What it asks for and nothing does yet, in words: only its first step is acted on.
    pub fn not_acted_on(&self) -> Vec<String> {
        let later = self.steps.len().saturating_sub(1);
        let parts = [
            (later > 0)
                .then(|| if later == 1 { "1 later step".to_owned() } else { format!("{later} later steps") }),
            self.repeat_every.map(|_| "`repeat_every`".to_owned()),
            self.remind_before.map(|_| "`remind_before`".to_owned()),
            (!self.group_by.is_empty()).then(|| "`group_by`".to_owned()),
        ];
        parts.into_iter().flatten().collect()
    }
}

/// One step of an escalation.
#[derive(Debug)]
pub struct EscalationStep {
    /// After the start of the escalation.
    pub after: SignedDuration,
    /// Names of channels; the service settings define them.
    pub notify: Vec<String>,
}

/// What makes two cases one alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupBy {
    /// The customer.
    Customer,
    /// The value of a label.
    Label(usize),
    /// The desk.
    Desk,
    /// The mailbox.
    Mailbox,
}

/// How follow-ups are treated.
#[derive(Debug)]
pub struct Conversation {
    /// Labels whose strongest earlier value a follow-up takes.
    pub inherit: Vec<usize>,
    /// From when a raised case's target counts.
    pub raise_clock: RaiseClock,
    /// How long after its last mail a closed case is still reopened.
    pub reopen_within: SignedDuration,
}

/// From when a raised case's target counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RaiseClock {
    /// From the mail that raised it.
    Raise,
    /// From the mail that opened the case.
    Creation,
}

/// Limits of automatic replies.
#[derive(Debug)]
pub struct AutoReply {
    /// The From address, as a mailbox; `None` when the policy never replies.
    pub from: Option<String>,
    /// What stands in the subject.
    pub subject: ReplySubject,
    /// One reply per sender in this time.
    pub once_per: SignedDuration,
    /// Replies to one domain.
    pub per_domain: Rate,
    /// Replies from one mailbox.
    pub per_mailbox: Rate,
    /// Older mail gets no reply.
    pub max_age: SignedDuration,
}

/// What the subject of a reply is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplySubject {
    /// The first line of the template.
    Template,
    /// `Auto:` and the subject of the mail that is answered.
    Auto,
    /// `Re:` and that subject, unless it begins like that already.
    Re,
}

/// A lint that the author accepts.
#[derive(Debug)]
pub struct Accepted {
    /// Which one.
    pub lint: Lint,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub origin: Origin,
}
