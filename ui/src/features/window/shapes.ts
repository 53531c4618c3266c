import type { Shape } from '../../contract/generated';

/** Names are also test ids. */
export const SHAPES = [
  { name: 'floating', shape: { dock: 'floating', edge: 'right' } },
  { name: 'panel-left', shape: { dock: 'panel', edge: 'left' } },
  { name: 'panel', shape: { dock: 'panel', edge: 'right' } },
  { name: 'bar', shape: { dock: 'bar', edge: 'top' } },
  { name: 'bar-bottom', shape: { dock: 'bar', edge: 'bottom' } },
] as const satisfies readonly { name: string; shape: Shape }[];

/** A floating window stands at no edge. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.dock === b.dock && (a.dock === 'floating' || a.edge === b.edge);
}
