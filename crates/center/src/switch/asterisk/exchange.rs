//! What the centre orders, done one after the other.

use super::AsteriskConfig;
use super::ari::{Ari, AriFault};
use super::extension;
use super::leg::{Leg, Origin, Plays, bridge_id, dialplan_of, is_agent};
use super::recording;
use super::snoop::Snoop;
use super::socket::Word;
use crate::switch::{BridgeStatus, Feed, LegStatus, Reply, SwitchCommand, SwitchEvent, Target};
use futures_util::future::{Either, join_all, ready};
use omnibar_model::LegId;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio::sync::{mpsc, oneshot};

/// s. Nobody lets it ring for longer; the agent hangs up before.
const RINGS: u32 = 120;
const LONGEST_BRIDGE: usize = 128;
const MOST_LEGS: usize = 32;
const MOST_DIGITS: usize = 64;
/// ms, RFC 4733 senders make none shorter than 40.
const DIGIT: u32 = 120;
const DIGIT_GAP: u32 = 80;

/// The centre's side of one Asterisk.
pub(super) struct Exchange {
    pub(super) ari: Ari,
    pub(super) config: AsteriskConfig,
    pub(super) events: mpsc::UnboundedSender<SwitchEvent>,
    /// Told when everything must be said again.
    pub(super) again: mpsc::UnboundedSender<()>,
    pub(super) legs: BTreeMap<LegId, Leg>,
    /// The centre's names of those that exist, and the number in the id of each.
    pub(super) bridges: BTreeMap<String, u32>,
    /// Asterisk takes an id again only some time after its bridge has gone.
    pub(super) bridge_number: u32,
    /// By the leg that hears.
    pub(super) snoops: BTreeMap<LegId, Snoop>,
    /// A snoop channel's id is never used twice.
    pub(super) snoop_number: u32,
    pub(super) connected: bool,
    /// Whether the first connection has been used.
    pub(super) begun: bool,
}

/// Why an order was not carried out: a sentence for a person.
pub(super) struct Refusal(String);

impl Refusal {
    pub(super) fn saying(message: &str) -> Self {
        Self(message.to_owned())
    }
}

impl From<AriFault> for Refusal {
    fn from(fault: AriFault) -> Self {
        Self(format!("{fault}."))
    }
}

impl Exchange {
    pub(super) fn new(
        ari: Ari,
        config: AsteriskConfig,
        events: mpsc::UnboundedSender<SwitchEvent>,
        again: mpsc::UnboundedSender<()>,
    ) -> Self {
        Self {
            ari,
            config,
            events,
            again,
            legs: BTreeMap::new(),
            bridges: BTreeMap::new(),
            bridge_number: 0,
            snoops: BTreeMap::new(),
            snoop_number: 0,
            connected: false,
            begun: false,
        }
    }

    /// Until the last link is gone.
    pub(super) async fn run(
        mut self,
        mut orders: mpsc::UnboundedReceiver<(SwitchCommand, oneshot::Sender<Reply>)>,
        mut words: mpsc::Receiver<Word>,
    ) {
        loop {
            tokio::select! {
                biased;
                word = words.recv() => match word {
                    Some(word) => self.hear(word).await,
                    None => return,
                },
                // Before the first connection nobody knows what there is.
                order = orders.recv(), if self.begun => {
                    let Some((command, reply)) = order else { return };
                    let answer = self.obey(command).await.unwrap_or_else(|Refusal(message)| {
                        Reply::Refused { message }
                    });
                    // Whoever asked may have stopped waiting.
                    let _ = reply.send(answer);
                }
            }
        }
    }

    pub(super) fn tell(&self, event: SwitchEvent) {
        // A centre that stops hears nothing more.
        let _ = self.events.send(event);
    }

