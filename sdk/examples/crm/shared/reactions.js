// What the CRM does when Omnibar tells something.
import { byPhone, record } from "./customers.js";

const isChat = ({ channelDetails }) =>
  String(channelDetails?.channelType).toLowerCase() === "chat";

/** By event. `actions` are the store's. */
export function reactions(state, sdk, actions) {
  const { get, set } = state;

  /** Sends what the page has found; a refusal stands in the log. */
  function tell(name, ...args) {
    sdk.crm[name](...args).catch((error) => state.note("error", name, error));
  }

  /** The page shows the caller: one match opens, several are offered, none begins a customer. */
  function pop({ interactionId, customerDetails: { phone, name } = {} }) {
    const { customers } = get();
    const byNumber = byPhone(customers, phone);
    const found =
      byNumber.length > 0
        ? byNumber
        : customers.filter((one) => one.name === name);
    if (found.length === 1) {
      set({ selected: found[0].id, draft: null, matches: [] });
      const { recordId, recordType, recordName } = record(found[0]);
      tell(
        "setRecordInfoForInteraction",
        interactionId,
        recordId,
        recordType,
        recordName,
      );
    } else if (found.length > 1) {
      set({ matches: found.map(({ id }) => id) });
      tell(
        "showMultipleRecordsForInteraction",
        interactionId,
        found.map(record),
      );
    } else {
      const masked = String(phone ?? "*").includes("*");
      set({
        selected: null,
        draft: { name: name ?? "", phone: masked ? "" : phone },
      });
    }
  }

  function turn(
    phase,
    { interactionId, campaignId, customerDetails: { phone, name } = {} },
  ) {
    const { call } = get();
    const before = call?.id === interactionId ? call : { id: interactionId };
    const since = before.phase === phase ? before.since : Date.now();
    set({
      call: {
        ...before,
        campaignId,
        phone: phone ?? before.phone,
        name: name ?? before.name,
        phase,
        since,
      },
    });
  }

  /** A chat stands in its customer's activity; the page's card is for the call. */
  function chatted(event, text) {
    const { chats } = get();
    const id = chats[event.interactionId];
    if (id) state.activity(id, text);
  }

  /** Whose chat it is; the agent who talks to somebody else keeps his page. */
  function popChat(event) {
    const { phone, name } = event.customerDetails ?? {};
    const { customers, chats, call } = get();
    const [found] = byPhone(customers, phone).concat(
      customers.filter((one) => name && one.name === name),
    );
    if (chats[event.interactionId]) return;
    if (found) set({ chats: { ...chats, [event.interactionId]: found.id } });
    if (!call) pop(event);
  }

  function over({ interactionId }) {
    if (!interactionId || get().call?.id === interactionId)
      set({ call: null, matches: [] });
  }

  return {
    "omnibar:dock": (dock) => {
      const opens = dock.state === "open" && get().dock.state !== "open";
      set({ dock });
      if (opens) void actions.catchUp();
    },
    loginStatus: (status) => {
      if (status === "loggedOut")
        set({ agent: null, available: "", campaigns: [] });
      else void actions.catchUp();
    },
    userAvailabilityChanged: ({ statusDescription }) =>
      set({ available: statusDescription }),
    campaignSelected: (campaigns) => set({ campaigns }),
    callRinging: (event) => turn("ringing", event),
    interactionConnected: (event) => {
      if (isChat(event)) return chatted(event, "Chat begun");
      turn("connected", event);
      state.activity(get().selected, "Call connected");
    },
    interactionDisconnected: (event) => {
      if (isChat(event)) return chatted(event, "Chat over");
      turn("wrapping", event);
      void actions.loadDispositions(event.campaignId);
    },
    interactionDisposed: over,
    interactionEnded: (event) => {
      over(event);
      const { [event.interactionId]: gone, ...chats } = get().chats;
      if (gone) set({ chats });
    },
    messageEvent: ({ message, messageDirection, ...event }) =>
      message !== undefined &&
      chatted(
        event,
        `${messageDirection === "sent" ? "You wrote" : "Wrote"}: ${message}`,
      ),
    showCrm: (event) => {
      if (isChat(event)) return popChat(event);
      // It comes again when the call connects; the agent may have gone on to another customer.
      if (get().popped === event.interactionId) return;
      set({ popped: event.interactionId });
      pop(event);
    },
    openRecord: ({ recordId }) =>
      state.customer(recordId) && actions.select(recordId),
    onAttachButtonClick: ({ recordInfo }) =>
      state.activity(recordInfo?.recordId, "Linked to the call"),
    onUnAttachButtonClick: ({ recordInfo }) =>
      state.activity(recordInfo?.recordId, "Unlinked from the call"),
    onCreateButtonClick: () => {
      const { name = "", phone = "" } = get().call ?? {};
      set({ selected: null, draft: { name, phone } });
    },
    getCurrentCRMRecordOpened: () =>
      get().selected && actions.select(get().selected),
    handlePreview: ({ phone }) =>
      tell(
        "showMultipleRecordsForPreview",
        phone,
        byPhone(get().customers, phone).map(record),
      ),
    handleInteractionDisposition: ({
      interactionId,
      channelDetails,
      dispositionDetails: { dispositionClass, callNotes },
    }) =>
      state.activity(
        get().chats[interactionId] ?? get().selected,
        [
          `${isChat({ channelDetails }) ? "Chat" : "Call"} closed: ${dispositionClass}`,
          callNotes,
        ]
          .filter(Boolean)
          .join(". "),
      ),
    /** The same caller, after the agent has made a customer of him. */
    pop,
  };
}
