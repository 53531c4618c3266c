// The scripted shift that `make run` plays without a display is a check too.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './lib/desktop.mjs';
import { run } from './lib/process.mjs';

test('a whole shift through the real window', async () => {
  const said = await run('node', [join(root, 'tests/e2e/shift.mjs')], { mayFail: true });
  const { steps } = JSON.parse(await readFile(join(root, 'target/shift/report.json'), 'utf8'));
  const failed = steps.filter((s) => !s.ok).map((s) => `${s.name}: ${s.note}`);
  assert.deepEqual(failed, [], said);
  assert.ok(steps.length >= 20, `only ${steps.length} steps were played`);
});
