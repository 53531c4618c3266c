//! A connection to the PulseAudio server that carries a stream: it never blocks, and is read and
//! written by the thread that makes the sound.

use crate::devices::wire::WireError;
use pulseaudio::protocol::{
    Command, DESCRIPTOR_SIZE, ProtocolError, read_descriptor, write_command_message,
};
use std::io::{Cursor, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

/// Bytes; a longer message is not of sound of ours.
const LONGEST: usize = 1 << 20;
/// Bytes that are read at once: 80 ms of sound at 48 kHz.
const READ: usize = 1 << 14;

#[derive(Debug)]
pub(in crate::devices) struct Pipe {
    socket: UnixStream,
    version: u16,
    sequence: u32,
    /// Has come from `begin` to `end`; what is before has been taken, what is behind is room.
    came: Vec<u8>,
    begin: usize,
    end: usize,
    /// The rest of a message of which the socket took a part.
    unsent: Vec<u8>,
}

/// What the server says: sound of a channel, or a command.
#[expect(
    clippy::large_enum_variant,
    reason = "one lives at a time, on its thread's stack; a box would allocate per message"
)]
pub(in crate::devices) enum Message<'a> {
    Sound(u32, &'a [u8]),
    Command(Command),
    /// A command that this client does not know, and need not.
    Unknown,
}

impl Pipe {
    /// `came`: what has been read from the socket already.
    pub(in crate::devices) fn new(
        socket: UnixStream,
        version: u16,
        sequence: u32,
        came: Vec<u8>,
    ) -> Result<Self, WireError> {
        socket.set_nonblocking(true)?;
        let (begin, end, unsent) = (0, came.len(), Vec::new());
        Ok(Self { socket, version, sequence, came, begin, end, unsent })
    }

