//! The centre's own directory of customers.

use super::live::millis;
use super::{Store, StoreFault};
use omnibar_model::{Moment, PhoneNumber};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::BTreeMap;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Given by the store, from 100000 on.
    #[serde(default)]
    pub id: u64,
    pub name: String,
    #[serde(default)]
    pub phone: Option<PhoneNumber>,
    #[serde(default)]
    pub email: String,
    #[serde(default)]
    pub company: String,
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// Which customers are wanted.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// In name, e-mail or company; empty: all.
    pub text: &'a str,
    /// Look in numbers too, when the text reads like a part of one.
    pub by_number: bool,
    pub limit: u32,
    pub offset: u32,
}

/// By which column customers are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerColumn {
    Name,
    /// Its digits.
    Phone,
    Email,
    Company,
}

#[derive(Debug, thiserror::Error)]
pub enum CustomerFault {
    #[error("Another customer has this number. Change that one, or give another number.")]
    NumberTaken,
    #[error("There is no such customer.")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreFault),
}

const COLUMNS: &str = "id, name, phone, email, company, fields";

impl Store {
    pub async fn customer(&self, id: u64) -> Result<Option<Customer>, StoreFault> {
        let query = format!("SELECT {COLUMNS} FROM customers WHERE id = ?");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(signed(id))
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.as_ref().map(customer))
    }

    /// Whose number this is; with or without the leading `+`.
    pub async fn customer_of(&self, number: &PhoneNumber) -> Result<Option<Customer>, StoreFault> {
        let digits = number.as_str().trim_start_matches('+');
        let query = format!("SELECT {COLUMNS} FROM customers WHERE phone IN (?, ?) ORDER BY id");
        let row = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(digits)
            .bind(format!("+{digits}"))
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.as_ref().map(customer))
    }

    /// The customer of this number, made if there is none.
    pub async fn customer_or_new(
        &self,
        now: Moment,
        number: &PhoneNumber,
        name: &str,
    ) -> Result<Customer, CustomerFault> {
        if let Some(known) = self.customer_of(number).await? {
            return Ok(known);
        }
        let name = if name.is_empty() { "New customer" } else { name };
        let new =
            Customer { name: name.to_owned(), phone: Some(number.clone()), ..Customer::default() };
        match self.add_customer(now, &new).await {
            // Made by somebody else meanwhile.
            Err(CustomerFault::NumberTaken) => {
                self.customer_of(number).await?.ok_or(CustomerFault::Unknown)
            }
            other => other,
        }
    }

    /// Its `id` is not looked at.
    pub async fn add_customer(
        &self,
        now: Moment,
        new: &Customer,
    ) -> Result<Customer, CustomerFault> {
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO customers (name, phone, email, company, fields, added_at, changed_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) RETURNING id",
        )
        .bind(&new.name)
        .bind(new.phone.as_ref().map(PhoneNumber::as_str))
        .bind(&new.email)
        .bind(&new.company)
        .bind(fields(new))
        .bind(millis(now))
        .fetch_one(&self.pool)
        .await
        .map_err(taken)?;
        Ok(Customer { id: id.unsigned_abs(), ..new.clone() })
    }

    pub async fn change_customer(&self, now: Moment, new: &Customer) -> Result<(), CustomerFault> {
        let changed = sqlx::query(
            "UPDATE customers SET name = ?, phone = ?, email = ?, company = ?, fields = ?, \
             changed_at = ? WHERE id = ?",
        )
        .bind(&new.name)
        .bind(new.phone.as_ref().map(PhoneNumber::as_str))
        .bind(&new.email)
        .bind(&new.company)
        .bind(fields(new))
        .bind(millis(now))
        .bind(signed(new.id))
        .execute(&self.pool)
        .await
        .map_err(taken)?;
        if changed.rows_affected() == 0 { Err(CustomerFault::Unknown) } else { Ok(()) }
    }

    /// Their cases stay, without them.
    pub async fn remove_customer(&self, id: u64) -> Result<(), CustomerFault> {
        let gone = sqlx::query("DELETE FROM customers WHERE id = ?")
            .bind(signed(id))
            .execute(&self.pool)
            .await
            .map_err(StoreFault::from)?;
        if gone.rows_affected() == 0 { Err(CustomerFault::Unknown) } else { Ok(()) }
    }

    /// In the order of their names, and how many there are in all.
    pub async fn customers(&self, wanted: &Wanted<'_>) -> Result<(Vec<Customer>, u64), StoreFault> {
        let text = format!("%{}%", escaped(wanted.text));
        let digits: String = wanted.text.chars().filter(char::is_ascii_digit).collect();
        let is_number = wanted.text.chars().all(|c| c.is_ascii_digit() || "+-.() /".contains(c));
        let number = if wanted.by_number && is_number && !digits.is_empty() {
            format!("%{digits}%")
        } else {
            "-".to_owned()
        };
        let found = "FROM customers WHERE name LIKE ?1 ESCAPE '\\' OR email LIKE ?1 ESCAPE '\\' \
                     OR company LIKE ?1 ESCAPE '\\' OR phone LIKE ?2";
        let total: i64 =
            sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) {found}")))
                .bind(&text)
                .bind(&number)
                .fetch_one(&self.pool)
                .await?;
        let page = format!("SELECT {COLUMNS} {found} ORDER BY name, id LIMIT ?3 OFFSET ?4");
        let rows = sqlx::query(sqlx::AssertSqlSafe(page))
            .bind(&text)
            .bind(&number)
            .bind(wanted.limit)
            .bind(wanted.offset)
            .fetch_all(&self.pool)
            .await?;
        Ok((rows.iter().map(customer).collect(), total.unsigned_abs()))
    }

    /// Those whose column holds the text, in the order of their names.
    pub async fn customers_by(
        &self,
        column: CustomerColumn,
        text: &str,
        limit: u32,
        offset: u32,
    ) -> Result<Vec<Customer>, StoreFault> {
        let (column, text) = match column {
            CustomerColumn::Name => ("name", text.to_owned()),
            CustomerColumn::Email => ("email", text.to_owned()),
            CustomerColumn::Company => ("company", text.to_owned()),
            CustomerColumn::Phone => ("phone", text.chars().filter(char::is_ascii_digit).collect()),
        };
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let query = format!(
            "SELECT {COLUMNS} FROM customers WHERE {column} LIKE ? ESCAPE '\\' \
             ORDER BY name, id LIMIT ? OFFSET ?"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(format!("%{}%", escaped(&text)))
            .bind(limit)
            .bind(offset)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.iter().map(customer).collect())
    }

    /// The numbers that a masked one can stand for: of customers, and of those whom this
    /// agent has spoken with. At most two: more than one is one too many.
    pub async fn numbers_ending(
        &self,
        agent: &str,
        digits: &str,
    ) -> Result<Vec<PhoneNumber>, StoreFault> {
        let rows = sqlx::query(
            "SELECT phone FROM customers WHERE phone LIKE ?1 ESCAPE '\\' UNION \
             SELECT customer_number FROM interactions \
             WHERE agent = ?2 AND customer_number LIKE ?1 ESCAPE '\\' LIMIT 2",
        )
        .bind(format!("%{}", escaped(digits)))
        .bind(agent)
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().filter_map(|r| PhoneNumber::parse(r.get(0)).ok()).collect())
    }
}

/// For LIKE, with `\` as the escape.
pub(super) fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

pub(super) fn signed(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

fn customer(row: &SqliteRow) -> Customer {
    let phone: Option<String> = row.get(2);
    Customer {
        id: row.get::<i64, _>(0).unsigned_abs(),
        name: row.get(1),
        phone: phone.and_then(|p| PhoneNumber::parse(&p).ok()),
        email: row.get(3),
        company: row.get(4),
        fields: serde_json::from_str(row.get(5)).unwrap_or_default(),
    }
}

fn fields(customer: &Customer) -> String {
    serde_json::json!(customer.fields).to_string()
}

fn taken(error: sqlx::Error) -> CustomerFault {
    match &error {
        sqlx::Error::Database(e) if e.is_unique_violation() => CustomerFault::NumberTaken,
        _ => StoreFault::from(error).into(),
    }
}
