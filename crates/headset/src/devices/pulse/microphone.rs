//! A microphone's sound, read when the next block is due.

use super::pipe::Message;
use super::{Connection, OnError, PulseStream, SAMPLE, flags, mono, spec};
use crate::devices::stream::OpenError;
use crate::devices::wire::{Wire, WireError};
use pulseaudio::protocol::{
    Command, CreateRecordStreamReply, PulseError, RecordStreamParams, stream::BufferAttr,
};
use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// A microphone's sound is handed over in pieces of this length, ms: one block. The
/// server gives the device half of it as its period.
const PIECE_MS: u32 = 10;
/// A microphone's sound that may wait in the server while this thread does not run, pieces.
const MOST_WAITING: u32 = 8;
/// A block that was there when it was looked for came before that. Taken as so much before, blocks
/// are looked for earlier and earlier, until one is not there yet. With much less, the way back
/// is slower than a clock that runs fast.
const EARLIER: Duration = Duration::from_millis(2);

/// A microphone's sound, as the server has it.
#[derive(Debug)]
pub(crate) struct PulseMicrophone {
    connection: Connection,
    sound: VecDeque<f32>,
    /// Frames that have come in all.
    total: u64,
    newest: Option<Instant>,
    /// When the newest whole block was complete.
    complete: Instant,
    /// A block was not there when it was looked for: the next sound is waited for at the socket.
    awaited: bool,
}

pub(in crate::devices) fn open_microphone(
    id: &str,
    on_error: OnError,
) -> Result<(PulseStream, PulseMicrophone), OpenError> {
    let mut wire = Wire::connect()?;
    let (index, rate) = wire.source(id)?.ok_or(OpenError::Gone)?;
    let piece = rate * PIECE_MS / 1000 * SAMPLE as u32;
    let reply: CreateRecordStreamReply =
        wire.ask(&Command::CreateRecordStream(RecordStreamParams {
            sample_spec: spec(rate),
            channel_map: mono(),
            source_index: Some(index),
            buffer_attr: BufferAttr {
                max_length: piece * MOST_WAITING,
                fragment_size: piece,
                ..BufferAttr::default()
            },
            flags: flags(),
            ..RecordStreamParams::default()
        }))?;
    let (stream, connection) = Connection::new(wire, reply.channel, rate, on_error)?;
    Ok((stream, PulseMicrophone::new(connection)))
}

impl PulseMicrophone {
    fn new(connection: Connection) -> Self {
        let (complete, newest, awaited) = (connection.opened, None, true);
        let sound = VecDeque::with_capacity(connection.most());
        Self { connection, sound, total: 0, newest, complete, awaited }
    }

    pub(crate) fn rate(&self) -> u32 {
        self.connection.rate
    }

    pub(crate) fn opened(&self) -> Instant {
        self.connection.opened
    }

    /// When sound came last.
    pub(crate) fn newest(&self) -> Option<Instant> {
        self.newest
    }

    /// Looks for sound, once the next block is `due`. How many blocks of 10 ms have come, and when
    /// the newest of them was complete.
    pub(crate) fn come(&mut self, now: Instant, due: Option<Instant>) -> (u64, Instant) {
        let blocks = |total: u64, rate: u32| total / u64::from(rate / 100).max(1);
        let before = blocks(self.total, self.rate());
        if due.is_none_or(|due| due <= now) {
            self.fetch(now);
            let came = blocks(self.total, self.rate()) > before;
            if came {
                let there = due.filter(|_| !self.awaited);
                self.complete = there.and_then(|due| due.checked_sub(EARLIER)).unwrap_or(now);
            }
            self.awaited = !came;
        }
        (blocks(self.total, self.rate()), self.complete)
    }

    /// Reads what has come.
    pub(in crate::devices) fn fetch(&mut self, now: Instant) {
        if self.connection.on_error.is_some()
            && let Err(error) = self.read(now)
        {
            self.connection.fail(&error);
        }
    }

