use crate::far::{Phone, Switch, amplitude};
use omnibar_center::switch::{Reply, SwitchCommand, SwitchEvent};
use omnibar_model::LegId;
use std::path::Path;
use std::time::Duration;

fn read(file: &Path) -> [Vec<f32>; 2] {
    let mut reader = hound::WavReader::open(file).unwrap();
    assert_eq!((reader.spec().channels, reader.spec().sample_rate), (2, 48_000));
    let samples: Vec<f32> =
        reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect();
    [0, 1].map(|side| samples.iter().copied().skip(side).step_by(2).collect())
}

fn onset(samples: &[f32], frequency: f32) -> usize {
    samples.chunks_exact(480).position(|part| amplitude(part, frequency) > 0.1).unwrap() * 480
}

/// Waits until the file holds so many seconds: it grows during the call.
async fn grown(file: &Path, seconds: u32) {
    loop {
        let frames = hound::WavReader::open(file).unwrap().duration();
        if frames >= seconds * 48_000 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_are_recorded_apart_and_aligned() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("call.wav");
    let switch = Switch::start();
    let agent = Phone::call(&switch, "agent1", Some(500.0)).await;
    let customer = Phone::call(&switch, "customer1", Some(1_300.0)).await;
    let leg = LegId::new("agent1");
    let record = SwitchCommand::Record { leg: leg.clone(), file: Some(file.clone()) };
    switch.done(record.clone()).await;
    grown(&file, 1).await;
    switch.connect("call", &["agent1", "customer1"]).await;
    agent.listen(75).await;
    switch.done(record).await;
    grown(&file, 3).await;
    switch.connect("call", &[]).await;
    drop(customer);
    switch.done(SwitchCommand::Record { leg: leg.clone(), file: None }).await;

    let [said, heard] = read(&file);
    let begin = onset(&heard, 1_300.0);
    assert!(begin > 48 * 200, "hears nothing before the call");
    let part = begin + 24_000..begin + 48_000;
    assert!(amplitude(&said[part.clone()], 500.0) > 0.15);
    assert!(amplitude(&said[part.clone()], 1_300.0) < 0.01);
    assert!(amplitude(&heard[part.clone()], 1_300.0) > 0.15);
    assert!(amplitude(&heard[part], 500.0) < 0.01);

    let again = SwitchCommand::Record { leg, file: Some(file.clone()) };
    let reply = switch.link.command(again).await;
    assert!(matches!(reply, Reply::Refused { .. }), "not written over: {reply:?}");
}

/// What A says is what B hears: the same tone bursts stand at the same place in both
/// recordings, and in the conference's within the mixer's delay.
#[tokio::test(flavor = "multi_thread")]
async fn recordings_of_both_legs_agree_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let switch = Switch::start();
    let a = Phone::call(&switch, "a", None).await;
    let b = Phone::call(&switch, "b", None).await;
    switch.connect("call", &["a", "b"]).await;
    let file = |leg: &str| folder.path().join(format!("{leg}.wav"));
    for leg in ["a", "b"] {
        let record = SwitchCommand::Record { leg: leg.into(), file: Some(file(leg)) };
        switch.done(record).await;
    }
    a.hum_for(700.0, 50).await;
    b.hum_for(1_100.0, 50).await;
    grown(&file("b"), 2).await;
    for leg in ["a", "b"] {
        switch.done(SwitchCommand::Record { leg: leg.into(), file: None }).await;
    }
    let ([a_said, a_heard], [b_said, b_heard]) = (read(&file("a")), read(&file("b")));
    let spoke = (onset(&a_said, 700.0), onset(&b_heard, 700.0));
    let answered = (onset(&b_said, 1_100.0), onset(&a_heard, 1_100.0));
    println!("A speaks {spoke:?}, B answers {answered:?}");
    // Within one recording both sides are on one clock: the answer comes after the
    // question by the same time in each.
    let in_a = answered.1 as i64 - spoke.0 as i64;
    let in_b = answered.0 as i64 - spoke.1 as i64;
    assert!((in_a - in_b).abs() < 40 * 48, "{in_a} and {in_b} samples");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_that_fails_says_so_and_the_voice_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let switch = Switch::start();
    let agent = Phone::call(&switch, "agent1", Some(500.0)).await;
    let customer = Phone::call(&switch, "customer1", Some(1_300.0)).await;
    switch.connect("call", &["agent1", "customer1"]).await;
    let leg = LegId::new("customer1");
    let file = Some(folder.path().join("no-such-folder").join("call.wav"));
    let reply = switch.link.command(SwitchCommand::Record { leg: leg.clone(), file }).await;
    assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
    switch.told(|event| *event == SwitchEvent::RecordingEnded { leg: leg.clone() }).await;
    agent.hears(&[1_300.0], &[500.0]).await;
    customer.hears(&[500.0], &[1_300.0]).await;
}
