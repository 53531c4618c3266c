//! A phone of the tests: an extension and a voice connection for each call.

use omnibar_line::sip::core::{Account, CallNumber, Command, Event, Uri};
use omnibar_line::sip::{
    Extension, ExtensionConfig, ExtensionEvent, WebSocketUrl, with_candidates,
};
use omnibar_model::Secret;
use omnibar_peer::{Bind, Incoming, Peer, PeerConfig, PeerEvent, Repair};
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

const PATIENCE: Duration = Duration::from_secs(12);

pub(crate) struct Phone {
    pub(crate) extension: Extension,
    events: mpsc::UnboundedReceiver<ExtensionEvent>,
    calls: u32,
}

/// Where the exchange of the rig is.
pub(crate) fn place(secure: bool) -> WebSocketUrl {
    let name = if secure { "OMNIBAR_PBX_WSS" } else { "OMNIBAR_PBX_WS" };
    let url = std::env::var(name);
    let url = url.unwrap_or_else(|_| panic!("{name} must say where the exchange of the rig is"));
    WebSocketUrl::parse(&url).unwrap()
}

impl Phone {
    pub(crate) fn start(user: &str, password: &str, secure: bool) -> Self {
        let extra_ca = secure.then(|| {
            PathBuf::from(std::env::var("OMNIBAR_PBX_CA").expect("OMNIBAR_PBX_CA names the CA"))
        });
        Self::start_with(user, password, secure, extra_ca)
    }

    /// Over TLS, with nobody trusted but the system's authorities.
    pub(crate) fn start_untrusting(user: &str) -> Self {
        Self::start_with(user, "secret", true, None)
    }

    fn start_with(user: &str, password: &str, secure: bool, extra_ca: Option<PathBuf>) -> Self {
        let account = Account {
            address: Uri::read(&format!("sip:{user}@pbx.test")).unwrap(),
            display: String::new(),
            user: user.to_owned(),
            password: Secret::new(password),
            secure,
            instance: format!("00000000-0000-4000-8000-00000000{user}"),
            expires: Duration::from_secs(120),
            agent: "Omnibar tests".to_owned(),
        };
        let config = ExtensionConfig { account, server: place(secure), extra_ca };
        let (extension, events) = Extension::start(config).unwrap();
        Self { extension, events, calls: 0 }
    }

    /// Starts and registers; the time that the exchange took.
    pub(crate) async fn registered(user: &str, secure: bool) -> (Self, Duration) {
        let mut phone = Self::start(user, "secret", secure);
        phone.extension.command(Command::Register);
        let took = phone
            .until(|event| match event {
                Event::Registered { took, .. } => Some(took),
                _ => None,
            })
            .await;
        (phone, took)
    }

    /// Waits for one that is looked for; prints what else comes.
    pub(crate) async fn until<T>(&mut self, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
        let waiting = async {
            loop {
                match self.events.recv().await.expect("the extension lives") {
                    ExtensionEvent::Sip(event) => {
                        let shown = format!("{event:?}");
                        if let Some(found) = wanted(event) {
                            return found;
                        }
                        println!("beside: {shown:.200}");
                    }
                    other => println!("beside: {other:?}"),
                }
            }
        };
        timeout(PATIENCE, waiting).await.expect("what was waited for came")
    }

    pub(crate) async fn link(&mut self) -> ExtensionEvent {
        timeout(PATIENCE, self.events.recv()).await.unwrap().unwrap()
    }

    /// Begins a call with a voice connection of its own.
    pub(crate) async fn call(&mut self, to: &str) -> (CallNumber, Voice) {
        let mut voice = Voice::new().await;
        let offer = voice.offer().await;
        self.calls += 1;
        let call = CallNumber::Out(self.calls);
        let to = Uri::dialled(to, "pbx.test").unwrap();
        self.extension.command(Command::Call { call, to, offer, replaces: None });
        (call, voice)
    }

