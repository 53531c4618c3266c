//! The thread that all headsets meet in. It sleeps until a report, the desk or a plug wakes
//! it; with no headset plugged in nothing does.

use crate::controls::Controls;
use crate::descriptor::{Descriptor, REPORT_MAX};
use crate::devices::{Bus, Found, OpenFault, Opened, Reader, Writer};
use crate::headset::{Effect, Headset};
use crate::quirks::Quirks;
use crate::situation::Situation;
use omnibar_contract::{ButtonsState, ButtonsView, HeadsetView};
use omnibar_model::Moment;
use omnibar_softphone::{ButtonsEvent, Event, Inbox};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};
use tracing::{debug, info};

/// A plug is seen several times: the node, its rights, its second interface.
const SETTLE: Duration = Duration::from_millis(300);
/// Where nothing tells of plugs.
const LOOK: Duration = Duration::from_secs(5);
/// Headsets at a time.
const HEADSETS_MAX: usize = 8;
/// Reports that wait to be handled; what comes beyond is not a person pressing buttons.
const WAITING_MAX: usize = 256;

#[derive(Debug)]
pub(crate) enum Message {
    Desk(Situation),
    On(bool),
    #[cfg_attr(
        not(target_os = "linux"),
        allow(dead_code, reason = "elsewhere the hub looks by itself")
    )]
    Plugged,
    Report {
        headset: u64,
        report: Vec<u8>,
    },
    Lost {
        headset: u64,
        why: String,
    },
    Stop,
}

pub(crate) struct Hub<B> {
    pub(crate) bus: B,
    pub(crate) quirks: Quirks,
    /// What is wrong with the user's own list.
    pub(crate) list_fault: Option<String>,
    pub(crate) inbox: Inbox,
    /// For the readers.
    pub(crate) messages: Sender<Message>,
    /// Something tells of plugs.
    pub(crate) told_of_plugs: bool,
    pub(crate) on: bool,
    pub(crate) desk: Situation,
    pub(crate) epoch: Instant,
    pub(crate) plugged: Vec<Plugged>,
    pub(crate) count: u64,
    /// When to look at what is plugged in.
    pub(crate) look: Option<Instant>,
    pub(crate) shown: Option<ButtonsView>,
}

pub(crate) struct Plugged {
    found: Found,
    state: State,
}

enum State {
    Works(Box<Working>),
    Denied,
    Unusable(String),
}

struct Working {
    id: u64,
    headset: Headset,
    writer: Box<dyn Writer>,
    waiting: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
}

