import { describe, expect, it, vi } from 'vitest';
import type { ButtonsState, ButtonsView } from '../src/contract/generated';
import { view } from '../src/host/fixture/views';
import { words } from '../src/words';
import { world } from './world';

// `satisfies Record<…>` breaks this file, not the agent's screen, when the core learns a new state.
const states = {
  works: { state: 'works' },
  denied: { state: 'denied' },
  unusable: { state: 'unusable', detail: 'it ends within an item' },
} satisfies { [K in ButtonsState['state']]: Extract<ButtonsState, { state: K }> };

async function settings(buttons: ButtonsView, off = false) {
  const w = await world({
    ...view(),
    buttons,
    settings: { ...view().settings, no_headset_buttons: off },
  });
  w.app.open('settings');
  await w.settle();
  await vi.dynamicImportSettled();
  await w.settle();
  return w;
}

const one = (state: ButtonsState): ButtonsView => ({
  headsets: [{ name: 'Desk headset', state }],
  list_fault: null,
});

describe('headset buttons in the settings', () => {
  it('names each headset, and what to do about one that does not work', async () => {
    for (const state of Object.values(states)) {
      const said = words.headsetState({ name: 'Desk headset', state });
      expect(said.what).toContain('Desk headset');
      expect(said.next === '').toBe(state.state === 'works');
    }
    const w = await settings(one(states.denied));
    expect(w.get('headset-denied').textContent).toContain('70-omnibar-headsets.rules');
    await w.push({ ...view(), buttons: one(states.works) });
    expect(w.find('headset-denied')).toBeNull();
    expect(w.get('headset-works').textContent).toContain('Desk headset');
  });

  it('says that none is plugged in, and what is wrong with one’s own list', async () => {
    const w = await settings({ headsets: [], list_fault: 'headsets.toml: line 3' });
    expect(w.get('headset-none').textContent).toBe(words.noHeadsetButtons);
    expect(w.get('headset-list-fault').textContent).toContain('headsets.toml: line 3');
  });

  it('turns them off, and shows none while they are', async () => {
    const w = await settings(one(states.works));
    await w.click('headset-buttons');
    const saved = w.sent().flatMap((i) => (i.to === 'settings' ? [i.ask] : []));
    expect(saved).toMatchObject([{ do: 'save', settings: { no_headset_buttons: true } }]);
    await w.push({ ...view(), settings: { ...view().settings, no_headset_buttons: true } });
    expect(w.find('headset-works')).toBeNull();
  });
});
