//! The layers against loss of one voice path, both ways.

use super::reports::{Far, Upstream};
use crate::codec::EncoderConfig;
use crate::loss::red::Packer;
use crate::loss::rtcp::{self, Builder, Item, Listener, Report, SenderInfo};
use crate::loss::{Allowed, Asker, Controller, Gilbert, History, Layers, Missing, Reporter};
use crate::{Codec, Micros, Packet, PacketSink, Received};

/// The RTP sources (SSRC) of a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    pub ours: u32,
    /// `None`: any, there is only one.
    pub theirs: Option<u32>,
}

#[derive(Debug)]
pub(super) struct Guard {
    sources: Sources,
    allowed: Allowed,
    /// Who hears us beyond the far side, as it tells; one of ours until then.
    listener: Listener,
    packer: Packer,
    history: History,
    controller: Controller,
    reporter: Reporter,
    asker: Asker,
    /// As measured by RTCP, and by ICE.
    measured: Option<Micros>,
    checked: Option<Micros>,
    far: Far,
    upstream: Upstream,
    layers: Layers,
    decided: Option<Micros>,
    /// What is heard, and so the clock in which its jitter is told.
    codec: Codec,
    packets: u32,
    bytes: u32,
    timestamp: u32,
    red: Vec<u8>,
    wanted: Vec<u16>,
    out: Vec<u8>,
}

/// µs between looks at what could be done better.
const DECIDE: u64 = 100_000;
/// Per cent that in-band FEC can be sized for with use.
const MOST_EXPECTED: u8 = 30;

impl Guard {
    pub(super) fn new(encoder: &EncoderConfig) -> Self {
        let allowed = Allowed::default();
        let mut controller = Controller::new(allowed, encoder.bitrate);
        controller.assume(encoder.expected_loss);
        Self {
            sources: Sources::default(),
            allowed,
            listener: Listener::default(),
            packer: Packer::new(),
            history: History::new(),
            controller,
            reporter: Reporter::new(),
            asker: Asker::new(),
            measured: None,
            checked: None,
            far: Far::default(),
            upstream: Upstream::default(),
            layers: Layers::default(),
            decided: None,
            codec: Codec::Opus,
            packets: 0,
            bytes: 0,
            timestamp: 0,
            red: Vec::new(),
            wanted: Vec::new(),
            out: Vec::new(),
        }
    }

    pub(super) fn set_sources(&mut self, sources: Sources) {
        // Another stream: what was counted and is missing was of the one before.
        if self.sources.theirs.is_some() && sources.theirs != self.sources.theirs {
            self.reporter = Reporter::new();
            self.asker = Asker::new();
        }
        if self.sources.ours != 0 && sources.ours != self.sources.ours {
            self.measured = None;
            self.controller.set_round_trip(self.round_trip());
        }
        self.sources = sources;
    }

    pub(super) fn allow(&mut self, allowed: Allowed) {
        self.allowed = allowed;
        self.listener = Listener::default();
        self.permit();
    }

    /// What is heard from now on.
    pub(super) fn change_codec(&mut self, codec: Codec) {
        self.codec = codec;
        self.reporter.change_clock();
    }

    /// What both the far side and the listener beyond it take.
    fn permit(&mut self) {
        let Self { allowed, listener, .. } = *self;
        let deep = allowed.deep && listener.deep;
        let packet = allowed.packet.max(listener.packet);
        self.controller.allow(Allowed { deep, packet, ..allowed });
        self.decided = None;
    }

    /// RTCP's own measure passes the way that answers will.
    pub(super) fn round_trip(&self) -> Option<Micros> {
        self.measured.or(self.checked)
    }

    /// How long a packet that is asked for takes; `None`: asking is of no use.
    pub(super) fn answer_takes(&self) -> Option<Micros> {
        self.round_trip().filter(|_| self.allowed.nack && self.asker.is_answered())
    }

    pub(super) fn set_round_trip(&mut self, round_trip: Option<Micros>) {
        self.checked = round_trip;
        self.controller.set_round_trip(self.round_trip());
    }

    pub(super) fn told_loss(&mut self, now: Micros, percent: u8) {
        let fraction = u16::from(percent.min(100)) * 255 / 100;
        self.controller.report(now, fraction as u8);
    }

    /// New layers, if they are others than before.
    pub(super) fn decide(&mut self, now: Micros) -> Option<Layers> {
        if self.decided.is_some_and(|last| now.0.saturating_sub(last.0) < DECIDE) {
            return None;
        }
        self.decided = Some(now);
        let mut layers = self.controller.layers(now);
        // Copies end at the far side.
        if self.listener.loss > 0 && self.allowed.fec {
            layers.fec = true;
            layers.expected_loss = layers.expected_loss.max(self.listener.loss.min(MOST_EXPECTED));
        }
        let changed = layers != self.layers;
        self.layers = layers;
        changed.then_some(layers)
    }

    pub(super) fn layers(&self) -> Layers {
        self.layers
    }

    pub(super) fn path(&self, now: Micros) -> Gilbert {
        self.controller.path(now)
    }

