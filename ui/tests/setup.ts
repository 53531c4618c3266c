import { cleanup } from '@testing-library/svelte';
import { afterEach, vi } from 'vitest';

// What jsdom lacks and the primitives measure with.
class NoObserver {
  observe() {}
  unobserve() {}
  disconnect() {}
}
vi.stubGlobal('ResizeObserver', NoObserver);
Element.prototype.scrollIntoView = () => undefined;
Element.prototype.hasPointerCapture = () => false;

afterEach(() => {
  cleanup();
  localStorage.clear();
});
