//! Passwords: in the system's keychain, or for this session only. Never in a file.

use omnibar_model::{AgentId, Secret};
use std::collections::BTreeMap;

const KEYCHAIN: &str = "org.omnibar.app";

/// Blocking: call it on a thread that may wait (the keychain may ask the user).
#[derive(Debug)]
pub(crate) struct Vault {
    session: BTreeMap<String, Secret>,
    open: fn(&str) -> keyring::Result<keyring::Entry>,
}

impl Default for Vault {
    fn default() -> Self {
        Self { session: BTreeMap::new(), open: |name| keyring::Entry::new(KEYCHAIN, name) }
    }
}

/// What a secret is kept under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn sign_in(centre: &str, user: &AgentId) -> Self {
        Self(format!("{user}@{centre}"))
    }

    /// What docked pages of this origin show. No user's name and address look so.
    pub(crate) fn pages(origin: &str) -> Self {
        Self(format!("pages of {origin}"))
    }

    /// A STUN or TURN URL has another scheme than a centre's, so the two never meet.
    pub(crate) fn server(url: &str, username: &str) -> Self {
        Self(format!("{username}@{url}"))
    }
}

/// The keychain cannot be used; the secret is kept until the app ends.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct SessionOnly(String);

impl Vault {
    pub(crate) fn keep(&mut self, name: Name, secret: &Secret) -> Result<(), SessionOnly> {
        let kept = (self.open)(&name.0).and_then(|e| e.set_password(secret.expose()));
        match kept {
            Ok(()) => {
                self.session.remove(&name.0);
                Ok(())
            }
            Err(error) => {
                self.session.insert(name.0, secret.clone());
                Err(SessionOnly(error.to_string()))
            }
        }
    }

    pub(crate) fn recall(&self, name: &Name) -> Option<Secret> {
        self.session.get(&name.0).cloned().or_else(|| {
            (self.open)(&name.0)
                .and_then(|e| e.get_password())
                .inspect_err(|error| tracing::debug!(%error, "no password in the keychain"))
                .ok()
                .map(Secret::new)
        })
    }

    pub(crate) fn forget(&mut self, name: &Name) {
        self.session.remove(&name.0);
        if let Err(error) = (self.open)(&name.0).and_then(|e| e.delete_credential()) {
            tracing::debug!(%error, "nothing to forget in the keychain");
        }
    }

    /// As on a machine without a keychain.
    #[cfg(test)]
    pub(crate) fn without_keychain() -> Self {
        Self { session: BTreeMap::new(), open: |_| Err(keyring::Error::NoEntry) }
    }
}