    async fn obey(&mut self, command: SwitchCommand) -> Result<Reply, Refusal> {
        // What was there is taken to be there until Asterisk is heard again: its calls go on.
        if !self.connected && command != SwitchCommand::List {
            return refused("Asterisk is not heard now. Its calls go on; try again in a moment.");
        }
        match command {
            SwitchCommand::Peer { leg, .. } if is_agent(&leg) => {
                let extension = extension::give(&self.ari, &self.config, &leg).await?;
                Ok(Reply::Extension { extension })
            }
            SwitchCommand::Peer { .. } | SwitchCommand::Customer { .. } => {
                refused("This centre takes calls by telephone only. Call its number.")
            }
            // The offer goes to Asterisk by SIP, and they with it.
            SwitchCommand::Candidate { .. } => Ok(Reply::Done),
            SwitchCommand::Dial { leg, target } => self.dial(leg, &target).await,
            SwitchCommand::Close { leg } => self.close(&leg).await,
            SwitchCommand::Connect { bridge, legs } => self.connect(bridge, legs).await,
            SwitchCommand::Feed { leg, feed } => {
                self.leg(&leg)?.feed = feed;
                self.settle(&leg).await?;
                Ok(Reply::Done)
            }
            SwitchCommand::Echo { leg, on } => self.echo(leg, on).await,
            SwitchCommand::Monitor { leg, of, whisper } => self.monitor(leg, of, whisper).await,
            SwitchCommand::Digits { leg, digits } => self.digits(&leg, &digits).await,
            SwitchCommand::Record { leg, file } => self.record(leg, file).await,
            SwitchCommand::PauseRecording { leg, on } => self.pause_recording(&leg, on).await,
            SwitchCommand::List => {
                let legs = self.legs.iter().map(|(id, leg)| LegStatus {
                    leg: id.clone(),
                    up: leg.up,
                    arrival: match &leg.origin {
                        Origin::Arrived(arrival) => Some(arrival.clone()),
                        Origin::Agent | Origin::Called => None,
                    },
                });
                let bridges = self.bridges.keys().map(|bridge| BridgeStatus {
                    bridge: bridge.clone(),
                    legs: self.inside(bridge),
                });
                Ok(Reply::Legs { legs: legs.collect(), bridges: bridges.collect() })
            }
        }
    }

    pub(super) fn leg(&mut self, leg: &LegId) -> Result<&mut Leg, Refusal> {
        self.legs.get_mut(leg).ok_or_else(|| no_leg(leg))
    }

    fn inside(&self, bridge: &str) -> Vec<LegId> {
        let inside = |(_, leg): &(&LegId, &Leg)| leg.bridge.as_deref() == Some(bridge);
        self.legs.iter().filter(inside).map(|(id, _)| id.clone()).collect()
    }

