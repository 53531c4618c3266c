import { invoke, isTauri } from '@tauri-apps/api/core';
import { listen } from '@tauri-apps/api/event';
import type { Intent, Meter, View } from '../contract/generated';
import { isKeyAction } from '../keys';
import type { Host, Off } from './host';

/** The desktop window: IPC to the Rust shell. The only file that knows Tauri. */
export const tauri: Host = {
  decides: true,

  intent: (intent: Intent) => invoke<void>('intent', { intent }),

  onView(listener) {
    const off = subscribe<View>('view', listener);
    // The push is listened to first, so that no change falls between the two.
    // If it fails, the next push brings the view.
    invoke<View>('snapshot').then(listener, () => undefined);
    return off;
  },

  onMeter: (listener) => subscribe<Meter>('meter', listener),

  onKey: (listener) =>
    subscribe<string>('key', (action) => {
      if (isKeyAction(action)) listener(action);
    }),
};

export const inTauri = isTauri;

function subscribe<T>(event: string, listener: (payload: T) => void): Off {
  let live = true;
  const pending = listen<T>(event, ({ payload }) => {
    if (live) listener(payload);
  });
  return () => {
    live = false;
    void pending.then((off) => off());
  };
}
