import { describe, expect, it } from 'vitest';
import type { Intent, View } from '../src/contract/generated';
import { call, maria, offer, view } from '../src/host/fixture/views';
import type { Host } from '../src/host/host';
import { App } from '../src/state/app.svelte';

function app(refuse?: (intent: Intent) => unknown) {
  const sent: Intent[] = [];
  const host: Host = {
    decides: true,
    intent: async (intent) => {
      sent.push(intent);
      const fault = refuse?.(intent);
      if (fault) throw fault;
    },
    onView: () => () => undefined,
    onMeter: () => () => undefined,
    onKey: () => () => undefined,
  };
  return { app: new App(host), sent };
}

const at = (revision: number, change: Partial<View> = {}): View => ({ ...view(), revision, ...change });

describe('views', () => {
  it('an older or repeated revision is dropped', () => {
    const { app: a } = app();
    a.take(at(5));
    const shown = a.view;
    a.take(at(4));
    a.take(at(5, { now: 1 }));
    expect(a.view).toBe(shown);
    a.take(at(6));
    expect(a.view?.revision).toBe(6);
  });

  it('offers and taken calls are told apart', () => {
    const { app: a } = app();
    a.take(view({ desk: { calls: [offer(), call()], selected: 'offer1' } }));
    expect(a.offers.map((c) => c.interaction.id)).toEqual(['offer1']);
    expect(a.current?.interaction.id).toBe('i1');
  });
});

describe('settings', () => {
  it('show at once and yield to the core', async () => {
    const { app: a, sent } = app();
    a.take(at(1));
    a.save({ theme: 'dark' });
    a.save({ density: 'compact' });
    expect(a.settings).toMatchObject({ theme: 'dark', density: 'compact' });
    expect(document.documentElement.dataset.theme).toBe('dark');
    expect(sent.at(-1)).toMatchObject({ ask: { settings: { theme: 'dark', density: 'compact' } } });
    a.take(at(2, { settings: { ...view().settings, theme: 'light' } }));
    expect(a.settings?.theme).toBe('light');
    expect(document.documentElement.dataset.theme).toBe('light');
  });

  it('go back when they cannot be saved', async () => {
    const { app: a } = app(() => ({ fault: 'closing' }));
    a.take(at(1));
    const saved = a.save({ theme: 'dark' });
    expect(a.settings?.theme).toBe('dark');
    expect(await saved).toBe(false);
    expect(a.settings?.theme).toBe('system');
    expect(a.fault).toEqual({ fault: 'closing' });
  });
});

describe('faults', () => {
  it('are kept until the next intent is taken', async () => {
    let broken = true;
    const { app: a } = app(() => broken && { fault: 'unreadable', detail: 'no digits' });
    a.take(at(1));
    expect(await a.desk({ do: 'dismiss' })).toBe(false);
    expect(a.fault).toEqual({ fault: 'unreadable', detail: 'no digits' });
    broken = false;
    expect(await a.desk({ do: 'dismiss' })).toBe(true);
    expect(a.fault).toBeNull();
  });

  it('of a broken host are words too', async () => {
    const { app: a } = app(() => new Error('no such command'));
    a.take(at(1));
    await a.desk({ do: 'dismiss' });
    expect(a.fault).toEqual({ fault: 'unreadable', detail: 'Error: no such command' });
  });
});

describe('refusals', () => {
  it('stand beside the control they are about', () => {
    const { app: a } = app();
    const refusal = (reason: NonNullable<View['desk']['refusal']>['reason']) =>
      view({ desk: { refusal: { interaction: null, reason, since: 1 } } });
    a.take({ ...refusal({ reason: 'not_now', verb: 'hold' }), revision: 1 });
    expect(a.refusalArea).toBe('call');
    a.take({ ...refusal({ reason: 'no_such_break' }), revision: 2 });
    expect(a.refusalArea).toBe('presence');
    void a.desk({ do: 'dial', number: '1', campaign: null });
    a.take({ ...refusal({ reason: 'centre_away' }), revision: 3 });
    expect(a.refusalArea).toBe('dial');
  });
});

describe('panels', () => {
  it('close when the call no longer has a use for them', () => {
    const { app: a } = app();
    a.take({ ...view({ desk: { calls: [call()] } }), revision: 1 });
    a.open('transfer');
    a.take({ ...view({ desk: { calls: [] } }), revision: 2 });
    expect(a.panel).toBe('none');
  });

  it('that a bar has no room for borrow a window and give it back', () => {
    const { app: a, sent } = app();
    const bar = { dock: 'bar', edge: 'top' } as const;
    a.take(view({ view: { window: { shape: bar, can_shape: true, demo: false } } }));
    a.open('settings');
    expect(sent.at(-1)).toEqual({
      to: 'window',
      ask: { do: 'set_shape', shape: { dock: 'floating', edge: 'top' } },
    });
    a.close();
    expect(sent.at(-1)).toEqual({ to: 'window', ask: { do: 'set_shape', shape: bar } });
  });
});

it('digits are sent one by one and shown together', () => {
  const { app: a, sent } = app();
  a.take(view({ desk: { calls: [call({ customer: maria })] } }));
  a.open('keypad');
  for (const d of '1*#') a.digit(d);
  expect(a.dialled).toBe('1*#');
  expect(sent.map((i) => i.to === 'desk' && i.ask.do === 'dtmf' && i.ask.digits)).toEqual(['1', '*', '#']);
});
