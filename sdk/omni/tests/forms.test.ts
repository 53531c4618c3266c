import { expect, test } from 'vitest';
import { sendable } from '../src/forms';
import { LONGEST_CALL } from '../src/messages';

function form(): FormData {
  const data = new FormData();
  data.append('subject', 'Broken kettle');
  data.append('photo', new File([new Uint8Array([0, 255, 16])], 'kettle.png', { type: 'image/png' }));
  data.append('subject', 'again');
  return data;
}

const parts = {
  $form: [
    { name: 'subject', value: 'Broken kettle' },
    { name: 'photo', filename: 'kettle.png', type: 'image/png', base64: 'AP8Q' },
    { name: 'subject', value: 'again' },
  ],
};

test('a form is sent as its parts, in order, positional or named', async () => {
  expect(await sendable(['cms', '/upload', 'post', null, form(), true])).toEqual([
    'cms',
    '/upload',
    'post',
    null,
    parts,
    true,
  ]);
  expect(await sendable([{ url: '/upload', data: form() }])).toEqual([{ url: '/upload', data: parts }]);
});

test('an empty file has no content', async () => {
  const data = new FormData();
  data.append('file', new File([], 'empty.txt'));
  expect(await sendable([data])).toEqual([
    { $form: [{ name: 'file', filename: 'empty.txt', type: '', base64: '' }] },
  ]);
});

test('what JSON cannot carry is dropped or refused, as JSON does', async () => {
  expect(await sendable([{ a: undefined, b: () => 1, c: new Date(0) }, undefined])).toEqual([
    { c: '1970-01-01T00:00:00.000Z' },
    null,
  ]);
  const circle: { self?: unknown } = {};
  circle.self = circle;
  for (const bad of [circle, 1n, deep(200_000)]) {
    await expect(sendable([bad])).rejects.toMatchObject({
      errorType: 'REQUIRED_FIELD_MISSING',
      errorCode: 2001,
    });
  }
});

test('size counts in bytes', async () => {
  await expect(sendable(['x'.repeat(LONGEST_CALL)])).rejects.toMatchObject({
    errorCode: 3000,
    description: /^413/,
  });
  await expect(sendable(['\u00e9'.repeat(LONGEST_CALL / 2)])).rejects.toMatchObject({ errorCode: 3000 });
  const big = new FormData();
  big.append('file', new File([new Uint8Array(LONGEST_CALL + 1)], 'big'));
  await expect(sendable([big])).rejects.toMatchObject({ errorCode: 3000, description: /bytes/ });
  await expect(sendable(['x'.repeat(LONGEST_CALL - 4)])).resolves.toHaveLength(1);
});

function deep(levels: number): unknown {
  let value: unknown = 0;
  for (let i = 0; i < levels; i += 1) value = [value];
  return value;
}
