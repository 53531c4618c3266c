import type { BreakReason, Presence, PresenceView } from '../../contract/generated';
import { words } from '../../words';

/** The break's own name, where the centre still knows it. */
export function presenceName(presence: Presence, breaks: BreakReason[]): string {
  switch (presence.state) {
    case 'available':
      return words.agentStates.available;
    case 'offline':
      return words.agentStates.offline;
    case 'break':
      return breaks.find((b) => b.id === presence.reason)?.name ?? words.agentStates.break;
    default: {
      const unknown: never = presence;
      return unknown;
    }
  }
}

/** What the agent is now, in a word: on a break its reason. */
export function stateName(presence: PresenceView, breaks: BreakReason[]): string {
  const { state } = presence.state;
  return state === 'break' ? presenceName(presence.chosen, breaks) : words.agentStates[state];
}

export function samePresence(a: Presence | null, b: Presence): boolean {
  if (a?.state !== b.state) return false;
  return a.state !== 'break' || b.state !== 'break' || a.reason === b.reason;
}
