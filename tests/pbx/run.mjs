// Runs the checks in a network of their own, so that nothing of the machine's is in their way,
// and makes one report of them.
//   node run.mjs [FILE.test.mjs…]
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { run, start } from '../e2e/lib/process.mjs';
import { Report } from './lib/report.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Loopback, and the one more address without which the PBX offers no path (RFC 5737). */
const APART = ['unshare', '-n', 'sh', '-c',
  'ip link set lo up && ip addr add 192.0.2.1/32 dev lo && exec "$@"', 'sh'];

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
const [program, ...args] = APART;
const apart = await run(program, [...args, 'true']).then(() => true, () => false);
if (!apart) console.log('# no network namespaces are to be had here: in the machine\'s own network');

if (named.length === 0) Report.forget();
const node = [process.execPath, '--test', '--test-concurrency=1', ...files];
const [first, ...rest] = apart ? [...APART, ...node] : node;
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
