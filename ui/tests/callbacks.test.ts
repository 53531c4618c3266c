import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Callback } from '../src/contract/generated';
import { dueText, fitting } from '../src/features/callbacks/list';
import { booking, dueAt, fields, fresh, moment } from '../src/features/callbacks/schedule';
import { call, callback, offer, view, wrapping } from '../src/host/fixture/views';
import { world } from './world';

afterEach(() => void vi.useRealTimers());

const MINUTE = 60_000;
const NOW = new Date(2026, 10, 21, 16, 7).getTime();

async function atWrapUp(customer = wrapping().interaction.customer) {
  const w = await world(view({ desk: { calls: [wrapping({ customer })] } }));
  vi.setSystemTime(NOW);
  await w.type('disposition-search', 'call back');
  await w.settle();
  await w.click('disposition-code');
  await w.settle();
  return w;
}

const disposed = (w: Awaited<ReturnType<typeof world>>) =>
  w.asks().flatMap((ask) => (ask.do === 'dispose' ? [ask.callback] : []));

describe('a callback is scheduled', () => {
  it('when its disposition is chosen, and not for another', async () => {
    const w = await world(view({ desk: { calls: [wrapping()] } }));
    await w.type('disposition-search', 'ticket');
    await w.settle();
    await w.click('disposition-code');
    expect(w.find('schedule')).toBeNull();
    const again = await atWrapUp();
    expect(again.get('schedule')).toBeTruthy();
    expect(document.activeElement, 'the keys go on there').toBe(again.get('schedule-self'));
  });

  it('for the agent alone in 15 minutes, unless told otherwise', async () => {
    const w = await atWrapUp();
    await w.click('dispose');
    const booked = disposed(w)[0]!;
    expect(booked).toMatchObject({ number: null, own: true });
    expect(Math.abs(booked.at - (Date.now() + 15 * MINUTE))).toBeLessThan(2_000);
  });

  it('at a date and time, to another number, for anyone', async () => {
    const w = await atWrapUp();
    await w.click('schedule-self');
    await w.click('schedule-when-date');
    await w.type('schedule-date', '2026-11-23');
    await w.type('schedule-time', '10:30');
    await w.click('schedule-alternate');
    await w.type('schedule-number', '+1 555 0188');
    await w.click('dispose');
    const at = new Date(2026, 10, 23, 10, 30).getTime();
    expect(disposed(w)).toEqual([{ at, number: '+15550188', own: false }]);
  });

  it('not in the past, and says so', async () => {
    const w = await atWrapUp();
    await w.click('schedule-when-date');
    await w.type('schedule-date', '2026-11-20');
    await w.type('schedule-time', '10:30');
    expect((w.get('dispose') as HTMLButtonElement).disabled).toBe(true);
    expect(w.get('schedule-said').textContent).toContain('still to come');
    expect(w.get('schedule-said').getAttribute('aria-live')).toBe('polite');
    await w.press('d', { altKey: true });
    expect(w.asks()).toEqual([]);
  });

  it('with a number, when the customer has none', async () => {
    const w = await atWrapUp({ kind: 'customer', name: 'Nora Winter', number: null });
    expect((w.get('dispose') as HTMLButtonElement).disabled).toBe(true);
    await w.type('schedule-number', 'abc');
    expect(w.get('schedule-said').textContent).toContain('Only digits');
    await w.type('schedule-number', '5550101');
    await w.click('dispose');
    expect(disposed(w)[0]).toMatchObject({ number: '5550101' });
  });

  it('in the bar with one press more', async () => {
    const shape = { dock: 'bar', edge: 'bottom' } as const;
    const bar = { shape, can_shape: true, demo: false };
    const w = await world(view({ desk: { calls: [wrapping()] }, view: { window: bar } }));
    vi.setSystemTime(NOW);
    await w.settle();
    w.all('disposition-class')[1]!.click();
    await w.settle();
    w.all('disposition-code')[0]!.click();
    await w.settle();
    await w.click('schedule-when-tomorrow');
    await w.click('schedule-self');
    await w.settle();
    await w.click('dispose');
    const at = new Date(2026, 10, 22, 9).getTime();
    expect(disposed(w)).toEqual([{ at, number: null, own: false }]);
  });

  it('and another disposition can still be chosen', async () => {
    const w = await atWrapUp();
    await w.click('disposition-change');
    await w.settle();
    expect(w.find('schedule')).toBeNull();
    expect(document.activeElement).toBe(w.get('disposition-search'));
  });
});

