//! The agent's chats: what is offered and open, and what he said that has not come back
//! from the centre yet.

use crate::desk::Desk;
use crate::orders::is_kept;
use crate::{Alert, Ask, ChatAsk, ChatCan, ChatView, Link, Order, Refusal, Sending, Sound, Verb};
use omnibar_model::{
    CampaignId, Cause, Chat, ChatFrom, ChatPhase, ChatTarget, CommandId, Conversation,
    DispositionId, InteractionId, Moment, chat_text, newest_messages,
};

/// Chats at most; an honest centre gives an agent a handful.
const CHATS_MAX: usize = 16;

#[derive(Debug)]
pub(crate) struct Talk {
    chat: Chat,
    sending: Vec<Said>,
    /// Alerted of this offer already.
    announced: bool,
}

/// A message of the agent's that is not among the chat's yet.
#[derive(Debug)]
struct Said {
    command: CommandId,
    text: String,
    since: Moment,
    /// The centre has it; its own copy is on the way.
    taken: bool,
}

type Refused = (Option<InteractionId>, Refusal);

impl Desk {
    pub(crate) fn ask_chat(&mut self, ask: &Ask, wish: &ChatAsk) -> Result<(), Refused> {
        self.session.signed_in().ok_or((None, Refusal::NotSignedIn))?;
        match wish {
            ChatAsk::Accept { chat } => self.order_chat(chat, Verb::Accept, ask, wish.clone()),
            ChatAsk::Reject { chat } => self.order_chat(chat, Verb::Reject, ask, wish.clone()),
            ChatAsk::Say { chat, text } => self.say(chat, text, ask),
            ChatAsk::End { chat } => self.order_chat(chat, Verb::End, ask, wish.clone()),
            ChatAsk::Dispose { chat, disposition, note } => {
                self.dispose_chat(chat, disposition, note, ask, wish)
            }
            ChatAsk::Start { campaign, customer } => {
                self.start_chat(campaign.as_ref(), customer, ask).map_err(|r| (None, r))
            }
        }
    }

    /// What the centre says of one chat.
    pub(crate) fn learn_chat(&mut self, new: Chat) {
        let (id, phase) = (new.id.clone(), new.phase);
        let over = matches!(phase, ChatPhase::Ended);
        match self.chats.iter().position(|t| t.chat.id == id) {
            Some(at) if over => self.remove_chat(at, new.cause),
            Some(at) => {
                let was_offered = self.chats[at].is_offered();
                self.chats[at].learn(new);
                if was_offered && !self.chats[at].is_offered() {
                    self.alert(Alert::OfferGone { interaction: id.clone(), missed: false });
                }
                self.orders.reconcile(&id, as_conversation(phase));
            }
            None if over || self.chats.len() >= CHATS_MAX => {}
            None => {
                if matches!(new.direction, omnibar_model::Direction::Outbound) {
                    self.orders.forget_verb(Verb::StartChat);
                }
                let mut talk = Talk { chat: new, sending: Vec::new(), announced: false };
                talk.bound();
                self.chats.push(talk);
            }
        }
        self.announce_chats();
    }

    /// Everything that the centre knows: what is not in it is gone.
    pub(crate) fn synchronise_chats(&mut self, chats: Vec<Chat>) {
        for at in (0..self.chats.len()).rev() {
            if !chats.iter().any(|c| c.id == self.chats[at].chat.id) {
                self.remove_chat(at, None);
            }
        }
        for chat in chats.into_iter().take(CHATS_MAX) {
            self.learn_chat(chat);
        }
        for talk in &mut self.chats {
            // Their own copies are in what has just come.
            talk.sending.retain(|said| !said.taken);
        }
    }

    pub(crate) fn clear_chats(&mut self) {
        while let Some(last) = self.chats.len().checked_sub(1) {
            self.remove_chat(last, Some(Cause::AgentHungUp));
        }
    }

    /// The centre's answer to a message, or that there will be none.
    pub(crate) fn said(&mut self, command: CommandId, taken: bool) {
        for talk in &mut self.chats {
            if taken {
                talk.sending
                    .iter_mut()
                    .filter(|s| s.command == command)
                    .for_each(|s| s.taken = true);
            } else {
                talk.sending.retain(|s| s.command != command);
            }
        }
    }

