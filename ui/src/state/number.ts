import type { PhoneNumber } from '../contract/generated';

export type NumberProblem = 'empty' | 'too_long' | 'bad_character';

/** Reads a number as people and `tel:` links write it (RFC 3966 section 5.1.1). */
export function parseNumber(text: string): { number: PhoneNumber } | { problem: NumberProblem } {
  let rest = text.trim();
  if (/^tel:/i.test(rest)) rest = rest.slice(4).split(';')[0] ?? '';
  const digits = rest.replace(/[\s\-.()/\u00a0]/g, '');
  if (/^\+?$/.test(digits)) return { problem: 'empty' };
  if (!/^\+?[0-9*#]+$/.test(digits)) return { problem: 'bad_character' };
  if (digits.replace('+', '').length > 32) return { problem: 'too_long' };
  return { number: digits };
}

/** Groups a number so that it can be read out: `+1 555 0101`. */
export function showNumber(number: PhoneNumber | null): string {
  if (!number) return '';
  const nanp = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  if (nanp) return `+1 ${nanp[1]} ${nanp[2]} ${nanp[3]}`;
  const short = /^(\+1)?(\d{3})(\d{4})$/.exec(number);
  if (short) return [short[1], short[2], short[3]].filter(Boolean).join(' ');
  return number;
}
