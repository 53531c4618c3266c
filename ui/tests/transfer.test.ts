import { afterEach, describe, expect, it, vi } from 'vitest';
import { call, colleague, leg, maria, TALKING, view } from '../src/host/fixture/views';
import { groups } from '../src/features/reach/directory';
import { world } from './world';

afterEach(() => void vi.useRealTimers());

const talking = () => view({ desk: { calls: [call()] } });

async function open(how: 'transfer' | 'conference' = 'transfer') {
  const w = await world(talking());
  await w.settle();
  await w.click(how);
  await w.settle();
  return w;
}

async function pick(w: Awaited<ReturnType<typeof open>>, destination: string) {
  const row = w.all('directory-result').find((r) => r.dataset.destination === destination);
  if (!row) throw new Error(`${destination} is not listed`);
  row.click();
  await w.pass(0);
}

describe('transfer', () => {
  it('lists everything at once and searches as one types', async () => {
    const w = await open();
    expect(w.sent()).toContainEqual({ to: 'search', ask: { do: 'directory', text: '' } });
    expect(document.activeElement).toBe(w.get('directory-search'));
    await w.type('directory-search', 'no');
    await w.type('directory-search', 'noor');
    await w.pass(500);
    const texts = w
      .sent()
      .flatMap((i) => (i.to === 'search' && i.ask.do === 'directory' ? [i.ask.text] : []));
    expect(texts).toEqual(['', 'noor']);
  });

  it('cold: hands over to the chosen one', async () => {
    const w = await open();
    expect((w.get('transfer-now') as HTMLButtonElement).disabled).toBe(true);
    await pick(w, 'queue:billing');
    await w.click('transfer-now');
    expect(w.asks()).toContainEqual({
      do: 'transfer',
      interaction: 'i1',
      to: { kind: 'queue', id: 'billing' },
    });
    expect(w.find('reach')).toBeNull();
  });

  it('warm: consults first', async () => {
    const w = await open();
    await pick(w, 'agent:agent2');
    await w.click('consult-first');
    expect(w.asks()).toContainEqual({
      do: 'consult',
      interaction: 'i1',
      to: { kind: 'agent', id: 'agent2' },
    });
  });

  it('takes a number that nobody knows', async () => {
    const w = await open();
    await w.type('directory-search', '+1 (555) 0123');
    await w.settle();
    await pick(w, 'number:+15550123');
    await w.click('transfer-now');
    expect(w.asks()).toContainEqual({
      do: 'transfer',
      interaction: 'i1',
      to: { kind: 'number', id: '+15550123' },
    });
  });

  it('closes with Escape and asks nothing', async () => {
    const w = await open();
    (document.activeElement as HTMLElement).blur();
    await w.press('Escape');
    expect(w.find('reach')).toBeNull();
    expect(w.asks()).toEqual([]);
  });

  it('opens with the key of the system too', async () => {
    const w = await world(talking());
    w.host.key('transfer');
    await w.pass(0);
    expect(w.find('reach')).not.toBeNull();
  });
});

describe('conference', () => {
  it('without a consult looks for somebody to add, and offers no cold transfer', async () => {
    const w = await open('conference');
    expect(w.find('transfer-now')).toBeNull();
    await pick(w, 'ivr:main');
    await w.click('consult-first');
    expect(w.asks()).toContainEqual({ do: 'consult', interaction: 'i1', to: { kind: 'ivr', id: 'main' } });
  });
});

describe('a consult', () => {
  const consulting = (consult: 'connected' | 'held' | 'ringing') =>
    view({
      desk: {
        calls: [
          call(
            {
              conversation: { state: 'held' },
              legs: [
                leg('l1', maria, consult === 'held' ? 'connected' : 'held'),
                leg('l2', colleague, consult, true),
              ],
            },
            { can: { ...TALKING, resume: true, complete: true, conference: true, drop: true } },
          ),
        ],
      },
    });

  it('is completed, merged, dropped', async () => {
    const w = await world(consulting('connected'));
    await w.settle();
    // What is said in full to those who do not see how little room there is.
    expect(w.get('complete').getAttribute('aria-label')).toBe('Complete transfer');
    expect(w.get('complete').textContent?.trim()).toBe('Complete');
    await w.click('complete');
    await w.click('merge');
    await w.click('drop-leg');
    expect(w.asks()).toEqual([
      { do: 'complete', interaction: 'i1' },
      { do: 'conference', interaction: 'i1' },
      { do: 'drop', interaction: 'i1', leg: 'l2' },
    ]);
  });

  it('is swapped by holding one and resuming the other', async () => {
    const w = await world(consulting('connected'));
    await w.settle();
    await w.click('swap');
    await w.push(consulting('held'));
    await w.settle();
    await w.click('swap');
    expect(w.asks()).toEqual([
      { do: 'hold', interaction: 'i1', leg: 'l2' },
      { do: 'resume', interaction: 'i1', leg: 'l1' },
      { do: 'hold', interaction: 'i1', leg: 'l1' },
      { do: 'resume', interaction: 'i1', leg: 'l2' },
    ]);
  });

  it('cannot be swapped while it rings', async () => {
    const w = await world(consulting('ringing'));
    expect((w.get('swap') as HTMLButtonElement).disabled).toBe(true);
  });

  it('merges with the conference key', async () => {
    const w = await world(consulting('connected'));
    await w.press('c', { altKey: true });
    expect(w.asks()).toEqual([{ do: 'conference', interaction: null }]);
  });
});

it('a typed number that the directory knows is not listed twice', () => {
  const directory = {
    text: '+15550199',
    searching: false,
    entries: [
      { destination: { kind: 'number', id: '+15550199' }, name: 'Head office', available: true } as const,
    ],
  };
  expect(groups(directory, '+1 555 0199').flatMap((g) => g.entries)).toHaveLength(1);
});
