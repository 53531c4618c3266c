use crate::stream::{Diverted, Streams};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, Runtime,
    TokioRuntime,
};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tokio for a connection that may use a relay: its sockets reach relays over TCP and TLS too
/// ([`Diverted`]), and what goes to a relay goes at once.
///
/// The stack's loop hands the relay client what to send after it has asked it what to
/// send; so a relayed packet stays where it is until something else wakes the loop, up
/// to a packet's length later. Here the loop's sleep ends at once the first time after
/// each waking, which takes it round once more.
#[derive(Debug)]
pub(crate) struct RelayingRuntime {
    tokio: TokioRuntime,
    /// The task that the loop runs on: the first that is spawned.
    driver: Arc<OnceLock<tokio::task::Id>>,
    /// Whether the loop has been round once more since it was woken.
    flushed: Arc<AtomicBool>,
    streams: Arc<Streams>,
}

impl RelayingRuntime {
    pub(crate) fn new(streams: Streams) -> Self {
        Self {
            tokio: TokioRuntime,
            driver: Arc::default(),
            flushed: Arc::default(),
            streams: Arc::new(streams),
        }
    }
}

impl Runtime for RelayingRuntime {
    fn spawn(&self, future: Task) -> Box<dyn JoinHandle> {
        let driver = self.driver.clone();
        self.tokio.spawn(Box::pin(async move {
            if let Some(id) = tokio::task::try_id() {
                driver.get_or_init(|| id);
            }
            future.await;
        }))
    }

    fn sleep(&self, duration: Duration) -> Task {
        let in_loop = self.driver.get().is_some_and(|id| tokio::task::try_id() == Some(*id));
        if !in_loop || self.flushed.swap(false, Ordering::Relaxed) {
            return self.tokio.sleep(duration);
        }
        Box::pin(OnceMore(self.flushed.clone()))
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let udp = self.tokio.wrap_udp_socket(socket)?;
        if self.streams.all.is_empty() {
            return Ok(udp);
        }
        Ok(Arc::new(Diverted::new(udp, Arc::clone(&self.streams))))
    }

    fn wrap_tcp_listener(
        &self,
        listener: std::net::TcpListener,
    ) -> io::Result<Arc<dyn AsyncTcpListener>> {
        self.tokio.wrap_tcp_listener(listener)
    }

    fn connect_tcp<'a>(
        &'a self,
        address: SocketAddr,
    ) -> Pin<Box<dyn Future<Output = io::Result<Arc<dyn AsyncTcpStream>>> + Send + 'a>> {
        self.tokio.connect_tcp(address)
    }

    fn resolve_host<'a>(
        &'a self,
        host: &'a str,
    ) -> Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send + 'a>> {
        self.tokio.resolve_host(host)
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        self.tokio.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        self.tokio.block_on(future);
    }
}

/// Ready when it is asked. The loop may take another branch without asking; then the
/// next sleep is this again.
struct OnceMore(Arc<AtomicBool>);

impl Future for OnceMore {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.0.store(true, Ordering::Relaxed);
        Poll::Ready(())
    }
}
