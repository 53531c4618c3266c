import type { Destination, DirectoryEntry, DirectoryView } from '../../contract/generated';
import { parseNumber, showNumber } from '../../state/number';
import { words } from '../../words';

export interface Group {
  kind: Destination['kind'];
  entries: DirectoryEntry[];
}

const ORDER: readonly Destination['kind'][] = ['number', 'agent', 'queue', 'ivr'];

/** Results by kind; a number that was typed can be called even if nobody knows it. */
export function groups(directory: DirectoryView, text: string): Group[] {
  // While the answer to the newest text is awaited, only what fits it is shown.
  const stale = directory.text !== text.trim();
  const entries = directory.entries.filter((e) => !stale || fits(e, text));
  const typed = parseNumber(text);
  if ('number' in typed && /\d{3,}/.test(typed.number)) {
    const known = entries.some((e) => e.destination.kind === 'number' && e.destination.id === typed.number);
    if (!known) {
      entries.unshift({
        destination: { kind: 'number', id: typed.number },
        name: showNumber(typed.number),
        available: true,
      });
    }
  }
  return ORDER.map((kind) => ({
    kind,
    entries: entries.filter((e) => e.destination.kind === kind),
  })).filter((g) => g.entries.length > 0);
}

function fits(entry: DirectoryEntry, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return `${entry.name} ${entry.destination.id}`.toLowerCase().includes(wanted);
}

export function keyOf(destination: Destination): string {
  return `${destination.kind}:${destination.id}`;
}

/** Whether somebody is there, in words; only people and queues can be away. */
export function availability(entry: DirectoryEntry): string {
  switch (entry.destination.kind) {
    case 'agent':
      return entry.available ? words.personFree : words.personAway;
    case 'queue':
      return entry.available ? words.queueStaffed : words.queueEmpty;
    case 'ivr':
      return words.parties.ivr;
    case 'number':
      return entry.name === showNumber(entry.destination.id)
        ? words.callThisNumber
        : showNumber(entry.destination.id);
    default: {
      const unknown: never = entry.destination;
      return unknown;
    }
  }
}

/** Sends a search once typing has paused; the first one at once. */
export const SEARCH_DELAY_MS = 180;
