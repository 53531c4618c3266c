import { read } from '../keys';
import type { App } from './app.svelte';
import { GUARD_MS } from './guard';

/** Leads key presses of the window to the app. */
export function listenKeys(target: Window, app: App): () => void {
  const onKey = (event: KeyboardEvent) => {
    const pressed = read(event, {
      open: app.panel !== 'none',
      // A key that early was meant for something else.
      offer: (app.offerAge ?? 0) >= GUARD_MS,
      keypad: app.panel === 'keypad',
    });
    if (!pressed) return;
    event.preventDefault();
    switch (pressed.press) {
      case 'action':
        app.act(pressed.action);
        break;
      case 'answer':
        answer('accept');
        break;
      case 'reject':
        answer('reject');
        break;
      case 'close':
        app.close();
        break;
      case 'cheat_sheet':
        app.toggle('keys');
        break;
      case 'digit':
        app.digit(pressed.digit);
        break;
      default: {
        const unknown: never = pressed;
        return unknown;
      }
    }
  };

  const answer = (how: 'accept' | 'reject') => {
    const first = app.offers[0];
    if (first?.can[how]) void app.answer(first, how);
  };

  target.addEventListener('keydown', onKey);
  return () => target.removeEventListener('keydown', onKey);
}
