// What the CRM knows and does, without a view: both pages show this state and call these
// actions. `sdk` is the handle of the Omni SDK; `memory` survives a reload of the tab.
import { byPhone, record } from './customers.js';
import { EVENTS } from './events.js';

const LOG_MAX = 300;
const KEY = 'crm';

export function createStore(sdk, customers, memory) {
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
    dispositions: [],
    campaigns: [],
    agent: null,
    available: '',
    dock: { state: 'loading', frame: 'toolbar', way: 'none', words: '' },
    log: [],
    fault: '',
    busy: '',
  };
  const watchers = new Set();

  function set(change) {
    state = { ...state, ...change };
    const { customers: list, selected, call } = state;
    memory.setItem(KEY, JSON.stringify({ customers: list, selected, call }));
    for (const watcher of watchers) watcher(state);
  }

  function note(kind, name, data) {
    const entry = { id: (state.log[0]?.id ?? 0) + 1, at: Date.now(), kind, name, data };
    set({ log: [entry, ...state.log].slice(0, LOG_MAX) });
  }

  /** Runs a call, shows that it is under way, and says what went wrong. */
  async function call(name, run) {
    set({ busy: name, fault: '' });
    try {
      const result = await run();
      note('answer', name, result);
      return result;
    } catch (error) {
      note('error', name, error);
      set({ fault: words(error) });
      return undefined;
    } finally {
      set({ busy: '' });
    }
  }

  const customer = (id) => state.customers.find((one) => one.id === id);
  const current = () => customer(state.selected);

  function change(id, update) {
    set({ customers: state.customers.map((one) => (one.id === id ? { ...one, ...update(one) } : one)) });
  }

  function log(id, text) {
    if (customer(id))
      change(id, ({ activity }) => ({ activity: [{ at: Date.now(), text }, ...activity].slice(0, 50) }));
  }

  function select(id) {
    set({ selected: id, draft: null });
    const opened = current();
    if (opened && state.dock.state === 'open') {
      sdk.crm
        .sendCurrentCRMRecordOpened(record(opened))
        .catch((error) => note('error', 'sendCurrentCRMRecordOpened', error));
    }
  }

  /** The page shows the caller: one match opens, several are offered, none begins a customer. */
  function pop({ interactionId, customerDetails: { phone, name } = {} }) {
    const found = byPhone(state.customers, phone);
    const byName = found.length === 0 ? state.customers.filter((one) => one.name === name) : found;
    if (byName.length === 1) {
      const [one] = byName;
      set({ selected: one.id, draft: null, matches: [] });
      const { recordId, recordType, recordName } = record(one);
      sdk.crm
        .setRecordInfoForInteraction(interactionId, recordId, recordType, recordName)
        .catch((error) => note('error', 'setRecordInfoForInteraction', error));
    } else if (byName.length > 1) {
      set({ matches: byName.map(({ id }) => id) });
      sdk.crm
        .showMultipleRecordsForInteraction(interactionId, byName.map(record))
        .catch((error) => note('error', 'showMultipleRecordsForInteraction', error));
    } else {
      set({
        selected: null,
        draft: { name: name ?? '', phone: String(phone ?? '').includes('*') ? '' : (phone ?? '') },
      });
    }
  }

  function turn(phase, { interactionId, campaignId, customerDetails: { phone, name } = {} }) {
    const same = state.call?.id === interactionId;
    const before = same ? state.call : { id: interactionId, since: Date.now() };
    const since = same && before.phase === phase ? before.since : Date.now();
    set({
      call: { ...before, campaignId, phone: phone ?? before.phone, name: name ?? before.name, phase, since },
    });
  }

  const handlers = {
    'omnibar:dock': (dock) => {
      const opens = dock.state === 'open' && state.dock.state !== 'open';
      set({ dock });
      if (opens) void catchUp();
    },
    loginStatus: (status) =>
      status === 'loggedOut' ? set({ agent: null, available: '', campaigns: [] }) : void catchUp(),
    userAvailabilityChanged: ({ statusDescription }) => set({ available: statusDescription }),
    campaignSelected: (campaigns) => set({ campaigns }),
    callRinging: (event) => turn('ringing', event),
    interactionConnected: (event) => {
      turn('connected', event);
      log(state.selected, 'Call connected');
    },
    interactionDisconnected: (event) => {
      turn('wrapping', event);
      void loadDispositions(event.campaignId);
    },
    interactionDisposed: ({ interactionId }) =>
      state.call?.id === interactionId && set({ call: null, matches: [] }),
    interactionEnded: ({ interactionId }) =>
      (!interactionId || state.call?.id === interactionId) && set({ call: null, matches: [] }),
    showCrm: pop,
    openRecord: ({ recordId }) => customer(recordId) && select(recordId),
    onAttachButtonClick: ({ recordInfo }) => log(recordInfo?.recordId, 'Linked to the call'),
    onUnAttachButtonClick: ({ recordInfo }) => log(recordInfo?.recordId, 'Unlinked from the call'),
    onCreateButtonClick: () =>
      set({ selected: null, draft: { name: state.call?.name ?? '', phone: state.call?.phone ?? '' } }),
    getCurrentCRMRecordOpened: () => current() && select(state.selected),
    handlePreview: ({ phone }) => {
      const found = byPhone(state.customers, phone).map(record);
      sdk.crm
        .showMultipleRecordsForPreview(phone, found)
        .catch((error) => note('error', 'showMultipleRecordsForPreview', error));
    },
    handleInteractionDisposition: ({ dispositionDetails: { dispositionClass, callNotes } }) =>
      log(state.selected, [`Call closed: ${dispositionClass}`, callNotes].filter(Boolean).join('. ')),
  };

  function listen() {
    for (const [space, names] of Object.entries(EVENTS)) {
      for (const name of names) {
        sdk[space]
          .register(name, (payload) => {
            note('event', name, payload);
            handlers[name]?.(payload);
          })
          .catch((error) => note('error', `register ${name}`, error));
      }
    }
  }

  /** After a reload, or when the toolbar was there first: who is signed in, what is live. */
  async function catchUp() {
    const answers = await Promise.allSettled([
      sdk.session.getCurrentUser(),
      sdk.session.getSelectedCampaigns(),
      sdk.interaction.getAllLiveInteractionsForAgent(),
    ]);
    const [agent, campaigns, live] = answers.map(({ value }) => value);
    set({ agent: agent ?? null, campaigns: campaigns ?? [] });
    if (!live) return;
    // A call in wrap-up is not live any more, and still to be closed.
    if (live.length === 0 && state.call?.phase !== 'wrapping') set({ call: null });
    if (live.length > 0 && !state.call) {
      const [{ data }] = live;
      set({
        call: {
          id: data.id,
          campaignId: data.last_campaign_id,
          name: data.customer_name,
          phase: 'connected',
          since: Date.parse(data.date_added) || Date.now(),
        },
      });
    }
    if (state.call?.phase === 'wrapping') void loadDispositions(state.call.campaignId);
  }

  async function loadDispositions(campaignId) {
    const read = () => sdk.configuration.getDispositionCodesWithDispositionClass(Number(campaignId));
    const dispositions = await call('getDispositionCodesWithDispositionClass', read);
    set({ dispositions: dispositions ?? [] });
  }

  return {
    get: () => state,
    watch(watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    listen,
    select,
    loadDispositions,
    call: (name, run) => call(name, () => run(sdk)),
    clearFault: () => set({ fault: '' }),
    clearLog: () => set({ log: [] }),

    dial(phone, name) {
      const [campaign] = state.campaigns;
      if (!campaign) {
        set({ fault: 'No campaign is selected. Choose one in the toolbar, then call again.' });
        return undefined;
      }
      const start = () => sdk.interaction.initiateInteraction('voice', { phone, name }, campaign.campaignId);
      return call('initiateInteraction', start);
    },

    async dispose(codeId, notes, callback) {
      const { id } = state.call;
      const done = await call('disposeInteraction', () =>
        sdk.interaction.disposeInteraction('voice', id, codeId, notes, ...(callback ? [callback] : [])),
      );
      if (done) set({ call: null, matches: [] });
      return done;
    },

    create({ name, phone, company }) {
      const number = 1001 + state.customers.length;
      const made = {
        id: `C-${number}`,
        name,
        phone,
        company,
        city: '',
        note: '',
        email: '',
        cases: [],
        activity: [],
      };
      set({ customers: [...state.customers, made] });
      select(made.id);
      const { call: live } = state;
      if (live) pop({ interactionId: live.id, customerDetails: { phone, name } });
    },

    dropDraft: () => set({ draft: null }),
  };
}

