//! Adaptive jitter buffer: puts packets in order, decides how long to wait for late
//! ones, and turns them into a gapless signal at the sound card's pace.
//!
//! The delay is reckoned in time, not in packets: of every packet it is known how much
//! later it came than the fastest of the last seconds, and a block is played when what
//! that distribution asks for has passed since its fastest possible arrival. Where both
//! differ, `stretch` takes a period of the voice out or plays one again. The same
//! follows a sender whose clock runs fast or slow.
//!
//! What is missing when its time comes is played from a copy that came in a later packet, or
//! rebuilt from redundancy inside a later one, or guessed by the decoder. With nothing at all to play, the buffer holds: it guesses
//! without moving on, so that packets that were only late are still heard.

mod config;
mod delay;
mod fade;
mod numbering;
mod pace;
mod peaks;
mod pull;
mod reel;
mod rescue;
mod stretch;
mod wait;
mod window;

use crate::codec::{Decoder, SetupError, SpeechDecoder};
use crate::{BLOCK, Micros, Received};
pub use config::{JitterConfig, JitterStats, Playout, PlayoutKind};
use delay::Delay;
use fade::Fade;
use numbering::{Numbering, Place};
use pace::Pace;
use reel::Reel;
use stretch::{COMPARED, LONGEST_LAG, SHORTEST, Way};
use wait::Wait;
use window::{Put, Stored, Window};

#[derive(Debug)]
pub struct JitterBuffer {
    decoder: Box<dyn SpeechDecoder>,
    /// Of the packets that wait, until the first of them is played.
    next_decoder: Option<Box<dyn SpeechDecoder>>,
    numbering: Numbering,
    window: Window,
    delay: Delay,
    pace: Pace,
    reel: Reel,
    fade: Fade,
    /// Timestamp behind the last sample on the reel.
    decoded: i64,
    /// Samples guessed while holding: they stand for none of the sender's yet.
    held: i64,
    start: Start,
    /// The old signal's continuation, to be faded into what is decoded next.
    splice: Option<[f32; SPLICE]>,
    /// Samples that may be stretched now without being heard.
    allowance: f32,
    wait: Wait,
    /// How far the deep redundancy of the packet with this number reaches, from and to.
    depth: Option<(i64, usize, usize)>,
    /// The decoder expects loss, and after a guess does so until so many samples are played.
    braced: bool,
    braced_until: u64,
    /// Packets were late, and until so many samples are played others are no rarity.
    rare_until: u64,
    /// Samples since the last voice.
    silent: usize,
    last_kind: PlayoutKind,
    max_delay: i64,
    stats: JitterStats,
}

/// Whether the place of the next packet in time can be chosen freely.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// Nothing has been played.
    First,
    /// Another stream has begun, or the last was silent for long.
    Again { reset: bool },
    /// Playing.
    Done,
}

/// Bytes; RTP over any path is shorter.
const MAX_PAYLOAD: usize = 1500;
/// The shortest that Opus can fill: 2.5 ms.
const UNIT: usize = 120;
/// Samples: 5 ms.
const SPLICE: usize = 240;
/// Samples decoded in advance for the search of a lag to remove.
const LOOK_AHEAD: usize = COMPARED + LONGEST_LAG;
/// µs over the greatest delay at which packets are dropped rather than played fast.
const HOPELESS: i64 = 100_000;
/// Samples that are worth a cut: 5 ms.
const WORTH: usize = 240;
/// Share of the time that may be taken out or put in: usually, when much is wrong, and
/// in pauses.
const USUAL_RATE: f32 = 0.12;
const URGENT_RATE: f32 = 0.35;
/// µs that count as much.
const URGENT: i64 = 60_000;
/// µs too much that wait for a pause, and too few: a voice should not be stretched for what
/// only the rarest packets need.
const LITTLE: i64 = 15_000;
const RARE: i64 = 30_000;
/// µs too few that are nothing: clocks and callbacks wander by that much, and the delay should
/// not go to and fro with them.
const WANDER: i64 = 6_000;
/// Samples: 10 s.
const BRACED: u64 = 480_000;
/// Samples: 1 s. What is late more often is not rare, but for so many in a row.
const RARELY: u64 = 48_000;
const IN_A_ROW: u64 = 3;
/// Samples that a guess may stand for though the packets came: 30 ms. More would be missed.
const STANDS: usize = 1440;
/// Samples of silence from which a sentence is over: 200 ms.
const BETWEEN: usize = 9_600;
/// Samples from the start: 5 s.
const FINDING: u64 = 240_000;
/// −50 dBFS.
const QUIET: f32 = 3e-3;

impl JitterBuffer {
    /// For Opus.
    pub fn new(config: JitterConfig) -> Result<Self, SetupError> {
        Ok(Self::with_decoder(config, Box::new(Decoder::new()?)))
    }

