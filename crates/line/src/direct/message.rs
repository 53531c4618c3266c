//! One JSON object a line. What comes is hostile until it has been read.

use serde::{Deserialize, Serialize};
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::tcp::OwnedReadHalf;

/// Bytes of a line, its end included: the longest description that is taken (64 KiB)
/// fits, its line ends escaped.
const LONGEST: usize = 96 * 1024;
/// Addresses in a description: every one is sent connectivity checks.
pub(super) const MOST_CANDIDATES: usize = 8;

/// A session description and where its side can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    pub sdp: String,
    /// `candidate:…` lines; beyond eight they are left out.
    pub candidates: Vec<String>,
}

/// Why a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    HungUp,
    Busy,
    Declined,
    NoAnswer,
    /// Nobody listens there.
    Unreachable,
    /// The far side made no sense, or said so of this one.
    Failed,
    /// The two are connected, but voice does not pass.
    NoPath,
    /// The connection broke.
    Lost,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub(super) enum Message {
    Offer(Described),
    Answer(Described),
    Accept,
    End { reason: End },
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("a line is longer than {LONGEST} bytes")]
    TooLong,
    #[error("a line is no message of this protocol")]
    Malformed,
    #[error("a message came out of turn")]
    OutOfTurn,
    #[error("the connection was closed")]
    Closed,
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
}

impl Message {
    pub(super) fn line(&self) -> io::Result<Vec<u8>> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        Ok(line)
    }

    fn read(line: &[u8]) -> Result<Self, Fault> {
        let mut message = serde_json::from_slice(line).map_err(|_| Fault::Malformed)?;
        match &mut message {
            Self::Offer(described) | Self::Answer(described) => {
                described.candidates.truncate(MOST_CANDIDATES);
            }
            Self::Accept | Self::End { .. } => {}
        }
        Ok(message)
    }
}

/// Messages from a connection. [`Lines::next`] may be cancelled: what has been read
/// stays.
pub(super) struct Lines<R = OwnedReadHalf> {
    from: R,
    buffer: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, buffer: Vec::new() }
    }

    pub(super) async fn next(&mut self) -> Result<Message, Fault> {
        let mut looked = 0;
        loop {
            if let Some(at) = self.buffer[looked..].iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=looked + at).collect();
                return Message::read(&line);
            }
            looked = self.buffer.len();
            let room = LONGEST.saturating_sub(looked);
            if room == 0 {
                return Err(Fault::TooLong);
            }
            let room = u64::try_from(room).unwrap_or(u64::MAX);
            if (&mut self.from).take(room).read_buf(&mut self.buffer).await? == 0 {
                return Err(Fault::Closed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(candidates: usize) -> Described {
        Described {
            sdp: "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n".to_owned(),
            candidates: vec!["candidate:1 1 udp 1 192.0.2.1 9 typ host".to_owned(); candidates],
        }
    }

    async fn hear(bytes: &[u8]) -> Result<Message, Fault> {
        Lines::new(bytes).next().await
    }

    #[tokio::test]
    async fn every_message_comes_through() {
        for message in [
            Message::Offer(described(2)),
            Message::Answer(described(0)),
            Message::Accept,
            Message::End { reason: End::HungUp },
        ] {
            let line = message.line().unwrap();
            assert_eq!(hear(&line).await.unwrap(), message);
        }
    }

    #[tokio::test]
    async fn two_messages_in_one_packet_are_two() {
        let mut bytes = Message::Answer(described(1)).line().unwrap();
        bytes.extend(Message::Accept.line().unwrap());
        let mut lines = Lines::new(bytes.as_slice());
        assert_eq!(lines.next().await.unwrap(), Message::Answer(described(1)));
        assert_eq!(lines.next().await.unwrap(), Message::Accept);
        assert!(matches!(lines.next().await, Err(Fault::Closed)));
    }

    #[tokio::test]
    async fn garbage_is_refused() {
        for line in [
            "\n",
            "GET / HTTP/1.1\r\n",
            "{}\n",
            "{\"say\":\"offer\"}\n",
            "{\"say\":\"offer\",\"sdp\":1,\"candidates\":[]}\n",
            "{\"say\":\"end\",\"reason\":\"bored\"}\n",
            "\u{0}\u{1}\n",
        ] {
            assert!(matches!(hear(line.as_bytes()).await, Err(Fault::Malformed)), "{line:?}");
        }
        assert!(matches!(hear(&vec![b'x'; LONGEST + 1]).await, Err(Fault::TooLong)));
        assert!(matches!(hear(b"{\"say\":\"accept\"}").await, Err(Fault::Closed)));
    }

    #[tokio::test]
    async fn addresses_beyond_the_bound_are_left_out() {
        let line = Message::Offer(described(50)).line().unwrap();
        let Ok(Message::Offer(offer)) = hear(&line).await else { panic!("no offer") };
        assert_eq!(offer.candidates.len(), MOST_CANDIDATES);
    }
}
