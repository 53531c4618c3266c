use super::*;
use omnibar_media::loss::red::{Packer, Pattern};
use omnibar_media::loss::rtcp::Report;
use omnibar_peer::{OPUS, RED, TELEPHONE_EVENT};

/// SSRCs of the switch and of the leg.
pub(super) const OURS: u32 = 10;
pub(super) const THEIRS: u32 = 20;

pub(super) fn terms() -> Terms {
    Terms { red: true, nack: true, ..Terms::none(OURS) }
}

pub(super) fn at(ms: u64) -> Micros {
    Micros(1_000_000 + ms * 1_000)
}

/// 20 ms in CELT, one frame (RFC 6716 table 2), that says its number.
pub(super) fn payload(number: u16) -> Vec<u8> {
    let [high, low] = number.to_be_bytes();
    vec![31 << 3, high, low]
}

/// A leg that speaks.
pub(super) struct Voice {
    packer: Packer,
    number: u16,
    pub(super) start: u32,
}

impl Voice {
    pub(super) fn new(number: u16) -> Self {
        Self { packer: Packer::new(), number, start: 4_294_960_000 }
    }

    pub(super) fn timestamp(&self, number: u16) -> u32 {
        self.start.wrapping_add(u32::from(number.wrapping_sub(65_000)) * 960)
    }

    pub(super) fn next(&mut self, distances: &[u8]) -> Packet {
        let (sequence, payload) = (self.number, payload(self.number));
        let timestamp = self.timestamp(sequence);
        self.number = self.number.wrapping_add(1);
        let mut red = Vec::new();
        let pattern = Pattern::new(distances);
        let packed = self.packer.pack(OPUS, timestamp, &payload, pattern, &mut red);
        let (payload_type, payload) = if packed { (RED, red) } else { (OPUS, payload) };
        Packet { sequence, timestamp, payload_type, marker: false, payload }
    }
}

pub(super) fn receive(shield: &mut Shield, ms: u64, packet: Packet) -> Vec<Packet> {
    let mut frames = Vec::new();
    shield.receive(THEIRS, Received { arrived: at(ms), packet }, &mut frames);
    frames
}

fn numbers(frames: &[Packet]) -> Vec<u16> {
    frames.iter().map(|frame| frame.sequence).collect()
}

pub(super) fn nacks(bytes: &[u8]) -> Vec<u16> {
    let mut asked = Vec::new();
    rtcp::parse(bytes, |item| {
        if let Item::Nack { media: THEIRS, numbers } = item {
            asked.extend(numbers);
        }
    })
    .unwrap();
    asked
}

#[test]
fn copies_come_before_their_carrier_as_packets_of_their_own() {
    let mut shield = Shield::new(terms());
    let mut voice = Voice::new(65_530);
    let sent: Vec<Packet> = (0..10).map(|_| voice.next(&[1, 2])).collect();
    assert_eq!(numbers(&receive(&mut shield, 0, sent[0].clone())), [65_530]);
    assert_eq!(numbers(&receive(&mut shield, 20, sent[1].clone())), [65_531]);
    // Three are lost, and two of them come as copies.
    let frames = receive(&mut shield, 100, sent[5].clone());
    assert_eq!(numbers(&frames), [65_533, 65_534, 65_535]);
    for frame in &frames {
        assert_eq!(frame.payload_type, OPUS);
        assert_eq!(frame.payload, payload(frame.sequence));
        assert_eq!(frame.timestamp, voice.timestamp(frame.sequence));
    }
    // What comes after its copy is known, and what was missing comes still.
    assert_eq!(numbers(&receive(&mut shield, 101, sent[4].clone())), [0u16; 0]);
    assert_eq!(numbers(&receive(&mut shield, 102, sent[2].clone())), [65_532]);
    assert_eq!(numbers(&receive(&mut shield, 103, sent[5].clone())), [0u16; 0]);
}

