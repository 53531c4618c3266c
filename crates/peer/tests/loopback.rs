//! Two peers on this machine speak to each other.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;

use common::{End, connect, loopback, voice};
use omnibar_model::PathKind;
use omnibar_peer::{Bind, Peer, PeerConfig, PeerError, PeerState};
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_peers_exchange_packets() {
    let mut a = End::new(loopback()).await;
    let mut b = End::new(loopback()).await;
    let begun = Instant::now();
    connect(&mut a, &mut b).await;
    let connected = begun.elapsed();
    a.peer.send(voice(0));
    let first = b.arrival().await;
    println!("offer to connected {connected:?}, offer to first RTP {:?}", begun.elapsed());
    assert_eq!(first.packet, voice(0));
    for number in 1..200 {
        a.peer.send(voice(number));
        b.peer.send(voice(number));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    for number in 1..200 {
        assert_eq!(b.arrival().await.packet, voice(number));
        assert_eq!(a.arrival().await.packet, voice(number));
    }
    assert_eq!((a.peer.dropped(), b.peer.dropped()), (0, 0));
    let round_trip = a.peer.round_trip().await.expect("a measured path");
    println!("round trip {round_trip:?}");
    assert!(round_trip < Duration::from_secs(1));
    let path = a.peer.path().await.expect("a path");
    assert_eq!((path.kind, path.local), (PathKind::Host, "127.0.0.1".parse().ok()));

    a.peer.close().await;
    let (a_peer, b_peer) = (a.peer.clone(), b.peer.clone());
    a.until(PeerState::Closed, &b_peer).await;
    let closed = Instant::now();
    b.until(PeerState::Disconnected, &a_peer).await;
    println!("the other side noticed the close after {:?}", closed.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_centre_on_every_interface_is_reached_from_its_own_machine() {
    let everywhere = PeerConfig { bind: Bind::AllAndLoopback, ..PeerConfig::default() };
    let mut a = End::new(loopback()).await;
    let mut b = End::new(everywhere).await;
    connect(&mut a, &mut b).await;
    b.peer.send(voice(5));
    assert_eq!(a.arrival().await.packet, voice(5));
}

#[tokio::test]
async fn an_address_of_another_machine_is_refused_with_a_sentence() {
    let elsewhere = PeerConfig {
        bind: Bind::Only(vec!["192.0.2.1".parse().unwrap()]),
        ..PeerConfig::default()
    };
    let (events, _) = tokio::sync::mpsc::unbounded_channel();
    let error = Peer::new(elsewhere, events, |_| {}).await.unwrap_err();
    assert!(matches!(error, PeerError::Open(_)), "{error}");
    assert!(error.to_string().ends_with("Check the network and try again."), "{error}");
}
