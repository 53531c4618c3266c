//! Takes the far side's voice out of the microphone's signal: AEC3 of WebRTC, in Rust, by its
//! blocks, since what it suppresses beyond its filter can be chosen there only.

use super::stage::Stage;
use crate::{BLOCK, SAMPLE_RATE};
use sonora::high_pass_filter::HighPassFilter;
use sonora::three_band_filter_bank::{NUM_BANDS, SPLIT_BAND_SIZE, ThreeBandFilterBank};
use sonora_aec3::block::Block;
use sonora_aec3::block_processor::BlockProcessor;
use sonora_aec3::common::BLOCK_SIZE;
use sonora_aec3::config::EchoCanceller3Config;

/// The canceller reckons in steps of 16 bits.
const FULL_SCALE: f32 = 32_768.0;
/// From here on a microphone is overdriven, and its echo no longer a linear image.
const OVERDRIVEN: f32 = 32_700.0;
/// Samples of a band: its blocks and ours of 10 ms end together every 20 ms only. With so many
/// in hand there are always enough.
const IN_HAND: usize = SPLIT_BAND_SIZE % BLOCK_SIZE;

type Split = [[f32; SPLIT_BAND_SIZE]; NUM_BANDS];

#[derive(Debug)]
pub(super) struct Canceller {
    aec: BlockProcessor,
    high_pass: HighPassFilter,
    far: Side,
    near: Side,
    /// What is done of the microphone's bands, and not given yet.
    done: [Vec<f32>; NUM_BANDS],
    joined: ThreeBandFilterBank,
    block: Block,
    scratch: [Vec<f32>; 1],
}

/// A signal in bands, cut into the canceller's blocks.
#[derive(Debug)]
struct Side {
    split: ThreeBandFilterBank,
    bands: Split,
    waiting: [Vec<f32>; NUM_BANDS],
}

impl Side {
    fn new() -> Self {
        let waiting = [const { Vec::new() }; NUM_BANDS];
        let bands = [[0.0; SPLIT_BAND_SIZE]; NUM_BANDS];
        Self { split: ThreeBandFilterBank::new(), bands, waiting }
    }

    fn push(&mut self, signal: &[f32; BLOCK]) {
        self.split.analysis(signal, &mut self.bands);
        for (waiting, band) in self.waiting.iter_mut().zip(&self.bands) {
            waiting.extend_from_slice(band);
        }
    }

    /// The next block, if it is whole.
    fn next(&mut self, block: &mut Block) -> bool {
        let whole = self.waiting[0].len() >= BLOCK_SIZE;
        if whole {
            for (band, waiting) in self.waiting.iter_mut().enumerate() {
                block.view_mut(band, 0).copy_from_slice(&waiting[..BLOCK_SIZE]);
                waiting.drain(..BLOCK_SIZE);
            }
        }
        whole
    }
}

impl Stage for Canceller {
    const LATENCY: usize = 334;

    fn new() -> Self {
        let rate = SAMPLE_RATE as usize;
        Self {
            aec: BlockProcessor::new(&tuning(), rate, 1, 1),
            high_pass: HighPassFilter::new(SAMPLE_RATE as i32, 1),
            far: Side::new(),
            near: Side::new(),
            done: std::array::from_fn(|_| vec![0.0; IN_HAND]),
            joined: ThreeBandFilterBank::new(),
            block: Block::new(NUM_BANDS, 1),
            scratch: [vec![0.0; BLOCK]],
        }
    }

    fn apply(&mut self, block: &mut [f32; BLOCK]) {
        let mut near = scaled(block);
        let overdriven = near.iter().any(|sample| sample.abs() >= OVERDRIVEN);
        self.scratch[0].copy_from_slice(&near);
        self.high_pass.process_channels(&mut self.scratch);
        near.copy_from_slice(&self.scratch[0]);
        self.near.push(&near);
        while self.near.next(&mut self.block) {
            self.aec.process_capture(false, overdriven, None, &mut self.block);
            for (band, done) in self.done.iter_mut().enumerate() {
                done.extend_from_slice(self.block.view(band, 0));
            }
        }
        let mut bands = [[0.0; SPLIT_BAND_SIZE]; NUM_BANDS];
        for (band, done) in bands.iter_mut().zip(&mut self.done) {
            band.copy_from_slice(&done[..SPLIT_BAND_SIZE]);
            done.drain(..SPLIT_BAND_SIZE);
        }
        self.joined.synthesis(&bands, block);
        block.iter_mut().for_each(|sample| *sample = (*sample / FULL_SCALE).clamp(-1.0, 1.0));
    }
}

impl Canceller {
    /// What the speaker gets at the time of the next block for [`apply`](Stage::apply).
    pub(super) fn far(&mut self, block: &[f32; BLOCK]) {
        self.far.push(&scaled(block));
        while self.far.next(&mut self.block) {
            self.aec.buffer_render(&self.block);
        }
    }
}

/// Beyond full scale nothing is sound, and the canceller's powers would overflow.
fn scaled(block: &[f32; BLOCK]) -> [f32; BLOCK] {
    block.map(|sample| sample.clamp(-1.0, 1.0) * FULL_SCALE)
}

/// AEC3 suppresses what its filter may have left of the echo, by a guess at how much that is. As it
/// comes it guesses so high that half of the agent's voice goes while both talk.
fn tuning() -> EchoCanceller3Config {
    let mut config = EchoCanceller3Config::default();
    // How good the filter may be believed to be once it is seen to be, as ratios of power below and
    // above 1 kHz. Beyond it nothing is gained.
    (config.erle.max_l, config.erle.max_h) = (16.0, 6.0);
    // Ratios of echo to voice up to which all is let through, and from which on all that is not
    // masked is suppressed, while the agent's voice is known to prevail. When that is so stays as it
    // was: found sooner, it is found in echoes too.
    let both = &mut config.suppressor.nearend_tuning;
    (both.mask_lf.enr_transparent, both.mask_lf.enr_suppress) = (4.0, 6.0);
    (both.mask_hf.enr_transparent, both.mask_hf.enr_suppress) = (1.0, 2.0);
    // How fast a filter that was good and is wrong learns anew. A sound server that pauses moves the
    // echo by milliseconds, and as it comes up to 6 s pass until all of it is gone again. With twice
    // as much the agent's voice leads the filter astray.
    config.filter.refined.leakage_diverged = 0.2;
    config
}
