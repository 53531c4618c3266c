import type { Listeners } from './events.js';
import type { LifecycleState } from './types.js';

/** EVT-27 and EVT-28: what the browser says of the page itself. */
export function watchPage(listeners: Listeners): void {
  const say = (state: LifecycleState) => listeners.local('sendLifecycleEvent', state);
  addEventListener('load', () => say('loaded'));
  addEventListener('pageshow', (event) => event.persisted && say('loaded'));
  addEventListener('pagehide', () => say('unloaded'));
  addEventListener('focus', () => say('focused'));
  addEventListener('blur', () => say('blurred'));
  document.addEventListener('visibilitychange', () =>
    listeners.local('windowVisibilityChanged', { isVisible: document.visibilityState === 'visible' }),
  );
  listeners.present('sendLifecycleEvent', (): LifecycleState[] => {
    const focus = hasFocus() ? 'focused' : 'blurred';
    return document.readyState === 'complete' ? ['loaded', focus] : [focus];
  });
}

// The focus is not the page's own while a frame in it has it.
function hasFocus(): boolean {
  return document.hasFocus() && document.activeElement?.tagName !== 'IFRAME';
}
