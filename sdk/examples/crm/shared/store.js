// What the CRM knows and does, without a view: both pages show this state and call these
// actions. `sdk` is the handle of the Omni SDK.
import { record } from "./customers.js";
import { EVENTS } from "./events.js";
import { reactions } from "./reactions.js";
import { createState } from "./state.js";
import { words } from "./words.js";

export function createStore(sdk, customers, memory) {
  const state = createState(customers, memory);
  const { get, set, note } = state;

  /** Runs a call, shows that it is under way, and says what went wrong. */
  async function call(name, run) {
    set({ busy: name, fault: "" });
    try {
      const result = await run(sdk);
      note("answer", name, result);
      return result;
    } catch (error) {
      note("error", name, error);
      set({ fault: words(error) });
      return undefined;
    } finally {
      set({ busy: "" });
    }
  }

  const actions = {
    select(id) {
      set({ selected: id, draft: null });
      const name = "sendCurrentCRMRecordOpened";
      if (get().dock.state === "open") {
        sdk.crm[name](record(state.customer(id))).catch((error) =>
          note("error", name, error),
        );
      }
    },

    /** After a reload, or when the toolbar was there first: who is signed in, what is live. */
    async catchUp() {
      const answers = await Promise.allSettled([
        sdk.session.getCurrentUser(),
        sdk.session.getSelectedCampaigns(),
        sdk.interaction.getAllLiveInteractionsForAgent(),
      ]);
      const [agent, campaigns, live] = answers.map(({ value }) => value);
      set({ agent: agent ?? null, campaigns: campaigns ?? [] });
      const calls = live?.filter(({ data }) => data.channel_name !== "CHAT");
      if (calls) set({ call: caughtUp(get().call, calls) });
      const { call: now } = get();
      if (now?.phase === "wrapping")
        void actions.loadDispositions(now.campaignId);
    },

    async loadDispositions(campaignId) {
      const name = "getDispositionCodesWithDispositionClass";
      const dispositions = await call(name, () =>
        sdk.configuration[name](Number(campaignId)),
      );
      set({ dispositions: dispositions ?? [] });
    },

    dial(phone, name) {
      const [campaign] = get().campaigns;
      if (!campaign) {
        set({
          fault:
            "No campaign is selected. Choose one in the toolbar, then call again.",
        });
        return undefined;
      }
      const details = { phone, name };
      const start = () =>
        sdk.interaction.initiateInteraction(
          "voice",
          details,
          campaign.campaignId,
        );
      return call("initiateInteraction", start);
    },

    async dispose(codeId, notes, callback) {
      const more = callback ? [callback] : [];
      const { id } = get().call;
      const close = () =>
        sdk.interaction.disposeInteraction("voice", id, codeId, notes, ...more);
      if (await call("disposeInteraction", close))
        set({ call: null, matches: [] });
    },

    create({ name, phone, company }) {
      const { customers: list, call: live } = get();
      const id = `C-${1001 + list.length}`;
      const made = {
        id,
        name,
        phone,
        company,
        city: "",
        note: "",
        email: "",
        cases: [],
        activity: [],
      };
      set({ customers: [...list, made] });
      actions.select(id);
      if (live)
        on.pop({ interactionId: live.id, customerDetails: { phone, name } });
    },
  };
  const on = reactions(state, sdk, actions);

  function listen() {
    for (const [space, names] of Object.entries(EVENTS)) {
      for (const name of names) {
        const heard = (payload) => {
          note("event", name, payload);
          on[name]?.(payload);
        };
        sdk[space]
          .register(name, heard)
          .catch((error) => note("error", `register ${name}`, error));
      }
    }
  }

  return {
    get,
    watch: state.watch,
    listen,
    call,
    ...actions,
    clearFault: () => set({ fault: "" }),
    clearLog: () => set({ log: [] }),
    dropDraft: () => set({ draft: null }),
  };
}

function caughtUp(call, live) {
  // A call in wrap-up is not live any more, and still to be closed.
  if (live.length === 0) return call?.phase === "wrapping" ? call : null;
  if (call) return call;
  const [{ data }] = live;
  return {
    id: data.id,
    campaignId: data.last_campaign_id,
    name: data.customer_name,
    phase: "connected",
    since: Date.parse(data.date_added) || Date.now(),
  };
}
