// What docking costs and how quick it is, black box, release build:
//   node tests/benches/dock.mjs [OUT.json]
// Prints each figure beside its goal and the machine's load. Not a timed test. No other
// toolbar runs beside it: the figures are absolute.
//
// Times between processes are of one machine's clock: Date.now()-like times of Chromium
// (performance.timeOrigin + now) and of this process, both in ms since 1970.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../e2e/lib/desktop.mjs';
import { until } from '../e2e/lib/process.mjs';
import { Bench } from '../e2e/sdk/lib/bench.mjs';
import { Chrome } from '../e2e/sdk/lib/chrome.mjs';
import { Crm } from '../e2e/sdk/lib/crm.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 100);
const TABS = Number(process.env.TABS ?? 50);
const SECONDS = Number(process.env.SECONDS_EACH ?? 10);
const figures = {};

const now = () => performance.timeOrigin + performance.now();
const quantile = (list, q) => list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * q))];

function figure(name, unit, value, goal, n) {
  figures[name] = { unit, value, goal, n };
  console.log(`${name.padEnd(62)} ${value.toFixed(2)} ${unit} (n ${n})  goal <= ${goal}  ${value <= goal ? 'met' : 'MISSED'}`);
}

/**
 * The centre tells of a change; how long after the app's own report of it (a line on a pipe)
 * a page's handler runs, in ms.
 */
async function events(bench, phone, crm, way, goals) {
  const [delays, whole] = [[], []];
  for (let i = 0; i < ROUNDS; i++) {
    const from = await crm.mark();
    // The phone's report and the page's event have the same cause: the centre's message.
    const heard = phone.wait('presence', (e) => e.event === 'presence');
    const said = now();
    phone.say(i % 2 ? 'break tea' : 'ready');
    await heard;
    const told = phone.heardAt[phone.events.findLastIndex((e) => e.event === 'presence')];
    const event = await crm.event('userAvailabilityChanged', () => true, { from });
    delays.push(event.at - told);
    whole.push(event.at - said);
  }
  figure(`centre event to the page's handler, ${way}, p50`, 'ms', quantile(delays, 0.5), goals[0], ROUNDS);
  figure(`centre event to the page's handler, ${way}, p99`, 'ms', quantile(delays, 0.99), goals[1], ROUNDS);
  console.log(`  the whole way, from the agent's command by the centre to the handler: p50 ${quantile(whole, 0.5).toFixed(2)}, p99 ${quantile(whole, 0.99).toFixed(2)} ms`);
}

/** From the page's call to its effect in the core, and back: the answer comes after it. */
async function calls(crm) {
  const delays = await crm.page.evaluate(async (rounds) => {
    const times = [];
    for (let i = 0; i < rounds; i++) {
      const began = performance.now();
      await sdk.store.set('bench', String(i));
      times.push(performance.now() - began);
    }
    return times;
  }, ROUNDS * 3);
  figure('SDK call to its effect in the core and back, loopback, p50', 'ms', quantile(delays, 0.5), 3, delays.length);
}

/** The offer reaches the desktop; when the CRM page has drawn the customer. */
async function pops(bench, phone, crm) {
  await crm.page.evaluate(() => {
    window.drawn = [];
    sdk.crm.register('showCrm', (pop) => {
      document.body.dataset.customer = pop.customerDetails.name;
      requestAnimationFrame(() => requestAnimationFrame(() => drawn.push({ id: pop.interactionId, at: performance.timeOrigin + performance.now() })));
    });
  });
  const delays = [];
  const codes = await crm.ask('configuration.getDispositionCodesWithDispositionClass', 101);
  for (let i = 0; i < 7; i++) {
    const from = phone.events.length;
    const offered = phone.call('offered', { from });
    phone.say('ready');
    const customer = await bench.customer({ number: '+15550103', name: 'Paula Reyes' });
    const { call } = await offered;
    const at = phone.heardAt[phone.events.findIndex((e, n) => n >= from && e.event === 'call' && e.call.id === call.id)];
    const drawn = await until('the screen pop', () => crm.page.evaluate((id) => drawn.find((d) => d.id === id) ?? null, call.id));
    delays.push(drawn.at - at);
    const up = phone.call('connected');
    phone.say('answer');
    await up;
    await crm.ask('interaction.disposeInteraction', 'voice', call.id, codes[0].dispositionCodeBean[0].dispositionCodeId);
    await customer.page.close();
  }
  figure('screen pop: offer to the customer on the CRM page, median', 'ms', quantile(delays, 0.5), 150, delays.length);
}

/** Seconds of CPU of a process, by the scheduler's own count. */
async function used(pid) {
  let ns = 0;
  for (const thread of await readdir(`/proc/${pid}/task`)) {
    ns += Number((await readFile(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').catch(() => '0')).split(' ')[0]);
  }
  return ns / 1e9;
}

async function idle(bench, phone) {
  const tabs = [];
  for (let i = 0; i < TABS; i++) {
    tabs.push(await (await Crm.open(bench.chrome, bench.server, bench.centre, { instance: `tab-${i}` })).docked(60000));
  }
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const shares = [];
  for (let i = 0; i < 3; i++) {
    const [before, began] = [await used(phone.child.pid), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
    shares.push((100 * (await used(phone.child.pid) - before)) / ((performance.now() - began) / 1000));
  }
  figure(`CPU of the app, idle, ${TABS} tabs docked`, '% of a core', quantile(shares, 0.5), 2, shares.length);
  for (const tab of tabs) await tab.close();
}

/** Notes when each line of the phone's report arrived. */
function watch(phone) {
  phone.heardAt = [];
  const push = phone.events.push.bind(phone.events);
  phone.heardAt.length = phone.events.length;
  phone.events.push = (event) => {
    phone.heardAt.push(now());
    return push(event);
  };
}

const bench = await Bench.open();
try {
  console.log(`machine: ${cpus().length} x ${cpus()[0].model}, load ${loadavg().map((l) => l.toFixed(2)).join(' ')}`);
  const size = gzipSync(await readFile(join(root, 'sdk/omni/dist/ameyo-sdk.js')), { level: 9 }).length / 1000;
  figure('SDK, gzip', 'kB', size, 12, 1);
  const phone = await bench.phone();
  watch(phone);
  const crm = await bench.page(phone);
  await calls(crm);
  await events(bench, phone, crm, 'loopback', [3, 10]);

  const policy = { LoopbackNetworkBlockedForUrls: [bench.server.origin] };
  const outside = await Chrome.open(bench.desktop, { policy, publicPorts: [bench.server.port, bench.centre.port] });
  const far = await Crm.open(outside, bench.server, bench.centre);
  await far.page.waitForFunction(() => window.sdk);
  await far.ask('session.login', 'agent1', 'demo');
  await far.docked();
  await events(bench, phone, far, 'relay', [5, 20]);
  await outside.close();

  await pops(bench, phone, crm);
  phone.say('break tea');
  await idle(bench, phone);
} finally {
  await bench.close();
}
console.log(`load at the end: ${loadavg().map((l) => l.toFixed(2)).join(' ')}`);
if (process.argv[2]) await writeFile(process.argv[2], JSON.stringify({ load: loadavg(), figures }, null, 1));
