//! Reading and writing what an administrator lays down.

use super::{Store, StoreFault, from_word, word};
use crate::setup::{CampaignRule, IvrSetup, QueueSetup, Setup};
use omnibar_model::{
    BreakReason, Campaign, CampaignId, CampaignKind, DispositionClass, DispositionCode,
    DispositionId, Ivr, IvrId, Queue, QueueId,
};
use sqlx::Row;
use std::collections::BTreeMap;

impl Store {
    pub async fn setup(&self) -> Result<Setup, StoreFault> {
        let centre: Option<String> =
            sqlx::query_scalar("SELECT value FROM centre WHERE key = 'name'")
                .fetch_optional(&self.pool)
                .await?;
        Ok(Setup {
            centre: centre.unwrap_or_else(|| "Omnibar".into()),
            campaigns: self.campaigns().await?,
            queues: self.queues().await?,
            ivrs: self.ivrs().await?,
            breaks: sqlx::query("SELECT id, name FROM breaks ORDER BY position")
                .fetch_all(&self.pool)
                .await?
                .iter()
                .map(|r| BreakReason { id: r.get(0), name: r.get(1) })
                .collect(),
        })
    }

    pub async fn is_laid_down(&self) -> Result<bool, StoreFault> {
        let count: i64 =
            sqlx::query_scalar("SELECT count(*) FROM campaigns").fetch_one(&self.pool).await?;
        Ok(count > 0)
    }

