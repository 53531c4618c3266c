import type { Hello, FromFrame, Port, Ready, SdkError as PageError } from '../../../sdk/omni/src/messages';
import type { LastEvent, PageContext, SdkError, ToPage } from '../contract/generated';
import { words } from '../words';
import type { DockLink, LinkState, Route } from './link';

const OMNIBAR = 1;
/** Longest JSON of a call's arguments, in bytes: a frame has 200,000, with what stands
 * around them. */
const CALL_MAX = 190_000;
/** Nesting of a call's arguments: the core takes 32, and the frame around them is one. */
const DEPTH_MAX = 31;
/** Calls that the core has not answered yet; more are refused. */
const PENDING_MAX = 1_024;
const NAME_MAX = 128;
const U32_MAX = 0xffff_ffff;

/** Calls that may come before the page is let in: they say whose desktop is meant. */
const LOGINS = new Set(['session.login', 'session.forceLogin', 'login', 'forceLogin']);

/** The page on the other side: the one that holds this frame, or one that it holds. */
export interface Peer {
  window(): Window | null;
  context: PageContext;
  /** Its origin when the browser only says `null` (a sandboxed frame); `null`: refused. */
  opaque: string | null;
  /** Name and version of the custom app in the frame, or empty. */
  app: string;
  appVersion: string;
  /** Its id when this page gave it one. */
  instance: string | null;
}

interface Page {
  origin: string;
  instance: string;
  app: string;
  port: MessagePort;
}

/**
 * Carries the SDK's calls to the core and events back. It believes of a page only
 * what the browser says: its window and its origin.
 */
export class Bridge {
  #page: Page | null = null;
  #last: LastEvent | null = null;
  #epoch = '';
  /** Ids of calls under way. */
  #pending = new Set<number>();
  /** A sign-in that waits for the link. */
  #login: { id: number; api: string; arguments: unknown[] } | null = null;
  readonly #link: DockLink;
  readonly #peer: Peer;

  constructor(link: DockLink, peer: Peer) {
    this.#link = link;
    this.#peer = peer;
  }

  /** Listens on this window; returns how to stop. */
  start(here: Window): () => void {
    const onMessage = (event: MessageEvent) => this.#greet(event);
    here.addEventListener('message', onMessage);
    const offs = [
      this.#link.onFrame((frame) => this.#take(frame)),
      this.#link.onState((state) => this.#tell(state)),
    ];
    this.ready();
    return () => {
      here.removeEventListener('message', onMessage);
      offs.forEach((off) => off());
      this.#page?.port.close();
    };
  }

  /** Tells the page to say hello (again). */
  ready(): void {
    const ready: Ready = { omnibar: OMNIBAR, say: 'ready' };
    // To anybody, since it is not known yet who is there, and it tells nothing.
    this.#peer.window()?.postMessage(ready, '*');
  }

