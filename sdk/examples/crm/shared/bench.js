// The bench: one button per use of the SDK, with the fields that they read.
import { callbackTime } from "./words.js";

export const FIELDS = [
  { name: "user", label: "User id", autocomplete: "username" },
  {
    name: "password",
    label: "Password",
    type: "password",
    autocomplete: "current-password",
  },
  { name: "authPolicy", label: "authPolicy" },
  { name: "interactionId", label: "Interaction id" },
  { name: "phone", label: "Number", type: "tel" },
  { name: "campaignId", label: "Campaign id", inputmode: "numeric" },
  { name: "code", label: "Disposition code id", inputmode: "numeric" },
  { name: "callback", label: "Call back at", type: "datetime-local" },
];

const optional = (value) => (value ? [value] : []);

export const ACTIONS = [
  {
    label: "Populate",
    api: "populateChannelDetailsForNewInteraction",
    run: (sdk, { campaignId, phone }) =>
      sdk.ui.populateChannelDetailsForNewInteraction("voice", "", {
        campaignId,
        appName: "Lantern CRM",
        phone,
        name: "",
      }),
  },
  {
    label: "Dial",
    api: "initiateInteraction",
    run: (sdk, { phone, campaignId }) =>
      sdk.interaction.initiateInteraction(
        "voice",
        { phone },
        Number(campaignId),
      ),
  },
  {
    label: "Login",
    api: "login",
    run: (sdk, { user, password, authPolicy }) =>
      sdk.session.login(user, password, ...optional(authPolicy)),
  },
  {
    label: "Force login",
    api: "forceLogin",
    run: (sdk, { user, password, authPolicy }) =>
      sdk.session.forceLogin(user, password, ...optional(authPolicy)),
  },
  { label: "Logout", api: "logout", run: (sdk) => sdk.session.logout() },
  {
    label: "Callback",
    api: "disposeInteraction",
    run: (sdk, { interactionId, code, callback, phone }) =>
      sdk.interaction.disposeInteraction(
        "voice",
        interactionId,
        Number(code),
        "",
        {
          callbackTime: callback && callbackTime(callback),
          phone,
          isSelfCallback: true,
        },
      ),
  },
  {
    label: "Perform dial",
    api: "disposeAndInitiateNewInteraction",
    run: (sdk, { interactionId, code, phone, campaignId }) =>
      sdk.interaction.disposeAndInitiateNewInteraction(
        interactionId,
        code,
        phone,
        Number(campaignId),
      ),
  },
  {
    label: "Get disposition list",
    api: "getDispositionCodesWithDispositionClass",
    run: (sdk, { campaignId }) =>
      sdk.configuration.getDispositionCodesWithDispositionClass(
        Number(campaignId),
      ),
  },
];
