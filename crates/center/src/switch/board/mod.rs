//! The switchboard: which leg hears what. One thread owns it; packets come in, go to
//! whom they concern and out again without anybody waiting. Time comes in as an argument.

mod bridge;
mod leg;
mod monitor;
mod orders;
mod outlet;
mod train;

pub(crate) use leg::Exit;

use super::clock::Gauge;
use super::party::{Deed, Scripts};
use super::recording::Recorder;
use super::shield::{Coming, Shield};
use super::studio::{Studio, Work};
use super::{Reply, SwitchCommand, SwitchEvent};
use bridge::Bridge;
use leg::{Hears, Kind, Leg, To};
use omnibar_media::loss::rtcp::Listener;
use omnibar_media::{Micros, Packet};
use omnibar_model::{Cause, LegId};
use omnibar_peer::{OPUS, PeerState, RED, TELEPHONE_EVENT, TELEPHONE_EVENT_8K, Terms};
use outlet::Source;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Everything that reaches the board. `key` is a leg's number here; one that is gone
/// is passed over.
pub(crate) enum Input {
    /// A command that concerns no connection; answered at once.
    Order(SwitchCommand, oneshot::Sender<Reply>),
    /// Makes a leg for a WebRTC party. The board drops `hang_up` to end it.
    Open {
        leg: LegId,
        hang_up: oneshot::Sender<()>,
        key: oneshot::Sender<Result<u64, String>>,
    },
    /// Where the leg's packets go from now on: to a new connection.
    Attach {
        key: u64,
        exit: Box<dyn Exit>,
        terms: Terms,
    },
    /// An exchange on the connection has settled on other terms.
    Agreed {
        key: u64,
        terms: Terms,
    },
    /// The connection's, by its own checks.
    RoundTrip {
        key: u64,
        trip: Micros,
    },
    /// The party's first offer was no good: as if it had never been.
    Forget {
        key: u64,
    },
    Connection {
        key: u64,
        state: PeerState,
    },
    Voice {
        key: u64,
        arrived: Micros,
        ssrc: u32,
        packet: Packet,
        /// Counts the packets of a network party that wait.
        gauge: Option<Gauge>,
    },
    Rtcp {
        key: u64,
        arrived: Micros,
        bytes: Vec<u8>,
        /// The same as the voice's.
        gauge: Gauge,
    },
    /// What a room lets one of its members hear.
    Mixed {
        room: u64,
        key: u64,
        packet: Packet,
    },
    Party {
        key: u64,
        deed: Deed,
    },
    RecordingFailed {
        recording: u64,
    },
    /// Nobody commands any more.
    Stop,
}

impl Input {
    /// A packet that changes nothing but what somebody hears.
    pub(crate) fn is_plain_voice(&self) -> bool {
        match self {
            Self::Voice { packet, .. } | Self::Mixed { packet, .. } => {
                matches!(packet.payload_type, OPUS | RED)
            }
            Self::Rtcp { .. } => true,
            Self::Order(..)
            | Self::Open { .. }
            | Self::Attach { .. }
            | Self::Agreed { .. }
            | Self::RoundTrip { .. }
            | Self::Forget { .. }
            | Self::Connection { .. }
            | Self::Party { .. }
            | Self::RecordingFailed { .. }
            | Self::Stop => false,
        }
    }
}

/// What the board works with.
pub(crate) struct Surroundings {
    pub(crate) studio: Studio,
    pub(crate) recorder: Recorder,
    pub(crate) events: mpsc::UnboundedSender<SwitchEvent>,
    pub(crate) scripts: Scripts,
    pub(crate) record_customers: Option<PathBuf>,
    /// A connection that has been lost for so long is over.
    pub(crate) lost_after: Duration,
    /// Start of the random numbers that RTP asks for.
    pub(crate) seed: u64,
}

pub(crate) struct Board {
    around: Surroundings,
    legs: BTreeMap<u64, Leg>,
    names: BTreeMap<LegId, u64>,
    bridges: BTreeMap<String, Bridge>,
    next_key: u64,
    ticks: u64,
    paths_checked: Micros,
    /// What the packet of now brings.
    frames: Vec<Packet>,
}

/// Of feeds and digits.
pub(crate) const TICK: Micros = Micros(20_000);
/// Nothing for so long is reported.
const QUIET: u64 = 2_000_000;
const CHECK_PATHS: u64 = 250_000;

impl Board {
    pub(crate) fn new(around: Surroundings) -> Self {
        Self {
            around,
            legs: BTreeMap::new(),
            names: BTreeMap::new(),
            bridges: BTreeMap::new(),
            next_key: 1,
            ticks: 0,
            paths_checked: Micros(0),
            frames: Vec::new(),
        }
    }

