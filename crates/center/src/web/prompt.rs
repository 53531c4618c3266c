use super::crowd::{Crowd, Place};
use axum_server::accept::Accept;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Accepts as `inner` does while there is room, and drops a client who then says nothing
/// for so long: the server waits without limit for the first byte, to see which HTTP it is.
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
            Ok((PromptStream { stream, limit, _place: place }, service))
        })
    }
}

/// A stream whose first byte has to come in time.
#[derive(Debug)]
pub(crate) struct PromptStream<T> {
    stream: T,
    /// `None` once something has come.
    limit: Option<Pin<Box<Sleep>>>,
    _place: Place,
}

impl<T: AsyncRead + Unpin> AsyncRead for PromptStream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let read @ Poll::Ready(_) = Pin::new(&mut self.stream).poll_read(cx, buf) {
            self.limit = None;
            return read;
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
