import type { Moment } from '../contract/generated';

/**
 * The core's clock as far as this page knows it. It ticks once a second, on whole
 * seconds of that clock, so that every timer on the screen changes together and an
 * idle page wakes no oftener.
 */
export class Clock {
  /** Present reading, ms. */
  now: Moment = $state(0);

  /** Core's clock minus the page's; `null` until the first view. */
  #offset: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #paused = false;

  /** The core's clock read `now` when the view was made. */
  set(now: Moment): void {
    this.#offset = now - performance.now();
    this.now = now;
    this.#restart();
  }

  /** Stops ticking while nobody can see it. */
  pause(): void {
    this.#paused = true;
    clearTimeout(this.#timer);
  }

  resume(): void {
    this.#paused = false;
    if (this.#offset !== null) this.now = this.#estimate();
    this.#restart();
  }

  /** A moment on the clock on the wall, ms since 1970. */
  wall(at: Moment): number {
    return Date.now() - (this.#estimate() - at);
  }

  #estimate(): number {
    return performance.now() + (this.#offset ?? 0);
  }

  #restart(): void {
    clearTimeout(this.#timer);
    if (!this.#paused && this.#offset !== null) this.#schedule();
  }

  #schedule(): void {
    const wait = 1000 - (this.#estimate() % 1000);
    this.#timer = setTimeout(() => {
      // The timer may fire a few ms off; the second itself is meant.
      this.now = Math.round(this.#estimate() / 1000) * 1000;
      this.#schedule();
    }, wait);
  }
}

/** Whole seconds from `since` to `now`, never negative. */
export function elapsed(now: Moment, since: Moment): number {
  return Math.max(0, Math.floor((now - since) / 1000));
}

/** Whole seconds left until `until`, never negative; the last second shows as 1. */
export function left(now: Moment, until: Moment): number {
  return Math.max(0, Math.ceil((until - now) / 1000));
}

/** `02:33`, `1:02:33`. */
export function clockText(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(s / 3600);
  const rest = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}
