//! What Asterisk tells, and what it has when the centre comes (back) to it.

use super::exchange::{Exchange, gone_is_fine};
use super::leg::{Leg, Origin, Plays, bridge_id, bridge_of, identify, ivr_of};
use super::recording;
use super::snoop;
use super::socket::Word;
use super::word::{Bridge, Channel, Event};
use crate::switch::{Feed, SwitchEvent};
use omnibar_model::{Cause, LegId};
use serde_json::json;
use std::collections::BTreeMap;

/// Before the digits with which a dialplan hands its caller back.
const CHOSEN: &str = "chosen";
const MOST_DIGITS: usize = 32;

impl Exchange {
    pub(super) async fn hear(&mut self, word: Word) {
        match word {
            Word::Connected => {
                self.connected = true;
                self.find_again().await;
                if std::mem::replace(&mut self.begun, true) {
                    tracing::info!(legs = self.legs.len(), "Asterisk is heard again");
                    // A centre that has stopped needs not be told.
                    let _ = self.again.send(());
                }
            }
            Word::Lost => self.connected = false,
            Word::Event(event) => self.event(*event).await,
        }
    }

    async fn event(&mut self, event: Event) {
        match event {
            Event::StasisStart { args, channel } => match ivr_of(&channel.id) {
                Some(ivr) => self.sent_on(ivr, &args),
                None if recording::is_ear(&channel.id) => self.listens(&channel.id).await,
                None if snoop::is_snoop(&channel.id) => self.snoops_now(&channel.id).await,
                None => self.came(channel).await,
            },
            Event::StasisEnd { channel } => {
                let leg = self.by_channel(&channel.id);
                self.end_snoops_of(&channel.id, leg.as_ref()).await;
                if let Some(leg) = leg {
                    let cause = self.legs.get(&leg).and_then(|leg| leg.hung_up);
                    self.gone(leg, cause.unwrap_or_default());
                }
            }
            Event::ChannelDestroyed { channel, cause } => {
                let leg = self.by_channel(&channel.id);
                self.end_snoops_of(&channel.id, leg.as_ref()).await;
                if let Some(leg) = leg {
                    self.gone(leg, cause);
                }
            }
            Event::ChannelHangupRequest { channel, cause } => {
                let leg = self.by_channel(&channel.id);
                if let Some(leg) = leg.and_then(|leg| self.legs.get_mut(&leg)) {
                    leg.hung_up = cause.or(leg.hung_up);
                }
            }
            Event::ChannelStateChange { channel } => {
                if let Some(leg) = self.by_channel(&channel.id)
                    && channel.state == "Ringing"
                {
                    self.tell(SwitchEvent::Ringing { leg });
                }
            }
            Event::ChannelDtmfReceived { channel, digit } => {
                if let (Some(leg), Some(digit)) =
                    (self.by_channel(&channel.id), digit.chars().next())
                {
                    self.tell(SwitchEvent::Digit { leg, digit });
                }
            }
            Event::RecordingFailed { recording } => self.recording_failed(&recording.name),
            Event::ApplicationReplaced {} => tracing::error!(
                app = self.config.app,
                "another program has taken this application: give each centre one, --ari-app"
            ),
            Event::Other => {}
        }
    }

