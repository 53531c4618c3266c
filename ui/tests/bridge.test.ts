import { describe, expect, it } from 'vitest';
import { signs } from '../src/host/fixture/views';
import { CRM, dockWorld, invalid, page } from './dockworld';

const event = (seq: number) => ({
  say: 'event' as const,
  seq,
  namespace: 'interaction',
  event: 'showCrm',
  payload: { interactionId: 'i1' },
});

/** A page that is in. */
async function docked() {
  const w = dockWorld();
  const p = page(w);
  p.hello();
  const socket = await w.welcome('e1', 4);
  await p.settled(3);
  return { w, p, socket };
}

describe('who is heard', () => {
  it('calls for a hello without saying anything to a stranger', () => {
    const p = page(dockWorld());
    expect(p.posted).toEqual([{ data: { omnibar: 1, say: 'ready' }, target: '*', port: null }]);
  });

  it('gives the port to exactly the origin that said hello', async () => {
    const { w, p, socket } = await docked();
    expect(p.posted.at(-1)).toMatchObject({ data: { omnibar: 1, say: 'port' }, target: CRM });
    expect(socket.sent[0]).toMatchObject({
      say: 'hello',
      origin: CRM,
      claimed: CRM,
      instance: 'ameyoIframe',
    });
    expect(p.got).toContainEqual(expect.objectContaining({ say: 'welcome', epoch: 'e1', seq: 4 }));
    expect(JSON.stringify(p.got)).not.toContain('agent.token');
    expect(w.kept.get(CRM)).toBe('agent.token');
  });

  it.each([
    ['another window', { source: window as MessageEventSource }],
    ['nobody', { source: null as unknown as MessageEventSource }],
  ])('takes no hello from %s', async (_, more) => {
    const w = dockWorld();
    const p = page(w);
    p.hello(CRM, more);
    await w.pass(0);
    expect(p.posted).toHaveLength(1);
    expect(w.sockets).toEqual([]);
  });

  it('takes no hello from a page without an origin', async () => {
    const w = dockWorld();
    const p = page(w);
    p.hello('null');
    await w.pass(0);
    expect(p.posted).toHaveLength(1);
    expect(w.sockets).toEqual([]);
  });

  it('refuses a page that says it is another, and connects nobody', async () => {
    const w = dockWorld();
    const p = page(w);
    p.hello('https://evil.example', { said: CRM });
    await p.settled(1);
    expect(p.got[0]).toMatchObject({
      say: 'refused',
      error: { errorType: 'INVALID_ORIGIN', errorCode: 1003 },
    });
    await w.pass(0);
    expect(w.sockets).toEqual([]);
  });

  it.each([
    null,
    'hello',
    { say: 'hello', config: {} },
    { omnibar: 2, say: 'hello', config: { origin: CRM, instanceId: 'a', last: null } },
    { omnibar: 1, say: 'hello', config: { origin: CRM, instanceId: 'a'.repeat(129), last: null } },
    { omnibar: 1, say: 'hello', config: { origin: CRM, instanceId: 'a', last: { epoch: 'e', seq: -1 } } },
    { omnibar: 1, say: 'hello', config: { origin: CRM, instanceId: 'a', last: { epoch: 'e', seq: 1e300 } } },
  ])('is deaf to %j', async (data) => {
    const w = dockWorld();
    const p = page(w);
    window.dispatchEvent(new MessageEvent('message', { data, origin: CRM, source: p.window }));
    await w.pass(0);
    expect(p.posted).toHaveLength(1);
  });

  it('speaks for a sandboxed app in the centre’s origin and by the app’s name', async () => {
    const w = dockWorld();
    const p = page(w, {
      opaque: 'https://centre.example',
      app: 'notes',
      appVersion: '1.0',
      context: 'app',
      instance: 'panel-4',
    });
    p.hello('null');
    expect(p.posted.at(-1)?.target).toBe('*');
    const socket = await w.welcome();
    expect(socket.sent[0]).toMatchObject({
      origin: 'https://centre.example',
      context: 'app',
      app: 'notes',
      app_version: '1.0',
      instance: 'panel-4',
    });
    expect(socket.sent[0]).not.toHaveProperty('claimed');
  });
});

