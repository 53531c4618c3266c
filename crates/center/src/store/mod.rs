//! The centre's memory: one SQLite file.
//!
//! WAL with `synchronous = FULL`: what was committed is there after `kill -9`, and
//! after a power cut as far as the disk keeps its word.

mod accounts;
mod apps;
mod cases;
mod chats;
mod closed;
mod connectors;
mod customers;
mod history;
mod laid;
mod live;
mod pages;
mod pushes;
mod tokens;

pub use accounts::{AccountFault, Role};
pub use apps::{App, AppFault};
pub use cases::{Case, CaseField};
pub use closed::{Closed, Tally, Which};
pub use connectors::{ConnectorKind, ConnectorRow, ConnectorSecrets, WebSecrets};
pub use customers::{Customer, CustomerColumn, CustomerFault, Wanted};
pub use live::{Live, Write};
pub use pages::{Choices, CrmPages, SessionPolicy};
pub(crate) use pushes::{Happened, Pushed};
pub use tokens::RestToken;

use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use std::path::{Path, PathBuf};
use std::time::Duration;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Name of the database in the data directory.
pub const FILE: &str = "centre.db";

#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// The file is not a database, or damaged.
    #[error(
        "The database {} is damaged ({detail}). Restore it from a backup, or start with another \
         directory: --data DIR.", file.display()
    )]
    Corrupt { file: PathBuf, detail: String },
    #[error("The database {} was made by a newer version of the centre. Install that version.", file.display())]
    TooNew { file: PathBuf },
    #[error("The data directory {} cannot be used: {detail}. Choose another with --data DIR.", directory.display())]
    Directory { directory: PathBuf, detail: String },
    #[error("The database failed: {0}")]
    Failed(#[from] sqlx::Error),
}

#[derive(Clone, Debug)]
pub struct Store {
    pool: SqlitePool,
}

impl Store {
    /// Opens or makes the database and brings it to the present form.
    pub async fn open(directory: &Path) -> Result<Self, StoreFault> {
        let unusable = |e: std::io::Error| StoreFault::Directory {
            directory: directory.to_owned(),
            detail: e.to_string(),
        };
        let file = directory.join(FILE);
        private(directory, &file).map_err(unusable)?;
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(10))
            .connect_with(options)
            .await
            .map_err(|e| fault(&file, e))?;
        let healthy: String = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_one(&pool)
            .await
            .map_err(|e| fault(&file, e))?;
        if healthy != "ok" {
            return Err(StoreFault::Corrupt { file, detail: healthy });
        }
        match MIGRATIONS.run(&pool).await {
            Ok(()) => Ok(Self { pool }),
            Err(sqlx::migrate::MigrateError::Execute(e)) => Err(fault(&file, e)),
            Err(sqlx::migrate::MigrateError::VersionMissing(_)) => Err(StoreFault::TooNew { file }),
            Err(other) => Err(StoreFault::Corrupt { file, detail: other.to_string() }),
        }
    }

    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// For its owner alone: it holds customers' names, numbers and notes. SQLite gives the
/// files beside it (`-wal`, `-shm`) the same rights.
fn private(directory: &Path, file: &Path) -> std::io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(directory)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        let opened =
            std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(file)?;
        // Made by an earlier version, or by hand.
        if opened.metadata()?.permissions().mode() & 0o077 != 0 {
            opened.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

/// `SQLITE_CORRUPT` (11) and `SQLITE_NOTADB` (26), with their extended forms.
fn fault(file: &Path, error: sqlx::Error) -> StoreFault {
    let code = match &error {
        sqlx::Error::Database(e) => e.code().and_then(|c| c.parse::<u32>().ok()),
        _ => None,
    };
    match code.map(|c| c & 0xff) {
        Some(11 | 26) => StoreFault::Corrupt { file: file.to_owned(), detail: error.to_string() },
        Some(14) => StoreFault::Directory {
            directory: file.parent().unwrap_or(file).to_owned(),
            detail: error.to_string(),
        },
        Some(_) | None => StoreFault::Failed(error),
    }
}

/// The text form of a value that serialises to a string.
fn word<T: serde::Serialize>(value: &T) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => Some(text),
        Ok(_) | Err(_) => None,
    }
}

fn from_word<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(text.to_owned())).ok()
}
