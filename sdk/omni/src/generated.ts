// Generated from table/omni.json by scripts/generate.mjs.
import type { Registry } from './handle.js';
import type * as T from './types.js';

/** Calls by namespace, separated by spaces; `alias=name` for an alias. */
export const CALLS = {
  session: 'login forceLogin getSelectedExtension logout getCurrentUser getSelectedCampaigns getAgentSession',
  interaction: 'initiateInteraction disposeInteraction disposeAndInitiateNewInteraction disposeAndInitiateInteraction=disposeAndInitiateNewInteraction getAllLiveInteractionsForAgent getAllLiveInteractionForAgent=getAllLiveInteractionsForAgent getCurrentInteraction getCustomerInteraction=getCurrentInteraction getIsInteractionOwnedByUser getsInteractionOwnedByUser=getIsInteractionOwnedByUser',
  crm: 'setRecordInfoForInteraction showMultipleRecordsForInteraction showMultipleRecordsForPreview sendCurrentCRMRecordOpened getAllContacts getAllCases createCase updateObject searchCase sendDataToCRM sendDataToApp',
  configuration: 'getDispositionCodesWithDispositionClass getCrmObjectConfiguration getOmniCrmObjectConfiguration=getCrmObjectConfiguration getObjectsInCrmObjectConfiguration=getCrmObjectConfiguration getObjectsCrmObjectConfiguration=getCrmObjectConfiguration getCrmConfiguration getOmniCrmConfiguration=getCrmConfiguration getObjectsInCrmConfiguration=getCrmConfiguration getPhoneNumberSearch getPhoneNumberSearched=getPhoneNumberSearch getPrimaryColumnName',
  http: 'invokeECCAPI invokeThirdPartyAPI',
  ui: 'setLoginInfo populateChannelDetailsForNewInteraction setExtensionInfo triggerToastNotification triggerDesktopNotification',
  notification: '',
  store: 'get set delete',
  appInstance: 'getAllInfo getInfo sendDataToApp',
} as const;

/** Events, separated by spaces; `alias=name` for an alias. */
export const EVENTS =
  'loginStatus userAvailabilityChanged userAvailabilityStatusChanged=userAvailabilityChanged campaignSelected extensionSelected interactionInitiated integrationInitiated=interactionInitiated callRinging interactionConnected interactionDisconnected interactionDisposed interactionEnded customerLinkedToInteraction interactionLinked=customerLinkedToInteraction customerUnlinkedToInteraction customerUnlinkedFromInteraction=customerUnlinkedToInteraction interactionUnlinked=customerUnlinkedToInteraction interactionTransferred interactionConferred getInteractionOwnershipByUser getIsInteractionOwnedByUser=getInteractionOwnershipByUser getsInteractionOwnedByUser=getInteractionOwnershipByUser messageEvent showCrm showCRM=showCrm openRecord onAttachButtonClick onUnAttachButtonClick onCreateButtonClick getCurrentCRMRecordOpened handlePreview handleInteractionDisposition receiveDataFromApp receiveDataFromCRM windowVisibilityChanged sendLifecycleEvent receiveData notification omnibar:dock';