describe('calls', () => {
  it('go to the core, and each answer back once', async () => {
    const { w, p, socket } = await docked();
    p.call({ id: 1, api: 'session.getUserInfo', arguments: [] });
    p.call({ id: 2, api: 'interaction.initiateInteraction', arguments: ['voice'] });
    await expect.poll(() => socket.sent.length).toBe(3);
    expect(socket.sent[2]).toEqual({
      say: 'call',
      id: 2,
      api: 'interaction.initiateInteraction',
      arguments: ['voice'],
    });
    p.got.length = 0;
    socket.say({ say: 'done', id: 1, value: { userId: 'agent1' } });
    socket.say({ say: 'done', id: 1, value: 'again' });
    socket.say({ say: 'failed', id: 2, error: invalid('The right to dial is missing.') });
    socket.say({ say: 'done', id: 99, value: 'never asked' });
    await p.settled(2);
    await w.pass(0);
    expect(p.got).toEqual([
      { id: 1, value: { userId: 'agent1' } },
      { id: 2, error: invalid('The right to dial is missing.') },
    ]);
  });

  it.each([
    [
      'a circle',
      () => {
        const a: unknown[] = [];
        a.push(a);
        return a;
      },
    ],
    ['a BigInt', () => [1n]],
    ['no list', () => ({ phone: '1' })],
    ['200 kB', () => ['x'.repeat(200_000)]],
    [
      'nesting without end',
      () => {
        let deep: unknown[] = [];
        for (let i = 0; i < 1_000; i += 1) deep = [deep, 'x'.repeat(100)];
        return deep;
      },
    ],
  ])('with %s are refused here', async (_, make) => {
    const { p, socket } = await docked();
    p.got.length = 0;
    p.call({ id: 5, api: 'http.invokeECCAPI', arguments: make() });
    await p.settled(1);
    expect(p.got[0]).toMatchObject({ id: 5, error: { errorType: 'REQUIRED_FIELD_MISSING' } });
    expect(socket.sent).toHaveLength(1);
  });

  it('may be as long through the centre as on this machine', async () => {
    const long = { id: 8, api: 'http.invokeThirdPartyAPI', arguments: ['x'.repeat(180_000)] };
    const near = await docked();
    near.p.call(long);
    await expect.poll(() => near.socket.sent.length).toBe(2);
    const far = dockWorld({ trouble: 'denied' });
    far.kept.set(CRM, 'agent.old');
    const p = page(far);
    p.hello();
    const socket = await far.welcome();
    await p.settled(2);
    p.call(long);
    await expect.poll(() => socket.sent.length).toBe(3);
  });

  it('that are none are not answered', async () => {
    const { p, socket } = await docked();
    p.got.length = 0;
    for (const junk of [
      null,
      7,
      {},
      { id: -1, api: 'x', arguments: [] },
      { id: 2 ** 32, api: 'x' },
      { id: 1, api: {} },
    ]) {
      p.call(junk);
    }
    p.call({ id: 6, api: 'session.logout', arguments: [] });
    await expect.poll(() => socket.sent.length).toBe(2);
    expect(p.got).toEqual([]);
  });

  it('under way when the connection is cut end in TIMEOUT, and new ones too', async () => {
    const { p, socket } = await docked();
    p.call({ id: 1, api: 'session.getUserInfo', arguments: [] });
    await expect.poll(() => socket.sent.length).toBe(2);
    p.got.length = 0;
    socket.end();
    await p.settled(2);
    expect(p.got[0]).toMatchObject({ id: 1, error: { errorType: 'TIMEOUT', errorCode: 1000 } });
    expect(p.got[1]).toMatchObject({ say: 'way', way: 'none' });
    p.call({ id: 2, api: 'session.getUserInfo', arguments: [] });
    await p.settled(3);
    expect(p.got[2]).toMatchObject({ id: 2, error: { errorType: 'TIMEOUT' } });
  });
});

describe('a sign-in before the page is in', () => {
  it('names the desktop to the centre, then goes to the core', async () => {
    const w = dockWorld({ trouble: 'denied' });
    const p = page(w);
    p.hello();
    await w.pass(0);
    expect(w.link.state.state).toBe('unpaired');
    p.call({ id: 1, api: 'session.login', arguments: ['agent1', 'secret'] });
    await expect.poll(() => w.sockets.length).toBe(1);
    const socket = await w.welcome();
    expect(socket.sent[0]).toEqual({ route: { user: 'agent1', password: 'secret' } });
    await expect.poll(() => socket.sent.length).toBe(3);
    expect(socket.sent[2]).toMatchObject({ say: 'call', id: 1, api: 'session.login' });
  });

  it('says why it failed', async () => {
    const w = dockWorld({ trouble: 'denied' });
    const p = page(w);
    p.hello();
    await w.pass(0);
    p.got.length = 0;
    p.call({ id: 1, api: 'session.forceLogin', arguments: [{ username: 'agent1', password: 'wrong' }] });
    await expect.poll(() => w.sockets.length).toBe(1);
    w.socket().open();
    w.socket().say({ say: 'refused', error: invalid('User or password is wrong.') });
    await expect.poll(() => p.got).toContainEqual({ id: 1, error: invalid('User or password is wrong.') });
    // What was wrong then says nothing of the next try.
    p.call({ id: 2, api: 'session.login', arguments: ['agent1', 'right'] });
    await expect.poll(() => w.sockets.length).toBe(2);
    w.socket().open();
    expect(w.socket().sent[0]).toEqual({ route: { user: 'agent1', password: 'right' } });
  });
});

describe('events', () => {
  it('are passed on, and the newest is told at the next hello', async () => {
    const { w, p, socket } = await docked();
    p.got.length = 0;
    socket.say(event(5));
    socket.say(event(6));
    await p.settled(2);
    expect(p.got[1]).toEqual({
      seq: 6,
      namespace: 'interaction',
      event: 'showCrm',
      payload: { interactionId: 'i1' },
    });
    socket.end();
    await w.pass(400);
    w.socket().open();
    expect(w.socket().sent[0]).toMatchObject({ say: 'hello', last: { epoch: 'e1', seq: 6 } });
  });

  it('of an earlier life of the page begin where it stopped', async () => {
    const w = dockWorld();
    const p = page(w);
    p.hello(CRM, { last: { epoch: 'e1', seq: 3 } });
    await w.pass(0);
    w.socket().open();
    expect(w.socket().sent[0]).toMatchObject({ last: { epoch: 'e1', seq: 3 } });
  });

  it('of views and levels are not the page’s', async () => {
    const { p, socket } = await docked();
    p.got.length = 0;
    socket.say({ say: 'meter', meter: { microphone: 1, speaker: 1, quality: null, signs } });
    socket.say(event(9));
    await p.settled(1);
    expect(p.got).toHaveLength(1);
  });

  it('go to the newest hello only', async () => {
    const { w, p } = await docked();
    p.hello();
    p.got.length = 0;
    await w.welcome('e1', 4);
    w.socket().say(event(5));
    const five = () => p.got.filter((m) => (m as { event?: string }).event !== undefined);
    await expect.poll(five).toHaveLength(1);
  });
});
