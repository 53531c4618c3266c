use crate::{Config, Desk, Effect, Input, Snapshot};
use omnibar_model::Moment;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// Longest line that is read, in bytes. The longest honest one is a snapshot of the
/// centre, whose frames have at most 256 KiB.
const LINE_MAX: usize = 1024 * 1024;

const VERSION: u32 = 1;

/// The first line of a transcript, for a desk that starts with this configuration.
///
/// A transcript is text: this line, then one line of JSON for each input with its
/// moment, the effects that followed and a digest of the snapshot. It holds the
/// numbers of customers and what was noted about them: keep it as you would keep a
/// recording.
#[must_use]
pub fn transcript_start(config: Config) -> String {
    to_line(&Start { transcript: VERSION, config })
}

/// Lets the desk handle the input; returns what is to be done, and the line.
pub fn record(desk: &mut Desk, now: Moment, input: Input) -> (Vec<Effect>, String) {
    desk.handle(now, input.clone());
    let effects: Vec<Effect> = std::iter::from_fn(|| desk.poll_effect()).collect();
    let line = Recorded { at: now, input, effects: &effects, snapshot: digest(&desk.snapshot()) };
    let line = to_line(&line);
    (effects, line)
}

/// Plays a transcript to a new desk, which must do the same at every line, byte for
/// byte. Returns the desk as it stands at the end.
pub fn replay(transcript: &str) -> Result<Desk, BadTranscript> {
    let mut lines = transcript.lines().zip(1..);
    let (first, number) = lines.next().ok_or(BadTranscript::Empty)?;
    let start: Start = read(first, number)?;
    if start.transcript != VERSION {
        return Err(BadTranscript::Version { found: start.transcript });
    }
    let mut desk = Desk::new(start.config);
    for (text, line) in lines {
        let step: Step = read(text, line)?;
        let (_, now) = record(&mut desk, step.at, step.input);
        if now != text {
            return Err(BadTranscript::Differs { line, now });
        }
    }
    Ok(desk)
}

/// Why a transcript was not replayed, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTranscript {
    #[error("the transcript is empty")]
    Empty,
    #[error("the transcript is of version {found}; this desk reads version {VERSION}")]
    Version { found: u32 },
    #[error("line {line} is longer than {LINE_MAX} bytes")]
    TooLong { line: u64 },
    #[error("line {line} is not a line of a transcript: {reason}")]
    Unreadable { line: u64, reason: String },
    /// The desk does something else now: a mended mistake, or a new one.
    #[error("at line {line} the desk does something else now: {now}")]
    Differs { line: u64, now: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    transcript: u32,
    config: Config,
}

#[derive(Serialize)]
struct Recorded<'a> {
    at: Moment,
    input: Input,
    effects: &'a [Effect],
    snapshot: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    at: Moment,
    input: Input,
    #[serde(rename = "effects")]
    _effects: Vec<IgnoredAny>,
    #[serde(rename = "snapshot")]
    _snapshot: String,
}

fn read<'a, T: Deserialize<'a>>(text: &'a str, line: u64) -> Result<T, BadTranscript> {
    if text.len() > LINE_MAX {
        return Err(BadTranscript::TooLong { line });
    }
    serde_json::from_str(text)
        .map_err(|e| BadTranscript::Unreadable { line, reason: e.to_string() })
}

/// Values of the desk always have a JSON form: no map has keys other than text.
fn to_line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("values of the desk have a JSON form")
}

/// FNV-1a of the snapshot's JSON: 64 bits, to find a difference, not to prove
/// anything to an adversary.
fn digest(snapshot: &Snapshot) -> String {
    let hash = to_line(snapshot).bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}
