import type { Calls } from './calls.js';
import type { Cursor } from './cursor.js';
import type { Listeners } from './events.js';
import { OMNIBAR, type FromFrame, type Hello, type Port } from './messages.js';
import type { DockState } from './types.js';

/** A frame whose document has loaded and says nothing was refused by the browser. */
export const SILENT_MS = 3000;
/** A frame that loads says it is ready before or after its load is told here. */
export const TWICE_MS = 250;
/** A document that has not loaded by then never will. */
export const LOAD_MS = 15_000;
/** Pause before everything is tried again. */
export const AGAIN_MS = 15_000;

/** Who may be at the other end, in the order of trying. */
export interface Peer {
  kind: DockState['frame'];
  /** Exact, as `event.origin` gives it. */
  origin: string;
  window(): Window | null;
  /** Brings the document there; `loaded` is called at every load of one. */
  open(loaded: () => void): void;
}

export interface Parts {
  peers(): Peer[];
  config(): Omit<Hello['config'], 'last'>;
  calls: Calls;
  cursor: Cursor;
  listeners: Listeners;
  changed(state: Partial<DockState>): void;
}

const NO_RIGHTS = { events: false, control: false, customers: false, dial: false };

/** Finds a peer, shakes hands with it, and carries what comes on the port. */
export function createLink({ peers, config, calls, cursor, listeners, changed }: Parts) {
  let queue: Peer[] = [];
  let peer: Peer | undefined;
  let port: MessagePort | null = null;
  let greeted = false;
  /** A hello has no answer yet. */
  let asked = false;
  let again: ReturnType<typeof setTimeout> | undefined;
  let explained = '';
  /** The page's own policy keeps documents of this origin out. */
  let forbidden = '';
  let entered = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  addEventListener('message', ({ data, source, origin, ports }: MessageEvent<Partial<Port> | null>) => {
    // Cheap for the host page's own messages, deaf to everybody but the peer.
    if (!peer || !source || source !== peer.window() || origin !== peer.origin) return;
    if (data?.omnibar !== OMNIBAR) return;
    if ((data.say as string) === 'ready') {
      // A second hello for the same word would cost the page the line it is about to have.
      if (asked) {
        again ??= setTimeout(() => asked && greet(), TWICE_MS);
      } else {
        greet();
        greeted = true;
      }
    } else if (data.say === 'port' && ports[0]) {
      take(ports[0]);
    }
  });
  addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) => {
    if (!peer || !/^(frame|child)-src$/.test(effectiveDirective) || !blockedURI.startsWith(peer.origin))
      return;
    forbidden = peer.origin;
    next();
  });
  addEventListener('online', () => !peer && start());

  function start(): void {
    forbidden = '';
    queue = peers();
    next();
  }

  function next(): void {
    drop();
    peer = queue.shift();
    if (!peer) {
      changed({
        state: 'unreachable',
        way: 'none',
        words: forbidden
          ? `The Content-Security-Policy of this page keeps the toolbar out: its frame-src must name ${forbidden}.`
          : 'The contact centre does not answer; trying again.',
      });
      timer = setTimeout(start, AGAIN_MS);
      return;
    }
    changed({ state: 'loading', frame: peer.kind, way: 'none', words: '', rights: NO_RIGHTS });
    greeted = entered = false;
    wait(LOAD_MS);
    peer.open(() => {
      if (!greeted) {
        drop();
        greet();
        wait(SILENT_MS);
      }
      greeted = false;
    });
  }

  function wait(ms: number): void {
    clearTimeout(timer);
    // Without a place in the page the frame has no window yet, and nobody to be late.
    timer = setTimeout(() => (peer?.window() ? next() : wait(ms)), ms);
  }

  function drop(): void {
    clearTimeout(timer);
    clearTimeout(again);
    again = undefined;
    asked = false;
    if (!port) return;
    port.close();
    port = null;
    calls.line(null);
  }

  function greet(): void {
    const hello: Hello = { omnibar: OMNIBAR, say: 'hello', config: { ...config(), last: cursor.last() } };
    if (peer) peer.window()?.postMessage(hello, peer.origin);
    asked = true;
  }

  function take(fresh: MessagePort): void {
    drop();
    port = fresh;
    port.onmessage = ({ data }: MessageEvent<FromFrame>) => fresh === port && receive(data);
    calls.line(port);
  }

  function receive(data: FromFrame): void {
    if ('id' in data) {
      if ('error' in data) calls.fail(data.id, data.error);
      else calls.answer(data.id, data.value);
    } else if ('event' in data) {
      listeners.arrived(data.seq, data.event, data.payload);
    } else {
      turn(data);
    }
  }

  function turn(data: Extract<FromFrame, { say: string }>): void {
    switch (data.say) {
      case 'way':
        explained = data.words;
        if (data.way === 'none') {
          calls.lost('kept');
          changed({ state: entered ? 'lost' : 'loading', way: 'none', words: data.words });
        } else {
          changed({ way: data.way, words: data.words });
        }
        break;
      case 'asking':
        changed({ state: 'asking', words: 'Omnibar asks the agent whether this page may dock.' });
        break;
      case 'welcome':
        entered = true;
        cursor.begin(data.epoch, Math.max(data.lost, data.seq));
        changed({ state: 'open', words: explained, rights: data.rights });
        calls.welcome();
        break;
      case 'refused':
        changed({ state: 'refused', words: data.error.description, rights: NO_RIGHTS });
        calls.refuse(data.error);
        break;
    }
  }

  return { start };
}