    pub(crate) fn chat_views(&self) -> Vec<ChatView> {
        self.chats.iter().map(|talk| self.chat_view(talk)).collect()
    }

    pub(crate) fn has_chats(&self) -> bool {
        !self.chats.is_empty()
    }

    pub(crate) fn permit_start_chat(&self) -> Result<(), Refusal> {
        self.session.signed_in().ok_or(Refusal::NotSignedIn)?;
        if let Some(verb) = self.orders.obstacle(None, Verb::StartChat, None) {
            return Err(Refusal::Pending { verb });
        }
        self.centre_is_up()
    }

    fn chat_view(&self, talk: &Talk) -> ChatView {
        let signed_in = self.session.signed_in().is_some();
        let may = |verb| signed_in && self.permit_chat(talk, verb).is_ok();
        ChatView {
            chat: talk.chat.clone(),
            can: ChatCan {
                accept: may(Verb::Accept),
                reject: may(Verb::Reject),
                say: may(Verb::Say),
                end: may(Verb::End),
                dispose: may(Verb::Dispose),
            },
            pending: self.orders.of(&talk.chat.id),
            sending: talk
                .sending
                .iter()
                .map(|s| Sending { command: s.command, text: s.text.clone(), since: s.since })
                .collect(),
        }
    }

    fn permit_chat(&self, talk: &Talk, verb: Verb) -> Result<(), Refusal> {
        let fits = match talk.chat.phase {
            ChatPhase::Offered { .. } => matches!(verb, Verb::Accept | Verb::Reject),
            ChatPhase::Open => matches!(verb, Verb::Say | Verb::End),
            ChatPhase::Wrapping { .. } => matches!(verb, Verb::Dispose),
            ChatPhase::Ended => false,
        };
        if !fits {
            return Err(Refusal::NotNow { verb });
        }
        if let Some(verb) = self.orders.obstacle(Some(&talk.chat.id), verb, None) {
            return Err(Refusal::Pending { verb });
        }
        if is_kept(verb) { Ok(()) } else { self.centre_is_up() }
    }

    fn permitted_chat(&self, id: &InteractionId, verb: Verb) -> Result<&Talk, Refused> {
        let talk =
            self.chats.iter().find(|t| t.chat.id == *id).ok_or((None, Refusal::NoSuchChat))?;
        self.permit_chat(talk, verb).map_err(|reason| (Some(id.clone()), reason))?;
        Ok(talk)
    }

    fn order_chat(
        &mut self,
        id: &InteractionId,
        verb: Verb,
        ask: &Ask,
        wish: ChatAsk,
    ) -> Result<(), Refused> {
        self.permitted_chat(id, verb)?;
        self.order(verb, (Some(id.clone()), None), ask.clone(), Order::Chat { ask: wish });
        Ok(())
    }

    fn say(&mut self, id: &InteractionId, text: &str, ask: &Ask) -> Result<(), Refused> {
        self.permitted_chat(id, Verb::Say)?;
        // As the centre will keep it, so that its copy is known when it comes.
        let text = chat_text(text).ok_or_else(|| (Some(id.clone()), Refusal::BadChatText))?;
        let wish = ChatAsk::Say { chat: id.clone(), text: text.clone() };
        let subject = (Some(id.clone()), None);
        let command = self.order(Verb::Say, subject, ask.clone(), Order::Chat { ask: wish });
        let since = self.now;
        if let Some(talk) = self.chats.iter_mut().find(|t| t.chat.id == *id) {
            talk.sending.push(Said { command, text, since, taken: false });
        }
        Ok(())
    }

    fn dispose_chat(
        &mut self,
        id: &InteractionId,
        disposition: &DispositionId,
        note: &str,
        ask: &Ask,
        wish: &ChatAsk,
    ) -> Result<(), Refused> {
        if note.chars().count() > crate::call::NOTE_MAX {
            return Err((Some(id.clone()), Refusal::NoteTooLong));
        }
        let campaign = self.permitted_chat(id, Verb::Dispose)?.chat.campaign.clone();
        let who = self.session.who();
        if who.is_some_and(|who| !who.knows_disposition(&campaign, disposition)) {
            return Err((Some(id.clone()), Refusal::NoSuchDisposition));
        }
        self.order_chat(id, Verb::Dispose, ask, wish.clone())?;
        if let Some(talk) = self.chats.iter_mut().find(|t| t.chat.id == *id) {
            // The centre says no more of a chat that is disposed than that it is gone.
            note.clone_into(&mut talk.chat.note);
        }
        Ok(())
    }