#[test]
fn only_what_no_copy_has_brought_is_asked_for() {
    let mut shield = Shield::new(terms());
    shield.set_round_trip(Some(Micros(30_000)));
    let mut voice = Voice::new(100);
    let sent: Vec<Packet> = (0..6).map(|_| voice.next(&[1])).collect();
    receive(&mut shield, 0, sent[0].clone());
    shield.tell(at(0));
    receive(&mut shield, 60, sent[3].clone());
    let told = shield.tell(at(60)).unwrap().to_vec();
    assert_eq!(nacks(&told), [101]);
    let mut frames = Vec::new();
    let received = Received { arrived: at(95), packet: sent[1].clone() };
    assert_eq!(shield.receive(THEIRS, received, &mut frames), Coming::Again);
    assert_eq!(numbers(&frames), [101]);
    let received = Received { arrived: at(96), packet: sent[4].clone() };
    assert_eq!(shield.receive(THEIRS, received, &mut frames), Coming::New);
}

#[test]
fn a_leg_that_takes_no_requests_gets_none() {
    let mut shield = Shield::new(Terms { nack: false, ..terms() });
    shield.set_round_trip(Some(Micros(30_000)));
    let mut voice = Voice::new(100);
    receive(&mut shield, 0, voice.next(&[]));
    voice.next(&[]);
    receive(&mut shield, 40, voice.next(&[]));
    assert_eq!(nacks(shield.tell(at(40)).unwrap()), [0u16; 0]);
    assert_eq!(shield.answer_takes(), None);
}

#[test]
fn events_share_the_numbers_and_pass() {
    let mut shield = Shield::new(terms());
    let mut voice = Voice::new(100);
    receive(&mut shield, 0, voice.next(&[]));
    let event = Packet { payload_type: TELEPHONE_EVENT, ..voice.next(&[]) };
    assert_eq!(receive(&mut shield, 20, event.clone()), [event]);
    let frames = receive(&mut shield, 40, voice.next(&[1]));
    assert_eq!(numbers(&frames), [102]);
}

#[test]
fn a_copy_that_does_not_fit_in_time_is_left_out() {
    let mut shield = Shield::new(terms());
    let packet = |sequence, timestamp, payload_type, payload: Vec<u8>| Packet {
        sequence,
        timestamp,
        payload_type,
        marker: false,
        payload,
    };
    receive(&mut shield, 0, packet(1, 0, OPUS, payload(1)));
    receive(&mut shield, 20, packet(2, 960, OPUS, payload(2)));
    // 10 ms packets from here on; number 3 is missing. By its time the copy of 20 ms from 960
    // before would be number 3, but it is number 2.
    let mut red = vec![0x80 | OPUS, 0x0f, 0x00, 3, OPUS];
    red.extend(payload(2));
    red.extend([30 << 3, 9, 9]);
    let frames = receive(&mut shield, 40, packet(4, 1_920, RED, red));
    assert_eq!(numbers(&frames), [4]);
}

#[test]
fn a_leg_that_speaks_anew_is_no_gap() {
    let mut shield = Shield::new(terms());
    shield.set_round_trip(Some(Micros(30_000)));
    let mut voice = Voice::new(65_100);
    for ms in 0..5 {
        assert_eq!(receive(&mut shield, ms * 20, voice.next(&[])).len(), 1);
    }
    let mut other = Voice::new(20_000);
    for ms in 5..9 {
        let received = Received { arrived: at(ms * 20), packet: other.next(&[1]) };
        let mut frames = Vec::new();
        shield.receive(THEIRS + 1, received, &mut frames);
        assert_eq!(frames.len(), 1);
        assert_eq!(nacks(shield.tell(at(ms * 20)).unwrap_or_default()), [0u16; 0]);
    }
}

/// Sends so many packets of 20 ms, and has the leg say of each whether it came.
fn speak(shield: &mut Shield, from: u16, count: u16, lost: impl Fn(u16) -> bool) -> Vec<Packet> {
    let mut sent = Vec::new();
    for n in from..from + count {
        let ms = u64::from(n) * 20;
        let packet = Packet {
            sequence: n,
            timestamp: u32::from(n) * 960,
            payload_type: OPUS,
            marker: false,
            payload: payload(n),
        };
        sent.extend(shield.send(at(ms), packet, false));
        if n % 50 == 49 {
            let report = Report {
                source: OURS,
                fraction_lost: ((n - 49..=n).filter(|n| lost(*n)).count() * 256 / 50) as u8,
                highest: u32::from(n),
                ..Report::default()
            };
            let mut bytes = Vec::new();
            let _ = Builder::new(&mut bytes).receiver_report(THEIRS, Some(&report));
            shield.heard(at(ms), &bytes, |_| panic!("nothing was asked for"));
        }
    }
    sent
}

