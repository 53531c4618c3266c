use super::outlet::{Outlet, Source};
use super::train::Train;
use crate::switch::recording::Tap;
use crate::switch::shield::{Coming, Shield};
use crate::switch::studio::{Studio, Work};
use crate::switch::{Feed, loops};
use omnibar_media::{Digit, Micros, Packet, Received, event};
use omnibar_model::LegId;
use omnibar_peer::{OPUS, TELEPHONE_EVENT, TELEPHONE_EVENT_8K};
use tokio::sync::oneshot;

/// Where packets for a leg leave the board.
pub(crate) trait Exit: Send {
    /// Must not block.
    fn send(&self, packet: Packet);
    /// Reports and requests; nobody reads them of a party of this process, whose path does
    /// not lose. Must not block.
    fn send_rtcp(&self, bytes: &[u8]) {
        let _ = bytes;
    }
    /// False: this party needs digits as tones.
    fn takes_events(&self) -> bool;
}

/// What carries a leg's voice.
pub(crate) enum Kind {
    /// A WebRTC connection; it ends when this is dropped.
    Peer { _hang_up: oneshot::Sender<()> },
    /// A party in this process: what it was made from.
    Party { made_of: String },
}

/// Where what a leg says goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum To {
    Nobody,
    Leg(u64),
    /// `until_mixed`: the leg that heard this one directly and goes on doing so until
    /// the room's first packet, so that no gap opens while the mixer fills.
    Room {
        room: u64,
        until_mixed: Option<u64>,
    },
}

/// What a leg hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hears {
    Feed,
    Nobody,
    Leg(u64),
    Room { room: u64, until_mixed: Option<u64> },
}

impl Hears {
    /// The leg whose packets are passed on as they are.
    pub(crate) fn directly(self) -> Option<u64> {
        match self {
            Self::Leg(leg) => Some(leg),
            Self::Room { until_mixed, .. } => until_mixed,
            Self::Feed | Self::Nobody => None,
        }
    }
}

/// 10 s of 10 ms packets.
const MOST_ECHOED: u16 = 1_000;

pub(crate) struct Leg {
    pub(crate) id: LegId,
    pub(crate) kind: Kind,
    pub(crate) up: bool,
    pub(crate) exit: Option<Box<dyn Exit>>,
    /// Of a network party.
    pub(crate) shield: Option<Shield>,
    pub(crate) to: To,
    pub(crate) hears: Hears,
    pub(crate) bridge: Option<String>,
    /// In a bridge with somebody.
    pub(crate) connected: bool,
    pub(crate) tap: Option<Tap>,
    /// What a party of the switch writes for itself, whoever records it too.
    pub(crate) diary: Option<Tap>,
    /// By whom it is monitored, and where.
    pub(crate) monitored: Option<Monitored>,
    /// The leg that it monitors.
    pub(crate) monitors: Option<u64>,
    pub(crate) digits: event::Receiver,
    pub(crate) path: Path,
    feed: Feed,
    /// Packets of its own that it still gets back.
    echo: u16,
    /// Ticks that the present feed has played.
    played: usize,
    feed_sequence: u16,
    outlet: Outlet,
    train: Train,
}

/// A room of its own, in which a supervisor hears a leg. The leg's own packets go there twice:
/// those that it sends, and those that it would hear.
pub(crate) struct Monitored {
    studio: Studio,
    pub(crate) room: u64,
    /// The supervisor.
    pub(crate) by: u64,
    /// As whom the room knows what the leg hears.
    pub(crate) heard: u64,
    /// One stream of it, whatever the leg's sources.
    outlet: Outlet,
    whisper: bool,
    /// The room's mix has come: it takes the place of what the leg would hear.
    mixed: bool,
}

impl Monitored {
    pub(crate) fn new(studio: Studio, room: u64, by: u64, heard: u64) -> Self {
        let outlet = Outlet::new(room);
        Self { studio, room, by, heard, outlet, whisper: false, mixed: false }
    }

    pub(crate) fn set_whisper(&mut self, whisper: bool) {
        self.whisper = whisper;
        self.mixed &= whisper;
    }

    fn hear(&mut self, now: Micros, source: Source, packet: Packet) {
        let Some(packet) = self.outlet.pass(now, source, packet) else { return };
        let (room, key, again) = (self.room, self.heard, false);
        self.studio.packet(Work::HearInRoom { room, key, packet, again, answer_takes: None });
    }
}

/// Whether anything comes from a peer.
#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) flowing: bool,
    pub(crate) last: Micros,
    /// Since when the connection is lost, by its own account.
    pub(crate) lost: Option<Micros>,
}

impl Leg {
    pub(crate) fn new(id: LegId, kind: Kind, seed: u64, now: Micros) -> Self {
        Self {
            id,
            kind,
            up: false,
            exit: None,
            shield: None,
            to: To::Nobody,
            hears: Hears::Feed,
            bridge: None,
            connected: false,
            tap: None,
            diary: None,
            monitored: None,
            monitors: None,
            digits: event::Receiver::new(),
            path: Path { flowing: true, last: now, lost: None },
            feed: Feed::Silence,
            echo: 0,
            played: 0,
            feed_sequence: 0,
            outlet: Outlet::new(seed),
            train: Train::default(),
        }
    }

    pub(crate) fn set_feed(&mut self, feed: Feed) {
        if self.feed != feed {
            self.feed = feed;
            self.played = 0;
        }
    }

    pub(crate) fn set_echo(&mut self, on: bool) {
        self.echo = if on { MOST_ECHOED } else { 0 };
    }

