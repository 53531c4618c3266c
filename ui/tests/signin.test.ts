import { afterEach, expect, it, vi } from 'vitest';
import type { View } from '../src/contract/generated';
import { campaigns, view } from '../src/host/fixture/views';
import { world } from './world';

afterEach(() => void vi.useRealTimers());

const signedOut = (change: Partial<View> = {}, fault: { fault: 'elsewhere' } | null = null) =>
  view({
    desk: { session: { state: 'signed_out', fault } },
    view: { remembered: { centre: '', user: null, password: false }, ...change },
  });

it('asks for the painted window once something is on the screen', async () => {
  const w = await world(signedOut());
  await w.pass(50);
  expect(w.sent()).toContainEqual({ to: 'window', ask: { do: 'painted' } });
  expect(w.sent().filter((i) => i.to === 'window')).toHaveLength(1);
});

it('signs in with what was typed', async () => {
  const w = await world(signedOut());
  expect((w.get('signin-submit') as HTMLButtonElement).disabled).toBe(true);
  await w.type('signin-centre', ' ws://127.0.0.1:4400 ');
  await w.type('signin-user', 'agent1');
  await w.type('signin-password', 'demo');
  await w.click('signin-remember');
  await w.click('signin-submit');
  expect(w.sent()).toContainEqual({
    to: 'sign_in',
    centre: 'ws://127.0.0.1:4400',
    user: 'agent1',
    password: 'demo',
    remember: true,
    take_over: false,
  });
});

it('uses the password in the keychain when nothing else was typed', async () => {
  const remembered = { centre: 'ws://127.0.0.1:4400', user: 'agent1', password: true };
  const w = await world(signedOut({ remembered }));
  await w.click('signin-submit');
  expect(w.sent().find((i) => i.to === 'sign_in')).toMatchObject({ password: null, remember: true });
});

it('wants the password again for another user', async () => {
  const remembered = { centre: 'ws://127.0.0.1:4400', user: 'agent1', password: true };
  const w = await world(signedOut({ remembered }));
  await w.type('signin-user', 'agent2');
  expect((w.get('signin-submit') as HTMLButtonElement).disabled).toBe(true);
});

it('keeps what was typed through a fault, and can take over', async () => {
  const w = await world(signedOut());
  await w.type('signin-centre', 'ws://127.0.0.1:4400');
  await w.type('signin-user', 'agent1');
  await w.type('signin-password', 'demo');
  await w.push(signedOut({}, { fault: 'elsewhere' }));
  expect(w.get('signin-fault').textContent).toContain('another computer');
  expect((w.get('signin-password') as HTMLInputElement).value).toBe('demo');
  await w.click('signin-take-over');
  expect(w.sent().find((i) => i.to === 'sign_in')).toMatchObject({ take_over: true, password: 'demo' });
});

it('takes a remembered centre that comes late, but not over what was typed', async () => {
  const w = await world(signedOut());
  const late = signedOut({ remembered: { centre: 'ws://127.0.0.1:4401', user: 'agent2', password: false } });
  await w.type('signin-user', 'agent1');
  await w.push(late);
  expect((w.get('signin-centre') as HTMLInputElement).value).toBe('ws://127.0.0.1:4401');
  expect((w.get('signin-user') as HTMLInputElement).value).toBe('agent1');
});

it('shows and hides the password', async () => {
  const w = await world(signedOut());
  await w.click('signin-show');
  expect((w.get('signin-password') as HTMLInputElement).type).toBe('text');
  await w.click('signin-show');
  expect((w.get('signin-password') as HTMLInputElement).type).toBe('password');
});

it('fills the demo account in', async () => {
  const w = await world(
    signedOut({
      remembered: { centre: 'ws://127.0.0.1:4400', user: null, password: false },
      window: { shape: { dock: 'floating', edge: 'right' }, can_shape: true, demo: true },
    }),
  );
  await w.click('demo-fill');
  await w.click('signin-submit');
  expect(w.sent().find((i) => i.to === 'sign_in')).toMatchObject({ user: 'agent1', password: 'demo' });
});

const choosing = (several: boolean) =>
  view({
    desk: {
      session: {
        state: 'choosing',
        user: 'agent1',
        name: 'Robin Vale',
        campaigns: several ? campaigns : campaigns.slice(0, 1),
        extensions: [{ id: 'centre', name: 'This computer', kind: 'centre' }],
        pending: false,
      },
    },
  });

it('a single campaign and extension are chosen already', async () => {
  const w = await world(choosing(false));
  await w.settle();
  await w.click('choose-next');
  expect(w.asks()).toContainEqual({ do: 'choose', campaigns: ['support'], extension: 'centre' });
});

