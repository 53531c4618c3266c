use super::Agreed;
use super::connection::{Connection, Job, Listener};
use crate::voice::Way;
use omnibar_peer::Peer;
use omnibar_sip::{CallNumber, Uri};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// From the answer until whoever waits is told that no way for the voice has been found: a
/// path through relays takes two seconds.
const VOICE_PATIENCE: Duration = Duration::from_secs(5);

/// What a call waits for.
///
/// ```text
///  ┌───────────┐ described ┌────────┐ answered
///  │ Preparing │ ────────▶ │ Asked  │ ──────────┐   ┌─────────┐
///  └───────────┘           └────────┘           ├─▶ │ Talking │
///  ┌───────────┐ taken     ┌────────┐ described │   └─────────┘
///  │ Ringing   │ ────────▶ │ Taking │ ──────────┘
///  └───────────┘           └────────┘
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// For this side's offer; the exchange knows nothing yet.
    Preparing,
    /// For somebody to answer there.
    Asked,
    /// For somebody to answer here; with the caller's offer, if there was one.
    Ringing {
        offer: Option<String>,
    },
    /// For this side's description.
    Taking,
    Talking,
}

/// What a description is for that a connection makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Description {
    Dial(Uri),
    /// A call that the far side of that one asked for.
    Follow(CallNumber),
    /// Takes the call.
    Accept,
    /// Mends the path.
    Restart,
    /// Answers the far side's change.
    Reply,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) stage: Stage,
    pub(super) connection: Option<Connection>,
    pub(super) peer: Option<Peer>,
    /// Where the voice goes, while it does not.
    pub(super) parked: Option<Way>,
    /// It is one of several in the conversation that the headset is in.
    pub(super) in_room: bool,
    pub(super) describing: VecDeque<Description>,
    /// This side wants it held.
    pub(super) held: bool,
    /// The exchange has agreed to hold it.
    pub(super) held_there: bool,
    /// Packets can flow.
    pub(super) up: bool,
    pub(super) was_up: bool,
    /// As [`super::PhoneEvent::Connected`] has told it, and later changes.
    pub(super) told: Option<Agreed>,
    /// An offer of the peer waits for its answer; with the far side's ICE name before it
    /// (the answer to another offer has that one still, RFC 8839 section 4.4.1.1.1).
    pub(super) mending: Option<Option<String>>,
    /// ICE name of the far side's last description.
    pub(super) far_name: Option<String>,
    /// Restarts since the path was up.
    pub(super) restarts: u8,
    pub(super) answer_at: Option<Instant>,
    /// Voice is to pass by then, or whoever waits for it is told.
    pub(super) voice_by: Option<Instant>,
}

impl Call {
    pub(super) fn new(stage: Stage) -> Self {
        Self {
            stage,
            connection: None,
            peer: None,
            parked: None,
            in_room: false,
            describing: VecDeque::new(),
            held: false,
            held_there: false,
            up: false,
            was_up: false,
            told: None,
            mending: None,
            far_name: None,
            restarts: 0,
            answer_at: None,
            voice_by: None,
        }
    }

    pub(super) fn describe(&mut self, job: Job, what: Description) {
        if let Job::Answer(offer) = &job {
            self.far_name = ice_name(offer);
        }
        self.describing.push_back(what);
        self.give(job);
    }

    /// Takes an answer of the far side.
    pub(super) fn accept(&mut self, answer: String) {
        self.far_name = ice_name(&answer);
        self.give(Job::Accept(answer));
    }

    /// Who hears the far side.
    pub(super) fn listen(&self, listener: Listener) {
        if let Some(connection) = &self.connection {
            connection.listen(listener);
        }
    }

    fn give(&self, job: Job) {
        if let Some(connection) = &self.connection {
            connection.give(job);
        }
    }

    /// `None`: there is no connection.
    pub(super) fn agreed(&self) -> Option<Agreed> {
        let peer = self.peer.as_ref()?;
        Some(Agreed { codec: peer.terms().codec, keys: peer.telephone_event_type().is_some() })
    }

    /// Both sides want it from now on.
    pub(super) fn talk(&mut self) {
        self.stage = Stage::Talking;
        if !self.up {
            self.voice_by = Some(Instant::now() + VOICE_PATIENCE);
        }
    }

    pub(super) fn is_talking(&self) -> bool {
        self.stage == Stage::Talking
    }
}

/// RFC 8839 section 5.4.
pub(super) fn ice_name(sdp: &str) -> Option<String> {
    let name = sdp.lines().find_map(|line| line.strip_prefix("a=ice-ufrag:"));
    name.map(|name| name.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_is_known_by_its_name() {
        assert_eq!(ice_name("v=0\r\na=ice-ufrag:ab+c\r\n"), Some("ab+c".to_owned()));
        assert_eq!(ice_name("v=0\r\n"), None);
    }
}
