import { afterEach, describe, expect, it, vi } from 'vitest';
import { search } from '../src/features/wrapup/dispositions';
import { call, campaigns, view, wrapping } from '../src/host/fixture/views';
import { NOTE_DELAY_MS } from '../src/state/drafts.svelte';
import { world } from './world';

afterEach(() => void vi.useRealTimers());

const wrap = (note = '') => view({ desk: { calls: [wrapping({ note })] } });

describe('disposition', () => {
  it('class, then code, then Dispose with the note', async () => {
    const w = await world(wrap());
    await w.settle();
    expect((w.get('dispose') as HTMLButtonElement).disabled).toBe(true);
    await w.click('disposition-class');
    await w.settle();
    expect(w.all('disposition-code').map((c) => c.dataset.code)).toEqual(['answered', 'fixed', 'refunded']);
    w.all('disposition-code')[1]!.click();
    await w.type('note', 'Sent a new cable.');
    await w.click('dispose');
    await w.pass(NOTE_DELAY_MS);
    expect(w.asks()).toEqual([
      { do: 'dispose', interaction: 'i1', disposition: 'fixed', note: 'Sent a new cable.', callback: null },
    ]);
  });

  it('goes back to the classes', async () => {
    const w = await world(wrap());
    await w.settle();
    await w.click('disposition-class');
    await w.settle();
    await w.click('disposition-back');
    expect(w.all('disposition-class')).toHaveLength(3);
  });

  it('searches over all classes', async () => {
    const w = await world(wrap());
    await w.type('disposition-search', 'ticket');
    expect(w.all('disposition-code').map((c) => c.dataset.code)).toEqual(['ticket']);
    await w.settle();
    await w.click('disposition-code');
    await w.click('dispose');
    expect(w.asks()).toMatchObject([{ disposition: 'ticket' }]);
  });

  it('the key leads to the codes, then disposes', async () => {
    const w = await world(wrap());
    await w.settle();
    await w.press('d', { altKey: true });
    expect(document.activeElement).toBe(w.get('disposition-search'));
    expect(w.asks()).toEqual([]);
    w.app.drafts.choose('i1', 'answered');
    await w.press('d', { altKey: true });
    expect(w.asks()).toMatchObject([{ do: 'dispose', disposition: 'answered' }]);
  });

  it('is kept when the call is not the one on the screen for a while', async () => {
    const other = call({ id: 'i2' });
    const w = await world(wrap());
    w.app.drafts.choose('i1', 'answered');
    await w.push(view({ desk: { calls: [wrapping(), other], selected: 'i2' } }));
    expect(w.find('dispose')).toBeNull();
    await w.push(view({ desk: { calls: [wrapping(), other], selected: 'i1' } }));
    expect((w.get('dispose') as HTMLButtonElement).disabled).toBe(false);
  });

  it('a class name finds its codes', () => {
    const classes = campaigns[0]!.dispositions;
    expect(search(classes, 'follow back').map((f) => f.code.id)).toEqual(['call_back']);
    expect(search(classes, 'zzz')).toEqual([]);
  });
});

describe('notes', () => {
  const talking = (note = '') => view({ desk: { calls: [call({ note })] } });

  it('go to the core once typing pauses', async () => {
    const w = await world(talking());
    await w.type('note', 'ab');
    await w.pass(NOTE_DELAY_MS - 1);
    await w.type('note', 'abc');
    await w.pass(NOTE_DELAY_MS - 1);
    expect(w.asks()).toEqual([]);
    await w.pass(1);
    expect(w.asks()).toEqual([{ do: 'note', interaction: 'i1', note: 'abc' }]);
  });

  it('are sent at once when the agent leaves the field', async () => {
    const w = await world(talking());
    await w.type('note', 'abc');
    w.get('note').dispatchEvent(new FocusEvent('blur'));
    expect(w.asks()).toEqual([{ do: 'note', interaction: 'i1', note: 'abc' }]);
    await w.pass(NOTE_DELAY_MS);
    expect(w.asks()).toHaveLength(1);
  });

  it('are not overtaken by an older one from the core', async () => {
    const w = await world(talking());
    await w.type('note', 'newer');
    await w.push(talking('older'));
    expect((w.get('note') as HTMLTextAreaElement).value).toBe('newer');
  });

  it('written elsewhere are taken over', async () => {
    const w = await world(talking());
    await w.push(talking('from the other window'));
    expect((w.get('note') as HTMLTextAreaElement).value).toBe('from the other window');
  });

  it('stay through wrap-up', async () => {
    const w = await world(talking());
    await w.type('note', 'said in the call');
    await w.push(wrap('said in the call'));
    expect((w.get('note') as HTMLTextAreaElement).value).toBe('said in the call');
  });
});
