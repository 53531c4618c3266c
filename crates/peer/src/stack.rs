//! How the WebRTC stack is set up: codecs, timers, addresses and its known faults.

use crate::feedback::Tap;
use crate::formats::FORMATS;
use crate::runtime::RelayingRuntime;
use crate::servers::{self, Servers};
use crate::stream::Streams;
use crate::{Bind, OPUS, PeerConfig, PeerError, RED, Repair};
use rtc::ice::mdns::MulticastDnsMode;
use rtc::interceptor::Slot;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::transport::RTCDtlsRole;
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters,
    RTCRtpEncodingParameters, RtpCodecKind,
};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use webrtc::error::Error;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::peer_connection::{
    MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
    RTCConfiguration, RTCConfigurationBuilder, RTCIceServer, RTCIceTransportPolicy, Registry,
    SettingEngine, SettingEngineBuilder,
};

/// Silence after which a path counts as lost. Checks go out every [`KEEPALIVE`], so
/// three in a row have been missed.
const DISCONNECTED: Duration = Duration::from_millis(2_000);
const KEEPALIVE: Duration = Duration::from_millis(600);
/// Checks of a pair go on for as long as signalling that is late, or a browser that asks
/// for the microphone, may take.
const CHECKED: Duration = Duration::from_secs(15);

pub(crate) struct Stack {
    pub(crate) connection: Arc<dyn PeerConnection>,
    pub(crate) track: TrackLocalStaticRTP,
    pub(crate) ssrc: u32,
}

pub(crate) async fn build(
    config: &PeerConfig,
    handler: Arc<dyn PeerConnectionEventHandler>,
    tap: Tap,
) -> Result<Stack, PeerError> {
    let open = |error: Error| PeerError::Open(error.to_string());
    let Servers { told, streams, relays } = servers::find(&config.ice_servers).await;
    let mut builder = PeerConnectionBuilder::new()
        .with_configuration(configuration(config, told))
        .with_setting_engine(settings(config))
        .with_media_engine(codecs(config).map_err(open)?)
        .with_interceptor_registry(Registry::new().with(Slot::ReceiverReport, tap))
        .with_handler(handler)
        .with_udp_addrs(addresses(&config.bind));
    if relays {
        let streams = Streams { all: streams, trust: config.trust.clone() };
        builder = builder.with_runtime(Arc::new(RelayingRuntime::new(streams)));
    }
    let connection: Arc<dyn PeerConnection> = Arc::new(builder.build().await.map_err(open)?);
    let (track, ssrc) = voice_track();
    connection.add_track(Arc::new(track.clone())).await.map_err(open)?;
    Ok(Stack { connection, track, ssrc })
}

/// Has the next description list every format. By itself the stack lists the track's
/// codec alone, and in an answer takes all clock rates of telephone-event for one;
/// without preferences it lists what is registered, or what was offered of that.
pub(crate) async fn list_formats(connection: &dyn PeerConnection) -> Result<(), Error> {
    for transceiver in connection.get_transceivers().await {
        transceiver.set_codec_preferences(vec![]).await?;
    }
    Ok(())
}

/// Tells the stack which payload types to send and take, after the description is
/// made; `negotiated` says it by canonical type.
pub(crate) async fn use_formats(
    connection: &dyn PeerConnection,
    formats: &[RTCRtpCodecParameters],
    negotiated: impl Fn(u8) -> Option<u8>,
) -> Result<(), Error> {
    let used: Vec<RTCRtpCodecParameters> = formats
        .iter()
        .filter_map(|format| {
            let payload_type = negotiated(format.payload_type)?;
            Some(RTCRtpCodecParameters { payload_type, ..format.clone() })
        })
        .collect();
    for transceiver in connection.get_transceivers().await {
        transceiver.set_codec_preferences(used.clone()).await?;
    }
    Ok(())
}

/// Opus first: the track's own.
pub(crate) fn formats(repair: Repair, fallback: bool) -> Vec<RTCRtpCodecParameters> {
    let nack = RTCPFeedback { typ: "nack".to_owned(), parameter: String::new() };
    FORMATS
        .iter()
        .filter(|format| format.canonical != RED || repair.red)
        .filter(|format| !format.is_fallback() || fallback)
        .map(|format| RTCRtpCodecParameters {
            rtp_codec: RTCRtpCodec {
                mime_type: format!("audio/{}", format.name),
                clock_rate: format.clock,
                channels: format.channels,
                sdp_fmtp_line: format.parameters.to_owned(),
                rtcp_feedback: if repair.nack && [OPUS, RED].contains(&format.canonical) {
                    vec![nack.clone()]
                } else {
                    vec![]
                },
            },
            payload_type: format.canonical,
        })
        .collect()
}

fn codecs(config: &PeerConfig) -> Result<MediaEngine, Error> {
    let mut engine = MediaEngine::default();
    for format in formats(config.repair, config.fallback) {
        engine.register_codec(format, RtpCodecKind::Audio)?;
    }
    Ok(engine)
}

fn settings(config: &PeerConfig) -> SettingEngine {
    let checks = CHECKED.as_millis() / config.pace.as_millis().max(1);
    let checks = u16::try_from(checks).unwrap_or(u16::MAX);
    SettingEngineBuilder::new()
        // Peer-reflexive pairs would otherwise wait a second before they are nominated,
        // and they are all there is against a browser that hides its addresses.
        .with_prflx_acceptance_min_wait(Some(Duration::ZERO))
        .with_srflx_acceptance_min_wait(Some(Duration::from_millis(100)))
        .with_relay_acceptance_min_wait(Some(Duration::from_millis(300)))
        // The default picks a new role on a re-offer, which breaks the standing DTLS session.
        .with_answering_dtls_role(if config.answers_active {
            RTCDtlsRole::Client
        } else {
            RTCDtlsRole::Server
        })
        .with_ice_timeouts(Some(DISCONNECTED), Some(config.patience), Some(KEEPALIVE))
        .with_ice_connection_attempts(Some(config.pace), Some(checks))
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .with_discard_local_candidates_during_ice_restart(config.rebind_on_restart)
        .build()
}

fn configuration(config: &PeerConfig, servers: Vec<RTCIceServer>) -> RTCConfiguration {
    RTCConfigurationBuilder::new()
        .with_ice_servers(servers)
        .with_ice_transport_policy(if config.relay_only {
            RTCIceTransportPolicy::Relay
        } else {
            RTCIceTransportPolicy::All
        })
        .build()
}

fn addresses(bind: &Bind) -> Vec<String> {
    let all = ["0.0.0.0:0", "[::]:0"];
    match bind {
        Bind::AllInterfaces => all.map(str::to_owned).to_vec(),
        Bind::AllAndLoopback => all.into_iter().chain(["127.0.0.1:0"]).map(str::to_owned).collect(),
        Bind::Only(addresses) => {
            addresses.iter().map(|address| SocketAddr::new(*address, 0).to_string()).collect()
        }
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
            codec: formats(Repair::NONE, false).swap_remove(0).rtp_codec,
            ..Default::default()
        }],
    );
    (TrackLocalStaticRTP::new(track), ssrc)
}
