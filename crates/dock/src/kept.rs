use crate::omni::Items;
use omnibar_contract::Rights;
use omnibar_model::Secret;
use serde::{Deserialize, Serialize};
use std::fmt;
use tokio::sync::oneshot;

/// What the agent has decided of one origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptOrigin {
    pub origin: String,
    /// Milliseconds since 1970-01-01T00:00Z of the last contact.
    pub seen_at: i64,
    /// `None`: blocked.
    #[serde(default)]
    pub rights: Option<Rights>,
}

/// What is there from earlier runs.
#[derive(Debug, Default)]
pub struct Kept {
    pub origins: Vec<KeptOrigin>,
    /// What [`Keeper::tokens`] was given, by origin; a keychain takes its time.
    pub tokens: Option<oneshot::Receiver<Vec<(String, Secret)>>>,
    /// What [`Keeper::store`] was given, by origin.
    pub stores: Vec<(String, Items)>,
}

/// The desktop, as the dock needs it. Every method posts and returns at once.
pub trait Keeper: Send {
    fn origins(&mut self, origins: Vec<KeptOrigin>);
    /// For the keychain. `None`: forget what it has.
    fn tokens(&mut self, origin: String, tokens: Option<Secret>);
    /// What an origin's pages have stored. `None`: forget what there is.
    fn store(&mut self, origin: String, items: Option<Items>);
    /// A notification in a page's words, which say whose.
    fn notify(&mut self, subject: String, message: String);
}

impl fmt::Debug for dyn Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}
