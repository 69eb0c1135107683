//! A TOML document read with the place of every value, so that each mistake can be shown where it stands.
//!
//! Nothing here stops at the first mistake: a getter that finds the wrong thing notes a diagnostic and answers
//! `None`, and the caller goes on with the rest. What a key means is the caller's business.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::diagnostic::{Diagnostic, Location, Severity, SourceFile, suggest};
use super::text::clean;

mod slip;

/// A value and the bytes it stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its bytes in the file, half-open.
    pub span: Range<usize>,
}

impl<T> At<T> {
    /// A value at a place.
    pub fn new(value: T, span: Range<usize>) -> Self {
        At { value, span }
    }

    /// The place in a file.
    pub fn location(&self, file: &Arc<SourceFile>) -> Location {
        Location::new(file, self.span.clone())
    }
}

/// The mistakes found so far. Beyond [`Problems::LIMIT`] they are only counted, so that a hostile file cannot make
/// the report larger than itself; warnings give way to mistakes.
#[derive(Debug, Default)]
pub struct Problems {
    kept: Vec<Diagnostic>,
    /// How many of those kept are errors.
    errors: usize,
    left_out: usize,
    /// Whether a file was no TOML.
    not_toml: bool,
}

impl Problems {
    /// How many mistakes are kept; more than this nobody reads at once.
    pub const LIMIT: usize = 100;

    /// Notes one mistake or warning.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        match diagnostic.severity {
            Severity::Error => self.push_with(|| diagnostic),
            Severity::Warning if self.kept.len() < Self::LIMIT => self.kept.push(diagnostic),
            Severity::Warning => self.left_out += 1,
        }
    }

    /// Notes one mistake, an error, that is put into words only when it is kept.
    pub fn push_with(&mut self, error: impl FnOnce() -> Diagnostic) {
        if self.kept.len() >= Self::LIMIT {
            self.left_out += 1;
            let warning = self.kept.iter().rposition(|kept| kept.severity == Severity::Warning);
            let Some(warning) = warning.filter(|_| !self.is_full()) else { return };
            self.kept.remove(warning);
        }
        self.errors += 1;
        self.kept.push(error());
    }

    /// How many mistakes and warnings there are so far.
    pub fn count(&self) -> usize {
        self.kept.len() + self.left_out
    }

    /// Whether further mistakes are only counted; looking for what to say about them is then in vain.
    pub fn is_full(&self) -> bool {
        self.errors >= Self::LIMIT
    }

    /// Whether some file was no TOML, so that half of what was written is missing.
    pub fn is_not_toml(&self) -> bool {
        self.not_toml
    }

    /// Notes several.
    pub fn extend(&mut self, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        diagnostics.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The mistakes ordered by file and place, those without a place first, and how many were only counted.
    pub fn into_sorted(mut self) -> (Vec<Diagnostic>, usize) {
        self.kept.sort_by(|left, right| order(left).cmp(&order(right)));
        (self.kept, self.left_out)
    }
}

fn order(diagnostic: &Diagnostic) -> (&str, usize) {
    diagnostic
        .location
        .as_ref()
        .map_or(("", 0), |location| (location.file.name.as_str(), location.span.start))
}

/// Up to this size a file is searched for more than its first syntax error.
const RECOVERED: usize = 1024 * 1024;

