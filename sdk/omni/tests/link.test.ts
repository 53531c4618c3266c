import { beforeEach, expect, test, vi } from 'vitest';
import { createCalls } from '../src/calls';
import { createCursor } from '../src/cursor';
import { createListeners } from '../src/events';
import { AGAIN_MS, LOAD_MS, SILENT_MS, TWICE_MS, createLink, type Peer } from '../src/link';
import type { DockState } from '../src/types';
import { BASE, RIGHTS, arrive, farWindow, line, settled, welcome } from './frame';

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
});

function start(kinds: Peer['kind'][] = ['toolbar', 'bridge']) {
  const far = farWindow();
  let window: Window | null = far.window;
  let loaded = () => {};
  const opened: string[] = [];
  const states: Partial<DockState>[] = [];
  const calls = createCalls(() => 'waiting');
  const cursor = createCursor('omnibar:last:link');
  const listeners = createListeners(cursor, () => undefined);
  const peer = (kind: Peer['kind']): Peer => ({
    kind,
    origin: BASE,
    window: () => window,
    open: (onLoad) => {
      opened.push(kind);
      loaded = onLoad;
    },
  });
  const link = createLink({
    peers: () => kinds.map(peer),
    config: () => ({ context: 'crm', origin: location.origin, instanceId: 'ameyoIframe', app: '' }),
    calls,
    cursor,
    listeners,
    changed: (state) => void states.push(state),
  });
  link.start();
  const from = (data: unknown, over: { source?: unknown; origin?: string; ports?: MessagePort[] } = {}) =>
    arrive({ data, source: far.window, origin: BASE, ...over });
  const port = (over: { source?: unknown; origin?: string } = {}) => {
    const made = line();
    from({ omnibar: 1, say: 'port' }, { ...over, ports: [made.near] });
    return made;
  };
  return {
    ...{ said: far.said, calls, cursor, listeners, opened, states, from, port },
    load: () => loaded(),
    leave: () => (window = null),
    state: () => Object.assign({}, ...states) as DockState,
  };
}

test('says hello to the exact origin when the frame has loaded', () => {
  const { said, load } = start();
  expect(said).toEqual([]);
  load();
  expect(said).toEqual([
    {
      hello: {
        omnibar: 1,
        say: 'hello',
        config: { context: 'crm', origin: location.origin, instanceId: 'ameyoIframe', app: '', last: null },
      },
      target: BASE,
    },
  ]);
});

test('a policy of the page that keeps the frame out is named, at once', () => {
  const { opened, states, state } = start();
  const violation = (effectiveDirective: string, blockedURI: string) =>
    dispatchEvent(Object.assign(new Event('securitypolicyviolation'), { effectiveDirective, blockedURI }));
  violation('img-src', `${BASE}/x.png`);
  violation('frame-src', 'https://elsewhere.example/');
  expect(opened).toEqual(['toolbar']);
  violation('frame-src', `${BASE}/omniapp/toolbar/index.html`);
  violation('frame-src', `${BASE}/omniapp/toolbar/bridge.html`);
  expect(opened).toEqual(['toolbar', 'bridge']);
  expect(state().state).toBe('unreachable');
  expect(state().words).toContain(`frame-src must name ${BASE}`);
  vi.advanceTimersByTime(AGAIN_MS);
  expect(states.at(-1)).toMatchObject({ state: 'loading', frame: 'toolbar' });
});

test('says hello at once to a frame that is ready before it has loaded, and only once', () => {
  const { said, load, from, port } = start();
  from({ omnibar: 1, say: 'ready' });
  load();
  expect(said).toHaveLength(1);
  port();
  from({ omnibar: 1, say: 'ready' });
  expect(said).toHaveLength(2);
});

test('says hello once to a frame whose word comes after its load, and again if it was deaf then', () => {
  const { said, load, from, port, opened } = start();
  load();
  from({ omnibar: 1, say: 'ready' });
  vi.advanceTimersByTime(TWICE_MS - 1);
  expect(said).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(said).toHaveLength(2);
  port();
  vi.advanceTimersByTime(10 * LOAD_MS);
  expect(said).toHaveLength(2);
  load();
  from({ omnibar: 1, say: 'ready' });
  port();
  vi.advanceTimersByTime(10 * LOAD_MS);
  expect(said).toHaveLength(3);
  expect(opened).toEqual(['toolbar']);
});

