import { describe, expect, it } from 'vitest';
import { findLoopback, type Permission, type Surroundings } from '../src/dock/way';

interface Machine {
  /** What answers on each port: the app, the app for another centre, or another program. */
  ports?: Record<number, 'ours' | 'other' | 'web'>;
  permission?: Permission[];
  delegated?: boolean;
  /** Ports at which a socket opens unasked; `null`: this browser asks about sockets too. */
  free?: number[] | null;
}

function machine({ ports = {}, permission = ['unknown'], delegated = true, free = null }: Machine) {
  const asked: string[] = [];
  const said = [...permission];
  const knocked: string[] = [];
  const world: Surroundings = {
    permission: async () => (said.length > 1 ? said.shift()! : said[0]!),
    delegated: () => delegated,
    knock:
      free &&
      (async (url) => {
        knocked.push(url);
        return free.includes(Number(new URL(url).port));
      }),
    async fetch(url, { mode }) {
      asked.push(url);
      const there = ports[Number(new URL(url).port)];
      if (!there) throw new TypeError('refused');
      if (mode === 'no-cors') return Response.error();
      // Without the header that shares it, the browser tells nothing of the answer.
      if (there === 'other') throw new TypeError('not shared');
      return Response.json(there === 'ours' ? { omnibar: 1 } : { name: 'printer' });
    },
  };
  let asking = 0;
  return { find: () => findLoopback(world, () => (asking += 1)), asked, knocked, asking: () => asking };
}

describe('looking for the app', () => {
  it('tries the ports in order and stops at the app', async () => {
    const m = machine({ ports: { 47620: 'web', 47622: 'ours', 47624: 'ours' } });
    expect(await m.find()).toEqual({ port: 47622 });
    expect(m.asked.map((url) => new URL(url).port)).toEqual(['47620', '47621', '47622']);
    expect(m.asked.every((url) => url.startsWith('http://127.0.0.1:'))).toBe(true);
  });

  it('says that it is not running', async () => {
    expect(await machine({}).find()).toEqual({ trouble: 'not_running' });
  });

  it('tells an app of another centre from none', async () => {
    const m = machine({ ports: { 47620: 'other' } });
    expect(await m.find()).toEqual({ trouble: 'wrong_centre' });
  });

  it('asks nothing of a browser that has said no', async () => {
    const m = machine({ permission: ['denied'], ports: { 47620: 'ours' } });
    expect(await m.find()).toEqual({ trouble: 'denied' });
    expect(m.asked).toEqual([]);
  });

  it('tells the page’s developer from the agent', async () => {
    const m = machine({ permission: ['denied'], delegated: false });
    expect(await m.find()).toEqual({ trouble: 'not_delegated' });
  });

  it('asks the agent nothing where sockets are open unasked', async () => {
    const m = machine({ permission: ['prompt'], free: [47621] });
    expect(await m.find()).toEqual({ port: 47621 });
    expect(m.knocked).toEqual(['ws://127.0.0.1:47620/dock', 'ws://127.0.0.1:47621/dock']);
    expect([m.asked, m.asking()]).toEqual([[], 0]);
  });

  it('asks when no socket opens, and knocks nowhere that the agent has forbidden', async () => {
    const m = machine({ permission: ['prompt', 'granted'], free: [], ports: { 47620: 'ours' } });
    expect(await m.find()).toEqual({ port: 47620 });
    expect(m.asking()).toBe(1);
    const blocked = machine({ permission: ['denied'], free: [47620] });
    expect(await blocked.find()).toEqual({ trouble: 'denied' });
    expect(blocked.knocked).toEqual([]);
  });

  it('tells the agent beforehand that the browser will ask, and hears the no', async () => {
    const m = machine({ permission: ['prompt', 'denied'] });
    expect(await m.find()).toEqual({ trouble: 'denied' });
    expect(m.asking()).toBe(1);
    expect(m.asked).toHaveLength(1);
  });

  it('goes on when the browser asks only in principle', async () => {
    const m = machine({ permission: ['prompt'], ports: { 47621: 'ours' } });
    expect(await m.find()).toEqual({ port: 47621 });
  });
});
