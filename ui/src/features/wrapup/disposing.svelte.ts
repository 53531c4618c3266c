import type { CallView } from '../../contract/generated';
import type { App } from '../../state/app.svelte';
import type { Draft } from '../../state/drafts.svelte';
import { booking, fresh, type Schedule } from '../callbacks/schedule';
import { dispositionsOf, find } from './dispositions';

interface Disposing {
  readonly draft: Draft;
  /** When to call back, if the chosen code asks for it. */
  readonly schedule: Schedule | null;
  readonly pending: boolean;
  /** A code is chosen and the core takes it. */
  readonly ready: boolean;
  dispose(): void;
}

/**
 * The end of a call's wrap-up, for the panel and the bar alike; the dispose key
 * disposes when a code is chosen. Call it while a component is being set up.
 */
export function disposing(app: App, call: () => CallView): Disposing {
  const draft = $derived(app.drafts.of(call().interaction.id));
  const pending = $derived(call().pending.some((p) => p.verb === 'dispose'));
  const wall = () => app.clock.wall(app.clock.now);
  const schedule = $derived.by(() => {
    const { id, channel, campaign, customer } = call().interaction;
    const campaigns = app.session?.state === 'signed_in' ? app.session.campaigns : [];
    const code = find(dispositionsOf(campaigns, campaign), draft.disposition)?.code;
    if (!code?.callback || channel !== 'voice') return null;
    return app.drafts.scheduled(id) ?? fresh(wall(), customer.number !== null);
  });
  const bookable = $derived(schedule === null || 'booking' in booking(schedule, wall()));
  const ready = $derived(draft.disposition !== null && call().can.dispose && bookable);

  function dispose(): void {
    const { disposition, note } = draft;
    if (!ready || pending || disposition === null) return;
    const { id, channel } = call().interaction;
    const booked = schedule && booking(schedule, wall());
    const callback = booked && 'booking' in booked ? booked.booking : null;
    // The note goes with the disposition; none is to follow it.
    app.drafts.drop(id);
    if (channel === 'chat') void app.chat({ do: 'dispose', chat: id, disposition, note });
    else void app.desk({ do: 'dispose', interaction: id, disposition, note, callback });
  }

  let handled = app.disposeAsked;
  $effect(() => {
    if (app.disposeAsked === handled) return;
    handled = app.disposeAsked;
    dispose();
  });

  return {
    get draft() {
      return draft;
    },
    get schedule() {
      return schedule;
    },
    get pending() {
      return pending;
    },
    get ready() {
      return ready;
    },
    dispose,
  };
}
