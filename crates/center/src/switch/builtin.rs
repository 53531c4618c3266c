//! The switch that is part of Omnibar: see [`start`].

use super::board::{Board, Input, Surroundings, TICK};
use super::clock::Clock;
use super::connection::{Connection, Setting, Signal};
use super::party::Scripts;
use super::recording::Recorder;
use super::studio::Studio;
use super::{Reply, SwitchCommand, SwitchEvent, SwitchLink, loops};
use omnibar_media::Micros;
use omnibar_model::LegId;
use omnibar_peer::{Bind, IceServer, PeerConfig};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

#[derive(Clone, Debug)]
pub struct BuiltinConfig {
    pub ice_servers: Vec<IceServer>,
    pub bind: Bind,
    /// Demo customers, called numbers and IVRs write what they say and hear to
    /// `<leg>.wav` in this folder.
    pub record_customers: Option<PathBuf>,
    pub scripts: Scripts,
    /// A connection that has been lost for so long is over.
    pub lost_after: Duration,
    /// [`super::process::serve`] returns when it has had no controller and no legs for
    /// so long.
    pub idle_exit: Duration,
}

impl Default for BuiltinConfig {
    fn default() -> Self {
        Self {
            ice_servers: Vec::new(),
            bind: Bind::default(),
            record_customers: None,
            scripts: Scripts::default(),
            lost_after: Duration::from_secs(30),
            idle_exit: Duration::from_secs(60),
        }
    }
}

/// Starts the switch in this process. It ends with the last clone of the link. Must be
/// called within a tokio runtime. When the system gives no thread, every command is
/// refused.
#[must_use]
pub fn start(config: BuiltinConfig) -> (SwitchLink, mpsc::UnboundedReceiver<SwitchEvent>) {
    let (commands, orders) = mpsc::unbounded_channel();
    let (events, heard) = mpsc::unbounded_channel();
    match start_threads(config, events) {
        Ok(setting) => {
            tokio::spawn(take_orders(setting, orders));
        }
        Err(error) => tracing::error!(%error, "the voice switch could not start a thread"),
    }
    (SwitchLink::from_channel(commands), heard)
}

fn start_threads(
    config: BuiltinConfig,
    events: mpsc::UnboundedSender<SwitchEvent>,
) -> std::io::Result<Setting> {
    let clock = Clock::start();
    let (board, inbox) = std::sync::mpsc::channel();
    let seed = RandomState::new().hash_one(std::process::id());
    let around = Surroundings {
        studio: Studio::start(clock, board.clone(), seed)?,
        recorder: Recorder::start(clock, board.clone())?,
        events: events.clone(),
        scripts: config.scripts,
        record_customers: config.record_customers,
        lost_after: config.lost_after,
        seed,
    };
    std::thread::Builder::new().name("switch-loops".into()).spawn(|| {
        loops::prepare();
        tracing::debug!("tones and hold music are ready");
    })?;
    std::thread::Builder::new()
        .name("switch-board".into())
        .spawn(move || run_board(clock, around, &inbox))?;
    let peers = PeerConfig {
        ice_servers: config.ice_servers,
        bind: config.bind,
        relay_only: false,
        rebind_on_restart: false,
        ..PeerConfig::default()
    };
    Ok(Setting { peers, clock, board, events })
}

/// Hands each command to whom it concerns, in order, and waits for nobody but the board.
async fn take_orders(
    setting: Setting,
    mut orders: mpsc::UnboundedReceiver<(SwitchCommand, oneshot::Sender<Reply>)>,
) {
    let mut connections: BTreeMap<LegId, Connection> = BTreeMap::new();
    while let Some((command, reply)) = orders.recv().await {
        match command {
            SwitchCommand::Peer { leg, offer } => {
                connections.retain(|_, connection| connection.is_open());
                if !connections.contains_key(&leg) {
                    match Connection::open(&setting, leg.clone()).await {
                        Ok(new) => {
                            connections.insert(leg.clone(), new);
                        }
                        Err(message) => {
                            let _ = reply.send(Reply::Refused { message });
                            continue;
                        }
                    }
                }
                if let Some(connection) = connections.get(&leg) {
                    connection.take(Signal::Offer(offer), reply);
                }
            }
            SwitchCommand::Candidate { leg, candidate } => match connections.get(&leg) {
                Some(connection) if connection.is_open() => {
                    connection.take(Signal::Candidate(candidate), reply);
                }
                Some(_) | None => {
                    let message = format!("There is no connection {leg}. Send an offer first.");
                    let _ = reply.send(Reply::Refused { message });
                }
            },
            other => {
                // A board that is gone drops the reply, and that is an answer.
                let _ = setting.board.send(Input::Order(other, reply));
            }
        }
    }
    let _ = setting.board.send(Input::Stop);
}

/// Ticks that are made up for when the machine was busy; more are left out.
const MOST_LATE: u64 = 5;
/// Without feeds and digits only paths are watched.
const RARELY: Duration = Duration::from_millis(250);

fn run_board(clock: Clock, around: Surroundings, inbox: &Receiver<Input>) {
    let mut board = Board::new(around);
    let mut next = clock.now().0;
    let mut ticking = false;
    loop {
        let wait = if ticking { clock.until(Micros(next)) } else { RARELY };
        match inbox.recv_timeout(wait) {
            Ok(Input::Stop) => return board.handle(clock.now(), Input::Stop),
            Ok(input) => {
                // Whether there is something to play is not asked for every packet.
                ticking |= !input.is_plain_voice();
                board.handle(clock.now(), input);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let now = clock.now();
        let due = (now.0 + TICK.0).saturating_sub(next) / TICK.0;
        if due == 0 {
            continue;
        }
        if ticking && due <= MOST_LATE {
            (0..due).for_each(|_| board.tick(now, 1));
        } else {
            board.tick(now, due);
        }
        next += due * TICK.0;
        ticking = board.needs_ticks();
    }
}
