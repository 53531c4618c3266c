//! What the agent decided of docked pages: their origins in a file beside the settings,
//! what their tokens are checked against in the keychain.

use super::vault::{Name, Vault};
use super::{Ask, ShellPort};
use super::{settings, stores};
use crate::paths::Paths;
use omnibar_contract::NoticeKind;
use omnibar_dock::omni::Items;
use omnibar_dock::{Keeper, Kept, KeptOrigin};
use omnibar_model::Secret;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use tokio::sync::{mpsc, oneshot};

/// The file: `[[origins]]` tables.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Origins {
    origins: Vec<KeptOrigin>,
}

impl Origins {
    pub(super) fn load(paths: &Paths) -> (Vec<KeptOrigin>, Option<settings::PutAside>) {
        let (Self { origins }, aside) = settings::load(&paths.origins());
        (origins, aside)
    }

    pub(super) fn save(paths: &Paths, origins: Vec<KeptOrigin>) -> std::io::Result<()> {
        settings::save(&paths.origins(), &Self { origins })
    }
}

type Tokens = (String, Option<Secret>);

/// The dock's end: posts to the shell's task, and to the one that waits for the keychain.
#[derive(Debug)]
pub(crate) struct PagesKeeper {
    asks: mpsc::UnboundedSender<Ask>,
    /// `None`: this host keeps no secrets.
    tokens: Option<mpsc::UnboundedSender<Tokens>>,
    stores: mpsc::UnboundedSender<stores::Changed>,
}

impl PagesKeeper {
    /// With `keychain` its entries are read at once, which may take as long as the user
    /// takes to unlock it. Must be called within a runtime.
    pub(crate) fn start(
        shell: &ShellPort,
        origins: Vec<KeptOrigin>,
        stores: Vec<(String, Items)>,
        paths: Paths,
        keychain: bool,
    ) -> (Self, Kept) {
        let asks = shell.0.clone();
        let (changes, changed) = mpsc::unbounded_channel();
        tokio::spawn(stores::write(paths, changed));
        if !keychain {
            let keeper = Self { asks, tokens: None, stores: changes };
            return (keeper, Kept { origins, tokens: None, stores });
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let (recalled, tokens) = oneshot::channel();
        let names: Vec<String> = origins.iter().map(|o| o.origin.clone()).collect();
        tokio::spawn(keep(Vault::default(), names, recalled, receiver, asks.clone()));
        let keeper = Self { asks, tokens: Some(sender), stores: changes };
        (keeper, Kept { origins, tokens: Some(tokens), stores })
    }

    fn post(&self, ask: Ask) {
        // The shell's task ends with the app.
        let _ = self.asks.send(ask);
    }
}

impl Keeper for PagesKeeper {
    fn origins(&mut self, origins: Vec<KeptOrigin>) {
        self.post(Ask::Origins(origins));
    }

    fn tokens(&mut self, origin: String, tokens: Option<Secret>) {
        if let Some(keychain) = &self.tokens {
            let _ = keychain.send((origin, tokens));
        }
    }

    fn store(&mut self, origin: String, items: Option<Items>) {
        // Its task ends with the app.
        let _ = self.stores.send((origin, items));
    }

    fn notify(&mut self, subject: String, message: String) {
        self.post(Ask::Notify { subject, message });
    }
}

/// One piece of work for the keychain after the other, each on a thread that may wait.
async fn keep(
    mut vault: Vault,
    origins: Vec<String>,
    recalled: oneshot::Sender<Vec<(String, Secret)>>,
    mut tokens: mpsc::UnboundedReceiver<Tokens>,
    asks: mpsc::UnboundedSender<Ask>,
) {
    let found = tokio::task::spawn_blocking(move || {
        let found = origins.into_iter().filter_map(|origin| {
            let tokens = vault.recall(&Name::pages(&origin))?;
            Some((origin, tokens))
        });
        let found: Vec<_> = found.collect();
        (vault, found)
    });
    let Ok((back, found)) = found.await else { return };
    vault = back;
    // A dock that has ended needs them no more.
    let _ = recalled.send(found);
    let mut waiting = VecDeque::new();
    while let Some(first) = tokens.recv().await {
        waiting.push_back(first);
        while let Ok(more) = tokens.try_recv() {
            waiting.push_back(more);
        }
        let work = std::mem::take(&mut waiting);
        let done = tokio::task::spawn_blocking(move || {
            let fault = work.into_iter().filter_map(|(o, t)| store(&mut vault, &o, t)).last();
            (vault, fault)
        });
        let Ok((back, fault)) = done.await else { return };
        vault = back;
        if let Some(error) = fault {
            let detail = format!("{error}; docked pages are known until Omnibar is closed");
            let _ = asks.send(Ask::Notice(NoticeKind::KeychainUnavailable { detail }));
        }
    }
}

fn store(vault: &mut Vault, origin: &str, tokens: Option<Secret>) -> Option<String> {
    let name = Name::pages(origin);
    match tokens {
        Some(tokens) => vault.keep(name, &tokens).err().map(|error| error.to_string()),
        None => {
            vault.forget(&name);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use omnibar_contract::Rights;

    const CRM: &str = "https://crm.example";

    #[test]
    fn origins_come_back_as_decided() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::new(Some(dir.path())).unwrap();
        let rights = Rights { events: true, dial: true, ..Rights::default() };
        let origin = |o: &str, rights| KeptOrigin { origin: o.into(), seen_at: 7, rights };
        let kept = vec![origin(CRM, Some(rights)), origin("https://evil.example", None)];
        Origins::save(&paths, kept.clone()).unwrap();
        let (back, aside) = Origins::load(&paths);
        assert_eq!(back, kept);
        assert!(aside.is_none());
        std::fs::write(paths.origins(), "origins = 1").unwrap();
        let (none, aside) = Origins::load(&paths);
        assert!(none.is_empty() && aside.is_some(), "nobody is allowed by a broken file");
    }

    #[tokio::test]
    async fn tokens_last_for_the_session_without_a_keychain_and_the_agent_is_told() {
        let (asks, mut asked) = mpsc::unbounded_channel();
        let (sender, receiver) = mpsc::unbounded_channel();
        let (recalled, found) = oneshot::channel();
        let names = vec![CRM.to_owned()];
        tokio::spawn(keep(Vault::without_keychain(), names, recalled, receiver, asks));
        assert!(found.await.unwrap().is_empty());
        sender.send((CRM.into(), Some(Secret::new("[]")))).unwrap();
        match asked.recv().await.unwrap() {
            Ask::Notice(NoticeKind::KeychainUnavailable { detail }) => {
                assert!(detail.contains("until Omnibar is closed"), "{detail}");
            }
            _ => panic!("another ask"),
        }
    }
}
