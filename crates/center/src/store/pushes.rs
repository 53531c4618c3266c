//! What web services are told, and how far.

use super::live::millis;
use super::{Store, StoreFault};
use omnibar_model::{Moment, PhoneNumber};
use sqlx::Row;

/// Of the centre's log of interactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Happened {
    pub(crate) id: i64,
    /// Milliseconds since 1970.
    pub(crate) at: i64,
    /// `arrived`, `offered`, `accepted`, `disposed`, …
    pub(crate) what: String,
    pub(crate) interaction: String,
    /// Its number; `None`: nothing is known of the interaction any more.
    pub(crate) campaign: Option<i64>,
    pub(crate) masked: bool,
    pub(crate) direction: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) customer: Option<i64>,
    pub(crate) number: Option<PhoneNumber>,
    pub(crate) disposition: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pushed {
    /// Id of the last event that was told, or given up.
    pub(crate) told: i64,
    /// Of the next one.
    pub(crate) tries: u32,
    pub(crate) next_at: Moment,
}

impl Store {
    /// `None`: this connector is told nothing.
    pub(crate) async fn pushed(&self, connector: u32) -> Result<Option<Pushed>, StoreFault> {
        let row = sqlx::query("SELECT told, tries, next_at FROM crm_pushes WHERE connector = ?")
            .bind(connector)
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.map(|row| Pushed {
            told: row.get(0),
            tries: u32::try_from(row.get::<i64, _>(1)).unwrap_or(0),
            next_at: Moment::from_millis(u64::try_from(row.get::<i64, _>(2)).unwrap_or(0)),
        }))
    }

    pub(crate) async fn set_pushed(
        &self,
        connector: u32,
        pushed: &Pushed,
    ) -> Result<(), StoreFault> {
        sqlx::query("UPDATE crm_pushes SET told = ?, tries = ?, next_at = ? WHERE connector = ?")
            .bind(pushed.told)
            .bind(pushed.tries)
            .bind(millis(pushed.next_at))
            .bind(connector)
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// From now on this connector is told what happens.
    pub(crate) async fn begin_pushes(&self, connector: u32) -> Result<(), StoreFault> {
        sqlx::query(
            "INSERT INTO crm_pushes (connector, told) \
             SELECT ?, coalesce(max(id), 0) FROM events WHERE true ON CONFLICT (connector) DO NOTHING",
        )
        .bind(connector)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// In the order in which it happened.
    pub(crate) async fn happened_after(
        &self,
        id: i64,
        limit: u32,
    ) -> Result<Vec<Happened>, StoreFault> {
        let rows = sqlx::query(
            "SELECT e.id, e.at, e.what, e.interaction, c.number, c.mask_numbers, i.direction, \
             i.agent, i.customer_id, i.customer_number, i.disposition FROM events e \
             LEFT JOIN interactions i ON i.id = e.interaction \
             LEFT JOIN campaigns c ON c.id = i.campaign \
             WHERE e.id > ? ORDER BY e.id LIMIT ?",
        )
        .bind(id)
        .bind(limit)
        .fetch_all(&self.pool)
        .await?;
        let happened = rows.iter().map(|row| Happened {
            id: row.get(0),
            at: row.get(1),
            what: row.get(2),
            interaction: row.get(3),
            campaign: row.get(4),
            // A campaign that is gone might have hidden it.
            masked: row.get::<Option<i64>, _>(5) != Some(0),
            direction: row.get(6),
            agent: row.get(7),
            customer: row.get(8),
            number: row.get::<Option<String>, _>(9).and_then(|n| PhoneNumber::parse(&n).ok()),
            disposition: row.get(10),
        });
        Ok(happened.collect())
    }
}
