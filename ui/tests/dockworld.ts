import { vi } from 'vitest';
import type { FromPage, SdkError, ToPage } from '../src/contract/generated';
import { Bridge, type Peer } from '../src/dock/bridge';
import { DockLink, type Net, type Tokens } from '../src/dock/link';
import type { Found } from '../src/dock/way';
import { ALL_RIGHTS } from '../src/features/dock/origins';

/** A socket whose other end is the test. */
export class FakeSocket extends EventTarget {
  readyState: number = WebSocket.CONNECTING;
  readonly sent: unknown[] = [];

  constructor(readonly url: string) {
    super();
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = WebSocket.CLOSED;
  }

  open(): void {
    this.readyState = WebSocket.OPEN;
    this.dispatchEvent(new Event('open'));
  }

  say(frame: ToPage): void {
    this.raw(JSON.stringify(frame));
  }

  raw(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  /** The other end closes. */
  end(code = 1006, reason = ''): void {
    this.readyState = WebSocket.CLOSED;
    this.dispatchEvent(new CloseEvent('close', { code, reason }));
  }
}

export interface DockWorld {
  link: DockLink;
  sockets: FakeSocket[];
  socket(): FakeSocket;
  kept: Map<string, string>;
  /** What the next searches find. */
  finds: { found: Found; count: number };
  states(): string[];
  pass(ms: number): Promise<void>;
  /** Opens the newest socket and lets the page in. */
  welcome(epoch?: string, seq?: number): Promise<FakeSocket>;
}

export function dockWorld(found: Found = { port: 47621 }): DockWorld {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const sockets: FakeSocket[] = [];
  const kept = new Map<string, string>();
  const finds = { found, count: 0 };
  const net: Net = {
    find: async () => {
      finds.count += 1;
      return finds.found;
    },
    open(url) {
      const socket = new FakeSocket(url);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    relay: 'wss://centre.example/ws/dock',
    random: () => 0.5,
  };
  const tokens: Tokens = {
    get: (origin) => kept.get(origin) ?? null,
    set: (origin, token) => void (token === null ? kept.delete(origin) : kept.set(origin, token)),
  };
  const link = new DockLink(net, tokens);
  const states: string[] = [];
  link.onState(({ state }) => states.push(state));
  const pass = async (ms: number) => void (await vi.advanceTimersByTimeAsync(ms));
  const socket = () => {
    const last = sockets.at(-1);
    if (!last) throw new Error('no socket was opened');
    return last;
  };
  return {
    link,
    sockets,
    socket,
    kept,
    finds,
    states: () => states,
    pass,
    async welcome(epoch = 'e1', seq = 0) {
      await pass(0);
      const last = socket();
      last.open();
      last.say(welcome(epoch, seq));
      await pass(0);
      return last;
    },
  };
}

export function welcome(epoch = 'e1', seq = 0): ToPage {
  return { say: 'welcome', token: 'agent.token', epoch, rights: ALL_RIGHTS, lost: 0, seq };
}

export const CRM = 'https://crm.example';

export const introduce = (): Omit<Extract<FromPage, { say: 'hello' }>, 'say' | 'token'> => ({
  origin: CRM,
  context: 'crm',
  instance: 'ameyoIframe',
  app: '',
  app_version: '',
  last: null,
});

export const invalid = (description: string): SdkError => ({
  errorType: 'INVALID_ORIGIN',
  errorCode: 1003,
  description,
});

/** A page that holds the frame, and its end of the port. */
export function page(w: DockWorld, peer: Partial<Peer> = {}) {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  const window_ = frame.contentWindow as Window;
  const posted: { data: unknown; target: string; port: MessagePort | null }[] = [];
  const post = (data: unknown, target: string, transfer?: Transferable[]) => {
    posted.push({ data, target, port: (transfer?.[0] as MessagePort | undefined) ?? null });
  };
  vi.spyOn(window_, 'postMessage').mockImplementation(post as typeof window_.postMessage);
  const bridge = new Bridge(w.link, {
    window: () => window_,
    context: 'crm',
    opaque: null,
    app: '',
    appVersion: '',
    instance: null,
    ...peer,
  });
  const stop = bridge.start(window);
  const got: unknown[] = [];
  let port: MessagePort | null = null;
  return {
    window: window_,
    posted,
    got,
    stop,
    /** Messages cross a port in their own time. */
    settled: (count: number) => vi.waitFor(() => expectAtLeast(got, count)),
    hello(
      origin = CRM,
      { said = origin, source = window_ as MessageEventSource, last = null as unknown } = {},
    ) {
      const config = { context: 'crm', origin: said, instanceId: 'ameyoIframe', app: '', last };
      const data = { omnibar: 1, say: 'hello', config };
      window.dispatchEvent(new MessageEvent('message', { data, origin, source }));
      const given = posted.at(-1)?.port ?? null;
      if (given && given !== port) {
        port = given;
        port.onmessage = ({ data }) => got.push(data);
      }
      return port;
    },
    call: (data: unknown) => port?.postMessage(data),
  };
}

function expectAtLeast(list: unknown[], count: number): void {
  if (list.length < count) throw new Error(`${list.length} of ${count}: ${JSON.stringify(list)}`);
}
