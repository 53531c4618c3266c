use crate::switch::opus;
use omnibar_media::loss::red::{FARTHEST, MOST_COPIES, Packer, Pattern};
use omnibar_media::loss::rtcp::Report;
use omnibar_media::loss::{Allowed, Controller, History, LossMap};
use omnibar_media::{Micros, Packet};
use omnibar_peer::{OPUS, RED, Terms};

/// The stream that goes to a leg.
#[derive(Debug)]
pub(super) struct Outward {
    allowed: Allowed,
    controller: Controller,
    packer: Packer,
    /// The number of the packer's last place.
    packed: i64,
    /// Numbers that are to go along with the next packet.
    along: Vec<i64>,
    pattern: Pattern,
    decided: Option<Micros>,
    /// Something was told of the path since.
    news: bool,
    history: History,
    /// Which numbers were sent: what a source has lost on its way here leaves others out.
    sent: LossMap,
    /// The highest number of the last report.
    reported: Option<i64>,
    red: Vec<u8>,
    /// Per cent that the path loses, while no copies can be sent.
    unhelped: u8,
    /// As sender reports count them (RFC 3550 section 6.4.1).
    pub(super) packets: u32,
    pub(super) bytes: u32,
    pub(super) timestamp: u32,
}

/// bit/s that voice has without copies, as the controller reckons.
const VOICE: u32 = 36_000;
/// µs between looks at what could be done better: when something was told, and otherwise.
const SOON: u64 = 100_000;
const REGULAR: u64 = 1_000_000;
const SHORT: Micros = Micros(10_000);
const LONG: Micros = Micros(20_000);
/// Share of packets lost below which a path counts as good.
const RARE: f32 = 0.002;
/// Packets; a greater step is another stream (RFC 3550 appendix A.1).
const JUMP: i64 = 3_000;

impl Outward {
    pub(super) fn new(terms: &Terms) -> Self {
        let allowed = allowed(terms, LONG);
        Self {
            allowed,
            controller: Controller::new(allowed, VOICE),
            packer: Packer::new(),
            packed: 0,
            along: Vec::new(),
            pattern: Pattern::NONE,
            decided: None,
            news: false,
            history: History::new(),
            sent: LossMap::new(),
            reported: None,
            red: Vec::new(),
            unhelped: 0,
            packets: 0,
            bytes: 0,
            timestamp: 0,
        }
    }

    pub(super) fn allow(&mut self, terms: &Terms) {
        self.allowed = allowed(terms, self.allowed.packet);
        self.controller.allow(self.allowed);
        self.decided = None;
    }

    pub(super) fn set_round_trip(&mut self, round_trip: Option<Micros>) {
        self.controller.set_round_trip(round_trip);
    }

    /// `None`: it goes along with the next one.
    pub(super) fn send(&mut self, now: Micros, packet: Packet, copy: bool) -> Option<Packet> {
        let number = self.number(packet.sequence);
        let voice = packet.payload_type == OPUS;
        if self.allowed.red && copy && voice {
            self.take_along(now, number, &packet);
            return None;
        }
        let newest = self.sent.highest().is_none_or(|highest| number > highest);
        self.sent.came(number);
        let packet = if newest && self.allowed.red {
            self.reach(number - 1);
            self.packed = number;
            if voice { self.with_copies(now, number, packet) } else { self.without(packet) }
        } else {
            self.fill(number, &packet);
            packet
        };
        if self.allowed.nack {
            self.history.keep(now, &packet);
        }
        self.packets = self.packets.wrapping_add(1);
        self.bytes = self.bytes.wrapping_add(packet.payload.len() as u32);
        if newest {
            self.timestamp = packet.timestamp;
        }
        Some(packet)
    }

    /// What the leg asks for again.
    pub(super) fn answer(
        &mut self,
        now: Micros,
        numbers: impl Iterator<Item = u16>,
        again: &mut impl FnMut(Packet),
    ) {
        let mut asked = 0;
        for number in numbers {
            // What was never sent is missing for another reason than this path.
            asked += usize::from(self.was_sent(number));
            if let Some(packet) = self.history.again(now, number) {
                again(packet.clone());
            }
        }
        self.controller.asked(now, asked);
        self.news |= asked > 0;
    }