    /// Writes a whole setup into an empty database.
    pub async fn lay_down(&self, setup: &Setup) -> Result<(), StoreFault> {
        let mut tx = self.pool.begin().await?;
        sqlx::query("INSERT INTO centre (key, value) VALUES ('name', ?)")
            .bind(&setup.centre)
            .execute(&mut *tx)
            .await?;
        for (id, rule) in &setup.campaigns {
            let limit = rule.campaign.wrap_up_ms.and_then(|ms| i64::try_from(ms).ok());
            sqlx::query(
                "INSERT INTO campaigns (id, name, kind, wrap_up_ms, default_disposition, record, \
                 number, mask_numbers, tell_monitored) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(id.as_str())
            .bind(&rule.campaign.name)
            .bind(word(&rule.campaign.kind))
            .bind(limit)
            .bind(rule.default_disposition.as_ref().map(DispositionId::as_str))
            .bind(i64::from(rule.record))
            .bind(i64::from(rule.campaign.number))
            .bind(i64::from(rule.campaign.mask_numbers))
            .bind(i64::from(rule.tell_monitored))
            .execute(&mut *tx)
            .await?;
            for (position, class) in (0_i64..).zip(&rule.campaign.dispositions) {
                let class_id: i64 = sqlx::query_scalar(
                    "INSERT INTO disposition_classes (campaign, position, name) \
                     VALUES (?, ?, ?) RETURNING id",
                )
                .bind(id.as_str())
                .bind(position)
                .bind(&class.name)
                .fetch_one(&mut *tx)
                .await?;
                for (position, code) in (0_i64..).zip(&class.codes) {
                    sqlx::query(
                        "INSERT INTO disposition_codes (id, class, position, name, number, callback) \
                         VALUES (?, ?, ?, ?, ?, ?)",
                    )
                    .bind(code.id.as_str())
                    .bind(class_id)
                    .bind(position)
                    .bind(&code.name)
                    .bind(i64::from(code.number))
                    .bind(i64::from(code.callback))
                    .execute(&mut *tx)
                    .await?;
                }
            }
        }
        for (id, q) in &setup.queues {
            sqlx::query(
                "INSERT INTO queues (id, name, campaign, priority, number) \
                 VALUES (?, ?, ?, ?, ?)",
            )
            .bind(id.as_str())
            .bind(&q.queue.name)
            .bind(q.queue.campaign.as_str())
            .bind(i64::from(q.priority))
            .bind(i64::from(q.queue.number))
            .execute(&mut *tx)
            .await?;
        }
        for (id, setup) in &setup.ivrs {
            sqlx::query("INSERT INTO ivrs (id, name) VALUES (?, ?)")
                .bind(id.as_str())
                .bind(&setup.ivr.name)
                .execute(&mut *tx)
                .await?;
            for (digits, queue) in &setup.options {
                sqlx::query("INSERT INTO ivr_options (ivr, digits, queue) VALUES (?, ?, ?)")
                    .bind(id.as_str())
                    .bind(digits)
                    .bind(queue.as_str())
                    .execute(&mut *tx)
                    .await?;
            }
        }
        for (position, reason) in (0_i64..).zip(&setup.breaks) {
            sqlx::query("INSERT INTO breaks (id, position, name) VALUES (?, ?, ?)")
                .bind(&reason.id)
                .bind(position)
                .bind(&reason.name)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn campaigns(&self) -> Result<BTreeMap<CampaignId, CampaignRule>, StoreFault> {
        let rows = sqlx::query(
            "SELECT id, name, kind, wrap_up_ms, default_disposition, record, number, mask_numbers, \
             tell_monitored FROM campaigns",
        )
        .fetch_all(&self.pool)
        .await?;
        let mut campaigns = BTreeMap::new();
        for row in rows {
            let id = CampaignId::new(row.get(0));
            let wrap_up: Option<i64> = row.get(3);
            let default: Option<String> = row.get(4);
            let campaign = Campaign {
                id: id.clone(),
                number: number(row.get(6)),
                name: row.get(1),
                mask_numbers: row.get::<i64, _>(7) == 1,
                kind: from_word(row.get(2)).unwrap_or(CampaignKind::Inbound),
                wrap_up_ms: wrap_up.and_then(|ms| u64::try_from(ms).ok()),
                dispositions: self.dispositions(&id).await?,
            };
            let default_disposition = default.as_deref().map(DispositionId::new);
            let record = row.get::<i64, _>(5) == 1;
            let tell_monitored = row.get::<i64, _>(8) == 1;
            let rule = CampaignRule { campaign, default_disposition, record, tell_monitored };
            campaigns.insert(id, rule);
        }
        Ok(campaigns)
    }

    async fn dispositions(
        &self,
        campaign: &CampaignId,
    ) -> Result<Vec<DispositionClass>, StoreFault> {
        let rows = sqlx::query(
            "SELECT k.id, k.name, c.id, c.name, c.number, c.callback FROM disposition_classes k \
             JOIN disposition_codes c ON c.class = k.id WHERE k.campaign = ? \
             ORDER BY k.position, c.position",
        )
        .bind(campaign.as_str())
        .fetch_all(&self.pool)
        .await?;
        let mut classes: Vec<(i64, DispositionClass)> = Vec::new();
        for row in rows {
            let class: i64 = row.get(0);
            if classes.last().is_none_or(|(id, _)| *id != class) {
                let made =
                    DispositionClass { number: number(class), name: row.get(1), codes: Vec::new() };
                classes.push((class, made));
            }
            if let Some((_, last)) = classes.last_mut() {
                last.codes.push(DispositionCode {
                    id: DispositionId::new(row.get(2)),
                    number: number(row.get(4)),
                    name: row.get(3),
                    callback: row.get::<i64, _>(5) == 1,
                });
            }
        }
        Ok(classes.into_iter().map(|(_, class)| class).collect())
    }

    async fn queues(&self) -> Result<BTreeMap<QueueId, QueueSetup>, StoreFault> {
        let rows = sqlx::query("SELECT id, name, campaign, priority, number FROM queues")
            .fetch_all(&self.pool)
            .await?;
        Ok(rows
            .iter()
            .map(|r| {
                let id = QueueId::new(r.get(0));
                let priority: i64 = r.get(3);
                let queue = Queue {
                    id: id.clone(),
                    number: number(r.get(4)),
                    name: r.get(1),
                    campaign: CampaignId::new(r.get(2)),
                };
                (id, QueueSetup { queue, priority: i32::try_from(priority).unwrap_or(0) })
            })
            .collect())
    }

    async fn ivrs(&self) -> Result<BTreeMap<IvrId, IvrSetup>, StoreFault> {
        let rows = sqlx::query("SELECT id, name FROM ivrs").fetch_all(&self.pool).await?;
        let mut ivrs: BTreeMap<IvrId, IvrSetup> = rows
            .iter()
            .map(|r| {
                let id = IvrId::new(r.get(0));
                let ivr = Ivr { id: id.clone(), name: r.get(1) };
                (id, IvrSetup { ivr, options: BTreeMap::new() })
            })
            .collect();
        let options =
            sqlx::query("SELECT ivr, digits, queue FROM ivr_options").fetch_all(&self.pool).await?;
        for row in options {
            if let Some(setup) = ivrs.get_mut(&IvrId::new(row.get(0))) {
                setup.options.insert(row.get(1), QueueId::new(row.get(2)));
            }
        }
        Ok(ivrs)
    }
}

/// A number that the store has given out; one that is out of range names nothing.
fn number(stored: i64) -> u32 {
    u32::try_from(stored).unwrap_or(0)
}
