// What docking costs and how quick it is, black box, release build:
//   node tests/benches/dock.mjs [OUT.json]
// Prints each figure beside its goal and the machine's load. Not a timed test. No other
// toolbar runs beside it: the figures are absolute.
//
// An event is timed from the centre's own log line when it hands the first word of it to the
// agent's socket (tests/e2e/sdk/lib/moments.mjs) to the first line of the page's handler. Its
// cause is the agent's own command, so that the toolbar in the same page has a change to draw a
// moment before, which is the worst case. Page and toolbar are of one site here (127.0.0.1, two
// ports), so Chromium runs both on one thread. What the same way costs the browser without
// anything of ours (tests/e2e/sdk/lib/echo.mjs) is printed beside.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../e2e/lib/desktop.mjs';
import { until } from '../e2e/lib/process.mjs';
import { Bench } from '../e2e/sdk/lib/bench.mjs';
import { Chrome } from '../e2e/sdk/lib/chrome.mjs';
import { Crm } from '../e2e/sdk/lib/crm.mjs';
import { Echo, floor } from '../e2e/sdk/lib/echo.mjs';
import { changes, lag, lagOf, NOTING, pause, quantile, sendings, spread } from '../e2e/sdk/lib/moments.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 100);
const TOGETHER = 10;
const TABS = Number(process.env.TABS ?? 50);
const SECONDS = Number(process.env.SECONDS_EACH ?? 10);
const figures = {};

function figure(name, unit, value, goal, n) {
  figures[name] = { unit, value, goal, n };
  const verdict = goal === null ? 'to compare with' : `goal <= ${goal}  ${value <= goal ? 'met' : 'MISSED'}`;
  console.log(`${name.padEnd(66)} ${value.toFixed(2)} ${unit} (n ${n})  ${verdict}`);
}

const load = () => loadavg().map((l) => l.toFixed(2)).join(' ');

/** What the browser costs: one page, and ten. */
async function bare(bench) {
  const echo = await bench.keep(Echo.open());
  const pages = [await echo.page(bench.chrome)];
  const [here, there] = [lag(), await lagOf(pages[0])];
  const delays = (await floor(echo, pages, ROUNDS, () => pause())).map(({ at, heard }) => heard[0] + there - at - here);
  figure('bare socket, frame and port in the same browser, p50', 'ms', quantile(delays, 0.5), null, ROUNDS);
  figure('bare socket, frame and port in the same browser, p99', 'ms', quantile(delays, 0.99), null, ROUNDS);
  while (pages.length < TOGETHER) pages.push(await echo.page(bench.chrome));
  const lags = await Promise.all(pages.map(lagOf));
  await Promise.all(pages.map((page) => page.evaluate(() => { window.heard = []; })));
  const spreads = (await floor(echo, pages, 30, () => pause())).map(({ heard }) => spread(heard.map((at, i) => at + lags[i])));
  figure(`${TOGETHER} bare pages: the last handler after the first, p50`, 'ms', quantile(spreads, 0.5), null, spreads.length);
  figure(`${TOGETHER} bare pages: the last handler after the first, most`, 'ms', Math.max(...spreads), null, spreads.length);
  for (const page of pages) await page.close();
}

