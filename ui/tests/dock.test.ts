import { render } from '@testing-library/svelte';
import axe from 'axe-core';
import { describe, expect, it, vi } from 'vitest';
import type { DockIntent, DockView } from '../src/contract/generated';
import Docked from '../src/dock/Docked.svelte';
// The app loads it when it is opened first, which takes seconds on a busy machine.
import '../src/features/settings/Settings.svelte';
import { address } from '../src/features/dock/origins';
import { fixtureOf } from '../src/host/fixture';
import { allowed, asks, cases, contact, empty, lookalike, origins } from '../src/host/fixture/dock';
import { call, view } from '../src/host/fixture/views';
import { App } from '../src/state/app.svelte';
import { dockWorld, introduce, invalid } from './dockworld';
import { world, type World } from './world';

const docked = (dock: Partial<DockView>, desk = {}) => view({ desk, view: { dock: { ...empty, ...dock } } });
const decided = (w: World): DockIntent[] => w.sent().flatMap((i) => (i.to === 'dock' ? [i.ask] : []));

async function clean(): Promise<void> {
  vi.useRealTimers();
  // jsdom draws nothing, so that contrast is computed in contrast.test.ts.
  const { violations } = await axe.run(document.body, {
    rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
  });
  expect(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join('\n')}`)).toEqual([]);
}

describe('the question in the app’s window', () => {
  it('gives nothing that was not chosen', async () => {
    const w = await world(docked({ origins: [asks] }));
    await w.settle();
    expect(w.get('dock-ask-origin').textContent).toBe('https://crm.example');
    expect(w.get('dock-allow')).toHaveProperty('disabled', true);
    await w.click('dock-right-events');
    await w.click('dock-right-customers');
    await w.click('dock-allow');
    expect(decided(w)).toEqual([
      {
        do: 'allow',
        origin: 'https://crm.example',
        rights: { events: true, control: false, customers: true, dial: false },
      },
    ]);
    await clean();
  });

  it('takes no click that was meant for what stood there before', async () => {
    const w = await world(docked({}));
    await w.settle();
    await w.push(docked({ origins: [asks] }));
    expect(w.get('dock-allow').dataset.guarded).toBe('');
    await w.click('dock-block');
    await w.click('dock-not-now');
    expect(decided(w)).toEqual([]);
    await w.settle();
    await w.click('dock-not-now');
    expect(decided(w)).toEqual([{ do: 'forget', origin: 'https://crm.example' }]);
  });

  it('begins anew for the next page, with all switches off and held back', async () => {
    const w = await world(docked({ origins: [asks, lookalike] }));
    await w.settle();
    await w.click('dock-rights-all');
    await w.push(docked({ origins: [lookalike] }));
    expect(w.get('dock-ask').dataset.origin).toBe(lookalike.origin);
    expect(w.get('dock-right-dial').dataset.state).toBe('unchecked');
    expect(w.get('dock-allow').dataset.guarded).toBe('');
  });

  it('warns of letters that look like others, and shows what the name really is', async () => {
    const w = await world(docked({ origins: [lookalike] }));
    expect(w.get('dock-ask-origin').textContent).toBe('https://xn--rm-plc.example:8443');
    expect(w.get('dock-ask-warning').textContent).toContain('other alphabets');
  });

  it('does not cover a call: it waits on one line', async () => {
    const w = await world(docked({ origins: [asks] }, { calls: [call()] }));
    await w.settle();
    expect(w.find('dock-ask')).toBeNull();
    expect(w.get('dock-ask-line').textContent).toContain('https://crm.example');
    await w.click('dock-ask-open');
    expect(w.get('dock-ask').dataset.origin).toBe(asks.origin);
    await w.press('Escape');
    expect(w.find('dock-ask')).toBeNull();
  });

  it('opens from the bar, and gives the bar back', async () => {
    const bar = { shape: { dock: 'bar', edge: 'top' }, can_shape: true, demo: false } as const;
    const asking = view({ view: { window: bar, dock: { ...empty, origins: [asks] } } });
    const w = await world(asking);
    await w.settle();
    expect(w.get('bar-asks').textContent).toContain('https://crm.example');
    await w.click('bar-decide');
    expect(w.get('dock-ask').dataset.origin).toBe(asks.origin);
    await w.push(view({ view: { window: bar } }));
    expect(w.find('dock-ask')).toBeNull();
    expect(w.sent().at(-1)).toEqual({ to: 'window', ask: { do: 'set_shape', shape: bar.shape } });
  });

  it('is never put in a page', async () => {
    const host = fixtureOf({ decides: false, view: () => docked({ origins: [asks] }) });
    const app = new App(host);
    app.connect();
    expect(app.asking).toEqual([]);
    app.clock.pause();
  });
});

it.each([
  ['https://crm.example', { punycode: false, open: false, port: '' }],
  ['https://a.xn--e1awd7f.example:8443', { punycode: true, open: false, port: ':8443' }],
  ['http://crm.example', { punycode: false, open: true }],
  ['http://127.0.0.1:4400', { open: false, port: ':4400' }],
  ['http://localhost:4400', { open: false }],
  ['http://localhost.evil.example', { open: true }],
  ['not an origin', { host: 'not an origin', punycode: false, open: false }],
])('%s is told apart', (origin, parts) => {
  expect(address(origin)).toMatchObject(parts);
});

describe('docked pages in the settings', () => {
  async function opened(dock: Partial<DockView>) {
    const w = await world(docked(dock));
    await w.click('settings');
    await vi.waitFor(() => w.get('settings-pages'));
    await w.click('settings-pages');
    await w.settle();
    return w;
  }

  it('lists what each may do, and changes it', async () => {
    const w = await opened({ origins });
    expect(w.all('dock-page').map((row) => row.dataset.standing)).toEqual(['allowed', 'allowed', 'blocked']);
    expect(w.all('dock-page')[0]?.textContent).toContain('2 pages docked');
    await w.click('dock-page-open');
    await w.settle();
    await w.click('dock-right-dial');
    await w.click('dock-page-block');
    await w.click('dock-page-forget');
    const { origin } = allowed;
    expect(decided(w)).toEqual([
      { do: 'allow', origin, rights: { events: true, control: true, customers: true, dial: true } },
      { do: 'block', origin },
      { do: 'forget', origin },
    ]);
    await clean();
  });

  it('shows a code for as long as it holds', async () => {
    const w = await opened({});
    expect(w.get('dock-no-pages').textContent).toContain('No page has asked');
    await w.click('dock-pairing-show');
    expect(decided(w)).toEqual([{ do: 'pair', on: true }]);
    await w.push(docked({ pairing_code: '402917' }));
    expect(w.get('dock-pairing-code').textContent?.replace(/\D/g, '')).toBe('402917');
    expect(w.get('dock-pairing-left').textContent).toBe('valid for 02:00');
    await w.pass(30_000);
    expect(w.get('dock-pairing-left').textContent).toBe('valid for 01:30');
    await w.push(docked({}));
    expect(w.find('dock-pairing-code')).toBeNull();
  });
});

describe('what pages ask to show', () => {
  const found = { origins: [allowed], records: [{ interaction: 'i1', records: [contact, ...cases] }] };

  it('records of the call are opened, linked and unlinked', async () => {
    const w = await world(docked(found, { calls: [call({ record: contact })] }));
    await w.settle();
    expect(w.all('record').map((row) => row.dataset.record)).toEqual(['100000', '500017', '500009']);
    await w.click('record-open');
    await w.click('record-attach');
    await w.click('record-detach');
    await w.click('record-create');
    expect(decided(w)).toEqual([
      { do: 'open_record', record: contact },
      { do: 'attach', interaction: 'i1', record: cases[0] },
      { do: 'detach', interaction: 'i1' },
      { do: 'create', interaction: 'i1', object_type: 'Case' },
    ]);
    await clean();
  });

  it('the record that is open in the CRM is asked for, then linked', async () => {
    const w = await world(docked({ origins: [allowed] }, { calls: [call()] }));
    await w.settle();
    await w.click('record-link-open');
    expect(decided(w)).toEqual([{ do: 'ask_open_record' }]);
    await w.push(docked({ origins: [allowed], open: contact }, { calls: [call()] }));
    expect(decided(w).at(-1)).toEqual({ do: 'attach', interaction: 'i1', record: contact });
  });

  it('nothing of a CRM is shown when none is docked', async () => {
    const w = await world(docked({ origins: [asks] }, { calls: [call()] }));
    expect(w.find('records')).toBeNull();
  });

  it('a number is looked up, and the answer stands as long as the number', async () => {
    const w = await world(docked({ origins: [allowed] }));
    await w.type('dial-number', '+1 555 0134');
    await w.settle();
    await w.click('dial-preview');
    expect(decided(w)).toEqual([{ do: 'preview', phone: '+15550134' }]);
    await w.push(docked({ origins: [allowed], preview: { phone: '+15550134', records: null } }));
    expect(w.get('preview').textContent).toContain('Asking the CRM');
    await w.push(docked({ origins: [allowed], preview: { phone: '+15550134', records: cases } }));
    expect(w.all('record')).toHaveLength(2);
    await clean();
  });

  it('a draft goes into the dial field once', async () => {
    const w = await world(docked({ draft: { channel: 'voice', phone: '+15550111', number: 1 } }));
    expect(w.get('dial-number')).toHaveProperty('value', '');
    await w.push(docked({ draft: { channel: 'voice', phone: '+15550122', number: 2 } }));
    expect(w.get('dial-number')).toHaveProperty('value', '+15550122');
    await w.type('dial-number', '12');
    await w.push(docked({ draft: { channel: 'voice', phone: '+15550122', number: 2 } }));
    expect(w.get('dial-number')).toHaveProperty('value', '12');
  });

  it('a toast says whose words it has, and is no markup', async () => {
    const message = '<b>Omnibar:</b> sign in again';
    const toast = { id: 7, message, variant: 'error', origin: 'https://crm.example' } as const;
    const w = await world(docked({ toasts: [toast], loading: true }));
    expect(w.get('toast').textContent).toContain(`https://crm.example says: ${message}`);
    expect(w.get('dock-loading').textContent).toContain('still loading');
    w.get('toast').querySelector('button')?.click();
    expect(decided(w)).toEqual([{ do: 'dismiss_toast', id: 7 }]);
  });
});

