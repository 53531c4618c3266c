//! Paths that change, fall silent or end.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod common;
#[path = "common/relay.rs"]
mod relay;

use common::{End, PATIENCE, both_connected, connect, loopback, voice};
use omnibar_peer::{PeerConfig, PeerError, PeerEvent, PeerState};
use relay::Relay;
use std::time::{Duration, Instant};

fn credentials(offer: &str) -> String {
    offer.lines().find(|line| line.starts_with("a=ice-ufrag:")).unwrap().to_owned()
}

/// Sends 300 packets 5 ms apart both ways while `a` restarts ICE, and counts what is lost.
async fn restart_in_talk(config: PeerConfig) -> (usize, usize) {
    let mut a = End::new(config).await;
    let mut b = End::new(loopback()).await;
    let before = credentials(&connect(&mut a, &mut b).await);
    let (a_peer, b_peer) = (a.peer.clone(), b.peer.clone());
    let talk = tokio::spawn(async move {
        for number in 0..300 {
            a_peer.send(voice(number));
            b_peer.send(voice(number));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let _ = a.arrival().await;
    let begun = Instant::now();
    let offer = a.peer.restart().await.unwrap();
    assert_ne!(credentials(&offer), before);
    let answer = b.peer.answer(&offer).await.unwrap();
    a.peer.accept(&answer).await.unwrap();
    both_connected(&mut a, &mut b).await;
    println!("ICE restart took {:?}", begun.elapsed());
    talk.await.unwrap();
    // The last packet of each way shows that the path carries again.
    let mut lost = [299, 300];
    for (end, lost) in [&mut a, &mut b].into_iter().zip(&mut lost) {
        loop {
            *lost -= 1;
            if end.arrival().await.packet.sequence == 299 {
                break;
            }
        }
    }
    (lost[0], lost[1])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn voice_goes_on_through_an_ice_restart() {
    let lost = restart_in_talk(loopback()).await;
    println!("lost of 300 at 5 ms: {lost:?}");
    assert!(lost.0 < 100 && lost.1 < 100, "{lost:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn voice_goes_on_through_an_ice_restart_from_new_sockets() {
    let lost = restart_in_talk(PeerConfig { rebind_on_restart: true, ..loopback() }).await;
    println!("lost of 300 at 5 ms with new sockets: {lost:?}");
    assert!(lost.0 < 100 && lost.1 < 100, "{lost:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_close_is_noticed_by_the_other_side() {
    let mut a = End::new(loopback()).await;
    let mut b = End::new(loopback()).await;
    connect(&mut a, &mut b).await;
    a.peer.close().await;
    let closed = Instant::now();
    let (a_peer, b_peer) = (a.peer.clone(), b.peer.clone());
    a.until(PeerState::Closed, &b_peer).await;
    b.until(PeerState::Disconnected, &a_peer).await;
    println!("noticed after {:?}", closed.elapsed());
    assert!(closed.elapsed() < Duration::from_secs(5));
    assert_eq!(a.peer.restart().await, Err(PeerError::Closed));
    a.peer.send(voice(0));
    assert_eq!(a.peer.dropped(), 1);
}

/// Connects over a relay: the peers know each other by its addresses only.
async fn connect_over(relay: &Relay, a: &mut End, b: &mut End) {
    let offer = a.peer.offer().await.unwrap();
    let answer = b.peer.answer(&offer).await.unwrap();
    a.peer.accept(&answer).await.unwrap();
    over(relay, a, b, PeerState::Connected).await;
}

/// Hands on candidates until `a` is in that state.
async fn over(relay: &Relay, a: &mut End, b: &mut End, wanted: PeerState) {
    tokio::time::timeout(PATIENCE, async {
        loop {
            tokio::select! {
                event = a.events.recv() => {
                    if event == Some(PeerEvent::State(wanted)) { return }
                }
                event = b.events.recv() => {
                    if let Some(PeerEvent::Candidate(line)) = event {
                        a.peer.candidate(&relay.disguise(&line)).await.unwrap();
                    }
                }
            }
        }
    })
    .await
    .unwrap_or_else(|_| panic!("{wanted:?} was not reached"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_path_is_noticed_and_comes_back_by_itself() {
    let relay = Relay::new().await;
    let mut a = End::new(loopback()).await;
    let mut b = End::new(loopback()).await;
    connect_over(&relay, &mut a, &mut b).await;
    relay.cut(true);
    let cut = Instant::now();
    over(&relay, &mut a, &mut b, PeerState::Disconnected).await;
    println!("silence noticed after {:?}", cut.elapsed());
    assert!(cut.elapsed() < Duration::from_millis(3_500));
    relay.cut(false);
    let healed = Instant::now();
    over(&relay, &mut a, &mut b, PeerState::Connected).await;
    println!("came back {:?} after the path", healed.elapsed());
    a.peer.send(voice(7));
    assert_eq!(b.arrival().await.packet, voice(7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_path_fails_and_an_ice_restart_brings_it_back() {
    let relay = Relay::new().await;
    let impatient = PeerConfig { patience: Duration::from_secs(1), ..loopback() };
    let mut a = End::new(impatient.clone()).await;
    let mut b = End::new(impatient).await;
    connect_over(&relay, &mut a, &mut b).await;
    relay.cut(true);
    over(&relay, &mut a, &mut b, PeerState::Failed).await;
    relay.cut(false);
    let offer = a.peer.restart().await.unwrap();
    let answer = b.peer.answer(&offer).await.unwrap();
    a.peer.accept(&answer).await.unwrap();
    over(&relay, &mut a, &mut b, PeerState::Connected).await;
    a.peer.send(voice(9));
    assert_eq!(b.arrival().await.packet, voice(9));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_answer_to_a_replaced_offer_changes_nothing() {
    let mut a = End::new(loopback()).await;
    let mut b = End::new(loopback()).await;
    connect(&mut a, &mut b).await;
    let first = a.peer.restart().await.unwrap();
    let second = a.peer.restart().await.unwrap();
    let late = b.peer.answer(&first).await.unwrap();
    let answer = b.peer.answer(&second).await.unwrap();
    assert_eq!(a.peer.accept(&late).await, Err(PeerError::Stale));
    a.peer.accept(&answer).await.unwrap();
    assert_eq!(a.peer.accept(&answer).await, Err(PeerError::Stale));
    both_connected(&mut a, &mut b).await;
    b.peer.send(voice(3));
    assert_eq!(a.arrival().await.packet, voice(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_by_the_other_side_stops_our_packets_and_a_resume_starts_them() {
    let mut a = End::new(loopback()).await;
    let mut b = End::new(loopback()).await;
    connect(&mut a, &mut b).await;
    let hold = a.peer.offer().await.unwrap().replace("a=sendrecv", "a=sendonly");
    let answer = b.peer.answer(&hold).await.unwrap();
    assert!(answer.contains("a=recvonly"), "{answer}");
    b.peer.send(voice(0));
    assert_eq!(b.peer.dropped(), 1, "nothing is sent to a party that does not listen");
    a.peer.accept(&answer).await.unwrap();
    let resume = a.peer.offer().await.unwrap();
    assert!(resume.contains("a=sendrecv"), "{resume}");
    let answer = b.peer.answer(&resume).await.unwrap();
    assert!(answer.contains("a=sendrecv"), "{answer}");
    a.peer.accept(&answer).await.unwrap();
    b.peer.send(voice(1));
    assert_eq!(a.arrival().await.packet, voice(1));
}
