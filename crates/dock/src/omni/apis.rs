//! The contract's 46 APIs.

use super::names::Kind::{Any, Flag, List, Number, Object, Raw, Text};
use super::names::Right::{Control, Customers, Dial, Events};
use super::names::{Api, Entry, Kind, Parameter, Right};

#[rustfmt::skip] // One row an API reads as the table that it is.
pub(crate) const APIS: [Entry; 46] = [
    api(Api::Initialize, "API-01", "initialize")
        .takes(&[req(Object, "config")]),
    api(Api::SetBaseUrl, "API-02", "setBaseUrl")
        .takes(&[req(Text, "url")]),
    api(Api::GetBaseUrl, "API-03", "getBaseUrl"),
    api(Api::OnLoadHandler, "API-04", "onLoadHandler")
        .takes(&[req(Flag, "isLoading")]),
    api(Api::Login, "API-05", "session.login")
        .takes(&[
            req(Text, "username"), req(Text, "password"),
            opt(Text, "authPolicy").or("authenticationPolicy"),
        ])
        .needs(&[Control]),
    api(Api::ForceLogin, "API-06", "session.forceLogin")
        .takes(&[
            req(Text, "username"), req(Text, "password"),
            opt(Text, "authPolicy").or("authenticationPolicy"),
        ])
        .needs(&[Control]),
    api(Api::GetSelectedExtension, "API-07", "session.getSelectedExtension")
        .needs(&[Events]),
    api(Api::Logout, "API-08", "session.logout")
        .needs(&[Control]),
    api(Api::GetCurrentUser, "API-09", "session.getCurrentUser")
        .needs(&[Events]),
    api(Api::GetSelectedCampaigns, "API-10", "session.getSelectedCampaigns")
        .needs(&[Events]),
    api(Api::GetAgentSession, "API-11", "session.getAgentSession")
        .needs(&[Events]),
    api(Api::InitiateInteraction, "API-12", "interaction.initiateInteraction")
        .takes(&[
            req(Text, "channelType"), req(Object, "channelDetails"), req(Number, "campaignId"),
            opt(Number, "customerId"), opt(List, "searchables"),
            opt(Text, "interactionRelationId"), opt(Text, "channelSubType"),
            opt(Any, "additionalInfo"),
        ])
        .needs(&[Dial]),
    api(Api::DisposeInteraction, "API-13", "interaction.disposeInteraction")
        .takes(&[
            req(Text, "channelType"), req(Text, "interactionId"),
            req(Number, "dispositionCodeId"), opt(Text, "notes"),
            opt(Object, "additionalParams"),
        ])
        .needs(&[Control]),
    api(Api::DisposeAndInitiateNewInteraction, "API-14", "interaction.disposeAndInitiateNewInteraction")
        .also(&["disposeAndInitiateInteraction"])
        .takes(&[
            req(Text, "interactionId"), req(Text, "dispositionCode").or("dispositionCodeId"),
            req(Text, "phone"), opt(Number, "campaignId"), opt(Number, "customerId"),
            opt(Text, "notes"), opt(Object, "additionalParams"),
        ])
        .needs(&[Control, Dial]),
    api(Api::GetAllLiveInteractionsForAgent, "API-15", "interaction.getAllLiveInteractionsForAgent")
        .also(&["getAllLiveInteractionForAgent"])
        .needs(&[Events]),
    api(Api::GetCurrentInteraction, "API-16", "interaction.getCurrentInteraction")
        .also(&["getCustomerInteraction"])
        .needs(&[Events]),
    api(Api::GetIsInteractionOwnedByUser, "API-17", "interaction.getIsInteractionOwnedByUser")
        .also(&["getsInteractionOwnedByUser"])
        .needs(&[Events]),
    api(Api::SetRecordInfoForInteraction, "API-18", "crm.setRecordInfoForInteraction")
        .takes(&[
            req(Text, "interactionId"), req(Text, "recordId"), req(Text, "recordType"),
            req(Text, "recordName"), opt(Any, "additionalInfo"),
        ])
        .needs(&[Control, Customers]),
    api(Api::ShowMultipleRecordsForInteraction, "API-19", "crm.showMultipleRecordsForInteraction")
        .takes(&[req(Text, "interactionId"), req(List, "recordsInfo")])
        .needs(&[Events]),
    api(Api::ShowMultipleRecordsForPreview, "API-20", "crm.showMultipleRecordsForPreview")
        .takes(&[req(Text, "phone"), req(List, "recordsInfo")])
        .needs(&[Events]),
    api(Api::SendCurrentCRMRecordOpened, "API-21", "crm.sendCurrentCRMRecordOpened")
        .takes(&[req(Object, "record")])
        .needs(&[Events]),
    api(Api::GetAllContacts, "API-22", "crm.getAllContacts")
        .takes(&[req(Text, "connectorId"), req(Text, "objectId")])
        .needs(&[Customers]),
    api(Api::GetAllCases, "API-23", "crm.getAllCases")
        .takes(&[req(Text, "connectorId"), req(Text, "objectId")])
        .needs(&[Customers]),
    api(Api::CreateCase, "API-24", "crm.createCase")
        .takes(&[req(Text, "objectType"), req(Any, "data"), req(Text, "connectorId")])
        .needs(&[Customers]),
    api(Api::UpdateObject, "API-25", "crm.updateObject")
        .takes(&[
            req(Text, "objectType"), req(Any, "data"), req(Text, "connectorId"),
            req(Text, "objectId"),
        ])
        .needs(&[Customers]),
    api(Api::SearchCase, "API-26", "crm.searchCase")
        .takes(&[
            req(Text, "connectorId"), req(Text, "objectType"), req(Text, "search"),
            req(Text, "searchField"), req(Number, "limit"), req(Number, "offset"),
        ])
        .needs(&[Customers]),
    api(Api::SendDataToCRM, "API-27", "crm.sendDataToCRM")
        .takes(&[req(Any, "contextData")]),
    api(Api::SendDataToApp, "API-28", "crm.sendDataToApp")
        .takes(&[req(Any, "contextData")]),
    api(Api::GetDispositionCodesWithDispositionClass, "API-29", "configuration.getDispositionCodesWithDispositionClass")
        .takes(&[req(Number, "campaignId")])
        .needs(&[Events]),
    api(Api::GetCrmObjectConfiguration, "API-30", "configuration.getCrmObjectConfiguration")
        .also(&["getOmniCrmObjectConfiguration", "getObjectsInCrmObjectConfiguration", "getObjectsCrmObjectConfiguration"])
        .needs(&[Events]),
    api(Api::GetCrmConfiguration, "API-31", "configuration.getCrmConfiguration")
        .also(&["getOmniCrmConfiguration", "getObjectsInCrmConfiguration"])
        .needs(&[Events]),
    api(Api::GetPhoneNumberSearch, "API-32", "configuration.getPhoneNumberSearch")
        .also(&["getPhoneNumberSearched"])
        .needs(&[Customers]),
    api(Api::GetPrimaryColumnName, "API-33", "configuration.getPrimaryColumnName")
        .needs(&[Events]),
    api(Api::InvokeECCAPI, "API-34", "http.invokeECCAPI")
        .takes(&[
            req(Text, "microservice"), req(Text, "url"), req(Text, "method"),
            opt(Object, "queryParams"), opt(Any, "data"), opt(Flag, "isMultipart"),
        ])
        .needs(&[Events]),
    api(Api::InvokeThirdPartyAPI, "API-35", "http.invokeThirdPartyAPI")
        .takes(&[
            req(Text, "url"), req(Text, "method"), opt(Object, "headers"),
            opt(Object, "queryParams"), opt(Any, "data"), opt(Flag, "isMultipart"),
        ])
        .needs(&[Control]),
    api(Api::SetLoginInfo, "API-36", "ui.setLoginInfo")
        .takes(&[req(Text, "username"), req(Text, "token")])
        .needs(&[Control]),
    api(Api::PopulateChannelDetailsForNewInteraction, "API-37", "ui.populateChannelDetailsForNewInteraction")
        .takes(&[
            req(Text, "channelType"), req(Raw, "channelSubType"),
            req(Object, "channelDetails"),
        ])
        .needs(&[Dial]),
    api(Api::SetExtensionInfo, "API-38", "ui.setExtensionInfo")
        .takes(&[req(Number, "callcontextId").or("callContextId"), req(Text, "phone")])
        .needs(&[Control]),
    api(Api::TriggerToastNotification, "API-39", "ui.triggerToastNotification")
        .takes(&[req(Text, "message"), req(Text, "variant")])
        .needs(&[Events]),
    api(Api::TriggerDesktopNotification, "API-40", "ui.triggerDesktopNotification")
        .takes(&[
            req(Text, "notificationType"), req(Text, "notificationSubtype"),
            req(Text, "subject"), req(Text, "message"),
        ])
        .needs(&[Events]),
    api(Api::StoreGet, "API-41", "store.get")
        .takes(&[req(Text, "key")]),
    api(Api::StoreSet, "API-42", "store.set")
        .takes(&[req(Text, "key"), req(Raw, "value")]),
    api(Api::StoreDelete, "API-43", "store.delete")
        .takes(&[req(Text, "key")]),
    api(Api::GetAllInfo, "API-44", "appInstance.getAllInfo")
        .takes(&[opt(Text, "appId")])
        .needs(&[Events]),
    api(Api::GetInfo, "API-45", "appInstance.getInfo")
        .takes(&[req(Text, "instanceId")])
        .needs(&[Events]),
    api(Api::SendDataToInstance, "API-46", "appInstance.sendDataToApp")
        .takes(&[req(Text, "instanceId"), req(Any, "contextData")]),
];

const fn api(api: Api, id: &'static str, name: &'static str) -> Entry {
    Entry { api, id, name, aliases: &[], parameters: &[], needs: &[] }
}

impl Entry {
    const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    const fn takes(self, parameters: &'static [Parameter]) -> Self {
        Self { parameters, ..self }
    }

    const fn needs(self, needs: &'static [Right]) -> Self {
        Self { needs, ..self }
    }
}

impl Parameter {
    const fn or(self, alias: &'static str) -> Self {
        Self { alias, ..self }
    }
}

const fn req(kind: Kind, name: &'static str) -> Parameter {
    Parameter { name, alias: "", kind, required: true }
}

const fn opt(kind: Kind, name: &'static str) -> Parameter {
    Parameter { name, alias: "", kind, required: false }
}
