import type { Net, Tokens } from './link';
import { browser, findLoopback } from './way';

/** The browser around this frame, which the centre has served. */
export const net: Net = {
  find: (asking) => findLoopback(browser, asking),
  open: (url) => new WebSocket(url),
  relay: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws/dock`,
  random: Math.random,
};

const KEY = 'omnibar.dock.';

/** Kept with the centre's origin; browsers keep them apart by the site of the page. */
export const tokens: Tokens = {
  get(origin) {
    try {
      return localStorage.getItem(KEY + origin);
    } catch {
      return null;
    }
  },
  set(origin, token) {
    try {
      if (token === null) localStorage.removeItem(KEY + origin);
      else localStorage.setItem(KEY + origin, token);
    } catch {
      // No storage in this frame: the next load asks again.
    }
  },
};
