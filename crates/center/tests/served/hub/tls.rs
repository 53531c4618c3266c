//! The same over TLS, where pages know the centre by https and wss.

use crate::start::with_certificate;
use omnibar_protocol::hub::close;
use std::sync::Arc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

#[tokio::test]
async fn over_tls_only_the_https_origin_is_the_centres_own() {
    use futures_util::{SinkExt, StreamExt};
    let data = tempfile::tempdir().unwrap();
    let (centre, client) = with_certificate(data.path()).await;
    let authority = format!("localhost:{}", centre.address().port());
    let open = async |origin: String| {
        let url = format!("wss://{authority}/ws/dock");
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        let connector = Some(Connector::Rustls(Arc::clone(&client)));
        connect_async_tls_with_config(request, None, true, connector).await
    };
    for origin in [format!("http://{authority}"), "https://localhost".to_owned()] {
        match open(origin).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 403),
            other => panic!("{}", other.is_ok()),
        }
    }
    let (mut frame, _) = open(format!("https://{authority}")).await.unwrap();
    frame.send(Message::text(r#"{"route":{"token":"agent1.aa"}}"#)).await.unwrap();
    let Some(Ok(Message::Close(Some(goodbye)))) = frame.next().await else { panic!("no goodbye") };
    assert_eq!(u16::from(goodbye.code), close::NO_DESKTOP);
    centre.stop().await;
}
