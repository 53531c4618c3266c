import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clock, clockText, elapsed, left } from '../src/state/clock.svelte';

describe('the clock', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('ticks on whole seconds of the core, once a second', () => {
    const clock = new Clock();
    clock.set(10_400);
    vi.advanceTimersByTime(599);
    expect(clock.now).toBe(10_400);
    vi.advanceTimersByTime(1);
    expect(clock.now).toBe(11_000);
    vi.advanceTimersByTime(999);
    expect(clock.now).toBe(11_000);
    vi.advanceTimersByTime(1);
    expect(clock.now).toBe(12_000);
    expect(vi.getTimerCount()).toBe(1);
  });

  it('counts every second once, whenever the call began', () => {
    const clock = new Clock();
    clock.set(10_000);
    const since = 9_999;
    const seen: number[] = [];
    for (let s = 0; s < 5; s += 1) {
      vi.advanceTimersByTime(1000);
      seen.push(elapsed(clock.now, since));
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  it('stands still while nobody looks, and is right afterwards', () => {
    const clock = new Clock();
    clock.set(10_000);
    clock.pause();
    vi.advanceTimersByTime(5_000);
    expect(clock.now).toBe(10_000);
    expect(vi.getTimerCount()).toBe(0);
    clock.resume();
    expect(clock.now).toBe(15_000);
  });

  it('does not wake a hidden page when a view comes', () => {
    const clock = new Clock();
    clock.set(10_000);
    clock.pause();
    clock.set(20_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(clock.now).toBe(20_000);
  });

  it('follows the core when its clock is found to be elsewhere', () => {
    const clock = new Clock();
    clock.set(10_000);
    clock.set(50_250);
    vi.advanceTimersByTime(750);
    expect(clock.now).toBe(51_000);
  });
});

describe('times', () => {
  it('are never negative', () => {
    expect(elapsed(1_000, 5_000)).toBe(0);
    expect(left(5_000, 1_000)).toBe(0);
    expect(clockText(-3)).toBe('00:00');
  });

  it('show the last second as one', () => {
    expect(left(1_000, 1_001)).toBe(1);
    expect(left(1_000, 2_000)).toBe(1);
    expect(left(1_000, 1_000)).toBe(0);
  });

  it('are written as on a clock', () => {
    expect(clockText(9)).toBe('00:09');
    expect(clockText(153)).toBe('02:33');
    expect(clockText(3_753)).toBe('1:02:33');
  });
});
