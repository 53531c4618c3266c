//! Asterisk as the centre's switch, by the Asterisk REST Interface (ARI): requests over
//! HTTP, events over one WebSocket. All voice is Asterisk's; this is who tells it what to
//! do with which channel.
//!
//! ```text
//!  SwitchLink ──command──▶ Exchange ──HTTP──▶ Asterisk ◀──SIP, voice──▶ softphones
//!             ◀──event────────┘ ◀──WebSocket──────┘    ◀──SIP, voice──▶ trunks
//! ```
//!
//! What is needed after a restart of the centre can be read from Asterisk itself:
//!
//! | leg | its channel |
//! |---|---|
//! | called by the centre | has the id `omnibar.` and the leg |
//! | an agent's softphone | is of the endpoint `PJSIP/` and the leg |
//! | a customer who calls in | has an id of Asterisk's; the leg is `in-` and that id |
//!
//! Channels that are no leg but a part of one have its channel's id and, after a dot, what they
//! are: the ears of a recording, a supervisor's snoop channel.
//! A bridge has the id `omnibar.` and the centre's own name for it. The first channel of an
//! IVR is its leg; the second, which runs the dialplan, has the leg's id and `~`.
//!
//! `docs/asterisk.md` says what an administrator sets up.

mod ari;
mod exchange;
mod extension;
mod heard;
mod leg;
mod recording;
mod snoop;
mod socket;
mod word;

use super::{SwitchEvent, SwitchLink};
use ari::Ari;
use exchange::Exchange;
use omnibar_model::Secret;
use socket::{QUEUE, SocketFault, Word};
use std::path::PathBuf;
use tokio::sync::mpsc;
use url::Url;

/// Where Asterisk is, and what the centre may use there.
#[derive(Clone, Debug)]
pub struct AsteriskConfig {
    /// ARI's address, `https://pbx.example:8089/ari`.
    pub ari: Url,
    /// A user of ari.conf who may write.
    pub user: String,
    pub password: Secret,
    /// Certificate authorities (PEM) that are trusted beside the system's.
    pub extra_ca: Option<PathBuf>,
    /// The Stasis application's name; one centre has one of its own.
    pub app: String,
    /// Where softphones reach Asterisk, `wss://pbx.example:8089/ws`.
    pub phones: Url,
    /// The endpoint of pjsip.conf by which numbers are called.
    pub trunk: Option<String>,
    /// The dialplan context in which IVRs are, each under its id.
    pub ivrs: String,
    /// Settings of the softphones' endpoints beyond those that the centre makes, as
    /// pjsip.conf writes them.
    pub phone_settings: Vec<(String, String)>,
}

/// Why Asterisk cannot be the switch.
#[derive(Debug, thiserror::Error)]
pub enum AsteriskFault {
    #[error("Asterisk's certificate cannot be checked: {0}.")]
    Trust(String),
    #[error("Asterisk refuses the centre: {0}. Check --ari-user, its password and ari.conf.")]
    SignIn(String),
    #[error("Asterisk does not answer: {0}. Start it, or check --ari.")]
    Absent(String),
}

/// A switch that is there, its events, and a word each time that nothing is known of it
/// any more and everything must be said again.
pub type Connected =
    (SwitchLink, mpsc::UnboundedReceiver<SwitchEvent>, mpsc::UnboundedReceiver<()>);

/// Connects. What comes back holds on to Asterisk until the last clone of the link is gone;
/// the calls in Asterisk go on without it.
///
/// # Errors
/// Asterisk is not there or does not let the centre in. Once this has succeeded, losing it
/// is no error: it is waited for.
pub async fn start(config: AsteriskConfig) -> Result<Connected, AsteriskFault> {
    let extra_ca = config.extra_ca.clone();
    let tls = tokio::task::spawn_blocking(move || omnibar_tls::client_config(extra_ca.as_deref()))
        .await
        .map_err(|e| AsteriskFault::Trust(e.to_string()))?
        .map_err(|e| AsteriskFault::Trust(e.to_string()))?;
    let ari = Ari::new(&config, &tls).map_err(|e| AsteriskFault::Absent(e.to_string()))?;
    let socket = socket::connect(&config, &tls).await.map_err(|fault| match fault {
        SocketFault::Refused => AsteriskFault::SignIn(fault.to_string()),
        SocketFault::Address
        | SocketFault::TimedOut
        | SocketFault::NotAri(_)
        | SocketFault::Broken(_) => AsteriskFault::Absent(fault.to_string()),
    })?;
    let (commands, orders) = mpsc::unbounded_channel();
    let (heard, events) = mpsc::unbounded_channel();
    let (again, replaced) = mpsc::unbounded_channel();
    let (words_in, words) = mpsc::channel::<Word>(QUEUE);
    tokio::spawn(socket::listen(socket, config.clone(), tls, words_in));
    tokio::spawn(Exchange::new(ari, config, heard, again).run(orders, words));
    Ok((SwitchLink::from_channel(commands), events, replaced))
}
