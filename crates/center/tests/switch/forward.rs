use crate::far::{Phone, Switch, amplitude, assert_one_stream, decode, loopback};
use omnibar_center::switch::{Feed, Reply, SwitchCommand, SwitchEvent};
use omnibar_media::Packet;
use omnibar_model::LegId;
use omnibar_peer::OPUS;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn packets_pass_untouched_and_fast() {
    let switch = Switch::start();
    let a = Phone::call(&switch, "a", None).await;
    let b = Phone::call(&switch, "b", None).await;
    switch.connect("call", &["a", "b"]).await;
    let mut clock = tokio::time::interval(Duration::from_millis(10));
    let mut sent = Vec::new();
    for i in 0..100u16 {
        clock.tick().await;
        // CELT fullband 10 ms (RFC 6716 table 2), and a number in place of the voice.
        let [high, low] = i.to_be_bytes();
        let payload = vec![30 << 3, high, low, 0xa5];
        sent.push(Instant::now());
        a.peer.send(Packet {
            sequence: 65_500u16.wrapping_add(i),
            timestamp: 4_294_960_000u32.wrapping_add(u32::from(i) * 480),
            payload_type: OPUS,
            marker: false,
            payload,
        });
    }
    while b.heard().len() < 95 {
        b.listen(1).await;
    }
    let heard = b.heard();
    assert_one_stream(&heard);
    let mut delays: Vec<Duration> = heard
        .iter()
        .map(|(at, packet)| {
            let &[toc, high, low, mark] = packet.payload.as_slice() else { panic!("{packet:?}") };
            assert_eq!((toc, mark), (30 << 3, 0xa5));
            at.duration_since(sent[usize::from(u16::from_be_bytes([high, low]))])
        })
        .collect();
    delays.sort();
    let (median, late) = (delays[delays.len() / 2], delays[delays.len() * 95 / 100]);
    println!("through the switch: median {median:?}, 95 % within {late:?}");
    assert!(median < Duration::from_millis(50), "{median:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hear_each_other_and_hold_plays_music() {
    let switch = Switch::start();
    let agent = Phone::call(&switch, "agent1", Some(500.0)).await;
    let customer = Phone::call(&switch, "customer1", Some(1_300.0)).await;
    switch.connect("call", &["agent1", "customer1"]).await;
    agent.hears(&[1_300.0], &[500.0]).await;
    customer.hears(&[500.0], &[1_300.0]).await;

    let feed = Feed::Music;
    switch.done(SwitchCommand::Feed { leg: "customer1".into(), feed }).await;
    switch.connect("call", &["agent1"]).await;
    // The first chord of the music, F major 7: A3, C4, E4.
    let [agent_tone, a, c, e] = customer.levels([500.0, 220.0, 261.63, 329.63]).await;
    assert!(agent_tone < 0.005, "the held customer hears the agent: {agent_tone}");
    assert!(a > 0.005 && c > 0.005 && e > 0.005, "music: {a} {c} {e}");
    let silent = agent.heard().len();

    switch.connect("call", &["customer1", "agent1"]).await;
    customer.hears(&[500.0], &[220.0, 329.63]).await;
    agent.hears(&[1_300.0], &[]).await;
    assert!(agent.heard().len() > silent);
    assert_one_stream(&agent.heard());
    assert_one_stream(&customer.heard());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leg_in_no_bridge_hears_its_feed() {
    let switch = Switch::start();
    let phone = Phone::call(&switch, "a", None).await;
    let leg = LegId::new("a");
    for (feed, expected) in [(Feed::Ringback, [440.0, 480.0]), (Feed::Busy, [480.0, 620.0])] {
        switch.done(SwitchCommand::Feed { leg: leg.clone(), feed }).await;
        // Both pause between their tones.
        for attempt in 0.. {
            let samples = decode(&phone.listen(35).await);
            let [low, high] = expected.map(|frequency| amplitude(&samples, frequency));
            if low > 0.03 && high > 0.03 {
                break;
            }
            assert!(attempt < 20, "{feed:?}: {low} {high}");
        }
    }
    switch.done(SwitchCommand::Feed { leg: leg.clone(), feed: Feed::Silence }).await;
    switch.done(SwitchCommand::Close { leg: leg.clone() }).await;
    switch.done(SwitchCommand::Close { leg: leg.clone() }).await;
    assert_eq!(switch.listed().await.0, Vec::<String>::new());
    let reply = switch.link.command(SwitchCommand::Feed { leg, feed: Feed::Busy }).await;
    assert!(matches!(reply, Reply::Refused { .. }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_falls_silent_is_told_and_its_return_too() {
    let switch = Switch::start();
    let mut phone = Phone::call(&switch, "a", Some(500.0)).await;
    let path =
        |flowing| move |e: &SwitchEvent| *e == SwitchEvent::Path { leg: "a".into(), flowing };
    phone.stop_humming();
    let stopped = Instant::now();
    switch.told(path(false)).await;
    let silent = stopped.elapsed();
    assert!(silent > Duration::from_millis(1_800), "told after {silent:?}");
    phone.hum_for(500.0, 3).await;
    switch.told(path(true)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_party_that_starts_anew_takes_its_leg_and_its_call_back() {
    let switch = Switch::start();
    let customer = Phone::call(&switch, "customer1", Some(1_300.0)).await;
    let before = Phone::call(&switch, "agent1", Some(500.0)).await;
    switch.connect("call", &["agent1", "customer1"]).await;
    customer.hears(&[500.0], &[]).await;
    drop(before);
    let after = Phone::call(&switch, "agent1", Some(900.0)).await;
    customer.hears(&[900.0], &[500.0]).await;
    after.hears(&[1_300.0], &[]).await;
    assert_eq!(switch.listed().await.0, ["agent1", "customer1"]);
    assert!(switch.has_told().iter().all(|e| !matches!(e, SwitchEvent::Gone { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_orders_are_refused_with_a_sentence() {
    let switch = Switch::with(loopback());
    let leg = LegId::new("nobody");
    let many: Vec<LegId> = (0..1_000).map(|i| LegId::new(&format!("leg{i}"))).collect();
    for command in [
        SwitchCommand::Connect { bridge: "b".into(), legs: vec![leg.clone()] },
        SwitchCommand::Connect { bridge: "b".into(), legs: many },
        SwitchCommand::Connect { bridge: "b".repeat(10_000), legs: vec![] },
        SwitchCommand::Feed { leg: leg.clone(), feed: Feed::Music },
        SwitchCommand::Digits { leg: leg.clone(), digits: "1".into() },
        SwitchCommand::Record { leg: leg.clone(), file: Some("x.wav".into()) },
        SwitchCommand::Candidate { leg: leg.clone(), candidate: "candidate:".into() },
        SwitchCommand::Customer { leg: leg.clone(), script: "x".repeat(10_000) },
        SwitchCommand::Peer { leg: leg.clone(), offer: "v=0".into() },
        SwitchCommand::Peer { leg: leg.clone(), offer: "\0".repeat(1_000_000) },
    ] {
        let reply = switch.link.command(command.clone()).await;
        let Reply::Refused { message } = reply else { panic!("{command:?}: {reply:?}") };
        assert!(message.ends_with('.') && message.contains(' '), "{message}");
    }
    assert_eq!(switch.listed().await.0, Vec::<String>::new());
    let customer = |i| SwitchCommand::Customer {
        leg: LegId::new(&format!("customer{i}")),
        script: "patient".into(),
    };
    switch.done(customer(1)).await;
    switch.done(customer(1)).await;
    for digits in ["x", "1 2", &"1".repeat(65)] {
        let leg = LegId::new("customer1");
        let reply = switch.link.command(SwitchCommand::Digits { leg, digits: digits.into() }).await;
        assert!(matches!(reply, Reply::Refused { .. }), "{digits}");
    }
    let other = SwitchCommand::Customer { leg: "customer1".into(), script: "billing".into() };
    assert!(matches!(switch.link.command(other).await, Reply::Refused { .. }));
    for i in 2..=500 {
        switch.done(customer(i)).await;
    }
    let reply = switch.link.command(customer(501)).await;
    assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
}
