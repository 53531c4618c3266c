//! Ringing on several devices, and louder as time goes.

use crate::SOON;
use crate::rig::{Ear, Phone, device, with_server};
use omnibar_contract::{AlsoRings, Settings};
use omnibar_softphone::Audio;

fn settings() -> Settings {
    let mut settings = Settings {
        microphone: device("agent_mic"),
        speaker: device("agent_headset"),
        ringer: device("agent_ringer"),
        ..Settings::default()
    };
    settings.volumes.ringer = 0.2;
    settings.ringing.louder_after = 3;
    let also = |id, after, volume| AlsoRings { after, volume, device: device(id) };
    settings.ringing.also = vec![also("agent_headset", 0, 0.1), also("agent_speaker", 2, 0.5)];
    settings
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |peak, sample| sample.abs().max(peak))
}

#[test]
fn all_ring_each_at_its_time_and_then_louder() {
    with_server("several::all_ring_each_at_its_time_and_then_louder", |rig| {
        let mut phone = Phone::with(settings());
        phone.wait_for_view("the devices", SOON, |view| view.also_ring.len() == 2);
        assert_eq!(phone.view.also_ring[1].using.as_deref(), Some("Agent-Speaker"));
        let ears = ["agent_ringer", "agent_headset", "agent_speaker"]
            .map(|sink| Ear::at(&format!("{sink}.monitor")));
        phone.headset.start_ringing();
        ears[0].wait_for_sound(SOON);
        ears[1].wait_for_sound(SOON);
        ears[2].wait_for_sound(SOON);
        let soft = [&ears[0], &ears[1]].map(|ear| peak(&ear.since(0)));
        assert!(soft[0] > 1.5 * soft[1] && soft[1] > 0.01, "{soft:?}");
        // At full volume each is louder than the first ring of the one at 0.5.
        let begun = ears.each_ref().map(Ear::len);
        let loud = |index: usize| peak(&ears[index].since(begun[index]));
        let deadline = std::time::Instant::now() + SOON;
        while (0..3).any(|index| loud(index) < 3.0 * soft[0]) {
            assert!(std::time::Instant::now() < deadline, "{:?}", [loud(0), loud(1), loud(2)]);
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        phone.headset.stop_ringing();
        for ear in &ears {
            ear.wait_for_silence(SOON);
        }
        rig.wait_for("sink-inputs", "all are closed", str::is_empty);
    });
}

#[test]
fn what_also_rings_may_be_away_and_may_be_changed_while_it_rings() {
    with_server("several::what_also_rings_may_be_away_and_may_be_changed_while_it_rings", |rig| {
        let mut settings = settings();
        settings.ringing.also.truncate(1);
        let mut phone = Phone::with(settings.clone());
        rig.unplug("sink_name=agent_headset");
        phone.headset.start_ringing();
        Ear::at("agent_ringer.monitor").wait_for_sound(SOON);
        phone.wait_for_view("that it is away", SOON, |view| {
            view.also_ring.len() == 1 && view.also_ring[0].using.is_none()
        });
        rig.plug_headset();
        Ear::at("agent_headset.monitor").wait_for_sound(SOON);
        settings.ringing.also[0].device = device("agent_speaker");
        phone.headset.apply(&settings);
        Ear::at("agent_speaker.monitor").wait_for_sound(SOON);
        settings.ringing.also.clear();
        phone.headset.apply(&settings);
        phone.wait_for_view("only the ringer", SOON, |view| view.also_ring.is_empty());
        Ear::at("agent_speaker.monitor").wait_for_silence(SOON);
    });
}

#[test]
fn one_device_rings_once() {
    with_server("several::one_device_rings_once", |rig| {
        let mut settings = settings();
        settings.ringing.also[0].device = device("agent_ringer");
        settings.ringing.also.truncate(1);
        let mut phone = Phone::with(settings);
        phone.headset.start_ringing();
        Ear::at("agent_ringer.monitor").wait_for_sound(SOON);
        // The ringer's, and the speaker that is warm.
        let streams = rig.pactl(&["list", "short", "sink-inputs"]);
        assert_eq!(streams.lines().count(), 2, "{streams}");
    });
}
