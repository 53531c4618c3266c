//! What agents do with callbacks, and what they are told of them.

use super::command::{conflict, done};
use super::refusal::{refuse, refuse_callback};
use super::{Answer, Core, CoreEffect, News};
use crate::callbacks::{CallbackFault, Change, Kept, Present};
use crate::calls::{CallFault, Contact};
use omnibar_model::{
    AgentId, AgentState, Booking, Callback, CallbackAct, CallbackId, CampaignId, DispositionId,
    InteractionId, Moment, PhoneNumber,
};
use omnibar_protocol::wire;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What each agent was last told of each callback.
pub(super) type Shown = BTreeMap<(AgentId, CallbackId), Callback>;

/// One that comes from no interaction of its own.
pub(super) struct Wish {
    pub(super) campaign: CampaignId,
    pub(super) number: PhoneNumber,
    pub(super) at: i64,
    pub(super) own: bool,
    pub(super) note: String,
}

impl Core {
    /// The disposition and its callback, or neither.
    pub(super) fn dispose(
        &mut self,
        now: Moment,
        user: &AgentId,
        interaction: &InteractionId,
        code: &DispositionId,
        note: &str,
        booking: Option<&Booking>,
    ) -> Answer {
        let wish = match booking.map(|booking| self.wish(now, user, interaction, note, booking)) {
            None => None,
            Some(Ok(wish)) => Some(wish),
            Some(Err(answer)) => return answer,
        };
        if let Some(wish) = &wish
            && let Err(fault) = self.callbacks.check(now, wish)
        {
            return refuse_callback(fault);
        }
        if let Err(fault) = self.calls.dispose(now, user, interaction, code, note) {
            return refuse(fault);
        }
        match wish {
            Some(wish) => done_or(self.keep(now, wish)),
            None => done(Ok(())),
        }
    }

    pub(super) fn book(
        &mut self,
        now: Moment,
        user: &AgentId,
        wish: Wish,
        contact: Contact,
    ) -> Answer {
        let Some(session) = self.sessions.get(user) else { return conflict("Sign in first.") };
        if !session.campaigns.contains(&wish.campaign) {
            return refuse(CallFault::NoSuchCampaign);
        }
        let id = self.callback_ids.callback(now);
        let kept = Kept {
            id: id.clone(),
            campaign: wish.campaign,
            customer_name: contact.name,
            customer_id: contact.id,
            number: wish.number,
            at: moment(wish.at),
            agent: wish.own.then(|| user.clone()),
            booked_by: user.clone(),
            booked_by_name: session.name.clone(),
            booked_at: now,
            interaction: None,
            note: wish.note,
        };
        match self.keep(now, kept) {
            Ok(()) => Ok(json!(wire::Booked { callback: id })),
            Err(fault) => refuse_callback(fault),
        }
    }

    pub(super) fn callback(
        &mut self,
        now: Moment,
        user: &AgentId,
        id: &CallbackId,
        act: CallbackAct,
    ) -> Answer {
        match act {
            CallbackAct::Take => self.take_callback(now, user, id),
            CallbackAct::Snooze { at, reason } => {
                let at = at.map(moment);
                let callbacks = Arc::make_mut(&mut self.callbacks);
                match callbacks.snooze(now, user, id, at).cloned() {
                    Ok(kept) => {
                        self.log_callback(now, &kept, "callback_put_off", reason);
                        done(Ok(()))
                    }
                    Err(fault) => refuse_callback(fault),
                }
            }
            CallbackAct::Cancel { reason } => {
                match Arc::make_mut(&mut self.callbacks).cancel(user, id, &reason) {
                    Ok(kept) => {
                        self.log_callback(now, &kept, "callback_cancelled", reason);
                        done(Ok(()))
                    }
                    Err(fault) => refuse_callback(fault),
                }
            }
        }
    }

    /// It leaves the list with the call that is made for it, so that nobody else calls.
    fn take_callback(&mut self, now: Moment, user: &AgentId, id: &CallbackId) -> Answer {
        let Some(session) = self.sessions.get(user) else { return conflict("Sign in first.") };
        let kept = match self.callbacks.dialable(user, &session.campaigns, id) {
            Ok(kept) => kept.clone(),
            Err(fault) => return refuse_callback(fault),
        };
        if self.acd_offers(user) {
            return conflict("Answer or reject the call that is offered first.");
        }
        let contact = Contact { id: kept.customer_id, name: kept.customer_name.clone() };
        match self.calls.dial(now, user, &kept.campaign, &kept.number, contact) {
            Ok(interaction) => {
                Arc::make_mut(&mut self.callbacks).taken(id);
                self.log_callback(now, &kept, "callback_taken", interaction.to_string());
                Ok(json!(wire::Dialled { interaction }))
            }
            Err(fault) => refuse(fault),
        }
    }