/** Payload by event; aliases carry the same. */
export interface Events {
  /** The agent's login status changes. (EVT-01) */
  loginStatus: 'loggedIn' | 'loggedOut';
  /** The agent's availability, break or auto-call state changes. (EVT-02) */
  userAvailabilityChanged: T.Availability;
  /** Alias of `userAvailabilityChanged`. */
  userAvailabilityStatusChanged: T.Availability;
  /** Campaigns are selected or changed. (EVT-03) */
  campaignSelected: T.Campaign[];
  /** An extension is selected or changed. (EVT-04) */
  extensionSelected: T.ExtensionSelected;
  /** An interaction is created, before it rings or connects, on any channel. (EVT-05) */
  interactionInitiated: T.InteractionEvent;
  /** Alias of `interactionInitiated`. */
  integrationInitiated: T.InteractionEvent;
  /** The call rings. (EVT-06) */
  callRinging: T.InteractionEvent;
  /** The two sides are connected. (EVT-07) */
  interactionConnected: T.InteractionEvent;
  /** The media is disconnected; wrap-up begins. (EVT-08) */
  interactionDisconnected: T.InteractionEvent;
  /** The interaction is disposed; carries the disposition. (EVT-09) */
  interactionDisposed: T.InteractionDisposed;
  /** The interaction is over for the agent. (EVT-10) */
  interactionEnded: T.InteractionEvent;
  /** A customer is linked to the interaction. (EVT-11) */
  customerLinkedToInteraction: T.InteractionEvent;
  /** Alias of `customerLinkedToInteraction`. */
  interactionLinked: T.InteractionEvent;
  /** A customer is unlinked from the interaction. (EVT-12) */
  customerUnlinkedToInteraction: T.InteractionEvent;
  /** Alias of `customerUnlinkedToInteraction`. */
  customerUnlinkedFromInteraction: T.InteractionEvent;
  /** Alias of `customerUnlinkedToInteraction`. */
  interactionUnlinked: T.InteractionEvent;
  /** The interaction is transferred. (EVT-13) */
  interactionTransferred: T.InteractionTransferred;
  /** A party is added by conference. (EVT-14) */
  interactionConferred: T.InteractionConferred;
  /** The interaction on the screen changes; true when this agent owns it. (EVT-15) */
  getInteractionOwnershipByUser: boolean;
  /** Alias of `getInteractionOwnershipByUser`. */
  getIsInteractionOwnedByUser: boolean;
  /** Alias of `getInteractionOwnershipByUser`. */
  getsInteractionOwnedByUser: boolean;
  /** A chat message is sent or received in an interaction. Once for every message; the centre's own notices are none. Without the right to read customers' data message and customerId are left out. messageDirection: sent, received. (EVT-16) */
  messageEvent: T.MessageEvent;
  /** Screen pop: a call arrives or connects; the CRM should show the customer. (EVT-17) */
  showCrm: T.ShowCrm;
  /** Alias of `showCrm`. */
  showCRM: T.ShowCrm;
  /** The agent opens a record from the toolbar; the CRM should open it. (EVT-18) */
  openRecord: T.CRMRecordInfo;
  /** The agent links the current interaction with a CRM customer. (EVT-19) */
  onAttachButtonClick: T.RecordLink;
  /** The agent unlinks the current interaction from a CRM customer. (EVT-20) */
  onUnAttachButtonClick: T.RecordLink;
  /** The agent asks for a new object in the CRM. (EVT-21) */
  onCreateButtonClick: T.RecordCreation;
  /** The toolbar asks for the record now open; answer with crm.sendCurrentCRMRecordOpened. (EVT-22) */
  getCurrentCRMRecordOpened: Record<string, never>;
  /** The agent clicks preview; search the customer and answer with crm.showMultipleRecordsForPreview. (EVT-23) */
  handlePreview: T.PreviewRequest;
  /** A disposition is handed to the CRM so that it can log the activity. (EVT-24) */
  handleInteractionDisposition: T.InteractionDisposed;
  /** Data sent by the app reaches the CRM page. (EVT-25) */
  receiveDataFromApp: unknown;
  /** Data sent by the CRM page reaches the app. (EVT-26) */
  receiveDataFromCRM: unknown;
  /** The window becomes visible or hidden. Comes from the browser, without the toolbar. (EVT-27) */
  windowVisibilityChanged: T.WindowVisibility;
  /** The app's life cycle changes (focused or not, loaded or not); the present state is sent at registration. Comes from the browser, without the toolbar. (EVT-28) */
  sendLifecycleEvent: T.LifecycleState;
  /** Data from another app arrives (appInstance.sendDataToApp). (EVT-29) */
  receiveData: unknown;
  /** A bell notification is raised. (EVT-30) */
  notification: T.Notification;
  /** How the page reaches Omnibar changes; the present state is told at registration. Omnibar only. Register it in any namespace. */
  'omnibar:dock': T.DockState;
}

export interface SessionCalls extends Registry {
  /** Log an agent in (single sign-on from the CRM). The CRM and the centre need the same user id. (API-05) */
  login(username: string, password: string, authPolicy?: string): Promise<string>;
  login(named: { username: string; password: string; authPolicy?: string }): Promise<string>;
  /** Log an agent in and take over any session that is already open for that user. (API-06) */
  forceLogin(username: string, password: string, authPolicy?: string): Promise<string>;
  forceLogin(named: { username: string; password: string; authPolicy?: string }): Promise<string>;
  /** Read the extension chosen at selection time or after a change. (API-07) */
  getSelectedExtension(): Promise<T.Extension>;
  /** Log the current agent out. Refused while an interaction is live or undisposed. (API-08) */
  logout(): Promise<string>;
  /** Read the logged-in user. (API-09) */
  getCurrentUser(): Promise<T.User>;
  /** Read the campaigns chosen at selection time or after a change. (API-10) */
  getSelectedCampaigns(): Promise<T.Campaign[]>;
  /** Read the whole agent session: statuses, campaigns, timers and permissions. readyStatuses carries the same value as readStatuses. (API-11) */
  getAgentSession(): Promise<T.AgentSession>;
}

