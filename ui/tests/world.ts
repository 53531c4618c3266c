import { render } from '@testing-library/svelte';
import { tick } from 'svelte';
import { vi } from 'vitest';
import Root from '../src/App.svelte';
import type { Ask, Intent, Meter, View } from '../src/contract/generated';
import { fixtureOf, type FixtureHost } from '../src/host/fixture';
import { App } from '../src/state/app.svelte';
import { GUARD_MS } from '../src/state/guard';

export interface World {
  app: App;
  host: FixtureHost;
  /** Pushes the next revision. */
  push(view: View): Promise<void>;
  get(testid: string): HTMLElement;
  find(testid: string): HTMLElement | null;
  all(testid: string): HTMLElement[];
  click(testid: string): Promise<void>;
  press(key: string, more?: KeyboardEventInit): Promise<void>;
  type(testid: string, text: string): Promise<void>;
  /** Lets the guard's 300 ms pass. */
  settle(): Promise<void>;
  pass(ms: number): Promise<void>;
  asks(): Ask[];
  sent(): Intent[];
}

/** The whole UI over a host that records intents, on a clock of its own. */
export async function world(view: View, meter?: Meter): Promise<World> {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date', 'requestAnimationFrame'],
  });
  const host = fixtureOf({ view: () => view, meter });
  const app = new App(host);
  render(Root, { app });
  let revision = view.revision;

  const pass = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    await tick();
  };
  const find = (id: string) => document.querySelector<HTMLElement>(`[data-testid="${id}"]`);
  const get = (id: string) => {
    const found = find(id);
    if (!found) throw new Error(`${id} is not on the screen`);
    return found;
  };
  await pass(0);

  return {
    app,
    host,
    find,
    get,
    pass,
    all: (id) => [...document.querySelectorAll<HTMLElement>(`[data-testid="${id}"]`)],
    async push(next) {
      revision += 1;
      host.push({ ...next, revision });
      await pass(0);
    },
    async click(id) {
      get(id).click();
      await pass(0);
    },
    async press(key, more = {}) {
      const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...more });
      (document.activeElement ?? document.body).dispatchEvent(event);
      await pass(0);
    },
    async type(id, text) {
      const field = get(id) as HTMLInputElement;
      field.focus();
      field.value = text;
      field.dispatchEvent(new Event('input', { bubbles: true }));
      await pass(0);
    },
    settle: () => pass(GUARD_MS),
    sent: () => host.sent,
    asks: () => host.sent.flatMap((i) => (i.to === 'desk' ? [i.ask] : [])),
  };
}
