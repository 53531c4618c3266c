import type { FromPage, Rights, SdkError, ToPage } from '../contract/generated';
import type { Found, Trouble } from './way';

/** Directly to the app on this machine, or through the centre. */
export type Way = 'loopback' | 'relay';

/** How a page that has no token yet says whose desktop it means. */
export type Route = { code: string } | { user: string; password: string };

export type LinkState =
  /** Nobody has said yet for whom the frame speaks. */
  | { state: 'idle' }
  /** `asking`: the browser is asking the agent whether pages may reach this machine. */
  | { state: 'finding'; asking: boolean }
  | { state: 'connecting'; way: Way }
  /** The agent is being asked in the app's own window. */
  | { state: 'asking'; way: Way }
  | { state: 'up'; way: Way; why: Trouble | null; rights: Rights; epoch: string; lost: number }
  /** Only the centre can be reached, and it does not know which desktop is meant. */
  | { state: 'unpaired'; why: Trouble; wrong: string | null }
  | { state: 'refused'; way: Way; error: SdkError }
  /**
   * Nothing answers; tried again after `retry` ms. `absent`: the centre does, and says that
   * no Omnibar of the agent is signed in.
   */
  | { state: 'away'; why: Trouble | null; retry: number; absent: boolean };

type Hello = Extract<FromPage, { say: 'hello' }>;

/** What is said anew on each connection. */
export type Introduce = () => Omit<Hello, 'say' | 'token'>;

/** What the link needs of the world; a test brings its own. */
export interface Net {
  find(asking: () => void): Promise<Found>;
  open(url: string): WebSocket;
  /** `wss://centre.example/ws/dock` */
  relay: string;
  /** Random, 0 to 1: spreads the tries of many tabs. */
  random(): number;
}

/** A token of an earlier welcome, kept by the origin that it was given to. */
export interface Tokens {
  get(origin: string): string | null;
  set(origin: string, token: string | null): void;
}

/** Longest text frame that is read, in UTF-16 units. */
const FRAME_MAX = 4 * 1024 * 1024;
/** Close codes of the centre's hub: no desktop of that agent is there; the route was no good. */
const NO_DESKTOP = 4404;
const REFUSED = 4401;
/** Waits between tries, ms: doubled from the first to the last. */
const FIRST_WAIT = 400;
const LAST_WAIT = 15_000;
/** A connection that says nothing for this long while it is being made is given up, ms. */
const SILENCE_MS = 10_000;

/**
 * The one connection of a toolbar frame to the core: finds the way, introduces the
 * page, and comes back by itself when it is cut.
 *
 * ```text
 *  idle ─begin─▶ finding ──app found──▶ connecting ─▶ asking ─▶ up
 *                  │  ▲                    │  ▲          └──▶ refused
 *                  │  └──── cut: away ◀────┘  │
 *                  └─only the centre: token?──┴─ none ─▶ unpaired ─route─▶
 * ```
 */
export class DockLink {
  state: LinkState = { state: 'idle' };

  #socket: WebSocket | null = null;
  #introduce: Introduce | null = null;
  #route: Route | null = null;
  #why: Trouble | null = null;
  #tries = 0;
  /** Rises with each attempt: what belongs to an older one is ignored. */
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #states = new Set<(state: LinkState) => void>();
  readonly #frames = new Set<(frame: ToPage) => void>();
  readonly #net: Net;
  readonly #tokens: Tokens;

  constructor(net: Net, tokens: Tokens) {
    this.#net = net;
    this.#tokens = tokens;
  }

  onState(listener: (state: LinkState) => void): () => void {
    this.#states.add(listener);
    listener(this.state);
    return () => this.#states.delete(listener);
  }

  onFrame(listener: (frame: ToPage) => void): () => void {
    this.#frames.add(listener);
    return () => this.#frames.delete(listener);
  }

  /** Connects in the name of a page; a new one takes the place of the one before. */
  begin(introduce: Introduce): void {
    this.#introduce = introduce;
    this.#tries = 0;
    void this.#connect();
  }

  /** Says whose desktop is meant: by the code in the app's window, or by signing in. */
  route(route: Route): void {
    this.#route = route;
    this.#tries = 0;
    void this.#connect();
  }

  /** Tries again at once. */
  retry(): void {
    this.#tries = 0;
    void this.#connect();
  }