/// Parses `file` and hands its root table to `read`. Syntax errors are all noted, and then `read` is not called,
/// since half a file would only make follow-up mistakes.
pub fn read<T>(
    file: &Arc<SourceFile>,
    problems: &mut Problems,
    read: impl FnOnce(&Table<'_>, &mut Problems) -> T,
) -> Option<T> {
    let errors = match DeTable::parse(&file.text) {
        Ok(root) => {
            let table = Table { file, inner: root.get_ref(), span: 0..0, name: Name::File };
            return Some(read(&table, problems));
        }
        // Looking for more mistakes costs more than reading did, and nobody mends a large file mistake by mistake.
        Err(_) if file.text.len() <= RECOVERED => DeTable::parse_recoverable(&file.text).1,
        Err(first) => vec![first],
    };
    problems.not_toml = true;
    let mut last_line = 0;
    for error in errors {
        let place = Location::new(file, error.span().unwrap_or(0..0));
        let line = file.line(place.span.start);
        // A second error on a line nearly always comes from the first.
        if line == last_line {
            continue;
        }
        last_line = line;
        let open = ["array", "inline table", "key-value pairs"]
            .iter()
            .any(|nested| error.message().contains(nested));
        let hint = slip::hint(&place, error.message());
        problems.push_with(|| {
            Diagnostic::error(place, format!("this is not TOML: {}", error.message())).hint_if(hint)
        });
        // What stands behind an unclosed list is read as part of it, so what is said about it is wrong.
        if open || slip::is_conflict(&file.text) {
            break;
        }
    }
    None
}

/// A table of a document.
#[derive(Debug, Clone)]
pub struct Table<'d> {
    file: &'d Arc<SourceFile>,
    inner: &'d DeTable<'d>,
    span: Range<usize>,
    name: Name<'d>,
}

/// A value of a document.
#[derive(Debug, Clone)]
pub struct Value<'d> {
    file: &'d Arc<SourceFile>,
    inner: &'d Spanned<DeValue<'d>>,
    name: Name<'d>,
}

