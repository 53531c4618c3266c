use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the centre's hub must know of this desktop so that pages find it. The relay
/// watches it and keeps the hub's knowledge the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// `None`: signed out, no page can be relayed.
    pub session: Option<RelaySession>,
    /// SHA-256 of the tokens that pages hold, and the origin of each.
    pub tokens: BTreeMap<[u8; 32], String>,
    /// Six digits that the agent asked for; gone after two minutes or when used.
    pub code: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelaySession {
    /// `ws://` or `wss://` URL, as the agent signed in to it.
    pub centre: String,
    /// Names the session to the centre; not a credential.
    pub handle: String,
    /// Certificate authority of the centre, PEM, beside the system's.
    pub extra_ca: Option<PathBuf>,
}