    /// A channel has come into the centre's hands.
    async fn came(&mut self, channel: Channel) {
        let Some((id, origin)) = identify(&channel, &self.config.app) else { return };
        match origin {
            Origin::Called => match self.legs.get_mut(&id) {
                Some(leg) => {
                    leg.up = true;
                    self.tell(SwitchEvent::Up { leg: id.clone() });
                    self.listen(&id).await;
                }
                // It was given up while it rang.
                None => self.hang_up(&channel.id).await,
            },
            Origin::Agent | Origin::Arrived(_) => {
                if !self.answer(&channel).await {
                    return;
                }
                let mut leg = Leg::new(&channel, origin.clone(), Plays::Only(Feed::Silence));
                leg.up = true;
                // A softphone that has started anew takes its leg and its call back.
                if let Some(old) = self.legs.remove(&id) {
                    (leg.feed, leg.bridge) = (old.feed, old.bridge);
                    recording::finish(&self.ari, old.recording);
                    self.hang_up(&old.channel).await;
                }
                let bridge = leg.bridge.clone();
                self.legs.insert(id.clone(), leg);
                if let Some((bridge, number)) =
                    bridge.and_then(|name| self.bridges.get_key_value(&name))
                {
                    let body = json!({ "channel": channel.id });
                    let path = ["bridges", &bridge_id(bridge, *number), "addChannel"];
                    if let Err(fault) = gone_is_fine(self.ari.post(&path, body).await) {
                        tracing::error!(%fault, "a softphone did not get back into its call");
                    }
                }
                self.snoop_again(&id).await;
                self.listen(&id).await;
                self.tell(match origin {
                    Origin::Arrived(arrival) => SwitchEvent::Arrived { leg: id, arrival },
                    Origin::Agent | Origin::Called => SwitchEvent::Up { leg: id },
                });
            }
        }
    }

    async fn listens(&mut self, ear: &str) {
        let recordings = self.legs.values_mut().filter_map(|leg| leg.recording.as_mut());
        let recording = recordings.into_iter().find(|recording| recording.has(ear));
        if let Err(fault) = recording::record(&self.ari, ear, recording).await {
            tracing::warn!(%fault, "an ear hears, but does not record as it should");
            self.recording_failed(ear);
            self.hang_up(ear).await;
        }
    }

    fn recording_failed(&self, ear: &str) {
        let of = |(_, leg): &(&LegId, &Leg)| leg.recording.as_ref().is_some_and(|r| r.has(ear));
        if let Some((leg, _)) = self.legs.iter().find(of) {
            self.tell(SwitchEvent::RecordingEnded { leg: leg.clone() });
        }
    }

    async fn answer(&self, channel: &Channel) -> bool {
        match self.ari.post(&["channels", &channel.id, "answer"], json!({})).await {
            Ok(()) => true,
            // A caller who did not wait.
            Err(fault) if fault.is_gone() => false,
            Err(fault) => {
                tracing::error!(%fault, "a call was not answered");
                false
            }
        }
    }

    async fn listen(&mut self, leg: &LegId) {
        if self.settle(leg).await.is_err() {
            tracing::warn!(%leg, "the leg does not hear what it should");
        }
    }

    pub(super) async fn hang_up(&self, channel: &str) {
        if let Err(fault) = self.ari.delete(&["channels", channel]).await {
            tracing::warn!(%fault, "a channel was not hung up");
        }
    }

    /// The dialplan has asked its caller what he wants.
    fn sent_on(&self, leg: LegId, args: &[String]) {
        let digits = match args {
            [word, digits, ..] if word == CHOSEN => digits.as_str(),
            _ => "",
        };
        let key = |c: &char| matches!(c, '0'..='9' | '*' | '#');
        let digits = digits.chars().filter(key).take(MOST_DIGITS).collect();
        self.tell(SwitchEvent::Chosen { leg, digits });
    }

    fn gone(&mut self, id: LegId, cause: u16) {
        let Some(leg) = self.legs.remove(&id) else { return };
        recording::finish(&self.ari, leg.recording);
        let cause = if leg.up { ended(cause) } else { not_reached(cause) };
        self.tell(SwitchEvent::Gone { leg: id, cause });
    }

    fn by_channel(&self, channel: &str) -> Option<LegId> {
        self.legs.iter().find(|(_, leg)| leg.channel == channel).map(|(id, _)| id.clone())
    }