    fn start_chat(
        &mut self,
        campaign: Option<&CampaignId>,
        customer: &ChatTarget,
        ask: &Ask,
    ) -> Result<(), Refusal> {
        self.permit_start_chat()?;
        let (_, chosen, _) = self.session.signed_in().ok_or(Refusal::NotSignedIn)?;
        let campaign = match campaign {
            None => chosen.campaigns.first(),
            Some(named) => chosen.campaigns.iter().find(|id| *id == named),
        };
        let campaign = campaign.cloned().ok_or(Refusal::NoSuchCampaign)?;
        let wish = ChatAsk::Start { campaign: Some(campaign), customer: customer.clone() };
        self.order(Verb::StartChat, (None, None), ask.clone(), Order::Chat { ask: wish });
        Ok(())
    }

    fn remove_chat(&mut self, at: usize, cause: Option<Cause>) {
        let talk = self.chats.remove(at);
        let id = talk.chat.id.clone();
        if let ChatPhase::Offered { expires } = talk.chat.phase {
            let pressed = [Verb::Accept, Verb::Reject].map(|v| self.orders.has(&id, v));
            let not_taken = match cause {
                Some(cause) => matches!(cause, Cause::NoAnswer | Cause::Abandoned),
                None => expires <= self.now,
            };
            let missed = not_taken && pressed == [false, false];
            self.alert(Alert::OfferGone { interaction: id.clone(), missed });
        }
        self.orders.reconcile(&id, Conversation::Ended);
    }

    /// One notification and one short sound for every new offer; nobody who talks to a
    /// customer hears it in his ear.
    fn announce_chats(&mut self) {
        let quiet = self.is_in_talk() || self.link != Link::Up;
        for at in 0..self.chats.len() {
            let talk = &mut self.chats[at];
            if !talk.is_offered() || std::mem::replace(&mut talk.announced, true) {
                continue;
            }
            let chat = &self.chats[at].chat;
            let interaction = chat.id.clone();
            let name = match &chat.customer.number {
                Some(number) if chat.customer.name.is_empty() => number.to_string(),
                Some(_) | None => chat.customer.name.clone(),
            };
            let queue = self.queue_name(chat.queue.as_ref());
            self.alert(Alert::IncomingChat { interaction, name, queue });
            if !quiet {
                self.play(Sound::Chat);
            }
        }
    }
}

impl Talk {
    fn is_offered(&self) -> bool {
        matches!(self.chat.phase, ChatPhase::Offered { .. })
    }

    /// Messages are told once each: those that are known stay.
    fn learn(&mut self, mut new: Chat) {
        let mut messages = std::mem::take(&mut self.chat.messages);
        let known = messages.last().map_or(0, |m| m.seq);
        for message in std::mem::take(&mut new.messages) {
            if message.seq <= known {
                continue;
            }
            if message.from == ChatFrom::Agent
                && let Some(at) = self.sending.iter().position(|s| s.text == message.text)
            {
                self.sending.remove(at);
            }
            messages.push(message);
        }
        if !matches!(new.phase, ChatPhase::Offered { .. }) {
            self.announced = false;
        }
        self.chat = Chat { messages, ..new };
        self.bound();
    }

    fn bound(&mut self) {
        let kept = newest_messages(&self.chat.messages).len();
        self.chat.messages.drain(..self.chat.messages.len() - kept);
    }
}

/// What a chat's phase means to the commands that are under way for it.
fn as_conversation(phase: ChatPhase) -> Conversation {
    match phase {
        ChatPhase::Offered { expires } => Conversation::Offered { expires },
        ChatPhase::Open => Conversation::Connected,
        ChatPhase::Wrapping { until } => Conversation::Wrapping { until },
        ChatPhase::Ended => Conversation::Ended,
    }
}
