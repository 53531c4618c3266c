//! Over real sockets, with real TLS.

use crate::rig::{FarEnd, config, sign_in};
use omnibar_backend::{Backend, BackendConfig};
use omnibar_desk::{Link, SignInFault};
use omnibar_softphone::{Centre as _, CentreEvent, Clock, Event, Inbox};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

struct Client {
    backend: Backend,
    events: mpsc::UnboundedReceiver<Event>,
}

fn client(dir: &Path, extra_ca: Option<PathBuf>) -> Client {
    let (inbox, events) = Inbox::new();
    let config = BackendConfig { extra_ca, ..config(dir.to_owned()) };
    Client { backend: omnibar_backend::start(config, inbox, Clock::start()), events }
}

impl Client {
    async fn event(&mut self) -> CentreEvent {
        match timeout(Duration::from_secs(10), self.events.recv()).await {
            Ok(Some(Event::Centre(event))) => event,
            other => panic!("{other:?}"),
        }
    }

    async fn detail(&mut self, centre: &str) -> String {
        self.backend.open(sign_in(centre));
        match self.event().await {
            CentreEvent::OpenFailed(SignInFault::Unreachable { detail }) => detail,
            other => panic!("{other:?}"),
        }
    }
}

/// A certificate authority of one's own, and a certificate for `name` by it.
fn authority(dir: &Path, name: &str) -> (PathBuf, Arc<rustls::ServerConfig>) {
    let ca_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(DnType::CommonName, format!("authority of {name}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&ca_key).unwrap();
    let file = dir.join("ca.pem");
    std::fs::write(&file, ca.pem()).unwrap();
    let key = KeyPair::generate().unwrap();
    let issuer = Issuer::new(params, ca_key);
    let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            rustls::pki_types::PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    (file, Arc::new(config))
}

#[tokio::test]
async fn a_centre_on_a_plain_socket_is_reached_by_host_and_port() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = client(dir.path(), None);
    client.backend.open(sign_in(&listener.local_addr().unwrap().to_string()));
    let (stream, _) = listener.accept().await.unwrap();
    let mut far = FarEnd::over(stream).await;
    far.let_in().await;
    assert!(matches!(client.event().await, CentreEvent::LinkChanged(Link::Up)));
    assert!(matches!(client.event().await, CentreEvent::Opened(_)));
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let (ca, tls) = authority(dir.path(), "localhost");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = tokio_rustls::TlsAcceptor::from(tls);
    let mut client = client(dir.path(), Some(ca));
    client.backend.open(sign_in(&format!("https://localhost:{port}")));
    let (stream, _) = listener.accept().await.unwrap();
    let mut far = FarEnd::over(acceptor.accept(stream).await.unwrap()).await;
    far.let_in().await;
    assert!(matches!(client.event().await, CentreEvent::LinkChanged(Link::Up)));
}

#[tokio::test]
async fn a_certificate_that_cannot_be_trusted_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (ca, tls) = authority(dir.path(), "other.test");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = tokio_rustls::TlsAcceptor::from(tls);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let refused = acceptor.accept(stream).await;
            assert!(refused.is_err());
        }
    });
    let address = format!("wss://localhost:{port}");
    let detail = client(dir.path(), Some(ca)).detail(&address).await;
    assert!(detail.contains("it is for another name"), "{detail}");
    let stranger = tempfile::tempdir().unwrap();
    let (other_ca, _) = authority(stranger.path(), "localhost");
    let detail = client(stranger.path(), Some(other_ca)).detail(&address).await;
    assert!(detail.contains("no authority that this computer trusts"), "{detail}");
    let missing = Some(dir.path().join("absent.pem"));
    let detail = client(dir.path(), missing).detail(&address).await;
    assert!(detail.contains("absent.pem"), "{detail}");
}

#[tokio::test]
async fn what_failed_on_the_way_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let mut client = client(dir.path(), None);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let detail = client.detail(&format!("ws://127.0.0.1:{port}")).await;
    assert!(detail.contains(&format!("nothing listens on port {port}")), "{detail}");
    let detail = client.detail("ws://no-such-host.invalid").await;
    assert!(detail.contains("The name no-such-host.invalid was not found"), "{detail}");
}

#[tokio::test]
async fn a_web_server_that_is_no_centre_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, axum::Router::new()).await });
    let detail = client(dir.path(), None).detail(&format!("http://127.0.0.1:{port}")).await;
    assert!(detail.contains("HTTP 404"), "{detail}");
}
