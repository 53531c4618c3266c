//! The shell port: what the softphone asks of the agent's desktop. One task owns
//! settings, the remembered sign-in, notices and the vault; what needs a window goes
//! to a [`Surface`], of which the window host has one and the command line none.

mod book;
mod docked;
mod servers;
mod settings;
mod stores;
mod vault;

use crate::logs;
use crate::paths::Paths;
use omnibar_contract::{
    Notice, NoticeKind, Remembered, Settings, SettingsIntent, WindowIntent, WindowView,
};
use omnibar_desk::Alert;
use omnibar_dock::KeptOrigin;
use omnibar_dock::omni::Items;
use omnibar_model::AgentId;
use omnibar_softphone::{Event, Inbox, Shell, ShellEvent, SignIn};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use vault::{Name, Vault};

pub(crate) use book::Book;
pub(crate) use docked::PagesKeeper;

/// What only a host with a window can do. Called on the shell's task; must not block.
pub(crate) trait Surface: Send {
    fn alert(&mut self, alert: &Alert);
    /// A notification in a docked page's words.
    fn notify(&mut self, subject: &str, message: &str);
    /// Takes or gives back the system-wide keys; yields those that another program has.
    fn take_keys(&mut self, on: bool) -> Vec<String>;
    /// Yields the window's state when it changed.
    fn window(&mut self, intent: WindowIntent) -> Option<WindowView>;
    fn apply(&mut self, settings: &Settings);
    fn show_file(&mut self, path: &std::path::Path);
}

/// What was kept from earlier runs.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) settings: Settings,
    pub(crate) remembered: Remembered,
    pub(crate) origins: Vec<KeptOrigin>,
    pub(crate) stores: Vec<(String, Items)>,
    pub(crate) book: Book,
    notices: Vec<NoticeKind>,
}

impl Kept {
    /// Must be called within a runtime.
    pub(crate) fn load(paths: &Paths) -> Self {
        let (settings, aside) = settings::load_settings(&paths.settings());
        let (origins, origins_aside) = docked::Origins::load(paths);
        let stores = stores::load(paths, &origins);
        let (accounts, book_aside) = book::Accounts::load(paths);
        let book = Book::start(accounts, paths.clone());
        let notices = aside
            .or(origins_aside)
            .or(book_aside)
            .map(|a| NoticeKind::SettingsUnreadable { kept_as: a.0.display().to_string() })
            .into_iter()
            .collect();
        let remembered = settings::load_remembered(&paths.remembered());
        Self { settings, remembered, origins, stores, book, notices }
    }

    pub(crate) fn say(&mut self, notice: NoticeKind) {
        self.notices.push(notice);
    }
}

enum Ask {
    Alert(Alert),
    InCall(bool),
    Settings(SettingsIntent),
    Window(WindowIntent),
    Remember(SignIn),
    Recall(String, AgentId),
    Origins(Vec<KeptOrigin>),
    Notify { subject: String, message: String },
    Notice(NoticeKind),
}

/// The port's near end: posts to the shell's task.
#[derive(Debug)]
pub(crate) struct ShellPort(mpsc::UnboundedSender<Ask>);

impl ShellPort {
    pub(crate) fn start(
        paths: Paths,
        kept: Kept,
        surface: Option<Box<dyn Surface>>,
        inbox: Inbox,
    ) -> Self {
        Self::start_with(Vault::default(), paths, kept, surface, inbox)
    }

    fn start_with(
        vault: Vault,
        paths: Paths,
        kept: Kept,
        surface: Option<Box<dyn Surface>>,
        inbox: Inbox,
    ) -> Self {
        let (sender, mut asks) = mpsc::unbounded_channel();
        let mut desktop = Desktop {
            paths,
            settings: kept.settings,
            remembered: kept.remembered,
            notices: Vec::new(),
            book: kept.book,
            next_notice: 1,
            in_call: false,
            vault: Arc::new(Mutex::new(vault)),
            surface,
            inbox,
        };
        let work = async move {
            for notice in kept.notices {
                desktop.notice(notice);
            }
            if !desktop.settings.ice_servers.is_empty() {
                desktop.tell_credentials().await;
            }
            while let Some(ask) = asks.recv().await {
                desktop.perform(ask).await;
            }
        };
        // It waits for the window's thread and for the disk; what moves packets may not.
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || runtime.block_on(work));
        Self(sender)
    }

    fn post(&self, ask: Ask) {
        // The task ends with the app; nothing is left to be done for it then.
        let _ = self.0.send(ask);
    }
}

impl Shell for ShellPort {
    fn alert(&mut self, alert: Alert) {
        self.post(Ask::Alert(alert));
    }

    fn set_in_call(&mut self, on: bool) {
        self.post(Ask::InCall(on));
    }

    fn settings(&mut self, intent: SettingsIntent) {
        self.post(Ask::Settings(intent));
    }

    fn window(&mut self, intent: WindowIntent) {
        self.post(Ask::Window(intent));
    }

    fn remember(&mut self, sign_in: SignIn) {
        self.post(Ask::Remember(sign_in));
    }

    fn recall(&mut self, centre: String, user: AgentId) {
        self.post(Ask::Recall(centre, user));
    }
}

struct Desktop {
    paths: Paths,
    settings: Settings,
    remembered: Remembered,
    notices: Vec<Notice>,
    book: Book,
    next_notice: u32,
    in_call: bool,
    /// Locked only on threads that may wait, and never across an await.
    vault: Arc<Mutex<Vault>>,
    surface: Option<Box<dyn Surface>>,
    inbox: Inbox,
}