#[test]
fn copies_are_added_as_the_leg_reports_loss_and_only_where_it_takes_them() {
    let copies = |packet: &Packet| match packet.payload_type {
        RED => omnibar_media::loss::red::Blocks::parse(&packet.payload).unwrap().copies().count(),
        _ => 0,
    };
    let mut shield = Shield::new(terms());
    let sent = speak(&mut shield, 0, 500, |n| n % 8 == 3);
    assert!(copies(sent.last().unwrap()) >= 2);
    let sent = speak(&mut shield, 500, 3_000, |_| false);
    assert_eq!(copies(sent.last().unwrap()), 0);
    let mut shield = Shield::new(Terms { red: false, ..terms() });
    let sent = speak(&mut shield, 0, 500, |n| n % 8 == 3);
    assert!(sent.iter().all(|packet| packet.payload_type == OPUS));
}

/// The numbers that a packet with copies brings, by their voice.
fn brought(packet: &Packet) -> Vec<u16> {
    let number = |payload: &[u8]| u16::from_be_bytes([payload[1], payload[2]]);
    if packet.payload_type == OPUS {
        return vec![number(&packet.payload)];
    }
    let blocks = omnibar_media::loss::red::Blocks::parse(&packet.payload).unwrap();
    let copies = blocks.copies().map(|block| {
        let n = number(block.payload);
        assert_eq!(block.offset, (packet.sequence - n) * 960);
        n
    });
    copies.chain([number(blocks.primary().payload)]).collect()
}

#[test]
fn copies_of_what_was_lost_go_along_where_they_are_taken_and_alone_where_not() {
    let packet = |sequence: u16| Packet {
        sequence,
        timestamp: u32::from(sequence) * 960,
        payload_type: OPUS,
        marker: false,
        payload: payload(sequence),
    };
    let mut shield = Shield::new(terms());
    // A path that is known to be good: no copies of its own.
    speak(&mut shield, 0, 3_000, |_| false);
    let mut send = |n, copy| shield.send(at(u64::from(n) * 20), packet(n), copy);
    // 3000, 3001 and 3003 are lost on their way here; the first two come as copies.
    assert_eq!((send(3_000, true), send(3_001, true)), (None, None));
    assert_eq!(brought(&send(3_002, false).unwrap()), [3_000, 3_001, 3_002]);
    assert_eq!(brought(&send(3_004, false).unwrap()), [3_004]);
    assert_eq!(send(3_003, true), None);
    assert_eq!(brought(&send(3_005, false).unwrap()), [3_003, 3_005]);
    // Sent again by its speaker, it comes late, and alone.
    assert_eq!(brought(&send(3_007, false).unwrap()), [3_007]);
    assert_eq!(brought(&send(3_006, false).unwrap()), [3_006]);
    // Its carrier may be lost.
    let mut bytes = Vec::new();
    let _ = Builder::new(&mut bytes).nack(THEIRS, OURS, &[3_003]);
    let mut again = Vec::new();
    shield.heard(at(60_200), &bytes, |packet| again.push(packet));
    assert_eq!(again, [packet(3_003)]);

    let mut shield = Shield::new(Terms { red: false, ..terms() });
    for (n, copy) in [(0, false), (1, true), (2, false)] {
        assert_eq!(shield.send(at(u64::from(n) * 20), packet(n), copy), Some(packet(n)));
    }
}

#[test]
fn what_was_never_sent_is_no_loss_of_this_path() {
    let mut shield = Shield::new(terms());
    let packet = |sequence: u16| Packet {
        sequence,
        timestamp: u32::from(sequence) * 960,
        payload_type: OPUS,
        marker: false,
        payload: payload(sequence),
    };
    // The other leg's path loses every fifth, and nothing brings them back.
    for n in 0..2_000u16 {
        if n % 5 != 2 {
            shield.send(at(u64::from(n) * 20), packet(n), false);
        }
        if n % 50 == 49 {
            let report = Report {
                source: OURS,
                fraction_lost: 51,
                highest: u32::from(n),
                ..Report::default()
            };
            let mut bytes = Vec::new();
            let _ = Builder::new(&mut bytes).receiver_report(THEIRS, Some(&report));
            shield.heard(at(u64::from(n) * 20), &bytes, |_| ());
        }
    }
    let last = shield.send(at(40_020), packet(2_001), false).unwrap();
    assert_eq!(last.payload_type, OPUS, "{:?}", shield.outward);
}

