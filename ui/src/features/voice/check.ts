export type Grade = 'ok' | 'warn' | 'danger';

const ORDER: Grade[] = ['ok', 'warn', 'danger'];

/** Of none: all is well. */
export function worst(grades: Grade[]): Grade {
  return grades.reduce((a, b) => (ORDER.indexOf(b) > ORDER.indexOf(a) ? b : a), 'ok');
}
