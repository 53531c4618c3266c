//! How the WebRTC stack is set up: codecs, timers, addresses and its known faults.

use crate::{Bind, OPUS, PeerConfig, PeerError, TELEPHONE_EVENT, TELEPHONE_EVENT_8K};
use rtc::ice::mdns::MulticastDnsMode;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::transport::RTCDtlsRole;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
    RtpCodecKind,
};
use std::sync::Arc;
use std::time::Duration;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
    RTCConfiguration, RTCConfigurationBuilder, RTCIceServer, RTCIceTransportPolicy, Registry,
    SettingEngine, SettingEngineBuilder, configure_rtcp_reports,
};

/// Silence after which a path counts as lost. Checks go out every [`KEEPALIVE`], so
/// three in a row have been missed.
const DISCONNECTED: Duration = Duration::from_millis(2_000);
/// Further silence after which it is given up; consent expires after 30 s (RFC 7675).
const FAILED: Duration = Duration::from_secs(20);
const KEEPALIVE: Duration = Duration::from_millis(600);

pub(crate) const OPUS_ENCODING: &str = "opus/48000/2";
pub(crate) const TELEPHONE_EVENT_ENCODING: &str = "telephone-event/48000";
pub(crate) const TELEPHONE_EVENT_8K_ENCODING: &str = "telephone-event/8000";

pub(crate) struct Stack {
    pub(crate) connection: Arc<dyn PeerConnection>,
    pub(crate) track: TrackLocalStaticRTP,
    pub(crate) ssrc: u32,
}

pub(crate) async fn build(
    config: &PeerConfig,
    handler: Arc<dyn PeerConnectionEventHandler>,
) -> Result<Stack, PeerError> {
    let open = |error: webrtc::error::Error| PeerError::Open(error.to_string());
    let connection = PeerConnectionBuilder::new()
        .with_configuration(configuration(config))
        .with_setting_engine(settings(config))
        .with_media_engine(codecs().map_err(open)?)
        .with_interceptor_registry(configure_rtcp_reports(Registry::new()))
        .with_handler(handler)
        .with_udp_addrs(addresses(&config.bind))
        .build()
        .await
        .map_err(open)?;
    let connection: Arc<dyn PeerConnection> = Arc::new(connection);
    let (track, ssrc) = voice_track();
    connection.add_track(Arc::new(track.clone())).await.map_err(open)?;
    for transceiver in connection.get_transceivers().await {
        transceiver.set_codec_preferences(formats()).await.map_err(open)?;
    }
    Ok(Stack { connection, track, ssrc })
}

/// Opus first: the stack puts telephone-event nowhere unless it is told to.
fn formats() -> Vec<RTCRtpCodecParameters> {
    let format =
        |mime: &str, clock_rate, channels, fmtp: &str, payload_type| RTCRtpCodecParameters {
            rtp_codec: RTCRtpCodec {
                mime_type: mime.to_owned(),
                clock_rate,
                channels,
                sdp_fmtp_line: fmtp.to_owned(),
                rtcp_feedback: vec![],
            },
            payload_type,
        };
    vec![
        format("audio/opus", 48_000, 2, "minptime=10;useinbandfec=1", OPUS),
        format("audio/telephone-event", 48_000, 0, "0-16", TELEPHONE_EVENT),
        format("audio/telephone-event", 8_000, 0, "0-16", TELEPHONE_EVENT_8K),
    ]
}

fn codecs() -> Result<MediaEngine, webrtc::error::Error> {
    let mut engine = MediaEngine::default();
    for format in formats() {
        engine.register_codec(format, RtpCodecKind::Audio)?;
    }
    Ok(engine)
}

fn settings(config: &PeerConfig) -> SettingEngine {
    SettingEngineBuilder::new()
        // Peer-reflexive pairs would otherwise wait a second before they are nominated,
        // and they are all there is against a browser that hides its addresses.
        .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_srflx_acceptance_min_wait(Some(Duration::from_millis(100)))
        .with_relay_acceptance_min_wait(Some(Duration::from_millis(300)))
        // The default picks a new role on a re-offer, which breaks the standing DTLS session.
        .with_answering_dtls_role(RTCDtlsRole::Server)
        .with_ice_timeouts(Some(DISCONNECTED), Some(FAILED), Some(KEEPALIVE))
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .with_discard_local_candidates_during_ice_restart(config.rebind_on_restart)
        .build()
}

fn configuration(config: &PeerConfig) -> RTCConfiguration {
    let servers = config
        .ice_servers
        .iter()
        .map(|server| RTCIceServer {
            urls: server.urls.iter().filter(|url| usable_url(url)).cloned().collect(),
            username: server.username.clone(),
            credential: server.credential.expose().to_owned(),
        })
        .filter(|server| !server.urls.is_empty())
        .collect();
    RTCConfigurationBuilder::new()
        .with_ice_servers(servers)
        .with_ice_transport_policy(if config.relay_only {
            RTCIceTransportPolicy::Relay
        } else {
            RTCIceTransportPolicy::All
        })
        .build()
}

/// The stack speaks to servers over UDP only.
fn usable_url(url: &str) -> bool {
    let usable = (url.starts_with("stun:") || url.starts_with("turn:"))
        && !url.contains("transport=tcp")
        && rtc::ice::url::Url::parse_url(url).is_ok();
    if !usable {
        tracing::warn!(url, "this STUN or TURN server is left out: only UDP is spoken");
    }
    usable
}

fn addresses(bind: &Bind) -> Vec<String> {
    match bind {
        Bind::AllInterfaces => vec!["0.0.0.0:0".to_owned(), "[::]:0".to_owned()],
        Bind::Only(addresses) => addresses
            .iter()
            .map(|address| std::net::SocketAddr::new(*address, 0).to_string())
            .collect(),
    }
}

fn voice_track() -> (TrackLocalStaticRTP, u32) {
    let random = uuid::Uuid::new_v4();
    // RFC 3550 section 8: random, so that two streams of a session do not collide.
    let ssrc = u32::from_be_bytes(random.into_bytes()[..4].try_into().unwrap_or_default()).max(1);
    let stream = random.simple().to_string();
    let track = MediaStreamTrack::new(
        stream.clone(),
        format!("{stream}-voice"),
        "voice".to_owned(),
        RtpCodecKind::Audio,
        vec![RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters {
                ssrc: Some(ssrc),
                ..Default::default()
            },
            codec: formats().swap_remove(0).rtp_codec,
            ..Default::default()
        }],
    );
    (TrackLocalStaticRTP::new(track), ssrc)
}
