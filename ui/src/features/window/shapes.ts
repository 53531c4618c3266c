import type { Shape } from '../../contract/generated';

export const SHAPES = [
  { name: 'floating', shape: { dock: 'floating', edge: 'right' } },
  { name: 'panel_left', shape: { dock: 'panel', edge: 'left' } },
  { name: 'panel_right', shape: { dock: 'panel', edge: 'right' } },
  { name: 'bar_top', shape: { dock: 'bar', edge: 'top' } },
  { name: 'bar_bottom', shape: { dock: 'bar', edge: 'bottom' } },
] as const satisfies readonly { name: string; shape: Shape }[];

/** A floating window stands at no edge. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.dock === b.dock && (a.dock === 'floating' || a.edge === b.edge);
}
