use super::callbacks::Wish;
use super::session::CENTRE_EXTENSION;
use super::{Answer, ConnectionId, Core, CoreEffect, refuse};
use crate::calls::{CallFault, Contact, Phase};
use omnibar_model::{
    AgentId, AgentState, CampaignId, ExtensionId, InteractionId, Moment, MonitorMode, Presence,
};
use omnibar_protocol::{Code, Command, ErrorObject, SessionSelected, wire};
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Core {
    pub(super) fn command(
        &mut self,
        now: Moment,
        connection: ConnectionId,
        command: Command,
        contact: Contact,
    ) -> Answer {
        let Some(session) = self.session_on(connection) else {
            return Err(ErrorObject::new(Code::Unauthorised, "Sign in first."));
        };
        let user = session.user.clone();
        self.obey(now, &user, command, contact)
    }

    pub(super) fn orders(
        &mut self,
        now: Moment,
        user: &AgentId,
        orders: Vec<Command>,
        contact: &Contact,
        detail: String,
    ) -> Answer {
        // What begins a call needs somebody who hears it.
        match self.sessions.get(user) {
            None => return Err(ErrorObject::new(Code::SessionExpired, "The agent signed out.")),
            Some(session) if session.connection.is_none() => {
                return conflict(
                    "The agent's desktop is not connected. Try again when it is back.",
                );
            }
            Some(_) => {}
        }
        // All of it or nothing: what is disposed could not be taken back.
        let dials = orders.iter().any(|order| matches!(order, Command::Dial { .. }));
        if dials && self.acd_offers(user) {
            return conflict("Another call is being offered to the agent. Try again after it.");
        }
        let mut answer = done(Ok(()));
        let mut about = None;
        for order in orders {
            if let Command::Dispose { interaction, .. } = &order {
                about = Some(interaction.clone());
            }
            answer = self.obey(now, user, order, contact.clone());
            match &answer {
                Ok(value) => {
                    let begun = value.get("interaction").and_then(Value::as_str);
                    about = begun.map(InteractionId::new).or(about);
                }
                Err(_) => return answer,
            }
        }
        if let (Some(interaction), false) = (about, detail.is_empty()) {
            self.effects.push(CoreEffect::Log { interaction, at: now, what: "server", detail });
        }
        answer
    }

    fn obey(&mut self, now: Moment, user: &AgentId, command: Command, contact: Contact) -> Answer {
        let Some(session) = self.sessions.get(user) else { return conflict("Sign in first.") };
        let selected = session.selected();
        match command {
            Command::SessionSelect { campaigns, extension } => {
                self.select(now, user, campaigns, &extension)
            }
            Command::SessionClose {} => self.close(now, user),
            _ if !selected => conflict("Choose your campaigns first."),
            Command::PresenceSet { presence } => self.set_presence(now, user, presence),
            Command::Accept { interaction } => self.accept(now, user, &interaction),
            Command::Reject { interaction } => {
                if self.acd.reject(now, &interaction, user) {
                    done(Ok(()))
                } else {
                    refuse(CallFault::OfferOver)
                }
            }
            Command::Record { interaction, on } => done(self.calls.record(user, &interaction, on)),
            Command::Monitor { agent, mode } => self.monitor(user, &agent, mode),
            Command::MonitorEnd {} => {
                self.calls.end_monitoring(user);
                done(Ok(()))
            }
            Command::Note { interaction, note } => done(self.calls.note(user, &interaction, &note)),
            Command::Dispose { interaction, disposition, note, callback } => {
                self.dispose(now, user, &interaction, &disposition, &note, callback.as_ref())
            }
            Command::Measured { interaction, record } => {
                let (user, record) = (user.clone(), Box::new(record.bounded()));
                self.effects.push(CoreEffect::Measured { user, interaction, record });
                done(Ok(()))
            }
            Command::CallbackBook { campaign, number, at, own, note } => {
                self.book(now, user, Wish { campaign, number, at, own, note }, contact)
            }
            Command::CallbackAct { callback, act } => self.callback(now, user, &callback, act),
            Command::Dial { campaign, number } => {
                let session = self.sessions.get(user);
                if !session.is_some_and(|s| s.campaigns.contains(&campaign)) {
                    return refuse(CallFault::NoSuchCampaign);
                }
                if self.acd_offers(user) {
                    return conflict("Answer or reject the call that is offered first.");
                }
                if self.calls.monitoring_of(user).is_some() {
                    return conflict("Leave the call in which you take part first.");
                }
                match self.calls.dial(now, user, &campaign, &number, contact) {
                    Ok(interaction) => Ok(json!(wire::Dialled { interaction })),
                    Err(fault) => refuse(fault),
                }
            }
            Command::Hold { interaction, leg } => {
                done(self.calls.hold(now, user, &interaction, leg.as_ref()))
            }
            Command::Resume { interaction, leg } => {
                done(self.calls.resume(now, user, &interaction, leg.as_ref()))
            }
            Command::Dtmf { interaction, digits } => {
                done(self.calls.dtmf(user, &interaction, &digits))
            }
            Command::Transfer { interaction, to } => {
                let acd = &self.acd;
                done(self.calls.transfer(now, user, &interaction, &to, |a| acd.is_free(a)))
            }
            Command::Consult { interaction, to } => {
                let acd = &self.acd;
                done(self.calls.consult(now, user, &interaction, &to, |a| acd.is_free(a)))
            }
            Command::Complete { interaction } => done(self.calls.complete(now, user, &interaction)),
            Command::Conference { interaction } => {
                done(self.calls.conference(now, user, &interaction))
            }
            Command::Drop { interaction, leg } => {
                done(self.calls.drop_leg(now, user, &interaction, &leg))
            }
            Command::End { interaction } => done(self.calls.end(now, user, &interaction)),
            Command::ChatAccept { .. }
            | Command::ChatReject { .. }
            | Command::ChatSay { .. }
            | Command::ChatEnd { .. }
            | Command::ChatDispose { .. }
            | Command::ChatStart { .. } => self.chat_command(now, user, command),
            Command::SessionOpen { .. } => conflict("This connection is signed in already."),
            // Answered by the connection itself.
            Command::Search { .. }
            | Command::History { .. }
            | Command::VoiceOffer { .. }
            | Command::VoiceCandidate { .. }
            | Command::VoiceEcho { .. }
            | Command::EndpointCall { .. }
            | Command::Ping {} => done(Ok(())),
        }
    }

    /// Supervisors, and in the campaigns that they answer for.
    fn monitor(&mut self, user: &AgentId, agent: &AgentId, mode: MonitorMode) -> Answer {
        let Some(session) = self.sessions.get(user) else { return conflict("Sign in first.") };
        if !session.supervisor {
            let message = "Only a supervisor can take part in a colleague's call.";
            return Err(ErrorObject::new(Code::NotFound, message));
        }
        done(self.calls.monitor(user, agent, mode, |campaign| session.allowed.contains(campaign)))
    }

    fn select(
        &mut self,
        now: Moment,
        user: &AgentId,
        campaigns: Vec<CampaignId>,
        extension: &ExtensionId,
    ) -> Answer {
        let open = self.calls.seats_of(user).any(|(_, s)| s.phase != Phase::Closed)
            || self.chats.of(user).next().is_some();
        let Some(session) = self.sessions.get_mut(user) else { return conflict("Sign in first.") };
        if session.selected() && open {
            return conflict("Finish and dispose your calls and chats before changing campaigns.");
        }
        let chosen: BTreeSet<CampaignId> = campaigns.into_iter().collect();
        if chosen.is_empty() || !chosen.is_subset(&session.allowed) {
            return refuse(CallFault::NoSuchCampaign);
        }
        if extension.as_str() != CENTRE_EXTENSION {
            return Err(ErrorObject::new(Code::NotFound, "There is no such extension."));
        }
        session.campaigns = chosen;
        session.extension = Some(extension.clone());
        session.next = None;
        session.missed = false;
        session.presence = match self.setup.breaks.first() {
            Some(reason) => Presence::Break { reason: reason.id.clone() },
            None => Presence::Offline,
        };
        session.state = AgentState::Offline;
        session.since = now;
        session.told = None;
        self.derive_states(now);
        self.snapshot(user);
        let setup = &self.setup;
        Ok(json!(SessionSelected {
            breaks: setup.breaks.clone(),
            queues: setup.queues.values().map(|q| q.queue.clone()).collect(),
            ivrs: setup.ivrs.values().map(|i| i.ivr.clone()).collect(),
            // Put in by the connection, from the configuration.
            ice_servers: Vec::new(),
        }))
    }

    fn close(&mut self, now: Moment, user: &AgentId) -> Answer {
        if self.calls.seats_of(user).next().is_some() || self.chats.of(user).next().is_some() {
            return conflict("Finish and dispose your calls and chats before signing out.");
        }
        self.end_session(now, user, wire::SessionEnd::SignedOut);
        done(Ok(()))
    }

    fn set_presence(&mut self, now: Moment, user: &AgentId, presence: Presence) -> Answer {
        if let Presence::Break { reason } = &presence
            && !self.setup.breaks.iter().any(|b| b.id == *reason)
        {
            return Err(ErrorObject::new(Code::NotFound, "There is no such break reason."));
        }
        let Some(session) = self.sessions.get_mut(user) else { return conflict("Sign in first.") };
        match session.state {
            AgentState::Busy | AgentState::WrapUp { .. } => {
                session.next = (session.presence != presence).then_some(presence);
            }
            AgentState::Offline
            | AgentState::Available
            | AgentState::Break
            | AgentState::Missed => {
                if session.presence != presence {
                    session.presence = presence;
                    session.since = now;
                }
                session.missed = false;
                session.next = None;
            }
        }
        done(Ok(()))
    }

    fn accept(&mut self, now: Moment, user: &AgentId, interaction: &InteractionId) -> Answer {
        if !self.acd.take(interaction, user) {
            return refuse(CallFault::OfferOver);
        }
        done(self.calls.accept(now, user, interaction))
    }

    pub(super) fn acd_offers(&self, user: &AgentId) -> bool {
        self.calls.seats_of(user).any(|(_, s)| matches!(s.phase, Phase::Offered { .. }))
    }
}

pub(super) fn done(result: Result<(), CallFault>) -> Answer {
    match result {
        Ok(()) => Ok(Value::Object(serde_json::Map::new())),
        Err(fault) => refuse(fault),
    }
}

pub(super) fn conflict(message: &str) -> Answer {
    Err(ErrorObject::new(Code::Conflict, message))
}
