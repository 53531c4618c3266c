import type { Net, Tokens } from './link';
import { browser, findLoopback, type Found } from './way';

/** The browser around this frame, which the centre has served. */
export const net: Net = {
  find,
  open: (url) => new WebSocket(url),
  relay: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/dock`,
  random: Math.random,
};

let finding: Promise<Found> | null = null;
let asked = false;
const askers = new Set<() => void>();

/** Two at a time would be two questions of the browser, of which it answers one. */
function find(asking: () => void): Promise<Found> {
  askers.add(asking);
  if (asked) asking();
  finding ??= findLoopback(browser, () => {
    asked = true;
    askers.forEach((each) => each());
  }).finally(() => {
    finding = null;
    asked = false;
    askers.clear();
  });
  return finding;
}

const KEY = 'omnibar.dock.';
/** As long as the app takes a token, in s. */
const KEPT_S = 30 * 24 * 60 * 60;

/**
 * Kept with the centre's origin, and apart for each site whose page frames it: in the
 * storage, or where the browser refuses that to frames of another site, in a cookie of
 * that site alone (CHIPS), which the centre is sent with the toolbar's pages only.
 */
export const tokens: Tokens = {
  get(origin) {
    const storage = storageOf();
    return storage ? storage.getItem(KEY + origin) : cookie(origin);
  },
  set(origin, token) {
    try {
      const storage = storageOf();
      if (!storage) bake(origin, token);
      else if (token === null) storage.removeItem(KEY + origin);
      else storage.setItem(KEY + origin, token);
    } catch {
      // The storage is full: the next load asks again.
    }
  },
};

function storageOf(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

function cookie(origin: string): string | null {
  const name = `${KEY}${encodeURIComponent(origin)}=`;
  const found = document.cookie.split('; ').find((each) => each.startsWith(name));
  return found ? decodeURIComponent(found.slice(name.length)) : null;
}

function bake(origin: string, token: string | null): void {
  const held = token === null ? '=; Max-Age=0' : `=${encodeURIComponent(token)}; Max-Age=${KEPT_S}`;
  document.cookie = `${KEY}${encodeURIComponent(origin)}${held}; Path=/omniapp/toolbar; Secure; SameSite=None; Partitioned`;
}
