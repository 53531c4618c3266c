use crate::switch::opus;
use omnibar_media::event::Step;
use omnibar_media::{Micros, Packet};
use omnibar_peer::{OPUS, TELEPHONE_EVENT};

/// Where packets for a leg come from. A leg listens to one source at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Another leg, and the SSRC of its stream.
    Leg(u64, u32),
    Room(u64),
    Feed,
}

/// The one RTP stream that a leg receives, whatever its sources. Within a source the
/// gaps and the order of the packets stay, so that the far jitter buffer still sees
/// loss and reordering; between sources sequence and timestamp go on as if it were one
/// (RFC 3550 section 5.1).
#[derive(Debug)]
pub(crate) struct Outlet {
    next_sequence: u16,
    /// Where the stream was at its newest packet.
    head: Option<Head>,
    mapping: Option<Mapping>,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    /// 48 kHz, of the first sample.
    timestamp: u32,
    /// 48 kHz, after the last sample.
    end: u32,
    sent: Micros,
}

#[derive(Clone, Copy, Debug)]
struct Mapping {
    source: Source,
    sequence_offset: u16,
    timestamp_offset: u32,
    /// The source's newest packet.
    newest: u16,
    first: u16,
    newest_timestamp: u32,
    newest_at: Micros,
}

/// A source whose timestamp is off its arrival by more has started anew: 48 kHz units.
const LEAP: i64 = 48_000;
/// A jump in sequence numbers that is no loss.
const SEQUENCE_LEAP: u16 = 1_000;

impl Outlet {
    /// `seed`: the random start that RFC 3550 asks for.
    pub(crate) fn new(seed: u64) -> Self {
        // The lower half: SRTP guesses the roll-over counter at the first packets
        // (RFC 3711 section 3.3.1).
        Self { next_sequence: (seed & 0x7fff) as u16, head: None, mapping: None }
            .starting_at((seed >> 32) as u32)
    }

    fn starting_at(mut self, timestamp: u32) -> Self {
        self.head = Some(Head { timestamp, end: timestamp, sent: Micros(0) });
        self
    }

    /// The packet as this leg shall get it; `None` for one that belongs before what a
    /// change of source has already passed.
    pub(crate) fn pass(&mut self, now: Micros, source: Source, packet: Packet) -> Option<Packet> {
        let known = self.mapping.filter(|m| m.source == source && m.continues(&packet, now));
        let fresh = known.is_none();
        let mut mapping = known.unwrap_or_else(|| self.map(now, source, &packet));
        let ahead = packet.sequence.wrapping_sub(mapping.newest);
        let late = !fresh && (ahead == 0 || ahead >= 0x8000);
        if late && packet.sequence.wrapping_sub(mapping.first) >= 0x8000 {
            return None;
        }
        let duration = match packet.payload_type {
            TELEPHONE_EVENT => event_duration(&packet.payload),
            _ => opus::duration(&packet.payload),
        };
        let marker = packet.marker || fresh;
        let out = Packet {
            sequence: packet.sequence.wrapping_add(mapping.sequence_offset),
            timestamp: packet.timestamp.wrapping_add(mapping.timestamp_offset),
            marker,
            ..packet
        };
        if !late {
            mapping.newest = packet.sequence;
            mapping.newest_timestamp = packet.timestamp;
            mapping.newest_at = now;
            self.next_sequence = out.sequence.wrapping_add(1);
            self.advance(now, &out, duration);
        }
        self.mapping = Some(mapping);
        Some(out)
    }

    /// What the source sends from now on does not follow what it sent before: between,
    /// nobody listened.
    pub(crate) fn restart(&mut self) {
        self.mapping = None;
    }

    /// The timestamp of a sample that is sent now.
    pub(crate) fn clock(&self, now: Micros) -> u32 {
        let Some(head) = self.head else { return 0 };
        let elapsed = units(now.0.saturating_sub(head.sent.0));
        let by_time = head.timestamp.wrapping_add(elapsed);
        if by_time.wrapping_sub(head.end) < 0x8000_0000 { by_time } else { head.end }
    }

