// Runs the checks in a network of their own, so that nothing of the machine's is in their way,
// and makes one report of them.
//   node run.mjs [FILE.test.mjs…]
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { start } from '../e2e/lib/process.mjs';
import { apart } from './lib/apart.mjs';
import { Report } from './lib/report.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
process.chdir(here);
const named = process.argv.slice(2);
const files = named.length > 0 ? named : (await readdir(here)).filter((name) => name.endsWith('.test.mjs')).sort();

// The first one is a minute away on a new machine; a check should not have to wait for it.
const built = start(`${here}root.sh`, [], { pipe: true });
built.stderr.pipe(process.stderr);
built.stdout.resume();
const [code] = await once(built, 'exit');
if (code !== 0) {
  console.log('# pass 0\n# fail 1');
  process.exit(1);
}
if (named.length === 0) Report.forget();
const [first, ...rest] = await apart([process.execPath, '--test', '--test-concurrency=1', ...files]);
const child = start(first, rest, { pipe: true });
child.stdout.pipe(process.stdout);
child.stderr.pipe(process.stderr);
const [status] = await once(child, 'close');
const all = Report.merge();
const of = (result) => all.filter((entry) => entry.result === result);
// Whoever sees only the end sees these.
for (const { client, feature, peer, detail } of of('failed')) console.log(`# failed: ${client}: ${feature}, with ${peer}: ${detail}`);
console.log(`pbx: ${of('passed').length} passed, ${of('failed').length} failed, ${of('absent').length} absent; target/reports/pbx.json`);
process.exitCode = status ?? 1;