describe('a due callback', () => {
  const due = callback({ id: 'cb1', due: true, at: Date.now() });

  it('is shown with what to do, and dials nothing by itself', async () => {
    const w = await world(view({ view: { callbacks: [due] } }));
    await w.settle();
    expect(w.get('callback-due').textContent).toContain('Call back Nora Winter');
    expect(w.get('callback-due').textContent).toContain('+1 555 0101');
    expect(w.asks()).toEqual([]);
    await w.click('callback-call');
    await w.click('callback-later');
    expect(w.asks()).toEqual([
      { do: 'callback', callback: 'cb1', act: { do: 'take' } },
      { do: 'callback', callback: 'cb1', act: { do: 'snooze', at: null, reason: '' } },
    ]);
  });

  it('stands beside a call, which comes first', async () => {
    const w = await world(view({ desk: { calls: [call()] }, view: { callbacks: [due] } }));
    await w.settle();
    expect((w.get('callback-call') as HTMLButtonElement).disabled).toBe(true);
    expect((w.get('callback-later') as HTMLButtonElement).disabled).toBe(false);
    await w.push(view({ desk: { calls: [offer()] }, view: { callbacks: [due] } }));
    expect(w.get('offer-accept')).toBeTruthy();
  });

  it('takes no click for a moment after it has come', async () => {
    const w = await world(view({}));
    await w.settle();
    await w.push(view({ view: { callbacks: [due] } }));
    await w.click('callback-call');
    expect(w.asks()).toEqual([]);
  });
});

describe('the list of callbacks', () => {
  const all: Callback[] = [
    callback({ id: 'late', at: NOW - MINUTE }),
    callback({ id: 'soon', at: NOW + MINUTE, campaign: 'renewals' }),
    callback({ id: 'next', at: NOW + 24 * 60 * MINUTE }),
    callback({ id: 'far', at: NOW + 9 * 24 * 60 * MINUTE, mine: false, own: false }),
  ];
  const open = async () => {
    const w = await world(view({ view: { callbacks: all } }));
    vi.setSystemTime(NOW);
    await w.pass(1_000);
    await w.click('callbacks-open');
    await w.settle();
    return w;
  };
  const ids = (w: Awaited<ReturnType<typeof world>>) => w.all('callback').map((row) => row.dataset.id);

  it('opens from the start screen and dials', async () => {
    const w = await open();
    expect(ids(w)).toEqual(['late', 'soon', 'next', 'far']);
    w.all('callback-dial')[1]!.click();
    await w.pass(0);
    expect(w.asks()).toEqual([{ do: 'callback', callback: 'soon', act: { do: 'take' } }]);
    await w.click('callbacks-close');
    expect(w.find('callbacks')).toBeNull();
  });

  it('cancels only with a reason, and only what is the agent’s', async () => {
    const w = await open();
    expect(w.all('callback-cancel')).toHaveLength(3);
    w.all('callback-cancel')[0]!.click();
    await w.pass(0);
    expect((w.get('callback-confirm') as HTMLButtonElement).disabled).toBe(true);
    await w.type('callback-reason', ' has called himself ');
    await w.click('callback-confirm');
    expect(w.asks()).toEqual([
      { do: 'callback', callback: 'late', act: { do: 'cancel', reason: 'has called himself' } },
    ]);
  });

  it('moves one to another time with a reason', async () => {
    const w = await open();
    w.all('callback-move')[0]!.click();
    await w.pass(0);
    await w.type('callback-date', '2026-11-24');
    await w.type('callback-time', '08:15');
    await w.type('callback-reason', 'not at home');
    await w.click('callback-confirm');
    const at = new Date(2026, 10, 24, 8, 15).getTime();
    expect(w.asks()).toEqual([
      { do: 'callback', callback: 'late', act: { do: 'snooze', at, reason: 'not at home' } },
    ]);
  });

  it('is filtered by date and campaign', () => {
    const of = (days: Parameters<typeof fitting>[1]['days'], campaign: string | null = null) =>
      fitting(all, { days, campaign }, NOW).map((c) => c.id);
    expect(of('all')).toEqual(['late', 'soon', 'next', 'far']);
    expect(of('late')).toEqual(['late']);
    expect(of('today')).toEqual(['late', 'soon']);
    expect(of('tomorrow')).toEqual(['next']);
    expect(of('week')).toEqual(['late', 'soon', 'next']);
    expect(of('all', 'renewals')).toEqual(['soon']);
    expect(of('tomorrow', 'renewals')).toEqual([]);
  });
});

describe('times', () => {
  it('are this computer’s', () => {
    const { date, time } = fields(NOW);
    expect([date, time]).toEqual(['2026-11-21', '16:07']);
    expect(moment(date, time)).toBe(NOW);
    expect(moment('2026-02-30', '10:00')).toBeNull();
    expect(moment('', '10:00')).toBeNull();
    expect(moment('2026-11-21', '')).toBeNull();
  });

  it('of the choices are ahead', () => {
    const schedule = fresh(NOW, true);
    expect(schedule).toMatchObject({ date: '2026-11-21', time: '16:30', other: null });
    expect(dueAt({ ...schedule, when: 'hour' }, NOW)).toBe(NOW + 60 * MINUTE);
    expect(dueAt({ ...schedule, when: 'tomorrow' }, NOW)).toBe(new Date(2026, 10, 22, 9).getTime());
    expect(booking({ ...schedule, when: 'date', date: '2028-01-01' }, NOW)).toEqual({ problem: 'far' });
  });

  it('are written as near as they are', () => {
    const time = (at: number) =>
      new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
    expect(dueText(NOW, NOW)).toBe(time(NOW));
    const tomorrow = NOW + 24 * 60 * MINUTE;
    expect(dueText(tomorrow, NOW)).toBe(`Tomorrow ${time(tomorrow)}`);
  });
});
