import { createCalls } from './calls.js';
import { createCursor } from './cursor.js';
import { createDock, workspace } from './dock.js';
import { failure } from './errors.js';
import { createListeners } from './events.js';
import { CALLS, type Events, type Namespaces } from './generated.js';
import { createLink } from './link.js';
import { watchPage } from './page.js';
import type { Config, DockState } from './types.js';

/** In every namespace; any event may be registered in any of them. */
export interface Registry {
  /** Resolves when the page is let in. A callback stays registered when it rejects. */
  register<E extends keyof Events>(event: E, callback: (payload: Events[E]) => void): Promise<void>;
  /** Without a callback: all of the event's. */
  unregister<E extends keyof Events>(event: E, callback?: (payload: Events[E]) => void): Promise<void>;
}

export interface Root {
  /** The centre to use; the toolbar is loaded again from there. (API-02) */
  setBaseUrl(url: string): Promise<void>;
  /** The centre in use. (API-03) */
  getBaseUrl(): Promise<string>;
  /** true: the page is still loading; false: it is ready. (API-04) */
  onLoadHandler(isLoading: boolean): Promise<void>;
}

/** What `initialize` returns. */
export interface OmniSdk extends Root, Registry, Namespaces {}

const RINGING = new Set([
  'callRinging',
  'interactionConnected',
  'interactionDisconnected',
  'interactionEnded',
]);

const NOT_SHOWN =
  'The toolbar may not be shown in this page: its origin is not on the contact centre\u2019s list. ' +
  'Calls of this page still work; use Omnibar\u2019s own window for the rest.';

const HERE = ['windowVisibilityChanged', 'sendLifecycleEvent', 'omnibar:dock'];

export function createHandle(config: Config, instanceId: string, start: string): OmniSdk {
  let base = start;
  let dockState: DockState = {
    state: 'loading',
    frame: 'toolbar',
    way: 'none',
    words: '',
    rights: { events: false, control: false, customers: false, dial: false },
  };
  const told = new Set<string>();
  const cursor = createCursor(`omnibar:last:${instanceId}`);
  const listeners = createListeners(
    cursor,
    (event) => RINGING.has(event) && dock.ring(event === 'callRinging'),
  );
  const dock = createDock(config, instanceId, () => base);
  const calls = createCalls(() => waiting(dockState, dock.missing(), base));
  const link = createLink({
    peers: () => [workspace(base) ?? [], dock.peers()].flat(),
    config: () => ({ context: config.context, origin: config.origin, instanceId, app: appName(config) }),
    calls,
    cursor,
    listeners,
    changed,
  });

  function changed(change: Partial<DockState>): void {
    dockState = { ...dockState, ...change };
    const { frame, state, way, words } = dockState;
    const instead = frame === 'bridge' && config.context === 'crm';
    if (instead && state === 'open') {
      dockState.words = way === 'relay' ? `${NOT_SHOWN} ${words}` : NOT_SHOWN;
    }
    dock.say(instead ? dockState.words : '');
    tell(state === 'open' && way === 'loopback' && !instead ? '' : dockState.words);
    listeners.local('omnibar:dock', dockState);
  }

  // For whoever looks into the console; the page has the event.
  function tell(words: string): void {
    if (words && !told.has(words)) console.info(`Omnibar: ${words}`);
    told.add(words);
  }

  const registry: Registry = {
    async register(event, callback) {
      listeners.add(event, callback);
      if (!HERE.includes(event)) await calls.entry(`register ${event}`);
    },
    async unregister(event, callback) {
      listeners.remove(event, callback);
    },
  };

  const sdk = {
    ...registry,
    async setBaseUrl(url: string) {
      base = baseUrl(url);
      link.start();
    },
    getBaseUrl: () => Promise.resolve(base),
    onLoadHandler: (...args: unknown[]) => calls.call('onLoadHandler', args),
    ...namespaces(registry, calls.call),
  } as unknown as OmniSdk;

  watchPage(listeners);
  listeners.present('omnibar:dock', () => [dockState]);
  link.start();
  return sdk;
}

function namespaces(registry: Registry, call: (api: string, args: unknown[]) => Promise<unknown>) {
  return Object.fromEntries(
    Object.entries(CALLS).map(([space, names]) => {
      const own = names
        .split(' ')
        .filter(Boolean)
        .map((entry) => {
          const [name, canonical = name] = entry.split('=');
          return [name, (...args: unknown[]) => call(`${space}.${canonical}`, args)];
        });
      return [space, { ...registry, ...(Object.fromEntries(own) as object) }];
    }),
  );
}

/** Throws what `setBaseUrl` rejects with. */
export function baseUrl(url: unknown): string {
  if (!url) throw failure('REQUIRED_FIELD_MISSING', 'url is required');
  const text = String(url);
  const scheme = URL.canParse(text) ? new URL(text).protocol : '';
  if (!/^https?:$/.test(scheme)) {
    throw failure('REQUIRED_FIELD_MISSING', `url must be an http or https address, not ${text}`);
  }
  return text.replace(/\/+$/, '');
}

function appName(config: Config): string {
  return config.app ?? /^\/si\/([^/]+)\//.exec(location.pathname)?.[1] ?? '';
}

function waiting({ state, words }: DockState, missing: string, base: string): string {
  if (state === 'asking') return 'the agent has not yet allowed this page in Omnibar\u2019s window';
  return missing || words || `the toolbar of ${base} has not answered`;
}