    /// A packet of its own, which nobody else hears.
    pub(crate) fn echo(&mut self, now: Micros, key: u64, ssrc: u32, packet: Packet) {
        if self.hears == Hears::Feed && self.echo > 0 {
            self.echo -= 1;
            self.hear(now, Source::Leg(key, ssrc), packet, false);
        }
    }

    pub(crate) fn route(&mut self, to: To, hears: Hears) {
        self.to = to;
        if hears != Hears::Feed {
            self.echo = 0;
        }
        if self.hears.directly() != hears.directly() {
            self.outlet.restart();
        }
        if self.hears != hears && hears == Hears::Feed {
            self.played = 0;
        }
        self.hears = hears;
    }

    pub(crate) fn taps(&self) -> impl Iterator<Item = &Tap> {
        self.tap.iter().chain(&self.diary)
    }

    /// False when too many digits wait.
    pub(crate) fn press(&mut self, digit: Digit) -> bool {
        self.train.press(digit)
    }

    /// What a packet of this leg brings, into `frames`, which is cleared.
    pub(crate) fn receive(
        &mut self,
        now: Micros,
        ssrc: u32,
        packet: Packet,
        frames: &mut Vec<Packet>,
    ) -> Coming {
        let Some(shield) = &mut self.shield else {
            frames.clear();
            frames.push(packet);
            return Coming::New;
        };
        shield.receive(ssrc, Received { arrived: now, packet }, frames)
    }

    /// RTCP of this leg.
    pub(crate) fn heard(&mut self, now: Micros, bytes: &[u8]) {
        if let (Some(shield), Some(exit)) = (&mut self.shield, &self.exit) {
            shield.heard(now, bytes, |packet| exit.send(packet));
        }
    }

    /// Sends the reports and requests that are due.
    pub(crate) fn tell(&mut self, now: Micros) {
        if let (true, Some(shield), Some(exit)) = (self.up, &mut self.shield, &self.exit)
            && let Some(bytes) = shield.tell(now)
        {
            exit.send_rtcp(bytes);
        }
    }

    /// A packet of the source that this leg hears. `copy`: it came in the place of one that
    /// was lost.
    pub(crate) fn hear(&mut self, now: Micros, source: Source, packet: Packet, copy: bool) {
        if self.train.is_sounding() {
            return;
        }
        let takes_events = self.exit.as_ref().is_some_and(|exit| exit.takes_events());
        match packet.payload_type {
            OPUS => {}
            TELEPHONE_EVENT if takes_events => {}
            // The leg's own train gets these digits instead.
            TELEPHONE_EVENT | TELEPHONE_EVENT_8K => return,
            _ => return,
        }
        if let Some(monitored) = &mut self.monitored
            && packet.payload_type == OPUS
        {
            monitored.hear(now, source, packet.clone());
            if monitored.mixed {
                return;
            }
        }
        if let Some(packet) = self.outlet.pass(now, source, packet) {
            self.send(now, packet, copy);
        }
    }

    /// What it hears with a whisper in it. Gives a packet of another room back.
    pub(crate) fn whispered(&mut self, now: Micros, room: u64, packet: Packet) -> Option<Packet> {
        let Some(monitored) = self.monitored.as_mut().filter(|m| m.room == room) else {
            return Some(packet);
        };
        if monitored.whisper {
            // Until here it has heard the others directly.
            monitored.mixed = true;
            if !self.train.is_sounding()
                && let Some(packet) = self.outlet.pass(now, Source::Room(room), packet)
            {
                self.send(now, packet, false);
            }
        }
        None
    }

    /// Whether a digit in this packet has to be made anew for this leg.
    pub(crate) fn needs_digit_from(&self, packet: &Packet) -> bool {
        let as_it_is = packet.payload_type == TELEPHONE_EVENT
            && self.exit.as_ref().is_some_and(|exit| exit.takes_events());
        !as_it_is
    }

    /// Whether [`Leg::tick`] has something to do.
    pub(crate) fn needs_ticks(&self) -> bool {
        self.train.is_busy() || (self.hears == Hears::Feed && self.feed != Feed::Silence)
    }

    /// 20 ms have passed; `tick` counts them.
    pub(crate) fn tick(&mut self, now: Micros, tick: u64) {
        let events = self.exit.as_ref().is_some_and(|exit| exit.takes_events());
        if let Some(packet) = self.train.next(now, events, &mut self.outlet) {
            self.send(now, packet, false);
            return;
        }
        if self.hears != Hears::Feed {
            return;
        }
        let Some(frames) = loops::frames(self.feed) else { return };
        let Some(payload) = frames.get(self.played % frames.len().max(1)) else { return };
        self.played += 1;
        self.feed_sequence = self.feed_sequence.wrapping_add(1);
        let packet = Packet {
            sequence: self.feed_sequence,
            timestamp: (tick as u32).wrapping_mul(960),
            payload_type: OPUS,
            marker: false,
            payload: payload.clone(),
        };
        self.hear(now, Source::Feed, packet, false);
    }

    fn send(&mut self, now: Micros, packet: Packet, copy: bool) {
        for tap in self.taps() {
            tap.heard(now, &packet);
        }
        let Some(exit) = &self.exit else { return };
        match &mut self.shield {
            Some(shield) => {
                if let Some(packet) = shield.send(now, packet, copy) {
                    exit.send(packet);
                }
            }
            None => exit.send(packet),
        }
        self.tell(now);
    }
}
