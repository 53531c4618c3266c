use crate::SAMPLE_RATE;
use crate::random::Random;
use realfft::RealFftPlanner;

/// The way from a loudspeaker through a room into a microphone: the sound cards' delay, the
/// direct sound, six early reflections and an exponentially decaying tail.
#[derive(Clone, Debug)]
pub struct Room {
    impulse: Vec<f32>,
}

/// Of a room with walls, a loudspeaker and a microphone.
#[derive(Clone, Copy, Debug)]
pub struct RoomConfig {
    pub seed: u64,
    /// From the speaker's ring to the direct sound in the microphone's.
    pub delay_ms: f32,
    /// Until the tail has fallen by 60 dB.
    pub reverberation_ms: f32,
    /// Echo return loss: how much quieter a white signal comes back.
    pub loss_db: f32,
}

impl Room {
    #[must_use]
    pub fn new(config: RoomConfig) -> Self {
        let RoomConfig { seed, delay_ms, reverberation_ms, loss_db } = config;
        let mut random = Random::new(seed);
        let at = |ms: f32| (ms * SAMPLE_RATE as f32 / 1000.0) as usize;
        let begin = at(delay_ms);
        let tail = at(reverberation_ms);
        let mut impulse = vec![0.0; begin + tail + 1];
        // e^-6.9 is −60 dB.
        let fall = 6.9 / tail.max(1) as f32;
        for (i, sample) in impulse[begin..].iter_mut().enumerate().skip(at(4.0)) {
            *sample = 0.03 * random.bipolar() * (-fall * i as f32).exp();
        }
        for reflection in 0..6u8 {
            let later = at(1.0 + 24.0 * random.unit() as f32).min(tail);
            impulse[begin + later] += random.bipolar() * 0.6 / f32::from(reflection + 1);
        }
        impulse[begin] += 1.0;
        let energy: f32 = impulse.iter().map(|sample| sample * sample).sum();
        let gain = 10.0f32.powf(-loss_db / 20.0) / energy.sqrt();
        impulse.iter_mut().for_each(|sample| *sample *= gain);
        Self { impulse }
    }

    /// What of the speaker's signal is in the microphone's, as long as that.
    #[must_use]
    pub fn echo(&self, far: &[f32]) -> Vec<f32> {
        let step = self.impulse.len();
        let size = (2 * step).next_power_of_two();
        let mut planner = RealFftPlanner::<f32>::new();
        let (forward, back) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
        let mut time = forward.make_input_vec();
        let mut response = forward.make_output_vec();
        let mut bins = forward.make_output_vec();
        let sizes = "the plan's own sizes, real at both ends";
        time[..step].copy_from_slice(&self.impulse);
        forward.process(&mut time, &mut response).expect(sizes);
        let mut echo = vec![0.0; far.len() + size];
        let step = size - self.impulse.len();
        for (part, begin) in far.chunks(step).zip((0..).step_by(step)) {
            time.fill(0.0);
            time[..part.len()].copy_from_slice(part);
            forward.process(&mut time, &mut bins).expect(sizes);
            bins.iter_mut().zip(&response).for_each(|(bin, by)| *bin *= by);
            if let [first, .., last] = &mut bins[..] {
                (first.im, last.im) = (0.0, 0.0);
            }
            back.process(&mut bins, &mut time).expect(sizes);
            let sums = echo[begin..].iter_mut().zip(&time);
            sums.for_each(|(sum, sample)| *sum += sample / size as f32);
        }
        echo.truncate(far.len());
        echo
    }
}

/// The same as a card hears it whose clock is faster by parts in a million.
#[must_use]
pub fn resampled(signal: &[f32], parts_in_a_million: f64) -> Vec<f32> {
    let step = 1.0 + parts_in_a_million * 1e-6;
    let mut place = 0.0f64;
    let mut out = Vec::with_capacity(signal.len());
    while let Some([a, b, c, d]) = signal.get(place as usize..).and_then(|s| s.first_chunk()) {
        let t = place.fract() as f32;
        let slope = 0.5 * (c - a);
        let bend = a - 2.5 * b + 2.0 * c - 0.5 * d;
        let twist = 0.5 * (d - a) + 1.5 * (b - c);
        out.push(((twist * t + bend) * t + slope) * t + b);
        place += step;
    }
    out.resize(signal.len(), 0.0);
    out
}
