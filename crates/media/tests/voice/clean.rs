use crate::world::{Coder, World, best_snr, speech, tone};
use omnibar_media::PlayoutKind;
use omnibar_media::codec::EncoderConfig;
use omnibar_media::sim::{NetworkConfig, Stall};

#[test]
fn a_clean_path_is_sample_exact_and_as_short_as_its_blocks() {
    let mut world = World::new(Coder::Pcm, NetworkConfig::default(), speech(1, 5));
    world.run(5.0);
    let (snr, delay) = best_snr(&world.sent, &world.heard, 96_000, 96_000);
    assert!(snr > 60.0, "{snr} dB");
    // 20 ms of network, 10 ms of frame and at most a block of alignment.
    let ms = delay as f32 / 48.0;
    assert!((20.0..=45.0).contains(&ms), "{ms} ms");
    assert_eq!(world.count(PlayoutKind::Concealed), 0);
    assert_eq!((world.stats().removed, world.stats().inserted), (0, 0));
    assert!(world.stats().delay_ms < 15.0, "{:?}", world.stats());
}

#[test]
fn opus_over_a_clean_path_keeps_the_voice() {
    let coder = Coder::opus(EncoderConfig::default());
    let mut world = World::new(coder, NetworkConfig::default(), speech(2, 4));
    world.run(4.0);
    let (snr, delay) = best_snr(&world.sent, &world.heard, 96_000, 72_000);
    assert!(snr > 6.0, "{snr} dB");
    // The same with 20 ms frames and 6.5 ms of codec.
    let ms = delay as f32 / 48.0;
    assert!(ms < 65.0, "{ms} ms");
    assert_eq!(world.count(PlayoutKind::Concealed), 0);
}

#[test]
fn playing_begins_with_the_first_packet() {
    let mut world = World::new(Coder::Pcm, NetworkConfig::default(), speech(1, 1));
    world.run(0.2);
    let first = world.kinds.iter().position(|&k| k == PlayoutKind::Speech).unwrap();
    // Sent after 10 ms, 20 ms under way; asked for at every 10 ms.
    assert!(first <= 5, "block {first}");
    assert!(world.kinds[..first].iter().all(|&k| k == PlayoutKind::Idle));
    assert!(world.kinds[first..].iter().all(|&k| k == PlayoutKind::Speech));
}

#[test]
fn a_pause_as_long_as_one_packet_costs_no_word() {
    // A delay far above what is usual: what follows the pause is there before its time.
    let stall = Some(Stall { every: 2_000_000, length: 100_000 });
    let network = NetworkConfig { stall, ..NetworkConfig::default() };
    let mut syllables = tone(440, 0.4);
    syllables.chunks_exact_mut(480).skip(9).step_by(20).for_each(|block| block.fill(0.0));
    let mut world = World::new(Coder::Pcm, network, syllables).with_pauses();
    world.run(15.0);
    let before = world.stats();
    world.run(30.0);
    let stats = world.stats();
    assert!(stats.received - before.received < 2_900, "the talker pauses: {stats:?}");
    assert_eq!((stats.late, stats.lost), (before.late, before.lost), "{stats:?}");
}