it('all campaigns are chosen already, and any can be left out', async () => {
  const w = await world(choosing(true));
  await w.settle();
  expect((w.get('choose-next') as HTMLButtonElement).disabled).toBe(false);
  await w.click('campaign-support');
  await w.click('choose-next');
  const rest = campaigns.map((c) => c.id).filter((id) => id !== 'support');
  expect(w.asks()).toContainEqual({ do: 'choose', campaigns: rest, extension: 'centre' });
});

it('nobody works in no campaign', async () => {
  const w = await world(choosing(true));
  await w.settle();
  for (const { id } of campaigns) await w.click(`campaign-${id}`);
  expect((w.get('choose-next') as HTMLButtonElement).disabled).toBe(true);
});

it('one of several extensions has to be chosen', async () => {
  const choice = choosing(true);
  if (choice.desk.session.state !== 'choosing') throw new Error('not choosing');
  choice.desk.session.extensions.push({ id: 'desk', name: 'Desk phone', kind: 'phone' });
  const w = await world(choice);
  await w.settle();
  expect((w.get('choose-next') as HTMLButtonElement).disabled).toBe(true);
  await w.click('extension-desk');
  await w.click('choose-next');
  expect(w.asks()).toContainEqual({ do: 'choose', campaigns: campaigns.map((c) => c.id), extension: 'desk' });
});

it('a page fills in the user, until the agent types another', async () => {
  const base = view().dock;
  const filled = (user: string | null) => signedOut({ dock: { ...base, user } });
  const field = () => w.get('signin-user') as HTMLInputElement;
  const w = await world(filled(null));
  await w.push(filled('agent7'));
  expect(field().value).toBe('agent7');
  expect((w.get('signin-password') as HTMLInputElement).value).toBe('');
  await w.type('signin-centre', 'ws://127.0.0.1:4400');
  await w.type('signin-password', 'demo');
  await w.click('signin-submit');
  expect(w.sent().find((i) => i.to === 'sign_in')).toMatchObject({ user: 'agent7' });
  await w.type('signin-user', 'agent2');
  await w.push(filled('agent8'));
  expect(field().value).toBe('agent2');
});

it('a page names the user before the one that is remembered, and not his password', async () => {
  const remembered = { centre: 'ws://127.0.0.1:4400', user: 'agent1', password: true };
  const w = await world(signedOut({ remembered, dock: { ...view().dock, user: 'agent7' } }));
  expect((w.get('signin-user') as HTMLInputElement).value).toBe('agent7');
  expect((w.get('signin-submit') as HTMLButtonElement).disabled).toBe(true);
});

it('a page chooses the extension, if it is one of the agent’s', async () => {
  const filled = (extension: string | null) => {
    const choice = choosing(true);
    if (choice.desk.session.state !== 'choosing') throw new Error('not choosing');
    choice.desk.session.extensions.push({ id: 'desk', name: 'Desk phone', kind: 'phone' });
    return { ...choice, dock: { ...choice.dock, extension } };
  };
  const w = await world(filled(null));
  await w.settle();
  expect(w.find('choose-filled')).toBeNull();
  await w.push(filled('desk-99'));
  expect(w.get('choose-filled').textContent).toContain('“desk-99”');
  expect((w.get('choose-next') as HTMLButtonElement).disabled).toBe(true);
  await w.push(filled('desk'));
  expect(w.find('choose-filled')).toBeNull();
  expect(w.get('extension-desk').getAttribute('aria-checked')).toBe('true');
  await w.click('choose-next');
  expect(w.asks()).toContainEqual({ do: 'choose', campaigns: campaigns.map((c) => c.id), extension: 'desk' });
});

it('misses the centre only when signed in', async () => {
  const link = { state: 'down' } as const;
  const w = await world(view({ desk: { session: { state: 'signed_out', fault: null }, link } }));
  expect(w.find('banner-link')).toBeNull();
  await w.push(view({ desk: { link } }));
  expect(w.get('banner-link').textContent).toContain('away');
});

it('goes on from sign-in to the choice, and from the choice to work', async () => {
  const w = await world(signedOut());
  expect(w.find('banner-link')).toBeNull();
  await w.push(
    view({ desk: { session: { state: 'signing_in', centre: 'ws://127.0.0.1:4400', user: 'agent1' } } }),
  );
  await w.push(choosing(true));
  expect(w.find('choose-next')).not.toBeNull();
  await w.push(choosing(false));
  await w.push(view());
  expect(w.find('home')).not.toBeNull();
});