    async fn dial(&mut self, leg: LegId, target: &Target) -> Result<Reply, Refusal> {
        if self.legs.contains_key(&leg) {
            return Ok(Reply::Done);
        }
        let new = Leg::called(&leg);
        let mut body =
            json!({ "app": self.config.app, "timeout": RINGS, "channelId": new.channel });
        body["endpoint"] = match target {
            Target::Number(number) => match &self.config.trunk {
                Some(trunk) => json!(format!("PJSIP/{}@{trunk}", number.as_str())),
                None => return refused("No trunk is named for calls to numbers: --trunk."),
            },
            Target::Ivr(ivr) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
                if !ivr.as_str().chars().all(plain) {
                    return refused("That IVR has a name that no dialplan has.");
                }
                body["otherChannelId"] = json!(dialplan_of(&leg));
                // `n`: the first channel stays, so that it can be told apart.
                json!(format!("Local/{ivr}@{}/n", self.config.ivrs))
            }
        };
        // Known before Asterisk speaks of it.
        self.legs.insert(leg.clone(), new);
        if let Err(fault) = self.ari.post(&["channels"], body).await {
            self.legs.remove(&leg);
            return Err(fault.into());
        }
        Ok(Reply::Done)
    }

    async fn close(&mut self, id: &LegId) -> Result<Reply, Refusal> {
        if is_agent(id) {
            extension::forget(&self.ari, id).await?;
        }
        // Whatever is said of it from now on is said of nobody.
        if let Some(leg) = self.legs.remove(id) {
            recording::finish(&self.ari, leg.recording);
            self.ari.delete(&["channels", &leg.channel]).await?;
            self.end_snoops_of(&leg.channel, Some(id)).await;
        }
        Ok(Reply::Done)
    }

    async fn connect(&mut self, bridge: String, legs: Vec<LegId>) -> Result<Reply, Refusal> {
        if bridge.is_empty() || bridge.len() > LONGEST_BRIDGE || legs.len() > MOST_LEGS {
            return refused("A bridge has a short name and at most 32 legs.");
        }
        if let Some(absent) = legs.iter().find(|leg| !self.legs.contains_key(*leg)) {
            return Err(no_leg(absent));
        }
        let before = self.inside(&bridge);
        let leaving: Vec<LegId> = before.iter().filter(|l| !legs.contains(l)).cloned().collect();
        let coming: Vec<LegId> = legs.iter().filter(|l| !before.contains(l)).cloned().collect();
        let id = match self.bridges.get(&bridge) {
            Some(number) => bridge_id(&bridge, *number),
            None if legs.is_empty() => return Ok(Reply::Done),
            None => self.make_bridge(&bridge).await?,
        };
        self.take_out(&id, &leaving).await?;
        if legs.is_empty() {
            self.ari.delete(&["bridges", &id]).await?;
            self.bridges.remove(&bridge);
        }
        for leg in &coming {
            if let Some(leg) = self.legs.get_mut(leg) {
                leg.bridge = Some(bridge.clone());
            }
        }
        // A channel that plays something comes when that is over, so it is ended first.
        self.settle_all(&coming).await?;
        self.put_in(&id, &coming).await?;
        for leg in &coming {
            // Who is in a bridge monitors nobody.
            self.end_snoop(leg).await?;
        }
        self.settle_all(&leaving).await?;
        Ok(Reply::Done)
    }

    pub(super) async fn make_bridge(&mut self, bridge: &str) -> Result<String, Refusal> {
        self.bridge_number += 1;
        let id = bridge_id(bridge, self.bridge_number);
        self.ari.post(&["bridges", &id], json!({ "type": "mixing", "name": bridge })).await?;
        self.bridges.insert(bridge.to_owned(), self.bridge_number);
        Ok(id)
    }

    async fn take_out(&mut self, id: &str, leaving: &[LegId]) -> Result<(), Refusal> {
        for leg in leaving {
            let Some(leg) = self.legs.get_mut(leg) else { continue };
            leg.bridge = None;
            let body = json!({ "channel": leg.channel });
            gone_is_fine(self.ari.post(&["bridges", id, "removeChannel"], body).await)?;
        }
        Ok(())
    }

    /// From wherever they are.
    async fn put_in(&self, id: &str, coming: &[LegId]) -> Result<(), Refusal> {
        let channels: Vec<&str> = coming
            .iter()
            .filter_map(|leg| self.legs.get(leg))
            .map(|leg| leg.channel.as_str())
            .collect();
        if channels.is_empty() {
            return Ok(());
        }
        let path = ["bridges", id, "addChannel"];
        match self.ari.post(&path, json!({ "channel": channels })).await {
            Err(fault) if fault.is_gone() => {
                // One has hung up meanwhile, which keeps the others out. That it is gone is
                // told in its turn.
                for channel in channels {
                    gone_is_fine(self.ari.post(&path, json!({ "channel": channel })).await)?;
                }
                Ok(())
            }
            done => Ok(done?),
        }
    }

    async fn settle_all(&mut self, legs: &[LegId]) -> Result<(), Refusal> {
        let mut orders = Vec::new();
        for id in legs {
            if let Some(leg) = self.legs.get_mut(id) {
                orders.push(play(self.ari.clone(), leg));
            }
        }
        for done in join_all(orders).await {
            done?;
        }
        Ok(())
    }

    /// Lets the leg hear what it is to hear.
    pub(super) async fn settle(&mut self, leg: &LegId) -> Result<(), Refusal> {
        self.settle_all(std::slice::from_ref(leg)).await
    }

    async fn digits(&mut self, leg: &LegId, digits: &str) -> Result<Reply, Refusal> {
        let key = |c: char| matches!(c, '0'..='9' | '*' | '#' | 'A'..='D');
        if digits.is_empty() || digits.len() > MOST_DIGITS || !digits.chars().all(key) {
            return refused("Only 0-9, *, # and A-D can be sent, at most 64 at a time.");
        }
        let channel = self.leg(leg)?.channel.clone();
        let body = json!({ "dtmf": digits, "duration": DIGIT, "between": DIGIT_GAP });
        self.ari.post(&["channels", &channel, "dtmf"], body).await?;
        Ok(Reply::Done)
    }

    async fn record(&mut self, id: LegId, file: Option<PathBuf>) -> Result<Reply, Refusal> {
        let ari = self.ari.clone();
        let app = self.config.app.clone();
        let leg = self.leg(&id)?;
        match (file, leg.recording.take()) {
            (None, running) => recording::finish(&ari, running),
            (Some(file), Some(running)) if running.is_of(&file) => leg.recording = Some(running),
            (Some(file), running) => {
                recording::finish(&ari, running);
                leg.recording = Some(recording::begin(&ari, &app, &id, &leg.channel, file).await?);
            }
        }
        Ok(Reply::Done)
    }

    async fn pause_recording(&mut self, leg: &LegId, on: bool) -> Result<Reply, Refusal> {
        let ari = self.ari.clone();
        match &mut self.leg(leg)?.recording {
            Some(recording) => recording::pause(&ari, recording, on).await?,
            None => return refused("This call is not being recorded."),
        }
        Ok(Reply::Done)
    }
}

