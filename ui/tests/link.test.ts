import { describe, expect, it } from 'vitest';
import { words } from '../src/words';
import { CRM, dockWorld, introduce, invalid, welcome } from './dockworld';

describe('the way to the core', () => {
  it('goes directly when the app is found, and keeps the token for the next time', async () => {
    const w = dockWorld({ port: 47622 });
    w.link.begin(introduce);
    await w.welcome();
    expect(w.socket().url).toBe('ws://127.0.0.1:47622/dock');
    expect(w.socket().sent).toEqual([{ say: 'hello', ...introduce(), token: null }]);
    expect(w.link.state).toMatchObject({ state: 'up', way: 'loopback', why: null });
    expect(w.kept.get(CRM)).toBe('agent.token');
  });

  it('goes through the centre with a token when the browser denies the direct way', async () => {
    const w = dockWorld({ trouble: 'denied' });
    w.kept.set(CRM, 'agent.old');
    w.link.begin(introduce);
    await w.welcome();
    expect(w.socket().url).toBe('wss://centre.example/ws/dock');
    expect(w.socket().sent[0]).toEqual({ route: { token: 'agent.old' } });
    expect(w.socket().sent[1]).toMatchObject({ say: 'hello', token: 'agent.old' });
    expect(w.link.state).toMatchObject({ state: 'up', way: 'relay', why: { trouble: 'denied' } });
  });

  it('asks for the pairing code when only the centre can be reached and nothing names the desktop', async () => {
    const w = dockWorld({ trouble: 'denied' });
    w.link.begin(introduce);
    await w.pass(0);
    expect(w.link.state).toEqual({ state: 'unpaired', why: { trouble: 'denied' }, wrong: null });
    expect(w.sockets).toEqual([]);
    w.link.route({ code: '402917' });
    await w.welcome();
    expect(w.socket().sent[0]).toEqual({ route: { code: '402917' } });
    expect(w.link.state.state).toBe('up');
  });

  it('says what was wrong with the code, and takes another', async () => {
    const w = dockWorld({ trouble: 'not_delegated' });
    w.link.begin(introduce);
    await w.pass(0);
    w.link.route({ code: '000000' });
    await w.pass(0);
    w.socket().open();
    w.socket().say({ say: 'refused', error: invalid('The code is wrong.') });
    expect(w.link.state).toMatchObject({ state: 'unpaired', wrong: 'The code is wrong.' });
  });

  it('says that no desktop is there when the centre has none', async () => {
    const w = dockWorld({ trouble: 'denied' });
    w.link.begin(introduce);
    await w.pass(0);
    w.link.route({ user: 'agent1', password: 'secret' });
    await w.pass(0);
    w.socket().open();
    w.socket().end(4404, 'Omnibar is not running.');
    expect(w.link.state).toMatchObject({ state: 'unpaired', wrong: 'Omnibar is not running.' });
  });

  it('says that nobody is signed in, keeps its token, and comes back by itself', async () => {
    const w = dockWorld({ trouble: 'denied' });
    w.kept.set(CRM, 'agent.old');
    w.link.begin(introduce);
    await w.pass(0);
    w.socket().open();
    w.socket().end(4404, 'Omnibar is not running or not signed in.');
    expect(w.link.state).toMatchObject({ state: 'away', absent: true });
    expect(words.dock.way(w.link.state)).toContain('not signed in');
    expect(w.kept.get(CRM)).toBe('agent.old');
    await w.pass(1_000);
    await w.welcome();
    expect(w.socket().sent[0]).toEqual({ route: { token: 'agent.old' } });
    expect(w.link.state).toMatchObject({ state: 'up', way: 'relay' });
    w.socket().end(1006);
    expect(w.link.state).toMatchObject({ state: 'away', absent: false });
  });

  it('connects by itself when the app is started later', async () => {
    const w = dockWorld({ trouble: 'not_running' });
    w.link.begin(introduce);
    await w.pass(0);
    expect(w.link.state.state).toBe('unpaired');
    w.finds.found = { port: 47620 };
    await w.pass(20_000);
    expect(w.socket().url).toBe('ws://127.0.0.1:47620/dock');
    await w.welcome();
    expect(w.link.state.state).toBe('up');
  });

  it('does not ask a browser again that has said no', async () => {
    const w = dockWorld({ trouble: 'denied' });
    w.link.begin(introduce);
    await w.pass(120_000);
    expect(w.finds.count).toBe(1);
  });
});

