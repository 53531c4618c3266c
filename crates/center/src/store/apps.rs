use super::live::millis;
use super::{Store, StoreFault};
use crate::apps::{AppField, AppRights, Package};
use omnibar_model::{AgentId, Moment};
use serde::Serialize;
use sqlx::Row;

/// An app that has been uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct App {
    pub id: i64,
    pub name: String,
    pub version: String,
    /// `None`: nowhere.
    pub slot: Option<String>,
    pub fields: Vec<AppField>,
    /// Granted by an administrator.
    pub rights: AppRights,
    /// Wished for by the manifest.
    pub asks: AppRights,
    pub uploaded_by: String,
    /// Milliseconds since 1970.
    pub uploaded_at: i64,
    pub files: i64,
    /// Bytes of all files.
    pub size: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum AppFault {
    #[error(
        "This version of the app is here already. Give the new one another version, or remove \
         the old one first."
    )]
    Exists,
    #[error("There is no such app. Load the page again.")]
    Unknown,
    #[error("Another app is in that slot. Take it out first.")]
    SlotTaken,
    #[error(transparent)]
    Store(#[from] StoreFault),
}

impl From<sqlx::Error> for AppFault {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Store {
    /// The id of the app that is now there.
    pub(crate) async fn add_app(
        &self,
        now: Moment,
        by: &AgentId,
        package: &Package,
    ) -> Result<i64, AppFault> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let added: Option<i64> = sqlx::query_scalar(
            "INSERT INTO apps (name, version, fields, uploaded_by, uploaded_at, asks) \
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
        )
        .bind(&package.name)
        .bind(&package.version)
        .bind(json(&package.fields))
        .bind(by.as_str())
        .bind(millis(now))
        .bind(rights_text(package.asks))
        .fetch_optional(&mut *tx)
        .await?;
        let Some(id) = added else { return Err(AppFault::Exists) };
        for (path, content) in &package.files {
            sqlx::query("INSERT INTO app_files (app, path, content) VALUES (?, ?, ?)")
                .bind(id)
                .bind(path)
                .bind(content.as_slice())
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    /// In the order of their names and versions.
    pub async fn apps(&self) -> Result<Vec<App>, StoreFault> {
        let rows = sqlx::query(
            "SELECT id, name, version, slot, fields, uploaded_by, uploaded_at, \
             (SELECT count(*) FROM app_files WHERE app = id), \
             (SELECT coalesce(sum(length(content)), 0) FROM app_files WHERE app = id), \
             rights, asks FROM apps ORDER BY name, version",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .iter()
            .map(|row| App {
                id: row.get(0),
                name: row.get(1),
                version: row.get(2),
                slot: row.get(3),
                fields: serde_json::from_str(row.get(4)).unwrap_or_default(),
                uploaded_by: row.get(5),
                uploaded_at: row.get(6),
                files: row.get(7),
                size: row.get(8),
                rights: rights(row.get(9)),
                asks: rights(row.get(10)),
            })
            .collect())
    }

    /// `rights`: `None` leaves them as they are.
    pub async fn set_app(
        &self,
        id: i64,
        slot: Option<&str>,
        fields: &[AppField],
        rights: Option<AppRights>,
    ) -> Result<(), AppFault> {
        let query =
            "UPDATE apps SET slot = ?, fields = ?, rights = coalesce(?, rights) WHERE id = ?";
        let set = sqlx::query(query)
            .bind(slot)
            .bind(json(fields))
            .bind(rights.map(rights_text))
            .bind(id)
            .execute(&self.pool)
            .await;
        match set {
            Ok(done) if done.rows_affected() > 0 => Ok(()),
            Ok(_) => Err(AppFault::Unknown),
            Err(sqlx::Error::Database(e)) if e.is_unique_violation() => Err(AppFault::SlotTaken),
            Err(other) => Err(other.into()),
        }
    }

    pub async fn remove_app(&self, id: i64) -> Result<(), AppFault> {
        let gone =
            sqlx::query("DELETE FROM apps WHERE id = ?").bind(id).execute(&self.pool).await?;
        if gone.rows_affected() > 0 { Ok(()) } else { Err(AppFault::Unknown) }
    }

    pub async fn app_file(
        &self,
        name: &str,
        version: &str,
        path: &str,
    ) -> Result<Option<Vec<u8>>, StoreFault> {
        let found = sqlx::query_scalar(
            "SELECT content FROM app_files JOIN apps ON apps.id = app \
             WHERE name = ? AND version = ? AND path = ?",
        );
        Ok(found.bind(name).bind(version).bind(path).fetch_optional(&self.pool).await?)
    }
}

fn rights_text(rights: AppRights) -> String {
    serde_json::json!(rights).to_string()
}

/// What cannot be read grants nothing more than a new app has.
fn rights(text: &str) -> AppRights {
    serde_json::from_str(text).unwrap_or(AppRights::FIRST)
}

fn json(fields: &[AppField]) -> String {
    serde_json::to_string(fields).unwrap_or_else(|_| "[]".to_owned())
}
