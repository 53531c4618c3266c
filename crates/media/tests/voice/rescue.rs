use crate::world::Pcm;
use omnibar_media::loss::Missing;
use omnibar_media::loss::red::Blocks;
use omnibar_media::{
    BLOCK, Encoder, FRAME, JitterBuffer, JitterConfig, Micros, Packet, PlayoutKind, Received,
};

/// 20 ms of a level that names its number.
fn payload(n: u16) -> Vec<u8> {
    Pcm::encode(&[f32::from(n) / 1000.0; 480])
}

fn packet(n: u16) -> Packet {
    Packet {
        sequence: n.wrapping_add(65_530),
        timestamp: u32::from(n) * 480,
        payload: payload(n),
        ..Packet::default()
    }
}

fn buffer() -> JitterBuffer {
    let config = JitterConfig { min_delay: Micros(60_000), ..JitterConfig::default() };
    JitterBuffer::with_decoder(config, Box::new(Pcm::default()))
}

fn at(n: u16) -> Micros {
    Micros(1_000_000 + u64::from(n) * 10_000)
}

/// The redundant payload of packet `n`, with copies from so far back.
fn copies(n: u16, distances: &[u16]) -> Vec<u8> {
    let length = payload(0).len() as u32;
    let mut out = Vec::new();
    for distance in distances {
        out.push(0x80 | 111);
        out.extend(&((u32::from(*distance) * 480) << 10 | length).to_be_bytes()[1..]);
    }
    out.push(111);
    distances.iter().for_each(|distance| out.extend(payload(n - distance)));
    out.extend(payload(n));
    out
}

/// The levels that were played, 10 ms each.
fn play(mut each: impl FnMut(&mut JitterBuffer, u16)) -> (Vec<u16>, JitterBuffer) {
    let mut buffer = buffer();
    let mut levels = Vec::new();
    for n in 0..60 {
        each(&mut buffer, n);
        let mut out = [0.0; BLOCK];
        let kind = buffer.playout(at(n), &mut out).kind;
        if kind == PlayoutKind::Speech {
            levels.push((out[BLOCK / 2] * 1000.0).round() as u16);
        }
    }
    (levels, buffer)
}

#[test]
fn a_copy_stands_in_for_its_packet_and_the_packet_for_its_copy() {
    let (levels, buffer) = play(|buffer, n| {
        if n % 10 != 5 {
            buffer.receive(Received { arrived: at(n), packet: packet(n) });
        }
        if n > 5 && n % 10 == 7 {
            let bytes = copies(n, &[2, 4]);
            buffer.receive_copies(&packet(n), 111, &Blocks::parse(&bytes).unwrap());
        }
        // Overtaken by its own copy.
        if n % 10 == 8 {
            buffer.receive(Received { arrived: at(n), packet: packet(n - 3) });
        }
    });
    let stats = buffer.stats();
    assert!(levels.windows(2).all(|pair| pair[1] == pair[0] + 1), "{levels:?}");
    assert_eq!((stats.restored, stats.lost, stats.concealed), (6, 0, 0), "{stats:?}");
}

#[test]
fn a_guess_stands_for_the_lost_before_it_stands_for_the_late() {
    let (levels, buffer) = play(|buffer, n| {
        // One is lost, and the next come together when the place of the first has been played.
        let here = match n {
            30..38 => 0..0,
            38 => 31..39,
            n => n..n + 1,
        };
        for n in here {
            buffer.receive(Received { arrived: at(n), packet: packet(n) });
        }
    });
    let missing: Vec<u16> = (1..53).filter(|n| !levels.contains(n)).collect();
    assert_eq!(missing, [30, 31], "{:?}", buffer.stats());
    assert_eq!(buffer.stats().delay_ms, 60.0);
}

#[test]
fn copies_of_another_payload_type_and_of_odd_times_are_left_alone() {
    let (_, buffer) = play(|buffer, n| {
        if n % 10 != 5 {
            buffer.receive(Received { arrived: at(n), packet: packet(n) });
        }
        if n % 10 == 7 {
            let bytes = copies(n, &[2]);
            let blocks = Blocks::parse(&bytes).unwrap();
            buffer.receive_copies(&packet(n), 96, &blocks);
            // A stranger's packet carries nothing of this stream.
            let stranger = Packet { timestamp: 12_345_678, ..packet(n) };
            buffer.receive_copies(&stranger, 111, &blocks);
        }
    });
    assert_eq!(buffer.stats().restored, 0, "{:?}", buffer.stats());
    assert!(buffer.stats().lost >= 5);
}

#[test]
fn what_is_missing_is_told_with_its_time() {
    let mut asked = Vec::new();
    let (levels, buffer) = play(|buffer, n| {
        if n % 20 == 10 {
            return;
        }
        buffer.receive(Received { arrived: at(n), packet: packet(n) });
        if n % 20 == 11 {
            let missing: Vec<Missing> = buffer.missing().collect();
            assert_eq!(missing.len(), 1, "{missing:?}");
            assert_eq!(missing[0].sequence, packet(n - 1).sequence);
            asked.push(missing[0].left.0);
        }
        if n % 20 == 13 {
            buffer.receive_again(Received { arrived: at(n), packet: packet(n - 3) });
            assert_eq!(buffer.missing().count(), 0);
        }
    });
    // Of 60 ms one packet's length has passed when the next shows the gap.
    assert!(asked.iter().all(|left| (40_000..=60_000).contains(left)), "{asked:?}");
    assert!(levels.windows(2).all(|pair| pair[1] == pair[0] + 1), "{levels:?}");
    assert_eq!((buffer.stats().repeated, buffer.stats().lost), (3, 0));
}

#[test]
fn deep_redundancy_fills_a_burst() {
    let mut encoder = Encoder::new(omnibar_media::codec::EncoderConfig {
        expected_loss: 20,
        fec: false,
        ..Default::default()
    })
    .unwrap();
    encoder.set_deep_redundancy(500).unwrap();
    let source = crate::world::speech(3, 6);
    let config = JitterConfig { min_delay: Micros(120_000), ..JitterConfig::default() };
    let mut buffer = JitterBuffer::new(config).unwrap();
    let (mut heard, mut sent) = (Vec::new(), Vec::new());
    for (n, frame) in source.as_chunks::<FRAME>().0.iter().enumerate() {
        let payload = encoder.encode(frame).unwrap();
        let packet =
            Packet { sequence: n as u16, timestamp: n as u32 * 960, payload, ..Packet::default() };
        let now = Micros(1_000_000 + n as u64 * 20_000);
        // 80 ms of each 400.
        if n % 20 < 16 {
            buffer.receive(Received { arrived: now, packet });
        }
        sent.extend_from_slice(frame);
        for half in 0..2 {
            let mut out = [0.0; BLOCK];
            buffer.playout(Micros(now.0 + half * 10_000), &mut out);
            heard.extend_from_slice(&out);
        }
    }
    let stats = buffer.stats();
    let lost = stats.lost * FRAME as u64;
    assert!(lost > 40 * FRAME as u64, "{stats:?}");
    assert!(stats.rebuilt * 10 > lost * 7, "{stats:?}");
    assert!(heard.iter().all(|s| s.is_finite() && s.abs() <= 1.5));
}
