import type { Fault, Intent, Meter, View } from '../contract/generated';
import type { KeyAction } from '../keys';

/** Takes a subscription back. */
export type Off = () => void;

/**
 * The three doors between this UI and the core, whatever carries them. Nothing
 * else in the UI knows where the core is.
 */
export interface Host {
  /** This is the app's own window: the agent decides about pages here and nowhere else. */
  readonly decides: boolean;
  /** Posts; rejects with a [`Fault`] when the intent could not even be read. */
  intent(intent: Intent): Promise<void>;
  /** Calls back with the present view as soon as it is known, then at each change. */
  onView(listener: (view: View) => void): Off;
  /** At most 20 Hz, in calls and audio tests only. */
  onMeter(listener: (meter: Meter) => void): Off;
  /** A system-wide key was pressed: the page did not see it. */
  onKey(listener: (action: KeyAction) => void): Off;
}

/** What a rejected intent carries; anything else is a broken host. */
export function asFault(thrown: unknown): Fault {
  if (typeof thrown === 'object' && thrown !== null && 'fault' in thrown) return thrown as Fault;
  return { fault: 'unreadable', detail: String(thrown) };
}
