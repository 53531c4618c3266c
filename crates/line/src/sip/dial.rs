use omnibar_sip::MAX_MESSAGE;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{ProtocolError, SubProtocolError};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::{self, protocol::WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// For each address of a name; a name may have several, and some of them may be dead.
const REACH_PATIENCE: Duration = Duration::from_secs(5);
const MOST_ADDRESSES: usize = 8;
/// For TLS and the WebSocket handshake together.
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(8);
/// Longest accepted address, in bytes.
const MAX_URL: usize = 2_048;

pub(super) type WebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// `ws://host:port/path` or `wss://…`, where an exchange takes SIP.
#[derive(Clone, PartialEq, Eq)]
pub struct WebSocketUrl(url::Url);

impl WebSocketUrl {
    /// # Errors
    /// [`ConnectFault::BadAddress`] for everything else.
    pub fn parse(text: &str) -> Result<Self, ConnectFault> {
        let url = url::Url::parse(text.trim()).ok().filter(|_| text.len() <= MAX_URL);
        let url = url.ok_or(ConnectFault::BadAddress)?;
        let named = url.username().is_empty() && url.password().is_none();
        if !named || !matches!(url.scheme(), "ws" | "wss") || url.host().is_none() {
            return Err(ConnectFault::BadAddress);
        }
        Ok(Self(url))
    }

    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.0.scheme() == "wss"
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self.0.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
    }

    fn place(&self) -> Option<(String, u16)> {
        let host = match self.0.host()? {
            url::Host::Domain(name) => name.to_owned(),
            url::Host::Ipv4(address) => address.to_string(),
            url::Host::Ipv6(address) => address.to_string(),
        };
        Some((host, self.0.port_or_known_default()?))
    }
}

/// A query may hold a token.
impl fmt::Debug for WebSocketUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

/// Why there is no connection to the exchange.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectFault {
    #[error("this is no ws: or wss: address")]
    BadAddress,
    /// DNS has no such name, or is not reached.
    #[error("the name of the exchange was not found")]
    NameNotFound,
    #[error("nothing listens at that address")]
    Refused,
    #[error("the exchange does not answer")]
    TimedOut,
    /// The network says that there is no way.
    #[error("the exchange is not reached: {0}")]
    Unreachable(String),
    /// The certificate authorities of this machine, or the extra ones, cannot be read.
    #[error("certificates cannot be checked: {0}")]
    NoTrust(String),
    #[error("the certificate of the exchange is not accepted: {0}")]
    Certificate(CertificateFault),
    /// What listens there speaks no TLS, or another.
    #[error("no secure connection comes about: {0}")]
    Tls(String),
    /// What listens there is no WebSocket; the status is HTTP's.
    #[error("what answers there is no SIP over WebSocket (HTTP {0})")]
    Http(u16),
    /// It is a WebSocket, but not for SIP.
    #[error("what answers there does not speak SIP")]
    NoSip,
    #[error("the connection broke: {0}")]
    Broken(String),
    /// Nothing came for so long that the connection must be dead.
    #[error("the exchange fell silent")]
    Silent,
    /// The exchange closed the connection.
    #[error("the exchange closed the connection")]
    Closed,
    /// This side wanted another connection.
    #[error("a new connection was wanted")]
    Renewed,
}

/// Why a certificate is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    #[error("no authority that this computer trusts has issued it")]
    UnknownAuthority,
    #[error("it is for another name")]
    WrongName,
    #[error("it has expired")]
    Expired,
    /// Or this computer's clock is wrong.
    #[error("it is not valid yet")]
    NotYetValid,
    #[error("{0}")]
    Other(String),
}

/// What a certificate is checked with. Reads files.
pub(super) async fn trust(extra_ca: Option<PathBuf>) -> Result<Arc<ClientConfig>, ConnectFault> {
    let load = move || omnibar_tls::client_config(extra_ca.as_deref());
    let loaded = tokio::task::spawn_blocking(load).await;
    let no_trust = |reason: String| ConnectFault::NoTrust(reason);
    loaded.map_err(|e| no_trust(e.to_string()))?.map_err(|e| no_trust(e.to_string()))
}

/// A WebSocket for SIP, after TLS where the address asks for it.
pub(super) async fn dial(
    url: WebSocketUrl,
    tls: Option<Arc<ClientConfig>>,
) -> Result<WebSocket, ConnectFault> {
    let stream = reach(&find(&url).await?).await?;
    let opened = async { open(&url, secure(&url, stream, tls).await?).await };
    timeout(HANDSHAKE_PATIENCE, opened).await.unwrap_or(Err(ConnectFault::TimedOut))
}

