import type { Intent, View } from '../contract/generated';
import type { KeyAction } from '../keys';
import { scenes, type Scene } from './fixture/scenes';
import type { Host } from './host';

/** A host that shows one view and remembers what it was asked. Not in the product. */
export interface FixtureHost extends Host {
  readonly sent: Intent[];
  /** Pushes a view as the core would. */
  push(view: View): void;
  key(action: KeyAction): void;
}

export function fixture(name: string): FixtureHost {
  const scene = scenes[name];
  if (!scene) throw new Error(`no fixture is called ${name}: ${Object.keys(scenes).join(', ')}`);
  return fixtureOf(scene);
}

export function fixtureOf(scene: Scene): FixtureHost {
  const sent: Intent[] = [];
  const views = new Set<(view: View) => void>();
  const keys = new Set<(action: KeyAction) => void>();
  return {
    decides: scene.decides ?? true,
    sent,
    intent: async (intent) => void sent.push(intent),
    onView(listener) {
      views.add(listener);
      listener(scene.view());
      return () => views.delete(listener);
    },
    onMeter(listener) {
      if (scene.meter) listener(scene.meter);
      return () => undefined;
    },
    onKey(listener) {
      keys.add(listener);
      return () => keys.delete(listener);
    },
    push: (view) => views.forEach((listener) => listener(view)),
    key: (action) => keys.forEach((listener) => listener(action)),
  };
}
