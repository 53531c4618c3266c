//! Why a centre does not start, and what it says.

use crate::desk::Desk;
use crate::switch::SimSwitch;
use crate::world::{World, config};
use omnibar_center::store::FILE;
use omnibar_center::{Centre, Config, StartFault, SwitchChoice};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

fn with_sim(data: &std::path::Path) -> Config {
    let (_, link, events) = SimSwitch::start();
    config(data, SwitchChoice::Connected(link, events))
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let world = World::start().await;
    let data = tempfile::tempdir().unwrap();
    let mut second = with_sim(data.path());
    second.listen = world.centre.address();
    let fault = Centre::start(second).await.unwrap_err();
    assert!(matches!(fault, StartFault::PortTaken { .. }));
    assert!(fault.to_string().contains("--listen"), "{fault}");
    world.centre.stop().await;
}

#[tokio::test]
async fn a_damaged_database_is_refused_or_put_aside_in_the_demo() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join(FILE), "this is not a database, ".repeat(500)).unwrap();
    let mut real = with_sim(data.path());
    real.demo = false;
    let fault = Centre::start(real).await.unwrap_err().to_string();
    assert!(fault.contains(FILE) && fault.contains("--data"), "{fault}");

    let centre = Centre::start(with_sim(data.path())).await.unwrap();
    let aside = centre.put_aside().expect("the damaged file is kept").to_owned();
    assert!(std::fs::read_to_string(aside).unwrap().starts_with("this is not a database"));
    Desk::ready(&format!("{}/ws/agent", centre.url()), "agent1").await;
    centre.stop().await;
}

#[tokio::test]
async fn others_are_not_served_without_tls() {
    let data = tempfile::tempdir().unwrap();
    let mut open = with_sim(data.path());
    open.listen = SocketAddr::from(([0, 0, 0, 0], 0));
    let fault = Centre::start(open).await.unwrap_err();
    assert!(matches!(fault, StartFault::Unprotected { .. }));
    assert!(fault.to_string().contains("--tls-cert"), "{fault}");
}

#[tokio::test]
async fn a_missing_certificate_is_named() {
    let data = tempfile::tempdir().unwrap();
    let mut tls = with_sim(data.path());
    tls.tls = Some(omnibar_center::Tls {
        certificate: data.path().join("no.pem"),
        key: data.path().join("no.key"),
    });
    let fault = Centre::start(tls).await.unwrap_err();
    assert!(matches!(fault, StartFault::Tls { .. }), "{fault}");
}

/// A centre with a certificate for `localhost`, and what a client checks it with.
pub async fn with_certificate(data: &std::path::Path) -> (Centre, Arc<rustls::ClientConfig>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls = omnibar_center::Tls { certificate: data.join("cert.pem"), key: data.join("key.pem") };
    std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    let mut config = with_sim(data);
    config.tls = Some(tls);
    let centre = Centre::start(config).await.unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    (centre, Arc::new(client))
}

#[tokio::test]
async fn with_a_certificate_agents_sign_in_over_tls() {
    let data = tempfile::tempdir().unwrap();
    let (centre, client) = with_certificate(data.path()).await;
    let url = format!("wss://localhost:{}/ws/agent", centre.address().port());
    let connector = Some(Connector::Rustls(client));
    let request = url.into_client_request().unwrap();
    let (socket, _) = connect_async_tls_with_config(request, None, false, connector).await.unwrap();
    Desk::over(socket).sign_in("agent1", "demo", false).await.unwrap();
    centre.stop().await;
}
