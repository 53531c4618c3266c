//! Which CRMs there are, and what the centre signs in to them with.

use super::live::millis;
use super::{Store, StoreFault, from_word, word};
use omnibar_model::{Moment, Secret};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectorKind {
    Directory,
    Salesforce,
    /// Web services that an administrator describes.
    Web,
}

/// Without its secrets, which are read with [`Store::connector_secrets`] alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorRow {
    pub id: u32,
    pub kind: ConnectorKind,
    pub name: String,
    /// `https://example.my.salesforce.com`; empty for the directory.
    pub domain: String,
    pub settings: Value,
    /// Milliseconds since 1970-01-01T00:00Z.
    pub added_at: i64,
    pub changed_at: i64,
    /// Rises with every change.
    pub version: u32,
    /// An administrator has made it the centre's.
    pub chosen: bool,
}

/// OAuth 2.0, refresh token flow (RFC 6749 section 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectorSecrets {
    pub client_id: String,
    pub client_secret: Secret,
    pub refresh_token: Secret,
}

/// Of web services; empty: none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSecrets {
    /// The header `Authorization`, whole.
    pub authorization: Secret,
    /// Signs what the service is told.
    pub push_key: Secret,
}

impl ConnectorSecrets {
    pub(crate) fn text(&self) -> Secret {
        let text = json!({
            "client_id": self.client_id,
            "client_secret": self.client_secret.expose(),
            "refresh_token": self.refresh_token.expose(),
        });
        Secret::new(text.to_string())
    }
}

impl WebSecrets {
    pub(crate) fn text(&self) -> Secret {
        let text = json!({
            "authorization": self.authorization.expose(),
            "push_key": self.push_key.expose(),
        });
        Secret::new(text.to_string())
    }
}

const COLUMNS: &str = "id, kind, name, domain, settings, added_at, changed_at, version, chosen";

impl Store {
    /// In the order in which they were added; the directory is the first.
    pub async fn connectors(&self) -> Result<Vec<ConnectorRow>, StoreFault> {
        let query = format!("SELECT {COLUMNS} FROM crm_connectors ORDER BY id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(&self.pool).await?;
        Ok(rows.iter().filter_map(connector).collect())
    }

    /// A CRM besides the directory; `secrets` is their text. Returns its number.
    pub(crate) async fn add_connector(
        &self,
        now: Moment,
        kind: ConnectorKind,
        name: &str,
        domain: &str,
        settings: &Value,
        secrets: &Secret,
    ) -> Result<u32, StoreFault> {
        let mut tx = self.pool.begin().await?;
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO crm_connectors (kind, name, domain, settings, added_at, changed_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?5) RETURNING id",
        )
        .bind(word(&kind))
        .bind(name)
        .bind(domain)
        .bind(settings.to_string())
        .bind(millis(now))
        .fetch_one(&mut *tx)
        .await?;
        sqlx::query("INSERT INTO crm_secrets (connector, secret) VALUES (?, ?)")
            .bind(id)
            .bind(secrets.expose())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(u32::try_from(id).unwrap_or(u32::MAX))
    }

    /// `secrets`: `None` leaves them as they are. False: there is none of that number, or it
    /// is the directory.
    pub(crate) async fn change_connector(
        &self,
        now: Moment,
        row: &ConnectorRow,
        secrets: Option<&Secret>,
    ) -> Result<bool, StoreFault> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        let changed = sqlx::query(
            "UPDATE crm_connectors SET name = ?, domain = ?, settings = ?, changed_at = ?, \
             version = version + 1 WHERE id = ? AND kind <> 'directory'",
        )
        .bind(&row.name)
        .bind(&row.domain)
        .bind(row.settings.to_string())
        .bind(millis(now))
        .bind(row.id)
        .execute(&mut *tx)
        .await?;
        if changed.rows_affected() == 0 {
            return Ok(false);
        }
        if let Some(secrets) = secrets {
            sqlx::query("UPDATE crm_secrets SET secret = ? WHERE connector = ?")
                .bind(secrets.expose())
                .bind(row.id)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// The one that the centre works with from now on. False: there is none of that number.
    pub async fn choose_connector(&self, id: u32) -> Result<bool, StoreFault> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("UPDATE crm_connectors SET chosen = 0").execute(&mut *tx).await?;
        let chosen = sqlx::query("UPDATE crm_connectors SET chosen = 1 WHERE id = ?")
            .bind(id)
            .execute(&mut *tx)
            .await?;
        if chosen.rows_affected() == 0 {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// False: there is none of that number, or it is the directory.
    pub async fn remove_connector(&self, id: u32) -> Result<bool, StoreFault> {
        let gone = sqlx::query("DELETE FROM crm_connectors WHERE id = ? AND kind <> 'directory'")
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(gone.rows_affected() == 1)
    }

    pub async fn connector_secrets(&self, id: u32) -> Result<Option<ConnectorSecrets>, StoreFault> {
        Ok(self.secret_parts(id).await?.map(|part| ConnectorSecrets {
            client_id: part("client_id"),
            client_secret: Secret::new(part("client_secret")),
            refresh_token: Secret::new(part("refresh_token")),
        }))
    }

    /// Empty ones where none are kept.
    pub(crate) async fn web_secrets(&self, id: u32) -> Result<WebSecrets, StoreFault> {
        let parts = self.secret_parts(id).await?;
        let part = |name| Secret::new(parts.as_ref().map_or_else(String::new, |part| part(name)));
        Ok(WebSecrets { authorization: part("authorization"), push_key: part("push_key") })
    }

    async fn secret_parts(
        &self,
        id: u32,
    ) -> Result<Option<impl Fn(&str) -> String + use<>>, StoreFault> {
        let text: Option<String> =
            sqlx::query_scalar("SELECT secret FROM crm_secrets WHERE connector = ?")
                .bind(id)
                .fetch_optional(&self.pool)
                .await?;
        let kept: Option<Value> = text.and_then(|t| serde_json::from_str(&t).ok());
        Ok(kept.map(|kept| move |name: &str| kept[name].as_str().unwrap_or_default().to_owned()))
    }

    /// The CRM has given another refresh token for the next time.
    pub async fn renew_connector_secrets(
        &self,
        id: u32,
        secrets: &ConnectorSecrets,
    ) -> Result<(), StoreFault> {
        sqlx::query("UPDATE crm_secrets SET secret = ? WHERE connector = ?")
            .bind(secrets.text().expose())
            .bind(id)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn connector(row: &SqliteRow) -> Option<ConnectorRow> {
    let number = |i: usize| u32::try_from(row.get::<i64, _>(i)).ok();
    Some(ConnectorRow {
        id: number(0)?,
        kind: from_word(row.get(1))?,
        name: row.get(2),
        domain: row.get(3),
        settings: serde_json::from_str(row.get(4)).unwrap_or_default(),
        added_at: row.get(5),
        changed_at: row.get(6),
        version: number(7)?,
        chosen: row.get::<i64, _>(8) != 0,
    })
}
