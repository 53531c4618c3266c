use crate::switch::{Reply, SwitchCommand, SwitchEvent};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

/// From the centre.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) id: u64,
    pub(super) command: SwitchCommand,
}

/// From the switch.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    Reply { id: u64, content: Reply },
    Event(SwitchEvent),
}

/// Bytes. An offer of the greatest size that is taken, escaped.
const LONGEST_LINE: u64 = 256 * 1024;

/// The next line's content; `None` at the end. Not to be cancelled.
pub(super) async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    let length = from.take(LONGEST_LINE).read_until(b'\n', &mut line).await?;
    if length == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        let message = "a line of the switch's protocol is too long or cut off";
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

/// Writes lines until the senders are gone.
pub(super) async fn write_all<T: Serialize>(
    mut lines: mpsc::Receiver<T>,
    mut to: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    while let Some(line) = lines.recv().await {
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        to.write_all(&text).await?;
    }
    to.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::BufReader;

    #[tokio::test]
    async fn lines_are_words_and_everything_else_is_an_error() {
        let good = b"{\"id\":7,\"command\":{\"op\":\"list\"}}\n" as &[u8];
        let request: Request = read(&mut BufReader::new(good)).await.unwrap().unwrap();
        assert_eq!((request.id, request.command), (7, SwitchCommand::List));
        let long = vec![b' '; 300_000];
        let deep = [vec![b'['; 100_000], b"\n".to_vec()].concat();
        for bad in [b"{}\n" as &[u8], b"\n", b"\xff\xfe\n", b"{\"id\":1", &long, &deep] {
            assert!(read::<Request>(&mut BufReader::new(bad)).await.is_err());
        }
        assert!(read::<Request>(&mut BufReader::new(b"" as &[u8])).await.unwrap().is_none());
    }
}
