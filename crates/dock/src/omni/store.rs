//! API-41 to API-43: a store of keys and values, one for each origin, in memory for as
//! long as the app runs.

use super::arguments::unfit;
use super::{Call, Omni, Reply, seen};
use omnibar_contract::{SdkError, SdkErrorType};
use std::collections::BTreeMap;

const KEYS_MAX: usize = 100;
const KEY_MAX: usize = 256;
/// Of a value, in bytes.
const VALUE_MAX: usize = 64 * 1024;

/// Values by origin and key.
pub(super) type Store = BTreeMap<String, BTreeMap<String, String>>;

impl Omni {
    pub(super) fn store_get(&self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let found = self.store.get(&call.caller.origin);
        let value = found.and_then(|keys| keys.get(call.arguments.text("key")));
        value.map(|v| Reply::now(v.as_str())).ok_or_else(|| seen::not_found("key is not stored"))
    }

    pub(super) fn store_set(&mut self, call: &Call<'_>) -> Result<Reply, SdkError> {
        let (key, value) = (call.arguments.text("key"), call.arguments.text("value"));
        if key.len() > KEY_MAX {
            return Err(unfit("key", "at most 256 bytes long"));
        }
        if value.len() > VALUE_MAX {
            return Err(unfit("value", "at most 65536 bytes long"));
        }
        let keys = self.store.entry(call.caller.origin.clone()).or_default();
        if keys.len() >= KEYS_MAX && !keys.contains_key(key) {
            let words = "100 keys are stored: delete one first";
            return Err(SdkError::new(SdkErrorType::RequiredFieldMissing, words));
        }
        keys.insert(key.to_owned(), value.to_owned());
        Ok(Reply::now("successfully set store item"))
    }

    pub(super) fn store_delete(&mut self, call: &Call<'_>) -> Reply {
        if let Some(keys) = self.store.get_mut(&call.caller.origin) {
            keys.remove(call.arguments.text("key"));
        }
        Reply::now("successfully deleted store item")
    }
}
