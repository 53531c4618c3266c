// How long what an agent waits for takes: Omnibar beside JsSIP in Chromium, on the same PBX in the
// same run; medians, the ratio of the two, and the goals. Writes target/reports/pbx-bench.json.
//   OMNIBAR_BIN=target/release/omnibar node bench.mjs [ROUNDS] [--clients jssip,sipjs,omnibar]
// Clients take turns, so that what else the machine does meets all of them.
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { start } from '../e2e/lib/process.mjs';
import { apart } from './lib/apart.mjs';
import { clients } from './lib/clients.mjs';
import { directory } from './lib/report.mjs';
import { OURS, Rig, THIRD, together } from './lib/rig.mjs';
import { PROGRAM } from './lib/softphone.mjs';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { clients: { type: 'string', default: 'jssip,omnibar' }, inside: { type: 'boolean' } },
});
const rounds = Number(positionals[0] ?? 9);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('bench: how many rounds? A whole number, please');
const names = values.clients.split(',');
for (const name of names) if (!Object.hasOwn(clients, name)) throw new Error(`bench: there is no client ${name}`);

if (!values.inside) {
  const [program, ...args] = await apart([process.execPath, fileURLToPath(import.meta.url), '--inside', ...process.argv.slice(2)]);
  const child = start(program, args, { pipe: true });
  child.stdout.pipe(process.stdout);
  child.stderr.pipe(process.stderr);
  const [code] = await once(child, 'close');
  process.exit(code ?? 1);
}

/** In ms, of Omnibar. What is `felt` is from a person's word to its end, through the program. */
const GOALS = {
  'REGISTER to 200': 30,
  'INVITE to first remote RTP (echo)': 60,
  'hold to acknowledged': 10,
  'resume to acknowledged': 10,
  "blind transfer to the new party's RTP": 250,
};

/** Each gives `{ figure: ms }` for a fresh client. */
const measures = [
  async (rig) => {
    const client = await rig.client({ register: false });
    const { ms } = await client.register();
    const call = await client.call('600');
    const echo = await call.up();
    await client.hears({ [OURS]: true });
    return {
      'REGISTER to 200': ms, 'INVITE to first remote RTP (echo)': echo.ms,
      'asked to call, to first remote RTP (echo)': echo.felt,
    };
  },
  async (rig) => {
    const [client, second, third] = await Promise.all([
      rig.client(), rig.peer('jssip'), rig.peer('jssip', { user: '1003', hertz: THIRD }),
    ]);
    const call = await client.call('1002');
    await call.up();
    await together(client, second);
    const hold = await call.hold();
    const resume = await call.resume();
    await together(client, second);
    const { at, asked } = await call.transfer('1003');
    const media = await (await third.incoming()).media();
    await together(second, third);
    return {
      'hold to acknowledged': hold.ms, 'resume to acknowledged': resume.ms,
      'asked to hold, to acknowledged': hold.felt, 'asked to resume, to acknowledged': resume.felt,
      "blind transfer to the new party's RTP": media.at - at,
      "asked to transfer, to the new party's RTP": media.at - asked,
    };
  },
];

const found = new Map();
let client;
const rig = new Rig((...args) => client(...args));
await rig.start();
try {
  for (let round = 0; round < rounds; round++) {
    for (const measure of measures) {
      for (const name of names) {
        client = clients[name];
        for (const [figure, ms] of Object.entries(await measure(rig))) {
          const of = found.get(figure) ?? found.set(figure, {}).get(figure);
          (of[name] ??= []).push(ms);
        }
        await rig.clear();
      }
    }
  }
} finally {
  await rig.stop();
}

const tenths = (ms) => Math.round(ms * 10) / 10;
const summed = (list) => {
  const sorted = list.toSorted((a, b) => a - b).map(tenths);
  return { median: sorted[sorted.length >> 1], least: sorted[0], most: sorted.at(-1) };
};
const figures = [...found].map(([figure, of]) => {
  const measured = Object.fromEntries(names.map((name) => [name, summed(of[name])]));
  const [first, last] = [names[0], names.at(-1)];
  const ratio = Math.round((measured[last].median / measured[first].median) * 100) / 100;
  return { figure, goal: GOALS[figure] ?? null, ms: measured, ratio: { of: last, to: first, is: ratio } };
});
const one = (ms) => ms.toFixed(1).padStart(7);
console.log(`medians of ${rounds} rounds in ms (least, most); ${PROGRAM}`);
for (const { figure, goal, ms, ratio } of figures) {
  console.log(`${figure}${goal === null ? '' : `, goal ≤ ${goal}`}`);
  for (const [name, { median, least, most }] of Object.entries(ms)) {
    console.log(`  ${name.padEnd(10)}${one(median)} (${one(least)}, ${one(most)})${name === ratio.of ? `  × ${ratio.is}` : ''}`);
  }
}
mkdirSync(directory, { recursive: true });
const file = join(directory, 'pbx-bench.json');
writeFileSync(file, `${JSON.stringify({ rounds, program: PROGRAM.split('/').slice(-2).join('/'), figures }, null, 1)}\n`);
const missed = figures.filter(({ goal, ms }) => goal !== null && ms.omnibar && ms.omnibar.median > goal);
for (const { figure, goal, ms } of missed) console.log(`missed: ${figure}: ${ms.omnibar.median} ms, goal ${goal} ms`);
console.log(`${figures.length} figures in target/reports/pbx-bench.json`);
