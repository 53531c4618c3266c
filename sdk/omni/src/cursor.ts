import type { LastEvent } from './messages.js';

/** As many as the core sends again. */
const MOST_DONE = 200;

type Stored = LastEvent & {
  /** Numbers above `seq` that are done already. */
  done: number[];
};

export type Cursor = ReturnType<typeof createCursor>;

/** Which events the page has handled, kept over its reloads (but not over its tab). */
export function createCursor(key: string) {
  let now = read(key);
  // Numbers that wait for a handler.
  const waiting = new Set<number>();
  // Of those that came to this page since it loaded: they come in order.
  let newest = now?.seq ?? 0;

  function save(): void {
    if (!now) return;
    const first = Math.min(newest + 1, ...waiting);
    now.seq = Math.max(now.seq, first - 1);
    const floor = now.seq;
    now.done = now.done.filter((seq) => seq > floor).slice(-MOST_DONE);
    try {
      sessionStorage.setItem(key, JSON.stringify(now));
    } catch {
      // A sandboxed page has no storage: it only misses what happens during its reload.
    }
  }

  return {
    last: (): LastEvent | null => now && { epoch: now.epoch, seq: now.seq },

    /** Events of `epoch` up to `seq` are gone, or were before this page. */
    begin(epoch: string, seq: number): void {
      if (now?.epoch !== epoch) {
        now = { epoch, seq, done: [] };
        waiting.clear();
        newest = seq;
      }
      newest = Math.max(newest, seq);
      save();
    },

    /** Whether the event is new to the page. */
    arrived(seq: number): boolean {
      if (!now || seq <= newest) return false;
      newest = seq;
      if (!now.done.includes(seq)) return !!waiting.add(seq);
      save();
      return false;
    },

    done(seq: number): void {
      if (!now || !waiting.delete(seq)) return;
      now.done.push(seq);
      save();
    },
  };
}

function read(key: string): Stored | null {
  try {
    const { epoch, seq, done } = JSON.parse(sessionStorage.getItem(key) ?? 'null') as Stored;
    const numbers = [seq, ...done].every(Number.isSafeInteger);
    return typeof epoch === 'string' && numbers ? { epoch, seq, done: done.slice(-MOST_DONE) } : null;
  } catch {
    return null;
  }
}