describe('the frame in a page', () => {
  async function frame(found: Parameters<typeof dockWorld>[0]) {
    const d = dockWorld(found);
    const host = fixtureOf({ decides: false, view: () => view({ desk: { session: signedOut } }) });
    render(Docked, { app: new App(host), link: d.link });
    await d.pass(0);
    const find = (id: string) => document.querySelector<HTMLElement>(`[data-testid="${id}"]`);
    return { d, find, text: () => find('dock-connection')?.textContent ?? '' };
  }
  const signedOut = { state: 'signed_out', fault: null } as const;

  it('waits for the page, then for the agent, then shows the toolbar', async () => {
    const { d, find, text } = await frame({ port: 47620 });
    expect(text()).toContain('Waiting for the page');
    d.link.begin(introduce);
    await d.pass(0);
    d.socket().open();
    d.socket().say({ say: 'asking' });
    await d.pass(0);
    expect(text()).toContain('Omnibar is asking you in its own window');
    expect(find('dock-ask')).toBeNull();
    await d.welcome();
    await d.pass(0);
    expect(find('dock-connection')).toBeNull();
    expect(find('signin-there')?.textContent).toContain('Sign in in the Omnibar window');
    expect(document.querySelector('input')).toBeNull();
    await clean();
  });

  it('tells a permission that was denied, and takes the code', async () => {
    const { d, find, text } = await frame({ trouble: 'denied' });
    d.link.begin(introduce);
    await d.pass(0);
    expect(text()).toContain('does not let this page reach the Omnibar app');
    const field = find('dock-code') as HTMLInputElement;
    const type = async (value: string) => {
      field.value = value;
      field.dispatchEvent(new Event('input', { bubbles: true }));
      await d.pass(0);
      find('dock-pair')?.click();
      await d.pass(0);
    };
    await type('402');
    expect(text()).toContain('A code has six digits');
    expect(d.sockets).toHaveLength(0);
    await type('402 917');
    d.socket().open();
    expect(d.socket().sent[0]).toEqual({ route: { code: '402917' } });
    await clean();
  });

  it('says that the page was sent away, and can ask again', async () => {
    const { d, find, text } = await frame({ port: 47620 });
    d.link.begin(introduce);
    await d.pass(0);
    d.socket().open();
    d.socket().say({ say: 'refused', error: invalid('The agent has not allowed it.') });
    await d.pass(0);
    expect(text()).toContain('The agent has not allowed it.');
    find('dock-retry')?.click();
    await d.pass(0);
    expect(d.sockets).toHaveLength(2);
  });

  it('covers nothing when the connection is back at once', async () => {
    const { d, find } = await frame({ port: 47620 });
    d.link.begin(introduce);
    await d.welcome();
    d.socket().end();
    await d.pass(500);
    expect(find('dock-connection')).toBeNull();
    await d.pass(700);
    expect(find('dock-connection')).not.toBeNull();
  });
});
