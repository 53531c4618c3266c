//! Passwords: in the system's keychain, or for this session only. Never in a file.

use omnibar_model::{AgentId, Secret};
use std::collections::BTreeMap;

const KEYCHAIN: &str = "org.omnibar.app";

/// Blocking: call it on a thread that may wait (the keychain may ask the user).
#[derive(Debug, Default)]
pub(crate) struct Vault {
    session: BTreeMap<String, Secret>,
}

/// The keychain cannot be used; the secret is kept until the app ends.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SessionOnly(String);

impl Vault {
    pub(crate) fn keep(
        &mut self,
        centre: &str,
        user: &AgentId,
        password: &Secret,
    ) -> Result<(), SessionOnly> {
        let name = name(centre, user);
        let kept = entry(&name).and_then(|e| e.set_password(password.expose()));
        match kept {
            Ok(()) => {
                self.session.remove(&name);
                Ok(())
            }
            Err(error) => {
                self.session.insert(name, password.clone());
                Err(SessionOnly(error.to_string()))
            }
        }
    }

    pub(crate) fn recall(&self, centre: &str, user: &AgentId) -> Option<Secret> {
        let name = name(centre, user);
        self.session.get(&name).cloned().or_else(|| {
            entry(&name)
                .and_then(|e| e.get_password())
                .inspect_err(|error| tracing::debug!(%error, "no password in the keychain"))
                .ok()
                .map(Secret::new)
        })
    }

    pub(crate) fn forget(&mut self, centre: &str, user: &AgentId) {
        let name = name(centre, user);
        self.session.remove(&name);
        if let Err(error) = entry(&name).and_then(|e| e.delete_credential()) {
            tracing::debug!(%error, "nothing to forget in the keychain");
        }
    }
}

fn name(centre: &str, user: &AgentId) -> String {
    format!("{user}@{centre}")
}

fn entry(name: &str) -> keyring::Result<keyring::Entry> {
    keyring::Entry::new(KEYCHAIN, name)
}
