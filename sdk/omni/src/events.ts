import type { Cursor } from './cursor.js';
import { failure } from './errors.js';
import { EVENTS, type Events } from './generated.js';

/** How long after its start a page may still register for what happened before. */
export const EARLY_MS = 10_000;
/** Events that wait for a handler, as many as the core keeps. */
export const MOST_EARLY = 200;

type Callback = (payload: unknown) => void;

const NAMES = new Map(
  EVENTS.split(' ').map((entry) => {
    const [name, canonical = name] = entry.split('=') as [string, string?];
    return [name, canonical];
  }),
);

export type Listeners = ReturnType<typeof createListeners>;

/** Who listens to what. A reloaded page gets what it missed, though it registers late. */
export function createListeners(cursor: Cursor, seen: (event: string) => void) {
  const listeners = new Map<string, Set<Callback>>();
  let early: { event: string; payload: unknown; seq: number }[] | null = [];
  // Events whose present state is told to whoever registers.
  const present = new Map<string, () => unknown[]>();

  setTimeout(() => {
    const late = early ?? [];
    early = null;
    for (const { seq } of late) cursor.done(seq);
  }, EARLY_MS);

  function tell(callback: Callback, payload: unknown): void {
    try {
      callback(payload);
    } catch (error) {
      // One handler's fault is the page's to see, and no other handler's.
      setTimeout(() => {
        throw error;
      });
    }
  }

  function emit(event: string, payload: unknown): void {
    for (const callback of [...(listeners.get(event) ?? [])]) tell(callback, payload);
  }

  return {
    /** Throws what `register` rejects with. */
    add(name: unknown, callback: unknown): void {
      const event = known(name);
      if (typeof callback !== 'function') throw failure('REQUIRED_FIELD_MISSING', 'callback is required');
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(callback as Callback));
      // After the caller's own code, and in order.
      queueMicrotask(() => {
        for (const payload of present.get(event)?.() ?? []) tell(callback as Callback, payload);
        const mine = early?.filter((held) => held.event === event) ?? [];
        if (early) early = early.filter((held) => held.event !== event);
        for (const { payload, seq } of mine) {
          emit(event, payload);
          cursor.done(seq);
        }
      });
    },

    remove(name: unknown, callback?: unknown): void {
      const event = known(name);
      if (callback === undefined) listeners.delete(event);
      else listeners.get(event)?.delete(callback as Callback);
    },

    /** An event of the core. */
    arrived(seq: number, event: string, payload: unknown): void {
      if (!cursor.arrived(seq)) return;
      const name = NAMES.get(event);
      if (name) seen(name);
      const heard = name !== undefined && !present.has(name) && !LOCAL.has(name);
      if (heard && early && !listeners.get(name)?.size && early.length < MOST_EARLY) {
        early.push({ event: name, payload, seq });
        return;
      }
      if (heard) emit(name, payload);
      cursor.done(seq);
    },

    /** An event of the page's own browser or of this SDK. */
    local<E extends keyof Events>(event: E, payload: Events[E]): void {
      emit(event, payload);
    },

    present<E extends keyof Events>(event: E, payloads: () => Events[E][]): void {
      present.set(event, payloads);
    },
  };
}

// The page knows these itself; the core's word for another window would be wrong here.
const LOCAL = new Set(['windowVisibilityChanged', 'sendLifecycleEvent', 'omnibar:dock']);

function known(name: unknown): string {
  if (!name) throw failure('REQUIRED_FIELD_MISSING', 'event is required');
  const event = NAMES.get(name as string);
  if (!event) throw failure('DATA_NOT_FOUND', `there is no event ${String(name)}`);
  return event;
}
