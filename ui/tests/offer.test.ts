import { afterEach, describe, expect, it, vi } from 'vitest';
import { call, offer, sam, view } from '../src/host/fixture/views';
import { world } from './world';

afterEach(() => void vi.useRealTimers());

const offered = () => view({ desk: { calls: [offer()] } });

describe('a control that has just appeared', () => {
  it('ignores a click within 300 ms, and takes the next', async () => {
    const w = await world(view());
    await w.push(offered());
    await w.pass(299);
    await w.click('offer-accept');
    expect(w.asks().filter((a) => a.do === 'accept')).toEqual([]);
    expect(w.get('offer-accept').hasAttribute('data-guarded')).toBe(true);
    await w.pass(1);
    expect(w.get('offer-accept').hasAttribute('data-guarded')).toBe(false);
    await w.click('offer-accept');
    expect(w.asks()).toContainEqual({ do: 'accept', interaction: 'offer1' });
  });

  it('ignores Enter and Escape as well', async () => {
    const w = await world(view());
    await w.push(offered());
    await w.press('Enter');
    await w.press('Escape');
    expect(w.asks()).toEqual([]);
    await w.settle();
    await w.press('Escape');
    expect(w.asks()).toEqual([{ do: 'reject', interaction: 'offer1' }]);
  });

  it('End is not hit by the second click of a double click on Accept', async () => {
    const w = await world(offered());
    await w.settle();
    await w.click('offer-accept');
    await w.push(view({ desk: { calls: [call()] } }));
    await w.click('end');
    expect(w.asks().some((a) => a.do === 'end')).toBe(false);
    await w.settle();
    await w.click('end');
    expect(w.asks()).toContainEqual({ do: 'end', interaction: 'i1' });
  });

  it('a control that was moved is held back too', async () => {
    const w = await world(view({ desk: { calls: [call()] } }));
    await w.settle();
    await w.push(view({ desk: { calls: [call(), offer()], selected: 'i1' } }));
    await w.click('hold');
    expect(w.asks().some((a) => a.do === 'hold')).toBe(false);
    await w.settle();
    await w.click('hold');
    expect(w.asks().some((a) => a.do === 'hold')).toBe(true);
  });
});

it('shows who calls, where, and how long it rings', async () => {
  const w = await world(offered());
  const card = w.get('offer');
  expect(card.textContent).toContain('Maria Costa');
  expect(card.textContent).toContain('+1 555 0101');
  expect(card.textContent).toContain('Support');
  expect(w.get('offer-seconds').textContent).toBe('14');
  await w.pass(1_000);
  expect(w.get('offer-seconds').textContent).toBe('13');
});

it('Enter answers the first of several offers', async () => {
  const w = await world(
    view({ desk: { calls: [offer(), offer({ id: 'offer2', customer: sam })], selected: 'offer2' } }),
  );
  await w.settle();
  expect(w.all('offer-accept')).toHaveLength(2);
  await w.press('Enter');
  expect(w.asks()).toEqual([{ do: 'accept', interaction: 'offer1' }]);
});

it('an offer during a call leaves the call and its note on the screen', async () => {
  const w = await world(view({ desk: { calls: [call()] } }));
  await w.type('note', 'half a sentence');
  await w.push(view({ desk: { calls: [call(), offer({ customer: sam })], selected: 'i1' } }));
  expect((w.get('note') as HTMLTextAreaElement).value).toBe('half a sentence');
  expect(document.activeElement).toBe(w.get('note'));
  expect(w.get('offer').textContent).toContain('Sam Oduya');
  await w.settle();
  await w.press('Enter');
  expect(w.asks().some((a) => a.do === 'accept')).toBe(false);
});

it('keeps a half-typed number while an offer comes and goes', async () => {
  const w = await world(view());
  await w.type('dial-number', '+1 555 01');
  await w.push(offered());
  await w.push(view());
  expect((w.get('dial-number') as HTMLInputElement).value).toBe('+1 555 01');
});