  #greet(event: MessageEvent): void {
    const peer = this.#peer.window();
    if (!peer || event.source !== peer || !isHello(event.data)) return;
    const opaque = event.origin === 'null';
    const origin = opaque ? this.#peer.opaque : event.origin;
    if (!origin) return;
    const { config } = event.data;
    const { port1, port2 } = new MessageChannel();
    const port: Port = { omnibar: OMNIBAR, say: 'port' };
    // An opaque origin cannot be named; its window has been compared.
    peer.postMessage(port, opaque ? '*' : event.origin, [port2]);
    this.#forget();
    if (config.origin !== event.origin) {
      post(port1, { say: 'refused', error: mismatch(config.origin, event.origin) });
      return;
    }
    this.#page = {
      origin,
      instance: this.#peer.instance ?? config.instanceId,
      app: this.#peer.app,
      port: port1,
    };
    this.#last = config.last;
    port1.onmessage = ({ data }) => this.#call(data);
    this.#link.begin(() => ({
      origin,
      claimed: opaque ? undefined : config.origin,
      context: this.#peer.context,
      instance: this.#page?.instance ?? '',
      app: this.#page?.app ?? '',
      app_version: this.#peer.appVersion,
      last: this.#last,
    }));
  }

  #forget(): void {
    this.#page?.port.close();
    this.#page = null;
    this.#login = null;
    this.#pending.clear();
  }

  #call(data: unknown): void {
    if (!isCall(data)) return;
    const { id, api } = data;
    if (this.#pending.has(id)) return;
    const args = plain(data.arguments, CALL_MAX);
    if (typeof args === 'string') this.#fail(id, missing(args));
    else if (this.#pending.size >= PENDING_MAX) this.#fail(id, timeout(words.bridge.tooMany));
    else if (this.#link.send({ say: 'call', id, api, arguments: args })) this.#pending.add(id);
    else if (LOGINS.has(api)) this.#signIn(id, api, args);
    else this.#fail(id, timeout(words.dock.way(this.#link.state)));
  }

  /** A sign-in names the desktop to the centre when nothing else does. */
  #signIn(id: number, api: string, args: unknown[]): void {
    if (this.#login) this.#fail(this.#login.id, timeout(words.bridge.replaced));
    this.#login = { id, api, arguments: args };
    const { state } = this.#link;
    // What was wrong then was said of an earlier try.
    if (state.state === 'unpaired') this.#route(null);
    else this.#tell(state);
  }

  #take(frame: ToPage): void {
    switch (frame.say) {
      case 'asking':
        this.#say({ say: 'asking' });
        break;
      case 'welcome':
        this.#epoch = frame.epoch;
        if (this.#last?.epoch !== frame.epoch) this.#last = { epoch: frame.epoch, seq: frame.seq };
        this.#welcome(frame);
        break;
      case 'refused':
        // The link knows whether that was the last word.
        break;
      case 'done':
        if (this.#pending.delete(frame.id)) this.#say({ id: frame.id, value: frame.value });
        break;
      case 'failed':
        if (this.#pending.delete(frame.id)) this.#fail(frame.id, frame.error);
        break;
      case 'event': {
        const { seq, namespace, event, payload } = frame;
        this.#last = { epoch: this.#epoch, seq };
        this.#say({ seq, namespace, event, payload });
        break;
      }
      case 'view':
      case 'meter':
        // For the toolbar's eyes only.
        break;
      default: {
        const unknown: never = frame;
        return unknown;
      }
    }
  }

  /** Without the token, which is the frame's. */
  #welcome({ epoch, rights, lost, seq }: Extract<ToPage, { say: 'welcome' }>): void {
    this.#say({ say: 'welcome', epoch, rights, lost, seq });
  }

  #tell(state: LinkState): void {
    if (state.state === 'up') {
      this.#say({ say: 'way', way: state.way, words: words.dock.way(state) });
      // The welcome is passed on before the sign-in that waited for it is sent.
      queueMicrotask(() => this.#sendLogin());
      return;
    }
    for (const id of this.#pending) this.#fail(id, timeout(words.bridge.cut));
    this.#pending.clear();
    this.#say({ say: 'way', way: 'none', words: words.dock.way(state) });
    if (state.state === 'unpaired') this.#route(state.wrong);
    if (state.state === 'refused') {
      this.#say({ say: 'refused', error: toPage(state.error) });
      if (this.#login) this.#fail(this.#login.id, state.error);
      this.#login = null;
    }
  }

  #sendLogin(): void {
    const login = this.#login;
    if (!login || !this.#link.send({ say: 'call', ...login })) return;
    this.#pending.add(login.id);
    this.#login = null;
  }

  #route(wrong: string | null): void {
    const login = this.#login;
    if (!login) return;
    const route = routeOf(login.arguments);
    if (wrong === null && route) {
      this.#link.route(route);
      return;
    }
    this.#login = null;
    this.#fail(login.id, route ? refused(wrong ?? '') : missing(words.bridge.needsPassword));
  }

  #fail(id: number, error: SdkError): void {
    this.#say({ id, error: toPage(error) });
  }

  #say(frame: FromFrame): void {
    if (this.#page) post(this.#page.port, frame);
  }
}

function post(port: MessagePort, frame: FromFrame): void {
  port.postMessage(frame);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= NAME_MAX;
}

function isHello(data: unknown): data is Hello {
  if (!isObject(data) || data.omnibar !== OMNIBAR || data.say !== 'hello' || !isObject(data.config)) {
    return false;
  }
  const { origin, instanceId, last } = data.config;
  const isLast = (l: unknown) =>
    l === null || (isObject(l) && isName(l.epoch) && Number.isSafeInteger(l.seq) && Number(l.seq) >= 0);
  return isName(origin) && isName(instanceId) && isLast(last);
}

function isCall(data: unknown): data is { id: number; api: string; arguments: unknown } {
  if (!isObject(data) || !isName(data.api)) return false;
  return Number.isInteger(data.id) && Number(data.id) >= 0 && Number(data.id) <= U32_MAX;
}

/** What JSON can carry of the arguments, or what is wrong with them. */
function plain(args: unknown, most: number): unknown[] | string {
  if (!Array.isArray(args)) return words.bridge.notAList;
  try {
    const text = JSON.stringify(args);
    if (new TextEncoder().encode(text).length > most) return words.bridge.tooLong(most);
    // The core sends a page away for it: one careless call would cost the page its toolbar.
    return isDeep(text) ? words.bridge.tooDeep : (JSON.parse(text) as unknown[]);
  } catch {
    // A circle, a BigInt, or deeper than the engine goes.
    return words.bridge.notJson;
  }
}

function isDeep(json: string): boolean {
  let depth = 0;
  for (const [part] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]/g)) {
    if (part === '[' || part === '{') depth += 1;
    else if (part === ']' || part === '}') depth -= 1;
    if (depth > DEPTH_MAX) return true;
  }
  return false;
}

/** User and password of a sign-in: positional, or one object that names them. */
function routeOf(args: unknown[]): Route | null {
  const [first, second] = args;
  const { username: user, password } = isObject(first) ? first : { username: first, password: second };
  const given = typeof user === 'string' && typeof password === 'string' && user !== '' && password !== '';
  return given ? { user, password } : null;
}

function timeout(description: string): SdkError {
  return { errorType: 'TIMEOUT', errorCode: 1000, description };
}

function refused(description: string): SdkError {
  return { errorType: 'INVALID_ORIGIN', errorCode: 1003, description };
}

function missing(description: string): SdkError {
  return { errorType: 'REQUIRED_FIELD_MISSING', errorCode: 2001, description };
}

function mismatch(said: string, is: string): PageError {
  return toPage(refused(words.bridge.mismatch(said, is)));
}

function toPage(error: SdkError): PageError {
  return error as PageError;
}
