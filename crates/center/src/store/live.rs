//! What must survive: open calls, sessions, notifications, answers.

use super::history::{save_interaction, save_voice};
use super::{Store, StoreFault, chats};
use crate::callbacks;
use crate::calls::Call;
use crate::chats::Chat;
use crate::core::{CoreEffect, JOURNAL, News, Session};
use omnibar_model::{AgentId, Moment};
use omnibar_protocol::ErrorObject;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Row, SqliteConnection};
use std::time::Duration;
use uuid::Uuid;

/// Answers are kept for longer than any client would repeat a command.
const COMMANDS_KEPT: Duration = Duration::from_secs(24 * 3600);
/// Answers of one user that are kept: twice what a desktop's outbox can hold.
const ANSWERS_OF_USER: i64 = 4_000;
/// Rows that are deleted in one transaction.
const AT_A_TIME: i64 = 2_000;

/// What was open when the centre stopped.
#[derive(Debug, Default)]
pub struct Live {
    pub calls: Vec<Call>,
    pub sessions: Vec<Session>,
    pub callbacks: Vec<callbacks::Kept>,
    pub chats: Vec<Chat>,
}

/// One input's share in a transaction.
#[derive(Debug)]
pub struct Write<'a> {
    pub now: Moment,
    pub effects: &'a [CoreEffect],
    /// Who sent the command, its id and the answer that he gets.
    pub answer: Option<(&'a AgentId, Uuid, &'a Result<Value, ErrorObject>)>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Ok(Value),
    Error(ErrorObject),
}