impl<B: Bus> Hub<B> {
    /// Until [`Message::Stop`].
    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        self.look = Some(Instant::now());
        loop {
            self.due();
            let message = match self.deadline() {
                Some(at) => messages.recv_timeout(at.saturating_duration_since(Instant::now())),
                None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match message {
                Ok(Message::Desk(desk)) => {
                    let now = self.now();
                    for working in self.plugged.iter_mut().filter_map(Plugged::working) {
                        working.headset.follow(now, desk.clone());
                    }
                    self.desk = desk;
                }
                Ok(Message::On(on)) => self.switch(on),
                Ok(Message::Plugged) => {
                    self.look.get_or_insert_with(|| Instant::now() + SETTLE);
                }
                Ok(Message::Report { headset, report }) => self.report(headset, &report),
                Ok(Message::Lost { headset, why }) => self.lost(headset, &why),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
            self.perform();
        }
        self.close_all();
    }

    fn now(&self) -> Moment {
        Moment::ZERO + self.epoch.elapsed()
    }

    fn deadline(&self) -> Option<Instant> {
        let working = self.plugged.iter().filter_map(|plugged| match &plugged.state {
            State::Works(working) => working.headset.deadline(),
            State::Denied | State::Unusable(_) => None,
        });
        let instant = |moment: Moment| self.epoch + moment.since(Moment::ZERO);
        working.map(instant).chain(self.look).min()
    }

    fn due(&mut self) {
        let now = self.now();
        for working in self.plugged.iter_mut().filter_map(Plugged::working) {
            working.headset.tick(now);
        }
        self.perform();
        if self.look.is_some_and(|at| at <= Instant::now()) {
            self.look = (!self.told_of_plugs && self.on).then(|| Instant::now() + LOOK);
            self.look_around();
        }
    }

    fn switch(&mut self, on: bool) {
        if self.on != on {
            info!(on, "headset buttons");
            self.on = on;
            self.look = Some(Instant::now());
        }
    }

    /// Opens what is new and forgets what is gone.
    fn look_around(&mut self) {
        let mut found = if self.on { self.bus.list() } else { Vec::new() };
        found.retain(|f| !self.quirks.of(f.vendor, f.product).ignored);
        found.truncate(HEADSETS_MAX);
        let (kept, gone) = std::mem::take(&mut self.plugged)
            .into_iter()
            .partition(|plugged| found.contains(&plugged.found));
        self.plugged = kept;
        for plugged in gone {
            plugged.close();
        }
        for found in found {
            let known = self.plugged.iter().position(|plugged| plugged.found == found);
            match known.map(|at| (at, &self.plugged[at].state)) {
                Some((_, State::Works(_))) => {}
                // Its rights may have changed.
                Some((at, State::Denied | State::Unusable(_))) => {
                    self.plugged[at].state = self.open(&found);
                }
                None => {
                    let state = self.open(&found);
                    self.plugged.push(Plugged { found, state });
                }
            }
        }
        self.perform();
        self.show();
    }

    fn open(&mut self, found: &Found) -> State {
        let Found { vendor, product, .. } = *found;
        let device = format!("{vendor:04x}:{product:04x}");
        let opened = match self.bus.open(found) {
            Ok(opened) => opened,
            Err(OpenFault::Denied) => {
                info!(device, "the system does not let us at this headset's buttons");
                return State::Denied;
            }
            Err(OpenFault::Failed(why)) => {
                info!(device, why, "this headset's buttons could not be opened");
                return State::Unusable(why);
            }
        };
        match self.work(found, opened) {
            Ok(working) => {
                info!(device, "headset buttons work");
                State::Works(Box::new(working))
            }
            Err(why) => {
                info!(device, why, "this headset's buttons are not understood");
                State::Unusable(why)
            }
        }
    }

    fn work(&mut self, found: &Found, opened: Opened) -> Result<Working, String> {
        let quirk = self.quirks.of(found.vendor, found.product);
        let descriptor = Descriptor::parse(&opened.descriptor)
            .map_err(|fault| format!("its description cannot be used: {fault}"))?;
        let controls = Controls::find(&descriptor, &quirk)
            .ok_or("it has neither a hook switch nor a mute button")?;
        debug!(?controls, "headset");
        let headset = Headset::new(self.now(), controls, &quirk, self.desk.clone());
        self.count += 1;
        let working = Working {
            id: self.count,
            headset,
            writer: opened.writer,
            waiting: Arc::default(),
            ended: Arc::default(),
        };
        let listener = Listener {
            id: working.id,
            waiting: working.waiting.clone(),
            ended: working.ended.clone(),
            hub: self.messages.clone(),
        };
        thread::Builder::new()
            .name("headset reports".to_owned())
            .spawn(move || listener.run(opened.reader))
            .map_err(|error| error.to_string())?;
        Ok(working)
    }

    fn report(&mut self, id: u64, report: &[u8]) {
        let now = self.now();
        if let Some(working) = self.find(id) {
            working.waiting.fetch_sub(1, Ordering::Relaxed);
            working.headset.report(now, report);
        }
    }

    fn lost(&mut self, id: u64, why: &str) {
        if self.find(id).is_some() {
            info!(why, "a headset's buttons are gone");
            self.plugged.retain_mut(|plugged| plugged.working().is_none_or(|w| w.id != id));
            // It may be back already under the same name.
            self.look.get_or_insert_with(|| Instant::now() + SETTLE);
            self.show();
        }
    }

    fn find(&mut self, id: u64) -> Option<&mut Working> {
        self.plugged.iter_mut().filter_map(Plugged::working).find(|working| working.id == id)
    }

    fn perform(&mut self) {
        for working in self.plugged.iter_mut().filter_map(Plugged::working) {
            while let Some(effect) = working.headset.poll_effect() {
                match effect {
                    Effect::Ask(ask) => {
                        debug!("a headset's button was pressed");
                        self.inbox.post(Event::Buttons(ButtonsEvent::Asked(ask)));
                    }
                    Effect::Write(report) => {
                        if let Err(error) = working.writer.write(&report) {
                            debug!(error, "a lamp was not written");
                        }
                    }
                }
            }
        }
    }

    fn show(&mut self) {
        let headsets = self.plugged.iter().map(Plugged::view).collect();
        let view = ButtonsView { headsets, list_fault: self.list_fault.clone() };
        if self.shown.as_ref() != Some(&view) {
            self.shown = Some(view.clone());
            self.inbox.post(Event::Buttons(ButtonsEvent::Changed(view)));
        }
    }

    fn close_all(&mut self) {
        for plugged in self.plugged.drain(..) {
            plugged.close();
        }
    }
}

impl Plugged {
    fn working(&mut self) -> Option<&mut Working> {
        match &mut self.state {
            State::Works(working) => Some(working),
            State::Denied | State::Unusable(_) => None,
        }
    }

    fn view(&self) -> HeadsetView {
        let state = match &self.state {
            State::Works(_) => ButtonsState::Works,
            State::Denied => ButtonsState::Denied,
            State::Unusable(detail) => ButtonsState::Unusable { detail: detail.clone() },
        };
        HeadsetView { name: self.found.name.clone(), state }
    }

    fn close(mut self) {
        if let Some(working) = self.working() {
            working.ended.store(true, Ordering::Relaxed);
            for report in working.headset.darken() {
                // Of one that has been unplugged nothing else is to be expected.
                if let Err(error) = working.writer.write(&report) {
                    debug!(error, "a lamp was not put out");
                }
            }
        }
    }
}

/// Waits for one headset's reports, on a thread of its own.
struct Listener {
    id: u64,
    waiting: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
    hub: Sender<Message>,
}

impl Listener {
    fn run(self, mut reader: Box<dyn Reader>) {
        let mut room = [0; REPORT_MAX];
        while !self.ended.load(Ordering::Relaxed) {
            let message = match reader.read(&mut room) {
                Ok(0) => continue,
                Ok(length) => {
                    if self.waiting.load(Ordering::Relaxed) >= WAITING_MAX {
                        continue;
                    }
                    self.waiting.fetch_add(1, Ordering::Relaxed);
                    let report = room.get(..length).unwrap_or(&room).to_vec();
                    Message::Report { headset: self.id, report }
                }
                Err(why) => Message::Lost { headset: self.id, why },
            };
            let lost = matches!(message, Message::Lost { .. });
            if self.hub.send(message).is_err() || lost {
                break;
            }
        }
    }
}
