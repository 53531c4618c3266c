// Runs files of checks: two at a time, each in a network of its own (the app's port is one for a
// machine), and those that listen to sound alone, so that nothing else makes it stumble.
//   node lib/abreast.mjs FILE.test.mjs…
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, start } from './process.mjs';

const ABREAST = 2;
const LISTENS = /from '[./]*(lib\/sound|sound|shift)\.mjs'/;
/** In a network with a loopback interface and nothing else. */
const APART = ['unshare', '-n', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];

/** Prints what each file says when it is done, and the sums; true when all of it is good. */
export async function abreast(files, env = {}) {
  const apart = await canBeApart();
  if (!apart) console.log('# one file at a time: no network namespaces are to be had here');
  const together = [];
  const alone = [];
  for (const file of files) (apart && !LISTENS.test(await readFile(file, 'utf8')) ? together : alone).push(file);
  const total = { pass: 0, fail: 0, failures: [] };
  const next = async () => {
    for (let file = together.shift(); file; file = together.shift()) await one(file, apart, env, total);
  };
  await Promise.all(Array.from({ length: ABREAST }, next));
  for (const file of alone) await one(file, apart, env, total);
  for (const failure of total.failures) console.log(`# failed: ${failure}`);
  console.log(`# pass ${total.pass}\n# fail ${total.fail}`);
  return total.fail === 0 && total.pass > 0;
}

async function canBeApart() {
  const [program, ...args] = [...APART, 'true'];
  return run(program, args).then(() => true, () => false);
}

async function one(file, apart, env, total) {
  const began = performance.now();
  const node = [process.execPath, '--test', '--test-reporter=tap', '--test-timeout=300000', file];
  const [program, ...args] = apart ? [...APART, ...node] : node;
  const child = start(program, args, { env, pipe: true });
  const chunks = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => chunks.push(chunk));
  const [code] = await once(child, 'close');
  const said = Buffer.concat(chunks).toString();
  const count = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(said)?.[1] ?? 0);
  total.pass += count('pass');
  // One that has broken down without a word has failed as well.
  total.fail += Math.max(count('fail') + count('cancelled'), code === 0 ? 0 : 1);
  const failures = failuresIn(said);
  if (!failures.length && code !== 0) failures.push(`ended with ${code}`);
  total.failures.push(...failures.map((failure) => `${basename(file)}: ${failure}`));
  console.log(`# ${file}: ${((performance.now() - began) / 1000).toFixed(0)} s\n${said}`);
}

/** The failed checks in a TAP text, a line each with its first reason: whoever sees only the end sees these. */
function failuresIn(tap) {
  const blocks = tap.split(/^(?= *(?:not )?ok \d)/m).filter((block) => /^ *not ok/.test(block));
  return blocks
    .filter((block) => !/failureType: 'subtestsFailed'/.test(block))
    .map((block) => {
      const name = /^ *not ok \d+ - (.*)/.exec(block)?.[1];
      const reason = /^ *error: (?:\|-\s*)?(.*)/m.exec(block)?.[1] ?? '';
      const place = /\/([\w.-]+\.mjs:\d+):\d+/.exec(/stack: [^]*/.exec(block)?.[0] ?? '')?.[1] ?? '';
      return `${name}: ${reason} ${place}`.slice(0, 300);
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.exitCode = (await abreast(process.argv.slice(2))) ? 0 : 1;
}