impl Desktop {
    async fn perform(&mut self, ask: Ask) {
        match ask {
            Ask::Alert(alert) => {
                if let Some(surface) = &mut self.surface {
                    surface.alert(&alert);
                }
            }
            Ask::InCall(on) => {
                self.in_call = on;
                self.take_keys();
            }
            Ask::Window(intent) => self.window(intent),
            Ask::Settings(SettingsIntent::Save { settings }) => self.save_from_page(settings).await,
            Ask::Settings(SettingsIntent::SetTurnCredential { url, username, credential }) => {
                self.set_credential(&url, &username, credential).await;
            }
            Ask::Settings(SettingsIntent::KeepContact { number, name }) => {
                self.book.keep_contact(number, &name);
                self.tell(ShellEvent::ContactsChanged);
            }
            Ask::Settings(SettingsIntent::ForgetSignIn) => self.forget().await,
            Ask::Settings(SettingsIntent::ExportLogs) => self.export(),
            Ask::Settings(SettingsIntent::DismissNotice { id }) => {
                self.notices.retain(|n| n.id != id);
                self.tell(ShellEvent::NoticesChanged(self.notices.clone()));
            }
            Ask::Remember(sign_in) => self.remember(sign_in).await,
            Ask::Recall(centre, user) => {
                let name = Name::sign_in(&centre, &user);
                let password = self.in_vault(move |vault| vault.recall(&name)).await.flatten();
                self.tell(ShellEvent::Password(password));
            }
            Ask::Origins(origins) => {
                if let Err(error) = docked::Origins::save(&self.paths, origins) {
                    self.notice(NoticeKind::SettingsNotSaved { detail: error.to_string() });
                }
            }
            Ask::Notify { subject, message } => {
                if let Some(surface) = &mut self.surface {
                    surface.notify(&subject, &message);
                }
            }
            Ask::Notice(kind) => self.notice(kind),
        }
    }

    fn window(&mut self, intent: WindowIntent) {
        let changed = self.surface.as_mut().and_then(|s| s.window(intent));
        if let Some(view) = changed {
            self.tell(ShellEvent::WindowChanged(view));
            if self.settings.shape != view.shape {
                self.save(Settings { shape: view.shape, ..self.settings.clone() });
                self.tell(ShellEvent::SettingsChanged(self.settings.clone()));
            }
        }
    }

    fn take_keys(&mut self) {
        let on = self.in_call && !self.settings.no_global_keys;
        let taken = self.surface.as_mut().map(|s| s.take_keys(on)).unwrap_or_default();
        if !taken.is_empty() {
            self.notice(NoticeKind::KeysTaken { keys: taken });
        }
    }

    fn save(&mut self, settings: Settings) {
        let settings = settings::sane(settings);
        let keys_changed = settings.no_global_keys != self.settings.no_global_keys;
        self.settings = settings;
        if let Err(error) = settings::save(&self.paths.settings(), &self.settings) {
            self.notice(NoticeKind::SettingsNotSaved { detail: error.to_string() });
        }
        if let Some(surface) = &mut self.surface {
            surface.apply(&self.settings);
        }
        if keys_changed {
            self.take_keys();
        }
    }

    async fn remember(&mut self, sign_in: SignIn) {
        let mut kept = false;
        if let Some(password) = sign_in.password {
            let name = Name::sign_in(&sign_in.centre, &sign_in.user);
            match self.in_vault(move |vault| vault.keep(name, &password)).await {
                Some(Ok(())) => kept = true,
                Some(Err(error)) => {
                    self.notice(NoticeKind::KeychainUnavailable { detail: error.to_string() });
                }
                None => {}
            }
        }
        let SignIn { centre, user, account, .. } = sign_in;
        self.remembered = Remembered { centre, user: Some(user), password: kept, account };
        self.keep_remembered();
    }

    async fn forget(&mut self) {
        let old = std::mem::take(&mut self.remembered);
        if let Some(user) = old.user {
            let name = Name::sign_in(&old.centre, &user);
            self.in_vault(move |vault| vault.forget(&name)).await;
        }
        self.keep_remembered();
    }

    fn keep_remembered(&mut self) {
        if let Err(error) = settings::save(&self.paths.remembered(), &self.remembered) {
            self.notice(NoticeKind::SettingsNotSaved { detail: error.to_string() });
        }
        self.tell(ShellEvent::RememberedChanged(self.remembered.clone()));
    }

    fn export(&mut self) {
        match logs::export(&self.paths) {
            Ok(path) => {
                if let Some(surface) = &mut self.surface {
                    surface.show_file(&path);
                }
                self.notice(NoticeKind::LogsExported { path: path.display().to_string() });
            }
            Err(error) => self.notice(NoticeKind::SettingsNotSaved { detail: error.to_string() }),
        }
    }

    /// Keychains may ask the user and take their time. `None`: the task was lost.
    fn in_vault<T, F>(&self, work: F) -> impl Future<Output = Option<T>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&mut Vault) -> T + Send + 'static,
    {
        let vault = Arc::clone(&self.vault);
        async move {
            tokio::task::spawn_blocking(move || {
                work(&mut vault.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
            })
            .await
            .ok()
        }
    }

    /// One of a kind at a time: a repeat replaces the one before.
    fn notice(&mut self, kind: NoticeKind) {
        let same = std::mem::discriminant(&kind);
        self.notices.retain(|n| std::mem::discriminant(&n.kind) != same);
        self.notices.push(Notice { id: self.next_notice, kind });
        self.next_notice += 1;
        self.tell(ShellEvent::NoticesChanged(self.notices.clone()));
    }

    fn tell(&self, event: ShellEvent) {
        self.inbox.post(Event::Shell(event));
    }
}
