use crate::world::{Coder, World, largest_step, speech, tone};
use omnibar_media::codec::EncoderConfig;
use omnibar_media::sim::{Jitter, NetworkConfig, Stall};
use omnibar_media::{BLOCK, PlayoutKind};

fn jittery(most: u64) -> NetworkConfig {
    NetworkConfig { jitter: Jitter::Uniform(most), ..NetworkConfig::default() }
}

fn stalled(every: u64, length: u64) -> NetworkConfig {
    NetworkConfig { stall: Some(Stall { every, length }), ..NetworkConfig::default() }
}

#[test]
fn delay_goes_up_under_jitter_and_down_after() {
    let mut world = World::new(Coder::Pcm, jittery(0), speech(3, 10));
    world.run(3.0);
    let calm = world.stats().delay_ms;
    world.network.change(jittery(80_000));
    world.run(20.0);
    let rough = world.stats().delay_ms;
    let before = world.count(PlayoutKind::Concealed);
    world.run(10.0);
    let share = (world.count(PlayoutKind::Concealed) - before) as f32 / 1000.0;
    world.network.change(jittery(0));
    world.run(40.0);
    let again = world.stats().delay_ms;
    assert!(calm < 15.0, "{calm}");
    assert!((50.0..=110.0).contains(&rough), "{rough}");
    assert!(share < 0.05, "{share} of the blocks guessed once adapted");
    assert!(again < 30.0, "{again}");
}

#[test]
fn a_short_stall_loses_nothing() {
    let mut world = World::new(Coder::Pcm, stalled(4_000_000, 120_000), speech(4, 10));
    world.run(14.0);
    let before = world.count(PlayoutKind::Concealed);
    world.run(16.0);
    let stats = world.stats();
    assert_eq!(stats.late, 0, "{stats:?}");
    assert_eq!(stats.lost, 0);
    // By now the peaks are known and covered.
    assert_eq!(world.count(PlayoutKind::Concealed), before, "{stats:?}");
    assert!(stats.target_ms >= 110.0, "{stats:?}");
}

#[test]
fn a_guess_stands_for_the_one_packet_that_was_late() {
    let mut world = World::new(Coder::Pcm, stalled(60_000_000, 20_000), speech(6, 10));
    world.run(600.0);
    let stats = world.stats();
    assert!(stats.late >= 3, "{stats:?}");
    // Nothing more was guessed, and nothing put in before the packet.
    assert_eq!(world.count(PlayoutKind::Concealed) as u64, stats.late, "{stats:?}");
}

#[test]
fn short_stalls_now_and_then_move_one_block_at_most() {
    let mut world = World::new(Coder::Pcm, stalled(20_000_000, 26_000), speech(6, 10));
    world.run(9.0);
    let calm = world.stats();
    world.run(591.0);
    let stats = world.stats();
    assert!(stats.late >= 20, "{stats:?}");
    assert!(stats.inserted - calm.inserted <= BLOCK as u64, "{stats:?}");
    assert_eq!(stats.removed, calm.removed, "{stats:?}");
}

#[test]
fn a_sentence_keeps_its_rhythm_until_it_is_over() {
    // Two seconds of words, then one of silence.
    let mut sentence = [words(), words()].concat();
    sentence.resize(3 * 48_000, 0.0);
    let moves = moves(sentence, 6, 30);
    assert!(!moves.is_empty() && moves.iter().all(|second| second % 3 == 2), "{moves:?}");
}

#[test]
fn at_the_start_the_delay_is_found_between_words() {
    assert_eq!(moves(words(), 2, 30).first(), Some(&2));
    // Later there is no sentence's end to move in.
    assert_eq!(moves(words(), 6, 30), []);
}

/// A second with a pause of 50 ms in every 100.
fn words() -> Vec<f32> {
    let mut words = tone(440, 0.4);
    words.chunks_exact_mut(4_800).for_each(|word| word[2_400..].fill(0.0));
    words
}

