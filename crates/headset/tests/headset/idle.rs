use crate::SOON;
use crate::rig::{Phone, with_server};
use omnibar_softphone::Audio;
use std::time::{Duration, Instant};

#[test]
fn between_calls_nothing_runs() {
    with_server("idle::between_calls_nothing_runs", |rig| {
        let mut phone = Phone::start(["", "", ""]);
        phone.wait_for_view("the devices", SOON, |view| !view.inputs.is_empty());
        phone.headset.set_in_call(true);
        phone.packets.recv_timeout(SOON).expect("packets");
        phone.headset.set_in_call(false);
        rig.wait_for("sink-inputs", "the speaker is closed", str::is_empty);
        let deadline = Instant::now() + SOON;
        let counters = &phone.counters;
        let turns = || (counters.media_turns.get(), counters.device_turns.get());
        // The wake-ups of the closing itself, and of news that are still on their way.
        let mut before = turns();
        loop {
            std::thread::sleep(Duration::from_millis(300));
            let now = turns();
            if now == before {
                break;
            }
            assert!(Instant::now() < deadline, "{before:?}, then {now:?}");
            before = now;
        }
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(turns(), before, "wake-ups of (media, devices)");
    });
}
