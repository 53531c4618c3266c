//! The way to a speaker, filled when its server asks.

use super::depth::Depth;
use super::pipe::Message;
use super::{Connection, OnError, PulseStream, SAMPLE, flags, mono, spec};
use crate::devices::stream::OpenError;
use crate::devices::wire::{Wire, WireError};
use pulseaudio::protocol::{
    Command, CreatePlaybackStreamReply, DESCRIPTOR_SIZE, Descriptor, DescriptorFlags,
    PlaybackStreamParams, PulseError, SetPlaybackStreamBufferAttrParams, encode_descriptor,
    stream::BufferAttr,
};
use std::os::fd::BorrowedFd;
use std::time::Instant;

/// The way to a speaker: the server says how much it wants, and gets whole blocks.
#[derive(Debug)]
pub(crate) struct PulseSpeaker {
    connection: Connection,
    depth: Depth,
    /// Frames that the server has asked for beyond what it was given; below zero, it has been
    /// given so many more.
    owed: i64,
    /// Frames whose moment has passed, to be left out.
    missed: u64,
    asked: Option<Instant>,
    underruns: Underruns,
    message: Vec<u8>,
}

/// Times that the server ran out of sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Underruns {
    /// It had asked for more in time.
    pub(crate) late: u64,
    /// It had been given all that it had asked for.
    pub(crate) starved: u64,
}

pub(in crate::devices) fn open_speaker(
    id: &str,
    on_error: OnError,
) -> Result<(PulseStream, PulseSpeaker), OpenError> {
    let mut wire = Wire::connect()?;
    let (index, rate) = wire.sink(id)?.ok_or(OpenError::Gone)?;
    let depth = Depth::new(rate, Instant::now());
    let reply: CreatePlaybackStreamReply =
        wire.ask(&Command::CreatePlaybackStream(PlaybackStreamParams {
            sample_spec: spec(rate),
            channel_map: mono(),
            sink_index: Some(index),
            buffer_attr: depth.buffer(),
            flags: flags(),
            ..PlaybackStreamParams::default()
        }))?;
    let (stream, connection) = Connection::new(wire, reply.channel, rate, on_error)?;
    let mut speaker = PulseSpeaker::new(connection, depth);
    // Nobody makes sound before somebody holds the speaker.
    let silence = reply.requested_bytes as usize / SAMPLE;
    speaker.give(&vec![0.0; silence.min(speaker.connection.most())]);
    speaker.owed = 0;
    Ok((stream, speaker))
}

impl PulseSpeaker {
    fn new(connection: Connection, depth: Depth) -> Self {
        let (asked, underruns, message) = (None, Underruns::default(), Vec::new());
        Self { connection, depth, owed: 0, missed: 0, asked, underruns, message }
    }

    pub(crate) fn rate(&self) -> u32 {
        self.connection.rate
    }

    pub(crate) fn opened(&self) -> Instant {
        self.connection.opened
    }

    /// When the server asked last.
    pub(crate) fn newest(&self) -> Option<Instant> {
        self.asked
    }

    /// Hears what the server asks for.
    pub(crate) fn attend(&mut self, now: Instant) {
        if self.connection.on_error.is_some()
            && let Err(error) = self.read(now)
        {
            self.connection.fail(&error);
        }
    }

    fn read(&mut self, now: Instant) -> Result<(), WireError> {
        let most = self.connection.most() as i64;
        let Connection { pipe, channel, .. } = &mut self.connection;
        let mut another = None;
        pipe.fetch()?;
        while let Some(message) = pipe.next()? {
            match message {
                Message::Command(Command::Request(request)) if request.channel == *channel => {
                    self.owed = self.owed.saturating_add(i64::from(request.length) / SAMPLE as i64);
                    self.asked = Some(now);
                    another = self.depth.quiet(now).or(another);
                }
                Message::Command(Command::Underflow(underflow))
                    if underflow.channel == *channel =>
                {
                    another = self.depth.underrun(now).or(another);
                    let Underruns { late, starved } = &mut self.underruns;
                    *if self.owed > 0 { late } else { starved } += 1;
                }
                Message::Command(Command::PlaybackStreamKilled(_)) => {
                    return Err(PulseError::Killed.into());
                }
                Message::Sound(..) | Message::Command(_) | Message::Unknown => {}
            }
        }
        // This computer slept. A server whose socket was full has been seen to ask for seconds less
        // than it played, and a stream that is behind by them is never heard again.
        if self.owed > most {
            return Err(WireError::Behind);
        }
        // More than the server keeps is of a time when it had nothing: what is made now is heard
        // from now on. What is left out counts as given, as silence would.
        let kept = i64::from(self.depth.buffer().target_length) / SAMPLE as i64;
        let past = u64::try_from(self.owed - kept).unwrap_or(0);
        self.missed = self.missed.saturating_add(past);
        self.owed = self.owed.min(kept);
        another.map_or(Ok(()), |buffer| pipe.order(&order(*channel, buffer)))
    }

