use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How this machine reaches the network.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS,
)]
#[serde(rename_all = "snake_case")]
pub enum LinkKind {
    Cable,
    WiFi,
    Mobile,
    /// A tunnel over one of the others.
    Vpn,
    /// The centre is on this machine.
    Local,
    #[default]
    Unknown,
}

/// How the packets of the voice connection travel (RFC 8445 section 4).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema, TS,
)]
#[serde(rename_all = "snake_case")]
pub enum PathKind {
    /// Straight between the two machines.
    Host,
    /// Through an address translator.
    Reflexive,
    /// Over a TURN server.
    Relay,
    #[default]
    Unknown,
}

/// What voice was sent with against loss.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema, TS,
)]
#[serde(rename_all = "snake_case")]
pub enum VoiceLayer {
    /// Lost packets were asked for again.
    Retransmission,
    /// RFC 2198.
    Copies,
    /// Opus in-band FEC.
    Fec,
    /// Opus DRED.
    Deep,
    /// Packets of 10 ms.
    Short,
}

/// One direction of a call. All bounded, see [`VoiceRecord::bounded`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct VoiceFigures {
    /// Hundredths of MOS (ITU-T G.107), 100 to 450: the worst 5 s, and the mean.
    pub mos_least: u16,
    pub mos_mean: u16,
    /// Hundredths of a per cent of packets that did not come in time: the worst 5 s, and
    /// the mean.
    pub loss_most: u16,
    pub loss_mean: u16,
    /// ms, RFC 3550 section 6.4.1, mean.
    pub jitter: u16,
    /// ms of buffering at the receiver, mean; 0: not known.
    pub delay: u16,
}

/// What one call's voice was like, as the agent's softphone measured it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, TS)]
pub struct VoiceRecord {
    /// Seconds over which was measured.
    pub seconds: u32,
    /// What the agent heard; `None`: nothing came.
    pub received: Option<VoiceFigures>,
    /// What arrived of what the agent said; `None`: the far side told nothing.
    pub sent: Option<VoiceFigures>,
    /// ms, mean of the path's round trips; `None`: not known.
    pub round_trip: Option<u16>,
    pub link: LinkKind,
    pub path: PathKind,
    /// Times that the voice connection was lost and came back.
    pub reconnects: u16,
    /// Those that were used at some time, in the order of [`VoiceLayer`].
    pub layers: Vec<VoiceLayer>,
    /// Names of the devices; empty: none.
    pub microphone: String,
    pub speaker: String,
}

impl VoiceRecord {
    /// Longest device name that is kept, in characters.
    pub const NAME_MAX: usize = 120;
    /// s: nobody is on one call for longer than two days.
    pub const SECONDS_MAX: u32 = 2 * 24 * 3600;

    /// The same with every figure within what it can be: a client may send anything.
    #[must_use]
    pub fn bounded(self) -> Self {
        let mut layers = self.layers;
        layers.truncate(64);
        layers.sort_unstable();
        layers.dedup();
        Self {
            seconds: self.seconds.min(Self::SECONDS_MAX),
            received: self.received.map(VoiceFigures::bounded),
            sent: self.sent.map(VoiceFigures::bounded),
            round_trip: self.round_trip.map(|trip| trip.min(MOST_MS)),
            reconnects: self.reconnects.min(10_000),
            layers,
            microphone: name(&self.microphone),
            speaker: name(&self.speaker),
            ..self
        }
    }
}

impl VoiceFigures {
    fn bounded(self) -> Self {
        let mos_mean = self.mos_mean.clamp(100, 450);
        let loss_mean = self.loss_mean.min(10_000);
        Self {
            mos_least: self.mos_least.clamp(100, mos_mean),
            mos_mean,
            loss_most: self.loss_most.clamp(loss_mean, 10_000),
            loss_mean,
            jitter: self.jitter.min(MOST_MS),
            delay: self.delay.min(MOST_MS),
        }
    }
}

/// ms.
const MOST_MS: u16 = 60_000;

fn name(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(VoiceRecord::NAME_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_makes_up_is_bounded() {
        let figures = VoiceFigures {
            mos_least: u16::MAX,
            mos_mean: 0,
            loss_most: 0,
            loss_mean: u16::MAX,
            jitter: u16::MAX,
            delay: u16::MAX,
        };
        let record = VoiceRecord {
            seconds: u32::MAX,
            received: Some(figures),
            round_trip: Some(u16::MAX),
            reconnects: u16::MAX,
            layers: vec![VoiceLayer::Short, VoiceLayer::Copies, VoiceLayer::Short],
            microphone: "\u{0}é".repeat(10_000),
            ..VoiceRecord::default()
        };
        let kept = record.bounded();
        let bounded = VoiceFigures {
            mos_least: 100,
            mos_mean: 100,
            loss_most: 10_000,
            loss_mean: 10_000,
            jitter: 60_000,
            delay: 60_000,
        };
        assert_eq!(kept.received, Some(bounded));
        assert_eq!(kept.sent, None);
        assert_eq!((kept.seconds, kept.reconnects), (172_800, 10_000));
        assert_eq!(kept.layers, [VoiceLayer::Copies, VoiceLayer::Short]);
        assert_eq!(kept.microphone, "é".repeat(120));
        assert_eq!(kept.clone().bounded(), kept);
    }
}
