//! Echo, noise and gain of one voice path, each only where there is something to do.
//!
//! ```text
//!  microphone ─▶ echo out ──▶ noise out ──▶ gain ─▶ Engine::capture
//!                 ▲  (round them while there is no echo, no noise)
//!  speaker ◀──────┴─── mix ◀── noise out (by choice) ◀── Engine::playout
//! ```
//!
//! With a headset that gives no echo, a voice of usual level and no noise, what comes out is
//! what went in, sample by sample and at once. What is left of a signal by cancellation costs
//! quality when both talk, and 9 ms: so it is left out where it is not needed.

mod canceller;
mod detour;
mod gain;
mod lags;
mod path;
mod stage;
mod voice;

use crate::BLOCK;
use canceller::Canceller;
use detour::Detour;
use gain::Gain;
pub use path::EchoHint;
use path::{EchoPath, Verdict};
use stage::{Denoiser, Stage};
use voice::{Noisy, Voice};

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessingConfig {
    /// Echo, noise and level of the own voice.
    pub on: bool,
    /// Noise behind the far side's voice.
    pub customer_noise: bool,
}

impl Default for ProcessingConfig {
    fn default() -> Self {
        Self { on: true, customer_noise: false }
    }
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProcessingState {
    pub echo: EchoState,
    /// Noise is taken out of the own voice.
    pub noise: bool,
    /// Noise is taken out of the far side's voice.
    pub customer_noise: bool,
    /// dB that the own voice is amplified by.
    pub gain_db: f32,
    /// ms that all this delays the own voice by.
    pub delay_ms: f32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoState {
    /// Switched off.
    Off,
    /// Cancelled, to be safe: it is not known yet whether there is one.
    Listening,
    Cancelling,
    /// There is none: passed by.
    Bypassed,
}

/// Echo, noise and gain of one voice path.
#[derive(Debug)]
pub struct Processing {
    config: ProcessingConfig,
    path: EchoPath,
    canceller: Option<Canceller>,
    echo: Detour,
    voice: Voice,
    noise: Denoising,
    gain: Gain,
    customer: Voice,
    customer_noise: Denoising,
    /// Blocks since the far side was last loud enough to come back.
    far_silent: u32,
}

impl Processing {
    #[must_use]
    pub fn new(config: ProcessingConfig, hint: EchoHint) -> Self {
        let path = EchoPath::new(hint);
        let take = config.on && path.present();
        Self {
            config,
            canceller: None,
            echo: Detour::new(Canceller::LATENCY, take),
            path,
            voice: Voice::new(),
            noise: Denoising::new(),
            gain: Gain::new(),
            customer: Voice::new(),
            customer_noise: Denoising::new(),
            far_silent: 0,
        }
    }

    /// Takes effect without a click.
    pub fn set(&mut self, config: ProcessingConfig) {
        self.config = config;
    }

    /// Another microphone or speaker: what was learned of them is forgotten.
    pub fn devices_changed(&mut self, hint: EchoHint) {
        self.path = EchoPath::new(hint);
        self.canceller = None;
        self.voice = Voice::new();
    }

    /// What the far side says, before it goes to the speaker.
    pub fn received(&mut self, block: &mut [f32; BLOCK]) {
        if self.config.customer_noise || self.customer_noise.busy() {
            self.customer.push(block, true);
            self.customer_noise.apply(block, &self.customer, self.config.customer_noise);
        }
    }

    /// 10 ms that go to the speaker, whatever they are.
    pub fn far(&mut self, block: &[f32; BLOCK]) {
        let far = clean(block);
        let power = far.iter().map(|s| s * s).sum::<f32>() / BLOCK as f32;
        self.far_silent = if power > FAR_LOUD { 0 } else { self.far_silent.saturating_add(1) };
        if self.config.on {
            self.path.far(&far);
        }
        if let Some(canceller) = &mut self.canceller {
            canceller.far(&far);
        }
    }

    /// 10 ms from the microphone; what is to be sent instead.
    pub fn near(&mut self, block: &mut [f32; BLOCK]) {
        *block = clean(block);
        let on = self.config.on;
        if on {
            self.path.near(block);
        }
        self.echo.set(on && self.path.present());
        let risk = self.echo.needs_stage() && self.far_silent < ECHO_LASTS;
        self.cancel(block);
        if on || self.noise.busy() {
            self.voice.push(block, !risk);
        }
        self.noise.apply(block, &self.voice, on);
        let rest = risk && !self.voice.speaks();
        self.gain.apply(block, &self.voice, rest, on);
    }

    #[must_use]
    pub fn state(&self) -> ProcessingState {
        let stages = [self.echo.needs_stage(), self.noise.busy()];
        let latency = [Canceller::LATENCY, Denoiser::LATENCY];
        let samples: usize = stages.iter().zip(latency).filter(|s| *s.0).map(|s| s.1).sum();
        ProcessingState {
            echo: match self.path.verdict() {
                _ if !self.config.on => EchoState::Off,
                Verdict::Guessed if self.path.present() => EchoState::Listening,
                Verdict::Present => EchoState::Cancelling,
                Verdict::Guessed | Verdict::Absent => EchoState::Bypassed,
            },
            noise: self.noise.busy(),
            customer_noise: self.customer_noise.busy(),
            gain_db: self.gain.gain_db(),
            delay_ms: samples as f32 / 48.0,
        }
    }

    /// For a benchmark: likeness, delay in ms, speaker's and microphone's level of the last
    /// look for an echo.
    #[must_use]
    pub fn last_look(&self) -> Option<[f32; 4]> {
        let look = self.path.last()?;
        Some([look.likeness, look.delay_ms, look.far_db, look.near_db])
    }

    fn cancel(&mut self, block: &mut [f32; BLOCK]) {
        let after = if self.echo.needs_stage() {
            let mut after = *block;
            self.canceller.get_or_insert_with(Canceller::new).apply(&mut after);
            Some(after)
        } else {
            self.canceller = None;
            None
        };
        *block = self.echo.pass(block, after.as_ref());
    }
}

/// Power of the far side: −55 dBFS.
const FAR_LOUD: f32 = 3e-6;
/// Blocks: the longest way and a long room.
const ECHO_LASTS: u32 = 80;

#[derive(Debug)]
struct Denoising {
    noisy: Noisy,
    stage: Option<Denoiser>,
    detour: Detour,
}

impl Denoising {
    fn new() -> Self {
        let detour = Detour::new(Denoiser::LATENCY, false);
        Self { noisy: Noisy::default(), stage: None, detour }
    }

    fn busy(&self) -> bool {
        self.detour.needs_stage()
    }

    fn apply(&mut self, block: &mut [f32; BLOCK], voice: &Voice, on: bool) {
        self.detour.set(on && self.noisy.judge(voice));
        let after = if self.detour.needs_stage() {
            let mut after = *block;
            self.stage.get_or_insert_with(Denoiser::new).apply(&mut after);
            Some(after)
        } else {
            self.stage = None;
            None
        };
        *block = self.detour.pass(block, after.as_ref());
    }
}

fn clean(block: &[f32; BLOCK]) -> [f32; BLOCK] {
    block.map(|sample| if sample.is_finite() { sample } else { 0.0 })
}
