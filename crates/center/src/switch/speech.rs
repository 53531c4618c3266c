//! The recorded speech in `assets/voices`: Ogg Opus (RFC 7845), decoded once, when it is
//! first wanted.

use include_dir::{Dir, include_dir};
use omnibar_media::Decoder;
use omnibar_media::codec::{LONGEST, SetupError, SpeechDecoder};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, LazyLock, OnceLock};
use thiserror::Error;

static VOICES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets/voices");

/// 48 kHz mono.
pub(crate) type Clip = Arc<[i16]>;

struct Stored {
    file: &'static [u8],
    clip: OnceLock<Clip>,
}

static CLIPS: LazyLock<BTreeMap<String, Stored>> = LazyLock::new(|| {
    let files = VOICES.dirs().flat_map(Dir::files);
    files
        .filter_map(|file| {
            let name = file.path().with_extension("").to_str()?.replace('\\', "/");
            Some((name, Stored { file: file.contents(), clip: OnceLock::new() }))
        })
        .collect()
});

/// `name`: `voice/clip`. A clip that is not there is silence; a test looks for each that
/// is spoken.
pub(crate) fn clip(name: &str) -> Clip {
    let Some(stored) = CLIPS.get(name) else { return Arc::default() };
    let decoded = stored.clip.get_or_init(|| decode(stored.file).unwrap_or_default().into());
    decoded.clone()
}

#[derive(Debug, Error)]
enum BadFile {
    #[error("not an Ogg stream: {0}")]
    Ogg(#[from] ogg::OggReadError),
    #[error("not Opus in Ogg: {0}")]
    Opus(&'static str),
    #[error(transparent)]
    Codec(#[from] SetupError),
}

/// Samples that a clip may have: one minute.
const LONGEST_CLIP: usize = 60 * 48_000;

fn decode(file: &[u8]) -> Result<Vec<i16>, BadFile> {
    let mut reader = ogg::PacketReader::new(Cursor::new(file));
    let head = reader.read_packet()?.ok_or(BadFile::Opus("no header"))?;
    let serial = head.stream_serial();
    let skip = read_head(&head.data)?;
    let tags = reader.read_packet()?.ok_or(BadFile::Opus("no tags"))?;
    if !tags.data.starts_with(b"OpusTags") {
        return Err(BadFile::Opus("no tags"));
    }
    let mut decoder = Decoder::plain()?;
    let mut samples = Vec::new();
    let mut end = None;
    while let Some(packet) = reader.read_packet()? {
        if packet.stream_serial() != serial {
            return Err(BadFile::Opus("a second stream"));
        }
        let mut frame = [0.0; LONGEST];
        let length = decoder
            .decode(&packet.data, &mut frame)
            .map_err(|_| BadFile::Opus("a corrupt packet"))?;
        samples.extend(frame[..length].iter().map(|s| (s.clamp(-1.0, 1.0) * 32_767.0) as i16));
        if samples.len() > LONGEST_CLIP {
            return Err(BadFile::Opus("longer than a minute"));
        }
        if packet.last_in_stream() {
            end = usize::try_from(packet.absgp_page()).ok();
        }
    }
    // The position of the last page tells where the padding begins (RFC 7845 section 4.4).
    let end = end.ok_or(BadFile::Opus("no end"))?.min(samples.len());
    Ok(samples.get(skip..end).ok_or(BadFile::Opus("shorter than its header says"))?.to_vec())
}

/// The samples to leave out at the begin (RFC 7845 section 5.1).
fn read_head(head: &[u8]) -> Result<usize, BadFile> {
    let fields = head.strip_prefix(b"OpusHead").ok_or(BadFile::Opus("no header"))?;
    let &[version, channels, skip_low, skip_high, _, _, _, _, gain_low, gain_high, family] = fields
    else {
        return Err(BadFile::Opus("a header of another length"));
    };
    if version & 0xf0 != 0 || channels != 1 || family != 0 {
        return Err(BadFile::Opus("not one channel"));
    }
    if (gain_low, gain_high) != (0, 0) {
        return Err(BadFile::Opus("a gain"));
    }
    Ok(usize::from(u16::from_le_bytes([skip_low, skip_high])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_decodes_and_speaks() {
        assert!(CLIPS.len() > 70, "{}", CLIPS.len());
        for (name, stored) in CLIPS.iter() {
            let samples = decode(stored.file).unwrap_or_else(|error| panic!("{name}: {error}"));
            let seconds = samples.len() as f32 / 48_000.0;
            assert!((0.5..20.0).contains(&seconds), "{name}: {seconds} s");
            let peak = samples.iter().map(|s| s.unsigned_abs()).max().unwrap();
            assert!(peak > 8_000, "{name}: peak {peak}");
        }
    }

    #[test]
    fn files_together_are_small() {
        assert!(CLIPS.values().map(|stored| stored.file.len()).sum::<usize>() < 1_000_000);
    }

    #[test]
    fn damaged_files_are_refused() {
        let file = CLIPS.values().next().unwrap().file;
        assert!(decode(&[]).is_err());
        for cut in [10, 40, 100, file.len() / 2, file.len() - 1] {
            assert!(decode(&file[..cut]).is_err(), "cut at {cut}");
        }
        for at in (0..file.len()).step_by(97) {
            let mut damaged = file.to_vec();
            damaged[at] ^= 0x55;
            assert!(decode(&damaged).is_err(), "changed at {at}");
        }
    }
}