async function events(bench, phone, crm, way, goals) {
  const rows = await changes({ bench, phone, pages: [crm], rounds: ROUNDS });
  const delays = rows.map(({ sent, handled }) => handled[0] - sent);
  figure(`centre event to the page's handler, ${way}, p50`, 'ms', quantile(delays, 0.5), goals[0], ROUNDS);
  figure(`centre event to the page's handler, ${way}, p99`, 'ms', quantile(delays, 0.99), goals[1], ROUNDS);
  const whole = rows.map(({ command, handled }) => handled[0] - command);
  console.log(`  least ${Math.min(...delays).toFixed(2)}, most ${Math.max(...delays).toFixed(2)}; from the agent's command through the centre to the handler: p50 ${quantile(whole, 0.5).toFixed(2)}, p99 ${quantile(whole, 0.99).toFixed(2)} ms`);
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

/** Ten pages of one browser: when each has the event, and when its toolbar shows the change. */
async function together(bench, phone) {
  const pages = [];
  for (let i = 0; i < TOGETHER; i++) {
    const crm = await (await Crm.open(bench.chrome, bench.server, bench.centre, { instance: `together-${i}` })).docked(60000);
    await crm.frame().evaluate(() => {
      window.shown = [];
      const note = () => shown.push(performance.timeOrigin + performance.now());
      new MutationObserver(note).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['data-state-name'] });
    });
    pages.push(crm);
  }
  const rows = await changes({ bench, phone, pages, rounds: 30 });
  const spreads = rows.map(({ handled }) => spread(handled));
  figure(`${TOGETHER} tabs: the last handler after the first, p50`, 'ms', quantile(spreads, 0.5), 50, spreads.length);
  figure(`${TOGETHER} tabs: the last handler after the first, most`, 'ms', Math.max(...spreads), 50, spreads.length);
  const lags = await Promise.all(pages.map((crm) => lagOf(crm.frame())));
  const drawn = await Promise.all(pages.map((crm) => crm.frame().evaluate(() => shown)));
  const states = rows.map(({ command }, i) => drawn.map((list, n) => {
    const next = rows[i + 1]?.command ?? Infinity;
    return list.map((at) => at + lags[n]).filter((at) => at > command && at < next).at(-1);
  }));
  const shown = states.map(spread);
  if (shown.some(Number.isNaN)) throw new Error('a toolbar has not shown a change');
  figure(`${TOGETHER} tabs: the last toolbar after the first, p50`, 'ms', quantile(shown, 0.5), 50, shown.length);
  figure(`${TOGETHER} tabs: the last toolbar after the first, most`, 'ms', Math.max(...shown), 50, shown.length);
  for (const crm of pages) await crm.close();
}

/** The offer leaves the centre; when the CRM page has drawn the customer. */
async function pops(bench, phone, crm) {
  await crm.page.evaluate(() => {
    window.drawn = [];
    sdk.crm.register('showCrm', (pop) => {
      document.body.dataset.customer = pop.customerDetails.name;
      requestAnimationFrame(() => requestAnimationFrame(() => drawn.push({ id: pop.interactionId, at: performance.timeOrigin + performance.now() })));
    });
  });
  const [here, there] = [lag(), await lagOf(crm.page)];
  const delays = [];
  const codes = await crm.ask('configuration.getDispositionCodesWithDispositionClass', 101);
  for (let i = 0; i < 7; i++) {
    const from = phone.events.length;
    const offered = phone.call('offered', { from });
    phone.say('ready');
    const customer = await bench.customer({ number: '+15550103', name: 'Paula Reyes' });
    const { call } = await offered;
    const told = performance.timeOrigin + performance.now() + here;
    const drawn = await until('the screen pop', () => crm.page.evaluate((id) => drawn.find((d) => d.id === id) ?? null, call.id));
    // The last that the centre sent before the app said so.
    const sent = (await sendings(bench.centre)).findLast((at) => at < told);
    delays.push(drawn.at + there - sent);
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

const bench = await Bench.open({ centre: NOTING });
try {
  console.log(`machine: ${cpus().length} x ${cpus()[0].model}, load ${load()}`);
  const size = gzipSync(await readFile(join(root, 'sdk/omni/dist/ameyo-sdk.js')), { level: 9 }).length / 1000;
  figure('SDK, gzip', 'kB', size, 12, 1);
  await bare(bench);
  const phone = await bench.phone();
  // One page is docked at a time, but where it says otherwise.
  const near = await bench.page(phone);
  await calls(near);
  await events(bench, phone, near, 'loopback', [3, 10]);
  await near.close();

  const policy = { LoopbackNetworkBlockedForUrls: [bench.server.origin] };
  const outside = await Chrome.open(bench.desktop, { policy, publicPorts: [bench.server.port, bench.centre.port] });
  const far = await Crm.open(outside, bench.server, bench.centre);
  await far.page.waitForFunction(() => window.sdk);
  await far.ask('session.login', 'agent1', 'demo');
  await far.docked();
  await events(bench, phone, far, 'relay', [5, 20]);
  await outside.close();

  await together(bench, phone);
  await pops(bench, phone, await bench.page(phone));
  phone.say('break tea');
  await idle(bench, phone);
} finally {
  await bench.close();
}
console.log(`load at the end: ${load()}`);
if (process.argv[2]) await writeFile(process.argv[2], JSON.stringify({ load: loadavg(), figures }, null, 1));
