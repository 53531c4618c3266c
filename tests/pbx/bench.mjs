// How long what an agent waits for takes, on the wire and since it was asked for, with every
// client on the same PBX in the same run; the medians, and the ratio to the first client.
//   node bench.mjs [ROUNDS]
// Clients take turns, so that what else the machine does meets all of them.
import { parseArgs } from 'node:util';
import { Report } from './lib/report.mjs';
import { OURS, Rig, THIRD, together } from './lib/rig.mjs';
import { clients } from './lib/clients.mjs';

const { positionals } = parseArgs({ allowPositionals: true });
const rounds = Number(positionals[0] ?? 9);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('bench: how many rounds? A whole number, please');

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

const names = Object.keys(clients);
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

const report = new Report('bench');
const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const one = (ms) => ms.toFixed(1).padStart(7);
console.log(`medians of ${rounds} rounds in ms (least, most)`);
for (const [figure, of] of found) {
  console.log(figure);
  for (const name of names) {
    const list = of[name];
    const ms = median(list);
    const ratio = (ms / median(of[names[0]])).toFixed(2);
    console.log(`  ${name.padEnd(10)}${one(ms)} (${one(Math.min(...list))}, ${one(Math.max(...list))})  × ${ratio}`);
    report.add({
      feature: `bench: ${figure}`, peer: 'asterisk', client: name, result: 'passed',
      ms: Math.round(ms * 10) / 10, detail: `${list.length} rounds, ${ratio} of ${names[0]}`,
    });
  }
}
