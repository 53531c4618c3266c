//! Sound between the media thread's blocks and a device, and when to attend to it.
//!
//! A speaker behind callbacks is filled ahead of them (`ahead.rs`); one of a server that this
//! thread serves itself is filled when the server asks. A microphone's blocks are taken at even
//! times (`rhythm.rs`).

mod ahead;

use crate::convert::{Converter, chunk};
use crate::counters::Counters;
use crate::devices::{MicrophoneEnd, SpeakerEnd};
#[cfg(target_os = "linux")]
use crate::devices::{PulseSpeaker, Underruns};
use crate::rhythm::Rhythm;
use crate::waiting::Socket;
use ahead::Ahead;
use omnibar_media::{BLOCK, SAMPLE_RATE};
use rubato::ResamplerConstructionError;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A device that has not been heard of for this long has stopped.
const STOPPED_AFTER: Duration = Duration::from_millis(150);
/// Underruns of a stream that was opened just now say nothing.
const BEGINNING: Duration = Duration::from_millis(500);
/// A microphone's backlog is cut to the second when it is beyond the first, samples.
const MOST_BACKLOG: usize = 6 * BLOCK;
const CUT_BACKLOG: usize = 2 * BLOCK;
/// What comes of looking again when a callback is late.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Sound to a speaker or ringer.
pub(crate) struct Outlet {
    speaker: Speaker,
    converter: Option<Converter>,
}

enum Speaker {
    Ahead(Ahead),
    #[cfg(target_os = "linux")]
    Asked(PulseSpeaker, Underruns),
}

impl Outlet {
    fn new(end: SpeakerEnd) -> Result<Self, ResamplerConstructionError> {
        let speaker = match end {
            SpeakerEnd::Ring(end) => Speaker::Ahead(Ahead::new(end)),
            #[cfg(target_os = "linux")]
            SpeakerEnd::Pulse(speaker) => {
                let seen = speaker.underruns();
                Speaker::Asked(speaker, seen)
            }
        };
        let converter = Converter::new(SAMPLE_RATE, speaker.rate())?;
        Ok(Self { speaker, converter })
    }

    pub(crate) fn or_none(end: SpeakerEnd) -> Option<Self> {
        Self::new(end).inspect_err(say_unusable).ok()
    }

    /// Hears of the device what there is to hear.
    pub(crate) fn attend(&mut self, now: Instant, counters: &Counters) {
        match &mut self.speaker {
            Speaker::Ahead(ahead) => ahead.attend(now, counters),
            #[cfg(target_os = "linux")]
            Speaker::Asked(speaker, seen) => {
                speaker.attend(now);
                let all = speaker.underruns();
                // A stream begins before there is anything to play.
                if now.saturating_duration_since(speaker.opened()) > BEGINNING {
                    counters.underruns.add(all.late - seen.late);
                    counters.starved.add(all.starved - seen.starved);
                }
                *seen = all;
            }
        }
    }

    /// The device asks for sound. When it does not, somebody else must keep time.
    pub(crate) fn runs(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.speaker.newest()) < STOPPED_AFTER
    }

    /// Whether a block must be pushed now.
    pub(crate) fn hungry(&self, now: Instant) -> bool {
        match &self.speaker {
            Speaker::Ahead(ahead) => ahead.wants(now),
            #[cfg(target_os = "linux")]
            Speaker::Asked(speaker, _) => speaker.wants(),
        }
    }

    /// 10 ms at 48 kHz.
    pub(crate) fn push(&mut self, block: &[f32; BLOCK], counters: &Counters) {
        let sound = match &mut self.converter {
            None => block.as_slice(),
            Some(converter) => converter.convert(block),
        };
        let waits = match &mut self.speaker {
            Speaker::Ahead(ahead) => {
                ahead.give(sound);
                ahead.level()
            }
            #[cfg(target_os = "linux")]
            Speaker::Asked(speaker, _) => {
                speaker.give(sound);
                speaker.ahead()
            }
        };
        counters.speaker_waited.add(at_48_khz(waits, self.speaker.rate()));
    }

    /// When to look again, if no socket says so before.
    pub(crate) fn next(&self, now: Instant) -> Instant {
        match &self.speaker {
            Speaker::Ahead(ahead) => ahead.next(now),
            #[cfg(target_os = "linux")]
            Speaker::Asked(..) => self.speaker.newest() + STOPPED_AFTER,
        }
    }

    /// Readable when the device asks for sound.
    pub(crate) fn socket(&self) -> Option<Socket<'_>> {
        match &self.speaker {
            Speaker::Ahead(_) => None,
            #[cfg(target_os = "linux")]
            Speaker::Asked(speaker, _) => speaker.socket(),
        }
    }
}

