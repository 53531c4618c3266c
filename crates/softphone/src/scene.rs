use crate::port::HISTORY_PAGE;
use omnibar_contract::{
    AudioIntent, AudioView, ButtonsView, ConnectionTest, DirectoryEntry, DirectoryView, DockView,
    HistoryEntry, HistoryView, Notice, Remembered, Settings, View, VoiceView, VoicemailView,
    WindowView,
};
use omnibar_desk::{Config, Snapshot};
use omnibar_model::{Callback, CallbackId, InteractionId, Moment};

/// Rows of history kept in the view; older ones are asked for again.
const HISTORY_MAX: usize = 1_000;
/// Callbacks kept in the view; the centre tells fewer.
const CALLBACKS_MAX: usize = 500;

/// Everything of the [`View`] that is not the desk's.
#[derive(Debug, Default)]
pub(crate) struct Scene {
    revision: u64,
    pub(crate) audio: AudioView,
    pub(crate) buttons: ButtonsView,
    pub(crate) voice: VoiceView,
    pub(crate) connection: ConnectionTest,
    pub(crate) settings: Settings,
    pub(crate) remembered: Remembered,
    pub(crate) window: WindowView,
    pub(crate) notices: Vec<Notice>,
    pub(crate) dock: DockView,
    directory: DirectoryView,
    history: HistoryView,
    /// The text that was asked for last; answers to older ones are dropped.
    searched: String,
    callbacks: Vec<Callback>,
    pub(crate) voicemail: Option<VoicemailView>,
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
            buttons: self.buttons.clone(),
            voice: self.voice.clone(),
            connection: self.connection.clone(),
            directory: self.directory.clone(),
            history: self.history.clone(),
            settings: self.settings.clone(),
            remembered: self.remembered.clone(),
            window: self.window,
            notices: self.notices.clone(),
            dock: self.dock.clone(),
            callbacks: self.callbacks.clone(),
            voicemail: self.voicemail.clone(),
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
            | AudioIntent::StopTest
            | AudioIntent::UnmuteMicrophone
            | AudioIntent::UnmuteSpeaker
            | AudioIntent::Probe => return false,
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

    /// All of them anew. Returns those that have become due.
    pub(crate) fn callbacks(&mut self, callbacks: Vec<Callback>) -> Vec<Callback> {
        let before = std::mem::take(&mut self.callbacks);
        let is_new = |c: &Callback| c.due && !before.iter().any(|b| b.id == c.id && b.due);
        self.callbacks = callbacks;
        self.callbacks.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        self.callbacks.truncate(CALLBACKS_MAX);
        self.callbacks.iter().filter(|c| is_new(c)).cloned().collect()
    }

    /// One of them. Returned if it has become due.
    pub(crate) fn callback(&mut self, callback: Callback) -> Option<Callback> {
        let mut callbacks = self.callbacks.clone();
        callbacks.retain(|c| c.id != callback.id);
        callbacks.push(callback);
        self.callbacks(callbacks).pop()
    }

    pub(crate) fn callback_gone(&mut self, id: &CallbackId) {
        self.callbacks.retain(|c| c.id != *id);
    }

    /// The next session may be somebody else's.
    pub(crate) fn session_ended(&mut self) {
        self.directory = DirectoryView::default();
        self.history = HistoryView::default();
        self.searched.clear();
        self.callbacks.clear();
        self.voicemail = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_model::{Party, PartyKind};

    fn callback(id: &str, at: i64, due: bool) -> Callback {
        Callback {
            id: id.into(),
            campaign: "support".into(),
            customer: Party { kind: PartyKind::Customer, name: "Nora".into(), number: None },
            customer_id: None,
            at,
            own: true,
            due,
            mine: true,
            booked_by: "Ada".into(),
            booked_at: 0,
            interaction: None,
            note: String::new(),
        }
    }

    #[test]
    fn a_callback_is_told_as_due_once_each_time_it_becomes_so() {
        let ids = |due: Vec<Callback>| due.iter().map(|c| c.id.to_string()).collect::<Vec<_>>();
        let mut scene = Scene::default();
        let first = vec![callback("later", 2, false), callback("now", 1, true)];
        assert_eq!(ids(scene.callbacks(first.clone())), ["now"]);
        // A snapshot after a reconnection is no news.
        assert!(scene.callbacks(first).is_empty());
        assert_eq!(scene.callback(callback("later", 2, true)).map(|c| c.at), Some(2));
        assert!(scene.callback(callback("later", 2, true)).is_none());
        assert!(scene.callback(callback("now", 9, false)).is_none(), "it was put off");
        assert!(scene.callback(callback("now", 9, true)).is_some());
        let order: Vec<_> = scene.callbacks.iter().map(|c| c.id.to_string()).collect();
        assert_eq!(order, ["later", "now"], "by their time");
        scene.callback_gone(&"later".into());
        assert_eq!(scene.callbacks.len(), 1);
    }
}