/// What a value is, for a caller that takes values of every kind.
#[derive(Debug, Clone)]
pub enum Shape<'d> {
    /// A string.
    Text(&'d str),
    /// A whole number of 64 bits.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
    /// A list.
    List(Vec<Value<'d>>),
    /// A table.
    Table(Table<'d>),
    /// A fraction, a date, or a number that is too large.
    Other,
}

/// What a message calls a table or value; put into words only when there is something to say.
#[derive(Debug, Clone, Copy)]
enum Name<'d> {
    File,
    Key(Path<'d>),
    /// An element of the list of this key, or of a list in it.
    Element(Path<'d>),
    /// One `[[key]]`.
    Row(Path<'d>),
}

/// A key, with the one before it where that is needed to find it.
#[derive(Debug, Clone, Copy)]
struct Path<'d> {
    /// Empty for a key that is named alone.
    before: &'d str,
    key: &'d str,
}

impl<'d> Name<'d> {
    fn of(key: &'d str) -> Self {
        Name::Key(Path { before: "", key })
    }

    fn path(self) -> Path<'d> {
        match self {
            Name::File => Path { before: "", key: "" },
            Name::Key(path) | Name::Element(path) | Name::Row(path) => path,
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.before {
            "" => formatter.write_str(&clip(self.key)),
            before => write!(formatter, "{}.{}", clip(before), clip(self.key)),
        }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::File => formatter.write_str("the file"),
            Name::Key(path) => write!(formatter, "`{path}`"),
            Name::Element(path) => write!(formatter, "an element of `{path}`"),
            Name::Row(path) => write!(formatter, "`[[{path}]]`"),
        }
    }
}

impl<'d> Table<'d> {
    /// The file it stands in.
    pub fn file(&self) -> &'d Arc<SourceFile> {
        self.file
    }

    /// Its bytes: the header of a `[table]`, or the braces of an inline one; empty at the start for the root.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Where it stands.
    pub fn location(&self) -> Location {
        Location::new(self.file, self.span())
    }

    /// Notes every key that is not among `known`.
    pub fn only(&self, known: &[&str], problems: &mut Problems) {
        self.only_or(known, |_| None, problems);
    }

    /// [`Table::only`], with what is said of an unknown key that is no slip of a known one.
    pub fn only_or(&self, known: &[&str], hint: impl Fn(&str) -> Option<String>, problems: &mut Problems) {
        let mut unknown: Vec<_> =
            self.inner.keys().filter(|key| !known.contains(&key.get_ref().as_ref())).collect();
        unknown.sort_by_key(|key| key.span().start);
        for key in unknown {
            let name = key.get_ref().as_ref();
            problems.push_with(|| {
                let location = Location::new(self.file, key.span());
                Diagnostic::error(location, format!("unknown key in {}", self.name))
                    .found(format!("`{}`", clip(name)))
                    .allowed(list(known))
                    .hint_if(hint(name).or_else(|| suggest(name, known.iter().copied())))
            });
        }
    }

    /// Whether a key is there, or one that is probably a slip of it.
    pub fn attempts(&self, key: &str) -> bool {
        self.inner.keys().any(|written| {
            let written = written.get_ref().as_ref();
            written == key || suggest(written, [key]).is_some()
        })
    }

    /// The keys and values in the order they are written.
    pub fn entries(&self) -> Vec<(At<&'d str>, Value<'d>)> {
        let mut entries: Vec<_> = self.inner.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
            .into_iter()
            .map(|(key, value)| {
                let name: &'d str = key.get_ref().as_ref();
                let path = Path { before: self.name.path().key, key: name };
                (At::new(name, key.span()), Value { file: self.file, inner: value, name: Name::Key(path) })
            })
            .collect()
    }

    /// The value of a key.
    pub fn get(&self, key: &'d str) -> Option<Value<'d>> {
        let value = self.inner.get(key)?;
        Some(Value { file: self.file, inner: value, name: Name::of(key) })
    }

    /// Notes that a required key is missing, unless a slip of it is there: that is an unknown key already.
    pub fn missing(&self, key: &str, allowed: &str, problems: &mut Problems) {
        if self.attempts(key) {
            return;
        }
        problems.push_with(|| {
            Diagnostic::error(self.location(), format!("{} has no `{key}`", self.name))
                .allowed(allowed.to_owned())
        });
    }

    /// A string, when the key is there.
    pub fn string(&self, key: &'d str, problems: &mut Problems) -> Option<At<String>> {
        self.get(key)?.string(problems)
    }

    /// A string that must be there; `allowed` says what it is when it is missing.
    pub fn required_string(
        &self,
        key: &'d str,
        allowed: &str,
        problems: &mut Problems,
    ) -> Option<At<String>> {
        if self.get(key).is_none() {
            self.missing(key, allowed, problems);
        }
        self.string(key, problems)
    }

    /// A list of strings; empty when the key is absent.
    pub fn strings(&self, key: &'d str, problems: &mut Problems) -> Vec<At<String>> {
        self.get(key).map(|value| value.strings(problems)).unwrap_or_default()
    }

    /// A string or a list of strings; empty when the key is absent.
    pub fn string_or_strings(&self, key: &'d str, problems: &mut Problems) -> Vec<At<String>> {
        self.get(key).map(|value| value.string_or_strings(problems)).unwrap_or_default()
    }

    /// `true` or `false`, when the key is there.
    pub fn boolean(&self, key: &'d str, problems: &mut Problems) -> Option<At<bool>> {
        self.get(key)?.boolean(problems)
    }

    /// A table, when the key is there.
    pub fn table(&self, key: &'d str, problems: &mut Problems) -> Option<Table<'d>> {
        self.get(key)?.table(problems)
    }

    /// A table, when the key is there; `allowed` shows what one looks like.
    pub fn table_such_as(&self, key: &'d str, allowed: &str, problems: &mut Problems) -> Option<Table<'d>> {
        let value = self.get(key)?;
        let table = value.as_table();
        if table.is_none() {
            value.wrong_type(allowed, problems);
        }
        table
    }

    /// An array of tables; empty when the key is absent.
    pub fn tables(&self, key: &'d str, problems: &mut Problems) -> Vec<Table<'d>> {
        self.get(key).map(|value| value.tables(problems)).unwrap_or_default()
    }
}

impl<'d> Value<'d> {
    /// Its bytes.
    pub fn span(&self) -> Range<usize> {
        self.inner.span()
    }

    /// Where it stands.
    pub fn location(&self) -> Location {
        Location::new(self.file, self.span())
    }

    /// The string, without a note when it is something else.
    pub fn as_str(&self) -> Option<&'d str> {
        self.inner.get_ref().as_str()
    }

    /// The truth value, without a note when it is something else.
    pub fn as_bool(&self) -> Option<bool> {
        self.inner.get_ref().as_bool()
    }

    /// What it is, with what is in it.
    pub fn shape(&self) -> Shape<'d> {
        match self.inner.get_ref() {
            DeValue::String(text) => Shape::Text(text),
            DeValue::Integer(number) => {
                i64::from_str_radix(number.as_str(), number.radix()).map_or(Shape::Other, Shape::Integer)
            }
            DeValue::Boolean(value) => Shape::Boolean(*value),
            DeValue::Array(_) => Shape::List(self.elements("", &mut Problems::default())),
            DeValue::Table(_) => self.as_table().map_or(Shape::Other, Shape::Table),
            DeValue::Float(_) | DeValue::Datetime(_) => Shape::Other,
        }
    }

    /// What it is, in words, for a message.
    pub fn kind(&self) -> String {
        match self.inner.get_ref() {
            DeValue::String(text) => format!("the string \"{}\"", clip(text)),
            DeValue::Integer(number) => format!("the number {}", clip(number.as_str())),
            DeValue::Float(number) => format!("the number {}", clip(number.as_str())),
            DeValue::Boolean(value) => format!("`{value}`"),
            DeValue::Datetime(value) => format!("the date {value}"),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        }
    }

    /// Notes that something else was expected here.
    pub fn wrong_type(&self, allowed: &str, problems: &mut Problems) {
        problems.push_with(|| {
            Diagnostic::error(self.location(), format!("{} has the wrong type", self.name))
                .found(self.kind())
                .allowed(allowed.to_owned())
        });
    }

    /// [`Value::wrong_type`], with what to write instead.
    fn wrong_type_but(&self, allowed: &str, hint: Option<String>, problems: &mut Problems) {
        problems.push_with(|| {
            Diagnostic::error(self.location(), format!("{} has the wrong type", self.name))
                .found(self.kind())
                .allowed(allowed.to_owned())
                .hint_if(hint)
        });
    }

    /// The string.
    pub fn string(&self, problems: &mut Problems) -> Option<At<String>> {
        if let Some(text) = self.as_str() {
            return Some(At::new(text.to_owned(), self.span()));
        }
        self.wrong_type_but("a string in quotes", slip::as_string(self.inner.get_ref()), problems);
        None
    }

    /// The truth value.
    pub fn boolean(&self, problems: &mut Problems) -> Option<At<bool>> {
        if let Some(value) = self.as_bool() {
            return Some(At::new(value, self.span()));
        }
        self.wrong_type_but(
            "`true` or `false`, without quotes",
            slip::as_truth(self.inner.get_ref()),
            problems,
        );
        None
    }

    /// The elements of a list.
    pub fn elements(&self, allowed: &str, problems: &mut Problems) -> Vec<Value<'d>> {
        if let DeValue::Array(elements) = self.inner.get_ref() {
            let name = Name::Element(self.name.path());
            return elements.iter().map(|inner| Value { file: self.file, inner, name }).collect();
        }
        self.wrong_type_but(allowed, slip::as_list(self.inner.get_ref()), problems);
        Vec::new()
    }

    /// A list of strings.
    pub fn strings(&self, problems: &mut Problems) -> Vec<At<String>> {
        self.elements("a list of strings, such as [\"one\", \"two\"]", problems)
            .iter()
            .filter_map(|element| element.string(problems))
            .collect()
    }

    /// A string, or a list of them.
    pub fn string_or_strings(&self, problems: &mut Problems) -> Vec<At<String>> {
        if let Some(text) = self.as_str() {
            return vec![At::new(text.to_owned(), self.span())];
        }
        self.elements("a string, or a list of strings", problems)
            .iter()
            .filter_map(|element| element.string(problems))
            .collect()
    }

    /// The table, without a note when it is something else.
    pub fn as_table(&self) -> Option<Table<'d>> {
        if let DeValue::Table(inner) = self.inner.get_ref() {
            return Some(Table { file: self.file, inner, span: self.span(), name: self.name });
        }
        None
    }

    /// The table.
    pub fn table(&self, problems: &mut Problems) -> Option<Table<'d>> {
        let table = self.as_table();
        if table.is_none() {
            let hint = match (self.inner.get_ref(), self.name) {
                (DeValue::Array(elements), Name::Key(path))
                    if elements.iter().any(|element| matches!(element.get_ref(), DeValue::Table(_))) =>
                {
                    Some(format!("there is one of these: `[{path}]`, in single brackets"))
                }
                _ => None,
            };
            self.wrong_type_but("a table", hint, problems);
        }
        table
    }

    /// The tables of an array of tables; `[[name]]` in the file.
    pub fn tables(&self, problems: &mut Problems) -> Vec<Table<'d>> {
        let key = self.name.path();
        if let DeValue::Array(elements) = self.inner.get_ref() {
            return elements
                .iter()
                .filter_map(|inner| {
                    let value = Value { file: self.file, inner, name: Name::Element(key) };
                    value.table(problems).map(|table| Table { name: Name::Row(key), ..table })
                })
                .collect();
        }
        let is_inline = self.file.text.get(self.span()).is_some_and(|text| text.starts_with('{'));
        let hint = is_inline.then(|| "in brackets: [{ … }]".to_owned());
        self.wrong_type_but(&format!("tables written as `[[{key}]]`, in double brackets"), hint, problems);
        Vec::new()
    }
}