    fn read(&mut self, now: Instant) -> Result<(), WireError> {
        let most = self.connection.most();
        let Connection { pipe, channel, .. } = &mut self.connection;
        pipe.fetch()?;
        while let Some(message) = pipe.next()? {
            match message {
                Message::Sound(of, bytes) if of == *channel => {
                    let (samples, _) = bytes.as_chunks::<SAMPLE>();
                    let room = most.saturating_sub(self.sound.len()).min(samples.len());
                    let sound = samples[..room].iter().map(|sample| f32::from_le_bytes(*sample));
                    self.sound.extend(sound);
                    self.total += room as u64;
                    self.newest = Some(now);
                }
                Message::Command(Command::RecordStreamKilled(_)) => {
                    return Err(PulseError::Killed.into());
                }
                Message::Sound(..) | Message::Command(_) | Message::Unknown => {}
            }
        }
        Ok(())
    }

    /// The next samples, if there are so many.
    pub(crate) fn pop(&mut self, chunk: &mut [f32]) -> bool {
        let there = self.sound.len() >= chunk.len();
        if there {
            let count = chunk.len();
            chunk.iter_mut().zip(self.sound.drain(..count)).for_each(|(to, from)| *to = from);
        }
        there
    }

    /// What to wait for when sound is late.
    pub(crate) fn socket(&self) -> Option<BorrowedFd<'_>> {
        self.connection.socket()
    }
}

#[cfg(test)]
mod tests {
    use super::super::rig::{CHANNEL, connection};
    use super::*;
    use crate::counters::Counters;
    use crate::devices::MicrophoneEnd;
    use crate::flow::Intake;
    use omnibar_media::BLOCK;
    use pulseaudio::protocol::{DESCRIPTOR_SIZE, Descriptor, DescriptorFlags, write_descriptor};
    use std::io::Write;

    fn sound(frames: usize) -> Vec<u8> {
        let length = (frames * SAMPLE) as u32;
        let flags = DescriptorFlags::empty();
        let head = Descriptor { length, channel: CHANNEL, offset: 0, flags };
        let mut message = vec![];
        write_descriptor(&mut message, &head).unwrap();
        message.resize(DESCRIPTOR_SIZE + frames * SAMPLE, 0);
        message
    }

    /// How long each block waited after it had come, µs, by a clock that is so much faster, and
    /// how often the thread woke for it. A tick is 50 µs.
    fn waits(ppm: f64, blocks: u64, late: impl Fn(u64) -> u64) -> (Vec<i64>, u64) {
        let (connection, mut server, _) = connection();
        let begin = connection.opened;
        let mut intake =
            Intake::or_none(MicrophoneEnd::Pulse(PulseMicrophone::new(connection))).unwrap();
        let comes = |n: u64| (n as f64 * 10_000.0 / (1.0 + ppm * 1e-6)) as u64 + late(n);
        let (counters, mut block) = (Counters::default(), [0.0; BLOCK]);
        let (mut came, mut woken, mut all) = (0, 0, vec![]);
        let mut next = begin;
        for tick in 0..blocks * 200 {
            let now = begin + Duration::from_micros(tick * 50);
            let fresh = comes(came + 1) <= tick * 50;
            if fresh {
                came += 1;
                server.write_all(&sound(480)).unwrap();
            }
            let heard = fresh && intake.socket(now).is_some();
            if !heard && next > now {
                continue;
            }
            woken += 1;
            intake.attend(now);
            while intake.take(now, &mut block, &counters) {
                all.push(tick as i64 * 50 - comes(all.len() as u64 + 1) as i64);
            }
            next = intake.next(now);
        }
        (all, woken)
    }

    #[test]
    fn blocks_are_looked_for_when_they_come_and_not_more_often() {
        for ppm in [0.0, 300.0, -300.0] {
            let (waits, woken) = waits(ppm, 6_000, |n| n * 37 % 7 * 50);
            assert!(waits.len() >= 5_990, "{ppm}: {}", waits.len());
            let settled = &waits[1_000..];
            assert!(settled.iter().all(|wait| (0..1_500).contains(wait)), "{ppm}: {settled:?}");
            assert!(woken < 6_000 * 13 / 10, "{ppm}: {woken}");
        }
    }

    #[test]
    fn a_stall_is_not_waited_for_ever_after() {
        let (waits, _) = waits(0.0, 3_000, |n| if n % 500 == 499 { 9_000 } else { 0 });
        let long = waits[1_000..].iter().filter(|wait| **wait > 1_500).count();
        assert!(long < 40, "{long}");
    }
}
