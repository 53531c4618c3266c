use crate::core::Timings;
use crate::switch::asterisk::AsteriskConfig;
use crate::switch::{SwitchEvent, SwitchLink};
use omnibar_model::Secret;
use omnibar_protocol::wire;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;

/// Where agents and customers connect by default.
pub const DEFAULT_PORT: u16 = 7340;

#[derive(Debug)]
pub struct Config {
    /// Port 0 takes any that is free; see `Centre::address`.
    pub listen: SocketAddr,
    /// Directory of the database.
    pub data: PathBuf,
    /// Invented agents, campaigns and customers.
    pub demo: bool,
    /// Let the demo's customers call by themselves.
    pub demo_customers: bool,
    /// Where demo customers, called numbers and IVRs write what they say and hear. For a
    /// switch in this process.
    pub record_customers: Option<PathBuf>,
    /// Time from an agent becoming free to the next demo customer's call.
    pub demo_pace: Duration,
    pub tls: Option<Tls>,
    /// `https://centre.example`: where browsers reach the centre when something in front
    /// of it answers for it.
    pub public_url: Option<String>,
    /// Serve without TLS on an address that others can reach.
    pub insecure: bool,
    pub switch: SwitchChoice,
    pub timings: Timings,
    pub ice_servers: Vec<IceServer>,
    /// Calls from the web page at one time; one address may have a quarter of them.
    pub web_calls: usize,
    /// Connections of all kinds at one time, as far as the system's limit of open files
    /// goes; one address may have a quarter of them.
    pub connections: usize,
}

#[derive(Clone, Debug)]
pub struct Tls {
    /// PEM, with the chain.
    pub certificate: PathBuf,
    /// PEM.
    pub key: PathBuf,
}

#[derive(Debug)]
pub enum SwitchChoice {
    InProcess,
    /// A switch of its own behind this socket, started if it does not answer; calls
    /// outlive the centre.
    Process(PathBuf),
    /// Calls outlive the centre, and the phone network is reached.
    Asterisk(Box<AsteriskConfig>),
    /// One that somebody else has started.
    Connected(SwitchLink, mpsc::UnboundedReceiver<SwitchEvent>),
}

/// Given to agents for their voice connection, and used by the switch for its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceServer {
    pub urls: Vec<String>,
    pub username: String,
    pub credential: Secret,
}

impl From<&IceServer> for wire::IceServer {
    fn from(server: &IceServer) -> Self {
        Self {
            urls: server.urls.clone(),
            username: server.username.clone(),
            credential: wire::Password::from(&server.credential),
        }
    }
}

impl From<wire::IceServer> for IceServer {
    fn from(server: wire::IceServer) -> Self {
        Self {
            urls: server.urls,
            username: server.username,
            credential: server.credential.into_secret(),
        }
    }
}

impl Config {
    /// On loopback, with the built-in switch in this process.
    #[must_use]
    pub fn local(data: PathBuf) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)),
            data,
            demo: false,
            demo_customers: true,
            record_customers: None,
            demo_pace: Duration::from_secs(3),
            tls: None,
            public_url: None,
            insecure: false,
            switch: SwitchChoice::InProcess,
            timings: Timings::default(),
            ice_servers: Vec::new(),
            web_calls: 20,
            connections: 4096,
        }
    }
}
