import type { FromPage, Intent, Meter, View } from '../contract/generated';
import type { DockLink } from '../dock/link';
import type { Host } from './host';

export interface SocketHost extends Host {
  /** Somebody can see this frame: a hidden one is sent neither views nor meters. */
  seen(on: boolean): void;
  close(): void;
}

/** A frame that nobody sees is not drawn, and draws its view after this time, ms. */
const UNSEEN_MS = 32;

/**
 * The three doors over the connection of a docked frame. A view is shown with the next
 * picture: the newest of those that came by then. Drawing takes longer than passing an
 * event on, and the event that follows a view by a moment does not wait for it.
 */
export function socketHost(link: DockLink): SocketHost {
  const views = new Set<(view: View) => void>();
  const meters = new Set<(meter: Meter) => void>();
  let visible = true;
  let epoch = '';
  /** Revisions begin anew with the app; what is shown here goes on rising. */
  let before = 0;
  let newest: View | null = null;
  let waiting = false;

  const watch = () => {
    const frame: FromPage = { say: 'watch', views: visible, meters: visible };
    link.send(frame);
  };

  const take = (view: View) => {
    newest = asDocked({ ...view, revision: before + view.revision });
    if (waiting) return;
    waiting = true;
    withNextPicture(show);
  };

  const show = () => {
    waiting = false;
    if (newest) for (const listener of views) listener(newest);
  };

  const offFrames = link.onFrame((frame) => {
    if (frame.say === 'view') take(frame.view);
    else if (frame.say === 'meter') for (const listener of meters) listener(frame.meter);
  });
  const offState = link.onState((state) => {
    if (state.state !== 'up') return;
    if (state.epoch !== epoch) {
      epoch = state.epoch;
      before = newest ? newest.revision + 1 : 0;
    }
    watch();
  });

  return {
    decides: false,

    async intent(intent: Intent) {
      // The window of a page is the page's own affair.
      if (intent.to === 'window') return;
      if (!link.send({ say: 'intent', intent })) throw { fault: 'not_here' };
    },

    onView(listener) {
      views.add(listener);
      if (newest) listener(newest);
      return () => views.delete(listener);
    },

    onMeter(listener) {
      meters.add(listener);
      return () => meters.delete(listener);
    },

    // System-wide keys are the app's.
    onKey: () => () => undefined,

    seen(on) {
      if (on === visible) return;
      visible = on;
      watch();
    },

    close() {
      offFrames();
      offState();
    },
  };
}

function withNextPicture(act: () => void): void {
  let timer: ReturnType<typeof setTimeout> | undefined = undefined;
  const picture = requestAnimationFrame(() => {
    clearTimeout(timer);
    act();
  });
  timer = setTimeout(() => {
    cancelAnimationFrame(picture);
    act();
  }, UNSEEN_MS);
}

/** A page has no window to shape, and nothing to decide about pages. */
function asDocked(view: View): View {
  return {
    ...view,
    window: { ...view.window, can_shape: false, shape: { dock: 'floating', edge: 'right' } },
    dock: { ...view.dock, origins: [], pairing_code: null },
  };
}
