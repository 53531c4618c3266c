import { SvelteMap } from 'svelte/reactivity';
import type { DispositionId, Interaction, InteractionId } from '../contract/generated';
import type { Schedule } from '../features/callbacks/schedule';

/** A note goes to the core this long after the last key, ms. */
export const NOTE_DELAY_MS = 800;

export interface Draft {
  note: string;
  disposition: DispositionId | null;
}

/**
 * What is being written about each interaction. It stays until the interaction is
 * gone, whatever happens to the screen or to the connection.
 */
export class Drafts {
  #drafts = new SvelteMap<InteractionId, Draft>();
  /** Notes as the core last gave them, to see whether they are the agent's own words. */
  #known = new Map<InteractionId, string>();
  /** Callbacks that are booked with the disposition. */
  #schedules = new SvelteMap<InteractionId, Schedule>();
  #timers = new Map<InteractionId, ReturnType<typeof setTimeout>>();
  readonly #send: (interaction: InteractionId, note: string) => void;

  constructor(send: (interaction: InteractionId, note: string) => void) {
    this.#send = send;
  }

  of(id: InteractionId): Draft {
    return this.#drafts.get(id) ?? { note: '', disposition: null };
  }

  write(id: InteractionId, note: string): void {
    this.#drafts.set(id, { ...this.of(id), note });
    clearTimeout(this.#timers.get(id));
    this.#timers.set(
      id,
      setTimeout(() => this.flush(id), NOTE_DELAY_MS),
    );
  }

  choose(id: InteractionId, disposition: DispositionId | null): void {
    this.#drafts.set(id, { ...this.of(id), disposition });
  }

  /** `null`: nothing has been filled in. */
  scheduled(id: InteractionId): Schedule | null {
    return this.#schedules.get(id) ?? null;
  }

  schedule(id: InteractionId, schedule: Schedule): void {
    this.#schedules.set(id, schedule);
  }

  /** Sends what was typed now, if it has not been sent. */
  flush(id: InteractionId): void {
    if (!this.#timers.has(id)) return;
    this.#forgetTimer(id);
    const { note } = this.of(id);
    if (note === this.#known.get(id)) return;
    this.#send(id, note);
  }

  /** The note goes with a command of its own: none is to follow it. */
  drop(id: InteractionId): void {
    this.#forgetTimer(id);
  }

  /** Takes over notes from the core unless the agent is ahead of it. */
  follow(interactions: Pick<Interaction, 'id' | 'note'>[]): void {
    const live = new Set(interactions.map((i) => i.id));
    for (const id of [...this.#drafts.keys(), ...this.#schedules.keys()]) if (!live.has(id)) this.#forget(id);
    for (const { id, note } of interactions) {
      const known = this.#known.get(id);
      const draft = this.#drafts.get(id);
      const ahead = this.#timers.has(id);
      if (!ahead && note !== known && note !== draft?.note) {
        this.#drafts.set(id, { disposition: draft?.disposition ?? null, note });
      }
      this.#known.set(id, note);
    }
  }

  #forget(id: InteractionId): void {
    this.#drafts.delete(id);
    this.#schedules.delete(id);
    this.#known.delete(id);
    this.#forgetTimer(id);
  }

  #forgetTimer(id: InteractionId): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }
}