export function words(error) {
  if (error && typeof error === 'object' && 'description' in error) {
    return `${error.description} (${error.errorCode})`;
  }
  return String(error?.message ?? error);
}

/** What the header says of the line to Omnibar, and its tone. */
export function standing({ dock, agent, available }) {
  const ways = { loopback: 'on this machine', relay: 'through the centre' };
  switch (dock.state) {
    case 'open':
      if (!agent) return { tone: 'warn', text: 'Omnibar: signed out' };
      return {
        tone: 'ok',
        text: `${agent.userName}${available ? `, ${available}` : ''} \u00b7 ${ways[dock.way] ?? 'connected'}`,
      };
    case 'asking':
      return { tone: 'warn', text: 'Omnibar asks whether this page may dock' };
    case 'loading':
      return { tone: 'quiet', text: 'Looking for Omnibar' };
    case 'lost':
      return { tone: 'warn', text: 'Omnibar is away' };
    case 'refused':
      return { tone: 'bad', text: 'Not allowed to dock' };
    default:
      return { tone: 'bad', text: 'The contact centre does not answer' };
  }
}

/** What the agent should read; nothing while all is as it should be. */
export function notice({ dock: { state, frame, way, words: text } }) {
  const direct = state === 'open' && frame === 'toolbar' && way === 'loopback';
  return direct || state === 'loading' ? '' : text;
}

export const PHASES = { ringing: 'Ringing', connected: 'On the call', wrapping: 'Wrap-up' };

/** `2:05`, `1:02:05` */
export function duration(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `+1 555 0103` of a number as the line has it. */
export function display(phone) {
  return phone?.replace(/^\+1(\d{3})(\d{4})$/, '+1 $1 $2') ?? '';
}

/** `14:03:09` */
export function clock(at) {
  return new Date(at).toLocaleTimeString([], { hour12: false });
}

/** Local time with offset, as the contract wants a callback's. */
export function callbackTime(local) {
  const date = new Date(local);
  const offset = -date.getTimezoneOffset();
  const two = (n) => String(Math.trunc(Math.abs(n))).padStart(2, '0');
  return `${local.length === 16 ? `${local}:00` : local}${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`;
}

function read(memory) {
  try {
    return JSON.parse(memory.getItem(KEY) ?? 'null');
  } catch {
    return null;
  }
}
