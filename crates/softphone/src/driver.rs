mod audio;
mod check;
mod connection;
mod settings;
mod voice;

use crate::doors::Doors;
use crate::entrance::{Entrance, Next, Recalled};
use crate::port::{
    AgentNews, Audio, Buttons, ButtonsEvent, Centre, CentreEvent, Dock, Event, IceServer, Line,
    LineEvent, Probe, Shell, ShellEvent, SignIn, TurnCredential, VoiceSignal,
};
use crate::record::Record;
use crate::scene::Scene;
use crate::watch::Watch;
use crate::{Clock, words};
use check::Check;
use omnibar_contract::{
    ConnectionTest, Intent, Meter, Password, Remembered, SearchIntent, Settings, SettingsIntent,
    View, WindowView,
};
use omnibar_desk::{Alert, Ask, Desk, Effect, Input, LineState};
use omnibar_model::{Callback, InteractionId};
use std::fmt;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tracing::{debug, info, trace};

/// Longest text of a search, in characters.
const SEARCH_MAX: usize = 200;

/// The world, as the driver sees it.
pub struct Ports {
    pub centre: Box<dyn Centre>,
    pub line: Box<dyn Line>,
    pub audio: Box<dyn Audio>,
    pub buttons: Box<dyn Buttons>,
    pub shell: Box<dyn Shell>,
    pub dock: Box<dyn Dock>,
    pub probe: Box<dyn Probe>,
}

impl fmt::Debug for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ports").finish_non_exhaustive()
    }
}

/// What the softphone starts with.
pub struct Initial {
    pub settings: Settings,
    pub remembered: Remembered,
    pub window: WindowView,
    /// Whether devices and network are checked when somebody has signed in.
    pub check: bool,
    /// Where to write what happens to the desk, to replay it. It holds customers'
    /// numbers and notes, so nothing is written unless somebody asks for it.
    pub transcript: Option<Box<dyn std::io::Write + Send>>,
}

impl fmt::Debug for Initial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Initial")
            .field("window", &self.window)
            .field("transcript", &self.transcript.is_some())
            .finish_non_exhaustive()
    }
}

/// The driver: an actor over the closed [`Event`] enum. It alone touches the desk.
#[derive(Debug)]
pub struct Softphone {
    ports: Ports,
    clock: Clock,
    desk: Desk,
    scene: Scene,
    entrance: Entrance,
    record: Record,
    /// Those of the centre, for the voice connection.
    ice_servers: Vec<IceServer>,
    /// Of the agent's own servers.
    turn_credentials: Vec<TurnCredential>,
    /// The view differs from the one shown.
    changed: bool,
    views: watch::Sender<Arc<View>>,
    meters: watch::Sender<Meter>,
    in_call: bool,
    watch: Watch,
    check: Check,
    /// Settings that the shell has not answered yet.
    saving: u32,
}

impl Softphone {
    /// Starts the driver's task, which ends with [`Event::Stop`] or when no adapter can
    /// reach it any more. Must be called within a tokio runtime.
    pub fn start(
        ports: Ports,
        events: mpsc::UnboundedReceiver<Event>,
        clock: Clock,
        initial: Initial,
    ) -> Doors {
        let mut scene = Scene::new(initial.settings, initial.remembered, initial.window);
        let config = scene.desk_config();
        let desk = Desk::new(config);
        let record = Record::start(initial.transcript, config);
        let view = scene.view(clock.now(), desk.snapshot());
        let (views, seen) = watch::channel(Arc::new(view));
        let (meters, metered) = watch::channel(Meter::default());
        let (intents, asked) = mpsc::unbounded_channel();
        let mut driver = Self {
            ports,
            clock,
            desk,
            scene,
            entrance: Entrance::default(),
            record,
            ice_servers: Vec::new(),
            turn_credentials: Vec::new(),
            changed: false,
            views,
            meters,
            in_call: false,
            watch: Watch::default(),
            check: Check::new(initial.check),
            saving: 0,
        };
        driver.ports.audio.apply(&driver.scene.settings);
        tokio::spawn(driver.run(events, asked));
        Doors { intents, views: seen, meters: metered }
    }

