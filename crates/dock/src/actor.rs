//! The dock's task: feeds [`Pages`] and does what comes of it.

use crate::kept::Keeper;
use crate::pages::{Out, Pages};
use crate::reach::Reach;
use crate::socket::{Carried, PageId};
use omnibar_contract::{DockIntent, Meter, View};
use omnibar_model::Secret;
use omnibar_softphone::{Doors, EndpointAnswer, EndpointCall, Endpoints, Inbox};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, oneshot, watch};

type Answer = (u64, Result<EndpointAnswer, String>);
pub(crate) type Recalled = oneshot::Receiver<Vec<(String, Secret)>>;

/// From the driver.
#[derive(Debug)]
pub(crate) enum Told {
    Asked(DockIntent),
    SignsIn(String),
}

/// Everything that reaches the dock.
enum Event {
    Told(Told),
    Answered(Answer),
    ViewChanged(Arc<View>),
    MeterChanged(Meter),
    Recalled(Vec<(String, Secret)>),
    Carried(Carried),
    Due,
}

/// Where events come from.
pub(crate) struct Ears {
    pub(crate) told: mpsc::UnboundedReceiver<Told>,
    pub(crate) carried: mpsc::UnboundedReceiver<Carried>,
    pub(crate) views: watch::Receiver<Arc<View>>,
    pub(crate) meters: watch::Receiver<Meter>,
    pub(crate) recalled: Option<Recalled>,
    pub(crate) answers: mpsc::UnboundedReceiver<Answer>,
}

/// Whom the dock tells.
pub(crate) struct Hands {
    pub(crate) doors: Doors,
    pub(crate) endpoints: Arc<dyn Endpoints>,
    pub(crate) inbox: Inbox,
    pub(crate) keeper: Box<dyn Keeper>,
    pub(crate) reach: watch::Sender<Reach>,
    pub(crate) home: watch::Sender<Option<String>>,
    pub(crate) answers: mpsc::UnboundedSender<Answer>,
}

pub(crate) struct Actor {
    pages: Pages,
    ears: Ears,
    hands: Hands,
    outgoing: BTreeMap<PageId, mpsc::Sender<Arc<str>>>,
}

impl Actor {
    pub(crate) fn new(pages: Pages, ears: Ears, hands: Hands) -> Self {
        Self { pages, ears, hands, outgoing: BTreeMap::new() }
    }

    /// Ends with the driver; pages see their connections closed.
    pub(crate) async fn run(mut self) {
        let now = now_ms();
        let view = Arc::clone(&self.ears.views.borrow_and_update());
        self.pages.view_changed(now, view);
        self.settle(now);
        while let Some(event) = self.ears.next(self.pages.deadline()).await {
            let now = now_ms();
            match event {
                Event::Told(Told::Asked(intent)) => self.pages.agent_asked(now, intent),
                Event::Told(Told::SignsIn(centre)) => self.pages.signs_in(centre),
                Event::Answered((ticket, answer)) => self.pages.answered(now, ticket, answer),
                Event::ViewChanged(view) => self.pages.view_changed(now, view),
                Event::MeterChanged(meter) => self.pages.meter_changed(meter),
                Event::Recalled(tokens) => self.pages.recalled(&tokens),
                Event::Carried(carried) => self.carried(now, carried),
                Event::Due => self.pages.tick(now),
            }
            self.settle(now);
        }
    }

    fn carried(&mut self, now: i64, carried: Carried) {
        match carried {
            Carried::Connected { page, way, outgoing } => {
                self.outgoing.insert(page, outgoing);
                self.pages.connected(now, page, way);
            }
            Carried::Text { page, text, _credit } => self.pages.text(now, page, &text),
            Carried::Closed { page } => {
                self.outgoing.remove(&page);
                self.pages.closed(page);
            }
            Carried::Paired => self.pages.paired(),
        }
    }

    fn settle(&mut self, now: i64) {
        let mut deaf = Vec::new();
        for out in self.pages.take(now) {
            self.perform(out, &mut deaf);
        }
        if !deaf.is_empty() {
            for page in deaf {
                self.pages.closed(page);
            }
            for out in self.pages.take(now) {
                self.perform(out, &mut Vec::new());
            }
        }
    }

    fn perform(&mut self, out: Out, deaf: &mut Vec<PageId>) {
        match out {
            Out::Send { page, text } => {
                let Some(to) = self.outgoing.get(&page) else { return };
                if to.try_send(text).is_err() {
                    tracing::info!(?page, "a page that does not read is closed");
                    self.outgoing.remove(&page);
                    deaf.push(page);
                }
            }
            Out::Close { page } => {
                self.outgoing.remove(&page);
            }
            Out::Intent(intent) => {
                // Closing: the pages are about to see it too.
                let _ = self.hands.doors.post(intent);
            }
            Out::Ask { ticket, call } => self.ask(ticket, call),
            Out::Notify { subject, message } => self.hands.keeper.notify(subject, message),
            Out::Show(view) => {
                self.hands.inbox.post(omnibar_softphone::Event::Dock(view));
            }
            Out::Home(home) => {
                self.hands.home.send_replace(home);
            }
            Out::KeepOrigins(origins) => self.hands.keeper.origins(origins),
            Out::KeepTokens { origin, tokens } => self.hands.keeper.tokens(origin, tokens),
            Out::KeepStore { origin, items } => self.hands.keeper.store(origin, items),
            Out::Reach(reach) => {
                self.hands.reach.send_replace(*reach);
            }
        }
    }

    fn ask(&self, ticket: u64, call: EndpointCall) {
        let (sender, receiver) = oneshot::channel();
        self.hands.endpoints.call(call, sender);
        let answers = self.hands.answers.clone();
        tokio::spawn(async move {
            let gone = || Err("The session with the centre is over. Sign in again.".to_owned());
            let answer = receiver.await.unwrap_or_else(|_| gone());
            // The dock has ended: nobody waits for it.
            let _ = answers.send((ticket, answer));
        });
    }
}

impl Ears {
    /// Pages come last, so that the loudest of them delays nothing else.
    async fn next(&mut self, deadline: Option<i64>) -> Option<Event> {
        let due = async {
            match deadline {
                Some(at) => {
                    let wait = u64::try_from(at.saturating_sub(now_ms())).unwrap_or(0);
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            told = self.told.recv() => told.map(Event::Told),
            changed = self.views.changed() => {
                changed.ok()?;
                Some(Event::ViewChanged(Arc::clone(&self.views.borrow_and_update())))
            }
            answer = self.answers.recv() => answer.map(Event::Answered),
            tokens = recalled(&mut self.recalled) => Some(Event::Recalled(tokens)),
            () = due => Some(Event::Due),
            changed = self.meters.changed() => {
                changed.ok()?;
                Some(Event::MeterChanged(*self.meters.borrow_and_update()))
            }
            carried = self.carried.recv() => carried.map(Event::Carried),
        }
    }
}

/// Once; a keychain that says nothing is waited for no longer.
async fn recalled(receiver: &mut Option<Recalled>) -> Vec<(String, Secret)> {
    let tokens = match receiver {
        Some(waiting) => waiting.await.unwrap_or_default(),
        None => std::future::pending().await,
    };
    *receiver = None;
    tokens
}

/// Milliseconds since 1970-01-01T00:00Z.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
