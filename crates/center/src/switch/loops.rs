//! What the switch plays again and again, encoded once for all legs.

use super::music;
use omnibar_media::codec::EncoderConfig;
use omnibar_media::tones::{Busy, Dtmf, Ringback, Tone};
use omnibar_media::{BLOCK, Digit, Encoder, FRAME};
use std::sync::OnceLock;

/// Packets of 20 ms.
pub(crate) type Frames = Vec<Vec<u8>>;

#[derive(Debug)]
pub(crate) struct Loops {
    pub(crate) music: Frames,
    pub(crate) ringback: Frames,
    pub(crate) busy: Frames,
    /// By event code: one key, 100 ms and its end. Not a loop.
    pub(crate) keys: Vec<Frames>,
}

static LOOPS: OnceLock<Loops> = OnceLock::new();

/// `None` until [`prepare`] is done.
pub(crate) fn loops() -> Option<&'static Loops> {
    LOOPS.get()
}

/// Takes some hundred milliseconds the first time.
pub(crate) fn prepare() -> &'static Loops {
    LOOPS.get_or_init(|| Loops {
        music: endless(&music::compose()),
        // The periods of media's tones: 6 s and 1 s.
        ringback: endless(&rendered(&mut Ringback::new(), 600)),
        busy: endless(&rendered(&mut Busy::new(), 100)),
        keys: Digit::ALL.map(|digit| once(&rendered(&mut Dtmf::new(digit, 100), 12))).into(),
    })
}

fn rendered(tone: &mut dyn Tone, blocks: usize) -> Vec<f32> {
    let mut samples = Vec::with_capacity(blocks * BLOCK);
    let mut block = [0.0; BLOCK];
    for _ in 0..blocks {
        tone.fill(&mut block);
        samples.extend_from_slice(&block);
    }
    samples
}

/// Encoded twice and the second pass kept, so that the end leads into the begin.
fn endless(samples: &[f32]) -> Frames {
    let mut encoder = encoder();
    let mut frames = encode(&mut encoder, samples);
    let second = encode(&mut encoder, samples);
    frames.clear();
    frames.extend(second);
    frames
}

fn once(samples: &[f32]) -> Frames {
    encode(&mut encoder(), samples)
}

fn encoder() -> Encoder {
    let config = EncoderConfig { bitrate: 48_000, complexity: 9, fec: false, expected_loss: 0 };
    Encoder::new(config).expect("libopus takes these settings")
}

fn encode(encoder: &mut Encoder, samples: &[f32]) -> Frames {
    let (frames, _) = samples.as_chunks::<FRAME>();
    frames.iter().map(|frame| encoder.encode(frame).unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_a_whole_number_of_packets() {
        let loops = prepare();
        assert_eq!(loops.music.len() * FRAME, music::compose().len());
        assert_eq!((loops.ringback.len(), loops.busy.len()), (300, 50));
        assert_eq!(loops.keys.len(), 16);
        let all = loops.music.iter().chain(&loops.ringback).chain(&loops.busy);
        assert!(all.chain(loops.keys.iter().flatten()).all(|packet| !packet.is_empty()));
    }
}