describe('a connection that is cut', () => {
  it('comes back with growing waits, and tells the last event', async () => {
    const w = dockWorld();
    let last: { epoch: string; seq: number } | null = null;
    w.link.begin(() => ({ ...introduce(), last }));
    await w.welcome();
    last = { epoch: 'e1', seq: 7 };
    w.socket().end();
    expect(w.link.state).toMatchObject({ state: 'away', retry: 400 });
    await w.pass(399);
    expect(w.sockets).toHaveLength(1);
    await w.pass(1);
    expect(w.sockets).toHaveLength(2);
    // The app is gone; the centre is tried, and has no desktop either.
    w.socket().end();
    w.socket().end(4404, 'Omnibar is not running.');
    expect(w.link.state).toMatchObject({ state: 'away', retry: 800 });
    await w.pass(800);
    w.socket().end();
    w.socket().end();
    expect(w.link.state).toMatchObject({ state: 'away', retry: 1_600 });
    await w.pass(1_600);
    w.socket().open();
    expect(w.socket().sent).toEqual([
      { say: 'hello', ...introduce(), last: { epoch: 'e1', seq: 7 }, token: 'agent.token' },
    ]);
  });

  it('changes to the centre when the app takes no connection', async () => {
    const w = dockWorld();
    w.kept.set(CRM, 'agent.old');
    w.link.begin(introduce);
    await w.pass(0);
    w.socket().end();
    expect(w.socket().url).toBe('wss://centre.example/ws/dock');
    expect(w.link.state).toMatchObject({ state: 'connecting', way: 'relay' });
  });

  it('gives up one that says nothing for ten seconds', async () => {
    const w = dockWorld();
    w.link.begin(introduce);
    await w.pass(0);
    w.socket().open();
    await w.pass(10_000);
    expect(w.link.state.state).toBe('away');
  });

  it('hears nothing from a connection that was given up', async () => {
    const w = dockWorld();
    w.link.begin(introduce);
    const old = await w.welcome();
    w.link.retry();
    await w.pass(0);
    old.end();
    old.say(welcome('e9'));
    expect(w.link.state.state).toBe('connecting');
  });
});

describe('the agent’s word', () => {
  it('waits for as long as the agent thinks', async () => {
    const w = dockWorld();
    w.link.begin(introduce);
    await w.pass(0);
    w.socket().open();
    w.socket().say({ say: 'asking' });
    await w.pass(600_000);
    expect(w.link.state).toEqual({ state: 'asking', way: 'loopback' });
    w.socket().say(welcome());
    expect(w.link.state.state).toBe('up');
  });

  it('is the last: a page that was sent away stays away, without its token', async () => {
    const w = dockWorld();
    w.link.begin(introduce);
    await w.welcome();
    w.socket().say({ say: 'refused', error: invalid('The agent has blocked it.') });
    await w.pass(60_000);
    expect(w.link.state).toMatchObject({ state: 'refused', error: { errorCode: 1003 } });
    expect(w.kept.has(CRM)).toBe(false);
    expect(w.sockets).toHaveLength(1);
  });

  it('a token that is of no use makes the page a stranger, once', async () => {
    const w = dockWorld();
    w.kept.set(CRM, 'stolen');
    w.link.begin(introduce);
    await w.pass(0);
    w.socket().open();
    w.socket().say({ say: 'refused', error: invalid('The token is another’s.') });
    await w.pass(0);
    w.socket().open();
    expect(w.socket().sent).toEqual([{ say: 'hello', ...introduce(), token: null }]);
    w.socket().say({ say: 'refused', error: invalid('Blocked.') });
    await w.pass(60_000);
    expect(w.sockets).toHaveLength(2);
    expect(w.link.state.state).toBe('refused');
  });
});

it('what is no frame changes nothing', async () => {
  const w = dockWorld();
  w.link.begin(introduce);
  await w.welcome();
  const heard: unknown[] = [];
  w.link.onFrame((frame) => heard.push(frame));
  const junk = ['', 'null', '[]', '{', '{"say":"sudo"}', '{"say":{}}', '"welcome"', new Blob(['{}'])];
  for (const data of junk) w.socket().raw(data);
  expect(heard).toEqual([]);
  expect(w.link.state.state).toBe('up');
});