    /// What a booking with a disposition means, for the interaction that it comes from.
    fn wish(
        &mut self,
        now: Moment,
        user: &AgentId,
        interaction: &InteractionId,
        note: &str,
        booking: &Booking,
    ) -> Result<Kept, Answer> {
        let call = self
            .calls
            .of(interaction)
            .filter(|c| c.seat(interaction).is_some_and(|s| s.agent.as_ref() == Some(user)))
            .ok_or_else(|| refuse(CallFault::NoSuchCall))?;
        let session = self.sessions.get(user).ok_or_else(|| conflict("Sign in first."))?;
        if !session.campaigns.contains(&call.campaign) {
            return Err(refuse_callback(CallbackFault::NotInCampaign));
        }
        let theirs = call.customer.number.as_ref();
        let number = match &booking.number {
            None => theirs.ok_or(CallbackFault::NoNumber),
            // As a campaign's agents see it who may not read numbers.
            Some(masked) if masked.is_masked() => {
                theirs.filter(|n| n.masked() == *masked).ok_or(CallbackFault::Hidden)
            }
            Some(other) => Ok(other),
        };
        let number = number.map_err(refuse_callback)?.clone();
        let noted = call.seat(interaction).map(|seat| seat.note.as_str()).unwrap_or_default();
        let note = if note.is_empty() { noted } else { note }.to_owned();
        Ok(Kept {
            id: self.callback_ids.callback(now),
            campaign: call.campaign.clone(),
            customer_name: call.customer.name.clone(),
            customer_id: call.customer_id,
            number,
            at: moment(booking.at),
            agent: booking.own.then(|| user.clone()),
            booked_by: user.clone(),
            booked_by_name: session.name.clone(),
            booked_at: now,
            interaction: Some(interaction.clone()),
            note,
        })
    }

    fn keep(&mut self, now: Moment, kept: Kept) -> Result<(), CallbackFault> {
        let booked = kept.clone();
        Arc::make_mut(&mut self.callbacks).book(now, kept)?;
        let whose = if booked.agent.is_some() { "own" } else { "anyone" };
        self.log_callback(now, &booked, "callback_booked", whose.to_owned());
        Ok(())
    }

    /// In the history of the interaction that it comes from.
    fn log_callback(&mut self, now: Moment, kept: &Kept, what: &'static str, detail: String) {
        if let Some(interaction) = kept.interaction.clone() {
            self.effects.push(CoreEffect::Log { interaction, at: now, what, detail });
        }
    }

    /// Lets callbacks become due, and tells who sees that something has changed.
    pub(super) fn follow_callbacks(&mut self, now: Moment) {
        if !self.callbacks.is_idle(now) {
            let floor = self.present();
            Arc::make_mut(&mut self.callbacks).tick(now, &floor);
        }
        if !self.callbacks.is_touched() {
            return;
        }
        let callbacks = Arc::make_mut(&mut self.callbacks);
        for change in callbacks.take_changes() {
            self.effects.push(match change {
                Change::Saved(kept) => CoreEffect::SaveCallback(kept),
                Change::Deleted(id) => CoreEffect::DeleteCallback(id),
            });
        }
        callbacks.untouch();
        self.show_callbacks();
    }

    fn show_callbacks(&mut self) {
        let mut now_shown = Shown::new();
        let users: Vec<AgentId> =
            self.sessions.values().filter(|s| s.selected()).map(|s| s.user.clone()).collect();
        let mut news: Vec<(AgentId, News)> = Vec::new();
        for user in users {
            for (id, view) in self.callback_views(&user) {
                let key = (user.clone(), id);
                if self.shown_callbacks.get(&key) != Some(&view) {
                    let callback = Box::new(view.clone());
                    news.push((user.clone(), News::Callback { callback }));
                }
                now_shown.insert(key, view);
            }
        }
        for key in self.shown_callbacks.keys().filter(|key| !now_shown.contains_key(*key)) {
            let (user, callback) = key.clone();
            news.push((user, News::CallbackGone { callback }));
        }
        self.shown_callbacks = Arc::new(now_shown);
        for (user, news) in news {
            self.notify(&user, news);
        }
    }

    /// Those of a snapshot, which the agent is told from now on.
    pub(super) fn callbacks_anew(&mut self, user: &AgentId) -> Vec<Callback> {
        let views = self.callback_views(user);
        let shown = Arc::make_mut(&mut self.shown_callbacks);
        shown.retain(|(agent, _), _| agent != user);
        shown.extend(views.iter().map(|(id, view)| ((user.clone(), id.clone()), view.clone())));
        views.into_values().collect()
    }

    pub(super) fn forget_callbacks_shown(&mut self, user: &AgentId) {
        if self.shown_callbacks.keys().any(|(agent, _)| agent == user) {
            Arc::make_mut(&mut self.shown_callbacks).retain(|(agent, _), _| agent != user);
        }
    }

    pub(super) fn callback_views(&self, user: &AgentId) -> BTreeMap<CallbackId, Callback> {
        let Some(session) = self.sessions.get(user) else { return BTreeMap::new() };
        self.callbacks.views(user, &session.campaigns, &self.setup)
    }

    fn present(&self) -> BTreeMap<AgentId, Present> {
        self.sessions
            .values()
            .filter(|s| s.connection.is_some() && s.selected())
            .map(|s| {
                let ready = s.state == AgentState::Available;
                let campaigns = s.campaigns.clone();
                (s.user.clone(), Present { campaigns, ready_since: ready.then_some(s.since) })
            })
            .collect()
    }
}

fn moment(at: i64) -> Moment {
    Moment::from_millis(u64::try_from(at).unwrap_or(0))
}

fn done_or(result: Result<(), CallbackFault>) -> Answer {
    match result {
        Ok(()) => done(Ok(())),
        Err(fault) => refuse_callback(fault),
    }
}
