use super::crowd::{Crowd, Place};
use axum_server::accept::Accept;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// What HTTP/2 begins with (RFC 9113 section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Accepts as `inner` does while there is room, and drops a client who then says nothing
/// for so long: the server waits without limit to see which HTTP it is. HTTP/2 is none: a
/// WebSocket needs HTTP/1.1, and only of that is the time for a head limited.
#[derive(Clone, Debug)]
pub(crate) struct Prompt<A> {
    pub(crate) inner: A,
    pub(crate) limit: Duration,
    pub(crate) crowd: Crowd,
}

impl<S, A: Accept<TcpStream, S>> Accept<TcpStream, S> for Prompt<A>
where
    A::Future: Send + 'static,
{
    type Stream = PromptStream<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = io::Result<(Self::Stream, Self::Service)>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let limit = self.limit;
        let room = stream.peer_addr().map(|from| self.crowd.enter(from.ip()));
        let accepted = self.inner.accept(stream, service);
        Box::pin(async move {
            let Some(place) = room? else {
                tracing::debug!("a connection too many is closed");
                return Err(io::ErrorKind::QuotaExceeded.into());
            };
            let (stream, service) = accepted.await?;
            let limit = Some(Box::pin(tokio::time::sleep(limit)));
            Ok((PromptStream { stream, limit, preface: 0, _place: place }, service))
        })
    }
}

/// A stream whose first bytes have to come in time.
#[derive(Debug)]
pub(crate) struct PromptStream<T> {
    stream: T,
    /// `None` once it has begun as HTTP/1.1 does.
    limit: Option<Pin<Box<Sleep>>>,
    /// Bytes of [`PREFACE`] that have come.
    preface: usize,
    _place: Place,
}

impl<T> PromptStream<T> {
    fn came(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.limit.is_none() {
            return Ok(());
        }
        let rest = &PREFACE[self.preface..];
        let same = bytes.iter().zip(rest).take_while(|(came, want)| came == want).count();
        if same == rest.len() {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if same == bytes.len() && !bytes.is_empty() {
            self.preface += same;
        } else {
            self.limit = None;
        }
        Ok(())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for PromptStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buf) {
            return Poll::Ready(read.and_then(|()| self.came(&buf.filled()[before..])));
        }
        let Some(limit) = &mut self.limit else { return Poll::Pending };
        ready!(limit.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for PromptStream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
