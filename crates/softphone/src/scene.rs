use crate::port::HISTORY_PAGE;
use omnibar_contract::{
    AudioIntent, AudioView, DirectoryEntry, DirectoryView, DockView, HistoryEntry, HistoryView,
    Notice, Remembered, Settings, View, WindowView,
};
use omnibar_desk::{Config, Snapshot};
use omnibar_model::{InteractionId, Moment};

/// Rows of history kept in the view; older ones are asked for again.
const HISTORY_MAX: usize = 1_000;

/// Everything of the [`View`] that is not the desk's.
#[derive(Debug, Default)]
pub(crate) struct Scene {
    revision: u64,
    pub(crate) audio: AudioView,
    pub(crate) settings: Settings,
    pub(crate) remembered: Remembered,
    pub(crate) window: WindowView,
    pub(crate) notices: Vec<Notice>,
    pub(crate) dock: DockView,
    directory: DirectoryView,
    history: HistoryView,
    /// The text that was asked for last; answers to older ones are dropped.
    searched: String,
}

impl Scene {
    pub(crate) fn new(settings: Settings, remembered: Remembered, window: WindowView) -> Self {
        Self { settings, remembered, window, ..Self::default() }
    }

    /// The whole view with the next revision.
    pub(crate) fn view(&mut self, now: Moment, desk: Snapshot) -> View {
        self.revision += 1;
        View {
            revision: self.revision,
            now,
            desk,
            audio: self.audio.clone(),
            directory: self.directory.clone(),
            history: self.history.clone(),
            settings: self.settings.clone(),
            remembered: self.remembered.clone(),
            window: self.window,
            notices: self.notices.clone(),
            dock: self.dock.clone(),
        }
    }

    /// What of the settings is the desk's business.
    pub(crate) fn desk_config(&self) -> Config {
        Config { auto_answer: self.settings.auto_answer, ..Config::default() }
    }

    /// A device that was chosen in the audio screen is a setting. True if it is new.
    pub(crate) fn chose(&mut self, intent: &AudioIntent) -> bool {
        let (place, choice) = match intent {
            AudioIntent::ChooseMicrophone { choice } => (&mut self.settings.microphone, choice),
            AudioIntent::ChooseSpeaker { choice } => (&mut self.settings.speaker, choice),
            AudioIntent::ChooseRinger { choice } => (&mut self.settings.ringer, choice),
            AudioIntent::TestSpeaker
            | AudioIntent::TestRinger
            | AudioIntent::RecordAndPlayBack
            | AudioIntent::Meter { .. }
            | AudioIntent::StopTest => return false,
        };
        if *place == *choice {
            return false;
        }
        *place = choice.clone();
        true
    }

    pub(crate) fn search(&mut self, text: &str) {
        text.clone_into(&mut self.searched);
        self.directory.searching = true;
    }

    pub(crate) fn found(&mut self, text: String, entries: Vec<DirectoryEntry>) {
        if text == self.searched {
            self.directory = DirectoryView { text, entries, searching: false };
        }
    }

    pub(crate) fn load_history(&mut self) {
        self.history.loading = true;
    }

    pub(crate) fn history(&mut self, before: Option<&InteractionId>, entries: Vec<HistoryEntry>) {
        let more = entries.len() >= HISTORY_PAGE;
        match before {
            None => self.history.entries = entries,
            Some(id) if self.history.entries.last().is_some_and(|e| e.id == *id) => {
                self.history.entries.extend(entries);
            }
            // The page after a row that is not the last any more.
            Some(_) => {
                self.history.loading = false;
                return;
            }
        }
        self.history.entries.truncate(HISTORY_MAX);
        self.history.more = more && self.history.entries.len() < HISTORY_MAX;
        self.history.loading = false;
    }

    /// The next session may be somebody else's.
    pub(crate) fn session_ended(&mut self) {
        self.directory = DirectoryView::default();
        self.history = HistoryView::default();
        self.searched.clear();
    }
}
