use super::customers::signed;
use super::live::{json, millis};
use super::{Store, StoreFault, from_word, word};
use crate::calls::{Call, Phase, Seat};
use omnibar_model::{
    AgentId, CampaignId, Direction, InteractionId, Party, PartyKind, PhoneNumber, QueueId,
    VoiceRecord,
};
use omnibar_protocol::wire::HistoryEntry;
use sqlx::{Row, SqliteConnection};

pub(super) async fn save_interaction(
    tx: &mut SqliteConnection,
    call: &Call,
    seat: &Seat,
) -> Result<(), StoreFault> {
    sqlx::query(
        "INSERT INTO interactions (id, call, agent, campaign, queue, direction, customer_name, \
         customer_number, started_at, talk_ms, closed, cause, disposition, note, recorded, \
         customer_id, record, closed_at, customer_leg) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (id) DO UPDATE SET agent = excluded.agent, talk_ms = excluded.talk_ms, \
         closed = excluded.closed, cause = excluded.cause, disposition = excluded.disposition, \
         note = excluded.note, recorded = excluded.recorded, record = excluded.record, \
         closed_at = excluded.closed_at",
    )
    .bind(seat.interaction.as_str())
    .bind(call.id.as_str())
    .bind(seat.agent.as_ref().map(AgentId::as_str))
    .bind(call.campaign.as_str())
    .bind(seat.queue.as_ref().map(QueueId::as_str))
    .bind(word(&seat.direction))
    .bind(&call.customer.name)
    .bind(call.customer.number.as_ref().map(PhoneNumber::as_str))
    .bind(millis(seat.started))
    .bind(i64::try_from(seat.talk.as_millis()).unwrap_or(i64::MAX))
    .bind(i64::from(seat.phase == Phase::Closed))
    .bind(seat.cause.as_ref().and_then(word))
    .bind(seat.disposition.as_ref().map(|d| d.as_str()))
    .bind(&seat.note)
    .bind(i64::from(call.is_recorded(seat)))
    .bind(call.customer_id.map(signed))
    .bind(call.record.as_ref().and_then(|r| serde_json::to_string(r).ok()))
    .bind((seat.phase == Phase::Closed).then_some(millis(seat.since)))
    .bind(call.customer().map(|c| c.leg.as_str()))
    .execute(tx)
    .await?;
    Ok(())
}

/// Of an interaction of this agent only; a desk that was started anew within the call has
/// measured the rest of it, and the longer part says more.
pub(super) async fn save_voice(
    tx: &mut SqliteConnection,
    user: &AgentId,
    interaction: &InteractionId,
    record: &VoiceRecord,
) -> Result<(), StoreFault> {
    sqlx::query(
        "UPDATE interactions SET voice = ? WHERE id = ? AND agent = ? AND channel = 'voice' \
         AND coalesce(json_extract(voice, '$.seconds'), -1) < ?",
    )
    .bind(json(record)?)
    .bind(interaction.as_str())
    .bind(user.as_str())
    .bind(i64::from(record.seconds))
    .execute(tx)
    .await?;
    Ok(())
}

impl Store {
    /// The agent's closed interactions, newest first.
    pub async fn history(
        &self,
        agent: &AgentId,
        before: Option<&InteractionId>,
        limit: u16,
    ) -> Result<Vec<HistoryEntry>, StoreFault> {
        // '~' sorts after every UUID.
        let before = before.map_or("~", InteractionId::as_str);
        let rows = sqlx::query(
            "SELECT i.id, i.direction, i.campaign, i.queue, i.customer_name, i.customer_number, \
             i.started_at, i.talk_ms, i.cause, i.note, i.disposition, \
             (SELECT c.name FROM disposition_codes c JOIN disposition_classes k ON k.id = c.class \
              WHERE c.id = i.disposition AND k.campaign = i.campaign), i.recorded, \
             (SELECT mask_numbers FROM campaigns c WHERE c.id = i.campaign), i.channel, i.voice \
             FROM interactions i WHERE i.agent = ? AND i.closed = 1 AND i.id < ? \
             ORDER BY i.id DESC LIMIT ?",
        )
        .bind(agent.as_str())
        .bind(before)
        .bind(i64::from(limit.clamp(1, 100)))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows
            .iter()
            .map(|r| {
                let queue: Option<String> = r.get(3);
                let number: Option<String> = r.get(5);
                let talk: i64 = r.get(7);
                let cause: Option<String> = r.get(8);
                let code: Option<String> = r.get(10);
                let name: Option<String> = r.get(11);
                // Of a campaign that is gone nobody knows.
                let masked = r.get::<Option<i64>, _>(13) != Some(0);
                HistoryEntry {
                    id: InteractionId::new(r.get(0)),
                    channel: from_word(r.get(14)).unwrap_or_default(),
                    direction: from_word(r.get(1)).unwrap_or(Direction::Inbound),
                    campaign: CampaignId::new(r.get(2)),
                    queue: queue.as_deref().map(QueueId::new),
                    customer: Party {
                        kind: PartyKind::Customer,
                        name: r.get(4),
                        number: number
                            .and_then(|n| PhoneNumber::parse(&n).ok())
                            .map(|n| if masked { n.masked() } else { n }),
                    },
                    started_at: r.get(6),
                    talk_ms: u64::try_from(talk).unwrap_or(0),
                    cause: cause.as_deref().and_then(from_word),
                    disposition: name.or(code),
                    note: r.get(9),
                    recorded: r.get::<i64, _>(12) == 1,
                    voice: r
                        .get::<Option<String>, _>(15)
                        .and_then(|text| serde_json::from_str(&text).ok()),
                }
            })
            .collect())
    }
}
