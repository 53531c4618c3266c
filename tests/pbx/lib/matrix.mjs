// All features for one client: the same checks whatever it is made of.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { calling } from './features/calling.mjs';
import { meeting } from './features/meeting.mjs';
import { noticing } from './features/noticing.mjs';
import { registering } from './features/registering.mjs';
import { transferring } from './features/transferring.mjs';
import { Report } from './report.mjs';
import { Rig } from './rig.mjs';

/**
 * `open`: as `Rig` wants it. `absent`: features that this client is known not to have, as
 * `{ why, fails }`; the check proves that it still has them not, and fails as the text says.
 * `groups`: features that others are not asked for.
 */
export function matrix(name, open, { absent = {}, groups = [] } = {}) {
  const rig = new Rig(open);
  const report = new Report(name);
  before(() => rig.start());
  after(() => rig.stop());
  afterEach(() => rig.clear());

  /** `body` gives `{ ms?, detail? }` or nothing. */
  const feature = (what, peer, body) => test(`${name}: ${what}, with ${peer}`, { timeout: 90000 }, async () => {
    const entry = { feature: what, peer, client: name };
    if (Object.hasOwn(absent, what)) {
      const { why, fails } = absent[what];
      await assert.rejects(async () => body(), fails, `${name} can do this after all: ${what}`);
      report.add({ ...entry, result: 'absent', detail: why });
      return;
    }
    try {
      report.add({ ...entry, result: 'passed', ...rounded(await body()) });
    } catch (error) {
      report.add({ ...entry, result: 'failed', detail: error.message.split('\n', 1)[0] });
      throw error;
    }
  });
  for (const group of [registering, calling, meeting, transferring, noticing, ...groups]) group(feature, rig);
}

/** To tenths of a ms. */
function rounded({ felt, ms, ...rest } = {}) {
  const times = Object.entries({ ms, felt }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(times.map(([name, value]) => [name, Math.round(value * 10) / 10])), ...rest };
}