    async fn run(
        mut self,
        mut events: mpsc::UnboundedReceiver<Event>,
        mut asked: mpsc::UnboundedReceiver<Intent>,
    ) {
        loop {
            let deadlines = [self.desk.deadline(), self.check.deadline()];
            let deadline = deadlines.into_iter().flatten().min();
            let deadline = deadline.map(|moment| self.clock.instant(moment));
            let due = async {
                match deadline {
                    Some(instant) => tokio::time::sleep_until(instant).await,
                    None => std::future::pending().await,
                }
            };
            // In this order always, so that the same world gives the same run.
            let event = tokio::select! {
                biased;
                () = due => None,
                event = events.recv() => match event {
                    Some(event) => Some(event),
                    None => break,
                },
                Some(intent) = asked.recv() => Some(Event::Intent(intent)),
            };
            match event {
                None => {
                    self.feed(Input::Tick);
                    self.check_due();
                }
                Some(Event::Intent(intent)) => self.intent(intent),
                Some(Event::Centre(event)) => self.centre(event),
                Some(Event::Line(event)) => self.line(event),
                Some(Event::Audio(event)) => self.audio(event),
                Some(Event::Shell(event)) => self.shell(event),
                Some(Event::Buttons(ButtonsEvent::Asked(ask))) => self.feed(Input::Ask { ask }),
                Some(Event::Buttons(ButtonsEvent::Changed(buttons))) => {
                    self.scene.buttons = buttons;
                    self.changed = true;
                }
                Some(Event::Tested(test)) => self.tested(test),
                Some(Event::Dock(dock)) => {
                    self.scene.dock = *dock;
                    self.changed = true;
                }
                Some(Event::Stop) => break,
            }
            self.show();
        }
        self.stop();
    }

    fn show(&mut self) {
        if std::mem::take(&mut self.changed) {
            let view = self.scene.view(self.clock.now(), self.desk.snapshot());
            self.views.send_replace(Arc::new(view));
        }
    }

    /// Calls at the centre go on; this machine falls silent.
    fn stop(mut self) {
        info!("softphone stops");
        self.ports.audio.stop_ringing();
        self.ports.audio.set_microphone(false);
        self.ports.audio.set_in_call(false);
        self.ports.shell.set_in_call(false);
        self.ports.line.close();
        self.record.finish();
    }

    fn feed(&mut self, input: Input) {
        let now = self.clock.now();
        for effect in self.record.handle(&mut self.desk, now, input) {
            self.perform(effect);
        }
        let ended = self.watch.calls(&mut self.scene, self.desk.shown());
        for (interaction, record) in ended {
            self.feed(Input::CallMeasured { interaction, record });
        }
    }

    fn perform(&mut self, effect: Effect) {
        trace!(effect = words::effect(&effect), "desk");
        match effect {
            Effect::OpenSession { centre, user, take_over } => {
                self.ports.dock.signs_in(centre.clone());
                match self.entrance.open(centre, user, take_over) {
                    Next::Open(sign_in) => self.ports.centre.open(sign_in),
                    Next::Recall { centre, user } => self.ports.shell.recall(centre, user),
                }
            }
            Effect::CloseSession => {
                self.entrance.closed();
                self.ports.centre.close();
            }
            Effect::Order { command, order } => self.ports.centre.order(command, order),
            Effect::OpenLine => {
                let servers = self.servers();
                self.ports.line.open(servers);
            }
            Effect::RestartLine => self.ports.line.restart(),
            Effect::CloseLine => self.ports.line.close(),
            Effect::StartRinging => self.ports.audio.start_ringing(),
            Effect::StopRinging => self.ports.audio.stop_ringing(),
            Effect::Play { sound } => self.ports.audio.play(sound),
            Effect::SetMicrophone { open } => self.ports.audio.set_microphone(open),
            Effect::SetInCall { on } => {
                self.in_call = on;
                if on {
                    self.interrupt_check();
                }
                self.rest_meter();
                self.ports.audio.set_in_call(on);
                self.ports.shell.set_in_call(on);
            }
            Effect::Alert { alert } => self.ports.shell.alert(alert),
            Effect::Refused { ask, reason } => {
                debug!(reason = words::refusal(&reason), "refused");
                if matches!(ask, Ask::SignIn { .. }) {
                    self.entrance.withdraw();
                }
            }
            Effect::Changed => {
                self.changed = true;
                self.ports.buttons.follow(&self.desk.snapshot());
            }
        }
    }

