use super::Coming;
use crate::switch::opus;
use omnibar_media::loss::red::{Block, Blocks, FARTHEST};
use omnibar_media::loss::rtcp::SenderInfo;
use omnibar_media::loss::{Gaps, LossMap, Reporter};
use omnibar_media::{Micros, Packet, Received};
use omnibar_peer::{OPUS, RED};

/// The stream that comes from a leg.
#[derive(Debug)]
pub(super) struct Inward {
    /// Its SSRC.
    pub(super) source: Option<u32>,
    pub(super) reporter: Reporter,
    gaps: Gaps,
    /// Which numbers were passed on.
    passed: LossMap,
    /// Where the last of them begin: 48 kHz.
    places: [Option<Place>; KEPT],
    /// What the last [`ask`](Self::ask) has found.
    pub(super) wanted: Vec<u16>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    number: i64,
    timestamp: u32,
}

/// Packets: twice what a copy may be behind.
const KEPT: usize = 2 * FARTHEST as usize;
/// Packets; a greater step is a restart of the sender (RFC 3550 appendix A.1).
const JUMP: i64 = 3_000;
/// How late a packet is still worth asking for: what a listener's buffer has on a path that
/// loses.
const HOLD: Micros = Micros(100_000);

impl Inward {
    pub(super) fn new() -> Self {
        Self {
            source: None,
            reporter: Reporter::new(),
            gaps: Gaps::new(HOLD),
            passed: LossMap::new(),
            places: [None; KEPT],
            wanted: Vec::new(),
        }
    }

    pub(super) fn receive(
        &mut self,
        source: u32,
        received: Received,
        round_trip: Option<Micros>,
        frames: &mut Vec<Packet>,
    ) -> Coming {
        frames.clear();
        if self.source.is_some_and(|before| before != source) {
            *self = Self::new();
        }
        self.source = Some(source);
        let again = self.gaps.came(received.packet.sequence, received.arrived, round_trip);
        if again {
            self.reporter.receive_again();
        } else {
            self.reporter.receive(&received);
        }
        let packet = received.packet;
        let number = self.number(packet.sequence);
        if self.is_passed(number) {
            return Coming::Known;
        }
        self.pass(number, packet.timestamp);
        self.bring(number, packet, frames);
        if again { Coming::Again } else { Coming::New }
    }

    /// A sender report came.
    pub(super) fn heard(&mut self, info: &SenderInfo, now: Micros) {
        if self.source == Some(info.source) {
            self.reporter.heard(info.ntp, now);
        }
    }

    /// Finds the numbers that are [`wanted`](Self::wanted) now, rising.
    pub(super) fn ask(&mut self, now: Micros, answer_takes: Option<Micros>) {
        self.gaps.ask(now, answer_takes, &mut self.wanted);
    }

    fn bring(&mut self, number: i64, packet: Packet, frames: &mut Vec<Packet>) {
        if packet.payload_type != RED {
            frames.push(packet);
            return;
        }
        let Ok(blocks) = Blocks::parse(&packet.payload) else { return };
        for block in blocks.copies() {
            frames.extend(self.fill(number, &packet, block));
        }
        frames.sort_unstable_by_key(|copy| packet.sequence.wrapping_sub(copy.sequence));
        frames.reverse();
        let primary = blocks.primary();
        if primary.payload_type == OPUS && !primary.payload.is_empty() {
            let payload = primary.payload.to_vec();
            frames.push(Packet { payload_type: OPUS, payload, ..packet });
        }
    }

    /// The packet that this copy in `carrier` stands for, if it is missing. Copies have no
    /// number; when all last as long, their time tells it.
    fn fill(&mut self, number: i64, carrier: &Packet, copy: Block<'_>) -> Option<Packet> {
        if copy.payload_type != OPUS {
            return None;
        }
        let (offset, duration) = (u32::from(copy.offset), opus::duration(copy.payload));
        let distance = offset / duration;
        if distance * duration != offset || !(1..=u32::from(FARTHEST)).contains(&distance) {
            return None;
        }
        let missing = number - i64::from(distance);
        let timestamp = carrier.timestamp.wrapping_sub(offset);
        if self.passed.has(missing) != Some(false) || !self.fits(missing, timestamp, duration) {
            return None;
        }
        // Nobody asks for it any more.
        self.gaps.fill(missing as u16);
        self.pass(missing, timestamp);
        Some(Packet {
            sequence: missing as u16,
            timestamp,
            payload_type: OPUS,
            marker: false,
            payload: copy.payload.to_vec(),
        })
    }

    /// Whether a packet of this time has its place between those around its number.
    fn fits(&self, number: i64, timestamp: u32, duration: u32) -> bool {
        let near = 1..=i64::from(FARTHEST);
        let after = near.clone().find_map(|step| self.place(number + step));
        let before = near.into_iter().find_map(|step| self.place(number - step));
        let room = |from: u32, to: u32| to.wrapping_sub(from).cast_signed();
        after.is_none_or(|after| room(timestamp, after) >= duration.cast_signed())
            && before.is_none_or(|before| room(before, timestamp) > 0)
    }

    fn place(&self, number: i64) -> Option<u32> {
        let place = self.places[at(number)].filter(|place| place.number == number)?;
        Some(place.timestamp)
    }

    fn pass(&mut self, number: i64, timestamp: u32) {
        self.passed.came(number);
        self.places[at(number)] = Some(Place { number, timestamp });
    }

    /// The wire's number as one that does not wrap.
    fn number(&mut self, sequence: u16) -> i64 {
        let number = self.passed.unwrap(sequence);
        if self.passed.highest().is_some_and(|highest| (number - highest).abs() > JUMP) {
            self.passed.restart();
            self.places = [None; KEPT];
            return i64::from(sequence);
        }
        number
    }

    /// What is too old to be known counts as passed.
    fn is_passed(&self, number: i64) -> bool {
        let old = self.passed.highest().is_some_and(|highest| number <= highest);
        self.passed.has(number).unwrap_or(old)
    }
}

fn at(number: i64) -> usize {
    number.rem_euclid(KEPT as i64) as usize
}