/// Names for a message: `a`, `b`, `c`.
pub fn list<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 40;
    let text = names
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{}`", clip(name.as_ref())))
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > SHOWN {
        return format!("{text} and {} more", names.len() - SHOWN);
    }
    text
}

/// At most 60 characters of something a user wrote, [`clean`], for a message.
pub fn clip(text: &str) -> String {
    const KEPT: usize = 60;
    let kept = text.char_indices().nth(KEPT).and_then(|(end, _)| text.get(..end));
    match kept {
        Some(kept) => format!("{}…", clean(kept)),
        None => clean(text).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(text: &str, look: impl FnOnce(&Table<'_>, &mut Problems)) -> Vec<String> {
        let mut problems = Problems::default();
        read(&SourceFile::new("a.toml", text), &mut problems, look);
        let (kept, _) = problems.into_sorted();
        kept.into_iter().map(|problem| format!("{} {:?}", problem.message, problem.hint)).collect()
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_known_one() {
        let found = problems_of("nmae = 1", |table, problems| table.only(&["name", "week"], problems));
        assert_eq!(found, ["unknown key in the file Some(\"did you mean `name`?\")"]);
    }

    #[test]
    fn every_wrong_type_is_noted_and_reading_goes_on() {
        let found = problems_of("a = 1\nb = [\"x\", 2]\nc = 'z'", |table, problems| {
            assert_eq!(table.string("a", problems), None);
            assert_eq!(table.strings("b", problems).len(), 1);
            assert_eq!(table.string("c", problems).map(|c| c.value).as_deref(), Some("z"));
        });
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn entries_come_in_the_order_of_the_file() {
        problems_of("z = 1\na = 2", |table, _| {
            let keys: Vec<_> = table.entries().into_iter().map(|(key, _)| key.value).collect();
            assert_eq!(keys, ["z", "a"]);
        });
    }

    #[test]
    fn a_hundred_mistakes_are_kept_and_the_rest_counted_without_words() {
        let mut problems = Problems::default();
        let mut put_into_words = 0;
        for _ in 0..150 {
            problems.push_with(|| {
                put_into_words += 1;
                Diagnostic::without_place("x")
            });
        }
        let (kept, left_out) = problems.into_sorted();
        assert_eq!((kept.len(), left_out, put_into_words), (100, 50, 100));
    }

    #[test]
    fn a_mistake_is_kept_after_any_number_of_warnings() {
        let mut problems = Problems::default();
        for _ in 0..150 {
            problems.push(Diagnostic { severity: Severity::Warning, ..Diagnostic::without_place("w") });
        }
        problems.push_with(|| Diagnostic::without_place("x"));
        let (kept, left_out) = problems.into_sorted();
        assert_eq!((kept.len(), left_out), (100, 51));
        assert!(kept.iter().any(|kept| kept.message == "x"));
    }
}