  /** False when there is nobody to take it. */
  send(frame: FromPage): boolean {
    if (this.state.state !== 'up' || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  close(): void {
    this.#drop();
    this.#introduce = null;
    this.#set({ state: 'idle' });
  }

  async #connect(): Promise<void> {
    this.#drop();
    const attempt = this.#attempt;
    if (!this.#introduce) return;
    this.#set({ state: 'finding', asking: false });
    const found = await this.#net.find(() => {
      if (attempt === this.#attempt) this.#set({ state: 'finding', asking: true });
    });
    if (attempt !== this.#attempt) return;
    if ('port' in found) {
      this.#why = null;
      this.#open('loopback', `ws://127.0.0.1:${found.port}/dock`);
      return;
    }
    this.#why = found;
    if (this.#route || this.#token()) this.#open('relay', this.#net.relay);
    else this.#unpaired(null);
  }

  #open(way: Way, url: string): void {
    const attempt = this.#attempt;
    const mine = () => attempt === this.#attempt;
    let socket: WebSocket;
    try {
      socket = this.#net.open(url);
    } catch {
      // A policy of the page forbids the address.
      this.#cut(way);
      return;
    }
    this.#socket = socket;
    this.#set({ state: 'connecting', way });
    this.#timer = setTimeout(() => mine() && this.#cut(way), SILENCE_MS);
    socket.addEventListener('open', () => {
      if (mine()) this.#introduceTo(socket, way);
    });
    socket.addEventListener('message', ({ data }) => {
      if (mine()) this.#take(way, data);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (mine()) this.#cut(way, code, reason);
    });
  }

  #introduceTo(socket: WebSocket, way: Way): void {
    const introduce = this.#introduce?.();
    if (!introduce) return;
    const token = this.#token();
    if (way === 'relay') socket.send(JSON.stringify({ route: this.#route ?? { token } }));
    socket.send(JSON.stringify({ say: 'hello', ...introduce, token } satisfies FromPage));
  }

  #take(way: Way, data: unknown): void {
    const frame = readFrame(data);
    if (!frame) return;
    clearTimeout(this.#timer);
    switch (frame.say) {
      case 'asking':
        this.#set({ state: 'asking', way });
        break;
      case 'welcome': {
        this.#tries = 0;
        this.#route = null;
        this.#keep(frame.token);
        const { rights, epoch, lost } = frame;
        this.#set({ state: 'up', way, why: this.#why, rights, epoch, lost });
        break;
      }
      case 'refused':
        this.#refused(way, frame.error);
        break;
      case 'done':
      case 'failed':
      case 'event':
      case 'view':
      case 'meter':
        break;
      default: {
        const unknown: never = frame;
        return unknown;
      }
    }
    for (const listener of this.#frames) listener(frame);
  }

  #refused(way: Way, error: SdkError): void {
    const { state } = this.state;
    this.#drop();
    const named = this.#route !== null;
    const known = this.#token() !== null;
    this.#route = null;
    if (known) this.#keep(null);
    if (state !== 'connecting') this.#set({ state: 'refused', way, error });
    else if (way === 'relay' && named) this.#unpaired(error.description);
    // The token was of no use any more: the page is a stranger again.
    else if (known) void this.#connect();
    else this.#set({ state: 'refused', way, error });
  }

  /** The connection could not be made, or is gone. */
  #cut(way: Way, code = 0, reason = ''): void {
    const { state } = this.state;
    this.#drop();
    if (way === 'relay' && this.#route && (code === NO_DESKTOP || code === REFUSED)) {
      this.#route = null;
      this.#unpaired(reason || null);
      return;
    }
    if (way === 'relay' && code === REFUSED) this.#keep(null);
    // An app that said hello but takes no connection is not going to at once.
    if (way === 'loopback' && state === 'connecting' && (this.#route || this.#token())) {
      this.#why = { trouble: 'not_running' };
      this.#open('relay', this.#net.relay);
      return;
    }
    this.#later(way === 'relay' && code === NO_DESKTOP);
  }

  #unpaired(wrong: string | null): void {
    const why = this.#why ?? { trouble: 'not_running' };
    this.#set({ state: 'unpaired', why, wrong });
    // The app may be started any time; a permission that was denied does not come back.
    if (why.trouble === 'not_running') this.#timer = setTimeout(() => void this.#look(), this.#wait());
  }

  /** Looks for the app without taking away what is on the screen. */
  async #look(): Promise<void> {
    const attempt = this.#attempt;
    const found = await this.#net.find(() => undefined);
    if (attempt !== this.#attempt || this.state.state !== 'unpaired') return;
    if ('port' in found) void this.#connect();
    else this.#timer = setTimeout(() => void this.#look(), this.#wait());
  }

  #later(absent: boolean): void {
    const retry = this.#wait();
    this.#set({ state: 'away', why: this.#why, retry, absent });
    this.#timer = setTimeout(() => void this.#connect(), retry);
  }

  #wait(): number {
    const wait = Math.min(LAST_WAIT, FIRST_WAIT * 2 ** this.#tries);
    this.#tries += 1;
    return Math.round(wait * (0.75 + this.#net.random() / 2));
  }

  #drop(): void {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
  }

  #token(): string | null {
    const introduce = this.#introduce?.();
    return introduce ? this.#tokens.get(introduce.origin) : null;
  }

  #keep(token: string | null): void {
    const introduce = this.#introduce?.();
    if (introduce) this.#tokens.set(introduce.origin, token);
  }

  #set(state: LinkState): void {
    this.state = state;
    for (const listener of this.#states) listener(state);
  }
}

/** `null`: not a frame. The core is trusted, but what stands between need not be. */
function readFrame(data: unknown): ToPage | null {
  if (typeof data !== 'string' || data.length > FRAME_MAX) return null;
  try {
    const frame: unknown = JSON.parse(data);
    const isFrame = typeof frame === 'object' && frame !== null && 'say' in frame && SAYS.has(frame.say);
    return isFrame ? (frame as ToPage) : null;
  } catch {
    return null;
  }
}

const SAYS: ReadonlySet<unknown> = new Set<ToPage['say']>([
  'asking',
  'welcome',
  'refused',
  'done',
  'failed',
  'event',
  'view',
  'meter',
]);
