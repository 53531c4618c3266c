//! Cases of the centre's own directory.

use super::customers::{escaped, signed};
use super::live::millis;
use super::{Store, StoreFault};
use omnibar_model::Moment;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    /// Given by the store, from 500000 on.
    pub id: u64,
    pub customer: Option<u64>,
    pub subject: String,
    pub description: String,
    pub status: String,
}

/// By which column cases are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseField {
    Id,
    Customer,
    Subject,
    Description,
    Status,
}

impl Store {
    /// Newest first.
    pub async fn cases(
        &self,
        search: Option<(CaseField, &str)>,
        limit: u32,
        offset: u32,
    ) -> Result<Vec<Case>, StoreFault> {
        let (condition, text) = match search {
            None => ("?1 = ?1", String::new()),
            Some((CaseField::Id, text)) => ("CAST(id AS TEXT) = ?1", text.to_owned()),
            Some((CaseField::Customer, text)) => ("CAST(customer AS TEXT) = ?1", text.to_owned()),
            Some((CaseField::Status, text)) => ("status = ?1 COLLATE NOCASE", text.to_owned()),
            Some((CaseField::Subject, text)) => {
                ("subject LIKE ?1 ESCAPE '\\'", format!("%{}%", escaped(text)))
            }
            Some((CaseField::Description, text)) => {
                ("description LIKE ?1 ESCAPE '\\'", format!("%{}%", escaped(text)))
            }
        };
        let query = format!(
            "SELECT id, customer, subject, description, status FROM cases WHERE {condition} \
             ORDER BY id DESC LIMIT ?2 OFFSET ?3"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(text)
            .bind(limit)
            .bind(offset)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.iter().map(case).collect())
    }

    pub async fn case(&self, id: u64) -> Result<Option<Case>, StoreFault> {
        let row = sqlx::query(
            "SELECT id, customer, subject, description, status FROM cases WHERE id = ?",
        )
        .bind(signed(id))
        .fetch_optional(&self.pool)
        .await?;
        Ok(row.as_ref().map(case))
    }

    /// Its `id` is not looked at. `None`: there is no such customer.
    pub async fn add_case(&self, now: Moment, new: &Case) -> Result<Option<u64>, StoreFault> {
        let added: Result<i64, sqlx::Error> = sqlx::query_scalar(
            "INSERT INTO cases (customer, subject, description, status, added_at, changed_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?5) RETURNING id",
        )
        .bind(new.customer.map(signed))
        .bind(&new.subject)
        .bind(&new.description)
        .bind(&new.status)
        .bind(millis(now))
        .fetch_one(&self.pool)
        .await;
        match added {
            Ok(id) => Ok(Some(id.unsigned_abs())),
            Err(sqlx::Error::Database(e)) if e.is_foreign_key_violation() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// False: there is no such case, or no such customer.
    pub async fn change_case(&self, now: Moment, new: &Case) -> Result<bool, StoreFault> {
        let changed = sqlx::query(
            "UPDATE cases SET customer = ?, subject = ?, description = ?, status = ?, \
             changed_at = ? WHERE id = ?",
        )
        .bind(new.customer.map(signed))
        .bind(&new.subject)
        .bind(&new.description)
        .bind(&new.status)
        .bind(millis(now))
        .bind(signed(new.id))
        .execute(&self.pool)
        .await;
        match changed {
            Ok(changed) => Ok(changed.rows_affected() == 1),
            Err(sqlx::Error::Database(e)) if e.is_foreign_key_violation() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn case(row: &SqliteRow) -> Case {
    Case {
        id: row.get::<i64, _>(0).unsigned_abs(),
        customer: row.get::<Option<i64>, _>(1).map(i64::unsigned_abs),
        subject: row.get(2),
        description: row.get(3),
        status: row.get(4),
    }
}
