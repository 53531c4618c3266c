import { beforeEach, describe, expect, test, vi } from 'vitest';
import { createCursor } from '../src/cursor';
import { EARLY_MS, MOST_EARLY, createListeners } from '../src/events';
import { settled } from './frame';

const KEY = 'omnibar:last:test';

beforeEach(() => {
  vi.useFakeTimers();
  sessionStorage.clear();
});

/** The page as it starts (again), let in to epoch `e1`. */
function page(epoch = 'e1', seq = 0) {
  const cursor = createCursor(KEY);
  const last = cursor.last();
  const listeners = createListeners(cursor, () => undefined);
  cursor.begin(epoch, seq);
  return { cursor, listeners, last };
}

describe('what a page has handled', () => {
  test('is remembered over its reload', async () => {
    const before = page();
    const seen: unknown[] = [];
    before.listeners.add('showCrm', (payload: unknown) => seen.push(payload));
    before.listeners.arrived(1, 'showCrm', 'first');
    before.listeners.arrived(1, 'showCrm', 'the same again');
    expect(seen).toEqual(['first']);
    expect(page().last).toEqual({ epoch: 'e1', seq: 1 });
  });

  test('does not come again, but what came while it was away does, though it registers late', async () => {
    page().listeners.add('showCrm', () => undefined);
    const after = page();
    after.listeners.arrived(1, 'showCrm', 'missed');
    const seen: unknown[] = [];
    after.listeners.add('showCRM', (payload: unknown) => seen.push(payload));
    expect(seen).toEqual([]);
    await settled();
    expect(seen).toEqual(['missed']);
    expect(page().last).toEqual({ epoch: 'e1', seq: 1 });
  });

  test('ends before an event that nobody has taken yet', async () => {
    const first = page();
    const seen: unknown[] = [];
    first.listeners.add('showCrm', (payload: unknown) => seen.push(payload));
    first.listeners.arrived(1, 'loginStatus', 'loggedIn');
    first.listeners.arrived(2, 'showCrm', 'pop');
    const second = page();
    expect(second.last).toEqual({ epoch: 'e1', seq: 0 });
    second.listeners.add('showCrm', (payload: unknown) => seen.push(payload));
    second.listeners.add('loginStatus', (payload: unknown) => seen.push(payload));
    second.listeners.arrived(1, 'loginStatus', 'loggedIn');
    second.listeners.arrived(2, 'showCrm', 'pop');
    expect(seen).toEqual(['pop', 'loggedIn']);
    expect(page().last).toEqual({ epoch: 'e1', seq: 2 });
  });

  test('is over for events that nobody wanted in time', () => {
    const { listeners } = page();
    listeners.arrived(1, 'loginStatus', 'loggedIn');
    vi.advanceTimersByTime(EARLY_MS);
    expect(page().last).toEqual({ epoch: 'e1', seq: 1 });
    listeners.arrived(2, 'loginStatus', 'loggedOut');
    expect(page().last).toEqual({ epoch: 'e1', seq: 2 });
  });

  test('begins anew with the app, and where the app says for a fresh page', () => {
    expect(page('e1', 7).cursor.last()).toEqual({ epoch: 'e1', seq: 7 });
    const { cursor, listeners } = page('e2', 0);
    expect(cursor.last()).toEqual({ epoch: 'e2', seq: 0 });
    const heard = vi.fn();
    listeners.add('callRinging', heard);
    listeners.arrived(3, 'callRinging', null);
    expect(heard).toHaveBeenCalledTimes(1);
  });

  test('skips what is lost', () => {
    const { cursor, listeners } = page('e1', 0);
    cursor.begin('e1', 40);
    listeners.arrived(41, 'somethingOfANewerCore', null);
    expect(cursor.last()).toEqual({ epoch: 'e1', seq: 41 });
  });

  test.each(['{', '{"epoch":1,"seq":2,"done":[]}', '{"epoch":"e","seq":"2","done":[]}', '[]', '"x"'])(
    'is nothing when the storage holds %s',
    (text) => {
      sessionStorage.setItem(KEY, text);
      expect(createCursor(KEY).last()).toBeNull();
    },
  );

  test('survives a storage that refuses', () => {
    vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    const { cursor, listeners } = page();
    listeners.add('showCrm', () => undefined);
    listeners.arrived(1, 'showCrm', null);
    expect(cursor.last()).toEqual({ epoch: 'e1', seq: 1 });
  });
});

describe('listeners', () => {
  test('hear an event by any of its names, in any namespace', () => {
    const { listeners } = page();
    const heard: string[] = [];
    for (const name of [
      'customerUnlinkedToInteraction',
      'customerUnlinkedFromInteraction',
      'interactionUnlinked',
    ]) {
      listeners.add(name, () => heard.push(name));
    }
    listeners.arrived(1, 'customerUnlinkedToInteraction', {});
    expect(heard).toHaveLength(3);
  });

  test('are refused for what does not exist', () => {
    const { listeners } = page();
    const error = (name: unknown, callback: unknown) => {
      try {
        listeners.add(name, callback);
      } catch (thrown) {
        return (thrown as { errorCode: number }).errorCode;
      }
    };
    expect(error('showCrn', () => undefined)).toBe(4000);
    expect(error('toString', () => undefined)).toBe(4000);
    expect(error(undefined, () => undefined)).toBe(2001);
    expect(error('showCrm', 'alert()')).toBe(2001);
  });

  test('go away', () => {
    const { listeners } = page();
    const [one, other] = [vi.fn(), vi.fn()];
    listeners.add('callRinging', one);
    listeners.add('callRinging', other);
    listeners.remove('callRinging', one);
    listeners.arrived(1, 'callRinging', null);
    listeners.remove('callRinging');
    listeners.arrived(2, 'callRinging', null);
    expect([one, other].map((mock) => mock.mock.calls.length)).toEqual([0, 1]);
  });

  test('that throw harm nobody else', () => {
    const { listeners } = page();
    const heard = vi.fn();
    listeners.add('callRinging', () => {
      throw new Error('the page has a fault');
    });
    listeners.add('callRinging', heard);
    listeners.arrived(1, 'callRinging', null);
    expect(heard).toHaveBeenCalledTimes(1);
    expect(() => vi.runOnlyPendingTimers()).toThrow('the page has a fault');
  });

  test('take the browser\u2019s word, not the core\u2019s, for the page itself', () => {
    const { listeners } = page();
    const heard = vi.fn();
    listeners.add('windowVisibilityChanged', heard);
    listeners.arrived(1, 'windowVisibilityChanged', { isVisible: false });
    expect(heard).not.toHaveBeenCalled();
    listeners.local('windowVisibilityChanged', { isVisible: true });
    expect(heard).toHaveBeenCalledWith({ isVisible: true });
  });

  test('hold no more early events than the core keeps', async () => {
    const { listeners } = page();
    for (let seq = 1; seq <= 10_000; seq += 1) listeners.arrived(seq, 'showCrm', seq);
    const heard: unknown[] = [];
    listeners.add('showCrm', (seq: unknown) => heard.push(seq));
    await settled();
    expect(heard).toHaveLength(MOST_EARLY);
  });
});