/// TLS, where there is a configuration for it.
pub(super) async fn secure(
    url: &WebSocketUrl,
    stream: TcpStream,
    tls: Option<Arc<ClientConfig>>,
) -> Result<MaybeTlsStream<TcpStream>, ConnectFault> {
    let Some(tls) = tls else { return Ok(MaybeTlsStream::Plain(stream)) };
    let (host, _) = url.place().ok_or(ConnectFault::BadAddress)?;
    let name = ServerName::try_from(host).map_err(|_| ConnectFault::BadAddress)?;
    let connected = TlsConnector::from(tls).connect(name, stream).await;
    Ok(MaybeTlsStream::Rustls(connected.map_err(|error| of_io(&error))?))
}

/// The WebSocket's handshake.
pub(super) async fn open(
    url: &WebSocketUrl,
    stream: MaybeTlsStream<TcpStream>,
) -> Result<WebSocket, ConnectFault> {
    hush_frames();
    let mut request = url.0.as_str().into_client_request().map_err(|_| ConnectFault::BadAddress)?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("sip"));
    let config = WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(8 * MAX_MESSAGE)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let handshake = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
    let (socket, response) = handshake.await.map_err(|error| explain(&error))?;
    let agreed = response.headers().get(SEC_WEBSOCKET_PROTOCOL);
    if agreed.is_none_or(|protocol| !protocol.as_bytes().eq_ignore_ascii_case(b"sip")) {
        return Err(ConnectFault::NoSip);
    }
    Ok(socket)
}

/// The addresses of its name; at least one.
pub(super) async fn find(url: &WebSocketUrl) -> Result<Vec<SocketAddr>, ConnectFault> {
    let (host, port) = url.place().ok_or(ConnectFault::BadAddress)?;
    let looked_up = timeout(REACH_PATIENCE, lookup_host((host.as_str(), port))).await;
    let addresses = looked_up.map_err(|_| ConnectFault::NameNotFound)?;
    let addresses: Vec<_> =
        addresses.map_err(|_| ConnectFault::NameNotFound)?.take(MOST_ADDRESSES).collect();
    if addresses.is_empty() { Err(ConnectFault::NameNotFound) } else { Ok(addresses) }
}

/// The first of the addresses that takes a connection.
pub(super) async fn reach(addresses: &[SocketAddr]) -> Result<TcpStream, ConnectFault> {
    let mut fault = ConnectFault::NameNotFound;
    for address in addresses.iter().copied() {
        match timeout(REACH_PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Requests are small and each waits for its answer.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::warn!(%error, "TCP_NODELAY was not set");
                }
                return Ok(stream);
            }
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                fault = ConnectFault::Refused;
            }
            Ok(Err(error)) => fault = ConnectFault::Unreachable(error.to_string()),
            Err(_) => fault = ConnectFault::TimedOut,
        }
    }
    Err(fault)
}

/// tungstenite logs whole frames at TRACE, with credentials and numbers in them.
fn hush_frames() {
    if log::max_level() > log::LevelFilter::Debug {
        log::set_max_level(log::LevelFilter::Debug);
    }
}

fn explain(error: &tungstenite::Error) -> ConnectFault {
    match error {
        tungstenite::Error::Io(error) => of_io(error),
        tungstenite::Error::Tls(error) => ConnectFault::Tls(error.to_string()),
        tungstenite::Error::Http(response) => ConnectFault::Http(response.status().as_u16()),
        tungstenite::Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(
            SubProtocolError::NoSubProtocol | SubProtocolError::InvalidSubProtocol,
        )) => ConnectFault::NoSip,
        other => ConnectFault::Broken(other.to_string()),
    }
}

fn of_io(error: &io::Error) -> ConnectFault {
    let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) else {
        return ConnectFault::Broken(error.to_string());
    };
    let rustls::Error::InvalidCertificate(refused) = tls else {
        return ConnectFault::Tls(tls.to_string());
    };
    ConnectFault::Certificate(match refused {
        CertificateError::UnknownIssuer => CertificateFault::UnknownAuthority,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::WrongName
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            CertificateFault::Expired
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateFault::NotYetValid
        }
        other => CertificateFault::Other(other.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_of_a_websocket_is_taken() {
        for good in ["ws://127.0.0.1:8088/ws", "wss://pbx.test/ws", " wss://[::1]:8089/ws "] {
            assert!(WebSocketUrl::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "pbx.test", "http://pbx.test", "sip:1001@pbx.test", "ws://a:b@pbx.test/"] {
            assert_eq!(WebSocketUrl::parse(bad), Err(ConnectFault::BadAddress), "{bad}");
        }
    }

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        let url = WebSocketUrl::parse("wss://pbx.test/ws?token=hunter2").unwrap();
        assert_eq!(format!("{url:?}"), "wss://pbx.test");
    }
}
