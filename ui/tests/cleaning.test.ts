import { describe, expect, it, vi } from 'vitest';
import type { CleaningView, EchoView } from '../src/contract/generated';
import { view } from '../src/host/fixture/views';
import { words } from '../src/words';
import { world } from './world';

const quiet: CleaningView = { echo: 'listening', noise: false, customer_noise: false };

function with_(cleaning: CleaningView, on = true) {
  const base = view();
  return {
    ...base,
    audio: { ...base.audio, cleaning },
    settings: { ...base.settings, cleaning: { on, customer_noise: false } },
  };
}

async function settings(cleaning: CleaningView, on = true) {
  const w = await world(with_(cleaning, on));
  w.app.open('settings');
  await w.settle();
  await vi.dynamicImportSettled();
  await w.settle();
  return w;
}

describe('echo and noise in the settings', () => {
  it('says what is being done, in words of its own for each', async () => {
    const w = await settings(quiet);
    const said = new Set<string>();
    for (const echo of ['listening', 'cancelling', 'bypassed'] satisfies EchoView[]) {
      await w.push(with_({ ...quiet, echo }));
      expect(w.get('echo-state').textContent).toBe(words.echoStates[echo]);
      said.add(words.echoStates[echo]);
    }
    expect(said.size).toBe(3);
    expect(w.find('noise-state')).toBeNull();
    await w.push(with_({ echo: 'bypassed', noise: true, customer_noise: true }));
    expect(w.get('noise-state').textContent).toBe(words.noiseGoes);
    expect(w.get('customer-noise-state').textContent).toBe(words.customerNoiseGoes);
  });

  it('turns each on and off by itself', async () => {
    const w = await settings(quiet);
    await w.click('clean-own');
    await w.click('clean-customer');
    const saved = w.sent().flatMap((i) => (i.to === 'settings' ? [i.ask] : []));
    expect(saved).toMatchObject([
      { do: 'save', settings: { cleaning: { on: false } } },
      { do: 'save', settings: { cleaning: { customer_noise: true } } },
    ]);
    await w.push(with_({ ...quiet, echo: 'off' }, false));
    expect(w.find('echo-state')).toBeNull();
  });
});
