//! Legs as Asterisk has them, and the names by which they are found again.

use super::word::Channel;
use crate::switch::{Arrival, Feed};
use omnibar_model::{LegId, PhoneNumber};

/// Before the ids of what the centre makes in Asterisk.
const OURS: &str = "omnibar.";
/// Before the session of an agent: his leg, and his endpoint's name.
const AGENT: &str = "agent-";
/// After a leg: the channel of an IVR that runs the dialplan.
const DIALPLAN: char = '~';
/// Tones one after the other: the one that ends and the one that begins have two ids.
const TONES: u8 = 4;
/// Characters of what a caller says of himself.
const LONGEST_NAME: usize = 64;

/// A channel that is a leg.
#[derive(Debug)]
pub(super) struct Leg {
    /// Asterisk's id.
    pub(super) channel: String,
    pub(super) up: bool,
    pub(super) origin: Origin,
    /// The centre's name for the bridge that it is in.
    pub(super) bridge: Option<String>,
    /// What it is to hear while it is in no bridge.
    pub(super) feed: Feed,
    pub(super) plays: Plays,
    tone: u8,
    /// Said by [`super::word::Event::ChannelHangupRequest`].
    pub(super) hung_up: Option<u16>,
    /// The recording under way, if there is one.
    pub(super) recording: Option<super::recording::Recording>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Agent,
    Called,
    Arrived(Arrival),
}

/// What Asterisk plays to it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Plays {
    Only(Feed),
    /// It was there before this process.
    Unknown,
}

impl Leg {
    pub(super) fn new(channel: &Channel, origin: Origin, plays: Plays) -> Self {
        Self {
            channel: channel.id.clone(),
            up: channel.is_up(),
            origin,
            bridge: None,
            feed: Feed::Silence,
            plays,
            tone: 0,
            hung_up: None,
            recording: None,
        }
    }

    /// One that the centre is about to call.
    pub(super) fn called(leg: &LegId) -> Self {
        Self {
            channel: channel_of(leg),
            up: false,
            origin: Origin::Called,
            bridge: None,
            feed: Feed::Silence,
            plays: Plays::Only(Feed::Silence),
            tone: 0,
            hung_up: None,
            recording: None,
        }
    }

    /// The id of the tone that plays, or would.
    pub(super) fn tone(&self) -> String {
        tone(&self.channel, self.tone)
    }

    pub(super) fn next_tone(&mut self) -> String {
        self.tone = (self.tone + 1) % TONES;
        self.tone()
    }

    /// Every tone that may play to a leg of which nothing is known.
    pub(super) fn tones(&self) -> impl Iterator<Item = String> + use<'_> {
        (0..TONES).map(|n| tone(&self.channel, n))
    }
}

fn tone(channel: &str, n: u8) -> String {
    format!("{channel}.tone{n}")
}

/// Whose leg a channel of this application is. `None`: none, but a part of one.
pub(super) fn identify(channel: &Channel, app: &str) -> Option<(LegId, Origin)> {
    if let Some(leg) = channel.id.strip_prefix(OURS) {
        let whole = !leg.contains([DIALPLAN, '.']);
        return whole.then(|| (LegId::new(leg), Origin::Called));
    }
    if let Some(endpoint) = channel.endpoint().filter(|e| e.starts_with(AGENT)) {
        return Some((LegId::new(endpoint), Origin::Agent));
    }
    // A second half, a recording's ear, or somebody else's: handed over by no dialplan.
    let arguments = channel.arguments(app)?;
    Some((LegId::new(&format!("in-{}", channel.id)), Origin::Arrived(arrival(channel, arguments))))
}

fn arrival(channel: &Channel, arguments: Vec<String>) -> Arrival {
    let wanted = arguments.into_iter().find(|a| !a.is_empty());
    let plain = |c: &char| crate::plain::is_plain(*c);
    let name: String = channel.caller.name.chars().filter(plain).take(LONGEST_NAME).collect();
    Arrival {
        // Anonymous ones have none, and some have a name there.
        number: PhoneNumber::parse(&channel.caller.number).ok(),
        name: name.trim().to_owned(),
        wanted: wanted.unwrap_or_else(|| channel.dialplan.exten.clone()),
    }
}

