import { beforeEach, expect, test, vi } from 'vitest';
import { CALL_TIMEOUT_MS, MOST_CALLS, createCalls } from '../src/calls';
import { line, settled } from './frame';

beforeEach(() => void vi.useFakeTimers());

const refusal = { errorType: 'INVALID_ORIGIN', errorCode: 1003, description: 'blocked' } as const;

function open() {
  const calls = createCalls(() => 'the toolbar has not loaded');
  const port = line();
  calls.line(port.near);
  return { calls, port };
}

test('a call waits for the welcome and goes out once', async () => {
  const { calls, port } = open();
  const answer = calls.call('session.getCurrentUser', []);
  await settled();
  expect(port.got).toEqual([]);
  calls.welcome();
  calls.welcome();
  expect(port.got).toEqual([{ id: 1, api: 'session.getCurrentUser', arguments: [] }]);
  calls.answer(1, { userId: 'agent1' });
  await expect(answer).resolves.toEqual({ userId: 'agent1' });
});

test('arguments pass as they are given, positional or named', async () => {
  const { calls, port } = open();
  calls.welcome();
  void calls.call('store.set', ['key', 'value']);
  void calls.call('store.set', [{ key: 'key', value: 'value' }]);
  void calls.call('store.get', [undefined]);
  await settled();
  expect(port.got.map((call) => (call as { arguments: unknown }).arguments)).toEqual([
    ['key', 'value'],
    [{ key: 'key', value: 'value' }],
    [null],
  ]);
});

test('a sign-in does not wait for the welcome that it brings about', async () => {
  const { calls, port } = open();
  const login = calls.call('session.login', ['agent1', 'secret']);
  await settled();
  expect(port.got).toHaveLength(1);
  calls.refuse(refusal);
  await expect(login).rejects.toMatchObject({ errorCode: 1000 });
  const again = calls.call('session.forceLogin', ['agent1', 'secret']);
  await settled();
  expect(port.got).toHaveLength(2);
  calls.answer(2, 'Successfully Logged In');
  await expect(again).resolves.toBe('Successfully Logged In');
});

test('a sign-in that a frame had goes to the next one, for the page may say hello twice', async () => {
  const { calls, port } = open();
  const login = calls.call('session.login', ['agent1', 'secret']);
  await settled();
  calls.lost('kept');
  const next = line();
  calls.line(null);
  calls.line(next.near);
  expect(port.got).toHaveLength(1);
  expect(next.got).toEqual(port.got);
  calls.answer(1, 'Successfully Logged In');
  await expect(login).resolves.toBe('Successfully Logged In');
});

test('a call that waited too long is rejected and never sent', async () => {
  const { calls, port } = open();
  const dial = calls.call('interaction.initiateInteraction', []);
  const rejected = expect(dial).rejects.toEqual({
    errorType: 'TIMEOUT',
    errorCode: 1000,
    description: 'interaction.initiateInteraction: the toolbar has not loaded',
  });
  await settled();
  vi.advanceTimersByTime(CALL_TIMEOUT_MS);
  await rejected;
  calls.welcome();
  expect(port.got).toEqual([]);
});

test('a call that is not answered in time is rejected; a late answer is ignored', async () => {
  const { calls } = open();
  calls.welcome();
  const call = calls.call('session.logout', []);
  const rejected = expect(call).rejects.toMatchObject({ errorCode: 1000, description: /not answered/ });
  await settled();
  vi.advanceTimersByTime(CALL_TIMEOUT_MS - 1);
  calls.answer(2, 'of nobody');
  vi.advanceTimersByTime(1);
  await rejected;
  calls.answer(1, 'late');
});

test('what was sent on a lost line is not sent again', async () => {
  const { calls, port } = open();
  calls.welcome();
  const dial = calls.call('interaction.initiateInteraction', []);
  await settled();
  expect(port.got).toHaveLength(1);
  const next = line();
  calls.line(next.near);
  await expect(dial).rejects.toMatchObject({ errorCode: 1000, description: /may have been done/ });
  const waits = calls.call('session.getCurrentUser', []);
  await settled();
  calls.welcome();
  expect(next.got).toMatchObject([{ api: 'session.getCurrentUser' }]);
  calls.answer(2, 'agent1');
  await expect(waits).resolves.toBe('agent1');
});

test('a refusal rejects what waits and what comes, until the next welcome', async () => {
  const { calls } = open();
  const before = calls.call('store.get', ['a']);
  const entry = calls.entry('register showCrm');
  await settled();
  calls.refuse(refusal);
  await expect(before).rejects.toEqual(refusal);
  await expect(entry).rejects.toEqual(refusal);
  await expect(calls.call('store.get', ['a'])).rejects.toEqual(refusal);
  calls.welcome();
  await expect(calls.entry('register showCrm')).resolves.toBeUndefined();
});

test('a page in a loop is stopped before it fills the memory', async () => {
  const { calls, port } = open();
  calls.welcome();
  const flood = Array.from({ length: 10_000 }, () =>
    calls.call('store.get', ['a']).catch((error: { errorCode: number }) => error.errorCode),
  );
  await settled();
  expect(port.got).toHaveLength(MOST_CALLS);
  for (let id = 1; id <= MOST_CALLS; id += 1) calls.answer(id, 'a');
  const results = await Promise.all(flood);
  expect(results.filter((result) => result === 'a')).toHaveLength(MOST_CALLS);
  expect(results.filter((result) => result === 1000)).toHaveLength(10_000 - MOST_CALLS);
});