    /// A telephone event of our own, between packets of any source.
    pub(crate) fn event(&mut self, now: Micros, step: Step) -> Packet {
        let payload = step.event.encode().to_vec();
        self.own(now, TELEPHONE_EVENT, step.timestamp, step.marker, step.event.duration, payload)
    }

    /// 20 ms of a tone of our own.
    pub(crate) fn tone(&mut self, now: Micros, marker: bool, payload: Vec<u8>) -> Packet {
        let timestamp = self.clock(now);
        self.own(now, OPUS, timestamp, marker, 960, payload)
    }

    fn own(
        &mut self,
        now: Micros,
        payload_type: u8,
        timestamp: u32,
        marker: bool,
        duration: u16,
        payload: Vec<u8>,
    ) -> Packet {
        let sequence = self.next_sequence;
        self.next_sequence = sequence.wrapping_add(1);
        self.mapping = None;
        let packet = Packet { sequence, timestamp, payload_type, marker, payload };
        self.advance(now, &packet, u32::from(duration));
        packet
    }

    fn map(&self, now: Micros, source: Source, packet: &Packet) -> Mapping {
        Mapping {
            source,
            sequence_offset: self.next_sequence.wrapping_sub(packet.sequence),
            timestamp_offset: self.clock(now).wrapping_sub(packet.timestamp),
            newest: packet.sequence,
            first: packet.sequence,
            newest_timestamp: packet.timestamp,
            newest_at: now,
        }
    }

    fn advance(&mut self, now: Micros, packet: &Packet, duration: u32) {
        let end = packet.timestamp.wrapping_add(duration);
        let timestamp = match packet.payload_type {
            // It keeps the timestamp of its begin while its end moves on.
            TELEPHONE_EVENT => end.wrapping_sub(duration.min(960)),
            _ => packet.timestamp,
        };
        self.head = Some(Head { timestamp, end, sent: now });
    }
}

impl Mapping {
    /// Whether this packet is of the same run as the newest.
    fn continues(&self, packet: &Packet, now: Micros) -> bool {
        let ahead = packet.sequence.wrapping_sub(self.newest);
        let near = ahead < SEQUENCE_LEAP || ahead > 0u16.wrapping_sub(SEQUENCE_LEAP);
        let moved = i64::from(packet.timestamp.wrapping_sub(self.newest_timestamp).cast_signed());
        let elapsed = i64::from(units(now.0.saturating_sub(self.newest_at.0)));
        // Within a run only late packets have smaller timestamps.
        let backwards = ahead < 0x8000 && moved < 0;
        near && !backwards && (moved - elapsed).abs() < LEAP
    }
}

/// µs as 48 kHz units; wraps as timestamps do.
fn units(micros: u64) -> u32 {
    (micros * 6 / 125) as u32
}