/// An agent's leg: what it is called is what its endpoint is called.
pub(super) fn is_agent(leg: &LegId) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || c == '-';
    leg.as_str().starts_with(AGENT) && leg.as_str().chars().all(safe)
}

pub(super) fn channel_of(leg: &LegId) -> String {
    format!("{OURS}{leg}")
}

/// The channel of an IVR that runs the dialplan.
pub(super) fn dialplan_of(leg: &LegId) -> String {
    format!("{OURS}{leg}{DIALPLAN}")
}

/// The IVR whose dialplan this channel runs.
pub(super) fn ivr_of(channel: &str) -> Option<LegId> {
    channel.strip_prefix(OURS)?.strip_suffix(DIALPLAN).map(LegId::new)
}

pub(super) fn bridge_id(bridge: &str, number: u32) -> String {
    format!("{OURS}{bridge}.{number}")
}

pub(super) fn bridge_of(id: &str) -> Option<(&str, u32)> {
    let (bridge, number) = id.strip_prefix(OURS)?.rsplit_once('.')?;
    Some((bridge, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channel(id: &str, name: &str, app_data: &str) -> Channel {
        serde_json::from_value(serde_json::json!({
            "id": id, "name": name, "state": "Up",
            "caller": { "name": "Zoë\u{202e} Customer", "number": "+1 555 0101" },
            "dialplan": { "context": "network", "exten": "800", "app_name": "Stasis", "app_data": app_data },
        }))
        .unwrap()
    }

    #[test]
    fn a_channel_tells_whose_leg_it_is() {
        let leg =
            |c: &Channel| identify(c, "omnibar").map(|(leg, origin)| (leg.to_string(), origin));
        let called = channel("omnibar.leg-7", "PJSIP/network-00000001", "");
        assert_eq!(leg(&called), Some(("leg-7".into(), Origin::Called)));
        let agent = channel("pbx-1.2", "PJSIP/agent-7f-00000001", "omnibar");
        assert_eq!(leg(&agent), Some(("agent-7f".into(), Origin::Agent)));
        let Some((id, Origin::Arrived(customer))) =
            leg(&channel("pbx-1.3", "PJSIP/network-00000002", "omnibar,support"))
        else {
            panic!("nobody")
        };
        assert_eq!(id, "in-pbx-1.3");
        assert_eq!((customer.name.as_str(), customer.wanted.as_str()), ("Zoë Customer", "support"));
        assert_eq!(customer.number.unwrap().as_str(), "+15550101");
        let Some((_, Origin::Arrived(direct))) =
            leg(&channel("pbx-1.4", "PJSIP/network-00000003", "omnibar"))
        else {
            panic!("nobody")
        };
        assert_eq!(direct.wanted, "800", "the number that was called");
        for part in ["omnibar.leg-7~", "omnibar.leg-7.in"] {
            assert_eq!(leg(&channel(part, "Local/x@y-00000001;2", "omnibar,chosen,1")), None);
        }
        assert_eq!(leg(&channel("pbx-1.5", "PJSIP/1001-00000004", "another")), None);
    }

    #[test]
    fn names_lead_there_and_back() {
        let leg = LegId::new("leg-7");
        assert_eq!(ivr_of(&dialplan_of(&leg)), Some(leg.clone()));
        assert_eq!(ivr_of(&channel_of(&leg)), None);
        assert_eq!(bridge_of(&bridge_id("call~consult", 7)), Some(("call~consult", 7)));
        assert_eq!(bridge_of("somebody-elses"), None);
        assert!(is_agent(&LegId::new("agent-0190")) && !is_agent(&LegId::new("web-0190")));
        assert!(!is_agent(&LegId::new("agent-../auth")));
    }
}
