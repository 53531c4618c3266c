use super::Side;
use super::track::Track;
use hound::{SampleFormat, WavSpec, WavWriter};
use omnibar_media::{Micros, Packet, SAMPLE_RATE};
use std::fs::OpenOptions;
use std::io::BufWriter;
use std::path::Path;
use thiserror::Error;

/// A stereo WAV file that grows with the call. Both sides stand at the time when their
/// packets passed the switch, silence where nothing came.
pub(super) struct Recording {
    writer: WavWriter<BufWriter<std::fs::File>>,
    begin: Micros,
    /// Frames in the file.
    written: u64,
    said: Track,
    heard: Track,
}

#[derive(Debug, Error)]
pub(super) enum RecordingError {
    #[error(
        "The recording could not be written: {0}. Check that the folder exists, that the file \
         does not, and that the disk has room."
    )]
    File(#[from] std::io::Error),
    #[error("The recording could not be written: {0}. Record to another file.")]
    Wav(#[from] hound::Error),
    #[error("The recording could not be decoded: {0}. Free some memory and try again.")]
    Codec(#[from] omnibar_media::codec::SetupError),
}

/// A packet that is later than this has no place any more: µs.
const PATIENCE: u64 = 400_000;
/// Frames: WAV counts bytes in 32 bits, 6 h 12 min of this format.
const LONGEST: u64 = (u32::MAX as u64 - 1_024) / 4;

impl Recording {
    pub(super) fn create(path: &Path, begin: Micros) -> Result<Self, RecordingError> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let file = options.open(path)?;
        let spec = WavSpec {
            channels: 2,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let mut writer = WavWriter::new(BufWriter::new(file), spec)?;
        writer.flush()?;
        Ok(Self { writer, begin, written: 0, said: Track::new()?, heard: Track::new()? })
    }

    pub(super) fn receive(&mut self, side: Side, at: Micros, packet: Packet) {
        let place = i64::try_from(frames(at.0.saturating_sub(self.begin.0))).unwrap_or(i64::MAX);
        match side {
            Side::Said => self.said.receive(place, packet),
            Side::Heard => self.heard.receive(place, packet),
        }
    }

    /// Writes all that is old enough, so that a crash loses less than a second.
    pub(super) fn write(&mut self, now: Micros) -> Result<(), RecordingError> {
        self.write_until(Micros(now.0.saturating_sub(PATIENCE)))?;
        Ok(self.writer.flush()?)
    }

    pub(super) fn finish(mut self, now: Micros) -> Result<(), RecordingError> {
        self.write_until(now)?;
        Ok(self.writer.finalize()?)
    }

    fn write_until(&mut self, until: Micros) -> Result<(), RecordingError> {
        let end = frames(until.0.saturating_sub(self.begin.0)).min(LONGEST);
        let length = usize::try_from(end.saturating_sub(self.written)).unwrap_or(0);
        let said = self.said.take(length);
        let heard = self.heard.take(length);
        for (left, right) in said.into_iter().zip(heard) {
            self.writer.write_sample(pcm(left))?;
            self.writer.write_sample(pcm(right))?;
        }
        self.written = self.written.max(end);
        Ok(())
    }
}

/// µs as samples.
fn frames(micros: u64) -> u64 {
    micros.saturating_mul(6) / 125
}

fn pcm(sample: f32) -> i16 {
    (sample.clamp(-1.0, 1.0) * 32_767.0) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_media::codec::EncoderConfig;
    use omnibar_media::{Encoder, FRAME};
    use omnibar_peer::OPUS;
    use std::f32::consts::TAU;

    /// A second of silence, then a second of a tone, as 100 packets.
    fn packets(frequency: f32) -> Vec<Packet> {
        let mut encoder = Encoder::new(EncoderConfig::default()).unwrap();
        (0..100u16)
            .map(|i| {
                let frame: [f32; FRAME] = std::array::from_fn(|s| {
                    let at = (usize::from(i) * FRAME + s) as f32 / 48_000.0;
                    if i < 50 { 0.0 } else { 0.3 * (TAU * frequency * at).sin() }
                });
                Packet {
                    sequence: i,
                    timestamp: (u32::MAX - 20_000).wrapping_add(u32::from(i) * 960),
                    payload_type: OPUS,
                    marker: false,
                    payload: encoder.encode(&frame).unwrap(),
                }
            })
            .collect()
    }

    fn onset(samples: &[f32]) -> usize {
        samples
            .windows(480)
            .position(|w| w.iter().map(|s| s * s).sum::<f32>() / 480.0 > 0.01)
            .unwrap()
    }

    /// Both sides start their tone at the same time; one comes with jitter and loss.
    #[test]
    fn sides_are_aligned_though_packets_come_late_disordered_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("call.wav");
        let begin = Micros(5_000_000);
        let mut recording = Recording::create(&path, begin).unwrap();
        let said = packets(400.0);
        let heard = packets(1_000.0);
        let mut arrivals = Vec::new();
        for (i, (a, b)) in said.into_iter().zip(heard).enumerate() {
            let sent = begin.0 + 500_000 + i as u64 * 20_000;
            let jitter = (i as u64 * 7_919) % 50_000;
            arrivals.push((Micros(sent), Side::Heard, b));
            if i % 13 != 5 {
                arrivals.push((Micros(sent + jitter), Side::Said, a));
            }
        }
        arrivals.sort_by_key(|(at, _, _)| *at);
        let mut next_write = begin.0;
        for (at, side, packet) in arrivals {
            while next_write < at.0 {
                recording.write(Micros(next_write)).unwrap();
                next_write += 250_000;
            }
            recording.receive(side, at, packet);
        }
        recording.finish(Micros(begin.0 + 3_000_000)).unwrap();

        let mut reader = hound::WavReader::open(&path).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (2, 48_000, 16));
        let samples: Vec<f32> =
            reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect();
        assert_eq!(samples.len(), 3 * 96_000);
        let left: Vec<f32> = samples.iter().copied().step_by(2).collect();
        let right: Vec<f32> = samples.iter().copied().skip(1).step_by(2).collect();
        let (left, right) = (onset(&left), onset(&right));
        assert!(right.abs_diff(72_000) < 960, "heard from {right}");
        assert!(left.abs_diff(right) < 40 * 48, "said {left}, heard {right}");
    }

    #[test]
    fn what_exists_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("call.wav");
        std::fs::write(&path, "kept").unwrap();
        assert!(matches!(Recording::create(&path, Micros(0)), Err(RecordingError::File(_))));
        assert_eq!(std::fs::read(&path).unwrap(), b"kept");
    }
}
