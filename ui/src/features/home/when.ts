import { words } from '../../words';

/** `at`: ms since 1970. Time today, `Yesterday`, else the date. */
export function whenText(at: number, now: number): string {
  const then = new Date(at);
  const today = new Date(now);
  const day = (d: Date) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
  const days = Math.round((day(today) - day(then)) / 86_400_000);
  if (days === 0) return then.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  if (days === 1) return words.yesterday;
  return then.toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
}
