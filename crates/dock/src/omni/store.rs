//! API-41 to API-43: a store of keys and values, one for each origin, that outlives the app.

use super::arguments::unfit;
use super::{Call, Omni, Reply, seen};
use omnibar_contract::{SdkError, SdkErrorType};
use std::collections::{BTreeMap, BTreeSet};

const KEYS_MAX: usize = 100;
const KEY_MAX: usize = 256;
/// Of an origin's keys and values together, in bytes.
const STORE_MAX: usize = 64 * 1024;

/// Values of one origin by key.
pub type Items = BTreeMap<String, String>;

/// By origin, and whose have changed since they were kept.
#[derive(Debug, Default)]
pub(super) struct Store {
    items: BTreeMap<String, Items>,
    stale: BTreeSet<String>,
}

impl Omni {
    /// From an earlier run; what would not have been taken is left out.
    pub fn recall_store(&mut self, origin: String, items: Items) {
        let fits = items.len() <= KEYS_MAX && size(&items) <= STORE_MAX;
        if fits && items.keys().all(|key| key.len() <= KEY_MAX) {
            self.store.items.insert(origin, items);
        }
    }

    /// The agent has taken back what he allowed the origin: nothing of it is kept.
    pub(super) fn forget_store(&mut self, origin: &str) {
        self.store.items.remove(origin);
        // Also when there is nothing in memory: an earlier run may have left a file.
        self.store.stale.insert(origin.to_owned());
    }

    /// Stores to be written, as they are now; `None`: nothing is to be kept.
    pub fn take_stale_stores(&mut self) -> Vec<(String, Option<Items>)> {
        let stale = std::mem::take(&mut self.store.stale);
        let now = |origin: String| {
            let items = self.store.items.get(&origin).filter(|items| !items.is_empty()).cloned();
            (origin, items)
        };
        stale.into_iter().map(now).collect()
    }

    pub(super) fn store_get(&self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let found = self.store.items.get(&call.caller.origin);
        let value = found.and_then(|keys| keys.get(call.arguments.text("key")));
        value.map(|v| Reply::now(v.as_str())).ok_or_else(|| seen::not_found("key is not stored"))
    }

    pub(super) fn store_set(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let (key, value) = (call.arguments.text("key"), call.arguments.text("value"));
        if key.len() > KEY_MAX {
            return Err(unfit("key", "at most 256 bytes long"));
        }
        if value.len() > STORE_MAX {
            return Err(unfit("value", "at most 65536 bytes long"));
        }
        let origin = &call.caller.origin;
        let keys = self.store.items.entry(origin.clone()).or_default();
        if keys.len() >= KEYS_MAX && !keys.contains_key(key) {
            return Err(full("100 keys are stored: delete one first"));
        }
        let before = keys.get(key).map_or(0, |old| key.len() + old.len());
        if size(keys) - before + key.len() + value.len() > STORE_MAX {
            return Err(full("65536 bytes are stored: delete something first"));
        }
        if keys.get(key).is_none_or(|old| old != value) {
            keys.insert(key.to_owned(), value.to_owned());
            self.store.stale.insert(origin.clone());
        }
        Ok(Reply::now("successfully set store item"))
    }

    pub(super) fn store_delete(&mut self, call: &Call<'_>) -> Reply {
        let origin = &call.caller.origin;
        let keys = self.store.items.get_mut(origin);
        if keys.is_some_and(|keys| keys.remove(call.arguments.text("key")).is_some()) {
            self.store.stale.insert(origin.clone());
        }
        Reply::now("successfully deleted store item")
    }
}

fn full(words: &str) -> SdkError {
    SdkError::new(SdkErrorType::RequiredFieldMissing, words)
}

fn size(items: &Items) -> usize {
    items.iter().map(|(key, value)| key.len() + value.len()).sum()
}
