//! What the switch plays again and again, encoded once for all legs.

use super::{Feed, music};
use omnibar_media::codec::EncoderConfig;
use omnibar_media::tones::{Busy, Dtmf, Ringback, Tone};
use omnibar_media::{BLOCK, Digit, Encoder, FRAME};
use std::sync::OnceLock;

/// Packets of 20 ms.
pub(crate) type Frames = Vec<Vec<u8>>;

static MUSIC: OnceLock<Frames> = OnceLock::new();
static RINGBACK: OnceLock<Frames> = OnceLock::new();
static BUSY: OnceLock<Frames> = OnceLock::new();
/// By event code: one key, 100 ms and its end. Not a loop.
static KEYS: OnceLock<Vec<Frames>> = OnceLock::new();

/// What a leg with this feed hears; `None` for silence, and until [`prepare`] is done.
pub(crate) fn frames(feed: Feed) -> Option<&'static Frames> {
    match feed {
        Feed::Silence => None,
        Feed::Music => MUSIC.get(),
        Feed::Ringback => RINGBACK.get(),
        Feed::Busy => BUSY.get(),
    }
}

/// The tones of a key.
pub(crate) fn key(digit: Digit) -> Option<&'static Frames> {
    KEYS.get()?.get(usize::from(digit.code()))
}

/// Takes some hundred milliseconds the first time; what is needed first is made first.
pub(crate) fn prepare() {
    // The periods of media's tones: 6 s and 1 s.
    RINGBACK.get_or_init(|| endless(&rendered(&mut Ringback::new(), 600)));
    BUSY.get_or_init(|| endless(&rendered(&mut Busy::new(), 100)));
    KEYS.get_or_init(|| {
        Digit::ALL.map(|digit| once(&rendered(&mut Dtmf::new(digit, 100), 12))).into()
    });
    MUSIC.get_or_init(|| endless(&music::compose()));
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
    encode(&mut encoder, samples);
    encode(&mut encoder, samples)
}

fn once(samples: &[f32]) -> Frames {
    encode(&mut encoder(), samples)
}

fn encoder() -> Encoder {
    let config = EncoderConfig { bitrate: 48_000, complexity: 5, fec: false, expected_loss: 0 };
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
        prepare();
        let music = frames(Feed::Music).unwrap();
        let ringback = frames(Feed::Ringback).unwrap();
        let busy = frames(Feed::Busy).unwrap();
        assert_eq!(music.len() * FRAME, music::compose().len());
        assert_eq!((ringback.len(), busy.len()), (300, 50));
        let keys = Digit::ALL.iter().flat_map(|&digit| key(digit).unwrap());
        let all = music.iter().chain(ringback).chain(busy).chain(keys);
        assert!(all.into_iter().all(|packet| !packet.is_empty()));
    }
}