export interface InteractionCalls extends Registry {
  /** Start an outbound interaction (click to dial, new chat). Without channelDetails.phone a voice interaction is refused with REQUIRED_FIELD_MISSING. (API-12) */
  initiateInteraction(channelType: 'voice' | 'chat' | (string & {}), channelDetails: { phone?: string; name?: string; appId?: string; [key: string]: unknown }, campaignId: number, customerId?: number, searchables?: string[], interactionRelationId?: string, channelSubType?: string, additionalInfo?: unknown): Promise<T.DialResult>;
  initiateInteraction(named: { channelType: 'voice' | 'chat' | (string & {}); channelDetails: { phone?: string; name?: string; appId?: string; [key: string]: unknown }; campaignId: number; customerId?: number; searchables?: string[]; interactionRelationId?: string; channelSubType?: string; additionalInfo?: unknown }): Promise<T.DialResult>;
  /** Dispose an interaction, optionally booking a callback. callbackTime takes +0530 and +05:30. (API-13) */
  disposeInteraction(channelType: 'voice' | 'chat' | (string & {}), interactionId: string, dispositionCodeId: number, notes?: string, additionalParams?: { callbackTime: string; phone: string; isSelfCallback: boolean }): Promise<string>;
  disposeInteraction(named: { channelType: 'voice' | 'chat' | (string & {}); interactionId: string; dispositionCodeId: number; notes?: string; additionalParams?: { callbackTime: string; phone: string; isSelfCallback: boolean } }): Promise<string>;
  /** Dispose the interaction and start the next one. Voice only. Voice only. dispositionCode is the label or the number. (API-14) */
  disposeAndInitiateNewInteraction(interactionId: string, dispositionCode: string, phone: string, campaignId?: number, customerId?: number, notes?: string, additionalParams?: { [key: string]: unknown }): Promise<string>;
  disposeAndInitiateNewInteraction(named: { interactionId: string; dispositionCode: string; phone: string; campaignId?: number; customerId?: number; notes?: string; additionalParams?: { [key: string]: unknown } }): Promise<string>;
  /** Alias of `disposeAndInitiateNewInteraction`. */
  disposeAndInitiateInteraction(interactionId: string, dispositionCode: string, phone: string, campaignId?: number, customerId?: number, notes?: string, additionalParams?: { [key: string]: unknown }): Promise<string>;
  disposeAndInitiateInteraction(named: { interactionId: string; dispositionCode: string; phone: string; campaignId?: number; customerId?: number; notes?: string; additionalParams?: { [key: string]: unknown } }): Promise<string>;
  /** Read every live interaction of the agent, on all channels. An empty list when nothing is live. (API-15) */
  getAllLiveInteractionsForAgent(): Promise<T.InteractionEnvelope[]>;
  /** Alias of `getAllLiveInteractionsForAgent`. */
  getAllLiveInteractionForAgent(): Promise<T.InteractionEnvelope[]>;
  /** Read the interaction the agent is on now. (API-16) */
  getCurrentInteraction(): Promise<T.InteractionEnvelope>;
  /** Alias of `getCurrentInteraction`. */
  getCustomerInteraction(): Promise<T.InteractionEnvelope>;
  /** Say whether this agent owns the current interaction. false for an agent who was added by conference. (API-17) */
  getIsInteractionOwnedByUser(): Promise<boolean>;
  /** Alias of `getIsInteractionOwnedByUser`. */
  getsInteractionOwnedByUser(): Promise<boolean>;
}