    pub(super) fn retransmits(&self) -> bool {
        self.allowed.nack
    }

    pub(super) fn far(&self) -> &Far {
        &self.far
    }

    /// See [`Upstream::lost`].
    pub(super) fn lost_before(&self, now: Micros) -> f32 {
        self.upstream.lost(now)
    }

    /// The payload with copies of earlier ones; `None`: there are none to add.
    pub(super) fn pack(&mut self, voice: u8, timestamp: u32, payload: &[u8]) -> Option<Vec<u8>> {
        let packed =
            self.packer.pack(voice, timestamp, payload, self.layers.pattern, &mut self.red);
        packed.then(|| self.red.clone())
    }

    pub(super) fn sent(&mut self, now: Micros, packet: &Packet) {
        self.packets = self.packets.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(packet.payload.len() as u32);
        self.timestamp = packet.timestamp;
        if self.allowed.nack {
            self.history.keep(now, packet);
        }
    }

    /// True when the packet was asked for.
    pub(super) fn came(&mut self, received: &Received) -> bool {
        let trip = self.round_trip();
        let again = self.asker.came(received.packet.sequence, received.arrived, trip);
        self.upstream.came(received, again);
        if again {
            self.reporter.receive_again();
        } else {
            self.reporter.receive(received);
        }
        again
    }

    /// RTCP from the far side; what it asks for again goes to `sink`.
    pub(super) fn heard(&mut self, now: Micros, bytes: &[u8], sink: &mut dyn PacketSink) {
        let before = self.listener;
        let Self { sources, controller, reporter, history, measured, allowed, .. } = self;
        let (codec, listener) = (self.codec, &mut self.listener);
        let (far, upstream) = (&mut self.far, &mut self.upstream);
        let ours = |source: u32| sources.ours == 0 || source == sources.ours;
        // What was wrong in it ends the reading; what came before holds.
        let _ = rtcp::parse(bytes, |item| match item {
            Item::Sender(info) => {
                if sources.theirs.is_none_or(|theirs| theirs == info.source) {
                    reporter.heard(info.ntp, now);
                    upstream.told(now, info.packets);
                }
            }
            Item::Report(report) if ours(report.source) => {
                // Told in units of our stream's clock; both streams have the same.
                let jitter = report.jitter.saturating_mul(codec.unit());
                far.told(now, &Report { jitter, ..report });
                if let Some(trip) = rtcp::round_trip(&report, now) {
                    let smooth = measured.map_or(trip.0, |old| (old.0 * 7 + trip.0) / 8);
                    *measured = Some(Micros(smooth));
                    controller.set_round_trip(*measured);
                }
                controller.report(now, report.fraction_lost);
            }
            Item::Losses { source, came } if ours(source) => controller.losses(now, came),
            Item::Listener(told) => *listener = told,
            Item::Nack { media, numbers } if ours(media) => {
                let mut asked = 0;
                for number in numbers.take(MOST_ANSWERS) {
                    asked += 1;
                    if allowed.nack
                        && let Some(packet) = history.again(now, number)
                    {
                        sink.send(packet.clone());
                    }
                }
                controller.asked(now, asked);
            }
            Item::Report(_) | Item::Losses { .. } | Item::Nack { .. } => {}
        });
        if self.listener != before {
            self.permit();
        }
    }

    /// What is to be told the far side now: reports when they are due, and what is `missing`.
    pub(super) fn tell(
        &mut self,
        now: Micros,
        missing: impl Iterator<Item = Missing>,
    ) -> Option<&[u8]> {
        let due = self.reporter.due(now);
        self.wanted.clear();
        if self.allowed.nack {
            self.asker.ask(now, self.measured.or(self.checked), missing, &mut self.wanted);
        }
        if !due && self.wanted.is_empty() {
            return None;
        }
        let Sources { ours, theirs } = self.sources;
        let theirs = theirs.unwrap_or(0);
        // Feedback alone needs no report with it (RFC 5506).
        let mut builder = Builder::new(&mut self.out);
        if due {
            let mut report = self.reporter.report(theirs, now);
            if let Some(report) = &mut report {
                // Counted in samples, told in units of the stream's clock.
                report.jitter /= self.codec.unit();
            }
            builder = if self.packets > 0 {
                let info = SenderInfo {
                    source: ours,
                    ntp: rtcp::ntp(now),
                    timestamp: self.timestamp,
                    packets: self.packets,
                    bytes: self.bytes,
                };
                builder.sender_report(&info, report.as_ref())
            } else {
                builder.receiver_report(ours, report.as_ref())
            };
            builder = self.reporter.losses(builder.name(ours, NAME), ours, theirs);
        }
        self.wanted.sort_unstable();
        builder.nack(ours, theirs, &self.wanted);
        Some(&self.out)
    }
}

/// Numbers answered of one request.
const MOST_ANSWERS: usize = 64;
/// RFC 3550 section 6.5.1 wants one; there is no second stream that it would tell apart.
const NAME: &str = "omnibar";
