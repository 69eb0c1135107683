//! The shape of the database, and its way from one version to the next: forward only, each step in one transaction.
//!
//! Migrations are written for SQLite with `INTEGER`, `BLOB`, `STRICT` and `WITHOUT ROWID`; a test translates them for
//! PostgreSQL and finds nothing else that only one of the two knows.

use std::path::Path;

use sqlx::Executor;

use super::StoreError;
use super::sql::{self, Columns, Pool, number};

/// The steps; the N-th leads to version N.
pub(super) const MIGRATIONS: &[&str] =
    &[include_str!("migrations/0001_first.sql"), include_str!("migrations/0002_seal_and_bounced.sql")];

/// The version that this program works with.
pub(super) fn known() -> i64 {
    number(MIGRATIONS.len())
}

/// Brings a database to the present version.
pub(super) async fn migrate(pool: &Pool, path: &Path) -> Result<(), StoreError> {
    let found = version(pool, path).await?;
    if found > known() {
        return Err(StoreError::Version { path: path.to_owned(), found, known: known() });
    }
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    transaction
        .execute("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT")
        .await?;
    let done = usize::try_from(found).unwrap_or(0);
    for migration in MIGRATIONS.iter().skip(done) {
        transaction.execute(sqlx::raw_sql(*migration)).await?;
    }
    if found < known() {
        sql::run(&mut transaction, "DELETE FROM schema_version", []).await?;
        sql::run(&mut transaction, "INSERT INTO schema_version (version) VALUES ($1)", [known().into()])
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The version of a database; 0 for an empty one.
pub(super) async fn version(pool: &Pool, path: &Path) -> Result<i64, StoreError> {
    let tables = "SELECT COUNT(*) AS n FROM sqlite_master WHERE type = 'table'";
    let ours = "SELECT COUNT(*) AS n FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'";
    if sql::one_number(pool, tables).await.map_err(|error| error.while_opening(path))? == 0 {
        return Ok(0);
    }
    if sql::one_number(pool, ours).await? == 0 {
        let reason = "it holds tables of another program".to_owned();
        return Err(StoreError::NotOurs { path: path.to_owned(), reason });
    }
    let row = sqlx::query("SELECT version FROM schema_version").fetch_optional(pool).await?;
    row.map_or(Ok(0), |row| row.number("version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn for_postgresql(migration: &str) -> String {
        let lines = migration.lines().filter(|line| !line.trim_start().starts_with("--"));
        let text = lines.collect::<Vec<_>>().join("\n");
        text.replace(") STRICT, WITHOUT ROWID;", ");")
            .replace(") STRICT;", ");")
            .replace(" INTEGER ", " BIGINT ")
            .replace(" BLOB ", " BYTEA ")
    }

    #[test]
    fn the_migrations_are_also_postgresql_after_four_replacements() {
        const WORDS: &[&str] = &[
            "CREATE", "TABLE", "INDEX", "ON", "WHERE", "IN", "BIGINT", "BYTEA", "TEXT", "NOT", "NULL",
            "PRIMARY", "KEY", "UNIQUE",
        ];
        for migration in MIGRATIONS {
            let text = for_postgresql(migration);
            for word in text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
                let is_keyword = word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
                assert!(!is_keyword || WORDS.contains(&word), "{word} is not known to be in both");
            }
            for column in text.lines().filter(|line| line.starts_with("    ") && !line.contains('(')) {
                assert!(column.contains(" NOT NULL"), "{column}");
            }
        }
    }
}
