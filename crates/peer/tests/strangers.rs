//! What strangers send to a voice connection changes nothing of it.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;
#[path = "common/relay.rs"]
mod relay;

use common::{End, loopback, voice};
use omnibar_peer::{PeerEvent, PeerState};
use relay::Relay;
use std::time::Duration;
use tokio::net::UdpSocket;

/// Datagrams thrown at one end.
const THROWN: usize = 20_000;

/// Of no protocol, or cut off within one: STUN, DTLS, RTP and RTCP are told apart by
/// their first byte (RFC 7983 section 7), so each value comes often and in every length.
fn garbage(seed: &mut u64) -> Vec<u8> {
    let mut next = || {
        // xorshift64
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        *seed
    };
    let length = usize::try_from(next() % 1_400).unwrap();
    let mut bytes: Vec<u8> = (0..length).map(|_| next().to_be_bytes()[7]).collect();
    match next() % 4 {
        // A STUN message by its cookie (RFC 8489 section 5), with attributes that lie.
        0 if length > 20 => {
            bytes[..2].copy_from_slice(&[0, 1]);
            bytes[4..8].copy_from_slice(&0x2112_A442_u32.to_be_bytes());
        }
        // DTLS application data and alerts that nobody encrypted.
        1 if length > 13 => bytes[..3].copy_from_slice(&[20 + (length % 4) as u8, 254, 253]),
        // RTP of our payload type without a valid tag; RTCP that ends the stream.
        2 if length > 12 => bytes[..2].copy_from_slice(&[0x80, 111]),
        3 if length > 12 => bytes[..2].copy_from_slice(&[0x81, 203]),
        _ => {}
    }
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn voice_goes_on_while_strangers_throw_packets_at_it() {
    let relay = Relay::new().await;
    let mut a = End::new(loopback()).await;
    let mut b = End::new(loopback()).await;
    let offer = a.peer.offer().await.unwrap();
    let answer = b.peer.answer(&offer).await.unwrap();
    a.peer.accept(&answer).await.unwrap();
    // Only `a` learns an address, the relay's; it stands for `b`, and `b` sees `a` there.
    let mut real = None;
    let (mut a_up, mut b_up) = (false, false);
    while !(a_up && b_up) {
        tokio::select! {
            event = a.events.recv() => match event.expect("the peer lives") {
                PeerEvent::State(PeerState::Connected) => a_up = true,
                PeerEvent::State(_)
                | PeerEvent::Agreed(_)
                | PeerEvent::Candidate(_)
                | PeerEvent::EndOfCandidates => {}
            },
            event = b.events.recv() => match event.expect("the peer lives") {
                PeerEvent::State(PeerState::Connected) => b_up = true,
                PeerEvent::Candidate(line) => {
                    a.peer.candidate(&relay.disguise(&line)).await.unwrap();
                    real = Some(line);
                }
                PeerEvent::State(_) | PeerEvent::Agreed(_) | PeerEvent::EndOfCandidates => {}
            },
        }
    }
    let fields: Vec<String> = real.unwrap().split(' ').map(str::to_owned).collect();
    let own: std::net::SocketAddr = format!("{}:{}", fields[4], fields[5]).parse().unwrap();

    let throwing = tokio::spawn(async move {
        let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let mut seed = 0x9E37_79B9_7F4A_7C15;
        for number in 0..THROWN {
            // By turns as a stranger, and from the address that the voice comes from.
            let to = if number % 2 == 0 { own } else { relay.near() };
            let _ = stranger.send_to(&garbage(&mut seed), to).await;
            if number % 50 == 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        relay
    });
    let mut number = 0;
    while !throwing.is_finished() {
        a.peer.send(voice(number));
        number += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let relay = throwing.await.unwrap();
    let mut heard = 0;
    while let Ok(arrival) = b.packets.try_recv() {
        assert_eq!(arrival.packet, voice(arrival.packet.sequence), "nothing else is voice");
        heard += 1;
    }
    println!("{heard} of {number} packets heard under {THROWN} thrown ones");
    assert!(heard > usize::from(number) / 2, "{heard} of {number}");

    // Afterwards the same connection carries both ways.
    let after = number;
    for number in after..after + 500 {
        a.peer.send(voice(number));
        b.peer.send(voice(number));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    for end in [&mut a, &mut b] {
        loop {
            let packet = end.arrival().await.packet;
            assert_eq!(packet, voice(packet.sequence));
            if packet.sequence >= after + 400 {
                break;
            }
        }
    }
    drop(relay);
}
