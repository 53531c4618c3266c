//! The WebSocket of a page that anybody may open: text both ways, bounded in pace and
//! in silence.

use crate::rpc::{Bucket, Shared};
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use serde::Serialize;
use std::borrow::Cow;
use std::time::Duration;
use tokio::time::{Instant, Interval, interval, timeout};

const PING: Duration = Duration::from_secs(10);
/// Nothing heard for so long: the browser is gone.
const SILENCE: Duration = Duration::from_secs(30);

/// The connection is over; with a sentence when the page should show one.
pub(super) struct Over(pub(super) Option<Cow<'static, str>>);

impl Over {
    pub(super) fn silently() -> Self {
        Self(None)
    }

    pub(super) fn saying(message: impl Into<Cow<'static, str>>) -> Self {
        Self(Some(message.into()))
    }
}

/// What came next.
pub(super) enum Next {
    Text(Utf8Bytes),
    /// Text, and more of it than a page has to say.
    TooFast,
    /// [`PING`] has passed: time to ask whether the page is there.
    Tick,
    /// The centre ends; it may be back in a moment.
    Stopping,
    Over(Over),
}

pub(super) struct PageSocket {
    shared: Shared,
    socket: WebSocket,
    bucket: Bucket,
    tick: Interval,
    opened: Instant,
    heard: Instant,
}

impl PageSocket {
    /// `pace`: texts that are taken in a second.
    pub(super) fn new(shared: Shared, socket: WebSocket, pace: u64) -> Self {
        let bucket = Bucket::new(shared.clock.now(), pace);
        let now = Instant::now();
        Self { shared, socket, bucket, tick: interval(PING), opened: now, heard: now }
    }

    /// Nothing is lost when it is given up half-way.
    pub(super) async fn next(&mut self) -> Next {
        let stop = &self.shared.stop;
        loop {
            let message = tokio::select! {
                message = self.socket.recv() => message,
                _ = self.tick.tick() => return Next::Tick,
                () = stop.cancelled() => return Next::Stopping,
            };
            self.heard = Instant::now();
            return match message {
                Some(Ok(Message::Text(_))) if !self.bucket.take(self.shared.clock.now()) => {
                    Next::TooFast
                }
                Some(Ok(Message::Text(text))) => Next::Text(text),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Binary(_))) => Next::Over(Over::saying("Messages are text.")),
                Some(Ok(Message::Close(_)) | Err(_)) | None => Next::Over(Over::silently()),
            };
        }
    }

    /// How long the page has been connected.
    pub(super) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// To be done at every [`Next::Tick`].
    pub(super) async fn keep(&mut self) -> Result<(), Over> {
        if self.heard.elapsed() > SILENCE {
            return Err(Over::silently());
        }
        self.send(Message::Ping(Vec::new().into())).await
    }

    pub(super) async fn tell(&mut self, message: &impl Serialize) -> Result<(), Over> {
        let text = serde_json::to_string(message).map_err(|_| Over::silently())?;
        self.send(Message::text(text)).await
    }

    pub(super) async fn close(&mut self) {
        let _ = self.send(Message::Close(None)).await;
    }

    async fn send(&mut self, message: Message) -> Result<(), Over> {
        match timeout(PING, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over::silently()),
        }
    }
}