/// Ends what the leg hears and begins what it is to hear; nothing, if that is the same.
fn play(ari: Ari, leg: &mut Leg) -> impl Future<Output = Result<(), AriFault>> + use<> {
    let wanted = if leg.bridge.is_some() || !leg.up { Feed::Silence } else { leg.feed };
    let plays = std::mem::replace(&mut leg.plays, Plays::Only(wanted));
    let channel = leg.channel.clone();
    let (music, tones) = match plays {
        Plays::Only(before) if before == wanted => return Either::Left(ready(Ok(()))),
        Plays::Only(Feed::Silence) => (false, Vec::new()),
        Plays::Only(Feed::Music) => (true, Vec::new()),
        Plays::Only(Feed::Ringback | Feed::Busy) => (false, vec![leg.tone()]),
        Plays::Unknown => (true, leg.tones().collect()),
    };
    let next = leg.next_tone();
    Either::Right(async move {
        if music {
            ari.delete(&["channels", &channel, "moh"]).await?;
        }
        for tone in tones {
            ari.delete(&["playbacks", &tone]).await?;
        }
        let begun = match wanted {
            Feed::Silence => Ok(()),
            Feed::Music => ari.post(&["channels", &channel, "moh"], json!({})).await,
            Feed::Ringback => tone(&ari, &channel, "tone:ring", &next).await,
            Feed::Busy => tone(&ari, &channel, "tone:busy", &next).await,
        };
        gone_is_fine(begun)
    })
}

/// One of indications.conf, for the country that stands there.
async fn tone(ari: &Ari, channel: &str, tone: &str, id: &str) -> Result<(), AriFault> {
    ari.post(&["channels", channel, "play"], json!({ "media": tone, "playbackId": id })).await
}

/// A channel that has gone is told in its turn.
pub(super) fn gone_is_fine(done: Result<(), AriFault>) -> Result<(), AriFault> {
    match done {
        Err(fault) if fault.is_gone() => Ok(()),
        done => done,
    }
}

fn no_leg(leg: &LegId) -> Refusal {
    Refusal(format!("There is no leg {leg}. It may have hung up."))
}

fn refused<T>(message: &str) -> Result<T, Refusal> {
    Err(Refusal::saying(message))
}