impl Speaker {
    /// Of the device, in Hz.
    fn rate(&self) -> u32 {
        match self {
            Self::Ahead(ahead) => ahead.rate(),
            #[cfg(target_os = "linux")]
            Self::Asked(speaker, _) => speaker.rate(),
        }
    }

    /// When it was heard of last, or opened.
    fn newest(&self) -> Instant {
        match self {
            Self::Ahead(ahead) => ahead.newest(),
            #[cfg(target_os = "linux")]
            Self::Asked(speaker, _) => speaker.newest().unwrap_or(speaker.opened()),
        }
    }
}

/// Sound of a microphone.
pub(crate) struct Intake {
    end: MicrophoneEnd,
    rhythm: Rhythm,
    converter: Option<Converter>,
    chunk: Vec<f32>,
    /// At 48 kHz.
    ready: VecDeque<f32>,
}

impl Intake {
    pub(crate) fn or_none(end: MicrophoneEnd) -> Option<Self> {
        Self::new(end).inspect_err(say_unusable).ok()
    }

    fn new(end: MicrophoneEnd) -> Result<Self, ResamplerConstructionError> {
        let rate = end.rate();
        let converter = Converter::new(rate, SAMPLE_RATE)?;
        let chunk = vec![0.0; chunk(rate)];
        let room = end.capacity() * SAMPLE_RATE as usize / rate.max(1) as usize;
        let ready = VecDeque::with_capacity(room + 2 * BLOCK);
        Ok(Self { rhythm: Rhythm::new(), end, converter, chunk, ready })
    }

    /// Hears of the device what there is to hear.
    pub(crate) fn attend(&mut self, now: Instant) {
        let (blocks, complete) = self.end.come(now, self.rhythm.due());
        self.rhythm.observe(blocks, complete);
    }

    /// The device gives sound. When it does not, somebody else must keep time.
    pub(crate) fn runs(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.end.newest()) < STOPPED_AFTER
    }

    /// The next 10 ms, if they are there and it is their time.
    pub(crate) fn take(
        &mut self,
        now: Instant,
        block: &mut [f32; BLOCK],
        counters: &Counters,
    ) -> bool {
        while self.end.pop(&mut self.chunk) {
            match &mut self.converter {
                None => self.ready.extend(&self.chunk),
                Some(converter) => self.ready.extend(converter.convert(&self.chunk)),
            }
        }
        if self.ready.len() > MOST_BACKLOG {
            let late = (self.ready.len() - CUT_BACKLOG) / BLOCK;
            self.ready.drain(..late * BLOCK);
            self.rhythm.took(late as u64);
            counters.dropped.add((late * BLOCK) as u64);
        }
        if self.ready.len() < BLOCK || self.rhythm.due().is_some_and(|due| due > now) {
            return false;
        }
        self.rhythm.took(1);
        counters.microphone_waited.add(self.ready.len() as u64);
        block.iter_mut().zip(self.ready.drain(..BLOCK)).for_each(|(to, from)| *to = from);
        true
    }

    /// When there may be more, if no socket says so before.
    pub(crate) fn next(&self, now: Instant) -> Instant {
        match (self.rhythm.due(), &self.end) {
            (Some(due), _) if due > now => due,
            (_, MicrophoneEnd::Ring(_)) => now + LOOK_AGAIN,
            #[cfg(target_os = "linux")]
            (_, MicrophoneEnd::Pulse(_)) => self.end.newest() + STOPPED_AFTER,
        }
    }

    /// What to wait for once the next block's time has come.
    pub(crate) fn socket(&self, now: Instant) -> Option<Socket<'_>> {
        let early = self.rhythm.due().is_some_and(|due| due > now);
        self.end.socket().filter(|_| !early)
    }
}

fn say_unusable(error: &ResamplerConstructionError) {
    tracing::error!(%error, "the device's sample rate cannot be converted");
}

fn at_48_khz(samples: usize, rate: u32) -> u64 {
    samples as u64 * u64::from(SAMPLE_RATE) / u64::from(rate.max(1))
}