impl Store {
    /// Commits everything or nothing.
    pub async fn commit(&self, writes: &[Write<'_>]) -> Result<(), StoreFault> {
        let mut tx = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        for write in writes {
            for effect in write.effects {
                apply(&mut tx, effect).await?;
            }
            if let Some((user, id, answer)) = write.answer {
                let kept = match answer {
                    Ok(value) => Kept::Ok(value.clone()),
                    Err(error) => Kept::Error(error.clone()),
                };
                sqlx::query(
                    "INSERT OR REPLACE INTO commands (user, id, at, answer) VALUES (?, ?, ?, ?)",
                )
                .bind(user.as_str())
                .bind(id.to_string())
                .bind(millis(write.now))
                .bind(json(&kept)?)
                .execute(&mut *tx)
                .await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// The answer that this command got the first time.
    pub async fn answered(
        &self,
        user: &AgentId,
        id: Uuid,
    ) -> Result<Option<Result<Value, ErrorObject>>, StoreFault> {
        let found: Option<String> =
            sqlx::query_scalar("SELECT answer FROM commands WHERE user = ? AND id = ?")
                .bind(user.as_str())
                .bind(id.to_string())
                .fetch_optional(&self.pool)
                .await?;
        Ok(found.and_then(|text| serde_json::from_str(&text).ok()).map(|kept| match kept {
            Kept::Ok(value) => Ok(value),
            Kept::Error(error) => Err(error),
        }))
    }

    /// Forgets answers that are older than a day, and of each user those that have many
    /// newer ones. A little at a time, so that nobody waits long for the database.
    pub async fn forget_old_answers(&self, now: Moment) -> Result<(), StoreFault> {
        let old = "SELECT user, id FROM commands WHERE at < ? LIMIT ?";
        self.forget_answers(old, millis(now - COMMANDS_KEPT)).await?;
        let many = "SELECT user, id FROM (SELECT user, id, row_number() OVER \
                    (PARTITION BY user ORDER BY at DESC) AS newer FROM commands) \
                    WHERE newer > ? LIMIT ?";
        self.forget_answers(many, ANSWERS_OF_USER).await
    }

    async fn forget_answers(&self, which: &'static str, limit: i64) -> Result<(), StoreFault> {
        let delete = format!("DELETE FROM commands WHERE (user, id) IN ({which})");
        loop {
            let gone = sqlx::query(sqlx::AssertSqlSafe(delete.as_str()))
                .bind(limit)
                .bind(AT_A_TIME)
                .execute(&self.pool)
                .await?;
            if gone.rows_affected() < AT_A_TIME.unsigned_abs() {
                return Ok(());
            }
        }
    }

    pub async fn live(&self) -> Result<Live, StoreFault> {
        let mut live = Live { chats: self.open_chats().await?, ..Live::default() };
        for row in sqlx::query("SELECT body FROM calls ORDER BY id").fetch_all(&self.pool).await? {
            live.calls.push(parse(row.get(0))?);
        }
        for row in sqlx::query("SELECT body FROM callbacks").fetch_all(&self.pool).await? {
            live.callbacks.push(parse(row.get(0))?);
        }
        for row in sqlx::query("SELECT id, body FROM sessions").fetch_all(&self.pool).await? {
            let id: String = row.get(0);
            let mut session: Session = parse(row.get(1))?;
            let news = sqlx::query("SELECT seq, body FROM journal WHERE session = ? ORDER BY seq")
                .bind(id)
                .fetch_all(&self.pool)
                .await?;
            for row in news {
                let seq: i64 = row.get(0);
                let seq = u64::try_from(seq).unwrap_or(0);
                let news: News = parse(row.get(1))?;
                session.seq = session.seq.max(seq);
                session.journal.push_back((seq, news));
            }
            live.sessions.push(session);
        }
        Ok(live)
    }
}

async fn apply(tx: &mut SqliteConnection, effect: &CoreEffect) -> Result<(), StoreFault> {
    match effect {
        CoreEffect::SaveSession(session) => {
            sqlx::query(
                "INSERT INTO sessions (id, user, body) VALUES (?, ?, ?) \
                 ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            )
            .bind(session.id.to_string())
            .bind(session.user.as_str())
            .bind(json(session)?)
            .execute(tx)
            .await?;
        }
        CoreEffect::DeleteSession(id) => {
            sqlx::query("DELETE FROM sessions WHERE id = ?")
                .bind(id.to_string())
                .execute(tx)
                .await?;
        }
        CoreEffect::SaveCallback(kept) => {
            sqlx::query(
                "INSERT INTO callbacks (id, campaign, agent, at, body) VALUES (?, ?, ?, ?, ?) \
                 ON CONFLICT (id) DO UPDATE SET at = excluded.at, body = excluded.body",
            )
            .bind(kept.id.as_str())
            .bind(kept.campaign.as_str())
            .bind(kept.agent.as_ref().map(AgentId::as_str))
            .bind(millis(kept.at))
            .bind(json(kept.as_ref())?)
            .execute(tx)
            .await?;
        }
        CoreEffect::DeleteCallback(id) => {
            sqlx::query("DELETE FROM callbacks WHERE id = ?").bind(id.as_str()).execute(tx).await?;
        }
        CoreEffect::SaveChat(chat) => chats::save(tx, chat).await?,
        CoreEffect::AddMessage { chat, message } => chats::add_message(tx, chat, message).await?,
        CoreEffect::SaveCall(call) => {
            sqlx::query(
                "INSERT INTO calls (id, body) VALUES (?, ?) \
                 ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            )
            .bind(call.id.as_str())
            .bind(json(call)?)
            .execute(&mut *tx)
            .await?;
            for seat in &call.seats {
                save_interaction(tx, call, seat).await?;
            }
        }
        CoreEffect::CloseCall(call) => {
            sqlx::query("DELETE FROM calls WHERE id = ?")
                .bind(call.id.as_str())
                .execute(&mut *tx)
                .await?;
            for seat in &call.seats {
                save_interaction(tx, call, seat).await?;
            }
        }
        CoreEffect::Measured { user, interaction, record } => {
            save_voice(tx, user, interaction, record).await?;
        }
        CoreEffect::Log { interaction, at, what, detail } => {
            sqlx::query("INSERT INTO events (interaction, at, what, detail) VALUES (?, ?, ?, ?)")
                .bind(interaction.as_str())
                .bind(millis(*at))
                .bind(what)
                .bind(detail)
                .execute(tx)
                .await?;
        }
        CoreEffect::Notify { session, seq, news, .. } => {
            let seq = i64::try_from(*seq).unwrap_or(i64::MAX);
            // The session may have ended in the same transaction.
            sqlx::query(
                "INSERT INTO journal (session, seq, body) SELECT id, ?, ? FROM sessions WHERE id = ?",
            )
            .bind(seq)
            .bind(json(news)?)
            .bind(session.to_string())
            .execute(&mut *tx)
            .await?;
            sqlx::query("DELETE FROM journal WHERE session = ? AND seq <= ?")
                .bind(session.to_string())
                .bind(seq.saturating_sub(i64::try_from(JOURNAL).unwrap_or(i64::MAX)))
                .execute(tx)
                .await?;
        }
        CoreEffect::Replay { .. }
        | CoreEffect::Close { .. }
        | CoreEffect::Switch(_)
        | CoreEffect::Arrived { .. }
        | CoreEffect::Record { .. }
        | CoreEffect::Page { .. }
        | CoreEffect::Customer { .. } => {}
    }
    Ok(())
}

pub(super) fn millis(at: Moment) -> i64 {
    i64::try_from(at.as_millis()).unwrap_or(i64::MAX)
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String, StoreFault> {
    serde_json::to_string(value).map_err(|e| StoreFault::Failed(sqlx::Error::Encode(Box::new(e))))
}

pub(super) fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, StoreFault> {
    serde_json::from_str(text).map_err(|e| StoreFault::Failed(sqlx::Error::Decode(Box::new(e))))
}
