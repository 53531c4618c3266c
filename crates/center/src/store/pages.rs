//! Who may frame the toolbar, which hosts third-party calls reach, and the CRM's pages.

use super::{Store, StoreFault, from_word, word};
use omnibar_model::CampaignId;
use serde::{Deserialize, Serialize};
use sqlx::Row;
use std::collections::BTreeMap;

/// How the CRM's page knows the agent (contract: REST-11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionPolicy {
    /// The page asks nobody to sign in; nothing of it is kept.
    #[default]
    None,
    /// The page's cookies are kept between starts.
    Cookie,
    /// Cookies are kept, and the page may go through the company's sign-in.
    Sso,
}

/// What an administrator decides for a campaign beside its pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub mask_numbers: bool,
    pub record: bool,
    pub tell_monitored: bool,
}

/// Pages of the CRM for one campaign, with the contract's placeholders; empty: none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrmPages {
    /// Opened at sign-in: the Knowledge Base URL (REST-06).
    pub landing_url: String,
    /// Opened when a call arrives or connects (REST-07).
    pub call_url: String,
    pub session_policy: SessionPolicy,
}

impl Store {
    /// Sources for CSP's `frame-ancestors`, each `scheme://host[:port]` where the host
    /// may begin with `*.` and the port may be `*`.
    pub async fn frame_origins(&self) -> Result<Vec<String>, StoreFault> {
        let found = sqlx::query_scalar("SELECT origin FROM frame_origins ORDER BY origin");
        Ok(found.fetch_all(&self.pool).await?)
    }

    pub async fn set_frame_origins(&self, origins: &[String]) -> Result<(), StoreFault> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM frame_origins").execute(&mut *tx).await?;
        for origin in origins {
            sqlx::query("INSERT INTO frame_origins (origin) VALUES (?) ON CONFLICT DO NOTHING")
                .bind(origin)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Each `host` or `host:port`.
    pub async fn outside_hosts(&self) -> Result<Vec<String>, StoreFault> {
        let found = sqlx::query_scalar("SELECT host FROM outside_hosts ORDER BY host");
        Ok(found.fetch_all(&self.pool).await?)
    }

    pub async fn set_outside_hosts(&self, hosts: &[String]) -> Result<(), StoreFault> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("DELETE FROM outside_hosts").execute(&mut *tx).await?;
        for host in hosts {
            sqlx::query("INSERT INTO outside_hosts (host) VALUES (?) ON CONFLICT DO NOTHING")
                .bind(host)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Of every campaign that has some.
    pub async fn crm_urls(&self) -> Result<BTreeMap<CampaignId, CrmPages>, StoreFault> {
        let rows =
            sqlx::query("SELECT campaign, landing_url, call_url, session_policy FROM crm_pages")
                .fetch_all(&self.pool)
                .await?;
        Ok(rows
            .iter()
            .map(|row| {
                let policy: String = row.get(3);
                let pages = CrmPages {
                    landing_url: row.get(1),
                    call_url: row.get(2),
                    session_policy: from_word(&policy).unwrap_or_default(),
                };
                (CampaignId::new(row.get(0)), pages)
            })
            .collect())
    }

    /// What an administrator decides for a campaign while the centre runs.
    pub async fn set_campaign(
        &self,
        campaign: &CampaignId,
        pages: &CrmPages,
        choices: &Choices,
    ) -> Result<(), StoreFault> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(
            "UPDATE campaigns SET mask_numbers = ?, record = ?, tell_monitored = ? WHERE id = ?",
        )
        .bind(i64::from(choices.mask_numbers))
        .bind(i64::from(choices.record))
        .bind(i64::from(choices.tell_monitored))
        .bind(campaign.as_str())
        .execute(&mut *tx)
        .await?;
        sqlx::query(
            "INSERT INTO crm_pages (campaign, landing_url, call_url, session_policy) \
             VALUES (?, ?, ?, ?) ON CONFLICT (campaign) DO UPDATE SET \
             landing_url = excluded.landing_url, call_url = excluded.call_url, \
             session_policy = excluded.session_policy",
        )
        .bind(campaign.as_str())
        .bind(&pages.landing_url)
        .bind(&pages.call_url)
        .bind(word(&pages.session_policy))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
