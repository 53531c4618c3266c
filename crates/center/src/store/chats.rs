//! Chats: what is open, and what was said.

use super::customers::signed;
use super::live::{json, millis, parse};
use super::{Store, StoreFault, from_word, word};
use crate::chats::{Chat, Phase};
use omnibar_model::{
    AgentId, Cause, ChatFrom, ChatMessage, InteractionId, Moment, PhoneNumber, newest_messages,
};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

/// More than ever fit into [`newest_messages`].
const NEWEST: u32 = 600;

pub(super) async fn save(tx: &mut SqliteConnection, chat: &Chat) -> Result<(), StoreFault> {
    if chat.phase == Phase::Closed {
        sqlx::query("DELETE FROM chats WHERE id = ?")
            .bind(chat.id.as_str())
            .execute(&mut *tx)
            .await?;
    } else {
        sqlx::query(
            "INSERT INTO chats (id, body) VALUES (?, ?) \
             ON CONFLICT (id) DO UPDATE SET body = excluded.body",
        )
        .bind(chat.id.as_str())
        .bind(json(chat)?)
        .execute(&mut *tx)
        .await?;
    }
    save_interaction(tx, chat).await
}

/// A number is given once: a second message with it would be the core's mistake.
pub(super) async fn add_message(
    tx: &mut SqliteConnection,
    chat: &InteractionId,
    message: &ChatMessage,
) -> Result<(), StoreFault> {
    sqlx::query("INSERT INTO chat_messages (chat, seq, sender, text, at) VALUES (?, ?, ?, ?, ?)")
        .bind(chat.as_str())
        .bind(i64::from(message.seq))
        .bind(word(&message.from))
        .bind(&message.text)
        .bind(millis(message.at))
        .execute(tx)
        .await?;
    Ok(())
}

async fn save_interaction(tx: &mut SqliteConnection, chat: &Chat) -> Result<(), StoreFault> {
    let closed = chat.phase == Phase::Closed;
    let cause = chat.cause.as_ref().and_then(word::<Cause>);
    sqlx::query(
        "INSERT INTO interactions (id, call, agent, campaign, queue, direction, customer_name, \
         customer_number, started_at, talk_ms, closed, cause, disposition, note, customer_id, \
         record, closed_at, channel) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'chat') \
         ON CONFLICT (id) DO UPDATE SET agent = excluded.agent, talk_ms = excluded.talk_ms, \
         closed = excluded.closed, cause = excluded.cause, disposition = excluded.disposition, \
         note = excluded.note, record = excluded.record, closed_at = excluded.closed_at",
    )
    .bind(chat.id.as_str())
    .bind(chat.id.as_str())
    .bind(chat.agent.as_ref().filter(|_| !chat.is_routing()).map(AgentId::as_str))
    .bind(chat.campaign.as_str())
    .bind(chat.queue.as_str())
    .bind(word(&chat.direction))
    .bind(&chat.customer.name)
    .bind(chat.customer.number.as_ref().map(PhoneNumber::as_str))
    .bind(millis(chat.opened_at))
    .bind(i64::try_from(chat.talk_ms).unwrap_or(i64::MAX))
    .bind(i64::from(closed))
    .bind(cause)
    .bind(chat.disposition.as_ref().map(|d| d.as_str()))
    .bind(&chat.note)
    .bind(chat.customer_id.map(signed))
    .bind(chat.record.as_ref().and_then(|r| serde_json::to_string(r).ok()))
    .bind(closed.then_some(millis(chat.since)))
    .execute(tx)
    .await?;
    Ok(())
}

impl Store {
    /// Those that were open when the centre stopped, with their newest messages.
    pub async fn open_chats(&self) -> Result<Vec<Chat>, StoreFault> {
        let rows = sqlx::query("SELECT body FROM chats ORDER BY id").fetch_all(&self.pool).await?;
        let mut chats = Vec::with_capacity(rows.len());
        for row in rows {
            let mut chat: Chat = parse(row.get(0))?;
            let newest = self.messages(&chat.id, None, NEWEST).await?;
            chat.recent = newest_messages(&newest).to_vec();
            chats.push(chat);
        }
        Ok(chats)
    }

    /// The newest `limit` messages of this chat with numbers below `before`, in order.
    pub async fn messages(
        &self,
        chat: &InteractionId,
        before: Option<u32>,
        limit: u32,
    ) -> Result<Vec<ChatMessage>, StoreFault> {
        let rows = sqlx::query(
            "SELECT seq, sender, text, at FROM chat_messages WHERE chat = ? AND seq < ? \
             ORDER BY seq DESC LIMIT ?",
        )
        .bind(chat.as_str())
        .bind(before.map_or(i64::MAX, i64::from))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.iter().rev().map(message).collect())
    }

    /// The agent has or had this chat, which is in the history already.
    pub async fn had_chat(
        &self,
        agent: &AgentId,
        chat: &InteractionId,
    ) -> Result<bool, StoreFault> {
        let found: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM interactions WHERE id = ? AND agent = ? AND channel = 'chat'",
        )
        .bind(chat.as_str())
        .bind(agent.as_str())
        .fetch_one(&self.pool)
        .await?;
        Ok(found == 1)
    }
}

fn message(row: &SqliteRow) -> ChatMessage {
    ChatMessage {
        seq: u32::try_from(row.get::<i64, _>(0)).unwrap_or(0),
        from: from_word(row.get(1)).unwrap_or(ChatFrom::Notice),
        text: row.get(2),
        at: Moment(row.get::<i64, _>(3).unsigned_abs()),
    }
}