export interface CrmCalls extends Registry {
  /** Store the CRM record resolved for the interaction. data is JSON text inside JSON. (API-18) */
  setRecordInfoForInteraction(interactionId: string, recordId: string, recordType: string, recordName: string, additionalInfo?: unknown): Promise<T.RecordInfoResult>;
  setRecordInfoForInteraction(named: { interactionId: string; recordId: string; recordType: string; recordName: string; additionalInfo?: unknown }): Promise<T.RecordInfoResult>;
  /** Show every matching CRM record during a live interaction. (API-19) */
  showMultipleRecordsForInteraction(interactionId: string, recordsInfo: T.CRMRecordInfo[]): Promise<void>;
  showMultipleRecordsForInteraction(named: { interactionId: string; recordsInfo: T.CRMRecordInfo[] }): Promise<void>;
  /** Show every matching CRM record when the details of a phone number are previewed. (API-20) */
  showMultipleRecordsForPreview(phone: string, recordsInfo: T.CRMRecordInfo[]): Promise<void>;
  showMultipleRecordsForPreview(named: { phone: string; recordsInfo: T.CRMRecordInfo[] }): Promise<void>;
  /** Tell the toolbar which CRM record is open now. (API-21) */
  sendCurrentCRMRecordOpened(record: T.CRMRecordInfo): Promise<void>;
  /** Read the contacts of a connector and object. (API-22) */
  getAllContacts(connectorId: string, objectId: string): Promise<T.FieldValue[][]>;
  getAllContacts(named: { connectorId: string; objectId: string }): Promise<T.FieldValue[][]>;
  /** Read the cases of a connector and object. (API-23) */
  getAllCases(connectorId: string, objectId: string): Promise<T.FieldValue[][]>;
  getAllCases(named: { connectorId: string; objectId: string }): Promise<T.FieldValue[][]>;
  /** Create a case in the CRM. (API-24) */
  createCase(objectType: string, data: unknown, connectorId: string): Promise<unknown>;
  createCase(named: { objectType: string; data: unknown; connectorId: string }): Promise<unknown>;
  /** Update the attached object. (API-25) */
  updateObject(objectType: string, data: unknown, connectorId: string, objectId: string): Promise<unknown>;
  updateObject(named: { objectType: string; data: unknown; connectorId: string; objectId: string }): Promise<unknown>;
  /** Search cases by one field, page by page. (API-26) */
  searchCase(connectorId: string, objectType: string, search: string, searchField: string, limit: number, offset: number): Promise<T.FieldValue[][]>;
  searchCase(named: { connectorId: string; objectType: string; search: string; searchField: string; limit: number; offset: number }): Promise<T.FieldValue[][]>;
  /** Send any data from the app to the CRM page; it arrives as receiveDataFromApp. Arrives in the CRM page as receiveDataFromApp. Resolves to what was sent. (API-27) */
  sendDataToCRM(contextData: unknown): Promise<unknown>;
  /** Send any data from the CRM page to the app; it arrives as receiveDataFromCRM. Arrives in the app as receiveDataFromCRM. Resolves to what was sent. (API-28) */
  sendDataToApp(contextData: unknown): Promise<unknown>;
}

export interface ConfigurationCalls extends Registry {
  /** Read the two-level disposition list of a campaign. (API-29) */
  getDispositionCodesWithDispositionClass(campaignId: number): Promise<T.DispositionClass[]>;
  /** Read the objects of the CRM and their fields. (API-30) */
  getCrmObjectConfiguration(): Promise<T.CrmObject[]>;
  /** Alias of `getCrmObjectConfiguration`. */
  getOmniCrmObjectConfiguration(): Promise<T.CrmObject[]>;
  /** Alias of `getCrmObjectConfiguration`. */
  getObjectsInCrmObjectConfiguration(): Promise<T.CrmObject[]>;
  /** Alias of `getCrmObjectConfiguration`. */
  getObjectsCrmObjectConfiguration(): Promise<T.CrmObject[]>;
  /** Read the CRM connector's configuration. (API-31) */
  getCrmConfiguration(): Promise<T.CrmConfiguration>;
  /** Alias of `getCrmConfiguration`. */
  getOmniCrmConfiguration(): Promise<T.CrmConfiguration>;
  /** Alias of `getCrmConfiguration`. */
  getObjectsInCrmConfiguration(): Promise<T.CrmConfiguration>;
  /** Read the phone number typed on the start-interaction screen. (API-32) */
  getPhoneNumberSearch(): Promise<string>;
  /** Alias of `getPhoneNumberSearch`. */
  getPhoneNumberSearched(): Promise<string>;
  /** Read the name of the primary column. (API-33) */
  getPrimaryColumnName(): Promise<string>;
}