    fn intent(&mut self, intent: Intent) {
        match intent {
            Intent::SignIn { centre, user, password, remember, take_over, account } => {
                let password = password.map(Password::into_secret);
                let sign_in = SignIn { centre, user, password, take_over, account };
                self.sign_in(sign_in, remember);
            }
            Intent::Desk { ask } => self.feed(Input::Ask { ask }),
            Intent::Audio { ask } => self.ask_audio(ask),
            Intent::Voice { ask } => self.ask_voice(ask),
            Intent::Connection { ask } => self.ask_connection(ask),
            Intent::Search { ask: SearchIntent::Directory { text } } => {
                let text: String = text.chars().take(SEARCH_MAX).collect();
                self.scene.search(&text);
                self.changed = true;
                self.ports.centre.search(text);
            }
            Intent::Search { ask: SearchIntent::History { before } } => self.history(before),
            Intent::Settings { ask: SettingsIntent::Save { settings } } => self.save(settings),
            Intent::Settings { ask } => self.ports.shell.settings(ask),
            Intent::Window { ask } => self.ports.shell.window(ask),
            Intent::Dock { ask } => self.ports.dock.ask(ask),
        }
    }

    fn history(&mut self, before: Option<InteractionId>) {
        self.scene.load_history();
        self.changed = true;
        self.ports.centre.history(before);
    }

    fn sign_in(&mut self, sign_in: SignIn, remember: bool) {
        let SignIn { centre, user, take_over, .. } = sign_in.clone();
        self.entrance.offer(sign_in, remember);
        self.feed(Input::Ask { ask: Ask::SignIn { centre, user, take_over } });
    }

    fn centre(&mut self, event: CentreEvent) {
        match event {
            CentreEvent::LinkChanged(link) => {
                info!(?link, "centre");
                self.feed(Input::LinkChanged { link });
            }
            CentreEvent::Opened(start) => {
                info!(resumed = start.resumed, "session opened");
                if let Some(sign_in) = self.entrance.opened() {
                    self.ports.shell.remember(sign_in);
                }
                self.tested(ConnectionTest::default());
                self.feed(Input::SessionOpened { start });
            }
            CentreEvent::OpenFailed(fault) => {
                info!(?fault, "sign-in failed");
                self.entrance.closed();
                self.feed(Input::SignInFailed { fault });
            }
            CentreEvent::Chosen { breaks, queues, ivrs, ice_servers } => {
                self.ice_servers = ice_servers;
                self.plan_check();
                self.feed(Input::Chosen { breaks, queues, ivrs });
            }
            CentreEvent::Ended(fault) => {
                self.forget_check();
                self.tested(ConnectionTest::default());
                info!(?fault, "session ended");
                self.entrance.closed();
                self.scene.session_ended();
                self.changed = true;
                self.feed(Input::SessionEnded { fault });
            }
            CentreEvent::Answered { command, result } => {
                self.feed(Input::Answered { command, result });
            }
            CentreEvent::Synchronised { agent, interactions, callbacks, chats } => {
                let due = self.scene.callbacks(callbacks);
                self.changed = true;
                let AgentNews { state, since, presence, next, monitoring } = agent;
                self.feed(Input::Synchronised {
                    state,
                    since,
                    presence,
                    next,
                    monitoring,
                    interactions,
                    chats,
                });
                self.remind(due);
            }
            CentreEvent::AgentChanged(agent) => {
                let AgentNews { state, since, presence, next, monitoring } = agent;
                self.feed(Input::AgentChanged { state, since, presence, next, monitoring });
            }
            CentreEvent::InteractionChanged(interaction) => {
                info!(interaction = %interaction.id, conversation = ?interaction.conversation, "call");
                self.feed(Input::InteractionChanged { interaction });
            }
            CentreEvent::CallbackChanged(callback) => {
                let due = self.scene.callback(callback);
                self.changed = true;
                self.remind(due);
            }
            CentreEvent::CallbackGone(callback) => {
                self.scene.callback_gone(&callback);
                self.changed = true;
            }
            CentreEvent::ChatChanged(chat) => {
                debug!(chat = %chat.id, phase = ?chat.phase, last = chat.last_seq, "chat");
                self.feed(Input::ChatChanged { chat });
            }
            CentreEvent::Signal(signal) => self.ports.line.signal(signal),
            CentreEvent::SignalFailed(reason) => {
                info!(%reason, "the voice connection was not negotiated");
                self.feed(Input::LineChanged { line: LineState::Failed });
            }
            CentreEvent::VoiceGone => self.feed(Input::LineGone),
            CentreEvent::Found { text, entries } => {
                self.scene.found(text, entries);
                self.changed = true;
            }
            CentreEvent::Voicemail(voicemail) => {
                self.scene.voicemail = Some(voicemail);
                self.changed = true;
            }
            CentreEvent::History { before, entries } => {
                self.scene.history(before.as_ref(), entries);
                self.changed = true;
            }
        }
    }

