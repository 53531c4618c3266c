use crate::{
    CampaignId, Cause, Direction, InteractionId, Moment, Party, PhoneNumber, QueueId, Record,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Longest text of one message, in characters.
pub const CHAT_TEXT_MAX: usize = 4_000;

/// Messages of one chat at most, notices included.
pub const CHAT_MESSAGES_MAX: usize = 1_000;

/// How much of a chat's newest text travels in one message and is shown, in bytes of
/// JSON; what is older is kept at the centre.
pub const CHAT_SHOWN_BYTES: usize = 40 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChatFrom {
    Customer,
    Agent,
    /// The centre's own words, for example that an agent has joined.
    Notice,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct ChatMessage {
    /// Rises by one within a chat, from 1.
    pub seq: u32,
    pub from: ChatFrom,
    /// Plain text as it was typed, line breaks included: never markup.
    pub text: String,
    pub at: Moment,
}

/// What the people of a chat are doing, as the agent's desk sees it.
///
/// ```text
///   Offered ──accept──▶ Open ──end, customer gone for good──▶ Wrapping
///      │ reject, time is up, customer leaves                    │ dispose
///      ▼                                                        ▼
///    Ended ◀──────────────────────────────────────────────────Ended
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ChatPhase {
    /// Offered to this agent until `expires`.
    Offered {
        expires: Moment,
    },
    Open,
    /// Over, awaiting its disposition; disposed by the centre at `until`.
    Wrapping {
        until: Option<Moment>,
    },
    Ended,
}

/// A customer who writes from the centre's chat page, as one agent's desk sees it.
/// It has no voice legs and takes no part in the states of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct Chat {
    pub id: InteractionId,
    pub direction: Direction,
    pub campaign: CampaignId,
    pub queue: Option<QueueId>,
    pub customer: Party,
    /// In the centre's directory; `None`: not known there.
    #[ts(type = "number | null")]
    pub customer_id: Option<u64>,
    /// The CRM record that this chat is about.
    #[serde(default)]
    pub record: Option<Record>,
    pub phase: ChatPhase,
    /// When `phase` last changed.
    pub since: Moment,
    /// When the customer began it.
    pub opened_at: Moment,
    /// When this agent took it.
    pub assigned_at: Option<Moment>,
    /// The customer's page is connected now.
    pub customer_present: bool,
    /// Why it is over, from `Wrapping` on.
    pub cause: Option<Cause>,
    pub note: String,
    /// Number of the newest message; 0: nothing has been said.
    pub last_seq: u32,
    /// In the order of `seq`. The newest: what is older than the first of them is kept
    /// at the centre (`chat-service`, `GET /chats/{id}/messages`).
    pub messages: Vec<ChatMessage>,
}

/// A customer who is to be reached by chat. Whoever has the chat page open and fits all
/// that is given is meant; nothing given fits nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
#[serde(default)]
pub struct ChatTarget {
    pub name: Option<String>,
    pub number: Option<PhoneNumber>,
    #[ts(type = "number | null")]
    pub customer_id: Option<u64>,
}

/// A message's text as it is kept: without control characters but line breaks, without
/// space at its ends. `None`: nothing is left of it, or it is longer than
/// [`CHAT_TEXT_MAX`].
#[must_use]
pub fn chat_text(text: &str) -> Option<String> {
    // Nothing that is dropped or trimmed may make the reading of it long.
    if text.len() > CHAT_TEXT_MAX * 4 + 1024 {
        return None;
    }
    let text = text.replace("\r\n", "\n").replace('\t', " ");
    let kept: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    let kept = kept.trim();
    let fits = !kept.is_empty() && kept.chars().count() <= CHAT_TEXT_MAX;
    fits.then(|| kept.to_owned())
}

/// The newest messages that fit into [`CHAT_SHOWN_BYTES`]; at least the newest one.
#[must_use]
pub fn newest_messages(messages: &[ChatMessage]) -> &[ChatMessage] {
    // Of a message's JSON beside its text.
    const FRAME: usize = 80;
    let mut room = CHAT_SHOWN_BYTES;
    let mut from = messages.len();
    for (at, message) in messages.iter().enumerate().rev() {
        let escaped = |b: u8| if matches!(b, b'"' | b'\\' | b'\n') { 2 } else { 1 };
        let bytes = FRAME + message.text.bytes().map(escaped).sum::<usize>();
        if bytes > room && from < messages.len() {
            break;
        }
        room = room.saturating_sub(bytes);
        from = at;
    }
    &messages[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_as_it_was_typed_but_for_what_cannot_be_seen() {
        assert_eq!(
            chat_text(" Hello,\r\nI\u{7}\u{1b}[31m wait \t\n").as_deref(),
            Some("Hello,\nI[31m wait")
        );
        assert_eq!(chat_text("\u{0}\n\t "), None);
        assert_eq!(chat_text(&"x".repeat(CHAT_TEXT_MAX)).map(|t| t.len()), Some(CHAT_TEXT_MAX));
        assert_eq!(chat_text(&"x".repeat(CHAT_TEXT_MAX + 1)), None);
        let wide = "\u{1f600}".repeat(CHAT_TEXT_MAX);
        assert_eq!(chat_text(&wide).as_deref(), Some(wide.as_str()));
    }

    #[test]
    fn the_newest_are_shown_and_never_none() {
        let message = |seq: u32, bytes: usize| ChatMessage {
            seq,
            from: ChatFrom::Customer,
            text: "\"".repeat(bytes),
            at: Moment(0),
        };
        let long: Vec<_> = (1..=1_000).map(|seq| message(seq, 400)).collect();
        let shown = newest_messages(&long);
        assert_eq!(shown.last().map(|m| m.seq), Some(1_000));
        assert!(shown.len() > 30 && shown.len() < 100, "{}", shown.len());
        assert!(serde_json::to_string(shown).is_ok_and(|json| json.len() <= CHAT_SHOWN_BYTES));
        assert_eq!(newest_messages(&[message(1, 100_000)]).len(), 1);
        assert!(newest_messages(&[]).is_empty());
    }
}