    pub(crate) fn handle(&mut self, now: Micros, input: Input) {
        match input {
            Input::Order(command, reply) => {
                self.order(now, command, reply);
            }
            Input::Open { leg, hang_up, key } => {
                let opened = self.open(now, leg, Kind::Peer { _hang_up: hang_up });
                // Whoever asked may have given up.
                let _ = key.send(opened);
            }
            Input::Attach { key, exit, terms } => {
                if let Some(leg) = self.legs.get_mut(&key) {
                    leg.exit = Some(exit);
                    leg.shield = Some(Shield::new(terms));
                }
            }
            Input::Agreed { key, terms } => {
                if let Some(shield) = self.shield(key) {
                    shield.agree(terms);
                }
            }
            Input::RoundTrip { key, trip } => {
                if let Some(shield) = self.shield(key) {
                    shield.set_round_trip(Some(trip));
                }
            }
            Input::Forget { key } => {
                self.remove(now, key);
            }
            Input::Connection { key, state } => self.connection(now, key, state),
            Input::Voice { key, arrived, ssrc, packet, gauge } => {
                if let Some(gauge) = gauge {
                    gauge.leave();
                }
                self.voice(arrived, key, ssrc, packet);
            }
            Input::Rtcp { key, arrived, bytes, gauge } => {
                gauge.leave();
                if let Some(leg) = self.legs.get_mut(&key) {
                    leg.heard(arrived, &bytes);
                }
            }
            Input::Mixed { room, key, packet } => self.mixed(now, room, key, packet),
            Input::Party { key, deed } => self.deed(now, key, deed),
            Input::Stop => {
                let keys: Vec<u64> = self.legs.keys().copied().collect();
                keys.into_iter().for_each(|key| drop(self.remove(now, key)));
            }
            Input::RecordingFailed { recording } => {
                for leg in self.legs.values_mut() {
                    leg.diary.take_if(|tap| tap.recording() == recording);
                    if leg.tap.take_if(|tap| tap.recording() == recording).is_some() {
                        self.around.tell(SwitchEvent::RecordingEnded { leg: leg.id.clone() });
                    }
                }
            }
        }
    }

    /// Whether [`Board::tick`] is wanted every 20 ms; otherwise a few times a second do.
    pub(crate) fn needs_ticks(&self) -> bool {
        self.legs.values().any(Leg::needs_ticks)
    }

    /// `ticks`: 20 ms that have passed since the call before.
    pub(crate) fn tick(&mut self, now: Micros, ticks: u64) {
        self.ticks += ticks;
        for leg in self.legs.values_mut() {
            leg.tick(now, self.ticks);
        }
        if now.0.saturating_sub(self.paths_checked.0) >= CHECK_PATHS {
            self.paths_checked = now;
            self.check_paths(now);
        }
    }

    fn voice(&mut self, now: Micros, key: u64, ssrc: u32, packet: Packet) {
        let Some(leg) = self.legs.get_mut(&key) else { return };
        leg.path.last = now;
        if !leg.path.flowing {
            leg.path.flowing = true;
            self.around.tell(SwitchEvent::Path { leg: leg.id.clone(), flowing: true });
        }
        let own = match leg.to {
            To::Room { room, .. } => Some((room, packet.clone())),
            To::Nobody | To::Leg(_) => None,
        };
        let monitored = leg.monitored.as_ref().map(|monitored| (monitored.room, packet.clone()));
        let mut frames = std::mem::take(&mut self.frames);
        let coming = leg.receive(now, ssrc, packet, &mut frames);
        let answer_takes = leg.shield.as_ref().and_then(Shield::answer_takes);
        self.report(now, key);
        // The last is the packet's own.
        let copies = frames.len().saturating_sub(1);
        for (n, frame) in frames.drain(..).enumerate() {
            self.pass(now, key, ssrc, frame, n < copies);
        }
        self.frames = frames;
        if coming == Coming::Known {
            return;
        }
        let again = coming == Coming::Again;
        for (room, packet) in own.into_iter().chain(monitored) {
            let work = Work::HearInRoom { room, key, packet, again, answer_takes };
            self.around.studio.packet(work);
        }
    }

    /// Reports to a leg, and who hears it.
    fn report(&mut self, now: Micros, key: u64) {
        let listener = match self.legs.get(&key).map(|leg| leg.to) {
            Some(To::Leg(other) | To::Room { until_mixed: Some(other), .. }) => {
                let shield = self.legs.get(&other).and_then(|leg| leg.shield.as_ref());
                // A party of this process is one of ours.
                Some(shield.map_or_else(Listener::default, Shield::listener))
            }
            Some(To::Room { .. }) => Some(Listener::default()),
            Some(To::Nobody) | None => None,
        };
        let Some(leg) = self.legs.get_mut(&key) else { return };
        if let (Some(shield), Some(listener)) = (&mut leg.shield, listener) {
            shield.set_heard_by(listener);
        }
        leg.tell(now);
    }

