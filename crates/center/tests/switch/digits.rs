use crate::far::{Phone, Switch};
use omnibar_center::switch::{SwitchCommand, SwitchEvent};
use omnibar_media::{Digit, Packetizer, SAMPLE_RATE, event};
use omnibar_model::LegId;
use omnibar_peer::{Peer, TELEPHONE_EVENT};
use std::time::Duration;

fn digits_heard(phone: &Phone) -> String {
    let mut receiver = event::Receiver::new();
    phone
        .heard()
        .iter()
        .filter(|(_, packet)| packet.payload_type == TELEPHONE_EVENT)
        .filter_map(|(_, packet)| receiver.receive(packet))
        .map(Digit::key)
        .collect()
}

/// As a telephone does it, without voice between.
async fn press(peer: &Peer, digits: &str) {
    let mut sender = event::Sender::new();
    for digit in digits.chars() {
        assert!(sender.press(Digit::new(digit).unwrap()));
    }
    let mut packetizer = Packetizer::new(77);
    let mut clock = tokio::time::interval(Duration::from_millis(20));
    let mut pause = 0;
    while pause < 6 {
        clock.tick().await;
        match sender.next(packetizer.timestamp(), SAMPLE_RATE) {
            Some(step) => {
                pause = 0;
                let payload = step.event.encode().to_vec();
                let kind = TELEPHONE_EVENT;
                peer.send(packetizer.event(kind, step.timestamp, step.marker, payload));
            }
            None => pause += 1,
        }
        packetizer.advance(960);
    }
}

async fn wait_for_digits(phone: &Phone, expected: &str) {
    while digits_heard(phone).len() < expected.len() {
        phone.listen(1).await;
    }
    assert_eq!(digits_heard(phone), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn digits_go_through_a_call_and_are_told() {
    let switch = Switch::start();
    let a = Phone::call(&switch, "a", None).await;
    let b = Phone::call(&switch, "b", Some(500.0)).await;
    switch.connect("call", &["a", "b"]).await;
    press(&a.peer, "15#").await;
    wait_for_digits(&b, "15#").await;
    for digit in ['1', '5', '#'] {
        switch.told(|e| *e == SwitchEvent::Digit { leg: "a".into(), digit }).await;
    }
    let told = switch.has_told();
    assert_eq!(told.iter().filter(|e| matches!(e, SwitchEvent::Digit { .. })).count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_centre_sends_digits_into_a_call_and_to_all_of_a_conference() {
    let switch = Switch::start();
    let a = Phone::call(&switch, "a", Some(500.0)).await;
    let b = Phone::call(&switch, "b", Some(900.0)).await;
    switch.connect("call", &["a", "b"]).await;
    a.listen(10).await;
    switch.done(SwitchCommand::Digits { leg: LegId::new("a"), digits: "42*".into() }).await;
    wait_for_digits(&a, "42*").await;
    a.hears(&[900.0], &[]).await;
    crate::far::assert_one_stream(&a.heard());
    assert_eq!(digits_heard(&b), "");

    let c = Phone::call(&switch, "c", None).await;
    switch.connect("call", &["a", "b", "c"]).await;
    press(&c.peer, "7").await;
    wait_for_digits(&b, "7").await;
    wait_for_digits(&a, "42*7").await;
}
