//! Recording a leg: two ears at its channel, one for what it says and one for what it
//! hears, each into a file of Asterisk's. When the recording is over they are fetched and
//! become one stereo WAV, as the builtin switch writes it but at 16 kHz.
//!
//! ```text
//!  begun ──both ears in the application──▶ recorded ──finish──▶ fetched, joined, deleted there
//! ```

use super::ari::{Ari, AriFault};
use super::leg::channel_of;
use omnibar_model::LegId;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// After a leg's channel: what the leg says, and what it hears.
const EARS: [(&str, &str); 2] = [(".said", "in"), (".heard", "out")];
/// Hz. The phone network has 8 kHz or 16 kHz, and a file is no larger than it must be.
const RATE: u32 = 16_000;
const FORMAT: &str = "sln16";
/// Asterisk writes the end of a file when its channel has gone.
const CLOSING: Duration = Duration::from_millis(100);
const MOST_WAITS: u32 = 50;
/// Bytes: twenty hours. A disk that is full ends it before.
const LONGEST: usize = 20 * 3_600 * 2 * RATE as usize;

/// One that is under way.
#[derive(Debug)]
pub(super) struct Recording {
    file: PathBuf,
    /// The names of ears and files at Asterisk.
    ears: [String; 2],
    /// Which of them record already.
    begun: [bool; 2],
    /// Silence is recorded.
    paused: bool,
}

impl Recording {
    pub(super) fn is_of(&self, file: &Path) -> bool {
        self.file == file
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.ears.iter().any(|ear| ear == name)
    }
}

/// Puts both ears at the channel. Those that another life of the centre has put there are
/// taken over: the file begins where they began.
pub(super) async fn begin(
    ari: &Ari,
    app: &str,
    leg: &LegId,
    channel: &str,
    file: PathBuf,
) -> Result<Recording, AriFault> {
    let mut ears = [String::new(), String::new()];
    let mut begun = [false; 2];
    for ((ear, begun), (side, spy)) in ears.iter_mut().zip(&mut begun).zip(EARS) {
        *ear = format!("{}{side}", channel_of(leg));
        let body = json!({ "spy": spy, "whisper": "none", "app": app });
        if let Err(fault) = ari.post(&["channels", channel, "snoop", ear], body).await {
            let there = ari.get::<Value>(&["channels", ear]).await;
            there.map_err(|_| fault)?;
            *begun = true;
        }
    }
    Ok(Recording { file, ears, begun, paused: false })
}

/// Whether this channel is an ear, which records as soon as it is there.
pub(super) fn is_ear(channel: &str) -> bool {
    EARS.iter().any(|(side, _)| channel.ends_with(side))
}

/// `recording`: the one that the ear is of.
pub(super) async fn record(
    ari: &Ari,
    ear: &str,
    recording: Option<&mut Recording>,
) -> Result<(), AriFault> {
    let body = json!({ "name": ear, "format": FORMAT, "ifExists": "overwrite" });
    ari.post(&["channels", ear, "record"], body).await?;
    let Some(recording) = recording else { return Ok(()) };
    for (own, begun) in recording.ears.iter().zip(&mut recording.begun) {
        *begun |= own == ear;
    }
    if recording.paused { mute(ari, ear, true).await } else { Ok(()) }
}

/// Silence is recorded while it is paused: both files stay as long as the talk.
pub(super) async fn pause(ari: &Ari, recording: &mut Recording, on: bool) -> Result<(), AriFault> {
    // An ear that does not record yet does as it is said when it begins.
    for (ear, _) in recording.ears.iter().zip(recording.begun).filter(|(_, begun)| *begun) {
        mute(ari, ear, on).await?;
    }
    recording.paused = on;
    Ok(())
}

async fn mute(ari: &Ari, ear: &str, on: bool) -> Result<(), AriFault> {
    let path = ["recordings", "live", ear, "mute"];
    if on { ari.post(&path, json!({})).await } else { ari.delete(&path).await }
}

