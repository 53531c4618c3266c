import type { CallView } from '../../contract/generated';
import type { App } from '../../state/app.svelte';
import type { Draft } from '../../state/drafts.svelte';

interface Disposing {
  readonly draft: Draft;
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
  const ready = $derived(draft.disposition !== null && call().can.dispose);

  function dispose(): void {
    const { disposition, note } = draft;
    if (!ready || pending || disposition === null) return;
    const { id, channel } = call().interaction;
    // The note goes with the disposition; none is to follow it.
    app.drafts.drop(id);
    if (channel === 'chat') void app.chat({ do: 'dispose', chat: id, disposition, note });
    else void app.desk({ do: 'dispose', interaction: id, disposition, note, callback: null });
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
    get pending() {
      return pending;
    },
    get ready() {
      return ready;
    },
    dispose,
  };
}