    /// Makes what is known here what is there. Names were chosen so that it can be read.
    async fn find_again(&mut self) {
        let channels: Vec<Channel> = match self.ari.get(&["channels"]).await {
            Ok(channels) => channels,
            Err(fault) => return tracing::error!(%fault, "Asterisk does not say what it has"),
        };
        let bridges: Vec<Bridge> = match self.ari.get(&["bridges"]).await {
            Ok(bridges) => bridges,
            Err(fault) => return tracing::error!(%fault, "Asterisk does not say what it has"),
        };
        let mut before = std::mem::take(&mut self.legs);
        let mut unanswered = Vec::new();
        self.snoops.clear();
        for channel in channels {
            if snoop::is_snoop(&channel.id) {
                // The centre says anew who monitors whom.
                self.hang_up(&channel.id).await;
                continue;
            }
            if let Some(ivr) = ivr_of(&channel.id) {
                if let Some(args) = channel.arguments(&self.config.app) {
                    self.sent_on(ivr, &args);
                }
                continue;
            }
            let Some((id, origin)) = identify(&channel, &self.config.app) else { continue };
            if !channel.is_up() && origin != Origin::Called {
                unanswered.push(channel);
                continue;
            }
            let same = before.remove(&id).filter(|leg| leg.channel == channel.id);
            let mut leg = same.unwrap_or_else(|| Leg::new(&channel, origin, Plays::Unknown));
            (leg.up, leg.bridge) = (channel.is_up(), None);
            self.legs.insert(id, leg);
        }
        for lost in before.into_values() {
            recording::finish(&self.ari, lost.recording);
        }
        self.find_bridges(bridges).await;
        // Whoever waits is told what to hear by the centre. An agent is told nothing where
        // that is silence.
        let agents: Vec<LegId> = self
            .legs
            .iter()
            .filter(|(_, leg)| leg.origin == Origin::Agent && leg.plays == Plays::Unknown)
            .map(|(id, _)| id.clone())
            .collect();
        for leg in agents {
            self.listen(&leg).await;
        }
        for channel in unanswered {
            self.came(channel).await;
        }
    }

    async fn find_bridges(&mut self, bridges: Vec<Bridge>) {
        let places: BTreeMap<String, LegId> =
            self.legs.iter().map(|(id, leg)| (leg.channel.clone(), id.clone())).collect();
        self.bridges = BTreeMap::new();
        for bridge in bridges {
            let Some((name, number)) = bridge_of(&bridge.id) else { continue };
            self.bridge_number = self.bridge_number.max(number);
            if snoop::is_bridge(name) {
                if let Err(fault) = self.ari.delete(&["bridges", &bridge.id]).await {
                    tracing::warn!(%fault, "a bridge of a snoop was not ended");
                }
                continue;
            }
            self.bridges.insert(name.to_owned(), number);
            for channel in &bridge.channels {
                if let Some(leg) = places.get(channel).and_then(|id| self.legs.get_mut(id)) {
                    leg.bridge = Some(name.to_owned());
                }
            }
        }
    }
}

/// Why a leg that was up is over, by ITU-T Q.850.
fn ended(cause: u16) -> Cause {
    match cause {
        // Destination out of order, temporary failure, and what Asterisk says of a leg that
        // it has not heard for long.
        27 | 41 | 44 => Cause::MediaFailed,
        _ => Cause::CustomerHungUp,
    }
}

/// Why a called party is not there, by ITU-T Q.850.
fn not_reached(cause: u16) -> Cause {
    match cause {
        17 => Cause::Busy,
        // None responds, nobody answers, absent; and normal clearing of what still rang.
        16 | 18 | 19 | 20 => Cause::NoAnswer,
        21 => Cause::Rejected,
        _ => Cause::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_in_the_centres_words() {
        for (q850, cause) in [
            (1, Cause::Unreachable),
            (17, Cause::Busy),
            (19, Cause::NoAnswer),
            (21, Cause::Rejected),
            (34, Cause::Unreachable),
            (0, Cause::Unreachable),
        ] {
            assert_eq!(not_reached(q850), cause, "{q850}");
        }
        assert_eq!(ended(16), Cause::CustomerHungUp);
        assert_eq!(ended(44), Cause::MediaFailed);
    }
}