    #[must_use]
    pub fn with_decoder(config: JitterConfig, decoder: Box<dyn SpeechDecoder>) -> Self {
        let delay = Delay::new(config);
        Self {
            decoder,
            next_decoder: None,
            numbering: Numbering::default(),
            window: Window::new(),
            max_delay: delay.target(i64::from(u32::MAX)),
            delay,
            pace: Pace::new(),
            reel: Reel::new(),
            fade: Fade::new(),
            decoded: 0,
            held: 0,
            start: Start::First,
            splice: None,
            allowance: LONGEST_LAG as f32,
            wait: Wait::new(),
            depth: None,
            braced: false,
            braced_until: 0,
            rare_until: 0,
            silent: 0,
            last_kind: PlayoutKind::Idle,
            stats: JitterStats::default(),
        }
    }

    pub fn receive(&mut self, received: Received) {
        self.stats.received += 1;
        let arrived = clock(received.arrived);
        let mut packet = received.packet;
        let Some(duration) = self.duration(&packet.payload) else { return };
        let (sequence, timestamp) = match self.numbering.place(&packet, arrived) {
            Place::Known { sequence, timestamp } => (sequence, timestamp),
            Place::Start { sequence, timestamp } => {
                self.begin();
                (sequence, timestamp)
            }
            Place::Unproven => {
                self.stats.discarded += 1;
                return;
            }
        };
        // A small packet must not hold a large buffer.
        if packet.payload.capacity() > 2 * MAX_PAYLOAD {
            packet.payload.shrink_to_fit();
        }
        let fec = self.coming().has_redundancy(&packet.payload);
        let lasts = micros(duration as i64);
        self.wait.came(arrived, sequence, lasts, fec);
        self.brace(self.wait.lossy() || self.stats.played < self.braced_until);
        let stored = Stored { sequence, timestamp, duration, payload: packet.payload, copy: false };
        match self.window.put(stored) {
            Put::Kept => self.delay.arrive(arrived, micros(timestamp), lasts),
            Put::Late => {
                self.stats.late += 1;
                self.delay.arrive(arrived, micros(timestamp), lasts);
            }
            // The copy was faster: nobody had to wait for this.
            Put::Replaced => {}
            Put::Duplicate => self.stats.duplicate += 1,
        }
    }

    /// A packet of the same stream that holds no voice (RFC 4733 events share the
    /// sequence): its number is not missing.
    pub fn pass_over(&mut self, received: &Received) {
        let Some(sequence) = self.numbering.follow(&received.packet) else { return };
        let timestamp = self.decoded;
        let (duration, payload) = (0, Vec::new());
        self.window.put(Stored { sequence, timestamp, duration, payload, copy: false });
    }

    /// The next 10 ms. `now`: when they are asked for.
    pub fn playout(&mut self, now: Micros, out: &mut [f32; BLOCK]) -> Playout {
        let now = self.pace.tick(clock(now));
        let mut kind = if self.reel.ahead() > 0 { self.last_kind } else { PlayoutKind::Speech };
        self.catch_up(now);
        // Each pull adds at least 2.5 ms.
        while self.reel.ahead() < BLOCK {
            kind = kind.max(self.pull(now));
        }
        if self.start == Start::Done {
            kind = kind.max(self.adapt(now));
        }
        self.stats.played += BLOCK as u64;
        self.stats.target_ms = self.target() as f32 / 1000.0;
        self.stats.delay_ms = match self.start {
            // While holding it is not known yet whether packets are late or lost.
            Start::Done => {
                let delay = self.current(now) - micros(self.held);
                delay.clamp(0, self.max_delay + HOPELESS) as f32 / 1000.0
            }
            Start::First | Start::Again { .. } => 0.0,
        };
        self.reel.play(out);
        let rms = (out.iter().map(|s| s * s).sum::<f32>() / BLOCK as f32).sqrt();
        self.silent = if rms < self.quiet() { self.silent + BLOCK } else { 0 };
        Playout { kind }
    }

    /// Another stream begins: what was received is forgotten, counts are kept.
    pub fn restart(&mut self) {
        self.numbering.restart();
        self.begin();
    }

    /// The packets from now on are of another codec, and of another stream. What is heard goes
    /// over into them without a gap.
    pub fn change(&mut self, decoder: Box<dyn SpeechDecoder>) {
        self.restart();
        self.depth = None;
        if self.start == Start::First {
            self.decoder = decoder;
        } else {
            self.next_decoder = Some(decoder);
        }
    }

    #[must_use]
    pub fn stats(&self) -> JitterStats {
        self.stats
    }

    /// A new numbering starts.
    fn begin(&mut self) {
        self.window.clear();
        self.delay.restart();
        self.wait.restart();
        if self.start != Start::First {
            self.stats.resynchronised += 1;
            self.start = Start::Again { reset: true };
        }
    }

    /// Samples in a payload that can be used.
    fn duration(&mut self, payload: &[u8]) -> Option<usize> {
        let duration = self.coming().duration(payload).ok();
        let usable = duration.filter(|_| payload.len() <= MAX_PAYLOAD);
        self.stats.discarded += u64::from(usable.is_none());
        usable
    }

    /// Of the packets that come.
    fn coming(&self) -> &dyn SpeechDecoder {
        self.next_decoder.as_deref().unwrap_or(&*self.decoder)
    }

    fn target(&self) -> i64 {
        self.delay.target(self.wait.micros())
    }