export interface HttpCalls extends Registry {
  /** Call an API of one of the contact-centre services. The path is checked by the service itself; the agent of the session asks. (API-34) */
  invokeECCAPI(microservice: 'appserver' | 'cms' | 'cfs' | 'data-engine' | 'callback-server' | 'customer-manager' | 'chat-service' | 'interaction-service' | 'chat-bosch-service' | (string & {}), url: string, method: 'get' | 'post' | 'put' | 'delete' | (string & {}), queryParams?: Record<string, unknown>, data?: Record<string, unknown> | FormData, isMultipart?: boolean): Promise<unknown>;
  invokeECCAPI(named: { microservice: 'appserver' | 'cms' | 'cfs' | 'data-engine' | 'callback-server' | 'customer-manager' | 'chat-service' | 'interaction-service' | 'chat-bosch-service' | (string & {}); url: string; method: 'get' | 'post' | 'put' | 'delete' | (string & {}); queryParams?: Record<string, unknown>; data?: Record<string, unknown> | FormData; isMultipart?: boolean }): Promise<unknown>;
  /** Call any outside HTTP API. Goes only to hosts that the administrator has listed. (API-35) */
  invokeThirdPartyAPI(url: string, method: 'get' | 'post' | 'put' | 'delete' | 'patch' | (string & {}), headers?: Record<string, string>, queryParams?: Record<string, unknown>, data?: Record<string, unknown> | FormData, isMultipart?: boolean): Promise<T.HttpResult>;
  invokeThirdPartyAPI(named: { url: string; method: 'get' | 'post' | 'put' | 'delete' | 'patch' | (string & {}); headers?: Record<string, string>; queryParams?: Record<string, unknown>; data?: Record<string, unknown> | FormData; isMultipart?: boolean }): Promise<T.HttpResult>;
}

export interface UiCalls extends Registry {
  /** Fill in the login screen. (API-36) */
  setLoginInfo(username: string, token: string): Promise<void>;
  setLoginInfo(named: { username: string; token: string }): Promise<void>;
  /** Fill in the start-interaction screen. (API-37) */
  populateChannelDetailsForNewInteraction(channelType: 'voice' | 'chat' | (string & {}), channelSubType: string, channelDetails: { campaignId: string; appName: string; phone: string; name: string }): Promise<void>;
  populateChannelDetailsForNewInteraction(named: { channelType: 'voice' | 'chat' | (string & {}); channelSubType: string; channelDetails: { campaignId: string; appName: string; phone: string; name: string } }): Promise<void>;
  /** Fill in the select-extension and change-extension screens. (API-38) */
  setExtensionInfo(callcontextId: number, phone: string): Promise<void>;
  setExtensionInfo(named: { callcontextId: number; phone: string }): Promise<void>;
  /** Show a toast. (API-39) */
  triggerToastNotification(message: string, variant: 'success' | 'error' | 'warning' | 'info' | (string & {})): Promise<void>;
  triggerToastNotification(named: { message: string; variant: 'success' | 'error' | 'warning' | 'info' | (string & {}) }): Promise<void>;
  /** Show a desktop notification. (API-40) */
  triggerDesktopNotification(notificationType: string, notificationSubtype: string, subject: string, message: string): Promise<void>;
  triggerDesktopNotification(named: { notificationType: string; notificationSubtype: string; subject: string; message: string }): Promise<void>;
}

export interface NotificationCalls extends Registry {}

export interface StoreCalls extends Registry {
  /** Read a key of the local store. (API-41) */
  get(key: string): Promise<string>;
  /** Write a key of the local store. (API-42) */
  set(key: string, value: string): Promise<string>;
  set(named: { key: string; value: string }): Promise<string>;
  /** Remove a key from the local store. (API-43) */
  delete(key: string): Promise<string>;
}

export interface AppInstanceCalls extends Registry {
  /** Read the information of all loaded apps. An empty appId lists every app. (API-44) */
  getAllInfo(appId: string): Promise<T.AppInfo[]>;
  /** Read the information of one app instance. (API-45) */
  getInfo(instanceId: string): Promise<T.AppInfo>;
  /** Send any data to another app instance; it arrives there as receiveData. Arrives there as receiveData. Resolves to what was sent. (API-46) */
  sendDataToApp(instanceId: string, contextData: unknown): Promise<unknown>;
  sendDataToApp(named: { instanceId: string; contextData: unknown }): Promise<unknown>;
}

export interface Namespaces {
  session: SessionCalls;
  interaction: InteractionCalls;
  crm: CrmCalls;
  configuration: ConfigurationCalls;
  http: HttpCalls;
  ui: UiCalls;
  notification: NotificationCalls;
  store: StoreCalls;
  appInstance: AppInstanceCalls;
}
