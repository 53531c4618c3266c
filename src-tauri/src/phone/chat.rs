//! Chats in `omnibar phone`: its words, and what it prints of them.

use omnibar_contract::View;
use omnibar_desk::{Ask, ChatAsk, ChatView};
use omnibar_model::{ChatTarget, InteractionId, PhoneNumber};
use serde_json::{Value, json};

pub(super) const WORDS: &str = "chat accept ID, chat reject ID, chat say ID TEXT, chat end ID, \
                                chat dispose ID CODE NOTE, chat start NUMBER-OR-NAME";

/// What stands after `chat`.
pub(super) fn parse(rest: &str) -> Result<Ask, String> {
    let (verb, rest) = word(rest);
    if verb == "start" {
        let customer = target(rest)?;
        return Ok(Ask::Chat { ask: ChatAsk::Start { campaign: None, customer } });
    }
    let (id, rest) = word(rest);
    if id.is_empty() {
        return Err(format!("`chat` needs a verb and a chat. Known: {WORDS}."));
    }
    let chat = InteractionId::new(id);
    let ask = match verb {
        "accept" if rest.is_empty() => ChatAsk::Accept { chat },
        "reject" if rest.is_empty() => ChatAsk::Reject { chat },
        "end" if rest.is_empty() => ChatAsk::End { chat },
        "say" if !rest.is_empty() => ChatAsk::Say { chat, text: rest.to_owned() },
        "dispose" if !rest.is_empty() => {
            let (code, note) = word(rest);
            ChatAsk::Dispose { chat, disposition: code.into(), note: note.to_owned() }
        }
        _ => return Err(format!("That is nothing to do with a chat. Known: {WORDS}.")),
    };
    Ok(Ask::Chat { ask })
}

/// The facts that differ between two views.
pub(super) fn changes(last: Option<&View>, view: &View) -> Vec<Value> {
    let old = last.map(|v| v.desk.chats.as_slice()).unwrap_or_default();
    let mut facts = Vec::new();
    for chat in &view.desk.chats {
        let before = old.iter().find(|b| b.chat.id == chat.chat.id);
        let told = before.and_then(|b| b.chat.messages.last()).map_or(0, |m| m.seq);
        if before.map(state) != Some(state(chat)) {
            facts.push(state(chat));
        }
        facts.extend(chat.chat.messages.iter().filter(|m| m.seq > told).map(
            |message| json!({"event": "chat_message", "chat": chat.chat.id, "message": message}),
        ));
    }
    let gone = old.iter().filter(|b| view.desk.chats.iter().all(|c| c.chat.id != b.chat.id));
    facts.extend(gone.map(|b| json!({"event": "chat_gone", "chat": b.chat.id})));
    facts
}

/// Without what was said: messages are facts of their own.
fn state(chat: &ChatView) -> Value {
    let mut shown = chat.chat.clone();
    (shown.messages, shown.last_seq) = (Vec::new(), 0);
    let sending: Vec<&str> = chat.sending.iter().map(|s| s.text.as_str()).collect();
    json!({"event": "chat", "chat": shown, "can": chat.can, "sending": sending})
}

fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
    (word, rest.trim())
}

/// A number, or else a name.
fn target(text: &str) -> Result<ChatTarget, String> {
    if text.is_empty() {
        return Err("`chat start` needs a number or a name.".to_owned());
    }
    Ok(match PhoneNumber::parse(text) {
        Ok(number) => ChatTarget { number: Some(number), ..ChatTarget::default() },
        Err(_) => ChatTarget { name: Some(text.to_owned()), ..ChatTarget::default() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_about_chats_is_read() {
        let ask = |line: &str| match parse(line) {
            Ok(Ask::Chat { ask }) => ask,
            other => panic!("{line}: {other:?}"),
        };
        assert_eq!(ask("accept c1"), ChatAsk::Accept { chat: "c1".into() });
        assert_eq!(
            ask("say c1 Hello,  you there"),
            ChatAsk::Say { chat: "c1".into(), text: "Hello,  you there".into() }
        );
        assert_eq!(
            ask("dispose c1 resolved all well"),
            ChatAsk::Dispose {
                chat: "c1".into(),
                disposition: "resolved".into(),
                note: "all well".into()
            }
        );
        let customer = ChatTarget { name: Some("Nora Winter".into()), ..ChatTarget::default() };
        assert_eq!(ask("start Nora Winter"), ChatAsk::Start { campaign: None, customer });
        let number = PhoneNumber::parse("+15550101").ok();
        let customer = ChatTarget { number, ..ChatTarget::default() };
        assert_eq!(ask("start +1 555 0101"), ChatAsk::Start { campaign: None, customer });
        for line in ["", "accept", "say c1", "dispose c1", "fly c1", "end c1 now", "start"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