    /// Calls, and waits until it is answered.
    pub(crate) async fn answered(&mut self, to: &str) -> (CallNumber, Voice) {
        let (call, voice) = self.call(to).await;
        let answer = self
            .until(|event| match event {
                Event::Answered { call: of, answer, .. } if of == call => answer,
                _ => None,
            })
            .await;
        voice.peer.accept(&answer).await.unwrap();
        (call, voice)
    }

    /// Waits for a call and takes it.
    pub(crate) async fn take(&mut self) -> (CallNumber, Voice) {
        let (call, offer) = self
            .until(|event| match event {
                Event::Incoming { call, offer, .. } => Some((call, offer.unwrap())),
                _ => None,
            })
            .await;
        let mut voice = Voice::new().await;
        let sdp = voice.answer(&offer).await;
        self.extension.command(Command::Accept { call, sdp });
        self.until(|event| matches!(event, Event::Established { .. }).then_some(())).await;
        (call, voice)
    }

    pub(crate) async fn ended(&mut self, call: CallNumber) -> omnibar_line::sip::core::Cause {
        self.until(|event| match event {
            Event::Ended { call: of, cause } if of == call => Some(cause),
            _ => None,
        })
        .await
    }
}

/// One voice connection, which counts the packets that come and sends silence.
pub(crate) struct Voice {
    pub(crate) peer: Peer,
    events: mpsc::UnboundedReceiver<PeerEvent>,
    heard: Arc<AtomicU64>,
}

impl Voice {
    async fn new() -> Self {
        let heard = Arc::new(AtomicU64::new(0));
        let (events_in, events) = mpsc::unbounded_channel();
        let config = PeerConfig {
            bind: Bind::Only(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]),
            pace: Duration::from_millis(5),
            repair: Repair::NONE,
            rebind_on_restart: true,
            ..PeerConfig::default()
        };
        let count = heard.clone();
        let counted = move |incoming| {
            if let Incoming::Rtp(_) = incoming {
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        let peer = Peer::new(config, events_in, counted).await.unwrap();
        Self { peer, events, heard }
    }

    pub(crate) async fn offer(&mut self) -> String {
        let sdp = self.peer.offer().await.unwrap();
        self.gathered(sdp).await
    }

    pub(crate) async fn answer(&mut self, offer: &str) -> String {
        let sdp = self.peer.answer(offer).await.unwrap();
        self.gathered(sdp).await
    }

    pub(crate) async fn gathered(&mut self, sdp: String) -> String {
        let mut candidates = vec![];
        let gathering = async {
            loop {
                match self.events.recv().await.expect("the peer lives") {
                    PeerEvent::Candidate(line) => candidates.push(line),
                    PeerEvent::EndOfCandidates => return,
                    PeerEvent::State(_) | PeerEvent::Agreed(_) => {}
                }
            }
        };
        timeout(PATIENCE, gathering).await.expect("candidates are gathered");
        with_candidates(&sdp, candidates.iter().map(String::as_str))
    }

    /// Speaks (silence) until that many more packets have come from the far side; the
    /// time to the first.
    pub(crate) async fn hears(&mut self, packets: u64) -> Duration {
        let begun = Instant::now();
        let before = self.heard.load(Ordering::Relaxed);
        let mut first = None;
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        let mut number = 0_u16;
        let speaking = async {
            loop {
                pace.tick().await;
                number += 1;
                self.peer.send(silence(number));
                let heard = self.heard.load(Ordering::Relaxed) - before;
                if heard > 0 && first.is_none() {
                    first = Some(begun.elapsed());
                }
                if heard >= packets {
                    return;
                }
            }
        };
        timeout(PATIENCE, speaking).await.expect("the far side is heard");
        first.unwrap_or_default()
    }
}

/// 20 ms of Opus silence.
fn silence(number: u16) -> omnibar_media::Packet {
    omnibar_media::Packet {
        payload_type: omnibar_peer::OPUS,
        sequence: number,
        timestamp: u32::from(number) * 960,
        marker: number == 1,
        payload: vec![0xf8, 0xff, 0xfe],
    }
}