/// The seconds in which the delay of this grew, over a path that has rare late packets from the
/// second `worse` on.
fn moves(source: Vec<f32>, worse: u32, seconds: u32) -> Vec<u32> {
    let mut world = World::new(Coder::Pcm, jittery(0), source);
    let tailed = NetworkConfig { jitter: Jitter::Normal(5_500), ..NetworkConfig::default() };
    let mut moves = Vec::new();
    let mut before = world.stats();
    for second in 0..seconds {
        if second == worse {
            world.network.change(tailed);
        }
        world.run(1.0);
        let stats = world.stats();
        if stats.inserted != before.inserted {
            moves.push(second);
        }
        before = stats;
    }
    moves
}

#[test]
fn reordered_and_repeated_packets_play_once_in_order() {
    let network =
        NetworkConfig { reorder: 0.05, duplicate: 0.1, ordered: false, ..jittery(10_000) };
    let mut world = World::new(Coder::Pcm, network, speech(5, 10));
    world.run(30.0);
    let stats = world.stats();
    assert!(stats.duplicate > 200, "{stats:?}");
    // 5 % come 30 ms later: more than the 97th percentile leaves out.
    assert!(stats.target_ms > 25.0, "{stats:?}");
    let share = stats.late as f32 / stats.received as f32;
    assert!(share < 0.03, "{share}");
}

#[test]
fn stretching_and_guessing_do_not_click() {
    let coder = Coder::opus(EncoderConfig::default());
    let source = speech(6, 10);
    let mut clean = World::new(coder, jittery(0), source.clone());
    clean.run(10.0);
    let natural = largest_step(&clean.heard);
    for (seed, most) in [(1, 60_000), (2, 120_000), (3, 200_000)] {
        let coder = Coder::opus(EncoderConfig::default());
        let mut world =
            World::new(coder, jittery(most), source.clone()).seeded(jittery(most), seed);
        world.run(5.0);
        world.network.change(jittery(0));
        world.run(10.0);
        let stats = world.stats();
        assert!(stats.removed > 0 && stats.concealed > 0, "{stats:?}");
        let step = largest_step(&world.heard);
        assert!(step < natural * 1.5 + 0.02, "{step} against {natural}; {stats:?}");
    }
}

fn stalls(every: u64, length: u64) -> NetworkConfig {
    NetworkConfig { jitter: Jitter::Uniform(1_000), ..stalled(every, length) }
}

/// Speech with pauses, in which nothing is sent, over a path that is disturbed for so many
/// seconds. What the buffer aims at then, and after 10 s of voice on the path `after`; ms.
fn disturbed(network: NetworkConfig, seconds: f64, after: NetworkConfig) -> (f32, f32) {
    let coder = Coder::opus(EncoderConfig::default());
    let mut world = World::new(coder, jittery(1_000), speech(12, 20)).with_pauses();
    world.run(4.0);
    assert!(world.stats().target_ms < 14.0, "{:?}", world.stats());
    world.network.change(network);
    world.run(seconds);
    let during = world.stats();
    world.network.change(after);
    while world.stats().received < during.received + 500 {
        world.run(0.1);
    }
    let later = world.stats();
    assert!(later.delay_ms < later.target_ms + 15.0, "{later:?}");
    (during.target_ms, later.target_ms)
}

#[test]
fn one_stall_is_forgotten_in_ten_seconds_of_voice() {
    let (during, later) = disturbed(stalls(2_000_000, 300_000), 1.5, jittery(1_000));
    assert!(during > 150.0 && later < 20.0, "{during} then {later}");
}

#[test]
fn a_sender_that_came_in_bursts_is_forgotten_in_ten_seconds_of_voice() {
    let (during, later) = disturbed(stalls(300_000, 150_000), 8.0, jittery(1_000));
    assert!(during > 100.0 && later < 20.0, "{during} then {later}");
}

#[test]
fn stalls_far_apart_do_not_keep_the_delay_up() {
    let (_, later) = disturbed(stalls(7_000_000, 190_000), 22.0, jittery(1_000));
    assert!(later < 20.0, "{later}");
}

#[test]
fn a_path_that_has_become_longer_is_no_reason_to_wait() {
    let longer = NetworkConfig { delay: 200_000, ..jittery(1_000) };
    let (_, later) = disturbed(longer, 1.0, longer);
    assert!(later < 20.0, "{later}");
}