    pub(in crate::devices) fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// The server has hung up, or sends more than there can be.
    pub(in crate::devices) fn fetch(&mut self) -> Result<(), WireError> {
        self.came.copy_within(self.begin..self.end, 0);
        self.end -= self.begin;
        self.begin = 0;
        loop {
            if self.end > LONGEST {
                return Err(beyond_measure());
            }
            // It grows to what is read at once, or to the longest message, and stays so.
            if self.came.len() < self.end + READ {
                self.came.resize(self.end + READ, 0);
            }
            let room = &mut self.came[self.end..];
            let most = room.len();
            match self.socket.read(room) {
                Ok(0) => return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into()),
                Ok(read) => {
                    self.end += read;
                    if read < most {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The next whole message of what was read.
    ///
    /// # Errors
    /// What came is no message.
    pub(in crate::devices) fn next(&mut self) -> Result<Option<Message<'_>>, WireError> {
        let there = &self.came[self.begin..self.end];
        let Some((mut head, rest)) = there.split_at_checked(DESCRIPTOR_SIZE) else {
            return Ok(None);
        };
        let head = read_descriptor(&mut head)?;
        let length = head.length as usize;
        if length > LONGEST {
            return Err(beyond_measure());
        }
        let Some(bytes) = rest.get(..length) else { return Ok(None) };
        self.begin += DESCRIPTOR_SIZE + length;
        if head.channel != u32::MAX {
            return Ok(Some(Message::Sound(head.channel, bytes)));
        }
        let command = Command::read_tag_prefixed(&mut Cursor::new(bytes), self.version);
        Ok(Some(command.map_or(Message::Unknown, |(_, command)| Message::Command(command))))
    }

    /// Sends a message that is complete, head and all. It is lost when the server has not taken
    /// what was sent before: sound that waits is late.
    ///
    /// # Errors
    /// The server has hung up.
    pub(in crate::devices) fn send(&mut self, message: &[u8]) -> Result<(), WireError> {
        if !self.unsent.is_empty() {
            let written = write_some(&mut self.socket, &self.unsent)?;
            self.unsent.drain(..written);
        }
        if self.unsent.is_empty() {
            let written = write_some(&mut self.socket, message)?;
            // Of one that was not begun the server misses nothing but the sound.
            if written > 0 {
                self.unsent.extend_from_slice(&message[written..]);
            }
        }
        Ok(())
    }

    /// Gives an order; the answer comes among the stream's messages, and nobody waits for it.
    ///
    /// # Errors
    /// As [`Pipe::send`].
    pub(in crate::devices) fn order(&mut self, command: &Command) -> Result<(), WireError> {
        let mut message = Vec::new();
        write_command_message(&mut message, self.sequence, command, self.version)?;
        self.sequence = self.sequence.wrapping_add(1);
        self.send(&message)
    }
}

fn write_some(socket: &mut UnixStream, bytes: &[u8]) -> Result<usize, WireError> {
    let mut written = 0;
    while written < bytes.len() {
        match socket.write(&bytes[written..]) {
            Ok(0) => break,
            Ok(more) => written += more,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(written)
}

fn beyond_measure() -> WireError {
    ProtocolError::Invalid("a message beyond all measure".into()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulseaudio::protocol::{Descriptor, DescriptorFlags, MAX_VERSION, write_descriptor};

    fn pipe() -> (Pipe, UnixStream) {
        let (near, far) = UnixStream::pair().unwrap();
        (Pipe::new(near, MAX_VERSION, 0, vec![]).unwrap(), far)
    }

    fn message(channel: u32, length: u32, bytes: &[u8]) -> Vec<u8> {
        let mut message = vec![];
        let head = Descriptor { length, channel, offset: 0, flags: DescriptorFlags::empty() };
        write_descriptor(&mut message, &head).unwrap();
        message.extend(bytes);
        message
    }

    /// The lengths of the messages of sound that are there.
    fn lengths(pipe: &mut Pipe) -> Vec<usize> {
        pipe.fetch().unwrap();
        let mut found = vec![];
        while let Some(next) = pipe.next().unwrap() {
            found.push(match next {
                Message::Sound(3, bytes) => bytes.len(),
                Message::Sound(..) | Message::Command(_) | Message::Unknown => panic!("sound"),
            });
        }
        found
    }

    #[test]
    fn messages_come_whole_however_they_are_cut() {
        let (mut pipe, mut far) = pipe();
        let sent: Vec<usize> = vec![0, 5, 1920, 40_000, 7];
        let all: Vec<u8> = sent.iter().flat_map(|n| message(3, *n as u32, &vec![9; *n])).collect();
        for step in [11, 4_001, all.len()] {
            let mut found = vec![];
            for part in all.chunks(step) {
                far.write_all(part).unwrap();
                found.extend(lengths(&mut pipe));
            }
            assert_eq!(found, sent, "{step} bytes at a time");
        }
    }

    #[test]
    fn what_was_read_before_is_not_lost() {
        let (near, _far) = UnixStream::pair().unwrap();
        let mut pipe = Pipe::new(near, MAX_VERSION, 0, message(3, 2, &[1, 2])).unwrap();
        assert_eq!(lengths(&mut pipe), [2]);
    }

    #[test]
    fn a_hostile_length_a_command_of_nobody_and_an_end() {
        let (mut pipe, mut far) = pipe();
        far.write_all(&message(u32::MAX, 3, &[0xff; 3])).unwrap();
        pipe.fetch().unwrap();
        assert!(matches!(pipe.next(), Ok(Some(Message::Unknown))));
        far.write_all(&message(3, u32::MAX, &[])).unwrap();
        pipe.fetch().unwrap();
        assert!(pipe.next().is_err());
        drop(far);
        assert!(pipe.fetch().is_err());
    }

    #[test]
    fn a_server_that_does_not_read_gets_whole_messages_and_holds_nobody_up() {
        let (mut pipe, far) = pipe();
        let sound = message(3, 1920, &[7; 1920]);
        (0..1_000).for_each(|_| pipe.send(&sound).unwrap());
        far.set_nonblocking(true).unwrap();
        let mut reader = Pipe::new(far, MAX_VERSION, 0, vec![]).unwrap();
        let before = lengths(&mut reader);
        pipe.send(&sound).unwrap();
        let after = lengths(&mut reader);
        assert!(before.len() < 1_000 && before.len() > 2, "{}", before.len());
        assert!(!after.is_empty());
        assert!(before.iter().chain(&after).all(|length| *length == 1920));
    }
}