#[test]
fn requests_are_answered_from_what_was_sent_as_it_was_sent() {
    let mut shield = Shield::new(terms());
    let sent = speak(&mut shield, 0, 20, |_| false);
    let mut bytes = Vec::new();
    let _ = Builder::new(&mut bytes).nack(THEIRS, OURS, &[3, 4, 17, 900]);
    let mut again = Vec::new();
    shield.heard(at(420), &bytes, |packet| again.push(packet));
    assert_eq!(again, [sent[3].clone(), sent[4].clone(), sent[17].clone()]);
    let mut bytes = Vec::new();
    let _ = Builder::new(&mut bytes).nack(THEIRS, OURS + 1, &[5]);
    shield.heard(at(420), &bytes, |packet| panic!("another stream's: {packet:?}"));
}

#[test]
fn reports_go_out_once_a_second_and_carry_the_round_trip() {
    let mut shield = Shield::new(terms());
    let mut voice = Voice::new(0);
    let mut told = Vec::new();
    for n in 0..250u64 {
        receive(&mut shield, n * 20, voice.next(&[]));
        shield.send(at(n * 20), voice.next(&[]), false);
        voice.number -= 1;
        if let Some(bytes) = shield.tell(at(n * 20)) {
            rtcp::parse(bytes, |item| {
                if let Item::Sender(info) = item {
                    told.push((n, info));
                }
            })
            .unwrap();
        }
    }
    let seconds: Vec<u64> = told.iter().map(|(n, _)| n / 50).collect();
    assert_eq!(seconds, [0, 1, 2, 3, 4]);
    let (_, info) = told[4];
    assert_eq!((info.source, info.packets), (OURS, 201));
    let report =
        Report { source: OURS, last_sender_report: (info.ntp >> 16) as u32, ..Report::default() };
    let mut bytes = Vec::new();
    let _ = Builder::new(&mut bytes).receiver_report(THEIRS, Some(&report));
    shield.heard(at(4_070), &bytes, |_| ());
    let trip = shield.answer_takes().unwrap();
    assert!(trip.0.abs_diff(70_000) < 100, "{trip:?}");
}

#[test]
fn one_of_ours_is_told_who_hears_it_at_once_and_with_every_report() {
    let listener = Listener { packet: Micros(20_000), deep: false, loss: 0 };
    for omnibar in [true, false] {
        let mut shield = Shield::new(Terms { omnibar, packet: Micros(10_000), ..terms() });
        assert_eq!(shield.listener().deep, omnibar);
        let mut voice = Voice::new(0);
        let mut told = Vec::new();
        for n in 0..150u64 {
            receive(&mut shield, n * 20, voice.next(&[]));
            if n >= 10 {
                shield.set_heard_by(listener);
            }
            let bytes = shield.tell(at(n * 20)).unwrap_or_default();
            rtcp::parse(bytes, |item| {
                if let Item::Listener(listener) = item {
                    told.push((n, listener));
                }
            })
            .unwrap();
        }
        let expected = [(0, Listener::default()), (10, listener), (60, listener), (110, listener)];
        assert_eq!(told, if omnibar { &expected[..] } else { &[] });
    }
}

#[test]
fn loss_that_no_copy_helps_is_told_the_speaker() {
    let lossy = |n: u16| n.is_multiple_of(8);
    let mut shield = Shield::new(terms());
    speak(&mut shield, 0, 500, lossy);
    assert_eq!(shield.listener().loss, 0);
    let mut shield = Shield::new(Terms { red: false, ..terms() });
    speak(&mut shield, 0, 500, lossy);
    let loss = shield.listener().loss;
    assert!((8..=16).contains(&loss), "{loss}");
    speak(&mut shield, 500, 2_000, |_| false);
    assert_eq!(shield.listener().loss, 0);
}
