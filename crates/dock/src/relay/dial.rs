//! The way to the hub.

use super::RelayFault;
use crate::rights;
use omnibar_protocol::hub::MAX_WRAPPED;
use std::path::PathBuf;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use url::{Host, Url};

/// Path of the hub at a centre, and of the agents' socket beside it.
const PATH: &str = "ws/desktop";
const AGENTS_PATH: &str = "ws/agent";

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

pub(super) async fn reach_hub(url: &Url, extra_ca: Option<PathBuf>) -> Result<Socket, RelayFault> {
    let connector = if url.scheme() == "wss" {
        let load =
            tokio::task::spawn_blocking(move || omnibar_tls::client_config(extra_ca.as_deref()));
        let config = load.await.map_err(|error| RelayFault::Connect(error.to_string()))??;
        Connector::Rustls(config)
    } else {
        Connector::Plain
    };
    let failed = |error: std::io::Error| RelayFault::Connect(error.to_string());
    let host = match url.host() {
        Some(Host::Ipv6(ip)) => ip.to_string(),
        Some(host) => host.to_string(),
        None => return Err(RelayFault::Address),
    };
    let port = url.port_or_known_default().unwrap_or(443);
    let stream = TcpStream::connect((host, port)).await.map_err(failed)?;
    // Small frames must not wait for one another.
    stream.set_nodelay(true).map_err(failed)?;
    let config = WebSocketConfig::default()
        .write_buffer_size(0)
        .max_write_buffer_size(4 * MAX_WRAPPED)
        .max_message_size(Some(MAX_WRAPPED))
        .max_frame_size(Some(MAX_WRAPPED));
    let (socket, _) =
        client_async_tls_with_config(url.as_str(), stream, Some(config), Some(connector))
            .await
            .map_err(|error| RelayFault::Connect(error.to_string()))?;
    Ok(socket)
}

/// The hub beside the agents' socket.
pub(super) fn hub_url(centre: &str) -> Option<Url> {
    let mut url = rights::centre_url(centre)?;
    url.set_query(None);
    url.set_fragment(None);
    let folder = url.path().strip_suffix(AGENTS_PATH).unwrap_or(url.path());
    let folder = if folder.ends_with('/') { folder } else { "/" };
    let path = format!("{folder}{PATH}");
    url.set_path(&path);
    url.has_host().then_some(url)
}
