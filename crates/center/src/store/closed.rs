//! An agent's closed interactions, for pages and for counting.

use super::{Store, StoreFault, from_word};
use omnibar_model::{
    AgentId, CampaignId, Channel, Direction, InteractionId, LegId, PhoneNumber, QueueId, Record,
};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    pub id: InteractionId,
    /// The first interaction of the call.
    pub call: InteractionId,
    pub campaign: CampaignId,
    pub queue: Option<QueueId>,
    pub direction: Direction,
    pub customer_name: String,
    pub number: Option<PhoneNumber>,
    pub customer_id: Option<u64>,
    pub record: Option<Record>,
    /// Milliseconds since 1970-01-01T00:00Z.
    pub started_at: i64,
    /// `None` for those of before this was kept.
    pub closed_at: Option<i64>,
    /// The code's name, or the code itself when it is not in use any more.
    pub disposition: Option<String>,
    pub customer_leg: Option<LegId>,
    pub channel: Channel,
}

/// Which of an agent's closed interactions.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    One(&'a InteractionId),
    /// The newest, from before this one on.
    Before(Option<&'a InteractionId>, u32),
}

/// What an agent has done since some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub inbound: u64,
    pub outbound: u64,
    /// Agent and customer spoke.
    pub connected: u64,
    pub talk_ms: u64,
    /// By name, the most frequent first.
    pub dispositions: Vec<(String, u64)>,
}

/// The name that a campaign's administrator gave to the code.
const DISPOSITION: &str = "coalesce((SELECT c.name FROM disposition_codes c \
     JOIN disposition_classes k ON k.id = c.class \
     WHERE c.id = i.disposition AND k.campaign = i.campaign), i.disposition)";

impl Store {
    pub async fn closed(
        &self,
        agent: &AgentId,
        which: Which<'_>,
    ) -> Result<Vec<Closed>, StoreFault> {
        // '~' sorts after every UUID.
        let (condition, id, limit) = match which {
            Which::One(id) => ("i.id = ?2", id.as_str(), 1),
            Which::Before(before, limit) => {
                ("i.id < ?2", before.map_or("~", InteractionId::as_str), limit)
            }
        };
        let query = format!(
            "SELECT i.id, i.call, i.campaign, i.queue, i.direction, i.customer_name, \
             i.customer_number, i.customer_id, i.record, i.started_at, i.closed_at, {DISPOSITION}, \
             i.customer_leg, i.channel FROM interactions i \
             WHERE i.agent = ?1 AND i.closed = 1 AND {condition} ORDER BY i.id DESC LIMIT ?3"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(agent.as_str())
            .bind(id)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.iter().map(closed).collect())
    }

    /// `since`: milliseconds since 1970-01-01T00:00Z.
    pub async fn tally(&self, agent: &AgentId, since: i64) -> Result<Tally, StoreFault> {
        const MINE: &str = "FROM interactions i WHERE i.agent = ?1 AND i.closed = 1 \
                            AND coalesce(i.closed_at, i.started_at) >= ?2";
        let counts = format!(
            "SELECT count(*) FILTER (WHERE i.direction = 'inbound'), \
             count(*) FILTER (WHERE i.direction = 'outbound'), \
             count(*) FILTER (WHERE i.talk_ms > 0), coalesce(sum(i.talk_ms), 0) {MINE}"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(counts))
            .bind(agent.as_str())
            .bind(since)
            .fetch_one(&self.pool)
            .await?;
        let by_name = format!(
            "SELECT {DISPOSITION} AS name, count(*) AS many {MINE} AND i.disposition IS NOT NULL \
             GROUP BY name ORDER BY many DESC, name LIMIT 100"
        );
        let names = sqlx::query(sqlx::AssertSqlSafe(by_name))
            .bind(agent.as_str())
            .bind(since)
            .fetch_all(&self.pool)
            .await?;
        let count = |row: &SqliteRow, i: usize| u64::try_from(row.get::<i64, _>(i)).unwrap_or(0);
        Ok(Tally {
            inbound: count(&row, 0),
            outbound: count(&row, 1),
            connected: count(&row, 2),
            talk_ms: count(&row, 3),
            dispositions: names.iter().map(|row| (row.get(0), count(row, 1))).collect(),
        })
    }
}

fn closed(row: &SqliteRow) -> Closed {
    let text = |i: usize| row.get::<Option<String>, _>(i);
    Closed {
        id: InteractionId::new(row.get(0)),
        call: InteractionId::new(row.get(1)),
        campaign: CampaignId::new(row.get(2)),
        queue: text(3).as_deref().map(QueueId::new),
        direction: from_word(row.get(4)).unwrap_or(Direction::Inbound),
        customer_name: row.get(5),
        number: text(6).and_then(|n| PhoneNumber::parse(&n).ok()),
        customer_id: row.get::<Option<i64>, _>(7).map(i64::unsigned_abs),
        record: text(8).and_then(|r| serde_json::from_str(&r).ok()),
        started_at: row.get(9),
        closed_at: row.get(10),
        disposition: text(11),
        customer_leg: text(12).as_deref().map(LegId::new),
        channel: from_word(row.get(13)).unwrap_or_default(),
    }
}
