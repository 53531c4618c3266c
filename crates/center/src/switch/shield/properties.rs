//! What holds for any stream, any path and any requests.

use super::test::{OURS, THEIRS, Voice, at, nacks, payload, receive, terms};
use super::*;
use omnibar_peer::{OPUS, RED, TELEPHONE_EVENT};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

proptest! {
    /// Whatever a path does to a stream: each number is passed on at most once, with its own
    /// voice and time, and what came is passed on.
    #[test]
    fn each_number_is_passed_on_once_as_it_was_sent(
        start: u16,
        distances in prop::collection::vec(1u8..12, 0..3),
        fates in prop::collection::vec((0u8..10, 0usize..6), 1..200),
    ) {
        let mut voice = Voice::new(start);
        voice.start = 7;
        // When each comes: order by tick, some twice, some not at all.
        let mut path: Vec<(usize, Packet)> = Vec::new();
        for (tick, (fate, late)) in fates.iter().enumerate() {
            let packet = voice.next(&distances);
            match fate {
                0..3 => {}
                3 => {
                    path.push((tick, packet.clone()));
                    path.push((tick + late, packet));
                }
                4 => path.push((tick + late, packet)),
                _ => path.push((tick, packet)),
            }
        }
        path.sort_by_key(|(tick, _)| *tick);
        let mut shield = Shield::new(terms());
        shield.set_round_trip(Some(Micros(40_000)));
        let mut passed = BTreeMap::new();
        let first = path.first().map(|(_, packet)| packet.sequence);
        for (tick, packet) in path {
            let early = first.is_some_and(|first| packet.sequence.wrapping_sub(first) >= 0x8000);
            let own = packet.sequence;
            for frame in receive(&mut shield, tick as u64 * 20, packet) {
                prop_assert_eq!(&frame.payload, &payload(frame.sequence));
                prop_assert_eq!(frame.timestamp, voice.timestamp(frame.sequence));
                prop_assert_eq!(frame.payload_type, OPUS);
                prop_assert_eq!(passed.insert(frame.sequence, tick), None);
            }
            prop_assert!(early || passed.contains_key(&own));
            for number in nacks(shield.tell(at(tick as u64 * 20)).unwrap_or_default()) {
                prop_assert!(!passed.contains_key(&number));
            }
        }
    }

    /// What is sent under a number is the same whenever it is sent: the cipher must not see
    /// two texts of one number (RFC 3711 section 9.1).
    #[test]
    fn a_number_has_one_content(
        steps in prop::collection::vec((0u16..4, 0u8..40, prop::collection::vec(any::<u16>(), 0..4)), 1..200),
    ) {
        let mut shield = Shield::new(terms());
        let mut contents: BTreeMap<u16, Packet> = BTreeMap::new();
        let mut number = 0u16;
        for (n, (step, back, asked)) in steps.into_iter().enumerate() {
            let now = at(n as u64 * 20);
            number += step;
            // Sometimes one that was left out is filled in.
            let sequence = number.saturating_sub(u16::from(back / 30 * back));
            let packet = Packet {
                sequence,
                timestamp: u32::from(sequence) * 960,
                payload_type: OPUS,
                marker: false,
                payload: payload(sequence),
            };
            let copy = sequence < number;
            if let Entry::Vacant(free) = contents.entry(sequence) {
                let own = packet.clone();
                free.insert(shield.send(now, packet, copy).unwrap_or(own));
            }
            let mut asked: Vec<u16> = asked.into_iter().map(|n| n % (number + 2)).collect();
            asked.sort_unstable();
            asked.dedup();
            let mut bytes = Vec::new();
            let _ = Builder::new(&mut bytes).nack(THEIRS, OURS, &asked);
            let mut again = Vec::new();
            shield.heard(now, &bytes, |packet| again.push(packet));
            for packet in again {
                prop_assert_eq!(contents.get(&packet.sequence), Some(&packet));
            }
        }
    }

    /// Whatever comes, what goes out is bounded.
    #[test]
    fn any_packets_and_any_rtcp(
        packets in prop::collection::vec(
            (prop::collection::vec(any::<u8>(), 0..80), any::<(u16, u32, bool, u8)>(), 0u64..40_000),
            1..80,
        ),
    ) {
        let mut shield = Shield::new(terms());
        shield.set_round_trip(Some(Micros(20_000)));
        let (mut now, mut sequence, mut timestamp) = (0, 0u16, 0u32);
        for (bytes, (jump, leap, wild, kind), step) in packets {
            now += step;
            sequence = if wild { jump } else { sequence.wrapping_add(jump % 4) };
            timestamp = if wild { leap } else { timestamp.wrapping_add(960) };
            shield.heard(Micros(now), &bytes, |packet| assert!(packet.payload.len() <= 1_150));
            let payload_type = [OPUS, RED, TELEPHONE_EVENT][usize::from(kind % 3)];
            let mut payload = bytes;
            if payload_type == RED && kind % 2 == 0 {
                payload.splice(0..0, [0x80 | OPUS, 0x0f, 0x00, 3, OPUS]);
            }
            let packet = Packet { sequence, timestamp, payload_type, marker: false, payload };
            let mut frames = Vec::new();
            let source = THEIRS + u32::from(kind > 250);
            let received = Received { arrived: Micros(now), packet };
            shield.receive(source, received, &mut frames);
            prop_assert!(frames.len() <= 9);
            for frame in frames {
                let copy = kind % 5 == 0;
                let sent = shield.send(Micros(now), frame, copy);
                prop_assert!(sent.is_none_or(|sent| sent.payload.len() <= 1_150));
            }
            if let Some(bytes) = shield.tell(Micros(now)) {
                prop_assert!(bytes.len() < 1_200 && bytes.len().is_multiple_of(4));
            }
        }
    }
}
