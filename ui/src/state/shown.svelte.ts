import { SvelteMap } from 'svelte/reactivity';
import type { Area } from './areas';

/** Areas that are on the screen now, so that a refusal without its area goes to the banners. */
const shown = new SvelteMap<Area, number>();

export function isShown(area: Area): boolean {
  return (shown.get(area) ?? 0) > 0;
}

/** Counts the area in; returns how to count it out. */
export function show(area: Area): () => void {
  shown.set(area, (shown.get(area) ?? 0) + 1);
  return () => shown.set(area, (shown.get(area) ?? 1) - 1);
}
