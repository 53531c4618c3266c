//! Who stands before the app's port: so many at a time, and nobody for long. What has
//! docked may stay.

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;

/// Connections that are not accepted yet wait for those before the door.
pub(crate) struct Doorstep {
    listener: TcpListener,
    room: Arc<Semaphore>,
    patience: Duration,
}

impl Doorstep {
    /// `patience`: for a connection to become a page's.
    pub(crate) fn new(listener: TcpListener, room: usize, patience: Duration) -> Self {
        Self { listener, room: Arc::new(Semaphore::new(room)), patience }
    }
}

impl Listener for Doorstep {
    type Io = Visitor;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Visitor, SocketAddr) {
        // Never closed.
        let place = Arc::clone(&self.room).acquire_owned().await.ok();
        let (stream, from) = Listener::accept(&mut self.listener).await;
        // Small frames must not wait for one another.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a page's socket");
        }
        let limit = Some(Box::pin(tokio::time::sleep(self.patience)));
        (Visitor { stream, limit, pass: Pass::default(), _place: place }, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Lets its connection stay.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pass(Arc<AtomicBool>);

impl Pass {
    pub(crate) fn stay(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, Doorstep>> for Pass {
    fn connect_info(stream: IncomingStream<'_, Doorstep>) -> Self {
        stream.io().pass.clone()
    }
}

/// A connection that ends when it has no [`Pass`] in time.
pub(crate) struct Visitor {
    stream: TcpStream,
    /// `None` for one that may stay.
    limit: Option<Pin<Box<Sleep>>>,
    pass: Pass,
    _place: Option<OwnedSemaphorePermit>,
}

impl Visitor {
    fn late(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        if self.pass.0.load(Ordering::Relaxed) {
            self.limit = None;
        }
        let Some(limit) = &mut self.limit else { return Poll::Pending };
        ready!(limit.as_mut().poll(cx));
        Poll::Ready(io::ErrorKind::TimedOut.into())
    }
}

impl AsyncRead for Visitor {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(error) = self.late(cx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Visitor {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(error) = self.late(cx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(error) = self.late(cx) {
            return Poll::Ready(Err(error));
        }
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