    /// The share of our packets that the leg lost, less what was never sent to it.
    pub(super) fn report(&mut self, now: Micros, report: &Report) {
        let highest = self.sent.unwrap(report.highest as u16);
        let before = self.reported.replace(highest).unwrap_or(highest);
        let expected = (highest - before).clamp(0, omnibar_media::loss::REMEMBERED);
        let unsent = (highest - expected + 1..=highest)
            .filter(|&number| self.sent.has(number) == Some(false))
            .count() as i64;
        let lost = i64::from(report.fraction_lost) * expected / 256;
        let fraction = if unsent == 0 || expected == unsent {
            report.fraction_lost
        } else {
            ((lost - unsent).max(0) * 256 / (expected - unsent)).min(255) as u8
        };
        self.controller.report(now, fraction);
        self.told(now);
    }

    /// Our packets, and whether each came.
    pub(super) fn losses(&mut self, now: Micros, came: impl Iterator<Item = (u16, bool)>) {
        let sent = &self.sent;
        let lost = |number| sent.has(sent.unwrap(number)) != Some(false);
        self.controller.losses(now, came.map(|(number, came)| (number, came || !lost(number))));
        self.told(now);
    }

    /// See [`Listener::loss`](omnibar_media::loss::rtcp::Listener).
    pub(super) fn unhelped(&self) -> u8 {
        self.unhelped
    }

    fn told(&mut self, now: Micros) {
        self.news = true;
        let share = if self.allowed.red { 0.0 } else { self.controller.path(now).share };
        self.unhelped = if share <= RARE { 0 } else { (share * 100.0).ceil().min(100.0) as u8 };
    }

    /// A copy in the place of a packet that was lost on its way here. Copies make no haste:
    /// the leg's buffer knows how long to wait for them. A packet of its own, and late, would
    /// be jitter of the path.
    fn take_along(&mut self, now: Micros, number: i64, packet: &Packet) {
        self.reach(number);
        self.fill(number, packet);
        if self.along.len() < MOST_COPIES {
            self.along.push(number);
        }
        if self.allowed.nack {
            self.history.keep(now, packet);
        }
    }

    fn with_copies(&mut self, now: Micros, number: i64, packet: Packet) -> Packet {
        self.decide(now, &packet);
        let along = self.along.drain(..).filter_map(|copy| u8::try_from(number - copy).ok());
        let mut distances: Vec<u8> = along.collect();
        distances.extend(self.pattern.distances());
        // Twice in a packet would be once too often.
        let mut known = 0;
        distances.retain(|&distance| {
            let bit = 1u32.checked_shl(u32::from(distance)).unwrap_or(0);
            let new = known & bit == 0;
            known |= bit;
            new
        });
        let Packet { timestamp, payload, .. } = &packet;
        let pattern = Pattern::new(&distances);
        if !self.packer.pack(OPUS, *timestamp, payload, pattern, &mut self.red) {
            return packet;
        }
        Packet { payload_type: RED, payload: self.red.clone(), ..packet }
    }

    /// An event has a number and no copies.
    fn without(&mut self, packet: Packet) -> Packet {
        self.packer.pass_over();
        packet
    }

    /// Gives every number until this one its place in the packer.
    fn reach(&mut self, number: i64) {
        let steps = (number - self.packed).clamp(0, i64::from(FARTHEST));
        (0..steps).for_each(|_| self.packer.pass_over());
        self.packed = self.packed.max(number);
    }

    fn fill(&mut self, number: i64, packet: &Packet) {
        if packet.payload_type == OPUS
            && let Ok(distance) = u8::try_from(self.packed - number + 1)
        {
            self.packer.fill(distance, packet.timestamp, &packet.payload);
        }
    }

    fn decide(&mut self, now: Micros, packet: &Packet) {
        let length = if opus::duration(&packet.payload) < 960 { SHORT } else { LONG };
        if length != self.allowed.packet {
            self.allowed.packet = length;
            self.controller.allow(self.allowed);
            self.news = true;
        }
        let wait = if self.news { SOON } else { REGULAR };
        if self.decided.is_none_or(|last| now.0.saturating_sub(last.0) >= wait) {
            self.decided = Some(now);
            self.news = false;
            self.pattern = self.controller.layers(now).pattern;
        }
    }

    fn was_sent(&self, sequence: u16) -> bool {
        self.sent.has(self.sent.unwrap(sequence)) == Some(true)
    }

    /// The wire's number as one that does not wrap.
    fn number(&mut self, sequence: u16) -> i64 {
        let number = self.sent.unwrap(sequence);
        if self.sent.highest().is_some_and(|highest| (number - highest).abs() > JUMP) {
            self.sent.restart();
            self.packer.clear();
            self.packed = i64::from(sequence) - 1;
            self.along.clear();
            self.reported = None;
            return i64::from(sequence);
        }
        number
    }
}

fn allowed(terms: &Terms, packet: Micros) -> Allowed {
    Allowed { red: terms.red, nack: terms.nack, packet, ..Allowed::default() }
}
