//! The agent's side.

use super::{Chat, ChatEffect, ChatFault, Chats, PageId, Phase};
use crate::calls::MAX_NOTE;
use omnibar_model::{
    AgentId, CampaignId, Cause, ChatFrom, ChatTarget, Direction, DispositionId, InteractionId,
    Moment, Party, Record, chat_text,
};

impl Chats {
    pub fn accept(
        &mut self,
        now: Moment,
        agent: &AgentId,
        id: &InteractionId,
        name: &str,
    ) -> Result<(), ChatFault> {
        if self.acd.offered_to(id) != Some(agent) {
            return Err(ChatFault::OfferOver);
        }
        // He may have started one himself while this was offered.
        if self.taken(agent) >= self.rules.per_agent {
            return Err(ChatFault::Busy);
        }
        self.acd.take(id, agent);
        self.assign(now, id, agent, name);
        Ok(())
    }

    pub fn reject(
        &mut self,
        now: Moment,
        agent: &AgentId,
        id: &InteractionId,
    ) -> Result<(), ChatFault> {
        if self.acd.reject(now, id, agent) { Ok(()) } else { Err(ChatFault::OfferOver) }
    }

    pub fn agent_says(
        &mut self,
        now: Moment,
        agent: &AgentId,
        id: &InteractionId,
        text: &str,
    ) -> Result<u32, ChatFault> {
        let chat = self.owned(agent, id)?;
        if chat.phase != Phase::Open {
            return Err(ChatFault::NotNow);
        }
        let text = chat_text(text).ok_or(ChatFault::BadText)?;
        self.say(now, id, ChatFrom::Agent, (text, None))
    }

    pub fn end(
        &mut self,
        now: Moment,
        agent: &AgentId,
        id: &InteractionId,
    ) -> Result<(), ChatFault> {
        if self.owned(agent, id)?.phase != Phase::Open {
            return Err(ChatFault::NotNow);
        }
        self.notice(now, id, "The chat has been ended.".to_owned());
        self.wrap_up(now, id, Cause::AgentHungUp);
        Ok(())
    }

    pub fn dispose(
        &mut self,
        now: Moment,
        agent: &AgentId,
        id: &InteractionId,
        code: &DispositionId,
        note: &str,
    ) -> Result<(), ChatFault> {
        if note.chars().count() > MAX_NOTE {
            return Err(ChatFault::NoteTooLong);
        }
        let chat = self.owned(agent, id)?;
        if !matches!(chat.phase, Phase::Wrapping { .. }) {
            return Err(ChatFault::NotNow);
        }
        let campaign = chat.campaign.clone();
        if !self.setup.has_disposition(&campaign, code) {
            return Err(ChatFault::NoSuchDisposition);
        }
        if let Some(chat) = self.change(id) {
            chat.disposition = Some(code.clone());
            if !note.is_empty() {
                note.clone_into(&mut chat.note);
            }
        }
        self.log(id, "disposed", code.as_str());
        self.close(now, id, Cause::AgentHungUp);
        Ok(())
    }

    /// The agent begins a chat with somebody who has the page open, or takes him out of
    /// a queue of the same campaign.
    pub fn start(
        &mut self,
        now: Moment,
        agent: &AgentId,
        campaign: &CampaignId,
        target: &ChatTarget,
        name: &str,
    ) -> Result<InteractionId, ChatFault> {
        if self.taken(agent) >= self.rules.per_agent {
            return Err(ChatFault::Busy);
        }
        let queue = self.setup.queue_of(campaign).cloned().ok_or(ChatFault::NoSuchCampaign)?;
        let fitting: Vec<PageId> = self
            .pages
            .iter()
            .filter(|(_, p)| fits(target, &p.visitor.customer, p.visitor.customer_id))
            .map(|(id, _)| *id)
            .collect();
        let page = match fitting.as_slice() {
            [] => return Err(ChatFault::NobodyThere),
            [page] => *page,
            [..] => return Err(ChatFault::Ambiguous),
        };
        let present = self.pages.get(&page).and_then(|p| p.chat.clone());
        let Some(id) = present else {
            let id = self
                .begin(now, page, &queue, Direction::Outbound)
                .ok_or(ChatFault::NoSuchCampaign)?;
            self.assign(now, &id, agent, name);
            return Ok(id);
        };
        let chat = self.get(&id).ok_or(ChatFault::NobodyThere)?;
        if !chat.is_routing() || chat.campaign != *campaign {
            return Err(ChatFault::WithColleague);
        }
        if chat.agent.as_ref().is_some_and(|other| other != agent) {
            return Err(ChatFault::WithColleague);
        }
        self.acd.remove(&id);
        self.assign(now, &id, agent, name);
        Ok(id)
    }

    /// The CRM record that the chat is about; `None`: no more any.
    pub fn link(
        &mut self,
        agent: &AgentId,
        id: &InteractionId,
        record: Option<Record>,
    ) -> Result<(), ChatFault> {
        if self.owned(agent, id)?.is_routing() {
            return Err(ChatFault::NotNow);
        }
        let what = if record.is_some() { "linked" } else { "unlinked" };
        let kind = record.as_ref().map(|r| r.record_type.clone()).unwrap_or_default();
        if let Some(chat) = self.change(id) {
            chat.record = record;
        }
        self.log(id, what, kind);
        Ok(())
    }

    /// The agent's session is over and will not come back: his customers go to their
    /// queue, before the others there.
    pub fn agent_lost(&mut self, now: Moment, agent: &AgentId) {
        let open: Vec<InteractionId> =
            self.of(agent).filter(|c| c.phase == Phase::Open).map(|c| c.id.clone()).collect();
        for id in open {
            let words = "Your agent had to leave. Somebody else will be with you.";
            self.notice(now, &id, words.to_owned());
            if let Some(chat) = self.change(&id) {
                chat.move_to(now, Phase::Waiting);
                (chat.agent, chat.assigned_at) = (None, None);
                chat.returned = true;
            }
            let (chat, agent) = (id.clone(), agent.clone());
            self.out.push_back(ChatEffect::Left { chat, agent, cause: Cause::Dropped });
            self.log(&id, "chat_returned", "");
            self.enter(now, &id);
        }
    }

    fn assign(&mut self, now: Moment, id: &InteractionId, agent: &AgentId, name: &str) {
        let Some(chat) = self.change(id) else { return };
        chat.agent = Some(agent.clone());
        chat.assigned_at = Some(now);
        chat.answered_at.get_or_insert(now);
        chat.move_to(now, Phase::Open);
        self.log(id, "chat_accepted", agent.as_str());
        self.notice(now, id, format!("{name} is here."));
    }

    fn owned(&self, agent: &AgentId, id: &InteractionId) -> Result<&Chat, ChatFault> {
        let chat = self.get(id).ok_or(ChatFault::NoSuchChat)?;
        let his = chat.agent.as_ref() == Some(agent) && !chat.is_over();
        his.then_some(chat).ok_or(ChatFault::NoSuchChat)
    }
}

/// All that is given fits; nothing given fits nobody.
fn fits(target: &ChatTarget, customer: &Party, customer_id: Option<u64>) -> bool {
    let ChatTarget { name, number, customer_id: id } = target;
    let given = name.is_some() || number.is_some() || id.is_some();
    given
        && name.as_ref().is_none_or(|name| {
            let (name, his) = (name.trim(), customer.name.trim());
            !name.is_empty() && name.to_lowercase() == his.to_lowercase()
        })
        && number.as_ref().is_none_or(|number| customer.number.as_ref() == Some(number))
        && id.is_none_or(|id| customer_id == Some(id))
}
