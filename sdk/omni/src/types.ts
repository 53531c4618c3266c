// Values of the contract, as events and calls carry them.
import type { Context, Rights, Way } from './messages.js';

export interface Config {
  /** `crm`: the page that holds the toolbar. `app`: a page framed in the workspace. */
  context: Context;
  /** Origin of the page itself. */
  origin: string;
  /** Id of the toolbar's frame; `ameyoIframe` by default. */
  instanceId?: string;
  /** The centre, when the module is not loaded from it. */
  baseUrl?: string;
  /** By default docked when `#ameyoIframeDiv` has a size, otherwise floating. */
  layout?: 'docked' | 'floating';
  /** `name` in a custom app's manifest; known by itself under `/si/{name}/`. */
  app?: string;
}

/** Payload of `omnibar:dock`. */
export interface DockState {
  /**
   * loading: the frame is on its way; asking: the agent is asked in Omnibar's window;
   * open: calls go through; lost: the app is away for now; refused: see `words`;
   * unreachable: neither toolbar nor bridge answers, tried again by itself.
   */
  state: 'loading' | 'asking' | 'open' | 'lost' | 'refused' | 'unreachable';
  /** What holds the page's line: the visible toolbar, a hidden bridge, or the workspace. */
  frame: 'toolbar' | 'bridge' | 'workspace';
  way: Way;
  /** Cause and next step for the agent; empty when there is nothing to say. */
  words: string;
  /** What the agent lets this origin do; nothing before `open`. */
  rights: Rights;
}

export interface CRMRecordInfo {
  recordId: string;
  recordType: string;
  recordName: string;
  additionalInfo?: unknown;
}

export interface Campaign {
  campaignId: number;
  campaignName: string;
  campaignType: string;
  processId: number;
}

export interface User {
  userId: string;
  userType: string;
  userName: string;
}

export interface Extension {
  callContextId: number;
  phone: string;
}

/** Statuses, campaigns, timers and permissions of the agent's session. */
export interface AgentSession {
  userId: string;
  userType: string;
  userName: string;
  breakStatuses: string[];
  readStatuses: string[];
  readyStatuses: string[];
  campaignInfos: (Campaign & { [key: string]: unknown })[];
  [key: string]: unknown;
}

export interface Availability {
  isAvailable: boolean;
  autoCallStatus: boolean;
  statusDescription: string;
  autoCallStateChangeCause: string;
}

export interface ExtensionSelected {
  userCrtObjectId: string;
}

export interface ChannelDetails {
  channelType: string;
  associationType?: string;
  callId?: string;
  chatId?: string;
  channelSubType?: string;
}

export interface CustomerDetails {
  customerId?: number | string | null;
  name?: string | null;
  /** Masked or left out when the campaign or the page's rights say so. */
  phone?: string;
}

export interface InteractionEvent {
  interactionId?: string;
  campaignId: number;
  queueId?: number | null;
  userCrtObjectId: string;
  channelDetails: ChannelDetails;
  customerCrtObjectId: string;
  customerDetails: CustomerDetails;
}

export interface ShowCrm extends InteractionEvent {
  interactionId: string;
  userId: string;
  queueId: number | null;
}

export interface InteractionDisposed {
  interactionId: string;
  campaignId: number;
  userCrtObjectId: string;
  channelDetails: ChannelDetails;
  dispositionDetails: { dispositionClass: string; dispositionCode: number; callNotes: string };
}

export interface PartyDetails {
  callId: string;
  crtObjectId: string;
  memberCrtObjectId: string;
}

export interface InteractionTransferred {
  interactionId: string;
  transferType: string;
  transferContextId: string;
  channelType: string;
  channelDetails: PartyDetails;
  campaignId: number;
}

export interface InteractionConferred {
  interactionId: string;
  conferredType: string;
  status: string;
  conferredContextId: string;
  channelType: string;
  channelDetails: PartyDetails;
  campaignId: number;
}

export interface MessageEvent {
  to: string;
  from: string;
  /** As it was typed: plain text, never markup. Left out for pages that may not read customers' data. */
  message?: string;
  messageDirection: 'sent' | 'received' | (string & {});
  interactionId: string;
  channelDetails: ChannelDetails;
  /** -1: not known in the centre's directory. Left out together with `message`. */
  customerId?: number;
}

export interface RecordLink {
  interactionId: string;
  recordInfo: CRMRecordInfo;
}

export interface RecordCreation {
  interactionId: string;
  objectType: string;
}

export interface PreviewRequest {
  phone: string;
}

export interface WindowVisibility {
  isVisible: boolean;
}

export type LifecycleState = 'focused' | 'blurred' | 'loaded' | 'unloaded';

export interface Notification {
  notificationId: string;
  displayMessage: string;
  severity: number;
  type: string;
  subType: string;
  specificInfo: { [key: string]: unknown };
  additionalParams: { [key: string]: unknown };
  consolidationCount: number;
  dateAdded: string;
}

export interface DialResult {
  result: string;
  reason: string;
}

/** `data` is JSON text inside JSON. */
export interface RecordInfoResult {
  data: string;
}

export interface FieldValue {
  field: string;
  value: unknown;
  type: string;
}

export interface DispositionClass {
  classId: number;
  className: string;
  dispositionCodeBean: { dispositionCodeId: number; dispositionCodeName: string }[];
}

export interface InteractionEnvelope {
  data: { id: string; customer_id: number; channel_name: string; status: string; [key: string]: unknown };
  http_code: number;
  error_data: unknown;
}

export interface CrmObject {
  id: number;
  crm_connector_id: number;
  object_type: string;
  objects_metadata: {
    [objectType: string]: { is_visible: boolean; field_metadata: CrmField[]; [key: string]: unknown };
  };
  [key: string]: unknown;
}

export interface CrmField {
  field_name: string;
  label: string;
  crm_field_type: string;
  field_type: string;
  [key: string]: unknown;
}

export interface CrmConfiguration {
  crm_connector_id: number;
  process_id: number;
  crm_type: string;
  crm_domain: string;
  [key: string]: unknown;
}

export interface HttpResult {
  status: number;
  data: unknown;
  statusText: string;
}

export interface AppInfo {
  appId: string;
  instanceId: string;
  context: string;
  origin: string;
}

/** Services that `http.invokeECCAPI` reaches. */
export const Microservices = {
  APPSERVER: 'appserver',
  CMS: 'cms',
  CFS: 'cfs',
  DATA_ENGINE: 'data-engine',
  CALLBACK_SERVER: 'callback-server',
  CUSTOMER_MANAGER: 'customer-manager',
  CHAT_SERVICE: 'chat-service',
  INTERACTION_SERVICE: 'interaction-service',
  CHAT_BOSCH_SERVICE: 'chat-bosch-service',
} as const;
