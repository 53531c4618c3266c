use super::centre::Cable;
use super::ports::{Desktop, Headset, Kept, Keypad, LinePort, Port};
use super::{PASSWORD, World, laid};
use omnibar_backend::BackendConfig;
use omnibar_contract::{
    AudioView, ButtonsView, Intent, Meter, Password, Remembered, Settings, View, WindowView,
};
use omnibar_desk::{Ask, CallView, LineState, SessionView};
use omnibar_model::{AgentId, AgentState, Conversation, InteractionId, Presence, VoicePath};
use omnibar_softphone::{
    AudioEvent, AudioProbe, ButtonsEvent, Doors, Event, Inbox, Initial, LineEvent, LinePath, Ports,
    Softphone,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::timeout;

/// Longest wait for something that must come, in virtual time.
const PATIENCE: Duration = Duration::from_secs(300);

/// An agent at a desktop: the real driver and the real backend over simulated ports.
#[derive(Debug)]
pub struct Agent {
    pub user: AgentId,
    pub doors: Doors,
    world: World,
    kept: Kept,
    inbox: Inbox,
    plugged: Arc<AtomicBool>,
    line: Arc<Mutex<LinePort>>,
    headset: Arc<Mutex<Headset>>,
    keypad: Arc<Mutex<Keypad>>,
    desktop: Arc<Mutex<Desktop>>,
}

/// Where a transcript is written to.
#[derive(Clone, Debug, Default)]
pub struct Page(Arc<Mutex<Vec<u8>>>);

impl Page {
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Agent {
    pub(super) fn start(world: &World, user: &str, kept: Kept) -> Self {
        Self::recorded(world, user, kept, None)
    }

    /// As [`World::desktop`], writing the desk's transcript.
    #[must_use]
    pub fn with_transcript(world: &World, user: &str, page: Page) -> Self {
        Self::recorded(world, user, Kept::default(), Some(page))
    }

    fn recorded(world: &World, user: &str, kept: Kept, page: Option<Page>) -> Self {
        let (inbox, events) = Inbox::new();
        let plugged = Arc::new(AtomicBool::new(true));
        let cable = Cable { world: world.clone(), plugged: Arc::clone(&plugged) };
        let config = BackendConfig {
            outbox_dir: kept.outbox.path().to_owned(),
            client: "omnibar/simulated".into(),
            extra_ca: None,
            seed: 1,
        };
        let backend = omnibar_backend::start_over(cable, config, inbox.clone(), world.clock);
        let (line, headset, desktop) = (Arc::default(), Arc::default(), Arc::default());
        let keypad = Arc::default();
        let ports = Ports {
            centre: Box::new(backend),
            line: Box::new(Port { state: Arc::clone(&line), inbox: inbox.clone() }),
            audio: Box::new(Port { state: Arc::clone(&headset), inbox: inbox.clone() }),
            buttons: Box::new(Port { state: Arc::clone(&keypad), inbox: inbox.clone() }),
            shell: Box::new(Port { state: Arc::clone(&desktop), inbox: inbox.clone() }),
            dock: Box::new(Port { state: Arc::clone(&desktop), inbox: inbox.clone() }),
            probe: Box::new(Port { state: Arc::clone(&line), inbox: inbox.clone() }),
        };
        let initial = Initial {
            check: false,
            settings: Settings::default(),
            remembered: Remembered::default(),
            window: WindowView::default(),
            transcript: page.map(|page| Box::new(page) as Box<dyn std::io::Write + Send>),
        };
        let doors = Softphone::start(ports, events, world.clock, initial);
        let (user, world) = (user.into(), world.clone());
        Self { user, doors, world, kept, inbox, plugged, line, headset, keypad, desktop }
    }

    /// The program ends; calls at the centre go on. Gives one started anew by the
    /// same person on the same machine.
    pub async fn restarted(self) -> Self {
        self.inbox.post(Event::Stop);
        let mut views = self.doors.views();
        while views.changed().await.is_ok() {}
        self.world.settle().await;
        Self::start(&self.world, self.user.as_str(), self.kept)
    }

    pub fn stop(&self) {
        self.inbox.post(Event::Stop);
    }

    pub fn sign_in(&self, password: Option<&str>, remember: bool, take_over: bool) {
        self.post(Intent::SignIn {
            centre: "ws://centre.test".into(),
            user: self.user.clone(),
            password: password.map(|p| Password::from(p.to_owned())),
            remember,
            take_over,
            account: None,
        });
    }

    /// Signs in, chooses everything, waits for voice and goes available.
    pub async fn go_to_work(&self) {
        self.sign_in(Some(PASSWORD), false, false);
        self.choose().await;
        self.ask(Ask::SetPresence { presence: Presence::Available });
        // Somebody may be waiting: then he is busy at once.
        let available = |view: &View| view.desk.presence.chosen == Presence::Available;
        self.until("presence", available).await;
    }

    pub async fn choose(&self) {
        self.until("the choice of campaigns", |view| {
            matches!(view.desk.session, SessionView::Choosing { .. })
        })
        .await;
        let campaigns = laid::campaigns().to_vec();
        self.ask(Ask::Choose { campaigns, extension: "centre".into() });
        self.until("voice", |view| view.desk.line == LineState::Up).await;
    }

    pub fn post(&self, intent: Intent) {
        self.doors.post(intent).expect("the softphone is running");
    }

    pub fn ask(&self, ask: Ask) {
        self.post(Intent::Desk { ask });
    }

    #[must_use]
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.doors.views().borrow())
    }

    /// Waits for a view of which this is true.
    pub async fn until(&self, what: &str, is_so: impl Fn(&View) -> bool) -> Arc<View> {
        let mut views = self.doors.views();
        let found = timeout(PATIENCE, views.wait_for(|view| is_so(view))).await;
        match found {
            Ok(Ok(view)) => Arc::clone(&view),
            Ok(Err(_)) => panic!("{}: the softphone ended before {what}", self.user),
            Err(_) => panic!("{}: {what} has not come: {:#?}", self.user, self.view().desk),
        }
    }

    pub async fn until_state(&self, state: AgentState) {
        self.until(&format!("{state:?}"), |view| view.desk.presence.state == state).await;
    }

    /// Waits until the one call of this agent is like that.
    pub async fn until_call(&self, what: &str, is_so: impl Fn(&CallView) -> bool) -> CallView {
        let view = self.until(what, |view| view.desk.calls.first().is_some_and(&is_so)).await;
        view.desk.calls[0].clone()
    }

    pub async fn offered(&self) -> InteractionId {
        let is_offered =
            |call: &CallView| matches!(call.interaction.conversation, Conversation::Offered { .. });
        self.until_call("an offer", is_offered).await.interaction.id
    }

    /// Takes the call that is offered and waits until both can talk.
    pub async fn answer(&self) -> InteractionId {
        let id = self.offered().await;
        self.ask(Ask::Accept { interaction: None });
        self.connected().await;
        id
    }

    pub async fn connected(&self) -> CallView {
        self.until_call("a connection", |call| {
            call.interaction.conversation == Conversation::Connected
                && call.voice == VoicePath::Flowing
                && call.pending.is_empty()
        })
        .await
    }

    pub async fn held(&self) -> CallView {
        self.until_call("hold", |call| {
            call.interaction.conversation == Conversation::Held && call.pending.is_empty()
        })
        .await
    }

    pub async fn wrapping(&self) -> CallView {
        self.until_call("wrap-up", |call| {
            matches!(call.interaction.conversation, Conversation::Wrapping { .. })
        })
        .await
    }

    pub async fn no_calls(&self) -> Arc<View> {
        self.until("an empty desk", |view| view.desk.calls.is_empty()).await
    }

    pub fn dispose(&self) {
        let (disposition, note) = ("solved".into(), "done".into());
        self.ask(Ask::Dispose { interaction: None, disposition, note, callback: None });
    }

    /// Pulls the network cable, or puts it in again.
    pub fn plug(&self, on: bool) {
        self.plugged.store(on, Ordering::SeqCst);
        if !on {
            self.world.cut(&self.user);
        }
    }

    /// What the voice connection says of itself.
    pub fn line_is(&self, state: LineState) {
        self.inbox.post(Event::Line(LineEvent::Changed(state)));
    }

    /// Which way the voice connection goes.
    pub fn path_is(&self, path: LinePath) {
        self.inbox.post(Event::Line(LineEvent::Path(path)));
    }

    /// What the headset measures.
    pub fn meters(&self, meter: Meter) {
        self.inbox.post(Event::Audio(AudioEvent::Meter(meter)));
    }

    /// What the headset found in a check.
    pub fn probed(&self, probe: AudioProbe) {
        self.inbox.post(Event::Audio(AudioEvent::Probed(probe)));
    }

    /// What the headset says of its devices and checks.
    pub fn audio_is(&self, view: AudioView) {
        self.inbox.post(Event::Audio(AudioEvent::Changed(view)));
    }

    #[must_use]
    pub fn line(&self) -> LinePort {
        self.line.lock().unwrap().clone()
    }

    /// A button of the headset was pressed.
    pub fn press(&self, ask: Ask) {
        self.inbox.post(Event::Buttons(ButtonsEvent::Asked(ask)));
    }

    /// What the headset's buttons are said to be.
    pub fn buttons_are(&self, view: ButtonsView) {
        self.inbox.post(Event::Buttons(ButtonsEvent::Changed(view)));
    }

    #[must_use]
    pub fn keypad(&self) -> Keypad {
        self.keypad.lock().unwrap().clone()
    }

    #[must_use]
    pub fn headset(&self) -> Headset {
        self.headset.lock().unwrap().clone()
    }

    pub fn saving_takes(&self, time: Duration) {
        self.desktop.lock().unwrap().saving_takes = time;
    }

    #[must_use]
    pub fn desktop(&self) -> Desktop {
        self.desktop.lock().unwrap().clone()
    }
}