    /// The server waits for sound.
    pub(crate) fn wants(&self) -> bool {
        self.owed > 0
    }

    /// Frames beyond what the server has asked for.
    pub(crate) fn ahead(&self) -> usize {
        usize::try_from(-self.owed).unwrap_or(0)
    }

    pub(crate) fn underruns(&self) -> Underruns {
        self.underruns
    }

    pub(crate) fn give(&mut self, sound: &[f32]) {
        self.owed -= sound.len() as i64;
        let length = u32::try_from(sound.len() * SAMPLE).unwrap_or(0);
        // Without a flag the offset is one from where the last sound ended.
        let (channel, flags) = (self.connection.channel, DescriptorFlags::empty());
        let offset = std::mem::take(&mut self.missed).saturating_mul(SAMPLE as u64);
        let head = Descriptor { length, channel, offset, flags };
        self.message.resize(DESCRIPTOR_SIZE, 0);
        if let Some(place) = self.message.first_chunk_mut() {
            encode_descriptor(place, &head);
        }
        self.message.extend(sound.iter().flat_map(|sample| sample.to_le_bytes()));
        let sent = self.connection.pipe.send(&self.message);
        self.message.clear();
        if let Err(error) = sent {
            self.connection.fail(&error);
        }
    }

    /// Readable when the server asks.
    pub(crate) fn socket(&self) -> Option<BorrowedFd<'_>> {
        self.connection.socket()
    }
}

fn order(channel: u32, buffer_attr: BufferAttr) -> Command {
    Command::SetPlaybackStreamBufferAttr(SetPlaybackStreamBufferAttrParams {
        index: channel,
        buffer_attr,
        adjust_latency: true,
        early_requests: false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::rig::{CHANNEL, connection};
    use super::*;
    use omnibar_media::BLOCK;
    use pulseaudio::protocol::{
        MAX_VERSION, Request, Underflow, read_descriptor, write_command_message,
    };
    use std::io::Read;
    use std::os::unix::net::UnixStream;
    use std::sync::atomic::Ordering;
    use std::time::Duration;

    fn say(server: &mut UnixStream, command: &Command) {
        write_command_message(server, u32::MAX, command, MAX_VERSION).unwrap();
    }

    #[test]
    fn a_speaker_gets_what_it_asks_for_in_whole_blocks() {
        let (stream, mut server, _) = connection();
        let begin = stream.opened;
        let mut speaker = PulseSpeaker::new(stream, Depth::new(48_000, begin));
        let at = |ms| begin + Duration::from_millis(ms);
        let request = |ms: u32| Command::Request(Request { channel: CHANNEL, length: ms * 192 });
        let mut heard = [0; DESCRIPTOR_SIZE + BLOCK * SAMPLE];
        let mut given = 0;
        for n in 0..100 {
            say(&mut server, &request(5));
            speaker.attend(at(n * 5));
            while speaker.wants() {
                speaker.give(&[0.5; BLOCK]);
                given += BLOCK;
                server.read_exact(&mut heard).unwrap();
                assert_eq!(heard[DESCRIPTOR_SIZE..][..4], 0.5_f32.to_le_bytes());
            }
            assert!(speaker.ahead() < BLOCK, "{}", speaker.ahead());
        }
        assert_eq!(given, 50 * BLOCK);

        // It had all that it had asked for; then it had not.
        let underflow = Command::Underflow(Underflow { channel: CHANNEL, offset: 0 });
        say(&mut server, &underflow);
        let pause = 150;
        say(&mut server, &request(pause));
        say(&mut server, &underflow);
        speaker.attend(at(600));
        assert_eq!(speaker.underruns(), Underruns { late: 1, starved: 1 });
        assert_eq!(speaker.owed, 14 * 48, "what the server keeps");
        assert_eq!(speaker.newest(), Some(at(600)));
        speaker.give(&[0.5; BLOCK]);
        server.read_exact(&mut heard).unwrap();
        let head = read_descriptor(&mut heard.as_slice()).unwrap();
        assert_eq!(head.offset, u64::from(pause - 14) * 192, "the pause is left out");
        speaker.give(&[0.5; BLOCK]);
        server.read_exact(&mut heard).unwrap();
        assert_eq!(read_descriptor(&mut heard.as_slice()).unwrap().offset, 0);

        for end in [request(8_000), Command::PlaybackStreamKilled(CHANNEL)] {
            let (stream, mut server, broken) = connection();
            let mut speaker = PulseSpeaker::new(stream, Depth::new(48_000, begin));
            say(&mut server, &end);
            speaker.attend(at(610));
            speaker.attend(at(620));
            speaker.give(&[0.0; BLOCK]);
            assert_eq!(broken.load(Ordering::Relaxed), 1, "{end:?}");
            assert!(speaker.socket().is_none());
        }
    }
}