    /// With less than this the delay is raised in the middle of a voice. What few packets ask for
    /// can wait for a pause.
    fn least(&self) -> i64 {
        self.delay.least(self.wait.urgent())
    }

    /// µs between the fastest possible arrival of the next sample and `now`.
    fn current(&self, now: i64) -> i64 {
        self.delay_of(self.decoded - self.reel.ahead() as i64, now)
    }

    /// The same for a sample with this timestamp.
    fn delay_of(&self, timestamp: i64, now: i64) -> i64 {
        let base = self.delay.base().unwrap_or(now);
        now.saturating_sub(base).saturating_sub(micros(timestamp))
    }

    /// Brings the delay towards its target. The kind of what had to be decoded for it.
    ///
    /// A packet must be here when the block that holds its first sample is asked for, so
    /// what counts against the target is the delay less the samples that stand before it
    /// in that block. It changes by whole blocks only; samples that change no block are
    /// delay for nothing, and taken out.
    fn adapt(&mut self, now: i64) -> PlayoutKind {
        let mut kind = PlayoutKind::Speech;
        let before = self.reel.ahead() % BLOCK;
        let delay = self.current(now) - micros(before as i64);
        let excess = delay - self.target();
        let rate = if excess.abs() > URGENT { URGENT_RATE } else { USUAL_RATE };
        self.allowance = (self.allowance + rate * BLOCK as f32).min(LONGEST_LAG as f32);
        if excess < 0 {
            // The rhythm of a sentence is given up only when what is nothing unusual would be late.
            let needed = delay < self.least();
            if needed || excess < -WANDER {
                self.expand(excess, BLOCK - before, needed);
            }
            return kind;
        }
        let removable = before + samples(excess) / BLOCK * BLOCK;
        if removable >= WORTH {
            while self.reel.ahead() < LOOK_AHEAD && self.next_is_here() {
                kind = kind.max(self.pull(now));
            }
            self.accelerate(removable, excess);
        }
        kind
    }

    fn accelerate(&mut self, removable: usize, excess: i64) {
        let longest = removable.min(self.reel.ahead() - BLOCK);
        let (view, at) = self.reel.view();
        let Some(lag) = stretch::best_lag(view, at, Way::Forward, longest) else { return };
        // A little too much is taken out between two sentences, and then to the sample.
        let samples = if self.pausing(lag, excess < LITTLE) {
            longest.min(LONGEST_LAG)
        } else if excess >= LITTLE && self.inaudible(lag, alike(excess)) {
            lag.samples
        } else {
            return;
        };
        let overlap = samples.clamp(SHORTEST, SPLICE).min(self.reel.ahead() - samples);
        self.reel.remove(samples, overlap);
        self.stats.removed += samples as u64;
    }

    /// `enough`: samples that make it a block more.
    fn expand(&mut self, excess: i64, enough: usize, needed: bool) {
        let (view, at) = self.reel.view();
        let Some(lag) = stretch::best_lag(view, at, Way::Back, LONGEST_LAG) else { return };
        let samples = if self.pausing(lag, !needed && -excess < RARE) {
            enough.max(SHORTEST)
        } else if (needed || -excess >= RARE) && self.inaudible(lag, alike(excess)) {
            lag.samples
        } else {
            return;
        };
        self.reel.insert(samples, samples.min(SPLICE));
        self.stats.inserted += samples as u64;
    }

    /// `patient`: a pause between words is not enough, as a sentence should keep its rhythm. At
    /// the start of a call it is: the sooner the delay is found, the fewer sentences it moves in.
    fn pausing(&self, lag: stretch::Lag, patient: bool) -> bool {
        let over = self.silent >= BETWEEN || self.stats.played < FINDING;
        lag.loudness < self.quiet() && (!patient || over)
    }

    fn quiet(&self) -> f32 {
        QUIET.max(self.fade.quiet())
    }

    /// Pays for a cut in a voice that will not be heard.
    fn inaudible(&mut self, lag: stretch::Lag, alike: f32) -> bool {
        let granted = lag.likeness > alike && self.allowance >= lag.samples as f32;
        if granted {
            self.allowance -= lag.samples as f32;
        }
        granted
    }
}

/// Likeness from which a cut counts as inaudible. Music and noise have no such place: the
/// more the delay is off (µs), the less is asked for, so that it stays bounded.
fn alike(excess: i64) -> f32 {
    let beyond = (excess.abs() - URGENT / 2).max(0) as f32 / 1000.0;
    (0.9 - 0.008 * beyond).max(0.1)
}

/// 48 kHz samples to µs.
fn micros(samples: i64) -> i64 {
    samples.saturating_mul(125) / 6
}

/// µs to 48 kHz samples; negative counts as none.
fn samples(micros: i64) -> usize {
    usize::try_from(micros.clamp(0, 10_000_000) * 6 / 125).unwrap_or(0)
}

/// Far more than a century; differences of such times cannot overflow.
fn clock(time: Micros) -> i64 {
    i64::try_from(time.0).unwrap_or(i64::MAX).min(i64::MAX / 8)
}