    /// Voice or an event of a leg, to whom it concerns.
    fn pass(&mut self, now: Micros, key: u64, ssrc: u32, packet: Packet, copy: bool) {
        let Some(leg) = self.legs.get_mut(&key) else { return };
        for tap in leg.taps() {
            tap.said(now, &packet);
        }
        let to = leg.to;
        if matches!(packet.payload_type, TELEPHONE_EVENT | TELEPHONE_EVENT_8K)
            && let Some(digit) = leg.digits.receive(&packet)
        {
            let event = SwitchEvent::Digit { leg: leg.id.clone(), digit: digit.key() };
            self.around.tell(event);
            for other in self.listeners(key) {
                if let Some(other) = self.legs.get_mut(&other)
                    && (matches!(to, To::Room { .. }) || other.needs_digit_from(&packet))
                {
                    other.press(digit);
                }
            }
        }
        match to {
            To::Nobody => {
                if let Some(leg) = self.legs.get_mut(&key) {
                    leg.echo(now, key, ssrc, packet);
                }
            }
            To::Room { until_mixed: None, .. } => {}
            To::Leg(other) | To::Room { until_mixed: Some(other), .. } => {
                self.forward(now, key, other, (ssrc, packet, copy));
            }
        }
    }

    fn forward(&mut self, now: Micros, from: u64, to: u64, packet: (u32, Packet, bool)) {
        let Some(leg) = self.legs.get_mut(&to) else { return };
        let (ssrc, packet, copy) = packet;
        if leg.hears.directly() == Some(from) {
            leg.hear(now, Source::Leg(from, ssrc), packet, copy);
        }
    }

    fn shield(&mut self, key: u64) -> Option<&mut Shield> {
        self.legs.get_mut(&key)?.shield.as_mut()
    }

    fn mixed(&mut self, now: Micros, room: u64, key: u64, packet: Packet) {
        let Some(leg) = self.legs.get_mut(&key) else { return };
        let Some(packet) = leg.whispered(now, room, packet) else { return };
        if let Hears::Room { room: present, until_mixed } = &mut leg.hears
            && *present == room
        {
            if let Some(other) = until_mixed.take()
                && let Some(other) = self.legs.get_mut(&other)
                && let To::Room { until_mixed, .. } = &mut other.to
            {
                *until_mixed = None;
            }
            if let Some(leg) = self.legs.get_mut(&key) {
                leg.hear(now, Source::Room(room), packet, false);
            }
        }
    }

    fn connection(&mut self, now: Micros, key: u64, state: PeerState) {
        let Some(leg) = self.legs.get_mut(&key) else { return };
        match state {
            PeerState::Connecting => {}
            PeerState::Connected => {
                leg.path.lost = None;
                leg.path.last = now;
                if !leg.up {
                    leg.up = true;
                    self.around.tell(SwitchEvent::Up { leg: leg.id.clone() });
                }
            }
            PeerState::Disconnected | PeerState::Failed => {
                leg.path.lost.get_or_insert(now);
            }
            PeerState::Closed => self.gone(now, key, Cause::MediaFailed),
        }
    }

    fn check_paths(&mut self, now: Micros) {
        let lost_after = u64::try_from(self.around.lost_after.as_micros()).unwrap_or(u64::MAX);
        let mut over = Vec::new();
        for (&key, leg) in &mut self.legs {
            let Kind::Peer { .. } = leg.kind else { continue };
            if leg.path.lost.is_some_and(|since| now.0.saturating_sub(since.0) > lost_after) {
                over.push(key);
            }
            if leg.up && leg.path.flowing && now.0.saturating_sub(leg.path.last.0) > QUIET {
                leg.path.flowing = false;
                self.around.tell(SwitchEvent::Path { leg: leg.id.clone(), flowing: false });
            }
        }
        for key in over {
            self.gone(now, key, Cause::MediaFailed);
        }
    }

    fn deed(&mut self, now: Micros, key: u64, deed: Deed) {
        let Some(leg) = self.legs.get_mut(&key) else { return };
        let id = leg.id.clone();
        match deed {
            Deed::Ringing => self.around.tell(SwitchEvent::Ringing { leg: id }),
            Deed::Up => {
                leg.up = true;
                self.around.tell(SwitchEvent::Up { leg: id });
            }
            Deed::Chosen(digits) => self.around.tell(SwitchEvent::Chosen { leg: id, digits }),
            Deed::Gone(cause) => self.gone(now, key, cause),
        }
    }

    fn gone(&mut self, now: Micros, key: u64, cause: Cause) {
        if let Some(leg) = self.remove(now, key) {
            self.around.tell(SwitchEvent::Gone { leg, cause });
        }
    }
}

impl Surroundings {
    /// A centre that is gone will ask for the list when it is back.
    fn tell(&self, event: SwitchEvent) {
        let _ = self.events.send(event);
    }
}