fn event_duration(payload: &[u8]) -> u32 {
    omnibar_media::event::Event::parse(payload).map_or(0, |event| u32::from(event.duration))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A 20 ms packet: SILK wideband, one frame (RFC 6716 table 2).
    fn voice(sequence: u16, timestamp: u32) -> Packet {
        Packet { sequence, timestamp, payload_type: OPUS, marker: false, payload: vec![9 << 3, 1] }
    }

    fn at(milliseconds: u64) -> Micros {
        Micros(milliseconds * 1_000)
    }

    #[test]
    fn one_source_keeps_its_gaps_and_its_order() {
        let mut outlet = Outlet::new(1);
        let a = Source::Leg(1, 7);
        let first = outlet.pass(at(0), a, voice(100, 5_000)).unwrap();
        let third = outlet.pass(at(40), a, voice(102, 6_920)).unwrap();
        let second = outlet.pass(at(45), a, voice(101, 5_960)).unwrap();
        let fourth = outlet.pass(at(60), a, voice(103, 7_880)).unwrap();
        assert!(first.marker && !third.marker);
        let offsets: Vec<_> = [second, third, fourth]
            .iter()
            .map(|p| (p.sequence.wrapping_sub(first.sequence), p.timestamp - first.timestamp))
            .collect();
        assert_eq!(offsets, [(1, 960), (2, 1_920), (3, 2_880)]);
    }

    #[test]
    fn another_source_goes_on_where_time_is() {
        let mut outlet = Outlet::new(2);
        let before = outlet.pass(at(0), Source::Leg(1, 7), voice(100, 5_000)).unwrap();
        let soon = outlet.pass(at(5), Source::Feed, voice(9, 0)).unwrap();
        assert_eq!(soon.sequence, before.sequence.wrapping_add(1));
        assert_eq!(soon.timestamp, before.timestamp.wrapping_add(960));
        assert!(soon.marker);
        // Three seconds later, from a source whose own numbers are smaller.
        let later = outlet.pass(at(3_005), Source::Leg(1, 8), voice(1, 1)).unwrap();
        assert_eq!(later.sequence, soon.sequence.wrapping_add(1));
        assert_eq!(later.timestamp, soon.timestamp.wrapping_add(144_000));
    }

    #[test]
    fn what_came_before_a_change_of_source_is_left_out() {
        let mut outlet = Outlet::new(3);
        outlet.pass(at(0), Source::Feed, voice(0, 0)).unwrap();
        let a = Source::Leg(1, 7);
        outlet.pass(at(20), a, voice(500, 960_000)).unwrap();
        assert_eq!(outlet.pass(at(21), a, voice(499, 959_040)), None);
        assert!(outlet.pass(at(40), a, voice(501, 960_960)).is_some());
    }

    #[test]
    fn a_source_that_starts_anew_does_not_leap() {
        let mut outlet = Outlet::new(4);
        let a = Source::Leg(1, 7);
        let before = outlet.pass(at(0), a, voice(100, 5_000)).unwrap();
        let after = outlet.pass(at(20), a, voice(101, 3_000_000_000)).unwrap();
        assert_eq!(after.timestamp, before.timestamp.wrapping_add(960));
        assert_eq!(after.sequence, before.sequence.wrapping_add(1));
    }

    #[test]
    fn what_was_not_listened_to_is_no_loss() {
        let mut outlet = Outlet::new(6);
        let a = Source::Leg(1, 7);
        let before = outlet.pass(at(0), a, voice(100, 5_000)).unwrap();
        outlet.restart();
        let after = outlet.pass(at(1_000), a, voice(150, 53_000)).unwrap();
        assert_eq!(after.sequence, before.sequence.wrapping_add(1));
        assert_eq!(after.timestamp, before.timestamp.wrapping_add(48_000));
        assert!(after.marker);
    }

    proptest! {
        /// Whatever comes from whichever source, a receiver that orders by sequence sees
        /// timestamps that never go back nor run ahead of time.
        #[test]
        fn the_stream_is_one(
            seed: u64,
            steps in prop::collection::vec((0u8..4, 0u64..120_000, any::<u16>(), any::<u32>(), 0u8..8), 1..200),
        ) {
            let mut outlet = Outlet::new(seed);
            let mut now = 0;
            let mut sources = [(0u16, 0u32, 0u64); 4];
            let mut newest: Option<Packet> = None;
            let mut passed = 0u64;
            for (which, wait, sequence, timestamp, chance) in steps {
                now += wait;
                let state = &mut sources[usize::from(which)];
                if chance == 0 {
                    *state = (sequence, timestamp, now);
                } else {
                    state.0 = state.0.wrapping_add(1);
                    state.1 = state.1.wrapping_add(units(now - state.2).max(960));
                    state.2 = now;
                }
                let source = if which == 3 { Source::Feed } else { Source::Leg(u64::from(which), 0) };
                let Some(out) = outlet.pass(Micros(now), source, voice(state.0, state.1)) else {
                    continue;
                };
                if let Some(last) = &newest {
                    let step = out.sequence.wrapping_sub(last.sequence);
                    if step == 0 || step >= 0x8000 {
                        continue;
                    }
                    let moved = out.timestamp.wrapping_sub(last.timestamp);
                    prop_assert!(moved < 0x8000_0000, "back by {}", moved.wrapping_neg());
                    passed += u64::from(moved);
                    prop_assert!(passed <= u64::from(units(now)) + 960 * 200 + 2 * 48_000);
                }
                newest = Some(out);
            }
        }
    }
}
