const LOG_MAX = 300;
const KEY = "crm";

/** The CRM's state, whoever changes it; customers and the call survive a reload in `memory`. */
export function createState(customers, memory) {
  const kept = read(memory);
  let state = {
    customers: kept?.customers ?? customers,
    selected: kept?.selected ?? null,
    /** `{name, phone}` of a customer who is being created. */
    draft: null,
    /** `{id, campaignId, phone, name, phase, since}`; phases: ringing, connected, wrapping. */
    call: kept?.call ?? null,
    /** Customers with the caller's number, when there are several. */
    matches: [],
    /** Customer of every chat that is there, by interaction. */
    chats: {},
    /** Id of the interaction that has opened its customer. */
    popped: "",
    dispositions: [],
    campaigns: [],
    agent: null,
    available: "",
    dock: { state: "loading", frame: "toolbar", way: "none", words: "" },
    log: [],
    fault: "",
    busy: "",
  };
  const watchers = new Set();

  function set(change) {
    state = { ...state, ...change };
    const { customers: list, selected, call } = state;
    memory.setItem(KEY, JSON.stringify({ customers: list, selected, call }));
    for (const watcher of watchers) watcher(state);
  }

  return {
    get: () => state,
    set,

    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },

    customer: (id) => state.customers.find((one) => one.id === id),

    /** A line of the event log; `kind` is event, answer or error. */
    note(kind, name, data) {
      const entry = {
        id: (state.log[0]?.id ?? 0) + 1,
        at: Date.now(),
        kind,
        name,
        data,
      };
      set({ log: [entry, ...state.log].slice(0, LOG_MAX) });
    },

    /** A line of a customer's activity. */
    activity(id, text) {
      const line = { at: Date.now(), text };
      const add = (one) => ({
        ...one,
        activity: [line, ...one.activity].slice(0, 50),
      });
      set({
        customers: state.customers.map((one) =>
          one.id === id ? add(one) : one,
        ),
      });
    },
  };
}

function read(memory) {
  try {
    return JSON.parse(memory.getItem(KEY) ?? "null");
  } catch {
    return null;
  }
}
