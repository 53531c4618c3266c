import type { App } from '../../state/app.svelte';

/** Lets a bare part of the node drag the window. */
export function drag(node: HTMLElement, app: App) {
  const down = (event: MouseEvent) => {
    if (event.button !== 0 || event.detail > 1) return;
    if (event.target instanceof Element && event.target.closest('button, input, a, select')) return;
    event.preventDefault();
    void app.window({ do: 'start_drag' });
  };
  node.addEventListener('mousedown', down);
  return { destroy: () => node.removeEventListener('mousedown', down) };
}
