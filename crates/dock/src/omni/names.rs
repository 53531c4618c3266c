//! Names of the contract: every API with its aliases, parameters and the rights that it
//! needs. The one table by which calls are found, read and allowed.

use super::apis::APIS;
use omnibar_contract::Rights;
use std::fmt;

/// What a page must have been allowed by the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Nothing beyond being docked.
    None,
    Events,
    Control,
    Customers,
    Dial,
}

impl Right {
    #[must_use]
    pub fn is_in(self, rights: Rights) -> bool {
        match self {
            Self::None => true,
            Self::Events => rights.events,
            Self::Control => rights.control,
            Self::Customers => rights.customers,
            Self::Dial => rights.dial,
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "dock",
            Self::Events => "see what happens",
            Self::Control => "control calls",
            Self::Customers => "read customers' data",
            Self::Dial => "dial",
        })
    }
}

/// How a parameter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Text that may be empty.
    Raw,
    Number,
    Flag,
    Object,
    List,
    Any,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    /// A second spelling, or empty.
    pub(crate) alias: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Api {
    Initialize,
    SetBaseUrl,
    GetBaseUrl,
    OnLoadHandler,
    Login,
    ForceLogin,
    GetSelectedExtension,
    Logout,
    GetCurrentUser,
    GetSelectedCampaigns,
    GetAgentSession,
    InitiateInteraction,
    DisposeInteraction,
    DisposeAndInitiateNewInteraction,
    GetAllLiveInteractionsForAgent,
    GetCurrentInteraction,
    GetIsInteractionOwnedByUser,
    SetRecordInfoForInteraction,
    ShowMultipleRecordsForInteraction,
    ShowMultipleRecordsForPreview,
    SendCurrentCRMRecordOpened,
    GetAllContacts,
    GetAllCases,
    CreateCase,
    UpdateObject,
    SearchCase,
    SendDataToCRM,
    SendDataToApp,
    GetDispositionCodesWithDispositionClass,
    GetCrmObjectConfiguration,
    GetCrmConfiguration,
    GetPhoneNumberSearch,
    GetPrimaryColumnName,
    InvokeECCAPI,
    InvokeThirdPartyAPI,
    SetLoginInfo,
    PopulateChannelDetailsForNewInteraction,
    SetExtensionInfo,
    TriggerToastNotification,
    TriggerDesktopNotification,
    StoreGet,
    StoreSet,
    StoreDelete,
    GetAllInfo,
    GetInfo,
    SendDataToInstance,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) api: Api,
    /// In the contract, for example `API-12`.
    pub(crate) id: &'static str,
    /// `namespace.name`; root calls have no namespace.
    pub(crate) name: &'static str,
    /// Other last parts of the name.
    pub(crate) aliases: &'static [&'static str],
    pub(crate) parameters: &'static [Parameter],
    pub(crate) needs: &'static [Right],
}

/// Finds `namespace.name`, by name or alias. Root calls are also found under `root.`.
pub(crate) fn find(api: &str) -> Option<&'static Entry> {
    let api = api.strip_prefix("root.").unwrap_or(api);
    APIS.iter().find(|e| e.name == api || e.is_also(api))
}

impl Entry {
    /// `api` is this one by an alias.
    fn is_also(&self, api: &str) -> bool {
        let namespace = self.name.rsplit_once('.').map_or("", |(namespace, _)| namespace);
        api.rsplit_once('.')
            .is_some_and(|(of, name)| of == namespace && self.aliases.contains(&name))
    }
}

/// Every API: its id, its `namespace.name` and the rights that it needs.
pub fn rights_of() -> impl Iterator<Item = (&'static str, &'static str, &'static [Right])> {
    APIS.iter().map(|e| (e.id, e.name, e.needs))
}
