import type { Booking } from '../../contract/generated';
import { parseNumber, type NumberProblem } from '../../state/number';

/** When to call back: after a while, tomorrow morning, or at a date and time. */
export type When = 'soon' | 'hour' | 'tomorrow' | 'date';

/** What is being filled in before a callback is booked. */
export interface Schedule {
  own: boolean;
  when: When;
  /** `2026-11-21` and `16:35`, as date and time fields have them. */
  date: string;
  time: string;
  /** `null`: the customer's own number. */
  other: string | null;
}

export type ScheduleProblem = 'no_time' | 'past' | 'far' | NumberProblem;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** How far ahead the centre books. */
const AHEAD = 366 * 24 * HOUR;
/** First hour of a working day. */
const MORNING = 9;

/** `now`: ms since 1970. */
export function fresh(now: number, hasNumber: boolean): Schedule {
  // The next whole quarter of an hour that is not too near.
  const quarter = 15 * MINUTE;
  const { date, time } = fields(Math.ceil((now + quarter) / quarter) * quarter);
  return { own: true, when: 'soon', date, time, other: hasNumber ? null : '' };
}

/** A moment as date and time fields have it, on this computer's clock. */
export function fields(at: number): { date: string; time: string } {
  const then = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  return {
    date: `${then.getFullYear()}-${two(then.getMonth() + 1)}-${two(then.getDate())}`,
    time: `${two(then.getHours())}:${two(then.getMinutes())}`,
  };
}

/** Ms since 1970 of a date and time of this computer's clock; `null`: not filled in. */
export function moment(date: string, time: string): number | null {
  const day = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  const hour = /^(\d{2}):(\d{2})(?::(\d{2}))?$/.exec(time);
  if (!day || !hour) return null;
  const [, year, month, of] = day.map(Number) as [number, number, number, number];
  const [, h, m] = hour.map(Number) as [number, number, number];
  const s = Number(hour[3] ?? 0);
  const at = new Date(year, month - 1, of, h, m, s);
  return at.getMonth() === month - 1 && at.getDate() === of ? at.getTime() : null;
}

/** When it is due if it is booked at `now`. */
export function dueAt(schedule: Pick<Schedule, 'when' | 'date' | 'time'>, now: number): number | null {
  switch (schedule.when) {
    case 'soon':
      return now + 15 * MINUTE;
    case 'hour':
      return now + HOUR;
    case 'tomorrow': {
      const today = new Date(now);
      return new Date(today.getFullYear(), today.getMonth(), today.getDate() + 1, MORNING).getTime();
    }
    case 'date':
      return moment(schedule.date, schedule.time);
    default: {
      const unknown: never = schedule.when;
      return unknown;
    }
  }
}

/** What is wrong with a time to come. */
export function timeProblem(at: number | null, now: number): ScheduleProblem | null {
  if (at === null) return 'no_time';
  if (at <= now) return 'past';
  return at > now + AHEAD ? 'far' : null;
}

/** What the core is asked to book, or why not. */
export function booking(
  schedule: Schedule,
  now: number,
): { booking: Booking } | { problem: ScheduleProblem } {
  const at = dueAt(schedule, now);
  const problem = timeProblem(at, now);
  if (at === null || problem) return { problem: problem ?? 'no_time' };
  if (schedule.other === null) return { booking: { at, number: null, own: schedule.own } };
  const parsed = parseNumber(schedule.other);
  if ('problem' in parsed) return parsed;
  return { booking: { at, number: parsed.number, own: schedule.own } };
}
