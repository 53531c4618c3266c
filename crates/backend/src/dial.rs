use crate::address::Address;
use omnibar_protocol::MAX_FRAME;
use rustls::{CertificateError, ClientConfig};
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{self, protocol::WebSocketConfig};
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream};
use tracing::{debug, warn};

/// For name look-up and TCP together.
const REACH_PATIENCE: Duration = Duration::from_secs(8);
/// For TLS and the WebSocket handshake together.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(8);

/// A byte stream to a centre, before TLS.
pub trait Stream: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin> Stream for T {}

pub type Socket = Box<dyn Stream>;
pub(crate) type WebSocket = WebSocketStream<MaybeTlsStream<Socket>>;

/// No connection came about. The text is a sentence or two for the agent: what
/// failed and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

pub type Reaching = Pin<Box<dyn Future<Output = Result<Socket, Unreachable>> + Send>>;

/// A way to a centre's host.
pub trait Reach: Send + Sync + 'static {
    fn reach(&self, address: &Address) -> Reaching;

    /// What the centre's certificate is checked with. Asked for once a TLS address is met.
    fn tls(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<ClientConfig>, Unreachable>> + Send + '_>>;
}

/// This machine's network.
#[derive(Debug)]
pub struct Network {
    extra_ca: Option<PathBuf>,
    tls: OnceCell<Arc<ClientConfig>>,
}

impl Network {
    #[must_use]
    pub fn new(extra_ca: Option<PathBuf>) -> Self {
        Self { extra_ca, tls: OnceCell::new() }
    }
}

impl Reach for Network {
    fn reach(&self, address: &Address) -> Reaching {
        let (host, port) = (address.host(), address.port());
        Box::pin(async move {
            match timeout(REACH_PATIENCE, connect(&host, port)).await {
                Ok(done) => done.map(|stream| Box::new(stream) as Socket),
                Err(_) => Err(Unreachable(format!(
                    "{host} does not answer on port {port}. Check the address, and whether a \
                     firewall or VPN is in the way."
                ))),
            }
        })
    }

    fn tls(
        &self,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<ClientConfig>, Unreachable>> + Send + '_>> {
        let extra_ca = self.extra_ca.clone();
        Box::pin(async move {
            let load = || async move {
                let load = move || omnibar_tls::client_config(extra_ca.as_deref());
                let loaded = tokio::task::spawn_blocking(load).await;
                loaded.map_err(|e| e.to_string())?.map_err(|e| e.to_string())
            };
            self.tls.get_or_try_init(load).await.cloned().map_err(|reason: String| {
                Unreachable(format!(
                    "The centre's certificate cannot be checked: {reason}. Ask your administrator."
                ))
            })
        })
    }
}

async fn connect(host: &str, port: u16) -> Result<TcpStream, Unreachable> {
    let addresses: Vec<_> = tokio::net::lookup_host((host, port))
        .await
        .map_err(|e| {
            debug!(error = %e, "name look-up failed");
            Unreachable(format!(
                "The name {host} was not found. Check the address and the network connection."
            ))
        })?
        .collect();
    let mut last = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Commands are small and each waits for its answer.
                if let Err(error) = stream.set_nodelay(true) {
                    warn!(%error, "TCP_NODELAY was not set");
                }
                return Ok(stream);
            }
            Err(error) => last = Some(error),
        }
    }
    let reason = last.map_or("it has no address".to_owned(), |e| match e.kind() {
        std::io::ErrorKind::ConnectionRefused => {
            format!("nothing listens on port {port}")
        }
        _ => e.to_string(),
    });
    Err(Unreachable(format!(
        "The centre at {host} cannot be reached: {reason}. Check the address, or ask whether the \
         centre is running."
    )))
}

/// A WebSocket to the centre, after TLS where the address asks for it.
pub(crate) async fn dial(reach: &dyn Reach, address: &Address) -> Result<WebSocket, Unreachable> {
    hush_frames();
    let connector =
        if address.is_tls() { Connector::Rustls(reach.tls().await?) } else { Connector::Plain };
    let socket = reach.reach(address).await?;
    let config = WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(4 * MAX_FRAME)
        .max_message_size(Some(MAX_FRAME))
        .max_frame_size(Some(MAX_FRAME));
    let handshake = tokio_tungstenite::client_async_tls_with_config(
        address.as_str(),
        socket,
        Some(config),
        Some(connector),
    );
    match timeout(HANDSHAKE_PATIENCE, handshake).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(error)) => Err(Unreachable(explain(&error, &address.host()))),
        Err(_) => Err(Unreachable(format!(
            "{} took the connection and then did not answer. Check that the address is a centre's.",
            address.host()
        ))),
    }
}

/// tungstenite logs whole frames at TRACE, with passwords and numbers in them.
fn hush_frames() {
    if log::max_level() > log::LevelFilter::Debug {
        log::set_max_level(log::LevelFilter::Debug);
    }
}

fn explain(error: &tungstenite::Error, host: &str) -> String {
    match error {
        tungstenite::Error::Io(error) => match certificate_of(error) {
            Some(reason) => format!(
                "The certificate of {host} is not accepted: {reason}. Check the address and this \
                 computer's clock, or ask your administrator."
            ),
            None => format!(
                "The connection to {host} broke while it was being made: {error}. Check the \
                 address; it may need ws:// instead of wss://, or the other way round."
            ),
        },
        tungstenite::Error::Http(response) => format!(
            "{host} answered with HTTP {}, not as a centre. Check the address.",
            response.status().as_u16()
        ),
        other => format!("{host} does not answer as a centre does: {other}. Check the address."),
    }
}

struct Reason<'a>(&'a rustls::Error);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                "no authority that this computer trusts has issued it"
            }
            rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            ) => "it is for another name",
            rustls::Error::InvalidCertificate(
                CertificateError::Expired | CertificateError::ExpiredContext { .. },
            ) => "it has expired",
            other => return other.fmt(f),
        };
        f.write_str(text)
    }
}

fn certificate_of(error: &std::io::Error) -> Option<Reason<'_>> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    matches!(error, rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented)
        .then_some(Reason(error))
}