    /// Of callbacks that have become due.
    fn remind(&mut self, due: impl IntoIterator<Item = Callback>) {
        for Callback { id, customer, .. } in due {
            let alert = Alert::CallbackDue { callback: id, name: customer.name };
            self.ports.shell.alert(alert);
        }
    }

    fn line(&mut self, event: LineEvent) {
        match event {
            LineEvent::Changed(line) => {
                info!(?line, "voice");
                self.feed(Input::LineChanged { line });
                self.line_for_check(line);
            }
            LineEvent::Probed(probe) => self.probed_line(probe),
            LineEvent::Signal(signal) => self.send_signal(signal),
            LineEvent::NetworkChanged => self.feed(Input::NetworkChanged),
            LineEvent::Path(path) => {
                self.scene.voice.link = path.link;
                self.scene.voice.path = path.kind;
                self.changed = true;
            }
        }
    }

    fn send_signal(&mut self, signal: VoiceSignal) {
        match signal {
            VoiceSignal::Offer(_) | VoiceSignal::Candidate(_) => self.ports.centre.signal(signal),
            // This side offers; it never answers.
            VoiceSignal::Answer(_) => debug!("the line answered an offer that nobody made"),
            VoiceSignal::Extension(_) => debug!("the line gives nobody an extension"),
        }
    }

    fn shell(&mut self, event: ShellEvent) {
        match event {
            ShellEvent::SettingsSaved(settings) => {
                self.saving = self.saving.saturating_sub(1);
                self.settings(settings);
            }
            ShellEvent::SettingsChanged(settings) => self.settings(settings),
            ShellEvent::RememberedChanged(remembered) => {
                self.scene.remembered = remembered;
                self.changed = true;
            }
            ShellEvent::WindowChanged(window) => {
                self.scene.window = window;
                self.changed = true;
            }
            ShellEvent::NoticesChanged(notices) => {
                self.scene.notices = notices;
                self.changed = true;
            }
            ShellEvent::ContactsChanged => self.history(None),
            ShellEvent::Password(password) => match self.entrance.recalled(password) {
                Some(Recalled::Open(sign_in)) => self.ports.centre.open(sign_in),
                Some(Recalled::Test(tested)) => self.test(tested),
                None => {}
            },
            ShellEvent::TurnCredentials(credentials) => self.turn_credentials = credentials,
        }
    }
}
