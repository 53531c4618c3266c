use crate::random::Random;

/// Lets a guess fade into comfort noise when it has gone on for so long that it would
/// be a babble, and speech come back without a click.
#[derive(Debug)]
pub(super) struct Fade {
    /// Samples guessed in a row.
    run: usize,
    /// Of the decoder's signal; the rest is noise.
    gain: f32,
    /// RMS of the far side's room.
    background: f32,
    random: Random,
    noise: f32,
}

/// Samples: 120 ms of guess at full level, gone 80 ms later.
const HOLD: usize = 5760;
const FALL: usize = 3840;
/// Samples: 5 ms.
const RISE: f32 = 240.0;
/// −50 dBFS, the loudest noise that comforts.
const LOUDEST: f32 = 3e-3;
/// Growth in 10 ms of what is taken for the room: 1.7 dB a second.
const GROWTH: f32 = 1.002;
/// One-pole low-pass, and the RMS of what it makes of noise in ±1.
const SMOOTH: f32 = 0.25;
const SMOOTH_RMS: f32 = 0.218;

impl Fade {
    pub(super) fn new() -> Self {
        Self { run: 0, gain: 0.0, background: 3e-4, random: Random::new(0x636e), noise: 0.0 }
    }

    /// Only noise is left of the guess: the decoder need not be asked.
    pub(super) fn faded(&self) -> bool {
        self.run >= HOLD + FALL
    }

    /// The next samples would not be a faithful guess any more.
    pub(super) fn fading(&self) -> bool {
        self.run >= HOLD
    }

    /// RMS below which the signal is the room's.
    pub(super) fn quiet(&self) -> f32 {
        self.background * 2.0
    }

    pub(super) fn speech(&mut self, samples: &mut [f32]) {
        self.run = 0;
        for part in samples.chunks(480) {
            let power = part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32;
            let rms = power.sqrt();
            let grown = (self.background * GROWTH).min(LOUDEST);
            self.background = if rms < grown { grown + (rms - grown) * 0.2 } else { grown };
        }
        if self.gain >= 1.0 {
            return;
        }
        for sample in samples {
            self.gain = (self.gain + 1.0 / RISE).min(1.0);
            *sample = *sample * self.gain + self.comfort() * (1.0 - self.gain);
            if self.gain >= 1.0 {
                break;
            }
        }
    }

    pub(super) fn guess(&mut self, samples: &mut [f32]) {
        for sample in samples {
            if self.run >= HOLD {
                let left = HOLD + FALL - self.run.min(HOLD + FALL);
                self.gain = self.gain.min(left as f32 / FALL as f32);
            }
            self.run += 1;
            if self.gain < 1.0 {
                *sample = *sample * self.gain + self.comfort() * (1.0 - self.gain);
            }
        }
    }

    /// Nothing has been heard yet: what comes first comes in gently.
    pub(super) fn idle(&mut self) {
        self.gain = 0.0;
    }

    fn comfort(&mut self) -> f32 {
        self.noise += SMOOTH * (self.random.bipolar() - self.noise);
        self.noise * self.background / SMOOTH_RMS
    }
}
