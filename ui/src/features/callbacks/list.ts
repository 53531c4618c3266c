import type { Callback, CampaignId } from '../../contract/generated';
import { words } from '../../words';

/** Which days' callbacks are listed. */
export type Days = 'all' | 'late' | 'today' | 'tomorrow' | 'week';

export const DAYS: readonly Days[] = ['all', 'late', 'today', 'tomorrow', 'week'];

export interface Filter {
  days: Days;
  /** `null`: all of them. */
  campaign: CampaignId | null;
}

/** Callbacks that fit, by their time. `now`: ms since 1970. */
export function fitting(callbacks: Callback[], filter: Filter, now: number): Callback[] {
  const { from, to } = span(filter.days, now);
  return callbacks
    .filter((c) => c.at >= from && c.at < to)
    .filter((c) => filter.campaign === null || c.campaign === filter.campaign)
    .sort((a, b) => a.at - b.at);
}

function span(days: Days, now: number): { from: number; to: number } {
  const midnight = (ahead: number) => {
    const today = new Date(now);
    return new Date(today.getFullYear(), today.getMonth(), today.getDate() + ahead).getTime();
  };
  switch (days) {
    case 'all':
      return { from: -Infinity, to: Infinity };
    case 'late':
      return { from: -Infinity, to: now };
    case 'today':
      return { from: midnight(0), to: midnight(1) };
    case 'tomorrow':
      return { from: midnight(1), to: midnight(2) };
    case 'week':
      return { from: midnight(0), to: midnight(7) };
    default: {
      const unknown: never = days;
      return unknown;
    }
  }
}

/** `16:35`, `Tomorrow 09:00`, `24 Nov 09:00`. */
export function dueText(at: number, now: number): string {
  const then = new Date(at);
  const today = new Date(now);
  const day = (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  const days = Math.round((day(then) - day(today)) / 86_400_000);
  const time = then.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  if (days === 0) return time;
  if (days === 1) return `${words.callbacks.tomorrow} ${time}`;
  if (days === -1) return `${words.yesterday} ${time}`;
  const other = then.getFullYear() === today.getFullYear() ? undefined : ('numeric' as const);
  return `${then.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: other })} ${time}`;
}