test('takes a port from the frame\u2019s window and origin only', async () => {
  const { port, calls, load } = start();
  load();
  const forged = [
    port({ origin: 'https://evil.example' }),
    port({ origin: `${BASE}.evil.example` }),
    port({ origin: 'null' }),
    port({ source: window }),
    port({ source: null }),
    port({ source: farWindow().window }),
  ];
  for (const { say } of forged) say(welcome());
  const answer = calls.call('session.login', ['agent1', 'secret']);
  await settled();
  expect(forged.flatMap(({ got }) => got)).toEqual([]);
  const real = port();
  expect(real.got).toMatchObject([{ api: 'session.login' }]);
  for (const { say } of forged) say({ id: 1, value: 'forged' });
  real.say({ id: 1, value: 'Successfully Logged In' });
  await expect(answer).resolves.toBe('Successfully Logged In');
});

test('is not confused by other messages of the page', () => {
  const { from, said, load } = start();
  load();
  const junk = [
    null,
    undefined,
    0,
    'ready',
    [],
    { say: 'ready' },
    { omnibar: 2, say: 'ready' },
    { omnibar: 1 },
  ];
  for (const data of [...junk, { omnibar: 1, say: 'port' }, { omnibar: 1, say: 'toString' }]) from(data);
  for (let i = 0; i < 10_000; i += 1) from({ omnibar: 1, say: 'ready' }, { source: window });
  expect(said).toHaveLength(1);
});

test('a new port takes the place of the old one', async () => {
  const { port, calls, load } = start();
  load();
  const old = port();
  old.say(welcome());
  const lost = calls.call('session.logout', []);
  await settled();
  expect(old.got).toHaveLength(1);
  const fresh = port();
  await expect(lost).rejects.toMatchObject({ errorCode: 1000 });
  expect(old.closed).toHaveBeenCalled();
  old.say(welcome());
  const call = calls.call('session.getCurrentUser', []);
  await settled();
  expect(fresh.got).toEqual([]);
  fresh.say(welcome(), { id: 2, value: 'agent1' });
  await expect(call).resolves.toBe('agent1');
});

test('goes to the bridge when the browser refuses the toolbar, and starts over when nobody answers', () => {
  const { load, opened, state } = start();
  load();
  vi.advanceTimersByTime(SILENT_MS);
  expect(opened).toEqual(['toolbar', 'bridge']);
  expect(state()).toMatchObject({ state: 'loading', frame: 'bridge' });
  vi.advanceTimersByTime(LOAD_MS);
  expect(state()).toMatchObject({ state: 'unreachable', way: 'none' });
  expect(state().words).not.toBe('');
  vi.advanceTimersByTime(AGAIN_MS);
  expect(opened).toEqual(['toolbar', 'bridge', 'toolbar']);
});

test('a frame that answered stays, however long it takes to reach the app', () => {
  const { load, port, opened } = start();
  load();
  port().say({ say: 'asking' });
  vi.advanceTimersByTime(10 * LOAD_MS);
  expect(opened).toEqual(['toolbar']);
});

test('a frame that has no place in the page yet is not late', () => {
  const { leave, opened } = start();
  leave();
  vi.advanceTimersByTime(10 * LOAD_MS);
  expect(opened).toEqual(['toolbar']);
});

test('a frame that loads again is greeted with the last event', () => {
  const { load, port, said, listeners } = start();
  load();
  listeners.add('showCrm', () => undefined);
  port().say(welcome({ seq: 3 }), { seq: 4, namespace: 'crm', event: 'showCrm', payload: {} });
  load();
  expect(said.at(-1)?.hello.config.last).toEqual({ epoch: 'e1', seq: 4 });
});

test('tells every turn: asking, way, words, rights, loss, refusal', async () => {
  const { load, port, states, state, calls } = start();
  load();
  const { say } = port();
  say({ say: 'way', way: 'none', words: 'Looking for the app.' });
  expect(state()).toMatchObject({ state: 'loading', words: 'Looking for the app.' });
  say({ say: 'asking' });
  expect(state()).toMatchObject({ state: 'asking' });
  say({ say: 'way', way: 'relay', words: 'The browser denied the local network.' }, welcome());
  expect(state()).toMatchObject({
    state: 'open',
    frame: 'toolbar',
    way: 'relay',
    words: 'The browser denied the local network.',
    rights: RIGHTS,
  });
  const call = calls.call('session.logout', []);
  await settled();
  say({ say: 'way', way: 'none', words: 'Omnibar is not running.' });
  expect(state()).toMatchObject({ state: 'lost', way: 'none', words: 'Omnibar is not running.' });
  await expect(call).rejects.toMatchObject({ errorCode: 1000 });
  const error = {
    errorType: 'INVALID_ORIGIN',
    errorCode: 1003,
    description: 'This page is blocked.',
  } as const;
  say({ say: 'refused', error });
  expect(state()).toMatchObject({
    state: 'refused',
    words: 'This page is blocked.',
    rights: { dial: false },
  });
  await expect(calls.call('session.logout', [])).rejects.toEqual(error);
  expect(states.length).toBeGreaterThan(4);
});