/// Ends it and brings it here, beside everything else: no call waits for a disk.
pub(super) fn finish(ari: &Ari, recording: Option<Recording>) {
    let Some(recording) = recording else { return };
    let ari = ari.clone();
    tokio::spawn(async move {
        if let Err(cause) = fetch(&ari, &recording).await {
            tracing::error!(
                file = %recording.file.display(), cause,
                "a recording was not brought from Asterisk; what there is of it stays in its \
                 recording folder"
            );
        }
    });
}

async fn fetch(ari: &Ari, recording: &Recording) -> Result<(), String> {
    let mut parts = Vec::new();
    for (ear, (side, _)) in recording.ears.iter().zip(EARS) {
        ari.delete(&["channels", ear]).await.map_err(|e| e.to_string())?;
        written(ari, ear).await?;
        let mut part = recording.file.clone().into_os_string();
        part.push(side);
        let part = PathBuf::from(part);
        let path = ["recordings", "stored", ear, "file"];
        bring(ari, &path, &part).await?;
        parts.push(part);
    }
    let (file, from) = (recording.file.clone(), parts.clone());
    let joined = tokio::task::spawn_blocking(move || join(&from[0], &from[1], &file)).await;
    joined.map_err(|e| e.to_string())?.map_err(|e| e.to_string())?;
    for (ear, part) in recording.ears.iter().zip(parts) {
        ari.delete(&["recordings", "stored", ear]).await.map_err(|e| e.to_string())?;
        // What stays of it is no more than a file too many.
        let _ = tokio::fs::remove_file(part).await;
    }
    Ok(())
}

/// Waits until Asterisk does not write any more.
async fn written(ari: &Ari, ear: &str) -> Result<(), String> {
    for _ in 0..MOST_WAITS {
        match ari.get::<Value>(&["recordings", "live", ear]).await {
            Err(fault) if fault.is_gone() => return Ok(()),
            Err(fault) => return Err(fault.to_string()),
            Ok(_) => tokio::time::sleep(CLOSING).await,
        }
    }
    Err("Asterisk does not end the recording".into())
}

async fn bring(ari: &Ari, path: &[&str], to: &Path) -> Result<(), String> {
    let mut file = tokio::fs::File::create(to).await.map_err(|e| e.to_string())?;
    ari.file(path, LONGEST, &mut file).await.map_err(|e| e.to_string())
}

/// Left what was said, right what was heard. One that is shorter ends in silence.
fn join(said: &Path, heard: &Path, file: &Path) -> io::Result<()> {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let other = |e: hound::Error| io::Error::other(e.to_string());
    let mut left = BufReader::new(File::open(said)?);
    let mut right = BufReader::new(File::open(heard)?);
    let mut wav = hound::WavWriter::create(file, spec).map_err(other)?;
    loop {
        let (l, r) = (sample(&mut left)?, sample(&mut right)?);
        if l.is_none() && r.is_none() {
            return wav.finalize().map_err(other);
        }
        wav.write_sample(l.unwrap_or_default()).map_err(other)?;
        wav.write_sample(r.unwrap_or_default()).map_err(other)?;
    }
}

/// Little-endian, whatever the machine.
fn sample(from: &mut impl Read) -> io::Result<Option<i16>> {
    let mut bytes = [0; 2];
    match from.read_exact(&mut bytes) {
        Ok(()) => Ok(Some(i16::from_le_bytes(bytes))),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sides_become_one_file_as_long_as_the_longer() {
        let dir = tempfile::tempdir().unwrap();
        let [said, heard, file] = ["said", "heard", "x.wav"].map(|name| dir.path().join(name));
        std::fs::write(&said, [1, 0, 2, 0, 3]).unwrap();
        std::fs::write(&heard, [0, 128]).unwrap();
        join(&said, &heard, &file).unwrap();
        let mut wav = hound::WavReader::open(&file).unwrap();
        assert_eq!((wav.spec().channels, wav.spec().sample_rate), (2, 16_000));
        let samples: Vec<i16> = wav.samples().map(Result::unwrap).collect();
        assert_eq!(samples, [1, -32_768, 2, 0]);
    }
}
