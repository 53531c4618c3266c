use crate::far::{Phone, Switch, decode, loopback};
use omnibar_center::switch::{BuiltinConfig, Feed, SwitchCommand, SwitchEvent, Target};
use omnibar_model::{Cause, LegId, PhoneNumber};
use std::time::Duration;

fn loudness(samples: &[f32]) -> f32 {
    (samples.iter().map(|s| s * s).sum::<f32>() / samples.len() as f32).sqrt()
}

/// How long the customer is on hold.
const HELD: Duration = Duration::from_millis(500);

async fn speaks(phone: &Phone, packets: usize) -> f32 {
    loudness(&decode(&phone.listen(packets).await))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_customer_speaks_reacts_and_records() {
    let folder = tempfile::tempdir().unwrap();
    let config = BuiltinConfig { record_customers: Some(folder.path().to_owned()), ..loopback() };
    let switch = Switch::with(config);
    let agent = Phone::call(&switch, "agent1", Some(600.0)).await;
    let leg = LegId::new("customer1");
    let script = "billing".to_owned();
    switch.done(SwitchCommand::Customer { leg: leg.clone(), script }).await;
    switch.up("customer1").await;
    switch.connect("call", &["agent1", "customer1"]).await;
    let opening = speaks(&agent, 100).await;
    assert!(opening > 0.02, "the opening line: {opening}");
    switch.connect("call", &["agent1"]).await;
    switch.done(SwitchCommand::Feed { leg: leg.clone(), feed: Feed::Music }).await;
    tokio::time::sleep(HELD).await;
    switch.connect("call", &["agent1", "customer1"]).await;
    // After the thanks for holding he listens, since the agent does not stop.
    agent.listen(150).await;
    let listens = speaks(&agent, 25).await;
    assert!(listens < 0.01, "listens: {listens}");
    switch.done(SwitchCommand::Digits { leg: leg.clone(), digits: "5".into() }).await;
    let repeats = speaks(&agent, 60).await;
    assert!(repeats > 0.02, "tells the digit: {repeats}");
    switch.done(SwitchCommand::Close { leg }).await;

    let file = folder.path().join("customer1.wav");
    let heard = wait_for_wav(&file).await;
    assert!(crate::far::amplitude(&heard[heard.len() - 48_000..], 600.0) > 0.1);
}

/// The right side, once the recorder has finished the file.
async fn wait_for_wav(file: &std::path::Path) -> Vec<f32> {
    let mut before = 0;
    loop {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let samples: Vec<f32> = hound::WavReader::open(file)
            .unwrap()
            .into_samples::<i16>()
            .skip(1)
            .step_by(2)
            .map(|s| f32::from(s.unwrap()) / 32_768.0)
            .collect();
        if samples.len() == before && before > 0 {
            return samples;
        }
        before = samples.len();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_ring_answer_are_busy_or_cannot_be_reached() {
    let switch = Switch::start();
    let dial = |leg: &str, number: &str| SwitchCommand::Dial {
        leg: LegId::new(leg),
        target: Target::Number(PhoneNumber::parse(number).unwrap()),
    };
    switch.done(dial("answers", "+1 555 0101")).await;
    switch.done(dial("busy", "+1 555 0150")).await;
    switch.done(dial("rings", "+1 555 0170")).await;
    switch.done(dial("none", "+1 555 0190")).await;
    switch.done(dial("abroad", "+44 20 0000")).await;
    for (leg, cause) in
        [("busy", Cause::Busy), ("none", Cause::Unreachable), ("abroad", Cause::Unreachable)]
    {
        switch.told(|e| *e == SwitchEvent::Gone { leg: leg.into(), cause }).await;
    }
    for leg in ["answers", "rings"] {
        switch.told(|e| *e == SwitchEvent::Ringing { leg: leg.into() }).await;
    }
    switch.up("answers").await;
    let agent = Phone::call(&switch, "agent1", None).await;
    switch.connect("call", &["agent1", "answers"]).await;
    let hello = speaks(&agent, 60).await;
    assert!(hello > 0.02, "{hello}");
    assert_eq!(switch.listed().await.0, ["agent1", "answers", "rings"]);
    assert!(!switch.has_told().contains(&SwitchEvent::Up { leg: "rings".into() }));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ivr_reads_keys_that_are_events_of_a_call() {
    let switch = Switch::start();
    let agent = Phone::call(&switch, "agent1", Some(200.0)).await;
    let target = Target::Ivr("main".into());
    switch.done(SwitchCommand::Dial { leg: "ivr1".into(), target }).await;
    switch.up("ivr1").await;
    switch.connect("call", &["agent1", "ivr1"]).await;
    let menu = speaks(&agent, 75).await;
    assert!(menu > 0.02, "{menu}");
    switch.done(SwitchCommand::Digits { leg: "ivr1".into(), digits: "2".into() }).await;
    let chosen = switch.told(|e| matches!(e, SwitchEvent::Chosen { .. })).await;
    assert_eq!(chosen, SwitchEvent::Chosen { leg: "ivr1".into(), digits: "2".into() });
}
