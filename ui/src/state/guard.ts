/** A control that has just appeared, or has just been moved, takes no click for this long, ms. */
export const GUARD_MS = 300;

let layoutChangedAt = -Infinity;

/** Call when something other than the pressed control moved what is on the screen. */
export function layoutChanged(): void {
  layoutChangedAt = performance.now();
}

export interface GuardOptions {
  /** The control also moves when the layout changes (it does not stand at a fixed place). */
  moves?: boolean;
}

/**
 * Attach to Accept, Reject, End and everything else that must not be hit by a click
 * that was meant for what stood there before. `data-armed` is set once it takes clicks.
 */
export function guard(node: HTMLElement, options: GuardOptions = {}) {
  const appearedAt = performance.now();
  let moves = options.moves ?? false;
  const arm = setTimeout(() => (node.dataset.armed = ''), GUARD_MS);

  const onClick = (event: MouseEvent) => {
    const since = moves ? Math.max(appearedAt, layoutChangedAt) : appearedAt;
    if (performance.now() - since < GUARD_MS) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  // On the way down, before any listener of the control itself.
  node.addEventListener('click', onClick, { capture: true });

  return {
    update(next: GuardOptions) {
      moves = next.moves ?? false;
    },
    destroy() {
      clearTimeout(arm);
      node.removeEventListener('click', onClick, { capture: true });
    },
  };
}
