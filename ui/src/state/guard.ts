/** A control that has just appeared, or has just been moved, takes no click for this long, ms. */
export const GUARD_MS = 300;

/** What holds back the controls that move with the layout. */
const moving = new Set<() => void>();

/** Call when something other than the pressed control moved what is on the screen. */
export function layoutChanged(): void {
  for (const hold of moving) hold();
}

export interface GuardOptions {
  /** The control also moves when the layout changes (it does not stand at a fixed place). */
  moves?: boolean;
}

/**
 * Attach to Accept, Reject, End and everything else that must not be hit by a click
 * that was meant for what stood there before. `data-guarded` is set while it takes none.
 */
export function guard(node: HTMLElement, { moves = false }: GuardOptions = {}) {
  let release: ReturnType<typeof setTimeout> | undefined;

  const hold = () => {
    node.dataset.guarded = '';
    clearTimeout(release);
    release = setTimeout(() => delete node.dataset.guarded, GUARD_MS);
  };
  const onClick = (event: MouseEvent) => {
    if (node.dataset.guarded === undefined) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };

  hold();
  if (moves) moving.add(hold);
  // On the way down, before any listener of the control itself.
  node.addEventListener('click', onClick, { capture: true });

  return {
    destroy() {
      clearTimeout(release);
      moving.delete(hold);
      node.removeEventListener('click', onClick, { capture: true });
    },
  };
}
