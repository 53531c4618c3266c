// @vitest-environment node
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { expect, test } from 'vitest';
import { drifted } from '../scripts/generate.mjs';
import table from '../table/omni.json';

test('names, types and reference are those of the table', () => {
  expect(drifted()).toEqual([]);
});

test('the table holds the whole contract', () => {
  const ids = (rows: { id: string | null }[]) => rows.map(({ id }) => id).filter(Boolean);
  const numbered = (prefix: string, count: number) =>
    Array.from({ length: count }, (_, n) => `${prefix}-${String(n + 1).padStart(2, '0')}`);
  expect(ids(table.apis)).toEqual(numbered('API', 46));
  expect(ids(table.events)).toEqual(numbered('EVT', 30));
  expect(table.errors.map(({ code }) => code)).toEqual([1000, 1003, 2001, 3000, 4000]);
});

test('the module takes at most 12 kB (gzip), and has a default export', async () => {
  const result = await build({ logLevel: 'silent', build: { write: false } });
  const [{ output }] = result as unknown as [{ output: { code: string; fileName: string }[] }];
  const [file] = output;
  expect(output.map(({ fileName }) => fileName)).toEqual(['ameyo-sdk.js', 'ameyo-sdk.js.map']);
  expect(gzipSync(file?.code ?? '', { level: 9 }).length).toBeLessThanOrEqual(12_000);
  expect(file?.code).toMatch(/\bdefault\b/);
});
