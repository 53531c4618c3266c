use crate::world::{Coder, World, frequency, largest_step, tone};
use omnibar_media::sim::{Jitter, NetworkConfig};

#[test]
fn pitch_stays_while_the_delay_moves() {
    let rough = NetworkConfig { jitter: Jitter::Uniform(80_000), ..NetworkConfig::default() };
    for hertz in [120, 440, 1000] {
        let mut world = World::new(Coder::Pcm, NetworkConfig::default(), tone(hertz, 0.4));
        world.run(2.0);
        let calm = world.heard.len();
        world.network.change(rough);
        world.run(6.0);
        let rough_end = world.heard.len();
        world.network.change(NetworkConfig::default());
        world.run(30.0);
        let stats = world.stats();
        assert!(stats.removed > 1000, "{hertz}: {stats:?}");
        // While the delay goes down only stretching touches the signal.
        let found = frequency(&world.heard[rough_end + 48_000..]);
        assert!((found / hertz as f32 - 1.0).abs() < 0.005, "{hertz}: {found}");
        let step = largest_step(&world.heard[rough_end + 48_000..]);
        let natural = largest_step(&world.heard[calm / 2..calm]);
        assert!(step < natural * 1.3 + 0.002, "{hertz}: {step} against {natural}");
    }
}

#[test]
fn pitch_stays_while_a_slow_sender_is_followed() {
    let mut world =
        World::new(Coder::Pcm, NetworkConfig::default(), tone(440, 0.4)).drifting(-1000.0);
    world.run(60.0);
    let stats = world.stats();
    assert!(stats.inserted > 2000, "{stats:?}");
    assert_eq!(stats.concealed, 0, "{stats:?}");
    let found = frequency(&world.heard[48_000..]);
    // The sender's own clock makes it 0.1 % lower.
    assert!((found / 440.0 - 1.0).abs() < 0.005, "{found}");
}
