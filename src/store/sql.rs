//! Statements over many rows, and the only place that knows which driver runs them.
//!
//! Each statement costs a walk to the database's thread and back, so rows are written, and values looked for, many at
//! once. Each length is a statement of its own that stays prepared; so there are few lengths. Long lists have nameless
//! placeholders: a named one is looked up by SQLite in a walk through those before it.

use sqlx::{AssertSqlSafe, Row as _};

use super::StoreError;

/// The driver; `any` would copy every value once more on its way in and out.
pub(super) type Database = sqlx::Sqlite;
pub(super) type Connection = sqlx::SqliteConnection;
pub(super) type Pool = sqlx::SqlitePool;
pub(super) type Row = sqlx::sqlite::SqliteRow;

/// How many rows one statement writes.
const WRITTEN: [usize; 4] = [64, 16, 4, 1];
/// How many values one statement looks for; shorter lists repeat their last.
const LOOKED_FOR: [usize; 4] = [1, 8, 64, 512];

/// How many statements stay prepared: every length of every statement here, and the others.
pub(super) const PREPARED: usize = 200;

/// A value on its way into a statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(storable(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        if text.contains('\0') { Value::Text(storable(&text)) } else { Value::Text(text) }
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Value::Bytes(bytes)
    }
}

/// PostgreSQL keeps no NUL in text.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

type Query = sqlx::query::Query<'static, Database, sqlx::sqlite::SqliteArguments>;

fn bind(query: Query, value: Value) -> Query {
    match value {
        Value::Number(number) => query.bind(number),
        Value::Text(text) => query.bind(text),
        Value::Bytes(bytes) => query.bind(bytes),
    }
}

/// Runs one statement; answers how many rows it changed.
pub(super) async fn run<const N: usize>(
    connection: &mut Connection,
    statement: &'static str,
    values: [Value; N],
) -> Result<u64, StoreError> {
    let query = values.into_iter().fold(sqlx::query(statement), bind);
    Ok(query.execute(connection).await?.rows_affected())
}

/// The rows of one statement.
pub(super) async fn rows<const N: usize>(
    connection: &mut Connection,
    statement: &'static str,
    values: [Value; N],
) -> Result<Vec<Row>, StoreError> {
    let query = values.into_iter().fold(sqlx::query(statement), bind);
    Ok(query.fetch_all(connection).await?)
}

/// The number `n` of a statement without values.
pub(super) async fn one_number(pool: &Pool, statement: &'static str) -> Result<i64, StoreError> {
    Ok(sqlx::query(statement).fetch_one(pool).await?.try_get("n")?)
}

/// Writes rows: `head` is everything up to `VALUES`, `tail` what follows the rows. Answers how many rows changed.
pub(super) async fn write<const N: usize>(
    connection: &mut Connection,
    head: &str,
    tail: &str,
    rows: Vec<[Value; N]>,
) -> Result<u64, StoreError> {
    let mut changed = 0;
    let mut left = rows.len();
    let mut rows = rows.into_iter();
    for length in WRITTEN {
        while left >= length {
            let chunk: Vec<[Value; N]> = rows.by_ref().take(length).collect();
            left -= length;
            let statement = format!("{head} VALUES {} {tail}", vec![placeholders(N); length].join(","));
            let query = chunk.into_iter().flatten().fold(sqlx::query(AssertSqlSafe(statement)), bind);
            changed += query.execute(&mut *connection).await?.rows_affected();
        }
    }
    Ok(changed)
}

/// The rows that a statement finds for many values: `head`, whose own `first` values stand in it in their order, ends
/// before the list of `IN`; `tail` follows it.
pub(super) async fn find(
    connection: &mut Connection,
    (head, tail): (&str, &str),
    first: &[Value],
    values: Vec<Value>,
) -> Result<Vec<Row>, StoreError> {
    let head = nameless(head);
    let longest = LOOKED_FOR.last().copied().unwrap_or(1);
    let mut found = Vec::new();
    for chunk in values.chunks(longest) {
        let length = LOOKED_FOR.into_iter().find(|length| *length >= chunk.len()).unwrap_or(longest);
        let list = placeholders(length);
        let query = sqlx::query(AssertSqlSafe(format!("{head} {list} {tail}")));
        let query = first.iter().cloned().fold(query, bind);
        let padding = chunk.last().into_iter().cycle().take(length - chunk.len());
        let query = chunk.iter().chain(padding).cloned().fold(query, bind);
        found.extend(query.fetch_all(&mut *connection).await?);
    }
    Ok(found)
}

/// `(?,?,?)`
fn placeholders(count: usize) -> String {
    format!("({})", vec!["?"; count].join(","))
}

/// `$1 … $2` as `? … ?`: a statement has names for all of its values or for none.
fn nameless(head: &str) -> String {
    let mut pieces = head.split('$');
    let mut nameless = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        nameless.push('?');
        nameless.push_str(piece.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    nameless
}

/// A column of a row.
pub(super) trait Columns {
    fn number(&self, name: &str) -> Result<i64, StoreError>;
    fn text(&self, name: &str) -> Result<String, StoreError>;
    fn bytes(&self, name: &str) -> Result<Vec<u8>, StoreError>;
}

impl Columns for Row {
    fn number(&self, name: &str) -> Result<i64, StoreError> {
        Ok(self.try_get(name)?)
    }

    fn text(&self, name: &str) -> Result<String, StoreError> {
        Ok(self.try_get(name)?)
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        Ok(self.try_get(name)?)
    }
}

/// A count as a column holds it.
pub(super) fn number(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// A column as a count.
pub(super) fn count<T: TryFrom<i64> + Default>(number: i64) -> T {
    T::try_from(number).unwrap_or_default()
}
