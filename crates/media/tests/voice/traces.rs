//! Paths as they were recorded with `examples/trace.rs`, a packet every 20 ms for a minute:
//!
//! * `busy-machine`: both ends on a machine whose two cores build software (load 4 to 6): no
//!   packet lost, but sender and receiver stand still every few seconds, mostly for 50 to
//!   240 ms, once for a second;
//! * `uplink-shared`: an uplink of 2 Mbit/s with a queue of 200 ms (a token bucket), which
//!   uploads of 20 to 400 kB fill every 2 s or so; 25 packets dropped by the full queue;
//! * `uplink-full`: 1 Mbit/s with a queue of 60 ms that uploads of 0.2 to 2 MB keep full.

use crate::world::{EPOCH, speech};
use omnibar_media::codec::EncoderConfig;
use omnibar_media::{
    BLOCK, Encoder, FRAME, JitterBuffer, JitterConfig, JitterStats, Micros, Packet, PlayoutKind,
    Received,
};

struct Heard {
    kinds: Vec<PlayoutKind>,
    /// Of the buffer, at every block; ms.
    delays: Vec<f32>,
    samples: Vec<f32>,
    stats: JitterStats,
}

impl Heard {
    fn share(&self, kind: PlayoutKind) -> f32 {
        let count = self.kinds.iter().filter(|&&k| k == kind).count();
        count as f32 / self.kinds.len() as f32
    }

    fn median_delay(&self) -> f32 {
        let mut sorted = self.delays.clone();
        sorted.sort_by(f32::total_cmp);
        sorted[sorted.len() / 2]
    }
}

/// Number, time sent, time arrived.
fn lines(trace: &str) -> Vec<(u32, u64, u64)> {
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<u64>().ok()).unwrap();
    let line = |line: &str| {
        let mut fields = line.split(',');
        let n = u32::try_from(number(fields.next())).unwrap();
        (n, number(fields.next()), number(fields.next()))
    };
    trace.lines().map(line).collect()
}

/// The talker's samples over that path, heard by a clock of its own.
fn heard(trace: &str) -> Heard {
    let voice = speech(5, 6);
    let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
    let payloads: Vec<Vec<u8>> =
        voice.as_chunks::<FRAME>().0.iter().map(|frame| encoder.encode(frame).unwrap()).collect();
    let mut buffer = JitterBuffer::new(JitterConfig::default()).unwrap();
    let mut heard =
        Heard { kinds: vec![], delays: vec![], samples: vec![], stats: JitterStats::default() };
    let arrivals = lines(trace);
    let mut coming = arrivals.iter().peekable();
    let (_, _, last) = arrivals[arrivals.len() - 1];
    for block in 0..last / 10_000 {
        let now = 3_000 + block * 10_000;
        while let Some(&(number, _, arrived)) = coming.next_if(|(_, _, at)| *at <= now) {
            let packet = Packet {
                sequence: number as u16,
                timestamp: number * FRAME as u32,
                payload_type: 111,
                marker: false,
                payload: payloads[number as usize % payloads.len()].clone(),
            };
            buffer.receive(Received { arrived: Micros(EPOCH + arrived), packet });
        }
        let mut out = [0.0; BLOCK];
        heard.kinds.push(buffer.playout(Micros(EPOCH + now), &mut out).kind);
        heard.delays.push(buffer.stats().delay_ms);
        heard.samples.extend_from_slice(&out);
    }
    heard.stats = buffer.stats();
    heard
}

#[test]
fn a_busy_machine_loses_no_voice_and_a_second_without_any_is_not_waited_for_again() {
    let heard = heard(include_str!("../traces/busy-machine.csv"));
    assert_eq!(heard.stats.lost, 0, "{:?}", heard.stats);
    assert!(heard.share(PlayoutKind::Speech) > 0.97, "{:?}", heard.stats);
    assert!(heard.share(PlayoutKind::Concealed) < 0.015, "{:?}", heard.stats);
    assert!(heard.median_delay() < 260.0, "{}", heard.median_delay());
    assert!(heard.stats.delay_ms < 250.0, "{:?}", heard.stats);
}

#[test]
fn an_uplink_that_uploads_share_is_waited_for_and_no_longer_than_its_queue() {
    let heard = heard(include_str!("../traces/uplink-shared.csv"));
    assert!(heard.share(PlayoutKind::Speech) > 0.96, "{:?}", heard.stats);
    assert!(heard.share(PlayoutKind::Concealed) < 0.02, "{:?}", heard.stats);
    assert!(heard.median_delay() < 260.0, "{}", heard.median_delay());
    assert!(heard.stats.target_ms <= 260.0, "{:?}", heard.stats);
}

#[test]
fn an_uplink_that_is_always_full_is_followed() {
    let heard = heard(include_str!("../traces/uplink-full.csv"));
    assert!(heard.share(PlayoutKind::Speech) > 0.97, "{:?}", heard.stats);
    assert!(heard.share(PlayoutKind::Concealed) < 0.015, "{:?}", heard.stats);
    assert!(heard.median_delay() < 120.0, "{}", heard.median_delay());
    assert!(heard.samples.iter().all(|sample| sample.is_finite() && sample.abs() < 1.5));
}
