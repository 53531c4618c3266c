//! What two peers agree on against loss, and how it crosses the encrypted path.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;

use common::{End, OFFER, PATIENCE, connect, loopback, voice};
use omnibar_media::Micros;
use omnibar_media::Packet;
use omnibar_media::loss::red::{Blocks, Packer, Pattern};
use omnibar_media::loss::rtcp::{Builder, Item, Listener, Report, SenderInfo, parse};
use omnibar_peer::{MAX_RTCP, OPUS, PeerConfig, RED, Repair, Terms};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_omnibars_agree_on_everything() {
    let mut a = End::new(loopback()).await;
    let mut b = End::new(loopback()).await;
    let before = a.peer.terms();
    assert_eq!(before, Terms::none(before.ssrc));
    let offer = connect(&mut a, &mut b).await;
    assert!(offer.contains(" UDP/TLS/RTP/SAVPF 63 111 "), "{offer}");
    assert!(!offer.contains("a=ptime"), "nobody knows yet who answers: {offer}");
    for terms in [a.peer.terms(), b.peer.terms()] {
        let all = Terms { red: true, nack: true, omnibar: true, packet: Micros(10_000), ..terms };
        assert_eq!(terms, all);
    }
    assert_ne!(a.peer.terms().ssrc, b.peer.terms().ssrc);
    a.peer.send(voice(0));
    assert_eq!(b.arrival().await.ssrc, a.peer.terms().ssrc);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_side_does_not_offer_is_not_agreed() {
    let plain = PeerConfig { repair: Repair::NONE, ..loopback() };
    for plain_offers in [true, false] {
        let mut plain = End::new(plain.clone()).await;
        let mut full = End::new(loopback()).await;
        if plain_offers {
            connect(&mut plain, &mut full).await;
        } else {
            connect(&mut full, &mut plain).await;
        }
        for end in [&plain, &full] {
            assert_eq!(end.peer.terms(), Terms::none(end.peer.terms().ssrc));
        }
        full.peer.send(Packet { payload_type: RED, ..voice(1) });
        assert_eq!(full.peer.dropped(), 1, "redundancy that was not agreed");
        full.peer.send(voice(2));
        assert_eq!(plain.arrival().await.packet, voice(2));
    }
}

#[tokio::test]
async fn a_browser_is_asked_for_redundancy_and_not_for_what_it_does_not_know() {
    let end = End::new(loopback()).await;
    let answer = end.peer.answer(OFFER).await.unwrap();
    assert!(answer.contains(" UDP/TLS/RTP/SAVPF 63 111 "), "{answer}");
    assert!(answer.contains("a=fmtp:63 111/111\r\n"), "{answer}");
    assert!(!answer.contains("a=rtcp-fb") && !answer.contains("a=ptime"), "{answer}");
    let terms = end.peer.terms();
    assert_eq!(terms, Terms { red: true, ..Terms::none(terms.ssrc) });
}

#[tokio::test]
async fn redundancy_over_another_codec_is_none() {
    for fmtp in ["a=fmtp:63 0/0", "a=fmtp:63 111/0", "a=fmtp:63 x", "a=x-nothing"] {
        let end = End::new(loopback()).await;
        let answer = end.peer.answer(&OFFER.replace("a=fmtp:63 111/111", fmtp)).await.unwrap();
        assert!(answer.contains(" UDP/TLS/RTP/SAVPF 111 "), "{answer}");
        assert!(!end.peer.terms().red, "{fmtp}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redundant_voice_and_a_packet_sent_again_arrive_as_they_were() {
    let mut a = End::new(loopback()).await;
    let mut b = End::new(loopback()).await;
    connect(&mut a, &mut b).await;
    let mut packer = Packer::new();
    let mut payload = vec![];
    for number in 0..4_u16 {
        let sent = voice(number);
        let pattern = Pattern::new(&[1, 2]);
        if packer.pack(OPUS, sent.timestamp, &sent.payload, pattern, &mut payload) {
            let packet = Packet { payload_type: RED, payload: payload.clone(), ..sent };
            a.peer.send(packet.clone());
            let arrived = b.arrival().await.packet;
            assert_eq!(arrived, packet);
            let blocks = Blocks::parse(&arrived.payload).unwrap();
            let primary = blocks.primary();
            assert_eq!((primary.payload_type, primary.payload), (OPUS, &*voice(number).payload));
        } else {
            a.peer.send(sent);
            b.arrival().await;
        }
    }
    // The first of two never came; it is sent again after the second, with its old number.
    for number in [21, 20] {
        a.peer.send(voice(number));
        assert_eq!(b.arrival().await.packet, voice(number));
    }
}

/// All that the media crate says, in one.
fn reports(from: u32, about: u32) -> Vec<u8> {
    let mut bytes = vec![];
    let info =
        SenderInfo { source: from, ntp: 0x1234_5678_9abc_def0, timestamp: 7, packets: 8, bytes: 9 };
    let report = Report {
        source: about,
        fraction_lost: 25,
        lost: 100,
        highest: 65_700,
        jitter: 44,
        last_sender_report: 0x5678_9abc,
        delay: 65_536,
    };
    let mut map = omnibar_media::loss::LossMap::new();
    for number in 0..70 {
        match number % 9 {
            4 => map.lost(number),
            _ => map.came(number),
        }
    }
    Builder::new(&mut bytes)
        .sender_report(&info, Some(&report))
        .listener(from, &Listener { packet: Micros(20_000), deep: false, loss: 9 })
        .name(from, "omnibar")
        .losses(from, about, &map, 69, 70)
        .nack(from, about, &[5, 6, 30]);
    bytes
}

fn told(bytes: &[u8]) -> Vec<String> {
    let mut told = vec![];
    parse(bytes, |item| {
        told.push(match item {
            Item::Losses { source, came } => format!("{source} {:?}", came.collect::<Vec<_>>()),
            Item::Nack { media, numbers } => format!("{media} {:?}", numbers.collect::<Vec<_>>()),
            Item::Sender(_) | Item::Report(_) | Item::Listener(_) => format!("{item:?}"),
        });
    })
    .unwrap();
    told
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_and_requests_cross_unchanged() {
    let mut a = End::new(loopback()).await;
    let mut b = End::new(loopback()).await;
    connect(&mut a, &mut b).await;
    let (from, about) = (a.peer.terms().ssrc, b.peer.terms().ssrc);
    let sent = reports(from, about);
    // Of the reports alone, and of the request alone (RFC 5506).
    let mut request = vec![];
    Builder::new(&mut request).nack(from, about, &[9]);
    a.peer.send_rtcp(&sent);
    a.peer.send_rtcp(&request);
    let first = tokio::time::timeout(PATIENCE, b.rtcp.recv()).await.unwrap().unwrap();
    assert_eq!(told(&first), told(&sent));
    assert_eq!(told(&first).len(), 5);
    let second = tokio::time::timeout(PATIENCE, b.rtcp.recv()).await.unwrap().unwrap();
    assert_eq!(told(&second), [format!("{about} [9]")]);
    assert_eq!(a.peer.dropped(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rtcp_that_cannot_be_is_dropped_and_counted() {
    let mut a = End::new(loopback()).await;
    let mut b = End::new(loopback()).await;
    a.peer.send_rtcp(&[0x80, 201, 0, 1, 0, 0, 0, 1]);
    assert_eq!(a.peer.dropped(), 1, "no connection yet");
    connect(&mut a, &mut b).await;
    for bytes in [vec![], vec![0x80, 201, 0, 0], vec![0x80; 9], vec![0x80; MAX_RTCP + 4]] {
        a.peer.send_rtcp(&bytes);
    }
    assert_eq!(a.peer.dropped(), 5);
    // What the other side's stack cannot read ends nothing.
    a.peer.send_rtcp(&[0xff; 16]);
    a.peer.send_rtcp(&[0x80, 207, 0, 2, 0, 0, 0, 1, 1, 0, 0xff, 0xff]);
    a.peer.send_rtcp(&reports(1, 2));
    let first = tokio::time::timeout(PATIENCE, b.rtcp.recv()).await.unwrap().unwrap();
    assert_eq!(told(&first).len(), 5);
    a.peer.send(voice(3));
    assert_eq!(b.arrival().await.packet, voice(3));
}
