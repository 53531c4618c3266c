//! The real backend against the real centre over a real socket: both sides mean the
//! same by the protocol.

#![allow(clippy::unwrap_used)]

use omnibar_backend::{Backend, BackendConfig};
use omnibar_center::{Centre as Served, Config, seed};
use omnibar_desk::{Link, Order, SignInFault};
use omnibar_model::{AgentState, CommandId, Destination, Presence, Secret};
use omnibar_softphone::{Centre as _, CentreEvent, Clock, Event, Inbox, SignIn};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

struct Client {
    backend: Backend,
    events: mpsc::UnboundedReceiver<Event>,
}

impl Client {
    fn new(dir: &Path) -> Self {
        let (inbox, events) = Inbox::new();
        let config = BackendConfig {
            outbox_dir: dir.join("outbox"),
            client: "omnibar/test".into(),
            extra_ca: None,
            seed: 1,
        };
        Self { backend: omnibar_backend::start(config, inbox, Clock::start()), events }
    }

    fn sign_in(&mut self, centre: &str, password: &str) {
        self.backend.open(SignIn {
            centre: centre.into(),
            user: "agent1".into(),
            password: Some(Secret::new(password)),
            take_over: false,
            account: None,
        });
    }

    /// The next event that this makes something of; the others are passed over.
    async fn until<T>(&mut self, what: &str, pick: impl Fn(CentreEvent) -> Option<T>) -> T {
        let search = async {
            loop {
                match self.events.recv().await {
                    Some(Event::Centre(event)) => {
                        if let Some(found) = pick(event) {
                            return found;
                        }
                    }
                    other => panic!("not of the centre: {other:?}"),
                }
            }
        };
        timeout(Duration::from_secs(20), search).await.unwrap_or_else(|_| panic!("no {what}"))
    }

    async fn order(&mut self, command: u64, order: Order) -> Result<(), String> {
        self.backend.order(CommandId(command), order);
        self.until("answer", |event| match event {
            CentreEvent::Answered { command: of, result } if of == CommandId(command) => {
                Some(result)
            }
            _ => None,
        })
        .await
    }
}

async fn served(data: &Path, port: u16) -> Served {
    let listen = SocketAddr::from(([127, 0, 0, 1], port));
    let local = Config::local(data.to_owned());
    Served::start(Config { listen, demo: true, demo_customers: false, ..local }).await.unwrap()
}

#[tokio::test]
async fn an_agent_signs_in_works_and_finds_the_session_after_a_restart_of_the_centre() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("centre");
    let centre = served(&data, 0).await;
    let (url, port) = (centre.url(), centre.address().port());
    let mut client = Client::new(dir.path());
    client.sign_in(&url, "wrong");
    let fault = client.until("fault", |event| match event {
        CentreEvent::OpenFailed(fault) => Some(fault),
        _ => None,
    });
    assert_eq!(fault.await, SignInFault::WrongCredentials);

    client.sign_in(&url, seed::PASSWORD);
    let start = client.until("session", |event| match event {
        CentreEvent::Opened(start) => Some(start),
        _ => None,
    });
    let start = start.await;
    let campaigns = start.campaigns.iter().map(|c| c.id.clone()).collect();
    let extension = start.extensions[0].id.clone();
    assert_eq!(client.order(1, Order::Choose { campaigns, extension }).await, Ok(()));
    let available = Order::SetPresence { presence: Presence::Available };
    assert_eq!(client.order(2, available).await, Ok(()));
    let hold = Order::Hold { interaction: "no-such-call".into(), leg: None };
    assert!(client.order(3, hold).await.is_err_and(|sentence| sentence.ends_with('.')));
    client.backend.search(String::new());
    let entries = client.until("entries", |event| match event {
        CentreEvent::Found { entries, .. } => Some(entries),
        _ => None,
    });
    let entries = entries.await;
    assert!(entries.iter().any(|e| matches!(&e.destination, Destination::Queue(_))));
    client.backend.history(None);
    let is_history = |event| matches!(event, CentreEvent::History { .. }).then_some(());
    client.until("history", is_history).await;

    centre.stop().await;
    let is_lost = |event| match event {
        CentreEvent::LinkChanged(Link::Reconnecting { .. }) => Some(()),
        _ => None,
    };
    client.until("loss of the link", is_lost).await;
    let centre = served(&data, port).await;
    let resumed = client.until("resumption", |event| match event {
        CentreEvent::Opened(start) => Some(start.resumed),
        _ => None,
    });
    assert!(resumed.await);
    let agent = client.until("snapshot", |event| match event {
        CentreEvent::Synchronised { agent, .. } => Some(agent),
        _ => None,
    });
    assert_eq!(agent.await.state, AgentState::Available);

    client.backend.close();
    let ended = client.until("end", |event| match event {
        CentreEvent::Ended(fault) => Some(fault),
        _ => None,
    });
    assert_eq!(ended.await, None);
    centre.stop().await;
}
