//! Credentials of the agent's own TURN servers: in the vault, never in the settings.

use super::Desktop;
use super::vault::Name;
use omnibar_contract::{NoticeKind, Password, Settings, TurnServer};
use omnibar_softphone::{ShellEvent, TurnCredential};

/// Longest credential in bytes; one that was made by a machine has a few dozen.
const LONGEST: usize = 1024;

impl Desktop {
    pub(super) async fn set_credential(&mut self, url: &str, username: &str, credential: Password) {
        let is_it = |s: &TurnServer| s.url == url && s.username == username;
        let mut settings = self.settings.clone();
        let Some(server) = settings.ice_servers.iter_mut().find(|s| is_it(s)) else {
            tracing::debug!("a credential for a server that is not in the settings");
            return;
        };
        let secret = credential.into_secret();
        let name = Name::server(url, username);
        server.credential = if secret.is_empty() || secret.expose().len() > LONGEST {
            self.in_vault(move |vault| vault.forget(&name)).await;
            false
        } else {
            match self.in_vault(move |vault| vault.keep(name, &secret)).await {
                Some(Ok(())) => true,
                Some(Err(error)) => {
                    self.notice(NoticeKind::KeychainUnavailable { detail: error.to_string() });
                    false
                }
                None => false,
            }
        };
        self.save(settings);
        self.tell(ShellEvent::SettingsChanged(self.settings.clone()));
        self.tell_credentials().await;
    }

    /// Saves settings of a UI: what it says of credentials is not believed, and those of
    /// servers that are gone are forgotten.
    pub(super) async fn save_from_page(&mut self, mut settings: Settings) {
        let known = std::mem::take(&mut self.settings.ice_servers);
        let same = |a: &TurnServer, b: &TurnServer| a.url == b.url && a.username == b.username;
        for server in &mut settings.ice_servers {
            server.credential = known.iter().any(|k| k.credential && same(k, server));
        }
        self.save(settings);
        self.tell(ShellEvent::SettingsSaved(self.settings.clone()));
        let gone: Vec<Name> = known
            .iter()
            .filter(|k| !self.settings.ice_servers.iter().any(|s| same(s, k)))
            .map(|k| Name::server(&k.url, &k.username))
            .collect();
        if !gone.is_empty() {
            self.in_vault(move |vault| gone.iter().for_each(|name| vault.forget(name))).await;
            self.tell_credentials().await;
        }
    }

    pub(super) async fn tell_credentials(&mut self) {
        let servers = self.settings.ice_servers.clone();
        let found = self.in_vault(move |vault| {
            let servers = servers.into_iter().filter(|s| !s.url.starts_with("stun"));
            servers
                .filter_map(|TurnServer { url, username, credential: _ }| {
                    let credential = vault.recall(&Name::server(&url, &username))?;
                    Some(TurnCredential { url, username, credential })
                })
                .collect()
        });
        if let Some(credentials) = found.await {
            self.tell(ShellEvent::TurnCredentials(credentials));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::Paths;
    use crate::shell::vault::Vault;
    use crate::shell::{Kept, ShellPort};
    use omnibar_contract::SettingsIntent;
    use omnibar_model::Secret;
    use omnibar_softphone::{Event, Inbox, Shell};
    use tokio::sync::mpsc::UnboundedReceiver;

    const URL: &str = "turn:turn.test:3478";

    struct Bench {
        shell: ShellPort,
        events: UnboundedReceiver<Event>,
        paths: Paths,
        _dir: tempfile::TempDir,
    }

    impl Bench {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let paths = Paths::new(Some(dir.path())).unwrap();
            let (inbox, events) = Inbox::new();
            let kept = Kept::load(&paths);
            let vault = Vault::without_keychain();
            let shell = ShellPort::start_with(vault, paths.clone(), kept, None, inbox);
            Self { shell, events, paths, _dir: dir }
        }

        fn save(&mut self, ice_servers: Vec<TurnServer>) {
            let settings = Settings { ice_servers, ..Settings::default() };
            self.shell.settings(SettingsIntent::Save { settings });
        }

        fn set(&mut self, username: &str, credential: &str) {
            self.shell.settings(SettingsIntent::SetTurnCredential {
                url: URL.into(),
                username: username.into(),
                credential: credential.to_owned().into(),
            });
        }

        async fn credentials(&mut self) -> Vec<TurnCredential> {
            loop {
                if let Event::Shell(ShellEvent::TurnCredentials(c)) =
                    self.events.recv().await.unwrap()
                {
                    return c;
                }
            }
        }
    }

    fn own(username: &str) -> TurnServer {
        // A page that claims a credential is kept.
        TurnServer { url: URL.into(), username: username.into(), credential: true }
    }

    #[tokio::test]
    async fn a_credential_reaches_the_driver_and_no_file() {
        let mut bench = Bench::new();
        bench.save(vec![own("branch7")]);
        bench.set("branch7", "sesame-opens");
        let want = TurnCredential {
            url: URL.into(),
            username: "branch7".into(),
            credential: Secret::new("sesame-opens"),
        };
        assert_eq!(bench.credentials().await, [want]);
        let text = std::fs::read_to_string(bench.paths.settings()).unwrap();
        assert!(text.contains("branch7") && !text.contains("sesame"), "{text}");
        assert!(text.contains("credential = false"), "no keychain has it: {text}");

        bench.set("branch7", "");
        assert_eq!(bench.credentials().await, [], "an empty one is forgotten");
    }

    #[tokio::test]
    async fn a_server_that_is_removed_takes_its_credential_along() {
        let mut bench = Bench::new();
        bench.save(vec![own("branch7")]);
        bench.set("branch7", "sesame");
        assert_eq!(bench.credentials().await.len(), 1);
        bench.save(vec![]);
        assert_eq!(bench.credentials().await, []);
        bench.save(vec![own("branch7")]);
        bench.set("stranger", "no such server");
        bench.set("branch7", "anew");
        let found = bench.credentials().await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].credential, Secret::new("anew"));
    }
}
