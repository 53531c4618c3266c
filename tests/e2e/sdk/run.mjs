// Runs every check of the SDK and writes target/reports/sdk.json:
//   node tests/e2e/sdk/run.mjs [FILE.test.mjs…]
// Fails when a check fails, and, when all were run, when an id of the contract that is built
// was not exercised.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { abreast } from '../lib/abreast.mjs';
import { IDS, NOT_BUILT } from './contract.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const reports = fileURLToPath(new URL('../../../target/reports', import.meta.url));
const chosen = process.argv.slice(2);
const all = (await readdir(here)).filter((name) => name.endsWith('.test.mjs')).sort();
const files = chosen.length ? chosen : all.map((name) => join(here, name));

const kept = await mkdtemp(join(tmpdir(), 'omnibar-sdk-'));
const good = await abreast(files, { OMNIBAR_SDK_COVERED: kept });

const seen = new Set();
for (const name of await readdir(kept)) {
  for (const id of JSON.parse(await readFile(join(kept, name), 'utf8'))) seen.add(id);
}
await rm(kept, { recursive: true });
const covered = IDS.filter((id) => seen.has(id));
const missing = IDS.filter((id) => !seen.has(id));
await mkdir(reports, { recursive: true });
await writeFile(join(reports, 'sdk.json'), `${JSON.stringify({ covered, missing }, null, 1)}\n`);
console.log(`${covered.length} of ${IDS.length} ids of the contract were exercised`);

const unexplained = missing.filter((id) => !(id in NOT_BUILT));
for (const [id, why] of Object.entries(NOT_BUILT)) console.log(`not built: ${id}: ${why}`);
if (unexplained.length) console.log(`not exercised: ${unexplained.join(' ')}`);
const contradicted = Object.keys(NOT_BUILT).filter((id) => seen.has(id));
if (contradicted.length) console.log(`exercised, though listed as not built: ${contradicted.join(' ')}`);
const whole = chosen.length || !(unexplained.length || contradicted.length);
process.exitCode = good && whole ? 0 : 1;
