//! Tokens of servers that call REST; only their hashes are kept.

use super::live::millis;
use super::{Store, StoreFault};
use omnibar_model::Moment;
use serde::Serialize;
use sqlx::Row;

/// A token as an administrator sees it; times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestToken {
    pub id: String,
    pub name: String,
    pub made_by: String,
    pub made_at: i64,
    pub expires_at: Option<i64>,
    /// Good for one request, and for that one's repeats.
    pub once: bool,
    pub used_at: Option<i64>,
}

impl Store {
    pub async fn add_token(&self, token: &RestToken, hash: &str) -> Result<(), StoreFault> {
        sqlx::query(
            "INSERT INTO rest_tokens (id, name, hash, made_by, made_at, expires_at, once) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&token.id)
        .bind(&token.name)
        .bind(hash)
        .bind(&token.made_by)
        .bind(token.made_at)
        .bind(token.expires_at)
        .bind(i64::from(token.once))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Newest first.
    pub async fn tokens(&self) -> Result<Vec<RestToken>, StoreFault> {
        let rows = sqlx::query(
            "SELECT id, name, made_by, made_at, expires_at, once, used_at FROM rest_tokens \
             ORDER BY made_at DESC, id",
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .iter()
            .map(|row| RestToken {
                id: row.get(0),
                name: row.get(1),
                made_by: row.get(2),
                made_at: row.get(3),
                expires_at: row.get(4),
                once: row.get::<i64, _>(5) != 0,
                used_at: row.get(6),
            })
            .collect())
    }

    /// False when there was none.
    pub async fn remove_token(&self, id: &str) -> Result<bool, StoreFault> {
        let gone = sqlx::query("DELETE FROM rest_tokens WHERE id = ?").bind(id);
        Ok(gone.execute(&self.pool).await?.rows_affected() > 0)
    }

    /// Whether a token of this hash is good at all.
    pub async fn knows_token(&self, hash: &str, now: Moment) -> Result<bool, StoreFault> {
        let found: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM rest_tokens \
             WHERE hash = ? AND (expires_at IS NULL OR expires_at > ?)",
        )
        .bind(hash)
        .bind(millis(now))
        .fetch_one(&self.pool)
        .await?;
        Ok(found > 0)
    }

    /// Takes the token for this request; false when it is not good, or was good once and
    /// has been used for another. Two at once: one of them gets it.
    pub async fn use_token(
        &self,
        hash: &str,
        request: &str,
        now: Moment,
    ) -> Result<bool, StoreFault> {
        let taken = sqlx::query(
            "UPDATE rest_tokens SET used_for = ?, used_at = ? WHERE hash = ? \
             AND (expires_at IS NULL OR expires_at > ?) \
             AND (once = 0 OR used_for IS NULL OR used_for = ?)",
        )
        .bind(request)
        .bind(millis(now))
        .bind(hash)
        .bind(millis(now))
        .bind(request)
        .execute(&self.pool)
        .await?;
        Ok(taken.rows_affected() > 0)
    }
}
