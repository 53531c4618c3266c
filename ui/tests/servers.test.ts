import { describe, expect, it, vi } from 'vitest';
import type { TurnServer } from '../src/contract/generated';
import { view } from '../src/host/fixture/views';
import { world } from './world';

const RELAY = 'turn:relay.example:3478';

async function connection(ice_servers: TurnServer[]) {
  const settings = { ...view().settings, ice_servers };
  const w = await world({ ...view(), settings });
  w.app.open('settings');
  await w.settle();
  await vi.dynamicImportSettled();
  await w.settle();
  await w.click('settings-connection');
  await w.settle();
  return w;
}

const settingsSent = (w: Awaited<ReturnType<typeof connection>>) =>
  w.sent().flatMap((i) => (i.to === 'settings' ? [i.ask] : []));

describe('servers of one’s own', () => {
  it('sends a password once, by itself, after the server is saved', async () => {
    const w = await connection([]);
    expect(w.find('ice-server-password')).toBeNull();
    await w.type('ice-server-url', RELAY);
    await w.type('ice-server-user', 'branch7');
    await w.type('ice-server-password', 'sesame');
    expect((w.get('ice-server-password') as HTMLInputElement).type).toBe('password');
    await w.click('ice-server-add');
    await w.settle();
    const [save, set, ...rest] = settingsSent(w);
    const server = { url: RELAY, username: 'branch7', credential: false };
    expect(save).toMatchObject({ do: 'save', settings: { ice_servers: [server] } });
    expect(JSON.stringify(save)).not.toContain('sesame');
    expect(set).toEqual({
      do: 'set_turn_credential',
      url: RELAY,
      username: 'branch7',
      credential: 'sesame',
    });
    expect(rest).toEqual([]);
    expect(document.body.innerHTML).not.toContain('sesame');
  });

  it('says that a password is saved, and of which server', async () => {
    const w = await connection([
      { url: RELAY, username: 'branch7', credential: true },
      { url: 'turn:other.example', username: '', credential: false },
    ]);
    expect(w.all('ice-server')).toHaveLength(2);
    expect(w.all('ice-server-saved').map((e) => e.textContent)).toEqual(['Password saved']);
    expect(w.all('ice-server')[0]!.contains(w.get('ice-server-saved'))).toBe(true);
  });

  it('asks no password for a STUN server', async () => {
    const w = await connection([]);
    await w.type('ice-server-url', 'stun:stun.example:3478');
    expect(w.find('ice-server-password')).toBeNull();
    await w.click('ice-server-add');
    expect(settingsSent(w).map((ask) => ask.do)).toEqual(['save']);
  });
});
