//! The session's voice leg at a PBX: what the line would offer to the centre goes by SIP,
//! as the extension that the centre has given for it, in one call that lasts as long as the
//! leg does.
//!
//! ```text
//! Dialling ──connected──▶ Calling ──answered──▶ Up ──ended──▶ Over
//!     └─────────────refused, ended, no way there──────────────▲
//! ```

use crate::sip::core::{Account, CallNumber, Command, Event, Uri};
use crate::sip::{Extension, ExtensionConfig, ExtensionEvent, WebSocketUrl, with_candidates};
use omnibar_softphone::SipExtension;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The one call.
const LEG: CallNumber = CallNumber::Out(0);
/// An offer goes without the addresses that servers have not told until then.
const GATHERING: Duration = Duration::from_secs(2);
/// Nothing is registered, as nobody is to call this extension.
const EXPIRES: Duration = Duration::from_secs(120);

/// This side's last offer, with the candidates that belong to it as far as they are known.
#[derive(Debug, Default)]
pub(crate) struct Described {
    sdp: String,
    candidates: Vec<String>,
    gathered: bool,
    until: Option<Instant>,
}

impl Described {
    pub(crate) fn new(sdp: &str) -> Self {
        let until = Some(Instant::now() + GATHERING);
        Self { sdp: sdp.to_owned(), until, ..Self::default() }
    }

    /// Empty text ends the list.
    pub(crate) fn add(&mut self, candidate: &str) {
        if candidate.is_empty() {
            self.gathered = true;
        } else {
            self.candidates.push(candidate.to_owned());
        }
    }

    /// The same candidates for another description of the same connection.
    fn whole(&self, sdp: &str) -> String {
        with_candidates(sdp, self.candidates.iter().map(String::as_str))
    }

    fn is_ready(&self, now: Instant) -> bool {
        self.gathered || self.until.is_some_and(|until| until <= now)
    }
}

/// What the line is to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The PBX has answered the last offer.
    Answer(String),
    /// It offers; [`Carrier::answer`] is due.
    Offer(String),
    /// There is another connection to it: an ICE restart shows it the way here.
    Back,
    /// The leg is over or never came about, with the cause in words.
    Over(String),
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Dialling,
    Calling,
    Up,
    Over,
}

#[derive(Debug)]
pub(crate) struct Carrier {
    extension: Extension,
    events: mpsc::UnboundedReceiver<ExtensionEvent>,
    whom: Uri,
    stage: Stage,
    /// There is a connection to the PBX.
    connected: bool,
    /// An offer that has not been sent yet.
    owed: bool,
}

impl Carrier {
    /// # Errors
    /// In words: what the centre gave is no extension, or the system no random numbers.
    pub(crate) fn start(given: SipExtension, extra_ca: Option<PathBuf>) -> Result<Self, String> {
        let server = WebSocketUrl::parse(&given.server).map_err(|e| e.to_string())?;
        let uri =
            |text: &str| Uri::dialled(text, "").map_err(|_| "no SIP address was given".to_owned());
        let account = Account {
            address: uri(&given.address)?,
            display: String::new(),
            user: given.user,
            password: given.password,
            secure: server.is_tls(),
            instance: instance()?,
            expires: EXPIRES,
            agent: concat!("omnibar/", env!("CARGO_PKG_VERSION")).into(),
        };
        let whom = uri(&given.call)?;
        let config = ExtensionConfig { account, server, extra_ca };
        let (extension, events) = Extension::start(config).map_err(|e| e.to_string())?;
        let (stage, connected, owed) = (Stage::Dialling, false, true);
        Ok(Self { extension, events, whom, stage, connected, owed })
    }

    /// Makes a new connection to the PBX now.
    pub(crate) fn reconnect(&self) {
        self.extension.reconnect();
    }

    /// There is another offer: an ICE restart.
    pub(crate) fn offer_anew(&mut self) {
        self.owed = true;
    }

    /// What the PBX says next; `None`: the extension has ended.
    pub(crate) async fn next(&mut self) -> Option<ExtensionEvent> {
        self.events.recv().await
    }

    /// When [`Carrier::carry`] is due, if something waits for candidates.
    pub(crate) fn deadline(&self, described: &Described) -> Option<Instant> {
        let may = self.owed && self.connected && self.stage != Stage::Calling;
        described.until.filter(|_| may && !described.gathered)
    }

    /// Sends the offer that is owed, once it is whole and may be sent.
    pub(crate) fn carry(&mut self, now: Instant, described: &Described) {
        if !self.owed || !self.connected || !described.is_ready(now) {
            return;
        }
        let offer = described.whole(&described.sdp);
        match self.stage {
            Stage::Dialling => {
                self.stage = Stage::Calling;
                let to = self.whom.clone();
                self.extension.command(Command::Call { call: LEG, to, offer, replaces: None });
            }
            Stage::Up => self.extension.command(Command::Offer { call: LEG, offer }),
            // After the answer to the first.
            Stage::Calling | Stage::Over => return,
        }
        self.owed = false;
    }

    pub(crate) fn heard(&mut self, event: ExtensionEvent) -> Heard {
        match event {
            ExtensionEvent::Connected => {
                self.connected = true;
                if self.stage == Stage::Up { Heard::Back } else { Heard::Nothing }
            }
            ExtensionEvent::Disconnected { fault, .. } => {
                self.connected = false;
                match self.stage {
                    // The PBX keeps the call, and voice goes another way.
                    Stage::Up | Stage::Over => Heard::Nothing,
                    Stage::Dialling | Stage::Calling => self.over(fault.to_string()),
                }
            }
            ExtensionEvent::Sip(event) => self.signalled(event),
        }
    }

    fn signalled(&mut self, event: Event) -> Heard {
        match event {
            Event::Answered { call: LEG, answer, .. } => {
                self.stage = Stage::Up;
                answer.map_or(Heard::Nothing, Heard::Answer)
            }
            Event::EarlyMedia { call: LEG, answer } | Event::Changed { call: LEG, answer } => {
                Heard::Answer(answer)
            }
            Event::Offered { call: LEG, offer, .. } => Heard::Offer(offer),
            Event::Ended { call: LEG, cause } | Event::ChangeRefused { call: LEG, cause } => {
                self.over(format!("{:?} {}", cause.kind, cause.words))
            }
            Event::Refused { call: Some(LEG), why } if self.stage != Stage::Up => {
                self.over(why.to_string())
            }
            // Nobody is to call an agent here: the centre puts calls into the leg.
            Event::Incoming { call, .. } => {
                self.extension.command(Command::Reject { call, busy: false });
                Heard::Nothing
            }
            _ => Heard::Nothing,
        }
    }

    /// `None` leaves all as it was.
    pub(crate) fn answer(&self, answer: Option<&str>, described: &Described) {
        let answer = answer.map(|sdp| described.whole(sdp));
        self.extension.command(Command::Answer { call: LEG, answer });
    }

    fn over(&mut self, cause: String) -> Heard {
        self.stage = Stage::Over;
        Heard::Over(cause)
    }

    /// Hangs up and goes; the PBX is told, if it can be.
    pub(crate) fn close(self) {
        tokio::spawn(self.extension.close());
    }
}

/// Another one for every leg: extensions are.
fn instance() -> Result<String, String> {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|e| e.to_string())?;
    // RFC 9562 section 5.4.
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}
