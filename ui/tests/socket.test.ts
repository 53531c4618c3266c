import { describe, expect, it, vi } from 'vitest';
import type { View } from '../src/contract/generated';
import { socketHost } from '../src/host/socket';
import { asks, empty } from '../src/host/fixture/dock';
import { signs, view } from '../src/host/fixture/views';
import { App } from '../src/state/app.svelte';
import { dockWorld, introduce } from './dockworld';

async function host() {
  const w = dockWorld();
  const h = socketHost(w.link);
  w.link.begin(introduce);
  const socket = await w.welcome();
  return { w, h, socket };
}

const said = (socket: { sent: unknown[] }, what: string) =>
  socket.sent.filter((f) => (f as { say: string }).say === what);

describe('the three doors over a socket', () => {
  it('posts intents, but what is the window’s', async () => {
    const { h, socket } = await host();
    await h.intent({ to: 'desk', ask: { do: 'toggle_mute' } });
    await h.intent({ to: 'window', ask: { do: 'painted' } });
    expect(said(socket, 'intent')).toEqual([
      { say: 'intent', intent: { to: 'desk', ask: { do: 'toggle_mute' } } },
    ]);
  });

  it('refuses an intent that nobody can take', async () => {
    const { h, socket } = await host();
    socket.end();
    await expect(h.intent({ to: 'desk', ask: { do: 'toggle_mute' } })).rejects.toEqual({ fault: 'not_here' });
  });

  it('watches only while somebody sees it, also after a cut', async () => {
    const { w, h, socket } = await host();
    h.seen(false);
    h.seen(false);
    h.seen(true);
    h.seen(false);
    const watch = (on: boolean) => ({ say: 'watch', views: on, meters: on });
    expect(said(socket, 'watch')).toEqual([watch(true), watch(false), watch(true), watch(false)]);
    socket.end();
    await w.pass(400);
    await w.welcome();
    expect(said(w.socket(), 'watch')).toEqual([watch(false)]);
  });

  it('shows the newest view to who comes late, and passes levels on', async () => {
    const { h, socket } = await host();
    socket.say({ say: 'view', view: view() });
    const views: View[] = [];
    const meters: unknown[] = [];
    h.onView((v) => views.push(v));
    const off = h.onMeter((m) => meters.push(m));
    const meter = { microphone: 0.5, speaker: 0, quality: null, signs };
    socket.say({ say: 'meter', meter });
    off();
    socket.say({ say: 'meter', meter });
    expect(views).toHaveLength(1);
    expect(meters).toEqual([meter]);
  });

  it('goes on rising when the app has been started again', async () => {
    const { w, h, socket } = await host();
    const app = new App(h);
    app.connect();
    socket.say({ say: 'view', view: { ...view(), revision: 900 } });
    socket.end();
    await w.pass(400);
    await w.welcome('e2');
    w.socket().say({ say: 'view', view: { ...view({ desk: { muted: true } }), revision: 1 } });
    await w.pass(32);
    expect(app.view?.desk.muted).toBe(true);
    app.clock.pause();
  });

  it('shows the newest view with the next picture, and passes events on before', async () => {
    vi.stubGlobal('requestAnimationFrame', () => 1);
    vi.stubGlobal('cancelAnimationFrame', () => undefined);
    const { w, h, socket } = await host();
    const seen: (boolean | string)[] = [];
    h.onView((v) => seen.push(v.desk.muted));
    w.link.onFrame((f) => f.say === 'event' && seen.push(f.event));
    socket.say({ say: 'view', view: { ...view({ desk: { muted: true } }), revision: 1 } });
    socket.say({ say: 'view', view: { ...view({ desk: { muted: false } }), revision: 2 } });
    socket.say({ say: 'event', seq: 1, namespace: 'session', event: 'userLoggedIn', payload: null });
    expect(seen).toEqual(['userLoggedIn']);
    // In a frame that is not drawn there is no next picture.
    await w.pass(32);
    expect(seen).toEqual(['userLoggedIn', false]);
    vi.unstubAllGlobals();
  });

  it('shows a page nothing that is to be decided about pages, and no window to shape', async () => {
    const { h, socket } = await host();
    const dock = { ...empty, origins: [asks], pairing_code: '402917' };
    socket.say({ say: 'view', view: view({ view: { dock } }) });
    const app = new App(h);
    app.connect();
    expect(app.asking).toEqual([]);
    expect(JSON.stringify(app.view)).not.toContain('402917');
    expect(app.view?.window.can_shape).toBe(false);
    app.clock.pause();
  });
});
