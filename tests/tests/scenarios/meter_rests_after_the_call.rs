use omnibar_contract::{AudioView, Meter, QualityView, TestState};
use omnibar_tests::world::{CUSTOMER1, World};

fn loud(quality: bool) -> Meter {
    let quality = quality.then_some(QualityView {
        mos: 4.2,
        loss: 0.5,
        jitter: 2.0,
        round_trip: Some(30.0),
        delay: 40.0,
        ..QualityView::default()
    });
    Meter { microphone: 0.7, speaker: 0.6, quality, ..Meter::default() }
}

#[tokio::test(start_paused = true)]
async fn levels_and_quality_end_with_the_call() {
    let world = World::new();
    let agent = world.agent("agent1").await;
    let meter = agent.doors.meters();
    let customer = world.customer(CUSTOMER1);
    agent.answer().await;
    agent.meters(loud(true));
    world.settle().await;
    assert_eq!(*meter.borrow(), loud(true));

    world.hangs_up(&customer);
    agent.wrapping().await;
    assert_eq!(*meter.borrow(), Meter::default(), "nobody speaks while he wraps up");
    agent.meters(loud(true));
    agent.meters(loud(false));
    world.settle().await;
    assert_eq!(*meter.borrow(), Meter::default(), "what was on its way is of the past");
}

#[tokio::test(start_paused = true)]
async fn a_check_of_the_devices_is_metered_without_a_call() {
    let world = World::new();
    let agent = world.desktop("agent1");
    let meter = agent.doors.meters();
    agent.meters(loud(false));
    world.settle().await;
    assert_eq!(*meter.borrow(), Meter::default());
    agent.audio_is(AudioView { test: TestState::Metering, ..AudioView::default() });
    agent.meters(loud(false));
    world.settle().await;
    assert_eq!(*meter.borrow(), loud(false));
    agent.audio_is(AudioView::default());
    world.settle().await;
    assert_eq!(*meter.borrow(), Meter::default());
}
